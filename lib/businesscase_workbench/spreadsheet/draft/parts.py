"""The parts of a drafted mapping, and the file that they make."""

import datetime as dt
import json
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from businesscase.calculations.wording import counted, listed
from businesscase_workbench.spreadsheet.cells import folded
from businesscase_workbench.spreadsheet.draft.view import View

SURE, GUESSED = "sure", "guessed"
BASE = "service_costs"
BY_COLUMN = {"words", "only", "leave_out"}  # keys that say something of each column
FIRST_YEAR = "the first year of the case"


class Part(NamedTuple):
    """A reading of the draft: how sure it is, why, and what the file says of it."""

    certainty: str
    why: str
    keys: dict[str, object]


@dataclass
class Matrix:
    """A table of scores.

    Attributes
    ----------
    options, criteria : list of str
        As the table names them.
    scores : list of tuple
        Option, criterion and score, once for each assessor.
    weights : dict
        Its own weights, by criterion.
    factors : dict
        Keys of the reading of its own weights; none if it has no weights.
    remark : str
        What is guessed of it; a blank if nothing is.
    """

    view: View
    options: list[str]
    criteria: list[str]
    scores: list[tuple[str, str, float]]
    score_keys: dict[str, object]
    weights: dict[str, float] = field(default_factory=dict)
    factors: dict[str, object] = field(default_factory=dict)
    option_keys: dict[str, object] = field(default_factory=dict)
    remark: str = ""

    @property
    def names(self) -> set[str]:
        """What it scores, as names are compared."""
        return {folded(text) for text in [*self.options, *self.criteria]}


@dataclass
class Draft:
    """What a draft has so far.

    Attributes
    ----------
    partners, drivers : list of str
        The authorities, and what amounts can be shared by.
    option : str
        The letter of the option that costs and savings are of.
    """

    partners: list[str]
    case: dict[str, object] = field(default_factory=dict)
    base: dict[str, object] = field(default_factory=dict)
    readings: list[Part] = field(default_factory=list)
    add: dict[str, list[dict[str, object]]] = field(default_factory=dict)
    # sheet, and why a table of it isn't read
    left: list[tuple[str, str]] = field(default_factory=list)
    matrices: list[Matrix] = field(default_factory=list)
    weights: list[View] = field(default_factory=list)  # tables of criteria and their weights
    drivers: list[str] = field(default_factory=list)
    years: set[int] = field(default_factory=set)
    option: str = ""

    def read(self, view: View, table: str, certainty: str, why: str, **keys) -> None:
        """Add a reading of a table of a sheet; what is blank or as usual is left out."""
        keys["heading_rows"] = view.heading_rows
        if bare := view.without_heading:
            certainty = GUESSED
            why += f"; numbers in column{'s' * (len(bare) > 1)} {listed(bare)} have no heading and are not read"
        for name in BY_COLUMN & keys.keys():
            keys[name] = {column: texts for column, texts in keys[name].items() if texts}
        told = {"sheet": view.sheet.name, "table": table} | {
            name: value for name, value in keys.items() if value not in ({}, [], "", None, 1)
        }
        self.readings.append(Part(certainty, why, told))

    def leave(self, view: View, why: str) -> None:
        """Leave a table of a sheet out."""
        self.left.append((view.sheet.name, why))

    def leave_out(self) -> list[str]:
        """Return the sheets of which nothing is read."""
        read = {one.keys["sheet"] for one in self.readings}
        return list(dict.fromkeys(sheet for sheet, _ in self.left if sheet not in read))


def complete(draft: Draft, title: str) -> None:
    """Add what the workbook says of the case as a whole, and what it lacks."""
    first_year = min(draft.years, default=2026)
    draft.case = {"title": title} | draft.case
    if draft.years:
        draft.case |= {"decision_year": first_year, "last_year": max(draft.years)}
    for reading in draft.readings:
        constants = reading.keys.get("constants", {})
        if constants.get("year") == FIRST_YEAR:
            constants["year"] = first_year
    if "plan_start" in draft.case:
        draft.case["plan_start"] = draft.case["plan_start"] or dt.date(first_year, 4, 1)
    if draft.option:
        draft.case["preferred_option"] = draft.option
    if draft.case.get("comparator") == draft.option:
        draft.case.pop("comparator", None)
    if draft.partners and not any(one.keys["table"] == "partners" for one in draft.readings):
        rows = [
            {"partner": name, "role": "partner" if place else "lead"}
            for place, name in enumerate(draft.partners)
        ]
        draft.add = {"partners": rows} | draft.add
    driver = draft.drivers[0] if draft.drivers else "equal"
    draft.base = {"cost_apportionment": driver, "saving_apportionment": driver}


def said_of(draft: Draft) -> Iterator[str]:
    """Yield a sentence for each part of the draft."""
    for one in draft.readings:
        yield f"sheet {one.keys['sheet']!r} as {one.keys['table']}: {one.certainty}, {one.why}"
    for table, rows in draft.add.items():
        yield f"added to {table}: {counted(len(rows), 'row')} that the workbook doesn't have: guessed"
    whole = draft.leave_out()
    for sheet, why in draft.left:
        yield f"{'' if sheet in whole else 'a table of '}sheet {sheet!r}: left out, {why}"


def text_of(source: Path, draft: Draft) -> str:
    """Return the mapping as a file."""
    parts = [
        f"# How {source.name} is read into a case. Read what is guessed, change what is wrong, and import with",
        "# --mapping this-file. A heading of the workbook stands on the left, a column of the case on the right.",
        f"leave_out = {_value(draft.leave_out())}  # sheets that are not read",
        *(f"# not read: sheet {sheet!r}, {' '.join(why.split())}" for sheet, why in draft.left),
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
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Collection) and not isinstance(value, str):
        return f"[{', '.join(map(_value, value))}]"
    return json.dumps(value, ensure_ascii=False)
