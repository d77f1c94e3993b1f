"""What came of a decision: variances, the re-forecast, the review, and actuals that are refused."""

import datetime as dt
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from cells import shown_in
from conftest import ROOT
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from pytest import approx
from small import flow, result, small_case, small_study

from businesscase.calculations import outturn
from businesscase.calculations.apportionment import ALL
from businesscase.cases.case import load_case
from businesscase.cases.errors import InputError
from businesscase.cases.schema import Actual
from businesscase.shown import decision as decision_page
from businesscase.shown import outturn as show
from businesscase.shown.display import Table
from businesscase.study import Study, load_study
from businesscase.study.results import frame
from businesscase_workbench.report.content import report_of

MKIP, LICTP, DACORUM = "mkip-2012", "lictp-2020", "dacorum-avdc-2012"
LINES = ["Fewer posts and shared management", "Joint contracts and consolidated equipment"]


def settled(own, years):
    """Return the middle of what is expected after years of own results, one as good as all others."""
    return ((years * own**0.5 + ELSEWHERE**0.5) / (years + 1)) ** 2


# the plan of Mid Kent, thousands of pounds by year from 2013
PLAN = [150, 250, 330, 380, 410, 430, 440, 440, 440, 440]
# shared ICT services: a t of 3 degrees on the roots of what they realised
ROOTS = np.sqrt([8.5 / 15, 70_000 / 254_052, 2.4 / 6, 4 / 4])
ELSEWHERE = np.mean(ROOTS) ** 2
# no such service tells its overrun, so its range stands: the middle of a PERT from 0 to 120%
OVERRUN_ELSEWHERE = 1.2 * (1 - 0.5**0.2)


def plan(*rows, years=(2026, 2027)):
    """Return planned flows of (flow, line, partner, amount by year) rows."""
    index = pd.MultiIndex.from_tuples([row[:3] for row in rows], names=outturn.PLACE)
    return pd.DataFrame([row[3:] for row in rows], index=index, columns=list(years), dtype=float)


def actuals(*rows):
    """Return rows of actuals.csv of (kind, item, partner, year, value)."""
    return pd.DataFrame(rows, columns=["kind", "item", "partner", "year", "value"])


def events(*rows):
    """Return rows of events.csv of (date, kind)."""
    table = pd.DataFrame(rows, columns=["date", "kind"])
    return table.assign(date=pd.to_datetime(table["date"]), event=table["kind"])


def mid_kent(values, **changes):
    """Return Mid Kent with what each line saved each partner, by financial year [£]."""
    study = load_study(MKIP, **changes)
    rows = [
        ("saving", line, partner, year, value)
        for year, value in values.items()
        for line in LINES
        for partner in study.partners
    ]
    table = actuals(*rows).assign(date=pd.Timestamp("2014-05-31"), planned=np.nan, prices="")
    tables = study.tables | {"actuals": table}
    return Study(replace(study.case, tables=tables), "base", study.parameters)


# variances


def test_a_variance_is_actual_less_planned_of_the_same_line_partner_and_year():
    planned = plan(
        ("saving", "posts", "North", 100, 200),
        ("saving", "posts", "South", 50, 60),
        ("running_cost", "platform", "North", 30, 30),
    )
    found = outturn.money_to_date(
        actuals(
            ("saving", "posts", "North", 2027, 150),
            ("saving", "posts", "South", 2026, 55),
            ("running_cost", "platform", "North", 2026, 36),
            ("users", "users", "North", pd.NA, 700),
        ),
        planned,
    )
    assert found["planned"].tolist() == [200, 50, 30]
    assert found["variance"].tolist() == [-50, 5, 6]


def test_what_was_never_planned_is_all_variance():
    found = outturn.money_to_date(
        actuals(("saving", "posts", "North", 2030, 10)), plan(("saving", "posts", "North", 1, 2))
    )
    assert found[["planned", "variance"]].to_numpy().tolist() == [[0, 10]]


def test_realisation_is_the_saving_over_the_plan_of_the_years_reported():
    money = outturn.money_to_date(
        actuals(
            ("saving", "posts", "South", 2026, 10),
            ("saving", "posts", "North", 2026, 60),
            ("one_off_cost", "move", "North", 2026, 500),
        ),
        plan(
            ("saving", "posts", "North", 100, 900),
            ("saving", "posts", "South", 40, 900),
            ("one_off_cost", "move", "North", 400, 0),
        ),
    )
    found = outturn.ratio_to_date(money, "saving", "all")
    # in the order in which the case has its partners, here South first
    assert list(found["ratio"].items()) == [("all", 0.5), ("South", 0.25), ("North", 0.6)]
    assert outturn.years_reported(money, "saving") == 1


def test_without_a_plan_there_is_no_ratio_and_no_year_of_results():
    money = outturn.money_to_date(
        actuals(("saving", "posts", "North", 2026, 60)), plan(("saving", "posts", "North", 0, 9))
    )
    assert np.isnan(outturn.ratio_to_date(money, "saving", "all").at["all", "ratio"])
    assert outturn.years_reported(money, "saving") == 0


def test_what_is_reported_and_what_is_to_come_make_up_the_whole_plan():
    planned = plan(
        ("saving", "posts", "North", 100, 200),
        ("one_off_cost", "move", "North", 30, 40),
        ("counterfactual_cost", "old", "North", 7, 7),
    )
    money = outturn.money_to_date(actuals(("saving", "posts", "North", 2026, 1)), planned)
    left = outturn.not_reported(planned, money)
    assert left.to_numpy().tolist() == [[0, 200], [30, 40]]
    assert left.to_numpy().sum() + money["planned"].sum() == 100 + 200 + 30 + 40
    assert planned.to_numpy().sum() == 384  # the plan itself is left as it was


# the re-forecast


BEFORE = np.array([0.16, 0.36, 0.64])  # roots 0.4, 0.6 and 0.8


def test_forecast_by_hand():
    # one own year of 1.0 counts as much: the roots' middle is 0.8, and half of the variance is left
    found = outturn.forecast(BEFORE, 1.0, years=1, year_weight=1.0)
    assert (found.own_weight, found.p50) == (0.5, approx(0.8**2))
    assert found.p10 == approx((0.8 - 0.2 / 2**0.5) ** 2)
    assert found.p90 == approx((0.8 + 0.2 / 2**0.5) ** 2)


def test_two_years_count_twice_and_a_year_may_count_for_more():
    two = outturn.forecast(BEFORE, 1.0, years=2, year_weight=1.0)
    assert (two.p50, two.p10) == (approx((2.6 / 3) ** 2), approx((2.6 / 3 - 0.2 / 3**0.5) ** 2))
    assert outturn.forecast(BEFORE, 1.0, years=1, year_weight=2.0) == two


def test_without_own_results_or_weight_the_forecast_is_what_was_expected_before():
    for years, weight in ((0, 1.0), (5, 0.0)):
        assert outturn.forecast(BEFORE, 0.9, years, weight) == approx((*BEFORE, 0))


@given(st.floats(0, 2), st.floats(0.01, 1), st.floats(0, 2), st.integers(1, 30), st.floats(0.1, 20))
def test_the_middle_of_a_forecast_is_the_posterior_of_a_normal_mean(
    middle, spread, own, years, year_weight
):
    # a prior of that variance, and as many readings of it as years, each of variance / weight
    precision = (1 + years * year_weight) / spread**2
    mean = (middle + years * year_weight * own**0.5) / spread**2 / precision
    before = np.maximum([middle - spread, middle, middle + spread], 0) ** 2
    found = outturn.forecast(before, own, years, year_weight)
    assert found.p50 == approx(mean**2, rel=1e-6, abs=1e-9)
    assert found.p90 == approx((mean + precision**-0.5) ** 2, rel=1e-6, abs=1e-9)
    more = outturn.forecast(before, own, years + 1, year_weight)
    assert more.p90**0.5 - more.p50**0.5 < found.p90**0.5 - found.p50**0.5
    assert abs(more.p50 - own) <= abs(found.p50 - own) + 1e-9


def test_a_forecast_is_never_below_nil():
    assert outturn.forecast(np.array([0.0, 0.25, 1.0]), 0.0, 1, 1.0).p10 == 0


@given(st.floats(-1e6, 1e6), st.floats(1, 1e6))
def test_at_the_required_ratio_the_whole_is_worth_nothing(without, at_plan):
    found = outturn.required_ratio(without, at_plan)
    if without <= 0:
        assert without + found * at_plan == approx(0, abs=1e-6)
    else:
        assert found == 0  # nothing more is needed


def test_a_cost_is_required_to_stay_below_a_part_of_plan():
    assert outturn.required_ratio(90.0, -100.0) == approx(0.9)
    assert outturn.required_ratio(90.0, 0.0) is None


@pytest.mark.parametrize(
    ("low", "middle", "flag"),
    [(-2.0, -0.01, "red"), (-2.0, 0.0, "amber"), (-0.01, 5.0, "amber"), (0.0, 5.0, "green")],
)
def test_the_flag_turns_at_the_middle_and_at_the_low_end(low, middle, flag):
    assert outturn.review_flag({"p10": low, "p50": middle}) == flag
    assert outturn.review_flag({}) == "not known"


# the review


def test_the_next_review_is_the_first_after_the_last_reading_else_the_end():
    table = events(
        ("2030-01-01", "end"), ("2028-01-01", "review"), ("2026-01-01", "review"),
        ("2027-01-01", "gate"),
    )  # fmt: skip
    assert outturn.next_review(table, pd.Timestamp("2025-12-31"))["date"].year == 2026
    assert outturn.next_review(table, pd.Timestamp("2026-01-01"))["date"].year == 2028
    assert outturn.next_review(table, pd.Timestamp("2028-01-01"))["date"].year == 2030
    assert outturn.next_review(table, pd.Timestamp("2030-01-01")) is None


def test_after_the_outcome_there_is_no_review_left():
    table = events(("2026-01-01", "end"), ("2027-01-01", "outcome"), ("2028-01-01", "review"))
    assert outturn.next_review(table, pd.Timestamp("2025-01-01"))["kind"] == "end"
    assert outturn.next_review(table, pd.Timestamp("2026-06-01")) is None


@pytest.mark.parametrize(
    ("date", "year"),
    [("2023-10-01", 1), ("2024-09-30", 1), ("2024-10-01", 2), ("2028-09-30", 5)],
)
def test_a_year_of_service_runs_from_the_start_to_the_day_before_its_return(date, year):
    table = events(("2020-01-01", "start"), ("2023-10-01", "start"))
    decided = pd.Timestamp("2023-01-01")
    assert outturn.year_of_service(table, decided, pd.Timestamp(date)) == year


def test_without_a_start_after_the_decision_there_is_no_year_of_service():
    table = events(("2020-01-01", "start"))
    assert outturn.year_of_service(table, pd.Timestamp("2023-01-01"), pd.Timestamp("2024-01-01")) is None  # fmt: skip


def test_days_after_plan_leave_out_weekends_and_holidays():
    # Friday 3 April 2026 is Good Friday, Monday 6 April Easter Monday
    planned, actual = (pd.to_datetime(pd.Series([day])) for day in ("2026-04-02", "2026-04-08"))
    holidays = [pd.Timestamp("2026-04-03").date(), pd.Timestamp("2026-04-06").date()]
    assert outturn.days_after_plan(actual, planned).tolist() == [4]
    assert outturn.days_after_plan(actual, planned, holidays).tolist() == [2]
    assert outturn.days_after_plan(planned, actual, holidays).tolist() == [-2]


# a study with actuals


def test_half_of_the_first_years_saving_of_mid_kent_by_hand():
    study = mid_kent({2013: 75_000 / 6})
    assert study.outturn.realisation_to_date.loc["all"].tolist() == approx([150_000, 75_000, 0.5])
    found = study.outturn.forecasts["saving"]
    assert (found.own_weight, found.p50) == (0.5, approx(settled(0.5, 1)))
    factors = [1.035**-year for year in range(1, 11)]
    to_come = sum(saved * 1000 * factor for saved, factor in list(zip(PLAN, factors, strict=True))[1:])  # fmt: skip
    sunk = 75_000 / 1.035 - 300_000 * (1 + OVERRUN_ELSEWHERE) / 1.035
    assert study.outturn.required_realisation == approx(-sunk / to_come)
    assert study.outturn.forecast_worth["p50"] == approx(sunk + found.p50 * to_come)
    assert study.outturn.forecast_worth["p10"] == approx(sunk + found.p10 * to_come)
    assert study.outturn.review_flag == "green"
    yearly = study.outturn.yearly_outturn
    assert yearly["planned"].tolist() == approx([0, *(1000 * saved for saved in PLAN)])
    assert yearly.at[2013, "p50"] == approx(75_000)
    assert yearly.at[2014, "p50"] == approx(250_000 * found.p50)


def test_the_plan_is_the_base_scenarios_whatever_a_lever_does():
    moved = mid_kent({2013: 75_000 / 6}, realisation=0.6, delay_years=1.0, overrun=1.0)
    assert moved.outturn.realisation_to_date.loc["all", "planned"] == approx(150_000)
    assert moved.outturn.required_realisation == approx(
        mid_kent({2013: 75_000 / 6}).outturn.required_realisation
    )


def test_years_without_a_saving_turn_the_flag_red_once_they_count_for_enough():
    nothing = {2013: 0, 2014: 0}
    # the fund at its forecast cost, over what is planned from the third year on
    factors = [1.035**-year for year in range(3, 11)]
    to_come = sum(saved * factor for saved, factor in zip(PLAN[2:], factors, strict=True))
    required = 300 * (1 + OVERRUN_ELSEWHERE) / 1.035 / to_come
    as_elsewhere = mid_kent(nothing, own_year_weight=0.0)
    assert as_elsewhere.outturn.required_realisation == approx(required)
    assert as_elsewhere.outturn.forecasts["saving"].p10 < required < ELSEWHERE
    assert as_elsewhere.outturn.review_flag == "amber"
    own_alone = mid_kent(nothing, own_year_weight=20.0)
    assert own_alone.outturn.forecasts["saving"].p50 == approx(ELSEWHERE / 41**2)
    assert own_alone.outturn.review_flag == "red"


def test_the_reviews_of_the_published_cases():
    assert load_study(MKIP).outturn.review["date"] == pd.Timestamp("2018-03-31")
    assert load_study(LICTP).outturn.review["date"] == pd.Timestamp("2026-12-31")
    assert [load_study(case).outturn.review_year for case in (MKIP, LICTP)] == [5, 5]
    assert load_study("durham-sunderland-2014").outturn.review is None


def test_without_actuals_the_switching_value_is_what_must_be_seen():
    study = load_study(MKIP)
    switching = study.uncertainty.switching_values.query(
        "parameter == 'realisation' and item == 'all'"
    )
    assert study.outturn.required_realisation_at_plan == approx(switching["switching_value"].item())
    assert study.outturn.required_realisation_at_plan == approx(0.096079, abs=1e-6)


def test_a_case_that_saves_by_a_lower_cost_is_told_how_low_it_must_be():
    study = load_study(LICTP)
    assert (study.outturn.required_realisation, study.outturn.review_flag) == (None, "not known")
    switching = study.uncertainty.switching_values.query(
        "parameter == 'running_cost_change' and item == 'all'"
    )
    assert study.outturn.required_running_cost == approx(1 + switching["switching_value"].item())


def test_dacorums_backlog_is_held_against_the_criterion_as_the_report_plans_none():
    row = load_study(DACORUM).outturn.measures_to_date.iloc[0]
    assert (row["actual"], row["bound"], row["planned"]) == (150, "under", 200)
    assert (row["held_against"], row["variance"], row["reached"]) == ("criterion of the decision", -50, True)  # fmt: skip


def test_dacorums_reading_is_the_published_one_and_carries_no_plan_of_ours():
    row = load_case(DACORUM).tables["actuals"].iloc[0]
    assert (row["status"], row["value"], row["date"]) == ("published", 150, pd.Timestamp("2012-04-01"))  # fmt: skip
    assert pd.isna(row["planned"])


def test_a_reading_is_held_against_its_plan_before_its_target_and_its_criterion():
    study = load_study(DACORUM)
    reading = study.tables["actuals"]
    measures = study.tables["service_measures"].assign(target=120.0)
    for planned, expected in ((np.nan, (120, "target", False)), (160.0, (160, "plan", True))):
        tables = study.tables | {"actuals": reading.assign(planned=planned), "service_measures": measures}  # fmt: skip
        row = Study(replace(study.case, tables=tables), "base", study.parameters).outturn.measures_to_date.iloc[0]  # fmt: skip
        assert (row["planned"], row["held_against"], row["reached"]) == expected


MEASURE = {"measure": "solved", "unit": "% of calls", "better": "higher", "bound": "exactly"}


def reading(date, value, partner="North", **cells):
    """Return a row of service_measures.csv as text."""
    return {**MEASURE, "partner": partner, "date": date, "value": value, **cells}


def solved_to_date(**tables):
    """Return what became of the one reading of North on 1 April 2024, which was 50."""
    actual = {"kind": "service_measure", "item": "solved", "partner": "North"}
    actual |= {"date": "2024-04-01", "value": "50"}
    return small_study(actuals=[actual], **tables).outturn.measures_to_date.iloc[0]


@pytest.mark.parametrize(
    ("others", "bound"),
    [
        ([], "exactly"),  # the source has no such reading
        ([reading("2024-04-01", "50", bound="under")], "under"),
        ([reading("2024-04-01", "60", bound="over")], "exactly"),
        ([reading("2023-04-01", "50", bound="over")], "exactly"),
        ([reading("2024-04-01", "50", "South", bound="over")], "exactly"),
        (
            [
                reading("2023-04-01", "50", bound="over"),
                reading("2024-04-01", "50", bound="under"),
            ],
            "under",
        ),
    ],
)
def test_a_reading_is_worded_as_the_one_of_its_own_date_and_value(others, bound):
    readings = [reading("2022-04-01", "40", bound="over"), *others]
    assert solved_to_date(service_measures=readings)["bound"] == bound


def test_a_reading_is_held_against_its_partners_last_target():
    readings = [
        reading("2023-04-01", "55", target="60"),
        reading("2022-04-01", "52", target="70"),
        reading("2024-04-01", "58", "South", target="80"),
    ]
    row = solved_to_date(service_measures=readings)
    assert (row["planned"], row["held_against"], row["variance"]) == (60, "target", -10)


def test_a_reading_is_held_against_the_criterion_on_its_own_measure_and_partner():
    thresholds = {
        ("service_measure_first", "North"): "20",
        ("service_measure_last", "South"): "30",
        ("service_measure_last", "North"): "45",
    }
    gates = [
        {"criterion": f"{measure} of {partner}", "section": "baseline", "measure": measure,
         "item": f"solved, {partner}", "threshold": threshold}
        for (measure, partner), threshold in thresholds.items()
    ]  # fmt: skip
    readings = [reading("2023-04-01", "55"), reading("2023-04-01", "55", "South")]
    row = solved_to_date(service_measures=readings, gates=gates)
    assert (row["planned"], row["held_against"]) == (45, "criterion of the decision")
    none = solved_to_date(service_measures=readings, gates=gates[:2])
    assert (none["held_against"], none["reached"]) == ("", None)


def test_results_of_the_outturn_of_mid_kent():
    study = mid_kent({2013: 75_000 / 6})
    table = frame(study.rows("outturn")).set_index(["measure", "item"])["value"]
    assert table["saving_to_date", "all"] == approx(75_000)
    assert table["realisation_to_date", "Maidstone"] > 0
    assert table["own_weight", "all"] == 0.5
    assert table["review_flag", "all"] == "green"
    assert table["review_date", "all"] == pd.Timestamp("2018-03-31")


def test_the_latest_reading_is_the_latest_by_date_in_any_order_of_rows(data_copy):
    def variances():
        rows = load_study("worked-example").rows("outturn")
        return {row[1:3]: row[4] for row in rows if row[1].endswith("_variance")}

    found = variances()
    path = data_copy / "worked-example" / "actuals.csv"
    header, *rows = path.read_text(encoding="utf-8").splitlines()
    older = next(row for row in rows if "5.5,6," in row)
    older = older.replace("2026-03-31", "2025-03-31").replace("5.5,6,", "9,6,")
    path.write_text("\n".join([header, *rows[::-1], older, ""]), encoding="utf-8")
    load_case.cache_clear()
    assert variances() == approx(found)


def test_results_of_the_outturn_of_dacorum():
    table = load_study(DACORUM).results.query("section == 'outturn'").set_index(["measure", "item"])
    assert table["value"].to_dict() == {
        ("review_flag", "all"): "not known",
        ("review_date", "all"): pd.Timestamp("2012-12-31"),
        ("service_measure_variance", "pending helpdesk calls, Dacorum"): -50,
    }


# refusals

HEADER = ",".join(Actual.model_fields)


# years that are over and not reported


SET_UP = [
    flow("posts", "saving", 100, (2025, 2028)),
    flow("posts", "saving", 100, (2025, 2028), "South"),
    flow("set-up", "one_off_cost", 200, (2024, 2024)),
    flow("second wave", "one_off_cost", 50, (2027, 2027)),
]


def saved(year, value, partner="North", item="posts", kind="saving"):
    """Return a row of actuals.csv, reported at the end of the year."""
    date = f"{year + 1}-03-31"
    return {"kind": kind, "item": item, "partner": partner, "year": str(year), "date": date, "value": str(value)}  # fmt: skip


def as_at(date, *rows, **file):
    """Return the study of a small case whose figures are of a date."""
    return small_study(file={"data_date": date, **file}, flows=SET_UP, actuals=list(rows))


REPORTED = [saved(2025, 60), saved(2025, 80, "South")]


def test_a_cost_of_a_closed_year_that_nobody_reported_stands_as_planned_and_is_not_raised():
    study = as_at(dt.date(2026, 4, 30), *REPORTED)
    own = settled(140 / 200, 1)  # one year of own results
    to_come = 200 * (1.035**-2 + 1.035**-3 + 1.035**-4)
    cost = 200 + 50 * (1 + OVERRUN_ELSEWHERE) / 1.035**3
    assert study.outturn.forecast_worth["p50"] == approx(140 / 1.035 + own * to_come - cost)
    assert result(study, "outturn", "planned_not_reported", "set-up") == 200
    assert study.outturn.to_come.loc["one_off_cost"].tolist() == [0, 0, 0, 50, 0]
    assert show.answer(study).text.endswith(
        "Not reported though the year is over, so that the plan's figure stands: one-off cost "
        "“set-up” of 2024/25, £200."
    )


def test_outturn_in_the_money_of_its_year_is_deflated_and_shown_both_ways():
    cash = [row | {"prices": "own_year"} for row in REPORTED]
    index = load_case(DACORUM).tables["deflators"].set_index("year")["price_index"]
    real = 140 * index[2024] / index[2025]
    study = as_at(dt.date(2026, 4, 30), *cash)
    assert result(study, "outturn", "saving_to_date") == approx(real)
    assert result(study, "outturn", "realisation_to_date") == approx(real / 200)
    said = f"£140 of the money was reported in that of its year; in prices of 2024/25, as the plan is, that is £{real:.0f}."
    assert said in show.answer(study).text
    table = shown_in("decision", study, "What came of it so far?")[4]
    assert table["reported_gbp"].tolist() == [60, 80]
    assert table["actual_gbp"].sum() == approx(real)
    assert table.caption.endswith("; actual in prices of 2024/25")


@pytest.mark.parametrize("prices", ["", "base_year"])
def test_outturn_in_base_year_prices_stays_as_it_is(prices):
    study = as_at(dt.date(2026, 4, 30), *[row | {"prices": prices} for row in REPORTED])
    assert result(study, "outturn", "saving_to_date") == 140
    assert "money of" not in show.answer(study).text
    table = shown_in("decision", study, "What came of it so far?")[4]
    assert table["reported_gbp"].tolist() == table["actual_gbp"].tolist()


def test_outturn_of_the_decision_year_is_in_base_year_prices_whatever_it_says():
    cost = {"kind": "one_off_cost", "item": "set-up", "partner": "North", "date": "2025-05-31", "year": "2024", "value": "210", "prices": "own_year"}  # fmt: skip
    assert as_at(dt.date(2026, 4, 30), *REPORTED, cost).outturn.actuals["value"].tolist() == [
        60,
        80,
        210,
    ]


def test_outturn_of_a_year_without_a_price_index_is_refused(data_copy):
    path = data_copy / "deflators.csv"
    path.write_text(
        path.read_text(encoding="utf-8").replace("\n2025,", "\n2040,"), encoding="utf-8"
    )
    with pytest.raises(InputError, match="year 2025 has no row in data/deflators"):
        as_at(dt.date(2026, 4, 30), *[row | {"prices": "own_year"} for row in REPORTED])


def test_prices_are_of_money_alone():
    with pytest.raises(InputError, match="users has no prices; only money has"):
        as_at(dt.date(2026, 4, 30), {"kind": "users", "item": "users", "partner": "North", "date": "2025-05-31", "value": "9", "prices": "own_year"})  # fmt: skip


@pytest.mark.parametrize(("date", "closed"), [((2025, 3, 30), []), ((2025, 3, 31), [2024])])
def test_a_year_is_over_on_its_last_day(date, closed):
    study = as_at(dt.date(*date))
    assert study.outturn.closed_years == closed
    assert study.outturn.to_come.at["one_off_cost", 2024] == (0 if closed else 200)
    assert ("Not reported" in show.answer(study).text) == bool(closed)


def test_a_reported_cost_counts_and_the_partner_that_reports_none_stands_as_planned():
    rows = [flow("move", "one_off_cost", 100, (2024, 2024), name) for name in ("North", "South")]
    study = small_study(
        file={"data_date": dt.date(2025, 4, 30)},
        flows=rows,
        actuals=[saved(2024, 130, "North", "move", "one_off_cost")],
    )
    assert study.outturn.to_date.at["one_off_cost", 2024] == 230
    assert study.outturn.not_reported.index.tolist() == [("one_off_cost", "move", "South")]


def test_a_closed_year_whose_saving_was_never_reported_is_no_forecast_either():
    study = as_at(dt.date(2027, 4, 30), *REPORTED)
    table = study.outturn.yearly_outturn
    assert table["is_ahead"].tolist() == [False] * 3 + [True] * 2
    assert table.at[2026, "p50"] == table.at[2026, "planned"] == 200
    saved_by_year = shown_in("decision", study, "What came of it so far?")[2]
    assert saved_by_year["p50_gbp"].notna().tolist() == [False] * 3 + [True] * 2
    assert "saving “posts” of 2026/27, £200" in show.answer(study).text


def test_what_was_not_reported_of_a_closed_year_is_a_finding_and_leaves_the_ratio_alone():
    study = as_at(dt.date(2026, 4, 30), REPORTED[0])
    assert [str(fault) for fault in study.findings if fault.details["file"] == "actuals.csv"] == [
        "actuals.csv: 'set-up' of North (one off cost) is not reported for 2024/25; the plan's figure, "
        "£200, stands in until it is",
        "actuals.csv: 'posts' of South (saving) is not reported for 2025/26; the plan's figure, £100, "
        "stands in until it is",
    ]
    assert study.outturn.realisation_to_date["ratio"].to_dict() == approx({ALL: 0.6, "North": 0.6})
    assert study.outturn.to_date.at["saving", 2025] == 160
    later = as_at(dt.date(2027, 4, 30), *REPORTED)
    (said,) = [str(fault) for fault in later.outturn.findings if "'posts' of North" in fault]
    assert "not reported for 2026/27;" in said


def test_a_year_that_was_over_before_the_decision_has_nothing_to_report():
    study = small_study(file={"data_date": dt.date(2025, 4, 30), "decision_date": dt.date(2025, 4, 1)}, flows=SET_UP)  # fmt: skip
    assert (study.outturn.closed_years, study.outturn.findings) == ([2024], [])


@pytest.mark.parametrize(("paid", "flag"), [(80, "green"), (121, "red")])
def test_a_case_that_saves_by_a_lower_cost_is_flagged_once_that_is_reported(paid, flag):
    lines = [
        flow("old", "counterfactual_cost", 105, (2025, 2028)),
        flow("platform", "running_cost", 100, (2025, 2028)),
    ]
    study = small_study(file={"data_date": dt.date(2026, 4, 30)}, flows=lines)
    assert (study.outturn.review_flag, show.in_short(study)) == ("not known", [])
    reported = [saved(2025, paid, item="platform", kind="running_cost")]
    study = small_study(file={"data_date": dt.date(2026, 4, 30)}, flows=lines, actuals=reported)
    found = study.outturn.forecasts["running_cost"]
    factors = [1.035**-year for year in (2, 3, 4)]
    for level, cost in (("p10", found.p90), ("p50", found.p50), ("p90", found.p10)):
        worth = (105 - paid) / 1.035 + sum((105 - 100 * cost) * factor for factor in factors)
        assert study.outturn.forecast_worth[level] == approx(worth)
    assert study.outturn.review_flag == flag
    assert f"of the planned running cost is expected: **{flag}**" in " ".join(show.in_short(study))


# the first page of a case with results


def decided(*rows):
    """Return the study of a small case with a criterion and results."""
    file = {"data_date": dt.date(2026, 4, 30)}
    affordable = [{"criterion": "affordable"}]
    return small_study(file=file, flows=SET_UP, actuals=list(rows), gates=affordable)


def first_page(study):
    """Return what the first page says after whom it is for, two blocks as text."""
    return [block.text for block in report_of(study, {}).front[0].blocks[1:3]]


def test_a_case_with_results_leads_with_what_is_expected_of_it_now():
    study = decided(*REPORTED, saved(2024, 210, item="set-up", kind="one_off_cost"))
    expected, recommended = first_page(study)
    assert expected.startswith("**With the results of 2024/25 to 2025/26 a net present value of £")
    assert recommended == "Go"
    assert decision_page.answer(study).text.startswith(f"{expected} **Go.**")


def test_a_red_review_is_part_of_the_recommendation():
    nothing = [saved(2025, 0), saved(2025, 0, "South")]
    study = decided(*nothing, saved(2024, 700, item="set-up", kind="one_off_cost"))
    expected, recommended = first_page(study)
    assert "is expected: **red**, because what is expected falls short of it" in expected
    assert recommended == "Go, and the review is red"
    assert study.decision.recommendation == "go"
    assert "**Go, and the review is red.**" in decision_page.answer(study).text


def test_a_case_without_results_leads_with_its_recommendation():
    assert first_page(load_study(MKIP))[0] == "Go with conditions"


# a case whose own result is evidence

STRATA = "Strata (Exeter, East Devon, Teignbridge)"


def test_the_cases_own_result_is_no_evidence_and_three_others_are_too_few_for_an_interval():
    study = as_at(dt.date(2026, 4, 30), *REPORTED, own_evidence=STRATA)
    # the stated range stands: a PERT from 0.33 to 1, of which 1 is the most likely
    middle = 1 - 0.67 * (1 - 0.5**0.2)
    assert study.outturn.expected_before("saving")[1] == approx(middle)
    root = (0.7**0.5 + middle**0.5) / 2
    assert study.outturn.forecasts["saving"].p50 == approx(root**2)
    shown = shown_in("savings", study, "How sure is it?")
    odds, _, evidence, *_ = (table for table in shown if isinstance(table, Table))
    assert STRATA not in evidence.index
    assert "as an interval needs four cases and shared ICT has three" in show.answer(study).text
    assert "as_others" not in odds


@pytest.mark.parametrize(("name", "said"), [("Exeter", True), ("exeter city council", True), ("Cambridgeshire", False), ("South", False)])  # fmt: skip
def test_evidence_that_names_a_partner_is_a_finding_until_the_case_says_that_it_is_its_own(name, said):  # fmt: skip
    partners = [{"partner": name, "role": "lead"}, {"partner": "North", "role": "partner"}]
    found = [str(fault) for fault in small_case(partners=partners).findings]
    assert (
        any("it counts twice: say so in case.toml, own_evidence" in fault for fault in found)
        == said
    )
    own = small_case(file={"own_evidence": STRATA}, partners=partners).findings
    assert not any("counts twice" in fault for fault in own)


def test_own_evidence_must_be_there():
    with pytest.raises(InputError, match="own_evidence 'Strata' is unknown; allowed: Five"):
        small_case(file={"own_evidence": "Strata"})


# the running cost to come


def test_running_cost_to_come_follows_its_own_trend():
    lines = [*SET_UP, flow("platform", "running_cost", 100, (2025, 2028))]
    rows = [*REPORTED, saved(2025, 121, item="platform", kind="running_cost")]
    study = small_study(file={"data_date": dt.date(2026, 4, 30)}, flows=lines, actuals=rows)
    found = study.outturn.forecasts["running_cost"]
    # its range is even about the plan, so that the root is half way from 1 to 1.1
    assert (found.p50, found.own_weight) == (approx(1.05**2), 0.5)
    years = [1.035**-year for year in (2, 3, 4)]
    own = study.outturn.forecasts["saving"].p50
    worth = (140 - 121) / 1.035 + sum(
        200 * own * factor - 100 * 1.05**2 * factor for factor in years
    )
    cost = 200 + 50 * (1 + OVERRUN_ELSEWHERE) / 1.035**3
    assert study.outturn.forecast_worth["p50"] == approx(worth - cost)
    assert result(study, "outturn", "forecast_running_cost_change") == approx(0.1025)


def refused(data, case, *rows, data_date="2026-06-30"):
    """Write actuals.csv of (kind, item, partner, date, year, value) rows and return the faults."""
    path = data / case / "case.toml"
    text = re.sub(
        r'data_date = "?[-\d]+"?', f"data_date = {data_date}", path.read_text(encoding="utf-8")
    )
    path.write_text(text, encoding="utf-8")
    source = {MKIP: "maidstone-2012", LICTP: "melton-2020", DACORUM: "report"}[case]
    order = "status,source,paragraph,note,kind,item,partner,date,year,value,planned"
    assert {*order.split(","), "prices", "known_on", "exempt"} == set(
        HEADER.split(",")
    )  # blank: of the base year
    lines = [f"assumed,{source},1,a reading for this test,{row}," for row in rows]
    (data / case / "actuals.csv").write_text("\n".join([order, *lines, ""]), encoding="utf-8")
    try:
        load_study(case)
    except InputError as error:
        return [fault.removeprefix(f"data/{case}/") for fault in error.faults]
    return []


ZERO = [f"saving,{line},{partner},2014-05-31,2013,0" for line in LINES for partner in ("Maidstone", "Swale", "Tunbridge Wells")]  # fmt: skip


def test_a_case_whose_actuals_are_in_order_is_accepted(data_copy):
    assert refused(data_copy, MKIP, *ZERO) == []


@pytest.mark.parametrize(
    ("case", "row", "sentence"),
    [
        (
            MKIP,
            "saving,Fewer posts and shared managment,Swale,2014-05-31,2013,5",
            "line of saving 'Fewer posts and shared managment' is unknown; nearest: Fewer posts and "
            "shared management",
        ),
        (
            MKIP,
            "one_off_cost,ICT capital fund,Swale,2012-05-31,2011,5",
            "year 2011 lies outside the appraisal, 2012 to 2022",
        ),
        (
            MKIP,
            "users,usrs,Swale,2014-05-31,,5",
            "item of users 'usrs' is unknown; nearest: users",
        ),
        (MKIP, "users,users,Swle,2014-05-31,,5", "partner 'Swle' is unknown; nearest: Swale"),
        (
            LICTP,
            "users,users,Oadby and Wigston,2022-05-31,,5",
            "Oadby and Wigston is leaving; it has no part in the service",
        ),
        (
            DACORUM,
            "service_measure,pending calls,Dacorum,2012-06-01,,5",
            "measure 'pending calls' is unknown; nearest: pending helpdesk calls",
        ),
        (DACORUM, "task_finish,22,,2012-06-01,,", "task '22' is unknown; nearest: 2"),
    ],
)
def test_an_actual_that_the_case_has_no_place_for_is_refused(data_copy, case, row, sentence):
    assert refused(data_copy, case, row) == [f"actuals.csv line 2: {sentence}"]


def test_a_line_that_belongs_to_others_is_refused(data_copy):
    path = data_copy / MKIP / "flows.csv"
    text = path.read_text(encoding="utf-8")
    fund = "a,ICT capital fund,one_off_cost,capital fund,prices,capital,Swale,"
    kept = [line for line in text.splitlines() if not line.startswith(fund)]
    assert len(kept) == len(text.splitlines()) - 1
    path.write_text("\n".join([*kept, ""]), encoding="utf-8")
    row = "one_off_cost,ICT capital fund,Swale,2014-05-31,2013,5"
    assert refused(data_copy, MKIP, row) == [
        "actuals.csv line 2: Swale has no part in 'ICT capital fund'; flows.csv gives it to "
        "Maidstone, Tunbridge Wells"
    ]


def test_a_second_reading_of_the_same_money_is_refused(data_copy):
    again = ZERO[0].replace("2014-05-31", "2014-06-30")
    assert refused(data_copy, MKIP, *ZERO, again) == [
        "actuals.csv line 8: 'Fewer posts and shared management' of Maidstone in 2013 stands here "
        "twice; keep the last reading"
    ]


def test_actuals_are_held_against_the_option_that_the_base_scenario_appraises(data_copy):
    path = data_copy / MKIP / "scenarios.toml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("\n[base]\n", '\n[base]\noption = "b"\n'), encoding="utf-8")
    row = "saving,Fewer posts and shared management,Swale,2014-05-31,2013,5"
    (fault,) = refused(data_copy, MKIP, row)
    assert fault.startswith(
        "actuals.csv line 2: line of saving 'Fewer posts and shared management'"
    )


def test_money_to_date_stands_in_the_order_in_which_it_was_reported():
    rows = [saved(2025, 40, "South"), saved(2025, 60), saved(2024, 90, item="set-up", kind="one_off_cost")]  # fmt: skip
    found = as_at(dt.date(2026, 4, 30), *rows).outturn.money_variances
    assert found[["line", "partner"]].to_numpy().tolist() == [
        ["posts", "South"], ["posts", "North"], ["set-up", "North"],
    ]  # fmt: skip


def test_readings_to_date_are_of_measures_and_then_of_users_in_one_table():
    found = load_study("worked-example").outturn
    rows = [*found.measures_to_date["measure"], *["users"] * len(found.users_to_date)]
    assert found.readings_to_date["measure"].to_dict() == dict(enumerate(rows))


def test_tasks_to_date_stand_beside_the_plan_with_the_working_days_between():
    tasks = [{"task": "1", "name": "Move", "duration_days": "10", "predecessors": ""}]
    ends = [("task_start", "2024-06-04"), ("task_finish", "2024-06-19")]  # a Wednesday
    rows = [{"kind": kind, "item": "1", "partner": "", "date": date} for kind, date in ends]
    dates = {"plan_start": dt.date(2024, 6, 3), "data_date": dt.date(2025, 4, 30)}
    study = small_study(file=dates, flows=SET_UP, tasks=tasks, actuals=[saved(2024, 90), *rows])
    expected = pd.DataFrame(
        {
            "task": 1, "name": "Move", "end": ["start", "finish"],
            "planned": pd.to_datetime(["2024-06-03", "2024-06-14"]),
            "actual": pd.to_datetime(["2024-06-04", "2024-06-19"]), "days_late": [1.0, 3.0],
        }
    )  # fmt: skip
    assert_frame_equal(study.outturn.tasks_to_date, expected, check_dtype=False)


def test_a_task_that_ends_before_it_starts_is_refused(data_copy):
    rows = ("task_start,2,,2012-06-10,,", "task_finish,2,,2012-06-01,,")
    (fault,) = refused(data_copy, DACORUM, *rows)
    assert fault == (
        "actuals.csv line 3: task 2 finishes on 2012-06-01, before its start on 2012-06-10"
    )


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ("saving,posts,Swale,2014-05-31,,5", "saving needs a financial year"),
        ("users,users,Swale,2014-05-31,2013,5", "users has no financial year"),
        ("users,users,Swale,2014-05-31,,", "users needs a value"),
        ("task_start,1,Swale,2014-05-31,,", "task_start has no partner"),
        (
            "saving,posts,Swale,2014-05-31,2013,-0.5",
            "saving is -0.5; money and users are not below 0",
        ),
        (
            "one_off_cost,move,Swale,2014-05-31,2013,-5",
            "one_off_cost is -5; money and users are not below 0",
        ),
        ("users,users,Swale,2014-05-31,,-1", "users is -1; money and users are not below 0"),
        (
            "running_cost,desk,Swale,2014-03-30,2013,5",
            "running_cost of 2013 is dated 2014-03-30, before that year ended; money is held against "
            "the plan of the whole year, so give the amount at year end, 2014-03-31",
        ),
    ],
)
def test_cells_that_do_not_fit_the_kind_are_refused(data_copy, row, sentence):
    assert refused(data_copy, MKIP, row) == [f"actuals.csv line 2: {sentence}"]


@pytest.mark.parametrize(
    "cells",
    [
        {"kind": "saving", "date": "2014-03-31", "year": "2013", "value": "0"},
        {"kind": "service_measure", "item": "growth", "date": "2013-03-31", "value": "-2"},
        {"kind": "users", "item": "users", "date": "2013-03-31", "value": "0"},
    ],
)
def test_money_of_the_years_last_day_nothing_and_a_measure_below_nothing_are_read(cells):
    row = {
        "item": "posts",
        "partner": "Swale",
        "status": "assumed",
        "source": "a",
        "paragraph": "1",
    }
    assert Actual.model_validate(row | {"note": "for a test"} | cells).value == float(
        cells["value"]
    )


def test_a_reading_after_the_date_of_the_figures_is_refused(data_copy):
    rows = ("task_start,2,,2012-06-10,,", "task_finish,2,,2012-06-11,,")
    assert refused(data_copy, DACORUM, *rows, data_date="2012-06-11") == []
    load_case.cache_clear()
    assert refused(data_copy, DACORUM, *rows, data_date="2012-06-10") == [
        "actuals.csv line 3: date 2012-06-11 is after data_date in case.toml, 2012-06-10; move "
        "data_date to the latest reading or later"
    ]


def test_the_published_actuals_of_the_repository_are_read():
    assert (ROOT / "data" / DACORUM / "actuals.csv").is_file()
    assert load_case(MKIP).tables["actuals"].empty
