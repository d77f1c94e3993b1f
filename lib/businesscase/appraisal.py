"""Measures of investment worth: discount factors, net present value, payback."""

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
    HM Treasury, The Green Book, annex on discounting.

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


def net_present_value(net_flows: pd.DataFrame, factors: pd.Series) -> pd.Series:
    """Return the net present value of each row of flows [£].

    Parameters
    ----------
    net_flows : DataFrame, partner by financial year
        Saving less cost [£], base-year prices.
    factors : Series, index financial year
        Discount factors [fraction].

    Examples
    --------
    >>> flows = pd.DataFrame([[-100.0, 110.0]], index=["North"], columns=[2026, 2027])
    >>> net_present_value(flows, pd.Series({2026: 1.0, 2027: 1 / 1.1})).round(2).to_dict()
    {'North': 0.0}
    """
    return net_flows.mul(factors, axis="columns").sum(axis="columns")


def payback_years(net_flows: pd.Series) -> float | None:
    """Return the years from year 0 until cumulative net flow turns positive for good.

    A year's flow is taken to arrive evenly over the year that ends at that year's number, so that
    the moment within the year is interpolated.

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
    cumulative = np.round(net_flows.to_numpy(float).cumsum(), 2)
    in_deficit = np.flatnonzero(cumulative < 0)
    if in_deficit.size == 0:
        return 0.0
    last_deficit = in_deficit[-1]
    if last_deficit == len(cumulative) - 1:
        return None
    recovered = cumulative[last_deficit + 1] - cumulative[last_deficit]
    return float(last_deficit - cumulative[last_deficit] / recovered)


def equivalent_annual_cost(cost_gbp: float, rate: float, years: int) -> float:
    """Return the level amount a year, in arrears, that repays a cost over some years [£ a year].

    Examples
    --------
    >>> round(equivalent_annual_cost(1000.0, 0.0, 10), 2)
    100.0
    >>> round(equivalent_annual_cost(1000.0, 0.035, 10), 2)
    120.24
    """
    if rate == 0:
        return cost_gbp / years
    return cost_gbp * rate / (1 - (1 + rate) ** -years)
