"""Who saves what and when, under a scenario and when a partner leaves."""

from dataclasses import replace

import pandas as pd
import pytest
from businesscase import savings
from businesscase.case import load_case
from businesscase.study import ALL, Study, load_study
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from pytest import approx

YEARS = [2026, 2027, 2028, 2029]
COSTS = pd.Series({"North": 600.0, "South": 400.0})
MONEY_CASES = ["lictp-2020", "mkip-2012"]


def line(amount=None, fraction=None, flow="saving", partner="North", years=(2026, 2029), part=1.0):
    """Return a row of flows.csv."""
    return {
        "flow": flow,
        "line": flow,
        "category": "staff",
        "funding": "revenue",
        "partner": partner,
        "first_year": years[0],
        "last_year": years[1],
        "year_fraction": part,
        "amount_gbp": amount,
        "baseline_fraction": fraction,
    }


def planned(*lines):
    """Return the flows of some lines, planned over the four years."""
    table = pd.DataFrame(lines).astype({"amount_gbp": float, "baseline_fraction": float})
    return savings.planned_flows(table, COSTS, YEARS)


def amounts(flows, flow="saving", partner="North"):
    """Return the yearly amounts of one kind of flow and partner."""
    return savings.by_partner(flows, flow).loc[partner].tolist()


EVERY_KIND = [
    line(1000, flow="saving"),
    line(300, flow="one_off_cost", years=(2026, 2026)),
    line(500, flow="running_cost"),
    line(600, flow="counterfactual_cost"),
]


# planned flows


def test_a_line_runs_from_its_first_to_its_last_year():
    assert amounts(planned(line(50, years=(2027, 2028)))) == [0, 50, 50, 0]
    assert amounts(planned(line(50, years=(2029, 2029)))) == [0, 0, 0, 50]


def test_a_part_year_counts_in_part_and_lines_of_one_name_add_up():
    flows = planned(
        line(1000, years=(2026, 2026), part=0.25),
        line(1000, years=(2027, 2028)),
        line(1000, years=(2029, 2029), part=0.75),
    )
    assert len(flows) == 1
    assert amounts(flows) == [250, 1000, 1000, 750]


def test_a_fraction_is_of_the_partners_own_cost_and_of_all_costs_if_pooled():
    flows = planned(line(fraction=0.1, partner="South"), line(fraction=0.1, partner="shared"))
    assert amounts(flows, partner="South") == approx([40] * 4)
    assert amounts(flows, partner="shared") == approx([100] * 4)


def test_lines_that_overlap_count_a_year_once_in_the_term():
    lines = pd.DataFrame(
        {"first_year": [2026, 2026, 2027], "last_year": [2026, 2027, 2028]}
    ).assign(year_fraction=[0.25, 0.5, 1.0])
    assert savings.running_years(lines, YEARS).tolist() == [0.5, 1.0, 1.0, 0.0]


# sharing


@settings(max_examples=25)
@given(st.lists(st.integers(0, 10_000_000), min_size=1, max_size=4), st.integers(1, 99))
def test_pooled_lines_are_shared_to_the_penny_whatever_the_order_of_rows(pence, percent):
    lines = [
        line(amount / 100, partner="shared", years=(2026 + number, 2029)) | {"line": f"{number}"}
        for number, amount in enumerate(pence)
    ]
    share = pd.Series({"North": percent / 100, "South": 1 - percent / 100})
    parts = savings.apportioned_flows(planned(*lines), share)
    for (_, name, *_), total in planned(*lines).iterrows():
        assert parts.xs(name, level="line").sum().tolist() == approx(total.tolist(), abs=0.001)
    assert (parts * 100).round(6).map(float.is_integer).all(axis=None)
    reordered = savings.apportioned_flows(planned(*lines[::-1]), share)
    assert_frame_equal(reordered.loc[parts.index], parts)


# scenarios


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"realisation": 0.6}, {"saving": 600}),
        ({"realisation": 0.0}, {"saving": 0}),
        ({"overrun": 0.5}, {"one_off_cost": 450}),
        ({"running_cost_change": -0.1}, {"running_cost": 450}),
        ({}, {}),
    ],
)
def test_each_knob_changes_its_own_flow_and_no_other(change, expected):
    flows = savings.scenario_flows(planned(*EVERY_KIND), **change)
    plan = {"saving": 1000, "one_off_cost": 300, "running_cost": 500, "counterfactual_cost": 600}
    found = {flow: amounts(flows, flow)[0] for flow in plan}
    assert found == approx(plan | expected)


@pytest.mark.parametrize(
    ("delay", "expected"),
    [
        (0, [10, 20, 40, 80]),
        (1, [0, 10, 20, 40]),
        (0.25, [7.5, 17.5, 35, 70]),
        (2.5, [0, 0, 5, 15]),
        (4, [0, 0, 0, 0]),
        (5, [0, 0, 0, 0]),
    ],
)
def test_a_delay_moves_savings_later_and_part_of_a_year_in_proportion(delay, expected):
    lines = [
        line(amount, years=(year, year))
        for amount, year in zip([10, 20, 40, 80], YEARS, strict=True)
    ]
    flows = savings.scenario_flows(planned(*lines, *EVERY_KIND[1:]), delay_years=delay)
    assert amounts(flows) == approx(expected)
    assert amounts(flows, "one_off_cost") == [300, 0, 0, 0]
    assert amounts(flows, "running_cost") == [500] * 4


def test_net_is_saving_and_old_cost_less_new_and_one_off_cost():
    flows = planned(*EVERY_KIND)
    assert savings.net_flows(flows).loc["North"].tolist() == [800, 1100, 1100, 1100]
    assert savings.gross_savings(flows).loc["North"].tolist() == [1100] * 4


def test_the_new_service_costs_its_charge_or_else_todays_cost_less_the_saving():
    charged = planned(line(500, flow="running_cost"))
    saved = planned(line(150))
    assert savings.service_cost(charged, COSTS).loc["North"].tolist() == [500] * 4
    assert savings.service_cost(saved, COSTS).loc["North"].tolist() == [450] * 4


# withdrawal


def test_a_leavers_flows_stop_and_what_it_strands_falls_on_the_others():
    flows = planned(line(100), line(80, partner="South"), *EVERY_KIND[1:2])
    stranded = pd.DataFrame([[7.0] * 4], index=["South"], columns=YEARS)
    after = savings.flows_after_withdrawal(flows, "North", 2027, stranded)
    assert amounts(after) == [100, 100, 0, 0]
    assert amounts(after, "one_off_cost") == [300, 0, 0, 0]
    assert amounts(after, "stranded_cost", "South") == [0, 0, 7, 7]
    assert savings.net_flows(after).loc["South"].tolist() == [80, 80, 73, 73]
    assert amounts(flows) == [100] * 4  # the plan itself is not changed


@pytest.mark.parametrize("fraction", [0.0, 0.2, 1.0])
def test_what_a_leaver_strands_adds_up_to_the_fraction_of_its_cost(fraction):
    # Blaby's charge is £469,061 a year; 2026/27 has nine months of service
    study = load_study("lictp-2020", "blaby-leaves", stranded_fraction=fraction)
    stranded = savings.by_partner(study.flows, "stranded_cost")
    assert stranded.index.tolist() == ["Hinckley and Bosworth", "Melton"]
    expected = [0, 0, 0, 0, 0, 469_061 * fraction, 469_061 * 0.75 * fraction]
    assert stranded.sum().tolist() == approx(expected, abs=0.005)


def test_where_the_saving_is_stated_a_leaver_strands_part_of_its_cost_less_its_saving():
    # Swale spends 1,050,000 of 3,600,000 and so gets that share of the saving of 430,000 in 2018
    study = load_study("mkip-2012", "swale-leaves")
    cost = 1_050_000 - 430_000 * 1_050_000 / 3_600_000
    stranded = savings.by_partner(study.flows, "stranded_cost")
    assert stranded[2018].sum() == approx(cost / 10, abs=0.01)
    assert stranded[2017].sum() == 0


# a whole case


def npv(study):
    """Return the net present value of the partnership and of each partner."""
    return study.appraisal["net_present_value"].to_dict()


def with_tables(study, **tables):
    """Return a study of the same case with other tables."""
    case = study.case
    return Study(replace(case, tables=case.tables | tables), "base", study.parameters)


@pytest.mark.parametrize("case", MONEY_CASES)
def test_doubling_all_money_doubles_every_net_present_value(case):
    study = load_study(case)
    doubled = {
        name: study.tables[name].assign(amount_gbp=2 * study.tables[name]["amount_gbp"])
        for name in ("flows", "service_costs")
    }
    expected = {partner: 2 * worth for partner, worth in npv(study).items()}
    assert npv(with_tables(study, **doubled)) == approx(expected, abs=1)


@pytest.mark.parametrize("case", MONEY_CASES)
@pytest.mark.parametrize("table", ["partners", "flows", "service_costs"])
def test_the_order_of_rows_moves_no_partner_by_more_than_the_odd_pence(case, table):
    study = load_study(case)
    reversed_rows = study.tables[table][::-1].reset_index(drop=True)
    assert npv(with_tables(study, **{table: reversed_rows})) == approx(npv(study), abs=0.2)


@pytest.mark.parametrize("case", MONEY_CASES)
def test_the_partners_add_up_to_the_partnership_in_every_scenario(case):
    for scenario in load_case(case).scenarios:
        worth = npv(load_study(case, scenario))
        assert sum(worth.values()) - worth[ALL] == approx(worth[ALL], abs=0.01)


@pytest.mark.parametrize("rule", ["equal", "revenue_budget"])
def test_a_rule_of_apportionment_moves_money_between_partners_but_makes_none(rule):
    stated, shared = load_study("lictp-2020"), load_study("lictp-2020", cost_apportionment=rule)
    assert npv(shared)[ALL] == approx(npv(stated)[ALL], abs=0.01)
    flows = shared.net_flows.sum()
    assert flows.tolist() == approx(stated.net_flows.sum().tolist(), abs=0.005)


def test_a_shorter_horizon_keeps_the_first_years_only():
    study = load_study("mkip-2012", horizon_years=2)
    # nothing in 2012/13; 150,000 less the fund of 300,000; then 250,000
    assert study.net_flows.sum().tolist() == approx([0, -150_000, 250_000])
    assert npv(study)[ALL] == approx(-150_000 / 1.035 + 250_000 / 1.035**2)


def test_a_zero_discount_rate_leaves_the_published_saving_less_the_capital_fund():
    assert npv(load_study("mkip-2012", discount_rate=0))[ALL] == approx(3_710_000 - 300_000)


def test_sensitivity_tries_each_range_and_puts_the_widest_swing_first():
    ranges = pd.DataFrame(
        {"parameter": ["overrun", "realisation"], "low": [-0.5, 0.0], "high": 1.0}
    )
    table = with_tables(load_study("mkip-2012"), sensitivities=ranges).sensitivity
    assert table["parameter"].tolist() == ["realisation", "overrun"]
    assert table["at_low"][0] == approx(-300_000 / 1.035)  # the capital fund alone
    assert table["at_high"][0] == approx(npv(load_study("mkip-2012"))[ALL])
    assert table["swing"][1] == approx(1.5 * 300_000 / 1.035)


def test_todays_and_the_new_cost_of_a_full_year_are_those_printed_for_melton():
    change = load_study("lictp-2020").cost_change
    assert change.loc["Melton"].to_dict() == approx(
        {"present": 311_000, "new": 315_000, "change": 4_000, "change_fraction": 4 / 311}
    )
    dearer = load_study("lictp-2020", running_cost_change=0.1).cost_change
    assert dearer.at["Melton", "new"] == approx(346_500)


def test_meltons_worth_is_its_flows_discounted_by_hand():
    study = load_study("lictp-2020")
    # £10,000; then £42,000 and three months of £4,000 a year; at the end nine months
    flows = [-10_000, -43_000, -4_000, -4_000, -4_000, -4_000, -3_000]
    assert study.net_flows.loc["Melton"].tolist() == approx(flows)
    expected = sum(flow / 1.035**year for year, flow in enumerate(flows))
    assert npv(study)["Melton"] == approx(expected)
