"""A file that is damaged, hostile or no spreadsheet is refused with one sentence, and soon."""

import contextlib
import io
import struct
import time
import zipfile

import pytest
import xlsxwriter
from conftest import ROOT
from docx import Document
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import PasswordError

from businesscase.cases.errors import InputError
from businesscase_workbench.case_import import suggest_mapping
from businesscase_workbench.spreadsheet import importing
from businesscase_workbench.spreadsheet.files import sheets_of
from businesscase_workbench.spreadsheet.findings import ImportFindings
from businesscase_workbench.spreadsheet.legacy import legacy_marks, stream_marks

FILES = ROOT / "tests" / "spreadsheets"
SHEET = "xl/worksheets/sheet1.xml"
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
SLOWEST = 30.0  # seconds, on a machine that does other things too


def refusal(path):
    """Return the one sentence that refuses a file."""
    begun = time.monotonic()
    with pytest.raises(InputError) as refused:
        raise InputError(importing.read(path).raw.faults)
    assert time.monotonic() - begun < SLOWEST
    (fault,) = refused.value.faults
    assert "\n" not in fault
    assert fault.startswith(f"{path.name}: ")
    assert fault.details["file"] == path.name
    return fault


@pytest.fixture
def good(tmp_path):
    """Return the bytes of a small workbook that can be read."""
    file = io.BytesIO()
    with xlsxwriter.Workbook(file) as book:
        page = book.add_worksheet("partners")
        header = ["partner", "role", "status", "source", "paragraph", "note"]
        page.write_row(0, 0, header)
        page.write_row(1, 0, ["Northmere", "lead", "assumed", "import", "1", "as agreed"])
    content = file.getvalue()
    (tmp_path / "good.xlsx").write_bytes(content)
    assert len(importing.read(tmp_path / "good.xlsx").raw.tables["partners"]) == 1
    return content


def changed(path, content, **parts):
    """Write an archive with some of its files replaced."""
    with (
        zipfile.ZipFile(io.BytesIO(content)) as old,
        zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            new.writestr(name, parts.pop(name, None) or old.read(name))
        for name, text in parts.items():
            new.writestr(name, text)
    return path


def with_cell(content, path, reference):
    """Write a workbook with one more cell."""
    row = reference.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        text = archive.read(SHEET).decode()
    cell = f'<row r="{row}"><c r="{reference}"><v>1</v></c></row></sheetData>'
    return changed(path, content, **{SHEET: text.replace("</sheetData>", cell)})


@pytest.mark.parametrize("suffix", [".xlsm", ".xls", ".ods"])
def test_workbook_under_the_name_of_another_kind_is_known_by_its_content(tmp_path, good, suffix):
    (tmp_path / f"x{suffix}").write_bytes(good)
    assert len(importing.read(tmp_path / f"x{suffix}").raw.tables["partners"]) == 1


def test_file_of_no_bytes(tmp_path):
    (tmp_path / "x.xlsx").touch()
    assert "is empty" in refusal(tmp_path / "x.xlsx")


def test_file_that_is_not_there(tmp_path):
    assert "no such file or folder" in refusal(tmp_path / "x.xlsx")


def test_file_of_another_kind(tmp_path):
    (tmp_path / "x.odt").write_bytes(b"PK")
    allowed = ".xlsx, .xlsm, .xls, .xlsb, .ods, .csv, .docx, .pdf and a folder"
    assert allowed in refusal(tmp_path / "x.odt")


@pytest.mark.parametrize(
    ("content", "suffix", "said"),
    [
        ("workbook", ".pdf", "is named .pdf, but seems to be an Excel workbook"),
        ("workbook", ".docx", "is named .docx, but seems to be an Excel workbook"),
        ("workbook", ".csv", "is named .csv, but seems to be a workbook or Word document"),
        (
            "old",
            ".pdf",
            "is named .pdf, but seems to be a workbook or document of an older program",
        ),
        ("word", ".xlsx", "is named .xlsx, but seems to be a Word document"),
        ("word", ".pdf", "is named .pdf, but seems to be a Word document"),
        ("pdf", ".xlsx", "is named .xlsx, but seems to be a PDF"),
        ("pdf", ".docx", "is named .docx, but seems to be a PDF"),
        ("pdf", ".csv", "is named .csv, but seems to be a PDF"),
        ("text", ".pdf", "is no PDF"),
        ("text", ".docx", "is no Word document"),
        ("nothing", ".pdf", "is empty"),
    ],
)
def test_a_file_under_the_name_of_another_kind_is_told_and_nothing_written(
    tmp_path, good, content, suffix, said
):
    path, target = tmp_path / f"x{suffix}", tmp_path / "x.mapping.toml"
    if content == "word":
        Document().save(path)
    else:
        contents = {"workbook": good, "old": OLE + bytes(600), "pdf": b"%PDF-1.7", "text": b"a,b\n"}
        path.write_bytes(contents.get(content, b""))
    assert said in refusal(path)
    with pytest.raises(InputError, match=said):
        suggest_mapping(path, "x", target)
    assert {*tmp_path.iterdir()} == {path, tmp_path / "good.xlsx"}


@pytest.mark.parametrize("suffix", [".docx", ".pdf"])
def test_paper_that_is_none(tmp_path, suffix):
    path = tmp_path / f"x{suffix}"
    for content in (b"PK", b"%PDF", b"partner,role\n", b"PK\x03\x04" + bytes(200)):
        path.write_bytes(content)
        assert refusal(path).startswith(f"x{suffix}: ")


@pytest.mark.parametrize("suffix", [".xlsx", ".xls", ".ods", ".xlsb"])
def test_text_under_the_name_of_a_workbook(tmp_path, suffix):
    path = tmp_path / f"x{suffix}"
    path.write_text("partner,role\nNorthmere,lead\n")
    assert "must be named .csv" in refusal(path)


def test_web_page_under_the_name_of_a_workbook(tmp_path):
    (tmp_path / "x.xls").write_text("\n<html><table><tr><td>partner</td></tr></table></html>")
    assert "web page or XML" in refusal(tmp_path / "x.xls")


def test_archive_that_is_no_workbook(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.xlsx", "w") as archive:
        archive.writestr("letters/document.xml", "<a/>")
    assert "not a workbook" in refusal(tmp_path / "x.xlsx")


def test_workbook_that_is_cut_off_anywhere(tmp_path, good):
    for part in (4, 100, len(good) // 2, len(good) - 1):
        (tmp_path / "x.xlsx").write_bytes(good[:part])
        assert "damaged" in refusal(tmp_path / "x.xlsx")


def test_workbook_with_a_damaged_sheet(tmp_path, good):
    for text in ("<worksheet><sheetData><row", "", "<worksheet>&nothing;</worksheet>"):
        path = changed(tmp_path / "x.xlsx", good, **{SHEET: text or " "})
        assert "damaged" in refusal(path)


def test_legacy_workbook_that_is_cut_off(tmp_path):
    content = (FILES / "legacy.xls").read_bytes()
    for part in (8, 600, len(content) // 2):
        (tmp_path / "x.xls").write_bytes(content[:part])
        refusal(tmp_path / "x.xls")


def test_archive_that_unpacks_to_more_than_a_workbook_has(tmp_path, good):
    path = changed(tmp_path / "x.xlsx", good, **{"xl/media/bomb.xml": b" " * 250_000_000})
    assert path.stat().st_size < 1_000_000
    assert "would unpack to 250 MB; at most 200 MB are read" in refusal(path)


def test_archive_that_lies_about_what_it_unpacks_to(tmp_path, good):
    bomb = b"<worksheet>" + b" " * 300_000_000
    path = changed(tmp_path / "x.xlsx", good, **{SHEET: bomb})
    content = path.read_bytes().replace(struct.pack("<I", len(bomb)), struct.pack("<I", 900))
    path.write_bytes(content)
    assert refusal(path)


def test_archive_of_many_files(tmp_path, good):
    path = changed(tmp_path / "x.xlsx", good, **{f"xl/{n}": "x" for n in range(10_001)})
    assert "a workbook has at most 10,000" in refusal(path)


def test_cell_in_the_last_row_and_column(tmp_path, good):
    path = with_cell(good, tmp_path / "x.xlsx", "XFD1048576")
    assert "a cell may stand far from the rest" in refusal(path)


@pytest.mark.parametrize("reference", ["A100001", "ZZ3"])
def test_cell_far_from_the_table(tmp_path, good, reference):
    path = with_cell(good, tmp_path / "x.xlsx", reference)
    assert "at most 100,000 rows and 500 columns are read" in refusal(path)


def test_markup_of_great_depth(tmp_path, good):
    deep = b"<worksheet><sheetData>" + b"<a>" * 300_000
    assert refusal(changed(tmp_path / "x.xlsx", good, **{SHEET: deep}))
    closed = deep + b"</a>" * 300_000 + b"</sheetData></worksheet>"
    path = changed(tmp_path / "x.xlsx", good, **{SHEET: closed})
    try:
        assert importing.read(path).raw.tables.get("partners", []) == []  # harmless if it is read
    except InputError as error:
        assert len(error.faults) == 1


def test_entities_that_multiply(tmp_path, good):
    names = [f'<!ENTITY e{n} "{f"&e{n - 1};" * 10 if n else "x" * 100}">' for n in range(12)]
    bomb = f"<!DOCTYPE worksheet [{''.join(names)}]><worksheet>&e11;</worksheet>"
    assert refusal(changed(tmp_path / "x.xlsx", good, **{SHEET: bomb}))


def test_workbook_behind_a_password():
    assert "protected by a password" in refusal(FILES / "password.xlsx")


def test_open_document_behind_a_password(tmp_path):
    with zipfile.ZipFile(tmp_path / "x.ods", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", "<manifest:encryption-data/>")
        archive.writestr("content.xml", b"\x8a\x00\xff")
    assert "protected by a password" in refusal(tmp_path / "x.ods")


def test_legacy_workbook_behind_a_password():
    # a record BOF, a record FILEPASS
    stream = struct.pack("<HHI", 0x809, 4, 0) + struct.pack("<HHI", 0x2F, 4, 0)
    with pytest.raises(PasswordError):
        stream_marks(stream)


@given(st.data())
def test_damaged_legacy_workbook_is_read_to_no_harm(data):
    content = bytearray((FILES / "legacy.xls").read_bytes())
    for _ in range(data.draw(st.integers(1, 8))):
        at = data.draw(st.integers(0, 1600) | st.integers(0, len(content) - 1))
        content[at] = data.draw(st.integers(0, 255))
    with contextlib.suppress(PasswordError):
        legacy_marks(bytes(content[: data.draw(st.integers(0, len(content)))]))


def test_another_document_of_the_old_kind(tmp_path):
    (tmp_path / "x.xls").write_bytes(OLE + b"\x00" * 2000)
    assert refusal(tmp_path / "x.xls")


def test_reading_that_takes_too_long(tmp_path, good):
    with pytest.raises(InputError, match=r"can't be read within 0\.01 seconds"):
        sheets_of(tmp_path / "good.xlsx", ImportFindings(), seconds=0.01)


def test_file_that_is_too_large(tmp_path):
    for name in ("flows.csv", "x.xlsx"):
        with (tmp_path / name).open("wb") as file:
            file.truncate(20_000_001)
        assert "allowed is at most 20 MB" in refusal(tmp_path / name)


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b'partner,role\n"Northmere,lead\n', "is not a CSV file"),
        (b"partner\x81,role\n", "byte 7 is no text"),
        (b"\xff\xfepartner", "is no text"),
        (b"partner" + b"," * 500, "more than 100,000 lines or 500 columns"),
        (b"a\n" * 100_001, "more than 100,000 lines or 500 columns"),
        (b'"' + b"x" * 200_000 + b'"', "is not a CSV file"),
    ],
)
def test_text_that_is_no_table(tmp_path, content, sentence):
    (tmp_path / "partners.csv").write_bytes(content)
    assert sentence in refusal(tmp_path / "partners.csv")


def test_control_character_in_a_csv_file_is_refused_at_its_line(tmp_path):
    (tmp_path / "partners.csv").write_bytes(b"partner,role\nNorth\x00mere,lead\n")
    (fault,) = importing.read(tmp_path / "partners.csv").raw.faults
    assert "line 2, column partner" in fault


def test_folder_without_tables(tmp_path):
    (tmp_path / "notes.txt").write_text("x")
    assert "has no .csv file" in refusal(tmp_path)


def test_csv_that_is_named_as_no_table(tmp_path):
    (tmp_path / "flow 2026.csv").write_text("option,line\na,b\n")
    (fault,) = importing.read(tmp_path / "flow 2026.csv").raw.faults
    assert "table 'flow 2026' is unknown" in fault
