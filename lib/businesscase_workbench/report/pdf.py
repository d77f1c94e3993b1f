"""A report as PDF that a screen reader can read (PDF/UA-1): tagged, with headings and tables."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from datetime import UTC, datetime
from itertools import groupby, zip_longest
from pathlib import Path
from typing import Any

import typst

from businesscase.shown import looks
from businesscase_workbench.report import paper
from businesscase_workbench.report.content import (
    Block,
    Chapter,
    FigureShown,
    Heading,
    Plain,
    Prose,
    Report,
    TableShown,
    Verdict,
)
from businesscase_workbench.report.paper import Part, clean

TEMPLATE = Path(__file__).parent / "templates" / "report.typ"
# the first that is there; the charts are drawn with the same in a browser, and the last is typst's own
FONTS = ("Arial", "Liberation Sans", "Helvetica", "Nimbus Sans", "DejaVu Sans", "Libertinus Serif")
CHART_FONTS = re.compile(r"Arial, Helvetica, sans-serif")
MADE = datetime(2000, 1, 1, tzinfo=UTC)  # so that the bytes are the same each day
WIDTHS = (paper.TEXT_WIDTH, paper.TEXT_HEIGHT)
HIGHEST_FIGURE = 0.85  # of the height of the text, so that its caption stays on its page
LONGEST_WORD = 12  # characters after which a word may be broken, if it is longer than this twice
COMMON = frozenset(map(chr, [*range(0x20, 0x7F), *range(0xA0, 0x100), 0x0A, 0x09]))
LAST_COMMON = "\u2bff"  # letters of Europe, punctuation, currencies, arrows, and no script beyond
# signs that a font may lack are tried apart from the report, because PDF/UA allows none without shape
TRIAL = b"""#set document(title: "Signs")
#set text(font: json(bytes(sys.inputs.fonts)))
#for sign in json(bytes(sys.inputs.signs)) { par(sign) }"""
LACKING = re.compile(r'the text `"(.+?)"` could not be displayed', re.DOTALL)


def pdf(report: Report, charts: Mapping[str, bytes]) -> bytes:
    """Return a report as tagged PDF, the same bytes for the same report and fonts.

    Parameters
    ----------
    charts : mapping of str to bytes
        SVG of each figure by the figure's name.
    """
    text = json.dumps(_data(report, charts), ensure_ascii=False)
    rare = set(text) - COMMON
    text = _named(text, _without_shape(rare))
    try:
        return _compiled(text)
    except typst.TypstError as error:
        if not LACKING.search(error.message):
            raise
        # a sign may have a shape alone and none beside others
        return _compiled(_named(text, {sign for sign in rare if sign > LAST_COMMON}))


def _compiled(text: str) -> bytes:
    return typst.compile(
        TEMPLATE,
        root=TEMPLATE.parent,
        sys_inputs={"report": text},
        pdf_standards=["ua-1"],
        timestamp=MADE,
    )


def _named(text: str, signs: set[str]) -> str:
    """Return text with the number that Unicode gives a sign in place of the sign.

    Examples
    --------
    >>> _named("a☃", {"☃"})
    'a[U+2603]'
    """
    return text.translate({ord(sign): f"[U+{ord(sign):04X}]" for sign in signs})


def _without_shape(signs: set[str]) -> set[str]:
    """Return the signs that no font of the machine has."""
    compiler = typst.Compiler()
    left = sorted(signs)
    lacking: set[str] = set()
    while left:
        inputs = {"fonts": json.dumps(FONTS), "signs": json.dumps(left)}
        try:
            compiler.compile(TRIAL, sys_inputs=inputs, pdf_standards=["ua-1"])
        except typst.TypstError as error:
            found = LACKING.search(error.message)
            named = _unescaped(found[1]) if found else ""
            if not set(left) & set(named):
                raise
            lacking |= set(left) & set(named)
            left = [sign for sign in left if sign not in lacking]
        else:
            break
    return lacking


def _unescaped(shown: str) -> str:
    r"""Return text that typst shows with its escapes.

    Examples
    --------
    >>> _unescaped(r"\u{e000}a") == "\ue000a"
    True
    """
    return re.sub(r"\\u\{([0-9a-f]+)\}", lambda escape: chr(int(escape[1], 16)), shown)


def _data(report: Report, charts: Mapping[str, bytes]) -> dict[str, Any]:
    """Return what the template sets."""
    return {
        "title": clean(report.title),
        "question": clean(report.question),
        "author": paper.PRODUCT,
        "fonts": FONTS,
        "margin": paper.MARGIN,
        "padding": paper.PADDING,
        "listed": bool(report.front) or len(report.chapters) >= paper.LISTED,
        "facts": [[clean(label), clean(text)] for label, text in report.facts],
        "front": [list(_parts([chapter], charts)) for chapter in report.front],
        "parts": list(_parts(report.chapters, charts)),
    }


def _parts(chapters: Iterable[Chapter], charts: Mapping[str, bytes]) -> Iterator[dict]:
    """Yield the parts, those that follow each other on pages of one kind as one."""
    all_parts = paper.parts(chapters, WIDTHS)
    for turned, parts in groupby(all_parts, key=lambda part: part.turned):
        blocks = [block for part in parts for block in _blocks(part, charts)]
        yield {"turned": turned, "blocks": blocks}


def _blocks(part: Part, charts: Mapping[str, bytes]) -> Iterator[dict]:
    if part.heading:
        yield {"kind": "heading", "level": 1, "text": clean(part.heading)}
    for block, following in zip_longest(part.blocks, part.blocks[1:]):
        shown = _block(block, part.turned, charts)
        yield {**shown, "introduces": paper.introduces(block, following)}


def _block(block: Block, turned: bool, charts: Mapping[str, bytes]) -> dict:
    match block:
        case Heading():
            return {"kind": "heading", "level": block.level - 1, "text": clean(block.numbered)}
        case Prose():
            return _prose(block.marked())
        case Verdict():
            fill, ink = looks.of_verdict(block.text)
            return {"kind": "verdict", "text": clean(block.text), "fill": fill, "ink": ink}
        case Plain():
            return {"kind": "plain", "text": clean(block.text)}
        case TableShown():
            return _table(block, turned)
        case FigureShown():
            return _figure(block, charts[block.name], turned)


def _prose(markdown: str) -> dict:
    paragraphs = [asdict(paragraph) for paragraph in paper.paragraphs(markdown)]
    return {"kind": "prose", "paragraphs": paragraphs}


def _table(table: TableShown, turned: bool) -> dict:
    fit = paper.fitted(table, WIDTHS, turned)
    return {
        "kind": "table",
        "number": table.number,
        "caption": clean(table.caption),
        "labels": [_breakable(label) for label in table.labels],
        "numeric": table.numeric,
        "rows": [[_breakable(text) for text in row] for row in table.rows],
        "size": fit.size,
        "widths": fit.widths,
        "whole": fit.whole,
        "divided": fit.divided_rows[1:],
    }


def _figure(figure: FigureShown, svg: bytes, turned: bool) -> dict:
    text = svg.decode()
    wide, high = (
        float(size) for size in re.search(r'width="([\d.]+)" height="([\d.]+)"', text).groups()
    )
    highest = HIGHEST_FIGURE * (WIDTHS[0] if turned else WIDTHS[1])
    width = min(WIDTHS[0], highest * wide / high)
    return {
        "kind": "figure",
        "number": figure.number,
        "title": clean(figure.title),
        "alt": clean(f"{figure.title}. {figure.description}"),
        "svg": CHART_FONTS.sub(", ".join(FONTS), text),
        "width": round(width, 2),
        "height": round(width * high / wide, 2),
    }


def _breakable(text: str) -> str:
    """Return text in which a word too long for any column may be broken, at a place without width."""
    return re.sub(
        rf"\S{{{2 * LONGEST_WORD},}}",
        lambda word: "\u200b".join(_chunks(word[0])),
        clean(text),
    )


def _chunks(word: str) -> Iterable[str]:
    return (word[start : start + LONGEST_WORD] for start in range(0, len(word), LONGEST_WORD))
