"""What notebook 08 shows: the scenarios of a case side by side, why they differ, what is regretted."""

import datetime as dt
import textwrap
from collections import Counter

import pandas as pd
import plotly.graph_objects as go

from businesscase.calculations import regret
from businesscase.calculations.apportionment import ALL
from businesscase.calculations.wording import (
    capitalised,
    in_words,
    listed,
    part_of,
    percent,
    printed,
    setting,
    without_files,
    words,
)
from businesscase.cases.case import BASE
from businesscase.cases.parameters import MEMBERSHIP, Parameters, label_of, unit_of
from businesscase.shown.columns import TOTAL
from businesscase.shown.decision import outcome_tiles, with_recommendations
from businesscase.shown.display import (
    BLUE,
    COLOURS,
    GREY,
    Chart,
    Sentence,
    Table,
    absent,
    chart,
    named_tiles,
    with_legend,
)
from businesscase.shown.looks import BAD, GOOD, OPEN
from businesscase.shown.savings import membership
from businesscase.study import Study, comparison

NO_MONEY = "The case states no money, so no scenario has a worth"
NO_CHOICE = (
    "The case has neither money that recurs nor scores of several options, so no regret is known"
)
NO_EXPOSURE = "The case has neither a risk register nor a work plan, so no scenario has an exposure or a finish"
EFFECTS = "What each scenario changes, and what each change alone does to the net present value of the base"
NO_EFFECTS = "What each scenario changes; what that is worth is not known"
NO_SECOND = "There is no second future, so none can be left out"
NO_RIVAL = "The case has no scenario besides the base, so nothing leads from one to another"
TOGETHER = "Acting together"
TOTALS = pd.Index(
    [
        "Partners' parts add up to the whole in every scenario",
        "Effects of the changes add up to the difference from the base",
    ],
    name="what_must_hold",
)
MUCH = 0.1  # of the largest worth: a regret above it is coloured as one
FEW = 12  # rows up to which a chart gives each of them two lines
NAMES = {
    # parameters by name, whose own labels say where their values are read from
    "cost_mix": "Mix of rules that shares costs",
    "extra_days": "Working days added",
    "readiness_scores": "Readiness score",
    "risk_positions": "Position of a risk",
    "saving_mix": "Mix of rules that shares savings",
    "scores": "Score of an option",
    "weights": "Weight of a factor",
}
LACKING = {
    # what a case without data on it can't tell, what it would need, and what would be known before
    "net_present_value": ("net present value and payback", "money", ""),
    "winner": ("which option scores highest", "scores of options", ""),
    "risks_above_appetite": ("exposure to risk", "risk register", ""),
    "expected_cost": ("expected cost of risks and contingency", "costs of risks", "risks_above_appetite"),
    "finish": ("finish and chance of the deadlines", "work plan", ""),
    "finish_p80": ("how sure the finish is", "ranges of task durations", "finish"),
    "deadline_chance": ("the chance of the deadlines", "deadlines", "finish_p80"),
}  # fmt: skip


def answer(study: Study) -> Sentence:
    """Say how many scenarios lead to one recommendation, what they are worth, and what is regretted."""
    table = comparison.outcomes(study)
    said = [_agreement(table)]
    if comparison.has_money(study):
        said.append(_span(table))
    chosen = comparison.choices(study)
    said.append(f"{NO_CHOICE}." if chosen.values.empty else _least(chosen))
    return Sentence(" ".join(said))


def _agreement(table: pd.DataFrame) -> str:
    counts = table["recommendation"].value_counts()
    now = table.at[BASE, "recommendation"]
    if len(table) == 1:
        return f"**The case has one scenario, which leads to '{now}'.**"
    others = [f"'{name}' {_where(table, name)}" for name in counts.index if name != now]
    if not others:
        every = capitalised(part_of(len(table), len(table), "scenario"))
        return f"**{every} lead to the same recommendation: {now}.**"
    return (
        f"**{part_of(counts[now], len(table), 'scenario')} {'leads' if counts[now] == 1 else 'lead'} to "
        f"'{now}', as the base does; "
        f"it is {listed(others)}.**"
    )


def _where(table: pd.DataFrame, recommendation: str) -> str:
    """Say in which scenarios a recommendation is found: by title if they are few."""
    found = list(table.index[table["recommendation"] == recommendation])
    if len(found) > 2:
        return f"in {len(found)}"
    return f"under {listed([_quoted(table, name) for name in found])}"


def _span(table: pd.DataFrame) -> str:
    has_risks = table["risk_adjusted_npv"].notna().all()
    worth = table["risk_adjusted_npv" if has_risks else "net_present_value"].round(2)
    said = "The net present value" + (", less the risks that are left," if has_risks else "")
    if worth.max() - worth.min() < 0.5:
        return f"{said} is {in_words(worth.iloc[0])} throughout."
    return (
        f"{said} runs from {in_words(worth.min())} ({_quoted(table, worth.idxmin())}) to "
        f"{in_words(worth.max())} ({_quoted(table, worth.idxmax())})."
    )


def _quoted(table: pd.DataFrame, scenario: str) -> str:
    return f"“{table.at[scenario, 'title']}”"


def _least(chosen: comparison.Choices) -> str:
    """Name the choice with the least maximum regret, and the one that is best most often."""
    least = regret.least_regretted(chosen.values)
    largest = regret.largest_regrets(chosen.values)["regret"][least[0]]
    count, all_of = regret.best_counts(chosen.values), len(chosen.values)
    often = list(count.index[count == count.max()])
    names = _named(chosen, least)
    if round(largest, regret.ROUNDING) == 0:
        return f"Nothing is regretted with {names}: no other choice is better in any future."
    said = (
        f"The least that can be regretted is with {names}: at most {_amount(chosen, largest)} "
        "behind the best choice of any future."
    )
    if often == least:
        it = "They are" if len(least) > 1 else "It is"
        return f"{said} {it} also best in most futures: {count.max()} of {all_of}."
    best = _named(chosen, often)
    return f"{said} Best in most futures, {count.max()} of {all_of}: {best}."


def _called(chosen: comparison.Choices, choice: str) -> str:
    if chosen.kind == comparison.GO_OR_STOP:
        return f"'{chosen.names[choice].lower()}'"
    return f"option {choice} ({chosen.names[choice]})"


def _amount(chosen: comparison.Choices, value: float) -> str:
    if chosen.kind != comparison.OPTION_SCORE:
        return in_words(value)
    return f"{printed(value)} points"


# what each scenario comes to


def recommendations_chart(study: Study) -> Chart:
    """Draw the recommendation of every scenario, with the criteria that don't come out alike."""
    studies = comparison.scenario_studies(study)
    outcomes = pd.DataFrame(
        {
            name: other.decision.gates.set_index("criterion")["outcome"]
            for name, other in studies.items()
        }
    ).T
    differing = [name for name in outcomes if outcomes[name].nunique() > 1]
    alike = [name for name in outcomes if name not in differing]
    few = len(studies) <= FEW
    recommended = [
        _lines(other.decision.recommendation, 12 if few else 30) for other in studies.values()
    ]
    titles = [study.case.scenarios[name].title for name in studies]
    now = study.in_scenario(BASE).decision.recommendation
    colours = [BLUE if other.decision.recommendation == now else GREY for other in studies.values()]
    figure = outcome_tiles(outcomes[differing].set_axis(_labels(titles)), recommended, colours)
    rows = comparison.outcomes(study)
    counts = rows["recommendation"].value_counts()
    title = _tally(counts, len(rows))
    said = [f"{row.title}: {row.recommendation}" for row in rows.itertuples()]
    same = _same_everywhere(outcomes, alike)
    data = with_recommendations(outcomes[differing], studies.values(), titles)
    description = f"{'; '.join(said)}.{same}"
    return chart(figure, title, description, data, _height(len(studies), 170), t=140)


def _tally(counts: pd.Series, scenarios: int) -> str:
    """Say how many scenarios lead to each recommendation, the most frequent first."""
    (most, count), *others = counts.items()
    if not others:
        every = capitalised(part_of(scenarios, scenarios, "scenario"))
        return f"{every} {'lead' if scenarios > 1 else 'leads'} to '{most}'"
    rest = listed([f"{number} to '{name}'" for name, number in others])
    return f"{part_of(count, scenarios, 'scenario')} {'leads' if count == 1 else 'lead'} to '{most}', {rest}"


def _same_everywhere(outcomes: pd.DataFrame, alike: list[str]) -> str:
    """Say which criteria come out alike in every scenario, and how."""
    parts = [
        f"{word} in all: {', '.join(names)}"
        for word, names in (
            (found, [name for name in alike if outcomes[name].iloc[0] == found])
            for found in dict.fromkeys(outcomes[alike].iloc[0] if alike else [])
        )
    ]
    said = "; ".join(parts)
    return f" {capitalised(said)}." if said else ""


def not_known(study: Study) -> Sentence:
    """Say in a sentence what the case can't tell of its scenarios, and what it would need."""
    table = comparison.outcomes(study)
    unknown = table.isna().all()
    lacking = [
        f"{what} (the case has no {need})"
        for name, (what, need, before) in LACKING.items()
        if unknown[name] and not unknown.get(before, False)
    ]
    if not lacking:
        return Sentence("Nothing that is compared here is unknown in this case.")
    return Sentence(f"Not known in this case: {'; '.join(lacking)}.")


def worth_chart(study: Study) -> Chart | Table:
    """Draw the net present value of every scenario, the highest first, with each partner's part."""
    if not comparison.has_money(study):
        return absent(NO_MONEY)
    worths = comparison.worths(study).sort_values(ALL, ascending=False, kind="stable")
    titles = [study.case.scenarios[name].title for name in worths.index]
    labels = _labels(titles)
    figure = go.Figure()
    in_parts = 1 < len(study.partners) <= len(COLOURS)
    for number, partner in enumerate(study.partners if in_parts else [ALL]):
        figure.add_bar(
            name=TOTAL if partner == ALL else partner,
            x=list(worths[partner]),
            y=labels,
            orientation="h",
            marker={"color": COLOURS[number], "line": {"color": "white", "width": 1}},
        )
    if in_parts:
        figure.add_scatter(
            name=TOTAL,
            x=list(worths[ALL]),
            y=labels,
            mode="markers",
            marker={"symbol": "diamond", "size": 11, "color": "#0B0C0C", "line": {"color": "white", "width": 1}},
        )  # fmt: skip
    ends = worths.drop(columns=ALL).clip(lower=0).sum(axis="columns")
    for label, end, total in zip(labels, ends, worths[ALL], strict=True):
        figure.add_annotation(x=max(end, 0), y=label, text=f"<b>{in_words(total)}</b>", xanchor="left", xshift=9, showarrow=False)  # fmt: skip
    lowest = worths.drop(columns=ALL).clip(upper=0).sum(axis="columns").min()
    span = max(ends.max() - lowest, 1.0)
    figure.add_vline(x=0, line={"color": GREY, "width": 1})
    figure.update_layout(barmode="relative", bargap=0.3)
    figure.update_xaxes(title="Net present value (£)", tickformat=",.0f", range=[lowest - 0.04 * span, ends.max() + 0.2 * span], nticks=6)  # fmt: skip
    figure.update_yaxes(
        autorange="reversed", showgrid=False, tickfont={"size": 12}, type="category"
    )
    losses = int((worths[ALL] < 0).sum())
    said = [f"{title} {in_words(worth)}" for title, worth in zip(titles, worths[ALL], strict=True)]
    finding = _finding(worths[ALL], losses)
    description = f"Net present value: {'; '.join(said)}."
    data = worths[[*study.partners, ALL] if in_parts else [ALL]].rename(columns={ALL: TOTAL})
    data = data.set_axis(pd.Index(titles, name="Scenario")).add_suffix(" (£)")
    built = chart(figure, finding, description, data, _height(len(worths), 150))
    return with_legend(built) if in_parts else built


def _finding(worth: pd.Series, losses: int) -> str:
    lost = {0: "none is", 1: "one is"}.get(losses, f"{losses} are")
    if losses == len(worth):
        lost = "every one is"
    if worth.max() - worth.min() < 0.5:
        return f"Every scenario is worth {in_words(worth.iloc[0])}"
    span = f"from {in_words(worth.min())} to {in_words(worth.max())}"
    return f"The {len(worth)} scenarios are worth {span}; {lost} a loss"


# why a scenario differs


def changes_in_words(study: Study, effects: pd.DataFrame) -> pd.DataFrame:
    """Return, for each change of ``worth_effects``, what changes, from what and to what, by title of scenario."""
    rows = [_change(study, row.scenario, row.parameters) for row in effects.itertuples()]
    titles = [study.case.scenarios[name].title for name in effects["scenario"]]
    columns = ["What changes", "In the base", "Here"]
    return pd.DataFrame(rows, pd.Index(titles, name="scenario"), columns)


def _change(study: Study, scenario: str, group: tuple[str, ...]) -> tuple[str, str, str]:
    """Return what changes, from what, and to what, in words."""
    if not group:
        return TOGETHER, "–", "–"
    base, other = study.in_scenario(BASE), study.in_scenario(scenario)
    if group[0] in MEMBERSHIP:
        return "Who takes part, and on which terms", membership(base), membership(other)
    name = group[0]
    before, after = (getattr(each.parameters, name) for each in (base, other))
    if isinstance(after, dict) and not name.endswith("_mix"):
        items = _items(before, after)
        what = _name(name) + (f" ({_item(study, name, items[0])})" if len(items) == 1 else "")
        return what, *(
            "; ".join(
                (f"{_item(study, name, item)}: " if len(items) > 1 else "")
                + _entry(each, name, item)
                for item in items
            )
            for each in (base, other)
        )
    return _name(name), _setting(base, name), _setting(other, name)


def _name(parameter: str) -> str:
    described = label_of(parameter)
    return NAMES.get(parameter, described)


def _items(before: dict, after: dict) -> list[tuple]:
    """Return the keys of entries that differ, those of an entry within an entry as a pair."""
    found = []
    for key in dict.fromkeys([*before, *after]):
        one, other = before.get(key), after.get(key)
        if isinstance(one or other, dict):
            inner = dict.fromkeys([*(one or {}), *(other or {})])
            found += [(key, part) for part in inner if (one or {}).get(part) != (other or {}).get(part)]  # fmt: skip
        elif one != other:
            found.append((key,))
    return found


def _item(study: Study, parameter: str, item: tuple) -> str:
    if parameter == "extra_days":
        names = study.tables["tasks"].set_index("task")["name"].rename(str)
        return f"task {item[0]}, {names.get(item[0], 'unknown')}"
    if parameter == "scores":
        return f"option {item[0]}, {item[1]}"
    if parameter == "risk_positions":
        return f"risk {item[0]}, {item[1]}"
    return ", ".join(item)


def _entry(study: Study, parameter: str, item: tuple) -> str:
    """Return an entry as the study uses it, whether the scenario or the case's data say it."""
    if parameter == "readiness_scores":
        return printed(float(study.readiness.scores.at[item]))
    if parameter == "weights":
        return printed(float(study.options.weights[item[0]]))
    if parameter == "scores":
        return printed(float(study.options.scores.at[item]))
    if parameter == "risk_positions":
        moved = study.parameters.risk_positions.get(item[0], {}).get(item[1])
        stated = study.tables["risks"].set_index("risk")[item[1]].rename(str)
        return str(moved or stated.get(item[0], "not given"))
    value = getattr(study.parameters, parameter).get(item[0], 0.0)
    return percent(value) + " a year" if parameter == "user_growth" else printed(float(value))


def _setting(study: Study, parameter: str) -> str:
    """Return the value of a parameter in words, with its unit."""
    value = getattr(study.parameters, parameter)
    if parameter == "option":
        names = study.tables["options"].set_index("option")["name"]
        called = names.get(study.option)
        return f"option {study.option}" + (f", {called}" if called else "")
    if value in (None, "") or value == {}:
        return Parameters.model_fields[parameter].description.partition("; blank is ")[2] or "none"
    if isinstance(value, dict):
        return ", ".join(f"{words(name)} {printed(part)}" for name, part in value.items())
    if parameter == "report_date":
        return printed(dt.date.fromisoformat(value))
    if isinstance(value, bool):
        return printed(value)
    if isinstance(value, str):
        return words(value)
    unit = unit_of(parameter)
    return setting(value, unit) + (" a year" if unit == "fraction a year" else "")


def bridge_names(study: Study, steps: pd.DataFrame) -> list[str]:
    """Return what each step of ``comparison.bridge`` changes, in words."""
    scenario = comparison.rival(study)
    return [
        listed([_change(study, scenario, group)[0] for group in _groups(step)]) for step in steps.index
    ]  # fmt: skip


def _groups(step: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Return the changes of a step, those of membership as one."""
    joint = tuple(name for name in step if name in MEMBERSHIP)
    return ([joint] if joint else []) + [(name,) for name in step if name not in joint]


def bridge_answer(study: Study) -> Sentence | Table:
    """Say between which scenarios the bridge leads, how far apart they are, and what does most."""
    if not comparison.has_money(study):
        return absent(NO_MONEY)
    scenario = comparison.rival(study)
    if not scenario:
        return absent(NO_RIVAL)
    steps, title = comparison.bridge(study, scenario)[ALL], study.case.scenarios[scenario].title
    gap = steps.sum()
    if abs(gap) < 0.5:
        return Sentence(f"“{title}” is worth as much as the base, to the pound.")
    most = bridge_names(study, steps.to_frame())[steps.abs().to_numpy().argmax()]
    said = f"“{title}” is worth {in_words(abs(gap))} {'more' if gap > 0 else 'less'} than the base"
    if len(steps) == 1:
        return Sentence(f"{said}, by one change: {most}.")
    return Sentence(f"{said}, in {len(steps)} steps, of which the largest is: {most}.")


def bridge_chart(study: Study) -> Chart | Table:
    """Draw the steps from the net present value of the base to that of another scenario."""
    if not comparison.has_money(study):
        return absent(NO_MONEY)
    scenario = comparison.rival(study)
    if not scenario:
        return absent(NO_RIVAL)
    steps, worths = comparison.bridge(study, scenario), comparison.worths(study)[ALL]
    names = [study.case.scenarios[BASE].title, *bridge_names(study, steps), study.case.scenarios[scenario].title]  # fmt: skip
    amounts = [worths[BASE], *steps[ALL], worths[scenario]]
    figure = go.Figure()
    figure.add_waterfall(
        x=amounts,
        y=_labels(names),
        orientation="h",
        measure=["absolute", *["relative"] * len(steps), "total"],
        text=[in_words(amount) for amount in amounts],
        textposition="outside",
        increasing={"marker": {"color": BLUE}},
        decreasing={"marker": {"color": BAD[0]}},
        totals={"marker": {"color": GREY}},
        cliponaxis=False,
    )
    reached = [0.0, *pd.Series(amounts[:-1]).cumsum()]
    low, high = min(reached), max(reached)
    span = max(high - low, 1.0)
    figure.update_xaxes(title="Net present value (£)", tickformat=",.0f", range=[low - 0.25 * span, high + 0.25 * span], nticks=6)  # fmt: skip
    figure.update_yaxes(autorange="reversed", showgrid=False, type="category")
    said = [f"{name} {in_words(amount)}" for name, amount in zip(names, amounts, strict=True)]
    data = pd.DataFrame({"Net present value (£)": amounts}, pd.Index(names, name="Step"))
    title = f"From {in_words(amounts[0])} to {in_words(amounts[-1])}: what makes the difference"
    return chart(figure, title, f"Net present value: {'; '.join(said)}.", data, _height(len(names), 150))  # fmt: skip


def why_it_turns(study: Study) -> Sentence:
    """Say of each scenario with another recommendation which criteria make it so, with their figures."""
    turned = comparison.turning_criteria(study)
    base = study.in_scenario(BASE).decision.recommendation
    if not turned:
        return Sentence(f"No scenario turns the recommendation of the base: {base}.")
    lines = [f"In place of '{base}', the recommendation of the base:", ""]
    for name, criteria in turned.items():
        other = study.in_scenario(name)
        reasons = other.decision.gates.set_index("criterion")["reason"][criteria].map(without_files)
        title = study.case.scenarios[name].title
        lines.append(f"- **{title}: {other.decision.recommendation}.** {' '.join(reasons)}")
    return Sentence("\n".join(lines))


# what would be regretted


def regret_answer(study: Study) -> Sentence | Table:
    """Say what is chosen between, in how many futures, and which choice is regretted least."""
    chosen = comparison.choices(study)
    if chosen.values.empty:
        return absent(NO_CHOICE)
    what = {
        comparison.OPTION_WORTH: "the options that state money",
        comparison.GO_OR_STOP: "to go on, or to stop, which is worth nothing more or less than today",
        comparison.OPTION_SCORE: "the options, by their weighted scores, as no money is known of several",
    }[chosen.kind]
    futures = len(chosen.futures)
    said = [f"The choice is between {what}."]
    if (scenarios := len(study.case.scenarios)) > 1:
        moved = "the scores" if chosen.kind == comparison.OPTION_SCORE else "the money of all partners"  # fmt: skip
        said.append(
            "Scenarios that differ only in what the partners choose themselves, or in what doesn't "
            f"move {moved}, are one future: {scenarios} scenarios are {futures} "
            f"{'futures' if futures > 1 else 'future'}."
        )
    said.append(_least(chosen))
    left_out = sorted(set(study.tables["scores"]["option"]) - set(chosen.values))
    if chosen.kind == comparison.OPTION_WORTH and left_out:
        words = (
            f"Options {listed(left_out)} are" if len(left_out) > 1 else f"Option {left_out[0]} is"
        )
        said.append(
            f"{words} scored but state{'s' if len(left_out) == 1 else ''} no money, and so left out."
        )
    if chosen.kind == comparison.OPTION_WORTH and (losses := int((chosen.values.max(axis=1) < 0).sum())):  # fmt: skip
        said.append(f"In {losses} of {futures} every option costs more than today.")
    return Sentence(" ".join(said))


def regret_chart(study: Study) -> Chart | Table:
    """Draw how far each choice stays behind the best one in each future, and at most."""
    chosen = comparison.choices(study)
    if chosen.values.empty:
        return absent(NO_CHOICE)
    found = regret.regrets(chosen.values)
    largest = found.max()
    every = pd.concat([found, largest.to_frame("largest").T])
    texts = every.map(lambda value: "best" if round(value, regret.ROUNDING) == 0 else _amount(chosen, value))  # fmt: skip
    texts.loc["largest"] = [_amount(chosen, value) for value in largest]
    titles = list(futures(study, chosen))
    data = texts.set_axis(pd.Index([*titles, "Largest regret"], name="Future"))
    data.columns = [_called(chosen, name).strip("'") for name in every]
    texts.loc["largest"] = [f"<b>{text}</b>" for text in texts.loc["largest"]]
    texts.columns = [_lines(_column(chosen, name), 20) for name in every]
    texts.index = [*_labels(titles), "<b>Largest regret</b>"]
    least = regret.least_regretted(chosen.values)
    fills = [[GOOD if round(value, regret.ROUNDING) == 0 else OPEN for value in row] for row in found.to_numpy()]  # fmt: skip
    # a regret of nearly nothing isn't shown as one of much, however far behind the other choices are
    much = MUCH * chosen.values.abs().to_numpy().max()
    others = {name: BAD if largest[name] > much else OPEN for name in every}
    fills.append([(BLUE, "white") if name in least else others[name] for name in every])
    figure = named_tiles(texts, fills)
    names = listed([_called(chosen, name).split(" (")[0] for name in least])
    most = largest[least[0]]
    title = (
        f"{capitalised(names)} can be regretted least: by {_amount(chosen, most)} at most"
        if round(most, regret.ROUNDING)
        else f"No other choice is better than {names} in any future"
    )
    said = [
        f"{_called(chosen, name)} at most {_amount(chosen, value)}"
        for name, value in largest.items()
    ]
    description = f"How far each choice stays behind the best of each future: {'; '.join(said)}."
    return chart(figure, title, description, data, _height(len(every), 150), t=120)


def futures(study: Study, chosen: comparison.Choices) -> pd.Series:
    """Return the title of each future, with how many scenarios more it stands for."""
    titles = {name: study.case.scenarios[name].title for name in chosen.values.index}
    more = {name: len(chosen.futures[name]) - 1 for name in titles}
    said = {
        name: f"{title} (and {more[name]} more)" if more[name] else title
        for name, title in titles.items()
    }
    return pd.Series(said, dtype=object)


def left_out_said(table: pd.DataFrame) -> str:
    """Say how often another choice is regretted least if one future is left out (``as_now``)."""
    others = part_of((~table["as_now"]).sum(), len(table), "row")
    return f"If one future is left out; another choice is regretted least: {others}"


def totals_said(table: pd.DataFrame) -> str:
    """Say how many control totals of the comparison are what they should be (``agrees``)."""
    agreed = part_of(table["agrees"].sum(), len(table), "total")
    return f"Control totals of the comparison; in agreement: {agreed}"


def least(chosen: comparison.Choices, values: pd.DataFrame) -> str:
    """Return what a sentence calls the choices that are regretted least over some futures."""
    return _named(chosen, regret.least_regretted(values))


def _named(chosen: comparison.Choices, choices: list[str]) -> str:
    return listed(_called(chosen, name) for name in choices)


def not_among(study: Study) -> str:
    """Say why the option of the base is not among what is chosen between."""
    if comparison.choices(study).kind != comparison.OPTION_WORTH:
        return "Nothing is chosen between by what it is worth"
    return f"Option {study.option}, that of the base, has no money and is not among the choices"


def choice_names(chosen: comparison.Choices) -> pd.Index:
    """Return what a table calls the choices."""
    names = [_column(chosen, name).replace("  ", ", ") for name in chosen.values]
    return pd.Index(names, name="choice")


def _column(chosen: comparison.Choices, choice: str) -> str:
    name = chosen.names[choice]
    return name if chosen.kind == comparison.GO_OR_STOP else f"{choice}  {name}"


# labels of charts


def _height(rows: int, rest: int) -> int:
    return rest + rows * (44 if rows <= FEW + 1 else 26)


def _labels(titles: list[str]) -> list[str]:
    """Return titles as labels of rows: in two lines where there is room, else cut; no two alike."""
    labels: list[str] = []
    seen: Counter[str] = Counter()
    for title in titles:
        if len(titles) <= FEW:
            lines = textwrap.wrap(title, 42, max_lines=2, placeholder=" …")
        else:
            lines = textwrap.wrap(title, 56, max_lines=1, placeholder=" …")
        label = "<br>".join(lines or ["–"])
        labels.append(label + "\N{ZERO WIDTH SPACE}" * seen[label])  # else rows of a name are one
        seen[label] += 1
    return labels


def _lines(text: str, width: int) -> str:
    lines = textwrap.wrap(text, width, break_long_words=False)
    return "<br>".join(lines)
