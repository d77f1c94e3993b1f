"""The work plan: a precedence network over working days, its dates and critical path.

Time is counted in working days from the start of the plan's first day, with fractions: a task of
4.5 days that starts at 24.0 ends at 28.5, halfway through the 29th working day.
"""

import datetime as dt
import math
import re
from collections.abc import Sequence
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

import numpy as np
import pandas as pd

LINK = re.compile(r"^(\d+)\s*(FS|SS|FF|SF)?\s*([+-]\s*\d+(?:\.\d+)?)?\s*d?$", re.IGNORECASE)
DaysOff = Sequence[dt.date] | np.ndarray  # an array of days is read twenty times as fast
PRECISION = 6  # decimal places of a day, so that sums of fractions land on whole days


class Link(NamedTuple):
    """A task that this one depends on: its number, kind of link and lag [working days]."""

    predecessor: int
    kind: str
    lag_days: float


def links(predecessors: str) -> list[Link]:
    """Read a list of predecessors as planners write it.

    Raises
    ------
    ValueError
        If a part is not a task number with an optional FS, SS, FF or SF and lag.

    Examples
    --------
    >>> links("4, 2SS, 3FS+5")
    [Link(predecessor=4, kind='FS', lag_days=0.0), Link(predecessor=2, kind='SS', lag_days=0.0), \
Link(predecessor=3, kind='FS', lag_days=5.0)]
    """
    found = []
    for part in filter(None, (part.strip() for part in predecessors.split(","))):
        match = LINK.match(part)
        if not match:
            raise ValueError(f"predecessor {part!r} is not like 4, 2SS or 3FS+5")
        number, kind, lag = match.groups()
        found.append(
            Link(int(number), (kind or "FS").upper(), float((lag or "0").replace(" ", "")))
        )
    return found


def task_order(network: dict[int, list[Link]]) -> list[int]:
    """Return the task numbers, each after its predecessors.

    Raises
    ------
    ValueError
        If a predecessor is unknown, or tasks wait for each other.
    """
    for task, task_links in network.items():
        for link in task_links:
            if link.predecessor not in network:
                raise ValueError(f"task {task} follows task {link.predecessor}, which is unknown")
    sorter = TopologicalSorter(
        {task: [link.predecessor for link in task_links] for task, task_links in network.items()}
    )
    try:
        return list(sorter.static_order())
    except CycleError as error:
        circle = " -> ".join(str(task) for task in error.args[1])
        raise ValueError(f"tasks wait for each other: {circle}") from None


def start_allowed(link: Link, days: dict[int, tuple[float, float]], duration: float) -> float:
    """Return the earliest start that a link allows a task of some duration [working days].

    Examples
    --------
    >>> start_allowed(Link(1, "FF", 1.0), {1: (0.0, 5.0)}, 2.0)
    4.0
    """
    anchor = days[link.predecessor][0 if link.kind in ("SS", "SF") else 1] + link.lag_days
    return anchor if link.kind in ("FS", "SS") else anchor - duration


def early_days(
    durations: dict[int, float], network: dict[int, list[Link]], not_before: dict[int, float]
) -> dict[int, tuple[float, float]]:
    """Return the earliest start and finish of each task (forward pass) [working days].

    Parameters
    ----------
    durations : dict
        Working days by task.
    network : dict
        Links by task.
    not_before : dict
        Earliest start allowed, by task, where there is one.

    Examples
    --------
    >>> early_days({1: 2.5, 2: 1.0}, {1: [], 2: [Link(1, "FS", 0.0)]}, {})
    {1: (0.0, 2.5), 2: (2.5, 3.5)}
    """
    days: dict[int, tuple[float, float]] = {}
    for task in task_order(network):
        duration = durations[task]
        allowed = [start_allowed(link, days, duration) for link in network[task]]
        start = round(max(0.0, not_before.get(task, 0.0), *allowed), PRECISION)
        days[task] = (start, round(start + duration, PRECISION))
    return days


def late_days(
    durations: dict[int, float], network: dict[int, list[Link]], plan_finish: float
) -> dict[int, tuple[float, float]]:
    """Return the latest start and finish that keep the plan's finish (backward pass) [working days].

    Examples
    --------
    >>> late_days({1: 2.5, 2: 1.0}, {1: [], 2: []}, 2.5)
    {2: (1.5, 2.5), 1: (0.0, 2.5)}
    """
    latest_finish = dict.fromkeys(network, plan_finish)
    days: dict[int, tuple[float, float]] = {}
    for task in reversed(task_order(network)):
        finish = round(latest_finish[task], PRECISION)
        days[task] = (round(finish - durations[task], PRECISION), finish)
        for link in network[task]:
            anchor = days[task][0 if link.kind in ("FS", "SS") else 1] - link.lag_days
            if link.kind in ("SS", "SF"):
                anchor += durations[link.predecessor]
            latest_finish[link.predecessor] = min(latest_finish[link.predecessor], anchor)
    return days


def free_floats(
    days: dict[int, tuple[float, float]], network: dict[int, list[Link]], plan_finish: float
) -> dict[int, float]:
    """Return how far each task alone can slip before another task or the plan's end must move.

    Parameters
    ----------
    days : dict
        Earliest start and finish by task [working days].
    network : dict
        Links by task.
    plan_finish : float
        End of the plan [working days].

    Examples
    --------
    >>> after = {1: [], 2: [Link(1, "FS", 0.0)], 3: [Link(1, "FS", 4.0)]}
    >>> free_floats({1: (0.0, 2.0), 2: (2.0, 3.0), 3: (6.0, 7.0)}, after, 7.0)
    {1: 0.0, 2: 4.0, 3: 0.0}
    """
    room = {task: plan_finish - finish for task, (_, finish) in days.items()}
    for task, task_links in network.items():
        for link in task_links:
            own = days[task][0 if link.kind in ("FS", "SS") else 1]
            followed = days[link.predecessor][0 if link.kind in ("SS", "SF") else 1]
            room[link.predecessor] = min(room[link.predecessor], own - followed - link.lag_days)
    return {task: round(free, PRECISION) for task, free in room.items()}


def changed_durations(
    tasks: pd.DataFrame, change: float, extra_days: dict[str, float]
) -> pd.Series:
    """Return each task's duration under a scenario [working days].

    Parameters
    ----------
    tasks : DataFrame
        Columns ``task`` and ``duration_days`` [working days].
    change : float
        Change of every duration [fraction of plan].
    extra_days : dict
        Working days added, by task number as text.

    Examples
    --------
    >>> tasks = pd.DataFrame({"task": [1, 2], "duration_days": [10.0, 20.0]})
    >>> changed_durations(tasks, 0.5, {"2": 5.0}).tolist()
    [15.0, 35.0]
    """
    extra = tasks["task"].astype(str).map(extra_days).astype(float).fillna(0.0)
    return tasks["duration_days"] * (1 + change) + extra


def duration_ranges(
    tasks: pd.DataFrame, ranges: pd.DataFrame, change: float, extra_days: dict[str, float]
) -> pd.DataFrame:
    """Return how short and how long each task may turn out under a scenario.

    Parameters
    ----------
    tasks : DataFrame
        Columns ``task`` and ``duration_days`` [working days].
    ranges : DataFrame
        Columns ``task``, ``optimistic_days``, ``pessimistic_days`` [working days], ``cause`` and
        ``correlation`` [fraction].
    change, extra_days
        As for ``changed_durations``; they move the whole range.

    Returns
    -------
    DataFrame, a row a task
        ``task``, ``optimistic_days``, ``duration_days``, ``pessimistic_days`` [working days],
        ``cause`` and ``correlation``; a task without a range takes its duration for certain.

    Examples
    --------
    >>> tasks = pd.DataFrame({"task": [1, 2], "duration_days": [10.0, 20.0]})
    >>> ranges = pd.DataFrame({"task": [2], "optimistic_days": [18.0], "pessimistic_days": [30.0],
    ...     "cause": [""], "correlation": [0.0]})
    >>> duration_ranges(tasks, ranges, 0.5, {"2": 5.0}).iloc[1, 1:4].tolist()
    [32.0, 35.0, 50.0]
    """
    given = ranges.set_index("task").reindex(tasks["task"])
    table = pd.DataFrame({"task": tasks["task"].to_numpy()})
    for column in ("optimistic_days", "duration_days", "pessimistic_days"):
        planned = tasks["duration_days"].to_numpy(float)
        days = planned if column == "duration_days" else given[column].to_numpy(float)
        stated = table.assign(duration_days=np.where(np.isnan(days), planned, days))
        table[column] = changed_durations(stated[["task", "duration_days"]], change, extra_days)
    return table.assign(
        cause=given["cause"].fillna("").to_numpy(object),
        correlation=given["correlation"].fillna(0.0).to_numpy(float),
    )


def working_dates(days, plan_start: dt.date, holidays: DaysOff) -> pd.DatetimeIndex:
    """Return the dates of working days, counted from 0 on the plan's first working day.

    Examples
    --------
    >>> working_dates([0, 4, 5], dt.date(2026, 3, 2), []).strftime("%a %d").tolist()
    ['Mon 02', 'Fri 06', 'Mon 09']
    """
    offsets = np.asarray(days, dtype="int64")
    return pd.DatetimeIndex(
        np.busday_offset(np.datetime64(plan_start, "D"), offsets, roll="forward", holidays=holidays)
    )


def working_day(date: dt.date, plan_start: dt.date, holidays: DaysOff) -> float:
    """Return the number of a date's working day; a day off counts as the next working day."""
    return float(np.busday_count(plan_start, date, holidays=holidays))


def working_days(
    tasks: pd.DataFrame, column: str, plan_start: dt.date, holidays: DaysOff
) -> dict[int, float]:
    """Return the working day of each date in a column, by task; tasks without one are left out.

    Examples
    --------
    >>> tasks = pd.DataFrame({"task": [1, 2], "not_before": pd.to_datetime(["2026-03-04", None])})
    >>> working_days(tasks, "not_before", dt.date(2026, 3, 2), [])
    {1: 2.0}
    """
    dated = tasks.dropna(subset=column)
    counted = np.busday_count(
        plan_start, dated[column].to_numpy("datetime64[D]"), holidays=holidays
    )
    return dict(zip(dated["task"].tolist(), counted.astype(float).tolist(), strict=True))


def network_of(tasks: pd.DataFrame) -> dict[int, list[Link]]:
    """Return the links of each task, by its number."""
    return {
        task: links(text) for task, text in zip(tasks["task"], tasks["predecessors"], strict=True)
    }


def schedule(tasks: pd.DataFrame, plan_start: dt.date, holidays: DaysOff = ()) -> pd.DataFrame:
    """Return early and late dates, float and the critical path of a plan.

    Parameters
    ----------
    tasks : DataFrame
        Columns ``task``, ``name``, ``duration_days`` [working days], ``predecessors``,
        ``not_before`` and ``deadline`` (NaT where there is none).
    plan_start : date
        First day of the plan; tasks without predecessors start there.
    holidays : dates, optional
        Days off besides Saturdays and Sundays.

    Returns
    -------
    DataFrame
        ``tasks`` with ``early_start``, ``early_finish``, ``late_start``, ``late_finish`` (dates of
        the working day in which each falls), ``total_float_days`` (by how much a task can slip
        before the plan's end moves [working days]), ``free_float_days`` (before any other task
        moves), ``critical`` (no total float) and ``days_late`` [working days after the deadline,
        NaN where there is none].

    References
    ----------
    Kelley and Walker (1959), critical-path planning and scheduling.
    """
    durations = dict(zip(tasks["task"], tasks["duration_days"].astype(float), strict=True))
    network = network_of(tasks)
    not_before = working_days(tasks, "not_before", plan_start, holidays)
    early = early_days(durations, network, not_before)
    plan_finish = max(finish for _, finish in early.values())
    late = late_days(durations, network, plan_finish)
    free = free_floats(early, network, plan_finish)
    dates = {}
    for name, times in {"early": early, "late": late}.items():
        days = shown_days(times, network, not_before)
        for part, end in enumerate(("start", "finish")):
            shown = [days[task][part] for task in tasks["task"]]
            dates[f"{name}_{end}"] = working_dates(shown, plan_start, holidays).to_numpy()
    table = tasks.assign(**dates)
    table["total_float_days"] = [
        round(late[task][0] - early[task][0], PRECISION) for task in tasks["task"]
    ]
    table["free_float_days"] = [free[task] for task in tasks["task"]]
    table["critical"] = table["total_float_days"] <= 0
    table["days_late"] = days_late(table["early_finish"], table["deadline"], holidays)
    return table


def shown_days(
    times: dict[int, tuple[float, float]],
    network: dict[int, list[Link]],
    not_before: dict[int, float],
) -> dict[int, tuple[int, int]]:
    """Return the first and last working day of each task, counted from 0.

    A milestone takes no time, so the end of one day and the start of the next are the same moment.
    It is shown on the earlier day, unless its own ``not_before`` or the day of what it follows is
    the later one.

    Examples
    --------
    >>> after = {1: [], 2: [Link(1, "FS", 0.0)], 3: []}
    >>> shown_days({1: (0.0, 5.0), 2: (5.0, 5.0), 3: (5.0, 5.0)}, after, {3: 5.0})
    {1: (0, 4), 3: (5, 5), 2: (4, 4)}
    """
    days: dict[int, tuple[int, int]] = {}
    for task in task_order(network):
        start, finish = times[task]
        last = math.ceil(finish) - 1
        if finish > start:
            days[task] = (math.floor(start), last)
            continue
        followed = [
            days[link.predecessor][0 if link.kind in ("SS", "SF") else 1]
            for link in network[task]
            if link.lag_days == 0
        ]
        reached = int(max(last, not_before.get(task, 0), *followed))
        days[task] = (reached, reached)
    return days


def days_late(finish: pd.Series, deadline: pd.Series, holidays: DaysOff = ()) -> pd.Series:
    """Return the working days by which each finish lies after its deadline, NaN without one.

    Examples
    --------
    >>> finish = pd.to_datetime(pd.Series(["2026-03-09", "2026-03-09"]))
    >>> days_late(finish, pd.to_datetime(pd.Series(["2026-03-06", None]))).tolist()
    [1.0, nan]
    """
    late = pd.Series(np.nan, index=finish.index)
    due = deadline.notna()
    day = np.timedelta64(1, "D")
    counted = np.busday_count(
        deadline[due].to_numpy("datetime64[D]") + day,
        finish[due].to_numpy("datetime64[D]") + day,
        holidays=holidays,
    )
    late[due] = np.maximum(counted, 0).astype(float)
    return late
