"""Joint futures: one set of uncertain inputs, risks and plan in the money, nothing counted twice."""

import math
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pytest import approx
from small import flow, result, small_case, small_study

from businesscase.calculations import exposure, savings, uncertainty
from businesscase.calculations.apportionment import ALL
from businesscase.calculations.uncertainty import CHUNK, CHUNKS, DRAWS, SEED
from businesscase.cases.case import load_case
from businesscase.cases.errors import InputError
from businesscase.study import Study, load_study

SCALES = {
    "risk_levels": [
        {"axis": axis, "score": str(score), "level": level}
        for axis in ("likelihood", "impact")
        for score, level in ((1, f"low {axis}"), (2, f"high {axis}"))
    ],
    "risk_bands": [
        {"band": "low", "lowest_score": "1", "highest_score": "2", "within_appetite": "true"},
        {"band": "high", "lowest_score": "3", "highest_score": "4", "within_appetite": "false"},
    ],
    "risk_probabilities": [
        {"level": "low likelihood", "lowest_probability": "0", "highest_probability": "0.2"},
        {"level": "high likelihood", "lowest_probability": "0.6", "highest_probability": "1"},
    ],
}
FIXED = [  # every lever where the scenario has it
    {"parameter": name, "low": low, "high": high, "drawn": "false"}
    for name, low, high in (
        ("realisation", "0.3", "1"),
        ("delay_years", "0", "2"),
        ("overrun", "0", "1"),
        ("running_cost_change", "-0.05", "0.05"),
        ("baseline_cost_change", "-0.1", "0.1"),
    )
]


def risk(number, likelihood="high likelihood", **cells):
    """Return a row of risks.csv as text."""
    given = {
        "risk": str(number),
        "description": "Fire",
        "likelihood": likelihood,
        "impact": "high impact",
    }
    return {**given, "mitigation": "Sprinklers", "owner": "Board", **cells}


def cost(number, amount, position="inherent", partner="shared", years=(2024, 2024), spread=0):
    """Return a row of risk_costs.csv as text."""
    estimates = {"low_gbp": amount - spread, "most_likely_gbp": amount, "high_gbp": amount + spread}
    given = {"risk": str(number), "position": position, "partner": partner}
    return given | {"first_year": str(years[0]), "last_year": str(years[1])} | {
        name: str(value) for name, value in estimates.items()
    }  # fmt: skip


def certain(chance="1"):
    """Return the scales with one likelihood that is sure to happen, or happens with a chance."""
    sure = [
        {**row, "lowest_probability": chance, "highest_probability": chance}
        if row["level"] == "high likelihood"
        else row | {"lowest_probability": "0", "highest_probability": "0"}
        for row in SCALES["risk_probabilities"]
    ]
    return SCALES | {"risk_probabilities": sure}


SAVING = [flow("posts", "saving", 100), flow("move", "one_off_cost", 100, (2024, 2024), "South")]


# one set of inputs


@pytest.mark.parametrize("case", ["lictp-2020", "mkip-2012", "worked-example"])
def test_the_chance_of_a_loss_is_one_figure_wherever_it_is_said(case):
    study = load_study(case)
    said = study.uncertainty.risk_of_loss.at[ALL, "probability_of_loss"]
    error = 4 * uncertainty.chance_error(max(said, 1e-4), CHUNK)
    assert study.uncertainty.about.at[ALL, "probability_of_loss"] == approx(said, abs=error)
    assert study.appraisal.summary.at[study.option, "probability_of_loss"] == said
    lost = (study.uncertainty.simulated_worth[ALL] < 0).mean()
    assert lost == approx(said, abs=uncertainty.chance_error(max(said, 1e-9), DRAWS) + 1e-9)
    assert result(study, "savings", "probability_of_loss") == said
    assert result(study, "appraisal", "probability_of_loss", study.option) == said


def test_a_line_with_a_range_of_its_own_is_not_drawn_with_its_lever_as_well():
    ranged = {"low_fraction": "0.5", "high_fraction": "1.5"}
    lines = [flow("posts", "saving", 100, **ranged), flow("desks", "saving", 50)]
    study = small_study(flows=lines)
    columns = {"realisation": np.array([0.4, 0.4]), "posts": np.array([1.0, 1.5])}
    # posts: 100 or 150 a year, whatever the realisation of the others; desks: 0.4 of 50
    net = study.uncertainty.net(columns, 2).sum(axis=1)
    assert net[:, 0].tolist() == approx([120.0, 170.0])
    alone = small_study(flows=lines[:1]).uncertainty.uncertain_inputs["name"].tolist()
    assert "posts" in alone and "realisation" not in alone


def test_a_case_adds_to_the_ranges_of_all_cases_and_puts_its_own_in_their_place():
    own = [
        {"parameter": "realisation", "low": "0.9", "high": "1.1", "drawn": "true"},
        {"parameter": "exit_charge", "low": "0", "high": "10", "drawn": "false"},
    ]
    study = small_study(flows=SAVING, sensitivities=own)
    inputs = study.uncertainty.uncertain_inputs.set_index("name")
    assert inputs.loc["realisation", ["low", "high"]].tolist() == [0.9, 1.1]
    assert inputs.at["overrun", "high"] == 1.2  # as for all cases
    assert "exit_charge" in set(study.uncertainty.sensitivity["parameter"])


def test_a_fault_in_a_cases_own_range_is_said_of_its_own_table():
    own = [{"parameter": "realisation", "low": "0.9", "high": "2", "drawn": "true"}]
    with pytest.raises(
        InputError, match=r"sensitivities row 1: high of realisation is 2; it can be 0 to 1.5"
    ):
        small_case(flows=SAVING, sensitivities=own)


def test_present_cost_is_drawn_and_its_effect_is_that_of_a_moved_study():
    study = load_study("lictp-2020")
    assert "baseline_cost_change" in set(study.uncertainty.uncertain_inputs["name"])
    values = np.array([-0.07, 0.0, 0.04])
    worth = study.uncertainty.worth({"baseline_cost_change": values}, 3).sum(axis=1)
    moved = [
        study.varied(baseline_cost_change=value).savings.net_present_values.sum()
        for value in values
    ]
    assert worth == approx(moved, abs=1.0)


def test_a_partner_without_money_is_worth_nothing_at_any_discount_rate():
    found = small_study(flows=[flow("posts", "saving", 50)]).uncertainty.worths_at(
        "discount_rate", np.array([0.0, 0.1])
    )
    assert found["South"].tolist() == [0, 0]


def test_a_discount_rate_that_a_case_draws_discounts_each_draw_at_its_own():
    own = [{"parameter": "discount_rate", "low": "0", "high": "0.1", "drawn": "true"}]
    study = small_study(flows=SAVING, sensitivities=own)
    worth = study.uncertainty.worth({"discount_rate": np.array([0.0, 0.05])}, 2).sum(axis=1)
    assert worth.tolist() == approx([400.0, sum(100 / 1.05**year for year in range(5)) - 100])


def test_what_is_drawn_adds_up_over_the_partners_and_so_do_means_but_not_percentiles():
    study = load_study("worked-example")
    worth, table = study.uncertainty.simulated_worth, study.uncertainty.risk_of_loss
    assert worth[ALL].to_numpy() == approx(worth[study.partners].sum(axis=1).to_numpy())
    apart = table.loc[study.partners, "expected_npv"].sum()
    assert apart == approx(table.at[ALL, "expected_npv"], rel=1e-3)
    assert table.loc[study.partners, "npv_p10"].sum() < table.at[ALL, "npv_p10"]


def test_a_sum_of_independent_lines_has_the_mean_and_the_spread_of_the_closed_form():
    # PERT: mean (low + 4 central + high) / 6, variance (mean - low) (high - mean) / 7
    lines = [
        flow(f"line {number}", "saving", 60, (2024, 2024), low_fraction="0.5", high_fraction="2")
        for number in range(4)
    ]
    study = small_study(flows=lines, sensitivities=FIXED)
    worth = study.uncertainty.simulated_worth[ALL]
    mean = 60 * (0.5 + 4 + 2) / 6
    variance = (mean - 30) * (120 - mean) / 7
    assert worth.mean() == approx(4 * mean, abs=4 * math.sqrt(4 * variance / DRAWS))
    assert worth.var() == approx(4 * variance, rel=0.03)


def test_what_is_said_of_the_draws_is_no_surer_than_another_seed_would_bear_out():
    study = load_study("worked-example")
    table = study.uncertainty.risk_of_loss
    worth = np.concatenate(
        [
            study.uncertainty.worth(study.uncertainty.drawn(number, CHUNK, 99), CHUNK)
            for number in range(CHUNKS)
        ]
    )
    other = uncertainty.summary(worth, study.partners)
    apart = (other["npv_p50"] - table.loc[study.partners, "npv_p50"]).abs()
    assert (apart < 6 * table.loc[study.partners, "npv_p50_error"]).all()


def test_futures_of_a_moved_study_are_its_own_whatever_was_computed_before():
    study = load_study("lictp-2020")
    assert study.uncertainty.risk_of_loss.at[ALL, "probability_of_loss"] > 0.1
    comparator = study.varied(option="a").uncertainty
    assert not comparator.simulated_worth.to_numpy().any()
    blaby = study.in_scenario("blaby-leaves")
    anew = Study(replace(study.case), "blaby-leaves", blaby.parameters)
    assert blaby.uncertainty.risk_of_loss.equals(anew.uncertainty.risk_of_loss)


# risk in the money


def test_a_risk_that_is_sure_to_happen_is_worth_what_a_flow_of_its_cost_is():
    given = {"sensitivities": FIXED, "risks": [risk(1)], **certain()}
    spends = small_study(
        flows=SAVING, risk_costs=[cost(1, 40, partner="South", years=(2025, 2026))], **given
    )
    flows = [*SAVING, flow("fire", "extra_cost", 40, (2025, 2026), "South")]
    planned = small_study(flows=flows)
    assert spends.uncertainty.simulated_worth["South"].to_numpy() == approx(
        np.full(DRAWS, planned.savings.net_present_values["South"])
    )
    assert spends.risks.risk_adjusted_worth["South"] == approx(
        planned.savings.net_present_values["South"]
    )


def test_two_point_risks_lose_as_often_as_the_closed_form_says():
    # worth 10 without either; a risk of 8 at 0.3 and one of 5 at 0.5: lost only when both happen
    flows = [flow("posts", "saving", 10, (2024, 2024))]
    words = (("low likelihood", "0.3"), ("high likelihood", "0.5"))
    scales = SCALES | {
        "risk_probabilities": [
            {"level": level, "lowest_probability": chance, "highest_probability": chance}
            for level, chance in words
        ]
    }
    risks = [risk(1, "low likelihood"), risk(2)]
    costs = [cost(1, 8, partner="North"), cost(2, 5, partner="North")]
    study = small_study(flows=flows, risks=risks, risk_costs=costs, sensitivities=FIXED, **scales)
    assert study.uncertainty.risk_of_loss.at[ALL, "probability_of_loss"] == approx(
        0.15, abs=4 * math.sqrt(0.15 * 0.85 / DRAWS)
    )
    assert study.uncertainty.risk_of_loss.at[ALL, "expected_npv"] == approx(
        10 - 2.4 - 2.5, abs=0.06
    )


RESPONSE = {
    "flows": [
        flow("posts", "saving", 60_000), flow("posts of South", "saving", 60_000, partner="South"),
        flow("move", "one_off_cost", 500_000, (2024, 2024)),
    ],
    "risk_costs": [
        cost(1, 600_000, position, years=(2025, 2025), spread=300_000) for position in ("inherent", "residual")
    ],
}  # fmt: skip
TREATED = {
    "response": "treat",
    "residual_likelihood": "low likelihood",
    "residual_impact": "low impact",
}


def test_responses_cost_money_and_what_risk_is_left_is_taken_off():
    # 60,770 before; 500,000 of responses; a tenth of 600,000 a year later is left: 57,971
    study = small_study(
        risks=[risk(1, response_cost_gbp="500000", **TREATED)], **SCALES, **RESPONSE
    )
    worth = study.savings.net_present_values.sum()
    assert worth == approx(60_769.5 - 500_000, abs=1)
    assert study.risks.risk_adjusted_worth[ALL] == approx(-497_201, abs=1)
    assert result(study, "risks", "risk_adjusted_npv") == approx(-497_201, abs=1)
    assert study.risks.response_cost == approx(500_000)
    assert study.varied(risk_responses="none").savings.net_present_values.sum() == approx(
        60_769.5, abs=1
    )


def test_a_response_may_cost_by_year_and_partner_and_is_not_stated_twice():
    rows = [cost(1, 10_000, "response", "South", (2025, 2026))]
    study = small_study(
        risks=[risk(1, **TREATED)],
        **SCALES,
        **RESPONSE | {"risk_costs": RESPONSE["risk_costs"] + rows},
    )
    spent = savings.by_partner(study.savings.flows, "response_cost")
    assert spent.loc["South"].tolist() == [0, 10_000, 10_000, 0, 0] and list(spent.index) == [
        "South"
    ]
    assert study.risks.response_values[1] == approx(0.7 * 600_000 / 1.035 - 20_000)
    with pytest.raises(
        InputError,
        match=r"the response to risk 1 has a cost here and response_cost_gbp in risks\.csv; give one",
    ):
        small_case(
            risks=[risk(1, response_cost_gbp="5", **TREATED)],
            **SCALES, **RESPONSE | {"risk_costs": RESPONSE["risk_costs"] + rows},
        )  # fmt: skip


def test_no_change_and_the_comparator_run_none_of_the_risks():
    for option in ("b", "d"):
        study = load_study("worked-example", option=option)
        taken = option == "b"
        assert study.savings.takes_risks == taken
        assert bool(len(study.uncertainty.costs_drawn)) == taken
        assert (
            study.savings.planned_flows.index.get_level_values("flow") == "response_cost"
        ).any() == taken


def test_an_event_that_a_scenario_has_made_true_is_out_of_the_expected_cost():
    costs = [cost(1, 30_000), cost(2, 10_000)]
    risks = [risk(1, realised_by="leaves, exit_charge"), risk(2)]
    study = small_study(flows=SAVING, risks=risks, risk_costs=costs, **certain())
    assert study.risks.costs_borne.sum() == approx(40_000)
    left = study.varied(leaves={"South": 2027})
    assert left.risks.realised == {1: "leaves"}
    assert left.risks.costs_borne.sum() == approx(10_000)
    rows = left.risks.costed_rows("inherent").set_index("risk")
    assert rows.at[1, "counted_by"] == exposure.REALISED
    assert study.varied(delay_years=1.0).risks.realised == {}


def test_what_makes_a_risk_true_must_be_a_parameter():
    with pytest.raises(InputError, match=r"realised_by 'leavs' is unknown; nearest: leaves"):
        small_case(flows=SAVING, risks=[risk(1, realised_by="leavs")], **SCALES)


def test_a_risk_is_not_drawn_beside_a_range_that_holds_it():
    costs = [
        cost(1, 30_000) | {"cost_line": "move"},  # its overrun is drawn
        cost(2, 10_000),  # comes true by a delay, which is drawn
        cost(3, 5_000),
    ]
    risks = [risk(1), risk(2, realised_by="delay_years"), risk(3)]
    given = {"flows": SAVING, "risks": risks, "risk_costs": costs, **certain()}
    assert small_study(**given).uncertainty.costs_drawn["risk"].tolist() == [3]
    held = small_study(sensitivities=FIXED, **given)
    assert held.uncertainty.costs_drawn["risk"].tolist() == [1, 2, 3]
    assert held.risks.costs["risk"].tolist() == [1, 2, 3]  # the contingency is of the register


def test_risks_of_a_common_cause_raise_the_contingency_and_not_the_expected_cost():
    numbers = range(1, 9)
    costs = [cost(number, 10_000) for number in numbers]

    def found(correlation):
        caused = {"cause": "staff", "correlation": str(correlation)}
        study = small_study(
            flows=SAVING, risks=[risk(number, **caused) for number in numbers], risk_costs=costs, **certain("0.3")
        )  # fmt: skip
        return study.risks

    apart, joined = found(0), found(0.3)
    assert joined.contingency["p90"] > apart.contingency["p90"]
    for risks in (apart, joined):
        totals = risks.simulated_contingency
        assert totals.mean() == approx(8 * 0.3 * 10_000, abs=4 * totals.std() / math.sqrt(DRAWS))
    # binomial(8, 0.3): at most 2 in 55 of a hundred, 3 in 81, 4 in 94
    assert apart.contingency.tolist() == [20_000, 30_000, 40_000]


def test_a_risk_is_drawn_between_not_happening_and_happening_whatever_its_cost():
    study = small_study(
        flows=SAVING, risks=[risk(1)], risk_costs=[cost(1, 10_000, spread=500)], **certain("0.5")
    )
    inputs = study.uncertainty.uncertain_inputs.set_index("name")
    assert inputs.loc["risk 1", ["low", "central", "high"]].tolist() == [0, 0, 1]


def test_a_contingency_in_cash_by_year_is_of_each_year_and_not_discounted():
    study = small_study(
        flows=SAVING, risks=[risk(1)], risk_costs=[cost(1, 10_000, years=(2025, 2026))], **certain()
    )  # fmt: skip
    table = study.risks.contingency_by_year
    assert table.loc["p80"].tolist() == [0, 10_000, 10_000, 0, 0]
    assert table.loc["p80"].sum() > study.risks.contingency["p80"]  # which is discounted


# plan in the money


def task(number, days, after="", **cells):
    """Return a row of tasks.csv as text."""
    return {"task": str(number), "name": f"task {number}", "duration_days": str(days), "predecessors": after, **cells}  # fmt: skip


def spread(number, shortest, longest):
    """Return a row of task_ranges.csv as text."""
    return {"task": str(number), "optimistic_days": str(shortest), "pessimistic_days": str(longest)}


PLAN = {
    "file": {"plan_start": pd.Timestamp("2024-04-01").date()},
    "tasks": [task(1, 130), task(2, 120, "1")],  # ends on a Friday, 14 March 2025
    "flows": [
        flow("posts", "saving", 120, (2025, 2028), starts_with="2"),
        flow("move", "one_off_cost", 60, (2025, 2025), starts_with="2"),
        flow("desks", "saving", 10, (2025, 2028)),
    ],
    "sensitivities": FIXED,
}
LATER = 0.2 * 250 * 7 / 5 / 365.25  # a fifth of 250 working days, in years


def test_a_plan_that_takes_longer_moves_what_starts_with_it_by_hand():
    study = small_study(**PLAN)
    assert study.plan.slips == {2: 0.0}
    net = study.savings.net_flows.loc["North"]
    assert net.tolist() == approx([0, 70, 130, 130, 130])
    late = study.varied(duration_change=0.2)
    slip = late.plan.slips[2]
    assert slip == approx(LATER)
    moved = late.savings.net_flows.loc["North"]
    assert moved.tolist() == approx([0, 10 + 60 * (1 - slip), 130 - 60 * slip, 130, 130])
    assert moved.sum() == approx(net.sum() - 120 * slip)  # a part of a year's saving is lost


def test_ready_early_starts_nothing_early_and_a_reserve_before_the_deadline_is_used_first():
    study = small_study(**PLAN)
    assert study.varied(duration_change=-0.2).savings.net_flows.equals(study.savings.net_flows)
    with_deadline = PLAN | {"tasks": [task(1, 130), task(2, 120, "1", deadline="2025-04-30")]}
    late = small_study(**with_deadline).varied(duration_change=0.2)
    assert late.plan.slips[2] == approx(LATER - 47 / 365.25)  # 14 March to 30 April


def test_a_delay_costs_what_a_month_of_it_costs_in_the_years_in_which_it_lasts():
    costs = [
        {
            "option": "a",
            "line": "team",
            "partner": "North",
            "starts_with": "2",
            "monthly_gbp": "10",
        },
        {
            "option": "a",
            "line": "lease",
            "partner": "shared",
            "first_year": "2026",
            "monthly_gbp": "1",
        },
    ]
    study = small_study(**PLAN, delay_costs=costs)
    assert "delay_cost" not in study.savings.planned_flows.index.get_level_values("flow")
    assert not savings.by_partner(study.savings.flows, "delay_cost").to_numpy().any()
    late = study.varied(duration_change=0.2)
    slip, rest = late.plan.slips[2], 17 / 365.25  # from 15 to 31 March 2025
    spent = savings.by_partner(late.savings.flows, "delay_cost").loc["North"]
    assert spent.tolist() == approx([120 * rest, 120 * (slip - rest), 0, 0, 0], abs=0.2)
    both = study.varied(delay_years=1.5, cost_apportionment="equal").savings
    spent = savings.by_partner(both.flows, "delay_cost")
    assert spent.loc["South"].tolist() == approx([0, 0, 6, 3, 0])  # half of 12 a year
    assert spent.loc["North"].sum() == approx(120 * 1.5 + 9)


def test_a_plan_without_spread_gives_the_dates_and_the_money_of_the_plan_in_every_draw():
    study = small_study(**PLAN, task_ranges=[spread(1, 130, 130), spread(2, 120, 120)])
    late = study.varied(duration_change=0.2)
    for at in (study, late):
        worth = at.savings.net_present_values.sum()
        assert at.uncertainty.simulated_worth[ALL].to_numpy() == approx(np.full(DRAWS, worth))


def test_the_date_and_the_money_are_drawn_together():
    # task 2 alone decides: early enough, the deadline is kept and nothing is lost
    flows = [
        flow("posts", "saving", 100, (2024, 2024)),
        flow("move", "one_off_cost", 95, (2024, 2024)),
    ]
    costs = [
        {"option": "a", "line": "team", "partner": "North", "starts_with": "1", "monthly_gbp": "1"}
    ]
    given = {
        "file": PLAN["file"], "tasks": [task(1, 100, deadline="2024-08-16")], "flows": flows,
        "delay_costs": costs, "task_ranges": [spread(1, 50, 300)], "sensitivities": FIXED,
    }  # fmt: skip
    study = small_study(**given)
    kept = study.plan.deadline_chances.at[ALL, "chance"]
    lost = study.uncertainty.risk_of_loss.at[ALL, "probability_of_loss"]
    assert 0 < lost < 1 - kept  # five months' delay costs what is gained; a day's does not
    assert study.uncertainty.on_time_without_loss == approx(kept, abs=1e-3)
    # the task's PERT law: lost where it takes more than 100 days and five months
    drawn = study.uncertainty.drawn(0)[savings.slip_of(1)]
    net = study.uncertainty.net({savings.slip_of(1): drawn}, CHUNK)
    assert net.sum(axis=(1, 2)) == approx(5 - 12 * np.minimum(drawn, study.plan.longest_slips[1]))
    planned = uncertainty.pert_table(50.0, 100.0, 300.0)
    beyond = np.interp(100 + 5 / 12 * 365.25 * 5 / 7, planned, uncertainty.SCORES)
    closed = 1 - 0.5 * (1 + math.erf(beyond / math.sqrt(2)))
    assert lost == approx(closed, abs=0.01)


def test_results_tell_a_reserve_of_a_single_day_and_none_where_there_is_none():
    tasks = [task(1, 100, deadline="2024-08-16", contingency_days="1"), task(2, 9, deadline="2024-08-16")]  # fmt: skip
    ranges = [spread(1, 50, 300), spread(2, 9, 20)]
    study = small_study(file=PLAN["file"], tasks=tasks, task_ranges=ranges)
    told = [
        row[1] for row in study.plan.rows() if row[0] == "deadline_probability_with_contingency"
    ]
    assert told == ["1", ALL]


@pytest.mark.parametrize(("longest", "is_drawn"), [(150, True), (130, False)])
def test_a_task_is_drawn_only_if_it_can_be_late(longest, is_drawn):
    study = small_study(**PLAN, task_ranges=[spread(1, 130, longest), spread(2, 120, 120)])
    names = set(study.uncertainty.uncertain_inputs["name"])
    assert (savings.slip_of(2) in names) == is_drawn


def test_a_line_that_starts_with_an_uncertain_task_is_not_late_by_the_lever_as_well():
    ranges = [spread(1, 130, 130), spread(2, 120, 200)]
    drawn = [row for row in FIXED if row["parameter"] != "delay_years"]
    study = small_study(**PLAN | {"sensitivities": drawn}, task_ranges=ranges)
    columns = {"delay_years": np.array([1.0]), savings.slip_of(2): np.array([0.0])}
    net = study.uncertainty.net(columns, 1).sum(axis=1)[0]
    assert net.tolist() == approx([0, 60, 130, 130, 130])  # the desks alone are a year late
    tied = PLAN | {"flows": PLAN["flows"][:2], "sensitivities": drawn}
    assert "delay_years" not in set(
        small_study(**tied, task_ranges=ranges).uncertainty.uncertain_inputs["name"]
    )


def of_one_cause(correlation, of_others="people"):
    """Return a plan and an overrun and a risk that follow causes, the plan's being people."""
    follows = {"cause": of_others, "correlation": "0.8"}
    drawn = [row | ({"drawn": "true"} | follows if row["parameter"] == "overrun" else {}) for row in FIXED]  # fmt: skip
    ranges = [spread(1, 100, 200), spread(2, 90, 200)]
    return small_study(
        **PLAN | {"sensitivities": drawn}, **certain(), risks=[risk(1, **follows)],
        risk_costs=[cost(1, 20, spread=10)],
        task_ranges=[row | {"cause": "people", "correlation": str(correlation)} for row in ranges],
    )  # fmt: skip


def test_a_task_a_parameter_and_a_risk_of_one_cause_move_together():
    late, lone = savings.slip_of(2), {"overrun": 0.0, "risk 1": 0.0}
    joined, apart = (of_one_cause(0.8, other).uncertainty for other in ("people", "prices"))
    for number, count, seed in ((3, CHUNK, SEED), (2, CHUNK, 7), (2, 4000, SEED)):
        columns, other = (of.drawn(number, count, seed) for of in (joined, apart))
        for name in lone:
            moved = np.corrcoef(columns[late], columns[name])[0, 1]
            assert moved > 0.4
            assert np.corrcoef(other[late], other[name])[0, 1] == approx(0, abs=0.06)
    worths = [of.simulated_worth[ALL] for of in (joined, apart)]
    assert worths[0].std() > worths[1].std()  # what goes wrong together is riskier
    dates = [of.plan.certain_finishes.loc[ALL] for of in (joined, apart)]
    assert (
        abs(dates[0] - dates[1]) <= pd.Timedelta(days=4)
    ).all()  # each date is as sure as it was


def test_a_task_that_follows_no_cause_of_others_is_drawn_as_it_was():
    nil, apart = (of_one_cause(0, "people"), of_one_cause(0, "prices"))
    assert nil.plan.simulated.finish.tolist() == apart.plan.simulated.finish.tolist()
    assert not of_one_cause(0.8, "prices").plan.uncertain.shared


def test_money_must_start_with_a_task_that_is_there():
    flows = [flow("posts", "saving", 120, (2025, 2028), starts_with="5")]
    with pytest.raises(InputError, match=r"flows row 1: starts_with '5' is unknown; allowed: 1, 2"):
        small_case(**PLAN | {"flows": flows})
    both = {"option": "a", "line": "team", "partner": "North", "monthly_gbp": "10"}
    for cells in ({}, {"starts_with": "2", "first_year": "2026"}):
        with pytest.raises(
            InputError, match="give either starts_with or first_year, from which a delay counts"
        ):
            small_case(**PLAN, delay_costs=[both | cells])
    with pytest.raises(
        InputError, match="first_year 2031 lies outside the appraisal, 2024 to 2028"
    ):
        small_case(**PLAN, delay_costs=[both | {"first_year": "2031"}])


def test_a_delay_of_two_years_is_no_gain_to_leicestershire():
    study = load_study("lictp-2020")
    worth = study.savings.net_present_values.sum()
    assert study.varied(delay_years=2.0).savings.net_present_values.sum() < worth
    assert study.in_scenario("late-start").savings.net_present_values.sum() < worth


# criteria


@pytest.mark.parametrize(
    ("section", "measure", "threshold"),
    [("savings", "npv_p50", "0"), ("savings", "probability_of_loss", "0.2"), ("risks", "risk_adjusted_npv", "0")],
)  # fmt: skip
def test_a_criterion_may_stand_on_the_draws_and_is_turned_by_what_moves_them(
    section, measure, threshold
):
    comparison = "at_most" if measure == "probability_of_loss" else "at_least"
    gate = {
        "criterion": "sure",
        "section": section,
        "measure": measure,
        "comparison": comparison,
        "threshold": threshold,
    }
    study = small_study(
        flows=[flow("posts", "saving", 100_000), flow("move", "one_off_cost", 180_000, (2024, 2024))],
        gates=[gate], risks=[risk(1)], risk_costs=[cost(1, 10_000)], **certain("0.5"),
    )  # fmt: skip
    assert study.decision.recommendation == "go"
    turned = study.decision.turning_changes.set_index("parameter")
    assert turned.at["realisation", "then"] == "stop"
    assert 0.3 < turned.at["realisation", "value"] < 1


def test_the_same_case_with_other_tables_shares_no_draw_that_they_move():
    case = load_case("lictp-2020")
    study = Study.of(case, "base")
    nothing = study.tables["risk_costs"].iloc[:0]
    without = Study(
        replace(case, tables=case.tables | {"risk_costs": nothing}), "base", study.parameters
    )
    assert without.uncertainty.costs_drawn.empty
    own = {
        name: values
        for name, values in study.uncertainty.drawn(3, 50, SEED).items()
        if not name.startswith("risk ")
    }
    for name, values in without.uncertainty.drawn(3, 50, SEED).items():
        assert (values == own[name]).all()
