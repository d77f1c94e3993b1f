"""Work done in processes of their own, on this machine: forked from a warm one where that can be."""

import gc
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import Pipe, util
from multiprocessing.connection import Connection, wait
from multiprocessing.reduction import recv_handle, send_handle
from pathlib import Path
from threading import Lock
from typing import Any

from businesscase.cases.project import data_folders, notebooks_folder, working_folder
from businesscase_workbench.batch.children import LOOK, Child, ClosedError, forks, heard, start

TRIES = 3  # of a call whose process is killed before it could tell how it went
DIED = "its process ended without an answer; often the computer had no memory or disk space left"


class ProcessDiedError(Exception):
    """A process that ended without an answer."""


@dataclass(frozen=True)
class Project:
    """Where the inputs are: the project's folder, its notebooks and its data."""

    folder: str
    notebooks: str
    data: str

    @classmethod
    def here(cls, notebooks: Path | None = None) -> "Project":
        """Return the project at the working folder, with other notebooks if some are named."""
        return cls(
            str(working_folder().resolve()),
            str((notebooks or notebooks_folder()).resolve()),
            str(data_folders()[0].resolve()),
        )


@dataclass
class _Warm:
    """A process that has loaded a case, and the number of calls that its forks work on now."""

    lock: Lock = field(default_factory=Lock)
    child: Child | None = None
    users: int = 0

    def close(self) -> None:
        if self.child:
            self.child.close()


class Processes:
    """Runs functions in processes of their own and returns what they return.

    On Linux they are forked from one that has loaded the case and computed what all its scenarios
    share; elsewhere each is started anew. Each has its own memory and can harm no other, and all
    end when this process ends, whatever the reason.

    Parameters
    ----------
    most_cases : int
        Number of cases that stay loaded.
    """

    def __init__(self, most_cases: int):
        self.most_cases = most_cases
        self._forks = forks()
        self._lock = Lock()
        self._cases: dict[tuple[Project, str | None], _Warm] = {}
        self._alone: set[Child] = set()
        self._server = 0  # the process that forks the warm ones
        self._closed = False
        self._folder = tempfile.TemporaryDirectory(
            prefix="work-", dir=util.get_temp_dir(), ignore_cleanup_errors=True
        )

    def __enter__(self) -> "Processes":
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def close(self) -> None:
        """End every process."""
        with self._lock:
            self._closed = True
            warm, alone = list(self._cases.values()), list(self._alone)
        if self._server:
            with suppress(ProcessLookupError, ChildProcessError):
                os.kill(self._server, signal.SIGKILL)  # takes with it whatever it has forked
                # Python starts the next one only once it sees this one gone
                os.waitid(os.P_PID, self._server, os.WEXITED | os.WNOWAIT)
        for closed in (*warm, *alone):
            closed.close()
        self._folder.cleanup()

    def folder(self) -> tempfile.TemporaryDirectory:
        """Return a new folder, which is gone when it is left, and mostly when this process is killed."""
        return tempfile.TemporaryDirectory(dir=self._folder.name)

    def call(
        self,
        function: Callable,
        *arguments,
        project: Project,
        case: str | None = None,
        wanted: Callable[[], bool] = lambda: True,
    ) -> Any:
        """Run a function in a process and return its value.

        Parameters
        ----------
        function : callable
            A function of a module.
        *arguments
            Plain values; the value returned is plain too.
        project : Project
            What to work on.
        case : str, optional
            The case that the process it is forked from has loaded.
        wanted : callable, optional
            Asked now and then; once it says no, the process is killed.

        Raises
        ------
        ProcessDiedError
            If the process is killed. If the one that it was forked from was, it is tried again.
        ClosedError
            If all processes were ended meanwhile, or ``wanted`` said no.
        """
        call = function, arguments
        for _ in range(TRIES if self._forks else 1):
            with suppress(EOFError, OSError):
                if self._forks:
                    answers = self._forked(project, case, call, wanted)
                else:
                    answers = self._anew(project, call, wanted)
                if answers:
                    return answers[0]
                break
            self._refuse_if_closed()
        self._refuse_if_closed()
        raise ProcessDiedError(DIED)

    def _forked(self, project: Project, case: str | None, call: tuple, wanted: Callable) -> list:
        """Return the one answer of a fork of the process that has loaded a case; none if it died."""
        with self._warm(project, case) as warm:
            ours, theirs = Pipe()
            with ours:
                try:
                    with theirs, warm.lock:
                        child = warm.child
                        child.line.send(call)
                        send_handle(child.line, theirs.fileno(), child.process.pid)
                    return heard(ours, child, wanted=wanted)
                except (EOFError, OSError):
                    with warm.lock:
                        child.close()  # it was killed, and what it had forked with it
                    raise

    def _anew(self, project: Project, call: tuple, wanted: Callable) -> list:
        child = self._started(project, _answer_alone, project.folder, call)
        self._alone.add(child)
        if self._closed:  # meanwhile
            child.close()
        try:
            return heard(child.line, child, wanted=wanted)
        finally:
            child.close()
            self._alone.discard(child)

    def _started(self, project: Project, function: Callable, *arguments) -> Child:
        given = {
            "OPENBLAS_NUM_THREADS": "1",  # one process a core: more would wait for each other
            "BUSINESSCASE_DATA": project.data,
            "TMPDIR": self._folder.name,
        }
        self._refuse_if_closed()
        return start(function, *arguments, environment={**os.environ, **given})

    def _refuse_if_closed(self) -> None:
        if self._closed:
            raise ClosedError("the processes were ended")

    @contextmanager
    def _warm(self, project: Project, case: str | None) -> Iterator[_Warm]:
        """Give the process that has loaded a case, started if need be, and not closed meanwhile."""
        with self._lock:
            warm = self._cases.pop((project, case), None) or _Warm()
            self._cases[project, case] = warm  # the last is the one used last
            warm.users += 1
            surplus = len(self._cases) - self.most_cases
            idle = [key for key, of in self._cases.items() if not of.users][: max(0, surplus)]
            closed = [self._cases.pop(key) for key in idle]
        for of in closed:
            of.close()
        try:
            with warm.lock:
                if warm.child is None or not warm.child.lives():
                    warm.child = self._started(
                        project, _serve, project.folder, case, util.get_temp_dir()
                    )
                    self._server = warm.child.heard()
                if self._closed:  # meanwhile
                    warm.close()
            yield warm
        finally:
            with self._lock:
                warm.users -= 1


def _answer_alone(line: Connection, folder: str, call: tuple) -> None:
    os.chdir(folder)
    _answer(line, call, line)


def _answer(_: Connection, call: tuple, asker: Connection) -> None:
    function, arguments = call
    asker.send([function(*arguments)])


def _serve(line: Connection, folder: str, case: str | None, temporary: str) -> None:
    """Load a case and have each call that comes answered by a fork, to the line that comes with it."""
    os.chdir(folder)
    line.send(os.getppid())
    from businesscase_workbench.batch.job import warm

    warm(case)
    # a fork that collects garbage shall not copy the pages of all that is loaded
    gc.collect()
    gc.freeze()
    forked: dict[Connection, Child] = {}
    try:
        while True:
            ended = [child.process.sentinel for child in forked.values()]
            if line in wait([line, *forked, *ended], LOOK):
                call, asker = line.recv(), Connection(recv_handle(line))
                forked[asker] = start(_answer, call, asker)
            for asker, child in list(forked.items()):
                if asker.poll() or not child.lives():  # who asked has gone, or it has ended
                    with suppress(OSError):  # where it has answered nobody listens any more
                        asker.send([])
                    child.close()
                    asker.close()
                    del forked[asker]
    except (EOFError, OSError):  # the one who started this is no more, and can't clear up
        for child in forked.values():
            child.close()
        shutil.rmtree(temporary, ignore_errors=True)
