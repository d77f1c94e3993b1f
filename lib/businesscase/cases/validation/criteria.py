"""Faults of the criteria of the decision that can be seen without results."""

from collections.abc import Iterator

from businesscase.calculations.decision import EACH, LETTER, NAMED, PROPOSED
from businesscase.cases.errors import Fault, shown, unknown_name
from businesscase.cases.schema import CaseFile
from businesscase.cases.validation.core import PlacedFault, Tables


def criteria_faults(file: CaseFile, tables: Tables) -> Iterator[PlacedFault]:
    """Yield faults of the criteria, of the actions on them and of the headroom."""
    yield from _option_faults(tables)
    gates = tables["gates"]
    years = gates["year"].replace(EACH, "").replace("", None).dropna().astype(int)
    headroom = tables["headroom"]
    for stem, found in (("gates", years), ("headroom", headroom["year"].dropna())):
        for index, year in found.items():
            if not file.decision_year <= year <= file.last_year:
                span = f"{file.decision_year} to {file.last_year}"
                yield stem, index, f"year {year} is outside the appraisal, {span}"
    criteria = list(gates["criterion"])
    for index, name in tables["conditions"]["criterion"].items():
        if name not in criteria:
            yield "conditions", index, unknown_name("criterion", name, criteria)


def _option_faults(tables: Tables) -> Iterator[PlacedFault]:
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
