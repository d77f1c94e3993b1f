"""The stop/go decision: criteria tested on the results, and the rule that follows from them."""

import datetime as dt

import pandas as pd

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


def _outcome(value, comparison: str, threshold: float | dt.date) -> str:
    if value is None or isinstance(value, str):
        return NOT_KNOWN
    passed = value >= threshold if comparison == "at_least" else value <= threshold
    return MET if passed else NOT_MET


def recommendation(outcomes: pd.Series, if_not_met: pd.Series) -> str:
    """Return go, go with conditions, or stop.

    Stop if a stop criterion is not met. Otherwise go if every criterion is met, else go with
    conditions: a criterion that is not known is a condition, whatever its kind.

    Examples
    --------
    >>> recommendation(pd.Series(["met", "not known"]), pd.Series(["stop", "stop"]))
    'go with conditions'
    >>> recommendation(pd.Series(["not met"]), pd.Series(["stop"]))
    'stop'
    """
    if ((outcomes == NOT_MET) & (if_not_met == "stop")).any():
        return STOP
    return GO if (outcomes == MET).all() else CONDITIONAL
