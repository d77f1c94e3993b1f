"""Bringing the tables of a case that an earlier release wrote forward, one version at a time."""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import NamedTuple

from businesscase.calculations.decision import LETTER, PROPOSED
from businesscase.calculations.savings import PAY, inflation_by_category
from businesscase.cases.errors import Fault
from businesscase.cases.raw import CASE, RawCase
from businesscase.cases.schema import FREED

VERSION = 3  # of the tables; a change of what they mean takes the next one, and a step to it
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
    (3, 'proposed', ["gates.csv: criterion robust: item 'a' is now 'proposed'"])
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
    tables, scenarios, changes = dict(raw.tables), raw.scenarios, Counter()
    for step in STEPS[version - FIRST :]:
        for stem in step.tables.keys() & tables.keys():
            rows = [dict(row) for row in tables[stem]]
            for row in rows:
                for column, value, said in step.tables[stem](row, raw.file):
                    row[column] = value
                    changes[f"{stem}.csv: {said}"] += 1
            tables[stem] = rows
        if step.scenarios and scenarios is not None:
            scenarios = step.scenarios(scenarios, changes)
    told = [said if count == 1 else f"{said} ({count} rows)" for said, count in changes.items()]
    after = replace(raw, tables=tables, scenarios=scenarios, file=raw.file | {"version": VERSION})
    return Upgrade(after, sorted(told))


def version_of(raw: RawCase) -> int | None:
    """Return the version of a case's tables, None if it states none that can be one."""
    version = (raw.file or {}).get("version", FIRST) if raw.file is not None else None
    is_version = isinstance(version, int) and not isinstance(version, bool) and version >= FIRST
    return version if is_version else None


def _proposed_by_name(gate: dict[str, str], file: dict) -> Iterator[tuple[str, str, str]]:
    """Let a criterion that names the option proposed by its letter follow the option appraised."""
    item, proposed = gate.get("item", ""), file.get("preferred_option")
    option, comma, rest = item.partition(", ")
    is_proposed = LETTER.fullmatch(option) and (not proposed or option == proposed)
    if gate.get("section") == "options" and is_proposed:
        now = f"{PROPOSED}{comma}{rest}"
        yield "item", now, f"criterion {gate.get('criterion')}: item {item!r} is now {now!r}"


def _flow_that_says_what_it_follows(
    flow: dict[str, str], _: dict
) -> Iterator[tuple[str, str, str]]:
    """Let a flow of staff follow pay, as it did; what others follow is for the council to say."""
    if not flow.get("inflation") and inflation_by_category(flow.get("category", "")) == PAY:
        category = flow["category"].strip().casefold()
        yield "inflation", PAY, f"inflation of the category {category} is now {PAY!r}"
    if flow.get("cashable") == "false" and flow.get("flow") not in FREED:
        kind = flow.get("flow")
        yield "cashable", "true", f"cashable of a {kind}, which had no effect, is now 'true'"


def _with_dated_membership(scenarios: dict[str, dict], changes: Counter) -> dict[str, dict]:
    """Let scenarios say when partners leave by the first year out, and which floor they mean.

    One of ``leaver`` and ``leaves_after`` without the other is left for the checks to refuse.
    """
    base, found = next(iter(scenarios.values()), {}), {}
    for name, fields in scenarios.items():
        found[name] = fields
        if not isinstance(fields, dict) or not isinstance(base, dict):
            continue
        inherited = base | fields
        leaver, after = inherited.get("leaver"), inherited.get("leaves_after")
        own = {key: value for key, value in fields.items() if key not in ("leaver", "leaves_after")}
        if own != fields and (leaver == "" or (leaver and type(after) is int)):
            leaves = {leaver: after + 1} if leaver else {}
            found[name] = own | {"leaves": leaves}
            said = f"{leaver} in {after + 1}, its first year out" if leaver else "nobody"
            changes[f"scenarios.toml: {name}: leaver and leaves_after are now leaves: {said}"] += 1
        if isinstance(floor := fields.get("no_detriment"), bool):
            found[name] = found[name] | {"no_detriment": "by_year" if floor else "none"}
            changes[
                f"scenarios.toml: {name}: no_detriment is now {found[name]['no_detriment']!r}"
            ] += 1
    return found


Change = Callable[[dict[str, str], dict], Iterator[tuple[str, str, str]]]


class Step(NamedTuple):
    """What a version means to the next.

    ``tables`` has by table: column, new cell and sentence for what changes in a row. ``scenarios``
    returns all of them as they are written now, and counts what it changes.
    """

    tables: dict[str, Change]
    scenarios: Callable[[dict[str, dict], Counter], dict[str, dict]] | None = None


STEPS = [
    Step({"gates": _proposed_by_name, "flows": _flow_that_says_what_it_follows}),
    Step({}, _with_dated_membership),
]
