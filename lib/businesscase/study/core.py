"""What every part of a study stands on: the case's tables and the scenario's parameters, recorded as they are read."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any, ClassVar, Self

import pandas as pd
from pydantic import ValidationError

from businesscase.calculations.apportionment import ALL
from businesscase.cases.case import Case
from businesscase.cases.errors import InputError, unknown_name
from businesscase.cases.parameters import Parameters
from businesscase.cases.validation.core import staying
from businesscase.study.derived import Memory, Recorded, Remembers, derived, note
from businesscase.study.tidy import Row

LACKS = {
    # what a case lacks if it has nothing for a section
    "baseline": "data on its present services",
    "options": "scores of options (scores.csv)",
    "savings": "money (flows.csv)",
    "appraisal": "money (flows.csv)",
    "risks": "risk register (risks.csv)",
    "plan": "work plan (tasks.csv)",
    "readiness": "readiness scores (readiness.csv)",
    "outturn": "results yet (actuals.csv)",
    "decision": "criteria (gates.csv)",
}


class Tables(Mapping[str, pd.DataFrame]):
    """The tables of a case, of which each that is read is recorded."""

    def __init__(self, tables: Mapping[str, pd.DataFrame]):
        self._tables = tables

    def __getitem__(self, stem: str) -> pd.DataFrame:
        note([(stem,)])
        return self._tables[stem]

    def __iter__(self) -> Iterator[str]:
        return iter(self._tables)

    def __len__(self) -> int:
        return len(self._tables)

    def column(self, stem: str, name: str) -> pd.Series:
        """Return a column of a table; only it counts as read."""
        note([(stem, "column", name)])
        return self._tables[stem][name]

    def rows(self, stem: str, **where: Any) -> pd.DataFrame:
        """Return the rows of a table whose columns have these values, or one of these; only they count as read."""
        table = self._tables[stem]
        for column, value in where.items():
            note([(stem, "column", column)])
            table = table[table[column].isin([value] if isinstance(value, str) else value)]
        note((stem, "row", row) for row in table.index)
        return table


class GivenOut(dict[str, pd.DataFrame]):
    """Tables by name, of which each that is read is recorded; what is written into one stays out of the case."""

    def __getitem__(self, stem: str) -> pd.DataFrame:
        note([(stem,)])
        return super().__getitem__(stem).copy(deep=False)


class Inputs:
    """A case and the parameters of a scenario, and the way to the same case under others.

    Attributes
    ----------
    case : Case
        What is studied.
    parameters : Recorded
        The scenario's parameters.
    tables : Tables
        The case's tables.
    varied : callable
        Returns the study with parameters changed.
    in_scenario : callable
        Returns the study of a scenario of the case.
    with_tables : callable
        Returns the study with figures of some tables changed.
    """

    def __init__(
        self,
        case: Case,
        parameters: Parameters,
        varied: Callable[..., Any],
        in_scenario: Callable[[str], Any],
        with_tables: Callable[[Mapping[str, pd.DataFrame]], Any],
    ):
        self.case, self.parameters, self.tables = case, Recorded(parameters), Tables(case.tables)
        self.varied, self.in_scenario, self.with_tables = varied, in_scenario, with_tables


class Part(Remembers):
    """One subject of a study: its results, from the inputs and the parts that are handed in.

    ``name`` is what the study calls it, and ``section`` under which its results stand; without data for
    ``rests_on``, mostly that section, it has none. ``first`` are the results that a reader is offered to
    begin with, where it has more than a dozen. ``quick`` are the measures that can be had without the rows before them: by name, the value of an item (None if there is none), and the unit; ``yearly`` those
    that can by item and year. ``rough`` are those of which a search for a turning point takes a part of the draws.
    """

    name: ClassVar[str]
    section: ClassVar[str]
    rests_on: ClassVar[str]
    first: ClassVar[tuple[str, ...]] = ()
    quick: ClassVar[dict[str, tuple[Callable[[Any, str], Any], str]]] = {}
    yearly: ClassVar[dict[str, tuple[Callable[[Any], pd.DataFrame], str]]] = {}
    rough: ClassVar[dict[str, Callable[[Any, str], Any]]] = {}

    def __init_subclass__(cls):
        cls.section = vars(cls).get("section", cls.name)
        cls.rests_on = vars(cls).get("rests_on", cls.section)

    def __init__(self, inputs: Inputs):
        self.inputs, self.memory = inputs, Memory()
        self.case, self.parameters, self.tables = inputs.case, inputs.parameters, inputs.tables

    def __dir__(self) -> list[str]:
        """Return the results to begin with; every other name can be had all the same."""
        return list(self.first or self.result_names())

    @classmethod
    def result_names(cls) -> list[str]:
        """Return the names of all results of its own."""
        return [
            name
            for name, result in vars(cls).items()
            if isinstance(result, property | derived) and not name.startswith("_")
        ]

    def refuse_if_lacking(self, failed: Exception) -> None:
        """Refuse a result that can't be computed because the case has nothing of what it rests on.

        Raises
        ------
        InputError
            With what the case lacks.
        """
        is_said = isinstance(failed, InputError)
        if not is_said and self.rests_on not in self.case.section_names():
            raise InputError(f"{self.case.name} has no {LACKS[self.rests_on]}") from failed

    def rows(self) -> Iterator[Row]:
        """Yield the results one by one: what follows one isn't computed before it is due."""
        yield from ()

    def at(self, **changes) -> Self:
        """Return the same part with parameters changed."""
        return getattr(self.inputs.varied(**changes), self.name)

    def in_scenario(self, scenario: str) -> Self:
        """Return the same part under a scenario of the case."""
        return getattr(self.inputs.in_scenario(scenario), self.name)

    def of_option(self, option: str) -> Self:
        """Return the same part with an option appraised: itself, with what it knows, if it is its own."""
        return self if option == self.option else self.at(option=option)

    @derived
    def partners(self) -> list[str]:
        """Partners that stay, in the order of partners.csv."""
        return staying(self.tables["partners"])

    @property
    def years(self) -> list[int]:
        """Financial years of the appraisal; the first is year 0."""
        file, horizon = self.case.file, self.parameters.horizon_years
        last = file.last_year if horizon is None else file.decision_year + horizon
        return list(range(file.decision_year, last + 1))

    @property
    def option(self) -> str:
        """Letter of the delivery option that is appraised."""
        return self.parameters.option or self.case.file.preferred_option

    def __repr__(self) -> str:
        return f"<{self.name} of {self.case.name}>"


def of_all(measured: Callable[[Any], Any]) -> Callable[[Any, str], Any]:
    """Return a quick measure that is of the whole case, and has no other item."""
    return lambda part, item: measured(part) if item == ALL else None


def changed_parameters(parameters: Parameters, changes: dict) -> Parameters:
    """Return parameters with changes, validated.

    Raises
    ------
    InputError
        With one sentence for each change that is unknown or out of bounds.
    """
    unknown = [name for name in changes if name not in Parameters.model_fields]
    if unknown:
        raise InputError(
            unknown_name("parameter", name, Parameters.model_fields) for name in unknown
        )
    try:
        return Parameters.model_validate(parameters.model_dump() | changes)
    except ValidationError as error:
        raise InputError(
            f"parameter {'.'.join(map(str, fault['loc']))}: found {fault['input']!r}; "
            f"{fault['msg'].replace('Input should be', 'it should be')}"
            for fault in error.errors()
        ) from None
