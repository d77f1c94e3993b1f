"""Who saves what and when: yearly flows of an option by partner, and a scenario's effect on them.

Flows are frames with one row a flow, line, inflation, funding and partner, and one column a
financial year, in base-year prices [£]. Costs and savings are both positive; ``net_flows`` gives
saving less cost.
"""

import math

import numpy as np
import pandas as pd

from businesscase.calculations.apportionment import SHARED, apportioned

LABELS = ["flow", "line", "inflation", "funding", "partner"]
PAY, PRICES = "pay", "prices"  # what an amount follows in the cash view
LEVERS = ["lever", "lag"]  # what moves a prepared row, and the whole years by which it is delayed
FIXED, RECURRING = "fixed", "recurring"  # moved by no lever, and by a delay alone
MOVED = {
    # by lever, as parameters of a scenario name it: the flow that it multiplies
    "realisation": "saving",
    "delay_years": RECURRING,
    "overrun": "one_off_cost",
    "running_cost_change": "running_cost",
}
SERVICE = "service_cost"  # a working flow: what a partner pays for the new service
SIGNS = {
    "counterfactual_cost": 1,
    "saving": 1,
    "income": 1,
    "exit_receipt": 1,
    "no_detriment_transfer": 1,
    "running_cost": -1,
    "income_cost": -1,
    "one_off_cost": -1,
    "exit_cost": -1,
    "stranded_cost": -1,
}
Multiples = dict[tuple[str, str], np.ndarray]  # by flow and line: of its amount, one a draw
ONE_OFF = ["one_off_cost", "exit_cost", "exit_receipt"]  # not part of the saving of a year


def inflation_by_category(category: str) -> str:
    """Return what an amount follows whose row doesn't say: pay if its category is staff, else prices.

    Examples
    --------
    >>> inflation_by_category("Staff"), inflation_by_category("staffing")
    ('pay', 'prices')
    """
    return PAY if category.strip().casefold() == "staff" else PRICES


def with_inflation(flow_lines: pd.DataFrame) -> pd.DataFrame:
    """Return rows of flows.csv with what each follows: as it says, else by its category."""
    stated = flow_lines["inflation"]
    by_category = flow_lines["category"].map(inflation_by_category)
    return flow_lines.assign(inflation=stated.where(stated.isin([PAY, PRICES]), by_category))


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
    ...     "inflation": "pay", "funding": "revenue", "partner": "North", "first_year": 2027, "last_year": 2028,
    ...     "year_fraction": 1.0, "amount_gbp": 50.0, "baseline_fraction": np.nan}])
    >>> planned_flows(lines, pd.Series(dtype=float), [2026, 2027, 2028]).iloc[0].tolist()
    [0.0, 50.0, 50.0]
    """
    base = flow_lines["partner"].map(
        lambda partner: baseline_cost.sum() if partner == SHARED else baseline_cost.get(partner)
    )
    annual = flow_lines["amount_gbp"].fillna(flow_lines["baseline_fraction"] * base.astype(float))
    amounts = _runs(flow_lines, years) * (annual * flow_lines["year_fraction"]).to_numpy()[:, None]
    amounts = amounts * _ramp(flow_lines, years)
    planned = pd.DataFrame(amounts, columns=pd.Index(years, name="year"))
    planned.index = pd.MultiIndex.from_frame(with_inflation(flow_lines)[LABELS])
    return planned.groupby(level=LABELS, sort=False).sum()


def _runs(flow_lines: pd.DataFrame, years: list[int]) -> np.ndarray:
    """Return whether each line (row) runs in each year (column)."""
    first, last = (flow_lines[[name]].to_numpy() for name in ("first_year", "last_year"))
    return (first <= np.array(years)) & (np.array(years) <= last)


def _ramp(flow_lines: pd.DataFrame, years: list[int]) -> np.ndarray:
    """Return how far each line (row) has grown to its full amount in each year (column)."""
    if "ramp_years" not in flow_lines:
        return np.ones((len(flow_lines), len(years)))
    ramp = flow_lines[["ramp_years"]].to_numpy(float)
    running = np.array(years) - flow_lines[["first_year"]].to_numpy() + 1
    return np.where(ramp > 0, np.clip(running / np.where(ramp > 0, ramp, 1.0), 0.0, 1.0), 1.0)


def with_charges(flow_lines: pd.DataFrame) -> pd.DataFrame:
    """Add what outside partners are charged: the full cost of serving them, plus a margin.

    Parameters
    ----------
    flow_lines : DataFrame
        Rows of flows.csv; those of the flow ``income_cost`` are the full cost of serving outsiders,
        each with the margin that it is charged at.

    Examples
    --------
    >>> with_charges(pd.DataFrame({"flow": ["income_cost"], "amount_gbp": [200.0],
    ...     "baseline_fraction": [np.nan], "margin_fraction": [0.5]}))["amount_gbp"].tolist()
    [200.0, 300.0]
    """
    cost = flow_lines[flow_lines["flow"] == "income_cost"]
    if cost.empty:
        return flow_lines
    amounts = cost[["amount_gbp", "baseline_fraction"]]
    charged = amounts.mul(1 + cost["margin_fraction"], axis="index")
    return pd.concat([flow_lines, cost.assign(flow="income", **charged)], ignore_index=True)


def apportioned_flows(planned: pd.DataFrame, share: pd.Series) -> pd.DataFrame:
    """Split each line between the partners by one rule, to the penny.

    Parameters
    ----------
    planned : DataFrame, ``LABELS`` by financial year
        Planned amounts [£]; those of a line are pooled first.
    share : Series, index partner, or DataFrame, partner by financial year
        Shares [fraction] that add up to 1 (in each year).
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


def levered(planned: pd.DataFrame, longest_delay: float = 0.0) -> pd.DataFrame:
    """Prepare planned flows for scenarios: say which lever moves each row, and by which delay.

    A delay moves all that recurs: savings, and the new service with the cost that it replaces.
    One-off costs stay in their years. A delay is a weighted sum of whole years, so each recurring
    row is repeated once for every whole year of delay, moved later by it; what falls beyond the
    last year is lost to the appraisal.

    Parameters
    ----------
    planned : DataFrame, ``LABELS`` by financial year
        Planned amounts by partner [£].
    longest_delay : float
        The longest delay that will be asked for [years].

    Returns
    -------
    DataFrame, ``LABELS`` and ``LEVERS`` by financial year
        Amounts [£] that :func:`factors` multiplies.
    """
    flow = planned.index.get_level_values("flow")
    once = flow.isin(ONE_OFF)
    lever = flow.where(flow.isin(list(MOVED.values())), FIXED)
    parts = [_with_levers(planned[once], lever[once], 0)]
    for lag in range(math.ceil(longest_delay) + 1):
        later = planned[~once].shift(lag, axis=1, fill_value=0.0)
        parts.append(_with_levers(later, lever[~once].where(lever[~once] != FIXED, RECURRING), lag))
    return pd.concat([part for part in parts if not part.empty] or parts[:1])


def _with_levers(flows: pd.DataFrame, lever, lag: int) -> pd.DataFrame:
    labels = flows.index.to_frame(index=False).assign(lever=lever, lag=lag)
    return flows.set_axis(pd.MultiIndex.from_frame(labels), axis="index")


def factors(
    index: pd.MultiIndex, levers: dict[str, np.ndarray], lines: Multiples | None = None
) -> np.ndarray:
    """Return what each prepared row is multiplied by under each draw, draw by row.

    Parameters
    ----------
    index : MultiIndex
        Index of the frame that :func:`levered` returns.
    levers : dict of array
        ``realisation`` (share of each saving that is realised [fraction]), ``delay_years``,
        ``overrun`` and ``running_cost_change`` (over plan [fraction of plan]); each an array of
        one value a draw. One draw is the deterministic case.
    lines : dict of array, optional
        By flow and name of a line: the multiple of its planned amount, one value a draw. What
        outsiders are charged moves with what it costs to serve them.
    """
    levels = ("lever", "lag", *(("flow", "line") if lines else ()))
    names = pd.DataFrame({name: index.get_level_values(name) for name in levels})
    result = np.ones((len(levers["realisation"]), len(names)))
    for (lever, lag), rows in names.groupby(["lever", "lag"], sort=False).indices.items():
        if lever == "one_off_cost":
            result[:, rows] = (1 + levers["overrun"])[:, None]
        elif lever != FIXED:
            part_of_delay = np.maximum(0.0, 1.0 - np.abs(levers["delay_years"] - lag))
            size = {
                "saving": levers["realisation"],
                "running_cost": 1 + levers["running_cost_change"],
            }
            result[:, rows] = (size.get(lever, 1.0) * part_of_delay)[:, None]
    for (flow, line), multiple in (lines or {}).items():
        moved = (flow, "income") if flow == "income_cost" else (flow,)
        result[:, names["flow"].isin(moved) & (names["line"] == line)] *= multiple[:, None]
    return result


def scenario_flows(prepared: pd.DataFrame, levers: dict[str, float]) -> pd.DataFrame:
    """Apply one setting of the levers to prepared flows.

    Returns
    -------
    DataFrame, ``LABELS`` by financial year
        Amounts [£].

    Examples
    --------
    >>> plan = pd.DataFrame([[0.0, 100.0]], columns=[2026, 2027], index=pd.MultiIndex.from_tuples(
    ...     [("saving", "posts", "pay", "revenue", "North")], names=LABELS))
    >>> setting = {"realisation": 0.5, "delay_years": 0.0, "overrun": 0.0, "running_cost_change": 0.0}
    >>> scenario_flows(levered(plan), setting).iloc[0].tolist()
    [0.0, 50.0]
    """
    one_draw = {name: np.array([value]) for name, value in levers.items()}
    changed = prepared.mul(factors(prepared.index, one_draw)[0], axis="index")
    return changed.groupby(level=LABELS, sort=False).sum()


def net_by_draw(
    prepared: pd.DataFrame,
    partners: list[str],
    levers: dict[str, np.ndarray],
    lines: Multiples | None = None,
) -> np.ndarray:
    """Return saving less cost under every draw of the levers at once.

    The net flow is linear in the factors of the rows, so all draws are one matrix product.

    Returns
    -------
    array, draw by partner by financial year
        Saving less cost [£].
    """
    keys = ["lever", "lag", *(["flow", "line"] if lines else [])]
    sign = prepared.index.get_level_values("flow").map(SIGNS)
    signed = prepared.mul(sign, axis="index").groupby(level=[*keys, "partner"], sort=False).sum()
    wide = signed.unstack("partner", fill_value=0.0).swaplevel(axis="columns")
    columns = pd.MultiIndex.from_product([partners, prepared.columns])
    amounts = wide.reindex(columns=columns, fill_value=0.0)
    drawn = factors(amounts.index, levers, lines) @ amounts.to_numpy(float)
    return drawn.reshape(len(drawn), len(partners), len(prepared.columns))


def until_withdrawal(flows: pd.DataFrame, leaver: str, leaves_after: int) -> pd.DataFrame:
    """Return flows in which those of a leaver stop after its last financial year [£]."""
    kept = flows.copy()
    is_own = kept.index.get_level_values("partner") == leaver
    kept.loc[is_own, kept.columns > leaves_after] = 0.0
    return kept


def after_withdrawal(
    prepared: pd.DataFrame,
    leaver: str,
    leaves_after: int,
    shares: pd.DataFrame,
    stranded: pd.Series,
) -> pd.DataFrame:
    """Return prepared flows when a partner leaves at the end of a year.

    The leaver's flows stop: it neither saves nor pays, and is back to what it spent alone. The
    fixed part of what it paid for the service is then carried as ``stranded`` says: it moves with
    the same levers as the cost that it is part of.

    Parameters
    ----------
    prepared : DataFrame, ``LABELS`` and ``LEVERS`` by financial year
        Flows that :func:`levered` returned, with the leaver's cost of the service in rows of the
        flow ``service_cost`` (see :func:`service_cost_rows`).
    leaver : str
        The partner that leaves.
    leaves_after : int
        Its last financial year in the partnership.
    shares : DataFrame, partner by financial year
        How the others divide what falls on them [fraction].
    stranded : Series, index financial year
        Part of the leaver's cost that stays to be paid, and by whom: positive for the others,
        negative for the leaver itself during its notice [fraction].
    """
    partner = prepared.index.get_level_values("partner")
    is_service = prepared.index.get_level_values("flow") == SERVICE
    later = prepared.columns > leaves_after
    service = prepared[is_service & (partner == leaver)]
    kept = until_withdrawal(prepared[~is_service], leaver, leaves_after)
    by_others = (service * later).mul(stranded.clip(lower=0.0), axis="columns")
    by_leaver = (service * later).mul(-stranded.clip(upper=0.0), axis="columns")
    parts = [kept] + [
        _stranded(by_others.mul(share, axis="columns"), name, leaver)
        for name, share in shares.iterrows()
    ]
    if by_leaver.to_numpy().any():
        parts.append(_stranded(by_leaver, leaver, leaver))
    return pd.concat(parts)


def _stranded(flows: pd.DataFrame, partner: str, leaver: str) -> pd.DataFrame:
    labels = flows.index.to_frame(index=False).assign(
        flow="stranded_cost",
        line=f"left by {leaver}",
        inflation=PRICES,
        funding="revenue",
        partner=partner,
    )
    moved = flows.set_axis(pd.MultiIndex.from_frame(labels), axis="index")
    return moved.groupby(level=list(moved.index.names), sort=False).sum()


def service_cost_rows(prepared: pd.DataFrame, baseline_cost: pd.Series) -> pd.DataFrame:
    """Return what each partner pays for the new service, as prepared rows of the flow ``service_cost``.

    It is the running cost where the case states one, else the baseline less the saving.
    """
    flow = prepared.index.get_level_values("flow")
    if (flow == "running_cost").any():
        return _relabelled(prepared[flow == "running_cost"], SERVICE)
    saving = prepared[flow == "saving"]
    first = saving[saving.index.get_level_values("lag") == 0]  # once, whatever the delay
    own = first.groupby(level="partner", sort=False).sum()
    baseline = pd.DataFrame(
        {year: baseline_cost.reindex(own.index) for year in own.columns}, index=own.index
    ).rename_axis(columns="year")
    labels = pd.DataFrame({"partner": own.index}).assign(
        flow=SERVICE, line="present cost", inflation=PRICES, funding="revenue", lever=FIXED, lag=0
    )
    baseline.index = pd.MultiIndex.from_frame(labels[prepared.index.names])
    return pd.concat([baseline, _relabelled(-saving, SERVICE)])


def _relabelled(flows: pd.DataFrame, flow: str) -> pd.DataFrame:
    labels = flows.index.to_frame(index=False).assign(flow=flow)
    return flows.set_axis(pd.MultiIndex.from_frame(labels), axis="index")


def no_detriment_transfers(net: np.ndarray) -> np.ndarray:
    """Return what partners pay each other so that nobody is out of pocket in a year.

    A partner whose year is below zero is paid up to zero by those above zero, in proportion to
    what they are ahead; where that is not enough, all of it is paid out in proportion.

    Parameters
    ----------
    net : array, ... by partner by financial year
        Saving less cost [£].

    Returns
    -------
    array of the same shape
        Received less paid [£]; adds up to zero over the partners.

    Examples
    --------
    >>> no_detriment_transfers(np.array([[-30.0], [40.0], [20.0]])).ravel().tolist()
    [30.0, -20.0, -10.0]
    """
    ahead, behind = np.maximum(net, 0.0), np.maximum(-net, 0.0)
    total_ahead = ahead.sum(axis=-2, keepdims=True)
    total_behind = behind.sum(axis=-2, keepdims=True)
    moved = np.minimum(total_ahead, total_behind)
    received = behind * np.divide(
        moved, total_behind, out=np.zeros_like(moved), where=total_behind > 0
    )
    paid = ahead * np.divide(moved, total_ahead, out=np.zeros_like(moved), where=total_ahead > 0)
    return received - paid


def transfer_rows(net: pd.DataFrame) -> pd.DataFrame:
    """Return the transfers of a no-detriment floor as flows of their own, received less paid [£]."""
    moved = pd.DataFrame(no_detriment_transfers(net.to_numpy()), net.index, net.columns)
    labels = [("no_detriment_transfer", "no-detriment floor", PRICES, "revenue", name) for name in net.index]  # fmt: skip
    return moved.set_axis(pd.MultiIndex.from_tuples(labels, names=LABELS), axis="index")


def exit_charges(
    leaver: str, charge: float, year: int, shares: pd.DataFrame, years: list[int]
) -> pd.DataFrame:
    """Return a leaver's exit charge and what the others get of it, as prepared flows [£]."""
    due = pd.Series(
        [charge * (other == year) for other in years], index=pd.Index(years, name="year")
    )
    rows = {("exit_cost", leaver): due}
    rows |= {("exit_receipt", name): part for name, part in apportioned(due, shares).iterrows()}
    labels = [(flow, "exit charge", PRICES, "revenue", name, FIXED, 0) for flow, name in rows]
    table = pd.DataFrame(list(rows.values()), columns=due.index)
    return table.set_axis(pd.MultiIndex.from_tuples(labels, names=[*LABELS, *LEVERS]), axis="index")


def mixed_bound(upper_bounds: pd.Series, mix: dict[str, float]) -> float:
    """Return the upper bound of a project that is part one kind, part another [fraction].

    Examples
    --------
    >>> bounds = pd.Series({"equipment": 0.51, "buildings": 0.24})
    >>> round(mixed_bound(bounds, {"equipment": 0.3, "buildings": 0.7}), 3)
    0.321
    """
    return float(sum(upper_bounds[kind] * share for kind, share in mix.items()))


def optimism_bias(upper: float, mitigations: pd.DataFrame) -> float:
    """Return the uplift for optimism bias: the upper bound less what is mitigated [fraction].

    Parameters
    ----------
    upper : float
        Upper bound for the kind of project [fraction].
    mitigations : DataFrame
        ``contribution_fraction`` (part of the bias that a cause brings) and
        ``mitigation_fraction`` (how far it is dealt with).

    References
    ----------
    Mott MacDonald (2002), Review of large public procurement in the UK; HM Treasury supplementary
    guidance on optimism bias.

    Examples
    --------
    >>> causes = pd.DataFrame({"contribution_fraction": [0.6, 0.4], "mitigation_fraction": [1.0, 0.8]})
    >>> round(optimism_bias(0.51, causes), 4)
    0.0408
    """
    mitigated = (mitigations["contribution_fraction"] * mitigations["mitigation_fraction"]).sum()
    return float(upper * (1 - mitigated))


def by_partner(flows: pd.DataFrame, flow: str) -> pd.DataFrame:
    """Return the flows of one kind, partner by financial year [£]."""
    chosen = flows[flows.index.get_level_values("flow") == flow]
    return chosen.groupby(level="partner", sort=False).sum()


def one_off_costs(flows: pd.DataFrame) -> pd.DataFrame:
    """Return what is spent once, exit included and less exit receipts, partner by year [£]."""
    return -net_flows(flows[flows.index.get_level_values("flow").isin(ONE_OFF)])


def net_flows(flows: pd.DataFrame) -> pd.DataFrame:
    """Return saving less cost, partner by financial year [£].

    Examples
    --------
    >>> rows = [("saving", "posts", "pay", "revenue", "North"),
    ...         ("one_off_cost", "move", "prices", "capital", "North")]
    >>> flows = pd.DataFrame([[0.0, 100.0], [30.0, 0.0]], columns=[2026, 2027],
    ...                      index=pd.MultiIndex.from_tuples(rows, names=LABELS))
    >>> net_flows(flows).loc["North"].tolist()
    [-30.0, 100.0]
    """
    sign = flows.index.get_level_values("flow").map(SIGNS).astype(float)
    return flows.mul(sign, axis="index").groupby(level="partner", sort=False).sum()


def gross_savings(flows: pd.DataFrame) -> pd.DataFrame:
    """Return savings before one-off cost, partner by financial year [£].

    Savings are the saving lines, plus what the new running cost is below the counterfactual cost,
    plus income less what it costs, less stranded cost.
    """
    return net_flows(flows[~flows.index.get_level_values("flow").isin(ONE_OFF)])


def with_total(by_partner_and_year: pd.DataFrame, name: str) -> pd.DataFrame:
    """Return the frame with a row for the sum of all partners."""
    table = by_partner_and_year.copy()
    table.loc[name] = by_partner_and_year.sum()
    return table


def delayed(by_year: pd.Series, delay_years: float) -> pd.Series:
    """Return what happens by year moved later; what falls beyond the last year is lost.

    Examples
    --------
    >>> delayed(pd.Series({2026: 0.0, 2027: 1.0, 2028: 1.0, 2029: 1.0}), 1.5).tolist()
    [0.0, 0.0, 0.5, 1.0]
    """
    whole = math.floor(delay_years)
    part = delay_years - whole
    sooner, later = (by_year.shift(years, fill_value=0.0) for years in (whole, whole + 1))
    return (1 - part) * sooner + part * later


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
