"""Faults of what came true after the decision."""

from collections.abc import Iterator

import pandas as pd

from businesscase.calculations.apportionment import SHARED
from businesscase.calculations.outturn import MONEY
from businesscase.cases.errors import unknown_name
from businesscase.cases.schema import CaseFile
from businesscase.cases.validation.core import PlacedFault, Tables


def outturn_faults(file: CaseFile, tables: Tables, option: str) -> Iterator[PlacedFault]:
    """Yield actuals that name no line of the decided option, or no year, measure or task of the case."""
    actuals, flows = tables["actuals"], tables["flows"]
    decided = flows[flows["option"] == option]
    measures = list(tables["service_measures"]["measure"].unique())
    allowed = {
        "users": ("item of users", ["users"]),
        "service_measure": ("measure", measures),
        "task_start": ("task", [str(task) for task in tables["tasks"]["task"]]),
    }
    allowed["task_finish"] = allowed["task_start"]
    for index, date in actuals.loc[actuals["date"] > pd.Timestamp(file.data_date), "date"].items():
        yield (
            "actuals",
            index,
            f"date {date.date()} is after data_date in case.toml, {file.data_date}; move data_date to "
            "the latest reading or later",
        )
    for index, row in actuals.iterrows():
        if row["kind"] in MONEY:
            yield from _money_faults(file, decided, list(tables["partners"]["partner"]), index, row)
            continue
        what, names = allowed[row["kind"]]
        if row["item"] not in names:
            yield "actuals", index, unknown_name(what, row["item"], names)
    yield from _leaving_faults(actuals, tables)
    money = actuals[actuals["kind"].isin(MONEY)]
    for index, row in money[money.duplicated(["kind", "item", "partner", "year"])].iterrows():
        yield (
            "actuals",
            index,
            f"{row['item']!r} of {row['partner']} in {row['year']} stands here twice; keep the last "
            "reading",
        )


def _money_faults(
    file: CaseFile, decided: pd.DataFrame, partners: list[str], index: int, row: pd.Series
) -> Iterator[PlacedFault]:
    kind, line, year = row["kind"].replace("_", " "), row["item"], row["year"]
    of_kind = decided[decided["flow"] == row["kind"]]
    bearers = of_kind.loc[of_kind["line"] == line, "partner"].unique()
    if len(bearers) == 0:
        yield "actuals", index, unknown_name(f"line of {kind}", line, of_kind["line"].unique())
    elif row["partner"] in partners and not {row["partner"], SHARED} & set(bearers):
        yield (
            "actuals",
            index,
            f"{row['partner']} has no part in {line!r}; flows.csv gives it to {', '.join(bearers)}",
        )
    if not file.decision_year <= year <= file.last_year:
        yield (
            "actuals",
            index,
            f"year {year} lies outside the appraisal, {file.decision_year} to {file.last_year}",
        )


def _leaving_faults(actuals: pd.DataFrame, tables: Tables) -> Iterator[PlacedFault]:
    partners = tables["partners"]
    leaving = partners.loc[partners["role"] == "leaving", "partner"]
    of_service = actuals["kind"].isin([*MONEY, "users"])
    for index, partner in actuals.loc[of_service & actuals["partner"].isin(leaving), "partner"].items():  # fmt: skip
        yield "actuals", index, f"{partner} is leaving; it has no part in the service"
