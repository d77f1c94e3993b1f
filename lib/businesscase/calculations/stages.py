"""What the right to stop is worth: a decision in stages, by backward induction on draws."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from businesscase.calculations.value_of_information import curve, expected, halves


class Gate(NamedTuple):
    """A gate at which the work can be stopped."""

    signals: Sequence[np.ndarray]  # draws of what is seen at it
    stopping: float  # what it comes to if the work stops here: what is lost is negative [£]


class Staged(NamedTuple):
    """What a decision in stages comes to."""

    worth: np.ndarray  # in each draw [£]
    stopped: list[float]  # share of all draws in which it is stopped at each gate [fraction]


def signal(values: np.ndarray, accuracy: float, noise: np.ndarray) -> np.ndarray:
    """Return what is seen of an input where it is not seen in full.

    Parameters
    ----------
    values : array
        Draws of the input.
    accuracy : float
        The part of its variance that it settles, 0 none, 1 all [fraction].
    noise : array
        Standard normal draws that are independent of everything else.

    Examples
    --------
    >>> signal(np.array([5.0, 9.0]), 1.0, np.array([3.0, 4.0])).tolist()
    [-1.0, 1.0]
    >>> signal(np.array([5.0, 9.0]), 0.0, np.array([3.0, 4.0])).tolist()
    [3.0, 4.0]
    """
    spread = values.std()
    own = (values - values.mean()) / spread if spread else np.zeros_like(values)
    return math.sqrt(accuracy) * own + math.sqrt(1 - accuracy) * noise


def in_stages(worth: np.ndarray, gates: Sequence[Gate]) -> Staged:
    """Return what going on gate by gate comes to, each time only if that promises more than to stop.

    From the last gate to the first: going on is worth what is expected after it, given all that has
    been seen by then, which a regression on one half of the draws says for the other half. What is
    gained by following chance in the draws is thus not counted, and with few draws it errs low. Nobody
    need stop, or begin: it is never worth less than to commit to everything at once, or than nil.

    Parameters
    ----------
    worth : array
        What it comes to in each draw if it is never stopped [£].
    gates : sequence of Gate
        In the order in which they are passed.

    References
    ----------
    Longstaff and Schwartz (2001), Valuing American options by simulation: a simple least-squares
    approach.

    Examples
    --------
    A pilot shows whether the service saves 60 or loses 100; to stop after it loses 10.

    >>> saves = np.array([1.0, 0.0, 0.0, 1.0] * 50)
    >>> found = in_stages(np.where(saves, 60.0, -100.0), [Gate([saves], -10.0)])
    >>> float(found.worth.mean()), found.stopped
    (25.0, [0.5])
    """
    draws = len(worth)
    staged, ends = np.empty(draws), np.empty(draws, dtype=int)
    curves = [[curve(of) for of in gate.signals] for gate in gates]
    seen = [
        np.column_stack(sum(curves[: number + 1], [np.empty((draws, 0))]))
        for number in range(len(gates))
    ]
    for learning, using in halves(draws):
        comes_to, end = worth.astype(float), np.full(draws, len(gates))
        for number, gate in reversed(list(enumerate(gates))):
            promised = expected(seen[number], comes_to, learning)
            stops = promised < gate.stopping
            comes_to, end = np.where(stops, gate.stopping, comes_to), np.where(stops, number, end)
        staged[using], ends[using] = comes_to[using], end[using]
    unused = [0.0] * len(gates)
    if max(staged.mean(), worth.mean()) <= 0:
        return Staged(np.zeros(draws), unused)
    if staged.mean() < worth.mean():
        return Staged(worth, unused)
    return Staged(staged, [float((ends == number).mean()) for number in range(len(gates))])
