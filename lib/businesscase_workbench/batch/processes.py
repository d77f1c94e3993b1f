"""A process for each piece of work: forked from a warm server where that can be, else started anew."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from threading import Lock, Thread
from typing import Any
from uuid import uuid4

from businesscase.cases.case import data_folder, project_folder
from businesscase.cases.folder import write_file
from businesscase_workbench.batch.notebook import FAST_KERNEL, KERNEL
from businesscase_workbench.forking.client import ForkServer, ForkServerError
from businesscase_workbench.forking.library import kernels_path

TRIES_TO_FORK = 2  # before a Python of its own is started
DIED = "its process ended without an answer; often the computer had no memory or disk space left"
ANSWER = "businesscase_workbench.batch.processes:answer"
ALONE = "from businesscase_workbench.batch.processes import answer_alone; answer_alone()"
LOOK = 0.5  # seconds between two looks whether the work is still wanted
FOR_EVERY_PROCESS = {
    "JUPYTER_PREFER_ENV_PATH": "1",  # the kernel of this Python, not one that the user added
    "JUPYTER_PATH": kernels_path(),
    "PYDEVD_DISABLE_FILE_VALIDATION": "1",  # no warning about frozen modules
    "OPENBLAS_NUM_THREADS": "1",  # one process a core: more threads would only wait for each other
}


class ProcessDiedError(Exception):
    """A process that ended without an answer."""


class ClosedError(Exception):
    """A call whose process was ended because all were, or because nobody wants its answer."""


@dataclass(frozen=True)
class Project:
    """Where the inputs are: the project's folder, its notebooks and its data."""

    folder: str
    notebooks: str
    data: str

    @classmethod
    def here(cls, notebooks: Path | None = None) -> "Project":
        """Return the project at the working folder, with other notebooks if some are named."""
        folder = project_folder()
        return cls(
            str(folder.resolve()),
            str((notebooks or folder / "notebooks").resolve()),
            str(data_folder().resolve()),
        )

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a process that works on the project."""
        return {**os.environ, **FOR_EVERY_PROCESS, "BUSINESSCASE_DATA": self.data}


@dataclass
class _WarmCase:
    """A server that has loaded a case, and the number of processes that work on it now."""

    starting: Lock = field(default_factory=Lock)
    server: ForkServer | None = None
    users: int = 0


class Processes:
    """Runs functions in processes of their own and returns what they return.

    On Linux they are forked from a server that has imported the libraries and, for work on a case,
    has loaded and computed what all its scenarios share; elsewhere each is started anew. Each has
    its own memory and can harm no other, and all end when this process ends, whatever the reason.

    Parameters
    ----------
    most_cases : int
        Number of cases that stay loaded.
    """

    def __init__(self, most_cases: int):
        self.most_cases = most_cases
        self._cases: dict[tuple[Project, str], _WarmCase] = {}
        self._lock = Lock()
        self._started: set[subprocess.Popen] = set()
        self._closed = False
        self._root: ForkServer | None = None
        try:
            self._root = ForkServer.start()
        except ForkServerError as error:
            print(
                f"{error}; each report starts its own Python, which takes longer", file=sys.stderr
            )

    def __enter__(self) -> "Processes":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        """End every process."""
        with self._lock:
            self._closed = True
            if self._root:
                self._root.close()  # takes with it whatever was forked from it
            for process in self._started:
                process.kill()

    def folder(self) -> tempfile.TemporaryDirectory:
        """Return a new folder, which is gone when it is left, and mostly when this process is killed."""
        with_server = Path(self._living_root().address).parent if self._root else None
        return tempfile.TemporaryDirectory(prefix="businesscase-", dir=with_server)

    def call(
        self,
        function: str,
        *arguments,
        project: Project,
        case: str | None = None,
        wanted: Callable[[], bool] = lambda: True,
    ) -> Any:
        """Run a function in a process and return its value.

        Parameters
        ----------
        function : str
            As ``package.module:name``.
        *arguments
            Plain values, as JSON has them; the value returned is plain too.
        project : Project
            What to work on.
        case : str, optional
            The case whose loaded server is forked.
        wanted : callable, optional
            Asked now and then; once it says no, the process is killed.

        Raises
        ------
        ProcessDiedError
            If the process is killed. If the server that it was forked from was, it is tried again.
        ClosedError
            If all processes were ended meanwhile, or ``wanted`` said no.
        """
        for _ in range(TRIES_TO_FORK if self._root else 0):
            with suppress(ForkServerError):
                return self._forked(project, case, function, arguments, wanted)
        return self._anew(project, function, arguments, wanted)

    def _forked(
        self, project: Project, case: str | None, function: str, arguments: tuple, wanted: Callable
    ) -> Any:
        with self._server(project, case) as server:
            folder = Path(server.address).parent  # goes with the server, however it ends
            answer_file = folder / f"{uuid4().hex}.json"
            with server.fork(
                ANSWER,
                str(answer_file),
                function,
                arguments,
                environment=_environment(project, FAST_KERNEL, folder),
                folder=project.folder,
            ) as forked:
                while not forked.wait(LOOK):
                    _refuse_unwanted(wanted)
            try:
                return self._answered(answer_file)
            except ProcessDiedError:
                server.fork("os:getpid").close()  # raises if it died because its server did
                raise

    def _anew(self, project: Project, function: str, arguments: tuple, wanted: Callable) -> Any:
        """Run a function in a Python of its own, for want of a server to fork."""
        with tempfile.TemporaryDirectory(
            prefix="businesscase-", ignore_cleanup_errors=True
        ) as folder:
            answer_file = Path(folder) / "answer.json"
            call = json.dumps([str(answer_file), function, arguments])
            with self._lock:
                self._refuse_if_closed()
                process = subprocess.Popen(
                    [sys.executable, "-c", ALONE, call],
                    env=_environment(project, KERNEL, Path(folder)),
                    cwd=project.folder,
                    stdin=subprocess.PIPE,
                    start_new_session=True,  # an interrupt is for this process, which ends it
                )
                self._started.add(process)
            try:
                while process.poll() is None:
                    with suppress(subprocess.TimeoutExpired):
                        process.wait(LOOK)
                    _refuse_unwanted(wanted)
            finally:
                process.kill()
                process.wait()
                process.stdin.close()
                with self._lock:
                    self._started.discard(process)
            return self._answered(answer_file)

    def _answered(self, answer_file: Path) -> Any:
        try:
            return json.loads(answer_file.read_text(encoding="utf-8"))
        except OSError:
            self._refuse_if_closed()
            raise ProcessDiedError(DIED) from None
        finally:
            answer_file.unlink(missing_ok=True)

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise ClosedError("the processes were ended")

    def _living_root(self) -> ForkServer:
        """Return the server of all the others, started again if it was killed."""
        with self._lock:
            self._refuse_if_closed()
            if not self._root.alive():
                self._root.close()
                self._root = ForkServer.start()
            return self._root

    @contextmanager
    def _server(self, project: Project, case: str | None) -> Iterator[ForkServer]:
        """Give the server of a case, started if need be, which isn't closed while it is in use."""
        if case is None:
            yield self._living_root()
            return
        key = project, case
        with self._lock:
            warm = self._cases.pop(key, None) or _WarmCase()
            self._cases[key] = warm  # the last is the one used last
            warm.users += 1
            self._close_idle()
        try:
            with warm.starting:
                root = self._living_root()
                if warm.server is None or not warm.server.alive():
                    if warm.server:
                        warm.server.close()
                    warm.server = root.nested(
                        "businesscase_workbench.batch.job:warm",
                        case,
                        environment=project.environment,
                        folder=project.folder,
                    )
            yield warm.server
        finally:
            with self._lock:
                warm.users -= 1

    def _close_idle(self) -> None:
        for key, warm in list(self._cases.items()):
            if len(self._cases) > self.most_cases and not warm.users:
                del self._cases[key]
                if warm.server:
                    warm.server.close()


def _environment(project: Project, kernel: str, temporary: Path) -> dict[str, str]:
    """Return the environment of a process; what it leaves behind if it is killed is temporary."""
    return project.environment | {"BUSINESSCASE_KERNEL": kernel, "TMPDIR": str(temporary)}


def _refuse_unwanted(wanted: Callable[[], bool]) -> None:
    if not wanted():
        raise ClosedError("nobody wants the answer")


def answer(path: str, function: str, arguments: list) -> None:
    """Write what a function returns where the process that asked for it looks."""
    tempfile.tempdir = None  # found out anew: this process has its own in its environment
    module, _, name = function.partition(":")
    value = getattr(import_module(module), name)(*arguments)
    write_file(Path(path), json.dumps(value))


def answer_alone() -> None:
    """Answer in a Python that was started for it, and that ends with the one that started it."""
    Thread(target=_end_with_owner, daemon=True).start()
    answer(*json.loads(sys.argv[1]))


def _end_with_owner() -> None:
    os.read(0, 1)  # returns when the process that started this one is no more
    os._exit(1)
