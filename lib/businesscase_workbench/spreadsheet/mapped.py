"""A council's own sheets read into tables of a case, block by block, as a mapping says."""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from businesscase.cases.errors import nearest_names, shown
from businesscase.cases.raw import Place
from businesscase.cases.schema import TABLES
from businesscase_workbench.spreadsheet.blocks import Block, BlockReader, Line, SheetState, constant
from businesscase_workbench.spreadsheet.cells import (
    Cell,
    amount_in,
    folded,
)
from businesscase_workbench.spreadsheet.columns import states_origin, table_columns
from businesscase_workbench.spreadsheet.findings import ImportFindings
from businesscase_workbench.spreadsheet.kinds import (
    TEXT_CELL,
    tidy,
)
from businesscase_workbench.spreadsheet.left_out import LeftOut
from businesscase_workbench.spreadsheet.mapping import (
    YEARS,
    Reading,
    WorkbookMapping,
)
from businesscase_workbench.spreadsheet.sheets import (
    BLANK_CELL,
    Rows,
    Sheet,
    TableFound,
    normal,
    unheaded,
)
from businesscase_workbench.spreadsheet.years import years_of

NAMED = 6  # rows at most that a sentence names
FEWEST_IN_A_ROW = 2  # cells; in a wider table one text alone is a line between its rows


@dataclass(frozen=True)
class MappedSheet(Sheet):
    """Rows that were made of those of other sheets, which keep the places that they came from."""

    lines: tuple[Line, ...] = ()
    columns: tuple[str, ...] = ()

    def place(
        self, row: int | None = None, column: int | None = None, name: str | None = None
    ) -> Place:
        """Return where a cell or a row came from."""
        if row is None:
            return Place(f"{self.file}, read as {self.name}", {"file": self.file})
        line = self.lines[row]
        name = name or (None if column is None else self.columns[column])
        place = line.places.get(name or "", line.place)
        return Place(f"{place.text}{f', read as {self.name}.{name}' * bool(name)}", place.details)

    def paragraph(self, row: int) -> str:
        """Return where a row stands, as a table cites it."""
        return self.lines[row].paragraph

    def origin(self, row: int) -> str:
        """Return what is said of where a row's figures came from."""
        return self.lines[row].origin


def mapped_tables(
    sheets: Mapping[str, Sheet],
    mapping: WorkbookMapping,
    left_out: LeftOut,
    findings: ImportFindings,
    source: Callable[[], str],
    decision_year: int | None,
) -> dict[str, TableFound]:
    """Return the tables that a mapping reads from sheets, by name.

    Parameters
    ----------
    sheets : mapping of Sheet
        The sheets that are read, by name as names are compared (``normal``).
    mapping : WorkbookMapping
        The mapping.
    left_out : LeftOut
        What the user wants to be left out or kept.
    findings : ImportFindings
        Takes the faults and statements.
    source : callable
        Returns the key of the document that stands for the workbook.
    decision_year : int or None
        The year of the decision, of which today's cost is read; the first one given if not known.
    """
    lines: dict[str, list[Line]] = defaultdict(list)
    for name, sheet in sheets.items():
        reader = SheetReader(sheet, left_out, findings, decision_year)
        for reading, found in reader.read(
            [one for one in mapping.read if normal(one.sheet) == name]
        ):
            lines[reading.table] += found
        reader.finish()
    for table, rows in mapping.add.items():
        lines[table] += [_added(table, number, row) for number, row in enumerate(rows, 1)]
    file = next(iter(sheets.values())).file if sheets else "mapping"
    return {table: _table(file, table, found, source) for table, found in lines.items() if found}


def _added(table: str, number: int, row: Mapping[str, object]) -> Line:
    """Return a row that the mapping itself gives."""
    place = Place(f"mapping, add.{table} {number}", {"file": "mapping"})
    cells = {name: constant(value) for name, value in row.items()}
    return Line(cells, {}, place, f"mapping, row {number}", "Added by the mapping of the workbook")


def _table(file: str, stem: str, lines: Sequence[Line], source: Callable[[], str]) -> TableFound:
    """Return lines as a table; one that doesn't say where it came from is assumed."""
    if states_origin(TABLES[stem].model_fields):
        lines = [line._replace(cells=_with_origin(line, source)) for line in lines]
    columns = tuple(dict.fromkeys(name for line in lines for name in line.cells))
    at = {name: number for number, name in enumerate(columns)}
    cells = {
        row: {at[name]: cell for name, cell in line.cells.items()} for row, line in enumerate(lines)
    }
    sheet = MappedSheet(file, stem, cells, lines=tuple(lines), columns=columns)
    return TableFound(sheet, at, list(cells))


def _with_origin(line: Line, source: Callable[[], str]) -> dict[str, Cell]:
    def given(name: str) -> bool:
        return bool(tidy(line.cells.get(name, BLANK_CELL).text))

    said = {"paragraph": line.paragraph, "note": line.origin}
    if not given("status"):
        said["status"] = "assumed"
    if not given("source"):
        said["source"] = source()
    texts = {name: Cell(TEXT_CELL, text) for name, text in said.items() if not given(name)}
    return line.cells | texts


@dataclass
class SheetReader(SheetState):
    """The readings of one sheet, which together must take every row that holds an amount."""

    first_header: int | None = None

    def read(self, readings: Sequence[Reading]) -> Iterator[tuple[Reading, list[Line]]]:
        """Yield what each reading makes of the sheet; one ends where the headings of another begin."""
        for reading in readings:
            self._join_headings(reading)
        filled = self.sheet.filled()
        headers = [self._headers(reading, filled) for reading in readings]
        every = {row for found in headers for row in found}
        for reading, own in zip(readings, headers, strict=True):
            if not own:
                self._refuse_without_header(reading, filled)
                continue
            self.first_header = min([*own, self.first_header or own[0]])
            lines: list[Line] = []
            above: list[int] = []
            for block in self._blocks(reading, filled, own, every):
                reader = BlockReader(self, reading, block, filled, tuple(above))
                lines += reader.lines()
                above += reader.table.rows
            yield reading, lines

    def _join_headings(self, reading: Reading) -> None:
        """Bring headings that stand in several rows into the first of them."""
        filled = self.sheet.filled()
        if reading.heading_rows == 1 or self._headers(reading, filled):
            return
        every = list(filled)
        for place, row in enumerate(every):
            rows = every[place : place + reading.heading_rows]
            part = replace(self.sheet, cells={one: self.sheet.cells[one] for one in rows})
            joined = part.with_joined_headings(row, reading.heading_rows)
            if not self._missing(reading, joined.cells[row]):
                self.taken |= set(rows[1:])
                self.sheet = self.sheet.with_joined_headings(row, reading.heading_rows)
                return

    def finish(self) -> None:
        """State what stands outside of all blocks; refuse rows with amounts that nothing takes."""
        if self.first_header is None or self.is_refused:
            return
        filled = self.sheet.filled()
        left = {row: cells for row, cells in filled.items() if row not in self.taken}
        below = {row: cells for row, cells in left.items() if row > self.first_header}
        amounts = {
            row: cells
            for row, cells in below.items()
            if any(amount_in(cells[at]) is not None for at in self.numbers & cells.keys())
        }
        if amounts:
            texts = [f"{row} ({shown(_first_text(cells))})" for row, cells in amounts.items()]
            more = f" and {len(texts) - NAMED} more" if len(texts) > NAMED else ""
            self.findings.refuse(
                self.sheet.place(),
                f"row{'s' * (len(texts) > 1)} {', '.join(texts[:NAMED])}{more}: no part of the mapping takes "
                "them; read them, or name them under leave_out",
            )
        texts = [_first_text(cells) for row, cells in left.items() if row not in amounts]
        if texts:
            self.findings.say(
                f"{self.sheet.place().text}: {len(texts)} line{'s' * (len(texts) > 1)} of text left out: "
                f"{shown(', '.join(texts))}"
            )

    def _headers(self, reading: Reading, filled: Rows) -> list[int]:
        """Return the rows that have all headings which a reading needs."""
        return [row for row, cells in filled.items() if not self._missing(reading, cells)]

    def _missing(self, reading: Reading, cells: Mapping[int, Cell]) -> list[str]:
        texts = {folded(tidy(cell.text)) for cell in cells.values()}
        texts |= {folded(unheaded(at)) for at in range(max(cells, default=0)) if at not in cells}
        across = reading.across
        wanted = [*reading.columns, *filter(None, [reading.control])]
        if across and across.headings != YEARS:
            wanted += across.headings
        lacks = [heading for heading in wanted if folded(tidy(heading)) not in texts]
        if (
            across
            and across.headings == YEARS
            and not any(years_of(cell.text) for cell in cells.values())
        ):
            lacks.append("a financial year")
        return lacks

    def _refuse_without_header(self, reading: Reading, filled: Rows) -> None:
        if not filled:
            self.findings.refuse(self.sheet.place(), "the sheet is blank, and the mapping reads it")
            return
        best = min(filled, key=lambda row: len(self._missing(reading, filled[row])))
        lacks = self._missing(reading, filled[best])
        texts = [tidy(cell.text) for cell in filled[best].values()]
        near = {name: nearest_names(name, texts) for name in lacks}
        hints = [
            f"{name} (nearest: {', '.join(found)})" if found else name
            for name, found in near.items()
        ]
        if len(lacks) >= len(reading.columns):
            self.findings.refuse(
                self.sheet.place(),
                f"no row has the headings {', '.join(reading.columns)}, which the mapping reads",
                allowed=list(reading.columns),
            )
        else:
            self.findings.refuse(
                self.sheet.place(best),
                f"the heading{'s' * (len(lacks) > 1)} {', '.join(hints)} of the mapping "
                f"{'are' if len(lacks) > 1 else 'is'} missing",
                allowed=lacks,
            )

    def _blocks(
        self, reading: Reading, filled: Rows, headers: Sequence[int], every: Collection[int]
    ) -> list[Block]:
        """Return the blocks of rows that a reading takes; a line of text alone begins a new one."""
        has_titles, title, header = self._has_titles(reading), "", headers[0]
        may_have_lines = has_titles or len(filled[header]) > FEWEST_IN_A_ROW
        is_own = False  # whether rows stand under these headings, and not under those of another
        blocks: list[Block] = []
        for row, cells in filled.items():
            if row in every:
                is_own = row in headers
            if row in headers:
                header = row
                blocks.append(Block(title, header, [], is_under_headings=True))
            elif (
                len(cells) == 1 and next(iter(cells.values())).kind == TEXT_CELL and may_have_lines
            ):
                if has_titles:
                    title = _first_text(cells)
                    blocks.append(Block(title, header, []))
            elif blocks and is_own:
                blocks[-1].rows.append(row)
        blocks = [block for block in blocks if block.rows]
        if reading.title:
            wanted = [block for block in blocks if block.title]
        elif reading.block:
            name = folded(tidy(reading.block))
            wanted = [block for block in blocks if folded(block.title) == name]
        else:
            wanted = [block for block in blocks if block.is_under_headings][:1]
        if not wanted:
            titles = [block.title for block in blocks if block.title]
            hint = f"; there are {', '.join(map(shown, titles))}" if titles else ""
            what = f"under a line {shown(reading.block)}" if reading.block else "under the headings"
            self.findings.refuse(self.sheet.place(), f"no rows stand {what}{hint}", allowed=titles)
        return wanted

    def _has_titles(self, reading: Reading) -> bool:
        columns = table_columns(TABLES[reading.table])
        is_money = any(columns[name].is_money for name in reading.targets())
        return bool(reading.block or reading.title or reading.across or is_money)


def _first_text(cells: Mapping[int, Cell]) -> str:
    return tidy(next(iter(cells.values())).text)
