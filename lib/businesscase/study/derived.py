"""Results that remember what they were computed from, so that a change keeps what it doesn't move.

While a result is computed, each parameter and each row of a table that it reads is recorded, those of
the results that it asks for included. The same part of a study with other parameters or other figures
takes the result over if none of what it read has changed; nobody lists by hand what a change leaves
alone.
"""

from collections.abc import Callable, Hashable, Iterable
from contextvars import ContextVar
from functools import partial, update_wrapper
from typing import Any, Generic, NamedTuple, TypeVar, overload

import pandas as pd

Reads = frozenset[Hashable]
Result = TypeVar("Result")
_reading: ContextVar[set[Hashable] | None] = ContextVar("reading", default=None)
_tracing: ContextVar[set[Hashable] | None] = ContextVar("tracing", default=None)
read_in_cell: set[Hashable] = set()  # what is read outside any result, by the cells of a notebook


def note(read: Iterable[Hashable]) -> None:
    """Record what was read: for the result that is being computed, else for what is being traced."""
    reads = _reading.get()
    if reads is None:
        reads = _tracing.get()
    (read_in_cell if reads is None else reads).update(read)


def of_fixed_scenario(compute: Callable[[], Result]) -> Result:
    """Return what is computed from a scenario that no change moves, and record the rows it read alone."""
    kept = _recorded(compute)
    note(read for read in kept.reads if isinstance(read, tuple))
    return kept.value


def reads_of(compute: Callable[[], Any]) -> Reads:
    """Return the parameters and rows of tables that a computation reads."""
    return _recorded(compute).reads


class Kept(NamedTuple):
    """A result, and the parameters and rows of tables that it was computed from."""

    value: Any
    reads: Reads


def recorded(compute: Callable[[], Any]) -> Kept:
    """Return what a reader makes of results, no result itself, and all that these were computed from."""
    kept = _recorded(compute, _tracing)
    note(kept.reads)
    return kept


def _recorded(compute: Callable[[], Any], by: ContextVar[set[Hashable] | None] = _reading) -> Kept:
    reads: set[Hashable] = set()
    outer = by.set(reads)
    try:
        value = compute()
    finally:
        by.reset(outer)
    return Kept(value, frozenset(reads))


def _given_out(value: Any) -> Any:
    """Return a result; to a reader, not another result, a frame that may be written into.

    A copy costs nothing until it is written into, and what is remembered stays as it is.
    """
    is_frame = isinstance(value, pd.DataFrame | pd.Series)
    return value.copy(deep=False) if is_frame and _reading.get() is None else value


class Remembers:
    """What has derived results."""

    memory: "Memory"

    def refuse_if_lacking(self, failed: Exception) -> None:
        """Raise why a result couldn't be computed, if that is because there are no data for it."""


class Memory:
    """The results of a part of a study, and where to look for those that it needn't compute.

    Parameters
    ----------
    earlier : Memory or None
        The results of the same part before a change.
    changed : frozenset
        The parameters and rows of tables that the change moved.
    """

    def __init__(self, earlier: "Memory | None" = None, changed: Reads = frozenset()):
        self.results: dict[Hashable, Kept] = {}
        self.earlier, self.changed = earlier, changed

    def found(self, key: Hashable) -> Kept | None:
        """Return a result that was computed here, or before a change that doesn't move it."""
        kept = self.results.get(key)
        if kept is None and self.earlier is not None:
            before = self.earlier.found(key)
            if before is not None and self.changed.isdisjoint(before.reads):
                kept = self.results[key] = before
        return kept

    def known(self) -> set[Hashable]:
        """Return the keys of all results that were computed here or before."""
        return set(self.results) | (self.earlier.known() if self.earlier else set())

    def result(self, key: Hashable, compute: Callable[[], Result]) -> Result:
        """Return a result, computed and recorded unless it is here."""
        kept = self.found(key)
        if kept is None:
            kept = self.results[key] = _recorded(compute)
        note(kept.reads)
        return kept.value


def _result(part: Remembers, key: Hashable, compute: Callable[[], Result]) -> Result:
    try:
        return _given_out(part.memory.result(key, compute))
    except Exception as failed:
        part.refuse_if_lacking(failed)
        raise


class derived(Generic[Result]):  # noqa: N801 - it is read as property is
    """A result of a part, computed when it is first asked for.

    It is a data descriptor, so that nothing set on the part can stand in its place unrecorded.
    """

    def __init__(self, compute: Callable[[Any], Result]):
        self.compute = compute
        self.name = compute.__name__
        update_wrapper(self, compute)  # type: ignore[arg-type]

    @overload
    def __get__(self, part: None, owner: type) -> "derived[Result]": ...
    @overload
    def __get__(self, part: Remembers, owner: type) -> Result: ...
    def __get__(self, part, owner):
        if part is None:
            return self
        return _result(part, self.name, partial(self.compute, part))

    def __set__(self, part: Remembers, value: Any) -> None:
        raise AttributeError(f"{self.name} is computed from what it reads and can't be set")


def derived_by(compute: Callable[..., Result]) -> Callable[..., Result]:
    """Remember what a method of a part returns, by its arguments."""

    def result(part: Remembers, *arguments: Hashable) -> Result:
        key = (compute.__name__, *arguments)
        return _result(part, key, partial(compute, part, *arguments))

    update_wrapper(result, compute)
    return result


class Recorded:
    """Values by name, as attributes, of which each that is read is recorded."""

    def __init__(self, values: Any):
        self._values = values

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # asked for where an object is copied, before it has values
            raise AttributeError(name)
        note([name])
        return getattr(self._values, name)


def changed_rows(stem: str, before, after) -> Iterable[Hashable]:
    """Yield what a reader of a table may have read that is another in a table of the same shape.

    Raises
    ------
    ValueError
        If the tables have other rows or columns.
    """
    if not (before.index.equals(after.index) and before.columns.equals(after.columns)):
        raise ValueError(f"{stem} has other rows or columns than before")
    differs = ~((before == after) | (before.isna() & after.isna()))
    if differs.to_numpy().any():
        yield (stem,)
        yield from ((stem, "row", row) for row in differs.index[differs.any(axis="columns")])
        yield from ((stem, "column", name) for name in differs.columns[differs.any()])
