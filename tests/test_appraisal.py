"""Discounting, net present value and payback: published examples, closed forms and limits."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_series_equal
from pytest import approx

from businesscase.calculations.appraisal import (
    benefit_cost_ratio,
    discount_factors,
    internal_rate_of_return,
    payback_years,
    peak_funding,
    present_value,
    scheduled_rates,
    switching_value,
)
from businesscase.cases.case import documents, load_case
from businesscase.cases.schema import SHARED_TABLES

RATE = st.floats(0.001, 0.2)
MONEY = st.floats(-1e7, 1e7).map(lambda amount: round(amount, 2))


def factors_at(rate, years):
    """Return the discount factors of year 0 and some years after it."""
    return discount_factors(pd.Series(float(rate), index=range(2026, 2027 + years)))


def npv(amounts, rate):
    """Return the net present value of one partner's flows from year 0."""
    factors = factors_at(rate, len(amounts) - 1)
    flows = pd.DataFrame([amounts], index=["North"], columns=factors.index)
    return present_value(flows, factors)["North"]


@pytest.mark.parametrize(("saving", "worth"), [(150_000, 247_491), (100_000, -168_339)])
def test_green_book_2003_box_15_is_reproduced_to_the_pound(saving, worth):
    assert round(npv([-1_000_000] + [saving] * 10, 0.035)) == worth


def test_discount_factors_at_3_5_percent_are_those_printed():
    printed = [1, 0.9662, 0.9335, 0.9019, 0.8714, 0.8420, 0.8135, 0.7860, 0.7594, 0.7337, 0.7089]
    assert factors_at(0.035, 10).round(4).tolist() == printed


def test_year_0_is_not_discounted_whatever_its_rate():
    factors = discount_factors(pd.Series([0.5, 0.25, 0.25], index=[2026, 2027, 2028]))
    assert factors.tolist() == approx([1, 0.8, 0.64])


def test_at_a_zero_rate_the_net_present_value_is_the_plain_sum():
    assert npv([-1000, 300, 0, 900], 0) == approx(200)


@given(st.floats(-1e6, 1e6), RATE, st.integers(1, 60))
def test_a_level_flow_is_worth_the_annuity_formula(amount, rate, years):
    annuity = amount * (1 - (1 + rate) ** -years) / rate
    assert npv([0.0] + [amount] * years, rate) == approx(annuity, rel=1e-9, abs=1e-6)


@given(st.lists(MONEY, min_size=2, max_size=12), RATE, st.floats(-10, 10))
def test_scaling_all_money_scales_the_net_present_value(amounts, rate, scale):
    scaled = npv([scale * amount for amount in amounts], rate)
    assert scaled == approx(scale * npv(amounts, rate), abs=1e-3)


def test_permuting_partners_permutes_their_worth():
    flows = pd.DataFrame([[-5.0, 9.0], [4.0, 1.0]], index=["North", "South"], columns=[2026, 2027])
    factors = pd.Series({2026: 1.0, 2027: 0.5})
    expected = pd.Series({"South": 4.5, "North": -0.5})
    assert_series_equal(present_value(flows.loc[["South", "North"]], factors), expected)


def test_the_rate_steps_down_in_years_31_and_76():
    schedule = load_case("mkip-2012").tables["discount_rates"]
    rates = scheduled_rates(schedule, list(range(81)))
    assert rates.tolist() == approx([0.035] * 31 + [0.03] * 45 + [0.025] * 5)
    factors = discount_factors(rates)
    assert factors[30] == approx(1.035**-30)
    assert factors[31] == approx(1.035**-30 / 1.03)


def test_the_rates_are_cited_by_a_document_that_was_read_and_by_no_annex_that_is_gone():
    case = load_case("mkip-2012")
    cited, titles = case.tables["discount_rates"], documents(case)
    assert [titles[key].title for key in set(cited["source"])] == [
        "Green Book discount rate review 2026: terms of reference"
    ]
    assert titles["green-book"].title.startswith("The Green Book (2022)")
    assert "edition of 5 February 2026" in titles["green-book"].title
    for stem in SHARED_TABLES:
        assert not case.tables[stem]["paragraph"].str.contains("annex", case=False).any()


def test_a_year_without_a_rate_is_refused():
    schedule = pd.DataFrame({"first_year": [0], "last_year": [1], "rate_fraction": [0.035]})
    with pytest.raises(ValueError, match="no rate for year 2"):
        scheduled_rates(schedule, [2026, 2027, 2028])


@pytest.mark.parametrize(
    ("net_flows", "years"),
    [
        pytest.param([-1000, 400, 400, 400], 2.5, id="halfway through year 3"),
        pytest.param([-1000, 500, 500, 500], 2.0, id="at the very end of year 2"),
        pytest.param([-100, 200, -200, 200], 2.5, id="back, gone again, back for good"),
        pytest.param([100, -300, 400], 1.5, id="first gained, then spent"),
        pytest.param([-0.10, -0.10, -0.10, 0.30], 3.0, id="to the penny"),
        pytest.param([0, 50, 50], 0.0, id="never out of pocket"),
        pytest.param([10, -10, 0], 0.0, id="never below zero"),
    ],
)
def test_payback_is_when_the_money_is_back_for_good(net_flows, years):
    assert payback_years(pd.Series(net_flows, dtype=float)) == approx(years)


@pytest.mark.parametrize("net_flows", [[-1000, 400, 400], [-1000, 2000, -1001], [-1]])
def test_payback_is_none_if_money_is_out_at_the_horizon(net_flows):
    assert payback_years(pd.Series(net_flows, dtype=float)) is None


# ratio, rate of return, funding


def test_green_books_it_system_has_its_ratio_rate_and_discounted_payback():
    flows = pd.Series([-1_000_000.0] + [150_000.0] * 10, index=range(2003, 2014))
    factors = discount_factors(pd.Series(0.035, index=flows.index))
    present = flows * factors
    saved, spent = flows.clip(lower=0.0), -flows.clip(upper=0.0)
    assert benefit_cost_ratio(saved, spent, factors) == approx(1.247491, abs=1e-6)
    rate, reason = internal_rate_of_return(flows)
    assert reason == ""
    # the annuity factor at the rate is 1,000,000 / 150,000
    assert (1 - (1 + rate) ** -10) / rate == approx(1_000_000 / 150_000)
    assert payback_years(flows) == approx(6 + 2 / 3)
    # 0.9662 + ... to year 7 is 6.1145; year 8 brings 0.7594
    assert payback_years(present) == approx(7 + (6.66667 - 6.11454) / 0.75941, abs=1e-3)
    assert peak_funding(flows) == 1_000_000


def test_there_is_no_ratio_without_cost():
    years = pd.Series([100.0, 100.0])
    assert benefit_cost_ratio(years, 0 * years, 0 * years + 1) is None


@pytest.mark.parametrize(
    ("flows", "reason"),
    [
        ([100.0, 50.0], "never change sign"),
        ([-100.0, -50.0], "never change sign"),
        ([0.0, 0.0], "never change sign"),
        ([-100.0, 300.0, -150.0], "change sign 2 times"),
        ([900.0, -200.0, -200.0, -600.0], "received before it is spent"),
        ([0.0, 0.0, 500.0, -100.0], "received before it is spent"),
        ([500.0, -100.0], "received before it is spent"),  # more than is ever spent
        ([0.004, 500.0, -1000.0], "received before it is spent"),  # less than a penny is nothing
    ],
)
def test_a_rate_of_return_is_refused_with_the_reason(flows, reason):
    rate, said = internal_rate_of_return(pd.Series(flows))
    assert rate is None
    assert reason in said


def test_a_rate_is_given_where_money_is_spent_first_whenever_that_is_and_whatever_comes_back():
    assert internal_rate_of_return(pd.Series([0.0, 0.0, -100.0, 110.0]))[0] == approx(0.1)
    assert internal_rate_of_return(pd.Series([-100.0, 50.0]))[0] == approx(-0.5)


def test_peak_funding_is_the_deepest_point_and_nil_if_never_out_of_pocket():
    assert peak_funding(pd.Series([-10.0, -5.0, 30.0, -12.0])) == 15
    assert peak_funding(pd.Series([5.0, -2.0])) == 0


def test_the_nearest_of_several_switching_values_is_given():
    def worth(values):
        return (values - 0.2) * (values - 0.9)

    assert switching_value(worth, 1.0, 0.0, 1.5) == approx(0.9, abs=1e-6)
    assert switching_value(worth, 0.0, 0.0, 1.5) == approx(0.2, abs=1e-6)


@pytest.mark.parametrize(("current", "value"), [(1.9, 0.9), (2.1, 3.1)])
def test_which_switching_value_is_nearest_is_seen_from_both_ends_of_an_interval(current, value):
    # at whole numbers the sign changes between 0 and 1, and between 3 and 4
    found = switching_value(lambda at: (at - 0.9) * (at - 3.1), current, 0.0, 4.0, points=5)
    assert found == approx(value, abs=0.01)


def test_there_is_no_switching_value_where_the_worth_keeps_its_sign_or_is_nil_all_along():
    assert switching_value(lambda values: values * 0 + 3.0, 0.5, 0.0, 1.0) is None
    assert switching_value(lambda values: values * 0.0, 0.5, 0.0, 1.0) is None
