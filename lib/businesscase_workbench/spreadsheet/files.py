"""Reading a source as sheets of cells: a workbook, a folder of CSV files, or one CSV file."""

import codecs
import csv
import io
import json
import subprocess
import sys
from pathlib import Path

from businesscase.cases.errors import Fault, InputError
from businesscase.cases.raw import COMMENT
from businesscase_workbench.spreadsheet.cells import Cell
from businesscase_workbench.spreadsheet.findings import ImportFindings
from businesscase_workbench.spreadsheet.grid import HEADER_WITHIN
from businesscase_workbench.spreadsheet.kinds import TEXT_CELL
from businesscase_workbench.spreadsheet.sheets import Looks, Sheet, normal

WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".xlsb", ".ods")
PAPERS = (".docx", ".pdf")  # of committees: their tables are read
CSV = ".csv"
LARGEST = 20_000_000  # bytes of a file
LONGEST_CSV, WIDEST_CSV = 100_000, 500  # lines and columns
SECONDS = 60  # that reading a workbook may take
MOST_ZEROS = (
    0.6  # share of the bytes of a text in UTF-16 that are 0: half of those of Latin letters
)
BEGINNING = 2_000  # bytes from which an encoding is guessed
NO_TEXT = {
    b"%PDF": "a PDF",
    b"PK\x03\x04": "a workbook or Word document",
    b"\xd0\xcf\x11\xe0": "a workbook of an older program",
}  # by the first bytes, files that are no text
DELIMITERS = (",", ";", "\t", "|")
COPY = "copy the tables into a new workbook"
TOO_MUCH = (
    f"can't be read in the memory that it may take; a cell may stand far from the rest: {COPY}"
)


def sheets_of(source: Path, findings: ImportFindings, seconds: float = SECONDS) -> list[Sheet]:
    """Return the sheets of a source.

    Parameters
    ----------
    source : Path
        A workbook, a folder of CSV files, or a CSV file.
    findings : ImportFindings
        Takes what is worth stating of the files.
    seconds : float
        That reading a workbook may take.

    Raises
    ------
    InputError
        If a file can't be read as a whole.
    """
    if source.is_dir():
        return _folder(source, findings)
    _refuse_size(source)
    suffix = source.suffix.lower()
    if suffix == CSV:
        return [_csv(source, findings)]
    if suffix in (*WORKBOOKS, *PAPERS):
        return _workbook(source, findings, seconds)
    allowed = [*WORKBOOKS, CSV, *PAPERS]
    raise InputError(
        [
            _fault(
                source,
                f"is no spreadsheet; allowed are {', '.join(allowed)} and a folder of .csv files",
                found=source.suffix,
                allowed=allowed,
            )
        ]
    )


def _fault(source: Path, sentence: str, **details) -> Fault:
    return Fault(f"{source.name}: {sentence}", file=source.name, **details)


def _refuse_size(source: Path) -> None:
    if not source.is_file():
        raise InputError([_fault(source, "there is no such file or folder")])
    size = source.stat().st_size
    if size > LARGEST:
        found, allowed = f"{size / 1e6:.1f} MB", f"at most {LARGEST / 1e6:.0f} MB"
        raise InputError(
            [_fault(source, f"has {found}; allowed is {allowed}", found=found, allowed=allowed)]
        )
    if size == 0:
        raise InputError([_fault(source, "is empty, with 0 bytes")])


def _workbook(source: Path, findings: ImportFindings, seconds: float) -> list[Sheet]:
    command = [
        sys.executable,
        "-P",
        "-m",
        "businesscase_workbench.spreadsheet.reader",
        str(source.resolve()),
    ]
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        raise InputError(
            [_fault(source, f"can't be read within {seconds:g} seconds; {COPY}")]
        ) from None
    if done.returncode != 0:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines() or [""]
        is_memory = done.returncode < 0 or "MemoryError" in lines[-1] or "memory" in lines[0]
        raise InputError(
            [_fault(source, TOO_MUCH if is_memory else f"can't be read: {lines[-1][:200]}")]
        )
    answer = json.loads(done.stdout)
    if "refused" in answer:
        raise InputError([_fault(source, answer["refused"])])
    tables = [found for found in answer["sheets"] if found["is_table"]]
    if any(found["looks"] is None for found in tables):
        errors = (
            "errors such as #REF!, " if any(found["formulas"] is None for found in tables) else ""
        )
        findings.say(
            f"{source.name}: in this format {errors}hidden and struck-out rows, raised footnotes and number "
            "formats can't be told; save the workbook as .xlsx if it may have any"
        )
    return [
        sheet
        for found in answer["sheets"]
        if (sheet := _sheet(source.name, found, findings)) is not None
    ]


def _sheet(file: str, found: dict, findings: ImportFindings) -> Sheet | None:
    cells = {
        int(row): {column: Cell(kind, text) for column, kind, text in values}
        for row, values in found["rows"].items()
    }
    merged = tuple(tuple(box) for box in found["merged"])
    looks = _looks(found["looks"] or {})
    sheet = Sheet(file, found["name"], cells, merged, found["hidden"], looks=looks)
    where = sheet.place().text
    if not found["is_table"]:
        findings.say(f"{where}: holds no cells (a chart or a macro) and is left out")
        return None
    if found["formulas"]:
        count = f"{found['formulas']:,} formula{'s' if found['formulas'] > 1 else ''}"
        findings.say(f"{where}: {count} read by the value last calculated")
    return sheet


def _looks(found: dict) -> Looks:
    return Looks(
        frozenset(found.get("hidden_rows", ())),
        frozenset(found.get("hidden_columns", ())),
        frozenset(map(tuple, found.get("struck", ()))),
        {(row, column): (text, how) for row, column, text, how in found.get("parts", ())},
        {(row, column): code for row, column, code in found.get("formats", ())},
        tuple(map(tuple, found.get("remarks", ()))),
    )


def _folder(source: Path, findings: ImportFindings) -> list[Sheet]:
    files = sorted(path for path in source.iterdir() if not path.name.startswith((".", "~$")))
    tables = [path for path in files if path.suffix.lower() == CSV and path.is_file()]
    if not tables:
        raise InputError([_fault(source, "the folder has no .csv file")])
    others = [path.name for path in files if path not in tables]
    if others:
        findings.say(f"{source.name}: {', '.join(others)} not read; of a folder .csv files are")
    faults, sheets = [], []
    for path in tables:
        try:
            _refuse_size(path)
            sheets.append(_csv(path, findings))
        except InputError as error:
            faults.extend(error.faults)
    if faults:
        raise InputError(faults)
    return sheets


def _csv(source: Path, findings: ImportFindings) -> Sheet:
    text = _decoded(source, findings)
    if text[:4].lower() == "sep=":  # a word of Excel to itself
        first, _, text = text.partition("\n")
        delimiter, skipped = first.strip()[4:5] or ",", 1
    else:
        delimiter, skipped = _delimiter(text), 0
    if delimiter != ",":
        name = {"\t": "a tab", ";": "a semicolon", "|": "a vertical bar (|)"}.get(
            delimiter, repr(delimiter)
        )
        findings.say(f"{source.name}: read with {name} between the cells")
    cells: dict[int, dict[int, Cell]] = {}
    blank, comments = 0, []
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        for values in reader:
            line = reader.line_num + skipped
            row = {at: Cell(TEXT_CELL, value) for at, value in enumerate(values) if value}
            if not cells and values and values[0].startswith(COMMENT):
                comments.append((line, 0, delimiter.join(values)))
                continue
            blank += not row
            if row:
                cells[line] = row
            if line > LONGEST_CSV or len(values) > WIDEST_CSV:
                raise InputError(
                    [
                        _fault(
                            source,
                            f"has more than {LONGEST_CSV:,} lines or {WIDEST_CSV} columns; keep only "
                            "what the case needs",
                        )
                    ]
                )
    except csv.Error as error:
        raise InputError([_fault(source, f"is not a CSV file: {error}")]) from None
    if comments:
        many = "s" if len(comments) > 1 else ""
        findings.say(
            f"{source.name}: {len(comments)} line{many} of comment above the header left out"
        )
    if blank:
        findings.say(f"{source.name}: {blank} blank line{'s' if blank > 1 else ''} left out")
    looks = Looks(remarks=tuple(comments))
    return Sheet(source.name, source.stem, cells, is_csv=True, looks=looks)


def _decoded(source: Path, findings: ImportFindings) -> str:
    """Return the text of a file; an encoding that had to be guessed is stated."""
    content = source.read_bytes()
    if other := next((what for begins, what in NO_TEXT.items() if content.startswith(begins)), ""):
        sentence = f"is named .csv, but seems to be {other}; if it is, give it the ending of one"
        raise InputError([_fault(source, sentence)])
    wide = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
    if content.startswith(wide) and content.count(0) <= len(content) * MOST_ZEROS:
        findings.say(f"{source.name}: read as UTF-16, as the mark at its beginning says")
        encoding = "utf-16"
    elif encoding := _without_mark(content):
        findings.say(f"{source.name}: read as UTF-16, though no mark at its beginning says so")
    elif content.count(0) > len(content) / 10:
        sentence = "holds bytes of 0, as UTF-32 does and no text has; save the file as CSV UTF-8"
        raise InputError([_fault(source, sentence)])
    else:
        encoding = "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        broken = error
    if encoding == "utf-8-sig":
        try:
            text = content.decode("cp1252")
        except UnicodeDecodeError as error:
            broken = error
        else:
            findings.say(
                f"{source.name}: read as Windows-1252, because it is not UTF-8; look at letters with "
                "accents and at £"
            )
            return text
    raise InputError(
        [_fault(source, f"byte {broken.start} is no text; save the file as CSV UTF-8")]
    )


def _without_mark(content: bytes) -> str:
    """Return the encoding of UTF-16 that doesn't say so: every other byte of most letters is 0."""
    start = content[:BEGINNING]
    first, second = start[::2], start[1::2]
    for encoding, zeros, letters in (("utf-16-le", second, first), ("utf-16-be", first, second)):
        if zeros.count(0) > len(zeros) / 2 and not letters.count(0):
            return encoding
    return ""


def _delimiter(text: str) -> str:
    """Return what stands between the cells: what gives the most of them in the first lines."""
    lines = [line for line in text.splitlines() if not line.lstrip('"').startswith(COMMENT)]
    lines = lines[:HEADER_WITHIN]

    def cells(delimiter: str) -> int:
        try:
            rows = list(csv.reader(lines, delimiter=delimiter))
        except csv.Error:
            return 0
        # the header is what has the most names, not what has the most commas in a title
        return max((sum(bool(normal(cell)) for cell in row) for row in rows), default=0)

    return max(DELIMITERS, key=cells)
