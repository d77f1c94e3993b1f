"""Which rows of a case a figure rests on, by their numbers in the log of assumptions.

A result records what it read; here that becomes a chain: by table, the runs of rows that can move the
figure. It never leaves one out. It may name too many where a result reads a whole table and uses a part.
"""

import ast
import sys
from collections.abc import Hashable, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import accumulate
from typing import Any

from businesscase.cases.case import Case
from businesscase.cases.schema import KEYS, SECTION_TABLES, VALUE_COLUMNS
from businesscase.study.derived import Reads, read_in_cell

Runs = list[list[int]]  # of rows: the first and the last number of each
Chain = dict[str, Runs]

# tables that no section owns but that results read, and the sections that do
BESIDE = {
    "partners": ["baseline", "savings"],
    "options": ["options", "savings"],
    "work_packages": ["plan"],
    "events": ["readiness", "outturn", "decision"],
    "objectives": ["readiness"],
    "governance_precedents": ["readiness"],
    "deflators": ["baseline"],
    "assurance_standards": ["decision"],
    "pay_protection_rules": ["savings"],
}
# tables of all cases that count where a row of the case names one of their rules, and in which column
CALLED_FOR_BY = {"pay_protection_rules": ("posts", "protection")}


def used_in(case: Case) -> dict[str, list[str]]:
    """Return the sections that use each table that has rows, both in the order of the chapters."""
    used: dict[str, list[str]] = {}
    for section in case.section_names():
        for stem in SECTION_TABLES[section]:
            if len(case.tables[stem]):
                used.setdefault(stem, []).append(section)
    return used


def _is_called_for(case: Case, stem: str) -> bool:
    """Return whether a row of the case calls for a table of all cases, of those that wait for it."""
    table, column = CALLED_FOR_BY.get(stem, (stem, ""))
    return not column or bool((case.tables[table][column] != "").any())


def logged_in(case: Case) -> dict[str, list[str]]:
    """Return the tables of the log in its order, those that no section owns last, and what uses them."""
    present = case.section_names()
    beside = {stem: [name for name in names if name in present] for stem, names in BESIDE.items()}
    owned = used_in(case)
    return owned | {
        stem: names
        for stem, names in beside.items()
        if names and stem not in owned and len(case.tables[stem]) and _is_called_for(case, stem)
    }


@lru_cache(maxsize=1)
def numbered(case: Case) -> dict[str, int]:
    """Return by table of the log the number before that of its first row."""
    stems = list(logged_in(case))
    before = accumulate((len(case.tables[stem]) for stem in stems), initial=0)
    return dict(zip(stems, before, strict=False))  # the last is the number of all


def chain(case: Case, reads: Iterable[Hashable]) -> Chain:
    """Return the rows that what was read can come from, by table in the order of the log.

    A column that was read counts with its rows that aren't blank, but not one that only names them.
    """
    rows: dict[str, set[int]] = {}
    for stem, *which in (read for read in reads if isinstance(read, tuple)):
        rows.setdefault(stem, set()).update(_rows(case, stem, *which))
    return {
        stem: runs(before + 1 + row for row in rows[stem])
        for stem, before in numbered(case).items()
        if rows.get(stem)
    }


@lru_cache(maxsize=10_000)
def _rows(of: Case, stem: str, kind: str = "", which: Any = None) -> Iterable[int]:
    table = of.tables[stem]
    match kind:
        case "row":
            # one that was added to the case, or is another case's, is not in the log
            return [int(table.index.get_loc(which))] if which in table.index else []
        case "column":
            known = table[which].notna() & (table[which] != "")
            return known.to_numpy().nonzero()[0].tolist() if _moves(stem, which) else []
    return range(len(table))


def _moves(stem: str, column: str) -> bool:
    """Return whether a column says more than what a row is of; the tables of all cases have no keys."""
    return column in VALUE_COLUMNS.get(stem, ()) or column not in KEYS.get(stem, [column])


def runs(numbers: Iterable[int]) -> Runs:
    """Return numbers as runs of those that follow each other.

    Examples
    --------
    >>> runs([7, 3, 4, 5])
    [[3, 5], [7, 7]]
    """
    found: Runs = []
    for number in sorted(numbers):
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return found


def assumed(case: Case, of: Mapping[str, Runs]) -> Chain:
    """Return the rows of a chain whose status is assumed."""
    return {
        stem: left
        for stem, before in numbered(case).items()
        if stem in of and (left := runs(_assumed(_is_assumed(case, stem), before, of[stem])))
    }


@lru_cache(maxsize=100)
def _is_assumed(of: Case, stem: str) -> list[bool]:
    return (of.tables[stem]["status"] == "assumed").tolist()


def _assumed(is_assumed: list[bool], before: int, of: Runs) -> Iterator[int]:
    for first, last in of:
        yield from (at for at in range(first, last + 1) if is_assumed[at - before - 1])


def count(of: Runs) -> int:
    """Return how many rows there are in runs."""
    return sum(last - first + 1 for first, last in of)


# in a notebook


class Cells:
    """What the names that a notebook's cells have given rest on.

    A cell rests on what it reads, and on what those cells read that named what it uses: so does
    each name that it gives, or changes a part of.
    """

    def __init__(self):
        self.rest_on: dict[str, Reads] = {}

    def begin(self, info) -> None:
        """Start what a cell reads with what the names that it uses rest on."""
        read_in_cell.clear()
        for name in _names(info.raw_cell)[0]:
            read_in_cell.update(self.rest_on.get(name, ()))

    def end(self, result) -> None:
        """Keep what the names that a cell has given rest on."""
        reads = frozenset(read_in_cell)
        self.rest_on |= dict.fromkeys(_names(result.info.raw_cell)[1] - {STUDY}, reads)


STUDY = "study"  # the name of the study that a notebook shows, whose results record by themselves
CELLS = Cells()


@lru_cache(maxsize=100)
def _names(source: str) -> tuple[set[str], set[str]]:
    r"""Return the names that a cell uses before it gives them, and those that it gives or changes.

    Examples
    --------
    >>> used, given = _names("a = b + 1\nframe['c'] = a\nd += 1")
    >>> sorted(used), sorted(given)
    (['b', 'd', 'frame'], ['a', 'd', 'frame'])
    """
    used: set[str] = set()
    given: set[str] = set()
    try:
        statements = ast.parse(source).body
    except SyntaxError:  # a magic, or a mistake, of which nothing comes that lasts
        return used, given
    for statement in statements:
        nodes = list(ast.walk(statement))
        names = [node for node in nodes if isinstance(node, ast.Name)]
        stored = {node.id for node in names if isinstance(node.ctx, ast.Store)}
        loaded = {node.id for node in names if isinstance(node.ctx, ast.Load)}
        surely = isinstance(statement, ast.Assign | ast.AnnAssign)  # else it may add, or do nothing
        used |= (loaded if surely else loaded | stored) - given
        given |= stored | {name for node in nodes if (name := _changed(node))}
        if isinstance(statement, ast.Expr) and statement is not statements[-1]:
            given |= loaded  # for its effect, as nothing is made of its value
    return used, given


def _changed(node: ast.AST) -> str:
    """Return the name of what a part is put into, if the node does that."""
    if not (isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store)):
        return ""
    while isinstance(node, ast.Subscript | ast.Attribute):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def watch() -> None:
    """Have IPython, if it runs this, say when a cell begins and ends."""
    if shell := _shell():
        if CELLS.begin not in shell.events.callbacks["pre_run_cell"]:
            read_in_cell.clear()
        shell.events.register("pre_run_cell", CELLS.begin)
        shell.events.register("post_run_cell", CELLS.end)


def _shell() -> Any:
    ipython = sys.modules.get("IPython")
    return ipython.get_ipython() if ipython else None


def case_shown() -> Case | None:
    """Return the case that a notebook shows, None where no notebook runs or its study has another name."""
    shell = _shell()
    return getattr(shell.user_ns.get(STUDY), "case", None) if shell else None
