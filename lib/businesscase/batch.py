"""Running notebooks, many at a time: a report for each case and scenario, and the committed outputs."""

import copy
import os
import shutil
import signal
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from multiprocessing import active_children, get_context, parent_process
from pathlib import Path
from threading import Thread
from typing import Any

import nbformat
from tqdm import tqdm

from businesscase import results
from businesscase.case import Case, case_names, data_folder, load_case, project_folder
from businesscase.errors import InputError
from businesscase.study import load_study

TOLD_IN = {"outturn": "decision"}  # sections that the notebook of another one tells
WIDGET = "application/vnd.jupyter.widget-view+json"
KERNEL = "python3"
INJECTED = "injected-parameters"
KERNEL_STARTS = 3  # times that a notebook's kernel is started before it is given up
CELL_TIMEOUT = 600  # seconds after which a cell is taken to hang
PROCESS_DIED = "its process died without saying why; often the computer had no memory left"


class NotebookError(Exception):
    """A notebook that failed; the message names the notebook and the cell."""


@dataclass(frozen=True)
class Job:
    """A case under a scenario, to be made into a report in a folder of these names."""

    case: str
    scenario: str

    def folder(self, reports_folder: Path) -> Path:
        """Return the folder of the finished report."""
        return reports_folder / self.case / self.scenario

    def unfinished_folder(self, reports_folder: Path) -> Path:
        """Return the folder in which the report is being made."""
        return reports_folder / self.case / f".{self.scenario}.unfinished"

    def failed_folder(self, reports_folder: Path) -> Path:
        """Return the folder that keeps the notebooks of a failure."""
        return reports_folder / self.case / f"{self.scenario}.failed"


@dataclass(frozen=True)
class Outcome:
    """How a job ended: seconds taken, and the sentence that says what failed, if anything did."""

    job: Job
    seconds: float
    error: str | None = None


def notebook_paths(notebooks_folder: Path) -> dict[str, Path]:
    """Return the notebooks of the report by section, in order: 03_savings.ipynb is savings."""
    paths = sorted(notebooks_folder.glob("[0-9][0-9]_*.ipynb"))
    return {path.stem.split("_", 1)[1]: path for path in paths}


def run_jobs(
    jobs: Iterable[Job], reports_folder: Path, workers: int, notebooks_folder: Path | None = None
) -> list[Outcome]:
    """Make the report of each job and return the outcomes in the order of the jobs.

    A report is made in a folder of its own beside the final one, which it replaces when it is
    whole. A job that fails leaves what it executed in ``<scenario>.failed`` and **removes** the
    report of an earlier run: a page is there only if the latest run made it, so that nobody takes
    the old one for current (it can be made again from the inputs it names). A run that is
    interrupted leaves earlier reports as they were.

    Parameters
    ----------
    jobs : iterable of Job
        What to run; one that fails doesn't stop the others.
    reports_folder : Path
        Where the reports go.
    workers : int
        Number of processes.
    notebooks_folder : Path, optional
        Where the notebooks are; notebooks/ of the project if not said.
    """
    jobs = list(dict.fromkeys(jobs))
    reports_folder = reports_folder.resolve()
    notebooks = (notebooks_folder or project_folder() / "notebooks").resolve()
    run = partial(_run_job, reports_folder=reports_folder, notebooks_folder=notebooks)
    try:
        outcomes = _in_processes(run, jobs, workers, "report")
        found = [outcomes.get(job, Outcome(job, 0.0, PROCESS_DIED)) for job in jobs]
        for outcome in found:
            if outcome.error:
                _keep_evidence(outcome.job, reports_folder)
        return found
    finally:
        for job in jobs:
            shutil.rmtree(job.unfinished_folder(reports_folder), ignore_errors=True)


def write_index(reports_folder: Path, outcomes: Iterable[Outcome]) -> Path:
    """Write the page that leads to every report, those of earlier runs included."""
    from businesscase.report import index_html

    outcomes = list(outcomes)
    cases = list(_readable_cases())
    earlier = _earlier_outcomes(cases, {outcome.job for outcome in outcomes}, reports_folder)
    path = reports_folder / "index.html"
    _write(path, index_html(cases, [*outcomes, *earlier]))
    return path


def _readable_cases() -> Iterator[Case]:
    """Yield the cases whose data are in order; a run of chosen cases doesn't need the others."""
    for name in case_names():
        with suppress(InputError):
            yield load_case(name)


def _earlier_outcomes(cases: list[Case], run: set[Job], reports_folder: Path) -> Iterator[Outcome]:
    """Yield an outcome for each scenario that only an earlier run made.

    A report whose results.csv differs from what the inputs now give is out of date: it is left out.
    """
    for case in cases:
        for scenario in case.scenarios:
            with suppress(InputError):  # a scenario that is refused now has no report
                job = Job(case.name, scenario)
                made = job.folder(reports_folder) / "results.csv"
                if job in run:
                    continue
                if job.failed_folder(reports_folder).is_dir():
                    yield Outcome(job, 0.0, "in an earlier run")
                elif made.is_file() and made.read_text(encoding="utf-8") == _results_text(job):
                    yield Outcome(job, 0.0)


def refresh_notebooks(notebooks_folder: Path, workers: int) -> list[str]:
    """Run the notebooks with their own parameters and store their outputs in them.

    The same inputs give the same bytes. A notebook that fails is left as it was, and the sentence
    that says why is returned.
    """
    folder = notebooks_folder.resolve()
    paths = [*notebook_paths(folder).values(), *sorted((folder / "explore").glob("*.ipynb"))]
    outcomes = _in_processes(_refresh, paths, workers, "notebook")
    errors = {path: outcomes.get(path, f"{path.name}: {PROCESS_DIED}") for path in paths}
    return [error for error in errors.values() if error]


# processes


def _in_processes(run: Callable, tasks: list, workers: int, unit: str) -> dict:
    """Return what ``run`` returns for each task; a task whose process died every time has none.

    The death of one process breaks the whole pool, so the tasks that were lost with it are run
    again one by one, each in a process of its own: only the culprit dies again.
    """
    with tqdm(total=len(tasks), unit=unit, disable=None) as bar:
        found = _in_pool(run, tasks, workers, bar)
        for task in tasks:
            if task not in found:
                found |= _in_pool(run, [task], 1, bar)
    return found


def _in_pool(run: Callable, tasks: list, workers: int, bar: tqdm) -> dict:
    # Processes are spawned, not forked: papermill starts threads, event loops and ZeroMQ contexts,
    # which a fork copies in a state that can hang, and Windows and macOS spawn in any case.
    found: dict = {}
    others = active_children()
    pool = ProcessPoolExecutor(
        max(1, min(workers, len(tasks), 61)),  # 61: the most that Windows can wait for
        mp_context=get_context("spawn"),
        initializer=_set_up,
        initargs=(_environment(),),
    )
    try:
        futures = {}
        with suppress(BrokenProcessPool):
            for task in tasks:
                futures[pool.submit(run, task)] = task
        for future in as_completed(futures):
            with suppress(BrokenProcessPool):
                found[futures[future]] = future.result()
                bar.update()
    except BaseException:
        pool.shutdown(wait=False, cancel_futures=True)
        for process in active_children():
            if process not in others:
                process.terminate()  # its kernel notices and ends itself
        raise
    finally:
        pool.shutdown()
    return found


def _environment() -> dict[str, str]:
    """Return what the kernels need to know: they run in notebooks/, wherever the user is."""
    return {
        "BUSINESSCASE_DATA": str(data_folder().resolve()),
        "JUPYTER_PREFER_ENV_PATH": "1",  # the kernel of this Python, not one that the user added
        "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # no warning about frozen modules
    }


def _set_up(environment: dict[str, str]) -> None:
    os.environ.update(environment)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent ends its processes when interrupted
    Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    parent_process().join()  # returns if the parent was killed, so that nothing runs on unseen
    os._exit(1)


# one job


def _run_job(job: Job, reports_folder: Path, notebooks_folder: Path) -> Outcome:
    started = time.perf_counter()
    error = None
    try:
        _make_report(job, reports_folder, notebooks_folder)
    except Exception as exception:
        error = _sentence(exception)
    return Outcome(job, time.perf_counter() - started, error)


def _make_report(job: Job, reports_folder: Path, notebooks_folder: Path) -> None:
    from businesscase.report import report_html

    folder = job.unfinished_folder(reports_folder)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    study = load_study(job.case, job.scenario)
    paths = notebook_paths(notebooks_folder)
    sections = study.case.section_names()
    missing = [section for section in sections if TOLD_IN.get(section, section) not in paths]
    if missing:
        raise InputError(
            f"notebooks: none for section {', '.join(missing)}; found {', '.join(paths)}"
        )
    notebooks = {}
    for section, path in paths.items():
        if section in sections:
            values = {"case": job.case, "scenario": job.scenario}
            notebooks[section] = _executed(path, folder / path.name, values)
            _write(folder / path.name, notebook_text(notebooks[section]))
        else:
            notebooks[section] = _read(path)
    _write(folder / "report.html", report_html(study, notebooks))
    _write(folder / "results.csv", results.csv_text(study.results))
    final = job.folder(reports_folder)
    if final.exists():
        shutil.rmtree(final)
    folder.rename(final)
    shutil.rmtree(job.failed_folder(reports_folder), ignore_errors=True)


def _keep_evidence(job: Job, reports_folder: Path) -> None:
    """Keep what a job that failed executed, and remove the report of an earlier run."""
    failed = job.failed_folder(reports_folder)
    for folder in (failed, job.folder(reports_folder)):
        shutil.rmtree(folder, ignore_errors=True)
    with suppress(OSError):  # there is nothing to keep if it failed before the first notebook
        job.unfinished_folder(reports_folder).rename(failed)


def _results_text(job: Job) -> str:
    return results.csv_text(load_study(job.case, job.scenario).results)


# one notebook


def _refresh(path: Path) -> str | None:
    try:
        with tempfile.TemporaryDirectory() as folder:
            notebook = _executed(path, Path(folder) / path.name, {})
        _write(path, notebook_text(notebook))
    except Exception as exception:
        return _sentence(exception)
    return None


def _executed(path: Path, output: Path, values: dict[str, Any]) -> nbformat.NotebookNode:
    """Run a notebook in its own folder with values for its parameters, and return it executed."""
    try:
        if values:
            _refuse_unknown(path, values)
        return _run_notebook(path, output, values, KERNEL_STARTS)
    except Exception as exception:
        cell = _cell_reached(output)
        place = f"{path.name}, cell [{cell}]" if cell else path.name
        raise NotebookError(f"{place}: {_sentence(exception)}") from exception


def _run_notebook(
    path: Path, output: Path, values: dict[str, Any], starts: int
) -> nbformat.NotebookNode:
    import papermill

    try:
        return papermill.execute_notebook(
            _literal(path),
            _literal(output),
            parameters=values,
            kernel_name=KERNEL,
            language="python",
            progress_bar=False,
            log_output=False,
            cwd=path.parent,
            execution_timeout=CELL_TIMEOUT,
            record_timing=False,
            # else ipykernel says at each start that TCP on this machine isn't encrypted, and at
            # some ends that it was interrupted; what fails in a cell arrives by another way
            extra_arguments=["--log-level=CRITICAL"],
        )
    except RuntimeError:
        # a kernel dies at its start if another took a port that was chosen for it; no cell has run
        if starts == 1 or _cell_reached(output):
            raise
        return _run_notebook(path, output, values, starts - 1)


def _read(path: Path) -> nbformat.NotebookNode:
    try:
        return nbformat.read(path, as_version=4)
    except Exception as exception:
        raise NotebookError(f"{path.name}: {_sentence(exception)}") from exception


def _refuse_unknown(path: Path, values: dict[str, Any]) -> None:
    """Refuse a notebook that doesn't declare a parameter: papermill would only warn."""
    import papermill

    declared = papermill.inspect_notebook(_literal(path))
    missing = [name for name in values if name not in declared]
    if missing:
        raise InputError(
            f"the parameters cell has no {', '.join(missing)}; found {', '.join(declared) or 'none'}"
        )


def _literal(path: Path) -> str:
    """Return a path in which papermill, which fills in names in braces, finds none."""
    return str(path).replace("{", "{{").replace("}", "}}")


def _cell_reached(output: Path) -> int:
    """Return the number, as Jupyter shows it, of the last cell that started; 0 if none did."""
    if not output.is_file():
        return 0
    cells = nbformat.read(output, as_version=4).cells
    return sum(
        cell.cell_type == "code"
        and bool(cell.source.strip())
        and bool(cell.metadata.get("papermill", {}).get("start_time"))
        for cell in cells
    )


def _sentence(exception: Exception) -> str:
    """Say what went wrong: an InputError's faults, else the exception's name and last line."""
    if isinstance(exception, NotebookError):
        return str(exception)
    name = getattr(exception, "ename", type(exception).__name__)  # as the kernel reported it
    lines = str(getattr(exception, "evalue", exception)).split("\n")
    lines = [line.strip() for line in lines if line.strip()]
    if name == InputError.__name__:
        return "; ".join(lines)
    return f"{name}: {lines[-1]}" if lines else name


def notebook_text(notebook: nbformat.NotebookNode) -> str:
    """Return an executed notebook as text that is the same for the same inputs, to the byte.

    Times, paths and versions of the machine are left out; cells keep their ids.
    """
    notebook = copy.deepcopy(notebook)
    notebook.metadata = nbformat.from_dict(
        {
            "kernelspec": {"display_name": "Python 3", "language": "python", "name": KERNEL},
            "language_info": {"name": "python"},
        }
    )
    count = 0
    for cell in notebook.cells:
        for key in ("papermill", "execution"):
            cell.metadata.pop(key, None)
        if not cell.metadata.get("tags", True):
            del cell.metadata["tags"]
        if INJECTED in cell.metadata.get("tags", []):
            cell.id = INJECTED
        if cell.cell_type == "code" and cell.execution_count is not None:
            count += 1
            cell.execution_count = count
            for output in cell.outputs:
                output.get("data", {}).pop(WIDGET, None)  # its id is another in each run
                if output.output_type == "execute_result":
                    output.execution_count = count
    return nbformat.writes(notebook) + "\n"


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")
