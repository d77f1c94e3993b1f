"""The savings of a study: flows by partner and year, what they are worth, and their cash."""

import math
from collections.abc import Iterator
from typing import ClassVar

import pandas as pd

from businesscase.calculations import apportionment, appraisal, savings
from businesscase.calculations.apportionment import ALL, SHARED
from businesscase.study import tidy
from businesscase.study.baseline import Baseline
from businesscase.study.core import Inputs, Part, of_all
from businesscase.study.derived import derived, derived_by


class Savings(Part):
    """What is saved and spent, by whom and when, at one setting of the levers."""

    name = "savings"

    def __init__(self, inputs: Inputs, baseline: Baseline):
        super().__init__(inputs)
        self.baseline = baseline

    @derived
    def rates(self) -> pd.Series:
        """Discount rate of each year [fraction a year]."""
        if self.parameters.discount_rate is not None:
            return pd.Series(self.parameters.discount_rate, index=self.years)
        return appraisal.scheduled_rates(self.tables["discount_rates"], self.years)

    @derived
    def discount_factors(self) -> pd.Series:
        """Discount factor of each year [fraction]."""
        return appraisal.discount_factors(self.rates)

    @derived
    def flow_lines(self) -> pd.DataFrame:
        """Rows of flows.csv for the option that is appraised."""
        return savings.with_inflation(self.tables.rows("flows", option=self.option))

    @property
    def baseline_cost(self) -> pd.Series:
        """Present cost by partner, changed as the scenario assumes [£ a year]."""
        return self.baseline.real_annual_cost * (1 + self.parameters.baseline_cost_change)

    @derived
    def planned_flows(self) -> pd.DataFrame:
        """Flows of the option by partner and year before the scenario's effect [£]."""
        return self._planned(self.flow_lines)

    def _planned(self, flow_lines: pd.DataFrame) -> pd.DataFrame:
        lines = savings.with_charges(flow_lines)
        is_pooled = (lines["partner"] == SHARED) | lines["pooled"]
        stated, pooled = (
            savings.planned_flows(part, self.baseline_cost, self.years)
            for part in (lines[~is_pooled], lines[is_pooled])
        )
        is_saving = pooled.index.get_level_values("flow") == "saving"
        parts = [
            stated,
            _divided(pooled[is_saving], self.saving_shares),
            _divided(pooled[~is_saving], self.cost_shares),
        ]
        every = pd.concat([part for part in parts if not part.empty] or [stated])
        return every.groupby(level=savings.LABELS, sort=False).sum()

    @derived
    def saving_shares(self) -> pd.DataFrame | None:
        """Shares of a pooled saving by partner and year [fraction], None where it stays as stated."""
        return self.shares(self.parameters.saving_apportionment, self.parameters.saving_mix)

    @derived
    def cost_shares(self) -> pd.DataFrame | None:
        """Shares of a pooled cost by partner and year [fraction], None where it stays as stated."""
        chosen = self.parameters
        shares = self.shares(chosen.cost_apportionment, chosen.cost_mix)
        if shares is None or not chosen.phase_in_years:
            return shares
        historic = apportionment.shares(self.baseline.driver("revenue_budget"))
        return apportionment.phased_shares(historic, shares, chosen.phase_in_years)

    @property
    def leaver_shares(self) -> pd.DataFrame:
        """How the others divide what a leaver leaves, partner by year [fraction].

        By the scenario's rule for costs, equally where that is 'as_stated'.
        """
        shares = self.cost_shares
        if shares is None:
            shares = self.shares("equal", {})
        return apportionment.among_others(shares, self.parameters.leaver)

    def shares(self, rule: str, mix: dict[str, float]) -> pd.DataFrame | None:
        """Return shares by partner and year [fraction], None where amounts stay as stated."""
        weights = mix or ({} if rule == "as_stated" else {rule: 1.0})
        if not weights:
            return None
        parts = [
            pd.DataFrame(
                {
                    year: apportionment.shares(driver)
                    for year, driver in self.baseline.drivers(name).items()
                }
            )
            for name in weights
        ]
        return apportionment.mixed_shares(parts, list(weights.values()))

    @property
    def levers(self) -> dict[str, float]:
        """Where the scenario sets the levers of the savings model."""
        chosen = self.parameters
        stated = {name: getattr(chosen, name) for name in savings.MOVED}
        return stated | {"overrun": (1 + chosen.overrun) * (1 + self.optimism_bias) - 1}

    @derived
    def optimism_bias(self) -> float:
        """Uplift of one-off cost for optimism bias [fraction]: zero unless the scenario applies it."""
        if self.parameters.optimism_bias == "none":
            return 0.0
        upper_bounds = self.tables["optimism_bias"].set_index("project_type")["upper_fraction"]
        upper = savings.mixed_bound(upper_bounds, self.case.file.project_mix)
        return savings.optimism_bias(upper, self.tables["mitigations"])

    def prepared_flows(self, longest_delay: float) -> pd.DataFrame:
        """Return flows ready for any setting of the levers, a withdrawal included [£]."""
        return self._prepared_flows(math.ceil(longest_delay))  # all that a delay changes in them

    @derived_by
    def _prepared_flows(self, longest_delay: int) -> pd.DataFrame:
        chosen = self.parameters
        prepared = savings.levered(self.planned_flows, longest_delay)
        if not chosen.leaver:
            return prepared
        years = pd.Series(self.years, index=self.years) - chosen.leaves_after
        in_notice = years <= chosen.notice_years
        stranded = chosen.stranded_fraction * (1.0 - 2.0 * in_notice)
        shares = self.leaver_shares
        service = savings.service_cost_rows(prepared, self.baseline_cost)
        left = savings.after_withdrawal(
            pd.concat([prepared, service]), chosen.leaver, chosen.leaves_after, shares, stranded
        )
        parts = [left, savings.levered(self._taken_over)]
        if chosen.exit_charge:
            parts.append(
                savings.exit_charges(
                    chosen.leaver, chosen.exit_charge, chosen.leaves_after + 1, shares, self.years
                )
            )
        return pd.concat([part for part in parts if not part.empty]) if not left.empty else left

    @property
    def _taken_over(self) -> pd.DataFrame:
        """A leaver's part of pooled one-off costs after it has left, by who pays it instead [£]."""
        chosen, lines = self.parameters, self.flow_lines
        is_pooled = (lines["partner"] == SHARED) | lines["pooled"]
        planned = self._planned(lines[is_pooled & lines["flow"].isin(savings.ONE_OFF)])
        own = planned[planned.index.get_level_values("partner") == chosen.leaver]
        own = own.mul(own.columns > chosen.leaves_after, axis="columns")
        own = own[own.any(axis="columns")]
        return own if own.empty else savings.apportioned_flows(own, self.leaver_shares)

    @derived
    def flows(self) -> pd.DataFrame:
        """Flows of the option by partner and year under the scenario [£]."""
        levers = self.levers
        flows = savings.scenario_flows(self.prepared_flows(levers["delay_years"]), levers)
        if not self.parameters.no_detriment:
            return flows
        return pd.concat([flows, savings.transfer_rows(savings.net_flows(flows))])

    @derived
    def net_flows(self) -> pd.DataFrame:
        """Saving less cost by partner and year [£]."""
        return savings.net_flows(self.flows)

    @derived
    def gross_savings(self) -> pd.DataFrame:
        """Saving before one-off cost by partner and year [£]."""
        return savings.gross_savings(self.flows)

    @property
    def one_off_costs(self) -> pd.DataFrame:
        """One-off costs by line, funding and partner, by year [£]."""
        return self.flows[self.flows.index.get_level_values("flow") == "one_off_cost"]

    @derived
    def committed_cost(self) -> pd.Series:
        """One-off cost by partner over all years [£]."""
        return savings.one_off_costs(self.flows).sum(axis="columns")

    @derived
    def term_years(self) -> float:
        """Years for which the option saves or runs under the scenario, part years counted in part."""
        lasting = self.flow_lines[~self.flow_lines["flow"].isin(savings.ONE_OFF)]
        running = savings.running_years(lasting, self.years)
        return savings.delayed(running, self.parameters.delay_years).sum()

    @derived
    def appraisal(self) -> pd.DataFrame:
        """Measures of worth for the partnership ('all') and each partner.

        An option without flows, which changes nothing, has a row of zeros for every partner.
        """
        net = savings.with_total(self.net_flows.reindex(self.partners, fill_value=0.0), ALL)
        saved = savings.with_total(
            self.gross_savings.reindex(self.partners, fill_value=0.0), ALL
        ).reindex(net.index)
        discounted = net * self.discount_factors
        benefits, costs = self._present_benefits_and_costs
        once = savings.with_total(self.one_off_by_partner, ALL).reindex(net.index)
        rates = [appraisal.internal_rate_of_return(flows) for _, flows in net.iterrows()]
        term = self.term_years or 1.0
        table = pd.DataFrame(
            {
                "total_saving": saved.sum(axis="columns"),
                "average_annual_saving": saved.sum(axis="columns") / term,
                "one_off_cost": once.sum(axis="columns"),
                "net_present_value": appraisal.present_value(net, self.discount_factors),
                "benefit_cost_ratio": [
                    appraisal.benefit_cost_ratio(benefits[item], costs[item]) for item in net.index
                ],
                "internal_rate_of_return": [rate for rate, _ in rates],
                "no_rate_because": [reason for _, reason in rates],
                "payback_years": [appraisal.payback_years(row) for _, row in net.iterrows()],
                "discounted_payback_years": [
                    appraisal.payback_years(row) for _, row in discounted.iterrows()
                ],
                "peak_funding": [appraisal.peak_funding(row) for _, row in net.iterrows()],
            },
            index=net.index,
        )
        return table.reindex([ALL, *self.partners]).rename_axis("partner")

    @property
    def _present_benefits_and_costs(self) -> tuple[pd.Series, pd.Series]:
        """Present value of what is saved or received, and of what is spent, with 'all' [£]."""
        flow = self.flows.index.get_level_values("flow")
        signed = self.flows.mul(flow.map(savings.SIGNS), axis="index")
        present = appraisal.present_value(signed, self.discount_factors)
        # what partners pay each other is one line, which nets to nothing for all of them
        kind = flow.where(flow != "exit_receipt", "exit_cost")
        line = self.flows.index.get_level_values("line")
        together = present.groupby([kind, line]).sum()
        sides = []
        for sign in (1, -1):
            values = (sign * present).clip(lower=0).groupby(level="partner").sum()
            total = (sign * together).clip(lower=0).sum()
            values = values.reindex(self.partners, fill_value=0.0)
            sides.append(pd.concat([values, pd.Series({ALL: total})]))
        return sides[0], sides[1]

    @property
    def one_off_by_partner(self) -> pd.DataFrame:
        """One-off cost by partner and year, zero for a partner that has none [£]."""
        spent = savings.one_off_costs(self.flows)
        return spent.reindex(self.partners, fill_value=0.0)

    @derived
    def cost_change(self) -> pd.DataFrame:
        """Cost of the last full year before and after, for partners with a stated running cost [£].

        The last, as by then the service has grown to its full cost.
        """
        lines = self.tables["flows"]
        if not (lines["flow"] == "running_cost").any():
            return pd.DataFrame(columns=["present", "new", "change", "change_fraction"])
        chosen = lines[lines["option"] == self.option]
        full = savings.running_years(chosen[chosen["flow"] == "running_cost"], self.years)
        year = full[::-1].idxmax()
        present = savings.by_partner(self.planned_flows, "counterfactual_cost")[year]
        changed = self.parameters.running_cost_change
        new = savings.by_partner(self.planned_flows, "running_cost")[year] * (1 + changed)
        table = pd.DataFrame({"present": present, "new": new}).reindex(self.partners)
        table.loc[ALL] = table.sum()
        table = table.assign(change=table["new"] - table["present"])
        known = table["present"].where(table["present"] != 0)  # else there is nothing to compare
        return table.assign(change_fraction=table["change"] / known)

    @derived
    def net_present_values(self) -> pd.Series:
        """Net present value of each partner [£]."""
        net = self.net_flows.reindex(self.partners, fill_value=0.0)
        return appraisal.present_value(net, self.discount_factors)

    @property
    def cashable_flows(self) -> pd.DataFrame:
        """Flows of the option less what frees time, or stays behind, and reaches no budget [£]."""
        lines = self.flow_lines
        freed = self._planned(lines[~lines["cashable"]])
        levers = self.levers
        prepared = savings.levered(freed, levers["delay_years"])
        if self.parameters.leaver:
            prepared = savings.until_withdrawal(
                prepared, self.parameters.leaver, self.parameters.leaves_after
            )
        freed = savings.scenario_flows(prepared, levers)
        return self.flows.sub(freed.reindex(self.flows.index, fill_value=0.0))

    @derived
    def cashable_saving(self) -> pd.Series:
        """Saving before one-off cost that reaches a budget, by partner [£]."""
        saved = savings.gross_savings(self.cashable_flows).sum(axis="columns")
        return saved.reindex(self.partners, fill_value=0.0)

    @derived
    def withdrawal(self) -> pd.DataFrame:
        """Net present value of each partner before and after the withdrawal of one [£]."""
        if not self.parameters.leaver:
            return pd.DataFrame(columns=["before", "after", "change"])
        stays = self.at(leaver="", leaves_after=None)
        table = pd.DataFrame(
            {"before": stays.net_present_values, "after": self.net_present_values}
        ).reindex(self.partners)
        return table.assign(change=table["after"] - table["before"])

    def _worth_of(self, item: str) -> float | None:
        values = self.net_present_values
        return float(values.sum()) if item == ALL else values.get(item)

    def _payback_of(self, item: str) -> float | None:
        if item not in [ALL, *self.net_flows.index]:
            return None
        net = self.net_flows.sum() if item == ALL else self.net_flows.loc[item]
        years = appraisal.payback_years(net)
        return tidy.NEVER if years is None else years

    quick: ClassVar = {
        "net_present_value": (_worth_of, tidy.MONEY),
        "lowest_net_present_value": (
            of_all(lambda savings: savings.net_present_values.min()),
            tidy.MONEY,
        ),
        "payback_years": (_payback_of, tidy.YEARS),
        "annual_cost_change_fraction": (
            lambda savings, item: savings.cost_change["change_fraction"].get(item),
            tidy.FRACTION,
        ),
    }

    def rows(self) -> Iterator[tidy.Row]:
        """Yield the results, as results.csv has them."""
        table = self.appraisal
        for measure in ("total_saving", "one_off_cost", "net_present_value", "peak_funding"):
            yield from tidy.series(measure, table[measure], tidy.MONEY)
        yield from tidy.series("cashable_saving", tidy.with_all(self.cashable_saving), tidy.MONEY)
        yield from tidy.series("average_annual_saving", table["average_annual_saving"], "£ a year")
        for measure in ("payback_years", "discounted_payback_years"):
            yield from tidy.series(
                measure, table[measure].astype(float).fillna(tidy.NEVER), tidy.YEARS
            )
        ratio = table["benefit_cost_ratio"].astype(object)
        yield from tidy.known("benefit_cost_ratio", ratio, "ratio", "there is no cost")
        rate = table["internal_rate_of_return"].astype(object)
        yield from tidy.known(
            "internal_rate_of_return", rate, "fraction a year", table["no_rate_because"]
        )
        lowest = self.net_present_values.min()
        yield from tidy.one("lowest_net_present_value", lowest, tidy.MONEY)
        yield from tidy.one("term_years", self.term_years, tidy.YEARS)
        for funding, spent in self.one_off_costs.groupby(level="funding", sort=False):
            by_partner = spent.groupby(level="partner", sort=False).sum().sum(axis="columns")
            yield from tidy.series(f"one_off_{funding}", tidy.with_all(by_partner), tidy.MONEY)
        units = {"change_fraction": tidy.FRACTION}
        for measure, values in self.cost_change.items():
            yield from tidy.series(f"annual_cost_{measure}", values, units.get(measure, "£ a year"))
        yield from tidy.yearly("net_flow", self.net_flows, tidy.MONEY)
        yield from tidy.one("optimism_bias", self.optimism_bias, tidy.FRACTION)
        yield from tidy.series("change_by_withdrawal", self.withdrawal["change"], tidy.MONEY)


def _divided(flows: pd.DataFrame, shares: pd.DataFrame | None) -> pd.DataFrame:
    if shares is None or flows.empty:
        return flows
    return savings.apportioned_flows(flows, shares)
