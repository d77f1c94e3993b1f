"""The kinds of cells, and text without what nobody sees.

Nothing slow is imported here: each file is read by a process that starts anew.
"""

import re

TEXT_CELL, NUMBER_CELL, BOOLEAN_CELL, DATE_CELL, DATETIME_CELL, TIME_CELL, DURATION_CELL, ERROR_CELL, UNCALCULATED_CELL = (
    "text", "number", "boolean", "date", "datetime", "time", "duration", "error", "uncalculated",
)  # fmt: skip
ZERO_WIDTH = re.compile("[\u200b\u200c\u200d\u2060\ufeff\u00ad]")
OTHER_SPACES = re.compile("[\u00a0\u2000-\u200a\u202f\u205f\u3000]")


def tidy(text: str) -> str:
    r"""Return text without the spaces around it, and without those that can't be seen.

    Examples
    --------
    >>> tidy("\ufeff Northmere\u00a0Council\u200b \r\n")
    'Northmere Council'
    """
    plain = OTHER_SPACES.sub(" ", ZERO_WIDTH.sub("", text))
    return plain.replace("\r\n", "\n").replace("\r", "\n").strip()
