"""Spreadsheets read into a case: whole or not at all, with each figure that changes."""

import datetime as dt
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from businesscase.calculations.wording import counted, listed, year_label
from businesscase.cases.case import BASE, changing, checked_case
from businesscase.cases.errors import Fault, InputError, shown
from businesscase.cases.folder import replace_parts, write_folder
from businesscase.cases.raw import CASE, SCENARIOS, Place, RawCase
from businesscase.cases.schema import KEYS, TABLES, WORKED_ROW
from businesscase.cases.upgrading import upgraded
from businesscase_workbench.own_case import begun, read_case, title_of
from businesscase_workbench.spreadsheet import draft, importing
from businesscase_workbench.spreadsheet.case_sheets import SOURCES
from businesscase_workbench.spreadsheet.columns import PROVENANCE
from businesscase_workbench.spreadsheet.files import sheets_of
from businesscase_workbench.spreadsheet.findings import ImportFindings
from businesscase_workbench.spreadsheet.mapping import WorkbookMapping, read_mapping
from businesscase_workbench.starter import starter_case

# by column, the table whose rows it names: worked rows that name rows of a replaced table go with it
NAMED_BY = {
    "partner": "partners",
    "option": "options",
    "factor": "factors",
    "risk": "risks",
    "level": "risk_levels",
    "task": "tasks",
    "starts_with": "tasks",
    "replaced_by": "tasks",
    "area": "readiness_areas",
    "cost_line": "flows",
    "stated_in": "flows",
}
NOBODY = "to be named"  # begins the owner of a worked row of the logs, which have no source
PAGE = re.compile(r"Page (\d+) table")
OWNERS = ("owner", "supplied_by")
FIRST, LAST = "first_year", "last_year"
PREFERRED = "preferred_option"


@dataclass(frozen=True)
class Import:
    """What an import did.

    Attributes
    ----------
    folder : Path
        The case's folder.
    conversions : list of str
        Each conversion as a sentence.
    rows : dict of int
        How many rows each table has now.
    former : dict of int
        How many rows each of these tables had before; empty for a new case.
    before : Path or None
        Where the case is kept as it was; None for a new one.
    changes : list of str
        Of a case that was there, each figure that is another now.
    """

    folder: Path
    conversions: list[str]
    rows: dict[str, int]
    former: dict[str, int]
    before: Path | None
    changes: list[str] = field(default_factory=list)


def import_case(
    source: Path,
    name: str,
    leave_out: Collection[str],
    update: bool,
    keep: Collection[str] = (),
    mapping: Path | None = None,
) -> Import:
    """Read a case from a workbook or from CSV files into a folder, whole or not at all.

    Parameters
    ----------
    source : Path
        A workbook, a CSV file named as a table, or a folder of them.
    name : str
        The case.
    leave_out : collection of str
        What the user says to leave out: ``totals``, ``hidden``, ``struck-out``, a sheet, or
        ``sheet.column``.
    update : bool
        Whether the case exists already and its tables that are in the source are replaced.
    keep : collection of str
        What the user says to keep: ``totals``, ``hidden`` or ``struck-out``.
    mapping : Path, optional
        The mapping of a workbook in a layout of its own; a new case then begins small, and what the
        workbook doesn't have stays worked rows.

    Raises
    ------
    InputError
        With a sentence for every fault, with sheet and cell; nothing is written then.
    """
    read_as = WorkbookMapping() if mapping is None else read_mapping(mapping)
    with changing(name) if update else begun(name) as folder:
        former = read_case(name) if update else None
        begins_small = former is None and mapping is not None
        if begins_small:
            former = starter_case(title_of(name), _partners(read_as), dt.date.today(), small=True)
        documents = former.file.get(SOURCES, {}) if former else {}
        decided = former.file.get("decision_year") if former else None
        imported = importing.read(source, leave_out, documents, keep, read_as, decided)
        said: list[str] = []
        if former is not None:
            kept, said = _without_worked(former, imported.raw)
            raw = _updated(kept, _with_base(kept, imported.raw, read_as))
            flows = {row.get("flow") for row in raw.tables["flows"]}
            if begins_small and PREFERRED not in (imported.raw.file or {}):
                raw, named = _with_preferred(raw, mapping.name)
                said += named
            if begins_small and "saving" not in flows:  # which the worked scenarios move
                raw = replace(raw, scenarios={BASE: raw.scenarios[BASE]})
        else:
            raw = imported.raw
        if not update and not begins_small:
            raw, told = upgraded(
                replace(raw, faults=[*raw.faults, *_missing_parts(raw, source, name)])
            )
            said += told
        elif not any(imported.raw.tables.values()) and not (update and _given(imported.raw)):
            if raw.faults:
                raise InputError(raw.faults)
            raise InputError(f"{source.name}: nothing of a case is left in it to import")
        checked_case(name, raw)
        rows = {stem: len(table) for stem, table in imported.raw.tables.items()}
        had, before, changes = {}, None, []
        if not update:
            write_folder(raw, folder, only_filled=begins_small)
        else:
            had = {stem: len(former.tables[stem]) for stem in rows}
            changes = list(changed_figures(former.tables, imported.raw.tables))
            parts = [part for part in [CASE, SCENARIOS, *TABLES] if _differs(former, raw, part)]
            said += _links(folder, parts)
            before = replace_parts(raw, folder, parts)
    return Import(folder, [*imported.conversions, *said], rows, had, before, changes)


def suggest_mapping(source: Path, name: str, target: Path) -> list[str]:
    """Draft the mapping of a workbook into a file, and return what it takes each sheet for.

    Raises
    ------
    InputError
        If the file exists, or the workbook can't be read.
    """
    if target.exists():
        raise InputError(f"{target.name} exists; nothing is written over it")
    suggestion = draft.suggest(source, title_of(name))
    drawn = list(_pages_drawn(source, name, target.parent))
    target.write_text(
        suggestion.text, encoding="utf-8"
    )  # last, so that what fails can be tried again
    return [*suggestion.said, *drawn]


def _pages_drawn(source: Path, name: str, folder: Path) -> Iterator[str]:
    """Draw the pages of a PDF that have tables, to hold the draft against them."""
    if source.suffix.lower() != ".pdf":
        return
    from businesscase_workbench.spreadsheet.papers import pictures_of_pdf  # slow to import

    found = (PAGE.match(sheet.name) for sheet in sheets_of(source, ImportFindings()))
    pages = list(dict.fromkeys(int(page[1]) for page in found if page))
    for number, picture in pictures_of_pdf(source.read_bytes(), pages).items():
        target = folder / f"{name}.page-{number}.png"
        target.write_bytes(picture)
        yield f"page {number}: drawn as {target.name}, to look at beside the draft"


def _differs(former: RawCase, raw: RawCase, part: str) -> bool:
    """Return whether a part of a case is another than it was."""
    if part == CASE:
        return former.file != raw.file
    if part == SCENARIOS:
        return former.scenarios != raw.scenarios
    return former.tables.get(part, []) != raw.tables.get(part, [])


def _partners(mapping: WorkbookMapping) -> list[str]:
    """Return the authorities that a mapping names; a case's worked rows are of them until replaced."""
    named = [str(row["partner"]) for row in mapping.add.get("partners", []) if "partner" in row]
    roles = [
        list(reading.words.get("role", {}))
        for reading in mapping.read
        if reading.table == "partners"
    ]
    return named or next(filter(None, roles), []) or ["Council A", "Council B"]


def _with_base(former: RawCase, given: RawCase, mapping: WorkbookMapping) -> RawCase:
    """Return what was imported with the parameters of the base scenario that the mapping gives."""
    if not mapping.base:
        return given
    scenarios = dict(given.scenarios or former.scenarios)
    scenarios[BASE] = scenarios.get(BASE, {}) | mapping.base
    return replace(given, scenarios=scenarios)


def _with_preferred(raw: RawCase, mapping: str) -> tuple[RawCase, list[str]]:
    """Return a new case with the only option that has savings as that proposed, and what was taken.

    Raises
    ------
    InputError
        If several have, and that of the worked case has none.
    """
    saving = {row.get("option", "") for row in raw.tables["flows"] if row.get("flow") == "saving"}
    if not saving or raw.file.get(PREFERRED) in saving:
        return raw, []
    if len(saving) > 1:
        options = listed(sorted(saving))
        raise InputError(
            f"{mapping}: options {options} have savings; name under [case] which is proposed, such as "
            f'{PREFERRED} = "{min(saving)}"'
        )
    (option,) = saving
    file = raw.file | {PREFERRED: option}
    said = f"case.toml: {PREFERRED} is {option}, the only option with savings; {mapping} names none"
    return replace(raw, file=file), [said]


# worked rows that make room


def _without_worked(former: RawCase, given: RawCase) -> tuple[RawCase, list[str]]:
    """Return a case without the worked rows that name what is replaced, and what was taken away.

    Worked rows of the tables that come are replaced in any case; those of tables that name rows of
    them would name nothing. Rows that are the council's own stay.
    """
    replaced = {
        stem
        for stem, rows in given.tables.items()
        if any(map(_is_worked, former.tables.get(stem, []))) and not any(map(_is_worked, rows))
    }
    gone, tables, taken = set(replaced), dict(former.tables), {}
    while hanging := {
        stem: rows
        for stem in TABLES
        if stem not in {*given.tables, *taken}
        and (rows := _left(stem, tables[stem], gone)) != tables[stem]
    }:
        for stem, rows in hanging.items():
            taken[stem] = len(tables[stem]) - len(rows)
            tables[stem] = rows
            gone.add(stem)
    scenarios, dropped = _without_names(former, given, replaced)
    said = [
        f"{stem}.csv: {counted(count, 'worked row')} taken away" for stem, count in taken.items()
    ]
    said += [f"scenarios.toml: {what} taken away, as it names a worked row" for what in dropped]
    if "drivers" in taken:
        for parameter in ("cost_apportionment", "saving_apportionment"):
            if scenarios[BASE].get(parameter) not in (None, "equal", "as_stated"):
                scenarios[BASE] = scenarios[BASE] | {parameter: "equal"}
                said.append(f"scenarios.toml: {parameter} is equal, as no driver is left")
    return replace(former, tables=tables, scenarios=scenarios), said


def _is_worked(row: Mapping[str, str]) -> bool:
    owner = next((row[name] for name in OWNERS if name in row), "")
    return row.get("source") == WORKED_ROW or owner.casefold().startswith(NOBODY)


def _left(stem: str, rows: list[dict[str, str]], gone: Collection[str]) -> list[dict[str, str]]:
    """Return the rows of a table that stay where the worked rows of others are gone.

    A log speaks of a table in each of its rows; any other table names rows in some of its columns.
    """
    columns = TABLES[stem].model_fields
    named = {NAMED_BY[name] for name in columns if name in NAMED_BY} - {stem}
    hangs = bool(named & set(gone))
    return [row for row in rows if not (_is_worked(row) and (hangs or row.get("table") in gone))]


def _without_names(
    former: RawCase, given: RawCase, replaced: Collection[str]
) -> tuple[dict[str, dict], list[str]]:
    """Return scenarios without what names a worked partner that is replaced."""
    scenarios = {name: dict(fields) for name, fields in former.scenarios.items()}
    if "partners" not in replaced or given.scenarios:
        return scenarios, []
    now = {row.get("partner") for row in given.tables["partners"]}
    gone = {row["partner"] for row in former.tables["partners"]} - now
    dropped = []
    for name, fields in list(scenarios.items()):
        named = [
            key for key, value in fields.items() if isinstance(value, Mapping) and gone & set(value)
        ]
        for key in named:
            del fields[key]
        if named and not set(fields) - {"title", "why"}:
            del scenarios[name]
            dropped.append(name)
        elif named:
            dropped.append(f"{listed(named)} of {name}")
    return scenarios, dropped


# what is another now


def changed_figures(
    former: Mapping[str, list[dict[str, str]]], now: Mapping[str, list[dict[str, str]]]
) -> Iterator[str]:
    """Yield a sentence for each figure of some tables that is another than it was.

    Where rows hold over years, it is told year by year, whatever runs of years they stand in.

    Examples
    --------
    >>> row = {"partner": "North", "first_year": "2026", "last_year": "2027", "amount_gbp": "5"}
    >>> list(changed_figures({"headroom": [row]}, {"headroom": [row | {"amount_gbp": "6", "last_year": ""}]}))
    ['headroom: North, 2026/27 to the end: amount_gbp is 6', 'headroom: North, 2026/27: amount_gbp was 5', 'headroom: North, 2027/28: amount_gbp was 5']
    """
    for stem, rows in now.items():
        before, after = _figures(stem, former.get(stem, [])), _figures(stem, rows)
        for key in dict.fromkeys([*after, *before]):
            if before.get(key) != after.get(key):
                where, column = key
                was, is_now = before.get(key), after.get(key)
                if was is None:
                    yield f"{stem}: {where}: {column} is {is_now}"
                elif is_now is None:
                    yield f"{stem}: {where}: {column} was {was}"
                else:
                    yield f"{stem}: {where}: {column} was {was}, is {is_now}"


def _figures(stem: str, rows: list[dict[str, str]]) -> dict[tuple[str, str], str]:
    """Return what each row says by its names, year and column."""
    found: dict[tuple[str, str], str] = {}
    keys = [name for name in KEYS.get(stem, []) if name not in (FIRST, LAST)]
    for place, row in enumerate(rows):
        names = [row[name] for name in keys if row.get(name)] or [f"row {place + 1}"]
        for year in _years(row):
            where = ", ".join([*names, *filter(None, [year])])
            for column, text in row.items():
                if text and column not in (*keys, FIRST, LAST, *PROVENANCE):
                    found[where, column] = text
    return found


def _years(row: Mapping[str, str]) -> list[str]:
    """Return the years that a row holds in, as councils write them; a blank for one without years."""
    first, last = row.get(FIRST, ""), row.get(LAST, "")
    if not first.isdecimal():
        return [""]
    if not last.isdecimal():
        return [f"{year_label(int(first))} to the end" if LAST in row else year_label(int(first))]
    return [year_label(year) for year in range(int(first), int(last) + 1)]


def _links(folder: Path, parts: Collection[str]) -> list[str]:
    """Return a sentence for each link in whose place an update puts a file or folder of the case."""
    files = [folder / f"{part}.{'toml' if part in (CASE, SCENARIOS) else 'csv'}" for part in parts]
    return [
        f"{path.name}: was a link to {shown(str(path.readlink()))}, which stays as it is; the case now has its own"
        for path in [folder, *files]
        if path.is_symlink()
    ]


def _missing_parts(raw: RawCase, source: Path, name: str) -> Iterator[Fault]:
    """Yield a sentence for what a case can't be begun without."""
    for part, given, says in (
        (CASE, raw.file, "what the case asks, and of whom"),
        (SCENARIOS, raw.scenarios, "the base scenario and its differences"),
    ):
        if given is not None and not set(given) - {SOURCES}:
            yield Fault(
                f"{source.name}: sheet {part!r} is missing; it says {says}. If the case exists, --update "
                f"takes the tables into it; `businesscase new {name}` begins one",
                file=source.name,
                sheet=part,
            )


def _given(raw: RawCase) -> list[str]:
    """Return the parts of a case that a source holds."""
    parts = [CASE] if raw.file else []
    return [*parts, *([SCENARIOS] if raw.scenarios else []), *raw.tables]


def _updated(former: RawCase, given: RawCase) -> RawCase:
    """Return a case with the parts that are given in place of its own; documents are added."""
    own = {key: value for key, value in (given.file or {}).items() if key != "version"}
    file = former.file | own  # the version is that of the tables that stay
    documents = former.file.get(SOURCES, {}) | (given.file or {}).get(SOURCES, {})
    parts = _given(given)

    def place(part: str, item=None, column=None) -> Place:
        return (given if part in parts else former).place(part, item, column)

    return RawCase(
        file | {SOURCES: documents},
        given.scenarios or former.scenarios,
        former.tables | given.tables,
        place,
        given.faults,
    )
