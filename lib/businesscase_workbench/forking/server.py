"""The server: a process that has imported the libraries and forks itself when it is asked to.

It has one thread, no event loop and no ZeroMQ context, so that a fork of it is whole. A request is
a line of JSON over a Unix socket::

    {"call": "package.module:function", "arguments": [], "environment": {}, "folder": "/",
     "serve": "/path/of/a/socket"}

with the descriptors of the requester's standard output and error. The answer is one line with the
child's ``pid`` and a descriptor of the child, and when the child has ended a second one with its
``status``. With ``serve`` the child calls the function and is then a server itself, which says
``ready``: what it forks has inherited what the function computed. A child lives no longer than the
connection of the one who asked for it, and no longer than its server, even if that is killed.
"""

import ctypes
import gc
import json
import os
import selectors
import shutil
import signal
import socket
import sys
import time
import traceback
from contextlib import suppress
from importlib import import_module
from pathlib import Path

PRELOADED = (
    "ipykernel.debugger",
    "ipykernel.kernelapp",
    "ipykernel.ipkernel",
    "IPython.core.completerlib",
    "IPython.core.magics",
    "IPython.extensions.storemagic",
    "faulthandler",
    "pdb",
    "sqlite3",
    "tornado.platform.asyncio",
    "tornado.queues",
    "encodings.ascii",
    "encodings.latin_1",
    "pandas",
    "pandas.io.formats.html",
    "pandas.io.formats.string",
    "plotly.graph_objects",
    "plotly.io",
    "scipy.optimize",
    "scipy.stats",
    "papermill",
    "papermill.engines",
    "nbclient",
    "nbformat.v4",
    "jinja2",
    "mistune",
    "businesscase.study",
    "businesscase_workbench.report",
    "businesscase.shown.baseline",
    "businesscase.shown.decision",
    "businesscase.shown.governance",
    "businesscase.shown.options",
    "businesscase.shown.outturn",
    "businesscase.shown.plan",
    "businesscase.shown.readiness",
    "businesscase.shown.risks",
    "businesscase.shown.savings",
)
SET_BY_IMPORTS: dict[str, str] = {}  # environment variables that importing a kernel sets
folders: list[Path] = []  # of this server and of those that it was forked from
PR_SET_PDEATHSIG = 1
NOTHING = Path(os.devnull)
READY = b"ready\n"
LONGEST_LINE = 1 << 24  # bytes of a request


def main(address: str) -> None:
    """Import the libraries and serve at an address until the standard input ends."""
    if sys.path[0] in ("", str(Path.cwd())):
        del sys.path[0]  # put there by ``python -m``; a kernel's own folder takes its place
    owner = os.getppid()
    lifeline = os.dup(0)
    ready = os.dup(1)
    with NOTHING.open("r+b") as nothing:
        os.dup2(nothing.fileno(), 0)
        os.dup2(nothing.fileno(), 1)
    preload()
    listener = listening(address)
    with suppress(BrokenPipeError):  # the one who started it is no more; serving then ends at once
        os.write(ready, READY)
    os.close(ready)
    serve(listener, [lifeline, os.pidfd_open(owner)])


def preload() -> None:
    """Import the libraries as if no environment variable had been set for them."""
    before = dict(os.environ)
    os.environ.pop("PLOTLY_RENDERER", None)
    os.environ["OPENBLAS_NUM_THREADS"] = "1"  # else it starts threads, and a fork loses them
    given = set(os.environ)
    for name in PRELOADED:
        import_module(name)
    _rehearse()
    SET_BY_IMPORTS.update({name: os.environ[name] for name in set(os.environ) - given})
    os.environ.clear()
    os.environ.update(before)


def _rehearse() -> None:
    """Make a table and a chart, which import more when the first is made."""
    import pandas as pd
    import plotly.graph_objects as go

    pd.DataFrame({"year": [2026]})._repr_html_()
    figure = go.Figure([go.Bar(y=[1]), go.Scatter(y=[1]), go.Heatmap(z=[[1]])])
    figure._repr_mimebundle_()
    figure.to_json()


def listening(address: str) -> socket.socket:
    """Return a socket that listens at an address."""
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    listener.bind(address)
    listener.listen(socket.SOMAXCONN)
    return listener


def serve(listener: socket.socket, lifelines: list[int]) -> None:
    """Fork children on request until one of the lifelines ends, and take them along then.

    It doesn't return: the process ends.
    """
    folder = Path(listener.getsockname()).parent
    folders.append(folder)
    try:
        # a child that collects garbage shall not copy the pages of all that was imported
        gc.collect()
        gc.freeze()
        _Server(listener, lifelines).run()
    except BaseException:
        traceback.print_exc()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os._exit(0)


def serve_forked(listener: socket.socket, lifeline: socket.socket, parent: int) -> None:
    """Serve in a process that was just forked, and hold nothing that its parent has open."""
    try:
        keep = {0, 1, 2, listener.fileno(), lifeline.fileno()}
        with NOTHING.open("r+b") as nothing:
            os.dup2(nothing.fileno(), 0)
            # replaced, not closed: objects of the parent still name these numbers
            for number in {int(path.name) for path in Path("/proc/self/fd").iterdir()} - keep:
                with suppress(OSError):
                    os.dup2(nothing.fileno(), number, inheritable=False)
        os.setsid()
        serve(listener, [lifeline.fileno(), os.pidfd_open(parent)])
    finally:
        os._exit(1)


class _Requester:
    """The connection of one who asks for a child, and the child."""

    def __init__(self, connection: socket.socket):
        self.connection = connection
        self.line = b""
        self.streams: list[int] = []
        self.pid = 0
        self.pidfd = -1

    def receive(self) -> bool:
        """Take in what was sent; return whether the connection goes on."""
        try:
            part, descriptors, _, _ = socket.recv_fds(self.connection, 1 << 16, 2)
        except OSError:
            return False
        self.line += part
        self.streams += descriptors
        return bool(part) and len(self.line) <= LONGEST_LINE

    def say(self, descriptors: tuple[int, ...] = (), **answer) -> None:
        with suppress(OSError):  # who doesn't listen any more needs no answer
            line = json.dumps(answer).encode() + b"\n"
            socket.send_fds(self.connection, [line], descriptors)

    def close_streams(self) -> None:
        while self.streams:
            os.close(self.streams.pop())

    def close(self) -> None:
        self.connection.close()
        self.close_streams()
        if self.pidfd >= 0:
            os.close(self.pidfd)


class _Server:
    def __init__(self, listener: socket.socket, lifelines: list[int]):
        self.listener: socket.socket | None = listener
        self.lifelines = lifelines
        self.requesters: set[_Requester] = set()
        self.selector = selectors.DefaultSelector()
        self.selector.register(listener, selectors.EVENT_READ, self._accept)
        for lifeline in lifelines:
            self.selector.register(lifeline, selectors.EVENT_READ, self._end)
        self.ended = False

    def run(self) -> None:
        while not self.ended and (self.listener or self.requesters):
            for key, _ in self.selector.select():
                if self.selector.get_map().get(key.fd) is key:  # not closed by one before it
                    key.data()
        for requester in self.requesters:
            if requester.pid:
                os.kill(requester.pid, signal.SIGKILL)

    def _end(self) -> None:
        self.ended = True

    def _accept(self) -> None:
        connection, _ = self.listener.accept()
        requester = _Requester(connection)
        self.requesters.add(requester)
        self.selector.register(connection, selectors.EVENT_READ, lambda: self._hear(requester))

    def _hear(self, requester: _Requester) -> None:
        if not requester.receive():
            self._leave(requester)
        elif requester.line.endswith(b"\n") and not requester.pid:
            request = json.loads(requester.line)
            if "call" in request:
                self._fork(requester, request)
            else:
                if request.get("retire"):
                    self._retire()
                requester.say(alive=True)
                self._leave(requester)

    def _retire(self) -> None:
        """Take no more requests, and end with the last child."""
        if self.listener:
            self.selector.unregister(self.listener)
            self.listener.close()
            self.listener = None

    def _fork(self, requester: _Requester, request: dict) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        server = os.getpid()
        try:
            requester.pid = os.fork()
        except OSError as error:
            requester.say(error=f"the fork server can't fork: {error}")
            self._leave(requester)
            return
        if requester.pid == 0:
            try:
                self._become(requester, request, server)
            finally:
                os._exit(1)
        requester.close_streams()
        requester.pidfd = os.pidfd_open(requester.pid)
        self.selector.register(requester.pidfd, selectors.EVENT_READ, lambda: self._reap(requester))
        requester.say((requester.pidfd,), pid=requester.pid)

    def _leave(self, requester: _Requester) -> None:
        """Let go of one who is gone; the child, if it still runs, is reaped when it has ended."""
        self.selector.unregister(requester.connection)
        if requester.pid:
            signal.pidfd_send_signal(requester.pidfd, signal.SIGKILL)
        else:
            self.requesters.discard(requester)
            requester.close()

    def _reap(self, requester: _Requester) -> None:
        _, status = os.waitpid(requester.pid, 0)
        requester.say(status=os.waitstatus_to_exitcode(status))
        for descriptor in (requester.connection, requester.pidfd):
            with suppress(KeyError):
                self.selector.unregister(descriptor)
        self.requesters.discard(requester)
        requester.close()

    def _become(self, requester: _Requester, request: dict, server: int) -> None:
        """Turn the process, which is a fork of the server, into the child that was asked for."""
        end_with_parent(server)
        self._let_go(requester)
        os.setsid()  # a group of its own, so that it can be signalled with what it starts
        for number, stream in enumerate(requester.streams, start=1):
            os.dup2(stream, number)
        requester.close_streams()
        code = _called(request, requester)
        for stream in (sys.stdout, sys.stderr):
            with suppress(Exception):
                stream.flush()
        os._exit(code)

    def _let_go(self, requester: _Requester) -> None:
        """Close what is the server's, the connection of the one who asks apart."""
        self.selector.close()
        if self.listener:
            self.listener.close()
        for lifeline in self.lifelines:
            os.close(lifeline)
        for other in self.requesters - {requester}:
            other.close()


def end_with_parent(parent: int) -> None:
    """Have the kernel kill this process as soon as its parent is no more."""
    ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it went before
        os._exit(1)


def _called(request: dict, requester: _Requester) -> int:
    """Do what was asked for and return the exit code."""
    try:
        _settle(request.get("environment"), request.get("folder"))
        if not request.get("serve"):
            requester.connection.close()
        if request.get("call"):
            module, _, name = request["call"].partition(":")
            getattr(import_module(module), name)(*request["arguments"])
        if request.get("serve"):
            listener = listening(request["serve"])
            requester.say(ready=True)
            serve(listener, [requester.connection.detach()])
    except SystemExit as end:
        return end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
        return 1
    return 0


def _settle(environment: dict | None, folder: str | None) -> None:
    for number in (signal.SIGINT, signal.SIGCHLD, signal.SIGTERM):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    if environment is not None:
        os.environ.clear()
        os.environ.update(environment)
        time.tzset()
    if folder is not None:
        os.chdir(folder)
    if "numpy" in sys.modules:  # Python's own generator does it by itself
        sys.modules["numpy"].random.seed()


if __name__ == "__main__":
    # the module that requests name, not a second copy of it under the name __main__
    import_module("businesscase_workbench.forking.server").main(sys.argv[1])
