"""Faults of the work plan."""

from collections.abc import Iterator

from businesscase import plan
from businesscase.errors import unknown_name
from businesscase.schema import CaseFile
from businesscase.validation.core import Fault, Tables


def plan_faults(file: CaseFile, tables: Tables) -> Iterator[Fault]:
    """Yield faults of the tasks' links and of the work packages."""
    tasks = tables["tasks"]
    numbers = [str(task) for task in tasks["task"]]
    for index, task in tables["work_packages"]["task"].dropna().items():
        if str(task) not in numbers:
            yield "work_packages", index, unknown_name("task", str(task), numbers)
    if tasks.empty:
        return
    if file.plan_start is None:
        yield "case.toml", None, "plan_start is missing; tasks.csv needs it"
    network = {}
    for index, row in tasks.iterrows():
        try:
            network[row["task"]] = plan.links(row["predecessors"])
        except ValueError as error:
            yield "tasks", index, str(error)
    if len(network) == len(tasks):
        try:
            plan.task_order(network)
        except ValueError as error:
            yield "tasks.csv", None, str(error)
