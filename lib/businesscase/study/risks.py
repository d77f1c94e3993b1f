"""The risks of a study."""

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from businesscase import risks
from businesscase.study.savings import SavingsStudy


@dataclass(frozen=True)
class RisksStudy(SavingsStudy):
    """What can go wrong, where it stands on the matrix, and what it may cost."""

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
