"""The marks of an OpenDocument spreadsheet, as LibreOffice saves it."""

import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from xml.etree.ElementTree import Element, iterparse

from businesscase_workbench.spreadsheet.kinds import ERROR_CELL, UNCALCULATED_CELL
from businesscase_workbench.spreadsheet.marks import (
    LOWERED,
    RAISED,
    STRUCK,
    Marks,
    Spot,
    attribute,
    local_name,
)
from businesscase_workbench.spreadsheet.units import shows_another_unit

ERROR_TEXT = re.compile(r"#(REF!|N/A|DIV/0!|VALUE!|NAME\?|NUM!|NULL!|SPILL!|CALC!)|Err:[0-9]+")
REPEATED = 500  # at most, like cells side by side, or like rows, that are marked each
STERLING = "GBP"


@dataclass
class _Styles:
    """The styles of a document, by name; one of a sheet may rest on one of the whole document."""

    parents: dict[str, str] = field(default_factory=dict)
    looks: dict[str, dict[str, str]] = field(default_factory=dict)
    formats: dict[str, str] = field(default_factory=dict)

    def add(self, element: Element) -> None:
        """Take what a style, or a format of numbers, says."""
        name = attribute(element, "name", "style") or ""
        if local_name(element) == "style":
            look = {
                attribute_name.rpartition("}")[2]: value
                for part in element
                if local_name(part) == "text-properties"
                for attribute_name, value in part.items()
            }
            look["format"] = attribute(element, "data-style-name") or ""
            self.looks[name] = {key: value for key, value in look.items() if value}
            self.parents[name] = attribute(element, "parent-style-name") or ""
        elif local_name(element).endswith("-style") and any(
            local_name(part) in ("number", "text", "currency-symbol") for part in element
        ):
            self.formats[name] = "".join(self._format(element))

    def _format(self, style: Element) -> Iterator[str]:
        """Yield the parts of a format as Excel writes it."""
        for part in style:
            kind = local_name(part)
            if kind in ("text", "currency-symbol") and part.text:
                yield f'"{part.text}"'
            elif kind == "number":
                factor = float(attribute(part, "display-factor") or 1)
                yield "0" + "," * round(len(f"{factor:.0f}") // 3)
            elif kind == "map":
                yield ";" + self.formats.get(attribute(part, "apply-style-name") or "", "")

    def said(self, name: str | None, what: str) -> str:
        """Return what a style says of its look, or what it rests on does."""
        seen = set()
        while name and name not in seen:
            seen.add(name)
            if what in self.looks.get(name, {}):
                return self.looks[name][what]
            name = self.parents.get(name)
        return ""

    def is_struck(self, name: str | None) -> bool:
        """Return whether a style strikes its text out."""
        ways = (self.said(name, f"text-line-through-{way}") for way in ("style", "type"))
        return any(way not in ("", "none") for way in ways)

    def part(self, name: str | None) -> str | None:
        """Return how a part of a text looks, if otherwise than the rest."""
        place = self.said(name, "text-position").partition(" ")[0]
        if place and place != "0%":
            return LOWERED if place == "sub" or place.startswith("-") else RAISED
        return STRUCK if self.is_struck(name) else None

    def other_unit(self, name: str | None) -> str:
        """Return the number format of a style if it shows another unit."""
        code = self.formats.get(self.said(name, "format"), "")
        return code if shows_another_unit(code) else ""


def opendocument_marks(archive: zipfile.ZipFile) -> dict[str, Marks]:
    """Return the marks of each sheet by its name."""
    styles, remarks = _Styles(), []
    if "styles.xml" in archive.namelist():
        with archive.open("styles.xml") as file:
            for _, element in iterparse(file):
                if local_name(element).endswith("style"):
                    styles.add(element)
                elif local_name(element).startswith(("header", "footer")):
                    remarks.append((0, 0, _text(element)))
    with archive.open("content.xml") as file:
        found = _Sheets(styles).read(file)
    for marks in found.values():
        marks.remarks += remarks
    return found


@dataclass
class _Sheets:
    """The reading of the sheets of a document, and where it has come to."""

    styles: _Styles
    found: dict[str, Marks] = field(default_factory=dict)
    marks: Marks = field(default_factory=Marks)
    row: int = 1
    column: int = 0
    high: int = 1  # how often the row is repeated
    row_style: str | None = None
    column_styles: dict[int, str | None] = field(default_factory=dict)
    folded: int = 0  # groups of rows or columns around, that are folded up

    def read(self, file) -> dict[str, Marks]:
        """Return the marks of each sheet by its name."""
        for event, element in iterparse(file, events=("start", "end")):
            name = local_name(element)
            if event == "start":
                self._begin(name, element)
            else:
                self._end(name, element)
        return self.found

    def _begin(self, name: str, element: Element) -> None:
        if name == "table":
            self.marks = self.found.setdefault(attribute(element, "name") or "", Marks())
            self.row, self.column, self.column_styles = 1, 0, {}
        elif name == "table-row":
            self.column, self.high = 0, _times(element, "number-rows-repeated")
            self.row_style = attribute(element, "default-cell-style-name")
            if self._is_hidden(element):
                self.marks.hidden_rows.append((self.row, self.row + self.high - 1))
        elif name == "table-column":
            wide = _times(element, "number-columns-repeated")
            style = attribute(element, "default-cell-style-name")
            self.column_styles |= dict.fromkeys(
                range(self.column, self.column + min(wide, REPEATED)), style
            )
            if self._is_hidden(element):
                self.marks.hidden_columns.append((self.column, self.column + wide - 1))
            self.column += wide
        elif name in ("table-row-group", "table-column-group"):
            self.folded += attribute(element, "display") == "false"

    def _is_hidden(self, element: Element) -> bool:
        is_shown = (attribute(element, "visibility") or "visible") == "visible"
        return self.folded > 0 or not is_shown

    def _end(self, name: str, element: Element) -> None:
        if name.endswith("style"):
            self.styles.add(element)
        elif name in ("table-cell", "covered-table-cell"):
            wide = _times(element, "number-columns-repeated")
            self._mark(element, wide)
            self.column += wide
        elif name == "table-row":
            self.row += self.high
            element.clear()
        elif name in ("table-row-group", "table-column-group"):
            self.folded -= attribute(element, "display") == "false"
        elif name == "shapes":
            self.marks.remarks.append((0, 0, _text(element)))

    def _mark(self, cell: Element, wide: int) -> None:
        row, column, marks = self.row, self.column, self.marks
        across, down = (_times(cell, f"number-{kind}-spanned") for kind in ("columns", "rows"))
        if across > 1 or down > 1:
            marks.merged.append((row, column, row + down - 1, column + across - 1))
        paragraphs = [part for part in cell if local_name(part) == "p"]
        remarks = [_text(part) for part in cell if local_name(part) == "annotation"]
        marks.remarks += [(row, column, text) for text in remarks]
        if (
            not paragraphs
            and attribute(cell, "value-type") is None
            and attribute(cell, "formula") is None
        ):
            return
        text = "".join(said for paragraph in paragraphs for said in paragraph.itertext())
        odd = _odd(cell, text)
        marks.formulas += attribute(cell, "formula") is not None
        spots = [
            (row + down, column + across)
            for down in range(min(self.high, REPEATED))
            for across in range(min(wide, REPEATED))
        ]
        if odd:
            marks.odd |= dict.fromkeys(spots, odd)
        self._mark_look(cell, paragraphs, spots)

    def _mark_look(self, cell: Element, paragraphs: list[Element], spots: list[Spot]) -> None:
        column = spots[0][1]
        style = attribute(cell, "style-name") or self.row_style or self.column_styles.get(column)
        if self.styles.is_struck(style):
            self.marks.struck.update(spots)
        currency = attribute(cell, "currency") or STERLING
        if unit := self.styles.other_unit(style) or (currency if currency != STERLING else ""):
            self.marks.formats |= dict.fromkeys(spots, unit)
        spans = (span for part in paragraphs for span in part.iter() if local_name(span) == "span")
        for span in spans:
            said, how = (
                "".join(span.itertext()).strip(),
                self.styles.part(attribute(span, "style-name")),
            )
            if said and how:
                self.marks.parts |= dict.fromkeys(spots, (said, how))
                return


def _odd(cell: Element, text: str) -> tuple[str, str] | None:
    if attribute(cell, "formula") is None:
        return None
    if attribute(cell, "value-type", "calc") == "error" or ERROR_TEXT.fullmatch(text):
        return ERROR_CELL, text or "an error"
    if attribute(cell, "value-type", "office") is None:
        return UNCALCULATED_CELL, ""
    return None


def _times(element: Element, name: str) -> int:
    return int(attribute(element, name) or 1)


def _text(element: Element) -> str:
    return " ".join(said.strip() for said in element.itertext() if said.strip())
