"""The stop/go decision: criteria tested on the results, the rule that follows from them, what turns it."""

import datetime as dt
import math
import re
from collections.abc import Callable, Mapping
from functools import cache
from numbers import Real

import pandas as pd

from businesscase.calculations.wording import capitalised, worded, words

MET, NOT_MET, NOT_KNOWN = "met", "not met", "not known"
GO, CONDITIONAL, NOT_READY, STOP = "go", "go with conditions", "not ready to decide", "stop"
FROM_WORST = [STOP, NOT_READY, CONDITIONAL, GO]
STOPS = "stop"  # what follows if a criterion is not met, unless it is a condition
PROPOSED = "proposed"  # the item of a criterion on the option that is appraised, whichever it is
LETTER, NAMED = re.compile("[a-z]"), re.compile("option ([a-z])")  # an option bare, or by name
SUBJECTS = {
    # what a sentence calls a measure; any other is called by its name
    "annual_cost_change_fraction": "the change of the annual cost",
    "areas_beyond_gap": "the number of areas in which the partners stand too far apart",
    "committed_cost": "the cost committed",
    "days_late": "the longest delay past a deadline",
    "deadline_probability": "the chance of keeping every deadline",
    "finish": "the end of the plan",
    "lowest_net_present_value": "the lowest net present value of a partner",
    "payback_years": "the time until the money is back",
    "preferred_option_rank": "the rank of the proposed option",
    "risks_above_appetite": "the number of risks above the appetite",
    "success_factors_failed_count": "the number of critical success factors that the option fails",
}
ITEM_SUBJECTS = {
    "deadline_probability": "the chance of keeping the deadline of task {}",
    "rank_acceptability": "the share of weightings in which option {} comes first",
    "service_measure_last": "the latest reading of {}",
}
ITSELF = "the threshold itself"  # what stands behind a figure that a threshold was set to
AS_GOOD_AS = 0.0005  # by which a threshold rounded from a figure differs from it [fraction]
MOST_DIGITS = 12  # more than a sentence gives, to tell two figures apart


def result_item(item: str, appraised: str) -> str:
    """Return the item of results.csv that a criterion on options means.

    Parameters
    ----------
    item : str
        The item of the criterion: ``proposed`` follows the option appraised, ``option b`` is that
        one in any case; what follows a comma stays.
    appraised : str
        The letter of the option appraised.

    Examples
    --------
    >>> result_item("proposed", "b"), result_item("option c", "b"), result_item("proposed, Cost", "b")
    ('b', 'c', 'b, Cost')
    """
    option, comma, rest = item.partition(", ")
    named = NAMED.fullmatch(option)
    letter = appraised if option == PROPOSED else named[1] if named else option
    return letter + comma + rest


def tested_gates(
    gates: pd.DataFrame,
    results: pd.DataFrame,
    lacking: Mapping[str, str] | None = None,
    details: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Hold each criterion against its row of the results.

    Parameters
    ----------
    gates : DataFrame
        Rows of gates.csv: ``criterion``, ``section``, ``measure``, ``item``, ``comparison``
        (at_least or at_most), ``threshold`` (number or date), ``if_not_met``.
    results : DataFrame
        Tidy results: ``section``, ``measure``, ``item``, ``year``, ``value``, ``unit``.
    lacking : mapping, optional
        What the case lacks, by criterion that can't be tested for it.
    details : mapping, optional
        What stands in brackets behind the figure, by criterion, such as what a count counts.

    Returns
    -------
    DataFrame
        ``gates`` with ``found`` (the value, None if the case has none), ``unit``, ``outcome``
        (met, not met, not known) and ``reason`` (a sentence).

    Examples
    --------
    >>> gate = pd.DataFrame([{"criterion": "affordable", "section": "savings", "measure": "npv",
    ...     "item": "all", "comparison": "at_least", "threshold": 0.0, "if_not_met": "stop"}])
    >>> row = pd.DataFrame([{"section": "savings", "measure": "npv", "item": "all", "year": None,
    ...     "value": 5.0, "unit": "£"}])
    >>> tested_gates(gate, row)["reason"].tolist()
    ['Affordable: the npv is £5, at least £0 is needed: met.']
    """
    found = results[results["year"].isna()].set_index(["section", "measure", "item"])
    keys = list(zip(gates["section"], gates["measure"], gates["item"], strict=True))
    values = [found["value"].get(key) for key in keys]
    table = gates.assign(
        found=pd.Series(values, index=gates.index, dtype=object),
        unit=[found["unit"].get(key, "") for key in keys],
        outcome=[
            outcome(value, comparison, threshold)
            for value, comparison, threshold in zip(
                values, gates["comparison"], gates["threshold"], strict=True
            )
        ],
    )
    lacking, details = lacking or {}, details or {}
    reasons = [
        reason(gate, lacking.get(gate.criterion, ""), details.get(gate.criterion, ""))
        for gate in table.itertuples()
    ]
    return table.assign(reason=pd.Series(reasons, index=table.index, dtype=object))


def outcome(value, comparison: str, threshold: float | dt.date) -> str:
    """Return whether a value meets a threshold: met, not met, or not known without a figure.

    Examples
    --------
    >>> outcome(6.0, "at_most", 6.0), outcome(None, "at_most", 6.0), outcome("none", "at_most", 6.0)
    ('met', 'not known', 'not known')
    """
    if isinstance(value, str) or pd.isna(value):
        return NOT_KNOWN
    passed = value >= threshold if comparison == "at_least" else value <= threshold
    return MET if passed else NOT_MET


def is_its_own_figure(gate) -> bool:
    """Return whether a tested criterion is met by the figure that its threshold was set to.

    A threshold that was rounded counts too. Counts, ranks and dates meet by chance, and nil and the
    whole are the ends of a scale.

    Parameters
    ----------
    gate : named tuple
        A row of :func:`tested_gates` but for the sentence itself.
    """
    is_amount = isinstance(gate.found, Real) and gate.unit not in ("count", "rank")
    if gate.outcome != MET or not is_amount or gate.threshold == 0:
        return False
    if gate.unit == "fraction" and gate.threshold == 1:
        return False
    return math.isclose(gate.found, gate.threshold, rel_tol=AS_GOOD_AS)


def reason(gate, lacking: str = "", detail: str = "") -> str:
    """Return the sentence that says why a tested criterion is met, not met or not known.

    Parameters
    ----------
    gate : named tuple
        A row of :func:`tested_gates` but for the sentence itself.
    lacking : str
        What the case lacks, if that is why the criterion is not known.
    detail : str
        What stands in brackets behind the figure.
    """
    criterion = capitalised(gate.criterion)
    if gate.outcome == NOT_KNOWN:
        if isinstance(gate.found, str):
            because = gate.found.removeprefix("none").removeprefix(": ") or "there is none"
        else:
            because = (
                f"the case has no {lacking}" if lacking else "this scenario has no such figure"
            )
        return f"{criterion}: {NOT_KNOWN}, because {because}."
    more = _digits_that_tell_apart(gate) if gate.outcome == NOT_MET else 0
    if is_its_own_figure(gate):
        detail = f"{detail}; {ITSELF}" if detail else ITSELF
    return (
        f"{criterion}: {subject(gate.measure, gate.item)} is {worded(gate.found, gate.unit, more)}"
        f"{f' ({detail})' if detail else ''}, "
        f"{worded_test(gate.comparison, gate.threshold, gate.unit, more)}: {gate.outcome}."
    )


def _digits_that_tell_apart(gate) -> int:
    """Return how many more digits it takes to see that a figure misses its threshold."""
    apart = (
        more
        for more in range(MOST_DIGITS)
        if worded(gate.found, gate.unit, more) != worded(gate.threshold, gate.unit, more)
    )
    return next(apart, 0)


def subject(measure: str, item: str) -> str:
    """Return what a sentence calls a result.

    Examples
    --------
    >>> subject("rank_acceptability", "b"), subject("net_present_value", "Melton")
    ('the share of weightings in which option b comes first', 'the net present value (Melton)')
    """
    if item != "all" and measure in ITEM_SUBJECTS:
        return ITEM_SUBJECTS[measure].format(item)
    name = SUBJECTS.get(measure, f"the {words(measure)}")
    return name if item == "all" else f"{name} ({item})"


def worded_test(comparison: str, threshold: float | dt.date, unit: str, more: int = 0) -> str:
    """Return a threshold as prose has it.

    Examples
    --------
    >>> worded_test("at_most", 0.02, "fraction"), worded_test("at_least", 0.0, "£")
    ('at most 2% is allowed', 'at least £0 is needed')
    """
    value = worded(threshold, unit, more)
    if isinstance(threshold, dt.date):
        return f"{value} is the {'latest' if comparison == 'at_most' else 'earliest'} allowed"
    return (
        f"at most {value} is allowed" if comparison == "at_most" else f"at least {value} is needed"
    )


def recommendation(outcomes: pd.Series, if_not_met: pd.Series) -> str:
    """Return stop, not ready to decide, go with conditions, or go.

    Stop if a stop criterion is not met. Not ready to decide if one is not known, or if there is
    none. Otherwise go if every criterion is met, else go with conditions.

    Parameters
    ----------
    outcomes : Series of str
        Met, not met or not known, by criterion.
    if_not_met : Series of str
        Stop or condition, by criterion.

    Examples
    --------
    >>> recommendation(pd.Series(["met", "not known"]), pd.Series(["stop", "condition"]))
    'go with conditions'
    >>> recommendation(pd.Series(["not known", "met"]), pd.Series(["stop", "condition"]))
    'not ready to decide'
    >>> recommendation(pd.Series(["not met"]), pd.Series(["stop"]))
    'stop'
    """
    of_stops = outcomes[if_not_met == STOPS]
    if (of_stops == NOT_MET).any():
        return STOP
    if of_stops.empty or (of_stops == NOT_KNOWN).any():
        return NOT_READY
    return GO if (outcomes == MET).all() else CONDITIONAL


def missing(gates: pd.DataFrame) -> list[str]:
    """Return a sentence for each thing without which the case is not ready to decide; none if it is.

    Parameters
    ----------
    gates : DataFrame
        As :func:`tested_gates` returns them.
    """
    if recommendation(gates["outcome"], gates["if_not_met"]) != NOT_READY:
        return []
    stops = gates[gates["if_not_met"] == STOPS]
    if gates.empty:
        return ["The case has no criterion (gates.csv), so that no figure could stop it."]
    if stops.empty:
        return ["No criterion has the consequence stop, so that no figure could stop the case."]
    return list(stops.loc[stops["outcome"] == NOT_KNOWN, "reason"])


def is_better(recommended: str, than: str) -> bool:
    """Return whether a recommendation is nearer to going on than another.

    Examples
    --------
    >>> is_better("go", "go with conditions"), is_better("stop", "go with conditions")
    (True, False)
    """
    return FROM_WORST.index(recommended) > FROM_WORST.index(than)


def decisive(gates: pd.DataFrame, moves: pd.Series) -> pd.Series:
    """Return which of the criteria that move can turn the recommendation, the others staying.

    Parameters
    ----------
    gates : DataFrame
        ``outcome`` and ``if_not_met`` of every criterion.
    moves : Series of bool
        Which criteria move.

    Examples
    --------
    >>> gates = pd.DataFrame({"outcome": ["met", "met", "not known"],
    ...     "if_not_met": ["stop", "condition", "condition"]})
    >>> decisive(gates, pd.Series([True, True, False])).tolist()  # a condition stays in any case
    [True, False, False]
    """
    stays, stops = gates[~moves], gates["if_not_met"] == STOPS
    if not stops.any() or recommendation(stays["outcome"], stays["if_not_met"]) == STOP:
        return moves & False
    return moves & stops if (stays["outcome"] != MET).any() else moves


def nearest_change(
    recommendation_at: Callable[[float], str],
    current: float,
    tried: list[float],
    halvings: int = 0,
) -> float | None:
    """Return the value nearest to the current one at which the recommendation is another.

    The values tried are gone through from the nearest to the farthest; between the first at which
    the recommendation is another and the one before it, the change is closed in by halving. A
    change and its reversal between two neighbours are not seen.

    Parameters
    ----------
    recommendation_at : callable
        The recommendation at a value.
    current : float
        The present value.
    tried : list of float
        Values to try.
    halvings : int
        How often the interval is halved; none for a parameter in whole steps.

    Returns
    -------
    float or None
        A value at which the recommendation is another; None if it is the same at all values tried.

    Examples
    --------
    >>> nearest_change(lambda value: "stop" if value <= 0.25 else "go", 1.0, [0.0, 0.5, 1.5], 20)
    0.25
    >>> nearest_change(lambda value: "go", 1.0, [0.0, 0.5, 1.5]) is None
    True
    """
    at = cache(recommendation_at)
    here = at(current)

    def closed_in(same: float, other: float) -> float:
        for _ in range(halvings):
            middle = (same + other) / 2
            same, other = (same, middle) if at(middle) != here else (middle, other)
        return round(other, 6) if at(round(other, 6)) != here else other

    last = {-1: current, 1: current}  # by side: the farthest value with the same recommendation
    for value in sorted(tried, key=lambda value: abs(value - current)):
        side = 1 if value > current else -1
        if at(value) == here:
            last[side] = value
            continue
        found = closed_in(last[side], value)
        mirrored = 2 * current - found  # the other side may change as near, but was not tried there
        if halvings and min(tried) <= mirrored <= max(tried) and at(mirrored) != here:
            found = closed_in(current, mirrored)
        return found
    return None
