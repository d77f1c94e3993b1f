"""Faults of the tables that serve every case."""

from collections.abc import Iterator
from typing import get_args

from businesscase.calculations.savings import MOVED
from businesscase.cases.errors import unknown_name
from businesscase.cases.parameters import Parameters, limits, unit_of
from businesscase.cases.schema import CaseFile, Evidence, FinanceAssumption, plain_types
from businesscase.cases.validation.core import PlacedFault, Tables

# what may be drawn: the levers, and other numbers that what the option is worth follows from
DRAWN = [
    *MOVED,
    "baseline_cost_change",
    "discount_rate",
    "stranded_fraction",
    "leaver_share",
    "leaver_cap",
    "exit_charge",
    "entry_fee",
]


def shared_faults(tables: Tables) -> Iterator[PlacedFault]:
    """Yield values that no scenario could have, and rows without which nothing is computed."""
    yield from _sensitivity_faults(tables)
    yield from stood_for_faults(tables, "finance_assumptions", "parameter")
    yield from _missing(tables, "finance_assumptions", "parameter", FinanceAssumption)
    yield from _missing(tables, "evidence", "measure", Evidence)


def own_evidence_faults(file: CaseFile, tables: Tables) -> Iterator[PlacedFault]:
    """Yield that the case's own evidence is no evidence, or that nothing is left without it."""
    evidence, own = tables["evidence"], file.own_evidence
    if own and own not in set(evidence["case"]):
        yield "case", None, unknown_name("own_evidence", own, evidence["case"].unique())
        return
    others = evidence[evidence["case"] != own]
    for name in evidence["measure"].unique():
        if name not in set(others["measure"]):
            yield (
                "case",
                None,
                f"own_evidence is {own!r}, without which evidence.csv has no row of {name}; at least "
                "one is needed",
            )


def _sensitivity_faults(tables: Tables) -> Iterator[PlacedFault]:
    numbers = [
        name
        for name, field in Parameters.model_fields.items()
        if field.annotation in (float, float | None)
    ]
    for index, row in tables["sensitivities"].iterrows():
        name = row["parameter"]
        if name not in numbers:
            yield "sensitivities", index, unknown_name("parameter", name, numbers)
            continue
        lowest, highest = limits(name)
        for end in ("low", "high"):
            if not lowest <= row[end] <= highest:
                yield "sensitivities", index, _beyond(f"{end} of {name}", row[end], lowest, highest)
        if row["drawn"] and name not in DRAWN:
            yield (
                "sensitivities",
                index,
                f"drawn is true of {name}; only {', '.join(DRAWN)} are drawn, so set it to false",
            )


def stood_for_faults(tables: Tables, stem: str, column: str) -> Iterator[PlacedFault]:
    """Yield values that stand for a parameter, which a column names, and that no scenario could have."""
    for index, row in tables[stem].iterrows():
        name, value = row[column], row["value"]
        lowest, highest = limits(name)
        if not lowest <= value <= highest:
            yield stem, index, _beyond(name, value, lowest, highest)
        elif int in plain_types(Parameters.model_fields[name].annotation) and value != int(value):
            yield stem, index, f"{name} is {value:g}; it is a whole number of {unit_of(name)}"


def _beyond(what: str, value: float, lowest: float, highest: float) -> str:
    return f"{what} is {value:g}; it can be {lowest:g} to {highest:g}, as in a scenario"


def _missing(tables: Tables, stem: str, column: str, model) -> Iterator[PlacedFault]:
    """Yield the names of a column that every case needs and no row has."""
    for name in get_args(model.model_fields[column].annotation):
        if name not in set(tables[stem][column]):
            yield stem, None, f"no row has the {column} {name}; at least one is needed"
