"""The stop/go decision: criteria tested on the results, the rule that follows from them, what turns it."""

import datetime as dt
import math
import re
from collections.abc import Callable, Mapping
from functools import cache
from numbers import Real
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from businesscase.calculations.wording import capitalised, worded, words, year_label

MET, NOT_MET, NOT_KNOWN = "met", "not met", "not known"
FROM_FAILED = [NOT_MET, NOT_KNOWN, MET]
GO, CONDITIONAL, NOT_READY, STOP = "go", "go with conditions", "not ready to decide", "stop"
FROM_WORST = [STOP, NOT_READY, CONDITIONAL, GO]
STOPS = "stop"  # what follows if a criterion is not met, unless it is a condition
PROPOSED = "proposed"  # the item of a criterion on the option that is appraised, whichever it is
EACH_PARTNER, EACH = (
    "each partner",
    "each",
)  # item and year of a criterion of which the worst counts
ON_MONEY = ("savings", "appraisal", "decision")  # sections whose measures are of money
OF_RISKS = ("expected_cost", "contingency", "risk_adjusted")  # how measures of money begin in risks
NOT_OF_MONEY = (
    "unmonetised_score",
    "term_years",
    "optimism_bias",
)  # measures in these sections that are not
LETTER, NAMED = re.compile("[a-z]"), re.compile("option ([a-z])")  # an option bare, or by name
SUBJECTS = {
    # what a sentence calls a measure; any other is called by its name
    "annual_cost_change_fraction": "the change of the annual cost",
    "areas_beyond_gap": "the number of areas in which the partners stand too far apart",
    "committed_cost": "the cost committed",
    "days_late": "the longest delay past a deadline",
    "deadline_probability": "the chance of keeping every deadline",
    "break_even_year": "the year from which nothing is lost if the service ends",
    "budget_rise_fraction": "the rise of the revenue budget, of the present cost",
    "finish": "the end of the plan",
    "forecast_net_present_value": "the re-forecast of the net present value",
    "headroom_left": "what is left of the headroom",
    "lowest_net_present_value": "the lowest net present value of a partner",
    "npv_p50": "the net present value that half of the futures reach",
    "payback_years": "the time until the money is back",
    "position_if_ended": "the position if the service ends",
    "preferred_option_rank": "the rank of the proposed option",
    "probability_of_loss": "the chance of a loss",
    "risk_adjusted_npv": "the net present value less the risks that are left",
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


class Found(NamedTuple):
    """A figure that a criterion is held against: of whom, of which year if of one, and in what unit."""

    item: str
    year: int | None
    found: Any
    unit: str


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
    found: Mapping[str, list[Found]],
    lacking: Mapping[str, str] | None = None,
    details: Mapping[str, str] | None = None,
) -> pd.DataFrame:
    """Hold each criterion against what was found for it.

    Parameters
    ----------
    gates : DataFrame
        Rows of gates.csv: ``criterion``, ``section``, ``measure``, ``item``, ``year``,
        ``comparison`` (at_least or at_most), ``threshold`` (number or date), ``if_not_met``.
    found : mapping
        The figures of each criterion: one, or one for each partner and year that it is tested for.
    lacking : mapping, optional
        What the case lacks, by criterion that can't be tested for it.
    details : mapping, optional
        What stands in brackets behind the figure, by criterion, such as what a count counts.

    Returns
    -------
    DataFrame
        One row a figure, in the order of ``gates``: their columns with the ``item`` and ``year``
        found (what was asked for is in ``tested_item`` and ``tested_year``), ``found`` (the value, None if the case has none), ``unit``, ``outcome`` (met, not
        met, not known), ``on_money``, ``reason`` (a sentence), ``is_worst`` (True for the one figure
        of a criterion that decides it, as :func:`worst_of` has it) and ``is_worst_of_item`` (for
        the one of its item).

    Examples
    --------
    >>> gate = pd.DataFrame([{"criterion": "worth it", "section": "savings", "measure": "npv",
    ...     "item": "each partner", "year": "", "comparison": "at_least", "threshold": 0.0,
    ...     "if_not_met": "stop"}])
    >>> tested = tested_gates(gate, {"worth it": [Found("North", None, 5.0, "£"), Found("South", None, -1.0, "£")]})
    >>> tested[["item", "outcome", "is_worst"]].to_numpy().tolist()
    [['North', 'met', False], ['South', 'not met', True]]
    >>> tested["reason"].iloc[1]
    'Worth it: the npv (South) is -£1, at least £0 is needed: not met.'
    """
    lacking, details = lacking or {}, details or {}
    rows = []
    for gate in gates.to_dict("records"):
        cells = found.get(gate["criterion"]) or [Found(gate["item"], None, None, "")]
        test = gate["comparison"], gate["threshold"]
        worst = worst_of(cells, *test)
        of_items = [
            worst_of([cell for cell in cells if cell.item == item], *test)
            for item in dict.fromkeys(cell.item for cell in cells)
        ]
        for cell in cells:
            rows.append(
                gate
                | cell._asdict()
                | {
                    "tested_item": gate["item"],
                    "tested_year": gate["year"],
                    "outcome": outcome(cell.found, *test),
                    "on_money": is_on_money(gate["section"], gate["measure"]),
                    "is_worst": cell is worst,
                    "is_worst_of_item": any(cell is each for each in of_items),
                }
            )
    more = [
        "tested_item",
        "tested_year",
        "found",
        "unit",
        "outcome",
        "on_money",
        "is_worst",
        "is_worst_of_item",
    ]
    table = pd.DataFrame(rows, columns=[*gates, *more])
    as_found = {name: pd.Series([row[name] for row in rows], dtype=object) for name in ("found", "year")}  # fmt: skip
    table = table.astype({"on_money": bool, "is_worst": bool, "is_worst_of_item": bool}).assign(
        **as_found
    )
    reasons = [
        reason(gate, lacking.get(gate.criterion, ""), details.get(gate.criterion, ""))
        for gate in table.itertuples()
    ]
    return table.assign(reason=pd.Series(reasons, index=table.index, dtype=object))


def worst_of(cells: list[Found], comparison: str, threshold: float | dt.date) -> Found:
    """Return the figure that decides a criterion: one not met before one not known before one met.

    Of several the one farthest past the threshold, and of those the first.

    Examples
    --------
    >>> cells = [Found("North", None, 0.5, ""), Found("South", None, None, ""), Found("East", None, 0.1, "")]
    >>> [worst_of(cells, comparison, 0.3).item for comparison in ("at_least", "at_most")]
    ['East', 'North']
    >>> worst_of(cells, "at_most", 0.9).item
    'South'
    """
    came = [outcome(cell.found, comparison, threshold) for cell in cells]
    chosen = min(came, key=FROM_FAILED.index)
    alike = [cell for cell, told in zip(cells, came, strict=True) if told == chosen]
    if chosen == NOT_KNOWN:
        return alike[0]
    farthest = min if comparison == "at_least" else max
    return farthest(alike, key=lambda cell: cell.found)


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


def threshold_doubts(gate, figures_date: dt.date) -> list[str]:
    """Return what to doubt of a tested criterion's threshold: set late, or to its own figure.

    Parameters
    ----------
    gate : named tuple
        A row of :func:`tested_gates` with ``set_on``.
    figures_date : date
        Date to which the case's figures refer.
    """
    doubts = []
    if pd.isna(gate.set_on):
        doubts.append("when it was set isn't said")
    elif pd.Timestamp(gate.set_on) > pd.Timestamp(figures_date):
        doubts.append("after the figures were known")
    if is_its_own_figure(gate):
        doubts.append("set to the figure itself")
    return doubts


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
            of = figure_of(gate.item, gate.year) if gate.tested_item == EACH_PARTNER else ""
            because = (
                f"the case has no {lacking}" if lacking else f"this scenario has no such figure{of}"
            )
        return f"{criterion}: {NOT_KNOWN}, because {because}."
    more = _digits_that_tell_apart(gate) if gate.outcome == NOT_MET else 0
    if is_its_own_figure(gate):
        detail = f"{detail}; {ITSELF}" if detail else ITSELF
    return (
        f"{criterion}: {subject(gate.measure, gate.item, gate.year)} is "
        f"{worded(gate.found, gate.unit, more)}"
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


def subject(measure: str, item: str, year: int | None = None) -> str:
    """Return what a sentence calls a result.

    Examples
    --------
    >>> subject("rank_acceptability", "b"), subject("net_present_value", "Melton")
    ('the share of weightings in which option b comes first', 'the net present value (Melton)')
    >>> subject("headroom_left", "Melton", 2021)
    'what is left of the headroom (Melton, 2021/22)'
    """
    if item != "all" and measure in ITEM_SUBJECTS:
        return ITEM_SUBJECTS[measure].format(item)
    return SUBJECTS.get(measure, f"the {words(measure)}") + figure_of(item, year)


def figure_of(item: str, year: int | None) -> str:
    """Return whose figure it is and of which year, in brackets; nothing if it is of all and the whole term."""
    of = [item] if item != "all" else []
    of += [year_label(year)] if year is not None else []
    return f" ({', '.join(of)})" if of else ""


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


ANY, NONE = "any", "there is none"
ALL_MET, FAILED, UNKNOWN, OPEN = (
    "all met",
    "one not met",
    "one not known",
    "one not met or not known",
)


class Rule(NamedTuple):
    """A row of the rule: how three kinds of criteria stand, and the verdict."""

    stops: str  # criteria whose consequence is stop
    money: str  # other criteria on money
    others: str  # the rest
    verdict: str


RULE = [
    # every combination fits one row, and but one
    Rule(FAILED, ANY, ANY, STOP),
    Rule(NONE, ANY, ANY, NOT_READY),
    Rule(UNKNOWN, ANY, ANY, NOT_READY),
    Rule(ALL_MET, UNKNOWN, ANY, NOT_READY),
    Rule(ALL_MET, FAILED, ANY, CONDITIONAL),
    Rule(ALL_MET, ALL_MET, OPEN, CONDITIONAL),
    Rule(ALL_MET, ALL_MET, ALL_MET, GO),
]


def is_on_money(section: str, measure: str) -> bool:
    """Return whether a measure of results.csv is one of money, or of what follows from it.

    A re-forecast is not: before results are in there is none to wait for.

    Examples
    --------
    >>> is_on_money("savings", "payback_years"), is_on_money("risks", "risks_above_appetite")
    (True, False)
    """
    if section == "risks":
        return measure.startswith(OF_RISKS)
    return section in ON_MONEY and measure not in NOT_OF_MONEY


def fits(outcomes: np.ndarray, stops: np.ndarray, on_money: np.ndarray) -> list[np.ndarray]:
    """Return, for each row of the rule, in which of some futures it fits.

    Parameters
    ----------
    outcomes : array of str, criterion by future
        Met, not met or not known.
    stops, on_money : array of bool, by criterion
        Whether its consequence is stop, and whether it is on money.
    """
    failed, unknown, met = (outcomes == told for told in (NOT_MET, NOT_KNOWN, MET))
    always = np.full(outcomes.shape[1], True)

    def stands(chosen: np.ndarray, first: np.ndarray, second: np.ndarray) -> dict[str, np.ndarray]:
        """Return how criteria stand, where one kind of trouble comes before another."""
        one, other = first[chosen].any(axis=0), second[chosen].any(axis=0)
        return {
            ANY: always,
            NONE: always & (not chosen.any()),
            FAILED if first is failed else UNKNOWN: one,
            UNKNOWN if first is failed else FAILED: other & ~one,
            OPEN: one | other,
            ALL_MET: met[chosen].all(axis=0),
        }

    of_stops = stands(stops, failed, unknown)
    of_stops[ALL_MET] = of_stops[ALL_MET] & stops.any()
    of_money = stands(on_money & ~stops, unknown, failed)
    of_others = stands(~on_money & ~stops, unknown, failed)
    return [of_stops[row.stops] & of_money[row.money] & of_others[row.others] for row in RULE]


def verdicts(outcomes: np.ndarray, stops: np.ndarray, on_money: np.ndarray) -> np.ndarray:
    """Return the verdict by the rule in each of some futures; parameters as of :func:`fits`."""
    return np.select(fits(outcomes, stops, on_money), [row.verdict for row in RULE], "")


def as_arrays(gates: pd.DataFrame) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the outcomes of criteria, as those of one future, and of what kind each is."""
    stops = (gates["if_not_met"] == STOPS).to_numpy(bool)
    return gates["outcome"].to_numpy(object).reshape(-1, 1), stops, gates["on_money"].to_numpy(bool)


def fitting(gates: pd.DataFrame) -> Rule:
    """Return the row of the rule that fits criteria; parameters as of :func:`recommendation`."""
    return next(row for row, here in zip(RULE, fits(*as_arrays(gates)), strict=True) if here[0])


def recommendation(gates: pd.DataFrame) -> str:
    """Return the verdict on criteria by the rule: stop, not ready to decide, go with conditions, or go.

    Parameters
    ----------
    gates : DataFrame
        ``outcome`` (met, not met or not known), ``if_not_met`` (stop or condition) and ``on_money``
        of each criterion.

    Examples
    --------
    >>> gates = pd.DataFrame({"outcome": ["met", "not known"], "if_not_met": ["stop", "condition"],
    ...     "on_money": [True, False]})
    >>> recommendation(gates), recommendation(gates.assign(on_money=True))
    ('go with conditions', 'not ready to decide')
    >>> recommendation(gates.assign(outcome="not met"))
    'stop'
    """
    return fitting(gates).verdict


def blocking(gates: pd.DataFrame) -> pd.Series:
    """Return which criteria are not known and keep the case from being decided."""
    decides = (gates["if_not_met"] == STOPS) | gates["on_money"]
    is_not_ready = recommendation(gates) == NOT_READY
    return decides & (gates["outcome"] == NOT_KNOWN) & is_not_ready


def missing(gates: pd.DataFrame) -> dict[str, str]:
    """Return a sentence for each thing without which the case is not ready to decide, by what it is.

    Parameters
    ----------
    gates : DataFrame
        As :func:`tested_gates` returns them.
    """
    if recommendation(gates) != NOT_READY:
        return {}
    found = {}
    if gates.empty:
        found["a criterion"] = (
            "The case has no criterion (gates.csv), so that no figure could stop it."
        )
    elif not (gates["if_not_met"] == STOPS).any():
        found["a stop criterion"] = "No criterion has the consequence stop, so that no figure could stop the case."  # fmt: skip
    unknown = gates[blocking(gates)]
    return found | dict(zip(unknown["criterion"], unknown["reason"], strict=True))


def if_alone(gates: pd.DataFrame, told: str) -> pd.Series:
    """Return the recommendation if one criterion alone came out otherwise, for each of them.

    Parameters
    ----------
    gates : DataFrame
        As of :func:`recommendation`.
    told : str
        Met or not met.
    """
    return pd.Series(
        [
            recommendation(gates.assign(outcome=gates["outcome"].where(gates.index != index, told)))
            for index in gates.index
        ],
        index=gates.index,
        dtype=object,
    )


def turning_alone(gates: pd.DataFrame) -> list[str]:
    """Return the criteria each of which alone, met or not met, would change the recommendation."""
    now = recommendation(gates)
    turns = (if_alone(gates, MET) != now) | (if_alone(gates, NOT_MET) != now)
    return list(gates.loc[turns, "criterion"])


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
        ``outcome``, ``if_not_met`` and ``on_money`` of every criterion.
    moves : Series of bool
        Which criteria move.

    Examples
    --------
    >>> gates = pd.DataFrame({"outcome": ["met", "met", "not known"], "on_money": False,
    ...     "if_not_met": ["stop", "condition", "condition"]})
    >>> decisive(gates, pd.Series([True, True, False])).tolist()  # a condition stays in any case
    [True, False, False]
    """
    stays, stops = gates[~moves], gates["if_not_met"] == STOPS
    if not stops.any() or ((stays["outcome"] == NOT_MET) & stops).any():
        return moves & False
    # a condition on money that is no longer known turns whatever the others are
    return moves & (stops | gates["on_money"]) if (stays["outcome"] != MET).any() else moves


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
