"""Bringing the tables of a case that an earlier release wrote forward, one version at a time."""

from collections.abc import Callable
from dataclasses import replace
from typing import NamedTuple

from businesscase.decision import LETTER, PROPOSED
from businesscase.errors import Fault
from businesscase.raw import CASE, RawCase

VERSION = 2  # of the tables; a change of what they mean takes the next one, and a step to it
FIRST = 1  # of cases that state none


class Upgrade(NamedTuple):
    """A case as it is read today, and what was changed for that, a sentence each."""

    raw: RawCase
    changes: list[str]


def upgraded(raw: RawCase) -> Upgrade:
    """Return a case in the version of today; one that can't be read, or is of no version, as it is.

    Each step takes what a table of its version meant to the next; what can't be told is left for the
    checks to refuse. Rows keep their order, so that they keep their places.

    Examples
    --------
    >>> gate = {"section": "options", "item": "a", "criterion": "robust"}
    >>> found = upgraded(RawCase({"preferred_option": "a"}, {}, {"gates": [gate]}))
    >>> found.raw.file["version"], found.raw.tables["gates"][0]["item"], found.changes
    (2, 'proposed', ["gates.csv: criterion robust: item 'a' is now 'proposed'"])
    """
    version = version_of(raw)
    if version is None:
        return Upgrade(raw, [])
    if version > VERSION:
        fault = Fault(
            f"version {version} is of a later release of this workbook, which reads up to {VERSION}",
            found=version,
            allowed=VERSION,
        )
        return Upgrade(
            replace(raw, faults=[*raw.faults, fault.at(raw.place(CASE, None, "version"))]), []
        )
    changes = []
    for step in STEPS[version - FIRST :]:
        tables, said = step(raw)
        raw = replace(raw, tables=raw.tables | tables, file=raw.file | {"version": VERSION})
        changes += said
    return Upgrade(raw, changes)


def version_of(raw: RawCase) -> int | None:
    """Return the version of a case's tables, None if it states none that can be one."""
    version = (raw.file or {}).get("version", FIRST) if raw.file is not None else None
    is_version = isinstance(version, int) and not isinstance(version, bool) and version >= FIRST
    return version if is_version else None


def _proposed_by_name(raw: RawCase) -> tuple[dict[str, list[dict[str, str]]], list[str]]:
    """Let criteria that name the option proposed by its letter follow the option appraised."""
    proposed = raw.file.get("preferred_option") or None
    said, rows = [], []
    for row in raw.tables.get("gates", []):
        option, comma, rest = row.get("item", "").partition(", ")
        item = row.get("item")
        if (
            row.get("section") == "options"
            and LETTER.fullmatch(option)
            and proposed in (None, option)
        ):
            item = f"{PROPOSED}{comma}{rest}"
            said.append(
                f"gates.csv: criterion {row.get('criterion')}: item {row['item']!r} is now {item!r}"
            )
        rows.append(row if item is None else row | {"item": item})
    return ({"gates": rows} if said else {}), said


Step = Callable[[RawCase], tuple[dict[str, list[dict[str, str]]], list[str]]]
STEPS: list[Step] = [_proposed_by_name]
