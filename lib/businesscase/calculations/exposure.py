"""What the risks of a register may cost: the expected cost, and what a contingency must hold.

The convention. A likelihood word stands for a range of chances that the risk happens at all during
the years of its cost rows. If it happens, each of its rows costs, in each of its financial years,
an amount between low and high, most likely the one in between (triangular; the mean is a third of
the three together). The expected cost is the middle of the range of chances times the mean cost.
A draw takes a chance from the range, lets the risk happen or not in all its years at once, and
takes one level between low and high for all its rows and years: what turns out dear is dear
throughout. Risks of a common cause happen, and are dear, together; others are independent.

A row of cost is a frame with ``risk``, ``partner``, ``first_year``, ``last_year``, ``low_gbp``,
``most_likely_gbp``, ``high_gbp`` and ``cost_line``; what it costs is positive.
"""

import math
from collections.abc import Mapping

import numpy as np
import pandas as pd

from businesscase.calculations import uncertainty
from businesscase.calculations.apportionment import SHARED

ESTIMATES = ["low_gbp", "most_likely_gbp", "high_gbp"]
CHANCES = ["lowest_probability", "highest_probability"]
LEVELS = (50, 80, 90)  # percentiles of the cost that a contingency may be held at
LEAST = 1e-6  # level of a risk that happens as cheaply as it can
TAIL = 80  # the level beyond which a risk's part in a bad outcome is measured
COSTED_RISK, OPTIMISM_BIAS, NEITHER = "costed risk", "optimism bias", "neither"
REALISED = "the scenario itself"  # what a scenario has made true is in its flows


def costs_at(costs: pd.DataFrame, position: str) -> pd.DataFrame:
    """Return the rows that hold at a position.

    Parameters
    ----------
    costs : DataFrame
        Rows of cost, with ``position`` inherent or residual.
    position : str
        ``inherent`` (without responses) or ``residual`` (with them): a risk without a residual row
        then costs what it costs without its response.

    Examples
    --------
    >>> costs = pd.DataFrame({"risk": [1, 1, 2], "low_gbp": [9.0, 3.0, 5.0],
    ...                       "position": ["inherent", "residual", "inherent"]})
    >>> costs_at(costs, "residual")["low_gbp"].tolist()
    [3.0, 5.0]
    """
    by = {name: costs[costs["position"] == name] for name in ("inherent", "residual")}
    if position == "inherent":
        return by["inherent"]
    kept = by["inherent"][~by["inherent"]["risk"].isin(by["residual"]["risk"])]
    return pd.concat([by["residual"], kept]).sort_index()


def with_chances(
    costs: pd.DataFrame, words: pd.Series, probabilities: pd.DataFrame
) -> pd.DataFrame:
    """Return rows of cost with the range of chances of their risk; those without a word are left out.

    Parameters
    ----------
    costs : DataFrame
        Rows of cost.
    words : Series, index risk
        Likelihood word of each risk, blank if it is not placed.
    probabilities : DataFrame
        ``level`` and the range that it stands for, ``lowest_probability`` and
        ``highest_probability`` [fraction].
    """
    ranges = probabilities.set_index("level")[CHANCES]
    level = costs["risk"].map(words).fillna("")
    known = level.isin(ranges.index)
    return costs[known].assign(
        **{name: level[known].map(ranges[name]).astype(float) for name in CHANCES}
    )


def while_member(costs: pd.DataFrame, partner: str, years: list[int]) -> pd.DataFrame:
    """Return rows of cost with those of a partner only in the years in which it takes part.

    Examples
    --------
    >>> costs = pd.DataFrame({"partner": ["North", "North", "South"],
    ...                       "first_year": [2026, 2028, 2026], "last_year": [2030, 2030, 2030]})
    >>> while_member(costs, "North", [2026, 2027])["last_year"].tolist()
    [2027, 2030]
    """
    own = costs["partner"] == partner
    if not years:
        return costs[~own]
    limited = costs.assign(
        first_year=costs["first_year"].mask(own, costs["first_year"].clip(lower=min(years))),
        last_year=costs["last_year"].mask(own, costs["last_year"].clip(upper=max(years))),
    )
    return limited[limited["first_year"] <= limited["last_year"]]


def counted_by(cost_lines: pd.Series, lines: set[str], raised: set[str]) -> pd.Series:
    """Return by what each row of cost is counted, so that no money is counted twice.

    Parameters
    ----------
    cost_lines : Series
        Line of flows.csv that a row would add to, blank if none.
    lines : set of str
        Lines of the option that is appraised.
    raised : set of str
        Lines that the scenario raises for optimism bias.

    Returns
    -------
    Series
        ``costed risk``; ``optimism bias`` where that raises the line; ``neither`` where the option
        does not spend the line.

    References
    ----------
    HM Treasury supplementary guidance on optimism bias: the uplift is not put on top of risks that
    are costed.

    Examples
    --------
    >>> counted_by(pd.Series(["", "move", "desk", "tender"]), {"move", "desk"}, {"move"}).tolist()
    ['costed risk', 'optimism bias', 'costed risk', 'neither']
    """
    counted = pd.Series(COSTED_RISK, index=cost_lines.index, dtype=object)
    counted = counted.mask((cost_lines != "") & ~cost_lines.isin(lines), NEITHER)
    return counted.mask(cost_lines.isin(raised), OPTIMISM_BIAS)


def realising(named: str) -> list[str]:
    """Return the parameters that make a risk true, of the text that names them.

    Examples
    --------
    >>> realising("leaves, delay_years"), realising("")
    (['leaves', 'delay_years'], [])
    """
    return [name.strip() for name in named.split(",") if name.strip()]


def chance(costs: pd.DataFrame) -> pd.Series:
    """Return the middle of the range of chances of each row [fraction]."""
    return costs[CHANCES].mean(axis="columns")


def mean_cost(costs: pd.DataFrame) -> pd.Series:
    """Return what each row costs in a year on average, if its risk happens [£ a year].

    Examples
    --------
    >>> mean_cost(pd.DataFrame([(0.0, 10.0, 50.0)], columns=ESTIMATES)).tolist()
    [20.0]
    """
    return costs[ESTIMATES].mean(axis="columns")


def borne(costs: pd.DataFrame, shares: pd.DataFrame) -> np.ndarray:
    """Return who bears each row in which year, row by partner by year [fraction].

    Parameters
    ----------
    costs : DataFrame
        Rows of cost; those of the partner ``shared`` are divided.
    shares : DataFrame, partner by financial year
        Shares [fraction] that add up to 1 in each year; also the years that count.
    """
    years = np.array(list(shares))
    runs = (costs[["first_year"]].to_numpy() <= years) & (years <= costs[["last_year"]].to_numpy())
    is_own = costs["partner"].to_numpy()[:, None] == np.array(list(shares.index), dtype=object)
    is_shared = (costs["partner"] == SHARED).to_numpy()[:, None, None]
    return runs[:, None, :] * np.where(is_shared, shares.to_numpy(float), is_own[:, :, None])


def expected_costs(costs: pd.DataFrame, shares: pd.DataFrame) -> pd.DataFrame:
    """Return the expected cost of each risk to each partner by year, not discounted [£].

    Parameters
    ----------
    costs : DataFrame
        Rows of cost with ``lowest_probability`` and ``highest_probability``.
    shares : DataFrame, partner by financial year
        Shares [fraction] of what is shared.

    Returns
    -------
    DataFrame, risk and partner by financial year
        Chance times mean cost [£].

    Examples
    --------
    >>> costs = pd.DataFrame({"risk": [1], "partner": ["shared"], "first_year": [2026],
    ...     "last_year": [2027], "low_gbp": [0.0], "most_likely_gbp": [100.0], "high_gbp": [200.0],
    ...     "lowest_probability": [0.2], "highest_probability": [0.4]})
    >>> shares = pd.DataFrame(0.5, index=["North", "South"], columns=[2026, 2027, 2028])
    >>> expected_costs(costs, shares).loc[(1, "North")].round(2).tolist()
    [15.0, 15.0, 0.0]
    """
    by_row = (chance(costs) * mean_cost(costs)).to_numpy()[:, None, None] * borne(costs, shares)
    index = pd.MultiIndex.from_product([costs["risk"], shares.index], names=["risk", "partner"])
    table = pd.DataFrame(by_row.reshape(-1, shares.shape[1]), index=index, columns=shares.columns)
    return table.groupby(level=["risk", "partner"], sort=False).sum()


def drawn_levels(
    costs: pd.DataFrame,
    causes: Mapping[int, tuple[str, float]],
    draws: int,
    seed: int,
    number: int = 0,
) -> dict[int, np.ndarray]:
    """Return how badly each risk turns out in each draw [0 to 1], 0 where it doesn't happen.

    Each risk has random numbers of its own, so that it fares alike in every scenario and whatever
    else is in the register.

    Parameters
    ----------
    costs : DataFrame
        Rows of cost with ``lowest_probability`` and ``highest_probability``.
    causes : mapping
        By risk: the cause that it shares, and how closely it follows it [0 to 1].
    draws, seed, number : int
        Draws, their seed, and the number of this chunk of them.
    """
    found = {}
    first = costs.drop_duplicates("risk")[["risk", *CHANCES]]
    for risk, low, high in first.itertuples(index=False, name=None):
        own = uncertainty.own_scores(seed, number, f"risk {risk}", draws, 3)
        cause = causes.get(risk, ("", 0.0))
        scores = uncertainty.with_cause(own[:2], *cause, seed, number)
        chance = low + (high - low) * even(own[2]) if high > low else low
        happens = np.flatnonzero(even(-scores[0]) < chance)
        found[risk] = np.zeros(draws)
        found[risk][happens] = np.maximum(even(scores[1][happens]), LEAST)
    return found


def simulated_costs(
    costs: pd.DataFrame, years_worth: np.ndarray, levels: Mapping[int, np.ndarray], draws: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return what the risks cost in each of some draws.

    Parameters
    ----------
    costs : DataFrame
        Rows of cost.
    years_worth : array, row by partner
        What a pound in each of the row's years is worth to the partner that bears it: discount
        factor times share, summed over the years [years].
    levels : mapping of array
        As :func:`drawn_levels` returns them.

    Returns
    -------
    array, risk by draw
        Discounted cost of each risk, in the order of ``levels`` [£].
    array, partner by draw
        Discounted cost that each partner bears [£].
    """
    drawn = drawn_costs(costs, levels, draws)
    each, numbers = drawn * years_worth.sum(axis=1), costs["risk"].to_numpy()
    by_risk = [each[:, numbers == risk].sum(axis=1) for risk in levels]
    return np.array(by_risk).reshape(len(levels), draws), (drawn @ years_worth).T


def even(scores: np.ndarray) -> np.ndarray:
    """Return normal scores as even numbers [0 to 1]."""
    from scipy.special import ndtr  # slow to import

    return ndtr(scores)


def drawn_costs(costs: pd.DataFrame, levels: Mapping[int, np.ndarray], draws: int) -> np.ndarray:
    """Return what each row of cost comes to in each of its years, draw by row [£ a year].

    Parameters
    ----------
    costs : DataFrame
        Rows of cost.
    levels : dict of array
        By risk: how badly it turns out in each draw, as :func:`drawn_levels` returns it.
    """
    estimates = costs[ESTIMATES].to_numpy(float)
    drawn = [
        costs_at_levels(levels[risk], *row)
        for risk, row in zip(costs["risk"], estimates, strict=True)
    ]
    return np.array(drawn).reshape(len(costs), draws).T


def costs_at_levels(levels: np.ndarray, low: float, likely: float, high: float) -> np.ndarray:
    """Return what a row of cost comes to in a year in each draw [£], nil where the risk doesn't happen.

    Examples
    --------
    >>> costs_at_levels(np.array([0.0, 0.5, 1.0]), 0.0, 10.0, 20.0).tolist()
    [0.0, 10.0, 20.0]
    """
    costs = np.zeros(len(levels))
    happens = np.flatnonzero(levels)
    costs[happens] = uncertainty.triangular(levels[happens].astype(float), low, likely, high)
    return costs


def response_lines(register: pd.DataFrame, costs: pd.DataFrame, decision_year: int) -> pd.DataFrame:
    """Return what responses cost, a line for each row of cost and each lump sum.

    Parameters
    ----------
    register : DataFrame
        Rows of risks.csv; ``response_cost_gbp`` is a lump sum of all partners in the decision year.
    costs : DataFrame
        Rows of cost; those of the position ``response`` are what a response costs each year.

    Returns
    -------
    DataFrame
        ``line``, ``partner``, ``first_year``, ``last_year`` and ``amount_gbp`` [£ a year].
    """
    lump = register[register["response_cost_gbp"] > 0]
    sums = pd.DataFrame({"risk": lump["risk"], "amount_gbp": lump["response_cost_gbp"]})
    sums = sums.assign(partner=SHARED, first_year=decision_year, last_year=decision_year)
    stated = costs[costs["position"] == "response"]
    stated = stated.assign(amount_gbp=stated["most_likely_gbp"])
    columns = ["risk", "partner", "first_year", "last_year", "amount_gbp"]
    lines = pd.concat([part[columns] for part in (sums, stated) if len(part)] or [sums[columns]])
    said = lines["risk"].map(lambda risk: f"Response to risk {risk}")
    return lines.drop(columns="risk").assign(line=said).reset_index(drop=True)


def contingency(totals: np.ndarray) -> pd.Series:
    """Return the cost that is enough in 50, 80 and 90 of a hundred draws [£].

    Examples
    --------
    >>> contingency(np.array([0.0, 0.0, 0.0, 100.0, 100.0])).tolist()
    [0.0, 100.0, 100.0]
    """
    levels = np.percentile(totals, LEVELS)
    return pd.Series(levels, index=[f"p{level}" for level in LEVELS])


def sure_contingency(totals: np.ndarray) -> pd.Series:
    """Return the contingency to no more digits than the error of the draws allows [£]."""
    levels = uncertainty.sure_percentiles(totals, LEVELS)
    return pd.Series(levels, index=[f"p{level}" for level in LEVELS])


def contingency_errors(totals: np.ndarray) -> pd.Series:
    """Return the standard errors of the contingency for want of more draws [£]."""
    errors = uncertainty.percentiles(totals, LEVELS)[1]
    return pd.Series(errors, index=[f"p{level}" for level in LEVELS])


def contributions(by_risk: np.ndarray, risks: list[int]) -> pd.DataFrame:
    """Return each risk's part in the cost on average, and in the fifth of draws that cost most.

    Parameters
    ----------
    by_risk : array, risk by draw
        Discounted cost [£].
    risks : list of int
        The number of each risk.

    Returns
    -------
    DataFrame, index risk
        ``mean_cost`` and ``tail_cost`` (mean of all draws, and of the fifth that cost most [£]),
        ``tail_share`` (part of what those draws cost [fraction]; 0 if they cost nothing).

    Examples
    --------
    >>> contributions(np.array([[10.0, 10.0, 10.0], [0.0, 0.0, 30.0]]), [1, 2])["tail_share"].tolist()
    [0.25, 0.75]
    """
    total = by_risk.sum(axis=0)
    # by rank: with few risks many draws cost the same, and fewer than a fifth cost more than P80
    beyond = np.argsort(-total, kind="stable")[: math.ceil(len(total) * (100 - TAIL) / 100)]
    tail = by_risk[:, beyond].mean(axis=1)
    return pd.DataFrame(
        {
            "mean_cost": by_risk.mean(axis=1),
            "tail_cost": tail,
            "tail_share": tail / tail.sum() if tail.sum() else tail,
        },
        index=pd.Index(risks, name="risk"),
    )
