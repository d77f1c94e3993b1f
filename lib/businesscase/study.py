"""A study: one case under one scenario. The one place where tables meet parameters."""

import datetime as dt
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property, partial

import holidays
import numpy as np
import pandas as pd
from pydantic import ValidationError

from businesscase import (
    apportionment,
    appraisal,
    baseline,
    decision,
    estate,
    finance,
    options,
    plan,
    readiness,
    results,
    risks,
    robustness,
    savings,
    service,
    uncertainty,
)
from businesscase.case import BASE, Case, data_folder, load_case
from businesscase.errors import InputError, unknown_name
from businesscase.parameters import Parameters, Scenario
from businesscase.schema import BASELINE_TABLES, figure_columns
from businesscase.validation import parameter_faults

ALL = "all"
DRAWS, SOBOL_DRAWS, SEED = 10_000, 1024, 20_260_401  # one sample for all, so that pages agree


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
        """Baseline cost by partner and category, as budgeted [£ a year]."""
        return baseline.annual_costs(self.tables["service_costs"])

    @cached_property
    def annual_cost(self) -> pd.Series:
        """Baseline cost by partner, as budgeted [£ a year]."""
        return self.annual_costs.sum(axis="columns").reindex(self._costed_partners)

    @property
    def _costed_partners(self) -> list[str]:
        return [partner for partner in self.partners if partner in self.annual_costs.index]

    @property
    def _price_index(self) -> pd.Series:
        return self.tables["deflators"].set_index("year")["price_index"]

    @cached_property
    def real_service_costs(self) -> pd.DataFrame:
        """Lines of cost of the partners that stay, with ``real_gbp`` [£ a year, base-year prices]."""
        lines = self.tables["service_costs"]
        lines = lines[lines["partner"].isin(self.partners)]
        lines = lines.sort_values("partner", key=self._order, kind="stable", ignore_index=True)
        base_year = self.case.file.decision_year
        real = baseline.real_amounts(
            lines["amount_gbp"], lines["year"], self._price_index, base_year
        )
        return lines.assign(real_gbp=real)

    def _order(self, partners: pd.Series) -> pd.Series:
        return partners.map(self.partners.index)

    @cached_property
    def real_annual_costs(self) -> pd.DataFrame:
        """Baseline cost by partner and category [£ a year, base-year prices]."""
        lines = self.real_service_costs
        costs = baseline.annual_costs(lines.assign(amount_gbp=lines["real_gbp"]))
        return costs.reindex(self._costed_partners)

    @cached_property
    def real_annual_cost(self) -> pd.Series:
        """Baseline cost by partner [£ a year, base-year prices]."""
        return self.real_annual_costs.sum(axis="columns")

    @cached_property
    def price_conversions(self) -> pd.DataFrame:
        """What bringing costs to base-year prices did, by year of the budget."""
        base_year = self.case.file.decision_year
        return baseline.price_conversions(self.real_service_costs, self._price_index, base_year)

    @cached_property
    def service_comparison(self) -> pd.DataFrame:
        """Services side by side by partner [£ a year, base-year prices]."""
        return baseline.service_comparison(self.real_service_costs)

    def driver(self, name: str, year: int | None = None) -> pd.Series:
        """Return a driver by partner: users, devices, agreed, revenue_budget [£] or equal.

        Users and devices grow from the decision year as the scenario says.
        """
        if name == "equal":
            return pd.Series(1.0, index=self.partners)
        if name == "revenue_budget":
            costs = self.tables["service_costs"]
            revenue = costs[costs["funding"] == "revenue"]
            return revenue.groupby("partner")["amount_gbp"].sum().reindex(self.partners)
        drivers = self.tables["drivers"]
        values = drivers[drivers["driver"] == name].set_index("partner")["value"]
        values = values.reindex([partner for partner in self.partners if partner in values.index])
        if year is None or name == "agreed":
            return values
        growth = pd.Series(self.parameters.user_growth, dtype=float).reindex(values.index).fillna(0)
        return values * (1 + growth) ** (year - self.years[0])

    @property
    def users(self) -> pd.Series:
        """Users by partner, empty where the case has none."""
        return self.driver("users")

    @property
    def devices(self) -> pd.Series:
        """Devices by partner, empty where the case has none."""
        return self.driver("devices")

    @cached_property
    def user_shares(self) -> pd.Series:
        """Share of users by partner [fraction]."""
        return apportionment.shares(self.users)

    @cached_property
    def cost_per_user(self) -> pd.Series:
        """Baseline cost of a user for all and each partner [£ a year, base-year prices]."""
        return baseline.cost_per_unit(self.real_annual_cost, self.users)

    @cached_property
    def cost_per_device(self) -> pd.Series:
        """Baseline cost of a device for all and each partner [£ a year, base-year prices]."""
        return baseline.cost_per_unit(self.real_annual_cost, self.devices)

    @cached_property
    def benchmark_gaps(self) -> pd.DataFrame:
        """How far all and each partner lie below each benchmark, and what it is worth [£ a year].

        A benchmark for the whole cost is for the partnership; the partners share its gap by users.
        """
        items = [ALL, *self._costed_partners] if self._costed_partners else []
        total = self.real_annual_cost.sum()
        levels = {"annual_cost": pd.Series(total, index=[ALL, *self.users.index])}
        units = {"annual_cost": pd.concat([pd.Series({ALL: 1.0}), self.user_shares])}
        for measure, count, cost in (
            ("cost_per_user", self.users, self.cost_per_user),
            ("cost_per_device", self.devices, self.cost_per_device),
        ):
            levels[measure] = cost
            counted = count[[item for item in cost.index if item != ALL]]
            units[measure] = pd.concat([pd.Series({ALL: float(counted.sum())}), counted])
        return baseline.benchmark_gaps(
            self.tables["benchmarks"],
            pd.DataFrame(levels).reindex(items),
            pd.DataFrame(units).reindex(items),
        )

    @cached_property
    def service_trends(self) -> pd.DataFrame:
        """First and last reading of each service measure, and its target."""
        return service.service_trends(self.tables["service_measures"])

    @property
    def baseline_standards(self) -> pd.Series:
        """The standards that every baseline is assessed by."""
        return self.tables["baseline_standards"].set_index("standard")["value"]

    @cached_property
    def survey_changes(self) -> pd.DataFrame:
        """Satisfaction before and after the change, and whether it is no worse."""
        standards = self.baseline_standards
        return service.survey_changes(
            self.tables["surveys"], standards["confidence"], standards["margin"]
        )

    @cached_property
    def product_matrix(self) -> pd.DataFrame:
        """Products in use, business function by partner."""
        return estate.product_matrix(self.tables["applications"], self.partners)

    @cached_property
    def convergence(self) -> pd.DataFrame:
        """Who has which application, and what one product for all would save, by function."""
        return estate.convergence(self.tables["applications"], self.partners)

    @cached_property
    def skill_cover(self) -> pd.DataFrame:
        """Who holds each skill, and where it hangs on one person."""
        return estate.skill_cover(self.tables["skills"], self.partners)

    @cached_property
    def data_quality(self) -> pd.DataFrame:
        """How far each table of the baseline can be relied on, 0 to 100."""
        file = self.case.file
        stems = BASELINE_TABLES
        data_date = pd.Timestamp(file.data_date)
        return baseline.data_quality(
            {stem: self.tables[stem] for stem in stems},
            {stem: figure_columns(stem) for stem in stems},
            {stem: baseline.row_dates(self.tables[stem], data_date) for stem in stems},
            self.baseline_standards,
            pd.Timestamp(file.decision_date),
        )

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

    @cached_property
    def failed_success_factors(self) -> pd.Series:
        """Critical success factors that each option fails, blank if none; empty if not assessed."""
        return options.failed_success_factors(self.tables["success_factors"])

    @cached_property
    def benefit_scores(self) -> pd.Series:
        """Weighted score of each option without the factors that score cost."""
        kinds = self.tables["factors"].set_index("factor")["kind"]
        return options.benefit_scores(self.option_scores, self.weights, kinds)

    @cached_property
    def value_for_money(self) -> pd.DataFrame:
        """Benefit score and net present value by option, and which option beats it on both."""
        costed = [option for option in self.option_scores.index if self._is_costed(option)]
        worth = {
            option: self.varied(option=option).appraisal.at[ALL, "net_present_value"]
            for option in costed
        }
        names = self.tables["options"].set_index("option")["name"]
        table = pd.DataFrame(
            {
                "benefit_score": self.benefit_scores,
                "net_present_value": pd.Series(worth, dtype=float),
            }
        )
        beaten = robustness.dominated_options(table.dropna()).set_index("option")["dominated_by"]
        table = table.assign(name=names, beaten_by=beaten.reindex(table.index).fillna(""))
        return table.rename_axis("option").reset_index()

    def _is_costed(self, option: str) -> bool:
        return bool((self.tables["flows"]["option"] == option).any())

    @cached_property
    def switching_weights(self) -> pd.DataFrame:
        """Between which shares of the weight the winner stays, by factor, and who takes over."""
        return robustness.switching_weights(self.option_scores, self.weights)

    @cached_property
    def _weightings(self) -> dict[str, np.ndarray]:
        # by name of factor, so that the order of rows in a file changes nothing
        weights = self.weights.sort_index()
        draws, seed = robustness.DRAWS, robustness.SEED
        return {
            "any": robustness.any_weights(len(weights), draws, seed),
            "ordered": robustness.ordered_weights(weights, draws, seed),
            "band": robustness.nearby_weights(weights, robustness.BAND, draws, seed),
        }

    @cached_property
    def acceptability(self) -> pd.DataFrame:
        """Share of weightings in which each option comes first: any, stated order kept, near the stated."""
        scores = self.option_scores.sort_index(axis="columns")
        shares = {
            name: robustness.rank_acceptability(scores, weightings)[1]
            for name, weightings in self._weightings.items()
        }
        return pd.DataFrame(shares)

    @property
    def rank_shares(self) -> pd.DataFrame:
        """Share of weightings of any kind in which each option takes each rank, option by rank."""
        scores = self.option_scores.sort_index(axis="columns")
        return robustness.rank_acceptability(scores, self._weightings["any"])

    @cached_property
    def central_weights(self) -> pd.DataFrame:
        """Mean weighting under which each option comes first, option by factor [fraction]."""
        scores = self.option_scores.sort_index(axis="columns")
        found = robustness.central_weights(scores, self._weightings["any"])
        return found[self.option_scores.columns]

    @cached_property
    def dominated_options(self) -> pd.DataFrame:
        """Options that another equals or beats on every factor, and which does."""
        return robustness.dominated_options(self.option_scores)

    @cached_property
    def other_methods(self) -> pd.DataFrame:
        """Rank of each option by the weighted sum, TOPSIS and PROMETHEE II."""
        return robustness.other_methods(self.option_scores, self.weights)

    @cached_property
    def option_findings(self) -> pd.DataFrame:
        """What is weak in the scoring itself."""
        tables = self.tables
        return robustness.findings(tables["factors"], tables["scores"], self.weights)

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
    def flow_lines(self) -> pd.DataFrame:
        """Rows of flows.csv for the option that is appraised."""
        lines = self.tables["flows"]
        return lines[lines["option"] == self.option]

    @cached_property
    def planned_flows(self) -> pd.DataFrame:
        """Flows of the option by partner and year before the scenario's effect [£]."""
        chosen, lines = self.parameters, self.flow_lines
        baseline_cost = self.real_annual_cost * (1 + chosen.baseline_cost_change)
        planned = savings.planned_flows(lines, baseline_cost, self.years)
        planned = savings.with_charges(planned, lines.groupby("line")["margin_fraction"].first())
        flow = planned.index.get_level_values("flow")
        is_saving, is_own = flow == "saving", flow == "counterfactual_cost"
        cost_shares = self.shares(chosen.cost_apportionment, chosen.cost_mix)
        if cost_shares is not None and chosen.phase_in_years:
            historic = apportionment.shares(self.driver("revenue_budget"))
            cost_shares = apportionment.phased_shares(historic, cost_shares, chosen.phase_in_years)
        saving_shares = self.shares(chosen.saving_apportionment, chosen.saving_mix)
        parts = [
            planned[is_own],
            _divided(planned[is_saving], saving_shares),
            _divided(planned[~is_saving & ~is_own], cost_shares),
        ]
        return pd.concat([part for part in parts if not part.empty] or [planned])

    def shares(self, rule: str, mix: dict[str, float]) -> pd.DataFrame | None:
        """Return shares by partner and year [fraction], None where amounts stay as stated."""
        weights = mix or ({} if rule == "as_stated" else {rule: 1.0})
        if not weights:
            return None
        parts = [
            pd.DataFrame(
                {year: apportionment.shares(self.driver(name, year)) for year in self.years}
            )
            for name in weights
        ]
        return apportionment.mixed_shares(parts, list(weights.values()))

    @property
    def levers(self) -> dict[str, float]:
        """Where the scenario sets the levers of the savings model."""
        chosen = self.parameters
        return {
            "realisation": chosen.realisation,
            "delay_years": chosen.delay_years,
            "overrun": (1 + chosen.overrun) * (1 + self.optimism_bias) - 1,
            "running_cost_change": chosen.running_cost_change,
        }

    @cached_property
    def optimism_bias(self) -> float:
        """Uplift of one-off cost for optimism bias [fraction]: zero unless the scenario applies it."""
        if self.parameters.optimism_bias == "none":
            return 0.0
        upper_bounds = self.tables["optimism_bias"].set_index("project_type")["upper_fraction"]
        upper = savings.mixed_bound(upper_bounds, self.case.file.project_mix)
        return savings.optimism_bias(upper, self.tables["mitigations"])

    def prepared_flows(self, longest_delay: float) -> pd.DataFrame:
        """Return flows ready for any setting of the levers, a withdrawal included [£]."""
        chosen = self.parameters
        prepared = savings.levered(self.planned_flows, longest_delay)
        if not chosen.leaver:
            return prepared
        years = pd.Series(self.years, index=self.years) - chosen.leaves_after
        in_notice = years <= chosen.notice_years
        stranded = chosen.stranded_fraction * (1.0 - 2.0 * in_notice)
        rule = "equal" if chosen.cost_apportionment == "as_stated" else chosen.cost_apportionment
        shares = apportionment.shares(self.driver(rule).drop(chosen.leaver))
        service = savings.service_cost_rows(prepared, self.real_annual_cost)
        left = savings.after_withdrawal(
            pd.concat([prepared, service]), chosen.leaver, chosen.leaves_after, shares, stranded
        )
        if not chosen.exit_charge:
            return left
        charges = savings.exit_charges(
            chosen.leaver, chosen.exit_charge, chosen.leaves_after + 1, shares, self.years
        )
        return pd.concat([left, charges])

    @cached_property
    def flows(self) -> pd.DataFrame:
        """Flows of the option by partner and year under the scenario [£]."""
        levers = self.levers
        flows = savings.scenario_flows(self.prepared_flows(levers["delay_years"]), levers)
        if not self.parameters.no_detriment:
            return flows
        return pd.concat([flows, savings.transfer_rows(savings.net_flows(flows))])

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
        lasting = self.flow_lines[~self.flow_lines["flow"].isin(savings.ONE_OFF)]
        return savings.running_years(lasting, self.years).sum()

    @cached_property
    def appraisal(self) -> pd.DataFrame:
        """Measures of worth for the partnership ('all') and each partner.

        An option without flows, which changes nothing, has a row of zeros for every partner.
        """
        net = savings.with_total(self.net_flows.reindex(self.partners, fill_value=0.0), ALL)
        saved = savings.with_total(
            self.gross_savings.reindex(self.partners, fill_value=0.0), ALL
        ).reindex(net.index)
        present = net * self.discount_factors
        benefits, costs = self._present_benefits_and_costs
        once = savings.with_total(self.one_off_by_partner, ALL).reindex(net.index)
        rates = [appraisal.internal_rate_of_return(flows) for _, flows in net.iterrows()]
        term = self.term_years or 1.0
        table = pd.DataFrame(
            {
                "total_saving": saved.sum(axis="columns"),
                "average_annual_saving": saved.sum(axis="columns") / term,
                "one_off_cost": once.sum(axis="columns"),
                "net_present_value": present.sum(axis="columns"),
                "benefit_cost_ratio": [
                    appraisal.benefit_cost_ratio(benefits[item], costs[item]) for item in net.index
                ],
                "internal_rate_of_return": [rate for rate, _ in rates],
                "no_rate_because": [reason for _, reason in rates],
                "payback_years": [appraisal.payback_years(row) for _, row in net.iterrows()],
                "discounted_payback_years": [
                    appraisal.payback_years(row) for _, row in present.iterrows()
                ],
                "peak_funding": [appraisal.peak_funding(row) for _, row in net.iterrows()],
            },
            index=net.index,
        )
        return table.reindex([ALL, *self.partners]).rename_axis("partner")

    @property
    def _present_benefits_and_costs(self) -> tuple[pd.Series, pd.Series]:
        """Present value of what is saved or received, and of what is spent, with 'all' [£]."""
        present = (self.flows * self.discount_factors).sum(axis="columns")
        spent = self.flows.index.get_level_values("flow").map(savings.SIGNS) < 0
        sides = []
        for side in (present[~spent], present[spent]):
            values = side.groupby(level="partner").sum().reindex(self.partners, fill_value=0.0)
            sides.append(pd.concat([values, pd.Series({ALL: values.sum()})]))
        return sides[0], sides[1]

    @property
    def one_off_by_partner(self) -> pd.DataFrame:
        """One-off cost by partner and year, zero for a partner that has none [£]."""
        spent = savings.by_partner(self.flows, "one_off_cost")
        return spent.reindex(self.partners, fill_value=0.0)

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
        return self._worths_at(parameter, np.array([value]))[ALL].item()

    def _worths_at(self, parameter: str, values: np.ndarray) -> pd.DataFrame:
        """Return net present values at values of a parameter, value by 'all' and partner [£]."""
        if parameter in self.levers:
            levers = {name: np.full(len(values), at) for name, at in self.levers.items()}
            scale = 1 + self.optimism_bias if parameter == "overrun" else 1.0
            levers[parameter] = (1 + values) * scale - 1 if parameter == "overrun" else values
            worths = self._net_of_levers(levers) @ self.discount_factors.to_numpy()
        elif parameter == "discount_rate":
            rates = pd.DataFrame({value: pd.Series(value, index=self.years) for value in values})
            factors = rates.apply(appraisal.discount_factors)
            net = self.net_flows.reindex(self.partners, fill_value=0.0)
            worths = (net @ factors).T.to_numpy()
        else:
            studies = [self.varied(**{parameter: float(value)}) for value in values]
            worths = np.array([study.net_present_values for study in studies])
        table = pd.DataFrame(worths, index=values, columns=self.partners)
        table.insert(0, ALL, worths.sum(axis=1))
        return table

    @property
    def net_present_values(self) -> pd.Series:
        """Net present value of each partner [£]."""
        net = self.net_flows.reindex(self.partners, fill_value=0.0)
        return appraisal.net_present_value(net, self.discount_factors)

    @cached_property
    def switching_values(self) -> pd.DataFrame:
        """Value of each parameter at which the net present value is nil, NaN if none in its bounds.

        One row a parameter and item: the partnership ('all') and each partner.
        """
        rows = []
        tried = list(self.tables["sensitivities"]["parameter"])
        if self.flow_lines["baseline_fraction"].isna().all():  # then it moves no flow
            tried = [name for name in tried if name != "baseline_cost_change"]
        for parameter in tried:
            current, (lowest, highest) = self.setting(parameter), bounds(parameter)
            worths = _remembered(partial(self._worths_at, parameter))
            # a change of the baseline cost builds the study anew, and its effect is a straight line
            points = 3 if parameter == "baseline_cost_change" else 41
            for item in [ALL, *self.partners]:
                value = appraisal.switching_value(
                    lambda at, item=item, worths=worths: worths(at)[item].to_numpy(),
                    current,
                    lowest,
                    highest,
                    points,
                )
                rows.append((parameter, item, current, lowest, highest, value))
        columns = ["parameter", "item", "current", "lowest", "highest", "switching_value"]
        return pd.DataFrame(rows, columns=columns).astype({"switching_value": float})

    @cached_property
    def breakeven_costs(self) -> pd.DataFrame:
        """Combined annual cost at which an option that saves a share of it matches this option.

        An initial saving "and none after" can be read in two ways: saved in its first year only,
        or every year at the first level; both are shown.
        """
        lines = self.tables["flows"]
        others = lines[(lines["option"] != self.option) & (lines["flow"] == "saving")]
        rows = []
        for line in others.dropna(subset="baseline_fraction").itertuples():
            later = self.discount_factors.loc[line.first_year :]
            readings = {"in the first year only": later.iloc[:1], "in every year": later}
            for multiple in dict.fromkeys([line.low_fraction, 1.0, line.high_fraction]):
                for reading, factors in readings.items():
                    if not pd.isna(multiple):
                        rows.append(
                            self._breakeven(
                                line, line.baseline_fraction * multiple, reading, factors
                            )
                        )
        columns = ["option", "line", "saving_fraction", "reading", "breakeven_cost"]
        table = pd.DataFrame(rows, columns=columns).astype(
            {"saving_fraction": float, "breakeven_cost": float}
        )
        table["present_cost"] = self.real_annual_cost.sum()
        dearer = table["present_cost"] > table["breakeven_cost"]
        return table.assign(better=table["option"].where(dearer, self.option))

    def _breakeven(self, line, saving_fraction: float, reading: str, factors: pd.Series) -> tuple:
        worth = self.net_present_values.sum()
        cost = appraisal.breakeven_cost(worth, saving_fraction, factors)
        return line.option, line.line, saving_fraction, reading, cost

    def setting(self, parameter: str) -> float:
        """Return where the scenario sets a parameter; a blank discount rate is that of year 1."""
        value = getattr(self.parameters, parameter)
        return float(self.rates.iloc[1]) if value is None else float(value)

    # uncertainty

    @cached_property
    def uncertain_inputs(self) -> pd.DataFrame:
        """What is drawn: parameters and lines with low, central, high, shape and common cause."""
        ranges = self.tables["sensitivities"]
        ranges = ranges[ranges["drawn"]]
        central = ranges["parameter"].map(self.setting)
        parameters = pd.DataFrame(
            {
                "name": ranges["parameter"],
                "is_line": False,
                "low": ranges["low"].clip(upper=central),
                "central": central,
                "high": ranges["high"].clip(lower=central),
                "shape": ranges["shape"],
                "cause": ranges["cause"],
                "correlation": ranges["correlation"],
            }
        )
        lines = self.flow_lines.dropna(subset="low_fraction").groupby("line", sort=False).first()
        uncertain_lines = pd.DataFrame(
            {
                "name": lines.index,
                "is_line": True,
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

    def drawn(self, sample: np.ndarray) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """Return levers and multiples of lines at levels of an even sample, draw by input."""
        inputs = self.uncertain_inputs
        values = {
            row.name: uncertainty.SHAPES[row.shape](
                sample[:, number], row.low, row.central, row.high
            )
            for number, row in enumerate(inputs.itertuples(index=False))
        }
        if self.parameters.realisation_from == "reference_class":
            outcomes = self.reference_class
            for number, name in enumerate(inputs["name"]):
                if name in outcomes:
                    # one draw of overrun is a bad outcome at the same level as a low realisation
                    values[name] = uncertainty.reference_class(sample[:, number], outcomes[name])
        is_line = dict(zip(inputs["name"], inputs["is_line"], strict=True))
        fixed = {name: np.full(len(sample), value) for name, value in self.levers.items()}
        levers = fixed | {name: value for name, value in values.items() if not is_line[name]}
        levers["overrun"] = (1 + levers["overrun"]) * (1 + self.optimism_bias) - 1
        return levers, {name: value for name, value in values.items() if is_line[name]}

    @property
    def reference_class(self) -> dict[str, np.ndarray]:
        """What others got: actual over planned saving, and cost over plan [fraction]."""
        evidence = self.tables["evidence"]
        ratio = evidence["actual"] / evidence["planned"]
        of = {name: np.sort(ratio[evidence["measure"] == name].to_numpy()) for name in ("realisation", "overrun")}  # fmt: skip
        return {"realisation": of["realisation"], "overrun": of["overrun"] - 1}

    @cached_property
    def simulated_net(self) -> np.ndarray:
        """Saving less cost of every draw, draw by partner by financial year [£]."""
        sample = uncertainty.even_sample(DRAWS, len(self.uncertain_inputs), SEED)
        return self.net_of_sample(self.joined(sample))

    def joined(self, sample: np.ndarray) -> np.ndarray:
        """Return an even sample in which inputs of a common cause go wrong together."""
        inputs = self.uncertain_inputs
        causes, correlations = list(inputs["cause"]), list(inputs["correlation"])
        adverse = _adverse(sample, inputs["name"])
        joined = uncertainty.with_common_causes(adverse, causes, correlations, SEED)
        return _adverse(joined, inputs["name"])

    def net_of_sample(self, sample: np.ndarray) -> np.ndarray:
        """Return saving less cost at levels of an even sample, draw by partner by year [£]."""
        return self._net_of_levers(*self.drawn(sample))

    def _net_of_levers(
        self, levers: dict[str, np.ndarray], lines: dict[str, np.ndarray] | None = None
    ) -> np.ndarray:
        prepared = self.prepared_flows(levers["delay_years"].max())
        net = savings.net_by_draw(prepared, self.partners, levers, lines)
        if self.parameters.no_detriment:
            net = net + savings.no_detriment_transfers(net)
        return net

    @cached_property
    def simulated_worth(self) -> pd.DataFrame:
        """Net present value of every draw, for the partnership ('all') and each partner [£]."""
        worth = self.simulated_net @ self.discount_factors.to_numpy()
        table = pd.DataFrame(worth, columns=self.partners)
        table.insert(0, ALL, worth.sum(axis=1))
        return table

    @cached_property
    def risk_of_loss(self) -> pd.DataFrame:
        """Percentiles of the net present value [£] and probability of loss [fraction]."""
        worth = self.simulated_worth
        return uncertainty.summary(worth.to_numpy(), list(worth))

    @cached_property
    def simulated_years(self) -> pd.DataFrame:
        """P10, P50 and P90 of the cumulative position of the partnership by year [£]."""
        position = self.simulated_net.sum(axis=1).cumsum(axis=1)
        levels = np.percentile(position, uncertainty.PERCENTILES, axis=0)
        names = [f"p{level}" for level in uncertainty.PERCENTILES]
        return pd.DataFrame(levels, index=names, columns=self.years)

    @cached_property
    def variance_shares(self) -> pd.DataFrame:
        """How much of the variance of the net present value each uncertain input explains."""

        def worth(sample: np.ndarray) -> np.ndarray:
            return self.net_of_sample(sample).sum(axis=1) @ self.discount_factors.to_numpy()

        inputs = self.uncertain_inputs
        alone, total = uncertainty.variance_shares(worth, len(inputs), SOBOL_DRAWS, SEED)
        table = pd.DataFrame({"input": inputs["name"], "first_order": alone, "total": total})
        return table.sort_values("total", ascending=False, ignore_index=True)

    # cash

    def finance_assumption(self, name: str) -> float:
        """Return an assumption of the cash view: the scenario's, else finance_assumptions.csv's."""
        chosen = getattr(self.parameters, name)
        stated = self.tables["finance_assumptions"].set_index("parameter")["value"]
        return float(stated[name]) if chosen is None else float(chosen)

    @cached_property
    def medium_term_plan(self) -> pd.DataFrame:
        """Effect on the budget of each partner by year, in cash [£]."""
        cash = finance.cash_flows(
            self.flows,
            self.finance_assumption("pay_inflation"),
            self.finance_assumption("price_inflation"),
        )
        return finance.medium_term_plan(
            cash,
            self.parameters.capital_funding,
            int(self.finance_assumption("asset_life_years")),
            self.finance_assumption("borrowing_rate"),
        )

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
        days = plan.changed_durations(tasks, chosen.duration_change, chosen.extra_days)
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
    def section_results(self) -> pd.DataFrame:
        """Results of all sections but the decision, which rests on them, as tidy rows."""
        return results.of_sections(self)

    @cached_property
    def gates(self) -> pd.DataFrame:
        """Each criterion of the decision, with what was found and whether it is met."""
        found = results.of_sections(self)
        if any(self._gate_faults(found)):  # a scenario may lack a result that the base has
            base = self.in_scenario(BASE)
            faults = list(base._gate_faults(results.of_sections(base)))
            if faults:
                place = f"{data_folder().name}/{self.case.name}/gates.csv"
                raise InputError(f"{place}: {fault}" for fault in faults)
        return decision.tested_gates(self.tables["gates"], found)

    def _gate_faults(self, found: pd.DataFrame) -> Iterator[str]:
        lacking = ["decision"] if self.committed_cost.empty else []  # nothing to test there
        sections = [name for name in self.case.section_names() if name not in lacking]
        return decision.gate_faults(self.tables["gates"], found, sections)

    @property
    def recommendation(self) -> str:
        """The decision that follows from the gates: go, go with conditions, or stop."""
        return decision.recommendation(self.gates["outcome"], self.gates["if_not_met"])

    @cached_property
    def results(self) -> pd.DataFrame:
        """Every result as tidy rows: section, measure, item, year, value, unit."""
        return results.of_study(self)


def _divided(flows: pd.DataFrame, shares: pd.DataFrame | None) -> pd.DataFrame:
    if shares is None or flows.empty:
        return flows
    return savings.apportioned_flows(flows, shares)


def _adverse(sample: np.ndarray, names: pd.Series) -> np.ndarray:
    """Turn levels round for the inputs of which more is better, so that high is bad for all.

    A common cause then makes a low realisation come with a long delay. Turning twice gives the
    levels back.
    """
    better_high = (names == "realisation").to_numpy()
    return np.where(better_high, 1 - sample, sample)


def _remembered(worths: Callable) -> Callable:
    """Keep what a function of an array returned, for the same array again."""
    found: dict[bytes, pd.DataFrame] = {}

    def remembered(values: np.ndarray) -> pd.DataFrame:
        key = values.tobytes()
        if key not in found:
            found[key] = worths(values)
        return found[key]

    return remembered


def bounds(parameter: str) -> tuple[float, float]:
    """Return the lowest and highest value that a parameter allows."""
    limits = Parameters.model_fields[parameter].metadata
    lowest = next(limit.ge for limit in limits if hasattr(limit, "ge"))
    highest = next(limit.le for limit in limits if hasattr(limit, "le"))
    return float(lowest), float(highest)


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
