"""A council's own case: begun from worked rows, handed to finance as a workbook, and read back."""

import csv
import datetime as dt
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import unified_diff
from pathlib import Path

from pydantic import ValidationError
from xlsxwriter.exceptions import FileCreateError

from businesscase.calculations.wording import listed
from businesscase.cases.case import changing, checked_case, load_case, unknown_case
from businesscase.cases.errors import Fault, InputError, shown, unknown_name
from businesscase.cases.folder import (
    changed_files,
    read_folder,
    replace_files,
    replace_parts,
    write_folder,
    writing,
)
from businesscase.cases.names import refuse_unless_printable, unsafe_name
from businesscase.cases.project import case_folder, data_folder, known_case_names
from businesscase.cases.raw import CASE, RawCase
from businesscase.cases.schema import TABLES, CaseFile, Partner
from businesscase.cases.upgrading import VERSION, upgraded, version_of
from businesscase_workbench.spreadsheet import template
from businesscase_workbench.spreadsheet.case_sheets import SOURCES
from businesscase_workbench.starter import example_rows, starter_case

SECTIONS = {
    # what `add` knows by name, and the tables that it begins
    "drivers": ["drivers"],
    "options": ["options", "factors", "scores", "success_factors"],
    "risks": ["risks", "risk_levels", "risk_bands", "risk_probabilities", "risk_costs"],
    "plan": ["tasks", "task_ranges", "work_packages", "events"],
    "readiness": ["readiness_areas", "readiness", "red_lines"],
    "governance": ["governance", "objectives"],
    "decision": ["conditions", "resolutions", "implications"],
    "cash": ["headroom"],
    "estate": ["applications", "skills", "assets", "service_measures", "surveys", "benchmarks"],
    "assurance": ["assumptions", "decisions", "data_log"],
}
# which tables' names a worked row uses: by column, the table and its column; blank where it may be
NAMES = {
    "risk": ("risks", "risk"),
    "factor": ("factors", "factor"),
    "task": ("tasks", "task"),
    "replaced_by": ("tasks", "task"),
    "starts_with": ("tasks", "task"),
    "cost_line": ("flows", "line"),
    "stated_in": ("flows", "line"),
    "known_from": ("events", "date"),
}
NEEDED = {
    "options": ["comparator"],
    "plan": ["plan_start"],
    "tasks": ["plan_start"],
}  # keys of case.toml
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
    """Write the folder of a new case with worked rows, and return it.

    Parameters
    ----------
    name : str
        The case.
    partners : collection of str
        The authorities, the lead first.
    today : date
        Date to which the figures refer.
    small : bool
        Whether it has only the tables without which there is no decision; ``add_worked_rows`` adds
        others.

    Raises
    ------
    InputError
        If the name can't name a folder or is taken; nothing is written then.
    """
    with begun(name) as folder:
        raw = starter_case(title_of(name), partners, today, small)
        write_folder(raw, folder, example_rows(partners, today), only_filled=small)
    return folder


@dataclass(frozen=True)
class Added:
    """What was added to a case.

    Attributes
    ----------
    folder : Path
        The case's folder.
    rows : dict of int
        How many worked rows each table has now.
    criteria : list of str
        The criteria of the decision that came with them.
    before : Path
        Where the case is kept as it was.
    """

    folder: Path
    rows: dict[str, int]
    criteria: list[str]
    before: Path


def add_worked_rows(what: str, name: str) -> Added:
    """Add the worked rows of a section, or of one table, to a case that has none of them yet.

    Parameters
    ----------
    what : str
        A section of ``SECTIONS``, or a table.
    name : str
        The case.

    Raises
    ------
    InputError
        If there is no such section or case, its tables have rows already, or no worked row fits the
        case; nothing is written then.
    """
    stems = SECTIONS.get(what) or ([what] if what in TABLES else [])
    if not stems:
        raise InputError(unknown_name("section", what, [*SECTIONS, *TABLES]))
    with changing(name) as folder:
        raw = read_case(name)
        if filled := [stem for stem in stems if raw.tables.get(stem)]:
            raise InputError(f"{name}: {listed(filled)} has rows already; nothing is added to them")
        file = load_case(name).file
        partners = [row["partner"] for row in raw.tables["partners"]]
        worked = starter_case(
            file.title, partners, file.data_date, decided=(file.decision_date, file.decision_year)
        )
        tables = raw.tables | {stem: worked.tables[stem] for stem in stems}
        tables |= {stem: list(_fitting(stem, tables, file)) for stem in stems}
        if what in TABLES and worked.tables[what] and not tables[what]:
            raise InputError(
                f"{name}: no worked row of {what} fits, as they name what the case doesn't have; write "
                f"rows of your own in {what}.csv"
            )
        known = {row["criterion"] for row in raw.tables["gates"]}
        criteria = [
            row
            for row in worked.tables["gates"]
            if row["section"] == what and row["criterion"] not in known
        ]
        tables["gates"] = [*raw.tables["gates"], *criteria]
        needed = {key: worked.file[key] for key in NEEDED.get(what, []) if key not in raw.file}
        sources = {SOURCES: raw.file.get(SOURCES, {}) | worked.file[SOURCES]}
        after = RawCase(raw.file | needed | sources, raw.scenarios, tables)
        try:
            checked_case(name, after)
        except InputError as error:
            said = f"{name}: the worked rows of {what} don't fit this case, so write your own; nothing is added"
            raise InputError([said, *error.faults]) from None
        parts = [CASE, *stems, *["gates"] * bool(criteria)]
        before = replace_parts(after, folder, parts)
    rows = {stem: len(tables[stem]) for stem in stems}
    return Added(folder, rows, [row["criterion"] for row in criteria], before)


def _fitting(
    stem: str, tables: Mapping[str, list[dict[str, str]]], file: CaseFile
) -> Iterator[dict[str, str]]:
    """Yield the worked rows of what a case has, within its years; a name that may be blank is left blank."""
    fields = TABLES[stem].model_fields
    known = {
        column: {row[key] for row in tables[other]}
        for column, (other, key) in NAMES.items()
        if column in fields and other != stem
    }
    if tables["options"] and "option" in fields:
        known["option"] = {row["option"] for row in tables["options"]}
    criteria = {row["criterion"] for row in tables["gates"]}
    durations = {row["task"]: row["duration_days"] for row in tables["tasks"]}
    for row in tables[stem]:
        unknown = [
            column for column, names in known.items() if row[column] and row[column] not in names
        ]
        if any(fields[column].is_required() for column in unknown):
            continue
        if "replaced_by" in unknown:  # an option without its task is refused
            unknown.append("option")
        if row.get("optimistic_days") and not _holds(row, durations):
            continue
        if row.get("first_year") and int(row["first_year"]) > file.last_year:
            continue
        if row.get("if_missed") and row["criterion"] not in criteria:
            continue
        if row.get("if_wrong") and (not tables.get(row["table"]) or row["item"]):
            continue
        if row.get("sunset") and not tables.get(row["table"]):
            continue
        last = row.get("last_year")
        within = {"last_year": str(min(int(last), file.last_year))} if last else {}
        yield row | within | dict.fromkeys(unknown, "")


def _holds(row: dict[str, str], durations: Mapping[str, str]) -> bool:
    """Return whether the range of a task holds its duration."""
    days = (row["optimistic_days"], durations[row["task"]], row["pessimistic_days"])
    shortest, planned, longest = map(float, days)
    return shortest <= planned <= longest


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
    if name not in known_case_names():
        raise InputError(unknown_case(name))
    raw = read_folder(case_folder(name))
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
