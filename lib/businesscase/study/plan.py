"""The work plan of a study."""

import datetime as dt
from dataclasses import dataclass
from functools import cached_property

import holidays
import pandas as pd

from businesscase import plan
from businesscase.study.core import StudyCore


@dataclass(frozen=True)
class PlanStudy(StudyCore):
    """When the work is done, and what drives the date."""

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
