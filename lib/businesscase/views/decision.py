"""What notebook 07 shows: the criteria, the recommendation that follows, and what would turn it."""

import pandas as pd

from businesscase.decision import MET, NOT_KNOWN, NOT_MET, recommendation
from businesscase.study import Study
from businesscase.views.display import (
    BLUE,
    PALE,
    Chart,
    Sentence,
    Table,
    chart,
    in_words,
    listed,
    percent,
    printed,
    tiles,
)

OUTCOME_COLOURS = {MET: ("#D5EBDD", "#0B0C0C"), NOT_MET: ("#801650", "white"), NOT_KNOWN: (PALE, "#0B0C0C")}  # fmt: skip
OUTCOME_SIGNS = {MET: "✓ met", NOT_MET: "✗ not met", NOT_KNOWN: "? not known"}


def answer(study: Study) -> Sentence:
    """State the recommendation with its reasons."""
    gates = study.gates
    said = [f"**{study.recommendation.capitalize()}.**"]
    for outcome, words in ((NOT_MET, "Not met"), (NOT_KNOWN, "Not known"), (MET, "Met")):
        criteria = list(gates.loc[gates["outcome"] == outcome, "criterion"])
        if criteria:
            said.append(f"{words}: {listed(criteria)}.")
    return Sentence(" ".join(said))


def reasons(study: Study) -> Table:
    """Show each criterion with what was found and why it is met or not."""
    gates = study.gates
    table = gates.assign(
        found_text=[_with_unit(*pair) for pair in zip(gates["found"], gates["unit"], strict=True)],
        test=[
            f"{'at least' if row.comparison == 'at_least' else 'at most'} "
            f"{_with_unit(row.threshold, row.unit)}"
            for row in gates.itertuples()
        ],
        consequence=gates["if_not_met"].map({"stop": "stop", "condition": "a condition"}),
        outcome=gates["outcome"].map(OUTCOME_SIGNS),
    )
    return Table(
        table,
        "The criteria, what was found, and the outcome of each",
        {
            "criterion": "Criterion",
            "question": "Question",
            "found_text": "Found",
            "test": "Must be",
            "outcome": "Outcome",
            "consequence": "If not met",
            "set_by": "Threshold set by",
            "note": "Why this threshold",
        },
    )


def _with_unit(value, unit: str) -> str:
    if value is None:
        return "not in the published report"
    if isinstance(value, pd.Timestamp):
        return printed(value)
    if unit.startswith("£"):
        return in_words(value) + unit[1:]
    if unit == "fraction":
        return percent(value)
    return printed(value) + (f" {unit}" if unit in ("years", "days") else "")


def gates_chart(study: Study) -> Chart:
    """Draw the outcome of every criterion under every scenario."""
    studies = {name: _decided(study, name) for name in study.case.scenarios}
    criteria = list(study.gates["criterion"])
    outcomes = pd.DataFrame(
        {
            name: other.gates.set_index("criterion")["outcome"].loc[criteria]
            for name, other in studies.items()
        }
    ).T
    columns = [_wrapped(criterion) for criterion in criteria]
    texts = outcomes.map(OUTCOME_SIGNS.get)
    texts.columns = columns
    texts.insert(
        0, "<b>recommendation</b>", [f"<b>{o.recommendation}</b>" for o in studies.values()]
    )
    fills = [[(BLUE, "white"), *(OUTCOME_COLOURS[o] for o in row)] for row in outcomes.to_numpy()]
    texts.index = [
        f"<b>{name}</b>" if name == study.scenario_name else name for name in texts.index
    ]
    figure = tiles(
        texts,
        [[fill for fill, _ in row] for row in fills],
        [[ink for _, ink in row] for row in fills],
        size=12,
    )
    figure.update_xaxes(side="top", tickfont={"size": 12}, tickangle=0)
    figure.update_yaxes(tickfont={"size": 12})
    same = [name for name, other in studies.items() if other.recommendation == study.recommendation]
    title = f"{len(same)} of {len(studies)} scenarios lead to the same recommendation: {study.recommendation}"
    said = [f"{name}: {other.recommendation}" for name, other in studies.items()]
    built = chart(figure, title, f"{'; '.join(said)}.", 170 + 44 * len(studies))
    built.figure.update_layout(margin={"t": 130})
    return built


def _decided(study: Study, name: str) -> Study:
    """Return the study itself for its own scenario, so that knobs turned by hand are shown."""
    return study if name == study.scenario_name else study.in_scenario(name)


def _wrapped(text: str, width: int = 15) -> str:
    lines = [""]
    for word in text.split():
        if lines[-1] and len(lines[-1]) + len(word) >= width:
            lines.append("")
        lines[-1] = f"{lines[-1]} {word}".strip()
    return "<br>".join(lines)


def rule(study: Study) -> Sentence:
    """State the rule by which the recommendation follows from the criteria."""
    return Sentence(
        "The rule: **stop** if a criterion whose consequence is stop is not met; **go** if every "
        "criterion is met; otherwise **go with conditions**, and each criterion that is not met or "
        "not known is a condition. A figure that the published report does not give is not known; "
        "it is never taken as met."
    )


def what_would_turn_it(study: Study) -> Table:
    """Show, for each criterion, the recommendation if that one alone came out otherwise."""
    gates = study.gates
    rows = []
    for index, row in gates.iterrows():
        for other in (MET, NOT_MET):
            if other == row["outcome"]:
                continue
            outcomes = gates["outcome"].copy()
            outcomes[index] = other
            rows.append(
                {
                    "criterion": row["criterion"],
                    "now": OUTCOME_SIGNS[row["outcome"]],
                    "if": OUTCOME_SIGNS[other],
                    "then": recommendation(outcomes, gates["if_not_met"]),
                }
            )
    table = pd.DataFrame(rows)
    turned = table[table["then"] != study.recommendation]
    caption = f"One criterion alone would turn '{study.recommendation}' in {len(turned)} of {len(table)} cases"
    return Table(
        table,
        caption,
        {"criterion": "Criterion", "now": "Now", "if": "If it were", "then": "Recommendation"},
    )


def committed(study: Study) -> Table:
    """Show the one-off cost that each partner commits."""
    table = study.committed_cost.rename_axis("partner").reset_index(name="cost")
    return Table(
        table,
        "One-off cost that each partner commits"
        if len(table)
        else "The published report states no one-off cost",
        {"partner": "Partner", "cost": "One-off cost (£)"},
    )


def governance(study: Study) -> Table:
    """Show how the partnership is to be governed."""
    return Table(
        study.tables["governance"],
        "How the partnership is governed, as the source has it",
        {
            "topic": "Topic",
            "name": "Arrangement",
            "arrangement": "What the source says",
            "status": "Status",
            "paragraph": "Paragraph",
        },
    )
