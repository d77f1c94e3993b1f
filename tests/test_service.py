"""How well the service runs, and whether users are worse served after a change."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from businesscase.calculations.service import (
    direction,
    newcombe_interval,
    no_worse,
    on_target,
    service_trends,
    survey_changes,
    wilson_interval,
)
from businesscase.study import load_study

SAMPLES = st.integers(1, 500).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def readings(first, last, better="lower", target=None):
    """Return two readings of one measure, the later one first."""
    dates = pd.to_datetime(["2012-04-01", "2012-01-01"])
    same = {"measure": "calls", "partner": "North", "bound": "exactly", "unit": "calls"}
    table = pd.DataFrame({"date": dates, "value": [last, first]}).assign(**same, better=better)
    return table.assign(target=pd.Series([target] * 2, dtype=float))


def survey(before, after, partner="North"):
    """Return a survey before and after, each as satisfied and answers or None."""
    rows = [
        {"survey": "users", "partner": partner, "stage": stage, "date": pd.NaT}
        | dict(zip(("satisfied", "answers"), counts or (pd.NA, pd.NA), strict=True))
        for stage, counts in (("after", after), ("before", before))
        if counts != "absent"
    ]
    return pd.DataFrame(rows).astype({"satisfied": "Int64", "answers": "Int64"})


# measures


@pytest.mark.parametrize(
    ("first", "last", "better", "improved"),
    [
        (400.0, 150.0, "lower", True),
        (400.0, 150.0, "higher", False),
        (150.0, 400.0, "higher", True),
        (150.0, 400.0, "lower", False),
        (150.0, 150.0, "lower", None),
    ],
)
def test_a_trend_runs_by_date_and_knows_which_way_is_better(first, last, better, improved):
    trend = service_trends(readings(first, last, better)).iloc[0]
    assert (trend["first"], trend["last"], trend["change"]) == (first, last, last - first)
    assert trend["first_date"] < trend["last_date"]
    assert trend["improved"] == improved


BOUNDS = ("under", "exactly", "over")
# what is known of a measure that goes from a wording of 100 to one of 90, 100 or 110
KNOWN = {
    ("under", "under"): ("not known", "not known", "not known"),
    ("under", "exactly"): ("not known", "rose", "rose"),
    ("under", "over"): ("not known", "rose", "rose"),
    ("exactly", "under"): ("fell", "fell", "not known"),
    ("exactly", "exactly"): ("fell", "held", "rose"),
    ("exactly", "over"): ("not known", "rose", "rose"),
    ("over", "under"): ("fell", "fell", "not known"),
    ("over", "exactly"): ("fell", "fell", "not known"),
    ("over", "over"): ("not known", "not known", "not known"),
}


@pytest.mark.parametrize("bounds", KNOWN)
def test_a_direction_is_known_only_if_the_wording_of_both_readings_leaves_no_other(bounds):
    assert (
        tuple(direction(100, bounds[0], last, bounds[1]) for last in (90, 100, 110))
        == (KNOWN[bounds])
    )


def values_within(value, bound):
    """Return some values that a wording allows."""
    steps = {"under": (-50, -1, -0.01), "exactly": (0,), "over": (0.01, 1, 50)}
    return [value + step for step in steps[bound]]


@given(st.sampled_from(BOUNDS), st.sampled_from(BOUNDS), st.integers(90, 110))
def test_no_values_that_the_wording_allows_go_against_the_direction(first_bound, last_bound, last):
    found = direction(100, first_bound, last, last_bound)
    moves = {
        (after > before) - (after < before)
        for before in values_within(100, first_bound)
        for after in values_within(last, last_bound)
    }
    assert moves == {{"rose": 1, "fell": -1, "held": 0}[found]} if found != "not known" else True


@pytest.mark.parametrize(
    ("bounds", "change", "improved"),
    [
        (("exactly", "under"), None, None),  # availability of 97.9, then under 98
        (("exactly", "exactly"), 0.1, True),
        (("exactly", "over"), 0.1, True),
        (("over", "exactly"), None, None),
    ],
)
def test_a_change_is_not_known_where_the_wording_leaves_its_direction_open(
    bounds, change, improved
):
    table = readings(97.9, 98.0, "higher").assign(bound=list(reversed(bounds)))
    trend = service_trends(table).iloc[0]
    assert trend["improved"] is improved
    if change is None:
        assert pd.isna(trend["change"])
        assert trend["direction"] == "not known"
    else:
        assert trend["change"] == pytest.approx(change)


def test_partners_and_measures_have_trends_of_their_own():
    south = readings(8.0, 9.0).assign(partner="South")
    trends = service_trends(pd.concat([readings(5.0, 1.0), south], ignore_index=True))
    assert trends.set_index("partner")["change"].to_dict() == {"North": -4.0, "South": 1.0}


@pytest.mark.parametrize(
    ("value", "bound", "target", "better", "met"),
    [
        (98.0, "exactly", 99.0, "higher", False),  # availability, per cent
        (99.0, "exactly", 99.0, "higher", True),
        (200.0, "exactly", 200.0, "lower", True),  # backlog
        (201.0, "exactly", 200.0, "lower", False),
        (150.0, "under", 200.0, "lower", True),
        (150.0, "under", 100.0, "lower", None),
        (150.0, "over", 100.0, "lower", False),
        (150.0, "over", 150.0, "lower", False),
        (150.0, "over", 200.0, "lower", None),
        (70.0, "over", 65.0, "higher", True),  # resolved at first contact, per cent
        (70.0, "over", 75.0, "higher", None),
        (70.0, "under", 75.0, "higher", False),
        (70.0, "exactly", None, "higher", None),
    ],
)
def test_a_target_is_met_missed_or_left_open_by_the_wording(value, bound, target, better, met):
    assert on_target(value, bound, target, better) is met


def test_the_last_reading_is_held_against_its_target():
    trend = service_trends(readings(400.0, 150.0, target=200.0)).iloc[0]
    assert (trend["target"], trend["on_target"]) == (200.0, True)


def test_dacorum_halved_its_backlog_and_printed_no_target():
    trend = load_study("dacorum-avdc-2012").baseline.service_trends.iloc[0]
    assert (trend["first"], trend["last"], trend["improved"]) == (400, 150, True)
    assert pd.isna(trend["target"])
    assert trend["on_target"] is None


# intervals


@pytest.mark.parametrize(
    ("satisfied", "answers", "low", "high"),
    [
        # Newcombe, Statistics in Medicine 17 (1998), 857-872, score method
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_interval_is_the_printed_one(satisfied, answers, low, high):
    assert wilson_interval(satisfied, answers, 0.95) == pytest.approx((low, high), abs=5e-5)


def test_wilson_interval_by_hand():
    # z of 1.96: of 50 of 100, centre 0.5 and half-width 1.96 * sqrt(0.0025 + 0.00009604) / 1.038416
    low, high = wilson_interval(50, 100, 0.95)
    assert low == pytest.approx(0.40383, abs=1e-5)
    assert high == pytest.approx(0.59617, abs=1e-5)


@pytest.mark.parametrize(
    ("before", "after", "low", "high"),
    [
        # Newcombe, Statistics in Medicine 17 (1998), 873-890, method 10
        ((48, 80), (56, 70), 0.0524, 0.3339),
        ((3, 10), (9, 10), 0.1705, 0.8090),
    ],
)
def test_newcombe_interval_is_the_printed_one(before, after, low, high):
    assert newcombe_interval(before, after, 0.95) == pytest.approx((low, high), abs=5e-5)


@pytest.mark.parametrize(("satisfied", "answers"), [(1, 0), (6, 5), (-1, 5)])
def test_counts_that_cannot_be_are_refused(satisfied, answers):
    with pytest.raises(ValueError, match=f"{satisfied} of {answers} answers"):
        wilson_interval(satisfied, answers, 0.95)


@given(SAMPLES)
def test_wilson_interval_holds_the_share_and_narrows_with_less_confidence(sample):
    low, high = wilson_interval(*sample, 0.95)
    narrow = wilson_interval(*sample, 0.8)
    share = sample[0] / sample[1]
    ends = [0, low, narrow[0], share, narrow[1], high, 1]
    assert ends == pytest.approx(sorted(ends), abs=1e-12)


@given(SAMPLES, SAMPLES)
def test_newcombe_interval_turns_round_when_before_and_after_change_places(before, after):
    low, high = newcombe_interval(before, after, 0.95)
    back_low, back_high = newcombe_interval(after, before, 0.95)
    assert (low, high) == pytest.approx((-back_high, -back_low), abs=1e-12)
    assert -1 - 1e-12 <= low <= after[0] / after[1] - before[0] / before[1] <= high <= 1 + 1e-12


@given(SAMPLES)
def test_ten_times_the_answers_give_a_narrower_interval(sample):
    low, high = wilson_interval(*sample, 0.95)
    more_low, more_high = wilson_interval(sample[0] * 10, sample[1] * 10, 0.95)
    assert more_high - more_low < high - low


# no worse afterwards


@pytest.mark.parametrize(
    ("low", "high", "outcome"),
    [
        (-0.05, 0.2, "no worse"),
        (-0.0501, 0.2, "not known"),
        (-0.04, -0.01, "no worse"),  # a fall, but a smaller one than the margin
        (-0.2, -0.05, "not known"),
        (-0.2, -0.0501, "worse"),
        (float("nan"), float("nan"), "not known"),
    ],
)
def test_no_worse_needs_the_whole_interval_within_the_margin(low, high, outcome):
    assert no_worse(low, high, 0.05) == outcome


@pytest.mark.parametrize(
    ("before", "after", "outcome"),
    [
        ((480, 600), (490, 600), "no worse"),
        ((480, 600), (300, 600), "worse"),
        ((16, 20), (16, 20), "not known"),  # too few answers to tell
    ],
)
def test_surveys_are_told_apart(before, after, outcome):
    change = survey_changes(survey(before, after), 0.95, 0.05).iloc[0]
    assert change["outcome"] == outcome
    expected = after[0] / after[1] - before[0] / before[1]
    assert change["difference"] == pytest.approx(expected)


@pytest.mark.parametrize("after", ["absent", None])
def test_without_numbers_after_the_change_it_is_not_known(after):
    change = survey_changes(survey((480, 600), after), 0.95, 0.05).iloc[0]
    assert change["outcome"] == "not known"
    assert change["before_share"] == 0.8
    assert pd.isna(change["difference"])


def test_the_same_survey_at_two_partners_is_two_changes():
    both = pd.concat(
        [survey((480, 600), (490, 600)), survey((480, 600), (300, 600), "South")],
        ignore_index=True,
    )
    changes = survey_changes(both.sample(frac=1, random_state=1), 0.95, 0.05)
    found = changes.set_index("partner")["outcome"].to_dict()
    assert found == {"North": "no worse", "South": "worse"}


def test_carlisle_printed_no_numbers_so_it_is_not_known():
    table = load_study("allerdale-carlisle-2008").results.set_index(["measure", "item"])["value"]
    assert table["no_worse_afterwards", "user satisfaction with ICT, Carlisle"] == "not known"
    assert "survey_difference" not in table.index
