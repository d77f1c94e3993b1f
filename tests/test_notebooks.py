"""The notebooks: the rules they keep, their stored outputs, and that the check on those can fail."""

import ast
import json
import re
import shutil
import subprocess
import sys

import nbformat
import papermill
import pytest
from conftest import ROOT
from nbclient import NotebookClient

from businesscase.cases.parameters import Parameters
from businesscase.study import load_study
from businesscase_workbench.batch import notebook_paths, refresh_notebooks

NOTEBOOKS = sorted((ROOT / "notebooks").glob("[0-9][0-9]_*.ipynb"))
TOOLS = ["00_start", "10_cookbook"]  # no chapter of a report: they show how to ask
HEADINGS = [
    "## The answer",
    "## What would change this answer?",
    "## Checks",
    "## Assumptions used",
    "## Made from",
]


def cells(path, kind):
    return [cell for cell in nbformat.read(path, 4).cells if cell.cell_type == kind]


@pytest.fixture(params=NOTEBOOKS, ids=lambda path: path.stem)
def notebook(request):
    return request.param


def test_there_is_a_notebook_for_each_section_those_that_compare_and_two_that_show_how_to_ask():
    assert [path.stem for path in NOTEBOOKS] == [
        "00_start",
        "01_baseline",
        "02_options",
        "03_savings",
        "04_risks",
        "05_plan",
        "06_readiness",
        "07_decision",
        "08_compare",
        "09_backtest",
        "10_cookbook",
    ]


def test_reports_are_made_of_the_chapters_alone():
    assert [path.stem for path in notebook_paths(ROOT / "notebooks").values()] == [
        path.stem for path in NOTEBOOKS if path.stem not in [*TOOLS, "09_backtest"]
    ]


def test_notebook_asks_a_question_then_sets_parameters(notebook):
    first, second = nbformat.read(notebook, 4).cells[:2]
    assert re.match(r"# .+\?\n", first.source)
    assert second.metadata.get("tags") == ["parameters"]


def test_notebook_has_its_sections_in_order(notebook):
    headings = [
        line
        for cell in cells(notebook, "markdown")
        for line in cell.source.splitlines()
        if line in HEADINGS
    ]
    assert headings == (HEADINGS[-1:] if notebook.stem in TOOLS else HEADINGS)


def test_prose_states_no_figure(notebook):
    for cell in cells(notebook, "markdown"):
        assert not re.search(r"\d", cell.source), cell.source


def test_cells_are_short_calls_without_definitions_loops_or_prints(notebook):
    forbidden = (ast.FunctionDef, ast.ClassDef, ast.For, ast.While, ast.Try, ast.With, ast.Lambda)
    for cell in cells(notebook, "code"):
        if cell.metadata.get("tags") != ["parameters"]:
            assert len([line for line in cell.source.splitlines() if line]) <= 10, cell.source
        nodes = list(ast.walk(ast.parse(cell.source)))
        assert not [node for node in nodes if isinstance(node, forbidden)], cell.source
        assert "print(" not in cell.source and "%" not in cell.source.split("#")[0]


def computes(source):
    """Return whether a cell works something out: it gives a name to what isn't the study itself."""
    named = [node for node in ast.parse(source).body if isinstance(node, ast.Assign)]
    return bool(named) and "load_study(" not in source and "at_each_date(" not in source


def test_at_least_a_third_of_the_cells_compute_and_most_have_some_lines(notebook):
    sources = [cell.source for cell in cells(notebook, "code")]
    lines = sorted(len([line for line in source.splitlines() if line]) for source in sources)
    assert sum(map(computes, sources)) >= len(sources) / 3
    # of the first notebook a newcomer needs single lines too
    assert (2 if notebook.stem == "00_start" else 3) <= lines[len(lines) // 2] <= 6


def test_no_name_of_a_parameter_is_repeated_in_a_notebook(notebook):
    parameters, load = [cell.source for cell in cells(notebook, "code")[:2]]
    names = {line.partition(":")[0] for line in parameters.splitlines()} - {"case", "scenario"}
    assert not [name for name in names if f"{name}=" in load]


def test_papermill_reads_every_parameter_with_its_help(notebook):
    found = papermill.inspect_notebook(str(notebook))
    source = cells(notebook, "code")[0].source
    assert len(found) == len(source.splitlines())
    for parameter in found.values():
        assert parameter["inferred_type_name"] in ("str", "int", "float", "bool", "list", "dict")
        assert re.search(r"\[.+\]$", parameter["help"])


def test_every_knob_is_a_scenario_parameter_that_says_nothing_by_default(notebook):
    found = papermill.inspect_notebook(str(notebook))
    if notebook.stem != "09_backtest":  # which shows all cases
        assert found.pop("scenario")["default"] == '"base"'
    found.pop("case")
    for name, parameter in found.items():
        assert name in Parameters.model_fields
        assert parameter["default"] == "None"


def test_every_code_cell_that_ends_in_a_value_has_a_stored_output(notebook):
    for cell in cells(notebook, "code"):
        is_shown = isinstance(ast.parse(cell.source).body[-1], ast.Expr)
        assert len(cell.outputs) == is_shown, cell.source


@pytest.mark.long  # nbval compares each output in any case
def test_running_the_notebooks_again_gives_the_same_bytes(tmp_path):
    copies = tmp_path / "notebooks"
    copies.mkdir()
    for path in NOTEBOOKS:
        shutil.copy(path, copies)
    assert refresh_notebooks(copies, workers=2) == []
    for path in NOTEBOOKS:
        assert (copies / path.name).read_bytes() == path.read_bytes(), path.name


def stored_table(path, caption):
    for cell in cells(path, "code"):
        for output in cell.outputs:
            html = "".join(output.get("data", {}).get("text/html", ""))
            if caption in html:
                return html
    raise AssertionError(f"no table {caption!r} in {path}")


def test_a_knob_given_to_papermill_changes_the_result(tmp_path):
    given = {"readiness_scores": {"pace of change": {"Sunderland": 3}}}
    papermill.execute_notebook(
        str(ROOT / "notebooks" / "06_readiness.ipynb"),
        str(tmp_path / "out.ipynb"),
        parameters=given,
        cwd=str(ROOT / "notebooks"),
        progress_bar=False,
    )
    # Durham has 2 in that area, so that one of the two gaps is closed
    assert stored_table(tmp_path / "out.ipynb", "One change of score alone brings the partners")
    assert "readiness_scores" in stored_table(tmp_path / "out.ipynb", "made from")


def run(tmp_path, **given):
    """Run the first cells of a notebook as papermill does, with values for its parameters."""
    notebook = nbformat.read(ROOT / "notebooks" / "03_savings.ipynb", 4)
    del notebook.cells[3:]
    nbformat.write(notebook, tmp_path / "short.ipynb")
    return papermill.execute_notebook(
        str(tmp_path / "short.ipynb"), None, parameters=given, cwd=str(tmp_path), progress_bar=False
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"delay_yeras": 2}, "parameter 'delay_yeras' is unknown; nearest: delay_years"),
        ({"case": 2026}, "case 2026 can't be a name, which is text"),
        ({"delay_years": "two"}, "parameter delay_years: found 'two'"),
    ],
)
def test_what_papermill_gives_wrongly_is_refused_in_a_sentence(tmp_path, given, said):
    with pytest.raises(papermill.PapermillExecutionError) as refused:
        run(tmp_path, **given)
    assert said in str(refused.value) and "TypeError" not in str(refused.value)


def test_running_the_load_cell_again_never_refuses_a_readers_own_variables(tmp_path):
    notebook = nbformat.read(ROOT / "notebooks" / "03_savings.ipynb", 4)
    del notebook.cells[3:]
    own = "delay_yeras = mine = 1\ntable = study.savings.net_flows"
    notebook.cells += [nbformat.v4.new_code_cell(own), notebook.cells[2].copy()]
    NotebookClient(notebook, kernel_name="python3").execute()
    assert notebook.cells[2].outputs[0].data == notebook.cells[4].outputs[0].data


@pytest.mark.long  # nbval runs it daily for its own case
def test_the_cookbook_answers_for_another_case_and_scenario(tmp_path):
    papermill.execute_notebook(
        str(ROOT / "notebooks" / "10_cookbook.ipynb"),
        str(tmp_path / "out.ipynb"),
        parameters={"case": "lictp-2020", "scenario": "late-start"},
        cwd=str(ROOT / "notebooks"),
        progress_bar=False,
    )
    changed = load_study("lictp-2020", "late-start", delay_years=1, overrun=0.2)
    worth = changed.savings.net_present_values
    table = stored_table(tmp_path / "out.ipynb", "headline")
    assert table.count(f"<td>{worth['Blaby']:,.2f}</td>") == 2  # added up, and the headline


@pytest.mark.long
def test_regression_check_fails_when_a_stored_figure_is_changed(tmp_path):
    path = tmp_path / "04_risks.ipynb"
    text = (ROOT / "notebooks" / "04_risks.ipynb").read_text(encoding="utf-8")
    changed = text.replace("The highest score is 12", "The highest score is 13")
    assert changed != text
    path.write_text(changed, encoding="utf-8")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "--nbval", str(path), "-q", "-o", "filterwarnings="],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert run.returncode == 1
    assert re.search(r"1 failed, \d+ passed", run.stdout), run.stdout


def test_stored_notebooks_hold_no_times_and_no_folder_of_a_machine(notebook):
    text = notebook.read_text(encoding="utf-8")
    stored = json.loads(text)
    assert set(stored["metadata"]) == {"kernelspec", "language_info"}
    assert all("execution" not in cell["metadata"] for cell in stored["cells"])
    assert not re.search(r"/home/|/root/|/work/|/tmp/|C:\\\\", text)


def test_a_refusal_in_a_notebook_is_its_sentences_without_a_traceback(tmp_path):
    source = 'from businesscase.cases.case import load_case\n\nload_case("mkip-2021")'
    cell = nbformat.v4.new_code_cell(source)
    notebook = nbformat.v4.new_notebook(cells=[cell])
    NotebookClient(notebook, kernel_name="python3", allow_errors=True).execute()
    (output,) = notebook.cells[0].outputs
    (sentence,) = output.traceback
    assert sentence.startswith("case 'mkip-2021' is unknown; nearest: mkip-2012")
