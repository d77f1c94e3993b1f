"""What a draft knows of words: headings of columns, kinds of lines, who is meant by both."""

import re
import tomllib
from collections.abc import Collection
from functools import cache
from importlib.resources import files

from businesscase.cases.schema import TABLES
from businesscase_workbench.spreadsheet.columns import PROVENANCE
from businesscase_workbench.spreadsheet.grid import names_of
from businesscase_workbench.spreadsheet.kinds import tidy
from businesscase_workbench.spreadsheet.sheets import normal
from businesscase_workbench.spreadsheet.totals import SCORE_TOTAL, TOTAL_NAME
from businesscase_workbench.spreadsheet.units import stated_unit
from businesscase_workbench.spreadsheet.years import without_years

DRIVER = re.compile(
    r"(?P<driver>users|devices)\b.*?(?P<date>\d{1,2}/\d{1,2}/\d{4})?\s*", re.IGNORECASE
)
LETTERED = re.compile(
    r"(?:option\s+)?(?P<letter>[A-Z])(?P<apart>[.):]|\s+[-–])\s+(?P<name>.+)", re.IGNORECASE
)
OPTION = re.compile(rf"{LETTERED.pattern}|option\s+\w{{1,2}}\b.*", re.IGNORECASE)
NO_STAFF = re.compile(r"\bnon[- ]?(?:pay|staff|employee)", re.IGNORECASE)
COUNTED_YEAR = re.compile(r"(?:year|yr)\s*\d{1,2}", re.IGNORECASE)
MEMBERSHIP = ("join", "leave")


@cache
def aliases() -> dict:
    """Return the headings and words that a draft knows."""
    return tomllib.loads((files(__package__) / "aliases.toml").read_text(encoding="utf-8"))


@cache
def columns_of(table: str) -> dict[str, str]:
    """Return the column of a table by alias, as names are compared."""
    known = aliases()["any"]["columns"] | aliases()[table]["columns"]
    columns = set(TABLES[table].model_fields) | {"ignore"}
    own = [column for column in TABLES[table].model_fields if column not in PROVENANCE]
    found = {normal(column): column for column in own}
    for column, texts in known.items():
        if column in columns:
            found |= {normal(text) or text: column for text in [column, *texts]}
    return found


def column_named(table: str, heading: str) -> str | None:
    """Return the column of a table that a heading means, None if it is none of them."""
    known = columns_of(table)
    return next((known[name] for name in heading_names(heading) if name in known), None)


def heading_names(heading: str) -> list[str]:
    """Return the names that a heading may mean, with its unit and without."""
    found = [part for name in names_of(heading) for part in (name, name.removesuffix("_gbp"))]
    return [name or tidy(heading) for name in found]  # such as % alone


def is_any(kind: str, heading: str) -> bool:
    """Return whether a heading is one of a kind, such as that of totals."""
    known = {normal(text) for text in aliases()[kind]["columns"]}
    return any(name in known for name in heading_names(heading))


def is_known(heading: str) -> bool:
    """Whether a text is a heading of any table."""
    tables = [table for table in TABLES if table in aliases()]
    return (
        any(column_named(table, heading) for table in tables)
        or is_any("kind", heading)
        or is_any("total", heading)
        or DRIVER.fullmatch(heading) is not None
        or OPTION.fullmatch(heading) is not None
        or normal(heading).startswith(MEMBERSHIP)
    )


def says_what(text: str) -> bool:
    """Whether a text under a year says what its amounts are: a unit, budget, forecast."""
    said = set(normal(text).split("_"))
    return bool(stated_unit(text)) or bool(said & set(aliases()["words"]["amounts"]))


def group_of(heading: str) -> str:
    """Return what a heading says beside a year, a unit and that it is a budget: a council, a service.

    Examples
    --------
    >>> group_of("Northmere 2026/27 Budget £000"), group_of("Forecast 27/28")
    ('Northmere', '')
    """
    text = without_years(heading)
    text = text.replace(stated_unit(text), " ") if stated_unit(text) else text
    words = re.findall(r"[^\W_][\w'’&.-]*", text)
    return " ".join(word for word in words if word.casefold() not in aliases()["words"]["amounts"])


def place_of(kind: str, text: str) -> int:
    """Return the place of the first word of a kind that a text has, one after the last if none."""
    words = aliases()["words"][kind]
    return next((at for at, word in enumerate(words) if word in text.casefold()), len(words))


def is_no_amount(heading: str) -> bool:
    """Whether a heading says that what stands below is no amount of a year: a variance, a share."""
    return has_word("no_amounts", heading)


def is_no_service(text: str) -> bool:
    """Whether words say which part of an amount it is, such as gross or net, and no service."""
    return bool(set(normal(text).split("_")) & set(aliases()["words"]["no_services"]))


def has_word(kind: str, text: str) -> bool:
    """Return whether a text has a word of a kind, such as those of pay."""
    return any(word in text.casefold() for word in aliases()["words"][kind])


def nature_of(text: str) -> str:
    """Return whether a line of today's cost is staff or other cost by its words, a blank if they don't tell."""
    if NO_STAFF.search(text):
        return "non_staff"
    is_staff, is_other = (has_word(kind, text) for kind in ("staff", "non_staff"))
    return "" if is_staff == is_other else "staff" if is_staff else "non_staff"


def is_pay(text: str, kinds: Collection[str] = ()) -> bool:
    """Return whether a line is of pay: by its types if they tell it as one, else by its own words.

    Examples
    --------
    >>> is_pay("Fewer advisers", ["Staff"]), is_pay("Service desk", ["Contract"]), is_pay("Non-pay")
    (True, False, False)
    """
    natures = {nature_of(kind) for kind in kinds}
    if len(natures) == 1 and natures != {""}:
        return natures == {"staff"}
    return has_word("pay", text) and not NO_STAFF.search(text)


def is_shared(text: str) -> bool:
    """Return whether a text means all authorities together."""
    low = text.casefold()
    return any(low == word or low.startswith(f"{word} ") for word in aliases()["words"]["shared"])


def flow_of(text: str) -> str:
    """Return what a line is by its words, a blank if they don't tell."""
    low = text.casefold()
    return next(
        (
            line["flow"]
            for line in aliases()["lines"]
            if any(re.search(rf"(?<![a-z]){re.escape(word)}", low) for word in line["words"])
        ),
        "",
    )


def is_total(text: str) -> bool:
    """Return whether a text names a total."""
    return any(name.fullmatch(text) for name in (TOTAL_NAME, SCORE_TOTAL)) or is_any("total", text)
