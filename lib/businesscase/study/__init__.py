"""A study: one case under one scenario. The one place where tables meet parameters."""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import pandas as pd

from businesscase.cases.case import BASE, load_case
from businesscase.cases.errors import Fault, InputError, shown, unknown_name
from businesscase.cases.validation import parameter_faults
from businesscase.study import results
from businesscase.study.assurance import AssuranceStudy
from businesscase.study.core import ALL, changed_parameters
from businesscase.study.governance import GovernanceStudy
from businesscase.study.options import OptionsStudy
from businesscase.study.outturn import OutturnStudy
from businesscase.study.plan import PlanStudy
from businesscase.study.readiness import ReadinessStudy
from businesscase.study.risks import RisksStudy

__all__ = ["ALL", "Study", "load_study"]


@dataclass(frozen=True)
class Study(
    AssuranceStudy,
    OptionsStudy,
    OutturnStudy,
    RisksStudy,
    ReadinessStudy,
    PlanStudy,
    GovernanceStudy,
):
    """A case under a scenario; each property is a result, computed when first asked for."""

    def moved(self, changes: dict) -> Self:
        """Return the study with parameters replaced, by None too where they may be blank.

        Raises
        ------
        InputError
            If a parameter is unknown, out of bounds or names what the case does not have.
        """
        parameters = changed_parameters(self.parameters, changes)
        faults = list(parameter_faults(self.case.file, self.tables, parameters))
        if faults:
            raise InputError(faults)
        return replace(self, parameters=parameters)

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
    loaded = load_case(case)
    if scenario not in loaded.scenarios:
        raise InputError(unknown_name("scenario", scenario, loaded.scenarios))
    study = Study.of(loaded, scenario)
    given = {name: value for name, value in changes.items() if value is not None}
    return study.moved(given) if given else study
