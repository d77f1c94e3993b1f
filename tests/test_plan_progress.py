"""Progress at a report date: forecasts and statuses worked by hand."""

import datetime as dt
from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from businesscase.calculations.plan import links, schedule
from businesscase.calculations.progress import Progress, forecast, forecast_days, readings, status
from businesscase.study import Study, load_study

MONDAY = dt.date(2026, 3, 2)
ALLERDALE, LICTP, EXAMPLE = "allerdale-carlisle-2008", "lictp-2020", "worked-example"


def day(text):
    return pd.Timestamp(f"2026-{text}")


def plan_of(*tasks):
    """Return a plan of tasks given as (days, predecessors), numbered from 1."""
    rows = [
        {"task": number, "name": f"Task {number}", "duration_days": days, "predecessors": follows}
        for number, (days, follows) in enumerate(tasks, 1)
    ]
    return pd.DataFrame(rows).assign(not_before=pd.NaT, deadline=pd.NaT)


def ahead(tasks, report_date, started=None, finished=None):
    """Return the forecast of a plan from actual dates given as month and day."""
    known = [
        {task: day(text) for task, text in (given or {}).items()} for given in (started, finished)
    ]
    return forecast(tasks, Progress(day(report_date), *known), MONDAY, [])


def dates(table, part):
    return table[f"forecast_{part}"].dt.strftime("%m-%d").tolist()


# forecast: five days, then two, then one; planned from 2 to 11 March

CHAIN = plan_of((5, ""), (2, "1"), (1, "2"))


@pytest.mark.parametrize(
    ("report_date", "started", "finished", "starts", "ends"),
    [
        # nothing known on the first day: as planned
        ("03-02", {}, {}, ["03-02", "03-09", "03-11"], ["03-06", "03-10", "03-11"]),
        # before the plan starts: as planned
        ("02-20", {}, {}, ["03-02", "03-09", "03-11"], ["03-06", "03-10", "03-11"]),
        # not begun by Wednesday: everything two days later
        ("03-04", {}, {}, ["03-04", "03-11", "03-13"], ["03-10", "03-12", "03-13"]),
        # begun on Wednesday: its duration from there
        ("03-05", {1: "03-04"}, {}, ["03-04", "03-11", "03-13"], ["03-10", "03-12", "03-13"]),
        # under way on the day on which it should end: still on time
        ("03-06", {1: "03-02"}, {}, ["03-02", "03-09", "03-11"], ["03-06", "03-10", "03-11"]),
        # overdue on Tuesday: it can end that day at the earliest
        ("03-10", {1: "03-02"}, {}, ["03-02", "03-11", "03-13"], ["03-10", "03-12", "03-13"]),
        # overdue on a Saturday: it can end on Monday at the earliest
        ("03-14", {1: "03-02"}, {}, ["03-02", "03-17", "03-19"], ["03-16", "03-18", "03-19"]),
        # finished early on Wednesday: what follows starts on Thursday
        (
            "03-05", {1: "03-02"}, {1: "03-04"},
            ["03-02", "03-05", "03-09"], ["03-04", "03-06", "03-09"],
        ),
        # finished on Wednesday, but nothing has followed by Tuesday
        (
            "03-10", {1: "03-02"}, {1: "03-04"},
            ["03-02", "03-10", "03-12"], ["03-04", "03-11", "03-12"],
        ),
        # a finish whose start nobody wrote down
        ("03-05", {}, {1: "03-04"}, ["02-26", "03-05", "03-09"], ["03-04", "03-06", "03-09"]),
        # started out of turn, before what it follows has ended
        (
            "03-04", {1: "03-02", 2: "03-03"}, {},
            ["03-02", "03-03", "03-05"], ["03-06", "03-04", "03-05"],
        ),
    ],
)  # fmt: skip
def test_the_forecast_is_the_one_worked_by_hand(report_date, started, finished, starts, ends):
    found = ahead(CHAIN, report_date, started, finished)
    assert dates(found, "start") == starts
    assert dates(found, "finish") == ends


def test_a_task_under_way_waits_for_the_end_of_what_must_end_before_it():
    tasks = plan_of((5, ""), (2, "1FF+1"))
    found = ahead(tasks, "03-03", {1: "03-03", 2: "03-03"})
    assert dates(found, "finish") == ["03-09", "03-10"]


def test_a_milestone_not_reached_waits_for_the_report_date_and_one_that_started_is_reached():
    tasks = plan_of((0, ""), (3, "1"))
    assert dates(ahead(tasks, "03-05"), "finish") == ["03-05", "03-09"]
    found = ahead(tasks, "03-05", {1: "03-03"})
    assert dates(found, "finish") == ["03-03", "03-09"]
    assert found["finished"].tolist() == [True, False]


def test_readings_after_the_report_date_do_not_count_and_those_of_that_day_do():
    actuals = pd.DataFrame(
        {
            "kind": ["task_start", "task_finish", "task_start", "users"],
            "item": ["1", "1", "2", "users"],
            "date": [day("03-02"), day("03-04"), day("03-05"), day("03-01")],
        }
    )
    at = readings(actuals, day("03-04"))
    assert (at.started, at.finished) == ({1: day("03-02")}, {1: day("03-04")})


@given(st.lists(st.integers(1, 15), min_size=1, max_size=5), st.integers(0, 30))
def test_a_report_on_work_that_ran_as_planned_forecasts_the_plan(days, report_day):
    tasks = plan_of(
        *[(length, str(number) if number else "") for number, length in enumerate(days)]
    )
    report_date = pd.Timestamp(MONDAY) + pd.offsets.BusinessDay(report_day)
    planned = schedule(tasks, MONDAY).set_index("task")
    known = [
        planned.loc[planned[part] <= report_date, part].to_dict()
        for part in ("early_start", "early_finish")
    ]
    found = forecast(tasks, Progress(report_date, *known), MONDAY, [])
    assert (found["forecast_finish"] == planned["early_finish"]).all()
    assert (found["forecast_start"] == planned["early_start"]).all()


@given(st.integers(0, 30), st.integers(0, 30))
def test_a_later_report_without_news_never_forecasts_an_earlier_end(first, second):
    network = {1: [], 2: links("1"), 3: links("1SS+2")}
    ends = [
        forecast_days({1: 4.0, 2: 3.0, 3: 5.5}, network, {}, {1: (1.0, None)}, float(report))
        for report in sorted((first, second))
    ]
    assert all(ends[0][task][1] <= ends[1][task][1] for task in network)


# status


def judged(report_date="03-04", **cells):
    row = {
        "started": False,
        "finished": False,
        "forecast_finish": day("03-10"),
        "early_start": day("03-05"),
        "early_finish": day("03-10"),
        "late_finish": day("03-12"),
        "deadline": pd.NaT,
        "chance": float("nan"),
    }
    return tuple(status(pd.DataFrame([row | cells]), day(report_date)).iloc[0])


@pytest.mark.parametrize(
    ("cells", "word", "reason"),
    [
        ({"finished": True, "deadline": day("03-01")}, "complete", "finished"),
        ({"deadline": day("03-10")}, "not due", "not due to start"),  # ends on its deadline
        ({"deadline": day("03-09")}, "red", "ends after its deadline"),
        (
            {"forecast_finish": day("03-12")},  # on the last day that keeps the plan's end
            "amber",
            "ends later than planned, which uses float",
        ),
        ({"forecast_finish": day("03-13")}, "red", "moves the end of the plan"),
        (
            # a deadline that is kept counts more than the plan's end
            {"forecast_finish": day("03-13"), "deadline": day("03-13")},
            "amber",
            "keeps its deadline, but moves the end of the plan",
        ),
        (
            {"deadline": day("03-20"), "chance": 0.49},
            "amber",
            "its deadline is more likely missed than met",
        ),
        ({"deadline": day("03-20"), "chance": 0.5}, "not due", "not due to start"),
        ({"early_start": day("03-04")}, "green", "on time"),  # due to start on the report date
        ({"started": True}, "green", "on time"),  # before it was due
        ({}, "not due", "not due to start"),
    ],
)
def test_each_status_begins_where_the_rule_says(cells, word, reason):
    assert judged(**cells) == (word, reason)


# cases


def with_readings(case, report_date, *rows):
    """Return a study of a case with actual dates given as (kind, task, date)."""
    study = load_study(case, report_date=report_date)
    actuals = pd.DataFrame(rows, columns=["kind", "item", "date"])
    actuals["date"] = pd.to_datetime(actuals["date"])
    tables = study.tables | {"actuals": actuals}
    return Study(replace(study.case, tables=tables), "base", study.parameters)


def test_a_case_without_actual_dates_is_taken_to_run_as_planned():
    progress = load_study(ALLERDALE).plan.progress.set_index("task")
    assert (progress["forecast_finish"] == progress["early_finish"]).all()
    assert progress.at[1, "rag"] == "complete"
    assert progress.at[2, "rag"] == "green"  # under way on 2 April
    assert progress.at[8, "rag"] == "red"  # the printed plan ends it after its deadline
    assert progress.at[19, "rag"] == "not due"


def test_a_late_start_in_allerdale_pushes_what_follows_past_the_end_of_the_plan():
    rows = [("task_start", "1", "2008-03-07"), ("task_finish", "1", "2008-03-07")]
    rows += [("task_start", "2", "2008-03-14")]  # four working days late, with no float
    progress = with_readings(ALLERDALE, "2008-04-02", *rows).plan.progress.set_index("task")
    assert progress.at[2, "forecast_finish"] == pd.Timestamp("2008-07-04")
    assert tuple(progress.loc[2, ["rag", "reason"]]) == ("red", "moves the end of the plan")
    # task 18 was planned from 10 March and has not begun: 81 working days from the report date
    assert progress.at[18, "forecast_finish"] == pd.Timestamp("2008-07-23")
    assert progress.at[18, "rag"] == "red"
    assert progress.at[19, "forecast_finish"] == pd.Timestamp("2008-07-24")
    assert progress.at[14, "rag"] == "not due"


def test_a_forecast_counts_the_bank_holidays_of_the_scenario():
    rows = [("task_start", "1", "2021-01-11")]
    progress = with_readings(LICTP, "2021-03-01", *rows).plan.progress.set_index("task")
    off = ["2021-04-02", "2021-04-05", "2021-05-03", "2021-05-31"]
    days = pd.bdate_range("2021-01-11", freq="C", holidays=off, periods=105)
    assert progress.at[1, "forecast_finish"] == days[-1]
    assert tuple(progress.loc[1, ["rag", "reason"]]) == ("red", "moves the end of the plan")


def test_the_status_of_a_work_package_is_that_of_its_task_and_one_without_a_task_has_none():
    study = load_study(EXAMPLE)
    packages = study.plan.package_progress.set_index("item")
    assert "Finance" not in packages.index
    assert packages.at["Applications", "task"] == 18
    assert packages.at["Applications", "rag"] == study.plan.progress.set_index("task").at[18, "rag"]


def test_where_there_are_no_work_packages_each_task_has_its_status():
    packages = load_study(LICTP).plan.package_progress
    assert packages["item"].tolist() == ["1", "2", "3", "4"]


def test_the_status_at_an_early_date_knows_nothing_of_what_came_later():
    progress = load_study(EXAMPLE, report_date="2024-04-30").plan.progress.set_index("task")
    assert progress.loc[[1, 3], "started"].all()
    assert not progress["finished"].any()
    assert (progress.loc[4:, "forecast_start"] >= pd.Timestamp("2024-04-30")).all()


@pytest.mark.parametrize("report_date", ["2001-01-01", "2008-03-06"])
def test_nothing_is_due_before_the_plan_starts_but_what_breaks_its_deadline_shows(report_date):
    progress = load_study(ALLERDALE, report_date=report_date).plan.progress
    assert set(progress["rag"]) == {"not due", "red", "amber"}
    late = progress["early_finish"] > progress["deadline"]
    assert ((progress["rag"] == "red") == late).all()


def test_everything_is_complete_long_after_a_plan_that_ran_as_planned():
    assert set(load_study(ALLERDALE, report_date="2010-01-01").plan.progress["rag"]) == {"complete"}


def test_the_word_for_the_origin_of_a_task_is_kept_beside_its_status():
    assert set(load_study(ALLERDALE).plan.progress["status"]) == {"published"}
