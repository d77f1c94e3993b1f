"""Who saves what and when: yearly flows of an option by partner, and a scenario's effect on them.

Flows are frames with one row a flow, line, category, funding and partner, and one column a
financial year, in base-year prices [£]. Costs and savings are both positive; ``net_flows`` gives
saving less cost.
"""

import math

import numpy as np
import pandas as pd

from businesscase.apportionment import apportioned
from businesscase.schema import SHARED

LABELS = ["flow", "line", "category", "funding", "partner"]
SIGNS = {
    "counterfactual_cost": 1,
    "saving": 1,
    "running_cost": -1,
    "one_off_cost": -1,
    "stranded_cost": -1,
}


def planned_flows(
    flow_lines: pd.DataFrame, baseline_cost: pd.Series, years: list[int]
) -> pd.DataFrame:
    """Spread the lines of flows.csv over the years of the appraisal.

    Parameters
    ----------
    flow_lines : DataFrame
        Rows of flows.csv for one option.
    baseline_cost : Series, index partner
        Annual cost [£ a year] that ``baseline_fraction`` is a fraction of.
    years : list of int
        Financial years of the appraisal.

    Returns
    -------
    DataFrame, ``LABELS`` by financial year
        Planned amounts [£].

    Examples
    --------
    >>> lines = pd.DataFrame([{"flow": "saving", "line": "posts", "category": "staff",
    ...     "funding": "revenue", "partner": "North", "first_year": 2027, "last_year": 2028,
    ...     "year_fraction": 1.0, "amount_gbp": 50.0, "baseline_fraction": np.nan}])
    >>> planned_flows(lines, pd.Series(dtype=float), [2026, 2027, 2028]).iloc[0].tolist()
    [0.0, 50.0, 50.0]
    """
    base = flow_lines["partner"].map(
        lambda partner: baseline_cost.sum() if partner == SHARED else baseline_cost.get(partner)
    )
    annual = flow_lines["amount_gbp"].fillna(flow_lines["baseline_fraction"] * base.astype(float))
    amounts = _runs(flow_lines, years) * (annual * flow_lines["year_fraction"]).to_numpy()[:, None]
    planned = pd.DataFrame(amounts, columns=pd.Index(years, name="year"))
    planned.index = pd.MultiIndex.from_frame(flow_lines[LABELS])
    return planned.groupby(level=LABELS, sort=False).sum()


def _runs(flow_lines: pd.DataFrame, years: list[int]) -> np.ndarray:
    """Return whether each line (row) runs in each year (column)."""
    first, last = (flow_lines[[name]].to_numpy() for name in ("first_year", "last_year"))
    return (first <= np.array(years)) & (np.array(years) <= last)


def apportioned_flows(planned: pd.DataFrame, share: pd.Series) -> pd.DataFrame:
    """Split each line between the partners by one rule, to the penny.

    Parameters
    ----------
    planned : DataFrame, ``LABELS`` by financial year
        Planned amounts [£]; those of a line are pooled first.
    share : Series, index partner
        Shares [fraction] that add up to 1.
    """
    pooled = planned.groupby(level=LABELS[:-1], sort=False).sum()
    years = planned.columns
    parts = {
        (*labels, partner): amounts
        for labels, total in pooled.iterrows()
        for partner, amounts in apportioned(total, share).iterrows()
    }
    table = pd.DataFrame.from_dict(parts, orient="index", columns=years)
    table.index = pd.MultiIndex.from_tuples(table.index, names=LABELS)
    return table


def delayed(amounts: pd.DataFrame, delay_years: float) -> pd.DataFrame:
    """Move flows later by a number of years, a part of a year in proportion.

    What falls beyond the last year is lost to the appraisal.

    Examples
    --------
    >>> delayed(pd.DataFrame([[100.0, 100.0, 100.0]]), 1.5).iloc[0].tolist()
    [0.0, 50.0, 100.0]
    """
    whole = math.floor(delay_years)
    part = delay_years - whole
    return (1 - part) * amounts.shift(whole, axis=1, fill_value=0.0) + part * amounts.shift(
        whole + 1, axis=1, fill_value=0.0
    )


def scenario_flows(
    planned: pd.DataFrame,
    realisation: float = 1.0,
    delay_years: float = 0.0,
    overrun: float = 0.0,
    running_cost_change: float = 0.0,
) -> pd.DataFrame:
    """Apply a scenario to planned flows.

    Parameters
    ----------
    planned : DataFrame, ``LABELS`` by financial year
        Planned amounts by partner [£].
    realisation : float
        Share of each saving that is realised [fraction].
    delay_years : float
        Years by which each saving starts later.
    overrun, running_cost_change : float
        One-off and running cost over plan [fraction of plan].

    Examples
    --------
    >>> plan = pd.DataFrame([[0.0, 100.0]], columns=[2026, 2027], index=pd.MultiIndex.from_tuples(
    ...     [("saving", "posts", "staff", "revenue", "North")], names=LABELS))
    >>> scenario_flows(plan, realisation=0.5).iloc[0].tolist()
    [0.0, 50.0]
    """
    flow = planned.index.get_level_values("flow")
    factor = pd.Series(1.0, index=planned.index)
    factor[flow == "saving"] = realisation
    factor[flow == "one_off_cost"] = 1 + overrun
    factor[flow == "running_cost"] = 1 + running_cost_change
    changed = planned.mul(factor, axis="index")
    changed[flow == "saving"] = delayed(changed[flow == "saving"], delay_years)
    return changed


def service_cost(flows: pd.DataFrame, baseline_cost: pd.Series) -> pd.DataFrame:
    """Return what each partner pays for the new service by year [£].

    It is the running cost where the case states one, else the baseline less the saving.
    """
    running = by_partner(flows, "running_cost")
    if not running.empty:
        return running
    saving = by_partner(flows, "saving")
    return (-saving).add(baseline_cost.reindex(saving.index), axis="index")


def flows_after_withdrawal(
    flows: pd.DataFrame, leaver: str, leaves_after: int, stranded: pd.DataFrame
) -> pd.DataFrame:
    """Return flows when a partner leaves at the end of a year.

    The leaver's flows stop: it neither saves nor pays, and is back to what it spent alone. The
    others carry what its leaving strands.

    Parameters
    ----------
    flows : DataFrame, ``LABELS`` by financial year
        Flows by partner [£].
    leaver : str
        The partner that leaves.
    leaves_after : int
        Its last financial year in the partnership.
    stranded : DataFrame, partner by financial year
        Cost that its leaving puts on each other partner [£].
    """
    partner = flows.index.get_level_values("partner")
    later = flows.columns > leaves_after
    changed = flows.copy()
    changed.loc[partner == leaver, later] = 0.0
    extra = stranded * later
    extra.index = pd.MultiIndex.from_tuples(
        [
            ("stranded_cost", f"left by {leaver}", "stranded", "revenue", name)
            for name in extra.index
        ],
        names=LABELS,
    )
    return pd.concat([changed, extra])


def by_partner(flows: pd.DataFrame, flow: str) -> pd.DataFrame:
    """Return the flows of one kind, partner by financial year [£]."""
    chosen = flows[flows.index.get_level_values("flow") == flow]
    return chosen.groupby(level="partner", sort=False).sum()


def net_flows(flows: pd.DataFrame) -> pd.DataFrame:
    """Return saving less cost, partner by financial year [£].

    Examples
    --------
    >>> rows = [("saving", "posts", "staff", "revenue", "North"),
    ...         ("one_off_cost", "move", "other", "capital", "North")]
    >>> flows = pd.DataFrame([[0.0, 100.0], [30.0, 0.0]], columns=[2026, 2027],
    ...                      index=pd.MultiIndex.from_tuples(rows, names=LABELS))
    >>> net_flows(flows).loc["North"].tolist()
    [-30.0, 100.0]
    """
    sign = flows.index.get_level_values("flow").map(SIGNS)
    return flows.mul(sign, axis="index").groupby(level="partner", sort=False).sum()


def gross_savings(flows: pd.DataFrame) -> pd.DataFrame:
    """Return savings before one-off cost, partner by financial year [£].

    Savings are the saving lines plus what the new running cost is below the counterfactual cost.
    """
    recurring = flows[flows.index.get_level_values("flow") != "one_off_cost"]
    return net_flows(recurring)


def with_total(by_partner_and_year: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return the frame with a row for the sum of all partners."""
    table = by_partner_and_year.copy()
    table.loc[name] = by_partner_and_year.sum()
    return table


def running_years(flow_lines: pd.DataFrame, years: list[int]) -> pd.Series:
    """Return the part of each year in which any of the lines runs [fraction].

    Examples
    --------
    >>> lines = pd.DataFrame({"first_year": [2026, 2027], "last_year": [2026, 2028],
    ...                       "year_fraction": [0.25, 1.0]})
    >>> running_years(lines, [2026, 2027, 2028, 2029]).tolist()
    [0.25, 1.0, 1.0, 0.0]
    """
    parts = _runs(flow_lines, years) * flow_lines[["year_fraction"]].to_numpy(float)
    return pd.Series(parts.max(axis=0, initial=0.0), index=years)
