"""What the partners spend today, on one price base, and how far the figures can be relied on."""

import pandas as pd

from businesscase.calculations.apportionment import ALL

STATUSES = ["published", "derived", "assumed"]
QUALITY_COLUMNS = ["rows", *STATUSES, "age_years", "complete", "provenance", "freshness"]
BANDS = ["lower_quartile", "median", "upper_quartile"]
DAYS_IN_YEAR = 365.25  # a fourth of the days of four years


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


def real_amounts(
    amounts: pd.Series, years: pd.Series, price_index: pd.Series, base_year: int
) -> pd.Series:
    """Return amounts in the prices of one year [£].

    Parameters
    ----------
    amounts : Series
        Amounts in the prices of their own year [£].
    years : Series, same index
        Financial year of each amount.
    price_index : Series, index year
        Price index; only the ratio of years matters.
    base_year : int
        Year in whose prices the amounts are returned.

    Raises
    ------
    ValueError
        If the index lacks a year that has to be converted.

    References
    ----------
    HM Treasury, The Green Book (2022): real terms remove general inflation.

    Examples
    --------
    >>> index = pd.Series({2025: 100.0, 2026: 102.0})
    >>> real_amounts(pd.Series([1000.0, 1000.0]), pd.Series([2025, 2026]), index, 2025).round().tolist()
    [1000.0, 980.0]
    """
    elsewhere = years[years != base_year]
    needed = {base_year, *elsewhere} if len(elsewhere) else set()
    missing = sorted(needed - set(price_index.index))
    if missing:
        raise ValueError(f"the price index has no year {', '.join(map(str, missing))}")
    ratio = [
        1.0 if year == base_year else price_index[base_year] / price_index[year] for year in years
    ]
    return amounts * pd.Series(ratio, index=amounts.index, dtype=float)


def price_conversions(
    service_costs: pd.DataFrame, price_index: pd.Series, base_year: int
) -> pd.DataFrame:
    """Return what bringing costs to one price base did, by year of the budget.

    Parameters
    ----------
    service_costs : DataFrame
        Columns ``year``, ``amount_gbp`` and ``real_gbp`` [£ a year].

    Returns
    -------
    DataFrame
        ``year``, ``price_index`` and ``base_index`` (blank where nothing was converted),
        ``amount_gbp``, ``real_gbp`` and ``change_gbp`` [£ a year].

    Examples
    --------
    >>> costs = pd.DataFrame({"year": [2025], "amount_gbp": [100.0], "real_gbp": [102.0]})
    >>> price_conversions(costs, pd.Series({2025: 100.0, 2026: 102.0}), 2026)["change_gbp"].item()
    2.0
    """
    table = service_costs.groupby("year")[["amount_gbp", "real_gbp"]].sum().reset_index()
    converted = table["year"] != base_year
    return table.assign(
        price_index=table["year"].map(price_index).where(converted),
        base_index=pd.Series(price_index.get(base_year), table.index, dtype=float).where(converted),
        change_gbp=table["real_gbp"] - table["amount_gbp"],
    )


def service_comparison(service_costs: pd.DataFrame) -> pd.DataFrame:
    """Return services side by side: staff and other cost, revenue and capital, on one price base.

    Parameters
    ----------
    service_costs : DataFrame
        Columns ``service``, ``partner``, ``nature``, ``funding``, ``amount_gbp`` and
        ``real_gbp`` [£ a year].

    Returns
    -------
    DataFrame
        One row a service and partner: ``staff``, ``non_staff``, ``undivided``, ``income`` if there
        is any (below nil), ``revenue``, ``capital`` and ``real_gbp`` [£ a year, base-year prices], ``amount_gbp`` [£ a year, as
        budgeted].

    Examples
    --------
    >>> line = {"service": "ICT", "partner": "North", "nature": "staff", "funding": "revenue"}
    >>> costs = pd.DataFrame([line | {"amount_gbp": 100.0, "real_gbp": 102.0}])
    >>> service_comparison(costs)[["staff", "capital"]].iloc[0].to_dict()
    {'staff': 102.0, 'capital': 0.0}
    """
    nature = (
        service_costs["nature"].astype(object).where(service_costs["nature"].notna(), "undivided")
    )
    kinds = ["staff", "non_staff", "undivided", *["income"] * bool(nature.eq("income").any())]
    parts = {
        name: service_costs["real_gbp"].where(column == name, 0.0).astype(float)
        for names, column in (
            (kinds, nature),
            (["revenue", "capital"], service_costs["funding"]),
        )
        for name in names
    }
    money = ["amount_gbp", *parts, "real_gbp"]
    table = service_costs.assign(**parts).groupby(["service", "partner"], sort=False)[money].sum()
    return table.reset_index()


def cost_per_unit(annual_cost: pd.Series, units: pd.Series) -> pd.Series:
    """Return annual cost divided by users or devices [£ a year], for 'all' and each partner.

    Only partners that have both count, in 'all' too; one without a single user has no cost of a user.

    Examples
    --------
    >>> cost = pd.Series({"North": 300_000.0, "South": 9_000.0})
    >>> cost_per_unit(cost, pd.Series({"North": 200, "South": 0})).to_dict()
    {'all': 1500.0, 'North': 1500.0}
    """
    used = units.index[units > 0]
    both = [partner for partner in annual_cost.index if partner in used]
    if not both:
        return pd.Series(dtype=float)
    cost, counted = annual_cost[both], units[both]
    return pd.concat([pd.Series({ALL: cost.sum() / counted.sum()}), cost / counted])


def benchmark_gaps(
    benchmarks: pd.DataFrame, levels: pd.DataFrame, units: pd.DataFrame
) -> pd.DataFrame:
    """Return how far each partner and all lie below each benchmark, and what that is worth.

    Parameters
    ----------
    benchmarks : DataFrame
        Columns ``benchmark``, ``measure``, ``amount_gbp`` and what else is to be kept.
    levels : DataFrame, 'all' and partners by measure
        Their own level of each measure [£ a year]; blank where it is not known or can't be held
        against a benchmark.
    units : DataFrame, same shape
        How many users or devices a measure counts; 1 for a whole cost.

    Returns
    -------
    DataFrame
        A row a benchmark and item with ``level_gbp`` and ``gap_gbp`` [£ a year, in the measure's
        unit] and ``worth_gbp`` [£ a year], both positive where the cost is below the benchmark.

    Examples
    --------
    >>> median = pd.DataFrame({"benchmark": ["median"], "measure": ["cost_per_user"], "amount_gbp": [1800.0]})
    >>> level = pd.DataFrame({"cost_per_user": [1500.0]}, index=["North"])
    >>> users = pd.DataFrame({"cost_per_user": [200.0]}, index=["North"])
    >>> benchmark_gaps(median, level, users)["worth_gbp"].item()
    60000.0
    """
    rows = [
        row | {"item": item, "level_gbp": level, "units": units.at[item, row["measure"]]}
        for row in benchmarks.to_dict("records")
        for item, level in levels[row["measure"]].dropna().items()
    ]
    columns = [*benchmarks.columns, "item", "level_gbp", "units"]
    table = pd.DataFrame(rows, columns=columns).astype({"level_gbp": float, "units": float})
    gap = table["amount_gbp"].astype(float) - table["level_gbp"]
    return table.assign(gap_gbp=gap, worth_gbp=gap * table["units"])


def quartile_position(level_gbp: float, bands: pd.Series) -> str:
    """Return where a level lies among the quartile bands that are known.

    Parameters
    ----------
    level_gbp : float
        Cost [£ a year].
    bands : Series, index lower_quartile, median, upper_quartile or some of them
        The bands [£ a year], in the unit of the level.

    Examples
    --------
    >>> quartile_position(1500.0, pd.Series({"lower_quartile": 1200.0, "median": 1600.0}))
    'from the lower quartile to the median'
    >>> quartile_position(1500.0, pd.Series({"lower_quartile": 4000.0}))
    'below the lower quartile'
    """
    known = [(band.replace("_", " "), bands[band]) for band in BANDS if band in bands.index]
    under = [name for name, amount in known if amount <= level_gbp]
    over = [name for name, amount in known if amount > level_gbp]
    if not known:
        return "no quartile is given"
    if not under:
        return f"below the {over[0]}"
    if not over:
        return f"at or above the {under[-1]}"
    return f"from the {under[-1]} to the {over[0]}"


def row_dates(table: pd.DataFrame, data_date: pd.Timestamp) -> pd.Series:
    """Return the date of each row: its own, else 1 April of its financial year, else the case's.

    Examples
    --------
    >>> row_dates(pd.DataFrame({"year": [2026]}), pd.Timestamp("2026-09-01")).item()
    Timestamp('2026-04-01 00:00:00')
    """
    if "date" in table:
        return table["date"].fillna(data_date)
    if "year" in table:
        return pd.to_datetime({"year": table["year"], "month": 4, "day": 1})
    return pd.Series(data_date, index=table.index)


def data_quality(
    tables: dict[str, pd.DataFrame],
    figure_columns: dict[str, list[str]],
    dates: dict[str, pd.Series],
    standards: pd.Series,
    decision_date: pd.Timestamp,
) -> pd.DataFrame:
    """Return how far each table of inputs can be relied on, 0 to 100.

    The score is the product of three fractions, so that none makes up for another: completeness
    (cells of figures that are not blank), provenance (mean weight of published, derived and assumed
    rows) and freshness (falling in a straight line from 1 for a figure of the decision date to 0 at
    ``oldest_years``). A table without rows scores 0.

    Parameters
    ----------
    tables : dict of DataFrame
        The tables, each with ``status``.
    figure_columns : dict of list of str
        Per table, the columns that hold its figures.
    dates : dict of Series
        Per table, the date of each row.
    standards : Series
        ``weight_published``, ``weight_derived``, ``weight_assumed`` [fraction], ``oldest_years``.
    decision_date : Timestamp
        The date at which age is counted.

    Returns
    -------
    DataFrame, index table
        ``rows`` [count]; ``published``, ``derived``, ``assumed`` [fraction]; ``age_years``;
        ``complete``, ``provenance``, ``freshness`` [fraction]; ``score`` [0 to 100].

    Examples
    --------
    >>> standards = pd.Series({"weight_published": 1.0, "weight_derived": 0.5,
    ...                        "weight_assumed": 0.5, "oldest_years": 4.0})
    >>> today = pd.Timestamp("2026-04-01")
    >>> users = pd.DataFrame({"status": ["published", "assumed"], "value": [200, 300]})
    >>> dates = {"drivers": pd.Series([today] * 2)}
    >>> data_quality({"drivers": users}, {"drivers": ["value"]}, dates, standards, today)["score"].item()
    75.0
    """
    rows = {
        name: {"rows": len(table)}
        | ({} if table.empty else _evidence(table[["status", *figure_columns[name]]], standards))
        for name, table in tables.items()
    }
    for name, table in tables.items():
        age = ((decision_date - dates[name]).dt.days / DAYS_IN_YEAR).clip(lower=0)
        if not table.empty:
            freshness = (1 - age / standards["oldest_years"]).clip(lower=0)
            rows[name] |= {"age_years": age.mean(), "freshness": freshness.mean()}
    quality = pd.DataFrame.from_dict(rows, orient="index", columns=QUALITY_COLUMNS)
    return quality.assign(score=quality_score(quality))


def _evidence(table: pd.DataFrame, standards: pd.Series) -> dict[str, float]:
    shares = {kind: (table["status"] == kind).mean() for kind in STATUSES}
    figures = table.drop(columns="status")
    return shares | {
        "complete": (figures.notna() & (figures != "")).to_numpy().mean(),
        "provenance": sum(share * standards[f"weight_{kind}"] for kind, share in shares.items()),
    }


def quality_score(quality: pd.DataFrame) -> pd.Series:
    """Return the product of ``complete``, ``provenance`` and ``freshness`` as 0 to 100; 0 if blank.

    Examples
    --------
    >>> quality_score(pd.DataFrame({"complete": [1.0], "provenance": [0.3], "freshness": [0.5]})).item()
    15.0
    """
    parts = quality[["complete", "provenance", "freshness"]].astype(float)
    return 100 * parts.prod(axis="columns", skipna=False).fillna(0.0)
