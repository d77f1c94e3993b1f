import os
import shutil
from dataclasses import asdict
from pathlib import Path

import nbformat
import pytest
from conftest import ROOT

from businesscase.cases.case import load_case
from businesscase_workbench.batch import (
    Job,
    Settings,
    _tasks,
    notebook_paths,
    refresh_notebooks,
    run_jobs,
    write_index,
)
from businesscase_workbench.batch.job import done
from businesscase_workbench.batch.notebook import notebook_text, refresh
from businesscase_workbench.batch.processes import Project

pytestmark = pytest.mark.usefixtures("one_fork_server")

CASE = "durham-sunderland-2014"  # its sections are savings, readiness and decision
PARAMETERS = f'case: str = "{CASE}"  # a case\nscenario: str = "base"  # a scenario'
FAULTS = """
import os
from businesscase.cases.errors import InputError
if scenario == "same-pace":
    raise ValueError("the first line\\nthe last line")
if scenario == "officer-time":
    raise InputError(["one fault", "another fault"])
if scenario == "unequal-size":
    os.kill(os.getpid(), 9)
if scenario == "differences-overcome":
    os.kill(os.getppid(), 9)
"""


def write_notebook(folder, name, *sources, parameters=PARAMETERS):
    cells = [nbformat.v4.new_markdown_cell(f"# What about {name[3:]}?")]
    cells += [nbformat.v4.new_code_cell(parameters, metadata={"tags": ["parameters"]})]
    cells += [nbformat.v4.new_code_cell(source) for source in sources]
    for number, cell in enumerate(cells):
        cell.id = f"{name[:2]}-{number}"
    kernelspec = {"display_name": "Python 3", "language": "python", "name": "python3"}
    notebook = nbformat.v4.new_notebook(cells=cells, metadata={"kernelspec": kernelspec})
    folder.mkdir(exist_ok=True)
    nbformat.write(notebook, folder / f"{name}.ipynb")


def settings(reports, folder, workers=1, **more):
    """Return how a batch is run on the notebooks of a folder."""
    return Settings(str(reports), workers, notebooks=folder / "notebooks", **more)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Copied data, and notebooks of which one shows the case's title and one fails by scenario."""
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(ROOT / "data", folder / "data")
    file = folder / "data" / CASE / "case.toml"
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace('title = "', 'title = "Copied: ', 1), encoding="utf-8")
    notebooks = folder / "notebooks"
    write_notebook(notebooks, "02_options", "raise RuntimeError('the case scores no options')")
    write_notebook(notebooks, "03_savings", "scenario")
    title = "from businesscase.study import load_study\nload_study(case, scenario).case.file.title"
    write_notebook(notebooks, "06_readiness", title)
    write_notebook(notebooks, "07_decision", FAULTS, "scenario")
    return folder


@pytest.fixture(scope="module")
def copied_data(folder):
    """Point at the copied data by a relative path, as a user might."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setenv("BUSINESSCASE_DATA", "data")
        load_case.cache_clear()
        yield
    load_case.cache_clear()


@pytest.fixture(scope="module")
def run(folder, copied_data):
    """One run with every fault in it, over a folder that holds reports of an earlier run."""
    reports = folder / "reports"
    for name in ("base", "same-pace"):
        (reports / CASE / name).mkdir(parents=True)
        (reports / CASE / name / "report.html").write_text("an earlier run", encoding="utf-8")
    (reports / CASE / "base.failed").mkdir()
    scenarios = ["base", "same-pace", "officer-time", "unequal-size", "differences-overcome"]
    outcomes = run_jobs([Job(CASE, name) for name in scenarios], settings(reports, folder, 2))
    return reports / CASE, {outcome.job.scenario: outcome for outcome in outcomes}


def test_report_folder_holds_page_results_and_executed_notebooks(run):
    reports, outcomes = run
    assert outcomes["base"].error is None
    found = sorted(path.name for path in (reports / "base").iterdir())
    notebooks = ["03_savings.ipynb", "06_readiness.ipynb", "07_decision.ipynb"]
    assert found == [*notebooks, "appendix.html", "manifest.json", "report.html", "results.csv"]
    lines = (reports / "base" / "results.csv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "section,measure,item,year,value,unit"
    assert "decision,recommendation,all,,stop,text" in lines


def test_kernels_read_the_data_that_the_user_points_at(run):
    page = (run[0] / "base" / "appendix.html").read_text(encoding="utf-8")
    assert "<pre>&#39;Copied: Durham and Sunderland" in page


def test_new_report_replaces_the_earlier_one_and_its_evidence_of_failure(run):
    page = (run[0] / "base" / "report.html").read_text(encoding="utf-8")
    assert "an earlier run" not in page
    assert not (run[0] / "base.failed").exists()


def test_notebook_that_raises_is_named_with_its_cell_and_last_line(run):
    assert run[1]["same-pace"].error == "07_decision.ipynb, cell [3]: ValueError: the last line"


def test_refused_input_is_reported_with_all_its_faults(run):
    error = run[1]["officer-time"].error
    assert error == "07_decision.ipynb, cell [3]: one fault; another fault"


def test_dead_kernel_is_reported_with_its_cell(run):
    error = run[1]["unequal-size"].error
    assert error.startswith("07_decision.ipynb, cell [3]: its kernel died")


def test_dead_worker_fails_its_own_job_and_no_other(run):
    outcomes = run[1]
    assert "its process ended" in outcomes["differences-overcome"].error
    assert [
        name for name, outcome in outcomes.items() if "its process ended" in (outcome.error or "")
    ] == ["differences-overcome"]


@pytest.mark.parametrize("scenario", ["same-pace", "unequal-size"])
def test_failure_keeps_its_notebooks_and_leaves_no_report(run, scenario):
    reports, _ = run
    kept = {path.name for path in (reports / f"{scenario}.failed").iterdir()}
    assert kept == {"03_savings.ipynb", "06_readiness.ipynb", "07_decision.ipynb", "results.csv"}
    assert not (reports / scenario).exists()


def test_dead_worker_keeps_what_it_had_finished_and_leaves_no_report(run):
    reports, _ = run
    kept = {path.name for path in (reports / "differences-overcome.failed").iterdir()}
    assert kept == {"03_savings.ipynb", "06_readiness.ipynb", "results.csv"}
    assert not (reports / "differences-overcome").exists()


def test_nothing_unfinished_is_left(run):
    assert not [path for path in run[0].rglob("*") if "unfinished" in path.name]


def test_two_runs_give_the_same_bytes(run, folder):
    again = folder / "again"
    assert run_jobs([Job(CASE, "base")], settings(again, folder))[0].error is None
    for path in (run[0] / "base").iterdir():
        assert path.read_bytes() == (again / CASE / "base" / path.name).read_bytes(), path.name


def test_index_shows_reports_failures_and_scenarios_not_run(run, folder):
    reports = folder / "reports"
    page = index(reports, folder, run[1].values())
    assert f'href="{CASE}/base/report.html"' in page
    assert f'href="{CASE}/same-pace/report.html"' not in page
    assert '<span class="badge failed">failed</span> 07_decision.ipynb, cell [3]' in page
    assert (reports / CASE / "same-pace.failed").is_dir()
    assert f'href="{CASE}/same-pace.failed/"' in page
    assert '<span class="badge not-run">not run</span>' in page
    assert 'id="mkip-2012"' not in page  # a case without any report there


def test_index_after_a_run_of_another_case_still_leads_to_earlier_reports(run, folder):
    page = index(folder / "reports", folder, [])
    assert f'href="{CASE}/base/report.html"' in page
    assert '<span class="badge failed">failed</span> 07_decision.ipynb, cell [3]' in page


@pytest.mark.parametrize("file", ["results.csv", "report.html", "manifest.json"])
def test_index_does_not_lead_to_a_report_of_which_a_file_was_changed(run, folder, tmp_path, file):
    shutil.copytree(run[0] / "base", tmp_path / CASE / "base")
    assert "report.html" in index(tmp_path, folder, [])
    (tmp_path / CASE / "base" / file).write_text("other", encoding="utf-8")
    assert "report.html" not in index(tmp_path, folder, [])


def index(reports, folder, outcomes):
    """Return the page that leads to the reports."""
    return Path(write_index(settings(reports, folder), outcomes)).read_text(encoding="utf-8")


def error_of(folder):
    """Return what a job says of the notebooks of a folder before it runs any."""
    project = Project.here(folder / "notebooks")
    (task,) = _tasks([Job(CASE, "base")], settings(folder, folder), project)
    return done(asdict(task))["error"]


def test_notebook_without_a_parameter_is_refused(folder, copied_data, tmp_path):
    for name in ("03_savings", "06_readiness", "07_decision"):
        write_notebook(tmp_path / "notebooks", name, parameters='case: str = "x"')
    sentence = "03_savings.ipynb: the parameters cell has no scenario; found case"
    assert error_of(tmp_path) == sentence


def test_section_without_a_notebook_is_refused(folder, copied_data, tmp_path):
    write_notebook(tmp_path / "notebooks", "06_readiness")
    assert error_of(tmp_path) == "notebooks: none for section savings, decision; found readiness"


@pytest.mark.long
def test_refreshed_notebooks_have_the_same_bytes_each_time(tmp_path):
    write_notebook(tmp_path, "01_baseline", "1 + 1", "print('said')\nprint('again')")
    path = tmp_path / "01_baseline.ipynb"
    assert refresh_notebooks(tmp_path, 1) == []
    first = path.read_bytes()
    assert refresh_notebooks(tmp_path, 1) == []
    assert path.read_bytes() == first
    assert os.fsencode(tmp_path) not in first and b"papermill" not in first
    notebook = nbformat.read(path, as_version=4)
    assert [cell.id for cell in notebook.cells] == ["01-0", "01-1", "01-2", "01-3"]
    assert notebook.cells[2].outputs[0].data == {"text/plain": "2"}
    assert notebook.metadata.language_info == {"name": "python"}


def test_notebook_that_fails_to_refresh_is_left_as_it_was(tmp_path):
    write_notebook(tmp_path, "01_baseline", "1 / 0")
    before = (tmp_path / "01_baseline.ipynb").read_bytes()
    assert refresh_notebooks(tmp_path, 1) == [
        "01_baseline.ipynb, cell [2]: ZeroDivisionError: division by zero"
    ]
    assert (tmp_path / "01_baseline.ipynb").read_bytes() == before


def test_notebook_that_is_saved_while_it_is_refreshed_is_left_as_it_was_saved(
    tmp_path, monkeypatch
):
    write_notebook(tmp_path, "03_savings", "1")
    path = tmp_path / "03_savings.ipynb"

    def saved_meanwhile(*_):
        notebook = nbformat.read(path, as_version=4)
        path.write_text("what somebody saved", encoding="utf-8")
        return notebook

    monkeypatch.setattr("businesscase_workbench.batch.notebook.executed", saved_meanwhile)
    assert refresh(str(path)) == (
        "03_savings.ipynb: was changed while it ran, and is left as it is; run it again"
    )
    assert path.read_text(encoding="utf-8") == "what somebody saved"


def test_notebooks_that_are_not_numbered_are_no_section(tmp_path):
    for name in ("02_options.ipynb", "01_baseline.ipynb", "explore.ipynb"):
        (tmp_path / name).touch()
    assert list(notebook_paths(tmp_path)) == ["baseline", "options"]


def test_notebook_text_numbers_cells_anew_and_leaves_the_notebook_alone():
    output = nbformat.v4.new_output("execute_result", execution_count=17)
    cell = nbformat.v4.new_code_cell("x", id="a", execution_count=17, outputs=[output])
    notebook = nbformat.v4.new_notebook(cells=[cell])
    stored = nbformat.reads(notebook_text(notebook), as_version=4)
    assert stored.cells[0].execution_count == stored.cells[0].outputs[0].execution_count == 1
    assert notebook.cells[0].execution_count == 17
