"""What a user wants to be left out of a spreadsheet, and how that is said."""

from collections.abc import Collection

from businesscase.errors import shown
from businesscase.spreadsheet.sheets import normal

LEAVE_OUT = "--leave-out {}"  # how a user says that something is to be left out
TOTALS = "totals"  # the word by which rows of totals are left out


def to_leave_out(name: str) -> str:
    """Say how something is left out.

    Examples
    --------
    >>> to_leave_out("flows.checked by")
    "leave it out with --leave-out 'flows.checked by'"
    """
    return f"leave it out with {leave_out_option(name)}"


def leave_out_option(name: str) -> str:
    """Return the words of the command line that leave something out."""
    return LEAVE_OUT.format(name if name.isidentifier() else shown(name))


class LeftOut:
    """What a user wants to be left out, and which of it was found.

    Names are those of sheets, ``sheet.column``, or ``totals``.
    """

    def __init__(self, names: Collection[str]):
        self._wanted = {key: name for name in names for key in _leave_out_keys(name)}
        self._found: set[str] = set()

    def takes(self, sheet: str, column: str | None = None) -> bool:
        """Return whether a sheet, or a column of it, is to be left out."""
        key = normal(sheet) if column is None else f"{normal(sheet)}.{normal(column)}"
        if key in self._wanted:
            self._found.add(self._wanted[key])
        return key in self._wanted

    def takes_totals(self) -> bool:
        """Return whether rows of totals are to be left out."""
        return self.takes(TOTALS)

    def not_found(self) -> list[str]:
        """Return what was not there to be left out; totals are left out if there are any."""
        names = dict.fromkeys(self._wanted.values())
        return [name for name in names if name not in self._found and normal(name) != TOTALS]


def _leave_out_keys(name: str) -> tuple[str, str]:
    """Return what may be meant: a sheet, which may have a dot in its name, or a column of one."""
    sheet, dot, column = name.partition(".")
    return normal(name), normal(sheet) + dot + normal(column)
