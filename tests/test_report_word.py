"""report.docx: read back, its structure is real, its figures are the study's, its bytes are stable."""

import shutil
import struct
import zipfile
import zlib
from dataclasses import replace
from io import BytesIO

import docx
import pytest
from conftest import BROWSERS, inputs, stored_notebooks
from docx.enum.style import WD_STYLE_TYPE
from docx.oxml.ns import qn
from docx.shared import Cm
from hypothesis import given, settings
from hypothesis import strategies as st

from businesscase.calculations.wording import pounds
from businesscase.cases.errors import InputError
from businesscase.study import load_study
from businesscase_workbench.report import paper, pictures
from businesscase_workbench.report.content import (
    Chapter,
    FigureShown,
    Heading,
    Plain,
    Prose,
    Report,
    TableShown,
    Verdict,
    report_of,
)
from businesscase_workbench.report.word import _text, document

HOSTILE = "<script>alert(1)</script> =cmd() {{x}} \U0001f600 \u202eright to left\u202c &amp;"


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png(width, height):
    """Return a white picture."""
    rows = zlib.compress((b"\0" + b"\xff" * width) * height)
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def small_report(text="text", rows=3, columns=2):
    table = TableShown(
        text,
        ("Name", *(f"Column {number}" for number in range(1, columns))),
        (False, *[True] * (columns - 1)),
        tuple((text, *["1,234,567"] * (columns - 1)) for _ in range(rows)),
        "1.1",
    )
    drawn = {"data": [], "layout": {}}
    figure = FigureShown("one-chart-1", text, "What it shows.", drawn, table, "1.1")
    blocks = (Prose("a **b** *c*\n\n- one\n- two"), Heading(text), Verdict(text), Plain(text))
    chapters = (
        Chapter("one", "First", (*blocks, table, figure), "1"),
        Chapter("two", "Second", (Prose("Said."),), "2"),
    )
    return Report(text, "Why?", (("For", text),), chapters)


CHART = {"one-chart-1": png(800, 400)}


def opened(content):
    return docx.Document(BytesIO(content))


@pytest.fixture(scope="module")
def study():
    return load_study("worked-example")


@pytest.fixture(scope="module")
def report(study):
    """Return the report of the worked example, and its appendix as more of it.

    Its notebooks are those committed, as executed.
    """
    report = report_of(study, stored_notebooks())
    return replace(report, chapters=(*report.chapters, *report.appendix.chapters))


@pytest.fixture(scope="module")
def written(report):
    figures = blocks_of(report, FigureShown)
    charts = {block.name: png(800, 400) for block in figures}
    return document(report, charts)


@pytest.fixture(scope="module")
def read(written):
    return opened(written)


def blocks_of(report, kind):
    return [
        block
        for chapter in (*report.front, *report.chapters)
        for block in chapter.blocks
        if isinstance(block, kind)
    ]


def test_headings_are_the_reports_in_order(report, read):
    shown = [
        (paragraph.style.name, paragraph.text)
        for paragraph in read.paragraphs
        if paragraph.style.name.startswith("Heading")
    ]
    expected = []
    for chapter in (*report.front, *report.chapters):
        expected.append(("Heading 1", chapter.heading))
        expected += [
            (f"Heading {block.level - 1}", block.numbered)
            for block in chapter.blocks
            if isinstance(block, Heading)
        ]
    assert shown == expected


def test_contents_list_every_chapter_and_lead_to_it(report, read):
    entries = [paragraph._p for paragraph in read.paragraphs if paragraph.style.name == "toc 1"]
    links = [entry.find(qn("w:hyperlink")).get(qn("w:anchor")) for entry in entries]
    marks = read.element.body.xpath(".//w:bookmarkStart/@w:name")
    assert len(entries) == len(report.front) + len(report.chapters)
    assert links == marks
    assert read.settings.element.find(qn("w:updateFields")) is not None


def test_a_minus_stays_with_its_amount():
    run = _text("from -\N{WORD JOINER}£4,500 to -\N{WORD JOINER}£2m")
    assert run.text == "from -£4,500 to -£2m"
    assert len(run.findall(qn("w:noBreakHyphen"))) == 2


def test_every_table_has_a_header_row_that_repeats_and_rows_that_stay_whole(report, read):
    assert len(read.tables) == len(blocks_of(report, TableShown)) > 50
    for table in read.tables:
        first, *others = table._tbl.tr_lst
        look = table._tbl.tblPr.find(qn("w:tblLook"))
        assert look.get(qn("w:firstColumn")) == look.get(qn("w:firstRow")) == "1"
        assert int(look.get(qn("w:val")), 16) == 0x80 + 0x20  # the same of both as one number
        assert first.trPr.find(qn("w:tblHeader")) is not None
        assert all(row.trPr.find(qn("w:tblHeader")) is None for row in others)
        assert all(row.trPr.find(qn("w:cantSplit")) is not None for row in others)


def test_tables_say_what_the_report_says(report, read):
    for shown, table in zip(blocks_of(report, TableShown), read.tables, strict=True):
        rows = [
            ["".join(run.text for run in cell.iter(qn("w:r"))) for cell in row.tc_lst]
            for row in table._tbl.tr_lst
        ]
        expected = [
            [text.replace("\N{WORD JOINER}", "") for text in row]
            for row in (shown.labels, *shown.rows)
        ]
        assert rows == expected


def test_captions_are_numbered_and_stand_beside_what_they_name(report, read):
    body = list(read.element.body)
    for table in read.tables:
        above = body[body.index(table._tbl) - 1]
        assert above.style == "Caption"
        assert above.pPr.find(qn("w:keepNext")) is not None
    captions = [
        paragraph.text for paragraph in read.paragraphs if paragraph.style.name == "Caption"
    ]
    expected = [
        f"Table {block.number} {block.caption}"
        if isinstance(block, TableShown)
        else f"Figure {block.number} {block.title}"
        for block in blocks_of(report, TableShown | FigureShown)
    ]
    assert captions == expected


def test_captions_are_counted_by_word_from_one_in_each_chapter(report, read):
    for kind, block_type in (("Table", TableShown), ("Figure", FigureShown)):
        counted, count = [], 0
        for words in read.element.body.iter(qn("w:instrText")):
            if words.text.startswith(f" SEQ {kind} "):
                count = 1 if words.text.endswith(" \\r 1 ") else count + 1
                counted.append(str(count))
        numbers = [block.number for block in blocks_of(report, block_type)]
        assert counted == [number.rpartition(".")[2] for number in numbers]
        assert len(counted) > 10


def test_each_picture_has_words_for_those_who_cannot_see_it(report, read):
    figures = blocks_of(report, FigureShown)
    shown = read.element.body.xpath(".//wp:docPr")
    assert [picture.get("descr") for picture in shown] == [
        f"{figure.title}. {figure.description}" for figure in figures
    ]
    assert len({picture.get("id") for picture in shown}) == len(figures) > 10


def test_recommendation_and_its_figures_are_those_of_the_study(study, read):
    recommended = [p.text for p in read.paragraphs if p.style.name == "Report recommendation"]
    # on the first page and before its reasons
    assert recommended == [study.decision.recommendation.capitalize()] * 2
    results = study.results.set_index(["measure", "item"])["value"]
    criteria = next(table for table in read.tables if table.cell(0, 0).text == "Criterion")
    found = {row.cells[0].text: row.cells[1].text for row in criteria.rows[1:]}
    assert found["no partner worse off"] == pounds(
        float(results["lowest_net_present_value", "all"])
    )


def test_no_table_is_wider_than_its_page(written):
    """Sections end where their properties stand; a table belongs to the next of them."""
    body = opened(written).element.body
    widths = []
    for element in body:
        if element.tag == qn("w:tbl"):
            widths.append(sum(int(column.get(qn("w:w"))) for column in element.tblGrid))
        section = (
            element
            if element.tag == qn("w:sectPr")
            else element.find(f"{qn('w:pPr')}/{qn('w:sectPr')}")
        )
        if section is not None:
            room = section.page_width - section.left_margin - section.right_margin
            assert all(width * 635 <= room + Cm(0.1) for width in widths)
            widths = []
    assert widths == []


def test_wide_table_turns_its_page_and_the_next_chapter_turns_it_back():
    read = opened(document(small_report(columns=14), CHART))
    turned = [section.page_width > section.page_height for section in read.sections]
    assert turned == [True, False] or turned == [False, True, False]


def test_prose_keeps_its_marks_and_lists():
    paragraphs = opened(document(small_report(), CHART)).paragraphs
    prose = next(paragraph for paragraph in paragraphs if paragraph.text == "a b c")
    assert [(run.text, run.bold, run.italic) for run in prose.runs if run.text.strip()] == [
        ("a ", None, None),
        ("b", True, None),
        ("c", None, True),
    ]
    items = [
        paragraph.text
        for paragraph in paragraphs
        if paragraph._p.pPr is not None and paragraph._p.pPr.numPr is not None
    ]
    assert items == ["one", "two"]


def test_document_states_language_title_and_a_fixed_date():
    read = opened(document(small_report("Sharing"), CHART))
    properties = read.core_properties
    assert (properties.title, properties.author, properties.language) == (
        "Sharing",
        "businesscase",
        "en-GB",
    )
    assert properties.created == properties.modified
    assert read.styles.element.xpath("w:docDefaults//w:lang/@w:val") == ["en-GB"]
    assert "PAGE" in "".join(read.sections[0].footer._element.itertext())


def test_same_report_gives_the_same_bytes():
    written = document(small_report(), CHART)
    assert document(small_report(), CHART) == written
    with zipfile.ZipFile(BytesIO(written)) as archive:
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}


@pytest.mark.parametrize(
    "text", [HOSTILE, "x" * 10_000, "y " * 5_000, "=1+1", "\u05e9\u05dc\u05d5\u05dd"]
)
def test_hostile_text_arrives_as_text(text):
    read = opened(document(small_report(text), CHART))
    assert read.tables[0].cell(1, 0).text == text
    assert read.paragraphs[0].text == text


@pytest.mark.parametrize("text", ["a\0b", "a\x1bb", "a\ufffeb", "a\ud800b"])
def test_what_a_document_cannot_hold_is_shown_as_replaced(text):
    assert (
        opened(document(small_report(text), CHART)).paragraphs[0].text
        == "a\N{REPLACEMENT CHARACTER}b"
    )


@settings(max_examples=inputs(10, 30))
@given(st.text(max_size=50))
def test_any_text_gives_a_document_that_opens(text):
    table = TableShown(text, ("a", "b"), (False, True), ((text, text),), "1.1")
    report = Report(text, text, (), (Chapter("one", text, (Prose(text), table)),))
    assert len(opened(document(report, {})).tables) == 1


def test_heading_numbers_are_left_to_a_template_that_numbers_headings(tmp_path):
    house = docx.Document()
    numbered = docx.oxml.parse_xml(
        f'<w:numPr {docx.oxml.ns.nsdecls("w")}><w:numId w:val="1"/></w:numPr>'
    )
    house.styles["Heading 1"].element.get_or_add_pPr().append(numbered)
    house.save(tmp_path / "house.docx")
    read = opened(document(small_report(), CHART, tmp_path / "house.docx"))
    assert [p.text for p in read.paragraphs if p.style.name == "Heading 1"] == ["First", "Second"]


@pytest.fixture
def house(tmp_path):
    """Return a template with a style of its own, a header, narrow paper and text around the place."""
    template = docx.Document()
    template.styles["Heading 1"].font.name = "Gill Sans"
    template.styles["Caption"].element.getparent().remove(template.styles["Caption"].element)
    section = template.sections[0]
    section.page_width, section.left_margin, section.right_margin = Cm(18), Cm(3), Cm(3)
    section.header.paragraphs[0].text = "Northmere Council"
    template.add_paragraph("Before the report")
    template.add_paragraph("{{report}}")
    template.add_paragraph("After the report")
    template.save(tmp_path / "house.docx")
    return tmp_path / "house.docx"


def test_template_gives_styles_header_and_page(house):
    read = opened(document(small_report(), CHART, house))
    assert read.styles["Heading 1"].font.name == "Gill Sans"
    assert {section.header.paragraphs[0].text for section in read.sections} == {"Northmere Council"}
    assert read.sections[-1].page_width == pytest.approx(Cm(18), abs=635)
    assert read.styles["Caption"].type == WD_STYLE_TYPE.PARAGRAPH
    assert read.styles["Report cell"].font.name == "Arial"


def test_report_takes_the_place_that_the_template_names(house):
    texts = [p.text for p in opened(document(small_report("Title"), CHART, house)).paragraphs]
    assert texts[:2] == ["Before the report", "Title"]
    assert texts[-1] == "After the report"
    assert "{{report}}" not in texts


def test_report_comes_after_what_a_template_says_without_a_place(tmp_path):
    template = docx.Document()
    template.add_paragraph("Cover")
    template.save(tmp_path / "house.docx")
    texts = [
        p.text
        for p in opened(document(small_report("Title"), CHART, tmp_path / "house.docx")).paragraphs
    ]
    assert texts[:2] == ["Cover", "Title"]


def test_pages_are_counted_from_the_templates_first_section_on(tmp_path):
    template = docx.Document()
    start = docx.oxml.parse_xml(f'<w:pgNumType {docx.oxml.ns.nsdecls("w")} w:start="5"/>')
    template.sections[0]._sectPr.append(start)
    template.sections[0].different_first_page_header_footer = True
    template.save(tmp_path / "house.docx")
    read = opened(document(small_report(columns=14), CHART, tmp_path / "house.docx"))
    starts = [section._sectPr.xpath("w:pgNumType/@w:start") for section in read.sections]
    assert starts == [["5"], [], []]
    assert [section.different_first_page_header_footer for section in read.sections] == [
        True,
        False,
        False,
    ]


def test_template_that_is_no_document_is_refused_by_name(tmp_path):
    (tmp_path / "house.docx").write_text("not a document")
    with pytest.raises(InputError, match=r"house\.docx: it is not a Word file"):
        document(small_report(), CHART, tmp_path / "house.docx")


def test_libreoffice_reads_it(tmp_path, converted):
    (tmp_path / "report.docx").write_bytes(document(small_report(HOSTILE, columns=14), CHART))
    assert converted(tmp_path / "report.docx", "pdf", tmp_path).read_bytes().startswith(b"%PDF")


# widths of tables


def test_narrow_table_keeps_the_largest_type_and_only_the_width_it_needs():
    fit = paper.fitted(
        TableShown("c", ("Year", "Rate"), (False, True), (("2026/27", "3.5%"),)), (16.6, 25.3)
    )
    assert (fit.turned, fit.size, fit.whole) == (False, 9.0, True)
    assert sum(fit.widths) < 5


def test_only_a_table_that_no_page_is_wide_enough_for_has_type_below_nine_points(report):
    tables = blocks_of(report, TableShown)
    fits = {table.number: paper.fitted(table, (16.6, 25.3)) for table in tables}
    small = [table for table in tables if fits[table.number].size < 9]
    assert all(len(table.labels) > 12 and fits[table.number].turned for table in small)
    assert len(small) <= 1


def test_widths_of_a_table_fill_the_page_and_no_more():
    rows = tuple(("a word " * 30, "b word " * 5, "1") for _ in range(3))
    fit = paper.fitted(
        TableShown("c", ("One", "Two", "Three"), (False, False, True), rows), (16.6, 25.3)
    )
    assert sum(fit.widths) == pytest.approx(16.6, abs=0.05)
    assert fit.widths[0] > fit.widths[1] > fit.widths[2]


def test_table_for_which_no_page_is_wide_enough_still_fits_it():
    table = TableShown("c", ("W" * 20,) * 14, (True,) * 14, (("W" * 20,) * 14,))
    fit = paper.fitted(table, (16.6, 25.3))
    assert fit.turned
    assert sum(fit.widths) <= 25.3 + 0.1


# pictures of figures


@pytest.fixture(scope="module")
def drawn():
    figure = {
        "data": [
            {
                "type": "bar",
                "x": [1, 2],
                "y": ["Northmere", HOSTILE],
                "orientation": "h",
                "marker": {"pattern": {"shape": "/"}},
            },
            {"type": "scatter", "x": [1, 2], "y": ["Northmere", "Eastholt"], "fill": "tozeroy"},
        ],
        "layout": {"title": {"text": "Title"}, "margin": {"t": 62}, "height": 300, "template": {}},
    }
    if not any(map(shutil.which, BROWSERS)):
        pytest.skip("no browser")
    with pictures.Pictures() as browser:
        yield figure, browser


def test_picture_has_the_size_that_is_asked_and_the_same_bytes_each_time(drawn):
    figure, browser = drawn
    first = browser.png(figure, width=400, scale=2)
    assert struct.unpack(">II", first[16:24]) == (800, 600)
    assert browser.png(figure, width=400, scale=2) == first


def test_vector_picture_has_the_same_bytes_each_time_and_text_as_text(drawn):
    figure, browser = drawn
    first = browser.svg(figure)
    browser.svg({"data": [{"type": "heatmap", "z": [[1, 2]]}], "layout": {"font": {"size": 30}}})
    assert browser.svg(figure) == first
    assert b"Northmere" in first
    assert b"<script" not in first


def test_picture_without_title_is_lower_by_the_room_of_the_title(drawn):
    figure, _ = drawn
    layout = pictures.untitled(figure)["layout"]
    assert "title" not in layout
    assert (layout["margin"]["t"], layout["height"]) == (12, 250)


def test_slanted_labels_keep_the_room_that_they_reach_into(drawn):
    figure, _ = drawn
    slanted = {**figure["layout"], "annotations": [{"text": "gate", "textangle": -35}]}
    assert pictures.untitled({**figure, "layout": slanted})["layout"]["margin"]["t"] == 44


def test_without_a_browser_one_sentence_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setenv("BROWSER_PATH", str(tmp_path / "none"))
    with pytest.raises(InputError, match="install Chrome, Chromium or Edge"), pictures.Pictures():
        pass


def test_figures_of_a_report_are_drawn_by_name(report):
    named = pictures.drawn(
        [replace(report, chapters=report.chapters[:4])], lambda figure: figure["layout"]
    )
    assert "baseline-chart-1" in named
    assert not any("title" in layout for layout in named.values())
