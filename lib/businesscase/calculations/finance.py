"""The financial view: cash with inflation and the funding of capital, as a medium-term plan.

It starts from the same flows as the economic view, which is in base-year prices and discounted;
the two are never mixed.
"""

from collections.abc import Collection

import numpy as np
import pandas as pd

from businesscase.calculations.savings import ONE_OFF, PAY, SIGNS
from businesscase.calculations.years import year_end, year_start


def price_index(inflation: float, years: list[int]) -> pd.Series:
    """Return the index of prices by year, 1 in the first.

    Examples
    --------
    >>> price_index(0.02, [2026, 2027, 2028]).round(4).tolist()
    [1.0, 1.02, 1.0404]
    """
    return pd.Series((1 + inflation) ** np.arange(len(years)), index=years)


def cash_flows(flows: pd.DataFrame, pay_inflation: float, price_inflation: float) -> pd.DataFrame:
    """Return flows in the money of each year [£].

    Parameters
    ----------
    flows : DataFrame, ``savings.LABELS`` by financial year
        Flows in prices of the first year [£].
    pay_inflation, price_inflation : float
        Inflation of what follows pay, and of what follows prices [fraction a year].
    """
    years = list(flows.columns)
    follows_pay = (flows.index.get_level_values("inflation") == PAY)[:, None]
    pay, prices = (price_index(rate, years).to_numpy() for rate in (pay_inflation, price_inflation))
    return flows * np.where(follows_pay, pay, prices)


def years_within(
    years: Collection[int], first_day: pd.Timestamp, last_day: pd.Timestamp
) -> list[int]:
    """Return the financial years that lie wholly between two days, each open where it is NaT.

    Examples
    --------
    >>> years_within(range(2015, 2019), pd.Timestamp("2016-04-01"), pd.Timestamp("2018-03-31"))
    [2016, 2017]
    >>> years_within(range(2015, 2018), pd.NaT, pd.Timestamp("2016-03-31"))
    [2015]
    """
    days = {year: (pd.Timestamp(year_start(year)), pd.Timestamp(year_end(year))) for year in years}
    # nothing is before or after a day that isn't given
    return [
        year for year, (start, end) in days.items() if not (start < first_day or end > last_day)
    ]


def borrowing_charges(capital: pd.Series, asset_life_years: int, rate: float) -> pd.DataFrame:
    """Return what capital paid by borrowing charges to revenue, by year [£].

    Minimum revenue provision is in equal instalments over the asset's life, from the year after
    the spending; interest is on what has not yet been provided for at the start of the year.

    Parameters
    ----------
    capital : Series, index financial year
        Capital spending [£].
    asset_life_years : int
        Life of the assets.
    rate : float
        Interest [fraction a year].

    Returns
    -------
    DataFrame, index financial year
        ``minimum_revenue_provision``, ``interest`` and ``left_to_provide_for``, what the years after
        are still charged with [£].

    References
    ----------
    Ministry of Housing, Communities and Local Government: statutory guidance on minimum revenue
    provision, asset life method.

    Examples
    --------
    >>> spent = pd.Series([100.0, 0.0, 0.0], index=[2026, 2027, 2028])
    >>> borrowing_charges(spent, 2, 0.05)["interest"].tolist()
    [0.0, 5.0, 2.5]
    """
    spending = capital.to_numpy(float)
    count = len(spending)
    ages = np.arange(count)[:, None] - np.arange(count)[None, :]  # years since each spending
    provided = ((ages >= 1) & (ages <= asset_life_years)) @ spending / asset_life_years
    left = np.where(ages >= 0, np.clip(1 - ages / asset_life_years, 0.0, None), 0.0) @ spending
    return pd.DataFrame(
        {
            "minimum_revenue_provision": provided,
            "interest": np.concatenate([[0.0], left[:-1]]) * rate,
            "left_to_provide_for": left,
        },
        index=capital.index,
    )


def medium_term_plan(
    cash: pd.DataFrame,
    funding: str,
    asset_life_years: int,
    borrowing_rate: float,
    flexible_years: Collection[int] = (),
) -> pd.DataFrame:
    """Return the effect on the budget of each partner and year, in cash [£].

    Parameters
    ----------
    cash : DataFrame, ``savings.LABELS`` by financial year
        Flows in the money of each year, by partner.
    funding : str
        How capital is paid for: revenue (charged at once), reserves (drawn down), borrowing, or
        receipts of assets that are sold.
    asset_life_years : int
        Life of the assets, if borrowed for.
    borrowing_rate : float
        Interest [fraction a year], if borrowed for.
    flexible_years : collection of int
        Years in which receipts, if they are what pays for capital, pay one-off revenue cost too.

    Returns
    -------
    DataFrame, partner and line by financial year
        ``recurring revenue`` and ``one-off revenue`` (a saving is positive), ``capital spending``,
        ``revenue contribution to capital`` or ``minimum revenue provision`` and ``interest``, and
        their sum ``effect on the revenue budget``; ``use of reserves``, ``use of capital receipts``
        or what is ``left to provide for`` is beside it, and ``capital receipts`` where there are any.
    """
    labels, years = cash.index, list(cash.columns)
    kinds, holders = (labels.get_level_values(name).to_numpy() for name in ("flow", "partner"))
    signed = cash.to_numpy(float) * np.array([SIGNS[kind] for kind in kinds], float)[:, None]
    is_capital = (labels.get_level_values("funding") == "capital").astype(bool)
    is_one_off = np.isin(kinds, ONE_OFF)
    # a grant lowers what is to be paid for; a receipt can't replace provision, nor pay for revenue
    is_receipt = np.isin(kinds, ["receipt", "residual_value"])
    flexible = np.isin(years, list(flexible_years)) & (funding == "receipts")
    rows: dict[tuple[str, str], np.ndarray] = {}
    for partner in dict.fromkeys(holders):
        own = holders == partner
        capital, received, one_off, recurring = (
            signed[own & chosen].sum(axis=0)
            for chosen in (
                is_capital & ~is_receipt,
                is_capital & is_receipt,
                ~is_capital & is_one_off,
                ~is_capital & ~is_one_off,
            )
        )
        by_receipts = -np.minimum(one_off, 0.0) * flexible
        charges, beside = _capital_charges(
            pd.Series(-capital, index=years), funding, asset_life_years, borrowing_rate
        )
        revenue = {
            "recurring revenue": recurring,
            "one-off revenue": one_off + by_receipts,
            **charges,
        }
        lines = {
            **revenue,
            "effect on the revenue budget": np.sum(list(revenue.values()), axis=0),
            "capital spending": -capital,
            **beside,
        }
        if received.any():
            lines["capital receipts"] = received
        if funding == "receipts":
            lines["use of capital receipts"] = by_receipts - capital
        rows |= {(partner, line): np.asarray(amounts, float) for line, amounts in lines.items()}
    names = ["partner", "line"]
    index = pd.MultiIndex.from_tuples(list(rows), names=names) if rows else pd.MultiIndex.from_arrays([[], []], names=names)  # fmt: skip
    return pd.DataFrame(np.array(list(rows.values())).reshape(len(rows), len(years)), index, cash.columns)  # fmt: skip


def _capital_charges(
    capital: pd.Series, funding: str, asset_life_years: int, rate: float
) -> tuple[dict[str, pd.Series], dict[str, pd.Series]]:
    """Return what capital charges to revenue, and what stands beside it, by line and year [£]."""
    if funding == "revenue":
        return {"revenue contribution to capital": -capital}, {}
    if funding == "reserves":
        return {}, {"use of reserves": capital}
    if funding == "receipts":
        return {}, {}
    charges = borrowing_charges(capital, asset_life_years, rate)
    left = charges.pop("left_to_provide_for")
    return {name.replace("_", " "): -charges[name] for name in charges}, {
        "left to provide for": left
    }
