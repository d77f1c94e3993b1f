"""Which numbers of a scenario an explorer moves, with the bounds that the parameters themselves state."""

import typing
from dataclasses import dataclass

from businesscase.cases.parameters import EXIT_TERMS, Parameters, limits, step_of, unit_of
from businesscase.cases.schema import plain_types
from businesscase.study import Study


@dataclass(frozen=True)
class Setting:
    """One number that a slider moves: a parameter, or an entry of one that holds several."""

    parameter: str
    entry: str
    label: str
    unit: str
    lowest: float
    highest: float
    step: float
    value: float

    @property
    def is_whole(self) -> bool:
        """Whether the parameter takes whole numbers only."""
        annotation = Parameters.model_fields[self.parameter].annotation
        return int in plain_types(typing.get_args(annotation)[1] if self.entry else annotation)


def settings(study: Study, parameter: str) -> list[Setting]:
    """Return the numbers of a parameter, where the study has them now.

    A parameter by partner, factor or rule has one for each; any other has one.
    """
    field = Parameters.model_fields[parameter]
    unit, step = unit_of(parameter), step_of(parameter)
    lowest, highest = limits(parameter)
    if parameter == "horizon_years":
        highest = study.case.file.last_year - study.case.file.decision_year
    if parameter == "appetite":
        highest = study.tables["risk_bands"]["highest_score"].max()
    if parameter in ("joins", "leaves"):  # the last: only after the appraisal, which is never
        lowest, highest = study.years[0], study.years[-1] + (parameter == "leaves")
    return [
        Setting(parameter, entry, entry.replace("_", " ") or field.description.partition(";")[0], unit, float(lowest), float(highest), step, float(value))
        for entry, value in standing(study, parameter).items()
    ]  # fmt: skip


def standing(study: Study, parameter: str) -> dict[str, float]:
    """Return the value of a parameter by entry ('' if it has none), as it stands where it is blank."""
    chosen = getattr(study.parameters, parameter)
    if parameter == "weights":
        return study.options.weights.to_dict()
    if parameter == "user_growth":
        return {partner: chosen.get(partner, 0.0) for partner in study.partners}
    if parameter in ("joins", "leaves"):
        dates = study.savings.joiners if parameter == "joins" else study.savings.leavers
        never = study.years[0] if parameter == "joins" else study.years[-1] + 1
        return {partner: dates.get(partner, never) for partner in study.partners}
    if parameter in EXIT_TERMS:
        return {"": study.savings.exit_terms[parameter]}
    if parameter in ("cost_mix", "saving_mix"):
        return {rule: chosen.get(rule, 0.0) for rule in study.case.known.rules}
    if chosen is not None:
        return {"": chosen}
    blank = {
        "discount_rate": lambda: study.uncertainty.setting("discount_rate"),
        "horizon_years": lambda: study.years[-1] - study.years[0],
        "appetite": lambda: study.risks.highest_accepted_score,
    }
    return {"": blank.get(parameter, lambda: study.cash.assumption(parameter))()}
