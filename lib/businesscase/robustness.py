"""How firmly an option leads: switching weights, rank acceptability, dominance, other methods."""

import numpy as np
import pandas as pd

from businesscase.options import weighted_scores

ROUNDING = 9  # decimal places to which weighted scores are compared, so that ties are ties


def switching_weights(scores: pd.DataFrame, weights: pd.Series) -> pd.DataFrame:
    """Return, for each factor, the nearest weight at which the winner changes, and to whom.

    One factor's share of the weight moves; the others keep their proportions to each other. The
    options' weighted scores are then straight lines in that share, so the crossing is exact.

    Parameters
    ----------
    scores : DataFrame, option by factor
        Scores on one scale; higher is better.
    weights : Series, index factor
        Weights, not below zero; only their ratio matters.

    Returns
    -------
    DataFrame, index factor
        ``share`` (stated share of the weight [fraction]), ``switching_share`` [fraction, NaN if no
        share from 0 to 1 changes the winner] and ``new_winner``.

    References
    ----------
    HM Treasury, The Green Book: switching values.

    Examples
    --------
    >>> table = pd.DataFrame({"cost": [4.0, 2.0], "control": [1.0, 5.0]}, index=["a", "b"])
    >>> found = switching_weights(table, pd.Series({"cost": 80.0, "control": 20.0}))
    >>> found.loc["cost", "switching_share"].round(6).item(), found.loc["cost", "new_winner"]
    (0.666667, 'b')
    """
    share = (weights / weights.sum()).reindex(scores.columns)
    winner = weighted_scores(scores, weights).round(ROUNDING).idxmax()
    rows = {factor: _nearest_switch(scores, share, factor, winner) for factor in scores.columns}
    table = pd.DataFrame.from_dict(
        rows, orient="index", columns=["switching_share", "new_winner"]
    ).rename_axis("factor")
    table.insert(0, "share", share)
    return table


def _nearest_switch(
    scores: pd.DataFrame, share: pd.Series, factor: str, winner: str
) -> tuple[float, str]:
    others = share.drop(factor)
    if others.sum() == 0:
        return np.nan, ""
    on_factor = scores[factor]
    on_others = (scores[others.index] * (others / others.sum())).sum(axis="columns")
    lead_on_factor = on_factor[winner] - on_factor.drop(winner)
    lead_on_others = on_others[winner] - on_others.drop(winner)
    slope = lead_on_factor - lead_on_others
    crossing = (-lead_on_others / slope.where(slope.abs() > 10**-ROUNDING)).dropna()
    # at a share of exactly 0 or 1 the two only tie
    crossing = crossing[(crossing > 10**-ROUNDING) & (crossing < 1 - 10**-ROUNDING)]
    below = crossing[crossing <= share[factor]]
    above = crossing[crossing > share[factor]]
    candidates = [side.loc[[pick(side)]] for side, pick in ((below, pd.Series.idxmax), (above, pd.Series.idxmin)) if len(side)]  # fmt: skip
    if not candidates:
        return np.nan, ""
    nearest = pd.concat(candidates)
    option = (nearest - share[factor]).abs().idxmin()
    return float(nearest[option]), option


def any_weights(factors: int, draws: int, seed: int) -> np.ndarray:
    """Return weightings drawn evenly from all that add up to 1, draw by factor [fraction]."""
    exponential = np.random.default_rng(seed).standard_exponential((draws, factors))
    return exponential / exponential.sum(axis=1, keepdims=True)


def ordered_weights(weights: pd.Series, draws: int, seed: int) -> np.ndarray:
    """Return weightings that keep the stated order of the factors, draw by factor [fraction].

    Factors with equal stated weights may come in either order.
    """
    drawn = np.sort(any_weights(len(weights), draws, seed), axis=1)[:, ::-1]
    tie_breaks = np.random.default_rng([seed, 1]).random((draws, len(weights)))
    order = np.lexsort((tie_breaks, -np.tile(weights.to_numpy(float), (draws, 1))), axis=1)
    placed = np.empty_like(drawn)
    np.put_along_axis(placed, order, drawn, axis=1)
    return placed


def nearby_weights(weights: pd.Series, band: float, draws: int, seed: int) -> np.ndarray:
    """Return weightings with each weight within a band around the stated one [fraction].

    Parameters
    ----------
    band : float
        How far each weight may move, as a fraction of itself, before all are brought to sum to 1.
    """
    shift = np.random.default_rng(seed).uniform(1 - band, 1 + band, (draws, len(weights)))
    moved = weights.to_numpy(float) * shift
    return moved / moved.sum(axis=1, keepdims=True)


def ranks_by_draw(scores: np.ndarray, weightings: np.ndarray) -> np.ndarray:
    """Return the rank of each option under each weighting, draw by option; 1 is best.

    Options with equal scores share the better rank.

    Examples
    --------
    >>> ranks_by_draw(np.array([[4.0, 1.0], [2.0, 5.0]]), np.array([[0.8, 0.2], [0.5, 0.5]]))
    array([[1, 2],
           [2, 1]], dtype=int8)
    """
    worth = np.ascontiguousarray((weightings @ scores.T).T.round(ROUNDING))
    ranks = np.ones(worth.shape, dtype=np.int8)
    for rival in worth:
        ranks += rival > worth
    return ranks.T


def rank_acceptability(scores: pd.DataFrame, weightings: np.ndarray) -> pd.DataFrame:
    """Return the share of weightings under which each option takes each rank.

    Returns
    -------
    DataFrame, option by rank
        Shares [fraction]; a row adds up to 1.

    References
    ----------
    Lahdelma, Hokkanen and Salminen (1998), stochastic multiobjective acceptability analysis.
    """
    ranks = ranks_by_draw(scores.to_numpy(float), weightings)
    places = range(1, len(scores) + 1)
    table = {place: (ranks == place).mean(axis=0) for place in places}
    return pd.DataFrame(table, index=scores.index)


def central_weights(scores: pd.DataFrame, weightings: np.ndarray) -> pd.DataFrame:
    """Return the mean weighting under which each option comes first, option by factor [fraction].

    It is the typical opinion that favours the option; NaN for an option that never comes first.
    """
    first = ranks_by_draw(scores.to_numpy(float), weightings) == 1
    with np.errstate(invalid="ignore"):
        mean = first.T.astype(float) @ weightings / first.sum(axis=0)[:, None]
    return pd.DataFrame(mean, index=scores.index, columns=scores.columns)


def dominated_options(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the options that another beats or equals on every factor, and which does.

    Examples
    --------
    >>> table = pd.DataFrame({"cost": [4.0, 2.0], "control": [4.0, 4.0]}, index=["a", "b"])
    >>> dominated_options(table).to_dict("records")
    [{'option': 'b', 'dominated_by': 'a'}]
    """
    values = scores.to_numpy(float)
    at_least = (values[:, None, :] >= values[None, :, :]).all(axis=2)
    better = (values[:, None, :] > values[None, :, :]).any(axis=2)
    found = [
        {
            "option": scores.index[loser],
            "dominated_by": ", ".join(scores.index[(at_least & better)[:, loser]]),
        }
        for loser in range(len(scores))
        if (at_least & better)[:, loser].any()
    ]
    return pd.DataFrame(found, columns=["option", "dominated_by"])


def without_each_assessor(scores: pd.DataFrame, weights: pd.Series) -> pd.DataFrame:
    """Return the winner when each assessor's scores are left out.

    Parameters
    ----------
    scores : DataFrame
        Rows of scores.csv: ``option``, ``factor``, ``assessor``, ``score``.
    """
    rows = []
    for assessor in scores["assessor"].unique():
        rest = scores[scores["assessor"] != assessor]
        table = rest.pivot_table(index="option", columns="factor", values="score", aggfunc="mean")
        if table.shape != (
            scores["option"].nunique(),
            scores["factor"].nunique(),
        ) or table.isna().any(axis=None):
            continue  # nobody else scored every option on every factor
        score = weighted_scores(table, weights)
        rows.append(
            {"left_out": assessor, "winner": score.round(ROUNDING).idxmax(), "score": score.max()}
        )
    return pd.DataFrame(rows, columns=["left_out", "winner", "score"])


def disagreement(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the range of the assessors' scores, option by factor [score]."""
    cells = scores.groupby(["option", "factor"], sort=False)["score"]
    return (cells.max() - cells.min()).unstack("factor")


def other_methods(
    scores: pd.DataFrame, weights: pd.Series, lowest: float, highest: float
) -> pd.DataFrame:
    """Return the ranks of the options by TOPSIS and PROMETHEE II, beside the weighted sum.

    All three use scores brought to 0 to 1 on the declared scale, because normalising by the
    options at hand can change the winner when an option is added. PROMETHEE II uses the usual
    preference function.

    Returns
    -------
    DataFrame, option by method
        Ranks, 1 the best.
    """
    from pymcdm.methods import PROMETHEE_II, TOPSIS  # slow to import, used in one place

    on_scale = ((scores - lowest) / (highest - lowest)).to_numpy(float)
    share = (weights / weights.sum()).reindex(scores.columns).to_numpy(float)
    benefit = np.ones(scores.shape[1])

    def as_given(column: np.ndarray, cost: bool = False) -> np.ndarray:
        return column

    methods = {
        "weighted_sum": on_scale @ share,
        "topsis": TOPSIS(normalization_function=as_given)(on_scale, share, benefit),
        "promethee_ii": PROMETHEE_II("usual")(on_scale, share, benefit),
    }
    table = pd.DataFrame(methods, index=scores.index)
    return table.round(ROUNDING).rank(ascending=False, method="min").astype(int)


def findings(factors: pd.DataFrame, scores: pd.DataFrame) -> list[str]:
    """Return what is wrong or weak in the scoring itself, one sentence each.

    Parameters
    ----------
    factors : DataFrame
        Rows of factors.csv: ``factor``, ``weight``.
    scores : DataFrame
        Rows of scores.csv: ``option``, ``factor``, ``assessor``, ``score``.
    """
    found = []
    total = factors["weight"].sum()
    if abs(total - 100) > 10**-ROUNDING:
        found.append(f"the weights add up to {total:g}, not 100; only their ratio is used")
    for factor, rows in scores.groupby("factor", sort=False):
        if rows.groupby("option")["score"].mean().nunique() == 1:
            found.append(f"{factor} does not discriminate: every option scores alike")
    if scores["assessor"].nunique() == 1:
        found.append("one assessor scored everything, so disagreement can't be shown")
    return found
