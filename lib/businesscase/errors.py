"""Refusals: one sentence each, all of a case's faults together."""

from collections.abc import Iterable
from difflib import get_close_matches


class InputError(ValueError):
    """Input that was refused; ``faults`` holds one sentence for each fault."""

    def __init__(self, faults: str | Iterable[str]):
        self.faults = [faults] if isinstance(faults, str) else list(faults)
        super().__init__("\n".join(self.faults))


def unknown_name(kind: str, found: str, allowed: Iterable[str]) -> str:
    """Say that a name is unknown, with the nearest allowed names, else all of them.

    Examples
    --------
    >>> unknown_name("scenario", "lat-start", ["base", "late-start"])
    "scenario 'lat-start' is unknown; nearest: late-start"
    >>> unknown_name("case", "leeds", ["mkip-2012"])
    "case 'leeds' is unknown; allowed: mkip-2012"
    """
    allowed = [str(name) for name in allowed]
    folded = {name.casefold(): name for name in allowed}
    nearest = [folded[name] for name in get_close_matches(found.casefold(), folded)]
    hint = (
        f"nearest: {', '.join(nearest)}" if nearest else f"allowed: {', '.join(allowed) or 'none'}"
    )
    return f"{kind} {found!r} is unknown; {hint}"
