"""What notebook 05 shows: the plan's dates, its critical path and its deadlines."""

import pandas as pd
import plotly.graph_objects as go

from businesscase.study import Study
from businesscase.views.display import (
    BLUE,
    GREY,
    ORANGE,
    TEAL,
    Chart,
    Sentence,
    Table,
    chart,
    listed,
    printed,
    with_legend,
)


def answer(study: Study) -> Sentence:
    """Say when the plan ends, what drives that, and which deadlines are missed."""
    schedule = study.schedule
    finish = schedule["early_finish"].max()
    critical = schedule[schedule["critical"]]
    late = schedule[schedule["days_late"] > 0].sort_values("days_late", ascending=False)
    dated = int(schedule["deadline"].notna().sum())
    said = [
        f"**The plan ends on {printed(finish)}.** {len(critical)} of its {len(schedule)} tasks are "
        "critical: a day lost on any of them is a day lost at the end."
    ]
    if len(late):
        worst = late.iloc[0]
        said.append(
            f"{len(late)} of {dated} deadlines are missed, the worst by {printed(worst['days_late'])} "
            f"working days ({worst['name']})."
        )
    elif dated:
        said.append(f"All {dated} deadlines are met.")
    return Sentence(" ".join(said))


def gantt(study: Study) -> Chart:
    """Draw the tasks over time, critical ones apart, float and deadlines marked."""
    schedule = study.schedule
    labels = [
        f"{row.task}  {_short(row.name_)}"
        for row in schedule.rename(columns={"name": "name_"}).itertuples()
    ]
    day = pd.Timedelta(days=1)
    figure = go.Figure()
    for critical, colour, name in ((True, BLUE, "critical"), (False, TEAL, "has float")):
        rows = (schedule["critical"] == critical).to_numpy()
        if not rows.any():
            continue
        chosen = schedule[rows]
        lengths = chosen["early_finish"] + day - chosen["early_start"]
        figure.add_bar(
            name=name,
            y=[label for label, kept in zip(labels, rows, strict=True) if kept],
            base=[start.isoformat() for start in chosen["early_start"]],
            x=[length.total_seconds() * 1000 for length in lengths],
            orientation="h",
            marker={"color": colour},
            hovertext=[
                f"{printed(start)} to {printed(finish)}"
                for start, finish in zip(chosen["early_start"], chosen["early_finish"], strict=True)
            ],
            hoverinfo="y+text",
        )
    floating = schedule[schedule["total_float_days"] > 0]
    figure.add_bar(
        name="float",
        y=[labels[index] for index in floating.index],
        base=[(finish + day).isoformat() for finish in floating["early_finish"]],
        x=[
            max((late - early).total_seconds() * 1000, 0)
            for early, late in zip(floating["early_finish"], floating["late_finish"], strict=True)
        ],
        orientation="h",
        marker={"color": "white", "line": {"color": TEAL, "width": 1}},
        hoverinfo="skip",
    )
    due = schedule.dropna(subset="deadline")
    figure.add_scatter(
        name="deadline",
        y=[labels[index] for index in due.index],
        x=[(date + day).isoformat() for date in due["deadline"]],
        mode="markers",
        marker={
            "symbol": "diamond",
            "size": 11,
            "color": ORANGE,
            "line": {"color": GREY, "width": 1},
        },
        hoverinfo="skip",
    )
    figure.update_layout(barmode="overlay", bargap=0.35)
    figure.update_xaxes(type="date", tickformat="%-d %b %Y", nticks=7)
    figure.update_yaxes(categoryorder="array", categoryarray=labels[::-1], showgrid=False)
    critical = ", ".join(str(task) for task in schedule.loc[schedule["critical"], "task"])
    title = (
        f"The plan ends on {printed(schedule['early_finish'].max())}; critical tasks: {critical}"
    )
    description = (
        "Solid bars are tasks, dark blue if critical and green if not; outlined bars are float; "
        "orange diamonds are deadlines."
    )
    return with_legend(chart(figure, title, description, 180 + 30 * len(schedule)))


def _short(name: str, width: int = 40) -> str:
    return name if len(name) <= width else f"{name[: width - 1].rstrip()}…"


def tasks(study: Study) -> Table:
    """Show dates, float and deadline of every task."""
    return Table(
        study.schedule.assign(predecessors=study.schedule["predecessors"].replace("", "none")),
        "The plan: early dates, float in working days, and deadlines",
        {
            "task": "Task",
            "name": "Name",
            "duration_days": "Duration (days)",
            "predecessors": "Predecessors",
            "early_start": "Start",
            "early_finish": "Finish",
            "total_float_days": "Float (days)",
            "critical": "Critical",
            "deadline": "Deadline",
            "days_late": "Days late",
        },
    )


def work_packages(study: Study) -> Table:
    """Show what each work package must produce, who leads it and when it is due."""
    table = study.tables["work_packages"]
    return Table(
        table,
        "Work packages" if len(table) else "The published report describes no work packages",
        {
            "package": "Work package",
            "outputs": "Outputs",
            "lead": "Lead",
            "deadline": "Due",
            "paragraph": "Paragraph",
        },
    )


def longer_tasks(study: Study) -> Table:
    """Show when the plan ends if every task takes longer."""
    rows = []
    for longer in (0.0, 0.1, 0.2, 0.3, 0.5):
        change = (1 + study.parameters.duration_change) * (1 + longer) - 1
        schedule = study.varied(duration_change=min(change, 2.0)).schedule
        rows.append(
            {
                "longer": longer,
                "finish": schedule["early_finish"].max(),
                "missed": int((schedule["days_late"] > 0).sum()),
                "worst": schedule["days_late"].max(),
            }
        )
    return Table(
        pd.DataFrame(rows),
        "When the plan ends if every task takes longer than in this scenario",
        {
            "longer": "Tasks longer by (%)",
            "finish": "Plan ends",
            "missed": "Deadlines missed",
            "worst": "Worst by (working days)",
        },
    )


def slack_by_task(study: Study) -> Table:
    """Show by how much the end moves if one task alone takes ten working days more."""
    finish = study.schedule["early_finish"].max()
    rows = []
    for row in study.schedule.itertuples():
        extra = dict(study.parameters.extra_days)
        extra[str(row.task)] = extra.get(str(row.task), 0.0) + 10
        moved = study.varied(extra_days=extra).schedule["early_finish"].max()
        if moved > finish:
            rows.append({"task": row.task, "name": row[2], "finish": moved})
    table = pd.DataFrame(rows, columns=["task", "name", "finish"])
    return Table(
        table.sort_values(["finish", "task"], ascending=[False, True]),
        f"Tasks that move the end of {printed(finish)} if they alone take ten working days more: "
        f"{listed(list(table['task'])) if len(table) else 'none'}",
        {"task": "Task", "name": "Name", "finish": "Plan then ends"},
    )
