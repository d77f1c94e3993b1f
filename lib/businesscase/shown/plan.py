"""What notebook 05 shows: dates and critical path, how likely they are, and where the work stands."""

import numpy as np
import pandas as pd
import plotly.graph_objects as go

from businesscase.calculations.apportionment import ALL
from businesscase.calculations.durations import CERTAINTY
from businesscase.calculations.progress import AMBER, COMPLETE, GREEN, NOT_DUE, RED
from businesscase.calculations.wording import (
    be,
    capitalised,
    chance_in_words,
    in_words,
    listed,
    part_of,
    percent,
    printed,
    short_day,
    worded,
)
from businesscase.calculations.years import IS_MONTH
from businesscase.shown.display import (
    BLUE,
    GREY,
    ORANGE,
    PURPLE,
    TEAL,
    Chart,
    Sentence,
    Table,
    absent,
    chart,
    table,
)
from businesscase.shown.looks import BAD, GOOD, INK, MIDDLE, OPEN
from businesscase.study import Study

DRAWN, LISTED = 60, 100  # tasks in a chart and rows in a table, at most
STATUS_COLOURS = {
    RED: BAD,
    AMBER: MIDDLE,
    GREEN: GOOD,
    NOT_DUE: OPEN,
    COMPLETE: (BLUE, "white"),
}
CURVES = [(BLUE, "solid"), (PURPLE, "dash"), (GREY, "dot")]  # by deadline
EVENTS = ["gate", "decision", "deadline"]  # kinds of event that a plan works towards
CONTRACT_ENDS = "contract ends"
DAY = pd.Timedelta(days=1)  # a task ends, and a deadline falls, at the end of its day
NO_RANGES = "The case gives no ranges of durations, so how likely its dates are is not known"


def answer(study: Study) -> Sentence:
    """Say when the plan ends and how surely, what drives that, and which deadlines are in doubt."""
    schedule = study.plan.schedule
    critical = int(schedule["critical"].sum())
    said = [f"**The plan ends on {printed(schedule['early_finish'].max())}.**"]
    if study.plan.has_ranges:
        certain = study.plan.certain_finishes.at[ALL, "p80"]
        said.append(
            f"Counting how short and how long its tasks may turn out, it ends by {printed(certain)} "
            f"with a chance of {percent(CERTAINTY, 0)}."
        )
    if study.plan.has_task_readings:
        ahead = study.plan.progress["forecast_finish"].max()
        said.append(
            f"With what has come true by {_report_date(study)}, the end is forecast for "
            f"{printed(ahead)}."
        )
    said.append(
        f"{capitalised(part_of(critical, len(schedule), 'task', 'its'))} {be(critical)} critical: a day "
        "lost there is a day lost at the end."
    )
    return Sentence(
        " ".join([*said, *_said_of_others(study), *_said_of_deadlines(study), *_assumed(study)])
    )


def _report_date(study: Study) -> str:
    """Return the date of the progress report, which is that of the figures unless a scenario sets it."""
    is_set = bool(study.parameters.report_date)
    return printed(study.plan.report_date if is_set else study.case.file.data_date)


def _said_of_others(study: Study) -> list[str]:
    """Name the task that has float in the plan, but mostly none once durations vary."""
    if not study.plan.has_ranges:
        return []
    table = study.plan.schedule.set_index("task").assign(criticality=study.plan.criticality)
    others = table[~table["critical"]]
    if others.empty or others["criticality"].max() < 0.5:
        return []
    first = others.loc[others["criticality"].idxmax()]
    return [
        f"{first['name']} has float in the plan, but once durations vary the end hangs on it in "
        f"{chance_in_words(first['criticality'])} of simulated plans."
    ]


def _said_of_deadlines(study: Study) -> list[str]:
    deadlines = study.plan.deadlines
    number = len(deadlines)
    if not number:
        return []
    late = deadlines[deadlines["days_late"] > 0].sort_values("days_late", ascending=False)
    every = capitalised(part_of(number, number, "deadline"))
    said = [f"{every} {be(number)} met if every task runs as planned."]
    if len(late):
        worst = late.iloc[0]
        said = [
            f"Even if every task runs as planned, {part_of(len(late), number, 'deadline')} "
            f"{be(len(late))} missed, the worst by {worded(worst['days_late'], 'working days')} "
            f"({worst['name']})."
        ]
    if study.plan.has_ranges:
        last = study.plan.headline_deadlines.iloc[0]
        chance = chance_in_words(study.plan.deadline_chances.at[ALL, "chance"])
        of_last = f"{last['name']} by {printed(last['deadline'])}"
        said.append(
            f"The chance that all are met is {chance}; that of the last one, {of_last}, is "
            f"{chance_in_words(last['chance'])}."
            if number > 1
            else f"The chance of that, {of_last}, is {chance}."
        )
    return said


def _assumed(study: Study) -> list[str]:
    """Say whether durations and their ranges are assumed from end to end, nothing if neither is."""
    plan, ranges = (set(study.tables[stem]["status"]) for stem in ("tasks", "task_ranges"))
    if plan == {"assumed"}:
        return [f"Durations{' and their ranges' * (ranges == plan)} are assumed."]
    return ["The ranges of durations are assumed."] if ranges == {"assumed"} else []


def gantt(study: Study) -> Chart:
    """Draw the tasks over time: critical ones apart, float, deadlines, gates, events, certainty."""
    schedule = study.plan.schedule
    drawn = _drawn(schedule)
    labels = drawn["label"]
    figure = go.Figure()
    _add_bars(figure, drawn)
    _add_printed_dates(figure, drawn, study.tables["published"])
    if study.plan.has_ranges:
        _add_certainty(figure, drawn, study.plan.certain_finishes["p80"])
    _add_marks(figure, drawn)
    figure.update_layout(barmode="overlay", bargap=0.35)
    figure.update_xaxes(type="date", tickformat="%-d %b %Y", nticks=7)
    named = drawn["label"] + drawn["gate"].map({True: " (gate)", False: ""})
    named = named.where(~drawn["critical"], "<b>" + named + "</b>")
    figure.update_yaxes(
        categoryorder="array",
        categoryarray=list(labels[::-1]),
        tickmode="array",
        tickvals=list(labels),
        ticktext=named,
        showgrid=False,
    )
    title = _finish_said(study)
    described = (
        "Solid bars with names in bold are critical tasks; hatched bars have float, which the outline "
        "shows. Dashed lines are the gates, decisions and deadlines of the case, and the ends of contracts."
    )
    if study.plan.has_ranges:
        described += (
            " A black line from the end of a task with a deadline reaches to the day by which it ends "
            f"with a chance of {percent(CERTAINTY, 0)}."
        )
    described += _left_out(schedule, drawn)
    built = chart(figure, title, described, _drawn_data(study, drawn), 245 + 26 * len(drawn))
    figure.update_layout(
        title={"x": 0, "xref": "container", "y": 1, "yanchor": "top", "pad": {"t": 12, "l": 10}},
        margin={"t": figure.layout.margin.t + 70, "b": 75, "r": 90},
        showlegend=True,
        legend={
            "orientation": "h",
            "traceorder": "normal",
            "yref": "container",
            "y": 0.0,
            "yanchor": "bottom",
            "x": 0.0,
            "xref": "container",
        },
    )
    _add_dates(figure, _dates_around(study))
    return built


def _drawn_data(study: Study, drawn: pd.DataFrame) -> pd.DataFrame:
    """Return the dates that are drawn of each task."""
    labels = {
        "early_start": "Start",
        "early_finish": "Finish",
        "critical": "Critical",
        "late_finish": "Latest finish",
        "certain": f"{percent(CERTAINTY, 0)} certain by",
        "gate": "Gate",
        "deadline": "Deadline",
    }
    table = drawn.set_index("task")
    if study.plan.has_ranges:
        table["certain"] = pd.to_datetime(study.plan.certain_finishes["p80"].drop(ALL))
    table = table.set_index(table["label"].str.replace("  ", " ", n=1).rename("Task"))
    table = table.reindex(columns=list(labels)).dropna(axis="columns", how="all")
    return table.rename(columns=labels)


def _finish_said(study: Study) -> str:
    schedule = study.plan.schedule
    critical = schedule.loc[schedule["critical"], "task"]
    said = f"The plan ends on {printed(schedule['early_finish'].max())}"
    if study.plan.has_ranges:
        certain = study.plan.certain_finishes.at[ALL, "p80"]
        said += f", {percent(CERTAINTY, 0)} certain by {printed(certain)}"
    if len(critical) > 12:
        return f"{said}; {part_of(len(critical), len(schedule), 'task')} are critical"
    return f"{said}; critical {'task' if len(critical) == 1 else 'tasks'}: {', '.join(map(str, critical))}"


def _drawn(schedule: pd.DataFrame) -> pd.DataFrame:
    """Return the tasks to draw: all, or of a big plan those that matter most, in the plan's order."""
    names = [f"{row[0]}  {_short(row[1])}" for row in schedule[["task", "name"]].itertuples(False)]
    table = schedule.assign(label=names)
    if len(table) > DRAWN:
        matters = schedule["critical"].astype(int) + schedule["gate"] + schedule["deadline"].notna()
        most = matters[matters > 0].sort_values(ascending=False, kind="stable").head(DRAWN)
        table = table.loc[sorted(most.index)]
    return table.reset_index(drop=True)


def _left_out(schedule: pd.DataFrame, drawn: pd.DataFrame) -> str:
    if len(drawn) == len(schedule):
        return ""
    return (
        f" Of {len(schedule):,} tasks {len(drawn)} are drawn: those that are critical, a gate or with a "
        f"deadline, and of these the ones that are most of that; {len(schedule) - len(drawn):,} are "
        "left out."
    )


def _add_bars(figure: go.Figure, drawn: pd.DataFrame) -> None:
    tasks = drawn[drawn["duration_days"] > 0]
    looks = {
        "critical": {"color": BLUE},
        "has float": {
            "color": TEAL,
            "pattern": {"shape": "/", "fgcolor": "white", "fillmode": "overlay", "size": 6},
        },
    }
    for critical, name in ((True, "critical"), (False, "has float")):
        chosen = tasks[tasks["critical"] == critical]
        if len(chosen):
            _add_spans(
                figure, name, chosen["label"], chosen["early_start"],
                chosen["early_finish"] + DAY, looks[name],
            )  # fmt: skip
    floating = drawn[drawn["late_finish"] > drawn["early_finish"]]
    outline = {"color": "rgba(255,255,255,0)", "line": {"color": TEAL, "width": 1}}
    if len(floating):
        _add_spans(
            figure, "float", floating["label"], floating["early_finish"] + DAY,
            floating["late_finish"] + DAY, outline,
        )  # fmt: skip


def _add_spans(figure: go.Figure, name: str, labels, starts, ends, marker: dict) -> None:
    figure.add_bar(
        name=name,
        y=list(labels),
        base=[start.isoformat() for start in starts],
        x=[length.total_seconds() * 1000 for length in ends - starts],
        orientation="h",
        marker=marker,
        hovertext=[
            f"{name}: {printed(start)} to {printed(end - DAY)}"
            for start, end in zip(starts, ends, strict=True)
        ],
        hoverinfo="y+text",
    )


def _add_printed_dates(figure: go.Figure, drawn: pd.DataFrame, published: pd.DataFrame) -> None:
    """Add the dates that the source prints, where this scenario's differ."""
    places = []
    for measure, shift in (("early_start", 0 * DAY), ("early_finish", DAY)):
        rows = published[(published["section"] == "plan") & (published["measure"] == measure)]
        found = pd.to_datetime(rows.set_index("item")["value"])
        for row in drawn.itertuples():
            date = found.get(str(row.task))
            if date is not None and date != getattr(row, measure):
                places.append((row.label, (date + shift).isoformat()))
    if places:
        figure.add_scatter(
            name="printed start or end, where it differs",
            y=[label for label, _ in places],
            x=[date for _, date in places],
            mode="markers",
            marker={
                "symbol": "circle",
                "size": 9,
                "color": "white",
                "line": {"color": INK, "width": 2},
            },
            hoverinfo="skip",
        )


def _add_marks(figure: go.Figure, drawn: pd.DataFrame) -> None:
    """Add milestones, gates and deadlines, each of its own shape."""
    is_milestone = drawn["duration_days"] == 0
    reached = drawn["early_finish"] + DAY / 2
    ended = reached.where(is_milestone, drawn["early_finish"] + DAY)
    outline = {"color": INK, "width": 1}
    marks = {
        "milestone": (is_milestone & ~drawn["gate"], reached, "diamond", 15, "white"),
        "gate": (drawn["gate"], ended, "diamond", 17, GREY),
        "deadline": (
            drawn["deadline"].notna(),
            drawn["deadline"] + DAY,
            "triangle-down",
            11,
            ORANGE,
        ),
    }
    for name, (rows, dates, symbol, size, colour) in marks.items():
        if rows.any():
            figure.add_scatter(
                name=name,
                y=list(drawn.loc[rows, "label"]),
                x=[date.isoformat() for date in dates[rows]],
                mode="markers",
                marker={"symbol": symbol, "size": size, "color": colour, "line": outline},
                hoverinfo="skip",
            )


def _add_certainty(figure: go.Figure, drawn: pd.DataFrame, certain: pd.Series) -> None:
    """Add how far the end of a task reaches with a chance of four in five."""
    latest = pd.to_datetime(certain.reindex(drawn["task"]).reset_index(drop=True))
    rows = latest[latest > drawn["early_finish"]]
    dates: list[str | None] = []
    labels: list[str | None] = []
    for index, date in rows.items():
        row = drawn.loc[index]
        dates += [(row["early_finish"] + DAY).isoformat(), (date + DAY).isoformat(), None]
        labels += [row["label"], row["label"], None]
    if dates:
        figure.add_scatter(
            name=f"{percent(CERTAINTY, 0)} certain",
            x=dates,
            y=labels,
            mode="lines+markers",
            line={"color": INK, "width": 2},
            marker={"symbol": "line-ns", "size": 10, "line": {"color": INK, "width": 2}},
            hoverinfo="skip",
        )


def _dates_around(study: Study) -> list[tuple[pd.Timestamp, str, str]]:
    """Return the dates that the plan works towards: each with a label, and what it is in full."""
    schedule, events = study.plan.schedule, study.tables["events"]
    contracts = study.contracts.ends
    ends = [schedule[column].max() for column in ("early_finish", "late_finish", "deadline")]
    certain = [study.plan.certain_finishes.at[ALL, "p80"]] if study.plan.has_ranges else []
    first, last = (
        schedule["early_start"].min(),
        max(day for day in ends + certain if day is not pd.NaT),
    )
    known = events[events["kind"].isin(EVENTS) & events["date"].between(first, last)]
    written = "%b %Y" if last - first > pd.Timedelta(days=400) else "%b"
    months = dict(zip(known["date"], known[f"date{IS_MONTH}"], strict=True))
    dates = [(row.date, row.kind, row.date, row.event) for row in known.itertuples()]
    for day in certain:
        said = f"{percent(CERTAINTY, 0)} certain"
        dates.append((day + DAY, said, day, "the plan has ended"))
    for row in contracts[contracts["ends"].between(first, last)].itertuples():
        dates.append((row.ends + DAY, CONTRACT_ENDS, row.ends, row.contract))
    return [
        (at, f"{kind} {'' if months.get(day) else f'{day.day} '}{day:{written}}", said)
        for at, kind, day, said in sorted(dates)
    ]


def _add_dates(figure: go.Figure, dates: list[tuple[pd.Timestamp, str, str]]) -> None:
    """Add dates as vertical lines; close neighbours share a label."""
    span = dates[-1][0] - dates[0][0] if dates else pd.Timedelta(0)
    groups: list[list[tuple]] = []
    for date, label, said in dates:
        is_event = label.startswith((*EVENTS, CONTRACT_ENDS))
        look = {"width": 1, "dash": "dash"} if is_event else {"width": 2, "dash": "dot"}
        at = date.isoformat()
        figure.add_shape(
            type="line", x0=at, x1=at, y0=0, y1=1, yref="paper",
            layer="below", line={"color": GREY, **look},
        )  # fmt: skip
        if groups and date - groups[-1][0][0] < 0.07 * span:
            groups[-1].append((date, label, said))
        else:
            groups.append([(date, label, said)])
    for group in groups:
        figure.add_annotation(
            x=group[0][0].isoformat(),
            y=1,
            yref="paper",
            text=_stacked(list(dict.fromkeys(label for _, label, _ in group))),
            hovertext="; ".join(said for *_, said in group),
            showarrow=False,
            textangle=-35,
            align="left",
            xanchor="left",
            yanchor="bottom",
            font={"size": 12, "color": GREY},
        )


def _stacked(labels: list[str], most: int = 3) -> str:
    if len(labels) > most:
        labels = [*labels[: most - 1], f"{len(labels) - most + 1} more"]
    return "<br>".join(labels)


def first_rows(frame: pd.DataFrame, caption: str, absent: str = "") -> Table:
    """Show what a page can hold of a table of a big plan, with a caption that says so."""
    if len(frame) > LISTED:
        caption += f"; the first {LISTED} of {len(frame):,} rows"
    return table(frame.head(LISTED), caption, absent)


def status_said(study: Study) -> str:
    """Say of which day a status is, whether tasks are only taken to run as planned, and what isn't known."""
    said = f"Status at {_report_date(study)}"
    if not study.plan.has_task_readings:
        said += ", taken to have run as planned"
    packages = study.tables["work_packages"]
    without = packages.loc[packages["task"].isna(), "package"]
    return (
        f"{said}; without a task in the plan, so not known: {listed(without)}"
        if len(without)
        else said
    )


def tried_said(study: Study) -> str:
    """Say what is told of tasks that take their shortest or longest time alone, and how it is now."""
    if study.plan.tried_tasks.empty:
        return NO_RANGES
    certain = study.plan.certain_finishes.at[ALL, "p80"]
    said = "If one task alone takes its shortest or longest time: "
    said += f"the day by which the plan ends with a chance of {percent(CERTAINTY, 0)} (now {printed(certain)})"
    for last in study.plan.headline_deadlines.head(1).itertuples():
        said += f", and the chance of {last.name} by {printed(last.deadline)} (now {chance_in_words(last.chance)})"
    tried, tasks = len(study.plan.tried_tasks), len(study.plan.schedule)
    return f"{said}; the {tried} most critical tasks" if tried < tasks else said


def _short(name: str, width: int = 50) -> str:
    return name if len(name) <= width else f"{name[: width - 1].rstrip()}…"


def deadline_chart(study: Study) -> Chart | Table:
    """Draw how likely the last deadlines are met by when, with their contingency."""
    if not study.plan.has_ranges:
        return absent(NO_RANGES)
    headlines = study.plan.headline_deadlines
    simulated = study.plan.simulated
    curves = {
        f"{row.task} {_short(row.name, 30)}": simulated.task_finish[row.task]
        for row in headlines.itertuples()
    } or {"the plan": simulated.finish}
    figure = go.Figure()
    _add_curves(figure, study, curves)
    highest = _add_deadlines(figure, _deadline_lines(study, headlines))
    figure.update_xaxes(type="date", tickformat="%-d %b %Y", nticks=8, ticks="outside", ticklen=6)
    figure.update_yaxes(
        title="Chance to have ended",
        tickformat=".0%",
        range=[0, highest],
        tickvals=[0, 0.2, 0.4, 0.6, 0.8, 1.0],
    )
    figure.add_hline(y=CERTAINTY, line={"color": GREY, "width": 1, "dash": "dot"})
    said = [
        f"{row.name} by {printed(row.deadline)}: {chance_in_words(row.chance)}"
        + (
            f", with its contingency {chance_in_words(row.chance_with_contingency)}"
            if row.contingency_days
            else ""
        )
        for row in headlines.itertuples()
    ]
    description = (
        "Each curve is the share of simulated plans in which the work has ended by a day; vertical "
        f"lines are deadlines, the dotted level is {percent(CERTAINTY, 0)}. {'; '.join(said)}."
    )
    data = _chances_data(study, curves)
    return chart(figure, _likelihood_said(study), description, data, 460)


def _chances_data(study: Study, curves: dict[str, np.ndarray]) -> pd.DataFrame:
    """Return the day by which each share of simulated plans has ended."""
    levels = np.arange(5, 100, 5)
    return pd.DataFrame(
        {name: study.plan.finished_by(last, levels / 100) for name, last in curves.items()},
        pd.Index([f"{level}%" for level in levels], name="Chance"),
    )


def _add_curves(figure: go.Figure, study: Study, curves: dict[str, np.ndarray]) -> None:
    """Add the share of networks that have ended by each day, with its name beside it."""
    levels = (
        np.arange(1, 100) / 100
    )  # those of the data among them, so that both have the same dates
    ends = {name: study.plan.finished_by(last, levels) + DAY for name, last in curves.items()}
    first, last = (
        min(dates[0] for dates in ends.values()),
        max(dates[-1] for dates in ends.values()),
    )
    for number, (name, dates) in enumerate(ends.items()):
        colour, dash = CURVES[number]
        figure.add_scatter(
            x=[date.isoformat() for date in dates],
            y=list(levels),
            mode="lines",
            line={"color": colour, "width": 3, "dash": dash, "shape": "hv"},
            name=name,
            customdata=[printed(date - DAY) for date in dates],
            hovertemplate="%{customdata}: %{y:.0%}<extra></extra>",
        )
        at, room = [60, 40, 20][number], 0.3 * (last - first)  # what a name takes
        beside = {"xanchor": "left", "yanchor": "top", "xshift": 6}  # a curve rises to the right
        others = [other[at] for key, other in ends.items() if key != name]
        in_the_way = any(dates[at] <= other < dates[at] + room for other in others)
        if in_the_way or dates[at] > first + 0.6 * (last - first):
            beside = {"xanchor": "right", "yanchor": "bottom", "xshift": -6}
        figure.add_annotation(
            x=dates[at].isoformat(), y=levels[at], text=name, showarrow=False,
            bgcolor="rgba(255,255,255,0.8)", font={"color": colour}, **beside,
        )  # fmt: skip


def _likelihood_said(study: Study) -> str:
    if study.plan.headline_deadlines.empty:
        return f"The plan ends by {printed(study.plan.certain_finishes.at[ALL, 'p80'])} with a chance of {percent(CERTAINTY, 0)}"
    last = study.plan.headline_deadlines.iloc[0]
    return (
        f"{last['name']} is done by {printed(last['deadline'])} with a chance of "
        f"{chance_in_words(last['chance'])}, and {percent(CERTAINTY, 0)} certain by {printed(last['p80'])}"
    )


def _deadline_lines(study: Study, headlines: pd.DataFrame) -> list[tuple]:
    """Return dates, labels and the number of the curve of the deadlines and their contingencies."""
    lines = []
    for number, row in enumerate(headlines.itertuples()):
        lines.append((row.deadline, f"deadline: {chance_in_words(row.chance)}", number))
        if row.contingency_days:
            reserve = f"with contingency: {chance_in_words(row.chance_with_contingency)}"
            lines.append((study.plan.with_contingency(row.task), reserve, number))
    return sorted(lines)


def _add_deadlines(figure: go.Figure, lines: list[tuple]) -> float:
    """Add deadlines as vertical lines, close ones ever higher; return the height that they take."""
    days = [pd.Timestamp(day) for curve in figure.data for day in curve.x]
    days += [date + DAY for date, *_ in lines]
    room = 0.22 * (max(days) - min(days))  # what a label to the left of its line takes
    level, before, highest = 0, None, 1.0
    for date, text, number in lines:
        level = level + 1 if before is not None and date - before < room else 0
        before, end, height = date, (date + DAY).isoformat(), 1.16 + 0.15 * level
        look = {"color": CURVES[number][0], "width": 2}
        figure.add_shape(type="line", x0=end, x1=end, y0=0, y1=height, line=look)
        figure.add_annotation(
            x=end,
            y=height,
            text=f"{short_day(date)}<br>{text}",
            showarrow=False,
            align="right",
            xanchor="right",
            xshift=-3,
            yanchor="top",
            font={"color": look["color"], "size": 13},
        )
        highest = max(highest, height)
    first = min([min(days), *(date - room for date, *_ in lines[:1])])
    figure.update_xaxes(range=[first.isoformat(), (max(days) + 0.1 * room).isoformat()])
    return highest + 0.02


def status_rule(study: Study) -> Sentence:
    """State the report date and the rule by which a status follows from the forecast."""
    basis = (
        "Actual starts and finishes up to that date count. A task under way takes its duration from "
        "its actual start, but does not end before the report date; one that has not started waits "
        "for what it follows and for the report date."
        if study.plan.has_task_readings
        else "The case records no actual start or finish of a task, so the plan is taken to have run "
        "as planned."
    )
    return Sentence(
        f"**At {_report_date(study)}.** {basis}\n\n"
        "The rule: **complete** if finished; **red** if the forecast end is after the deadline or, "
        "without a deadline, so late that the end of the plan moves; **amber** if it is later than "
        "planned, or if the plan as made was more likely to miss the deadline than to meet it; **not "
        "due** if the start is planned after the report date; otherwise **green**. The deadline is "
        "that of the task in the plan."
    )


def progress_chart(study: Study) -> Chart:
    """Draw the status of each work package, or task, as a word in a bordered cell."""
    table = study.plan.package_progress
    kind = "tasks" if study.tables["work_packages"].empty else "work packages"
    order = {word: place for place, word in enumerate(STATUS_COLOURS)}
    counts = table["rag"].value_counts().reindex(list(order)).dropna().astype(int)
    drawn = table
    if len(table) > DRAWN // 2:  # the worst first, in the plan's order
        drawn = table.sort_values("rag", key=lambda words: words.map(order), kind="stable")
        drawn = drawn.head(DRAWN // 2)
    named = drawn["item"].where(
        drawn["item"] != drawn["task"].astype(str), drawn["item"] + "  " + drawn["name"]
    )
    labels = [_short(name) for name in named]
    figure = go.Figure()
    fills = [STATUS_COLOURS[word] for word in drawn["rag"]]
    figure.add_bar(
        y=labels,
        x=[1.0] * len(drawn),
        orientation="h",
        marker={"color": [fill for fill, _ in fills], "line": {"color": INK, "width": 1}},
        text=[f"<b>{word.upper()}</b>" for word in drawn["rag"]],
        textposition="inside",
        insidetextanchor="middle",
        textfont={"color": [ink for _, ink in fills], "size": 14},
        hoverinfo="skip",
    )
    columns = {
        "Actual or forecast end": drawn["forecast_finish"],
        "Planned end": drawn["early_finish"],
        "Deadline": drawn["deadline"],
    }
    for number, dates in enumerate(columns.values()):
        figure.add_scatter(
            y=labels,
            x=[number + 1.5] * len(drawn),
            mode="text",
            text=[_unbroken_day(date) for date in dates],
            hoverinfo="skip",
        )
    figure.update_layout(bargap=0.15)
    figure.update_xaxes(
        side="top",
        range=[0, 4],
        tickvals=[0.5, 1.5, 2.5, 3.5],
        ticktext=["Status", *columns],
        showgrid=False,
        zeroline=False,
    )
    figure.update_yaxes(
        categoryorder="array", categoryarray=labels[::-1], showgrid=False, ticksuffix="  "
    )
    title = f"At {_report_date(study)}, of {len(table):,} {kind} " + ", ".join(
        f"{count} {'is' if count == 1 else 'are'} {word}" for word, count in counts.items()
    )
    if list(counts.index) == [NOT_DUE]:
        title = f"At {_report_date(study)} none of the {len(table):,} {kind} is due to have started"
    description = "Each row says its status in words, and its dates; the table below says why."
    if len(drawn) < len(table):
        description += (
            f" The {len(drawn)} worst are drawn; {len(table) - len(drawn):,} are left out."
        )
    data = drawn[["rag"]].set_axis(["Status"], axis="columns").assign(**columns)
    data = data.set_axis(pd.Index(named, name="Task" if kind == "tasks" else "Work package"))
    built = chart(figure, title, description, data, 110 + 30 * len(drawn))
    figure.update_layout(
        title={"x": 0, "xref": "container", "pad": {"l": 10}},
        margin={"t": figure.layout.margin.t + 30, "b": 10},
    )
    return built


def _unbroken_day(date: pd.Timestamp) -> str:
    return short_day(date).replace(" ", "\N{NO-BREAK SPACE}")


def contracts_said(study: Study) -> Sentence:
    """Say of each contract whether it ends when its service is ready, and what it costs if not."""
    table = study.contracts.ends
    if table.empty:
        return Sentence(
            "The case names no contract that this option replaces, so none is taken to end "
            "too soon or to be paid beside the new service."
        )
    said = [_contract_said(row) for row in table.itertuples()]
    if study.plan.has_ranges:
        futures = zip(said, study.contracts.in_futures.itertuples(), strict=True)
        said = [f"{sentence} {_in_futures_said(row)}" for sentence, row in futures]
    return Sentence("\n\n".join(said))


def _contract_said(row) -> str:
    ends = f"**{row.contract}** ends on {printed(row.ends)}"
    starts = f"its service starts on {printed(row.starts)}"
    if round(row.gap_months, 1) > 0:
        return (
            f"{ends}, and {starts}: a gap of {_months(row.gap_months)}, which costs "
            f"{in_words(row.gap_cost)} above the contract's own price."
        )
    if round(row.overlap_months, 1) > 0:
        held = f", which the flows hold as “{row.stated_in}”" if row.stated_in else ""
        return (
            f"{ends}, and {starts}: {_months(row.overlap_months)} are paid twice, at "
            f"{in_words(row.overlap_cost)}{held}."
        )
    return f"{ends}, and {starts}: nothing must be bridged or is paid twice."


def _in_futures_said(row) -> str:
    costs = f"; on average it costs {in_words(row.gap_cost_expected)}" if row.gap_chance else ""
    return f"The chance of a gap is {chance_in_words(row.gap_chance)}{costs}."


def _months(number: float) -> str:
    return f"{number:.1f} months"
