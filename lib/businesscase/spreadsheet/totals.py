"""Rows of totals in a table: they would count twice, and show whether the rows above are whole."""

import re
from collections.abc import Collection, Mapping
from decimal import Decimal

from businesscase.errors import shown
from businesscase.spreadsheet.cells import CellError, read_cell, tidy
from businesscase.spreadsheet.columns import Column
from businesscase.spreadsheet.findings import Findings
from businesscase.spreadsheet.left_out import TOTALS, LeftOut, leave_out_option
from businesscase.spreadsheet.sheets import Table, normal

WORD = r"(?:grand|sub|overall)?[ -]*totals?"
TOTAL = re.compile(
    rf"(?:{WORD}\b(?: of| for)?\s*:?(?P<after>.*)|(?P<before>.*?)[ -]+{WORD}\s*:?)", re.IGNORECASE
)
ROUNDED_BY = Decimal("0.5")  # at most, an amount that is shown in whole pounds


def without_totals(
    table: Table,
    columns: Mapping[str, Column],
    keys: Collection[str],
    left_out: LeftOut,
    findings: Findings,
) -> Table:
    """Refuse rows of totals, or leave out where that is wanted those that agree with the rows above.

    A row is a total if it says so alone, or of a name that other rows have too.

    Parameters
    ----------
    table : Table
        The table as it stands.
    columns : mapping
        What its columns hold.
    keys : collection of str
        Columns that name its rows; in them, or in its first text, a row is named a total.
    left_out : LeftOut
        What the user wants to be left out.
    findings : Findings
        Takes the faults and statements.
    """
    kept: list[int] = []
    part: list[int] = []  # rows since the last total
    names = {normal(table.cell(row, key).text) for row in table.rows for key in keys}
    for row in table.rows:
        word = _word(table, row, keys, names)
        if word is None:
            kept.append(row)
            part.append(row)
        elif left_out.takes_totals():
            found = [
                _comparison(table, row, column, [part, kept])
                for name, column in columns.items()
                if column.is_money and tidy(table.cell(row, name).text)
            ]
            said = "".join(sentence for _, sentence in found)
            if all(agrees for agrees, _ in found):
                findings.say(f"{table.place(row).text}: {shown(word)} left out{said}")
            else:
                findings.refuse(
                    table.place(row),
                    f"found {shown(word)}{said}; put right which of them is wrong, or delete the row",
                    found=word,
                )
            part = []
        else:
            findings.refuse(
                table.place(row),
                f"found {shown(word)}, a total that would count twice; delete the row, or leave all "
                f"totals out with {leave_out_option(TOTALS)}",
                found=word,
            )
    return Table(table.sheet, table.columns, kept)


def _word(table: Table, row: int, keys: Collection[str], names: Collection[str]) -> str | None:
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
    """
    found = TOTAL.fullmatch(text)
    of = normal(found["after"] or found["before"] or "") if found else ""
    return found is not None and (not of or of in names)


def _comparison(table: Table, row: int, column: Column, parts: list[list[int]]) -> tuple[bool, str]:
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


def _sum(table: Table, rows: list[int], column: Column) -> Decimal:
    texts = (read_cell(table.cell(row, column.name), column).text for row in rows)
    return sum((Decimal(text) for text in texts if text), Decimal(0))


def _pounds(amount: Decimal) -> str:
    return f"{amount:,.0f}" if amount == amount.to_integral_value() else f"{amount:,.2f}"
