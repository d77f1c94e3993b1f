"""A study: one case under one scenario. The one place where tables meet parameters."""

import datetime as dt
from dataclasses import dataclass, replace
from functools import cached_property

import holidays
import pandas as pd
from pydantic import ValidationError

from businesscase import (
    apportionment,
    appraisal,
    baseline,
    decision,
    options,
    plan,
    readiness,
    results,
    risks,
    savings,
)
from businesscase.case import BASE, Case, load_case
from businesscase.errors import InputError, unknown_name
from businesscase.parameters import Parameters, Scenario
from businesscase.validation import parameter_faults

ALL = "all"


@dataclass(frozen=True)
class Study:
    """A case under a scenario; each property is a result, computed when first asked for."""

    case: Case
    scenario_name: str
    parameters: Parameters

    @property
    def scenario(self) -> Scenario:
        """Title, reason and parameters of the scenario, as scenarios.toml has them."""
        return self.case.scenarios[self.scenario_name]

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The case's tables."""
        return self.case.tables

    @cached_property
    def partners(self) -> list[str]:
        """Partners that stay, in the order of partners.csv."""
        staying = self.tables["partners"]["role"] != "leaving"
        return list(self.tables["partners"].loc[staying, "partner"])

    @property
    def years(self) -> list[int]:
        """Financial years of the appraisal; the first is year 0."""
        file = self.case.file
        last = file.last_year
        if self.parameters.horizon_years is not None:
            last = file.decision_year + self.parameters.horizon_years
        return list(range(file.decision_year, last + 1))

    @property
    def option(self) -> str:
        """Letter of the delivery option that is appraised."""
        return self.parameters.option or self.case.file.preferred_option

    def varied(self, **changes) -> "Study":
        """Return this study with other parameters."""
        return replace(self, parameters=changed_parameters(self.parameters, changes))

    def in_scenario(self, name: str) -> "Study":
        """Return the case under another of its scenarios, as that scenario says."""
        return Study(self.case, name, self.case.scenarios[name].parameters)

    # baseline

    @cached_property
    def annual_costs(self) -> pd.DataFrame:
        """Baseline cost by partner and category [£ a year]."""
        return baseline.annual_costs(self.tables["service_costs"])

    @cached_property
    def annual_cost(self) -> pd.Series:
        """Baseline cost by partner [£ a year]."""
        return self.annual_costs.sum(axis="columns").reindex(self._costed_partners)

    @property
    def _costed_partners(self) -> list[str]:
        return [partner for partner in self.partners if partner in self.annual_costs.index]

    def driver(self, name: str) -> pd.Series:
        """Return a driver by partner: users, devices, agreed, revenue_budget [£] or equal."""
        if name == "equal":
            return pd.Series(1.0, index=self.partners)
        if name == "revenue_budget":
            costs = self.tables["service_costs"]
            revenue = costs[costs["funding"] == "revenue"]
            return revenue.groupby("partner")["amount_gbp"].sum().reindex(self.partners)
        drivers = self.tables["drivers"]
        values = drivers[drivers["driver"] == name].set_index("partner")["value"]
        return values.reindex([partner for partner in self.partners if partner in values.index])

    @property
    def users(self) -> pd.Series:
        """Users by partner, empty where the case has none."""
        return self.driver("users")

    @cached_property
    def user_shares(self) -> pd.Series:
        """Share of users by partner [fraction]."""
        return apportionment.shares(self.users)

    @cached_property
    def cost_per_user(self) -> pd.Series:
        """Baseline cost of a user by partner [£ a user a year]."""
        return baseline.cost_per_user(self.annual_cost, self.users)

    @cached_property
    def benchmark_gaps(self) -> pd.DataFrame:
        """How far the partnership's cost lies below each benchmark [£ a year]."""
        return baseline.benchmark_gaps(self.tables["benchmarks"], self.annual_cost.sum())

    @cached_property
    def service_trends(self) -> pd.DataFrame:
        """First and last reading of each service measure."""
        return baseline.service_trends(self.tables["service_measures"])

    # options

    @cached_property
    def weights(self) -> pd.Series:
        """Weights by factor: those of factors.csv unless the scenario replaces them."""
        stated = self.tables["factors"].set_index("factor")["weight"]
        return pd.Series({**stated.to_dict(), **self.parameters.weights})

    @cached_property
    def option_scores(self) -> pd.DataFrame:
        """Mean scores, option by factor."""
        return options.mean_scores(self.tables["scores"])

    @cached_property
    def contributions(self) -> pd.DataFrame:
        """What each factor adds to each option's weighted score."""
        return options.contributions(self.option_scores, self.weights)

    @cached_property
    def ranking(self) -> pd.DataFrame:
        """Options in order of rank, with name, weighted score and rank."""
        score = self.contributions.sum(axis="columns")
        names = self.tables["options"].set_index("option")["name"]
        table = pd.DataFrame(
            {"name": names, "weighted_score": score, "rank": options.ranks(score)}
        ).rename_axis("option")
        return table.sort_values(["rank", "name"]).reset_index()

    # savings

    @cached_property
    def rates(self) -> pd.Series:
        """Discount rate of each year [fraction a year]."""
        if self.parameters.discount_rate is not None:
            return pd.Series(self.parameters.discount_rate, index=self.years)
        return appraisal.scheduled_rates(self.tables["discount_rates"], self.years)

    @cached_property
    def discount_factors(self) -> pd.Series:
        """Discount factor of each year [fraction]."""
        return appraisal.discount_factors(self.rates)

    @cached_property
    def planned_flows(self) -> pd.DataFrame:
        """Flows of the option by partner and year before the scenario's effect [£]."""
        lines = self.tables["flows"]
        lines = lines[lines["option"] == self.option]
        planned = savings.planned_flows(lines, self.annual_cost, self.years)
        is_saving = planned.index.get_level_values("flow") == "saving"
        is_own = planned.index.get_level_values("flow") == "counterfactual_cost"
        parts = [
            planned[is_own],
            self._by_rule(planned[is_saving], self.parameters.saving_apportionment),
            self._by_rule(planned[~is_saving & ~is_own], self.parameters.cost_apportionment),
        ]
        return pd.concat([part for part in parts if not part.empty] or [planned])

    def _by_rule(self, flows: pd.DataFrame, rule: str) -> pd.DataFrame:
        if rule == "as_stated" or flows.empty:
            return flows
        return savings.apportioned_flows(flows, apportionment.shares(self.driver(rule)))

    @cached_property
    def flows(self) -> pd.DataFrame:
        """Flows of the option by partner and year under the scenario [£]."""
        chosen = self.parameters
        flows = savings.scenario_flows(
            self.planned_flows,
            chosen.realisation,
            chosen.delay_years,
            chosen.overrun,
            chosen.running_cost_change,
        )
        if not chosen.leaver:
            return flows
        return savings.flows_after_withdrawal(
            flows, chosen.leaver, chosen.leaves_after, self._stranded_cost(flows)
        )

    def _stranded_cost(self, flows: pd.DataFrame) -> pd.DataFrame:
        """Return what a leaver's fixed cost adds to each other partner, in every year [£]."""
        chosen = self.parameters
        leaver_cost = savings.service_cost(flows, self.annual_cost).loc[chosen.leaver]
        rule = "equal" if chosen.cost_apportionment == "as_stated" else chosen.cost_apportionment
        others = self.driver(rule).drop(chosen.leaver)
        return apportionment.apportioned(
            chosen.stranded_fraction * leaver_cost, apportionment.shares(others)
        )

    @cached_property
    def net_flows(self) -> pd.DataFrame:
        """Saving less cost by partner and year [£]."""
        return savings.net_flows(self.flows)

    @cached_property
    def gross_savings(self) -> pd.DataFrame:
        """Saving before one-off cost by partner and year [£]."""
        return savings.gross_savings(self.flows)

    @property
    def one_off_costs(self) -> pd.DataFrame:
        """One-off costs by line, funding and partner, by year [£]."""
        return self.flows[self.flows.index.get_level_values("flow") == "one_off_cost"]

    @cached_property
    def committed_cost(self) -> pd.Series:
        """One-off cost by partner over all years [£]."""
        return savings.by_partner(self.flows, "one_off_cost").sum(axis="columns")

    @cached_property
    def term_years(self) -> float:
        """Years for which the option saves or runs as planned, part years counted in part."""
        lines = self.tables["flows"]
        lasting = lines[(lines["option"] == self.option) & (lines["flow"] != "one_off_cost")]
        return savings.running_years(lasting, self.years).sum()

    @cached_property
    def appraisal(self) -> pd.DataFrame:
        """Measures of worth for the partnership ('all') and each partner."""
        net = savings.with_total(self.net_flows, ALL)
        saved = savings.with_total(self.gross_savings, ALL).sum(axis="columns")
        spent = savings.with_total(savings.by_partner(self.flows, "one_off_cost"), ALL)
        return pd.DataFrame(
            {
                "total_saving": saved,
                "average_annual_saving": saved / self.term_years if self.term_years else saved,
                "one_off_cost": spent.sum(axis="columns"),
                "net_present_value": appraisal.net_present_value(net, self.discount_factors),
                "payback_years": net.apply(appraisal.payback_years, axis="columns"),
            }
        ).reindex([ALL, *net.index.drop(ALL)])

    @cached_property
    def cost_change(self) -> pd.DataFrame:
        """Cost of a full year before and after, for partners with a stated running cost [£]."""
        lines = self.tables["flows"]
        if not (lines["flow"] == "running_cost").any():
            return pd.DataFrame(columns=["present", "new", "change", "change_fraction"])
        chosen = lines[lines["option"] == self.option]
        full = savings.running_years(chosen[chosen["flow"] == "running_cost"], self.years)
        year = full.idxmax()
        present = savings.by_partner(self.planned_flows, "counterfactual_cost")[year]
        changed = self.parameters.running_cost_change
        new = savings.by_partner(self.planned_flows, "running_cost")[year] * (1 + changed)
        table = pd.DataFrame({"present": present, "new": new}).reindex(self.partners)
        table.loc[ALL] = table.sum()
        table = table.assign(change=table["new"] - table["present"])
        return table.assign(change_fraction=table["change"] / table["present"])

    @cached_property
    def sensitivity(self) -> pd.DataFrame:
        """Net present value of the partnership at the low and high of each parameter [£]."""
        ranges = self.tables["sensitivities"]
        table = ranges.assign(
            at_low=[self._worth_at(row.parameter, row.low) for row in ranges.itertuples()],
            at_high=[self._worth_at(row.parameter, row.high) for row in ranges.itertuples()],
        )
        table["swing"] = (table["at_high"] - table["at_low"]).abs()
        return table.sort_values("swing", ascending=False, ignore_index=True)

    def _worth_at(self, parameter: str, value: float) -> float:
        return self.varied(**{parameter: value}).appraisal.at[ALL, "net_present_value"]

    # risks

    @cached_property
    def scored_risks(self) -> pd.DataFrame:
        """The register with scores and bands."""
        scored = risks.scored_risks(
            self.tables["risks"],
            self.tables["risk_levels"],
            self.tables["risk_bands"],
            self.parameters.likelihood_shift,
        )
        if self.parameters.appetite is None:
            return scored
        within = scored["risk_score"] <= self.parameters.appetite
        return scored.assign(within_appetite=within.where(scored["risk_score"].notna(), None))

    @property
    def risk_grid(self) -> pd.DataFrame:
        """The risk matrix, likelihood by impact, ids in the cells."""
        return risks.grid(self.scored_risks, self.tables["risk_levels"])

    @property
    def risk_findings(self) -> pd.DataFrame:
        """What is wrong with the register itself."""
        return risks.findings(self.tables["risks"])

    # plan

    @cached_property
    def schedule(self) -> pd.DataFrame:
        """The plan's dates, float and critical path."""
        chosen = self.parameters
        tasks = self.tables["tasks"]
        extra = tasks["task"].astype(str).map(chosen.extra_days).fillna(0.0)
        days = tasks["duration_days"] * (1 + chosen.duration_change) + extra
        return plan.schedule(
            tasks.assign(duration_days=days), self.case.file.plan_start, self._days_off
        )

    @property
    def _days_off(self) -> list[dt.date]:
        if self.parameters.calendar == "weekdays":
            return []
        start = self.case.file.plan_start.year
        return sorted(holidays.country_holidays("GB", "ENG", years=range(start, start + 10)))

    # readiness

    @cached_property
    def readiness_scores(self) -> pd.DataFrame:
        """Readiness, area by partner [1 to 5]."""
        scores = readiness.area_scores(self.tables["readiness"]).astype(float)
        for area, by_partner in self.parameters.readiness_scores.items():
            for partner, score in by_partner.items():
                scores.loc[area, partner] = score
        return scores

    @cached_property
    def divergence(self) -> pd.DataFrame:
        """How far apart the partners stand in each area."""
        limit = self.tables["readiness_areas"].set_index("area")["largest_gap"]
        return readiness.divergence(self.readiness_scores, limit)

    # decision

    @cached_property
    def gates(self) -> pd.DataFrame:
        """Each criterion of the decision, with what was found and whether it is met."""
        return decision.tested_gates(self.tables["gates"], results.of_sections(self))

    @property
    def recommendation(self) -> str:
        """The decision that follows from the gates: go, go with conditions, or stop."""
        return decision.recommendation(self.gates["outcome"], self.gates["if_not_met"])

    @cached_property
    def results(self) -> pd.DataFrame:
        """Every result as tidy rows: section, measure, item, year, value, unit."""
        return results.of_study(self)


def changed_parameters(parameters: Parameters, changes: dict) -> Parameters:
    """Return parameters with changes, validated; changes that are None say nothing.

    Raises
    ------
    InputError
        With one sentence for each change that is unknown or out of bounds.
    """
    said = {name: value for name, value in changes.items() if value is not None}
    unknown = [name for name in said if name not in Parameters.model_fields]
    if unknown:
        raise InputError(
            unknown_name("parameter", name, Parameters.model_fields) for name in unknown
        )
    try:
        return Parameters.model_validate(parameters.model_dump() | said)
    except ValidationError as error:
        raise InputError(
            f"parameter {'.'.join(map(str, fault['loc']))}: found {fault['input']!r}; "
            f"{fault['msg'].replace('Input should be', 'it should be')}"
            for fault in error.errors()
        ) from None


def load_study(case: str, scenario: str = BASE, **changes) -> Study:
    """Read a case and return it under a scenario, with further changes on top.

    Parameters
    ----------
    case : str
        Name of a folder under data/.
    scenario : str
        Name of a scenario in the case's scenarios.toml.
    **changes
        Parameters to change; None leaves what the scenario says.

    Raises
    ------
    InputError
        If the case, the scenario or a parameter is unknown or refused.
    """
    loaded = load_case(case)
    if scenario not in loaded.scenarios:
        raise InputError(unknown_name("scenario", scenario, loaded.scenarios))
    parameters = changed_parameters(loaded.scenarios[scenario].parameters, changes)
    faults = list(parameter_faults(loaded.file, loaded.tables, parameters))
    if faults:
        raise InputError(faults)
    return Study(loaded, scenario, parameters)
