"""What the cells of notebooks show for a study, without a kernel: a section stands by itself."""

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


def executed(study: Study) -> dict[str, nbformat.NotebookNode]:
    """Return the notebooks of the parts that a case has, and of its comparison, with what their cells show."""
    present = [*study.case.chapter_names(), "compare"]
    paths = sorted((ROOT / "notebooks").glob("0[1-9]_*.ipynb"))
    named = {path.stem.split("_", 1)[1]: path for path in paths}
    return {
        name: _run(nbformat.read(path, 4), study) for name, path in named.items() if name in present
    }


def _run(notebook: nbformat.NotebookNode, study: Study) -> nbformat.NotebookNode:
    """Return a notebook with what each cell shows that neither takes a parameter nor loads the study."""
    names = {"study": study}
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        cell.outputs, tree = [], ast.parse(cell.source)
        imports = [node for node in tree.body if isinstance(node, IMPORTS)]
        exec(compile(ast.Module(imports, []), "notebook", "exec"), names)
        if not imports and "parameters" not in cell.metadata.get("tags", []):
            shown = _shown(cell.source, names)
            data = shown._repr_mimebundle_()
            cell.outputs.append(nbformat.v4.new_output("display_data", data=data))
    return notebook
