"""Many draws of what is uncertain: sampling, and what the results say about the risk of loss."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from zlib import crc32

import numpy as np
import pandas as pd

PERCENTILES = (10, 50, 90)
SEED = 20_260_401  # one sample for all, so that pages agree
CHUNK, CHUNKS = 10_000, 10  # draws made at a time, and how often
DRAWS = CHUNK * CHUNKS


@lru_cache(maxsize=64)  # an explorer asks for the same ones at every move of a slider
def own_scores(seed: int, number: int, name: str, count: int, rows: int = 1) -> np.ndarray:
    """Return standard normal draws of one input, the same whatever else is drawn.

    So an input fares alike in every scenario, option and sweep.

    Parameters
    ----------
    seed, number : int
        Seed of all draws, and number of the chunk of them.
    name : str
        The input.
    count, rows : int
        Draws, and how many numbers of each.

    Returns
    -------
    array, row by draw
    """
    generator = np.random.default_rng([seed, number, crc32(name.encode())])
    scores = generator.standard_normal((rows, count))
    scores.setflags(write=False)
    return scores


def cause_scores(cause: str, seed: int, number: int, count: int) -> np.ndarray:
    """Return standard normal draws of a common cause, for whatever follows it."""
    return own_scores(seed, number, f"cause {cause}", count)[0]


def with_cause(
    own: np.ndarray, cause: str, correlation: float, seed: int, number: int
) -> np.ndarray:
    """Return normal scores that follow a common cause, each variable's own spread kept.

    Two variables of one cause have, as normal scores, the correlation of the geometric mean of
    theirs; a blank cause stands alone.

    Parameters
    ----------
    own : array, row by draw
        Normal scores of the variable; high is bad.
    correlation : float
        How closely it follows its cause [0 to 1].
    """
    if not cause or correlation == 0:
        return own
    common = cause_scores(cause, seed, number, own.shape[-1])
    return np.sqrt(correlation) * common + np.sqrt(1 - correlation) * own


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


def normal_scores(
    draws: int,
    causes: list[str],
    correlations: list[float],
    seed: int | np.random.SeedSequence,
    shared: Mapping[str, np.ndarray] | None = None,
) -> np.ndarray:
    """Return standard normal draws of which those that share a cause rise together.

    Two variables of one cause have the correlation of the geometric mean of theirs, as in
    ``with_cause``; these come of one stream, but for the ``shared`` causes, whose draws are given.

    Returns
    -------
    array, variable by draw
    """
    generator = np.random.default_rng(seed)
    scores = generator.standard_normal((len(causes), draws))
    common = {cause: generator.standard_normal(draws) for cause in dict.fromkeys(causes) if cause}
    common |= shared or {}
    for own, cause, correlation in zip(scores, causes, correlations, strict=True):
        if cause and correlation > 0:
            own *= np.sqrt(1 - correlation)
            own += np.sqrt(correlation) * common[cause]
    return scores


SCORES = np.linspace(-6.0, 6.0, 1025)  # normal scores at which a distribution is tabulated


@lru_cache(maxsize=256)
def pert_table(low: float, central: float, high: float) -> np.ndarray:
    """Return the values of a PERT distribution at ``SCORES``, for ``tabulated``.

    Its mean is (low + 4 central + high) / 6: the central value counts four times. Between the values
    of the table lies no error above a ten-thousandth of the range.

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
    >>> tabulated(np.array([-6.01, -0.3, 0.0, 99.0]), SCORES * 2).round(6).tolist()
    [-12.0, -0.6, 0.0, 12.0]
    """
    places = np.clip((scores - SCORES[0]) * (len(SCORES) - 1) / (SCORES[-1] - SCORES[0]), 0, None)
    before = places.astype(np.int32)
    rises = np.append(np.diff(table), 0.0)
    places -= before
    return table.take(before, mode="clip") + places * rises.take(before, mode="clip")


def shaped(scores: np.ndarray, shape: str, low: float, central: float, high: float) -> np.ndarray:
    """Return the values of a distribution, pert or triangular, at normal scores.

    Examples
    --------
    >>> shaped(np.array([0.0]), "pert", 0.0, 1.0, 2.0).round(6).tolist()
    [1.0]
    """
    from scipy.special import ndtr  # slow to import

    if low == high:
        return np.full(len(scores), central)
    if shape == "pert":
        return tabulated(scores, pert_table(low, central, high))
    return triangular(ndtr(scores), low, central, high)


def at_levels(
    levels: np.ndarray, shape: str, low: float, central: float, high: float
) -> np.ndarray:
    """Return the values of a distribution, pert or triangular, at levels [0 to 1].

    Examples
    --------
    >>> at_levels(np.array([0.5, 1.0]), "triangular", 0.0, 1.0, 2.0).tolist()
    [1.0, 2.0]
    """
    from scipy.special import ndtri  # slow to import

    return shaped(ndtri(levels), shape, low, central, high)


def percentiles(values: np.ndarray, levels: Sequence[float]) -> tuple[np.ndarray, np.ndarray]:
    """Return percentiles of draws, and by how much each may be off for want of more draws.

    That is half the distance between the percentiles that lie a standard error of their own rank to
    either side, which needs no assumption on how the values are spread.

    Parameters
    ----------
    values : array
        One a draw, drawn independently.
    levels : sequence of float
        Which percentiles [0 to 100].

    Examples
    --------
    >>> found, errors = percentiles(np.random.default_rng(1).standard_normal(100_000), [50])
    >>> abs(found.round(1)).tolist(), errors.round(3).tolist()
    ([0.0], [0.004])
    """
    ranks = np.array(levels) / 100
    off = np.sqrt(ranks * (1 - ranks) / len(values))
    sides = np.clip([ranks, ranks - off, ranks + off], 0.0, 1.0)
    found, low, high = np.quantile(values, sides)
    return found, (high - low) / 2


def sure_percentiles(values: np.ndarray, levels: Sequence[float]) -> list[float]:
    """Return percentiles of draws, each to no more digits than its error allows."""
    found, errors = percentiles(values, levels)
    return [as_sure(float(value), error) for value, error in zip(found, errors, strict=True)]


def as_sure(value: float, error: float) -> float:
    """Return a value to no more digits than its error allows.

    Examples
    --------
    >>> as_sure(1_383_412.0, 2_900.0), as_sure(0.93012, 0.0008), as_sure(5.5, 0.0)
    (1383000.0, 0.9301, 5.5)
    """
    if error <= 0:
        return value
    return round(value, -math.floor(math.log10(error)))


def chance_error(chance: float, draws: int) -> float:
    """Return the standard error of a share of independent draws [fraction]."""
    return math.sqrt(chance * (1 - chance) / draws)


def summary(worth: np.ndarray, names: list[str]) -> pd.DataFrame:
    """Return what draws of a worth come to, none of it to more digits than its error allows.

    Parameters
    ----------
    worth : array, draw by name
        Net present value [£].
    names : list of str
        What each column is.

    Returns
    -------
    DataFrame, index name
        ``npv_p10``, ``npv_p50``, ``npv_p90``, ``expected_npv`` (the mean) [£],
        ``probability_of_loss`` [fraction], and ``npv_p50_error`` and ``probability_of_loss_error``,
        standard errors for want of more draws.
    """
    rows = {name: _summed_up(of) for name, of in zip(names, worth.T, strict=True)}
    return pd.DataFrame.from_dict(rows, orient="index")


def _summed_up(worth: np.ndarray) -> dict[str, float]:
    levels, errors = percentiles(worth, PERCENTILES)
    loss = float((worth < 0).mean())
    loss_error = chance_error(loss, len(worth))
    return {
        **{
            f"npv_p{level}": as_sure(float(value), error)
            for level, value, error in zip(PERCENTILES, levels, errors, strict=True)
        },
        "expected_npv": as_sure(float(worth.mean()), float(worth.std()) / math.sqrt(len(worth))),
        "probability_of_loss": as_sure(loss, loss_error),
        "npv_p50_error": errors[PERCENTILES.index(50)],
        "probability_of_loss_error": loss_error,
    }


def variance_shares(
    model: Callable[[list[np.ndarray]], np.ndarray],
    first: Sequence[np.ndarray],
    second: Sequence[np.ndarray],
) -> np.ndarray:
    """Return Sobol total indices: the part of the variance that hangs on each variable [fraction].

    A variable may be several numbers, so that what only means something together counts as one.

    Parameters
    ----------
    model : callable
        Takes a sample, an array of draws a variable, and returns one value a draw.
    first, second : sequence of array
        Two independent samples of all variables.

    Returns
    -------
    array
        By variable; all 0 if the value does not vary.

    References
    ----------
    Jansen (1999); Saltelli and others (2010), Variance based sensitivity analysis of model output.
    """
    values = model(list(first))
    variance = np.concatenate([values, model(list(second))]).var()
    if variance == 0:
        return np.zeros(len(first))
    shares = []
    for number in range(len(first)):
        changed = [*first[:number], second[number], *first[number + 1 :]]
        shares.append(((values - model(changed)) ** 2).mean() / 2 / variance)
    return np.array(shares)
