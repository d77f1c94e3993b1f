"""The savings of a study: flows by partner and year, what they are worth, and their cash."""

import math
from collections.abc import Iterator
from typing import ClassVar

import numpy as np
import pandas as pd

from businesscase.calculations import (
    apportionment,
    appraisal,
    exposure,
    lateness,
    register,
    savings,
)
from businesscase.calculations.apportionment import ALL, SHARED
from businesscase.calculations.risks import CARRIED_OUT
from businesscase.calculations.years import financial_year
from businesscase.cases.deletions import deleted_posts, regraded_posts, told_lines
from businesscase.cases.parameters import dates_of, limits, terms_of
from businesscase.cases.schema import Flow
from businesscase.cases.validation import has_recurring_flows
from businesscase.study import tidy
from businesscase.study.baseline import Baseline
from businesscase.study.core import Inputs, Part, of_all
from businesscase.study.derived import derived, derived_by
from businesscase.study.plan import Plan

UNSAID = {
    # what a row of flows.csv has in the columns that it may leave blank
    name: np.nan if field.default is None else field.default
    for name, field in Flow.model_fields.items()
    if not field.is_required()
}
NO_RATIO = "no net cost, so a ratio has no meaning"


class Savings(Part):
    """What is saved and spent, by whom and when, at one setting of the levers."""

    name = "savings"
    first = (
        "flow_lines",
        "planned_flows",
        "flows",
        "economic_flows",
        "net_flows",
        "cash_flows",
        "discount_factors",
        "net_present_values",
        "appraisal",
        "members",
        "cost_change",
        "committed_cost",
        "withdrawal",
    )

    def __init__(self, inputs: Inputs, baseline: Baseline, plan: Plan):
        super().__init__(inputs)
        self.baseline, self.plan = baseline, plan

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

    @property
    def flow_lines(self) -> pd.DataFrame:
        """Rows of flows.csv for the option that is appraised."""
        return self._lines_of(self.option)

    @derived
    def takes_risks(self) -> bool:
        """Whether the risks of the register are run: not by the comparator, nor if nothing changes."""
        amounts = self._lines_of(self.option)[["amount_gbp", "baseline_fraction"]].fillna(0.0)
        return self.option != self.case.file.comparator and bool(amounts.to_numpy(float).any())

    @derived
    def response_lines(self) -> pd.DataFrame:
        """What the responses that are carried out cost, as lines of flow."""
        if self.parameters.risk_responses != CARRIED_OUT or not self.takes_risks:
            return pd.DataFrame()
        lines = exposure.response_lines(
            self.tables["risks"], self.tables["risk_costs"], self.case.file.decision_year
        )
        return _as_flows(lines.assign(flow="response_cost"))

    @derived
    def late_lines(self) -> pd.DataFrame:
        """What is spent for as long as the option is late, or a contract beside it lasts, as lines of flow.

        ``amount_gbp`` is of a whole year, spent between ``begins`` and ``ends``; ``due`` is when the
        service is to start [years from the start of year 0].
        """
        contracts, horizon = self.contracts, float(len(self.years))
        own = contracts.assign(starts_with=contracts["replaced_by"])
        extended = own.assign(
            line=own["contract"] + ", extended",
            flow="delay_cost",
            amount_gbp=lateness.MONTHS * own["gap_gbp"],
            begins=own["within"],
            ends=horizon,
        )
        twice = own[own["paid_twice_from"] < own["within"]]
        twice = twice.assign(
            line=twice["contract"] + ", paid twice",
            flow="overlap_cost",
            amount_gbp=twice["annual_gbp"],
            begins=twice["paid_twice_from"],
            ends=twice["within"],
        )
        parts = [self._delays.assign(flow="delay_cost", ends=horizon), extended, twice]
        lines = pd.concat([part for part in parts if len(part)] or parts[:1], ignore_index=True)
        return _as_flows(lines.assign(first_year=self.years[0], last_year=self.years[-1]))

    @property
    def _delays(self) -> pd.DataFrame:
        """What a month of delay of the option costs, and from when it counts."""
        costs = self.tables.rows("delay_costs", option=self.option)
        due = costs["starts_with"].map(self.plan.planned_starts)
        due = due.astype(float).fillna(costs["first_year"].astype(float) - self.years[0])
        annual = lateness.MONTHS * costs["monthly_gbp"]
        return costs.assign(amount_gbp=annual, due=due, begins=due)

    @derived
    def contracts(self) -> pd.DataFrame:
        """Contracts that the option replaces: when each ends, and what a month after or before costs.

        ``due`` is when its service is to start, ``end`` when it ends [years from the start of year 0].
        A rolling contract ends when notice given at the decision has run out, or as late as it is needed.
        """
        contracts = self.tables.rows("contracts", option=self.option)
        contracts = contracts[contracts["replaced_by"].notna()]
        rolling = contracts["rolling"]  # ends when notice given at the decision has run out
        decided = pd.Timestamp(self.case.file.decision_date)
        contracts = contracts.assign(
            ends=contracts["ends"].mask(rolling, register.earliest_ends(contracts, decided)),
            premium_fraction=contracts["premium_fraction"].mask(rolling, 0.0),
            replaced_by=contracts["replaced_by"].astype(int),
        )
        contracts = contracts.assign(
            due=contracts["replaced_by"].map(self.plan.planned_starts).astype(float),
            end=pd.Series(map(self.plan.years_until, contracts["ends"]), contracts.index, float),
        )
        return lateness.priced(contracts, len(self.years))

    @derived
    def deleted_posts(self) -> pd.DataFrame:
        """What posts that the option deletes save and cost, by partner and the year in which they go.

        ``deleted_fte`` and, of it, ``held_fte`` [full-time equivalents]; ``saving_gbp`` [£ a year],
        ``redundancy_gbp`` and ``pension_strain_gbp`` [£], blank where a row that somebody holds doesn't say.
        """
        posts = deleted_posts(self.tables, self.case.file)
        own = posts[(posts["option"] == self.option) & posts["partner"].isin(self.partners)]
        by = own.groupby(["partner", "deleted_in"], sort=False)
        amounts = ["saving_gbp", "redundancy_gbp", "pension_strain_gbp"]
        known = by[amounts].count().eq(by.size(), axis="index")
        together = by[["deleted_fte", "held_fte", *amounts]].sum()
        return together.assign(**together[amounts].where(known)).reset_index()

    @derived
    def regraded_posts(self) -> pd.DataFrame:
        """What posts that the option regrades cost less or more, by partner and financial year, as planned.

        ``held_fte`` [full-time equivalents]; ``full_gbp`` (less, without protection), ``protected_gbp`` (of
        it, still paid), ``less_gbp`` (the rest, which is saved) and ``more_gbp`` [£, base-year prices].
        """
        posts = regraded_posts(self.tables, self.case.file)
        own = posts[(posts["option"] == self.option) & posts["partner"].isin(self.partners)]
        amounts = ["held_fte", "full_gbp", "protected_gbp", "less_gbp", "more_gbp"]
        return own.groupby(["partner", "fiscal_year"], sort=False)[amounts].sum().reset_index()

    @derived_by
    def told_lines(self, option: str) -> pd.DataFrame:
        """Rows of flows.csv of an option with ``told``: the name under which each is told to everybody."""
        return told_lines(self._lines_of(option), self.tables, self.case.file)

    @property
    def told_flows(self) -> pd.DataFrame:
        """Flows of the option as everybody may read them: what is of few held posts together with others [£]."""
        lines, labels = self.told_lines(self.option), self.flows.index.to_frame(index=False)
        keys = ["flow", "line", "partner"]
        names = lines.set_index(keys)["told"].to_dict()
        told = [
            names.get((flow, line, partner), names.get((flow, line, SHARED), line))
            for flow, line, partner in labels[keys].itertuples(index=False, name=None)
        ]
        renamed = self.flows.set_axis(pd.MultiIndex.from_frame(labels.assign(line=told)))
        return renamed.groupby(level=savings.LABELS, sort=False).sum()

    @derived_by
    def _lines_of(self, option: str) -> pd.DataFrame:
        return savings.with_inflation(self.tables.rows("flows", option=option))

    @property
    def baseline_cost(self) -> pd.Series:
        """Present cost by partner, changed as the scenario assumes [£ a year]."""
        return self.baseline.real_annual_cost * (1 + self.parameters.baseline_cost_change)

    # who takes part

    @derived_by
    def _dates(self, kind: str) -> dict[str, int]:
        return dates_of(self.tables["partners"], self.parameters, kind)

    @derived
    def members(self) -> pd.DataFrame:
        """Who takes part when, partner by financial year [bool]."""
        return self.has_joined & self.stays

    @derived
    def has_joined(self) -> pd.DataFrame:
        """Who has joined by when, those that have left again included, partner by year [bool]."""
        return apportionment.membership(self.partners, self._dates("joins"), {}, self.years)

    @property
    def stays(self) -> pd.DataFrame:
        """Who has not left yet, those that have yet to join included, partner by year [bool]."""
        return apportionment.membership(self.partners, {}, self._dates("leaves"), self.years)

    @property
    def joiners(self) -> dict[str, int]:
        """First financial year of each partner that joins within the appraisal."""
        return {
            name: year for name, year in self._dates("joins").items() if self._is_within(name, year)
        }

    @property
    def leavers(self) -> dict[str, int]:
        """First financial year out of each partner that leaves within the appraisal."""
        return {
            name: year
            for name, year in self._dates("leaves").items()
            if self._is_within(name, year)
        }

    def _is_within(self, partner: str, year: int) -> bool:
        return partner in self.partners and self.years[0] < year <= self.years[-1]

    @property
    def exit_terms(self) -> dict[str, float]:
        """Terms of joining and leaving, by the parameter that each stands for."""
        return terms_of(self.tables["exit_terms"], self.parameters)

    # what is planned

    @derived
    def planned_flows(self) -> pd.DataFrame:
        """Flows of the option by partner and year before the scenario's effect [£].

        What its responses to risks cost is among them, and the contracts that it has novated.
        """
        return self._added_up(
            self._stated_flows, self._borne(self.response_lines), self._novated(self.option)
        )

    @staticmethod
    def _added_up(planned: pd.DataFrame, *more: pd.DataFrame) -> pd.DataFrame:
        return savings.together([planned, *(part for part in more if len(part))])

    @derived
    def _stated_flows(self) -> pd.DataFrame:
        """The same of the lines of flows.csv alone [£]."""
        return self._planned(self.flow_lines)

    def _borne(self, lines: pd.DataFrame) -> pd.DataFrame:
        """Return lines of which those that are shared are divided as costs of risks are [£]."""
        if lines.empty:
            return pd.DataFrame()
        planned = savings.planned_rows(lines, pd.Series(dtype=float), self.years)
        is_shared = planned.named("partner") == SHARED
        parts = [
            planned.only(~is_shared).during(self.members),
            planned.only(is_shared).divided(self.risk_shares),
        ]
        return savings.flows_of(parts, self.years)

    @derived_by
    def _novated(self, option: str) -> pd.DataFrame:
        """Return what contracts that an option has novated cost whom less and whom more, and the charges [£].

        As long as both sides take part; what all take on is divided as costs of risks are.
        """
        every = self.tables.rows("contracts", option=option)
        contracts = every[every["novated_on"].notna() & every["partner"].isin(self.partners)]
        if contracts.empty:
            return pd.DataFrame()
        sides = [contracts[name] for name in ("partner", "novated_to")]
        takes_part = np.logical_and(
            *(self.members.reindex(side, fill_value=True).to_numpy() for side in sides)
        )
        cost = register.novated(contracts, self.years).to_numpy(float) * takes_part
        begins = np.array([financial_year(day) for day in contracts["novated_on"]])
        has_moved = takes_part & (np.array(self.years) >= begins[:, None])
        is_first = has_moved & (has_moved.cumsum(axis=1) == 1)
        charge = is_first * contracts["novation_gbp"].fillna(0.0).to_numpy(float)[:, None]
        parts = []
        for flow, said, whose, amounts in (
            ("cost_passed_on", "passed on", "partner", cost),
            ("cost_taken_on", "taken on", "novated_to", cost),
            ("novation_charge", "novation", "novated_to", charge),
        ):
            lines = contracts["contract"] + ", " + said
            terms = (savings.PRICES, "revenue", savings.CASH, 0.0, "")
            whom = zip(lines, contracts[whose], strict=True)
            rows = savings.Rows([(flow, line, *terms, name) for line, name in whom], amounts)
            is_shared = rows.named("partner") == SHARED
            parts += [rows.only(~is_shared), rows.only(is_shared).divided(self.risk_shares)]
        return savings.flows_of(parts, self.years)

    @derived
    def risk_shares(self) -> pd.DataFrame:
        """Who bears a shared cost of a risk or of a delay, partner by financial year [fraction].

        By the scenario's rule for costs; where that is 'as_stated', as the lines of the option say
        who pays its running and one-off cost, and equally where they say nothing.
        """
        shares = self.cost_shares
        if shares is None:
            shares = pd.DataFrame(dict.fromkeys(self.years, self._stated_cost_shares))
        return apportionment.among_members(shares, self.members)

    @property
    def _stated_cost_shares(self) -> pd.Series:
        planned = self._stated_flows
        cost = planned[
            planned.index.get_level_values("flow").isin(["running_cost", "one_off_cost"])
        ]
        paid = cost.groupby(level="partner").sum().sum(axis="columns")
        paid = paid.reindex(self.partners, fill_value=0.0)
        return (
            paid / paid.sum() if paid.sum() else apportionment.shares(self.baseline.driver("equal"))
        )

    def _planned(self, flow_lines: pd.DataFrame) -> pd.DataFrame:
        lines = savings.with_charges(flow_lines)
        is_pooled = (lines["partner"] == SHARED) | lines["pooled"]
        stated = savings.planned_rows(lines[~is_pooled], self.baseline_cost, self.years)
        # what a partner prepares before it joins is its own; nothing else of it counts until then
        once = np.isin(stated.named("flow"), savings.ONE_OFF)
        parts = [stated.only(once), stated.only(~once).during(self.has_joined)]
        for split, rows in lines[is_pooled].groupby("split", sort=False):
            parts += self._divided(rows, split)
        return savings.flows_of(parts, self.years)

    def _divided(self, lines: pd.DataFrame, split: str) -> Iterator[savings.Rows]:
        """Yield pooled lines divided by one rule; what is spent once, by the members of its year."""
        costs = pd.DataFrame(dict.fromkeys(self.years, self.baseline_cost))
        costs = costs.reindex(self.partners).where(self.has_joined, 0.0)
        pooled = savings.planned_rows(lines, costs, self.years).during(self.has_joined)
        flow, apart = pooled.named("flow"), ["saving", *savings.ONE_OFF]
        own_rule = self.shares(split, {}) if split else None
        of_savings, of_costs = (
            shares if own_rule is None else own_rule
            for shares in (self.saving_shares, self.cost_shares)
        )
        yield _divided(pooled.only(flow == "saving"), of_savings)
        yield _divided(pooled.only(~np.isin(flow, apart)), of_costs)
        once = pooled.only(np.isin(flow, savings.ONE_OFF))
        if of_costs is not None:
            yield once.divided(apportionment.among_members(of_costs, self.members))
            return
        yield once
        left = once.during(~self.stays)  # what partners that are gone would have spent
        yield left.only(np.abs(left.amounts).max(axis=1) > 0).divided(self.member_shares)

    @derived
    def saving_shares(self) -> pd.DataFrame | None:
        """Shares of a pooled saving by partner and year [fraction], None where it stays as stated.

        Of those that have joined; what a leaver would have had goes with it.
        """
        return self.shares(self.parameters.saving_apportionment, self.parameters.saving_mix)

    @derived
    def cost_shares(self) -> pd.DataFrame | None:
        """Shares of a pooled cost by partner and year [fraction], None where it stays as stated.

        Of those that have joined; what a leaver would have paid goes with it, but for what it strands.
        """
        chosen = self.parameters
        shares = self.shares(chosen.cost_apportionment, chosen.cost_mix)
        if shares is None or not chosen.phase_in_years:
            return shares
        historic = self.shares("revenue_budget", {})
        return apportionment.phased_shares(historic, shares, chosen.phase_in_years)

    @derived
    def member_shares(self) -> pd.DataFrame:
        """How the members of each year divide what falls on all, partner by year [fraction].

        By the scenario's rule for costs, equally where that is 'as_stated'.
        """
        shares = self.cost_shares
        if shares is None:
            shares = self.shares("equal", {})
        return apportionment.among_members(shares, self.members)

    def shares(self, rule: str, mix: dict[str, float]) -> pd.DataFrame | None:
        """Return shares by partner and year [fraction], None where amounts stay as stated."""
        weights = mix or ({} if rule == "as_stated" else {rule: 1.0})
        if not weights:
            return None
        parts = [
            pd.DataFrame(
                {
                    year: apportionment.shares(driver.where(self.has_joined[year], 0.0))
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
        slips = {savings.slip_of(task): slip for task, slip in self.plan.slips.items()}
        return stated | {"overrun": (1 + chosen.overrun) * (1 + self.optimism_bias) - 1} | slips

    @derived
    def optimism_bias(self) -> float:
        """Uplift of one-off cost for optimism bias [fraction]: zero unless the scenario applies it."""
        if self.parameters.optimism_bias == "none":
            return 0.0
        return savings.optimism_bias(self.optimism_bias_bound, self.tables["mitigations"])

    @derived
    def optimism_bias_bound(self) -> float:
        """Upper bound of optimism bias in one-off cost, for the case's mix of projects [fraction]."""
        upper_bounds = self.tables["optimism_bias"].set_index("project_type")["upper_fraction"]
        return savings.mixed_bound(upper_bounds, self.case.file.project_mix)

    @property
    def recurs(self) -> bool:
        """Whether any option states money that comes every year: without, nothing tells of a loss."""
        kinds = self.tables.column("flows", "flow")
        return has_recurring_flows({"flows": kinds.to_frame()})

    def prepared_flows(self, longest_delay: float) -> pd.DataFrame:
        """Return flows ready for any setting of the levers, entries and exits included [£]."""
        return self._prepared_flows(_lags(longest_delay), self._longest_slips)

    @property
    def _longest_slips(self) -> frozenset[tuple[int, int]]:
        """Tasks with which money starts, and the most whole years by which each may be late."""
        return frozenset((task, _lags(most)) for task, most in self.plan.longest_slips.items())

    @derived_by
    def _prepared_flows(
        self, longest_delay: int, longest_slips: frozenset[tuple[int, int]]
    ) -> pd.DataFrame:
        slips = {savings.slip_of(task): float(most) for task, most in longest_slips}
        prepared = savings.levered(self.planned_flows, longest_delay, slips)
        is_comparator = self.option == self.case.file.comparator
        if is_comparator:  # what comes otherwise is nothing that a partner could leave
            parts = [savings.of_members(prepared, self.members)]
        else:
            parts = [self._while_in(prepared), *self._fees()]
        if not prepared.empty:
            parts += self._late_flows
        every = savings.together([part for part in parts if not part.empty] or parts[:1])
        if is_comparator:
            return savings.making_no_difference(every)
        return every if self.otherwise is None else savings.together([every, self.otherwise])

    @derived
    def _late_flows(self) -> list[pd.DataFrame]:
        """Prepared flows of what lateness costs, and of contracts paid beside the service [£]."""
        return list(self._each_late())

    def _each_late(self) -> Iterator[pd.DataFrame]:
        lines = self.late_lines
        for row in lines.itertuples():
            annual = self._borne(lines.loc[[row.Index]])
            late = lateness.while_late(annual, row.due, row.begins, row.ends)
            if row.flow == "delay_cost":
                yield late
                continue
            yield -late  # while the service is late its contract is paid once
            if not row.stated_in:
                yield lateness.between(annual, row.begins, row.ends)

    def _while_in(self, prepared: pd.DataFrame) -> pd.DataFrame:
        """Return flows without those of partners that have left, but with what these strand [£]."""
        if not self.leavers:
            return prepared
        service = savings.service_cost_rows(prepared, self.baseline_cost)
        return savings.after_withdrawals(
            pd.concat([prepared, service]), self.stays, self.member_shares, self.exit_terms
        )

    @derived
    def otherwise(self) -> pd.DataFrame | None:
        """Prepared flows of the comparator as planned, while a partner takes part [£]; None without.

        Outside, a partner does the same as it would do otherwise.
        """
        comparator = self.case.file.comparator
        lines = self._lines_of(comparator)
        options = set(self.tables.column("flows", "option"))
        if lines.empty or self.option not in options:  # of one without money nothing is known
            return None
        planned = self._added_up(self._planned(lines), self._novated(comparator))
        prepared = savings.levered(planned)
        return savings.compared(comparator, savings.of_members(prepared, self.members))

    @property
    def worth_otherwise(self) -> float:
        """Net present value of the comparator beside today, all partners together [£]."""
        if self.otherwise is None:
            return 0.0
        net = -savings.net_flows(savings.economic(self.otherwise))
        return float(appraisal.present_value(net, self.discount_factors).sum())

    def _fees(self) -> Iterator[pd.DataFrame]:
        """Yield what joiners and leavers pay to the others in their first year in and out [£]."""
        terms = self.exit_terms
        for kind, amount, dates in (
            ("entry", terms["entry_fee"], self.joiners),
            ("exit", terms["exit_charge"], self.leavers),
        ):
            for name, year in dates.items() if amount else ():
                others = self.members.copy()
                others.loc[name] = False
                if others[year].any():
                    shares = apportionment.among_members(self.member_shares, others)
                    yield savings.fees(kind, name, amount, year, shares.drop(index=name))

    @derived
    def flows(self) -> pd.DataFrame:
        """Flows of the option by partner and year under the scenario, of every kind [£]."""
        levers = self.levers
        flows = savings.scenario_flows(self.prepared_flows(levers["delay_years"]), levers)
        floor = self.parameters.no_detriment
        if floor == "none":
            return flows
        net = savings.net_flows(savings.still_to_find(flows))
        return pd.concat([flows, savings.transfer_rows(net, floor)])

    @property
    def economic_flows(self) -> pd.DataFrame:
        """Flows that the option's worth is made of: all but what is spent already [£]."""
        return savings.economic(self.flows)

    def net_of_draws(
        self,
        levers: dict[str, np.ndarray],
        lines: savings.Multiples | None = None,
        select: savings.Selection = savings.economic,
    ) -> np.ndarray:
        """Return saving less cost at levers and multiples of lines, draw by partner by year [£]."""
        return savings.net_with_floor(
            lambda of: self.linear(levers["delay_years"].max(), of).net(levers, lines),
            self.parameters.no_detriment,
            select,
        )

    def linear(self, longest_delay: float, select: savings.Selection) -> savings.Linear:
        """Return a selection of the flows as rows that the levers multiply [£]."""
        return self._linear(_lags(longest_delay), self._longest_slips, select)

    @derived_by
    def _linear(
        self,
        longest_delay: int,
        longest_slips: frozenset[tuple[int, int]],
        select: savings.Selection,
    ) -> savings.Linear:
        prepared = self._prepared_flows(longest_delay, longest_slips)
        return savings.linear(select(prepared), self.partners)

    def _net(self, select: savings.Selection) -> pd.DataFrame:
        one_draw = {name: np.array([value]) for name, value in self.levers.items()}
        net = self.net_of_draws(one_draw, select=select)[0]
        years = pd.Index(self.years, name="year")
        return pd.DataFrame(net, pd.Index(self.partners, name="partner"), years)

    @derived
    def net_flows(self) -> pd.DataFrame:
        """Saving less cost by partner and year, of the partners that have money of the option [£]."""
        return self._net(savings.economic).loc[self._with_money]

    @derived
    def _with_money(self) -> list[str]:
        """Partners that have flows of the option."""
        has_money = set(
            savings.economic(self.prepared_flows(0.0)).index.get_level_values("partner")
        )
        return [partner for partner in self.partners if partner in has_money]

    @derived
    def cash_flows(self) -> pd.DataFrame:
        """Saving less cost in cash by partner and year: without time that reaches no budget [£]."""
        return self._net(savings.cash)

    @derived
    def to_find(self) -> pd.DataFrame:
        """Saving less cost in cash beside today's budgets, by partner and year [£]."""
        return self._net(savings.still_to_find)

    def _of_every(self, table: pd.DataFrame) -> pd.DataFrame:
        """Return a frame by partner with every partner, nil where it has no row."""
        return table.reindex(self.partners, fill_value=0.0)

    @property
    def service_costs(self) -> pd.DataFrame:
        """What each partner pays for the service under the scenario, by year [£]."""
        levers = self.levers
        slips = {name: slip for name, slip in levers.items() if name not in savings.MOVED}
        prepared = savings.levered(self.planned_flows, levers["delay_years"], slips)
        service = savings.service_cost_rows(prepared, self.baseline_cost)
        flows = savings.scenario_flows(service, levers)
        return self._of_every(savings.by_partner(flows, savings.SERVICE))

    @derived
    def gross_savings(self) -> pd.DataFrame:
        """Saving before one-off cost by partner and year [£]."""
        return savings.gross_savings(self.economic_flows)

    @property
    def one_off_costs(self) -> pd.DataFrame:
        """One-off costs by line, funding and partner, by year [£]."""
        flows = savings.still_to_find(self.flows)
        return flows[flows.index.get_level_values("flow") == "one_off_cost"]

    @derived
    def committed_cost(self) -> pd.Series:
        """One-off cost that a decision commits each partner to, over all years [£]."""
        return savings.one_off_costs(savings.still_to_find(self.flows)).sum(axis="columns")

    @derived
    def term_years(self) -> float:
        """Years for which the option saves or runs under the scenario, part years counted in part."""
        lasting = self.flow_lines[~self.flow_lines["flow"].isin(savings.ONE_OFF)]
        running = savings.running_years(lasting, self.years)
        return savings.delayed(running, self.parameters.delay_years).sum()

    @derived
    def appraisal(self) -> pd.DataFrame:
        """Measures of worth for the partnership ('all') and each partner.

        Worth is against the comparator, time included; what is called cash is without time. Peak
        funding is of cash beside today's budgets. An option without flows, which changes nothing, has
        a row of zeros for every partner.
        """
        net, saved, cash, once, received = (
            savings.with_total(self._of_every(table), ALL)
            for table in (
                self.net_flows,
                self.gross_savings,
                self.cash_flows,
                savings.one_off_costs(self.economic_flows),
                savings.receipts(self.economic_flows),
            )
        )
        factors = self.discount_factors
        cashable = savings.with_total(self.cashable_saving.to_frame(), ALL)[0]
        rates = [appraisal.internal_rate_of_return(flows) for _, flows in net.iterrows()]
        paid_back = {
            measure: [appraisal.payback_years(row) for _, row in flows.iterrows()]
            for measure, flows in (
                ("payback_years", cash),
                ("discounted_payback_years", cash * factors),
            )
        }
        spent = saved - net  # once, less what is received and what the comparator would spend
        peaks = [appraisal.peak_funding(self.to_find)]
        peaks += [appraisal.peak_funding(row) for _, row in self.to_find.iterrows()]
        table = pd.DataFrame(
            {
                "total_saving": saved.sum(axis="columns"),
                "cashable_saving": cashable,
                "time_saving": saved.sum(axis="columns") - cashable,
                "average_annual_saving": saved.sum(axis="columns") / (self.term_years or 1.0),
                "one_off_cost": once.sum(axis="columns"),
                "receipts": received.sum(axis="columns"),
                "net_present_value": appraisal.present_value(net, factors),
                "cash_net_present_value": appraisal.present_value(cash, factors),
                "benefit_cost_ratio": [
                    appraisal.benefit_cost_ratio(saved.loc[item], spent.loc[item], factors)
                    for item in net.index
                ],
                "internal_rate_of_return": [rate for rate, _ in rates],
                "no_rate_because": [reason for _, reason in rates],
                **paid_back,
            },
            index=net.index,
        )
        table = table.reindex([ALL, *self.partners]).rename_axis("partner")
        return table.assign(peak_funding=peaks)

    @derived
    def full_years(self) -> pd.Series:
        """The last year of each partner in which the running cost is that of a full year."""
        running = self.tables.rows("flows", option=self.option, flow="running_cost")
        runs = savings.running_years(running, self.years)
        full = runs.index[runs == runs.max()]
        of_each = {
            name: full[self.members.loc[name, full].to_numpy(bool)] for name in self.partners
        }
        last = {name: int((own if len(own) else full)[-1]) for name, own in of_each.items()}
        return pd.Series(last, dtype=int)

    @derived
    def cost_change(self) -> pd.DataFrame:
        """Cost of the last full year before and after, for partners with a stated running cost [£].

        The last in which a partner takes part, as by then the service has grown to its full cost and
        those that left have left theirs behind.
        """
        if not (self.tables.column("flows", "flow") == "running_cost").any():
            return pd.DataFrame(columns=["present", "new", "change", "change_fraction"])
        planned, changed = self.planned_flows, self.parameters.running_cost_change
        present = self._in_full_year(planned, "counterfactual_cost")
        new = self._in_full_year(planned, "running_cost") * (1 + changed)
        if self.leavers:
            new += self._in_full_year(self.flows, "stranded_cost")
        table = pd.DataFrame({"present": present, "new": new}).reindex(self.partners)
        table.loc[ALL] = table.sum()
        table = table.assign(change=table["new"] - table["present"])
        known = table["present"].where(table["present"] != 0)  # else there is nothing to compare
        return table.assign(change_fraction=table["change"] / known)

    def _in_full_year(self, flows: pd.DataFrame, kind: str) -> pd.Series:
        """Return what a kind of flow comes to in each partner's last full year [£]."""
        by_year = savings.by_partner(flows, kind).reindex(self.partners, fill_value=0.0)
        years = self.full_years
        return pd.Series({name: by_year.at[name, years[name]] for name in self.partners})

    @derived
    def net_present_values(self) -> pd.Series:
        """Net present value of each partner [£]."""
        return appraisal.present_value(self._of_every(self.net_flows), self.discount_factors)

    @derived
    def cashable_saving(self) -> pd.Series:
        """Saving before one-off cost that is cash, by partner [£]."""
        saved = savings.gross_savings(savings.cash(self.flows)).sum(axis="columns")
        return saved.reindex(self.partners, fill_value=0.0)

    @derived
    def withdrawal(self) -> pd.DataFrame:
        """Net present value of each partner if all stay, and as partners leave here [£]."""
        if not self.leavers:
            return pd.DataFrame(columns=["before", "after", "change"])
        stays = self.at(leaves=dict.fromkeys(self.leavers, self.years[-1] + 1))
        table = pd.DataFrame(
            {"before": stays.net_present_values, "after": self.net_present_values}
        ).reindex(self.partners)
        return table.assign(change=table["after"] - table["before"])

    def _worth_of(self, item: str) -> float | None:
        values = self.net_present_values
        return float(values.sum()) if item == ALL else values.get(item)

    def _payback_of(self, item: str) -> float | None:
        if item not in [ALL, *self.partners]:
            return None
        net = self.cash_flows.sum() if item == ALL else self.cash_flows.loc[item]
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
        for measure in (
            "total_saving",
            "one_off_cost",
            "net_present_value",
            "peak_funding",
            "cashable_saving",
            "time_saving",
            "cash_net_present_value",
            "receipts",
        ):
            yield from tidy.series(measure, table[measure], tidy.MONEY)
        yield from tidy.series("average_annual_saving", table["average_annual_saving"], "£ a year")
        for measure in ("payback_years", "discounted_payback_years"):
            yield from tidy.series(
                measure, table[measure].astype(float).fillna(tidy.NEVER), tidy.YEARS
            )
        ratio = table["benefit_cost_ratio"].astype(object)
        yield from tidy.known("benefit_cost_ratio", ratio, "ratio", NO_RATIO)
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
        gone = self.deleted_posts.groupby("partner", sort=False)["deleted_fte"].sum()
        if len(gone):
            yield from tidy.series("posts_deleted", tidy.with_all(gone), "full-time equivalents")
        yield from tidy.series("change_by_withdrawal", self.withdrawal["change"], tidy.MONEY)


def _lags(longest_delay: float) -> int:
    """Return for which whole years of delay flows are prepared: one of two, so that studies share them."""
    return 2 if longest_delay <= 2 else max(math.ceil(longest_delay), int(limits("delay_years")[1]))


def _as_flows(lines: pd.DataFrame) -> pd.DataFrame:
    """Return lines as rows of flows.csv that say no more than these do."""
    said = UNSAID | {"category": lines["flow"].str.replace("_", " "), "funding": "revenue"}
    unsaid = {name: value for name, value in said.items() if name not in lines}
    return savings.with_inflation(lines.assign(**unsaid))


def _divided(rows: savings.Rows, shares: pd.DataFrame | None) -> savings.Rows:
    return rows if shares is None else rows.divided(shares)
