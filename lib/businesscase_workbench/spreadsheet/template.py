"""A case as a workbook to be filled in: one table a sheet, with notes, drop-downs and formats."""

import datetime as dt
import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import xlsxwriter
from xlsxwriter.format import Format
from xlsxwriter.worksheet import Worksheet

from businesscase.calculations.apportionment import SHARED
from businesscase.cases.errors import Fault, InputError
from businesscase.cases.names import UNPRINTABLE
from businesscase.cases.parameters import Parameters, unit_of
from businesscase.cases.raw import CASE, SCENARIOS, RawCase
from businesscase.cases.schema import PLAIN, TABLES, CaseFile
from businesscase_workbench.spreadsheet.case_sheets import (
    CASE_KEYS,
    CHANGES,
    PROJECT_MIX,
    SHEETS,
    SOURCES,
    case_rows,
    change_rows,
    mix_rows,
    scenario_rows,
    source_rows,
)
from businesscase_workbench.spreadsheet.cells import plain_number
from businesscase_workbench.spreadsheet.columns import (
    Column,
    column_of,
    parameter_column,
    table_columns,
)
from businesscase_workbench.spreadsheet.sheets import letters
from businesscase_workbench.spreadsheet.written import (
    HEAD_COLOUR,
    INPUT_COLOUR,
    LIKE_A_FORMULA,
    LINE_HEIGHT,
    LINK_COLOUR,
    LONGEST_CELL,
    RULE_COLOUR,
    TALLEST,
    WHITE,
    wrapped_lines,
)

READ_ME = "Read me"
WRITTEN_AT = dt.datetime(2026, 1, 1)  # the same bytes for the same case
ROWS_TO_FILL = 200  # below the data: in them drop-downs and bounds hold
LONGEST_LIST, LONGEST_MESSAGE = 255, 255  # characters, of a drop-down and of an error message
MANDATORY_MARK = " *"  # after the name of a column that must be filled
COMPUTED, TEXT_COLOUR = "#DCE6EF", "#0B0C0C"
INPUT_FORMATS = {
    "text": "@",
    "date": "yyyy-mm-dd",
    "money": "#,##0.00",
    "fraction": "0.00####",
    "whole": "0",
    "number": "General",
}
KIND_WIDTHS = {"date": 13, "money": 16, "fraction": 12, "whole": 10, "number": 12}
TEXT_WIDTHS = (14, 60)  # of a column of text, in characters
LINE_OF_TEXT = 110  # characters of a line of the sheet Read me
READ_ME_WIDTHS = (30, 74, 26, 60)
EARLIEST, LATEST = dt.date(1990, 1, 1), dt.date(2100, 12, 31)
NAMED_IN = {
    # columns whose names stand in another sheet
    "partner": ("partners", "partner"),
    "option": ("options", "option"),
    "factor": ("factors", "factor"),
    "area": ("readiness_areas", "area"),
    "risk": ("risks", "risk"),
    "task": ("tasks", "task"),
    "source": (SOURCES, "key"),
    "scenario": (SCENARIOS, "scenario"),
}

GUIDE = """
Put your own rows in the sheets that you have figures for, and delete the worked rows of the others: a part of \
the report for which there are no figures is left out. Rows with the source to-be-replaced are worked rows, which \
nobody has given; the report says so as long as one of them is left. Needed are the sheets case, sources, scenarios \
and partners.

To read it back: businesscase import inputs.xlsx my-case. All faults are named with sheet and cell, and so is \
everything that was read otherwise than it stands here.

One row is one thing. A column with a dark heading and a star (*) must be filled; one with a pale heading \
and no star may be blank. Point at a heading: a note says what the column holds, in which unit and which \
words it takes. Don't merge cells, don't add rows of totals, and keep working columns out of these sheets.

Where a figure came from: status is published (printed in the source at the paragraph named), derived \
(worked out from published figures; the note has the working) or assumed (ours; the note has the \
reasoning). source is a key of the sheet sources, paragraph is the paragraph, table or page.

Signs: costs and savings are both positive; the column flow says which they are.

Years: a financial year is named by the year in which its April falls: 2026 means 2026/27.

Fractions are written 0.35 or 35%. Amounts are plain numbers in pounds. A blank cell means not known or \
not applicable; 0 means nil.

Dates are written 2026-04-01 or 01/04/2026 with the day first.
"""


class _Page(NamedTuple):
    """A sheet to be written: its columns, and the values of its rows."""

    name: str
    about: str
    columns: dict[str, Column]
    rows: list[list]
    examples: Mapping[str, str]


def write(
    raw: RawCase, path: Path, examples: Mapping[str, Mapping[str, str]] | None = None
) -> None:
    """Write a case as a workbook to be filled in, the same bytes for the same case.

    Parameters
    ----------
    raw : RawCase
        The case; what it doesn't have is left blank.
    path : Path
        The workbook.
    examples : mapping, optional
        By table and column, an example that the note of the column shows.

    Raises
    ------
    InputError
        If a text can't stand in a workbook.
    """
    pages = _pages(raw, examples or {})
    if faults := [fault for page in pages for fault in _faults(page)]:
        raise InputError(faults)
    options = {"in_memory": True, "strings_to_urls": False, "strings_to_formulas": False}
    with xlsxwriter.Workbook(str(path), options) as book:
        title = (raw.file or {}).get("title") or "a new case"
        book.set_properties(
            {
                "title": f"Inputs of {title}",
                "subject": "Business case of a shared ICT service",
                "comments": "To be filled in; the sheet Read me says how.",
                "created": WRITTEN_AT,
            }
        )
        styles = _Styles(book)
        first = book.add_worksheet(READ_ME)
        sheets = {page.name: book.add_worksheet(page.name) for page in pages}
        parameters = _write_read_me(first, styles, pages)
        ranges = _name_ranges(pages)
        for page in pages:
            _write_page(sheets[page.name], styles, page, ranges | {"parameter": parameters})


def _pages(raw: RawCase, examples: Mapping[str, Mapping[str, str]]) -> list[_Page]:
    file, scenarios = raw.file or {}, raw.scenarios or {}
    own = {
        CASE: ("What the case asks, and of whom.", case_rows(file)),
        PROJECT_MIX: ("What the one-off cost is spent on; may be blank.", mix_rows(file)),
        SOURCES: ("The documents that figures come from.", source_rows(file)),
        SCENARIOS: ("The scenarios; the first is base.", scenario_rows(scenarios)),
        CHANGES: ("What each scenario changes; others change nothing.", change_rows(scenarios)),
    }
    pages = [
        _Page(name, about, SHEETS[name], [list(row) for row in rows], examples.get(name, {}))
        for name, (about, rows) in own.items()
    ]
    for stem, model in TABLES.items():
        columns = table_columns(model)
        rows = [[row.get(name, "") for name in columns] for row in raw.tables.get(stem, [])]
        about = model.__doc__.splitlines()[0]
        pages.append(_Page(stem, about, columns, rows, examples.get(stem, {})))
    return pages


def _faults(page: _Page) -> Iterable[Fault]:
    """Yield a sentence for each text that a workbook can't hold."""
    for number, row in enumerate(page.rows, 1):
        for name, value in zip(page.columns, row, strict=True):
            text = value if isinstance(value, str) else ""
            where = f"{page.name} row {number}, column {name}"
            if found := UNPRINTABLE.search(text):
                yield Fault(
                    f"{where}: holds the control character {found[0]!r}, which no workbook can",
                    column=name,
                )
            elif (
                len(text) > LONGEST_CELL // 2 and len(text.encode("utf-16-le")) // 2 > LONGEST_CELL
            ):
                yield Fault(
                    f"{where}: has {len(text):,} characters; a cell holds at most {LONGEST_CELL:,}",
                    column=name,
                )


def _name_ranges(pages: list[_Page]) -> dict[str, str]:
    """Return for each column that is named in another sheet the range of its names."""
    by_name = {page.name: page for page in pages}
    ranges = {}
    for column, (sheet, key) in NAMED_IN.items():
        page = by_name[sheet]
        letter = letters(list(page.columns).index(key))
        ranges[column] = f"={sheet}!${letter}$2:${letter}${_last_row(page)}"
    return ranges


def _last_row(page: _Page) -> int:
    return 1 + len(page.rows) + ROWS_TO_FILL


class _Styles:
    """The formats of the workbook, each made once."""

    def __init__(self, book: xlsxwriter.Workbook):
        self._book = book
        self._made: dict[tuple, Format] = {}
        self.title = book.add_format({"bold": True, "font_size": 15, "font_color": HEAD_COLOUR})
        self.heading = book.add_format({"bold": True, "font_size": 12, "font_color": HEAD_COLOUR})
        self.line = book.add_format({"num_format": "@", "valign": "top"})
        self.wrapped = book.add_format({"num_format": "@", "valign": "top", "text_wrap": True})
        self.link = book.add_format({"font_color": LINK_COLOUR, "underline": 1, "valign": "top"})
        header = {"bold": True, "valign": "top", "text_wrap": True, "indent": 1, "border": 1, "border_color": RULE_COLOUR}  # fmt: skip
        self.header = {
            True: book.add_format({**header, "bg_color": HEAD_COLOUR, "font_color": WHITE}),
            False: book.add_format(
                {**header, "bg_color": COMPUTED, "font_color": TEXT_COLOUR, "italic": True}
            ),
        }

    def cell(self, kind: str, is_mandatory: bool, is_input: bool = True, quoted: bool = False):
        """Return the format of a cell; ``quoted`` keeps a text a text when it is edited."""
        key = (kind, is_mandatory, is_input, quoted)
        if key not in self._made:
            look = {
                "num_format": INPUT_FORMATS[kind],
                "valign": "top",
                "border": 1,
                "border_color": RULE_COLOUR,
                "text_wrap": kind == "text",
                "align": "left" if kind in ("text", "date") else "right",
                "indent": int(kind in ("text", "date")),
                "bg_color": (INPUT_COLOUR if is_mandatory else WHITE) if is_input else COMPUTED,
                "locked": not is_input,
                "quote_prefix": quoted,
            }
            self._made[key] = self._book.add_format(look)
        return self._made[key]


def _kind(column: Column) -> str:
    """Return how the cells of a column are shown."""
    if column.kinds == {dt.date}:
        return "date"
    if column.is_money:
        return "money"
    if column.is_fraction:
        return "fraction"
    if column.kinds == {int}:
        return "whole"
    if column.is_number or column == SHEETS[CHANGES]["value"]:
        return "number"
    return "text"


def _write_read_me(page: Worksheet, styles: _Styles, pages: list[_Page]) -> str:
    """Write the guide, and return the range of the names of the parameters."""
    page.write_string(0, 0, "Inputs of a business case for a shared ICT service", styles.title)
    row = 2
    for paragraph in GUIDE.strip().split("\n\n"):
        for line in textwrap.wrap(" ".join(paragraph.split()), LINE_OF_TEXT):
            page.write_string(row, 0, line, styles.line)
            row += 1
        row += 1
    row = _write_list(
        page,
        styles,
        row,
        "The sheets",
        ("sheet", "what it holds", "rows filled"),
        [(f"internal:'{each.name}'!A1", each.about, str(_filled(each))) for each in pages],
    )
    first = row + 3
    names = list(Parameters.model_fields)
    row = _write_list(
        page,
        styles,
        row + 1,
        "What a scenario may change",
        ("parameter", "what it is", "unit", "allowed"),
        [_parameter_line(name) for name in names],
    )
    for column, width in enumerate(READ_ME_WIDTHS):
        page.set_column(column, column, width)
    page.hide_gridlines(2)
    page.set_landscape()
    page.set_paper(9)
    page.fit_to_pages(1, 0)
    return f"='{READ_ME}'!$A${first}:$A${first + len(names) - 1}"


def _filled(page: _Page) -> int:
    """Return how many rows are filled: of the keys of a case those that have a value."""
    return (
        sum(1 for row in page.rows if row[1] not in (None, ""))
        if page.name == CASE
        else len(page.rows)
    )


def _write_list(
    page: Worksheet, styles: _Styles, row: int, heading: str, header: tuple, lines: list[tuple]
) -> int:
    """Write a table of the guide below its heading, and return the row after it."""
    page.write_string(row, 0, heading, styles.heading)
    for column, name in enumerate(header):
        page.write_string(row + 1, column, name, styles.header[True])
    for number, line in enumerate(lines, row + 2):
        page.set_row(number, _height(line[1:], READ_ME_WIDTHS[1 : len(line)]))
        for column, text in enumerate(line):
            if text.startswith("internal:"):
                page.write_url(number, column, text, styles.link, text.split("'")[1])
            else:
                page.write_string(number, column, text, styles.wrapped)
    return row + 2 + len(lines)


def _parameter_line(name: str) -> tuple[str, str, str, str]:
    column, names = parameter_column(name)
    entries = ["", "; with a name", "; with a name and a second name"][names]
    return name, f"{column.meaning}{entries}", unit_of(name), _allowed(column)


def _allowed(column: Column) -> str:
    """Say in words what a column takes."""
    if column.choices:
        return " or ".join(choice for choice in column.choices if choice)
    if bool in column.kinds:
        return PLAIN[bool][1]
    if column.is_year:
        return "a financial year such as 2026"
    if column.is_letter:
        return "one lower-case letter"
    bounds = {"at least": column.low, "at most": column.high}
    words = " and ".join(
        f"{word} {bound:,.15g}" for word, bound in bounds.items() if bound is not None
    )
    if column.is_fraction:
        return "a fraction such as 0.35, or 35%" + (f", {words}" if words else "")
    kinds = " or ".join(name for kind, (_, name) in PLAIN.items() if kind in column.kinds)
    return ", ".join(part for part in (kinds or "text", words) if part)


def _is_mandatory(column: Column) -> bool:
    return column.is_required and not column.may_be_blank


def _write_page(page: Worksheet, styles: _Styles, given: _Page, ranges: dict[str, str]) -> None:
    last = _last_row(given) - 1
    widths = []
    for at, (name, column) in enumerate(given.columns.items()):
        mandatory, kind = _is_mandatory(column), _kind(column)
        label = name + (MANDATORY_MARK if mandatory else "")
        is_input = given.name != CASE or name == "value"
        page.write_string(0, at, label, styles.header[mandatory])
        _write_note(page, at, column, mandatory, given.examples.get(name, ""))
        widths.append(_width(label, kind, [row[at] for row in given.rows]))
        page.set_column(at, at, widths[-1], styles.cell(kind, mandatory, is_input))
        own_name = (given.name, name) == NAMED_IN.get(name)
        if given.name != CASE and not own_name:
            _validate(page, (1, at, last, at), column, ranges.get(name))
    for number, row in enumerate(given.rows, 1):
        page.set_row(number, _height(row, widths))
        for at, (column, value) in enumerate(zip(given.columns.values(), row, strict=True)):
            if given.name == CASE and column.name == "value":
                column = _key_column(row[0])
                _validate(page, (number, at, number, at), column, None)
            is_input = given.name != CASE or at == 1
            _write_value(page, styles, (number, at), value, column, is_input)
    page.freeze_panes(1, 1)
    page.set_landscape()
    page.set_paper(8)
    page.fit_to_pages(1, 0)
    page.repeat_rows(0)
    page.set_footer("&L&A&RPage &P of &N")
    text_columns = f"A2:{letters(len(given.columns) - 1)}{last + 1}"
    page.ignore_errors({"number_stored_as_text": text_columns})
    if _is_needed(given.name):
        page.set_tab_color(HEAD_COLOUR)


def _is_needed(name: str) -> bool:
    return name in (CASE, SOURCES, SCENARIOS, "partners")


def _key_column(key: str) -> Column:
    field = CaseFile.model_fields.get(key)
    return column_of(key, field) if field and key in CASE_KEYS else Column(key, may_be_blank=True)


def _write_note(page: Worksheet, at: int, column: Column, mandatory: bool, example: str) -> None:
    lines = [
        f"{column.name}: {column.meaning}",
        f"Allowed: {_allowed(column)}",
        "Must be filled." if mandatory else "May be blank.",
    ]
    if example:
        lines.append(f"For example: {example}")
    height = 20 * (1 + sum(len(textwrap.wrap(line, 42)) for line in lines))
    page.write_comment(
        0,
        at,
        "\n".join(lines),
        {"width": 300, "height": height, "font_size": 10, "author": "", "color": WHITE},
    )


def _width(label: str, kind: str, values: list) -> float:
    header = len(label) + 4
    if kind in KIND_WIDTHS:
        return max(header, KIND_WIDTHS[kind])
    longest = max((len(str(value)) for value in values), default=0)
    narrowest, widest = TEXT_WIDTHS
    return max(header, narrowest, min(widest, longest + 2))


def _height(values: Sequence, widths: Sequence[float]) -> float:
    lines = max(map(wrapped_lines, map(str, values), widths))
    return min(TALLEST, LINE_HEIGHT * lines)


def _validate(page: Worksheet, box: tuple, column: Column, names: str | None) -> None:
    """Let a program refuse, or question, what can't be read back."""
    rule = _rule(column, names)
    if rule is None:
        return
    message = f"{column.name}: {_allowed(column)}"
    if names and column.name in NAMED_IN:
        sheet = NAMED_IN[column.name][0]
        message = f"The sheet {sheet} has no such name. Leave it only if it is right"
        message += f", as '{SHARED}' is for a pooled amount." if column.name == "partner" else "."
    message = message if len(message) <= LONGEST_MESSAGE else message[: LONGEST_MESSAGE - 1] + "…"
    page.data_validation(
        *box, {"ignore_blank": True, "error_title": "Please check", "error_message": message} | rule
    )


def _rule(column: Column, names: str | None) -> dict | None:
    if names:
        return {"validate": "list", "source": names, "error_type": "warning"}
    if column.choices and len(",".join(column.choices)) <= LONGEST_LIST:
        return {"validate": "list", "source": [choice for choice in column.choices if choice]}
    if bool in column.kinds:
        return {"validate": "list", "source": ["true", "false"], "error_type": "warning"}
    if column.kinds == {dt.date}:
        of_month = (
            {"error_type": "warning"} if column.may_be_month else {}
        )  # 2026-04 is no date to a workbook
        return {
            "validate": "date", "criteria": "between", "minimum": EARLIEST, "maximum": LATEST, **of_month,
        }  # fmt: skip
    if column.is_number and dt.date not in column.kinds:
        bounds = {"minimum": column.low, "maximum": column.high}
        bounds = {name: bound for name, bound in bounds.items() if bound is not None}
        kind = "integer" if column.kinds == {int} else "decimal"
        if len(bounds) == 2:
            return {"validate": kind, "criteria": "between"} | bounds
        if "minimum" in bounds:
            return {"validate": kind, "criteria": ">=", "value": bounds["minimum"]}
        return {"validate": kind, "criteria": "between", "minimum": -(10**12), "maximum": 10**12}
    return None


def _write_value(
    page: Worksheet, styles: _Styles, spot: tuple[int, int], value, column: Column, is_input: bool
) -> None:
    kind, mandatory = _kind(column), _is_mandatory(column)
    style = styles.cell(kind, mandatory, is_input)
    number = _as_number(value, column)
    if value is None or value == "":
        page.write_blank(*spot, None, style)
    elif number is not None:
        page.write_number(*spot, number, style)
    elif (date := _as_date(value, column)) is not None:
        style = styles.cell("date", mandatory, is_input)
        page.write_datetime(*spot, dt.datetime.combine(date, dt.time()), style)
    else:
        text = str(value).lower() if isinstance(value, bool) else str(value)
        quoted = text.startswith(LIKE_A_FORMULA)
        page.write_string(*spot, text, styles.cell("text", mandatory, is_input, quoted))


def _as_number(value, column: Column) -> float | None:
    """Return a value as a number, if it is one and a workbook gives it back as it is."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return float(value)
    is_plain = isinstance(value, str) and re.fullmatch(PLAIN[float][0], value)
    if column.is_number and is_plain and Decimal(plain_number(value)) == Decimal(value):
        return float(value)
    return None


def _as_date(value, column: Column) -> dt.date | None:
    if type(value) is dt.date:
        date = value
    elif dt.date in column.kinds and isinstance(value, str):
        try:
            date = dt.date.fromisoformat(value)
        except ValueError:
            return None
    else:
        return None
    return date if date >= EARLIEST.replace(year=1901) else None
