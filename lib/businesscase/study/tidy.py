"""Rows of results as each part of a study yields them: measure, item, year, value, unit."""

from collections.abc import Iterator
from typing import Any

import pandas as pd

from businesscase.calculations.apportionment import ALL

Row = tuple[str, str, Any, Any, str]

MONEY, FRACTION, YEARS, COUNT, SCORE, DAYS, DATE, TEXT = (
    "£", "fraction", "years", "count", "score", "days", "date", "text",
)  # fmt: skip
NONE = "none"
NEVER = float("inf")  # a payback that is not reached within the horizon


def series(measure: str, values: pd.Series, unit: str) -> Iterator[Row]:
    """Yield a row for each value that there is, the index as item."""
    for item, value in values.items():
        if not pd.isna(value):
            yield measure, str(item), pd.NA, value, unit


def yearly(measure: str, values: pd.DataFrame, unit: str) -> Iterator[Row]:
    """Yield a row for each item and year."""
    for item, by_year in values.iterrows():
        for year, value in by_year.items():
            yield measure, str(item), year, value, unit


def one(measure: str, value: Any, unit: str) -> Iterator[Row]:
    """Yield the row of a measure of the whole case."""
    yield measure, ALL, pd.NA, value, unit


def known(measure: str, values: pd.Series, unit: str, why_not: str | pd.Series) -> Iterator[Row]:
    """Yield the values that there are, and in words why there is none for the others."""
    for item, value in values.items():
        if pd.isna(value):
            reason = why_not if isinstance(why_not, str) else why_not[item]
            said = reason if reason.startswith("none") else f"none: {reason}"
            yield measure, str(item), pd.NA, said, TEXT
        else:
            yield measure, str(item), pd.NA, value, unit


def with_all(values: pd.Series) -> pd.Series:
    """Return values with their sum before them, as that of all."""
    return pd.concat([pd.Series({ALL: values.sum()}), values])
