"""The stop/go decision: criteria, the rule, sentences with figures, and what would turn it."""

import datetime as dt
from dataclasses import replace
from functools import cache

import pandas as pd
import pytest
from conftest import ROOT, daily_of
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx
from small import flow, result, small_study

from businesscase.calculations import decision
from businesscase.calculations.decision import Found
from businesscase.cases.case import case_names, load_case
from businesscase.cases.errors import InputError
from businesscase.shown import savings as savings_views
from businesscase.study import Study, load_study

LICTP, MKIP = "lictp-2020", "mkip-2012"
DURHAM, DACORUM = "durham-sunderland-2014", "dacorum-avdc-2012"
PUBLISHED = [name for name in case_names() if name != "worked-example"]
STANDARD = {
    # the questions of every case: section and measure that they rest on
    "value for money": {("savings", "net_present_value")},
    "no partner worse off": {("savings", "lowest_net_present_value")},
    "winning option robust": {("options", "rank_acceptability")},
    "exposure within appetite": {("risks", "risks_above_appetite")},
    "partners ready": {("readiness", "areas_beyond_gap")},
    "deadline likely": {("plan", "deadline_probability")},
}


COUNTED = {"section": "risks", "measure": "risks_above_appetite", "comparison": "at_most"}
MONEY = [
    flow("posts", "saving", 50_000),
    flow("desk", "running_cost", 20_000),
    flow("desk today", "counterfactual_cost", 25_000),
]
REGISTER = {
    "risk_levels": [
        {"axis": axis, "score": str(score), "level": f"{axis} {score}"}
        for axis in ("likelihood", "impact")
        for score in (1, 2)
    ],
    "risk_bands": [
        {"band": "low", "lowest_score": "1", "highest_score": "2", "within_appetite": "true"},
        {"band": "high", "lowest_score": "3", "highest_score": "4", "within_appetite": "false"},
    ],
    "risks": [
        {
            "risk": "1", "likelihood": "likelihood 1", "impact": "impact 2",
            "description": "Fire", "mitigation": "Alarms", "owner": "Board",
        }
    ],
}  # fmt: skip
READINESS = {
    "readiness_areas": [{"area": "skills", "definition": "Known.", "largest_gap": "1"}],
    "readiness": [
        {"area": "skills", "partner": partner, "score": score}
        for partner, score in (("North", "3"), ("South", "4.5"))
    ],
}
PLAN = {
    "tasks": [
        {
            "task": "1",
            "name": "Move",
            "duration_days": "10",
            "predecessors": "",
            "deadline": "2024-09-01",
        }
    ],
    "task_ranges": [{"task": "1", "optimistic_days": "8", "pessimistic_days": "20"}],
}


@cache
def base(case):
    """Return a case under its base scenario, computed once for all tests."""
    return load_study(case)


GATE = {
    "criterion": "as agreed",
    "section": "savings",
    "measure": "npv",
    "item": "all",
    "year": "",
    "comparison": "at_least",
    "threshold": 0.0,
    "if_not_met": "stop",
}


def held(*cells, details=None, lacking=None, **gate):
    """Return one criterion held against figures."""
    found = [Found(*cell) for cell in cells]
    return decision.tested_gates(
        pd.DataFrame([GATE | gate]), {"as agreed": found}, lacking, details
    )


def outcome(value, comparison, threshold):
    """Return the outcome of one gate on one figure."""
    cell = ("all", None, value, "£")
    return held(cell, comparison=comparison, threshold=threshold)["outcome"].item()


@pytest.mark.parametrize(
    ("value", "comparison", "threshold", "expected"),
    [
        (0.0, "at_least", 0.0, "met"),
        (-0.01, "at_least", 0.0, "not met"),
        (6, "at_most", 6.0, "met"),
        (7, "at_most", 6.0, "not met"),
        (float("inf"), "at_most", 6.0, "not met"),
        (pd.Timestamp("2008-07-24"), "at_most", pd.Timestamp("2008-07-24"), "met"),
        (pd.Timestamp("2008-07-25"), "at_most", pd.Timestamp("2008-07-24"), "not met"),
        ("b", "at_least", 0.0, "not known"),
    ],
)
def test_a_gate_is_met_up_to_and_at_its_threshold(value, comparison, threshold, expected):
    assert outcome(value, comparison, threshold) == expected


def test_a_gate_without_a_result_is_not_known():
    found = held().iloc[0]
    assert (found["found"], found["unit"], found["outcome"]) == (None, "", "not known")
    assert found["reason"] == "As agreed: not known, because this scenario has no such figure."


STANDS = {
    # how criteria of a kind may stand, by what the rule's table calls it
    "any": ["met", "not met", "not known", "none", "not met, not known"],
    "there is none": ["none"],
    "all met": ["met", "none"],
    "one not met": ["not met"],
    "one not known": ["not known"],
    "one not met or not known": ["not met", "not known", "not met, not known"],
}


def by_table(stops, money, others):
    """Return what the rows of the rule's table that fit say, read as a person reads them."""
    both = "not met, not known"
    fitting = {
        row.verdict
        for row in decision.RULE
        # none of the stop criteria is not all of them; trouble that a row above names comes first
        if stops in STANDS[row.stops] + ([both] if row.stops == "one not met" else [])
        and not (row.stops == "all met" and stops == "none")
        and money in STANDS[row.money] + ([both] if row.money == "one not known" else [])
        and others in STANDS[row.others]
    }
    (verdict,) = fitting  # every combination fits rows of one verdict
    return verdict


@pytest.mark.parametrize("stops", STANDS["any"])
@pytest.mark.parametrize("money", STANDS["any"])
@pytest.mark.parametrize("others", STANDS["any"])
def test_every_combination_of_the_rules_table_gives_its_verdict_in_any_order(stops, money, others):
    rows = [
        (told, consequence, on_money)
        for stand, consequence, on_money in (
            (stops, "stop", False),
            (money, "condition", True),
            (others, "condition", False),
        )
        for told in ([] if stand == "none" else ["met", *stand.split(", ")])
    ]
    for order in (1, -1):
        gates = pd.DataFrame(rows[::order], columns=["outcome", "if_not_met", "on_money"])
        gates = gates.astype({"on_money": bool, "outcome": object})
        assert decision.recommendation(gates) == by_table(stops, money, others)


def test_the_page_on_the_method_states_the_rule_as_it_is():
    page = (ROOT / "docs" / "method-decision.md").read_text(encoding="utf-8")
    table = "\n".join(f"| {' | '.join(row)} |" for row in decision.RULE)
    assert f"|---|---|---|---|\n{table}\n\n" in page


def test_the_rule_by_hand():
    def recommended(*rows):
        gates = pd.DataFrame(rows, columns=["outcome", "if_not_met", "on_money"])
        return decision.recommendation(gates.astype({"on_money": bool, "outcome": object}))

    met, failed = ("met", "stop", True), ("not met", "condition", True)
    assert recommended() == "not ready to decide"
    assert recommended(met) == "go"
    assert recommended(met, failed) == "go with conditions"
    assert recommended(failed) == "not ready to decide"  # nothing could stop it
    assert recommended(met, ("not known", "condition", False)) == "go with conditions"
    assert recommended(met, ("not known", "condition", True)) == "not ready to decide"
    assert recommended(("not known", "stop", False), ("not met", "stop", False)) == "stop"


@given(st.lists(st.tuples(st.sampled_from(["met", "not met", "not known"]), st.sampled_from(["stop", "condition"]), st.booleans()), max_size=6), st.integers(0, 5))  # fmt: skip
def test_a_criterion_that_fails_never_makes_a_verdict_better(rows, place):
    gates = pd.DataFrame(rows, columns=["outcome", "if_not_met", "on_money"]).astype({"on_money": bool, "outcome": object})  # fmt: skip
    worse = gates.copy()
    worse.loc[worse.index == place, "outcome"] = "not met"
    was_met = (gates["outcome"] == "met") | (gates.index != place)
    before, after = decision.recommendation(gates), decision.recommendation(worse)
    assert not was_met.all() or not decision.is_better(after, before)


def test_what_is_missing_is_what_must_be_known_and_is_not():
    gates = pd.DataFrame(
        [
            ("a", "not known", "stop", False, "A: no."),
            ("b", "met", "stop", True, "B."),
            ("c", "not known", "condition", False, "C: no."),
            ("d", "not known", "condition", True, "D: no."),
        ],
        columns=["criterion", "outcome", "if_not_met", "on_money", "reason"],
    )
    assert decision.missing(gates) == {"a": "A: no.", "d": "D: no."}
    assert decision.missing(gates.assign(outcome="not met")) == {}
    assert list(decision.missing(gates[:0])) == ["a criterion"]
    assert list(decision.missing(gates.assign(if_not_met="condition"))) == ["a stop criterion", "d"]


# each partner and each year


def test_the_worst_partner_and_year_decides():
    cells = [("North", 2024, 5.0, "£"), ("North", 2025, -1.0, "£"), ("South", 2024, -3.0, "£"), ("South", 2025, 9.0, "£")]  # fmt: skip
    table = held(*cells, item="each partner", year="each")
    assert table.loc[table["is_worst"], ["item", "year", "found"]].to_numpy().tolist() == [["South", 2024, -3.0]]  # fmt: skip
    of_items = table.loc[table["is_worst_of_item"], ["item", "found", "outcome"]]
    assert of_items.to_numpy().tolist() == [["North", -1.0, "not met"], ["South", -3.0, "not met"]]
    assert table.loc[table["is_worst"], "reason"].item() == (
        "As agreed: the npv (South, 2024/25) is -£3, at least £0 is needed: not met."
    )


def test_a_partner_that_is_not_known_counts_after_one_that_fails_and_before_one_that_meets():
    met, unknown, failed = ("A", None, 1.0, "£"), ("B", None, None, ""), ("C", None, -1.0, "£")
    said = [
        held(*cells, item="each partner").query("is_worst")["outcome"].item()
        for cells in ([met, unknown], [met, unknown, failed], [met])
    ]
    assert said == ["not known", "not met", "met"]


BUDGETS = [
    flow("move", "one_off_cost", 1_000, (2024, 2024), "North"),
    flow("move", "one_off_cost", 4_000, (2024, 2024), "South"),
    flow("posts", "saving", 9_000, (2026, 2028), "North"),
    flow("posts", "saving", 9_000, (2026, 2028), "South"),
]


def headroom_of(*rows):
    return [dict(zip(("partner", "year", "amount_gbp"), row, strict=True)) for row in rows]


LEFT = {
    "criterion": "affordable",
    "measure": "headroom_left",
    "item": "each partner",
    "year": "each",
    "comparison": "at_least",
    "threshold": "0",
}


@pytest.mark.parametrize(
    ("rows", "expected"),
    [
        ([("North", "2024", "1000"), ("South", "2024", "4000")], ("met", "North", 0.0)),
        ([("North", "", "1000"), ("South", "", "3999")], ("not met", "South", -1.0)),
        ([("North", "", "0"), ("North", "2024", "1000"), ("South", "", "4000")], ("met", "North", 0.0)),
        ([("North", "2025", "1000"), ("South", "2024", "4000")], ("not known", "North", None)),
    ],
)  # fmt: skip
def test_what_budgets_must_find_is_held_against_what_they_can_bear(rows, expected):
    study = small_study(flows=BUDGETS, headroom=headroom_of(*rows), gates=[LEFT])
    gate = study.decision.gates.iloc[0]
    assert (gate["outcome"], gate["item"], gate["found"]) == expected
    assert gate["year"] == 2024


@pytest.mark.parametrize(("of_north", "told"), [(100, "£50 (South), "), (50, "£50, ")])
def test_the_partner_that_gains_least_is_named_if_it_is_one_alone(of_north, told):
    rows = (("North", of_north), ("South", 50))
    flows = [flow("posts", "saving", amount, (2024, 2024), partner) for partner, amount in rows]
    gate = {"criterion": "as agreed", "measure": "lowest_net_present_value"}
    reason = small_study(flows=flows, gates=[gate]).decision.gates["reason"].item()
    assert f"the lowest net present value of a partner is {told}at least" in reason


def test_results_have_the_headroom_that_is_left_only_where_it_is_stated():
    study = small_study(flows=BUDGETS, headroom=headroom_of(("North", "2024", "1500")))
    rows = study.results.query("measure == 'headroom_left' and year == 2024")
    assert rows[["item", "year", "value"]].to_numpy().tolist() == [["North", 2024, 500.0]]


def test_without_headroom_it_is_not_known_whether_budgets_bear_it():
    gate = small_study(flows=BUDGETS, gates=[LEFT]).decision.gates.iloc[0]
    assert (
        gate["reason"] == "Affordable: not known, because the case has no headroom (headroom.csv)."
    )
    assert gate["on_money"]


def test_a_criterion_of_one_year_takes_that_year():
    rows = headroom_of(("North", "", "1000"), ("South", "", "3999"))
    gates = [LEFT | {"year": year} for year in ("2025", "2024")]
    found = [
        small_study(flows=BUDGETS, headroom=rows, gates=[gate]).decision.gates["outcome"].item()
        for gate in gates
    ]
    assert found == ["met", "not met"]


def test_equal_shares_stop_for_the_partner_whose_charge_rises_most():
    study = load_study(LICTP, "equal-shares")
    assert study.decision.recommendation == "stop"
    gate = study.decision.gates.set_index("criterion").loc["affordable"]
    assert gate["item"] == "Melton" and f"{gate['found']:.1%}" == "57.6%"
    told = study.decision.by_partner.set_index("item")["outcome"]
    assert told.to_dict() == {
        "Hinckley and Bosworth": "met",
        "Blaby": "not met",
        "Melton": "not met",
    }


def test_those_that_stay_bear_what_a_leaver_leaves_behind():
    study = load_study(LICTP, "blaby-leaves")
    change = study.savings.cost_change
    # 315,000 and half of what is stranded of Blaby's 469,061: a fifth of it, in equal parts
    stranded = study.savings.flows.xs("stranded_cost", level="flow")[2025].sum()
    assert change.at["Melton", "new"] == approx(315_000 + stranded / 2)
    assert change.at["Blaby", "change_fraction"] == approx(469_061 / 463_105 - 1, abs=1e-6)
    assert study.savings.full_years.to_dict() == {"Hinckley and Bosworth": 2025, "Blaby": 2024, "Melton": 2025}  # fmt: skip
    gate = study.decision.gates.set_index("criterion").loc["affordable"]
    assert (gate["item"], gate["outcome"]) == ("Melton", "not met")
    assert study.decision.recommendation == "stop"


# thresholds and actions


def test_a_threshold_set_after_the_figures_or_to_its_own_figure_is_doubted():
    known = dt.date(2024, 3, 31)
    (gate,) = held(("all", None, 50_000.0, "£"), comparison="at_most", threshold=50_000.0).assign(set_on=pd.Timestamp("2024-04-01")).itertuples()  # fmt: skip
    assert decision.threshold_doubts(gate, known) == ["after the figures were known", "set to the figure itself"]  # fmt: skip
    (gate,) = held(("all", None, 5.0, "£")).assign(set_on=pd.Timestamp(known)).itertuples()
    assert decision.threshold_doubts(gate, known) == []
    (gate,) = held(("all", None, 5.0, "£")).assign(set_on=pd.NaT).itertuples()
    assert decision.threshold_doubts(gate, known) == ["when it was set isn't said"]


def test_a_condition_that_nobody_has_to_meet_is_a_finding(data_copy):
    path = data_copy / LICTP / "conditions.csv"
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    path.write_text("".join(line for line in lines if not line.startswith("deadline likely,")), encoding="utf-8")  # fmt: skip
    study = load_study(LICTP)
    (finding,) = study.case.findings
    assert finding.startswith("conditions.csv: no action and nobody to take it for deadline likely")
    assert study.decision.without_action == ["deadline likely"]
    assert list(study.decision.conditions["criterion"]) == ["partners ready"]


def test_what_is_missing_names_who_could_supply_it():
    missing = base(DACORUM).decision.missing
    assert list(missing) == ["value for money", "no partner worse off", "cost within what was agreed"]  # fmt: skip
    assert missing["value for money"] == (
        "Value for money: not known, because the case has no money (flows.csv). Section 151 officers "
        "of both councils could supply it by 1 Dec 2012."
    )


@pytest.mark.parametrize("value", [None, float("nan"), pd.NaT, "none: the flows never change sign"])
def test_a_figure_that_is_none_is_not_known(value):
    assert decision.outcome(value, "at_most", 1.0) == "not known"


# sentences


def sentence(measure, item, value, unit, comparison, threshold, **more):
    """Return the sentence of one gate."""
    cell = (item, None, value, unit)
    gate = {"measure": measure, "comparison": comparison, "threshold": threshold, "item": item}
    return held(cell, **gate, **more)["reason"].item()


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        (
            ("net_present_value", "all", 2_100_000.0, "£", "at_least", 0.0),
            "As agreed: the net present value is £2.10m, at least £0 is needed: met.",
        ),
        (
            ("lowest_net_present_value", "all", -148_569.3, "£", "at_least", 0.0),
            "As agreed: the lowest net present value of a partner is -£148,569, at least £0 is "
            "needed: not met.",
        ),
        (
            ("net_present_value", "all", -0.3, "£", "at_least", 0.0),
            "As agreed: the net present value is -£0.3, at least £0.0 is needed: not met.",
        ),
        (
            ("net_present_value", "all", 1_999_999.0, "£", "at_least", 2_000_000.0),
            "As agreed: the net present value is £1.999999m, at least £2.000000m is needed: not met.",
        ),
        (
            ("annual_cost_change_fraction", "all", 0.0204, "fraction", "at_most", 0.02),
            "As agreed: the change of the annual cost is 2.04%, at most 2% is allowed: not met.",
        ),
        (
            ("rank_acceptability", "b", 0.4567, "fraction", "at_least", 0.5),
            "As agreed: the share of weightings in which option b comes first is 45.7%, at least 50% "
            "is needed: not met.",
        ),
        (
            ("payback_years", "all", float("inf"), "years", "at_most", 6.0),
            "As agreed: the time until the money is back is never, at most 6 years is allowed: not "
            "met.",
        ),
        (
            ("payback_years", "all", 6.0004, "years", "at_most", 6.0),
            "As agreed: the time until the money is back is 6.0004 years, at most 6 years is allowed: "
            "not met.",
        ),
        (
            ("finish", "all", pd.Timestamp("2008-07-01"), "date", "at_most", pd.Timestamp("2008-07-24")),
            "As agreed: the end of the plan is 1 July 2008, 24 July 2008 is the latest allowed: met.",
        ),
        (
            ("internal_rate_of_return", "all", "none: the flows never change sign", "text", "at_least", 0.1),
            "As agreed: not known, because the flows never change sign.",
        ),
        (
            ("own_measure", "Melton", 3.0, "calls", "at_most", 4.0),
            "As agreed: the own measure (Melton) is 3 calls, at most 4 calls is allowed: met.",
        ),
    ],
)  # fmt: skip
def test_a_sentence_gives_the_figure_what_it_must_be_and_the_outcome(cells, expected):
    assert sentence(*cells) == expected


def test_a_sentence_says_what_is_counted():
    said = sentence("areas_beyond_gap", "all", 2, "count", "at_most", 0.0, details={"as agreed": "people, pace"})  # fmt: skip
    assert said == (
        "As agreed: the number of areas in which the partners stand too far apart is 2 (people, "
        "pace), at most 0 is allowed: not met."
    )


# criteria on options


@pytest.mark.parametrize("scenario", load_case(MKIP).scenarios)
def test_a_criterion_on_the_option_proposed_follows_the_one_appraised(scenario):
    study = load_study(MKIP, scenario)
    gate = study.decision.gates.set_index("criterion").loc["winning option robust"]
    assert gate["found"] == study.options.first_shares("any")[study.option]
    assert f"option {study.option} comes first" in gate["reason"]


@pytest.mark.parametrize("case", [MKIP, LICTP])
def test_another_option_than_the_winner_is_not_robust(case):
    study = load_study(case, "outsourced")
    assert study.option != study.in_scenario("base").option
    assert (
        study.decision.gates.set_index("criterion").at["winning option robust", "outcome"]
        == "not met"
    )


def edit(path, *pairs):
    text = path.read_text(encoding="utf-8")
    for old, new in pairs:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")


def test_a_criterion_on_an_option_by_name_says_so_where_another_is_appraised(data_copy):
    edit(
        data_copy / MKIP / "gates.csv",
        (",rank_acceptability,proposed,", ",rank_acceptability,option a,"),
    )
    shares = load_study(MKIP).options.first_shares("any")
    for scenario, aside in (("base", ""), ("outsourced", " (the option appraised is b, not a)")):
        reason = (
            load_study(MKIP, scenario)
            .decision.gates.set_index("criterion")
            .at["winning option robust", "reason"]
        )
        assert f"in which option a comes first is {100 * shares['a']:g}%{aside}, at least" in reason


def test_a_proposal_that_changes_takes_its_criterion_along(data_copy):
    before = base("worked-example")
    (data_copy / "worked-example" / "actuals.csv").unlink()  # of the lines of option a
    edit(
        data_copy / "worked-example" / "case.toml",
        ('preferred_option = "a"', 'preferred_option = "b"'),
    )
    load_case.cache_clear()
    found = (
        load_study("worked-example")
        .decision.gates.set_index("criterion")
        .loc["winning option robust"]
    )
    assert found["item"] == "b"
    assert found["found"] == approx(before.options.first_shares("any")["b"], abs=0.01)
    assert found["outcome"] == "not met"


# a case that can't be decided on


def test_a_case_without_a_stop_criterion_is_not_ready_and_says_so(data_copy):
    edit(data_copy / LICTP / "gates.csv", (",stop,", ",condition,"))
    study = load_study(LICTP)
    assert study.decision.recommendation == "not ready to decide"
    assert list(study.decision.missing.values()) == [
        "No criterion has the consequence stop, so that no figure could stop the case."
    ]
    assert [finding.details["file"] for finding in study.case.findings] == ["gates.csv", "conditions.csv"]  # fmt: skip


def test_a_case_without_criteria_is_computed_and_is_not_ready(data_copy):
    for name in ("gates.csv", "conditions.csv"):
        (data_copy / MKIP / name).unlink()
    study = load_study(MKIP)
    assert study.decision.recommendation == "not ready to decide"
    assert list(study.decision.missing.values()) == [
        "The case has no criterion (gates.csv), so that no figure could stop it."
    ]
    assert len(study.case.findings) == 1


def test_a_stop_criterion_without_a_figure_is_never_a_go(data_copy):
    edit(
        data_copy / MKIP / "gates.csv",
        (
            "risks_above_appetite,all,,at_most,0,condition",
            "risks_above_appetite,all,,at_most,0,stop",
        ),
    )
    study = load_study(MKIP)
    assert study.decision.recommendation == "not ready to decide"
    assert list(study.decision.missing) == ["exposure within appetite"]


def test_a_register_says_which_risks_it_does_not_assess():
    reason = (
        base(LICTP).decision.gates.set_index("criterion").at["exposure within appetite", "reason"]
    )
    assert "is 0 (not assessed: risk 9)" in reason


def test_durham_stops_for_the_two_reasons_of_its_report():
    study = base(DURHAM)
    assert study.decision.recommendation == "stop"
    stopping = study.decision.gates.query("outcome == 'not met' and if_not_met == 'stop'")
    assert stopping["reason"].tolist() == [
        "Partners ready: the number of areas in which the partners stand too far apart is 2 (pace of "
        "change, delivery model), at most 0 is allowed: not met."
    ]


@pytest.mark.parametrize("case", PUBLISHED)
def test_every_case_asks_the_six_questions_of_the_measures_that_answer_them(case):
    gates = load_case(case).tables["gates"].set_index("criterion")
    for criterion, measures in STANDARD.items():
        row = gates.loc[criterion]
        assert (row["section"], row["measure"]) in measures
        assert row["set_by"] and row["question"].endswith("?")


@pytest.mark.parametrize("case", PUBLISHED)
def test_no_case_stops_for_a_chance_or_a_weighting_that_rests_on_our_assumptions(case):
    gates = load_case(case).tables["gates"]
    ours = gates["measure"].isin(["deadline_probability", "rank_acceptability"])
    assert set(gates.loc[ours, "if_not_met"]) == {"condition"}
    assert set(gates.loc[ours, "status"]) == {"assumed"}


@pytest.mark.parametrize(
    ("case", "criterion", "lacks"),
    [
        (MKIP, "exposure within appetite", "the case has no risk register (risks.csv)"),
        (MKIP, "deadline likely", "the case has no work plan (tasks.csv)"),
        (LICTP, "partners ready", "the case has no readiness scores (readiness.csv)"),
        (DACORUM, "value for money", "the case has no money (flows.csv)"),
        (DURHAM, "winning option robust", "the case has no scores of options (scores.csv)"),
    ],
)
def test_what_the_case_lacks_is_said_where_a_criterion_is_not_known(case, criterion, lacks):
    row = base(case).decision.gates.set_index("criterion").loc[criterion]
    assert row["reason"].endswith(f": not known, because {lacks}.")


def test_a_measure_whose_table_is_missing_is_not_known_though_its_section_is_there(data_copy):
    (data_copy / "allerdale-carlisle-2008" / "task_ranges.csv").unlink()
    gates = load_study("allerdale-carlisle-2008").decision.gates.set_index("criterion")
    assert gates.at["deadline likely", "reason"] == (
        "Deadline likely: not known, because the case has no ranges of task durations "
        "(task_ranges.csv)."
    )
    assert gates.at["case ready for scrutiny", "outcome"] == "met"


def refused(gate, **tables):
    """Return the faults of one criterion, as agreed, of a small case."""
    words = {"criterion": "as agreed", "comparison": "at_most"}
    with pytest.raises(InputError) as found:
        _ = small_study(gates=[words | gate], **tables).decision.gates
    return [fault.removeprefix("data/small/gates.csv: criterion 'as agreed': ") for fault in found.value.faults]  # fmt: skip


def test_a_misspelt_measure_is_refused_where_the_section_is_there_for_other_reasons():
    line = {"partner": "North", "red_line": "jobs", "requirement": "None lost.", "respected": "yes"}
    gate = {"section": "readiness", "measure": "areas_beyond_gaps"}
    (fault,) = refused(gate, red_lines=[line])
    assert fault.startswith("measure 'areas_beyond_gaps' is unknown")


def test_a_threshold_of_a_fraction_in_percent_is_refused():
    gate = {"measure": "annual_cost_change_fraction", "threshold": "2"}
    assert refused(gate, flows=MONEY) == [
        "the threshold is 2; annual_cost_change_fraction is a fraction, 2% is 0.02"
    ]


@pytest.mark.parametrize(
    ("section", "measure"),
    [
        ("savings", "lowest_net_present_value"),
        ("savings", "payback_years"),
        ("risks", "risks_above_appetite"),
        ("readiness", "areas_beyond_gap"),
        ("plan", "deadline_probability"),
    ],
)
def test_a_misspelt_item_of_a_measure_had_without_its_rows_is_refused(section, measure):
    gate = {"section": section, "measure": measure, "item": "al", "threshold": "0.5"}
    tables = {"flows": MONEY, **REGISTER, **READINESS, **PLAN}
    tables["file"] = {"plan_start": dt.date(2024, 7, 1)}
    assert refused(gate, **tables) == ["item 'al' is unknown; nearest: all"]


def test_a_result_can_be_held_against_two_thresholds(data_copy):
    gates = data_copy / MKIP / "gates.csv"
    line = (
        "value for money,Is it worth more than it costs over the term?,savings,net_present_value,"
    )
    text = gates.read_text(encoding="utf-8")
    higher = text[text.index(line) :].split("\n")[0].replace(",0,stop,", ",9000000,condition,")
    gates.write_text(
        f"{text}{higher.replace('value for money', 'well worth it', 1)}\n", encoding="utf-8"
    )
    found = load_study(MKIP).decision.gates.set_index("criterion")
    assert found.at["value for money", "outcome"] == "met"
    assert found.at["well worth it", "outcome"] == "not met"
    assert found.at["value for money", "found"] == found.at["well worth it", "found"]


@pytest.mark.parametrize("case", daily_of(case_names(), "worked-example", DURHAM))
def test_a_criterion_finds_what_the_results_hold(case):
    study = base(case)
    rows = study.decision.section_results
    timeless = rows[rows["year"].isna()].set_index(["section", "measure", "item"])
    for part in study.decision.parts:
        for measure in part.quick:
            if (part.section, measure, "all") in timeless.index:
                row = timeless.loc[(part.section, measure, "all")]
                found = study.decision.result(part.section, measure, "all")
                assert found == (approx(row["value"]), row["unit"])
    rows = rows.set_index(["section", "measure", "item"])
    for gate in study.decision.tested.dropna(subset="found").itertuples():
        row = rows.loc[[(gate.section, gate.measure, gate.item)]]
        row = row[row["year"].isna() if gate.year is None else row["year"] == gate.year].iloc[0]
        assert (gate.found, gate.unit) == (row["value"], row["unit"]) or gate.found == approx(row["value"])  # fmt: skip


# what would turn it


@pytest.mark.parametrize(
    ("stays", "expected"),
    [
        ([], [True, True]),
        ([("met", "condition")], [True, True]),
        ([("not met", "condition")], [True, False]),
        ([("not known", "stop")], [True, False]),
        ([("not met", "stop")], [False, False]),
    ],
)
def test_a_criterion_can_turn_only_what_the_others_leave_open(stays, expected):
    rows = [("met", "stop"), ("met", "condition"), *stays]
    gates = pd.DataFrame(rows, columns=["outcome", "if_not_met"]).assign(on_money=False)
    moves = pd.Series([True, True, *[False] * len(stays)])
    assert decision.decisive(gates, moves).tolist() == [*expected, *[False] * len(stays)]


@given(st.lists(st.tuples(st.sampled_from(["met", "not met", "not known"]), st.sampled_from(["stop", "condition"]), st.booleans()), min_size=1, max_size=5), st.data())  # fmt: skip
def test_a_criterion_that_is_not_decisive_turns_nothing(rows, data):
    gates = pd.DataFrame(rows, columns=["outcome", "if_not_met", "on_money"])
    moves = pd.Series(data.draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows))))
    idle = moves & ~decision.decisive(gates, moves)
    found = set()
    for outcome_of_idle in ("met", "not met", "not known"):
        outcomes = gates["outcome"].mask(idle, outcome_of_idle)
        found.add(decision.recommendation(gates.assign(outcome=outcomes)))
    assert len(found) == 1


@pytest.mark.parametrize(("here", "elsewhere"), [("go", "stop"), ("stop", "go")])
@pytest.mark.parametrize(
    ("lowest", "highest", "nearest"), [(0.7, 1.25, 1.25), (0.75, 1.3, 0.75), (0.2, 1.9, 0.2)]
)
def test_the_nearest_change_is_on_whichever_side_is_nearer(
    here, elsewhere, lowest, highest, nearest
):
    def recommended(value):
        return here if lowest <= value <= highest else elsewhere

    found = decision.nearest_change(recommended, 1.0, [0.0, 0.5, 1.5, 2.0], 30)
    assert found == approx(nearest, abs=1e-5)
    assert recommended(found) == elsewhere


def test_whole_steps_are_tried_one_by_one_and_not_between():
    asked = []

    def recommended(value):
        asked.append(value)
        return "stop" if value >= 2 else "go"

    assert decision.nearest_change(recommended, 0.0, [-3.0, -2.0, -1.0, 0.0, 1.0, 2.0, 3.0]) == 2
    assert set(asked) <= {-3, -2, -1, 0, 1, 2}


def test_the_current_value_itself_is_no_change():
    assert decision.nearest_change(lambda value: "go", 1.0, [1.0]) is None


def turning(study, parameter, item="all"):
    """Return the row of a parameter in the turning changes."""
    table = study.decision.turning_changes.set_index(["parameter", "item"])
    return table.loc[(parameter, item)]


def test_risks_are_searched_by_whole_scores_and_levels_to_the_ends_of_their_scales():
    study = small_study(**REGISTER, gates=[{"criterion": "within appetite", **COUNTED}])
    appetite, shift = turning(study, "appetite"), turning(study, "likelihood_shift")
    ends = ["lowest", "current", "value", "highest"]
    assert appetite[ends].tolist() == [1, 2, 1, 4]  # a fire scores 1 times 2
    assert shift[ends].tolist() == [-1, 0, 1, 1]
    assert appetite["within_tried"] and shift["within_tried"]  # as no range is tried of either


def test_a_readiness_score_is_moved_by_a_whole_level():
    gap = {"section": "readiness", "measure": "areas_beyond_gap", "comparison": "at_most"}
    study = small_study(**READINESS, gates=[{"criterion": "ready", **gap}])
    assert study.decision.recommendation == "stop"
    # half a level would be enough
    assert turning(study, "readiness_scores", "skills, North")[["value", "steps"]].tolist() == [
        4,
        1,
    ]


def test_leicestershires_charge_turns_the_decision_at_the_limit_of_its_rise():
    study = base(LICTP)
    row = turning(study, "running_cost_change")
    # 315 against 311 today, a rise of 1.286%, may be 2%
    assert row["value"] == approx(1.02 / (315 / 311) - 1, abs=0.0002)
    assert (row["then"], row["criteria"], row["within_tried"]) == ("stop", ["affordable"], True)
    assert load_study(LICTP, running_cost_change=row["value"]).decision.recommendation == "stop"
    assert (
        load_study(LICTP, running_cost_change=row["value"] - 0.0003).decision.recommendation
        != "stop"
    )
    cheaper = turning(study, "baseline_cost_change")
    assert cheaper["value"] == approx((315 / 311) / 1.02 - 1, abs=0.0011)
    assert (
        load_study(LICTP, baseline_cost_change=cheaper["value"]).decision.recommendation == "stop"
    )


def test_a_longer_plan_turns_the_decision_on_leicestershire():
    row = turning(base(LICTP), "duration_change")
    assert (row["then"], row["criteria"]) == ("stop", ["plan keeps its deadline"])
    assert load_study(LICTP, "base", duration_change=row["value"]).decision.recommendation == "stop"


def test_mid_kents_saving_turns_the_decision_only_beyond_what_is_tried():
    row = turning(base(MKIP), "realisation")
    assert row["value"] == approx(0.096079, abs=0.0002)
    assert (row["then"], row["within_tried"]) == ("stop", False)  # a third is the lowest tried
    assert pd.isna(turning(base(MKIP), "overrun")["value"])


def test_no_single_change_turns_durhams_stop():
    table = base(DURHAM).decision.turning_changes
    assert len(table) > 1
    assert table["value"].isna().all()


def test_a_partner_that_becomes_less_ready_is_no_way_to_close_a_gap():
    study = base(DURHAM)
    scores = study.tables["readiness"]
    # one gap only, and nothing else in the way: closing it from below or above would give go
    areas = scores["area"].isin(["pace of change"])
    tables = study.tables | {
        "readiness": scores[areas],
        "readiness_areas": study.tables["readiness_areas"].query("area == 'pace of change'"),
        "gates": study.tables["gates"]
        .query("criterion == 'partners ready'")
        .reset_index(drop=True),
    }
    alone = Study(replace(study.case, tables=tables), "base", study.parameters)
    assert alone.decision.recommendation == "stop"
    turns = alone.decision.turning_changes.dropna(subset="value").set_index("item")
    assert turns["value"].to_dict() == {"pace of change, Durham": 3}
    assert turns["then"].to_dict() == {"pace of change, Durham": "go"}


@pytest.mark.parametrize("parameter", ["overrun", "running_cost_change", "discount_rate"])
def test_a_parameter_of_money_moves_no_criterion_of_other_sections(parameter):
    study = base(LICTP)
    moved = study.varied(**{parameter: 0.1})
    for gate in study.decision.gates.dropna(subset="found").itertuples():
        if gate.section not in ("savings", "decision"):
            assert moved.decision.worst(gate) == gate.found


def test_results_end_with_the_reasons_the_changes_and_the_recommendation():
    table = base(LICTP).results.query("section == 'decision'").reset_index(drop=True)
    measures = list(dict.fromkeys(table["measure"]))
    assert measures[-5:] == ["gate", "reason", "turning_change", "turning_change_to", "recommendation"]  # fmt: skip
    assert table["measure"].iloc[-1] == "recommendation"
    value = table.set_index(["measure", "item"])["value"]
    assert value["turning_change", "discount_rate"] == "none in range"
    assert value["turning_change_to", "running_cost_change"] == "stop"
    assert value["reason", "affordable"] == (
        "Affordable: the change of the annual cost (Melton) is 1.3% (the worst of 3 partners), at most "
        "2% is allowed: met."
    )


def test_scales_of_risk_beyond_what_a_scenario_may_set_are_searched_as_far_as_it_may():
    study = base("worked-example")
    wide = [
        (axis, f"{axis} {score}", score) for axis in ("likelihood", "impact") for score in range(1, 16)
    ]  # fmt: skip
    levels = pd.DataFrame(wide, columns=["axis", "level", "score"])
    risks = study.tables["risks"].head(2).assign(likelihood="likelihood 9", impact="impact 12")
    residual = {f"residual_{axis}": f"{axis} 9" for axis in ("likelihood", "impact")}
    bands = pd.DataFrame(
        [("low", 1, 110, True), ("high", 111, 225, False)],
        columns=["band", "lowest_score", "highest_score", "within_appetite"],
    )
    tables = study.tables | {
        "risk_levels": levels,
        "risks": risks.assign(**residual),
        "risk_bands": bands,
        "risk_costs": study.tables["risk_costs"].iloc[:0],
        "gates": study.tables["gates"].query("section == 'risks'").reset_index(drop=True),
    }
    wide = Study(replace(study.case, tables=tables), "base", study.parameters)
    appetite, shift = turning(wide, "appetite"), turning(wide, "likelihood_shift")
    assert (appetite["current"], appetite["lowest"], appetite["highest"]) == (110, 1, 100)
    assert (shift["lowest"], shift["highest"]) == (-5, 5)


def test_a_criterion_on_a_rate_of_return_is_not_known_where_money_is_received_first():
    rate = {"criterion": "returns", "measure": "internal_rate_of_return", "threshold": "0.1"}
    money = [
        flow("grant", "saving", 900_000, (2024, 2024)),
        flow("desk", "running_cost", 200_000, (2025, 2028)),
        flow("post", "running_cost", 450_000, (2028, 2028), "South"),
    ]
    study = small_study(flows=money, gates=[rate])
    assert study.savings.net_present_values["North"] > 0
    assert study.decision.recommendation == "not ready to decide"
    assert study.decision.gates["reason"].item() == (
        "Returns: not known, because money is received before it is spent, so a high rate is no good "
        "return."
    )
    assert result(study, "savings", "internal_rate_of_return", "South").startswith("none: the flows never")  # fmt: skip
    reasons = savings_views.no_rate(study).text
    assert "All partners and North: money is received before it is spent" in reasons
