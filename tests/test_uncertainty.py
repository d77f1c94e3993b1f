"""Sampling and what is read from it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx
from scipy.special import ndtri
from small import flow, small_study

from businesscase.calculations import uncertainty
from businesscase.calculations.apportionment import ALL
from businesscase.calculations.uncertainty import CHUNK
from businesscase.study import Study, load_study


def test_an_input_has_draws_of_its_own_whatever_else_is_drawn():
    one, again = (uncertainty.own_scores(1, 0, "delay", 50) for _ in range(2))
    assert (one == again).all()
    for other in ((2, 0, "delay"), (1, 1, "delay"), (1, 0, "overrun")):
        assert not (one == uncertainty.own_scores(*other, 50)).any()


def test_inputs_of_one_cause_have_the_stated_correlation_and_keep_their_spread():
    causes = [("a", 0.5), ("a", 0.5), ("", 0.9)]
    own = [uncertainty.own_scores(3, 0, name, 40_000)[0] for name in "xyz"]
    joined = [
        uncertainty.with_cause(of, *cause, 3, 0) for of, cause in zip(own, causes, strict=True)
    ]
    scores = np.corrcoef(joined)
    assert scores[0, 1] == approx(0.5, abs=0.02)
    assert scores[0, 2] == approx(0.0, abs=0.02)
    assert np.std(joined, axis=1) == approx([1.0] * 3, abs=0.02)
    assert (joined[2] == own[2]).all()


def test_realisation_varies_over_its_range_in_the_savings_of_a_case():
    drawn = load_study("mkip-2012").uncertainty.drawn(0)
    low, high = np.percentile(drawn["realisation"], [1, 99])
    assert low < 0.65 and high > 0.95


RANGES = (
    st.tuples(*[st.floats(-1e3, 1e3)] * 3).map(sorted).filter(lambda ends: ends[2] - ends[0] > 1e-3)
)


@given(RANGES, st.sampled_from(["pert", "triangular"]))
def test_a_distribution_stays_in_its_range_and_rises(ends, shape):
    values = uncertainty.shaped(np.linspace(-7, 7, 21), shape, *ends)
    assert values.min() >= ends[0] - 1e-6 and values.max() <= ends[2] + 1e-6
    assert (np.diff(values) >= -1e-9).all()


@pytest.mark.parametrize(
    ("likely", "low", "high", "usual", "expected"),
    [
        (0.5, 0.33, 1.0, 1.0, (0.33, 1.0)),  # within: as stated
        (0.33, 0.33, 1.0, 1.0, (0.33, 1.0)),  # on its edge
        (0.0, 0.33, 1.0, 1.0, (0.0, 0.0)),  # nothing is realised, and nothing less can be
        (0.2, 0.33, 1.0, 1.0, (0.0, 0.2)),
        (1.5, 0.33, 1.0, 1.0, (0.83, 1.5)),
        (3.0, 0.0, 2.0, 0.0, (3.0, 5.0)),
        (0.1, -0.05, 0.05, 0.0, (0.05, 0.15)),
        (1.0, 0.3, 0.8, 1.0, (0.3, 1.0)),  # the usual value itself lies outside: stretched to it
    ],
)
def test_a_range_moves_with_a_likely_value_outside_it(likely, low, high, usual, expected):
    limits = {1.0: (0.0, 1.5), 0.0: (-0.5, 5.0)}[usual]
    assert uncertainty.range_around(likely, low, high, usual, limits) == approx(expected)


@given(st.floats(0, 1.5))
def test_a_range_holds_the_likely_value_and_stays_within_the_limits(likely):
    low, high = uncertainty.range_around(likely, 0.33, 1.0, 1.0, (0.0, 1.5))
    assert 0 <= low <= likely <= high <= 1.5


def test_means_are_those_of_the_textbook():
    scores = ndtri((np.arange(100_000) + 0.5) / 100_000)
    assert uncertainty.shaped(scores, "triangular", 0, 1, 5).mean() == approx(2.0, abs=1e-3)
    assert uncertainty.shaped(scores, "pert", 0, 1, 5).mean() == approx((0 + 4 + 5) / 6, abs=1e-3)


def test_a_range_without_width_gives_the_one_value():
    for shape in ("pert", "triangular"):
        found = uncertainty.shaped(np.array([-1.0, 1.0]), shape, 2.0, 2.0, 2.0)
        assert found.tolist() == [2.0, 2.0]


def test_summary_counts_losses():
    worth = np.array([[-1.0, 5.0], [3.0, 6.0], [4.0, 7.0], [5.0, 8.0]])
    table = uncertainty.summary(np.repeat(worth, 10_000, axis=0), ["x", "y"])
    assert table["probability_of_loss"].tolist() == [0.25, 0.0]
    assert table["expected_npv"].tolist() == approx([2.75, 6.5], abs=0.01)


@pytest.mark.parametrize("level", [0.1, 0.5, 0.9])
def test_the_standard_error_of_a_percentile_is_that_of_the_normal_law(level):
    # sqrt(p (1 - p) / n) over the density at the percentile
    score = ndtri(level)
    density = np.exp(-(score**2) / 2) / np.sqrt(2 * np.pi)
    closed = np.sqrt(level * (1 - level) / 100_000) / density
    values = np.random.default_rng(5).standard_normal(100_000)
    assert uncertainty.percentiles(values, [100 * level])[1] == approx(closed, rel=0.25)


@given(st.floats(-1e7, 1e7), st.floats(1e-4, 1e5))
def test_what_is_said_is_no_surer_than_its_error_and_within_it(value, error):
    said = uncertainty.as_sure(value, error)
    assert abs(said - value) <= error * (1 + 1e-9)
    digit = 10.0 ** np.floor(np.log10(error))
    assert said / digit == approx(round(said / digit), abs=1e-6 * max(1, abs(said / digit)))


def two_samples(variables, draws=20_000):
    return [
        [uncertainty.own_scores(1, number, f"x{name}", draws)[0] for name in range(variables)]
        for number in (0, 1)
    ]


def test_variance_shares_of_a_sum_are_the_squares_of_its_weights():
    total = uncertainty.variance_shares(lambda at: 3 * at[0] + 4 * at[1], *two_samples(2))
    assert total == approx([9 / 25, 16 / 25], abs=0.02)


def test_a_product_of_two_hangs_on_either_in_all():
    total = uncertainty.variance_shares(lambda at: at[0] * at[1], *two_samples(2))
    assert total == approx([1.0, 1.0], abs=0.05)


@pytest.mark.parametrize("variables", [0, 1, 3])
def test_what_does_not_vary_is_explained_by_none(variables):
    total = uncertainty.variance_shares(lambda _: np.ones(20_000), *two_samples(variables))
    assert total.tolist() == [0.0] * variables


# a whole case


def test_draws_are_worse_than_the_plan_where_the_plan_is_the_best_case():
    study = load_study("mkip-2012")
    worth = study.uncertainty.simulated_worth
    assert worth.max().max() <= 1.01 * study.savings.appraisal.at[ALL, "net_present_value"]
    assert (
        study.uncertainty.risk_of_loss.at[ALL, "npv_p50"]
        < study.savings.appraisal.at[ALL, "net_present_value"]
    )
    assert worth[ALL].to_numpy() == approx(worth[study.partners].sum(axis=1).to_numpy())


def test_where_nothing_is_realised_every_draw_is_the_loss_that_the_plan_is():
    study = load_study("mkip-2012", realisation=0.0)
    assert study.savings.appraisal.at[ALL, "net_present_value"] < 0
    assert study.uncertainty.risk_of_loss["probability_of_loss"].tolist() == [1.0] * 4


def test_no_draw_is_better_than_a_plan_that_is_the_best_case_of_its_range():
    for changes in ({"realisation": 0.2}, {"delay_years": 3.0}, {"overrun": 1.5}):
        study = load_study("mkip-2012", **changes)
        planned = study.savings.appraisal.at[ALL, "net_present_value"]
        assert study.uncertainty.simulated_worth[ALL].quantile(0.95) < planned


def test_a_low_realisation_comes_with_a_long_delay_and_a_high_overrun():
    levers = load_study("mkip-2012").uncertainty.drawn(0)
    assert np.corrcoef(levers["realisation"], levers["delay_years"])[0, 1] < -0.3
    assert np.corrcoef(levers["overrun"], levers["delay_years"])[0, 1] > 0.3


def drawn_together(flow, case="worked-example"):
    """Return the correlation of a line of a kind and a cost line of one common cause, as drawn."""
    study = load_study(case)
    flows = study.tables["flows"]
    names = {"one": flow, "other": "one_off_cost"}
    first = flows[(flows["option"] == study.option) & (flows["flow"] == "one_off_cost")].iloc[[0]]
    lines = [
        first.assign(line=line, flow=kind, cause="market", correlation=0.9, low_fraction=0.5, high_fraction=1.5)
        for line, kind in names.items()
    ]  # fmt: skip
    tables = study.tables | {"flows": pd.concat([flows, *lines], ignore_index=True)}
    changed = Study(replace(study.case, tables=tables), "base", study.parameters)
    columns = changed.uncertainty.drawn(0)
    _, multiples = changed.uncertainty.levers_of(columns, len(columns["one"]))
    return np.corrcoef(multiples[flow, "one"], multiples["one_off_cost", "other"])[0, 1]


@pytest.mark.parametrize("flow", ["saving", "counterfactual_cost", "income_cost"])
def test_a_line_of_which_more_is_better_falls_as_a_cost_of_the_same_cause_rises(flow):
    assert drawn_together(flow) == approx(-0.9, abs=0.03)


@pytest.mark.parametrize("flow", ["one_off_cost", "running_cost", "exit_cost"])
def test_costs_of_the_same_cause_rise_together(flow):
    assert drawn_together(flow) == approx(0.9, abs=0.03)


def test_a_common_cause_of_a_saving_and_a_cost_widens_the_outcomes():
    study = load_study("mkip-2012")
    flows = study.tables["flows"]
    low, high = {"saving": 0.4, "one_off_cost": 0.5}, {"saving": 1.6, "one_off_cost": 8.0}
    ranges = {
        "low_fraction": flows["flow"].map(low),
        "high_fraction": flows["flow"].map(high),
        "correlation": 0.9,
    }

    def spread(cause):
        tables = study.tables | {"flows": flows.assign(**ranges, cause=cause)}
        worth = Study(
            replace(study.case, tables=tables), "base", study.parameters
        ).uncertainty.simulated_worth
        return worth[ALL].std()

    lines = flows["line"].to_list()
    apart = [f"{line} alone" for line in lines]
    savings_only = ["market" if flow == "saving" else "" for flow in flows["flow"]]
    assert spread("market") > spread(savings_only) > spread(apart)


def test_the_reference_class_makes_the_partnership_worth_less():
    ranges = load_study("mkip-2012").uncertainty.risk_of_loss.at[ALL, "npv_p50"]
    others = load_study(
        "mkip-2012", realisation_from="reference_class"
    ).uncertainty.risk_of_loss.at[ALL, "npv_p50"]
    assert others < ranges


@pytest.mark.parametrize("case", ["lictp-2020", "mkip-2012"])
def test_the_same_study_gives_the_same_draws(case):
    first, again = (
        load_study(case).uncertainty.risk_of_loss,
        load_study(case).uncertainty.risk_of_loss,
    )
    assert first.equals(again)


def test_what_others_overran_by_is_not_raised_for_optimism_bias_as_well():
    file = {"pooled_classes": "shared back office, merger", "pooling_reason": "For their overruns."}
    costs = [flow("posts", "saving", 100), flow("move", "one_off_cost", 100, (2024, 2024))]
    study = small_study(file=file, flows=costs).varied(optimism_bias="applied")
    others = study.uncertainty.as_others
    levers, _ = others.levers_of(others.drawn(0), CHUNK)
    expected = others.reference_class["overrun"].at(np.array([0.5])) - 1
    assert np.median(levers["overrun"]) == approx(expected, rel=0.02)
    levers, _ = study.uncertainty.levers_of(study.uncertainty.drawn(0), CHUNK)
    assert levers["overrun"].min() == approx(study.savings.optimism_bias, abs=0.01)


def test_an_overrun_that_is_not_drawn_is_raised_for_optimism_bias_once():
    study = load_study("mkip-2012", optimism_bias="applied")
    ranges = study.tables["sensitivities"]
    tables = study.tables | {"sensitivities": ranges[ranges["parameter"] != "overrun"]}
    fixed = Study(replace(study.case, tables=tables), "base", study.parameters)
    levers, _ = fixed.uncertainty.levers_of(fixed.uncertainty.drawn(0), CHUNK)
    assert levers["overrun"] == approx(study.savings.optimism_bias)
