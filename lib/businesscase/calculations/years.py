"""The financial year of a council: from April to March, named for the April."""

import datetime as dt

YEAR_BEGINS = 4  # month in which a financial year begins


def year_end(year: int) -> dt.date:
    """Return the last day of a financial year.

    Examples
    --------
    >>> year_end(2026)
    datetime.date(2027, 3, 31)
    """
    return dt.date(year + 1, YEAR_BEGINS, 1) - dt.timedelta(1)


def financial_year(date: dt.date) -> int:
    """Return the year in which the financial year of a date began.

    Examples
    --------
    >>> financial_year(dt.date(2014, 3, 31)), financial_year(dt.date(2014, 4, 1))
    (2013, 2014)
    """
    return date.year - (date.month < YEAR_BEGINS)
