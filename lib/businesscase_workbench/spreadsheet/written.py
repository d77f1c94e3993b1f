"""How a workbook that is written looks, whether for inputs or of results, and what its cells hold."""

import textwrap

HEAD_COLOUR, INPUT_COLOUR, WHITE, RULE_COLOUR = (
    "#12436D",
    "#FFF7E0",
    "#FFFFFF",
    "#B1B4B6",
)  # heads, inputs, grounds, rules
LINK_COLOUR = "#1D70B8"
LINE_HEIGHT, TALLEST = 15.0, 405.0  # of a row, in points; Excel's limit is 409
LONGEST_CELL = 32_767  # what a cell of Excel holds, in UTF-16 units
LIKE_A_FORMULA = ("=", "+", "-", "@", "\t")  # a text that begins so


def wrapped_lines(text: str, width: float) -> int:
    """Return the number of lines that a text takes in a column of that width [characters].

    Not every program fits the height of a row to wrapped text.

    Examples
    --------
    >>> wrapped_lines("Shared platform and licences", 16), wrapped_lines("", 16)
    (2, 1)
    """
    lines = (textwrap.wrap(part, max(4, int(width))) for part in text[:LONGEST_CELL].splitlines())
    return sum(len(line) or 1 for line in lines) or 1
