"""A study: one case under one scenario. The one place where tables meet parameters."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import pandas as pd

from businesscase import decision, results
from businesscase.case import BASE, data_folder, load_case
from businesscase.errors import InputError, unknown_name
from businesscase.study.core import ALL, changed_parameters
from businesscase.study.options import OptionsStudy
from businesscase.study.outturn import OutturnStudy
from businesscase.study.plan import PlanStudy
from businesscase.study.readiness import ReadinessStudy
from businesscase.study.risks import RisksStudy
from businesscase.validation import parameter_faults

__all__ = ["ALL", "Study", "load_study"]


@dataclass(frozen=True)
class Study(OptionsStudy, OutturnStudy, RisksStudy, PlanStudy, ReadinessStudy):
    """A case under a scenario; each property is a result, computed when first asked for."""

    @cached_property
    def section_results(self) -> pd.DataFrame:
        """Results of all sections but the decision, which rests on them, as tidy rows."""
        return results.of_sections(self)

    @cached_property
    def gates(self) -> pd.DataFrame:
        """Each criterion of the decision, with what was found and whether it is met."""
        found = self.section_results
        if any(self._gate_faults(found)):  # a scenario may lack a result that the base has
            base = self.in_scenario(BASE)
            faults = list(base._gate_faults(base.section_results))
            if faults:
                place = f"{data_folder().name}/{self.case.name}/gates.csv"
                raise InputError(f"{place}: {fault}" for fault in faults)
        return decision.tested_gates(self.tables["gates"], found)

    def _gate_faults(self, found: pd.DataFrame) -> Iterator[str]:
        lacking = ["decision"] if self.committed_cost.empty else []  # nothing to test there
        sections = [name for name in self.case.section_names() if name not in lacking]
        return decision.gate_faults(self.tables["gates"], found, sections)

    @property
    def recommendation(self) -> str:
        """The decision that follows from the gates: go, go with conditions, or stop."""
        return decision.recommendation(self.gates["outcome"], self.gates["if_not_met"])

    @cached_property
    def results(self) -> pd.DataFrame:
        """Every result as tidy rows: section, measure, item, year, value, unit."""
        return results.of_study(self)


def load_study(case: str, scenario: str = BASE, **changes) -> Study:
    """Read a case and return it under a scenario, with further changes on top.

    Parameters
    ----------
    case : str
        Name of a folder under data/.
    scenario : str
        Name of a scenario in the case's scenarios.toml.
    **changes
        Parameters to change; None leaves what the scenario says.

    Raises
    ------
    InputError
        If the case, the scenario or a parameter is unknown or refused.
    """
    loaded = load_case(case)
    if scenario not in loaded.scenarios:
        raise InputError(unknown_name("scenario", scenario, loaded.scenarios))
    parameters = changed_parameters(loaded.scenarios[scenario].parameters, changes)
    faults = list(parameter_faults(loaded.file, loaded.tables, parameters))
    if faults:
        raise InputError(faults)
    return Study(loaded, scenario, parameters)
