"""The tables of a committee paper in Word, each as a sheet, named by its place or its caption."""

from pathlib import Path

from docx import Document
from docx.opc.exceptions import PackageNotFoundError
from docx.oxml.ns import qn
from docx.table import Table

from businesscase.cases.errors import InputError
from businesscase_workbench.spreadsheet.cells import Cell
from businesscase_workbench.spreadsheet.kinds import TEXT_CELL, tidy
from businesscase_workbench.spreadsheet.marks import LOWERED, RAISED, STRUCK
from businesscase_workbench.spreadsheet.sheets import CellRange, Looks, Sheet

WORD = (".docx",)
TRACKED = ("w:ins", "w:del")  # text that may or may not stand


def tables_of_word(source: Path) -> list[Sheet]:
    """Return the tables of a Word document in order, as sheets ``Table 1`` and so on.

    The paragraph before a table stands above its cells, as a title that may name the unit.

    Raises
    ------
    InputError
        If it isn't a Word document, has no table, or its tables hold tracked changes.
    """
    try:
        document = Document(str(source))
    except (PackageNotFoundError, KeyError, ValueError) as error:
        raise InputError(f"{source.name}: is damaged or no Word document: {error}") from None
    sheets, title = [], ""
    for block in document.element.body.iterchildren():
        if block.tag == qn("w:p"):
            title = tidy("".join(node.text or "" for node in block.iter(qn("w:t")))) or title
        elif block.tag == qn("w:tbl"):
            if any(next(block.iter(qn(tag)), None) is not None for tag in TRACKED):
                raise InputError(
                    f"{source.name}, table {len(sheets) + 1}: holds tracked changes; accept or reject them"
                )
            sheets.append(
                _sheet(source.name, f"Table {len(sheets) + 1}", Table(block, document), title)
            )
            title = ""
    if not sheets:
        raise InputError(f"{source.name}: the document has no table")
    return sheets


def _sheet(file: str, name: str, table: Table, title: str) -> Sheet:
    """Return a table as a sheet: row 1 is the paragraph above it."""
    cells: dict[int, dict[int, Cell]] = {1: {0: Cell(TEXT_CELL, title)}} if title else {}
    parts: dict[tuple[int, int], tuple[str, str]] = {}
    merged: dict[object, list[tuple[int, int]]] = {}
    for number, row in enumerate(table.rows, 2):
        for column, cell in enumerate(row.cells):
            merged.setdefault(cell._tc, []).append((number, column))
            if merged[cell._tc][0] != (number, column):
                continue
            text = tidy(cell.text)
            if text:
                cells.setdefault(number, {})[column] = Cell(TEXT_CELL, text)
            for run in (run for paragraph in cell.paragraphs for run in paragraph.runs):
                font = run.font
                how = STRUCK if font.strike or font.double_strike else RAISED if font.superscript else LOWERED if font.subscript else ""  # fmt: skip
                if how and tidy(run.text):
                    parts[number, column] = tidy(run.text), how
    boxes = tuple(_box(spots) for spots in merged.values() if len(spots) > 1)
    return Sheet(file, name, cells, boxes, looks=Looks(parts=parts))


def _box(spots: list[tuple[int, int]]) -> CellRange:
    rows, columns = [row for row, _ in spots], [column for _, column in spots]
    return min(rows), min(columns), max(rows), max(columns)
