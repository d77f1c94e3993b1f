"""Faults of the tables that serve every case."""

from collections.abc import Iterator
from typing import get_args

import pandas as pd

from businesscase.calculations.savings import MOVED
from businesscase.cases.errors import unknown_name
from businesscase.cases.parameters import Parameters, limits, unit_of
from businesscase.cases.schema import REFERENCE_CLASSES, CaseFile, FinanceAssumption, plain_types
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


def evidence_of_others(file: CaseFile, tables: Tables) -> pd.DataFrame:
    """Return the rows of evidence.csv of the classes of a case, without those of its own service."""
    evidence = tables["evidence"]
    is_of_class = evidence["reference_class"].isin(file.evidence_classes)
    return evidence[is_of_class & (evidence["case"] != file.own_evidence)]


def evidence_faults(file: CaseFile, tables: Tables) -> Iterator[PlacedFault]:
    """Yield that the case's own service, or a class that tells what others got, is not there."""
    own, services = file.own_evidence, tables["evidence"]["case"].unique()
    if own and own not in services:
        yield "case", None, unknown_name("own_evidence", own, services)
    for number, name in enumerate(file.evidence_classes):
        if name not in REFERENCE_CLASSES:
            key = "pooled_classes" if number else "reference_class"
            yield "case", None, unknown_name(key, name, REFERENCE_CLASSES)
    if file.evidence_classes[1:] and not file.pooling_reason:
        yield (
            "case",
            None,
            f"pooled_classes is {file.pooled_classes!r} without a pooling_reason; say why they tell "
            "something of this case",
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
