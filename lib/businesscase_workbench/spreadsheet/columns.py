"""What a column may hold, as a spreadsheet needs to know it: kind, choices, bounds and meaning."""

import datetime as dt
import typing
from collections.abc import Collection
from dataclasses import dataclass

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from businesscase.calculations.years import Month
from businesscase.cases.parameters import Parameters, unit_of
from businesscase.cases.schema import (
    PLAIN,
    Figure,
    FinancialYear,
    bounds_of,
    plain_types,
    written_as,
)

PROVENANCE = tuple(Figure.model_fields)  # where a row came from: status, source, paragraph, note
LARGEST_FRACTION = 10.0  # where a column states no bound: above it, a percentage was meant
LISTS_OF_NUMBERS = (
    "predecessors",
)  # text in which 2,3 are two numbers, which a program may mistake
IN_PLACE_OF_A_DATE = {"ends": "rolling"}  # by column, a word that it takes
RATIOS = ("weight",)  # only how they stand to each other counts, so 40% may be 0.4
TAKES_DATES = "a number, an ISO date"  # said of a text column that holds figures of every unit


@dataclass(frozen=True)
class Column:
    """A column: what its cells hold, and what they mean.

    Attributes
    ----------
    kinds : frozenset of type
        Those of ``schema.PLAIN`` that it takes; none for text.
    choices : tuple of str
        The words that it takes, if they are few.
    low, high : float or None
        Bounds of a number.
    is_required, may_be_blank : bool
        Whether the column must be there, and whether its cells must be filled.
    takes_sides : bool
        Whether an amount may be marked CR, which is below nil, or DR, as in a ledger.
    """

    name: str
    meaning: str = ""
    kinds: frozenset[type] = frozenset()
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    is_required: bool = True
    may_be_blank: bool = False
    is_fraction: bool = False
    is_letter: bool = False
    may_be_month: bool = False
    takes_sides: bool = False

    @property
    def is_number(self) -> bool:
        """Whether it holds numbers."""
        return bool(self.kinds & {int, float})

    @property
    def is_year(self) -> bool:
        """Whether it holds financial years, known by their bounds."""
        return self.kinds == {int} and (self.low, self.high) == YEAR_BOUNDS

    @property
    def is_money(self) -> bool:
        """Whether it holds pounds."""
        return self.name.endswith("_gbp")

    @property
    def holds_amounts(self) -> bool:
        """Whether it holds numbers of a unit: neither years nor fractions."""
        return self.is_number and not self.is_year and not self.is_fraction

    @property
    def takes_dates(self) -> bool:
        """Whether a date may stand in it."""
        return dt.date in self.kinds or TAKES_DATES in self.meaning

    @property
    def largest_fraction(self) -> float:
        """The value above which a fraction was written as a percentage without its sign."""
        return LARGEST_FRACTION if self.high is None else self.high


def column_of(name: str, field: FieldInfo, annotation=None, unit: str = "") -> Column:
    """Return the column that a field of a model stands for.

    Parameters
    ----------
    name : str
        Name of the field.
    field : FieldInfo
        The field.
    annotation : optional
        Type of one entry, if the field holds a dict.
    unit : str
        Unit of the field, if it is not in its description.
    """
    kind = annotation or field.annotation
    limits = bounds_of(kind, [] if annotation else field.metadata)
    types = plain_types(kind)
    choices = tuple(
        choice
        for option in types
        if typing.get_origin(option) is typing.Literal
        for choice in typing.get_args(option)
    )
    kinds = frozenset(types & set(PLAIN))
    meaning = field.description or ""
    low, high = (_first(limits, *names) for names in (("ge", "gt"), ("le", "lt")))
    is_text = not kinds and not choices
    is_bound = any(hasattr(limit, "min_length") or _pattern(limit) for limit in limits)
    return Column(
        name,
        meaning,
        kinds,
        choices,
        low,
        high,
        is_required=field.is_required(),
        may_be_blank=not field.is_required() or "" in choices or (is_text and not is_bound),
        is_fraction=float in kinds
        and ("[fraction" in meaning or name.endswith("_fraction") or unit.startswith("fraction")),
        is_letter=any(_pattern(limit) == "^[a-z]$" for limit in limits),
        may_be_month=not annotation and Month in written_as(field),
    )


def table_columns(model: type[BaseModel]) -> dict[str, Column]:
    """Return the columns of a table: its own first, then those that say where a row came from."""
    fields = model.model_fields
    last = PROVENANCE if states_origin(fields) else ()
    own = [name for name in fields if name not in last]
    return {name: column_of(name, fields[name]) for name in (*own, *last)}


def states_origin(names: Collection[str]) -> bool:
    """Return whether all columns that say where a row came from are among some names."""
    return set(PROVENANCE) <= set(names)


def parameter_column(name: str) -> tuple[Column, int]:
    """Return the column of a scenario's parameter, and by how many names its entries go (0 to 2).

    Examples
    --------
    >>> column, names = parameter_column("user_growth")
    >>> column.is_fraction, column.high, names
    (True, 0.5, 1)
    """
    field, unit = Parameters.model_fields[name], unit_of(name)
    annotation, names = field.annotation, 0
    while typing.get_origin(annotation) is dict:
        annotation, names = typing.get_args(annotation)[1], names + 1
    column = column_of(name, field, annotation if names else None, unit)
    if unit.startswith("date"):  # a text that must look like a date
        column = Column(name, column.meaning, frozenset({dt.date}), may_be_blank=True)
    return column, names


def _first(limits: list, *names: str) -> float | None:
    found = (getattr(limit, name) for name in names for limit in limits if hasattr(limit, name))
    return next(found, None)


def _pattern(limit) -> str:
    return getattr(limit, "pattern", None) or ""


_YEAR = bounds_of(FinancialYear)
YEAR_BOUNDS = (_first(_YEAR, "ge"), _first(_YEAR, "le"))
