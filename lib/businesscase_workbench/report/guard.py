"""Runs a browser that ends, with all that it has started, when the process that wants it does.

It is run by its path and imports nothing of the package. Chrome reads on the descriptor 3 and
writes on 4, which are this program's input and output.
"""

import os
import select
import signal
import subprocess
import sys
import time
from contextlib import suppress
from threading import Thread

READS, WRITES = 3, 4
SECONDS_TO_LEAVE = 2  # Chrome goes by itself when nobody writes to it any more
LOOK = 0.2  # seconds
BYE = b"{bye}\n"  # what choreographer takes for the end


def guarded(command: list[str]) -> None:
    """Run a command until it ends, its owner does or this process is told to."""
    os.dup2(0, READS)
    os.dup2(1, WRITES)
    browser = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=sys.stderr,  # what it prints is no answer
        pass_fds=(READS, WRITES),
        process_group=0,
    )
    signal.signal(signal.SIGTERM, lambda *_: _end(browser))
    Thread(target=_end_with_owner, args=[browser], daemon=True).start()
    browser.wait()
    _end(browser)  # what it has left behind
    with suppress(OSError):
        os.write(WRITES, BYE)


def _end_with_owner(browser: subprocess.Popen) -> None:
    owner = select.poll()
    owner.register(READS, select.POLLHUP)  # its other end is closed
    while not any(event & select.POLLHUP for _, event in owner.poll()):
        time.sleep(LOOK)  # some systems tell of messages too, which are Chrome's
    with suppress(subprocess.TimeoutExpired):
        browser.wait(SECONDS_TO_LEAVE)
    _end(browser)


def _end(browser: subprocess.Popen) -> None:
    with suppress(ProcessLookupError):
        os.killpg(browser.pid, signal.SIGKILL)


if __name__ == "__main__":
    guarded(sys.argv[1:])
