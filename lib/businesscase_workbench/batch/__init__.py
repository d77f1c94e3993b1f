"""Many reports at a time, on this machine or a cluster; what is unchanged isn't made again."""

import os
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from dataclasses import asdict, astuple, dataclass
from pathlib import Path
from queue import SimpleQueue

from tqdm import tqdm

from businesscase.cases.case import COMPARISON, Case, load_case
from businesscase.cases.errors import InputError
from businesscase.cases.project import known_case_names
from businesscase.cases.validation.core import staying
from businesscase.study import load_study
from businesscase_workbench.batch import manifest
from businesscase_workbench.batch.job import (
    ASSETS,
    FAILED,
    PENDING,
    Outcome,
    Task,
    is_current,
    status,
    tell_kept,
)
from businesscase_workbench.batch.notebook import (
    CELL_TIMEOUT,
    notebook_paths,
    refresh,
    sentence,
)
from businesscase_workbench.batch.processes import ProcessDiedError, Processes, Project
from businesscase_workbench.batch.store import Job, Store, store_at
from businesscase_workbench.batch.work import work
from businesscase_workbench.report import PUBLIC, index_html, shared_asset_files
from businesscase_workbench.report.formats import refuse_without_browser

__all__ = [
    "Job", "Outcome", "Settings", "failures", "made", "notebook_paths", "refresh_notebooks", "run_jobs",
    "write_index",
]  # fmt: skip
EACH = "each"  # in place of the names of councils
ASKED_AT_ONCE = 16  # requests to a store that is far away


@dataclass(frozen=True)
class Settings:
    """How a batch is run.

    Attributes
    ----------
    store : str
        Folder or address of the reports.
    workers : int
        Number of reports made at a time on this machine.
    timeout : int
        Time after which a cell of a notebook is taken to hang [s].
    force : bool
        Whether to make reports whose inputs are unchanged.
    quiet : bool
        Whether to show no progress bar.
    scheduler : str, optional
        Address of a Dask scheduler, which has the reports made on its workers.
    notebooks : Path, optional
        Where the notebooks are; notebooks/ of the project if not said.
    formats : tuple of str
        Names of ``report.FORMATS``; the web page is made in any case.
    shared_assets : bool
        Whether the pages share one copy of their scripts, in a folder beside them.
    template : str
        Path of a Word file for the Word reports, empty for none.
    councils : tuple of str
        Partners that have an edition of their own, or ``EACH``; a case without them has none.
    edition : str
        ``report.PUBLIC``, or ``report.EXEMPT`` for what shows exempt rows too; those reports lie apart.
    """

    store: str
    workers: int
    timeout: int = CELL_TIMEOUT
    force: bool = False
    quiet: bool = False
    scheduler: str | None = None
    notebooks: Path | None = None
    formats: tuple[str, ...] = ("html",)
    shared_assets: bool = False
    template: str = ""
    councils: tuple[str, ...] = ()
    edition: str = PUBLIC


def run_jobs(jobs: Iterable[Job], settings: Settings) -> list[Outcome]:
    """Make the report of each job whose inputs have changed; return all outcomes, in order.

    A job that fails stops no other, and a case whose results can't be had no other case. A run that
    is interrupted leaves reports that are whole; the next run makes the rest.
    """
    started = time.time()
    jobs = list(dict.fromkeys(jobs))
    store, project = store_at(settings.store), Project.here(settings.notebooks)
    tasks = _tasks(jobs, settings, project)
    if settings.scheduler:
        from businesscase_workbench.batch.cluster import refuse_silent

        refuse_silent(settings.scheduler)  # before anything is said of the jobs
    current = set() if settings.force else _current(store, tasks)
    outcomes = {task.job: Outcome(task.job, 0.0, kept=True) for task in current}
    to_do = [task for task in tasks if task not in current]
    if not settings.scheduler and {"docx", "pdf"} & set(settings.formats) and to_do:
        refuse_without_browser()  # before a report that is there makes way for one without charts
    faulty = _faulty(dict.fromkeys(task.case for task in to_do))
    refused = [task for task in to_do if task.case in faulty]
    if refused and len(refused) == len(tasks):
        raise InputError(dict.fromkeys(fault for faults in faulty.values() for fault in faults))
    outcomes |= {task.job: Outcome(task.job, 0.0, "; ".join(faulty[task.case])) for task in refused}
    to_do = [task for task in to_do if task.case not in faulty]
    for name, content in shared_asset_files().items() if settings.shared_assets else ():
        store.write_text(f"{ASSETS}/{name}", content)
    with ThreadPoolExecutor(ASKED_AT_ONCE) as pool:
        list(pool.map(lambda task: tell_kept(store, task), current))
        list(pool.map(lambda task: store.write_status(task.job, status(task, PENDING)), to_do))
    no_bar = settings.quiet or not to_do or None  # None: if nobody watches
    try:
        with (
            suppress(KeyboardInterrupt),
            tqdm(total=len(to_do), unit="report", disable=no_bar) as bar,
            closing(_made(to_do, settings, project)) as made,  # its processes end with it
        ):
            failed = 0
            for outcome in made:
                outcomes[outcome.job] = outcome
                failed += bool(outcome.error)
                bar.set_postfix(failed=failed, refresh=False)
                bar.update()
    finally:  # whatever cut it off
        left = [task for task in to_do if task.job not in outcomes]
        outcomes |= {task.job: _cut_off(store, task) for task in left}
    found = [outcomes[job] for job in jobs]
    try:
        _write_record(store, tasks, found, started)
    except OSError as error:  # a full disk, which must not hide what failed
        raise InputError([*failures(found), sentence(error)]) from error
    return found


def failures(outcomes: Iterable[Outcome]) -> list[str]:
    """Return a sentence for each cause of failure, with the scenarios of a case that it failed."""
    failed: dict[tuple[str, str], list[str]] = {}
    for outcome in outcomes:
        if outcome.error:
            failed.setdefault((outcome.job.case, outcome.error), []).append(outcome.job.scenario)
    return [f"{case} {', '.join(names)}: {error}" for (case, error), names in failed.items()]


def write_index(settings: Settings, outcomes: Iterable[Outcome]) -> str:
    """Write the page that leads to every report, those of earlier runs included; return where it is.

    A case without any report there is left out.
    """
    store, project = store_at(settings.store), Project.here(settings.notebooks)
    errors = {outcome.job: outcome.error for outcome in outcomes if outcome.error}
    cases = list(_readable_cases())
    of_all = manifest.of_all_reports(Path(project.notebooks), settings.shared_assets)
    jobs = {
        Job(case.name, name): manifest.inputs(case, name, of_all)
        for case in cases
        for name in (*case.scenarios, COMPARISON)
    }
    with ThreadPoolExecutor(ASKED_AT_ONCE) as pool:
        states = pool.map(lambda job: _state(store, job, jobs[job]), jobs)
    found = dict(zip(map(astuple, jobs), states, strict=True))
    for job, error in errors.items():
        found[astuple(job)] = {"error": error, "evidence": store.has_evidence(job)}
    reported = [
        case
        for case in cases
        if any(found[case.name, name] for name in (*case.scenarios, COMPARISON))
    ]
    for case in reported:
        store.write_text(f"{case.name}/index.html", index_html([case], found, up="../"))
    return store.write_text("index.html", index_html(reported or cases, found))


def made(settings: Settings, outcomes: Iterable[Outcome]) -> list[dict]:
    """Return how each job stands, as a program is told, with the paths of its report's files if it is there."""
    store, place = store_at(settings.store), _whole(settings.store)
    told = []
    for outcome in outcomes:
        there = store.manifest(outcome.job) or {"files": {}}
        folder = f"{place.rstrip('/')}/{outcome.job.name}"
        told.append(
            asdict(outcome.job)
            | {"state": outcome.state, "kept": outcome.kept, "cause": outcome.error}
            | {"recommendation": there.get("recommendation")}
            | {"files": [f"{folder}/{name}" for name in there["files"]]}
        )
    return told


def refresh_notebooks(notebooks_folder: Path, workers: int) -> list[str]:
    """Run the notebooks with their own parameters and store their outputs in them.

    The same inputs give the same bytes. A notebook that fails is left as it was, and the sentence
    that says why is returned.
    """
    folder = notebooks_folder.resolve()
    paths = [
        path for path in sorted(folder.rglob("*.ipynb")) if _is_shown(path.relative_to(folder))
    ]
    project = Project.here(folder)

    def error(path: Path) -> str | None:
        try:
            return processes.call(refresh, str(path), project=project)
        except ProcessDiedError as died:
            return f"{path.name}: {died}"

    with ThreadPoolExecutor(workers) as pool, Processes(workers) as processes:
        found = list(tqdm(pool.map(error, paths), total=len(paths), unit="notebook", disable=None))
    return [error for error in found if error]


def _whole(store: str) -> str:
    """Return the place of reports whatever the working folder: an address, or a folder from the root on."""
    return store if "://" in store else str(Path(store).resolve())


def _is_shown(path: Path) -> bool:
    """Return whether no part of a path is hidden, as what editors keep is."""
    return not any(part.startswith(".") for part in path.parts)


def _tasks(jobs: Iterable[Job], settings: Settings, project: Project) -> list[Task]:
    of_all = manifest.of_all_reports(Path(project.notebooks), settings.shared_assets)
    place = _whole(settings.store)
    return [
        Task(
            **asdict(job),
            key=manifest.key(manifest.inputs(load_case(job.case), job.scenario, of_all)),
            store=place,
            notebooks=project.notebooks,
            timeout=settings.timeout,
            force=settings.force,
            formats=settings.formats,
            shared_assets=settings.shared_assets,
            template=settings.template,
            councils=_with_editions(job, settings.councils),
            edition=settings.edition,
        )
        for job in jobs
    ]


def _with_editions(job: Job, wanted: tuple[str, ...]) -> tuple[str, ...]:
    """Return the partners of a case for which an edition is wanted; the comparison has none."""
    if not wanted or job.scenario == COMPARISON:
        return ()
    partners = staying(load_case(job.case).tables["partners"])
    return tuple(name for name in partners if {EACH, name} & set(wanted))


def _current(store: Store, tasks: list[Task]) -> set[Task]:
    """Return the tasks whose reports are there, whole and made from the same inputs."""
    with ThreadPoolExecutor(ASKED_AT_ONCE) as pool:
        current = pool.map(lambda task: is_current(store, task), tasks)
    return {task for task, kept in zip(tasks, current, strict=True) if kept}


def _faulty(cases: Iterable[str]) -> dict[str, list[str]]:
    """Return, before anything runs, by case what only its results show to be wrong."""
    faults = {}
    for case in cases:
        try:
            _ = load_study(case).decision.gates
            load_case(case).studies.clear()  # this process lives long and needs them no more
        except InputError as error:
            faults[case] = error.faults
    return faults


def _cut_off(store: Store, task: Task) -> Outcome:
    """Return how a job stands that no outcome came of, and let its status file say so too."""
    if not task.force and is_current(store, task):
        with suppress(OSError):
            tell_kept(store, task)
        return Outcome(task.job, 0.0)  # it was published and couldn't say so any more
    with suppress(OSError):  # a full disk must not hide what cut it off
        store.write_status(task.job, status(task, PENDING))
    return Outcome(task.job, 0.0, cut_off=True)


def _made(tasks: list[Task], settings: Settings, project: Project) -> Iterator[Outcome]:
    """Yield the outcome of each task as it ends."""
    if not tasks:
        return
    if settings.scheduler:
        from businesscase_workbench.batch.cluster import made_on_cluster

        yield from made_on_cluster(tasks, settings.scheduler, project)
        return
    workers = min(settings.workers, len(tasks))
    by_case: dict[str, list[Task]] = {}
    for task in tasks:
        by_case.setdefault(task.case, []).append(task)
    left = [iter(of_case) for of_case in by_case.values()]
    made: SimpleQueue[Outcome | BaseException] = SimpleQueue()
    # in this order, so that after an interrupt the processes end before they are waited for
    with ThreadPoolExecutor(workers) as pool, Processes(workers) as processes:
        for _ in range(workers):  # each takes a case; who finds none left helps with another's
            for of_case in left:
                pool.submit(_make_each, of_case, made, project, processes)
        try:
            for _ in tasks:
                outcome = made.get()
                if isinstance(outcome, BaseException):
                    raise outcome
                yield outcome
        finally:
            pool.shutdown(wait=False, cancel_futures=True)


def _make_each(
    tasks: Iterator[Task], made: SimpleQueue, project: Project, processes: Processes
) -> None:
    """Do tasks until none is left; other threads may take from them too."""
    try:
        for task in tasks:
            made.put(work(task, project, processes))
    except BaseException as error:
        made.put(error)


def _state(store: Store, job: Job, made_from: dict) -> dict | None:
    """Return what the index says of a job: its recommendation and money, or what failed; None if not run.

    A report that was made from other inputs than those of today is out of date: it is left out.
    """
    there = store.manifest(job)
    if there is not None and manifest.tells_the_same(there, made_from):
        told = {name: there[name] for name in ("recommendation", "files")}
        return told | {"money": there.get("money", {})}
    said = store.status(job)
    if said.get("state") == FAILED and said.get("key") == manifest.key(made_from):
        return {"error": said["cause"], "evidence": store.has_evidence(job)}
    return None


def _readable_cases() -> Iterator[Case]:
    """Yield the cases whose data are in order; a run of chosen cases doesn't need the others."""
    for name in known_case_names():
        with suppress(InputError):
            yield load_case(name)


def _write_record(store: Store, tasks: list[Task], outcomes: list[Outcome], started: float) -> None:
    """Write what the run made (the same bytes for the same inputs) and, apart, how long it took."""
    reports = [
        manifest.inputs(load_case(task.case), task.scenario, {})
        | {"key": task.key, "state": outcome.state, "cause": outcome.error}
        for task, outcome in zip(tasks, outcomes, strict=True)
    ]
    first = tasks[0]
    of_all = manifest.of_all_reports(Path(first.notebooks), first.shared_assets)
    store.write_text("run.json", manifest.json_text({"reports": reports, **of_all}))
    times = {
        "started": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(started)),
        "seconds": round(time.time() - started, 3),
        "processors": os.cpu_count(),
        "reports": [
            {**asdict(o.job), "seconds": round(o.seconds, 3), "kept": o.kept} for o in outcomes
        ],
    }
    store.write_text("times.json", manifest.json_text(times))
