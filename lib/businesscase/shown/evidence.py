"""What a reader is told of the evidence behind a figure: how many of its rows are assumed, and which."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from itertools import chain as together
from typing import TypeVar

from businesscase.calculations.wording import listed, words
from businesscase.cases.case import Case
from businesscase.study import Study, evidence
from businesscase.study.derived import read_in_cell, recorded
from businesscase.study.evidence import Chain, Runs

Run = tuple[int, int]
Named = Callable[[Run], str]
Made = TypeVar("Made")

NAMED = 3  # tables that a mark names, those with most assumed rows first
GIVEN = 6  # runs of numbers that a mark has room for
NUMBER = "A"  # before the number of a row in the log


def run_in_words(run: Run) -> str:
    """Return a run of rows by their numbers.

    Examples
    --------
    >>> run_in_words((3, 14)), run_in_words((16, 16))
    ('A3 to A14', 'A16')
    """
    first, last = run
    return f"{NUMBER}{first}" if first == last else f"{NUMBER}{first} to {NUMBER}{last}"


@dataclass(frozen=True)
class Mark:
    """What stands by a figure that rests on assumed rows.

    Attributes
    ----------
    counts : str
        How many rows of which tables are assumed.
    runs : tuple of (int, int)
        First and last number of the runs of assumed rows that are named.
    more : int
        Assumed rows that are not named.
    assumed, of : int
        Assumed rows, and all rows.
    """

    counts: str
    runs: tuple[Run, ...]
    more: int
    assumed: int
    of: int

    @property
    def brief(self) -> str:
        """What stands behind a sentence or caption where there is no room for more."""
        rows = f"{self.assumed} of {self.of}" if self.assumed < self.of else f"all {self.of}"
        return f" ({rows} rows assumed)"

    def sentence(self, named: Named = run_in_words) -> str:
        """Return the line under a table or figure; ``named`` is how a run of rows is written."""
        return f"Rests on assumed rows: {self.counts} ({self._numbers(named)})."

    def short(self, named: Named = run_in_words) -> str:
        """Return what a sentence ends in."""
        return f"(assumed: {self._numbers(named)})"

    def _numbers(self, named: Named) -> str:
        more = [f"{self.more} more"] if self.more else []
        return listed([*map(named, self.runs), *more])


def end(mark: Mark | None, named: Named = run_in_words) -> str:
    """Return what computed prose ends in, as Markdown; nothing if none of its rows is assumed."""
    return f" *{mark.short(named)}*" if mark else ""


def traced(study: Study, made: Callable[[], Made]) -> tuple[Made, Mark | None]:
    """Return what is made of a study's results outside a notebook, and what is said of its rows."""
    kept = recorded(made)
    return kept.value, mark(study.case, evidence.chain(study.case, kept.reads))


def of_cell() -> tuple[Chain | None, Mark | None]:
    """Return chain and mark of what the cell that runs shows; neither outside a notebook."""
    case, reads = evidence.case_shown(), frozenset(read_in_cell)
    if case is None:
        return None, None
    if not (_told and _told[0] is case and _told[1] == reads):
        chain = evidence.chain(case, reads)
        _told[:] = case, reads, chain, mark(case, chain)
    return _told[2], _told[3]


_told: list = []  # case, reads, chain and mark of the last output, which is asked for in several forms


def mark(case: Case, chain: Chain) -> Mark | None:
    """Return what is said of a figure by its chain; None if no row of it is assumed."""
    found = evidence.assumed(case, chain)
    if not found:
        return None
    counts = {stem: evidence.count(of) for stem, of in found.items()}
    most = sorted(counts, key=lambda stem: -counts[stem])
    told = [_counted(stem, counts[stem], evidence.count(chain[stem])) for stem in most[:NAMED]]
    others = sum(counts[stem] for stem in most[NAMED:])
    if others:
        told.append(f"{others} of other tables")
    merged = _merged(found)
    named = sorted(sorted(merged, key=lambda run: run[0] - run[1])[:GIVEN])
    every, rows = sum(counts.values()), sum(map(evidence.count, chain.values()))
    named_runs = tuple((first, last) for first, last in named)
    return Mark(listed(told), named_runs, every - evidence.count(named), every, rows)


def _counted(stem: str, assumed: int, of: int) -> str:
    """Return how many rows of a table are assumed.

    Examples
    --------
    >>> _counted("scores", 30, 30), _counted("flows", 12, 14), _counted("gates", 1, 1)
    ('all 30 scores', '12 of 14 flows', 'the one row of gates')
    >>> _counted("readiness", 30, 33)
    '30 of 33 rows of readiness'
    """
    rows = words(stem) if re.search("[^s]s$", stem) else f"rows of {words(stem)}"
    if assumed < of:
        return f"{assumed} of {of} {rows}"
    return f"all {of} {rows}" if of > 1 else f"the one row of {words(stem)}"


def _merged(found: Chain) -> Runs:
    numbers = (range(first, last + 1) for first, last in together.from_iterable(found.values()))
    return evidence.runs(together.from_iterable(numbers))
