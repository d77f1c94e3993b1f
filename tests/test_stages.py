"""What the right to stop is worth, against trees worked by hand."""

import math
from statistics import NormalDist

import numpy as np
import pytest
from pytest import approx

from businesscase.calculations.stages import Gate, in_stages, signal

NORMAL = NormalDist()
# every pair of a good or bad pilot and good or bad prices, equally often in both halves of the draws
PILOT = np.tile(np.repeat([1.0, 0.0, 1.0, 0.0], 2), 250)
PRICES = np.tile(np.repeat([1.0, 1.0, 0.0, 0.0], 2), 250)


def test_a_tree_of_two_steps_as_worked_by_hand():
    """The pilot is good or bad, then prices are: 200, 40, 0 or -300 if it is never stopped.

    All at once: (200 + 40 + 0 - 300) / 4 = -15. After prices are seen it costs 50 to have stopped:
    only -300 is stopped, so that a bad pilot leads to 40 or -50, or after a good one to 200 or 0. To
    stop after the pilot costs 10. A bad pilot promises (40 - 50) / 2 = -5, more than -10, so go on;
    in stages: (200 + 0 + 40 - 50) / 4 = 47.5.
    """
    worth = np.select(
        [(PILOT == 1) & (PRICES == 1), (PILOT == 0) & (PRICES == 1), (PILOT == 1)],
        [200.0, 40.0, 0.0],
        -300.0,
    )
    gates = [Gate([PILOT], -10.0), Gate([PRICES], -50.0)]
    # prices and pilot count together, which a sum of curves can't tell: a gate may tell it outright
    gates[1] = Gate([worth], -50.0)
    found = in_stages(worth, gates)
    assert worth.mean() == approx(-15.0)
    assert found.worth.mean() == approx(47.5)
    assert found.stopped == approx([0.0, 0.25])


def test_the_first_gate_is_used_where_to_go_on_promises_less_than_stopping_costs():
    """A second gate that costs 80 leaves (40 - 80) / 2 = -20 after a bad pilot: stop for 10."""
    worth = np.select(
        [(PILOT == 1) & (PRICES == 1), (PILOT == 0) & (PRICES == 1), (PILOT == 1)],
        [200.0, 40.0, 0.0],
        -300.0,
    )
    found = in_stages(worth, [Gate([PILOT], -10.0), Gate([worth], -80.0)])
    assert found.worth.mean() == approx((200 + 0 - 10 - 10) / 4)
    assert found.stopped == approx([0.5, 0.0])


def test_without_a_gate_it_is_what_it_comes_to():
    worth = np.array([5.0, -3.0])
    found = in_stages(worth, [])
    assert found.worth.tolist() == [5.0, -3.0] and found.stopped == []


def test_a_gate_that_tells_nothing_is_worth_nothing():
    scores = np.random.default_rng(1).standard_normal((2, 10_000))
    worth = 20 + 100 * scores[0]
    found = in_stages(worth, [Gate([scores[1]], -1.0)])
    assert found.worth.mean() == approx(worth.mean()) and found.stopped == [0.0]


@pytest.mark.parametrize("accuracy", [0.25, 1.0])
def test_a_signal_of_a_normal_worth_gives_the_closed_form(accuracy):
    """What is expected after the signal is normal, with the share of the variance that it settles."""
    scores = np.random.default_rng(2).standard_normal((2, 10_000))
    worth = 20 + 100 * scores[0]
    gate = Gate([signal(scores[0], accuracy, scores[1])], -10.0)
    spread, above = 100 * math.sqrt(accuracy), 30.0
    at = above / spread
    expected = -10 + above * NORMAL.cdf(at) + spread * NORMAL.pdf(at)
    found = in_stages(worth, [gate]).worth
    assert found.mean() == approx(expected, abs=4 * found.std() / 100)


def test_stages_are_never_worth_less_than_all_at_once_and_no_more_than_foresight():
    generator = np.random.default_rng(3)
    for mean in (-200.0, -20.0, 0.0, 20.0, 200.0):
        scores = generator.standard_normal((3, 300))
        worth = mean + 60 * scores[0] + 40 * scores[1]
        found = in_stages(worth, [Gate([scores[2]], -30.0), Gate([scores[0]], -60.0)])
        assert found.worth.mean() >= max(worth.mean(), 0.0)
        assert (found.worth <= np.maximum(worth, 0.0)).all()
        assert 0 <= sum(found.stopped) <= 1


def test_nothing_is_begun_that_promises_a_loss_at_every_gate():
    scores = np.random.default_rng(4).standard_normal((2, 1000))
    found = in_stages(-500 + 10 * scores[0], [Gate([scores[1]], -5.0)])
    assert not found.worth.any() and found.stopped == [0.0]
