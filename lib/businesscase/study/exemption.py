"""What of a case is exempt from publication, and which totals give nothing of it away."""

import re
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from businesscase.calculations.apportionment import ALL
from businesscase.calculations.disclosure import publishable
from businesscase.calculations.wording import listed
from businesscase.cases.case import BASE, Case
from businesscase.cases.errors import Fault
from businesscase.cases.schema import SHARED_TABLES, VALUE_COLUMNS
from businesscase.study import Study

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
    patterns: dict[str, dict[str, None]] = {}
    for (stem, row, column), is_exempt in _cells(case).items():
        if is_exempt:
            table = case.tables[stem]
            named = f"{stem}.csv row {table.index.get_loc(row) + 1}"
            patterns.setdefault(_in_pounds(float(table.at[row, column])), {})[named] = None
    return [
        Fault(
            f"{case.name}/{place}: found {found[0]}, the exempt amount of {listed(rows)}; take it out of "
            "what the public reads",
            file=place,
            found=found[0],
        )
        for place, text in _texts(case)
        for pattern, rows in patterns.items()
        if (found := re.search(pattern, text))
    ]


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


def _in_pounds(amount: float) -> str:
    """Return a pattern of an amount as a text has it, with and without commas.

    Examples
    --------
    >>> pattern = _in_pounds(52_000.0)
    >>> [bool(re.search(pattern, text)) for text in ("£52,000", "£52000.00", "£152,000", "£52,000,000")]
    [True, True, False, False]
    """
    whole = re.sub(r"(?<=\d)(?=(\d{3})+$)", ",?", f"{abs(amount):.0f}")
    return rf"£{whole}(?!\d|,\d)"
