"""A task done in a process, whatever becomes of the process: on this machine or a cluster's worker."""

import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path

from businesscase_workbench.batch.job import (
    FAILED,
    OK,
    RUNNING,
    Outcome,
    Task,
    done,
    is_current,
    status,
    tell_kept,
)
from businesscase_workbench.batch.notebook import sentence
from businesscase_workbench.batch.processes import ProcessDiedError, Processes, Project
from businesscase_workbench.batch.store import FolderStore, UrlStore, store_at


def work(
    task: Task, project: Project, processes: Processes, wanted: Callable[[], bool] = lambda: True
) -> Outcome:
    """Do a task in a process and return its outcome, whatever becomes of the process.

    Once ``wanted`` says no, the process is killed and a ClosedError raised.
    """
    started = time.perf_counter()
    store = store_at(task.store)
    if isinstance(store, FolderStore):
        return _done(task, store, project, processes, wanted)
    try:
        if not task.force and is_current(store, task):
            tell_kept(store, task)
            return Outcome(task.job, time.perf_counter() - started, kept=True)
        return _uploaded(task, store, project, processes, wanted)
    except OSError as error:
        return Outcome(task.job, time.perf_counter() - started, sentence(error))


def _uploaded(
    task: Task, store: UrlStore, project: Project, processes: Processes, wanted: Callable
) -> Outcome:
    """Do a task in a folder here, and upload what came of it.

    This process uploads, not the one that makes the report: it keeps its connections from one
    report to the next.
    """
    store.write_status(task.job, status(task, RUNNING))
    with processes.folder() as folder:
        made = FolderStore(Path(folder))
        local = replace(task, store=folder, force=True)
        outcome = _done(local, made, project, processes, wanted)
        try:
            if outcome.error:
                store.fail(task.job, made.evidence(task.job))
            else:
                store.publish(task.job, made.report(task.job))
        except OSError as refused:
            outcome = replace(outcome, error=outcome.error or sentence(refused))
            with suppress(
                OSError
            ):  # what came through is no report, and nobody shall read it as one
                store.fail(task.job)
    state, seconds = FAILED if outcome.error else OK, round(outcome.seconds, 3)
    store.write_status(task.job, status(task, state, seconds, outcome.error))
    return outcome


def _done(
    task: Task, store: FolderStore, project: Project, processes: Processes, wanted: Callable
) -> Outcome:
    started = time.perf_counter()
    try:
        answer = processes.call(
            done,
            asdict(replace(task, store=str(store.folder))),
            project=project,
            case=task.case,
            wanted=wanted,
        )
        return Outcome(task.job, **answer)
    except ProcessDiedError as died:
        error, seconds = str(died), round(time.perf_counter() - started, 3)
        with suppress(OSError):
            store.fail(task.job)
            # it died after it had published, or another batch has made the report since
            if not task.force and is_current(store, task):
                error = None
            store.write_status(task.job, status(task, FAILED if error else OK, seconds, error))
        return Outcome(task.job, seconds, error)
