"""What a workbook's own markup tells and its reader doesn't: errors, hidden rows, looks of cells.

The library that reads workbooks gives a blank for an error such as #REF!, and for a formula that was
never calculated; both would be a figure lost without a word. It reads a hidden or struck-out row as
any other, a raised footnote as a digit more, and 1,020 shown as 1,020k as 1,020.
"""

from dataclasses import dataclass, field
from typing import NamedTuple
from xml.etree.ElementTree import Element

Spot = tuple[int, int]  # row from 1, column from 0
RAISED, LOWERED, STRUCK = "raised", "lowered", "struck out"  # how a part of a text looks


@dataclass
class Marks:
    """What is marked in a sheet.

    Attributes
    ----------
    odd : dict
        By row and column, kind and text of each error and of each formula without a value.
    merged : list
        Ranges of merged cells, where the format's reader doesn't give them.
    formulas : int
        How many cells hold a formula.
    hidden_rows, hidden_columns : list
        First and last of each run of rows or columns that isn't shown.
    struck : set
        Cells that are struck out.
    parts : dict
        By row and column, a part of a text that looks otherwise than the rest, and how.
    formats : dict
        By row and column, a number format that shows another unit than the number has.
    remarks : list
        Texts beside the cells, such as comments and the page's header: row or 0, column, text.
    knows_looks : bool
        Whether all but ``odd`` and ``formulas`` can be told in this kind of file.
    """

    odd: dict[Spot, tuple[str, str]] = field(default_factory=dict)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    formulas: int = 0
    hidden_rows: list[tuple[int, int]] = field(default_factory=list)
    hidden_columns: list[tuple[int, int]] = field(default_factory=list)
    struck: set[Spot] = field(default_factory=set)
    parts: dict[Spot, tuple[str, str]] = field(default_factory=dict)
    formats: dict[Spot, str] = field(default_factory=dict)
    remarks: list[tuple[int, int, str]] = field(default_factory=list)
    knows_looks: bool = True


class Look(NamedTuple):
    """How a style shows what has it."""

    is_struck: bool = False
    other_unit: str = ""  # the number format, if it shows another unit


PLAIN_LOOK = Look()


def local_name(element: Element) -> str:
    """Return the name of an element without that of its namespace."""
    return element.tag.rpartition("}")[2]


def attribute(element: Element, name: str, space: str = "") -> str | None:
    """Return an attribute whatever the version of its namespace, which ends in ``space``."""
    for key, value in element.items():
        home, _, local = key.rpartition("}")
        if local == name and (not space or space in home):
            return value
    return None
