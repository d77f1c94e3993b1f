"""Rows and cells that are shown otherwise than others are: hidden, struck out, with a raised footnote."""

from collections.abc import Collection, Iterable, Mapping

from businesscase.cases.errors import shown
from businesscase.cases.raw import Place
from businesscase_workbench.spreadsheet.columns import Column
from businesscase_workbench.spreadsheet.findings import ImportFindings
from businesscase_workbench.spreadsheet.kinds import NUMBER_CELL
from businesscase_workbench.spreadsheet.left_out import HIDDEN, STRUCK_OUT, LeftOut, to_tell
from businesscase_workbench.spreadsheet.marks import STRUCK
from businesscase_workbench.spreadsheet.sheets import CellRange, Sheet, TableFound, letters

ROWS_NAMED = 10  # rows at most that a sentence names


def tell(place: Place, kind: str, said: str, left_out: LeftOut, findings: ImportFindings) -> None:
    """Refuse what is hidden or struck out, or state it where the user wants it to be kept."""
    if left_out.keeps(kind):
        findings.say(f"{place.text}: {said}, and kept")
    else:
        findings.refuse(place, f"{said}; {to_tell(kind)}", found=kind)


def refuse_merged(
    sheet: Sheet, ranges: Iterable[CellRange], findings: ImportFindings, or_else: str = ""
) -> None:
    """Refuse ranges of merged cells, of which only the first holds what all show."""
    for top, left, bottom, right in ranges:
        cells = f"{letters(left)}{top}:{letters(right)}{bottom}"
        findings.refuse(
            sheet.place(top, left),
            f"cells {cells} are merged; split them and fill each with its own value{or_else}",
        )


def shown_rows(table: TableFound, left_out: LeftOut, findings: ImportFindings) -> TableFound:
    """Refuse rows that aren't shown or are struck out, or leave them out where that is wanted."""
    looks, read = table.sheet.looks, set(table.columns.values())
    rows = table.rows
    for kind, odd, how in (
        (HIDDEN, looks.hidden_rows, "hidden or filtered out"),
        (STRUCK_OUT, {row for row, at in looks.struck if at in read}, "struck out"),
    ):
        found = [row for row in rows if row in odd]
        if not found:
            continue
        said = f"{_numbers(found)} {how}"
        if left_out.takes(kind):
            findings.say(f"{table.place().text}: {said}, and left out")
            rows = [row for row in rows if row not in odd]
        else:
            tell(table.place(), kind, said, left_out, findings)
    return TableFound(table.sheet, table.columns, rows)


def _numbers(rows: list[int]) -> str:
    if len(rows) == 1:
        return f"row {rows[0]} is"
    named = ", ".join(map(str, rows[:ROWS_NAMED]))
    more = f" and {len(rows) - ROWS_NAMED} more" if len(rows) > ROWS_NAMED else ""
    return f"rows {named}{more} are"


def refuse_odd_cells(
    table: TableFound,
    columns: Mapping[str, Column],
    keys: Collection[str],
    findings: ImportFindings,
) -> None:
    """Refuse cells that would be read as what they don't show: a footnote, a word, another unit."""
    rows = set(table.rows)
    for name, at in table.columns.items():
        column = columns[name]
        for row, (part, how) in _of_column(table.sheet.looks.parts, at, rows).items():
            cell = table.cell(row, name)
            is_footnote = not any(map(str.isalpha, part)) and name in keys
            if cell.kind != NUMBER_CELL and (column.is_number or how == STRUCK or is_footnote):
                what = "the number" if column.is_number else "the text"
                findings.refuse(
                    table.place(row, name),
                    f"found {shown(cell.text)}, of which {shown(part)} is {how}; type {what} without it",
                    found=cell.text,
                )
        formats = _of_column(table.sheet.looks.formats, at, rows)
        formats = {
            row: code for row, code in formats.items() if table.cell(row, name).kind == NUMBER_CELL
        }
        if column.is_number and formats:
            row, code = next(iter(formats.items()))
            wanted = "pounds" if column.is_money else "the number in full"
            more = f" (and {len(formats) - 1} more in the column)" if len(formats) > 1 else ""
            findings.refuse(
                table.place(row, name),
                f"found the number format {shown(code)}{more}, which shows another number or unit than the "
                f"{table.cell(row, name).text} that would be read; give {wanted} with the format number",
                found=code,
            )


def _of_column(marks: Mapping, at: int, rows: Collection[int]) -> dict:
    """Return by row what is marked in a column of a table."""
    found = {row: mark for (row, column), mark in marks.items() if column == at and row in rows}
    return dict(sorted(found.items()))
