"""Reading a case: its folder of CSV tables and TOML files, validated whole before anything is computed."""

import csv
import datetime as dt
import hashlib
import os
import re
import tomllib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import pandas as pd
from pydantic import BaseModel, ValidationError

from businesscase.errors import InputError, unknown_name
from businesscase.parameters import Parameters, Scenario
from businesscase.schema import (
    BASELINE_EVIDENCE,
    SHARED_TABLES,
    TABLES,
    CaseFile,
    Figure,
    Source,
    described,
    plain_types,
)
from businesscase.validation import has_recurring_flows, table_faults

BASE = "base"
COMPARISON = "comparison"  # the folder of the report that sets all scenarios side by side
FOLDER_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")  # a scenario's report has a folder
TABLES_WRITTEN = "The text below is written from the schema by `businesscase refresh`."


@dataclass(frozen=True)
class Case:
    """A case as read from its folder.

    Attributes
    ----------
    name : str
        Name of the folder.
    file : CaseFile
        What case.toml says.
    tables : dict of DataFrame
        Every table of the schema, empty where the case has none; also ``discount_rates``.
    scenarios : dict of Scenario
        By name, ``base`` first.
    input_hash : str
        First twelve digits of the SHA-256 of all input files, so that a report tells its inputs.
    studies : dict of Study
        By scenario, those made so far, so that each is computed once; a changed case has none.
    """

    name: str
    file: CaseFile
    tables: dict[str, pd.DataFrame]
    scenarios: dict[str, Scenario]
    input_hash: str
    studies: dict = field(init=False, default_factory=dict, compare=False, repr=False)

    def section_names(self) -> list[str]:
        """Return the sections for which the case has data, in the order of the report."""
        tables = self.tables
        has_data = {
            "baseline": any(len(tables[stem]) for stem in BASELINE_EVIDENCE),
            "options": len(tables["scores"]) > 0,
            "savings": has_recurring_flows(tables),
            "risks": len(tables["risks"]) > 0,
            "plan": len(tables["tasks"]) > 0,
            "readiness": any(
                len(tables[stem]) for stem in ("readiness", "red_lines", "lessons", "governance")
            ),
            "outturn": len(tables["actuals"]) > 0,
            "decision": len(tables["gates"]) > 0,
        }
        return [section for section, present in has_data.items() if present]


def project_folder() -> Path:
    """Return the project's folder: the nearest above the working folder, else the package's own."""
    here = Path.cwd()
    for folder in [here, *here.parents, Path(__file__).parents[2]]:
        if (folder / "data").is_dir() and (folder / "notebooks").is_dir():
            return folder
    raise InputError(f"no folder with data/ and notebooks/ at or above {here}")


def data_folder() -> Path:
    """Return the folder of the cases: ``BUSINESSCASE_DATA`` if set, else data/ of the project."""
    chosen = os.environ.get("BUSINESSCASE_DATA")
    return Path(chosen) if chosen else project_folder() / "data"


def case_names() -> list[str]:
    """Return the names of all cases, in order of name."""
    return sorted(path.parent.name for path in data_folder().glob("*/case.toml"))


@cache
def load_case(name: str) -> Case:
    """Read and validate a case.

    Raises
    ------
    InputError
        If the case is unknown, or with one sentence for every fault in its files.
    """
    if name not in case_names():
        raise InputError(unknown_name("case", name, case_names()))
    folder = data_folder() / name
    fingerprint = input_hash(folder)  # before they are read, so that a change meanwhile shows
    faults = _unknown_files(folder, [*TABLES, "case", "scenarios"])
    faults += _unknown_files(data_folder(), [*SHARED_TABLES, "sources"])
    sources = _sources(data_folder() / "sources.toml", faults)
    file = _case_file(folder / "case.toml", faults)
    tables, lines = {}, {}
    for stem, model in (TABLES | SHARED_TABLES).items():
        path = (folder if stem in TABLES else data_folder()) / f"{stem}.csv"
        rows = _rows(path, model, faults)
        lines[stem] = [line for line, _ in rows]
        tables[stem] = _frame([row for _, row in rows], model)
    scenarios = _scenarios(folder / "scenarios.toml", faults)
    if not faults:
        for place, index, sentence in table_faults(file, tables, scenarios, set(sources)):
            home = data_folder() if place.removesuffix(".csv") in SHARED_TABLES else folder
            if index is not None:
                place = f"{place}.csv line {lines[place][index]}"
            faults.append(f"{_shown(home)}/{place}: {sentence}")
    if faults:
        raise InputError(faults)
    return Case(name, file, tables, scenarios, fingerprint)


def _shown(path: Path) -> str:
    return path.relative_to(data_folder().parent).as_posix()


def _unknown_files(folder: Path, stems: list[str]) -> list[str]:
    """Return a sentence for each table that nothing would read, for instance risk.csv."""
    files = [f"{stem}.csv" if stem in TABLES | SHARED_TABLES else f"{stem}.toml" for stem in stems]
    return [
        f"{_shown(folder)}: {unknown_name('file', path.name, files)}"
        for path in sorted(folder.iterdir())
        if path.suffix.lower() in (".csv", ".toml") and path.name not in files
    ]


def input_hash(folder: Path) -> str:
    """Return the fingerprint of the input files of the case in a folder, those of all cases included."""
    digest = hashlib.sha256()
    inputs = [path for place in (folder.parent, folder) for path in sorted(place.glob("*.*"))]
    for path in (path for path in inputs if path.suffix in (".csv", ".toml")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:12]


def _rows(path: Path, model: type[Figure], faults: list[str]) -> list[tuple[int, Figure]]:
    """Return (line number, row) pairs; a fault is added for each cell that the schema refuses."""
    if not path.exists():
        return []
    where = _shown(path)
    try:
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, strict=True)
            header = reader.fieldnames or []
            wrong = [name for name in header if name not in model.model_fields]
            missing = [name for name in model.model_fields if name not in header]
            faults.extend(
                f"{where} line 1: {unknown_name('column', name, missing or model.model_fields)}"
                for name in wrong
            )
            twice = [name for name, count in Counter(header).items() if count > 1]
            faults.extend(f"{where} line 1: column {name!r} stands here twice" for name in twice)
            required = [name for name in missing if model.model_fields[name].is_required()]
            if required and not wrong:
                faults.append(f"{where} line 1: column {', '.join(required)} is missing")
            if wrong or twice or required:
                return []
            return [
                (line, row)
                for line, cells in _cells(reader, where, faults)
                if (row := _row(model, cells, f"{where} line {line}", faults))
            ]
    except UnicodeDecodeError as error:
        faults.append(f"{where}: byte {error.start} is not UTF-8; save the file as CSV UTF-8")
    except csv.Error as error:
        faults.append(f"{where}: not a CSV file, {error}")
    return []


def _cells(reader: csv.DictReader, where: str, faults: list[str]) -> Iterator[tuple[int, dict]]:
    for cells in reader:
        if None in cells or None in cells.values():
            given = len([value for value in cells.values() if isinstance(value, str)])
            given += len(cells.get(None, []))
            faults.append(
                f"{where} line {reader.line_num}: found {given} cells; the header has "
                f"{len(reader.fieldnames)}"
            )
            continue
        yield reader.line_num, cells


def _row(model: type[BaseModel], cells: dict, where: str, faults: list[str]):
    fields = model.model_fields
    given = {
        name: text for name, text in cells.items() if text.strip() or fields[name].is_required()
    }
    found, sentences = _validated(model, given, "column")
    faults.extend(where + sentence for sentence in sentences)
    return found


def _validated(
    model: type[BaseModel], given: dict, kind: str
) -> tuple[BaseModel | None, list[str]]:
    """Return a valid model, or sentences to follow the place: what was found, what is allowed."""
    try:
        return model.model_validate(given), []
    except ValidationError as error:
        return None, list(_sentences(error, model, kind))


def _sentences(error: ValidationError, model: type[BaseModel], kind: str) -> Iterator[str]:
    for found in error.errors():
        *parents, name = found["loc"] or [""]
        field = ".".join(str(part) for part in found["loc"])
        place = f", {kind} {field}" if field else ""
        message = found["msg"].removeprefix("Value error, ")
        if found["type"] == "extra_forbidden":
            # the only models within a model are the documents in the sources of case.toml
            owner = Source if parents else model
            yield f": {unknown_name(kind, name, owner.model_fields)}"
        elif found["type"] == "value_error":
            yield f"{place}: {message}"
        elif found["type"] == "missing":
            yield f": {kind} {field} is missing"
        elif found["type"] == "string_pattern_mismatch":  # options have the only pattern
            yield f"{place}: found {found['input']!r}; it should be one lower-case letter"
        else:
            allowed = message.replace("Input should be", "it should be").replace("String", "it")
            yield f"{place}: found {found['input']!r}; {allowed}"


def _frame(rows: list[Figure], model: type[Figure]) -> pd.DataFrame:
    fields = model.model_fields
    frame = pd.DataFrame([row.model_dump() for row in rows], columns=list(fields))
    for name, column in fields.items():
        kinds = plain_types(column.annotation)
        if kinds == {dt.date}:
            frame[name] = pd.to_datetime(frame[name])
        elif dt.date in kinds:
            frame[name] = [
                pd.Timestamp(value) if isinstance(value, dt.date) else value
                for value in frame[name]
            ]
        elif kinds == {float}:
            frame[name] = frame[name].astype(float)
        elif kinds == {int}:
            frame[name] = frame[name].astype("Int64" if not column.is_required() else "int64")
        elif kinds == {bool}:
            frame[name] = frame[name].astype(bool)
        else:
            frame[name] = frame[name].astype(object)
    return frame


def _toml(path: Path, faults: list[str]) -> dict | None:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        faults.append(f"{_shown(path)} is missing")
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        faults.append(f"{_shown(path)}: not TOML, {error}")
    return None


def _sources(path: Path, faults: list[str]) -> dict[str, Source]:
    found = {}
    for key, fields in (_toml(path, faults) or {}).items():
        found[key], sentences = _validated(Source, fields, "key")
        faults.extend(f"{_shown(path)} [{key}]{sentence}" for sentence in sentences)
    return found


def described_data(readme: str) -> str:
    """Return data/README.md with its part on the tables written anew from the schema."""
    kept, marker, _ = readme.partition(TABLES_WRITTEN)
    return f"{kept}{marker}\n\n{described()}"


def documents(case: Case) -> dict[str, Source]:
    """Return the documents that the case's rows cite, by key."""
    every = case.file.sources | _sources(data_folder() / "sources.toml", [])
    cited = {source for table in case.tables.values() for source in table["source"]}
    return {key: document for key, document in every.items() if key in cited}


def _case_file(path: Path, faults: list[str]) -> CaseFile | None:
    content = _toml(path, faults)
    if content is None:
        return None
    file, sentences = _validated(CaseFile, content, "key")
    faults.extend(_shown(path) + sentence for sentence in sentences)
    return file


def _scenarios(path: Path, faults: list[str]) -> dict[str, Scenario]:
    """Return the scenarios; each holds the base's parameters with its own differences on top."""
    content = _toml(path, faults)
    if content is None:
        return {}
    if BASE not in content:
        faults.append(f"{_shown(path)}: [{BASE}] is missing")
        return {}
    if next(iter(content)) != BASE:
        faults.append(f"{_shown(path)}: the first scenario must be [{BASE}]")
        return {}
    base, inherited = {}, []
    scenarios = {}
    for name, fields in content.items():
        where = f"{_shown(path)} [{name}]"
        if not isinstance(fields, dict):
            faults.append(f"{where}: found {fields!r}; a scenario is a table with title and why")
            continue
        if not FOLDER_NAME.fullmatch(name):
            faults.append(
                f"{where}: {name!r} can't name a folder; use letters, digits, hyphens and underscores"
            )
        if name.lower() == COMPARISON:
            faults.append(
                f"{where}: {name!r} is the name of the report that compares them; use another"
            )
        own = {key: value for key, value in fields.items() if key not in ("title", "why")}
        parameters, sentences = _validated(Parameters, base | own, "parameter")
        if name == BASE:
            base, inherited = own, sentences
        else:
            sentences = [sentence for sentence in sentences if sentence not in inherited]
        said = {key: fields[key] for key in ("title", "why") if key in fields}
        scenarios[name], more = _validated(
            Scenario, said | {"parameters": parameters or Parameters()}, "key"
        )
        faults.extend(where + sentence for sentence in [*sentences, *more])
    return scenarios
