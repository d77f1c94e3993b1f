"""How Jupyter starts a kernel of ours: forked from a server, or as a plain one where that can't be."""

import asyncio
import atexit
import os
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import Any

from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning import LocalProvisioner

from businesscase_workbench.forking.client import (
    ADDRESS,
    LONGEST_ADDRESS,
    Forked,
    ForkServer,
    ForkServerError,
)
from businesscase_workbench.forking.library import library_hash
from businesscase_workbench.forking.ready import ReadyClient

RUN = "businesscase_workbench.forking.kernel:run"
HISTORY = "--HistoryManager.hist_file"
LAST_PORT = 5  # of the five channels of a kernel, each a socket of its own
SOON = 2  # seconds in which a kernel that was told to end usually has


class ForkProvisioner(LocalProvisioner):
    """Starts kernels as forks of a server that has imported the libraries."""

    server: ForkServer | None = None
    sockets: Path | None = None

    async def pre_launch(self, **given: Any) -> dict[str, Any]:
        """Find a server, and let the kernel be reached by Unix sockets in a private folder."""
        try:
            self.server = await asyncio.to_thread(_SERVERS.current)
            self._use_sockets()
        except ForkServerError as error:
            self._say_plain(error)
        if "extra_arguments" in given:  # a runner of notebooks, who knows the plain kernel's name
            given["extra_arguments"] = _without_history(given["extra_arguments"])
        return await super().pre_launch(**given)

    async def launch_kernel(self, cmd: list[str], **given: Any) -> KernelConnectionInfo:
        """Fork the kernel, or start a plain one."""
        try:
            info = self._fork(cmd, given)
        except ForkServerError as error:
            self._say_plain(error)
            return await super().launch_kernel(cmd, **given)
        await self._reachable()
        return info

    async def wait(self) -> int | None:
        """Wait until the kernel has ended and return its exit code."""
        if not isinstance(self.process, Forked):
            return await super().wait()
        forked = self.process
        await _ended(forked)
        self.process = None
        forked.close()
        return forked.poll()

    async def send_signal(self, signum: int) -> None:
        """Send a signal to the kernel and what it has started."""
        if isinstance(self.process, Forked):
            self.process.signal_group(signum)
        else:
            await super().send_signal(signum)

    async def kill(self, restart: bool = False) -> None:
        """Kill the kernel."""
        await self._end_by(signal.SIGKILL)

    async def terminate(self, restart: bool = False) -> None:
        """Ask the kernel to end."""
        await self._end_by(signal.SIGTERM)

    async def shutdown_requested(self, restart: bool = False) -> None:
        """Wait for the kernel to end, so that its manager finds it ended at its first look."""
        if isinstance(self.process, Forked):
            await _ended(self.process, SOON)

    async def cleanup(self, restart: bool = False) -> None:
        """Remove what the kernel leaves."""
        if isinstance(self.process, Forked) and self.process.poll() is not None:
            self.process.close()
            self.process = None
        if self.sockets and not restart:
            shutil.rmtree(self.sockets, ignore_errors=True)
        await super().cleanup(restart)

    async def _end_by(self, number: int) -> None:
        await self.send_signal(number)
        if isinstance(self.process, Forked):
            await _ended(self.process, SOON)

    def _fork(self, cmd: list[str], given: dict[str, Any]) -> KernelConnectionInfo:
        if self.server is None:
            raise ForkServerError("no fork server was found")
        unlike = [name for name in ("stdin", "independent") if given.get(name)]
        streams = _descriptor(given.get("stdout"), 1), _descriptor(given.get("stderr"), 2)
        if cmd[:3] != [sys.executable, "-m", "ipykernel_launcher"] or unlike:
            raise ForkServerError(f"a fork can't be what is asked for: {[*unlike, *cmd[:3]]}")
        folder = Path(given.get("cwd") or Path.cwd()).resolve()
        self.process = self.server.fork(
            RUN, cmd, environment=given["env"], folder=str(folder), streams=streams
        )
        self.pid = self.pgid = self.process.pid
        self.cwd = folder
        return self.connection_info

    def _use_sockets(self) -> None:
        """Let the channels be Unix sockets: no port to collide, closed to other users."""
        manager = self.parent
        if manager is None or manager.transport != "tcp" or any(manager.ports):
            return
        # in the folder of a server that was named, which removes it whatever happens here; an own
        # one may be followed by another when the kernel is restarted, at the same addresses
        named = os.environ.get(ADDRESS)
        folder = tempfile.mkdtemp(prefix="kernel-", dir=Path(named).parent if named else None)
        if len(os.fsencode(f"{folder}/k-{LAST_PORT}")) > LONGEST_ADDRESS:
            Path(folder).rmdir()
            return
        self.sockets = Path(folder)
        if not manager.connection_file:
            manager.connection_file = f"{folder}/kernel.json"
        if manager.client_factory is AsyncKernelClient:
            manager.client_factory = ReadyClient
        manager.transport = "ipc"
        manager.cache_ports = False
        manager.ip = f"{folder}/k"

    async def _reachable(self) -> None:
        """Wait for the kernel's sockets; ZeroMQ tries again only after 0.1 s where there is none."""
        manager = self.parent
        if self.sockets and manager:
            last = Path(f"{manager.ip}-{manager.hb_port}")  # the kernel makes this one last
            await _until(lambda: last.exists() or self.process.poll() is not None, SOON)

    def _say_plain(self, error: ForkServerError) -> None:
        self.server = None
        if not _SERVERS.told:
            _SERVERS.told = True
            print(f"{error}; the kernel starts its own Python, which takes longer", file=sys.stderr)


class _Servers:
    """The server of this process, started when it is first needed and shared by all its kernels."""

    def __init__(self):
        self.told = False
        self._lock = Lock()
        self._key: tuple | None = None
        self._server: ForkServer | ForkServerError | None = None
        self._retired: list[ForkServer] = []

    def current(self) -> ForkServer:
        """Return the server that the environment names, else the own one, with today's library."""
        named = os.environ.get(ADDRESS)
        if named:
            return ForkServer(named)
        with self._lock:
            key = _key()
            if key != self._key or not self._usable():
                self._retire()
                self._server, self._key = _started(), key
            if isinstance(self._server, ForkServerError):
                raise self._server
            return self._server

    def close(self) -> None:
        """End the own servers."""
        self._retire()
        for server in self._retired:
            server.close()

    def _usable(self) -> bool:
        return isinstance(self._server, ForkServerError) or self._server.alive()

    def _retire(self) -> None:
        """Have the server end with the last of its kernels; a later one needs another."""
        if self._key and self._key[0] != os.getpid():  # it is of the process that forked this one
            self._retired = []
        elif isinstance(self._server, ForkServer):
            self._server.retire()
            self._retired.append(self._server)
        for server in [server for server in self._retired if server.ended()]:
            server.close()
            self._retired.remove(server)
        self._server = self._key = None


def start_server() -> None:
    """Start the server of this process before a kernel needs it, where there can be one."""
    with suppress(ForkServerError):
        _SERVERS.current()


def _started() -> ForkServer | ForkServerError:
    try:
        return ForkServer.start()
    except ForkServerError as error:
        return error


def _key() -> tuple:
    """Return what a server must share with its kernels: process, library, settings of Python."""
    settings = {name: value for name, value in os.environ.items() if name.startswith("PYTHON")}
    return os.getpid(), library_hash(), tuple(sorted(settings.items()))


def _descriptor(stream: Any, otherwise: int) -> int:
    """Return the descriptor of a stream that a kernel is to write to, as Popen takes it."""
    if stream is None:
        return otherwise
    found = stream if isinstance(stream, int) else stream.fileno()
    if found < 0:  # a pipe or the like, which only Popen can make
        raise ForkServerError("a fork writes to a file that is open, not to a new pipe")
    return found


def _without_history(arguments: list[str]) -> list[str]:
    """Have no history written to the user's file, as for the plain kernel."""
    if any(argument.startswith(HISTORY) for argument in arguments):
        return arguments
    return [*arguments, f"{HISTORY}=:memory:"]


async def _ended(forked: Forked, seconds: float = float("inf")) -> None:
    await _until(lambda: forked.poll() is not None, seconds)


async def _until(true: Callable[[], bool], seconds: float) -> None:
    """Wait until something is true, for some seconds at most; mostly it is within milliseconds."""
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        await asyncio.sleep(0.004)


_SERVERS = _Servers()
atexit.register(_SERVERS.close)
