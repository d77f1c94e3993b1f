"""The financial year of a council: from April to March, named for the April."""

import datetime as dt

import pandas as pd

YEAR_BEGINS = 4  # month in which a financial year begins
DAYS_A_YEAR = 365.25
IS_MONTH = (
    "_is_month"  # ends the name of the column that says of which dates only the month is known
)


class Month(dt.date):
    """A date of which only the month is known, as it is told; in order and arithmetic its first day stands for it.

    Examples
    --------
    >>> july = Month(2019, 7, 1)
    >>> str(july), july == dt.date(2019, 7, 1)
    ('2019-07', True)
    """

    def isoformat(self) -> str:
        """Return year and month."""
        return f"{self:%Y-%m}"

    __str__ = isoformat


def with_known_dates(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table with a `Month` where only that is known of a date, in place of the columns that say so.

    Examples
    --------
    >>> days = pd.to_datetime(["2019-07-01", "2020-12-16"])
    >>> table = pd.DataFrame({"date": days, "date_is_month": [True, False]})
    >>> with_known_dates(table)["date"].map(str).tolist()
    ['2019-07', '2020-12-16']
    """
    told = [name for name in table if str(name).endswith(IS_MONTH)]
    if not told:
        return table
    dates = {name.removesuffix(IS_MONTH): table[name] for name in told}
    known = {
        date: pd.Series(map(known_date, table[date].dt.date, is_month), table.index, dtype=object)
        for date, is_month in dates.items()
    }
    return table.drop(columns=told).assign(**known)


def known_date(day: dt.date, is_month: bool) -> dt.date:
    """Return a date, as a `Month` if only that is known of it."""
    return Month(day.year, day.month, 1) if is_month else day


def year_start(year: int) -> dt.date:
    """Return the first day of a financial year.

    Examples
    --------
    >>> year_start(2026)
    datetime.date(2026, 4, 1)
    """
    return dt.date(year, YEAR_BEGINS, 1)


def year_end(year: int) -> dt.date:
    """Return the last day of a financial year.

    Examples
    --------
    >>> year_end(2026)
    datetime.date(2027, 3, 31)
    """
    return year_start(year + 1) - dt.timedelta(1)


def financial_year(date: dt.date) -> int:
    """Return the year in which the financial year of a date began.

    Examples
    --------
    >>> financial_year(dt.date(2014, 3, 31)), financial_year(dt.date(2014, 4, 1))
    (2013, 2014)
    """
    return date.year - (date.month < YEAR_BEGINS)
