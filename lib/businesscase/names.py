"""Names that may name a folder on every file system."""

import re

from businesscase.errors import Fault, shown

LONGEST_NAME = 60
SAFE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
RESERVED = {
    # names that Windows keeps for devices
    "con",
    "prn",
    "aux",
    "nul",
    *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10)),
}


def unsafe_name(kind: str, name: str) -> Fault | None:
    """Say why a name can't name a folder everywhere, or return None if it can.

    Examples
    --------
    >>> unsafe_name("case", "my-case")
    >>> unsafe_name("case", "../x")[:46]
    "case '../x' can't name a folder; use up to 60 "
    """
    if SAFE.fullmatch(name) and len(name) <= LONGEST_NAME and name.casefold() not in RESERVED:
        return None
    allowed = (
        f"up to {LONGEST_NAME} letters of a to z, digits, hyphens and underscores, the first a letter "
        "or digit, and no name of a device such as con"
    )
    return Fault(
        f"{kind} {shown(name)} can't name a folder; use {allowed}", found=name, allowed=allowed
    )
