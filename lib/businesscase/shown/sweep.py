"""What a sweep of many futures found, in a sentence each and a picture."""

import textwrap
from itertools import pairwise

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from plotly.colors import sample_colorscale

from businesscase.calculations.uncertainty import SEED
from businesscase.calculations.wording import (
    capitalised,
    listed,
    percent,
    printed,
    share_in_words,
    worded,
)
from businesscase.shown.display import GREY, ORANGE, PALE, Chart, Sentence, Table, absent, chart
from businesscase.study import Study
from businesscase.study.sweep import (
    ANY_PARTNER,
    FAILURE,
    PARTNERSHIP,
    Condition,
    Findings,
    Found,
    swept,
)

NOTHING = "The case states no money that recurs, so there are no futures to tell apart"
FUTURES = 20_000  # enough for two digits of a share; the command draws more
FULL = 0.5  # share of futures that fail in the full colour, or more where more fail somewhere
MOST_ROWS, NAME_WIDTH = 3, 26
LOSES = {PARTNERSHIP: "the partnership loses money", ANY_PARTNER: "some partner loses money"}
MEET = {1: "it", 2: "both", 3: "all three"}
WORDS = {
    # what an input is called, what its value is added to, and its unit
    "realisation": ("realisation", 0, ""),
    "delay_years": ("delay", 0, "years"),
    "overrun": ("one-off cost", 1, "% of plan"),
    "running_cost_change": ("running cost", 1, "% of plan"),
    "baseline_cost_change": ("present cost", 1, "% of what is given"),
    "discount_rate": ("discount rate", 0, "%"),
}
LINE = (0, "% of plan")  # the value of a line is a multiple of its plan
CHOSEN = {"option": "Option", "membership": "Who takes part", "sharing": "Sharing", "optimism_bias": "Optimism bias"}  # fmt: skip


def futures(study: Study) -> Findings | None:
    """Return what a sweep of the study finds; None if no money of the case recurs."""
    return swept(study, FUTURES, SEED) if study.savings.recurs else None


def partnership(findings: Findings | None) -> Sentence | Table:
    """Say under which conditions the partnership loses money."""
    return _sentence(findings, PARTNERSHIP)


def any_partner(findings: Findings | None) -> Sentence | Table:
    """Say under which conditions at least one partner loses money."""
    return _sentence(findings, ANY_PARTNER)


def _sentence(findings: Findings | None, of: str) -> Sentence | Table:
    if findings is None:
        return absent(NOTHING)
    found, futures = findings.fails[of], f"{findings.draws:,} futures"
    if findings.choices:
        futures += ", each level of a choice as often as another,"
    if found.share in (0.0, 1.0):
        every = "every one" if found.share else "none"
        return Sentence(f"**In {every} of {futures} {LOSES[of]}.**")
    said = f"**In {share_in_words(found.share)} of {futures} {LOSES[of]}**"
    if not found.conditions:
        return Sentence(f"{said}, and no simple condition tells when.")
    met = listed([_condition(findings, condition) for condition in found.conditions])
    all_of_them = MEET[len(found.conditions)]
    holds = "holds" if len(found.conditions) == 1 else "hold"
    sought, are = ("losses", "losses") if found.sought == FAILURE else ("others", "without loss")
    return Sentence(
        f"{said}: {met} {holds} {percent(found.coverage, 0)} of the {sought}, and "
        f"{percent(found.density, 0)} of the futures that meet {all_of_them} are {are}."
    )


def _condition(findings: Findings, condition: Condition) -> str:
    if condition.levels:
        titles = findings.choices[condition.name]
        said = " or ".join(titles[level] for level in condition.levels)
        own_words = {"sharing": f"sharing as in “{said}”", "membership": f"“{said}”"}
        return own_words.get(condition.name, said)
    limits = {"over": condition.low, "under": condition.high}
    ends = [f"{word} {_value(condition.name, at)}" for word, at in limits.items() if at is not None]
    return f"{_name(condition.name)} {' and '.join(ends)}"


def _name(name: str) -> str:
    if name.startswith("risk "):
        return f"harm of {name}"
    if name.startswith("slip of task "):
        return f"delay of {name.removeprefix('slip of ')}"
    return WORDS[name][0] if name in WORDS else f"“{name}”"


def _value(name: str, value: float) -> str:
    """Return a value with its unit."""
    if name.startswith("risk "):
        return f"{percent(value, 0)} of the worst"
    if name.startswith("slip of task "):
        return worded(round(value, 2), "years")
    added, unit = WORDS[name][1:] if name in WORDS else LINE
    if unit.startswith("%"):
        return f"{printed(round(100 * (added + value), 1))}{unit}"
    return worded(round(value, 2), unit)


def picture(findings: Findings | None, of: str = PARTNERSHIP) -> Chart | Table:
    """Draw how often futures fail along the inputs that matter, and outline the conditions.

    Without conditions the inputs along which the share of failures differs most are shown.
    """
    if findings is None:
        return absent(NOTHING)
    found = findings.fails[of]
    kept = {condition.name: condition for condition in found.conditions}
    names = list(kept) or sorted(found.strips, key=lambda name: -_spread(found, name))[:MOST_ROWS]
    scale = _scale([found.strips[name] for name in names])
    figure = go.Figure()
    for row, name in enumerate(names):
        _add_row(figure, findings, found.strips[name], name, row, scale)
        if name in kept:
            _outline(figure, findings, kept[name], row)
    figure.add_scatter(  # draws the axes and the scale of colours
        x=[None], y=[None], mode="markers", hoverinfo="skip",
        marker={
            "color": [0], "cmin": scale[0], "cmax": scale[1], "colorscale": [[0, PALE], [1, ORANGE]],
            "showscale": True,
            "colorbar": {"title": {"text": "Share that fails"}, "tickformat": ".0%", "nticks": 5},
        },
    )  # fmt: skip
    figure.update_layout(barmode="overlay")
    figure.update_xaxes(visible=False, range=[-0.02, 1.02])
    figure.update_yaxes(
        tickvals=list(range(len(names))),
        ticktext=["<br>".join(textwrap.wrap(_row_name(name), NAME_WIDTH)) for name in names],
        range=[len(names) - 0.3, -0.55],
        showgrid=False,
        zeroline=False,
    )  # fmt: skip
    title, description = _words(findings, found, of, bool(kept))
    data = _parts(findings, found, names)
    return chart(figure, title, description, data, 150 + 110 * len(names))


def _parts(findings: Findings, found: Found, names: list[str]) -> pd.DataFrame:
    """Return each part of the ranges that are drawn, with the share that fails there."""
    rows = []
    for name in names:
        strip = found.strips[name]
        if name in findings.choices:
            parts = list(findings.choices[name].values())
        else:
            limits = next(found for found in findings.inputs if found["name"] == name)
            ends = np.linspace(limits["low"], limits["high"], len(strip) + 1)
            texts = [_value(name, float(end)) for end in ends]
            parts = [f"{low} to {high}" for low, high in pairwise(texts)]
        fails = ["no future" if part is None else percent(part) for part in strip]
        rows += [(_row_name(name), *row) for row in zip(parts, fails, strict=True)]
    table = pd.DataFrame(rows, columns=["Input", "Part of its range", "Share that fails"])
    return table.set_index("Input")


def _scale(strips: list[list[float | None]]) -> tuple[float, float]:
    """Return the shares of the palest and the fullest colour: a rare failure looks like one."""
    return 0.0, max(FULL, *(part for strip in strips for part in strip if part is not None))


def _spread(found: Found, name: str) -> float:
    known = [part for part in found.strips[name] if part is not None]
    return max(known) - min(known)


def _row_name(name: str) -> str:
    said = CHOSEN.get(name) or _name(name).strip("“”")
    return capitalised(said)


def _add_row(
    figure: go.Figure,
    findings: Findings,
    strip: list[float | None],
    name: str,
    row: int,
    scale: tuple[float, float],
) -> None:
    """Draw an input's range as cells coloured by the share that fails, with its ends or levels."""
    width, (least, most) = 1 / len(strip), scale
    colours = [
        "white" if part is None else _colour((part - least) / (most - least)) for part in strip
    ]
    is_choice = name in findings.choices
    figure.add_bar(
        x=[width] * len(strip),
        base=[place * width for place in range(len(strip))],
        y=[row] * len(strip),
        width=0.42,
        orientation="h",
        marker={"color": colours, "line": {"width": 0}},
        customdata=["no future" if part is None else percent(part) for part in strip],
        hovertemplate="%{customdata}<extra></extra>",
        text=[percent(part) if is_choice and part is not None else "" for part in strip],
        textposition="inside",
        insidetextanchor="middle",
        textfont={"color": "#0B0C0C"},
    )
    if is_choice:
        titles = list(findings.choices[name].values())
        for place, title in enumerate(titles):
            text = "<br>".join(textwrap.wrap(title, max(14, 66 // len(titles))))
            _note(figure, (place + 0.5) * width, row, text)
        return
    limits = next(found for found in findings.inputs if found["name"] == name)
    _note(figure, 0, row, _value(name, limits["low"]), "left")
    _note(figure, 1, row, _value(name, limits["high"]), "right")


def _colour(part: float) -> str:
    return sample_colorscale([[0, PALE], [1, ORANGE]], [part])[0]


def _note(figure: go.Figure, x: float, row: int, text: str, anchor: str = "center") -> None:
    figure.add_annotation(
        x=x, y=row + 0.27, text=text, showarrow=False, xanchor=anchor, yanchor="top", font={"size": 12}
    )  # fmt: skip


def _outline(figure: go.Figure, findings: Findings, condition: Condition, row: int) -> None:
    """Outline the part of an input's range, or the levels, that the conditions keep."""
    if condition.levels:
        levels = list(findings.choices[condition.name])
        parts = [
            (levels.index(level) / len(levels), (levels.index(level) + 1) / len(levels))
            for level in condition.levels
        ]
    else:
        limits = next(found for found in findings.inputs if found["name"] == condition.name)
        width = limits["high"] - limits["low"]
        ends = [(condition.low, 0.0), (condition.high, 1.0)]
        parts = [tuple(free if at is None else (at - limits["low"]) / width for at, free in ends)]
    for left, right in parts:
        figure.add_shape(
            type="rect", x0=left, x1=right, y0=row - 0.25, y1=row + 0.25,
            line={"color": GREY, "width": 3},
        )  # fmt: skip
    if not condition.levels:
        left, right = parts[0]
        text = _condition(findings, condition).removeprefix(_name(condition.name)).strip()
        middle = (left + right) / 2
        anchor = "left" if middle < 0.25 else "right" if middle > 0.75 else "center"
        place = {"left": left, "right": right, "center": middle}[anchor]
        figure.add_annotation(
            x=place, y=row - 0.27, text=f"<b>{text}</b>", showarrow=False, xanchor=anchor,
            yanchor="bottom",
        )  # fmt: skip


def _words(findings: Findings, found: Found, of: str, has_conditions: bool) -> tuple[str, str]:
    """Return the title and the description of the picture."""
    title = f"In {share_in_words(found.share)} of the futures {LOSES[of]}"
    if not found.share:
        title = f"In none of the futures {LOSES[of]}"
    description = "Each bar runs over an input's range; the darker a part, the more of its futures fail, and a white part was not drawn."
    if not has_conditions:
        return f"{title}; no simple condition tells when", description
    sought = "of these" if found.sought == FAILURE else "of the others"
    held = f"the outlined conditions together hold {percent(found.coverage, 0)} {sought}"
    met = listed([_condition(findings, condition) for condition in found.conditions])
    return f"{title}; {held}", f"{description} Outlined: {met}."
