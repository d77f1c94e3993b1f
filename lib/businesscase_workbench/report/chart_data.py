"""The numbers of a chart as a table, for those who can't see it and those who want the figures."""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from html import unescape
from numbers import Number

import pandas as pd

from businesscase.shown.display import printed
from businesscase_workbench.report.content import FigureShown, TableShown

LEVELS = [level / 20 for level in range(1, 20)]  # where a curve of chances is read: each 5%
ROUNDED = 0.03  # by which a label may differ from its value, as a fraction
NOTHING = "–"
ENDS_OF_DAYS = "plan"  # section whose charts draw the end of a day at the midnight after it
PRINTED = "printed start or end"  # begins the name of marks that are either, so of no one column
BAND = "Shaded range"
TAG = r"</?(?:b|i|em|strong|span|sub|sup)\b[^<>]*>"  # those that plotly draws; others are text
NOTE = "Note on the chart"
ROW = "What"  # head of the first column where the axis has no title


@dataclass(frozen=True)
class Entry:
    """What a chart shows at one place: a row, a column and the text that stands there."""

    row: str
    column: str
    text: str


@dataclass(frozen=True)
class Axis:
    """An axis as a reader sees it: its title, the names of its places and how it prints values."""

    title: str
    unit: str
    places: tuple[tuple[float, str], ...]
    percent: bool
    dates: bool
    ends: bool

    def printed(self, value) -> str:
        """Return a value as this axis would print it."""
        if not _is_number(value):
            return self._day(value) if self.dates and value else text_of(str(value))
        return printed(value, "%" if self.percent else self.unit).replace(".0%", "%")

    def _day(self, value: str) -> str:
        if not _is_date(value):
            return text_of(value)
        moment = pd.Timestamp(value) - (pd.Timedelta(seconds=1) if self.ends else pd.Timedelta(0))
        return printed(moment.normalize())

    def place(self, value) -> str:
        """Return the name of the place nearest to a value."""
        if not _is_number(value) or not self.places:
            return self.printed(value)
        return min(self.places, key=lambda place: abs(place[0] - value))[1]


def chart_table(shown: FigureShown) -> TableShown:
    """Return what a chart shows as a table; helpers that draw but say nothing are left out.

    Parameters
    ----------
    shown : FigureShown
        A chart of bars, ranges, lines, curves of chances, points or named tiles.
    """
    traces, layout = shown.figure["data"], shown.figure["layout"]
    ends = shown.name.startswith(f"{ENDS_OF_DAYS}-")
    along, across = (_axis(layout, name, traces, ends) for name in ("xaxis", "yaxis"))
    if along.places and _is_named(traces, across):
        head, entries = across.title, _cells(traces, along, across)
    elif _is_curve(traces, across):
        head, entries = across.title, _levels(traces, layout, along, across)
    else:
        rows = "y" if _is_named(traces, across) else "x"
        axes = (across, along) if rows == "y" else (along, across)
        head, entries = axes[0].title or _kind(traces, rows), _values(traces, layout, rows, *axes)
    return _table(f"Data of the chart: {shown.title}", head or ROW, list(entries))


def text_of(markup: str) -> str:
    """Return the text of a label without its tags; what stands apart is divided by a semicolon.

    Examples
    --------
    >>> text_of("<b>1, 2</b><br><span style='font-size:11px'>Medium Risk</span>")
    '1, 2; Medium Risk'
    >>> text_of("<b>recommen-<br>dation</b>"), text_of("no partner<br>worse off"), text_of("<q>")
    ('recommendation', 'no partner worse off', '<q>')
    """
    text = re.sub(r"(?<=\w)-<br>(?=\w)", "", markup)
    text = re.sub(r"(?<=>)<br>|<br>(?=<)", "; ", text).replace("<br>", " ")
    return " ".join(unescape(re.sub(TAG, "", text)).split())


def _axis(layout: dict, name: str, traces: list[dict], ends: bool) -> Axis:
    axis = layout.get(name, {})
    title = text_of(re.sub(r"<br><span.*", "", axis.get("title", {}).get("text", "")))
    values = [value for trace in traces for value in trace.get(name[0], ()) if value is not None]
    labels = zip(axis.get("tickvals", ()), axis.get("ticktext", ()), strict=False)
    places = tuple((place, text_of(str(label))) for place, label in labels)
    return Axis(
        title=title,
        unit="£" if "£" in title else "",
        places=places,
        percent="%" in axis.get("tickformat", ""),
        dates=axis.get("type") == "date" or (bool(values) and all(map(_is_date, values))),
        ends=ends,
    )


# kinds of charts


def _is_named(traces: list[dict], across: Axis) -> bool:
    """Tell whether the rows of a chart have names, as horizontal bars and tiles have."""
    values = [value for trace in traces for value in trace.get("y", ()) if value is not None]
    return (bool(across.places) and not across.percent) or not any(map(_is_number, values))


def _is_curve(traces: list[dict], across: Axis) -> bool:
    """Tell whether the first line is a curve of chances, from low to high."""
    chances = traces[0].get("y", [])
    rising = len(chances) > 2 * len(LEVELS) and list(chances) == sorted(chances)
    return across.percent and rising and all(0 <= chance <= 1 for chance in chances)


def _cells(traces: list[dict], along: Axis, across: Axis) -> Iterator[Entry]:
    """Yield the cells of a grid, whose texts say all: where they stand is no quantity."""
    for trace in traces:
        for x, y, text in zip(trace["x"], trace["y"], _texts(trace), strict=True):
            middle = x / 2 if trace["type"] == "bar" else x
            yield Entry(across.place(y), along.place(middle), text or NOTHING)


def _levels(traces: list[dict], layout: dict, along: Axis, across: Axis) -> Iterator[Entry]:
    """Yield the value of each curve at which the chance is first as high as each level."""
    for trace in traces:
        chances = list(trace["y"])
        if len(chances) <= len(LEVELS):
            continue  # points that mark places of a curve
        column = _name(trace, layout) or along.title or "Value"
        for level in LEVELS:
            # chances are rounded to six digits
            reached = bisect_left(chances, level - 1e-6)
            value = along.printed(trace["x"][reached]) if reached < len(chances) else NOTHING
            yield Entry(across.printed(level), column, value)


def _values(
    traces: list[dict], layout: dict, rows: str, row_axis: Axis, axis: Axis
) -> Iterator[Entry]:
    """Yield the values of bars, lines, ranges and points by row and trace."""
    upper: dict = {}
    for trace in traces:
        if _is_edge(trace) and "fill" not in trace:
            upper = dict(_points(trace, rows))  # the next trace is filled up to this one
            continue
        if trace.get("name", "").startswith(PRINTED):
            continue
        column = _name(trace, layout) or (BAND if "fill" in trace else "") or _fallback(axis)
        for row, found in _by_row(trace, rows).items():
            if trace.get("fill") == "tonexty" and row in upper:
                found = [*found, (None, upper[row])]
            yield Entry(_row_name(trace, row, row_axis), column, _found(trace, found, axis))
    if rows == "y":
        yield from _notes(layout, row_axis)


def _by_row(trace: dict, rows: str) -> dict:
    """Return the points of a trace by row: where each stands in the trace, and its value."""
    found: dict = {}
    for number, (row, value) in enumerate(_points(trace, rows)):
        if row == "":  # a line of events, each of which names itself
            found[number] = [(number, value)]
        elif row is not None and value is not None:
            found.setdefault(row, []).append((number, value))
    return found


def _row_name(trace: dict, row, axis: Axis) -> str:
    if "" in trace["y"]:
        return text_of(trace["text"][row].split("<br>")[0])
    return axis.place(row)


def _found(trace: dict, found: list[tuple], axis: Axis) -> str:
    """Return what a trace shows in one row: a value, a range from low to high, or several values."""
    if "lines" in trace.get("mode", "") and len(found) > 1:
        values = sorted(value for _, value in found)
        return f"{axis.printed(values[0])} to {axis.printed(values[-1])}"
    return "; ".join(_text(trace, number, value, axis) for number, value in found)


def _text(trace: dict, number: int, value, axis: Axis) -> str:
    """Return a value with what the chart writes beside it or, of ranges and dates, on hovering."""
    said = _texts(trace)[number]
    if "" in trace["y"]:
        return axis.printed(value)
    base = _element(trace.get("base"), number)
    if not _is_number(base):
        hovered = text_of(_element(trace.get("hovertext"), number) or "")
        # a bar between dates says them there, the last day included
        return hovered.removeprefix(f"{trace.get('name')}: ") or _beside(axis.printed(value), said)
    end = axis.printed(base + value)
    is_step = base and len(set(trace["base"])) == 1
    return _beside(end, said) if is_step else f"{axis.printed(base)} to {end}"


def _beside(value: str, said: str) -> str:
    """Return a value and what stands beside it, once if they say the same.

    Examples
    --------
    >>> _beside("£705,706", "0.33"), _beside("£52,371", "£52,400"), _beside("2", "Durham 2")
    ('£705,706 (0.33)', '£52,371', 'Durham 2')
    """
    if not said or _is_rounded(value, said):
        return value
    is_in = re.search(rf"(?<![\d.,£-]){re.escape(value)}(?![\d%]|[.,]\d)", said)
    return said if is_in else f"{value} ({said})"


def _is_rounded(value: str, said: str) -> bool:
    """Tell whether two printed numbers are one, rounded in different ways."""
    numbers = [re.fullmatch(r"(-?)(£?)([\d,]*\.?\d+)(%?)", text) for text in (value, said)]
    if not all(numbers) or numbers[0].group(1, 2, 4) != numbers[1].group(1, 2, 4):
        return False
    exact, rounded = (float(number[3].replace(",", "")) for number in numbers)
    last_digit = 10.0 ** -len(numbers[1][3].partition(".")[2])
    return abs(exact - rounded) <= max(0.51 * last_digit, ROUNDED * exact)


def _notes(layout: dict, row_axis: Axis) -> Iterator[Entry]:
    """Yield what the chart writes at the end of a row."""
    for note in layout.get("annotations", ()):
        row = note.get("y")
        if note.get("yref") != "paper" and note.get("xref") != "paper" and not _is_number(row):
            text = note.get("text", "").replace("<br>", "; ")
            yield Entry(row_axis.place(row), NOTE, text_of(text))


# names of columns


def _name(trace: dict, layout: dict) -> str:
    """Return the name of a trace: its own, that of its hover text, or that written at its end."""
    if trace.get("name"):
        return text_of(trace["name"])
    hovering = re.sub(r"<extra>.*", "", trace.get("hovertemplate", ""))
    words = re.sub(r"%\{[^}]*\}", "", hovering).strip(" :,")
    if words:
        return re.sub(r" (from|to|of)$", "", words)
    if _is_edge(trace) or "lines" not in trace.get("mode", "") or len(trace["x"]) < 3:
        return ""
    end = (trace["x"][-1], trace["y"][-1])
    for note in layout.get("annotations", ()):
        if (note.get("x"), note.get("y")) == end:
            return text_of(note["text"].replace(",<br>", ", "))
    return ""


def _fallback(axis: Axis) -> str:
    return axis.title or ("Date" if axis.dates else "Value")


def _kind(traces: list[dict], rows: str) -> str:
    """Return the head of rows that the axis doesn't name."""
    values = [value for trace in traces for value in trace.get(rows, ()) if value is not None]
    if values and all(re.fullmatch(r"\d{4}/\d\d", str(value)) for value in values):
        return "Financial year"
    return "Date" if values and all(map(_is_date, values)) else ""


# parts of a trace


def _points(trace: dict, rows: str) -> list[tuple]:
    values = trace["x" if rows == "y" else "y"]
    return list(zip(trace[rows], values, strict=True))


def _texts(trace: dict) -> list[str]:
    texts = trace.get("text", "")
    texts = texts if isinstance(texts, list) else [texts] * len(trace["x"])
    return [text_of(str(text)) for text in texts]


def _element(values, number: int):
    return values[number] if isinstance(values, list) else values


def _is_edge(trace: dict) -> bool:
    """Tell whether a line is drawn without width: the edge of a shaded range."""
    return trace.get("line", {}).get("width") == 0


def _is_number(value) -> bool:
    return isinstance(value, Number) and not isinstance(value, bool)


def _is_date(value) -> bool:
    return bool(re.match(r"\d{4}-\d\d-\d\d", str(value)))


# the table


def _table(caption: str, head: str, entries: list[Entry]) -> TableShown:
    """Return a table of entries; several at one place are told in their order."""
    said = {(entry.row, entry.text) for entry in entries if entry.column != NOTE}
    entries = [
        entry for entry in entries if entry.column != NOTE or (entry.row, entry.text) not in said
    ]
    columns = _first(entry.column for entry in entries)
    cells: dict[tuple[str, str], list[str]] = {}
    for entry in entries:
        cells.setdefault((entry.row, entry.column), []).append(entry.text)
    rows = tuple(
        (row, *("; ".join(_first(cells.get((row, column), [NOTHING]))) for column in columns))
        for row in _first(entry.row for entry in entries)
    )
    numeric = [_all_numbers(row[number] for row in rows) for number in range(1, len(columns) + 1)]
    labels = (head, *(column[:1].upper() + column[1:] for column in columns))
    return TableShown(caption, labels, (False, *numeric), rows)


def _first(values: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(values))


def _all_numbers(texts: Iterable[str]) -> bool:
    return all(re.fullmatch(r"-?£?[\d,.]+%?|–", text) for text in texts)
