"""The contracts of a study: whether each ends when its service is ready, and what it costs if not."""

from collections.abc import Iterator

import numpy as np
import pandas as pd

from businesscase.calculations import lateness, savings
from businesscase.calculations.uncertainty import as_sure, chance_error
from businesscase.calculations.wording import printed
from businesscase.calculations.years import DAYS_A_YEAR
from businesscase.cases.case import BASE
from businesscase.cases.errors import Fault
from businesscase.study import tidy
from businesscase.study.core import Inputs, Part
from businesscase.study.derived import derived
from businesscase.study.plan import Plan
from businesscase.study.savings import Savings
from businesscase.study.uncertainty import Uncertainty

MEASURES = {
    "gap_months": "months",
    "gap_cost": tidy.MONEY,
    "overlap_months": "months",
    "overlap_cost": tidy.MONEY,
}


class Contracts(Part):
    """What becomes of the contracts that the option replaces, at the plan's forecast and in the futures."""

    name, section = "contracts", "plan"

    def __init__(self, inputs: Inputs, plan: Plan, savings: Savings, uncertainty: Uncertainty):
        super().__init__(inputs)
        self.plan, self.savings, self.uncertainty = plan, savings, uncertainty

    @derived
    def ends(self) -> pd.DataFrame:
        """Each contract: when it ends, when its service starts, the gap or overlap, and what that costs.

        ``gap_months`` and ``overlap_months``, ``gap_cost`` and ``overlap_cost`` [£] are of the
        scenario, with the delay that it states. A service that is ready early starts when it is due.
        """
        table, delay = self.savings.contracts, self.savings.levers["delay_years"]
        late = [self.plan.slips[task] + delay for task in table["replaced_by"]]
        days = [pd.Timedelta(days=round(years * DAYS_A_YEAR)) for years in late]
        found = self._found([np.array([years]) for years in late])
        return table.assign(
            starts=[
                self.plan.due[task] + pd.Timedelta(days=1) + after
                for task, after in zip(table["replaced_by"], days, strict=True)
            ],
            **{name: [float(each[name][0]) for each in found] for name in MEASURES},
        )

    def _found(self, late: list[np.ndarray]) -> list[dict[str, np.ndarray]]:
        """Return gap and overlap of each contract where its service is so late [years]."""
        rows = self.savings.contracts.itertuples()
        return [
            lateness.gap_and_overlap(row, years, len(self.years))
            for row, years in zip(rows, late, strict=True)
        ]

    @derived
    def in_futures(self) -> pd.DataFrame:
        """The same in the futures, one row a contract.

        ``gap_months_p50``, ``gap_chance`` [fraction], ``gap_cost_expected`` and
        ``overlap_cost_expected`` [£], to no more digits than their number allows.
        """
        tasks = self.savings.contracts["replaced_by"]
        of_tasks = {task: self.uncertainty.lateness(task) for task in tasks.unique()}
        found = self._found([of_tasks[task] for task in tasks])
        rows = [
            {
                "gap_months_p50": float(np.median(each["gap_months"])),
                "gap_chance": _chance(each["gap_months"] > 0),
                "gap_cost_expected": _mean(each["gap_cost"]),
                "overlap_cost_expected": _mean(each["overlap_cost"]),
            }
            for each in found
        ]
        return pd.DataFrame(rows, index=self.savings.contracts.index)

    @derived
    def costs(self) -> pd.DataFrame:
        """What the flows hold of gaps and overlaps under the scenario, contract and partner by year [£]."""
        flows = self.savings.flows
        parts = []
        for row in self.savings.contracts.itertuples():
            lines = [f"{row.contract}, {end}" for end in ("extended", "paid twice")]
            own = flows[flows.index.get_level_values("line").isin(lines)]
            spent = -savings.net_flows(own)
            parts.append(spent.assign(contract=row.contract).set_index("contract", append=True))
        if not parts:
            return pd.DataFrame(columns=self.years)
        table = pd.concat(parts).swaplevel()
        return table[(table.abs() >= lateness.PENNY).any(axis="columns")]

    @property
    def findings(self) -> list[Fault]:
        """A sentence for each contract that ends before the plan as decided has its service ready."""
        decided = self.in_scenario(BASE)
        if decided.savings.contracts.empty:
            return []
        planned = decided.plan.schedule.set_index("task")["early_finish"]
        return [
            Fault(
                f"contracts.csv: {row.contract!r} ends on {printed(row.ends)}, before task "
                f"{row.replaced_by}, which replaces it, is planned to end, on "
                f"{printed(planned[row.replaced_by])}; extend it, or plan to be ready sooner",
                file="contracts.csv",
                column="ends",
                found=str(row.ends.date()),
                allowed=f"not before {planned[row.replaced_by].date()}",
            )
            for row in decided.savings.contracts.itertuples()
            if row.ends < planned[row.replaced_by]
        ]

    def rows(self) -> Iterator[tidy.Row]:
        """Yield the results, as results.csv has them."""
        table = self.ends.set_index("contract")
        for measure, unit in MEASURES.items():
            yield from tidy.series(f"contract_{measure}", table[measure], unit)
        if table.empty or not self.plan.has_ranges:
            return
        futures = self.in_futures.set_axis(table.index)
        units = {"gap_months_p50": "months", "gap_chance": tidy.FRACTION}
        for measure, values in futures.items():
            yield from tidy.series(f"contract_{measure}", values, units.get(measure, tidy.MONEY))


def _chance(happens: np.ndarray) -> float:
    chance = float(happens.mean())
    return as_sure(chance, chance_error(chance, len(happens)))


def _mean(costs: np.ndarray) -> float:
    return as_sure(float(costs.mean()), float(costs.std()) / float(np.sqrt(len(costs))))
