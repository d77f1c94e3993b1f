"""A spreadsheet as data: sheets of one table each, and how they are written as an Excel workbook.

The layout follows the Government Analysis Function's guidance on accessible spreadsheets: the title
in A1, one-line notes below, then one marked table without merged cells or blank rows.
"""

import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from numbers import Number

import pandas as pd
import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from businesscase.calculations.wording import printed
from businesscase.calculations.years import Month
from businesscase.shown import looks
from businesscase_workbench.spreadsheet.written import (
    HEAD_COLOUR,
    INPUT_COLOUR,
    LIKE_A_FORMULA,
    LINE_HEIGHT,
    LINK_COLOUR,
    LONGEST_CELL,
    RULE_COLOUR,
    TALLEST,
    WHITE,
    wrapped_lines,
)

CELL_FORMATS = {
    # by kind of cell: how Excel shows it; the sign stands in front of the pound
    "text": "@",
    "truth": "General",
    "whole": "0",
    "number": "#,##0.00####",
    "score": "#,##0.00",
    "count": "#,##0",
    "pounds": "£#,##0;-£#,##0",
    "pence": "£#,##0.00;-£#,##0.00",
    "percent": "0.0%",
    "factor": "0.0000",
    "date": "d mmmm yyyy",
}
WORDY_KINDS = ("text", "truth", "date")  # set from the left
CUT = " [cut: the text has {} characters]"
# what XML can't hold, and half a surrogate pair, which no encoding can
NOT_IN_XML = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")
COLUMN_WIDTHS = (9, 44, 90)  # in characters: any, in a sheet of more than three, of two or three
A3, A4, A4_WIDTH = 8, 9, 170  # paper, and the characters across that A4 shows legibly
LOOKS = looks.VERDICTS | looks.OUTCOMES  # of a workbook, to which capitals are no difference
FRAME_COLOUR = "#3D3D3D"  # of an input
TIMESTAMP = (1980, 1, 1, 0, 0, 0)  # the first moment that a ZIP archive knows
LANGUAGE_ELEMENT = "<dc:language>en-GB</dc:language>"


@dataclass(frozen=True)
class Formula:
    """A formula without its equals sign, and the value that it has as written."""

    text: str
    value: float | str


@dataclass(frozen=True)
class CellShown:
    """A value shown as its kind says; an input may be changed, between bounds if it has any."""

    value: object
    kind: str = ""
    is_input: bool = False
    bounds: tuple[float, float] | None = None
    name: str = ""


@dataclass(frozen=True)
class SheetLink:
    """The name of another sheet, which leads there."""

    sheet: str


@dataclass(frozen=True)
class SheetShown:
    """A sheet: its title, notes of one line each, and a table whose cells are values or ``CellShown``.

    A sheet with ``is_live`` computes: its rows can't be sorted without breaking references.
    """

    name: str
    title: str
    notes: tuple[str, ...]
    labels: tuple[str, ...]
    rows: list[list]
    is_live: bool = False
    frozen_columns: int = 1

    @property
    def header_row(self) -> int:
        """Row of the table's header, counted from zero, if the table stands at the top."""
        return 1 + len(self.notes)

    @property
    def height(self) -> int:
        """Rows from the title to the last row of the table."""
        return self.header_row + 1 + max(1, len(self.rows))


@dataclass(frozen=True)
class PageShown:
    """A sheet of several tables below each other, each with its title and notes; a row between two."""

    name: str
    title: str
    notes: tuple[str, ...]
    tables: tuple[SheetShown, ...]

    @property
    def rows(self) -> list[list]:
        """Rows of all its tables."""
        return [row for table in self.tables for row in table.rows]

    def tops(self) -> list[int]:
        """Return the row of each table's title, counted from zero."""
        tops, top = [], 2 + len(self.notes)
        for table in self.tables:
            tops.append(top)
            top += table.height + 1
        return tops


def xlsx(sheets: Iterable[SheetShown | PageShown], properties: Mapping[str, object]) -> bytes:
    """Return a workbook of the sheets, the same bytes for the same sheets.

    Parameters
    ----------
    sheets : iterable of SheetShown or PageShown
        The first is shown when the file is opened.
    properties : mapping
        Document properties as XlsxWriter names them; ``created`` is a fixed date.
    """
    file = io.BytesIO()
    options = {"in_memory": True, "strings_to_urls": False, "strings_to_formulas": False}
    book = xlsxwriter.Workbook(file, options)
    book.set_properties(dict(properties))
    book.set_calc_mode("auto")
    styles = _Styles(book)
    for number, sheet in enumerate(sheets, 1):
        _write(book, styles, sheet, number)
    book.close()
    return _rewritten(file.getvalue())


def printable(text: str) -> str:
    r"""Return text that a cell holds: control characters as pictures, and not over the length.

    Examples
    --------
    >>> printable("a\x00b\r\nc")
    'a␀b\nc'
    """
    shown = NOT_IN_XML.sub(_picture, text.replace("\r\n", "\n"))
    units = shown.encode("utf-16-le")
    if len(units) // 2 <= LONGEST_CELL:
        return shown
    note = CUT.format(f"{len(text):,}")
    kept = units[: 2 * (LONGEST_CELL - len(note))].decode("utf-16-le", errors="ignore")
    return kept + note


def _picture(found: re.Match) -> str:
    code = ord(found[0])
    return chr(0x2400 + code) if code < 0x20 else "�"


class _Styles:
    """The formats of a workbook, each made once."""

    def __init__(self, book: xlsxwriter.Workbook):
        self._book = book
        self._made: dict[tuple, Format] = {}
        self.title = book.add_format({"bold": True, "font_size": 15, "font_color": HEAD_COLOUR})
        self.caption = book.add_format({"bold": True, "font_size": 12, "font_color": HEAD_COLOUR})
        self.link = self.of("text", font_color=LINK_COLOUR, underline=1)
        self.note = book.add_format({"font_size": 11})
        header = {"bold": True, "text_wrap": True, "valign": "top", "bg_color": HEAD_COLOUR, "font_color": WHITE, "border": 1, "border_color": WHITE}  # fmt: skip
        self.header = {
            False: book.add_format({**header, "align": "left", "indent": 1}),
            True: book.add_format({**header, "align": "right"}),
        }

    def of(self, kind: str, *, is_input: bool = False, **more) -> Format:
        key = (kind, is_input, *more.items())
        if key not in self._made:
            look = {
                "num_format": CELL_FORMATS[kind],
                "valign": "top",
                "bottom": 1,
                "bottom_color": RULE_COLOUR,
                **more,
            }
            if kind in WORDY_KINDS:
                look |= {"text_wrap": kind == "text", "align": "left", "indent": 1}
            else:
                look["align"] = "right"  # a formula's text too, which stands in place of a number
            if is_input:
                look |= {"bg_color": INPUT_COLOUR, "border": 1, "border_color": FRAME_COLOUR}
            self._made[key] = self._book.add_format(look)
        return self._made[key]


def _write(book: xlsxwriter.Workbook, styles: _Styles, shown: SheetShown | PageShown, number: int) -> None:  # fmt: skip
    page = book.add_worksheet(shown.name)
    if isinstance(shown, SheetShown):
        parts = [(0, shown)]
        page.freeze_panes(shown.header_row + 1, shown.frozen_columns)
        page.repeat_rows(shown.header_row)
    else:
        parts = list(zip(shown.tops(), shown.tables, strict=True))
        _write_words(page, styles.title, styles, 0, shown)
    for top, sheet in parts:
        _write_words(page, styles.caption if top else styles.title, styles, top, sheet)
        _write_table(page, styles, sheet, number, top)
        for row, values in enumerate(sheet.rows, top + sheet.header_row + 1):
            for column, value in enumerate(values):
                _write_cell(book, page, styles, row, column, value)
    _lay_out(page, parts)
    page.set_landscape()
    page.fit_to_pages(1, 0)
    page.set_footer("&L&A&RPage &P of &N")


def _write_words(page: Worksheet, style: Format, styles: _Styles, top: int, shown) -> None:
    page.write_string(top, 0, printable(shown.title), style)
    for row, note in enumerate(shown.notes, top + 1):
        page.write_string(row, 0, printable(note), styles.note)


def _write_table(page: Worksheet, styles: _Styles, sheet: SheetShown, number: int, above: int) -> None:  # fmt: skip
    top, columns = above + sheet.header_row, len(sheet.labels)
    numeric = [_is_numeric(sheet, column) for column in range(columns)]
    part = f"_{above}" if above else ""
    options = {
        "name": f"Table{number}{part}_" + re.sub(r"\W", "_", sheet.name),
        "style": "Table Style Light 15",
        "autofilter": not sheet.is_live,
        "banded_rows": True,
        "first_column": True,
        "title": printable(sheet.title),
        "columns": [
            {"header": label, "header_format": styles.header[is_numeric]}
            for label, is_numeric in zip(sheet.labels, numeric, strict=True)
        ],
    }
    page.add_table(top, 0, top + max(1, len(sheet.rows)), columns - 1, options)


def _is_numeric(sheet: SheetShown, column: int) -> bool:
    """Return whether most of what a column shows is set from the right."""
    shown = [_shown(row[column]) for row in sheet.rows]
    known = [value for value in shown if not _blank(value)]
    numbers = [
        value for value in known if isinstance(value, Number) and not isinstance(value, bool)
    ]
    return 2 * len(numbers) > len(known)


def _lay_out(page: Worksheet, parts: list[tuple[int, SheetShown]]) -> None:
    """Set widths and heights: not every program fits the height of a row to wrapped text."""
    lengths = [[[_length(value) for value in row] for row in sheet.rows] for _, sheet in parts]
    of_each = [_widths(sheet, of) for (_, sheet), of in zip(parts, lengths, strict=True)]
    widths = [max(column) for column in zip_longest(*of_each, fillvalue=0)]
    for column, width in enumerate(widths):
        page.set_column(column, column, width)
    page.set_paper(A3 if sum(widths) > A4_WIDTH else A4)
    for (top, sheet), lengths_here in zip(parts, lengths, strict=True):
        own = widths[: len(sheet.labels)]
        header = top + sheet.header_row
        page.set_row(header, LINE_HEIGHT * _lines(sheet.labels, map(len, sheet.labels), own))
        for row, (values, longest) in enumerate(
            zip(sheet.rows, lengths_here, strict=True), header + 1
        ):
            lines = _lines(values, longest, own)
            if lines > 1:
                page.set_row(row, min(TALLEST, LINE_HEIGHT * lines))


def _lines(values: Iterable, lengths: Iterable[int], widths: list[int]) -> int:
    """Return the number of lines that the tallest cell of a row takes."""
    lines = 1
    for value, length, width in zip(values, lengths, widths, strict=True):
        if isinstance(value, CellShown):
            value = value.value
        if isinstance(value, str) and (length > width - 2 or "\n" in value):
            lines = max(lines, wrapped_lines(value, width - 2))
    return lines


def _write_cell(book, page: Worksheet, styles: _Styles, row: int, column: int, given) -> None:
    cell = given if isinstance(given, CellShown) else CellShown(given)
    value = _told(cell.value)
    shown = _shown(cell)
    style = styles.of(cell.kind or _kind(shown), is_input=cell.is_input)
    if isinstance(value, Formula):
        page.write_formula(row, column, f"={value.text}", style, value.value)
    elif isinstance(value, SheetLink):
        page.write_url(row, column, f"internal:'{value.sheet}'!A1", styles.link, value.sheet)
    elif _blank(value):
        page.write_blank(row, column, None, style)
    elif isinstance(value, bool):
        page.write_boolean(row, column, value, style)
    elif isinstance(value, dt.date):  # a Timestamp too
        page.write_datetime(row, column, pd.Timestamp(value).to_pydatetime(), style)
    elif isinstance(value, Number):
        page.write_number(row, column, float(value), style)
    else:
        _write_text(page, styles, row, column, printable(str(value)), cell)
    if str(shown).lower() in LOOKS and (isinstance(value, Formula) or cell.kind == "text"):
        _colour(book, page, row, column)
    if cell.bounds:
        _limit(page, row, column, cell.bounds)
    if cell.name:
        book.define_name(cell.name, f"='{page.get_name()}'!${chr(65 + column)}${row + 1}")


def _write_text(
    page: Worksheet, styles: _Styles, row: int, column: int, text: str, cell: CellShown
) -> None:
    # the prefix keeps the text a text when somebody edits the cell and presses Enter
    more = {"quote_prefix": True} if text.startswith(LIKE_A_FORMULA) else {}
    page.write_string(row, column, text, styles.of("text", is_input=cell.is_input, **more))


def _colour(book: xlsxwriter.Workbook, page: Worksheet, row: int, column: int) -> None:
    """Let a cell look as the verdict or outcome that it comes to."""
    for name, (fill, ink) in LOOKS.items():
        look = book.add_format({"bg_color": fill, "font_color": ink})
        rule = {"type": "cell", "criteria": "==", "value": f'"{name}"', "format": look}
        page.conditional_format(row, column, row, column, rule)


def _limit(page: Worksheet, row: int, column: int, bounds: tuple[float, float]) -> None:
    low, high = bounds
    page.data_validation(row, column, row, column, {
        "validate": "decimal", "criteria": "between", "minimum": low, "maximum": high,
        "ignore_blank": True, "error_title": "Out of bounds",
        "error_message": f"Enter a number from {low:g} to {high:g}.",
    })  # fmt: skip


def _blank(value) -> bool:
    return value is None or value is pd.NA or value is pd.NaT or value == "" or value != value


def _kind(value) -> str:
    if isinstance(value, bool):
        return "truth"
    if isinstance(value, dt.date):
        return "date"
    if isinstance(value, Number):
        return "count" if float(value).is_integer() else "number"
    return "text"


def _widths(sheet: SheetShown, lengths: list[list[int]]) -> list[int]:
    """Return the width of each column: its longest word or value, within bounds."""
    narrowest, wide, widest = COLUMN_WIDTHS
    widest = widest if len(sheet.labels) <= 3 else wide
    return [
        max(narrowest, max(map(len, label.split())) + 4, min(widest, longest + 3))
        for label, longest in zip(
            sheet.labels,
            (max(column, default=0) for column in zip(*lengths, strict=True)),
            strict=True,
        )
    ]


def _shown(given):
    value = given.value if isinstance(given, CellShown) else given
    return value.value if isinstance(value, Formula) else _told(value)


def _told(value):
    """Return a value, a month as text: a workbook knows days alone."""
    return printed(value) if isinstance(value, Month) else value


def _length(given) -> int:
    value = _shown(given)
    if isinstance(value, str):
        return len(value)
    if isinstance(value, SheetLink):
        return len(value.sheet)
    if _blank(value):
        return 0
    if isinstance(value, dt.date):
        return len("30 September 2026")
    if isinstance(value, Number):
        kind = given.kind if isinstance(given, CellShown) else ""
        return len(f"{value:,.0f}") + {"pence": 4, "factor": 5, "": 4}.get(kind, 2)
    return 0


def _rewritten(archive: bytes) -> bytes:
    """Return the archive with fixed times, and with the language that XlsxWriter has no word for."""
    result = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as old, zipfile.ZipFile(result, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "docProps/core.xml":
                content = content.replace(
                    b"</cp:coreProperties>", f"{LANGUAGE_ELEMENT}</cp:coreProperties>".encode()
                )
            entry = zipfile.ZipInfo(name, TIMESTAMP)
            new.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return result.getvalue()
