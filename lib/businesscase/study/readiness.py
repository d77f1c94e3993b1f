"""The readiness of a study's partners."""

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from businesscase import readiness
from businesscase.study.baseline import BaselineStudy


@dataclass(frozen=True)
class ReadinessStudy(BaselineStudy):
    """Whether the partners are ready, and close enough to each other."""

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
