"""Where a sheet says that its amounts aren't in pounds: titles, headings, notes, comments."""

from collections.abc import Collection, Iterator
from typing import NamedTuple

from businesscase.cases.raw import Place
from businesscase_workbench.spreadsheet.kinds import TEXT_CELL, tidy
from businesscase_workbench.spreadsheet.sheets import Rows, Sheet
from businesscase_workbench.spreadsheet.units import (
    is_unit_alone,
    stated_above_numbers,
    stated_unit,
)

Units = Iterator[tuple[Place, str]]  # where words say a unit, and which words


class Area(NamedTuple):
    """A table in a sheet: its heading row, its cells, and which columns hold what."""

    sheet: Sheet
    header: int
    filled: Rows
    numbers: Collection[int]  # columns of amounts
    read: Collection[int]
    ignored: Collection[int] = ()


def other_units(area: Area, meanings: Collection[str] = ()) -> Units:
    """Yield each place where words say another unit than pounds, and which words.

    Parameters
    ----------
    area : Area
        The table.
    meanings : collection of str
        Notes of the template's own, which explain units and state none.
    """
    yield from _above(area)
    yield from _below(area)
    yield from _beside(area, meanings)


def _above(area: Area) -> Units:
    """Yield what titles and headings say; above numbers a letter alone does."""
    for row, cells in area.filled.items():
        for at, cell in cells.items() if row <= area.header else ():
            is_ignored = row == area.header and at in area.ignored
            say = stated_above_numbers if at in area.numbers else stated_unit
            if not is_ignored and (found := say(cell.text)):
                yield area.sheet.place(row, at), found


def _below(area: Area) -> Units:
    """Yield what a line of text among or below the rows, or a column not read, says."""
    for row, cells in area.filled.items():
        for at, cell in cells.items() if row > area.header else ():
            is_line = len(cells) == 1 and cell.kind == TEXT_CELL
            if is_line and (found := stated_unit(cell.text)):
                yield area.sheet.place(row, at), found
            elif at not in area.read and is_unit_alone(cell.text):
                yield area.sheet.place(row, at), tidy(cell.text)


def _beside(area: Area, meanings: Collection[str]) -> Units:
    """Yield what a comment, the page's header or a line of a CSV above its header says."""
    sheet = area.sheet
    for row, at, text in sheet.looks.remarks:
        if any(meaning[:40] in text for meaning in meanings):
            continue
        if (found := stated_unit(text)) and (row <= area.header or is_unit_alone(text)):
            yield sheet.place(row or None, at if row and not sheet.is_csv else None), found
