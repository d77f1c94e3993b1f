"""The appraisal of a study: its options side by side, and how long the service must last."""

import datetime as dt
from collections.abc import Iterator
from typing import ClassVar

import pandas as pd

from businesscase.calculations import appraisal, savings
from businesscase.calculations.apportionment import ALL
from businesscase.study import tidy
from businesscase.study.baseline import Baseline
from businesscase.study.core import Inputs, Part
from businesscase.study.derived import derived
from businesscase.study.options import Options
from businesscase.study.savings import NO_RATIO, Savings
from businesscase.study.uncertainty import Uncertainty

PROPOSED, COMPARATOR = "proposed", "comparator"


class Appraisal(Part):
    """What each option comes to beside the comparator, and where partners stand if all ends early."""

    name = "appraisal"

    def __init__(
        self,
        inputs: Inputs,
        baseline: Baseline,
        savings: Savings,
        uncertainty: Uncertainty,
        options: Options,
    ):
        super().__init__(inputs)
        self.baseline, self.savings, self.uncertainty = baseline, savings, uncertainty
        self.options = options

    @derived
    def present_cost(self) -> float | None:
        """Present value of what the service costs over the term if nothing changes [£].

        By the present cost where it is known, else by the option's counterfactual cost; None where
        neither is.
        """
        factors, cost = self.savings.discount_factors, self.savings.baseline_cost.sum()
        if cost:
            return float(cost * factors.sum())
        planned = self.savings.planned_flows
        stated = savings.by_partner(planned, "counterfactual_cost").sum()
        return float(appraisal.present_value(stated, factors)) if stated.any() else None

    @derived
    def summary(self) -> pd.DataFrame:
        """The options side by side, each appraised as this one is, against the comparator.

        One row an option, in the order of options.csv: ``name``, ``role``, ``whole_life_cost`` (of
        the service over the term, in cash, present value), ``cash_saving``, ``net_present_value`` (of all, and ``net_present_value, `` with the name of
        each partner) [£], ``benefit_cost_ratio``, ``payback_years``, ``peak_funding`` [£],
        ``unmonetised_score`` and ``probability_of_loss``. What no money is given for is not known.
        """
        options = self.tables["options"].set_index("option")["name"]
        costed = set(self.tables.column("flows", "option")) | {self.case.file.comparator} - {""}
        letters = [*options.index, *sorted(costed - set(options.index))]
        rows = {letter: self._appraised(letter) if letter in costed else {} for letter in letters}
        table = pd.DataFrame.from_dict(rows, orient="index")
        roles = {self.case.file.comparator: COMPARATOR, self.option: PROPOSED}
        table.insert(0, "role", [roles.get(letter, "") for letter in letters])
        table.insert(0, "name", [options.get(letter, "") for letter in letters])
        if not self.tables["scores"].empty:
            table["unmonetised_score"] = self.options.benefit_scores.reindex(letters)
        return table.rename_axis("option")

    def _appraised(self, option: str) -> dict[str, float | None]:
        other = self.uncertainty.of_option(option)
        at = other.savings
        measures, worth = at.appraisal.loc[ALL], at.net_present_values
        cost = self.present_cost
        if cost is not None:
            cash = at.to_find.sum()
            cost -= float(appraisal.present_value(cash, self.savings.discount_factors))
        loss = None
        if self.savings.recurs and option != self.case.file.comparator:
            # of the others a tenth of the draws, which is enough to see them side by side
            risk = other.risk_of_loss if option == self.option else other.about
            loss = float(risk.at[ALL, "probability_of_loss"])
        return {
            "whole_life_cost": cost,
            "cash_saving": measures["cashable_saving"],
            "net_present_value": measures["net_present_value"],
            **{f"net_present_value, {name}": value for name, value in worth.items()},
            "benefit_cost_ratio": measures["benefit_cost_ratio"],
            "payback_years": measures["payback_years"],
            "peak_funding": measures["peak_funding"],
            "probability_of_loss": loss,
        }

    @derived
    def positions_if_ended(self) -> pd.DataFrame:
        """Where all and each partner would stand if the service ended at the end of each year [£]."""
        of = self.savings
        net = of.net_flows.reindex(self.partners, fill_value=0.0)
        positions = savings.positions_if_ended(
            net, of.service_costs, of.rates, of.members, of.exit_terms
        )
        return savings.with_total(positions, ALL).loc[[ALL, *positions.index]]

    @derived
    def break_even_years(self) -> pd.Series:
        """First year at whose end, and at every later one, all and each partner are not behind."""
        return self.positions_if_ended.apply(savings.break_even_year, axis="columns").astype(
            "Int64"
        )

    @derived
    def position_on_end_date(self) -> pd.Series | None:
        """Where all and each partner stand if the service ends on the scenario's date [£]; None without."""
        if not self.parameters.ends_on:
            return None
        return savings.position_on(
            self.positions_if_ended, dt.date.fromisoformat(self.parameters.ends_on)
        )

    quick: ClassVar = {
        "break_even_year": (
            lambda part, item: part.break_even_years.astype(float).fillna(tidy.NEVER).get(item),
            "financial year",
        ),
    }
    yearly: ClassVar = {
        "position_if_ended": (lambda part: part.positions_if_ended, tidy.MONEY),
    }

    def rows(self) -> Iterator[tidy.Row]:
        """Yield the results, as results.csv has them."""
        table = self.summary
        units = {"probability_of_loss": tidy.FRACTION, "unmonetised_score": tidy.SCORE}
        for measure in table.columns.drop(["name", "role"]):
            name, _, partner = measure.partition(", ")
            values = table[measure].rename(
                lambda option, of=partner: f"{option}, {of}" if of else option
            )
            if name == "benefit_cost_ratio":
                costed = table["net_present_value"].notna()
                yield from tidy.known(name, values[costed].astype(object), "ratio", NO_RATIO)
            elif name == "payback_years":
                costed = table["net_present_value"].notna()
                values = values.astype(float).fillna(tidy.NEVER)[costed]
                yield from tidy.series(name, values, tidy.YEARS)
            else:
                yield from tidy.series(name, values.dropna(), units.get(name, tidy.MONEY))
        yield from tidy.yearly("position_if_ended", self.positions_if_ended, tidy.MONEY)
        years = self.break_even_years.astype(float).fillna(tidy.NEVER)
        yield from tidy.series("break_even_year", years, "financial year")
        if self.position_on_end_date is not None:
            yield from tidy.series("position_on_end_date", self.position_on_end_date, tidy.MONEY)
