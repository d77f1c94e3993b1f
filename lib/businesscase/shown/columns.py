"""What a column is called and how its values are written: declared once, by its name in a frame.

A column that isn't declared is called by the words of its name, and has the unit that the name ends in;
one whose name is a phrase already, such as ``If all stay (£)``, keeps it.
"""

from collections.abc import Callable, Hashable
from numbers import Real
from typing import Any

import pandas as pd

from businesscase.calculations.apportionment import ALL
from businesscase.calculations.decision import MET, NOT_KNOWN, NOT_MET
from businesscase.calculations.durations import CERTAINTY
from businesscase.calculations.estate import DIFFERENT, ONE, SAME
from businesscase.calculations.wording import (
    capitalised,
    chance_in_words,
    percent,
    printed,
    short_day,
    without_files,
    words,
    year_label,
)

TOTAL = "All partners"
UNBROKEN = "\N{NO-BREAK SPACE}"
RELATIONS = {SAME: "same product", DIFFERENT: "different", ONE: "one partner only"}
UNITS = {"gbp": "£", "fraction": "%", "share": "%", "days": "days", "months": "months", "years": "years"}  # fmt: skip
OUTCOME_SIGNS = {MET: "✓ met", NOT_MET: "✗ not met", NOT_KNOWN: "? not known"}
CAME = {True: "lasted", False: "ended"}
# a label's unit, in brackets, says how the numbers of the column are printed
LABELS = {
    "after": "Satisfied after",
    "agrees": "Agrees",
    "aim": "Aimed for",
    "all_parts": "All partners (£)",
    "annual_cost": "Cost (£ a year)",
    "annual_cost_gbp": "Cost today (£ a year)",
    "annual_gbp": "Cost (£ a year)",
    "arrangement": "How",
    "as_others": "Half are below, as it went for others (£)",
    "as_planned": "As planned (£)",
    "at_high": "Value at high (£)",
    "at_low": "Value at low (£)",
    "average_annual_saving": "Average saving (£ a year)",
    "base_index": "Price index of the base year",
    "bears_on": "Bears on",
    "beaten_by": "Beaten on both by",
    "because": "What stops it, or is missing",
    "before": "Satisfied before",
    "before_fraction": "Before own results, P50 (%)",
    "below_it": "Below it",
    "benefit_cost_ratio": "Benefit-cost ratio",
    "better": "Worth more at the present cost",
    "beyond_gap": "Too far apart",
    "breakeven_cost": "Breakeven cost (£ a year)",
    "breaks_even": "Not behind from",
    "budget_gbp": "Budget for staff (£ a year)",
    "business_function": "Business function",
    "capital": "Capital (£ a year)",
    "case": "Case",
    "cash_net_present_value": "Of it in cash (£)",
    "cash_saving": "Cash saving (£)",
    "cashable_saving": "Of it cash (£)",
    "cause": "Common cause",
    "central": "Most likely",
    "certain_by": f"{percent(CERTAINTY, 0)} certain by",
    "chance_if_longest": "Chance, if longest",
    "chance_if_shortest": "Chance, if shortest",
    "chance_met": "Chance of meeting it",
    "chance_of_loss": "Chance of a loss",
    "change": "Change (£)",
    "change_fraction": "Change (%)",
    "change_gbp": "Difference (£ a year)",
    "change_made": "Change",
    "complete": "Complete (%)",
    "contracts": "Contracts",
    "contribution_fraction": "Part of the bias (%)",
    "contributory_factor": "Cause",
    "cost_after": "Cost a year after (£000)",
    "cost_line": "Line of cost",
    "cost_per_device": "Cost of a device (£ a year)",
    "cost_per_user": "Cost of a user (£ a year)",
    "cost_today": "Cost a year today (£000)",
    "counted_by": "Counted as",
    "counts": "Counts as",
    "counts_here": "Counts here",
    "criteria": "Criteria that come out otherwise",
    "criticality": "Critical in",
    "days_earlier": "Working days earlier",
    "days_here": "Here (days)",
    "deadline": "Deadline",
    "deadline_chance": "Chance of every deadline (%)",
    "definition": "What is judged",
    "description": "What could happen",
    "difference_gbp": "Difference (£ a year)",
    "discount_factor": "Discount factor",
    "discounted_payback_years": "Discounted payback (years)",
    "earliest_date": "Earliest date",
    "earliest_end": "Can end on",
    "early_finish": "Finish",
    "early_start": "Start",
    "effect": "Effect alone (£)",
    "error": "Standard error (£)",
    "even_worth": "Worth: half are below (£000)",
    "evidence": "What will show it",
    "expected_cost": "Expected cost (£)",
    "expected_npv": "Mean (£)",
    "expected_share": "Part of the expected cost (%)",
    "fails": "Critical success factors failed",
    "favoured": "Mean weights when it comes first, of any weights",
    "first": "Value then",
    "first_date": "First reading",
    "first_day": "From",
    "flow": "Kind",
    "forecast_finish": "Actual or forecast end",
    "forecast_start": "Actual or forecast start",
    "freshness": "Freshness (%)",
    "fte": "Posts (full-time equivalents)",
    "funding": "Funding",
    "futures_share": "Share of the futures (%)",
    "gap": "Gap",
    "gap_chance": "Chance of a gap",
    "gap_cost": "Cost of the gap (£)",
    "gap_cost_expected": "Gap, expected (£)",
    "gap_months_p50": "Gap, even chance (months)",
    "gaps_wider_by": "Every gap wider by (points)",
    "here": "This case",
    "high": "High",
    "highest_probability": "Highest chance (%)",
    "holds": "Check",
    "if_ended": "Worth if it ended then (£)",
    "if_it_happens_gbp": "Mean cost if it happens (£)",
    "improved": "Better",
    "income": "Income (£ a year)",
    "index_status": "Status of the index",
    "inherent": "As assessed",
    "input": "Input",
    "internal_rate_of_return": "Rate of return (% a year)",
    "item": "Item",
    "largest_gap": "Largest gap",
    "last": "Value now",
    "last_date": "Last reading",
    "last_day": "Until",
    "lasted": "The partnership",
    "late_finish": "Latest finish",
    "late_start": "Latest start",
    "level_gbp": "Own cost (£ a year)",
    "longer_fraction": "Every task longer by (%)",
    "low": "Low",
    "lowest_probability": "Lowest chance (%)",
    "lowest_score": "Minimum score",
    "mean_gbp": "Mean (£)",
    "meaning": "What that is",
    "measure": "Measure",
    "mitigated_fraction": "Taken off the bound (%)",
    "mitigation_fraction": "Mitigated (%)",
    "money": "Other criteria on money",
    "months_before": "Before the outcome (months)",
    "months_to_stop": "Months to the stop",
    "name": "Name",
    "net": "Saving less cost (£)",
    "net_flow": "Saving less cost (£)",
    "net_present_value": "Net present value (£)",
    "new": "New service (£ a year)",
    "non_staff": "Other than staff (£ a year)",
    "note": "Working or reasoning",
    "notice_by": "Notice or extension by",
    "notice_months": "Notice (months)",
    "notice_unknown": "Of them without a known notice",
    "novation_gbp": "Passing it on costs (£)",
    "npv_p10": "One in ten is below (£)",
    "npv_p50": "Half are below (£)",
    "npv_p90": "One in ten is above (£)",
    "of_budget_fraction": "Of the budget (%)",
    "one_off_cost": "One-off cost (£)",
    "optimistic_days": "Shortest (days)",
    "option": "Option",
    "others": "All other criteria",
    "outcome": "Outcome",
    "over_expected_gbp": "Over the expected cost (£)",
    "overlap_cost": "Paid twice (£)",
    "own_fraction": "Own to date (%)",
    "own_part": "Own part (£)",
    "own_share": "Own share (%)",
    "own_to_date": "To date (£)",
    "own_weight_fraction": "Own results count for (%)",
    "own_worth": "Worth to this council (£)",
    "owner": "Owner",
    "owner_rule": "Owner",
    "p10_fraction": "Low end, P10 (%)",
    "p10_gbp": "Low end, P10 (£)",
    "p50_fraction": "Expected, P50 (%)",
    "p50_gbp": "Expected, P50 (£)",
    "p80_if_longest": "Plan ends by, if longest",
    "p80_if_shortest": "Plan ends by, if shortest",
    "p90_fraction": "High end, P90 (%)",
    "p90_gbp": "High end, P90 (£)",
    "package": "Work package",
    "paid_once": "One-off cost (£000)",
    "paragraph": "Paragraph",
    "parameter": "Parameter",
    "partner": "Partner",
    "partnership": "Published case",
    "payback_years": "Payback (years)",
    "peak_funding": "Peak funding (£)",
    "people": "People who hold it",
    "people_together": "People at all partners",
    "pessimistic_days": "Longest (days)",
    "place": "Where it stands",
    "plan_start": "Plan then starts",
    "planned_worth": "Worth as planned (£000)",
    "poor_worth": "Worth: one in ten is below (£000)",
    "predecessors": "Follows",
    "present": "Today (£ a year)",
    "present_cost": "Present cost (£ a year)",
    "posts_cost_gbp": "Cost with on-costs (£ a year)",
    "posts_gbp": "Posts cost (£ a year)",
    "price_factor": "Factor",
    "price_index": "Price index of that year",
    "probability_of_loss": "Probability of loss (%)",
    "promethee": "Outranking (PROMETHEE II)",
    "provenance": "Provenance (%)",
    "proximity": "Could happen from",
    "published": "Published",
    "rag": "Status",
    "rate": "Rate (%)",
    "reached": "As good or better",
    "real_gbp": "In prices of the base year (£ a year)",
    "realised_fraction": "Actual over planned (%)",
    "reason": "Because",
    "receipts": "Grants and receipts (£)",
    "recommendation": "Recommendation",
    "recomputed": "Recomputed",
    "reference_class": "Class",
    "relation": "Together",
    "removed_gbp": "The response removes (£)",
    "requirement": "What it demands",
    "residual": "With its response",
    "response_cost_gbp": "The response costs (£)",
    "rests_on": "What was expected before rests on",
    "revenue": "Revenue (£ a year)",
    "right": "Was it right?",
    "risk": "Risk",
    "risk_adjusted_npv": "Less the risks that are left (£)",
    "running_cost": "Running cost (£)",
    "said": "Answer",
    "saved_a_year": "Cash saving a year (£000)",
    "saved_a_year_in_all": "Saving a year, cash and time (£)",
    "saves_gbp": "It saves, less its cost (£)",
    "saving": "Saving (£)",
    "saving_fraction": "Share saved (%)",
    "saving_gbp": "Saving (£ a year)",
    "says": "What it says",
    "score": "Score",
    "service_starts": "New service starts",
    "set_by": "Threshold set by",
    "share_of_line": "Share of the line (%)",
    "share_of_posts_cost": "Share of the cost of posts (%)",
    "share_of_users": "Share of users (%)",
    "single_person": "One person alone",
    "source": "Source",
    "spend": "Spend (£ a year)",
    "spent_after": "Spent after, at most (£)",
    "staff": "Staff (£ a year)",
    "standing_band": "Band",
    "standing_likelihood_level": "Likelihood",
    "standing_score": "Score that counts",
    "status": "Status",
    "step": "What must happen",
    "step_by": "By",
    "stopped": "Stops there in futures (%)",
    "stops": "Criteria whose consequence is stop",
    "sum": "Sum (£)",
    "tail_cost": "Mean cost in the worst fifth (£)",
    "tail_share": "Part of the cost in the worst fifth (%)",
    "task": "Task",
    "text": "What it says",
    "then": "Into",
    "time_saving": "Of it time (£)",
    "title": "What is different",
    "together": "Together (£)",
    "told": "Tells of (part of the variance settled)",
    "topsis": "Distance to the ideal (TOPSIS)",
    "to_date": "All partners to date (£)",
    "total_saving": "Total saving (£)",
    "turns": "What alone would have changed it",
    "uncertainty_share": "Share of the uncertainty (%)",
    "undivided": "Not divided in the source (£ a year)",
    "unfilled": "Nobody",
    "unit": "Unit",
    "unmonetised_score": "Score without money",
    "vacant_fte": "Of them vacant",
    "value": "Value",
    "way": "Part of the way to the ends of their ranges",
    "weight_share": "Share of weight (%)",
    "what_differs": "What differs from the base",
    "whole_life_cost": "Whole-life cost (£)",
    "why_not": "Why, or why not",
    "widest_gap": "Widest gap between assessors",
    "widest_on": "On option",
    "within_tried": "Within the range tried",
    "without_response_gbp": "Expected without the response (£)",
    "worst": "Partner that does worst",
    "worst_by_days": "Worst by (working days)",
    "worst_worth": "Its net present value (£)",
    "worth_gbp": "Below by, in all (£ a year)",
    "year": "Year",
}


def _partner(name: Any) -> str:
    return TOTAL if name == ALL else printed(name)


def _year(year: Any) -> str:
    is_year = isinstance(year, Real) and not isinstance(year, bool) and year == year
    return year_label(int(year)) if is_year else printed(year)


def _break_even(year: Any) -> str:
    return "not within the term" if pd.isna(year) else _year(year)


def _factor(fraction: Any) -> str:
    return f"{fraction:.4f}"


def _day(date: Any) -> str:
    return short_day(date).replace(" ", UNBROKEN)


def _chance(fraction: Any) -> str:
    return printed(fraction) if pd.isna(fraction) else chance_in_words(fraction)


def _relation(relation: Any) -> str:
    return RELATIONS.get(relation, printed(relation))


def _words(name: Any) -> str:
    return words(name) if isinstance(name, str) else printed(name)


def _days_earlier(days: Any) -> str:
    if pd.isna(days):
        return "no earlier start is enough, for fixed dates hold it"
    return "none" if days == 0 else f"{days:g}"


def _follows(predecessors: Any) -> str:
    return predecessors.replace(",", ", ") or "none"


def _described(text: Any) -> str:
    return text if isinstance(text, str) and text else "no description in the source"


def _outcome(told: Any) -> str:
    return OUTCOME_SIGNS.get(told, printed(told))


def _if_any(text: Any) -> str:
    return printed(text) if text else "–"


def _list(names: Any) -> str:
    return ", ".join(names) or "–"


def _here(fits: Any) -> str:
    return "✓ here" if fits else "–"


def _reached(reached: Any) -> str:
    return printed(reached) if pd.isna(reached) else "✓ yes" if reached else "✗ no"


def _way(fraction: Any) -> str:
    return "not turned" if pd.isna(fraction) else percent(fraction, 0)


def _to(partner: Any) -> str:
    return f"To {printed(partner)}"


def _holds(holds: Any) -> str:
    return "✓ holds" if holds else "✗ does not"


def _lasted(lasted: Any) -> str:
    return CAME[bool(lasted)]


def _right(right: Any) -> str:
    return "✓ right" if right else "✗ no hit"


# how the values of a column are written, where not as numbers with the unit of the label, or as they are
WRITTEN: dict[str, Callable[[Any], str]] = {
    "breaks_even": _break_even,
    "certain_by": _day,
    "chance_if_longest": _chance,
    "chance_if_shortest": _chance,
    "chance_met": _chance,
    "chance_of_loss": _chance,
    "chance_with_contingency": _chance,
    "comparison": _words,
    "criteria": _list,
    "criticality": _chance,
    "days_earlier": _days_earlier,
    "deadline": _day,
    "description": _described,
    "discount_factor": _factor,
    "early_finish": _day,
    "early_start": _day,
    "earliest_end": _day,
    "ends": _day,
    "even_chance_by": _day,
    "first_year": _year,
    "flow": _words,
    "forecast_finish": _day,
    "forecast_start": _day,
    "gap_chance": _chance,
    "here": _here,
    "holds": _holds,
    "item": _partner,
    "kind": _words,
    "last_year": _year,
    "lasted": _lasted,
    "late_finish": _day,
    "late_start": _day,
    "measure": _words,
    "notice_by": _day,
    "outcome": _outcome,
    "p80_if_longest": _day,
    "p80_if_shortest": _day,
    "partner": _partner,
    "plan_start": _day,
    "place": without_files,
    "planned_finish": _day,
    "predecessors": _follows,
    "proximity": _day,
    "reached": _reached,
    "relation": _relation,
    "right": _right,
    "service_starts": _day,
    "step_by": _day,
    "table": _words,
    "then": _if_any,
    "to": _to,
    "way": _way,
    "which_is": _if_any,
    "year": _year,
}


def label_of_column(name: Hashable, unit: str = "") -> str:
    """Return what readers call a column.

    Parameters
    ----------
    name : hashable
        Its name in a frame.
    unit : str
        Unit of the values of a column that is named for a year [£, %, years ...].

    Examples
    --------
    >>> label_of_column("one_off_cost"), label_of_column("spent_gbp"), label_of_column(2026, "£")
    ('One-off cost (£)', 'Spent (£)', '2026/27 (£)')
    >>> label_of_column("If all stay (£)")
    'If all stay (£)'
    """
    if isinstance(name, tuple):
        return ", ".join(label_of_column(level) for level in name)
    if not isinstance(name, str):
        return value_as_label(name, "year", unit)
    if name in LABELS:
        return LABELS[name]
    if not name.islower() or " " in name:
        return name
    stem, _, ending = name.rpartition("_")
    if stem and ending in UNITS:
        return f"{capitalised(words(stem))} ({UNITS[ending]})"
    return capitalised(words(name))


def value_as_label(value: Hashable, of: str, unit: str = "") -> str:
    """Return a value of a case, such as a partner or a year, as the label of a column with its unit.

    Examples
    --------
    >>> value_as_label("all", "partner", "£"), value_as_label(2026, "year")
    ('All partners (£)', '2026/27')
    """
    said = WRITTEN.get(of, printed)(value)
    return f"{said} ({unit})" if unit else said
