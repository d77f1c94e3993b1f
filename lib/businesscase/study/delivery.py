"""The delivery of a study: risks, plan and readiness."""

import datetime as dt
from dataclasses import dataclass
from functools import cached_property

import holidays
import pandas as pd

from businesscase import (
    plan,
    readiness,
    risks,
)
from businesscase.study.core import StudyCore


@dataclass(frozen=True)
class DeliveryStudy(StudyCore):
    """What can go wrong, when it is done, and whether the partners are ready."""

    # risks

    @cached_property
    def scored_risks(self) -> pd.DataFrame:
        """The register with scores and bands."""
        scored = risks.scored_risks(
            self.tables["risks"],
            self.tables["risk_levels"],
            self.tables["risk_bands"],
            self.parameters.likelihood_shift,
        )
        if self.parameters.appetite is None:
            return scored
        within = scored["risk_score"] <= self.parameters.appetite
        return scored.assign(within_appetite=within.where(scored["risk_score"].notna(), None))

    @property
    def risk_grid(self) -> pd.DataFrame:
        """The risk matrix, likelihood by impact, ids in the cells."""
        return risks.grid(self.scored_risks, self.tables["risk_levels"])

    @property
    def risk_findings(self) -> pd.DataFrame:
        """What is wrong with the register itself."""
        return risks.findings(self.tables["risks"])

    # plan

    @cached_property
    def schedule(self) -> pd.DataFrame:
        """The plan's dates, float and critical path."""
        chosen = self.parameters
        tasks = self.tables["tasks"]
        days = plan.changed_durations(tasks, chosen.duration_change, chosen.extra_days)
        return plan.schedule(
            tasks.assign(duration_days=days), self.case.file.plan_start, self._days_off
        )

    @property
    def _days_off(self) -> list[dt.date]:
        if self.parameters.calendar == "weekdays":
            return []
        start = self.case.file.plan_start.year
        return sorted(holidays.country_holidays("GB", "ENG", years=range(start, start + 10)))

    # readiness

    @cached_property
    def readiness_scores(self) -> pd.DataFrame:
        """Readiness, area by partner [1 to 5]."""
        scores = readiness.area_scores(self.tables["readiness"]).astype(float)
        for area, by_partner in self.parameters.readiness_scores.items():
            for partner, score in by_partner.items():
                scores.loc[area, partner] = score
        return scores

    @cached_property
    def divergence(self) -> pd.DataFrame:
        """How far apart the partners stand in each area."""
        limit = self.tables["readiness_areas"].set_index("area")["largest_gap"]
        return readiness.divergence(self.readiness_scores, limit)
