"""A table of a case that was given a column a year, read without anybody saying so."""

from businesscase.cases.schema import TABLES
from businesscase_workbench.spreadsheet.columns import table_columns
from businesscase_workbench.spreadsheet.grid import HEADER_WITHIN, names_of
from businesscase_workbench.spreadsheet.kinds import tidy
from businesscase_workbench.spreadsheet.mapping import Across, Reading
from businesscase_workbench.spreadsheet.sheets import Sheet
from businesscase_workbench.spreadsheet.years import years_of

FEWEST = 2  # years side by side, and columns known by name


def wide_years(part: str, sheet: Sheet) -> Reading | None:
    """Return how a sheet named as a table is read if it has years as columns, None if it hasn't.

    All its other headings are names of the table's columns; the table has one column of money, and
    neither that nor its year is among them.
    """
    columns = table_columns(TABLES[part]) if part in TABLES else {}
    money = [name for name, one in columns.items() if one.is_money and one.is_required]
    money = money or [name for name in columns if name == "amount_gbp"]
    years = [name for name in ("first_year", "year") if name in columns]
    if len(money) != 1 or not years:
        return None
    for cells in list(sheet.filled().values())[:HEADER_WITHIN]:
        texts = [tidy(cell.text) for cell in cells.values()]
        known = {
            text: next((name for name in names_of(text) if name in columns), None) for text in texts
        }
        named = {text: name for text, name in known.items() if name}
        others = [text for text in texts if text not in named]
        is_wide = len(others) >= FEWEST and all(map(years_of, others))
        if is_wide and len(named) >= FEWEST and not {money[0], *years} & set(named.values()):
            return Reading(
                sheet=sheet.name, table=part, columns=named, across=Across(value=money[0])
            )
    return None
