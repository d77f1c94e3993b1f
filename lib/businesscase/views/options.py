"""What notebook 02 shows: the options' weighted scores and what makes the winner win."""

import pandas as pd
import plotly.graph_objects as go

from businesscase import options
from businesscase.study import Study
from businesscase.views.display import (
    BLUE,
    Chart,
    Sentence,
    Table,
    chart,
    listed,
    printed,
    tiles,
)


def answer(study: Study) -> Sentence:
    """Say which option scores highest, by how much, and whether it is the one proposed."""
    ranking = study.ranking
    winners = ranking[ranking["rank"] == 1]
    best = winners.iloc[0]
    if len(winners) > 1:
        return Sentence(
            f"**Options {listed(list(winners['option']))} tie** at {printed(best['weighted_score'])}."
        )
    second = ranking.iloc[1] if len(ranking) > 1 else best
    agrees = "is" if best["option"] == study.case.file.preferred_option else "is not"
    return Sentence(
        f"**Option {best['option']}, {best['name'].lower()}, scores highest**: "
        f"{printed(best['weighted_score'])} on a scale to {printed(_top_score(study))}, ahead of "
        f"option {second['option']}, {second['name'].lower()}, at {printed(second['weighted_score'])}. "
        f"It {agrees} the option that the report proposes."
    )


def _top_score(study: Study) -> float:
    return study.tables["factors"]["highest_score"].max()


def ranking_chart(study: Study) -> Chart:
    """Draw the weighted score of each option, the highest in a colour of its own."""
    ranking = study.ranking
    labels = [
        f"{row.option}  {row.name}" for row in ranking[["option", "name"]].itertuples(index=False)
    ]
    figure = go.Figure(
        go.Bar(
            x=list(ranking["weighted_score"]),
            y=labels,
            orientation="h",
            marker={"color": [BLUE if rank == 1 else "#6BACE6" for rank in ranking["rank"]]},
            text=[printed(score) for score in ranking["weighted_score"]],
            textposition="outside",
            cliponaxis=False,
        )
    )
    figure.update_xaxes(title="Weighted score", range=[0, _top_score(study)])
    figure.update_yaxes(autorange="reversed", showgrid=False)
    best = ranking.iloc[0]
    lead = best["weighted_score"] - ranking["weighted_score"].iloc[1]
    title = f"Option {best['option']} leads by {printed(lead)} on a scale to {printed(_top_score(study))}"
    said = [f"{row.option} {printed(row.weighted_score)}" for row in ranking.itertuples()]
    return chart(
        figure, title, f"Weighted score by option: {listed(said)}.", 140 + 55 * len(ranking)
    )


def options_described(study: Study) -> Table:
    """Show the options and what each means."""
    return Table(
        study.tables["options"],
        "The options",
        {
            "option": "Option",
            "name": "Name",
            "description": "What it means",
            "paragraph": "Paragraph",
        },
    )


def ranking(study: Study) -> Table:
    """Show rank and weighted score of each option."""
    return Table(
        study.ranking,
        "Options in order of weighted score",
        {"option": "Option", "name": "Name", "weighted_score": "Weighted score", "rank": "Rank"},
    )


def contributions_chart(study: Study) -> Chart:
    """Draw what each factor adds to each option, numbers in the cells."""
    order = study.ranking["option"]
    values = study.contributions.loc[order]
    names = study.tables["options"].set_index("option")["name"]
    values.index = [f"{option}  {names[option]}" for option in order]
    largest = values.to_numpy().max()
    steps = [("white", "#0B0C0C"), ("#BFD9F0", "#0B0C0C"), ("#6BACE6", "#0B0C0C"), (BLUE, "white")]
    place = (values / largest * (len(steps) - 0.001)).astype(int).clip(0, len(steps) - 1)
    figure = tiles(
        values.map(printed),
        [[steps[cell][0] for cell in row] for row in place.to_numpy()],
        [[steps[cell][1] for cell in row] for row in place.to_numpy()],
    )
    figure.update_xaxes(side="top")
    lead = study.contributions.loc[order.iloc[0]] - study.contributions.loc[order.iloc[1]]
    title = (
        f"{lead.idxmax()} does most to set option {order.iloc[0]} ahead of option {order.iloc[1]}"
    )
    description = "Each cell is the score times the factor's share of the weight; a row adds up to the weighted score."
    built = chart(figure, title, description, 130 + 52 * len(values))
    built.figure.update_layout(margin={"t": 90})
    return built


def scores(study: Study) -> Table:
    """Show the scores behind the ranking, with the weight of each factor."""
    table = study.option_scores.T
    table.insert(0, "weight", study.weights / study.weights.sum())
    labels = {option: f"Option {option}" for option in study.option_scores.index}
    return Table(
        table.rename_axis("factor").reset_index(),
        "Scores by factor, higher is better, and each factor's share of the weight",
        {"factor": "Factor", "weight": "Share of weight (%)"} | labels,
    )


def one_factor_left_out(study: Study) -> Table:
    """Show the winner when each factor in turn carries no weight, and when all weigh alike."""
    trials = {"All factors weigh alike": pd.Series(1.0, index=study.weights.index)}
    if len(study.weights) > 1:
        trials |= {
            f"Without {factor}": study.weights.where(study.weights.index != factor, 0.0)
            for factor in study.weights.index
        }
    rows = []
    for name, weights in trials.items():
        score = options.weighted_scores(study.option_scores, weights)
        best = score.sort_values(ascending=False, kind="stable")
        rows.append(
            {
                "trial": name,
                "winner": best.index[0],
                "score": best.iloc[0],
                "lead": best.iloc[0] - best.iloc[1] if len(best) > 1 else None,
            }
        )
    table = pd.DataFrame(rows)
    kept = int((table["winner"] == study.ranking["option"].iloc[0]).sum())
    return Table(
        table,
        f"The winner under other weights: the same option in {kept} of {len(table)} trials",
        {"trial": "Weights", "winner": "Winner", "score": "Weighted score", "lead": "Lead"},
    )
