"""Faults of the readiness scores."""

from collections.abc import Iterator

from businesscase.errors import unknown_name
from businesscase.validation.core import Fault, Tables, staying


def readiness_faults(tables: Tables) -> Iterator[Fault]:
    """Yield unknown areas, and scores that are missing."""
    areas = list(tables["readiness_areas"]["area"])
    readiness = tables["readiness"]
    for index in readiness.index[~readiness["area"].isin(areas)]:
        yield "readiness", index, unknown_name("area", readiness.at[index, "area"], areas)
    if readiness.empty:
        return
    given = set(zip(readiness["area"], readiness["partner"], strict=True))
    for area in areas:
        for partner in staying(tables):
            if (area, partner) not in given:
                yield "readiness.csv", None, f"{partner} has no score in {area}"
