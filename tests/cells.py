"""What the cells of a notebook show for a study, without a kernel: a section stands by itself."""

import ast
from functools import cache

import nbformat
from conftest import ROOT

from businesscase.study import Study

IMPORTS = (ast.Import, ast.ImportFrom)


@cache
def sections(notebook: str) -> tuple[list[ast.stmt], dict[str, list[str]]]:
    """Return the imports of a notebook, and the sources of its code cells by the heading before them."""
    (path,) = (ROOT / "notebooks").glob(f"[0-9][0-9]_{notebook}.ipynb")
    imports, found, heading = [], {}, ""
    for cell in nbformat.read(path, 4).cells:
        if cell.cell_type == "markdown":
            for line in cell.source.splitlines():
                heading = line.lstrip("# ") if line.startswith("#") else heading
        else:
            imports += [node for node in ast.parse(cell.source).body if isinstance(node, IMPORTS)]
            found.setdefault(heading, []).append(cell.source)
    return imports, found


def shown_in(notebook: str, study: Study | None, heading: str, **given) -> list:
    """Return what each cell under a heading shows for a study, or for what else the notebook loads."""
    imports, found = sections(notebook)
    names = {"study": study, **given}
    exec(compile(ast.Module(imports, []), notebook, "exec"), names)
    return [_shown(source, names) for source in found[heading]]


def _shown(source: str, names: dict):
    """Run a cell, and return the value that it ends in."""
    *before, last = ast.parse(source).body
    exec(compile(ast.Module(before, []), source, "exec"), names)
    return eval(compile(ast.Expression(last.value), source, "eval"), names)
