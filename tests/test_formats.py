"""A batch that makes more than pages: other formats, a comparison, shared scripts."""

import re
import shutil
import zipfile
from pathlib import Path

import docx
import pytest
from conftest import BROWSERS
from test_batch import CASE, settings, write_notebook

from businesscase.cases.case import load_case
from businesscase.cases.errors import InputError
from businesscase_workbench import cli
from businesscase_workbench.batch import Job, run_jobs, write_index

pytestmark = pytest.mark.usefixtures("one_fork_server")

BASE, COMPARISON = Job(CASE, "base"), Job(CASE, "comparison")
FOR_A_CASE = f'case: str = "{CASE}"  # a case'


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """Two small notebooks of a scenario and one that compares."""
    folder = tmp_path_factory.mktemp("formats")
    write_notebook(folder / "notebooks", "03_savings", "scenario")
    write_notebook(folder / "notebooks", "06_readiness", "scenario")
    write_notebook(folder / "notebooks", "07_decision", "scenario")
    write_notebook(folder / "notebooks", "08_compare", "'every scenario'", parameters=FOR_A_CASE)
    return folder


@pytest.fixture(scope="module")
def made(project):
    """The outcome of three runs: the page, then Excel too, then the page alone again."""
    reports = project / "reports"
    runs = [("html",), ("html", "xlsx"), ("html",)]
    return reports, [
        run_jobs([BASE, COMPARISON], settings(reports, project, formats=formats))
        for formats in runs
    ]


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_report_that_lacks_a_format_is_made_again_with_it(made):
    reports, runs = made
    assert [outcome.error for run in runs for outcome in run] == [None] * 6
    assert [[outcome.kept for outcome in run] for run in runs] == [
        [False, False], [False, False], [True, True],
    ]  # fmt: skip
    assert "tables.xlsx" in names(reports / CASE / "base")


def test_comparison_shows_what_its_notebook_says_and_has_no_results_of_a_scenario(made):
    folder = made[0] / CASE / "comparison"
    assert names(folder) == ["08_compare.ipynb", "appendix.html", "manifest.json", "report.html"]
    assert "every scenario" in (folder / "appendix.html").read_text(encoding="utf-8")


def test_report_of_a_scenario_has_no_chapter_of_the_comparison(made):
    assert not (made[0] / CASE / "base" / "08_compare.ipynb").exists()
    for page in ("report.html", "appendix.html"):
        assert "every scenario" not in (made[0] / CASE / "base" / page).read_text("utf-8")


@pytest.mark.parametrize("index, up", [("index.html", ""), (f"{CASE}/index.html", "../")])
def test_index_of_all_and_of_a_case_lead_to_every_format_and_the_comparison(
    made, project, index, up
):
    reports, runs = made
    write_index(settings(reports, project), runs[-1])
    page = (reports / index).read_text(encoding="utf-8")
    for file in ("base/report.html", "base/tables.xlsx", "comparison/report.html"):
        link = f"{up}{CASE}/{file}"
        assert f'href="{link}"' in page
        assert ((reports / index).parent / link).is_file()


@pytest.fixture(scope="module")
def sharing(project):
    """The folder of a report whose page shares its scripts, and of the index that leads to it."""
    reports = project / "sharing"
    options = settings(reports, project, shared_assets=True)
    outcomes = run_jobs([BASE], options)
    assert outcomes[0].error is None
    write_index(settings(reports, project), outcomes)
    return reports


def test_pages_that_share_their_scripts_lead_to_them(sharing):
    page = sharing / CASE / "base" / "report.html"
    linked = re.findall(r'(?:src|href)="(\.\./\.\./assets/[^"]+)"', page.read_text("utf-8"))
    assert linked and all((page.parent / link).is_file() for link in linked)
    assert page.stat().st_size < 300_000


def test_index_leads_to_reports_that_were_made_with_other_options(sharing):
    assert f'href="{CASE}/base/report.html"' in (sharing / "index.html").read_text("utf-8")


def test_unknown_format_is_refused_with_those_allowed(capsys):
    assert cli.main(["report", CASE, "--formats", "docx,odt"]) == 2
    assert "'odt' is no format; allowed: html, docx, xlsx, pdf" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("absent.docx", "no file is there"),
        ("text.docx", "it is not a Word file (.docx)"),
        ("archive.docx", "it is not a Word file (.docx)"),
    ],
)
def test_template_that_is_no_word_file_is_refused_before_anything_runs(
    name, said, tmp_path, capsys
):
    (tmp_path / "text.docx").write_text("text", encoding="utf-8")
    zipfile.ZipFile(tmp_path / "archive.docx", "w").writestr("other", "text")
    place = tmp_path / "reports"
    arguments = ["--template", str(tmp_path / name), "--output", str(place)]
    assert cli.main(["report", CASE, *arguments]) == 1
    assert capsys.readouterr().err.endswith(f"{name}: {said}\n")
    assert not place.exists()


@pytest.mark.long
def test_word_reports_in_a_house_template_stay_when_pages_are_asked_for(project, tmp_path):
    if not any(map(shutil.which, BROWSERS)):
        pytest.skip("needs Chrome, Chromium or Edge")
    template = tmp_path / "house.docx"
    docx.Document().save(template)

    def kept(**more):
        (outcome,) = run_jobs([BASE], settings(tmp_path / "reports", project, **more))
        assert outcome.error is None
        return outcome.kept

    word = {"formats": ("html", "docx")}
    assert not kept(**word, template=str(template))
    assert kept() and kept(**word, template=str(template))
    assert "report.docx" in names(tmp_path / "reports" / CASE / "base")
    assert not kept(**word)  # Word without the template is another report


@pytest.mark.parametrize("program", ["/bin/false", "/nowhere/chrome"])
def test_report_on_paper_without_a_browser_is_refused_and_the_page_stays(
    program, made, project, tmp_path, monkeypatch
):
    reports = shutil.copytree(made[0], tmp_path / "reports")
    monkeypatch.setenv("BROWSER_PATH", program)
    with pytest.raises(InputError, match="charts on paper need a browser to draw them"):
        run_jobs([BASE], settings(reports, project, formats=("html", "docx")))
    assert "report.html" in names(reports / CASE / "base")


def test_scenario_may_not_have_the_name_of_the_comparison(data_copy):
    file = Path(data_copy / CASE / "scenarios.toml")
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace("[same-pace]", "[Comparison]"), encoding="utf-8")
    with pytest.raises(InputError, match=r"'Comparison' is the name of the report that compares"):
        load_case(CASE)
