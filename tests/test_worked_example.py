"""The worked example: invented throughout and marked so, and its figures checked by hand."""

import tomllib

import pandas as pd
import pytest
from conftest import ROOT
from pytest import approx

from businesscase.cases.case import case_names, load_case
from businesscase.cases.schema import FIGURE_TABLES
from businesscase.study import load_study

CASE = "worked-example"
PARTNERS = ["Northmere", "Eastholt", "Westerfold"]
SCENARIOS = list(load_case(CASE).scenarios)


def tables():
    """Return the tables of the worked example."""
    return load_case(CASE).tables


# marked as invented


def test_the_title_and_the_summary_say_that_it_is_invented():
    file = load_case(CASE).file
    assert file.title == "Worked example (invented figures)"
    assert file.summary.startswith("Invented from end to end")
    assert {key: source.title for key, source in file.sources.items()} == {
        "example": "Invented for this workbook"
    }


@pytest.mark.parametrize("stem", FIGURE_TABLES)
def test_every_row_says_that_it_is_invented(stem):
    table = tables()[stem]
    table = table[table.index >= 0]  # ranges of all cases aside
    assert set(table["status"]) <= {"assumed"}
    assert set(table["source"]) <= {"example"}
    assert set(table["paragraph"]) <= {"invented"}
    assert table["note"].str.startswith("Worked example: invented.").all()


@pytest.mark.parametrize(
    ("log", "column"),
    [("assumptions", "if_wrong"), ("decisions", "reason"), ("quality_checks", "finding")],
)
def test_every_entry_of_a_log_says_that_it_is_invented(log, column):
    assert tables()[log][column].str.startswith("Worked example: invented.").all()


def test_no_partner_bears_the_name_of_a_council_in_the_other_cases():
    assert load_study(CASE).partners == PARTNERS
    for other in (name for name in case_names() if name != CASE):
        text = "".join(
            path.read_text(encoding="utf-8") for path in (ROOT / "data" / other).iterdir()
        )
        assert not [partner for partner in PARTNERS if partner in text]


def test_it_stands_last_among_the_cases():
    assert case_names()[-1] == CASE


# control totals by hand


def test_cost_of_pooled_services_is_shared_by_users():
    # 760, 510 and 310 of 1,580 users; £385,000 a year for the platform
    shares = load_study(CASE).baseline.user_shares
    assert shares.to_dict() == approx(
        {"Northmere": 760 / 1580, "Eastholt": 510 / 1580, "Westerfold": 310 / 1580}
    )
    new = load_study(CASE).savings.cost_change["new"]
    assert new[PARTNERS].tolist() == approx([185_189.87, 124_272.15, 75_537.98], abs=0.01)


def test_baseline_of_westerfold_is_brought_to_prices_of_the_decision_year():
    # £960,000 at an index of 96.1117, of which the decision year has 100
    assert load_study(CASE).baseline.real_annual_cost["Westerfold"] == approx(
        960_000 * 100 / 96.1117
    )


def test_present_value_of_one_line_is_the_sum_of_its_discounted_years():
    # £70,000 a year at full, a third of it in 2025/26 and two thirds in 2026/27; factors at 3.5%
    factors = [0.9662, 0.9335, 0.9019, 0.8714, 0.8420, 0.8135, 0.7860, 0.7594, 0.7337]
    by_hand = 70_000 * (factors[0] / 3 + factors[1] * 2 / 3 + sum(factors[2:]))
    study = load_study(CASE)
    line = study.savings.flows.xs("Joint contracts and licences", level="line").xs(
        "Northmere", level="partner"
    )
    assert (line.iloc[0] * study.savings.discount_factors).sum() == approx(by_hand, abs=20)


def test_total_saving_and_one_off_cost_are_the_sums_of_the_lines():
    posts = 35_000 + 130_000 + 8 * 200_000
    contracts = 155_000 / 3 + 155_000 * 2 / 3 + 7 * 155_000
    time = 9 * 41_000
    hosting = 9 * (454_000 - 385_000) - 385_000 / 4
    others = 8 * 45_000 * 0.08
    appraisal = load_study(CASE).savings.appraisal
    total = posts + contracts + time + hosting + others
    assert appraisal.at["all", "total_saving"] == approx(total)
    responses = 200_000
    once = 180_000 + 270_000 + 360_000 + 200_000 + 25_000 + responses
    assert appraisal.at["all", "one_off_cost"] == approx(once)


def test_what_the_platform_replaces_is_what_the_present_costs_say():
    study = load_study(CASE)
    rooms = study.baseline.real_annual_costs["data centre"]  # stated to the nearest thousand
    replaced = tables()["flows"].query("flow == 'counterfactual_cost'").set_index("partner")
    assert rooms[PARTNERS].tolist() == approx(replaced["amount_gbp"][PARTNERS].tolist(), abs=500)


def test_optimism_bias_is_the_mixed_bound_less_what_is_mitigated():
    # nine tenths equipment at 200%, a tenth buildings at 24%; four fifths mitigated
    study = load_study(CASE, "optimism-bias")
    assert study.savings.optimism_bias == approx((0.9 * 2.0 + 0.1 * 0.24) * 0.2)


def test_savings_to_date_are_below_plan_and_differ_by_partner():
    actuals = tables()["actuals"].query("kind == 'saving'")
    actual = actuals.groupby("partner")["value"].sum()
    share = pd.Series([760, 510, 310], PARTNERS) / 1580
    own = pd.Series([70_000 / 3 + 20_000, 52_000 / 3 + 13_000, 33_000 / 3 + 8_000], PARTNERS)
    planned = share * (35_000 + 130_000) + own
    by_hand = [*(actual / planned)[PARTNERS], actual.sum() / planned.sum()]
    assert by_hand == approx([0.782, 0.700, 0.564, 0.712], abs=0.001)
    found = load_study(CASE).outturn.realisation_to_date["ratio"]
    assert found[[*PARTNERS, "all"]].tolist() == approx(by_hand)


def test_expected_cost_of_one_risk_is_its_chance_times_its_mean_cost_discounted():
    # risk 9 is rare, 0 to 5%, and costs £2,000, £8,000 or £20,000 in each of two years
    by_hand = 0.025 * 10_000 * (0.9662 + 0.9335)
    assert load_study(CASE).risks.expected_costs.loc[9].sum() == approx(by_hand, abs=0.1)


def test_optimism_bias_leaves_out_the_risks_that_would_raise_the_same_lines():
    counted = load_study(CASE).risks.expected_costs.sum(axis="columns")
    lifted = load_study(CASE, "optimism-bias").risks.expected_costs.sum(axis="columns")
    assert set(counted.index[counted != lifted]) == {2, 7}
    assert lifted[[2, 7]].tolist() == [0, 0]


def test_service_starts_on_the_day_that_it_may_not_start_before():
    schedule = load_study(CASE).plan.schedule.set_index("task")
    assert schedule.at[6, "early_finish"] == pd.Timestamp("2024-10-01")
    # 45 working days from 8 April 2024, with bank holidays on 6 and 27 May
    assert schedule.at[1, "early_finish"] == pd.Timestamp("2024-06-11")


# what it is there to show


def test_every_response_to_a_risk_and_every_kind_of_link_and_actual_is_used():
    assert set(tables()["risks"]["response"]) == {"treat", "tolerate", "transfer", "terminate", ""}
    links = ",".join(tables()["tasks"]["predecessors"])
    assert all(kind in links for kind in ("FS", "SS", "FF", "SF", "+", "-"))
    assert (tables()["tasks"]["duration_days"] % 1 > 0).any()
    assert (tables()["tasks"]["duration_days"] == 0).any()
    assert len(set(tables()["actuals"]["kind"])) == 7
    assert set(tables()["governance"]["settled"]) == {"yes", "partly", "no"}
    assert len(set(tables()["governance"]["topic"])) == 9


def test_the_register_holds_the_faults_that_the_findings_look_for():
    risks = tables()["risks"].set_index("risk")
    assert (risks.at[10, "description"], bool(risks.at[10, "mitigation"])) == ("", True)
    assert (risks.at[11, "owner"], risks.at[11, "response"]) == ("", "treat")
    costs = tables()["risk_costs"].query("risk == 9")
    assert costs["high_gbp"].max() * 2 < risks.at[9, "response_cost_gbp"]


def test_a_costed_risk_adds_to_a_one_off_line_of_the_option_proposed():
    lines = tables()["flows"].query("option == 'a' and flow == 'one_off_cost'")["line"]
    named = set(tables()["risk_costs"]["cost_line"]) - {""}
    assert named
    assert named <= set(lines)


def test_the_plan_as_made_keeps_every_deadline_and_was_overtaken():
    assert load_study(CASE).plan.schedule["days_late"].max() == 0
    schedule = load_study(CASE).plan.schedule.set_index("task")["early_finish"]
    finishes = tables()["actuals"].query("kind == 'task_finish'")
    late = finishes["date"] > finishes["item"].astype(int).map(schedule)
    assert 0 < late.sum() < len(late)
    assert len(finishes) == len(tables()["tasks"]) - 1  # one is under way


# scenarios


@pytest.mark.parametrize("scenario", SCENARIOS[1:])
def test_a_scenario_names_only_what_it_changes(scenario):
    content = tomllib.loads((ROOT / "data" / CASE / "scenarios.toml").read_text(encoding="utf-8"))
    base = load_study(CASE).parameters.model_dump()
    own = {key: value for key, value in content[scenario].items() if key not in ("title", "why")}
    assert own
    assert all(base[key] != value for key, value in own.items())


def test_the_scenarios_lead_to_more_than_one_recommendation():
    found = {load_study(CASE, scenario).decision.recommendation for scenario in SCENARIOS}
    assert {"go with conditions", "stop"} <= found
