"""Faults that one row cannot show: unknown names, duplicates, gaps, years outside the appraisal."""

from collections.abc import Iterator

import pandas as pd

from businesscase import plan
from businesscase.errors import unknown_name
from businesscase.parameters import Scenario
from businesscase.schema import KEYS, SHARED, CaseFile

Fault = tuple[str, int | None, str]  # table or file, row number in the table, sentence
Tables = dict[str, pd.DataFrame]
SECTIONS = ["baseline", "options", "savings", "risks", "plan", "readiness", "decision"]


def table_faults(
    file: CaseFile, tables: Tables, scenarios: dict[str, Scenario], shared_sources: set[str]
) -> Iterator[Fault]:
    """Yield every fault of a case whose rows are each valid by themselves."""
    yield from _duplicates(tables)
    yield from _unknown_names(file, tables, shared_sources)
    yield from _case_file_faults(file, tables)
    yield from _driver_faults(tables)
    yield from _option_faults(tables)
    yield from _flow_faults(file, tables)
    yield from _risk_faults(tables)
    yield from _plan_faults(file, tables)
    yield from _readiness_faults(tables)
    for name, scenario in scenarios.items():
        for sentence in parameter_faults(file, tables, scenario.parameters):
            yield f"scenarios.toml [{name}]", None, sentence


def _duplicates(tables: Tables) -> Iterator[Fault]:
    for stem, key in KEYS.items():
        for index in tables[stem].index[tables[stem].duplicated(key)]:
            found = ", ".join(str(tables[stem].at[index, column]) for column in key)
            yield stem, index, f"{found} stands here twice; once is allowed"


def _unknown_names(file: CaseFile, tables: Tables, shared_sources: set[str]) -> Iterator[Fault]:
    partners = list(tables["partners"]["partner"])
    sources = [*file.sources, *shared_sources]
    allowed = {"source": sources, "partner": partners, "section": SECTIONS}
    if not tables["options"].empty:
        allowed["option"] = list(tables["options"]["option"])
    for stem, table in tables.items():
        for column, names in allowed.items():
            if column not in table:
                continue
            names = [*names, SHARED] if (stem, column) == ("flows", "partner") else names
            for index in table.index[~table[column].isin(names)]:
                yield stem, index, unknown_name(column, table.at[index, column], names)


def _case_file_faults(file: CaseFile, tables: Tables) -> Iterator[Fault]:
    if tables["partners"].empty:
        yield "partners.csv", None, "the case has no partners; at least one is needed"
    if file.last_year < file.decision_year:
        yield (
            "case.toml",
            None,
            f"last_year {file.last_year} is before decision_year {file.decision_year}",
        )
    options = list(tables["options"]["option"])
    if options and file.preferred_option not in options:
        yield "case.toml", None, unknown_name("preferred_option", file.preferred_option, options)


def _driver_faults(tables: Tables) -> Iterator[Fault]:
    staying = _staying(tables)
    for driver, rows in tables["drivers"].groupby("driver", sort=False):
        for partner in staying:
            if partner not in set(rows["partner"]):
                yield (
                    "drivers.csv",
                    None,
                    f"{driver} has no row for {partner}; every partner needs one",
                )


def _option_faults(tables: Tables) -> Iterator[Fault]:
    options, factors, scores = tables["options"], tables["factors"], tables["scores"]
    scales = factors.set_index("factor")[["lowest_score", "highest_score"]]
    for index in factors.index[factors["lowest_score"] >= factors["highest_score"]]:
        yield "factors", index, "lowest_score is not below highest_score"
    if len(scales.drop_duplicates()) > 1:
        yield (
            "factors.csv",
            None,
            "the factors have different scales; weighted scores need one scale",
        )
    if not factors.empty and factors["weight"].sum() == 0:
        yield "factors.csv", None, "all weights are 0; at least one must be above 0"
    for index, row in scores.iterrows():
        if row["factor"] not in scales.index:
            yield "scores", index, unknown_name("factor", row["factor"], scales.index)
        else:
            low, high = scales.loc[row["factor"]]
            if not low <= row["score"] <= high:
                yield (
                    "scores",
                    index,
                    f"score of {row['option']} on {row['factor']} is {row['score']:g}; "
                    f"scores run from {low:g} to {high:g}",
                )
    given = set(zip(scores["option"], scores["factor"], strict=True))
    if scores.empty:
        return
    for option in options["option"]:
        for factor in factors["factor"]:
            if (option, factor) not in given:
                yield "scores.csv", None, f"option {option} has no score on {factor}"


def _flow_faults(file: CaseFile, tables: Tables) -> Iterator[Fault]:
    costed = set(tables["service_costs"]["partner"])
    for index, row in tables["flows"].iterrows():
        if row["first_year"] < file.decision_year or row["last_year"] > file.last_year:
            yield (
                "flows",
                index,
                f"years {row['first_year']} to {row['last_year']} lie outside the appraisal, "
                f"{file.decision_year} to {file.last_year}",
            )
        needed = _staying(tables) if row["partner"] == SHARED else [row["partner"]]
        uncosted = [partner for partner in needed if partner not in costed]
        if pd.notna(row["baseline_fraction"]) and uncosted:
            yield (
                "flows",
                index,
                f"baseline_fraction needs a cost in service_costs.csv for {', '.join(uncosted)}",
            )


def _risk_faults(tables: Tables) -> Iterator[Fault]:
    levels, bands = tables["risk_levels"], tables["risk_bands"]
    for axis in ("likelihood", "impact"):
        words = list(levels.loc[levels["axis"] == axis, "level"])
        for index, word in tables["risks"][axis].items():
            if word and word not in words:
                yield "risks", index, unknown_name(axis, word, words)
    if tables["risks"].empty or levels.empty:
        return
    top = levels.groupby("axis")["score"].max().prod()
    for score in range(1, top + 1):
        holding = ((bands["lowest_score"] <= score) & (score <= bands["highest_score"])).sum()
        if holding != 1:
            yield (
                "risk_bands.csv",
                None,
                f"score {score} lies in {holding} bands; it must lie in one",
            )


def _plan_faults(file: CaseFile, tables: Tables) -> Iterator[Fault]:
    tasks = tables["tasks"]
    if tasks.empty:
        return
    if file.plan_start is None:
        yield "case.toml", None, "plan_start is missing; tasks.csv needs it"
    network = {}
    for index, row in tasks.iterrows():
        try:
            network[row["task"]] = plan.links(row["predecessors"])
        except ValueError as error:
            yield "tasks", index, str(error)
    if len(network) == len(tasks):
        try:
            plan.task_order(network)
        except ValueError as error:
            yield "tasks.csv", None, str(error)


def _readiness_faults(tables: Tables) -> Iterator[Fault]:
    areas = list(tables["readiness_areas"]["area"])
    readiness = tables["readiness"]
    for index in readiness.index[~readiness["area"].isin(areas)]:
        yield "readiness", index, unknown_name("area", readiness.at[index, "area"], areas)
    if readiness.empty:
        return
    given = set(zip(readiness["area"], readiness["partner"], strict=True))
    for area in areas:
        for partner in _staying(tables):
            if (area, partner) not in given:
                yield "readiness.csv", None, f"{partner} has no score in {area}"


def _staying(tables: Tables) -> list[str]:
    partners = tables["partners"]
    return list(partners.loc[partners["role"] != "leaving", "partner"])


def parameter_faults(file: CaseFile, tables: Tables, parameters) -> Iterator[str]:
    """Yield one sentence for each parameter that names what the case does not have."""
    staying = _staying(tables)
    named = {
        "option": ([parameters.option], list(tables["options"]["option"])),
        "leaver": ([parameters.leaver], staying),
        "weights": (parameters.weights, list(tables["factors"]["factor"])),
        "extra_days": (parameters.extra_days, [str(task) for task in tables["tasks"]["task"]]),
        "readiness_scores": (parameters.readiness_scores, list(tables["readiness_areas"]["area"])),
        "readiness_scores partner": (
            [name for scores in parameters.readiness_scores.values() for name in scores],
            staying,
        ),
    }
    for parameter, (found, allowed) in named.items():
        for name in found:
            if name and name not in allowed:
                yield unknown_name(parameter, name, allowed)
    if bool(parameters.leaver) != (parameters.leaves_after is not None):
        yield "leaver and leaves_after go together; one is given without the other"
    term = file.last_year - file.decision_year
    if parameters.horizon_years is not None and parameters.horizon_years > term:
        yield f"horizon_years is {parameters.horizon_years}; the case's term is {term} years"
    yield from _rule_faults(tables, parameters)


def _rule_faults(tables: Tables, parameters) -> Iterator[str]:
    drivers = set(tables["drivers"]["driver"]) | {"equal", "as_stated"}
    if not tables["service_costs"].empty:
        drivers.add("revenue_budget")
    pooled = tables["flows"][tables["flows"]["partner"] == SHARED]
    for kind in ("cost", "saving"):
        rule = getattr(parameters, f"{kind}_apportionment")
        if rule not in drivers:
            yield f"{kind}_apportionment is {rule!r}; the case has data for {', '.join(sorted(drivers))}"
        shared_lines = pooled[(pooled["flow"] == "saving") == (kind == "saving")]
        if rule == "as_stated" and not shared_lines.empty:
            yield (
                f"{kind}_apportionment is 'as_stated', but flows.csv pools "
                f"{shared_lines['line'].iloc[0]!r}; name a rule that splits it"
            )
