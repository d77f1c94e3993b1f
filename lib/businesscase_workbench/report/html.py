"""The report as a page: one for a case under a scenario, and the page that leads to every report."""

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, partial
from typing import TYPE_CHECKING
from urllib.parse import quote

import mistune
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from businesscase.calculations.wording import in_words, printed
from businesscase.cases.case import COMPARISON, Case
from businesscase.cases.names import UNPRINTABLE
from businesscase.cases.validation.core import staying
from businesscase.shown import looks
from businesscase.shown.assurance import worked_rows
from businesscase.shown.columns import CAME
from businesscase.shown.evidence import NUMBER, Mark, Run, run_in_words
from businesscase.shown.log import LABEL
from businesscase.study import Study
from businesscase.study.backtest import outcome_of
from businesscase_workbench.report.content import (
    BASE_LOG,
    LOG,
    Block,
    Chapter,
    FigureShown,
    Heading,
    Plain,
    Prose,
    Report,
    TableShown,
    Verdict,
    edition_names,
    report_of,
)

if TYPE_CHECKING:  # slow to import, and no matter of the process that leads a batch
    from nbformat import NotebookNode

FAILED, NOT_RUN = "failed", "not run"
SOUND = {"error": "", "evidence": ""}
READ = {
    # the files of a report that are read, and what the index calls them
    "report.html": "web page",
    "report.docx": "Word",
    "report.pdf": "PDF",
    "tables.xlsx": "Excel",
    "appendix.html": "appendix",
    "appendix.docx": "appendix in Word",
    "appendix.pdf": "appendix in PDF",
}
OWN_PAGE = re.compile(
    rf"({re.escape(BASE_LOG)}|{re.escape(LOG)})#[\w-]+$"
)  # that prose may lead to
EDITION_READ = {"html": "page", "docx": "Word", "pdf": "PDF"}  # of a council
REFERENCE = ("assumptions", "reconciliation")  # chapters whose tables are looked up, not read
LONGEST = 25  # rows of a table that stands open on the page
WIDTHS = ((11, "years"), (8, "wide"), (0, "table"))  # class of a table by its number of columns
OUTCOMES = ("met", "not met", "not known")  # what fills a cell as a badge, with or without a sign
LONG_WORD = 30  # letters; a longer one may be broken wherever the line ends
BLANK = "–"  # what stands in a cell without text
STYLE, SCRIPT, PLOTLY_JS = "report.css", "report.js", "plotly.js"
FROM_FILE = "file:"  # a page that is opened from a folder has no origin that 'self' could name


def report_html(
    study: Study, notebooks: Mapping[str, "NotebookNode"], shared_assets: str = ""
) -> str:
    """Return the report of a study as one page that needs no network.

    Parameters
    ----------
    study : Study
        The case under the scenario.
    notebooks : mapping of str to NotebookNode
        Every notebook by section, in the order of the report; executed for the sections that the
        case has.
    shared_assets : str, optional
        Where, seen from the page, the files of `shared_asset_files` lie, for instance
        ``../../assets``; if not said, the page needs no other file.
    """
    return page_html(report_of(study, notebooks), shared_assets)


def page_html(report: Report, shared_assets: str = "") -> str:
    """Return a report as one page; see `report_html`."""
    front, chapters = (
        [_chapter(chapter, report.log) for chapter in part]
        for part in (report.front, report.chapters)
    )
    shown = [block for chapter in (*front, *chapters) for block in chapter["blocks"]]
    figures = [block for block in shown if block["kind"] == FigureShown.__name__]
    return _page(
        "report.html",
        _assets(bool(figures), shared_assets),
        report=report,
        front=front,
        chapters=chapters,
        figures=figures,
        tables=[block for block in shown if block["kind"] == TableShown.__name__],
    )


def index_html(
    cases: Iterable[Case], states: Mapping[tuple[str, str], dict | None], up: str = ""
) -> str:
    """Return the page that leads to every report; a failure is shown as one.

    Parameters
    ----------
    cases : iterable of Case
        The cases with all their scenarios.
    states : mapping of (str, str) to dict
        By case and scenario: the ``recommendation`` of a report, its ``money`` [£] by measure if it
        has any and its other ``files``, or the
        ``error`` of a failure and whether there is ``evidence`` of it; nothing for one that was not
        run.
    up : str, optional
        How the page gets to the folder of all reports: ``../`` from that of a case.
    """
    shown = [
        {
            "name": case.name,
            "title": case.file.title,
            "question": case.file.question,
            "standing": worked.plain if (worked := worked_rows(case.tables)) else "",
            "rows": [
                _index_row(case, name, states.get((case.name, name)), up) for name in case.scenarios
            ],
            "came": _came(case),
            "comparison": _comparison_row(case, states.get((case.name, COMPARISON)), up),
        }
        for case in cases
    ]
    return _page("index.html", _own_assets([]), cases=shown, up=up)


def _index_row(case: Case, name: str, state: dict | None, up: str) -> dict:
    scenario = case.scenarios[name]
    row = {"name": name, "title": scenario.title, "files": [], "money": {}} | SOUND
    if state is None:
        return row | {"status": NOT_RUN}
    if "error" in state:
        return row | {"status": FAILED} | _failure(case, name, state, up)
    told = {measure: in_words(amount) for measure, amount in state.get("money", {}).items()}
    files = _links(case, name, state, up)
    return row | {"status": state["recommendation"], "files": files, "money": told}


def _came(case: Case) -> str:
    """Return what is known to have become of the partnership, blank if nothing is."""
    outcome = outcome_of(case)
    if outcome is None:
        return ""
    came = CAME[bool(outcome["lasted"])]
    return f"It {came}: {outcome['event']} ({printed(outcome['date'])})"


def _comparison_row(case: Case, state: dict | None, up: str) -> dict:
    if state is None:
        return {"files": []} | SOUND
    if "error" in state:
        return {"files": []} | _failure(case, COMPARISON, state, up)
    return {"files": _links(case, COMPARISON, state, up)} | SOUND


def _failure(case: Case, name: str, state: dict, up: str) -> dict:
    """Return why a report could not be made, and the address of how far it came."""
    evidence = f"{up}{quote(f'{case.name}/{name}.failed/')}" if state.get("evidence") else ""
    return {"error": state["error"], "evidence": evidence}


def _links(case: Case, name: str, state: dict, up: str) -> list[tuple[str, str]]:
    """Return address and format of each file of a report, the page first."""
    editions = edition_names(staying(case.tables["partners"])).items()
    of_councils = {
        f"{stem}.{ending}": f"{words} for {council}"
        for council, stem in editions
        for ending, words in EDITION_READ.items()
    }
    return [
        (f"{up}{quote(f'{case.name}/{name}/{file}')}", words)
        for file, words in (READ | of_councils).items()
        if file in state["files"]
    ]


# chapters and their blocks, as the templates need them


def _chapter(chapter: Chapter, log: str) -> dict:
    blocks = list(_blocks(chapter, log))
    return {
        "number": chapter.number,
        "name": chapter.name,
        "title": chapter.title,
        "heading": chapter.heading,
        "blocks": blocks,
        "sections": [block for block in blocks if block.get("level") == 3],
    }


def _blocks(chapter: Chapter, log: str) -> Iterator[dict]:
    for number, block in enumerate(chapter.blocks, 1):
        shown = _shown(block, chapter, f"{chapter.name}-{number}", log)
        yield {"kind": type(block).__name__} | shown


def _shown(block: Block, chapter: Chapter, address: str, log: str) -> dict:
    match block:
        case Heading():
            return {"id": address, "text": block.numbered, "level": block.level}
        case Prose():
            return {
                "kind": Prose.__name__,
                "html": _markdown(block.marked(partial(_linked, mark=block.mark, log=log))),
            }
        case TableShown():
            label = f"Table {block.number}"
            folded = chapter.name in REFERENCE or len(block.rows) > LONGEST
            return _table(block, label, folded)
        case FigureShown():
            return _figure(block)
        case Verdict():
            return {"text": block.text}
        case Plain():
            return {"text": block.text, "label": f"Text in {chapter.title}, {address}"}


def _linked(run: Run, mark: Mark, log: str) -> str:
    """Return a run of rows of the log as Markdown, the first of its mark as a link to its first row.

    One link a mark, because each is a stop on the way of who reads with keys.

    Examples
    --------
    >>> mark = Mark("", ((3, 14), (16, 16)), 0, 13, 20)
    >>> _linked((3, 14), mark, "appendix.html"), _linked((16, 16), mark, "appendix.html")
    ('[A3 to A14](appendix.html#A3)', 'A16')
    """
    said = run_in_words(run)
    return f"[{said}]({log}#{NUMBER}{run[0]})" if run == mark.runs[0] else said


def _table(table: TableShown, label: str, folded: bool) -> dict:
    return {
        "label": label,
        "id": _address(label),
        "title": table.caption,
        "folded": folded,
        "open": False,
        "count": f"{len(table.rows):,} row{'s' * (len(table.rows) != 1)}",
        "size": next(name for least, name in WIDTHS if len(table.labels) >= least),
        "cells": _cells(table),
    }


def _cells(table: TableShown) -> Markup:
    """Return head and body of a table; written here because a template takes ten times as long."""
    sides = [' class="number"' if numeric else "" for numeric in table.numeric]
    head = "".join(
        f'<th scope="col"{side}>{_text(label)}</th>'
        for label, side in zip(table.labels, sides, strict=True)
    )
    body = "\n".join(
        f'<tr{_address_of(table, row)}><th scope="row">{_text(row[0])}</th>'
        + "".join(
            f"<td{side}>{_text(text)}</td>" for text, side in zip(row[1:], sides[1:], strict=True)
        )
        + "</tr>"
        for row in table.rows
    )
    return Markup(f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>")


def _address_of(table: TableShown, row: tuple[str, ...]) -> str:
    """Return where links to a row of the log lead; nothing for another table."""
    return f' id="{escape(row[0])}"' if table.labels[0] == LABEL else ""


def _text(text: str) -> str:
    """Return the text of a cell, safe to stand in a page."""
    outcome = text.lstrip("✓✗? ")
    if outcome in OUTCOMES:
        return f'<span class="badge {_slug(outcome)}">{escape(text)}</span>'
    shown = str(escape(text)).replace("\n", "<br>") if text.strip() else BLANK
    is_long = len(text) > LONG_WORD and any(len(word) > LONG_WORD for word in text.split())
    return f'<span class="long">{shown}</span>' if is_long else shown


def _figure(block: FigureShown) -> dict:
    """Return a chart with its words, its numbers, and what draws it."""
    layout = dict(block.figure["layout"])
    title = layout.pop("title", {})
    lines = title.get("text", "").count("<br>") + 1 if title else 0
    margin = dict(layout.get("margin", {}))
    # the caption has the title's place
    margin["t"] = max(10, margin.get("t", 100) - 22 * lines - 20)
    drawn = {"data": block.figure["data"], "layout": layout | {"margin": margin, "autosize": True}}
    label = f"Figure {block.number}"
    return {
        "label": label,
        "id": _address(label),
        "name": block.name,
        "title": block.title,
        "description": block.description,
        "height": int(layout.get("height", 420)),
        "data": _table(block.data, f"Data of figure {block.number}", True)
        | {"title": "", "open": True},
        "json": _script_json(drawn),
    }


def _address(label: str) -> str:
    """Return the address of what a label numbers.

    Examples
    --------
    >>> _address("Table 5.2"), _address("Data of figure 5.1")
    ('table-5-2', 'data-of-figure-5-1')
    """
    return re.sub(r"[^a-z0-9]+", "-", label.lower()).strip("-")


def _script_json(value: dict) -> Markup:
    r"""Return JSON that can't end the script element it stands in.

    Examples
    --------
    >>> print(_script_json({"text": "</script><!--"}))
    {"text":"\u003c/script\u003e\u003c!--"}
    """
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    for character in "<>&\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return Markup(text)


class _Prose(mistune.HTMLRenderer):
    """Markdown to HTML within a chapter, whose headings are blocks of their own.

    HTML is escaped, and nothing is fetched: pictures become their text, and links to other hosts
    are spelt out.
    """

    def heading(self, text: str, level: int, **attrs) -> str:
        return f"<p><strong>{text}</strong></p>\n"

    def link(self, text: str, url: str, title: str | None = None) -> str:
        if OWN_PAGE.match(url):
            return f'<a href="{escape(url)}">{text}</a>'
        is_address = url.startswith(("https://", "http://")) and str(escape(url)) != text
        return f"{text} ({escape(url)})" if is_address else text

    def image(self, text: str, url: str, title: str | None = None) -> str:
        return str(escape(text))


def _markdown(text: str) -> Markup:
    return Markup(_renderer()(text).strip())


@cache
def _renderer() -> mistune.Markdown:
    return mistune.create_markdown(renderer=_Prose(escape=True))


# the page and what it is made with


def prepare() -> None:
    """Read what every page is made with, so that processes forked from this one needn't."""
    for name in ("report.html", "blocks.html", "index.html"):
        _templates().get_template(name)
    _renderer()
    _assets(has_charts=True, shared="")


def shared_asset_files() -> dict[str, str]:
    """Return the names and contents of the files that pages with shared assets link to.

    A name holds a digest of its content, so that a page never meets another version's file.
    """
    return {_file_name(name): _asset(name) for name in (STYLE, PLOTLY_JS, SCRIPT)}


@cache
def _assets(has_charts: bool, shared: str) -> dict:
    names = [PLOTLY_JS, SCRIPT] if has_charts else [SCRIPT]
    if not shared:
        return _own_assets(names)
    folder = shared.rstrip("/")
    return {
        "policy": _policy(f"'self' {FROM_FILE}", f"'self' {FROM_FILE}"),
        "style": "",
        "style_address": f"{folder}/{_file_name(STYLE)}",
        "scripts": [],
        "script_addresses": [f"{folder}/{_file_name(name)}" for name in names],
    }


def _own_assets(names: list[str]) -> dict:
    digests = [hashlib.sha256(_asset(name).encode()).digest() for name in names]
    hashes = [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests]
    return {
        "policy": _policy(" ".join(hashes) or "'none'", ""),
        "style": Markup(_asset(STYLE)),
        "style_address": "",
        "scripts": [Markup(_asset(name)) for name in names],
        "script_addresses": [],
    }


def _policy(scripts: str, styles: str) -> str:
    """Return a policy by which a browser runs these scripts and no others, and fetches nothing else."""
    return (
        f"default-src 'none'; script-src {scripts}; style-src 'unsafe-inline' {styles}".rstrip()
        + "; img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


@cache
def _file_name(name: str) -> str:
    """Return the name of a shared file: report.css becomes, say, report-0f343b09.css."""
    stem, dot, end = name.rpartition(".")
    return f"{stem}-{hashlib.sha256(_asset(name).encode()).hexdigest()[:12]}{dot}{end}"


@cache
def _asset(name: str) -> str:
    if name == PLOTLY_JS:
        from plotly.offline import get_plotlyjs

        return get_plotlyjs()
    text = _templates().loader.get_source(_templates(), name)[0]
    return text + _looks() if name == STYLE else text


def _looks() -> str:
    """Return the rules by which what is shown of a verdict or an outcome looks as it does in all formats."""
    shown = looks.VERDICTS | looks.OUTCOMES | {FAILED: looks.BAD, NOT_RUN: looks.OPEN}
    return "".join(
        f".{_slug(name)} {{ background: {fill}; color: {ink}; }}\n"
        for name, (fill, ink) in shown.items()
    )


def _page(name: str, assets: dict, **shown) -> str:
    page = _templates().get_template(name).render(assets=assets, **shown)
    return _closed(UNPRINTABLE.sub("\ufffd", page), assets["scripts"])


def _closed(page: str, scripts: list[str]) -> str:
    """Return a page with its scripts before its end: they are large, so no template touches them."""
    head, end, rest = page.rpartition("</body>")
    return "".join([head, *(f"<script>{script}</script>\n" for script in scripts), end, rest])


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("businesscase_workbench.report"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    environment.filters["slug"] = _slug
    return environment


def _slug(text: str) -> str:
    return text.lower().replace(" ", "-")
