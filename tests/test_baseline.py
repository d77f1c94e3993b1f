"""What the partners spend today, on one price base, and how far the figures can be relied on."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal, assert_series_equal
from pydantic import ValidationError

from businesscase.calculations.baseline import (
    annual_costs,
    benchmark_gaps,
    cost_per_unit,
    data_quality,
    price_conversions,
    quartile_position,
    real_amounts,
    row_dates,
    service_comparison,
)
from businesscase.cases.case import load_case
from businesscase.cases.schema import ServiceCost
from businesscase.study import Study, load_study

TODAY = pd.Timestamp("2026-04-01")
STANDARDS = pd.Series(
    {"weight_published": 1.0, "weight_derived": 0.7, "weight_assumed": 0.3, "oldest_years": 5.0}
)
MONEY = st.floats(min_value=1, max_value=1e7)


def cost_line(partner="North", nature="staff", funding="revenue", amount=100.0, service="ICT"):
    """Return a line of cost on the price base."""
    return {
        "service": service,
        "partner": partner,
        "nature": nature,
        "funding": funding,
        "amount_gbp": amount,
        "real_gbp": amount,
    }


def quality(status, dates, value, standards=STANDARDS):
    """Return the quality of one table with one column of figures."""
    table = pd.DataFrame({"status": status, "value": value})
    dated = {"drivers": pd.Series(pd.to_datetime(dates))}
    found = data_quality({"drivers": table}, {"drivers": ["value"]}, dated, standards, TODAY)
    return found.loc["drivers"]


# costs


def test_annual_costs_add_lines_and_keep_the_order_of_the_table():
    rows = [("South", "web", 5.0), ("North", "staff", 2.0), ("South", "web", 7.0)]
    costs = annual_costs(pd.DataFrame(rows, columns=["partner", "category", "amount_gbp"]))
    expected = pd.DataFrame({"web": [12.0, 0.0], "staff": [0.0, 2.0]}, index=["South", "North"])
    assert_frame_equal(costs, expected, check_names=False)


def test_services_stand_side_by_side_by_nature_and_by_funding():
    lines = [
        cost_line("North", "staff", "revenue", 200.0),
        cost_line("North", "non_staff", "capital", 50.0),
        cost_line("North", None, "revenue", 30.0),
        cost_line("South", "non_staff", "revenue", 90.0),
        cost_line("North", "staff", "revenue", 7.0, service="web"),
    ]
    table = service_comparison(pd.DataFrame(lines)).set_index(["service", "partner"])
    columns = ["staff", "non_staff", "undivided", "revenue", "capital", "real_gbp"]
    assert table.loc[("ICT", "North"), columns].tolist() == [200, 50, 30, 230, 50, 280]
    assert table.loc[("ICT", "South"), columns].tolist() == [0, 90, 0, 90, 0, 90]
    assert table.loc[("web", "North"), "real_gbp"] == 7


@given(st.lists(MONEY, min_size=1, max_size=6), st.permutations(range(6)))
def test_the_parts_of_a_service_add_up_in_any_order_of_rows(amounts, order):
    natures = ["staff", "non_staff", None, "staff", None, "non_staff"]
    fundings = ["revenue", "capital"] * 3
    lines = [
        cost_line("North", natures[place], fundings[place], amounts[place])
        for place in order
        if place < len(amounts)
    ]
    row = service_comparison(pd.DataFrame(lines)).iloc[0]
    assert row[["staff", "non_staff", "undivided"]].sum() == pytest.approx(sum(amounts))
    assert row[["revenue", "capital"]].sum() == pytest.approx(sum(amounts))
    assert row["real_gbp"] == pytest.approx(sum(amounts))


# prices


def test_a_thousand_pounds_flat_in_cash_falls_as_the_green_book_prints_it():
    years = pd.Series(range(2020, 2026))
    price_index = pd.Series(1.02 ** (years - 2020).to_numpy(), index=years)
    real = real_amounts(pd.Series(1000.0, index=years.index), years, price_index, 2020)
    assert real.round().tolist() == [1000, 980, 961, 942, 924, 906]


def test_an_amount_in_the_base_year_needs_no_index():
    real = real_amounts(pd.Series([70.0]), pd.Series([2020]), pd.Series(dtype=float), 2020)
    assert real.tolist() == [70.0]


def test_deflators_say_that_they_are_copied_and_grow_at_a_stated_rate_beyond_the_series():
    rows = load_case("lictp-2020").tables["deflators"].set_index("year")
    index = rows["price_index"]
    assert list(index.index) == list(range(2005, 2037))
    assert index[[2005, 2024, 2030]].tolist() == [61.3576, 100.0, 113.6416]
    assert set(rows["status"]) == {"assumed"}  # nobody here read them at HM Treasury
    assert rows.loc[:2030, "note"].str.contains("copied").all()
    beyond = index.loc[2030:].pct_change().dropna()
    assert beyond.tolist() == pytest.approx([0.02] * 6, abs=1e-5)
    assert rows.loc[2031:, "note"].str.contains("Ours: 2% a year").all()


@pytest.mark.parametrize(("base_year", "missing"), [(2020, "2019"), (2021, "2019, 2021")])
def test_a_year_that_the_index_lacks_is_refused(base_year, missing):
    with pytest.raises(ValueError, match=f"no year {missing}$"):
        real_amounts(
            pd.Series([1.0, 1.0]), pd.Series([2019, 2020]), pd.Series({2020: 100.0}), base_year
        )


@given(MONEY, st.floats(min_value=50, max_value=200), st.floats(min_value=50, max_value=200))
def test_prices_taken_there_and_back_give_the_amount_again(amount, first, second):
    price_index = pd.Series({2010: first, 2020: second})
    there = real_amounts(pd.Series([amount]), pd.Series([2010]), price_index, 2020)
    back = real_amounts(there, pd.Series([2020]), price_index, 2010)
    assert back.item() == pytest.approx(amount)


def test_what_the_conversion_did_is_shown_by_year_and_only_where_there_was_one():
    lines = pd.DataFrame(
        {
            "year": [2019, 2020, 2019],
            "amount_gbp": [100.0, 50.0, 300.0],
            "real_gbp": [110.0, 50.0, 330.0],
        }
    )
    table = price_conversions(lines, pd.Series({2019: 100.0, 2020: 110.0}), 2020)
    assert table["change_gbp"].tolist() == [40.0, 0.0]
    assert table["price_index"].isna().tolist() == [False, True]
    assert table["base_index"].iloc[0] == 110


def test_a_budget_of_an_earlier_year_is_held_in_prices_of_the_decision_year():
    case = load_case("lictp-2020")
    earlier = case.tables["service_costs"].assign(year=2018)
    index = case.tables["deflators"].set_index("year")["price_index"]
    study = changed(service_costs=earlier)
    assert study.baseline.real_annual_cost["Melton"] == pytest.approx(
        311_000 * index[2020] / index[2018]
    )
    assert study.baseline.annual_cost["Melton"] == 311_000


def changed(**tables):
    """Return Leicestershire's base study with other tables."""
    study = load_study("lictp-2020")
    case = study.case
    replaced = type(case)(
        case.name, case.file, case.tables | tables, case.scenarios, case.input_hash
    )
    return Study(replaced, "base", study.parameters)


# users and benchmarks


def test_cost_of_a_user_counts_only_partners_that_have_both():
    costs = pd.Series({"North": 300.0, "South": 90.0, "East": 100.0})
    users = pd.Series({"North": 4, "West": 9, "East": 1})
    expected = pd.Series({"all": 80.0, "North": 75.0, "East": 100.0})
    assert_series_equal(cost_per_unit(costs, users), expected)


def test_without_users_there_is_no_cost_of_a_user():
    assert cost_per_unit(pd.Series({"North": 1.0}), pd.Series(dtype=float)).empty


def test_a_partner_without_users_has_no_cost_of_a_user_and_none_in_that_of_all():
    cost = pd.Series({"North": 1000.0, "South": 500.0})
    assert cost_per_unit(cost, pd.Series({"North": 0, "South": 10})).to_dict() == {
        "all": 50,
        "South": 50,
    }
    assert cost_per_unit(cost[["North"]], pd.Series({"North": 0})).empty


@given(
    st.lists(st.tuples(MONEY, st.integers(1, 5000)), min_size=1, max_size=5),
    st.floats(min_value=0.1, max_value=10),
)
def test_scaling_all_money_scales_the_cost_of_a_user(pairs, factor):
    names = [f"partner {place}" for place in range(len(pairs))]
    costs = pd.Series([cost for cost, _ in pairs], index=names)
    users = pd.Series([count for _, count in pairs], index=names)
    scaled = cost_per_unit(costs * factor, users)
    assert_series_equal(scaled, cost_per_unit(costs, users) * factor)


@given(st.permutations(["Hinckley and Bosworth", "Blaby", "Melton"]))
def test_the_order_of_partners_changes_no_figure(order):
    tables = load_case("lictp-2020").tables
    shuffled = {
        stem: pd.concat([tables[stem][tables[stem]["partner"] == name] for name in order])
        for stem in ("drivers", "service_costs")
    }
    before, after = load_study("lictp-2020"), changed(**shuffled)
    assert_series_equal(after.baseline.cost_per_user, before.baseline.cost_per_user)
    assert_frame_equal(after.baseline.benchmark_gaps, before.baseline.benchmark_gaps)
    assert_frame_equal(after.baseline.service_comparison, before.baseline.service_comparison)


def test_the_gap_is_positive_below_the_benchmark_and_worth_it_for_every_user():
    table = pd.DataFrame(
        {
            "benchmark": ["low", "high"],
            "measure": ["cost_per_user", "annual_cost"],
            "amount_gbp": [90.0, 130.0],
        }
    )
    levels = pd.DataFrame(
        {"cost_per_user": [100.0, 80.0], "annual_cost": [120.0, None]}, index=["all", "North"]
    )
    units = pd.DataFrame(
        {"cost_per_user": [5.0, 2.0], "annual_cost": [1.0, None]}, index=["all", "North"]
    )
    gaps = benchmark_gaps(table, levels, units)
    assert gaps["item"].tolist() == ["all", "North", "all"]
    assert gaps["gap_gbp"].tolist() == [-10.0, 10.0, 10.0]
    assert gaps["worth_gbp"].tolist() == [-50.0, 20.0, 10.0]


def test_partners_share_the_gap_of_the_whole_by_users():
    gaps = load_study("lictp-2020").baseline.benchmark_gaps.set_index("item")["worth_gbp"]
    assert gaps["all"] == pytest.approx(4_000_000 - 1_451_786)
    assert gaps["Melton"] == pytest.approx(gaps["all"] * 229 / 1069)
    assert gaps.drop("all").sum() == pytest.approx(gaps["all"])


def test_a_benchmark_of_a_device_is_worth_its_gap_times_devices():
    tables = load_case("lictp-2020").tables
    users, bands = tables["drivers"], tables["benchmarks"]
    devices = users.assign(driver="devices", value=users["value"] * 2)
    band = bands.assign(measure="cost_per_device", band="median", amount_gbp=700.0)
    study = changed(drivers=pd.concat([users, devices]), benchmarks=band)
    gaps = study.baseline.benchmark_gaps.set_index("item")
    assert gaps.at["Melton", "level_gbp"] == pytest.approx(311_000 / 458)
    assert gaps.at["Melton", "worth_gbp"] == pytest.approx(700 * 458 - 311_000)
    results = {(measure, item): value for _, measure, item, _, value, _ in study.rows("baseline")}
    assert results["cost_per_device", "Melton"] == pytest.approx(311_000 / 458)


@pytest.mark.parametrize(
    ("level", "position"),
    [
        (9, "below the lower quartile"),
        (10, "from the lower quartile to the median"),
        (19, "from the lower quartile to the median"),
        (20, "from the median to the upper quartile"),
        (30, "at or above the upper quartile"),
    ],
)
def test_a_level_has_its_place_among_the_quartiles(level, position):
    bands = pd.Series({"upper_quartile": 30, "lower_quartile": 10, "median": 20})
    assert quartile_position(level, bands) == position


def test_without_quartiles_a_level_has_no_place():
    assert quartile_position(10, pd.Series(dtype=float)) == "no quartile is given"


# data quality


def test_a_figure_printed_and_counted_on_the_day_scores_a_hundred():
    assert quality(["published"], ["2026-04-01"], [5])["score"] == 100


def test_quality_is_the_product_of_its_three_parts():
    row = quality(["published", "assumed"], ["2026-04-01", "2023-10-01"], [5, None])
    assert row["complete"] == 0.5
    assert row["provenance"] == 0.65  # mean of 1 and 0.3
    assert row["age_years"] == pytest.approx(2.5 / 2, abs=0.005)
    assert row["freshness"] == pytest.approx(0.75, abs=0.001)  # mean of 1 and half of 5 years left
    assert row["score"] == pytest.approx(100 * 0.5 * 0.65 * 0.75, abs=0.05)


def test_a_figure_beyond_the_oldest_age_counts_nothing_and_one_of_tomorrow_is_new():
    assert quality(["published"], ["2020-01-01"], [5])["score"] == 0
    assert quality(["published"], ["2026-09-01"], [5])["age_years"] == 0


def test_text_that_is_blank_is_not_complete():
    assert quality(["published", "published"], ["2026-04-01"] * 2, ["yes", ""])["complete"] == 0.5


def test_a_table_without_rows_scores_nothing():
    empty = pd.DataFrame({"status": [], "value": []})
    dates = {"drivers": pd.Series([], dtype="datetime64[ns]")}
    found = data_quality({"drivers": empty}, {"drivers": ["value"]}, dates, STANDARDS, TODAY)
    assert found.loc["drivers", ["rows", "score"]].tolist() == [0, 0]


@given(
    st.lists(st.sampled_from(["published", "derived", "assumed"]), min_size=1, max_size=8),
    st.randoms(),
)
def test_quality_lies_between_its_limits_and_is_blind_to_the_order_of_rows(statuses, random):
    shuffled = random.sample(statuses, len(statuses))
    score = quality(statuses, ["2026-01-01"] * len(statuses), 1.0)["score"]
    assert 0 <= score <= 100
    again = quality(shuffled, ["2026-01-01"] * len(statuses), 1.0)["score"]
    assert again == pytest.approx(score)


def test_taking_a_table_away_never_raises_the_score_of_a_case():
    study = load_study("lictp-2020")
    score = study.baseline.data_quality["score"].mean()
    for stem in ("drivers", "benchmarks", "service_costs"):
        without = changed(**{stem: study.tables[stem].iloc[:0]})
        assert without.baseline.data_quality["score"].mean() < score


def test_a_row_is_dated_by_itself_else_by_its_financial_year_else_by_the_case():
    assert row_dates(pd.DataFrame({"year": [2025]}), TODAY).item() == pd.Timestamp("2025-04-01")
    assert row_dates(pd.DataFrame({"asset": ["rack"]}), TODAY).item() == TODAY
    dated = pd.DataFrame({"date": pd.to_datetime(["2024-05-06", None])})
    assert row_dates(dated, TODAY).tolist() == [pd.Timestamp("2024-05-06"), TODAY]


def test_income_of_the_present_service_lowers_its_cost_and_stands_in_a_column_of_its_own():
    line = {"service": "ICT", "partner": "North", "funding": "revenue"}
    rows = [(500.0, "staff"), (300.0, None), (-40.0, "income")]
    lines = [line | {"nature": nature, "amount_gbp": gbp, "real_gbp": gbp} for gbp, nature in rows]
    row = service_comparison(pd.DataFrame(lines)).iloc[0]
    assert (row["staff"], row["undivided"], row["income"], row["real_gbp"]) == (500, 300, -40, 760)
    assert "income" not in service_comparison(pd.DataFrame(lines[:2]))


@pytest.mark.parametrize(
    ("nature", "amount", "said"),
    [("income", "40", "should be at most 0"), ("staff", "-40", "or nature be income")],
)
def test_only_income_is_below_nil(nature, amount, said):
    row = {
        "partner": "North",
        "category": "x",
        "nature": nature,
        "funding": "revenue",
        "year": "2026",
    }
    origin = {"status": "published", "source": "s", "paragraph": "1"}
    with pytest.raises(ValidationError, match=said):
        ServiceCost(**row, **origin, amount_gbp=amount)
