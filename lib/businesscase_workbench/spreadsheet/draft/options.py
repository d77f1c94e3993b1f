"""Scores of options by criteria, in either direction or a line each, and the weights of the criteria."""

import re
from collections.abc import Mapping, Sequence

from businesscase.calculations.wording import counted, listed
from businesscase_workbench.spreadsheet.cells import amount_in, folded
from businesscase_workbench.spreadsheet.draft.parts import GUESSED, SURE, Draft, Matrix
from businesscase_workbench.spreadsheet.draft.view import FEWEST, View, council_in
from businesscase_workbench.spreadsheet.draft.words import (
    LETTERED,
    OPTION,
    column_named,
    has_word,
    is_any,
    is_total,
)
from businesscase_workbench.spreadsheet.sheets import normal
from businesscase_workbench.spreadsheet.units import stated_unit

OF_SCALE = re.compile(r"\b(\d+)\s*(?:[-–]|to)\s*(\d+)\b")
TWO_PARTS = re.compile(r"(.+?)\s*(?:[-–:|/]\s*|\()([^()]+?)\)?")
OFFICERS = "officers"  # assessor where none is named
HIGHEST = 100  # what is more is no score


def scores(view: View, draft: Draft) -> bool:
    """Take a table of scores; what is read of it is drafted once all are known."""
    first = min(view.headings, default=None)
    if first is None or view.years:
        return False
    found = _listed(view) or _by_criterion(view, first) or _by_option(view, first)
    if found is None or max((score for *_, score in found.scores), default=0) > HIGHEST:
        return False
    draft.matrices.append(found)
    return True


def weights(view: View, draft: Draft) -> bool:
    """Take a list of criteria with their weights; it is read beside the scores that it is of."""
    at = _named(view, "factors")
    if view.years or not {"factor", "weight"} <= at.keys():
        return False
    is_weighted = any(_number(view, row, at["weight"]) for row in view.rows())
    draft.weights += [view] * is_weighted
    return is_weighted


def complete_options(draft: Draft) -> None:
    """Draft the readings of all tables of scores: options and criteria once, scores by assessor."""
    if not draft.matrices:
        for view in draft.weights:
            draft.leave(view, "criteria and weights, but no table of scores by option")
        return
    first, *others = draft.matrices
    alike = [first, *(one for one in others if one.names == first.names)]
    for one in others:
        if one not in alike:
            why = f"it scores other options or criteria than sheet {first.view.sheet.name!r}"
            draft.leave(one.view, f"{why}, and a case has one set of them")
    assessors = _assessors(alike)
    if len(alike) > 1 and len(set(assessors)) < len(alike):
        for one in alike[1:]:
            draft.leave(one.view, "it scores the same again, and nothing names who scored")
        alike, assessors = [first], [OFFICERS]
    letters = _letters(first.options)
    _draft_options(first, letters, draft)
    for one, assessor in zip(alike, assessors, strict=True):
        keys = _with_letters(one, letters)
        if "assessor" not in str(keys):
            keys["constants"] = {"assessor": assessor}
        differs = one.weights != first.weights and bool(one.weights)
        told = f" as {assessor} scored" * (assessor != OFFICERS)
        told += "; its weights are others than the first's, and not read" * differs
        what = f"{counted(len(one.options), 'option')} by {_criteria(len(one.criteria))}{told}"
        draft.read(one.view, "scores", GUESSED if differs else SURE, what, **keys)
    _draft_factors(first, draft)
    present = [letters[text] for text in first.options if has_word("comparator", text)]
    draft.case |= {"comparator": present[0]} if present else {}
    draft.option = _best(first, letters)


def _with_letters(matrix: Matrix, letters: Mapping[str, str]) -> dict[str, object]:
    """Return how scores are read, with the letters that the first table gave, whatever the order here."""
    keys = dict(matrix.score_keys)
    words = keys.get("words", {})
    if "option" in words:
        given = {folded(text): letter for text, letter in letters.items()}
        first = {own: given[folded(text)] for text, own in _letters(matrix.options).items()}
        keys["words"] = words | {
            "option": {text: first[own] for text, own in words["option"].items()}
        }
    return keys


def _assessors(alike: Sequence[Matrix]) -> list[str]:
    """Return who scored each table: the council that its sheet or title names, or what is its own."""
    if len(alike) == 1:
        return [OFFICERS]
    named = [
        next(
            (
                name
                for text in [one.view.sheet.name, *one.view.titles]
                if (name := council_in(text, one.view.known))
            ),
            "",
        )
        for one in alike
    ]
    return named if all(named) else [one.view.sheet.name for one in alike]


def _criteria(count: int) -> str:
    return "1 criterion" if count == 1 else f"{count} criteria"


# the three layouts


def _named(view: View, table: str) -> dict[str, int]:
    """Return the first place of each column of a table that headings name."""
    found: dict[str, int] = {}
    for at, text in view.headings.items():
        found.setdefault(column_named(table, text) or "", at)
    return found


def _by_option(view: View, first: int) -> Matrix | None:
    """Return a matrix with a row an option and a column a criterion."""
    heading = view.headings[first]
    scored = {
        at: text
        for at, text in view.headings.items()
        if at != first and view.numbers(at) and not is_total(text)
    }
    rows = {view.text(row, first): row for row in view.rows() if view.text(row, first)}
    weighted = [text for text in rows if normal(text).startswith("weight")]
    rest = [*weighted, *filter(is_total, rows)]
    options = [text for text in view.texts(first) if text not in rest]
    named = [view.sheet.name, *view.titles]
    is_told = (
        weighted
        or any(map(OPTION.fullmatch, options))
        or any(has_word("scores", text) for text in named)
    )
    if len(scored) < FEWEST or not options or "option" not in heading.casefold() or not is_told:
        return None
    if any(stated_unit(text) or "£" in text for text in scored.values()):
        return None  # what options cost
    whose, criteria, keys = _crossed(view, scored, "factor")
    ignore = [text for at, text in view.headings.items() if at not in (first, *scored)]
    left = {heading: rest} if rest else {}
    forms, words = _option_forms(options)
    unread = [*scored.values(), *ignore]
    short = forms[0].replace("{name}", "{}") if not words else "option"
    keys["words"] = words | keys.get("words", {})
    found = Matrix(
        view, options, list(dict.fromkeys(criteria.values())),
        [(text, criteria[at], _number(view, rows[text], at)) for at in scored for text in options],
        keys | {"columns": {heading: short}, "leave_out": left, "ignore": ignore},
        option_keys={"columns": {heading: forms}, "words": words, "leave_out": left, "ignore": unread},
    )  # fmt: skip
    if weighted:
        found.weights = {
            criteria[at]: _number(view, rows[weighted[0]], at) for at in reversed(scored)
        }
        own = [text for at, text in scored.items() if whose[at] == next(iter(whose.values()))]
        across = {"headings": own, "column": ["factor", "definition", "kind"], "value": "weight"}
        meant = {text: criteria[at] for at, text in scored.items() if text in own}
        renamed = meant if any(text != name for text, name in meant.items()) else {}
        found.factors = {
            "columns": {heading: "note"}, "only": {heading: weighted}, "across": across,
            "ignore": [*ignore, *(text for text in scored.values() if text not in own)],
            "words": {"factor": renamed, "definition": renamed, "kind": {text: _kind(name) for text, name in meant.items()}},
        }  # fmt: skip
    return found


def _by_criterion(view: View, first: int) -> Matrix | None:
    """Return a matrix with a row a criterion and a column an option."""
    weight = _named(view, "factors").get("weight")
    scored = {
        at: text
        for at, text in view.headings.items()
        if at not in (first, weight) and view.numbers(at)
    }
    _, options, keys = _crossed(view, scored, "option")
    options = {at: text for at, text in options.items() if OPTION.fullmatch(text)}
    if len(set(options.values())) < FEWEST:
        return None
    heading = view.headings[first]
    names = list(dict.fromkeys(options.values()))
    rows = {view.text(row, first): row for row in view.rows() if view.text(row, first)}
    totals = [text for text in rows if is_total(text)]
    criteria = [text for text in rows if text not in totals and len(view.filled[rows[text]]) > 1]
    headings = [view.headings[at] for at in options]
    left = {heading: totals} if totals else {}
    letters = _letters(names)
    keys["across"]["headings"] = headings
    keys["words"] = keys.get("words", {}) | {
        "option": {view.headings[at]: letters[text] for at, text in options.items()}
    }
    ignore = [text for at, text in view.headings.items() if at not in (first, *options)]
    found = Matrix(
        view, names, criteria,
        [(text, name, _number(view, rows[name], at)) for at, text in options.items() for name in criteria],
        keys | {"columns": {heading: "factor"}, "leave_out": left, "ignore": ignore},
    )  # fmt: skip
    if weight is not None:
        found.weights = {name: _number(view, rows[name], weight) for name in criteria}
        columns = {heading: ["factor", "definition", "kind"], view.headings[weight]: "weight"}
        found.factors = {
            "columns": columns, "words": {"kind": {name: _kind(name) for name in criteria}}, "leave_out": left,
            "ignore": [text for text in view.headings.values() if text not in columns],
        }  # fmt: skip
    return found


def _listed(view: View) -> Matrix | None:
    """Return scores with a line for each option and criterion, and a column an assessor if several."""
    at = _named(view, "scores")
    others = {
        place: text
        for place, text in view.headings.items()
        if view.numbers(place)
        and not is_any("total", text)
        and column_named("factors", text) != "weight"
    }
    if not {"option", "factor"} <= at.keys() or not others:
        return None
    option, factor = (view.headings[at[name]] for name in ("option", "factor"))
    options, criteria = view.texts(at["option"]), view.texts(at["factor"])
    keys: dict[str, object] = {"words": {"option": _letters(options)}}
    columns = {option: "option", factor: "factor"}
    if len(others) > 1:
        keys["across"] = {"headings": list(others.values()), "column": "assessor", "value": "score"}
    else:
        columns |= {next(iter(others.values())): "score"}
        columns |= {view.headings[at["assessor"]]: "assessor"} if "assessor" in at else {}
    once = [
        name
        for name in ("option", "factor")
        if not all(view.text(row, at[name]) for row in view.rows())
    ]
    keys["fill_down"] = [view.headings[at[name]] for name in once]
    read = {*columns, *(others.values() if len(others) > 1 else ())}
    keys |= {
        "columns": columns,
        "ignore": [text for text in view.headings.values() if text not in read],
    }
    found, texts = [], ["", ""]
    for row in view.rows():
        texts = [
            view.text(row, at[name]) or last
            for name, last in zip(("option", "factor"), texts, strict=True)
        ]
        found += [(*texts, _number(view, row, place)) for place in others]
    return Matrix(view, options, criteria, found, keys)


def _crossed(
    view: View, scored: Mapping[int, str], column: str
) -> tuple[dict[int, str], dict[int, str], dict[str, object]]:
    """Return by column who scored and what, and how it is read: assessors may stand above or beside."""
    across: dict[str, object] = {
        "headings": list(scored.values()),
        "column": column,
        "value": "score",
    }
    for parts in (
        {at: view.parts[at] for at in scored},
        {
            at: found.groups() if (found := TWO_PARTS.fullmatch(text)) else ()
            for at, text in scored.items()
        },
    ):
        if any(len(one) < FEWEST for one in parts.values()) or not parts:
            continue
        sides = [
            {at: one[0] for at, one in parts.items()},
            {at: " ".join(one[1:]) for at, one in parts.items()},
        ]
        uppers, lowers = ({*side.values()} for side in sides)
        is_whole = len(uppers) * len(lowers) == len({*map(tuple, parts.values())}) == len(scored)
        if not is_whole or min(len(uppers), len(lowers)) < FEWEST:
            continue
        told = [
            all(council_in(text, view.known) or has_word("assessors", text) for text in side)
            for side in (uppers, lowers)
        ]
        if True in told:
            whose, what = sides if told[0] else sides[::-1]
            words = {
                "assessor": {
                    text: council_in(whose[at], view.known) or whose[at]
                    for at, text in scored.items()
                },
                column: {text: what[at] for at, text in scored.items()},
            }
            return (
                whose,
                what,
                {"across": across | {"column": [column, "assessor"]}, "words": words},
            )
    return dict.fromkeys(scored, ""), dict(scored), {"across": across}


# what they have in common


def _draft_options(first: Matrix, letters: Mapping[str, str], draft: Draft) -> None:
    if first.option_keys:
        draft.read(
            first.view, "options", SURE, counted(len(first.options), "option"), **first.option_keys
        )
        return
    names = {
        text: (found["name"] if (found := LETTERED.fullmatch(text)) else text)
        for text in first.options
    }
    draft.add["options"] = [
        {"option": letters[text], "name": name, "description": name} for text, name in names.items()
    ]


def _draft_factors(first: Matrix, draft: Draft) -> None:
    """Draft the criteria: with weights of their own table, else of the matrix, else all alike."""
    low, high = _scale_of(first)
    scale = {"lowest_score": low, "highest_score": high}
    why = f"the scale of the scores is taken as {low} to {high}"
    lists = []
    for view in draft.weights:
        names = {folded(text) for text in view.texts(_named(view, "factors")["factor"])}
        if first.factors or lists or names != {folded(text) for text in first.criteria}:
            other = "has weights of its own" if first.factors or lists else "has other criteria"
            draft.leave(view, f"the table of scores {other} ({listed(first.criteria)})")
        else:
            lists.append(view)
            first.weights = _weights_in(view)
    kinds = {text: _kind(text) for text in first.criteria}
    if first.factors:
        keys = first.factors | {"constants": scale}
        keys["words"] = {name: words for name, words in keys["words"].items() if words}
        draft.read(first.view, "factors", GUESSED, why, **keys)
    elif lists:
        (view,) = lists
        at = _named(view, "factors")
        has_own = "definition" in at
        columns = {
            view.headings[at["factor"]]: ["factor", "kind"]
            if has_own
            else ["factor", "definition", "kind"]
        }
        columns |= {
            view.headings[at[name]]: name for name in ("weight", "definition") if name in at
        }
        ignore = [text for text in view.headings.values() if text not in columns]
        draft.read(
            view, "factors", GUESSED, f"weights of the criteria; {why}", columns=columns, ignore=ignore,
            words={"kind": kinds}, constants=scale, totals=view.totals(),
        )  # fmt: skip
    else:
        draft.add["factors"] = [
            {"factor": text, "definition": text, "kind": kind, "weight": 100} | scale
            for text, kind in kinds.items()
        ]


def _weights_in(view: View) -> dict[str, float]:
    at = _named(view, "factors")
    return {view.text(row, at["factor"]): _number(view, row, at["weight"]) for row in view.rows()}


def _kind(criterion: str) -> str:
    return "cost" if "cost" in criterion.casefold() else "benefit"


def _number(view: View, row: int, at: int) -> float:
    """Return a score or a weight, such as 4 or 25%; nil if there is none."""
    cell = view.cell(row, at)
    return float(amount_in(cell._replace(text=view.text(row, at).removesuffix("%"))) or 0)


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


def _scale_of(matrix: Matrix) -> tuple[int, int]:
    """Return the ends of the scale of scores: as a title says, or the least that holds them."""
    for text in matrix.view.titles:
        if (found := OF_SCALE.search(text)) and int(found[1]) < int(found[2]) <= 100:
            return int(found[1]), int(found[2])
    most = max(score for *_, score in matrix.scores)
    return 0, next(top for top in (5, 10, HIGHEST) if most <= top)


def _best(matrix: Matrix, letters: Mapping[str, str]) -> str:
    """Return the option with the highest score, weights counted."""
    totals = dict.fromkeys(letters.values(), 0.0)
    for option, criterion, score in matrix.scores:
        totals[letters[option]] += score * matrix.weights.get(criterion, 1)
    return max(totals, key=totals.__getitem__, default="")
