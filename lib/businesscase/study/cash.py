"""The cash of a study: what each partner's budget sees, in the money of each year."""

from collections.abc import Iterator
from typing import ClassVar

import pandas as pd

from businesscase.calculations import finance, savings
from businesscase.calculations.years import year_end, year_start
from businesscase.study import tidy
from businesscase.study.core import Inputs, Part
from businesscase.study.derived import derived
from businesscase.study.savings import Savings


class Cash(Part):
    """The effect of the option on the partners' budgets."""

    name, section = "cash", "savings"

    def __init__(self, inputs: Inputs, savings: Savings):
        super().__init__(inputs)
        self.savings = savings

    def assumption(self, name: str) -> float:
        """Return an assumption of the cash view: the scenario's, else finance_assumptions.csv's."""
        chosen = getattr(self.parameters, name)
        return float(self._stated[name] if chosen is None else chosen)

    @derived
    def _stated(self) -> pd.Series:
        return self.tables["finance_assumptions"].set_index("parameter")["value"]

    @derived
    def medium_term_plan(self) -> pd.DataFrame:
        """Effect on the budget of each partner by year, in cash [£]."""
        cash = finance.cash_flows(
            self._flows,
            self.assumption("pay_inflation"),
            self.assumption("price_inflation"),
        )
        return finance.medium_term_plan(
            cash,
            self.parameters.capital_funding,
            int(self.assumption("asset_life_years")),
            self.assumption("borrowing_rate"),
            self.flexible_years,
        )

    @property
    def flexible_years(self) -> list[int]:
        """Years in which capital receipts may pay one-off revenue cost."""
        rules = self.tables["finance_rules"]
        allowed = rules[rules["rule"] == "capital_receipts"]
        days = allowed[["first_day", "last_day"]].itertuples(index=False, name=None)
        return [year for ends in days for year in finance.years_within(self.years, *ends)]

    @property
    def rules(self) -> pd.DataFrame:
        """Rules of finance_rules.csv that hold on some day of the years appraised."""
        rules = self.tables["finance_rules"]
        start, end = pd.Timestamp(year_start(self.years[0])), pd.Timestamp(year_end(self.years[-1]))
        return rules[~((rules["first_day"] > end) | (rules["last_day"] < start))]

    @property
    def _flows(self) -> pd.DataFrame:
        """Flows beside today's budgets; nil for a partner whose flows are all time [£]."""
        flows = self.savings.flows
        seen = savings.budget(flows)
        unseen = set(flows.index.get_level_values("partner")) - set(seen.index.get_level_values("partner"))  # fmt: skip
        if not unseen:
            return seen
        absent = flows.index.get_level_values("partner").isin(list(unseen))
        return pd.concat([seen, 0.0 * flows[absent]])

    @derived
    def budget_effect(self) -> pd.DataFrame:
        """What each partner's revenue budget gains by year, less than nil where it pays more [£]."""
        lines = self.medium_term_plan
        is_effect = lines.index.get_level_values("line") == "effect on the revenue budget"
        effect = lines[is_effect].droplevel("line")
        return effect.reindex(self.partners, fill_value=0.0)

    @derived
    def budget_rise(self) -> pd.DataFrame:
        """Rise of each partner's revenue budget by year, of what the service costs it today [fraction].

        In the money of the year, of a cost at today's prices.
        """
        cost = self.savings.baseline_cost.reindex(self.budget_effect.index)
        return -self.budget_effect.div(cost.where(cost > 0), axis="index").dropna(how="all")

    @derived
    def headroom_left(self) -> pd.DataFrame:
        """What each partner's revenue budget could still bear by year [£], NaN where nothing says.

        A budget that gains needs no headroom, so a year without a row is not known only if it pays.
        """
        effect = self.budget_effect
        return (self.headroom + effect).fillna(effect.where(effect >= 0))

    @derived
    def headroom(self) -> pd.DataFrame:
        """What headroom.csv says by partner and year: the row of the year, else that of every year [£]."""
        stated = self.tables["headroom"]
        every = stated[stated["year"].isna()].set_index("partner")["amount_gbp"]
        years = stated.dropna(subset="year").astype({"year": int})
        own = years.pivot(index="partner", columns="year", values="amount_gbp")
        found = own.reindex(index=self.partners, columns=self.years)
        return found.apply(lambda by_year: by_year.fillna(every))

    yearly: ClassVar = {
        "cash_effect_on_the_revenue_budget": (lambda cash: cash.budget_effect, tidy.MONEY),
        "budget_rise_fraction": (lambda cash: cash.budget_rise, tidy.FRACTION),
        "headroom_left": (lambda cash: cash.headroom_left, tidy.MONEY),
    }

    def rows(self) -> Iterator[tidy.Row]:
        """Yield the results, as results.csv has them."""
        plan = self.medium_term_plan
        for line, effects in plan.groupby(level="line", sort=False):
            by_partner = effects.droplevel("line")
            yield from tidy.yearly(f"cash_{line.replace(' ', '_')}", by_partner, tidy.MONEY)
        yield from tidy.yearly("budget_rise_fraction", self.budget_rise, tidy.FRACTION)
        if not self.tables["headroom"].empty:
            for row in tidy.yearly("headroom_left", self.headroom_left, tidy.MONEY):
                if not pd.isna(row[3]):
                    yield row
