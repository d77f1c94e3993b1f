"""The work plan with uncertain durations: many networks, and what they say of dates and deadlines.

Every network is the plan with durations drawn from their ranges. The forward and backward pass run
over arrays, one column a network. Time is counted as in ``plan``: working days from the plan's
start.
"""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import NamedTuple

import numpy as np
import pandas as pd

from businesscase.calculations.plan import PRECISION, Link, task_order
from businesscase.calculations.uncertainty import normal_scores, pert_table, tabulated

NETWORKS = 100_000  # drawn for a plan of up to 200 tasks
WORK = 20_000_000  # tasks times networks, at most
FEWEST = 500  # networks, however big the plan
CHUNK = 4_000_000  # tasks times networks held in memory at a time
CERTAINTY = 0.8
NIL = 10.0**-PRECISION  # a difference below it is none


@dataclass(frozen=True)
class UncertainPlan:
    """A plan whose durations are drawn.

    Attributes
    ----------
    ranges : DataFrame
        As ``plan.duration_ranges`` returns them.
    network : dict
        Links by task.
    not_before : dict
        Earliest start by task, where there is one [working days].
    shared : dict of array
        Normal scores of the causes that tasks share with what is no task, by cause, one a network.
    """

    ranges: pd.DataFrame
    network: dict[int, list[Link]]
    not_before: dict[int, float]
    shared: Mapping[str, np.ndarray] = field(default_factory=dict)


@dataclass(frozen=True)
class SimulatedPlan:
    """What the networks came to.

    Attributes
    ----------
    finish : array
        Last working day of the plan in each network, counted from 0.
    task_finish : dict of array
        The same of each task that was watched.
    criticality : Series
        Share of networks in which a task has no total float, by task [fraction].
    """

    finish: np.ndarray
    task_finish: dict[int, np.ndarray]
    criticality: pd.Series

    @property
    def networks(self) -> int:
        """How many networks were drawn."""
        return len(self.finish)


class Step(NamedTuple):
    """A task of the passes: rows of the arrays in place of task numbers."""

    row: int
    earliest: float
    links: list[tuple[int, str, float]]
    is_milestone: bool


def affordable_networks(tasks: int, runs: int = 1) -> int:
    """Return how many networks to draw so that tasks times networks times runs stays bounded.

    Examples
    --------
    >>> affordable_networks(19), affordable_networks(2_000), affordable_networks(2_000, 20)
    (100000, 10000, 500)
    """
    return min(NETWORKS, max(WORK // (tasks * runs), FEWEST))


def steps(uncertain: UncertainPlan) -> list[Step]:
    """Return the tasks in an order in which each follows its predecessors."""
    tasks = uncertain.ranges["task"].tolist()
    rows = dict(zip(tasks, _rows(uncertain, tasks), strict=True))
    longest = uncertain.ranges["pessimistic_days"].to_numpy()
    return [
        Step(
            rows[task],
            max(uncertain.not_before.get(task, 0.0), 0.0),
            [
                (rows[link.predecessor], link.kind, link.lag_days)
                for link in uncertain.network[task]
            ],
            longest[rows[task]] == 0,
        )
        for task in task_order(uncertain.network)
    ]


def _rows(uncertain: UncertainPlan, tasks: list[int]) -> list[int]:
    places = {task: row for row, task in enumerate(uncertain.ranges["task"].tolist())}
    return [places[task] for task in tasks]


def drawn_durations(uncertain: UncertainPlan, draws: int, seed: int) -> Iterator[np.ndarray]:
    """Yield durations, task by draw, a chunk of draws at a time [working days].

    Each duration has a PERT distribution over its range; tasks of a common cause run late together.
    """
    ranges = uncertain.ranges
    low, high = (ranges[end].to_numpy(float) for end in ("optimistic_days", "pessimistic_days"))
    planned, width = ranges["duration_days"].to_numpy(float), high - low
    rows = np.flatnonzero(width > 0)
    # the plan's place in the range is all that the shape depends on, and many tasks share it
    places = [round(float((planned[row] - low[row]) / width[row]), 9) for row in rows]
    tables = {place: pert_table(0.0, place, 1.0) for place in set(places)}
    causes, correlations = (ranges[name].iloc[rows].tolist() for name in ("cause", "correlation"))
    size = max(CHUNK // len(ranges), 1)
    for number, first in enumerate(range(0, draws, size)):
        count = min(size, draws - first)
        durations = np.repeat(planned[:, None], count, axis=1)
        shared = {cause: of[first : first + count] for cause, of in uncertain.shared.items()}
        scores = normal_scores(count, causes, correlations, seed + number, shared)
        for row, place, own in zip(rows, places, scores, strict=True):
            durations[row] = low[row] + width[row] * tabulated(own, tables[place])
        yield durations


def early_finishes(durations: np.ndarray, order: list[Step]) -> np.ndarray:
    """Return the earliest finish of each task in each network (forward pass) [working days].

    Parameters
    ----------
    durations : array, task by network
        Working days.
    order : list of Step
        Tasks, each after its predecessors.

    Examples
    --------
    >>> order = [Step(0, 0.0, [], False), Step(1, 0.0, [(0, "FS", 1.0)], False)]
    >>> early_finishes(np.array([[2.0, 4.0], [3.0, 3.0]]), order).tolist()
    [[2.0, 4.0], [6.0, 8.0]]
    """
    finishes = np.empty_like(durations)
    for row, earliest, links, _ in order:
        finish = earliest + durations[row]
        for predecessor, kind, lag in links:
            bound = finishes[predecessor] + lag
            if kind in ("SS", "SF"):
                bound -= durations[predecessor]
            if kind in ("FS", "SS"):
                bound += durations[row]
            np.maximum(finish, bound, out=finish)
        finishes[row] = finish
    return finishes


def late_finishes(durations: np.ndarray, order: list[Step], plan_finish: np.ndarray) -> np.ndarray:
    """Return the latest finish that keeps each network's end (backward pass) [working days].

    Examples
    --------
    >>> order = [Step(0, 0.0, [], False), Step(1, 0.0, [], False)]
    >>> late_finishes(np.array([[2.0], [3.0]]), order, np.array([3.0])).tolist()
    [[3.0], [3.0]]
    """
    latest = np.repeat(plan_finish[None, :], len(durations), axis=0)
    for row, _, links, _ in reversed(order):
        for predecessor, kind, lag in links:
            bound = latest[row] - lag
            if kind in ("FS", "SS"):
                bound -= durations[row]
            if kind in ("SS", "SF"):
                bound += durations[predecessor]
            np.minimum(latest[predecessor], bound, out=latest[predecessor])
    return latest


def last_days(
    finishes: np.ndarray, durations: np.ndarray, order: list[Step], rows: list[int]
) -> tuple[np.ndarray, np.ndarray]:
    """Return the last working day of the plan, and of some tasks, in each network, from 0.

    A milestone counts as reached on the day on which ``plan.shown_days`` shows it.
    """
    reached: dict[int, np.ndarray] = {}
    for row, earliest, links, is_milestone in order:
        if is_milestone:
            day = np.maximum(_last_day(finishes[row]), int(earliest))
            for predecessor, kind, lag in links:
                if lag == 0:
                    followed = reached.get(predecessor)
                    if followed is None and kind in ("SS", "SF"):
                        start = finishes[predecessor] - durations[predecessor]
                        followed = np.floor(start + NIL).astype(np.int32)
                    elif followed is None:
                        followed = _last_day(finishes[predecessor])
                    day = np.maximum(day, followed)
            reached[row] = day
    last = _last_day(finishes.max(axis=0))
    for day in reached.values():
        np.maximum(last, day, out=last)
    watched = [reached.get(row, _last_day(finishes[row])) for row in rows]
    return last, np.array(watched, dtype=np.int32).reshape(len(rows), len(last))


def _last_day(finish: np.ndarray) -> np.ndarray:
    return np.ceil(finish - NIL).astype(np.int32) - 1


def simulation(
    uncertain: UncertainPlan, watched: list[int], draws: int, seed: int
) -> SimulatedPlan:
    """Draw many networks and return when each ends and which tasks are critical.

    Parameters
    ----------
    uncertain : UncertainPlan
        The plan.
    watched : list of int
        Tasks whose finish is kept for every network.
    draws : int
        Number of networks.

    References
    ----------
    Van Slyke (1963), Monte Carlo methods and the PERT problem.

    Examples
    --------
    >>> ranges = pd.DataFrame({"task": [1, 2], "optimistic_days": [2.0, 3.0], "duration_days":
    ...     [2.0, 3.0], "pessimistic_days": [2.0, 3.0], "cause": "", "correlation": 0.0})
    >>> after = {1: [], 2: [Link(1, "FS", 0.0)]}
    >>> found = simulation(UncertainPlan(ranges, after, {}), [1], 2, seed=1)
    >>> found.finish.tolist(), found.task_finish[1].tolist(), found.criticality.tolist()
    ([4, 4], [1, 1], [1.0, 1.0])
    """
    tasks, order = uncertain.ranges["task"].tolist(), steps(uncertain)
    rows = _rows(uncertain, watched)
    critical = np.zeros(len(tasks))
    ends, tasks_end = [], []
    for durations in drawn_durations(uncertain, draws, seed):
        finishes = early_finishes(durations, order)
        latest = late_finishes(durations, order, finishes.max(axis=0))
        critical += (latest - finishes <= NIL).sum(axis=1)
        last, watched_last = last_days(finishes, durations, order, rows)
        ends.append(last)
        tasks_end.append(watched_last)
    kept = np.concatenate(tasks_end, axis=1)
    return SimulatedPlan(
        np.concatenate(ends),
        dict(zip(watched, kept, strict=True)),
        pd.Series(critical / draws, index=pd.Index(tasks, name="task")),
    )


def certain_day(last: np.ndarray, certainty: float) -> int:
    """Return the first working day by which a share of the networks has ended.

    Examples
    --------
    >>> certain_day(np.array([10, 20, 30, 40, 50]), 0.8)
    40
    """
    return int(np.quantile(last, certainty, method="inverted_cdf"))


def finishes_if(
    uncertain: UncertainPlan, tasks: list[int], watched: int, draws: int, seed: int
) -> dict[tuple[int, str], tuple[np.ndarray, np.ndarray]]:
    """Return when the plan and a task end if another task took its shortest or longest time.

    All else is drawn, and alike for every task tried, so that nothing but that task differs.

    Returns
    -------
    dict
        By task and ``optimistic_days`` or ``pessimistic_days``: the last working day of the plan
        and of the watched task in each network, counted from 0.
    """
    order, (row_watched,) = steps(uncertain), _rows(uncertain, [watched])
    durations = np.concatenate(list(drawn_durations(uncertain, draws, seed)), axis=1)
    found = {}
    for task, row in zip(tasks, _rows(uncertain, tasks), strict=True):
        drawn = durations[row].copy()
        for end in ("optimistic_days", "pessimistic_days"):
            durations[row] = uncertain.ranges[end].iloc[row]
            finishes = early_finishes(durations, order)
            plan_last, (watched_last,) = last_days(finishes, durations, order, [row_watched])
            found[task, end] = plan_last, watched_last
        durations[row] = drawn
    return found


def days_earlier(
    uncertain: UncertainPlan, last_allowed: dict[int, float], draws: int, seed: int
) -> dict[int, int | None]:
    """Return by how many working days the plan must start earlier for deadlines to be fairly sure.

    Parameters
    ----------
    uncertain : UncertainPlan
        The plan; dates in ``not_before`` stay where they are in the calendar.
    last_allowed : dict
        Working day of the deadline by task, counted from 0 at the plan's present start.

    Returns
    -------
    dict
        By task the fewest days with which at least four networks in five (``CERTAINTY``) meet the
        deadline; None if no earlier start is enough.
    """
    durations = np.concatenate(list(drawn_durations(uncertain, draws, seed)), axis=1)

    @cache
    def certain(days: int) -> dict[int, int]:
        """Return the fairly sure day of each task, counted as now, if the plan starts earlier."""
        fixed = {task: day + days for task, day in uncertain.not_before.items()}
        order = steps(replace(uncertain, not_before=fixed))
        finishes, rows = early_finishes(durations, order), _rows(uncertain, list(last_allowed))
        lasts = last_days(finishes, durations, order, rows)[1]
        return {
            task: certain_day(last, CERTAINTY) - days
            for task, last in zip(last_allowed, lasts, strict=True)
        }

    # longer than the plan and every fixed date: then only the fixed dates hold a task up
    most = int(max(certain(0).values())) + int(durations.max(axis=1).sum())
    return {
        task: _fewest_days(lambda days, task=task: certain(days)[task], allowed, most)
        for task, allowed in last_allowed.items()
    }


def _fewest_days(certain, allowed: float, most: int) -> int | None:
    too_few, enough = -1, max(certain(0) - math.floor(allowed), 0)  # enough, but for fixed dates
    if certain(enough) > allowed:
        if certain(most) > allowed:
            return None
        too_few, enough = enough, most
    while enough - too_few > 1:
        middle = (too_few + enough) // 2
        is_enough = certain(middle) <= allowed
        too_few, enough = (too_few, middle) if is_enough else (middle, enough)
    return enough
