"""A table in a grid of cells: where its header is, which rows belong to it, and what doesn't."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from businesscase.cases.errors import shown, unknown_name
from businesscase_workbench.spreadsheet.cells import Cell
from businesscase_workbench.spreadsheet.columns import PROVENANCE, Column, states_origin
from businesscase_workbench.spreadsheet.findings import ImportFindings
from businesscase_workbench.spreadsheet.kinds import tidy
from businesscase_workbench.spreadsheet.left_out import HIDDEN, LeftOut, to_leave_out
from businesscase_workbench.spreadsheet.looks import (
    refuse_merged,
    refuse_odd_cells,
    shown_rows,
    tell,
)
from businesscase_workbench.spreadsheet.sheets import Rows, Sheet, TableFound, letters, normal
from businesscase_workbench.spreadsheet.stated import Area, other_units
from businesscase_workbench.spreadsheet.totals import WEIGHT, without_totals

HEADER_WITHIN = 20  # rows that aren't blank; above the header a download has its title


@dataclass(frozen=True)
class Wanted:
    """What is looked for in a sheet.

    Attributes
    ----------
    stem : str
        Name of the table.
    columns : mapping
        The columns that it may have.
    keys : collection of str
        Columns that name its rows; in them a total would be named.
    """

    stem: str
    columns: Mapping[str, Column]
    keys: Collection[str] = ()


def table_in(
    sheet: Sheet, wanted: Wanted, left_out: LeftOut, findings: ImportFindings
) -> TableFound | None:
    """Find a table in a sheet; faults and what was left out are added to the findings.

    Returns
    -------
    Table or None
        None if the sheet is blank or has no header.
    """
    return _Search(sheet, wanted, left_out, findings).table()


def tables_like(sheet: Sheet, tables: Mapping[str, Mapping[str, Column]]) -> list[str]:
    """Return the tables that some row of a sheet has all the needed columns of, origin aside."""
    needed = {
        stem: {name for name, column in columns.items() if column.is_required} - set(PROVENANCE)
        for stem, columns in tables.items()
    }
    named = [
        {name for cell in sheet.cells[row].values() for name in names_of(cell.text)}
        for row in sorted(sheet.cells)[:HEADER_WITHIN]
    ]
    fitting = [stem for stem, names in needed.items() if any(names <= found for found in named)]
    most = max((len(needed[stem]) for stem in fitting), default=0)
    return [stem for stem in fitting if len(needed[stem]) == most and most > 1]


def lacks_origin(named: Collection[str], columns: Collection[str]) -> bool:
    """Return whether no column says where rows came from, as in most spreadsheets of councils."""
    return states_origin(columns) and set(PROVENANCE).isdisjoint(named)


def names_of(header: str) -> tuple[str, str]:
    """Return the names that a header may mean: with what stands in brackets, and without."""
    return normal(header), normal(re.sub(r"\(.*?\)|\[.*?\]", "", header))


@dataclass(frozen=True)
class _Search:
    """The search for a table in a sheet."""

    sheet: Sheet
    wanted: Wanted
    left_out: LeftOut
    findings: ImportFindings

    def table(self) -> TableFound | None:
        filled = self.sheet.filled()
        if not filled:
            return None
        header = self._header_row(filled)
        if header is None:
            self._refuse_without_header()
            return None
        named, ignored, unknown = self._columns(header, filled[header])
        self._state_rows_above({row: cells for row, cells in filled.items() if row < header})
        self._refuse_other_units(header, filled, named)
        below = {row: cells for row, cells in filled.items() if row > header}
        self._refuse_cells_under_no_header(below, {*named.values(), *ignored})
        if not unknown:  # one of those may be the column that is missing
            self._refuse_missing(header, named)
        rows = [row for row, cells in below.items() if not cells.keys().isdisjoint(named.values())]
        found = TableFound(self.sheet, named, rows)
        self._refuse_merged(found, header)
        self._state_gaps(header, filled, rows)
        found = shown_rows(found, self.left_out, self.findings)
        refuse_odd_cells(found, self.wanted.columns, self.wanted.keys, self.findings)
        weight = WEIGHT if self.wanted.stem == "factors" else ""
        return without_totals(
            found, self.wanted.columns, self.wanted.keys, self.left_out, self.findings, (), weight
        )

    def _header_row(self, filled: Rows) -> int | None:
        """Return the row with the most names of columns, the first of those, or None."""
        columns = self.wanted.columns

        def matches(row: int) -> int:
            texts = [cell.text for cell in filled[row].values() if cell.kind == "text"]
            return sum(any(name in columns for name in names_of(text)) for text in texts)

        best = max(list(filled)[:HEADER_WITHIN], key=matches, default=None)
        return best if best is not None and matches(best) >= min(2, len(columns)) else None

    def _refuse_without_header(self) -> None:
        columns = self.wanted.columns
        filled_in = (
            PROVENANCE if states_origin(columns) else ()
        )  # by the import, if no column says it
        required = [
            name for name, column in columns.items() if column.is_required and name not in filled_in
        ]
        apart = "; between the cells commas, semicolons, tabs or | are read" * self.sheet.is_csv
        self.findings.refuse(
            self.sheet.place(),
            f"no row of the first {HEADER_WITHIN} has the names of the columns; needed are "
            f"{', '.join(required)}{apart}",
            allowed=list(columns),
        )

    def _columns(self, row: int, header: dict[int, Cell]) -> tuple[dict, set[int], set[int]]:
        """Return the places of named columns, of those that are not read, and of unknown ones."""
        named: dict[str, int] = {}
        ignored: set[int] = set()
        unknown: set[int] = set()
        columns = self.wanted.columns
        candidates = {
            at: next((name for name in names_of(cell.text) if name in columns), None)
            for at, cell in header.items()
        }
        missing = [name for name in columns if name not in candidates.values()]
        for at, name in candidates.items():
            given, place = tidy(header[at].text), self.sheet.place(row, at)
            is_hidden = at in self.sheet.looks.hidden_columns
            if self._is_left_out(at, header[at]):
                why = " is hidden, and" if is_hidden else ""
                self.findings.say(f"{place.text}: column {shown(given)}{why} left out")
                ignored.add(at)
            elif name is None:
                self._refuse_unknown(row, at, given, missing or columns)
                unknown.add(at)
            elif name in named:
                places = f"{letters(named[name])} and {letters(at)}"
                self.findings.refuse(place, f"column {name} stands here twice, in {places}")
                ignored.add(at)
            else:
                named[name] = at
                if is_hidden:
                    tell(
                        place,
                        HIDDEN,
                        f"column {shown(given)} is hidden",
                        self.left_out,
                        self.findings,
                    )
        self._state_other_names(row, named, header)
        return named, ignored | unknown, unknown

    def _is_left_out(self, at: int, heading: Cell) -> bool:
        """Return whether the user wants a column to be left out, by its name or as it is hidden."""
        is_hidden = at in self.sheet.looks.hidden_columns
        return self.left_out.takes(self.wanted.stem, heading.text) or (
            is_hidden and self.left_out.takes(HIDDEN)
        )

    def _refuse_unknown(self, row: int, at: int, given: str, allowed: Collection[str]) -> None:
        compared = normal(given) or given  # the nearest name is that of the name made plain
        fault = unknown_name("column", compared, allowed)
        told = str(fault).replace(shown(compared), shown(given), 1)
        self.findings.refuse(
            self.sheet.place(row, at),
            f"{told}; or {to_leave_out(f'{self.wanted.stem}.{given}')}",
            **(fault.details | {"found": given}),
        )

    def _state_other_names(self, row: int, named: dict[str, int], header: dict[int, Cell]) -> None:
        texts = {name: tidy(header[at].text) for name, at in named.items()}
        renamed = [
            f"{shown(text)} as {name}"
            for name, text in texts.items()
            if text.rstrip("* ") != name  # a star marks what must be filled
        ]
        if renamed:
            where = self.sheet.place(row).text
            self.findings.say(f"{where}: columns read by another name: {', '.join(renamed)}")

    def _state_rows_above(self, above: Rows) -> None:
        if not above:
            return
        kind, rows = "line" if self.sheet.is_csv else "row", list(above)
        which = f"{kind} {rows[0]}" if len(rows) == 1 else f"{kind}s {rows[0]} to {rows[-1]}"
        texts = [tidy(cell.text) for cells in above.values() for cell in cells.values()]
        said = shown(", ".join(texts))
        self.findings.say(f"{self.sheet.place().text}: {which} above the header left out: {said}")

    def _refuse_other_units(self, header: int, filled: Rows, named: Mapping[str, int]) -> None:
        """Refuse a table of amounts that says anywhere that its numbers aren't pounds, or not whole."""
        columns = self.wanted.columns
        if any(column.is_money for column in columns.values()):
            read_as = "every amount is read as pounds; give pounds"
        elif "value" in columns:
            read_as = "every number is read as it stands; give it in full"
        else:
            return
        numbers = {at for name, at in named.items() if columns[name].holds_amounts}
        ignored = {at for at, cell in filled[header].items() if self._is_left_out(at, cell)}
        meanings = [column.meaning for column in columns.values() if column.meaning]
        area = Area(self.sheet, header, filled, numbers, set(named.values()), ignored)
        for place, found in other_units(area, meanings):
            self.findings.refuse(
                place,
                f"found {shown(found)}, but {read_as}, and delete these words, or say the unit in a mapping "
                "(--suggest drafts one)",
                found=found,
                allowed=read_as.rpartition(" ")[2],
            )

    def _refuse_cells_under_no_header(self, below: Rows, known: set[int]) -> None:
        stray: dict[int, list[int]] = {}
        for row, cells in below.items():
            for at in cells.keys() - known:
                stray.setdefault(at, []).append(row)
        for at, rows in sorted(stray.items()):
            name = letters(at)
            is_hidden = at in self.sheet.looks.hidden_columns and self.left_out.takes(HIDDEN)
            if self.left_out.takes(self.wanted.stem, name) or is_hidden:
                count = f"{len(rows)} cell{'s' if len(rows) > 1 else ''}"
                self.findings.say(f"{self.sheet.place().text}: {count} of column {name} left out")
                continue
            found = tidy(below[rows[0]][at].text)
            more = f" (and {len(rows) - 1} more in column {name})" if len(rows) > 1 else ""
            self.findings.refuse(
                self.sheet.place(rows[0], at),
                f"found {shown(found)}{more} under no header; give the column a name or "
                f"{to_leave_out(f'{self.wanted.stem}.{name}')}",
                found=found,
            )

    def _refuse_missing(self, header: int, named: Collection[str]) -> None:
        columns = self.wanted.columns
        optional = PROVENANCE if lacks_origin(named, columns) else ()
        missing = [
            name
            for name, column in columns.items()
            if column.is_required and name not in named and name not in optional
        ]
        if missing:
            sentence = f"column {', '.join(missing)} is missing"
            self.findings.refuse(self.sheet.place(header), sentence, allowed=missing)

    def _refuse_merged(self, table: TableFound, header: int) -> None:
        if not table.rows or not table.columns:
            return
        columns = table.columns.values()
        rows = range(header, table.rows[-1] + 1)
        found = self.sheet.merged_in(rows, range(min(columns), max(columns) + 1))
        refuse_merged(self.sheet, found, self.findings)

    def _state_gaps(self, header: int, filled: Rows, rows: list[int]) -> None:
        """State how many blank rows and columns stood in the table; a CSV's lines are counted before."""
        last = rows[-1] if rows and not self.sheet.is_csv else header
        blank_rows = sum(row not in filled for row in range(header + 1, last))
        places = filled[header]
        blank_columns = max(places) - min(places) + 1 - len(places)
        for count, kind in ((blank_rows, "row"), (blank_columns, "column")):
            if count:
                many = "s" if count > 1 else ""
                self.findings.say(f"{self.sheet.place().text}: {count} blank {kind}{many} left out")
