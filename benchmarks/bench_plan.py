"""Time the simulated networks of a plan beside a loop over draws, and the pages of a big plan.

``python benchmarks/bench_plan.py`` prints what it measures and the bars: 100,000 networks of the
19 tasks of Allerdale and Carlisle in under one second, every view of notebook 05 for a plan of
2,000 tasks in under five. The loop computes the same networks one at a time with the passes of
``plan``; it is timed on fewer and scaled up.
"""

import datetime as dt
import tracemalloc
from dataclasses import replace

import numpy as np
import pandas as pd
from measuring import best_seconds, seconds_of_views

from businesscase.calculations import durations, plan
from businesscase.cases.case import load_case
from businesscase.study import Study, load_study

LOOPED, SEED = 500, 1
BIG, BAR_SIMULATION, BAR_PAGE = 2_000, 1.0, 5.0


def looped(uncertain: durations.UncertainPlan, drawn: np.ndarray) -> tuple[list, np.ndarray]:
    """Return the end of each network and how often each task is critical, one network at a time."""
    tasks = uncertain.ranges["task"].tolist()
    ends, critical = [], np.zeros(len(tasks))
    for column in drawn.T:
        days = dict(zip(tasks, column.tolist(), strict=True))
        early = plan.early_days(days, uncertain.network, uncertain.not_before)
        end = max(finish for _, finish in early.values())
        late = plan.late_days(days, uncertain.network, end)
        critical += [late[task][1] - early[task][1] <= durations.NIL for task in tasks]
        ends.append(end)
    return ends, critical


def big_study(tasks: int) -> Study:
    """Return a study of a plan with many tasks, ranges, deadlines and work packages."""
    generator = np.random.default_rng(SEED)
    case = load_case("allerdale-carlisle-2008")
    start = pd.Timestamp(case.file.plan_start)
    origin = {"status": "assumed", "source": "pid", "paragraph": "none", "note": "a benchmark"}
    rows, ranges = [], []
    for task in range(1, tasks + 1):
        days = float(generator.integers(4, 80)) / 4
        before = generator.integers(max(task - 40, 1), task, 2) if task > 2 else []
        kinds = generator.choice(["", "", "SS+2", "FF+1", "SF+3"], 2)
        rows.append(
            {
                "task": task,
                "name": f"Task number {task}",
                "duration_days": days,
                "predecessors": ",".join(f"{b}{k}" for b, k in zip(before, kinds, strict=False)),
                "not_before": start + dt.timedelta(days=task) if task % 50 == 0 else pd.NaT,
                "deadline": start + dt.timedelta(days=2 * task) if task % 10 == 0 else pd.NaT,
                "contingency_days": 0.0,
                "gate": task % 100 == 0,
                **origin,
            }
        )
        ranges.append(
            {
                "task": task,
                "optimistic_days": 0.9 * days,
                "pessimistic_days": 1.54 * days,
                "cause": "staff" if task % 2 else "",
                "correlation": 0.5 if task % 2 else 0.0,
                **origin,
            }
        )
    tables = case.tables | {
        "tasks": pd.DataFrame(rows),
        "task_ranges": pd.DataFrame(ranges),
        "work_packages": case.tables["work_packages"].iloc[:0],
        "published": case.tables["published"].iloc[:0],
        "gates": case.tables["gates"].iloc[:0],
    }
    base = case.scenarios["base"]
    return Study(replace(case, tables=tables), "base", base.parameters)


def main() -> None:
    """Compare and print."""
    study = load_study("allerdale-carlisle-2008")
    uncertain, watched = study.plan.uncertain, list(study.plan.simulated.task_finish)
    tasks, draws = len(uncertain.ranges), durations.NETWORKS

    def simulated(networks=draws):
        return durations.simulation(uncertain, watched, networks, SEED)

    drawn = np.concatenate(list(durations.drawn_durations(uncertain, LOOPED, SEED)), axis=1)
    ends, critical = looped(uncertain, drawn)
    same = simulated(LOOPED)
    np.testing.assert_array_equal(same.finish, np.ceil(np.array(ends) - durations.NIL) - 1)
    np.testing.assert_allclose(same.criticality * LOOPED, critical)
    seconds = best_seconds(simulated)
    loop_seconds = best_seconds(lambda: looped(uncertain, drawn), 2) * draws / LOOPED
    tracemalloc.start()
    simulated()
    peak = tracemalloc.get_traced_memory()[1] / 1e6
    tracemalloc.stop()
    print(f"{draws:,} networks of {tasks} tasks, {len(watched)} with deadlines")
    verdict = "met" if seconds < BAR_SIMULATION else "NOT met"
    print(
        f"  simulation            {seconds:8.2f} s, peak {peak:.0f} MB; bar {BAR_SIMULATION:g} s: {verdict}"
    )
    print(
        f"  a loop over networks  {loop_seconds:8.2f} s, {LOOPED:,} timed and scaled up "
        f"({loop_seconds / seconds:,.0f} times as long)"
    )
    big = seconds_of_views("05_plan.ipynb", big_study(BIG))
    total = sum(big.values())
    verdict = "met" if total < BAR_PAGE else "NOT met"
    print(f"every view of a plan of {BIG:,} tasks: {total:.2f} s; bar {BAR_PAGE:g} s: {verdict}")
    for name, taken in sorted(big.items(), key=lambda pair: -pair[1])[:8]:
        print(f"  {name:<34}{taken:8.2f} s")


if __name__ == "__main__":
    main()
