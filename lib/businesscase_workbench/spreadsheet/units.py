"""Words and number formats by which a spreadsheet says that its amounts aren't in pounds."""

import re
from functools import lru_cache

from businesscase_workbench.spreadsheet.kinds import tidy

POUND_SIGNS = r"(?:[£￡]|(?<![a-z])gbp|\bpounds?(?: sterling)?|\bsterling)"
APART = r"[\s'’‘‛`´ʹʼ′＇\"“”„]{0,4}"  # blanks and quotes of every kind
THOUSANDS = ["k", "t", "th", "ths", "thou", "thous", "tsd", "thsd"]
MILLIONS, BILLIONS = ["m", "mm", "mn", "mln", "mil", "mill", "mio"], ["bn", "bln"]
SHORT = rf"(?:{'|'.join([*THOUSANDS, *MILLIONS, *BILLIONS])})s?"
UNIT_ALONE = r"(?:k|m|mm|mn|mil|mill|bn)s?\.?"  # what no name is likely to be
UNIT_WORDS = (
    r"thousands?|thous|thou|thsds?|tsd|millions?|mlns?|mio|billions?|bln"
    r"|miloedd|miliwn|miliynau"  # as councils of Wales write
)
ZEROS = r"0{3}(?:[ ,]?0{3})*"
POWER = rf"£?\s*1[ ,]?{ZEROS}"  # 1,000 or 1,000,000
# after these a number or a letter is a name: cost centre 000, annex (k)
NUMBERED = "".join(
    rf"(?<!\b{word}\ )"
    for word in [
        "code",
        "centre",
        "ledger",
        "fund",
        "account",
        "annex",
        "appendix",
        "option",
        "table",
    ]
)
NOT_POUNDS = re.compile(
    rf"""
    {POUND_SIGNS}{APART}[(\[/]?{APART}(?:in\s+)?(?:{SHORT}\b|[,.]?0{{2,}}(?![\d.]))(?:[ ,]?000)*{APART}s?\b[)\]]?
    | (?<![\w.,£]){SHORT}{APART}(?:{POUND_SIGNS}|gbp)(?!\s*\d)
    | {NUMBERED}(?<![\d.,:/-])(?<!\d[\ ,.'’]){ZEROS}{APART}s?\b(?![:/]?\d|[\ ,.]\d)
    | (?<![\w])(?<!\d\ )(?:[x×*÷/]|(?:times|units?\ of|multiples?\ of|(?:divided|multiplied)\ by))\s*{POWER}\b
    | \b(?:in|of)\s+(?:{POWER}|£?\s*1\s(?:thousand|million))(?=\W*$|\s*[)\],;]|\s+unless)
    | (?<![\d,.]){POWER}{APART}s\b
    | [(\[]\s*{POWER}\s*£?[)\]]
    | (?<!\d)10(?:(?:\^|\*\*)[369]\b|[³⁶⁹])
    | (?<![\d.,])(?<!\d\s)\b(?:{UNIT_WORDS})\b\.?
    | \bin{APART}{UNIT_ALONE}(?=\W*$|\s*[)\],;]|\s+unless)
    | {NUMBERED}[(\[]{APART}(?:in\s+)?{UNIT_ALONE}{APART}[)\]]
    | [,:;–—-]\s*{UNIT_ALONE}$
    | (?:[€$¥]|\b(?:eur|euros?|usd|dollars?)\b)(?!\s*\d)
    | [€$¥]\s*0{{2,}}
    | \bin\s+pence\b | [(\[]\s*(?:pence|p)\s*[)\]]
    """,
    re.IGNORECASE | re.VERBOSE,
)
BRACKETS = re.compile(r"[(\[][^()\[\]]*[)\]]")
BARE = re.compile(rf"(?<!\w)(?:{SHORT}|0{{2,}}s?|10{{3,}}s?)(?!\w)", re.IGNORECASE)
OTHER_MONEY = re.compile(r"[€$¥]|\b(?:eur|usd|chf|kr)\b", re.IGNORECASE)
SECTION = re.compile(r'(?:"[^"]*"?|\\.|[^;"\\])+')
PART_OF_FORMAT = re.compile(
    r"""
    "(?P<quoted>[^"]*)"? | \\(?P<escaped>.) | [_*]. | \[\$(?P<money>[^\]-]*)[^\]]*\] | \[[^\]]*\]
    | (?P<digits>general|[0-9\#?][0-9\#?.,]*) | (?P<bare>[€$£¥k])
    """,
    re.IGNORECASE | re.VERBOSE,
)
POWERS = {
    power: re.compile(rf"(?<![a-z])(?:{'|'.join(words)})s?(?![a-z²2])|{zeros}", re.IGNORECASE)
    for power, words, zeros in (
        (9, [*BILLIONS, "billion"], r"[, ]?000(?:[, ]?000){2}"),
        (6, [*MILLIONS, "million"], r"[, ]?000[, ]?000"),
        (3, [*THOUSANDS, "thousand"], r"[, ]?000"),
        (2, ["00"], r"^ *00"),
    )
}
SAYS_NOTHING_ELSE = {"in", "all", "figures", "amounts", "are", "is", "units", "unit"}


@lru_cache(maxsize=1_000)  # a column repeats its few texts in each row
def stated_unit(text: str) -> str:
    """Return the words of a title by which amounts aren't in pounds, none if there are none.

    Examples
    --------
    >>> stated_unit("ICT budgets (£'000)"), stated_unit("1,000 users at £12 a month")
    ("£'000", '')
    """
    found = NOT_POUNDS.search(_on_one_line(text))
    said = found[0].strip() if found else ""
    return said if any(mark in said for mark in "([") else said.rstrip(")]")


def _on_one_line(text: str) -> str:
    return " ".join(tidy(text).split())


def stated_above_numbers(text: str) -> str:
    """Return the words above a column of numbers that name a unit: a letter in brackets, or alone, too.

    Examples
    --------
    >>> [stated_above_numbers(text) for text in ("amount_gbp (2026 prices, k)", "amount_gbp (net)", "K")]
    ['k', '', 'K']
    """
    inside = (found for part in BRACKETS.findall(text) for found in BARE.findall(part))
    alone = BARE.fullmatch(tidy(text))
    return stated_unit(text) or next(inside, "") or (alone[0] if alone else "")


def is_unit_alone(text: str) -> bool:
    """Return whether a text says nothing else than a unit other than the pound.

    Examples
    --------
    >>> is_unit_alone("figures in £000"), is_unit_alone("the £000 of last year")
    (True, False)
    """
    found = stated_unit(text)
    left = re.findall(r"\w+", _on_one_line(text).replace(found, " ", 1).casefold())
    return bool(found) and set(left) <= SAYS_NOTHING_ELSE


def pounds_in(words: str) -> int | None:
    """Return how many pounds are one of the unit that words say, None if it isn't one of pounds.

    Examples
    --------
    >>> [pounds_in(words) for words in ("£000", "GBPk", "£m", "€", "in pence")]
    [1000, 1000, 1000000, None, None]
    """
    if OTHER_MONEY.search(words):
        return None
    unit = re.sub(POUND_SIGNS, " ", words, flags=re.IGNORECASE)
    return next((10**power for power, found in POWERS.items() if found.search(unit)), None)


def shows_another_unit(number_format: str) -> bool:
    """Return whether a number format shows an amount otherwise than as the pounds that are stored.

    Parameters
    ----------
    number_format : str
        As Excel writes it: ``#,##0`` with text in quotes or after a backslash, a comma after the last
        digit for each division by a thousand, and a section for each sign.

    Examples
    --------
    >>> [shows_another_unit(code) for code in ('£#,##0', '0"k"', '0,', '0,"k"', '[$€-2] 0')]
    [False, True, True, False, True]
    """
    found = (_section_of_format(part) for part in SECTION.findall(number_format))
    return any(
        scale != thousands or OTHER_MONEY.search(text) or "%" in text
        for text, scale, thousands in filter(None, found)
    )


def _section_of_format(section: str) -> tuple[str, int, int] | None:
    """Return the text beside a number, the power of ten it states and the one divided by, if any."""
    text, digits = "", ""
    for found in PART_OF_FORMAT.finditer(section):
        if found["digits"]:
            text, digits = f"{text} ", found["digits"]
        else:
            text += found["quoted"] or found["escaped"] or found["money"] or found["bare"] or ""
    if not digits:
        return None
    stated = next((power for power, words in POWERS.items() if words.search(text)), 0)
    return text, stated, 3 * sum(map(len, re.findall(r",+(?=\.|$)", digits)))
