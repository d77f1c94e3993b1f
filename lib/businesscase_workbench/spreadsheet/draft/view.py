"""A table of a sheet as it looks: its headings, its years, its blocks, whose it is."""

import re
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from copy import copy
from dataclasses import replace

from businesscase_workbench.spreadsheet.cells import Cell, amount_in
from businesscase_workbench.spreadsheet.draft.words import (
    aliases,
    column_named,
    flow_of,
    group_of,
    heading_names,
    is_any,
    is_known,
    is_no_amount,
    is_no_service,
    is_shared,
    is_total,
    place_of,
    says_what,
)
from businesscase_workbench.spreadsheet.grid import HEADER_WITHIN
from businesscase_workbench.spreadsheet.kinds import TEXT_CELL, tidy
from businesscase_workbench.spreadsheet.sheets import BLANK_CELL, Sheet, letters, normal, unheaded
from businesscase_workbench.spreadsheet.units import is_unit_alone, pounds_in, stated_unit
from businesscase_workbench.spreadsheet.years import (
    DATE_CELL,
    Years,
    is_part_of_year,
    without_years,
    years_of,
)

FEWEST = 2
MOST_HEADINGS = 3  # rows that headings may stand in
BASE = "service_costs"
OWNED = re.compile(r"(?:\d+\W+)?(?P<who>[^\W\d][\w'’&]*)[\s:–-]+(?P<what>.+)")
COUNCIL = re.compile(r"\b(?:DC|BC|CC|MBC|LBC|Council|Borough|District)\b")


class View:
    """A table of a sheet with its headings, and what they are.

    Attributes
    ----------
    council, service : str
        Whose it is and what it is of, where each has a sheet or columns of its own.
    unread : list of str
        Headings that name a year and aren't read.
    """

    council = service = ""
    is_picked = False  # whether not all headings that name a year are read
    above: Sequence[str] = ()  # titles of the sheet, for a table further down

    def __init__(self, sheet: Sheet, is_first: bool = True):
        self.sheet, self.filled, self.is_first = sheet, sheet.filled(), is_first
        self.known: list[str] = []
        self.header, self.heading_rows = self._heading_rows()
        self.parts = sheet.headings_in(self.header, self.heading_rows)
        if self.heading_rows > 1:
            self.sheet = sheet.with_joined_headings(self.header, self.heading_rows)
            self.filled = self.sheet.filled()
        self.headings = self._unheaded() | self._texts(self.header)
        self.parts |= {at: [text] for at, text in self.headings.items() if at not in self.parts}
        named = {at: found for at, text in self.headings.items() if (found := years_of(text))}
        self.years = self._amounts(named)
        self.unread = [self.headings[at] for at in named if at not in self.years]

    def _amounts(self, named: Mapping[int, Years]) -> dict[int, Years]:
        """Return the columns of amounts by year: of several, or of one beside councils or lines."""
        years = {at: found for at, found in named.items() if not is_no_amount(self.headings[at])}
        if self.has_parts_of_year and all(DATE_CELL.fullmatch(self.headings[at]) for at in years):
            return {}
        labels = [text for at, text in self.headings.items() if at not in named]
        has_lines = any(column_named(BASE, text) == "category" for text in labels)
        is_budget = has_lines or self.partner is not None
        is_alone = len(years) == 1 and is_budget and all(map(self.numbers, years))
        if is_alone and any(group_of(self.headings[at]) for at in years):
            return {}  # such as the salary of a year
        return years if len(years) >= FEWEST or is_alone else {}

    def _unheaded(self) -> dict[int, str]:
        """Return names for columns of text on the left that have no heading."""
        first = min(self.filled.get(self.header, {}), default=0)
        rows = [row for row in self.rows() if len(self.filled[row]) > 1]
        found = {at: sum(at in self.filled[row] for row in rows) for at in range(first)}
        return {at: unheaded(at) for at, count in found.items() if count > len(rows) / 2}

    @property
    def without_heading(self) -> list[str]:
        """Letters of the columns that hold numbers below no heading, which nothing reads."""
        places = {at for row in self.rows() for at in self.filled[row]} - self.headings.keys()
        return [letters(at) for at in sorted(places) if self.numbers(at)]

    @property
    def has_parts_of_year(self) -> bool:
        """Whether quarters or months stand side by side."""
        texts = list(self.headings.values())
        alike = [text for text in texts if is_part_of_year(text) or DATE_CELL.fullmatch(text)]
        return len(alike) >= FEWEST and any(map(is_part_of_year, alike))

    def _texts(self, row: int) -> dict[int, str]:
        return {at: tidy(cell.text) for at, cell in self.filled.get(row, {}).items()}

    def _header(self) -> int:
        def score(row: int) -> int:
            texts = self._texts(row).values()
            known = sum(map(is_known, texts))
            years = sum(years_of(text) is not None for text in texts)
            numbers = sum(map(is_amount, self.filled[row].values()))
            return 3 * known + years + (len(texts) > 1) - 2 * numbers

        return max(list(self.filled)[:HEADER_WITHIN], key=score, default=0)

    def _heading_rows(self) -> tuple[int, int]:
        """Return the first row of the headings, and in how many they stand one below the other."""
        first = last = self._header()
        while last - first + 1 < MOST_HEADINGS and self._are_headings(first - 1, first, last):
            first -= 1
        while last - first + 1 < MOST_HEADINGS and self._are_headings(last + 1, first, last):
            last += 1
        return first, last - first + 1

    def _are_headings(self, row: int, first: int, last: int) -> bool:
        """Whether a row above or below the headings belongs to them: years, units, what comes again."""
        texts = list(self._texts(row).values())
        if len(texts) < FEWEST or any(map(is_amount, self.filled[row].values())):
            return False
        rows = [*range(first, last + 1), row]
        leftmost = min(min(cells) for cells in self.filled.values() if len(cells) > 1)
        if sum(leftmost in self.filled[one] for one in rows) > 1:
            return False
        near = list(self._texts(first if row < first else last).values())
        upper, lower = (texts, near) if row < first else (near, texts)
        years = max(sum(years_of(text) is not None for text in one) for one in (upper, lower))
        told = [text for text in lower if is_known(text) or says_what(text) or years_of(text)]
        below = [at for at in self.filled[row] if row < first or self._has_amounts_below(row, at)]
        is_over = Counter(lower).most_common(1)[0][1] > 1 and len(below) == len(self.filled[row])
        is_merged = len(below) == len(self.filled[row]) and self._is_under_merged(row, first)
        return is_over or is_merged or (years >= FEWEST and len(told) > len(lower) / 2)

    def _is_under_merged(self, row: int, upper: int) -> bool:
        """Whether each part of a heading that is merged over several columns has one of its own below."""
        return row > upper and any(
            top == bottom == upper
            and right > left
            and {*range(left, right + 1)} <= {*self.filled[row]}
            for top, left, bottom, right in self.sheet.merged
        )

    def _has_amounts_below(self, row: int, at: int) -> bool:
        below = [cells[at] for one, cells in self.filled.items() if one > row and at in cells]
        return sum(map(is_amount, below)) > len(below) / 2

    # years, and whose they are

    @property
    def groups(self) -> dict[str, list[int]]:
        """Columns of amounts by what their headings say beside the year: a council, a service."""
        found: dict[str, list[int]] = {}
        for at in self.years:
            found.setdefault(group_of(self.headings[at]), []).append(at)
        is_once = len({*self.years.values()}) == len(self.years)
        return {"": [*self.years]} if is_once and "" in found else found

    @property
    def tops(self) -> list[str]:
        """Uppermost headings of the columns of amounts, where they stand over several."""
        over = [self.parts[at][0] for at in self.years if len(self.parts[at]) > 1]
        over = [text for text in over if without_years(text) == text and group_of(text)]
        found = list(dict.fromkeys(over))
        return found if FEWEST <= len(found) < len(over) == len(self.years) else []

    def by_group(self) -> "Iterator[View]":
        """Yield the table by council, and by service, where each has columns of its own.

        Nothing is yielded where the columns of a year are of what is neither, such as gross and net.
        """
        groups = {name: at for name, at in self.groups.items() if not is_total(name)}
        whose = {name: council_in(name, self.known) for name in groups}
        rests = {name: group_of(name.replace(whose[name], " ")) for name in groups}
        if len(groups) > 1 and (not all(whose.values()) or any(map(is_no_service, rests.values()))):
            return
        for name, columns in groups.items():
            part = copy(self)
            if len(groups) > 1:
                part.council, part.service = whose[name], rests[name]
            part.years = self._one_a_year(columns)
            others = [self.headings[at] for at in columns if at not in part.years]
            part.unread = [*self.unread, *others]
            part.is_picked = bool(part.unread) or len(self.groups) > 1
            yield part

    def _one_a_year(self, columns: Sequence[int]) -> dict[int, Years]:
        """Return a column for each year: of a budget and a forecast the first in the order of the words."""
        found: dict[Years, int] = {}
        for at in sorted(columns, key=lambda at: place_of("amounts", self.headings[at])):
            found.setdefault(self.years[at], at)
        return {at: self.years[at] for at in sorted(found.values())}

    @property
    def titles(self) -> list[str]:
        """Texts above the headings, and lines of text below them."""
        own = [
            tidy(cell.text)
            for row, cells in self.filled.items()
            if row < self.header or len(cells) == 1
            for cell in cells.values()
        ]
        return [*self.above, *own]

    def rows(self) -> list[int]:
        """Rows below the headings."""
        return [row for row in self.filled if row > self.header]

    @property
    def labels(self) -> dict[int, str]:
        """Headings of the columns beside those of amounts by year."""
        return {at: text for at, text in self.headings.items() if at not in self.years}

    def rows_by_label(self) -> dict[str, int]:
        """Return the rows that the first column names, by its text."""
        return {text: row for row in self.rows() if (text := self.text(row, self.first))}

    def once_a_block(self, columns: Iterable[int], rows: Sequence[int]) -> list[str]:
        """Return the headings of columns that aren't filled in each of some rows."""
        return [self.headings[at] for at in columns if not all(self.text(row, at) for row in rows)]

    def written_once(self, columns: Iterable[int]) -> list[int]:
        """Return the columns, from the left, whose texts stand once for the rows below.

        The first row must have one, and so must each in which one to the left of it is new.
        """
        rows = [row for row in self.rows() if len(self.filled[row]) > 1 and not self.is_sum(row)]
        found: list[int] = []
        for at in sorted(columns):
            begins = [row for row in rows if any(self.text(row, one) for one in found)]
            is_begun = all(self.text(row, at) for row in [*rows[:1], *begins])
            if is_begun and not all(self.text(row, at) for row in rows):
                found.append(at)
        return found

    def is_sum(self, row: int) -> bool:
        """Whether a row is named a total."""
        return any(is_total(self.text(row, at)) for at in self.filled[row])

    @property
    def first(self) -> int | None:
        """The leftmost column."""
        return next(iter(self.headings), None)

    def named(self, table: str) -> dict[str, int]:
        """Return the first place of each column of a table that headings name."""
        found: dict[str, int] = {}
        for at, text in self.headings.items():
            if name := column_named(table, text):
                found.setdefault(name, at)
        return found

    def others(self, read: Collection[str]) -> list[str]:
        """Return the headings beside those that are read."""
        return [text for text in self.headings.values() if text not in read]

    def cell(self, row: int, at: int | None) -> Cell:
        """Return a cell, blank if there is none."""
        return self.filled[row].get(-1 if at is None else at, BLANK_CELL)

    def text(self, row: int, at: int | None) -> str:
        """Return the text of a cell."""
        return tidy(self.cell(row, at).text)

    def texts(self, at: int | None) -> list[str]:
        """Return the texts of a column once each, totals, headings and lines of text aside."""
        rows = [
            row for row in self.rows() if len(self.filled[row]) > 1 and not self.is_heading(row)
        ]
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
        has_own = not self.is_first or any(map(self.is_heading, self.rows()))
        if above and has_own:  # each block has headings of its own
            found = {only_text(self.filled[above[-1]]): found.pop(""), **found}
        return found

    def is_heading(self, row: int) -> bool:
        """Whether a row repeats the headings."""
        texts = self._texts(row)
        is_again = len(texts) > 1 and texts.items() <= self.headings.items()
        return is_again or (
            bool(self.years) and all(years_of(self.text(row, at)) for at in self.years)
        )

    def lines(self, rows: Sequence[int]) -> set[str]:
        """Return what the first column of labels says in some rows, totals aside."""
        labels = list(self.labels)
        if self.is_ledger:  # its first column is often a code that each council has of its own
            labels = [at for at in labels if column_named(BASE, self.headings[at]) == "category"]
        found = {self.text(row, labels[0]) for row in rows} if labels else set()
        return {text for text in found if text and not is_total(text)}

    def numbers(self, at: int) -> bool:
        """Whether a column holds numbers."""
        found = [amount_in(self.cell(row, at)) for row in self.rows() if self.text(row, at)]
        return len(found) - found.count(None) > len(found) / 2

    @property
    def partner(self) -> int | None:
        """The column of the authorities."""
        known = {*map(normal, aliases()["any"]["columns"]["partner"])}
        fitting = (at for at, text in self.headings.items() if known & {*heading_names(text)})
        return next(fitting, None)

    @property
    def is_ledger(self) -> bool:
        """Whether its headings are those of today's cost, a line a row."""
        return set(aliases()[BASE]["needs"]) <= self.named(BASE).keys()

    def owning(self) -> list[int]:
        """Return the columns of a ledger that may name a council: cost centres, and not lines."""
        lines = ("category", "amount_gbp")
        return [at for at, text in self.headings.items() if column_named(BASE, text) not in lines]

    def scale(self) -> int:
        """Pounds of the unit that the sheet states."""
        stated = [stated_unit(text) for text in [*self.titles, *self.headings.values()]]
        return next((found for words in stated if words and (found := pounds_in(words))), 1)

    def nothing(self, columns: Collection[int]) -> dict[str, str]:
        """Return the words for nothing that stand in columns of amounts, as the mapping says them."""
        nil, none = (aliases()["words"][kind] for kind in ("nothing", "none"))
        texts = dict.fromkeys(self.text(row, at) for row in self.rows() for at in columns)
        found = {text: "0" for text in texts if text.casefold() in nil}
        return found | {text: "" for text in texts if text not in found and text.casefold() in none}

    def added_up(self) -> list[str]:
        """Return the headings of columns that a column of totals adds up, row by row."""
        columns = {at: text for at, text in self.headings.items() if self.numbers(at)}
        total = next((at for at, text in columns.items() if is_total(text)), None)
        parts = [at for at, text in columns.items() if at != total and not is_known(text)]
        rows = [
            [amount_in(self.cell(row, at)) or 0 for at in (total, *parts)] for row in self.rows()
        ]
        is_whole = total is not None and all(first == sum(others) for first, *others in rows)
        return [columns[at] for at in parts] if is_whole and len(parts) >= FEWEST else []

    def totals(self) -> str:
        """Return what the mapping says of totals, if there are any."""
        texts = (self.text(row, at) for row in self.rows() for at in self.headings)
        return "leave out" if any(map(is_total, filter(None, texts))) else ""


def partners_of(views: Sequence[View]) -> list[str]:
    """Return the authorities that a workbook names, by the first of these ways that names any."""
    whose = [view for view in views if view.partner is None]
    ways = (
        [*_headed_so(views), *_titles_of_blocks(whose), *_sheets_of_one(whose)],
        [name for view in whose if view.is_ledger for at in view.owning() for name in begun_by(view.texts(at))],
        [name for view in whose for name in _above_years(view)],
        [name for view in views for name in view.added_up()],
        [text for view in views for text in view.headings.values() if COUNCIL.search(text)],
    )  # fmt: skip
    return list(dict.fromkeys(next(filter(None, ways), [])))


def _headed_so(views: Sequence[View]) -> list[str]:
    """Return what stands in columns of authorities."""
    found = [
        text for view in views if view.partner is not None for text in view.texts(view.partner)
    ]
    headings = {*map(normal, aliases()["any"]["columns"]["partner"])}  # of a table further down
    return [text for text in found if not is_shared(text) and normal(text) not in headings]


def _titles_of_blocks(views: Sequence[View]) -> Iterator[str]:
    """Yield the titles of blocks alike."""
    for view in views:
        if view.years:
            blocks = {title: view.lines(rows) for title, rows in view.blocks().items() if title}
            yield from alike(blocks)


def _sheets_of_one(views: Sequence[View]) -> list[str]:
    """Return the names of sheets alike, each of which is then that of the authority."""
    alone = {
        view.sheet.name: view
        for view in views
        if (view.years or view.is_ledger)
        and view.sheet.name
        and group_of(view.sheet.name) == view.sheet.name
    }
    named = alike({name: view.lines(view.rows()) for name, view in alone.items()})
    found = [name for name in named if not is_known(name)]
    for name in found:
        alone[name].council = name
    return found


def _above_years(view: View) -> list[str]:
    """Return what stands above several columns of years, unless it says what the amounts are."""
    names = view.tops or list(view.groups)
    said = (flow_of, is_no_service, is_total)
    return (
        [name for name in names if name and not any(says(name) for says in said)]
        if len(names) > 1
        else []
    )


def begun_by(texts: Sequence[str]) -> list[str]:
    """Return the words that texts begin with, if what follows comes again after others: councils before services.

    Examples
    --------
    >>> begun_by(["1001 North - Desk", "1002 North - Networks", "2001 East - Desk"])
    ['North', 'East']
    >>> begun_by(["Service desk", "Networks"]), begun_by(["ICT desk", "ICT networks"])
    ([], [])
    """
    parts = [OWNED.fullmatch(text) for text in texts]
    if not parts or not all(parts):
        return []
    rests: dict[str, set[str]] = {}
    for one in parts:
        rests.setdefault(one["who"], set()).add(one["what"].casefold())
    times = Counter(what for own in rests.values() for what in own)
    are_alike = all(any(times[what] > 1 for what in own) for own in rests.values())
    return list(rests) if are_alike else []


def views_of(sheet: Sheet) -> list[View]:
    """Return the tables of a sheet: a further one begins where other headings stand after a blank row."""
    filled = sheet.filled()
    starts: list[int] = []  # first row of each table, with the lines of text above its headings
    labels: list[set[str]] = []
    for row, cells in filled.items():
        if len(cells) < FEWEST:
            continue
        top = row
        while top - 1 in filled and len(filled[top - 1]) == 1:
            top -= 1
        texts = [tidy(cell.text) for cell in cells.values()]
        own = {text for text in texts if not years_of(text)}
        if top - 1 not in filled and own not in labels and are_headings(cells.values()):
            starts.append(top)
            labels.append(own)
    if len(starts) < FEWEST:
        return [View(sheet)]
    above = [only_text(cells) for row, cells in filled.items() if row < starts[0]]
    ends = [*starts[1:], max(filled) + 1]
    views = []
    for first, after in zip([0, *starts[1:]], ends, strict=True):
        cells = {row: sheet.cells[row] for row in filled if first <= row < after}
        views.append(View(replace(sheet, cells=cells), is_first=not first))
        views[-1].above = above if first else ()
    return views


def are_headings(cells: Collection[Cell]) -> bool:
    """Whether cells are the headings of a table: none is an amount, and most or the first are known."""
    texts = [tidy(cell.text) for cell in cells]
    if any(map(is_amount, cells)):
        return False
    known = sum(is_known(text) or years_of(text) is not None for text in texts)
    return known >= FEWEST and (known >= len(texts) / 2 or is_any("subject", texts[0]))


def is_amount(cell: Cell) -> bool:
    """Whether a cell holds an amount, and neither a year nor a unit such as £000."""
    is_number = amount_in(cell) is not None
    return is_number and years_of(cell.text) is None and not is_unit_alone(cell.text)


def council_in(text: str, known: Sequence[str]) -> str:
    """Return the council that a text names, a blank if none or several."""
    found = [name for name in known if re.search(rf"\b{re.escape(name)}\b", text, re.IGNORECASE)]
    return found[0] if len(found) == 1 else ""


def alike(lines: Mapping[str, Collection[str]]) -> list[str]:
    """Return the names of blocks or sheets that have half of their lines in common."""
    names = [name for name, own in lines.items() if own]
    if len(names) < FEWEST:
        return []
    every = set().union(*(lines[name] for name in names))
    common = every.intersection(*(lines[name] for name in names))
    return names if len(common) >= len(every) / 2 else []


def only_text(cells: Mapping[int, Cell]) -> str:
    """Return the text of a row that has nothing else."""
    return tidy(next(iter(cells.values())).text)
