"""The work plan of a study."""

from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from typing import ClassVar

import holidays
import numpy as np
import pandas as pd

from businesscase.calculations import durations, plan, progress
from businesscase.calculations.apportionment import ALL
from businesscase.calculations.uncertainty import CHUNK, CHUNKS, SEED, cause_scores
from businesscase.calculations.years import DAYS_A_YEAR, year_start
from businesscase.cases.case import BASE
from businesscase.study import tidy
from businesscase.study.core import Part, of_all
from businesscase.study.derived import derived, of_fixed_scenario

TRIED = 10  # tasks whose shortest and longest time is tried, the most critical ones
HEADLINES = 3  # deadlines that are looked at closely


@cache
def bank_holidays(start: int) -> np.ndarray:
    """Return the bank holidays of England from the year before a plan starts."""
    known = holidays.country_holidays("GB", "ENG", years=range(start - 1, start + 10))
    return np.array(sorted(known), "datetime64[D]")


class Plan(Part):
    """When the work is done, what drives the date, how likely it is, and where the work stands."""

    name = "plan"
    first = (
        "schedule",
        "deadlines",
        "certain_finishes",
        "deadline_chances",
        "criticality",
        "earlier_starts",
        "tried_tasks",
        "simulated",
        "progress",
        "package_progress",
        "report_date",
    )

    @derived
    def schedule(self) -> pd.DataFrame:
        """The plan's dates, float and critical path."""
        return plan.schedule(self._tasks, self.case.file.plan_start, self.days_off)

    @derived
    def _tasks(self) -> pd.DataFrame:
        chosen, tasks = self.parameters, self.tables["tasks"]
        days = plan.changed_durations(tasks, chosen.duration_change, chosen.extra_days)
        return tasks.assign(duration_days=days)

    @derived
    def days_off(self) -> plan.DaysOff:
        """Days on which no work is done, weekends aside."""
        if self.parameters.calendar == "weekdays":
            return ()
        return bank_holidays(self.case.file.plan_start.year)

    def working_dates(self, days) -> pd.DatetimeIndex:
        """Return the dates of working days, counted from 0 at the plan's start."""
        return plan.working_dates(days, self.case.file.plan_start, self.days_off)

    def finished_by(self, last: np.ndarray, levels) -> pd.DatetimeIndex:
        """Return the dates by which shares of the networks have ended, of the last day of each."""
        return self.working_dates([durations.certain_day(last, level) for level in levels])

    def working_date(self, day: float) -> pd.Timestamp:
        """Return the date of one working day."""
        return self.working_dates([day])[0]

    @property
    def has_ranges(self) -> bool:
        """Whether the case says how short and how long its tasks may turn out."""
        return not self.tables["task_ranges"].empty

    @derived
    def uncertain(self) -> durations.UncertainPlan:
        """The plan with the range of each task's duration."""
        tasks, chosen = self.tables["tasks"], self.parameters
        return durations.UncertainPlan(
            plan.duration_ranges(
                tasks, self.tables["task_ranges"], chosen.duration_change, chosen.extra_days
            ),
            plan.network_of(tasks),
            plan.working_days(tasks, "not_before", self.case.file.plan_start, self.days_off),
            {cause: self._scores_of(cause) for cause in self._shared_causes},
        )

    @property
    def _shared_causes(self) -> list[str]:
        """Causes that a task follows, and a parameter, a line or a risk too."""
        ranges = self.tables["task_ranges"]
        others = [self.tables[stem]["cause"] for stem in ("sensitivities", "flows", "risks")]
        followed = set(ranges.loc[ranges["correlation"] > 0, "cause"]) - {""}
        return sorted(followed & set(pd.concat(others)))

    @staticmethod
    def _scores_of(cause: str) -> np.ndarray:
        """Return the scores of a cause in all futures."""
        chunks = [cause_scores(cause, SEED, number, CHUNK) for number in range(CHUNKS)]
        return np.concatenate(chunks)

    @derived
    def simulated(self) -> durations.SimulatedPlan:
        """Many networks with durations drawn from their ranges."""
        watched = list(dict.fromkeys([*self._last_allowed, *self.tied_tasks]))
        networks = durations.affordable_networks(len(self.tables["tasks"]))
        return durations.simulation(self.uncertain, watched, networks, SEED)

    # what of the money starts with a task

    @derived
    def tied_tasks(self) -> list[int]:
        """Tasks with whose end money starts or a contract is replaced, or whose delay is paid for."""
        stems = "flows", "delay_costs"
        tied = [self.tables.column(stem, "starts_with").dropna() for stem in stems]
        tied.append(self.tables.column("contracts", "replaced_by").dropna())
        return sorted({int(task) for tasks in tied for task in tasks})

    def name_of(self, task: int) -> str:
        """Return what a task is called."""
        tasks = self.tables["tasks"]
        return str(tasks.loc[tasks["task"] == task, "name"].iloc[0])

    @derived
    def due(self) -> pd.Series:
        """Date by which each tied task must end for its money to start as stated, by task.

        Its deadline, else its end in the plan as decided, whichever is later: the time between is the
        plan's own reserve.
        """
        if not self.tied_tasks:
            return pd.Series(dtype="datetime64[us]")
        schedule = of_fixed_scenario(lambda: self.in_scenario(BASE).schedule)
        decided = schedule.set_index("task").loc[self.tied_tasks]
        return decided[["early_finish", "deadline"]].max(axis="columns")

    @derived
    def planned_starts(self) -> dict[int, float]:
        """When the money of each tied task is to start [years from the start of year 0]."""
        return {task: self.years_until(due) for task, due in self.due.items()}

    def years_until(self, last_day: pd.Timestamp) -> float:
        """Return the years from the start of year 0 to the end of a day."""
        begins = pd.Timestamp(year_start(self.years[0]))
        return (last_day - begins + pd.Timedelta(days=1)).days / DAYS_A_YEAR

    @derived
    def slips(self) -> dict[int, float]:
        """How much later than due each tied task ends under the scenario [years]."""
        if not self.tied_tasks:
            return {}
        return self._slips_of(self.schedule)

    @derived
    def longest_slips(self) -> dict[int, float]:
        """The most by which each tied task may end later than due [years]."""
        if not (self.has_ranges and self.tied_tasks):
            return self.slips
        longest = self.uncertain.ranges.set_index("task")["pessimistic_days"]
        tasks = self._tasks.assign(duration_days=self._tasks["task"].map(longest))
        slowest = plan.schedule(tasks, self.case.file.plan_start, self.days_off)
        latest = self._slips_of(slowest)
        return {task: max(slip, latest[task]) for task, slip in self.slips.items()}

    def _slips_of(self, schedule: pd.DataFrame) -> dict[int, float]:
        """Return how much later than due tied tasks end; one that is ready early starts nothing early."""
        finish = schedule.set_index("task")["early_finish"]
        return {
            task: max((finish[task] - due).days, 0) / DAYS_A_YEAR for task, due in self.due.items()
        }

    def drawn_slips(self, number: int, count: int, seed: int) -> dict[int, np.ndarray]:
        """Return by how much tied tasks end later than due in a chunk of draws [years].

        The networks of the study's own seed are those of ``simulated``, so that one draw is one
        future of the dates and of the money. A plan of so many tasks that it has fewer networks than
        there are futures repeats them, and follows shared causes in the first of these alone.
        """
        if not self.tied_tasks:
            return {}
        if not self.has_ranges:
            return {task: np.full(count, slip) for task, slip in self.slips.items()}
        shared = self.uncertain.shared
        if seed == SEED and (count == CHUNK or not shared):
            finish = self.simulated.task_finish
            places = (number * count + np.arange(count)) % self.simulated.networks
        else:
            own_seed = int(np.random.SeedSequence([seed, number]).generate_state(1)[0])
            shared = {cause: cause_scores(cause, seed, number, count) for cause in shared}
            drawn = replace(self.uncertain, shared=shared)
            finish = durations.simulation(drawn, self.tied_tasks, count, own_seed).task_finish
            places = np.arange(count)
        last = max(int(finish[task].max()) for task in self.tied_tasks)
        dates = self.working_dates(range(1 + last))
        return {
            task: np.maximum((dates - due).days.to_numpy()[finish[task][places]], 0) / DAYS_A_YEAR
            for task, due in self.due.items()
        }

    @derived
    def _last_allowed(self) -> dict[int, float]:
        """Last working day on which each deadline is met, counted from 0, by task."""
        day_after = self.tables["tasks"]["deadline"] + pd.Timedelta(days=1)
        days = plan.working_days(
            self.tables["tasks"].assign(day_after=day_after),
            "day_after",
            self.case.file.plan_start,
            self.days_off,
        )
        return {task: day - 1 for task, day in days.items()}

    @derived
    def certain_finishes(self) -> pd.DataFrame:
        """Dates by which half and four fifths of the networks end: the plan and deadline tasks."""
        simulated = self.simulated
        ends = {ALL: simulated.finish} | {
            task: simulated.task_finish[task] for task in self._last_allowed
        }
        levels = {"p50": 0.5, "p80": durations.CERTAINTY}
        dates = [self.finished_by(last, list(levels.values())) for last in ends.values()]
        return pd.DataFrame(dates, index=list(ends), columns=list(levels))

    @derived
    def deadline_chances(self) -> pd.DataFrame:
        """Share of networks that meet each deadline, alone and with its contingency [fraction].

        The last row, ``all``, is the share that meets every one of them.
        """
        contingency = self.tables["tasks"].set_index("task")["contingency_days"]
        rows: dict[int | str, tuple] = {}
        every = every_in_reserve = np.array(True)
        for task in self._last_allowed:
            last = self.simulated.task_finish[task]
            met = last <= self._last_allowed[task]
            met_in_reserve = last <= self._last_allowed[task] + contingency[task]
            rows[task] = met.mean(), met_in_reserve.mean()
            every, every_in_reserve = every & met, every_in_reserve & met_in_reserve
        if rows:
            rows[ALL] = every.mean(), every_in_reserve.mean()
        columns = ["chance", "chance_with_contingency"]
        return pd.DataFrame(rows.values(), index=list(rows), columns=columns, dtype=float)

    @derived
    def deadlines_kept(self) -> np.ndarray | None:
        """Whether each network keeps every deadline; None where there is none."""
        allowed = self._last_allowed
        if not allowed:
            return None
        met = [self.simulated.task_finish[task] <= last for task, last in allowed.items()]
        return np.logical_and.reduce(met)

    def drawn_days_late(self, number: int, count: int) -> np.ndarray:
        """Return the longest delay past a deadline in a chunk of draws [working days], as ``drawn_slips``."""
        places = (number * count + np.arange(count)) % self.simulated.networks
        late = [
            self.simulated.task_finish[task][places] - last
            for task, last in self._last_allowed.items()
        ]
        return np.maximum(np.max(late, axis=0), 0)

    @derived
    def deadlines(self) -> pd.DataFrame:
        """Tasks with a deadline: lateness, and where there are ranges how likely it is met."""
        table = self.schedule.dropna(subset="deadline").set_index("task")
        table = table[["name", "deadline", "contingency_days", "early_finish", "days_late"]]
        if self.has_ranges:
            table = table.join(self.certain_finishes).join(self.deadline_chances)
        return table.rename_axis("task").reset_index()

    def with_contingency(self, task: int) -> pd.Timestamp:
        """Return the last date of the contingency that follows a task's deadline."""
        reserve = self.tables["tasks"].set_index("task").at[task, "contingency_days"]
        return self.working_date(self._last_allowed[task] + reserve)

    @derived
    def headline_deadlines(self) -> pd.DataFrame:
        """The last deadline, then the least likely ones; of each date the least likely task.

        None if the case doesn't say how short and how long its tasks may turn out.
        """
        if not self.has_ranges:
            return self.deadlines.head(0)
        by_doubt = self.deadlines.sort_values(["chance", "p80"], ascending=[True, False])
        by_date = by_doubt.drop_duplicates("deadline")
        is_last = by_date["deadline"] == by_date["deadline"].max()
        chosen = pd.concat([by_date[is_last], by_date[~is_last]])
        return chosen.head(HEADLINES).reset_index(drop=True)

    @derived
    def earlier_starts(self) -> pd.DataFrame:
        """Working days by which the plan must start earlier for a headline deadline to be fairly sure.

        ``days_earlier`` is blank where no earlier start is enough.
        """
        table = self.headline_deadlines
        if table.empty:
            return table
        networks = durations.affordable_networks(len(self.tables["tasks"]), 10 * HEADLINES)
        allowed = {task: self._last_allowed[task] for task in table["task"]}
        found = durations.days_earlier(self.uncertain, allowed, networks, SEED)
        days = list(found.values())
        starts = [None if day is None else self.working_date(-day) for day in days]
        return table.assign(
            days_earlier=pd.Series(days, dtype=float), plan_start=pd.to_datetime(pd.Series(starts))
        )

    @derived
    def criticality(self) -> pd.Series:
        """Share of networks in which each task is critical, by task [fraction]."""
        return self.simulated.criticality

    @derived
    def tried_tasks(self) -> pd.DataFrame:
        """What the most critical uncertain tasks do to the end and to the first headline deadline."""
        ranges = self.uncertain.ranges
        uncertain = ranges[ranges["optimistic_days"] < ranges["pessimistic_days"]]
        if uncertain.empty:
            return uncertain
        index = self.criticality.loc[uncertain["task"]]
        chosen = index.sort_values(ascending=False, kind="stable").head(TRIED)
        headline = self.headline_deadlines
        watched = chosen.index[0] if headline.empty else headline["task"].iloc[0]
        ends = durations.finishes_if(
            self.uncertain, list(chosen.index), watched, self.networks_tried, SEED
        )
        table = uncertain.set_index("task").loc[chosen.index].assign(criticality=chosen)
        for end, short in (("optimistic_days", "shortest"), ("pessimistic_days", "longest")):
            found = [ends[task, end] for task in chosen.index]
            days = [durations.certain_day(last, durations.CERTAINTY) for last, _ in found]
            table[f"p80_if_{short}"] = [self.working_date(day) for day in days]
            if not headline.empty:
                allowed = self._last_allowed[watched]
                table[f"chance_if_{short}"] = [(last <= allowed).mean() for _, last in found]
        names = self.tables["tasks"].set_index("task")["name"]
        return table.assign(name=names).reset_index()

    @derived
    def networks_tried(self) -> int:
        """Networks drawn for each end of each task in ``tried_tasks``."""
        return durations.affordable_networks(len(self.tables["tasks"]), 2 * TRIED)

    @property
    def report_date(self) -> pd.Timestamp:
        """Date of the progress report: the scenario's, else that of the case's figures."""
        return pd.Timestamp(self.parameters.report_date or self.case.file.data_date)

    @property
    def has_task_readings(self) -> bool:
        """Whether the case has actual starts or finishes of tasks."""
        return bool(self.tables["actuals"]["kind"].isin(["task_start", "task_finish"]).any())

    @derived
    def progress(self) -> pd.DataFrame:
        """Actual or forecast dates and the status of each task at the report date."""
        if self.has_task_readings:
            known = progress.readings(self.tables["actuals"], self.report_date)
            start = self.case.file.plan_start
            ahead = progress.forecast(self._tasks, known, start, self.days_off)
        else:
            ahead = progress.as_planned(self.schedule, self.report_date)
        table = self.schedule.set_index("task").join(ahead)
        chances = self.deadline_chances["chance"] if self.has_ranges else pd.Series(dtype=float)
        table["chance"] = chances.reindex(table.index)
        return table.join(progress.status(table, self.report_date)).reset_index()

    @derived
    def package_progress(self) -> pd.DataFrame:
        """Status of each work package, which is that of its task; of each task if there is none."""
        packages = self.tables["work_packages"].dropna(subset="task")
        if packages.empty:
            return self.progress.assign(item=self.progress["task"].astype(str))
        chosen = self.progress.set_index("task").loc[packages["task"].astype(int)].reset_index()
        return chosen.assign(item=packages["package"].to_numpy())

    quick: ClassVar = {
        "days_late": (of_all(lambda plan: plan.schedule["days_late"].max()), tidy.DAYS),
        "deadline_probability": (
            lambda plan, item: plan.deadline_chances["chance"].rename(str).get(item),
            tidy.FRACTION,
        ),
    }

    def rows(self) -> Iterator[tidy.Row]:
        """Yield the results, as results.csv has them."""
        schedule = self.schedule.set_index("task")
        for measure in ("early_start", "early_finish", "late_start", "late_finish"):
            yield from tidy.series(measure, schedule[measure], tidy.DATE)
        for measure in ("total_float_days", "free_float_days"):
            yield from tidy.series(measure, schedule[measure], tidy.DAYS)
        yield from tidy.one("finish", schedule["early_finish"].max(), tidy.DATE)
        critical = ", ".join(map(str, schedule.index[schedule["critical"]]))
        yield from tidy.one("critical_tasks", critical, tidy.TEXT)
        if schedule["days_late"].notna().any():
            yield from tidy.one("days_late", schedule["days_late"].max(), tidy.DAYS)
        status = self.package_progress.set_index("item")["rag"]
        yield from tidy.series("rag", status, tidy.TEXT)
        if self.has_ranges:
            yield from self._uncertain_rows()

    def _uncertain_rows(self) -> Iterator[tidy.Row]:
        """Yield how likely the dates are."""
        yield from tidy.series("criticality_index", self.criticality, tidy.FRACTION)
        for level, dates in self.certain_finishes.items():
            yield from tidy.series(f"finish_{level}", dates, tidy.DATE)
        chances = self.deadline_chances
        yield from tidy.series("deadline_probability", chances["chance"], tidy.FRACTION)
        reserved = self.deadlines.loc[self.deadlines["contingency_days"] > 0, "task"]
        if len(reserved):
            with_reserve = chances.loc[[*reserved, ALL], "chance_with_contingency"]
            yield from tidy.series(
                "deadline_probability_with_contingency", with_reserve, tidy.FRACTION
            )
