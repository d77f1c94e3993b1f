"""Under which conditions something happens: limits on a few inputs that hold most of it.

The patient rule induction method starts with all futures and peels a thin slice off one input at a
time, the one that leaves the rest densest in hits, until little is left. A column of floats is
numeric and keeps what lies between two limits; a column of integers is a code of a category and
keeps some of its levels.

References
----------
Friedman and Fisher (1999), Bump hunting in high-dimensional data; Bryant and Lempert (2010),
Thinking inside the box; Kwakkel and Jaxa-Rozen (2016), Improving scenario discovery for handling
heterogeneous uncertainties, for the gain by which slices of unequal size are compared.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

PEELED, PASTED = 0.05, 0.01  # part of the box that one peel takes off, or one paste puts back
LEAST = 20  # futures that a box holds at least
MOST_INPUTS = 3  # that a reader can keep in mind
NEGLIGIBLE = 0.01  # a restriction whose loss lowers the score by less does nothing
CHANCE = 0.05  # a restriction as good as this by chance does nothing

Columns = dict[str, np.ndarray]
Limits = tuple[float, float] | frozenset[int]


@dataclass(frozen=True)
class Box:
    """Conditions on inputs, and what they hold.

    Attributes
    ----------
    conditions : dict
        By input that is restricted: the lowest and highest value kept, infinite where there is no
        limit, or the codes of the levels kept.
    futures, hits : int
        Futures that meet the conditions, and the hits among them.
    all_futures, all_hits : int
        The same of all futures.
    """

    conditions: dict[str, Limits]
    futures: int
    hits: int
    all_futures: int
    all_hits: int

    @property
    def coverage(self) -> float:
        """Part of all hits that the box holds [fraction]."""
        return self.hits / self.all_hits if self.all_hits else 0.0

    @property
    def density(self) -> float:
        """Part of the box's futures that are hits [fraction]."""
        return self.hits / self.futures if self.futures else 0.0

    @property
    def mass(self) -> float:
        """Part of all futures that the box holds [fraction]."""
        return self.futures / self.all_futures if self.all_futures else 0.0

    @property
    def score(self) -> float:
        """Harmonic mean of coverage and density, which is high only if both are [fraction]."""
        both = self.futures + self.all_hits
        return 2 * self.hits / both if both else 0.0


class Peel(NamedTuple):
    """A slice that may be taken off: what is gained a future, the condition left, rows removed."""

    gain: float
    name: str
    condition: Limits
    removed: np.ndarray


def meets(column: np.ndarray, condition: Limits) -> np.ndarray:
    """Return which values meet a condition.

    Examples
    --------
    >>> meets(np.array([0.1, 0.5, 0.9]), (0.5, np.inf)).tolist()
    [False, True, True]
    >>> meets(np.array([0, 1, 2]), frozenset({0, 2})).tolist()
    [True, False, True]
    """
    if isinstance(condition, frozenset):
        return np.isin(column, list(condition))
    return (condition[0] <= column) & (column <= condition[1])


def measured(columns: Columns, hits: np.ndarray, conditions: dict[str, Limits]) -> Box:
    """Return the box of some conditions, counted.

    Examples
    --------
    >>> box = measured({"delay": np.array([0.0, 1.0, 2.0])}, np.array([False, True, True]),
    ...     {"delay": (1.5, np.inf)})
    >>> box.coverage, box.density, round(box.mass, 2)
    (0.5, 1.0, 0.33)
    """
    inside = np.ones(len(hits), dtype=bool)
    for name, condition in conditions.items():
        inside &= meets(columns[name], condition)
    return Box(conditions, int(inside.sum()), int(hits[inside].sum()), len(hits), int(hits.sum()))


def without(columns: Columns, hits: np.ndarray, box: Box, name: str) -> Box:
    """Return the box without its condition on one input."""
    rest = {other: kept for other, kept in box.conditions.items() if other != name}
    return measured(columns, hits, rest)


def quasi_p_value(box: Box, wider: Box) -> float:
    """Return the chance of the box's hits, or more, if its futures were any of a wider box's.

    Small is better: the condition that the wider box lacks then does something [fraction].
    """
    from scipy.special import bdtrc  # slow to import

    if box.hits == 0:
        return 1.0
    return float(bdtrc(box.hits - 1, box.futures, wider.density))


def trajectory(
    columns: Columns, hits: np.ndarray, peeled: float = PEELED, least: int = LEAST
) -> list[Box]:
    """Return the boxes of a peel, from all futures to the last box that gains from a peel.

    Parameters
    ----------
    columns : dict of array
        Input values, one a future; floats are numbers, integers from 0 are codes of levels.
    hits : array of bool
        Whether each future is a hit.
    peeled : float
        Part of the box that one peel takes off, more where values are tied [fraction].
    least : int
        Futures that a box holds at least.
    """
    inside = _Inside(columns, hits)
    boxes = [inside.box]
    while peel := inside.best_peel(peeled, least):
        inside.take_off(peel)
        boxes.append(inside.box)
    return boxes


class _Inside:
    """The futures still in the box, each numeric column kept in order so that its ends are at hand."""

    def __init__(self, columns: Columns, hits: np.ndarray):
        self.columns, self.hits = columns, hits
        self.rows = np.arange(len(hits), dtype=np.int32)
        self.within = np.ones(len(hits), dtype=bool)
        numeric = [name for name, column in columns.items() if column.dtype.kind == "f"]
        self.order = {
            name: np.argsort(columns[name], kind="stable").astype(np.int32) for name in numeric
        }
        self.sorted = {name: columns[name][order] for name, order in self.order.items()}
        self.box = measured(columns, hits, {})

    def best_peel(self, peeled: float, least: int) -> Peel | None:
        """Return the peel that gains most a future taken off, None if none gains."""
        best = None
        for name in self.columns:
            for condition, removed in self._slices(name, peeled):
                left = self.box.futures - len(removed)
                if left < least:
                    continue
                density = (self.box.hits - np.count_nonzero(self.hits[removed])) / left
                gain = (density - self.box.density) / len(removed)
                if gain > (best.gain if best else 0.0):
                    best = Peel(gain, name, condition, removed)
        return best

    def _slices(self, name: str, peeled: float) -> Iterator[tuple[Limits, np.ndarray]]:
        if name in self.sorted:
            yield from self._ends(name, max(1, int(peeled * len(self.rows))))
            return
        codes = self.columns[name][self.rows]
        levels = np.unique(codes)
        for level in levels if len(levels) > 1 else []:
            kept = frozenset(int(other) for other in levels if other != level)
            yield kept, self.rows[codes == level]

    def _ends(self, name: str, count: int) -> Iterator[tuple[Limits, np.ndarray]]:
        """Yield the slice of the lowest and that of the highest values, tied values together."""
        values, order = self.sorted[name], self.order[name]
        low, high = self.box.conditions.get(name, (-np.inf, np.inf))
        if count >= len(values) or values[0] == values[-1]:
            return
        first, last = values[count], values[-1 - count]
        start = np.searchsorted(values, first, "right" if first == values[0] else "left")
        yield (float(values[start]), high), order[:start]
        stop = np.searchsorted(values, last, "left" if last == values[-1] else "right")
        yield (low, float(values[stop - 1])), order[stop:]

    def take_off(self, peel: Peel) -> None:
        """Leave the rows of a slice out of the box."""
        self.within[peel.removed] = False
        self.rows = self.rows[self.within[self.rows]]
        for name, order in self.order.items():
            kept = self.within[order]
            self.order[name], self.sorted[name] = order[kept], self.sorted[name][kept]
        found = self.box.hits - int(np.count_nonzero(self.hits[peel.removed]))
        conditions = self.box.conditions | {peel.name: peel.condition}
        self.box = Box(conditions, len(self.rows), found, self.box.all_futures, self.box.all_hits)


def pruned(columns: Columns, hits: np.ndarray, box: Box, most: int = MOST_INPUTS) -> Box:
    """Return the box without the conditions that do nothing, and with few inputs.

    The condition whose loss costs the score least goes first, as long as there are more than
    ``most``, or it costs less than ``NEGLIGIBLE``, or it is as good by chance.
    """
    while box.conditions:
        wider = max(
            (without(columns, hits, box, name) for name in box.conditions),
            key=lambda other: other.score,
        )
        does_nothing = box.score - wider.score < NEGLIGIBLE or quasi_p_value(box, wider) > CHANCE
        if len(box.conditions) <= most and not does_nothing:
            return box
        box = wider
    return box


def pasted(columns: Columns, hits: np.ndarray, box: Box, part: float = PASTED) -> Box:
    """Return the box enlarged, a slice at a time, as long as it gets no less dense."""
    while True:
        wider = [
            measured(columns, hits, conditions)
            for conditions in _enlarged(columns, box, max(1, int(part * box.futures)))
        ]
        wider = [other for other in wider if other.futures > box.futures]
        best = max(wider, key=lambda other: (other.density, other.futures), default=None)
        if best is None or best.density < box.density:
            return box
        box = best


def _enlarged(columns: Columns, box: Box, count: int) -> Iterator[dict[str, Limits]]:
    """Yield the conditions of the box with one of them wider by some futures, or by a level."""
    for name, condition in box.conditions.items():
        rest = {other: kept for other, kept in box.conditions.items() if other != name}
        elsewhere = np.ones(len(columns[name]), dtype=bool)
        for other, kept in rest.items():
            elsewhere &= meets(columns[other], kept)
        values = columns[name][elsewhere]
        if isinstance(condition, frozenset):
            levels = {int(level) for level in np.unique(values)}
            for level in sorted(levels - condition):
                wider = condition | {level}
                yield rest if wider >= levels else box.conditions | {name: wider}
            continue
        low, high = condition
        for limits in (
            (_reach(values[values < low], -1, count), high),
            (low, _reach(values[values > high], 1, count)),
        ):
            if limits == (-np.inf, np.inf):
                yield rest
            elif limits != condition:
                yield box.conditions | {name: limits}


def _reach(beyond: np.ndarray, direction: int, count: int) -> float:
    """Return how far a limit moves outwards to take in some of the values beyond it."""
    if len(beyond) <= count:
        return direction * np.inf
    place = count - 1 if direction > 0 else len(beyond) - count
    return float(np.partition(beyond, place)[place])


def discovered(
    columns: Columns,
    hits: np.ndarray,
    peeled: float = PEELED,
    least: int = LEAST,
    most: int = MOST_INPUTS,
) -> Box:
    """Return the box shown: few conditions that hold most hits and little else.

    Of the boxes of a peel the one with the highest score is taken; conditions that do nothing are
    dropped and the inputs that are left are peeled again, alone, until none is dropped. What is
    left is enlarged as far as it gets no less dense. A box without conditions means that none tells
    the hits from the rest, or that there are fewer than ``least``.
    """
    if np.count_nonzero(hits) < least:
        return measured(columns, hits, {})
    kept, box = columns, None
    while box is None or 0 < len(box.conditions) < len(kept):
        kept = kept if box is None else {name: columns[name] for name in box.conditions}
        best = max(trajectory(kept, hits, peeled, least), key=lambda other: other.score)
        box = pruned(columns, hits, best, most)
    return pasted(columns, hits, box)
