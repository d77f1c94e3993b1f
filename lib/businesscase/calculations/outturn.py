"""What came of a decision: actuals beside the plan, and a re-forecast that learns from them.

A variance is actual less planned, so that a saving below plan and a cost below plan are both
negative.
"""

import datetime as dt
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pandas as pd

from businesscase.calculations.baseline import real_amounts
from businesscase.calculations.decision import NOT_KNOWN
from businesscase.calculations.plan import DaysOff
from businesscase.calculations.progress import AMBER, GREEN, RED
from businesscase.calculations.years import year_end

MONEY = ["saving", "one_off_cost", "running_cost"]  # kinds of actuals that are flows of money
PLACE = ["flow", "line", "partner"]
OWN_YEAR = "own_year"  # prices of an amount that is in the money of its own year


class Forecast(NamedTuple):
    """A ratio to plan as it looks now, and how much own results count in it [fraction].

    One outcome in ten is below ``p10``, half are below ``p50``, and one in ten is above ``p90``.
    """

    p10: float
    p50: float
    p90: float
    own_weight: float


def own_weight(years: int, year_weight: float) -> float:
    """Return how much own results count in a forecast [fraction].

    Parameters
    ----------
    years : int
        Years of own results.
    year_weight : float
        What one of them counts for beside what was expected before [ratio].

    Examples
    --------
    >>> own_weight(0, 1.0), own_weight(1, 1.0), own_weight(3, 1.0), own_weight(1, 3.0)
    (0.0, 0.5, 0.75, 0.75)
    """
    return years * year_weight / (years * year_weight + 1)


def forecast(before: np.ndarray, own: float, years: int, year_weight: float) -> Forecast:
    """Return a ratio to plan for the years to come: what was expected before, updated by own results.

    The square root of the level that a partnership settles at, which nil has too, is taken to be
    normal; each year of own results is a reading of it with the variance of what was expected
    divided by ``year_weight``. The forecast is of that level, not of a single year.

    Parameters
    ----------
    before : array
        P10, P50 and P90 of the ratio without own results.
    own : float
        Own ratio to date; not used without a year of own results.
    years : int
        Years of own results.
    year_weight : float
        What one of them counts for beside what was expected before [ratio].

    References
    ----------
    Bühlmann (1967), experience rating and credibility; normal likelihood and normal prior.

    Examples
    --------
    >>> found = forecast(np.array([0.16, 0.36, 0.64]), 1.0, years=1, year_weight=1.0)
    >>> round(found.p50, 6), found.own_weight
    (0.64, 0.5)
    """
    weight, roots = own_weight(years, year_weight), np.sqrt(before)
    middle = roots[1] + (weight * (own**0.5 - roots[1]) if weight else 0.0)
    narrowed = middle + (roots - roots[1]) * (1 - weight) ** 0.5
    p10, p50, p90 = (np.maximum(narrowed, 0.0) ** 2).tolist()
    return Forecast(p10, p50, p90, weight)


def in_base_prices(actuals: pd.DataFrame, price_index: pd.Series, base_year: int) -> pd.DataFrame:
    """Return actuals with every amount in base-year prices, and as it was ``reported``.

    Parameters
    ----------
    actuals : DataFrame
        Rows of actuals.csv; those whose ``prices``, if there is that column, are own_year are in the
        money of their ``year``.
    price_index : Series, index year
        Price index; only the ratio of years matters.
    base_year : int
        Year in whose prices plans are.

    Examples
    --------
    >>> rows = pd.DataFrame({"year": [2027, 2027], "value": [102.0, 102.0], "prices": ["own_year", ""]})
    >>> in_base_prices(rows, pd.Series({2026: 100.0, 2027: 102.0}), 2026)["value"].tolist()
    [100.0, 102.0]
    """
    prices = actuals.get("prices", pd.Series("", index=actuals.index))
    own = actuals[prices == OWN_YEAR]
    value = actuals["value"].astype(float).copy()
    value[own.index] = real_amounts(own["value"], own["year"], price_index, base_year)
    return actuals.assign(value=value, reported=actuals["value"], prices=prices)


def money_to_date(actuals: pd.DataFrame, planned: pd.DataFrame) -> pd.DataFrame:
    """Hold the money that came in or went out beside what was planned for it.

    Parameters
    ----------
    actuals : DataFrame
        Rows of actuals.csv in base-year prices.
    planned : DataFrame, ``PLACE`` by financial year
        Planned amounts [£].

    Returns
    -------
    DataFrame
        ``flow``, ``line``, ``partner``, ``year``, ``planned``, ``actual`` and ``variance`` [£].

    Examples
    --------
    >>> plan = pd.DataFrame([[100.0]], columns=[2026], index=pd.MultiIndex.from_tuples(
    ...     [("saving", "posts", "North")], names=PLACE))
    >>> row = {"kind": "saving", "item": "posts", "partner": "North", "year": 2026, "value": 80.0}
    >>> money_to_date(pd.DataFrame([row]), plan)["variance"].tolist()
    [-20.0]
    """
    money = actuals[actuals["kind"].isin(MONEY)]
    table = money.rename(columns={"kind": "flow", "item": "line", "value": "actual"})
    table = table[[*PLACE, "year", "actual"]].reset_index(drop=True)
    of_plan = planned.rename_axis(columns="year").stack().to_dict()
    keys = table[[*PLACE, "year"]].itertuples(index=False, name=None)
    table["planned"] = [float(of_plan.get(key, 0.0)) for key in keys]
    table["actual"] = table["actual"].astype(float)
    table["year"] = table["year"].astype(int)
    table["variance"] = table["actual"] - table["planned"]
    return table[[*PLACE, "year", "planned", "actual", "variance"]]


def latest_readings(readings: pd.DataFrame, keys: list[str]) -> pd.DataFrame:
    """Return the latest reading of each, by date and not by where it stands in the file.

    Examples
    --------
    >>> table = pd.DataFrame({"partner": ["North", "South", "North"], "date": pd.to_datetime(
    ...     ["2027-03-31", "2026-03-31", "2026-03-31"]), "actual": [3, 2, 1]})
    >>> latest_readings(table, ["partner"])["actual"].tolist()
    [3, 2]
    """
    by_date = readings.sort_values("date", kind="stable")
    return by_date.drop_duplicates(keys, keep="last").sort_index()


def ratio_to_date(money: pd.DataFrame, flow: str, all_partners: str) -> pd.DataFrame:
    """Return planned and actual amounts to date and their ratio, for all partners and each.

    Parameters
    ----------
    money : DataFrame
        As :func:`money_to_date` returns it.
    flow : str
        Kind of money, for instance saving.
    all_partners : str
        What the first row is called.

    Returns
    -------
    DataFrame, index partner
        ``planned``, ``actual`` [£] and ``ratio`` [fraction], NaN where nothing was planned.
    """
    chosen = money[money["flow"] == flow]
    amounts = chosen.groupby("partner", sort=False)[["planned", "actual"]].sum()
    if amounts.empty:
        return amounts.assign(ratio=pd.Series(dtype=float))
    total = pd.DataFrame([amounts.sum()], index=[all_partners])
    table = pd.concat([total, amounts])
    return table.assign(ratio=table["actual"] / table["planned"].where(table["planned"] > 0))


def years_reported(money: pd.DataFrame, flow: str) -> int:
    """Return in how many financial years money of a kind was reported that had been planned."""
    chosen = money[(money["flow"] == flow) & (money["planned"] > 0)]
    return chosen["year"].nunique()


def not_reported(planned: pd.DataFrame, money: pd.DataFrame) -> pd.DataFrame:
    """Return the planned amounts for which nothing has been reported, of the kinds in ``MONEY``.

    Examples
    --------
    >>> plan = pd.DataFrame([[100.0, 90.0]], columns=[2026, 2027], index=pd.MultiIndex.from_tuples(
    ...     [("saving", "posts", "North")], names=PLACE))
    >>> reported = pd.DataFrame([["saving", "posts", "North", 2026]], columns=[*PLACE, "year"])
    >>> not_reported(plan, reported).iloc[0].tolist()
    [0.0, 90.0]
    """
    table = planned[planned.index.get_level_values("flow").isin(MONEY)]
    amounts = table.to_numpy(float, copy=True)
    rows = {place: number for number, place in enumerate(table.index)}
    columns = {year: number for number, year in enumerate(table.columns)}
    for *place, year in money[[*PLACE, "year"]].itertuples(index=False, name=None):
        if tuple(place) in rows and year in columns:
            amounts[rows[tuple(place)], columns[year]] = 0.0
    return pd.DataFrame(amounts, table.index, table.columns)


def closed_years(years: list[int], as_at: dt.date) -> list[int]:
    """Return the financial years that have ended by a date.

    Examples
    --------
    >>> closed_years([2025, 2026, 2027], dt.date(2027, 3, 31))
    [2025, 2026]
    """
    return [year for year in years if year_end(year) <= as_at]


def required_ratio(without: float, at_plan: float) -> float | None:
    """Return the part of a planned sum at which the whole is worth nothing [fraction].

    Parameters
    ----------
    without : float
        Net present value without the sum [£].
    at_plan : float
        Present value of the sum as planned: positive if it is saved, negative if it is spent [£].

    Returns
    -------
    float or None
        Nil if nothing more is needed; None if there is no such sum.

    Examples
    --------
    >>> required_ratio(-60.0, 100.0), required_ratio(20.0, 100.0), required_ratio(-60.0, 0.0)
    (0.6, 0.0, None)
    """
    return max(0.0, -without / at_plan) if at_plan else None


def review_flag(worth: Mapping[str, float]) -> str:
    """Return the colour shown at a review: whether what is expected is enough to cover the cost.

    Parameters
    ----------
    worth : mapping
        Net present value as it is now expected, ``p10`` and ``p50`` [£]; empty if nothing is.

    Examples
    --------
    >>> review_flag({"p10": -9.0, "p50": -1.0}), review_flag({"p10": -1.0, "p50": 0.0})
    ('red', 'amber')
    >>> review_flag({"p10": 0.0, "p50": 5.0}), review_flag({})
    ('green', 'not known')
    """
    if not len(worth):
        return NOT_KNOWN
    if worth["p50"] < 0:
        return RED
    return AMBER if worth["p10"] < 0 else GREEN


def next_review(events: pd.DataFrame, after: dt.date) -> pd.Series | None:
    """Return the first review after a date, else the first end; none follows what ended the work.

    Parameters
    ----------
    events : DataFrame
        Rows of events.csv: ``date``, ``kind`` and ``event``.
    after : date
        Date of the last reading, or of the decision if there is none.
    """
    later = events[events["date"] > pd.Timestamp(after)].sort_values("date", kind="stable")
    outcomes = events.loc[events["kind"] == "outcome", "date"]
    if len(outcomes):
        later = later[later["date"] < outcomes.min()]
    for kind in ("review", "end"):
        found = later[later["kind"] == kind]
        if len(found):
            return found.iloc[0]
    return None


def year_of_service(events: pd.DataFrame, decided: dt.date, date: dt.date) -> int | None:
    """Return in which year of the service a date falls, 1 the first; None without a start.

    Examples
    --------
    >>> events = pd.DataFrame({"date": [pd.Timestamp("2013-04-01")], "kind": ["start"]})
    >>> year_of_service(events, pd.Timestamp("2012-04-16"), pd.Timestamp("2018-03-31"))
    5
    """
    starts = events.loc[events["kind"] == "start", "date"]
    starts = starts[(starts >= pd.Timestamp(decided)) & (starts <= pd.Timestamp(date))]
    if starts.empty:
        return None
    began, end = starts.max(), pd.Timestamp(date)
    return end.year - began.year + ((end.month, end.day) >= (began.month, began.day))


def days_after_plan(actual: pd.Series, planned: pd.Series, holidays: DaysOff = ()) -> pd.Series:
    """Return by how many working days a date lies after the planned one, negative if before.

    Examples
    --------
    >>> actual = pd.to_datetime(pd.Series(["2026-03-09", "2026-03-05"]))
    >>> days_after_plan(actual, pd.to_datetime(pd.Series(["2026-03-06", "2026-03-06"]))).tolist()
    [1.0, -1.0]
    """
    counted = np.busday_count(
        planned.to_numpy("datetime64[D]"),
        actual.to_numpy("datetime64[D]"),
        holidays=holidays,
    )
    return pd.Series(counted.astype(float), index=actual.index)
