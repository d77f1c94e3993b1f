"""One notebook: run with its parameters, stored the same to the byte, its failures in a sentence."""

import json
import os
import re
import sys
import sysconfig
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from businesscase.cases.errors import InputError
from businesscase.cases.folder import write_file
from businesscase.cases.project import NUMBERED, SUPPLIED, data_folder, project_folder
from businesscase_workbench.batch.children import NotebookError
from businesscase_workbench.batch.illustrated import illustrate

if TYPE_CHECKING:  # slow to import, and no matter of the process that leads a batch
    from nbformat import NotebookNode

WIDGET = "application/vnd.jupyter.widget-view+json"
KERNEL = "python3"
INJECTED = "injected-parameters"
ELSEWHERE = "…"  # in place of a folder of this machine
WITHHELD = "[withheld]"  # in place of a password or key that the environment holds
SECRET = re.compile("SECRET|TOKEN|PASSWORD|PASSWD|CREDENTIAL|KEY", re.IGNORECASE)
SHORTEST_SECRET = 8  # characters; a shorter value may be a word
# what no report is made of: where to begin, how to ask for more, and all cases together
NO_CHAPTERS = frozenset({"start", "cookbook", "backtest"})
CELL_TIMEOUT = 600  # seconds after which a cell is taken to hang


def numbered_notebooks(notebooks_folder: Path) -> dict[str, Path]:
    """Return the numbered notebooks by what they are about, in order: 03_savings.ipynb is savings."""
    paths = sorted(notebooks_folder.glob(NUMBERED))
    return {path.stem.split("_", 1)[1]: path for path in paths if path.is_file()}


def notebook_paths(notebooks_folder: Path) -> dict[str, Path]:
    """Return the notebooks of the reports of a case, by section or as ``numbered_notebooks``."""
    numbered = numbered_notebooks(notebooks_folder)
    return {name: path for name, path in numbered.items() if name not in NO_CHAPTERS}


def executed(
    path: Path, output: Path, values: dict[str, Any], timeout: int = CELL_TIMEOUT
) -> "NotebookNode":
    """Run a notebook in its own folder with values for its parameters, and return it executed.

    Parameters
    ----------
    path, output : Path
        The notebook, and the file that keeps how far it came if it fails.
    values : dict
        Values for its parameters.
    timeout : int
        Time after which a cell is taken to hang [s].

    Raises
    ------
    NotebookError
        If a cell fails, hangs or loses its kernel.
    """
    try:
        notebook = _without_outputs(read(path))
        if values:
            _refuse_unknown(notebook, values)
        notebook = _run(notebook, path.parent, output, values, timeout)
        _refuse_ended_early(notebook)
        return notebook
    except Exception as exception:
        cell = _cell_reached(output)
        place = f"{path.name}, cell [{cell}]" if cell else path.name
        own = (path.absolute().parents[1], output.absolute().parent)
        with suppress(OSError):  # a full disk, which must not hide what failed
            if output.exists():
                write_file(output, without_machine(output.read_text(encoding="utf-8"), *own))
        said = without_machine(f"{place}: {sentence(exception)}", *own)
        raise NotebookError(said) from exception


def refresh(path: str) -> str | None:
    """Run a notebook with its own parameters and store its outputs in it.

    The same inputs give the same bytes. A notebook that fails is left as it was, and the sentence
    that says why is returned.
    """
    try:
        there = Path(path).read_bytes()
        with tempfile.TemporaryDirectory() as folder:
            notebook = executed(Path(path), Path(folder) / Path(path).name, {})
        if Path(path).read_bytes() != there:
            return (
                f"{Path(path).name}: was changed while it ran, and is left as it is; run it again"
            )
        illustrate(notebook, read(Path(path)))
        write_file(Path(path), notebook_text(notebook))
    except Exception as exception:
        return sentence(exception)
    return None


def read(path: Path) -> "NotebookNode":
    """Return a notebook as it is stored.

    Raises
    ------
    NotebookError
        If it can't be read.
    """
    import nbformat

    try:
        return nbformat.read(path, as_version=4)
    except Exception as exception:
        raise NotebookError(f"{path.name}: {sentence(exception)}") from exception


def _without_outputs(notebook: "NotebookNode") -> "NotebookNode":
    """Take the outputs of an earlier run away, which papermill would copy and check to no end."""
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = []
    return notebook


def _run(
    notebook: "NotebookNode", folder: Path, output: Path, values: dict[str, Any], timeout: int
) -> "NotebookNode":
    import papermill

    from businesscase_workbench.batch import engine

    shown: list[list] = []
    made = papermill.execute_notebook(
        notebook,
        None,
        parameters=values,
        engine_name=engine.NAME,
        kernel_name=KERNEL,
        language="python",
        progress_bar=False,
        cwd=folder,
        execution_timeout=timeout,
        evidence=output,
        shown=shown,
    )
    for cell, outputs in zip(made.cells, shown, strict=False):  # none if it didn't end well
        if cell.cell_type == "code":
            cell.outputs = outputs
    return made


def _refuse_unknown(notebook: "NotebookNode", values: dict[str, Any]) -> None:
    """Refuse a notebook that doesn't declare a parameter: papermill would only warn."""
    import papermill

    declared = papermill.inspect_notebook(notebook)
    missing = [name for name in values if name not in declared]
    if missing:
        raise InputError(
            f"the parameters cell has no {', '.join(missing)}; found {', '.join(declared) or 'none'}"
        )


def _refuse_ended_early(notebook: "NotebookNode") -> None:
    """Refuse a notebook that ended itself: papermill takes sys.exit() for a good end."""
    for cell in notebook.cells:
        if any(output.output_type == "error" for output in cell.get("outputs", [])):
            raise InputError("ended the notebook by sys.exit; every cell must run")


def _cell_reached(output: Path) -> int:
    """Return the number, as Jupyter shows it, of the last cell that started; 0 if none did."""
    import nbformat

    try:
        cells = nbformat.read(output, as_version=4).cells
    except (OSError, ValueError):  # none was written, or only a part because the disk was full
        return 0
    return sum(
        cell.cell_type == "code"
        and bool(cell.source.strip())
        and bool(cell.metadata.get("papermill", {}).get("start_time"))
        for cell in cells
    )


def sentence(exception: Exception) -> str:
    """Say what went wrong: an InputError's faults, else the exception's name and last line.

    It is stored and shown to others, so no folder of this machine is in it.
    """
    return without_machine(_said(exception))


def _said(exception: Exception) -> str:
    if isinstance(exception, NotebookError):
        return str(exception)
    if isinstance(exception, OSError) and exception.strerror:
        return f"{Path(exception.filename or 'files').name}: {exception.strerror}"
    name = getattr(exception, "ename", type(exception).__name__)  # as the kernel reported it
    lines = str(getattr(exception, "evalue", exception)).split("\n")
    lines = [line.strip() for line in lines if line.strip()]
    if name == InputError.__name__:
        return "; ".join(lines)
    return f"{name}: {lines[-1]}" if lines else name


def without_machine(text: str, *folders: Path) -> str:
    """Return text without what others needn't know: folders of this machine, keys in its environment.

    Parameters
    ----------
    folders : Path
        Those to be left out besides the ones of the project, the user and Python.

    Examples
    --------
    >>> without_machine(f"{Path.home()}/notes.txt isn't there")
    "…/notes.txt isn't there"
    """
    for name, value in os.environ.items():
        if SECRET.search(name) and len(value) >= SHORTEST_SECRET and os.sep not in value[:1]:
            text = _replaced(text, value, WITHHELD)
    for folder in sorted(_named([*folders, *_folders()]), key=len, reverse=True):
        text = _replaced(text, folder, ELSEWHERE)
    return text


def _named(folders: Iterable[Path]) -> set[str]:
    """Return folders as a message may name them, without a root, which tells nothing."""
    return {str(named) for folder in folders for named in (folder, folder.resolve()) if named.name}


def _folders() -> list[Path]:
    """Return the folders whose names tell of this machine, its user or its set-up."""
    own = []
    with suppress(InputError):
        own = [project_folder(), data_folder().parent]
    return [
        *own,
        SUPPLIED,
        Path(__file__).parents[2],
        Path.home(),
        Path(tempfile.gettempdir()),
        Path(sys.prefix),
        *map(Path, sysconfig.get_paths().values()),
    ]


def _replaced(text: str, found: str, by: str) -> str:
    """Return text with another in place of one that stands there, plain or as JSON has it."""
    for form in {found, json.dumps(found, ensure_ascii=False)[1:-1]}:
        text = re.sub(rf"{re.escape(form)}(?![\w-])", lambda _: by, text)
    return text


def notebook_text(notebook: "NotebookNode") -> str:
    """Return an executed notebook as text that is the same for the same inputs, to the byte.

    Times, paths and versions of the machine are left out; cells keep their ids.
    """
    import nbformat

    count, cells = 0, []
    for executed_cell in notebook.cells:
        cell = nbformat.NotebookNode(executed_cell)
        cell.metadata = {
            key: value
            for key, value in cell.metadata.items()
            if key not in ("papermill", "execution") and (key, value) != ("tags", [])
        }
        if INJECTED in cell.metadata.get("tags", []):
            cell.id = INJECTED
        if cell.cell_type == "code" and cell.execution_count is not None:
            count += 1
            cell.execution_count = count
            cell.outputs = [_stored(output, count) for output in cell.outputs]
        cells.append(cell)
    stored = nbformat.NotebookNode(notebook)
    stored.metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": KERNEL},
        "language_info": {"name": "python"},
    }
    stored.cells = cells
    return nbformat.writes(stored) + "\n"


def _stored(output: "NotebookNode", count: int) -> "NotebookNode":
    """Return an output of a cell without what is another in each run."""
    stored = type(output)(output)
    if "data" in output:
        stored.data = {kind: data for kind, data in output.data.items() if kind != WIDGET}
    if output.output_type == "execute_result":
        stored.execution_count = count
    if output.output_type == "stream":  # a library's warning names its file
        stored.text = without_machine(output.text)
    return stored
