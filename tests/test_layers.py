"""The rooms stand one above the other, and calculations neither read, print nor log."""

import ast
from functools import cache
from graphlib import TopologicalSorter

import pytest
from conftest import ROOT

LIB = ROOT / "lib"
ROOMS = [
    # each imports from those before it alone
    "businesscase.calculations",
    "businesscase.cases",
    "businesscase.study",
    "businesscase.shown",
    "businesscase_workbench.spreadsheet",
    "businesscase_workbench.starter",
    "businesscase_workbench.own_case",
    "businesscase_workbench.case_import",
    "businesscase_workbench.own_project",
    "businesscase_workbench.reference",
    "businesscase_workbench.guide",
    "businesscase_workbench.report",
    "businesscase_workbench.batch",
    "businesscase_workbench.explore",
    "businesscase_workbench.cli",
]
ABOVE = {"businesscase/__main__.py": "businesscase_workbench"}  # starts what stands above
FILES = sorted(path for path in LIB.rglob("*.py") if path.parent != LIB)
CALCULATIONS = sorted((LIB / "businesscase" / "calculations").glob("*.py"))
EFFECTS = {"open", "print", "input", "pd.read_csv", "Path"}


def place(path):
    return path.relative_to(LIB).as_posix()


def level(module):
    """Return on which floor a module stands; -1 for what is of a whole package, or of no room."""
    room = ".".join(module.split(".")[:2])
    return ROOMS.index(room) if room in ROOMS else -1


@cache
def imported(path):
    """Return the modules of both packages that a file imports, for types alone and in functions too."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [name.name for name in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{place(path)} imports by a relative name"
            found += [f"{node.module}.{name.name}" for name in node.names]
    return found


@pytest.mark.parametrize("path", FILES, ids=place)
def test_module_imports_nothing_from_above(path):
    own = level(place(path).removesuffix(".py").replace("/", "."))
    above = [module for module in imported(path) if level(module) > max(own, 0)]
    allowed = ABOVE.get(place(path))
    assert [module for module in above if not (allowed and module.startswith(allowed))] == []


def test_no_module_needs_itself_by_way_of_others():
    names = {place(path).removesuffix(".py").replace("/", ".").removesuffix(".__init__"): path for path in FILES}  # fmt: skip
    needs = {
        name: {
            module if module in names else module.rpartition(".")[0] for module in imported(path)
        }
        & set(names) - {name}
        for name, path in names.items()
    }
    assert list(TopologicalSorter(needs).static_order())  # raises where there is a circle


def test_every_file_is_in_a_room():
    whole = {
        "businesscase/__init__.py",
        "businesscase/__main__.py",
        "businesscase_workbench/__init__.py",
    }
    modules = {place(path): place(path).removesuffix(".py").replace("/", ".") for path in FILES}
    assert {path for path, module in modules.items() if level(module) < 0} == whole


@pytest.mark.parametrize("path", CALCULATIONS, ids=lambda path: path.stem)
def test_calculation_reads_prints_and_logs_nothing(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert not called & EFFECTS
    assert not any(name.startswith(("logging.", "logger.")) for name in called)
