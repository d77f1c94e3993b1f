"""The tidy table of results (results.csv), and its reconciliation to published figures."""

from collections.abc import Iterable

import pandas as pd

from businesscase.study.tidy import NEVER

KEYS = ["section", "measure", "item", "year"]
COLUMNS = [*KEYS, "value", "unit"]


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
    """Return a value as results.csv prints it: ISO dates, numbers without trailing zeros.

    Examples
    --------
    >>> as_text(pd.Timestamp("2026-04-01")), as_text(0.1 + 0.2), as_text(370000.0)
    ('2026-04-01', '0.3', '370000')
    >>> as_text(NEVER)
    'never'
    """
    if isinstance(value, pd.Timestamp):
        return value.date().isoformat()
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
