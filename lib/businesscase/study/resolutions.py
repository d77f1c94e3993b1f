"""What a cabinet would resolve on the verdict, and what else its members must know."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from businesscase.calculations import resolutions
from businesscase.calculations.apportionment import ALL
from businesscase.calculations.wording import counted, in_words, listed, pounds, printed
from businesscase.cases.errors import Fault
from businesscase.study.core import Inputs, Part
from businesscase.study.decision import Decision
from businesscase.study.derived import derived, derived_by
from businesscase.study.savings import Savings

TO_THE_POUND = ["one_off_cost", "peak_funding"]  # what is approved; the rest is noted, in words
OF_SAVING = ["net_present_value", "average_annual_saving"]  # what needs money that recurs

KEPT_BACK = "the amount in the exempt report"  # what the public reads in place of money


class Resolutions(Part):
    """Draft resolutions for the verdict, and the implications that are written or missing."""

    name, section = "resolutions", "decision"

    def __init__(self, inputs: Inputs, savings: Savings, decision: Decision):
        super().__init__(inputs)
        self.savings, self.decision = savings, decision

    @derived
    def standing(self) -> pd.DataFrame:
        """Rows of resolutions.csv for the verdict, 'all' for no partner, with the places not known."""
        rows, verdict = self.tables["resolutions"], self.decision.recommendation
        named = rows["verdicts"].map(resolutions.named_verdicts)
        rows = rows[np.array([verdict in words for words in named], bool)]
        rows = rows.assign(partner=rows["partner"].replace("", ALL))
        unknown = [
            resolutions.unfilled(row.resolution, self.amounts(row.partner))
            for row in rows.itertuples()
        ]
        return rows.assign(not_known=pd.Series(unknown, rows.index, dtype=object))

    @derived
    def resolutions(self) -> pd.DataFrame:
        """Draft resolutions for the verdict with their amounts, by number in the order of the file."""
        rows = self.standing[~self.standing["not_known"].astype(bool)].drop(columns="not_known")
        texts = [
            resolutions.filled(row.resolution, self.amounts(row.partner))
            for row in rows.itertuples()
        ]
        numbers = pd.RangeIndex(1, len(rows) + 1, name="number")
        return rows.assign(resolution=texts).set_index(numbers)

    @derived
    def without_amounts(self) -> pd.DataFrame:
        """Draft resolutions for the verdict for the public, in which no amount of money is filled in."""
        table = self.resolutions
        own = {"option", "partners", "conditions", "actions_due"}
        texts = []
        for row in self.standing.loc[~self.standing["not_known"].astype(bool)].itertuples():
            known = self.amounts(row.partner)
            said = {name: known[name] if name in own else KEPT_BACK for name in known}
            texts.append(resolutions.filled(row.resolution, said))
        return table.assign(resolution=texts)

    @derived
    def left_out(self) -> pd.DataFrame:
        """Draft resolutions for the verdict with a place whose amount is nil or not known."""
        return self.standing[self.standing["not_known"].astype(bool)]

    @derived_by
    def amounts(self, of: str) -> dict[str, str]:
        """Return what fills the places for all partners together or one; what is nil or not known is left out."""
        options, actions = self.tables["options"], self.decision.conditions
        names = options.loc[options["option"] == self.option, "name"]
        found = {
            **self._money(of),
            "option": f"option {self.option}, {names.iloc[0]}" if len(names) else "",
            "partners": listed(self.partners),
            "conditions": counted(len(actions), "action") if len(actions) else "",
            "actions_due": printed(actions["by_when"].max()) if len(actions) else "",
        }
        return {name: said for name, said in found.items() if said}

    def _money(self, of: str) -> dict[str, str]:
        """Return the amounts of money that the case can tell, in words."""
        if self.tables["flows"].empty:
            return {}
        committed = self.savings.committed_cost
        found = self.savings.appraisal.T.get(of, pd.Series(dtype=float)).to_dict()
        found["one_off_cost"] = committed.sum() if of == ALL else committed.get(of, 0.0)
        told = TO_THE_POUND + (OF_SAVING if self.savings.recurs else [])
        return {
            name: (pounds if name in TO_THE_POUND else in_words)(found[name])
            for name in told
            if name in found and round(found[name])
        }

    @derived
    def implications(self) -> pd.DataFrame:
        """What members must know, by subject in the order of the file, the subjects without a row last."""
        rows = self.tables["implications"].set_index("subject")
        lacking = [name for name in self.missing_implications if name not in rows.index]
        return rows.reindex([*rows.index, *lacking]) if len(rows) else rows

    @derived
    def missing_implications(self) -> list[str]:
        """Subjects that members must be told of, and on which nothing is written."""
        rows = self.tables["implications"]
        return resolutions.missing_subjects(dict(zip(rows["subject"], rows["text"], strict=True)))

    @property
    def findings(self) -> list[Fault]:
        """What the cabinet lacks to resolve on the verdict, and to know what follows, a sentence each."""
        return list(self._findings())

    def _findings(self) -> Iterator[Fault]:
        verdict, file = self.decision.recommendation, "resolutions.csv"
        if self.standing.empty:
            yield Fault(
                f"{file}: no resolution stands for the verdict {verdict!r}, so the cabinet has no words to "
                "pass",
                file=file,
                column="verdicts",
                found="",
                allowed=verdict,
            )
        for row in self.left_out.itertuples():
            yield Fault(
                f"{file}: left out {row.resolution!r}, as {listed(row.not_known)} is nil or not known"
                f"{'' if row.partner == ALL else f' for {row.partner}'}",
                file=file,
                column="resolution",
                found=row.resolution,
            )
        if self.missing_implications:
            yield Fault(
                f"implications.csv: nothing is written on {listed(self.missing_implications)}",
                file="implications.csv",
                column="text",
                found="",
            )
