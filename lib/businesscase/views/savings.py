"""What notebook 03 shows: what is saved, by whom and when, and what would change it."""

import pandas as pd
import plotly.graph_objects as go

from businesscase import savings
from businesscase.parameters import Parameters
from businesscase.study import ALL, Study
from businesscase.views.display import (
    BLUE,
    COLOURS,
    GREY,
    ORANGE,
    TEAL,
    Chart,
    Sentence,
    Table,
    chart,
    in_words,
    listed,
    pounds,
    printed,
    year_label,
)

TOTAL = "All partners"


def answer(study: Study) -> Sentence:
    """Say what is saved and spent, what that is worth, and who is worse off."""
    measures = study.appraisal.loc[ALL]
    saved, worth = measures["total_saving"], measures["net_present_value"]
    verb = "saves" if saved >= 0 else "costs"
    more = "" if saved >= 0 else " more than today"
    said = [
        f"**Over {printed(study.term_years)} years the partnership {verb} {in_words(abs(saved))}"
        f"{more} and spends {in_words(measures['one_off_cost'])} once**: a net present value of "
        f"{in_words(worth)}.",
        _payback_sentence(measures["payback_years"], measures["one_off_cost"], study),
        _losers_sentence(study),
    ]
    return Sentence(" ".join(said))


def _payback_sentence(years: float | None, one_off: float, study: Study) -> str:
    start = year_label(study.years[0])
    if pd.isna(years):
        return "The money is not back within the term."
    if years == 0:
        return "The partnership is never out of pocket."
    return f"The money is back {printed(round(years, 1))} years after the start of {start}."


def _losers_sentence(study: Study) -> str:
    worth = study.appraisal["net_present_value"].drop(ALL)
    losers = list(worth.index[worth < 0])
    if not losers:
        return "No partner is worse off."
    if len(losers) == len(worth):
        return "Every partner is worse off in money."
    return f"Worse off in money: {listed(losers)}."


def cumulative_chart(study: Study) -> Chart:
    """Draw each partner's cumulative net position, labelled at the end of its line."""
    position = savings.with_total(study.net_flows, TOTAL).cumsum(axis="columns")
    position = position.loc[[TOTAL, *position.index.drop(TOTAL)]]
    ends = _spread(position.iloc[:, -1], position.to_numpy().max() - position.to_numpy().min())
    years = [year_label(year) for year in position]
    figure = go.Figure()
    for number, (name, values) in enumerate(position.iterrows()):
        colour = COLOURS[number % len(COLOURS)]
        figure.add_scatter(
            x=years,
            y=list(values),
            name=name,
            mode="lines+markers",
            line={"color": colour, "width": 4 if name == TOTAL else 2},
        )
        figure.add_annotation(
            x=years[-1],
            y=ends[name],
            text=f"{name} {pounds(values.iloc[-1])}",
            xanchor="left",
            xshift=10,
            showarrow=False,
        )
    figure.add_hline(y=0, line={"color": GREY, "width": 1})
    every = 1 if len(years) <= 7 else 2
    figure.update_xaxes(showgrid=False, type="category", tickvals=years[::every], tickangle=0)
    figure.update_yaxes(title="Saving less cost to date (£)", tickformat=",.0f")
    final = position.loc[TOTAL].iloc[-1]
    side = "ahead" if final >= 0 else "behind"
    title = f"By {years[-1]} the partnership is {in_words(abs(final))} {side}, before discounting"
    said = [f"{name} {pounds(value)}" for name, value in position.iloc[:, -1].items()]
    built = chart(figure, title, f"Cumulative saving less cost at the end: {listed(said)}.", 470)
    built.figure.update_layout(margin={"r": 240})
    return built


def _spread(ends: pd.Series, span: float) -> pd.Series:
    """Return label heights in the order of the lines' ends, far enough apart to be read."""
    gap = 0.07 * span
    placed = ends.sort_values()
    heights = placed.to_numpy(float).copy()
    for number in range(1, len(heights)):
        heights[number] = max(heights[number], heights[number - 1] + gap)
    return pd.Series(heights, index=placed.index)


def by_partner(study: Study) -> Table:
    """Show what the case is worth to the partnership and to each partner."""
    table = study.appraisal.rename(index={ALL: TOTAL}).rename_axis("partner").reset_index()
    table["payback_years"] = table["payback_years"].astype(float).fillna(float("inf"))
    return Table(
        table,
        "What the option is worth to each partner over the term",
        {
            "partner": "Partner",
            "total_saving": "Total saving (£)",
            "average_annual_saving": "Average saving (£ a year)",
            "one_off_cost": "One-off cost (£)",
            "net_present_value": "Net present value (£)",
            "payback_years": "Payback (years)",
        },
    )


def yearly(study: Study) -> Table:
    """Show saving less cost by partner and year."""
    net = savings.with_total(study.net_flows, TOTAL)
    net["sum"] = net.sum(axis="columns")
    net.columns = [str(name) for name in net.columns]
    years = {str(year): f"{year_label(year)} (£)" for year in study.years}
    return Table(
        net.rename_axis("partner").reset_index(),
        "Saving less cost by financial year, prices of the base year, not discounted",
        {"partner": "Partner"} | years | {"sum": "Sum (£)"},
    )


def lines(study: Study) -> Table:
    """Show each line of money, summed over partners, by year."""
    flows = study.flows.groupby(level=["flow", "line", "funding"], sort=False).sum()
    flows["sum"] = flows.sum(axis="columns")
    flows.columns = [str(name) for name in flows.columns]
    table = flows.reset_index()
    table["flow"] = table["flow"].str.replace("_", " ")
    years = {str(year): f"{year_label(year)} (£)" for year in study.years}
    return Table(
        table,
        "The money behind the answer: every line, all partners together",
        {"line": "Line", "flow": "Kind", "funding": "Funding"} | years | {"sum": "Sum (£)"},
    )


def cost_change(study: Study) -> Table:
    """Show the cost of a full year before and after, where the case states a running cost."""
    table = study.cost_change.rename(index={ALL: TOTAL}).rename_axis("partner").reset_index()
    return Table(
        table,
        "Cost of a full year before and after"
        if len(table)
        else "The case states savings, not the running cost of the new service",
        {
            "partner": "Partner",
            "present": "Today (£ a year)",
            "new": "New service (£ a year)",
            "change": "Change (£ a year)",
            "change_fraction": "Change (%)",
        },
    )


def discounting(study: Study) -> Table:
    """Show rate and factor of each year."""
    table = pd.DataFrame(
        {
            "year": [year_label(year) for year in study.years],
            "rate": list(study.rates),
            "factor": [f"{factor:.4f}" for factor in study.discount_factors],
        }
    )
    return Table(
        table,
        "Discount rate and factor by year; the first year is not discounted",
        {"year": "Year", "rate": "Rate (%)", "factor": "Factor"},
    )


def tornado(study: Study) -> Chart:
    """Draw how far each parameter moves the net present value between its low and high."""
    table = study.sensitivity[study.sensitivity["swing"] > 0]
    base = study.appraisal.at[ALL, "net_present_value"]
    labels = [_label(name) for name in table["parameter"]]
    figure = go.Figure()
    for end, colour in (("low", TEAL), ("high", BLUE)):
        values = table[f"at_{end}"]
        figure.add_bar(
            name=end,
            y=labels,
            x=list(values - base),
            base=[base] * len(table),
            orientation="h",
            marker={"color": colour},
            text=[
                printed(setting) if worth != base else ""
                for setting, worth in zip(table[end], values, strict=True)
            ],
            textposition="outside",
            cliponaxis=False,
        )
    figure.add_vline(x=base, line={"color": GREY, "width": 2})
    if table["at_low"].min() < 0 < table["at_high"].max():
        figure.add_vline(x=0, line={"color": ORANGE, "width": 2, "dash": "dash"})
    low = min(table[["at_low", "at_high"]].min().min(), base)
    high = max(table[["at_low", "at_high"]].max().max(), base)
    pad = 0.12 * (high - low or 1)
    figure.update_layout(barmode="overlay", bargap=0.4)
    figure.update_xaxes(
        title="Net present value of the partnership (£)",
        tickformat=",.0f",
        range=[low - pad, high + pad],
        nticks=6,
    )
    figure.update_yaxes(autorange="reversed", showgrid=False)
    first = table.iloc[0]
    title = (
        f"{_label(first['parameter'])} matters most: it moves the net present value by "
        f"{in_words(first['swing'])}"
    )
    description = (
        f"Each bar runs from the net present value at the low (green) to that at the high (blue) "
        f"of the parameter's range; the line is this scenario's {in_words(base)}."
    )
    return chart(figure, title, description, 150 + 60 * len(table))


def _label(parameter: str) -> str:
    return Parameters.model_fields[parameter].description.split(";")[0]


def sensitivity(study: Study) -> Table:
    """Show the net present value at the low and high of each parameter's range."""
    table = study.sensitivity.assign(label=study.sensitivity["parameter"].map(_label))
    base = in_words(study.appraisal.at[ALL, "net_present_value"])
    return Table(
        table,
        f"Net present value of the partnership when one parameter changes; this scenario gives {base}",
        {
            "label": "Parameter",
            "low": "Low",
            "high": "High",
            "at_low": "Value at low (£)",
            "at_high": "Value at high (£)",
            "note": "Why this range",
        },
    )


def all_scenarios(study: Study) -> Table:
    """Show the result under every scenario of the case."""
    rows = []
    for name, scenario in study.case.scenarios.items():
        measures = study.in_scenario(name).appraisal
        worst = measures["net_present_value"].drop(ALL)
        rows.append(
            {
                "scenario": name,
                "title": scenario.title,
                "net_present_value": measures.at[ALL, "net_present_value"],
                "payback_years": measures["payback_years"].astype(float).fillna(float("inf"))[ALL],
                "worst": worst.idxmin(),
                "worst_value": worst.min(),
            }
        )
    return Table(
        pd.DataFrame(rows),
        "The partnership's result under each scenario, and the partner that does worst",
        {
            "scenario": "Scenario",
            "title": "What is different",
            "net_present_value": "Net present value (£)",
            "payback_years": "Payback (years)",
            "worst": "Partner that does worst",
            "worst_value": "Its net present value (£)",
        },
    )
