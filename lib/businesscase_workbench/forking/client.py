"""What asks a server for children, and holds them."""

import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Self

ADDRESS = "BUSINESSCASE_FORK_SERVER"  # the environment variable that names a server to ask
SOCKET = "server"
START_TIMEOUT = 60  # seconds that importing the libraries may take
END_TIMEOUT = 10  # seconds in which a server that was told to end has
LONGEST_ADDRESS = 107  # bytes that Linux allows
PROCESS_GROUP = 1 << 2  # pidfd_send_signal's flag for a whole group, since Linux 6.9


class ForkServerError(Exception):
    """A fork server that can't be had or can't be reached."""


class Forked:
    """A child of a server. It is killed when this is closed, or when this process ends.

    Attributes
    ----------
    pid : int
        Its number, also that of its process group.
    """

    def __init__(self, connection: socket.socket, server: str):
        self._connection = connection
        self._server = server
        self._part = b""
        self._answers: dict = {}
        self._pidfd = -1
        self._gone = False
        try:
            self.pid: int = self._answer("pid")
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def __del__(self) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the child; it is killed if it still runs."""
        self._gone = True
        self._answers.setdefault("status", -signal.SIGKILL)
        self._connection.close()
        if self._pidfd >= 0:
            os.close(self._pidfd)
            self._pidfd = -1

    def fileno(self) -> int:
        """Return a descriptor that is readable once the child has ended."""
        return self._pidfd

    def poll(self) -> int | None:
        """Return the exit code, negative for a signal, or None while it runs."""
        while "status" not in self._answers and self._hear(0):
            pass
        return self._answers.get("status")

    def wait(self, timeout: float | None = None) -> bool:
        """Wait until the child has ended; return whether it has.

        Parameters
        ----------
        timeout : float, optional
            How long to wait at most [s]; without end if it is left out.
        """
        until = None if timeout is None else time.monotonic() + timeout
        while self.poll() is None:
            left = None if until is None else until - time.monotonic()
            if left is not None and left <= 0:
                return False
            self._hear(left)
        return True

    def signal(self, number: int) -> None:
        """Send a signal to the child, if it still runs."""
        if self.poll() is None:
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._pidfd, number)

    def signal_group(self, number: int) -> None:
        """Send a signal to the child and what it has started, if it still runs."""
        if self.poll() is None:
            try:
                signal.pidfd_send_signal(self._pidfd, number, None, PROCESS_GROUP)
            except ProcessLookupError:
                self.signal(number)  # it has no group yet
            except OSError:  # an older Linux
                try:
                    os.killpg(self.pid, number)
                except ProcessLookupError:
                    self.signal(number)

    def kill(self) -> None:
        """Kill the child."""
        self.signal(signal.SIGKILL)

    def _answer(self, name: str):
        while name not in self._answers:
            if self._gone or "status" in self._answers or "error" in self._answers:
                cause = self._answers.get("error", "its process ended")
                raise ForkServerError(f"{self._server}: {cause}")
            self._hear(None)
        return self._answers[name]

    def _hear(self, timeout: float | None) -> bool:
        """Take in what the server said; return whether there may be more."""
        if self._gone or not _readable(self._connection, timeout):
            return False
        try:
            part, descriptors, _, _ = socket.recv_fds(self._connection, 1 << 16, 1)
        except OSError:
            part, descriptors = b"", []
        if descriptors:
            self._pidfd = descriptors[0]
        if not part:  # a server that has gone has taken the child with it
            self._gone = True
            self._answers.setdefault("status", -signal.SIGKILL)
            return False
        *lines, self._part = (self._part + part).split(b"\n")
        for line in lines:
            self._answers |= json.loads(line)
        return True


class ForkServer:
    """A server, to ask for children. Any thread may ask, and any process that knows its address.

    Attributes
    ----------
    address : str
        Path of its socket, which ``at`` takes.
    """

    def __init__(self, address: str, owned: "_Process | _Here | Forked | None" = None):
        self.address = address
        self._owned = owned
        self._owner = os.getpid()

    @classmethod
    def start(cls) -> Self:
        """Start a server that imports the libraries and ends with this process.

        Raises
        ------
        ForkServerError
            If it can't be started here.
        """
        if sys.platform != "linux":
            raise ForkServerError("a fork server needs Linux")
        address = _new_address()
        try:
            return cls(address, _Process(address))
        except BaseException:
            shutil.rmtree(Path(address).parent, ignore_errors=True)
            raise

    @classmethod
    def here(cls) -> Self:
        """Fork a server from this process, which must have one thread; it has all that is loaded.

        Raises
        ------
        ForkServerError
            If the process has more threads than one.
        """
        if sys.platform != "linux":
            raise ForkServerError("a fork server needs Linux")
        threads = len(list(Path("/proc/self/task").iterdir()))
        if threads != 1:
            raise ForkServerError(f"this process has {threads} threads; only one can be forked")
        from businesscase_workbench.forking.server import folders

        # in that of the first server, which removes it whatever happens here
        address = _new_address(next((folder for folder in folders if folder.is_dir()), None))
        return cls(address, _Here(address))

    def fork(
        self,
        call: str,
        *arguments,
        environment: dict[str, str] | None = None,
        folder: str | None = None,
        streams: tuple[int, int] = (1, 2),
    ) -> Forked:
        """Call a function in a child.

        Parameters
        ----------
        call : str
            As ``package.module:function``.
        *arguments
            Plain values, as JSON has them.
        environment, folder : optional
            The environment variables and the working folder; else those of the server.
        streams : tuple of int, optional
            Descriptors of the child's output and of its errors; else those of this process.

        Raises
        ------
        ForkServerError
            If the server doesn't answer.
        """
        asked = {"call": call, "arguments": arguments}
        return self._ask(asked | {"environment": environment, "folder": folder}, streams)

    def nested(
        self,
        warm_call: str,
        *arguments,
        environment: dict[str, str] | None = None,
        folder: str | None = None,
    ) -> "ForkServer":
        """Call a function in a child and return the child as a server.

        What that one forks has inherited what the function computed. It ends when it is closed.
        The parameters are those of ``fork``.

        Raises
        ------
        ForkServerError
            If the server doesn't answer or the function fails.
        """
        address = _new_address(Path(self.address).parent)
        asked = {"call": warm_call, "arguments": arguments, "serve": address}
        child = self._ask(asked | {"environment": environment, "folder": folder})
        try:
            child._answer("ready")
        except BaseException:
            child.close()
            shutil.rmtree(Path(address).parent, ignore_errors=True)
            raise
        return ForkServer(address, child)

    def alive(self) -> bool:
        """Return whether the server takes requests."""
        try:
            with self._connect() as connection:
                connection.sendall(b'{"alive": true}\n')
                return bool(connection.recv(1))
        except (ForkServerError, OSError):
            return False

    def ended(self) -> bool:
        """Return whether a server that was started here has ended, with all its children."""
        return self._owned is not None and self._owned.poll() is not None

    def retire(self) -> None:
        """Have the server end with its last child, and take no more requests."""
        with suppress(ForkServerError), self._connect() as connection:
            connection.sendall(b'{"retire": true}\n')

    def close(self) -> None:
        """End the server and all that it has forked, if it was started here."""
        if self._owned and self._owner == os.getpid():
            self._owned.close()
            shutil.rmtree(Path(self.address).parent, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_) -> None:
        self.close()

    def _ask(self, asked: dict, streams: tuple[int, int] = (1, 2)) -> Forked:
        connection = self._connect()
        try:
            with Path(os.devnull).open("wb") as nothing:
                opened = [_open_descriptor(number, nothing.fileno()) for number in streams]
                line = json.dumps(asked).encode() + b"\n"
                sent = socket.send_fds(connection, [line], opened)
                connection.sendall(line[sent:])
        except OSError as error:
            connection.close()
            raise ForkServerError(f"{self.address}: {error}") from None
        return Forked(connection, self.address)

    def _connect(self) -> socket.socket:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            connection.connect(self.address)
        except OSError as error:
            connection.close()
            raise ForkServerError(f"{self.address}: no fork server answers: {error}") from None
        return connection


class _Process:
    """A server as a Python of its own."""

    def __init__(self, address: str):
        folder = Path(address).parent
        with (folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "businesscase_workbench.forking.server", address],
                stdin=subprocess.PIPE,  # it ends when this does
                stdout=subprocess.PIPE,
                stderr=log,
                cwd=folder,  # has no modules that could be taken for others
                start_new_session=True,  # an interrupt is for this process, which ends the server
            )
        with self.process.stdout as stdout:
            in_time = _readable(stdout, START_TIMEOUT)
            if not (in_time and stdout.read(1)):
                self.process.kill()
                self.close()
                said = (folder / "log").read_text(errors="replace").strip().splitlines()
                cause = said[-1] if said else "it said nothing" if in_time else "it took too long"
                raise ForkServerError(f"the fork server didn't start: {cause}")

    def poll(self) -> int | None:
        return self.process.poll()

    def close(self) -> None:
        self.process.stdin.close()
        try:
            self.process.wait(END_TIMEOUT)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class _Here:
    """A server that is a fork of this process."""

    def __init__(self, address: str):
        from businesscase_workbench.forking.server import listening, serve_forked

        listener = listening(address)
        self.lifeline, other = socket.socketpair()
        sys.stdout.flush()
        sys.stderr.flush()
        parent = os.getpid()
        self.pid = os.fork()
        if self.pid == 0:
            serve_forked(listener, other, parent)
        listener.close()
        other.close()
        self.status: int | None = None

    def poll(self) -> int | None:
        if self.status is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            self.status = os.waitstatus_to_exitcode(status) if pid else None
        return self.status

    def close(self) -> None:
        self.lifeline.close()
        if self.status is None:
            self.status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])


def _new_address(folder: Path | None = None) -> str:
    """Return the path of a socket in a new folder that is for this user only."""
    address = str(Path(tempfile.mkdtemp(prefix="fork-", dir=folder)) / SOCKET)
    if len(os.fsencode(address)) > LONGEST_ADDRESS:
        Path(address).parent.rmdir()
        raise ForkServerError(
            f"{address}: the path of a socket has more than {LONGEST_ADDRESS} bytes;"
            " name a shorter folder in TMPDIR"
        )
    return address


def _readable(stream, timeout: float | None) -> bool:
    ready = select.poll()  # select.select takes no descriptor above 1023
    ready.register(stream, select.POLLIN)
    return bool(ready.poll(None if timeout is None else max(0, timeout * 1000)))


def _open_descriptor(number: int, otherwise: int) -> int:
    try:
        os.fstat(number)
    except OSError:
        return otherwise
    return number
