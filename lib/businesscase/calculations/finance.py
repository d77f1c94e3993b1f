"""The financial view: cash with inflation and the funding of capital, as a medium-term plan.

It starts from the same flows as the economic view, which is in base-year prices and discounted;
the two are never mixed.
"""

from collections.abc import Mapping

import numpy as np
import pandas as pd

from businesscase.calculations.savings import ONE_OFF, PAY, SIGNS


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
        ``minimum_revenue_provision`` and ``interest`` [£]; charges after the last year are left out.

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
    left = np.where(
        (ages >= 1) & (ages <= asset_life_years), 1 - (ages - 1) / asset_life_years, 0.0
    )
    return pd.DataFrame(
        {"minimum_revenue_provision": provided, "interest": left @ spending * rate},
        index=capital.index,
    )


def medium_term_plan(
    cash: pd.DataFrame, funding: str, asset_life_years: int, borrowing_rate: float
) -> pd.DataFrame:
    """Return the effect on the budget of each partner and year, in cash [£].

    Parameters
    ----------
    cash : DataFrame, ``savings.LABELS`` by financial year
        Flows in the money of each year, by partner.
    funding : str
        How capital is paid for: revenue (charged at once), reserves (drawn down) or borrowing.
    asset_life_years : int
        Life of the assets, if borrowed for.
    borrowing_rate : float
        Interest [fraction a year], if borrowed for.

    Returns
    -------
    DataFrame, partner and line by financial year
        ``recurring revenue`` and ``one-off revenue`` (a saving is positive), ``capital spending``,
        ``revenue contribution to capital`` or ``minimum revenue provision`` and ``interest``, and
        their sum ``effect on the revenue budget``; ``use of reserves`` is beside it.
    """
    sign = cash.index.get_level_values("flow").map(SIGNS)
    signed = cash.mul(sign, axis="index")
    labels = cash.index
    is_capital = labels.get_level_values("funding") == "capital"
    is_one_off = labels.get_level_values("flow").isin(ONE_OFF)
    tables = {}
    for partner in labels.get_level_values("partner").unique():
        own = labels.get_level_values("partner") == partner
        capital = -signed[own & is_capital].sum()
        revenue: Mapping[str, pd.Series] = {
            "recurring revenue": signed[own & ~is_capital & ~is_one_off].sum(),
            "one-off revenue": signed[own & ~is_capital & is_one_off].sum(),
            **_capital_charges(capital, funding, asset_life_years, borrowing_rate),
        }
        rows = {**revenue, "effect on the revenue budget": sum(revenue.values())}
        rows["capital spending"] = capital
        if funding == "reserves":
            rows["use of reserves"] = capital
        tables[partner] = pd.DataFrame(rows).T
    if not tables:
        no_rows = pd.MultiIndex.from_arrays([[], []], names=["partner", "line"])
        return pd.DataFrame(index=no_rows, columns=cash.columns, dtype=float)
    return pd.concat(tables, names=["partner", "line"])


def _capital_charges(
    capital: pd.Series, funding: str, asset_life_years: int, rate: float
) -> dict[str, pd.Series]:
    if funding == "revenue":
        return {"revenue contribution to capital": -capital}
    if funding == "reserves":
        return {}
    charges = -borrowing_charges(capital, asset_life_years, rate)
    return {name.replace("_", " "): charges[name] for name in charges}
