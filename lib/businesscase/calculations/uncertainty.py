"""Many draws of what is uncertain: sampling, and what the results say about the risk of loss."""

import numpy as np
import pandas as pd

PERCENTILES = (10, 50, 90)


def even_sample(draws: int, variables: int, seed: int | np.random.SeedSequence) -> np.ndarray:
    """Return a Latin hypercube: each variable's draws are spread evenly, draw by variable [0 to 1]."""
    generator = np.random.default_rng(seed)
    cells = np.argsort(generator.random((variables, draws)), axis=1).T
    return (cells + generator.random((draws, variables))) / draws


def with_common_causes(
    sample: np.ndarray, causes: list[str], correlations: list[float], seed: int
) -> np.ndarray:
    """Correlate the variables that share a cause, keeping each variable's own spread.

    Two variables of one cause have, as normal scores, the correlation of the geometric mean of
    theirs; a blank cause stands alone.

    Parameters
    ----------
    sample : array, draw by variable
        Even sample [0 to 1].
    causes : list of str
        Cause of each variable, blank for none.
    correlations : list of float
        How closely each variable follows its cause [0 to 1].
    """
    from scipy.special import ndtr, ndtri  # slow to import

    result = sample.copy()
    shared = [cause for cause in dict.fromkeys(causes) if cause]
    # a stream of its own: the sample may have been drawn with the same seed
    stream = np.random.SeedSequence(seed).spawn(1)[0]
    common = ndtri(even_sample(len(sample), len(shared), stream)) if shared else None
    for column, (cause, correlation) in enumerate(zip(causes, correlations, strict=True)):
        if cause and correlation > 0:
            own = ndtri(sample[:, column])
            follows = common[:, shared.index(cause)]
            result[:, column] = ndtr(
                np.sqrt(correlation) * follows + np.sqrt(1 - correlation) * own
            )
    return result


def range_around(
    likely: float, low: float, high: float, usual: float, limits: tuple[float, float]
) -> tuple[float, float]:
    """Return the range in which a value is drawn, which moves with a likely value outside it.

    It is then as far below and above as the stated range is of the usual value, within the limits
    of what the value can be. Stretched instead, it would reach back over what is thought unlikely.

    Parameters
    ----------
    likely : float
        Where the scenario has the value.
    low, high : float
        Range as stated.
    usual : float
        Where the value is unless a scenario says otherwise.
    limits : tuple of float
        Lowest and highest that it can be.

    Examples
    --------
    >>> range_around(0.5, 0.25, 1.0, 1.0, (0.0, 1.5)), range_around(0.0, 0.25, 1.0, 1.0, (0.0, 1.5))
    ((0.25, 1.0), (0.0, 0.0))
    >>> range_around(3.0, 0.0, 2.0, 0.0, (0.0, 5.0))
    (3.0, 5.0)
    """
    shift = 0.0 if low <= likely <= high else likely - usual
    lowest, highest = limits
    return max(min(low + shift, likely), lowest), min(max(high + shift, likely), highest)


def triangular(sample: np.ndarray, low: float, central: float, high: float) -> np.ndarray:
    """Return the values of a triangular distribution at levels of an even sample.

    Examples
    --------
    >>> triangular(np.array([0.0, 0.5, 1.0]), 0.0, 1.0, 2.0).tolist()
    [0.0, 1.0, 2.0]
    """
    width = high - low
    if width == 0:
        return np.full_like(sample, central)
    turn = (central - low) / width
    rising = low + np.sqrt(sample * width * (central - low))
    falling = high - np.sqrt((1 - sample) * width * (high - central))
    return np.where(sample < turn, rising, falling)


def pert(sample: np.ndarray, low: float, central: float, high: float) -> np.ndarray:
    """Return the values of a PERT distribution at levels of an even sample.

    Its mean is (low + 4 central + high) / 6: the central value counts four times.

    Examples
    --------
    >>> pert(np.array([0.5]), 0.0, 1.0, 2.0).round(6).tolist()
    [1.0]
    """
    from scipy.special import betaincinv  # slow to import

    width = high - low
    if width == 0:
        return np.full_like(sample, central)
    rise, fall = 1 + 4 * (central - low) / width, 1 + 4 * (high - central) / width
    return low + width * betaincinv(rise, fall, sample)


def normal_scores(
    draws: int, causes: list[str], correlations: list[float], seed: int | np.random.SeedSequence
) -> np.ndarray:
    """Return standard normal draws of which those that share a cause rise together.

    Two variables of one cause have the correlation of the geometric mean of theirs, as in
    ``with_common_causes``; these are drawn at random rather than spread evenly, which is quicker.

    Returns
    -------
    array, variable by draw
    """
    generator = np.random.default_rng(seed)
    scores = generator.standard_normal((len(causes), draws))
    common = {cause: generator.standard_normal(draws) for cause in dict.fromkeys(causes) if cause}
    for own, cause, correlation in zip(scores, causes, correlations, strict=True):
        if cause and correlation > 0:
            own *= np.sqrt(1 - correlation)
            own += np.sqrt(correlation) * common[cause]
    return scores


SCORES = np.linspace(-6.0, 6.0, 1025)  # normal scores at which a distribution is tabulated


def pert_table(low: float, central: float, high: float) -> np.ndarray:
    """Return the values of a PERT distribution at ``SCORES``, for ``tabulated``.

    ``pert`` solves for every value anew; between the values of the table lies no error above a
    ten-thousandth of the range.

    Examples
    --------
    >>> pert_table(0.0, 1.0, 2.0)[[0, 512, 1024]].round(3).tolist()
    [0.001, 1.0, 1.999]
    """
    from scipy.special import betainc, ndtri  # slow to import

    width = high - low
    if width == 0:
        return np.full_like(SCORES, central)
    rise, fall = 1 + 4 * (central - low) / width, 1 + 4 * (high - central) / width
    parts = (1 - np.cos(np.linspace(0, np.pi, 257))) / 2  # closer together at the ends
    scores = np.clip(ndtri(betainc(rise, fall, parts)), -9, 9)
    return np.interp(SCORES, scores, low + width * parts)


def tabulated(scores: np.ndarray, table: np.ndarray) -> np.ndarray:
    """Return the values of a table at normal scores, straight between neighbours.

    The same as ``np.interp(scores, SCORES, table)``, without its search: the scores of the table are
    equally far apart.

    Examples
    --------
    >>> tabulated(np.array([-0.3, 0.0, 99.0]), SCORES * 2).round(6).tolist()
    [-0.6, 0.0, 12.0]
    """
    places = np.clip((scores - SCORES[0]) * (len(SCORES) - 1) / (SCORES[-1] - SCORES[0]), 0, None)
    before = places.astype(np.int32)
    rises = np.append(np.diff(table), 0.0)
    places -= before
    return table.take(before, mode="clip") + places * rises.take(before, mode="clip")


def reference_class(sample: np.ndarray, outcomes: np.ndarray) -> np.ndarray:
    """Return values of past outcomes at levels of an even sample, straight between neighbours.

    Examples
    --------
    >>> reference_class(np.array([0.0, 0.5, 1.0]), np.array([0.3, 0.5, 0.9])).tolist()
    [0.3, 0.5, 0.9]
    """
    return np.quantile(outcomes, sample)


SHAPES = {"pert": pert, "triangular": triangular}


def summary(net_present_value: np.ndarray, names: list[str]) -> pd.DataFrame:
    """Return percentiles of the net present value and the probability of loss.

    Parameters
    ----------
    net_present_value : array, draw by name
        Net present value [£].
    names : list of str
        What each column is.

    Returns
    -------
    DataFrame, index name
        ``npv_p10``, ``npv_p50``, ``npv_p90`` [£] and ``probability_of_loss`` [fraction].
    """
    levels = np.percentile(net_present_value, PERCENTILES, axis=0)
    table = {f"npv_p{level}": row for level, row in zip(PERCENTILES, levels, strict=True)}
    table["probability_of_loss"] = (net_present_value < 0).mean(axis=0)
    return pd.DataFrame(table, index=names)


def variance_shares(model, variables: int, draws: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return Sobol indices: how much of the variance each variable explains [fraction].

    Parameters
    ----------
    model : callable
        Takes an even sample, draw by variable, and returns one value a draw.
    variables : int
        Number of variables.
    draws : int
        A power of two.

    Returns
    -------
    array, array
        First-order index (the variable alone) and total index (with its interactions); all 0 if
        the value does not vary.

    References
    ----------
    Sobol (1993); Saltelli and others (2010); ``scipy.stats.sobol_indices``.
    """
    values = model(even_sample(draws, variables, seed))
    if variables < 2 or np.ptp(values) == 0:  # one explains all, if there is anything to explain
        shares = np.full(variables, float(np.ptp(values) > 0))
        return shares, shares
    from scipy.stats import sobol_indices, uniform  # slow to import

    found = sobol_indices(
        func=lambda values: model(values.T),
        n=draws,
        dists=[uniform()] * variables,
        rng=np.random.default_rng(seed),
    )
    return found.first_order, found.total_order
