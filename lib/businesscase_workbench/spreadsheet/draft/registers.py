"""Lists drafted into tables: partners, applications, posts, contracts, risks and tasks."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence

from businesscase.cases.schema import TABLES
from businesscase_workbench.spreadsheet.cells import amount_in, folded, read_cell
from businesscase_workbench.spreadsheet.columns import Column
from businesscase_workbench.spreadsheet.draft.parts import (
    BASE,
    FIRST_YEAR,
    GUESSED,
    SURE,
    Draft,
)
from businesscase_workbench.spreadsheet.draft.view import (
    FEWEST,
    OWNED,
    View,
    council_in,
)
from businesscase_workbench.spreadsheet.draft.words import (
    DRIVER,
    aliases,
    column_named,
    has_word,
    is_shared,
    is_total,
    nature_of,
)
from businesscase_workbench.spreadsheet.mapping import TURNED
from businesscase_workbench.spreadsheet.sheets import normal
from businesscase_workbench.spreadsheet.years import years_of

APART = r"\s*[-–.:/)]?\s*"
NUMBERED = re.compile(  # 4 - Likely, L4: Likely, Likely (4), Medium/3, 4
    rf"[a-z]?(?P<number>\d+){APART}(?P<word>.*)|(?P<first>.*?\D)\s*[-–:/(]?\s*(?P<last>\d+)\)?",
    re.IGNORECASE,
)
COUNTED = re.compile(  # what is counted, unless the words go on to say that it is a cost
    r"\b(?:devices?|laptops?|desktops?|tablets?|users?|headcount|fte)\b(?!.*(?:£|cost|spend))",
    re.IGNORECASE,
)
PAIRED = re.compile(r".+\s(?P<apart>[/x×,-])\s.+")
DAY = Column("starts", kinds=frozenset({dt.date}), may_be_blank=True)
MONTHS = re.compile(r"\d+(?P<unit>\s*(?:months?|mths?|m))", re.IGNORECASE)
CHANCES = {
    3: [0, 0.2, 0.5, 1],
    4: [0, 0.1, 0.4, 0.7, 1],
    5: [0, 0.05, 0.2, 0.5, 0.8, 1],
}  # bounds of likelihood words
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
    control = next((text for text in ignore if is_total(text)), "")
    if any(view.numbers(at[name]) for name in councils):
        if any(map(COUNTED.search, [view.sheet.name, label, *view.texts(labels[0])])):
            draft.leave(view, "its numbers look like counts, not pounds")
            return True
        draft.read(
            view, BASE, GUESSED, "numbers with a column a council are taken as cost a year",
            columns={label: "category"}, ignore=[text for text in ignore if text != control],
            control=control, totals=view.totals(), scale=view.scale(),
            words={"amount_gbp": nothing} if (nothing := view.nothing([at[name] for name in councils])) else {},
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
    ignore, odd = [], []
    places: dict[str | None, list[int]] = {}
    for at, name in found[table].items():
        places.setdefault(name, []).append(at)
    for at, name in found[table].items():
        # of two columns that mean the same that with words is read, and not that with codes
        read = min(places[name], key=lambda one: is_coded(view, one))
        if name in (None, "ignore") or at != read:
            ignore.append(view.headings[at])
        else:
            columns[view.headings[at]] = name
    words = _shared_words(view) if "partner" in columns.values() else {}
    keys: dict[str, object] = {}
    if table == "risks":
        columns, more, ignore, odd = _risk_words(view, columns, ignore, draft)
        words |= more
    elif view.partner is None and "partner" in TABLES[table].model_fields:
        whose = view.council or _whose(view, draft.partners)
        heading, owners = ("", {}) if whose else _owners(view, draft.partners)
        if owners:
            ignore = [text for text in ignore if text != heading]
            columns[heading] = [columns[heading], "partner"] if heading in columns else "partner"
            words["partner"] = owners
        keys["constants"] = {} if owners else {"partner": whose}
    if table == "tasks":
        draft.case["plan_start"] = _first_day(view)
    if table == "tasks" and "task" not in columns.values():
        heading = next(text for text, name in columns.items() if name == "name")
        at = next(place for place, text in view.headings.items() if text == heading)
        columns[heading], words["task"] = ["name", "task"], _numbers(view.texts(at))
    if table == "contracts":
        columns, more = _contract_words(view, columns)
        words |= more
    if table == BASE:
        keys |= _natures(view, columns, words) | {"alike": _are_alike(view, columns)}
        usual = {"funding": "revenue", "year": _year_of(view)}
        told = {name: value for name, value in usual.items() if name not in columns.values()}
        keys["constants"] = keys.get("constants", {}) | told
    for at, text in view.headings.items():
        name = columns.get(text)
        if isinstance(name, str) and name.endswith("_gbp") and (nothing := view.nothing([at])):
            words[name] = nothing
    ignored = f"; not read: {', '.join(ignore)}" if ignore else ""
    if keys.get("constants", {}).get("year") == FIRST_YEAR:
        ignored += "; no year is stated, and the first of the case taken"
    if words.get("partner") and view.partner is None:
        ignored += f"; the council is taken from {heading}"
    if odd:
        ignored += f"; no level of the scale, by word and number: {', '.join(odd)}"
    draft.read(
        view, table, GUESSED if ignored or keys else SURE, f"by its headings{ignored}",
        columns=columns, words=words, ignore=ignore, totals=view.totals(), scale=view.scale(), **keys,
    )  # fmt: skip
    return True


def is_coded(view: View, at: int) -> bool:
    """Whether all texts of a column are numbers, such as codes of a ledger."""
    texts = view.texts(at)
    return bool(texts) and all(text.isdecimal() for text in texts)


def _owners(view: View, partners: Sequence[str]) -> tuple[str, dict[str, str]]:
    """Return a column whose texts name a council each, such as cost centres, and which they name."""
    for at, heading in view.headings.items():
        texts = view.texts(at)
        begins = [found["who"] if (found := OWNED.fullmatch(text)) else "" for text in texts]
        named = [
            council_in(text, partners) or _short_for(who, partners)
            for text, who in zip(texts, begins, strict=True)
        ]
        if texts and all(named) and len(set(named)) > 1:
            return heading, dict(zip(texts, named, strict=True))
    return "", {}


def _short_for(short: str, partners: Sequence[str]) -> str:
    """Return the only council that letters are short for, such as NM for Northmere; a blank if none is.

    Examples
    --------
    >>> _short_for("NM", ["Northmere", "Eastholt"]), _short_for("Network", ["Northmere", "Eastholt"])
    ('Northmere', '')
    """
    pattern = ".*".join(map(re.escape, short))
    fitting = [
        name for name in partners if short.isupper() and re.match(pattern, name, re.IGNORECASE)
    ]
    return fitting[0] if len(fitting) == 1 else ""


def _are_alike(view: View, columns: Mapping[str, str | list[str]]) -> str:
    """Return what the mapping says of rows that differ in their amount alone, if there are any."""
    labels = [
        at for at, text in view.headings.items() if columns.get(text, "amount_gbp") != "amount_gbp"
    ]
    texts = [tuple(view.text(row, at) for at in labels) for row in view.rows()]
    return "add up" if len(set(texts)) < len(texts) else ""


def _natures(view: View, columns: dict, words: dict) -> dict[str, object]:
    """Add what lines of a ledger are, staff, other cost or income, and return how amounts are signed."""
    at = {
        form if isinstance(form, str) else form[0]: place
        for place, text in view.headings.items()
        if (form := columns.get(text))
    }
    line, money = at.get("category"), at.get("amount_gbp")
    if line is None or money is None or "nature" in at:
        return {}
    amounts: dict[str, list[float]] = {}
    for row in view.rows():
        text, amount = view.text(row, line), amount_in(view.cell(row, money))
        if amount is not None and text and not is_total(text):
            amounts.setdefault(text, []).append(float(amount))
    sign = -1 if sum(map(sum, amounts.values())) < 0 else 1
    natures = {
        text: "income" if all(sign * one < 0 for one in found) else nature_of(text)
        for text, found in amounts.items()
    }
    if any(natures.values()):
        heading = view.headings[line]
        columns[heading] = ["category", "nature"]
        words["nature"] = natures
    return {"sign": TURNED} if sign < 0 else {}


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
    """Return the year that a title, a heading or the sheet names, else that of the case."""
    texts = [*view.titles, *view.headings.values(), view.sheet.name]
    return next((years.first for text in texts if (years := years_of(text))), FIRST_YEAR)


def _first_day(view: View) -> dt.date | None:
    """Return the first of the days on which the tasks of a plan start, None if one isn't told."""
    days = []
    for at, text in view.headings.items():
        for row in view.rows() if normal(text).startswith("start") else ():
            try:
                days.append(dt.date.fromisoformat(read_cell(view.cell(row, at), DAY).text))
            except ValueError:  # a blank, or what is no date
                return None
    return min(days, default=None)


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
) -> tuple[dict, dict, list[str], list[str]]:
    """Return the columns of a register of risks, its words, what isn't read and what is no level."""
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
    odd: list[str] = []
    for axis, scale in scales.items():
        for name in (axis, f"residual_{axis}"):
            words[name] = words.get(name, {}) | _meant(_levels(view, at.get(name)), scale)
            odd += [text for text in _levels(view, at.get(name)) if _level_in(text, scale) is None]
    refs = view.texts(at.get("risk"))
    prefixes = {re.sub(r"\d+$", "", text) for text in refs}
    heading = next((text for text, name in columns.items() if name == "risk"), None)
    if heading and len(prefixes) == 1 and (prefix := prefixes.pop()):
        columns[heading] = f"{prefix}{{risk}}"
    elif heading is None or any(not text.isdecimal() for text in refs):
        named = heading or next(text for text, name in columns.items() if name == "description")
        given = columns[named]
        columns[named] = ["risk"] if heading else [given, "risk"]
        words["risk"] = _numbers(view.texts(at["risk" if heading else "description"]))
    words = {name: found for name, found in words.items() if found}
    _add_scale(scales, draft)
    return columns, words, ignore, list(dict.fromkeys(odd))


def _levels(view: View, at: int | None) -> list[str]:
    return [] if at is None else view.texts(at)


def _numbers(texts: Sequence[str]) -> dict[str, str]:
    """Return a number for each risk: that with which its text begins, if all have one, else its place."""
    begins = [re.match(r"[a-z]{0,4}[ .-]?(\d+)\b", text, re.IGNORECASE) for text in texts]
    own = [found[1] for found in begins if found]
    if len(set(own)) == len(texts):
        return dict(zip(texts, own, strict=True))
    return {text: str(place) for place, text in enumerate(texts, 1)}


def _level_in(text: str, scale: Sequence[str]) -> str | None:
    """Return the level of a scale that a text names, by word, number or both; None where they disagree.

    Examples
    --------
    >>> scale = ["Low", "Medium", "High"]
    >>> [_level_in(text, scale) for text in ("High (3)", "2 - medium", "1", "High (2)", "Severe")]
    ['High', 'Medium', 'Low', None, None]
    """
    found = NUMBERED.fullmatch(text)
    number = int(found["number"] or found["last"]) if found else None
    word = ((found["word"] or found["first"] or "") if found else text).strip(" ()").casefold()
    level = next((one for one in scale if one.casefold() == word), None)
    if number is None or (word and level is None):
        return level
    numbered = scale[number - 1] if 1 <= number <= len(scale) else None
    return numbered if not word or level == numbered else None


def _scale_for(texts: Sequence[str], axis: str) -> list[str]:
    """Return the scale that holds the most of some levels, in the order of the file."""
    return max(
        aliases()["scales"][axis],
        key=lambda scale: sum(_level_in(text, scale) is not None for text in set(texts)),
    )


def _meant(texts: Sequence[str], scale: Sequence[str]) -> dict[str, str]:
    """Return the level of a scale by what the register writes, where that differs."""
    levels = {text: _level_in(text, scale) for text in texts}
    return {text: level for text, level in levels.items() if level not in (None, text)}


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
