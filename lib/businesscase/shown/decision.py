"""What notebook 07 shows: the criteria, the recommendation that follows, and what would turn it."""

from collections.abc import Iterable

import pandas as pd
import plotly.graph_objects as go

from businesscase.calculations.apportionment import ALL
from businesscase.calculations.decision import (
    EACH_PARTNER,
    ITSELF,
    MET,
    NOT_KNOWN,
    NOT_MET,
    STOPS,
    figure_of,
    is_its_own_figure,
    threshold_doubts,
)
from businesscase.calculations.wording import (
    capitalised,
    listed,
    part_of,
    short_day,
    without_files,
    worded,
    words,
    year_label,
)
from businesscase.cases.parameters import label_of
from businesscase.shown import outturn
from businesscase.shown.columns import OUTCOME_SIGNS
from businesscase.shown.display import (
    ABREAST,
    BLUE,
    Chart,
    Sentence,
    Table,
    absent,
    chart,
    named_tiles,
    table,
)
from businesscase.shown.looks import OUTCOMES
from businesscase.shown.savings import input_value
from businesscase.study import Study

NO_CRITERION = "The case has no criterion, so nothing tells whether to go on"


def recommended(study: Study) -> str:
    """Return the recommendation, of which a review that is red is a part."""
    red = ", and the review is red" if outturn.is_red(study) else ""
    return f"{study.decision.recommendation.capitalize()}{red}"


def missing(study: Study) -> str:
    """Return what is missing where the case is not ready to decide, blank if nothing is."""
    return " ".join(map(without_files, study.decision.missing.values()))


def answer(study: Study) -> Sentence:
    """State the recommendation with its reasons, after what has come of it if results are in."""
    gates = study.decision.gates
    if gates.empty:
        return Sentence(f"**Not known.** {NO_CRITERION}.")
    said = [
        *outturn.in_short(study),
        f"**{recommended(study)}.**",
        missing(study),
        *gates.loc[gates["outcome"] == NOT_MET, "reason"].map(without_files),
    ]
    for outcome, said_of in ((NOT_KNOWN, "Not known"), (MET, "Met")):
        listed_here = (gates["outcome"] == outcome) & ~gates["criterion"].isin(
            study.decision.missing
        )
        criteria = list(gates.loc[listed_here, "criterion"])
        if criteria:
            said.append(f"{said_of}: {listed(criteria)}.")
    return Sentence(" ".join(filter(None, said)))


def reasons(study: Study) -> Table:
    """Show each criterion with what was found and why it is met or not."""
    gates = study.decision.gates
    tests = zip(gates["comparison"], gates["threshold"], gates["unit"], strict=True)
    said = gates.assign(
        found=[_found(gate) for gate in gates.itertuples()],
        must_be=[f"{words(test)} {worded(threshold, unit)}" for test, threshold, unit in tests],
        if_not_met=gates["if_not_met"].replace("condition", "a condition"),
        set_by=[_set_by(study, gate) for gate in gates.itertuples()],
        why_this_threshold=gates["note"],
    )
    columns = ["criterion", "question", "found", "must_be", "outcome", "if_not_met", "set_by", "why_this_threshold"]  # fmt: skip
    return table(said[columns], "The criteria, what was found, and the outcome of each", NO_CRITERION)  # fmt: skip


def reasons_in_brief(study: Study) -> Table:
    """Show each criterion with what was found, the worst first."""
    shown = reasons(study)
    if shown.empty:
        return shown
    worst = shown["outcome"].map([NOT_MET, NOT_KNOWN, MET].index).sort_values(kind="stable")
    columns = ["criterion", "found", "must_be", "outcome", "if_not_met"]
    return table(shown.frame.loc[worst.index, columns], shown.caption)


def _set_by(study: Study, gate) -> str:
    """Return who set a threshold and when, whether it is assumed, and what to doubt of it."""
    said = gate.set_by if pd.isna(gate.set_on) else f"{gate.set_by}, {short_day(gate.set_on)}"
    is_ours = ["assumed"] if gate.status == "assumed" else []
    doubts = [*is_ours, *threshold_doubts(gate, study.decision.figures_date)]
    return f"{said} ({'; '.join(doubts)})" if doubts else said


def _found(gate) -> str:
    of_each = gate.tested_item == EACH_PARTNER or gate.year is not None
    said = _amount(gate) + (figure_of(gate.item, gate.year) if of_each else "")
    if is_its_own_figure(gate):
        said += f" ({ITSELF})"
    return said


def _amount(gate) -> str:
    """Return what was found."""
    if gate.found is None:
        return "not given"
    return worded(gate.found, gate.unit)


def reasons_in_words(study: Study) -> Sentence:
    """Say of each criterion, in a sentence with its figure, why it is met or not."""
    gates = study.decision.gates
    order = gates["outcome"].map({NOT_MET: 0, NOT_KNOWN: 1, MET: 2})
    sentences = gates.loc[order.sort_values(kind="stable").index, "reason"].map(without_files)
    if gates.empty:
        return Sentence(f"{NO_CRITERION}.")
    return Sentence("\n".join(f"- {sentence}" for sentence in sentences))


def gates_chart(study: Study) -> Chart | Table:
    """Draw the outcome of every criterion under every scenario."""
    if study.decision.gates.empty:
        return absent(NO_CRITERION)
    studies = {name: _decided(study, name) for name in study.case.scenarios}
    criteria = list(study.decision.gates["criterion"])
    outcomes = pd.DataFrame(
        {
            name: other.decision.gates.set_index("criterion")["outcome"].loc[criteria]
            for name, other in studies.items()
        }
    ).T
    titles = {name: study.case.scenarios[name].title for name in studies}
    rows = {name: _wrapped(title, 32) for name, title in titles.items()}
    rows[study.scenario_name] = f"<b>{rows[study.scenario_name]}</b>"
    recommended = [_wrapped(other.decision.recommendation, 12) for other in studies.values()]
    grid = outcomes.set_axis([rows[name] for name in outcomes.index])
    figure = outcome_tiles(grid, recommended, [BLUE] * len(grid))
    same = [
        name
        for name, other in studies.items()
        if other.decision.recommendation == study.decision.recommendation
    ]
    those = capitalised(part_of(len(same), len(studies), "scenario"))
    verb = "leads" if len(same) == 1 else "lead"
    title = f"{those} {verb} to the same recommendation: {study.decision.recommendation}"
    said = [f"{titles[name]}: {other.decision.recommendation}" for name, other in studies.items()]
    data = with_recommendations(outcomes, studies.values(), titles.values())
    return chart(figure, title, f"{'; '.join(said)}.", data, 190 + 44 * len(studies), t=150)


def outcome_tiles(outcomes: pd.DataFrame, recommended: list[str], colours: list[str]) -> go.Figure:
    """Return tiles of the outcomes of criteria, the recommendation first; of many a tile has the sign alone.

    Parameters
    ----------
    outcomes : DataFrame
        A row a scenario, as it is named, and a column a criterion.
    recommended, colours : list of str
        What is recommended in each row, and the colour of that tile.
    """
    crowded = outcomes.shape[1] >= ABREAST
    signs = {outcome: sign[:1] if crowded else sign for outcome, sign in OUTCOME_SIGNS.items()}
    texts = outcomes.map(signs.get)
    texts.columns = [_wrapped(criterion, 20 if crowded else 13) for criterion in outcomes]
    texts.insert(0, "<b>recommendation</b>", [f"<b>{said}</b>" for said in recommended])
    fills = [
        [(colour, "white"), *(OUTCOMES[outcome] for outcome in row)]
        for colour, row in zip(colours, outcomes.to_numpy(), strict=True)
    ]
    figure = named_tiles(texts, fills, first=2.0 if crowded else 1.3)
    if crowded:
        key = "   ".join(OUTCOME_SIGNS.values())
        figure.add_annotation(
            text=key,
            x=0,
            xref="paper",
            y=0,
            yref="paper",
            yshift=-4,
            yanchor="top",
            showarrow=False,
        )
    return figure


def with_recommendations(
    outcomes: pd.DataFrame, studies: Iterable[Study], titles: Iterable[str]
) -> pd.DataFrame:
    """Return the outcomes of criteria by scenario as a table says them, the recommendation first."""
    first = pd.Series([study.decision.recommendation for study in studies], outcomes.index)
    said = pd.concat(  # a criterion may have any name
        [first.to_frame("Recommendation"), outcomes.map(OUTCOME_SIGNS.get)], axis="columns"
    )
    return said.set_axis(pd.Index(list(titles), name="Scenario"))


def _decided(study: Study, name: str) -> Study:
    """Return the study itself for its own scenario, so that knobs turned by hand are shown."""
    return study if name == study.scenario_name else study.in_scenario(name)


def _wrapped(text: str, width: int = 13) -> str:
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "<br>".join(lines)


def by_partner(study: Study) -> Table:
    """Show what became of each criterion that is tested for each partner."""
    worst = study.decision.by_partner
    said = worst.assign(
        partner=worst["item"],
        worst_in=["the whole term" if year is None else year_label(year) for year in worst["year"]],
        found=[_amount(gate) for gate in worst.itertuples()],
    )
    return table(
        said[["criterion", "partner", "worst_in", "found", "outcome"]],
        "Criteria of each partner, with its worst figure",
        absent="No criterion is tested for each partner",
    )


def turning_answer(study: Study) -> Sentence:
    """Name the smallest single change that would turn the recommendation, or say that there is none."""
    changes = study.decision.turning_changes_shown
    turning = changes[changes["value"].notna()].sort_values("steps", kind="stable")
    tried = turning[turning["within_tried"]]
    now = study.decision.recommendation
    if len(tried):
        row = tried.iloc[0]
        said = (
            f"**The smallest single change that would turn '{now}' into '{row['then']}': "
            f"{_change(row)}.** {_otherwise(study, row)}"
        )
    elif changes.empty:
        said = f"**No parameter moves a criterion of this case, so none would turn '{now}'.**"
    else:
        said = (
            f"**No single change within the ranges tried would turn '{now}'**: "
            f"{len(changes)} {'parameter was' if len(changes) == 1 else 'parameters were'} tried, "
            "one at a time."
        )
        if len(turning):
            row = turning.iloc[0]
            said += f" Beyond them the nearest is {_change(row)}, which gives '{row['then']}'."
    return Sentence(f"{said} {_what_holds_it(study)}".strip())


def _otherwise(study: Study, row: pd.Series) -> str:
    outcomes = study.decision.gates.set_index("criterion")["outcome"]
    lost = [name for name in row["criteria"] if outcomes[name] == MET]
    won = [name for name in row["criteria"] if outcomes[name] != MET]
    parts = [
        f"{listed(names)} would {'no longer' if names is lost else 'then'} be met"
        for names in (lost, won)
        if names
    ]
    said = ", and ".join(parts)
    return f"{capitalised(said)}." if said else ""


def _what_holds_it(study: Study) -> str:
    """Say what keeps the recommendation from being go, whatever one parameter does."""
    gates = study.decision.gates
    stopping = gates[(gates["outcome"] == NOT_MET) & (gates["if_not_met"] == STOPS)]
    unknown = list(gates.loc[gates["outcome"] == NOT_KNOWN, "criterion"])
    if len(stopping):
        return f"It is stop as long as this is not met: {listed(stopping['criterion'])}."
    if study.decision.missing:
        return f"It is {study.decision.recommendation} as long as this stands: {missing(study)}"
    if unknown:
        return f"It can't be go as long as this is not known: {listed(unknown)}."
    return ""


def _change(row: pd.Series) -> str:
    label = _label(row["parameter"])
    of = f" of {row['item']}" if row["item"] != ALL else ""
    then, now = (input_value(row["parameter"], row[name]) for name in ("value", "current"))
    return f"{label[:1].lower()}{label[1:]}{of}: {then} (now {now})"


def parameter_names(changes: pd.DataFrame) -> pd.Index:
    """Return what a reader calls the parameters of turning changes, a readiness score by what it is of."""
    named = zip(changes["parameter"], changes["item"], strict=True)
    names = [_label(name) + ("" if item == ALL else f", {item}") for name, item in named]
    return pd.Index(names, name="parameter")


def _label(parameter: str) -> str:
    return "Readiness score" if parameter == "readiness_scores" else label_of(parameter)
