"""Financial years as councils write them above columns: 2026/27, 26-27, FY27, 2025/26 to 2029/30."""

import re
from typing import NamedTuple

from businesscase_workbench.spreadsheet.cells import full_year
from businesscase_workbench.spreadsheet.kinds import tidy

DASH = "[-/\u2010-\u2015\u2212]"
PAIR = rf"(?:FY\s*)?(?P<{{0}}>(?:19|20)?\d\d)\s*{DASH}\s*(?P<{{1}}>(?:19|20)?\d\d)"
FINANCIAL = re.compile(rf"(?<![\d/]){PAIR.format('first', 'second')}(?![\d/])", re.IGNORECASE)
SPAN = re.compile(
    rf"(?<!\d){PAIR.format('first', 'second')}\s*(?:to|until|{DASH})\s*{PAIR.format('third', 'fourth')}(?!\d)",
    re.IGNORECASE,
)
ENDING = re.compile(r"\bFY\s*(?P<end>(?:20)?\d\d)\b", re.IGNORECASE)
ALONE = re.compile(r"(?:year\s+)?(?P<year>(?:19|20)\d\d)(?:\.0)?", re.IGNORECASE)
YEAR_END = re.compile(
    r"(?:31(?:st)?[ /.-](?:0?3|mar(?:ch)?)[ /.-])(?P<end>(?:20)?\d\d)\b", re.IGNORECASE
)

DATE_CELL = re.compile(
    r"(?P<date>(?:19|20)\d\d)-(?P<day>\d\d-\d\d)(?:[T ]00:00(?::00)?)?"
)  # as a workbook's own dates are read
LAST_DAY, FIRST_DAY = "03-31", "04-01"
PART = re.compile(
    r"\b(?:q[1-4]|h[12]|p(?:eriod)? ?\d\d?|(?:quarter|half[- ]?year|month)s?)\b"
    r"|\b(?:jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]*\b(?=\W*(?:\d\d|$))",
    re.IGNORECASE,
)


class Years(NamedTuple):
    """A run of financial years, each by the calendar year in which it begins."""

    first: int
    last: int


def years_of(heading: str) -> Years | None:
    """Return the financial years that a heading names, or None.

    ``FY27`` is the year that ends in March 2027. A heading may say more than the year.

    Examples
    --------
    >>> [years_of(text) for text in ("2026/27", "Budget 26-27 £000", "FY27", "FY26/27", "2026")]
    [Years(first=2026, last=2026), Years(first=2026, last=2026), Years(first=2026, last=2026), Years(first=2026, last=2026), Years(first=2026, last=2026)]
    >>> years_of("2025/26 to 2029/30"), years_of("Total"), years_of("2026/28"), years_of("Q1 2026/27")
    (Years(first=2025, last=2029), None, None, None)
    """
    text = tidy(heading)
    if is_part_of_year(text):
        return None
    if found := DATE_CELL.fullmatch(text):
        year = int(found["date"]) - (found["day"] == LAST_DAY)
        return Years(year, year)
    if found := SPAN.search(text):
        first, last = _pair(found["first"], found["second"]), _pair(found["third"], found["fourth"])
        return (
            Years(first, last) if first is not None and last is not None and first <= last else None
        )
    pairs = [_pair(found["first"], found["second"]) for found in FINANCIAL.finditer(text)]
    if pairs:
        return Years(pairs[0], pairs[0]) if len(pairs) == 1 and pairs[0] is not None else None
    for pattern in (ENDING, YEAR_END):
        if found := pattern.search(text):
            year = full_year(found["end"]) - 1
            return Years(year, year)
    if found := ALONE.fullmatch(text):
        return Years(int(found["year"]), int(found["year"]))
    return None


def is_part_of_year(heading: str) -> bool:
    """Return whether a heading names a quarter, a month or another part of a year.

    Examples
    --------
    >>> [is_part_of_year(text) for text in ("Q1 2026", "Apr-26", "31 March 2027", "2026/27 Budget")]
    [True, True, False, False]
    """
    text = tidy(heading)
    if found := DATE_CELL.fullmatch(text):
        return found["day"] not in (LAST_DAY, FIRST_DAY)
    return PART.search(text) is not None and YEAR_END.search(text) is None


def without_years(heading: str) -> str:
    """Return a heading without the years that it names.

    Examples
    --------
    >>> without_years("Northmere 2026/27 Budget")
    'Northmere Budget'
    """
    text = tidy(heading)
    for pattern in (DATE_CELL, SPAN, FINANCIAL, ENDING, YEAR_END, re.compile(ALONE.pattern)):
        text = pattern.sub(" ", text)
    return " ".join(text.split())


def _pair(first: str, second: str) -> int | None:
    """Return the year that begins in the first and ends in the second, None if they aren't neighbours."""
    if len(second) > len(first) and len(first) == 2:
        return None
    begins, ends = full_year(first), full_year(second)
    return (
        begins
        if (begins + 1) % 100 == ends % 100 and (len(second) == 2 or ends == begins + 1)
        else None
    )
