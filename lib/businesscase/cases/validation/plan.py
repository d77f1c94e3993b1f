"""Faults of the work plan, of the ranges of its durations, and of its progress."""

import datetime as dt
from collections.abc import Iterator
from difflib import get_close_matches

import pandas as pd

from businesscase.calculations import plan
from businesscase.calculations.apportionment import SHARED
from businesscase.calculations.years import year_end
from businesscase.cases.errors import unknown_name
from businesscase.cases.schema import FREED, CaseFile
from businesscase.cases.validation.core import PlacedFault, Tables


def plan_faults(file: CaseFile, tables: Tables) -> Iterator[PlacedFault]:
    """Yield faults of the tasks' links, dates, ranges and readings, and of the work packages."""
    tasks = tables["tasks"]
    numbers = [str(task) for task in tasks["task"]]
    for stem in ("work_packages", "task_ranges"):
        for index, task in tables[stem]["task"].dropna().items():
            if str(task) not in numbers:
                yield stem, index, unknown_name("task", str(task), numbers)
    if tasks.empty:
        return
    if file.plan_start is None:
        yield "case", None, "plan_start is missing; tasks.csv needs it"
    else:
        yield from _deadline_faults(file.plan_start, tables)
    yield from _network_faults(tasks)
    yield from _range_faults(tables)
    yield from _reading_faults(tables["actuals"])


def start_faults(file: CaseFile, tables: Tables) -> Iterator[PlacedFault]:
    """Yield money that starts with a task that isn't there, or pays for a delay from outside the years."""
    numbers = [str(task) for task in tables["tasks"]["task"]]
    for stem in ("flows", "delay_costs"):
        for index, task in tables[stem]["starts_with"].dropna().items():
            if str(int(task)) not in numbers:
                yield stem, index, unknown_name("starts_with", str(int(task)), numbers)
    for index, year in tables["delay_costs"]["first_year"].dropna().items():
        if not file.decision_year <= year <= file.last_year:
            yield (
                "delay_costs",
                index,
                f"first_year {int(year)} lies outside the appraisal, {file.decision_year} to {file.last_year}",
            )


def contract_faults(file: CaseFile, tables: Tables) -> Iterator[PlacedFault]:
    """Yield contracts that an option replaces and that ended before the decision, or name nothing there."""
    numbers, flows = [str(task) for task in tables["tasks"]["task"]], tables["flows"]
    yield from _novation_faults(file, tables)
    replaced = tables["contracts"][tables["contracts"]["replaced_by"].notna()]
    for index in replaced.index[replaced.duplicated(["option", "contract"])]:
        yield (
            "contracts",
            index,
            f"option {replaced.at[index, 'option']} replaces {replaced.at[index, 'contract']!r} twice; "
            "once is allowed: name them apart",
        )
    for row in replaced.itertuples():
        task = str(row.replaced_by)
        if task not in numbers:
            yield "contracts", row.Index, unknown_name("replaced_by", task, numbers)
        if not row.rolling and row.ends.date() < file.decision_date:
            yield (
                "contracts",
                row.Index,
                f"ends {row.ends.date()} is before the decision on {file.decision_date}; give contracts "
                "that still run then",
            )
        own = flows[flows["option"] == row.option]
        if row.stated_in and row.stated_in not in set(own["line"]):
            yield (
                "contracts",
                row.Index,
                unknown_name("stated_in", row.stated_in, own["line"].unique()),
            )
        freed = own.loc[own["flow"].isin(FREED), "starts_with"].dropna()
        if len(own) and task in set(numbers) - set(freed.astype(str)):
            yield (
                "contracts",
                row.Index,
                f"no saving or counterfactual_cost of option {row.option} starts with task "
                f"{task}, so the flows don't say until when {row.contract!r} is paid; give the "
                "line that frees its cost this task as starts_with",
            )


def _novation_faults(file: CaseFile, tables: Tables) -> Iterator[PlacedFault]:
    """Yield contracts that novate to nobody, or on a day that no flow can have."""
    names = [*tables["partners"]["partner"], SHARED]
    contracts = tables["contracts"]
    for row in contracts[contracts["novated_on"].notna()].itertuples():
        if row.novated_to not in names:
            yield "contracts", row.Index, unknown_name("novated_to", row.novated_to, names)
        day, last = row.novated_on.date(), year_end(file.last_year)
        if not file.decision_date <= day <= last:
            yield (
                "contracts",
                row.Index,
                f"novated_on is {day}; it should be between the decision on {file.decision_date} and the end of the "
                f"appraisal on {last}",
            )


def _deadline_faults(plan_start: dt.date, tables: Tables) -> Iterator[PlacedFault]:
    for stem in ("tasks", "work_packages"):
        for index, deadline in tables[stem]["deadline"].dropna().items():
            if deadline.date() < plan_start:
                yield (
                    stem,
                    index,
                    f"deadline {deadline.date()} is before {plan_start}, when the plan starts",
                )


def _network_faults(tasks: pd.DataFrame) -> Iterator[PlacedFault]:
    network = {}
    for index, row in tasks.iterrows():
        try:
            network[row["task"]] = plan.links(row["predecessors"])
        except ValueError as error:
            yield "tasks", index, str(error)
    if len(network) < len(tasks):
        return
    unknown = [
        f"task {task} follows task {link.predecessor}, which is unknown"
        + _nearest(link.predecessor, network)
        for task, links in network.items()
        for link in links
        if link.predecessor not in network
    ]
    for sentence in unknown:
        yield "tasks", None, sentence
    if not unknown:
        try:
            plan.task_order(network)
        except ValueError as error:
            yield "tasks", None, str(error)


def _nearest(task: int, known: dict) -> str:
    near = get_close_matches(str(task), [str(number) for number in known])
    return f"; nearest: {', '.join(near)}" if near else ""


def _range_faults(tables: Tables) -> Iterator[PlacedFault]:
    planned = tables["tasks"].set_index("task")["duration_days"]
    for row in tables["task_ranges"].itertuples():
        days = planned.get(row.task)
        if days is not None and not row.optimistic_days <= days <= row.pessimistic_days:
            yield (
                "task_ranges",
                row.Index,
                f"the range of task {row.task} is {row.optimistic_days:g} to "
                f"{row.pessimistic_days:g} days; it must hold the {days:g} days of tasks.csv",
            )


def _reading_faults(actuals: pd.DataFrame) -> Iterator[PlacedFault]:
    started: dict[str, pd.Timestamp] = {}
    for kind in ("task_start", "task_finish"):
        rows = actuals[actuals["kind"] == kind]
        for index in rows.index[rows.duplicated("item")]:
            yield (
                "actuals",
                index,
                f"task {rows.at[index, 'item']} has a second {kind}; one is allowed",
            )
        if kind == "task_start":
            started = rows.drop_duplicates("item").set_index("item")["date"].to_dict()
    for row in rows.itertuples():
        start = started.get(row.item, row.date)
        if row.date < start:
            yield (
                "actuals",
                row.Index,
                f"task {row.item} finishes on {row.date.date()}, before its start on {start.date()}",
            )


def plan_parameter_faults(tables: Tables, parameters) -> Iterator[str]:
    """Yield a sentence for a report date that is none, and for a range cut below nothing."""
    date = parameters.report_date
    if date and pd.isna(pd.to_datetime(date, format="%Y-%m-%d", errors="coerce")):
        yield f"report_date is {date!r}, which is no date; give one such as 2026-04-01"
    if not parameters.extra_days:  # nothing else can take all of a task's days
        return
    change, extra_days = parameters.duration_change, parameters.extra_days
    ranges = plan.duration_ranges(tables["tasks"], tables["task_ranges"], change, extra_days)
    for row in ranges[ranges["optimistic_days"] < 0].itertuples():
        days, which = row.optimistic_days, " at its shortest"
        if row.duration_days < 0:
            days, which = row.duration_days, ""
        yield f"extra_days '{row.task}' leaves the task {days:g} days{which}; 0 is the least"
