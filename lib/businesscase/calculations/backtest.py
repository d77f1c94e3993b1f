"""Whether a verdict would have been right, and how much a few cases tell of a rule."""

from collections.abc import Sequence
from typing import NamedTuple

from businesscase.calculations.decision import CONDITIONAL, GO, NOT_READY, STOP

RIVALS = {
    "Stop always": STOP,
    "Go always": GO,
    "Not ready always": NOT_READY,
}
CONFIDENCE = 0.95


class Score(NamedTuple):
    """How many verdicts were right, of how many, and the exact interval of the share [fraction]."""

    right: int
    of: int
    low: float
    high: float


def is_right(verdict: str, lasted: bool) -> bool:
    """Return whether a verdict fits what came of a partnership: to go on where it lasted, else to stop.

    Not to be ready is never right: it decides nothing.

    Examples
    --------
    >>> is_right("go with conditions", True), is_right("stop", True), is_right("not ready to decide", False)
    (True, False, False)
    """
    return verdict in (GO, CONDITIONAL) if lasted else verdict == STOP


def score(verdicts: Sequence[str], lasted: Sequence[bool]) -> Score:
    """Return how often verdicts were right, with the Clopper-Pearson interval of that share.

    Examples
    --------
    >>> score(["stop"], [False])
    Score(right=1, of=1, low=0.025, high=1.0)
    >>> score([], [])
    Score(right=0, of=0, low=0.0, high=1.0)
    """
    from scipy.special import betaincinv  # slow to import

    right, of = sum(map(is_right, verdicts, lasted)), len(verdicts)
    wrong, tail = of - right, (1 - CONFIDENCE) / 2
    low = betaincinv(right, wrong + 1, tail) if right else 0.0
    high = betaincinv(right + 1, wrong, 1 - tail) if wrong else 1.0
    return Score(right, of, round(float(low), 6), round(float(high), 6))
