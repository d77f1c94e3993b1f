"""What notebook 01 shows: cost, users, benchmarks and service measures today."""

from itertools import pairwise

import pandas as pd
import plotly.graph_objects as go

from businesscase.study import Study
from businesscase.views.display import (
    COLOURS,
    Chart,
    Sentence,
    Table,
    chart,
    in_words,
    listed,
    percent,
    pounds,
    printed,
    with_legend,
)


def answer(study: Study) -> Sentence:
    """Say what is spent today, and how the service has moved."""
    said = [*_cost_sentences(study), *_measure_sentences(study)]
    return Sentence(" ".join(said))


def _cost_sentences(study: Study) -> list[str]:
    if study.annual_cost.empty:
        return ["The published report states no cost of the present services."]
    total = study.annual_cost.sum()
    largest = study.annual_cost.idxmax()
    said = [
        f"**The partners spend {in_words(total)} a year today**, of which {largest} spends "
        f"{percent(study.annual_cost.max() / total)}."
    ]
    if not study.users.empty:
        said.append(f"That is {pounds(total / study.users.sum())} a user a year.")
    for gap in study.benchmark_gaps.itertuples():
        side = "below" if gap.gap_gbp >= 0 else "above"
        said.append(
            f"It is {in_words(abs(gap.gap_gbp))} {side} the benchmark "
            f"({gap.benchmark.lower()}, {gap.basis}: {in_words(gap.amount_gbp)})."
        )
    return said


def _measure_sentences(study: Study) -> list[str]:
    said = []
    for trend in study.service_trends.itertuples():
        verb = "held at" if trend.change == 0 else "fell to" if trend.change < 0 else "rose to"
        better = {True: "an improvement", False: "a deterioration", None: "no change"}
        said.append(
            f"**{_capitalised(trend.measure)} at {trend.partner} {verb} {_bounded(trend.last_bound, trend.last)}** "
            f"in {trend.last_date:%B %Y}, from {_bounded(trend.first_bound, trend.first)} in "
            f"{trend.first_date:%B %Y}: {better[trend.improved]}."
        )
    return said


def _capitalised(text: str) -> str:
    return text[:1].upper() + text[1:]


def _bounded(bound: str, value: float) -> str:
    word = {"exactly": "", "over": "over ", "under": "under "}[bound]
    return f"{word}{printed(value)}"


def answer_chart(study: Study) -> Chart:
    """Draw the cost of each partner, or the service measures where no cost is published."""
    return trend_chart(study) if study.annual_cost.empty else cost_chart(study)


def cost_chart(study: Study) -> Chart:
    """Draw the annual cost of each partner by category, each segment labelled."""
    costs = study.annual_costs.loc[study.annual_cost.index]
    room = 0.1 * study.annual_cost.max()  # a shorter segment has no room for its number
    figure = go.Figure()
    for colour, (category, values) in zip(COLOURS, costs.items(), strict=False):
        figure.add_bar(
            name=category,
            y=list(costs.index),
            x=list(values),
            orientation="h",
            marker={"color": colour, "line": {"color": "white", "width": 2}},
            text=[pounds(value) if value >= room else "" for value in values],
            textposition="inside",
            insidetextanchor="middle",
            insidetextfont={"color": "white"},
            textangle=0,
        )
    figure.update_layout(barmode="stack", bargap=0.35)
    figure.update_xaxes(title="£ a year", tickformat=",.0f", rangemode="tozero")
    figure.update_yaxes(autorange="reversed", showgrid=False)
    largest = study.annual_cost.idxmax()
    title = (
        f"{largest} carries {percent(study.annual_cost.max() / study.annual_cost.sum(), 0)} of "
        f"today's cost of {in_words(study.annual_cost.sum())} a year"
    )
    said = [f"{partner} {pounds(value)}" for partner, value in study.annual_cost.items()]
    description = f"Annual cost by partner: {listed(said)}."
    return with_legend(chart(figure, title, description, 150 + 80 * len(costs)))


def trend_chart(study: Study) -> Chart:
    """Draw each service measure over time, labelled at its readings."""
    readings = study.tables["service_measures"].sort_values("date")
    trends = study.service_trends
    figure = go.Figure()
    for colour, ((measure, partner), rows) in zip(
        COLOURS, readings.groupby(["measure", "partner"], sort=False), strict=False
    ):
        labels = [_bounded(*pair) for pair in zip(rows["bound"], rows["value"], strict=True)]
        figure.add_scatter(
            name=f"{measure}, {partner}",
            x=[date.isoformat() for date in rows["date"]],
            y=list(rows["value"]),
            mode="lines+markers+text",
            text=labels,
            textposition=_clear_of_line(list(rows["value"])),
            line={"color": colour, "width": 3},
            marker={"size": 10},
        )
    units = " and ".join(dict.fromkeys(trends["unit"]))
    figure.update_yaxes(title=units, range=[0, readings["value"].max() * 1.2])
    figure.update_xaxes(tickformat="%B %Y", nticks=5, showgrid=False)
    first = trends.iloc[0]
    title = (
        f"{_capitalised(first['measure'])} at {first['partner']}: from "
        f"{_bounded(first['first_bound'], first['first'])} in {first['first_date']:%B %Y} to "
        f"{_bounded(first['last_bound'], first['last'])} in {first['last_date']:%B %Y}"
    )
    return chart(figure, title, "The readings are in the table of service measures.", 380)


def _clear_of_line(values: list[float]) -> list[str]:
    """Return where each label stands, so that the line to the next reading does not cross it."""
    falls = [later < earlier for earlier, later in pairwise(values)]
    return ["top right"] + ["bottom left" if fall else "top left" for fall in falls]


def costs(study: Study) -> Table:
    """Show cost, users and cost of a user by partner."""
    table = study.annual_costs.loc[study.annual_cost.index].copy()
    labels = {category: f"{category.capitalize()} (£ a year)" for category in table}
    table["total"] = study.annual_cost
    if not study.users.empty:
        table["users"] = study.users
        table["share"] = study.user_shares
    table.loc["All partners"] = table.sum()
    if not study.users.empty:
        table["cost_per_user"] = table["total"] / table["users"]
    labels |= {
        "total": "All (£ a year)",
        "users": "Users",
        "share": "Share of users (%)",
        "cost_per_user": "Cost of a user (£ a year)",
    }
    shown = {name: label for name, label in labels.items() if name in table}
    return Table(
        table.rename_axis("partner").reset_index(),
        "Annual cost by partner and category" if len(table) > 1 else "No cost is published",
        {"partner": "Partner"} | shown,
    )


def benchmarks(study: Study) -> Table:
    """Show the partnership's cost beside each benchmark."""
    return Table(
        study.benchmark_gaps,
        "The partnership's annual cost beside benchmarks"
        if len(study.benchmark_gaps)
        else "The published report gives no benchmark",
        {
            "benchmark": "Benchmark",
            "basis": "Basis",
            "amount_gbp": "Benchmark (£ a year)",
            "annual_cost_gbp": "Partnership (£ a year)",
            "gap_gbp": "Below the benchmark by (£ a year)",
            "paragraph": "Paragraph",
        },
    )


def service_measures(study: Study) -> Table:
    """Show the first and last reading of each service measure."""
    trends = study.service_trends
    table = trends.assign(
        first=[
            _bounded(*pair) for pair in zip(trends["first_bound"], trends["first"], strict=True)
        ],
        last=[_bounded(*pair) for pair in zip(trends["last_bound"], trends["last"], strict=True)],
    )
    return Table(
        table,
        "How the service has moved"
        if len(table)
        else "The published report gives no service measure",
        {
            "measure": "Measure",
            "partner": "Partner",
            "first_date": "First reading",
            "first": "Value then",
            "last_date": "Last reading",
            "last": "Value now",
            "change": "Change at least",
            "improved": "Better",
        },
    )


def cost_sensitivity(study: Study) -> Table:
    """Show what a user costs if user numbers or cost are a tenth higher or lower."""
    rows = []
    for label in ("Cost", "Users"):
        for step in (-0.1, 0.1):
            total = study.annual_cost.sum() * (1 + step * (label == "Cost"))
            users = study.users.sum() * (1 + step * (label == "Users"))
            name = f"{label} {percent(abs(step), 0)} {'higher' if step > 0 else 'lower'}"
            rows.append(
                {"change": name, "total": total, "per_user": total / users if users else None}
            )
    return Table(
        pd.DataFrame(rows),
        "Total cost and cost of a user if the inputs are a tenth out",
        {
            "change": "If",
            "total": "All partners (£ a year)",
            "per_user": "Cost of a user (£ a year)",
        },
    )
