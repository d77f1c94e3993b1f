"""What a workbook's own markup tells and its reader doesn't: errors, formulas, merged cells.

The library that reads workbooks gives a blank for an error such as #REF!, and for a formula that was
never calculated; both would be a figure lost without a word.
"""

import re
import zipfile
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from xml.etree.ElementTree import Element, iterparse

from businesscase.spreadsheet.cells import ERROR, UNCALCULATED

Spot = tuple[int, int]  # row from 1, column from 0
ERRORS = re.compile(r"#(REF!|N/A|DIV/0!|VALUE!|NAME\?|NUM!|NULL!|SPILL!|CALC!)|Err:[0-9]+")
REFERENCE = re.compile(r"([A-Z]+)([0-9]+)")


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
    """

    odd: dict[Spot, tuple[str, str]] = field(default_factory=dict)
    merged: list[tuple[int, int, int, int]] = field(default_factory=list)
    formulas: int = 0


def marks_of(archive: zipfile.ZipFile) -> dict[str, Marks] | None:
    """Return the marks of each sheet by its name, or None for a format without legible markup."""
    names = set(archive.namelist())
    if "content.xml" in names:
        return _opendocument(archive)
    if "xl/workbook.xml" in names:
        return {
            name: _worksheet(archive, path)
            for name, path in _worksheets(archive).items()
            if path in names
        }
    return None


def _local(element: Element) -> str:
    return element.tag.rpartition("}")[2]


def _attribute(element: Element, name: str, space: str = "") -> str | None:
    """Return an attribute whatever the version of its namespace, which ends in ``space``."""
    for key, value in element.items():
        home, _, local = key.rpartition("}")
        if local == name and (not space or space in home):
            return value
    return None


def _worksheets(archive: zipfile.ZipFile) -> dict[str, str]:
    """Return the path of each sheet in the archive, by the sheet's name."""
    paths = {}
    with archive.open("xl/_rels/workbook.xml.rels") as file:
        for _, element in iterparse(file):
            if _local(element) == "Relationship":
                target = element.get("Target", "")
                path = PurePosixPath("/xl", target).relative_to("/")
                paths[element.get("Id")] = str(path)
    with archive.open("xl/workbook.xml") as file:
        return {
            element.get("name", ""): paths.get(_attribute(element, "id", "relationships"), "")
            for _, element in iterparse(file)
            if _local(element) == "sheet"
        }


def _worksheet(archive: zipfile.ZipFile, path: str) -> Marks:
    marks = Marks()
    row, column = 0, -1
    with archive.open(path) as file:
        for event, element in iterparse(file, events=("start", "end")):
            name = _local(element)
            if event == "start" and name == "row":
                row, column = int(element.get("r", row + 1)), -1
            elif event == "end" and name == "c":
                reference = REFERENCE.fullmatch(element.get("r", ""))
                column = _number(reference[1]) if reference else column + 1
                _mark_cell(marks, (int(reference[2]) if reference else row, column), element)
            elif event == "end" and name == "row":
                element.clear()
    return marks


def _mark_cell(marks: Marks, spot: Spot, cell: Element) -> None:
    parts = {_local(part): part.text for part in cell}
    kind = cell.get("t", "n")
    marks.formulas += "f" in parts
    if kind == "e":
        marks.odd[spot] = (ERROR, parts.get("v") or "an error")
    elif "f" in parts and not parts.get("v") and kind != "str":
        marks.odd[spot] = (UNCALCULATED, "")


def _number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - 64
    return number - 1


def _opendocument(archive: zipfile.ZipFile) -> dict[str, Marks]:
    found: dict[str, Marks] = {}
    marks, row, column = Marks(), 1, 0
    with archive.open("content.xml") as file:
        for event, element in iterparse(file, events=("start", "end")):
            name = _local(element)
            if event == "start" and name == "table":
                marks, row = found.setdefault(_attribute(element, "name") or "", Marks()), 1
            elif event == "start" and name == "table-row":
                column = 0
            elif event == "end" and name in ("table-cell", "covered-table-cell"):
                _mark_opendocument_cell(marks, (row, column), element)
                column += int(_attribute(element, "number-columns-repeated") or 1)
            elif event == "end" and name == "table-row":
                row += int(_attribute(element, "number-rows-repeated") or 1)
                element.clear()
    return found


def _mark_opendocument_cell(marks: Marks, spot: Spot, cell: Element) -> None:
    row, column = spot
    wide, high = (
        int(_attribute(cell, f"number-{kind}-spanned") or 1) for kind in ("columns", "rows")
    )
    if wide > 1 or high > 1:
        marks.merged.append((row, column, row + high - 1, column + wide - 1))
    if _attribute(cell, "formula") is None:
        return
    marks.formulas += 1
    text = "".join(part for paragraph in cell for part in paragraph.itertext())
    if _attribute(cell, "value-type", "calc") == "error" or ERRORS.fullmatch(text):
        marks.odd[spot] = (ERROR, text or "an error")
    elif _attribute(cell, "value-type", "office") is None:
        marks.odd[spot] = (UNCALCULATED, "")
