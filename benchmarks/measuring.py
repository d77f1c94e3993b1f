"""What the benchmarks share: the shortest of some runs, and every view that a notebook shows."""

import time
from collections.abc import Callable
from pathlib import Path

import nbformat

from businesscase.study import Study

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
REPEATS = 5


def best_seconds(call: Callable, repeats: int = REPEATS) -> float:
    """Return the shortest of some runs [s]."""
    seconds = []
    for _ in range(repeats):
        started = time.perf_counter()
        call()
        seconds.append(time.perf_counter() - started)
    return min(seconds)


def seconds_of_views(notebook: str, study: Study) -> dict[str, float]:
    """Return the time of each view that a notebook shows, drawn as HTML or JSON, by its call [s]."""
    cells = nbformat.read(NOTEBOOKS / notebook, as_version=4).cells
    lines = [
        line for cell in cells if cell.cell_type == "code" for line in cell.source.splitlines()
    ]
    names = {"study": study}
    exec("\n".join(line for line in lines if line.startswith("from ")), names)
    seconds = {}
    for call in (line for line in lines if line.startswith(("show.", "common."))):
        started = time.perf_counter()
        shown = eval(call, names)
        for form in ("_repr_html_", "_repr_markdown_", "_repr_mimebundle_"):
            if hasattr(shown, form):
                getattr(shown, form)()
        seconds[call] = time.perf_counter() - started
    return seconds
