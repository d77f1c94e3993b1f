"""report.pdf: a tagged file that a screen reader can read, with what the study found."""

import shutil
import subprocess
from io import BytesIO

import pikepdf
import pytest
from pypdf import PdfReader
from test_report_word import HOSTILE, blocks_of, report, small_report, study  # noqa: F401

from businesscase_workbench.report.content import FigureShown, Report, TableShown
from businesscase_workbench.report.pdf import pdf

SVG = (
    b'<svg class="main-svg" xmlns="http://www.w3.org/2000/svg" width="800" height="400" '
    b'viewBox="0 0 800 400"><text x="9" y="99" font-family="Arial, Helvetica, sans-serif">a bar</text></svg>'
)
CHART = {"one-chart-1": SVG}


@pytest.fixture(scope="module")
def written(report):  # noqa: F811
    return pdf(report, {figure.name: SVG for figure in blocks_of(report, FigureShown)})


@pytest.fixture(scope="module")
def tags(written):
    """Return the parts of the structure in the order in which they are read: name and dictionary."""
    with pikepdf.open(BytesIO(written)) as file:
        yield list(parts(file.Root.StructTreeRoot))


def parts(part):
    """Yield a part of the structure and those within it."""
    if isinstance(part, pikepdf.Array):
        for child in part:
            yield from parts(child)
    elif isinstance(part, pikepdf.Dictionary):
        if "/S" in part:
            yield str(part.S), part
        yield from parts(part.get("/K", None))


def text_of(content):
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages)


def test_file_is_tagged_and_says_that_it_follows_the_standard_for_access(written):
    with pikepdf.open(BytesIO(written)) as file:
        assert file.Root.MarkInfo.Marked
        assert str(file.Root.Lang) == "en-GB"
        assert file.Root.ViewerPreferences.DisplayDocTitle
        with file.open_metadata() as metadata:
            assert metadata["pdfuaid:part"] == "1"
            assert metadata["dc:title"] == "Worked example (invented figures)"


def test_structure_has_every_heading_table_and_figure(report, tags):  # noqa: F811
    names = [name for name, _ in tags]
    assert (
        names.count("/H1") == len(report.front) + len(report.chapters) + 1
    )  # and that of the contents
    assert names.count("/Table") == len(blocks_of(report, TableShown)) > 50
    assert names.count("/Figure") == len(blocks_of(report, FigureShown)) > 10


def test_each_table_has_header_cells(report, tags):  # noqa: F811
    tables = [part for name, part in tags if name == "/Table"]
    for table, shown in zip(tables, blocks_of(report, TableShown), strict=True):
        assert sum(name == "/TH" for name, _ in parts(table)) == len(shown.labels)


def test_each_figure_has_words_for_those_who_cannot_see_it(report, tags):  # noqa: F811
    said = [str(part.Alt) for name, part in tags if name == "/Figure"]
    assert said == [
        f"{figure.title}. {figure.description}" for figure in blocks_of(report, FigureShown)
    ]


def test_text_has_recommendation_and_captions_on_a_sane_number_of_pages(report, written, study):  # noqa: F811
    if not shutil.which("pdftotext"):
        pytest.skip("no pdftotext")
    read = subprocess.run(["pdftotext", "-", "-"], input=written, capture_output=True, check=True)
    text = " ".join(read.stdout.decode().split())
    assert study.decision.recommendation.capitalize() in text
    assert all(f"Table {table.number} " in text for table in blocks_of(report, TableShown))
    assert 30 < len(PdfReader(BytesIO(written)).pages) < 150


def test_bookmarks_lead_to_the_chapters(report, written):  # noqa: F811
    outline = PdfReader(BytesIO(written)).outline
    titles = [entry.title for entry in outline if not isinstance(entry, list)]
    assert [title.split(". ", 1)[-1] for title in titles] == [
        chapter.title for chapter in (*report.front, *report.chapters)
    ]


def test_same_report_gives_the_same_bytes():
    assert pdf(small_report(), CHART) == pdf(small_report(), CHART)


def test_nothing_runs_off_the_page():
    content = pdf(small_report("x" * 2_000, columns=14), CHART)
    for page in PdfReader(BytesIO(content)).pages:
        rights = []
        page.extract_text(visitor_text=lambda text, _, place, *__: rights.append((text, place[4])))  # noqa: B023
        assert all(
            0 <= left <= float(page.mediabox.width) - 40 for text, left in rights if text.strip()
        )


def test_wide_table_is_on_a_turned_page_and_the_next_chapter_upright():
    pages = PdfReader(BytesIO(pdf(small_report(columns=14), CHART))).pages
    turned = [page.mediabox.width > page.mediabox.height for page in pages]
    assert True in turned
    assert not turned[-1]


@pytest.mark.parametrize(
    "text",
    [HOSTILE, '#eval("1") $x$ @ref <label> *b* _i_ `c` \\ // /* ]]', "=1+1", "#panic()", "a\0b"],
)
def test_hostile_text_arrives_as_text(text):
    shown = text_of(pdf(small_report(text), CHART)).replace("\n", "")
    turned_round = ["thgir", "tfel", "ot"] if "\u202e" in text else []  # as a reader sees it
    for word in [*text.split("\u202e")[0].replace("\0", "\ufffd").split(), *turned_round]:
        # a machine whose fonts lack a sign names it by its number
        assert word in shown or (len(word) == 1 and f"[U+{ord(word):04X}]" in shown)


@pytest.mark.parametrize("sign", ["\ue123", "\U0001f1ec", "\U0001fae8"])
def test_sign_that_no_font_has_is_named_by_its_number(sign):
    shown = text_of(pdf(small_report(f"a{sign}b"), CHART))
    assert f"[U+{ord(sign):04X}]" in shown or sign in shown


def test_report_without_chapters_is_a_file_too():
    assert pdf(Report("Title", "Why?", (), ()), {}).startswith(b"%PDF-1.7")
