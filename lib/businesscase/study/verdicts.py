"""How sure the verdict is: what it is in each future, which criteria flip it, and what two inputs do together."""

from collections.abc import Iterator
from itertools import combinations, product

import numpy as np
import pandas as pd

from businesscase.calculations import appraisal, decision, savings, uncertainty
from businesscase.calculations.apportionment import ALL
from businesscase.calculations.decision import (
    EACH,
    EACH_PARTNER,
    FROM_WORST,
    MET,
    NOT_KNOWN,
    NOT_MET,
)
from businesscase.calculations.discovery import Columns
from businesscase.calculations.uncertainty import CHUNK
from businesscase.study import tidy
from businesscase.study.cash import Cash
from businesscase.study.core import Inputs, Part
from businesscase.study.decision import Decision
from businesscase.study.derived import Memory, Remembers, derived
from businesscase.study.plan import Plan
from businesscase.study.savings import Savings
from businesscase.study.uncertainty import LINE, Uncertainty

# measures of which a future has its own worth in place of the plan's, or of a summary of the futures
OF_WORTH = ["net_present_value", "npv_p10", "npv_p50", "npv_p90", "expected_npv", "risk_adjusted_npv"]  # fmt: skip
OF_BUDGETS = ["headroom_left", "budget_rise_fraction"]
OF_MONEY = [*OF_WORTH, *OF_BUDGETS, "lowest_net_present_value", "payback_years", "annual_cost_change_fraction"]  # fmt: skip
OF_DATES = ["days_late"]
PAIRED = 4  # inputs, those on which the worth hangs most, of which every pair is tried
DECIMALS = 6  # of a share, to which sums are rounded
STEPS = 100  # tried from where a pair is now to the ends of its ranges
EACH_WAY = 4  # values of each of two inputs in the picture from where it is to an end of its range


class Futures(Remembers):
    """Some futures of the money, each selection of the flows worked out when first asked for."""

    def __init__(self, part: Uncertainty, columns: Columns, count: int):
        self.part, self.columns, self.count, self.memory = part, columns, count, Memory()

    @derived
    def worth(self) -> np.ndarray:
        """Net present values, draw by partner [£]."""
        return self.part.worth(self.columns, self.count)

    @derived
    def cash(self) -> np.ndarray:
        """Saving less cost in cash, draw by partner by year [£]."""
        return self.part.net(self.columns, self.count, savings.cash)

    @derived
    def budget(self) -> np.ndarray:
        """What budgets gain beyond the plan, draw by partner by year [£, base-year prices]."""
        planned = self.part.net({}, 1, savings.budget)
        return self.part.net(self.columns, self.count, savings.budget) - planned

    @derived
    def running(self) -> np.ndarray:
        """Running cost of the service, what leavers strand with it, draw by partner by year [£]."""
        return -self.part.selected(savings.running, self.columns, self.count)

    @derived
    def present(self) -> np.ndarray:
        """Cost of the present service that it takes the place of, draw by partner by year [£]."""
        return self.part.selected(savings.counterfactual, self.columns, self.count)


class Verdicts(Part):
    """What the rule says in each future of what is uncertain."""

    name, section = "verdicts", "decision"

    def __init__(
        self,
        inputs: Inputs,
        savings: Savings,
        cash: Cash,
        uncertainty: Uncertainty,
        plan: Plan,
        decision: Decision,
    ):
        super().__init__(inputs)
        self.savings, self.cash, self.uncertainty = savings, cash, uncertainty
        self.plan, self.decision = plan, decision

    @property
    def drawn_criteria(self) -> pd.DataFrame:
        """Criteria that a future may meet or not; all others stay as they are found."""
        gates = self.decision.gates
        pays_at_once = self.parameters.capital_funding == "revenue"
        measures = [name for name in OF_MONEY if pays_at_once or name not in OF_BUDGETS]
        of_money = gates["measure"].isin(measures) & gates["section"].isin(["savings", "risks"])
        of_dates = gates["measure"].isin(OF_DATES) & (gates["section"] == "plan")
        if not self.plan.has_ranges:
            of_dates &= False
        return gates[(of_money | of_dates) & (gates["outcome"] != NOT_KNOWN)]

    @property
    def held(self) -> list[str]:
        """Names of the criteria that stay as they are found in every future."""
        gates = self.decision.gates
        return list(gates.loc[~gates.index.isin(self.drawn_criteria.index), "criterion"])

    def outcomes(self, columns: Columns, count: int, number: int | None = None) -> np.ndarray:
        """Return whether each criterion is met in each of some futures, criterion by future.

        Parameters
        ----------
        columns : dict of array
            Values of uncertain inputs, as :meth:`Uncertainty.drawn` returns them.
        count : int
            Futures.
        number : int, optional
            The chunk of draws that they are, of which the plan has dates too; else dates stay.
        """
        gates, futures = self.decision.gates, Futures(self.uncertainty, columns, count)
        found = np.repeat(gates["outcome"].to_numpy(object)[:, None], count, axis=1)
        for gate in self.drawn_criteria.itertuples():
            if gate.measure in OF_DATES:
                if number is None:
                    continue
                figures = self.plan.drawn_days_late(number, count)[:, None].astype(float)
            else:
                figures = self._figures(gate, futures)
            found[gate.Index] = _outcomes(figures, gate.comparison, gate.threshold)
        return found

    def _figures(self, gate, futures: Futures) -> np.ndarray:
        """Return a criterion's figures, draw by partner and year that it is tested for."""
        items = self.partners if gate.tested_item == EACH_PARTNER else [gate.tested_item]
        if gate.measure == "lowest_net_present_value":
            return futures.worth.min(axis=1, keepdims=True)
        if gate.measure in OF_WORTH:
            return np.stack([self._of(item, futures.worth) for item in items], axis=1)
        if gate.measure == "payback_years":
            nets = [self._of(item, futures.cash) for item in items]
            return np.stack([appraisal.paybacks(net) for net in nets], axis=1)
        if gate.measure == "annual_cost_change_fraction":
            years = [self.years.index(year) for year in self.savings.full_years]
            new, present = (
                np.stack([costs[:, row, year] for row, year in enumerate(years)], axis=1)
                for costs in (futures.running, futures.present)
            )
            rise = [self._of(item, new) / self._of(item, present) for item in items]
            return np.stack(rise, axis=1) - 1
        return self._of_budgets(gate, items, futures)

    def _of(self, item: str, values: np.ndarray) -> np.ndarray:
        """Return values of a partner, or of all together, from those by draw and partner."""
        return values.sum(axis=1) if item == ALL else values[:, self.partners.index(item)]

    def _of_budgets(self, gate, items: list[str], futures: Futures) -> np.ndarray:
        """Return what budgets bear: the plan's, and what a future adds to it as prices rise."""
        growth = 1 + self.cash.assumption("price_inflation")
        more = futures.budget * growth ** np.arange(len(self.years))
        planned = self.decision.by_year("savings", gate.measure)[0].reindex(index=items, columns=self.years)  # fmt: skip
        if gate.measure == "budget_rise_fraction":
            more = -more / self.savings.baseline_cost.reindex(self.partners).to_numpy(float)[:, None]  # fmt: skip
        rows = [self.partners.index(item) for item in items]
        every = planned.to_numpy(float) + more[:, rows]
        if gate.measure == "headroom_left":  # what pays where nothing says what can be borne
            unstated = self.cash.headroom.loc[items].isna().to_numpy()
            every = np.where(unstated & (every < 0), np.nan, every)
        if gate.tested_year != EACH:
            return every[:, :, self.years.index(int(gate.tested_year))]
        return every.reshape(futures.count, -1)

    # in the futures

    @derived
    def _in_futures(self) -> np.ndarray:
        """Outcomes of the criteria in a tenth of the futures, criterion by future."""
        return self.outcomes(self.uncertainty.drawn(0), CHUNK, 0)

    def _verdicts(self, outcomes: np.ndarray) -> np.ndarray:
        return decision.verdicts(outcomes, *decision.as_arrays(self.decision.gates)[1:])

    @derived
    def shares(self) -> pd.Series:
        """Share of the futures that get each verdict that some get, the best first [fraction].

        The largest is what the others leave, so that they add up. None where nothing is drawn on which
        a criterion rests.
        """
        if self.drawn_criteria.empty:
            return pd.Series(dtype=float)
        found = self._verdicts(self._in_futures)
        shares = {verdict: float((found == verdict).mean()) for verdict in FROM_WORST[::-1]}
        sure = pd.Series({name: _sure(share) for name, share in shares.items() if share}, dtype=float)  # fmt: skip
        largest = sure.idxmax()
        sure[largest] = round(1 - sure.drop(largest).sum(), DECIMALS)
        return sure

    @derived
    def flips(self) -> pd.Series:
        """Share of the futures in which a criterion alone makes the verdict what it is, largest first.

        That is, in which the verdict would be another if the criterion came out as it is found now.
        """
        gates, outcomes = self.decision.gates, self._in_futures
        verdicts, shares = self._verdicts(outcomes), {}
        for gate in self.drawn_criteria.itertuples():
            as_now = outcomes.copy()
            as_now[gate.Index] = gates.at[gate.Index, "outcome"]
            share = float((self._verdicts(as_now) != verdicts).mean())
            if share:
                shares[gate.criterion] = _sure(share)
        return pd.Series(shares, dtype=float).sort_values(ascending=False, kind="stable")

    # two inputs together

    @property
    def _tried(self) -> pd.DataFrame:
        """The inputs on which the worth hangs most, by name: where each is, and its range."""
        chosen = self.uncertainty.variance_shares["input"].head(PAIRED)
        return self.uncertainty.uncertain_inputs.set_index("name").loc[chosen]

    def _at(self, moved: Columns, count: int) -> np.ndarray:
        """Return the verdicts at values of some inputs, all others where they are."""
        inputs = self.uncertainty.uncertain_inputs
        still = {line: np.ones(count) for line in inputs.loc[inputs["kind"] == LINE, "name"]}
        return self._verdicts(self.outcomes(still | moved, count))

    @derived
    def pairs(self) -> pd.DataFrame:
        """What two inputs together do to the verdict, the pair that turns it soonest first.

        Both go the same part of the way to an end of their ranges. One row a pair and the ends that
        turn it soonest: ``first``, ``second``, ``way`` (that part [fraction], NaN if none turns it),
        ``first_value``, ``second_value`` and ``then``, the verdict there.
        """
        columns = ["first", "second", "way", "first_value", "second_value", "then"]
        if self.drawn_criteria.empty:
            return pd.DataFrame(columns=columns)
        inputs, rows = self._tried, []
        ways = np.arange(1, STEPS + 1) / STEPS
        for names in combinations(inputs.index, 2):
            pair = inputs.loc[list(names)]
            found = [
                self._turn(pair, ends, ways)
                for ends in product(["low", "high"], repeat=2)
                if all(
                    pair.at[name, end] != pair.at[name, "central"]
                    for name, end in zip(names, ends, strict=True)
                )
            ]
            found = found or [(np.nan, np.nan, np.nan, "")]
            rows.append((*names, *min(found, key=lambda turn: (np.isnan(turn[0]), turn[0]))))
        table = pd.DataFrame(rows, columns=columns)
        return table.sort_values("way", kind="stable", ignore_index=True)

    def _turn(self, inputs: pd.DataFrame, ends: tuple[str, ...], ways: np.ndarray) -> tuple:
        """Return where on the way to the ends the verdict first is another, the values, and which."""
        central = inputs["central"].to_numpy(float)
        reach = np.array([inputs[end].iloc[place] for place, end in enumerate(ends)]) - central
        values = central + ways[:, None] * reach
        moved = dict(zip(inputs.index, values.T, strict=True))
        then = self._at(moved, len(ways))
        turned = np.flatnonzero(then != self.decision.recommendation)
        if not len(turned):
            return np.nan, np.nan, np.nan, ""
        first = turned[0]
        return ways[first], *values[first], str(then[first])

    @derived
    def grid(self) -> pd.DataFrame:
        """The verdict over the ranges of two inputs: the second input by the first.

        Of the first of ``pairs`` in which both make a difference, else of the first. The index and
        the columns are named for the inputs. Empty where there is no pair.
        """
        found = (self._grid_of(row.first, row.second) for row in self.pairs.itertuples())
        tables = list(found)
        telling = (table for table in tables if _depends_on_both(table))
        return next(telling, tables[0] if tables else pd.DataFrame())

    def _grid_of(self, first: str, second: str) -> pd.DataFrame:
        inputs = self.uncertainty.uncertain_inputs.set_index("name")
        across, up = (_around(*inputs.loc[name, ["low", "central", "high"]]) for name in (first, second))  # fmt: skip
        moved = {first: np.tile(across, len(up)), second: np.repeat(up, len(across))}
        then = self._at(moved, len(across) * len(up)).reshape(len(up), len(across))
        return pd.DataFrame(then, pd.Index(up, name=second), pd.Index(across, name=first))

    def rows(self) -> Iterator[tidy.Row]:
        """Yield the results, as results.csv has them."""
        if self.drawn_criteria.empty:
            return
        yield from tidy.series("verdict_share", self.shares, tidy.FRACTION)
        yield from tidy.series("flips", self.flips, tidy.FRACTION)
        ways = self.pairs.set_index(self.pairs["first"] + " and " + self.pairs["second"])["way"]
        yield from tidy.known("turning_pair", ways.astype(object), tidy.FRACTION, "none in range")


def _depends_on_both(table: pd.DataFrame) -> bool:
    return bool((table.nunique() > 1).any() and (table.nunique(axis="columns") > 1).any())


def _around(low: float, central: float, high: float) -> np.ndarray:
    """Return values from the low by way of the central to the high end of a range, each once."""
    ways = [np.linspace(end, central, EACH_WAY + 1) for end in (low, high) if end != central]
    return np.unique(np.concatenate([*ways, [central]]))


def _outcomes(figures: np.ndarray, comparison: str, threshold: float) -> np.ndarray:
    """Return what becomes of a criterion by its figures, draw by what it is tested for."""
    passes = figures >= threshold if comparison == "at_least" else figures <= threshold
    unknown = np.isnan(figures)
    failed = (~passes & ~unknown).any(axis=1)
    return np.select([failed, unknown.any(axis=1)], [NOT_MET, NOT_KNOWN], MET)


def _sure(share: float) -> float:
    return uncertainty.as_sure(share, uncertainty.chance_error(share, CHUNK))
