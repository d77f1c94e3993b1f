"""What auditors and scrutiny committees ask of a shared service, and what the case answers."""

from collections.abc import Callable
from typing import NamedTuple

import pandas as pd

from businesscase.calculations.apportionment import ALL
from businesscase.calculations.wording import counted, in_words, listed, percent, words, year_label
from businesscase.study.baseline import Baseline
from businesscase.study.core import Inputs, Part
from businesscase.study.outturn import Outturn
from businesscase.study.plan import Plan
from businesscase.study.savings import Savings

STATUSES = ["assumed", "derived", "published"]  # the weakest first


class Answer(NamedTuple):
    """An answer of the case: in words with its figure, the tables that it rests on, and the notebook."""

    said: str
    tables: tuple[str, ...]
    notebook: str


class Scrutiny(Part):
    """The questions that were asked of other shared services, answered from the case where it can be."""

    name, section = "scrutiny", "decision"

    def __init__(
        self, inputs: Inputs, baseline: Baseline, savings: Savings, plan: Plan, outturn: Outturn
    ):
        super().__init__(inputs)
        self.baseline, self.savings, self.plan, self.outturn = baseline, savings, plan, outturn

    @property
    def answers(self) -> pd.DataFrame:
        """Each question of scrutiny_questions.csv with its answer.

        ``said``, ``place`` (tables and notebook) and ``status`` (the weakest of the rows that it
        rests on) are blank where the case doesn't answer it.
        """
        questions = self.tables["scrutiny_questions"]
        found = [ANSWERED[key](self) for key in questions["answered_by"]]
        return questions.assign(
            said=[answer.said if answer else "" for answer in found],
            place=[
                f"{listed(f'{stem}.csv' for stem in answer.tables)}; notebook {answer.notebook}"
                if answer
                else ""
                for answer in found
            ],
            status=[self._status(answer.tables) if answer else "" for answer in found],
        )

    def _status(self, stems: tuple[str, ...]) -> str:
        stated = {
            status
            for stem in stems
            if "status" in self.tables[stem]
            for status in self.tables[stem]["status"]
        }
        return next((status for status in STATUSES if status in stated), "")

    @property
    def _has_money(self) -> bool:
        return not self.savings.flow_lines.empty and self.savings.recurs

    def _lines(self) -> Answer | None:
        rows = self.outturn.money_variances
        rows = rows[rows["flow"] == "saving"] if len(rows) else rows
        if rows.empty:
            return None
        by_line = rows.groupby("line")[["planned", "actual", "variance"]].sum()
        worst = by_line["variance"].idxmin()
        total, missing = by_line.sum(), -by_line.at[worst, "variance"]
        least = f"the most is missing from {worst}: {in_words(missing)}" if missing > 0 else "no line brought less than planned"  # fmt: skip
        return Answer(
            f"Of {in_words(total['planned'])} planned to date {in_words(total['actual'])} came in; {least}",
            ("actuals", "flows"),
            "07",
        )

    def _laid_out(self) -> Answer | None:
        costs = self.tables["service_costs"]
        if costs.empty:
            return None
        categories = costs.groupby("partner")["category"].agg(lambda names: frozenset(names))
        categories = categories.reindex(self.partners)
        lacking = [name for name, had in categories.items() if not isinstance(had, frozenset)]
        if lacking:
            return Answer(f"No: {listed(lacking)} has no cost laid out", ("service_costs",), "01")
        unlike = set().union(*categories) - frozenset.intersection(*categories)
        said = f"No: not every partner has {listed(sorted(unlike))}" if unlike else "Yes: every partner has the same categories of cost"  # fmt: skip
        return Answer(said, ("service_costs",), "01")

    def _costs(self) -> Answer | None:
        rows = self.outturn.money_variances
        rows = rows[rows["flow"] != "saving"] if len(rows) else rows
        if rows.empty:
            return None
        by_line = rows.groupby("line")["variance"].sum()
        total, said = round(float(by_line.sum()), 2), "In all they came in as planned"
        if total:
            most, moved = (by_line.idxmax(), "rose") if total > 0 else (by_line.idxmin(), "fell")
            said = f"Against plan they {moved} by {in_words(abs(total))}, the most in {most}: {in_words(abs(by_line[most]))}"  # fmt: skip
        return Answer(said, ("actuals", "flows"), "07")

    def _every_partner(self) -> Answer | None:
        if not self._has_money:
            return None
        worths = self.savings.net_present_values
        least = worths.idxmin()
        losing = list(worths.index[worths < 0])
        said = f"No: {listed(losing)} would lose, the most {least}:" if losing else f"Yes: {least}, which gains least, gains"  # fmt: skip
        return Answer(f"{said} {in_words(abs(worths[least]))}", ("flows",), "03")

    def _baseline(self) -> Answer | None:
        checks = self.tables["quality_checks"]
        checked = checks[checks["part"] == "baseline"]
        if checked.empty or self.tables["service_costs"].empty:
            return None
        cost = in_words(float(self.baseline.real_annual_cost.sum()))
        by = listed(checked["checked_by"].unique())
        return Answer(f"{cost} a year, checked by {by}", ("service_costs", "quality_checks"), "01")

    def _known(self) -> Answer | None:
        if not self._has_money:
            return None
        of_all = self.savings.appraisal.loc[ALL]
        return Answer(
            f"A one-off cost of {in_words(of_all['one_off_cost'])} and a saving of "
            f"{in_words(of_all['total_saving'])} over the term",
            ("flows",),
            "03",
        )

    def _posts(self) -> Answer | None:
        lines = self.savings.flow_lines
        staff = lines[(lines["flow"] == "saving") & (lines["inflation"] == "pay")]
        if staff.empty or self.tables["tasks"].empty:
            return None
        tied = staff["starts_with"].dropna()
        first = year_label(int(staff["first_year"].min()))
        if tied.empty:
            return Answer(
                f"Nothing ties them: posts are saved from {first} on, whatever the plan does",
                ("flows", "tasks"),
                "03",
            )
        names = listed(f"“{self.plan.name_of(int(task))}”" for task in tied.unique())
        return Answer(f"No: posts are saved from {first} on, and only after {names}", ("flows", "tasks"), "05")  # fmt: skip

    def _dissolved(self) -> Answer | None:
        if not self.parameters.ends_on or not self._has_money:
            return None
        return Answer(
            f"The case is worked out for an end on {self.parameters.ends_on}, with who pays what then",
            ("flows", "exit_terms"),
            "03",
        )

    def _guess(self) -> Answer | None:
        lines = self.savings.flow_lines
        if lines.empty:
            return None
        share = float((lines["status"] == "assumed").mean())
        return Answer(
            f"{percent(share, 0)} of {counted(len(lines), 'row')} of money of the option are assumed",
            ("flows",),
            "03",
        )

    def _alone(self) -> Answer | None:
        comparator, worth = self.case.file.comparator, self.savings.worth_otherwise
        if not worth:  # the present service as it is, which nobody has run better
            return None
        names = self.tables["options"].set_index("option")["name"]
        said = f"Option {comparator}, {names.get(comparator, 'the comparator')}: {in_words(worth)} beside today"
        return Answer(said, ("flows",), "03")

    def _anyway(self) -> Answer | None:
        if not self.savings.worth_otherwise or not self._has_money:
            return None
        worth = float(self.savings.net_present_values.sum())
        return Answer(
            f"What would come without it, {in_words(self.savings.worth_otherwise)} beside today, is not "
            f"counted in its worth of {in_words(worth)}",
            ("flows",),
            "03",
        )

    def _leaving(self) -> Answer | None:
        terms = self.tables["exit_terms"]
        if terms.empty:
            return None
        said = listed(f"{words(row.term)} {row.value:g}" for row in terms.itertuples())
        return Answer(f"The leaver pays by these terms: {said}", ("exit_terms",), "03")

    def _authors(self) -> Answer | None:
        own = self.tables.rows("evidence", case=self.case.file.own_evidence)
        if own.empty:
            return None
        row = own.iloc[0]
        came = percent(row["actual"] / row["planned"], 0)
        return Answer(
            f"{came} of what {row['case']} planned in {row['measure']}", ("evidence",), "03"
        )


ANSWERED: dict[str, Callable[[Scrutiny], Answer | None]] = {
    "lines": Scrutiny._lines,
    "laid_out": Scrutiny._laid_out,
    "costs": Scrutiny._costs,
    "every_partner": Scrutiny._every_partner,
    "baseline": Scrutiny._baseline,
    "known": Scrutiny._known,
    "posts": Scrutiny._posts,
    "dissolved": Scrutiny._dissolved,
    "guess": Scrutiny._guess,
    "alone": Scrutiny._alone,
    "anyway": Scrutiny._anyway,
    "leaving": Scrutiny._leaving,
    "authors": Scrutiny._authors,
}
