import shutil
from importlib.resources import files

import nbformat
import pytest
from conftest import ROOT, daily_of

from businesscase.cases import project
from businesscase.cases.case import changing, documents, load_case, unknown_case
from businesscase.cases.errors import InputError
from businesscase_workbench import own_project

PUBLISHED = "dacorum-avdc-2012"
DEFLATORS = """\
year,price_index,status,source,paragraph,note
2011,96,published,our-paper,table 1,
2012,100,published,our-paper,table 1,
"""
OUR_PAPER = '[our-paper]\ntitle = "Prices"\npublisher = "Northmere"\n'


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Return a folder with one case of one's own, a copy of a published one, and nothing else."""
    folder = tmp_path / "data"
    shutil.copytree(ROOT / "data" / PUBLISHED, folder / "our-case")
    monkeypatch.setenv("BUSINESSCASE_DATA", str(folder))
    load_case.cache_clear()
    yield folder
    load_case.cache_clear()


def test_a_case_that_stands_alone_is_read_with_the_tables_of_the_package(own):
    assert project.case_names() == ["our-case"]
    case, published = load_case("our-case"), load_case(PUBLISHED)
    assert case.input_hash == published.input_hash
    assert case.tables["deflators"].equals(published.tables["deflators"])
    assert documents(case) == documents(published)


def test_a_table_of_ones_own_goes_before_that_of_the_package_and_changes_the_fingerprint(own):
    before = load_case("our-case").input_hash
    (own / "deflators.csv").write_text(DEFLATORS, encoding="utf-8")
    (own / "sources.toml").write_text(OUR_PAPER, encoding="utf-8")
    load_case.cache_clear()
    case = load_case("our-case")
    assert list(case.tables["deflators"]["price_index"]) == [96, 100]
    assert {"our-paper", "green-book"} <= set(documents(case))
    assert case.input_hash != before


def test_a_document_of_ones_own_goes_before_that_of_the_package(own):
    text = '[green-book]\ntitle = "The Green Book of today"\npublisher = "HM Treasury"\n'
    (own / "sources.toml").write_text(text, encoding="utf-8")
    load_case.cache_clear()
    assert documents(load_case("our-case"))["green-book"].title == "The Green Book of today"


def test_a_fault_in_a_table_of_ones_own_is_told_with_its_place(own):
    (own / "deflators.csv").write_text(DEFLATORS.replace(",96,", ",x,"), encoding="utf-8")
    load_case.cache_clear()
    with pytest.raises(InputError, match=r"data/deflators.csv line 2.*price_index"):
        load_case("our-case")


def test_a_published_case_is_read_by_its_name_and_never_written(own):
    assert load_case(PUBLISHED).name == PUBLISHED
    refused = pytest.raises(InputError, match="comes with the package and stays as it is")
    with refused, changing(PUBLISHED):
        pass


def test_a_folder_of_ones_own_hides_the_published_case_of_its_name(own):
    (own / PUBLISHED).mkdir()
    assert PUBLISHED not in project.known_case_names()
    assert "case.toml is missing" in unknown_case(PUBLISHED)


def test_reports_go_beside_the_data_of_a_project_and_within_a_folder_of_cases_elsewhere(
    own, monkeypatch
):
    assert project.reports_folder() == own / "reports"
    (own.parent / "notebooks").mkdir()
    assert project.reports_folder() == own.parent / "reports"
    monkeypatch.setenv("BUSINESSCASE_DATA", str(own.parent / "secure"))
    assert project.reports_folder() == own.parent / "secure" / "reports"


def test_chapters_are_those_of_the_project_if_it_has_any(own, monkeypatch):
    chapters = own.parent / "notebooks"
    chapters.mkdir()
    (chapters / "our-case.ipynb").touch()
    monkeypatch.chdir(own.parent)
    assert project.notebooks_folder() == ROOT / "notebooks"
    (chapters / "03_savings.ipynb").touch()
    assert project.notebooks_folder() == chapters


@pytest.mark.parametrize("case", daily_of(project.case_names(), "dacorum-avdc-2012", "mkip-2012"))
def test_the_notebook_of_a_new_project_tells_the_answer_of_any_case(case):
    text = (files(own_project) / "notebooks" / "our-case.ipynb").read_text(encoding="utf-8")
    parameters, *cells = [
        cell.source for cell in nbformat.reads(text, as_version=4).cells if cell.cell_type == "code"
    ]
    named = {}
    exec(parameters, named)
    assert named["case"] in project.known_case_names()
    named["case"] = case
    for source in cells:
        exec(source, named)
    assert list(named["table"].index) == list(load_case(case).scenarios)
