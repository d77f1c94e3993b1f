"""Who saves what and when: yearly flows of an option by partner, and a scenario's effect on them.

Flows are frames with a row for each of ``LABELS`` and one column a financial year, in base-year
prices [£]. Costs and savings are both positive; ``net_flows`` gives saving less cost.

Three selections answer three questions. ``economic`` flows say what the option is worth against
what would happen otherwise: sunk cost is out of them. ``cash`` flows are the part of these that is
money. ``budget`` flows are what the partners' budgets see beside today's: sunk cost is in them, and
what would happen otherwise is not.
"""

import datetime as dt
import math
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from businesscase.calculations.apportionment import SHARED, apportioned, penny_parts
from businesscase.calculations.years import financial_year, year_start

LABELS = ["flow", "line", "inflation", "funding", "counts", "growth", "start", "partner"]
PAY, PRICES = "pay", "prices"  # what an amount follows in the cash view
CASH, TIME, SUNK = "cash", "time", "sunk"  # money, time that no budget sees, money already spent
ALIKE = "alike"  # money of the comparator itself, which makes no difference to what would happen
LEVERS = ["lever", "lag"]  # what moves a prepared row, and the whole years by which it is delayed
FIXED, RECURRING = "fixed", "recurring"  # moved by no lever, and by a delay alone
LATE = "late"  # paid for each year by which a service is later than its lag, see lateness.py
MOVING = ["lever", "lag", "flow", "line", "start"]  # labels that say what a row is multiplied by
MOVED = {
    # by lever, as parameters of a scenario name it: the flow that it multiplies
    "realisation": "saving",
    "delay_years": RECURRING,
    "overrun": "one_off_cost",
    "running_cost_change": "running_cost",
}
BY_YEAR, OVER_TERM = "by_year", "over_term"  # no-detriment floors
SERVICE = "service_cost"  # a working flow: what a partner pays for the new service
SIGNS = {
    "counterfactual_cost": 1,
    "saving": 1,
    "income": 1,
    "exit_receipt": 1,
    "entry_receipt": 1,
    "no_detriment_transfer": 1,
    "grant": 1,
    "receipt": 1,
    "residual_value": 1,
    "comparator_one_off": 1,
    "cost_passed_on": 1,
    "cost_taken_on": -1,
    "running_cost": -1,
    "extra_cost": -1,
    "income_cost": -1,
    "one_off_cost": -1,
    "response_cost": -1,
    "novation_charge": -1,
    "delay_cost": -1,
    "overlap_cost": -1,
    "exit_cost": -1,
    "entry_fee": -1,
    "stranded_cost": -1,
    "comparator_saving": -1,
}
Selection = Callable[[pd.DataFrame], pd.DataFrame]  # of flows: economic, cash, ...


class Rows(NamedTuple):
    """Flows that aren't a frame yet, which is slow to make where many are put together.

    Attributes
    ----------
    labels : list of tuple
        ``LABELS`` of each row.
    amounts : array, row by financial year
        Amounts [£].
    """

    labels: list[tuple]
    amounts: np.ndarray

    def named(self, label: str) -> np.ndarray:
        """Return one of the labels of each row."""
        return np.array([row[LABELS.index(label)] for row in self.labels], object)

    def only(self, chosen: np.ndarray) -> "Rows":
        """Return the rows that are chosen."""
        return Rows([self.labels[row] for row in np.flatnonzero(chosen)], self.amounts[chosen])

    def during(self, members: pd.DataFrame) -> "Rows":
        """Return the rows in the years in which their partner takes part, nil in all others.

        What is shared stays: who is in by when bears it.
        """
        takes_part = members.reindex(self.named("partner"), fill_value=True).to_numpy()
        return Rows(self.labels, np.where(takes_part, self.amounts, 0.0))

    def divided(self, share: pd.Series | pd.DataFrame) -> "Rows":
        """Return each line, pooled, split between the partners by one rule, to the penny.

        Parameters
        ----------
        share : Series, index partner, or DataFrame, partner by financial year
            Shares [fraction] that add up to 1 (in each year).
        """
        pools, pooled = _added_up([label[:-1] for label in self.labels], self.amounts)
        of_years = share.to_numpy(float).reshape(len(share), 1, -1)
        parts = penny_parts(pooled, np.broadcast_to(of_years, (len(share), *pooled.shape)))
        labels = [(*pool, partner) for pool in pools for partner in share.index]
        return Rows(labels, parts.swapaxes(0, 1).reshape(len(labels), self.amounts.shape[1]))


Multiples = dict[tuple[str, str], np.ndarray]  # by flow and line: of its amount, one a draw
# what is not part of the saving of a year, and stays in its year whatever the delay
SPENT_ONCE = [
    "one_off_cost",
    "response_cost",
    "novation_charge",
    "delay_cost",
    "overlap_cost",
    "exit_cost",
    "exit_receipt",
    "entry_fee",
    "entry_receipt",
]
RECEIVED = ["grant", "receipt", "residual_value"]
COMPARED = ["comparator_saving", "comparator_one_off"]  # of the option that this is held against
ONE_OFF = [*SPENT_ONCE, *RECEIVED, "comparator_one_off"]
IS_PAY = frozenset({"staff", "staffing", "pay", "salaries", "salary", "wages", "employees"})


def inflation_by_category(category: str) -> str:
    """Return what an amount follows whose row doesn't say: pay if its category is of pay, else prices.

    Examples
    --------
    >>> inflation_by_category("Staff"), inflation_by_category("Pay"), inflation_by_category("licences")
    ('pay', 'pay', 'prices')
    """
    return PAY if category.strip().casefold() in IS_PAY else PRICES


def with_inflation(flow_lines: pd.DataFrame) -> pd.DataFrame:
    """Return rows of flows.csv with what each follows: as it says, else by its category."""
    stated = flow_lines["inflation"]
    by_category = flow_lines["category"].map(inflation_by_category)
    return flow_lines.assign(inflation=stated.where(stated.isin([PAY, PRICES]), by_category))


def planned_rows(
    flow_lines: pd.DataFrame, baseline_cost: pd.Series | pd.DataFrame, years: list[int]
) -> Rows:
    """Spread the lines of flows.csv over the years of the appraisal, as :func:`planned_flows`."""
    if isinstance(baseline_cost, pd.Series):
        baseline_cost = pd.DataFrame(dict.fromkeys(years, baseline_cost), dtype=float)
    own = baseline_cost.reindex(flow_lines["partner"]).to_numpy(float)
    is_shared = _column(flow_lines["partner"] == SHARED)
    base = np.where(is_shared, baseline_cost.sum().to_numpy(), own)
    fraction, amount = (_column(flow_lines[name]) for name in ("baseline_fraction", "amount_gbp"))
    annual = np.where(np.isnan(fraction), amount, fraction * base)
    is_residual = _column(flow_lines["flow"] == "residual_value")  # it is of the last year
    runs = np.where(is_residual, np.array(years) == years[-1], _runs(flow_lines, years))
    full = annual * _column(flow_lines["year_fraction"])
    amounts = _late(runs * _ramp(flow_lines, years) * full, flow_lines)
    growth = 1 + _of(flow_lines, "real_growth")[:, None]  # from year 0 on
    return Rows(_labels_of(flow_lines), amounts * growth ** np.arange(len(years)))


def planned_flows(
    flow_lines: pd.DataFrame, baseline_cost: pd.Series | pd.DataFrame, years: list[int]
) -> pd.DataFrame:
    """Spread the lines of flows.csv over the years of the appraisal.

    Parameters
    ----------
    flow_lines : DataFrame
        Rows of flows.csv for one option.
    baseline_cost : Series, index partner, or DataFrame, partner by financial year
        Annual cost [£ a year] that ``baseline_fraction`` is a fraction of; a pooled line's is that
        of all partners together.
    years : list of int
        Financial years of the appraisal.

    Returns
    -------
    DataFrame, ``LABELS`` by financial year
        Planned amounts [£]; ``counts`` says whether they are money, time or already spent.

    Examples
    --------
    >>> lines = pd.DataFrame([{"flow": "saving", "line": "posts", "category": "staff",
    ...     "inflation": "pay", "funding": "revenue", "partner": "North", "first_year": 2027, "last_year": 2028,
    ...     "year_fraction": 1.0, "amount_gbp": 50.0, "baseline_fraction": np.nan}])
    >>> planned_flows(lines, pd.Series(dtype=float), [2026, 2027, 2028]).iloc[0].tolist()
    [0.0, 50.0, 50.0]
    """
    return flows_of([planned_rows(flow_lines, baseline_cost, years)], years)


def flows_of(parts: Iterable[Rows], years: list[int]) -> pd.DataFrame:
    """Return rows as flows, those of the same labels added up, ``LABELS`` by financial year [£]."""
    labels, amounts = zip(*parts, strict=True)
    every = [label for part in labels for label in part]
    return _frame(every, np.concatenate(amounts), LABELS, pd.Index(years, name="year"))


def _column(values: pd.Series) -> np.ndarray:
    return values.to_numpy(float)[:, None]


def _labels_of(flow_lines: pd.DataFrame) -> list[tuple]:
    """Return the labels of rows of flows.csv: what each counts as, how it grows and starts among them."""
    cashable, sunk = (
        flow_lines.get(name, pd.Series(default, flow_lines.index)).to_numpy(bool)
        for name, default in (("cashable", True), ("sunk", False))
    )
    columns = {
        **flow_lines,
        "counts": np.where(sunk, SUNK, np.where(cashable, CASH, TIME)).tolist(),
        "growth": _of(flow_lines, "real_growth").tolist(),
        "start": _starts(flow_lines),
    }
    return list(zip(*(columns[name] for name in LABELS), strict=True))


def _added_up(labels: Iterable[tuple], amounts: np.ndarray) -> tuple[list[tuple], np.ndarray]:
    """Return the labels that differ, in the order of the first, and the sum of the rows of each [£]."""
    places: dict[tuple, int] = {}
    rows = [places.setdefault(label, len(places)) for label in labels]
    totals = np.zeros((len(places), amounts.shape[1]))
    np.add.at(totals, rows, amounts)
    return list(places), totals


def _frame(
    labels: Iterable[tuple], amounts: np.ndarray, names: list[str], years: pd.Index
) -> pd.DataFrame:
    """Return amounts as flows, those of the same labels added up [£]."""
    differ, totals = _added_up(labels, amounts)
    return pd.DataFrame(totals, _index(differ, names), years)


def _index(labels: Iterable[tuple], names: list[str]) -> pd.MultiIndex:
    """Return labels as an index; pandas' own ways of making one sort each level."""
    columns = list(zip(*labels, strict=True)) or [()] * len(names)
    levels = [{label: code for code, label in enumerate(dict.fromkeys(of))} for of in columns]
    codes = [[level[label] for label in of] for level, of in zip(levels, columns, strict=True)]
    return pd.MultiIndex(list(map(list, levels)), codes, names=names, verify_integrity=False)


def together(flows: list[pd.DataFrame]) -> pd.DataFrame:
    """Return several flows as one, those of the same labels added up [£]."""
    first, *others = flows
    if not others:
        return first
    labels = (label for part in flows for label in part.index)
    amounts = np.concatenate([part.to_numpy(float) for part in flows])
    return _frame(labels, amounts, first.index.names, first.columns)


def _starts(flow_lines: pd.DataFrame) -> list[str]:
    """Return the task that each line starts with, blank if none."""
    stated = flow_lines.get("starts_with", pd.Series(pd.NA, index=flow_lines.index))
    return [slip_of(task) for task in stated]


def slip_of(task: float) -> str:
    """Return what the levers call the years by which a task ends late; blank without a task.

    Examples
    --------
    >>> slip_of(3.0), slip_of(np.nan)
    ('slip of task 3', '')
    """
    return "" if pd.isna(task) else f"slip of task {int(task)}"


def line_name(flows: pd.DataFrame, flow: str, line: str) -> str:
    """Return the name of a line, with its kind where lines of several kinds have that name.

    Examples
    --------
    >>> flows = pd.DataFrame({"flow": ["saving", "running_cost", "saving"], "line": ["desk", "desk", "rent"]})
    >>> line_name(flows, "running_cost", "desk"), line_name(flows, "saving", "rent")
    ('desk, running cost', 'rent')
    """
    kinds = flows.loc[flows["line"] == line, "flow"].nunique()
    return line if kinds == 1 else f"{line}, {flow.replace('_', ' ')}"


def _of(flow_lines: pd.DataFrame, column: str) -> np.ndarray:
    """Return a column of numbers that not every table of lines has, nil where it hasn't."""
    return flow_lines.get(column, pd.Series(0.0, index=flow_lines.index)).to_numpy(float)


def _runs(flow_lines: pd.DataFrame, years: list[int]) -> np.ndarray:
    """Return whether each line (row) runs in each year (column)."""
    first, last = (_column(flow_lines[name]) for name in ("first_year", "last_year"))
    return (first <= np.array(years)) & (np.array(years) <= last)


def _ramp(flow_lines: pd.DataFrame, years: list[int]) -> np.ndarray:
    """Return how far each line (row) has grown to its full amount in each year (column)."""
    ramp = _of(flow_lines, "ramp_years")[:, None]
    running = np.array(years) - _column(flow_lines["first_year"]) + 1
    return np.where(ramp > 0, np.clip(running / np.where(ramp > 0, ramp, 1.0), 0.0, 1.0), 1.0)


def _late(amounts: np.ndarray, flow_lines: pd.DataFrame) -> np.ndarray:
    """Return the amounts of each line (row) moved later by its own delay."""
    late = _of(flow_lines, "delay_years")
    if not late.any():
        return amounts
    return np.array(
        [delayed(pd.Series(row), years) for row, years in zip(amounts, late, strict=True)]
    )


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


def levered(
    planned: pd.DataFrame,
    longest_delay: float = 0.0,
    slips: Mapping[str, float] | None = None,
) -> pd.DataFrame:
    """Prepare planned flows for scenarios: say which lever moves each row, and by which delay.

    A delay moves all that recurs: savings, and the new service with the cost that it replaces.
    What is spent or received once stays in its year, and so does what would happen otherwise,
    unless it starts with a task, whose slip moves it. A delay is a weighted sum of whole years, so
    each row that it can move is repeated once for every whole year of delay, moved later by it;
    what falls beyond the last year is lost to the appraisal.

    Parameters
    ----------
    planned : DataFrame, ``LABELS`` by financial year
        Planned amounts by partner [£].
    longest_delay : float
        The longest delay that will be asked for, slips aside [years].
    slips : mapping
        By name of a slip the most that it can be [years].

    Returns
    -------
    DataFrame, ``LABELS`` and ``LEVERS`` by financial year
        Amounts [£] that :func:`factors` multiplies.
    """
    slips = slips or {}
    labels = planned.index.to_frame(index=False)
    amounts = planned.to_numpy(float)
    once = labels["flow"].isin([*ONE_OFF, *COMPARED]).to_numpy()
    moved = labels["flow"].isin(list(MOVED.values()))
    lever = (
        labels["flow"].where(moved, np.where(once, FIXED, RECURRING)).to_numpy(object, copy=True)
    )
    longest = np.where(once, 0.0, longest_delay) + labels["start"].map(slips).fillna(0.0).to_numpy(
        float
    )
    growth = 1 + labels["growth"].to_numpy(float)
    years = np.arange(amounts.shape[1])
    parts = []  # rows of planned, the lag of each, and its amounts
    for lag in range(math.ceil(longest.max(initial=0.0)) + 1):
        chosen = np.flatnonzero(lag <= np.ceil(longest))
        later = np.zeros((len(chosen), len(years)))
        # what rises faster than other prices costs more the later it comes
        kept = amounts[chosen][:, : max(len(years) - lag, 0)]
        later[:, lag:] = kept * growth[chosen, None] ** lag
        parts.append((chosen, np.full(len(chosen), float(lag)), later))
    every, lags, prepared = (np.concatenate(arrays) for arrays in zip(*parts, strict=True))
    own = planned.index.tolist()
    moving = [
        (*own[row], lever[row], lag) for row, lag in zip(every.tolist(), lags.tolist(), strict=True)
    ]
    return pd.DataFrame(prepared, _index(moving, [*LABELS, *LEVERS]), planned.columns)


def moving(prepared: pd.DataFrame) -> list[tuple]:
    """Return the labels that say what each prepared row is multiplied by, ``MOVING``."""
    return list(zip(*(prepared.index.get_level_values(name) for name in MOVING), strict=True))


def factors(
    rows: list[tuple],
    levers: Mapping[str, np.ndarray],
    lines: Multiples | None = None,
    stated: Mapping[str, float] | None = None,
    starts: Collection[str] = (),
) -> tuple[np.ndarray, list[int]]:
    """Return what prepared rows are multiplied by under each draw.

    Parameters
    ----------
    rows : list of tuple
        Labels of prepared rows, as :func:`moving` returns them.
    levers : mapping of array
        ``realisation`` (share of each saving that is realised [fraction]), ``delay_years``,
        ``overrun`` and ``running_cost_change`` (over plan [fraction of plan]), and the slips of
        tasks [years]; each an array of one value a draw. One draw is the deterministic case.
    lines : dict of array, optional
        By flow and name of a line: the multiple of its planned amount, one value a draw. What
        outsiders are charged moves with what it costs to serve them.
    stated : mapping, optional
        The levers for these lines, and for rows of these starts: what is drawn for a line itself, or
        for the task that it starts with, is not drawn once more with its lever.
    starts : collection of str, optional
        Slips that are drawn.

    Returns
    -------
    array, factor by draw
        The factors that differ: many rows have the same.
    list of int
        Which of them each row has.
    """
    lines, draws = lines or {}, len(levers["realisation"])
    charged = {
        ("income", line): ("income_cost", line) for flow, line in lines if flow == "income_cost"
    }
    at = stated or levers
    drawn, fixed = sizes(levers), sizes(at)

    def moved(lever: str, lag: float, start: str, is_own: bool) -> np.ndarray:
        factor = np.ones(draws) * (fixed if is_own else drawn).get(lever, 1.0)
        delay = (at if start in starts else levers)["delay_years"] + np.zeros(draws)
        late = levers[start] if start else 0.0
        if lever == LATE:
            return np.maximum(0.0, delay + late - lag)
        recurs = lever not in (FIXED, "one_off_cost")
        if start or recurs:
            total = late + (delay if recurs else 0.0)
            factor *= np.maximum(0.0, 1.0 - np.abs(total - lag))
        return factor

    alike: dict[tuple, int] = {}
    of_rows = []
    for lever, lag, flow, line, start in rows:
        own = charged.get((flow, line), (flow, line))
        key = lever, lag, start, own if own in lines else None
        of_rows.append(alike.setdefault(key, len(alike)))
    result = np.empty((len(alike), draws))
    for place, (lever, lag, start, line) in enumerate(alike):
        factor = moved(lever, lag, start, line is not None)
        result[place] = factor if line is None else factor * lines[line]
    return result, of_rows


def sizes(levers: Mapping[str, Any]) -> dict[str, Any]:
    """Return by what each lever multiplies the rows that it moves, a delay aside."""
    return {
        "saving": levers["realisation"],
        "one_off_cost": 1 + levers["overrun"],
        "running_cost": 1 + levers["running_cost_change"],
    }


def scenario_flows(prepared: pd.DataFrame, levers: dict[str, float]) -> pd.DataFrame:
    """Apply one setting of the levers to prepared flows.

    Returns
    -------
    DataFrame, ``LABELS`` by financial year
        Amounts [£].

    Examples
    --------
    >>> plan = pd.DataFrame([[0.0, 100.0]], columns=[2026, 2027], index=pd.MultiIndex.from_tuples(
    ...     [("saving", "posts", "pay", "revenue", "cash", 0.0, "", "North")], names=LABELS))
    >>> setting = {"realisation": 0.5, "delay_years": 0.0, "overrun": 0.0, "running_cost_change": 0.0}
    >>> scenario_flows(levered(plan), setting).iloc[0].tolist()
    [0.0, 50.0]
    """
    one_draw = {name: np.array([value]) for name, value in levers.items()}
    found, of_rows = factors(moving(prepared), one_draw)
    labels = (label[: len(LABELS)] for label in prepared.index)
    changed = prepared.to_numpy(float) * found[of_rows]
    return _frame(labels, changed, LABELS, prepared.columns)


class Linear(NamedTuple):
    """Saving less cost as what it is: a sum of rows, each multiplied by a factor of the levers.

    Attributes
    ----------
    rows : list of tuple
        Labels of the rows, as :func:`factors` needs them.
    amounts : array, row by partner by financial year
        What each adds before it is multiplied [£].
    """

    rows: list[tuple]
    amounts: np.ndarray

    def net(
        self,
        levers: Mapping[str, np.ndarray],
        lines: Multiples | None = None,
        stated: Mapping[str, float] | None = None,
        starts: Collection[str] = (),
    ) -> np.ndarray:
        """Return saving less cost under every draw of the levers, draw by partner by year [£].

        All draws are one matrix product, of the rows that are multiplied alike added up.
        """
        found, of_rows = factors(self.rows, levers, lines, stated, starts)
        alike = np.zeros((len(found), math.prod(self.amounts.shape[1:])))
        np.add.at(alike, of_rows, self.amounts.reshape(len(of_rows), alike.shape[1]))
        return (found.T @ alike).reshape(found.shape[1], *self.amounts.shape[1:])


def linear(prepared: pd.DataFrame, partners: list[str]) -> Linear:
    """Return prepared flows as the rows that are moved alike, of these partners.

    Parameters
    ----------
    prepared : DataFrame, ``LABELS`` and ``LEVERS`` by financial year
        Flows that :func:`levered` returned.
    partners : list of str
        The order of the partners.
    """
    flows, of = (prepared.index.get_level_values(name) for name in ("flow", "partner"))
    signed = prepared.to_numpy(float) * flows.map(SIGNS).to_numpy(float)[:, None]
    places: dict[tuple, int] = {}
    alike = np.array([places.setdefault(row, len(places)) for row in moving(prepared)], int)
    amounts = np.zeros((len(places), len(partners), prepared.shape[1]))
    partner = pd.Index(partners).get_indexer(of)
    known = partner >= 0
    np.add.at(amounts, (alike[known], partner[known]), signed[known])
    return Linear(list(places), amounts)


def net_with_floor(
    net_of: Callable[[Selection], np.ndarray], floor: str, select: Selection
) -> np.ndarray:
    """Return the net flow of many draws, with what a no-detriment floor moves in cash.

    Parameters
    ----------
    net_of : callable
        Returns saving less cost of a selection of the flows, draw by partner by financial year [£].
    floor : {'none', 'by_year', 'over_term'}
        The scenario's floor.
    select : callable
        The selection that is wanted.
    """
    net = net_of(select)
    if floor == "none":
        return net
    return net + no_detriment_transfers(net_of(still_to_find), floor)


def of_members(flows: pd.DataFrame, members: pd.DataFrame) -> pd.DataFrame:
    """Return flows of partners in the years in which they take part, nil in all other years [£].

    Parameters
    ----------
    flows : DataFrame, with a level ``partner``, by financial year
        Amounts [£].
    members : DataFrame of bool, partner by financial year
        Who takes part when.
    """
    takes_part = members.loc[flows.index.get_level_values("partner")].to_numpy()
    return pd.DataFrame(np.where(takes_part, flows, 0.0), flows.index, flows.columns)


def after_withdrawals(
    prepared: pd.DataFrame, stays: pd.DataFrame, shares: pd.DataFrame, terms: Mapping[str, float]
) -> pd.DataFrame:
    """Return prepared flows when partners leave.

    A leaver's flows stop: it neither saves nor pays, and is back to what it would do otherwise. The
    fixed part of what it paid for the service stays to be paid: by itself as its terms say, and by
    those that are still members. It moves with the same levers as the cost that it is part of.

    Parameters
    ----------
    prepared : DataFrame, ``LABELS`` and ``LEVERS`` by financial year
        Flows that :func:`levered` returned, with what each leaver pays for the service in rows of
        the flow ``service_cost`` (see :func:`service_cost_rows`).
    stays : DataFrame of bool, partner by financial year
        Whether a partner has not left yet.
    shares : DataFrame, partner by financial year
        How the members of each year divide what falls on them [fraction].
    terms : mapping
        The terms of leaving that :func:`borne_by_leaver` needs, and ``stranded_fraction``.
    """
    flow = prepared.index.get_level_values("flow")
    service, kept = prepared[flow == SERVICE], of_members(prepared[flow != SERVICE], stays)
    parts = [kept]
    for leaver in stays.index[~stays.all(axis="columns")]:
        gone = ~stays.loc[leaver]
        own = service[service.index.get_level_values("partner") == leaver]
        left = own.mul(gone * terms["stranded_fraction"], axis="columns")
        planned = left[left.index.get_level_values("lag") == 0].sum()  # what a cap is held against
        by_leaver = borne_by_leaver(planned, gone, terms)
        bearers = shares.mul(1 - by_leaver, axis="columns")
        bearers.loc[leaver] = by_leaver
        parts += [
            _stranded(left.mul(share, axis="columns"), name, leaver)
            for name, share in bearers.iterrows()
            if share.any()
        ]
    return pd.concat(parts)


def borne_by_leaver(stranded: pd.Series, gone: pd.Series, terms: Mapping[str, float]) -> pd.Series:
    """Return the part of what it strands that a leaver pays itself, by financial year [fraction].

    All of it for ``notice_years``; then ``leaver_share`` of it for ``leaver_months`` more; and no
    more in all than ``leaver_cap`` [£], held against the cost as planned.

    Examples
    --------
    >>> cost, gone = pd.Series(100.0, index=[2026, 2027, 2028]), pd.Series([False, True, True])
    >>> terms = {"notice_years": 0, "leaver_share": 0.75, "leaver_months": 18, "leaver_cap": 1000.0}
    >>> borne_by_leaver(cost, gone.set_axis(cost.index), terms).tolist()
    [0.0, 0.75, 0.375]
    """
    since = gone.cumsum() - 1  # whole years, negative while it stays
    in_notice = gone & (since < terms["notice_years"])
    months = (terms["leaver_months"] - 12 * (since - terms["notice_years"])).clip(0, 12)
    part = (
        (months / 12 * terms["leaver_share"]).where(gone & ~in_notice, 0.0).where(~in_notice, 1.0)
    )
    paid = float((part * stranded).sum())
    return part * min(1.0, terms["leaver_cap"] / paid) if paid > 0 else part


def positions_if_ended(
    net: pd.DataFrame,
    service: pd.DataFrame,
    rates: pd.Series,
    members: pd.DataFrame,
    terms: Mapping[str, float],
) -> pd.DataFrame:
    """Return where each partner would stand if the service ended at the end of each year [£].

    The present value of its flows until then, less what its terms of leaving cost it afterwards: the
    part of the last year's running cost that stays to be paid, for as long as it must carry it, and
    its exit charge. Nobody is left to carry the rest, or to be paid.

    Parameters
    ----------
    net : DataFrame, partner by financial year
        Saving less cost [£].
    service : DataFrame, partner by financial year
        What each pays for the service [£].
    rates : Series by financial year
        Discount rates [fraction a year]; the last holds for the years after.
    members : DataFrame of bool, partner by financial year
        Who takes part when; a partner that has left already pays nothing more.
    terms : mapping
        Terms of leaving, as :func:`after_withdrawals` has them.

    Returns
    -------
    DataFrame, partner by financial year
        Present values [£]; those of the last year are the net present values where leaving costs
        nothing.
    """
    after = int(terms["notice_years"] + np.ceil(terms["leaver_months"] / 12)) or 1
    numbers = pd.RangeIndex(after)
    part = borne_by_leaver(
        pd.Series(1.0, numbers), pd.Series(True, numbers), {**terms, "leaver_cap": np.inf}
    ).to_numpy()
    growth = 1 + rates.to_numpy(float)
    growth[0] = 1.0
    factors = 1 / np.append(growth, np.full(after, growth[-1])).cumprod()
    left = service.to_numpy(float) * terms["stranded_fraction"]
    with np.errstate(divide="ignore", invalid="ignore"):
        within = np.minimum(1.0, np.nan_to_num(terms["leaver_cap"] / (left * part.sum()), nan=1.0))
    years = np.arange(net.shape[1])
    later = sum(part[k] * factors[years + 1 + k] for k in range(after))
    cost = left * within * later + terms["exit_charge"] * factors[years + 1]
    until = (net * factors[years]).cumsum(axis="columns")
    return until - cost * members.loc[net.index].to_numpy()


def break_even_year(positions: pd.Series) -> int | None:
    """Return the first year at whose end, and at every later one, a position isn't below nil.

    Examples
    --------
    >>> break_even_year(pd.Series({2026: -5.0, 2027: 1.0, 2028: -1.0, 2029: 3.0}))
    2029
    """
    below = positions.index[positions.round(2) < 0]
    later = positions.index if below.empty else positions.index[positions.index > below[-1]]
    return None if later.empty else int(later[0])


def position_on(positions: pd.DataFrame, date: dt.date) -> pd.Series:
    """Return where each partner stands on a date, between the ends of two years in proportion [£]."""
    year = financial_year(date)
    begins = year_start(year)
    part = (date - begins).days / (year_start(year + 1) - begins).days
    ends = positions.reindex(columns=[year - 1, year], fill_value=0.0)
    return ends[year - 1] * (1 - part) + ends[year] * part


def _stranded(flows: pd.DataFrame, partner: str, leaver: str) -> pd.DataFrame:
    labels = flows.index.to_frame(index=False).assign(
        flow="stranded_cost",
        line=f"left by {leaver}",
        inflation=PRICES,
        funding="revenue",
        counts=CASH,
        growth=0.0,
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
        flow=SERVICE, line="present cost", inflation=PRICES, funding="revenue", counts=CASH,
        growth=0.0, start="", lever=FIXED, lag=0.0,
    )  # fmt: skip
    baseline.index = pd.MultiIndex.from_frame(labels[prepared.index.names])
    return pd.concat([baseline, _relabelled(-saving, SERVICE)])


def _relabelled(flows: pd.DataFrame, flow: str) -> pd.DataFrame:
    labels = flows.index.to_frame(index=False).assign(flow=flow)
    return flows.set_axis(pd.MultiIndex.from_frame(labels), axis="index")


def no_detriment_transfers(net: np.ndarray, floor: str = BY_YEAR) -> np.ndarray:
    """Return what partners pay each other so that nobody is out of pocket, in a year or in all.

    A partner that is below zero is paid up to zero by those above zero, in proportion to what they
    are ahead; where that is not enough, all of it is paid out in proportion. Over the term, it is
    the sum of all years that is made good, in the last of them.

    Parameters
    ----------
    net : array, ... by partner by financial year
        Saving less cost, in cash [£].
    floor : {'by_year', 'over_term'}
        Whether each year is made good, or the sum of all.

    Returns
    -------
    array of the same shape
        Received less paid [£]; adds up to zero over the partners.

    Examples
    --------
    >>> no_detriment_transfers(np.array([[-30.0], [40.0], [20.0]])).ravel().tolist()
    [30.0, -20.0, -10.0]
    >>> no_detriment_transfers(np.array([[-30.0, 10.0], [40.0, 20.0]]), "over_term").tolist()
    [[0.0, 20.0], [0.0, -20.0]]
    """
    if floor == OVER_TERM:
        moved = np.zeros_like(net)
        moved[..., -1:] = no_detriment_transfers(net.sum(axis=-1, keepdims=True))
        return moved
    ahead, behind = np.maximum(net, 0.0), np.maximum(-net, 0.0)
    total_ahead = ahead.sum(axis=-2, keepdims=True)
    total_behind = behind.sum(axis=-2, keepdims=True)
    moved = np.minimum(total_ahead, total_behind)
    received = behind * np.divide(
        moved, total_behind, out=np.zeros_like(moved), where=total_behind > 0
    )
    paid = ahead * np.divide(moved, total_ahead, out=np.zeros_like(moved), where=total_ahead > 0)
    return received - paid


def transfer_rows(net: pd.DataFrame, floor: str) -> pd.DataFrame:
    """Return the transfers of a no-detriment floor as flows of their own, received less paid [£]."""
    moved = no_detriment_transfers(net.to_numpy(), floor)
    rows = dict(zip(net.index, moved, strict=True))
    paid = {("no_detriment_transfer", name): row for name, row in rows.items()}
    return _between_partners(paid, "no-detriment floor", list(net.columns))


def fees(kind: str, payer: str, amount: float, year: int, shares: pd.DataFrame) -> pd.DataFrame:
    """Return what a partner pays the others on entry or exit, and what they get, prepared flows [£].

    Parameters
    ----------
    kind : {'entry', 'exit'}
        What it is paid for.
    payer : str
        Who pays.
    amount : float
        What it pays [£].
    year : int
        Financial year in which it is paid.
    shares : DataFrame, partner by financial year
        How the others divide it [fraction].
    """
    due = pd.Series(0.0, index=shares.columns)
    due[year] = amount
    paid, got = ("entry_fee", "entry_receipt") if kind == "entry" else ("exit_cost", "exit_receipt")
    rows = {(paid, payer): due}
    rows |= {(got, name): part for name, part in apportioned(due, shares).iterrows()}
    return levered(_between_partners(rows, f"{kind} charge", list(shares.columns)))


def _between_partners(
    rows: Mapping[tuple[str, str], Any], line: str, years: list[int]
) -> pd.DataFrame:
    """Return payments between partners as flows, from amounts by flow and partner [£]."""
    labels = [(flow, line, PRICES, "revenue", CASH, 0.0, "", name) for flow, name in rows]
    table = pd.DataFrame(list(rows.values()), columns=pd.Index(years, name="year"))
    return table.set_axis(pd.MultiIndex.from_tuples(labels, names=LABELS), axis="index")


def compared(option: str, prepared: pd.DataFrame) -> pd.DataFrame:
    """Return another option's prepared flows as what would happen otherwise, to be held against.

    They stand as planned: the levers bear on the option that is appraised.

    Parameters
    ----------
    option : str
        The other option's letter.
    prepared : DataFrame, ``LABELS`` and ``LEVERS`` by financial year
        Its flows.

    Returns
    -------
    DataFrame, ``LABELS`` and ``LEVERS`` by financial year
        Its saving less recurring cost in rows of ``comparator_saving``, and what it spends once,
        less what it receives, in rows of ``comparator_one_off`` [£].
    """
    labels = prepared.index.to_frame(index=False)
    once = labels["flow"].isin(ONE_OFF)
    sign = labels["flow"].map(SIGNS).where(~once, -labels["flow"].map(SIGNS))
    labels = labels.assign(
        flow=once.map({True: "comparator_one_off", False: "comparator_saving"}),
        line=once.map({True: "One-off cost of option ", False: "Saving of option "}) + option,
        start="",
        lever=FIXED,
    )
    rows = labels.itertuples(index=False, name=None)
    amounts = prepared.to_numpy(float) * sign.to_numpy(float)[:, None]
    return _frame(rows, amounts, prepared.index.names, prepared.columns)


def making_no_difference(prepared: pd.DataFrame) -> pd.DataFrame:
    """Return the comparator's own prepared flows: budgets see its money, and it is worth nothing more."""
    labels = prepared.index.to_frame(index=False)
    is_money = (labels["counts"] != TIME).to_numpy()
    labels["counts"] = labels["counts"].replace(CASH, ALIKE)
    return prepared.set_axis(pd.MultiIndex.from_frame(labels), axis="index")[is_money]


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


def economic(flows: pd.DataFrame) -> pd.DataFrame:
    """Return the flows that a decision can still change, time included."""
    return flows[flows.index.get_level_values("counts").isin([CASH, TIME])]


def cash(flows: pd.DataFrame) -> pd.DataFrame:
    """Return the flows that a decision can still change and that are money."""
    return flows[flows.index.get_level_values("counts") == CASH]


def budget(flows: pd.DataFrame) -> pd.DataFrame:
    """Return the flows of money beside today's budgets, sunk cost included."""
    is_money = flows.index.get_level_values("counts") != TIME
    return flows[is_money & ~flows.index.get_level_values("flow").isin(COMPARED)]


def counterfactual(flows: pd.DataFrame) -> pd.DataFrame:
    """Return what the present service would have cost."""
    return flows[flows.index.get_level_values("flow") == "counterfactual_cost"]


def running(flows: pd.DataFrame) -> pd.DataFrame:
    """Return the running cost of the service, with what those that left have left behind."""
    return flows[flows.index.get_level_values("flow").isin(["running_cost", "stranded_cost"])]


def still_to_find(flows: pd.DataFrame) -> pd.DataFrame:
    """Return the flows of money beside today's budgets that are not spent yet."""
    flows = budget(flows)
    return flows[flows.index.get_level_values("counts") != SUNK]


def one_off_costs(flows: pd.DataFrame) -> pd.DataFrame:
    """Return what is spent once, entry and exit included and less their receipts, partner by year [£]."""
    return -net_flows(flows[flows.index.get_level_values("flow").isin(SPENT_ONCE)])


def receipts(flows: pd.DataFrame) -> pd.DataFrame:
    """Return grants, other receipts and residual value, partner by financial year [£]."""
    return net_flows(flows[flows.index.get_level_values("flow").isin(RECEIVED)])


def net_flows(flows: pd.DataFrame) -> pd.DataFrame:
    """Return saving less cost, partner by financial year [£].

    Examples
    --------
    >>> rows = [("saving", "posts", "pay", "revenue", "cash", 0.0, "", "North"),
    ...         ("one_off_cost", "move", "prices", "capital", "cash", 0.0, "", "North")]
    >>> flows = pd.DataFrame([[0.0, 100.0], [30.0, 0.0]], columns=[2026, 2027],
    ...                      index=pd.MultiIndex.from_tuples(rows, names=LABELS))
    >>> net_flows(flows).loc["North"].tolist()
    [-30.0, 100.0]
    """
    sign = flows.index.get_level_values("flow").map(SIGNS).astype(float)
    return flows.mul(sign, axis="index").groupby(level="partner", sort=False).sum()


def gross_savings(flows: pd.DataFrame) -> pd.DataFrame:
    """Return savings before one-off cost, partner by financial year [£].

    Savings are the saving lines less extra cost, plus what the new running cost is below the
    counterfactual cost, plus income less what it costs, less stranded cost, less what would be saved
    otherwise.
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
    runs = _runs(flow_lines, years) * flow_lines[["year_fraction"]].to_numpy(float)
    parts = _late(runs, flow_lines)
    return pd.Series(parts.max(axis=0, initial=0.0), index=years)
