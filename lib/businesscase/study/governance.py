"""The governance of a study's partnership, beside that of the published cases."""

from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from businesscase.calculations import governance
from businesscase.study.core import StudyCore


@dataclass(frozen=True)
class GovernanceStudy(StudyCore):
    """Which topics of governance are settled, here and elsewhere."""

    @property
    def governance_questions(self) -> pd.Series:
        """The question of each topic, in the order of the list."""
        return self.tables["governance_questions"].set_index("topic")["question"]

    @cached_property
    def governance_settled(self) -> pd.Series:
        """How far the case settles each topic: yes, partly or no."""
        topics = self.governance_questions.index
        return governance.settled_topics(self.tables["governance"], topics)

    @property
    def governance_lacking(self) -> list[str]:
        """Topics that the case leaves open or does not mention."""
        return list(self.governance_settled.index[self.governance_settled == governance.NO])

    @cached_property
    def governance_matrix(self) -> pd.DataFrame:
        """How far each published case settled each topic, case by topic."""
        topics = self.governance_questions.index
        return governance.settled_matrix(self.tables["governance_precedents"], topics)

    @cached_property
    def governance_examples(self) -> pd.DataFrame:
        """How other cases settled what this one has not."""
        return governance.examples(
            self.tables["governance_precedents"], self.governance_settled, self.case.name
        )
