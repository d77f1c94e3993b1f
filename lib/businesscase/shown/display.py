"""How a table, a sentence and a chart reach the reader, in JupyterLab, on GitHub and in a report.

Names and texts of a case are shown as they are typed: the library's own marks (bold, lists, line
breaks) are kept, and whatever else would be a link, a picture, HTML or a formula is escaped here.
"""

import math
import re
import textwrap
from collections.abc import Hashable
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from numbers import Number

import pandas as pd
import plotly.graph_objects as go

from businesscase.calculations.wording import capitalised, minus_kept, printed, three_figures
from businesscase.calculations.years import with_known_dates
from businesscase.shown import evidence
from businesscase.shown.columns import (
    LABELS,
    UNBROKEN,
    WRITTEN,
    label_of_column,
    value_as_label,
)

# Government Analysis Function palette, in its order: neighbours keep a contrast of 3 to 1
COLOURS = ["#12436D", "#28A197", "#801650", "#F46A25", "#3D3D3D", "#A285D1"]
BLUE, TEAL, PURPLE, ORANGE, GREY, LILAC = COLOURS
PALE = "#E9EEF3"
TITLE_WIDTH = 88
LABEL_WIDTH, LABEL_LINES = 56, 2  # of a row of a chart, beside which a drawing has room
AXIS = re.compile(r"[xy]axis\d*$")
AXIS_LINES = {"automargin": True, "gridcolor": "#D9D9D9", "zerolinecolor": "#3D3D3D"}
ABREAST = 8  # columns whose names have room beside each other
# types of output of our own: what a table or a chart says, for a report to take from a notebook
TABLE = "application/vnd.businesscase.table+json"
CHART = "application/vnd.businesscase.chart+json"
EVIDENCE = "application/vnd.businesscase.evidence+json"  # the rows that what is shown rests on
PLOTLY = "application/vnd.plotly.v1+json"
HEADING = "## "
STATUS = "Status"  # the column of a table of inputs that says which are assumed
# what sentences never use, so that it comes from a case: all of Markdown but bold, lists and breaks
MARKS = re.compile(r"([\\`_{}\[\]<>#|~$]|(?<!\*)\*(?!\*))")
ALL_MARKS = re.compile(r"([\\`*_{}\[\]<>#|~$])")
ENTITY = re.compile(r"&(?=[#\w])")
# what the library writes into the texts of charts; plotly would also draw links and other tags
CHART_TAG = re.compile(r"</?[bi]>|<span style=")
CHART_TAGS = re.compile(r"<(?!/?b>|br>|/?i>|span style='font-size:\d+px'>|/span>|/?extra>)")


@dataclass(frozen=True)
class Sentence:
    """Computed prose, in Markdown of which only bold, lists and line breaks count."""

    text: str

    @property
    def plain(self) -> str:
        """The sentence where nothing can be bold, as in a terminal or a cell."""
        return self.text.replace("**", "")

    def _repr_markdown_(self) -> str:
        return _without_marks(self.text)

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        marked = self._repr_markdown_() + evidence.end(evidence.of_cell()[1])
        return {"text/markdown": marked} | _evidence()

    def __repr__(self) -> str:
        return self.text


class Table(pd.DataFrame):
    """A frame to go on from, shown with a caption and with the names, units and words of its columns.

    Parameters
    ----------
    frame : DataFrame
        Levels of its index that have a name stand before its columns. Where the columns themselves have
        a name, such as ``partner``, they are values of it and not names of measures.
    caption : str
        What it is, or better what it says.
    labels : mapping, optional
        The columns that are shown and what they are called, in place of ``columns.py``.
    absent : str
        The caption of a frame without rows.
    unit : str
        Unit of the columns that are named for a year or another value [£, %, years ...].
    """

    _metadata = ("caption", "labels", "unit")

    def __init__(
        self,
        frame: pd.DataFrame,
        caption: str,
        labels: dict[Hashable, str] | None = None,
        absent: str = "",
        unit: str = "",
    ):
        super().__init__(frame)
        said = absent if absent and self.empty else caption
        for name, value in (("caption", said), ("labels", labels), ("unit", unit)):
            object.__setattr__(self, name, value)

    @property
    def _constructor(self) -> type[pd.DataFrame]:
        return pd.DataFrame  # what is made from it has another caption, if any

    @property
    def frame(self) -> pd.DataFrame:
        """The frame alone."""
        return pd.DataFrame(self)

    def _as_known(self) -> "Table":
        """Return the table with its dates as they are known."""
        known = with_known_dates(self.frame)
        return (
            self
            if len(known.columns) == len(self.columns)
            else Table(known, self.caption, self.labels, unit=self.unit)
        )

    def _columns_shown(self) -> list[tuple[str, pd.Series, list[str]]]:
        """Return label, values and texts of each column that is shown."""
        if self.empty:
            return []
        if self.labels is not None:
            chosen = [(label, self.frame[name]) for name, label in self.labels.items()]
            return [(label, column, [printed(value, label) for value in column]) for label, column in chosen]  # fmt: skip
        return [*self._index_shown(), *map(self._column_shown, range(self.shape[1]))]

    def _index_shown(self) -> list[tuple[str, pd.Series, list[str]]]:
        levels = {
            name: self.index.get_level_values(place) for place, name in enumerate(self.index.names)
        }
        if set(levels) == {None} and not pd.api.types.is_integer_dtype(self.index.dtype):
            return [
                self._written("item", "Item", pd.Series(self.index))
            ]  # rows with names of their own
        named = {name: pd.Series(level) for name, level in levels.items() if name is not None}
        return [self._written(name, label_of_column(name), level) for name, level in named.items()]

    def _column_shown(self, place: int) -> tuple[str, pd.Series, list[str]]:
        name, values = self.columns[place], self.iloc[:, place]
        if self.columns.name is None or name in LABELS:
            return self._written(name, label_of_column(name, self.unit), values)
        label = value_as_label(name, self.columns.name, self.unit)
        return label, values, [printed(value, label) for value in values]

    @staticmethod
    def _written(name: Hashable, label: str, values: pd.Series) -> tuple[str, pd.Series, list[str]]:
        write = WRITTEN.get(name)
        if write is None:
            return label, values, [printed(value, label) for value in values]
        texts = [write(value) for value in values]
        return label, pd.Series(texts, dtype=object), texts

    def as_read(self) -> dict:
        """Return caption, labels, which columns are numbers, and rows of texts; no row if empty."""
        return self._read(self._as_known()._columns_shown())

    def _read(self, shown: list[tuple[str, pd.Series, list[str]]]) -> dict:
        # the first column names the rows; only the others are set as numbers
        numeric = [
            number > 0 and _is_numeric(column) for number, (_, column, _) in enumerate(shown)
        ]
        return {
            "caption": self.caption,
            "labels": [_unbroken(label) for label, *_ in shown],
            "numeric": numeric,
            "rows": [list(row) for row in zip(*(texts for *_, texts in shown), strict=True)],
        }

    def as_reported(self, mark: evidence.Mark | None) -> dict:
        """Return what ``as_read`` does, and where rows are assumed pounds to three figures, if they differ."""
        shown = self._as_known()._columns_shown()
        read = self._read(shown)
        if (
            not mark
            or STATUS in read["labels"]
            or not any("£" in label for label in read["labels"])
        ):
            return read
        rough = [list(row) for row in zip(*map(_to_three_figures, shown), strict=True)]
        return read | {"rough": rough} if rough != read["rows"] else read

    def as_csv(self) -> str:
        """Return the numbers of what is shown, with the names of the columns."""
        known = self._as_known().frame
        if self.labels is not None:
            return known[list(self.labels)].to_csv(index=False)
        return known.to_csv(index=set(self.index.names) != {None})

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        read = self.as_reported(evidence.of_cell()[1])
        return {"text/html": self._marked_html(read), TABLE: read} | _evidence()

    def _repr_html_(self) -> str:
        return self._marked_html(self.as_read())

    def _marked_html(self, read: dict) -> str:
        return minus_kept(f"{self._as_html(read)}{self._mark(read)}")

    def _mark(self, read: dict) -> str:
        mark = None if STATUS in read["labels"] else evidence.of_cell()[1]
        return f"\n<p><em>{mark.sentence()}</em></p>" if mark and len(self) else ""

    @staticmethod
    def _as_html(read: dict) -> str:
        if not read["rows"]:
            return f'<p class="absent">{escape(read["caption"])}.</p>'
        sides = [' class="number"' if numeric else "" for numeric in read["numeric"]]
        head = "".join(
            f'<th scope="col"{side}>{escape(label).replace(UNBROKEN, "&nbsp;")}</th>'
            for label, side in zip(read["labels"], sides, strict=True)
        )
        body = "\n".join(
            f'<tr><th scope="row">{escape(name)}</th>'
            + "".join(f"<td{side}>{escape(text)}</td>" for text, side in zip(row, sides[1:], strict=True))
            + "</tr>"
            for name, *row in read["rows"]
        )  # fmt: skip
        return (
            f'<table class="table">\n<caption>{escape(read["caption"])}</caption>\n'
            f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"
        )

    def __repr__(self) -> str:
        return f"{self.caption} ({len(self)} rows)"


def table(frame: pd.DataFrame, caption: str, absent: str = "", unit: str = "") -> Table:
    """Show a frame with a caption; what is returned is still that frame to pandas.

    Parameters
    ----------
    frame : DataFrame
        Named levels of its index stand before its columns; names and units of columns are those of
        ``columns.py``. Where the columns are values, such as partners, their axis has a name.
    caption : str
        What it is, or better what it says.
    absent : str
        What is said in place of a frame without rows.
    unit : str
        Unit of columns that are named for a year or another value [£, %, years ...].

    Examples
    --------
    >>> frame = pd.DataFrame({"net_present_value": [-4500.4]}, pd.Index(["all"], name="partner"))
    >>> shown = table(frame, "What it is worth")
    >>> shown.as_read()["labels"], shown.as_read()["rows"]
    (['Partner', 'Net present value (£)'], [['All partners', '-£4,500']])
    >>> float(shown["net_present_value"].sum())
    -4500.4
    """
    return Table(frame, caption, None, absent, unit)


@dataclass(frozen=True)
class Chart:
    """A plotly figure whose title states the finding, with words and numbers for those who can't see it."""

    figure: go.Figure
    title: str
    description: str
    data: Table

    def as_json(self) -> dict:
        """Return the figure as plain lists and numbers."""
        return _plain(self.figure.to_plotly_json())

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        said = {"title": self.title, "description": self.description}
        return {
            PLOTLY: self.as_json(),
            CHART: said | {"data": self.data.as_reported(evidence.of_cell()[1])},
        } | _evidence()

    def __repr__(self) -> str:
        return f"{self.title}. {self.description}"  # where nothing is drawn


def _evidence() -> dict:
    """Return what an output of a notebook says of the rows that it rests on, if it is of one."""
    chain, _ = evidence.of_cell()
    return {} if chain is None else {EVIDENCE: chain}


def absent(caption: str) -> Table:
    """Return what stands for a table or chart of which the case has nothing to show."""
    return Table(pd.DataFrame(), caption, {})


def literal(text: str) -> str:
    r"""Return text that Markdown shows as it is.

    Examples
    --------
    >>> print(literal("a*b"), literal("![x](//y)"), literal("&amp;"))
    a\*b !\[x\](//y) &amp;amp;
    """
    return ENTITY.sub("&amp;", ALL_MARKS.sub(r"\\\1", text))


def _without_marks(markdown: str) -> str:
    r"""Return Markdown in which only bold, lists and line breaks are marks.

    Examples
    --------
    >>> print(_without_marks("**bold** ![x](//y) $x^2$"))
    **bold** !\[x\](//y) \$x^2\$
    """
    begins = HEADING if markdown.startswith(HEADING) else ""  # of an explorer's headline
    return begins + ENTITY.sub("&amp;", MARKS.sub(r"\\\1", markdown.removeprefix(begins)))


def _plain_label(text: str) -> str:
    """Return a text of a chart in which only the library's own tags are tags.

    Examples
    --------
    >>> _plain_label("<b>A</b><br>B & <a href='//x'>C</a> $y$")
    "<b>A</b><br>B &amp; &lt;a href='//x'>C&lt;/a> &#36;y&#36;"
    """
    # plotly hands what stands between two $ to MathJax, where a page has it
    return CHART_TAGS.sub("&lt;", text.replace("&", "&amp;")).replace("$", "&#36;")


def _plain(value):
    """Return a figure's parts as plain lists and numbers, so that they are stored readably."""
    if isinstance(value, str):
        return _plain_label(value)
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    if isinstance(value, pd.Timestamp):
        return value.isoformat()
    if isinstance(value, float):
        return round(value, 6)
    return value


def _unbroken(label: str) -> str:
    """Keep a label's unit on one line."""
    name, bracket, unit = label.partition("(")
    return name + bracket + unit.replace(" ", UNBROKEN)


def _to_three_figures(shown: tuple[str, pd.Series, list[str]]) -> list[str]:
    """Return the texts of a column, with pounds to three figures."""
    label, values, texts = shown
    if "£" not in label or "£000" in label:
        return texts
    return [
        printed(three_figures(value), label) if _is_amount(value) else text
        for value, text in zip(values, texts, strict=True)
    ]


def _is_amount(value) -> bool:
    is_number = isinstance(value, Number) and not isinstance(value, bool)
    return is_number and abs(value) < math.inf  # not a blank either


def _is_numeric(column: pd.Series) -> bool:
    known = [value for value, blank in zip(column, column.isna(), strict=True) if not blank]
    return bool(known) and all(
        isinstance(value, Number) and not isinstance(value, bool) for value in known
    )


def chart(
    figure: go.Figure,
    title: str,
    description: str,
    data: pd.DataFrame,
    height: int = 420,
    **margin: int,
) -> Chart:
    """Dress a figure: its title states the finding, its text can be read, nothing is clipped.

    Parameters
    ----------
    data : DataFrame
        The numbers that are drawn, for those who can't see them: the index names the rows, and each
        column is named as a reader sees it, with its unit.
    height : int
        Height of the drawing [pixels].
    **margin
        Room around the drawing, ``l``, ``r``, ``t`` and ``b``, in place of the usual [pixels].
    """
    wrapped = textwrap.wrap(title, TITLE_WIDTH)
    drawn = figure.layout.to_plotly_json()
    axes = dict.fromkeys(["xaxis", "yaxis", *filter(AXIS.match, drawn)], AXIS_LINES)
    dress = {
        "template": "none",
        "title": {"text": "<br>".join(wrapped), "x": 0, "xref": "paper", "font": {"size": 17}},
        "font": {"family": "Arial, Helvetica, sans-serif", "size": 14, "color": "#0B0C0C"},
        "height": height,
        "margin": {"l": 10, "r": 30, "t": 40 + 22 * len(wrapped), "b": 40} | margin,
        "paper_bgcolor": "white",
        "plot_bgcolor": "white",
        "showlegend": False,
        "hoverlabel": {"font": {"size": 14}},
        **axes,
    }
    figure.layout = _over(drawn, dress)  # at once takes plotly a tenth of the time of an update
    for axis in axes:
        if axis.startswith("yaxis"):
            _fit_labels(figure, axis)
    labels = [data.index.name, *map(capitalised, data)]
    # by place, because names of a case may be those of other columns
    frame = data.reset_index(allow_duplicates=True).set_axis(range(len(labels)), axis="columns")
    return Chart(figure, title, description, Table(frame, title, dict(enumerate(labels))))


def _fit_labels(figure: go.Figure, axis: str) -> None:
    """Wrap and shorten the names of rows that would leave no room for the drawing."""
    drawn = figure.layout[axis]
    texts, values = drawn.ticktext, drawn.tickvals
    if texts is None:
        name = axis.replace("axis", "")
        rows = [
            row for one in figure.data if "y" in one and (one.yaxis or "y") == name for row in one.y
        ]
        texts = values = [*dict.fromkeys(row for row in rows if isinstance(row, str))]
    fitted = [fitted_label(str(text)) for text in texts]
    if fitted != [str(text) for text in texts]:
        drawn.update(tickmode="array", tickvals=list(values), ticktext=fitted)


def fitted_label(text: str) -> str:
    """Return the name of a row of a chart in as many lines as have room; what is left out is marked.

    Examples
    --------
    >>> fitted_label("b  Shared service<br><i>screened out</i>")
    'b  Shared service<br><i>screened out</i>'
    >>> fitted_label("a " + "long " * 30).count("<br>"), fitted_label("long " * 30)[-6:]
    (1, 'long …')
    """
    parts = text.split("<br>")
    lines = [
        [part] if len(part) <= LABEL_WIDTH or CHART_TAG.search(part) else _few_lines(part)
        for part in parts
    ]
    return "<br>".join(line for wrapped in lines for line in wrapped)


def _few_lines(text: str) -> list[str]:
    return textwrap.wrap(text, LABEL_WIDTH, max_lines=LABEL_LINES, placeholder=" …")


def _over(under: dict, over: dict) -> dict:
    """Return settings with others laid over them, part by part.

    Examples
    --------
    >>> _over({"title": {"text": "a", "x": 1}, "height": 10}, {"title": {"x": 0}})
    {'title': {'text': 'a', 'x': 0}, 'height': 10}
    """
    parts = {
        name: _over(under[name], part) if isinstance(part, dict) and name in under else part
        for name, part in over.items()
    }
    return under | parts


def with_legend(built: Chart) -> Chart:
    """Add a legend between title and drawing, for a chart whose parts can't be labelled."""
    built.figure.update_layout(
        showlegend=True,
        legend={"orientation": "h", "y": 1.0, "yanchor": "bottom", "x": 0, "traceorder": "normal"},
    )
    return lowered(built, 30)


def lowered(built: Chart, by: int) -> Chart:
    """Leave room between the title and what stands above the drawing [pixels]."""
    built.figure.update_layout(margin={"t": built.figure.layout.margin.t + by})
    return built


def tiles(
    texts: pd.DataFrame,
    colours: list[list[str]],
    ink: list[list[str]],
    size: int = 14,
    first: float = 1.0,
) -> go.Figure:
    """Return a grid of coloured cells with a border and text in each; first row at the top.

    Parameters
    ----------
    texts : DataFrame
        Text of each cell; index and columns are the labels of rows and columns.
    colours, ink : list of list of str
        Fill and text colour of each cell.
    size : int
        Height of the type [pixels].
    first : float
        Width of the first column [widths of another].
    """
    rows, columns = list(texts.index), list(texts.columns)
    left = [-0.5] + [column - 1.5 + first for column in range(1, len(columns) + 1)]
    middle = [(one + other) / 2 for one, other in pairwise(left)]
    places = [(row, column) for row in range(len(rows)) for column in range(len(columns))]
    layout = {  # all at once: plotly checks every earlier part again for each one added
        "shapes": [
            {
                "type": "rect",
                "x0": left[column],
                "x1": left[column + 1],
                "y0": row - 0.5,
                "y1": row + 0.5,
                "fillcolor": colours[row][column],
                "line": {"color": "#0B0C0C", "width": 1},
                "layer": "below",
            }
            for row, column in places
        ],
        "annotations": [
            {
                "x": middle[column],
                "y": row,
                "text": str(texts.iloc[row, column]),
                "showarrow": False,
                "font": {"size": size, "color": ink[row][column]},
            }
            for row, column in places
        ],
        "xaxis": {
            "tickvals": middle,
            "ticktext": columns,
            "range": [left[0], left[-1]],
            "showgrid": False,
            "zeroline": False,
        },
        "yaxis": {
            "tickvals": list(range(len(rows))),
            "ticktext": rows,
            "range": [len(rows) - 0.5, -0.5],
            "showgrid": False,
            "zeroline": False,
        },
    }
    # plotly needs a trace to draw axes; it is invisible and carries the cells' text for hovering
    hovered = go.Scatter(
        x=[middle[column] for _, column in places],
        y=[row for row, _ in places],
        text=[str(texts.iloc[row, column]) for row, column in places],
        mode="markers",
        marker={"opacity": 0},
        hoverinfo="text",
    )
    return go.Figure(hovered, layout)


def named_tiles(
    texts: pd.DataFrame, fills: list[list[tuple[str, str]]], first: float = 1.0
) -> go.Figure:
    """Return a grid of tiles with its columns named above; fills are pairs of fill and text colour.

    Names of many columns stand upright, as there is no room for them beside each other.
    """
    figure = tiles(
        texts,
        [[fill for fill, _ in row] for row in fills],
        [[ink for _, ink in row] for row in fills],
        12,
        first,
    )
    angle = -90 if texts.shape[1] > ABREAST else 0
    figure.update_xaxes(side="top", tickfont={"size": 12}, tickangle=angle)
    figure.update_yaxes(tickfont={"size": 12}, ticks="outside", ticklen=6, tickcolor="white")
    return figure
