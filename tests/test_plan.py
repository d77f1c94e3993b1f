"""The work plan: a published plan, the four kinds of link, and independent solutions."""

import datetime as dt

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal
from pytest import approx

from businesscase.calculations.plan import Link, early_days, late_days, links, schedule, task_order
from businesscase.study import load_study

MONDAY = dt.date(2026, 3, 2)
EASTER_2026 = [dt.date(2026, 4, 3), dt.date(2026, 4, 6)]

# the printed plan of Allerdale and Carlisle: task, days, start, end, predecessors
PRINTED = """
1 | 1 | 07/03/08 | 07/03/08 |
2 | 81 | 10/03/08 | 30/06/08 | 1
3 | 59 | 08/04/08 | 27/06/08 |
4 | 3.33 | 08/04/08 | 11/04/08 | 2SS
5 | 4.5 | 14/04/08 | 18/04/08 | 4
6 | 17.7 | 18/04/08 | 14/05/08 | 5
7 | 12 | 14/05/08 | 30/05/08 | 6
8 | 41.5 | 18/04/08 | 16/06/08 | 5
9 | 41.5 | 18/04/08 | 16/06/08 | 5
10 | 24.5 | 18/04/08 | 22/05/08 | 5
11 | 17 | 23/05/08 | 16/06/08 | 10
12 | 42.5 | 18/04/08 | 17/06/08 | 5
13 | 42.5 | 18/04/08 | 17/06/08 | 5
14 | 31.13 | 18/04/08 | 02/06/08 |
15 | 42.5 | 18/04/08 | 17/06/08 | 5
16 | 5 | 18/06/08 | 24/06/08 | 7,8,11,15,13,14
17 | 50.5 | 18/04/08 | 27/06/08 | 5
18 | 81 | 10/03/08 | 30/06/08 | 2SS
19 | 1 | 01/07/08 | 01/07/08 | 2,18,17,16
"""
FIXED_STARTS = [3, 4, 5, 14]  # later than their predecessors, if any, would have them start

DAYS = st.integers(0, 40).map(lambda quarters: quarters / 4)
LAG = st.integers(-12, 12).map(lambda quarters: quarters / 4)
KIND = st.sampled_from(["FS", "SS", "FF", "SF"])


def plan(*tasks, **options):
    """Return the schedule of tasks given as (days, predecessors), numbered from 1."""
    rows = [{"task": n, "duration_days": d, "predecessors": p} for n, (d, p) in enumerate(tasks, 1)]
    table = pd.DataFrame(rows).assign(not_before=pd.NaT, deadline=pd.NaT)
    for column in ("not_before", "deadline"):
        dates = options.pop(column, {})
        table[column] = pd.to_datetime(table["task"].map(dates))
    return schedule(table, **{"plan_start": MONDAY} | options).set_index("task")


def dates_of(table, column):
    """Return a column of dates as month and day."""
    return table[column].dt.strftime("%m-%d").tolist()


def printed_plan():
    """Return the printed plan as a table."""
    rows = [[cell.strip() for cell in line.split("|")] for line in PRINTED.strip().splitlines()]
    table = pd.DataFrame(rows, columns=["task", "duration_days", "start", "end", "predecessors"])
    for column in ("start", "end"):
        table[column] = pd.to_datetime(table[column], format="%d/%m/%y")
    return table.astype({"task": int, "duration_days": float})


@st.composite
def networks(draw, kinds=KIND, lags=LAG):
    """Draw durations and links of up to six tasks, each linked to lower numbers only."""
    durations = dict(enumerate(draw(st.lists(DAYS, min_size=1, max_size=6)), 1))
    network = {
        task: [
            Link(earlier, draw(kinds), draw(lags))
            for earlier in range(1, task)
            if draw(st.booleans())
        ]
        for task in durations
    }
    return durations, network


def slack_of(link, days, task):
    """Return the room that a link leaves before the task it holds back; below zero is broken."""
    start_or_finish = {"S": 0, "F": 1}
    from_end, to_end = (start_or_finish[letter] for letter in link.kind)
    return days[task][to_end] - days[link.predecessor][from_end] - link.lag_days


def paths_to(task, network):
    """Return every chain of tasks that ends at a task, by enumeration."""
    before = [path for link in network[task] for path in paths_to(link.predecessor, network)]
    return [(task,), *((*path, task) for path in before)]


def test_the_plan_of_allerdale_and_carlisle_has_the_printed_dates():
    printed = printed_plan()
    fixed = printed["start"].where(printed["task"].isin(FIXED_STARTS))
    found = schedule(printed.assign(not_before=fixed, deadline=pd.NaT), dt.date(2008, 3, 7))
    dates = found[["task", "early_start", "early_finish"]]
    expected = printed[["task", "start", "end"]].set_axis(dates.columns, axis="columns")
    assert_frame_equal(dates, expected, check_dtype=False)


def test_the_case_of_allerdale_and_carlisle_holds_the_printed_plan():
    study = load_study("allerdale-carlisle-2008")
    columns = ["task", "duration_days", "predecessors"]
    assert_frame_equal(study.tables["tasks"][columns], printed_plan()[columns], check_dtype=False)
    dates = study.plan.schedule[["early_start", "early_finish"]]
    expected = printed_plan()[["start", "end"]].set_axis(dates.columns, axis="columns")
    assert_frame_equal(dates, expected, check_dtype=False)


@pytest.mark.parametrize(
    ("scenario", "task", "finish"),
    [
        ("bank-holidays", 2, "2008-07-04"),  # two days at Easter and two in May
        ("hr-late", 17, "2008-07-25"),  # twenty working days after 27 June
        ("hr-late", 19, "2008-07-28"),
        ("tasks-a-fifth-longer", 2, "2008-07-23"),  # 1.2 and 97.2 days from 7 March
    ],
)
def test_scenarios_move_the_plan_by_the_days_counted_by_hand(scenario, task, finish):
    dates = load_study("allerdale-carlisle-2008", scenario).plan.schedule.set_index("task")
    assert dates.at[task, "early_finish"] == pd.Timestamp(finish)


@pytest.mark.parametrize(
    ("link", "start", "finish", "float_of_2"),
    [
        ("1", 4, 7, 0),
        ("1FS+2", 6, 9, 0),
        ("1FS-1", 3, 6, 0),
        ("1SS", 0, 3, 1),
        ("1SS+2", 2, 5, 0),
        ("1SS-2", 0, 3, 1),  # not before the plan's start
        ("1FF", 1, 4, 0),
        ("1FF+2", 3, 6, 0),
        ("1FF-1", 0, 3, 1),
        ("1SF", 0, 3, 1),
        ("1SF+5", 2, 5, 0),
        ("1SF-1", 0, 3, 1),
    ],
)
def test_each_kind_of_link_with_lag_and_lead(link, start, finish, float_of_2):
    durations, network = {1: 4.0, 2: 3.0}, {1: [], 2: links(link)}
    early = early_days(durations, network, {})
    late = late_days(durations, network, max(4, finish))
    assert early == {1: (0, 4), 2: (start, finish)}
    assert late[1] == (0, 4)  # task 1 is critical each time
    assert late[2][0] - start == float_of_2


@given(networks())
def test_early_dates_are_the_earliest_that_keep_every_link(drawn):
    durations, network = drawn
    early = early_days(durations, network, {})
    for task, (start, finish) in early.items():
        slack = [slack_of(link, early, task) for link in network[task]]
        assert finish - start == durations[task]
        assert min([start, *slack]) == 0  # kept, and one day earlier would break one


@given(networks())
def test_late_dates_are_the_latest_that_keep_every_link_and_the_finish(drawn):
    durations, network = drawn
    plan_finish = max(finish for _, finish in early_days(durations, network, {}).values())
    late = late_days(durations, network, plan_finish)
    for task, (start, finish) in late.items():
        slack = [
            slack_of(link, late, later)
            for later, later_links in network.items()
            for link in later_links
            if link.predecessor == task
        ]
        assert finish - start == durations[task]
        assert min([plan_finish - finish, *slack]) == 0


@given(networks(kinds=st.just("FS"), lags=st.just(0.0)), st.randoms())
def test_total_float_is_the_longest_path_less_the_longest_path_through_a_task(drawn, random):
    durations, network = drawn
    paths = [path for task in network for path in paths_to(task, network)]
    length = {path: sum(durations[task] for task in path) for path in paths}
    tasks = pd.DataFrame(
        {
            "task": list(network),
            "duration_days": list(durations.values()),
            "predecessors": [
                ", ".join(str(link.predecessor) for link in found) for found in network.values()
            ],
            "not_before": pd.NaT,
            "deadline": pd.NaT,
        }
    )
    shuffled = tasks.iloc[random.sample(range(len(tasks)), len(tasks))]
    found = schedule(shuffled, MONDAY).set_index("task")
    for task in network:
        through = max(length[path] for path in paths if task in path)
        assert found.at[task, "total_float_days"] == max(length.values()) - through
        assert found.at[task, "critical"] == (through == max(length.values()))


def test_a_part_of_a_day_is_shown_on_the_day_in_which_it_falls():
    found = plan((2.5, ""), (0.5, "1"), (0.25, "2"))
    assert dates_of(found, "early_start") == ["03-02", "03-04", "03-05"]
    assert dates_of(found, "early_finish") == ["03-04", "03-04", "03-05"]


def test_thirds_of_a_day_add_up_to_whole_days():
    found = plan((0.1, ""), (0.2, "1"), (0.7, "2"), (1, "3"))
    assert dates_of(found, "early_finish") == ["03-02", "03-02", "03-02", "03-03"]


def test_a_milestone_takes_no_time_and_shows_the_day_on_which_it_is_reached():
    found = plan((0, ""), (5, "1"), (0, "2"), (1, "3"))
    assert dates_of(found, "early_start") == ["03-02", "03-02", "03-06", "03-09"]
    assert dates_of(found, "early_finish") == ["03-02", "03-06", "03-06", "03-09"]
    assert found["critical"].all()


def test_a_milestone_that_may_not_be_before_a_monday_is_reached_on_that_monday():
    found = plan((0, ""), (5, ""), (0, "2"), not_before={1: "2026-03-09"})
    assert dates_of(found, "early_start") == ["03-09", "03-02", "03-06"]
    assert dates_of(found, "early_finish") == ["03-09", "03-06", "03-06"]


def test_a_milestone_is_not_shown_before_the_milestone_or_the_start_that_it_follows():
    days = {1: "2026-03-09", 3: "2026-03-09"}
    found = plan((0, ""), (0, "1"), (2, ""), (0, "3SS"), not_before=days)
    assert dates_of(found, "early_start") == ["03-09", "03-09", "03-09", "03-09"]
    assert dates_of(found, "late_finish")[2] == "03-10"


def test_a_milestone_after_a_lag_is_reached_at_the_end_of_the_lags_last_day():
    assert dates_of(plan((5, ""), (0, "1FS+2")), "early_finish") == ["03-06", "03-10"]


def test_late_dates_and_float_of_a_side_branch():
    found = plan((2, ""), (5, "1"), (1, "1"), (1, "2,3"))
    assert found["total_float_days"].tolist() == [0, 0, 4, 0]
    assert found["critical"].tolist() == [True, True, False, True]
    assert dates_of(found, "early_start")[2] == "03-04"
    assert dates_of(found, "late_start")[2] == "03-10"
    assert dates_of(found, "late_finish")[2] == "03-10"


def test_a_plan_that_starts_on_a_saturday_starts_on_monday():
    found = plan((1, ""), plan_start=dt.date(2026, 2, 28))
    assert dates_of(found, "early_start") == ["03-02"]


def test_bank_holidays_are_not_worked():
    thursday = dt.date(2026, 4, 2)
    found = plan((5, ""), (1, "1"), plan_start=thursday, holidays=EASTER_2026)
    assert dates_of(found, "early_finish") == ["04-10", "04-13"]
    assert dates_of(plan((5, ""), (1, "1"), plan_start=thursday), "early_finish") == [
        "04-08",
        "04-09",
    ]


def test_bank_holidays_count_neither_towards_a_start_nor_as_lateness():
    options = {"plan_start": dt.date(2026, 4, 2), "holidays": EASTER_2026}
    found = plan((1, ""), (1, ""), not_before={2: "2026-04-04"}, **options)
    assert dates_of(found, "early_start") == ["04-02", "04-07"]
    found = plan((2, ""), deadline={1: "2026-04-02"}, **options)
    assert found["days_late"].item() == 1


def test_a_not_before_date_ahead_of_the_plan_changes_nothing():
    assert dates_of(plan((1, ""), not_before={1: "2026-02-20"}), "early_start") == ["03-02"]


def test_a_task_waits_for_its_not_before_date_and_a_day_off_becomes_the_next_working_day():
    found = plan((1, ""), (1, "1"), (4, ""), not_before={1: "2026-03-04", 2: "2026-03-07"})
    assert dates_of(found, "early_start") == ["03-04", "03-09", "03-02"]
    assert found["total_float_days"].tolist() == [2, 0, 2]


@pytest.mark.parametrize(
    ("deadline", "days_late"),
    [
        ("2026-03-06", 0),  # the Friday on which the task ends
        ("2026-03-08", 0),  # the Sunday after
        ("2026-03-05", 1),
        ("2026-03-01", 5),  # the Sunday before the plan starts
        (None, None),
    ],
)
def test_lateness_counts_working_days_after_the_deadline(deadline, days_late):
    found = plan((5, ""), deadline={1: deadline})["days_late"].item()
    assert found == approx(days_late if deadline else float("nan"), nan_ok=True)


def test_links_are_read_as_planners_write_them():
    expected = [Link(4, "FS", 0), Link(2, "SS", 0), Link(3, "FF", -2.5), Link(12, "SF", 5)]
    assert links(" 4,2ss , 3 FF - 2.5d,12SF+5") == expected
    assert links("") == []


@pytest.mark.parametrize("text", ["x", "2XS", "3FS+", "-3", "4FS5", "2;3", "1.5"])
def test_a_predecessor_written_otherwise_is_refused(text):
    with pytest.raises(ValueError, match=r"predecessor '.*' is not like 4, 2SS or 3FS\+5"):
        links(text)


def test_a_cycle_is_named_task_by_task():
    network = {1: [], 2: links("1,4"), 3: links("2"), 4: links("3FF+2")}
    with pytest.raises(ValueError, match="tasks wait for each other: ") as refused:
        task_order(network)
    circle = str(refused.value).split(": ")[1].split(" -> ")
    assert circle[0] == circle[-1]
    assert sorted(set(circle)) == ["2", "3", "4"]


def test_a_task_that_follows_itself_is_a_cycle():
    with pytest.raises(ValueError, match="wait for each other: 1 -> 1"):
        task_order({1: links("1")})


def test_an_unknown_predecessor_is_named():
    with pytest.raises(ValueError, match="task 2 follows task 7, which is unknown"):
        task_order({1: [], 2: links("1, 7")})
