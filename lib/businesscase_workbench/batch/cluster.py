"""Reports made on a Dask cluster: the same work, on the processes of other machines."""

import asyncio
import hashlib
import io
import json
import logging
import shutil
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from dataclasses import replace
from functools import cache
from pathlib import Path
from threading import Lock

from businesscase import __version__
from businesscase.cases.errors import InputError
from businesscase.cases.folder import inputs as input_files
from businesscase.cases.project import case_folder
from businesscase_workbench.batch import manifest
from businesscase_workbench.batch.job import FAILED, Outcome, Task, status
from businesscase_workbench.batch.notebook import notebook_paths, sentence
from businesscase_workbench.batch.processes import Processes, Project
from businesscase_workbench.batch.store import store_at
from businesscase_workbench.batch.work import work

WORKER_DIED = "the worker that made it died, and so did the others that tried"
NO_DASK = "--scheduler needs Dask: pip install .[cluster]"
LOST = "the connection to the scheduler was lost; run it again, what was made is kept"
SECONDS_TO_CONNECT = 5
LOOK = 0.1  # seconds between two looks whether something was made
SECONDS_FOR_A_WORKER = 30
FIRST_DATE = (1980, 1, 1, 0, 0, 0)  # so that the same inputs give the same archive
TEMPLATE = "template.docx"  # what the Word template is called in an archive
UNPACKED = 8  # archives of inputs that a worker keeps

_loading = Lock()
_unpacked: dict[str, Project] = {}


def made_on_cluster(tasks: list[Task], scheduler: str, project: Project) -> Iterator[Outcome]:
    """Yield the outcome of each task as it ends on a worker of the cluster.

    The inputs travel with the tasks; the workers need this package and a way to the store. A task
    whose worker dies is given to another. Tasks that are no longer waited for are ended.

    Raises
    ------
    InputError
        If Dask isn't installed, no scheduler answers, it has no workers, or a worker can't do what
        is asked: its software isn't the same, or it doesn't see the store.
    """
    with connected(scheduler) as client:
        refuse_unfit(client, unfit, tasks[0], software())
        yield from _outcomes(client, scheduler, tasks, _archive(project, tasks))


@contextmanager
def connected(scheduler: str) -> Iterator:
    """Give a client of a cluster that has a worker.

    Raises
    ------
    InputError
        If Dask isn't installed, no scheduler answers or it has no workers.
    """
    refuse_silent(scheduler)
    from distributed import Client

    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # said here in a sentence
    with Client(scheduler, timeout=SECONDS_TO_CONNECT, set_as_default=False) as client:
        try:
            client.wait_for_workers(1, timeout=SECONDS_FOR_A_WORKER)
        except TimeoutError:
            raise InputError(
                f"{scheduler}: has no workers; start some with: dask worker {scheduler}"
            ) from None
        yield client


def refuse_silent(scheduler: str) -> None:
    """Refuse an address at which nothing answers: a client would go on trying at its end."""
    try:
        from distributed import Security
        from distributed.comm import connect
    except ImportError:
        raise InputError(NO_DASK) from None

    async def answers() -> None:
        arguments = Security().get_connection_args("client")
        comm = await connect(scheduler, timeout=SECONDS_TO_CONNECT, **arguments)
        comm.abort()

    try:
        asyncio.run(answers())
    except (OSError, ValueError, TypeError, RuntimeError) as error:
        raise InputError(f"{scheduler}: no Dask scheduler answers ({error})") from None


def refuse_unfit(client, why_unfit: Callable, *arguments) -> None:
    """Refuse a cluster with workers on which a function says why they are unfit."""
    answers = client.run(why_unfit, *arguments, on_error="return")
    faults = {
        worker: sentence(answer) if isinstance(answer, Exception) else answer
        for worker, answer in answers.items()
    }
    if any(faults.values()):
        raise InputError(f"{worker}: {fault}" for worker, fault in faults.items() if fault)


def _outcomes(client, scheduler: str, tasks: list[Task], inputs: bytes) -> Iterator[Outcome]:
    from distributed import as_completed

    # the inputs as a task: data that is scattered is lost with the worker that holds it
    packed = client.submit(bytes, inputs, pure=False)
    futures = client.map(on_worker, tasks, inputs=packed, theirs=software(), pure=False)
    waiting = {future.key: task for future, task in zip(futures, tasks, strict=True)}
    completed = as_completed(futures, loop=client.loop)
    by_key = dict(zip(waiting, futures, strict=True))
    del futures  # so that each is let go of when it has ended
    try:
        while by_key:
            wait_until(completed.has_ready, client, scheduler)
            future = next(completed)
            del by_key[future.key]
            yield _outcome(future, waiting.pop(future.key), scheduler)
    except BaseException:
        if client.status == "running":
            client.cancel([*by_key.values(), packed])
        raise


def wait_until(ready: Callable[[], bool], client, scheduler: str) -> None:
    """Wait for what the workers of a cluster make.

    Raises
    ------
    InputError
        If they are all gone, and none has come for a while.
    """
    alive = looked = time.monotonic()
    while not ready():
        time.sleep(LOOK)
        if time.monotonic() - looked < SECONDS_TO_CONNECT:
            continue
        looked = time.monotonic()
        try:
            gone = client.status == "running" and not client.nthreads()
        except OSError:  # the scheduler is gone, which what is waited for tells
            gone = False
        alive = alive if gone else looked
        if looked - alive >= SECONDS_FOR_A_WORKER:
            raise InputError(
                f"{scheduler}: all workers are gone, and none came in {SECONDS_FOR_A_WORKER} seconds; start some "
                f"with: dask worker {scheduler}, and run the command again"
            )


def _outcome(future, task: Task, scheduler: str) -> Outcome:
    from distributed import KilledWorker

    try:
        return future.result()
    except CancelledError:
        raise InputError(f"{scheduler}: {LOST}") from None
    except KilledWorker:
        error = WORKER_DIED
    except Exception as exception:
        error = sentence(exception)
    store_at(task.store).write_status(task.job, status(task, FAILED, cause=error))
    return Outcome(task.job, 0.0, error)


@cache
def software() -> dict[str, str]:
    """Return the versions that a report depends on, those of when this process first asked."""
    code = manifest.library_hash()
    return {"businesscase": f"{__version__} ({code[:12]})", **manifest.versions()}


def unlike(theirs: dict[str, str]) -> str | None:
    """Return what this worker has otherwise than the client; None if it has the same software."""
    own = software()
    others = [
        f"{name} {own[name]}, not {theirs[name]}" for name in own if own[name] != theirs[name]
    ]
    if not others:
        return None
    return (
        f"this worker has {', '.join(others)} as where the command runs;"
        " install the same there and start it again"
    )


def unfit(task: Task, theirs: dict[str, str]) -> str | None:
    """Return why this worker can't do a task; None if it can.

    Parameters
    ----------
    task : Task
        A task whose status the client has written to the store.
    theirs : dict
        The software of the client.
    """
    if other := unlike(theirs):
        return other
    if store_at(task.store).status(task.job).get("key") != task.key:
        return (
            f"this worker doesn't see what was written to {task.store}; --output is a folder that"
            " every machine has under this path, or an address such as s3://bucket/reports"
        )
    return None


def on_worker(task: Task, inputs: bytes, theirs: dict[str, str]) -> Outcome:
    """Do a task on a worker, with the inputs that came with it, as long as somebody waits for it."""
    from distributed import Status, get_worker

    worker = get_worker()
    key = worker.get_current_task()

    def wanted() -> bool:
        known = worker.state.tasks.get(key)
        ending = worker.status in (Status.closing, Status.closed, Status.failed)
        return known is not None and known.state != "cancelled" and not ending

    fault = unfit(task, theirs)  # a worker that came after the others were asked
    if fault:
        raise InputError(f"{worker.address}: {fault}")
    with _loading:
        project, processes = unpacked(inputs, worker.local_directory), _processes()
    here = replace(task, notebooks=project.notebooks)
    if task.template:
        here = replace(here, template=str(Path(project.folder) / TEMPLATE))
    return work(here, project, processes, wanted)


def _archive(project: Project, tasks: list[Task]) -> bytes:
    return archive(project, {task.case for task in tasks}, tasks[0].template)


def archive(project: Project, cases: Iterable[str], template: str = "") -> bytes:
    """Return the inputs of the cases as a ZIP archive: data, notebooks without outputs, lock, template.

    The same inputs give the same bytes.
    """
    data, lock = Path(project.data), Path(project.folder) / "requirements.lock"
    # a case that comes with the package may stand in no project
    folders = {"data": data} | {f"data/{case}": case_folder(case) for case in cases}
    contents = {
        f"{name}/{file}": content
        for name, folder in folders.items()
        for file, content in input_files(folder)
    }
    if lock.is_file():
        contents[lock.name] = lock.read_bytes()
    if template:
        contents[TEMPLATE] = Path(template).read_bytes()
    for path in notebook_paths(Path(project.notebooks)).values():
        contents[f"notebooks/{path.name}"] = _without_outputs(path.read_bytes())
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for name in sorted(contents):
            file.writestr(zipfile.ZipInfo(name, FIRST_DATE), contents[name], zipfile.ZIP_DEFLATED)
    return packed.getvalue()


def _without_outputs(notebook: bytes) -> bytes:
    """Return a notebook as JSON without its outputs; what isn't one goes as it is, to be refused."""
    try:
        content = json.loads(notebook)
        for cell in content["cells"]:
            if cell["cell_type"] == "code":
                cell.update(outputs=[], execution_count=None)
    except (ValueError, KeyError, TypeError, AttributeError):
        return notebook
    return json.dumps(content, ensure_ascii=False).encode()


def unpacked(inputs: bytes, parent: str) -> Project:
    """Return the project in an archive, unpacked once into a folder that is gone with its parent."""
    name = hashlib.sha256(inputs).hexdigest()
    project = _unpacked.pop(name, None) or _extracted(inputs, parent)
    _unpacked[name] = project  # the last is the one used last
    for oldest in list(_unpacked)[:-UNPACKED]:
        shutil.rmtree(_unpacked.pop(oldest).folder, ignore_errors=True)
    return project


def _extracted(inputs: bytes, parent: str) -> Project:
    folder = Path(tempfile.mkdtemp(prefix="inputs-", dir=parent))
    with zipfile.ZipFile(io.BytesIO(inputs)) as file:
        file.extractall(folder)
    return Project(*(str(folder / part) for part in ("", "notebooks", "data")))


@cache
def _processes() -> Processes:
    from distributed import get_worker

    return Processes(get_worker().state.nthreads)
