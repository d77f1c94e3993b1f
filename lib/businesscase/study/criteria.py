"""Faults of the criteria of a decision that only its results show."""

import datetime as dt
from collections.abc import Iterator

import pandas as pd

from businesscase.cases.errors import unknown_name


def gate_faults(gates: pd.DataFrame, results: pd.DataFrame) -> Iterator[str]:
    """Yield a sentence for each criterion that names no result, or one of another kind.

    Parameters
    ----------
    gates, results : DataFrame
        As for :func:`decision.tested_gates`; only criteria for which the case has what they need.

    Examples
    --------
    >>> gate = pd.DataFrame([{"criterion": "in time", "section": "plan", "measure": "finsh",
    ...     "item": "all", "threshold": 0.0}])
    >>> row = pd.DataFrame([{"section": "plan", "measure": "finish", "item": "all", "year": None,
    ...     "value": pd.Timestamp("2026-04-01"), "unit": "date"}])
    >>> list(gate_faults(gate, row))
    ["criterion 'in time': measure 'finsh' is unknown; nearest: finish"]
    >>> list(gate_faults(gate.assign(measure="finish"), row))
    ["criterion 'in time': the threshold is a number; finish is a date"]
    """
    timeless = results[results["year"].isna()]
    for gate in gates.itertuples():
        place = f"criterion {gate.criterion!r}"
        of_section = timeless[timeless["section"] == gate.section]
        of_measure = of_section[of_section["measure"] == gate.measure]
        values = of_measure.loc[of_measure["item"] == gate.item, "value"]
        if of_measure.empty:
            yield f"{place}: {unknown_name('measure', gate.measure, of_section['measure'].unique())}"
        elif values.empty:
            yield f"{place}: {unknown_name('item', gate.item, of_measure['item'])}"
        elif _kind(values.iloc[0]) != _kind(gate.threshold) and not _is_none(values.iloc[0]):
            threshold, found = _kind(gate.threshold), _kind(values.iloc[0])
            yield f"{place}: the threshold is {threshold}; {gate.measure} is {found}"
        elif of_measure["unit"].iloc[0] == "fraction" and abs(gate.threshold) > 1:
            percent = f"{gate.threshold:g}% is {gate.threshold / 100:g}"
            yield f"{place}: the threshold is {gate.threshold:g}; {gate.measure} is a fraction, {percent}"


def _is_none(value) -> bool:
    """Return whether a result says that there is no figure: it is not known, and no fault."""
    return isinstance(value, str) and value.startswith("none:")


def _kind(value) -> str:
    if isinstance(value, dt.date):
        return "a date"
    return "text" if isinstance(value, str) else "a number"
