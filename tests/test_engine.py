"""The process of a notebook: it shows what a kernel shows, shares nothing, and nothing is left of it."""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from pathlib import Path

import nbclient
import pytest
from nbformat import read, v4, write

from businesscase_workbench.batch.notebook import NotebookError, executed
from businesscase_workbench.batch.processes import ClosedError, ProcessDiedError, Processes, Project

# what a cell can see of where it runs, by what a notebook can show
SIGHTS = {
    "table": "import pandas as pd\npd.DataFrame({'year': [2026], 'gbp': [1.5]}, index=['a'])",
    "styled table": "pd.DataFrame({'gbp': [1.5]}).style.set_uuid('x').format('{:.2f}')",
    "shown chart": "import plotly.graph_objects as go\ngo.Figure(go.Bar(y=[1, 2])).show()",
    "displayed chart": "go.Figure(go.Scatter(y=[1, 2]), layout={'title': {'text': '£'}})",
    "renderer": "import plotly.io as pio\npio.renderers",
    "nothing": "1 + 1;",
    "print": "print('out £')",
    "standard error": "import sys\nprint('err', file=sys.stderr)",
    "order": "print('before')\ndisplay(1)\nprint('after')\n2",
    "shown anew": "handle = display(1, display_id=True)\nprint('out')\nhandle.update(2)",
    "cleared": "from IPython.display import Image, clear_output\nprint('gone')\nclear_output()",
    "picture": "Image(b'no picture', format='png')",
    "logging": "import logging\nlogging.warning('look')",
    "path": "import os\n[sys.path.index('') > 0, os.path.basename(os.getcwd()), os.listdir()]",
    "main": "import __main__\n[__name__, __main__.__name__]",
    "input": "sys.stdin.read()",
    "signals": "import signal\n[str(signal.getsignal(n)) for n in (2, 13, 15, 17)]",
    "session": "[os.getsid(0) == os.getpgid(0) == os.getpid(), os.umask(0o22)]",
    "options": "[pd.get_option('display.max_rows'), pd.get_option('display.precision')]",
    "wide frame": "pd.DataFrame([[1] * 30], columns=[f'year {year}' for year in range(30)])",
    "template": "pio.templates.default",
    "seeded": "import numpy as np\nnp.random.seed(1)\nnp.random.rand()",
    "numpy": "[np.get_printoptions(), np.geterr()]",
    "awaited": "import asyncio\nawait asyncio.sleep(0, 'slept')",
    "library": "from businesscase.study import load_study\nload_study('durham-sunderland-2014').parameters",
    "error in a library": "pd.DataFrame({'a': [1]})['b']",
}
LOOK = """import os, json, sys, pandas, numpy, decimal, plotly.io
json.dumps([pandas.get_option('display.max_rows'), os.environ.get('LEFT'), os.getcwd(),
    hasattr(json, 'left'), decimal.getcontext().prec, plotly.io.renderers.default,
    plotly.io.templates.default, 'left' in sys.path, numpy.get_printoptions()['precision']])"""
CHANGE = """pandas.set_option('display.max_rows', 7); os.environ['LEFT'] = 'x'; os.chdir('/')
json.left = 1; decimal.getcontext().prec = 3; plotly.io.renderers.default = 'json'
plotly.io.templates.default = 'none'; sys.path.append('left')
numpy.set_printoptions(precision=2); numpy.random.seed(1)"""


def write_notebook(folder, *sources):
    cells = [v4.new_code_cell(source, id=str(number)) for number, source in enumerate(sources)]
    path = folder / "01_baseline.ipynb"
    write(v4.new_notebook(cells=cells), path)
    return path


def run(folder, *sources, **options):
    """Run cells and return their outputs."""
    path = write_notebook(folder, *sources)
    return [cell.outputs for cell in executed(path, folder / "kept.ipynb", {}, **options).cells]


def value(folder, *sources):
    """Run cells and return what the last one shows."""
    return json.loads(run(folder, *sources)[-1][-1]["data"]["text/plain"].strip("'"))


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """What each cell shows on a plain kernel and in our process, of which the last one fails."""
    folder = tmp_path_factory.mktemp("folder")
    path = write_notebook(folder, *SIGHTS.values())
    plain = nbclient.NotebookClient(
        read(path, 4), kernel_name="python3", allow_errors=True, record_timing=False,
        resources={"metadata": {"path": str(folder)}},
        extra_arguments=["--log-level=CRITICAL"],
    ).execute()  # fmt: skip
    with pytest.raises(NotebookError, match=r"01_baseline.ipynb, cell \[26\]: KeyError: 'b'"):
        executed(path, folder / "kept.ipynb", {})
    ours = read(folder / "kept.ipynb", 4)
    ours.cells = [cell for cell in ours.cells if cell.cell_type == "code"]
    return {
        name: dict(zip(SIGHTS, [cell.outputs for cell in notebook.cells], strict=True))
        for name, notebook in (("plain", plain), ("ours", ours))
    }


@pytest.mark.parametrize("sight", SIGHTS)
def test_a_cell_shows_what_it_shows_on_a_plain_kernel(seen, sight):
    assert seen["plain"][sight] or sight in ("nothing", "cleared")
    assert without_names(seen["ours"][sight]) == without_names(seen["plain"][sight])


def without_names(outputs):
    """Leave out addresses in memory, and the way to an error."""
    for output in outputs:
        output.pop("traceback", None)
    return re.sub(r"0x[0-9a-f]+", "N", json.dumps(outputs, indent=1, sort_keys=True))


def test_what_other_programs_and_libraries_write_is_kept_too(tmp_path):
    process, low = run(
        tmp_path,
        "import subprocess\nsubprocess.run(['echo', 'out']).returncode",
        "import os\nos.write(2, b'low\\n');",
    )
    assert [output.get("text") for output in process] == ["out\n", None]
    assert [(output.name, output.text) for output in low] == [("stderr", "low\n")]


def test_what_a_notebook_changes_is_not_seen_by_the_next(tmp_path):
    before = value(tmp_path, LOOK)
    run(tmp_path, LOOK, CHANGE)
    assert value(tmp_path, LOOK) == before


def test_unseeded_random_numbers_differ_between_notebooks(tmp_path):
    source = "import numpy as np, random", "str([np.random.rand(), random.random()])"
    (first, second), (third, fourth) = value(tmp_path, *source), value(tmp_path, *source)
    assert first != third
    assert second != fourth


def test_what_a_cell_wrote_before_it_hung_is_kept_and_what_it_started_is_killed(tmp_path):
    slow = "import subprocess\nprint('here')\ndisplay(1)\nprocess = subprocess.Popen(['sleep', '60'])\nprint(process.pid)\nprocess.wait()"
    with pytest.raises(NotebookError, match=r"cell \[2\]: took longer than 2 seconds"):
        run(tmp_path, "1", slow, "2", timeout=2)
    said, shown, number = read(tmp_path / "kept.ipynb", 4).cells[1].outputs
    assert (said.text, shown.data["text/plain"]) == ("here\n", "1")
    assert until(lambda: ended(int(number.text)))


def test_a_process_that_is_killed_is_noticed_though_what_it_forked_runs_on(tmp_path):
    forking = "import os, time\nif os.fork() == 0:\n    os.setsid()\n    time.sleep(20)\n    os._exit(0)\nos._exit(1)"
    started = time.monotonic()
    with pytest.raises(NotebookError, match=r"cell \[1\]: its kernel died"):
        run(tmp_path, forking)
    assert time.monotonic() - started < 20


def test_cell_that_is_tagged_to_be_skipped_is_not_run(tmp_path):
    path = write_notebook(tmp_path, "1", "1 / 0", "")
    notebook = read(path, 4)
    notebook.cells[1].metadata.tags = ["skip-execution"]
    write(notebook, path)
    made = executed(path, tmp_path / "kept.ipynb", {})
    assert [cell.execution_count for cell in made.cells] == [1, None, None]


# processes


def ended(number):
    """Return whether a process is no more, or is one that nobody has waited for yet."""
    with suppress(OSError):
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    return True


def until(true, seconds=60):
    end = time.monotonic() + seconds
    while not true() and time.monotonic() < end:
        time.sleep(0.05)
    return true()


def test_call_has_its_value_its_folder_and_the_data(tmp_path, monkeypatch, one_fork_server):
    monkeypatch.setenv("ONLY", "x")
    project = Project(str(tmp_path), str(tmp_path), "the data")
    with Processes(1) as processes:
        assert processes.call(os.getcwd, project=project) == str(tmp_path)
        assert processes.call(os.getenv, "BUSINESSCASE_DATA", project=project) == "the data"
        assert processes.call(os.getenv, "ONLY", project=project) == "x"
        with pytest.raises(ProcessDiedError, match="ended without an answer"):
            processes.call(os.abort, project=project)
        with pytest.raises(ProcessDiedError):
            processes.call(json.loads, "{", project=project)
        with pytest.raises(ClosedError, match="nobody wants"):
            processes.call(time.sleep, 60, project=project, wanted=lambda: False)
    with pytest.raises(ClosedError):
        processes.call(os.getcwd, project=project)


def test_a_call_whose_server_is_killed_is_made_again(tmp_path, one_fork_server):
    told = tmp_path / "told"
    kill = f"[os.mkdir({str(told)!r}), os.kill(os.getppid(), 9), os.read(os.pipe()[0], 1)]"
    once = f"(os := __import__('os')) and (os.path.exists({str(told)!r}) or {kill})"
    with Processes(1) as processes:
        assert processes.call(eval, once, project=Project(*[str(tmp_path)] * 3)) is True


OWNER = """
import os, sys, threading
from businesscase_workbench.batch import children
children.LINUX = sys.argv[1] == "forked"
from businesscase_workbench.batch.notebook import refresh
from businesscase_workbench.batch.processes import Processes, Project
processes = Processes(1)
processes.call(refresh, sys.argv[2], project=Project(*sys.argv[3:4] * 3))
"""


@pytest.mark.skipif(sys.platform != "linux", reason="looks into /proc")
@pytest.mark.parametrize("how", ["forked", "anew"])
def test_a_killed_owner_leaves_no_process(how, tmp_path):
    told = tmp_path / "told"
    note = f"import os, time\nopen({str(told)!r}, 'w').write(f'{{os.getpid()}} {{os.getppid()}}.')"
    path = write_notebook(tmp_path, note, "time.sleep(600)")
    with tempfile.TemporaryDirectory() as temporary:  # whose name is short enough for a socket's
        owner = subprocess.Popen(
            [sys.executable, "-c", OWNER, how, str(path), str(tmp_path)],
            env={**os.environ, "TMPDIR": temporary},
        )
        assert until(lambda: told.exists() and told.read_text().endswith("."))
        owner.kill()
        owner.wait()
        assert until(lambda: all(map(ended, told.read_text().rstrip(".").split())))
        assert how == "anew" or until(lambda: not list(Path(temporary).iterdir()))
