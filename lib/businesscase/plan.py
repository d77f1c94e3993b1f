"""The work plan: a precedence network over working days, its dates and critical path.

Time is counted in working days from the start of the plan's first day, with fractions: a task of
4.5 days that starts at 24.0 ends at 28.5, halfway through the 29th working day.
"""

import datetime as dt
import math
import re
from graphlib import CycleError, TopologicalSorter
from typing import NamedTuple

import numpy as np
import pandas as pd

LINK = re.compile(r"^(\d+)\s*(FS|SS|FF|SF)?\s*([+-]\s*\d+(?:\.\d+)?)?\s*d?$", re.IGNORECASE)
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
        bounds = [0.0, not_before.get(task, 0.0)]
        for link in network[task]:
            anchor = days[link.predecessor][0 if link.kind in ("SS", "SF") else 1] + link.lag_days
            bounds.append(anchor if link.kind in ("FS", "SS") else anchor - duration)
        start = round(max(bounds), PRECISION)
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
    extra = tasks["task"].astype(str).map(extra_days).fillna(0.0)
    return tasks["duration_days"] * (1 + change) + extra


def working_date(day: float, plan_start: dt.date, holidays: list[dt.date]) -> pd.Timestamp:
    """Return the date of a working day, counted from 0 on the plan's first working day."""
    found = np.busday_offset(plan_start, int(day), roll="forward", holidays=holidays)
    return pd.Timestamp(found)


def working_day(date: dt.date, plan_start: dt.date, holidays: list[dt.date]) -> float:
    """Return the number of a date's working day; a day off counts as the next working day."""
    return float(np.busday_count(plan_start, date, holidays=holidays))


def schedule(
    tasks: pd.DataFrame, plan_start: dt.date, holidays: list[dt.date] | None = None
) -> pd.DataFrame:
    """Return early and late dates, total float and the critical path of a plan.

    Parameters
    ----------
    tasks : DataFrame
        Columns ``task``, ``name``, ``duration_days`` [working days], ``predecessors``,
        ``not_before`` and ``deadline`` (NaT where there is none).
    plan_start : date
        First day of the plan; tasks without predecessors start there.
    holidays : list of date, optional
        Days off besides Saturdays and Sundays.

    Returns
    -------
    DataFrame
        ``tasks`` with ``early_start``, ``early_finish``, ``late_start``, ``late_finish`` (dates of
        the working day in which each falls), ``total_float_days`` [working days], ``critical`` and
        ``days_late`` [working days after the deadline, NaN where there is none].

    References
    ----------
    Kelley and Walker (1959), critical-path planning and scheduling.
    """
    holidays = holidays or []
    durations = dict(zip(tasks["task"], tasks["duration_days"].astype(float), strict=True))
    network = {
        task: links(text) for task, text in zip(tasks["task"], tasks["predecessors"], strict=True)
    }
    fixed = tasks.dropna(subset="not_before").set_index("task")["not_before"]
    not_before = {
        task: working_day(date.date(), plan_start, holidays) for task, date in fixed.items()
    }
    early = early_days(durations, network, not_before)
    late = late_days(durations, network, max(finish for _, finish in early.values()))
    dates = {}
    for name, times in {"early": early, "late": late}.items():
        days = shown_days(times, network, not_before)
        for part, end in enumerate(("start", "finish")):
            dates[f"{name}_{end}"] = [
                working_date(days[task][part], plan_start, holidays) for task in tasks["task"]
            ]
    table = tasks.assign(**dates)
    table["total_float_days"] = [
        round(late[task][0] - early[task][0], PRECISION) for task in tasks["task"]
    ]
    table["critical"] = table["total_float_days"] <= 0
    table["days_late"] = [
        np.nan if pd.isna(deadline) else _days_after(finish, deadline, holidays)
        for finish, deadline in zip(table["early_finish"], table["deadline"], strict=True)
    ]
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


def _days_after(finish: pd.Timestamp, deadline: pd.Timestamp, holidays: list[dt.date]) -> float:
    day = np.timedelta64(1, "D")
    after, until = np.datetime64(deadline, "D") + day, np.datetime64(finish, "D") + day
    return float(max(np.busday_count(after, until, holidays=holidays), 0))
