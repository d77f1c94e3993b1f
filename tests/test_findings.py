"""What check and page one say of figures that can hardly be so, and refuse nothing for it."""

from types import SimpleNamespace

import pandas as pd
import pytest
from small import flow, small_case, small_study

from businesscase.calculations.decision import is_its_own_figure
from businesscase.cases.case import case_names
from businesscase.study import load_study
from businesscase_workbench.cli import main
from businesscase_workbench.report.content import Kept, _facts

STAFF = {"category": "staff", "nature": "staff", "funding": "revenue", "year": "2024"}
LATER = (2025, 2028)  # a year after the decision
MOVE = flow("Move", "one_off_cost", 300_000, (2024, 2024), category="move", inflation="prices")
GATE = {"criterion": "worth it", "threshold": "0"}


def budget(partner, amount, **cells):
    """Return a row of service_costs.csv as text."""
    return {**STAFF, "partner": partner, "amount_gbp": str(amount), **cells}


BUDGETS = [budget("North", 500_000), budget("South", 100_000)]


def said(*flows, costs=BUDGETS, gates=(GATE,), move=True, **tables):
    """Return what is found in a case of two councils with these flows."""
    given = {"flows": [*flows, *([MOVE] if move else [])], "service_costs": costs, "gates": gates, "scenarios": {"base": {"saving_apportionment": "equal", "cost_apportionment": "equal"}}}  # fmt: skip
    return small_case(**{**given, **tables}).findings


def test_a_scenario_that_changes_nothing_is_named():
    scenarios = {"idle": {"realisation": 1.0}, "late": {"delay_years": 1.0}}
    found = [fault for fault in small_case(scenarios=scenarios).findings if "scenarios" in fault]
    assert len(found) == 1 and "[idle] changes nothing" in found[0]


# savings beside budgets


def test_savings_above_the_budget_are_named_by_partner_category_and_in_all():
    found = said(
        flow("Posts", "saving", 900_000, LATER),
        flow("Old", "counterfactual_cost", 3_000_000, LATER, "South", category="service"),
        flow("New", "running_cost", 1_000_000, LATER, "South", category="service"),
    )
    assert found == [
        "flows.csv: option a saves £900,000 of what North spends on staff in 2025/26; service_costs.csv has "
        "£500,000 a year for it, and no more can be saved",
        "flows.csv: option a saves £2,000,000 of what South spends in 2025/26; service_costs.csv has "
        "£100,000 a year for it, and no more can be saved",
        "flows.csv: option a saves £2,900,000 of what all partners spend in 2025/26; service_costs.csv has "
        "£600,000 a year for it, and no more can be saved",
    ]
    assert found[0].details["file"] == "flows.csv"
    assert found[0].details["allowed"] == "at most £500,000"


@pytest.mark.parametrize(
    ("flows", "sentence"),
    [
        ([flow("Posts", "saving", 501_000, LATER, category=" Staff")], "£501,000 of what North spends on staff in 2025/26"),
        ([flow("Posts", "saving", 700_000, LATER, "shared")], "£700,000 of what all partners spend on staff in 2025/26"),
        ([flow("Posts", "saving", 300_000, LATER), flow("Managers", "saving", 250_000, (2027, 2028))], "£550,000 of what North spends on staff in 2027/28"),
        ([flow("Posts", "saving", "", LATER, baseline_fraction="0.6"), flow("More", "saving", "", LATER, baseline_fraction="0.5")], "£550,000 of what North spends on staff"),
        ([flow("Posts", "saving", 501_000, (2026, 2028), category="posts")], "£501,000 of what North spends on staff in 2026/27"),
        ([flow("Licences", "saving", 450_000, LATER, category="licences", inflation="prices"), flow("Posts", "saving", 60_000, LATER)], "£510,000 of what North spends in 2025/26"),
        ([flow("Licences", "saving", 15_000_000, LATER, "shared", category="licences", inflation="prices")], "£15,000,000 of what all partners spend in 2025/26"),
        ([flow("Old", "counterfactual_cost", 800_000, LATER), flow("New", "running_cost", 250_000, LATER)], "£550,000 of what North spends on staff in 2025/26"),
        ([flow("Posts", "saving", 700_000, LATER, ramp_years="2")], "£700,000 of what North spends on staff in 2026/27"),
    ],
)  # fmt: skip
def test_what_exceeds_the_budget_is_found_however_it_is_laid_out(flows, sentence):
    assert any(sentence in finding for finding in said(*flows))


@pytest.mark.parametrize(
    "flows",
    [
        [flow("Posts", "saving", "", LATER, baseline_fraction="1")],
        [flow("Time", "saving", 900_000, LATER, cashable="false")],
        [flow("Posts", "saving", 900_000, LATER, year_fraction="0.5")],
        [flow("Posts", "saving", 500_000, (2025, 2026)), flow("Managers", "saving", 400_000, (2027, 2028))],
        [flow("Old", "counterfactual_cost", 3_000_000, LATER), flow("New", "running_cost", 2_900_000, LATER)],
        [flow("Old", "counterfactual_cost", 500_000, LATER), flow("Posts", "saving", 50_000, LATER, "South"), flow("New", "running_cost", 450_000, LATER, "shared")],
    ],
)  # fmt: skip
def test_what_stays_within_the_budget_is_not_named(flows):
    assert said(*flows) == []


def test_a_budget_of_an_earlier_year_is_held_in_prices_of_the_decision_year():
    earlier = [budget("North", 500_000, year="2020"), budget("South", 100_000)]
    assert said(flow("Posts", "saving", 580_000, LATER), costs=earlier) == []
    assert any(
        "£590,000" in f for f in said(flow("Posts", "saving", 590_000, LATER), costs=earlier)
    )


def test_categories_that_partners_name_otherwise_are_held_by_staff_and_other_cost():
    costs = [budget("North", 500_000), budget("South", 400_000, category="employees")]
    posts = [flow("Posts", "saving", 300_000, LATER, name) for name in ("North", "South")]
    assert said(*posts, costs=costs) == []
    found = said(*posts, flow("More", "saving", 350_000, LATER, "shared"), costs=costs)
    assert [finding.split(";")[0] for finding in found] == [
        "flows.csv: option a saves £950,000 of what all partners spend on staff in 2025/26"
    ]


# the course of savings and cost


def test_savings_without_any_one_off_cost_are_named():
    posts, free = flow("Posts", "saving", 50_000, LATER), flow("Move", "one_off_cost", 0, (2024, 2024))  # fmt: skip
    for flows in ([posts], [posts, free]):
        assert ["no one-off cost" in finding for finding in said(*flows, move=False)] == [True]
    fund = flow("Fund", "grant", 9_000, (2024, 2024))
    assert ["no one-off cost" in finding for finding in said(posts, fund, move=False)] == [True]
    assert said(flow("Travel", "extra_cost", 9_000, LATER), move=False) == []
    ending = flow("Ending a contract", "exit_cost", 1, (2024, 2024))
    assert said(posts, ending, move=False) == []
    assert said(flow("Charge", "running_cost", 50_000, LATER), move=False) == []


@pytest.mark.parametrize(
    ("flows", "named"),
    [
        ([flow("Posts", "saving", 50_000)], "'Posts' is saved"),
        ([flow("Posts", "saving", "", baseline_fraction="0.1")], "'Posts' is saved"),
        ([flow("Posts", "saving", 50_000, cashable="false", partner="shared")], "'Posts' is saved"),
        ([flow("Posts", "saving", 50_000), flow("Rent", "saving", 9_000)], "'Posts' and 'Rent' are saved"),
        ([flow("Old", "counterfactual_cost", 90_000), flow("New", "running_cost", 60_000)], "what the new service costs less than the present one is saved"),
    ],
)  # fmt: skip
def test_a_saving_in_full_from_the_first_day_is_named(flows, named):
    assert any(
        f"{named} in full from the first day of 2024/25" in finding for finding in said(*flows)
    )


@pytest.mark.parametrize(
    "flows",
    [
        [flow("Posts", "saving", 50_000, LATER)],
        [flow("Posts", "saving", 50_000, year_fraction="0.5")],
        [flow("Posts", "saving", 50_000, ramp_years="3")],
        [flow("Posts", "saving", 20_000, (2024, 2024)), flow("Posts", "saving", 50_000, LATER)],
        [flow("Old", "counterfactual_cost", 90_000), flow("New", "running_cost", 95_000)],
    ],
)  # fmt: skip
def test_a_saving_that_takes_time_is_not_named(flows):
    assert said(*flows) == []


# counts and like services


def counted(driver, north, south):
    """Return rows of drivers.csv as text."""
    return [
        {"partner": partner, "driver": driver, "date": "2024-03-31", "value": str(value)}
        for partner, value in (("North", north), ("South", south))
    ]


POSTS = flow("Posts", "saving", 50_000, LATER)


@pytest.mark.parametrize(
    ("given", "because"),
    [
        ({"costs": [budget("North", 12_000), budget("South", 100_000)], "drivers": counted("users", 4_000, 100)}, "a user costs £3 a year, in like services £500 to £8,000"),
        ({"costs": [budget("North", 9_000), budget("South", 100_000)], "drivers": counted("devices", 4_000, 100)}, "a device costs £2.25 a year, in like services £300 to £6,000"),
        ({"costs": [budget("North", 6_000), budget("South", 100_000)], "skills": [{"partner": name, "skill": "desk", "posts": number, "people": "2"} for name, number in (("North", "60"), ("South", "2"))]}, "a post costs £100 a year, in like services £10,000 to £1,000,000"),
        ({"costs": [budget("North", 610), budget("North", 1_020, category="contracts"), budget("South", 100_000)]}, "the largest of 2 is £1,020, in like services at least £5,000"),
    ],
)  # fmt: skip
def test_a_budget_in_thousands_is_named_for_the_partner_that_gave_it(given, because):
    found = [finding for finding in said(POSTS, **given) if "thousands" in finding]
    assert found == [
        f"service_costs.csv: the amounts of North look like thousands: {because}; amounts are whole pounds, "
        "61.5 thousand is 61500"
    ]


@pytest.mark.parametrize(
    ("flows", "named"),
    [
        ([flow("Posts", "saving", 90, LATER), flow("Move", "one_off_cost", 300, (2024, 2024))], "the amounts look like thousands: the largest of 2 is £300"),
        ([flow("Posts", "saving", 90, LATER), flow("Rent", "saving", 35, LATER), MOVE], "the savings look like thousands: the largest of 2 is £90"),
        ([flow("Old", "counterfactual_cost", 610, LATER), flow("New", "running_cost", 500, LATER), MOVE], "the savings look like thousands: the only one is £610"),
        ([flow("Posts", "saving", 90, LATER), flow("Rent", "saving", 60_000, LATER), MOVE], ""),
    ],
)  # fmt: skip
def test_flows_in_thousands_are_named_once_and_a_small_one_beside_a_large_one_is_not(flows, named):
    found = [finding for finding in said(*flows, move=False) if "thousands" in finding]
    assert len(found) == bool(named)
    assert all(named in finding for finding in found)


def test_amounts_of_less_than_a_pound_a_user_look_like_thousands():
    large = [budget("North", 40_000_000), budget("South", 2_000_000)]
    flows = [
        flow("Posts", "saving", 12_000, LATER),
        flow("Move", "one_off_cost", 9_000, (2024, 2024)),
    ]
    found = said(*flows, move=False, costs=large, drivers=counted("users", 19_000, 1_000))
    assert ["flows.csv: the amounts look like thousands" in finding for finding in found] == [True]


def test_a_cost_unlike_that_of_other_services_is_named_by_the_cases_own_range_first():
    users = counted("users", 100, 50)
    costs = [budget("North", 1_200_000), budget("South", 100_000)]
    ours = said(POSTS, costs=costs, drivers=users)
    assert ours == [
        "service_costs.csv: a user costs £12,000 at North a year; in like services it is £500 to £8,000 "
        "(data/plausible_ranges.csv): check the budget and the count, or say what is different"
    ]
    own = [
        {"benchmark": name, "basis": "districts", "measure": "cost_per_user", "amount_gbp": amount}
        for name, amount in (("low", "3000"), ("high", "13000"))
    ]
    assert said(POSTS, costs=costs, drivers=users, benchmarks=own)[0].startswith(
        "service_costs.csv: a user costs £2,000 at South a year; in like services it is £3,000 to £13,000 "
        "(benchmarks.csv)"
    )
    assert said(POSTS, drivers=counted("devices", 100, 50)) == []
    devices = said(POSTS, drivers=counted("devices", 50, 400))
    assert "a device costs £10,000 at North and £250 at South a year" in devices[0]


# scores


def test_an_option_that_an_assessor_scores_alike_on_everything_is_named():
    factors = ["cost", "control", "resilience"]
    scales = [{"factor": name, "definition": name, "kind": "benefit", "weight": "100", "lowest_score": "1", "highest_score": "5"} for name in factors]  # fmt: skip
    options = [{"option": letter, "name": letter, "description": letter} for letter in "ab"]
    scores = [
        {"option": option, "factor": name, "assessor": who, "score": str(score)}
        for option, who, given in (("a", "finance", (3, 3, 3)), ("a", "service", (3, 4, 3)), ("b", "finance", (2, 1, 2)), ("b", "service", (2, 2, 3)))
        for name, score in zip(factors, given, strict=True)
    ]  # fmt: skip
    assert said(POSTS, options=options, factors=scales, scores=scores) == [
        "scores.csv: all 3 scores of option a by finance are 3; an option is seldom as good on one factor as "
        "on every other: score each for itself"
    ]


# criteria


def test_a_threshold_that_is_its_own_figure_is_named_and_shown_beside_the_criterion():
    flows = [flow("Posts", "saving", 50_000, LATER), MOVE]
    of = {"measure": "one_off_cost", "comparison": "at_most"}
    for threshold, named in (("300000", True), ("300100", True), ("310000", False)):
        study = small_study(
            flows=flows, gates=[GATE, {"criterion": "bearable", "threshold": threshold, **of}]
        )
        found = [
            finding for finding in study.findings if finding.startswith("gates.csv: the threshold")
        ]
        assert len(found) == named
        reason = study.decision.gates["reason"].iloc[1]
        assert ("is £300,000 (the threshold itself), at most" in reason) == named
    assert "of 'bearable', £300,000, is the figure that it is held against (the one-off cost)" in (
        small_study(flows=flows, gates=[{"criterion": "bearable", "threshold": "300000", **of}]).findings[0]
    )  # fmt: skip


@pytest.mark.parametrize(
    ("found", "threshold", "unit", "outcome", "expected"),
    [
        (371_004.0, 371_000.0, "£", "met", True),
        (371_004.0, 370_000.0, "£", "met", False),
        (4.0, 4.0, "years", "met", True),
        (0.42, 0.42, "fraction", "met", True),
        (1.0, 1.0, "fraction", "met", False),
        (0.0, 0.0, "£", "met", False),
        (2, 2.0, "count", "met", False),
        (1, 1.0, "rank", "met", False),
        (6.0004, 6.0, "years", "not met", False),
        (None, 6.0, "years", "not known", False),
        ("none: no saving", 6.0, "years", "not known", False),
        (pd.Timestamp("2026-04-01"), pd.Timestamp("2026-04-01"), "date", "met", False),
    ],
)
def test_a_figure_is_its_own_threshold_where_that_is_no_chance_and_no_end_of_a_scale(
    found, threshold, unit, outcome, expected
):
    gate = SimpleNamespace(found=found, threshold=threshold, unit=unit, outcome=outcome)
    assert is_its_own_figure(gate) is expected


# the shipped cases, and where findings are told


EXPECTED = {
    "allerdale-carlisle-2008": [
        "gates.csv: the threshold of 'cost within what was agreed', £20,000",
        "implications.csv: nothing is written on legal and powers, staffing and TUPE, procurement and data protection",
    ],
    "dacorum-avdc-2012": [
        "implications.csv: nothing is written on data protection and environment"
    ],
    "durham-sunderland-2014": [
        "gates.csv: the threshold of 'cost within what was agreed', £50,000",
        "implications.csv: nothing is written on data protection and environment",
    ],
    "lictp-2020": ["implications.csv: nothing is written on procurement and data protection"],
    "mkip-2012": ["implications.csv: nothing is written on equality and data protection"],
}


@pytest.mark.parametrize("name", case_names())
def test_of_the_shipped_cases_only_what_is_true_of_them_is_named(name):
    found, expected = load_study(name).findings, EXPECTED.get(name, [])
    assert len(found) == len(expected)
    assert all(start in finding for start, finding in zip(expected, found, strict=True))


def test_check_tells_each_finding_and_refuses_nothing(capsys):
    assert main(["check", "durham-sunderland-2014"]) == 0
    told = capsys.readouterr().out
    assert "durham-sunderland-2014: finding: gates.csv: the threshold of 'cost within" in told
    assert "durham-sunderland-2014: all 6 published figures agree" in told


def test_page_one_names_the_findings_on_the_figures_too():
    facts = dict(_facts(load_study("durham-sunderland-2014"), Kept({})))
    assert "Criteria: the threshold of 'cost within what was agreed'" in facts["Findings"]
