"""Names that every file system can hold, and texts that every report can."""

import re

from businesscase.cases.errors import Fault, InputError, shown

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

LONGEST_TEXT = 10_000  # characters of a cell; a description that is longer is a document
# what XML can't hold, and so no page, Word or Excel file: all controls but tab and line ends
UNPRINTABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")


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


def refuse_unless_printable(cell: object) -> None:
    """Refuse a text that a report can't hold: too long, or with control characters such as NUL.

    Raises
    ------
    InputError
        If it is a text, and one of the two.
    """
    if not isinstance(cell, str):
        return
    if len(cell) > LONGEST_TEXT:
        allowed = f"at most {LONGEST_TEXT:,} characters"
        fault = Fault(f"found {len(cell):,} characters; allowed are {allowed}", allowed=allowed)
        raise InputError(fault)
    if odd := UNPRINTABLE.search(cell):
        allowed = "text without control characters"
        found = f"{shown(odd[0])} as character {odd.start() + 1} of {shown(cell)}"
        raise InputError(
            Fault(f"found {found}; allowed is {allowed}", found=found, allowed=allowed)
        )
