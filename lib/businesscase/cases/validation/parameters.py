"""Faults of a scenario's parameters: they name what the case does not have."""

import datetime as dt
from collections.abc import Iterator
from functools import cached_property

from businesscase.calculations.apportionment import SHARED
from businesscase.calculations.reference_class import FEWEST
from businesscase.calculations.wording import year_label
from businesscase.calculations.years import year_end, year_start
from businesscase.cases.errors import unknown_name
from businesscase.cases.parameters import Parameters, stated_dates, terms_of
from businesscase.cases.schema import CaseFile
from businesscase.cases.validation.core import (
    Tables,
    has_recurring_flows,
    out_before_in,
    rules_with_data,
    service_costs,
    staying,
)
from businesscase.cases.validation.plan import plan_parameter_faults
from businesscase.cases.validation.shared import evidence_of_others


class Known:
    """What a case has that the parameters of a scenario may name, looked up once for all of them.

    Parameters
    ----------
    file : CaseFile
        What case.toml says.
    tables : mapping of DataFrame
        The tables of the case.
    """

    def __init__(self, file: CaseFile, tables: Tables):
        self.file, self.tables = file, tables

    @cached_property
    def partners(self) -> list[str]:
        """Partners that stay."""
        return staying(self.tables["partners"])

    @cached_property
    def names(self) -> dict[str, list[str]]:
        """What each kind of name may be."""
        risks = self.tables["risks"]
        placed = risks[(risks["likelihood"] != "") & (risks["impact"] != "")]
        levels = self.tables["risk_levels"]
        return {
            "option": list(self.tables["options"]["option"]),
            "factor": list(self.tables["factors"]["factor"]),
            "task": [str(task) for task in self.tables["tasks"]["task"]],
            "area": list(self.tables["readiness_areas"]["area"]),
            "risk": list(placed["risk"].astype(str)),
            **{
                axis: list(levels.loc[levels["axis"] == axis, "level"])
                for axis in ("likelihood", "impact")
            },
        }

    @cached_property
    def rules(self) -> list[str]:
        """Rules of apportionment that the case has the numbers for."""
        return rules_with_data(self.tables)

    @cached_property
    def recurs(self) -> bool:
        """Whether the case has money that recurs."""
        return has_recurring_flows(self.tables)

    @cached_property
    def flows_of(self) -> dict[str, set[str]]:
        """By option the kinds of its flows."""
        return {option: set(of) for option, of in self.tables["flows"].groupby("option")["flow"]}

    @cached_property
    def pooled(self) -> dict[str, str]:
        """By what is shared the first line that no rule of its own splits, for those that have one."""
        flows = self.tables["flows"]
        lines = flows[(flows["partner"] == SHARED) & (flows["split"] == "")]
        saving = lines["flow"] == "saving"
        of = {"cost": lines[~saving], "saving": lines[saving]}
        return {kind: rows["line"].iloc[0] for kind, rows in of.items() if len(rows)}

    @cached_property
    def weights(self) -> dict[str, float]:
        """By factor its weight."""
        return self.tables["factors"].set_index("factor")["weight"].to_dict()

    @cached_property
    def dates(self) -> dict[str, dict[str, int]]:
        """When partners join and leave by partners.csv."""
        return {kind: stated_dates(self.tables["partners"], kind) for kind in ("joins", "leaves")}

    @cached_property
    def drivers(self) -> dict[str, dict[str, float]]:
        """By driver the first number of each partner."""
        return {
            driver: rows.drop_duplicates("partner").set_index("partner")["value"].to_dict()
            for driver, rows in self.tables["drivers"].groupby("driver", sort=False)
        }


def parameter_faults(known: Known, parameters: Parameters) -> Iterator[str]:
    """Yield one sentence for each parameter that names what the case does not have."""
    file, tables, partners = known.file, known.tables, known.partners
    named = {
        "option": ([parameters.option], known.names["option"]),
        "joins": (parameters.joins, partners),
        "leaves": (parameters.leaves, partners),
        "user_growth": (parameters.user_growth, partners),
        "weights": (parameters.weights, known.names["factor"]),
        "extra_days": (parameters.extra_days, known.names["task"]),
        "readiness_scores": (parameters.readiness_scores, known.names["area"]),
        "readiness_scores partner": (
            [name for scores in parameters.readiness_scores.values() for name in scores],
            partners,
        ),
    }
    named |= _named_by_table(known, parameters)
    for parameter, (found, allowed) in named.items():
        for name in found:
            if name and name not in allowed:
                yield unknown_name(parameter, name, allowed)
    option = parameters.option or file.preferred_option
    if parameters.realisation != 1 and "saving" not in known.flows_of.get(option, ()):
        yield (
            f"realisation is {parameters.realisation:g}, but option {option} states no saving for it "
            "to move; running_cost_change moves the cost of a service"
        )
    term = file.last_year - file.decision_year
    horizon = term if parameters.horizon_years is None else parameters.horizon_years
    if horizon > term:
        yield f"horizon_years is {horizon}; the case's term is {term} years"
    if term >= 0:  # else said of case.toml
        years = range(file.decision_year, file.decision_year + min(horizon, term) + 1)
        yield from _membership_faults(known, parameters, option, years)
        yield from _end_faults(parameters, years)
    if parameters.weights and not any({**known.weights, **parameters.weights}.values()):
        yield "weights are all 0; at least one must be above 0"
    if parameters.realisation_from == "reference_class":
        others = evidence_of_others(file, tables)
        count = int((others["measure"] == "realisation").sum())
        if count < FEWEST:
            cases = "1 case" if count == 1 else f"{count or 'no'} cases"
            yield (
                f"realisation_from is 'reference_class', but evidence.csv has {cases} of realisation in "
                f"{' and '.join(file.evidence_classes)}; an interval needs {FEWEST}, so pool another "
                "class in case.toml (pooled_classes), or draw from the range"
            )
    yield from plan_parameter_faults(tables, parameters)
    yield from _score_faults(tables, parameters)
    yield from _rule_faults(known, parameters)


def _membership_faults(
    known: Known, parameters: Parameters, option: str, years: range
) -> Iterator[str]:
    """Yield faults of who joins and leaves when, and on which terms."""
    partners = known.partners
    joins, leaves = ({**of, **getattr(parameters, kind)} for kind, of in known.dates.items())
    dated = [name for name in {**joins, **leaves} if name in partners]
    misdated = [
        name for name in dated if name in leaves and leaves[name] <= joins.get(name, years[0])
    ]
    for name in misdated:
        if name in {*parameters.joins, *parameters.leaves}:  # else partners.csv says so itself
            yield out_before_in(name, leaves[name], joins.get(name, years[0]))
    if misdated:
        return
    leavers = [name for name in dated if leaves.get(name, years[-1] + 1) <= years[-1]]
    joiners = [name for name in dated if years[0] < joins.get(name, years[0]) <= years[-1]]
    if (leavers or joiners) and not known.recurs:
        kind, name = ("leaves", leavers[0]) if leavers else ("joins", joiners[0])
        yield f"{kind} names {name!r}; the case has no money that recurs for a partner to leave or join"
        return
    joined = {
        year: [name for name in partners if joins.get(name, years[0]) <= year] for year in years
    }
    for year, names in joined.items():
        if all(leaves.get(name, years[-1] + 1) <= year for name in names):
            yield (
                f"joins and leaves: no partner takes part in {year_label(year)}; one must in every year from "
                f"{year_label(years[0])} to {year_label(years[-1])}"
            )
            break
    yield from _nil_driver_faults(known.drivers, joined)
    terms = terms_of(known.tables["exit_terms"], parameters)
    if terms["stranded_fraction"]:
        for leaver in leavers:
            yield from _stranded_faults(known, option, leaver)
    beyond = [name for name in parameters.leaves if name in partners and name not in leavers]
    for name in beyond if parameters.exit_charge else []:
        yield (
            f"exit_charge is {parameters.exit_charge:,.0f}, paid in the first year out, which is "
            f"{leaves[name]} for {name}, but the appraisal ends in {years[-1]}; let it leave earlier, or set "
            "exit_charge to 0"
        )


def _nil_driver_faults(
    drivers: dict[str, dict[str, float]], joined: dict[int, list[str]]
) -> Iterator[str]:
    """Yield drivers that are nil for all that have joined by some year, which no rule can divide by."""
    for driver, values in drivers.items():
        nil = [
            year
            for year, names in joined.items()
            if names and not any(values.get(name, 0.0) for name in names)
        ]
        for year in nil[:1]:
            yield (
                f"joins: of those that take part in {year_label(year)} drivers.csv says that {driver} is nil, so "
                "that nothing can be divided by it; let one with some join sooner"
            )


def _end_faults(parameters: Parameters, years: range) -> Iterator[str]:
    """Yield that the service would end outside the appraisal."""
    ends = dt.date.fromisoformat(parameters.ends_on) if parameters.ends_on else None
    first_day, last_day = year_start(years[0]), year_end(years[-1])
    if ends and not first_day <= ends <= last_day + dt.timedelta(1):
        yield f"ends_on is {ends}; the appraisal runs from {first_day} to {last_day}"


def _stranded_faults(known: Known, option: str, leaver: str) -> Iterator[str]:
    """Yield that nothing says what a leaver pays, of which a part stays to be paid."""
    kinds = known.flows_of.get(option, set())
    is_costed = leaver in set(service_costs(known.tables)["partner"])
    if "saving" in kinds and "running_cost" not in kinds and not is_costed:
        yield (
            f"leaves names {leaver!r}, but nothing says what it pays for the service, of which "
            f"stranded_fraction stays to be paid: option {option} has no running_cost in "
            f"flows.csv and {leaver} no cost in service_costs.csv"
        )


def _named_by_table(known: Known, parameters) -> dict[str, tuple[list[str], list[str]]]:
    """Return the names in parameters that replace cells, with those that the tables allow."""
    edited, moved = parameters.scores.values(), parameters.risk_positions.values()
    return {
        "scores option": (list(parameters.scores), known.names["option"]),
        "scores factor": (
            [factor for by_factor in edited for factor in by_factor],
            known.names["factor"],
        ),
        "risk_positions risk": (list(parameters.risk_positions), known.names["risk"]),
        **{
            f"risk_positions {axis}": (
                [to[axis] for to in moved if axis in to],
                known.names[axis],
            )
            for axis in ("likelihood", "impact")
        },
    }


def _score_faults(tables: Tables, parameters) -> Iterator[str]:
    factors = tables["factors"].set_index("factor") if parameters.scores else None
    for option, by_factor in parameters.scores.items():
        for factor, score in by_factor.items():
            if factor in factors.index:
                low, high = factors.loc[factor, ["lowest_score", "highest_score"]]
                if not low <= score <= high:
                    yield (
                        f"scores of {option} on {factor} is {score:g}; scores run from {low:g} "
                        f"to {high:g}"
                    )


def _rule_faults(known: Known, parameters) -> Iterator[str]:
    drivers = {*known.rules, "as_stated"}
    if parameters.phase_in_years and "revenue_budget" not in drivers:
        yield "phase_in_years needs a revenue budget of every partner in service_costs.csv"
    for kind in ("cost", "saving"):
        rule = getattr(parameters, f"{kind}_apportionment")
        if rule not in drivers:
            yield f"{kind}_apportionment is {rule!r}; the case has data for {', '.join(sorted(drivers))}"
        mix = getattr(parameters, f"{kind}_mix")
        for name in mix:
            if name not in drivers - {"as_stated"}:
                yield unknown_name(f"{kind}_mix", name, sorted(drivers - {"as_stated"}))
        if mix and not any(mix.values()):
            yield f"{kind}_mix is all 0; at least one weight must be above 0"
        if rule == "as_stated" and not mix and kind in known.pooled:
            yield (
                f"{kind}_apportionment is 'as_stated', but flows.csv pools "
                f"{known.pooled[kind]!r}; name a rule that splits it"
            )
