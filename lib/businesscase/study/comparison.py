"""The scenarios of a case side by side: what each comes to, why it differs, what would be regretted."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial, wraps

import numpy as np
import pandas as pd

from businesscase.calculations import decision, regret, savings
from businesscase.calculations.apportionment import ALL, whole_pence
from businesscase.calculations.attribution import shapley_values
from businesscase.cases.case import BASE
from businesscase.cases.parameters import MEMBERSHIP
from businesscase.study import Study

CHOICES = (
    # what the partners choose themselves: no future differs from another by these
    "option",
    "cost_apportionment",
    "saving_apportionment",
    "cost_mix",
    "saving_mix",
    "phase_in_years",
    "no_detriment",
)
FUTURES = (
    # what moves the net present value of the partnership and is not the partners' to choose
    *savings.MOVED,
    "discount_rate",
    "horizon_years",
    "baseline_cost_change",
    "optimism_bias",
    "user_growth",
    *MEMBERSHIP,
)
GO, STOP = "go on", "stop"
OPTION_WORTH, GO_OR_STOP, OPTION_SCORE = "option worth", "go or stop", "option score"
NOTHING = "nothing"


MOST_STEPS = 6  # of a bridge, for which two to that power studies are made


@dataclass(frozen=True)
class Choices:
    """What the decision makers choose between, and what each choice comes to in each future.

    Attributes
    ----------
    kind : str
        Option worth [£], go or stop [£], option score [score], or nothing, if one can't be told from
        another: then there is no value.
    names : dict of str to str
        What each choice is called.
    values : DataFrame, future by choice
        Net present value [£] or weighted score [score]; a future is named by its first scenario.
    futures : dict of str to list of str
        The scenarios of each future: they differ in nothing that moves the values.
    draws : Series, index choice
        Share of simulated draws, or of weightings drawn, in which the choice is best [fraction].
    base : str
        The choice that is worth what the base is; blank where that is not known.
    """

    kind: str
    names: dict[str, str]
    values: pd.DataFrame
    futures: dict[str, list[str]]
    draws: pd.Series
    base: str = ""

    @property
    def unit(self) -> str:
        """Unit of the values."""
        return "score" if self.kind == OPTION_SCORE else "£"


def _remembered(compute: Callable) -> Callable:
    """Keep what is computed of a case with its base scenario, as a study keeps its own results."""

    @wraps(compute)
    def remembered(study: Study):
        memory = study.in_scenario(BASE).memory
        return memory.result(compute.__name__, partial(compute, study))

    return remembered


def scenario_studies(study: Study) -> dict[str, Study]:
    """Return the study of every scenario."""
    return {name: study.in_scenario(name) for name in study.case.scenarios}


def _settings(study: Study, names: tuple[str, ...]) -> list:
    return [getattr(study.parameters, name) for name in names]


@_remembered
def outcomes(study: Study) -> pd.DataFrame:
    """Return what each scenario comes to, blank where the case has no data.

    Returns
    -------
    DataFrame, index scenario
        ``title``, ``recommendation``, ``option`` (letter appraised), ``winner`` (letters that score
        highest), ``net_present_value``, and ``risk_adjusted_npv`` where risks are costed [£], ``payback_years`` (infinite if not within the term),
        ``expected_cost`` and ``contingency_p80`` of the risks [£], ``risks_above_appetite``,
        ``finish`` and ``finish_p80`` (dates) and ``deadline_chance`` of every deadline [fraction].
    """
    rows = {
        name: {
            "title": study.case.scenarios[name].title,
            "recommendation": other.decision.recommendation,
        }
        | dict(_of_options(other))
        | dict(_of_money(other))
        | dict(_of_risks(other))
        | dict(_of_plan(other))
        for name, other in scenario_studies(study).items()
    }
    columns = ["title", "recommendation", "option", "winner", "net_present_value", "risk_adjusted_npv", "payback_years", "expected_cost", "contingency_p80", "risks_above_appetite", "finish", "finish_p80", "deadline_chance"]  # fmt: skip
    table = pd.DataFrame.from_dict(rows, orient="index").reindex(columns=columns)
    return table.rename_axis("scenario")


def _of_options(study: Study) -> Iterator[tuple]:
    if has_money(study) or has_scores(study):
        yield "option", study.option
    if has_scores(study):
        ranking = study.options.ranking
        yield "winner", ", ".join(sorted(ranking.loc[ranking["rank"] == 1, "option"]))


def _of_money(study: Study) -> Iterator[tuple]:
    if has_money(study):
        yield "net_present_value", float(study.savings.net_present_values.sum())
        if not study.tables["risk_costs"].empty:
            yield "risk_adjusted_npv", float(study.risks.risk_adjusted_worth[ALL])
        yield "payback_years", study.decision.result("savings", "payback_years", ALL)[0]


def _of_risks(study: Study) -> Iterator[tuple]:
    if study.tables["risks"].empty:
        return
    yield "risks_above_appetite", study.risks.above_appetite
    if study.risks.costed:
        yield "expected_cost", float(study.risks.expected_costs.sum().sum())
        yield "contingency_p80", float(study.risks.contingency["p80"])


def _of_plan(study: Study) -> Iterator[tuple]:
    if study.tables["tasks"].empty:
        return
    yield "finish", study.plan.schedule["early_finish"].max()
    if study.plan.has_ranges:
        yield "finish_p80", study.plan.certain_finishes.at[ALL, "p80"]
        if ALL in study.plan.deadline_chances.index:
            yield "deadline_chance", float(study.plan.deadline_chances.at[ALL, "chance"])


def has_money(study: Study) -> bool:
    """Return whether the case states money, so that it has a worth."""
    return "savings" in study.case.section_names()


def has_scores(study: Study) -> bool:
    """Return whether the case scores its options."""
    return not study.tables["scores"].empty


@_remembered
def worths(study: Study) -> pd.DataFrame:
    """Return net present value by scenario, of all and of each partner [£]."""
    table = pd.DataFrame(
        {name: other.savings.net_present_values for name, other in scenario_studies(study).items()}
    ).T
    table.insert(0, ALL, table.sum(axis="columns"))
    return table.rename_axis("scenario")


# why a scenario differs


def changed(study: Study, scenario: str) -> list[tuple[str, ...]]:
    """Return the parameters that a scenario changes; those of membership are one change."""
    base, other = (study.in_scenario(name).parameters for name in (BASE, scenario))
    names = [
        name for name in type(base).model_fields if getattr(base, name) != getattr(other, name)
    ]
    together = tuple(name for name in names if name in MEMBERSHIP)
    return [together if name in together else (name,) for name in names if name not in together[1:]]


@_remembered
def worth_effects(study: Study) -> pd.DataFrame:
    """Return what each change of a scenario alone does to the net present value of the base.

    Returns
    -------
    DataFrame
        One row a change of a scenario: ``scenario``, ``parameters`` (a tuple; empty for what the
        changes do together beyond the sum of each alone) and ``effect`` [£].
    """
    base = study.in_scenario(BASE)
    worth = float(base.savings.net_present_values.sum())
    known: dict[str, float] = {}
    rows = []
    for name, other in scenario_studies(study).items():
        groups, total = changed(study, name), float(other.savings.net_present_values.sum()) - worth
        alone = []
        for group in groups:
            chosen = {part: getattr(other.parameters, part) for part in group}
            if len(groups) == 1:
                effect = total
            elif str(chosen) in known:
                effect = known[str(chosen)]
            else:
                effect = float(base.varied(**chosen).savings.net_present_values.sum()) - worth
            known[str(chosen)] = effect
            alone.append((name, group, effect))
        rows += alone
        if len(groups) > 1:
            rows.append((name, (), total - sum(effect for _, _, effect in alone)))
    table = pd.DataFrame(rows, columns=["scenario", "parameters", "effect"])
    return table.astype({"effect": float})


def rival(study: Study) -> str:
    """Return the study's scenario; of the base the one whose worth lies farthest from it, blank if none."""
    if study.scenario_name != BASE:
        return study.scenario_name
    worth = worths(study)[ALL]
    others = (worth - worth[BASE]).abs().drop(index=BASE)
    return str(others.idxmax()) if len(others) else ""


def bridge(study: Study, scenario: str) -> pd.DataFrame:
    """Return the steps from the worth of the base to that of a scenario, to the penny.

    A step is the mean of what a change adds over all orders in which the changes may come, so that
    none depends on which is told first. What no change moves alone stands in no step.

    Parameters
    ----------
    study : Study
        A case that states money.
    scenario : str
        Name of the scenario at the other end.

    Returns
    -------
    DataFrame, index the parameters of a step (a tuple)
        Net present value that the step adds, of all and of each partner [£].
    """
    base, other = (study.in_scenario(name) for name in (BASE, scenario))
    steps = _at_most(MOST_STEPS, changed(study, scenario))

    def worth(made: frozenset[tuple[str, ...]]) -> pd.Series:
        names = {name for step in made for name in step}
        if len(made) == len(steps):
            at = other
        else:
            at = base.varied(**{name: getattr(other.parameters, name) for name in names})
        return at.savings.net_present_values.reindex(partners, fill_value=0.0)

    partners = list(worths(study).columns.drop(ALL))
    if not steps:
        none = pd.Index([], tupleize_cols=False, name="parameters")
        return pd.DataFrame(index=none, columns=[ALL, *partners], dtype=float)
    parts = pd.DataFrame(list(shapley_values(worth, steps).values()))
    total = np.round(100 * worth(frozenset(steps))) - np.round(100 * worth(frozenset()))
    pence = whole_pence(100 * parts.to_numpy(), total.to_numpy())
    index = pd.Index(steps, tupleize_cols=False, name="parameters")
    table = pd.DataFrame(pence / 100, index, partners)
    table.insert(0, ALL, table.sum(axis="columns"))
    return table


def _at_most(count: int, steps: list[tuple[str, ...]]) -> list[tuple[str, ...]]:
    """Return steps of which the last takes in all beyond a number, as each more doubles the work."""
    if len(steps) <= count:
        return steps
    rest = tuple(name for step in steps[count - 1 :] for name in step)
    return [*steps[: count - 1], rest]


def turning_criteria(study: Study) -> dict[str, list[str]]:
    """Return, by scenario with another recommendation than the base, the criteria that make it so.

    Those that alone would give the base's recommendation back, or alone the scenario's; all that
    come out otherwise where no single one does.
    """
    base = study.in_scenario(BASE)
    return {
        name: _turning(base, other)
        for name, other in scenario_studies(study).items()
        if other.decision.recommendation != base.decision.recommendation
    }


def _turning(base: Study, other: Study) -> list[str]:
    gates = base.decision.gates.set_index("criterion")
    before, after = gates["outcome"], other.decision.gates.set_index("criterion")["outcome"]
    differing = list(before.index[before != after])

    def with_one_from(one: pd.Series, rest: pd.Series, criterion: str) -> str:
        mixed = rest.where(rest.index != criterion, one[criterion])
        return decision.recommendation(gates.assign(outcome=mixed))

    alone = [
        name
        for name in differing
        if with_one_from(before, after, name) != other.decision.recommendation
        or with_one_from(after, before, name) == other.decision.recommendation
    ]
    return alone or differing


# what would be regretted


@_remembered
def choices(study: Study) -> Choices:
    """Return what the decision makers choose between; nothing where nothing tells one from another.

    The options, if several have flows; else to go on or to stop, which is worth nothing more or
    less than today, if one has money that recurs, without which nothing says what going on brings;
    else the options by their weighted scores, if several have.
    """
    costed = _costed_options(study) if has_money(study) else []
    if len(costed) > 1:
        return _options_by_worth(study, costed)
    if study.savings.recurs:
        return _go_or_stop(study)
    if has_scores(study) and len(study.options.ranked) > 1:
        return _options_by_score(study)
    return Choices(NOTHING, {}, pd.DataFrame(dtype=float), {}, pd.Series(dtype=float))


def _costed_options(study: Study) -> list[str]:
    return sorted(study.tables["flows"]["option"].unique())


def _alike(study: Study, parameters: tuple[str, ...]) -> dict[str, list[str]]:
    """Return scenarios by the first that has the same values of parameters."""
    found: dict[str, list[str]] = {}
    for name in study.case.scenarios:
        key = str(_settings(study.in_scenario(name), parameters))
        found.setdefault(key, []).append(name)
    return {names[0]: names for names in found.values()}


def _worth_in_future(study: Study, scenario: str, option: str) -> float:
    """Return the worth of an option in a scenario's future, the partners' own choices as in the base.

    An option that changes nothing, as today, is worth nothing whoever leaves: there is nothing
    shared to leave.
    """
    base, other = study.in_scenario(BASE), study.in_scenario(scenario)
    if other.option != option or _settings(other, CHOICES) != _settings(base, CHOICES):
        future = {name: getattr(other.parameters, name) for name in FUTURES}
        other = _option_study(base, option).varied(**future)
    changes_nothing = not other.savings.planned_flows.to_numpy().any()
    return 0.0 if changes_nothing else float(other.savings.net_present_values.sum())


def _option_study(base: Study, option: str) -> Study:
    """Return the base with an option, the same study each time for one case."""
    if option == base.option:
        return base
    return base.memory.result(f"option {option}", lambda: base.varied(option=option))


def _options_by_worth(study: Study, costed: list[str]) -> Choices:
    futures = _alike(study, FUTURES)
    values = pd.DataFrame(
        {
            option: {name: _worth_in_future(study, name, option) for name in futures}
            for option in costed
        }
    )
    names = study.tables["options"].set_index("option")["name"]
    called = {option: str(names.get(option, f"option {option}")) for option in costed}
    draws = option_draws(study, costed)
    shares, own = regret.best_counts(draws) / len(draws), study.in_scenario(BASE).option
    return Choices(OPTION_WORTH, called, values, futures, shares, own)


def option_draws(study: Study, costed: list[str]) -> pd.DataFrame:
    """Return the net present value of options in the base, draw by option [£].

    What several options share is drawn alike for all of them, so that a draw is one future.
    """
    base = study.in_scenario(BASE)
    return pd.DataFrame(
        {option: _option_study(base, option).uncertainty.simulated_worth[ALL] for option in costed}
    )


def _go_or_stop(study: Study) -> Choices:
    futures = _alike(study, FUTURES)
    base = study.in_scenario(BASE)
    worth = {name: _worth_in_future(study, name, base.option) for name in futures}
    values = pd.DataFrame({GO: worth, STOP: 0.0})
    drawn = base.uncertainty.simulated_worth[ALL]
    draws = pd.Series({GO: (drawn >= 0).mean(), STOP: (drawn <= 0).mean()})
    return Choices(GO_OR_STOP, {GO: "Go on", STOP: "Stop"}, values, futures, draws, GO)


def _options_by_score(study: Study) -> Choices:
    futures = _alike(study, ("weights", "scores"))
    values = pd.DataFrame(
        {
            name: study.in_scenario(name)
            .options.ranked.set_index("option")["weighted_score"]
            .sort_index()
            for name in futures
        }
    ).T
    names = study.tables["options"].set_index("option")["name"]
    called = {option: str(names.get(option, f"option {option}")) for option in values}
    draws = study.in_scenario(BASE).options.first_shares("any").reindex(values.columns)
    return Choices(OPTION_SCORE, called, values, futures, draws)
