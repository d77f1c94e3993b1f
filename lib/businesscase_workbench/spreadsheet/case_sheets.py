"""The sheets of a case that are not tables: its file, its documents and its scenarios, both ways."""

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from businesscase.calculations.years import Month
from businesscase.cases.errors import unknown_name
from businesscase.cases.parameters import Parameters
from businesscase.cases.raw import CASE, SCENARIOS, Place
from businesscase.cases.schema import PLAIN, CaseFile, Source
from businesscase_workbench.spreadsheet.cells import Cell, CellError, folded, read_cell
from businesscase_workbench.spreadsheet.columns import Column, column_of, parameter_column
from businesscase_workbench.spreadsheet.findings import ImportFindings
from businesscase_workbench.spreadsheet.kinds import TEXT_CELL, tidy
from businesscase_workbench.spreadsheet.sheets import TableFound, normal

PROJECT_MIX, SOURCES, CHANGES = "project_mix", "sources", "scenario_changes"
BLANK_ON_PURPOSE = "(blank)"  # a scenario's parameter that is set to nothing
CASE_KEYS = [name for name in CaseFile.model_fields if name not in (PROJECT_MIX, SOURCES)]
SCENARIO_TEXTS = ("title", "why")

SHEETS: dict[str, dict[str, Column]] = {
    CASE: {
        "key": Column("key", "what is asked; the keys are fixed"),
        "value": Column("value", "the answer"),
        "meaning": Column("meaning", "what the key means; not read", is_required=False),
    },
    PROJECT_MIX: {
        "kind": Column("kind", "a kind of project in optimism_bias.csv"),
        "share": Column(
            "share",
            "share of the one-off cost that is spent on it; the shares add up to 1 [fraction]",
            frozenset({float}),
            low=0.0,
            high=1.0,
            is_fraction=True,
        ),
    },
    SOURCES: {
        "key": Column("key", "short name of the document, which the column source of a table cites"),
        **{name: column_of(name, field) for name, field in Source.model_fields.items()},
    },
    SCENARIOS: {
        "scenario": Column(
            "scenario", "short name of letters, digits and hyphens; the first must be base"
        ),
        "title": Column("title", "what it is, in a few words"),
        "why": Column("why", "why it is plausible, in a sentence"),
    },
    CHANGES: {
        "scenario": Column("scenario", "a scenario of the sheet scenarios"),
        "parameter": Column("parameter", "a parameter; the sheet Read me lists them"),
        "name": Column(
            "name",
            "for a parameter with an entry by name: which, e.g. a partner, a factor, a task's number",
            is_required=False,
            may_be_blank=True,
        ),
        "second_name": Column(
            "second_name",
            "for scores the factor, for risk_positions likelihood or impact, for readiness_scores "
            "the partner",
            is_required=False,
            may_be_blank=True,
        ),
        "value": Column(
            "value", f"its value, in the parameter's unit; {BLANK_ON_PURPOSE} sets it to nothing"
        ),
    },
}  # fmt: skip

Placed = dict[tuple[str, str | None, str | None], Place]


class PlacedPart(NamedTuple):
    """A part of a case with the places of what it holds."""

    content: dict
    placed: Placed


# from a case to rows


def case_rows(file: Mapping) -> Iterator[tuple[str, object, str]]:
    """Yield key, value or None, and meaning for each key of a case, also those of no schema."""
    for name in (*CASE_KEYS, *(name for name in file if name not in CaseFile.model_fields)):
        field = CaseFile.model_fields.get(name)
        yield name, file.get(name), field.description if field else ""


def mix_rows(file: Mapping) -> list[tuple]:
    """Return the rows of the sheet of the project mix."""
    return list(_table(file, PROJECT_MIX).items())


def source_rows(file: Mapping) -> list[tuple]:
    """Return the rows of the sheet of documents."""
    return [
        (key, *(document.get(name) for name in Source.model_fields))
        for key, document in _table(file, SOURCES).items()
        if isinstance(document, Mapping)
    ]


def _table(file: Mapping, name: str) -> Mapping:
    found = file.get(name, {})
    return found if isinstance(found, Mapping) else {}


def scenario_rows(scenarios: Mapping[str, Mapping]) -> list[tuple]:
    """Return the rows of the sheet of scenarios."""
    return [
        (name, *(fields.get(text) for text in SCENARIO_TEXTS)) for name, fields in scenarios.items()
    ]


def change_rows(scenarios: Mapping[str, Mapping]) -> list[tuple]:
    """Return the rows of the sheet of what each scenario changes."""
    return [
        (scenario, parameter, *entry)
        for scenario, fields in scenarios.items()
        for parameter, value in fields.items()
        if parameter not in SCENARIO_TEXTS
        for entry in _entries(value)
    ]


def _entries(value, *names: str) -> Iterator[tuple]:
    """Yield name, second name and value for each entry of a parameter."""
    if isinstance(value, Mapping) and value and len(names) < 2:
        for name, part in value.items():
            yield from _entries(part, *names, name)
    else:
        first, second = [*names, None, None][:2]
        yield first, second, BLANK_ON_PURPOSE if value in ("", {}) else value


# from tables found in a spreadsheet to a case


def read_file(tables: Mapping[str, TableFound], findings: ImportFindings) -> PlacedPart:
    """Return what case.toml would hold, with the types of TOML; empty without a sheet for it."""
    part = PlacedPart({}, {})
    if CASE in tables:
        _read_keys(tables[CASE], part, findings)
    if PROJECT_MIX in tables:
        mix = _read_mix(tables[PROJECT_MIX], part, findings)
        part.content.update({PROJECT_MIX: mix} if mix else {})
    if SOURCES in tables:
        documents = _read_sources(tables[SOURCES], part, findings)
        part.content.update({SOURCES: documents} if documents else {})
    return part


def _read_keys(table: TableFound, part: PlacedPart, findings: ImportFindings) -> None:
    for row in table.rows:
        given = tidy(table.cell(row, "key").text)
        key = normal(given)
        if key not in CASE_KEYS:
            findings.refuse(table.place(row, "key"), unknown_name("key", given, CASE_KEYS))
            continue
        if (CASE, None, key) in part.placed:
            findings.refuse(table.place(row, "key"), f"key {key} stands here twice")
            continue
        column = column_of(key, CaseFile.model_fields[key])
        text = value_text(table, row, "value", column, findings, key)
        part.placed[CASE, None, key] = table.place(row, "value")
        if text:
            part.content[key] = _typed(text, column)


def _read_mix(table: TableFound, part: PlacedPart, findings: ImportFindings) -> dict[str, float]:
    columns, mix = SHEETS[PROJECT_MIX], {}
    for row in table.rows:
        texts = _texts(table, row, columns, findings)
        kind, share = texts["kind"], texts["share"]
        if kind in mix:
            findings.refuse(table.place(row, "kind"), f"kind {kind!r} stands here twice")
        _refuse_blank(table, row, texts, findings)
        part.placed[CASE, None, f"{PROJECT_MIX}.{kind}"] = table.place(row, "share")
        if kind and share:
            mix[kind] = float(share)
    return mix


def _read_sources(table: TableFound, part: PlacedPart, findings: ImportFindings) -> dict[str, dict]:
    columns, documents = SHEETS[SOURCES], {}
    for row in table.rows:
        texts = _texts(table, row, columns, findings)
        key = texts.pop("key")
        if key in documents:
            findings.refuse(table.place(row, "key"), f"key {key!r} stands here twice")
        _refuse_blank(table, row, {"key": key}, findings)
        documents[key] = {name: _typed(text, columns[name]) for name, text in texts.items() if text}
        part.placed.update(
            {(CASE, None, f"{SOURCES}.{key}.{name}"): table.place(row, name) for name in texts}
        )
        part.placed[CASE, None, f"{SOURCES}.{key}"] = table.place(row)
    return documents


def read_scenarios(tables: Mapping[str, TableFound], findings: ImportFindings) -> PlacedPart:
    """Return what scenarios.toml would hold, with the types of TOML; empty without a sheet for it."""
    part = PlacedPart({}, {})
    if SCENARIOS in tables:
        table, columns = tables[SCENARIOS], SHEETS[SCENARIOS]
        for row in table.rows:
            texts = _texts(table, row, columns, findings)
            scenario = texts.pop("scenario")
            _refuse_blank(table, row, {"scenario": scenario}, findings)
            if scenario in part.content:
                findings.refuse(
                    table.place(row, "scenario"), f"scenario {scenario!r} stands here twice"
                )
            part.content[scenario] = {name: text for name, text in texts.items() if text}
            part.placed[SCENARIOS, scenario, None] = table.place(row)
            part.placed.update(
                {(SCENARIOS, scenario, name): table.place(row, name) for name in texts}
            )
    if CHANGES in tables:
        for row in tables[CHANGES].rows:
            _read_change(tables[CHANGES], row, part, findings)
    return part


def _read_change(table: TableFound, row: int, part: PlacedPart, findings: ImportFindings) -> None:
    columns = SHEETS[CHANGES]
    scenario, parameter, *names = (
        value_text(table, row, name, columns[name], findings)
        for name in ("scenario", "parameter", "name", "second_name")
    )
    if scenario not in part.content:
        findings.refuse(
            table.place(row, "scenario"), unknown_name("scenario", scenario, part.content)
        )
        return
    parameter = normal(parameter)
    if parameter not in Parameters.model_fields:
        findings.refuse(
            table.place(row, "parameter"),
            unknown_name("parameter", parameter, Parameters.model_fields),
        )
        return
    value, names = _change(table, row, parameter, names, findings)
    if value is None:
        return
    home, key = part.content[scenario], parameter
    for name in names:
        home, key = home.setdefault(key, {}), name
    if key in home:
        findings.refuse(table.place(row), f"{' '.join([parameter, *names])} stands here twice")
        return
    home[key] = value
    dotted = ".".join([parameter, *names])
    part.placed[SCENARIOS, scenario, dotted] = table.place(row, "value")
    part.placed.setdefault((SCENARIOS, scenario, parameter), table.place(row, "value"))


def _change(
    table: TableFound, row: int, parameter: str, names: list[str], findings: ImportFindings
):
    """Return the value of a changed parameter, or None if it was refused, and its entry's names."""
    column, wanted = parameter_column(parameter)
    annotation = Parameters.model_fields[parameter].annotation
    is_text = annotation is str or not (column.kinds or column.choices)
    may_be_none = Parameters.model_fields[parameter].default is None
    given = [name for name in names if name]
    is_blank = folded(table.cell(row, "value").text) == folded(BLANK_ON_PURPOSE)
    if is_blank and names[: len(given)] == given:
        if len(given) < wanted:
            return {}, given
        if len(given) == wanted and (is_text or may_be_none):
            return "", given
    if len(given) != wanted or names[:wanted] != given:
        needs = ["no name", "a name and no second_name", "a name and a second_name"][wanted]
        findings.refuse(table.place(row, "name"), f"parameter {parameter} has {needs}")
        return None, given
    if not tidy(table.cell(row, "value").text):
        findings.refuse(
            table.place(row, "value"),
            f"found a blank cell; give a value, {BLANK_ON_PURPOSE} to set it to nothing, or delete the "
            "row",
        )
        return None, given
    text = value_text(table, row, "value", column, findings, f"{parameter} of a scenario")
    if not text:  # refused
        return None, given
    return (text if is_text else _typed(text, column)), given


def _typed(text: str, column: Column):
    """Return a text as the type that TOML has for it."""
    if bool in column.kinds:
        return text == "true"
    if column.kinds == {int}:
        return int(text)
    if float in column.kinds:
        return float(text)
    if dt.date in column.kinds and not re.fullmatch(PLAIN[Month][0], text):
        return dt.date.fromisoformat(text)
    return text


def _texts(
    table: TableFound, row: int, columns: Mapping[str, Column], findings: ImportFindings
) -> dict[str, str]:
    return {name: value_text(table, row, name, columns[name], findings) for name in columns}


def _refuse_blank(
    table: TableFound, row: int, texts: dict[str, str], findings: ImportFindings
) -> None:
    for name, text in texts.items():
        if not text and not tidy(table.cell(row, name).text):
            findings.refuse(table.place(row, name), f"found a blank cell; {name} must be filled")


def value_text(
    table: TableFound,
    row: int,
    name: str,
    column: Column,
    findings: ImportFindings,
    subject: str = "",
) -> str:
    """Return the text of a cell; a refusal is added to the findings, and the text is then empty.

    Parameters
    ----------
    table : TableFound
        The table.
    row : int
        The row in its sheet.
    name : str
        Name of the cell's column in the table.
    column : Column
        What the cell holds.
    findings : ImportFindings
        Takes the fault, or how the cell was read.
    subject : str
        What the cell is about, where its column doesn't say it.
    """
    cell = table.cell(row, name)
    if cell == Cell(TEXT_CELL, ""):
        return ""
    place = table.place(row, name)
    try:
        reading = read_cell(cell, column)
    except CellError as error:
        details = {"found": error.found, "allowed": error.allowed, "nearest": error.nearest}
        findings.refuse(place, str(error), **details)
        return ""
    group = (table.sheet.place().text, subject or name)
    if reading.change:
        findings.convert(place, group, cell.text, reading.text, reading.change)
    if column.is_fraction and reading.text:
        findings.fraction(f"{table.sheet.name}, {subject or f'column {name}'}", reading.text)
    return reading.text
