"""One cell of a spreadsheet, read as what its column holds: pure functions that refuse what is unclear."""

import datetime as dt
import re
import unicodedata
from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from businesscase.calculations.years import Month
from businesscase.cases.errors import nearest_names, shown
from businesscase.cases.names import UNPRINTABLE
from businesscase.cases.schema import PLAIN
from businesscase_workbench.spreadsheet.columns import (
    IN_PLACE_OF_A_DATE,
    LISTS_OF_NUMBERS,
    RATIOS,
    Column,
)
from businesscase_workbench.spreadsheet.kinds import (
    BOOLEAN_CELL,
    DATE_CELL,
    DATETIME_CELL,
    DURATION_CELL,
    ERROR_CELL,
    NUMBER_CELL,
    TEXT_CELL,
    TIME_CELL,
    UNCALCULATED_CELL,
    tidy,
)

# how a cell was changed on the way; conversions of one kind are summed up
AS_GIVEN, TRIMMED = "", "trimmed"
NUMBER_AS_TEXT, DATE_AS_TEXT = "number as text", "date as text"
CLEANED, SCALED, PERCENTAGE, YEAR, TRUTH, CHOICE, OPTION_LETTER = (
    "number", "scaled", "percentage", "year", "truth", "choice", "letter",
)  # fmt: skip

LONGEST_NUMBER = 25  # digits that are exact in decimal arithmetic
EXACT_DIGITS = 15  # that a spreadsheet keeps of a number; more is noise of binary fractions
SCALES = {"k": 3, "thousand": 3, "m": 6, "million": 6, "bn": 9, "billion": 9}
MINUS_SIGNS = "-\u2212\u2013"
WRITTEN = re.compile(
    rf"""(?P<open>\()?\s*(?P<sign>[{MINUS_SIGNS}+])?\s*(?P<pound>£)?\s*(?P<inner>[{MINUS_SIGNS}])?\s*
    (?P<whole>[1-9][0-9]{{0,2}}(?:,[0-9]{{3}})+|[1-9][0-9]{{0,2}}(?:\ [0-9]{{3}})+|[0-9]+|(?=\.))
    (?P<part>\.[0-9]+)?\s*(?P<scale>{"|".join(SCALES)})?\s*(?P<after>[{MINUS_SIGNS}])?
    \s*(?P<percent>%)?\s*(?P<close>\))?(?:\s*(?P<side>CR|DR))?""",
    re.VERBOSE | re.IGNORECASE,
)
NOT_A_NUMBER = {
    "-", "–", "—", "--", "n/a", "na", "n.a.", "n.a", "tbc", "tba", "tbd", "nil", "none", "?",
    "unknown", "not known", "not available", "not applicable", "x",
}  # fmt: skip
TRUTHS = {"true": "true", "yes": "true", "y": "true", "1": "true"} | {
    "false": "false", "no": "false", "n": "false", "0": "false",
}  # fmt: skip
MONTHS = [
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
]  # fmt: skip
# what a program writes after a date when it takes it for a moment
MIDNIGHT = r"(?:[T, ]+(?:00?:00(?::00(?:[.,]0+)?)?|12:00(?::00)? ?am)(?: ?Z|\+00:00)?)?"
ISO_DATE = re.compile(
    r"(?P<year>[0-9]{4})([-/])(?P<month>[0-9]{1,2})\2(?P<day>[0-9]{1,2})" + MIDNIGHT, re.IGNORECASE
)
DAY_FIRST = re.compile(
    r"(?P<day>[0-9]{1,2})([/.-])(?P<month>[0-9]{1,2})\2(?P<year>[0-9]{4}|[0-9]{2})" + MIDNIGHT,
    re.IGNORECASE,
)
NAMED_MONTH = re.compile(
    r"(?:[a-z]+,? )?(?P<day>[0-9]{1,2})(?:st|nd|rd|th)?[ -](?P<name>[a-z]{3,9})\.?,?[ -]"
    r"(?P<year>[0-9]{4}|[0-9]{2})" + MIDNIGHT,
    re.IGNORECASE,
)
MONTH_AND_YEAR = re.compile(r"(?P<name>[a-z]{3,9})\.? (?P<year>[0-9]{4})", re.IGNORECASE)
TWO_YEARS = re.compile(
    r"(?:FY\s*)?(?P<first>[0-9]{4}|[0-9]{2})\s*[/\u2013-]\s*(?P<second>[0-9]{4}|[0-9]{2})",
    re.IGNORECASE,
)
CENTURY_TURNS = 70  # two digits below it are years from 2000 on
FIRST_SERIAL = dt.date(1899, 12, 30)  # day 0 of the dates of spreadsheets
SERIALS = range(25_000, 75_000)  # days that are likely dates: 1968 to 2105

AMOUNT = Column("amount_gbp", kinds=frozenset({float}), may_be_blank=True, takes_sides=True)


class Cell(NamedTuple):
    """What stands in a cell: its kind and, as text, its value."""

    kind: str
    text: str


class Reading(NamedTuple):
    """The text that a cell is read as, and how it was changed on the way."""

    text: str
    change: str = AS_GIVEN


class CellError(ValueError):
    """A cell that can't be read with certainty; ``allowed`` says what it may hold."""

    def __init__(self, found: str, allowed: str, why: str = "", nearest: Sequence[str] = ()):
        self.found, self.allowed, self.nearest = found, allowed, list(nearest)
        hint = f"; nearest: {', '.join(nearest)}" if nearest else ""
        super().__init__(f"found {shown(found)}{why}; it should be {allowed}{hint}")


def read_cell(cell: Cell, column: Column) -> Reading:
    """Return the text of a cell as a CSV table of a case has it.

    Raises
    ------
    CellError
        If it can be read in two ways, or in none.

    Examples
    --------
    >>> read_cell(Cell("text", "(£4,500)"), Column("amount_gbp", kinds=frozenset({float})))
    Reading(text='-4500', change='number')
    """
    _refuse_what_no_column_holds(cell)
    text = tidy(cell.text)
    trimmed = AS_GIVEN if text == cell.text.replace("\r\n", "\n") else TRIMMED
    if not text:
        return Reading("", trimmed)
    if column.choices:
        reading = _choice(Cell(cell.kind, text), column)
    elif column.kinds:
        reading = _of_kinds(Cell(cell.kind, text), column)
    else:
        reading = _words(Cell(cell.kind, text), column)
    return reading if reading.change else reading._replace(change=trimmed)


def amount_in(cell: Cell) -> Decimal | None:
    """Return the amount that a cell holds, as a number or as text, None if it holds none.

    Examples
    --------
    >>> amount_in(Cell("text", "£1,200")), amount_in(Cell("text", "Total"))
    (Decimal('1200'), None)
    """
    try:
        text = read_cell(cell, AMOUNT).text
    except CellError:
        return None
    return Decimal(text) if text else None


def _refuse_what_no_column_holds(cell: Cell) -> None:
    if cell.kind == ERROR_CELL:
        raise CellError(cell.text, "a value; put the formula right or leave it blank", ", an error")
    if cell.kind == UNCALCULATED_CELL:
        raise CellError(
            "a formula without a value", "calculated: open the workbook, let it calculate, save it"
        )
    if cell.kind in (TIME_CELL, DURATION_CELL):
        raise CellError(cell.text, "a value, not a time of day", ", a time")
    if (found := UNPRINTABLE.search(cell.text)) is not None:
        raise CellError(cell.text, "text", f", with the control character {found[0]!r}")


def _choice(cell: Cell, column: Column) -> Reading:
    by_folded = {folded(choice): choice for choice in column.choices}
    choice = by_folded.get(folded(cell.text))
    if choice is None or cell.kind != TEXT_CELL:
        names = [name for name in column.choices if name]
        raise CellError(cell.text, " or ".join(names), nearest=nearest_names(cell.text, names))
    return Reading(choice, AS_GIVEN if choice == cell.text else CHOICE)


def folded(text: str) -> str:
    """Return a text as it is compared: without regard to case, spaces, hyphens and underscores."""
    return re.sub(r"[\s_-]+", "_", unicodedata.normalize("NFKC", text).casefold().strip())


def _words(cell: Cell, column: Column) -> Reading:
    """Read a text; a number becomes the text that it is shown as, where that is certain."""
    if cell.kind in (DATE_CELL, DATETIME_CELL):
        if column.takes_dates:
            return _date(cell)
        raise CellError(
            cell.text, "text; type an apostrophe before it if it isn't a date", ", a date"
        )
    if cell.kind == BOOLEAN_CELL:
        raise CellError(cell.text, "text", ", true or false")
    if cell.kind == NUMBER_CELL:
        text = plain_number(cell.text)
        if column.name in LISTS_OF_NUMBERS and not text.isdecimal():
            raise CellError(
                cell.text,
                f"text such as {text.replace('.', ',')}; give the cell the format text",
                ", a number that may have been a list",
            )
        return Reading(text, NUMBER_AS_TEXT)
    if column.is_letter and re.fullmatch("[A-Z]", cell.text):
        return Reading(cell.text.lower(), OPTION_LETTER)
    return Reading(cell.text)


def _of_kinds(cell: Cell, column: Column) -> Reading:
    if bool in column.kinds:
        return _truth(cell)
    if folded(cell.text) == IN_PLACE_OF_A_DATE.get(column.name):
        return Reading(folded(cell.text))
    if column.kinds == {dt.date}:
        return _date(cell, column.may_be_month)
    if dt.date in column.kinds and not _looks_like_a_number(cell):
        return _date(cell)
    if column.is_year:
        return _year(cell)
    return _number(cell, column)


def _looks_like_a_number(cell: Cell) -> bool:
    return cell.kind == NUMBER_CELL or (
        cell.kind == TEXT_CELL and bool(WRITTEN.fullmatch(cell.text))
    )


def _truth(cell: Cell) -> Reading:
    found = plain_number(cell.text) if cell.kind == NUMBER_CELL else cell.text.casefold()
    if found not in TRUTHS or cell.kind in (DATE_CELL, DATETIME_CELL):
        raise CellError(cell.text, "yes or no (or true or false)")
    return Reading(TRUTHS[found], AS_GIVEN if found in ("true", "false") else TRUTH)


def plain_number(given: str) -> str:
    """Return a number of a spreadsheet without exponent, and without the noise of binary fractions.

    Examples
    --------
    >>> plain_number("0.30000000000000004"), plain_number("1e+16"), plain_number("2.0")
    ('0.3', '10000000000000000', '2')
    """
    number = Decimal(f"{float(given):.{EXACT_DIGITS}g}")
    if not number.is_finite():
        raise CellError(given, "a number")
    return _without_zeros(number)


def _without_zeros(number: Decimal) -> str:
    text = f"{number:f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text in ("-0", "") else text


def _number(cell: Cell, column: Column) -> Reading:
    if cell.kind == NUMBER_CELL:
        text = plain_number(cell.text)
        # 2.0 is how a program hands on a whole number; only what was cleaned is a change
        reading = Reading(text, AS_GIVEN if float(text) == float(cell.text) else CLEANED)
    elif cell.kind == TEXT_CELL:
        reading = _written_number(cell.text, column)
    else:
        raise CellError(cell.text, _allowed(column), f", a {cell.kind}")
    value = Decimal(reading.text)
    if column.kinds == {int} and value != value.to_integral_value():
        raise CellError(cell.text, "a whole number")
    if column.is_fraction and value > Decimal(str(column.largest_fraction)):
        raise CellError(cell.text, _allowed(column))
    if column.kinds == {int} and "." in reading.text:
        return Reading(_without_zeros(value), CLEANED)
    return reading


def _allowed(column: Column) -> str:
    if column.is_fraction:
        return "a fraction such as 0.35, or 35%"
    if column.kinds == {int}:
        return "a whole number such as 12"
    return "a plain number such as 12000 or 12000.50"


def _written_number(text: str, column: Column) -> Reading:
    if text.casefold() in NOT_A_NUMBER:
        unknown = "; leave it blank if it is not known" if column.may_be_blank else ""
        raise CellError(text, f"a number, 0 if it is nil{unknown}", ", not a number")
    found = WRITTEN.fullmatch(text)
    digits = "" if found is None else re.sub("[^0-9]", "", found["whole"] + (found["part"] or ""))
    signs = [] if found is None else [
        mark for name in ("sign", "inner", "after", "open", "side") if (mark := found[name])
    ]  # fmt: skip
    if not digits or len(digits) > LONGEST_NUMBER or len(signs) > 1:
        raise CellError(text, _allowed(column))
    if bool(found["open"]) != bool(found["close"]):
        raise CellError(text, _allowed(column))
    takes_percent = column.is_fraction or column.name in RATIOS
    if found["percent"] and (not takes_percent or found["scale"] or found["pound"]):
        why = "" if takes_percent else ", a percentage in a column of no fractions"
        raise CellError(text, _allowed(column), why)
    if found["side"] and not column.takes_sides:
        raise CellError(text, _allowed(column))
    if found["pound"] and (column.is_fraction or column.kinds == {int}):
        raise CellError(text, _allowed(column), ", an amount in pounds")
    if re.fullmatch(PLAIN[float][0], text):
        return Reading(text)
    power = SCALES.get((found["scale"] or "").lower(), 0) - (2 if found["percent"] else 0)
    number = Decimal(re.sub("[ ,]", "", found["whole"]) + (found["part"] or "")).scaleb(power)
    minus = "-" if signs and signs[0].upper() not in ("+", "DR") and number else ""
    change = PERCENTAGE if found["percent"] else SCALED if power else CLEANED
    return Reading(minus + (_without_zeros(number) if power else f"{number:f}"), change)


def _year(cell: Cell) -> Reading:
    """Read a financial year: 2013, 2013/14, FY13/14."""
    allowed = "a financial year such as 2026 or 2026/27"
    if cell.kind == NUMBER_CELL:
        text = plain_number(cell.text)
        if not re.fullmatch("[0-9]{4}", text):
            raise CellError(cell.text, allowed)
        return Reading(text)
    if cell.kind == TEXT_CELL and re.fullmatch("[0-9]{4}", cell.text):
        return Reading(cell.text)
    found = TWO_YEARS.fullmatch(cell.text) if cell.kind == TEXT_CELL else None
    if found is None:
        raise CellError(cell.text, allowed)
    first = full_year(found["first"])
    if int(found["second"]) % 100 != (first + 1) % 100 or (
        len(found["second"]) == 4 and int(found["second"]) != first + 1
    ):
        raise CellError(cell.text, f"{allowed}, of which the second follows the first")
    return Reading(str(first), YEAR)


def full_year(digits: str) -> int:
    """Return a year of four digits; two below 70 are of this century.

    Examples
    --------
    >>> full_year("26"), full_year("98"), full_year("2026")
    (2026, 1998, 2026)
    """
    number = int(digits)
    if len(digits) == 4:
        return number
    return number + (2000 if number < CENTURY_TURNS else 1900)


def _date(cell: Cell, may_be_month: bool = False) -> Reading:
    allowed = "a date such as 2026-04-01 or 01/04/2026 (day first)"
    if may_be_month:
        allowed += ", or a month such as 2026-04"
        if cell.kind == TEXT_CELL and (found := _month_alone(cell.text)):
            return Reading(found, AS_GIVEN if found == cell.text else DATE_AS_TEXT)
    if cell.kind == DATE_CELL:
        return Reading(cell.text)
    if cell.kind == NUMBER_CELL:
        raise CellError(cell.text, allowed, _serial(cell.text))
    found = None
    if cell.kind in (TEXT_CELL, DATETIME_CELL):
        patterns = (ISO_DATE, DAY_FIRST, NAMED_MONTH)
        found = next((match for p in patterns if (match := p.fullmatch(cell.text))), None)
    if found is None:
        raise CellError(cell.text, allowed)
    try:
        date = dt.date(full_year(found["year"]), _month(found), int(found["day"]))
    except ValueError:
        raise CellError(cell.text, allowed, ", and there is no such day") from None
    text = date.isoformat()
    same = cell.text == text or cell.kind == DATETIME_CELL
    return Reading(text, AS_GIVEN if same else DATE_AS_TEXT)


def _month_alone(text: str) -> str:
    """Return a year and month that are written as 2019-07 or July 2019, blank if it is neither."""
    if re.fullmatch(PLAIN[Month][0], text):
        return text
    found = MONTH_AND_YEAR.fullmatch(text)
    name = "sep" if found and found["name"].lower() == "sept" else found and found["name"].lower()
    numbers = [number for number, month in enumerate(MONTHS, 1) if name in (month, month[:3])]
    return f"{found['year']}-{numbers[0]:02d}" if found and numbers else ""


def _month(found: re.Match) -> int:
    name = found.groupdict().get("name")
    if name is None:
        return int(found["month"])
    name = "sep" if name.lower() == "sept" else name.lower()
    numbers = [number for number, month in enumerate(MONTHS, 1) if name in (month, month[:3])]
    if not numbers:
        raise ValueError
    return numbers[0]


def _serial(number: str) -> str:
    """Say which date a number may stand for, if it is likely one."""
    days = float(number)
    if days.is_integer() and int(days) in SERIALS:
        date = FIRST_SERIAL + dt.timedelta(days=int(days))
        return f", perhaps {date} as a spreadsheet counts days: give the cell the format date"
    return ""
