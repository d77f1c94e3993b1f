"""What finding something out is worth, against closed forms and cases worked by hand."""

import math
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from businesscase.calculations.value_of_information import (
    curve,
    gains,
    partial_information,
    perfect_information,
    values_of_information,
)

DRAWS = 10_000
NORMAL = NormalDist()


def beside_nil(worth):
    """Return the worth of going on beside that of stopping, which is nil, for one who chooses."""
    return np.stack([worth, np.zeros_like(worth)], axis=-1)[:, None]


def normal_loss(mean, spread):
    """Return what it is worth to know a normal net benefit before choosing it or nil."""
    at = abs(mean) / spread
    return spread * (NORMAL.pdf(at) - at * NORMAL.cdf(-at))


def scores(seed, inputs=1):
    return np.random.default_rng(seed).standard_normal((inputs, DRAWS))


def partial(inputs, worth):
    return partial_information(np.column_stack([curve(of) for of in inputs]), gains(worth))


def near(estimate, value, errors=4.0):
    """Return whether an estimate is within some of its standard errors of a value."""
    return estimate.value[0] == approx(value, abs=errors * estimate.error[0])


@pytest.mark.parametrize("mean", [-150.0, -40.0, 0.0, 40.0, 150.0])
def test_perfect_information_on_a_normal_net_benefit_is_its_closed_form(mean):
    (score,) = scores(1)
    found = perfect_information(beside_nil(mean + 100 * score))
    assert near(found, normal_loss(mean, 100))


@pytest.mark.parametrize("mean", [-40.0, 15.0, 60.0])
def test_partial_information_on_a_sum_of_normals_is_the_closed_form_of_its_part(mean):
    one, other = scores(2, 2)
    worth = beside_nil(mean + 60 * one + 80 * other)
    assert near(partial([one], worth), normal_loss(mean, 60))
    assert near(partial([other], worth), normal_loss(mean, 80))
    assert near(partial([one, other], worth), normal_loss(mean, 100))


def test_correlated_inputs_tell_of_each_other():
    one, rest = scores(3, 2)
    other = 0.6 * one + 0.8 * rest
    worth = beside_nil(20 + 100 * one)
    assert near(partial([other], worth), normal_loss(20, 60))


def test_a_sample_of_a_thirtieth_errs_low_and_not_high():
    """With few draws a rule that is learnt is a worse rule, which gains less than the best."""
    found = []
    for number in range(60):
        one, other = scores(100 + number, 2)[:, :300]
        found.append(partial([one], beside_nil(20 + 60 * one + 80 * other)).value[0])
    error = np.std(found) / math.sqrt(len(found))
    assert np.mean(found) < normal_loss(20, 60) + 2 * error
    assert np.mean(found) > 0.6 * normal_loss(20, 60)


def test_two_states_as_worked_by_hand():
    """Demand is high in a quarter of futures: 120 then, else -20; on average 15, so go on.

    Known beforehand, it is stopped in three quarters: 0.75 x 20 = 15 is saved. Of a second input
    that only adds 4 or takes it, nothing changes the choice.
    """
    high = np.tile(np.repeat([1.0, 0.0, 0.0, 0.0], 2), 250)  # alike in every second draw
    small = np.repeat([4.0, -4.0], 1000)
    worth = beside_nil(np.where(high, 120.0, -20.0) + small)
    found = values_of_information(
        {"demand": high, "small": small}, {"both": ["demand", "small"]}, worth
    )
    assert perfect_information(worth).value == approx([15.0])
    assert found["demand"].value == approx([15.0])
    assert found["small"].value == approx([0.0], abs=1e-9)
    assert found["both"].value == approx([15.0])


def test_with_two_options_it_is_worth_what_the_better_one_brings_more():
    """One option brings 10 always, the other 30 or -30: known, 30 replaces 10 in half of futures."""
    state = np.tile(np.repeat([1.0, 0.0], 2), 500)
    worth = np.stack([np.full(2000, 10.0), 60 * state - 30, np.zeros(2000)], axis=-1)[:, None]
    assert perfect_information(worth).value == approx([10.0])
    assert partial([state], worth).value == approx([10.0])


def test_an_input_that_can_not_change_the_choice_is_worth_nothing():
    one, other, beside = scores(5, 3)
    near_even = beside_nil(2 + 60 * one + 80 * other)
    aside = partial([beside], near_even)
    assert aside.value[0] <= 2 * aside.error[0]
    sure = beside_nil(1000 + 10 * one)
    assert partial([one], sure) == (approx([0.0]), approx([0.0]))


def test_a_risk_that_seldom_happens_is_found_out():
    """It costs 150 in a tenth of futures, else 20 are gained: known, 0.1 x 130 is saved."""
    happens = np.tile(np.repeat([1.0] + [0.0] * 9, 2), 500)
    (badly,) = np.abs(scores(6))
    worth = beside_nil(20 - 150 * happens)
    assert near(partial([happens * (1 + badly)], worth), 13.0)


def test_who_chooses_counts_alone():
    """What one partner would do otherwise is nothing to another whose choice is sure."""
    (score,) = scores(7)
    worth = np.concatenate([beside_nil(100 * score), beside_nil(900 + 100 * score)], axis=1)
    value = partial([score], worth).value
    assert value[0] == approx(normal_loss(0, 100), rel=0.05) and value[1] == approx(0.0)


@given(
    mean=st.floats(-200, 200),
    effects=st.lists(st.floats(-100, 100), min_size=3, max_size=3),
    together=st.floats(-50, 50),
)
def test_an_input_is_worth_at_most_its_group_and_a_group_at_most_perfect_information(
    mean, effects, together
):
    inputs = dict(zip("abc", scores(8, 3)[:, :400], strict=True))
    worth = mean + sum(
        effect * draws for effect, draws in zip(effects, inputs.values(), strict=True)
    )
    worth = np.concatenate(
        [beside_nil(worth + together * inputs["a"] * inputs["b"]), beside_nil(worth)], axis=1
    )
    groups = {"two": ["a", "b"], "all": ["a", "b", "c"]}
    found = values_of_information(inputs, groups, worth)
    perfect = perfect_information(worth)
    for lower, upper in [("a", "two"), ("b", "two"), ("c", "all"), ("two", "all")]:
        assert (found[lower].value >= 0).all()
        assert (found[lower].value <= found[upper].value).all()
    assert (found["all"].value <= perfect.value + 1e-9).all()


def test_doubling_every_worth_doubles_what_information_is_worth():
    one, other = scores(9, 2)
    worth = beside_nil(30 + 60 * one + 80 * other)
    once, twice = partial([one], worth), partial([one], 2 * worth)
    assert twice.value == approx(2 * once.value) and twice.error == approx(2 * once.error)
