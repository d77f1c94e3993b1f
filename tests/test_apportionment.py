"""Sharing a pooled amount: every penny is given out once, to the largest remainders."""

import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from pytest import approx

from businesscase.calculations.apportionment import apportioned, shares

COUNTS = st.lists(st.integers(1, 5_000), min_size=1, max_size=6)
PENCE = st.integers(0, 1_000_000_000)


def parts_in_pence(pence, counts):
    """Return the parts of one amount, in pence."""
    driver = pd.Series(counts, index=[f"partner {number}" for number in range(len(counts))])
    parts = apportioned(pd.Series({2026: pence / 100}), shares(driver))[2026]
    return [round(part * 100) for part in parts]


def test_shares_of_users_are_those_that_the_partnership_printed():
    users = pd.Series({"Hinckley and Bosworth": 499, "Blaby": 341, "Melton": 229})
    assert shares(users).round(3).tolist() == [0.467, 0.319, 0.214]


@given(COUNTS)
def test_shares_add_up_to_one(counts):
    assert shares(pd.Series(counts)).sum() == approx(1)


@pytest.mark.parametrize("count", [-3, float("nan")])
def test_a_driver_below_zero_is_refused(count):
    with pytest.raises(ValueError, match=r"driver of South is .*; it must be at least 0"):
        shares(pd.Series({"North": 5.0, "South": count}))


def test_a_driver_of_nil_is_a_share_of_nil_but_not_for_all():
    assert shares(pd.Series({"North": 5.0, "South": 0.0})).tolist() == [1, 0]
    with pytest.raises(ValueError, match="nil for every partner; one must be above 0"):
        shares(pd.Series({"North": 0.0, "South": 0.0}))


def test_the_odd_penny_of_equal_remainders_goes_to_the_partner_listed_first():
    thirds = pd.Series(1 / 3, index=["North", "South", "West"])
    expected = pd.DataFrame(
        {2026: [33.34, 33.33, 33.33], 2027: [0.01, 0.01, 0.0]}, index=thirds.index
    )
    assert_frame_equal(apportioned(pd.Series({2026: 100.0, 2027: 0.02}), thirds), expected)


def test_the_odd_pence_go_to_the_largest_remainders():
    # exact parts 46.73p, 32.71p and 20.56p, of which 98p is whole
    assert parts_in_pence(100, [50, 35, 22]) == [47, 33, 20]


@given(PENCE, COUNTS)
def test_parts_add_up_to_the_penny_and_none_is_a_penny_from_its_share(pence, counts):
    parts = parts_in_pence(pence, counts)
    assert sum(parts) == pence
    total = sum(counts)
    for part, count in zip(parts, counts, strict=True):
        assert abs(part * total - pence * count) < total


@given(PENCE, COUNTS)
def test_parts_follow_hamilton_in_whole_numbers(pence, counts):
    total = sum(counts)
    quotas = [divmod(pence * count, total) for count in counts]
    assume(len({remainder for _, remainder in quotas}) == len(quotas))  # no ties
    left_over = pence - sum(whole for whole, _ in quotas)
    favoured = sorted(range(len(quotas)), key=lambda place: -quotas[place][1])[:left_over]
    expected = [whole + (place in favoured) for place, (whole, _) in enumerate(quotas)]
    assert parts_in_pence(pence, counts) == expected
    assert parts_in_pence(pence, counts[::-1]) == expected[::-1]


def test_a_lone_partner_bears_it_all():
    assert parts_in_pence(12_345, [7]) == [12_345]
