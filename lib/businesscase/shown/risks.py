"""What notebook 04 shows: the register on its matrix, what is wrong with it, and what it may cost."""

import textwrap
from collections.abc import Callable
from functools import wraps

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from businesscase.calculations import exposure, risks
from businesscase.calculations.apportionment import ALL
from businesscase.calculations.uncertainty import DRAWS
from businesscase.calculations.wording import (
    capitalised,
    estimated,
    in_words,
    listed,
    percent,
    printed,
    year_label,
)
from businesscase.cases.parameters import limits
from businesscase.shown.display import (
    BLUE,
    GREY,
    ORANGE,
    TOTAL,
    Chart,
    Sentence,
    Table,
    absent,
    by_year,
    chart,
    tiles,
    with_legend,
)
from businesscase.study import Study

# bands from low to high: fill and ink keep 4.5 to 1, and the band's name stands in the cell too
BAND_COLOURS = [("#D5EBDD", "#0B0C0C"), ("#FFE8A3", "#0B0C0C"), ("#F4B6A6", "#0B0C0C"), ("#801650", "white")]  # fmt: skip
INK = "#0B0C0C"
SHOWN = 50  # rows of a long table that stand on the page; results.csv holds all
ARROWS = 10  # arrows that a matrix can show and still be read
ABREAST = 4  # ends of arrows side by side in a cell
CELL_WIDTH = 22  # characters of risk numbers that fit into a cell
NAMED = 10  # numbers that a sentence names
ALL_RISKS = "All risks"
NOT_COSTED = "No risk of the register is costed, so there is no expected cost and no contingency"
ELSEWHERE = (
    "Every cost of a risk is counted elsewhere in this scenario, so no contingency is left to draw"
)
IN_WORDS = {"p50": "half", "p80": "eight of ten", "p90": "nine of ten"}


def answer(study: Study) -> Sentence:
    """Say how many risks there are, how high, what they may cost, and what the register lacks."""
    scored = study.risks.scored
    placed = scored[scored["standing_score"].notna()]
    said = [_register_sentence(study, placed)]
    if len(placed):
        top = placed[placed["standing_score"] == placed["standing_score"].max()]
        said += [
            f"The highest score is {printed(top['standing_score'].iloc[0])} "
            f"({_risks_named(top['risk'])}).",
            _appetite_sentence(study, placed),
        ]
    said.append(_money_sentence(study))
    gaps, faulty = len(study.risks.findings), study.risks.findings["risk"].nunique()
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
    number = len(study.risks.scored)
    if placed.empty:
        return f"**None of the {number} risks is assessed.**"
    counts = risks.band_counts(placed, study.tables["risk_bands"])
    counted = listed([f"{count} {band}" for band, count in counts.items() if count])
    which = "the responses" if study.risks.standing_position == "residual" else "no response"
    when = f", with {which} carried out" if placed["residual_score"].notna().any() else ""
    return f"**{len(placed)} of {number} risks are assessed: {counted}{when}.**"


def _appetite_sentence(study: Study, placed: pd.DataFrame) -> str:
    above = placed[placed["within_appetite"].eq(False)]
    above = above.sort_values("standing_score", ascending=False, kind="stable")
    limit = f"the score of {study.risks.highest_accepted_score} that the partners accept"
    if study.parameters.appetite is None and _all_assumed(study, "risk_bands"):
        limit += " (an assumed limit)"
    return f"Above {limit}: {_risks_named(above['risk'])}." if len(above) else f"None is above {limit}."  # fmt: skip


def _money_sentence(study: Study) -> str:
    if not study.risks.costed:
        return "None of them is costed."
    if not study.risks.counted:
        return f"{ELSEWHERE}."
    expected = _expected(study)
    number = len(study.risks.counted)
    verb = "are" if number > 1 else "is"
    basis = ", on assumed figures," if _all_assumed(study, "risk_costs") else ""
    left_out = _left_out(study)
    kind = "costed and counted here" if left_out else "costed"
    said = (
        f"The {number} that {verb} {kind}{basis} {verb} expected to cost about {estimated(expected)} "
        f"in all; about {estimated(study.risks.contingency['p80'])} is enough in eight of ten simulated "
        "futures."
    )
    said = f"{said} {capitalised(left_out)}." if left_out else said
    return f"{said} {_responses_sentence(study)}" if study.risks.response_cost else said


def _responses_sentence(study: Study) -> str:
    """Say what carrying out the responses costs, beside the expected cost that it saves."""
    saved = study.risks.removed_by_responses.sum()
    net = saved - study.risks.response_cost
    return (
        f"The responses cost {in_words(study.risks.response_cost)}, which the net present value holds, "
        f"and take about {estimated(saved)} off what the risks are expected to cost: about "
        f"{estimated(abs(net))} {'saved' if net >= 0 else 'lost'} net."
    )


def _left_out(study: Study) -> str:
    """Name the risks that are costed but in none of the sums, blank if all are in them."""
    others = [risk for risk in study.risks.costed if risk not in study.risks.counted]
    if not others:
        return ""
    verb = "are" if len(others) > 1 else "is"
    return f"{_risks_named(others)} {verb} left out, as the table of lines of cost says"


def _all_assumed(study: Study, stem: str) -> bool:
    return bool(study.tables[stem]["status"].eq("assumed").all())


def _expected(study: Study) -> float:
    """Return the discounted expected cost of all costed risks [£]."""
    return study.risks.expected_costs.to_numpy().sum()


def _numbers(numbers: pd.Series) -> str:
    """Return the numbers of risks as prose has them, the first few where there are many."""
    shown = [str(number) for number in numbers]
    if len(shown) <= NAMED:
        return listed(shown)
    return f"{', '.join(shown[:NAMED])} and {len(shown) - NAMED} more"


def _risks_named(numbers: pd.Series) -> str:
    return f"risk{'s' * (len(numbers) > 1)} {_numbers(numbers)}"


# the matrix


def matrix_chart(study: Study) -> Chart:
    """Draw the matrix as a report prints it: ids in the cells, bands, appetite line and arrows."""
    levels = study.tables["risk_levels"]
    likelihood, impact = risks.scale(levels, "likelihood")[::-1], risks.scale(levels, "impact")
    scores = pd.DataFrame(np.outer(likelihood, impact), likelihood.index, impact.index)
    bands = scores.apply(lambda column: risks.bands_of(column, study.tables["risk_bands"]))
    aims = _aims(study)
    texts = bands.map(_small) + aims.map(_aim)
    ids, counts = study.risks.grid, _cell_counts(study)
    shown = ids.where(ids.map(len) <= CELL_WIDTH, counts)
    data = shown.map(lambda said: f"{said}; " if said else "") + bands
    data += aims.map(lambda said: f"; aim: {said}" if said else "")
    data.index = pd.Index(
        [f"{score} {word}" for word, score in likelihood.items()], name="Likelihood"
    )
    data.columns = [f"{word} {score}" for word, score in impact.items()]
    texts = shown.map(_bold) + texts
    texts.index = [f"{score}  {word}" for word, score in likelihood.items()]
    texts.columns = [f"{word}  {score}" for word, score in impact.items()]
    shades = _shades(study)
    fills = [[shades[band][0] for band in row] for row in bands.to_numpy()]
    figure = tiles(texts, fills, [[shades[band][1] for band in row] for row in bands.to_numpy()])
    accepted = scores.to_numpy() <= study.risks.highest_accepted_score
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
    has_aims = bool((aims != "").to_numpy().any())
    figure.update_xaxes(title=f"Impact<br>{_key(accepted, len(drawn), has_aims)}")
    figure.update_yaxes(title={"text": "Likelihood", "standoff": 14})
    words = [f"Where the risks stand: {_places_in_words(ids)}.", _line_in_words(study, accepted)]
    if len(drawn):
        which = f" of the {ARROWS} highest of {len(moves)}" if len(moves) > ARROWS else ""
        words.append(f"Arrows show what the responses do to the risks{which}.")
    if len(drawn) or has_aims:
        words.append("The register below has every position in words.")
    tall = 110 if len(drawn) else 66
    return chart(figure, _matrix_said(study), " ".join(words), data, 170 + tall * len(texts))


def _matrix_said(study: Study) -> str:
    placed = int(study.risks.scored["standing_score"].notna().sum())
    above = study.risks.above_appetite
    if not placed:
        return "No risk is placed on the matrix"
    verb = "are" if above > 1 else "is"
    return f"{above or 'None'} of the {placed} risks on the matrix {verb} above what the partners accept"


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
    grid = study.risks.grid
    return grid.map(lambda ids: f"{ids.count(',') + 1} risks" if ids else "")


def _aims(study: Study) -> pd.DataFrame:
    """Return the risks that aim for each cell, without those that stand there already."""
    scored = study.risks.scored
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
    ends = [dict(zip(("x0", "x1", "y0", "y1"), end, strict=True)) for end in [*across, *down]]
    return [{"type": "line", "line": {"color": INK, "width": width}} | end for end in ends]


def _moves(study: Study) -> pd.DataFrame:
    """Return the risks that their response moves to another cell, those that matter most first."""
    scored = study.risks.scored
    if study.risks.standing_position == "inherent":
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


def _key(accepted: np.ndarray, arrows: int, has_aims: bool) -> str:
    said = []
    if accepted.any() and not accepted.all():
        said.append("Heavy line: the limit of what is accepted.")
    if arrows:
        said.append("Box and arrow: from where a risk is without its response to where it is with it.")  # fmt: skip
    if has_aims:
        said.append("Aim: where a risk is meant to be in the end.")
    return f"<span style='font-size:12px'>{'<br>'.join(said)}</span>"


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


def _line_in_words(study: Study, accepted: np.ndarray) -> str:
    if accepted.all() or not accepted.any():
        return "Every cell is accepted." if accepted.all() else "No cell is accepted."
    return (
        f"A heavy line parts the scores up to {study.risks.highest_accepted_score}, which are accepted, "
        "from those above."
    )


# the register


def register(study: Study) -> Table:
    """Show the register with every position, response and owner, highest score first."""
    table = study.risks.scored.sort_values(
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
    caption += _not_given([lacking[name] for name in absent])
    shown = {name: label for name, label in labels.items() if name not in absent}
    return Table(table.head(SHOWN).replace("", None), caption, shown)


def _not_given(names: list[str]) -> str:
    """Return the end of a caption: what the source lacks, nothing if it lacks nothing."""
    *others, last = names or [""]
    said = f"{', '.join(others)} or {last}" if others else last
    return f"; the case gives no {said}" if last else ""


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
    grouped = study.risks.findings.groupby("finding", sort=False)["risk"]
    table = pd.DataFrame({"count": grouped.size(), "risks": grouped.agg(_numbers)})
    return Table(
        table.reset_index(),
        "Gaps in the register",
        {"finding": "Finding", "count": "How many", "risks": "Risks"},
        absent="The register has no gaps",
    )


# what the risks may cost


def _of_money(view: Callable[[Study], Chart | Table]) -> Callable[[Study], Chart | Table]:
    """Let a view of money say in one sentence that no risk is costed."""

    @wraps(view)
    def shown(study: Study) -> Chart | Table:
        return view(study) if study.risks.costed else absent(NOT_COSTED)

    return shown


@_of_money
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
        "value": "It saves, less its cost (£)",
    }
    register = study.tables["risks"].set_index("risk").loc[study.risks.costed]
    every = study.risks.costed_rows(study.risks.standing_position)
    rows = every.drop_duplicates("risk").set_index("risk")
    ranges, chances = rows[exposure.CHANCES], exposure.chance(rows)
    worth = study.risks.present_costs(every).groupby(level="risk").sum().sum(axis="columns")
    expected = study.risks.expected_costs.sum(axis="columns")
    table = register.assign(
        chance=[_range(*ranges.loc[risk]) for risk in register.index],
        if_it_happens=worth / chances.where(chances > 0),
        counted=every.groupby("risk")["counted_by"].agg(lambda by: ", ".join(dict.fromkeys(by))),
        inherent=study.risks.inherent_costs,
        expected=expected,
        value=study.risks.response_values.reindex(register.index),
    ).sort_values("expected", ascending=False, kind="stable")
    totals = ["inherent", "expected", "response_cost_gbp", "value"]
    total = table[totals].sum(min_count=1).to_frame(ALL_RISKS).T
    shown = pd.concat([table.head(SHOWN), total]).rename_axis("risk").reset_index()
    hidden, lacking = [], []
    if np.allclose(table["inherent"], table["expected"]):
        hidden.append("inherent")
    if study.risks.scored["residual_score"].isna().all():
        lacking.append("position with the response")
    if table["response_cost_gbp"].isna().all():
        hidden += ["response_cost_gbp", "value"]
        lacking.append("cost of a response")
    if (every["counted_by"] == exposure.COSTED_RISK).all():
        hidden.append("counted")
    order, year = _cut_in_words(table, "the largest first"), year_label(study.years[0])
    caption = f"What the risks are expected to cost, discounted to {year}, {order}"
    return Table(
        shown,
        caption + _not_given(lacking),
        {name: label for name, label in labels.items() if name not in hidden},
    )


def _range(low: float, high: float) -> str:
    return percent(low, 0) if low == high else f"{percent(low, 0)} to {percent(high, 0)}"


@_of_money
def not_costed(study: Study) -> Table:
    """Show the risks without a cost and what the register notes on them."""
    register = study.tables["risks"]
    table = register[~register["risk"].isin(study.risks.costed)]
    caption = (
        f"Not costed, so not in the sums, {_cut_in_words(table, 'in the order of the register')}"
    )
    if table.empty:
        caption = "Every risk is costed"
    return Table(
        table.assign(
            description=table["description"].replace("", "no description in the source")
        ).head(SHOWN),
        caption,
        {"risk": "Risk", "description": "What could happen", "note": "Note"},
    )


@_of_money
def costs_by_year(study: Study) -> Table:
    """Show the expected cost of each costed risk by year, and of all of them."""
    by_risk = study.risks.expected_costs
    by_risk = by_risk.loc[:, by_risk.any()]
    order = by_risk.sum(axis="columns").sort_values(ascending=False, kind="stable").index
    total = by_risk.sum().to_frame(ALL_RISKS).T
    undiscounted = by_risk.sum() / study.savings.discount_factors[by_risk.columns]
    undiscounted = undiscounted.to_frame(f"{ALL_RISKS}, not discounted").T
    table = pd.concat([by_risk.loc[order].head(SHOWN), total, undiscounted])
    table["sum"] = table.sum(axis="columns")
    return Table(
        table.rename_axis("risk").reset_index(),
        "Expected cost by financial year, discounted unless said otherwise; years without any are "
        f"left out; {_cut_in_words(by_risk, 'the largest first')}",
        {"risk": "Risk"} | by_year(by_risk.columns) | {"sum": "Sum (£)"},
    )


@_of_money
def contingency_chart(study: Study) -> Chart | Table:
    """Draw how likely each sum is to be enough, with the levels that a contingency is held at."""
    if study.risks.costs.empty:
        return absent(ELSEWHERE)
    chances = np.linspace(0, 100, 101)
    costs = np.percentile(study.risks.simulated_contingency, chances)
    expected = _expected(study)
    figure = go.Figure()
    figure.add_scatter(
        x=list(costs), y=list(chances / 100), mode="lines", line={"color": BLUE, "width": 3}
    )
    levels = study.risks.contingency
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
            text=f"{name.upper()} {estimated(cost)}",
            bgcolor="rgba(255, 255, 255, 0.85)",
            showarrow=False,
            **(beside if cost > 0.3 * costs[-1] else below),
        )
    figure.add_vline(x=expected, line={"color": GREY, "width": 2, "dash": "dash"})
    figure.add_annotation(
        x=expected, y=0.03, text=f"expected {estimated(expected)}", xanchor="left", xshift=6, showarrow=False
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
        f"About {estimated(levels['p80'])} is enough in eight of ten draws; about "
        f"{estimated(expected)} is expected"
    )
    description = (
        f"The chance that a sum is enough rises from {estimated(costs[0])} to {estimated(costs[-1])} "
        f"over {DRAWS:,} draws; points mark the levels of the table below, the dashed line the "
        "expected cost."
    )
    places = list(range(5, 100, 5))
    data = pd.DataFrame(
        {"Cost of the risks, discounted (£)": costs[places]},
        pd.Index([f"{chance}%" for chance in places], name="Chance that it is enough"),
    )
    return chart(figure, title, description, data, 430)


@_of_money
def contingency(study: Study) -> Table:
    """Show the levels that a contingency may be held at beside the expected cost."""
    labels = {"level": "Level", "cost": "Cost (£)", "over": "Over the expected cost (£)"}
    expected = _expected(study)
    rows = [("Expected", expected)]
    rows += [
        (f"{name.upper()}: enough in {IN_WORDS[name]}", cost)
        for name, cost in study.risks.contingency.items()
    ]
    table = pd.DataFrame(rows, columns=["level", "cost"])
    number = len(study.risks.counted)
    caption = (
        f"What a contingency for {number} risk{'s' * (number != 1)} must hold, over {DRAWS:,} draws, "
        f"discounted to {year_label(study.years[0])}; off by about "
        f"{estimated(study.risks.contingency_errors['p80'])} at P80 for want of more draws"
    )
    return Table(
        table.assign(over=table["cost"] - expected),
        "; ".join(said for said in (caption, _left_out(study)) if said),
        labels,
    )


@_of_money
def contingency_cash(study: Study) -> Table:
    """Show the cash that is enough by year, which is what a reserve is held in."""
    table = study.risks.contingency_by_year
    table = table.set_axis(
        [f"{name.upper()}: enough in {IN_WORDS[name]}" for name in table.index]
    ).rename_axis("level")
    return Table(
        table.reset_index(),
        "Contingency in cash by year, prices of the base year, not discounted; each year by itself, so that "
        "the sums of a row are not what all years together need",
        {"level": "Level"} | {year: f"{year_label(year)} (£)" for year in study.years},
    )


@_of_money
def adjusted(study: Study) -> Table:
    """Show the plan's worth, what the risks that are left are expected to cost, and what remains."""
    worth, left = study.savings.net_present_values, study.risks.costs_borne
    table = pd.DataFrame(
        {
            "partner": [TOTAL, *study.partners],
            "planned": [worth.sum(), *worth.reindex(study.partners, fill_value=0.0)],
            "adjusted": study.risks.risk_adjusted_worth.loc[[ALL, *study.partners]].to_numpy(),
        }
    )
    return Table(
        table.assign(risks=table["planned"] - table["adjusted"]) if left.any() else table.iloc[:0],
        "Net present value of the plan, responses paid, less what the risks that are left are expected to cost",
        {
            "partner": "Partner",
            "planned": "As planned (£)",
            "risks": "Expected cost of risks (£)",
            "adjusted": "Risk-adjusted (£)",
        },
        absent=ELSEWHERE,
    )


@_of_money
def contributors_chart(study: Study) -> Chart | Table:
    """Draw what the largest contributors cost on average and in the fifth of draws that cost most."""
    if study.risks.costs.empty:
        return absent(ELSEWHERE)
    table = study.risks.contributions.head(NAMED)
    descriptions = study.tables["risks"].set_index("risk")["description"]
    names = [
        f"{risk}  {textwrap.shorten(descriptions[risk], 44, placeholder='…')}"
        for risk in table.index
    ]
    figure = go.Figure()
    for name, column, colour in (
        ("in the worst fifth of draws", "tail_cost", ORANGE),
        ("expected", "expected_cost", BLUE),
    ):
        figure.add_bar(
            name=name,
            y=names,
            x=list(table[column]),
            orientation="h",
            marker={"color": colour},
            text=[estimated(value) for value in table[column]],
            textposition="outside",
            cliponaxis=False,
        )
    figure.update_layout(barmode="group", bargap=0.3)
    highest = table[["tail_cost", "expected_cost"]].to_numpy().max() or 1
    figure.update_xaxes(
        title="Discounted cost (£)", tickformat=",.0f", range=[0, 1.15 * highest], nticks=6
    )
    figure.update_yaxes(autorange="reversed", showgrid=False, ticksuffix="  ")
    first = table.iloc[0]
    title = (
        f"Risk {table.index[0]} brings {percent(first['tail_share'], 0)} of the cost in the fifth of "
        "draws that cost most"
    )
    description = (
        f"Mean cost of each risk, expected and in the fifth of draws that cost most: of risk {table.index[0]} "
        f"{estimated(first['expected_cost'])} and {estimated(first['tail_cost'])}; the table below has all."
    )
    data = table[["expected_cost", "tail_cost"]].set_axis(pd.Index(names, name="Risk"))
    data.columns = ["Expected (£)", "In the worst fifth of draws (£)"]
    built = chart(figure, title, description, data, 170 + 56 * len(table))
    built.figure.update_layout(legend_traceorder="reversed")
    return with_legend(built)


@_of_money
def contributors(study: Study) -> Table:
    """Show each risk's part in the expected cost and in the fifth of draws that cost most."""
    labels = {
        "risk": "Risk",
        "description": "What could happen",
        "expected_cost": "Expected cost (£)",
        "expected_share": "Part of the expected cost (%)",
        "tail_cost": "Mean cost in the worst fifth (£)",
        "tail_share": "Part of the cost in the worst fifth (%)",
    }
    table = study.risks.contributions
    descriptions = study.tables["risks"].set_index("risk")["description"]
    return Table(
        table.assign(description=descriptions).rename_axis("risk").reset_index().head(SHOWN),
        "What drives the contingency: the worst fifth are the draws that cost most; "
        + _cut_in_words(table, "the largest first"),
        labels,
    )


@_of_money
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
    borne, draws = study.risks.costs_borne, study.risks.simulated_costs[1]
    rows = [
        {"partner": partner, "expected": borne[partner], **exposure.sure_contingency(own)}
        for partner, own in zip(study.partners, draws, strict=True)
    ]
    rows.append({"partner": TOTAL, "expected": borne.sum(), **study.risks.contingency})
    table = pd.DataFrame(rows)
    return Table(
        table.assign(share=table["expected"] / (borne.sum() or 1)),
        f"Expected cost and contingency by partner, discounted; a shared cost is divided {study.risks.cost_rule}",
        labels,
    )


def double_counting(study: Study) -> Table:
    """Show, per line of cost, whether optimism bias or the costed risk is counted."""
    table = study.risks.double_counting
    applied = "applied" if study.savings.optimism_bias > 0 else "not applied"
    caption = (
        f"Lines of cost that a costed risk adds to; optimism bias is {applied} in this scenario"
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
    said = {
        exposure.COSTED_RISK: "costed risk",
        exposure.OPTIMISM_BIAS: "optimism bias; the risk is left out of the contingency",
        exposure.NEITHER: f"neither; option {study.option} does not spend this line",
    }
    counted, raised = table["counted_by"].map(said), table["uplift"] > 0
    alone = (table["counted_by"] == exposure.COSTED_RISK) & ~raised
    counted = counted.where(~alone, "costed risk; optimism bias raises one-off cost alone")
    rate = percent(study.varied(optimism_bias="applied").savings.optimism_bias, 0)
    return Table(
        table.assign(
            risks=[_numbers(numbers) for numbers in table["risks"]],
            uplift=table["uplift"].where(raised),
            counted_by=counted,
        ),
        caption,
        {
            "cost_line": "Line of cost",
            "risks": "Risks",
            "uplift": f"Optimism bias of {rate}, if applied (£)",
            "expected_cost": "Expected cost of the risks (£)",
            "counted_by": "Counted in this scenario",
        },
    )


# what would change the answer


def what_would_change(study: Study) -> Table:
    """Show other likelihoods, another appetite and other responses beside this scenario."""
    rows = [{"change": "As in this scenario"} | _outcome(study)]
    now, (lowest, highest) = study.parameters.likelihood_shift, limits("likelihood_shift")
    for shift in (-1, 1, 2):
        if lowest <= now + shift <= highest:
            other = study.varied(likelihood_shift=now + shift)
            rows.append({"change": _shift_in_words(shift)} | _outcome(other))
    scores = study.risks.scored["standing_score"]
    tops = sorted(study.tables["risk_bands"]["highest_score"])
    limit_now = study.risks.highest_accepted_score
    for words, others in (
        ("lower", [top for top in [0, *tops] if top < limit_now][-1:]),
        ("higher", [top for top in tops if top > limit_now][:1]),
    ):
        for limit in others:
            accepted = f"scores up to {limit} are accepted" if limit else "no score is accepted"
            change = {"change": f"Appetite one band {words}: {accepted}"}
            rows.append(change | _outcome(study) | {"above": int((scores > limit).sum())})
    if study.risks.scored["residual_score"].notna().any():
        carried_out = study.risks.standing_position == "residual"
        other = study.varied(risk_responses="none" if carried_out else risks.CARRIED_OUT)
        change = "No response is carried out" if carried_out else "Every response is carried out"
        rows.append({"change": change} | _outcome(other))
    bands = study.tables["risk_bands"].sort_values("lowest_score")["band"]
    labels = {"change": "Change"} | {band: band for band in bands}
    labels |= {"above": "Above appetite"}
    if study.risks.costed:
        labels |= {"expected": "Expected cost (£)", "p80": "P80 (£)"}
    return Table(
        pd.DataFrame(rows), "Number of risks in each band, and their cost, after a change", labels
    )


def _shift_in_words(shift: int) -> str:
    way = "more" if shift > 0 else "less"
    return f"Every risk {abs(shift)} level{'s' * (abs(shift) > 1)} {way} likely"


def _outcome(study: Study) -> dict[str, float]:
    """Return how many risks stand in each band and above appetite, and what they may cost."""
    found = risks.band_counts(study.risks.scored, study.tables["risk_bands"]).to_dict()
    found["above"] = study.risks.above_appetite
    if study.risks.costed:
        found["expected"] = _expected(study)
        found["p80"] = study.risks.contingency["p80"]
    return found
