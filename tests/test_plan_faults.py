"""A plan with a fault is refused: where it is, what was found, what is allowed."""

import pytest

from businesscase.cases.case import load_case
from businesscase.cases.errors import InputError
from businesscase.study import load_study

LICTP, ALLERDALE = "lictp-2020", "allerdale-carlisle-2008"


def replaced(path, old, new):
    """Write a fault into a file and return the number of its line."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def faults_of(case, **changes):
    """Return the sentences with which a case is refused."""
    load_case.cache_clear()
    with pytest.raises(InputError) as refused:
        load_study(case, **changes)
    return refused.value.faults


# case, file, what is replaced, with what, and the sentence; 'here' is file and line, 'file' the file
FAULTS = {
    "negative duration": (
        LICTP, "tasks.csv", "1,Service design,105,", "1,Service design,-105,",
        "here, column duration_days: found '-105'; it should be greater than or equal to 0",
    ),
    "cycle": (
        LICTP, "tasks.csv", "1,Service design,105,,", "1,Service design,105,4,",
        "file: tasks wait for each other: 1 -> 2 -> 4 -> 1",
    ),
    "task that follows itself": (
        LICTP, "tasks.csv", "1,Service design,105,,", "1,Service design,105,1SS+2,",
        "file: tasks wait for each other: 1 -> 1",
    ),
    "range above the duration": (
        LICTP, "task_ranges.csv", "1,95,190,", "1,106,190,",
        "here: the range of task 1 is 106 to 190 days; it must hold the 105 days of tasks.csv",
    ),
    "range below the duration": (
        LICTP, "task_ranges.csv", "4,68,115,", "4,68,74.5,",
        "here: the range of task 4 is 68 to 74.5 days; it must hold the 75 days of tasks.csv",
    ),
    "range upside down": (
        LICTP, "task_ranges.csv", "1,95,190,", "1,190,95,",
        "here: optimistic_days 190 is above pessimistic_days 95",
    ),
    "range of an unknown task": (
        ALLERDALE, "task_ranges.csv", "\n19,1,5,", "\n119,1,5,",
        "here: task '119' is unknown; nearest: 19, 11",
    ),
    "range that stands twice": (
        LICTP, "task_ranges.csv", "\n4,68,115,", "\n3,68,115,",
        "here: 3 stands here twice; once is allowed",
    ),
}  # fmt: skip


@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_of_the_plan_is_refused_in_one_sentence(data_copy, fault):
    case, file, old, new, sentence = FAULTS[fault]
    line = replaced(data_copy / case / file, old, new) + old.startswith("\n")
    (found,) = faults_of(case)
    place = f"data/{case}/{file}"
    assert found.replace(f"{place} line {line}", "here").replace(place, "file") == sentence


def test_every_unknown_predecessor_is_named_with_the_nearest(data_copy):
    path = data_copy / ALLERDALE / "tasks.csv"
    replaced(path, '"2,18,17,16"', '"2,118,17,16,70"')
    place = f"data/{ALLERDALE}/tasks.csv"
    assert faults_of(ALLERDALE) == [
        f"{place}: task 19 follows task 118, which is unknown; nearest: 18, 11",
        f"{place}: task 19 follows task 70, which is unknown; nearest: 7",
    ]


def test_a_deadline_before_the_plan_starts_is_refused_for_tasks_and_packages(data_copy):
    folder = data_copy / ALLERDALE
    task = replaced(folder / "tasks.csv", ",4,2008-04-14,2008-06-06,", ",4,2008-04-14,2008-03-06,")
    package = replaced(folder / "work_packages.csv", ",2008-04-15,", ",2007-04-15,")
    ends = "is before 2008-03-07, when the plan starts"
    assert faults_of(ALLERDALE) == [
        f"data/{ALLERDALE}/tasks.csv line {task}: deadline 2008-03-06 {ends}",
        f"data/{ALLERDALE}/work_packages.csv line {package}: deadline 2007-04-15 {ends}",
    ]


def test_a_deadline_on_the_day_on_which_the_plan_starts_is_allowed(data_copy):
    replaced(data_copy / LICTP / "tasks.csv", ",1SS+40,,2021-12-31,", ",1SS+40,,2021-01-04,")
    load_case.cache_clear()
    assert load_study(LICTP).plan.schedule.set_index("task").at[2, "days_late"] > 0


def test_a_plan_that_starts_and_a_task_that_waits_on_a_weekend_move_to_monday(data_copy):
    expected = load_study(LICTP).plan.schedule
    replaced(data_copy / LICTP / "case.toml", "plan_start = 2021-01-04", "plan_start = 2021-01-02")
    load_case.cache_clear()
    found = load_study(LICTP).plan.schedule
    assert (found["early_finish"] == expected["early_finish"]).all()
    replaced(
        data_copy / LICTP / "tasks.csv", "Contract exit,85,1,,", "Contract exit,85,1,2021-07-03,"
    )
    load_case.cache_clear()
    table = load_study(LICTP).plan.schedule.set_index("task")
    assert str(table.at[3, "early_start"].date()) == "2021-07-05"


def written_readings(folder, *readings):
    """Write actual dates, each given as kind, task and date."""
    header = "kind,item,partner,date,year,value,planned,status,source,paragraph,note"
    rows = [f"{row},,,,assumed,melton-2020,5.13,because a test needs it" for row in readings]
    (folder / LICTP / "actuals.csv").write_text("\n".join([header, *rows]) + "\n", encoding="utf-8")
    replaced(folder / LICTP / "case.toml", "data_date = 2020-07-31", "data_date = 2021-03-31")


def test_a_task_that_finishes_before_it_starts_is_refused(data_copy):
    readings = [
        "task_start,1,,2021-02-01",
        "task_finish,1,,2021-01-29",
        "task_finish,2,,2021-01-05",
    ]
    written_readings(data_copy, *readings)
    assert faults_of(LICTP) == [
        f"data/{LICTP}/actuals.csv line 3: task 1 finishes on 2021-01-29, before its start on "
        "2021-02-01"
    ]


def test_a_second_start_or_finish_of_a_task_is_refused(data_copy):
    readings = [
        f"{kind},1,,2021-02-0{day}" for kind in ("task_start", "task_finish") for day in (1, 2)
    ]
    written_readings(data_copy, *readings)
    place = f"data/{LICTP}/actuals.csv"
    assert faults_of(LICTP) == [
        f"{place} line 3: task 1 has a second task_start; one is allowed",
        f"{place} line 5: task 1 has a second task_finish; one is allowed",
    ]


@pytest.mark.parametrize("date", ["2008-02-30", "2008-13-01", "2008-00-10"])
def test_a_report_date_that_is_no_date_is_refused(date):
    assert faults_of(ALLERDALE, report_date=date) == [
        f"report_date is '{date}', which is no date; give one such as 2026-04-01"
    ]


def test_a_report_date_in_a_scenario_is_refused_where_it_stands(data_copy):
    path = data_copy / ALLERDALE / "scenarios.toml"
    replaced(path, 'extra_days = { "17" = 20 }', 'report_date = "2008-02-31"')
    assert faults_of(ALLERDALE) == [
        f"data/{ALLERDALE}/scenarios.toml [hr-late]: report_date is '2008-02-31', which is no date; "
        "give one such as 2026-04-01"
    ]


def test_a_task_cut_below_nothing_at_its_shortest_is_refused():
    assert faults_of(ALLERDALE, extra_days={"3": -55}) == [
        "extra_days '3' leaves the task -2 days at its shortest; 0 is the least"
    ]
    assert load_study(ALLERDALE, extra_days={"3": -53}).plan.uncertain.ranges[
        "optimistic_days"
    ].min() == pytest.approx(0)
