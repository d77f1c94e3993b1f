"""What of a case is exempt from publication, and which totals give nothing of it away."""

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from businesscase.calculations.apportionment import ALL
from businesscase.calculations.disclosure import publishable
from businesscase.calculations.wording import listed
from businesscase.cases.case import BASE, Case
from businesscase.cases.errors import Fault
from businesscase.cases.schema import SHARED_TABLES, VALUE_COLUMNS
from businesscase.study import Study

AMOUNT = re.compile(  # with its sign whatever stands beside it, else as a word of its own
    r"(?:(£ ?|\bGBP ?)|(?<![\w.,£]))(\d{1,3}(?:[, \u00a0\u2009\u202f']\d{3})+|\d+)(?:\.(\d+))?"
    r"(?: ?(k|m|mn|bn|thousand|million|billion)\b)?( pounds)?(?(1)(?!\d|[,.]\d)|(?!\w|[,.]\d))",
    re.IGNORECASE,
)
UNITS = {"": 1.0, "k": 1e3, "t": 1e3, "m": 1e6, "b": 1e9}  # by the first letter of their words
YEAR = 4  # digits of a number that may be a year
POUND = 1.0
DIGITS = 3  # from which a rounded amount is as good as the amount
STEP = 1e-4  # of a cell, by which it is moved to see what follows it
TOTALS = (
    # of all partners, the first to be published; each a sum, of which it can be told what follows
    "net_present_value",
    "one_off_cost",
    "average_annual_saving",
    "peak_funding",
)


def exempt_tables(case: Case) -> dict[str, list[int]]:
    """Return the tables with exempt rows, with the paragraphs of Schedule 12A that are named.

    What rests on any row of such a table is kept from the public: a figure of another row, with a
    total, would give the exempt one by subtraction.
    """
    named = {
        stem: table["exempt"].dropna().astype(int)
        for stem, table in case.tables.items()
        if "exempt" in table
    }
    return {stem: sorted(set(rows)) for stem, rows in named.items() if len(rows)}


def has_lines_together(study: Study) -> bool:
    """Return whether lines of money are told together, as one of them is of few held posts.

    What has each line by itself, a notebook or a spreadsheet, is not for the public then.
    """
    options = study.tables["flows"]["option"].unique()
    every = (study.savings.told_lines(option) for option in options)
    return any((lines["told"] != lines["line"]).any() for lines in every)


def public_totals(study: Study) -> pd.Series:
    """Return the totals of all partners that may be published, by measure; of the base scenario alone.

    One is kept back where an exempt cell would follow from it and those before it, all else being known
    but the tables with exempt rows. Those of other scenarios would be further equations in the same cells.
    """
    if "savings" not in study.case.section_names() or study.scenario_name != BASE:
        return pd.Series(dtype=float)
    cells = _cells(study.case)
    now = _totals(study)
    moved = {cell: _totals(study.with_tables(_moved(study.case, cell))) - now for cell in cells}
    sensitivities = pd.DataFrame(moved, index=now.index).fillna(0.0) / STEP
    return now[publishable(sensitivities[np.isfinite(now)], pd.Series(cells, dtype=bool))]


def _totals(study: Study) -> pd.Series:
    return study.savings.appraisal.loc[ALL, list(TOTALS)].astype(float)


def _cells(case: Case) -> dict[tuple, bool]:
    """Return each number of the tables with exempt rows, with whether it is exempt."""
    return {
        (stem, row, column): bool(pd.notna(table.at[row, "exempt"]))
        for stem in exempt_tables(case)
        for table in [case.tables[stem]]
        for column in VALUE_COLUMNS.get(stem, ())
        if pd.api.types.is_numeric_dtype(table[column])
        for row in table.index[table[column].notna() & (table[column] != 0)]
    }


def _moved(case: Case, cell: tuple) -> Mapping[str, pd.DataFrame]:
    stem, row, column = cell
    table = case.tables[stem].copy()
    table[column] = table[column].astype(float)
    table.at[row, column] *= 1 + STEP
    return {stem: table}


def told_in_text(case: Case) -> list[Fault]:
    """Return a sentence for each text of the case, beside the tables with exempt rows, that has an exempt amount.

    Nothing that is computed gives one away; what somebody has typed may.
    """
    exempt: dict[float, dict[str, None]] = {}
    for (stem, row, column), is_exempt in _cells(case).items():
        if is_exempt:
            table = case.tables[stem]
            named = f"{stem}.csv row {table.index.get_loc(row) + 1}"
            exempt.setdefault(abs(float(table.at[row, column])), {})[named] = None
    return [
        Fault(
            f"{case.name}/{place}: found {found}, the exempt amount of {listed(rows)}; take it out of "
            "what the public reads",
            file=place,
            found=found,
        )
        for place, text in (_texts(case) if exempt else ())
        for found, typed in _amounts(text)
        for amount, rows in exempt.items()
        if typed.tells(amount)
    ]


class Typed(NamedTuple):
    """An amount as somebody has typed it, the unit of its last digit, and its digits [£]."""

    amount: float
    unit: float
    digits: int

    def tells(self, exempt: float) -> bool:
        """Return whether it is an exempt amount to the pound, or rounded to three digits or more."""
        away = abs(self.amount - exempt)
        return away < POUND or (self.digits >= DIGITS and away <= self.unit / 2)


def _amounts(text: str) -> Iterator[tuple[str, Typed]]:
    """Yield the amounts of pounds in a text: a number with its sign, its unit or thousands apart.

    Examples
    --------
    >>> said = "190k, £0.19m, 190 000 or GBP 190,000.50; not 190 days, 190kg or 1 April 2026"
    >>> [(found, typed.amount) for found, typed in _amounts(said)]
    [('190k', 190000.0), ('£0.19m', 190000.0), ('190 000', 190000.0), ('GBP 190,000.50', 190000.5)]
    """
    for found in AMOUNT.finditer(text):
        pounds, number, decimals, unit, words = found.groups()
        whole = re.sub(r"\D", "", number)
        if pounds or unit or words or len(whole) > YEAR or whole != number:
            times = UNITS[(unit or "")[:1].lower()]
            typed = float(f"{whole}.{decimals or 0}") * times
            digits = len(f"{whole}{decimals or ''}".lstrip("0"))
            last = times * 10.0 ** -len(decimals or "")
            yield found[0].strip(), Typed(typed, last, digits)


def _texts(case: Case) -> Iterator[tuple[str, str]]:
    """Yield what authors have typed that a public edition may show, with its place."""
    for name in ("title", "question", "summary", "decision_maker"):
        yield f"case.toml {name}", getattr(case.file, name)
    for name, scenario in case.scenarios.items():
        yield f"scenarios.toml {name}", f"{scenario.title} {scenario.why}"
    hidden = exempt_tables(case)
    for stem, table in case.tables.items():
        if stem not in hidden and stem not in SHARED_TABLES:
            for column in table.columns[table.dtypes.map(pd.api.types.is_string_dtype)]:
                for row, text in enumerate(table[column], 1):
                    yield f"{stem}.csv row {row} {column}", str(text)
