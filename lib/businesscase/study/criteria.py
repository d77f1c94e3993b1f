"""Faults of the criteria of a decision that only its results show."""

import datetime as dt
from collections.abc import Collection, Iterator

import pandas as pd

from businesscase.calculations.decision import EACH, EACH_PARTNER
from businesscase.cases.errors import Fault, unknown_name


def gate_faults(
    gates: pd.DataFrame, results: pd.DataFrame, partners: Collection[str]
) -> dict[str, Fault]:
    """Return a sentence for each criterion that names no result, or one of another kind.

    Parameters
    ----------
    gates : DataFrame
        Rows of gates.csv, only those for which the case has what they need.
    results : DataFrame
        Tidy results: ``section``, ``measure``, ``item``, ``year``, ``value``, ``unit``.
    partners : collection of str
        Those of whom a criterion of each partner is.

    Examples
    --------
    >>> gate = pd.DataFrame([{"criterion": "in time", "section": "plan", "measure": "finsh",
    ...     "item": "all", "year": "", "threshold": 0.0}])
    >>> row = pd.DataFrame([{"section": "plan", "measure": "finish", "item": "all", "year": None,
    ...     "value": pd.Timestamp("2026-04-01"), "unit": "date"}])
    >>> gate_faults(gate, row, [])
    {'in time': "measure 'finsh' is unknown; nearest: finish"}
    >>> gate_faults(gate.assign(measure="finish"), row, [])
    {'in time': 'the threshold is a number; finish is a date'}
    >>> gate_faults(gate.assign(measure="finish", year="each"), row, [])
    {'in time': 'finish is not given by year; year should be blank'}
    """
    return {
        gate.criterion: fault
        for gate in gates.itertuples()
        for fault in _faults_of(gate, results[results["section"] == gate.section], partners)
    }


def _faults_of(gate, of_section: pd.DataFrame, partners: Collection[str]) -> Iterator[Fault]:
    named = of_section[of_section["measure"] == gate.measure]
    if named.empty:
        yield unknown_name("measure", gate.measure, of_section["measure"].unique())
        return
    of_measure = named[named["year"].isna() != bool(gate.year)]
    if of_measure.empty:
        is_yearly = "only by year; year should be each, or one of them"
        said = "not given by year; year should be blank" if gate.year else f"given {is_yearly}"
        yield Fault(f"{gate.measure} is {said}", found=gate.year)
        return
    if gate.year not in ("", EACH):
        of_measure = of_measure[of_measure["year"] == int(gate.year)]
    asked = partners if gate.item == EACH_PARTNER else [gate.item]
    values = of_measure.loc[of_measure["item"].isin(asked), "value"]
    known = [value for value in values if not _is_none(value)]
    if values.empty and gate.item == EACH_PARTNER:
        yield Fault(f"{gate.measure} is not given by partner", found=gate.item)
    elif values.empty:
        yield unknown_name("item", gate.item, of_measure["item"].unique())
    elif known and _kind(known[0]) != _kind(gate.threshold):
        threshold, found = _kind(gate.threshold), _kind(known[0])
        yield Fault(f"the threshold is {threshold}; {gate.measure} is {found}")
    elif of_measure["unit"].iloc[0] == "fraction" and abs(gate.threshold) > 1:
        percent = f"{gate.threshold:g}% is {gate.threshold / 100:g}"
        yield Fault(f"the threshold is {gate.threshold:g}; {gate.measure} is a fraction, {percent}")


def _is_none(value) -> bool:
    """Return whether a result says that there is no figure: it is not known, and no fault."""
    return isinstance(value, str) and value.startswith("none:")


def _kind(value) -> str:
    if isinstance(value, dt.date):
        return "a date"
    return "text" if isinstance(value, str) else "a number"
