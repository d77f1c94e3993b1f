"""Sharing a pooled amount between partners, to the penny."""

import numpy as np
import pandas as pd

ALL = "all"  # in place of a partner: all of them together, in results
SHARED = "shared"  # in place of a partner: a pooled amount that the scenario's rule apportions


def shares(driver: pd.Series) -> pd.Series:
    """Return each partner's share of a driver such as user numbers.

    Parameters
    ----------
    driver : Series, index partner
        The count by partner, in any unit; nil is a share of nil.

    Returns
    -------
    Series, index partner
        Shares [fraction] that add up to 1.

    Raises
    ------
    ValueError
        If a count is negative or missing, or all are nil.

    Examples
    --------
    >>> shares(pd.Series({"North": 300, "South": 100})).to_dict()
    {'North': 0.75, 'South': 0.25}
    """
    refused = driver[~(driver >= 0)]
    if not refused.empty:
        raise ValueError(
            f"driver of {refused.index[0]} is {refused.iloc[0]}; it must be at least 0"
        )
    if len(driver) and driver.sum() == 0:
        raise ValueError("the driver is nil for every partner; one must be above 0")
    return driver / driver.sum()


def mixed_shares(parts: list[pd.Series], weights: list[float]) -> pd.Series:
    """Return a weighted mix of shares, for instance half by users and half equal.

    Examples
    --------
    >>> users, equal = pd.Series({"North": 0.8, "South": 0.2}), pd.Series({"North": 0.5, "South": 0.5})
    >>> mixed_shares([users, equal], [1.0, 2.0]).round(4).to_dict()
    {'North': 0.6, 'South': 0.4}
    """
    weighted = [part * weight for part, weight in zip(parts, weights, strict=True)]
    return sum(weighted) / sum(weights)


def phased_shares(
    historic: pd.DataFrame, driver: pd.DataFrame, phase_in_years: int
) -> pd.DataFrame:
    """Move shares from the historic to the driver's in equal steps.

    Parameters
    ----------
    historic : DataFrame, partner by financial year
        Shares before the change, of those that are in by that year [fraction].
    driver : DataFrame, partner by financial year
        Shares by the driver [fraction].
    phase_in_years : int
        Years until the driver's shares apply in full; 0 is at once.

    Returns
    -------
    DataFrame, partner by financial year
        Shares [fraction]; the first year has the historic ones.

    Examples
    --------
    >>> historic = pd.DataFrame(0.5, index=["North", "South"], columns=[2026, 2027, 2028])
    >>> driver = pd.DataFrame(1.0, index=["North"], columns=[2026, 2027, 2028]).reindex(
    ...     ["North", "South"], fill_value=0.0)
    >>> phased_shares(historic, driver, 2).loc["North"].tolist()
    [0.5, 0.75, 1.0]
    """
    if phase_in_years == 0:
        return driver
    step = np.clip(np.arange(driver.shape[1]) / phase_in_years, 0.0, 1.0)
    return historic.reindex(driver.index) * (1 - step) + driver * step


def membership(partners: list[str], first: dict, last: dict, years: list[int]) -> pd.DataFrame:
    """Return who takes part when, partner by financial year.

    Parameters
    ----------
    partners : list of str
        The partners.
    first, last : dict of int
        By partner: its first financial year in, and its first one out; from the start and to the
        end where it has none.
    years : list of int
        Financial years.

    Examples
    --------
    >>> membership(["North", "South"], {"South": 2027}, {"South": 2028}, [2026, 2027, 2028]).loc[
    ...     "South"].tolist()
    [False, True, False]
    """
    rows = {
        name: [first.get(name, years[0]) <= year < last.get(name, years[-1] + 1) for year in years]
        for name in partners
    }
    return pd.DataFrame.from_dict(rows, orient="index", columns=years, dtype=bool)


def among_members(shares: pd.DataFrame, members: pd.DataFrame) -> pd.DataFrame:
    """Return how the members of each year divide what falls on all [fraction].

    In proportion to their shares, equally where they have none.

    Examples
    --------
    >>> shares = pd.DataFrame({2026: [0.5, 0.4, 0.1], 2027: [1.0, 0.0, 0.0]},
    ...                       index=["North", "South", "West"])
    >>> members = pd.DataFrame(True, shares.index, shares.columns)
    >>> members.loc["North"] = False
    >>> among_members(shares, members).round(2).to_numpy().tolist()
    [[0.0, 0.0], [0.8, 0.5], [0.2, 0.5]]
    """
    own = shares.where(members, 0.0)
    total = own.sum()
    return (own / total.where(total > 0)).fillna(members / members.sum())


def apportioned(amounts: pd.Series, share: pd.Series | pd.DataFrame) -> pd.DataFrame:
    """Split amounts between partners so that the parts add up to the penny.

    Each part is rounded down to the penny and the pence left over go to the largest remainders.

    Parameters
    ----------
    amounts : Series
        Pooled amounts [£], for instance by year.
    share : Series, index partner, or DataFrame, partner by index of ``amounts``
        Shares [fraction] that add up to 1.

    Returns
    -------
    DataFrame, partner by index of ``amounts``
        Parts [£].

    References
    ----------
    Hamilton's method of largest remainders.

    Examples
    --------
    >>> thirds = pd.Series({"North": 1 / 3, "South": 1 / 3, "West": 1 / 3})
    >>> apportioned(pd.Series({2026: 100.0}), thirds)[2026].tolist()
    [33.34, 33.33, 33.33]
    """
    of_amounts = share.to_numpy(float).reshape(len(share), -1)
    parts = penny_parts(amounts.to_numpy(float), of_amounts)
    return pd.DataFrame(parts, index=share.index, columns=amounts.index)


def penny_parts(amounts: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Return the parts of amounts that add up to the penny [£], part by amount.

    Parameters
    ----------
    amounts : array of any shape
        Pooled amounts [£].
    shares : array, part by the shape of ``amounts``
        Shares [fraction] that add up to 1.

    Examples
    --------
    >>> penny_parts(np.array([[100.0, 0.01]]), np.full((2, 1, 2), 0.5)).tolist()
    [[[50.0, 0.01]], [[50.0, 0.0]]]
    """
    pence = np.round(amounts * 100)
    return whole_pence(shares * pence, pence) / 100


def whole_pence(exact: np.ndarray, total: np.ndarray) -> np.ndarray:
    """Return parts rounded to whole pence that add up to a total, by largest remainders.

    Parameters
    ----------
    exact : array, part by column
        Parts, which may be negative [pence].
    total : array, by column
        Whole numbers to which they add up, but for what is rounded [pence].

    Examples
    --------
    >>> whole_pence(np.array([[0.5], [-1.5], [2.0]]), np.array([1.0])).ravel().tolist()
    [1.0, -2.0, 2.0]
    """
    parts = np.floor(np.round(exact, 6))
    left_over = total - parts.sum(axis=0)
    # a stable sort gives an equal remainder's penny to the part listed first
    remainder_rank = np.argsort(
        np.argsort(-np.round(exact - parts, 6), axis=0, kind="stable"), axis=0
    )
    return parts + (remainder_rank < left_over)
