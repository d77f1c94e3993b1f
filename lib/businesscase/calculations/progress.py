"""Progress of the work plan at a date: a forecast from what is known then, and a status by task."""

import datetime as dt
from dataclasses import dataclass

import numpy as np
import pandas as pd

from businesscase.calculations.plan import (
    DaysOff,
    Link,
    network_of,
    shown_days,
    start_allowed,
    task_order,
    working_dates,
    working_day,
    working_days,
)

COMPLETE, RED, AMBER, GREEN, NOT_DUE = "complete", "red", "amber", "green", "not due"
EVEN_CHANCE = 0.5  # below it a deadline is more likely missed than met


@dataclass(frozen=True)
class Progress:
    """What is known at a date.

    Attributes
    ----------
    report_date : Timestamp
        The date; what it shows is known up to its end.
    started, finished : dict of Timestamp
        Actual dates by task.
    """

    report_date: pd.Timestamp
    started: dict[int, pd.Timestamp]
    finished: dict[int, pd.Timestamp]


def readings(actuals: pd.DataFrame, report_date: pd.Timestamp) -> Progress:
    """Return the actual starts and finishes of tasks up to a date.

    Parameters
    ----------
    actuals : DataFrame
        Columns ``kind``, ``item`` (the task's number) and ``date``.

    Examples
    --------
    >>> actuals = pd.DataFrame({"kind": ["task_start", "task_finish"], "item": ["4", "4"],
    ...     "date": pd.to_datetime(["2026-03-02", "2026-03-06"])})
    >>> at = readings(actuals, pd.Timestamp("2026-03-05"))
    >>> list(at.started), list(at.finished)
    ([4], [])
    """
    known = actuals[actuals["date"] <= report_date]
    dates = {
        kind: {int(item): date for item, date in zip(rows["item"], rows["date"], strict=True)}
        for kind, rows in known[known["kind"].isin(["task_start", "task_finish"])].groupby("kind")
    }
    return Progress(report_date, dates.get("task_start", {}), dates.get("task_finish", {}))


def as_planned(schedule: pd.DataFrame, report_date: pd.Timestamp) -> pd.DataFrame:
    """Return what ``forecast`` does for a plan whose tasks start and finish on their early dates."""
    dates = schedule.set_index("task")
    return pd.DataFrame(
        {
            "started": dates["early_start"] <= report_date,
            "finished": dates["early_finish"] <= report_date,
            "forecast_start": dates["early_start"],
            "forecast_finish": dates["early_finish"],
        }
    )


def forecast_days(
    durations: dict[int, float],
    network: dict[int, list[Link]],
    not_before: dict[int, float],
    actual: dict[int, tuple[float | None, float | None]],
    report_day: float,
) -> dict[int, tuple[float, float]]:
    """Return the start and finish of each task, as far as known and else as forecast [working days].

    A finished task keeps its dates. One that has started takes its duration from its actual start,
    but does not end before the report date. One that has not started waits for its predecessors and
    the report date.

    Parameters
    ----------
    durations, network, not_before : dict
        As for ``plan.early_days``.
    actual : dict
        Actual start and finish by task that has either, None where not known; a finish that is
        known without its start implies one its duration earlier [working days].
    report_day : float
        Working day of the report.

    Examples
    --------
    >>> after = {1: [], 2: [Link(1, "FS", 0.0)]}
    >>> forecast_days({1: 4.0, 2: 1.0}, after, {}, {1: (1.0, None)}, 9.0)
    {1: (1.0, 10.0), 2: (10.0, 11.0)}
    """
    days: dict[int, tuple[float, float]] = {}
    for task in task_order(network):
        duration = durations[task]
        started, finished = actual.get(task, (None, None))
        if finished is not None:
            days[task] = (finished - duration if started is None else started, finished)
        elif started is not None:
            ends = [started + duration] if started + duration > report_day else [report_day + 1]
            ends += [
                start_allowed(link, days, 0.0)
                for link in network[task]
                if link.kind in ("FF", "SF")
            ]
            days[task] = (started, max(ends))
        else:
            waits = [start_allowed(link, days, duration) for link in network[task]]
            start = max(0.0, report_day, not_before.get(task, 0.0), *waits)
            days[task] = (start, start + duration)
    return days


def forecast(
    tasks: pd.DataFrame, progress: Progress, plan_start: dt.date, holidays: DaysOff
) -> pd.DataFrame:
    """Return the dates that a plan is heading for.

    Parameters
    ----------
    tasks : DataFrame
        As for ``plan.schedule``.

    Returns
    -------
    DataFrame, index task
        ``started`` and ``finished`` (yes or no), ``forecast_start`` and ``forecast_finish``.
    """
    network = network_of(tasks)
    not_before = working_days(tasks, "not_before", plan_start, holidays)
    report_day = working_day(progress.report_date.date(), plan_start, holidays)
    durations = dict(zip(tasks["task"], tasks["duration_days"].astype(float), strict=True))
    no_time = {task: date for task, date in progress.started.items() if durations[task] == 0}
    finished = no_time | progress.finished  # a milestone that has started is reached
    day = dt.timedelta(days=1)
    begun = {
        task: working_day(date.date(), plan_start, holidays)
        for task, date in progress.started.items()
    }
    ended = {
        task: working_day(date.date() + day, plan_start, holidays)
        for task, date in finished.items()
    }
    actual = {task: (begun.get(task), ended.get(task)) for task in begun | ended}
    times = forecast_days(durations, network, not_before, actual, report_day)
    waiting = {
        task: max(not_before.get(task, 0.0), report_day) for task in network if task not in actual
    }
    shown = shown_days(times, network, waiting)
    table = pd.DataFrame(index=tasks["task"])
    table["started"] = [task in actual for task in tasks["task"]]
    table["finished"] = [task in finished for task in tasks["task"]]
    for part, known in (("start", progress.started), ("finish", finished)):
        days = [shown[task][part == "finish"] for task in tasks["task"]]
        dates = pd.Series(working_dates(days, plan_start, holidays), index=table.index)
        actual_dates = pd.Series(known, dtype=dates.dtype).reindex(table.index)
        table[f"forecast_{part}"] = actual_dates.fillna(dates)
    return table


def status(table: pd.DataFrame, report_date: pd.Timestamp) -> pd.DataFrame:
    """Return the status of each task in a word, and why.

    Complete: it has finished. Red: it is forecast to end after its deadline or, where it has none,
    so late that the plan's end moves. Amber: it is forecast to end later than planned, which uses
    float or moves the end of the plan though its deadline holds, or its deadline is more likely missed than met. Not due: it has not started and is not
    planned to before the report date is over. Green: all else.

    Parameters
    ----------
    table : DataFrame
        ``started``, ``finished``, ``forecast_finish``, ``early_start``, ``early_finish``,
        ``late_finish``, ``deadline`` (NaT where there is none) and ``chance`` of the deadline (NaN
        where not known).

    Returns
    -------
    DataFrame
        ``rag`` and ``reason``.

    Examples
    --------
    >>> date = pd.Timestamp("2026-03-06")
    >>> row = {"started": True, "finished": False, "forecast_finish": date, "early_start": date,
    ...     "early_finish": date, "late_finish": date, "deadline": pd.NaT, "chance": 0.4}
    >>> status(pd.DataFrame([row]), date).iloc[0].tolist()
    ['amber', 'its deadline is more likely missed than met']
    """
    dated = table["deadline"].notna()
    ends = table["forecast_finish"]
    rules = [
        (table["finished"], COMPLETE, "finished"),
        (dated & (ends > table["deadline"]), RED, "ends after its deadline"),
        (~dated & (ends > table["late_finish"]), RED, "moves the end of the plan"),
        (ends > table["late_finish"], AMBER, "keeps its deadline, but moves the end of the plan"),
        (ends > table["early_finish"], AMBER, "ends later than planned, which uses float"),
        (table["chance"] < EVEN_CHANCE, AMBER, "its deadline is more likely missed than met"),
        (~table["started"] & (table["early_start"] > report_date), NOT_DUE, "not due to start"),
    ]
    holds = [rule for rule, _, _ in rules]
    words = np.select(holds, [word for _, word, _ in rules], GREEN)
    reasons = np.select(holds, [reason for _, _, reason in rules], "on time")
    return pd.DataFrame({"rag": words, "reason": reasons}, index=table.index, dtype=object)
