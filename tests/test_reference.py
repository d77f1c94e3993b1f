"""The reference pages: every module has one, results and columns are explained, nothing is fetched."""

import re

import pytest
from conftest import ROOT, daily_of

from businesscase.cases.errors import InputError
from businesscase.study import load_study
from businesscase_workbench import reference

SOME = r"businesscase\.(study|cases).*"  # `make docs` writes them all


@pytest.fixture(scope="module", params=daily_of([SOME, ".*"], SOME))
def pages(request, tmp_path_factory):
    """The pages of modules, those whose name is like the one given."""
    folder = tmp_path_factory.mktemp("site") / "reference"
    names = [name for name in reference._modules() if re.fullmatch(request.param, name)]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(reference, "_modules", lambda: names)
        assert reference.write_reference(folder) == folder / "index.html"
    return folder


def text(pages, module):
    page = (pages / f"{module.replace('.', '/')}.html").read_text(encoding="utf-8")
    return re.sub(r"\s+", " ", re.sub("<[^>]+>", "", page))


def test_every_module_of_the_library_has_a_page(pages):
    lib = ROOT / "lib"
    place = "" if (pages / "businesscase.html").exists() else "study"
    for path in (lib / "businesscase" / place).rglob("*.py"):
        name = path.relative_to(lib).with_suffix("").as_posix().removesuffix("/__init__")
        private = any(part.startswith("_") for part in name.split("/"))
        assert (pages / f"{name}.html").exists() != private, name


def test_every_result_that_a_part_offers_is_explained(pages):
    for part in load_study("mkip-2012").parts:
        page = text(pages, type(part).__module__)
        for name in dir(part):
            said = getattr(type(part), name).__doc__.partition("\n")[0]
            assert name in page and len(said) > 10


def test_the_data_dictionary_and_the_parameters_are_pages(pages):
    assert "amount_gbp" in text(pages, "businesscase.cases")
    assert "delay_years" in text(pages, "businesscase.cases.parameters")


def test_pages_lead_from_one_to_the_other_and_fetch_nothing(pages):
    study = (pages / "businesscase/study.html").read_text(encoding="utf-8")
    assert 'href="study/savings.html"' in study
    for page in pages.rglob("*.html"):
        found = page.read_text(encoding="utf-8")
        assert not re.search(r"""(src|href)=["']?https?://(?!pdoc\.dev)""", found), page
        assert str(ROOT) not in found


def test_a_folder_with_other_files_is_left_alone(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(InputError, match="holds other files"):
        reference.write_reference(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]
