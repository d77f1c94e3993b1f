"""Refusals: one sentence each, all of a case's faults together."""

import unicodedata
from collections.abc import Iterable
from difflib import get_close_matches

LOOK_ALIKE = str.maketrans("‘’ʼ“”–—‐−", "'''\"\"----")
LONGEST_FOUND = 80  # characters of what was found that a sentence repeats


class Fault(str):
    """A sentence that refuses an input; ``details`` tells a program what the sentence says.

    Its keys, each only where it is known: file, line, sheet, cell, column, found, allowed, nearest.
    """

    details: dict

    def __new__(cls, sentence: str, **details):
        """Keep the details beside the sentence."""
        fault = super().__new__(cls, sentence)
        known = {name: value for name, value in details.items() if value not in (None, [])}
        fault.details = {**getattr(sentence, "details", {}), **known}
        return fault

    def at(self, place) -> "Fault":
        """Return the fault with its place (``raw.Place``) before it."""
        return Fault(f"{place.text}: {self}", **self.details, **place.details)


class InputError(ValueError):
    """Input that was refused; ``faults`` holds one sentence for each fault."""

    def __init__(self, faults: str | Iterable[str]):
        self.faults = [faults] if isinstance(faults, str) else list(faults)
        super().__init__("\n".join(self.faults))

    def _render_traceback_(self) -> list[str]:
        """Show the sentences alone in a notebook, where IPython asks for this."""
        return list(self.faults)


def shown(found: object) -> str:
    r"""Return what was found in quotation marks, shortened, with its control characters escaped.

    Examples
    --------
    >>> shown("12\n"), len(shown("x" * 10_000))
    ("'12\\n'", 83)
    """
    text = found if isinstance(found, str) else str(found)
    short = text if len(text) <= LONGEST_FOUND else text[:LONGEST_FOUND] + "…"
    return repr(short) if isinstance(found, str) else short


def _on_one_line(name: str) -> str:
    """Return a name with what a terminal would not print, such as line ends, escaped."""
    return "".join(sign if sign.isprintable() else repr(sign)[1:-1] for sign in name)


def nearest_names(found: str, allowed: Iterable[str]) -> list[str]:
    """Return the names that are spelt most like what was found, up to three.

    Examples
    --------
    >>> nearest_names("savin", ["saving", "exit_cost"])
    ['saving']
    """
    folded = {_seen(name): name for name in allowed}
    return [folded[name] for name in get_close_matches(_seen(str(found)[:LONGEST_FOUND]), folded)]


def _seen(name: str) -> str:
    """Return a name without what a reader overlooks: capitals, and which apostrophe or space it is.

    Examples
    --------
    >>> _seen("King’s\u00a0Vale")
    "king's vale"
    """
    return unicodedata.normalize("NFKC", name).translate(LOOK_ALIKE).casefold()


def unknown_name(kind: str, found: str, allowed: Iterable[str]) -> Fault:
    """Say that a name is unknown, with the nearest allowed names, else all of them.

    Examples
    --------
    >>> unknown_name("scenario", "lat-start", ["base", "late-start"])
    "scenario 'lat-start' is unknown; nearest: late-start"
    >>> unknown_name("case", "leeds", ["mkip-2012"])
    "case 'leeds' is unknown; allowed: mkip-2012"
    >>> print(unknown_name("partner", "King's Vale", ["King’s Vale"]))
    partner "King's Vale" is unknown; nearest: King’s Vale (with '’', U+2019)
    """
    allowed = [name for name in map(str, allowed) if name]
    nearest = nearest_names(found, allowed)
    told = ", ".join(map(_on_one_line, nearest or allowed)) or "none"
    hint = f"nearest: {told}" if nearest else f"allowed: {told}"
    alike = next((name for name in nearest if _seen(name) == _seen(str(found))), None)
    if alike and (others := [sign for sign in alike if not sign.isascii() and sign not in found]):
        hint += f" (with {shown(others[0])}, U+{ord(others[0]):04X})"
    return Fault(
        f"{kind} {shown(found)} is unknown; {hint}",
        found=str(found),
        allowed=allowed,
        nearest=nearest,
    )
