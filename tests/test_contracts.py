"""Contracts that the plan replaces: gaps and overlaps, what they cost, and that nothing counts twice."""

import re

import numpy as np
import pandas as pd
import pytest
from cells import shown_in
from pytest import approx
from small import flow, small_case, small_study

from businesscase.calculations import lateness, savings
from businesscase.calculations.apportionment import ALL
from businesscase.calculations.savings import LABELS
from businesscase.cases.errors import InputError
from businesscase.shown import plan as show
from businesscase.study import load_study

MONTH = 365.25 / 12  # days


def task(number, days, predecessors="", **cells):
    return {
        "task": str(number), "name": f"Task {number}", "duration_days": str(days),
        "predecessors": predecessors, **cells,
    }  # fmt: skip


def contract(name="desk", **cells):
    given = {
        "ends": "2025-03-14",
        "replaced_by": "1",
        "annual_gbp": "120",
        "premium_fraction": "0.5",
    }
    return {"option": "a", "contract": name, "partner": "North", **given, **cells}


PLAN = {
    "file": {"plan_start": pd.Timestamp("2024-04-01").date()},
    "tasks": [task(1, 250)],  # ends on Friday 14 March 2025
    "flows": [
        flow("old desk", "counterfactual_cost", 120, (2025, 2028), starts_with="1"),
        flow("new desk", "running_cost", 100, (2025, 2028), starts_with="1"),
    ],
    "sensitivities": [
        {"parameter": name, "low": "0", "high": "1", "drawn": "false"}
        for name in ("realisation", "delay_years", "overrun", "running_cost_change", "baseline_cost_change")
    ],
}  # fmt: skip


def spent(study, flow_name):
    return savings.by_partner(study.savings.flows, flow_name)


def results(study):
    table = study.results
    own = table[table["measure"].str.startswith("contract_")]
    return {(row.measure, row.item): row.value for row in own.itertuples()}


# by hand


def test_a_gap_costs_what_extending_costs_above_the_price_that_the_flows_hold():
    # the contract ends on 14 January, the service starts on 15 March: 59 days at £5 above its £10 a month
    study = small_study(**PLAN, contracts=[contract(ends="2025-01-14")])
    months = 59 / MONTH
    row = study.contracts.ends.iloc[0]
    assert row["starts"] == pd.Timestamp("2025-03-15")
    assert (row["gap_months"], row["gap_cost"]) == approx((months, 5 * months))
    assert (row["overlap_months"], row["overlap_cost"]) == (0, 0)
    assert spent(study, "delay_cost").loc["North"].tolist() == approx([5 * months, 0, 0, 0, 0])
    without = small_study(**PLAN)
    lost = without.savings.net_flows.sum().sum() - study.savings.net_flows.sum().sum()
    assert lost == approx(5 * months)


def test_an_overlap_is_paid_twice_in_the_years_in_which_it_lasts():
    # the service starts on 15 March 2025, the contract runs to 30 June: 17 days, then 91 more
    study = small_study(**PLAN, contracts=[contract(ends="2025-06-30")])
    row = study.contracts.ends.iloc[0]
    assert (row["overlap_months"], row["overlap_cost"]) == approx((108 / MONTH, 120 * 108 / 365.25))
    by_year = spent(study, "overlap_cost").loc["North"]
    assert by_year.tolist() == approx([120 * 17 / 365.25, 120 * 91 / 365.25, 0, 0, 0], abs=0.1)
    assert by_year.sum() == approx(row["overlap_cost"])
    table = study.contracts.costs
    assert table.loc[("desk", "North")].tolist() == approx(by_year.tolist())


def test_a_late_service_is_paid_once_until_the_contract_ends_and_bridged_from_then_on():
    study = small_study(**PLAN, contracts=[contract(ends="2025-06-30")])
    for longer, late in ((0.1, 35), (0.5, 175)):  # of 250 working days, in days of the calendar
        slow = study.varied(duration_change=longer)
        row = slow.contracts.ends.iloc[0]
        assert row["overlap_months"] == approx(max(108 - late, 0) / MONTH)
        assert row["gap_months"] == approx(max(late - 108, 0) / MONTH)
        twice, bridged = (
            spent(slow, name).loc["North"].sum() for name in ("overlap_cost", "delay_cost")
        )
        assert (twice, bridged) == approx((row["overlap_cost"], row["gap_cost"]), abs=1e-9)
        assert row["gap_cost"] == approx(5 * row["gap_months"])


def test_a_delay_of_the_scenario_lengthens_a_gap_as_the_plan_does():
    study = small_study(
        **PLAN, contracts=[contract(extension_monthly_gbp="16", premium_fraction="")]
    )
    late = study.varied(delay_years=0.5, duration_change=0.1)
    months = 6 + 35 / MONTH
    row = late.contracts.ends.iloc[0]
    assert (row["gap_months"], row["gap_cost"]) == approx((months, 6 * months))
    assert spent(late, "delay_cost").sum().sum() == approx(6 * months)


def test_an_overlap_costs_no_more_than_leaving_and_what_the_flows_state_is_not_added():
    leaves = {"ends": "2025-06-30", "early_exit_gbp": "8"}
    study = small_study(**PLAN, contracts=[contract(**leaves)])
    assert study.contracts.ends["overlap_cost"].tolist() == approx([8])
    assert spent(study, "overlap_cost").sum().sum() == approx(8)
    flows = [*PLAN["flows"], flow("leaving the desk", "exit_cost", 8, (2025, 2025))]
    stated = small_study(
        **PLAN | {"flows": flows}, contracts=[contract(**leaves, stated_in="leaving the desk")]
    )
    assert stated.contracts.ends["overlap_cost"].tolist() == approx([8])
    assert spent(stated, "overlap_cost").sum().sum() == 0
    once = small_study(**PLAN | {"flows": flows}).savings.net_flows
    assert stated.savings.net_flows.sum().sum() == approx(once.sum().sum())
    # so late that nothing is paid twice: the line of the flows counts no more
    late = stated.varied(duration_change=0.5)
    assert spent(late, "overlap_cost").sum().sum() == approx(-8)


def test_months_beyond_the_appraisal_cost_nothing_and_a_contract_may_outlast_it():
    study = small_study(**PLAN, contracts=[contract(ends="2035-03-31")])
    row = study.contracts.ends.iloc[0]
    assert row["overlap_months"] == approx(12 * 10, abs=1)
    whole = 120 * (5 - study.plan.planned_starts[1])
    assert (row["overlap_cost"], spent(study, "overlap_cost").sum().sum()) == approx((whole, whole))
    late = study.varied(delay_years=5.0)
    assert late.contracts.ends["overlap_cost"].tolist() == approx([0], abs=1e-9)


def test_shared_costs_of_a_contract_are_divided_as_a_scenario_divides_costs():
    given = {"contracts": [contract(ends="2025-01-14", partner="shared")]}
    study = small_study(**PLAN, **given).varied(cost_apportionment="equal")
    cost = spent(study, "delay_cost")
    assert cost.loc["North"].sum() == approx(cost.loc["South"].sum(), abs=0.01)
    assert cost.sum().sum() == approx(5 * 59 / MONTH, abs=0.01)


def test_each_year_of_lateness_costs_a_year_whatever_the_dates():
    labels = [("delay_cost", "team", "pay", "revenue", "cash", 0.0, "slip", "North")]
    annual = pd.DataFrame([[12.0] * 5], pd.MultiIndex.from_tuples(labels, names=LABELS))
    for due, begins, ends in (
        (0.5, 0.5, 5.0),
        (1.25, 0.75, 5.0),
        (0.5, 1.5, 2.25),
        (2.0, 2.0, 9.0),
    ):
        rows = lateness.while_late(annual, due, begins, ends)
        for late in (0.0, 0.3, 1.7, 9.0):
            levers = {"delay_years": np.array([late]), "slip": np.zeros(1), "realisation": np.ones(1),
                      "overrun": np.zeros(1), "running_cost_change": np.zeros(1)}  # fmt: skip
            net = savings.linear(rows, ["North"]).net(levers)[0, 0]
            lasts = [
                max(min(year + 1, due + late, ends) - max(year, begins), 0) for year in range(5)
            ]
            assert -net == approx(12 * np.array(lasts), abs=1e-12)


# in the futures


def test_a_plan_with_no_spread_has_the_gap_of_its_forecast_in_every_future():
    ranges = [{"task": "1", "optimistic_days": "250", "pessimistic_days": "250"}]
    study = small_study(**PLAN, contracts=[contract(ends="2025-01-14")], task_ranges=ranges)
    months, cost = study.contracts.ends[["gap_months", "gap_cost"]].iloc[0]
    futures = study.contracts.in_futures.iloc[0]
    assert futures["gap_months_p50"] == approx(months)
    assert futures["gap_chance"] == 1
    assert futures["gap_cost_expected"] == approx(cost)
    worth = study.uncertainty.simulated_worth[ALL]
    assert worth.to_numpy() == approx(study.savings.net_present_values.sum())


def test_the_expected_cost_of_a_gap_is_what_the_futures_lose_by_it():
    ranges = [{"task": "1", "optimistic_days": "200", "pessimistic_days": "400"}]
    flat = PLAN | {"scenarios": {"base": {"discount_rate": 0.0}}}
    with_contract = small_study(**flat, contracts=[contract()], task_ranges=ranges)
    without = small_study(**flat, task_ranges=ranges)
    lost = (without.uncertainty.simulated_worth - with_contract.uncertainty.simulated_worth)[ALL]
    futures = with_contract.contracts.in_futures.iloc[0]
    assert futures["gap_cost_expected"] == approx(lost.mean(), rel=0.01)
    assert futures["gap_chance"] == approx((lost > 1e-6).mean(), abs=1e-3)
    assert futures["gap_chance"] == approx(
        1 - with_contract.plan.simulated.task_finish[1].__le__(249).mean(), abs=1e-3
    )


def test_results_state_each_contract_in_the_section_of_the_plan():
    ranges = [{"task": "1", "optimistic_days": "200", "pessimistic_days": "400"}]
    study = small_study(**PLAN, contracts=[contract(ends="2025-01-14")], task_ranges=ranges)
    found = results(study)
    assert found["contract_gap_months", "desk"] == approx(59 / MONTH)
    assert found["contract_gap_cost", "desk"] == approx(5 * 59 / MONTH)
    assert found["contract_overlap_months", "desk"] == found["contract_overlap_cost", "desk"] == 0
    assert found["contract_gap_chance", "desk"] == 1  # ready early starts nothing early
    assert found["contract_gap_months_p50", "desk"] > 59 / MONTH
    assert set(study.results.loc[study.results["item"] == "desk", "section"]) == {"plan"}


# what is refused and what is remarked on


@pytest.mark.parametrize(
    ("cells", "said"),
    [
        ({"replaced_by": "7"}, "replaced_by '7' is unknown; allowed: 1"),
        ({"partner": "Nort"}, "partner 'Nort' is unknown; nearest: North"),
        ({"annual_gbp": "-1"}, "found '-1'; it should be greater than or equal to 0"),
        ({"ends": "2024-03-31"}, "ends 2024-03-31 is before the decision on 2024-06-01"),
        ({"notice_by": "2025-04-01"}, "notice_by 2025-04-01 is after 2025-03-14, when the contract ends"),
        ({"premium_fraction": ""}, "give either extension_monthly_gbp or premium_fraction"),
        ({"extension_monthly_gbp": "9"}, "give either extension_monthly_gbp or premium_fraction"),
        ({"stated_in": "old desks"}, "stated_in 'old desks' is unknown; nearest: old desk"),
        ({"option": "b"}, "no saving or counterfactual_cost of option b starts with task 1"),
    ],
)  # fmt: skip
def test_a_contract_that_nothing_can_be_made_of_is_refused(cells, said):
    flows = [*PLAN["flows"], flow("other", "saving", 1, option="b")]
    with pytest.raises(InputError, match=re.escape(said)):
        small_case(**PLAN | {"flows": flows}, contracts=[contract(**cells)])


def test_a_contract_that_ends_too_soon_or_whose_notice_has_passed_is_remarked_on():
    rows = [
        contract("desk", ends="2025-03-13", notice_by="2024-05-31"),
        contract("lines", extension_monthly_gbp="5", premium_fraction=""),
    ]
    study = small_study(**PLAN, contracts=rows)
    told = [str(finding) for finding in study.findings if "contracts.csv" in str(finding)]
    assert [re.search("'(desk|lines)' (.{20})", text).groups() for text in told] == [
        ("lines", "costs £5, less than "),
        ("desk", "or give notice, 31 M"),
        ("desk", "ends on 13 March 202"),
    ]
    assert not [text for text in map(str, small_study(**PLAN, contracts=[contract()]).findings) if "contracts.csv" in text]  # fmt: skip


# the register


def registered(name="desk", **cells):
    """Return a contract that no option replaces."""
    return {
        "contract": name,
        "partner": "North",
        "ends": "2026-03-31",
        "annual_gbp": "120",
        **cells,
    }


def test_a_contract_of_the_register_needs_no_option_task_or_price_and_moves_no_money():
    rows = [
        registered(),
        registered("lines", ends="", rolling="true", notice_months="3"),
        registered("lines", ends="rolling", partner="South"),
        registered("old", ends="2020-03-31", starts="2015-04-01", novation_gbp="50"),
    ]
    study = small_study(**PLAN, contracts=rows)
    assert study.tables["contracts"]["rolling"].tolist() == [False, True, True, False]
    assert study.tables["contracts"]["ends"].isna().tolist() == [False, True, True, False]
    assert study.contracts.ends.empty
    assert study.savings.net_flows.equals(small_study(**PLAN).savings.net_flows)


def test_a_rolling_contract_ends_when_notice_has_run_out_and_is_never_a_gap():
    # decided on 1 June 2024; twelve months' notice end on 31 May 2025, the service starts on 15 March
    row = {"ends": "rolling", "premium_fraction": "", "notice_months": "12"}
    study = small_study(**PLAN, contracts=[contract(**row)])
    found = study.contracts.ends.iloc[0]
    assert found["ends"] == pd.Timestamp("2025-05-31")
    assert (found["overlap_months"], found["gap_months"]) == approx((78 / MONTH, 0))
    early = small_study(**PLAN, contracts=[contract(**row | {"notice_months": "3"})])
    assert early.contracts.ends["gap_cost"].tolist() == [0]


def test_a_contract_ends_at_its_end_or_when_notice_at_the_decision_has_run_out():
    # decided on 1 June 2024; years of the appraisal are 2024/25 to 2028/29
    rows = [
        registered("lines", ends="rolling", notice_months="10", partner="South"),
        registered("phones", ends="rolling", partner="South"),
        registered("fixed", ends="2025-09-30", notice_months="6"),
        registered("late", ends="2024-08-31", notice_months="9", novation_gbp="50"),
    ]
    study = small_study(**PLAN, contracts=rows)
    ends = study.baseline.contract_register["earliest_end"].dt.date.map(str).tolist()
    assert ends == ["2025-03-31", "NaT", "2025-09-30", "2025-02-28"]
    table = study.baseline.contracts_by_partner
    assert list(table.index) == ["South", "North"]  # as the case lists them
    assert table["contracts"].to_dict() == {"North": 2, "South": 2}
    assert table["novation_gbp"].to_dict() == {"North": 50, "South": 0}
    assert table["notice_unknown"].to_dict() == {"North": 0, "South": 1}
    # of £120: 31 days of March 2025; then all of it, and half a year of the other (182 of 365 days)
    assert table.loc["North", 2024] == approx(120 * 31 / 365)
    assert table.loc["North", 2025] == approx(120 + 120 * 182 / 365)
    assert table.loc["South", [2024, 2025]].tolist() == approx([0, 120])
    assert table.loc["North", 2028] == approx(240)


def test_the_register_says_what_is_missing_has_ended_or_runs_on():
    rows = [
        registered("phones", ends="rolling"),
        registered("old", ends="2020-03-31"),
        registered("late", ends="2024-08-31", notice_months="9"),
        registered("fixed", ends="2025-09-30", notice_months="6"),
    ]
    told = [str(found) for found in small_study(**PLAN, contracts=rows).findings]
    told = [text for text in told if text.startswith("contracts.csv")]
    assert len(told) == 3
    assert "'phones' of North is rolling, and its notice isn't given" in told[0]
    assert "'old' of North ended on 31 March 2020, before the decision" in told[1]
    assert "'late' of North runs on to 28 February 2025" in told[2]


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ({"ends": ""}, "give either its last day as ends, or rolling as true"),
        ({"rolling": "true"}, "give either its last day as ends, or rolling as true"),
        ({"starts": "2027-01-01"}, "is before 2027-01-01, when the contract starts"),
        ({"ends": "rolling", "notice_by": "2026-01-01"}, "no day to give notice by"),
        ({"option": "a"}, "give either extension_monthly_gbp or premium_fraction"),
        ({"option": "a", "premium_fraction": "0"}, "option and replaced_by go together"),
        ({"replaced_by": "1"}, "option and replaced_by go together"),
        ({"option": "a", "replaced_by": "1", "ends": "rolling"}, "notice_months is missing"),
        ({"notice_months": "2.5"}, "it should be a whole number"),
    ],
)
def test_a_contract_that_says_too_little_or_two_things_is_refused(cells, told):
    with pytest.raises(InputError, match=told):
        small_study(**PLAN, contracts=[registered(**cells)])


def test_an_option_replaces_a_contract_of_a_name_once():
    with pytest.raises(InputError, match="option a replaces 'desk' twice"):
        small_study(**PLAN, contracts=[contract(), contract(partner="South")])


# as shown

HEADING = "Do contracts end when the service is ready?"


def test_each_contract_is_told_in_a_sentence_and_marked_on_the_plan():
    rows = [
        contract("desk", ends="2025-01-14"),
        contract("lines", ends="2025-06-30", supplier="Wires"),
    ]
    study = small_study(**PLAN, contracts=[*rows, contract("phones")])
    desk, lines, phones = show.contracts_said(study).plain.split("\n\n")
    assert "desk ends on 14 January 2025" in desk
    assert "a gap of 1.9 months, which costs £9.69" in desk or "costs £10 above" in desk
    assert "3.5 months are paid twice" in lines
    assert "nothing must be bridged or is paid twice" in phones
    table, _ = shown_in("plan", study, HEADING)[1:]
    assert table.index.tolist() == ["desk", "lines (Wires)", "phones"]
    texts = [note.text for note in show.gantt(study).figure.layout.annotations]
    assert any("contract ends 14 Jan" in text for text in texts)
    bare = small_study(**PLAN)
    assert "names no contract" in show.contracts_said(bare).text
    table, costs = shown_in("plan", bare, HEADING)[1:]
    assert table.caption == "The case names no contract that this option replaces"
    assert costs.caption == "No contract adds to the flows of this scenario"


def test_leicestershire_is_worth_what_it_was_and_pays_for_a_late_start_once():
    study = load_study("lictp-2020")
    assert study.savings.net_present_values.sum() == approx(362_666.21, abs=0.01)
    late = study.in_scenario("late-start")
    assert late.savings.net_present_values.sum() == approx(343_002.45, abs=0.01)
    row = late.contracts.ends.iloc[0]
    assert (row["gap_months"], row["gap_cost"]) == approx((24 / MONTH, 27_000 * 24 / MONTH))
    assert late.tables["delay_costs"].empty
