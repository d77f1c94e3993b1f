"""What notebook 02 says and draws: the options' scores, what makes the winner win, and what would change it."""

import pandas as pd
import plotly.graph_objects as go

from businesscase.calculations import robustness
from businesscase.calculations.wording import (
    counted,
    listed,
    percent,
    printed,
    share_in_words,
    share_of_all,
)
from businesscase.shown.display import BLUE, GREY, Chart, Sentence, Table, chart, table, tiles
from businesscase.study import Study

LIGHT_BLUE = "#6BACE6"
WEIGHTINGS = {
    "any": "Any weights (%)",
    "ordered": "Stated order of factors kept (%)",
    "band": f"Each weight within {percent(robustness.BAND, 0)} of the stated (%)",
}


def answer(study: Study) -> Sentence:
    """Say which option scores highest, by how much, how firmly, and whether it is the one proposed."""
    ranking = study.options.ranked
    winners = _winners(study)
    best = ranking.iloc[0]
    if len(winners) > 1:
        tied = f"**Options {listed(winners)} tie** at {printed(best['weighted_score'])}."
        return Sentence(" ".join(filter(None, [tied, _screening(study)])))
    proposed = study.case.file.preferred_option
    agrees = "is" if best["option"] == proposed else "is not"
    parts = [
        f"**Option {best['option']} ({best['name']}) scores highest**: "
        f"{printed(best['weighted_score'])} on a scale to {printed(_top_score(study))}"
        f"{_ahead_of(ranking)}.",
        f"It {agrees} the option that the case proposes." if proposed else "",
        _firmness(study, best["option"]),
        _screening(study),
    ]
    return Sentence(" ".join(part for part in parts if part))


def views(study: Study) -> dict[str, str]:
    """Return what each assessor is called: one of whom every score is assumed is a view of ours."""
    ours = (
        study.tables["scores"]
        .groupby("assessor", sort=False)["status"]
        .agg(lambda status: status.eq("assumed").all())
    )
    return {name: f"{name} (assumed)" if of_us else name for name, of_us in ours.items()}


def assessors(study: Study) -> str:
    """Say whose scores count: assessors, or views that are ours."""
    named = views(study)
    if all(of_us != name for name, of_us in named.items()):
        return f"{counted(len(named), 'view')} of ours, assumed: {listed(named)}"
    return f"{counted(len(named), 'assessor')}, {listed(named.values())}"


def _winners(study: Study) -> list[str]:
    """Return the option that comes first; more than one if they tie."""
    return sorted(study.options.ranked.loc[study.options.ranked["rank"] == 1, "option"])


def _ahead_of(ranking: pd.DataFrame) -> str:
    if len(ranking) == 1:
        return ", the only option that is ranked"
    second = ranking.iloc[1]
    return (
        f", ahead of option {second['option']} ({second['name']}) "
        f"at {printed(second['weighted_score'])}"
    )


def _firmness(study: Study, best: str) -> str:
    share = study.options.acceptability["any"]
    return (
        f"It comes first under {share_of_all(share[best], 'ways to weigh the factors')}, and under "
        f"{share_in_words(study.options.acceptability.at[best, 'band'])} of those near the stated weights."
    )


def _screening(study: Study) -> str:
    """Say which options are screened out, the one that is appraised first."""
    failed = study.options.failed_success_factors
    out, appraised = list(failed.index[failed != ""]), study.option
    said = []
    if appraised in out:
        why = failed[appraised]
        said.append(
            f"**Option {appraised}, which is appraised, is screened out; it fails: {why}.**"
        )
        out.remove(appraised)
    if out:
        names = f"option {out[0]} is" if len(out) == 1 else f"options {listed(out)} are"
        said.append(f"Of the others, {names} screened out by a critical success factor.")
    return " ".join(said)


def _top_score(study: Study) -> float:
    return study.tables["factors"]["highest_score"].max()


def _labels(study: Study) -> pd.Series:
    """Return letter and name of each option, by letter, in order of rank."""
    ranking = study.options.ranking.set_index("option")
    failed = study.options.failed_success_factors.reindex(ranking.index).fillna("")
    out = failed.map(lambda criteria: "<br><i>screened out</i>" if criteria else "")
    return ranking.index.to_series() + "  " + ranking["name"] + out


def _names(study: Study) -> pd.Index:
    """Return the labels of the options, in order of rank, as a table has them."""
    plain = [
        label.replace("<br><i>", "; ").replace("</i>", "").replace("  ", " ")
        for label in _labels(study)
    ]
    return pd.Index(plain, name="Option")


def ranking_chart(study: Study) -> Chart:
    """Draw the weighted score of each option, the highest in a colour of its own."""
    ranking = study.options.ranking
    figure = go.Figure(
        go.Bar(
            x=list(ranking["weighted_score"]),
            y=list(_labels(study)),
            orientation="h",
            marker={"color": [BLUE if rank == 1 else LIGHT_BLUE for rank in ranking["rank"]]},
            text=[printed(score) for score in ranking["weighted_score"]],
            textposition="outside",
            cliponaxis=False,
        )
    )
    figure.update_xaxes(title="Weighted score", range=[0, _top_score(study)])
    figure.update_yaxes(autorange="reversed", showgrid=False)
    scored, winners = list(study.options.ranked["weighted_score"]), _winners(study)
    finding = f"Option {winners[0]} scores {printed(scored[0])}"
    if len(winners) > 1:
        finding = f"Options {listed(winners)} tie at {printed(scored[0])}"
    elif len(scored) > 1:
        finding = f"Option {winners[0]} leads by {printed(scored[0] - scored[1])}"
    title = f"{finding} on a scale to {printed(_top_score(study))}"
    said = [f"{row.option} {printed(row.weighted_score)}" for row in ranking.itertuples()]
    data = pd.DataFrame({"Weighted score": list(ranking["weighted_score"])}, _names(study))
    description = f"Weighted score by option: {listed(said)}."
    return chart(figure, title, description, data, 140 + 55 * len(ranking))


def contributions_chart(study: Study) -> Chart:
    """Draw what each factor adds to each option, numbers in the cells."""
    order = list(study.options.ranking["option"])
    values = study.options.contributions.loc[order]
    data = values.set_axis(_names(study))
    values.index = list(_labels(study)[order])
    figure = _shaded(values.map(printed), values)
    figure.update_xaxes(side="top")
    title, winners = f"What each factor adds to option {order[0]}", _winners(study)
    if len(winners) > 1:
        title = f"What each factor adds to options {listed(winners)}, which tie"
    elif len(study.options.ranked) > 1:
        lead = study.options.contributions.loc[order[0]] - study.options.contributions.loc[order[1]]
        title = f"{lead.idxmax()} does most to set option {order[0]} ahead of option {order[1]}"
    description = "Each cell is the score times the factor's share of the weight; a row adds up to the weighted score."
    return chart(figure, title, description, data, 130 + 52 * len(values), t=90)


def switching_chart(study: Study) -> Chart:
    """Draw for each factor the shares of the weight between which the winner stays first."""
    table, winners = study.options.switching_weights, _winners(study)
    best = winners[0]
    figure = go.Figure(
        go.Bar(
            x=list(table["highest_share"] - table["lowest_share"]),
            base=list(table["lowest_share"]),
            y=list(table.index),
            orientation="h",
            marker={"color": LIGHT_BLUE},
            width=0.5,
            hovertemplate="%{y}: option " + best + " from %{base:.1%}<extra></extra>",
        )
    )
    figure.add_scatter(
        x=list(table["share"]),
        y=list(table.index),
        mode="markers+text",
        marker={"color": BLUE, "size": 12, "symbol": "diamond"},
        text=[percent(share, 0) for share in table["share"]],
        textposition="middle right",
        hovertemplate="%{y}: stated share %{x:.1%}<extra></extra>",
    )
    for side, share, outwards in (("below", "lowest_share", 0), ("above", "highest_share", 1)):
        for factor, row in table[table[f"winner_{side}"] != ""].iterrows():
            figure.add_annotation(
                x=row[share],
                y=factor,
                text=f"{row[f'winner_{side}']} {'above' if outwards else 'below'} {percent(row[share])}",
                showarrow=False,
                xanchor="left" if outwards else "right",
                xshift=6 if outwards else -6,
                font={"color": GREY, "size": 14},
            )
    figure.update_xaxes(title="Share of the weight", range=[0, 1.02], tickformat=".0%")
    figure.update_yaxes(autorange="reversed", showgrid=False)
    changed = list(table.index[table["new_winner"] != ""])
    title = f"No weight of a single factor takes the lead from option {best}"
    if changed:
        title = (
            f"Option {best} stays first unless the weight of {listed(changed)} changes far enough"
        )
        nearest = (table["switching_share"] - table["share"]).abs().idxmin()
        if len(changed) > 1:
            title = (
                f"Option {best} is nearest to losing its lead on {nearest}, at "
                f"{percent(table.at[nearest, 'switching_share'], 0)} of the weight"
            )
    if len(winners) > 1:
        title = f"Options {listed(winners)} tie at the stated weights"
    said = [
        f"{factor} at {percent(row['switching_share'])} to option {row['new_winner']}"
        for factor, row in table[table["new_winner"] != ""].iterrows()
    ]
    description = (
        f"Bars are the shares of the weight at which option {best} stays first, diamonds the stated "
        f"shares. Changes: {listed(said) if said else 'none'}."
    )
    drawn = {
        "share": "Stated share (%)",
        "lowest_share": f"Option {best} stays first from (%)",
        "highest_share": "To (%)",
        "winner_below": "First below",
        "winner_above": "First above",
    }
    data = table[list(drawn)].rename(columns=drawn).rename_axis("Factor")
    return chart(figure, title, description, data, 140 + 48 * len(table))


def acceptability_chart(study: Study) -> Chart:
    """Draw in which place each option ends, of all weightings, shares in the cells."""
    labels = _labels(study)
    shares = study.options.rank_shares.loc[list(labels.index)]
    best = shares.index[0]
    said = [f"{option} {share_in_words(share)}" for option, share in shares[1].items()]
    shares.index = list(labels)
    ranks = [f"Rank {rank}" for rank in shares.columns]
    texts = shares.map(share_in_words).set_axis(ranks, axis="columns")
    figure = _shaded(texts, shares)
    figure.update_xaxes(side="top")
    title = f"Option {best} comes first under {share_of_all(shares[1].iloc[0], 'weightings')}"
    description = f"Each cell is the share of weightings in which an option takes a place. First: {listed(said)}."
    data = texts.set_axis(_names(study))
    return chart(figure, title, description, data, 130 + 52 * len(shares), t=90)


def _shaded(texts: pd.DataFrame, values: pd.DataFrame) -> go.Figure:
    """Return a grid of texts, darker where the value is larger."""
    largest = values.to_numpy().max() or 1.0
    steps = [("white", "#0B0C0C"), ("#BFD9F0", "#0B0C0C"), (LIGHT_BLUE, "#0B0C0C"), (BLUE, "white")]
    place = (values / largest * (len(steps) - 0.001)).astype(int).clip(0, len(steps) - 1)
    return tiles(
        texts,
        [[steps[cell][0] for cell in row] for row in place.to_numpy()],
        [[steps[cell][1] for cell in row] for row in place.to_numpy()],
    )


def acceptability(study: Study) -> Table:
    """Show how often each option comes first, and the typical weights that favour it."""
    order = list(study.options.ranking["option"])
    shares = study.options.acceptability.loc[order].rename(columns=WEIGHTINGS)
    central = study.options.central_weights.loc[order]
    favoured = [_typical(weights) for _, weights in central.iterrows()]
    caption = f"How often each option comes first in {robustness.DRAWS:,} weightings of each kind"
    return table(shares.assign(favoured=favoured).rename_axis("option"), caption)


def _typical(weights: pd.Series) -> str:
    """Return the mean weights when an option comes first, the largest first."""
    if weights.isna().all():
        return "never first"
    ordered = weights.sort_values(ascending=False, kind="stable")
    return ", ".join(f"{factor} {percent(weight, 0)}" for factor, weight in ordered.items())
