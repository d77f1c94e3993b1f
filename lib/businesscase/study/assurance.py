"""Assurance of a study: what its logs lack, and how far its answer rests on assumed figures."""

import datetime as dt
import math
from numbers import Real
from typing import NamedTuple

import numpy as np
import pandas as pd

from businesscase.calculations import decision
from businesscase.cases import assurance
from businesscase.cases.schema import SECTION_TABLES
from businesscase.study.core import Inputs, Part
from businesscase.study.decision import Decision
from businesscase.study.derived import derived
from businesscase.study.savings import Savings

MONEY = SECTION_TABLES["savings"]
OWN = SECTION_TABLES | {"decision": MONEY}  # there a criterion can test the cost committed
STATUSES = ["published", "derived", "assumed"]
SAME = 1e-9  # relative difference up to which two figures are the same


class Answer(NamedTuple):
    """The answer of a case: its net present value [£], its criteria and the decision on them."""

    worth: float
    moves: pd.Series
    outcomes: pd.Series
    decision: str


class Assurance(Part):
    """Whether the case is assured, and what would happen if its assumed figures were wrong."""

    name = "assurance"

    def __init__(self, inputs: Inputs, savings: Savings, decision: Decision):
        super().__init__(inputs)
        self.savings, self.decision = savings, decision

    @derived
    def requirements(self) -> pd.DataFrame:
        """What an assured analysis must show, whether the case does, and what is missing."""
        return self.requirements_on(None)

    def requirements_on(self, today: dt.date | None) -> pd.DataFrame:
        """Return the requirements as they are met on a day; entries dated after it don't count."""
        file = self.case.file
        dates = pd.Timestamp(file.data_date), pd.Timestamp(file.decision_date)
        asked = None if today is None else pd.Timestamp(today)
        # the appraisal is of the savings' own inputs, and is checked with them
        sections = [name for name in self.case.section_names() if name != "appraisal"]
        return assurance.requirements(self.tables, sections, *dates, asked)

    @property
    def wrong_by(self) -> float:
        """How far assumed figures are moved to see what rests on them [fraction]."""
        return float(
            self.tables["assurance_standards"].set_index("standard").at["wrong_by", "value"]
        )

    @property
    def is_appraised(self) -> bool:
        """Whether the case has savings, and so a net present value."""
        return "savings" in self.case.section_names()

    @derived
    def assumed_moves(self) -> pd.DataFrame:
        """The answer if the assumed figures of an input are all too high, or all too low.

        One row a line of flows.csv, or other table, with assumed rows, the largest effect on the net
        present value first: the columns of :func:`assurance.assumed_inputs`; ``worth_low`` and
        ``worth_high`` (net present value with the figures smaller and larger by ``wrong_by`` [£], NaN
        without savings), ``effect`` (the larger change of it [£]), ``rests`` (the criteria whose figure
        or threshold moves), ``turned`` (those that come out otherwise), ``decision_low`` and
        ``decision_high``.
        """
        inputs = assurance.assumed_inputs(self.tables)
        rows = [self._move(row.table, row.item, row.stays) for row in inputs.itertuples()]
        columns = ["worth_low", "worth_high", "effect", "rests", "turned", "decision_low", "decision_high"]  # fmt: skip
        table = inputs.join(pd.DataFrame(rows, columns=columns, index=inputs.index))
        counts = table[["turned", "rests"]].map(len).assign(effect=table["effect"].round(2))
        order = counts.sort_values(["effect", "turned", "rests"], ascending=False, kind="stable")
        return table.loc[order.index].reset_index(drop=True)

    @derived
    def output_origins(self) -> pd.DataFrame:
        """What the case puts out, from how many rows of which status, and what moves it.

        One row for the net present value, where there is one, each criterion that is known, and the
        decision: ``output``, ``found``, ``unit``, ``outcome`` (blank but for a criterion),
        ``published``, ``derived`` and ``assumed`` (rows of its sections' tables) and ``rests_on``
        (list of the assumed inputs that move it, the largest effect on the net present value first).
        """
        moves, gates = self.assumed_moves, self.decision.gates
        known = gates[gates["outcome"] != decision.NOT_KNOWN]
        rows = []
        if self.is_appraised:
            worth = ("net present value", self._worth, "£", "")
            rows.append((*worth, *self._statuses(MONEY), _names(moves[moves["effect"] > 0])))
        for gate in known.itertuples():
            moving = moves[[gate.criterion in names for names in moves["rests"]]]
            found = (gate.criterion, gate.found, gate.unit, gate.outcome)
            rows.append((*found, *self._statuses(OWN[gate.section]), _names(moving)))
        decided = (
            moves[["decision_low", "decision_high"]]
            .ne(self.decision.recommendation)
            .any(axis="columns")
        )
        stems = [stem for section in known["section"].unique() for stem in OWN[section]]
        found = ("decision", self.decision.recommendation, "", "")
        rows.append((*found, *self._statuses([*stems, "gates"]), _names(moves[decided])))
        columns = ["output", "found", "unit", "outcome", *STATUSES, "rests_on"]
        return pd.DataFrame(rows, columns=columns)

    def _statuses(self, stems: list[str]) -> list[int]:
        """Return how many rows of tables are published, derived and assumed."""
        status = pd.concat([self.tables[stem]["status"] for stem in dict.fromkeys(stems)])
        return [int((status == name).sum()) for name in STATUSES]

    def _move(self, stem: str, item: str, stays: str) -> tuple:
        wrong_by = 0.0 if stays else self.wrong_by
        low, high = (self._answer(stem, item, 1 + change) for change in (-wrong_by, wrong_by))
        now = self.decision.gates["outcome"]
        criteria = self.decision.gates["criterion"]
        rests = criteria[low.moves | high.moves]
        turned = criteria[(low.outcomes != now) | (high.outcomes != now)]
        worths = [answer.worth for answer in (low, high)]
        effect = max(abs(worth - self._worth) for worth in worths)
        return (*worths, effect, list(rests), list(turned), low.decision, high.decision)

    @derived
    def _worth(self) -> float:
        return float(self.savings.net_present_values.sum()) if self.is_appraised else np.nan

    def _answer(self, stem: str, item: str, factor: float) -> Answer:
        """Return the answer with the assumed figures of an input multiplied; only what they feed is new."""
        if factor == 1:
            unmoved = pd.Series(False, index=self.decision.gates.index)
            return Answer(
                self._worth, unmoved, self.decision.gates["outcome"], self.decision.recommendation
            )
        moved = self.inputs.with_tables(assurance.moved(self.tables, stem, item, factor)).assurance
        gates = self._tested_on(moved.decision)
        then = decision.recommendation(gates)
        return Answer(moved._worth, gates["moves"], gates["outcome"], then)

    def _tested_on(self, moved: Decision) -> pd.DataFrame:
        """Return the criteria with ``outcome`` where figures have moved, and which ``moves``."""
        now = self.decision.gates
        gates = now.assign(threshold=moved.tables["gates"]["threshold"], moves=False)
        known = gates[~gates["criterion"].isin(self.decision.lacking)]
        for gate in known.itertuples():
            found = moved.worst(gate)
            is_same = _same(gate.threshold, now.at[gate.Index, "threshold"])
            moves = not (_same(found, gate.found) and is_same)
            gates.at[gate.Index, "moves"] = moves
            if moves:
                gates.at[gate.Index, "outcome"] = decision.outcome(
                    found, gate.comparison, gate.threshold
                )
        return gates


def _names(inputs: pd.DataFrame) -> list[str]:
    return [row.item or row.table for row in inputs.itertuples()]


def _same(one, other) -> bool:
    """Return whether two figures are the same but for rounding, or both are missing.

    Examples
    --------
    >>> _same(0.1 + 0.2, 0.3), _same(0.3, 0.31), _same(float("inf"), float("inf")), _same(1, "none")
    (True, False, True, False)
    """
    if pd.isna(one) or pd.isna(other):
        return bool(pd.isna(one) and pd.isna(other))
    if isinstance(one, Real) and isinstance(other, Real):
        return math.isclose(one, other, rel_tol=SAME, abs_tol=SAME)
    return one == other
