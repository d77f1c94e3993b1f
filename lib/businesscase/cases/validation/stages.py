"""Faults of the gates at which the work can be stopped."""

from collections.abc import Iterator

import pandas as pd

from businesscase.calculations.savings import line_name, slip_of
from businesscase.calculations.years import year_end
from businesscase.cases.errors import unknown_name
from businesscase.cases.schema import CaseFile
from businesscase.cases.validation.core import PlacedFault, Tables

OF_GATE = ["date", "spent_gbp", "stopping_cost_gbp"]  # one each, on every row of a gate


def stage_faults(file: CaseFile, tables: Tables) -> Iterator[PlacedFault]:
    """Yield gates outside the appraisal, rows of one that differ, and what is no uncertain input."""
    begins, ends = pd.Timestamp(file.decision_date), pd.Timestamp(year_end(file.last_year))
    for option, rows in tables["stages"].groupby("option", sort=False):
        known = uncertain_names(tables, str(option))
        for row in rows.itertuples():
            if not begins <= row.date <= ends:
                yield (
                    "stages",
                    row.Index,
                    f"{row.gate!r} is passed on {row.date.date()}; a gate lies between the decision, "
                    f"{file.decision_date}, and the end of the appraisal, {ends.date()}",
                )
            if row.reveals not in known:
                yield "stages", row.Index, unknown_name("input", row.reveals, known)
        yield from _amount_faults(rows)


def _amount_faults(rows: pd.DataFrame) -> Iterator[PlacedFault]:
    """Yield rows of a gate that differ, and gates by which less has been spent than by one before."""
    first = rows.groupby("gate", sort=False)[OF_GATE].transform("first")
    for index, names in (rows[OF_GATE] != first).T.items():
        for name in names.index[names]:
            yield (
                "stages",
                index,
                f"{name} of {rows.at[index, 'gate']!r} differs from the row before; a gate has one",
            )
    gates = rows.drop_duplicates("gate").sort_values("date", kind="stable")
    before = gates["spent_gbp"].cummax().shift(fill_value=0.0)
    for row in gates[gates["spent_gbp"] < before].itertuples():
        yield (
            "stages",
            row.Index,
            f"spent_gbp of {row.gate!r} is {row.spent_gbp:g}; by an earlier gate it is "
            f"{before[row.Index]:g} already",
        )


def uncertain_names(tables: Tables, option: str) -> list[str]:
    """Return the names of what may be uncertain of an option, of which a scenario may draw fewer."""
    flows, ranges = tables["flows"], tables["sensitivities"]
    lines = flows[(flows["option"] == option) & flows["low_fraction"].notna()]
    named = zip(lines["flow"], lines["line"], strict=True)
    return [
        *ranges.loc[ranges["drawn"], "parameter"],
        *dict.fromkeys(line_name(flows, flow, line) for flow, line in named),
        *(f"risk {risk}" for risk in tables["risk_costs"]["risk"].unique()),
        *(slip_of(task) for task in tables["tasks"]["task"]),
    ]
