"""The report: one page for a case under a scenario, and the page that leads to every report."""

import base64
import datetime as dt
import hashlib
import json
import re
from collections.abc import Iterable, Mapping
from functools import cache
from urllib.parse import quote

import mistune
import pandas as pd
from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape
from nbformat import NotebookNode

from businesscase import __version__, results
from businesscase.case import BASE, Case, documents
from businesscase.parameters import Parameters
from businesscase.study import Study
from businesscase.views import common, decision
from businesscase.views.display import Table, printed

PLOTLY = "application/vnd.plotly.v1+json"
OWN_TABLE = '<table class="table">'  # how the tables of views/display.py begin
OWN_ABSENCE = '<p class="absent">'  # what stands there for a table without rows
NOTEBOOK_ONLY = "notebook-only"  # tag of a cell that repeats what the page says once
FAILED, NOT_RUN = "failed", "not run"


def report_html(study: Study, notebooks: Mapping[str, NotebookNode]) -> str:
    """Return the report of a study as one page that needs no other file and no network.

    Parameters
    ----------
    study : Study
        The case under the scenario.
    notebooks : mapping of str to NotebookNode
        Every notebook by section, in the order of the report; executed for the sections that the
        case has. Of the others only the heading is shown.
    """
    charts: list[dict] = []
    present = study.case.section_names()
    sections = [
        {
            "name": name,
            "title": _title(notebook, name),
            "parts": _parts(notebook, name, charts) if name in present else [],
        }
        for name, notebook in notebooks.items()
    ]
    scripts = [_plotly_js(), _template_text("charts.js")] if charts else []
    return _page(
        "report.html",
        scripts,
        study=study,
        file=study.case.file,
        scenario=study.scenario,
        changes=_changes(study),
        gates=_gates(study),
        sections=sections,
        reconciliation=_reconciliation(study),
        version=__version__,
        sources=documents(study.case),
        charts=charts,
    )


def index_html(cases: Iterable[Case], states: Mapping[tuple[str, str], dict | None]) -> str:
    """Return the page that leads to every report; a failure is shown as one.

    Parameters
    ----------
    cases : iterable of Case
        The cases with all their scenarios.
    states : mapping of (str, str) to dict
        By case and scenario: the ``recommendation`` of a report, or the ``error`` of a failure;
        nothing for one that was not run.
    """
    shown = [
        {
            "name": case.name,
            "title": case.file.title,
            "question": case.file.question,
            "rows": [
                _index_row(case, name, states.get((case.name, name))) for name in case.scenarios
            ],
        }
        for case in cases
    ]
    return _page("index.html", [], cases=shown)


def _index_row(case: Case, name: str, state: dict | None) -> dict:
    scenario = case.scenarios[name]
    row = {"name": name, "title": scenario.title, "why": scenario.why, "link": "", "error": ""}
    if state is None:
        return row | {"status": NOT_RUN}
    if "error" in state:
        return row | {"status": FAILED, "error": state["error"]}
    link = quote(f"{case.name}/{name}/report.html")
    return row | {"status": state["recommendation"], "link": link}


# parts of the page that come from the study


def _changes(study: Study) -> Markup | None:
    base = study.in_scenario(BASE).parameters
    rows = [
        {
            "parameter": Parameters.model_fields[name].description,
            "base": _setting(getattr(base, name)),
            "here": _setting(getattr(study.parameters, name)),
            "unit": Parameters.model_fields[name].json_schema_extra["unit"],
        }
        for name in common.changes(study)
    ]
    labels = {"parameter": "Parameter", "base": "Base scenario", "here": "Here", "unit": "Unit"}
    caption = "What differs from the base scenario"
    return _table(Table(pd.DataFrame(rows), caption, labels)) if rows else None


def _setting(value) -> str:
    """Return the value of a parameter as text; its label says what blank means.

    Examples
    --------
    >>> _setting({"cost": 2.0, "risk": {"Melton": 1}}), _setting(None)
    ('cost: 2; risk: Melton: 1', 'blank')
    """
    if value in (None, "", {}):
        return "none" if value == {} else "blank"
    if isinstance(value, dict):
        return "; ".join(f"{key}: {_setting(part)}" for key, part in value.items())
    return value.replace("_", " ") if isinstance(value, str) else f"{value:g}"


def _gates(study: Study) -> list[dict]:
    reasons = decision.reasons(study).frame
    return [
        {
            "criterion": row.criterion,
            "question": row.question,
            "outcome": outcome,
            "found": row.found_text,
            "threshold": row.test,
            "if_not_met": row.consequence,
        }
        for row, outcome in zip(reasons.itertuples(), study.gates["outcome"], strict=True)
    ]


def _reconciliation(study: Study) -> Markup:
    base = study.in_scenario(BASE)
    table = results.reconciliation(study.tables["published"], base.results)
    caption = f"{int(table['agrees'].sum())} of {len(table)} published figures agree"
    shown = [name for name in table if name != "year" or table[name].notna().any()]
    table["measure"] = table["measure"].str.replace("_", " ")
    return _table(Table(table, caption, {name: name.capitalize() for name in shown}))


# parts of the page that come from a notebook


def _title(notebook: NotebookNode, section: str) -> str:
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            found = re.search(r"^# +(.+)$", cell.source, re.MULTILINE)
            if found:
                return Markup(_markdown(found[1])).striptags()
    return section.capitalize()


def _parts(notebook: NotebookNode, section: str, charts: list[dict]) -> list[Markup]:
    """Return what a notebook shows, without its code; its charts are added to ``charts``."""
    headings = _Headings()
    parts = []
    for cell in notebook.cells:
        if NOTEBOOK_ONLY in cell.metadata.get("tags", []):
            continue
        if cell.cell_type == "markdown":
            parts.append(_markdown(cell.source, headings))
        for output in cell.get("outputs", []):
            if "data" in output:
                parts.append(_output(output.data, section, charts, headings))
    return [part for part in parts if part]


def _output(data: dict, section: str, charts: list[dict], headings: "_Headings") -> Markup:
    if PLOTLY in data:
        return _figure(data[PLOTLY], section, charts)
    if data.get("text/html", "").startswith(OWN_TABLE):  # it escapes its cells; no other is trusted
        return _scrolling(Markup(data["text/html"]))
    if data.get("text/html", "").startswith(OWN_ABSENCE):
        return Markup(data["text/html"])
    if "text/markdown" in data:
        return _markdown(data["text/markdown"], headings)
    return Markup("<pre>{}</pre>").format(data.get("text/plain", ""))


def _table(table: Table) -> Markup:
    return _scrolling(Markup(table._repr_html_()))


def _scrolling(table: Markup) -> Markup:
    """Put a table into a box that scrolls sideways, also by keyboard, named after its caption."""
    caption = re.search(r"<caption>(.*?)</caption>", table, re.DOTALL)
    name = Markup(caption[1]).striptags() if caption else "Table"
    box = Markup('<div class="scroll" role="region" tabindex="0" aria-label="{}">\n{}\n</div>')
    return box.format(name, table)


def _figure(figure: dict, section: str, charts: list[dict]) -> Markup:
    """Return the place of a chart, with its title and its description in words."""
    layout = dict(figure["layout"])
    said = layout.pop("meta")
    title = layout.pop("title", {})
    lines = title.get("text", "").count("<br>") + 1 if title else 0
    margin = dict(layout.get("margin", {}))
    margin["t"] = max(
        10, margin.get("t", 100) - 22 * lines - 20
    )  # the caption has the title's place
    name = f"{section}-chart-{len(charts) + 1}"
    shown = {"data": figure["data"], "layout": layout | {"margin": margin, "autosize": True}}
    charts.append({"id": name, "json": _script_json(shown)})
    template = Markup(
        '<figure role="group" aria-labelledby="{0}-title">\n'
        '<figcaption id="{0}-title">{1}</figcaption>\n'
        '<div class="scroll" role="region" tabindex="0" aria-labelledby="{0}-title">'
        '<div class="chart" id="{0}" role="img" aria-labelledby="{0}-title" '
        'aria-describedby="{0}-words" style="height: {2:d}px"></div></div>\n'
        '<p class="alternative" id="{0}-words">{3}</p>\n</figure>'
    )
    return template.format(name, said["title"], int(layout.get("height", 420)), said["description"])


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


class _Headings(mistune.HTMLRenderer):
    """Markdown to HTML inside a section: its headings start at level 3 and skip no level.

    The notebook's first ``#`` heading is the section's own, so it is left out. HTML is escaped,
    and nothing is fetched: pictures become their text, and links to other hosts are spelt out.
    """

    def __init__(self):
        super().__init__(escape=True)
        self.level = 2
        self.titled = False

    def heading(self, text: str, level: int, **attrs) -> str:
        if level == 1 and not self.titled:
            self.titled = True
            return ""
        self.level = min(max(level + 1, 3), self.level + 1, 6)
        return f"<h{self.level}>{text}</h{self.level}>\n"

    def link(self, text: str, url: str, title: str | None = None) -> str:
        notebook = re.fullmatch(r"\d\d_(\w+)\.ipynb", url)
        if notebook:
            return f'<a href="#{notebook[1]}">{text}</a>'
        is_address = url.startswith(("https://", "http://")) and str(escape(url)) != text
        return f"{text} ({escape(url)})" if is_address else text

    def image(self, text: str, url: str, title: str | None = None) -> str:
        return str(escape(text))


def _markdown(text: str, headings: _Headings | None = None) -> Markup:
    render = mistune.create_markdown(renderer=headings or _Headings(), plugins=["table"])
    return Markup(render(text).strip())


# the page


def prepare() -> None:
    """Read what every page is made with, so that processes forked from this one needn't."""
    _templates().get_template("report.html")
    _plotly_js()


def _page(name: str, scripts: list[str], **shown) -> str:
    return (
        _templates()
        .get_template(name)
        .render(
            css=Markup(_template_text("report.css")),
            policy=_policy(scripts),
            scripts=[Markup(script) for script in scripts],
            **shown,
        )
    )


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("businesscase"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        undefined=StrictUndefined,
    )
    environment.filters |= {"date": _date, "slug": _slug, "markdown": _markdown}
    return environment


def _policy(scripts: list[str]) -> str:
    """Return a policy by which a browser runs these scripts and no others, and fetches nothing."""
    digests = [hashlib.sha256(script.encode()).digest() for script in scripts]
    allowed = [f"'sha256-{base64.b64encode(digest).decode()}'" for digest in digests] or ["'none'"]
    return (
        f"default-src 'none'; script-src {' '.join(allowed)}; "
        "style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


@cache
def _plotly_js() -> str:
    from plotly.offline import get_plotlyjs

    return get_plotlyjs()


@cache
def _template_text(name: str) -> str:
    return _templates().loader.get_source(_templates(), name)[0]


def _date(day: dt.date) -> str:
    return printed(pd.Timestamp(day))


def _slug(text: str) -> str:
    return text.replace(" ", "-")
