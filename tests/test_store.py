"""Where reports go: how a job stands follows from what is there, and refusals name what was asked for."""

import errno
import os
import shutil
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from test_batch import CASE, settings, write_notebook

from businesscase.cases.case import load_case
from businesscase.cases.folder import write_file
from businesscase_workbench import cli
from businesscase_workbench.batch import (
    Job,
    _cut_off,
    _tasks,
    manifest,
    notebook_paths,
    run_jobs,
    write_index,
)
from businesscase_workbench.batch.job import FAILED, OK, PENDING, RUNNING, status
from businesscase_workbench.batch.processes import Project
from businesscase_workbench.batch.store import FolderStore, StoreError, store_at
from businesscase_workbench.batch.work import work

JOB = Job(CASE, "base")
PAGE = "<html>the report</html>"


@pytest.fixture
def project(tmp_path):
    write_notebook(tmp_path / "notebooks", "06_readiness", "1")
    return tmp_path


@pytest.fixture
def task(project):
    (task,) = _tasks(
        [JOB], settings(project / "reports", project), Project.here(project / "notebooks")
    )
    return task


def write_report(task, folder):
    """Write a report of a task as if it had been made."""
    folder.mkdir(parents=True)
    (folder / "report.html").write_text(PAGE, encoding="utf-8")
    of_all = manifest.of_all_reports(Path(task.notebooks), task.shared_assets)
    made = manifest.inputs(load_case(task.case), task.scenario, of_all) | {
        "key": task.key,
        "formats": ["html"],
        "template": "",
        "recommendation": "Go",
        "files": manifest.file_hashes(folder),
    }
    (folder / "manifest.json").write_text(manifest.json_text(manifest.sealed(made)), "utf-8")


def said(task):
    return {name: store_at(task.store).status(JOB).get(name) for name in ("state", "key")}


@pytest.mark.parametrize("left", [RUNNING, PENDING, FAILED, None])
@pytest.mark.parametrize("key", ["as now", "another"])
def test_a_report_that_is_kept_is_said_to_be_there_whatever_a_killed_run_left(
    task, project, left, key
):
    store = store_at(task.store)
    write_report(task, store.report(JOB))
    if left:
        before = task if key == "as now" else replace(task, key="another")
        store.write_status(JOB, status(before, left))
    (outcome,) = run_jobs([JOB], settings(project / "reports", project))
    assert outcome.kept and said(task) == {"state": OK, "key": task.key}


def test_a_status_that_is_right_keeps_its_seconds(task, project):
    store = store_at(task.store)
    write_report(task, store.report(JOB))
    store.write_status(JOB, status(task, OK, 1.5))
    run_jobs([JOB], settings(project / "reports", project))
    assert store.status(JOB)["seconds"] == 1.5


@pytest.mark.parametrize("is_there", [True, False])
def test_a_run_that_was_cut_off_says_what_is_there(task, is_there):
    store = store_at(task.store)
    if is_there:
        write_report(task, store.report(JOB))
    store.write_status(JOB, status(task, RUNNING))
    assert _cut_off(store, task).cut_off != is_there
    assert said(task)["state"] == (OK if is_there else PENDING)


class Made:
    """Stands for the process that makes a report, which is written at once."""

    def __init__(self, task, folder, error=None):
        self.task, self.at, self.error = task, folder, error

    @contextmanager
    def folder(self):
        yield str(self.at)

    def call(self, function, given, **_):
        store = FolderStore(Path(given["store"]))
        write_report(self.task, store.evidence(JOB) if self.error else store.report(JOB))
        return {"seconds": 1.0, "error": self.error, "kept": False}


@pytest.fixture
def far(task, tmp_path):
    """Return a store that is asked as a bucket is, and a task for it."""
    pytest.importorskip("fsspec.core", reason="pip install .[cluster]")
    (tmp_path / "bucket" / CASE / "base").mkdir(parents=True)
    url = f"local://{(tmp_path / 'bucket').as_posix()}"
    return store_at(url), replace(task, store=url)


@pytest.mark.parametrize("refused", ["manifest.json", "report.html"])
def test_an_upload_that_is_refused_fails_the_job_and_leaves_nothing_to_be_read(
    far, tmp_path, refused, monkeypatch
):
    store, task = far
    put = store.system.put_file

    def refuses(path, place, **more):
        if place.endswith(refused):
            raise PermissionError("Access Denied")
        put(path, place, **more)

    monkeypatch.setattr(store.system, "put_file", refuses)
    outcome = work(task, None, Made(task, tmp_path / "here"))
    assert "Access Denied" in outcome.error
    assert store.status(JOB)["state"] == FAILED and "Access Denied" in store.status(JOB)["cause"]
    assert not [path for path in (tmp_path / "bucket").rglob("*") if "report" in path.name]
    monkeypatch.undo()
    assert work(task, None, Made(task, tmp_path / "again")).error is None
    assert said(task) == {"state": OK, "key": task.key}


def test_what_a_failed_job_says_is_its_own_cause_though_its_evidence_is_refused(
    far, tmp_path, monkeypatch
):
    store, task = far

    def refuses(*_):
        raise StoreError("Access Denied")

    monkeypatch.setattr(type(store), "fail", refuses)
    work(task, None, Made(task, tmp_path / "here", "06_readiness.ipynb, cell [3]: ValueError: x"))
    assert store.status(JOB)["cause"] == "06_readiness.ipynb, cell [3]: ValueError: x"


def test_a_report_that_another_batch_uploaded_is_said_to_be_there(far, tmp_path):
    store, task = far
    (tmp_path / "bucket" / CASE / "base").rmdir()
    write_report(task, tmp_path / "bucket" / CASE / "base")
    store.write_status(JOB, status(task, PENDING))
    assert work(task, None, None).kept
    assert said(task)["state"] == OK


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pipes among its files")
def test_the_index_is_written_though_a_case_has_a_path_that_is_no_file(data_copy, project):
    for path in data_copy.glob("*/case.toml"):
        if path.parent.name not in (CASE, "mkip-2012"):
            shutil.rmtree(path.parent)
    reports = project / "reports"
    (task,) = _tasks([JOB], settings(reports, project), Project.here(project / "notebooks"))
    write_report(task, reports / CASE / "base")
    (data_copy / "mkip-2012" / "flows.csv").unlink()
    os.mkfifo(data_copy / "mkip-2012" / "flows.csv")
    load_case.cache_clear()
    index = write_index(settings(reports, project), [])
    assert f'href="{CASE}/base/report.html"' in Path(index).read_text(encoding="utf-8")


@pytest.mark.skipif(os.name == "nt", reason="Windows has no pipes among its files")
def test_a_template_or_notebook_that_is_a_pipe_is_not_waited_for(project, capsys):
    os.mkfifo(project / "house.docx")
    assert cli.main(["report", CASE, "--template", str(project / "house.docx")]) == 1
    assert capsys.readouterr().err == f"{project / 'house.docx'}: no file is there\n"
    os.mkfifo(project / "notebooks" / "03_savings.ipynb")
    (project / "notebooks" / "07_decision.ipynb").symlink_to("nowhere")
    assert list(notebook_paths(project / "notebooks")) == ["readiness"]


# refusals


@pytest.fixture
def read_only(tmp_path, monkeypatch):
    """Return a folder in which nothing can be made or removed, as on a disk that is mounted to be read."""

    def refused(path, *_, **__):
        raise OSError(errno.EROFS, "Read-only file system", str(path))

    for name in ("write_bytes", "mkdir", "unlink", "replace", "rename"):
        monkeypatch.setattr(Path, name, refused)
    monkeypatch.setattr("filelock._unix.os.open", refused)
    return tmp_path


def test_a_file_that_can_not_be_written_is_named_and_not_the_one_beside_it(read_only):
    with pytest.raises(OSError) as error:
        write_file(read_only / "base.status.json", "{}")
    assert error.value.filename == str(read_only / "base.status.json")
