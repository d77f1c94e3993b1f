"""The readiness of a study's partners, and what the end of a programme teaches."""

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from businesscase.calculations import readiness, savings
from businesscase.study.savings import SavingsStudy


@dataclass(frozen=True)
class ReadinessStudy(SavingsStudy):
    """Whether the partners are ready, and close enough to each other."""

    @cached_property
    def stated_readiness(self) -> pd.DataFrame:
        """Readiness as readiness.csv scores it, area by partner [1 to 5]."""
        return readiness.area_scores(self.tables["readiness"]).astype(float)

    @cached_property
    def readiness_scores(self) -> pd.DataFrame:
        """Readiness, area by partner [1 to 5]; empty where the case scores none."""
        scores = self.stated_readiness.copy()
        if scores.empty:
            return scores
        for area, by_partner in self.parameters.readiness_scores.items():
            for partner, score in by_partner.items():
                scores.loc[area, partner] = score
        return scores

    @property
    def readiness_areas(self) -> pd.DataFrame:
        """The areas with their largest gap and red line [score]."""
        return self.tables["readiness_areas"].set_index("area")

    @cached_property
    def divergence(self) -> pd.DataFrame:
        """How far apart the partners stand in each area."""
        return readiness.divergence(self.readiness_scores, self.readiness_areas["largest_gap"])

    @cached_property
    def below_minimum(self) -> pd.DataFrame:
        """Which partners score below the red line of each area."""
        return readiness.below_minimum(self.readiness_scores, self.readiness_areas["lowest_score"])

    @property
    def areas_beyond_gap(self) -> list[str]:
        """Areas in which the partners stand further apart than can be managed."""
        return list(self.divergence.index[self.divergence["beyond_gap"]])

    @property
    def areas_below_minimum(self) -> list[str]:
        """Areas in which a partner is not ready, whatever the gap."""
        return list(self.below_minimum.index[self.below_minimum.any(axis="columns")])

    @cached_property
    def needed_rises(self) -> pd.DataFrame:
        """Who must rise, and by how much, for every area to be within its gap and red line."""
        areas = self.readiness_areas
        return readiness.needed_rises(
            self.readiness_scores, areas["largest_gap"], areas["lowest_score"]
        )

    @cached_property
    def partner_sizes(self) -> pd.DataFrame:
        """Users, devices and spend [£ a year, base-year prices] by partner, NaN if not known."""
        sizes = {
            "users": self.users,
            "devices": self.devices,
            "spend": self.real_annual_cost,
        }
        return pd.DataFrame(sizes).T.reindex(columns=self.partners).astype(float)

    @cached_property
    def size_ratios(self) -> pd.Series:
        """How many times as large the largest partner is as the smallest; NaN if not known."""
        return readiness.size_ratios(self.partner_sizes)

    @property
    def stop(self) -> pd.Timestamp | None:
        """When the programme stopped: its first outcome; None if it has none."""
        events = self.tables["events"]
        outcomes = events.loc[events["kind"] == "outcome", "date"]
        return None if outcomes.empty else outcomes.min()

    @property
    def one_off_by_year(self) -> pd.Series:
        """One-off cost of all partners by financial year [£]; empty where none is known."""
        return savings.one_off_costs(self.flows).sum() if len(self.committed_cost) else pd.Series()

    @cached_property
    def spent_before_stop(self) -> float:
        """One-off cost up to and in the year of the stop [£]; NaN without a stop or a cost."""
        return readiness.spent_by_stop(self.one_off_by_year, self.stop)

    @cached_property
    def lessons(self) -> pd.DataFrame:
        """Why the programme stopped, when it could have been known, and what came after."""
        return readiness.lesson_costs(self.tables["lessons"], self.stop, self.one_off_by_year)
