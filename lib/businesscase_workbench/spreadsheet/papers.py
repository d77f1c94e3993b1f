"""The tables of committee papers, in Word and PDF, each as a sheet named by its place.

Run in the process that reads workbooks. What can't be told for sure is refused and never guessed: a
table without ruled lines, a word that crosses a line, tracked changes, a page that is a picture.
"""

import io
from collections import defaultdict
from itertools import groupby

import pdfplumber
from docx import Document
from docx.oxml.ns import qn
from docx.table import Table
from pdfplumber.page import Page
from pdfplumber.table import Table as PdfTable

from businesscase_workbench.spreadsheet.kinds import TEXT_CELL, tidy
from businesscase_workbench.spreadsheet.marks import LOWERED, RAISED, STRUCK

TRACKED = ("w:ins", "w:del")  # text that may or may not stand
CROSSES = 2.0  # points by which a word may reach over a line beside it
SMALLER = 0.8  # of the size of a cell's text: below it a character is a raised or lowered one
NEAR = 40.0  # points above a table in which its title stands
MOST_PAGES = 200
DPI = 100  # of the picture of a page


class UnsureError(ValueError):
    """A paper with something that can be read in two ways, or in none; the sentence follows its name."""


def sheets_of_word(content: bytes) -> list[dict]:
    """Return the tables of a Word document in order, ``Table 1`` and so on, as sheets.

    The paragraph before a table stands above its cells, as a title that may name the unit.

    Raises
    ------
    UnsureError
        If it has no table, or its tables hold tracked changes.
    """
    document = Document(io.BytesIO(content))
    sheets, title = [], ""
    for block in document.element.body.iterchildren():
        if block.tag == qn("w:p"):
            title = tidy("".join(node.text or "" for node in block.iter(qn("w:t")))) or title
        elif block.tag == qn("w:tbl"):
            if any(next(block.iter(qn(tag)), None) is not None for tag in TRACKED):
                raise UnsureError(
                    f"table {len(sheets) + 1} holds tracked changes; accept or reject them"
                )
            sheets.append(_word_sheet(f"Table {len(sheets) + 1}", Table(block, document), title))
            title = ""
    if not sheets:
        raise UnsureError("the document has no table")
    return sheets


def _word_sheet(name: str, table: Table, title: str) -> dict:
    texts: dict[tuple[int, int], str] = {}
    parts: list[tuple[int, int, str, str]] = []
    merged = defaultdict(list)
    for number, row in enumerate(table.rows, 2):
        for column, cell in enumerate(row.cells):
            merged[cell._tc].append((number, column))
            if merged[cell._tc][0] != (number, column):
                continue
            texts[number, column] = tidy(cell.text)
            for run in (run for paragraph in cell.paragraphs for run in paragraph.runs):
                font, text = run.font, tidy(run.text)
                struck = font.strike or font.double_strike
                how = STRUCK if struck else RAISED if font.superscript else LOWERED
                if text and (struck or font.superscript or font.subscript):
                    parts.append((number, column, text, how))
    return _sheet(name, title, texts, [spots for spots in merged.values() if len(spots) > 1], parts)


def sheets_of_pdf(content: bytes) -> list[dict]:
    """Return the ruled tables of a PDF, ``Page 3 table 1`` and so on, as sheets.

    Raises
    ------
    UnsureError
        If no page has a ruled table, a page is a picture, or a word crosses a line of a table.
    """
    with pdfplumber.open(io.BytesIO(content)) as document:
        if len(document.pages) > MOST_PAGES:
            raise UnsureError(
                f"has {len(document.pages)} pages; at most {MOST_PAGES} are read: keep those with the tables"
            )
        sheets, pictures = [], []
        for page in document.pages:
            if not page.chars and page.images:
                pictures.append(str(page.page_number))
            for number, table in enumerate(page.find_tables(), 1):
                sheets.append(_pdf_sheet(page, table, f"Page {page.page_number} table {number}"))
            page.close()
    if pictures:
        raise UnsureError(
            f"page {', '.join(pictures)} is a picture, in which no text can be read; ask for the paper as it was written"
        )
    if not sheets:
        raise UnsureError(
            "no page has a table with ruled lines; without them columns are a guess: type the table into a sheet"
        )
    return sheets


def pictures_of_pdf(content: bytes, pages: list[int]) -> dict[int, bytes]:
    """Return a picture of each of some pages, counted from 1, as PNG."""
    found = {}
    with pdfplumber.open(io.BytesIO(content)) as document:
        for number in pages:
            target = io.BytesIO()
            document.pages[number - 1].to_image(resolution=DPI).save(target, format="PNG")
            found[number] = target.getvalue()
    return found


def _pdf_sheet(page: Page, table: PdfTable, name: str) -> dict:
    texts: dict[tuple[int, int], str] = {}
    parts: list[tuple[int, int, str, str]] = []
    places: dict[tuple, list[tuple[int, int]]] = defaultdict(list)
    edges = sorted({cell[0] for row in table.rows for cell in row.cells if cell})
    widths = _widths(page)
    heights = sorted({row.bbox[1] for row in table.rows})
    for number, row in enumerate(table.rows, 2):
        for cell in filter(None, row.cells):
            column = edges.index(cell[0])
            places[cell] = [
                (2 + down, across)
                for down, top in enumerate(heights)
                if cell[1] - 1 <= top < cell[3] - 1
                for across, left in enumerate(edges)
                if cell[0] - 1 <= left < cell[2] - 1
            ]
            area = page.crop(cell)
            texts[number, column] = tidy(area.extract_text() or "")
            if raised := _raised(area, widths):
                parts.append((number, column, *raised))
    _refuse_crossing(page, table, name)
    merged = [spots for spots in places.values() if len(spots) > 1]
    return _sheet(name, _title(page, table), texts, merged, parts)


def _refuse_crossing(page: Page, table: PdfTable, name: str) -> None:
    """Refuse a table in which a word stands on both sides of a line."""
    cells = [cell for row in table.rows for cell in row.cells if cell]
    for word in page.crop(table.bbox).extract_words():
        middle = (word["x0"] + word["x1"]) / 2, (word["top"] + word["bottom"]) / 2
        home = next(
            (
                cell
                for cell in cells
                if cell[0] <= middle[0] <= cell[2] and cell[1] <= middle[1] <= cell[3]
            ),
            None,
        )
        if home is None or word["x0"] < home[0] - CROSSES or word["x1"] > home[2] + CROSSES:
            raise UnsureError(
                f"{name.lower()}: {word['text']!r} crosses a line of the table, so its cell isn't sure; type "
                "the table into a sheet"
            )


def _widths(page: Page) -> dict[tuple, float]:
    """Return how wide each character of a font and size is at most on a page."""
    found: dict[tuple, float] = defaultdict(float)
    for char in page.chars:
        found[_glyph(char)] = max(found[_glyph(char)], char["x1"] - char["x0"])
    return found


def _glyph(char: dict) -> tuple:
    return char["fontname"], round(char["size"], 1), char["text"]


def _raised(area: Page, widths: dict[tuple, float]) -> tuple[str, str] | None:
    """Return characters of a cell that are raised or lowered, and which of these.

    They are smaller than the others of the cell, or narrower than the same character elsewhere on
    the page, as the raised digits of a font are.
    """
    chars = [char for char in area.chars if char["text"].strip()]
    size = max((char["size"] for char in chars), default=0)
    narrow = [char for char in chars if char["x1"] - char["x0"] < SMALLER * widths[_glyph(char)]]
    small = [char for char in chars if char["size"] < SMALLER * size]
    full = [char for char in chars if char not in small]
    if small and full:
        is_raised = small[0]["bottom"] < full[0]["bottom"] - 1
        return "".join(char["text"] for char in small), RAISED if is_raised else LOWERED
    return ("".join(char["text"] for char in narrow), RAISED) if narrow else None


def _title(page: Page, table: PdfTable) -> str:
    """Return the lines of text right above a table."""
    left, top, right, _ = table.bbox
    above = page.crop((left, max(0, top - NEAR), right, top)) if top > 1 else None
    return tidy(above.extract_text() or "") if above else ""


def _sheet(
    name: str,
    title: str,
    texts: dict[tuple[int, int], str],
    merged: list[list[tuple[int, int]]],
    parts: list[tuple[int, int, str, str]],
) -> dict:
    """Return a table as a sheet of a workbook is handed on; row 1 is what stands above it."""
    rows: dict[int, list] = {1: [(0, TEXT_CELL, title)]} if title else {}
    filled = sorted((spot, text) for spot, text in texts.items() if text)
    for row, cells in groupby(filled, lambda one: one[0][0]):
        rows[row] = [(column, TEXT_CELL, text) for (_, column), text in cells]
    looks = {"hidden_rows": [], "hidden_columns": [], "struck": [], "parts": parts, "formats": [], "remarks": []}  # fmt: skip
    return {
        "name": name,
        "hidden": False,
        "is_table": True,
        "rows": rows,
        "merged": [
            (
                min(row for row, _ in spots),
                min(column for _, column in spots),
                max(row for row, _ in spots),
                max(column for _, column in spots),
            )
            for spots in merged
        ],
        "formulas": 0,
        "looks": looks,
    }
