"""What moves, against what, and what of it is cash: kinds of flow, the comparator, the ratio, the summary."""

import numpy as np
import pandas as pd
import pytest
from cells import shown_in
from conftest import inputs
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest import approx
from small import flow, result, small_case, small_study

from businesscase.calculations import appraisal, savings
from businesscase.calculations.apportionment import ALL
from businesscase.cases.errors import InputError
from businesscase.cases.validation import parameter_faults
from businesscase.shown import savings as show
from businesscase.study import load_study

NO_DISCOUNT = {"base": {"discount_rate": 0.0}}
YEAR_0 = (2024, 2024)
OPTIONS = [
    {"option": letter, "name": name, "description": name}
    for letter, name in (("a", "Share"), ("b", "Alone"), ("c", "Contract"))
]


def study_of(*rows, base=NO_DISCOUNT["base"], **given):
    """Return the study of North and South with these lines."""
    return small_study(flows=list(rows), scenarios={"base": dict(base)}, **given)


def worth(study, item=ALL):
    """Return the net present value of an item."""
    return study.savings.appraisal.at[item, "net_present_value"]


# kinds of flow, under each lever


POSTS = flow("posts", "saving", 100)


@pytest.mark.parametrize("kind", ["grant", "receipt"])
def test_what_is_received_is_no_saving_and_no_lever_touches_it(kind):
    study = study_of(POSTS, flow("given", kind, 200, (2025, 2025)))
    assert worth(study) == 700
    measures = study.savings.appraisal.loc[ALL]
    assert (measures["total_saving"], measures["receipts"], measures["one_off_cost"]) == (
        500,
        200,
        0,
    )
    pessimistic = study.varied(
        realisation=0.67, delay_years=1.0, overrun=1.0, running_cost_change=0.5
    )
    assert worth(pessimistic) == approx(200 + 0.67 * 400)


@pytest.mark.parametrize("years", [(2024, 2028), (2028, 2028), (2024, 2024)])
def test_a_residual_value_is_of_the_last_year_whatever_the_delay(years):
    study = study_of(POSTS, flow("servers", "residual_value", 50, years))
    values = savings.by_partner(study.savings.flows, "residual_value").loc["North"].tolist()
    assert values == [0, 0, 0, 0, 50]
    assert worth(study.varied(delay_years=2.0)) == approx(300 + 50)
    sooner = study.varied(horizon_years=2)
    assert savings.by_partner(sooner.savings.flows, "residual_value").loc["North"].tolist() == [
        0,
        0,
        50,
    ]


def test_an_extra_cost_is_late_with_the_service_and_is_never_realised_in_part():
    study = study_of(POSTS, flow("help desk elsewhere", "extra_cost", 30))
    assert worth(study) == 350
    assert worth(study.varied(realisation=0.5)) == 5 * (50 - 30)
    assert worth(study.varied(delay_years=1.0)) == 4 * 70
    assert study.savings.appraisal.at[ALL, "one_off_cost"] == 0


@pytest.mark.parametrize(
    ("kind", "instead"),
    [
        ("saving", "extra_cost"),
        ("extra_cost", "saving"),
        ("running_cost", "saving"),
        ("one_off_cost", "grant or receipt"),
        ("grant", "one_off_cost"),
    ],
)
def test_an_amount_below_nil_is_refused_with_the_flow_that_it_should_be(kind, instead):
    with pytest.raises(
        InputError, match=rf"amount_gbp: found -5; .*below nil is a flow of its own, {instead}"
    ):
        small_case(flows=[flow("posts", kind, -5)])


def test_a_blank_last_year_is_to_the_end_of_the_appraisal():
    study = study_of(POSTS | {"last_year": "", "first_year": "2026"})
    assert study.savings.net_flows.loc["North"].tolist() == [0, 0, 100, 100, 100]
    assert study.varied(horizon_years=3).savings.net_flows.loc["North"].tolist() == [0, 0, 100, 100]


def test_a_line_may_be_late_by_itself_and_then_with_the_scenario():
    study = study_of(POSTS | {"delay_years": "0.5"}, flow("other", "saving", 10))
    assert study.savings.net_flows.loc["North"].tolist() == approx([60, 110, 110, 110, 110])
    later = study.varied(delay_years=1.0).savings.net_flows.loc["North"]
    assert later.tolist() == approx([0, 60, 110, 110, 110])


def test_what_rises_faster_than_other_prices_does_so_from_year_0_and_also_when_it_is_late():
    licences = flow("licences", "running_cost", 100, real_growth="0.08")
    study = study_of(licences)
    paid = -study.savings.net_flows.loc["North"]
    assert paid.tolist() == approx([100 * 1.08**number for number in range(5)])
    late = -study.varied(delay_years=1.0).savings.net_flows.loc["North"]
    entered_later = -study_of(licences | {"first_year": "2025"}).savings.net_flows.loc["North"]
    assert late.tolist() == approx(entered_later.tolist())
    assert late.tolist() == approx([0, *paid[1:]])


# cash apart


def test_sunk_cost_is_in_the_budget_and_in_no_measure_of_worth():
    sunk = flow("outline case", "one_off_cost", 85, YEAR_0, sunk="true")
    rows = [POSTS, flow("move", "one_off_cost", 100, YEAR_0)]
    without, study = study_of(*rows), study_of(*rows, sunk)
    measured, plain = study.savings.appraisal, without.savings.appraisal
    pd.testing.assert_frame_equal(measured, plain)
    effects = [
        each.cash.medium_term_plan.loc[("North", "effect on the revenue budget"), 2024]
        for each in (without, study)
    ]
    assert effects[0] - effects[1] == 85
    with pytest.raises(
        InputError, match="sunk is true of a saving; it can be of a one_off_cost alone"
    ):
        study_of(POSTS | {"sunk": "true"})


def test_cash_and_time_add_up_to_all():
    time = flow("time", "saving", 60, partner="South", cashable="false")
    study = study_of(POSTS, time, flow("charge", "running_cost", 50, partner="South"))
    measured = study.savings.appraisal
    assert measured["total_saving"].tolist() == [550, 500, 50]
    assert measured["cashable_saving"].tolist() == [250, 500, -250]
    assert measured["time_saving"].tolist() == [300, 0, 300]
    assert measured["cash_net_present_value"].tolist() == [250, 500, -250]
    assert pd.isna(measured.at["South", "payback_years"])
    assert measured.at["South", "peak_funding"] == 250
    assert "Worse off in cash, though not once time is counted: South." in show.answer(study).text


def test_a_floor_makes_good_what_a_partner_pays_in_cash_whatever_time_it_frees():
    rows = [POSTS, flow("time", "saving", 60, partner="South", cashable="false"), flow("charge", "running_cost", 50, partner="South")]  # fmt: skip
    study = study_of(*rows, base={"discount_rate": 0.0, "no_detriment": "by_year"})
    assert savings.by_partner(study.savings.flows, "no_detriment_transfer").loc["South"].tolist() == [50] * 5  # fmt: skip
    assert study.savings.cash_flows.loc["South"].tolist() == [0] * 5
    assert study.savings.net_flows.loc["South"].tolist() == [60] * 5
    drawn = study.uncertainty.net_of_levers(
        {name: np.array([value]) for name, value in study.savings.levers.items()}
    )
    assert drawn[0] == approx(study.savings.net_flows.loc[["North", "South"]].to_numpy())


def test_a_floor_over_the_term_makes_good_the_sum_in_the_last_year():
    rows = [POSTS, flow("move", "one_off_cost", 100, YEAR_0, "South"), flow("posts", "saving", 20, partner="South")]  # fmt: skip
    study = study_of(*rows, base={"discount_rate": 0.0, "no_detriment": "over_term"})
    assert not savings.by_partner(study.savings.flows, "no_detriment_transfer").any(axis=None)
    short = study.varied(realisation=0.5)
    moved = savings.by_partner(short.savings.flows, "no_detriment_transfer")
    assert moved.loc["South"].tolist() == [0, 0, 0, 0, 50]
    assert short.savings.cash_flows.sum(axis="columns")["South"] == approx(0)
    assert "over the term" in show.taking_part(short).text


def test_peak_funding_of_all_is_what_those_out_of_pocket_must_find_at_one_time():
    # North is 200 out in 2024, South 150 out in 2026: never both at once
    rows = [
        flow("move", "one_off_cost", 200, YEAR_0), flow("posts", "saving", 200, (2025, 2028)),
        flow("move", "one_off_cost", 150, (2026, 2026), "South"), flow("posts", "saving", 150, (2027, 2028), "South"),
    ]  # fmt: skip
    peaks = study_of(*rows).savings.appraisal["peak_funding"]
    assert peaks.to_dict() == {ALL: 200, "North": 200, "South": 150}
    gate = study_of(POSTS, flow("posts", "saving", 100, partner="South"), flow("move", "one_off_cost", 300, YEAR_0))  # fmt: skip
    assert gate.savings.appraisal.at[ALL, "peak_funding"] == 200


# ratio


LAYOUTS = {
    "old and new": [flow("old", "counterfactual_cost", 500), flow("new", "running_cost", 400)],
    "net": [flow("old less new", "saving", 100)],
    "in parts": [flow("posts", "saving", 60), flow("old", "counterfactual_cost", 90), flow("new", "running_cost", 50)],
}  # fmt: skip


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_ratio_does_not_depend_on_how_rows_are_laid_out(layout):
    study = study_of(*LAYOUTS[layout], flow("move", "one_off_cost", 100, YEAR_0), base={})
    annuity = sum(1.035**-number for number in range(5))
    assert result(study, "savings", "benefit_cost_ratio") == approx(annuity)
    assert annuity == approx(4.67, abs=0.005)


@settings(max_examples=inputs(3, 25))
@given(st.integers(0, 500), st.integers(0, 500), st.integers(1, 400))
def test_a_ratio_is_of_the_net_of_each_year(old, new, once):
    pair = study_of(flow("old", "counterfactual_cost", old), flow("new", "running_cost", new), flow("move", "one_off_cost", once, YEAR_0))  # fmt: skip
    kind = "saving" if old >= new else "extra_cost"
    net = study_of(flow("net", kind, abs(old - new)), flow("move", "one_off_cost", once, YEAR_0))
    ratios = [each.savings.appraisal.at[ALL, "benefit_cost_ratio"] for each in (pair, net)]
    assert ratios[0] == approx(ratios[1])


def test_years_below_nil_are_cost_and_a_grant_lowers_it():
    years = pd.Index(range(3))
    ones = pd.Series(1.0, years)
    recurring, once = pd.Series([-50.0, 100.0, 100.0], years), pd.Series([100.0, 0.0, 0.0], years)
    assert appraisal.benefit_cost_ratio(recurring, once, ones) == approx(200 / 150)
    assert appraisal.benefit_cost_ratio(recurring, once / 2, ones) == approx(200 / 100)
    assert appraisal.benefit_cost_ratio(recurring, -once, ones) is None
    granted = study_of(POSTS, flow("move", "one_off_cost", 200, YEAR_0), flow("fund", "grant", 100, YEAR_0))  # fmt: skip
    assert granted.savings.appraisal.at[ALL, "benefit_cost_ratio"] == approx(5)


def test_without_a_net_cost_a_ratio_has_no_meaning_and_the_text_says_so():
    said = result(study_of(POSTS), "savings", "benefit_cost_ratio")
    assert said == "none: no net cost, so a ratio has no meaning"


# against what


def compared(*rows, **given):
    """Return a study of option a, held against b."""
    return study_of(*rows, file={"comparator": "b"}, options=OPTIONS, **given)


def test_worth_is_against_the_comparator_and_budgets_are_beside_today():
    retender = [flow("old", "counterfactual_cost", 100, option="b"), flow("price", "running_cost", 110, option="b"), flow("tender", "one_off_cost", 30, YEAR_0, option="b")]  # fmt: skip
    proposal = [flow("old", "counterfactual_cost", 100), flow("new", "running_cost", 104), flow("move", "one_off_cost", 20, YEAR_0)]  # fmt: skip
    study = compared(*proposal, *retender)
    measured = study.savings.appraisal.loc[ALL]
    assert measured["net_present_value"] == approx(5 * 6 + 10)
    assert (measured["total_saving"], measured["one_off_cost"]) == (30, 20)
    assert measured["peak_funding"] == 20 + 5 * 4
    plan = study.cash.medium_term_plan.loc[("North", "effect on the revenue budget")]
    assert plan[2024] == -24
    assert "beside option b (Alone), which would come otherwise" in show.answer(study).text


def test_levers_bear_on_the_option_appraised_and_the_comparator_stands_as_planned():
    study = compared(POSTS, flow("posts", "saving", 40, option="b"))
    assert worth(study) == 300
    assert worth(study.varied(realisation=0.5)) == 5 * (50 - 40)
    assert worth(study.varied(delay_years=1.0)) == 4 * 100 - 5 * 40


def test_sharing_is_credited_with_what_it_adds_to_acting_alone_and_equal_options_give_nil():
    alone = [POSTS | {"option": "b"}, flow("posts", "saving", 70, partner="South", option="b")]
    shared = [POSTS, flow("posts", "saving", 70, partner="South")]
    assert worth(compared(*shared, *alone)) == 0
    more = compared(*shared, flow("joint head", "saving", 5), *alone)
    assert (worth(more), worth(more, "South")) == (25, 0)


def test_the_comparator_itself_makes_no_difference_whatever_the_levers_and_budgets_see_its_money():
    rows = [POSTS, flow("price", "running_cost", 10, option="b"), flow("time", "saving", 5, option="b", cashable="false")]  # fmt: skip
    study = compared(*rows).varied(option="b", running_cost_change=0.5, delay_years=1.0)
    assert worth(study) == 0
    assert study.savings.appraisal.at[ALL, "peak_funding"] == approx(4 * 15)
    assert study.uncertainty.risk_of_loss.at[ALL, "probability_of_loss"] == 0
    assert "worth nothing more than itself" in show.answer(study).text


def test_a_partner_outside_the_partnership_does_what_it_would_do_otherwise():
    rows = [*(flow("posts", "saving", 100, partner=name) for name in ("North", "South"))]
    rows += [row | {"option": "b", "amount_gbp": "40"} for row in rows]
    study = compared(*rows).varied(leaves={"South": 2026})
    assert study.savings.net_flows.loc["South"].tolist() == [60, 60, 0, 0, 0]


def test_an_unknown_comparator_is_refused():
    with pytest.raises(InputError, match="comparator 'z' is unknown; allowed: a, b, c"):
        study_of(POSTS, file={"comparator": "z"}, options=OPTIONS)


def test_a_critical_success_factor_never_takes_the_comparator_out_of_the_appraisal():
    factors = [{"factor": "fit", "definition": "fit", "kind": "benefit", "weight": "1", "lowest_score": "0", "highest_score": "10"}]  # fmt: skip
    scores = [{"option": letter, "factor": "fit", "assessor": "all", "score": score} for letter, score in (("a", "5"), ("b", "3"), ("c", "9"))]  # fmt: skip
    passes = [{"option": letter, "criterion": "lawful", "passes": "true" if letter == "a" else "false"} for letter in "abc"]  # fmt: skip
    study = compared(POSTS, factors=factors, scores=scores, success_factors=passes)
    assert study.options.ranking["option"].tolist() == ["a", "b", "c"]
    summary = study.appraisal.summary
    assert summary.loc["b", ["role", "unmonetised_score"]].tolist() == ["comparator", 3.0]
    assert worth(study) == 500 and summary.at["b", "net_present_value"] == 0


# the options side by side


def summary_case():
    """Return the study of two options with money, one without, held against the second."""
    rows = [
        POSTS, flow("move", "one_off_cost", 200, YEAR_0), flow("posts", "saving", 30, partner="South"),
        flow("posts", "saving", 20, option="b"),
    ]  # fmt: skip
    costs = [{"partner": name, "category": "staff", "nature": "staff", "funding": "revenue", "year": "2024", "amount_gbp": "1000"} for name in ("North", "South")]  # fmt: skip
    return compared(*rows, service_costs=costs)


def test_the_summary_sets_every_option_side_by_side():
    table = summary_case().appraisal.summary
    assert table.index.tolist() == ["a", "b", "c"]
    assert table["role"].tolist() == ["proposed", "comparator", ""]
    assert table["net_present_value"].tolist()[:2] == [550 - 200 - 20 * 5 + 100, 0]
    # 2,000 a year for five years, less what is saved, and what is spent once
    assert table["whole_life_cost"].tolist()[:2] == [10_000 - 650 + 200, 10_000 - 100]
    assert table["net_present_value, South"].tolist()[:2] == [150, 0]
    assert table.at["a", "peak_funding"] == 100
    assert table.loc["c"].drop(["name", "role"]).isna().all()


def test_the_summary_is_in_the_results_and_can_be_a_criterion():
    study = summary_case()
    assert result(study, "appraisal", "net_present_value", "a, South") == 150
    assert result(study, "appraisal", "whole_life_cost", "b") == 9900
    rows = study.results[study.results["section"] == "appraisal"]
    assert not rows["value"].isna().any()
    options, _ = shown_in("savings", study, "How do the options compare?")
    assert [row[:3] for row in options.as_read()["rows"]][:2] == [["a", "Share", "proposed"], ["b", "Alone", "comparator"]]  # fmt: skip


def test_the_published_case_is_held_against_what_would_really_happen():
    # the contract ends in 2021: against a retender as assumed, the proposal is worth 362,666
    study = load_study("lictp-2020")
    assert worth(study) == approx(362_666.21, abs=0.01)
    assert worth(study.varied(option="a")) == 0
    beside_today = savings.net_flows(savings.budget(study.savings.flows))
    assert appraisal.present_value(beside_today, study.savings.discount_factors).sum() == approx(-318_278.80, abs=0.01)  # fmt: skip


# parameters


def test_a_realisation_without_a_saving_names_what_moves_the_cost():
    case = small_case(
        flows=[flow("new", "running_cost", 10), flow("old", "counterfactual_cost", 9)]
    )
    changed = case.scenarios["base"].parameters.model_copy(update={"realisation": 0.5})
    [fault] = parameter_faults(case.known, changed)
    assert "states no saving for it to move" in fault
