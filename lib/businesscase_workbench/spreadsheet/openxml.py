"""The marks of a workbook of Excel 2007 and later (Office Open XML)."""

import re
import zipfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import PurePosixPath
from xml.etree.ElementTree import Element, iterparse

from businesscase_workbench.spreadsheet.kinds import ERROR_CELL, UNCALCULATED_CELL
from businesscase_workbench.spreadsheet.marks import (
    LOWERED,
    PLAIN_LOOK,
    RAISED,
    STRUCK,
    Look,
    Marks,
    Spot,
    attribute,
    local_name,
)
from businesscase_workbench.spreadsheet.units import shows_another_unit

CELL_REFERENCE = re.compile(r"([A-Z]+)([0-9]+)")


def openxml_marks(archive: zipfile.ZipFile) -> dict[str, Marks]:
    """Return the marks of each sheet by its name."""
    names = set(archive.namelist())
    related = {key: (kind, path) for key, kind, path in _related(archive, "xl/workbook.xml", names)}
    looks: list[Look] = []
    parts: dict[int, tuple[str, str]] = {}
    for kind, path in related.values():
        if kind == "styles":
            looks = _looks(archive, path)
        elif kind == "sharedStrings":
            parts = _shared_parts(archive, path)
    found = {}
    with archive.open("xl/workbook.xml") as file:
        sheets = [
            (element.get("name", ""), attribute(element, "id", "relationships"))
            for _, element in iterparse(file)
            if local_name(element) == "sheet"
        ]
    for name, key in sheets:
        _, path = related.get(key, ("", ""))
        if path:
            found[name] = _worksheet(archive, path, looks, parts)
            found[name].remarks += _remarks(archive, path, names)
    return found


def _related(
    archive: zipfile.ZipFile, part: str, names: set[str]
) -> Iterator[tuple[str, str, str]]:
    """Yield key, kind and path of each part of an archive that another part refers to."""
    home = PurePosixPath(part)
    path = f"{home.parent}/_rels/{home.name}.rels"
    if path not in names:
        return
    with archive.open(path) as file:
        for _, element in iterparse(file):
            if local_name(element) == "Relationship":
                target = _joined(home.parent, element.get("Target", ""))
                if target in names:
                    kind = element.get("Type", "").rpartition("/")[2]
                    yield element.get("Id", ""), kind, target


def _joined(folder: PurePosixPath, target: str) -> str:
    """Return a path as it stands in an archive: without leading slash, and without dots."""
    found: list[str] = []
    for name in PurePosixPath("/", folder, target).parts[1:]:
        found = found[:-1] if name == ".." else [*found, name]
    return "/".join(found)


def _looks(archive: zipfile.ZipFile, path: str) -> list[Look]:
    """Return the look of each style of cells, by its number."""
    struck: list[bool] = []
    formats: dict[str, str] = {}
    styles: list[Look] = []
    with archive.open(path) as file:
        for _, element in iterparse(file):
            name = local_name(element)
            if name == "numFmts":
                formats = {part.get("numFmtId"): part.get("formatCode", "") for part in element}
            elif name == "fonts":
                struck = [_is_struck(font) for font in element]
            elif name == "cellXfs":
                for style in element:
                    # those that every program has of its own are the reader's money: £ in Britain
                    code = formats.get(style.get("numFmtId"), "")
                    font = int(style.get("fontId", 0))
                    styles.append(
                        Look(
                            font < len(struck) and struck[font],
                            code if shows_another_unit(code) else "",
                        )
                    )
    return styles


def _is_struck(font: Iterable[Element]) -> bool:
    return any(local_name(part) == "strike" and _is_true(part.get("val", "1")) for part in font)


def _shared_parts(archive: zipfile.ZipFile, path: str) -> dict[int, tuple[str, str]]:
    """Return the parts that look otherwise, by the number of the shared text that has them."""
    found, number = {}, 0
    with archive.open(path) as file:
        for _, element in iterparse(file):
            if local_name(element) == "si":
                if part := _part_of_runs(element):
                    found[number] = part
                number += 1
                element.clear()
    return found


def _part_of_runs(text: Element) -> tuple[str, str] | None:
    """Return the first run of a text that is raised, lowered or struck out, and which."""
    for run in text:
        if local_name(run) != "r":
            continue
        said = "".join(part.text or "" for part in run if local_name(part) == "t")
        looks = [look for part in run if local_name(part) == "rPr" for look in part]
        align = next(
            (attribute(look, "val") for look in looks if local_name(look) == "vertAlign"), ""
        )
        how = {"superscript": RAISED, "subscript": LOWERED}.get(align or "")
        how = how or (STRUCK if _is_struck(looks) else None)
        if how and said.strip():
            return said.strip(), how
    return None


def _worksheet(
    archive: zipfile.ZipFile,
    path: str,
    looks: Sequence[Look] = (),
    parts: dict[int, tuple[str, str]] | None = None,
) -> Marks:
    marks = Marks()
    row, column = 0, -1
    with archive.open(path) as file:
        for event, element in iterparse(file, events=("start", "end")):
            name = local_name(element)
            if event == "start" and name == "row":
                row, column = int(element.get("r", row + 1)), -1
                if _is_true(element.get("hidden")) or _is_nil(element.get("ht")):
                    marks.hidden_rows.append((row, row))
            elif event == "end" and name == "c":
                reference = CELL_REFERENCE.fullmatch(element.get("r", ""))
                column = _number(reference[1]) if reference else column + 1
                spot = (int(reference[2]) if reference else row, column)
                _mark_cell(marks, spot, element)
                _mark_look(marks, spot, element, looks, parts or {})
            elif event == "end" and name == "row":
                element.clear()
            elif event == "end" and name == "col":
                if _is_true(element.get("hidden")) or _is_nil(element.get("width")):
                    first, last = (int(element.get(end, 0)) - 1 for end in ("min", "max"))
                    marks.hidden_columns.append((first, last))
            elif event == "end" and name.endswith(("Header", "Footer")) and element.text:
                marks.remarks.append((0, 0, element.text))
    return marks


def _is_nil(size: str | None) -> bool:
    return size is not None and float(size) == 0


def _mark_cell(marks: Marks, spot: Spot, cell: Element) -> None:
    parts = {local_name(part): part.text for part in cell}
    kind = cell.get("t", "n")
    marks.formulas += "f" in parts
    if kind == "e":
        marks.odd[spot] = (ERROR_CELL, parts.get("v") or "an error")
    elif "f" in parts and not parts.get("v") and kind != "str":
        marks.odd[spot] = (UNCALCULATED_CELL, "")


def _mark_look(
    marks: Marks,
    spot: Spot,
    cell: Element,
    looks: Sequence[Look],
    shared: dict[int, tuple[str, str]],
) -> None:
    style = int(cell.get("s", 0))
    look = looks[style] if style < len(looks) else PLAIN_LOOK
    if look.is_struck:
        marks.struck.add(spot)
    if look.other_unit:
        marks.formats[spot] = look.other_unit
    kind, part = cell.get("t", "n"), None
    for held in cell:
        if kind == "s" and local_name(held) == "v" and held.text:
            part = shared.get(int(held.text))
        elif kind == "inlineStr" and local_name(held) == "is":
            part = _part_of_runs(held)
    if part:
        marks.parts[spot] = part


def _remarks(
    archive: zipfile.ZipFile, path: str, names: set[str]
) -> Iterator[tuple[int, int, str]]:
    """Yield the comments on cells of a sheet, and the texts that float on it."""
    for _, kind, part in _related(archive, path, names):
        if kind not in ("comments", "threadedComment", "drawing"):
            continue
        with archive.open(part) as file:
            for _, element in iterparse(file):
                if local_name(element) in ("comment", "threadedComment", "txBody"):
                    spot = CELL_REFERENCE.fullmatch(element.get("ref", ""))
                    row, column = (int(spot[2]), _number(spot[1])) if spot else (0, 0)
                    yield row, column, " ".join(part for part in element.itertext() if part.strip())


def _number(letters: str) -> int:
    number = 0
    for letter in letters:
        number = 26 * number + ord(letter) - 64
    return number - 1


def _is_true(text: str | None) -> bool:
    return text in ("1", "true", "on")
