"""The tidy table of results (results.csv), and its reconciliation to published figures."""

import datetime as dt
from collections.abc import Iterable

import pandas as pd

from businesscase.calculations.wording import part_of
from businesscase.study.tidy import NEVER

KEYS = ["section", "measure", "item", "year"]
COLUMNS = [*KEYS, "value", "unit"]
# results that stand in an input as they are, so that their agreement proves the typing alone
READ_BACK = {
    "impact_score",
    "likelihood_score",
    "risk_band",
    "service_measure_first",
    "service_measure_last",
}


def frame(rows: Iterable[tuple]) -> pd.DataFrame:
    """Return rows of results as a table: section, measure, item, year, value, unit."""
    table = pd.DataFrame(rows, columns=COLUMNS)
    return table.astype({"value": object, "year": "Int64"})


def of_figures(rows: Iterable[tuple], published: pd.DataFrame) -> pd.DataFrame:
    """Return results of a section, no further than to the last of its published figures."""
    found, awaited = [], set(_keys(published))
    for row in rows if awaited else ():
        found.append(row)
        awaited.discard((*row[:3], None if pd.isna(row[3]) else row[3]))
        if not awaited:
            break  # what follows need not be computed
    return frame(found)


def as_text(value) -> str:
    """Return a value as results.csv prints it: ISO dates or months, numbers without trailing zeros.

    Examples
    --------
    >>> as_text(pd.Timestamp("2026-04-01")), as_text(0.1 + 0.2), as_text(370000.0)
    ('2026-04-01', '0.3', '370000')
    >>> as_text(NEVER)
    'never'
    """
    if isinstance(value, pd.Timestamp):
        value = value.date()
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, str):
        return value
    if value == NEVER:
        return "never"
    text = f"{float(value):.6f}".rstrip("0").rstrip(".")
    return "0" if text == "-0" else text


def csv_text(results: pd.DataFrame) -> str:
    """Return results as the text of results.csv."""
    printed = results.assign(value=results["value"].map(as_text))
    return printed.to_csv(index=False, lineterminator="\n")


def reconciliation(published: pd.DataFrame, results: pd.DataFrame) -> pd.DataFrame:
    """Hold recomputed figures against the published ones.

    Parameters
    ----------
    published : DataFrame
        Rows of published.csv.
    results : DataFrame
        Results of the base scenario.

    Returns
    -------
    DataFrame
        ``section``, ``measure``, ``item``, ``year``, ``published``, ``recomputed``, ``unit``,
        ``agrees`` and ``paragraph``; ``recomputed`` is blank where the workbook has no such result.
    """
    found = dict(zip(_keys(results), results["value"], strict=True))
    values = [found.get(key) for key in _keys(published)]
    agrees = [
        value is not None and _agrees(value, printed, tolerance)
        for value, printed, tolerance in zip(
            values, published["value"], published["tolerance"], strict=True
        )
    ]
    return published[KEYS].assign(
        published=published["value"],
        recomputed=["" if value is None else as_text(value) for value in values],
        unit=published["unit"],
        agrees=agrees,
        paragraph=published["paragraph"],
    )


def agreement(table: pd.DataFrame) -> str:
    """Say how many published figures agree, and how many of all are worked out and not read back.

    Examples
    --------
    >>> agreement(pd.DataFrame({"measure": ["risk_band", "one_off_cost"], "agrees": [True, False]}))
    '1 of 2 published figures agrees: 1 worked out from the inputs, 1 read back from them'
    >>> agreement(pd.DataFrame({"measure": ["one_off_cost"], "agrees": [True]}))
    'the only published figure agrees'
    """
    agreed, read_back = int(table["agrees"].sum()), int(table["measure"].isin(READ_BACK).sum())
    those = part_of(agreed, len(table), "published figure")
    said = f"{those} {'agrees' if agreed < 2 else 'agree'}"
    if not read_back:
        return said
    worked_out = len(table) - read_back
    return f"{said}: {worked_out or 'none'} worked out from the inputs, {read_back} read back from them"


def _keys(table: pd.DataFrame) -> list[tuple]:
    return list(
        table[KEYS]
        .astype(object)
        .where(table[KEYS].notna(), None)
        .itertuples(index=False, name=None)
    )


def _agrees(value, printed: str, tolerance: float) -> bool:
    try:
        return abs(float(value) - float(printed)) <= tolerance + 1e-9
    except (TypeError, ValueError):  # one of them is a date or a word
        return as_text(value) == printed
