"""A council's own case: begun from worked rows, handed to finance as a workbook, and read back."""

import csv
import datetime as dt
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
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
    write_folder,
    writing,
)
from businesscase.cases.names import refuse_unless_printable, unsafe_name
from businesscase.cases.raw import RawCase
from businesscase.cases.schema import Partner
from businesscase.cases.upgrading import VERSION, upgraded, version_of
from businesscase_workbench.spreadsheet import template
from businesscase_workbench.starter import example_rows, starter_case

PARTNERS = ("Council A", "Council B", "Council C")  # where none are named


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


def new_case(name: str, partners: Collection[str], today: dt.date, small: bool = False) -> Path:
    """Write the folder of a new case with worked rows in every table, and return it.

    Raises
    ------
    InputError
        If the name can't name a folder or is taken; nothing is written then.
    """
    with begun(name) as folder:
        raw = starter_case(title_of(name), partners, today, small)
        write_folder(raw, folder, example_rows(partners, today), only_filled=small)
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
    raw = read_case(case) if case else starter_case("Our own case", partners, today)
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
        raw = read_case(name)
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


@contextmanager
def begun(name: str) -> Iterator[Path]:
    """Give the folder of a case that isn't there yet, to nobody else until it is left.

    Raises
    ------
    InputError
        If the name can't name a folder or is taken.
    """
    if fault := unsafe_name("case", name):
        raise InputError(fault)
    folder = data_folder()
    with writing(folder / name):
        for path in folder.iterdir():
            if path.name.casefold() == name.casefold():
                raise InputError(f"{folder.name}/{path.name} exists; nothing is written over it")
        yield folder / name
    load_case.cache_clear()


def read_case(name: str) -> RawCase:
    """Return a case that exists as text.

    Raises
    ------
    InputError
        If there is none of the name, or it can't be read.
    """
    if name not in case_names():
        raise InputError(unknown_case(name))
    raw = read_folder(data_folder() / name)
    if raw.faults:
        raise InputError(raw.faults)
    return raw


def title_of(name: str) -> str:
    """Return the name of a folder as a title.

    Examples
    --------
    >>> title_of("valley-ict")
    'Valley ICT'
    """
    words = ["ICT" if word.lower() == "ict" else word for word in name.replace("_", "-").split("-")]
    title = " ".join(filter(None, words))
    return title[:1].upper() + title[1:]
