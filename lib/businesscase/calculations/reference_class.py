"""What others got for what they planned, as a prediction for one more of the same kind.

Its width follows from how many there are: the range of a few outcomes is no range of what may come.
"""

from dataclasses import dataclass

import numpy as np

from businesscase.calculations.uncertainty import PERCENTILES

FEWEST = 4  # cases without which there is no interval
DECILES = np.array(PERCENTILES) / 100  # the outer two and the middle
# what the ratio of actual to planned is more than a parameter
ABOVE = {"realisation": 0.0, "overrun": 1.0, "running_cost_change": 1.0}


@dataclass(frozen=True)
class ReferenceClass:
    """Ratios of what was got to what was planned, a case each.

    The square roots of the ratios, that of the next case among them, are taken to come from one
    normal distribution of which only these are known. A root allows nil, which a service that ended
    early realised from then on, where a logarithm has no place for it.

    References
    ----------
    Geisser (1993), Predictive Inference: Student's t with one degree of freedom fewer than cases,
    times the root of 1 + 1/n.

    Examples
    --------
    >>> ReferenceClass((0.25, 1.0, 0.25, 1.0)).at(np.array([0.01, 0.5])).round(4).tolist()
    [0.0, 0.5625]
    """

    ratios: tuple[float, ...]

    @property
    def has_interval(self) -> bool:
        """Whether there are cases enough to say how far the next may lie from them."""
        return len(self.ratios) >= FEWEST

    def at(self, levels: np.ndarray) -> np.ndarray:
        """Return the ratio that the next case stays below at levels [0 to 1].

        Raises
        ------
        ValueError
            With fewer than ``FEWEST`` cases.
        """
        if not self.has_interval:
            raise ValueError(
                f"{len(self.ratios)} cases are too few for an interval; {FEWEST} are needed"
            )
        return _predicted(self.ratios, levels)

    @property
    def held(self) -> int:
        """How many cases the interval that the others would have given held, P10 to P90 [count]."""
        every = range(len(self.ratios))
        ends = [_predicted(self.ratios[:i] + self.ratios[i + 1 :], DECILES) for i in every]
        return sum(bool(ends[i][0] <= self.ratios[i] <= ends[i][-1]) for i in every)


def _predicted(ratios: tuple[float, ...], levels: np.ndarray) -> np.ndarray:
    from scipy.special import stdtrit  # slow to import

    roots, count = np.sqrt(ratios), len(ratios)
    spread = np.std(roots, ddof=1) * np.sqrt(1 + 1 / count)
    # from the middle out, as scipy has plus infinity for the lowest levels
    above = np.asarray(levels) - 0.5
    scores = np.copysign(stdtrit(count - 1, 0.5 + np.abs(above)), above)
    return np.maximum(np.mean(roots) + scores * spread, 0.0) ** 2
