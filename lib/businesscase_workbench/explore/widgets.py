"""The controls and charts of an explorer, drawn by the browser's own elements.

A number is a native range input with a number input beside it, under one label: keyboard, screen reader
and zoom work as the browser has them. Charts are drawn by plotly.js, which is sent once a page.
"""

from functools import cache
from pathlib import Path

import anywidget
import mistune
import plotly
import traitlets

from businesscase.shown.display import Chart, Sentence, Table

STATIC = Path(__file__).parent / "static"


@cache
def _plotly_source() -> str:
    return (Path(plotly.__file__).parent / "package_data" / "plotly.min.js").read_text("utf-8")


def _with_download(script: str) -> str:
    return "".join((STATIC / name).read_text("utf-8") for name in ("download.js", script))


class PlotlyLibrary(anywidget.AnyWidget):
    """plotly.js for every chart of the page, so that nothing is fetched from elsewhere."""

    _esm = STATIC / "library.js"
    _css = STATIC / "explore.css"
    source = traitlets.Unicode().tag(sync=True)

    def __init__(self):
        super().__init__(source=_plotly_source())


class Connection(anywidget.AnyWidget):
    """Greys the explorer and says so once the program that computes its figures doesn't answer."""

    _esm = STATIC / "connection.js"

    def __init__(self):
        super().__init__()
        self.on_msg(lambda _widget, content, _buffers: self.send(content))


class NumberControl(anywidget.AnyWidget):
    """A slider with a box in the unit shown: both hold ``value``, within its bounds.

    What is typed and is no number within them leaves the value as it was; ``refused`` says why.
    """

    _esm = STATIC / "number.js"
    label = traitlets.Unicode().tag(sync=True)
    unit = traitlets.Unicode().tag(sync=True)
    value = traitlets.Float().tag(sync=True)
    lowest = traitlets.Float().tag(sync=True)
    highest = traitlets.Float().tag(sync=True)
    step = traitlets.Float().tag(sync=True)
    whole = traitlets.Bool(False).tag(sync=True)
    refused = traitlets.Unicode().tag(sync=True)
    start = traitlets.Float(help="where the scenario has it").tag(sync=True)


class Downloadable(anywidget.AnyWidget):
    """A panel whose numbers are sent as CSV when its button asks for them."""

    def __init__(self, **traits):
        super().__init__(**traits)
        self.on_msg(self._send_csv)

    def csv(self) -> str:
        """Return the panel's numbers as CSV."""
        raise NotImplementedError

    def _send_csv(self, _widget, content: dict, _buffers) -> None:
        if content == "csv":
            self.send({"csv": self.csv()})


class ChartPanel(Downloadable):
    """A chart whose text alternative and title change with it."""

    _esm = _with_download("chart.js")
    figure = traitlets.Dict().tag(sync=True)
    title = traitlets.Unicode().tag(sync=True)
    description = traitlets.Unicode().tag(sync=True)

    def show(self, chart: Chart) -> None:
        """Draw a chart in place of the one before."""
        self._data = chart.data
        with self.hold_sync():
            self.title, self.description = chart.title, chart.description
            self.figure = chart.as_json()

    def csv(self) -> str:
        """Return the numbers that are drawn, with what names them."""
        return self._data.frame.to_csv(index=False, header=list(self._data.labels.values()))


class TablePanel(Downloadable):
    """A table as the reports have it."""

    _esm = _with_download("table.js")
    html = traitlets.Unicode().tag(sync=True)

    def show(self, table: Table) -> None:
        """Show a table in place of the one before."""
        self._table = table
        self.html = table._repr_html_()

    def csv(self) -> str:
        """Return the table's numbers, with the names of its columns."""
        return self._table.as_csv()


class TextPanel(anywidget.AnyWidget):
    """Computed prose; a live one is read out by a screen reader when it changes."""

    _esm = STATIC / "text.js"
    html = traitlets.Unicode().tag(sync=True)
    live = traitlets.Bool(False).tag(sync=True)
    text = traitlets.Unicode()

    @traitlets.observe("text")
    def _render(self, change) -> None:
        self.html = _markdown(change["new"])

    def show(self, sentence: Sentence) -> None:
        """Show a sentence in place of the one before."""
        self.text = sentence._repr_markdown_()


_markdown = mistune.create_markdown(escape=True)
