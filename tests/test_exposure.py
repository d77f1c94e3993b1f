"""What risks may cost: expected cost and contingency against closed forms and hand-worked cases."""

import math

import numpy as np
import pandas as pd
import pytest
from conftest import inputs
from hypothesis import given, settings
from hypothesis import strategies as st
from test_risks import made_up, made_up_costs, made_up_risks

from businesscase.calculations import exposure
from businesscase.calculations.apportionment import among_members, membership
from businesscase.study import load_study
from businesscase.study.results import frame

DRAWS, SEED = 10_000, 5
BACKFILL = "Backfill, legal and HR advice"
CHARGE = "Charge for the insourced service"
UNPLACED_ANEW = {"residual_likelihood": "", "residual_impact": ""}
CERTAIN = UNPLACED_ANEW | {"likelihood": "Almost certain"}
YEARS = [2026, 2027, 2028]
HALVES = pd.DataFrame(0.5, index=["North", "South"], columns=YEARS)


def costs(*rows):
    """Return rows of cost: risk, partner, low, most likely, high, lowest and highest chance."""
    columns = ["risk", "partner", *exposure.ESTIMATES, *exposure.CHANCES]
    return pd.DataFrame(rows, columns=columns).assign(first_year=2026, last_year=2026)


def totals(table, draws=DRAWS):
    """Return what all risks cost in each draw, if each row counts for one year and one partner."""
    levels = exposure.drawn_levels(table, {}, draws, SEED)
    by_risk, _ = exposure.simulated_costs(table, np.ones((len(table), 1)), levels, draws)
    return by_risk.sum(axis=0)


# expected cost


def test_expected_cost_is_the_middle_chance_times_a_third_of_the_three_estimates():
    table = costs((1, "North", 0.0, 10.0, 50.0, 0.2, 0.4))
    expected = exposure.expected_costs(table, HALVES)
    assert expected.loc[(1, "North")].tolist() == pytest.approx([6.0, 0.0, 0.0])
    assert expected.loc[(1, "South")].tolist() == [0.0, 0.0, 0.0]


def test_a_cost_is_borne_in_the_years_of_its_rows_by_its_partner_or_by_shares():
    table = costs((1, "South", *[1.0] * 5), (1, "shared", *[1.0] * 5)).assign(
        last_year=[2027, 2026]
    )
    borne = exposure.borne(table, HALVES)
    assert borne[0].tolist() == [[0, 0, 0], [1, 1, 0]]
    assert borne[1].tolist() == [[0.5, 0, 0], [0.5, 0, 0]]


def test_years_that_are_not_appraised_cost_nothing():
    table = costs((1, "North", *[1.0] * 5)).assign(first_year=2025, last_year=2040)
    assert exposure.borne(table, HALVES).sum() == 3


def test_two_certain_years_are_discounted_by_hand():
    rows = made_up_costs((1, "inherent", "Melton", 2021, 2022, 1000.0, 1000.0, 1000.0, ""))
    study = made_up(made_up_risks(CERTAIN), rows, discount_rate=0.1)
    expected = study.risks.expected_costs.loc[1]
    assert expected[2020] == 0
    assert expected[2021] == pytest.approx(1000 / 1.1)
    assert expected[2022] == pytest.approx(1000 / 1.21)
    assert study.risks.contingency.tolist() == pytest.approx([1000 / 1.1 + 1000 / 1.21] * 3)
    assert study.risks.simulated_contingency.std() == pytest.approx(0, abs=1e-9)


def test_cost_in_the_decision_year_is_not_discounted():
    rows = made_up_costs((1, "inherent", "Melton", 2020, 2020, 500.0, 500.0, 500.0, ""))
    study = made_up(made_up_risks(CERTAIN), rows, discount_rate=0.2)
    assert study.risks.expected_costs.loc[1].tolist() == [500, 0, 0, 0, 0, 0, 0]


def test_residual_cost_replaces_the_inherent_one_where_there_is_any():
    table = pd.DataFrame({"risk": [1, 1, 2], "position": ["inherent", "residual", "inherent"]})
    assert exposure.costs_at(table, "inherent").index.tolist() == [0, 2]
    assert exposure.costs_at(table, "residual").index.tolist() == [1, 2]


# contingency


@pytest.mark.parametrize("cost", [0.0, 123.45, 1e7])
def test_a_certain_risk_of_a_known_cost_costs_that_in_every_draw(cost):
    levels = exposure.contingency(totals(costs((1, "North", cost, cost, cost, 1.0, 1.0))))
    assert levels.to_dict() == {"p50": cost, "p80": cost, "p90": cost}


@pytest.mark.parametrize(
    ("chance", "levels"),
    [
        (0.0, [0, 0, 0]),
        (0.05, [0, 0, 0]),
        (0.15, [0, 0, 100]),
        (0.3, [0, 100, 100]),
        (0.7, [100, 100, 100]),
    ],
)
def test_levels_of_a_risk_of_one_amount_are_all_or_nothing(chance, levels):
    found = exposure.contingency(totals(costs((1, "North", 100, 100, 100, chance, chance))))
    assert found.tolist() == levels


def test_a_certain_triangular_cost_has_the_percentiles_of_its_closed_form():
    # rising side: low + sqrt(u width (mode - low)); falling: high - sqrt((1 - u) width (high - mode))
    found = exposure.contingency(totals(costs((1, "North", 0.0, 30.0, 100.0, 1.0, 1.0)), 100_000))
    closed = [100 - math.sqrt((1 - level) * 100 * 70) for level in (0.5, 0.8, 0.9)]
    assert found.tolist() == pytest.approx(closed, abs=0.6)


def test_a_range_of_chances_happens_as_often_as_its_middle():
    happened = totals(costs((1, "North", 1, 1, 1, 0.1, 0.5)), 100_000).mean()
    assert happened == pytest.approx(0.3, abs=4 * math.sqrt(0.3 * 0.7 / 100_000))


def test_independent_risks_add_up_in_mean_and_in_variance():
    table = costs((1, "North", 100, 100, 100, 0.3, 0.3), (2, "North", 50, 50, 50, 0.6, 0.6))
    drawn = totals(table, 100_000)
    assert drawn.mean() == pytest.approx(30 + 30, abs=1)
    assert drawn.var() == pytest.approx(100**2 * 0.21 + 50**2 * 0.24, rel=0.02)


def test_rows_of_one_risk_happen_together_at_one_level():
    one, two = (1, "North", 0.0, 50.0, 100.0, 0.5, 0.5), (1, "South", 0.0, 50.0, 100.0, 0.5, 0.5)
    assert totals(costs(one, two)).tolist() == pytest.approx((2 * totals(costs(one))).tolist())


def test_mean_of_the_draws_agrees_with_the_expected_cost_of_the_leicestershire_register():
    study = load_study("lictp-2020")
    drawn = study.risks.simulated_contingency
    error = drawn.std() / math.sqrt(len(drawn))
    assert drawn.mean() == pytest.approx(study.risks.expected_costs.to_numpy().sum(), abs=4 * error)


def test_what_the_partners_bear_adds_up_to_what_the_risks_cost_in_every_draw():
    by_risk, by_partner = load_study("lictp-2020").risks.simulated_costs
    np.testing.assert_allclose(by_partner.sum(axis=0), by_risk.sum(axis=0), atol=1e-6)


ROW = st.tuples(
    st.integers(1, 9),
    st.just("North"),
    st.floats(0, 1000),
    st.floats(0, 1000),
    st.floats(0, 1000),
    st.floats(0, 1),
    st.floats(0, 1),
).map(lambda row: (row[0], row[1], *sorted(row[2:5]), *sorted(row[5:])))


@settings(max_examples=inputs(10, 40))
@given(st.lists(ROW, min_size=1, max_size=6, unique_by=lambda row: row[0]), st.randoms())
def test_draws_do_not_depend_on_the_order_of_the_rows_and_scale_with_the_pounds(rows, random):
    drawn = totals(costs(*rows), 200)
    shuffled = random.sample(rows, len(rows))
    np.testing.assert_allclose(totals(costs(*shuffled), 200), drawn, rtol=1e-9, atol=1e-6)
    doubled = [(*row[:2], *(2 * amount for amount in row[2:5]), *row[5:]) for row in rows]
    np.testing.assert_allclose(totals(costs(*doubled), 200), 2 * drawn, rtol=1e-9, atol=1e-6)
    most = sum(row[4] for row in rows)
    assert (drawn >= 0).all() and (drawn <= most * (1 + 1e-9)).all()


def test_a_risk_fares_alike_whatever_else_is_in_the_register():
    one, other = (7, "North", 0.0, 5.0, 9.0, 0.1, 0.9), (3, "North", 0.0, 5.0, 9.0, 0.1, 0.9)
    alone = exposure.drawn_levels(costs(one), {}, 100, SEED)
    both = exposure.drawn_levels(costs(other, one), {}, 100, SEED)
    assert both[7].tolist() == alone[7].tolist()
    assert both[3].tolist() != alone[7].tolist()


def test_a_rare_risk_brings_most_of_the_tail_that_it_alone_causes():
    # the worst fifth is the one draw with it, and one without
    by_risk = np.array([[10.0] * 10, [0.0] * 9 + [90.0]])
    table = exposure.contributions(by_risk, [4, 8])
    assert table["mean_cost"].to_dict() == {4: 10.0, 8: 9.0}
    assert table["tail_cost"].to_dict() == {4: 10.0, 8: 45.0}
    assert table["tail_share"].to_dict() == pytest.approx({4: 10 / 55, 8: 45 / 55})


def test_the_tail_is_the_fifth_of_draws_that_cost_most_where_many_cost_the_same():
    # 3 of 10 draws cost 10, one costs 100: the fifth that costs most is that one and one of the 10s
    by_risk = np.array([[0.0] * 6 + [10.0] * 3 + [0.0], [0.0] * 9 + [100.0]])
    assert exposure.contributions(by_risk, [1, 2])["tail_cost"].to_dict() == {1: 5.0, 2: 50.0}


def test_risks_that_never_cost_anything_have_no_part_in_the_tail():
    assert exposure.contributions(np.zeros((2, 5)), [1, 2])["tail_share"].tolist() == [0, 0]


# under a scenario


def test_expected_cost_of_the_leicestershire_contract_is_worked_by_hand():
    study = load_study("lictp-2020")
    # Very High is 0.75 to 0.95; 0, 27,000 and 162,000 in 2021/22, one year after the decision
    by_hand = 0.85 * (0 + 27_000 + 162_000) / 3 / 1.035
    assert study.risks.expected_costs.loc[1].sum() == pytest.approx(by_hand)
    assert study.risks.costed == [1, 2, 4, 6]


RESIDUAL = made_up_costs(
    (1, "inherent", "Melton", 2020, 2020, 900.0, 900.0, 900.0, ""),
    (1, "residual", "Melton", 2020, 2020, 300.0, 300.0, 300.0, ""),
)


def test_the_position_that_stands_counts_and_its_cost_with_it():
    carried_out = made_up(made_up_risks({}), RESIDUAL)
    assert carried_out.risks.expected_costs.loc[1].sum() == pytest.approx(0.1 * 300)  # Unlikely
    assert carried_out.risks.inherent_costs.to_dict() == pytest.approx({1: 0.6 * 900})  # Likely
    none = made_up(made_up_risks({}), RESIDUAL, risk_responses="none")
    assert none.risks.expected_costs.loc[1].sum() == pytest.approx(0.6 * 900)


def test_a_risk_without_a_residual_position_keeps_its_chance_with_its_residual_cost():
    study = made_up(made_up_risks(UNPLACED_ANEW), RESIDUAL)
    assert study.risks.expected_costs.loc[1].sum() == pytest.approx(0.6 * 300)


def test_a_shift_in_likelihood_moves_the_chance_of_what_stands():
    study = made_up(made_up_risks({}), RESIDUAL, likelihood_shift=1)
    assert study.risks.expected_costs.loc[1].sum() == pytest.approx(0.3 * 300)  # Possible
    assert study.risks.inherent_costs.to_dict() == pytest.approx({1: 900})  # Almost certain


@pytest.mark.parametrize(
    ("response_cost", "worth"), [(100.0, 0.6 * 900 - 0.1 * 300 - 100), (600.0, -90.0)]
)
def test_a_response_is_worth_what_it_removes_less_what_it_costs(response_cost, worth):
    study = made_up(made_up_risks({"response_cost_gbp": response_cost}), RESIDUAL)
    assert study.risks.response_values.to_dict() == pytest.approx({1: worth})
    costly = "the response costs more than the expected cost that it removes"
    assert (costly in set(study.risks.findings["finding"])) == (worth < 0)


def test_what_a_response_is_worth_is_not_known_without_its_cost_or_its_effect():
    assert made_up(made_up_risks({}), RESIDUAL).risks.response_values.empty
    unplaced = made_up_risks(UNPLACED_ANEW | {"response_cost_gbp": 100.0})
    assert made_up(unplaced, RESIDUAL.iloc[:1]).risks.response_values.empty


def test_a_risk_without_a_likelihood_is_left_out_of_the_money():
    study = made_up(made_up_risks(UNPLACED_ANEW | {"likelihood": ""}), RESIDUAL)
    assert study.risks.costed == []


def test_a_shorter_horizon_leaves_later_years_out():
    study = load_study("lictp-2020", horizon_years=1)
    assert list(study.risks.expected_costs) == [2020, 2021]
    assert study.risks.expected_costs.loc[4].sum() == 0  # it costs in 2022/23


def one_shared(first=2020, last=2020):
    """Return a study's register and cost of a certain, shared 900 a year."""
    rows = made_up_costs((1, "inherent", "shared", first, last, 900.0, 900.0, 900.0, ""))
    return made_up_risks(CERTAIN), rows


def test_a_shared_cost_is_divided_as_the_stated_costs_are():
    borne = made_up(*one_shared()).risks.costs_borne
    assert borne["Melton"] == pytest.approx(900 * 229 / 1069, abs=0.01)
    assert borne.sum() == pytest.approx(900)


@pytest.mark.parametrize(
    ("rule", "melton"), [("equal", 300.0), ("users", 900 * 229 / 1069)]
)  # fmt: skip
def test_a_shared_cost_is_divided_by_the_scenarios_rule_for_costs(rule, melton):
    study = made_up(*one_shared(), cost_apportionment=rule)
    assert study.risks.costs_borne["Melton"] == pytest.approx(melton)


def test_a_mix_of_rules_divides_a_shared_cost_and_is_named():
    study = made_up(*one_shared(), cost_mix={"equal": 1.0, "users": 1.0})
    assert study.risks.costs_borne["Melton"] == pytest.approx((300 + 900 * 229 / 1069) / 2)
    assert study.risks.cost_rule == "by a mix of equal, users"


def test_a_case_without_flows_divides_equally_and_discounts_all_the_same():
    risks, rows = one_shared(2012, 2013)
    study = made_up(risks, rows, case="dacorum-avdc-2012")
    partners = len(study.partners)
    assert study.savings.flow_lines.empty
    assert study.risks.cost_rule == "equally"
    assert study.risks.expected_costs.loc[1].sum() == pytest.approx(900 * (1 + 1 / 1.035))
    assert study.risks.costs_borne.tolist() == pytest.approx(
        [900 * (1 + 1 / 1.035) / partners] * partners
    )


def test_the_others_carry_a_leavers_part_after_it_has_left():
    study = made_up(*one_shared(2024, 2025), scenario="blaby-leaves", discount_rate=0.0)
    borne = study.risks.costs_borne  # Blaby leaves after 2024/25
    assert borne["Blaby"] == pytest.approx(900 * 341 / 1069, abs=0.01)
    assert borne["Melton"] == pytest.approx(900 * 229 / 1069 + 900 * 229 / 728, abs=0.01)
    assert borne.sum() == pytest.approx(1800)


def test_the_others_carry_alike_what_the_leaver_alone_paid():
    alone = pd.DataFrame({2026: [1.0, 0.0, 0.0], 2027: [1.0, 0.0, 0.0]}, index=["North", "South", "West"])  # fmt: skip
    after = among_members(alone, membership(list(alone.index), {}, {"North": 2027}, [2026, 2027]))
    assert after[2026].tolist() == [1, 0, 0]
    assert after[2027].tolist() == [0, 0.5, 0.5]


def test_what_would_cost_a_leaver_alone_ends_when_it_leaves():
    rows = made_up_costs((1, "inherent", "Blaby", 2024, 2026, 900.0, 900.0, 900.0, ""))
    study = made_up(made_up_risks(CERTAIN), rows, scenario="blaby-leaves", discount_rate=0.0)
    assert study.risks.expected_costs.loc[1].tolist() == [0, 0, 0, 0, 900, 0, 0]


# double counting


def test_a_line_raised_for_optimism_bias_is_left_out_of_the_contingency():
    plain, raised = load_study("lictp-2020"), load_study("lictp-2020", optimism_bias="applied")
    lines = plain.risks.double_counting.set_index("cost_line")
    assert lines["counted_by"].to_dict() == {BACKFILL: "costed risk", CHARGE: "costed risk"}
    assert lines.at[BACKFILL, "risks"] == [2, 6]
    # twice the line of 163,384 a year after the decision: the upper bound, nothing mitigated
    assert lines.at[BACKFILL, "uplift"] == pytest.approx(2 * 163_384 / 1.035)
    by_hand = 0.375 * (41_000 + 82_000 + 163_000) / 3 + 0.625 * (41_000 + 82_000 + 245_000) / 3
    assert lines.at[BACKFILL, "expected_cost"] == pytest.approx(by_hand / 1.035)
    assert lines.at[CHARGE, "uplift"] == 0  # running cost is not raised
    both = raised.risks.double_counting.set_index("cost_line")
    assert both["counted_by"].to_dict() == {BACKFILL: "optimism bias", CHARGE: "costed risk"}
    for column in ("uplift", "expected_cost"):
        assert both[column].to_dict() == pytest.approx(lines[column].to_dict())
    left_out = plain.risks.expected_costs.sum().sum() - raised.risks.expected_costs.sum().sum()
    assert left_out == pytest.approx(by_hand / 1.035)
    assert raised.risks.contingency["p80"] < plain.risks.contingency["p80"]


def test_an_overrun_is_part_of_what_optimism_bias_would_raise():
    lines = load_study("lictp-2020", overrun=0.5).risks.double_counting.set_index("cost_line")
    assert lines.at[BACKFILL, "uplift"] == pytest.approx(1.5 * 2 * 163_384 / 1.035)


def test_a_line_that_another_option_spends_is_counted_by_neither():
    study = load_study("lictp-2020", "outsourced")
    assert set(study.risks.double_counting["counted_by"]) == {"neither"}
    assert study.risks.expected_costs.sum(axis="columns").to_dict() == pytest.approx(
        {1: 0.85 * 63_000 / 1.035, 2: 0, 4: 0, 6: 0}
    )


def test_a_register_whose_every_cost_is_counted_elsewhere_needs_no_contingency():
    rows = made_up_costs((1, "inherent", "shared", 2021, 2021, 9.0, 9.0, 9.0, BACKFILL))
    study = made_up(made_up_risks(CERTAIN), rows, optimism_bias="applied")
    assert study.risks.contingency.tolist() == [0, 0, 0]
    assert study.risks.expected_costs.to_numpy().sum() == 0
    assert study.risks.contributions["tail_share"].tolist() == [0]


# results


def rows_of(study, measure):
    """Return the results of a measure, by item and year."""
    table = frame(study.rows("risks"))
    table = table[table["measure"] == measure]
    years = [None if pd.isna(year) else year for year in table["year"]]
    return dict(zip(zip(table["item"], years, strict=True), table["value"], strict=True))


def test_results_hold_expected_cost_by_risk_and_by_year_and_both_add_up():
    found = rows_of(load_study("lictp-2020"), "expected_cost")
    total = found.pop(("all", None))
    assert total == pytest.approx(sum(value for (item, _), value in found.items() if item == "all"))
    by_risk = [value for (item, _), value in found.items() if item != "all"]
    assert len(by_risk) == 4 and sum(by_risk) == pytest.approx(total)


def test_results_hold_contingency_who_bears_it_and_what_drives_it():
    study = load_study("lictp-2020")
    levels = [rows_of(study, f"contingency_p{level}")["all", None] for level in (50, 80, 90)]
    assert levels == sorted(levels)
    expected = rows_of(study, "expected_cost")["all", None]
    assert sum(rows_of(study, "expected_cost_borne").values()) == pytest.approx(expected)
    assert sum(rows_of(study, "contingency_share").values()) == pytest.approx(1)
    assert rows_of(study, "expected_cost_inherent")["all", None] == pytest.approx(expected)


def test_results_hold_residual_scores_and_the_worth_of_responses():
    study = made_up(made_up_risks({"response_cost_gbp": 100.0}), RESIDUAL)
    assert rows_of(study, "risk_score") == {("1", None): 16}
    assert rows_of(study, "residual_score") == {("1", None): 8}
    assert rows_of(study, "highest_risk_score") == {("all", None): 8}
    assert rows_of(study, "response_value") == pytest.approx({("1", None): 410})


def test_a_register_without_costs_has_no_result_in_pounds():
    study = made_up(made_up_risks({}))
    units = {unit for *_, unit in study.rows("risks")}
    assert units and "£" not in units
