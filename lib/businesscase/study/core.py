"""What every part of a study stands on: the case, its scenario, partners and years."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import pandas as pd
from pydantic import ValidationError

from businesscase.cases.case import Case
from businesscase.cases.errors import InputError, unknown_name
from businesscase.cases.parameters import Parameters, Scenario

ALL = "all"


@dataclass(frozen=True)
class StudyCore:
    """A case under a scenario."""

    case: Case
    scenario_name: str
    parameters: Parameters

    @classmethod
    def of(cls, case: Case, scenario: str) -> Self:
        """Return the study of a case under a scenario, the same one each time it is asked for."""
        if scenario not in case.studies:
            case.studies[scenario] = cls(case, scenario, case.scenarios[scenario].parameters)
        return case.studies[scenario]

    @property
    def scenario(self) -> Scenario:
        """Title, reason and parameters of the scenario, as scenarios.toml has them."""
        return self.case.scenarios[self.scenario_name]

    @property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The case's tables."""
        return self.case.tables

    @cached_property
    def partners(self) -> list[str]:
        """Partners that stay, in the order of partners.csv."""
        staying = self.tables["partners"]["role"] != "leaving"
        return list(self.tables["partners"].loc[staying, "partner"])

    @property
    def years(self) -> list[int]:
        """Financial years of the appraisal; the first is year 0."""
        file = self.case.file
        last = file.last_year
        if self.parameters.horizon_years is not None:
            last = file.decision_year + self.parameters.horizon_years
        return list(range(file.decision_year, last + 1))

    def finance_assumption(self, name: str) -> float:
        """Return an assumption of the cash view: the scenario's, else finance_assumptions.csv's."""
        chosen = getattr(self.parameters, name)
        stated = self.tables["finance_assumptions"].set_index("parameter")["value"]
        return float(stated[name]) if chosen is None else float(chosen)

    @property
    def option(self) -> str:
        """Letter of the delivery option that is appraised."""
        return self.parameters.option or self.case.file.preferred_option

    def varied(self, keep: tuple[str, ...] = (), **changes) -> Self:
        """Return this study with other parameters, itself if they are as they were.

        ``keep`` names what the changes do not move, so that it is not computed anew.
        """
        parameters = changed_parameters(self.parameters, changes)
        if parameters == self.parameters:
            return self
        study = replace(self, parameters=parameters)
        vars(study).update({name: getattr(self, name) for name in keep})
        return study

    def in_scenario(self, name: str) -> Self:
        """Return the case under another of its scenarios, as that scenario says."""
        if name == self.scenario_name and self.case.scenarios[name].parameters == self.parameters:
            return self  # with what it has already computed
        return self.of(self.case, name)


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
