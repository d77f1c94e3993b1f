"""The browser that draws charts for paper: it answers in time or is ended, and reaches no host."""

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from conftest import BROWSERS, sampled

from businesscase.cases.errors import InputError
from businesscase_workbench.batch import Job, Settings, run_jobs
from businesscase_workbench.report import pictures
from businesscase_workbench.report.pictures import Pictures

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
    ("does", "number"),
    sampled([("never-answers", signal.SIGINT), ("never-draws", signal.SIGKILL)], 2),
)
def test_report_that_waits_for_a_browser_can_be_cut_off(does, number, fake, tmp_path):
    _, started = fake(does)
    command = [
        sys.executable,
        "-m",
        "businesscase_workbench.cli",
        "report",
        CASE,
        "--formats",
        "docx",
    ]
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


class Picture(BaseHTTPRequestHandler):
    """Counts what is asked of a host."""

    asked = 0

    def do_GET(self):
        """Count a request."""
        Picture.asked += 1
        self.send_error(404)

    def log_message(self, *_):
        """Print nothing."""


@posix
def test_browser_looks_up_no_host_and_fetches_nothing(tmp_path, monkeypatch):
    """As Chrome's own log of the network tells, which has each look-up, connection and byte."""
    chrome = next(filter(None, map(shutil.which, BROWSERS)), None)
    if not chrome:
        pytest.skip("needs Chrome, Chromium or Edge")
    log, program = tmp_path / "network.json", tmp_path / "chrome"
    program.write_text(f'#!/bin/sh\nexec {chrome} "$@" --log-net-log={log}\n', encoding="utf-8")
    program.chmod(0o755)
    monkeypatch.setenv("BROWSER_PATH", str(program))
    monkeypatch.setenv("http_proxy", "http://proxy.invalid:8080")
    host = HTTPServer(("127.0.0.1", 0), Picture)
    threading.Thread(target=host.serve_forever, daemon=True).start()
    address = f"http://127.0.0.1:{host.server_port}/picture.png"
    image = {"source": address, "xref": "paper", "yref": "paper", "sizex": 1, "sizey": 1}
    linked = {**FIGURE, "layout": {**FIGURE["layout"], "images": [image]}}
    with Pictures() as browser:
        browser.svg(linked)
        browser.png(linked)
    host.shutdown()
    host.server_close()
    told = json.loads(log.read_text(encoding="utf-8"))
    kinds = {number: name for name, number in told["constants"]["logEventTypes"].items()}
    happened = {kinds[event["type"]] for event in told["events"]}
    assert "URL_REQUEST_START_JOB" in happened  # Chrome tries
    looked_up = {"HOST_RESOLVER_MANAGER_JOB", "HOST_RESOLVER_SYSTEM_TASK", "DNS_TRANSACTION"}
    reached = {"TCP_CONNECT_ATTEMPT", "UDP_BYTES_SENT", "SOCKET_BYTES_SENT"}
    assert happened & (looked_up | reached) == set()
    assert Picture.asked == 0


def test_browser_starts_with_nothing_that_opens_it_and_an_empty_profile(tmp_path, monkeypatch):
    from businesscase_workbench.report.browser import OPENING, chart_browser

    program = tmp_path / "chrome"
    program.touch()
    monkeypatch.setenv("BROWSER_PATH", str(program))
    browser = chart_browser()._browser_impl
    browser.pre_open()
    command = browser.get_cli()
    profile = Path(next(part for part in command if "user-data-dir" in part).partition("=")[2])
    assert list(profile.iterdir()) == []
    assert not OPENING & set(command)
    assert {"--disable-background-networking", "--disable-component-update"} <= set(command)
    browser.clean()
    assert not profile.exists()
