"""How firmly an option leads: weights, other opinions, other methods."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from pytest import approx

from businesscase.calculations.options import weighted_scores
from businesscase.calculations.robustness import (
    against_the_winner,
    any_weights,
    central_weights,
    closeness_to_ideal,
    dominated_options,
    findings,
    leaders,
    nearby_weights,
    net_outranking,
    ordered_weights,
    other_methods,
    rank_acceptability,
    ranks_by_draw,
    switching_weights,
    trials,
    without_each_assessor,
    without_each_factor,
)

DRAWS = 20_000
SCORES = pd.DataFrame({"cost": [4.0, 2.0], "control": [1.0, 5.0]}, index=["a", "b"])
STATED = pd.Series({"cost": 80.0, "control": 20.0})


@st.composite
def scored_options(draw, least=2):
    """Return scores of some options on three factors, and weights."""
    rows = draw(st.lists(st.tuples(*[st.integers(0, 5)] * 3), min_size=least, max_size=5))
    weights = draw(st.tuples(*[st.integers(1, 20)] * 3))
    names = ["cost", "control", "resilience"]
    scores = pd.DataFrame(rows, index=list("abcde"[: len(rows)]), columns=names, dtype=float)
    return scores, pd.Series(weights, index=names, dtype=float)


def rows_of_scores(table):
    """Return rows as scores.csv has them."""
    columns = ["option", "factor", "assessor", "score"]
    return pd.DataFrame(table, columns=columns)


# one weight at a time


def test_the_switching_weight_is_where_two_lines_worked_by_hand_cross():
    # with a share s for cost: a has 4s + (1 - s), b has 2s + 5(1 - s); equal at s = 4 / 6
    found = switching_weights(SCORES, STATED).loc["cost"]
    assert (found["share"], found["lowest_share"], found["winner_below"]) == (
        approx(0.8), approx(4 / 6), "b",
    )  # fmt: skip
    assert (found["highest_share"], found["winner_above"]) == (1.0, "")
    assert (found["switching_share"], found["new_winner"]) == (approx(4 / 6), "b")


def test_a_lead_that_rises_slowly_with_a_weight_is_lost_below_it_and_not_above():
    # with a share s for cost: a leads by 0.3s - 0.2(1 - s), nil at s = 0.4
    scores = pd.DataFrame({"cost": [1.3, 1.0], "control": [1.0, 1.2]}, index=["a", "b"])
    found = switching_weights(scores, STATED).loc["cost"]
    assert (found["lowest_share"], found["winner_below"]) == (approx(0.4), "b")
    assert (found["highest_share"], found["winner_above"]) == (1.0, "")


def test_with_two_factors_both_switch_at_the_same_weighting():
    found = switching_weights(SCORES, STATED)["switching_share"]
    assert found["cost"] + found["control"] == approx(1)


def test_the_other_factors_keep_their_proportions():
    scores = pd.DataFrame(
        {"cost": [3.0, 4.0], "control": [5.0, 1.0], "speed": [2.0, 2.0]}, index=["a", "b"]
    )
    # without cost, control has 3/4 of the rest: the lead there is 3; 3(1 - s) = s at s = 3/4
    weights = pd.Series({"cost": 60.0, "control": 30.0, "speed": 10.0})
    found = switching_weights(scores, weights).loc["cost"]
    assert (found["highest_share"], found["winner_above"]) == (approx(0.75), "b")


def test_an_option_that_is_best_on_every_factor_never_loses_its_lead():
    scores = pd.DataFrame({"cost": [4.0, 2.0], "control": [5.0, 5.0]}, index=["a", "b"])
    found = switching_weights(scores, STATED)
    assert found["switching_share"].isna().all()
    assert set(found["new_winner"]) == {""}
    assert (found["lowest_share"].tolist(), found["highest_share"].tolist()) == ([0, 0], [1, 1])


def test_the_nearer_of_two_changes_is_reported_and_both_are_shown():
    # with a share s for cost: a 2.5 throughout, b 4s, c 4 - 4s
    scores = pd.DataFrame({"cost": [2.5, 4.0, 0.0], "control": [2.5, 0.0, 4.0]}, index=list("abc"))
    found = switching_weights(scores, pd.Series({"cost": 60.0, "control": 40.0})).loc["cost"]
    assert (found["lowest_share"], found["winner_below"]) == (approx(0.375), "c")
    assert (found["highest_share"], found["winner_above"]) == (approx(0.625), "b")
    assert (found["switching_share"], found["new_winner"]) == (approx(0.625), "b")


def test_where_two_rivals_overtake_at_once_the_faster_one_wins():
    scores = pd.DataFrame({"cost": [2.0, 3.0, 4.0], "control": [2.0, 1.0, 0.0]}, index=list("abc"))
    found = switching_weights(scores, pd.Series({"cost": 10.0, "control": 90.0})).loc["cost"]
    assert (found["switching_share"], found["new_winner"]) == (approx(0.5), "c")


def test_options_that_tie_at_the_stated_weights_switch_there():
    scores = pd.DataFrame({"cost": [4.0, 2.0], "control": [2.0, 4.0]}, index=["a", "b"])
    found = switching_weights(scores, pd.Series({"cost": 1.0, "control": 1.0}))
    assert found["switching_share"].tolist() == approx([0.5, 0.5])
    assert set(found["new_winner"]) == {"b"}


def test_a_factor_with_all_the_weight_has_no_switching_weight():
    found = switching_weights(SCORES, pd.Series({"cost": 1.0, "control": 0.0}))
    assert np.isnan(found.at["cost", "switching_share"])
    assert found.at["control", "switching_share"] == approx(2 / 6)


def test_a_single_option_keeps_its_lead():
    found = switching_weights(SCORES.loc[["a"]], STATED)
    assert found["switching_share"].isna().all()


@given(scored_options(), st.integers(0, 2), st.floats(0.001, 0.999))
def test_the_winner_stays_inside_its_interval_and_another_leads_just_outside(case, which, share):
    scores, weights = case
    factor = scores.columns[which]
    found = switching_weights(scores, weights).loc[factor]

    def scored_at(share):
        others = weights.drop(factor)
        moved = pd.concat([pd.Series({factor: share}), others / others.sum() * (1 - share)])
        return weighted_scores(scores, moved)

    best = sorted(leaders(weighted_scores(scores, weights)).split(", "))[0]
    at = scored_at(share)
    if found["lowest_share"] < share < found["highest_share"]:
        assert at[best] >= at.max() - 1e-6
    for side, edge, step in (("below", "lowest_share", -1e-5), ("above", "highest_share", 1e-5)):
        rival = found[f"winner_{side}"]
        if rival and 0 <= found[edge] + step <= 1:  # else no share is left outside
            outside = scored_at(found[edge] + step)
            assert outside[rival] > outside[best]
            assert outside[rival] == approx(outside.max())


# all weights at once


def test_weightings_are_not_negative_and_add_up_to_one():
    for drawn in (
        any_weights(6, 1000, 1),
        ordered_weights(STATED, 1000, 1),
        nearby_weights(STATED, 0.25, 1000, 1),
    ):
        assert (drawn >= 0).all()
        assert drawn.sum(axis=1) == approx(1)


def test_the_same_seed_draws_the_same_weightings_and_another_seed_others():
    assert (any_weights(6, 10, 1) == any_weights(6, 10, 1)).all()
    assert (any_weights(6, 10, 1) != any_weights(6, 10, 2)).any()


def test_ordered_weightings_keep_the_stated_order_and_let_equals_come_in_either():
    weights = pd.Series([10.0, 30.0, 30.0, 5.0])
    drawn = ordered_weights(weights, 2000, 1)
    assert (drawn[:, [1, 2]].min(axis=1) >= drawn[:, 0]).all()
    assert (drawn[:, 0] >= drawn[:, 3]).all()
    assert (drawn[:, 1] > drawn[:, 2]).mean() == approx(0.5, abs=0.05)


def test_ordered_weightings_average_to_the_rank_order_centroid():
    # of three: (1 + 1/2 + 1/3) / 3, (1/2 + 1/3) / 3, (1/3) / 3
    mean = ordered_weights(pd.Series([3.0, 2.0, 1.0]), 200_000, 1).mean(axis=0)
    assert mean == approx([11 / 18, 5 / 18, 2 / 18], abs=0.002)


def test_a_band_of_nothing_is_the_stated_weighting():
    assert nearby_weights(STATED, 0.0, 3, 1) == approx(np.tile([0.8, 0.2], (3, 1)))


def test_weights_in_a_band_stay_in_it_before_they_are_brought_to_one():
    drawn = nearby_weights(pd.Series([50.0, 50.0]), 0.2, 5000, 1)
    ratio = drawn[:, 0] / drawn[:, 1]
    assert ratio.min() >= 0.8 / 1.2
    assert ratio.max() <= 1.2 / 0.8
    assert ratio.max() > 1.4


def test_two_options_share_all_weightings_as_geometry_says():
    # a leads while cost has more than 2/3 of the weight: a third of the line from 0 to 1
    share = rank_acceptability(SCORES, any_weights(2, 200_000, 1))
    assert share.loc["a", 1] == approx(1 / 3, abs=0.005)
    assert share.loc["b", 1] == approx(2 / 3, abs=0.005)
    # if cost weighs more, its share is even between a half and one: a leads on two thirds of that
    kept = rank_acceptability(SCORES, ordered_weights(STATED, 200_000, 1))
    assert kept.loc["a", 1] == approx(2 / 3, abs=0.005)


def test_an_option_that_leads_on_one_of_three_factors_alike_has_a_third_of_all_weightings():
    scores = pd.DataFrame(np.eye(3), index=list("abc"))
    share = rank_acceptability(scores, any_weights(3, 200_000, 1))
    assert share[1].tolist() == approx([1 / 3] * 3, abs=0.005)


def test_there_are_as_many_ranks_as_options():
    share = rank_acceptability(SCORES, np.array([[0.8, 0.2], [0.5, 0.5]]))
    expected = pd.DataFrame({1: [0.5, 0.5], 2: [0.5, 0.5]}, index=["a", "b"])
    assert_frame_equal(share, expected)


def test_central_weights_are_the_middle_of_the_weightings_that_favour_an_option():
    # a leads while the share of cost lies between 2/3 and 1, b between 0 and 2/3
    central = central_weights(SCORES, any_weights(2, 200_000, 1))
    assert central["cost"].tolist() == approx([5 / 6, 1 / 3], abs=0.005)


def test_an_option_that_never_comes_first_has_no_central_weights():
    scores = pd.DataFrame({"cost": [4.0, 2.0], "control": [5.0, 1.0]}, index=["a", "b"])
    central = central_weights(scores, any_weights(2, 100, 1))
    assert central.loc["b"].isna().all()
    assert central.loc["a"].sum() == approx(1)


def test_options_that_tie_share_the_better_rank_in_every_draw():
    scores = np.array([[4.0, 1.0], [4.0, 1.0], [0.0, 0.0]])
    assert (ranks_by_draw(scores, any_weights(2, 50, 1)) == [1, 1, 3]).all()


@given(scored_options(least=1))
def test_ranks_by_draw_agree_with_the_weighted_sum_one_at_a_time(case):
    scores, _ = case
    drawn = any_weights(3, 5, 1)
    for weighting, place in zip(drawn, ranks_by_draw(scores.to_numpy(), drawn), strict=True):
        worth = weighted_scores(scores, pd.Series(weighting, index=scores.columns)).round(9)
        assert place.tolist() == [(worth > own).sum() + 1 for own in worth]


@given(scored_options(), st.randoms(use_true_random=False))
def test_permuting_the_options_permutes_the_results(case, random):
    scores, weights = case
    order = list(scores.index)
    random.shuffle(order)
    drawn = any_weights(3, 200, 1)
    moved = scores.loc[order]
    assert_frame_equal(
        rank_acceptability(moved, drawn), rank_acceptability(scores, drawn).loc[order]
    )
    assert_frame_equal(central_weights(moved, drawn), central_weights(scores, drawn).loc[order])
    assert_frame_equal(other_methods(moved, weights), other_methods(scores, weights).loc[order])
    assert_frame_equal(switching_weights(moved, weights)[["share", "switching_share"]],
                       switching_weights(scores, weights)[["share", "switching_share"]])  # fmt: skip


@given(scored_options())
def test_shares_of_all_ranks_add_up_to_one(case):
    scores, _ = case
    share = rank_acceptability(scores, any_weights(3, 200, 1))
    assert share.sum(axis="columns").tolist() == approx([1.0] * len(scores))


@given(scored_options())
def test_adding_a_dominated_option_changes_neither_winner_nor_its_share_of_weightings(case):
    scores, weights = case
    worse = scores.iloc[[0]].clip(lower=1) - 1
    assume((scores.iloc[0] >= 1).any())
    more = pd.concat([scores, worse.set_axis(["z"])])
    before, after = weighted_scores(scores, weights), weighted_scores(more, weights)
    assert leaders(after) == leaders(before)
    drawn = any_weights(3, 200, 1)
    first = rank_acceptability(more, drawn)[1]
    assert first[scores.index].tolist() == rank_acceptability(scores, drawn)[1].tolist()
    assert "z" in set(dominated_options(more)["option"])


# other opinions and methods


def test_dominance_needs_one_factor_on_which_an_option_is_better():
    scores = pd.DataFrame(
        {"cost": [4.0, 4.0, 4.0, 5.0], "control": [3.0, 3.0, 2.0, 1.0]}, index=list("abcd")
    )
    assert dominated_options(scores).to_dict("records") == [{"option": "c", "dominated_by": "a, b"}]


def test_leaving_out_a_factor_or_weighing_all_alike_worked_by_hand():
    found = without_each_factor(SCORES, STATED).set_index("trial")
    assert found["winner"].to_dict() == {
        "All factors weigh alike": "b",
        "Without cost": "b",
        "Without control": "a",
    }
    assert found.loc["All factors weigh alike", ["score", "lead"]].tolist() == approx([3.5, 1.0])


def test_weights_that_add_up_to_one_are_left_out_as_those_that_add_up_to_a_hundred():
    of_one = without_each_factor(SCORES, STATED / 100)
    assert_frame_equal(of_one, without_each_factor(SCORES, STATED))
    assert len(of_one) == 3


def test_a_factor_with_all_the_weight_is_not_left_out():
    found = without_each_factor(SCORES, pd.Series({"cost": 5.0, "control": 0.0}))
    assert found["trial"].tolist() == ["All factors weigh alike", "Without control"]


def test_leaving_out_an_assessor_can_change_the_winner():
    given_scores = rows_of_scores(
        [("a", "cost", "x", 5), ("b", "cost", "x", 1), ("a", "cost", "y", 2), ("b", "cost", "y", 4)]
    )
    found = without_each_assessor(given_scores, pd.Series({"cost": 1.0}))
    assert found.to_dict("records") == [
        {"trial": "Without x", "winner": "b", "score": 4.0, "lead": 2.0},
        {"trial": "Without y", "winner": "a", "score": 5.0, "lead": 4.0},
    ]


def test_an_assessor_is_left_in_if_nobody_else_scored_a_factor():
    given_scores = rows_of_scores(
        [("a", "cost", "x", 5), ("a", "control", "x", 1), ("a", "cost", "y", 2)]
    )
    found = without_each_assessor(given_scores, pd.Series({"cost": 1.0, "control": 1.0}))
    assert found["trial"].tolist() == ["Without y"]
    alone = given_scores[given_scores["assessor"] == "x"]
    assert without_each_assessor(alone, pd.Series({"cost": 1.0, "control": 1.0})).empty


def test_doubts_against_the_winner_are_its_lowest_scores_and_the_others_highest():
    given_scores = rows_of_scores(
        [("a", "cost", "x", 5), ("a", "cost", "y", 3), ("b", "cost", "x", 1), ("b", "cost", "y", 4)]
    )
    found = against_the_winner(given_scores, pd.Series({"cost": 1.0}))
    trial = "Lowest scores for option a, highest for the others"
    assert found.to_dict("records") == [{"trial": trial, "winner": "b", "score": 4.0, "lead": 1.0}]


def test_without_disagreement_doubts_change_nothing():
    alone = TWO_ASSESSORS[TWO_ASSESSORS["assessor"] == "x"]
    found = against_the_winner(alone, STATED).iloc[0]
    assert (found["winner"], found["score"], found["lead"]) == ("b", approx(2.0), approx(1.0))


def test_trials_are_of_the_ranked_options_alone_and_leave_out_what_cannot_be_tried():
    rows = [("a", "cost", 4), ("a", "control", 1), ("b", "cost", 2), ("b", "control", 5)]
    out = [("z", "cost", 5), ("z", "control", 5)]
    given_scores = rows_of_scores([(*row[:2], "x", row[2]) for row in [*rows, *out]])
    benefit = pd.Series({"a": 1.0, "b": 5.0, "z": 5.0})
    found = trials(given_scores, SCORES, STATED, benefit).set_index("trial")["winner"]
    assert found.to_dict() == {
        "All factors weigh alike": "b",
        "Without cost": "b",
        "Without control": "a",
        "Lowest scores for option a, highest for the others": "a",
        "Benefits only": "b",
        "Distance to the ideal (TOPSIS)": "a",
        "Outranking (PROMETHEE II)": "a",
    }
    without = trials(given_scores, SCORES, STATED, benefit * np.nan)
    assert without["trial"].tolist() == [name for name in found.index if name != "Benefits only"]


def test_methods_worked_by_hand_can_disagree():
    # b is worth more; a beats it on the factor that weighs most
    scores = pd.DataFrame({"cost": [3.0, 2.0], "control": [0.0, 5.0]}, index=["a", "b"])
    weights = pd.Series({"cost": 60.0, "control": 40.0})
    assert net_outranking(scores, weights).to_dict() == approx({"a": 0.2, "b": -0.2})
    # distances: a lies 0.4 x 5 = 2 from the best and 0.6 from the worst, b the other way round
    assert closeness_to_ideal(scores, weights).to_dict() == approx({"a": 0.6 / 2.6, "b": 2 / 2.6})
    assert other_methods(scores, weights).to_dict("list") == {
        "weighted_sum": [2, 1],
        "topsis": [2, 1],
        "promethee": [1, 2],
    }


def test_options_that_are_alike_tie_under_every_method():
    scores = pd.DataFrame({"cost": [3.0, 3.0], "control": [1.0, 1.0]}, index=["a", "b"])
    assert (other_methods(scores, STATED) == 1).all(axis=None)
    assert (other_methods(scores.loc[["a"]], STATED) == 1).all(axis=None)


def as_given(column, cost=False):
    """Leave scores as they stand: pymcdm would bring them to the range of the options at hand."""
    return column


@pytest.mark.filterwarnings("ignore")  # of the libraries that pymcdm imports for its charts
@given(scored_options())
def test_topsis_and_promethee_agree_with_pymcdm(case):
    from pymcdm.methods import PROMETHEE_II, TOPSIS

    scores, weights = case
    assume((scores.nunique() > 1).any())
    share = (weights / weights.sum()).to_numpy()
    values, benefit = scores.to_numpy(), np.ones(3)
    topsis = TOPSIS(normalization_function=as_given)(values, share, benefit, validation=False)
    promethee = PROMETHEE_II("usual")(values, share, benefit, validation=False)
    assert closeness_to_ideal(scores, weights).tolist() == approx(topsis.tolist())
    assert net_outranking(scores, weights).tolist() == approx(promethee.tolist(), abs=1e-12)


@given(scored_options())
def test_a_scale_from_nought_to_a_hundred_gives_the_same_ranks(case):
    scores, weights = case
    assert_frame_equal(other_methods(20 * scores, weights), other_methods(scores, weights))


# findings

FACTORS = pd.DataFrame(
    {
        "factor": ["cost", "control"],
        "kind": ["benefit", "benefit"],
        "lowest_means": ["too dear", "none"],
        "highest_means": ["cheap", "full"],
    }
)
TWO_ASSESSORS = rows_of_scores(
    [
        (option, factor, assessor, score)
        for option, score in (("a", 1.0), ("b", 2.0))
        for factor in ("cost", "control")
        for assessor in ("x", "y")
    ]
)


def test_sound_scoring_gives_no_finding():
    assert findings(FACTORS, TWO_ASSESSORS, STATED).empty


def test_a_single_option_is_not_held_against_the_factors():
    assert findings(FACTORS, TWO_ASSESSORS.query("option == 'a'"), STATED).empty


def test_weights_that_do_not_add_up_to_100_are_a_finding():
    found = findings(FACTORS, TWO_ASSESSORS, STATED / 2)
    assert found.to_dict("records") == [
        {"item": "weights", "finding": "they add up to 50, not 100; only their ratio is used"}
    ]
    tenths = pd.Series([0.1] * 3 + [99.7])
    assert findings(FACTORS, TWO_ASSESSORS, tenths).empty  # 100 but for the last binary digit


@pytest.mark.parametrize(
    ("factors", "scores", "item", "words"),
    [
        (FACTORS.assign(lowest_means="", highest_means=""), TWO_ASSESSORS, "cost", "ends of its scale"),
        (FACTORS.assign(lowest_means=["too dear", ""]), TWO_ASSESSORS, "control", "ends of its scale"),
        (FACTORS.assign(highest_means=["", "full"]), TWO_ASSESSORS, "cost", "ends of its scale"),
        (FACTORS.assign(kind=["cost", "benefit"]), TWO_ASSESSORS, "cost", "is a cost inside"),
        (FACTORS, TWO_ASSESSORS.query("assessor == 'x'"), "assessors", "one scored everything"),
        (
            FACTORS,
            TWO_ASSESSORS.assign(score=TWO_ASSESSORS["score"].where(TWO_ASSESSORS["factor"] == "cost", 3.0)),
            "control",
            "does not discriminate",
        ),
    ],
    ids=["no anchors", "none below", "none above", "a cost", "one assessor", "all alike"],
)  # fmt: skip
def test_each_weakness_of_the_scoring_is_a_finding(factors, scores, item, words):
    found = findings(factors, scores, STATED).set_index("item")["finding"]
    assert words in found[item]
