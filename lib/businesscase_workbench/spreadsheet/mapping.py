"""A mapping: how the sheets of a council's own workbook are read into the tables of a case.

It is a file of TOML that a person can read and change, so that the next version of the workbook is
read in the same way. ``draft`` drafts it, ``mapped`` follows it.
"""

import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from businesscase.cases.errors import Fault, InputError, nearest_names, shown, unknown_name
from businesscase.cases.schema import TABLES

Texts = list[str]
Constant = str | bool | int | float
YEARS = "years"  # in place of a list of headings: all that name a financial year
AS_GIVEN, TURNED = "as given", "turned"
BY_FLOW, COSTS_BELOW = "by flow", "costs below nil"  # in one block savings below nil, or costs
MONEY_IN = ("saving", "grant", "receipt", "residual_value")  # written below nil beside costs
PLACE = re.compile(r"\{(\w*)\}")


class Part(BaseModel):
    """A part of a mapping: what it doesn't know is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class Across(Part):
    """Headings that are values themselves: a column a year, a criterion, a council."""

    headings: Literal["years"] | Annotated[Texts, Field(min_length=1)] = YEARS
    column: str | Texts = Field(
        "", description="column of the table, or columns, that a heading is a value of"
    )
    value: str = Field(description="column of the table that the cells below are values of")
    spans: Literal["each", ""] = Field(
        "", description="each: the amount under a run of years is that of each of them"
    )

    def names(self) -> list[str]:
        """Return the columns that a heading is a value of."""
        return [self.column] * bool(self.column) if isinstance(self.column, str) else self.column


class Reading(Part):
    """How a block of a sheet is read into a table.

    Attributes
    ----------
    columns : dict
        By heading, the column of the table that it is, several, or a form such as
        ``{option}. {name}`` whose places are columns; ``{}`` is what is left out.
    """

    sheet: str
    table: str
    block: str = Field("", description="line above the rows; blank: those under the headings")
    title: str = Field(
        "", description="column that the line above each block is a value of; all are read"
    )
    columns: dict[str, str | Texts]
    heading_rows: Annotated[int, Field(ge=1, le=3)] = Field(
        1, description="rows that the headings stand in, one below the other"
    )
    across: Across | None = None
    constants: dict[str, Constant] = Field(default_factory=dict)
    words: dict[str, dict[str, str]] = Field(
        default_factory=dict, description="by column, what a word of the workbook stands for"
    )
    scale: Literal[1, 1_000, 1_000_000] = 1
    sign: Literal["as given", "turned", "by flow", "costs below nil"] = AS_GIVEN
    fill_down: Texts = Field(
        default_factory=list, description="headings whose text is written once for the rows below"
    )
    only: dict[str, Texts] = Field(
        default_factory=dict, description="by heading, the texts of rows read"
    )
    leave_out: dict[str, Texts] = Field(
        default_factory=dict, description="by heading, the texts of rows that are left out"
    )
    ignore: Texts = Field(default_factory=list, description="headings that are not read")
    control: str = Field("", description="heading of the column that adds up the years of a row")
    totals: Literal["leave out", "keep", ""] = ""
    alike: Literal["add up", ""] = Field(
        "", description="add up: rows that differ in their amount alone, as in a ledger, become one"
    )

    def forms(self) -> dict[str, list[str]]:
        """Return by heading the columns or forms that it is read as."""
        return {
            heading: [form] if isinstance(form, str) else form
            for heading, form in self.columns.items()
        }

    def targets(self) -> set[str]:
        """Return the columns of the table that it fills."""
        named = {name for forms in self.forms().values() for form in forms for name in names(form)}
        across = {*self.across.names(), self.across.value} if self.across else set()
        return (named | across | set(self.constants) | {self.title}) - {""}


class WorkbookMapping(Part):
    """How a workbook is read into a case.

    Attributes
    ----------
    case : dict
        Keys of case.toml of a case that the import begins.
    read : list of Reading
        What is read, in order; several into one table add up.
    add : dict of list
        By table, rows that the workbook doesn't have.
    leave_out : list of str
        Sheets that are not read.
    """

    case: dict[str, object] = Field(default_factory=dict)
    base: dict[str, object] = Field(
        default_factory=dict, description="parameters of the base scenario"
    )
    read: list[Reading] = Field(default_factory=list)
    add: dict[str, list[dict[str, object]]] = Field(default_factory=dict)
    leave_out: Texts = Field(default_factory=list)


def names(form: str) -> list[str]:
    """Return the columns that a form fills.

    Examples
    --------
    >>> names("partner"), names("{option}. {name}"), names("{} - {likelihood}")
    (['partner'], ['option', 'name'], ['likelihood'])
    """
    return [name for name in PLACE.findall(form) if name] if "{" in form else [form]


def fitted(form: str, text: str) -> dict[str, str] | None:
    """Return the parts of a text by column, or None if it doesn't have the form.

    Examples
    --------
    >>> fitted("{option}. {name}", "C. Shared service, one host")
    {'option': 'C', 'name': 'Shared service, one host'}
    >>> fitted("R{risk}", "1") is None
    True
    """
    if "{" not in form:
        return {form: text}
    pattern, at = "", 0
    for place in PLACE.finditer(form):
        group = f"(?P<{place[1]}>.+?)" if place[1] else ".*?"
        pattern += re.escape(form[at : place.start()]) + group
        at = place.end()
    found = re.fullmatch(pattern + re.escape(form[at:]), text, re.DOTALL)
    return found and {name: part.strip() for name, part in found.groupdict().items()}


def read_mapping(path: Path) -> WorkbookMapping:
    """Read a mapping and hold it against the tables of a case.

    Raises
    ------
    InputError
        With a sentence for every fault, with the place in the file.
    """
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise InputError(f"{path.name}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path.name}: is no TOML: {error}") from None
    try:
        mapping = WorkbookMapping.model_validate(given)
    except ValidationError as error:
        raise InputError([_fault(path.name, one, given) for one in error.errors()]) from None
    if faults := list(_faults(path.name, mapping)):
        raise InputError(faults)
    return mapping


def _fault(file: str, error: Mapping, given: Mapping) -> Fault:
    """Return what pydantic says of a mapping as a sentence."""
    *at, last = [
        part for part in error["loc"] if not str(part).startswith(("literal", "list[", "function"))
    ]
    where = _where(file, at, given)
    if error["type"] == "extra_forbidden":
        model = Across if "across" in at else Reading if "read" in at else WorkbookMapping
        return Fault(f"{where}: {unknown_name('key', str(last), list(model.model_fields))}")
    if error["type"] == "missing":
        return Fault(f"{where}: {last} is missing")
    said = error["msg"].removeprefix("Value error, ")
    return Fault(
        f"{where}, {last}: found {shown(str(error['input']))}; {said[:1].lower()}{said[1:]}"
    )


def _where(file: str, at: list, given: Mapping) -> str:
    """Return where in a mapping something stands: the number of a reading, and its sheet."""
    if at[:1] != ["read"] or len(at) < 2:
        return ", ".join([file, *map(str, at)])
    found = given["read"][at[1]]
    sheet = (
        f" (sheet {shown(found['sheet'])})" if isinstance(found, dict) and "sheet" in found else ""
    )
    return ", ".join([f"{file}, read {at[1] + 1}{sheet}", *map(str, at[2:])])


def _faults(file: str, mapping: WorkbookMapping) -> Iterator[Fault]:
    """Yield what in a mapping names no table or column."""
    for number, reading in enumerate(mapping.read, 1):
        where = f"{file}, read {number} (sheet {shown(reading.sheet)})"
        yield from _table_faults(where, reading.table, reading.targets() | set(reading.words))
        if reading.block and reading.title:
            yield Fault(f"{where}: block names one block and title reads all; give one of them")
        if reading.across and not reading.across.column and reading.across.headings != YEARS:
            yield Fault(f"{where}, across: column is missing; it says what the headings are")
        known = {*reading.columns, reading.control, *reading.ignore}
        for key in ("only", "leave_out", "fill_down"):
            for heading in getattr(reading, key):
                if heading not in known:
                    hint = ", ".join(nearest_names(heading, known) or reading.columns)
                    yield Fault(
                        f"{where}, {key}: found {shown(heading)}, which is no heading under columns: {hint}"
                    )
        if reading.sign in (BY_FLOW, COSTS_BELOW) and "flow" not in reading.targets():
            yield Fault(f"{where}: sign is {reading.sign!r}, but no column is read as flow")
        money = [name for name in reading.targets() if name.endswith("_gbp")]
        if reading.alike and len(money) != 1:
            yield Fault(f"{where}: alike adds up one column of pounds, and {len(money)} are read")
    for table, rows in mapping.add.items():
        for number, row in enumerate(rows, 1):
            yield from _table_faults(f"{file}, add.{table} {number}", table, set(row))


def _table_faults(where: str, table: str, columns: set[str]) -> Iterator[Fault]:
    if table not in TABLES:
        fault = unknown_name("table", table, TABLES)
        yield Fault(f"{where}: {fault}", **fault.details)
        return
    for column in sorted(columns - set(TABLES[table].model_fields)):
        fault = unknown_name("column", column, TABLES[table].model_fields)
        yield Fault(f"{where}: {fault}", **fault.details)
