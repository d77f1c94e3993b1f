"""The contracts register: when each contract can end, and what that releases."""

import pandas as pd

from businesscase.calculations.years import year_end, year_start


def earliest_ends(contracts: pd.DataFrame, noticed: pd.Timestamp) -> pd.Series:
    """Return the earliest last day of each contract if notice is given on a day.

    A rolling contract ends when notice has run out. One with a last day ends then, or when notice has
    run out if that is later: notice too late lets it run on. Leaving before the last day is not counted,
    as it takes a clause that the register doesn't have.

    Parameters
    ----------
    contracts : DataFrame
        Columns ``ends`` and ``notice_months`` [months], either of which may be blank.
    noticed : Timestamp
        The day on which notice is given to all.

    Returns
    -------
    Series of dates, as the rows; blank where it is rolling and its notice isn't known

    Examples
    --------
    >>> contracts = pd.DataFrame({"ends": pd.to_datetime(["2026-12-31", "2028-03-31", None, None]),
    ...                           "notice_months": pd.Series([6, 6, 3, None], dtype="Int64")})
    >>> earliest_ends(contracts, pd.Timestamp("2026-10-01")).dt.date.map(str).tolist()
    ['2027-03-31', '2028-03-31', '2026-12-31', 'NaT']
    """
    noticed_until = contracts["notice_months"].map(
        lambda months: noticed + pd.DateOffset(months=months) - pd.Timedelta(days=1),
        na_action="ignore",
    )
    run_out = pd.to_datetime(noticed_until.astype(object))
    return pd.concat([pd.to_datetime(contracts["ends"]), run_out], axis="columns").max(
        axis="columns"
    )


def released(contracts: pd.DataFrame, years: list[int]) -> pd.DataFrame:
    """Return what each partner no longer pays if every contract ends as soon as it can [£].

    It is what the register could release, no saving: what replaces a contract costs as well.

    Parameters
    ----------
    contracts : DataFrame
        Columns ``partner``, ``annual_gbp`` [£ a year] and ``earliest_end``, blank where it isn't known.
    years : list of int
        Financial years.

    Returns
    -------
    DataFrame, partner by financial year

    Examples
    --------
    >>> end = pd.to_datetime(["2026-03-31", "2027-09-30"])
    >>> lines = pd.DataFrame({"partner": ["North", "North"], "annual_gbp": [100.0, 60.0], "earliest_end": end})
    >>> released(lines, [2026, 2027]).round().to_numpy().tolist()
    [[100.0, 130.0]]
    """
    free = pd.DataFrame(
        {year: [_free_fraction(end, year) for end in contracts["earliest_end"]] for year in years},
        contracts.index,
        dtype=float,
    )
    money = free.mul(contracts["annual_gbp"], axis="index")
    return money.groupby(contracts["partner"], sort=False).sum()


def novated(contracts: pd.DataFrame, years: list[int]) -> pd.DataFrame:
    """Return what each contract costs from the day on which another takes it on [£].

    Parameters
    ----------
    contracts : DataFrame
        Columns ``annual_gbp`` [£ a year] and ``novated_on``.
    years : list of int
        Financial years.

    Returns
    -------
    DataFrame, as the rows, by financial year

    Examples
    --------
    >>> lines = pd.DataFrame({"annual_gbp": [365.0], "novated_on": pd.to_datetime(["2027-03-31"])})
    >>> novated(lines, [2025, 2026, 2027]).round().to_numpy().tolist()
    [[0.0, 1.0, 365.0]]
    """
    day_before = contracts["novated_on"] - pd.Timedelta(days=1)
    alone = contracts.assign(partner=contracts.index, earliest_end=day_before)
    return released(alone, years)


def _free_fraction(end: pd.Timestamp, year: int) -> float:
    """Return how much of a financial year lies after a day; nothing where the day isn't known."""
    if pd.isna(end):
        return 0.0
    first, last = pd.Timestamp(year_start(year)), pd.Timestamp(year_end(year))
    days = (last - max(end, first - pd.Timedelta(days=1))).days
    return max(days, 0) / ((last - first).days + 1)
