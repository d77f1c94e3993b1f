"""A mapping drafted from a council's own workbook: what is recognised, what is guessed, what is left out.

It knows headings and words from ``aliases.toml`` alone. What it writes is TOML for a person to read
and change; nothing is imported by it.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from businesscase_workbench.spreadsheet.draft.money import money_by_year
from businesscase_workbench.spreadsheet.draft.options import complete_options, scores, weights
from businesscase_workbench.spreadsheet.draft.parts import Draft, complete, said_of, text_of
from businesscase_workbench.spreadsheet.draft.registers import matrix, membership, register
from businesscase_workbench.spreadsheet.draft.view import View, partners_of, views_of
from businesscase_workbench.spreadsheet.draft.words import (
    COUNTED_YEAR,
    group_of,
    is_no_service,
    place_of,
)
from businesscase_workbench.spreadsheet.files import sheets_of
from businesscase_workbench.spreadsheet.findings import ImportFindings
from businesscase_workbench.spreadsheet.years import years_of

SPLIT = re.compile(r"split\D{0,20}(\d+(?:\s*[:/]\s*\d+)+)", re.IGNORECASE)
SHOWN = 5  # texts at most that a sentence names


@dataclass(frozen=True)
class Suggestion:
    """A drafted mapping.

    Attributes
    ----------
    text : str
        The file, in TOML.
    said : list of str
        A sentence for each sheet: what it is taken for, and how surely.
    partners : list of str
        The authorities that the workbook names, as they come.
    """

    text: str
    said: list[str]
    partners: list[str]


def suggest(source: Path, title: str) -> Suggestion:
    """Draft the mapping of a workbook or of CSV files.

    Parameters
    ----------
    source : Path
        The workbook.
    title : str
        Title of the case to be.

    Raises
    ------
    InputError
        If the file can't be read as a whole.
    """
    sheets = [sheet for sheet in sheets_of(source, ImportFindings()) if sheet.cells]
    views = [view for sheet in sheets for view in views_of(sheet)]
    draft = Draft(partners_of(views))
    for view in views:
        view.known = draft.partners
    _agreed_shares(views, draft)
    # the money sheets lean on the others: options, partners, drivers
    for view in views:
        if not view.years:
            _classify(view, draft)
    complete_options(draft)
    for view in _without_again(views, draft):
        _classify(view, draft)
    draft.readings.sort(key=lambda one: [sheet.name for sheet in sheets].index(one.keys["sheet"]))
    complete(draft, title)
    return Suggestion(text_of(source, draft), list(said_of(draft)), draft.partners)


def _agreed_shares(views: Sequence[View], draft: Draft) -> None:
    """Take shares that a note states, such as split 55:45, in the order of the authorities."""
    for view in views:
        for text in view.titles:
            found = SPLIT.search(text)
            shares = re.findall(r"\d+", found[1]) if found else []
            if len(shares) == len(draft.partners) > 1:
                draft.drivers.append("agreed")
                draft.add["drivers"] = [
                    {"partner": name, "driver": "agreed", "date": "2026-04-01", "value": int(share)}
                    for name, share in zip(draft.partners, shares, strict=True)
                ]
                return


# which table a sheet is


def _without_again(views: Sequence[View], draft: Draft) -> Iterator[View]:
    """Yield tables with a column a year; of those with the same lines, of a budget and a forecast, one.

    Where their sheets are named otherwise than budgets are, such as service desk and networks, each is
    of a service.
    """
    alike: dict[tuple, dict[str, list[View]]] = {}
    for view in views:
        if view.years:
            # where each council has a sheet they are alike, and none is the other again
            own = (view.sheet.name,) if view.partner is None else ()
            rows = {tuple(view.text(row, at) for at in view.labels) for row in view.rows()}
            by_name = alike.setdefault((*own, *sorted(rows)), {})
            by_name.setdefault(group_of(view.sheet.name), []).append(view)
    for by_name in alike.values():
        for name, again in by_name.items():
            first, *others = sorted(again, key=lambda one: place_of("amounts", one.sheet.name))
            first.service = name if len(by_name) > 1 and not is_no_service(name) else ""
            yield first
            for view in others:
                draft.leave(
                    view, f"it has the lines of sheet {first.sheet.name!r} again, which is read"
                )


def _classify(view: View, draft: Draft) -> None:
    for attempt in (scores, weights, money_by_year, membership, matrix, register):
        if attempt(view, draft):
            return
    if sum(map(bool, map(COUNTED_YEAR.fullmatch, view.headings.values()))) > 1:
        why = "its years are counted and not named; head them 2026/27 and so on"
    elif sum(map(bool, map(years_of, view.texts(view.first)))) > 1:
        why = "its years stand one below the other; give each a column"
    elif view.has_parts_of_year:
        why = "a case has financial years, and here are parts of a year; add them up to years"
    else:
        why = "nothing here is known"
    headings = ", ".join(list(view.headings.values())[:SHOWN])
    draft.leave(view, f"{why} ({headings})")
