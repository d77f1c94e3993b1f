"""How a verdict, the outcome of a criterion and a status look, in every format: fill and text colour.

Nothing is told by colour alone: the words stand in each, and an outcome has a sign of its own.
"""

from businesscase.calculations.decision import (
    CONDITIONAL,
    GO,
    MET,
    NOT_KNOWN,
    NOT_MET,
    NOT_READY,
    STOP,
)
from businesscase.shown.display import PALE

Look = tuple[str, str]  # fill and text colour, with a contrast of 7 to 1 or more

INK = "#0B0C0C"
GOOD: Look = ("#D5EBDD", INK)
MIDDLE: Look = ("#FFE8A3", INK)
BAD: Look = ("#801650", "white")
OPEN: Look = (PALE, INK)

OUTCOMES = {MET: GOOD, NOT_MET: BAD, NOT_KNOWN: OPEN}
VERDICTS = {GO: GOOD, CONDITIONAL: MIDDLE, NOT_READY: OPEN, STOP: BAD}


def of_verdict(said: str) -> Look:
    """Return how a recommendation looks by its words before a comma.

    Examples
    --------
    >>> of_verdict("Go with conditions, and the review is red") == MIDDLE
    True
    """
    return VERDICTS.get(said.partition(",")[0].lower(), OPEN)
