"""What the partners spend today and how well the service runs."""

import pandas as pd
import pytest
from businesscase.baseline import annual_costs, benchmark_gaps, cost_per_user, service_trends
from pandas.testing import assert_frame_equal, assert_series_equal


def readings(first, last, better="lower"):
    """Return two readings of one measure, the later one first."""
    dates = pd.to_datetime(["2012-04-01", "2012-01-01"])
    same = {"measure": "calls", "partner": "North", "bound": "exactly", "unit": "calls"}
    return pd.DataFrame({"date": dates, "value": [last, first]}).assign(**same, better=better)


def test_annual_costs_add_lines_and_keep_the_order_of_the_table():
    rows = [("South", "web", 5.0), ("North", "staff", 2.0), ("South", "web", 7.0)]
    costs = annual_costs(pd.DataFrame(rows, columns=["partner", "category", "amount_gbp"]))
    expected = pd.DataFrame({"web": [12.0, 0.0], "staff": [0.0, 2.0]}, index=["South", "North"])
    assert_frame_equal(costs, expected, check_names=False)


def test_cost_per_user_is_left_out_where_there_are_no_users():
    costs = pd.Series({"North": 300.0, "South": 90.0})
    users = pd.Series({"North": 4, "West": 9})
    assert_series_equal(cost_per_user(costs, users), pd.Series({"North": 75.0}))


def test_the_gap_is_positive_below_the_benchmark_and_negative_above_it():
    table = pd.DataFrame({"benchmark": ["low", "high"], "amount_gbp": [90.0, 130.0]})
    gaps = benchmark_gaps(table, 100.0)
    assert gaps["gap_gbp"].tolist() == [-10.0, 30.0]
    assert gaps["annual_cost_gbp"].tolist() == [100.0, 100.0]


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


def test_partners_and_measures_have_trends_of_their_own():
    south = readings(8.0, 9.0).assign(partner="South")
    trends = service_trends(pd.concat([readings(5.0, 1.0), south], ignore_index=True))
    assert trends.set_index("partner")["change"].to_dict() == {"North": -4.0, "South": 1.0}
