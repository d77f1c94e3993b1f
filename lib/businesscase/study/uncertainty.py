"""The uncertainty of a study's savings: ranges, switching values, many draws."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Self

import numpy as np
import pandas as pd

from businesscase.calculations import appraisal, savings, uncertainty
from businesscase.calculations.apportionment import ALL
from businesscase.cases.parameters import Parameters, limits
from businesscase.cases.validation import has_recurring_flows
from businesscase.study import tidy
from businesscase.study.baseline import Baseline
from businesscase.study.core import Inputs, Part
from businesscase.study.derived import derived
from businesscase.study.savings import Savings

DRAWS, SOBOL_DRAWS, SEED = 10_000, 1024, 20_260_401  # one sample for all, so that pages agree
# flows that add to the worth
MORE_IS_BETTER = ["saving", "counterfactual_cost", "income_cost", *savings.RECEIVED]


class Uncertainty(Part):
    """What would change the worth of the savings, and how sure it is."""

    name, section = "uncertainty", "savings"

    def __init__(self, inputs: Inputs, baseline: Baseline, savings: Savings):
        super().__init__(inputs)
        self.baseline, self.savings = baseline, savings

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
        """Net present value of the partnership at the low and high of each parameter [£]."""
        ranges = self.tried_ranges
        table = ranges.assign(
            at_low=[self._worth_at(row.parameter, row.low) for row in ranges.itertuples()],
            at_high=[self._worth_at(row.parameter, row.high) for row in ranges.itertuples()],
        )
        table["swing"] = (table["at_high"] - table["at_low"]).abs()
        return table.sort_values("swing", ascending=False, ignore_index=True)

    def _worth_at(self, parameter: str, value: float) -> float:
        return self.worths_at(parameter, np.array([value]))[ALL].item()

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
        """What is drawn: parameters and lines with low, central, high, shape and common cause.

        ``more_is_better`` is True for what adds to the worth as it rises: realisation, and lines of
        saving, of present cost that falls away and of service to others, who are charged for it.
        """
        ranges = self.tried_ranges
        ranges = ranges[ranges["drawn"]]
        parameters = pd.DataFrame(
            {
                "name": ranges["parameter"],
                "is_line": False,
                "more_is_better": ranges["parameter"] == "realisation",
                **self.drawn_ranges(ranges),
                "shape": ranges["shape"],
                "cause": ranges["cause"],
                "correlation": ranges["correlation"],
            }
        )
        ranged = self.savings.flow_lines.dropna(subset="low_fraction")
        lines = ranged.groupby(["flow", "line"], sort=False).first().reset_index()
        uncertain_lines = pd.DataFrame(
            {
                "name": [self._line_name(row.flow, row.line) for row in lines.itertuples()],
                "is_line": True,
                "flow": lines["flow"],
                "line": lines["line"],
                "more_is_better": lines["flow"].isin(MORE_IS_BETTER),
                "low": lines["low_fraction"].to_numpy(float),
                "central": 1.0,
                "high": lines["high_fraction"].to_numpy(float),
                "shape": "pert",
                "cause": lines["cause"].to_numpy(object),
                "correlation": lines["correlation"].to_numpy(float),
            }
        )
        parts = [part for part in (parameters, uncertain_lines) if not part.empty]
        return pd.concat(parts, ignore_index=True)

    def _line_name(self, flow: str, line: str) -> str:
        """Return the name of a line, with its kind where lines of several kinds have that name."""
        flows = self.tables["flows"]
        kinds = flows.loc[flows["line"] == line, "flow"].nunique()
        return line if kinds == 1 else f"{line}, {flow.replace('_', ' ')}"

    def drawn(self, sample: np.ndarray) -> tuple[dict[str, np.ndarray], savings.Multiples]:
        """Return levers and multiples of lines at levels of an even sample, draw by input.

        One-off cost is raised for optimism bias where its overrun is drawn from a range, not where
        it is drawn from what others got, which is where an uplift comes from.
        """
        inputs = self.uncertain_inputs
        values = {
            row.name: uncertainty.SHAPES[row.shape](
                sample[:, number], row.low, row.central, row.high
            )
            for number, row in enumerate(inputs.itertuples(index=False))
        }
        from_others = self.parameters.realisation_from == "reference_class"
        if from_others:
            outcomes = self.reference_class
            for number, name in enumerate(inputs["name"]):
                if name in outcomes:
                    # one draw of overrun is a bad outcome at the same level as a low realisation
                    values[name] = uncertainty.reference_class(sample[:, number], outcomes[name])
        lines = inputs[inputs["is_line"]]
        multiples = {
            (row.flow, row.line): values.pop(row.name) for row in lines.itertuples(index=False)
        }
        fixed = {name: np.full(len(sample), value) for name, value in self.savings.levers.items()}
        levers = fixed | values
        if "overrun" in values and not from_others:  # else what others got, or uplifted already
            levers["overrun"] = (1 + levers["overrun"]) * (1 + self.savings.optimism_bias) - 1
        return levers, multiples

    @property
    def evidence(self) -> pd.DataFrame:
        """Rows of evidence.csv of others, without those of the case's own service."""
        evidence = self.tables["evidence"]
        return evidence[evidence["case"] != self.case.file.own_evidence]

    @property
    def reference_class(self) -> dict[str, np.ndarray]:
        """What others got: actual over planned saving, and cost over plan [fraction]."""
        evidence = self.evidence
        ratio = evidence["actual"] / evidence["planned"]
        of = {name: np.sort(ratio[evidence["measure"] == name].to_numpy()) for name in ("realisation", "overrun")}  # fmt: skip
        return {"realisation": of["realisation"], "overrun": of["overrun"] - 1}

    @property
    def as_others(self) -> Self:
        """The uncertainty if the saving is realised, and the cost overrun, as it was for others."""
        return self.at(realisation_from="reference_class")

    @derived
    def joined_sample(self) -> np.ndarray:
        """Levels at which the inputs are drawn, draw by input [0 to 1]."""
        sample = uncertainty.even_sample(DRAWS, len(self.uncertain_inputs), SEED)
        return self.joined(sample)

    @derived
    def simulated_net(self) -> np.ndarray:
        """Saving less cost of every draw, draw by partner by financial year [£]."""
        return self.net_of_sample(self.joined_sample)

    def joined(self, sample: np.ndarray) -> np.ndarray:
        """Return an even sample in which inputs of a common cause go wrong together."""
        return joined_levels(sample, self.uncertain_inputs)

    def net_of_sample(self, sample: np.ndarray) -> np.ndarray:
        """Return saving less cost at levels of an even sample, draw by partner by year [£]."""
        return self.net_of_levers(*self.drawn(sample))

    def worth_of_sample(self, sample: np.ndarray) -> np.ndarray:
        """Return net present values at levels of an even sample, draw by partner [£]."""
        return self._worth_of(self.net_of_sample(sample))

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
        worth = self._worth_of(self.simulated_net)
        table = pd.DataFrame(worth, columns=self.partners)
        table.insert(0, ALL, worth.sum(axis=1))
        return table

    @derived
    def risk_of_loss(self) -> pd.DataFrame:
        """Percentiles of the net present value [£] and probability of loss [fraction]."""
        worth = self.simulated_worth
        return uncertainty.summary(worth.to_numpy(), list(worth))

    @derived
    def simulated_years(self) -> pd.DataFrame:
        """P10, P50 and P90 of the cumulative position of the partnership by year [£]."""
        position = self.simulated_net.sum(axis=1).cumsum(axis=1)
        levels = np.percentile(position, uncertainty.PERCENTILES, axis=0)
        names = [f"p{level}" for level in uncertainty.PERCENTILES]
        return pd.DataFrame(levels, index=names, columns=self.years)

    @derived
    def variance_shares(self) -> pd.DataFrame:
        """How much of the variance of the net present value each uncertain input explains."""

        def worth(sample: np.ndarray) -> np.ndarray:
            return self.worth_of_sample(sample).sum(axis=1)

        inputs = self.uncertain_inputs
        alone, total = uncertainty.variance_shares(worth, len(inputs), SOBOL_DRAWS, SEED)
        table = pd.DataFrame({"input": inputs["name"], "first_order": alone, "total": total})
        return table.sort_values("total", ascending=False, ignore_index=True)

    def rows(self) -> Iterator[tidy.Row]:
        """Yield the results, as results.csv has them; a cost alone is no odds of a loss."""
        if not has_recurring_flows(self.tables):
            return
        for measure, values in self.risk_of_loss.items():
            unit = tidy.FRACTION if measure == "probability_of_loss" else tidy.MONEY
            yield from tidy.series(measure, values, unit)
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


def joined_levels(sample: np.ndarray, inputs: pd.DataFrame) -> np.ndarray:
    """Return an even sample in which inputs of a common cause go wrong together.

    Levels of what is better the more there is of it are turned round meanwhile, so that high is bad
    for all: a low saving comes with a high cost and a long delay.
    """
    more_is_better = inputs["more_is_better"].to_numpy(bool)
    adverse = np.where(more_is_better, 1 - sample, sample)
    adverse = uncertainty.with_common_causes(
        adverse, list(inputs["cause"]), list(inputs["correlation"]), SEED
    )
    return np.where(more_is_better, 1 - adverse, adverse)


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
