"""What notebook 01 shows: the present services, side by side, and how far the figures hold."""

from itertools import pairwise

import pandas as pd
import plotly.graph_objects as go

from businesscase.calculations import service
from businesscase.calculations.apportionment import ALL
from businesscase.calculations.estate import DIFFERENT, ONE, RELATIONS, SAME
from businesscase.calculations.wording import (
    be,
    capitalised,
    counted,
    in_words,
    listed,
    month,
    part_of,
    percent,
    pounds,
    printed,
    words,
    year_label,
)
from businesscase.calculations.years import with_known_dates
from businesscase.shown import columns
from businesscase.shown.display import (
    BLUE,
    COLOURS,
    GREY,
    LILAC,
    ORANGE,
    PALE,
    TEAL,
    Chart,
    Sentence,
    chart,
    lowered,
    tiles,
    with_legend,
)
from businesscase.study import Study

INK = "#0B0C0C"
LIGHT = {TEAL, ORANGE, LILAC}  # colours on which dark text is read more easily
MOST_COLOURS = 4


def answer(study: Study) -> Sentence:
    """Say what is spent today, how the service runs, and how far the figures can be relied on."""
    said = [
        *_cost_sentences(study),
        *_measure_sentences(study),
        *_survey_sentences(study),
        *_estate_sentences(study),
        _quality_sentence(study),
    ]
    return Sentence(" ".join(said))


def _cost_sentences(study: Study) -> list[str]:
    if study.baseline.real_annual_cost.empty:
        return ["The case states no cost of the present services."]
    total = study.baseline.real_annual_cost.sum()
    largest, several = study.baseline.real_annual_cost.idxmax(), len(study.partners) > 1
    who = "The partners spend" if several else f"{study.partners[0]} spends"
    costs = (("user", study.baseline.cost_per_user), ("device", study.baseline.cost_per_device))
    share = f", of which {largest} spends {percent(study.baseline.real_annual_cost.max() / total)}" if total and several else ""  # fmt: skip
    each = [f", {pounds(cost[ALL])} a {unit}" for unit, cost in costs if not cost.empty]
    return [
        f"**{who} {in_words(total)} a year today**{''.join(each)}, "
        f"in prices of {_base_year(study)}{assumed(study, 'service_costs')}{share}.",
        *_benchmark_sentences(study),
    ]


def _benchmark_sentences(study: Study) -> list[str]:
    """Name the one benchmark, or count several and name those that are furthest away."""
    gaps = study.baseline.benchmark_gaps
    gaps = gaps[gaps["item"] == ALL]
    if gaps.empty:
        return []
    if len(gaps) == 1:
        gap = gaps.iloc[0]
        side = "below" if gap["worth_gbp"] >= 0 else "above"
        unit = {"annual_cost": "", "cost_per_user": " a user", "cost_per_device": " a device"}
        apart = f"{in_words(abs(gap['worth_gbp']))} {side}" if round(gap["worth_gbp"]) else "at"
        return [
            f"It is {apart} the benchmark ({gap['benchmark']}, "
            f"{gap['basis']}: {in_words(gap['amount_gbp'])}{unit[gap['measure']]}), {_held_against(study)}."
        ]
    sides = []
    is_above = gaps["worth_gbp"] < 0
    for side, rows in (("above", gaps[is_above]), ("below", gaps[~is_above])):
        if len(rows):
            furthest = rows.loc[rows["worth_gbp"].abs().idxmax()]
            those = len(rows) if sides else part_of(len(rows), len(gaps), "benchmark")
            sides.append(
                f"{side} {those}, by {'up to ' if len(rows) > 1 else ''}"
                f"{in_words(abs(furthest['worth_gbp']))} ({furthest['benchmark']})"
            )
    return [f"It is {', and '.join(sides)}, {_held_against(study)}."]


def cost_caption(found: pd.DataFrame) -> str:
    """Return what a table of the costs of councils, their users and devices shows, by its columns.

    Examples
    --------
    >>> cost_caption(pd.DataFrame({"annual_cost": [900.0]}))
    'What the service costs'
    >>> cost_caption(pd.DataFrame({"cost_per_user": [9.0, 8.0], "share_of_users": [0.4, 0.6]}))
    'What a user costs, and the share of users that divides most costs'
    """
    units = {"cost_per_user": "a user", "cost_per_device": "a device"}
    of = [unit for column, unit in units.items() if column in found]
    said = f"What {listed(of) or 'the service'} cost{'' if len(of) > 1 else 's'}"
    divides = "share_of_users" in found and len(found) > 1
    return said + (", and the share of users that divides most costs" if divides else "")


def _held_against(study: Study) -> str:
    """Say which costs are held against a benchmark, which may count others besides."""
    kinds = listed(study.tables["service_costs"]["category"].unique())
    return f"whatever a benchmark counts beside {kinds}"


def assumed(study: Study, stem: str) -> str:
    """Say in brackets how much of a table is assumed, nothing if none is."""
    status = study.tables[stem]["status"]
    count = int((status == "assumed").sum())
    lines = part_of(count, len(status), "line behind it", "the")
    return f" ({lines} {be(count)} assumed)" if count else ""


def _base_year(study: Study) -> str:
    return year_label(study.case.file.decision_year)


def _measure_sentences(study: Study) -> list[str]:
    trends = study.baseline.service_trends
    if len(trends) > 1:
        return [_measures_together(trends)]
    return [_measure_sentence(trend) for trend in trends.itertuples()]


def _measure_sentence(trend) -> str:
    first, last = (_reading(trend, end) for end in ("first", "last"))
    name, then = capitalised(_place(trend)), f"in {month(trend.last_date)}"
    before = f"{first} in {month(trend.first_date)}"
    if trend.direction == service.NOT_KNOWN:
        return (
            f"**{name} stood at {last}** {then}, after {before}: the wording leaves open whether it "
            "rose or fell."
        )
    verb = {"rose": "rose to", "fell": "fell to", "held": "held at"}[trend.direction]
    better = {True: "an improvement", False: "a deterioration", None: "no change"}
    return f"**{name} {verb} {last}** {then}, from {before}: {better[trend.improved]}."


def _measures_together(trends: pd.DataFrame) -> str:
    """Count how the measures moved, and name those that moved most in proportion."""
    counts = {
        "improved": trends["improved"].eq(True),
        "worsened": trends["improved"].eq(False),
        "held": trends["direction"] == "held",
        "left open by the wording": trends["direction"] == service.NOT_KNOWN,
    }
    moved = [f"{rows.sum()} {word}" for word, rows in counts.items() if rows.any()]
    size = trends["change"].abs() / trends[["first", "last"]].abs().max(axis="columns")
    most = []
    for word, side in (("improved", "for the better"), ("worsened", "for the worse")):
        if counts[word].any():
            trend = trends.loc[size[counts[word]].idxmax()]
            most.append(
                f"{_place(trend)} {side} (from {_reading(trend, 'first')} to {_reading(trend, 'last')})"
            )
    said = f"**Of {counted(len(trends), 'service measure')} by partner, {listed(moved)}**"
    if most:
        said += f"; in proportion, what moved most is {listed(most)}"
    targets = trends["target"].notna()
    if targets.any():
        reached = part_of(trends["on_target"].eq(True).sum(), targets.sum(), "target")
        said += f"; {reached} {be(trends['on_target'].eq(True).sum())} reached"
    return f"{said}."


def _place(trend) -> str:
    return f"{trend.measure} at {trend.partner}"


def _reading(trend, end: str) -> str:
    return _bounded(getattr(trend, f"{end}_bound"), getattr(trend, end))


def _survey_sentences(study: Study) -> list[str]:
    changes, margin = study.baseline.survey_changes, percent(study.baseline.standards["margin"], 0)
    if len(changes) > 1:
        return [_surveys_together(changes, margin)]
    return [_survey_sentence(change, margin) for change in changes.itertuples()]


def _survey_sentence(change, margin: str) -> str:
    about = f"{capitalised(change.survey)} at {change.partner}"
    if pd.isna(change.difference):
        return (
            f"{about}: whether it is no worse after the change is **not known**, because "
            f"{_missing_numbers(change)}."
        )
    return (
        f"{about} after the change: **{change.outcome}**, where a fall of up to {margin} of "
        f"users still counts as no worse. It moved by {percent(change.difference)} of users, between "
        f"{percent(change.difference_low)} and {percent(change.difference_high)}."
    )


def _surveys_together(changes: pd.DataFrame, margin: str) -> str:
    """Count how the surveys came out, and name the one that moved least well."""
    known = changes.dropna(subset="difference")
    if known.empty:
        return (
            "Whether users are no less satisfied after the change is **not known**: of "
            f"{len(changes)} surveys none has numbers both before and after it."
        )
    outcomes = changes["outcome"].value_counts()
    counts = [
        f"{outcomes[outcome]} {outcome}"
        for outcome in ("no worse", "worse", service.NOT_KNOWN)
        if outcome in outcomes
    ]
    said = (
        f"**Of {counted(len(changes), 'survey')} of users after the change: {listed(counts)}**, where a fall of up "
        f"to {margin} of users still counts as no worse"
    )
    lowest = known.loc[known["difference"].idxmin()]
    return (
        f"{said}; the lowest is {lowest['survey']} at {lowest['partner']}, which moved by "
        f"{percent(lowest['difference'])} of users."
    )


def _missing_numbers(change) -> str:
    stages = {"before": change.before_answers, "after": change.after_answers}
    without = [stage for stage, answers in stages.items() if pd.isna(answers)]
    return f"no numbers are given {listed(without)} it"


def _estate_sentences(study: Study) -> list[str]:
    said = []
    table = study.baseline.convergence
    if not table.empty:
        count = table["relation"].value_counts().get
        others = {"on different products": count(DIFFERENT), "at one partner only": count(ONE)}
        rest = "".join(f", {number} {where}" for where, number in others.items() if number)
        same = part_of(count(SAME, 0), len(table), "business function")
        said.append(
            f"the partners run {same} on the same product**{assumed(study, 'applications')}{rest}"
        )
    cover = study.baseline.skill_cover
    if not cover.empty:
        together = cover.loc[cover["single_together"], "skill"].nunique()
        alone = int(cover["single_person"].sum())
        skills = part_of(alone, len(cover), "skill listed by partner")
        said.append(
            f"{skills} {'rests' if alone < 2 else 'rest'} on one person alone**{assumed(study, 'skills')}, "
            f"{part_of(together, cover['skill'].nunique(), 'skill')} if the partners are taken together"
        )
    return [f"**{capitalised('; **'.join(said))}."] if said else []


def _quality_sentence(study: Study) -> str:
    quality = study.baseline.data_quality
    return (
        f"As evidence the baseline scores **{quality['score'].mean():.0f} of 100**: the case has "
        f"{part_of((quality['rows'] > 0).sum(), len(quality), 'table', 'the')} of a full one."
    )


def _bounded(bound: str, value: float) -> str:
    word = {"exactly": "", "over": "over ", "under": "under "}[bound]
    return f"{word}{printed(value)}"


def answer_chart(study: Study) -> Chart:
    """Draw the cost of each partner, else the measures, the applications or the evidence itself."""
    if not study.baseline.real_annual_cost.empty:
        return cost_chart(study)
    if not study.baseline.service_trends.empty:
        return trend_chart(study)
    return quality_chart(study) if study.baseline.convergence.empty else application_chart(study)


def cost_chart(study: Study) -> Chart:
    """Draw the annual cost of each partner by category, its sum at the end of the bar."""
    total = study.baseline.real_annual_cost
    costs = _largest_categories(study.baseline.real_annual_costs)
    ends = costs.where(costs > 0).sum(axis="columns")  # income stands on the other side of nil
    room = 0.1 * total.max()  # a shorter segment has no room for its number
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
            insidetextfont={"color": INK if colour in LIGHT else "white"},
            textangle=0,
        )
    for partner, value in total.items():
        each = study.baseline.cost_per_user.get(partner)
        figure.add_annotation(
            x=ends[partner],
            y=partner,
            text=f"{pounds(value)}" + ("" if each is None else f"<br>{pounds(each)} a user"),
            showarrow=False,
            xanchor="left",
            align="left",
            xshift=6,
        )
    income = costs.where(costs < 0).sum(axis="columns").min()
    figure.update_layout(barmode="relative", bargap=0.35)
    figure.update_xaxes(
        title=f"£ a year, prices of {_base_year(study)}",
        tickformat=",.0f",
        range=[1.1 * income, 1.2 * ends.max()],  # room for the sums
    )
    figure.update_yaxes(autorange="reversed", showgrid=False)
    title = f"Today's cost is {in_words(total.sum())} a year"
    if total.sum() and len(total) > 1:
        title = (
            f"{total.idxmax()} carries {percent(total.max() / total.sum(), 0)} of "
            f"today's cost of {in_words(total.sum())} a year"
        )
    said = [f"{partner} {pounds(value)}" for partner, value in total.items()]
    description = f"Annual cost by partner{assumed(study, 'service_costs')}: {listed(said)}."
    sums = {"all together": total, "a user": study.baseline.cost_per_user}
    data = pd.concat([costs, pd.DataFrame(sums, costs.index)], axis="columns")
    data = data.dropna(axis="columns", how="all").add_suffix(" (£)").rename_axis("Partner")
    return with_legend(chart(figure, title, description, data, 150 + 80 * len(costs)))


def _largest_categories(costs: pd.DataFrame) -> pd.DataFrame:
    """Return costs with at most four categories: the largest, and the others together."""
    if costs.shape[1] <= MOST_COLOURS:
        return costs
    largest = costs.sum().nlargest(MOST_COLOURS - 1).index
    kept = costs[[category for category in costs if category in largest]]
    return kept.assign(others=costs.drop(columns=largest).sum(axis="columns"))


def trend_chart(study: Study) -> Chart:
    """Draw the service measures that share the first one's unit, labelled at their readings."""
    trends = study.baseline.service_trends
    first = trends.iloc[0]
    readings = study.tables["service_measures"].sort_values("date")
    readings = readings[readings["unit"] == first["unit"]]
    series = list(readings.groupby(["measure", "partner"], sort=False))[:MOST_COLOURS]
    figure = go.Figure()
    for colour, ((measure, partner), rows) in zip(COLOURS, series, strict=False):
        labels = worded(rows["bound"], rows["value"])
        if len(series) > 1:
            labels[-1] += f"<br>{measure}, {partner}"
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
    highest = readings["value"].max()
    if not pd.isna(first["target"]):
        figure.add_hline(
            y=first["target"],
            line={"color": GREY, "dash": "dash"},
            annotation={"text": f"target {printed(first['target'])}", "xanchor": "right"},
        )
        highest = max(highest, first["target"])
    figure.update_yaxes(title=first["unit"], range=[0, highest * 1.2])
    figure.update_xaxes(tickformat="%B %Y", nticks=5, showgrid=False)
    title = (
        f"{capitalised(first['measure'])} at {first['partner']}: from "
        f"{_bounded(first['first_bound'], first['first'])} in {month(first['first_date'])} to "
        f"{_bounded(first['last_bound'], first['last'])} in {month(first['last_date'])}"
    )
    drawn = pd.concat(
        rows.assign(name=f"{measure}, {partner}") for (measure, partner), rows in series
    )
    drawn["label"] = worded(drawn["bound"], drawn["value"])
    drawn = with_known_dates(drawn)
    data = drawn.pivot(index="date", columns="name", values="label").rename_axis("Date")
    description = "The readings are in the table of service measures."
    return chart(figure, title, description, data[list(drawn["name"].unique())], 380)


def _clear_of_line(values: list[float]) -> list[str]:
    """Return where each label stands, so that the line to the next reading does not cross it."""
    falls = [later < earlier for earlier, later in pairwise(values)]
    return ["top right"] + ["bottom left" if fall else "top left" for fall in falls]


def application_chart(study: Study) -> Chart:
    """Draw the products in use, function by partner, coloured by whether they are the same."""
    table = study.baseline.convergence.sort_values("relation", key=_relation_order, kind="stable")
    products = study.baseline.product_matrix.loc[table.index].replace("", "none")
    texts = products.assign(together=table["relation"].map(columns.RELATIONS))
    fill = {SAME: (BLUE, "white"), DIFFERENT: (PALE, INK), ONE: ("white", INK)}
    colours = [[fill[relation][0]] * texts.shape[1] for relation in table["relation"]]
    ink = [[fill[relation][1]] * texts.shape[1] for relation in table["relation"]]
    texts = texts.rename(columns={"together": "Together"}).rename_axis("Function")
    figure = tiles(texts, colours, ink)
    figure.update_xaxes(side="top")
    same = int((table["relation"] == SAME).sum())
    title = (
        f"{capitalised(part_of(same, len(table), 'business function'))} {'runs' if same < 2 else 'run'} on "
        f"the same product{assumed(study, 'applications')}"
    )
    description = "Each row is a business function with the product of each partner; the table of applications has its contracts."
    return lowered(chart(figure, title, description, texts, 110 + 34 * len(texts)), 20)


def _relation_order(relations: pd.Series) -> pd.Series:
    return relations.map(RELATIONS.index)


def quality_chart(study: Study) -> Chart:
    """Draw the score of each table as evidence."""
    scores = study.baseline.data_quality["score"]
    figure = go.Figure()
    figure.add_bar(
        y=[words(stem) for stem in scores.index],
        x=list(scores),
        orientation="h",
        marker={"color": BLUE},
        text=[f"{score:.0f}" for score in scores],
        textposition="outside",
        cliponaxis=False,
    )
    figure.update_xaxes(title="score of 100", range=[0, 100])
    figure.update_yaxes(autorange="reversed", showgrid=False)
    title = f"As evidence the baseline scores {scores.mean():.0f} of 100"
    data = scores.rename(words).rename_axis("Table").to_frame("Score of 100")
    description = "The parts of each score are in the table."
    return chart(figure, title, description, data, 140 + 50 * len(scores))


def worded(bounds: pd.Series, values: pd.Series) -> list[str]:
    """Return readings as they were given: over and under are limits."""
    return [_bounded(*pair) for pair in zip(bounds, values, strict=True)]


def interval(changes: pd.DataFrame, of: str) -> list[str | None]:
    """Return shares of users with the interval in which they lie, of a survey or of its difference."""
    names = [of if of in changes else f"{of}_share", f"{of}_low", f"{of}_high"]
    shares = changes[names].to_numpy(float)
    return [
        None if pd.isna(share) else f"{percent(share)} ({percent(low)} to {percent(high)})"
        for share, low, high in shares
    ]
