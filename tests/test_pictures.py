"""The browser that draws charts for paper: it answers in time or is ended."""

import os
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest

from businesscase.batch import Job, Settings, run_jobs
from businesscase.errors import InputError
from businesscase.report import pictures
from businesscase.report.pictures import Pictures

CASE = "worked-example"
FIGURE = {"data": [{"type": "bar", "x": [1, 2], "y": [3, 4]}], "layout": {"height": 300}}
posix = pytest.mark.skipif(sys.platform == "win32", reason="programs with a #! are POSIX only")
# a browser that does as its name says, notes its number and its child's, and never ends by itself
FAKE = f"""#!{sys.executable}
import json, os, subprocess, sys, time
from pathlib import Path

does = Path(sys.argv[0]).name
child = subprocess.Popen(["sleep", "900"])
Path(sys.argv[0] + ".started").write_text(f"{{os.getpid()}} {{child.pid}}\\n")
print("a browser's greeting", flush=True)

def say(**message):
    os.write(4, json.dumps(message).encode() + b"\\0")

if does == "exits-at-once":
    sys.exit(3)
if does == "says-what-nobody-understands":
    os.write(4, b"hello")
if does in ("never-answers", "says-what-nobody-understands"):
    child.wait()
left = b""
while True:
    read = os.read(3, 1 << 20)
    if not read:
        child.wait()
    *messages, left = (left + read).split(b"\\0")
    for message in map(json.loads, messages):
        to = {{key: message[key] for key in ("id", "sessionId") if key in message}}
        method = message["method"]
        if method == "Runtime.callFunctionOn" and does == "dies-midway":
            os._exit(1)
        if method in ("Runtime.callFunctionOn", "Browser.close"):
            continue
        pages = {{"targetInfos": [{{"type": "page", "targetId": "1"}}]}}
        found = {{"Target.getTargets": pages, "Target.attachToTarget": {{"sessionId": "1"}}}}
        say(**to, result=found.get(method, {{}}))
        if method == "Runtime.enable":
            session = {{"sessionId": to["sessionId"]}}
            context = {{"context": {{"id": 1}}}}
            say(method="Runtime.executionContextCreated", params=context, **session)
            say(method="Page.loadEventFired", params={{}}, **session)
"""


@pytest.fixture
def fake(tmp_path, monkeypatch):
    """Return a function that sets a browser which does as its name says, and where it notes itself."""

    def made(does):
        program = tmp_path / does
        program.write_text(FAKE, encoding="utf-8")
        program.chmod(0o755)
        monkeypatch.setenv("BROWSER_PATH", str(program))
        return program, program.with_name(f"{does}.started")

    yield made
    for started in tmp_path.glob("*.started"):  # if a test failed, they may still run
        for number in filter(is_running, started.read_text().split()):
            os.kill(int(number), signal.SIGKILL)


def wait_until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def is_running(number):
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def all_ended(started):
    return not any(map(is_running, started.read_text().split()))


@posix
@pytest.mark.parametrize(
    ("does", "seconds_to_start", "said"),
    [
        ("never-answers", 1, "doesn't answer within 1 seconds"),
        ("says-what-nobody-understands", 1, "doesn't answer within 1 seconds"),
        ("exits-at-once", 30, "doesn't start"),
        ("never-draws", 30, "doesn't answer within 1 seconds"),
        ("dies-midway", 30, "ended while it drew"),
    ],
)
def test_browser_that_does_not_draw_is_named_and_ended_with_what_it_started(
    does, seconds_to_start, said, fake, monkeypatch
):
    monkeypatch.setattr(pictures, "SECONDS_TO_START", seconds_to_start)
    monkeypatch.setattr(pictures, "SECONDS_TO_DRAW", 1)
    program, started = fake(does)
    with (
        pytest.raises(InputError, match=f"{program} {said}: name another Chrome"),
        Pictures() as browser,
    ):
        browser.svg(FIGURE)
    wait_until(lambda: all_ended(started), 10)


@posix
def test_program_that_may_not_be_run_does_not_start(fake):
    program, _ = fake("never-answers")
    program.chmod(0o644)
    with pytest.raises(InputError, match=f"{program} doesn't start"), Pictures():
        pass


@posix
def test_browser_that_never_draws_is_refused_before_a_report_makes_way(fake, tmp_path, monkeypatch):
    monkeypatch.setattr(pictures, "SECONDS_TO_DRAW", 0.5)
    fake("never-draws")
    settings = Settings(str(tmp_path / "reports"), 1, formats=("html", "docx"))
    with pytest.raises(InputError, match=r"doesn't answer within 0\.5 seconds"):
        run_jobs([Job(CASE, "base")], settings)
    assert not (tmp_path / "reports" / CASE / "base.status.json").exists()


@posix
@pytest.mark.parametrize(
    ("does", "number"), [("never-answers", signal.SIGINT), ("never-draws", signal.SIGKILL)]
)
def test_report_that_waits_for_a_browser_can_be_cut_off(does, number, fake, tmp_path):
    _, started = fake(does)
    command = [sys.executable, "-m", "businesscase.cli", "report", CASE, "--formats", "docx"]
    process = subprocess.Popen(
        [*command, "--output", str(tmp_path / "reports")],
        stderr=subprocess.PIPE,
        text=True,
        # a shell that runs the tests in the background has them, and so the process, ignore Ctrl-C
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    )
    wait_until(lambda: process.poll() is not None or started.exists())
    process.send_signal(number)
    said = process.communicate(timeout=30)[1]
    assert (said, process.returncode) == (
        ("interrupted\n", 130) if number == signal.SIGINT else ("", -signal.SIGKILL)
    )
    wait_until(lambda: all_ended(started), 10)
