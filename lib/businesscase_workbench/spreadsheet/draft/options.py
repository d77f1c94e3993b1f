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
SPACED = re.compile(r"(?:Option\s+)?(?P<letter>[A-Z])(?P<apart>)\s+(?P<name>.+)")
OFFICERS = "officers"  # assessor where none is named
HIGHEST = 100  # what is more is no score


def scores(view: View, draft: Draft) -> bool:
    """Take a table of scores; what is read of it is drafted once all are known."""
    if view.years or not view.headings:
        return False
    found = _listed(view) or _by_criterion(view) or _by_option(view)
    if not found or not found.scores or max(score for *_, score in found.scores) > HIGHEST:
        return False
    draft.matrices.append(found)
    return True


def weights(view: View, draft: Draft) -> bool:
    """Take a list of criteria with their weights; it is read beside the scores that it is of."""
    at = view.named("factors")
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
    first = draft.matrices[0]
    letters = _letters(first.options)
    _draft_options(first, letters, draft)
    for one, assessor in _assessed(draft):
        keys = _with_letters(one, letters)
        if "assessor" not in str(keys):
            keys["constants"] = {"assessor": assessor}
        differs = one.weights != first.weights and bool(one.weights)
        told = f" as {assessor} scored" * (assessor != OFFICERS)
        told += "; its weights are others than the first's, and not read" * differs
        criteria = counted(len(one.criteria), "criterion")
        what = f"{counted(len(one.options), 'option')} by {criteria}{told}{one.remark}"
        draft.read(one.view, "scores", GUESSED if differs or one.remark else SURE, what, **keys)
    _draft_factors(first, draft)
    present = [letters[text] for text in first.options if has_word("comparator", text)]
    draft.case |= {"comparator": present[0]} if present else {}
    draft.option = _best(first, letters)


def _assessed(draft: Draft) -> list[tuple[Matrix, str]]:
    """Return the tables that score what the first does, and who scored each; the others are left out."""
    first, *others = draft.matrices
    alike = [one for one in others if one.names == first.names]
    for one in others:
        if one not in alike:
            why = f"it scores other options or criteria than sheet {first.view.sheet.name!r}"
            draft.leave(one.view, f"{why}, and a case has one set of them")
    if not alike:
        return [(first, OFFICERS)]
    every = [first, *alike]
    assessors = [_assessor_named(one.view) for one in every]
    if not all(assessors):
        assessors = [one.view.sheet.name for one in every]
    if len(set(assessors)) == len(every):
        return list(zip(every, assessors, strict=True))
    for one in alike:
        draft.leave(one.view, "it scores the same again, and nothing names who scored")
    return [(first, OFFICERS)]


def _assessor_named(view: View) -> str:
    """Return the council that a sheet's name or a title names, a blank if none does."""
    named = (council_in(text, view.known) for text in [view.sheet.name, *view.titles])
    return next(filter(None, named), "")


def _with_letters(matrix: Matrix, letters: Mapping[str, str]) -> dict[str, object]:
    """Return how scores are read, with the letters that the first table gave, whatever the order here."""
    given = {folded(text): letter for text, letter in letters.items()}
    words = dict(matrix.score_keys.get("words", {}))
    if "option" in words:
        words["option"] = {text: given[folded(name)] for text, name in words["option"].items()}
    return matrix.score_keys | {"words": words}


# the three layouts


def _by_option(view: View) -> Matrix | None:
    """Return a matrix with a row an option and a column a criterion."""
    heading = view.headings[view.first]
    scored = {
        at: text
        for at, text in view.headings.items()
        if at != view.first and view.numbers(at) and not is_total(text)
    }
    rows = view.rows_by_label()
    weighted = [text for text in rows if normal(text).startswith("weight")]
    left = [*weighted, *filter(is_total, rows)]
    options = [text for text in view.texts(view.first) if text not in left]
    is_told = (
        weighted
        or any(map(OPTION.fullmatch, options))
        or any(has_word("scores", text) for text in [view.sheet.name, *view.titles])
    )
    is_cost = any(stated_unit(text) or "£" in text for text in scored.values())
    if len(scored) < FEWEST or not options or "option" not in heading.casefold():
        return None
    if is_cost or not is_told:
        return None
    whose, criteria = _whose_and_what(view, scored)
    ignore = view.others([heading, *scored.values()])
    form = _lettered_form(options)
    name = form.replace("{option}", "{}").replace("{name}", "{description}")
    keys = _across(view, scored, "factor", whose, criteria)
    named = {} if form else dict(zip(options, options, strict=True))
    keys["words"] = {"option": named} | keys["words"]
    found = Matrix(
        view, options, list(dict.fromkeys(criteria.values())),
        [(text, criteria[at], _number(view, rows[text], at)) for at in scored for text in options],
        keys | {"columns": {heading: form.replace("{name}", "{}") or "option"}, "leave_out": {heading: left}, "ignore": ignore},
        option_keys={
            "columns": {heading: [form, name] if form else ["option", "name", "description"]},
            "words": {"option": {} if form else _letters(options)}, "leave_out": {heading: left}, "ignore": [*scored.values(), *ignore],
        },
    )  # fmt: skip
    if weighted:
        found.weights = {
            criteria[at]: _number(view, rows[weighted[0]], at) for at in reversed(scored)
        }
        own = {at: text for at, text in scored.items() if whose[at] == next(iter(whose.values()))}
        meant = {text: criteria[at] for at, text in own.items()}
        renamed = meant if any(text != name for text, name in meant.items()) else {}
        found.factors = {
            "columns": {heading: "note"}, "only": {heading: weighted},
            "across": {"headings": list(meant), "column": ["factor", "definition", "kind"], "value": "weight"},
            "ignore": [*ignore, *(text for at, text in scored.items() if at not in own)],
            "words": {"factor": renamed, "definition": renamed, "kind": {text: _kind(name) for text, name in meant.items()}},
        }  # fmt: skip
    return found


def _by_criterion(view: View) -> Matrix | None:
    """Return a matrix with a row a criterion and a column an option."""
    heading = view.headings[view.first]
    weight = view.named("factors").get("weight")
    scored = {
        at: text
        for at, text in view.headings.items()
        if at not in (view.first, weight) and view.numbers(at)
    }
    whose, what = _whose_and_what(view, scored)
    options = {scored[at]: text for at, text in _options_in(view, what, weight).items()}
    scored = {at: text for at, text in scored.items() if text in options}
    names = list(dict.fromkeys(options.values()))
    if len(names) < FEWEST:
        return None
    rows = view.rows_by_label()
    totals = [text for text in rows if is_total(text)]
    criteria = [text for text in rows if text not in totals and len(view.filled[rows[text]]) > 1]
    keys = _across(view, scored, "option", whose, what)
    keys["words"] |= {"option": options}
    found = Matrix(
        view, names, criteria,
        [(what[at], name, _number(view, rows[name], at)) for at in scored for name in criteria],
        keys | {"columns": {heading: "factor"}, "leave_out": {heading: totals}, "ignore": view.others([heading, *options])},
    )  # fmt: skip
    if not any(map(OPTION.fullmatch, names)) and not any(_lettered(names).values()):
        found.remark = "; the columns beside the weights are taken as options, lettered in order"
    if weight is not None:
        found.weights = {name: _number(view, rows[name], weight) for name in criteria}
        columns = {heading: ["factor", "definition", "kind"], view.headings[weight]: "weight"}
        found.factors = {
            "columns": columns, "words": {"kind": {name: _kind(name) for name in criteria}},
            "leave_out": {heading: totals}, "ignore": view.others(columns),
        }  # fmt: skip
    return found


def _options_in(view: View, what: Mapping[int, str], weight: int | None) -> dict[int, str]:
    """Return the columns that are options: by their letters, else all beside the weights of criteria.

    The latter are none if one of them says that it is a score, or is a council that scored.
    """
    named = {at: text for at, text in what.items() if OPTION.fullmatch(text)}
    if len(named) >= FEWEST or weight is None or view.first != view.named("factors").get("factor"):
        return named
    found = {at: text for at, text in what.items() if not is_total(text)}
    are_others = any(
        has_word("scores", text)
        or has_word("assessors", text)
        or council_in(text, view.known)
        or column_named("scores", text)
        or column_named("factors", text)
        for text in found.values()
    )
    return named if are_others else found


def _listed(view: View) -> Matrix | None:
    """Return scores with a line for each option and criterion, and a column an assessor if several."""
    at = view.named("scores")
    scored = {
        place: text
        for place, text in view.headings.items()
        if view.numbers(place)
        and not is_any("total", text)
        and column_named("factors", text) != "weight"
    }
    if not {"option", "factor"} <= at.keys() or not scored:
        return None
    labels = [at["option"], at["factor"]]
    options, criteria = map(view.texts, labels)
    across: dict[str, object] = {}
    read = ["option", "factor"]
    if len(scored) > 1:
        across = {"headings": list(scored.values()), "column": "assessor", "value": "score"}
    else:
        at["score"] = next(iter(scored))
        read += ["score", "assessor"]
    columns = {view.headings[at[name]]: name for name in read if name in at}
    keys = {
        "words": {"option": dict(zip(options, options, strict=True))},
        "across": across,
        "fill_down": view.once_a_block(labels, view.rows()),
        "columns": columns,
        "ignore": view.others([*columns, *scored.values()]),
    }
    found, above = [], ["", ""]
    for row in view.rows():
        above = [view.text(row, place) or last for place, last in zip(labels, above, strict=True)]
        found += [(*above, _number(view, row, place)) for place in scored]
    return Matrix(view, options, criteria, found, keys)


def _whose_and_what(view: View, scored: Mapping[int, str]) -> tuple[dict[int, str], dict[int, str]]:
    """Return by column who scored, a blank if none is named, and what: one above the other or side by side."""
    beside = {
        at: found.groups() for at, text in scored.items() if (found := TWO_PARTS.fullmatch(text))
    }
    above = {at: view.parts[at] for at in scored if len(view.parts[at]) > 1}
    for parts in (above, beside):
        uppers = {at: one[0] for at, one in parts.items()}
        lowers = {at: " ".join(one[1:]) for at, one in parts.items()}
        counts = [len({*side.values()}) for side in (uppers, lowers)]
        pairs = {*zip(uppers.values(), lowers.values(), strict=True)}
        if min(counts) < FEWEST or not counts[0] * counts[1] == len(pairs) == len(scored):
            continue
        for whose, what in ((uppers, lowers), (lowers, uppers)):
            if all(
                council_in(one, view.known) or has_word("assessors", one) for one in whose.values()
            ):
                return whose, what
    return dict.fromkeys(scored, ""), dict(scored)


def _across(
    view: View, scored: Mapping[int, str], column: str, whose: Mapping[int, str], what: Mapping
) -> dict[str, dict]:
    """Return how columns of scores are read: each that of an option or criterion, and of who scored."""
    across = {"headings": list(scored.values()), "column": column, "value": "score"}
    if not any(whose.values()):
        return {"across": across, "words": {}}
    named = {at: council_in(text, view.known) or text for at, text in whose.items()}
    words = {
        name: {text: meant[at] for at, text in scored.items()}
        for name, meant in (("assessor", named), (column, what))
    }
    return {"across": across | {"column": [column, "assessor"]}, "words": words}


# what they have in common


def _draft_options(first: Matrix, letters: Mapping[str, str], draft: Draft) -> None:
    if first.option_keys:
        what = counted(len(first.options), "option")
        draft.read(first.view, "options", SURE, what, **first.option_keys)
        return
    lettered = _lettered(first.options)
    names = {text: found["name"] if found else text for text, found in lettered.items()}
    draft.add["options"] = [
        {"option": letters[text], "name": name, "description": name} for text, name in names.items()
    ]


def _draft_factors(first: Matrix, draft: Draft) -> None:
    """Draft the criteria: with weights of the matrix, else of their own table, else all alike."""
    low, high = _scale_of(first)
    scale = {"lowest_score": low, "highest_score": high}
    why = f"the scale of the scores is taken as {low} to {high}"
    kinds = {text: _kind(text) for text in first.criteria}
    weighed = first.view
    for view in draft.weights:
        weights = _weights_in(view)
        if first.factors or {*map(folded, weights)} != {*map(folded, first.criteria)}:
            other = "has weights of its own" if first.factors else "has other criteria"
            draft.leave(view, f"the table of scores {other} ({listed(first.criteria)})")
            continue
        first.weights, weighed, why = weights, view, f"weights of the criteria; {why}"
        at = {name: view.headings[place] for name, place in view.named("factors").items()}
        forms = ["factor", "kind"] if "definition" in at else ["factor", "definition", "kind"]
        columns = {at["factor"]: forms, at["weight"]: "weight"}
        columns |= {at["definition"]: "definition"} if "definition" in at else {}
        first.factors = {
            "columns": columns, "ignore": view.others(columns), "words": {"kind": kinds},
            "constants": scale, "totals": view.totals(),
        }  # fmt: skip
    if first.factors:
        draft.read(weighed, "factors", GUESSED, why, **(first.factors | {"constants": scale}))
        return
    draft.add["factors"] = [
        {"factor": text, "definition": text, "kind": kind, "weight": 100} | scale
        for text, kind in kinds.items()
    ]


def _weights_in(view: View) -> dict[str, float]:
    at = view.named("factors")
    rows = {view.text(row, at["factor"]): row for row in view.rows()}
    return {text: _number(view, rows[text], at["weight"]) for text in view.texts(at["factor"])}


def _kind(criterion: str) -> str:
    return "cost" if "cost" in criterion.casefold() else "benefit"


def _number(view: View, row: int, at: int) -> float:
    """Return a score or a weight, such as 4 or 25%; nil if there is none."""
    cell = view.cell(row, at)
    return float(amount_in(cell._replace(text=view.text(row, at).removesuffix("%"))) or 0)


def _letters(options: Sequence[str]) -> dict[str, str]:
    """Return the letter of each option, its own if all have one."""
    own = [found["letter"].lower() for found in _lettered(options).values() if found]
    if len(set(own)) < len(options):
        own = [chr(ord("a") + place) for place in range(len(options))]
    return dict(zip(options, own, strict=True))


def _lettered(options: Sequence[str]) -> dict[str, re.Match | None]:
    """Return how each option begins with a letter: A. Stay, or A Stay if all begin so, in order.

    Examples
    --------
    >>> [found and found["letter"] for found in _lettered(["A Stay apart", "B Share"]).values()]
    ['A', 'B']
    >>> [found and found["letter"] for found in _lettered(["A Stay apart", "Share"]).values()]
    [None, None]
    """
    spaced = {text: SPACED.fullmatch(text) for text in options}
    letters = [found["letter"] for found in spaced.values() if found]
    if letters == [chr(ord("A") + place) for place in range(len(spaced))]:
        return spaced
    return {text: LETTERED.fullmatch(text) for text in options}


def _lettered_form(options: Sequence[str]) -> str:
    """Return how the letter and the name of an option are written, a blank if not all are alike.

    Examples
    --------
    >>> _lettered_form(["Option A. Stay", "Option B. Share"]), _lettered_form(["Stay", "Share"])
    ('Option {option}. {name}', '')
    """
    found = list(_lettered(options).values())
    if not all(found) or len({one["apart"] for one in found}) > 1:
        return ""
    (begins, letter), name = found[0].span("letter"), found[0].start("name")
    return f"{options[0][:begins]}{{option}}{options[0][letter:name]}{{name}}"


def _scale_of(matrix: Matrix) -> tuple[int, int]:
    """Return the ends of the scale of scores: as a title says, or the least that holds them."""
    for text in matrix.view.titles:
        if (found := OF_SCALE.search(text)) and int(found[1]) < int(found[2]) <= HIGHEST:
            return int(found[1]), int(found[2])
    most = max(score for *_, score in matrix.scores)
    return 0, next(top for top in (5, 10, HIGHEST) if most <= top)


def _best(matrix: Matrix, letters: Mapping[str, str]) -> str:
    """Return the option with the highest score, weights counted."""
    totals = dict.fromkeys(letters.values(), 0.0)
    for option, criterion, score in matrix.scores:
        totals[letters[option]] += score * matrix.weights.get(criterion, 1)
    return max(totals, key=totals.__getitem__, default="")
