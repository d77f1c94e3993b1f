"""A sheet as it looks: its heading row, its years, its blocks, whose it is."""

import re
from collections.abc import Collection, Mapping, Sequence

from businesscase_workbench.spreadsheet.cells import Cell, amount_in
from businesscase_workbench.spreadsheet.draft.words import (
    aliases,
    heading_names,
    is_known,
    is_shared,
    is_total,
    says_what,
)
from businesscase_workbench.spreadsheet.grid import HEADER_WITHIN
from businesscase_workbench.spreadsheet.kinds import TEXT_CELL, tidy
from businesscase_workbench.spreadsheet.sheets import BLANK_CELL, Sheet, normal
from businesscase_workbench.spreadsheet.units import pounds_in, stated_unit
from businesscase_workbench.spreadsheet.years import years_of

FEWEST = 2
COUNCIL = re.compile(r"\b(?:DC|BC|CC|MBC|LBC|Council|Borough|District)\b")


class View:
    """A sheet with its heading row, and what its headings are."""

    council = ""  # whose sheet it is, where each council has its own

    def __init__(self, sheet: Sheet):
        self.sheet, self.filled, self.known = sheet, sheet.filled(), []
        self.header, self.heading_rows = self._header(), 1
        if below := self._more_headings():
            self.header, self.heading_rows = below
            self.sheet = sheet.with_joined_headings(*below)
            self.filled = self.sheet.filled()
        self.headings = {
            at: tidy(cell.text) for at, cell in self.filled.get(self.header, {}).items()
        }
        self.years = {at: found for at, text in self.headings.items() if (found := years_of(text))}
        is_alone = (
            len(self.years) == 1 and self.partner is not None and all(map(self.numbers, self.years))
        )
        self.years = self.years if len(self.years) >= FEWEST or is_alone else {}

    def _header(self) -> int:
        def score(row: int) -> int:
            texts = [tidy(cell.text) for cell in self.filled[row].values()]
            known = sum(map(is_known, texts))
            years = sum(years_of(text) is not None for text in texts)
            numbers = sum(amount_in(cell) is not None for cell in self.filled[row].values()) - years
            return 3 * known + years + (len(texts) > 1) - 2 * max(numbers, 0)

        return max(list(self.filled)[:HEADER_WITHIN], key=score, default=0)

    def _more_headings(self) -> tuple[int, int] | None:
        """Return where headings that stand in two rows begin, and how many rows they have."""
        rows = list(self.filled)
        place = rows.index(self.header) if self.header in rows else 0
        pairs = zip(rows[max(0, place - 1) :], rows[max(1, place) :], strict=False)
        for first, second in list(pairs)[:2]:
            upper, lower = (
                [tidy(cell.text) for cell in self.filled[row].values()] for row in (first, second)
            )
            has_years = sum(years_of(text) is not None for text in upper) >= FEWEST
            labels = [text for text in lower if is_known(text) or says_what(text)]
            amounts = [text for text in lower if amount_in(Cell(TEXT_CELL, text)) is not None]
            is_more = len(lower) > 1 and len(labels) > len(lower) / 2 and not amounts
            if has_years and is_more and not any(map(years_of, lower)):
                return first, 2
        return None

    @property
    def titles(self) -> list[str]:
        """Texts above the headings, and lines of text below them."""
        return [
            tidy(cell.text)
            for row, cells in self.filled.items()
            if row < self.header or len(cells) == 1
            for cell in cells.values()
        ]

    def rows(self) -> list[int]:
        """Rows below the headings."""
        return [row for row in self.filled if row > self.header]

    def cell(self, row: int, at: int | None) -> Cell:
        """Return a cell, blank if there is none."""
        return self.filled[row].get(-1 if at is None else at, BLANK_CELL)

    def text(self, row: int, at: int | None) -> str:
        """Return the text of a cell."""
        return tidy(self.cell(row, at).text)

    def texts(self, at: int | None) -> list[str]:
        """Return the texts of a column once each, totals and lines of text aside."""
        rows = [row for row in self.rows() if len(self.filled[row]) > 1]
        found = (self.text(row, at) for row in rows)
        return [text for text in dict.fromkeys(found) if text and not is_total(text)]

    def blocks(self) -> dict[str, list[int]]:
        """Return the rows below each line of text alone, those under the headings first."""
        found: dict[str, list[int]] = {"": []}
        current = ""
        for row in self.rows():
            cells = self.filled[row]
            if len(cells) == 1 and next(iter(cells.values())).kind == TEXT_CELL:
                current = only_text(cells)
                found[current] = []
            elif not self.is_heading(row):
                found[current].append(row)
        above = [row for row in self.filled if row < self.header and len(self.filled[row]) == 1]
        if above and any(map(self.is_heading, self.rows())):  # each block has headings of its own
            found = {only_text(self.filled[above[-1]]): found.pop(""), **found}
        return found

    def is_heading(self, row: int) -> bool:
        """Whether a row repeats the headings."""
        return bool(self.years) and all(years_of(self.text(row, at)) for at in self.years)

    def lines(self, rows: Sequence[int]) -> set[str]:
        """Return what the first column of labels says in some rows, totals aside."""
        labels = [at for at in self.headings if at not in self.years]
        found = {self.text(row, labels[0]) for row in rows} if labels else set()
        return {text for text in found if text and not is_total(text)}

    def numbers(self, at: int) -> bool:
        """Whether a column holds numbers."""
        found = [amount_in(self.cell(row, at)) for row in self.rows() if self.text(row, at)]
        return len(found) - found.count(None) > len(found) / 2

    @property
    def partner(self) -> int | None:
        """The column of the authorities."""
        known = aliases()["any"]["columns"]["partner"]
        return next(
            (
                at
                for at, text in self.headings.items()
                if any(name in map(normal, known) for name in heading_names(text))
            ),
            None,
        )

    def scale(self) -> int:
        """Pounds of the unit that the sheet states."""
        stated = [stated_unit(text) for text in [*self.titles, *self.headings.values()]]
        return next((found for words in stated if words and (found := pounds_in(words))), 1)

    def totals(self) -> str:
        """Return what the mapping says of totals, if there are any."""
        labels = [
            text for row in self.rows() for at in self.headings if (text := self.text(row, at))
        ]
        return "leave out" if any(map(is_total, labels)) else ""


def partners_of(views: Sequence[View]) -> list[str]:
    """Return the authorities: of columns headed so, of sheets and blocks alike, or named councils."""
    found = [
        text
        for view in views
        if view.partner is not None
        for text in view.texts(view.partner)
        if not is_shared(text)
    ]
    for view in views:
        if view.years and view.partner is None:
            found += alike(
                {title: view.lines(rows) for title, rows in view.blocks().items() if title}
            )
    alone = {view.sheet.name: view for view in views if view.years and view.partner is None}
    named = alike({name: view.lines(view.rows()) for name, view in alone.items()})
    for name in named:
        alone[name].council = name
    found += named
    if not found:
        found = [text for view in views for text in view.headings.values() if COUNCIL.search(text)]
    return list(dict.fromkeys(found))


def alike(lines: Mapping[str, Collection[str]]) -> list[str]:
    """Return the names of blocks or sheets that have most of their lines in common."""
    names = [name for name, own in lines.items() if own]
    if len(names) < FEWEST:
        return []
    every = set().union(*(lines[name] for name in names))
    common = every.intersection(*(lines[name] for name in names))
    return names if len(common) > len(every) / 2 else []


def only_text(cells: Mapping[int, Cell]) -> str:
    """Return the text of a row that has nothing else."""
    return tidy(next(iter(cells.values())).text)
