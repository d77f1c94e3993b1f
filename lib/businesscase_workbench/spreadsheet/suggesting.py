"""A mapping drafted from a council's own workbook: what is recognised, what is guessed, what is left out.

It knows headings and words from ``aliases.toml`` alone. What it writes is TOML for a person to read
and change; nothing is imported by it.
"""

import json
import re
import tomllib
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import NamedTuple

from businesscase.calculations.wording import counted, listed
from businesscase.calculations.wording import words as words_of
from businesscase.cases.schema import TABLES
from businesscase_workbench.spreadsheet.cells import Cell, amount_in, folded
from businesscase_workbench.spreadsheet.files import sheets_of
from businesscase_workbench.spreadsheet.findings import ImportFindings
from businesscase_workbench.spreadsheet.grid import HEADER_WITHIN, names_of
from businesscase_workbench.spreadsheet.kinds import TEXT_CELL, tidy
from businesscase_workbench.spreadsheet.mapping import BY_FLOW, COSTS_BELOW, MONEY_IN, TURNED
from businesscase_workbench.spreadsheet.sheets import BLANK_CELL, Sheet, normal
from businesscase_workbench.spreadsheet.totals import TOTAL_NAME
from businesscase_workbench.spreadsheet.units import pounds_in, stated_unit
from businesscase_workbench.spreadsheet.years import years_of

SURE, GUESSED = "sure", "guessed"
BASE, OF_WHICH, ONE_OFF = "service_costs", "of which", "one_off_cost"
DRIVER = re.compile(
    r"(?P<driver>users|devices)\b.*?(?P<date>\d{1,2}/\d{1,2}/\d{4})?\s*", re.IGNORECASE
)
SPLIT = re.compile(r"split\D{0,20}(\d+(?:\s*[:/]\s*\d+)+)", re.IGNORECASE)
OPTION_IN_TITLE = re.compile(r"\boption\s+([A-Z])\b", re.IGNORECASE)
LETTERED = re.compile(
    r"(?:option\s+)?(?P<letter>[A-Z])(?P<apart>[.):]|\s+[-–])\s+(?P<name>.+)", re.IGNORECASE
)
NUMBERED = re.compile(r"(?P<number>\d+)\s*[-–.:)]?\s*(?P<word>.*)")
OF_SCALE = re.compile(r"\b(\d+)\s*(?:[-–]|to)\s*(\d+)\b")
PAIRED = re.compile(r".+\s(?P<apart>[/x×,-])\s.+")
MEMBERSHIP = ("join", "leave")
SHOWN = 5  # texts at most that a sentence names
FEWEST_YEARS = 2
MIXED = re.compile(r"cost.*(?:saving|benefit)|(?:saving|benefit).*cost", re.IGNORECASE)
COUNCIL = re.compile(r"\b(?:DC|BC|CC|MBC|LBC|Council|Borough|District)\b")
FIRST_YEAR = "the first year of the case"
MONTHS = re.compile(r"\d+(?P<unit>\s*(?:months?|mths?|m))", re.IGNORECASE)
CAPITAL = re.compile(r"capital", re.IGNORECASE)
CHANCES = {3: [0, 0.2, 0.5, 1], 5: [0, 0.05, 0.2, 0.5, 0.8, 1]}  # bounds of likelihood words
BANDS = [("Low", 0.16, True), ("Medium", 0.36, True), ("High", 0.6, False), ("Very high", 1, False)]


@dataclass(frozen=True)
class Suggestion:
    """A drafted mapping.

    Attributes
    ----------
    text : str
        The file, in TOML.
    said : list of str
        A sentence for each sheet: what it is taken for, and how surely.
    partners : list of str
        The authorities that the workbook names, as they come.
    """

    text: str
    said: list[str]
    partners: list[str]


class _Reading(NamedTuple):
    certainty: str
    why: str
    keys: dict[str, object]


@dataclass
class _Draft:
    partners: list[str]
    case: dict[str, object] = field(default_factory=dict)
    base: dict[str, object] = field(default_factory=dict)
    readings: list[_Reading] = field(default_factory=list)
    add: dict[str, list[dict[str, object]]] = field(default_factory=dict)
    leave_out: dict[str, str] = field(default_factory=dict)
    drivers: list[str] = field(default_factory=list)
    years: set[int] = field(default_factory=set)
    heading_rows: dict[str, int] = field(default_factory=dict)  # by sheet
    option: str = ""

    def read(self, sheet: Sheet, table: str, certainty: str, why: str, **keys) -> None:
        told = {"sheet": sheet.name, "table": table} | {
            name: value for name, value in keys.items() if value not in ({}, [], "", None, 1)
        }
        if (rows := self.heading_rows.get(sheet.name, 1)) > 1:
            told["heading_rows"] = rows
        self.readings.append(_Reading(certainty, why, told))


def suggest(source: Path, title: str) -> Suggestion:
    """Draft the mapping of a workbook or of CSV files.

    Parameters
    ----------
    source : Path
        The workbook.
    title : str
        Title of the case to be.

    Raises
    ------
    InputError
        If the file can't be read as a whole.
    """
    sheets = [sheet for sheet in sheets_of(source, ImportFindings()) if sheet.cells]
    views = [_View(sheet) for sheet in sheets]
    draft = _Draft(_partners(views))
    for view in views:
        view.known = draft.partners
        draft.heading_rows[view.sheet.name] = view.heading_rows
    _agreed_shares(views, draft)
    # the money sheets lean on the others: options, partners, drivers
    for view in sorted(views, key=lambda one: bool(one.years)):
        _classify(view, draft)
    draft.readings.sort(key=lambda one: [sheet.name for sheet in sheets].index(one.keys["sheet"]))
    _complete(draft, title)
    return Suggestion(_text(source, draft), list(_said(draft)), draft.partners)


def _only_text(cells: Mapping[int, Cell]) -> str:
    return tidy(next(iter(cells.values())).text)


# what is known of words


@cache
def _aliases() -> dict:
    return tomllib.loads((files(__package__) / "aliases.toml").read_text(encoding="utf-8"))


@cache
def _columns_of(table: str) -> dict[str, str]:
    """Return the column of a table by alias, as names are compared."""
    known = _aliases()["any"]["columns"] | _aliases()[table]["columns"]
    columns = set(TABLES[table].model_fields) | {"ignore"}
    found = {}
    for column, texts in known.items():
        if column in columns:
            found |= {normal(text): column for text in [column, *texts]}
    return found


def _column(table: str, heading: str) -> str | None:
    known = _columns_of(table)
    return next((known[name] for name in _names(heading) if name in known), None)


def _names(heading: str) -> list[str]:
    """Return the names that a heading may mean, with its unit and without."""
    return [part for name in names_of(heading) for part in (name, name.removesuffix("_gbp"))]


def _is_any(kind: str, heading: str) -> bool:
    known = {normal(text) for text in _aliases()[kind]["columns"]}
    return any(name in known for name in _names(heading))


def _is_known(heading: str) -> bool:
    """Whether a text is a heading of any table."""
    tables = [table for table in TABLES if table in _aliases()]
    return (
        any(_column(table, heading) for table in tables)
        or _is_any("kind", heading)
        or _is_any("total", heading)
        or DRIVER.fullmatch(heading) is not None
        or LETTERED.fullmatch(heading) is not None
        or normal(heading).startswith(MEMBERSHIP)
    )


def _says_what(text: str) -> bool:
    """Whether a text under a year says what its amounts are: a unit, budget, forecast."""
    said = set(normal(text).split("_"))
    return bool(stated_unit(text)) or bool(said & set(_aliases()["words"]["amounts"]))


def _has_word(kind: str, text: str) -> bool:
    return any(word in text.casefold() for word in _aliases()["words"][kind])


def _is_shared(text: str) -> bool:
    low = text.casefold()
    return any(low == word or low.startswith(f"{word} ") for word in _aliases()["words"]["shared"])


def _flow_of(text: str) -> str:
    low = text.casefold()
    return next(
        (
            line["flow"]
            for line in _aliases()["lines"]
            if any(re.search(rf"(?<![a-z]){re.escape(word)}", low) for word in line["words"])
        ),
        "",
    )


def _is_total(text: str) -> bool:
    return TOTAL_NAME.fullmatch(text) is not None


# a sheet as it looks


class _View:
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
        self.years = self.years if len(self.years) >= FEWEST_YEARS or is_alone else {}

    def _header(self) -> int:
        def score(row: int) -> int:
            texts = [tidy(cell.text) for cell in self.filled[row].values()]
            known = sum(map(_is_known, texts))
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
            has_years = sum(years_of(text) is not None for text in upper) >= FEWEST_YEARS
            labels = [text for text in lower if _is_known(text) or _says_what(text)]
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
        return [text for text in dict.fromkeys(found) if text and not _is_total(text)]

    def blocks(self) -> dict[str, list[int]]:
        """Return the rows below each line of text alone, those under the headings first."""
        found: dict[str, list[int]] = {"": []}
        current = ""
        for row in self.rows():
            cells = self.filled[row]
            if len(cells) == 1 and next(iter(cells.values())).kind == TEXT_CELL:
                current = _only_text(cells)
                found[current] = []
            elif not self.is_heading(row):
                found[current].append(row)
        above = [row for row in self.filled if row < self.header and len(self.filled[row]) == 1]
        if above and any(map(self.is_heading, self.rows())):  # each block has headings of its own
            found = {_only_text(self.filled[above[-1]]): found.pop(""), **found}
        return found

    def is_heading(self, row: int) -> bool:
        """Whether a row repeats the headings."""
        return bool(self.years) and all(years_of(self.text(row, at)) for at in self.years)

    def lines(self, rows: Sequence[int]) -> set[str]:
        """Return what the first column of labels says in some rows, totals aside."""
        labels = [at for at in self.headings if at not in self.years]
        found = {self.text(row, labels[0]) for row in rows} if labels else set()
        return {text for text in found if text and not _is_total(text)}

    def numbers(self, at: int) -> bool:
        """Whether a column holds numbers."""
        found = [amount_in(self.cell(row, at)) for row in self.rows() if self.text(row, at)]
        return len(found) - found.count(None) > len(found) / 2

    @property
    def partner(self) -> int | None:
        """The column of the authorities."""
        known = _aliases()["any"]["columns"]["partner"]
        return next(
            (
                at
                for at, text in self.headings.items()
                if any(name in map(normal, known) for name in _names(text))
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
        return "leave out" if any(map(_is_total, labels)) else ""


def _partners(views: Sequence[_View]) -> list[str]:
    """Return the authorities: of columns headed so, of sheets and blocks alike, or named councils."""
    found = [
        text
        for view in views
        if view.partner is not None
        for text in view.texts(view.partner)
        if not _is_shared(text)
    ]
    for view in views:
        if view.years and view.partner is None:
            found += _alike(
                {title: view.lines(rows) for title, rows in view.blocks().items() if title}
            )
    alone = {view.sheet.name: view for view in views if view.years and view.partner is None}
    alike = _alike({name: view.lines(view.rows()) for name, view in alone.items()})
    for name in alike:
        alone[name].council = name
    found += alike
    if not found:
        found = [text for view in views for text in view.headings.values() if COUNCIL.search(text)]
    return list(dict.fromkeys(found))


def _alike(lines: Mapping[str, Collection[str]]) -> list[str]:
    """Return the names of blocks or sheets that have most of their lines in common."""
    names = [name for name, own in lines.items() if own]
    if len(names) < FEWEST_YEARS:
        return []
    every = set().union(*(lines[name] for name in names))
    common = every.intersection(*(lines[name] for name in names))
    return names if len(common) > len(every) / 2 else []


def _agreed_shares(views: Sequence[_View], draft: _Draft) -> None:
    """Take shares that a note states, such as split 55:45, in the order of the authorities."""
    for view in views:
        for text in view.titles:
            found = SPLIT.search(text)
            shares = re.findall(r"\d+", found[1]) if found else []
            if len(shares) == len(draft.partners) > 1:
                draft.drivers.append("agreed")
                draft.add["drivers"] = [
                    {"partner": name, "driver": "agreed", "date": "2026-04-01", "value": int(share)}
                    for name, share in zip(draft.partners, shares, strict=True)
                ]
                return


# which table a sheet is


def _classify(view: _View, draft: _Draft) -> None:
    for attempt in (_options, _criteria, _money, _membership, _matrix, _register):
        if attempt(view, draft):
            return
    headings = ", ".join(list(view.headings.values())[:SHOWN])
    draft.leave_out[view.sheet.name] = f"nothing here is known ({headings})"


def _options(view: _View, draft: _Draft) -> bool:
    """Take a matrix of options by criteria, in either direction."""
    first = min(view.headings, default=None)
    if first is None or view.years:
        return False
    heading = view.headings[first]
    others = {
        at: text for at, text in view.headings.items() if at != first and not _is_any("total", text)
    }
    scored = [at for at in others if view.numbers(at)]
    weights = [
        text for row in view.rows() if normal(text := view.text(row, first)).startswith("weight")
    ]
    lettered = [text for text in view.texts(first) if LETTERED.fullmatch(text)]
    if not scored or not (weights or lettered) or "option" not in heading.casefold():
        return False
    ignore = [text for text in view.headings.values() if _is_any("total", text)]
    criteria = [others[at] for at in scored]
    options = [text for text in view.texts(first) if text not in weights]
    left = {
        heading: [
            *weights,
            *(text for row in view.rows() if _is_total(text := view.text(row, first))),
        ]
    }
    left = {name: texts for name, texts in left.items() if texts}
    forms, words = _option_forms(options)
    across = {"headings": criteria, "column": "factor", "value": "score"}
    draft.read(
        view.sheet, "options", SURE, f"{len(options)} options",
        columns={heading: forms}, words=words, leave_out=left, ignore=[*criteria, *ignore],
    )  # fmt: skip
    draft.read(
        view.sheet, "scores", SURE, f"{len(options)} options by {len(criteria)} criteria",
        columns={heading: forms[0].replace("{name}", "{}") if not words else "option"}, words=words,
        leave_out=left, ignore=ignore, across=across, constants={"assessor": "officers"},
    )  # fmt: skip
    low, high = _scale_of(view, scored)
    kinds = {text: "cost" if "cost" in text.casefold() else "benefit" for text in criteria}
    if weights:
        draft.read(
            view.sheet, "factors", GUESSED, f"the scale of the scores is taken as {low} to {high}",
            columns={heading: "note"}, only={heading: weights}, ignore=ignore, words={"kind": kinds},
            across={"headings": criteria, "column": ["factor", "definition", "kind"], "value": "weight"},
            constants={"lowest_score": low, "highest_score": high},
        )  # fmt: skip
    else:
        draft.add["factors"] = [
            {"factor": text, "definition": text, "kind": kinds[text], "weight": 100,
             "lowest_score": low, "highest_score": high} for text in criteria
        ]  # fmt: skip
    letters = _letters(options)
    present = [letters[text] for text in options if _has_word("comparator", text)]
    draft.case |= {"comparator": present[0]} if present else {}
    draft.option = _best(view, first, letters, scored)
    return True


def _criteria(view: _View, draft: _Draft) -> bool:
    """Take a matrix with a row a criterion and a column an option."""
    first = min(view.headings, default=None)
    options = {at: text for at, text in view.headings.items() if LETTERED.fullmatch(text)}
    if first is None or len(options) < FEWEST_YEARS or not all(map(view.numbers, options)):
        return False
    heading = view.headings[first]
    weight = next(
        (text for text in view.headings.values() if normal(text).startswith("weight")), ""
    )
    criteria = view.texts(first)
    letters = _letters(list(options.values()))
    rest = [text for at, text in view.headings.items() if at not in (first, *options)]
    left = {heading: [text for row in view.rows() if _is_total(text := view.text(row, first))]}
    left = {name: texts for name, texts in left.items() if texts}
    low, high = _scale_of(view, list(options))
    draft.read(
        view.sheet, "scores", SURE, f"{counted(len(criteria), 'criterion').replace('criterions', 'criteria')} by {len(options)} options",
        columns={heading: "factor"}, words={"option": letters}, leave_out=left, ignore=rest,
        across={"headings": list(options.values()), "column": "option", "value": "score"},
        constants={"assessor": "officers"},
    )  # fmt: skip
    kinds = {text: "cost" if "cost" in text.casefold() else "benefit" for text in criteria}
    columns = {heading: ["factor", "definition", "kind"]} | ({weight: "weight"} if weight else {})
    draft.read(
        view.sheet, "factors", GUESSED, f"the scale of the scores is taken as {low} to {high}",
        columns=columns, words={"kind": kinds}, leave_out=left,
        ignore=[text for text in view.headings.values() if text not in columns],
        constants={"lowest_score": low, "highest_score": high} | ({} if weight else {"weight": 100}),
    )  # fmt: skip
    draft.add["options"] = [
        {"option": letters[text], "name": name, "description": name}
        for text in options.values()
        if (name := LETTERED.fullmatch(text)["name"])
    ]
    present = [letters[text] for text in options.values() if _has_word("comparator", text)]
    draft.case |= {"comparator": present[0]} if present else {}
    return True


def _letters(options: Sequence[str]) -> dict[str, str]:
    """Return the letter of each option, its own if all have one."""
    found = [LETTERED.fullmatch(text) for text in options]
    if all(found) and len({one["letter"] for one in found}) == len(options):
        return {text: one["letter"].lower() for text, one in zip(options, found, strict=True)}
    return {text: chr(ord("a") + place) for place, text in enumerate(options)}


def _option_forms(options: Sequence[str]) -> tuple[list[str], dict]:
    """Return how the text of an option is read: by its own letter, or by one that is given to it."""
    found = [LETTERED.fullmatch(text) for text in options]
    if all(found) and len({one["apart"] for one in found}) == 1:
        text = options[0]
        begins = text[: found[0].start("letter")]
        apart = text[found[0].end("letter") : found[0].start("name")]
        return [f"{begins}{{option}}{apart}{{name}}", f"{begins}{{}}{apart}{{description}}"], {}
    return ["option", "name", "description"], {"option": _letters(options)}


def _scale_of(view: _View, scored: Sequence[int]) -> tuple[int, int]:
    """Return the ends of the scale of scores: as a title says, or the least that holds them."""
    for text in view.titles:
        if (found := OF_SCALE.search(text)) and int(found[1]) < int(found[2]) <= 100:
            return int(found[1]), int(found[2])
    values = [
        amount
        for row in view.rows()
        for at in scored
        if (amount := amount_in(view.cell(row, at))) is not None
    ]
    return 0, next((top for top in (5, 10, 100) if max(values, default=0) <= top), 100)


def _best(view: _View, first: int, letters: Mapping[str, str], scored: Sequence[int]) -> str:
    """Return the option with the highest score, weights counted."""
    rows = {view.text(row, first): row for row in view.rows()}
    weighted = next((row for text, row in rows.items() if normal(text).startswith("weight")), None)

    def number(row: int | None, at: int, otherwise: float) -> float:
        amount = None if row is None else amount_in(view.cell(row, at))
        return otherwise if amount is None else float(amount)

    totals = {
        letter: sum(number(rows[text], at, 0) * number(weighted, at, 1) for at in scored)
        for text, letter in letters.items()
    }
    return max(totals, key=totals.__getitem__, default="")


def _membership(view: _View, draft: _Draft) -> bool:
    """Take a list of the authorities: when they join, what they count."""
    counts = {at: found for at, text in view.headings.items() if (found := DRIVER.fullmatch(text))}
    dates = {
        at: name
        for at, text in view.headings.items()
        for name in ("joins", "leaves")
        if normal(text).startswith(name[:-1])
    }
    texts = view.texts(view.partner)
    if view.partner is None or not (counts or dates) or len(texts) != len(view.rows()):
        return False
    heading = view.headings[view.partner]
    roles = {text: "partner" if place else "lead" for place, text in enumerate(texts)}
    rest = [text for at, text in view.headings.items() if at not in (view.partner, *dates)]
    draft.read(
        view.sheet, "partners", GUESSED, f"{texts[0]} is taken as the lead",
        columns={heading: ["partner", "role"]} | {view.headings[at]: name for at, name in dates.items()},
        words={"role": roles}, ignore=rest,
    )  # fmt: skip
    for at, found in counts.items():
        day = (
            "/".join(reversed(found["date"].split("/"))).replace("/", "-") if found["date"] else ""
        )
        rest = [text for one, text in view.headings.items() if one not in (view.partner, at)]
        driver = found["driver"].lower()
        draft.drivers.append(driver)
        draft.read(
            view.sheet, "drivers", SURE if day else GUESSED, f"{driver} of each council",
            columns={heading: "partner", view.headings[at]: "value"}, ignore=rest,
            constants={"driver": driver, "date": day or "2026-04-01"},
        )  # fmt: skip
    return True


def _matrix(view: _View, draft: _Draft) -> bool:
    """Take a matrix with a column an authority."""
    councils = [text for text in view.headings.values() if folded(text) in map(folded, view.known)]
    labels = [at for at, text in view.headings.items() if text not in councils]
    if len(councils) < FEWEST_YEARS or not labels:
        return False
    at = {text: place for place, text in view.headings.items()}
    label, ignore = view.headings[labels[0]], [view.headings[one] for one in labels[1:]]
    if any(view.numbers(at[name]) for name in councils):
        draft.read(
            view.sheet, BASE, GUESSED, "numbers with a column a council are taken as cost a year",
            columns={label: "category"}, ignore=ignore, totals=view.totals(), scale=view.scale(),
            across={"headings": councils, "column": "partner", "value": "amount_gbp"},
            constants={"funding": "revenue", "year": _year_of(view)},
        )  # fmt: skip
        return True
    none = {
        text: ""
        for name in councils
        for text in view.texts(at[name])
        if text.casefold() in _aliases()["words"]["none"]
    }
    draft.read(
        view.sheet, "applications", SURE, "a function a row, a council a column",
        columns={label: "business_function"}, ignore=ignore, words={"product": none} if none else {},
        across={"headings": councils, "column": "partner", "value": "product"},
    )  # fmt: skip
    return True


def _register(view: _View, draft: _Draft) -> bool:
    """Take a list whose headings are those of a table."""
    found = {
        table: {at: _column(table, text) for at, text in view.headings.items()}
        for table in ("posts", "risks", "contracts", "tasks", "applications", BASE)
        if table in TABLES
    }
    fitting = {
        table: sum(name is not None for name in columns.values())
        for table, columns in found.items()
        if set(_aliases()[table]["needs"]) <= set(columns.values())
    }
    if not fitting:
        return False
    table = max(fitting, key=fitting.__getitem__)
    columns: dict[str, str | list[str]] = {}
    ignore = []
    for at, name in found[table].items():
        heading = view.headings[at]
        if name in (None, "ignore") or name in columns.values():
            ignore.append(heading)
        else:
            columns[heading] = name
    words = _shared_words(view) if "partner" in columns.values() else {}
    keys: dict[str, object] = {}
    if table == "risks":
        columns, more, ignore = _risk_words(view, columns, ignore, draft)
        words |= more
    elif view.partner is None and "partner" in TABLES[table].model_fields:
        keys["constants"] = {"partner": draft.partners[0] if draft.partners else ""}
    if table == "contracts":
        columns, more = _contract_words(view, columns)
        words |= more
    if table == BASE:
        keys["constants"] = keys.get("constants", {}) | {
            "funding": "revenue",
            "year": _year_of(view),
        }
    ignored = f"; not read: {', '.join(ignore)}" if ignore else ""
    draft.read(
        view.sheet, table, GUESSED if ignore or keys else SURE, f"by its headings{ignored}",
        columns=columns, words=words, ignore=ignore, totals=view.totals(), scale=view.scale(), **keys,
    )  # fmt: skip
    return True


def _year_of(view: _View) -> int | str:
    """Return the year that a title names, else that of the case."""
    return next((years.first for text in view.titles if (years := years_of(text))), FIRST_YEAR)


def _shared_words(view: _View) -> dict[str, dict[str, str]]:
    shared = [text for text in view.texts(view.partner) if _is_shared(text)]
    return {"partner": dict.fromkeys(shared, "shared")} if shared else {}


def _contract_words(view: _View, columns: dict) -> tuple[dict, dict]:
    """Return the columns of a register of contracts, and its words for having no last day."""
    at = {columns[text]: place for place, text in view.headings.items() if text in columns}
    endless = [text for text in view.texts(at.get("ends")) if _has_word("rolling", text)]
    months = [MONTHS.fullmatch(text) for text in view.texts(at.get("notice_months"))]
    if months and all(months) and len({found["unit"] for found in months}) == 1:
        heading = next(text for text, name in columns.items() if name == "notice_months")
        columns = columns | {heading: f"{{notice_months}}{months[0]['unit']}"}
    return columns, {"ends": dict.fromkeys(endless, "rolling")} if endless else {}


# risks


def _risk_words(
    view: _View, columns: dict, ignore: list[str], draft: _Draft
) -> tuple[dict, dict, list]:
    """Return the columns of a register of risks, its words, and what isn't read; the scale is added."""
    at = {
        name: place for place, text in view.headings.items() for name in [columns.get(text)] if name
    }
    words: dict[str, dict[str, str]] = {}
    scales = {
        axis: _scale_for(
            [*_levels(view, at.get(axis)), *_levels(view, at.get(f"residual_{axis}"))], axis
        )
        for axis in ("likelihood", "impact")
    }
    for place, text in view.headings.items():
        paired = [PAIRED.fullmatch(one) for one in view.texts(place)]
        if text in ignore and "residual" in text.casefold() and paired and all(paired):
            apart = paired[0]["apart"]
            columns[text] = f"{{residual_likelihood}} {apart} {{residual_impact}}"
            ignore = [name for name in ignore if name != text]
            parts = [one.partition(f" {apart} ") for one in view.texts(place)]
            for axis, side in (("likelihood", 0), ("impact", 2)):
                words[f"residual_{axis}"] = _meant(
                    [part[side].strip() for part in parts], scales[axis]
                )
    for axis, scale in scales.items():
        for name in (axis, f"residual_{axis}"):
            if name in at:
                words[name] = _meant(view.texts(at[name]), scale)
    refs = view.texts(at.get("risk"))
    prefixes = {re.sub(r"\d+$", "", text) for text in refs}
    heading = next((text for text, name in columns.items() if name == "risk"), None)
    if heading and len(prefixes) == 1 and (prefix := prefixes.pop()):
        columns[heading] = f"{prefix}{{risk}}"
    elif heading is None or any(not text.isdecimal() for text in refs):
        named = heading or next(text for text, name in columns.items() if name == "description")
        given = columns[named]
        columns[named] = ["risk"] if heading else [given, "risk"]
        words["risk"] = {
            text: str(place)
            for place, text in enumerate(view.texts(at["risk" if heading else "description"]), 1)
        }
    words = {name: found for name, found in words.items() if found}
    _add_scale(scales, draft)
    return columns, words, ignore


def _levels(view: _View, at: int | None) -> list[str]:
    return [] if at is None else view.texts(at)


def _word_of(text: str) -> str:
    """Return the word of a level without its number: 4 - Likely is Likely."""
    found = NUMBERED.fullmatch(text)
    return found["word"] if found else text


def _scale_for(texts: Sequence[str], axis: str) -> list[str]:
    """Return the scale that holds the most of some words, in the order of the file."""
    words = {_word_of(text).casefold() for text in texts} - {""}
    return max(
        _aliases()["scales"][axis], key=lambda scale: len(words & {one.casefold() for one in scale})
    )


def _meant(texts: Sequence[str], scale: Sequence[str]) -> dict[str, str]:
    """Return the word of a scale by what the register writes, where that differs."""
    by_word = {level.casefold(): level for level in scale}
    found = {}
    for text in texts:
        numbered = NUMBERED.fullmatch(text)
        place = int(numbered["number"]) if numbered else 0
        word = by_word.get(_word_of(text).casefold())
        if word is None and numbered and not numbered["word"] and 1 <= place <= len(scale):
            word = scale[place - 1]
        if word is not None and word != text:
            found[text] = word
    return found


def _add_scale(scales: Mapping[str, Sequence[str]], draft: _Draft) -> None:
    """Add the scale that the words of a register are on, its bands and chances."""
    draft.add["risk_levels"] = [
        {"axis": axis, "score": score, "level": level}
        for axis, scale in scales.items()
        for score, level in enumerate(scale, 1)
    ]
    highest, lowest = len(scales["likelihood"]) * len(scales["impact"]), 1
    draft.add["risk_bands"] = []
    for band, share, within in BANDS:
        draft.add["risk_bands"].append(
            {
                "band": band,
                "lowest_score": lowest,
                "highest_score": round(share * highest),
                "within_appetite": within,
            }
        )
        lowest = round(share * highest) + 1
    bounds = CHANCES[len(scales["likelihood"])]
    draft.add["risk_probabilities"] = [
        {"level": level, "lowest_probability": low, "highest_probability": high}
        for level, low, high in zip(scales["likelihood"], bounds[:-1], bounds[1:], strict=True)
    ]


# money by year


class _Line(NamedTuple):
    """A line of a sheet with a column a year, and what it is taken for."""

    texts: dict[int, str]
    amounts: list[float]
    flow: str
    is_sure: bool


def _money(view: _View, draft: _Draft) -> bool:
    """Take a sheet with a column a year: today's cost and what an option costs and saves."""
    if not view.years:
        return False
    draft.years |= {year for years in view.years.values() for year in years}
    money = _Money(view)
    blocks = {
        title: [row for row in rows if not money.is_total(row)]
        for title, rows in view.blocks().items()
    }
    blocks = {title: rows for title, rows in blocks.items() if rows}
    if view.partner is None and len(councils := set(blocks) & set(draft.partners)) > 1:
        rows = [row for title in blocks if title in councils for row in blocks[title]]
        _money_block(money, "", rows, draft, titles="partner")
        blocks = {title: rows for title, rows in blocks.items() if title not in councils}
    for title, rows in blocks.items():
        _money_block(money, title, rows, draft)
    return True


class _Money:
    """The columns of a sheet with a column a year."""

    def __init__(self, view: _View):
        self.view = view
        labels = {at: text for at, text in view.headings.items() if at not in view.years}
        self.total = next((text for text in labels.values() if _is_any("total", text)), "")
        self.kind = next((at for at, text in labels.items() if _is_any("kind", text)), None)
        self.partner = view.partner
        rest = [
            at for at in labels if at not in (self.kind, self.partner) and labels[at] != self.total
        ]
        named = [at for at in rest if _column("flows", labels[at]) == "line"]
        self.line = next(iter([*named, *rest]), None)
        self.ignore = [labels[at] for at in rest if at != self.line]
        self.labels = labels

    def is_total(self, row: int) -> bool:
        """Whether a row is named a total."""
        return any(_is_total(self.view.text(row, at)) for at in self.labels)

    def heading(self, at: int | None) -> str:
        """Return the heading of a column."""
        return self.labels.get(-1 if at is None else at, "")

    def read(self, row: int, title: str) -> _Line:
        """Return what a line is taken for: by its type, the title of its block, its own words."""
        view = self.view
        texts = {
            at: view.text(row, at) for at in (self.kind, self.partner, self.line) if at is not None
        }
        amounts = [float(amount_in(view.cell(row, at)) or 0) for at in view.years]
        kind, line = (_flow_of(texts.get(at, "")) for at in (self.kind, self.line))
        block = "" if MIXED.search(title) else _flow_of(title)
        is_level = len(set(amounts)) == 1
        if line == OF_WHICH:
            return _Line(texts, amounts, OF_WHICH, is_sure=True)
        if (
            kind == "receipt" and not title and is_level
        ):  # in today's budget it is part of the net cost
            return _Line(texts, amounts, "income", is_sure=True)
        is_plain = line in ("", BASE) or not block or line == block
        for flow, is_sure in ((kind, True), (block, is_plain), (line, False)):
            if flow not in ("", BASE, OF_WHICH):
                if flow == "receipt" and is_level and not title:
                    return _Line(texts, amounts, "income", is_sure=False)
                return _Line(texts, amounts, flow, is_sure)
        is_base = BASE in (block, kind, line) or not title
        return _Line(texts, amounts, BASE if is_base else "", is_sure=bool(kind or line))


def _money_block(
    money: _Money, title: str, rows: Sequence[int], draft: _Draft, titles: str = ""
) -> None:
    """Draft the readings of one block, or of all with a title each: today's cost, and flows."""
    lines = [money.read(row, title) for row in rows]
    base = [one for one in lines if one.flow in (BASE, "income")]
    flows = [one for one in lines if one.flow not in (BASE, "income", OF_WHICH, "")]
    left = [one for one in lines if one.flow in (OF_WHICH, "")]
    has_both = bool(base) and bool(flows)
    common: dict[str, object] = {
        "block": title,
        "title": titles,
        "scale": money.view.scale(),
        "control": money.total,
    }
    common |= {"totals": money.view.totals(), "ignore": money.ignore}
    if left and money.line is not None:
        common["leave_out"] = {money.heading(money.line): _texts(left, money.line)}
    labels = [at for at in (money.partner, money.kind, money.line) if at is not None]
    once = [at for at in labels if any(not money.view.text(row, at) for row in rows)]
    common["fill_down"] = [money.heading(at) for at in once]
    spans = (
        {"spans": "each"} if any(first != last for first, last in money.view.years.values()) else {}
    )
    across = {"value": "amount_gbp"} | spans
    if base:
        _base_reading(money, base, draft, common | {"across": across}, has_both)
    if flows:
        _flow_reading(money, flows, draft, common | {"across": across}, has_both)


def _texts(lines: Sequence[_Line], at: int | None) -> list[str]:
    return list(
        dict.fromkeys(text for one in lines if at is not None and (text := one.texts.get(at)))
    )


def _only(money: _Money, lines: Sequence[_Line], has_both: bool) -> dict[str, list[str]]:
    return {money.heading(money.line): _texts(lines, money.line)} if has_both else {}


def _base_reading(
    money: _Money, lines: Sequence[_Line], draft: _Draft, keys: dict[str, object], has_both: bool
) -> None:
    """Draft how lines of today's cost are read; income of today's budget is below nil."""
    columns: dict[str, object] = {}
    words: dict[str, dict[str, str]] = {}
    constants: dict[str, object] = {}
    if money.partner is not None:
        columns[money.heading(money.partner)] = "partner"
    elif not keys["title"]:
        constants["partner"] = money.view.council or (draft.partners[0] if draft.partners else "")
    natures = {one.texts.get(money.line, ""): _nature(one, money) for one in lines}
    is_told = any(natures.values())
    columns[money.heading(money.line)] = ["category", "nature"] if is_told else "category"
    if is_told:
        words["nature"] = natures
    if money.kind is not None:
        keys = keys | {"ignore": [*keys["ignore"], money.heading(money.kind)]}
    costs = [amount for one in lines if one.flow == BASE for amount in one.amounts]
    if costs and max(costs) <= 0 and min(costs) < 0:
        keys = keys | {"sign": TURNED}
    draft.read(
        money.view.sheet, BASE, SURE if all(one.is_sure for one in lines) else GUESSED,
        f"{counted(len(lines), 'line')} of today's cost{_by_income(lines)}", columns=columns, words=words,
        constants=constants | {"funding": "revenue"}, only=_only(money, lines, has_both), **keys,
    )  # fmt: skip


def _nature(line: _Line, money: _Money) -> str:
    """Return whether a line of today's cost is income, staff or other cost, as its words say."""
    text = line.texts.get(money.line, "")
    if line.flow == "income":
        return "income"
    is_staff, is_other = (_has_word(kind, text) for kind in ("staff", "non_staff"))
    return "" if is_staff == is_other else "staff" if is_staff else "non_staff"


def _by_income(lines: Sequence[_Line]) -> str:
    names = [one for one in lines if one.flow == "income"]
    return f", {len(names)} of them income" if names else ""


def _flow_reading(
    money: _Money, lines: Sequence[_Line], draft: _Draft, keys: dict[str, object], has_both: bool
) -> None:
    """Draft how lines of an option's costs and savings are read."""
    found = OPTION_IN_TITLE.search(str(keys["block"]))
    if found:
        draft.option = found[1].lower()
    columns: dict[str, object] = {}
    constants: dict[str, object] = {"option": draft.option or "a"}
    words: dict[str, dict[str, str]] = {}
    forms = ["line"]
    by_kind = {
        text: {one.flow for one in lines if one.texts.get(money.kind) == text}
        for text in _texts(lines, money.kind)
    }
    flows = {one.flow for one in lines}
    if (
        by_kind
        and all(len(kinds) == 1 for kinds in by_kind.values())
        and len(by_kind) >= len(flows)
    ):
        funding = {text: "capital" if CAPITAL.search(text) else "revenue" for text in by_kind}
        columns[money.heading(money.kind)] = ["flow", "funding"]
        words |= {
            "flow": {text: next(iter(kinds)) for text, kinds in by_kind.items()},
            "funding": funding,
        }
    else:
        by_line = {one.texts.get(money.line, ""): one for one in lines}
        capital = {text: "capital" if CAPITAL.search(text) else "revenue" for text in by_line}
        if len(flows) == 1:
            constants["flow"] = next(iter(flows))
        else:
            forms.append("flow")
            words["flow"] = {text: one.flow for text, one in by_line.items()}
        if "capital" in capital.values():
            forms.append("funding")
            words["funding"] = capital
        else:
            constants["funding"] = "revenue"
        if money.kind is not None:
            keys = keys | {"ignore": [*keys["ignore"], money.heading(money.kind)]}
    forms += ["category", "inflation"]
    words["inflation"] = {
        text: "pay" if _has_word("pay", text) else "prices" for text in _texts(lines, money.line)
    }
    words["category"] = {
        text: "staff" for text in _texts(lines, money.line) if _has_word("pay", text)
    }
    columns[money.heading(money.line)] = forms
    if not keys["title"]:
        _flow_partners(money, lines, draft, columns, constants, words)
    draft.read(
        money.view.sheet, "flows", SURE if all(one.is_sure for one in lines) else GUESSED,
        f"{counted(len(lines), 'line')} of option {constants['option']}: {listed(map(words_of, sorted(flows)))}",
        columns=columns, constants=constants, words={name: one for name, one in words.items() if one},
        only=_only(money, lines, has_both), sign=_sign(lines), **keys,
    )  # fmt: skip


def _flow_partners(
    money: _Money,
    lines: Sequence[_Line],
    draft: _Draft,
    columns: dict[str, object],
    constants: dict[str, object],
    words: dict[str, dict[str, str]],
) -> None:
    """Say whose a line is, and how a line of all is divided."""
    if money.partner is None:
        constants["partner"] = money.view.council or "shared"
        return
    texts = _texts(lines, money.partner)
    shared = {text: _driver_of(text, draft) for text in texts if _is_shared(text)}
    heading = money.heading(money.partner)
    columns[heading] = ["partner", "split"] if any(shared.values()) else "partner"
    words["partner"] = dict.fromkeys(shared, "shared")
    if any(shared.values()):
        words["split"] = {text: shared.get(text, "") for text in texts}


def _driver_of(text: str, draft: _Draft) -> str:
    """Return by what a line of all is divided: as its text says, else as the case's only driver."""
    known = next((name for name in draft.drivers if name in text.casefold()), "")
    return known or (draft.drivers[0] if len(draft.drivers) == 1 else "")


def _sign(lines: Sequence[_Line]) -> str:
    """Return how the amounts of a block are signed."""
    received = sum(sum(one.amounts) for one in lines if one.flow in MONEY_IN)
    spent = sum(sum(one.amounts) for one in lines if one.flow not in MONEY_IN)
    if received < 0:
        return TURNED if spent < 0 else BY_FLOW
    return COSTS_BELOW if spent < 0 else ""


# the draft as a whole


def _complete(draft: _Draft, title: str) -> None:
    """Add what the workbook says of the case as a whole, and what it lacks."""
    draft.case = {"title": title} | draft.case
    if draft.years:
        draft.case |= {"decision_year": min(draft.years), "last_year": max(draft.years)}
    for reading in draft.readings:
        constants = reading.keys.get("constants", {})
        if constants.get("year") == FIRST_YEAR:
            constants["year"] = min(draft.years, default=2026)
    if draft.option:
        draft.case["preferred_option"] = draft.option
    if draft.case.get("comparator") == draft.option:
        draft.case.pop("comparator", None)
    if draft.partners and not any(one.keys["table"] == "partners" for one in draft.readings):
        draft.add = {
            "partners": [
                {"partner": name, "role": "partner" if place else "lead"}
                for place, name in enumerate(draft.partners)
            ]
        } | draft.add
    driver = draft.drivers[0] if draft.drivers else "equal"
    draft.base = {"cost_apportionment": driver, "saving_apportionment": driver}


def _said(draft: _Draft) -> Iterator[str]:
    """Yield a sentence for each part of the draft."""
    for one in draft.readings:
        yield f"sheet {one.keys['sheet']!r} as {one.keys['table']}: {one.certainty}, {one.why}"
    for table, rows in draft.add.items():
        yield f"added to {table}: {counted(len(rows), 'row')} that the workbook doesn't have: guessed"
    for sheet, why in draft.leave_out.items():
        yield f"sheet {sheet!r}: left out, {why}"


def _text(source: Path, draft: _Draft) -> str:
    """Return the mapping as a file."""
    parts = [
        f"# How {source.name} is read into a case. Read what is guessed, change what is wrong, and import with",
        "# --mapping this-file. A heading of the workbook stands on the left, a column of the case on the right.",
        f"leave_out = {_value(list(draft.leave_out))}  # sheets that are not read",
        "",
        "[case]  # of a case that the import begins; the decision's date and question are asked there",
        *_pairs(draft.case),
        "",
        "[base]  # parameters of its base scenario",
        *_pairs(draft.base),
    ]
    for one in draft.readings:
        parts += ["", f"# {one.certainty}: {one.why}", "[[read]]", *_pairs(one.keys)]
    if draft.add:
        parts += ["", "# guessed: rows that the workbook doesn't have", "[add]"]
    for table, rows in draft.add.items():
        parts += [f"{table} = [", *(f"    {_value(row)}," for row in rows), "]"]
    return "\n".join(parts) + "\n"


def _pairs(given: Mapping[str, object]) -> list[str]:
    """Return keys and values as lines; words, of which there may be many, a line a column."""
    lines = []
    for name, value in given.items():
        if name == "words":
            lines += [f"words.{_key(column)} = {_value(words)}" for column, words in value.items()]
        else:
            lines.append(f"{_key(name)} = {_value(value)}")
    return lines


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z0-9_-]+", name) else json.dumps(name, ensure_ascii=False)


def _value(value: object) -> str:
    if isinstance(value, Mapping):
        inside = ", ".join(f"{_key(str(name))} = {_value(one)}" for name, one in value.items())
        return f"{{ {inside} }}"
    if isinstance(value, Collection) and not isinstance(value, str):
        return f"[{', '.join(map(_value, value))}]"
    return json.dumps(value, ensure_ascii=False)
