"""Measures of investment worth: discount factors, net present value, payback."""

import math
from collections.abc import Callable

import numpy as np
import pandas as pd


def discount_factors(rates: pd.Series) -> pd.Series:
    """Return the discount factor of each year from the rate of each year.

    Parameters
    ----------
    rates : Series, index financial year
        Discount rate of each year [fraction a year]. The first year is year 0 and is not
        discounted, whatever its rate.

    Returns
    -------
    Series, index financial year
        Factors [fraction], 1 in the first year.

    References
    ----------
    HM Treasury, The Green Book (2022), annex on discounting; the rates: Green Book discount rate review
    2026, terms of reference.

    Examples
    --------
    >>> discount_factors(pd.Series(0.035, index=[2026, 2027, 2028])).round(4).tolist()
    [1.0, 0.9662, 0.9335]
    """
    growth = 1 + rates.to_numpy(float)
    growth[0] = 1.0
    return pd.Series(1 / growth.cumprod(), index=rates.index)


def scheduled_rates(schedule: pd.DataFrame, years: list[int]) -> pd.Series:
    """Return the discount rate of each financial year from a dated schedule.

    Parameters
    ----------
    schedule : DataFrame
        Columns ``first_year``, ``last_year`` (counted from year 0) and ``rate_fraction``.
    years : list of int
        Financial years, the first of which is year 0.

    Raises
    ------
    ValueError
        If the schedule has no rate for a year.
    """
    rates = {}
    for number, year in enumerate(years):
        row = schedule[(schedule["first_year"] <= number) & (number <= schedule["last_year"])]
        if row.empty:
            raise ValueError(f"the discount schedule has no rate for year {number}")
        rates[year] = row["rate_fraction"].iloc[0]
    return pd.Series(rates)


def present_value(flows, factors):
    """Return what flows of several years are worth together in the base year [£].

    Parameters
    ----------
    flows : Series by financial year, DataFrame with a column a year, or array whose last axis is the year
        Amounts [£], base-year prices; the present value of saving less cost is a net present value.
    factors : Series by financial year, or array that goes with an array of flows
        Discount factors [fraction].

    Returns
    -------
    float, Series of the frame's rows, or array without its last axis
        Present values [£].

    Raises
    ------
    ValueError
        If the factors are of other years than the flows.

    Examples
    --------
    >>> factors = pd.Series({2026: 1.0, 2027: 0.5})
    >>> present_value(pd.DataFrame([[-100.0, 240.0]], index=["North"], columns=[2026, 2027]), factors)
    North    20.0
    dtype: float64
    >>> present_value(np.array([[[-100.0, 240.0], [0.0, 8.0]]]), factors)
    array([[20.,  4.]])
    """
    if isinstance(flows, np.ndarray):
        return np.einsum("...y,...y->...", flows, np.asarray(factors))
    return flows @ factors


def payback_years(net_flows: pd.Series) -> float | None:
    """Return the years from the end of year 0 until cumulative net flow is not negative, for good.

    Year 0 is now and year n ends n years from now, as where flows are discounted. A year's flow is
    taken to arrive evenly over the year, so that the moment within it is interpolated.

    Parameters
    ----------
    net_flows : Series, in order of financial year
        Saving less cost [£]; the first is year 0.

    Returns
    -------
    float or None
        Years; 0 if the money is never out, None if it is not back within the horizon.

    Examples
    --------
    >>> payback_years(pd.Series([-1000.0, 400.0, 400.0, 400.0]))
    2.5
    >>> payback_years(pd.Series([-1000.0, 400.0])) is None
    True
    """
    years = float(paybacks(net_flows.to_numpy(float)[None, :])[0])
    return None if math.isinf(years) else years


def paybacks(net: np.ndarray) -> np.ndarray:
    """Return the payback of each of some draws as :func:`payback_years` does, infinite if there is none.

    Parameters
    ----------
    net : array, draw by financial year
        Saving less cost [£]; the first year is year 0.
    """
    cumulative = np.round(net.cumsum(axis=1), 2)
    is_out = cumulative < 0
    last = net.shape[1] - 1 - is_out[:, ::-1].argmax(axis=1)  # the last year in deficit, if any is
    draws = np.arange(len(net))
    behind = cumulative[draws, last]
    gained = cumulative[draws, np.minimum(last + 1, net.shape[1] - 1)] - behind
    with np.errstate(divide="ignore", invalid="ignore"):
        years = last - behind / gained
    return np.where(is_out.any(axis=1), np.where(is_out[:, -1], np.inf, years), 0.0)


def benefit_cost_ratio(recurring: pd.Series, once: pd.Series, factors: pd.Series) -> float | None:
    """Return present value of benefits over present value of costs, None if there is no net cost.

    What recurs is netted by year before it counts as benefit (above nil) or as cost (below), so that
    a ratio doesn't depend on whether a saving is entered as one amount or as old cost and new. What
    is spent once is cost; grants, receipts and residual value lower it.

    Parameters
    ----------
    recurring : Series by financial year
        Saving less recurring cost, against what would happen otherwise [£].
    once : Series by financial year
        What is spent once less what is received, against what would happen otherwise [£].
    factors : Series by financial year
        Discount factors [fraction].

    References
    ----------
    HM Treasury, The Green Book (2022): a ratio is of present values of differences from the
    comparator. There is no threshold for it, and one below 1 isn't poor value by itself.

    Examples
    --------
    >>> years = [2026, 2027]
    >>> benefit_cost_ratio(pd.Series([-20.0, 300.0], years), pd.Series([180.0, 0.0], years),
    ...                    pd.Series(1.0, years))
    1.5
    """
    benefits = present_value(recurring.clip(lower=0.0), factors)
    costs = present_value(once - recurring.clip(upper=0.0), factors)
    return float(benefits / costs) if round(costs, 2) > 0 else None


def peak_funding(net_flows: pd.Series | pd.DataFrame) -> float:
    """Return the most that is out of pocket at the end of any year [£], zero if never.

    Of several partners together (a frame, partner by year) it is what those that are out of pocket
    are out of it: one that is ahead does not fund another.

    Examples
    --------
    >>> peak_funding(pd.Series([-100.0, -50.0, 400.0]))
    150.0
    >>> peak_funding(pd.DataFrame([[-200.0, 100.0], [100.0, 100.0]]))
    200.0
    """
    position = np.atleast_2d(net_flows.to_numpy(float)).cumsum(axis=1)
    return float((-position.clip(max=0.0)).sum(axis=0).max(initial=0.0))


def internal_rate_of_return(net_flows: pd.Series) -> tuple[float | None, str]:
    """Return the discount rate at which the flows are worth nothing, or the reason why not.

    Parameters
    ----------
    net_flows : Series, in order of financial year
        Saving less cost [£]; the first is year 0.

    Returns
    -------
    float or None, str
        Rate [fraction a year], and the reason if there is none: flows that never change sign have
        no rate, flows that change sign more than once can have several, and where money is
        received first the rate is one of borrowing: the higher it is, the worse.

    Examples
    --------
    >>> rate, reason = internal_rate_of_return(pd.Series([-100.0, 110.0]))
    >>> round(rate, 6), reason
    (0.1, '')
    >>> internal_rate_of_return(pd.Series([-100.0, 250.0, -150.0]))
    (None, 'the flows change sign 2 times, so several rates may fit')
    >>> internal_rate_of_return(pd.Series([0.0, 900.0, -1000.0]))
    (None, 'money is received before it is spent, so a high rate is no good return')
    """
    from pyxirr import irr  # compiled, used in one place

    signs = np.sign(net_flows.round(2).to_numpy(float))
    signs = signs[signs != 0]
    changes = int((np.diff(signs) != 0).sum())
    if changes == 0:
        return None, "the flows never change sign"
    if changes > 1:
        return None, f"the flows change sign {changes} times, so several rates may fit"
    if signs[0] > 0:
        return None, "money is received before it is spent, so a high rate is no good return"
    rate = irr(net_flows.to_numpy(float))
    return (rate, "") if rate is not None else (None, "no rate was found")


def switching_value(
    worth: Callable[[np.ndarray], np.ndarray],
    current: float,
    lowest: float,
    highest: float,
    points: int = 41,
) -> float | None:
    """Return the value nearest to the current one at which something is worth nothing.

    The range is searched at evenly spaced points; the interval in which the sign changes is
    searched again, twice, and then taken to be a straight line.

    Parameters
    ----------
    worth : callable
        Net present value [£] at each of an array of values of the parameter.
    current, lowest, highest : float
        The present value, and the range to search.
    points : int
        Number of points of each search.

    Returns
    -------
    float or None
        The value; None if the sign never changes in the range.

    References
    ----------
    HM Treasury, The Green Book (2022): switching values.

    Examples
    --------
    >>> round(switching_value(lambda rate: 100 * rate - 60, 1.0, 0.0, 1.5), 6)
    0.6
    >>> switching_value(lambda rate: 0 * rate + 5.0, 1.0, 0.0, 1.5) is None
    True
    """
    for _ in range(3):
        values = np.linspace(lowest, highest, points)
        worths = worth(values)
        changes = np.flatnonzero(np.sign(worths[:-1]) * np.sign(worths[1:]) <= 0)
        changes = changes[worths[changes] != worths[changes + 1]]  # not nil all along
        if changes.size == 0:
            return None
        distance = np.minimum(
            np.abs(values[changes] - current), np.abs(values[changes + 1] - current)
        )
        left = changes[distance.argmin()]
        lowest, highest = values[left], values[left + 1]
    low_worth, high_worth = worths[left], worths[left + 1]
    return float(lowest - low_worth * (highest - lowest) / (high_worth - low_worth))


def breakeven_cost(
    worth: float, at_nil: float, at_present: float, present_cost: float
) -> float | None:
    """Return the annual cost above which an option is worth more than another [£ a year].

    An option that saves shares of the annual cost is worth more the higher that is, in a straight
    line.

    Parameters
    ----------
    worth : float
        Net present value that the option must match [£].
    at_nil, at_present : float
        Its net present value if the annual cost were nil, and at the present cost [£].
    present_cost : float
        The annual cost today [£ a year].

    Returns
    -------
    float or None
        0 if it is worth more at any cost; None if it gains nothing from a higher one.

    Examples
    --------
    >>> breakeven_cost(900.0, -100.0, 300.0, 2000.0)
    5000.0
    """
    gain = at_present - at_nil
    return max(0.0, (worth - at_nil) / gain * present_cost) if gain > 0 else None
