"""Forked processes and kernels: what a fork shares, what it doesn't, and that nothing is left."""

import asyncio
import gc
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbclient
import pytest
from conftest import ROOT
from jupyter_client.manager import start_new_kernel
from nbclient.exceptions import DeadKernelError
from nbformat import v4

from businesscase_workbench.forking.client import ADDRESS, Forked, ForkServer, ForkServerError

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux can fork a kernel")

PLAIN, FORKED = "python3", "businesscase"
WARM = "json:loads"  # any function serves

# what a cell can see of its kernel, by what a notebook can show
SIGHTS = {
    "table": "import pandas as pd\npd.DataFrame({'year': [2026], 'gbp': [1.5]}, index=['a'])",
    "styled table": "pd.DataFrame({'gbp': [1.5]}).style.set_uuid('x').format('{:.2f}')",
    "shown chart": "import plotly.graph_objects as go\ngo.Figure(go.Bar(y=[1, 2])).show()",
    "displayed chart": "go.Figure(go.Scatter(y=[1, 2]), layout={'title': {'text': '£'}})",
    "renderer": "import plotly.io as pio\npio.renderers",
    "print": "print('out')",
    "standard error": "import sys\nprint('err', file=sys.stderr)",
    "output of a process": "import subprocess\nsubprocess.run(['echo', 'out']).returncode",
    "descriptor": "import os\nos.write(2, b'low\\n')",
    "warning": "import warnings\nwarnings.warn('look', stacklevel=1)",
    "deprecation": "warnings.warn('old', DeprecationWarning, stacklevel=1)",
    "error": "def ratio(of):\n    return of / 0\nratio(1)",
    "error in a library": "pd.DataFrame({'a': [1]})['b']",
    "question": "input('name?')",
    "argv": "[sys.argv, sys.orig_argv, sys.executable]",
    "path": "[sys.path, os.getcwd(), os.listdir()]",
    "environment": "dict(sorted(os.environ.items()))",
    "main": "import __main__\n[__name__, __main__.__name__, sorted(vars(__main__))]",
    "streams": "[sys.stdin.read(), sys.stdin.isatty(), type(sys.stdout).__name__]",
    "signals": "import signal\n[str(signal.getsignal(n)) for n in (2, 13, 15, 17)]",
    "session": "[os.getsid(0) == os.getpgid(0) == os.getpid(), os.umask(0o22)]",
    "options": "[pd.get_option('display.max_rows'), pd.get_option('display.precision')]",
    "template": "pio.templates.default",
    "matplotlib": "['matplotlib' in sys.modules, os.environ['MPLBACKEND']]",
    "logging": "import logging\nlogging.warning('look')\n[logging.root.level, logging.root.handlers]",
    "threads": "import threading\nsorted(t.name for t in threading.enumerate())",
    "history": "get_ipython().history_manager.hist_file",
    "seeded": "import numpy as np\nnp.random.seed(1)\nnp.random.rand()",
    "numpy": "[np.get_printoptions(), np.geterr()]",
    "library": "from businesscase.study import load_study\nload_study('worked-example').parameters",
}


def notebook(*sources):
    cells = [v4.new_code_cell(source, id=str(number)) for number, source in enumerate(sources)]
    return v4.new_notebook(cells=cells)


def run(*sources, kernel=FORKED, folder=None, **options):
    """Run cells and return their outputs."""
    client = nbclient.NotebookClient(
        notebook(*sources),
        kernel_name=kernel,
        extra_arguments=["--log-level=CRITICAL"],
        record_timing=False,
        shutdown_kernel=options.pop("shutdown_kernel", "immediate"),
        resources={"metadata": {"path": str(folder or ROOT)}},
        **options,
    )
    return [cell.outputs for cell in asyncio.run(client.async_execute()).cells]


def value(*sources, **options):
    """Run cells and return what the last one shows."""
    return json.loads(run(*sources, **options)[-1][-1]["data"]["text/plain"].strip("'"))


def without_names(outputs):
    """Replace what differs from kernel to kernel: numbers of processes, name of a file."""
    text = json.dumps(outputs, indent=1, sort_keys=True)
    text = re.sub(r"ipykernel_\d+/", "ipykernel_N/", text)
    text = re.sub(r"(JPY_PARENT_PID': ')\d+", r"\1N", text)
    text = re.sub(r"/[\w/.-]*\.json\b", "/connection.json", text)
    return re.sub(r"0x[0-9a-f]+|\bThread-\d+", "N", text)


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    folder = tmp_path_factory.mktemp("folder")
    return {
        kernel: dict(
            zip(
                SIGHTS, run(*SIGHTS.values(), kernel=kernel, folder=folder, allow_errors=True),
                strict=True,
            )
        )
        for kernel in (PLAIN, FORKED)
    }  # fmt: skip


@pytest.mark.parametrize("sight", SIGHTS)
def test_forked_kernel_shows_what_a_plain_one_shows(seen, sight):
    assert seen[PLAIN][sight]
    assert without_names(seen[FORKED][sight]) == without_names(seen[PLAIN][sight])


def test_kernel_is_forked():
    assert "businesscase_workbench.forking.server" in Path(f"/proc/{parent()}/cmdline").read_text()


def parent():
    return value("import os", "os.getppid()")


def test_unseeded_random_numbers_differ_between_kernels():
    source = "import numpy as np, random", "str([np.random.rand(), random.random()])"
    (first, second), (third, fourth) = value(*source), value(*source)
    assert first != third
    assert second != fourth


def test_what_a_notebook_changes_is_not_seen_by_the_next():
    look = """import os, json, sys, pandas, numpy, decimal, plotly.io
json.dumps([pandas.get_option('display.max_rows'), os.environ.get('LEFT'), os.getcwd(),
    hasattr(json, 'left'), decimal.getcontext().prec, plotly.io.renderers.default,
    plotly.io.templates.default, 'left' in sys.path, numpy.get_printoptions()['precision']])"""
    before = value(look)
    run(
        look,
        """pandas.set_option('display.max_rows', 7); os.environ['LEFT'] = 'x'; os.chdir('/')
json.left = 1; decimal.getcontext().prec = 3; plotly.io.renderers.default = 'json'
plotly.io.templates.default = 'none'; sys.path.append('left')
numpy.set_printoptions(precision=2); numpy.random.seed(1)""",
    )
    assert value(look) == before


def test_server_has_one_thread():
    assert len(list(Path(f"/proc/{parent()}/task").iterdir())) == 1


def test_killed_kernel_is_noticed_within_seconds():
    run("1")  # the first one waits for the server
    started = time.monotonic()
    with pytest.raises(DeadKernelError):
        run("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)")
    assert time.monotonic() - started < 5


def test_cell_that_takes_too_long_is_interrupted_with_what_it_started():
    slow = "import subprocess\nsubprocess.run(['sleep', '60'])"
    first, second, third = run(
        "while True: pass", slow, "1 + 1", timeout=1, interrupt_on_timeout=True, allow_errors=True
    )
    assert [first[0]["ename"], second[0]["ename"]] == ["KeyboardInterrupt"] * 2
    assert third[0]["data"]["text/plain"] == "2"


def test_graceful_end_calls_what_is_to_be_called_at_exit(tmp_path):
    mark = tmp_path / "mark"
    run(f"import atexit\natexit.register(open, {str(mark)!r}, 'w');", shutdown_kernel="graceful")
    assert mark.exists()


@pytest.mark.parametrize("how", ["at once", "graceful", "server gone"])
def test_kernel_restarts(how):
    from jupyter_client.manager import start_new_kernel

    manager, client = start_new_kernel(kernel_name=FORKED)
    try:
        assert manager.transport == "ipc"
        first = manager.provisioner.pid
        if how == "server gone":
            manager.provisioner.server.retire()
        manager.restart_kernel(now=how == "at once")
        client.wait_for_ready(timeout=10)
        assert manager.provisioner.pid != first
        reply = client.execute("1", reply=True, timeout=10)
        assert reply["content"]["status"] == "ok"
    finally:
        client.stop_channels()
        manager.shutdown_kernel()
    assert not Path(manager.ip).parent.exists()


def test_kernels_start_in_threads_at_once():
    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(lambda number: value(f"{number} * 2"), range(8))) == [
            0, 2, 4, 6, 8, 10, 12, 14,
        ]  # fmt: skip


@pytest.fixture(scope="module")
def server():
    with ForkServer.start() as server:
        yield server


def ended(child):
    assert child.wait(10)
    return child.poll()


@pytest.mark.parametrize(
    ("call", "arguments", "status"),
    [
        ("os:getcwd", [], 0),
        ("sys:exit", [3], 3),
        ("sys:exit", ["a sentence"], 1),
        ("json:loads", ["{"], 1),
        ("no_such_module:at_all", [], 1),
        ("os:abort", [], -signal.SIGABRT),
    ],
)
def test_status_of_a_child_is_told(server, call, arguments, status):
    with server.fork(call, *arguments) as child:
        assert ended(child) == status


def test_child_has_the_environment_and_folder_that_were_given(server, tmp_path):
    command = "echo $ONLY $HOME > here"
    with server.fork(
        "os:system", command, environment={"ONLY": "x"}, folder=str(tmp_path)
    ) as child:
        ended(child)
    assert (tmp_path / "here").read_text() == "x\n"


def test_child_writes_where_the_one_who_asks_writes(server, capfd):
    with server.fork("json:loads", "{") as child:
        ended(child)
    assert "JSONDecodeError" in capfd.readouterr().err


def test_waiting_ends_in_time_and_a_signal_ends_the_child(server):
    with server.fork("time:sleep", 60) as child:
        assert not child.wait(0.05)
        child.signal(signal.SIGTERM)
        assert ended(child) == -signal.SIGTERM


def test_child_is_killed_when_nobody_holds_it(server):
    child = server.fork("time:sleep", 60)
    watched = os.pidfd_open(child.pid)
    child.close()
    assert gone(watched)


def gone(pidfd, seconds=10):
    import select

    poll = select.poll()
    poll.register(pidfd, select.POLLIN)
    ended = bool(poll.poll(seconds * 1000))
    os.close(pidfd)
    return ended


def test_server_is_reached_by_its_address_alone(server):
    with ForkServer(server.address).fork("os:getcwd") as child:
        assert ended(child) == 0


def test_unanswered_address_is_refused(tmp_path):
    server = ForkServer(str(tmp_path / "none"))
    assert not server.alive()
    with pytest.raises(ForkServerError, match="no fork server answers"):
        server.fork("os:getcwd")


def test_nested_server_has_what_its_call_computed(server, tmp_path):
    with server.nested("builtins:exec", "import json; json.kept = 42") as nested:
        mark = tmp_path / "mark"
        source = f"import json; open({str(mark)!r}, 'w').write(str(json.kept))"
        with nested.fork("builtins:exec", source) as child:
            assert ended(child) == 0
        assert mark.read_text() == "42"
    with server.fork("builtins:exec", "import json; json.kept") as child:
        assert ended(child) == 1


def test_kernel_of_a_nested_server_has_what_its_call_computed(server, monkeypatch):
    with server.nested("builtins:exec", "import json; json.kept = 42") as nested:
        monkeypatch.setenv(ADDRESS, nested.address)
        assert value("import json", "json.kept") == 42


def test_many_kernels_leave_nothing(server, monkeypatch):
    monkeypatch.setenv(ADDRESS, server.address)
    pid = parent()
    folder = Path(server.address).parent

    def left():
        gc.collect()
        own = len(list(Path("/proc/self/fd").iterdir()))
        its = len(list(Path(f"/proc/{pid}/fd").iterdir()))
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        return own, its, children, sorted(folder.iterdir())

    before = left()
    for _ in range(60):
        run("1")
    assert left() == before
    assert before[2] == []


def test_nested_server_whose_call_fails_is_refused(server, capfd):
    with pytest.raises(ForkServerError):
        server.nested("json:loads", "{")
    assert "JSONDecodeError" in capfd.readouterr().err
    assert [path.name for path in Path(server.address).parent.iterdir() if path.is_dir()] == []


def test_retired_server_ends_with_its_last_child_and_takes_no_more(server):
    with server.nested(WARM, "1") as nested, nested.fork("time:sleep", 60) as child:
        nested.retire()
        while nested.alive():
            time.sleep(0.01)
        with pytest.raises(ForkServerError):
            nested.fork("os:getcwd")
        assert not child.wait(0.2)
        assert not nested.ended()
        child.kill()
        assert nested._owned.wait(10)
        assert nested.ended()


def test_nested_server_ends_with_its_children_when_it_is_closed(server):
    nested = server.nested(WARM, "1")
    child = nested.fork("time:sleep", 60)
    watched = os.pidfd_open(child.pid)
    nested.close()
    assert gone(watched)
    assert ended(child) == -signal.SIGKILL


def in_python(source, **more):
    """Run a script in a Python of its own and return what it prints."""
    ran = subprocess.run(
        [sys.executable, "-c", source], capture_output=True, text=True, timeout=120, **more
    )
    assert ran.returncode == 0, ran.stderr
    return ran


HERE = """
import json, os
json.kept = 42
with open(os.devnull) as held:
    from businesscase_workbench.forking.client import ForkServer, ForkServerError
    with ForkServer.here() as server:
        source = "import json; print(json.kept, flush=True)"
        with server.fork("builtins:exec", source) as child:
            child.wait(10)
            print(child.poll(), server.alive(), flush=True)
    print(server.alive(), os.path.exists(os.path.dirname(server.address)))
import threading
threading.Thread(target=threading.Event().wait, daemon=True).start()
try:
    ForkServer.here()
except ForkServerError as error:
    print(error)
"""


def test_process_with_one_thread_forks_a_server_from_itself():
    printed = in_python(HERE).stdout.splitlines()
    assert printed[:3] == ["42", "0 True", "False False"]
    assert printed[3] == "this process has 2 threads; only one can be forked"


OWNER = """
import os, sys, time
from businesscase_workbench.forking.client import ForkServer
server = ForkServer.start()
nested = server.nested("json:loads", "1")
children = [server.fork("time:sleep", 600), nested.fork("time:sleep", 600)]
if sys.argv[1] == "fork" and os.fork() == 0:  # which inherits the pipe that the server listens to
    time.sleep(20)
    os._exit(0)
print(server._owned.process.pid, nested._owned.pid, *(child.pid for child in children), flush=True)
time.sleep(600)
"""


HERE_IN_A_CHILD = """
import os, time
from businesscase_workbench.forking.client import ForkServer
inner = ForkServer.here()
child = inner.fork("time:sleep", 600)
with open({!r}, "w") as file:
    print(inner._owned.pid, child.pid, inner.address, file=file)
time.sleep(600)
"""


def test_server_that_a_child_forked_from_itself_ends_when_that_is_killed(server, tmp_path):
    told = tmp_path / "told"
    with server.fork("builtins:exec", HERE_IN_A_CHILD.format(str(told))) as child:
        while not (told.is_file() and told.read_text().endswith("\n")):
            assert not child.wait(0.01)
        *pids, address = told.read_text().split()
        watched = [os.pidfd_open(int(pid)) for pid in pids]
        child.kill()
        assert [gone(pidfd) for pidfd in watched] == [True, True]
    assert not Path(address).parent.exists()


@pytest.mark.parametrize("how", ["alone", "fork"])
def test_nothing_is_left_when_the_owner_is_killed(how):
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [sys.executable, "-c", OWNER, how],
            stdout=subprocess.PIPE,
            env={**os.environ, "TMPDIR": folder},
        )
        with process, process.stdout as stdout:
            watched = [os.pidfd_open(int(pid)) for pid in stdout.readline().split()]
            process.kill()
        assert [gone(pidfd) for pidfd in watched] == [True] * 4
        assert list(Path(folder).iterdir()) == []


def test_kernels_of_a_killed_server_end_with_it(server):
    nested = server.nested(WARM, "1")
    child = nested.fork("time:sleep", 60)
    os.kill(nested._owned.pid, signal.SIGKILL)
    assert ended(child) == -signal.SIGKILL
    assert not nested.alive()


RUN = f"""
import os, sys
sys.path.insert(0, {str(ROOT / "tests")!r})
from test_fork_kernel import run
look = "from businesscase.cases import errors; print(os.getppid(), getattr(errors, 'MARK', None))"
def show():
    print(run("import os", look)[-1][0]["text"], end="", flush=True)
"""


def test_changed_library_is_not_taken_from_an_older_server(tmp_path):
    package = tmp_path / "lib"
    shutil.copytree(ROOT / "lib", package)
    change = f"show(); show(); open({str(package / 'businesscase/cases/errors.py')!r}, 'a').write('MARK = 1'); show()"
    environment = {**os.environ, "PYTHONPATH": str(package)}
    first, second, third = in_python(RUN + change, env=environment).stdout.splitlines()
    assert first == second
    assert first.endswith(" None")
    assert third.endswith(" 1")


@pytest.mark.parametrize("where", ["no server", "long path"])
def test_without_a_server_plain_kernels_run_and_one_line_says_so(where):
    with tempfile.TemporaryDirectory() as folder:
        deep = Path(folder) / ("x" * 100)
        deep.mkdir()
        given = {ADDRESS: f"{folder}/none"} if where == "no server" else {"TMPDIR": str(deep)}
        ran = in_python(RUN + "show(); show()", env={**os.environ, **given})
    assert [line.split()[1] for line in ran.stdout.splitlines()] == ["None", "None"]
    said = [line for line in ran.stderr.splitlines() if "takes longer" in line]
    assert len(said) == 1


def test_kernel_whose_errors_go_to_a_file_is_forked_too(tmp_path):
    with (tmp_path / "errors").open("w") as errors:  # as nbval starts its kernels
        manager, client = start_new_kernel(kernel_name="businesscase", stderr=errors)
        try:
            assert isinstance(manager.provisioner.process, Forked)
            client.execute_interactive("import os; os.write(2, b'said')", timeout=20)
        finally:
            client.stop_channels()
            manager.shutdown_kernel(now=True)


def test_a_server_whose_owner_is_killed_while_it_starts_leaves_nothing(tmp_path):
    start = "from businesscase_workbench.forking.client import ForkServer; ForkServer.start()"
    environment = {**os.environ, "TMPDIR": str(tmp_path)}
    owner = subprocess.Popen([sys.executable, "-c", start], env=environment)
    end = time.monotonic() + 180
    while not list(tmp_path.glob("fork-*/log")) and time.monotonic() < end:
        time.sleep(0.01)
    owner.kill()
    owner.wait()
    while list(tmp_path.iterdir()) and time.monotonic() < end:
        time.sleep(0.1)
    assert not list(tmp_path.iterdir())
