"""The cash view: inflation, borrowing, the medium-term plan."""

import datetime as dt

import pandas as pd
import pytest
from cells import shown_in
from pytest import approx
from small import flow, small_case, small_study

from businesscase.calculations import finance
from businesscase.cases.errors import InputError
from businesscase.study import load_study

YEARS = [2026, 2027, 2028, 2029]


def test_prices_rise_from_the_first_year():
    assert finance.price_index(0.0, YEARS).tolist() == [1.0] * 4
    assert finance.price_index(0.1, YEARS).tolist() == approx([1, 1.1, 1.21, 1.331])


def test_what_follows_pay_rises_with_pay_and_the_rest_with_prices():
    index = pd.MultiIndex.from_tuples(
        [
            ("saving", "posts", "pay", "revenue", "North"),
            ("saving", "contract", "prices", "revenue", "North"),
        ],
        names=["flow", "line", "inflation", "funding", "partner"],
    )
    flows = pd.DataFrame(100.0, index=index, columns=YEARS)
    cash = finance.cash_flows(flows, 0.03, 0.02)
    assert cash.iloc[0].tolist() == approx([100, 103, 106.09, 109.2727])
    assert cash.iloc[1].tolist() == approx([100, 102, 104.04, 106.1208])


def cash_of(*rows):
    """Return North's recurring revenue in 2026, two years on, of lines of £100 a year."""
    study = small_study(
        flows=[flow(f"line {n}", "saving", 100) | row for n, row in enumerate(rows)]
    )
    return study.cash.medium_term_plan.loc[("North", "recurring revenue"), 2026]


def test_a_line_follows_what_it_says_whatever_its_category_is_called():
    assert cash_of({"category": "Salaries", "inflation": "pay"}) == approx(106.09)
    assert cash_of({"category": "staff", "inflation": "prices"}) == approx(104.04)
    parts = [{"line": "posts", "first_year": year, "last_year": year} for year in ("2025", "2026")]
    both = cash_of(parts[0] | {"inflation": "prices"}, parts[1] | {"inflation": "pay"})
    assert both == approx(106.09)  # one line may follow pay in some rows, prices in others


def test_rows_that_do_not_say_go_by_category_and_a_finding_names_how_each_was_read():
    old = [{"category": name, "inflation": ""} for name in (" Staff ", "Agency", "Pay")]
    assert cash_of(*old) == approx(2 * 106.09 + 104.04)
    case = small_case(flows=[flow(f"line {n}", "saving", 1) | row for n, row in enumerate(old)])
    assert any(
        "flows.csv: 3 rows leave inflation blank" in said
        and "pay for Staff, Pay and prices for Agency;" in said
        for said in case.findings
    )
    stated = small_case(flows=[flow("posts", "saving", 1, inflation="pay")])
    assert not any("inflation" in said for said in stated.findings)


@pytest.mark.parametrize("word", ["Pay", "staff", "price", "none", "3%"])
def test_a_row_can_follow_pay_or_prices_alone(word):
    with pytest.raises(InputError, match=r"column inflation: found .*'pay'.*'prices'"):
        small_case(flows=[flow("posts", "saving", 1, inflation=word)])


def test_provision_starts_the_year_after_and_pays_the_asset_off_over_its_life():
    spent = pd.Series([0.0, 1000.0, *[0.0] * 6], index=range(2026, 2034))
    charges = finance.borrowing_charges(spent, 5, 0.04)
    assert charges["minimum_revenue_provision"].tolist() == [0, 0, 200, 200, 200, 200, 200, 0]
    assert charges["interest"].tolist() == approx([0, 0, 40, 32, 24, 16, 8, 0])


def test_two_purchases_are_charged_beside_each_other():
    both = finance.borrowing_charges(pd.Series([100.0, 50.0, 0, 0], index=YEARS), 2, 0.1)
    assert both["minimum_revenue_provision"].tolist() == [0, 50, 75, 25]
    assert both["interest"].tolist() == approx([0, 10, 10, 2.5])


@pytest.mark.parametrize("life", [1, 3, 20])
def test_what_was_borrowed_is_charged_to_the_last_pound_or_still_to_be_provided_for(life):
    spent = pd.Series([100.0, 0.0, 60.0, 0.0], index=YEARS)
    charges = finance.borrowing_charges(spent, life, 0.1)
    charged = charges["minimum_revenue_provision"].cumsum() + charges["left_to_provide_for"]
    assert charged.tolist() == approx(spent.cumsum().tolist())
    assert charges["interest"].iloc[1:].tolist() == approx(
        (0.1 * charges["left_to_provide_for"].iloc[:-1]).tolist()
    )


def transformed(funding):
    """Return the plan of a council that spends 100 once, 60 on capital, and saves, without inflation."""
    flows = [
        flow("Posts", "saving", 50, (2028, 2031)),
        flow("Redundancy", "one_off_cost", 100, (2028, 2031)),
        flow("Network", "one_off_cost", 60, (2028, 2028), funding="capital"),
    ]
    base = {"pay_inflation": 0.0, "price_inflation": 0.0, "capital_funding": funding}
    years = {"decision_date": dt.date(2028, 6, 1), "data_date": dt.date(2028, 5, 1), "decision_year": 2028, "last_year": 2031}  # fmt: skip
    study = small_study(file=years, scenarios={"base": base}, flows=flows)
    return study.cash.medium_term_plan.loc["North"]


def test_receipts_pay_for_capital_in_any_year_and_one_off_revenue_in_the_years_allowed():
    plan = transformed("receipts")  # to 31 March 2030
    assert plan.loc["one-off revenue"].tolist() == [0, 0, -100, -100]
    assert plan.loc["use of capital receipts"].tolist() == [160, 100, 0, 0]
    assert plan.loc["effect on the revenue budget"].tolist() == [50, 50, -50, -50]
    paid = transformed("revenue").loc["effect on the revenue budget"]
    received = plan.loc["use of capital receipts"]
    assert (plan.loc["effect on the revenue budget"] - received).tolist() == paid.tolist()


@pytest.mark.parametrize("funding", ["revenue", "reserves", "borrowing"])
def test_only_receipts_pay_one_off_revenue_cost(funding):
    plan = transformed(funding)
    assert plan.loc["one-off revenue"].tolist() == [-100] * 4
    assert "use of capital receipts" not in plan.index


def test_receipts_have_no_years_without_the_rule(data_copy):
    path = data_copy / "finance_rules.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("\ncapital_receipts,", "\nformer_rule,"), encoding="utf-8")  # fmt: skip
    assert transformed("receipts").loc["one-off revenue"].tolist() == [-100] * 4


def test_rules_are_shown_where_they_hold_in_the_years_appraised():
    rules = set(load_study("mkip-2012").cash.rules["rule"])  # to 2022/23
    assert "capital_receipts" in rules
    assert not {"pension_age", "minimum_revenue_provision"} & rules
    study = load_study("worked-example")  # 2024/25 to 2033/34
    today = shown_in("savings", study, "What does it do to the budget?")[1]
    assert (
        today.caption
        == "Rules of finance in the years appraised: 7, 7 of them not read at the source"
    )
    assert pd.Timestamp("2028-04-06") in set(today["first_day"])  # when the pension age rises


def test_a_rule_that_ends_before_it_begins_is_refused(data_copy):
    path = data_copy / "finance_rules.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("2016-04-01,2030-03-31", "2016-04-01,2015-03-31"), encoding="utf-8")  # fmt: skip
    with pytest.raises(InputError, match="last_day 2015-03-31 is before first_day 2016-04-01"):
        small_case()


@pytest.mark.parametrize("funding", ["revenue", "reserves", "borrowing", "receipts"])
def test_without_inflation_the_plan_adds_up_to_the_economic_flows(funding):
    study = load_study(
        "mkip-2012",
        pay_inflation=0.0,
        price_inflation=0.0,
        borrowing_rate=0.0,
        asset_life_years=5,
        capital_funding=funding,
    )
    plan = study.cash.medium_term_plan
    effect = plan.xs("effect on the revenue budget", level="line").sum(axis="columns")
    capital = plan.xs("capital spending", level="line").sum(axis="columns")
    net = study.savings.net_flows.sum(axis="columns")
    beside = {"reserves": "use of reserves", "receipts": "use of capital receipts"}.get(funding)
    drawn = plan.xs(beside, level="line").sum(axis="columns") if beside else 0 * capital
    assert (effect - drawn)[net.index].tolist() == approx(net.tolist(), abs=0.05)
    assert capital.tolist() == approx([100_000] * 3)


def test_results_have_the_lines_of_the_plan_in_its_order():
    measures = dict.fromkeys(row[0] for row in load_study("mkip-2012").cash.rows())
    assert [name for name in measures if name.startswith("cash_")] == [
        "cash_recurring_revenue", "cash_one-off_revenue", "cash_revenue_contribution_to_capital",
        "cash_effect_on_the_revenue_budget", "cash_capital_spending",
    ]  # fmt: skip


def test_borrowing_moves_the_charge_to_later_years_and_adds_interest():
    paid = load_study("mkip-2012", capital_funding="revenue").cash.medium_term_plan
    lent = load_study("mkip-2012", capital_funding="borrowing").cash.medium_term_plan
    at_once = paid.loc[("Swale", "revenue contribution to capital")]
    assert at_once[2013] == approx(-102_000)  # £100,000 after a year of 2% inflation
    provision = lent.loc[("Swale", "minimum revenue provision")]
    assert provision[[2013, 2014, 2018, 2019]].tolist() == approx([0, -20_400, -20_400, 0])
    assert lent.loc[("Swale", "interest"), 2014] == approx(-0.05 * 102_000)
