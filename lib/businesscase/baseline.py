"""What the partners spend today, for how many users, and how well the service runs."""

import pandas as pd


def annual_costs(service_costs: pd.DataFrame) -> pd.DataFrame:
    """Return the annual cost of each partner by category.

    Parameters
    ----------
    service_costs : DataFrame
        Columns ``partner``, ``category``, ``amount_gbp`` [£ a year].

    Returns
    -------
    DataFrame, partner by category
        Cost [£ a year], zero where a partner has no line, both in the order of the table.

    Examples
    --------
    >>> lines = pd.DataFrame({"partner": ["North", "North"], "category": ["staff", "web"],
    ...                       "amount_gbp": [200.0, 50.0]})
    >>> annual_costs(lines).loc["North"].to_dict()
    {'staff': 200.0, 'web': 50.0}
    """
    table = service_costs.pivot_table(
        index="partner", columns="category", values="amount_gbp", aggfunc="sum", fill_value=0.0
    )
    order = service_costs["partner"].unique(), service_costs["category"].unique()
    return table.reindex(index=order[0], columns=order[1])


def cost_per_user(annual_cost: pd.Series, users: pd.Series) -> pd.Series:
    """Return annual cost divided by users [£ a user a year], for partners that have both.

    Examples
    --------
    >>> cost_per_user(pd.Series({"North": 300_000.0}), pd.Series({"North": 200})).to_dict()
    {'North': 1500.0}
    """
    return (annual_cost / users.reindex(annual_cost.index)).dropna()


def benchmark_gaps(benchmarks: pd.DataFrame, annual_cost_gbp: float) -> pd.DataFrame:
    """Return how far the partnership's annual cost lies below each benchmark.

    Returns
    -------
    DataFrame
        ``benchmarks`` with ``annual_cost_gbp`` [£ a year] and ``gap_gbp`` [£ a year], positive
        where the partnership costs less than the benchmark.

    Examples
    --------
    >>> quartile = pd.DataFrame({"benchmark": ["lower quartile"], "amount_gbp": [4_000.0]})
    >>> benchmark_gaps(quartile, 1_500.0)["gap_gbp"].item()
    2500.0
    """
    return benchmarks.assign(
        annual_cost_gbp=annual_cost_gbp, gap_gbp=benchmarks["amount_gbp"] - annual_cost_gbp
    )


def service_trends(service_measures: pd.DataFrame) -> pd.DataFrame:
    """Return the first and last reading of each service measure and the change between them.

    Returns
    -------
    DataFrame
        One row a measure and partner: ``first_date``, ``first``, ``last_date``, ``last``,
        ``change`` (last less first, in the measure's unit) and ``improved`` (True, False, or
        None where the readings are equal).

    Examples
    --------
    >>> calls = pd.DataFrame({"measure": ["calls"] * 2, "partner": ["North"] * 2,
    ...     "date": pd.to_datetime(["2026-01-01", "2026-04-01"]), "value": [400.0, 150.0],
    ...     "bound": ["over", "under"], "unit": ["calls"] * 2, "better": ["lower"] * 2})
    >>> service_trends(calls)["change"].item()
    -250.0
    """
    readings = service_measures.sort_values("date", kind="stable").groupby(
        ["measure", "partner", "unit", "better"], sort=False
    )
    trends = readings.agg(
        first_date=("date", "first"),
        first=("value", "first"),
        first_bound=("bound", "first"),
        last_date=("date", "last"),
        last=("value", "last"),
        last_bound=("bound", "last"),
    ).reset_index()
    change = trends["last"] - trends["first"]
    rising = change.where(trends["better"] == "higher", -change)
    return trends.assign(
        change=change, improved=[None if step == 0 else step > 0 for step in rising]
    )
