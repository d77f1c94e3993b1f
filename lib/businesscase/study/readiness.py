"""The readiness of a study's partners, and what the end of a programme teaches."""

from collections.abc import Iterator
from typing import ClassVar

import pandas as pd

from businesscase.calculations import readiness, savings
from businesscase.calculations.apportionment import ALL
from businesscase.study import tidy
from businesscase.study.baseline import Baseline
from businesscase.study.core import Inputs, Part, of_all
from businesscase.study.derived import derived
from businesscase.study.savings import Savings


class Readiness(Part):
    """Whether the partners are ready, and close enough to each other."""

    name = "readiness"

    def __init__(self, inputs: Inputs, baseline: Baseline, savings: Savings):
        super().__init__(inputs)
        self.baseline, self.savings = baseline, savings

    @derived
    def stated_scores(self) -> pd.DataFrame:
        """Readiness as readiness.csv scores it, area by partner [1 to 5]."""
        return readiness.area_scores(self.tables["readiness"]).astype(float)

    @derived
    def scores(self) -> pd.DataFrame:
        """Readiness, area by partner [1 to 5]; empty where the case scores none."""
        scores = self.stated_scores.copy()
        if scores.empty:
            return scores
        for area, by_partner in self.parameters.readiness_scores.items():
            for partner, score in by_partner.items():
                scores.loc[area, partner] = score
        return scores

    @property
    def areas(self) -> pd.DataFrame:
        """The areas with their largest gap and red line [score]."""
        return self.tables["readiness_areas"].set_index("area")

    @derived
    def divergence(self) -> pd.DataFrame:
        """How far apart the partners stand in each area."""
        return readiness.divergence(self.scores, self.areas["largest_gap"])

    @derived
    def below_minimum(self) -> pd.DataFrame:
        """Which partners score below the red line of each area."""
        return readiness.below_minimum(self.scores, self.areas["lowest_score"])

    @property
    def areas_beyond_gap(self) -> list[str]:
        """Areas in which the partners stand further apart than can be managed."""
        return list(self.divergence.index[self.divergence["beyond_gap"]])

    @property
    def areas_below_minimum(self) -> list[str]:
        """Areas in which a partner is not ready, whatever the gap."""
        return list(self.below_minimum.index[self.below_minimum.any(axis="columns")])

    @derived
    def needed_rises(self) -> pd.DataFrame:
        """Who must rise, and by how much, for every area to be within its gap and red line."""
        areas = self.areas
        return readiness.needed_rises(self.scores, areas["largest_gap"], areas["lowest_score"])

    @derived
    def partner_sizes(self) -> pd.DataFrame:
        """Users, devices and spend [£ a year, base-year prices] by partner, NaN if not known."""
        sizes = {
            "users": self.baseline.users,
            "devices": self.baseline.devices,
            "spend": self.baseline.real_annual_cost,
        }
        return pd.DataFrame(sizes).T.reindex(columns=self.partners).astype(float)

    @derived
    def size_ratios(self) -> pd.Series:
        """How many times as large the largest partner is as the smallest; NaN if not known."""
        return readiness.size_ratios(self.partner_sizes)

    @property
    def stop(self) -> pd.Timestamp | None:
        """When the programme stopped: its first outcome that didn't last; None if it has none."""
        stop = readiness.stopped_on(self.tables["events"])
        return None if pd.isna(stop) else stop

    @property
    def one_off_by_year(self) -> pd.Series:
        """One-off cost of all partners by financial year [£]; empty where none is known."""
        return (
            savings.one_off_costs(savings.budget(self.savings.flows)).sum()
            if len(self.savings.committed_cost)
            else pd.Series()
        )

    @derived
    def spent_before_stop(self) -> float:
        """One-off cost up to and in the year of the stop [£]; NaN without a stop or a cost."""
        return readiness.spent_by_stop(self.one_off_by_year, self.stop)

    @derived
    def lessons(self) -> pd.DataFrame:
        """Why the programme stopped, when it could have been known, and what came after."""
        return readiness.lesson_costs(self.tables["lessons"], self.stop, self.one_off_by_year)

    quick: ClassVar = {
        "areas_beyond_gap": (of_all(lambda readiness: len(readiness.areas_beyond_gap)), tidy.COUNT)
    }

    def rows(self) -> Iterator[tidy.Row]:
        """Yield the results, as results.csv has them."""
        if not self.scores.empty:
            yield from self._score_rows()
        respected = self.tables["red_lines"]["respected"]
        if len(respected):
            yield from tidy.one("red_lines_crossed", int((respected == "no").sum()), tidy.COUNT)
            not_known = int((respected == "not known").sum())
            yield from tidy.one("red_lines_not_known", not_known, tidy.COUNT)
        yield from tidy.series("size_ratio", self.size_ratios, "ratio")
        yield from tidy.series(
            "spent_before_stop", pd.Series({ALL: self.spent_before_stop}), tidy.MONEY
        )
        lessons = self.lessons.set_index("lesson")
        yield from tidy.series("spent_by_gate", lessons["spent_by_gate"], tidy.MONEY)
        yield from tidy.series("months_to_stop", lessons["months_to_stop"], "months")

    def _score_rows(self) -> Iterator[tidy.Row]:
        """Yield the results of the scores."""
        yield from tidy.series("mean_score", self.scores.mean(), tidy.SCORE)
        for area, by_partner in self.scores.iterrows():
            items = by_partner.rename(lambda partner, area=area: f"{area}, {partner}")
            yield from tidy.series("readiness_score", items, tidy.SCORE)
        yield from tidy.series("divergence", self.divergence["gap"], tidy.SCORE)
        yield from tidy.one("lowest_score", self.scores.min().min(), tidy.SCORE)
        yield from tidy.one("areas_beyond_gap", len(self.areas_beyond_gap), tidy.COUNT)
        yield from tidy.one("areas_below_minimum", len(self.areas_below_minimum), tidy.COUNT)
