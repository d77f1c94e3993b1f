"""The peel: boxes worked by hand, a published box, and what must make no difference."""

from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx

from businesscase.calculations.discovery import (
    Box,
    discovered,
    measured,
    meets,
    pasted,
    pruned,
    quasi_p_value,
    trajectory,
    without,
)

INF = np.inf


def ten(*hits):
    """Return ten futures with one input from 1 to 10, and hits at the values given."""
    values = np.arange(1.0, 11.0)
    return {"x": values}, np.isin(values, hits)


def uniform(futures, seed, inputs=6):
    """Return even draws of some inputs."""
    generator = np.random.default_rng(seed)
    return {f"x{number}": generator.random(futures) for number in range(inputs)}


# worked by hand


def test_a_peel_takes_the_lowest_value_off_while_that_leaves_the_rest_denser():
    boxes = trajectory(*ten(9, 10), peeled=0.1, least=2)
    assert [box.futures for box in boxes] == [10, 9, 8, 7, 6, 5, 4, 3, 2]
    assert [box.density for box in boxes] == approx([2 / left for left in range(10, 1, -1)])
    assert [box.coverage for box in boxes] == [1.0] * 9
    assert boxes[-1].conditions == {"x": (9.0, INF)}


def test_a_peel_takes_off_both_ends_of_hits_in_the_middle():
    last = trajectory(*ten(4, 5, 6), peeled=0.1, least=3)[-1]
    assert last == Box({"x": (4.0, 6.0)}, 3, 3, 10, 3)


def test_a_peel_of_a_fifth_of_ten_takes_two():
    boxes = trajectory(*ten(9, 10), peeled=0.2, least=2)
    assert [box.futures for box in boxes] == [10, 8, 7, 6, 5, 4, 3, 2]


def test_a_category_is_peeled_one_level_at_a_time():
    columns = {"rule": np.array([0, 0, 1, 1, 2, 2], np.uint8)}
    hits = np.array([0, 0, 1, 1, 0, 1], bool)
    boxes = trajectory(columns, hits, least=1)
    assert [box.conditions for box in boxes] == [
        {},
        {"rule": frozenset({1, 2})},
        {"rule": frozenset({1})},
    ]
    assert [box.density for box in boxes] == approx([3 / 6, 3 / 4, 1])


def test_a_thin_slice_that_gains_more_a_future_goes_before_a_thick_one():
    # without level 0: 2 hits of 5, a gain of (0.4 - 0.2) / 5; without x = 1: (2/9 - 0.2) / 1
    columns, hits = ten(9, 10)
    columns["rule"] = np.repeat([0, 1], 5).astype(np.uint8)
    first = trajectory(columns, hits, peeled=0.1, least=2)[1]
    assert first.conditions == {"rule": frozenset({1})}
    columns["rule"] = np.array([0] * 5 + [1] * 4 + [0], np.uint8)  # level 1 now has 1 hit of 4
    assert trajectory(columns, hits, peeled=0.1, least=2)[1].conditions == {"x": (2.0, INF)}


def test_tied_values_are_peeled_together():
    columns = {"x": np.array([0.0] * 6 + [1.0, 1.0, 2.0, 2.0])}
    hits = columns["x"] == 2
    boxes = trajectory(columns, hits, peeled=0.1, least=2)
    assert [box.futures for box in boxes] == [10, 4, 2]
    assert boxes[-1].conditions == {"x": (2.0, INF)}


def test_an_input_that_never_varies_is_not_restricted():
    columns, hits = ten(9, 10)
    same = {"one value": np.ones(10), "one level": np.zeros(10, np.uint8)}
    assert set(trajectory(same | columns, hits, peeled=0.1, least=2)[-1].conditions) == {"x"}
    assert len(trajectory(same, hits, peeled=0.1, least=2)) == 1


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_without_hits_or_with_nothing_else_no_condition_is_found(share):
    hits = np.full(500, bool(share))
    box = discovered(uniform(500, 1), hits)
    assert box.conditions == {}
    assert (box.coverage, box.density, box.mass) == (share, share, 1.0)


def test_too_few_hits_lead_to_no_condition():
    columns = uniform(500, 1)
    hits = columns["x0"] < np.sort(columns["x0"])[19]
    assert discovered(columns, hits, least=20).conditions == {}
    assert set(discovered(columns, hits, least=19).conditions) == {"x0"}


def test_a_paste_puts_back_what_leaves_the_box_as_dense():
    columns, hits = ten(6, 7, 8, 9, 10)
    tight = measured(columns, hits, {"x": (8.0, 9.0)})
    assert pasted(columns, hits, tight).conditions == {"x": (6.0, INF)}


def test_a_paste_puts_back_a_level_and_drops_a_condition_that_keeps_all():
    columns = {"rule": np.array([0, 0, 1, 1, 2, 2], np.uint8)}
    hits = np.array([1, 1, 1, 1, 0, 0], bool)
    tight = measured(columns, hits, {"rule": frozenset({0})})
    assert pasted(columns, hits, tight).conditions == {"rule": frozenset({0, 1})}
    assert pasted(columns, ~(hits & False), tight).conditions == {}


@pytest.mark.parametrize("names", [("rule", "cost"), ("cost", "rule")])
def test_a_paste_widens_each_condition_whichever_comes_first(names):
    columns = {"rule": np.array([0, 0, 0, 1, 1], np.uint8), "cost": np.array([1.0, 2, 3, 1, 2])}
    hits = np.array([1, 1, 1, 0, 0], bool)
    conditions = {"rule": frozenset({0}), "cost": (-INF, 1.0)}
    tight = measured(columns, hits, {name: conditions[name] for name in names})
    assert pasted(columns, hits, tight).conditions == {"rule": frozenset({0})}


def test_quasi_p_value_is_the_chance_of_as_many_hits_in_the_wider_box():
    wider = Box({}, 8, 4, 8, 4)
    assert quasi_p_value(Box({}, 3, 3, 8, 4), wider) == approx(1 / 8)
    assert quasi_p_value(Box({}, 3, 2, 8, 4), wider) == approx(4 / 8)
    assert quasi_p_value(Box({}, 3, 0, 8, 4), wider) == 1.0


def test_score_is_the_harmonic_mean_of_coverage_and_density():
    box = Box({}, 10, 6, 100, 8)
    assert box.score == approx(2 / (1 / box.coverage + 1 / box.density))


def test_values_at_a_limit_meet_it():
    assert meets(np.array([1.0, 2.0, 3.0]), (2.0, 3.0)).tolist() == [False, True, True]


# a published box

PUBLISHED = {
    "Total biomass": (-INF, 755.8),
    "Demand elasticity": (-0.422, INF),
    "Biomass backstop price": (150.05, INF),
    "Cellulosic cost": (72.65, INF),
}


@pytest.fixture(scope="module")
def energy():
    """Inputs and hits of 882 futures of renewable energy policy, and their box 21.

    Data of Bryant and Lempert (2010), Thinking inside the box, Technological Forecasting and Social
    Change 77, as published with the EMA workbench (BSD licence, Delft University of Technology),
    whose documentation, "Performing Scenario Discovery in Python", prints the figures below.
    """
    table = pd.read_csv(ROOT / "tests" / "reference" / "bryant-lempert-2010.csv")
    hits = table.pop("Greater than 90%").to_numpy(bool)
    return {name: table[name].to_numpy(float) for name in table}, hits


def test_the_published_box_is_measured_as_published(energy):
    box = measured(*energy, PUBLISHED)
    assert (box.all_futures, box.all_hits) == (882, 89)
    assert (box.coverage, box.density, box.mass) == approx(
        (0.752809, 0.770115, 0.0986395), abs=5e-7
    )


@pytest.mark.parametrize(
    ("name", "chance"),
    [
        ("Total biomass", 4.716968553178765e-06),
        ("Demand elasticity", 1.1849299115762218e-16),
        ("Biomass backstop price", 3.515112530263049e-11),
        ("Cellulosic cost", 0.15741333528927348),
    ],
)
def test_quasi_p_values_of_the_published_box_are_those_published(energy, name, chance):
    box = measured(*energy, PUBLISHED)
    assert quasi_p_value(box, without(*energy, box, name)) == approx(chance, rel=1e-9)


def test_the_condition_that_the_publication_drops_is_dropped(energy):
    box = pruned(*energy, measured(*energy, PUBLISHED), most=4)
    assert set(box.conditions) == set(PUBLISHED) - {"Cellulosic cost"}
    assert (box.coverage, box.density) == approx((0.764045, 0.715789), abs=5e-7)
    assert box.mass == approx(0.10771, abs=5e-6)


def test_the_peel_comes_by_the_published_box(energy):
    boxes = trajectory(*energy, peeled=0.1, least=44)
    near = [box for box in boxes if set(box.conditions) == set(PUBLISHED)]
    assert any(
        box.coverage > 0.75 and box.density > 0.70 and 0.095 < box.mass < 0.12 for box in near
    )


def test_the_box_shown_restricts_the_published_inputs_in_the_published_direction(energy):
    box = discovered(*energy, peeled=0.1, least=44)
    assert set(box.conditions) == set(PUBLISHED) - {"Cellulosic cost"}
    spreads = {"Total biomass": 550, "Demand elasticity": 0.6, "Biomass backstop price": 110}
    for name, (low, high) in box.conditions.items():
        for limit, published in zip((low, high), PUBLISHED[name], strict=True):
            assert np.isfinite(limit) == np.isfinite(published)
            if np.isfinite(limit):
                assert abs(limit - published) < 0.1 * spreads[name]  # a peel of a tenth
    assert box.score > measured(*energy, PUBLISHED).score - 0.02


# boxes with known limits


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_known_box_is_found_within_the_width_of_a_peel(seed):
    columns = uniform(20_000, seed)
    columns["rule"] = np.random.default_rng(seed).integers(0, 3, 20_000, dtype=np.uint8)
    hits = (columns["x0"] < 0.4) & (columns["x1"] > 0.7) & (columns["rule"] != 1)
    box = discovered(columns, hits)
    assert set(box.conditions) == {"x0", "x1", "rule"}
    assert box.conditions["rule"] == frozenset({0, 2})
    assert box.conditions["x0"] == (-INF, approx(0.4, abs=0.05 * 0.4))
    assert box.conditions["x1"] == (approx(0.7, abs=0.05 * 0.3), INF)
    assert box.coverage > 0.95 and box.density > 0.93


def test_limits_on_both_sides_are_found():
    columns = uniform(20_000, 4)
    box = discovered(columns, (columns["x3"] > 0.3) & (columns["x3"] < 0.5))
    assert set(box.conditions) == {"x3"}
    assert box.conditions["x3"] == approx((0.3, 0.5), abs=0.01)


@pytest.mark.parametrize("seed", range(6))
def test_noise_is_never_restricted(seed):
    columns = uniform(5_000, seed)
    columns["rule"] = np.random.default_rng(seed).integers(0, 4, 5_000, dtype=np.uint8)
    noise = np.random.default_rng(100 + seed).random(5_000)
    assert discovered(columns, noise < 0.15).conditions == {}
    mixed = (columns["x2"] > 0.8) ^ (noise < 0.1)
    assert set(discovered(columns, mixed).conditions) == {"x2"}


def test_no_more_inputs_are_restricted_than_a_reader_can_keep_in_mind():
    columns = uniform(20_000, 5)
    hits = np.logical_and.reduce([columns[f"x{number}"] > 0.3 for number in range(5)])
    assert len(discovered(columns, hits).conditions) == 3
    assert len(discovered(columns, hits, most=5).conditions) == 5


# what must make no difference

SEEDS = st.integers(0, 1000)


def some(seed):
    """Return futures with ties and a category, and hits that depend on three inputs."""
    columns = uniform(800, seed, inputs=4)
    columns["x1"] = np.round(columns["x1"], 1)
    columns["rule"] = np.random.default_rng(seed).integers(0, 3, 800, dtype=np.uint8)
    worth = columns["x0"] + columns["x1"] - 0.3 * columns["rule"]
    return columns, worth + 0.2 * columns["x2"] < 0.4


@given(SEEDS)
def test_the_order_of_futures_makes_no_difference(seed):
    columns, hits = some(seed)
    order = np.random.default_rng(seed + 1).permutation(len(hits))
    shuffled = {name: column[order] for name, column in columns.items()}
    assert trajectory(columns, hits) == trajectory(shuffled, hits[order])
    assert discovered(columns, hits) == discovered(shuffled, hits[order])


@given(SEEDS)
def test_a_scale_that_rises_with_the_input_makes_no_difference(seed):
    columns, hits = some(seed)
    scaled = columns | {"x0": 2 * columns["x0"] ** 3}
    box, other = discovered(columns, hits), discovered(scaled, hits)
    assert (box.futures, box.hits, set(box.conditions)) == (
        other.futures,
        other.hits,
        set(other.conditions),
    )
    if "x0" in box.conditions:
        assert other.conditions["x0"] == approx(2 * np.array(box.conditions["x0"]) ** 3)


@given(SEEDS)
def test_every_box_of_a_peel_is_denser_and_lies_in_the_one_before(seed):
    columns, hits = some(seed)
    boxes = trajectory(columns, hits)
    for box, tighter in pairwise(boxes):
        assert tighter.density > box.density and tighter.futures < box.futures
    for box in boxes:
        assert box == measured(columns, hits, box.conditions)
