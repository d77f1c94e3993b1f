"""A council's own case: begun from worked rows, handed to finance as a workbook, and read back."""

import csv
import datetime as dt
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from difflib import unified_diff
from pathlib import Path

from pydantic import ValidationError
from xlsxwriter.exceptions import FileCreateError

from businesscase.cases.case import (
    case_names,
    changing,
    checked_case,
    data_folder,
    load_case,
    unknown_case,
)
from businesscase.cases.errors import Fault, InputError, shown
from businesscase.cases.folder import (
    changed_files,
    read_folder,
    replace_files,
    replace_parts,
    write_folder,
    writing,
)
from businesscase.cases.names import refuse_unless_printable, unsafe_name
from businesscase.cases.raw import CASE, SCENARIOS, Place, RawCase
from businesscase.cases.schema import Partner
from businesscase.cases.upgrading import VERSION, upgraded, version_of
from businesscase_workbench.spreadsheet import importing, template
from businesscase_workbench.spreadsheet.case_sheets import SOURCES
from businesscase_workbench.starter import example_rows, starter_case

PARTNERS = ("Council A", "Council B", "Council C")  # where none are named


@dataclass(frozen=True)
class Import:
    """What an import did.

    Attributes
    ----------
    folder : Path
        The case's folder.
    conversions : list of str
        Each conversion as a sentence.
    rows : dict of int
        How many rows each table has now.
    former : dict of int
        How many rows each of these tables had before; empty for a new case.
    before : Path or None
        Where the case is kept as it was; None for a new one.
    """

    folder: Path
    conversions: list[str]
    rows: dict[str, int]
    former: dict[str, int]
    before: Path | None


def partner_names(text: str | None) -> list[str]:
    """Return the names of a list separated by commas, three stand-ins if there is no list.

    A name with a comma stands in quotation marks.

    Raises
    ------
    InputError
        With a sentence for each name that is blank, twice there, too long or kept for something else.

    Examples
    --------
    >>> partner_names('Northmere, "Eastholt, East"')
    ['Northmere', 'Eastholt, East']
    """
    if text is None:
        return list(PARTNERS)
    try:
        names = [
            name.strip()
            for name in next(csv.reader([text], skipinitialspace=True, strict=True), [])
        ]
    except csv.Error as error:
        raise InputError(f"--partners {shown(text)}: not a list of names, {error}") from None
    if faults := list(_partner_faults(names)):
        raise InputError(faults)
    return names


def _partner_faults(names: list[str]) -> Iterator[Fault]:
    if not names:
        yield Fault("--partners is blank; name at least one authority")
    seen = {}
    for name in names:
        if name.casefold() in seen:
            yield Fault(f"--partners: {shown(name)} stands there twice; once is allowed")
        seen[name.casefold()] = name
        if ";" in name:
            yield Fault(
                f"--partners: found {shown(name)}; names are separated by commas, and one with a comma of "
                "its own stands in quotation marks",
                found=name,
            )
        try:
            Partner(partner=name, role="lead", status="published", source="x", paragraph="")
        except ValidationError as error:
            said = error.errors()[0]["msg"].removeprefix("Value error, ")
            said = said.replace("String should have", "a name has")
            yield Fault(f"--partners: found {shown(name)}; {said}", found=name)


def new_case(name: str, partners: Collection[str], today: dt.date) -> Path:
    """Write the folder of a new case with worked rows in every table, and return it.

    Raises
    ------
    InputError
        If the name can't name a folder or is taken; nothing is written then.
    """
    with _begun(name) as folder:
        raw = starter_case(_title(name), partners, today)
        write_folder(raw, folder, example_rows(partners, today))
    return folder


def write_template(path: Path, case: str | None, partners: Collection[str], today: dt.date) -> None:
    """Write the inputs of a case, or worked rows for partners, as a workbook to be filled in.

    Raises
    ------
    InputError
        If the file exists or is no .xlsx, or the case is unknown or can't be read.
    """
    refuse_unless_printable(str(path))
    if path.suffix.lower() != ".xlsx":
        raise InputError(f"{path.name}: found {shown(path.suffix)}; a template ends with .xlsx")
    if path.exists():
        raise InputError(f"{path.name} exists; nothing is written over it")
    raw = _read(case) if case else starter_case("Our own case", partners, today)
    named = [row["partner"] for row in raw.tables["partners"]]
    try:
        template.write(raw, path, example_rows(named or PARTNERS, today))
    except FileCreateError as error:  # XlsxWriter wraps what the system says
        raise InputError(f"{path}: {error.args[0].strerror or error}") from None


@dataclass(frozen=True)
class CaseUpgrade:
    """What bringing a case forward did.

    Attributes
    ----------
    folder : Path
        The case's folder.
    version : int
        The version that its tables had.
    diff : list of str
        The lines that change, as a unified diff; none for a case of today's version.
    before : Path or None
        Where the case is kept as it was; None if nothing was written.
    """

    folder: Path
    version: int
    diff: list[str]
    before: Path | None


def upgrade_case(name: str, dry_run: bool = False) -> CaseUpgrade:
    """Bring a case of an earlier release forward, all at once; comments and order stay.

    Parameters
    ----------
    name : str
        The case.
    dry_run : bool
        Whether to tell the difference and to write nothing.

    Raises
    ------
    InputError
        If the case is unknown or, with a sentence for every fault, isn't in order even then; nothing
        is written.
    """
    with changing(name) as folder:
        raw = _read(name)
        version = version_of(raw)
        after = upgraded(raw).raw
        checked_case(name, after)
        if version == VERSION:
            return CaseUpgrade(folder, version, [], None)
        files = changed_files(folder, raw, after)
        diff = [line for file, texts in files.items() for line in _diff(f"{name}/{file}", *texts)]
        before = None
        if not dry_run:
            before = replace_files(folder, {file: text for file, (_, text) in files.items()})
        return CaseUpgrade(folder, version, diff, before)


def _diff(file: str, before: str, after: str) -> Iterator[str]:
    lines = (text.splitlines(keepends=True) for text in (before, after))
    return unified_diff(*lines, f"{file} as it was", file)


def import_case(
    source: Path, name: str, leave_out: Collection[str], update: bool, keep: Collection[str] = ()
) -> Import:
    """Read a case from a workbook or from CSV files into a folder, whole or not at all.

    Parameters
    ----------
    source : Path
        A workbook, a CSV file named as a table, or a folder of them.
    name : str
        The case.
    leave_out : collection of str
        What the user says to leave out: ``totals``, ``hidden``, ``struck-out``, a sheet, or
        ``sheet.column``.
    update : bool
        Whether the case exists already and its tables that are in the source are replaced.
    keep : collection of str
        What the user says to keep: ``totals``, ``hidden`` or ``struck-out``.

    Raises
    ------
    InputError
        With a sentence for every fault, with sheet and cell; nothing is written then.
    """
    with changing(name) if update else _begun(name) as folder:
        former = _read(name) if update else None
        documents = former.file.get(SOURCES, {}) if former else {}
        imported = importing.read(source, leave_out, documents, keep)
        raw = imported.raw if former is None else _updated(former, imported.raw)
        if former is None:
            missing = _missing_parts(raw, source, name)
            raw, said = upgraded(replace(raw, faults=[*raw.faults, *missing]))
        elif not (parts := _given(imported.raw)) and not raw.faults:
            raise InputError(f"{source.name}: nothing of a case is left in it to import")
        checked_case(name, raw)
        rows = {stem: len(table) for stem, table in imported.raw.tables.items()}
        had, before = {}, None
        if former is None:
            write_folder(raw, folder)
        else:
            had = {stem: len(former.tables[stem]) for stem in rows}
            said = _links(folder, parts)
            before = replace_parts(raw, folder, parts)
    return Import(folder, [*imported.conversions, *said], rows, had, before)


@contextmanager
def _begun(name: str) -> Iterator[Path]:
    """Give the folder of a case that isn't there yet, to nobody else until it is left."""
    if fault := unsafe_name("case", name):
        raise InputError(fault)
    folder = data_folder()
    with writing(folder / name):
        for path in folder.iterdir():
            if path.name.casefold() == name.casefold():
                raise InputError(f"{folder.name}/{path.name} exists; nothing is written over it")
        yield folder / name
    load_case.cache_clear()


def _links(folder: Path, parts: Collection[str]) -> list[str]:
    """Return a sentence for each link in whose place an update puts a file or folder of the case."""
    files = [folder / f"{part}.{'toml' if part in (CASE, SCENARIOS) else 'csv'}" for part in parts]
    return [
        f"{path.name}: was a link to {shown(str(path.readlink()))}, which stays as it is; the case now has its own"
        for path in [folder, *files]
        if path.is_symlink()
    ]


def _read(name: str) -> RawCase:
    """Return a case that exists as text."""
    if name not in case_names():
        raise InputError(unknown_case(name))
    raw = read_folder(data_folder() / name)
    if raw.faults:
        raise InputError(raw.faults)
    return raw


def _title(name: str) -> str:
    """Return the name of a folder as a title.

    Examples
    --------
    >>> _title("valley-ict")
    'Valley ICT'
    """
    words = ["ICT" if word.lower() == "ict" else word for word in name.replace("_", "-").split("-")]
    title = " ".join(filter(None, words))
    return title[:1].upper() + title[1:]


def _missing_parts(raw: RawCase, source: Path, name: str) -> Iterator[Fault]:
    """Yield a sentence for what a case can't be begun without."""
    for part, given, says in (
        (CASE, raw.file, "what the case asks, and of whom"),
        (SCENARIOS, raw.scenarios, "the base scenario and its differences"),
    ):
        if given is not None and not set(given) - {SOURCES}:
            yield Fault(
                f"{source.name}: sheet {part!r} is missing; it says {says}. If the case exists, --update "
                f"takes the tables into it; `businesscase new {name}` begins one",
                file=source.name,
                sheet=part,
            )


def _given(raw: RawCase) -> list[str]:
    """Return the parts of a case that a source holds."""
    parts = [CASE] if raw.file else []
    return [*parts, *([SCENARIOS] if raw.scenarios else []), *raw.tables]


def _updated(former: RawCase, given: RawCase) -> RawCase:
    """Return a case with the parts that are given in place of its own; documents are added."""
    own = {key: value for key, value in (given.file or {}).items() if key != "version"}
    file = former.file | own  # the version is that of the tables that stay
    documents = former.file.get(SOURCES, {}) | (given.file or {}).get(SOURCES, {})
    parts = _given(given)

    def place(part: str, item=None, column=None) -> Place:
        return (given if part in parts else former).place(part, item, column)

    return RawCase(
        file | {SOURCES: documents},
        given.scenarios or former.scenarios,
        former.tables | given.tables,
        place,
        given.faults,
    )
