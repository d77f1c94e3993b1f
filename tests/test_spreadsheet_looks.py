"""What a workbook shows otherwise than it stores: hidden and struck-out rows, footnotes, formats."""

import zipfile

import pytest
import xlsxwriter
from conftest import ROOT

from businesscase.cases.errors import InputError
from businesscase_workbench.spreadsheet import importing
from businesscase_workbench.spreadsheet.reader import contents

HEADER = ["partner", "asset", "value_gbp", "owner_rule"]
LINES = [["Northmere", "servers", 1000, "host"], ["Northmere", "laptops", 300, "host"]]
LINES += [["Eastholt", "servers", 50, "host"], ["Eastholt", "laptops", 7, "host"]]


@pytest.fixture(scope="module")
def excel(tmp_path_factory):
    """Return a workbook that shows some rows, columns and cells otherwise than others."""
    path = tmp_path_factory.mktemp("looks") / "x.xlsx"
    with xlsxwriter.Workbook(str(path)) as book:
        struck, raised, lowered, plain = map(
            book.add_format,
            ({"font_strikeout": True}, {"font_script": 1}, {"font_script": 2}, {"bold": True}),
        )
        thousands, euros, consistent = (
            book.add_format({"num_format": code})
            for code in ('£#,##0"k"', "[$€-2] #,##0", '0.0,"k"')
        )
        page = book.add_worksheet("assets")
        for row, values in enumerate([HEADER, *LINES, ["Eastholt", "phones", 9, "host"]]):
            page.write_row(row, 0, values)
        page.set_row(2, None, None, {"hidden": True})
        page.autofilter("A1:D6")
        page.write(3, 1, "servers", struck)
        page.set_column("D:D", None, None, {"hidden": True})
        page.write(5, 2, 9, consistent)
        page = book.add_worksheet("drivers")
        page.write_row(0, 0, ["partner", "driver", "value"])
        page.write_row(1, 0, ["Northmere", "users"])
        page.write_rich_string("C2", "760", raised, "2", plain)
        page.write_row(2, 0, ["Eastholt", "users"])
        page.write_rich_string("C3", "52", struck, "9", "0", plain)
        page.write_row(3, 0, ["Westerfold", "users", 4], thousands)
        page.write(4, 0, "Southwick")
        page.write(4, 1, "users")
        page.write(4, 2, 30)
        page = book.add_worksheet("benchmarks")
        page.write_row(0, 0, ["benchmark", "amount_gbp", "note"])
        page.write_row(1, 0, ["a", 5], euros)
        page.write_rich_string("C2", "of CO", lowered, "2", " saved", plain)
        page.write_rich_string("A2", "lowest", raised, "1", plain)
        page.write_row(2, 0, ["b", 6], thousands)
        page.write_comment("B1", "in £000")
        page.write_comment("B2", "£2m last year")
        page.set_header("&CAll figures in £'000")
    return path


def told(path, **options):
    faults = importing.read(path, **options).raw.faults
    return {
        (fault.details["sheet"], fault.details.get("cell"), fault.details.get("found")): fault
        for fault in faults
    }


def test_what_is_not_shown_as_it_is_stored_is_refused_at_its_place(excel):
    faults = told(excel)
    assert set(faults) == {
        ("assets", None, "hidden"), ("assets", "D1", "hidden"), ("assets", None, "struck-out"),
        ("drivers", "C2", "7602"), ("drivers", "C3", "5290"), ("drivers", "C4", '£#,##0"k"'),
        ("benchmarks", "A2", "lowest1"), ("benchmarks", "B2", "[$€-2] #,##0"),
        ("benchmarks", "B1", "£000"), ("benchmarks", None, "£'000"),
        *(key for key in faults if key[2] is None),
    }  # fmt: skip
    assert (
        "found '7602', of which '2' is raised; type the number without it"
        in faults["drivers", "C2", "7602"]
    )
    assert "of which '9' is struck out" in faults["drivers", "C3", "5290"]
    assert (
        "of which '1' is raised; type the text without it" in faults["benchmarks", "A2", "lowest1"]
    )
    assert (
        "(and 1 more in the column), which shows another number or unit than the 5 that would be read; give "
        "pounds with the format number"
    ) in faults["benchmarks", "B2", "[$€-2] #,##0"]
    assert faults["assets", None, "hidden"].endswith(
        "row 3 is hidden or filtered out; leave out what is hidden with --leave-out hidden, or keep it with "
        "--keep hidden"
    )
    assert "row 4 is struck out" in faults["assets", None, "struck-out"]
    assert "column 'owner_rule' is hidden" in faults["assets", "D1", "hidden"]


def test_what_is_hidden_or_struck_out_is_kept_or_left_out_on_the_users_word_and_named(excel):
    kept = importing.read(excel, ["drivers", "benchmarks"], keep=["hidden", "struck-out"])
    assert kept.raw.faults == []
    assert [row["value_gbp"] for row in kept.raw.tables["assets"]] == [
        "1000",
        "300",
        "50",
        "7",
        "9",
    ]
    said = "\n".join(kept.conversions)
    for part in (
        "row 3 is hidden or filtered out, and kept",
        "'owner_rule' is hidden, and kept",
        "row 4 is struck out, and kept",
    ):
        assert part in said
    out = importing.read(excel, ["drivers", "benchmarks", "hidden", "struck-out"])
    assert [row["value_gbp"] for row in out.raw.tables["assets"]] == ["1000", "7", "9"]
    said = "\n".join(out.conversions)
    for part in (
        "row 3 is hidden or filtered out, and left out",
        "column 'owner_rule' is hidden, and left out",
        "row 4 is struck out, and left out",
    ):
        assert part in said
    (fault,) = out.raw.faults
    assert "column owner_rule is missing" in fault


NAMESPACES = " ".join(
    f'xmlns:{name}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
    for name in ("office", "table", "text", "style", "number")
)
STYLES = """
<number:number-style style:name="N1"><number:number/><number:text>k</number:text></number:number-style>
<number:number-style style:name="N2"><number:number number:display-factor="1000"/></number:number-style>
<number:number-style style:name="N3P0"><number:number/></number:number-style>
<number:number-style style:name="N3"><number:text>-€</number:text><number:number/>
 <style:map style:condition="value()&gt;=0" style:apply-style-name="N3P0"/></number:number-style>
<style:style style:name="K" style:family="table-cell" style:data-style-name="N1"/>
<style:style style:name="below" style:family="table-cell" style:parent-style-name="K"/>
<style:style style:name="by" style:family="table-cell" style:data-style-name="N2"/>
<style:style style:name="euro" style:family="table-cell" style:data-style-name="N3"/>
<style:style style:name="out" style:family="table-cell"><style:text-properties style:text-line-through-style="solid"/></style:style>
<style:style style:name="up" style:family="text"><style:text-properties style:text-position="super 58%"/></style:style>
"""


def open_document(path, sheets):
    """Write an OpenDocument spreadsheet of sheets, each the inner text of its table."""
    tables = "".join(
        f'<table:table table:name="{name}">{rows}</table:table>' for name, rows in sheets.items()
    )
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr(
            "META-INF/manifest.xml",
            '<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>',
        )
        archive.writestr(
            "content.xml",
            f"<office:document-content {NAMESPACES}><office:automatic-styles>{STYLES}</office:automatic-styles>"
            f"<office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>",
        )
    return path


def line(*cells, row="", **styles):
    """Return a row of an OpenDocument table; a style goes by the place of its cell."""
    written = []
    for at, cell in enumerate(cells):
        style = f' table:style-name="{styles[f"s{at}"]}"' if f"s{at}" in styles else ""
        kind = "string" if isinstance(cell, str) else "float"
        value = "" if kind == "string" else f' office:value="{cell}"'
        written.append(
            f'<table:table-cell office:value-type="{kind}"{value}{style}><text:p>{cell}</text:p></table:table-cell>'
        )
    return f"<table:table-row {row}>{''.join(written)}</table:table-row>"


def test_open_document_is_held_to_the_same(tmp_path):
    footnote = '760<text:span text:style-name="up">2</text:span>'
    assets = [
        '<table:table-column/><table:table-column/><table:table-column table:default-cell-style-name="by"/>',
        '<table:table-column table:visibility="collapse"/>',
        line(*HEADER),
        line(*LINES[0], s2="K"),
        line(*LINES[1], row='table:visibility="filter" table:number-rows-repeated="2"', s2="below"),
        '<table:table-row-group table:display="false">',
        line(*LINES[2], s2="euro"),
        "</table:table-row-group>",
        line(*LINES[3], s1="out"),
    ]
    drivers = [
        line("partner", "driver", "value"),
        line("Northmere", "users", footnote),
        line(
            "<office:annotation><text:p>in thousands</text:p></office:annotation>East", "users", 520
        ),
    ]
    path = open_document(
        tmp_path / "x.ods", {"assets": "".join(assets), "drivers": "".join(drivers)}
    )
    faults = told(path)
    assert set(faults) >= {
        ("assets", None, "hidden"), ("assets", "D1", "hidden"), ("assets", None, "struck-out"),
        ("assets", "C2", '0"k"'), ("drivers", "C2", "7602"),
    }  # fmt: skip
    assert "rows 3, 4, 5 are hidden" in faults["assets", None, "hidden"]
    assert "row 6 is struck out" in faults["assets", None, "struck-out"]
    assert "(and 4 more in the column)" in faults["assets", "C2", '0"k"']


def test_marks_of_like_rows_and_cells_of_an_open_document_are_those_of_each(tmp_path):
    rows = line("a", 1, row='table:number-rows-repeated="3"', s0="out", s1="by")
    (sheet,) = contents(open_document(tmp_path / "x.ods", {"x": rows}))
    assert sheet["looks"]["struck"] == [(1, 0), (2, 0), (3, 0)]
    assert sheet["looks"]["formats"] == [(1, 1, "0,"), (2, 1, "0,"), (3, 1, "0,")]


def test_format_of_which_looks_can_not_be_told_says_so():
    path = ROOT / "tests" / "spreadsheets" / "legacy.xls"
    assert any(
        "in this format hidden and struck-out rows, raised footnotes and number formats can't be told"
        in said
        for said in importing.read(path).conversions
    )


CSV = "partner|asset|value_gbp|owner_rule\nNorthmere|sérvers|£1,000|host\n"


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_file_of_utf_16_without_a_mark_and_bars_are_read_and_named(encoding, tmp_path):
    (tmp_path / "assets.csv").write_bytes(CSV.encode(encoding))
    read = importing.read(tmp_path / "assets.csv")
    assert [row["value_gbp"] for row in read.raw.tables["assets"]] == ["1000"]
    said = "\n".join(read.conversions)
    assert "read as UTF-16, though no mark at its beginning says so" in said
    assert "read with a vertical bar (|) between the cells" in said


def test_other_encoding_or_delimiter_is_named(tmp_path):
    path = tmp_path / "assets.csv"
    path.write_bytes(CSV.encode("utf-32"))
    with pytest.raises(InputError, match="holds bytes of 0, as UTF-32 does"):
        importing.read(path)
    path.write_text(CSV.replace("|", "~"), encoding="utf-8")
    (fault,) = importing.read(path).raw.faults
    assert fault.endswith("; between the cells commas, semicolons, tabs or | are read")


def test_comment_of_a_csv_that_says_thousands_is_refused(tmp_path):
    path = tmp_path / "assets.csv"
    path.write_text("# Assets, £000\n# kept since 2024\n" + CSV.replace("|", ";"), encoding="utf-8")
    (fault,) = importing.read(path).raw.faults
    assert fault.startswith("assets.csv line 1: found '£000', but every amount is read as pounds")
    path.write_text("# 1,000 users each\n" + CSV.replace("|", ";"), encoding="utf-8")
    assert importing.read(path).raw.faults == []
