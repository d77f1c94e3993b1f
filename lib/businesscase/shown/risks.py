"""What notebook 04 says and draws: the register on its matrix, and what its risks may cost."""

import textwrap
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from businesscase.calculations import exposure, risks
from businesscase.calculations.uncertainty import DRAWS
from businesscase.calculations.wording import (
    be,
    capitalised,
    counted,
    in_words,
    listed,
    part_of,
    percent,
    printed,
    year_label,
)
from businesscase.cases.parameters import limits
from businesscase.shown.display import (
    BLUE,
    GREY,
    ORANGE,
    Chart,
    Sentence,
    Table,
    absent,
    chart,
    table,
    tiles,
    with_legend,
)
from businesscase.shown.looks import BAD, GOOD, INK, MIDDLE
from businesscase.study import Study

# bands from low to high: fill and ink keep 4.5 to 1, and the band's name stands in the cell too
BAND_COLOURS = [GOOD, MIDDLE, ("#F4B6A6", INK), BAD]
SHOWN = 50  # rows of a long table that stand on the page; results.csv holds all
ARROWS = 10  # arrows that a matrix can show and still be read
ABREAST = 4  # ends of arrows side by side in a cell
CELL_WIDTH = 22  # characters of risk numbers that fit into a cell
NAMED = 10  # numbers that a sentence names
NOT_COSTED = "No risk of the register is costed, so there is no expected cost and no contingency"
ELSEWHERE = (
    "Every cost of a risk is counted elsewhere in this scenario, so no contingency is left to draw"
)
ENOUGH = {"expected": "Expected", "p50": "P50: enough in half", "p80": "P80: enough in eight of ten", "p90": "P90: enough in nine of ten"}  # fmt: skip
# columns of the register that not every case has, and what one lacks that doesn't
LACKING = {
    "residual": "position with the response",
    "aim": "aim",
    "response": "response",
    "proximity": "date",
    "owner": "owner",
    "mitigation": "mitigation",
}


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
            f"The register itself has {counted(gaps, 'gap')}, in {counted(faulty, 'risk')}."
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
        return f"**{capitalised(part_of(0, number, 'risk', 'the'))} is assessed.**"
    counts = risks.band_counts(placed, study.tables["risk_bands"])
    bands = listed([f"{count} {band}" for band, count in counts.items() if count])
    which = "the responses" if study.risks.standing_position == "residual" else "no response"
    when = f", with {which} carried out" if placed["residual_score"].notna().any() else ""
    those = capitalised(part_of(len(placed), number, "risk"))
    return f"**{those} {be(len(placed))} assessed: {bands}{when}.**"


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
    those, verb = f"{number if number > 1 else 'one'} that {be(number)}", be(number)
    basis = ", on assumed figures," if _all_assumed(study, "risk_costs") else ""
    others = left_out(study)
    kind = "costed and counted here" if others else "costed"
    said = (
        f"The {those} {kind}{basis} {verb} expected to cost about {in_words(expected)} "
        f"in all; about {in_words(study.risks.contingency['p80'])} is enough in eight of ten simulated "
        "futures."
    )
    said = f"{said} {capitalised(others)}." if others else said
    return f"{said} {_responses_sentence(study)}" if study.risks.response_cost else said


def _responses_sentence(study: Study) -> str:
    """Say what carrying out the responses costs, beside the expected cost that it saves."""
    saved = study.risks.removed_by_responses.sum()
    net = saved - study.risks.response_cost
    return (
        f"The responses cost {in_words(study.risks.response_cost)}, which the net present value holds, "
        f"and take about {in_words(saved)} off what the risks are expected to cost: about "
        f"{in_words(abs(net))} {'saved' if net >= 0 else 'lost'} net."
    )


def left_out(study: Study) -> str:
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


def numbers(risks: Iterable[int]) -> str:
    """Return the numbers of risks as prose has them, the first few where there are many."""
    shown = [str(risk) for risk in risks]
    if len(shown) <= NAMED:
        return listed(shown)
    return f"{', '.join(shown[:NAMED])} and {len(shown) - NAMED} more"


def _risks_named(risks: pd.Series | list[int]) -> str:
    return f"risk{'s' * (len(risks) > 1)} {numbers(risks)}"


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
    those = capitalised(part_of(above, placed, "risk on the matrix", "the"))
    return f"{those} {be(above)} above what the partners accept"


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
    scored = study.risks.scored.sort_values(
        ["standing_score", "inherent_score"], ascending=False, kind="stable"
    )
    above = scored["within_appetite"].eq(False)
    band = scored["standing_band"]
    found = scored.assign(
        inherent=_place(scored, "inherent"),
        residual=_place(scored, "residual"),
        aim=_place(scored, "target"),
        standing_band=band.where(~above, band + ", above appetite"),
    )
    shown = ["description", "inherent", "residual", "aim", "standing_score", "standing_band"]
    shown += ["response", "proximity", "owner", "mitigation"]
    found = found.set_index("risk")[shown].replace("", None)
    lacking = [name for name in LACKING if found[name].isna().all()]
    caption = f"The register, highest score first{cut(found)}"
    caption += _not_given([LACKING[name] for name in lacking])
    return table(found.drop(columns=lacking).head(SHOWN), caption)


def _not_given(names: list[str]) -> str:
    """Return the end of a caption: what the source lacks, nothing if it lacks nothing."""
    *others, last = names or [""]
    said = f"{', '.join(others)} or {last}" if others else last
    return f"; the case gives no {said}" if last else ""


def _place(scored: pd.DataFrame, position: str) -> pd.Series:
    """Return each risk's place in words, for instance 'High and Marginal: 10', blank if none."""
    score = scored[f"{position}_score"]
    words = scored[f"{position}_likelihood_level"] + " and " + scored[f"{position}_impact_level"]
    return (words + ": " + score.map(printed)).where(score.notna(), "")


def cut(found: pd.DataFrame) -> str:
    """Say how many risks a table shows if it can't show all, blank if it does."""
    if len(found) <= SHOWN:
        return ""
    return f": the first {SHOWN} of {len(found)} risks; the table of results holds all"


# what the risks may cost


def no_sums(study: Study) -> str:
    """Say why there is no sum of what the risks cost, where there is none."""
    return ELSEWHERE if study.risks.costed else NOT_COSTED


def contingency_said(study: Study) -> str:
    """Say for what a contingency is held and how sure its levels are, or why there is none."""
    number = len(study.risks.counted)
    if not number:
        return no_sums(study)
    said = (
        f"What a contingency for {counted(number, 'risk')} must hold, over {DRAWS:,} draws, "
        f"discounted to {year_label(study.years[0])}; off by about "
        f"{in_words(study.risks.contingency_errors['p80'])} at P80 for want of more draws"
    )
    return "; ".join(filter(None, [said, left_out(study)]))


def bias_said(study: Study) -> str:
    """Say whether the scenario applies optimism bias, and whether it plans a cost overrun besides."""
    applied = "applied" if study.savings.optimism_bias > 0 else "not applied"
    said = f"optimism bias is {applied} in this scenario"
    if study.parameters.overrun > 0:
        said += (
            f", which plans one-off cost {percent(study.parameters.overrun, 0)} over; the costed risks "
            "come on top of that"
        )
    return said


def contingency_chart(study: Study) -> Chart | Table:
    """Draw how likely each sum is to be enough, with the levels that a contingency is held at."""
    if not study.risks.counted:
        return absent(no_sums(study))
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
        f"About {in_words(levels['p80'])} is enough in eight of ten draws; about "
        f"{in_words(expected)} is expected"
    )
    description = (
        f"The chance that a sum is enough rises from {in_words(costs[0])} to {in_words(costs[-1])} "
        f"over {DRAWS:,} draws; points mark the levels of the table below, the dashed line the "
        "expected cost."
    )
    places = list(range(5, 100, 5))
    data = pd.DataFrame(
        {"Cost of the risks, discounted (£)": costs[places]},
        pd.Index([f"{chance}%" for chance in places], name="Chance that it is enough"),
    )
    return chart(figure, title, description, data, 430)


def contributors_chart(study: Study) -> Chart | Table:
    """Draw what the largest contributors cost on average and in the fifth of draws that cost most."""
    if not study.risks.counted:
        return absent(no_sums(study))
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
            text=[in_words(value) for value in table[column]],
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
    share = percent(first["tail_share"], 0)
    title = (
        f"Risk {table.index[0]} brings {'all' if share == '100%' else f'{share} of'} the cost in the fifth "
        "of draws that cost most"
    )
    description = (
        f"Mean cost of each risk, expected and in the fifth of draws that cost most: of risk {table.index[0]} "
        f"{in_words(first['expected_cost'])} and {in_words(first['tail_cost'])}; the table below has all."
    )
    data = table[["expected_cost", "tail_cost"]].set_axis(pd.Index(names, name="Risk"))
    data.columns = ["Expected (£)", "In the worst fifth of draws (£)"]
    built = chart(figure, title, description, data, 170 + 56 * len(table))
    built.figure.update_layout(legend_traceorder="reversed")
    return with_legend(built)


# what would change the answer


def changes(study: Study) -> dict[str, dict[str, Any]]:
    """Return what is tried in words, this scenario first, and the parameters that make it so."""
    found: dict[str, dict[str, Any]] = {"As in this scenario": {}}
    now, (lowest, highest) = study.parameters.likelihood_shift, limits("likelihood_shift")
    for shift in (-1, 1, 2):
        if lowest <= now + shift <= highest:
            found[_shift_in_words(shift)] = {"likelihood_shift": now + shift}
    if study.risks.scored["residual_score"].notna().any():
        carried_out = study.risks.standing_position == "residual"
        said = "No response is carried out" if carried_out else "Every response is carried out"
        found[said] = {"risk_responses": "none" if carried_out else risks.CARRIED_OUT}
    return found


def _shift_in_words(shift: int) -> str:
    way = "more" if shift > 0 else "less"
    return f"Every risk {abs(shift)} level{'s' * (abs(shift) > 1)} {way} likely"
