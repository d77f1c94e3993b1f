"""What a newcomer needs: which notebook answers what, what a study is made of, what a part holds."""

import json

import pandas as pd
import plotly.graph_objects as go

from businesscase.calculations.wording import listed
from businesscase.cases.project import NUMBERED, notebooks_folder
from businesscase.shown.display import BLUE, GREY, Chart, Table, chart
from businesscase.study import Study
from businesscase.study.core import Part

RAISED = 0.2  # of the distance between two parts


def questions(study: Study) -> Table:
    """Show which notebook answers which question, and the part of a study that it is about."""
    paths = sorted(notebooks_folder().glob(NUMBERED))
    subjects = [path.stem.split("_", 1)[1] for path in paths]
    names = {part.name for part in study.parts}
    table = pd.DataFrame(
        {
            "notebook": [path.name for path in paths],
            "question": [_title(path.read_text(encoding="utf-8")) for path in paths],
            "part": [f"study.{name}" if name in names else "" for name in subjects],
        }
    )
    return Table(
        table,
        "Which question is answered in which notebook",
        {"notebook": "Notebook", "question": "Question", "part": "Part of a study"},
    )


def _title(notebook: str) -> str:
    return "".join(json.loads(notebook)["cells"][0]["source"]).splitlines()[0].removeprefix("# ")


def results_of(part: Part) -> pd.DataFrame:
    """Return the results of a part to begin with, and the first line of what is said of each."""
    said = {name: getattr(type(part), name).__doc__.partition("\n")[0] for name in dir(part)}
    return pd.DataFrame({"about": pd.Series(said)}).rename_axis("result")


def parts(study: Study) -> pd.DataFrame:
    """Return the parts of a study, each after those that it is made from.

    Returns
    -------
    DataFrame, index part
        ``about``; ``needs``, the names of the parts that it is handed; ``nearest``, those of them that
        no other of them needs too; ``step``, how many parts stand between it and the tables at most.
    """
    rows: dict[str, dict] = {}
    every: dict[str, set[str]] = {}  # what a part needs, by way of others too
    for part in vars(study).values():  # as they were made: each after those that it is handed
        if isinstance(part, Part):
            needs = _handed(part)
            beyond = set().union(*(every[name] for name in needs))
            every[part.name] = beyond.union(needs)
            rows[part.name] = {
                "about": (type(part).__doc__ or "").partition("\n")[0],
                "needs": needs,
                "nearest": [name for name in needs if name not in beyond],
                "step": 1 + max((rows[name]["step"] for name in needs), default=-1),
            }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("part")


def _handed(part: Part) -> list[str]:
    """Return the names of the parts that a part is handed, singly or with others."""
    held = [one for value in vars(part).values() for one in (value if isinstance(value, tuple) else [value])]  # fmt: skip
    others = [one.name for one in held if isinstance(one, Part) and one.name != part.name]
    return list(dict.fromkeys(others))


def parts_chart(study: Study) -> Chart:
    """Draw which parts of a study each part is made from, from the tables to the decision."""
    table = parts(study)
    rank = table.groupby("step").cumcount()
    # each column about the same middle, every other one raised, so that lines pass between parts
    middle = table.groupby("step")["step"].transform("size") / 2 - 0.5
    height = middle - rank + RAISED * (table["step"] % 2)
    figure = go.Figure()
    figure.add_scatter(
        x=[at for name, row in table.iterrows() for other in row["nearest"]
           for at in (table.at[other, "step"], row["step"], None)],
        y=[at for name, row in table.iterrows() for other in row["nearest"]
           for at in (height[other], height[name], None)],
        mode="lines",
        line={"color": GREY, "width": 1},
        hoverinfo="skip",
    )  # fmt: skip
    figure.add_scatter(
        x=table["step"],
        y=height,
        text=table["about"],
        mode="markers",
        marker={"opacity": 0, "size": 30},
        hoverinfo="text",
    )
    figure.update_layout(
        annotations=[
            {
                "x": row["step"],
                "y": height[name],
                "text": name,
                "showarrow": False,
                "bgcolor": "white",
                "bordercolor": BLUE,
                "borderwidth": 2,
                "borderpad": 4,
                "font": {"size": 13},
            }
            for name, row in table.iterrows()
        ]
    )
    figure.update_xaxes(visible=False, range=[-0.5, table["step"].max() + 0.5])
    figure.update_yaxes(visible=False)
    data = table[["about", "needs"]].assign(needs=table["needs"].map(listed))
    return chart(
        figure,
        "What each part of a study is made from",
        "A line leads from a part, on the left, to one that is made from it, on the right; what a part "
        "gets by way of another has no line of its own. All begin with the tables and the parameters.",
        data.rename(columns={"about": "what it tells", "needs": "made from"}),
        height=560,
    )
