"""Processes that a process starts, each with a line to it, none of which outlives the one above it."""

import ctypes
import multiprocessing
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext, suppress
from multiprocessing.connection import Connection
from threading import Lock, Thread
from types import ModuleType
from typing import Any, Self

LINUX = sys.platform == "linux"
LOOK = 0.5  # seconds between two looks whether a process lives and is still wanted
PR_SET_PDEATHSIG = 1
PRELOADED = (
    # what the fork server imports, so that no process that is forked from it needs to
    "IPython.core.completerlib",
    "IPython.core.magics",
    "pandas.io.formats.html",
    "pandas.io.formats.string",
    "pandas.io.formats.style",
    "pygments.formatters.terminal256",
    "pygments.lexers.python",
    "scipy.optimize",
    "stack_data",
    "businesscase_workbench.batch.engine",
    "businesscase_workbench.batch.job",
    "businesscase.shown",
)
AT_A_START = {
    "OPENBLAS_NUM_THREADS": "1",  # one process a core; and a fork would lose the threads
    "PYTHONSAFEPATH": "1",  # a file in the working folder is never taken for a library
}

_starting = Lock()
_method: str | None = None  # how this process starts others


class NotebookError(Exception):
    """A notebook that failed; the message names the notebook and the cell."""


class ClosedError(Exception):
    """A process that was ended because all were, or because nobody wants its answer."""


class Child:
    """A process and the line to it; when this is closed it is killed, with what it has started."""

    def __init__(self, process: multiprocessing.Process, line: Connection):
        self.process = process
        self.line = line

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def heard(self, timeout: float = float("inf")) -> Any:
        """Return what the process says next, as ``heard`` does."""
        return heard(self.line, self, timeout)

    def lives(self) -> bool:
        """Return whether the process still runs."""
        return self.process.is_alive()

    def kill(self) -> None:
        """Kill the process and what it has started, if it still runs."""
        if self.lives():
            with suppress(OSError, AttributeError):  # it has no group yet, or there are none here
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.kill()

    def close(self) -> None:
        """Kill the process, if it still runs, and let go of it."""
        self.kill()
        self.process.join()
        self.line.close()


def heard(
    line: Connection,
    process: Child,
    timeout: float = float("inf"),
    wanted: Callable[[], bool] = lambda: True,
) -> Any:
    """Return what is said next on a line.

    Parameters
    ----------
    line : Connection
        The line.
    process : Child
        Who is at its other end, or has started who is.
    timeout : float
        How long to wait at most [s].
    wanted : callable
        Asked now and then whether to wait on.

    Raises
    ------
    EOFError
        If the process ends before.
    TimeoutError
        If nothing is said in time.
    ClosedError
        If ``wanted`` says no.
    """
    until = time.monotonic() + timeout
    try:
        while not line.poll(max(0, min(LOOK, until - time.monotonic()))):
            # what the process has started may hold its end of the line
            if not process.lives() and not line.poll():
                raise EOFError
            if not wanted():
                raise ClosedError("nobody wants the answer")
            if time.monotonic() > until:
                raise TimeoutError
        return line.recv()
    except ConnectionError:
        raise EOFError from None


def forks() -> bool:
    """Return whether what this process starts is forked from one that has imported the libraries."""
    global _method
    if _method is None:
        _method = "spawn"
        try:
            _start_server()
            _method = "forkserver"
        except (OSError, ValueError) as error:
            print(
                f"no fork server: {error}; each report starts its own Python, which takes longer",
                file=sys.stderr,
            )
    return _method != "spawn"


def _start_server() -> None:
    if not LINUX:  # elsewhere a fork of a process with certain libraries crashes, or there is none
        raise OSError("it needs Linux")
    multiprocessing.get_context("forkserver").set_forkserver_preload(list(PRELOADED))
    from multiprocessing import forkserver

    with _as_nobody():
        forkserver.ensure_running()


def start(function: Callable, *arguments, environment: dict[str, str] | None = None) -> Child:
    """Start a process that calls a function with a line to this process and the arguments.

    A process that was forked forks it, so that it has all that is loaded and computed by now, and
    the environment too, if no other is given.
    """
    own = multiprocessing.current_process()
    if own.daemon:  # which may have no children; ours end with it in any case
        own.daemon = False
    inherits = "fork" if forks() else "spawn"
    if environment is None and _method != "fork":
        environment = dict(os.environ)
    ours, theirs = multiprocessing.Pipe()
    process = multiprocessing.get_context(_method).Process(
        target=_begun, args=(inherits, environment, theirs, function, arguments), daemon=True
    )
    try:
        with nullcontext() if _method == "fork" else _as_nobody():
            process.start()
    except BaseException:
        ours.close()
        raise
    finally:
        theirs.close()
    return Child(process, ours)


@contextmanager
def _as_nobody() -> Iterator[None]:
    """Let a process start that neither runs this one's program again nor hears its Ctrl-C."""
    with _starting:
        program, before = (
            sys.modules["__main__"],
            {name: os.environ.get(name) for name in AT_A_START},
        )
        if LINUX:
            signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        try:
            sys.modules["__main__"] = ModuleType("__main__")
            os.environ.update(AT_A_START)
            yield
        finally:
            sys.modules["__main__"] = program
            for name, value in before.items():
                _ = os.environ.pop(name)
                if value is not None:
                    os.environ[name] = value
            if LINUX:
                signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def _begun(
    method: str,
    environment: dict[str, str] | None,
    line: Connection,
    function: Callable,
    arguments: tuple,
) -> None:
    """Be the process that was started."""
    global _method
    _method = method
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who started it ends it
    if method == "fork":
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
        # a thread couldn't end a process that hangs in C, and threads can't be forked
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == 1:  # it went before
            return
    else:
        Thread(target=_end_with_parent, daemon=True).start()
    if hasattr(os, "setsid"):
        os.setsid()  # a group of its own, which is killed as one
    if environment is not None:
        os.environ.clear()
        os.environ.update(environment)
        tempfile.tempdir = None  # found out anew
        if hasattr(time, "tzset"):
            time.tzset()
    if "numpy" in sys.modules:  # Python's own generator does it by itself
        sys.modules["numpy"].random.seed()
    function(line, *arguments)


def _end_with_parent() -> None:
    multiprocessing.parent_process().join()
    os._exit(1)
