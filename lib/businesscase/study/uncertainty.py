"""The uncertainty of a study: one set of uncertain inputs, and the futures that are drawn of them.

A future is one draw of everything that is uncertain: the parameters and lines that have a range,
the risks that are costed, and the ends of tasks with which money starts. Whatever speaks of chances
rests on these futures, so that it says the same everywhere.
"""

from collections.abc import Callable, Collection, Iterator
from functools import cached_property, partial
from typing import Any, ClassVar, NamedTuple, Self

import numpy as np
import pandas as pd

from businesscase.calculations import appraisal, exposure, savings, uncertainty
from businesscase.calculations.apportionment import ALL
from businesscase.calculations.discovery import Columns
from businesscase.calculations.reference_class import ABOVE, ReferenceClass
from businesscase.calculations.uncertainty import CHUNK, CHUNKS, SEED
from businesscase.cases.parameters import Parameters, limits
from businesscase.cases.validation.shared import evidence_of_others
from businesscase.study import tidy
from businesscase.study.baseline import Baseline
from businesscase.study.core import Inputs, Part
from businesscase.study.derived import derived, derived_by
from businesscase.study.plan import Plan
from businesscase.study.risks import Risks
from businesscase.study.savings import Savings

SHARES_DRAWS = 1024  # of which the shares of the variance are made
PARAMETER, LINE, RISK, TASK = "parameter", "line", "risk", "task"  # kinds of uncertain inputs
# flows that add to the worth
MORE_IS_BETTER = ["saving", "counterfactual_cost", "income_cost", *savings.RECEIVED]


ROUGHLY = ("npv_p10", "npv_p50", "npv_p90", "expected_npv", "probability_of_loss")


def _roughly(measure: str, part: "Uncertainty", item: str) -> float | None:
    return part.about[measure].get(item)


class Future(NamedTuple):
    """Futures of the net flow, summed up: net present values, and where all stand by year [£]."""

    worth: np.ndarray  # draw by partner
    position: np.ndarray  # draw by financial year, of all partners together, not discounted


class Uncertainty(Part):
    """What would change the worth of the option, and how sure it is."""

    name, section = "uncertainty", "savings"
    first = (
        "uncertain_inputs",
        "simulated_worth",
        "simulated_years",
        "risk_of_loss",
        "on_time_without_loss",
        "sensitivity",
        "switching_values",
        "breakeven_costs",
        "variance_shares",
        "evidence",
        "reference_class",
        "as_others",
    )

    def __init__(
        self, inputs: Inputs, baseline: Baseline, savings: Savings, plan: Plan, risks: Risks
    ):
        super().__init__(inputs)
        self.baseline, self.savings, self.plan, self.risks = baseline, savings, plan, risks
        self._moved: dict[tuple[str, float], Savings] = {}
        self._of_options: dict[str, Any] = {}  # of each option, the same kind of part as this

    @derived
    def tried_ranges(self) -> pd.DataFrame:
        """Rows of sensitivities.csv for the parameters that move a flow of this option."""
        ranges, lines = self.tables["sensitivities"], self.savings.flow_lines
        flow_moved = ranges["parameter"].map(savings.MOVED)
        moves = ~flow_moved.isin(list(savings.SIGNS)) | flow_moved.isin(lines["flow"])
        is_baseline = ranges["parameter"] == "baseline_cost_change"
        return ranges[moves & (~is_baseline | lines["baseline_fraction"].notna().any())]

    @derived
    def sensitivity(self) -> pd.DataFrame:
        """Net present value of the partnership at both ends of each range, all else as it is [£].

        Of every input that is drawn, risks aside, over the range in which it is drawn, and of the
        parameters that are tried alone.
        """
        inputs = self.uncertain_inputs
        inputs = inputs[inputs["kind"] != RISK].rename(columns={"name": "parameter"})
        alone = self.tried_ranges
        alone = alone[~alone["parameter"].isin(inputs["parameter"])]
        columns = ["parameter", "low", "high"]
        table = pd.concat([inputs[columns], alone[columns]], ignore_index=True)
        ends = [
            self._worths_of_input(row.parameter, row.low, row.high)
            if row.parameter in set(inputs["parameter"])
            else self.worths_at(row.parameter, np.array([row.low, row.high]))[ALL].tolist()
            for row in table.itertuples()
        ]
        table[["at_low", "at_high"]] = np.array(ends, float).reshape(len(table), 2)
        table["swing"] = (table["at_high"] - table["at_low"]).abs()
        return table.sort_values("swing", ascending=False, ignore_index=True)

    def _worths_of_input(self, name: str, low: float, high: float) -> list[float]:
        """Return the worth of all at two values of an input that is drawn [£]."""
        inputs = self.uncertain_inputs
        lines = inputs.loc[inputs["kind"] == LINE, "name"]
        columns = {line: np.ones(2) for line in lines} | {name: np.array([low, high])}
        return self.worth(columns, 2).sum(axis=1).tolist()

    def worths_at(self, parameter: str, values: np.ndarray) -> pd.DataFrame:
        """Return net present values at values of a parameter, value by 'all' and partner [£]."""
        if parameter in self.savings.levers:
            levers = {name: np.full(len(values), at) for name, at in self.savings.levers.items()}
            scale = 1 + self.savings.optimism_bias if parameter == "overrun" else 1.0
            levers[parameter] = (1 + values) * scale - 1 if parameter == "overrun" else values
            worths = self._worth_of(self.net_of_levers(levers))
        elif parameter == "discount_rate":
            rates = pd.DataFrame({value: pd.Series(value, index=self.years) for value in values})
            factors = rates.apply(appraisal.discount_factors)
            net = self.savings.net_flows.reindex(self.partners, fill_value=0.0)
            worths = appraisal.present_value(net, factors).T.to_numpy()
        else:
            others = [self.savings.at(**{parameter: float(value)}) for value in values]
            worths = np.array([other.net_present_values for other in others])
        table = pd.DataFrame(worths, index=values, columns=self.partners)
        table.insert(0, ALL, worths.sum(axis=1))
        return table

    @derived
    def switching_values(self) -> pd.DataFrame:
        """Value of each parameter at which the net present value is nil, NaN if none in its bounds.

        One row a parameter and item: the partnership ('all') and each partner.
        """
        rows = []
        moving = set(self.tried_ranges["parameter"])
        for parameter in self.tables["sensitivities"]["parameter"]:
            current, (lowest, highest) = self.setting(parameter), limits(parameter)
            worths = _remembered(partial(self.worths_at, parameter))
            # a change of the baseline cost builds the study anew, and its effect is a straight line
            points = 3 if parameter == "baseline_cost_change" else 41
            for item in [ALL, *self.partners]:
                value = None
                if parameter in moving:
                    worth_at = partial(_of_item, worths, item)
                    value = appraisal.switching_value(worth_at, current, lowest, highest, points)
                rows.append((parameter, item, current, lowest, highest, value))
        columns = ["parameter", "item", "current", "lowest", "highest", "switching_value"]
        return pd.DataFrame(rows, columns=columns).astype({"switching_value": float})

    @derived
    def breakeven_costs(self) -> pd.DataFrame:
        """Combined annual cost at which an option that saves a share of it matches this option.

        The other option counts as planned, with its one-off cost and whatever else it states; this
        one keeps its worth. A saving stated for one year can be read in two ways, saved in that
        year only or every year from it at the same level, and both are shown; one stated for
        several years has one reading.
        """
        flows = self.tables["flows"]
        others = flows[(flows["option"] != self.option) & (flows["flow"] == "saving")]
        shares = others.dropna(subset="baseline_fraction")
        rows = []
        for option, line in dict.fromkeys(zip(shares["option"], shares["line"], strict=True)):
            rows += self._breakevens(flows[flows["option"] == option], line)
        columns = ["option", "line", "saving_fraction", "reading", "breakeven_cost", "present_cost", "better"]  # fmt: skip
        amounts = {"saving_fraction": float, "breakeven_cost": float, "present_cost": float}
        return pd.DataFrame(rows, columns=columns).astype(amounts)

    def _breakevens(self, option_lines: pd.DataFrame, line: str) -> list[tuple]:
        """Return a row for each end of the range of another option's line, and each reading of it."""
        option = option_lines["option"].iloc[0]
        # beside today, as the other's is
        worth = self.savings.net_present_values.sum() + self.savings.worth_otherwise
        present_cost = self.baseline.real_annual_cost.sum() * (
            1 + self.parameters.baseline_cost_change
        )
        is_line = (option_lines["line"] == line) & (option_lines["flow"] == "saving")
        own = option_lines[is_line]
        ends = own[["low_fraction", "high_fraction"]].dropna()
        low, high = ends.iloc[0] if len(ends) else (1.0, 1.0)
        rows = []
        for multiple in dict.fromkeys([low, 1.0, high]):
            amounts = own[["amount_gbp", "baseline_fraction"]] * multiple
            for reading, lasting in self._readings(own.assign(**amounts)).items():
                every = pd.concat([option_lines[~is_line], lasting])
                at_nil, at_present = (self._planned_worth(every, cost) for cost in (0.0, present_cost))  # fmt: skip
                cost = appraisal.breakeven_cost(worth, at_nil, at_present, present_cost)
                better = option if at_present > worth else self.option
                share = self._share_saved(lasting)
                rows.append((option, line, share, reading, cost, present_cost, better))
        return rows

    def _readings(self, saving: pd.DataFrame) -> dict[str, pd.DataFrame]:
        """Return the rows of a saving in each way in which its years can be read."""
        first, last = saving["first_year"].min(), saving["last_year"].max()
        if first < last:
            return {"saved in its stated years": saving}
        return {
            "saved in its first year only": saving,
            "saved every year": saving.assign(last_year=self.years[-1]),
        }

    def _share_saved(self, saving: pd.DataFrame) -> float:
        """Return the largest part of the combined annual cost that is saved in a year [fraction]."""
        parts = self.baseline.real_annual_cost / self.baseline.real_annual_cost.sum()
        shares = saving.dropna(subset="baseline_fraction")
        years = list(range(shares["first_year"].min(), shares["last_year"].max() + 1))
        return savings.planned_flows(shares, parts, years).sum().max()

    def _planned_worth(self, option_lines: pd.DataFrame, combined_cost: float) -> float:
        """Return what an option is worth as planned at a combined annual cost [£].

        Each partner keeps its part of the cost.
        """
        cost = self.baseline.real_annual_cost / self.baseline.real_annual_cost.sum() * combined_cost
        lines = savings.with_charges(option_lines)
        net = savings.net_flows(savings.economic(savings.planned_flows(lines, cost, self.years)))
        return float(appraisal.present_value(net.sum(), self.savings.discount_factors))

    def setting(self, parameter: str) -> float:
        """Return where the scenario sets a parameter; a blank discount rate is that of year 1, if there is one."""
        value = getattr(self.parameters, parameter)
        return float(self.savings.rates.iloc[:2].iloc[-1]) if value is None else float(value)

    def drawn_ranges(self, ranges: pd.DataFrame) -> dict[str, list[float]]:
        """Return low, central and high of rows of sensitivities.csv, about where the scenario is."""
        central = [self.setting(parameter) for parameter in ranges["parameter"]]
        ends = [
            uncertainty.range_around(
                likely, row.low, row.high, self._usual(row.parameter), limits(row.parameter)
            )
            for likely, row in zip(central, ranges.itertuples(), strict=True)
        ]
        low, high = zip(*ends, strict=True) if ends else ((), ())
        return {"low": list(low), "central": central, "high": list(high)}

    def _usual(self, parameter: str) -> float:
        """Return where a parameter is unless a scenario sets it."""
        return self.at(**{parameter: Parameters.model_fields[parameter].default}).setting(parameter)

    @derived
    def uncertain_inputs(self) -> pd.DataFrame:
        """What is drawn, one row an input: name, kind, range, shape and common cause.

        ``kind`` is a parameter, a line, a risk or a task. A range is of a parameter in its unit, of a
        line in multiples of its amount, of a risk how badly it turns out (0 not at all, 1 the
        worst), of a task the years by which it ends later than due. ``more_is_better`` is True
        for what adds to the worth as it rises.
        """
        parts = [self._drawn_parameters, self._drawn_lines, self._drawn_risks, self._drawn_tasks]
        return pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)

    @property
    def _drawn_parameters(self) -> pd.DataFrame:
        """Parameters with a range, but for one whose every line has a range of its own.

        Of a delay that is the range of the task that a line starts with.
        """
        ranges, lines = self.tried_ranges, self.savings.flow_lines
        without_own = set(lines.loc[~self._has_own_range(lines), "flow"])
        recurs = lines[~lines["flow"].isin(savings.ONE_OFF)]
        starts = pd.concat([recurs["starts_with"], self.savings.late_lines["starts_with"]])
        if not starts.map(savings.slip_of).isin(self._drawn_starts).all():
            without_own.add(savings.RECURRING)
        moved = ranges["parameter"].map(savings.MOVED)
        ranges = ranges[ranges["drawn"] & (moved.isna() | moved.isin(without_own))]
        return pd.DataFrame(
            {
                "name": ranges["parameter"],
                "kind": PARAMETER,
                "more_is_better": ranges["parameter"] == "realisation",
                **self.drawn_ranges(ranges),
                "shape": ranges["shape"],
                "cause": ranges["cause"],
                "correlation": ranges["correlation"],
            }
        )

    def _has_own_range(self, lines: pd.DataFrame) -> pd.Series:
        """Return whether each row of flow lines is of a line that is drawn by itself."""
        return pd.Series(
            [key in self._own_ranges for key in zip(lines["flow"], lines["line"], strict=True)],
            index=lines.index,
            dtype=bool,
        )

    @derived
    def _own_ranges(self) -> dict[tuple[str, str], dict]:
        """Ranges that lines have of their own, by flow and line.

        Where the saving and the overrun are drawn from what others got, that tells of all lines.
        """
        ranged = self.savings.flow_lines.dropna(subset="low_fraction")
        told = [savings.MOVED[name] for name in self.drawn_from_others]
        ranged = ranged[~ranged["flow"].isin(told)]
        columns = ["low_fraction", "high_fraction", "cause", "correlation"]
        rows = ranged.groupby(["flow", "line"], sort=False)[columns].first()
        return {key: row.to_dict() for key, row in rows.iterrows()}

    @property
    def _drawn_lines(self) -> pd.DataFrame:
        return pd.DataFrame(
            [
                {
                    "name": savings.line_name(self._line_names, flow, line),
                    "kind": LINE,
                    "flow": flow,
                    "line": line,
                    "more_is_better": flow in MORE_IS_BETTER,
                    "low": float(row["low_fraction"]),
                    "central": 1.0,
                    "high": float(row["high_fraction"]),
                    "shape": "pert",
                    "cause": row["cause"],
                    "correlation": float(row["correlation"]),
                }
                for (flow, line), row in self._own_ranges.items()
            ]
        )

    @derived
    def lines_without_range(self) -> list[str]:
        """Names of the lines that no draw moves but for when they start: the amount has no range."""
        lines = self.savings.flow_lines
        drawn = set(self.uncertain_inputs["name"])
        moved = {flow for lever, flow in savings.MOVED.items() if lever in drawn}
        is_moved = lines["flow"].isin(moved) | self._has_own_range(lines)
        if "baseline_cost_change" in drawn:
            is_moved |= lines["baseline_fraction"].notna()
        has_amount = lines[["amount_gbp", "baseline_fraction"]].fillna(0.0).ne(0.0).any(axis=1)
        fixed = lines[has_amount & ~is_moved].drop_duplicates(["flow", "line"])
        named = zip(fixed["flow"], fixed["line"], strict=True)
        return [savings.line_name(self._line_names, *names) for names in named]

    @property
    def _drawn_risks(self) -> pd.DataFrame:
        register = self.tables["risks"].set_index("risk")
        return pd.DataFrame(
            [
                {
                    "name": f"risk {risk}",
                    "kind": RISK,
                    "more_is_better": False,
                    "low": 0.0,
                    "central": 0.0,
                    "high": 1.0,
                    "shape": RISK,
                    "cause": register.at[risk, "cause"],
                    "correlation": register.at[risk, "correlation"],
                }
                for risk in self.costs_drawn["risk"].unique()
            ]
        )

    @property
    def _drawn_tasks(self) -> pd.DataFrame:
        slips, longest = self.plan.slips, self.plan.longest_slips
        used = set(self.savings.flow_lines["starts_with"].dropna())
        used |= set(self.savings.late_lines["starts_with"].dropna())
        return pd.DataFrame(
            [
                {
                    "name": savings.slip_of(task),
                    "kind": TASK,
                    "more_is_better": False,
                    "low": 0.0,
                    "central": slip,
                    "high": longest[task],
                    "shape": TASK,
                    "cause": "",
                    "correlation": 0.0,
                }
                for task, slip in slips.items()
                if task in used and longest[task] > 0
            ]
        )

    @derived
    def _drawn_starts(self) -> frozenset[str]:
        """Names of the slips that are drawn."""
        tasks = self._drawn_tasks
        return frozenset(tasks["name"]) if len(tasks) else frozenset()

    @derived
    def costs_drawn(self) -> pd.DataFrame:
        """Rows of cost of the risks that are drawn beside the money, so that nothing counts twice.

        A risk that adds to a line whose range is drawn, or that a drawn parameter makes true, is in
        that range already.
        """
        ranges = self.tried_ranges
        drawn = set(ranges.loc[ranges["drawn"], "parameter"])
        drawn |= {"duration_change"} if len(self._drawn_tasks) else set()
        rows = self.risks.costs if self.savings.takes_risks else self.risks.costs.iloc[:0]
        named = self.tables["risks"].set_index("risk")["realised_by"]
        is_realised = (
            rows["risk"]
            .map({risk: bool(drawn & set(exposure.realising(by))) for risk, by in named.items()})
            .astype(bool)
        )
        lines = self.savings.flow_lines
        once = lines["flow"] == "one_off_cost" if "overrun" in drawn else False
        in_range = set(lines.loc[self._has_own_range(lines) | once, "line"])
        return rows[~is_realised & ~rows["cost_line"].isin(in_range)]

    # the draws

    def drawn(
        self,
        number: int,
        count: int | None = None,
        seed: int = SEED,
        *,
        joined: bool = True,
        names: Collection[str] | None = None,
    ) -> Columns:
        """Return the values of every uncertain input in a chunk of draws, by name.

        The same wherever and in whatever order chunks are made, and for an input of the same name
        in every scenario and option. Unless they are ``joined``, inputs don't share their causes.
        Of all inputs, or of those with some ``names``.
        """
        inputs, count = self.uncertain_inputs, count or CHUNK
        if names is not None:
            inputs = inputs[inputs["name"].isin(list(names))]
        kinds = set(inputs["kind"])
        levels = self.risks.drawn_levels(number, count, seed, joined) if RISK in kinds else {}
        late = self.plan.drawn_slips(number, count, seed) if TASK in kinds else {}
        slips = {savings.slip_of(task): slip for task, slip in late.items()}
        found: Columns = {}
        for row in inputs.itertuples(index=False):
            if row.kind == RISK:
                found[row.name] = levels[int(row.name.removeprefix("risk "))]
            elif row.kind == TASK:
                found[row.name] = slips[row.name]
            else:
                scores = uncertainty.own_scores(seed, number, row.name, count)[0]
                if joined:
                    cause = row.cause, row.correlation
                    scores = uncertainty.with_cause(scores, *cause, seed, number)
                found[row.name] = self._values(row, scores)
        return found

    def _values(self, row, adverse: np.ndarray) -> np.ndarray:
        """Return the values of an input at normal scores of which high is bad."""
        scores = -adverse if row.more_is_better else adverse
        if row.name in self.drawn_from_others:
            return self.got_by_others(row.name, exposure.even(scores))
        return uncertainty.shaped(scores, row.shape, row.low, row.central, row.high)

    def levers_of(
        self, columns: Columns, count: int
    ) -> tuple[dict[str, np.ndarray], savings.Multiples]:
        """Return levers and multiples of lines in each of some draws.

        One-off cost is raised for optimism bias where its overrun is drawn from a range, not where
        it is drawn from what others got, which is where an uplift comes from.
        """
        levers = {name: np.full(count, value) for name, value in self.savings.levers.items()}
        levers |= {name: columns[name].astype(float) for name in levers if name in columns}
        if "overrun" in columns and "overrun" not in self.drawn_from_others:
            uplift = 1 + self.savings.optimism_bias
            levers["overrun"] = (1 + levers["overrun"]) * uplift - 1
        multiples = {
            key: columns[name].astype(float)
            for name, key in self._lines_by_name.items()
            if name in columns
        }
        return levers, multiples

    @derived
    def _lines_by_name(self) -> dict[str, tuple[str, str]]:
        """Flow and line of the inputs that are lines."""
        return {savings.line_name(self._line_names, *key): key for key in self._own_ranges}

    @property
    def _line_names(self) -> pd.DataFrame:
        return pd.DataFrame({name: self.tables.column("flows", name) for name in ("flow", "line")})

    def selected(self, select: savings.Selection, columns: Columns, count: int) -> np.ndarray:
        """Return saving less cost of a selection of the flows in each of some draws [£].

        Draw by partner by year, before a floor and without risks. An input that isn't among the
        columns is where the scenario has it.
        """
        levers, lines = self.levers_of(columns, count)
        stated, starts = self.savings.levers, self._drawn_starts
        longest = max(levers["delay_years"].max(), stated["delay_years"])
        own = self.savings.linear(longest, select).net(levers, lines, stated, starts)
        net = own.copy()
        for weight, other in self._at_ends(columns):
            moved = other.linear(longest, select).net(levers, lines, stated, starts)
            net += weight[:, None, None] * (moved - own)
        return net

    def net(
        self, columns: Columns, count: int, select: savings.Selection = savings.economic
    ) -> np.ndarray:
        """Return saving less cost, risks included, in each of some draws, draw by partner by year [£].

        Of the flows that a decision can still change, or of another selection. A risk that isn't
        among the columns costs nothing.
        """
        net = savings.net_with_floor(
            partial(self.selected, columns=columns, count=count),
            self.parameters.no_detriment,
            select,
        )
        rows = self.costs_drawn
        levels = {
            risk: columns[f"risk {risk}"] for risk in rows["risk"] if f"risk {risk}" in columns
        }
        if levels:
            is_drawn = rows["risk"].isin(levels).to_numpy()
            costs = exposure.drawn_costs(rows[is_drawn], levels, count)
            net -= (costs @ self._costs_borne[is_drawn]).reshape(net.shape)
        return net

    @derived
    def _costs_borne(self) -> np.ndarray:
        """Who bears each row of ``costs_drawn`` and when, row by partner and year [fraction]."""
        return exposure.borne(self.costs_drawn, self.risks.cost_shares).reshape(
            len(self.costs_drawn), -1
        )

    @derived
    def _plan_ends(self) -> list[tuple[str, float, float]]:
        """Parameters that change the plan itself: where each is, and an end of its range."""
        inputs = self.uncertain_inputs
        inputs = inputs[inputs["kind"] == PARAMETER]
        inputs = inputs[~inputs["name"].isin([*savings.MOVED, "discount_rate"])]
        return [
            (row.name, row.central, float(end))
            for row in inputs.itertuples(index=False)
            for end in (row.low, row.high)
            if end != row.central
        ]

    def _at_ends(self, columns: Columns) -> Iterator[tuple[np.ndarray, Savings]]:
        """Yield how far each draw is towards either end of a parameter, and the savings there.

        For parameters that change the plan itself: between the ends and the scenario's value the
        effect is taken as a straight line, which it is for the present cost.
        """
        for name, central, end in self._plan_ends:
            if name in columns:
                part = (columns[name].astype(float) - central) / (end - central)
                yield np.maximum(part, 0.0), self._savings_at(name, end)

    def _savings_at(self, name: str, value: float) -> Savings:
        """Return the savings with a parameter moved, the same each time: no result, so not derived."""
        if (name, value) not in self._moved:
            self._moved[name, value] = self.savings.at(**{name: value})
        return self._moved[name, value]

    def of_option(self, option: str) -> Self:
        """Return the uncertainty of an option, the same each time: no result, so not derived."""
        if option not in self._of_options:
            self._of_options[option] = super().of_option(option)
        return self._of_options[option]

    def worth(self, columns: Columns, count: int) -> np.ndarray:
        """Return net present values in each of some draws, risks included, draw by partner [£]."""
        return self._discounted(self.net(columns, count), columns)

    def _discounted(self, net: np.ndarray, columns: Columns) -> np.ndarray:
        if "discount_rate" not in columns:
            return self._worth_of(net)
        growth = 1 + columns["discount_rate"].astype(float)
        factors = growth[:, None] ** -np.arange(net.shape[-1])
        return appraisal.present_value(net, factors[:, None, :])

    @derived_by
    def futures(self, number: int) -> Future:
        """Return a chunk of futures."""
        columns = self.drawn(number)
        net = self.net(columns, CHUNK)
        return Future(self._discounted(net, columns), net.sum(axis=1).cumsum(axis=1))

    def lateness(self, task: int) -> np.ndarray:
        """Return how much later than due a task's money starts in each future [years]."""
        slip, late = savings.slip_of(task), []
        for number in range(CHUNKS):
            columns = self.drawn(number, names=[slip, "delay_years"])
            levers, _ = self.levers_of(columns, CHUNK)
            stated = slip in self._drawn_starts
            delay = self.savings.levers["delay_years"] if stated else levers["delay_years"]
            late.append(levers[slip] + delay)
        return np.concatenate(late)

    @property
    def every_future(self) -> Future:
        """All futures."""
        return Future(*map(np.concatenate, zip(*map(self.futures, range(CHUNKS)), strict=True)))

    @property
    def evidence(self) -> pd.DataFrame:
        """Rows of evidence.csv of the classes of the case, without those of its own service."""
        file = self.case.file
        of_classes = self.tables.rows("evidence", reference_class=file.evidence_classes)
        return evidence_of_others(file, {"evidence": of_classes})

    @derived
    def reference_class(self) -> dict[str, ReferenceClass]:
        """What others got for what they planned, in saving and in cost."""
        ratio = self.evidence["actual"] / self.evidence["planned"]
        return {
            name: ReferenceClass(tuple(ratio[self.evidence["measure"] == name]))
            for name in ("realisation", "overrun")
        }

    @derived
    def drawn_from_others(self) -> list[str]:
        """What is drawn from what others got: with too few cases the stated range stays."""
        if self.parameters.realisation_from != "reference_class":
            return []
        return [name for name, found in self.reference_class.items() if found.has_interval]

    def got_by_others(self, name: str, levels: np.ndarray) -> np.ndarray:
        """Return a parameter as others had it, within what a scenario may set, at levels [0 to 1]."""
        values = self.reference_class[name].at(levels) - ABOVE[name]
        return np.clip(values, *limits(name))

    @cached_property
    def as_others(self) -> Self:
        """The uncertainty if the saving is realised, and the cost overrun, as it was for others."""
        return self.at(realisation_from="reference_class")

    def net_of_levers(
        self, levers: dict[str, np.ndarray], lines: savings.Multiples | None = None
    ) -> np.ndarray:
        """Return saving less cost at levers and multiples of lines, draw by partner by year [£]."""
        return self.savings.net_of_draws(levers, lines)

    def _worth_of(self, net: np.ndarray) -> np.ndarray:
        """Return the net present value of flows by draw, partner and year, draw by partner [£]."""
        return appraisal.present_value(net, self.savings.discount_factors)

    @derived
    def simulated_worth(self) -> pd.DataFrame:
        """Net present value of every draw, for the partnership ('all') and each partner [£]."""
        return self._with_all(self.every_future.worth)

    def _with_all(self, worth: np.ndarray) -> pd.DataFrame:
        table = pd.DataFrame(worth, columns=self.partners)
        table.insert(0, ALL, worth.sum(axis=1))
        return table

    @derived
    def risk_of_loss(self) -> pd.DataFrame:
        """Percentiles and mean of the net present value [£] and probability of loss [fraction].

        By 'all' and partner. Percentiles don't add over the partners; the mean does.
        """
        return _summary(self.simulated_worth)

    @derived
    def on_time_without_loss(self) -> float | None:
        """Share of futures in which every deadline is kept and all together do not lose [fraction].

        None where the plan has no ranges or no deadlines.
        """
        if not self.plan.has_ranges:
            return None
        kept = self.plan.deadlines_kept
        if kept is None:
            return None
        gains = self.simulated_worth[ALL].to_numpy() >= 0
        both = float((gains & np.resize(kept, len(gains))).mean())
        return uncertainty.as_sure(both, uncertainty.chance_error(both, len(gains)))

    rough: ClassVar = {measure: partial(_roughly, measure) for measure in ROUGHLY}

    @property
    def about(self) -> pd.DataFrame:
        """The same of a tenth of the draws, for where a reader waits for it."""
        return _summary(self._with_all(self.futures(0).worth))

    @derived
    def simulated_years(self) -> pd.DataFrame:
        """P10, P50 and P90 of the cumulative position of the partnership by year [£]."""
        levels = uncertainty.PERCENTILES
        by_year = [uncertainty.sure_percentiles(of, levels) for of in self.every_future.position.T]
        return pd.DataFrame(by_year, self.years, [f"p{level}" for level in levels]).T

    @derived
    def variance_shares(self) -> pd.DataFrame:
        """How much of the variance of the net present value hangs on each uncertain input.

        Common causes are left out, so that each input stands for itself.
        """
        names = list(self.uncertain_inputs["name"])

        def worth(sample: list[np.ndarray]) -> np.ndarray:
            columns = dict(zip(names, sample, strict=True))
            return self.worth(columns, SHARES_DRAWS).sum(axis=1)

        samples = [self.drawn(number, SHARES_DRAWS, joined=False) for number in (0, 1)]
        first, second = ([columns[name] for name in names] for columns in samples)
        total = uncertainty.variance_shares(worth, first, second)
        table = pd.DataFrame({"input": names, "total": total})
        return table.sort_values("total", ascending=False, ignore_index=True)

    def rows(self) -> Iterator[tidy.Row]:
        """Yield the results, as results.csv has them; a cost alone is no odds of a loss."""
        if not self.savings.recurs:
            return
        for measure, values in self.risk_of_loss.items():
            unit = tidy.FRACTION if measure.startswith("probability_of_loss") else tidy.MONEY
            yield from tidy.series(measure, values, unit)
        if self.on_time_without_loss is not None:
            yield from tidy.one(
                "probability_on_time_without_loss", self.on_time_without_loss, tidy.FRACTION
            )
        for level, by_year in self.simulated_years.iterrows():
            yield from tidy.yearly(f"cumulative_{level}", by_year.to_frame(ALL).T, tidy.MONEY)
        switching = self.switching_values
        items = switching["parameter"].where(
            switching["item"] == ALL, switching["parameter"] + ", " + switching["item"]
        )
        values = switching["switching_value"].astype(object).set_axis(items)
        yield from tidy.known("switching_value", values, "as the parameter", "none in range")
        shares = self.variance_shares.set_index("input")
        yield from tidy.series("variance_share", shares["total"], tidy.FRACTION)


def _summary(worth: pd.DataFrame) -> pd.DataFrame:
    return uncertainty.summary(worth.to_numpy(), list(worth))


def _of_item(worths: Callable, item: str, values: np.ndarray) -> np.ndarray:
    return worths(values)[item].to_numpy()


def _remembered(worths: Callable) -> Callable:
    """Keep what a function of an array returned, for the same array again."""
    found: dict[bytes, pd.DataFrame] = {}

    def remembered(values: np.ndarray) -> pd.DataFrame:
        key = values.tobytes()
        if key not in found:
            found[key] = worths(values)
        return found[key]

    return remembered
