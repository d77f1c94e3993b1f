"""What a user says to leave out of a spreadsheet or to keep, and how that is said."""

from collections.abc import Collection, Iterator

from businesscase.cases.errors import Fault, shown, unknown_name
from businesscase_workbench.spreadsheet.sheets import normal

LEAVE_OUT, KEEP = "--leave-out {}", "--keep {}"
# words for rows and columns that are read only when the user has said what to do with them
TOTALS, HIDDEN, STRUCK_OUT = "totals", "hidden", "struck-out"
DECIDED_ON = (TOTALS, HIDDEN, STRUCK_OUT)


def to_leave_out(name: str) -> str:
    """Say how something is left out.

    Examples
    --------
    >>> to_leave_out("flows.checked by")
    "leave it out with --leave-out 'flows.checked by'"
    """
    return f"leave it out with {leave_out_option(name)}"


def to_tell(kind: str) -> str:
    """Say how what is of a kind is left out or kept.

    Examples
    --------
    >>> to_tell("hidden")
    'leave out what is hidden with --leave-out hidden, or keep it with --keep hidden'
    """
    words = kind.replace("-", " ")
    what = "all totals" if kind == TOTALS else f"what is {words}"
    it = "them" if kind == TOTALS else "it"
    return f"leave out {what} with {leave_out_option(kind)}, or keep {it} with {KEEP.format(kind)}"


def leave_out_option(name: str) -> str:
    """Return the words of the command line that leave something out."""
    is_plain = name.isidentifier() or name in DECIDED_ON
    return LEAVE_OUT.format(name if is_plain else shown(name))


class LeftOut:
    """What a user wants to be left out, and which of it was found.

    Names are those of sheets, ``sheet.column``, or words for a kind of rows and columns: ``totals``,
    ``hidden``, ``struck-out``. What is of a kind may be kept instead.
    """

    def __init__(self, names: Collection[str], keep: Collection[str] = ()):
        self._wanted = {key: name for name in names for key in _leave_out_keys(name)}
        self._kept = {normal(name): name for name in keep}
        self._found: set[str] = set()

    def takes(self, sheet: str, column: str | None = None) -> bool:
        """Return whether a sheet, or a column of it, is to be left out."""
        key = normal(sheet) if column is None else f"{normal(sheet)}.{normal(column)}"
        if key in self._wanted:
            self._found.add(self._wanted[key])
        return key in self._wanted

    def keeps(self, kind: str) -> bool:
        """Return whether rows and columns of a kind are to be read as the others are."""
        return normal(kind) in self._kept

    def not_found(self) -> list[str]:
        """Return what was not there to be left out; what is of a kind is left out if there is any."""
        names = dict.fromkeys(self._wanted.values())
        kinds = set(map(normal, DECIDED_ON))
        return [name for name in names if name not in self._found and normal(name) not in kinds]

    def faults(self) -> Iterator[Fault]:
        """Yield a sentence for each word that can't be kept, or is to be left out as well."""
        for key, name in self._kept.items():
            if key not in map(normal, DECIDED_ON):
                yield unknown_name("keep", name, DECIDED_ON)
            elif key in self._wanted:
                yield Fault(f"{name} can't be both left out and kept; say one of them", found=name)


def _leave_out_keys(name: str) -> tuple[str, str]:
    """Return what may be meant: a sheet, which may have a dot in its name, or a column of one."""
    sheet, dot, column = name.partition(".")
    return normal(name), normal(sheet) + dot + normal(column)
