"""What notebook 06 shows: how ready the partners are, and where they stand apart."""

import pandas as pd
import plotly.graph_objects as go

from businesscase.study import Study
from businesscase.views.display import (
    COLOURS,
    GREY,
    Chart,
    Sentence,
    Table,
    chart,
    listed,
    printed,
    with_legend,
)


def answer(study: Study) -> Sentence:
    """Say where the partners stand too far apart, and where they are least ready."""
    apart = list(study.divergence.index[study.divergence["beyond_gap"]])
    lowest = study.readiness_scores.min(axis="columns")
    weakest = list(lowest.index[lowest == lowest.min()])
    if apart:
        first = f"**The partners stand too far apart in {listed(apart)}.**"
    else:
        first = "**The partners stand close enough together in every area.**"
    return Sentence(
        f"{first} The lowest score is {printed(lowest.min())} of 5, in {listed(weakest)}."
    )


def gap_chart(study: Study) -> Chart:
    """Draw the partners' scores in each area, widest gap first, joined by a line."""
    order = study.divergence.sort_values(
        ["gap", "lowest"], ascending=[False, True], kind="stable"
    ).index
    scores = study.readiness_scores.loc[order]
    beyond = study.divergence.loc[order, "beyond_gap"]
    labels = [f"{area} (too far apart)" if beyond[area] else area for area in order]
    figure = go.Figure()
    for label, area in zip(labels, order, strict=True):
        figure.add_scatter(
            x=[scores.loc[area].min(), scores.loc[area].max()],
            y=[label, label],
            mode="lines",
            line={"color": GREY, "width": 5 if beyond[area] else 2},
            hoverinfo="skip",
            showlegend=False,
        )
    symbols = ["circle", "square", "diamond", "triangle-up"]
    for number, (partner, values) in enumerate(scores.items()):
        figure.add_scatter(
            x=list(values),
            y=labels,
            name=partner,
            mode="markers",
            marker={
                "size": 18 - 5 * number if number < 3 else 8,
                "color": COLOURS[number % len(COLOURS)],
                "symbol": symbols[number % len(symbols)],
                "line": {"color": "white", "width": 1},
            },
        )
    figure.update_xaxes(title="Readiness: 1 not ready to 5 ready", range=[0.7, 5.3], dtick=1)
    figure.update_yaxes(categoryorder="array", categoryarray=labels[::-1])
    apart = [area for area in order if beyond[area]]
    title = (
        f"{listed(apart).capitalize()}: the partners stand too far apart"
        if apart
        else "In no area do the partners stand too far apart"
    )
    said = [
        f"{area}: " + ", ".join(f"{partner} {printed(score)}" for partner, score in row.items())
        for area, row in scores.iterrows()
    ]
    return with_legend(chart(figure, title, f"{'; '.join(said)}.", 190 + 38 * len(order)))


def scores(study: Study) -> Table:
    """Show scores by area and partner with the gap and its limit."""
    table = study.readiness_scores.join(study.divergence).rename_axis("area").reset_index()
    partners = {partner: partner for partner in study.readiness_scores}
    return Table(
        table,
        "Readiness by area, 1 not ready to 5 ready, and the gap between the partners",
        {"area": "Area"}
        | partners
        | {"gap": "Gap", "largest_gap": "Largest gap", "beyond_gap": "Too far apart"},
    )


def evidence(study: Study) -> Table:
    """Show what each score rests on."""
    return Table(
        study.tables["readiness"],
        "What each score rests on",
        {
            "area": "Area",
            "partner": "Partner",
            "score": "Score",
            "status": "Status",
            "note": "Evidence and reasoning",
            "paragraph": "Paragraph",
        },
    )


def objectives(study: Study) -> Table:
    """Show the aims, ambitions and areas of joint work that the source lists."""
    table = study.tables["objectives"]
    return Table(
        table.assign(kind=table["kind"].str.replace("_", " ")),
        "What the partners set out to do, as the source lists it"
        if len(table)
        else "The published report lists no aims",
        {"kind": "Kind", "item": "Item", "text": "What it says", "paragraph": "Paragraph"},
    )


def one_step_closer(study: Study) -> Table:
    """Show which areas stay too far apart if the partners move closer or further apart."""
    gaps = study.divergence
    rows = []
    for step in (-2, -1, 0, 1):
        apart = gaps.index[(gaps["gap"] + step) > gaps["largest_gap"]]
        name = {0: "As in this scenario"}.get(step, f"{abs(step)} point{'s' * (abs(step) > 1)} {'wider' if step > 0 else 'narrower'}")  # fmt: skip
        rows.append({"step": name, "count": len(apart), "areas": ", ".join(apart) or "none"})
    return Table(
        pd.DataFrame(rows),
        "Areas too far apart if every gap were wider or narrower",
        {"step": "If every gap is", "count": "Areas", "areas": "Which"},
    )
