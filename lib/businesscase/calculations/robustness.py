"""How firmly an option leads: switching weights, rank acceptability, dominance, other methods.

Scores are complete and on one scale here: a missing score and a score off the scale are refused
when a case is read (``validation``).
"""

import numpy as np
import pandas as pd

from businesscase.calculations.options import mean_scores, ranks, weighted_scores

DRAWS = 100_000  # weightings drawn
SEED = 20260401  # so that the same inputs give the same shares
BAND = 0.25  # how far a weight may move from the stated one [fraction of itself]
ROUNDING = 9  # decimal places to which scores are compared, so that ties are ties
FULL_WEIGHT = 100  # what stated weights should add up to
METHODS = {"topsis": "Distance to the ideal (TOPSIS)", "promethee": "Outranking (PROMETHEE II)"}


def leaders(weighted_score: pd.Series) -> str:
    """Return the option that scores highest; more than one if they tie.

    Examples
    --------
    >>> leaders(pd.Series({"a": 2.0, "b": 3.5})), leaders(pd.Series({"a": 2.0, "b": 2.0}))
    ('b', 'a, b')
    """
    place = ranks(weighted_score)
    return ", ".join(map(str, place.index[place == 1]))


# one weight at a time


def switching_weights(scores: pd.DataFrame, weights: pd.Series) -> pd.DataFrame:
    """Return, for each factor, between which weights the winner keeps its lead, and who takes it.

    One factor's share of the weight moves; the others keep their proportions to each other. The
    lead over each rival is then a straight line in that share, so where it is lost is exact.

    Parameters
    ----------
    scores : DataFrame, option by factor
        Scores on one scale; higher is better.
    weights : Series, index factor
        Weights, not below zero; only their ratio matters.

    Returns
    -------
    DataFrame, index factor
        ``share`` (stated share of the weight [fraction]); ``lowest_share`` and ``highest_share``
        between which the winner stays [fraction]; ``winner_below`` and ``winner_above``, blank if
        no share down to 0 or up to 1 changes it; ``switching_share`` and ``new_winner``, the nearer
        of the two changes, NaN and blank if there is none. Of a factor that has all the weight
        nothing can be said, and that counts as none.

    References
    ----------
    HM Treasury, The Green Book (2022): switching values.

    Examples
    --------
    >>> table = pd.DataFrame({"cost": [4.0, 2.0], "control": [1.0, 5.0]}, index=["a", "b"])
    >>> found = switching_weights(table, pd.Series({"cost": 80.0, "control": 20.0}))
    >>> found.loc["cost", "switching_share"].round(6).item(), found.loc["cost", "new_winner"]
    (0.666667, 'b')
    """
    share = (weights / weights.sum()).reindex(scores.columns)
    winner = ranks(weighted_scores(scores, weights)).sort_index().idxmin()
    leads = scores.loc[winner] - scores.drop(index=winner)
    rows = {factor: _switch(leads, share, factor) for factor in scores.columns}
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("factor")


def _switch(leads: pd.DataFrame, share: pd.Series, factor: str) -> dict:
    others = share.drop(factor)
    on_others = leads[others.index] @ (others / (others.sum() or 1.0))
    slope = (leads[factor] - on_others).round(ROUNDING)  # of the lead in the factor's share
    table = pd.DataFrame({"at": (-on_others / slope).round(ROUNDING), "slope": slope})
    table = table if others.sum() else table[:0]
    # a lead that rises with the share is lost below it; where several are lost, the fastest to gain wins
    below = table[(table["slope"] > 0) & table["at"].between(0, 1, inclusive="right")]
    below = below.sort_values(["at", "slope"], ascending=[False, False], kind="stable")
    above = table[(table["slope"] < 0) & table["at"].between(0, 1, inclusive="left")]
    above = above.sort_values(["at", "slope"], ascending=[True, True], kind="stable")
    found = {
        "share": share[factor],
        "lowest_share": below["at"].iloc[0] if len(below) else 0.0,
        "winner_below": below.index[0] if len(below) else "",
        "highest_share": above["at"].iloc[0] if len(above) else 1.0,
        "winner_above": above.index[0] if len(above) else "",
        "switching_share": np.nan,
        "new_winner": "",
    }
    down = share[factor] - found["lowest_share"] if len(below) else np.inf
    up = found["highest_share"] - share[factor] if len(above) else np.inf
    if min(down, up) < np.inf:
        nearer = ("lowest_share", "winner_below") if down <= up else ("highest_share", "winner_above")  # fmt: skip
        found["switching_share"], found["new_winner"] = found[nearer[0]], found[nearer[1]]
    return found


# all weights at once


def any_weights(factors: int, draws: int, seed: int) -> np.ndarray:
    """Return weightings drawn evenly from all that add up to 1, draw by factor [fraction]."""
    exponential = np.random.default_rng(seed).standard_exponential((draws, factors))
    return exponential / exponential.sum(axis=1, keepdims=True)


def ordered_weights(weights: pd.Series, draws: int, seed: int) -> np.ndarray:
    """Return weightings that keep the stated order of the factors, draw by factor [fraction].

    Factors with equal stated weights may come in either order.
    """
    stated = weights.to_numpy(float)
    descending = np.sort(stated)[::-1]
    drawn = np.sort(any_weights(len(stated), draws, seed), axis=1)[:, ::-1]
    placed = np.empty_like(drawn)
    shuffle = np.random.default_rng([seed, 1])
    for weight in np.unique(stated):
        alike = drawn[:, descending == weight]
        placed[:, stated == weight] = (
            shuffle.permuted(alike, axis=1) if alike.shape[1] > 1 else alike
        )
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
    worth = (scores @ weightings.T).round(ROUNDING)  # option by draw: each row lies in one piece
    place = np.ones(worth.shape, dtype=np.int8)
    for rival in worth:
        place += rival > worth
    return place.T


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
    place = ranks_by_draw(scores.to_numpy(float), weightings)
    table = {rank: (place == rank).mean(axis=0) for rank in range(1, len(scores) + 1)}
    return pd.DataFrame(table, index=scores.index)


def central_weights(scores: pd.DataFrame, weightings: np.ndarray) -> pd.DataFrame:
    """Return the mean weighting under which each option comes first, option by factor [fraction].

    It is the typical opinion that favours the option; NaN for an option that never comes first.
    """
    first = ranks_by_draw(scores.to_numpy(float), weightings).T == 1
    with np.errstate(invalid="ignore"):
        mean = first.astype(float) @ weightings / first.sum(axis=1)[:, None]
    return pd.DataFrame(mean, index=scores.index, columns=scores.columns)


# other opinions and methods


def dominated_options(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the options that another equals or beats on every column, and which does.

    Options that are equal on every column do not dominate each other.

    Examples
    --------
    >>> table = pd.DataFrame({"cost": [4.0, 2.0], "control": [4.0, 4.0]}, index=["a", "b"])
    >>> dominated_options(table).to_dict("records")
    [{'option': 'b', 'dominated_by': 'a'}]
    """
    values = scores.to_numpy(float).round(ROUNDING)
    at_least = (values[:, None, :] >= values[None, :, :]).all(axis=2)
    better = (values[:, None, :] > values[None, :, :]).any(axis=2)
    dominates = at_least & better  # winner by loser
    rows = [
        {"option": option, "dominated_by": ", ".join(map(str, scores.index[winners]))}
        for option, winners in zip(scores.index, dominates.T, strict=True)
        if winners.any()
    ]
    return pd.DataFrame(rows, columns=["option", "dominated_by"])


def without_each_factor(scores: pd.DataFrame, weights: pd.Series) -> pd.DataFrame:
    """Return the winner when all factors weigh alike, and when each in turn has no weight.

    A factor that has all the weight is not left out: nothing would be left to weigh.

    Returns
    -------
    DataFrame
        ``trial``, ``winner``, ``score`` and ``lead`` over the next option [score].
    """
    trials = {"All factors weigh alike": pd.Series(1.0, index=weights.index)}
    for factor in weights.index:
        rest = weights.where(weights.index != factor, 0.0)
        if rest.sum() > 0:
            trials[f"Without {factor}"] = rest
    rows = [_outcome(name, weighted_scores(scores, rest)) for name, rest in trials.items()]
    return pd.DataFrame(rows)


def without_each_assessor(scores: pd.DataFrame, weights: pd.Series) -> pd.DataFrame:
    """Return the winner when each assessor's scores are left out.

    An assessor is left in if nobody else scored every factor.

    Parameters
    ----------
    scores : DataFrame
        Rows of scores.csv: ``option``, ``factor``, ``assessor``, ``score``.

    Returns
    -------
    DataFrame
        ``trial``, ``winner``, ``score`` and ``lead`` over the next option [score].
    """
    rows = []
    for assessor in scores["assessor"].unique():
        rest = scores[scores["assessor"] != assessor]
        if set(rest["factor"]) == set(scores["factor"]):
            rows.append(
                _outcome(f"Without {assessor}", weighted_scores(mean_scores(rest), weights))
            )
    return pd.DataFrame(rows, columns=["trial", "winner", "score", "lead"])


def against_the_winner(scores: pd.DataFrame, weights: pd.Series) -> pd.DataFrame:
    """Return the winner if the assessors' doubts all go against the option that scores highest.

    That option has the lowest score that any assessor gave it on each factor, the others have the
    highest.

    Parameters
    ----------
    scores : DataFrame
        Rows of scores.csv: ``option``, ``factor``, ``assessor``, ``score``.

    Returns
    -------
    DataFrame
        One row: ``trial``, ``winner``, ``score`` and ``lead`` over the next option [score].
    """
    cells = scores.groupby(["option", "factor"])["score"]
    turned = cells.max().unstack("factor")
    best = ranks(weighted_scores(mean_scores(scores), weights)).sort_index().idxmin()
    turned.loc[best] = cells.min().unstack("factor").loc[best]
    trial = f"Lowest scores for option {best}, highest for the others"
    return pd.DataFrame([_outcome(trial, weighted_scores(turned, weights))])


def trials(
    given: pd.DataFrame, scores: pd.DataFrame, weights: pd.Series, benefit: pd.Series
) -> pd.DataFrame:
    """Return the winner under other weights, without each assessor, on benefits alone and by other methods.

    Parameters
    ----------
    given : DataFrame
        Rows of scores.csv: ``option``, ``factor``, ``assessor``, ``score``.
    scores : DataFrame, option by factor
        Scores of the options that are ranked; the others take part in no trial.
    weights : Series, index factor
        Weights, not below zero; only their ratio matters.
    benefit : Series, index option
        Score without the factors that score cost [score]; NaN if no benefit has weight, and then it
        is not tried.

    Returns
    -------
    DataFrame
        ``trial``, ``winner`` (more than one if they tie), and, where a trial weighs scores, ``score``
        and ``lead`` over the next option [score].
    """
    given, benefit = given[given["option"].isin(scores.index)], benefit[scores.index]
    place = other_methods(scores, weights)
    others = {"Benefits only": benefit} if benefit.notna().all() else {}
    others |= {said: -place[name] for name, said in METHODS.items()}
    parts = [
        without_each_factor(scores, weights),
        without_each_assessor(given, weights),
        against_the_winner(given, weights),
        pd.DataFrame(
            {"trial": list(others), "winner": [leaders(score) for score in others.values()]}
        ),
    ]
    return pd.concat(parts, ignore_index=True)


def _outcome(trial: str, score: pd.Series) -> dict:
    best = score.sort_values(ascending=False).to_numpy()
    lead = best[0] - best[1] if len(best) > 1 else np.nan
    return {"trial": trial, "winner": leaders(score), "score": best[0], "lead": lead}


def closeness_to_ideal(scores: pd.DataFrame, weights: pd.Series) -> pd.Series:
    """Return how near each option lies to the best and how far from the worst seen (TOPSIS) [0 to 1].

    The scores are used as they stand on their declared scale, without normalisation: normalising by
    the options at hand would let the scoring of a factor change its weight. The ideal is the best
    score of any option on each factor; if all options are alike, all are at 0.5.

    References
    ----------
    Hwang and Yoon (1981), technique for order of preference by similarity to ideal solution.

    Examples
    --------
    >>> table = pd.DataFrame({"cost": [4.0, 1.0], "control": [2.0, 5.0]}, index=["a", "b"])
    >>> closeness_to_ideal(table, pd.Series({"cost": 3.0, "control": 1.0})).round(6).to_dict()
    {'a': 0.75, 'b': 0.25}
    """
    weighted = scores * (weights / weights.sum()).reindex(scores.columns)
    to_best = np.sqrt(((weighted - weighted.max()) ** 2).sum(axis="columns"))
    to_worst = np.sqrt(((weighted - weighted.min()) ** 2).sum(axis="columns"))
    return (to_worst / (to_best + to_worst)).fillna(0.5)


def net_outranking(scores: pd.DataFrame, weights: pd.Series) -> pd.Series:
    """Return the weight on which an option beats its rivals less that on which it loses [-1 to 1].

    It is the net flow of PROMETHEE II with the usual preference function: only which of two options
    scores higher counts, not by how much, so no normalisation is needed.

    References
    ----------
    Brans and Vincke (1985), a preference ranking organisation method.

    Examples
    --------
    >>> table = pd.DataFrame({"cost": [4.0, 1.0], "control": [2.0, 5.0]}, index=["a", "b"])
    >>> net_outranking(table, pd.Series({"cost": 3.0, "control": 1.0})).to_dict()
    {'a': 0.5, 'b': -0.5}
    """
    values = scores.to_numpy(float).round(ROUNDING)
    beats = np.sign(values[:, None, :] - values[None, :, :]).sum(axis=1)
    share = (weights / weights.sum()).reindex(scores.columns).to_numpy(float)
    return pd.Series(beats @ share / max(len(scores) - 1, 1), index=scores.index)


def other_methods(scores: pd.DataFrame, weights: pd.Series) -> pd.DataFrame:
    """Return the ranks of the options by the weighted sum, TOPSIS and PROMETHEE II; 1 is best.

    Returns
    -------
    DataFrame, option by ``weighted_sum``, ``topsis`` and ``promethee``
        Ranks; options that tie share the better one.
    """
    return pd.DataFrame(
        {
            "weighted_sum": ranks(weighted_scores(scores, weights)),
            "topsis": ranks(closeness_to_ideal(scores, weights)),
            "promethee": ranks(net_outranking(scores, weights)),
        }
    )


def findings(factors: pd.DataFrame, scores: pd.DataFrame, weights: pd.Series) -> pd.DataFrame:
    """Return what is weak in the scoring itself.

    Parameters
    ----------
    factors : DataFrame
        Rows of factors.csv: ``factor``, ``kind``, ``lowest_means``, ``highest_means``.
    scores : DataFrame
        Rows of scores.csv: ``option``, ``factor``, ``assessor``, ``score``.
    weights : Series, index factor
        Weights as used.

    Returns
    -------
    DataFrame
        ``item`` (weights, assessors or a factor) and ``finding``, a sentence. A missing score and
        one off the scale are not among them: they are refused when the case is read.
    """
    found = []
    if abs(weights.sum() - FULL_WEIGHT) > 10**-ROUNDING:
        sentence = f"they add up to {weights.sum():g}, not {FULL_WEIGHT}; only their ratio is used"
        found.append(("weights", sentence))
    means = mean_scores(scores).round(ROUNDING)
    for row in factors.itertuples():
        if len(means) > 1 and means[row.factor].nunique() == 1:
            found.append((row.factor, "does not discriminate: every option scores alike"))
        if not row.lowest_means or not row.highest_means:
            found.append((row.factor, "weighted without words for the ends of its scale"))
        if row.kind == "cost":
            sentence = "is a cost inside the weighted score; the benefit score leaves it out"
            found.append((row.factor, sentence))
    if scores["assessor"].nunique() == 1:
        found.append(("assessors", "one scored everything, so disagreement can't be seen"))
    return pd.DataFrame(found, columns=["item", "finding"])
