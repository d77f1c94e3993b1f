"""Who saves what and when, under a scenario and when a partner leaves."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from cells import shown_in
from conftest import inputs, sampled
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from pytest import approx
from small import flow, result, small_case, small_study

from businesscase.calculations import savings
from businesscase.calculations.apportionment import ALL, membership
from businesscase.cases.case import load_case
from businesscase.cases.errors import InputError
from businesscase.cases.validation import Known, parameter_faults
from businesscase.cases.validation.money import flow_faults
from businesscase.shown import savings as show
from businesscase.study import Study, load_study

YEARS = [2026, 2027, 2028, 2029]
COSTS = pd.Series({"North": 600.0, "South": 400.0})
MONEY_CASES = ["lictp-2020", "mkip-2012"]


def line(amount=None, fraction=None, flow="saving", partner="North", years=(2026, 2029), part=1.0):
    """Return a row of flows.csv."""
    return {
        "flow": flow,
        "line": flow,
        "category": "staff",
        "inflation": "pay",
        "funding": "revenue",
        "partner": partner,
        "first_year": years[0],
        "last_year": years[1],
        "year_fraction": part,
        "amount_gbp": amount,
        "baseline_fraction": fraction,
    }


def planned_rows(lines):
    """Return some lines, planned over the four years."""
    table = pd.DataFrame(lines).astype({"amount_gbp": float, "baseline_fraction": float})
    return savings.planned_rows(table, COSTS, YEARS)


def planned(*lines):
    """Return the flows of some lines, planned over the four years."""
    return savings.flows_of([planned_rows(lines)], YEARS)


def divided(lines, share):
    """Return the flows of some lines, each split between the partners."""
    return savings.flows_of([planned_rows(lines).divided(share)], YEARS)


def amounts(flows, flow="saving", partner="North"):
    """Return the yearly amounts of one kind of flow and partner."""
    return savings.by_partner(flows, flow).loc[partner].tolist()


SETTING = {"realisation": 1.0, "delay_years": 0.0, "overrun": 0.0, "running_cost_change": 0.0}


def under(flows, **change):
    """Return planned flows under a setting of the levers."""
    setting = SETTING | change
    return savings.scenario_flows(savings.levered(flows, setting["delay_years"]), setting)


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


@settings(max_examples=inputs(10, 50))
@given(st.lists(st.integers(0, 10_000_000), min_size=1, max_size=4), st.integers(1, 99))
def test_pooled_lines_are_shared_to_the_penny_whatever_the_order_of_rows(pence, percent):
    lines = [
        line(amount / 100, partner="shared", years=(2026 + number, 2029)) | {"line": f"{number}"}
        for number, amount in enumerate(pence)
    ]
    share = pd.Series({"North": percent / 100, "South": 1 - percent / 100})
    parts = divided(lines, share)
    for (_, name, *_), total in planned(*lines).iterrows():
        assert parts.xs(name, level="line").sum().tolist() == approx(total.tolist(), abs=0.001)
    assert (parts * 100).round(6).map(float.is_integer).all(axis=None)
    reordered = divided(lines[::-1], share)
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
    flows = under(planned(*EVERY_KIND), **change)
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
    flows = under(planned(*lines, *EVERY_KIND[1:]), delay_years=delay)
    assert amounts(flows) == approx(expected)
    assert amounts(flows, "one_off_cost") == [300, 0, 0, 0]
    # until it starts, the partner neither pays for the new service nor is rid of the old one
    started = [min(max(year + 1 - delay, 0), 1) for year in range(4)]
    assert amounts(flows, "running_cost") == approx([500 * part for part in started])
    assert amounts(flows, "counterfactual_cost") == approx([600 * part for part in started])


def test_net_is_saving_and_old_cost_less_new_and_one_off_cost():
    flows = planned(*EVERY_KIND)
    assert savings.net_flows(flows).loc["North"].tolist() == [800, 1100, 1100, 1100]
    assert savings.gross_savings(flows).loc["North"].tolist() == [1100] * 4


def test_the_new_service_costs_its_charge_or_else_todays_cost_less_the_saving():
    for flows, cost in ((planned(line(500, flow="running_cost")), 500), (planned(line(150)), 450)):
        rows = savings.service_cost_rows(savings.levered(flows), COSTS)
        assert rows.groupby("partner").sum().loc["North"].tolist() == [cost] * 4


# withdrawal


def left_by_north(*lines, stranded, notice_years=0, **change):
    """Return flows when North leaves after 2027 and South carries what is stranded."""
    setting = SETTING | change
    prepared = savings.levered(planned(*lines), setting["delay_years"])
    prepared = pd.concat([prepared, savings.service_cost_rows(prepared, COSTS)])
    shares = pd.DataFrame([[0.0] * 4, [1.0] * 4], index=["North", "South"], columns=YEARS)
    stays = membership(["North", "South"], {}, {"North": 2028}, YEARS)
    terms = {"stranded_fraction": stranded, "notice_years": notice_years, "leaver_share": 0.0}
    terms |= {"leaver_months": 0, "leaver_cap": math.inf}
    after = savings.after_withdrawals(prepared, stays, shares, terms)
    return savings.scenario_flows(after, setting)


def test_a_leavers_flows_stop_and_what_it_strands_falls_on_the_others():
    # North pays 600 - 100 = 500 for the service; a tenth of it is fixed
    lines = (line(100), line(80, partner="South"), EVERY_KIND[1])
    after = left_by_north(*lines, stranded=0.1)
    assert amounts(after) == [100, 100, 0, 0]
    assert amounts(after, "one_off_cost") == [300, 0, 0, 0]
    assert amounts(after, "stranded_cost", "South") == approx([0, 0, 50, 50])
    assert savings.net_flows(after).loc["South"].tolist() == approx([80, 80, 30, 30])


def test_what_is_stranded_moves_with_the_saving_that_is_realised():
    after = left_by_north(line(100), stranded=0.1, realisation=0.5)
    assert amounts(after, "stranded_cost", "South") == approx([0, 0, 55, 55])


def test_during_its_notice_the_leaver_itself_carries_what_it_strands():
    after = left_by_north(line(100), stranded=0.1, notice_years=1)
    assert amounts(after, "stranded_cost", "North") == approx([0, 0, 50, 0])
    assert amounts(after, "stranded_cost", "South") == approx([0, 0, 0, 50])


def test_an_exit_charge_moves_from_the_leaver_to_the_others_in_the_year_after():
    plain = load_study("mkip-2012", "swale-leaves")
    charged = load_study("mkip-2012", "swale-leaves", exit_charge=30_000)
    moved = charged.savings.net_flows - plain.savings.net_flows
    assert moved.loc["Swale", 2018] == approx(-30_000)
    assert moved.loc[["Maidstone", "Tunbridge Wells"], 2018].tolist() == approx([15_000] * 2)
    assert moved.abs().sum().sum() == approx(60_000)


@pytest.mark.parametrize("fraction", [0.0, 0.2, 1.0])
def test_what_a_leaver_strands_adds_up_to_the_fraction_of_its_cost(fraction):
    # Blaby's charge is £469,061 a year; 2026/27 has nine months of service
    study = load_study("lictp-2020", "blaby-leaves", stranded_fraction=fraction)
    stranded = savings.by_partner(study.savings.flows, "stranded_cost")
    assert set(stranded.index) == {"Hinckley and Bosworth", "Melton"}
    expected = [0, 0, 0, 0, 0, 469_061 * fraction, 469_061 * 0.75 * fraction]
    assert stranded.sum().tolist() == approx(expected, abs=0.005)


def test_where_the_saving_is_stated_a_leaver_strands_part_of_its_cost_less_its_saving():
    # Swale spends 1,050,000 of 3,600,000 and so gets that share of the saving of 430,000 in 2018
    study = load_study("mkip-2012", "swale-leaves")
    cost = 1_050_000 - 430_000 * 1_050_000 / 3_600_000
    stranded = savings.by_partner(study.savings.flows, "stranded_cost")
    assert stranded[2018].sum() == approx(cost / 10, abs=0.01)
    assert stranded[2017].sum() == 0


def test_what_a_leaver_strands_follows_the_present_cost_that_the_scenario_assumes():
    # savings are stated in pounds, so all of the change of Swale's 1,050,000 stays in what it pays
    stranded = [
        savings.by_partner(
            load_study("mkip-2012", "swale-leaves", **change).savings.flows, "stranded_cost"
        )
        for change in ({}, {"baseline_cost_change": 0.2})
    ]
    assert (stranded[1] - stranded[0])[2018].sum() == approx(0.1 * 0.2 * 1_050_000, abs=0.02)


def test_what_a_leaver_leaves_is_divided_by_the_mix_of_rules_where_one_is_given():
    mix = {"users": 1.0, "equal": 1.0}
    study = load_study("lictp-2020", "blaby-leaves", cost_mix=mix, exit_charge=1000.0)
    users = study.baseline.driver("users") / study.baseline.driver("users").sum()
    of = (users + 1 / 3) / 2
    expected = of["Melton"] / (of["Melton"] + of["Hinckley and Bosworth"])
    stranded = savings.by_partner(study.savings.flows, "stranded_cost")[2025]
    assert stranded["Melton"] / stranded.sum() == approx(expected)
    received = savings.by_partner(study.savings.flows, "exit_receipt")[2025]
    assert received["Melton"] == approx(1000 * expected, abs=0.01)


def test_the_others_pay_a_leavers_part_of_a_pooled_cost_that_is_spent_after_it_left():
    fund = line(1000.0, np.nan, "one_off_cost", "shared", (2028, 2028)) | {"pooled": True}
    own = line(70.0, np.nan, "one_off_cost", "North", (2028, 2028)) | {"line": "desks"}
    rows = [fund, own, *(line(100.0, np.nan, partner=name) for name in COSTS.index)]
    study = with_lines(*rows, leaves={"North": 2028}, cost_apportionment="equal", overrun=0.5)  # fmt: skip
    spent = savings.by_partner(study.savings.flows, "one_off_cost")
    assert spent.loc["South"].tolist() == approx([0, 0, 1500, 0])
    assert spent.loc["North"].tolist() == [0, 0, 0, 0]


def test_an_exit_charge_that_would_fall_after_the_appraisal_is_refused():
    with pytest.raises(
        InputError, match="exit_charge is 30,000, paid in the first year out, which"
    ):
        load_study("mkip-2012", "swale-leaves", leaves={"Swale": 2023}, exit_charge=30_000)
    assert load_study("mkip-2012", "swale-leaves", leaves={"Swale": 2022}, exit_charge=30_000)


def test_a_leaver_of_whom_no_cost_is_known_is_refused():
    case = load_case("mkip-2012")
    costs = case.tables["service_costs"]
    uncosted = case.tables | {"service_costs": costs[costs["partner"] != "Swale"]}
    leaves = case.scenarios["swale-leaves"].parameters
    faults = list(parameter_faults(Known(case.file, uncosted), leaves))
    assert any(
        fault.startswith("leaves names 'Swale', but nothing says what it pays") for fault in faults
    )
    keeps_nothing = leaves.model_copy(update={"stranded_fraction": 0.0})
    for tables, parameters in ((case.tables, leaves), (uncosted, keeps_nothing)):
        assert not [
            f for f in parameter_faults(Known(case.file, tables), parameters) if "pays" in f
        ]


# a whole case


def npv(study):
    """Return the net present value of the partnership and of each partner."""
    return study.savings.appraisal["net_present_value"].to_dict()


def with_tables(study, **tables):
    """Return a study of the same case with other tables."""
    case = study.case
    return Study(replace(case, tables=case.tables | tables), "base", study.parameters)


def with_lines(*rows, **change):
    """Return a study of two councils over four years whose option has these lines of money alone."""
    study = load_study("mkip-2012")
    defaults = {"option": "a", "pooled": False, "ramp_years": 0.0, "margin_fraction": 0.0}
    defaults |= {"cashable": True, "cause": "", "correlation": 0.0, "split": "", "sunk": False}
    defaults |= {"delay_years": 0.0, "real_growth": 0.0}
    flows = pd.DataFrame([defaults | row for row in rows]).reindex(
        columns=study.tables["flows"].columns
    )
    partners = study.tables["partners"].iloc[:2].assign(partner=list(COSTS.index))
    costs = study.tables["service_costs"].iloc[:2].assign(partner=list(COSTS.index), amount_gbp=list(COSTS))  # fmt: skip
    file = study.case.file.model_copy(update={"decision_year": YEARS[0], "last_year": YEARS[-1]})
    tables = study.tables | {"flows": flows, "partners": partners, "service_costs": costs}
    return Study(
        replace(study.case, file=file, tables=tables),
        "base",
        study.parameters.model_copy(update=change),
    )


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
    flows = shared.savings.net_flows.sum()
    assert flows.tolist() == approx(stated.savings.net_flows.sum().tolist(), abs=0.005)


def test_a_shorter_horizon_keeps_the_first_years_only():
    study = load_study("mkip-2012", horizon_years=2)
    # nothing in 2012/13; 150,000 less the fund of 300,000; then 250,000
    assert study.savings.net_flows.sum().tolist() == approx([0, -150_000, 250_000])
    assert npv(study)[ALL] == approx(-150_000 / 1.035 + 250_000 / 1.035**2)


def test_a_zero_discount_rate_leaves_the_published_saving_less_the_capital_fund():
    assert npv(load_study("mkip-2012", discount_rate=0))[ALL] == approx(3_710_000 - 300_000)


def test_sensitivity_tries_each_range_and_puts_the_widest_swing_first():
    ranges = pd.DataFrame(
        {"parameter": ["overrun", "realisation"], "low": [-0.5, 0.0], "high": 1.0, "drawn": False,
         "shape": "pert", "cause": "", "correlation": 0.0, "note": ""}
    )  # fmt: skip
    table = with_tables(load_study("mkip-2012"), sensitivities=ranges).uncertainty.sensitivity
    assert table["parameter"].tolist() == ["realisation", "overrun"]
    assert table["at_low"][0] == approx(-300_000 / 1.035)  # the capital fund alone
    assert table["at_high"][0] == approx(npv(load_study("mkip-2012"))[ALL])
    assert table["swing"][1] == approx(1.5 * 300_000 / 1.035)


def test_todays_and_the_new_cost_of_a_full_year_are_those_printed_for_melton():
    change = load_study("lictp-2020").savings.cost_change
    assert change.loc["Melton"].to_dict() == approx(
        {"present": 311_000, "new": 315_000, "change": 4_000, "change_fraction": 4 / 311}
    )
    dearer = load_study("lictp-2020", running_cost_change=0.1).savings.cost_change
    assert dearer.at["Melton", "new"] == approx(346_500)


def test_the_cost_of_a_full_year_is_that_of_the_last_when_the_service_has_grown():
    new = line(300.0, np.nan, "running_cost", years=(2026, 2028)) | {"ramp_years": 3.0}
    last = line(300.0, np.nan, "running_cost", years=(2029, 2029), part=0.5)
    study = with_lines(line(310.0, np.nan, "counterfactual_cost"), new, last)
    assert study.savings.cost_change.loc["North", ["present", "new"]].tolist() == [310, 300]


def test_a_cost_that_a_partner_never_had_changes_by_no_fraction():
    rows = [("old", "counterfactual_cost", 100), ("team", "running_cost", 90)]
    lines = [*(flow(*row) for row in rows), flow("team", "running_cost", 30, partner="South")]
    found = small_study(flows=lines).savings.cost_change["change_fraction"]
    assert found.to_dict() == approx({"North": -0.1, "South": np.nan, ALL: 0.2}, nan_ok=True)


def test_meltons_worth_is_its_flows_discounted_by_hand():
    study = load_study("lictp-2020")
    # £10,000; then £42,000 and three months of £4,000 a year; at the end nine months
    flows = [-10_000, -43_000, -4_000, -4_000, -4_000, -4_000, -3_000]
    assert study.savings.to_find.loc["Melton"].tolist() == approx(flows)
    # against a new contract: a tenth above £311,000, and its tender
    tender = [0, 0.03 * 311_000, 0, 0, 0, 0, 0]
    dearer = [0.1 * 311_000 * part for part in (0, 0.25, 1, 1, 1, 1, 0.75)]
    better = [sum(each) for each in zip(flows, tender, dearer, strict=True)]
    assert study.savings.net_flows.loc["Melton"].tolist() == approx(better)
    expected = sum(flow / 1.035**year for year, flow in enumerate(better))
    assert npv(study)["Melton"] == approx(expected)


# ramp, charges, floor, optimism bias


def test_a_ramp_grows_evenly_to_the_full_amount():
    assert amounts(planned(line(90, years=(2027, 2029)) | {"ramp_years": 3.0})) == approx(
        [0, 30, 60, 90]
    )
    assert amounts(planned(line(90) | {"ramp_years": 0.0})) == [90] * 4


def test_outsiders_are_charged_full_cost_and_a_margin():
    table = pd.DataFrame([line(200.0, np.nan, "income_cost") | {"margin_fraction": 0.1}])
    flows = savings.planned_flows(savings.with_charges(table), COSTS, YEARS)
    assert amounts(flows, "income") == approx([220] * 4)
    assert savings.net_flows(flows).loc["North"].tolist() == approx([20] * 4)


@given(st.lists(st.tuples(*[st.integers(-(10**6), 10**6)] * 3), min_size=1, max_size=4))
def test_a_no_detriment_floor_makes_no_money_and_leaves_nobody_worse(years):
    net = np.array(years, dtype=float).T
    after = net + savings.no_detriment_transfers(net)
    assert after.sum(axis=0) == approx(net.sum(axis=0), abs=1e-6)
    for year in range(net.shape[1]):
        if net[:, year].sum() >= 0:
            assert after[:, year].min() >= -1e-6
        else:  # all that there is has gone to those behind, and nobody gains by it
            assert after[:, year].max() <= 1e-6
        assert (after[net[:, year] < 0, year] >= net[net[:, year] < 0, year] - 1e-6).all()


def test_optimism_bias_of_51_percent_92_percent_mitigated_is_4_percent():
    causes = pd.DataFrame(
        {"contribution_fraction": [0.92, 0.08], "mitigation_fraction": [1.0, 0.0]}
    )
    assert round(savings.optimism_bias(0.51, causes), 2) == 0.04
    assert 100 * (1 + round(savings.optimism_bias(0.51, causes), 2)) + 7 == approx(111)


def test_works_duration_of_28_months_becomes_36_with_the_published_mitigation():
    causes = pd.DataFrame({"contribution_fraction": [1.0], "mitigation_fraction": [0.238]})
    uplift = savings.optimism_bias(0.39, causes)
    assert uplift == approx(0.297, abs=0.0005)
    assert 28 * (1 + uplift) == approx(36.3, abs=0.05)


def test_a_project_of_two_kinds_has_a_bound_between_theirs():
    bounds = pd.Series({"equipment": 0.51, "buildings": 0.24})
    assert savings.mixed_bound(bounds, {"equipment": 0.3, "buildings": 0.7}) == approx(0.321)


def test_optimism_bias_without_mitigation_is_the_upper_bound():
    study = load_study("lictp-2020", optimism_bias="applied")
    assert study.savings.appraisal.at[ALL, "one_off_cost"] == approx(3 * 242_742)


def test_mid_kents_fund_is_uplifted_by_what_is_not_mitigated():
    # 200% x (1 - 0.4 x 0.9 - 0.3 x 0.8 - 0.3 x 0.7) = 38%
    assert load_study("mkip-2012", "optimism-bias").savings.appraisal.at[
        ALL, "one_off_cost"
    ] == approx(414_000)


# sharing rules


def test_a_rule_divides_what_is_pooled_and_leaves_what_is_an_authoritys_own():
    study = load_study("mkip-2012", cost_apportionment="revenue_budget")
    assert study.savings.appraisal["one_off_cost"].drop(ALL).tolist() == approx([100_000] * 3)
    pooled = study.tables["flows"].assign(pooled=True)
    divided = with_tables(study, flows=pooled)
    assert divided.savings.appraisal.at["Swale", "one_off_cost"] == approx(300_000 * 1.05 / 3.6)


def test_what_partners_pay_each_other_is_no_benefit_to_all_of_them():
    plain = load_study("mkip-2012", "swale-leaves").savings.appraisal["benefit_cost_ratio"]
    charged = load_study("mkip-2012", "swale-leaves", exit_charge=30_000).savings.appraisal
    assert charged.at[ALL, "benefit_cost_ratio"] == approx(plain[ALL])
    assert charged.at["Swale", "benefit_cost_ratio"] < plain["Swale"]
    assert charged.at["Swale", "one_off_cost"] == approx(130_000)
    assert charged.at[ALL, "one_off_cost"] == approx(300_000)


@pytest.mark.parametrize("delay", [0.0, 0.25, 1.0, 1.5])
def test_flows_prepared_for_one_delay_are_not_taken_for_another(delay):
    study = load_study("mkip-2012", "swale-leaves")
    study.savings.prepared_flows(3.0)
    lags = study.savings.prepared_flows(delay).index.get_level_values("lag")
    assert lags.max() >= math.ceil(delay)


@pytest.mark.parametrize(
    ("case", "name", "value"),
    [
        ("mkip-2012", "realisation", 0.7),
        ("mkip-2012", "delay_years", 1.5),
        ("mkip-2012", "overrun", 0.4),
        ("mkip-2012", "discount_rate", 0.06),
        ("lictp-2020", "running_cost_change", 0.1),
        ("lictp-2020", "baseline_cost_change", 0.05),
    ],
)
def test_worths_at_values_of_a_parameter_are_those_of_the_study_there(case, name, value):
    study = load_study(case)
    anew = study.varied(**{name: value})
    at_value = study.uncertainty.worths_at(name, np.array([value]))
    assert at_value[study.partners].iloc[0].to_numpy() == approx(
        anew.savings.net_present_values.to_numpy()
    )


def test_a_year_of_delay_moves_the_service_that_replaces_another():
    base, late = load_study("lictp-2020"), load_study("lictp-2020", delay_years=1.0)
    # Melton pays 4,000 a year more from a year later; the last nine months are then lost
    once, longer = (savings.one_off_costs(of.savings.flows).loc["Melton"] for of in (base, late))
    yearly = (base.savings.to_find.loc["Melton"] + once).tolist()
    assert yearly == approx([0, -1000, *[-4000] * 4, -3000])
    later = (late.savings.to_find.loc["Melton"] + longer).tolist()
    assert later == approx([0, 0, -1000, *[-4000] * 4])


def test_only_what_moves_the_option_is_drawn_and_tried():
    inputs = set(load_study("lictp-2020").uncertainty.uncertain_inputs["name"])
    # a delay is that of the plan; risk 1 is one, and risk 2 adds to a line that is drawn
    levers = {"overrun", "running_cost_change", "baseline_cost_change"}
    assert inputs == levers | {"slip of task 4", "risk 4", "risk 6"}
    assert "running_cost_change" not in set(
        load_study("mkip-2012").uncertainty.sensitivity["parameter"]
    )


def test_realisation_is_refused_where_no_saving_is_stated():
    with pytest.raises(InputError, match=r"realisation is 0.6, but option b states no saving"):
        load_study("lictp-2020", realisation=0.6)


def test_a_mix_of_rules_lies_between_them():
    mixed = load_study("mkip-2012", saving_mix={"revenue_budget": 1, "equal": 3})
    # Swale: a quarter of 1.05/3.6 and three quarters of a third, of 3.71m
    expected = 3_710_000 * (0.25 * 1.05 / 3.6 + 0.75 / 3)
    assert mixed.savings.appraisal.at["Swale", "total_saving"] == approx(expected, abs=0.1)


def test_shares_follow_users_as_they_grow_and_still_add_up():
    study = load_study("lictp-2020", cost_apportionment="users", user_growth={"Melton": 0.1})
    shares = study.savings.shares("users", {})
    assert shares.sum().tolist() == approx([1.0] * 7)
    grown = 229 * 1.1**6
    assert shares.loc["Melton", 2026] == approx(grown / (499 + 341 + grown))


def test_shares_are_phased_in_from_todays_cost():
    study = load_study("lictp-2020", cost_apportionment="equal", phase_in_years=4)
    running = savings.by_partner(study.savings.planned_flows, "running_cost")
    total = running.sum()
    assert running.loc["Melton", 2021] / total[2021] == approx(
        229 / 1069 * 0.75 + 0.25 / 3, abs=1e-5
    )
    assert running.loc["Melton", 2024] / total[2024] == approx(1 / 3, abs=1e-5)


# many draws


@pytest.mark.parametrize("case", MONEY_CASES)
def test_one_draw_of_the_simulation_is_the_deterministic_case_in_every_scenario(case):
    for scenario in load_case(case).scenarios:
        study = load_study(case, scenario)
        levers = {name: np.array([value]) for name, value in study.savings.levers.items()}
        net = study.uncertainty.net_of_levers(levers)[0]
        assert net == approx(
            study.savings.net_flows.reindex(study.partners, fill_value=0.0).to_numpy(), abs=0.01
        )


def test_every_draw_equals_a_study_with_those_parameters():
    study = load_study("mkip-2012", "swale-leaves")
    levers = {
        "realisation": np.array([0.4, 0.9]),
        "delay_years": np.array([1.25, 0.5]),
        "overrun": np.array([0.2, 1.0]),
        "running_cost_change": np.array([0.0, 0.0]),
    }
    drawn = study.uncertainty.net_of_levers(levers)
    for draw in range(2):
        single = study.varied(**{name: float(values[draw]) for name, values in levers.items()})
        assert drawn[draw] == approx(
            single.savings.net_flows.loc[study.partners].to_numpy(), abs=0.01
        )


def test_a_line_with_a_range_of_its_own_is_drawn_between_its_ends():
    study = load_study("mkip-2012", "outsourced", realisation=1.0)
    inputs = study.uncertainty.uncertain_inputs.set_index("name")
    row = inputs.loc["First saving of an outsourced contract"]
    assert 1_350_000 * row["low"] == approx(0.35 * 3_600_000, abs=2)
    assert 1_350_000 * row["high"] == approx(0.40 * 3_600_000, abs=2)


# switching values


def test_switching_value_of_realisation_is_where_discounted_savings_pay_for_the_fund():
    study = load_study("mkip-2012")
    saved = study.savings.appraisal.at[ALL, "net_present_value"] + 300_000 / 1.035
    table = study.uncertainty.switching_values.set_index(["parameter", "item"])["switching_value"]
    assert table["realisation", ALL] == approx(300_000 / 1.035 / saved, rel=1e-6)


@pytest.mark.parametrize("case", MONEY_CASES)
def test_at_a_switching_value_the_partner_is_worth_nothing(case):
    study = load_study(case)
    found = study.uncertainty.switching_values.dropna()
    assert len(found) > 0
    for row in found.itertuples():
        changed = study.varied(**{row.parameter: row.switching_value})
        assert npv(changed)[row.item] == approx(0, abs=1)


def test_breakeven_of_outsourcing_is_the_shared_services_worth_over_the_share_saved():
    table = load_study("mkip-2012").uncertainty.breakeven_costs.set_index(
        ["saving_fraction", "reading"]
    )
    worth = npv(load_study("mkip-2012"))[ALL]
    once = table["breakeven_cost"].xs("saved in its first year only", level="reading")
    assert once.iloc[1] == approx(worth * 1.035 / 0.375)
    yearly = sum(1.035**-year for year in range(1, 11))
    lasting = table["breakeven_cost"].xs("saved every year", level="reading")
    assert lasting.iloc[1] == approx(worth / 0.375 / yearly)


def outsourced(*others, **cells):
    """Return Mid Kent at 37.5% saved, with other cells or further lines of option b."""
    study = load_study("mkip-2012")
    flows = study.tables["flows"]
    saving = flows[flows["option"] == "b"].assign(low_fraction=np.nan, high_fraction=np.nan)
    new = [saving.assign(**cells), *(saving.assign(**other) for other in others)]
    return with_tables(study, flows=pd.concat([flows[flows["option"] == "a"], *new]))


def outsourcing(*others, **cells):
    """Return the breakeven costs of such a study by reading."""
    return outsourced(*others, **cells).uncertainty.breakeven_costs.set_index("reading")


def one_off(amount=np.nan, fraction=np.nan):
    """Return the cells of a one-off cost in 2013/14."""
    cells = {"line": "tender", "flow": "one_off_cost"}
    return cells | {"amount_gbp": amount, "baseline_fraction": fraction}


def test_a_saving_stated_for_several_years_has_one_reading_which_is_those_years():
    table = outsourcing(last_year=2017)
    worth = npv(load_study("mkip-2012"))[ALL]
    five_years = sum(1.035**-year for year in range(1, 6))
    assert table["breakeven_cost"].to_dict() == approx(
        {"saved in its stated years": worth / 0.375 / five_years}
    )


def test_rows_of_one_line_are_one_saving():
    table = outsourcing({"first_year": 2014, "last_year": 2022, "baseline_fraction": 0.2})
    worth = npv(load_study("mkip-2012"))[ALL]
    later = sum(1.035**-year for year in range(2, 11))
    assert list(table.index) == ["saved in its stated years"]
    assert table["breakeven_cost"].item() == approx(worth / (0.375 / 1.035 + 0.2 * later))
    assert table["saving_fraction"].item() == 0.375


def test_a_share_of_one_partners_cost_is_that_part_of_the_combined_cost():
    table = outsourcing(partner="Swale")
    study = load_study("mkip-2012")
    part = 0.375 * study.baseline.real_annual_cost["Swale"] / 3_600_000
    once = table.loc["saved in its first year only"]
    assert once["saving_fraction"] == approx(part)
    assert once["breakeven_cost"] == approx(npv(study)[ALL] * 1.035 / part)


def test_the_other_options_one_off_cost_must_be_won_back_too():
    worth = npv(load_study("mkip-2012"))[ALL]
    once = outsourcing(one_off(500_000))["breakeven_cost"]
    assert once["saved in its first year only"] == approx((worth * 1.035 + 500_000) / 0.375)
    share = outsourcing(one_off(fraction=0.1))["breakeven_cost"]
    assert share["saved in its first year only"] == approx(worth * 1.035 / (0.375 - 0.1))


def test_an_option_whose_one_off_cost_eats_up_its_saving_is_not_called_better():
    assert outsourcing().at["saved every year", "better"] == "b"
    dear = outsourcing(one_off(9_000_000)).loc["saved every year"]
    assert (dear["better"], dear["breakeven_cost"] > 3_600_000) == ("a", True)
    never = outsourcing(one_off(fraction=0.375)).loc["saved in its first year only"]
    assert (never["better"], np.isnan(never["breakeven_cost"])) == ("a", True)


def test_the_present_cost_is_the_one_that_the_scenario_assumes():
    table = load_study("mkip-2012", baseline_cost_change=1.5).uncertainty.breakeven_costs
    assert set(table["present_cost"]) == {9_000_000}
    assert set(table["better"]) == {"b"}


def test_an_option_that_is_worth_more_at_any_cost_breaks_even_at_nil():
    table = load_study("mkip-2012", realisation=0.0).uncertainty.breakeven_costs
    assert set(table["breakeven_cost"]) == {0.0}
    assert set(table["better"]) == {"b"}


def of_breakeven(study):
    return shown_in("savings", study, "What would change this answer?")[3]


def test_the_table_of_breakeven_costs_says_why_a_cell_is_a_dash():
    assert "dash" not in of_breakeven(load_study("mkip-2012")).caption
    short = of_breakeven(outsourced(one_off(fraction=0.375)))
    assert short.caption.endswith("is worth more than option a; a dash where none is high enough")
    assert "nan" not in short._repr_html_()


def of_a_full_year(study):
    return shown_in("savings", study, "What is behind it?")[1]


def test_a_full_year_before_and_after_is_of_what_is_replaced_where_other_lines_save_too():
    assert (
        of_a_full_year(load_study("lictp-2020")).caption == "Cost of a full year before and after"
    )
    table = of_a_full_year(load_study("worked-example"))
    assert table.caption == (
        "Cost of a full year before and after, only of what the new service replaces: the saving comes on top"
    )
    assert table["present"].iloc[-1] == 454_000  # three data centres, of a service of £4.64m


@pytest.mark.parametrize(("case", "option"), [("mkip-2012", "a"), ("worked-example", "b")])
def test_an_option_without_a_running_cost_says_so_in_a_sentence(case, option):
    table = of_a_full_year(load_study(case, option=option))
    assert table.empty
    assert table.caption == f"Option {option} states no running cost of the new service"


def test_an_option_that_changes_nothing_is_worth_nothing_to_anybody():
    study = load_study("mkip-2012", option="c")
    assert study.savings.appraisal["net_present_value"].tolist() == [0, 0, 0, 0]
    assert study.savings.appraisal.index.tolist() == [ALL, "Maidstone", "Swale", "Tunbridge Wells"]


@pytest.mark.parametrize(
    ("case", "option"),
    sampled([("mkip-2012", "c"), ("lictp-2020", "c"), ("worked-example", "d")], 3),
)
def test_an_option_that_moves_no_money_has_results_and_says_so(case, option):
    study = load_study(case, option=option)
    worth = study.results.query("measure == 'net_present_value' and section == 'savings'")["value"]
    assert set(worth) == {0}
    assert not study.uncertainty.variance_shares["total"].any()
    if (
        study.savings.flows.empty
    ):  # doing nothing may also be stated, as a cost today and as much after
        assert f"Option {option} moves no money" in show.answer(study).text
    assert shown_in("savings", study, "What does it do to the budget?")[0].empty
    assert show.tornado(study).empty
    inputs = shown_in("savings", study, "How sure is it?")[2]
    assert len(inputs) == len(study.uncertainty.uncertain_inputs)


def test_the_worth_of_an_option_that_is_its_own_comparator_is_worked_out_too():
    study = load_study("lictp-2020", "outsourced")
    assert study.savings.economic_flows.empty
    steps = shown_in("savings", study, "How is one partner's net present value worked out?")
    assert steps[-1]["added_up_gbp"].tolist() == [0]


@pytest.mark.parametrize(("delay", "term"), [(0.0, 10.0), (1.0, 9.0), (2.25, 7.75)])
def test_a_delay_shortens_the_term_over_which_the_saving_is_averaged(delay, term):
    study = load_study("mkip-2012", delay_years=delay)
    worth = study.savings.appraisal.loc[ALL]
    assert study.savings.term_years == approx(term)
    assert worth["average_annual_saving"] == approx(worth["total_saving"] / term)
    assert f"The plan: over {term:g} years" in show.answer(study).text


def test_the_payback_of_the_answer_counts_from_the_end_of_the_decision_year():
    study = load_study("mkip-2012")
    position = study.savings.net_flows.sum().cumsum()
    assert position[[2013, 2014]].tolist() == approx([-150_000, 100_000])  # back in 2014/15
    assert "The cash is back 1.6 years after the end of 2012/13." in show.answer(study).text


def test_a_saving_that_is_not_cashable_counts_in_worth_but_reaches_no_budget():
    study = load_study("mkip-2012")
    flows = study.tables["flows"]
    is_staff = flows["category"] == "staff"
    freed = with_tables(study, flows=flows.assign(cashable=~is_staff))
    assert freed.savings.cashable_saving.sum() == approx(1_310_000, abs=0.01)
    assert npv(freed) == approx(npv(study))
    recurring = freed.cash.medium_term_plan.xs("recurring revenue", level="line")
    assert recurring[2013].sum() == approx(55_000 * 1.02)


def test_each_row_is_charged_at_its_own_margin_and_reaches_a_budget_or_not():
    first = line(1000.0, np.nan, "running_cost") | {"line": "Outside", "margin_fraction": 0.0}
    second = first | {"flow": "income_cost", "margin_fraction": 0.1}
    study = with_lines(first, second)
    assert amounts(study.savings.flows, "income") == approx([1100] * 4)
    mixed = with_lines(*(line(100.0, np.nan, partner=name) | {"cashable": name == "North"} for name in COSTS.index))  # fmt: skip
    assert mixed.savings.cashable_saving.to_dict() == {"North": 400, "South": 0}
    assert mixed.cash.medium_term_plan.xs("recurring revenue", level="line").loc["South"].tolist() == [0] * 4  # fmt: skip


def test_a_present_cost_that_stays_behind_counts_in_worth_but_frees_no_budget():
    overheads = flow("overheads", "counterfactual_cost", 1000, cashable="false")
    service = [flow("desk", "counterfactual_cost", 900), flow("new desk", "running_cost", 600)]
    study = small_study(flows=[overheads, *service])
    assert study.savings.gross_savings.loc["North"].tolist() == [1300] * 5
    assert result(study, "savings", "cashable_saving") == approx(5 * 300)
    budget = study.cash.medium_term_plan.loc[("North", "effect on the revenue budget")]
    assert budget.tolist() == approx([300 * 1.03**year for year in range(5)])
    late = study.varied(delay_years=1.0)
    assert late.savings.cashable_saving["North"] == approx(4 * 300)


def test_pooled_overheads_and_a_part_of_the_baseline_that_stay_behind_free_no_budget():
    costs = [{"partner": name, "category": "all", "nature": "", "funding": "revenue", "year": "2024", "amount_gbp": "1000"} for name in ("North", "South")]  # fmt: skip
    kept = {"cashable": "false", "amount_gbp": "", "baseline_fraction": "0.2", "partner": "shared"}
    equal = {"cost_apportionment": "equal", "saving_apportionment": "equal"}
    study = small_study(
        flows=[flow("overheads", "counterfactual_cost", "") | kept, flow("posts", "saving", 70)],
        service_costs=costs,
        scenarios={"base": equal},
    )
    assert study.savings.gross_savings.sum(axis="columns").to_dict() == approx(
        {"North": 1350, "South": 1000}
    )
    assert study.savings.cashable_saving.to_dict() == approx({"North": 350, "South": 0})


@pytest.mark.parametrize("kind", ["running_cost", "income_cost", "one_off_cost", "exit_cost"])
def test_what_is_paid_can_not_be_said_to_free_no_budget(kind):
    with pytest.raises(InputError, match=f"cashable is false of a {kind}; it can be of a saving or counterfactual_cost"):  # fmt: skip
        small_case(flows=[flow("desk", kind, 100, cashable="false")])
    said = small_case(flows=[flow("desk", kind, 100, cashable="true")])
    assert said.tables["flows"]["cashable"].all()


def test_a_saving_that_frees_time_ends_when_its_partner_leaves():
    rows = [line(100.0, np.nan, partner=name) | {"cashable": False} for name in COSTS.index]
    study = with_lines(*rows, leaves={"North": 2028})
    assert study.savings.cashable_saving.to_dict() == {"North": 0, "South": 0}


def test_a_range_moves_the_kind_of_money_that_it_is_stated_for():
    ranged = {"line": "ICT platform", "low_fraction": 0.5, "high_fraction": 3.0}
    study = with_lines(
        line(1000.0, np.nan, "counterfactual_cost") | {"line": "ICT platform"},
        line(900.0, np.nan, "running_cost") | ranged,
    )
    inputs = study.uncertainty.uncertain_inputs
    lines = inputs[inputs["kind"] == "line"]
    assert lines["name"].tolist() == ["ICT platform, running cost"]
    assert not lines["more_is_better"].any()
    one = {name: np.ones(1) * value for name, value in study.savings.levers.items()}
    net = study.uncertainty.net_of_levers(one, {("running_cost", "ICT platform"): np.array([2.0])})
    assert net.sum(axis=1).tolist() == [approx([-800] * 4)]


def test_rows_of_a_line_that_state_different_ranges_are_refused():
    case = load_case("mkip-2012")
    ranged = case.tables["flows"].assign(low_fraction=0.5, high_fraction=1.5)
    assert not list(flow_faults(case.file, case.tables | {"flows": ranged}))
    ranged.loc[1, "high_fraction"] = 1.2
    [(stem, row, sentence)] = flow_faults(case.file, case.tables | {"flows": ranged})
    assert (stem, row) == ("flows", 1)
    assert "differs from that of another row of 'Fewer posts and shared management'" in sentence


def test_what_outsiders_are_charged_moves_with_what_it_costs_to_serve_them():
    study = with_lines(line(1000.0, np.nan, "income_cost") | {"margin_fraction": 0.1})
    one = {name: np.ones(1) * value for name, value in study.savings.levers.items()}
    net = study.uncertainty.net_of_levers(one, {("income_cost", "income_cost"): np.array([2.0])})
    assert net.sum(axis=1).tolist() == [approx([200] * 4)]


def test_withdrawal_shows_each_partner_before_and_after():
    table = load_study("mkip-2012", "swale-leaves").savings.withdrawal
    assert table["before"].to_dict() == approx(
        {name: worth for name, worth in npv(load_study("mkip-2012")).items() if name != ALL}
    )
    assert (table["change"] < 0).all()
    assert load_study("mkip-2012").savings.withdrawal.empty
