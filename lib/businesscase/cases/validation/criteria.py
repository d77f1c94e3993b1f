"""Faults of the criteria of the decision that can be seen without results."""

from collections.abc import Iterator

from businesscase.calculations.decision import LETTER, NAMED, PROPOSED
from businesscase.cases.errors import Fault, shown, unknown_name
from businesscase.cases.validation.core import PlacedFault, Tables


def criteria_faults(tables: Tables) -> Iterator[PlacedFault]:
    """Yield a sentence for each criterion on an option that doesn't say whether it follows the one appraised."""
    gates, known = tables["gates"], list(tables["options"]["option"])
    factors = set(tables["factors"]["factor"])
    for row in gates[gates["section"] == "options"].itertuples():
        option, comma, rest = row.item.partition(", ")
        named = NAMED.fullmatch(option)
        if named and known and named[1] not in known:
            yield "gates", row.Index, unknown_name("option", named[1], known)
        if LETTER.fullmatch(option) and row.item not in factors:
            follows, stays = PROPOSED + comma + rest, f"option {option}{comma}{rest}"
            yield (
                "gates",
                row.Index,
                Fault(
                    f"item {shown(row.item)} is an option by its letter alone; {follows!r} tests the "
                    f"option appraised, whichever it is, {stays!r} that one in any case",
                    found=row.item,
                    allowed=[follows, stays],
                ),
            )
