"""Rows of totals in a table: they would count twice, and show whether the rows above are whole.

A row is a total by its word, alone or with a name that other rows have too, or by arithmetic: its
amounts are those of a run of rows above it, or below it, added up.
"""

import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from operator import add, sub
from typing import NamedTuple

from businesscase.cases.errors import shown
from businesscase_workbench.spreadsheet.cells import CellError, amount_in, read_cell
from businesscase_workbench.spreadsheet.columns import PROVENANCE, Column
from businesscase_workbench.spreadsheet.findings import ImportFindings
from businesscase_workbench.spreadsheet.kinds import tidy
from businesscase_workbench.spreadsheet.left_out import TOTALS, LeftOut, to_tell
from businesscase_workbench.spreadsheet.sheets import TableFound, normal

TOTAL_NOUN = r"(?:grand|sub|overall)?[ -]*totals?"
TOTAL_NAME = re.compile(
    rf"(?:{TOTAL_NOUN}\b(?: of| for)?\s*:?(?P<after>.*)|(?P<before>.*?)[ -]+{TOTAL_NOUN}\s*:?)",
    re.IGNORECASE,
)
# of scores, whatever they are weighted by; a criterion may itself be a total, such as total cost
SCORE_TOTAL = re.compile(
    rf"(?:(?:{TOTAL_NOUN}|weighted|overall|final|aggregate)[ -]+)+"
    rf"(?:{TOTAL_NOUN}|scores?|points|marks|ratings?|results?|weights?|weightings?|sum)\s*:?",
    re.IGNORECASE,
)
WHOLE_WEIGHTS = (1, 100)  # what the weights of all criteria are often made to add up to
TOTAL_WORD = re.compile(r"(?<![a-z])(?:(?:sub)?totals?|sum|net|gross|overall|c_f|b_f)(?![a-z])")
ROUNDED_BY = Decimal("0.5")  # at most, an amount that is shown in whole pounds
FEWEST_PARTS = (
    2  # rows with an amount that a sum is of; one row alone is often like the one above it
)
PARTNER_COLUMN = "partner"
WEIGHT = "weight"  # of a criterion
# so that a hostile file takes no hours: places that add up to an amount, rows above one that may be
# rounded, and searches of the whole table
NEAREST_ROWS, FARTHEST, ROUNDS = 20, 500, 20


def without_totals(
    table: TableFound,
    columns: Mapping[str, Column],
    keys: Collection[str],
    left_out: LeftOut,
    findings: ImportFindings,
    above: Sequence[int] = (),
    weight: str = "",
) -> TableFound:
    """Refuse rows of totals, or leave out where that is wanted those that agree with the rows above.

    Parameters
    ----------
    table : TableFound
        The table as it stands.
    columns : mapping
        What its columns hold.
    keys : collection of str
        Columns that name its rows; in them, or in its first text, a row is named a total.
    left_out : LeftOut
        What the user wants to be left out or kept.
    findings : ImportFindings
        Takes the faults and statements.
    above : sequence of int
        Rows of blocks above, which a total of all adds up too.
    weight : str
        The column of the weights of criteria, if there is one.
    """
    kept: list[int] = []
    part: list[int] = []  # rows since the last total
    names = {normal(table.cell(row, key).text) for row in table.rows for key in keys}
    words = {
        row: word for row in table.rows if (word := _word(table, row, keys, names)) is not None
    }
    others = [row for row in table.rows if row not in words]
    sums = _sums(table, others, columns, keys) | _sum_of_weights(table, others, weight)
    is_wanted = left_out.takes(TOTALS)
    for row in table.rows:
        place = table.place(row)
        if row not in words and row not in sums:
            kept.append(row)
            part.append(row)
        elif left_out.keeps(TOTALS):
            name, said = sums.get(row, (words.get(row), "it is named a total"))
            findings.say(f"{place.text}: {shown(name)} kept, though {said}")
            kept.append(row)
            part = []
        elif row in sums:
            name, said = sums[row]
            if is_wanted:
                findings.say(f"{place.text}: {shown(name)} left out; {said}")
            else:
                findings.refuse(
                    place,
                    f"found {shown(name)}, a total that would count twice, as it seems: {said}; delete "
                    f"the row, {to_tell(TOTALS)}",
                    found=name,
                )
            part = []
        elif is_wanted:
            word = words[row]
            found = [
                _comparison(table, row, column, [part, kept, [*above, *kept]])
                for name, column in columns.items()
                if column.is_money and tidy(table.cell(row, name).text)
            ]
            agreed = [sentence for agrees, sentence in found if agrees and sentence]
            said = "".join(sentence for agrees, sentence in found if not agrees) or _first(agreed)
            if all(agrees for agrees, _ in found):
                findings.say(f"{place.text}: {shown(word)} left out{said}")
            else:
                findings.refuse(
                    place,
                    f"found {shown(word)}{said}; put right which of them is wrong, or delete the row",
                    found=word,
                )
            part = []
        else:
            findings.refuse(
                place,
                f"found {shown(words[row])}, a total that would count twice; delete the row, "
                f"{to_tell(TOTALS)}",
                found=words[row],
            )
    return TableFound(table.sheet, table.columns, kept)


def _word(table: TableFound, row: int, keys: Collection[str], names: Collection[str]) -> str | None:
    """Return the word that makes a row a total, or None."""
    texts = {
        at: tidy(cell.text)
        for at, cell in sorted(table.sheet.cells[row].items())
        if cell.kind == "text" and tidy(cell.text)
    }
    places = [*list(texts)[:1], *(table.columns.get(key) for key in keys)]
    return next((texts[at] for at in places if at in texts and _is_total(texts[at], names)), None)


def _is_total(text: str, names: Collection[str]) -> bool:
    """Return whether a text says total, alone or of one of the names.

    Examples
    --------
    >>> [_is_total(text, {"northmere"}) for text in ("Sub-total:", "Total Northmere", "Total cost")]
    [True, True, False]
    >>> [_is_total(text, {}) for text in ("Weighted total", "Total weighted score", "Weighted risk")]
    [True, True, False]
    """
    if SCORE_TOTAL.fullmatch(text):
        return True
    found = TOTAL_NAME.fullmatch(text)
    of = normal(found["after"] or found["before"] or "") if found else ""
    return found is not None and (not of or of in names)


def _first(sentences: Sequence[str]) -> str:
    """Return the first of some sentences that say the same of columns, and how many more there are."""
    more = f", and so in {len(sentences) - 1} more columns" if len(sentences) > 1 else ""
    return f"{sentences[0]}{more}" if sentences else ""


def _comparison(
    table: TableFound, row: int, column: Column, parts: list[list[int]]
) -> tuple[bool, str]:
    """Say whether a total is what the rows above it add up to: since the total before, or all."""
    try:
        total = _sum(table, [row], column)
        sums = [(len(rows), _sum(table, rows, column)) for rows in parts if rows]
    except CellError:  # the cell has a fault of its own
        return True, ""
    if not sums:
        return True, ""
    count, found = min(sums, key=lambda one: abs(one[1] - total))
    above = f"the {count} rows above add up to"
    if found == total:
        return True, f"; {column.name}: its {_pounds(total)} is what {above}"
    said = f"; {column.name}: it says {_pounds(total)}, but {above} {_pounds(found)}"
    return abs(found - total) <= count * ROUNDED_BY, said


def _sum(table: TableFound, rows: list[int], column: Column) -> Decimal:
    texts = (read_cell(table.cell(row, column.name), column).text for row in rows)
    return sum((Decimal(text) for text in texts if text), Decimal(0))


def _pounds(amount: Decimal) -> str:
    return f"{amount:,.0f}" if amount == amount.to_integral_value() else f"{amount:,.2f}"


# by arithmetic


class _Row(NamedTuple):
    """A row's amounts, and the texts that say what they are of, by column."""

    row: int
    amounts: tuple[Decimal, ...]
    texts: dict[str, str]


class _Sum(NamedTuple):
    """A row that others add up to: how many, and the texts that none of them has."""

    row: _Row
    count: int
    own: dict[str, str]
    is_exact: bool


def _sums(
    table: TableFound, rows: Sequence[int], columns: Mapping[str, Column], keys: Collection[str]
) -> dict[int, tuple[str, str]]:
    """Return the name of each row that is the sum of others, and a sentence on what it is the sum of.

    A total has a name of its own where rows have free names, or a blank; in what else it says it is
    like the rows that it is the sum of: the same partner, year and funding. These begin where the
    table does, or a partner, a year or another text is new, or after a total. So a line that comes to
    what others do by chance is seldom taken for one, and that of another partner never is.
    """
    money = [name for name, column in columns.items() if column.is_money and name in table.columns]
    others = [name for name in table.columns if name not in (*money, *PROVENANCE)]
    free = {
        name
        for name in keys
        if (column := columns[name]) and not (column.kinds or column.choices or column.is_letter)
    } - {PARTNER_COLUMN}
    rest = [one for row in rows if (one := _amounts(table, row, columns, money, others))]
    found: dict[int, tuple[str, str]] = {}
    labels: set[tuple[str, str]] = set()
    for _ in range(ROUNDS if money and rest else 0):
        # the sum of rows below is looked for among what no sum of rows above is
        for where, ordered in (("above", rest), ("below", rest[::-1])):
            new = _scanned(ordered, free, labels)
            for one in new:
                row, named = one.row.row, next(iter([*one.own, *one.row.texts]), money[0])
                amounts = " and ".join(map(_pounds, one.row.amounts))
                how = "is what" if one.is_exact else "is, rounded, what"
                of = (
                    f"the {one.count} rows {where} add up to"
                    if one.count > 1
                    else f"the row {where} has"
                )
                found[row] = tidy(table.cell(row, named).text), f"its {amounts} {how} {of}"
            labels |= {label for one in new for label in one.own.items()}
            if new:
                break
        else:
            break
        rest = [one for one in rest if one.row not in found]
    return found


def _sum_of_weights(
    table: TableFound, rows: Sequence[int], weight: str
) -> dict[int, tuple[str, str]]:
    """Return the last row, if its weight is the whole that the weights above add up to.

    A criterion may weigh what two others do together, so nothing else is taken for a total.
    """
    cells = [table.cell(row, weight) for row in rows if weight]
    found = [amount_in(cell._replace(text=tidy(cell.text).removesuffix("%"))) for cell in cells]
    *parts, last = found or [None]
    if None in (*parts, last) or len(parts) < FEWEST_PARTS:
        return {}
    if sum(parts) != last or last not in WHOLE_WEIGHTS:
        return {}
    name = tidy(next(iter(table.sheet.cells[rows[-1]].values())).text)
    return {
        rows[-1]: (name, f"its weight of {last:f} is what the {len(parts)} rows above add up to")
    }


def _amounts(
    table: TableFound,
    row: int,
    columns: Mapping[str, Column],
    money: Sequence[str],
    others: Sequence[str],
) -> _Row | None:
    """Return a row's amounts and texts, or None if an amount can't be read."""
    try:
        amounts = tuple(_sum(table, [row], columns[name]) for name in money)
    except ValueError:  # the cell has a fault of its own
        return None
    texts = {name: normal(table.cell(row, name).text) for name in others}
    return _Row(row, amounts, {name: text for name, text in texts.items() if text})


def _scanned(rows: Sequence[_Row], free: Collection[str], labels: set) -> list[_Sum]:
    """Return the rows that are the sum of a run of rows before them, those found meanwhile left out.

    A name that rows have which are no sums is not the name of a total; one that a total has is that
    of a total also after a single row.
    """
    first = _Scan(free, labels).read(rows)
    alike = [one.row for one in [*first.found, *first.single]]
    names = _names_of_totals(first.found, rows, alike) | labels
    second = _Scan(free, names, names).read(rows)
    names = _names_of_totals(second.found, rows, [one.row for one in second.found]) | labels
    return [one for one in second.found if set(one.own.items()) <= names]


def _names_of_totals(
    found: Sequence[_Sum], rows: Sequence[_Row], sums: Sequence[_Row]
) -> set[tuple[str, str]]:
    """Return the texts that sums have of their own, and no other row."""
    everywhere, in_sums = (
        Counter(item for one in some for item in one.texts.items()) for some in (rows, sums)
    )
    own = {item for one in found for item in one.own.items()}
    return {item for item in own if everywhere[item] == in_sums[item]}


@dataclass
class _Scan:
    """A reading of rows in order, with what those that are no sums add up to so far."""

    free: Collection[str]
    labels: set[tuple[str, str]]
    allowed: set[tuple[str, str]] | None = None  # names that a total may have; any if None
    found: list[_Sum] = field(default_factory=list)
    single: list[_Sum] = field(default_factory=list)
    rows: list[_Row] = field(default_factory=list)
    sums: list[tuple[Decimal, ...]] = field(default_factory=list)
    filled: list[int] = field(default_factory=lambda: [0])
    starts: dict[tuple, list[int]] = field(default_factory=dict)
    last: dict[tuple[str, str], int] = field(default_factory=dict)  # row that has a text
    named: dict[str, int] = field(default_factory=dict)  # row that has any in a column

    def read(self, rows: Sequence[_Row]) -> "_Scan":
        """Take rows in order."""
        self.sums = [(Decimal(0),) * len(rows[0].amounts)]
        self.starts = {self.sums[0]: [0]}
        for row in rows:
            named = bool(self.labels.intersection(row.texts.items()))
            if one := self._as_sum(row, 1 if named else FEWEST_PARTS):
                self.found.append(one)
                continue
            if one := self._as_sum(row, 1):
                self.single.append(one)
            self._take(row)
        return self

    def _as_sum(self, row: _Row, fewest: int) -> _Sum | None:
        """Return the row as the sum of the nearest rows before it, or None."""
        if not any(row.amounts):
            return None
        starts = self._starts(row)
        return next(
            (one for at in starts if self._filled(at) >= fewest and (one := self._of(row, at))),
            None,
        )

    def _starts(self, row: _Row) -> Iterator[int]:
        """Yield the places from which rows add up to the row's amounts, the nearest first."""
        wanted = tuple(map(sub, self.sums[-1], row.amounts))
        yield from self.starts.get(wanted, [])[: -NEAREST_ROWS - 1 : -1]
        if any(TOTAL_WORD.search(text) for text in row.texts.values()):  # it may be rounded
            for at in reversed(range(len(self.rows))[-FARTHEST:]):
                most = (len(self.rows) - at) * ROUNDED_BY
                if all(
                    abs(given - so_far) <= most
                    for given, so_far in zip(wanted, self.sums[at], strict=True)
                ):
                    yield at

    def _filled(self, start: int) -> int:
        return self.filled[-1] - self.filled[start]

    def _of(self, row: _Row, start: int) -> _Sum | None:
        """Return the row as the sum of those from a place on, or None if it says what they don't."""
        own = {
            name: text
            for name, text in row.texts.items()
            if self.last.get((name, text), -1) < start
        }
        is_blank = any(at >= start and name not in row.texts for name, at in self.named.items())
        if not own.keys() <= set(self.free) or not (own or is_blank):
            return None
        if self.allowed is not None and not set(own.items()) <= self.allowed:
            return None
        if not self._begins(start, own):
            return None
        is_exact = tuple(map(sub, self.sums[-1], self.sums[start])) == row.amounts
        return _Sum(row, len(self.rows) - start, own, is_exact)

    def _begins(self, start: int, own: Collection[str]) -> bool:
        """Return whether something begins with a row: the table, what follows a total, a partner."""
        if start == 0:
            return True
        before, first = self.rows[start - 1], self.rows[start]
        if abs(first.row - before.row) > 1:
            return True
        names = (before.texts.keys() | first.texts.keys()) - set(own)
        return any(before.texts.get(name) != first.texts.get(name) for name in names)

    def _take(self, row: _Row) -> None:
        self.last |= dict.fromkeys(row.texts.items(), len(self.rows))
        self.named |= dict.fromkeys(row.texts, len(self.rows))
        self.rows.append(row)
        self.filled.append(self.filled[-1] + any(row.amounts))
        self.sums.append(tuple(map(add, self.sums[-1], row.amounts)))
        if any(row.amounts):
            self.starts.setdefault(self.sums[-1], []).append(len(self.rows))
