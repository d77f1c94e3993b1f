"""Reading a workbook in a process of its own, so that a damaged or hostile file can't harm ours.

Run as ``python -m businesscase_workbench.spreadsheet.reader FILE``; the cells are written to standard output as
JSON. A cell in the last row and column makes the reading library ask for hundreds of gigabytes, and
an archive of a few kilobytes can hold as much: the memory of this process is limited, and what it
can't hold ends it.
"""

import contextlib
import datetime as dt
import io
import json
import sys
import zipfile
from bisect import bisect_left, bisect_right
from pathlib import Path
from xml.etree.ElementTree import ParseError

from python_calamine import (
    CalamineError,
    CalamineSheet,
    CalamineWorkbook,
    PasswordError,
    SheetTypeEnum,
    SheetVisibleEnum,
)

from businesscase_workbench.spreadsheet.kinds import (
    BOOLEAN_CELL,
    DATE_CELL,
    DATETIME_CELL,
    DURATION_CELL,
    NUMBER_CELL,
    TEXT_CELL,
    TIME_CELL,
)
from businesscase_workbench.spreadsheet.legacy import legacy_marks
from businesscase_workbench.spreadsheet.marks import Marks
from businesscase_workbench.spreadsheet.opendocument import opendocument_marks
from businesscase_workbench.spreadsheet.openxml import openxml_marks

try:
    import resource
except ImportError:  # Windows, where the time alone is limited
    resource = None

MEMORY = 1_500_000_000  # bytes of addresses
ROW_LIMIT, COLUMN_LIMIT = 100_000, 500
CELLS, CHARACTERS = 1_000_000, 50_000_000  # of all sheets together
ENTRIES, INFLATED = 10_000, 200_000_000  # of an archive: files, and bytes in all
EXACT_WHOLE = 10**15  # below it a whole number has all its digits
OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")
PDF, ZIP = b"%PDF", b"PK"
PDF_SUFFIX, WORD_SUFFIX = ".pdf", ".docx"
PAPERS = {PDF_SUFFIX: "PDF", WORD_SUFFIX: "Word document"}
PROTECTED = "is protected by a password; open it, take the password off and save it again"


class UnreadableError(ValueError):
    """A file that is refused as a whole; the sentence follows its name."""


def contents(path: Path) -> list[dict]:
    """Return the sheets of a workbook: name, kind, cells, merged ranges, formulas and looks of each.

    Raises
    ------
    UnreadableError
        If the file is not a workbook, or is larger than any that a case needs.
    """
    content, suffix = path.read_bytes(), path.suffix.lower()
    _refuse_other_kind(content, suffix)
    marks: dict[str, Marks] | None = None
    if content.startswith(OLE):
        if ENCRYPTED_STREAM in content:
            raise UnreadableError(PROTECTED)
    elif content.startswith(PDF):
        return _paper(content, "sheets_of_pdf")
    elif suffix == WORD_SUFFIX and _is_word(content):
        return _paper(content, "sheets_of_word")
    elif content.startswith(ZIP):
        marks = _checked_archive(content)
    elif content.lstrip().startswith(b"<"):
        raise UnreadableError(
            "is a web page or XML under the name of a workbook; open it in a spreadsheet program and "
            "save it as .xlsx"
        )
    else:
        raise UnreadableError("is not a workbook; a text file with columns must be named .csv")
    try:
        if content.startswith(OLE):
            marks = legacy_marks(content)
        with CalamineWorkbook.from_filelike(io.BytesIO(content)) as book:
            return _sheets(book, marks)
    except PasswordError:
        raise UnreadableError(PROTECTED) from None
    except CalamineError as error:
        raise UnreadableError(f"is damaged or not a workbook: {error}") from None


def _refuse_other_kind(content: bytes, suffix: str) -> None:
    """Refuse a paper under the name of a workbook or of another paper, and a workbook under that of a paper."""
    if content.startswith(OLE) and ENCRYPTED_STREAM in content:
        return  # nobody can tell what it is
    what, ending = _kind(content)
    if what and suffix != ending and (suffix in PAPERS or ending in PAPERS):
        is_old = content.startswith(OLE)
        remedy = "open it and save it as .xlsx or .docx" if is_old else f"if it is, give it the ending {ending}"  # fmt: skip
        raise UnreadableError(f"is named {suffix}, but seems to be {what}; {remedy}")
    if not what and suffix in PAPERS and not content.startswith(ZIP):
        raise UnreadableError(
            f"is no {PAPERS[suffix]}, whatever its name; open it and save it again as one"
        )


def _kind(content: bytes) -> tuple[str, str]:
    """Return what a file seems to be by what it holds, and the ending of its kind; blanks if nothing tells."""
    if content.startswith(PDF):
        return "a PDF", PDF_SUFFIX
    if content.startswith(OLE):
        return "a workbook or document of an older program", ".xls"
    if not content.startswith(ZIP):
        return "", ""
    if _is_word(content):
        return "a Word document", WORD_SUFFIX
    if _holds(content, "xl/"):
        return "an Excel workbook", ".xlsx"
    return ("an OpenDocument file", ".ods") if _holds(content, "content.xml") else ("", "")


def _holds(content: bytes, begins: str) -> bool:
    """Return whether an archive has a file whose name begins so."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            return any(name.startswith(begins) for name in archive.namelist())
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return False


def _paper(content: bytes, reads: str) -> list[dict]:
    """Return the tables of a committee paper as sheets."""
    from businesscase_workbench.spreadsheet import papers  # slow to import, and seldom needed

    try:
        return getattr(papers, reads)(content)
    except papers.UnsureError as error:
        raise UnreadableError(str(error)) from None
    except MemoryError:
        raise
    except Exception as error:  # its libraries raise what they like of a damaged file
        raise UnreadableError(f"is damaged: {type(error).__name__}") from None


def _is_word(content: bytes) -> bool:
    """Return whether an archive, whose size is in bounds, is a Word document."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            is_word = "word/document.xml" in archive.namelist()
            if is_word:
                _refuse_inflated(archive)
            return is_word
    except zipfile.BadZipFile:
        return False


def _refuse_inflated(archive: zipfile.ZipFile) -> None:
    """Refuse an archive that unpacks to more than any workbook needs."""
    entries = archive.infolist()
    inflated = sum(entry.file_size for entry in entries)
    if len(entries) > ENTRIES:
        raise UnreadableError(f"holds {len(entries):,} files; a workbook has at most {ENTRIES:,}")
    if inflated > INFLATED:
        raise UnreadableError(
            f"would unpack to {inflated / 1e6:,.0f} MB; at most {INFLATED / 1e6:,.0f} MB are read"
        )


def _checked_archive(content: bytes) -> dict[str, Marks] | None:
    """Return the marks in an archive whose size is in bounds."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            _refuse_inflated(archive)
            if any(entry.flag_bits & 1 for entry in archive.infolist()) or _is_encrypted(archive):
                raise UnreadableError(PROTECTED)
            names = archive.namelist()
            if "content.xml" not in names and not any(name.startswith("xl/") for name in names):
                raise UnreadableError("is an archive, but not a workbook")
            if "content.xml" in names:
                return opendocument_marks(archive)
            return openxml_marks(archive) if "xl/workbook.xml" in names else None
    except (
        zipfile.BadZipFile,
        ParseError,
        EOFError,
        KeyError,
        NotImplementedError,
        ValueError,
    ) as error:
        if isinstance(error, UnreadableError):
            raise
        raise UnreadableError(f"is damaged or cut off: {error}") from None
    except zipfile.zlib.error as error:
        raise UnreadableError(f"is damaged or cut off: {error}") from None


def _is_encrypted(archive: zipfile.ZipFile) -> bool:
    manifest = "META-INF/manifest.xml"
    return manifest in archive.namelist() and b"encryption-data" in archive.read(manifest)


def _sheets(book: CalamineWorkbook, marks: dict[str, Marks] | None) -> list[dict]:
    sheets, cells, characters = [], 0, 0
    for about in book.sheets_metadata:
        sheet = {
            "name": about.name,
            "hidden": about.visible != SheetVisibleEnum.Visible,
            "is_table": about.typ == SheetTypeEnum.WorkSheet,
            "rows": {},
            "merged": [],
            "formulas": None,
            "looks": None,
        }
        sheets.append(sheet)
        if not sheet["is_table"]:
            continue
        found = book.get_sheet_by_name(about.name)
        _refuse_large(found)
        known = None if marks is None else marks.get(about.name, Marks())
        sheet["rows"] = _cells(found, known)
        sheet["merged"] = _merged(found, known)
        if known is not None:
            sheet["formulas"] = known.formulas
            sheet["looks"] = _looks(known, sheet["rows"]) if known.knows_looks else None
        cells += sum(map(len, sheet["rows"].values()))
        characters += sum(len(text) for row in sheet["rows"].values() for _, _, text in row)
        if cells > CELLS or characters > CHARACTERS:
            raise UnreadableError(
                f"holds more than {CELLS:,} cells or {CHARACTERS:,} characters; keep only what the "
                "case needs"
            )
    return sheets


def _refuse_large(sheet: CalamineSheet) -> None:
    if sheet.end is None:
        return
    rows, columns = sheet.end[0] + 1, sheet.end[1] + 1
    if rows > ROW_LIMIT or columns > COLUMN_LIMIT:
        raise UnreadableError(
            f"has cells as far as row {rows:,} and column {columns:,} in sheet {sheet.name!r}; at most "
            f"{ROW_LIMIT:,} rows and {COLUMN_LIMIT} columns are read: delete what stands far from the table"
        )


def _cells(sheet: CalamineSheet, marks: Marks | None) -> dict[int, list]:
    """Return by row the cells that hold something: column, kind and text."""
    odd = {} if marks is None else dict(marks.odd)
    rows: dict[int, dict[int, tuple]] = {}
    for number, values in enumerate(sheet.iter_rows(), 1):
        for column, value in enumerate(values):
            if value != "":
                rows.setdefault(number, {})[column] = _kind_and_text(value)
    for (number, column), cell in odd.items():
        rows.setdefault(number, {})[column] = cell
    return {
        number: [(column, *cell) for column, cell in sorted(found.items())]
        for number, found in sorted(rows.items())
    }


def _kind_and_text(value) -> tuple[str, str]:
    if isinstance(value, bool):
        return BOOLEAN_CELL, str(value).lower()
    if isinstance(value, int | float):
        is_whole = float(value).is_integer() and abs(value) < EXACT_WHOLE
        return NUMBER_CELL, str(int(value)) if is_whole else repr(value)
    if isinstance(value, dt.datetime):
        return DATETIME_CELL, value.isoformat()
    if isinstance(value, dt.date):
        return DATE_CELL, value.isoformat()
    if isinstance(value, dt.time):
        return TIME_CELL, value.isoformat()
    if isinstance(value, dt.timedelta):
        return DURATION_CELL, str(value)
    return TEXT_CELL, value


def _merged(sheet: CalamineSheet, marks: Marks | None) -> list:
    if sheet.merged_cell_ranges is None:
        return [] if marks is None else marks.merged
    return [
        (top + 1, left, bottom + 1, right)
        for (top, left), (bottom, right) in sheet.merged_cell_ranges
    ]


def _looks(marks: Marks, rows: dict[int, list]) -> dict:
    """Return how the cells that hold something are shown, where it is otherwise than others are."""
    columns = sorted({column for cells in rows.values() for column, *_ in cells})
    filled = {(row, column) for row, cells in rows.items() for column, *_ in cells}
    return {
        "hidden_rows": _within(list(rows), marks.hidden_rows),
        "hidden_columns": _within(columns, marks.hidden_columns),
        "struck": sorted(marks.struck & filled),
        "parts": [(*spot, *part) for spot, part in marks.parts.items() if spot in filled],
        "formats": [(*spot, code) for spot, code in marks.formats.items() if spot in filled],
        "remarks": marks.remarks,
    }


def _within(numbers: list[int], runs: list[tuple[int, int]]) -> list[int]:
    """Return the numbers, which are in order, that lie in one of some runs."""
    found = {
        number
        for first, last in runs
        for number in numbers[bisect_left(numbers, first) : bisect_right(numbers, last)]
    }
    return sorted(found)


def _limit_memory() -> None:
    """Limit the addresses that this process may take, where the system knows such a limit."""
    if resource is None:
        return
    _, highest = resource.getrlimit(resource.RLIMIT_AS)
    limit = MEMORY if highest == resource.RLIM_INFINITY else min(MEMORY, highest)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (limit, highest))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def main() -> None:
    """Write the cells of the workbook that is named on the command line, or why it is refused."""
    _limit_memory()
    try:
        answer = {"sheets": contents(Path(sys.argv[1]))}
    except UnreadableError as error:
        answer = {"refused": str(error)}
    sys.stdout.write(json.dumps(answer))


if __name__ == "__main__":
    main()
