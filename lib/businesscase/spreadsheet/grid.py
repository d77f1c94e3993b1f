"""A table in a grid of cells: where its header is, which rows belong to it, and what doesn't."""

import re
import unicodedata
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from businesscase.errors import shown, unknown_name
from businesscase.raw import Place
from businesscase.spreadsheet.cells import Cell, CellError, read_cell, tidy
from businesscase.spreadsheet.columns import PROVENANCE, Column, states_origin
from businesscase.spreadsheet.findings import Findings, leave_out_option, to_leave_out

HEADER_WITHIN = 20  # rows; above the header a download has its title
TOTALS = "totals"  # the word by which rows of totals are left out
TOTAL = re.compile(r"(grand|sub|overall)?[ -]*totals?\s*:?", re.IGNORECASE)
Box = tuple[int, int, int, int]  # first row, first column, last row, last column


@dataclass(frozen=True)
class Sheet:
    """A sheet of a workbook, or a CSV file, as cells that hold something.

    Attributes
    ----------
    file, name : str
        Names of the file and of the sheet.
    cells : dict of dict
        By row, counted from 1, and column, counted from 0.
    merged : tuple
        Ranges of merged cells.
    is_csv : bool
        Whether it is a file of text, which has lines and no cells.
    """

    file: str
    name: str
    cells: dict[int, dict[int, Cell]]
    merged: tuple[Box, ...] = ()
    is_hidden: bool = False
    is_csv: bool = False

    def place(
        self, row: int | None = None, column: int | None = None, name: str | None = None
    ) -> Place:
        """Return where a cell, a row or the sheet stands."""
        details = {"file": self.file}
        if self.is_csv:
            line = "" if row is None else f" line {row}"
            shown_name = name or (None if column is None else letters(column))
            details |= {} if row is None else {"line": row}
            details |= {"column": shown_name} if shown_name else {}
            return Place(
                f"{self.file}{line}{f', column {shown_name}' if shown_name else ''}", details
            )
        text = f"{self.file}, sheet {self.name!r}"
        details |= {"sheet": self.name}
        if row is not None and column is not None:
            cell = f"{letters(column)}{row}"
            text += f", cell {cell}" + (f" ({name})" if name else "")
            details |= {"cell": cell}
        elif row is not None:
            text += f", row {row}"
        if name:
            details |= {"column": name}
        return Place(text, details)

    def paragraph(self, row: int) -> str:
        """Return where a row stands, as a table cites it."""
        return f"line {row}" if self.is_csv else f"sheet {self.name}, row {row}"


@dataclass(frozen=True)
class Table:
    """A table found in a sheet: the column of each name, and the rows that belong to it."""

    sheet: Sheet
    columns: dict[str, int] = field(default_factory=dict)
    rows: list[int] = field(default_factory=list)

    def cell(self, row: int, name: str) -> Cell:
        """Return a cell, blank if there is none."""
        return self.sheet.cells.get(row, {}).get(self.columns.get(name, -1), BLANK)

    def place(self, row: int | None = None, name: str | None = None) -> Place:
        """Return where a cell of the table stands."""
        return self.sheet.place(row, self.columns.get(name), name)


BLANK = Cell("text", "")


def letters(column: int) -> str:
    """Return the letters of a column, counted from 0.

    Examples
    --------
    >>> letters(0), letters(26), letters(16383)
    ('A', 'AA', 'XFD')
    """
    text = ""
    column += 1
    while column:
        column, digit = divmod(column - 1, 26)
        text = chr(65 + digit) + text
    return text


def normal(name: str) -> str:
    """Return a name as names of sheets and columns are compared.

    Examples
    --------
    >>> normal("Amount (£) *"), normal("Service costs"), normal("First-year")
    ('amount_gbp', 'service_costs', 'first_year')
    """
    text = unicodedata.normalize("NFKC", tidy(name)).casefold().replace("£", " gbp ")
    return "_".join(re.findall(r"\w+", text.replace("_", " ")))


def _names(header: str) -> tuple[str, str]:
    """Return the names that a header may mean: with what stands in brackets, and without."""
    return normal(header), normal(re.sub(r"\(.*?\)|\[.*?\]", "", header))


def table_in(
    sheet: Sheet,
    stem: str,
    columns: Mapping[str, Column],
    keys: Collection[str],
    left_out: "LeftOut",
    findings: Findings,
) -> Table | None:
    """Find a table in a sheet.

    Parameters
    ----------
    sheet : Sheet
        The sheet.
    stem : str
        Name of the table.
    columns : mapping
        The columns that it may have.
    keys : collection of str
        Columns that name its rows, in which a total would be named.
    left_out : LeftOut
        What the user wants to be left out.
    findings : Findings
        Takes the faults and statements.

    Returns
    -------
    Table or None
        None if the sheet is blank or has no header.
    """
    filled = {
        row: cells
        for row, found in sorted(sheet.cells.items())
        if (cells := {at: cell for at, cell in sorted(found.items()) if tidy(cell.text)})
    }
    if not filled:
        return None
    header = _header_row(filled, columns)
    if header is None:
        findings.refuse(
            sheet.place(),
            f"no row of the first {HEADER_WITHIN} has the names of the columns; needed are "
            + ", ".join(name for name, column in columns.items() if column.is_required),
            allowed=list(columns),
        )
        return None
    before = len(findings.faults)
    named, ignored = _columns(sheet, stem, filled[header], header, columns, left_out, findings)
    _state_rows_above(sheet, [row for row in filled if row < header], findings)
    below = {row: cells for row, cells in filled.items() if row > header}
    _refuse_cells_under_no_header(
        sheet, stem, below, {*named.values(), *ignored}, left_out, findings
    )
    _refuse_missing(sheet, header, named, columns, before, findings)
    rows = [row for row, cells in below.items() if not cells.keys().isdisjoint(named.values())]
    table = Table(sheet, named, rows)
    _refuse_merged(table, header, findings)
    table = _without_totals(table, columns, keys, left_out, findings)
    _state_gaps(table, header, filled[header], findings)
    return table


def _header_row(filled: dict[int, dict[int, Cell]], columns: Collection[str]) -> int | None:
    """Return the row with the most names of columns, the first of those, or None."""

    def matches(row: int) -> int:
        texts = [cell.text for cell in filled[row].values() if cell.kind == "text"]
        return sum(any(name in columns for name in _names(text)) for text in texts)

    rows = [row for row in filled if row <= HEADER_WITHIN]
    best = max(rows, key=matches, default=None)
    return best if best is not None and matches(best) >= min(2, len(columns)) else None


def _columns(
    sheet: Sheet,
    stem: str,
    header: dict[int, Cell],
    row: int,
    columns: Mapping[str, Column],
    left_out: "LeftOut",
    findings: Findings,
) -> tuple[dict[str, int], set[int]]:
    """Return the place of each column, and the places of those that are not read."""
    named: dict[str, int] = {}
    ignored: set[int] = set()
    renamed: list[str] = []
    candidates = {
        at: next((name for name in _names(cell.text) if name in columns), None)
        for at, cell in header.items()
    }
    missing = [name for name in columns if name not in candidates.values()]
    for at, cell in header.items():
        given, name = tidy(cell.text), candidates[at]
        place = sheet.place(row, at)
        if left_out.takes(stem, given):
            findings.say(f"{place.text}: column {shown(given)} left out")
            ignored.add(at)
        elif name is None:
            fault = unknown_name("column", normal(given) or given, missing or columns)
            # the names of the table are nearest as they are written there, the found one as here
            told = str(fault).replace(shown(normal(given) or given), shown(given), 1)
            findings.refuse(
                place,
                f"{told}; or {to_leave_out(f'{stem}.{given}')}",
                **(fault.details | {"found": given}),
            )
            ignored.add(at)
        elif name in named:
            other = letters(named[name])
            findings.refuse(place, f"column {name} stands here twice, in {other} and {letters(at)}")
            ignored.add(at)
        else:
            named[name] = at
            if given.rstrip("* ") != name:
                renamed.append(f"{shown(given)} as {name}")
    if renamed:
        findings.say(f"{sheet.place(row).text}: columns read by another name: {', '.join(renamed)}")
    return named, ignored


def _state_rows_above(sheet: Sheet, rows: list[int], findings: Findings) -> None:
    if not rows:
        return
    kind = "line" if sheet.is_csv else "row"
    which = f"{kind} {rows[0]}" if len(rows) == 1 else f"{kind}s {rows[0]} to {rows[-1]}"
    findings.say(f"{sheet.place().text}: {which} above the header left out")


def _refuse_cells_under_no_header(sheet, stem, below, known: set[int], left_out, findings) -> None:
    stray: dict[int, list[int]] = {}
    for row, cells in below.items():
        for at in cells.keys() - known:
            stray.setdefault(at, []).append(row)
    for at, rows in sorted(stray.items()):
        name = letters(at)
        place = sheet.place(rows[0], at)
        if left_out.takes(stem, name):
            count = f"{len(rows)} cell{'s' if len(rows) > 1 else ''}"
            findings.say(f"{sheet.place().text}: {count} of column {name} left out")
            continue
        found = tidy(below[rows[0]][at].text)
        more = f" (and {len(rows) - 1} more in column {name})" if len(rows) > 1 else ""
        findings.refuse(
            place,
            f"found {shown(found)}{more} under no header; give the column a name or "
            f"{to_leave_out(f'{stem}.{name}')}",
            found=found,
        )


def _refuse_missing(sheet, header, named, columns, before, findings) -> None:
    """Refuse a table without a column that it needs, unless one with another name may be it."""
    required = [name for name, column in columns.items() if column.is_required]
    if lacks_origin(named, columns):
        required = [name for name in required if name not in PROVENANCE]
    missing = [name for name in required if name not in named]
    unknown = any("is unknown" in fault for fault in findings.faults[before:])
    if missing and not unknown:
        findings.refuse(
            sheet.place(header), f"column {', '.join(missing)} is missing", allowed=missing
        )


def lacks_origin(named: Collection[str], columns: Collection[str]) -> bool:
    """Return whether no column says where rows came from, as in most spreadsheets of councils."""
    return states_origin(columns) and set(PROVENANCE).isdisjoint(named)


def _refuse_merged(table: Table, header: int, findings: Findings) -> None:
    if not table.rows:
        return
    columns = table.columns.values()
    for top, left, bottom, right in table.sheet.merged:
        if bottom < header or top > table.rows[-1] or right < min(columns) or left > max(columns):
            continue
        name = f"{letters(left)}{top}:{letters(right)}{bottom}"
        place = table.sheet.place(top, left)
        findings.refuse(
            place, f"cells {name} are merged; split them and fill each with its own value"
        )


def _without_totals(
    table: Table,
    columns: Mapping[str, Column],
    keys: Collection[str],
    left_out: "LeftOut",
    findings: Findings,
) -> Table:
    """Refuse rows of totals, or leave them out where that is wanted, and say what they came to."""
    kept: list[int] = []
    part: list[int] = []  # rows since the last total
    for row in table.rows:
        word = _total_word(table, row, keys)
        if word is None:
            kept.append(row)
            part.append(row)
        elif left_out.takes_totals():
            sums = _sums(table, row, columns, part, kept)
            findings.say(f"{table.place(row).text}: {shown(word)} left out{sums}")
            part = []
        else:
            findings.refuse(
                table.place(row),
                f"found {shown(word)}, a total that would count twice; delete the row, or leave all "
                f"totals out with {leave_out_option(TOTALS)}",
                found=word,
            )
    return Table(table.sheet, table.columns, kept)


def _total_word(table: Table, row: int, keys: Collection[str]) -> str | None:
    texts = {
        at: tidy(cell.text)
        for at, cell in sorted(table.sheet.cells[row].items())
        if cell.kind == "text" and tidy(cell.text)
    }
    places = [*list(texts)[:1], *(table.columns.get(key) for key in keys)]
    found = (texts[at] for at in places if at in texts and TOTAL.fullmatch(texts[at]))
    return next(found, None)


def _sums(table: Table, row: int, columns: Mapping[str, Column], *parts: list[int]) -> str:
    """Say for each column of money whether a total is what the rows above it add up to.

    ``parts`` are the rows since the total before, and all rows above.
    """
    said = []
    for name, column in columns.items():
        if not column.is_money or not tidy(table.cell(row, name).text):
            continue
        try:
            total = _sum(table, [row], name, column)
            sums = [(len(rows), _sum(table, rows, name, column)) for rows in parts if rows]
        except CellError:  # the cell has a fault of its own
            continue
        agreeing = [count for count, found in sums if found == total]
        if agreeing:
            said.append(
                f"; {name}: its {_pounds(total)} is what the {agreeing[0]} rows above add up to"
            )
        elif sums:
            count, found = sums[0]
            said.append(
                f"; {name}: it says {_pounds(total)}, but the {count} rows above add up to "
                f"{_pounds(found)}"
            )
    return "".join(said)


def _sum(table: Table, rows: list[int], name: str, column: Column) -> Decimal:
    texts = (read_cell(table.cell(row, name), column).text for row in rows)
    return sum((Decimal(text) for text in texts if text), Decimal(0))


def _pounds(amount: Decimal) -> str:
    return f"{amount:,.0f}" if amount == amount.to_integral_value() else f"{amount:,.2f}"


def _state_gaps(table: Table, header: int, cells: dict[int, Cell], findings: Findings) -> None:
    """State how many blank rows and columns stood in the table."""
    last = table.rows[-1] if table.rows and not table.sheet.is_csv else header
    rows = sum(
        not any(tidy(cell.text) for cell in table.sheet.cells.get(row, {}).values())
        for row in range(header + 1, last)
    )
    columns = max(cells) - min(cells) + 1 - len(cells)
    for count, kind in ((rows, "row"), (columns, "column")):
        if count:
            findings.say(
                f"{table.sheet.place().text}: {count} blank {kind}{'s' if count > 1 else ''} left out"
            )


class LeftOut:
    """What a user wants to be left out, and which of it was found.

    Names are those of sheets, ``sheet.column``, or ``totals``.
    """

    def __init__(self, names: Collection[str]):
        self._wanted = {key: name for name in names for key in _leave_out_keys(name)}
        self._found: set[str] = set()

    def takes(self, sheet: str, column: str | None = None) -> bool:
        """Return whether a sheet, or a column of it, is to be left out."""
        key = normal(sheet) if column is None else f"{normal(sheet)}.{normal(column)}"
        if key in self._wanted:
            self._found.add(self._wanted[key])
        return key in self._wanted

    def takes_totals(self) -> bool:
        """Return whether rows of totals are to be left out."""
        return self.takes(TOTALS)

    def not_found(self) -> list[str]:
        """Return what was not there to be left out; totals are left out if there are any."""
        names = dict.fromkeys(self._wanted.values())
        return [name for name in names if name not in self._found and normal(name) != TOTALS]


def _leave_out_keys(name: str) -> tuple[str, str]:
    """Return what may be meant: a sheet, which may have a dot in its name, or a column of one."""
    sheet, dot, column = name.partition(".")
    return normal(name), normal(sheet) + dot + normal(column)
