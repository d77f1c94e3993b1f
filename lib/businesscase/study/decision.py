"""The decision on a study: its criteria, what follows from them, and what would turn it."""

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache, partial
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import pandas as pd

from businesscase.calculations import decision
from businesscase.calculations.apportionment import ALL
from businesscase.calculations.decision import EACH, EACH_PARTNER, Found
from businesscase.calculations.savings import cash, economic
from businesscase.calculations.wording import capitalised, short_day
from businesscase.cases.case import BASE
from businesscase.cases.errors import Fault, InputError
from businesscase.cases.parameters import limits, step_of
from businesscase.cases.project import case_folder
from businesscase.study import results, tidy
from businesscase.study.core import LACKS, Inputs, Part
from businesscase.study.criteria import gate_faults
from businesscase.study.derived import derived, derived_by
from businesscase.study.options import Options
from businesscase.study.plan import Plan
from businesscase.study.readiness import Readiness
from businesscase.study.risks import Risks
from businesscase.study.savings import Savings
from businesscase.study.uncertainty import Uncertainty

RECURRING = "saving or running cost (flows.csv)"
OF_COST = ("one_off_", "peak_funding", "optimism_bias")  # measures of money that need no saving
READINESS = ("readiness", "readiness scores (readiness.csv)")
RED_LINES = ("red_lines", "red lines (red_lines.csv)")
TASK_RANGES = ("task_ranges", "ranges of task durations (task_ranges.csv)")
HEADROOM = ("headroom", "headroom (headroom.csv)")
RISK_COSTS = ("risk_costs", "costs of risks (risk_costs.csv)")
GOVERNANCE = ("governance", "arrangements of governance (governance.csv)")
STAGES = ("stages", "gates at which the work can stop (stages.csv)")
SUCCESS_FACTORS = ("success_factors", "critical success factors (success_factors.csv)")
NEEDS = {
    # measures that a section has only with a table of their own: without it they are not known
    "success_factors_failed": SUCCESS_FACTORS,
    "success_factors_failed_count": SUCCESS_FACTORS,
    "governance_lacking": GOVERNANCE,
    "headroom_left": HEADROOM,
    "areas_below_minimum": READINESS,
    "areas_beyond_gap": READINESS,
    "divergence": READINESS,
    "lowest_score": READINESS,
    "mean_score": READINESS,
    "readiness_score": READINESS,
    "staged_value": STAGES,
    "staged_value_error": STAGES,
    "stopped_at_gate": STAGES,
    "red_lines_crossed": RED_LINES,
    "red_lines_not_known": RED_LINES,
    "criticality_index": TASK_RANGES,
    "deadline_probability": TASK_RANGES,
    "deadline_probability_with_contingency": TASK_RANGES,
    "finish_p50": TASK_RANGES,
    "finish_p80": TASK_RANGES,
    "contingency_p50": RISK_COSTS,
    "contingency_p80": RISK_COSTS,
    "expected_cost": RISK_COSTS,
    "expected_cost_borne": RISK_COSTS,
    "expected_cost_inherent": RISK_COSTS,
}
MONEY = ("savings", "appraisal", "decision", "risks")  # sections that hold pounds
TRIED, HALVINGS = 11, 10  # values tried over a parameter's bounds, then halvings of the interval
PLAN_HALVINGS = 6  # fewer, as each value may mean a hundred thousand networks
LEVEL = 1.0  # by which a readiness score is moved


class Move(NamedTuple):
    """A parameter, where it is now, the values to try, and the decision at any of them."""

    parameter: str
    item: str
    current: float
    tried: list[float]
    decision_at: Callable[[float], "Decision"]
    halvings: int = 0
    step: float = LEVEL


class Decision(Part):
    """Whether to go on, why, and which single change would turn that.

    Parameters
    ----------
    inputs : Inputs
        The case and the parameters.
    parts : sequence of Part
        Every part that results are of, in the order of results.csv.
    savings, uncertainty, options, risks, readiness, plan
        Those of them of which a criterion or a change needs more than its results.
    """

    name = "decision"

    def __init__(
        self,
        inputs: Inputs,
        parts: Sequence[Part],
        savings: Savings,
        uncertainty: Uncertainty,
        options: Options,
        risks: Risks,
        readiness: Readiness,
        plan: Plan,
    ):
        super().__init__(inputs)
        self.plan = plan
        self.parts = (*parts, self)
        self.savings, self.uncertainty, self.options = savings, uncertainty, options
        self.risks, self.readiness = risks, readiness

    @derived
    def section_results(self) -> pd.DataFrame:
        """Results of all sections but the decision, which rests on them, as tidy rows."""
        names = [name for name in self.case.section_names() if name != self.section]
        return results.frame(
            row for name in [*names, self.section] for row in self.of_section(name)
        )

    def of_section(self, section: str) -> Iterator[tuple]:
        """Yield the results of a section, as rows of results.csv; of the decision what it rests on."""
        for part in self._parts_of(section):
            for row in part.rows():
                yield section, *row

    def _parts_of(self, section: str) -> Iterator[Part]:
        yield from (part for part in self.parts if part.section == section)

    @derived
    def criteria(self) -> pd.DataFrame:
        """Rows of gates.csv, with items as results.csv has them: the option's letter for ``proposed``."""
        gates = self.tables["gates"]
        items = gates["item"].map(lambda item: decision.result_item(item, self.option))
        return gates.assign(item=gates["item"].mask(gates["section"] == "options", items))

    @derived
    def tested(self) -> pd.DataFrame:
        """Each criterion for each partner and year that it is tested for: found, met or not, and why."""
        gates = self.criteria
        testable = gates[~gates["criterion"].isin(self.lacking)]
        found = {gate.criterion: self.figures(gate) for gate in testable.itertuples()}
        self._refuse_unknown(testable, found)
        tested = decision.tested_gates(gates, found, self.lacking, self._details(gates))
        return tested.assign(unit=tested["unit"].where(tested["unit"] != "", self._units(tested)))

    @derived
    def gates(self) -> pd.DataFrame:
        """Each criterion once, by its worst figure: what was found, whether it is met, and why."""
        return self.tested[self.tested["is_worst"]].reset_index(drop=True)

    def _refuse_unknown(self, gates: pd.DataFrame, found: Mapping[str, list[Found]]) -> None:
        """Refuse criteria on what the case has no result of, or one of another kind.

        A scenario may lack a result that the base has: what the base lacks is refused.
        """
        keys = gates.set_index("criterion")[["section", "measure"]]
        seen = [
            (*keys.loc[criterion], cell.item, cell.year, cell.found, cell.unit)
            for criterion, cells in found.items()
            for cell in cells
            if cell.found is not None
        ]
        of_seen = gate_faults(gates, results.frame(seen), self.partners)
        doubted = gates["criterion"].isin(of_seen)
        if not doubted.any():
            return
        base, sections = self.in_scenario(BASE), gates.loc[doubted, "section"].unique()
        rows = results.frame(row for section in sections for row in base.of_section(section))
        faults = gate_faults(gates[doubted], rows, base.partners)
        if faults:
            place = f"{case_folder(self.case.name).parent.name}/{self.case.name}/gates.csv"
            raise InputError(
                Fault(f"{place}: criterion {criterion!r}: {fault}", **fault.details)
                for criterion, fault in faults.items()
            )

    def figures(self, gate, rough: bool = False) -> list[Found]:
        """Return what a criterion is held against: a figure, or one for each partner and year.

        Parameters
        ----------
        gate : named tuple
            A row of ``criteria``; or of ``tested``, of which it takes what was asked for.
        rough : bool
            Whether measures of draws may rest on a part of them.
        """
        item, year = (
            getattr(gate, f"tested_{name}", getattr(gate, name)) for name in ("item", "year")
        )
        items = self.partners if item == EACH_PARTNER else [item]
        if year:
            return self._figures_by_year(gate.section, gate.measure, items, year)
        found = [self.result(gate.section, gate.measure, item, rough) for item in items]
        return [
            Found(item, None, *(cell or (None, "")))
            for item, cell in zip(items, found, strict=True)
        ]

    def _figures_by_year(
        self, section: str, measure: str, items: list[str], year: str
    ) -> list[Found]:
        table, unit = self.by_year(section, measure)
        wanted = list(table.columns) if year == EACH else [int(year)]
        known = {
            (item, at): value
            for item, values in zip(table.index, table.to_numpy(object), strict=True)
            for at, value in zip(table.columns, values, strict=True)
            if not pd.isna(value)
        }
        return [Found(item, at, known.get((item, at)), unit) for item in items for at in wanted]

    def worst(self, gate, rough: bool = False) -> Any:
        """Return the figure of a criterion that decides it; None where it is not known."""
        cells = self.figures(gate, rough)
        return decision.worst_of(cells, gate.comparison, gate.threshold).found if cells else None

    @derived_by
    def by_year(self, section: str, measure: str) -> tuple[pd.DataFrame, str]:
        """Return the results of a measure by item and year, and their unit."""
        for part in self._parts_of(section):
            if measure in part.yearly:
                of, unit = part.yearly[measure]
                return of(part), unit
        rows = results.frame(row for row in self.of_section(section) if row[1] == measure)
        rows = rows.dropna(subset="year")
        table = rows.pivot(index="item", columns="year", values="value")
        return table, rows["unit"].iloc[0] if len(rows) else ""

    @derived_by
    def result(self, section: str, measure: str, item: str, rough: bool = False) -> tuple | None:
        """Return value and unit of a result of the whole term, computing no more than it takes.

        A rough one may rest on a part of the draws.
        """
        for part in self._parts_of(section):
            if rough and measure in part.rough:
                value = part.rough[measure](part, item)
                return None if pd.isna(value) else (value, "")
            if measure in part.quick:
                quick, unit = part.quick[measure]
                value = quick(part, item)
                return None if pd.isna(value) else (value, unit)
        for _, name, found, year, value, unit in self.of_section(section):
            if (name, found) == (measure, item) and pd.isna(year):
                return value, unit
        return None

    def _details(self, gates: pd.DataFrame) -> dict[str, str]:
        """Return what stands in brackets behind a figure, by criterion."""
        details = gates.set_index("criterion")["measure"].map(self._counted).dropna().to_dict()
        of_each = gates["item"] == EACH_PARTNER
        for gate in gates[of_each & (len(self.partners) > 1)].itertuples():
            details[gate.criterion] = f"the worst of {len(self.partners)} partners"
        for criterion in gates.loc[gates["measure"] == "lowest_net_present_value", "criterion"]:
            worth = self.savings.net_present_values
            lowest = worth.index[worth == worth.min()]
            if len(lowest) == 1 < len(worth):
                details[criterion] = lowest[0]
        for gate in self.tables["gates"].itertuples():
            named = decision.NAMED.match(gate.item) if gate.section == "options" else None
            if named and named[1] != self.option:
                details[gate.criterion] = f"the option appraised is {self.option}, not {named[1]}"
        return details

    def _units(self, gates: pd.DataFrame) -> pd.Series:
        """Return the units of the measures, as far as they are known without a result."""
        units = {measure: unit for part in self.parts for measure, (_, unit) in part.quick.items()}
        return gates["measure"].map(units).fillna("")

    @property
    def _counted(self) -> dict[str, str]:
        """What a count counts, by measure."""
        counted = {}
        if not self.tables["readiness"].empty:
            counted["areas_beyond_gap"] = ", ".join(self.readiness.areas_beyond_gap)
        if not self.tables["risks"].empty:
            within = self.risks.scored.set_index("risk")["within_appetite"]
            above, unknown = (
                _numbers(within.index[mask]) for mask in (within.eq(False), within.isna())
            )
            said = [f"risk {above}"] if above else []
            said += [f"not assessed: risk {unknown}"] if unknown else []
            counted["risks_above_appetite"] = "; ".join(said)
        if self.options.success_factors_failed:
            counted["success_factors_failed_count"] = self.options.failed_success_factors[
                self.option
            ]
        return counted

    @derived
    def lacking(self) -> dict[str, str]:
        """What the case lacks, by criterion that can't be tested for it."""
        present = set(self.case.section_names())
        found = {}
        for gate in self.tables["gates"].itertuples():
            table, words = NEEDS.get(gate.measure, ("partners", ""))
            if gate.section not in present:
                found[gate.criterion] = LACKS[gate.section]
            elif gate.section == self.section and self.savings.committed_cost.empty:
                found[gate.criterion] = "one-off cost (flows.csv)"
            elif self.tables[table].empty:
                found[gate.criterion] = words
            elif gate.measure.startswith("annual_cost_") and self.savings.cost_change.empty:
                found[gate.criterion] = "running cost (flows.csv)"
            elif gate.measure == "budget_rise_fraction" and self.savings.baseline_cost.empty:
                found[gate.criterion] = "present cost (service_costs.csv)"
            elif gate.section == "savings" and self._is_net_of_nothing(gate.measure):
                found[gate.criterion] = RECURRING
        return found

    def _is_net_of_nothing(self, measure: str) -> bool:
        """Return whether a measure sets a saving that the case doesn't give against its cost."""
        return not self.savings.recurs and not measure.startswith(OF_COST)

    @derived
    def recommendation(self) -> str:
        """The decision that follows from the gates, as :func:`decision.recommendation` has it."""
        return decision.recommendation(self.gates)

    @property
    def missing(self) -> dict[str, str]:
        """What is missing where the case is not ready to decide, and who could supply it, in sentences."""
        actions = self.tables["conditions"].drop_duplicates("criterion").set_index("criterion")
        found = decision.missing(self.gates)
        for criterion in set(found) & set(self.gates["criterion"]):
            who = "nobody is named to supply it (conditions.csv)"
            if criterion in actions.index:
                action = actions.loc[criterion]
                who = f"{action['owner']} could supply it by {short_day(action['by_when'])}"
            found[criterion] = f"{found[criterion]} {capitalised(who)}."
        return found

    @property
    def by_partner(self) -> pd.DataFrame:
        """Rows of ``tested`` that are a partner's worst of a criterion that is tested for each."""
        return self.tested[
            (self.tested["tested_item"] == EACH_PARTNER) & self.tested["is_worst_of_item"]
        ]

    @property
    def conditions(self) -> pd.DataFrame:
        """Rows of conditions.csv for the criteria that are not met or not known, the worst first."""
        outcomes = self.gates.set_index("criterion")["outcome"]
        table = self.tables["conditions"]
        table = table.assign(outcome=table["criterion"].map(outcomes))
        table = table[table["outcome"] != decision.MET]
        return table.sort_values(
            "outcome", key=lambda told: told.map(decision.FROM_FAILED.index), kind="stable"
        )

    @property
    def without_action(self) -> list[str]:
        """Criteria that are not met or not known, for which nobody has anything to do."""
        gates = self.gates[self.gates["outcome"] != decision.MET]
        acted_on = gates["criterion"].isin(self.tables["conditions"]["criterion"])
        is_condition = gates["if_not_met"] != decision.STOPS
        return list(gates.loc[~acted_on & is_condition, "criterion"])

    @property
    def figures_date(self) -> dt.date:
        """Date from which the figures of the decision were known."""
        return min(self.case.file.data_date, self.case.file.decision_date)

    @property
    def findings(self) -> list[Fault]:
        """A sentence for each criterion whose threshold is the figure that it is held against."""
        return [
            Fault(
                f"gates.csv: the threshold of {gate.criterion!r}, {decision.worded(gate.threshold, gate.unit)}, "
                f"is the figure that it is held against ({decision.subject(gate.measure, gate.item)}), so it "
                "tests nothing; set it by what the partners can bear",
                file="gates.csv",
                column="threshold",
                found=str(gate.threshold),
            )
            for gate in self.gates.itertuples()
            if decision.is_its_own_figure(gate)
        ]

    @derived
    def turning_changes(self) -> pd.DataFrame:
        """The nearest value of each parameter at which the recommendation is another.

        One row a parameter that moves a criterion: ``parameter``, ``item`` (area and partner of a
        readiness score, else 'all'), ``current``, ``lowest`` and ``highest`` (the range searched),
        ``value`` (NaN if none turns it), ``then`` (the recommendation there), ``criteria`` (that
        come out otherwise), ``within_tried`` (whether sensitivities.csv tries so far; true of a
        parameter that it does not name) and ``steps`` (the change, in the parameter's own steps).
        """
        for select in (economic, cash):  # before they are tried, so that all of them share it
            self.savings.linear(limits("delay_years")[1], select)
        rows = [self._turning_change(move) for move in self._moves()]
        columns = ["parameter", "item", "current", "lowest", "highest", "value", "then", "criteria", "within_tried", "steps"]  # fmt: skip
        table = pd.DataFrame([row for row in rows if row], columns=columns)
        return table.astype({"value": float, "steps": float, "within_tried": bool})

    @property
    def turning_changes_shown(self) -> pd.DataFrame:
        """The turning changes with one row, without figures, for all readiness scores that turn nothing."""
        table = self.turning_changes
        of_readiness = table["parameter"] == "readiness_scores"
        idle = of_readiness & table["value"].isna()
        if (of_readiness & ~idle).any():
            return table[~idle].reset_index(drop=True)
        first = table[idle].head(1).assign(item=ALL, current=np.nan, lowest=np.nan, highest=np.nan)
        return pd.concat([table[~idle], first]).reset_index(drop=True) if len(first) else table

    def _turning_change(self, move: Move) -> dict | None:
        """Return a row of the turning changes, None for a parameter that moves no criterion."""
        gates, tests = self.gates, self._tests
        # what is in force now may lie beyond what a scenario may set
        decision_at = cache(
            lambda value: self if value == move.current else move.decision_at(value)
        )
        lowest, highest = move.tried[0], move.tried[-1]
        ends = (_roughly(tests, decision_at(at)) for at in (lowest, highest))
        moves = pd.Series(
            [len({*found}) > 1 for found in zip(self._found_roughly, *ends, strict=True)],
            gates.index,
            dtype=bool,
        )
        if not moves.any():
            return None
        can_turn = decision.decisive(gates, moves)

        def outcomes(value: float, which: pd.Series) -> tuple[str, ...]:
            other, tested = decision_at(value), []
            for is_new, gate in zip(which, tests, strict=True):
                found = other.worst(gate, rough=True) if is_new else None
                test = gate.comparison, gate.threshold
                tested.append(decision.outcome(found, *test) if is_new else gate.outcome)
            return tuple(tested)

        @cache
        def then(tested: tuple[str, ...]) -> str:
            return decision.recommendation(gates.assign(outcome=list(tested)))

        def recommended(value: float) -> str:
            found = then(outcomes(value, can_turn))
            worse = move.parameter == "readiness_scores" and value < move.current
            # a partner that is less ready may close a gap, which is no way to get there
            return self.recommendation if worse and decision.is_better(found, self.recommendation) else found  # fmt: skip

        row = {
            "parameter": move.parameter,
            "item": move.item,
            "current": move.current,
            "lowest": lowest,
            "highest": highest,
        }
        value = None
        if can_turn.any():
            value = decision.nearest_change(recommended, move.current, move.tried, move.halvings)
        if value is None:
            return row | {"value": np.nan, "then": "", "criteria": [], "within_tried": False, "steps": np.nan}  # fmt: skip
        turned = outcomes(value, moves) != gates["outcome"].to_numpy(object)
        return row | {
            "value": value,
            "then": recommended(value),
            "criteria": list(gates.loc[turned, "criterion"]),
            "within_tried": self._is_tried(move.parameter, value),
            "steps": abs(value - move.current) / move.step,
        }

    @derived
    def _tests(self) -> list[Any]:
        """Rows of ``gates`` as named tuples."""
        return list(self.gates.itertuples())

    @derived
    def _found_roughly(self) -> list[Any]:
        return _roughly(self._tests, self)

    def _is_tried(self, parameter: str, value: float) -> bool:
        ranges = self.tables["sensitivities"].set_index("parameter")
        if parameter not in ranges.index:
            return True
        return ranges.at[parameter, "low"] <= value <= ranges.at[parameter, "high"]

    def _moves(self) -> Iterator[Move]:
        """Yield the parameters that can move a criterion of this case."""
        tested = set(self.gates.loc[self.gates["found"].notna(), "section"])
        if tested & set(MONEY):
            for name in self.uncertainty.tried_ranges["parameter"]:
                tried = [float(value) for value in np.linspace(*limits(name), TRIED)]
                at = partial(self._with, name)
                yield Move(
                    name, ALL, self.uncertainty.setting(name), tried, at, HALVINGS, step_of(name)
                )
        if "plan" in tested or (tested & set(MONEY) and self.plan.tied_tasks):
            name = "duration_change"
            tried = [float(value) for value in np.linspace(*limits(name), TRIED)]
            at = partial(self._with, name)
            yield Move(
                name, ALL, self.uncertainty.setting(name), tried, at, PLAN_HALVINGS, step_of(name)
            )
        if "risks" in tested:
            yield from self._risk_moves()
        if "readiness" in tested:
            yield from self._readiness_moves()

    def _risk_moves(self) -> Iterator[Move]:
        highest = self.tables["risk_levels"].groupby("axis")["score"].max()
        scores = _whole_values("appetite", 1, highest.prod())
        accepted = float(self.risks.highest_accepted_score)
        at = partial(self._with, "appetite", kind=int)
        yield Move("appetite", ALL, accepted, scores, at, step=step_of("appetite"))
        furthest = highest["likelihood"] - 1
        shifts = _whole_values("likelihood_shift", -furthest, furthest)
        now = self.uncertainty.setting("likelihood_shift")
        at = partial(self._with, "likelihood_shift", kind=int)
        yield Move("likelihood_shift", ALL, now, shifts, at, step=step_of("likelihood_shift"))

    def _readiness_moves(self) -> Iterator[Move]:
        for (area, partner), score in self.readiness.scores.stack().items():
            tried = [value for value in (score - LEVEL, score + LEVEL) if 1 <= value <= 5]
            at = partial(self._with_readiness, area, partner)
            yield Move("readiness_scores", f"{area}, {partner}", score, tried, at)

    def _with(self, parameter: str, value: float, kind: type = float) -> Self:
        return self.at(**{parameter: kind(value)})

    def _with_readiness(self, area: str, partner: str, score: float) -> Self:
        if score == self.readiness.scores.at[area, partner]:
            return self
        scores = self.parameters.readiness_scores
        changed = scores | {area: scores.get(area, {}) | {partner: score}}
        return self.at(readiness_scores=changed)

    def _committed_to(self, item: str) -> float | None:
        cost = self.savings.committed_cost
        return float(cost.sum()) if item == ALL else cost.get(item)

    quick: ClassVar = {"committed_cost": (_committed_to, tidy.MONEY)}

    def rows(self) -> Iterator[tidy.Row]:
        """Yield what the decision commits to; what is decided is in ``outcome_rows``."""
        yield from tidy.series("count", self._counts, tidy.COUNT)
        if not self.savings.committed_cost.empty:
            yield from tidy.series(
                "committed_cost", tidy.with_all(self.savings.committed_cost), tidy.MONEY
            )

    @property
    def _counts(self) -> pd.Series:
        """Control totals of the lists that the source prints."""
        objectives = self.tables["objectives"]["kind"].value_counts(sort=False)
        boards = int((self.tables["governance"]["topic"] == "board").sum())
        counts = {"partner": len(self.partners), "board": boards, **objectives.to_dict()}
        return pd.Series({item: count for item, count in counts.items() if count})

    def outcome_rows(self) -> Iterator[tidy.Row]:
        """Yield the criteria, what would turn the decision, and the decision."""
        gates = self.gates.set_index("criterion")
        yield from tidy.series("gate", gates["outcome"], tidy.TEXT)
        of_each = self.by_partner
        names = of_each["criterion"] + ", " + of_each["item"]
        yield from tidy.series("gate", of_each["outcome"].set_axis(names), tidy.TEXT)
        yield from tidy.series("reason", gates["reason"], tidy.TEXT)
        yield from tidy.series("missing", pd.Series(self.missing, dtype=object), tidy.TEXT)
        for row in self.turning_changes_shown.itertuples():
            item = row.parameter if row.item == ALL else f"{row.parameter}, {row.item}"
            if pd.isna(row.value):
                yield "turning_change", item, pd.NA, "none in range", tidy.TEXT
            else:
                yield "turning_change", item, pd.NA, row.value, "as the parameter"
                yield "turning_change_to", item, pd.NA, row.then, tidy.TEXT
        yield from tidy.one("recommendation", self.recommendation, tidy.TEXT)


def _numbers(risks: Iterable[int]) -> str:
    return ", ".join(map(str, risks))


def _roughly(tests: list[Any], of: Decision) -> list[Any]:
    """Return what a decision finds for each criterion; None for one that isn't known here."""
    return [
        None if gate.outcome == decision.NOT_KNOWN else of.worst(gate, rough=True) for gate in tests
    ]


def _whole_values(parameter: str, lowest: int, highest: int) -> list[float]:
    """Return the whole values of a range that the parameter may take."""
    least, most = limits(parameter)
    return [float(value) for value in range(lowest, highest + 1) if least <= value <= most]
