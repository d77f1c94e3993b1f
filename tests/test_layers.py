"""Nothing imports upwards, and calculations neither read, print nor log."""

import ast
from itertools import chain

import pytest
from conftest import ROOT

PACKAGE = ROOT / "lib" / "businesscase"
CALCULATIONS = [
    [
        "years",
        "apportionment",
        "appraisal",
        "uncertainty",
        "baseline",
        "service",
        "estate",
        "options",
        "risks",
        "exposure",
        "plan",
        "durations",
        "progress",
        "readiness",
        "governance",
        "decision",
        "outturn",
    ],
    ["savings", "robustness", "finance", "discovery", "regret"],
]
LAYERS = [
    *CALCULATIONS,
    ["forking"],
    ["__init__", "errors", "names", "raw", "schema", "parameters"],
    ["assurance"],
    ["folder", "spreadsheet"],
    ["validation"],
    ["findings", "upgrading"],
    ["case"],
    ["starter"],
    ["own_case"],
    ["results", "study"],
    ["comparison"],
    ["views"],
    ["scenario_file", "explore"],
    ["report"],
    ["batch"],
    ["sweep"],
    ["cli"],
]
LEVEL = {module: level for level, modules in enumerate(LAYERS) for module in modules}
FILES = sorted(PACKAGE.rglob("*.py"))


def module_of(path):
    """Return the module or folder of the package that a file belongs to."""
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imported(path):
    """Yield the modules of the package that a file imports, for types alone too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not isinstance(node, ast.ImportFrom):
            continue
        if node.module == "businesscase":
            yield from (name.name for name in node.names if name.name in LEVEL)
        elif (node.module or "").startswith("businesscase."):
            yield node.module.split(".")[1]


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_module_imports_nothing_from_above(path):
    own = LEVEL[module_of(path)]
    assert [name for name in imported(path) if LEVEL[name] > own] == []


@pytest.mark.parametrize("module", [*chain(*CALCULATIONS)])
def test_calculation_reads_prints_and_logs_nothing(module):
    tree = ast.parse((PACKAGE / f"{module}.py").read_text(encoding="utf-8"))
    called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert not called & {"open", "print", "input", "pd.read_csv", "Path"}
    assert not any(name.startswith(("logging.", "logger.")) for name in called)
