"""How papermill runs our notebooks: each in a process of its own, in IPython's shell, without a kernel."""

import json
import os
import signal
import sys
import tempfile
import time
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, TextIO

import nbformat
import pandas as pd
import plotly.graph_objects as go
from IPython.core.displayhook import DisplayHook
from IPython.core.displaypub import DisplayPublisher
from IPython.core.interactiveshell import InteractiveShell
from jupyter_client.jsonutil import json_default
from papermill.engines import Engine, NotebookExecutionManager, papermill_engines
from traitlets.config import Config

from businesscase_workbench.batch.children import Child, NotebookError, start

NAME = "businesscase"
SKIPPED = "skip-execution"  # Jupyter's tag of a cell that is not to be run
DONE = "done"  # what is told when a cell has ended
STREAMS = ("stdout", "stderr")
AS_IN_A_KERNEL = {
    "PLOTLY_RENDERER": "plotly_mimetype",
    "MPLBACKEND": "module://matplotlib_inline.backend_inline",
}
COLUMNS_IN_A_KERNEL = 20  # of a frame, where pandas finds no terminal


class OwnProcess(Engine):
    """Runs the cells of a notebook in a process that is told one after the other, and then killed."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: NotebookExecutionManager,
        kernel_name: str,
        *,
        execution_timeout: int,
        evidence: Path,
        shown: list[list],
        **_,
    ) -> None:
        """Run the notebook; if it ends well ``shown`` takes the outputs of each cell, else ``evidence``.

        papermill writes the notebook to ``evidence`` then. Of one that ends well it makes the text
        twice to keep neither, so the outputs aren't left in it.

        Raises
        ------
        NotebookError
            If a cell takes longer than the timeout [s], or the process dies.
        """
        nb_man.nb.metadata.papermill.input_path = evidence.name  # it would put the notebook there
        ended_well = False
        try:
            with _Notebook(execution_timeout) as notebook:
                for index, cell in enumerate(nb_man.nb.cells):
                    nb_man.cell_start(cell, index)
                    if _is_run(cell) and not notebook.ran(cell):
                        nb_man.cell_exception(cell, index)
                        break
                    nb_man.cell_complete(cell, index)
                else:
                    ended_well = True
        finally:
            if not ended_well:
                nb_man.output_path = str(evidence)
        if ended_well:
            for cell in nb_man.nb.cells:
                shown.append(cell.get("outputs", []))
                if cell.cell_type == "code":
                    cell.outputs = []


papermill_engines.register(NAME, OwnProcess)


def _is_run(cell: nbformat.NotebookNode) -> bool:
    is_code = cell.cell_type == "code" and bool(cell.source.strip())
    return is_code and SKIPPED not in cell.metadata.get("tags", ())


class _Notebook:
    """The process of a notebook, seen from the one that tells it what to run."""

    def __init__(self, timeout: int):
        self._timeout = timeout
        self._folder = tempfile.TemporaryDirectory(ignore_cleanup_errors=True)
        paths = [Path(self._folder.name) / name for name in STREAMS]
        self._streams = [path.open("w+b") for path in paths]
        self._shown: dict[str, list] = {}  # outputs that may be shown anew, by their ids
        self._process: Child = start(_run_cells, paths)

    def __enter__(self) -> "_Notebook":
        return self

    def __exit__(self, *_) -> None:
        self._process.close()
        for stream in self._streams:
            stream.close()
        self._folder.cleanup()

    def ran(self, cell: nbformat.NotebookNode) -> bool:
        """Run a cell, keep what it shows whatever happens, and return whether it ended well."""
        until = time.monotonic() + self._timeout
        kind = content = None
        try:
            self._process.line.send(cell.source)
            while kind != DONE:
                written, kind, text = self._process.heard(until - time.monotonic())
                self._keep_streams(cell.outputs, written)
                content = json.loads(text)
                self._keep(cell.outputs, kind, content)
        except TimeoutError:
            raise NotebookError(f"took longer than {self._timeout} seconds") from None
        except (EOFError, OSError):
            raise NotebookError("its kernel died; often the computer had no memory left") from None
        finally:
            self._keep_streams(cell.outputs)
        cell.execution_count = content
        return not any(output.output_type == "error" for output in cell.outputs)

    def _keep(self, outputs: list, kind: str, content: dict) -> None:
        """Do with what a cell shows as Jupyter does."""
        if kind == "clear_output":
            outputs.clear()
        elif kind == "update_display_data":
            for earlier in self._shown.get(content.pop("id"), ()):
                earlier.update(nbformat.from_dict(content))
        elif kind != DONE:
            known = self._shown.setdefault(content.pop("id", None), [])
            outputs.append(nbformat.from_dict({"output_type": kind} | content))
            known.append(outputs[-1])

    def _keep_streams(self, outputs: list, written: list | None = None) -> None:
        """Keep what was written, up to as many bytes as had been when something else was shown."""
        for at, (name, stream) in enumerate(zip(STREAMS, self._streams, strict=True)):
            text = stream.read(written[at] - stream.tell() if written else -1).decode(
                errors="replace"
            )
            if text and outputs and outputs[-1].get("name") == name:
                outputs[-1].text += text
            elif text:
                outputs.append(nbformat.v4.new_output("stream", name=name, text=text))


# in the process of a notebook


def rehearse() -> None:
    """Check a notebook, show a table and a chart, so that every fork has what the first ones load."""
    _settle()
    nbformat.validate(nbformat.v4.new_notebook())
    pd.DataFrame({"year": [2026]})._repr_html_()
    bar = go.Bar(x=["a"], y=[1], marker={"color": "red"}, text=["a"], hovertemplate="%{y}")
    figure = go.Figure(
        [bar, go.Scatter(y=[1]), go.Heatmap(z=[[1]])], layout={"title": {"text": "a"}}
    )
    figure._repr_mimebundle_()


def _settle() -> None:
    for name, value in AS_IN_A_KERNEL.items():
        os.environ.setdefault(name, value)
    pd.set_option("display.max_columns", COLUMNS_IN_A_KERNEL)  # else as many as a terminal is wide


def _run_cells(line: Connection, streams: list[Path]) -> None:
    """Run each cell that comes, and tell what it shows at the moment it is shown."""
    _settle()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    libraries = (at for at, place in enumerate(sys.path) if place.endswith("-packages"))
    sys.path.insert(next(libraries, 0), "")  # as a kernel does, after Python's own modules
    sys.stdout, sys.stderr = map(_redirected, (1, 2), streams)

    def tell(kind: str, content) -> None:
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
        written = [os.lseek(number, 0, os.SEEK_CUR) for number in (1, 2)]
        line.send((written, kind, json.dumps(content, default=json_default)))

    _Shell.tell = staticmethod(tell)
    shell = _Shell.instance(
        config=Config({"HistoryManager": {"enabled": False}}),
        displayhook_class=_Results,
        display_pub_class=_Displays,
        user_ns={},
    )
    while True:
        count = shell.execution_count
        shell.run_cell(line.recv(), store_history=True)
        tell(DONE, count)


def _redirected(number: int, path: Path) -> TextIO:
    """Have all that is written to a descriptor, also by libraries and other programs, go to a file."""
    with path.open("r+b") as file:
        os.dup2(file.fileno(), number)
    return open(number, "w", buffering=1, encoding="utf-8", newline="", closefd=False)


class _Shell(InteractiveShell):
    """IPython, telling what fails as Jupyter does."""

    tell: Callable[[str, Any], None]

    def enable_gui(self, gui=None) -> None:
        """Show pictures, not windows."""

    def _showtraceback(self, etype, evalue, stb) -> None:
        self.tell("error", {"ename": etype.__name__, "evalue": str(evalue), "traceback": stb})


class _Results(DisplayHook):
    """Tells the value of a cell's last line."""

    def write_output_prompt(self) -> None:
        """Leave it to the reader of the notebook."""

    def write_format_data(self, format_dict, md_dict=None) -> None:
        """Tell a value in all its forms."""
        shown = {"data": format_dict, "metadata": md_dict, "execution_count": self.prompt_count}
        self.shell.tell("execute_result", shown)

    def finish_displayhook(self) -> None:
        """Write no empty line."""
        self._is_active = False


class _Displays(DisplayPublisher):
    """Tells what a cell displays."""

    def publish(self, data, metadata=None, *, transient=None, update=False, **_) -> None:
        """Tell an object in all its forms."""
        shown = {"data": data, "metadata": metadata or {}}
        shown |= {"id": (transient or {}).get("display_id")}
        self.shell.tell("update_display_data" if update else "display_data", shown)

    def clear_output(self, wait=False) -> None:
        """Tell that what was shown shall go."""
        self.shell.tell("clear_output", {})
