"""Faults of a scenario's parameters: they name what the case does not have."""

from collections.abc import Iterator

from businesscase.calculations.apportionment import SHARED
from businesscase.cases.errors import unknown_name
from businesscase.cases.schema import CaseFile
from businesscase.cases.validation.core import Tables, has_recurring_flows, rules_with_data, staying
from businesscase.cases.validation.plan import plan_parameter_faults


def parameter_faults(file: CaseFile, tables: Tables, parameters) -> Iterator[str]:
    """Yield one sentence for each parameter that names what the case does not have."""
    partners = staying(tables)
    named = {
        "option": ([parameters.option], list(tables["options"]["option"])),
        "leaver": ([parameters.leaver], partners),
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
    if bool(parameters.leaver) != (parameters.leaves_after is not None):
        yield "leaver and leaves_after go together; one is given without the other"
    if parameters.leaver and not has_recurring_flows(tables):
        yield f"leaver is {parameters.leaver!r}; the case has no money that recurs for a partner to leave"
    elif parameters.leaver and len(partners) < 2:
        yield f"leaver is {parameters.leaver!r}; no other partner stays to go on with"
    elif parameters.leaver and parameters.stranded_fraction:
        yield from _stranded_faults(tables, option, parameters.leaver)
    term = file.last_year - file.decision_year
    horizon = term if parameters.horizon_years is None else parameters.horizon_years
    if horizon > term:
        yield f"horizon_years is {horizon}; the case's term is {term} years"
    last_year = file.decision_year + horizon
    if parameters.leaves_after and not file.decision_year <= parameters.leaves_after <= last_year:
        yield (
            f"leaves_after is {parameters.leaves_after}; the appraisal runs from "
            f"{file.decision_year} to {last_year}"
        )
    if parameters.exit_charge and parameters.leaves_after == last_year:
        yield (
            f"exit_charge is {parameters.exit_charge:,.0f}, paid the year after leaves_after, but the "
            f"appraisal ends in {last_year}; let the leaver go earlier, or set exit_charge to 0"
        )
    stated = tables["factors"].set_index("factor")["weight"].to_dict()
    if parameters.weights and not any({**stated, **parameters.weights}.values()):
        yield "weights are all 0; at least one must be above 0"
    yield from plan_parameter_faults(tables, parameters)
    yield from _score_faults(tables, parameters)
    yield from _rule_faults(tables, parameters)


def _stranded_faults(tables: Tables, option: str, leaver: str) -> Iterator[str]:
    """Yield that nothing says what a leaver pays, of which a part is left to the others."""
    kinds = set(tables["flows"].loc[tables["flows"]["option"] == option, "flow"])
    is_costed = leaver in set(tables["service_costs"]["partner"])
    if "saving" in kinds and "running_cost" not in kinds and not is_costed:
        yield (
            f"leaver is {leaver!r}, but nothing says what it pays for the service, of which "
            f"stranded_fraction is left to the others: option {option} has no running_cost in "
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
        shared_lines = pooled[(pooled["flow"] == "saving") == (kind == "saving")]
        if rule == "as_stated" and not mix and not shared_lines.empty:
            yield (
                f"{kind}_apportionment is 'as_stated', but flows.csv pools "
                f"{shared_lines['line'].iloc[0]!r}; name a rule that splits it"
            )
