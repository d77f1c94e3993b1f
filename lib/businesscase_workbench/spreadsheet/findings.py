"""What reading a spreadsheet brought to light: faults, and what was changed or left out."""

from collections import defaultdict
from dataclasses import dataclass, field

from businesscase.cases.errors import Fault, shown
from businesscase.cases.raw import Place
from businesscase_workbench.spreadsheet.cells import DATE_AS_TEXT, NUMBER_AS_TEXT, SCALED, TRIMMED

SAID_IN_FULL = 3  # conversions of one kind in one column; more are counted


@dataclass
class ImportFindings:
    """Faults and statements, in the order in which they were found."""

    faults: list[Fault] = field(default_factory=list)
    _said: list[tuple[tuple, str]] = field(default_factory=list)
    _fractions: dict[str, list[float]] = field(default_factory=lambda: defaultdict(list))

    def refuse(self, place: Place, sentence: str, **details) -> None:
        """Add a fault; what a sentence knows of names found and allowed is kept."""
        known = getattr(sentence, "details", {}) | place.details | details
        self.faults.append(Fault(f"{place.text}: {sentence}", **known))

    def say(self, sentence: str) -> None:
        """State something that was left out or added."""
        self._said.append(((), sentence))

    def convert(self, place: Place, group: tuple, found: str, text: str, change: str) -> None:
        """State how a cell was read; of a group of like ones the first few are stated in full."""
        if change == TRIMMED:
            self._said.append(((*group, TRIMMED), ""))
        elif change == SCALED:  # each by itself, and where it is read: it may be a slip
            self.say(f"{place.text}: {shown(found)} read as {text}")
        elif change == NUMBER_AS_TEXT:
            sentence = f"{place.text}: the number {found} read as the text {shown(text)}"
            self._said.append(((*group, change), sentence))
        else:
            note = " (day first)" if change == DATE_AS_TEXT and found[:4] != text[:4] else ""
            self._said.append(
                ((*group, change), f"{place.text}: {shown(found)} read as {text}{note}")
            )

    def fraction(self, group: str, value: str) -> None:
        """Remember a fraction, so that it is stated how those of its column were read."""
        self._fractions[group].append(float(value))

    def conversions(self) -> list[str]:
        """Return one sentence for each statement, like ones summed up.

        What was left out or added stands last, next to the prompt at which it is read.
        """
        groups: dict[tuple, list[str]] = defaultdict(list)
        for group, sentence in self._said:
            groups[group].append(sentence)
        stated = groups.pop((), [])
        sentences = []
        for group, found in groups.items():
            if group[-1] == TRIMMED:
                where = ", column ".join(group[:-1])
                sentences.append(f"{where}: spaces around {_cells(len(found))} left out")
                continue
            found = list(dict.fromkeys(found))  # one cell may be read into several rows
            sentences.extend(found[:SAID_IN_FULL])
            if len(found) > SAID_IN_FULL:
                sentences[-1] += f"; and {len(found) - SAID_IN_FULL} more like it"
        for where, values in self._fractions.items():
            low, high = min(values), max(values)
            count = f"{len(values)} value{'s' if len(values) > 1 else ''}"
            sentences.append(f"{where}: {count} read as fractions, {_spread(low, high)}")
        return sentences + list(dict.fromkeys(stated))  # several readings of a block find the same


def _cells(count: int) -> str:
    return f"{count} text{'s' if count > 1 else ''}"


def _spread(low: float, high: float) -> str:
    """Return the lowest and highest of some fractions, each with its percentage."""
    shown_low, shown_high = (f"{value:.15g} ({value * 100:.3g}%)" for value in (low, high))
    return shown_low if low == high else f"{shown_low} to {shown_high}"
