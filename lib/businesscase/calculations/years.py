"""The financial year of a council: from April to March, named for the April."""

import datetime as dt

YEAR_BEGINS = 4  # month in which a financial year begins


DAYS_A_YEAR = 365.25


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
