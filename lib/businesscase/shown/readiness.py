"""What notebook 06 shows first: how ready the partners are, where they stand apart, what that teaches."""

import datetime as dt
from collections.abc import Iterator

import pandas as pd
import plotly.graph_objects as go

from businesscase.calculations.wording import (
    be,
    capitalised,
    counted,
    in_words,
    listed,
    part_of,
    printed,
)
from businesscase.calculations.years import IS_MONTH, Month, known_date, with_known_dates
from businesscase.shown.display import (
    BLUE,
    COLOURS,
    GREY,
    PURPLE,
    Chart,
    Sentence,
    Table,
    absent,
    chart,
    lowered,
)
from businesscase.study import Study

NOT_SCORED = "No scores of readiness are given"
REACH = "#D6E0EA"  # pale enough for a label to be read on it
LOWEST, HIGHEST = 1, 5  # the ends of the scale
LANE = 22  # height of a partner's lane within an area [pixels]
SIZE_WORDS = {"users": "users", "devices": "devices", "spend": "spend a year"}
EVENT_KINDS = ["gate", "decision", "outcome"]  # drawn beside the lessons


def answer(study: Study) -> Sentence:
    """Say whether the partners are ready together, and why not."""
    said = [*_score_sentences(study), *_red_line_sentences(study), f"{sizes_said(study)}."]
    lacking = study.governance.lacking
    settled = int((study.governance.settled == "yes").sum())
    said.append(
        f"Governance: {part_of(settled, len(study.governance.settled), 'topic')} {be(settled)} settled"
        + (f"; **left open: {listed(lacking)}**." if lacking else ".")
    )
    return Sentence(" ".join(said))


def _score_sentences(study: Study) -> list[str]:
    if study.readiness.scores.empty:
        return [f"**{NOT_SCORED}.**"]
    apart, below = study.readiness.areas_beyond_gap, study.readiness.areas_below_minimum
    reasons = [f"they stand too far apart in {listed(apart)}"] if apart else []
    if apart and apart == below:
        reasons = [
            f"they stand too far apart and a partner is below the minimum score in {listed(apart)}"
        ]
    elif below:
        reasons.append(f"a partner is below the minimum score in {listed(below)}")
    lowest = study.readiness.scores.min(axis="columns")
    weakest = list(lowest.index[lowest == lowest.min()])
    first = (
        f"**The partners are not ready together: {', and '.join(reasons)}.**"
        if reasons
        else "**The partners are ready together: they stand close enough in every area, and nobody "
        "is below a minimum score.**"
    )
    assumed = int((study.tables["readiness"]["status"] == "assumed").sum())
    return [
        first,
        f"The lowest score is {printed(lowest.min())} of 5, in {listed(weakest)}; "
        f"{part_of(assumed, study.readiness.scores.size, 'score')} {be(assumed)} assumed.",
    ]


def _red_line_sentences(study: Study) -> list[str]:
    lines = study.tables["red_lines"]
    if lines.empty:
        return []
    named = {
        word: [_line_name(line) for line in lines[lines["respected"] == word].itertuples()]
        for word in ("no", "not known")
    }
    crossed = named["no"]
    said = (
        f"The proposal crosses {counted(len(crossed), 'red line')}: {listed(crossed)}."
        if crossed
        else "The proposal crosses no red line that is known."
    )
    open_lines = named["not known"]
    if not open_lines:
        return [said]
    return [said, f"Whether it respects {listed(open_lines)} is not known."]


def _line_name(line) -> str:
    name = f"“{line.red_line}”"
    return name if line.partner == "shared" else f"{name} ({line.partner})"


def sizes_said(study: Study) -> str:
    """Say how many times as large the largest partner is as the smallest, and what of that is assumed."""
    known = study.readiness.size_ratios.dropna()
    if known.empty:
        return "How unequal the partners are in size is not known"
    told = {size: printed(ratio) for size, ratio in known.items()}
    named = {size: f"{SIZE_WORDS[size]}{_assumed(_size_status(study, size))}" for size in told}
    said = [f"{ratio} times the {named[size]}" for size, ratio in told.items() if ratio != "1"]
    alike = [named[size] for size, ratio in told.items() if ratio == "1"]
    parts = [f"The largest partner has {listed(said)} of the smallest"] if said else []
    parts += [f"The partners are equal in {listed(alike)}"] if alike else []
    return ". ".join(parts)


def _assumed(status: str) -> str:
    if "assumed" not in status:
        return ""
    return " (assumed)" if status == "assumed" else " (assumed in part)"


# the picture


def gap_chart(study: Study) -> Chart | Table:
    """Draw the partners' scores in each area, what is within reach, and the minimum score.

    Each partner has a lane of its own within an area, so that equal scores are both seen.
    """
    if study.readiness.scores.empty:
        return absent(NOT_SCORED)
    table = study.readiness.divergence.assign(
        beyond=study.readiness.divergence.eval("gap - largest_gap")
    )
    table = table.sort_values(["beyond", "lowest"], ascending=[False, True], kind="stable")
    order = list(table.index)
    scores, lanes = study.readiness.scores.loc[order], len(study.readiness.scores.columns)
    shapes = [
        shape for place, area in enumerate(order) for shape in _area_shapes(study, area, place)
    ]
    figure = go.Figure()
    figure.update_layout(shapes=shapes)  # all at once, as in ``tiles``
    _draw_scores(figure, study, scores)
    figure.update_xaxes(
        title="Readiness: 1 not ready to 5 ready",
        range=[LOWEST - 0.4, HIGHEST + 0.4],
        tickvals=list(range(LOWEST, HIGHEST + 1)),
        zeroline=False,
    )
    figure.update_yaxes(
        tickvals=list(range(len(order))),
        ticktext=[_area_label(study, area) for area in order],
        range=[len(order) - 0.5, -0.5],
        showgrid=False,
        zeroline=False,
    )
    height = 150 + len(order) * (LANE * lanes + 14)
    marks = pd.Series([", ".join(_marks(study, area)) for area in order], order, name="in the way")
    data = pd.concat([scores, marks], axis="columns").rename_axis("Area")
    built = chart(figure, _gap_title(study), _gap_words(study, order), data, height)
    return _keyed(built, study)


def _area_shapes(study: Study, area: str, place: int) -> Iterator[dict]:
    """Yield how far below the highest score a partner may stand, and the minimum score."""
    gap, minimum = (
        study.readiness.divergence.loc[area],
        study.readiness.areas.at[area, "lowest_score"],
    )
    yield {
        "type": "rect",
        "x0": max(gap["highest"] - gap["largest_gap"], LOWEST) - 0.12,
        "x1": gap["highest"] + 0.12,
        "y0": place - 0.43,
        "y1": place + 0.43,
        "fillcolor": REACH,
        "line": {"width": 0},
        "layer": "below",
    }
    if not pd.isna(minimum):
        yield {
            "type": "line",
            "x0": minimum - 0.17,
            "x1": minimum - 0.17,
            "y0": place - 0.46,
            "y1": place + 0.46,
            "line": {"color": PURPLE, "width": 3},
            "layer": "below",
        }
    yield {
        "type": "line",
        "x0": 0,
        "x1": 1,
        "xref": "paper",
        "y0": place + 0.5,
        "y1": place + 0.5,
        "line": {"color": "#BFBFBF", "width": 1},
        "layer": "below",
    }


def _draw_scores(figure: go.Figure, study: Study, scores: pd.DataFrame) -> None:
    """Draw one mark a partner and area, with the partner's name beside it."""
    lanes = len(scores.columns)
    behind = set(
        study.readiness.needed_rises[["area", "partner"]].itertuples(index=False, name=None)
    )
    marks = [
        (score, place + (lane + 0.5) / lanes * 0.8 - 0.4, partner, (area, partner) in behind)
        for place, (area, row) in enumerate(scores.iterrows())
        for lane, (partner, score) in enumerate(row.items())
    ]
    on_left = [score > (LOWEST + HIGHEST) / 2 for score, *_ in marks]
    figure.add_scatter(
        x=[score for score, *_ in marks],
        y=[height for _, height, *_ in marks],
        text=[
            f"<b>{partner} {printed(score)}</b>" if late else f"{partner} {printed(score)}"
            for score, _, partner, late in marks
        ],
        textposition=["middle left" if left else "middle right" for left in on_left],
        textfont={"size": 13},
        mode="markers+text",
        marker={
            "size": 13,
            "color": [COLOURS[3] if late else BLUE for *_, late in marks],
            "symbol": ["diamond" if late else "circle" for *_, late in marks],
            "line": {"color": "white", "width": 1},
        },
        hoverinfo="text",
        cliponaxis=False,
    )


def _marks(study: Study, area: str) -> list[str]:
    """Return what stands in the way in an area."""
    return [
        words
        for words, areas in (
            ("too far apart", study.readiness.areas_beyond_gap),
            ("below the minimum", study.readiness.areas_below_minimum),
        )
        if area in areas
    ]


def _area_label(study: Study, area: str) -> str:
    marks = _marks(study, area)
    return f"{area}<br><b>{', '.join(marks)}</b>" if marks else area


def _gap_title(study: Study) -> str:
    apart, below = study.readiness.areas_beyond_gap, study.readiness.areas_below_minimum
    if apart and apart == below:
        said = (
            f"{listed(apart)}: the partners stand too far apart, and one is below the minimum score"
        )
        return capitalised(said)
    said = [f"{listed(apart)}: the partners stand too far apart"] if apart else []
    if below:
        said.append(f"{listed(below)}: a partner is below the minimum score")
    ready = "in every area the partners are ready and close enough together"
    return capitalised("; ".join(said) or ready)


def _gap_words(study: Study, order: list[str]) -> str:
    """Return in words the areas that stand in the way, and how close the partners are in the others."""
    in_the_way = {*study.readiness.areas_beyond_gap, *study.readiness.areas_below_minimum}
    said = []
    for area in filter(in_the_way.__contains__, order):
        row, gap = study.readiness.scores.loc[area], study.readiness.divergence.loc[area]
        scores = ", ".join(f"{partner} {printed(score)}" for partner, score in row.items())
        minimum = study.readiness.areas.at[area, "lowest_score"]
        line = "no minimum score" if pd.isna(minimum) else f"minimum score {printed(minimum)}"
        said.append(
            f"{area}: {scores} (gap {printed(gap['gap'])}, at most {printed(gap['largest_gap'])}; {line})"
        )
    others = study.readiness.divergence.drop(index=list(in_the_way))
    if len(others):
        where = f"in the {counted(len(others), 'other area')}" if said else "in every area"
        widest = others["gap"].max()
        gap = f"the gap is {printed(widest)} at most" if widest else "there is no gap"
        said.append(f"{where} {gap}, and nobody is below a minimum score")
    return f"{capitalised('; '.join(said))}."


def _keyed(built: Chart, study: Study) -> Chart:
    """Say above the drawing what its parts mean."""
    parts = ["shaded: near enough to the furthest partner"]
    if len(study.readiness.needed_rises):
        parts.append("diamond: has to rise")
    if study.readiness.areas["lowest_score"].notna().any():
        parts.append("dark line: minimum score, nobody may be left of it")
    built.figure.add_annotation(
        text=capitalised("; ".join(parts)),
        x=0,
        y=1,
        xref="paper",
        yref="paper",
        xanchor="left",
        yanchor="bottom",
        showarrow=False,
        font={"size": 13, "color": GREY},
    )
    return lowered(built, 28)


# tables


def _size_status(study: Study, size: str) -> str:
    """Return the statuses of the rows that a size comes from, for instance published, assumed."""
    drivers = study.tables["drivers"]
    rows = study.tables["service_costs"] if size == "spend" else drivers[drivers["driver"] == size]
    return ", ".join(rows["status"].unique())


# lessons


def set_here(study: Study) -> str:
    """Say at the end of a caption in which areas the scenario sets scores; nothing if in none."""
    changed = study.parameters.readiness_scores
    return f"; a scenario sets those of {listed(changed)}" if changed else ""


def no_rise(study: Study) -> str:
    """Say why nobody has to rise."""
    if study.readiness.scores.empty:
        return NOT_SCORED
    return "Nobody has to rise: every area is within its gap and minimum score"


def stop_said(study: Study) -> str:
    """Say when the programme stopped, and what was spent before."""
    if study.readiness.stop is None:
        return "What held the programme up, and when that could have been known; it has not stopped"
    spent = study.readiness.spent_before_stop
    cost = (
        "no spend is printed"
        if pd.isna(spent)
        else f"{in_words(spent)} was spent before, dated by financial year only, so that what was "
        "spent after a gate is the most that it can be"
    )
    return f"The programme stopped {_on(study)}; {cost}"


def no_lesson(study: Study) -> str:
    """Say that a case records no lesson, and whether it has ended."""
    stopped = study.readiness.stop is not None
    why = ", though the programme has ended" if stopped else ": the programme has not stopped"
    return f"No lesson is recorded{why}"


def lesson_chart(study: Study) -> Chart | Table:
    """Draw from when each reason for the stop could have been known until the stop."""
    table = study.readiness.lessons
    if study.readiness.stop is None or table.empty:
        return absent("There is no stop to look back from")
    figure = go.Figure()
    for lesson in table.itertuples():
        figure.add_scatter(
            x=[lesson.known_from, study.readiness.stop],
            y=[lesson.lesson] * 2,
            mode="lines",
            line={"color": BLUE, "width": 16},
            hoverinfo="skip",
        )
        figure.add_annotation(
            x=lesson.known_from,
            y=lesson.lesson,
            text=_lesson_label(lesson),
            showarrow=False,
            xanchor="left",
            yanchor="bottom",
            yshift=10,
            font={"size": 13},
        )
    _draw_events(figure, study)
    rows = list(table["lesson"])
    figure.update_yaxes(
        categoryorder="array", categoryarray=["", *rows[::-1]], showgrid=False, range=[-0.9, len(rows) + 0.6]
    )  # fmt: skip
    first, last = table["known_from"].min(), study.readiness.stop
    margin = (last - first) * 0.25
    figure.update_xaxes(range=[_first_event(study) - margin, last + margin], tickformat="%b %Y")
    said = [f"{lesson.lesson}: {_lesson_label(lesson)}" for lesson in table.itertuples()]
    description = f"{'; '.join(said)}. The programme stopped {_on(study)}."
    drawn = [
        *(
            (lesson.lesson, known, _lesson_label(lesson))
            for lesson, known in zip(
                table.itertuples(), with_known_dates(table)["known_from"], strict=True
            )
        ),
        *(
            (capitalised(kind), _known(study, date), "")
            for date, kind in _past_events(study).items()
        ),
    ]
    data = pd.DataFrame(drawn, columns=["What", "Known from, or held on", "Until the stop"])
    data = data.set_index("What")
    return chart(figure, _lesson_title(study), description, data, 170 + 62 * len(rows))


def _lesson_label(lesson) -> str:
    months = counted(int(lesson.months_to_stop), "month")
    after = lesson.spent_after
    spent = "no spend is printed" if pd.isna(after) else f"at most {in_words(after)} spent after"
    return f"{months} before the stop; {spent}"


def _lesson_title(study: Study) -> str:
    longest = study.readiness.lessons.sort_values("months_to_stop").iloc[-1]
    earliest = f"{counted(int(longest['months_to_stop']), 'month')} earlier"
    after = longest["spent_after"]
    spent = "" if pd.isna(after) else f"; at most {in_words(after)} was spent since"
    every = (study.readiness.lessons["known_from"] == longest["known_from"]).all()
    who = ("every" if len(study.readiness.lessons) > 1 else "the") if every else "a"
    said = f"{who} reason for the stop could have been known {earliest}{spent}"
    ours = (study.readiness.lessons["status"] == "assumed").any()
    return f"In our judgement {said}" if ours else capitalised(said)


def _past_events(study: Study) -> pd.Series:
    """Return the kinds of event up to the stop, by date."""
    events = study.tables["events"]
    past = events[events["kind"].isin(EVENT_KINDS) & (events["date"] <= study.readiness.stop)]
    return past.groupby("date")["kind"].agg(lambda kinds: " and ".join(dict.fromkeys(kinds)))


def _on(study: Study) -> str:
    """Return when the programme stopped, as prose has it."""
    stop = _known(study, study.readiness.stop)
    return f"{'in' if isinstance(stop, Month) else 'on'} {printed(stop)}"


def _known(study: Study, date: pd.Timestamp) -> dt.date:
    """Return the date of events as it is known: to the day if one of them is."""
    events = study.tables["events"]
    return known_date(date, events.loc[events["date"] == date, f"date{IS_MONTH}"].all())


def _first_event(study: Study) -> pd.Timestamp:
    return _past_events(study).index.min()


def _draw_events(figure: go.Figure, study: Study) -> None:
    """Draw gates and decisions up to the stop in the lowest row, with their dates."""
    past = _past_events(study)
    figure.add_scatter(
        x=list(past.index),
        y=[""] * len(past),
        text=[
            f"{capitalised(kind)}<br>{printed(_known(study, date))}" for date, kind in past.items()
        ],
        textposition="bottom center",
        textfont={"size": 12},
        mode="markers+text",
        marker={"size": 11, "color": GREY, "symbol": "diamond"},
        hoverinfo="text",
        cliponaxis=False,
    )


# aims, and what would change the answer
