"""One block of a council's own sheet, read as a mapping says: its headings, its totals, its rows.

A row of a block becomes a row of a table, or one for each run of equal years or each heading of a
matrix. Each cell keeps the place that it came from, so that a refusal names what stands there.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from typing import NamedTuple

from businesscase.calculations.wording import counted, listed
from businesscase.cases.errors import shown
from businesscase.cases.raw import Place
from businesscase.cases.schema import TABLES
from businesscase_workbench.spreadsheet.cells import (
    AMOUNT,
    SCALED,
    Cell,
    CellError,
    amount_in,
    folded,
    read_cell,
)
from businesscase_workbench.spreadsheet.columns import Column, table_columns
from businesscase_workbench.spreadsheet.findings import ImportFindings
from businesscase_workbench.spreadsheet.kinds import (
    NUMBER_CELL,
    TEXT_CELL,
    UNCALCULATED_CELL,
    tidy,
)
from businesscase_workbench.spreadsheet.left_out import HIDDEN, TOTALS, LeftOut
from businesscase_workbench.spreadsheet.looks import (
    refuse_merged,
    refuse_odd_cells,
    shown_rows,
    tell,
)
from businesscase_workbench.spreadsheet.mapping import (
    AS_GIVEN,
    BY_FLOW,
    COSTS_BELOW,
    MONEY_IN,
    TURNED,
    YEARS,
    Reading,
    fitted,
    names,
)
from businesscase_workbench.spreadsheet.sheets import (
    BLANK_CELL,
    Rows,
    Sheet,
    TableFound,
    letters,
    unheaded,
)
from businesscase_workbench.spreadsheet.stated import Area, other_units
from businesscase_workbench.spreadsheet.totals import WEIGHT, without_totals
from businesscase_workbench.spreadsheet.units import pounds_in, stated_above_numbers
from businesscase_workbench.spreadsheet.years import Years, years_of

SIDES = ("CR", "DR")  # which a table of a case doesn't take
PENNY, ROUNDED = Decimal("0.01"), Decimal("0.5")
NAMED = 6  # rows or cells at most that a sentence names
FIRST_YEAR, LAST_YEAR, YEAR = "first_year", "last_year", "year"


@dataclass(frozen=True)
class Amounts(Column):
    """A column of a council's own sheet that holds pounds under a heading of its own."""

    takes_sides: bool = True

    @property
    def is_money(self) -> bool:
        """Whether it holds pounds."""
        return True


class Line(NamedTuple):
    """A row of a table to be, with the place of each cell."""

    cells: dict[str, Cell]
    places: dict[str, Place]
    place: Place
    paragraph: str
    origin: str


class Block(NamedTuple):
    """Rows of a sheet under a line of text, and the row of the headings above them."""

    title: str
    header: int
    rows: list[int]
    is_under_headings: bool = False


@dataclass
class SheetState:
    """A sheet that is being read, which of its rows were taken, and what was said of it.

    Attributes
    ----------
    taken : set of int
        Rows that a reading took, checked as totals or left out by name.
    numbers : set of int
        Columns that a reading takes amounts from.
    """

    sheet: Sheet
    left_out: LeftOut
    findings: ImportFindings
    decision_year: int | None
    taken: set[int] = field(default_factory=set)
    numbers: set[int] = field(default_factory=set)
    before: int = field(init=False)  # faults that were found elsewhere

    def __post_init__(self) -> None:
        """Begin to count the faults of this sheet."""
        self.before = len(self.findings.faults)

    @property
    def is_refused(self) -> bool:
        """Whether a fault was found in the sheet."""
        return len(self.findings.faults) > self.before


def constant(value: object) -> Cell:
    """Return what a mapping gives as a cell."""
    return Cell(TEXT_CELL, str(value).lower() if isinstance(value, bool) else str(value))


@dataclass
class BlockReader:
    """The reading of one block."""

    parent: SheetState
    reading: Reading
    block: Block
    filled: Rows
    above: Sequence[int] = ()  # rows that the reading takes of blocks above
    table: TableFound = field(init=False)
    across: dict[int, Years | str] = field(init=False)  # by column, what its heading is
    at: dict[str, int] = field(init=False)  # by heading of the mapping, its column

    @property
    def sheet(self) -> Sheet:
        """The sheet that the block stands in."""
        return self.parent.sheet

    def lines(self) -> Iterator[Line]:
        """Yield the rows that the block gives."""
        self.target = table_columns(TABLES[self.reading.table])
        self._place_headings()
        columns = self._columns()
        self.parent.numbers |= {self.at_of(name) for name, one in columns.items() if one.is_money}
        sheet = self._in_numbers(self._filled_down())
        found = TableFound(sheet, {name: self.at_of(name) for name in columns}, self.block.rows)
        self._check_units(columns)
        self._tell_unheaded()
        self._refuse_merged(found)
        self._tell_hidden_columns(found)
        named = self._without_named(found)
        found = shown_rows(named, self.parent.left_out, self.parent.findings)
        self.parent.taken |= {*named.rows} - {*found.rows}
        refuse_odd_cells(found, columns, (), self.parent.findings)
        found = self._without_totals(found, columns)
        self.table = replace(found, rows=[row for row in found.rows if self._is_wanted(found, row)])
        self.parent.taken |= {*self.table.rows, self.block.header}
        if self.reading.control:
            self._check_control()
        lines = [line for row in self.table.rows for line in self._of_row(row)]
        yield from self._added_up(lines) if self.reading.alike else lines

    def _added_up(self, lines: Sequence[Line]) -> Iterator[Line]:
        """Yield a line for those that differ in their amount alone, which is what they add up to."""
        (money,) = (name for name in self.reading.targets() if self.target[name].is_money)
        groups: dict[tuple, list[Line]] = {}
        for line in lines:
            texts = {name: folded(cell.text) for name, cell in line.cells.items() if name != money}
            groups.setdefault(tuple(sorted(texts.items())), []).append(line)
        for first, *others in groups.values():
            amounts = [amount_in(line.cells[money]) for line in (first, *others)]
            if not others or None in amounts:  # what is no amount is refused where it stands
                yield from (first, *others)
                continue
            yield first._replace(
                cells=first.cells | {money: _number(sum(amounts, Decimal(0)))},
                paragraph=f"{first.paragraph} and {counted(len(others), 'row')} alike, added up",
            )

    # the headings

    def at_of(self, heading: str) -> int:
        """Return the column of a heading of the mapping, or of one that is a value."""
        if heading in self.at:
            return self.at[heading]
        return next(at for at in self.across if self._heading(at) == heading)

    def _heading(self, at: int) -> str:
        return tidy(self.filled[self.block.header][at].text)

    def _place_headings(self) -> None:
        reading, cells = self.reading, self.filled[self.block.header]
        by_text: dict[str, int] = {}
        for at, cell in cells.items():
            key = folded(tidy(cell.text))
            if key in by_text and key in {folded(tidy(name)) for name in reading.columns}:
                self.parent.findings.refuse(
                    self.sheet.place(self.block.header, at),
                    f"the heading {shown(cell.text)} stands here twice, in {letters(by_text[key])} and "
                    f"{letters(at)}; give them names of their own",
                )
            by_text.setdefault(key, at)
        blank = (at for at in range(max(cells)) if at not in cells)
        by_text = {folded(unheaded(at)): at for at in blank} | by_text
        named = [*reading.columns, *reading.ignore, *filter(None, [reading.control])]
        self.at = {name: by_text[key] for name in named if (key := folded(tidy(name))) in by_text}
        cells = self._without_hidden(cells)
        self.across = dict(self._across(cells))
        for at, cell in cells.items():
            if at not in self.across and at not in self.at.values():
                self.parent.findings.refuse(
                    self.sheet.place(self.block.header, at),
                    f"the heading {shown(tidy(cell.text))} isn't in the mapping; give it a column, or name "
                    "it under ignore",
                    found=tidy(cell.text),
                )

    def _without_hidden(self, cells: Mapping[int, Cell]) -> Mapping[int, Cell]:
        """Leave out hidden headings that are values, where the user wants what is hidden left out."""
        hidden = self.sheet.looks.hidden_columns - set(self.at.values())
        if not hidden & cells.keys() or not self.parent.left_out.takes(HIDDEN):
            return cells
        told = listed(shown(tidy(cells[at].text)) for at in sorted(hidden & cells.keys()))
        self.parent.findings.say(
            f"{self.sheet.place(self.block.header).text}: {told} hidden, and left out"
        )
        return {at: cell for at, cell in cells.items() if at not in hidden}

    def _across(self, cells: Mapping[int, Cell]) -> Iterator[tuple[int, Years | str]]:
        across = self.reading.across
        if across is None:
            return
        wanted = (
            None if across.headings == YEARS else {folded(tidy(name)) for name in across.headings}
        )
        seen: dict[Years, int] = {}
        for at, cell in cells.items():
            text = tidy(cell.text)
            if at in self.at.values() if wanted is None else folded(text) not in wanted:
                continue
            if wanted is not None and not self._is_by_year():
                yield at, text
                continue
            years = years_of(text)
            if years is None:
                if wanted is not None:
                    self.parent.findings.refuse(
                        self.sheet.place(self.block.header, at),
                        f"{shown(text)} names no financial year, and the mapping reads it as one",
                    )
                continue
            if years in seen:
                self.parent.findings.refuse(
                    self.sheet.place(self.block.header, at),
                    f"{shown(text)} is the year of column {letters(seen[years])} too; list under headings "
                    "which are read, and the other under ignore",
                )
                continue
            if years.first != years.last and across.spans != "each":
                self.parent.findings.refuse(
                    self.sheet.place(self.block.header, at),
                    f"{shown(text)} is several years, and nothing says whether an amount is that of each; "
                    'if it is, say spans = "each" under across',
                )
            seen[years] = at
            yield at, years

    def _is_by_year(self) -> bool:
        return self.reading.across.names() in ([], [FIRST_YEAR], [YEAR])

    # the rows

    def _columns(self) -> dict[str, Column]:
        """Return what the columns of the sheet hold, by heading."""
        columns: dict[str, Column] = {}
        for heading, forms in self.reading.forms().items():
            one = self.target.get(forms[0], Column(forms[0]))
            is_plain = "{" not in forms[0]
            made = Amounts if is_plain and one.is_money else Column
            kinds = one.kinds if is_plain else frozenset()
            columns[heading] = made(heading, kinds=kinds, may_be_blank=True)
        value = self.reading.across and self.target[self.reading.across.value]
        for at in self.across:
            made = Amounts if value.is_money else Column
            columns[self._heading(at)] = made(
                self._heading(at), kinds=value.kinds, may_be_blank=True
            )
        if self.reading.control:
            columns[self.reading.control] = Column(self.reading.control, kinds=frozenset({float}))
        return columns

    def _filled_down(self) -> Sheet:
        """Return the sheet with texts that are written once a block in each of its rows."""
        cells = {row: dict(found) for row, found in self.sheet.cells.items()}
        for heading in self.reading.fill_down:
            at, last = self.at[heading], None
            for row in self.block.rows:
                if tidy(cells[row].get(at, BLANK_CELL).text):
                    last = cells[row][at]
                elif last is not None:
                    cells[row][at] = last
        return replace(self.sheet, cells=cells)

    def _in_numbers(self, sheet: Sheet) -> Sheet:
        """Return the sheet with the words of amounts, such as nil, as what the mapping says they are."""
        by_column = {self.at[heading]: form for heading, (form, *_) in self.reading.forms().items()}
        by_column |= dict.fromkeys(self.across, self.reading.across and self.reading.across.value)
        words = {
            at: {folded(tidy(word)): text for word, text in self.reading.words[name].items()}
            for at, name in by_column.items()
            if name in self.reading.words and self.target[name].is_money
        }
        cells, said = dict(sheet.cells), Counter[tuple[str, str]]()
        for row in self.block.rows if words else ():
            for at in words.keys() & cells[row].keys():
                text = tidy(cells[row][at].text)
                if (meant := words[at].get(folded(text))) is not None:
                    cells[row] = cells[row] | {at: constant(meant)}
                    said[text, meant or "blank"] += 1
        for (text, meant), times in said.items():
            self.parent.findings.say(
                f"{self.sheet.place().text}: {shown(text)} read as {meant} in {counted(times, 'cell')}"
            )
        return replace(sheet, cells=cells)

    def _refuse_merged(self, table: TableFound) -> None:
        """Refuse merged cells, but for a label that is written once for the rows below it."""
        labels = {self.at[heading] for heading in self.reading.fill_down}
        found = self.sheet.merged_in(table.rows, sorted(table.columns.values()))
        odd = [one for one in found if one[1] != one[3] or one[1] not in labels]
        hint = ", or name the heading under fill_down"
        refuse_merged(self.sheet, odd, self.parent.findings, hint)

    def _tell_unheaded(self) -> None:
        """State which columns have no heading, and are left out."""
        found = {at for row in self.block.rows for at in self.filled[row]}
        for at in sorted(found - self.filled[self.block.header].keys() - {*self.at.values()}):
            self.parent.findings.say(
                f"{self.sheet.place().text}: column {letters(at)} has no heading, and is left out"
            )

    def _tell_hidden_columns(self, table: TableFound) -> None:
        """Refuse columns that are read and not shown, or state them where the user wants them kept."""
        for heading, at in table.columns.items():
            if at in self.sheet.looks.hidden_columns:
                tell(
                    self.sheet.place(self.block.header, at),
                    HIDDEN,
                    f"column {shown(heading)} is hidden",
                    self.parent.left_out,
                    self.parent.findings,
                )

    def _without_named(self, table: TableFound) -> TableFound:
        """Leave out the rows that the mapping names."""
        rows = []
        for row in table.rows:
            named = next(
                (
                    tidy(table.cell(row, heading).text)
                    for heading, texts in self.reading.leave_out.items()
                    if self._is_one_of(table, row, heading, texts)
                ),
                None,
            )
            if named is None:
                rows.append(row)
            else:
                self.parent.findings.say(f"{self.sheet.place(row).text}: {shown(named)} left out")
                self.parent.taken.add(row)
        return replace(table, rows=rows)

    def _without_totals(self, table: TableFound, columns: Mapping[str, Column]) -> TableFound:
        """Hold totals against the rows that they add up, and leave them out."""
        decided = {"leave out": ([TOTALS], []), "keep": ([], [TOTALS])}.get(self.reading.totals)
        left_out = LeftOut(*decided) if decided else self.parent.left_out
        texts = [name for name, one in columns.items() if not one.kinds]
        forms = self.reading.forms().items() if self.reading.table == "factors" else ()
        weight = next((heading for heading, (form, *_) in forms if form == WEIGHT), "")
        kept = without_totals(
            table, columns, texts, left_out, self.parent.findings, self.above, weight
        )
        dropped = [row for row in table.rows if row not in kept.rows]
        self.parent.taken |= set(dropped)
        unknown = [
            self.sheet.place(row, at).details.get("cell", str(row))
            for row in dropped
            for at in sorted(self.parent.numbers)
            if table.sheet.cells[row].get(at, BLANK_CELL).kind == UNCALCULATED_CELL
        ]
        if unknown:
            self._say_uncalculated(unknown)
        return kept

    def _say_uncalculated(self, cells: Sequence[str]) -> None:
        more = f" and {len(cells) - 1} more" if len(cells) > 1 else ""
        self.parent.findings.say(
            f"{self.sheet.place().text}: the total{'s' * (len(cells) > 1)} in {cells[0]}{more} "
            f"{'are formulas' if more else 'is a formula'} without a value, so nothing is held against "
            f"{'them' if more else 'it'}; open the workbook and save it to have them calculated"
        )

    def _is_wanted(self, table: TableFound, row: int) -> bool:
        return all(
            self._is_one_of(table, row, heading, texts)
            for heading, texts in self.reading.only.items()
        )

    def _is_one_of(self, table: TableFound, row: int, heading: str, texts: Iterable[str]) -> bool:
        cell = table.sheet.cells[row].get(self.at[heading], BLANK_CELL)
        return folded(tidy(cell.text)) in {folded(tidy(text)) for text in texts}

    def _check_units(self, columns: Mapping[str, Column]) -> None:
        """Refuse words by which amounts aren't in the unit that the mapping says."""
        money = {self.at_of(name) for name, one in columns.items() if one.is_money}
        if not money:
            return
        read = {self.at_of(name) for name in columns}
        ignored = {self.at[name] for name in self.reading.ignore if name in self.at}
        scale = self.reading.scale
        area = Area(self.sheet, self.block.header, self.filled, money, read, ignored)
        stated = list(other_units(area))
        for place, words in stated:
            unit = pounds_in(words)
            if unit == scale:
                continue
            means = "which the workbook doesn't take" if unit is None else f"scale = {unit}"
            self.parent.findings.refuse(
                place,
                f"found {shown(words)}, {means}, but the mapping says scale = {scale}",
                found=words,
                allowed=f"scale = {scale}",
            )
        headed = {
            at: words
            for at in money
            if (words := stated_above_numbers(self.filled[self.block.header][at].text))
        }
        if scale != 1 and headed and len(headed) < len(money) and len(stated) == len(headed):
            at, words = next(iter(headed.items()))
            self.parent.findings.refuse(
                self.sheet.place(self.block.header, at),
                f"found {shown(words)} above this column and not above all others of amounts; say it once in a "
                "title, or above each",
                found=words,
            )
        if scale != 1 and not stated:
            self.parent.findings.say(
                f"{self.sheet.place().text}: amounts are taken times {scale:,}, as the mapping says; no words "
                "of the sheet do"
            )

    def _check_control(self) -> None:
        """Hold what a row adds up to against its own total."""
        at, unknown = self.at[self.reading.control], []
        for row in self.table.rows:
            cell = self.table.sheet.cells[row].get(at, BLANK_CELL)
            place = self.sheet.place(row, at)
            if cell.kind == UNCALCULATED_CELL:
                unknown.append(place.details.get("cell", str(row)))
            total = amount_in(cell)
            if total is None:
                continue
            parts = [self._read(row, one, AMOUNT) for one in self.across]
            added = sum((part for part in parts if part is not None), Decimal(0))
            is_rounded = total == total.to_integral_value() and added != added.to_integral_value()
            if abs(added - total) > (ROUNDED if is_rounded else PENNY):
                self.parent.findings.refuse(
                    place,
                    f"found {total:,f}, but the {len(self.across)} columns of the row add up to {added:,f}; put "
                    "right which of them is wrong",
                    found=cell.text,
                    allowed=f"{added:f}",
                )
        if unknown:
            self._say_uncalculated(unknown)

    # a row

    def _read(self, row: int, at: int, column: Column, tells: bool = False) -> Decimal | None:
        """Return an amount as it stands, None if it is blank or refused."""
        cell = self.table.sheet.cells[row].get(at, BLANK_CELL)
        place = self.sheet.place(row, at)
        try:
            reading = read_cell(cell, column)
        except CellError as error:
            details = {"found": error.found, "allowed": error.allowed}
            self.parent.findings.refuse(place, str(error), **details)
            return None
        if reading.change == SCALED and self.reading.scale != 1:
            self.parent.findings.refuse(
                place,
                f"found {shown(cell.text)}, which has a unit of its own beside scale = {self.reading.scale}",
            )
            return None
        if reading.change and tells:
            group = (self.sheet.place().text, self._heading(at))
            self.parent.findings.convert(place, group, cell.text, reading.text, reading.change)
        return Decimal(reading.text) if reading.text else None

    def _of_row(self, row: int) -> Iterator[Line]:
        cells, places = self._texts(row)
        place, paragraph = self.sheet.place(row), self.sheet.paragraph(row)
        if self.reading.across is None:
            if notes := self._scale(row, cells):
                paragraph = f"{paragraph} ({'; '.join(notes)})"
            yield Line(cells, places, place, paragraph, self.sheet.origin(row))
        elif self._is_by_year():
            yield from self._by_year(row, cells, places)
        else:
            yield from self._by_heading(row, cells, places)

    def _texts(self, row: int) -> tuple[dict[str, Cell], dict[str, Place]]:
        """Return the cells of a row by column of the table, with words put in their place."""
        cells: dict[str, Cell] = {
            name: constant(value) for name, value in self.reading.constants.items()
        }
        places: dict[str, Place] = {}
        if self.reading.title:
            cells[self.reading.title] = Cell(TEXT_CELL, self.block.title)
        for heading, forms in self.reading.forms().items():
            at = self.at[heading]
            cell, place = self.table.sheet.cells[row].get(at, BLANK_CELL), self.sheet.place(row, at)
            for form in forms:
                parts = self._fitted(cell, form, place)
                cells |= parts
                places |= dict.fromkeys(parts, place)
        for name, words in self.reading.words.items():
            meant = {folded(tidy(word)): text for word, text in words.items()}
            cell = cells.get(name, BLANK_CELL)
            if folded(tidy(cell.text)) in meant:
                cells[name] = Cell(TEXT_CELL, meant[folded(tidy(cell.text))])
        return cells, places

    def _fitted(self, cell: Cell, form: str, place: Place) -> dict[str, Cell]:
        if "{" not in form:
            return {form: cell}
        text = tidy(cell.text)
        if not text:
            return dict.fromkeys(names(form), BLANK_CELL)
        parts = fitted(form, text)
        if parts is None:
            self.parent.findings.refuse(
                place,
                f"found {shown(text)}; the mapping reads it as {shown(form)}",
                found=text,
                allowed=form,
            )
            return {}
        return {name: Cell(TEXT_CELL, part) for name, part in parts.items()}

    def _factor(self, cells: Mapping[str, Cell]) -> int:
        """Return what an amount of a row is multiplied by."""
        is_in = folded(cells.get("flow", BLANK_CELL).text) in MONEY_IN
        sign = self.reading.sign
        turns = sign == TURNED or (sign == BY_FLOW and is_in) or (sign == COSTS_BELOW and not is_in)
        return -self.reading.scale if turns else self.reading.scale

    def _scale(self, row: int, cells: dict[str, Cell]) -> list[str]:
        """Bring the amounts of a row to pounds, and return what was done to each."""
        said = []
        is_plain = self.reading.scale == 1 and self.reading.sign == AS_GIVEN
        for heading, forms in self.reading.forms().items():
            for form in forms:
                column = self.target.get(form)
                if column is None or not column.is_money:
                    continue
                if is_plain and not tidy(cells[form].text).upper().endswith(SIDES):
                    continue
                amount = self._read(row, self.at[heading], AMOUNT, tells=True)
                if amount is not None:
                    cells[form] = _number(amount * self._factor(cells))
                    said.append(self._said_of(amount, [self.at[heading]], row, self._factor(cells)))
        return said

    def _said_of(self, amount: Decimal, places: Sequence[int], row: int, factor: int) -> str:
        """Say which cells an amount stands in, and what it was multiplied by."""
        cells = [letters(at) if self.sheet.is_csv else f"{letters(at)}{row}" for at in places]
        where = cells[0] if len(cells) == 1 else f"{cells[0]} to {cells[-1]}"
        times = f", times {factor:,}" if factor != 1 else ""
        return f"{amount:f} in {where}{times}"

    def _by_year(
        self, row: int, cells: dict[str, Cell], places: dict[str, Place]
    ) -> Iterator[Line]:
        """Yield a line for each run of neighbouring years with one amount."""
        across, factor = self.reading.across, self._factor(cells)
        amounts: list[tuple[Years, int, Decimal]] = []
        for at, years in sorted(self.across.items(), key=lambda item: item[1]):
            amount = self._read(row, at, AMOUNT, tells=True)
            if amount is not None:
                amounts.append((years, at, amount))
        begins = FIRST_YEAR if FIRST_YEAR in self.target else YEAR
        has_end = LAST_YEAR in self.target
        for run in _runs(amounts) if has_end else self._years_read(row, amounts):
            (first, at, amount), (last, *_) = run[0], run[-1]
            if not amount:
                continue
            made = {begins: _number(Decimal(first.first)), across.value: _number(amount * factor)}
            if has_end:
                made[LAST_YEAR] = _number(Decimal(last.last))
            place = self.sheet.place(row, at)
            said = self._said_of(amount, [one[1] for one in run], row, factor)
            yield Line(
                cells | made,
                places | dict.fromkeys(made, place),
                self.sheet.place(row),
                f"{self.sheet.paragraph(row)} ({said})",
                self.sheet.origin(row),
            )

    def _years_read(
        self, row: int, amounts: list[tuple[Years, int, Decimal]]
    ) -> list[list[tuple[Years, int, Decimal]]]:
        """Return the years of which a table without a last year has a row: of today's cost, one."""
        if self.reading.table != "service_costs" or len(amounts) < 2:
            return [[one] for one in amounts]
        wanted = self.parent.decision_year or amounts[0][0].first
        run = next(
            (run for run in reversed(_runs(amounts)) if run[0][0].first <= wanted),
            _runs(amounts)[0],
        )
        others = [one for one in amounts if one not in run]
        if others:
            years = listed(self._heading(at) for _, at, _ in others)
            self.parent.findings.say(
                f"{self.sheet.place(row).text}: today's cost is that of {self._heading(run[0][1])}; what it is in "
                f"{years} is left out, as the case has one year of each line"
            )
        return [[one for one in run if one[0].last >= wanted] or run]

    def _by_heading(
        self, row: int, cells: dict[str, Cell], places: dict[str, Place]
    ) -> Iterator[Line]:
        """Yield a line for each heading that is a value, where the cell below it isn't blank."""
        across = self.reading.across
        value = self.target[across.value]
        meant = {
            folded(tidy(word)): text
            for word, text in self.reading.words.get(across.value, {}).items()
        }
        for at, heading in self.across.items():
            cell, place = self.table.sheet.cells[row].get(at, BLANK_CELL), self.sheet.place(row, at)
            text = tidy(cell.text)
            if folded(text) in meant:
                cell = Cell(TEXT_CELL, text := meant[folded(text)])
            if not text:
                continue
            if value.is_money:
                amount = self._read(row, at, AMOUNT, tells=True)
                if amount is None:
                    continue
                cell = _number(amount * self._factor(cells))
            made = {name: self._of_heading(name, heading) for name in across.names()}
            made[across.value] = cell
            yield Line(
                cells | made,
                places | {across.value: place},
                self.sheet.place(row),
                f"{self.sheet.paragraph(row)}, column {heading}",
                self.sheet.origin(row),
            )

    def _of_heading(self, name: str, heading: str) -> Cell:
        """Return a heading as a value of a column, with a word put in its place if there is one."""
        words = self.reading.words.get(name, {})
        meant = (to for word, to in words.items() if folded(tidy(word)) == folded(heading))
        return Cell(TEXT_CELL, next(meant, heading))


def _runs(amounts: Sequence[tuple[Years, int, Decimal]]) -> list[list[tuple[Years, int, Decimal]]]:
    """Return neighbouring years with one amount together.

    Examples
    --------
    >>> one, two, three = ((Years(year, year), year, Decimal(5)) for year in (2026, 2027, 2029))
    >>> [len(run) for run in _runs([one, two, three])]
    [2, 1]
    """
    runs: list[list] = []
    for one in amounts:
        last = runs[-1][-1] if runs else None
        if last and last[2] == one[2] and last[0].last + 1 == one[0].first:
            runs[-1].append(one)
        else:
            runs.append([one])
    return runs


def _number(amount: Decimal) -> Cell:
    return Cell(NUMBER_CELL, f"{amount.normalize():f}" if amount else "0")
