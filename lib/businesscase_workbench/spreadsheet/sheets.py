"""Sheets of cells, the tables found in them, and how both are named."""

import re
import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from businesscase.cases.raw import Place
from businesscase_workbench.spreadsheet.cells import Cell
from businesscase_workbench.spreadsheet.kinds import tidy
from businesscase_workbench.spreadsheet.marks import Spot
from businesscase_workbench.spreadsheet.units import is_unit_alone

Rows = dict[int, dict[int, Cell]]
CellRange = tuple[int, int, int, int]  # first row, first column, last row, last column


@dataclass(frozen=True)
class Looks:
    """How cells are shown, where it is otherwise than others are.

    Attributes
    ----------
    hidden_rows, hidden_columns : frozenset of int
        Those that hold cells and aren't shown.
    struck : frozenset
        Cells that are struck out.
    parts : dict
        By cell, a part of its text that is raised, lowered or struck out, and which of these.
    formats : dict
        By cell, a number format that shows another unit than the number has.
    remarks : tuple
        Row or 0, column and text of what stands beside the cells: comments, headers, lines of a CSV.
    """

    hidden_rows: frozenset[int] = frozenset()
    hidden_columns: frozenset[int] = frozenset()
    struck: frozenset[Spot] = frozenset()
    parts: dict[Spot, tuple[str, str]] = field(default_factory=dict)
    formats: dict[Spot, str] = field(default_factory=dict)
    remarks: tuple[tuple[int, int, str], ...] = ()


@dataclass(frozen=True)
class Sheet:
    """A sheet of a workbook, or a CSV file, as cells that hold something.

    Attributes
    ----------
    file, name : str
        Names of the file and of the sheet.
    cells : dict of dict
        By row, counted from 1, and column, counted from 0.
    merged : tuple
        Ranges of merged cells.
    is_csv : bool
        Whether it is a file of text, which has lines and no cells.
    looks : Looks
        How its cells are shown.
    """

    file: str
    name: str
    cells: dict[int, dict[int, Cell]]
    merged: tuple[CellRange, ...] = ()
    is_hidden: bool = False
    is_csv: bool = False
    looks: Looks = Looks()

    def place(
        self, row: int | None = None, column: int | None = None, name: str | None = None
    ) -> Place:
        """Return where a cell, a row or the sheet stands."""
        details = {"file": self.file}
        if self.is_csv:
            line = "" if row is None else f" line {row}"
            shown_name = name or (None if column is None else letters(column))
            details |= {} if row is None else {"line": row}
            details |= {"column": shown_name} if shown_name else {}
            return Place(
                f"{self.file}{line}{f', column {shown_name}' if shown_name else ''}", details
            )
        text = f"{self.file}, sheet {self.name!r}"
        details |= {"sheet": self.name}
        if row is not None and column is not None:
            cell = f"{letters(column)}{row}"
            text += f", cell {cell}" + (f" ({name})" if name else "")
            details |= {"cell": cell}
        elif row is not None:
            text += f", row {row}"
        if name:
            details |= {"column": name}
        return Place(text, details)

    def filled(self) -> Rows:
        """Return the cells in which something can be seen, in order."""
        return {
            row: cells
            for row, found in sorted(self.cells.items())
            if (cells := {at: cell for at, cell in sorted(found.items()) if tidy(cell.text)})
        }

    def headings_in(self, first: int, count: int) -> dict[int, list[str]]:
        """Return by column the headings that stand in several rows, the upper one first.

        An upper one that is written once stands over all cells that it is merged with; else over those
        beside it whose lower heading comes again, or all of them if it is a unit.
        """
        filled = self.filled()
        rows = [row for row in filled if row >= first][:count]
        found: dict[int, list[str]] = {}
        for row in reversed(rows):
            texts = {at: tidy(cell.text) for at, cell in filled[row].items()}
            below = {at: " ".join(parts) for at, parts in found.items()}
            often = {text for text, times in Counter(below.values()).items() if times > 1}
            ends = {left: right for top, left, _, right in self.merged if top == row}
            last = None
            for at in sorted({*below, *texts}):
                if at in texts:
                    last = at
                elif last is not None and (
                    at <= ends[last]
                    if last in ends
                    else below[at] in often or is_unit_alone(texts[last])
                ):
                    texts[at] = texts[last]
            for at, text in texts.items():
                found.setdefault(at, []).insert(0, text)
        return dict(sorted(found.items()))

    def with_joined_headings(self, first: int, count: int) -> "Sheet":
        """Return the sheet with headings of several rows, one below the other, in the first of them."""
        rows = [row for row in self.filled() if row >= first][:count]
        cells = {row: found for row, found in self.cells.items() if row not in rows[1:]}
        cells[first] = {
            at: Cell("text", " ".join(texts))
            for at, texts in self.headings_in(first, count).items()
        }
        return replace(self, cells=cells)

    def merged_in(self, rows: Sequence[int], columns: Sequence[int]) -> Iterator[CellRange]:
        """Yield the ranges of merged cells that touch some rows and some columns, both in order."""
        for top, left, bottom, right in self.merged:
            if _has(rows, top, bottom) and _has(columns, left, right):
                yield top, left, bottom, right

    def paragraph(self, row: int) -> str:
        """Return where a row stands, as a table cites it."""
        return f"line {row}" if self.is_csv else f"sheet {self.name}, row {row}"

    def origin(self, row: int) -> str:
        """Return what is said of where a row's figures came from, where the row itself says nothing."""
        return f"Given in {self.file}; its origin is not stated there"


@dataclass(frozen=True)
class TableFound:
    """A table found in a sheet: the column of each name, and the rows that belong to it."""

    sheet: Sheet
    columns: dict[str, int] = field(default_factory=dict)
    rows: list[int] = field(default_factory=list)

    def cell(self, row: int, name: str) -> Cell:
        """Return a cell, blank if there is none."""
        return self.sheet.cells.get(row, {}).get(self.columns.get(name, -1), BLANK_CELL)

    def place(self, row: int | None = None, name: str | None = None) -> Place:
        """Return where a cell of the table stands."""
        return self.sheet.place(row, self.columns.get(name), name)


BLANK_CELL = Cell("text", "")


def _has(places: Sequence[int], first: int, last: int) -> bool:
    at = bisect_left(places, first)
    return at < len(places) and places[at] <= last


def letters(column: int) -> str:
    """Return the letters of a column, counted from 0.

    Examples
    --------
    >>> letters(0), letters(26), letters(16383)
    ('A', 'AA', 'XFD')
    """
    text = ""
    column += 1
    while column:
        column, digit = divmod(column - 1, 26)
        text = chr(65 + digit) + text
    return text


def unheaded(column: int) -> str:
    """Return the name of a column that has no heading.

    Examples
    --------
    >>> unheaded(0)
    'column A'
    """
    return f"column {letters(column)}"


def normal(name: str) -> str:
    """Return a name as names of sheets and columns are compared.

    Examples
    --------
    >>> normal("Amount (£) *"), normal("Service costs"), normal("First-year")
    ('amount_gbp', 'service_costs', 'first_year')
    """
    text = unicodedata.normalize("NFKC", tidy(name)).casefold().replace("£", " gbp ")
    return "_".join(re.findall(r"\w+", text.replace("_", " ")))
