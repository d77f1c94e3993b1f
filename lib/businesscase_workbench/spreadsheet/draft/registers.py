"""Lists drafted into tables: partners, applications, posts, contracts, risks and tasks."""

import re
from collections.abc import Mapping, Sequence

from businesscase.cases.schema import TABLES
from businesscase_workbench.spreadsheet.cells import folded
from businesscase_workbench.spreadsheet.draft.parts import (
    BASE,
    FIRST_YEAR,
    GUESSED,
    SURE,
    Draft,
)
from businesscase_workbench.spreadsheet.draft.view import (
    FEWEST,
    View,
)
from businesscase_workbench.spreadsheet.draft.words import (
    DRIVER,
    aliases,
    column_named,
    has_word,
    is_shared,
)
from businesscase_workbench.spreadsheet.sheets import normal
from businesscase_workbench.spreadsheet.years import years_of

NUMBERED = re.compile(r"(?P<number>\d+)\s*[-–.:)]?\s*(?P<word>.*)")
COUNTED = re.compile(  # what is counted, unless the words go on to say that it is a cost
    r"\b(?:devices?|laptops?|desktops?|tablets?|users?|headcount|fte)\b(?!.*(?:£|cost|spend))",
    re.IGNORECASE,
)
PAIRED = re.compile(r".+\s(?P<apart>[/x×,-])\s.+")
MONTHS = re.compile(r"\d+(?P<unit>\s*(?:months?|mths?|m))", re.IGNORECASE)
CHANCES = {3: [0, 0.2, 0.5, 1], 5: [0, 0.05, 0.2, 0.5, 0.8, 1]}  # bounds of likelihood words
BANDS = [("Low", 0.16, True), ("Medium", 0.36, True), ("High", 0.6, False), ("Very high", 1, False)]


def membership(view: View, draft: Draft) -> bool:
    """Take a list of the authorities: when they join, what they count."""
    counts = {at: found for at, text in view.headings.items() if (found := DRIVER.fullmatch(text))}
    dates = {
        at: name
        for at, text in view.headings.items()
        for name in ("joins", "leaves")
        if normal(text).startswith(name[:-1])
    }
    texts = view.texts(view.partner)
    if view.partner is None or not (counts or dates) or len(texts) != len(view.rows()):
        return False
    heading = view.headings[view.partner]
    roles = {text: "partner" if place else "lead" for place, text in enumerate(texts)}
    rest = [text for at, text in view.headings.items() if at not in (view.partner, *dates)]
    draft.read(
        view, "partners", GUESSED, f"{texts[0]} is taken as the lead",
        columns={heading: ["partner", "role"]} | {view.headings[at]: name for at, name in dates.items()},
        words={"role": roles}, ignore=rest,
    )  # fmt: skip
    for at, found in counts.items():
        day = (
            "/".join(reversed(found["date"].split("/"))).replace("/", "-") if found["date"] else ""
        )
        rest = [text for one, text in view.headings.items() if one not in (view.partner, at)]
        driver = found["driver"].lower()
        draft.drivers.append(driver)
        draft.read(
            view, "drivers", SURE if day else GUESSED, f"{driver} of each council",
            columns={heading: "partner", view.headings[at]: "value"}, ignore=rest,
            constants={"driver": driver, "date": day or "2026-04-01"},
        )  # fmt: skip
    return True


def matrix(view: View, draft: Draft) -> bool:
    """Take a matrix with a column an authority."""
    councils = [text for text in view.headings.values() if folded(text) in map(folded, view.known)]
    labels = [at for at, text in view.headings.items() if text not in councils]
    if len(councils) < FEWEST or not labels:
        return False
    at = {text: place for place, text in view.headings.items()}
    label, ignore = view.headings[labels[0]], [view.headings[one] for one in labels[1:]]
    if any(view.numbers(at[name]) for name in councils):
        if any(map(COUNTED.search, [view.sheet.name, label, *view.texts(labels[0])])):
            draft.leave(view, "its numbers look like counts, not pounds")
            return True
        draft.read(
            view, BASE, GUESSED, "numbers with a column a council are taken as cost a year",
            columns={label: "category"}, ignore=ignore, totals=view.totals(), scale=view.scale(),
            across={"headings": councils, "column": "partner", "value": "amount_gbp"},
            constants={"funding": "revenue", "year": _year_of(view)},
        )  # fmt: skip
        return True
    none = {
        text: ""
        for name in councils
        for text in view.texts(at[name])
        if text.casefold() in aliases()["words"]["none"]
    }
    unread = f"; not read: {', '.join(ignore)}" if ignore else ""
    draft.read(
        view, "applications", GUESSED if ignore else SURE, f"a function a row, a council a column{unread}",
        columns={label: "business_function"}, ignore=ignore, words={"product": none} if none else {},
        across={"headings": councils, "column": "partner", "value": "product"},
    )  # fmt: skip
    return True


def register(view: View, draft: Draft) -> bool:
    """Take a list whose headings are those of a table."""
    found = {
        table: {at: column_named(table, text) for at, text in view.headings.items()}
        for table in ("posts", "risks", "contracts", "tasks", "applications", BASE)
        if table in TABLES
    }
    fitting = {
        table: sum(name is not None for name in columns.values())
        for table, columns in found.items()
        if set(aliases()[table]["needs"]) <= set(columns.values())
    }
    if not fitting:
        return False
    table = max(fitting, key=fitting.__getitem__)
    columns: dict[str, str | list[str]] = {}
    ignore = []
    for at, name in found[table].items():
        heading = view.headings[at]
        if name in (None, "ignore") or name in columns.values():
            ignore.append(heading)
        else:
            columns[heading] = name
    words = _shared_words(view) if "partner" in columns.values() else {}
    keys: dict[str, object] = {}
    if table == "risks":
        columns, more, ignore = _risk_words(view, columns, ignore, draft)
        words |= more
    elif view.partner is None and "partner" in TABLES[table].model_fields:
        keys["constants"] = {"partner": _whose(view, draft.partners)}
    if table == "contracts":
        columns, more = _contract_words(view, columns)
        words |= more
    if table == BASE:
        usual = {"funding": "revenue", "year": _year_of(view)}
        told = {name: value for name, value in usual.items() if name not in columns.values()}
        keys["constants"] = keys.get("constants", {}) | told
    ignored = f"; not read: {', '.join(ignore)}" if ignore else ""
    draft.read(
        view, table, GUESSED if ignore or keys else SURE, f"by its headings{ignored}",
        columns=columns, words=words, ignore=ignore, totals=view.totals(), scale=view.scale(), **keys,
    )  # fmt: skip
    return True


def _whose(view: View, partners: Sequence[str]) -> str:
    """Return the council that a sheet's name or title names, or the only one; blank if none is told.

    A blank is refused by the import: one council's posts under another's name would not show.
    """
    texts = [view.sheet.name, *view.titles]
    named = [
        name
        for name in partners
        if any(re.search(rf"\b{re.escape(name)}\b", text, re.IGNORECASE) for text in texts)
    ]
    told = named or partners
    return told[0] if len(told) == 1 else ""


def _year_of(view: View) -> int | str:
    """Return the year that a title names, else that of the case."""
    return next((years.first for text in view.titles if (years := years_of(text))), FIRST_YEAR)


def _shared_words(view: View) -> dict[str, dict[str, str]]:
    shared = [text for text in view.texts(view.partner) if is_shared(text)]
    return {"partner": dict.fromkeys(shared, "shared")} if shared else {}


def _contract_words(view: View, columns: dict) -> tuple[dict, dict]:
    """Return the columns of a register of contracts, and its words for having no last day."""
    at = {columns[text]: place for place, text in view.headings.items() if text in columns}
    endless = [text for text in view.texts(at.get("ends")) if has_word("rolling", text)]
    months = [MONTHS.fullmatch(text) for text in view.texts(at.get("notice_months"))]
    if months and all(months) and len({found["unit"] for found in months}) == 1:
        heading = next(text for text, name in columns.items() if name == "notice_months")
        columns = columns | {heading: f"{{notice_months}}{months[0]['unit']}"}
    return columns, {"ends": dict.fromkeys(endless, "rolling")} if endless else {}


# risks


def _risk_words(
    view: View, columns: dict, ignore: list[str], draft: Draft
) -> tuple[dict, dict, list]:
    """Return the columns of a register of risks, its words, and what isn't read; the scale is added."""
    at = {
        name: place for place, text in view.headings.items() for name in [columns.get(text)] if name
    }
    words: dict[str, dict[str, str]] = {}
    scales = {
        axis: _scale_for(
            [*_levels(view, at.get(axis)), *_levels(view, at.get(f"residual_{axis}"))], axis
        )
        for axis in ("likelihood", "impact")
    }
    for place, text in view.headings.items():
        paired = [PAIRED.fullmatch(one) for one in view.texts(place)]
        if text in ignore and "residual" in text.casefold() and paired and all(paired):
            apart = paired[0]["apart"]
            columns[text] = f"{{residual_likelihood}} {apart} {{residual_impact}}"
            ignore = [name for name in ignore if name != text]
            parts = [one.partition(f" {apart} ") for one in view.texts(place)]
            for axis, side in (("likelihood", 0), ("impact", 2)):
                words[f"residual_{axis}"] = _meant(
                    [part[side].strip() for part in parts], scales[axis]
                )
    for axis, scale in scales.items():
        for name in (axis, f"residual_{axis}"):
            if name in at:
                words[name] = _meant(view.texts(at[name]), scale)
    refs = view.texts(at.get("risk"))
    prefixes = {re.sub(r"\d+$", "", text) for text in refs}
    heading = next((text for text, name in columns.items() if name == "risk"), None)
    if heading and len(prefixes) == 1 and (prefix := prefixes.pop()):
        columns[heading] = f"{prefix}{{risk}}"
    elif heading is None or any(not text.isdecimal() for text in refs):
        named = heading or next(text for text, name in columns.items() if name == "description")
        given = columns[named]
        columns[named] = ["risk"] if heading else [given, "risk"]
        words["risk"] = {
            text: str(place)
            for place, text in enumerate(view.texts(at["risk" if heading else "description"]), 1)
        }
    words = {name: found for name, found in words.items() if found}
    _add_scale(scales, draft)
    return columns, words, ignore


def _levels(view: View, at: int | None) -> list[str]:
    return [] if at is None else view.texts(at)


def _word_of(text: str) -> str:
    """Return the word of a level without its number: 4 - Likely is Likely."""
    found = NUMBERED.fullmatch(text)
    return found["word"] if found else text


def _scale_for(texts: Sequence[str], axis: str) -> list[str]:
    """Return the scale that holds the most of some words, in the order of the file."""
    words = {_word_of(text).casefold() for text in texts} - {""}
    return max(
        aliases()["scales"][axis], key=lambda scale: len(words & {one.casefold() for one in scale})
    )


def _meant(texts: Sequence[str], scale: Sequence[str]) -> dict[str, str]:
    """Return the word of a scale by what the register writes, where that differs."""
    by_word = {level.casefold(): level for level in scale}
    found = {}
    for text in texts:
        numbered = NUMBERED.fullmatch(text)
        place = int(numbered["number"]) if numbered else 0
        word = by_word.get(_word_of(text).casefold())
        if word is None and numbered and not numbered["word"] and 1 <= place <= len(scale):
            word = scale[place - 1]
        if word is not None and word != text:
            found[text] = word
    return found


def _add_scale(scales: Mapping[str, Sequence[str]], draft: Draft) -> None:
    """Add the scale that the words of a register are on, its bands and chances."""
    draft.add["risk_levels"] = [
        {"axis": axis, "score": score, "level": level}
        for axis, scale in scales.items()
        for score, level in enumerate(scale, 1)
    ]
    highest, lowest = len(scales["likelihood"]) * len(scales["impact"]), 1
    draft.add["risk_bands"] = []
    for band, share, within in BANDS:
        draft.add["risk_bands"].append(
            {
                "band": band,
                "lowest_score": lowest,
                "highest_score": round(share * highest),
                "within_appetite": within,
            }
        )
        lowest = round(share * highest) + 1
    bounds = CHANCES[len(scales["likelihood"])]
    draft.add["risk_probabilities"] = [
        {"level": level, "lowest_probability": low, "highest_probability": high}
        for level, low, high in zip(scales["likelihood"], bounds[:-1], bounds[1:], strict=True)
    ]
