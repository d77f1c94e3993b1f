"""Faults of a scenario's parameters: they name what the case does not have."""

import datetime as dt
from collections.abc import Iterator

import pandas as pd

from businesscase.calculations.apportionment import SHARED, membership
from businesscase.calculations.reference_class import FEWEST
from businesscase.calculations.wording import year_label
from businesscase.calculations.years import year_end, year_start
from businesscase.cases.errors import unknown_name
from businesscase.cases.parameters import Parameters, dates_of, terms_of
from businesscase.cases.schema import CaseFile
from businesscase.cases.validation.core import (
    Tables,
    has_recurring_flows,
    rules_with_data,
    service_costs,
    staying,
)
from businesscase.cases.validation.plan import plan_parameter_faults
from businesscase.cases.validation.shared import evidence_of_others


def parameter_faults(file: CaseFile, tables: Tables, parameters: Parameters) -> Iterator[str]:
    """Yield one sentence for each parameter that names what the case does not have."""
    partners = staying(tables)
    named = {
        "option": ([parameters.option], list(tables["options"]["option"])),
        "joins": (parameters.joins, partners),
        "leaves": (parameters.leaves, partners),
        "user_growth": (parameters.user_growth, partners),
        "weights": (parameters.weights, list(tables["factors"]["factor"])),
        "extra_days": (parameters.extra_days, [str(task) for task in tables["tasks"]["task"]]),
        "readiness_scores": (parameters.readiness_scores, list(tables["readiness_areas"]["area"])),
        "readiness_scores partner": (
            [name for scores in parameters.readiness_scores.values() for name in scores],
            partners,
        ),
    }
    named |= _named_by_table(tables, parameters)
    for parameter, (found, allowed) in named.items():
        for name in found:
            if name and name not in allowed:
                yield unknown_name(parameter, name, allowed)
    option = parameters.option or file.preferred_option
    saving = tables["flows"][(tables["flows"]["flow"] == "saving")]
    if parameters.realisation != 1 and option not in set(saving["option"]):
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
        yield from _membership_faults(tables, parameters, option, years)
        yield from _end_faults(parameters, years)
    stated = tables["factors"].set_index("factor")["weight"].to_dict()
    if parameters.weights and not any({**stated, **parameters.weights}.values()):
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
    yield from _rule_faults(tables, parameters)


def _membership_faults(
    tables: Tables, parameters: Parameters, option: str, years: range
) -> Iterator[str]:
    """Yield faults of who joins and leaves when, and on which terms."""
    partners = staying(tables)
    joins, leaves = (dates_of(tables["partners"], parameters, kind) for kind in ("joins", "leaves"))
    known = [name for name in {**joins, **leaves} if name in partners]
    misdated = [
        name for name in known if name in leaves and leaves[name] <= joins.get(name, years[0])
    ]
    for name in misdated:
        yield (
            f"leaves is {leaves[name]} for {name}, which joins in {joins.get(name, years[0])}; the first "
            "year out must be later"
        )
    if misdated:
        return
    leavers = [name for name in known if leaves.get(name, years[-1] + 1) <= years[-1]]
    joiners = [name for name in known if years[0] < joins.get(name, years[0]) <= years[-1]]
    if (leavers or joiners) and not has_recurring_flows(tables):
        kind, name = ("leaves", leavers[0]) if leavers else ("joins", joiners[0])
        yield f"{kind} names {name!r}; the case has no money that recurs for a partner to leave or join"
        return
    members = membership(partners, joins, leaves, list(years))
    for year in members.columns[~members.any()][:1]:
        yield (
            f"joins and leaves: no partner takes part in {year_label(year)}; one must in every year from "
            f"{year_label(years[0])} to {year_label(years[-1])}"
        )
    yield from _nil_driver_faults(tables, membership(partners, joins, {}, list(years)))
    terms = terms_of(tables["exit_terms"], parameters)
    if terms["stranded_fraction"]:
        for leaver in leavers:
            yield from _stranded_faults(tables, option, leaver)
    beyond = [name for name in parameters.leaves if name in partners and name not in leavers]
    for name in beyond if parameters.exit_charge else []:
        yield (
            f"exit_charge is {parameters.exit_charge:,.0f}, paid in the first year out, which is "
            f"{leaves[name]} for {name}, but the appraisal ends in {years[-1]}; let it leave earlier, or set "
            "exit_charge to 0"
        )


def _nil_driver_faults(tables: Tables, joined: pd.DataFrame) -> Iterator[str]:
    """Yield drivers that are nil for all that have joined by some year, which no rule can divide by."""
    for driver, rows in tables["drivers"].groupby("driver", sort=False):
        counts = rows.drop_duplicates("partner").set_index("partner")["value"].reindex(joined.index)
        has_some = counts.fillna(0.0).to_numpy(bool)
        for year in joined.columns[joined.any() & ~joined[has_some].any()][:1]:
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


def _stranded_faults(tables: Tables, option: str, leaver: str) -> Iterator[str]:
    """Yield that nothing says what a leaver pays, of which a part stays to be paid."""
    kinds = set(tables["flows"].loc[tables["flows"]["option"] == option, "flow"])
    is_costed = leaver in set(service_costs(tables)["partner"])
    if "saving" in kinds and "running_cost" not in kinds and not is_costed:
        yield (
            f"leaves names {leaver!r}, but nothing says what it pays for the service, of which "
            f"stranded_fraction stays to be paid: option {option} has no running_cost in "
            f"flows.csv and {leaver} no cost in service_costs.csv"
        )


def _named_by_table(tables: Tables, parameters) -> dict[str, tuple[list[str], list[str]]]:
    """Return the names in parameters that replace cells, with those that the tables allow."""
    words = {axis: list(levels["level"]) for axis, levels in tables["risk_levels"].groupby("axis")}
    edited, moved = parameters.scores.values(), parameters.risk_positions.values()
    risks = tables["risks"]
    placed = risks[(risks["likelihood"] != "") & (risks["impact"] != "")]
    return {
        "scores option": (list(parameters.scores), list(tables["options"]["option"])),
        "scores factor": (
            [factor for by_factor in edited for factor in by_factor],
            list(tables["factors"]["factor"]),
        ),
        "risk_positions risk": (list(parameters.risk_positions), list(placed["risk"].astype(str))),
        **{
            f"risk_positions {axis}": (
                [to[axis] for to in moved if axis in to],
                words.get(axis, []),
            )
            for axis in ("likelihood", "impact")
        },
    }


def _score_faults(tables: Tables, parameters) -> Iterator[str]:
    factors = tables["factors"].set_index("factor")
    for option, by_factor in parameters.scores.items():
        for factor, score in by_factor.items():
            if factor in factors.index:
                low, high = factors.loc[factor, ["lowest_score", "highest_score"]]
                if not low <= score <= high:
                    yield (
                        f"scores of {option} on {factor} is {score:g}; scores run from {low:g} "
                        f"to {high:g}"
                    )


def _rule_faults(tables: Tables, parameters) -> Iterator[str]:
    drivers = {*rules_with_data(tables), "as_stated"}
    if parameters.phase_in_years and "revenue_budget" not in drivers:
        yield "phase_in_years needs a revenue budget of every partner in service_costs.csv"
    pooled = tables["flows"][tables["flows"]["partner"] == SHARED]
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
        is_of_kind = (pooled["flow"] == "saving") == (kind == "saving")
        shared_lines = pooled[is_of_kind & (pooled["split"] == "")]
        if rule == "as_stated" and not mix and not shared_lines.empty:
            yield (
                f"{kind}_apportionment is 'as_stated', but flows.csv pools "
                f"{shared_lines['line'].iloc[0]!r}; name a rule that splits it"
            )
