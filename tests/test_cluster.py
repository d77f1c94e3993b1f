import io
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import zipfile
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path

import plotly
import pytest
from conftest import ROOT, inputs
from test_batch import CASE, settings, write_notebook
from test_sweep import small_chunks, written  # noqa: F401

from businesscase.cases.errors import InputError
from businesscase.study import load_study
from businesscase.study.sweep import Sweep
from businesscase_workbench.batch import Job, _tasks, run_jobs, write_index
from businesscase_workbench.batch.cluster import UNPACKED, archive, software, unfit, unpacked
from businesscase_workbench.batch.processes import Project
from businesscase_workbench.batch.store import UrlStore
from businesscase_workbench.batch.sweep.cluster import made_on_cluster
from businesscase_workbench.cli import FAILED, INTERRUPTED, main

distributed = pytest.importorskip("distributed", reason="pip install .[cluster]")
url_to_fs = pytest.importorskip("fsspec.core", reason="pip install .[cluster]").url_to_fs
moto_server = pytest.importorskip("moto.server", reason="pip install .[test]")

pytestmark = pytest.mark.usefixtures("one_fork_server")

SCENARIOS = ["base", "same-pace"]
WORKERS = inputs(1, 2)  # two, where one of them is killed
JOBS = [Job(CASE, scenario) for scenario in SCENARIOS]
TITLE = "from businesscase.study import load_study\nload_study(case, scenario).case.file.title"
WAIT = """
import os, time
from pathlib import Path
told = Path({told!r})
if scenario == "same-pace" and not told.exists():
    told.write_text(f"{{os.getpid()}}.")
    time.sleep(600)
"""
CREDENTIALS = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "a-secret-word"}
LEFT = "interrupted; the same command makes what is left\n"
SOON = 60  # seconds in which what is waited for has happened even on a slow machine


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Notebooks of a report that is made in about a second."""
    folder = tmp_path_factory.mktemp("project")
    write_notebook(folder / "notebooks", "03_savings", "scenario")
    write_notebook(folder / "notebooks", "06_readiness", TITLE)
    write_notebook(folder / "notebooks", "07_decision", "scenario")
    return folder


@pytest.fixture(scope="module")
def buckets():
    """A server with a bucket, the credentials for which are in the environment."""
    server = moto_server.ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    address = "http://{}:{}".format(*server.get_host_and_port())
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {**CREDENTIALS, "AWS_ENDPOINT_URL": address}.items():
            patch.setenv(name, value)
        UrlStore("s3://bucket").system.mkdir("bucket")
        yield
    server.stop()


@pytest.fixture(scope="module")
def started(tmp_path_factory, buckets):
    """A scheduler and its workers, as they are started by hand; its address."""
    port = free_port()
    address, temporary = f"tcp://127.0.0.1:{port}", tmp_path_factory.mktemp("temporary")
    scheduler = ["scheduler", "--host", "127.0.0.1", "--port", str(port), "--no-dashboard"]
    worker = ["worker", address, "--nthreads", "2", "--no-dashboard"]
    parts = [dask(*command, at=temporary) for command in (scheduler, *[worker] * WORKERS)]
    yield address
    for part in reversed(parts):
        part.terminate()
    for part in parts:
        part.wait(SOON)
    assert until(lambda: not processes_of(temporary))
    left = {path.name.split("-")[0] for path in temporary.rglob("*")}
    assert not left & {"inputs", "fork", "businesscase"}


@pytest.fixture(scope="module")
def scheduler(started):
    """The address of the scheduler once its workers are there."""
    with distributed.Client(started, timeout=SOON, set_as_default=False) as client:
        client.wait_for_workers(WORKERS, timeout=SOON)
    return started


def dask(*command, at):
    """Start a part of a cluster, with its own folder for temporary files."""
    environment = {**os.environ, "TMPDIR": str(at)}
    with (at / f"{command[0]}.log").open("ab") as log:
        return subprocess.Popen(
            [str(Path(sys.executable).with_name("dask")), *command],
            env=environment,
            cwd=at,
            stdout=log,
            stderr=log,
        )


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def processes_of(folder):
    """Return the numbers of the processes that were told to keep temporary files in a folder."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environment = (process / "environ").read_bytes().split(b"\0")
        except OSError:
            continue
        if f"TMPDIR={folder}".encode() in environment:
            found.append(int(process.name))
    return found


def until(true):
    """Wait until something is true, and return whether it is."""
    end = time.monotonic() + SOON
    while not true() and time.monotonic() < end:
        time.sleep(0.1)
    return true()


def contents(folder):
    """Return the bytes of the reports in a folder, by name."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for scenario in SCENARIOS
        for path in (folder / CASE / scenario).glob("*")
    }


def errors(outcomes):
    return {outcome.job.scenario: outcome.error for outcome in outcomes if outcome.error}


@pytest.fixture(scope="module")
def local(folder):
    assert errors(run_jobs(JOBS, settings(folder / "local", folder, 2))) == {}
    return folder / "local"


@pytest.fixture(scope="module")
def shared(folder, scheduler):
    """Reports made on the cluster into a folder that its machines share."""
    assert errors(run_jobs(JOBS, settings(folder / "shared", folder, scheduler=scheduler))) == {}
    return folder / "shared"


@pytest.fixture(scope="module")
def bucket(folder, scheduler):
    """Reports made on the cluster into a bucket."""
    to_bucket = settings("s3://bucket/reports", folder, scheduler=scheduler)
    assert errors(run_jobs(JOBS, to_bucket)) == {}
    return to_bucket


@pytest.mark.long
def test_reports_of_a_cluster_have_the_bytes_of_those_made_here(local, shared):
    made = contents(shared)
    assert len(made) == len(SCENARIOS) * len(
        ["03_savings", "06_readiness", "07_decision", "manifest", "report", "results"]
    )
    assert made == contents(local)
    assert (shared / "run.json").read_bytes() == (local / "run.json").read_bytes()


@pytest.mark.long
def test_second_run_on_a_cluster_keeps_every_report(folder, shared, scheduler):
    outcomes = run_jobs(JOBS, settings(shared, folder, scheduler=scheduler))
    assert [outcome.kept for outcome in outcomes] == [True] * len(JOBS)


@pytest.mark.long
def test_reports_in_a_bucket_have_the_bytes_of_those_in_a_folder(local, bucket):
    system = UrlStore(bucket.store).system
    made = {
        path.removeprefix("bucket/reports/"): system.cat_file(path)
        for path in system.find("bucket/reports")
        if path.count("/") == len(["reports", CASE, "base", "report.html"])
    }
    assert made == contents(local)
    page = write_index(bucket, [])
    assert page == "s3://bucket/reports/index.html"
    assert f'href="{CASE}/base/report.html"' in system.cat_file(page).decode()
    assert system.info(page)["ContentType"] == "text/html"
    assert json.loads(system.cat_file("bucket/reports/run.json"))["reports"][0]["state"] == "ok"


@pytest.mark.long
def test_second_run_to_a_bucket_keeps_every_report_but_those_that_lost_a_file(bucket):
    UrlStore(bucket.store).system.rm_file(f"bucket/reports/{CASE}/base/report.html")
    outcomes = run_jobs(JOBS, bucket)
    assert [outcome.kept for outcome in outcomes] == [False, True]
    assert [outcome.kept for outcome in run_jobs(JOBS, bucket)] == [True, True]


def test_batch_of_this_machine_uploads_what_it_makes_too(folder, local, buckets):
    outcomes = run_jobs(JOBS[:1], settings("s3://bucket/alone", folder))
    assert errors(outcomes) == {}
    page = UrlStore("s3://bucket").system.cat_file(f"bucket/alone/{CASE}/base/report.html")
    assert page == (local / CASE / "base" / "report.html").read_bytes()


@pytest.mark.long
@pytest.mark.parametrize("to", ["folder", "bucket"])
def test_notebook_that_raises_on_a_cluster_fails_its_own_scenario(tmp_path, scheduler, to):
    write_notebook(tmp_path / "notebooks", "03_savings", "scenario")
    write_notebook(tmp_path / "notebooks", "06_readiness", TITLE)
    write_notebook(tmp_path / "notebooks", "07_decision", "assert scenario != 'same-pace', 'no'")
    store = f"s3://bucket/{tmp_path.name}" if to == "bucket" else f"file://{tmp_path}/reports"
    outcomes = run_jobs(JOBS, settings(store, tmp_path, scheduler=scheduler))
    cause = "07_decision.ipynb, cell [3]: AssertionError: no"
    assert errors(outcomes) == {"same-pace": cause}
    system, root = url_to_fs(store)
    kept = {Path(path).name for path in system.find(f"{root}/{CASE}/same-pace.failed")}
    assert kept == {"03_savings.ipynb", "06_readiness.ipynb", "07_decision.ipynb", "results.csv"}
    assert not system.exists(f"{root}/{CASE}/same-pace")
    assert json.loads(system.cat_file(f"{root}/{CASE}/same-pace.status.json"))["cause"] == cause


def waiting_notebooks(folder):
    """Write notebooks of which one waits when it is first run; return where it tells its process."""
    told = folder / "told"
    write_notebook(folder / "notebooks", "03_savings", "scenario")
    write_notebook(folder / "notebooks", "06_readiness", TITLE)
    write_notebook(folder / "notebooks", "07_decision", WAIT.format(told=str(told)))
    return told


@pytest.mark.long
def test_scenario_whose_worker_is_killed_is_made_by_another(tmp_path, scheduler):
    told = waiting_notebooks(tmp_path)
    with ThreadPoolExecutor(1) as pool:
        to_folder = settings(tmp_path / "reports", tmp_path, scheduler=scheduler)
        running = pool.submit(run_jobs, JOBS, to_folder)
        family = ancestors(told)
        with distributed.Client(scheduler, set_as_default=False) as client:
            worker = (set(client.run(os.getpid).values()) & set(family)).pop()
        os.kill(worker, signal.SIGKILL)
        assert until(lambda: not alive(family[: family.index(worker) + 1]))
        outcomes = running.result()
    assert errors(outcomes) == {}
    assert set(contents(tmp_path / "reports")) > {f"{CASE}/same-pace/report.html"}
    assert not [path for path in tmp_path.rglob("*") if "unfinished" in path.name]


@pytest.mark.long
def test_interrupted_command_ends_what_runs_on_the_workers(tmp_path, scheduler):
    told = waiting_notebooks(tmp_path)
    shutil.copytree(ROOT / "data", tmp_path / "data")
    command = [
        sys.executable,
        "-m",
        "businesscase_workbench.cli",
        "report",
        CASE,
        "--scheduler",
        scheduler,
    ]
    with subprocess.Popen(
        [*command, "--output", "made", "--quiet"],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        # a shell that runs the tests in the background has them, and so the process, ignore Ctrl-C
        preexec_fn=partial(signal.signal, signal.SIGINT, signal.SIG_DFL),
    ) as process:
        family = ancestors(told)
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=SOON)[1].endswith(LEFT)
    assert process.returncode == INTERRUPTED
    assert until(lambda: not alive(family[:1]))


def ancestors(told):
    """Return the number of the process that waits, and of those above it, once it waits."""
    assert until(lambda: told.exists() and told.read_text().endswith("."))
    found = [int(told.read_text().removesuffix("."))]
    while found[-1] > 1:
        found.append(int(stat(found[-1])[1]))
    return found


def stat(process):
    """Return what Linux says of a process after its name: state, parent and more."""
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()


def alive(processes):
    """Return those of the processes that still run."""
    found = []
    for process in processes:
        with suppress(OSError):
            if stat(process)[0] != "Z":
                found.append(process)
    return found


def test_absent_scheduler_is_said_in_one_sentence(folder, capfd):
    address = f"tcp://127.0.0.1:{free_port()}"
    assert main(["report", CASE, "--scheduler", address, "--output", str(folder / "no")]) == FAILED
    assert capfd.readouterr().err.splitlines()[-1].startswith(f"{address}: no Dask scheduler")


@pytest.mark.parametrize("address", ["nowhere", "foo://host:1", "tcp://127.0.0.1"])
def test_address_that_is_none_of_a_scheduler_is_refused(folder, address):
    with pytest.raises(InputError, match=f"^{address}: no Dask scheduler answers"):
        run_jobs(JOBS[:1], settings(folder / "no", folder, scheduler=address))


def test_folder_that_a_worker_does_not_see_is_refused(folder, local):
    task = _tasks(JOBS[:1], settings(folder / "elsewhere", folder), Project.here())[0]
    assert f"doesn't see what was written to {folder / 'elsewhere'}" in unfit(task, software())


def test_worker_with_other_software_is_refused(folder, local):
    task = _tasks(JOBS[:1], settings(local, folder), Project.here())[0]
    theirs = {**software(), "plotly": "1.0"}
    assert unfit(task, theirs).startswith(f"this worker has plotly {plotly.__version__}, not 1.0 ")


@pytest.mark.parametrize(
    ("store", "sentence"),
    [
        ("s3://absent/reports", "s3://absent/reports: The specified bucket does not exist"),
        ("nonsense://reports", "nonsense://reports: Protocol not known: nonsense"),
        ("memory://reports", "memory://reports: the memory of one process can't hold"),
        (
            "s3://user:a-secret-word@bucket",
            "s3://...@...: credentials are given in the environment",
        ),
    ],
)
def test_address_that_can_not_be_used_is_refused_before_anything_runs(
    folder, buckets, capfd, store, sentence
):
    assert main(["report", CASE, "--output", store]) == FAILED
    said = capfd.readouterr().err
    assert said.startswith(sentence) and said.count("\n") == 1
    assert "a-secret-word" not in said


def test_address_without_credentials_is_refused(folder, buckets, monkeypatch, tmp_path):
    for name in CREDENTIALS:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    type(UrlStore("s3://bucket").system).clear_instance_cache()
    with pytest.raises(InputError, match=r"^s3://bucket/closed: Unable to locate credentials$"):
        run_jobs(JOBS[:1], settings("s3://bucket/closed", folder))


def test_inputs_travel_without_outputs_and_as_the_same_bytes(folder, tmp_path):
    project = Project.here(folder / "notebooks")
    first = archive(project, [CASE])
    shutil.copytree(folder / "notebooks", tmp_path / "notebooks")
    path = tmp_path / "notebooks" / "06_readiness.ipynb"
    notebook = json.loads(path.read_text(encoding="utf-8"))
    notebook["cells"][2]["outputs"] = [{"output_type": "stream", "name": "stdout", "text": "x"}]
    path.write_text(json.dumps(notebook), encoding="utf-8")
    assert archive(Project.here(tmp_path / "notebooks"), [CASE]) == first
    with zipfile.ZipFile(io.BytesIO(first)) as file:
        assert f"data/{CASE}/case.toml" in file.namelist()
        assert "data/mkip-2012/case.toml" not in file.namelist()


def test_worker_keeps_the_inputs_of_its_latest_batches(tmp_path):
    batches = [zipped(number) for number in range(UNPACKED + 1)]
    projects = [unpacked(inputs, str(tmp_path)) for inputs in batches]
    assert unpacked(batches[-1], str(tmp_path)) == projects[-1]
    assert not Path(projects[0].folder).exists()
    assert Path(projects[1].folder, "number").read_text() == "1"


def zipped(number):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        file.writestr("number", str(number))
    return packed.getvalue()


def test_workers_that_are_all_gone_are_said_and_not_waited_for_without_end(monkeypatch, tmp_path):
    from businesscase_workbench.batch import cluster

    monkeypatch.setattr(cluster, "SECONDS_TO_CONNECT", 0.2)
    monkeypatch.setattr(cluster, "SECONDS_FOR_A_WORKER", 1)
    with (
        distributed.LocalCluster(
            n_workers=1, processes=False, dashboard_address=":0", local_directory=tmp_path
        ) as workers,
        distributed.Client(workers, set_as_default=False) as client,
    ):
        cluster.wait_until(client.submit(int, 1).done, client, "tcp://there")
        workers.scale(0)
        assert until(lambda: not client.nthreads())
        waiting = client.submit(int, 2)
        with pytest.raises(
            InputError, match="tcp://there: all workers are gone, and none came in 1"
        ):
            cluster.wait_until(waiting.done, client, "tcp://there")
        workers.scale(1)
        cluster.wait_until(waiting.done, client, "tcp://there")


# sweeps


@pytest.mark.long
def test_a_sweep_on_a_cluster_gives_the_same_bytes(tmp_path, scheduler, small_chunks):  # noqa: F811
    here = written(tmp_path / "here")
    assert written(tmp_path / "there", scheduler=scheduler) == here


@pytest.mark.long
def test_chunks_of_a_worker_that_dies_are_made_by_another(tmp_path, scheduler, small_chunks):  # noqa: F811
    with distributed.Client(scheduler, timeout=SOON, set_as_default=False) as client:
        made = made_on_cluster(Sweep(load_study("worked-example")), 10_000, 1, scheduler)
        first = next(made)
        process = client.run(os.getpid)
        os.kill(next(iter(process.values())), signal.SIGKILL)
        rest = list(made)
        assert until(lambda: len(client.scheduler_info()["workers"]) == WORKERS)
    assert len([first, *rest]) == 20
    found = Sweep(load_study("worked-example"))
    assert rest[-1].worth.tobytes() == found.futures(19, 500, 1).worth.tobytes()
