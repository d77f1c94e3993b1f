"""What it is worth to find something out before deciding, by regression on draws."""

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import numpy as np

BENDS = (0.1, 0.3, 0.5, 0.7, 0.9)  # quantiles of an input at which its curve may bend


class Estimate(NamedTuple):
    """A mean of draws and its standard error, by who chooses."""

    value: np.ndarray
    error: np.ndarray


def curve(values: np.ndarray) -> np.ndarray:
    """Return functions of an input of which a curve over it is made, draw by function.

    The input itself, whether it is above its lowest (a risk that happens at all), and its bends;
    each with mean 0 and variance 1, without those that don't vary.

    Examples
    --------
    >>> curve(np.array([3.0, 3.0])).shape, curve(np.array([0.0, 0.0, 0.0, 1.0]))[:, 0].round(2).tolist()
    ((2, 0), [-0.58, -0.58, -0.58, 1.73])
    """
    bends = np.unique(np.quantile(values, BENDS))
    rises = np.maximum(values[:, None] - bends, 0.0)
    functions = np.column_stack([values, values > values.min(), rises])
    spread = functions.std(axis=0)
    return ((functions - functions.mean(axis=0)) / np.where(spread, spread, 1.0))[:, spread > 0]


def halves(draws: int) -> Iterator[tuple[slice, slice]]:
    """Yield each half of the draws to learn from, with the other to apply it to."""
    even, odd = slice(0, draws, 2), slice(1, draws, 2)
    yield even, odd
    yield odd, even


def expected(functions: np.ndarray, values: np.ndarray, learning: slice) -> np.ndarray:
    """Return what values are expected to be in each draw, as some of the draws tell it.

    By least squares: a constant and a sum of functions. Functions may depend on each other.

    Parameters
    ----------
    functions : array, draw by function
        Of what is known in each draw.
    values : array, draw by value
        What is to be expected.
    learning : slice
        The draws that are learnt from.

    Examples
    --------
    >>> known = np.array([[0.0], [1.0], [2.0], [3.0]])
    >>> expected(known, np.array([[1.0], [3.0], [0.0], [0.0]]), slice(0, 2)).round(6).ravel().tolist()
    [1.0, 3.0, 5.0, 7.0]
    """
    terms = np.column_stack([np.ones(len(functions)), functions])
    learnt = terms[learning]
    # from the small matrix of products, which is much quicker than from all draws
    products = np.linalg.pinv(learnt.T @ learnt, hermitian=True)
    return terms @ (products @ (learnt.T @ values[learning]))


def gains(worth: np.ndarray) -> np.ndarray:
    """Return what each choice gains over the one with the highest expected worth [£].

    Parameters
    ----------
    worth : array, draw by who chooses by choice
        What each choice comes to [£].

    Examples
    --------
    >>> gains(np.array([[[60.0, 0.0]], [[-20.0, 0.0]]])).tolist()
    [[[0.0, -60.0]], [[0.0, 20.0]]]
    """
    best = worth.mean(axis=0).argmax(axis=-1)
    return worth - np.take_along_axis(worth, best[None, :, None], axis=-1)


def perfect_information(worth: np.ndarray) -> Estimate:
    """Return the expected value of perfect information: of choosing when all is known [£].

    Parameters
    ----------
    worth : array, draw by who chooses by choice
        What each choice comes to [£].

    Examples
    --------
    >>> perfect_information(np.array([[[60.0, 0.0]], [[-20.0, 0.0]]])).value.tolist()
    [10.0]
    """
    return _estimate(gains(worth).max(axis=-1))


def partial_information(functions: np.ndarray, gain: np.ndarray) -> Estimate:
    """Return the expected value of partial perfect information: of choosing when some inputs are known [£].

    What each choice gains given the inputs is a sum of curves over them, fitted to one half of the
    draws; the other half chooses by it and takes what it chose, and so in turn. What follows chance
    in the draws thus gains nothing, and the mean is at most what the best rule would gain: with few
    draws, or where inputs count only together, it errs low. It never exceeds perfect information on
    the same draws, which chooses best in each, and is at least nil, as what is learnt may be left
    aside.

    Parameters
    ----------
    functions : array, draw by function
        Of the inputs that are known, as ``curve`` has them.
    gain : array, draw by who chooses by choice
        As ``gains`` has it [£].

    References
    ----------
    Strong, Oakley and Brennan (2014), Estimating multiparameter partial expected value of perfect
    information from a probabilistic sensitivity analysis sample: a nonparametric regression approach.

    Examples
    --------
    >>> demand = np.array([1.0, 0.0, 0.0, 1.0] * 50)
    >>> worth = np.stack([np.where(demand, 60.0, -20.0), np.zeros(200)], axis=-1)[:, None]
    >>> partial_information(curve(demand), gains(worth)).value.round(6).tolist()
    [10.0]
    """
    draws, choosers, _ = gain.shape
    gain = gain[..., (gain > 0).any(axis=(0, 1))]  # another choice is best in no draw
    taken = np.zeros((draws, choosers))
    if gain.size:
        for learning, using in halves(draws):
            promised = expected(functions, gain.reshape(draws, -1), learning)
            promised = promised.reshape(gain.shape)[using]
            best = promised.argmax(axis=-1)[..., None]
            chosen, promise = (
                np.take_along_axis(of, best, axis=-1)[..., 0] for of in (gain[using], promised)
            )
            taken[using] = np.where(promise > 0, chosen, 0.0)
    found = _estimate(taken)
    return found._replace(value=np.maximum(found.value, 0.0))


def values_of_information(
    inputs: Mapping[str, np.ndarray], groups: Mapping[str, Sequence[str]], worth: np.ndarray
) -> dict[str, Estimate]:
    """Return the value of finding out each group of inputs and each input [£], by name.

    Who knows a group may choose by a part of it alone, so that a group takes the best of the rules
    that are found for it and for the inputs and groups in it: none of them is worth more than it.

    Parameters
    ----------
    inputs : mapping of array
        Draws of each input.
    groups : mapping of sequence of str
        Names of the inputs of each group.
    worth : array, draw by who chooses by choice
        What each choice comes to [£].

    Examples
    --------
    >>> demand = np.array([1.0, 0.0, 0.0, 1.0] * 50)
    >>> worth = np.stack([np.where(demand, 60.0, -20.0), np.zeros(200)], axis=-1)[:, None]
    >>> known = {"demand": demand, "weather": np.zeros(200)}
    >>> found = values_of_information(known, {"both": list(known)}, worth)
    >>> {name: estimate.value.round(6).tolist() for name, estimate in found.items()}
    {'both': [10.0], 'demand': [10.0], 'weather': [0.0]}
    """
    gain, curves = gains(worth), {name: curve(draws) for name, draws in inputs.items()}
    single = {name: partial_information(functions, gain) for name, functions in curves.items()}
    found = {frozenset([name]): estimate for name, estimate in single.items()}
    for names in sorted(groups.values(), key=len):
        own = partial_information(np.column_stack([curves[name] for name in names]), gain)
        within = [estimate for part, estimate in found.items() if part <= set(names)]
        found[frozenset(names)] = _best_of([own, *within])
    return {group: found[frozenset(names)] for group, names in groups.items()} | single


def _best_of(estimates: Sequence[Estimate]) -> Estimate:
    values, errors = (np.array(parts) for parts in zip(*estimates, strict=True))
    best = values.argmax(axis=0), np.arange(values.shape[1])
    return Estimate(values[best], errors[best])


def _estimate(taken: np.ndarray) -> Estimate:
    return Estimate(taken.mean(axis=0), taken.std(axis=0) / math.sqrt(len(taken)))
