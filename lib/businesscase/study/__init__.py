"""A study: one case under one scenario. The one place where tables meet parameters."""

import ast
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import Any, Self

import pandas as pd

from businesscase.cases.case import BASE, Case, case_with_rows, load_case
from businesscase.cases.errors import Fault, InputError, shown, unknown_name
from businesscase.cases.parameters import Parameters, Scenario
from businesscase.cases.validation import parameter_faults
from businesscase.study import evidence, results
from businesscase.study.appraisal import Appraisal
from businesscase.study.assurance import Assurance
from businesscase.study.baseline import Baseline
from businesscase.study.cash import Cash
from businesscase.study.contracts import Contracts
from businesscase.study.core import GivenOut, Inputs, changed_parameters
from businesscase.study.decision import Decision
from businesscase.study.derived import Memory, Remembers, changed_rows, derived
from businesscase.study.governance import Governance
from businesscase.study.options import Options
from businesscase.study.outturn import Outturn
from businesscase.study.plan import Plan
from businesscase.study.readiness import Readiness
from businesscase.study.resolutions import Resolutions
from businesscase.study.risks import Risks
from businesscase.study.savings import Savings
from businesscase.study.scrutiny import Scrutiny
from businesscase.study.uncertainty import Uncertainty
from businesscase.study.value import Value
from businesscase.study.verdicts import Verdicts

INJECTED = "# Parameters"  # how a cell begins that papermill writes


class Study(Remembers):
    """A case under a scenario, composed of parts; each result is computed when first asked for.

    Attributes
    ----------
    case : Case
        What is studied.
    scenario_name : str
        The scenario that it began from.
    parameters : Parameters
        Those of the scenario, or as they were varied since.
    baseline, savings, cash, uncertainty, options, appraisal, risks, plan, contracts, readiness, governance, outturn, value, decision, verdicts, resolutions, scrutiny, assurance
        The parts. Each is handed the parts that it needs.
    memory : Memory
        The results of the whole study, and what the comparison of the case's scenarios has found so far.
    """

    def __init__(self, case: Case, scenario_name: str, parameters: Parameters):
        self.case, self.scenario_name, self.parameters = case, scenario_name, parameters
        self.memory = Memory()
        inputs = Inputs(case, parameters, self.varied, self.in_scenario, self.with_tables)
        self.baseline = Baseline(inputs)
        self.plan = Plan(inputs)
        self.savings = Savings(inputs, self.baseline, self.plan)
        self.risks = Risks(inputs, self.baseline, self.savings)
        self.uncertainty = Uncertainty(inputs, self.baseline, self.savings, self.plan, self.risks)
        self.contracts = Contracts(inputs, self.plan, self.savings, self.uncertainty)
        self.cash = Cash(inputs, self.savings)
        self.options = Options(inputs, self.savings)
        self.appraisal = Appraisal(
            inputs, self.baseline, self.savings, self.uncertainty, self.options
        )
        self.readiness = Readiness(inputs, self.baseline, self.savings)
        self.governance = Governance(inputs)
        self.outturn = Outturn(inputs, self.savings, self.uncertainty, self.plan)
        self.value = Value(inputs, self.uncertainty)
        parts = (
            self.baseline,
            self.options,
            self.savings,
            self.uncertainty,
            self.cash,
            self.appraisal,
            self.risks,
            self.plan,
            self.contracts,
            self.readiness,
            self.governance,
            self.outturn,
            self.value,
        )
        self.decision = Decision(
            inputs,
            parts,
            self.savings,
            self.uncertainty,
            self.options,
            self.risks,
            self.readiness,
            self.plan,
        )
        self.verdicts = Verdicts(
            inputs, self.savings, self.cash, self.uncertainty, self.plan, self.decision
        )
        self.resolutions = Resolutions(inputs, self.savings, self.decision)
        self.scrutiny = Scrutiny(inputs, self.baseline, self.savings, self.plan, self.outturn)
        self.assurance = Assurance(inputs, self.savings, self.decision)
        self.parts = (
            *parts,
            self.decision,
            self.verdicts,
            self.resolutions,
            self.scrutiny,
            self.assurance,
        )

    @classmethod
    def of(cls, case: Case, scenario: str) -> Self:
        """Return the study of a case under a scenario, the same one each time it is asked for."""
        if scenario not in case.studies:
            study = cls(case, scenario, case.scenarios[scenario].parameters)
            if scenario != BASE:
                study._continue_from(cls.of(case, BASE))
            case.studies[scenario] = study
        return case.studies[scenario]

    def _continue_from(self, other: Self) -> None:
        """Take over each result of a study of the same case that read nothing that differs here."""
        changed: set[Hashable] = {
            name
            for name in Parameters.model_fields
            if getattr(self.parameters, name) != getattr(other.parameters, name)
        }
        for stem, table in self.case.tables.items():
            if table is not other.case.tables[stem]:
                changed |= set(changed_rows(stem, other.case.tables[stem], table))
        for own, earlier in zip(self.parts, other.parts, strict=True):
            own.memory = Memory(earlier.memory, frozenset(changed))

    def __dir__(self) -> list[str]:
        """Return what a reader begins with: the parts, what they are of, and how to change it."""
        of = ["case", "tables", "parameters", "partners", "years", "option", "results", "findings"]
        return [*(part.name for part in self.parts), *of, "varied", "in_scenario", "with_tables"]

    @property
    def findings(self) -> list[Fault]:
        """What the data, and the figures made of them, leave to be desired, a sentence each."""
        parts = self.contracts, self.outturn, self.decision, self.resolutions
        return [*self.case.findings, *(found for part in parts for found in part.findings)]

    @property
    def scenario(self) -> Scenario:
        """Title, reason and parameters of the scenario, as scenarios.toml has them."""
        return self.case.scenarios[self.scenario_name]

    @cached_property
    def tables(self) -> dict[str, pd.DataFrame]:
        """The case's tables."""
        return GivenOut(self.case.tables)

    @property
    def partners(self) -> list[str]:
        """Partners that stay, in the order of partners.csv."""
        return self.baseline.partners

    @property
    def years(self) -> list[int]:
        """Financial years of the appraisal; the first is year 0."""
        return self.baseline.years

    @property
    def option(self) -> str:
        """Letter of the delivery option that is appraised."""
        return self.baseline.option

    def varied(self, **changes) -> Self:
        """Return this study with parameters changed, itself if they are as they were.

        Raises
        ------
        InputError
            If a parameter is unknown or out of bounds.
        """
        parameters = changed_parameters(self.parameters, changes)
        if parameters == self.parameters:
            return self
        study = type(self)(self.case, self.scenario_name, parameters)
        study._continue_from(self)
        return study

    def moved(self, changes: dict) -> Self:
        """Return the study with parameters replaced, by None too where they may be blank.

        Raises
        ------
        InputError
            If a parameter is unknown, out of bounds or names what the case does not have.
        """
        study = self.varied(**changes)
        faults = list(parameter_faults(self.case.known, study.parameters))
        if faults:
            raise InputError(faults)
        return study

    def with_tables(self, changed: Mapping[str, pd.DataFrame]) -> Self:
        """Return this study with other figures in some tables.

        Raises
        ------
        ValueError
            If a table has other rows or columns than before.
        """
        case = replace(self.case, tables={**self.case.tables, **changed})
        study = type(self)(case, self.scenario_name, self.parameters)
        study._continue_from(self)
        return study

    def in_scenario(self, name: str) -> Self:
        """Return the case under another of its scenarios, as that scenario says."""
        if name == self.scenario_name and self.case.scenarios[name].parameters == self.parameters:
            return self  # with what it has already computed
        return self.of(self.case, name)

    def rows(self, section: str) -> Iterator[tuple]:
        """Yield the results of a section one by one; what follows one isn't computed before it is due."""
        if section == self.decision.section:
            yield from self.decision.of_section(section)
            yield from ((section, *row) for row in self._decided())
        elif section in self.case.section_names():
            yield from self.decision.of_section(section)

    def _decided(self) -> Iterator[tuple]:
        """Yield how sure the decision is, and then what is decided."""
        yield from self.verdicts.rows()
        yield from self.decision.outcome_rows()

    @derived
    def results(self) -> pd.DataFrame:
        """Every result as tidy rows: section, measure, item, year, value, unit."""
        decided = results.frame((self.decision.section, *row) for row in self._decided())
        return pd.concat([self.decision.section_results, decided], ignore_index=True)

    @property
    def changed(self) -> dict[str, Any]:
        """Parameters that are other than the scenario says, by name."""
        stated = self.scenario.parameters
        return {name: value for name, value in self.parameters if value != getattr(stated, name)}

    def __repr__(self) -> str:
        changed = [f"{name}={value!r}" for name, value in self.changed.items()]
        return f"Study({', '.join([self.case.name, self.scenario_name, *changed])})"


def load_study(
    case: str,
    scenario: str = BASE,
    added: Mapping[str, Iterable[Mapping[str, object]]] | None = None,
    **changes,
) -> Study:
    """Read a case and return it under a scenario, with further changes on top.

    Parameters
    ----------
    case : str
        Name of a folder under data/.
    scenario : str
        Name of a scenario in the case's scenarios.toml.
    added : mapping, optional
        By table, rows that no file holds, as ``case_with_rows`` takes them: a line of money, say.
    **changes
        Parameters to change; None leaves what the scenario says.

    Raises
    ------
    InputError
        If the case, the scenario, an added row or a parameter is unknown or refused.
    """
    faults = [
        Fault(
            f"{kind} {shown(name)} can't be a name, which is text: write it in quotation marks, or give it "
            f"to papermill with -r {kind}",
            found=name,
        )
        for kind, name in (("case", case), ("scenario", scenario))
        if not isinstance(name, str)
    ]
    if faults:
        raise InputError(faults)
    loaded = case_with_rows(case, added) if added else load_case(case)
    if scenario not in loaded.scenarios:
        raise InputError(unknown_name("scenario", scenario, loaded.scenarios))
    evidence.watch()
    study = Study.of(loaded, scenario)
    given = {name: value for name, value in changes.items() if value is not None}
    return study.moved(given) if given else study


def parameters_in(notebook: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the names of a notebook say of a study; names of its reader's own are left out.

    Parameters
    ----------
    notebook : mapping
        Its ``globals()``.

    Returns
    -------
    dict
        Case, scenario and parameters, as ``load_study`` takes them.

    Raises
    ------
    InputError
        If papermill gave the notebook a parameter that no study has.

    Examples
    --------
    >>> parameters_in({"case": "mkip-2012", "delay_years": 1, "my_frame": "of my own"})
    {'case': 'mkip-2012', 'delay_years': 1}
    """
    known = ["case", "scenario", *Parameters.model_fields]
    unknown = [name for name in _injected(notebook.get("In", ())) if name not in known]
    if unknown:
        raise InputError(unknown_name("parameter", name, known) for name in unknown)
    return {name: notebook[name] for name in known if name in notebook}


def _injected(cells: Iterable[str]) -> list[str]:
    """Return the names that papermill gave a notebook, of the cells that were run in it."""
    given = [ast.parse(cell) for cell in cells if cell.startswith(INJECTED)]
    return [
        target.id
        for cell in given
        for line in cell.body
        if isinstance(line, ast.Assign)
        for target in line.targets
        if isinstance(target, ast.Name)
    ]
