"""The cash of a study: what each partner's budget sees, in the money of each year."""

from collections.abc import Iterator

import pandas as pd

from businesscase.calculations import finance
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
        stated = self.tables["finance_assumptions"].set_index("parameter")["value"]
        return float(stated[name]) if chosen is None else float(chosen)

    @derived
    def medium_term_plan(self) -> pd.DataFrame:
        """Effect on the budget of each partner by year, in cash [£]."""
        cash = finance.cash_flows(
            self.savings.cashable_flows,
            self.assumption("pay_inflation"),
            self.assumption("price_inflation"),
        )
        return finance.medium_term_plan(
            cash,
            self.parameters.capital_funding,
            int(self.assumption("asset_life_years")),
            self.assumption("borrowing_rate"),
        )

    def rows(self) -> Iterator[tidy.Row]:
        """Yield the results, as results.csv has them."""
        plan = self.medium_term_plan
        for line, effects in plan.groupby(level="line", sort=False):
            by_partner = effects.droplevel("line")
            yield from tidy.yearly(f"cash_{line.replace(' ', '_')}", by_partner, tidy.MONEY)
