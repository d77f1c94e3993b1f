"""The errors and formulas of a workbook of Excel 97 to 2003, which its reader gives as blanks.

References
----------
Microsoft, [MS-CFB] Compound File Binary File Format; [MS-XLS] Excel Binary File Format.
"""

import struct
from collections.abc import Iterator

from python_calamine import PasswordError

from businesscase_workbench.spreadsheet.kinds import ERROR_CELL
from businesscase_workbench.spreadsheet.marks import Marks

END_OF_CHAIN = 0xFFFFFFFA  # from here on the numbers of sectors have a meaning of their own
STREAM = "Workbook"
BOF, EOF, SHEET, PASSWORD, FORMULA, BOOLEAN_OR_ERROR = 0x809, 0x0A, 0x85, 0x2F, 0x06, 0x205
ERROR_CODES = {
    0x00: "#NULL!",
    0x07: "#DIV/0!",
    0x0F: "#VALUE!",
    0x17: "#REF!",
    0x1D: "#NAME?",
    0x24: "#NUM!",
    0x2A: "#N/A",
}


def legacy_marks(content: bytes) -> dict[str, Marks] | None:
    """Return the marks of each sheet by its name, or None if they can't be told.

    Raises
    ------
    PasswordError
        If the workbook is protected by a password.
    """
    try:
        stream = _workbook(content)
        return None if stream is None else stream_marks(stream)
    except (struct.error, IndexError, UnicodeDecodeError):
        return None  # what is damaged is refused by what reads the cells


def stream_marks(stream: bytes) -> dict[str, Marks]:
    """Return the marks of each sheet of a workbook's stream of records."""
    sheets = {}
    for kind, record in _records(stream, 0):
        if kind == PASSWORD:
            raise PasswordError
        if kind == SHEET:
            (offset,), length, wide = struct.unpack_from("<I", record), record[6], record[7] & 1
            name = record[8 : 8 + length * (1 + wide)].decode("utf-16-le" if wide else "latin-1")
            sheets[name] = offset
    return {name: _sheet(stream, offset) for name, offset in sheets.items()}


def _sheet(stream: bytes, offset: int) -> Marks:
    marks = Marks(knows_looks=False)
    for kind, record in _records(stream, offset):
        error = None
        if kind == FORMULA:
            marks.formulas += 1
            if record[12:14] == b"\xff\xff" and record[6] == 2:
                error = record[8]
        elif kind == BOOLEAN_OR_ERROR and record[7]:
            error = record[6]
        if error is not None:
            row, column = struct.unpack_from("<HH", record)
            marks.odd[row + 1, column] = (ERROR_CELL, ERROR_CODES.get(error, "an error"))
    return marks


def _records(stream: bytes, at: int) -> Iterator[tuple[int, bytes]]:
    """Yield the records of a part, without those of charts within it."""
    depth = 0
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        depth += (kind == BOF) - (kind == EOF)
        if depth == 0:
            return
        if depth == 1:
            yield kind, stream[at + 4 : at + 4 + length]
        at += 4 + length


def _workbook(content: bytes) -> bytes | None:
    """Return the stream of the workbook in a compound file, or None if it has none."""
    size = 1 << struct.unpack_from("<H", content, 30)[0]
    (directory_start,) = struct.unpack_from("<I", content, 48)
    smallest, mini_start, mini_count = struct.unpack_from("<III", content, 56)
    table = _allocation_table(content, size)

    def joined(start: int) -> bytes:
        return b"".join(_sector(content, size, n) for n in _chain(table, start))

    directory = joined(directory_start)
    entries = {}
    for at in range(0, len(directory) - 127, 128):
        (length,) = struct.unpack_from("<H", directory, at + 64)
        name = directory[at : at + max(0, length - 2)].decode("utf-16-le")
        entries[name] = struct.unpack_from("<II", directory, at + 116)
    if STREAM not in entries:
        return None
    start, length = entries[STREAM]
    if length >= smallest:
        return joined(start)[:length]
    mini_table = _numbers(joined(mini_start)) if mini_count else []
    mini = joined(entries["Root Entry"][0])
    small = 1 << struct.unpack_from("<H", content, 32)[0]
    parts = [mini[n * small : (n + 1) * small] for n in _chain(mini_table, start)]
    return b"".join(parts)[:length]


def _allocation_table(content: bytes, size: int) -> list[int]:
    """Return for each sector the number of the one that follows it."""
    sectors = [n for n in _numbers(content[76:512]) if n < END_OF_CHAIN]
    (more,) = struct.unpack_from("<I", content, 68)
    seen = set()
    while more < END_OF_CHAIN and more not in seen:
        seen.add(more)
        *numbers, more = _numbers(_sector(content, size, more))
        sectors += [n for n in numbers if n < END_OF_CHAIN]
    return [number for sector in sectors for number in _numbers(_sector(content, size, sector))]


def _numbers(content: bytes) -> list[int]:
    return [number for (number,) in struct.iter_unpack("<I", content)]


def _sector(content: bytes, size: int, number: int) -> bytes:
    found = content[(number + 1) * size : (number + 2) * size]
    if len(found) % 4 or not found:
        raise IndexError(number)
    return found


def _chain(table: list[int], start: int) -> Iterator[int]:
    """Yield the sectors of a stream; a chain that bites its tail ends."""
    seen = set()
    while start < END_OF_CHAIN and start not in seen:
        seen.add(start)
        yield start
        start = table[start]
