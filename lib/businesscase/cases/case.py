"""Reading a case: its folder of CSV tables and TOML files, validated whole before anything is computed."""

import datetime as dt
import hashlib
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import cache, cached_property
from pathlib import Path

import pandas as pd

from businesscase.cases.deletions import deletion_faults, made_lines
from businesscase.cases.errors import Fault, InputError, unknown_name
from businesscase.cases.findings import findings
from businesscase.cases.folder import (
    Texts,
    inputs,
    is_half_replaced,
    read_folder,
    read_texts,
    writing,
)
from businesscase.cases.names import unsafe_name
from businesscase.cases.parameters import Parameters, Scenario
from businesscase.cases.project import (
    case_folder,
    case_names,
    data_folder,
    data_folders,
    known_case_names,
)
from businesscase.cases.raw import CASE, SCENARIOS, Place, RawCase, nowhere
from businesscase.cases.schema import (
    BASELINE_EVIDENCE,
    SHARED_TABLES,
    TABLES,
    CaseFile,
    Figure,
    Row,
    Source,
    described,
)
from businesscase.cases.upgrading import upgraded
from businesscase.cases.validation import Known, parameter_faults, table_faults
from businesscase.cases.validation.core import PlacedFault
from businesscase.cases.validation.rows import (
    BASE,
    COMPARISON,
    checked_file,
    checked_scenarios,
    checked_sources,
    checked_table,
)

__all__ = ["BASE", "COMPARISON"]

# sections without a chapter and a notebook of their own, and whose these are
TOLD_IN = {"appraisal": "savings", "outturn": "decision"}
# tables that say what is asked, and on what scale: known whenever they were written
ASKED = [
    "partners",
    "options",
    "factors",
    "gates",
    "conditions",
    "readiness_areas",
    "risk_levels",
    "risk_bands",
    "risk_probabilities",
    "sensitivities",
]
DATED = [
    *(stem for stem, model in TABLES.items() if issubclass(model, Figure) and stem not in ASKED),
    "evidence",
]  # tables of facts
LOGS = [stem for stem, model in TABLES.items() if not issubclass(model, Figure)]
ROWS_IN_FULL = 3  # rows of a table with the same fault
TABLES_WRITTEN = "The text below is written from the schema by `businesscase refresh`."


# a case is the same only if it is the same object, so that results are kept by it
@dataclass(frozen=True, eq=False)
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
    read_as_now : list of str
        What of a case of an earlier release is read otherwise than it stands, a sentence each.
    places : dict of list of str
        By table, where each row stands: its file, its line and the fingerprint of the file.
    added : dict of int
        By table, how many rows no file holds: those that were added to it as the case was read.
    studies : dict of Study
        By scenario, those made so far, so that each is computed once; a changed case has none.
    """

    name: str
    file: CaseFile
    tables: dict[str, pd.DataFrame]
    scenarios: dict[str, Scenario]
    input_hash: str
    read_as_now: list[str] = field(default_factory=list)
    places: dict[str, list[str]] = field(default_factory=dict, compare=False, repr=False)
    added: dict[str, int] = field(default_factory=dict)
    studies: dict = field(init=False, default_factory=dict, compare=False, repr=False)

    @cached_property
    def known(self) -> Known:
        """What the parameters of a scenario may name."""
        return Known(self.file, self.tables)

    @cached_property
    def findings(self) -> list[Fault]:
        """What the data leave to be desired without being refused, a sentence each."""
        return [
            *self._of_version(),
            *findings(self.tables, self.file),
            *self._of_idle_scenarios(),
        ]

    def _of_idle_scenarios(self) -> Iterator[Fault]:
        """Yield the scenarios whose every parameter is that of the base."""
        base = self.scenarios[BASE].parameters
        for name, scenario in self.scenarios.items():
            if name != BASE and scenario.parameters == base:
                yield Fault(
                    f"{SCENARIOS}.toml: [{name}] changes nothing, as what it gives is what [{BASE}] has; give "
                    "what differs, or take it out",
                    file=f"{SCENARIOS}.toml",
                )

    def _of_version(self) -> Iterator[Fault]:
        if self.read_as_now:
            yield Fault(
                f"{CASE}.toml: of an earlier release, and read as one of today: "
                f"{'; '.join(self.read_as_now)}; `businesscase upgrade {self.name}` writes that",
                file=f"{CASE}.toml",
            )

    def section_names(self) -> list[str]:
        """Return the sections for which the case has data, in the order of the report."""
        tables = self.tables
        has_data = {
            "baseline": any(len(tables[stem]) for stem in [*BASELINE_EVIDENCE, "posts"]),
            "options": len(tables["scores"]) > 0,
            "savings": len(tables["flows"]) > 0,
            "appraisal": len(tables["flows"]) > 0,
            "risks": len(tables["risks"]) > 0,
            "plan": len(tables["tasks"]) > 0,
            "readiness": any(
                len(tables[stem])
                for stem in ("readiness", "red_lines", "lessons", "governance", "objectives")
            ),
            "outturn": len(tables["actuals"]) > 0,
            "decision": any(
                len(tables[stem]) for stem in ("gates", "events", "resolutions", "implications")
            ),
        }
        return [section for section, present in has_data.items() if present]

    def chapter_names(self) -> list[str]:
        """Return the chapters that tell these sections, each by the section whose notebook it is."""
        return list(dict.fromkeys(TOLD_IN.get(name, name) for name in self.section_names()))


def unknown_case(name: str) -> Fault:
    """Say why there is no case of a name: no folder, or not yet, or a folder without case.toml."""
    folder = data_folders()[0]
    if unsafe_name("case", name) is None and is_half_replaced(folder / name):
        return Fault(
            f"{folder.name}/{name} is being replaced, or was when a command was cut off; any command, such "
            "as `businesscase cases`, finishes that"
        )
    if unsafe_name("case", name) is None and (folder / name).is_dir():
        file = f"{folder.name}/{name}/case.toml"
        return Fault(f"{file} is missing, so the folder is no case", file=file)
    return unknown_name("case", name, known_case_names())


def _no_own_case(name: str) -> Fault:
    if name in known_case_names():
        return Fault(f"{name} comes with the package and stays as it is; `businesscase new` begins a case of your own")  # fmt: skip
    return unknown_case(name)


@contextmanager
def changing(name: str) -> Iterator[Path]:
    """Give the folder of a case that is there to one writer, from before it reads until it has written.

    Raises
    ------
    InputError
        If the case is unknown or not one's own, or another process is still writing it after some seconds.
    """
    folder = data_folder() / name
    if name not in case_names() and not is_half_replaced(folder):
        raise InputError(_no_own_case(name))
    with writing(folder):
        if name not in case_names():
            raise InputError(_no_own_case(name))
        load_case.cache_clear()  # another may have written meanwhile
        yield folder
    load_case.cache_clear()


@cache
def load_case(name: str) -> Case:
    """Read and validate a case.

    Raises
    ------
    InputError
        If the case is unknown, or with one sentence for every fault in its files.
    """
    return checked_case(name, *_as_text(name))


def case_with_rows(name: str, added: Mapping[str, Iterable[Mapping[str, object]]]) -> Case:
    """Read a case with rows added to its tables, held to what the rows of a file are; none is written.

    Parameters
    ----------
    added : mapping
        By table, its new rows: a value by column, as the table's CSV file would have it. A column that
        a row leaves out is blank.

    Raises
    ------
    InputError
        If a table is unknown, or as ``load_case`` does; a row is named by its place among the new ones.
    """
    unknown = [unknown_name("table", stem, TABLES) for stem in added if stem not in TABLES]
    if unknown:
        raise InputError(unknown)
    raw, fingerprint = _as_text(name)
    rows = {
        stem: [{column: str(value) for column, value in row.items()} for row in new]
        for stem, new in added.items()
    }
    tables = {stem: [*raw.tables[stem], *rows.get(stem, [])] for stem in raw.tables}

    def place(part: str, item: int | str | None = None, column: str | None = None) -> Place:
        before = len(raw.tables.get(part, []))
        if part in rows and item is not None and int(item) >= before:
            return nowhere(f"{part}, added", int(item) - before, column)
        return raw.place(part, item, column)

    told_apart = hashlib.sha256(json.dumps([fingerprint, rows], sort_keys=True).encode())
    case = checked_case(
        name, replace(raw, tables=tables, place=place), told_apart.hexdigest()[: len(fingerprint)]
    )
    return replace(case, added={stem: len(new) for stem, new in rows.items()})


def _as_text(name: str) -> tuple[RawCase, str]:
    """Return a case as its folder holds it, and the fingerprint of that."""
    if name not in known_case_names():
        raise InputError(unknown_case(name))
    if fault := unsafe_name("case", name):
        raise InputError(fault)
    folder = case_folder(name)
    fingerprint = raw = None
    while fingerprint != (found := input_hash(folder)):  # of two states no table is taken
        fingerprint, raw = found, read_folder(folder)
    return raw, fingerprint


def current_case(name: str) -> Case:
    """Read a case as its files are now, once for as long as they stay so.

    Raises
    ------
    InputError
        As ``load_case`` does.
    """
    if load_case(name).input_hash != input_hash(case_folder(name)):
        load_case.cache_clear()
    return load_case(name)


def checked_case(name: str, raw: RawCase, fingerprint: str = "") -> Case:
    """Return a case as text as a case, held against the schema and the tables of all cases.

    Raises
    ------
    InputError
        With one sentence for every fault; what rows have to do with each other is looked at where
        each is in order.
    """
    raw, read_as_now = upgraded(raw)
    faults = list(raw.faults)
    shared = _shared_texts(SHARED_TABLES)
    faults += shared.faults
    sources = checked_sources(shared.documents.get("sources", {}), shared.place, faults)
    file = None if raw.file is None else checked_file(raw.file, raw.place, faults)
    tables, of_all = (
        {
            stem: checked_table(stem, texts.tables.get(stem, []), model, texts.place, faults)
            for stem, model in models.items()
        }
        for texts, models in ((raw, TABLES), (shared, SHARED_TABLES))
    )
    replaced = of_all["sensitivities"]["parameter"].isin(tables["sensitivities"]["parameter"])
    ranges = [of_all["sensitivities"][~replaced], tables["sensitivities"]]
    merged = pd.concat([table for table in ranges if len(table)] or ranges[:1], ignore_index=True)
    merged.index = pd.RangeIndex(-len(ranges[0]), len(ranges[1]))  # the case's own begin at nil
    tables = {**tables, **of_all, "sensitivities": merged}
    scenarios = {} if raw.scenarios is None else checked_scenarios(raw.scenarios, raw.place, faults)
    typed, made, of_deletions = len(tables["flows"]), [], []
    if file is not None and not faults:
        of_deletions = list(deletion_faults(tables, file))
        made = [] if of_deletions else list(made_lines(tables, file))
    if made:
        rows = [*raw.tables.get("flows", []), *(line.cells for line in made)]
        tables["flows"] = checked_table("flows", rows, TABLES["flows"], raw.place, faults)
    if file is not None:
        flows = tables["flows"]
        until = flows["last_year"].fillna(file.last_year).astype("int64")
        tables["flows"] = flows.assign(last_year=until)  # blank: to the end of the appraisal
    if not faults:
        found = [*of_deletions, *table_faults(file, tables, scenarios, set(sources))]
        for part, item, sentence in _summed_up(found):
            if part == "flows" and isinstance(item, int) and item >= typed:
                part, item = "posts", made[item - typed].posts[0]  # no file holds the line
            place = shared.place if part in SHARED_TABLES else raw.place
            if part == "sensitivities" and isinstance(item, int):
                if item >= 0:
                    place = raw.place
                else:
                    item = int(of_all[part].index[~replaced][item])
            faults.append(Fault(sentence).at(place(part, item, None)))
    if faults:
        raise InputError(faults)
    places = {
        stem: _places(texts, stem, range(typed if stem == "flows" else len(of)))
        for texts, models in ((raw, TABLES), (shared, SHARED_TABLES))
        for stem, of in tables.items()
        if stem in models and stem != "sensitivities"
    }
    places["flows"][typed:] = [
        ", ".join(places["posts"][row] for row in line.posts) for line in made
    ]
    places["sensitivities"] = _places(
        shared, "sensitivities", of_all["sensitivities"].index[~replaced]
    ) + _places(raw, "sensitivities", range(len(ranges[1])))
    return Case(name, file, tables, scenarios, fingerprint, read_as_now, places)


def _places(texts: RawCase | Texts, stem: str, rows: Iterable[int]) -> list[str]:
    """Return where rows of a table stand: its file and line, and the fingerprint of the file."""
    found = [texts.place(stem, int(row), None) for row in rows]
    digest = texts.digests.get(stem)
    return [
        f"{place.text.rpartition('/')[2]}{f' ({digest})' if 'line' in place.details else ''}"
        for place in found
    ]


def _summed_up(faults: Iterable[PlacedFault]) -> Iterator[PlacedFault]:
    """Yield the faults of tables; of one that many rows have, the first few and how many more."""
    rows: dict[tuple[str, str], list[PlacedFault]] = {}
    for fault in faults:
        rows.setdefault((fault[0], str(fault[2])), []).append(fault)
    for alike in rows.values():
        yield from alike[: ROWS_IN_FULL - 1]
        for part, item, sentence in alike[ROWS_IN_FULL - 1 : ROWS_IN_FULL]:
            more, details = len(alike) - ROWS_IN_FULL, getattr(sentence, "details", {})
            said = f"{sentence}; and {more} more like it" if more else sentence
            yield part, item, Fault(said, **details)


def input_hash(folder: Path) -> str:
    """Return the fingerprint of the input files of the case in a folder, those of all cases included."""
    digest = hashlib.sha256()
    for name, content in (*shared_inputs(), *inputs(folder)):
        digest.update(os.fsencode(name) + b"\0" + content)
    return digest.hexdigest()[:12]


def shared_inputs() -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each input file of all cases, in order of name.

    Of a table that several folders have the first holds; documents of each are put together.
    """
    files: dict[str, list[bytes]] = {}
    for folder in data_folders():
        for name, content in inputs(folder):
            files.setdefault(name, []).append(content)
    for name, contents in sorted(files.items()):
        several = dict.fromkeys(contents) if name.endswith(".toml") else contents[:1]
        yield name, b"".join(several)


def _shared_texts(tables: Mapping[str, type[Row]]) -> Texts:
    """Return tables of all cases and the documents that they cite, one's own before the package's."""
    first, *others = data_folders()
    return read_texts(first, first.name, tables, ["sources"], others)


def described_data(readme: str) -> str:
    """Return data/README.md with its part on the tables written anew from the schema."""
    kept, marker, _ = readme.partition(TABLES_WRITTEN)
    return f"{kept}{marker}\n\n{described()}"


def as_at(case: Case, day: dt.date) -> Case:
    """Return a case with only those rows that could be known on a day, under its base scenario.

    A row is known from ``known_on``, else from the date of its source, else from the date of the
    case's figures; a result also not before its own date. What is asked, and on what scale, stays;
    logs of the work don't. Parameters of which nothing is known yet are as they are by themselves.

    Raises
    ------
    InputError
        If the rows that are left don't hold together: some depend on others that were known later.
    """
    since = known_since(case)
    tables = {
        stem: table[since[stem] <= pd.Timestamp(day)].reset_index(drop=True)
        if stem in since
        else table.iloc[: 0 if stem in LOGS else None]
        for stem, table in case.tables.items()
    }
    stated = case.scenarios[BASE]
    if any(parameter_faults(Known(case.file, tables), stated.parameters)):
        stated = stated.model_copy(update={"parameters": Parameters()})
    base = {BASE: stated}
    faults = list(_summed_up(table_faults(case.file, tables, base, set(documents(case)))))
    if faults:
        place = f"{case_folder(case.name).parent.name}/{case.name} as at {day.isoformat()}"
        raise InputError(Fault(f"{place}: {part}.csv: {said}") for part, _, said in faults)
    return replace(case, tables=tables, scenarios=base, places={})


def known_since(case: Case) -> dict[str, pd.Series]:
    """Return the day from which each row could be known, by table of facts."""
    dates = {key: document.date for key, document in documents(case).items()}
    undated = min(case.file.data_date, case.file.decision_date)
    return {stem: _known_since(case.tables[stem], dates, undated) for stem in DATED}


def _known_since(
    table: pd.DataFrame, dates: Mapping[str, dt.date | None], undated: dt.date
) -> pd.Series:
    of_source = table["source"].map(lambda key: dates.get(key) or undated)
    known = pd.to_datetime(table["known_on"]).fillna(pd.to_datetime(of_source))
    if "value" in table and "date" in table:  # a result
        known = known.where(known > table["date"], table["date"])
    return known


def documents(case: Case) -> dict[str, Source]:
    """Return the documents that the case's rows cite, by key."""
    shared = _shared_texts({})
    every = case.file.sources | checked_sources(
        shared.documents.get("sources", {}), shared.place, []
    )
    used = cited(case.tables.values())
    return {key: document for key, document in every.items() if key in used}


def cited(tables: Iterable[pd.DataFrame]) -> set[str]:
    """Return the keys of the documents that the rows of some tables cite."""
    return {source for table in tables if "source" in table for source in table["source"]}
