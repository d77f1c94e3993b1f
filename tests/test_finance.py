"""The cash view: inflation, borrowing, the medium-term plan."""

import pandas as pd
import pytest
from pytest import approx

from businesscase import finance
from businesscase.study import load_study

YEARS = [2026, 2027, 2028, 2029]


def test_prices_rise_from_the_first_year():
    assert finance.price_index(0.0, YEARS).tolist() == [1.0] * 4
    assert finance.price_index(0.1, YEARS).tolist() == approx([1, 1.1, 1.21, 1.331])


def test_staff_follow_pay_however_the_category_is_written():
    index = pd.MultiIndex.from_tuples(
        [("saving", "posts", "Staff", "revenue", "North")],
        names=["flow", "line", "category", "funding", "partner"],
    )
    flows = pd.DataFrame(100.0, index=index, columns=YEARS)
    assert finance.cash_flows(flows, 0.03, 0.02).iloc[0].tolist() == approx([100, 103, 106.09, 109.2727])  # fmt: skip


def test_staff_follow_pay_and_all_else_prices():
    index = pd.MultiIndex.from_tuples(
        [
            ("saving", "posts", "staff", "revenue", "North"),
            ("saving", "contract", "non_staff", "revenue", "North"),
        ],
        names=["flow", "line", "category", "funding", "partner"],
    )
    flows = pd.DataFrame(100.0, index=index, columns=YEARS)
    cash = finance.cash_flows(flows, 0.03, 0.02)
    assert cash.iloc[0].tolist() == approx([100, 103, 106.09, 109.2727])
    assert cash.iloc[1].tolist() == approx([100, 102, 104.04, 106.1208])


def test_provision_starts_the_year_after_and_pays_the_asset_off_over_its_life():
    spent = pd.Series([0.0, 1000.0, *[0.0] * 6], index=range(2026, 2034))
    charges = finance.borrowing_charges(spent, 5, 0.04)
    assert charges["minimum_revenue_provision"].tolist() == [0, 0, 200, 200, 200, 200, 200, 0]
    assert charges["interest"].tolist() == approx([0, 0, 40, 32, 24, 16, 8, 0])


def test_two_purchases_are_charged_beside_each_other():
    both = finance.borrowing_charges(pd.Series([100.0, 50.0, 0, 0], index=YEARS), 2, 0.1)
    assert both["minimum_revenue_provision"].tolist() == [0, 50, 75, 25]
    assert both["interest"].tolist() == approx([0, 10, 10, 2.5])


@pytest.mark.parametrize("funding", ["revenue", "reserves", "borrowing"])
def test_without_inflation_the_plan_adds_up_to_the_economic_flows(funding):
    study = load_study(
        "mkip-2012",
        pay_inflation=0.0,
        price_inflation=0.0,
        borrowing_rate=0.0,
        asset_life_years=5,
        capital_funding=funding,
    )
    plan = study.medium_term_plan
    effect = plan.xs("effect on the revenue budget", level="line").sum(axis="columns")
    capital = plan.xs("capital spending", level="line").sum(axis="columns")
    net = study.net_flows.sum(axis="columns")
    drawn = capital if funding == "reserves" else 0 * capital
    assert (effect - drawn)[net.index].tolist() == approx(net.tolist(), abs=0.05)
    assert capital.tolist() == approx([100_000] * 3)


def test_borrowing_moves_the_charge_to_later_years_and_adds_interest():
    paid = load_study("mkip-2012", capital_funding="revenue").medium_term_plan
    lent = load_study("mkip-2012", capital_funding="borrowing").medium_term_plan
    at_once = paid.loc[("Swale", "revenue contribution to capital")]
    assert at_once[2013] == approx(-102_000)  # £100,000 after a year of 2% inflation
    provision = lent.loc[("Swale", "minimum revenue provision")]
    assert provision[[2013, 2014, 2018, 2019]].tolist() == approx([0, -20_400, -20_400, 0])
    assert lent.loc[("Swale", "interest"), 2014] == approx(-0.05 * 102_000)
