"""A case as it was given, before it is checked: read from a folder or a workbook, or made anew."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from businesscase.cases.errors import Fault

CASE, SCENARIOS = "case", "scenarios"  # parts of a case that are not tables
COMMENT = "#"  # begins the lines above the header of a CSV table


class Place(NamedTuple):
    """Where an input stands: as a sentence begins, and for a program."""

    text: str
    details: dict


Places = Callable[[str, int | str | None, str | None], Place]


def nowhere(part: str, item: int | str | None = None, column: str | None = None) -> Place:
    """Return the place of an input that stands in no file: its part, row or name, and column.

    Examples
    --------
    >>> nowhere("flows", 0, "amount_gbp").text
    'flows row 1, column amount_gbp'
    """
    row = f" row {item + 1}" if isinstance(item, int) else f" [{item}]" if item else ""
    return Place(f"{part}{row}{f', column {column}' if column else ''}", {"part": part})


@dataclass(frozen=True)
class RawCase:
    """A case as text.

    Attributes
    ----------
    file : dict or None
        What case.toml holds, with the types of TOML; None if it could not be read.
    scenarios : dict of dict or None
        What scenarios.toml holds, ``base`` first, each with what it changes alone; None if it could
        not be read.
    tables : dict of list of dict
        By table of the schema, the text of each row by column, written as a CSV of a case has it:
        ``12000``, ``0.35``, ``2026-04-01``, ``true``, and empty for a blank cell. A table that is not
        there has no rows; in an import it is left as it is.
    place : callable
        Where an input stands: of ``(table, index of the row or None, column or None)``,
        ``("case", None, key or None)`` or ``("scenarios", name or None, parameter or None)``.
    faults : list of Fault
        What could not be read.
    digests : dict of str
        By table, the fingerprint of its file, where it has one.
    """

    file: dict | None
    scenarios: dict[str, dict] | None
    tables: dict[str, list[dict[str, str]]]
    place: Places = field(default=nowhere, compare=False)
    faults: list[Fault] = field(default_factory=list)
    digests: dict[str, str] = field(default_factory=dict, compare=False)
