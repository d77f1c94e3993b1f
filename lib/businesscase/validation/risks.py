"""Faults of the risk register and its scales."""

from collections.abc import Iterator

from businesscase.errors import unknown_name
from businesscase.validation.core import Fault, Tables, not_held_once

RISK_AXES = ["likelihood", "impact"]


def risk_faults(tables: Tables) -> Iterator[Fault]:
    """Yield faults of the scales, the bands and the words of the register."""
    risks, levels, bands = tables["risks"], tables["risk_levels"], tables["risk_bands"]
    for index, row in levels[levels.duplicated(["axis", "level"])].iterrows():
        yield "risk_levels", index, f"{row['axis']} {row['level']!r} stands here twice"
    if risks.empty:
        return
    scales = {axis: list(levels.loc[levels["axis"] == axis, "level"]) for axis in RISK_AXES}
    for axis, words in scales.items():
        if not words:
            yield "risk_levels.csv", None, f"no level of {axis}; risks.csv needs its scale"
            continue
        for index, word in risks[axis].items():
            if word and word not in words:
                yield "risks", index, unknown_name(axis, word, words)
    if not all(scales.values()):
        return
    scores = range(1, levels.groupby("axis")["score"].max().prod() + 1)
    lowest, highest = bands["lowest_score"], bands["highest_score"]
    for score, holding in not_held_once(lowest, highest, scores):
        yield (
            "risk_bands.csv",
            None,
            f"score {score} lies in {holding} bands; it must lie in one",
        )
