"""The contracts register: when each contract can end, and what that releases."""

import pandas as pd


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
