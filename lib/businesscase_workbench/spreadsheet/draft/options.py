"""A matrix of options and criteria, in either direction, drafted into options, factors and scores."""

import re
from collections.abc import Mapping, Sequence

from businesscase.calculations.wording import counted
from businesscase_workbench.spreadsheet.cells import amount_in
from businesscase_workbench.spreadsheet.draft.parts import (
    GUESSED,
    SURE,
    Draft,
)
from businesscase_workbench.spreadsheet.draft.view import (
    FEWEST,
    View,
)
from businesscase_workbench.spreadsheet.draft.words import (
    LETTERED,
    has_word,
    is_any,
    is_total,
)
from businesscase_workbench.spreadsheet.sheets import normal

OF_SCALE = re.compile(r"\b(\d+)\s*(?:[-–]|to)\s*(\d+)\b")


def options(view: View, draft: Draft) -> bool:
    """Take a matrix of options by criteria, in either direction."""
    first = min(view.headings, default=None)
    if first is None or view.years:
        return False
    heading = view.headings[first]
    others = {
        at: text for at, text in view.headings.items() if at != first and not is_any("total", text)
    }
    scored = [at for at in others if view.numbers(at)]
    weights = [
        text for row in view.rows() if normal(text := view.text(row, first)).startswith("weight")
    ]
    lettered = [text for text in view.texts(first) if LETTERED.fullmatch(text)]
    if not scored or not (weights or lettered) or "option" not in heading.casefold():
        return False
    ignore = [text for text in view.headings.values() if is_any("total", text)]
    criteria = [others[at] for at in scored]
    options = [text for text in view.texts(first) if text not in weights]
    left = {
        heading: [
            *weights,
            *(text for row in view.rows() if is_total(text := view.text(row, first))),
        ]
    }
    left = {name: texts for name, texts in left.items() if texts}
    forms, words = _option_forms(options)
    across = {"headings": criteria, "column": "factor", "value": "score"}
    draft.read(
        view, "options", SURE, f"{len(options)} options",
        columns={heading: forms}, words=words, leave_out=left, ignore=[*criteria, *ignore],
    )  # fmt: skip
    draft.read(
        view, "scores", SURE, f"{len(options)} options by {len(criteria)} criteria",
        columns={heading: forms[0].replace("{name}", "{}") if not words else "option"}, words=words,
        leave_out=left, ignore=ignore, across=across, constants={"assessor": "officers"},
    )  # fmt: skip
    low, high = _scale_of(view, scored)
    kinds = {text: "cost" if "cost" in text.casefold() else "benefit" for text in criteria}
    if weights:
        draft.read(
            view, "factors", GUESSED, f"the scale of the scores is taken as {low} to {high}",
            columns={heading: "note"}, only={heading: weights}, ignore=ignore, words={"kind": kinds},
            across={"headings": criteria, "column": ["factor", "definition", "kind"], "value": "weight"},
            constants={"lowest_score": low, "highest_score": high},
        )  # fmt: skip
    else:
        draft.add["factors"] = [
            {"factor": text, "definition": text, "kind": kinds[text], "weight": 100,
             "lowest_score": low, "highest_score": high} for text in criteria
        ]  # fmt: skip
    letters = _letters(options)
    present = [letters[text] for text in options if has_word("comparator", text)]
    draft.case |= {"comparator": present[0]} if present else {}
    draft.option = _best(view, first, letters, scored)
    return True


def criteria_by_option(view: View, draft: Draft) -> bool:
    """Take a matrix with a row a criterion and a column an option."""
    first = min(view.headings, default=None)
    options = {at: text for at, text in view.headings.items() if LETTERED.fullmatch(text)}
    if first is None or len(options) < FEWEST or not all(map(view.numbers, options)):
        return False
    heading = view.headings[first]
    weight = next(
        (text for text in view.headings.values() if normal(text).startswith("weight")), ""
    )
    criteria = view.texts(first)
    letters = _letters(list(options.values()))
    rest = [text for at, text in view.headings.items() if at not in (first, *options)]
    left = {heading: [text for row in view.rows() if is_total(text := view.text(row, first))]}
    left = {name: texts for name, texts in left.items() if texts}
    low, high = _scale_of(view, list(options))
    draft.read(
        view, "scores", SURE, f"{counted(len(criteria), 'criterion').replace('criterions', 'criteria')} by {len(options)} options",
        columns={heading: "factor"}, words={"option": letters}, leave_out=left, ignore=rest,
        across={"headings": list(options.values()), "column": "option", "value": "score"},
        constants={"assessor": "officers"},
    )  # fmt: skip
    kinds = {text: "cost" if "cost" in text.casefold() else "benefit" for text in criteria}
    columns = {heading: ["factor", "definition", "kind"]} | ({weight: "weight"} if weight else {})
    draft.read(
        view, "factors", GUESSED, f"the scale of the scores is taken as {low} to {high}",
        columns=columns, words={"kind": kinds}, leave_out=left,
        ignore=[text for text in view.headings.values() if text not in columns],
        constants={"lowest_score": low, "highest_score": high} | ({} if weight else {"weight": 100}),
    )  # fmt: skip
    draft.add["options"] = [
        {"option": letters[text], "name": name, "description": name}
        for text in options.values()
        if (name := LETTERED.fullmatch(text)["name"])
    ]
    present = [letters[text] for text in options.values() if has_word("comparator", text)]
    draft.case |= {"comparator": present[0]} if present else {}
    return True


def _letters(options: Sequence[str]) -> dict[str, str]:
    """Return the letter of each option, its own if all have one."""
    found = [LETTERED.fullmatch(text) for text in options]
    if all(found) and len({one["letter"] for one in found}) == len(options):
        return {text: one["letter"].lower() for text, one in zip(options, found, strict=True)}
    return {text: chr(ord("a") + place) for place, text in enumerate(options)}


def _option_forms(options: Sequence[str]) -> tuple[list[str], dict]:
    """Return how the text of an option is read: by its own letter, or by one that is given to it."""
    found = [LETTERED.fullmatch(text) for text in options]
    if all(found) and len({one["apart"] for one in found}) == 1:
        text = options[0]
        begins = text[: found[0].start("letter")]
        apart = text[found[0].end("letter") : found[0].start("name")]
        return [f"{begins}{{option}}{apart}{{name}}", f"{begins}{{}}{apart}{{description}}"], {}
    return ["option", "name", "description"], {"option": _letters(options)}


def _scale_of(view: View, scored: Sequence[int]) -> tuple[int, int]:
    """Return the ends of the scale of scores: as a title says, or the least that holds them."""
    for text in view.titles:
        if (found := OF_SCALE.search(text)) and int(found[1]) < int(found[2]) <= 100:
            return int(found[1]), int(found[2])
    values = [
        amount
        for row in view.rows()
        for at in scored
        if (amount := amount_in(view.cell(row, at))) is not None
    ]
    return 0, next((top for top in (5, 10, 100) if max(values, default=0) <= top), 100)


def _best(view: View, first: int, letters: Mapping[str, str], scored: Sequence[int]) -> str:
    """Return the option with the highest score, weights counted."""
    rows = {view.text(row, first): row for row in view.rows()}
    weighted = next((row for text, row in rows.items() if normal(text).startswith("weight")), None)

    def number(row: int | None, at: int, otherwise: float) -> float:
        amount = None if row is None else amount_in(view.cell(row, at))
        return otherwise if amount is None else float(amount)

    totals = {
        letter: sum(number(rows[text], at, 0) * number(weighted, at, 1) for at in scored)
        for text, letter in letters.items()
    }
    return max(totals, key=totals.__getitem__, default="")
