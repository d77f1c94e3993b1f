"""Faults of what came true after the decision."""

from collections.abc import Iterator

from businesscase.validation.core import Fault, Tables


def outturn_faults(tables: Tables) -> Iterator[Fault]:
    """Yield actuals that name no line, measure or task of the case."""
    yield from ()
