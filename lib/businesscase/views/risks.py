"""What notebook 04 shows: the register on its matrix, what is wrong with it, and what it may cost."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from businesscase import exposure, risks
from businesscase.study import Study
from businesscase.study.risks import DRAWS
from businesscase.study.uncertainty import bounds
from businesscase.views.display import (
    BLUE,
    GREY,
    ORANGE,
    Chart,
    Sentence,
    Table,
    chart,
    in_words,
    listed,
    percent,
    printed,
    tiles,
    with_legend,
    year_label,
)

# bands from low to high: fill and ink keep 4.5 to 1, and the band's name stands in the cell too
BAND_COLOURS = [("#D5EBDD", "#0B0C0C"), ("#FFE8A3", "#0B0C0C"), ("#F4B6A6", "#0B0C0C"), ("#801650", "white")]  # fmt: skip
INK = "#0B0C0C"
SHOWN = 50  # rows of a long table that stand on the page; results.csv holds all
ARROWS = 10  # arrows that a matrix can show and still be read
ABREAST = 4  # ends of arrows side by side in a cell
CELL_WIDTH = 22  # characters of risk numbers that fit into a cell
NAMED = 10  # numbers that a sentence names
TOTAL = "All risks"
NOT_COSTED = "No risk of the register is costed, so there is no expected cost and no contingency"
ELSEWHERE = (
    "Every cost of a risk is counted elsewhere in this scenario, so no contingency is left to draw"
)
IN_WORDS = {"p50": "half", "p80": "eight of ten", "p90": "nine of ten"}


def answer(study: Study) -> Sentence:
    """Say how many risks there are, how high, what they may cost, and what the register lacks."""
    scored = study.scored_risks
    placed = scored[scored["standing_score"].notna()]
    said = [_register_sentence(study, placed)]
    if len(placed):
        top = placed[placed["standing_score"] == placed["standing_score"].max()]
        above = placed[placed["within_appetite"].eq(False)]
        above = above.sort_values("standing_score", ascending=False, kind="stable")
        said += [
            f"The highest score is {printed(top['standing_score'].iloc[0])} "
            f"(risk{'s' * (len(top) > 1)} {_numbers(top['risk'])}).",
            f"Above appetite: {_numbers(above['risk'])}." if len(above) else "None is above appetite.",
        ]  # fmt: skip
    said.append(_money_sentence(study))
    gaps, faulty = len(study.risk_findings), study.risk_findings["risk"].nunique()
    if gaps:
        said.append(
            f"The register itself has {gaps} gap{'s' * (gaps > 1)}, in {faulty} "
            f"risk{'s' * (faulty > 1)}."
        )
    if study.option != study.case.file.preferred_option:
        said.append(
            f"The register is that of option {study.case.file.preferred_option}; this scenario "
            f"appraises option {study.option}."
        )
    return Sentence(" ".join(said))


def _register_sentence(study: Study, placed: pd.DataFrame) -> str:
    number = len(study.scored_risks)
    if placed.empty:
        return f"**None of the {number} risks is assessed.**"
    counts = risks.band_counts(placed, study.tables["risk_bands"])
    counted = listed([f"{count} {band}" for band, count in counts.items() if count])
    which = "the responses" if study.standing_position == "residual" else "no response"
    when = f", with {which} carried out" if placed["residual_score"].notna().any() else ""
    return f"**{len(placed)} of {number} risks are assessed: {counted}{when}.**"


def _money_sentence(study: Study) -> str:
    if not study.costed_risks:
        return "None of them is costed."
    expected = study.expected_risk_costs.to_numpy().sum()
    number = len(study.costed_risks)
    verb = "are" if number > 1 else "is"
    return (
        f"The {number} that {verb} costed {verb} expected to cost {in_words(expected)} in "
        f"all; {in_words(study.contingency['p80'])} is enough in eight of ten draws."
    )


def _numbers(numbers: pd.Series) -> str:
    """Return the numbers of risks as prose has them, the first few where there are many."""
    shown = [str(number) for number in numbers]
    if len(shown) <= NAMED:
        return listed(shown)
    return f"{', '.join(shown[:NAMED])} and {len(shown) - NAMED} more"


# the matrix


def matrix_chart(study: Study) -> Chart:
    """Draw the matrix as a report prints it: ids in the cells, bands, appetite line and arrows."""
    levels, scored = study.tables["risk_levels"], study.scored_risks
    likelihood, impact = risks.scale(levels, "likelihood")[::-1], risks.scale(levels, "impact")
    scores = pd.DataFrame(np.outer(likelihood, impact), likelihood.index, impact.index)
    bands = scores.apply(lambda column: risks.bands_of(column, study.tables["risk_bands"]))
    texts = bands.map(_small) + _aims(study).map(_aim)
    ids, counts = study.risk_grid, _cell_counts(study)
    texts = (ids.where(ids.map(len) <= CELL_WIDTH, counts)).map(_bold) + texts
    texts.index = [f"{score}  {word}" for word, score in likelihood.items()]
    texts.columns = [f"{word}  {score}" for word, score in impact.items()]
    shades = _shades(study)
    fills = [[shades[band][0] for band in row] for row in bands.to_numpy()]
    figure = tiles(texts, fills, [[shades[band][1] for band in row] for row in bands.to_numpy()])
    accepted = scores.to_numpy() <= study.highest_accepted_score
    lines = [*_edges(bands.to_numpy(), 2.5), *_edges(accepted, 6)]
    figure.layout.shapes = [*figure.layout.shapes, *lines]
    moves = _moves(study)
    drawn = moves.head(ARROWS)
    if len(drawn):
        arrows, boxes = _arrows(_ends(drawn, likelihood, impact))
        # text to the top left, so that arrows have the rest of the cell; none hides it
        for text, fill in zip(figure.layout.annotations, np.ravel(fills), strict=True):
            text.update(x=text.x - 0.47, y=text.y - 0.46, xanchor="left", yanchor="top")
            text.update(align="left", bgcolor=fill, borderpad=1)
        figure.layout.annotations = [*arrows, *figure.layout.annotations, *boxes]
    figure.update_xaxes(title=f"Impact<br>{_key(accepted, len(drawn))}")
    figure.update_yaxes(title={"text": "Likelihood", "standoff": 14})
    placed, above = int(scored["standing_score"].notna().sum()), study.risks_above_appetite
    title = f"{placed} risks on the matrix, {above or 'none'} of them above appetite"
    words = [f"Where the risks stand: {_places_in_words(ids)}.", *_moves_in_words(moves)]
    words += [_line_in_words(study, accepted), *_aims_in_words(study)]
    tall = 110 if len(drawn) else 66
    return chart(figure, title, " ".join(words), 170 + tall * len(texts))


def _small(text: str) -> str:
    return f"<span style='font-size:11px'>{text}</span>"


def _bold(text: str) -> str:
    return f"<b>{text}</b><br>" if text else ""


def _shades(study: Study) -> dict[str, tuple[str, str]]:
    """Return a colour for each band, the lowest first, so that the top band is always the last."""
    bands = list(study.tables["risk_bands"].sort_values("lowest_score")["band"])
    last = len(BAND_COLOURS) - 1 if len(bands) > 3 else 2
    middle = [BAND_COLOURS[min(number, last)] for number in range(len(bands) - 1)]
    return dict(zip(bands, [*middle, BAND_COLOURS[last]], strict=True))


def _cell_counts(study: Study) -> pd.DataFrame:
    """Return how many risks stand in each cell, in words."""
    grid = study.risk_grid
    return grid.map(lambda ids: f"{ids.count(',') + 1} risks" if ids else "")


def _aims(study: Study) -> pd.DataFrame:
    """Return the risks that aim for each cell, without those that stand there already."""
    scored = study.scored_risks
    same = (scored["target_likelihood_score"] == scored["standing_likelihood_score"]) & (
        scored["target_impact_score"] == scored["standing_impact_score"]
    )
    return risks.grid(scored[~same], study.tables["risk_levels"], "target")


def _aim(ids: str) -> str:
    shown = ids if len(ids) <= CELL_WIDTH else f"{ids.count(',') + 1} risks"
    return f"<br>{_small(f'aim: {shown}')}" if ids else ""


def _edges(values: np.ndarray, width: float) -> list[dict]:
    """Return a line wherever two neighbouring cells have different values."""
    rows, columns = values.shape
    across = [
        (column + 0.5, column + 0.5, row - 0.5, row + 0.5)
        for row in range(rows)
        for column in range(columns - 1)
        if values[row, column] != values[row, column + 1]
    ]
    down = [
        (column - 0.5, column + 0.5, row + 0.5, row + 0.5)
        for row in range(rows - 1)
        for column in range(columns)
        if values[row, column] != values[row + 1, column]
    ]
    return [
        {
            "type": "line",
            "x0": x0,
            "x1": x1,
            "y0": y0,
            "y1": y1,
            "line": {"color": INK, "width": width},
        }
        for x0, x1, y0, y1 in [*across, *down]
    ]


def _moves(study: Study) -> pd.DataFrame:
    """Return the risks that their response moves to another cell, those that matter most first."""
    scored = study.scored_risks
    if study.standing_position == "inherent":
        return scored.iloc[:0]
    moved = scored["residual_score"].notna() & scored["inherent_score"].notna()
    same = (scored["residual_likelihood_score"] == scored["inherent_likelihood_score"]) & (
        scored["residual_impact_score"] == scored["inherent_impact_score"]
    )
    return scored[moved & ~same].sort_values(
        ["standing_score", "inherent_score"], ascending=False, kind="stable"
    )


def _ends(moves: pd.DataFrame, likelihood: pd.Series, impact: pd.Series) -> pd.DataFrame:
    """Return where each arrow begins and ends, side by side where several meet in a cell."""
    rows = {score: place for place, score in enumerate(likelihood)}
    columns = {score: place for place, score in enumerate(impact)}
    ends = pd.concat(
        pd.DataFrame(
            {
                "risk": moves["risk"],
                "end": end,
                "row": moves[f"{position}_likelihood_score"].map(rows),
                "column": moves[f"{position}_impact_score"].map(columns),
                "towards": moves[f"{other}_impact_score"].map(columns),
            }
        )
        for end, position, other in (
            ("tail", "inherent", "residual"),
            ("head", "residual", "inherent"),
        )
    ).sort_values(["row", "column", "towards", "risk"], kind="stable")
    cell = ends.groupby(["row", "column"])
    slot, slots = cell.cumcount(), cell["risk"].transform("size")
    place, row = slot % ABREAST - (slots.clip(upper=ABREAST) - 1) / 2, slot // ABREAST
    ends["x"] = ends["column"] + 0.16 + 0.16 * place - 0.08 * (row % 2)
    ends["y"] = ends["row"] + 0.36 - 0.22 * row
    return ends.pivot(index="risk", columns="end", values=["x", "y"])


def _arrows(ends: pd.DataFrame) -> tuple[list[dict], list[dict]]:
    """Return an arrow for each risk, and the box with its number where the arrow begins."""
    plain = {"xref": "x", "yref": "y", "axref": "x", "ayref": "y", "text": "", "arrowhead": 2}
    edged = (
        # a white edge, to be seen on dark cells
        {"arrowwidth": 5, "arrowcolor": "white", "arrowsize": 0.7},
        {"arrowwidth": 2, "arrowcolor": BLUE, "arrowsize": 1.1, "standoff": 4},
    )
    arrows, boxes = [], []
    for risk, end in ends.iterrows():
        tail = {"ax": end["x", "tail"], "ay": end["y", "tail"]}
        head = {"x": end["x", "head"], "y": end["y", "head"], "name": str(risk)}
        arrows += [plain | tail | head | style | {"showarrow": True} for style in edged]
        boxes.append(
            {
                "x": end["x", "tail"],
                "y": end["y", "tail"],
                "text": str(risk),
                "showarrow": False,
                "font": {"size": 11, "color": INK},
                "bgcolor": "white",
                "bordercolor": BLUE,
                "borderwidth": 2,
                "borderpad": 2,
            }
        )
    return arrows, boxes


def _key(accepted: np.ndarray, arrows: int) -> str:
    said = []
    if accepted.any() and not accepted.all():
        said.append("Heavy line: the limit of what is accepted.")
    if arrows:
        said.append("Box and arrow: from where a risk is without its response to where it is with it.")  # fmt: skip
    return f"<span style='font-size:12px'>{' '.join(said)}</span>"


def _places_in_words(grid: pd.DataFrame) -> str:
    """Say which risks are in which cell, highest likelihood first."""
    cells = grid.stack()
    said = [
        f"{_risks(ids)} at {likelihood} and {impact}"
        for (likelihood, impact), ids in cells[cells != ""].items()
    ]
    return "; ".join(said) or "none"


def _risks(ids: str) -> str:
    if len(ids) > 2 * CELL_WIDTH:
        return f"{ids.count(',') + 1} risks"
    return f"risk {ids}" if "," not in ids else f"risks {ids}"


def _moves_in_words(moves: pd.DataFrame) -> list[str]:
    said = [
        f"risk {row.risk} from {row.inherent_likelihood_level} and {row.inherent_impact_level} to "
        f"{row.residual_likelihood_level} and {row.residual_impact_level}"
        for row in moves.head(ARROWS).itertuples()
    ]
    many = f", the {ARROWS} highest of {len(moves)}" if len(moves) > ARROWS else ""
    return [f"Arrows, what responses move{many}: {'; '.join(said)}."] if said else []


def _line_in_words(study: Study, accepted: np.ndarray) -> str:
    if accepted.all() or not accepted.any():
        return "Every cell is accepted." if accepted.all() else "No cell is accepted."
    return (
        f"A heavy line parts the scores up to {study.highest_accepted_score}, which are accepted, "
        "from those above."
    )


def _aims_in_words(study: Study) -> list[str]:
    said = _places_in_words(_aims(study))
    return [] if said == "none" else [f"Where risks are aimed to be: {said}."]


# the register


def register(study: Study) -> Table:
    """Show the register with every position, response and owner, highest score first."""
    table = study.scored_risks.sort_values(
        ["standing_score", "inherent_score"], ascending=False, kind="stable"
    )
    above = table["within_appetite"].eq(False)
    table = table.assign(
        description=table["description"].replace("", "no description in the source"),
        band=table["standing_band"].where(~above, table["standing_band"] + ", above appetite"),
        **{position: _in_cell_words(table, position) for position in risks.POSITIONS},
    )
    labels = {
        "risk": "Risk",
        "description": "What could happen",
        "inherent": "As assessed",
        "residual": "With its response",
        "target": "Aimed for",
        "standing_score": "Score that counts",
        "band": "Band",
        "response": "Response",
        "proximity": "Could happen from",
        "owner": "Owner",
        "mitigation": "Mitigation",
    }
    lacking = {
        "residual": "position with the response",
        "target": "aim",
        "response": "response",
        "proximity": "date",
        "owner": "owner",
        "mitigation": "mitigation",
    }
    absent = [name for name in lacking if table[name].isin(["", None, pd.NaT]).all()]
    caption = f"The register, {_cut_in_words(table, 'highest score first')}"
    if absent:
        *others, last = [lacking[name] for name in absent]
        said = f"{', '.join(others)} or {last}" if others else last
        caption += f"; the source gives no {said}"
    shown = {name: label for name, label in labels.items() if name not in absent}
    return Table(table.head(SHOWN), caption, shown)


def _in_cell_words(scored: pd.DataFrame, position: str) -> list[str]:
    """Return each risk's place in words, for instance 'High and Marginal: 10', blank if none."""
    return [
        f"{likelihood} and {impact}: {printed(score)}" if score == score else ""
        for likelihood, impact, score in zip(
            scored[f"{position}_likelihood_level"],
            scored[f"{position}_impact_level"],
            scored[f"{position}_score"],
            strict=True,
        )
    ]


def _cut_in_words(table: pd.DataFrame, order: str) -> str:
    if len(table) <= SHOWN:
        return order
    return f"{order}: the first {SHOWN} of {len(table)} risks; results.csv holds all"


def findings(study: Study) -> Table:
    """Show what is wrong with the register itself."""
    grouped = study.risk_findings.groupby("finding", sort=False)["risk"]
    table = pd.DataFrame({"count": grouped.size(), "risks": grouped.agg(_numbers)})
    return Table(
        table.reset_index(),
        "Gaps in the register" if len(table) else "The register has no gaps",
        {"finding": "Finding", "count": "How many", "risks": "Risks"},
    )


# what the risks may cost


def costs(study: Study) -> Table:
    """Show what each costed risk is expected to cost, and what its response is worth."""
    labels = {
        "risk": "Risk",
        "description": "What could happen",
        "chance": "Chance",
        "if_it_happens": "Mean cost if it happens (£)",
        "inherent": "Expected, without the response (£)",
        "expected": "Expected, as it stands (£)",
        "counted": "Counted as",
        "response_cost_gbp": "The response costs (£)",
        "value": "The response is worth (£)",
    }
    if not study.costed_risks:
        return Table(pd.DataFrame(), NOT_COSTED, labels)
    register = study.tables["risks"].set_index("risk").loc[study.costed_risks]
    every = study.costed_rows(study.standing_position)
    rows = every.drop_duplicates("risk").set_index("risk")
    ranges, chances = rows[exposure.CHANCES], exposure.chance(rows)
    worth = study.present_costs(every).groupby(level="risk").sum().sum(axis="columns")
    expected = study.expected_risk_costs.sum(axis="columns")
    table = register.assign(
        chance=[_range(*ranges.loc[risk]) for risk in register.index],
        if_it_happens=worth / chances.where(chances > 0),
        counted=every.groupby("risk")["counted_by"].agg(lambda by: ", ".join(dict.fromkeys(by))),
        inherent=study.inherent_risk_costs,
        expected=expected,
        value=study.response_values.reindex(register.index),
    ).sort_values("expected", ascending=False, kind="stable")
    total = table[["inherent", "expected"]].sum().to_frame(TOTAL).T
    shown = pd.concat([table.head(SHOWN), total]).rename_axis("risk").reset_index()
    for name in ("description", "chance", "counted"):
        shown[name] = shown[name].fillna("")
    hidden = [] if table["response_cost_gbp"].notna().any() else ["response_cost_gbp", "value"]
    order, year = _cut_in_words(table, "the largest first"), year_label(study.years[0])
    caption = f"What the risks are expected to cost, discounted to {year}, {order}"
    if hidden:
        caption += "; the source gives no cost of a response"
    if (every["counted_by"] == exposure.COSTED_RISK).all():
        hidden = [*hidden, "counted"]
    return Table(
        shown, caption, {name: label for name, label in labels.items() if name not in hidden}
    )


def _range(low: float, high: float) -> str:
    return percent(low, 0) if low == high else f"{percent(low, 0)} to {percent(high, 0)}"


def not_costed(study: Study) -> Table:
    """Show the risks without a cost and what the register notes on them."""
    register = study.tables["risks"]
    table = register[~register["risk"].isin(study.costed_risks)]
    if not study.costed_risks:
        table = table.iloc[:0]
    caption = (
        f"Not costed, so not in the sums: {_cut_in_words(table, 'in the order of the register')}"
    )
    if table.empty:
        caption = "Every risk is costed" if study.costed_risks else NOT_COSTED
    return Table(
        table.assign(description=table["description"].replace("", "no description")).head(SHOWN),
        caption,
        {"risk": "Risk", "description": "What could happen", "note": "Note"},
    )


def costs_by_year(study: Study) -> Table:
    """Show the expected cost of each costed risk by year, and of all of them."""
    years = {str(year): f"{year_label(year)} (£)" for year in study.years}
    labels = {"risk": "Risk"} | years | {"sum": "Sum (£)"}
    if not study.costed_risks:
        return Table(pd.DataFrame(), NOT_COSTED, labels)
    by_risk = study.expected_risk_costs
    order = by_risk.sum(axis="columns").sort_values(ascending=False, kind="stable").index
    total = by_risk.sum().to_frame(TOTAL).T
    undiscounted = (by_risk.sum() / study.discount_factors).to_frame(f"{TOTAL}, not discounted").T
    table = pd.concat([by_risk.loc[order].head(SHOWN), total, undiscounted])
    table["sum"] = table.sum(axis="columns")
    table.columns = [str(name) for name in table]
    return Table(
        table.rename_axis("risk").reset_index(),
        f"Expected cost by financial year, discounted unless said otherwise, {_cut_in_words(by_risk, 'the largest first')}",
        labels,
    )


def contingency_chart(study: Study) -> Chart | Table:
    """Draw how likely each sum is to be enough, with the levels that a contingency is held at."""
    if study.risk_costs.empty:
        return Table(pd.DataFrame(), ELSEWHERE if study.costed_risks else NOT_COSTED, {})
    chances = np.linspace(0, 100, 101)
    costs = np.percentile(study.simulated_contingency, chances)
    expected = study.expected_risk_costs.to_numpy().sum()
    figure = go.Figure()
    figure.add_scatter(
        x=list(costs), y=list(chances / 100), mode="lines", line={"color": BLUE, "width": 3}
    )
    levels = study.contingency
    shares = [level / 100 for level in exposure.LEVELS]
    figure.add_scatter(
        x=list(levels), y=shares, mode="markers", marker={"color": ORANGE, "size": 11}
    )
    beside = {"xanchor": "right", "yanchor": "bottom", "xshift": -8}
    below = {"xanchor": "left", "yanchor": "top", "xshift": 10, "yshift": -2}
    for (name, cost), share in zip(levels.items(), shares, strict=True):
        figure.add_annotation(
            x=cost,
            y=share,
            text=f"{name.upper()} {in_words(cost)}",
            bgcolor="rgba(255, 255, 255, 0.85)",
            showarrow=False,
            **(beside if cost > 0.3 * costs[-1] else below),
        )
    figure.add_vline(x=expected, line={"color": GREY, "width": 2, "dash": "dash"})
    figure.add_annotation(
        x=expected, y=0.03, text=f"expected {in_words(expected)}", xanchor="left", xshift=6, showarrow=False
    )  # fmt: skip
    figure.update_xaxes(
        title="Cost of the risks, discounted (£)",
        tickformat=",.0f",
        nticks=7,
        rangemode="tozero",
        range=[0, 1.08 * (costs[-1] or 1)],
    )
    figure.update_yaxes(title="Chance that it is enough", tickformat=".0%", range=[-0.02, 1.04])
    title = (
        f"{in_words(levels['p80'])} is enough in eight of ten draws; the expected cost is "
        f"{in_words(expected)}"
    )
    said = [f"{in_words(cost)} in {IN_WORDS[name]}" for name, cost in levels.items()]
    description = (
        f"The chance that a sum is enough, from {in_words(costs[0])} to {in_words(costs[-1])}, over "
        f"{DRAWS:,} draws. Enough: {listed(said)}. The dashed line is the expected cost, "
        f"{in_words(expected)}."
    )
    return chart(figure, title, description, 430)


def contingency(study: Study) -> Table:
    """Show the levels that a contingency may be held at beside the expected cost."""
    labels = {"level": "Level", "cost": "Cost (£)", "over": "Over the expected cost (£)"}
    if not study.costed_risks:
        return Table(pd.DataFrame(), NOT_COSTED, labels)
    expected = study.expected_risk_costs.to_numpy().sum()
    rows = [("Expected", expected)]
    rows += [
        (f"{name.upper()}: enough in {IN_WORDS[name]}", cost)
        for name, cost in study.contingency.items()
    ]
    table = pd.DataFrame(rows, columns=["level", "cost"])
    return Table(
        table.assign(over=table["cost"] - expected),
        f"What a contingency for {len(study.costed_risks)} risks must hold, over {DRAWS:,} draws, "
        f"discounted to {year_label(study.years[0])}",
        labels,
    )


def contributors_chart(study: Study) -> Chart | Table:
    """Draw what the largest contributors cost on average and in the draws beyond P80."""
    if study.risk_costs.empty:
        return Table(pd.DataFrame(), ELSEWHERE if study.costed_risks else NOT_COSTED, {})
    table = study.risk_contributions.head(NAMED)
    names = [f"risk {risk}" for risk in table.index]
    figure = go.Figure()
    for name, column, colour in (
        ("beyond P80", "tail_cost", ORANGE),
        ("expected", "expected_cost", BLUE),
    ):
        figure.add_bar(
            name=name,
            y=names,
            x=list(table[column]),
            orientation="h",
            marker={"color": colour},
            text=[in_words(value) for value in table[column]],
            textposition="outside",
            cliponaxis=False,
        )
    figure.update_layout(barmode="group", bargap=0.3)
    highest = table[["tail_cost", "expected_cost"]].to_numpy().max() or 1
    figure.update_xaxes(
        title="Discounted cost (£)", tickformat=",.0f", range=[0, 1.15 * highest], nticks=6
    )
    figure.update_yaxes(autorange="reversed", showgrid=False)
    first = table.iloc[0]
    title = (
        f"Risk {table.index[0]} brings {percent(first['tail_share'], 0)} of the cost in the draws "
        "that cost most"
    )
    said = [
        f"risk {risk} {in_words(row['tail_cost'])} beyond P80 and {in_words(row['expected_cost'])} expected"
        for risk, row in table.iterrows()
    ]
    built = chart(figure, title, f"Mean cost of each: {'; '.join(said)}.", 170 + 56 * len(table))
    built.figure.update_layout(legend_traceorder="reversed")
    return with_legend(built)


def contributors(study: Study) -> Table:
    """Show each risk's part in the expected cost and in the draws beyond P80."""
    labels = {
        "risk": "Risk",
        "description": "What could happen",
        "expected_cost": "Expected cost (£)",
        "expected_share": "Part of the expected cost (%)",
        "tail_cost": "Mean cost beyond P80 (£)",
        "tail_share": "Part of the cost beyond P80 (%)",
    }
    if not study.costed_risks:
        return Table(pd.DataFrame(), NOT_COSTED, labels)
    table = study.risk_contributions
    descriptions = study.tables["risks"].set_index("risk")["description"]
    return Table(
        table.assign(description=descriptions).rename_axis("risk").reset_index().head(SHOWN),
        "What drives the contingency: the draws beyond P80 are the fifth that costs most; "
        + _cut_in_words(table, "the largest first"),
        labels,
    )


def who_bears(study: Study) -> Table:
    """Show what each partner bears of the expected cost, and what its own contingency must hold."""
    labels = {
        "partner": "Partner",
        "expected": "Expected cost (£)",
        "share": "Part of it (%)",
        "p50": "Enough in half of the draws (£)",
        "p80": "Enough in eight of ten (£)",
        "p90": "Enough in nine of ten (£)",
    }
    if not study.costed_risks:
        return Table(pd.DataFrame(), NOT_COSTED, labels)
    borne, draws = study.risk_costs_borne, study.simulated_risk_costs[1]
    rows = [
        {"partner": partner, "expected": borne[partner], **exposure.contingency(own)}
        for partner, own in zip(study.partners, draws, strict=True)
    ]
    rows.append({"partner": "All partners", "expected": borne.sum(), **study.contingency})
    table = pd.DataFrame(rows)
    return Table(
        table.assign(share=table["expected"] / (borne.sum() or 1)),
        f"Who bears it: what is shared is divided {study.risk_cost_rule}",
        labels,
    )


def double_counting(study: Study) -> Table:
    """Show, per line of cost, whether optimism bias or the costed risk is counted."""
    table = study.double_counting
    applied = "applied" if study.optimism_bias > 0 else "not applied"
    caption = (
        f"Money that would be counted twice: optimism bias is {applied} in this scenario, and each "
        "line is allowed for once"
    )
    if table.empty:
        caption = (
            "No costed risk would add to a line of the case's costs, so optimism bias and costed "
            f"risks can't count the same money; optimism bias is {applied} in this scenario"
        )
    elif study.parameters.overrun > 0:
        caption += (
            f"; the scenario plans one-off cost {percent(study.parameters.overrun, 0)} over, and the "
            "costed risks come on top of that"
        )
    shown = {
        exposure.COSTED_RISK: "costed risk",
        exposure.OPTIMISM_BIAS: "optimism bias; the risk is left out of the contingency",
        exposure.NEITHER: f"neither; option {study.option} does not spend this line",
    }
    return Table(
        table.assign(
            risks=[_numbers(numbers) for numbers in table["risks"]],
            counted_by=table["counted_by"].map(shown),
        ),
        caption,
        {
            "cost_line": "Line of cost",
            "risks": "Risks",
            "uplift": "Optimism bias, if applied (£)",
            "expected_cost": "Expected cost of the risks (£)",
            "counted_by": "Counted in this scenario",
        },
    )


# what would change the answer


def one_level_up(study: Study) -> Table:
    """Show what all risks being more or less likely than assessed would do."""
    now, (lowest, highest) = study.parameters.likelihood_shift, bounds("likelihood_shift")
    rows = []
    for shift in (-1, 0, 1, 2):
        if lowest <= now + shift <= highest:
            other = study.varied(likelihood_shift=now + shift) if shift else study
            counts = risks.band_counts(other.scored_risks, study.tables["risk_bands"])
            rows.append({"change": _shift_in_words(shift)} | counts.to_dict() | _outcome(other))
    bands = list(study.tables["risk_bands"].sort_values("lowest_score")["band"])
    return Table(
        pd.DataFrame(rows),
        "Number of risks in each band if all were more or less likely",
        {"change": "If every risk is"} | {band: band for band in bands} | _outcome_labels(study),
    )


def _shift_in_words(shift: int) -> str:
    if shift == 0:
        return "As in this scenario"
    way = "more" if shift > 0 else "less"
    return f"{abs(shift)} level{'s' * (abs(shift) > 1)} {way} likely"


def _outcome(study: Study) -> dict[str, float]:
    found = {"above": study.risks_above_appetite}
    if study.costed_risks:
        found["expected"] = study.expected_risk_costs.to_numpy().sum()
        found["p80"] = study.contingency["p80"]
    return found


def _outcome_labels(study: Study) -> dict[str, str]:
    labels = {"above": "Above appetite", "expected": "Expected cost (£)", "p80": "P80 (£)"}
    return labels if study.costed_risks else {"above": labels["above"]}


def what_would_change(study: Study) -> Table:
    """Show another appetite, and responses carried out or not, beside this scenario."""
    rows = [{"change": "As in this scenario", **_outcome(study)}]
    scores = study.scored_risks["standing_score"]
    tops = sorted(study.tables["risk_bands"]["highest_score"])
    now = study.highest_accepted_score
    for words, limits in (
        ("lower", [top for top in [0, *tops] if top < now][-1:]),
        ("higher", [top for top in tops if top > now][:1]),
    ):
        for limit in limits:
            accepted = f"scores up to {limit} are accepted" if limit else "no score is accepted"
            rows.append(
                {"change": f"Appetite one band {words}: {accepted}", **_outcome(study)}
                | {"above": int((scores > limit).sum())}
            )
    carried_out = study.standing_position == "residual"
    other = study.varied(risk_responses="none" if carried_out else risks.CARRIED_OUT)
    change = "No response is carried out" if carried_out else "Every response is carried out"
    rows.append({"change": change, **_outcome(other)})
    return Table(
        pd.DataFrame(rows),
        "What another appetite, or other responses, would do",
        {"change": "Change"} | _outcome_labels(study),
    )
