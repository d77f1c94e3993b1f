"""A new case: every table of the schema with worked rows that show what to write, and four scenarios.

The rows are the CSV and TOML files beside this module. They hold what is to be shown; what differs
from case to case stands there in braces:

- ``{partner}`` in the column partner: the row is written once for each partner, ``{role}`` with it;
- ``{950000|600000|380000}``: the first for the first partner and so on, then round again, so that
  worked figures of partners differ;
- ``{lead}``, ``{last}``, ``{partners}``: the first partner, the last, and all of them as a list;
- ``{today}``, ``{decision}``, ``{start}``: a date, of the decision and of the service's start too,
  and days from it: ``{decision+90}``;
- ``{year}``: year 0 of the appraisal, and years from it: ``{year+10}``;
- ``{title}``: the title of the case; ``{proposal}``: what is asked of one council or several.

What stands in braces in a draft resolution is the resolution's own, and stays. Columns left out are
blank, but for what every worked row says of itself (``WORKED``).
"""

import csv
import datetime as dt
import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable

from businesscase.calculations.years import YEAR_BEGINS
from businesscase.cases.raw import CASE, SCENARIOS, RawCase
from businesscase.cases.schema import TABLES, WORKED_ROW

WORKED = {"status": "assumed", "source": WORKED_ROW, "paragraph": "worked row"}
FOLDER = files(__name__)
EXAMPLES = "examples"  # folder of the rows of tables that a new case leaves empty
SMALL = "small"  # folder of what a small case begins with, where that isn't what every case does
SMALL_TABLES = ("partners", "service_costs", "flows", "gates")
MONTHS_TO_DECISION = 6  # from today
MONTHS_TO_START = 7  # from the decision: what the worked tasks take, with some float
TUESDAY = 1
HAS_PLACES = "resolution"  # column in which braces are filled by the study, not here
PLACEHOLDER = re.compile(r"\{([a-z]+)([+-]\d+)?\}|\{([^{}]*\|[^{}]*)\}")
NEEDS_PARTNERS, FOR_ONE = "one-partner-leaves", "optimism-bias"  # scenarios that stand in turn


def starter_case(
    title: str,
    partners: Sequence[str],
    today: dt.date,
    small: bool = False,
    decided: tuple[dt.date, int] | None = None,
) -> RawCase:
    """Return a case in which every table has worked rows, to be replaced by the partners' own.

    Tables of what has not happened yet (published figures, results after the decision, checks by
    somebody else) are empty; ``example_rows`` has a row of each.

    Parameters
    ----------
    title : str
        Title of the case.
    partners : sequence of str
        Names of the authorities, the lead first: different, none blank or ``shared``, and without
        blanks at either end. A name is never read as anything but a name.
    today : date
        Date to which the figures refer.
    small : bool
        Whether it has the tables alone without which there is no decision: partners, what they
        spend, what the proposal costs and saves, and the criteria.
    decided : (date, int), optional
        The date of the decision and year 0 of the appraisal, for rows of a case that has both.

    Examples
    --------
    >>> case = starter_case("One ICT service", ["Northmere", "Eastholt"], dt.date(2026, 3, 31))
    >>> case.file["decision_date"], case.file["decision_year"]
    (datetime.date(2026, 9, 1), 2026)
    >>> [row["partner"] for row in case.tables["partners"]]
    ['Northmere', 'Eastholt']
    """
    values = _values(title, partners, today)
    if decided is not None:
        decision, year = decided
        start = _month(decision, MONTHS_TO_START)
        values |= {"decision": decision, "year": year, "start": start}
    if small:
        tables = {stem: list(_rows(_small(stem), stem, values, partners)) for stem in SMALL_TABLES}
        empty = {stem: [] for stem in TABLES if stem not in tables}
        texts = (_filled_all(_toml(part, FOLDER / SMALL), values) for part in (CASE, SCENARIOS))
        return RawCase(*texts, tables | empty)
    scenarios = _filled_all(_toml(SCENARIOS), values)
    del scenarios[FOR_ONE if len(partners) > 1 else NEEDS_PARTNERS]
    tables = {stem: list(_rows(FOLDER, stem, values, partners)) for stem in TABLES}
    return RawCase(_filled_all(_toml(CASE), values), scenarios, tables)


def example_rows(partners: Sequence[str], today: dt.date) -> dict[str, dict[str, str]]:
    """Return a worked row for each table that ``starter_case`` leaves empty, by table."""
    values = _values("", partners, today)
    rows = {stem: next(_rows(FOLDER / EXAMPLES, stem, values, partners), None) for stem in TABLES}
    return {stem: row for stem, row in rows.items() if row}


def _values(title: str, partners: Sequence[str], today: dt.date) -> dict[str, str | int | dt.date]:
    """Return what the placeholders stand for."""
    decision = _month(today, MONTHS_TO_DECISION)
    decision += dt.timedelta((TUESDAY - decision.weekday()) % 7)
    return {
        "title": title,
        "partners": _listed(partners),
        "proposal": "share one ICT service" if len(partners) > 1 else "change its ICT service",
        "lead": partners[0],
        "last": partners[-1],
        "today": today,
        "decision": decision,
        "start": _month(decision, MONTHS_TO_START),
        # the April nearest the decision: the project is paid in that year, and the year after it is
        # the first in which the service runs from April to March
        "year": decision.year + (decision.month >= YEAR_BEGINS + 6),
    }


def _listed(names: Sequence[str]) -> str:
    """Return names as a list; where a name has a comma, semicolons part them."""
    comma = "; " if any("," in name for name in names) else ", "
    return " and ".join(filter(None, [comma.join(names[:-1]), names[-1]]))


def _month(date: dt.date, later: int) -> dt.date:
    """Return the first day of the month so many months later."""
    years, month = divmod(date.month - 1 + later, 12)
    return dt.date(date.year + years, month + 1, 1)


def _toml(part: str, folder: Traversable = FOLDER) -> dict:
    return tomllib.loads((folder / f"{part}.toml").read_text(encoding="utf-8"))


def _small(stem: str) -> Traversable:
    """Return the folder of a table of a small case."""
    own = FOLDER / SMALL
    return own if (own / f"{stem}.csv").is_file() else FOLDER


def _rows(
    folder: Traversable, stem: str, values: Mapping, partners: Sequence[str]
) -> Iterator[dict[str, str]]:
    """Yield the worked rows of a table, with every column of the schema."""
    file = folder / f"{stem}.csv"
    if not file.is_file():
        return
    columns = TABLES[stem].model_fields
    blank = {column: WORKED.get(column, "") for column in columns}
    for cells in csv.DictReader(file.read_text(encoding="utf-8").splitlines(), strict=True):
        each = partners if cells.get("partner") == "{partner}" else partners[:1]
        for place, partner in enumerate(each):
            known = {**values, "partner": partner, "role": "partner" if place else "lead"}
            yield blank | {
                name: text if name == HAS_PLACES else str(_filled(text, known, place))
                for name, text in cells.items()
            }


def _filled_all(given, values: Mapping):
    """Return what a TOML file holds with every text filled in."""
    if isinstance(given, dict):
        return {
            str(_filled(key, values)): _filled_all(value, values) for key, value in given.items()
        }
    return _filled(given, values) if isinstance(given, str) else given


def _filled(text: str, values: Mapping, place: int = 0) -> str | int | dt.date:
    """Return a text with its placeholders filled in; one that is the whole text keeps its type.

    What is put in is not searched again, so that a name with braces arrives as it is.
    """

    def meant(found: re.Match) -> str | int | dt.date:
        name, shift, choices = found.groups()
        if choices is not None:
            each = choices.split("|")
            return each[place % len(each)]
        value = values[name]
        if shift is None:
            return value
        return value + (dt.timedelta(int(shift)) if isinstance(value, dt.date) else int(shift))

    whole = PLACEHOLDER.fullmatch(text)
    return meant(whole) if whole else PLACEHOLDER.sub(lambda found: str(meant(found)), text)
