"""Scoring the delivery options: screening, weighted scores, contributions, ranking."""

import pandas as pd


def mean_scores(scores: pd.DataFrame) -> pd.DataFrame:
    """Return the mean score over assessors, option by factor, in the order of the table.

    Examples
    --------
    >>> given = pd.DataFrame({"option": ["a", "a"], "factor": ["cost", "cost"],
    ...                       "assessor": ["x", "y"], "score": [2.0, 4.0]})
    >>> mean_scores(given).loc["a", "cost"].item()
    3.0
    """
    table = scores.pivot_table(index="option", columns="factor", values="score", aggfunc="mean")
    return table.reindex(index=scores["option"].unique(), columns=scores["factor"].unique())


def contributions(scores: pd.DataFrame, weights: pd.Series) -> pd.DataFrame:
    """Return what each factor adds to each option's weighted score.

    Parameters
    ----------
    scores : DataFrame, option by factor
        Scores on one scale; higher is better.
    weights : Series, index factor
        Weights, not below zero; only their ratio matters.

    Returns
    -------
    DataFrame, option by factor
        Contributions [score]; a row adds up to the option's weighted score.

    Raises
    ------
    ValueError
        If a weight is negative or all are zero.

    Examples
    --------
    >>> table = pd.DataFrame({"cost": [4.0], "control": [2.0]}, index=["a"])
    >>> contributions(table, pd.Series({"cost": 3.0, "control": 1.0})).loc["a"].tolist()
    [3.0, 0.5]
    """
    if (weights < 0).any() or weights.sum() == 0:
        raise ValueError(f"weights are {weights.to_dict()}; none may be negative and not all zero")
    return scores * (weights / weights.sum()).reindex(scores.columns)


def weighted_scores(scores: pd.DataFrame, weights: pd.Series) -> pd.Series:
    """Return the weighted mean score of each option, on the scale of the scores."""
    return contributions(scores, weights).sum(axis="columns")


def benefit_scores(scores: pd.DataFrame, weights: pd.Series, kinds: pd.Series) -> pd.Series:
    """Return the weighted score without the factors that score cost, so that cost is not in it twice.

    Parameters
    ----------
    kinds : Series, index factor
        ``benefit`` or ``cost``.

    Returns
    -------
    Series, index option
        Benefit score [score]; NaN if no benefit factor carries weight.

    References
    ----------
    HM Treasury, The Green Book (2022): benefits are weighed and scored apart from cost.

    Examples
    --------
    >>> table = pd.DataFrame({"cost": [4.0], "control": [2.0]}, index=["a"])
    >>> weights = pd.Series({"cost": 3.0, "control": 1.0})
    >>> benefit_scores(table, weights, pd.Series({"cost": "cost", "control": "benefit"})).to_dict()
    {'a': 2.0}
    """
    benefits = [factor for factor in scores.columns if kinds[factor] == "benefit"]
    if weights[benefits].sum() == 0:
        return pd.Series(float("nan"), index=scores.index)
    return weighted_scores(scores[benefits], weights[benefits])


def failed_success_factors(success_factors: pd.DataFrame) -> pd.Series:
    """Return the critical success factors that each option fails, blank if it passes all.

    Examples
    --------
    >>> given = pd.DataFrame({"option": ["a", "a", "b"], "criterion": ["fit", "cost", "fit"],
    ...                       "passes": [False, False, True]})
    >>> failed_success_factors(given).to_dict()
    {'a': 'fit, cost', 'b': ''}
    """
    failed = success_factors["criterion"].where(~success_factors["passes"].astype(bool))
    by_option = failed.groupby(success_factors["option"], sort=False)
    return by_option.agg(lambda criteria: ", ".join(criteria.dropna()))


def failed_counts(success_factors: pd.DataFrame) -> pd.Series:
    """Return how many critical success factors each option fails [count].

    Examples
    --------
    >>> given = pd.DataFrame({"option": ["a", "a", "b"], "criterion": ["fit", "cost", "fit"],
    ...                       "passes": [False, False, True]})
    >>> failed_counts(given).to_dict()
    {'a': 2, 'b': 0}
    """
    failed = ~success_factors["passes"].astype(bool)
    return failed.groupby(success_factors["option"], sort=False).sum()


def ranks(weighted_score: pd.Series) -> pd.Series:
    """Return the rank of each option, 1 the highest score; equal scores share the better rank.

    Examples
    --------
    >>> ranks(pd.Series({"a": 2.0, "b": 3.5, "c": 2.0})).to_dict()
    {'a': 2, 'b': 1, 'c': 2}
    """
    return weighted_score.round(9).rank(ascending=False, method="min").astype(int)
