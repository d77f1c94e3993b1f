"""The stop/go decision: criteria tested on the results, and the rule that follows from them."""

import datetime as dt
from collections.abc import Iterator

import pandas as pd

from businesscase.errors import unknown_name

MET, NOT_MET, NOT_KNOWN = "met", "not met", "not known"
GO, CONDITIONAL, STOP = "go", "go with conditions", "stop"


def tested_gates(gates: pd.DataFrame, results: pd.DataFrame) -> pd.DataFrame:
    """Hold each criterion against its row of the results.

    Parameters
    ----------
    gates : DataFrame
        Rows of gates.csv: ``criterion``, ``section``, ``measure``, ``item``, ``comparison``
        (at_least or at_most), ``threshold`` (number or date), ``if_not_met``.
    results : DataFrame
        Tidy results: ``section``, ``measure``, ``item``, ``year``, ``value``, ``unit``.

    Returns
    -------
    DataFrame
        ``gates`` with ``found`` (the value, None if the case has none), ``unit`` and ``outcome``
        (met, not met, not known).

    Examples
    --------
    >>> gate = pd.DataFrame([{"criterion": "affordable", "section": "savings", "measure": "npv",
    ...     "item": "all", "comparison": "at_least", "threshold": 0.0, "if_not_met": "stop"}])
    >>> row = pd.DataFrame([{"section": "savings", "measure": "npv", "item": "all", "year": None,
    ...     "value": 5.0, "unit": "£"}])
    >>> tested_gates(gate, row)["outcome"].tolist()
    ['met']
    """
    found = results[results["year"].isna()].set_index(["section", "measure", "item"])
    keys = list(zip(gates["section"], gates["measure"], gates["item"], strict=True))
    values = [found["value"].get(key) for key in keys]
    outcomes = [
        _outcome(value, comparison, threshold)
        for value, comparison, threshold in zip(
            values, gates["comparison"], gates["threshold"], strict=True
        )
    ]
    return gates.assign(
        found=pd.Series(values, index=gates.index, dtype=object),
        unit=[found["unit"].get(key, "") for key in keys],
        outcome=outcomes,
    )


def gate_faults(gates: pd.DataFrame, results: pd.DataFrame, sections: list[str]) -> Iterator[str]:
    """Yield a sentence for each criterion that names no result, or one of another kind.

    Parameters
    ----------
    gates, results : DataFrame
        As for ``tested_gates``.
    sections : list of str
        Sections for which the case has data; a criterion on another one is merely not known.

    Examples
    --------
    >>> gate = pd.DataFrame([{"criterion": "in time", "section": "plan", "measure": "finsh",
    ...     "item": "all", "threshold": 0.0}])
    >>> row = pd.DataFrame([{"section": "plan", "measure": "finish", "item": "all", "year": None,
    ...     "value": pd.Timestamp("2026-04-01"), "unit": "date"}])
    >>> list(gate_faults(gate, row, ["plan"]))
    ["criterion 'in time': measure 'finsh' is unknown; nearest: finish"]
    >>> list(gate_faults(gate.assign(measure="finish"), row, ["plan"]))
    ["criterion 'in time': the threshold is a number; finish is a date"]
    """
    timeless = results[results["year"].isna()]
    for gate in gates[gates["section"].isin(sections)].itertuples():
        place = f"criterion {gate.criterion!r}"
        of_section = timeless[timeless["section"] == gate.section]
        of_measure = of_section[of_section["measure"] == gate.measure]
        values = of_measure.loc[of_measure["item"] == gate.item, "value"]
        if of_measure.empty:
            yield f"{place}: {unknown_name('measure', gate.measure, of_section['measure'].unique())}"
        elif values.empty:
            yield f"{place}: {unknown_name('item', gate.item, of_measure['item'])}"
        elif _kind(values.iloc[0]) != _kind(gate.threshold):
            threshold, found = _kind(gate.threshold), _kind(values.iloc[0])
            yield f"{place}: the threshold is {threshold}; {gate.measure} is {found}"


def _kind(value) -> str:
    if isinstance(value, dt.date):
        return "a date"
    return "text" if isinstance(value, str) else "a number"


def _outcome(value, comparison: str, threshold: float | dt.date) -> str:
    if value is None or isinstance(value, str):
        return NOT_KNOWN
    passed = value >= threshold if comparison == "at_least" else value <= threshold
    return MET if passed else NOT_MET


def recommendation(outcomes: pd.Series, if_not_met: pd.Series) -> str:
    """Return go, go with conditions, or stop; not known if there is no criterion.

    Stop if a stop criterion is not met. Otherwise go if every criterion is met, else go with
    conditions: a criterion that is not known is a condition, whatever its kind.

    Examples
    --------
    >>> recommendation(pd.Series(["met", "not known"]), pd.Series(["stop", "stop"]))
    'go with conditions'
    >>> recommendation(pd.Series(["not met"]), pd.Series(["stop"]))
    'stop'
    """
    if outcomes.empty:
        return NOT_KNOWN
    if ((outcomes == NOT_MET) & (if_not_met == "stop")).any():
        return STOP
    return GO if (outcomes == MET).all() else CONDITIONAL
