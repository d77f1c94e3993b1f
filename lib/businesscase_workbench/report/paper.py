"""What Word and PDF share: prose as runs of text, and tables that fit on a page."""

import html
import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import mistune
import numpy as np

from businesscase.cases.names import UNPRINTABLE
from businesscase_workbench.report.content import (
    APPENDIX_FILE,
    Block,
    Chapter,
    FigureShown,
    Heading,
    Prose,
    RestsOn,
    TableShown,
)

LANGUAGE = "en-GB"
LISTED = 6  # chapters; fewer, with nothing before them, need no table of contents
PRODUCT = "businesscase"
CM_IN_POINT = 2.54 / 72
PAGE_WIDTH, PAGE_HEIGHT, MARGIN = 21.0, 29.7, 2.2  # cm, A4
TEXT_WIDTH = PAGE_WIDTH - 2 * MARGIN
TEXT_HEIGHT = PAGE_HEIGHT - 2 * MARGIN
PADDING = 0.12  # cm on each side of a cell's text
LINE = 1.2  # height of a line in sizes of type
SIZE = 9.0  # points, of the type of tables
SMALLER = (8.0, 7.0)  # of a table for which even a turned page is too narrow
LONG = 40  # rows of a table that is looked up in rather than read
LINES_OF_A_ROW = 7  # a table whose rows have more on average gets a turned page
LINES_OF_A_LONG_TABLE = 3  # the same of a long one
UNBROKEN = 24  # characters of a word that a column may be too narrow for
STEPS = 80  # parts in which spare width is handed out
RAGGED = 1.2  # what is left empty at the end of a line on average, in sizes of type
NARROW_CELLS = 0.15  # what a line of a cell counts beside one that makes its row higher
KEPT_WHOLE = 7.0  # cm; a lower table isn't divided between pages
KEPT_ROW = 12.0  # cm; a lower row isn't divided between pages
INTRODUCTION = 600  # characters of prose that stay on the page of what they introduce
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
# widths of Arial's characters in thousandths of the size of type
WIDTHS = {
    **dict.fromkeys("ijl'|", 222), **dict.fromkeys(" \u00a0ft/\\.,:;!I[]", 278),
    **dict.fromkeys('r()-"*', 350), **dict.fromkeys("ckvxyzsJ", 500),
    **dict.fromkeys("FTZL", 611), **dict.fromkeys("ABEKPSVXY&", 667),
    **dict.fromkeys("CDHNRUw", 722), **dict.fromkeys("GOQ", 778), **dict.fromkeys("mM%", 860),
    "W": 944,
}  # fmt: skip
BOLD = 1.07  # how much wider bold type is


@dataclass(frozen=True)
class Run:
    """Text that is set alike."""

    text: str
    bold: bool = False
    italic: bool = False
    code: bool = False


@dataclass(frozen=True)
class Paragraph:
    """A paragraph of prose: ``kind`` is text, item, quote or code; ``ordinal`` 0 is a bullet."""

    kind: str
    runs: tuple[Run, ...]
    depth: int = 0
    ordinal: int = 0


@dataclass(frozen=True)
class Fit:
    """How a table fits on a page: type in points, widths in cm, and where it may be divided."""

    turned: bool
    size: float
    widths: tuple[float, ...]
    whole: bool
    divided_rows: tuple[bool, ...]


@dataclass(frozen=True)
class Part:
    """Blocks of a chapter that share pages upright or turned; ``heading`` opens the chapter."""

    heading: str
    turned: bool
    blocks: tuple[Block, ...]


# texts


def clean(text: str) -> str:
    r"""Return text that XML can hold; what it can't is shown as a replacement character.

    Examples
    --------
    >>> clean("a\x00b")
    'a�b'
    """
    return UNPRINTABLE.sub(REPLACEMENT, text.replace("\r\n", "\n").replace("\r", "\n"))


def paragraphs(markdown: str) -> list[Paragraph]:
    """Return Markdown as paragraphs of runs; raw HTML is text, a link is followed by its address.

    Examples
    --------
    >>> paragraphs("a **b**")[0].runs
    (Run(text='a ', bold=False, italic=False, code=False), Run(text='b', bold=True, italic=False, code=False))
    """
    return list(_paragraphs(mistune.create_markdown(renderer="ast")(clean(markdown)), 0))


def _paragraphs(
    tokens: Iterable[dict], depth: int, kind: str = "text", ordinal: int = 0
) -> Iterator[Paragraph]:
    for token in tokens:
        if token["type"] == "list":
            yield from _items(token, depth)
        elif token["type"] == "block_quote":
            yield from _paragraphs(token["children"], depth, "quote")
        elif "children" in token:
            yield Paragraph(kind, tuple(_runs(token["children"])), depth, ordinal)
            kind, ordinal = "text", 0  # of an item only the first paragraph has the mark
        elif text := token.get("raw", "").rstrip("\n"):
            yield Paragraph("code", (Run(text),), depth)


def _items(token: dict, depth: int) -> Iterator[Paragraph]:
    first = token["attrs"].get("start", 1)
    for number, item in enumerate(token["children"], first):
        ordinal = number if token["attrs"]["ordered"] else 0
        yield from _paragraphs(item["children"], depth + 1, "item", ordinal)


def _runs(tokens: Iterable[dict], bold: bool = False, italic: bool = False) -> Iterator[Run]:
    for token in tokens:
        match token["type"]:
            case "strong":
                yield from _runs(token["children"], True, italic)
            case "emphasis":
                yield from _runs(token["children"], bold, True)
            case "link" | "image":
                yield from _runs(token["children"], bold, italic)
                yield from _address(token, bold, italic)
            case "softbreak":
                yield Run(" ", bold, italic)
            case "linebreak":
                yield Run("\n", bold, italic)
            case "text":
                if text := html.unescape(token["raw"]):  # Markdown may name a character: &amp;
                    yield Run(clean(text), bold, italic)
            case kind:
                yield Run(token.get("raw", ""), bold, italic, kind == "codespan")


def _address(token: dict, bold: bool, italic: bool) -> Iterator[Run]:
    address = token["attrs"]["url"]
    label = "".join(run.text for run in _runs(token["children"]))
    if address != label and not address.startswith(f"{APPENDIX_FILE}."):
        yield Run(f" ({clean(address)})", bold, italic)


# pages


def parts(chapters: Iterable[Chapter], widths: tuple[float, float]) -> Iterator[Part]:
    """Yield chapters in parts, each upright or turned.

    A part of a chapter under its own heading is turned as a whole if one of its tables needs the
    width of a turned page, so that no heading is apart from its table.

    Parameters
    ----------
    widths : tuple of float
        Width of the text on an upright and on a turned page [cm].
    """
    for chapter in chapters:
        heading = chapter.heading
        for blocks in _under_headings(chapter.blocks):
            turned = any(
                fitted(block, widths).turned for block in blocks if isinstance(block, TableShown)
            )
            yield Part(heading, turned, tuple(blocks))
            heading = ""


def _under_headings(blocks: Iterable[Block]) -> Iterator[list[Block]]:
    part: list[Block] = []
    for block in blocks:
        if isinstance(block, Heading) and block.level == 3 and part:
            yield part
            part = []
        part.append(block)
    yield part


def introduces(block: Block, following: Block | None) -> bool:
    """Return whether a block is a sentence or two that belong to the table or figure after it."""
    return (
        isinstance(block, Prose)
        and not isinstance(block, RestsOn)
        and isinstance(following, TableShown | FigureShown)
        and len(block.text) <= INTRODUCTION
    )


def fitted(table: TableShown, widths: tuple[float, float], turned: bool = False) -> Fit:
    """Return how a table fits on a page: an upright one, else a turned one, else in smaller type.

    Parameters
    ----------
    widths : tuple of float
        Width of the text on an upright and on a turned page [cm].
    turned : bool
        Whether the page is turned already.
    """
    upright = [] if turned else [(False, SIZE)]
    trials = [*upright, *((True, size) for size in (SIZE, *SMALLER))]
    measured = _Measured(table)
    most = LINES_OF_A_LONG_TABLE if len(table.rows) > LONG else LINES_OF_A_ROW
    for turned, size in trials:
        columns = measured.columns(widths[turned], size)
        if columns is None:
            continue
        lines = measured.lines(columns, size)
        if turned or lines.mean() <= most:
            return _fit(turned, size, columns, lines)
    turned, size = trials[-1]
    columns = measured.columns(widths[turned], size, force=True)
    return _fit(turned, size, columns, measured.lines(columns, size))


def _fit(turned: bool, size: float, columns: np.ndarray, lines: np.ndarray) -> Fit:
    heights = lines * size * LINE * CM_IN_POINT + 2 * PADDING
    return Fit(
        turned,
        size,
        tuple(round(float(width), 2) for width in columns),
        bool(heights.sum() <= KEPT_WHOLE),
        tuple(bool(height > KEPT_ROW) for height in heights),
    )


class _Measured:
    """The texts of a table in sizes of type: what each column needs, and how many lines it takes."""

    def __init__(self, table: TableShown):
        head = [[_width(label) * BOLD for label in table.labels]]
        body = [[_longest_line(cell) for cell in row] for row in table.rows]
        self.cells = np.array(head + body)
        self.breaks = np.array(
            [[label.count("\n") for label in table.labels]]
            + [[cell.count("\n") for cell in row] for row in table.rows]
        )
        columns = list(zip(table.labels, *table.rows, strict=True))
        self.word = np.array(
            [max(_word(cell, row == 0) for row, cell in enumerate(column)) for column in columns]
        )
        self.natural = self.cells.max(axis=0)

    def columns(self, width: float, size: float, force: bool = False) -> np.ndarray | None:
        """Return the widths of the columns [cm]; None if a word would have to be broken."""
        cm = size * CM_IN_POINT
        least = np.minimum(self.word, self.natural) * cm + 2 * PADDING + 0.05
        most = self.natural * cm * 1.03 + 2 * PADDING + 0.1
        if most.sum() <= width:
            return most
        if least.sum() > width:
            return least * width / least.sum() if force else None
        return self._shared(least, most, width, size)

    def _shared(
        self, columns: np.ndarray, most: np.ndarray, width: float, size: float
    ) -> np.ndarray:
        """Hand out spare width, each time where the table becomes lowest by it."""
        step = (width - columns.sum()) / STEPS
        columns = columns.copy()
        for _ in range(STEPS):
            lines = self._lines(columns, size)
            wider = self._lines(columns + step, size)
            height = np.maximum(_highest_others(lines), wider).sum(axis=0)
            height += NARROW_CELLS * (wider - lines).sum(axis=0)
            height[columns >= most] = math.inf
            columns[np.argmin(height)] += step
        return columns

    def lines(self, columns: np.ndarray, size: float) -> np.ndarray:
        """Return the number of lines of each row, its head first."""
        return np.ceil(self._lines(columns, size)).max(axis=1)

    def _lines(self, columns: np.ndarray, size: float) -> np.ndarray:
        room = (columns - 2 * PADDING) / (size * CM_IN_POINT)
        filled = np.maximum(room - RAGGED, room / 2)  # the end of a line stays partly empty
        return np.where(self.cells <= room, 1, self.cells / filled) + self.breaks


def _highest_others(lines: np.ndarray) -> np.ndarray:
    """Return for each cell the height of the highest other cell of its row."""
    if lines.shape[1] == 1:
        return np.zeros_like(lines)
    order = np.sort(lines, axis=1)
    highest, second = order[:, -1:], order[:, -2:-1]
    return np.where(lines == highest, second, highest)


def _width(text: str) -> float:
    """Return the width of a line in sizes of type."""
    return sum(WIDTHS.get(sign, 556 if sign < "\u2e80" else 1000) for sign in text) / 1000


def _longest_line(text: str) -> float:
    return max(_width(line) for line in text.split("\n"))


def _word(text: str, bold: bool) -> float:
    """Return the width of the longest word that has to stay whole."""
    words = re.split(r"[ \t\n]+|(?<=[a-z]-)", text)
    return max(_width(word[:UNBROKEN]) for word in words) * (BOLD if bold else 1.0)
