"""Pictures of the charts in the committed notebooks, for where nobody draws plotly's figures.

A picture stays as it is stored while its figure does, so that another machine's type is no difference.
"""

import base64
import json
from collections.abc import Iterator
from typing import TYPE_CHECKING

from businesscase.shown.display import CHART, PLOTLY
from businesscase_workbench.report.pictures import Pictures

if TYPE_CHECKING:
    from nbformat import NotebookNode

PNG = "image/png"


def illustrate(notebook: "NotebookNode", before: "NotebookNode") -> None:
    """Give each chart of an executed notebook its picture: the stored one, else a new one.

    Raises
    ------
    InputError
        If there is a new figure and no browser to draw it.
    """
    known = {_figure(chart): chart.data[PNG] for chart in _charts(before) if PNG in chart.data}
    charts = list(_charts(notebook))
    for chart in charts:
        said = chart.data[CHART]
        chart.metadata[PNG] = {"alt": f"{said['title']}. {said['description']}"}
    new = [chart for chart in charts if _figure(chart) not in known]
    if new:
        with Pictures() as pictures:
            for chart in new:
                png = pictures.png(chart.data[PLOTLY], scale=1.0)
                known[_figure(chart)] = base64.b64encode(png).decode()
    for chart in charts:
        chart.data[PNG] = known[_figure(chart)]


def _charts(notebook: "NotebookNode") -> Iterator["NotebookNode"]:
    for cell in notebook.cells:
        for output in cell.get("outputs", ()):
            if CHART in output.get("data", {}):
                yield output


def _figure(chart: "NotebookNode") -> str:
    return json.dumps(chart.data[PLOTLY], sort_keys=True)
