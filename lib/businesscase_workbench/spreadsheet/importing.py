"""Reading a case from a spreadsheet, with every fault and every conversion stated."""

from collections.abc import Callable, Collection, Mapping
from copy import deepcopy
from dataclasses import dataclass, replace
from functools import partial
from itertools import chain, count
from pathlib import Path

from businesscase.cases.errors import Fault, nearest_names, shown, unknown_name
from businesscase.cases.raw import CASE, SCENARIOS, Place, RawCase
from businesscase.cases.schema import KEYS, TABLES
from businesscase_workbench.spreadsheet.case_sheets import (
    SHEETS,
    SOURCES,
    Placed,
    PlacedPart,
    read_file,
    read_scenarios,
    value_text,
)
from businesscase_workbench.spreadsheet.columns import PROVENANCE, table_columns
from businesscase_workbench.spreadsheet.files import sheets_of
from businesscase_workbench.spreadsheet.findings import ImportFindings
from businesscase_workbench.spreadsheet.grid import Wanted, lacks_origin, table_in, tables_like
from businesscase_workbench.spreadsheet.left_out import DECIDED_ON, LeftOut, to_leave_out
from businesscase_workbench.spreadsheet.mapped import MappedSheet, mapped_tables
from businesscase_workbench.spreadsheet.mapping import WorkbookMapping
from businesscase_workbench.spreadsheet.sheets import Sheet, TableFound, normal
from businesscase_workbench.spreadsheet.wide import wide_years

READ_ME_NAMES = ("read_me", "readme")
PARTS = [*SHEETS, *TABLES]
NO_MAPPING = WorkbookMapping()
NO_DOCUMENTS: Mapping[str, dict] = {}
IMPORT = "import"  # key of the source of rows that state none


@dataclass(frozen=True)
class Imported:
    """A case that was read from a spreadsheet.

    Attributes
    ----------
    raw : RawCase
        The case as text, not yet checked against the schema.
    conversions : list of str
        One sentence for each thing that was changed, added or left out.
    """

    raw: RawCase
    conversions: list[str]


def read(
    path: Path,
    leave_out: Collection[str] = (),
    documents: Mapping[str, dict] = NO_DOCUMENTS,
    keep: Collection[str] = (),
    mapping: WorkbookMapping = NO_MAPPING,
    decision_year: int | None = None,
) -> Imported:
    """Read a case from a workbook, a folder of CSV files or a CSV file.

    Parameters
    ----------
    path : Path
        The source.
    leave_out : collection of str
        What the user wants to be left out: ``totals``, ``hidden``, ``struck-out``, the name of a
        sheet, or ``sheet.column``.
    documents : mapping of dict, optional
        The documents that the case has by key; one that is added gets a key of its own.
    keep : collection of str
        What the user wants to be kept: ``totals``, ``hidden`` or ``struck-out``.
    mapping : WorkbookMapping, optional
        How sheets in a layout of their own are read; the others are named as tables.
    decision_year : int, optional
        The year of the decision, where the source itself doesn't say it.

    Returns
    -------
    Imported
        The case, with its faults kept in ``raw.faults``: a row with a cell that can't be read is left
        out, so that the others can be held against the schema and all faults told at once.

    Raises
    ------
    InputError
        If the source itself can't be read.
    """
    source, findings = Path(path), ImportFindings()
    left_out = LeftOut([*leave_out, *mapping.leave_out], keep)
    findings.faults += left_out.faults()
    given = sheets_of(source, findings)
    own = _own_layout(given, mapping, source, findings)
    sheets = _sheets_by_part(
        [one for one in given if normal(one.name) not in own], left_out, findings
    )
    wide = [one for part, sheet in sheets.items() if (one := wide_years(part, sheet))]
    found = {
        part: table
        for part, sheet in sheets.items()
        if part not in {one.table for one in wide}
        and (table := _table_of(part, sheet, left_out, findings)) is not None
    }
    file, read_whole = _part(read_file, found, findings)
    scenarios, told_whole = _part(read_scenarios, found, findings)
    file.content.update(deepcopy(mapping.case))
    mapping = mapping.model_copy(update={"read": [*mapping.read, *wide]})
    for one in wide:
        own[normal(one.sheet)] = sheets[one.table]
        findings.say(
            f"{sheets[one.table].place().text}: a column a year read as a row for each amount"
        )
    key = partial(_added_source, source.name, file.content, documents)
    decided = file.content.get("decision_year", decision_year)
    before = len(findings.faults)
    found |= mapped_tables(own, mapping, left_out, findings, key, decided)
    is_whole = len(findings.faults) == before  # else what is refused may be what is missing
    rows = {}
    for stem in TABLES:
        if stem in found:
            if is_whole and _lacks_a_column(stem, found[stem], findings):
                rows[stem] = []
                continue
            rows[stem], found[stem] = _rows(stem, found[stem], file.content, documents, findings)
    for name in left_out.not_found():
        known = [sheet.name for sheet in sheets.values()]
        fault = unknown_name("leave-out", name, [*DECIDED_ON, *known])
        findings.faults.append(Fault(f"{source.name}: {fault}", **fault.details))
    raw = RawCase(
        file.content if read_whole else None,
        scenarios.content if told_whole else None,
        rows,
        _Places(source.name, sheets, found, file.placed | scenarios.placed),
        list(dict.fromkeys(findings.faults)),  # readings of one block find the same
    )
    return Imported(raw, findings.conversions())


def _own_layout(
    sheets: list[Sheet], mapping: WorkbookMapping, source: Path, findings: ImportFindings
) -> dict[str, Sheet]:
    """Return the sheets that a mapping reads, by name as names are compared."""
    by_name = {normal(sheet.name): sheet for sheet in sheets}
    own = {}
    for name in dict.fromkeys(reading.sheet for reading in mapping.read):
        if sheet := by_name.get(normal(name)):
            own[normal(name)] = sheet
            if sheet.is_hidden:
                findings.say(f"{sheet.place().text}: hidden, and read as the mapping says")
        else:
            fault = unknown_name("sheet", name, [one.name for one in sheets])
            findings.faults.append(
                Fault(f"{source.name}: the mapping reads it; {fault}", **fault.details)
            )
    return own


def _part(
    read_part: Callable, found: dict[str, TableFound], findings: ImportFindings
) -> tuple[PlacedPart, bool]:
    """Return what a case's sheets give, and whether all of it could be read."""
    before = len(findings.faults)
    return read_part(found, findings), len(findings.faults) == before


def _sheets_by_part(
    sheets: list[Sheet], left_out: LeftOut, findings: ImportFindings
) -> dict[str, Sheet]:
    """Return the sheet of each part of a case; unknown ones are refused, blank ones left out."""
    parts: dict[str, Sheet] = {}
    if fault := _none_is_known(sheets, left_out):
        findings.faults.append(fault)
        return {}
    for sheet in sheets:
        name, place = normal(sheet.name), sheet.place()
        if name in READ_ME_NAMES:
            continue
        if left_out.takes(sheet.name):
            findings.say(f"{place.text}: left out")
        elif name not in PARTS and not sheet.cells:
            findings.say(f"{place.text}: blank, left out")
        elif name not in PARTS:
            kind = "table" if sheet.is_csv else "sheet"
            fault = unknown_name(kind, sheet.name, PARTS)
            alike = tables_like(sheet, {stem: table_columns(TABLES[stem]) for stem in TABLES})
            nearest = alike or nearest_names(name, PARTS)
            hint = "a sheet has the name of a table"
            if nearest:
                hint = f"{'its columns are those of' if alike else 'nearest:'} {', '.join(nearest)}"
            findings.refuse(
                place,
                f"{kind} {shown(sheet.name)} is unknown; {hint}; or {to_leave_out(sheet.name)}",
                **(fault.details | {"nearest": nearest}),
            )
        elif name in parts:
            findings.refuse(place, f"two sheets are {name}: {shown(parts[name].name)} is the other")
        else:
            parts[name] = sheet
            if sheet.name != name:
                findings.say(f"{place.text}: read as {name}")
            if sheet.is_hidden:
                findings.say(f"{place.text}: hidden, and read as the others are")
    return parts


def _none_is_known(sheets: list[Sheet], left_out: LeftOut) -> Fault | None:
    """Return one sentence for a workbook of which no sheet is a table by its name or its columns."""
    unknown = [sheet for sheet in sheets if sheet.cells and not left_out.takes(sheet.name)]
    tables = {stem: table_columns(TABLES[stem]) for stem in TABLES}
    if len(unknown) < 2 or any(
        (name := normal(sheet.name)) in (*PARTS, *READ_ME_NAMES)
        or nearest_names(name, PARTS)
        or tables_like(sheet, tables)
        for sheet in unknown
    ):
        return None
    file, names = unknown[0].file, ", ".join(sheet.name for sheet in unknown)
    return Fault(
        f"{file}: none of its sheets ({names}) has the name or the columns of a table; `businesscase import "
        f"{file} CASE --suggest` drafts a mapping of how they are read",
        file=file,
        found=names,
    )


def _table_of(
    part: str, sheet: Sheet, left_out: LeftOut, findings: ImportFindings
) -> TableFound | None:
    columns = SHEETS.get(part) or table_columns(TABLES[part])
    return table_in(sheet, Wanted(part, columns, KEYS.get(part, [])), left_out, findings)


def _lacks_a_column(stem: str, table: TableFound, findings: ImportFindings) -> bool:
    """Refuse a table that a mapping gives without a column that must be filled, once and by name."""
    if not isinstance(table.sheet, MappedSheet):
        return False  # a sheet named as a table was held against its columns when it was found
    missing = [
        name
        for name, column in table_columns(TABLES[stem]).items()
        if column.is_required and not column.may_be_blank and name not in table.columns
    ]
    if missing:
        findings.refuse(
            table.place(),
            f"nothing is read as {', '.join(missing)}; give it a heading under columns, or under constants "
            "what it is in every row",
            allowed=missing,
        )
    return bool(missing)


def _rows(
    stem: str,
    table: TableFound,
    file: dict,
    documents: Mapping[str, dict],
    findings: ImportFindings,
) -> tuple[list[dict[str, str]], TableFound]:
    """Return the text of each row that can be read, by column, and the table of these rows alone.

    A row of a table that doesn't say where its rows come from is assumed.
    """
    columns = table_columns(TABLES[stem])
    is_silent = lacks_origin(table.columns, columns)
    wanted = [name for name in columns if not (is_silent and name in PROVENANCE)]
    rows = {}
    for row in table.rows:
        before = len(findings.faults)
        cells = {name: value_text(table, row, name, columns[name], findings) for name in wanted}
        if len(findings.faults) == before:
            rows[row] = cells
    table = replace(table, rows=list(rows))
    if not is_silent or not rows:
        return list(rows.values()), table
    key = _added_source(table.sheet.file, file, documents)
    findings.say(
        f"{table.place().text}: no column says where its rows come from; all {len(rows)} are marked "
        f"assumed, with the source {key!r}"
    )
    origin = {"status": "assumed", "source": key}
    return [
        cells | origin | {"note": table.sheet.origin(row), "paragraph": table.sheet.paragraph(row)}
        for row, cells in rows.items()
    ], table


def _added_source(file_name: str, file: dict, documents: Mapping[str, dict]) -> str:
    """Return the key of the document that stands for a spreadsheet, added if it is not there."""
    document = {"title": file_name, "publisher": "not stated"}
    given = file.setdefault(SOURCES, {})
    taken = {**documents, **given}
    keys = chain([IMPORT], (f"{IMPORT}-{number}" for number in count(2)))
    key = next(key for key in keys if taken.get(key, document) == document)
    given[key] = document
    return key


@dataclass(frozen=True)
class _Places:
    """Where each input stands in a spreadsheet: see ``RawCase.place``."""

    file: str
    sheets: dict[str, Sheet]
    tables: dict[str, TableFound]
    placed: Placed

    def __call__(
        self, part: str, item: int | str | None = None, column: str | None = None
    ) -> Place:
        if part in (CASE, SCENARIOS):
            return self._of_case(part, item, column)
        table = self.tables.get(part)
        if table is not None:
            row = table.rows[item] if isinstance(item, int) else None
            return table.place(row, column if row is None or column in table.columns else None)
        if part in self.sheets:
            return self.sheets[part].place()
        return Place(f"{self.file}, {part}", {"file": self.file})

    def _of_case(self, part: str, item: int | str | None, column: str | None) -> Place:
        """Return the place of a key, or of the nearest that holds it: sources.plan for its title."""
        keys = [".".join(column.split(".")[:n]) for n in range(_dots(column), 0, -1)]
        for key in ([column] if column else []) + keys + [None]:
            if (part, item, key) in self.placed:
                return self.placed[part, item, key]
        name = column.split(".")[0] if column else ""
        sheet = self.sheets.get(name) or self.sheets.get(part)
        place = sheet.place() if sheet else Place(f"{self.file}, {part}", {"file": self.file})
        what = f" [{item}]" if item else ""
        what += f", key {column}" if column else ""
        details = place.details | ({"column": column} if column else {})
        return Place(place.text + what, details)


def _dots(column: str | None) -> int:
    return len(column.split(".")) if column else 0
