"""A case of two councils, as small as a test needs it."""

import datetime as dt

from businesscase.cases.case import checked_case
from businesscase.cases.raw import RawCase
from businesscase.cases.upgrading import VERSION
from businesscase.study import Study

ORIGIN = {"status": "published", "source": "report", "paragraph": "1", "note": ""}
DEFAULTS = {
    "flows": {
        "option": "a", "flow": "saving", "category": "staff", "inflation": "pay",
        "funding": "revenue", "partner": "North", "first_year": "2024", "last_year": "2024",
    },
    "gates": {
        "section": "savings", "measure": "net_present_value", "item": "all",
        "comparison": "at_least", "threshold": "0", "if_not_met": "stop", "set_by": "the board", "set_on": "2024-01-01",
        "question": "Is it?",
    },
}  # fmt: skip


def flow(line, flow, amount, years=(2024, 2028), partner="North", **cells):
    """Return a row of flows.csv as text."""
    first, last = years
    given = {"first_year": str(first), "last_year": str(last), "amount_gbp": str(amount)}
    return {"line": line, "flow": flow, "partner": partner, **given, **cells}


def small_raw(file=(), scenarios=None, **tables):
    """Return a case of North and South, 2024 to 2028, as text, not checked yet.

    Parameters
    ----------
    file : mapping, optional
        Keys of case.toml that differ.
    scenarios : dict of dict, optional
        By name, what each changes.
    **tables
        Rows as text by table; what is left out is as ``DEFAULTS`` and ``ORIGIN`` say.
    """
    given = {
        "version": VERSION, "title": "Two councils", "question": "Share?", "decision_maker": "Cabinets",
        "decision_date": dt.date(2024, 6, 1), "data_date": dt.date(2024, 5, 1), "summary": "Made up.",
        "decision_year": 2024, "last_year": 2028, "preferred_option": "a",
        "sources": {"report": {"title": "Report", "publisher": "North"}},
    }  # fmt: skip
    tables = {"partners": [{"partner": "North", "role": "lead"}, {"partner": "South", "role": "partner"}], **tables}  # fmt: skip
    filled = {
        stem: [{**ORIGIN, **DEFAULTS.get(stem, {}), **row} for row in rows]
        for stem, rows in tables.items()
    }
    words = {"title": "As planned", "why": "As planned."}
    named = {"base": {}, **(scenarios or {})}
    return RawCase(given | dict(file), {name: words | own for name, own in named.items()}, filled)


def small_case(*given, **tables):
    """Return the case of ``small_raw``, checked as one that is read."""
    return checked_case("small", small_raw(*given, **tables))


def small_study(**given):
    """Return the study of a small case under its base scenario."""
    return Study.of(small_case(**given), "base")


def result(study, section, measure, item="all"):
    """Return the value of a result of the whole term."""
    return study.decision.result(section, measure, item)[0]
