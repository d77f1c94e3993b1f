"""The passes of the plan against linear programs that scipy solves, and against brute force."""

import numpy as np
import pandas as pd
from conftest import inputs
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from pytest import approx
from scipy.optimize import linprog

from businesscase.calculations.durations import (
    NIL,
    UncertainPlan,
    certain_day,
    days_earlier,
    drawn_durations,
    early_finishes,
    late_finishes,
    steps,
)
from businesscase.calculations.plan import Link, early_days, free_floats, late_days

DAYS = st.integers(0, 40).map(lambda quarters: quarters / 4)
LAG = st.integers(-12, 12).map(lambda quarters: quarters / 4)
KIND = st.sampled_from(["FS", "SS", "FF", "SF"])


@st.composite
def plans(draw):
    """Draw durations, links and not-before days of up to seven tasks."""
    durations = dict(enumerate(draw(st.lists(DAYS, min_size=1, max_size=7)), 1))
    network = {
        task: [
            Link(earlier, draw(KIND), draw(LAG))
            for earlier in range(1, task)
            if draw(st.integers(0, 2)) > 0
        ]
        for task in durations
    }
    not_before = {task: draw(DAYS) for task in durations if draw(st.integers(0, 3)) == 0}
    return durations, network, not_before


def rules(durations, network):
    """Return the links as rows of A x <= b in the starts of all tasks and the plan's finish."""
    tasks = list(durations)
    rows, limits = [], []
    for task, links in network.items():
        for link in links:
            row = np.zeros(len(tasks) + 1)
            row[tasks.index(link.predecessor)] += 1
            row[tasks.index(task)] -= 1
            lead = durations[link.predecessor] if link.kind in ("FS", "FF") else 0.0
            tail = durations[task] if link.kind in ("FF", "SF") else 0.0
            rows.append(row)
            limits.append(tail - lead - link.lag_days)
    for task in tasks:
        row = np.zeros(len(tasks) + 1)
        row[tasks.index(task)], row[-1] = 1, -1
        rows.append(row)
        limits.append(-durations[task])
    return np.array(rows), np.array(limits)


def solved(costs, durations, network, bounds):
    found = linprog(costs, *rules(durations, network), bounds=bounds)
    assert found.status == 0, found.message
    return found.x


def optimum(durations, network, not_before):
    """Return early starts, late starts, free floats and the finish of a plan by linear programs."""
    tasks, count = list(durations), len(durations)
    lowest = [(max(not_before.get(task, 0.0), 0.0), None) for task in tasks]
    early = solved([*[1.0] * count, 0.0], durations, network, [*lowest, (0, None)])[:-1]
    finish = solved([0.0] * count + [1.0], durations, network, [*lowest, (0, None)])[-1]
    end = (finish, finish)
    late = solved([-1.0] * count + [0.0], durations, network, [*lowest, end])[:-1]
    free = []
    for number in range(count):  # all other tasks stay at their early starts
        bounds = [(start, start) for start in early]
        bounds[number] = (early[number], None)
        costs = -np.eye(count + 1)[number]
        free.append(solved(costs, durations, network, [*bounds, end])[number] - early[number])
    return early, late, np.array(free), finish


@settings(max_examples=inputs(15, 60))
@given(plans())
def test_early_and_late_starts_floats_and_finish_are_the_optima_of_linear_programs(drawn):
    durations, network, not_before = drawn
    early_starts, late_starts, free, finish = optimum(durations, network, not_before)
    early = early_days(durations, network, not_before)
    found_finish = max(end for _, end in early.values())
    late = late_days(durations, network, found_finish)
    found_free = free_floats(early, network, found_finish)
    assert found_finish == approx(finish, abs=1e-6)
    assert [early[task][0] for task in durations] == approx(early_starts, abs=1e-6)
    assert [late[task][0] for task in durations] == approx(late_starts, abs=1e-6)
    assert [found_free[task] for task in durations] == approx(free, abs=1e-6)


@settings(max_examples=inputs(15, 60))
@given(plans())
def test_free_float_is_neither_negative_nor_above_total_float(drawn):
    durations, network, not_before = drawn
    early = early_days(durations, network, not_before)
    finish = max(end for _, end in early.values())
    late = late_days(durations, network, finish)
    for task, free in free_floats(early, network, finish).items():
        assert -1e-9 <= free <= late[task][0] - early[task][0] + 1e-9


@settings(max_examples=inputs(10, 40))
@given(plans(), st.lists(DAYS, min_size=7, max_size=7))
def test_networks_side_by_side_are_what_linear_programs_find_one_by_one(drawn, others):
    durations, network, not_before = drawn
    columns = [durations, dict(zip(durations, others, strict=False))]
    array = np.array([list(column.values()) for column in columns]).T
    order = steps(UncertainPlan(ranges_of(durations), network, not_before))
    early = early_finishes(array, order)
    late = late_finishes(array, order, early.max(axis=0))
    for number, column in enumerate(columns):
        early_starts, late_starts, _, finish = optimum(column, network, not_before)
        assert early[:, number] - array[:, number] == approx(early_starts, abs=1e-6)
        assert late[:, number] - array[:, number] == approx(late_starts, abs=1e-6)
        assert early[:, number].max() == approx(finish, abs=1e-6)


def ranges_of(durations, spread=0.0):
    """Return ranges around durations; without a spread nothing is drawn."""
    days = np.array(list(durations.values()))
    return pd.DataFrame(
        {
            "task": list(durations),
            "optimistic_days": days * (1 - spread / 2),
            "duration_days": days,
            "pessimistic_days": days * (1 + spread),
            "cause": "",
            "correlation": 0.0,
        }
    )


def sure_day(uncertain, columns, task, days):
    """Return the fairly sure day of a task if the plan starts earlier, one forward pass a network."""
    fixed = {other: day + days for other, day in uncertain.not_before.items()}
    ends = [
        early_days(
            dict(zip(uncertain.ranges["task"], column, strict=True)), uncertain.network, fixed
        )
        for column in columns
    ]
    last = np.ceil(np.array([days_of[task][1] for days_of in ends]) - NIL) - 1
    return certain_day(last, 0.8) - days


@settings(max_examples=inputs(10, 40))
@given(plans(), st.integers(-3, 12), st.sampled_from([0.0, 0.5]))
def test_days_earlier_are_the_fewest_that_a_search_day_by_day_finds(drawn, short, spread):
    durations, network, not_before = drawn
    uncertain = UncertainPlan(ranges_of(durations, spread), network, not_before)
    task = max(durations)
    assume(durations[task] > 0)  # a milestone may be shown on the day of what it follows
    columns = np.concatenate(list(drawn_durations(uncertain, 9, 7)), axis=1).T
    allowed = sure_day(uncertain, columns, task, 0) - short
    tried = (days for days in range(80) if sure_day(uncertain, columns, task, days) <= allowed)
    assert days_earlier(uncertain, {task: allowed}, 9, 7) == {task: next(tried, None)}


def test_an_earlier_start_must_make_up_for_what_a_fixed_date_holds_in_some_networks():
    # task 1 moves with the plan, task 2 stays in the calendar, task 3 waits for both
    network = {1: [], 2: [], 3: [Link(1, "FS", 0.0), Link(2, "FS", 0.0)]}
    uncertain = UncertainPlan(ranges_of({1: 10.0, 2: 10.0, 3: 1.0}, 1.5), network, {2: 0.0})
    columns = np.concatenate(list(drawn_durations(uncertain, 60, 7)), axis=1).T
    sure = [sure_day(uncertain, columns, 3, days) for days in range(25)]
    found = [days_earlier(uncertain, {3: allowed}, 60, 7)[3] for allowed in range(8, sure[0] + 1)]
    searched = [
        next((days for days, day in enumerate(sure) if day <= allowed), None)
        for allowed in range(8, sure[0] + 1)
    ]
    assert found == searched
    delays = range(sure[0] - 8, -1, -1)
    more = [days for days, delay in zip(found, delays, strict=True) if days not in (None, delay)]
    assert None in found and more  # too late for any start, and more than the delay itself
