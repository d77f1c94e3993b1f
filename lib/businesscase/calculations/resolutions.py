"""Draft resolutions of a cabinet: which stand for a verdict, and their words with the amounts in place."""

import re
from collections.abc import Collection, Mapping

from businesscase.calculations.decision import CONDITIONAL, GO, NOT_READY, STOP

GOING_ON, NOT_GOING_ON = [GO, CONDITIONAL], [NOT_READY, STOP]
PLACES = {
    # by name, what fills it; nothing else may stand in braces
    "one_off_cost": "the one-off cost that is committed, in pounds",
    "peak_funding": "the most that has to be found before savings pay it back, in pounds",
    "net_present_value": "the net present value, in pounds",
    "average_annual_saving": "the average saving a year, in pounds",
    "option": "letter and name of the option appraised",
    "partners": "the partners that stay",
    "conditions": "how many actions are open, such as 3 actions",
    "actions_due": "the day by which the last of these is due",
}
PLACE = re.compile(r"\{([^{}]*)\}")
SUBJECTS = (
    # what members must be told of before they decide
    "legal and powers",
    "staffing and TUPE",
    "equality",
    "procurement",
    "data protection",
    "environment",
    "consultation",
)


def named_verdicts(cell: str) -> list[str]:
    """Return the verdicts that a cell names, which are separated by commas.

    Examples
    --------
    >>> named_verdicts("go, go with conditions")
    ['go', 'go with conditions']
    """
    return [word.strip() for word in cell.split(",")]


def misplaced(text: str) -> list[str]:
    """Return what stands in braces and is no named place, and single braces, each once.

    Examples
    --------
    >>> misplaced("That Cabinet approve {one_off_cost}")
    []
    >>> misplaced("approve {cost:,} of {x.y} or {")
    ['{cost:,}', '{x.y}', '{']
    """
    wrong = [f"{{{name}}}" for name in PLACE.findall(text) if name not in PLACES]
    return list(dict.fromkeys([*wrong, *re.findall("[{}]", PLACE.sub("", text))]))


def unfilled(text: str, amounts: Collection[str]) -> list[str]:
    """Return the places of a resolution for which there is no amount, each once.

    Examples
    --------
    >>> unfilled("{one_off_cost} for {option} and {option}", {"one_off_cost"})
    ['option']
    """
    return [name for name in dict.fromkeys(PLACE.findall(text)) if name not in amounts]


def filled(text: str, amounts: Mapping[str, str]) -> str:
    """Return a resolution with its places filled in; what is put in is not searched again.

    Examples
    --------
    >>> filled("for {option}: {one_off_cost}", {"option": "option b, {partners}", "one_off_cost": "£5"})
    'for option b, {partners}: £5'
    """
    return PLACE.sub(lambda found: amounts[found[1]], text)


def missing_subjects(texts: Mapping[str, str]) -> list[str]:
    """Return the subjects that members must be told of and nothing is written on, the required first.

    Parameters
    ----------
    texts : mapping of str to str
        What is written, by subject.

    Examples
    --------
    >>> missing_subjects({"Equality": "None.", "health and safety": ""})[-3:]
    ['environment', 'consultation', 'health and safety']
    """
    written = {subject.casefold() for subject, text in texts.items() if text}
    named = {subject.casefold(): subject for subject in [*SUBJECTS, *texts]}
    return [subject for folded, subject in named.items() if folded not in written]
