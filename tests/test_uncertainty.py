"""Sampling and what is read from it."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from businesscase.calculations import uncertainty
from businesscase.calculations.apportionment import ALL
from businesscase.study import Study, load_study


def test_an_even_sample_has_one_draw_in_every_slice():
    sample = uncertainty.even_sample(100, 3, seed=1)
    assert sample.shape == (100, 3)
    for column in sample.T:
        assert sorted(np.floor(column * 100)) == list(range(100))


def test_the_same_seed_gives_the_same_draws_and_another_seed_others():
    first, again, other = (uncertainty.even_sample(50, 2, seed) for seed in (1, 1, 2))
    assert (first == again).all()
    assert not (first == other).all()


def test_inputs_of_one_cause_have_the_stated_correlation_and_keep_their_spread():
    sample = uncertainty.even_sample(20_000, 3, seed=3)
    joined = uncertainty.with_common_causes(sample, ["a", "a", ""], [0.5, 0.5, 0.9], seed=4)
    from scipy.special import ndtri

    scores = np.corrcoef(ndtri(joined).T)
    assert scores[0, 1] == approx(0.5, abs=0.02)
    assert scores[0, 2] == approx(0.0, abs=0.02)
    assert joined.mean(axis=0) == approx([0.5] * 3, abs=0.01)
    assert (joined[:, 2] == sample[:, 2]).all()


def test_a_common_cause_of_the_samples_own_seed_is_still_independent_of_the_sample():
    sample = uncertainty.even_sample(20_000, 2, seed=3)
    turned = np.column_stack([1 - sample[:, 0], sample[:, 1]])
    joined = uncertainty.with_common_causes(turned, ["a", "a"], [0.5, 0.5], seed=3)
    assert joined.std(axis=0) == approx([np.sqrt(1 / 12)] * 2, abs=0.005)


def test_realisation_varies_over_its_range_in_the_savings_of_a_case():
    study = load_study("mkip-2012")
    levers, _ = study.uncertainty.drawn(
        study.uncertainty.joined(
            uncertainty.even_sample(5_000, len(study.uncertainty.uncertain_inputs), 1)
        )
    )
    low, high = np.percentile(levers["realisation"], [1, 99])
    assert low < 0.65 and high > 0.95


RANGES = (
    st.tuples(*[st.floats(-1e3, 1e3)] * 3).map(sorted).filter(lambda ends: ends[2] - ends[0] > 1e-3)
)


@given(RANGES, st.sampled_from(sorted(uncertainty.SHAPES)))
def test_a_distribution_stays_in_its_range_and_rises(ends, shape):
    values = uncertainty.SHAPES[shape](np.linspace(0, 1, 21), *ends)
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
    levels = (np.arange(100_000) + 0.5) / 100_000
    assert uncertainty.triangular(levels, 0, 1, 5).mean() == approx(2.0, abs=1e-3)
    assert uncertainty.pert(levels, 0, 1, 5).mean() == approx((0 + 4 + 5) / 6, abs=1e-3)


def test_a_range_without_width_gives_the_one_value():
    for shape in uncertainty.SHAPES.values():
        assert shape(np.array([0.1, 0.9]), 2.0, 2.0, 2.0).tolist() == [2.0, 2.0]


def test_the_reference_class_draws_between_the_worst_and_the_best_outcome():
    drawn = uncertainty.reference_class(np.linspace(0, 1, 5), np.array([0.2, 0.4, 1.0]))
    assert drawn.tolist() == approx([0.2, 0.3, 0.4, 0.7, 1.0])


def test_summary_counts_losses():
    table = uncertainty.summary(
        np.array([[-1.0, 5.0], [3.0, 6.0], [4.0, 7.0], [5.0, 8.0]]), ["x", "y"]
    )
    assert table["probability_of_loss"].tolist() == [0.25, 0.0]
    assert table.at["y", "npv_p50"] == 6.5


def test_variance_shares_of_a_sum_are_the_squares_of_its_weights():
    alone, total = uncertainty.variance_shares(lambda sample: sample @ [3.0, 4.0], 2, 2048, seed=1)
    assert alone == approx([9 / 25, 16 / 25], abs=0.02)
    assert total == approx([9 / 25, 16 / 25], abs=0.02)


# a whole case


@pytest.mark.parametrize("variables", [0, 1, 3])
def test_an_input_alone_explains_all_and_what_does_not_vary_is_explained_by_none(variables):
    for model, share in ((lambda sample: sample.sum(axis=1), 1.0), (lambda sample: sample[:, :0].sum(axis=1), 0.0)):  # fmt: skip
        total = uncertainty.variance_shares(model, variables, 64, 1)[1]
        assert len(total) == variables
        if variables < 2 or not share:
            assert total == approx(np.full(variables, share))


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
    study = load_study("mkip-2012")
    inputs = study.uncertainty.uncertain_inputs
    sample = uncertainty.even_sample(5_000, len(inputs), 1)
    levers, _ = study.uncertainty.drawn(study.uncertainty.joined(sample))
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
    sample = uncertainty.even_sample(5_000, len(changed.uncertainty.uncertain_inputs), 1)
    _, multiples = changed.uncertainty.drawn(changed.uncertainty.joined(sample))
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
    study = load_study("mkip-2012", optimism_bias="applied")
    others = study.uncertainty.as_others
    levers, _ = others.drawn(others.joined_sample)
    assert levers["overrun"].max() <= others.reference_class["overrun"].max()
    levers, _ = study.uncertainty.drawn(study.uncertainty.joined_sample)
    assert levers["overrun"].min() == approx(study.savings.optimism_bias, abs=0.01)


def test_an_overrun_that_is_not_drawn_is_raised_for_optimism_bias_once():
    study = load_study("mkip-2012", optimism_bias="applied")
    ranges = study.tables["sensitivities"]
    tables = study.tables | {"sensitivities": ranges[ranges["parameter"] != "overrun"]}
    fixed = Study(replace(study.case, tables=tables), "base", study.parameters)
    levers, _ = fixed.uncertainty.drawn(fixed.uncertainty.joined_sample)
    assert levers["overrun"] == approx(study.savings.optimism_bias)
