"""Numbers, amounts, dates and names as a reader sees them, in every format: the one place for it.

What a program reads, ``results.csv``, is `businesscase.study.results.as_text`.
"""

import datetime as dt
import re
from collections.abc import Iterable
from numbers import Real

import pandas as pd

from businesscase.calculations.years import Month

BARE_UNITS = ("count", "fraction", "letter", "rank", "ratio", "score", "text", "date", "")
PLURALS = {"criterion": "criteria"}  # of names that take another ending than an s
TITLES = {"gates": "criteria", "flows": "costs and savings"}  # of tables; of others their name
FILE = re.compile(r"\b(?:data/)?(?P<table>[a-z_]+)\.csv\b")
FILE_FIRST = re.compile(f"{FILE.pattern}: ")
FILE_BEHIND = re.compile(rf" \({FILE.pattern}\)")
CODE = re.compile(r"(?<!')\b[a-z]+(?:_[a-z]+)+\b(?!')")  # a column, not what a case says in quotes
# before a figure, not within a date or a name
MINUS = re.compile(r"(?<![\w)\N{WORD JOINER}-])-(?=£|\d)")


def printed(value, label: str = "") -> str:
    """Return a value as a table has it, by the unit in the label of its column.

    Examples
    --------
    >>> printed(-4500.4, "Net present value (£)"), printed(0.467, "Share (%)")
    ('-£4,500', '46.7%')
    >>> printed(dt.date(2020, 12, 16)), printed(None), printed(True), printed(3.50)
    ('16 December 2020', '–', 'yes', '3.5')
    >>> printed(Month(2019, 7, 1))
    'July 2019'
    >>> printed(1_451_786, "Cost (£000)")
    '1,452'
    """
    if value is None or value is pd.NA or value != value:  # no number, no date
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Month):
        return month(value)
    if isinstance(value, dt.date):
        return f"{value.day} {value:%B %Y}"
    if not isinstance(value, Real):
        return str(value)
    value = float(value)
    if "£000" in label:
        return plain(value / 1000, 0)
    if "£" in label:
        return pounds(value)
    if "%" in label:
        return percent(value)
    return "not within the term" if value == float("inf") else plain(value)


def worded(value, unit: str, more: int = 0) -> str:
    """Return a figure with its unit as prose has it, or with more digits than that.

    Examples
    --------
    >>> worded(2_726_996.6, "£"), worded(-4500.4, "£ a year"), worded(0.99158, "fraction")
    ('£2.73m', '-£4,500 a year', '99.2%')
    >>> worded(1.6, "years"), worded(2, "count"), worded(dt.date(2012, 12, 1), "date")
    ('1.6 years', '2', '1 December 2012')
    >>> worded(2026.0, "financial year"), worded(1.0, "years")
    ('2026/27', '1 year')
    """
    if not isinstance(value, Real):
        return printed(value)
    value = float(value)
    if value == float("inf"):
        return "never"
    if unit == "financial year":
        return year_label(int(value))
    if unit.startswith("£"):
        return _to_the_pound(value, more) + unit[1:]
    if unit.startswith("fraction"):
        return f"{plain(100 * value, 1 + more)}%{unit.removeprefix('fraction')}"
    said = plain(value, 2 + more)
    if said == "1" and unit.replace(" ", "").isalpha():
        unit = unit.removesuffix("s")
    return said + (f" {unit}" if unit not in BARE_UNITS else "")


def setting(value: float, unit: str) -> str:
    """Return the value of a parameter with its unit, but for what a fraction is of.

    Examples
    --------
    >>> setting(0.111025, "fraction of plan"), setting(2.0, "years"), setting(1, "levels")
    ('11.1%', '2 years', '1 level')
    >>> setting(1_500_000, "£"), setting(1.5, "ratio")
    ('£1,500,000', '1.5')
    """
    if unit == "£":
        return pounds(value)
    return worded(value, "fraction" if unit.startswith("fraction") else unit)


def plain(value: float, digits: int = 2) -> str:
    """Return a number with at most so many digits behind the point, and none that says nothing.

    Examples
    --------
    >>> plain(12_000.50), plain(3.0), plain(0.035), plain(0.035, 6), plain(-0.001)
    ('12,000.5', '3', '0.04', '0.035', '0')
    """
    text = f"{value:,.{digits}f}"
    text = text.rstrip("0").rstrip(".") if "." in text else text
    return "0" if text == "-0" else text


def pounds(value: float, digits: int = 0) -> str:
    """Return whole pounds with the sign in front, or with digits behind the point.

    Examples
    --------
    >>> pounds(-4500.4), pounds(0.2), pounds(-0.2)
    ('-£4,500', '£0', '£0')
    """
    rounded = round(value, digits)
    return f"{'-' if rounded < 0 else ''}£{abs(rounded):,.{digits}f}"


def minus_kept(text: str) -> str:
    """Return text in which no line ends between a minus and its figure.

    Examples
    --------
    >>> minus_kept("a loss of -£5, or -3%").replace("\N{WORD JOINER}", "|")
    'a loss of -|£5, or -|3%'
    >>> minus_kept("on 2020-12-16, in lictp-2020") == "on 2020-12-16, in lictp-2020"
    True
    """
    return MINUS.sub("-\N{WORD JOINER}", text)


def in_words(value: float) -> str:
    """Return pounds as prose has them, to three figures: more would be false precision in an estimate.

    Examples
    --------
    >>> in_words(3_710_000), in_words(-371_466), in_words(1_050.2), in_words(999_999)
    ('£3.71m', '-£371,000', '£1,050', '£1.00m')
    """
    return _to_the_pound(three_figures(value))


def three_figures(value: float) -> float:
    """Return a number rounded to its first three figures, one below 1,000 to a whole number.

    Examples
    --------
    >>> three_figures(-371_466), three_figures(12.3), three_figures(1_342_778)
    (-371000.0, 12.0, 1340000.0)
    """
    return float(f"{value:.3g}") if abs(value) >= 1000 else float(round(value))


def _to_the_pound(value: float, more: int = 0) -> str:
    """Return pounds that are held against others: millions to two decimals, else whole, or with more digits."""
    if abs(value) < 1e6:
        return pounds(value, more)
    return f"{'-' if value < 0 else ''}£{abs(value) / 1e6:.{2 + more}f}m"


def percent(fraction: float, digits: int = 1) -> str:
    """Return a fraction as a percentage, for instance 0.467 as 46.7%."""
    return f"{100 * fraction:.{digits}f}%"


def share_in_words(fraction: float) -> str:
    """Return a share in percent that says none or all only if it is.

    Examples
    --------
    >>> [share_in_words(share) for share in (0.0, 0.0002, 0.467, 0.9996, 1.0)]
    ['none', 'less than 0.1%', '46.7%', 'more than 99.9%', 'all']
    """
    if 0 < fraction < 0.001:
        return "less than 0.1%"
    if 0.999 < fraction < 1:
        return "more than 99.9%"
    return "none" if fraction == 0 else "all" if fraction == 1 else percent(fraction)


def share_of_all(fraction: float, what: str) -> str:
    """Return a share of all things of a kind.

    Examples
    --------
    >>> [share_of_all(share, "weightings") for share in (0.0, 0.467, 1.0)]
    ['none of the weightings', '46.7% of all weightings', 'all weightings']
    """
    if fraction == 0:
        return f"none of the {what}"
    return f"{'' if fraction == 1 else f'{share_in_words(fraction)} of '}all {what}"


def chance_in_words(fraction: float) -> str:
    """Return a simulated chance in whole hundredths; draws prove nothing certain or impossible."""
    if fraction < 0.01:
        return "under 1%"
    return "over 99%" if fraction > 0.99 else percent(fraction, 0)


def short_day(date: dt.date) -> str:
    """Return a date where there is little room, for instance 1 Apr 2026."""
    if pd.isna(date):
        return printed(date)
    return f"{date:%b %Y}" if isinstance(date, Month) else f"{date.day} {date:%b %Y}"


def month(date: dt.date) -> str:
    """Return the month of a date, for instance April 2026."""
    return f"{date:%B %Y}"


def year_label(year: int) -> str:
    """Return a financial year as councils write it: 2026 is 2026/27."""
    return f"{year}/{(year + 1) % 100:02d}"


def listed(names: Iterable) -> str:
    """Return names as prose has them.

    Examples
    --------
    >>> listed(["Maidstone", "Swale", "Tunbridge Wells"])
    'Maidstone, Swale and Tunbridge Wells'
    """
    names = [str(name) for name in names]
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def plural(what: str) -> str:
    """Return the name of several things.

    Examples
    --------
    >>> plural("task"), plural("criterion"), plural("reading of the service")
    ('tasks', 'criteria', 'readings of the service')
    """
    name, *rest = re.split(r"(?= (?:of|behind|on|in|listed)\b)", what, maxsplit=1)
    for ending, several in PLURALS.items():
        if name.endswith(ending):
            return "".join([name.removesuffix(ending), several, *rest])
    return "".join([name, "s", *rest])


def counted(number: int, what: str) -> str:
    """Return a number of things: 1 month, 2 months."""
    return f"{number:,} {what if number == 1 else plural(what)}"


def part_of(number: int, of: int, what: str, whose: str = "") -> str:
    """Return how many of some things: none, all and the only one in words; the verb is that of ``be``.

    Parameters
    ----------
    number, of : int
        How many, and of how many.
    what : str
        Name of one.
    whose : str
        What stands before their number, such as its or the.

    Examples
    --------
    >>> part_of(0, 7, "task"), part_of(1, 7, "task"), part_of(7, 7, "task"), part_of(2, 2, "task")
    ('none of 7 tasks', '1 of 7 tasks', 'all 7 tasks', 'both tasks')
    >>> part_of(0, 1, "task"), part_of(1, 1, "task"), part_of(0, 0, "task")
    ('no task', 'the only task', 'no task')
    >>> part_of(0, 1, "task", "its"), part_of(1, 1, "task", "its"), part_of(7, 7, "task", "its")
    ('none of its tasks', 'its only task', 'all its 7 tasks')
    """
    own = f"{whose} " if whose else ""
    several = f"{of:,} {plural(what)}"
    if not number:
        alone = f"none of {own}{plural(what)}" if whose else f"no {what}"
        return f"none of {own}{several}" if of > 1 else alone
    if number < of:
        return f"{number:,} of {own}{several}"
    own = own.removeprefix("the ")
    if of == 1:
        return f"{own or 'the '}only {what}"
    return f"both {own}{plural(what)}" if of == 2 else f"all {own}{several}"


def be(number: int) -> str:
    """Return is for none and one, are for more."""
    return "is" if number < 2 else "are"


def spelt(number: int) -> str:
    """Return a number in words up to ten, in digits from there on."""
    names = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
    return names[number - 1] if number <= len(names) else str(number)


def words(name: str) -> str:
    """Return the name of a column or table in words: one_off_cost is one-off cost."""
    return name.replace("one_off", "one-off").replace("_", " ")


def without_files(text: str) -> str:
    """Return a sentence for an analyst as members read it: tables by their titles, columns in words.

    Examples
    --------
    >>> without_files("not known, because the case has no money (flows.csv)")
    'not known, because the case has no money'
    >>> without_files("gates.csv: nothing says when 'in_time' was set; give set_on")
    "Criteria: nothing says when 'in_time' was set; give set on"
    """
    begins = FILE_FIRST.match(text)
    if begins:
        text = f"{capitalised(_titled(begins))}: {text[begins.end() :]}"
    return CODE.sub(lambda found: words(found[0]), FILE.sub(_titled, FILE_BEHIND.sub("", text)))


def _titled(file: re.Match) -> str:
    return TITLES.get(file["table"], words(file["table"]))


def capitalised(text: str) -> str:
    """Return text with a capital letter in front, and all else as it is."""
    return text[:1].upper() + text[1:]
