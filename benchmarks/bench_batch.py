"""Time a batch beside stock papermill, and watch 200 scenarios in one go.

``python benchmarks/bench_batch.py`` makes the report of every scenario of every case twice: as
`businesscase report` does, and with papermill as it comes, one call a notebook in as many worker
processes, and `jupyter nbconvert` for each notebook. The bar is ten times the throughput. Then 200
scenarios are made in one go, of copies of the cases: the memory of the process that runs the batch
must stay under 400 MB and not grow, and the time must be linear in their number. It takes a
quarter of an hour on 2 processors.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import psutil

from businesscase.cases.case import case_names, load_case
from businesscase_workbench import batch
from businesscase_workbench.batch import Job, Settings, notebook_paths, run_jobs
from businesscase_workbench.batch.processes import Project

PROJECT = Path(__file__).parents[1]
WORKERS = os.cpu_count() or 1
MANY, COPIES, QUARTER = 200, 5, 50
BAR_THROUGHPUT, BAR_MEMORY_MB, BAR_GROWTH_MB, BAR_LINEAR = 10.0, 400, 5, 1.25


def stock(notebook: str, output: str, case: str, scenario: str) -> None:
    """Run a notebook by papermill's defaults and convert it as a user would."""
    import papermill

    os.chdir(Path(notebook).parent)
    values = {"case": case, "scenario": scenario}
    papermill.execute_notebook(notebook, output, parameters=values, progress_bar=False)
    convert = [sys.executable, "-m", "nbconvert", "--to", "html", output]
    subprocess.run(convert, check=True, stderr=subprocess.DEVNULL)


def seconds_of_stock(jobs: list[Job], folder: Path) -> tuple[float, int]:
    """Return the time that stock papermill takes for the jobs' notebooks [s], and their number."""
    calls = []
    for job in jobs:
        sections = load_case(job.case).section_names()
        (folder / job.name).mkdir(parents=True)
        for section, path in notebook_paths(PROJECT / "notebooks").items():
            if section in sections:
                output = folder / job.name / path.name
                calls.append((str(path), str(output), job.case, job.scenario))
    started = time.perf_counter()
    with ProcessPoolExecutor(WORKERS, mp_context=get_context("spawn")) as pool:
        list(pool.map(stock, *zip(*calls, strict=True)))
    return time.perf_counter() - started, len(calls)


def seconds_of_batch(jobs: list[Job], folder: Path) -> float:
    """Return the time that a batch of the jobs takes [s]."""
    started = time.perf_counter()
    outcomes = run_jobs(jobs, Settings(str(folder), WORKERS, quiet=True))
    assert not [outcome.error for outcome in outcomes if outcome.error]
    return time.perf_counter() - started


def many(folder: Path) -> list[Job]:
    """Return 200 jobs of cases that are copied into a project of their own, which is made current."""
    shutil.copytree(PROJECT / "notebooks", folder / "notebooks")
    (folder / "data").mkdir()
    names = case_names()
    for path in (PROJECT / "data").iterdir():
        if path.is_file():
            shutil.copy(path, folder / "data")
        else:
            for number in range(COPIES):
                shutil.copytree(path, folder / "data" / f"{path.name}-{number}")
    os.chdir(folder)
    return [
        Job(f"{name}-{number}", scenario)
        for number in range(COPIES)
        for name in names
        for scenario in load_case(f"{name}-{number}").scenarios
    ][:MANY]


def watched(jobs: list[Job], folder: Path) -> list[tuple[float, float]]:
    """Return time [s] and memory of the process [MB] when each quarter of a batch is done."""
    settings, project = Settings(str(folder), WORKERS, quiet=True), Project.here()
    tasks = batch._tasks(jobs, settings, project)
    process, seen, started = psutil.Process(), [], time.perf_counter()
    for number, outcome in enumerate(batch._made(tasks, settings, project), 1):
        assert not outcome.error, outcome
        if number % QUARTER == 0:
            seen.append((time.perf_counter() - started, process.memory_info().rss / 1e6))
    return seen


def verdict(met: bool) -> str:
    """Return how a figure stands to its bar."""
    return "met" if met else "NOT met"


def main() -> None:
    """Compare and print."""
    jobs = [Job(name, scenario) for name in case_names() for scenario in load_case(name).scenarios]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        seconds = seconds_of_batch(jobs, folder / "batch")
        stock_seconds, notebooks = seconds_of_stock(jobs, folder / "stock")
        times = stock_seconds / seconds
        print(f"{len(jobs)} reports of {notebooks} notebooks, {WORKERS} workers")
        print(f"  businesscase report       {seconds:8.1f} s, {seconds / len(jobs):.2f} s a report")
        print(f"  papermill, then nbconvert {stock_seconds:8.1f} s, {times:.1f} times as long; "
              f"bar {BAR_THROUGHPUT:g}: {verdict(times >= BAR_THROUGHPUT)}")  # fmt: skip
        again = seconds_of_batch(jobs, folder / "batch")
        print(f"  the same again, unchanged {again:8.1f} s")
        seen = watched(many(folder / "many"), folder / "reports")
    print(f"{MANY} reports in one go")
    for number, (taken, memory) in enumerate(seen, 1):
        print(f"  after {number * QUARTER:3d}  {taken:8.1f} s, this process has {memory:.0f} MB")
    growth = seen[-1][1] - seen[0][1]
    flat = max(memory for _, memory in seen) < BAR_MEMORY_MB and growth < BAR_GROWTH_MB
    print(f"  memory under {BAR_MEMORY_MB} MB without growth: {verdict(flat)} ({growth:+.1f} MB)")
    ratio = seen[-1][0] / seen[0][0] / (MANY / QUARTER)
    print(
        f"  time linear in their number: {verdict(1 / BAR_LINEAR < ratio < BAR_LINEAR)} ({ratio:.2f})"
    )
    os.chdir(PROJECT)


if __name__ == "__main__":
    main()
