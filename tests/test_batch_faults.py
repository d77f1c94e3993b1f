"""Whatever goes wrong in a batch, no report is lost, mixed, half-written or taken for another."""

import json
import os
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import termios
import time
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path

import pytest
from conftest import ROOT, inputs
from test_batch import CASE, index, settings, write_notebook

from businesscase.cases.case import load_case
from businesscase.cases.errors import InputError
from businesscase_workbench.batch import Job, manifest, run_jobs

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")

TIMEOUT = 3
CHANGED = "the inputs or the code changed while the batch ran; run it again"
# what a kernel does in its second cell, by scenario, unless a file says that the fault is mended
FAULTS = """
import ctypes, os, resource, signal, sys, threading, time
from pathlib import Path
folder = Path(os.environ["BUSINESSCASE_DATA"]).parent

def parent(process):
    return int(Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[1])

def once():
    marker = folder / f"{scenario}.once"
    first = not marker.exists()
    marker.touch()
    return first

job = os.getppid()
with (folder / "made").open("a") as file:
    print(scenario, os.getpid(), job, file=file)
if not (folder / "mended").exists():
    if scenario == "raises":
        raise ValueError("the first line\\nthe last line")
    if scenario == "hangs":
        time.sleep(600)
    if scenario == "hangs-on":
        while True:
            try:
                time.sleep(600)
            except KeyboardInterrupt:
                pass
    if scenario == "hangs-in-c":
        ctypes.PyDLL(None).sleep(600)
    if scenario == "no-memory":
        resource.setrlimit(resource.RLIMIT_AS, (1 << 32, 1 << 32))
        bytearray(1 << 33)
    if scenario == "out-of-memory":
        os.kill(os.getpid(), signal.SIGKILL)
    if scenario == "vanishes":
        threading.Timer(0.1, os.kill, [os.getpid(), signal.SIGKILL]).start()
    if scenario == "exits":
        os._exit(0)
    if scenario == "sys-exits":
        sys.exit()
    if scenario == "sys-exits-3":
        sys.exit(3)
    if scenario == "job-killed":
        os.kill(job, signal.SIGKILL)
    if scenario == "case-killed" and once():
        os.kill(parent(job), signal.SIGKILL)
    if scenario == "root-killed" and once():
        os.kill(parent(parent(job)), signal.SIGKILL)
    if scenario.startswith("waits"):
        time.sleep(600)
    if scenario == "edits-notebook":
        path = folder / "notebooks" / "07_decision.ipynb"
        path.write_text(path.read_text().replace("scenario.upper()", "scenario.lower()"))
    if scenario == "edits-data":
        path = folder / "data" / case / "case.toml"
        path.write_text(path.read_text() + "# edited")
"""
EVERY_ERROR = {
    "raises": "06_readiness.ipynb, cell [3]: ValueError: the last line",
    "hangs": f"06_readiness.ipynb, cell [3]: took longer than {TIMEOUT} seconds",
    "hangs-on": f"06_readiness.ipynb, cell [3]: took longer than {TIMEOUT} seconds",
    "hangs-in-c": f"06_readiness.ipynb, cell [3]: took longer than {TIMEOUT} seconds",
    "no-memory": "06_readiness.ipynb, cell [3]: MemoryError",
    "out-of-memory": "06_readiness.ipynb, cell [3]: its kernel died; "
    "often the computer had no memory left",
    "vanishes": "06_readiness.ipynb, cell [4]: its kernel died; "
    "often the computer had no memory left",
    "exits": "06_readiness.ipynb, cell [3]: its kernel died; often the computer had no memory left",
    "sys-exits": "06_readiness.ipynb, cell [3]: ended the notebook by sys.exit; "
    "every cell must run",
    "sys-exits-3": "06_readiness.ipynb, cell [3]: SystemExit: 3",
    "job-killed": "its process ended without an answer; "
    "often the computer had no memory or disk space left",
}
DAILY = ["raises", "hangs", "no-memory", "out-of-memory", "sys-exits", "job-killed"]
ERRORS = {name: EVERY_ERROR[name] for name in inputs(DAILY, list(EVERY_ERROR))}
KILLED = inputs([], ["case-killed", "root-killed"])
MADE = ["base", *KILLED, "same-pace"]
AGAIN = [
    "raises",
    "hangs",
    *inputs([], ["exits"]),
]  # of those that failed, made again when the faults are mended
TWO = ["base", "same-pace"]
WAITING = ["waits-1", "waits-2", "waits-3"]
EDITING = ["edits-notebook", "edits-data"]
FILES = [
    "03_savings.ipynb",
    "06_readiness.ipynb",
    "07_decision.ipynb",
    "appendix.html",
    "manifest.json",
    "report.html",
    "results.csv",
]


def write_project(folder):
    """Write a project with a scenario for each fault; it has no other case."""
    notebooks = folder / "notebooks"
    shutil.copytree(ROOT / "data" / CASE, folder / "data" / CASE)
    for path in (ROOT / "data").glob("*.*"):
        shutil.copy(path, folder / "data")
    (folder / "requirements.lock").write_text("numpy==1", encoding="utf-8")
    with (folder / "data" / CASE / "scenarios.toml").open("a", encoding="utf-8") as file:
        for name in [*ERRORS, *KILLED, *WAITING, *EDITING]:
            print(f'\n[{name}]\ntitle = "{name}"\nwhy = "A fault."\noverrun = 0.5', file=file)
    write_notebook(notebooks, "02_options", "raise RuntimeError('the case scores no options')")
    write_notebook(notebooks, "03_savings", "scenario")
    write_notebook(notebooks, "06_readiness", FAULTS, "import time\ntime.sleep(0.2)")
    write_notebook(notebooks, "07_decision", "scenario.upper()")


@contextmanager
def at_work_in(folder):
    """Work in a project's folder, as someone who has just opened a terminal there."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("BUSINESSCASE_DATA", raising=False)
        load_case.cache_clear()
        yield folder
    load_case.cache_clear()


@pytest.fixture
def project(tmp_path):
    write_project(tmp_path)
    with at_work_in(tmp_path):
        yield tmp_path


def report(folder, *scenarios, place="reports", workers=2, **more):
    """Make reports and return the outcomes by scenario."""
    load_case.cache_clear()  # as in a process of its own
    jobs = [Job(CASE, scenario) for scenario in scenarios]
    outcomes = run_jobs(jobs, settings(folder / place, folder, workers, timeout=TIMEOUT, **more))
    return {outcome.job.scenario: outcome for outcome in outcomes}


def made(folder):
    """Return the scenarios whose first notebook was run, in order."""
    path = folder / "made"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [line.split()[0] for line in lines]


def states(reports):
    """Return what the status files say, by scenario."""
    found = (json.loads(path.read_text()) for path in sorted(reports.glob("*/*.status.json")))
    return {status["scenario"]: status["state"] for status in found}


def contents(reports, scenario="base"):
    """Return the bytes of a report's files and of the record, by name."""
    files = [*sorted((reports / CASE / scenario).iterdir()), reports / "run.json"]
    return {path.name: path.read_bytes() for path in files}


# one run with every fault of a notebook or a process, and a second when they are mended


@pytest.fixture(scope="module")
def first(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    write_project(folder)
    with at_work_in(folder):
        outcomes = report(folder, *ERRORS, *MADE)
        yield folder, outcomes, states(folder / "reports")


@pytest.fixture(scope="module")
def second(first):
    folder, _, _ = first
    before = made(folder)
    reports = folder / "second"
    shutil.copytree(folder / "reports", reports)
    (folder / "mended").touch()
    outcomes = report(folder, *AGAIN, *MADE, place="second")
    (folder / "mended").unlink()
    return reports, outcomes, made(folder)[len(before) :]


@pytest.mark.fuzz
@pytest.mark.parametrize(("scenario", "error"), ERRORS.items())
def test_each_fault_is_told_in_a_sentence(first, scenario, error):
    assert first[1][scenario].error == error


@pytest.mark.fuzz
def test_faults_cost_no_other_report(first):
    folder, outcomes, _ = first
    assert [name for name, outcome in outcomes.items() if not outcome.error] == MADE
    for name in MADE:
        found = sorted(path.name for path in (folder / "reports" / CASE / name).iterdir())
        assert found == FILES, name


@pytest.mark.long
@pytest.mark.parametrize("killed", KILLED)
def test_reports_whose_server_was_killed_were_tried_again(first, killed):
    assert made(first[0]).count(killed) >= 2
    assert (first[0] / f"{killed}.once").exists()


@pytest.mark.fuzz
def test_status_files_say_what_failed(first):
    assert first[2] == dict.fromkeys(ERRORS, "failed") | dict.fromkeys(MADE, "ok")
    status = first[0] / "reports" / CASE / "raises.status.json"
    assert json.loads(status.read_text())["cause"] == ERRORS["raises"]


@pytest.mark.fuzz
def test_record_counts_every_report(first):
    record = json.loads((first[0] / "reports" / "run.json").read_text())["reports"]
    assert {report["scenario"]: report["cause"] for report in record} == ERRORS | dict.fromkeys(
        MADE
    )


@pytest.mark.fuzz
def test_nothing_runs_on_after_the_faults(first):
    assert running(first[0]) == []
    assert not list(first[0].rglob("*unfinished*"))


@pytest.mark.long
def test_next_run_makes_what_failed_and_nothing_else(second):
    _, outcomes, notebooks_run = second
    assert [name for name, outcome in outcomes.items() if outcome.error] == []
    assert [name for name, outcome in outcomes.items() if outcome.kept] == MADE
    assert sorted(notebooks_run) == sorted(AGAIN)
    said = states(second[0])
    assert {name for name in said if said[name] == "ok"} == {*AGAIN, *MADE}
    evidence = {path.stem for path in second[0].rglob("*.failed")}
    assert evidence == set(ERRORS) - set(AGAIN)
    times = json.loads((second[0] / "times.json").read_text())["reports"]
    assert [report["scenario"] for report in times if report["kept"]] == MADE


@pytest.mark.long
def test_report_after_faults_is_the_one_without_them(first, second):
    for name in MADE:
        before = contents(first[0] / "reports", name) | {"run.json": b""}
        assert contents(second[0], name) | {"run.json": b""} == before


# what is kept, and what is made again


@pytest.fixture
def mended(first, second):
    """The project without its faults; in second/ are its reports."""
    (first[0] / "mended").touch()
    yield first[0]
    (first[0] / "mended").unlink()


@pytest.mark.long
def test_damaged_reports_are_made_again_and_others_kept(mended, second, tmp_path):
    folder, reports = mended, tmp_path / CASE
    shutil.copytree(second[0] / CASE, reports)
    before = len(made(folder))
    (reports / "base" / "report.html").unlink()
    with (reports / "case-killed" / "results.csv").open("r+b") as file:
        file.truncate(100)
    edit(reports / "root-killed" / "06_readiness.ipynb", "What about", "So what about")
    edit(reports / "raises" / "manifest.json", '"recommendation": "stop"', '"recommendation": "go"')
    edit(reports / "hangs" / "manifest.json", "{", "{{")
    (reports / "exits" / ".ipynb_checkpoints").mkdir()  # of one who looked at the notebook
    (reports / "exits" / "notes.txt").touch()
    damaged = ["base", "case-killed", "root-killed", "raises", "hangs"]
    outcomes = report(folder, *damaged, "exits", "same-pace", place=tmp_path)
    assert [name for name, outcome in outcomes.items() if outcome.kept] == ["exits", "same-pace"]
    assert sorted(made(folder)[before:]) == sorted(damaged)
    assert (reports / "exits" / "notes.txt").exists()
    for name in damaged:
        assert (
            contents(second[0], name)["manifest.json"]
            == (reports / name / "manifest.json").read_bytes()
        )


def edit(path, old, new):
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize(
    ("file", "old", "new", "current"),
    [
        ("notebooks/07_decision.ipynb", "scenario.upper()", "scenario.title()", False),
        ("notebooks/02_options.ipynb", "What about", "And what about", False),
        ("notebooks/07_decision.ipynb", '"outputs": []', '"outputs": [{"name": "stdout", '
         '"output_type": "stream", "text": "said"}]', True),
        (f"data/{CASE}/scenarios.toml", "Sunderland = 3", "Sunderland = 2", False),
        (f"data/{CASE}/flows.csv", "business case", "full business case", False),
        ("requirements.lock", "numpy==1", "numpy==2", False),
    ],
)  # fmt: skip
def test_report_is_current_while_its_inputs_are(first, file, old, new, current):
    folder = first[0]
    text = (folder / file).read_text(encoding="utf-8")
    edit(folder / file, old, new)
    load_case.cache_clear()
    page = index(folder / "reports", folder, [])
    (folder / file).write_text(text, encoding="utf-8")
    load_case.cache_clear()
    assert (f'href="{CASE}/base/report.html"' in page) == current
    assert f'href="{CASE}/base/report.html"' in index(folder / "reports", folder, [])


def test_report_of_another_library_is_not_current(first, monkeypatch):
    monkeypatch.setattr(manifest, "library_hash", lambda: "of another library")
    assert f'href="{CASE}/base/report.html"' not in index(first[0] / "reports", first[0], [])
    monkeypatch.undo()
    assert f'href="{CASE}/base/report.html"' in index(first[0] / "reports", first[0], [])


@pytest.mark.long
def test_changed_notebook_makes_reports_again(mended, tmp_path):
    shutil.copytree(mended / "second" / CASE / "base", tmp_path / CASE / "base")
    notebook = mended / "notebooks" / "07_decision.ipynb"
    text = notebook.read_text(encoding="utf-8")
    edit(notebook, "scenario.upper()", "scenario.title()")
    outcomes = [report(mended, "base", place=tmp_path)["base"] for _ in range(2)]
    notebook.write_text(text, encoding="utf-8")
    assert [(outcome.kept, outcome.error) for outcome in outcomes] == [(False, None), (True, None)]
    assert "Base" in (tmp_path / CASE / "base" / "report.html").read_text(encoding="utf-8")


@pytest.mark.long
def test_report_of_another_library_is_made_again(mended, tmp_path):
    shutil.copytree(mended / "second" / CASE / "base", tmp_path / CASE / "base")
    library = tmp_path / "lib"
    no_caches = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "lib", library, ignore=no_caches)
    more = {"place": tmp_path, "PYTHONPATH": str(library)}
    assert command(mended, "base", **more)[1].startswith("0 of 1 reports made, 1 unchanged: ")
    edit(
        library / "businesscase_workbench" / "report" / "templates" / "report.html",
        "All reports",
        "Every report",
    )
    assert command(mended, "base", **more)[1].startswith("1 of 1 reports made: ")
    page = (tmp_path / CASE / "base" / "report.html").read_text(encoding="utf-8")
    assert "Every report" in page


@pytest.mark.long
@pytest.mark.parametrize("editing", EDITING)
def test_inputs_edited_while_the_batch_runs_give_no_mixed_report(project, editing):
    outcomes = report(project, "base", editing, "same-pace", workers=1)
    assert [outcome.error for outcome in outcomes.values()] == [None, CHANGED, CHANGED]
    assert sorted(path.name for path in (project / "reports" / CASE).iterdir() if path.is_dir()) == [
        "base", f"{editing}.failed",
    ]  # fmt: skip


# full disks


@pytest.mark.long
def test_report_that_cannot_be_written_fails_alone(mended, tmp_path):
    shutil.copytree(mended / "second" / CASE / "base", tmp_path / CASE / "base")
    page = (tmp_path / CASE / "base" / "report.html").stat().st_size
    most, never = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (page - 1000, never))
    try:
        outcomes = report(mended, "base", "same-pace", place=tmp_path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (most, never))
    assert outcomes["base"].kept
    assert outcomes["same-pace"].error == "report.html: File too large"
    assert states(tmp_path) == {"base": "ok", "same-pace": "failed"}
    assert not (tmp_path / CASE / "same-pace").exists()


@pytest.mark.long
def test_full_disk_is_said_and_the_next_run_with_space_makes_the_rest(mended, tmp_path):
    reports = tmp_path / "reports"
    with small_disk(reports):
        shutil.copytree(mended / "second" / CASE / "base", reports / CASE / "base")
        fill(reports / "filler", room=40_000)
        with pytest.raises(InputError) as refused:
            report(mended, "base", "same-pace", "services-stay-public", place=reports)
        assert re.match(f"{CASE} same-pace.*: .*No space left on device", refused.value.faults[0])
        assert refused.value.faults[-1] == "run.json: No space left on device"
        assert not (reports / CASE / "same-pace").exists()
        (reports / "filler").unlink()
        assert f'href="{CASE}/base/report.html"' in index(reports, mended, [])
        outcomes = report(mended, "base", "same-pace", "services-stay-public", place=reports)
        assert [(o.kept, o.error) for o in outcomes.values()] == [(True, None)] + [
            (False, None)
        ] * 2
        assert set(states(reports).values()) == {"ok"}
        assert sorted(path.name for path in (reports / CASE / "same-pace").iterdir()) == FILES


@contextmanager
def small_disk(folder):
    """Let a folder be a disk of its own, of a megabyte."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("may not mount a disk")
    try:
        yield
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def fill(path, room):
    """Fill the disk that a file is on, but for some room."""
    there = os.statvfs(path.parent)
    path.write_bytes(bytes(there.f_bavail * there.f_frsize - room))


# the whole command: interrupted, killed, twice at once, on a terminal, without a fork server


NOT_LINUX = """
from businesscase_workbench.batch import children
from businesscase_workbench.cli import main
children.LINUX = False
raise SystemExit(main())
"""


def start(
    folder,
    *scenarios,
    place="reports",
    arguments=(),
    stderr=subprocess.PIPE,
    program=("-m", "businesscase"),
    **environment,
):
    """Start ``businesscase report`` in a project's folder."""
    chosen = [part for scenario in scenarios for part in ("--scenario", scenario)]
    # a shell that runs the tests in the background has them, and so the process, ignore Ctrl-C
    hear = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    return subprocess.Popen(
        [sys.executable, *program, "report", CASE, *chosen, "--workers", "2",
         "--output", str(folder / place), "--timeout", str(TIMEOUT * 20), *arguments],
        cwd=folder, stdout=subprocess.PIPE, stderr=stderr, text=True, preexec_fn=hear,
        env={**os.environ, "STARTED_IN": str(folder), **environment},
    )  # fmt: skip


def command(folder, *scenarios, **more):
    """Run ``businesscase report`` and return its exit code and what it printed."""
    process = start(folder, *scenarios, **more)
    said, errors = process.communicate(timeout=120)
    return process.returncode, said, errors


def running(folder):
    """Return the command lines of the processes that work in or for a folder, apart from this."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            said = (process / "environ").read_bytes() + (process / "cmdline").read_bytes()
            state, parent, *_ = (process / "stat").read_text().rpartition(")")[2].split()
            inside = (process / "cwd").readlink().is_relative_to(folder)
        except OSError:  # it has ended meanwhile, or is another user's
            continue
        if b"resource_tracker" in said and int(parent) == os.getpid():
            continue  # of the tests themselves, with which it ends
        if (
            (os.fsencode(folder) in said or inside)
            and state != "Z"
            and int(process.name) != os.getpid()
        ):
            found.append((process / "cmdline").read_bytes())
    return found


def wait_until(condition, seconds=60):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


CUTS = [
    (signal.SIGINT, 130, "interrupted; the same command makes what is left\n"),
    (signal.SIGTERM, -15, ""),
    (signal.SIGKILL, -9, ""),
]


@pytest.mark.parametrize("cuts", [CUTS[:1], pytest.param(CUTS, marks=pytest.mark.long)])
def test_run_that_is_cut_off_leaves_no_process_and_loses_no_report(project, cuts):
    """Cut off once or more, each time with one more report made and two in the making."""
    reports = project / "reports"
    earlier = reports / CASE / "waits-1" / "report.html"
    earlier.parent.mkdir(parents=True)
    earlier.write_text("an earlier run", encoding="utf-8")
    whole = ["base", "same-pace", "services-stay-public"][: len(cuts)]
    for count, (number, code, said) in enumerate(cuts, start=1):
        there = len(made(project))
        with tempfile.TemporaryDirectory() as temporary:  # short, for it is part of a socket's name
            process = start(project, *whole[:count], *WAITING, TMPDIR=temporary)
            wait_until(lambda: process.poll() is not None or len(made(project)) == there + 3)  # noqa: B023
            process.send_signal(number)
            assert (process.communicate(timeout=30)[1], process.returncode) == (said, code)
            wait_until(lambda: not running(project), 10)
            assert list(Path(temporary).iterdir()) == []
        assert sorted(made(project)[there:]) == sorted([whole[count - 1], *WAITING[:2]])
        waiting = "pending" if number == signal.SIGINT else "running"  # of others nobody can say
        assert states(reports) == dict.fromkeys(whole[:count], "ok") | {
            "waits-1": waiting, "waits-2": waiting, "waits-3": "pending",
        }  # fmt: skip
        # a run writes the page that leads to them at its end, which only an interruption lets it see
        assert (reports / "index.html").exists() == (number == signal.SIGINT or count > 1)
        assert earlier.read_text(encoding="utf-8") == "an earlier run"
        page = index(reports, project, [])
        assert re.findall(r'href="[\w-]+/([\w-]+)/report.html"', page) == whole[:count]
    assert all(outcome.kept for outcome in report(project, *whole).values())
    if cuts == CUTS:
        what_was_cut_off_is_made(project, whole)


def what_was_cut_off_is_made(project, whole):
    """Run the command once more where nothing waits, and see it make the rest."""
    reports = project / "reports"
    (project / "mended").touch()
    there = len(made(project))
    assert command(project, *whole, *WAITING) == (
        0, f"3 of {3 + len(whole)} reports made, {len(whole)} unchanged: {reports / 'index.html'}\n", "",
    )  # fmt: skip
    assert sorted(made(project)[there:]) == WAITING
    assert set(states(reports).values()) == {"ok"}
    assert not list(reports.rglob("*unfinished*"))


@pytest.fixture(scope="module")
def twice(tmp_path_factory):
    """A project of which two commands made the same reports at once, and what they printed."""
    folder = tmp_path_factory.mktemp("twice")
    write_project(folder)
    (folder / "mended").touch()
    with at_work_in(folder):
        processes = [start(folder, *names) for names in (TWO, TWO[::-1])]
        return folder, [process.communicate(timeout=120) for process in processes]


def test_two_batches_at_once_make_each_report_once(twice):
    folder, said = twice
    assert [errors for _, errors in said] == ["", ""]
    assert sorted(made(folder)) == sorted(TWO)
    assert states(folder / "reports") == dict.fromkeys(TWO, "ok")
    with at_work_in(folder):
        assert all(outcome.kept for outcome in report(folder, *TWO).values())


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """A report made as where no process can be forked, and what that printed."""
    folder = tmp_path_factory.mktemp("alone")
    write_project(folder)
    with at_work_in(folder):
        return folder, command(folder, "base", program=["-c", NOT_LINUX])


@pytest.mark.long
def test_where_no_process_can_be_forked_one_line_says_so(alone):
    folder, (code, said, errors) = alone
    assert (code, said) == (0, f"1 of 1 reports made: {folder / 'reports' / 'index.html'}\n")
    (line,) = errors.splitlines()
    assert line.endswith("; each report starts its own Python, which takes longer")


@pytest.mark.long
def test_where_no_process_can_be_forked_a_fault_is_told_as_elsewhere(project):
    code, said, errors = command(project, "raises", program=["-c", NOT_LINUX])
    assert (code, said.split(":")[0]) == (1, "0 of 1 reports made, 1 failed")
    assert errors.splitlines()[1:] == [f"{CASE} raises: {ERRORS['raises']}"]


@pytest.mark.parametrize("way", ["twice", pytest.param("alone", marks=pytest.mark.long)])
def test_same_inputs_give_the_same_bytes_in_any_folder_at_any_time_and_any_way(way, first, request):
    forked, other = (folder / "reports" for folder in (first[0], request.getfixturevalue(way)[0]))
    of_batch = {"run.json": b""}  # which tells of the other reports too
    assert contents(forked) | of_batch == contents(other) | of_batch
    times = [json.loads((place / "times.json").read_text()) for place in (forked, other)]
    assert times[0]["started"] != times[1]["started"]


def test_nothing_of_the_machine_is_in_a_report(twice):
    folder = twice[0]
    names = [str(folder), str(ROOT), sys.prefix, str(Path.home()), os.uname().nodename]
    names += [tempfile.gettempdir(), time.strftime("%Y-%m-%dT")]
    for file, content in contents(folder / "reports").items():
        found = [name for name in names if name.encode() in content]
        assert found == [], file


def on_a_terminal(folder, *scenarios, arguments=()):
    """Run the command with a terminal to print errors on, and return what it printed there."""
    ours, theirs = os.openpty()
    termios.tcsetwinsize(theirs, (24, 100))
    process = start(folder, *scenarios, arguments=arguments, stderr=theirs)
    os.close(theirs)
    said = b""
    with suppress(OSError):  # nobody else has the terminal open any more
        while part := os.read(ours, 1 << 16):
            said += part
    os.close(ours)
    process.communicate(timeout=60)
    return said.decode()


@pytest.mark.long
def test_terminal_shows_count_failures_and_time_left(project):
    said = on_a_terminal(project, "base", "same-pace", "raises")
    assert "0/3" in said
    assert re.search(r"[12]/3 \[\d\d:\d\d<\d\d:\d\d, [^\r]*failed=[01]\]", said)
    assert re.search(r"3/3 \[[^\r]*failed=1\]", said)
    assert said.splitlines()[-1] == f"{CASE} raises: {ERRORS['raises']}"
    assert on_a_terminal(project, "base") == ""  # there is nothing to wait for
    said = on_a_terminal(project, "raises", arguments=["--quiet"])
    assert said.splitlines() == [f"{CASE} raises: {ERRORS['raises']}"]
