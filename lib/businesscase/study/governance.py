"""The governance of a study's partnership, beside that of the published cases."""

from collections.abc import Iterator

import pandas as pd

from businesscase.calculations import governance
from businesscase.study import tidy
from businesscase.study.core import Part
from businesscase.study.derived import derived


class Governance(Part):
    """Which topics of governance are settled, here and elsewhere."""

    name, section = "governance", "readiness"

    @property
    def questions(self) -> pd.Series:
        """The question of each topic, in the order of the list."""
        return self.tables["governance_questions"].set_index("topic")["question"]

    @derived
    def settled(self) -> pd.Series:
        """How far the case settles each topic: yes, partly or no."""
        topics = self.questions.index
        return governance.settled_topics(self.tables["governance"], topics)

    @property
    def lacking(self) -> list[str]:
        """Topics that the case leaves open or does not mention."""
        return list(self.settled.index[self.settled == governance.NO])

    @derived
    def matrix(self) -> pd.DataFrame:
        """How far each published case settled each topic, case by topic."""
        topics = self.questions.index
        return governance.settled_matrix(self.tables["governance_precedents"], topics)

    @derived
    def examples(self) -> pd.DataFrame:
        """How other cases settled what this one has not."""
        return governance.examples(
            self.tables["governance_precedents"], self.settled, self.case.name
        )

    def rows(self) -> Iterator[tidy.Row]:
        """Yield the results, as results.csv has them."""
        yield from tidy.one("governance_lacking", len(self.lacking), tidy.COUNT)
        yield from tidy.series("governance", self.settled, tidy.TEXT)
