"""A case's folder: reading its CSV tables and TOML files as text, and writing a folder anew, or a file."""

import csv
import hashlib
import io
import os
import platform
import re
import shutil
import stat
import tomllib
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import tomlkit
from filelock import FileLock

from businesscase.cases.errors import Fault, InputError, shown, unknown_name
from businesscase.cases.raw import CASE, COMMENT, SCENARIOS, Place, RawCase
from businesscase.cases.schema import TABLES, CaseFile, Row, Source, column_notes

Examples = Mapping[str, dict[str, str]]
NO_EXAMPLES: Examples = {}
LARGEST_TABLE, LARGEST_TOML = 20_000_000, 1_000_000  # bytes; no case of some councils has as many
LARGEST_FOLDER = 1_000_000_000  # bytes that an update copies; pictures and papers may lie there too
PATIENCE = 20  # seconds that a command waits for another that writes to the same case
DEEPEST = 100  # dots in a line of TOML, whose reader takes their square in time and memory
QUOTED = re.compile(r"""\"(?:[^"\\]|\\.)*"|'[^']*'|#.*""")
DIGITS = 8  # of a fingerprint of a file
AT_LINE = re.compile(r"at line (\d+)")  # where its reader says that TOML goes wrong
ARCHIVE = b"PK\x03\x04"  # begins an .xlsx, whatever its name
IMPORT_IT = "give it to `businesscase import`, which reads it"
SUFFIXES = (".csv", ".toml", ".yaml", ".yml")  # of files that somebody may take for inputs
READ_SUFFIXES = (".csv", ".toml")  # those of inputs
UNFINISHED, WHOLE = ".unfinished", ".whole"  # end the hidden names of folders that aren't there yet
FILE_KINDS = {
    stat.S_IFDIR: "a folder", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket",
    stat.S_IFCHR: "a device", stat.S_IFBLK: "a device",
}  # fmt: skip


@dataclass(frozen=True)
class Texts:
    """What the files of a folder hold as text, where it stands, and what could not be read.

    Attributes
    ----------
    shown : str
        The folder as refusals name it, such as ``data/my-case``.
    documents : dict of dict
        By stem, what each TOML file holds; a file that could not be read is absent.
    tables : dict of list of dict
        By stem, the rows of text of each CSV table; empty where there is no file.
    lines : dict of list of int
        By stem, the line on which each row ends.
    digests : dict of str
        By stem, the fingerprint of each CSV table: the first eight digits of its SHA-256.
    faults : list of Fault
        A sentence for each thing that could not be read.
    """

    shown: str
    documents: dict[str, dict] = field(default_factory=dict)
    tables: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    lines: dict[str, list[int]] = field(default_factory=dict)
    digests: dict[str, str] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def place(self, part: str, item: int | str | None = None, column: str | None = None) -> Place:
        """Return where an input stands: see ``RawCase.place``."""
        if part in self.tables:
            line = self.lines[part][int(item)] if item is not None else None
            return _place(f"{self.shown}/{part}.csv", line, column)
        name = f"{self.shown}/{part}.toml"
        section = f" [{item}]" if item else ""
        kind = "parameter" if part == SCENARIOS and column not in ("title", "why") else "key"
        text = f"{name}{section}{f', {kind} {column}' if column else ''}"
        details = {"file": name, "section": item, "column": column}
        return Place(text, {key: value for key, value in details.items() if value})


def _place(name: str, line: int | None = None, column: str | None = None) -> Place:
    text = name + (f" line {line}" if line else "") + (f", column {column}" if column else "")
    details = {"file": name, "line": line, "column": column}
    return Place(text, {key: value for key, value in details.items() if value})


def read_texts(
    folder: Path,
    shown: str,
    tables: Mapping[str, type[Row]],
    documents: Collection[str],
    others: Collection[Path] = (),
) -> Texts:
    """Read the tables and TOML files of a folder as text; faults are kept, none is raised.

    A table that it lacks is read from the first of the other folders that has it. What a TOML file
    holds is put together from all of them, and of an entry in several the first holds.
    """
    texts = Texts(shown)
    texts.faults.extend(_unknown_files(folder, shown, tables, documents))
    for stem in documents:
        for path in _found(f"{stem}.toml", folder, others):
            content = _toml(path, texts)
            if content is not None:
                texts.documents[stem] = content | texts.documents.get(stem, {})
    for stem, model in tables.items():
        path, *_ = _found(f"{stem}.csv", folder, others)
        rows = list(_rows(path, model, texts))
        texts.tables[stem] = [cells for _, cells in rows]
        texts.lines[stem] = [line for line, _ in rows]
    return texts


def _found(name: str, folder: Path, others: Iterable[Path]) -> list[Path]:
    """Return where a file is; if nowhere, where it is missed."""
    paths = [each / name for each in (folder, *others)]
    return [path for path in paths if os.path.lexists(path)] or paths[:1]


def read_folder(folder: Path) -> RawCase:
    """Read a case's folder as text; faults are kept, none is raised."""
    texts = read_texts(folder, f"{folder.parent.name}/{folder.name}", TABLES, [CASE, SCENARIOS])
    found = texts.documents
    documents = found.get(CASE), found.get(SCENARIOS)
    return RawCase(*documents, texts.tables, texts.place, texts.faults, texts.digests)


def _unknown_files(
    folder: Path, shown: str, tables: Collection[str], documents: Collection[str]
) -> Iterator[Fault]:
    """Yield a sentence for each file that nothing would read, for instance risk.csv."""
    files = [*(f"{stem}.csv" for stem in tables), *(f"{stem}.toml" for stem in documents)]
    for path in sorted(folder.glob("[!.]*")):  # what is hidden is an editor's own
        is_case = CASE not in documents and path.is_dir()
        if path.suffix.lower() in SUFFIXES and path.name not in files and not is_case:
            yield unknown_name("file", path.name, files).at(
                Place(shown, {"file": f"{shown}/{path.name}"})
            )


def inputs(folder: Path) -> Iterator[tuple[str, bytes]]:
    """Yield name and content of each input file in a folder, in order of name.

    What can't be read, such as a folder ``x.csv``, is left to reading the case, which refuses it.
    What is hidden, such as an editor's lock, is no input.
    """
    for path in sorted(folder.glob("[!.]*.*")):
        if path.suffix in READ_SUFFIXES:
            with suppress(InputError, FileNotFoundError):
                yield path.name, _content(path, LARGEST_TABLE)


def _content(path: Path, largest: int) -> bytes:
    """Return what a file holds; its kind and size come first, so that no pipe is waited for.

    Raises
    ------
    FileNotFoundError
        If nothing is there.
    InputError
        If it is no file, too large or can't be read, in a sentence that goes on after its name.
    """
    try:
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            kind = FILE_KINDS.get(stat.S_IFMT(found.st_mode), "no file")
            raise InputError(Fault(f"is {kind}; allowed is a file", found=kind, allowed="a file"))
        if found.st_size > largest:
            raise InputError(_too_large(found.st_size, largest))
        with path.open("rb") as file:
            content = file.read(largest + 1)
    except FileNotFoundError:
        if path.is_symlink():
            raise InputError("is a link to what isn't there; allowed is a file") from None
        raise
    except OSError as error:
        raise InputError(f"can't be read: {error.strerror}") from None
    if len(content) > largest:  # it grew, or doesn't tell its size
        raise InputError(_too_large(len(content), largest))
    return content


def _too_large(size: int, largest: int) -> Fault:
    found, allowed = f"{size / 1e6:.1f} MB", f"at most {largest / 1e6:.0f} MB"
    return Fault(f"found {found}; allowed is {allowed}", found=found, allowed=allowed)


def _toml(path: Path, texts: Texts) -> dict | None:
    """Return what a TOML file holds, or None with a fault added."""
    where = _place(f"{texts.shown}/{path.name}")
    content = b""
    try:
        content = _content(path, LARGEST_TOML)
        text = io.TextIOWrapper(io.BytesIO(content), encoding="utf-8-sig").read()
        if any(QUOTED.sub("", line).count(".") > DEEPEST for line in text.splitlines()):
            raise RecursionError
        return tomllib.loads(text)
    except FileNotFoundError:
        texts.faults.append(Fault(f"{where.text} is missing", **where.details))
    except InputError as error:
        texts.faults.extend(Fault(fault).at(where) for fault in error.faults)
    except RecursionError:
        texts.faults.append(Fault("not TOML of a case, it is nested too deep").at(where))
    except ValueError as error:  # not UTF-8, no TOML, or a number of thousands of digits
        texts.faults.append(_not_toml(error, content).at(where))
    return None


def _not_toml(error: ValueError, content: bytes) -> Fault:
    """Return why a file is no TOML, with the line that isn't."""
    found = AT_LINE.search(str(error))
    lines = content.decode("utf-8-sig", "replace").splitlines()
    if not found or int(found[1]) > len(lines):
        return Fault(f"not TOML, {error}")
    line = int(found[1])
    return Fault(
        f"not TOML, {error}: {shown(lines[line - 1])}; a text stands in double quotation marks, a date is "
        "2026-04-01, a fraction 0.35",
        line=line,
        found=lines[line - 1],
    )


def _rows(path: Path, model: type[Row], texts: Texts) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line number, text by column); a fault is added for what is no such table."""
    name = f"{texts.shown}/{path.name}"
    content = b""
    try:
        content = _content(path, LARGEST_TABLE)
        texts.digests[path.stem] = hashlib.sha256(content).hexdigest()[:DIGITS]
        reader = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""), strict=True)
        header = _header(reader)
        found = [
            fault.at(_place(name, reader.line_num or 1)) for fault in _header_faults(header, model)
        ]
        texts.faults.extend(found)
        yield from () if found else _cells(reader, header, name, texts.faults)
    except FileNotFoundError:
        return
    except InputError as error:
        texts.faults.extend(Fault(fault).at(_place(name)) for fault in error.faults)
    except UnicodeDecodeError as error:
        sentence = f"byte {error.start} is not UTF-8; save the file as CSV UTF-8"
        if content.startswith(ARCHIVE):
            sentence = f"is a workbook, not CSV; {IMPORT_IT}"
        texts.faults.append(Fault(sentence).at(_place(name)))
    except csv.Error as error:
        texts.faults.append(Fault(f"not a CSV file, {error}").at(_place(name, reader.line_num)))


def _header(reader: Iterator[list[str]]) -> list[str]:
    """Return the first row that is neither blank nor a comment."""
    for cells in reader:
        if any(cells) and not cells[0].startswith(COMMENT):
            return cells
    return []


def _header_faults(header: list[str], model: type[Row]) -> Iterator[Fault]:
    fields = model.model_fields
    if len(header) == 1 and (found := re.search(r"[;\t]", header[0])):
        sign = "tabs" if found[0] == "\t" else "semicolons"
        yield Fault(f"has {sign} between its cells; save it with commas, or {IMPORT_IT}")
        return
    missing = [name for name in fields if name not in header]
    wrong = [name for name in header if name not in fields]
    for name in wrong:
        yield unknown_name("column", name, missing or fields)
    for name, times in Counter(header).items():
        if times > 1:
            yield Fault(f"column {shown(name)} stands here twice", column=name)
    required = [name for name in missing if fields[name].is_required()]
    if required and not wrong:
        yield Fault(f"column {', '.join(required)} is missing", allowed=required)


def _cells(
    reader, header: list[str], name: str, faults: list[Fault]
) -> Iterator[tuple[int, dict[str, str]]]:
    for cells in reader:
        if not any(cells):  # as a spreadsheet program writes an empty row
            continue
        if len(cells) == len(header):
            yield reader.line_num, dict(zip(header, cells, strict=True))
        else:
            fault = Fault(f"found {len(cells)} cells; the header has {len(header)}")
            faults.append(fault.at(_place(name, reader.line_num)))


@contextmanager
def writing(folder: Path, patience: float | None = None) -> Iterator[str | None]:
    """Let one writer at a time into a case; who comes meanwhile waits.

    Whoever changes a case holds this from before it is read until it is written; it may be held
    within itself. The system frees it when its holder dies, and what that left is settled before
    anything else: the sentence that is given says how, None if nothing was left.

    Parameters
    ----------
    folder : Path
        The case's folder, which need not exist yet.
    patience : float, optional
        How long another writer is waited for [s]; ``PATIENCE`` if not said.

    Raises
    ------
    InputError
        If another process is still writing then; the sentence says which.
    """
    # names that differ in capitals alone are one folder on some systems
    path = folder.with_name(f".{folder.name.casefold()}.lock")
    lock = FileLock(path, is_singleton=True)
    try:
        with named(folder):
            lock.acquire(timeout=PATIENCE if patience is None else patience)
    except TimeoutError:
        raise InputError(
            f"{folder.parent.name}/{folder.name}: {_holder(path)} is writing to it; run the command again "
            "when that has ended"
        ) from None
    try:
        is_first = lock.lock_counter == 1
        if is_first:
            with suppress(OSError):  # on Windows nobody may touch a file that is locked
                path.write_text(f"process {os.getpid()} on {platform.node()}", encoding="utf-8")
        yield _settle(folder) if is_first else None
    finally:
        if is_first:
            with suppress(OSError):  # while it is held, so that who waits for it takes a new one
                path.unlink()
        lock.release()


def _holder(lock_file: Path) -> str:
    with suppress(OSError):
        return lock_file.read_text(encoding="utf-8", errors="replace") or "another process"
    return "another process"


def settled(data: Path) -> list[str]:
    """Finish or undo what commands that were cut off left of cases, and say so, a sentence for each.

    What belongs to a process that is still writing is left to it.
    """
    left = {path for end in (WHOLE, UNFINISHED) for path in data.glob(f".*{end}") if path.is_dir()}
    said = []
    for folder in sorted({path.with_name(path.stem[1:]) for path in left}):
        # a writer that has put the case away is about to put the new one in its place
        patience = PATIENCE if is_half_replaced(folder) else 0
        with suppress(InputError, OSError), writing(folder, patience) as sentence:
            said += [sentence] if sentence else []
    return said


def is_half_replaced(folder: Path) -> bool:
    """Return whether a case was put away and the one that takes its place is whole beside it."""
    return _beside(folder, WHOLE).is_dir() and not os.path.lexists(folder)


def _settle(folder: Path) -> str | None:
    """Finish a replacement that was cut off once it had put the case away; undo all else."""
    whole, name = _beside(folder, WHOLE), f"{folder.parent.name}/{folder.name}"
    if is_half_replaced(folder):
        whole.rename(folder)
        return (
            f"{name}: a command that replaced parts of it was cut off, and is now finished; the case as it "
            "was before is kept beside it"
        )
    left = [path for path in (whole, _beside(folder, UNFINISHED)) if path.is_dir()]
    for path in left:
        shutil.rmtree(path, ignore_errors=True)
    for path in folder.glob(f".*{UNFINISHED}"):  # by a scenario that was being saved
        path.unlink()
    if not left:
        return None
    as_it_was = "the case is as it was before" if folder.exists() else "nothing is left of it"
    return f"{name}: a command that wrote it was cut off, and is undone; {as_it_was}, run it again"


def _beside(folder: Path, end: str) -> Path:
    return folder.with_name(f".{folder.name}{end}")


@contextmanager
def named(path: Path) -> Iterator[None]:
    """Let an error of the system name what was to be written, not what is written beside it."""
    try:
        yield
    except TimeoutError:  # of a lock
        raise
    except OSError as error:  # of a full disk it names no file
        raise OSError(error.errno, error.strerror or str(error), str(path)) from None


def write_folder(
    raw: RawCase, folder: Path, examples: Examples = NO_EXAMPLES, only_filled: bool = False
) -> None:
    """Write a case's folder, whole or not at all; comments tell what each table and key holds.

    Parameters
    ----------
    raw : RawCase
        The case; tables without rows are written too, so that the folder shows all there are.
    folder : Path
        The folder, which must not exist.
    examples : mapping, optional
        By table, a row that is shown in a comment, for tables that have none yet.
    only_filled : bool
        Whether tables without rows are left out.

    Raises
    ------
    InputError
        If the folder exists, or another process is writing it.
    """
    with writing(folder), named(folder), _unfinished(folder) as beside:
        if os.path.lexists(folder):
            raise InputError(
                f"{folder.parent.name}/{folder.name} exists; nothing is written over it"
            )
        beside.mkdir()
        for stem in (stem for stem in TABLES if raw.tables.get(stem) or not only_filled):
            _write_table(beside, stem, raw.tables.get(stem, []), examples.get(stem))
        _write_text(beside / f"{CASE}.toml", _case_text(raw.file))
        _write_text(beside / f"{SCENARIOS}.toml", _scenarios_text(raw.scenarios))
        beside.rename(folder)


def replace_parts(raw: RawCase, folder: Path, parts: Collection[str]) -> Path:
    """Replace some tables and files of a case's folder, all at once, and return the former folder.

    The former folder is kept beside, hidden, with the next free number. A part that was a link is
    then a file of the case; what it led to stays as it is. Who read the case before holds
    ``writing`` since.

    Raises
    ------
    InputError
        If another process is writing the case, or the folder is too large to be kept twice.
    """
    with _replaced(folder) as beside:
        for stem in (part for part in parts if part in TABLES):
            _write_table(beside, stem, raw.tables[stem])
        if CASE in parts:
            path = beside / f"{CASE}.toml"
            _write_text(path, _changed_document(_text(path), raw.file))
        if SCENARIOS in parts:
            _write_text(beside / f"{SCENARIOS}.toml", _scenarios_text(raw.scenarios))
        return _exchanged(folder, beside)


def replace_files(folder: Path, texts: Mapping[str, str]) -> Path:
    """Replace files of a case's folder by texts, all at once: see ``replace_parts``."""
    with _replaced(folder) as beside:
        for name, text in texts.items():
            _write_text(beside / name, text)
        return _exchanged(folder, beside)


@contextmanager
def _replaced(folder: Path) -> Iterator[Path]:
    """Yield a copy of a folder, hidden beside it, while nobody else writes to it."""
    with writing(folder), named(folder), _unfinished(folder) as beside:
        _refuse_large(folder)
        shutil.copytree(folder, beside, symlinks=True, ignore=_neither_file_nor_folder)
        yield beside


def _exchanged(folder: Path, beside: Path) -> Path:
    """Put a folder in the place of another, and return where that is kept.

    No system exchanges two folders in one step everywhere: the name ``WHOLE`` tells whoever comes
    after a kill between the two that the new one can be taken.
    """
    whole = _beside(folder, WHOLE)
    numbers = (_beside(folder, f".before-{number}") for number in count(1))
    before = next(path for path in numbers if not os.path.lexists(path))
    try:
        beside.rename(whole)
        folder.rename(before)
        whole.rename(folder)
    except BaseException:  # an interrupt too: there is a case in any event
        if not os.path.lexists(folder):
            before.rename(folder)
        raise
    finally:
        _settle(folder)
    return before


def _refuse_large(folder: Path) -> None:
    size = sum(path.lstat().st_size for path in folder.rglob("*"))
    if size > LARGEST_FOLDER:
        fault = _too_large(size, LARGEST_FOLDER)
        raise InputError(
            f"{folder.parent.name}/{folder.name}, which an update keeps whole: {fault}"
        )


def _neither_file_nor_folder(folder: str, names: list[str]) -> set[str]:
    """Return what can't be copied, such as a pipe; it stays in the folder that is kept."""
    kinds = {name: stat.S_IFMT(Path(folder, name).lstat().st_mode) for name in names}
    return {name for name, kind in kinds.items() if kind in set(FILE_KINDS) - {stat.S_IFDIR}}


def changed_files(folder: Path, before: RawCase, after: RawCase) -> dict[str, tuple[str, str]]:
    """Return, by name, each file of a case that changes: its text, and the text that it becomes.

    Comments stay, and so does every row and key that is the same.
    """
    files = {}
    if after.file != before.file:
        text = _text(folder / f"{CASE}.toml")
        files[f"{CASE}.toml"] = text, _changed_document(text, after.file)
    if after.scenarios != before.scenarios:
        text = _text(folder / f"{SCENARIOS}.toml")
        files[f"{SCENARIOS}.toml"] = text, _changed_document(text, after.scenarios)
    for stem in TABLES:
        if after.tables[stem] != before.tables[stem]:
            text = _text(folder / f"{stem}.csv")
            files[f"{stem}.csv"] = text, _changed_table(text, after.tables[stem])
    return files


def _text(path: Path) -> str:
    return path.read_bytes().decode("utf-8-sig")


def _changed_table(text: str, rows: list[dict[str, str]]) -> str:
    """Return the text of a table with other cells in its rows, and new columns behind its own."""
    lines = list(io.StringIO(text, newline=""))
    reader, changed, columns, begun = csv.reader(lines, strict=True), io.StringIO(), None, 0
    writer = csv.writer(changed, lineterminator="\r\n" if "\r\n" in text else "\n")
    following = iter(rows)
    for cells in reader:
        as_it_was, begun = "".join(lines[begun : reader.line_num]), reader.line_num
        becomes = cells
        if columns is not None and any(cells):
            row = next(following)
            becomes = [row.get(name, "") for name in columns]
        elif columns is None and any(cells) and not cells[0].startswith(COMMENT):
            columns = becomes = list(
                dict.fromkeys([*cells, *(name for row in rows for name in row)])
            )
        if becomes == cells:
            changed.write(as_it_was)
        else:
            writer.writerow(becomes)
    return changed.getvalue()


def _changed_document(text: str, content: dict) -> str:
    """Return the text of a TOML file with what is otherwise in a case."""
    document = tomlkit.parse(text)
    _change(document, content)
    changed = tomlkit.dumps(document)
    return re.sub(r"(?<!\r)\n", "\r\n", changed) if "\r\n" in text else changed


def _change(document: dict, content: dict) -> None:
    """Set in a TOML document what is otherwise there, so that its comments stay."""
    for key, value in content.items():
        if isinstance(value, dict) and isinstance(document.get(key), dict):
            _change(document[key], value)
        elif document.get(key) != value:
            document[key] = _inline(value)
    for key in [key for key in document if key not in content]:
        del document[key]


@contextmanager
def _unfinished(folder: Path) -> Iterator[Path]:
    """Yield the path of a hidden folder beside, which is removed if it isn't renamed."""
    beside = _beside(folder, UNFINISHED)
    try:
        yield beside
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def write_file(path: Path, content: str | bytes) -> None:
    """Write a file so that at its name there is either the old one or the whole new one."""
    beside = path.with_name(f".{path.name}.{os.getpid()}{UNFINISHED}")
    try:
        with named(path):
            beside.write_bytes(content.encode() if isinstance(content, str) else content)
            beside.replace(path)
    finally:
        with suppress(OSError):  # it wasn't made where nothing can be
            beside.unlink()


def _write_text(path: Path, text: str) -> None:
    path.unlink(missing_ok=True)  # else a link would be written through
    path.write_text(text, encoding="utf-8", newline="\n")


def _write_table(folder: Path, stem: str, rows: list[dict], example: dict | None = None) -> None:
    """Write a table: comments on its columns and an example, header, rows."""
    model = TABLES[stem]
    notes = column_notes(model)
    with io.StringIO(newline="") as file:
        writer = csv.DictWriter(file, list(notes), lineterminator="\n", restval="")
        file.write(f"{COMMENT} {model.__doc__.splitlines()[0]}\n{COMMENT}\n")
        file.writelines(f"{COMMENT} {name}: {note}\n" for name, note in notes.items())
        if example:
            file.write(f"{COMMENT}\n{COMMENT} A row looks like this, without the sign before it:\n")
            file.write(f"{COMMENT} ")
            writer.writerow(example)
        writer.writeheader()
        writer.writerows(rows)
        _write_text(folder / f"{stem}.csv", file.getvalue())


def _case_text(file: dict) -> str:
    """Return case.toml, each key below a comment that says what it holds."""
    document = tomlkit.document()
    document.add(tomlkit.comment("What the case asks, and of whom."))
    for name, note in column_notes(CaseFile).items():
        if name in file and name != "sources":
            document.add(tomlkit.nl())
            document.add(tomlkit.comment(f"{name}: {note}"))
            document.add(name, _inline(file[name]))
    document.add(tomlkit.nl())
    document.add(
        tomlkit.comment("The documents that figures come from, by the key that rows cite:")
    )
    for name, note in column_notes(Source).items():
        document.add(tomlkit.comment(f"{name}: {note}"))
    document.add("sources", file.get("sources", {}))
    return tomlkit.dumps(document)


def _inline(value: object) -> object:
    """Return a table as one that stands in a line, below its comment; all else as it is."""
    if not isinstance(value, dict):
        return value
    inline = tomlkit.inline_table()
    inline.update(value)
    return inline


def _scenarios_text(scenarios: dict[str, dict]) -> str:
    document = tomlkit.document()
    for line in (
        "Each scenario is a difference from [base]: it names only what it changes. The parameters,",
        "with their bounds and units, are in lib/businesscase/cases/parameters.py.",
    ):
        document.add(tomlkit.comment(line))
    for name, fields in scenarios.items():
        document.add(tomlkit.nl())
        document.add(name, tomlkit.item(fields))
    return tomlkit.dumps(document)
