"""What notebook 07 shows of finding out and stopping: what to find out first, and the worth of stages."""

from collections.abc import Iterable

import pandas as pd
import plotly.graph_objects as go

from businesscase.calculations.apportionment import ALL
from businesscase.calculations.decision import NOT_KNOWN
from businesscase.calculations.wording import (
    capitalised,
    chance_in_words,
    in_words,
    listed,
    percent,
)
from businesscase.shown.common import together
from businesscase.shown.display import TEAL, Chart, Sentence, Table, absent, chart
from businesscase.shown.savings import input_name
from businesscase.study import Study
from businesscase.study.value import COMMIT, GROUP, IN_STAGES, PERFECT, RIGHT

ALL_PARTNERS = "all partners together"
NO_CHOICE = "No option has money that recurs, so nothing tells what to find out first"
NO_STAGES = "No stages are given, so all is committed at once"
ERRORS = 2  # standard errors from nil within which a value is none
SCALES = (", multiple of plan", " (0 not at all, 1 the worst)")


def information_answer(study: Study) -> Sentence | Table:
    """Say which figure to find out first, what that is worth at most, and what all else is."""
    if not study.value.is_known:
        return absent(NO_CHOICE)
    found = _by_worth(study, ALL)
    single, perfect = found[_is_input(found)], found.set_index("item").at[PERFECT, "value"]
    now = f"As things stand the best choice is {_named(study, study.value.best_now[ALL])}."
    telling = single[single["value"] > ERRORS * single["error"]]
    if telling.empty:
        said = "**There is no figure to find out first:** none alone would change the choice."
    else:
        first, rest = telling.iloc[0], single["value"].drop(telling.index[0])
        others = f"all else at most {in_words(rest.max())}" if rest.any() else "all else nothing"
        said = (
            f"**Find out “{_label(study, first['item'])}” first: worth up to "
            f"{in_words(first['value'])}; {others}.**"
        )
    limit = (
        f"To know everything that is drawn would be worth {in_words(perfect)} to {together(study, ALL_PARTNERS)}, "
        "so no enquiry is worth more."
        if perfect
        else "No future that is drawn makes another choice better by enough to count, so no enquiry pays."
    )
    return Sentence(" ".join(filter(None, [said, now, limit, _others_first(study, telling)])))


def _others_first(study: Study, telling: pd.DataFrame) -> str:
    """Say for which partners another figure comes first."""
    first = set(telling["item"].head(1))
    said = []
    for partner in study.partners:
        own = _by_worth(study, partner)
        own = own[_is_input(own) & (own["value"] > ERRORS * own["error"])]
        if len(own) and own["item"].iloc[0] not in first:
            label, worth = _label(study, own["item"].iloc[0]), in_words(own["value"].iloc[0])
            said.append(f"To {partner} alone “{label}” comes first, worth up to {worth}.")
    return " ".join(said)


def _is_input(table: pd.DataFrame) -> pd.Series:
    return ~table["kind"].isin([PERFECT, GROUP])


def _by_worth(study: Study, to: str) -> pd.DataFrame:
    table = study.value.information
    return table[table["to"] == to].sort_values("value", ascending=False, kind="stable")


def _named(study: Study, option: str) -> str:
    """Return what a reader calls a choice; the comparator's letter is blank if the case names none."""
    if not option:
        return "to go on as today"
    names = study.tables["options"].set_index("option")["name"]
    return f"option {option} ({names[option]})" if option in names else f"option {option}"


def _label(study: Study, item: str) -> str:
    label = input_name(study, item)
    for scale in SCALES:
        label = label.removesuffix(scale)
    return label


def names(study: Study, items: Iterable[str]) -> pd.Index:
    """Return what a reader calls what can be found out."""
    return pd.Index([_row_label(study, item) for item in items], name="what_is_found_out")


def _row_label(study: Study, item: str) -> str:
    if item == PERFECT:
        return "Everything"
    if item in study.value.groups:
        return capitalised(item.replace("cause: ", "all that follows the cause: "))
    return _label(study, item)


def information_chart(study: Study) -> Chart | Table:
    """Draw what it is worth to all to find out each input that would change the choice."""
    if not study.value.is_known:
        return absent(NO_CHOICE)
    table = _by_worth(study, ALL)
    table = table[(table["value"] > 0) & (table["kind"] != GROUP)]
    if not _is_input(table).any():
        return absent("Nothing that could be found out alone would change the choice")
    labels = names(study, table["item"])
    figure = go.Figure()
    figure.add_bar(
        y=list(labels),
        x=list(table["value"]),
        orientation="h",
        marker={"color": TEAL},
        text=[in_words(value) for value in table["value"]],
        textposition="outside",
        cliponaxis=False,
    )
    figure.update_xaxes(
        title="Worth of finding it out before choosing (£)",
        tickformat=",.0f",
        range=[0, 1.2 * table["value"].max()],
        nticks=6,
    )
    figure.update_yaxes(autorange="reversed", showgrid=False)
    title = f"To know everything would be worth {in_words(table['value'].iloc[0])}"
    description = (
        f"Each bar is what {together(study, ALL_PARTNERS)} would gain at most by knowing the figure before they "
        "choose; none is longer than that of everything."
    )
    columns = {"value": "Worth to all at most (£)", "error": "Standard error (£)"}
    data = table.set_axis(labels.rename("What is found out"))[list(columns)]
    return chart(figure, title, description, data.rename(columns=columns), 150 + 50 * len(table))


def not_valued(study: Study) -> Sentence | Table:
    """Say what is not known and has no range, so that finding it out is not valued."""
    if not study.value.is_known:
        return absent(NO_CHOICE)
    by_reason: dict[str, list[str]] = {}
    for item, reason in study.value.not_valued.items():
        by_reason.setdefault(reason, []).append(item)
    said = [f"{listed(items)}, as {_plural(why, items)}" for why, items in by_reason.items()]
    gates = study.decision.gates
    unknown = list(gates.loc[gates["outcome"] == NOT_KNOWN, "criterion"])
    if unknown:
        said.append(f"what the criteria need that are not known: {listed(unknown)}")
    if not said:
        return Sentence("Nothing that may differ is left without a value.")
    return Sentence("**Not valued:** " + "; ".join(said) + ".")


def _plural(reason: str, items: list[str]) -> str:
    said = reason.partition(" in ")[0]  # what follows is the file to write it into
    return said.replace("it has", "they have") if len(items) > 1 else said


def stages_answer(study: Study) -> Sentence | Table:
    """Say what the right to stop adds, and where it would be used."""
    if not study.value.has_stages:
        return absent(NO_STAGES)
    worth, stopped = study.value.staged["value"], study.value.stopped
    now, staged, right = (in_words(worth[item]) for item in (COMMIT, IN_STAGES, RIGHT))
    both = f"committed to at once the option is worth {now} to {together(study, ALL_PARTNERS)}, in stages {staged}"
    used = [
        f"at “{gate}” in {chance_in_words(share)} of futures"
        for gate, share in stopped[stopped > 0].items()
    ]
    if used:
        return Sentence(
            f"**The right to stop is worth {right}:** {both}. The work would stop {listed(used)}."
        )
    why = (
        "what is seen at a gate would not make it better to stop"
        if worth[IN_STAGES] > 0
        else "it isn't worth beginning, even with the right to stop"
    )
    return Sentence(f"**The right to stop is worth nothing here:** {why}; {both}.")


def told(study: Study) -> pd.Series:
    """Return what each gate tells of, with the part of the variance that it settles."""
    drawn = set(study.uncertainty.uncertain_inputs["name"])
    said = {
        gate: "; ".join(
            f"{_label(study, name)} ({percent(part, 0) if name in drawn else 'certain in this scenario'})"
            for name, part in reveals.items()
        )
        for gate, reveals in study.value.stages["reveals"].items()
    }
    return pd.Series(said, dtype=object)
