"""One job: the report of a case under a scenario, made in a process of its own."""

import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from businesscase.calculations.apportionment import ALL
from businesscase.cases.case import BASE, COMPARISON, Case, load_case
from businesscase.cases.errors import InputError
from businesscase.cases.folder import write_file
from businesscase.study import Study, load_study, results
from businesscase.study.comparison import has_money
from businesscase.study.exemption import has_lines_together
from businesscase_workbench.batch import manifest
from businesscase_workbench.batch.notebook import (
    executed,
    notebook_paths,
    notebook_text,
    read,
    sentence,
)
from businesscase_workbench.batch.store import MANIFEST, FolderStore, Job, Store
from businesscase_workbench.report import (
    EXEMPT,
    PUBLIC,
    Kept,
    comparison_of,
    edition_names,
    prepare,
    report_files,
    report_of,
)

if TYPE_CHECKING:  # slow to import, and no matter of the process that leads a batch
    from nbformat import NotebookNode

COMPARE = "compare"  # the notebook that sets the scenarios of a case side by side
ASSETS, ASSETS_FROM_PAGE = "assets", "../../assets"
PENDING, RUNNING, OK, FAILED = "pending", "running", "ok", "failed"
WORD = "docx"  # the format that has a template
CHANGED = "the inputs or the code changed while the batch ran; run it again"


@dataclass(frozen=True)
class Task:
    """A job with all that the process which does it must know; plain values, so that it can be sent.

    ``store`` is the folder or address of the reports, ``key`` tells the inputs, ``timeout`` is of
    a cell [s], ``force`` makes the report although it is there, ``formats`` are those wanted,
    ``template`` is the path of a Word file or empty, ``councils`` are those with an edition of their own,
    ``edition`` is for the public or shows what is exempt too.
    """

    case: str
    scenario: str
    key: str
    store: str
    notebooks: str
    timeout: int
    force: bool = False
    formats: tuple[str, ...] = ("html",)
    shared_assets: bool = False
    template: str = ""
    councils: tuple[str, ...] = ()
    edition: str = PUBLIC

    @property
    def job(self) -> Job:
        """The case and the scenario."""
        return Job(self.case, self.scenario)


@dataclass(frozen=True)
class Outcome:
    """How a job ended: seconds taken, what failed in a sentence, and whether it was made at all.

    It wasn't if the report was there (``kept``) or the run was cut off before (``cut_off``).
    """

    job: Job
    seconds: float
    error: str | None = None
    kept: bool = False
    cut_off: bool = False

    @property
    def state(self) -> str:
        """How the job stands."""
        if self.cut_off:
            return PENDING
        return FAILED if self.error else OK


def warm(case: str | None) -> None:
    """Compute what every scenario of a case needs, in the process from which its jobs are forked."""
    from businesscase_workbench.batch.engine import rehearse

    rehearse()
    prepare()
    if case is None:
        return
    with suppress(Exception):  # each job says it of itself
        base = load_study(case)
        _ = base.results, base.findings
        # all but the log's, of which no report tells all
        parts = [part for part in base.parts if part is not base.assurance]
        for part in parts:
            for result in part.result_names():
                with suppress(Exception):  # of what the case has nothing
                    getattr(part, result)
        for name in base.case.scenarios:
            study = base.in_scenario(name)
            _ = study.decision.recommendation, has_money(study) and study.savings.appraisal


def done(task: dict) -> dict:
    """Do a task and return the outcome: seconds, error, kept.

    The folder of a failure keeps what was executed and **removes** the report of an earlier run: a
    page is there only if the latest run made it, so that nobody takes the old one for current (it
    can be made again from the inputs that its manifest names). The store is a folder: requests over
    a network start threads, and a process that has some can't be forked for notebooks.
    """
    given = Task(**task)
    job, store = given.job, FolderStore(Path(given.store))
    started = time.perf_counter()
    kept, error = False, None
    try:
        with store.making(job) as folder:
            kept = not given.force and is_current(store, given)
            if not kept:
                error = _error(store, given, folder)
            seconds = time.perf_counter() - started
            with suppress(OSError):  # a full disk must not hide how it ended
                _say(store, given, FAILED if error else OK, seconds=round(seconds, 3), cause=error)
    except OSError as unwritable:
        error = sentence(unwritable)
    return {"seconds": time.perf_counter() - started, "error": error, "kept": kept}


def is_current(store: Store, task: Task) -> bool:
    """Return whether a task's report is there, whole and made from the same inputs.

    The Word template matters only to who asks for Word.
    """
    there = store.manifest(task.job)
    if there is None or there["key"] != task.key:
        return False
    if any(
        not set(getattr(task, name)) <= set(there.get(name, ())) for name in ("formats", "councils")
    ):
        return False
    return WORD not in task.formats or there["template"] == manifest.template_hash(task.template)


def _error(store: Store, task: Task, folder: Path) -> str | None:
    """Make a report and publish it, or keep how far it came and return what failed."""
    try:
        _say(store, task, RUNNING)
        _make(task, folder)
        store.publish(task.job, folder)
    except Exception as exception:
        with suppress(OSError):
            store.fail(task.job, folder)
        return sentence(exception)
    return None


def _say(store: Store, task: Task, state: str, **more) -> None:
    store.write_status(task.job, status(task, state, **more))


def tell_kept(store: Store, task: Task) -> None:
    """Let the status of a report that is there and whole say so, whatever a run that was cut off said."""
    said = store.status(task.job)
    if (said.get("state"), said.get("key")) != (OK, task.key):
        store.write_status(task.job, status(task, OK))


def status(task: Task, state: str, seconds: float | None = None, cause: str | None = None) -> dict:
    """Return what a status file says of a job."""
    said = {"state": state, "key": task.key, "seconds": seconds, "cause": cause}
    return asdict(task.job) | said


def _make(task: Task, folder: Path) -> None:
    case = load_case(task.case)
    made_from = _made_from(task, case)
    compares = task.scenario == COMPARISON
    study = load_study(task.case, BASE if compares else task.scenario)
    # what this edition withholds stands in the figures of the whole, and in each line of the notebooks
    withholds = bool(Kept.of(study, task.edition).tables)
    tells_whole = not (compares or withholds)
    tells_lines = not withholds and (task.edition == EXEMPT or not has_lines_together(study))
    if tells_whole:
        write_file(folder / "results.csv", results.csv_text(study.results))
    editions = {}
    with TemporaryDirectory(prefix="businesscase-") as aside:
        place = folder if tells_lines else Path(aside)
        if compares:
            report = comparison_of(study, _compared(task, place), task.edition)
        else:
            notebooks = _executed(study, task, place)
            of_edition = partial(report_of, study, notebooks, edition=task.edition)
            report, names = of_edition(), edition_names(study.partners)
            editions = {names[name]: of_edition(name) for name in task.councils}
    if _made_from(task, case) != made_from:
        raise InputError(CHANGED)  # else a report of which a part was made from other inputs
    shared = ASSETS_FROM_PAGE if task.shared_assets else ""
    template = Path(task.template) if task.template else None
    tables_of = study if tells_whole and tells_lines else None
    for name, content in report_files(
        report, tables_of, set(task.formats), shared, template, editions
    ).items():
        write_file(folder / name, content)
    made_from |= {
        "key": task.key,
        "recommendation": study.decision.recommendation,
        "money": money(study) if tells_whole else {},
        "formats": sorted(task.formats),
        "councils": sorted(task.councils),
        "files": manifest.file_hashes(folder),
    }
    write_file(folder / MANIFEST, manifest.json_text(manifest.sealed(made_from)))


def money(study: Study) -> dict[str, float]:
    """Return what the index says of a report in pounds; nothing of a case that states no money."""
    if not has_money(study):
        return {}
    worth = study.savings.appraisal.loc[ALL]
    return {name: float(worth[name]) for name in ("net_present_value", "average_annual_saving")}


def _made_from(task: Task, case: Case) -> dict:
    """Return the inputs; refuse others than when the batch began, or than the case was read from."""
    of_all = manifest.of_all_reports(Path(task.notebooks), task.shared_assets)
    found = manifest.inputs(case, task.scenario, of_all)
    if manifest.key(found) != task.key or manifest.data_hash(task.case) != case.input_hash:
        raise InputError(CHANGED)
    template = manifest.template_hash(task.template) if WORD in task.formats else ""
    return found | {"template": template}


def _compared(task: Task, folder: Path) -> "NotebookNode":
    paths = notebook_paths(Path(task.notebooks))
    if COMPARE not in paths:
        raise InputError(f"notebooks: none that compares; found {', '.join(paths)}")
    path = paths[COMPARE]
    notebook = executed(path, folder / path.name, {"case": task.case}, task.timeout)
    write_file(folder / path.name, notebook_text(notebook))
    return notebook


def _executed(study: Study, task: Task, folder: Path) -> dict[str, "NotebookNode"]:
    paths = notebook_paths(Path(task.notebooks))
    chapters = study.case.chapter_names()
    missing = [chapter for chapter in chapters if chapter not in paths]
    if missing:
        raise InputError(
            f"notebooks: none for section {', '.join(missing)}; found {', '.join(paths)}"
        )
    notebooks = {}
    for section, path in paths.items():
        if section == COMPARE:
            continue
        if section in chapters:
            values = {"case": task.case, "scenario": task.scenario}
            notebooks[section] = executed(path, folder / path.name, values, task.timeout)
            write_file(folder / path.name, notebook_text(notebooks[section]))
        else:
            notebooks[section] = read(path)
    return notebooks
