"""Scoring the delivery options."""

import pandas as pd
import pytest
from businesscase.options import contributions, mean_scores, ranks, weighted_scores
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal, assert_series_equal
from pytest import approx

SCORES = pd.DataFrame({"cost": [4.0, 1.0], "control": [2.0, 5.0]}, index=["a", "b"])
SCORE = st.floats(0, 5)
WEIGHT = st.floats(0.01, 100)


def test_a_weighted_score_worked_by_hand():
    weights = pd.Series({"cost": 3.0, "control": 1.0})
    expected = pd.DataFrame({"cost": [3.0, 0.75], "control": [0.5, 1.25]}, index=["a", "b"])
    assert_frame_equal(contributions(SCORES, weights), expected)
    assert weighted_scores(SCORES, weights).to_dict() == approx({"a": 3.5, "b": 2.0})


def test_equal_weights_give_the_plain_mean():
    weights = pd.Series({"cost": 7.0, "control": 7.0})
    assert weighted_scores(SCORES, weights).to_dict() == approx({"a": 3.0, "b": 3.0})


def test_all_weight_on_one_factor_gives_its_score():
    weights = pd.Series({"cost": 0.0, "control": 0.5})
    assert weighted_scores(SCORES, weights).to_dict() == approx({"a": 2.0, "b": 5.0})


def test_weights_are_matched_by_name_and_not_by_place():
    weights = pd.Series({"control": 1.0, "cost": 3.0})
    expected = pd.DataFrame({"cost": [3.0, 0.75], "control": [0.5, 1.25]}, index=["a", "b"])
    assert_frame_equal(contributions(SCORES, weights), expected)


@given(st.lists(st.tuples(SCORE, WEIGHT), min_size=1, max_size=8), st.floats(0.01, 100))
def test_only_the_ratio_of_weights_matters_and_a_score_stays_on_its_scale(factors, scale):
    scores = pd.DataFrame([[score for score, _ in factors]], index=["a"])
    weights = pd.Series([weight for _, weight in factors])
    score = weighted_scores(scores, weights)["a"]
    assert weighted_scores(scores, scale * weights)["a"] == approx(score)
    assert scores.loc["a"].min() - 1e-9 <= score <= scores.loc["a"].max() + 1e-9


@pytest.mark.parametrize("weights", [[1.0, -0.1], [0.0, 0.0]])
def test_negative_weights_and_no_weight_at_all_are_refused(weights):
    with pytest.raises(ValueError, match="none may be negative and not all zero"):
        contributions(SCORES, pd.Series(weights, index=SCORES.columns))


def test_the_mean_is_taken_over_assessors_in_any_order_of_rows():
    rows = [("b", "cost", 1.0), ("a", "cost", 2.0), ("a", "cost", 5.0), ("b", "cost", 3.0)]
    scores = pd.DataFrame(rows, columns=["option", "factor", "score"])
    expected = pd.DataFrame({"cost": [2.0, 3.5]}, index=["b", "a"])
    assert_frame_equal(mean_scores(scores), expected, check_names=False)
    assert_frame_equal(mean_scores(scores[::-1]).loc[["b", "a"]], expected, check_names=False)


def test_equal_scores_share_the_better_rank_and_the_next_is_skipped():
    scores = pd.Series({"a": 2.0, "b": 3.5, "c": 3.5, "d": 0.1 + 0.2, "e": 0.3})
    expected = pd.Series({"a": 3, "b": 1, "c": 1, "d": 4, "e": 4})
    assert_series_equal(ranks(scores), expected)
