"""Lists drafted into tables: partners, applications, posts, contracts, risks and tasks."""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from businesscase.calculations.wording import listed
from businesscase.cases.schema import TABLES
from businesscase_workbench.spreadsheet.cells import amount_in, folded, read_cell
from businesscase_workbench.spreadsheet.columns import Column
from businesscase_workbench.spreadsheet.draft.parts import BASE, FIRST_YEAR, GUESSED, SURE, Draft
from businesscase_workbench.spreadsheet.draft.view import FEWEST, OWNED, View, council_in
from businesscase_workbench.spreadsheet.draft.words import (
    DRIVER,
    MEMBERSHIP,
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
REGISTERS = ("posts", "risks", "contracts", "tasks", "applications", BASE)
ONCE = ("partner", "service", "contract", "category", "business_function")  # names of several rows
MOST_ROWS = 5  # that a sentence names
BANDS = [("Low", 0.16, True), ("Medium", 0.36, True), ("High", 0.6, False), ("Very high", 1, False)]


def membership(view: View, draft: Draft) -> bool:
    """Take a list of the authorities: when they join, what they count."""
    counts = {at: found for at, text in view.headings.items() if (found := DRIVER.fullmatch(text))}
    dates = {
        text: f"{stem}s"
        for text in view.headings.values()
        for stem in MEMBERSHIP
        if normal(text).startswith(stem)
    }
    texts = view.texts(view.partner)
    if view.partner is None or not (counts or dates) or len(texts) != len(view.rows()):
        return False
    heading = view.headings[view.partner]
    columns: dict[str, object] = {heading: ["partner", "role"]} | dates
    roles = {text: "partner" if place else "lead" for place, text in enumerate(texts)}
    draft.read(
        view, "partners", GUESSED, f"{texts[0]} is taken as the lead",
        columns=columns, words={"role": roles}, ignore=view.others(columns),
    )  # fmt: skip
    for at, found in counts.items():
        columns = {heading: "partner", view.headings[at]: "value"}
        driver, day = found["driver"].lower(), "-".join(reversed((found["date"] or "").split("/")))
        draft.drivers.append(driver)
        draft.read(
            view, "drivers", SURE if day else GUESSED, f"{driver} of each council",
            columns=columns, ignore=view.others(columns),
            constants={"driver": driver, "date": day or "2026-04-01"},
        )  # fmt: skip
    return True


def matrix(view: View, draft: Draft) -> bool:
    """Take a matrix with a column an authority: of amounts, or of what each has for a function."""
    councils = {
        at: text for at, text in view.headings.items() if folded(text) in map(folded, view.known)
    }
    if len(councils) < FEWEST or len(councils) == len(view.headings):
        return False
    headings = list(councils.values())
    label, *ignore = view.others(headings)
    texts = view.texts(next(at for at in view.headings if at not in councils))
    across = {"headings": headings, "column": "partner"}
    if not any(map(view.numbers, councils)):
        every = [text for at in councils for text in view.texts(at)]
        none = {text: "" for text in every if text.casefold() in aliases()["words"]["none"]}
        unread = f"; not read: {', '.join(ignore)}" if ignore else ""
        draft.read(
            view, "applications", GUESSED if ignore else SURE, f"a function a row, a council a column{unread}",
            columns={label: "business_function"}, ignore=ignore, words={"product": none},
            across=across | {"value": "product"},
        )  # fmt: skip
    elif any(map(COUNTED.search, [view.sheet.name, label, *texts])):
        draft.leave(view, "its numbers look like counts, not pounds")
    else:
        control = next(filter(is_total, ignore), "")
        draft.read(
            view, BASE, GUESSED, "numbers with a column a council are taken as cost a year",
            columns={label: "category"}, ignore=[text for text in ignore if text != control],
            control=control, totals=view.totals(), scale=view.scale(),
            words={"amount_gbp": view.nothing(councils)}, across=across | {"value": "amount_gbp"},
            constants={"funding": "revenue", "year": _year_of(view)},
        )  # fmt: skip
    return True


@dataclass
class _Register:
    """A list whose headings are those of a table, and how it is read.

    Attributes
    ----------
    at : dict
        Place of each column of the table that is read, in the order of the sheet.
    unread : dict
        Headings of the other columns, by place.
    columns, words, keys : dict
        What the mapping says of its headings and words, and beside these.
    remarks : list of str
        What a person must know of it.
    """

    view: View
    at: dict[str, int]
    unread: dict[int, str]
    columns: dict[str, str | list[str]]
    words: dict[str, Mapping[str, str]] = field(default_factory=dict)
    keys: dict[str, object] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    def texts(self, name: str) -> list[str]:
        """Return the texts of a column of the table, none if it isn't there."""
        return self.view.texts(self.at.get(name))

    def heading(self, name: str) -> str:
        """Return the heading of a column of the table."""
        return self.view.headings[self.at[name]]


def register(view: View, draft: Draft) -> bool:
    """Take a list whose headings are those of a table."""
    table = _table_of(view)
    if not table:
        return False
    at = _places(view, table)
    unread = {place: text for place, text in view.headings.items() if place not in at.values()}
    columns = {view.headings[place]: name for name, place in at.items()}
    found = _Register(view, at, unread, columns)
    if "partner" in at:
        shared = filter(is_shared, view.texts(view.partner))
        found.words["partner"] = dict.fromkeys(shared, "shared")
    if table == "risks":
        _say_risks(found, draft)
    elif view.partner is None and "partner" in TABLES[table].model_fields:
        _say_partner(found)
    if table == "tasks":
        draft.case["plan_start"] = _first_day(view)
        if "task" not in at:
            found.columns[found.heading("name")] = ["name", "task"]
            found.words["task"] = _numbers(found.texts("name"))
    if table == "contracts":
        _say_contracts(found)
    if table == BASE:
        _say_costs(found)
    _say_written_once(found)
    found.words |= {name: view.nothing([at[name]]) for name in at if name.endswith("_gbp")}
    ignore = list(found.unread.values())
    remarks = [f"not read: {', '.join(ignore)}"] * bool(ignore) + found.remarks
    draft.read(
        view, table, GUESSED if remarks or found.keys else SURE, "; ".join(["by its headings", *remarks]),
        columns=found.columns, words=found.words, ignore=ignore, totals=view.totals(), scale=view.scale(), **found.keys,
    )  # fmt: skip
    return True


def _say_written_once(found: _Register) -> None:
    """Say which names stand once for the rows below, and of whose rows nothing says whose they are."""
    view, at = found.view, found.at
    once = view.written_once(at[name] for name in ONCE if name in at)
    if once:
        found.keys["fill_down"] = [view.headings[place] for place in once]
        found.remarks.append(f"written once for the rows below: {listed(found.keys['fill_down'])}")
    rows = [row for row in view.rows() if len(view.filled[row]) > 1 and not view.is_sum(row)]
    if (place := at.get("partner")) is None or place in once:
        return
    if blank := [str(row) for row in rows if not view.text(row, place)]:
        told = f"row{'s' * (len(blank) > 1)} {listed(blank[:MOST_ROWS])}"
        more = f" and {len(blank) - MOST_ROWS} more" * (len(blank) > MOST_ROWS)
        found.remarks.append(f"no {view.headings[place]} in {told}{more}")


def _table_of(view: View) -> str:
    """Return the table that has the most of the headings, and all it needs; a blank if none has."""
    named = {
        table: [name for text in view.headings.values() if (name := column_named(table, text))]
        for table in REGISTERS
    }
    fitting = [table for table in named if {*aliases()[table]["needs"]} <= {*named[table]}]
    return max(fitting, key=lambda table: len(named[table]), default="")


def _places(view: View, table: str) -> dict[str, int]:
    """Return the place of each column of a table; of two that mean the same that with words, not with codes."""
    places: dict[str, list[int]] = {}
    for at, text in view.headings.items():
        if (name := column_named(table, text)) not in (None, "ignore"):
            places.setdefault(name, []).append(at)
    read = {min(found, key=lambda at: is_coded(view, at)): name for name, found in places.items()}
    return {read[at]: at for at in sorted(read)}


def _say_partner(found: _Register) -> None:
    """Say whose the rows are: the council that the sheet names or the only one, else by a column.

    A blank is refused by the import: one council's posts under another's name would not show.
    """
    view = found.view
    only = view.known[0] if len(view.known) == 1 else ""
    told = (
        view.council or only or council_in("\n".join([view.sheet.name, *view.titles]), view.known)
    )
    place, owners = (-1, {}) if told else _owners(view, view.known)
    found.keys["constants"] = {} if owners else {"partner": told}
    if not owners:
        return
    heading = view.headings[place]
    found.unread.pop(place, "")
    given = found.columns.get(heading)
    found.columns[heading] = [given, "partner"] if given else "partner"
    found.words["partner"] = owners
    found.remarks.append(f"the council is taken from {heading}")


def is_coded(view: View, at: int) -> bool:
    """Whether all texts of a column are numbers, such as codes of a ledger."""
    texts = view.texts(at)
    return bool(texts) and all(text.isdecimal() for text in texts)


def _owners(view: View, partners: Sequence[str]) -> tuple[int, dict[str, str]]:
    """Return a column whose texts name a council each, such as cost centres, and which they name."""
    for at in view.headings:
        texts = view.texts(at)
        begins = [found["who"] if (found := OWNED.fullmatch(text)) else "" for text in texts]
        named = [
            council_in(text, partners) or _short_for(who, partners)
            for text, who in zip(texts, begins, strict=True)
        ]
        if texts and all(named) and len(set(named)) > 1:
            return at, dict(zip(texts, named, strict=True))
    return -1, {}


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


def _say_costs(found: _Register) -> None:
    """Say what lines of a ledger are, staff, other cost or income, how amounts are signed, and of which year."""
    view, at = found.view, found.at
    if "nature" not in at:
        amounts: dict[str, list[float]] = {}
        for row in view.rows():
            text, amount = (
                view.text(row, at["category"]),
                amount_in(view.cell(row, at["amount_gbp"])),
            )
            if amount is not None and text and not is_total(text):
                amounts.setdefault(text, []).append(float(amount))
        sign = -1 if sum(map(sum, amounts.values())) < 0 else 1
        natures = {
            text: "income" if all(sign * one < 0 for one in every) else nature_of(text)
            for text, every in amounts.items()
        }
        if any(natures.values()):
            found.columns[found.heading("category")] = ["category", "nature"]
            found.words["nature"] = natures
        found.keys |= {"sign": TURNED} if sign < 0 else {}
    read = [
        place
        for place, text in view.headings.items()
        if found.columns.get(text, "amount_gbp") != "amount_gbp"
    ]
    rows = [tuple(view.text(row, place) for place in read) for row in view.rows()]
    found.keys["alike"] = "add up" if len(set(rows)) < len(rows) else ""
    usual = {"funding": "revenue", "year": _year_of(view)}
    told = {name: value for name, value in usual.items() if name not in at}
    found.keys["constants"] = found.keys.get("constants", {}) | told
    if told.get("year") == FIRST_YEAR:
        found.remarks.insert(0, "no year is stated, and the first of the case taken")


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


def _say_contracts(found: _Register) -> None:
    """Say which words mean that a contract has no last day, and how months of notice are written."""
    endless = [text for text in found.texts("ends") if has_word("rolling", text)]
    found.words["ends"] = dict.fromkeys(endless, "rolling")
    months = [MONTHS.fullmatch(text) for text in found.texts("notice_months")]
    if months and all(months) and len({one["unit"] for one in months}) == 1:
        found.columns[found.heading("notice_months")] = f"{{notice_months}}{months[0]['unit']}"


# risks


def _say_risks(found: _Register, draft: Draft) -> None:
    """Say on which scale the levels of a register of risks are, and how its risks are numbered."""
    columns, words = found.columns, found.words
    scales = {
        axis: _scale_for([*found.texts(axis), *found.texts(f"residual_{axis}")], axis)
        for axis in ("likelihood", "impact")
    }
    _say_residual_pairs(found, scales)
    odd: list[str] = []
    for axis, scale in scales.items():
        for name in (axis, f"residual_{axis}"):
            texts = found.texts(name)
            words[name] = words.get(name, {}) | _meant(texts, scale)
            odd += [text for text in texts if _level_in(text, scale) is None]
    refs = found.texts("risk")
    prefixes = {re.sub(r"\d+$", "", text) for text in refs}
    if "risk" not in found.at:
        columns[found.heading("description")] = ["description", "risk"]
        words["risk"] = _numbers(found.texts("description"))
    elif len(prefixes) == 1 and (prefix := prefixes.pop()):
        columns[found.heading("risk")] = f"{prefix}{{risk}}"
    elif not all(text.isdecimal() for text in refs):
        columns[found.heading("risk")] = ["risk"]
        words["risk"] = _numbers(refs)
    _add_scale(scales, draft)
    if odd:
        told = ", ".join(dict.fromkeys(odd))
        found.remarks.append(f"no level of the scale, by word and number: {told}")


def _say_residual_pairs(found: _Register, scales: Mapping[str, Sequence[str]]) -> None:
    """Say how both residual levels are read where they stand in one column, such as Low / High."""
    for at, heading in list(found.unread.items()):
        texts = found.view.texts(at)
        pairs = [PAIRED.fullmatch(text) for text in texts]
        if "residual" in heading.casefold() and pairs and all(pairs):
            del found.unread[at]
            apart = f" {pairs[0]['apart']} "
            found.columns[heading] = f"{{residual_likelihood}}{apart}{{residual_impact}}"
            for axis, side in (("likelihood", 0), ("impact", 2)):
                levels = [text.partition(apart)[side].strip() for text in texts]
                found.words[f"residual_{axis}"] = _meant(levels, scales[axis])


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
    highest = len(scales["likelihood"]) * len(scales["impact"])
    tops = [round(share * highest) for _, share, _ in BANDS]
    draft.add["risk_bands"] = [
        {"band": band, "lowest_score": below + 1, "highest_score": top, "within_appetite": within}
        for (band, _, within), below, top in zip(BANDS, [0, *tops], tops, strict=False)
    ]
    bounds = CHANCES[len(scales["likelihood"])]
    draft.add["risk_probabilities"] = [
        {"level": level, "lowest_probability": low, "highest_probability": high}
        for level, low, high in zip(scales["likelihood"], bounds[:-1], bounds[1:], strict=True)
    ]
