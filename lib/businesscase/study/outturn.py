"""What became of a study after the decision."""

from dataclasses import dataclass

from businesscase.study.uncertainty import UncertaintyStudy


@dataclass(frozen=True)
class OutturnStudy(UncertaintyStudy):
    """Actuals beside the plan, and the re-forecast that they lead to."""
