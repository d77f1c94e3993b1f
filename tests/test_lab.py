"""JupyterLab and Voilà as the command line starts them: for this machine, and for who has the token."""

import asyncio
import json
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from conftest import ROOT

from businesscase_workbench.explore import kernels

START = """
import sys
from pathlib import Path
from businesscase.cases.errors import InputError
from businesscase_workbench.explore import server
try:
    getattr(server, sys.argv[1])(Path("notebooks/explore").resolve(), sys.argv[2:])
except InputError as error:
    sys.exit(str(error))
"""


def start(home: Path, port: int, serve: str = "serve_lab") -> subprocess.Popen:
    """Start a server as a user whose settings are in a folder of their own."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("JUPYTER")}
    options = ["--no-browser", f"--port={port}"]
    if serve == "serve_lab" and os.geteuid() == 0:
        options.append("--allow-root")  # where tests run in a container
    with (home / "log").open("w") as log:
        return subprocess.Popen(
            [sys.executable, "-c", START, serve, *options],
            cwd=ROOT,
            env=kept | {"HOME": str(home)},
            stderr=log,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        )


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return place.getsockname()[1]


def answer(address: str) -> int:
    """Return the status of the answer of a server."""
    try:
        with urllib.request.urlopen(address, timeout=20) as answered:
            return answered.status
    except urllib.error.HTTPError as refused:
        return refused.code


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """Return port and token of a started server."""
    home, port = tmp_path_factory.mktemp("home"), free_port()
    server = start(home, port)
    until = time.monotonic() + 90
    found = None
    while not found and server.poll() is None and time.monotonic() < until:
        time.sleep(0.2)
        found = re.search(r"http://127\.0\.0\.1:\d+/lab\?token=(\w+)", (home / "log").read_text())
    try:
        assert found, (home / "log").read_text()
        yield port, found[1]
    finally:
        server.terminate()
        server.wait(timeout=20)


def test_lab_answers_who_has_the_token_and_nobody_else(lab):
    port, token = lab
    assert len(token) >= 32
    address = f"http://127.0.0.1:{port}/api/contents"
    assert answer(address) == 403
    assert answer(f"{address}?token={token[:-1]}") == 403
    assert answer(f"{address}?token={token}") == 200


@pytest.mark.skipif(not Path("/proc/net/tcp").exists(), reason="needs Linux's list of sockets")
def test_lab_listens_to_this_machine_alone(lab):
    rows = [
        line.split()
        for name in ("tcp", "tcp6")
        if (file := Path("/proc/net", name)).exists()
        for line in file.read_text().splitlines()[1:]
    ]
    listening = {local for _, local, _, state, *_ in rows if state == "0A"}
    assert {local for local in listening if local.endswith(f":{lab[0]:04X}")} == {
        f"0100007F:{lab[0]:04X}"
    }


def test_no_file_of_the_project_holds_the_token(lab):
    token = lab[1].encode()
    changed = [
        path
        for path in ROOT.rglob("*")
        if path.is_file() and not {".git", ".venv"} & set(path.parts)
    ]
    recent = [path for path in changed if path.stat().st_mtime > time.time() - 600]
    assert [path for path in recent if token in path.read_bytes()] == []


def test_settings_that_leave_out_the_token_are_refused(tmp_path):
    (tmp_path / ".jupyter").mkdir()
    settings = 'c.IdentityProvider.token = ""\nc.ServerApp.ip = "0.0.0.0"\n'
    (tmp_path / ".jupyter" / "jupyter_server_config.py").write_text(settings, encoding="utf-8")
    server = start(tmp_path, free_port())
    assert server.wait(timeout=90) == 1
    assert "set to serve without a token" in (tmp_path / "log").read_text()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        pytest.param({"Voila": {"ip": "0.0.0.0"}}, "to other machines", marks=pytest.mark.long),
        pytest.param({"Voila": {"auto_token": False}}, "without a token", marks=pytest.mark.long),
        pytest.param({"Voila": {"token": ""}}, "without a token", marks=pytest.mark.long),
        pytest.param(
            {"IdentityProvider": {"token": ""}}, "without a token", marks=pytest.mark.long
        ),
        pytest.param(
            {"VoilaConfiguration": {"file_allowlist": [".*"]}},
            "files besides the explorers",
            marks=pytest.mark.long,
        ),
        (
            {
                "Voila": {"ip": "0.0.0.0", "auto_token": False, "token": ""},
                "VoilaConfiguration": {"file_allowlist": [".*"]},
            },
            "without a token and to other machines and files besides the explorers",
        ),
    ],
)
def test_settings_that_open_the_explorers_to_others_are_refused(tmp_path, settings, said):
    (tmp_path / ".jupyter").mkdir()
    (tmp_path / ".jupyter" / "voila.json").write_text(json.dumps(settings), encoding="utf-8")
    server = start(tmp_path, free_port(), "serve")
    try:
        assert server.wait(timeout=60) == 1
    finally:
        server.terminate()
    assert f"Voilà is set to serve {said}; take that out" in (tmp_path / "log").read_text("utf-8")


def test_of_many_pages_that_were_not_closed_a_few_keep_their_kernel(monkeypatch):
    monkeypatch.setattr(kernels, "MOST", 2)

    async def left_of_three():
        manager = kernels.BoundedKernels()
        try:
            started = [await manager.start_kernel(kernel_name="python3") for _ in range(2)]
            manager.notify_connect(started[0])  # the first has a page, the second has none
            started.append(await manager.start_kernel(kernel_name="python3"))
            return [kernel in manager for kernel in started]
        finally:
            await manager.shutdown_all(now=True)

    assert asyncio.run(left_of_three()) == [True, False, True]
