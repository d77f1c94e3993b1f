"""Faults of readiness, red lines, lessons and governance."""

from collections.abc import Iterator

import pandas as pd

from businesscase.calculations.readiness import stopped_on
from businesscase.cases.errors import unknown_name
from businesscase.cases.schema import TOPICS
from businesscase.cases.validation.core import PlacedFault, Tables, staying

GATES = ["gate", "decision"]  # kinds of event at which a lesson could have been known
NAMED_NEAREST = 3  # dates offered in place of a wrong one


def readiness_faults(tables: Tables) -> Iterator[PlacedFault]:
    """Yield faults of the scores, the red lines, the lessons and the list of governance."""
    yield from _score_faults(tables)
    yield from _red_line_faults(tables)
    yield from _lesson_faults(tables)
    yield from _governance_faults(tables)


def _score_faults(tables: Tables) -> Iterator[PlacedFault]:
    areas = list(tables["readiness_areas"]["area"])
    readiness = tables["readiness"]
    for index in readiness.index[~readiness["area"].isin(areas)]:
        yield "readiness", index, unknown_name("area", readiness.at[index, "area"], areas)
    if readiness.empty:
        return
    given = set(zip(readiness["area"], readiness["partner"], strict=True))
    for area in areas:
        for partner in staying(tables["partners"]):
            if (area, partner) not in given:
                yield "readiness", None, f"{partner} has no score in {area}"


def _red_line_faults(tables: Tables) -> Iterator[PlacedFault]:
    partners = tables["partners"]
    leaving = set(partners.loc[partners["role"] == "leaving", "partner"])
    for index, partner in tables["red_lines"]["partner"].items():
        if partner in leaving:
            yield (
                "red_lines",
                index,
                f"{partner} is leaving; only partners that stay have rows here",
            )


def _lesson_faults(tables: Tables) -> Iterator[PlacedFault]:
    events = tables["events"]
    gates = sorted(set(events.loc[events["kind"].isin(GATES), "date"]))
    stop = stopped_on(events)
    for index, date in tables["lessons"]["known_from"].items():
        if date not in gates:
            nearest = sorted((abs(gate - date), gate) for gate in gates)[:NAMED_NEAREST]
            shown = ", ".join(map(_day, sorted(gate for _, gate in nearest)))
            hint = f"nearest: {shown}" if shown else "events.csv has none"
            yield (
                "lessons",
                index,
                f"known_from {_day(date)} is the date of no gate or decision in events.csv; {hint}",
            )
        elif date > stop:  # no date is after a stop that there is not
            yield (
                "lessons",
                index,
                f"known_from {_day(date)} is after the programme's outcome on {_day(stop)}; a lesson "
                "is known at the outcome at the latest",
            )


def _day(date: pd.Timestamp) -> str:
    return date.date().isoformat()


def _governance_faults(tables: Tables) -> Iterator[PlacedFault]:
    topics = TOPICS.replace(" or ", ", ").split(", ")
    asked = set(tables["governance_questions"]["topic"])
    for topic in topics:
        if topic not in asked:
            yield (
                "governance_questions",
                None,
                f"{topic} has no question; every topic needs one",
            )
    for case, rows in tables["governance_precedents"].groupby("case", sort=False):
        lacking = [topic for topic in topics if topic not in set(rows["topic"])]
        if lacking:
            yield (
                "governance_precedents",
                None,
                f"{case} has no row for {', '.join(lacking)}; every case needs each topic",
            )
        for index in rows.index[rows["partnership"] != rows["partnership"].iloc[0]]:
            yield (
                "governance_precedents",
                index,
                f"partnership is {rows.at[index, 'partnership']!r}; the first row of {case} has "
                f"{rows['partnership'].iloc[0]!r}",
            )
