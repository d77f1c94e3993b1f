"""A sheet with a column a year, drafted into today's cost and the costs and savings of an option."""

import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from businesscase.calculations.wording import counted, listed
from businesscase.calculations.wording import words as words_of
from businesscase_workbench.spreadsheet.cells import amount_in
from businesscase_workbench.spreadsheet.draft.parts import BASE, GUESSED, SURE, Draft
from businesscase_workbench.spreadsheet.draft.view import View
from businesscase_workbench.spreadsheet.draft.words import (
    column_named,
    flow_of,
    has_word,
    is_any,
    is_pay,
    is_shared,
    is_total,
    nature_of,
)
from businesscase_workbench.spreadsheet.mapping import BY_FLOW, COSTS_BELOW, MONEY_IN, TURNED
from businesscase_workbench.spreadsheet.sheets import normal

OF_WHICH = "of which"
OPTION_IN_TITLE = re.compile(r"\boption\s+([A-Z])\b", re.IGNORECASE)
MIXED = re.compile(r"cost.*(?:saving|benefit)|(?:saving|benefit).*cost", re.IGNORECASE)
OF_SAVINGS = re.compile(
    r"(?!.*(?:budget|cost|base|current))(?:.*\W)?(?:saving|efficienc)", re.IGNORECASE
)
CAPITAL = re.compile(r"capital", re.IGNORECASE)


class _Line(NamedTuple):
    """A line of a sheet with a column a year, and what it is taken for."""

    texts: dict[int, str]
    amounts: list[float]
    flow: str
    is_sure: bool


def money_by_year(view: View, draft: Draft) -> bool:
    """Take a sheet with a column a year: today's cost and what an option costs and saves."""
    if not view.years:
        return False
    years = [found for at, found in view.years.items() if not has_word("past", view.headings[at])]
    draft.years |= {year for found in years or view.years.values() for year in found}
    parts = list(view.by_group())
    for part in parts:
        _money_table(_Money(part), draft)
    if not parts:
        several = listed(map(repr, view.groups))
        why = f"a year stands in several columns ({several}), and nothing tells which is read"
        draft.leave(view, why)
    return True


def _money_table(money: "_Money", draft: Draft) -> None:
    """Draft the blocks of a table with a column a year; those of a council each are read as one."""
    view = money.view
    lines = {
        title: [row for row in rows if not money.is_total(row)]
        for title, rows in view.blocks().items()
    }
    blocks = {title: rows for title, rows in lines.items() if rows}
    councils = [title for title in blocks if title in draft.partners]
    if view.partner is None and not view.council and len(councils) > 1:
        rows = [row for title in councils for row in blocks.pop(title)]
        _money_block(money, "", rows, draft, titles="partner")
    for title, rows in blocks.items():
        _money_block(money, title, rows, draft)


class _Money:
    """The columns of a sheet with a column a year."""

    def __init__(self, view: View):
        self.view, self.partner, labels = view, view.partner, view.labels
        self.total = next((text for text in labels.values() if is_any("total", text)), "")
        self.kind = next((at for at, text in labels.items() if is_any("kind", text)), None)
        options = (at for at, text in labels.items() if normal(text) == "option")
        self.option = next((at for at in options if len(view.texts(at)) > 1), None)
        known = (self.kind, self.partner, self.option)
        rest = [at for at, text in labels.items() if at not in known and text != self.total]
        named = [at for at in rest if column_named("flows", labels[at]) == "line"]
        texts = [at for at in rest if not view.numbers(at)]
        longest = sorted(texts, key=lambda at: -len("".join(view.texts(at))))
        self.line = next(iter([*named, *longest]), None)
        self.ignore = [labels[at] for at in rest if at != self.line]
        if view.council and self.total:  # it adds up the councils, and not the years of one
            self.total, self.ignore = "", [*self.ignore, self.total]
        services = (at for at in rest if column_named(BASE, labels[at]) == "service")
        self.service = next((at for at in services if at != self.line and at in texts), None)
        kinds = view.texts(self.kind)
        self.has_today = any(
            flow_of(text) == BASE or normal(text) == "expenditure" for text in kinds
        )

    def is_total(self, row: int) -> bool:
        """Whether a row is named a total."""
        return any(is_total(self.view.text(row, at)) for at in self.view.labels)

    def heading(self, at: int | None) -> str:
        """Return the heading of a column."""
        return "" if at is None else self.view.headings[at]

    def by_line(self, lines: Sequence[_Line]) -> dict[str, list[str]]:
        """Return the names of some lines, as a mapping picks or leaves them out."""
        return {self.heading(self.line): _texts(lines, self.line)}

    def unread(self, keys: Mapping[str, object], columns: Mapping) -> dict[str, object]:
        """Return the keys of a reading, with columns of types or options that it has no use for."""
        headings = [self.view.headings[at] for at in (self.option, self.kind) if at is not None]
        unread = [text for text in [*self.ignore, *headings] if text not in columns]
        return keys | {"ignore": unread}

    def read(self, row: int, title: str) -> _Line:
        """Return a line, and what it is taken for."""
        labels = (self.kind, self.partner, self.line)
        texts = {at: self.view.text(row, at) for at in labels if at is not None}
        amounts = [float(amount_in(self.view.cell(row, at)) or 0) for at in self.view.years]
        kind, line = (texts.get(at, "") for at in (self.kind, self.line))
        return _Line(texts, amounts, *self._meaning(kind, line, title, len(set(amounts)) == 1))

    def _meaning(self, kind: str, line: str, title: str, is_level: bool) -> tuple[str, bool]:
        """Return what a line is by its type, the title of its block or its own words, and whether that is sure."""
        of_kind = "" if CAPITAL.search(kind) else flow_of(kind)  # capital says what pays, no more
        of_line = flow_of(line)
        of_block = "" if MIXED.search(title) else flow_of(title)
        is_income = is_level or ("income" in kind.casefold() and self.has_today)
        if not title:
            if not of_kind and of_line in ("", BASE) and OF_SAVINGS.search(self.view.sheet.name):
                return "saving", False
            if of_line == "one_off_cost" and is_level and not has_word("one_off", line):
                return BASE, False  # training, legal cost
        if of_line == OF_WHICH:
            return OF_WHICH, True
        if of_kind == "receipt" and not title and is_income:
            return "income", True  # in today's budget it is part of the net cost
        is_plain = of_line in ("", BASE) or not of_block or of_line == of_block
        for flow, is_sure in ((of_kind, True), (of_block, is_plain), (of_line, False)):
            if flow == "receipt" and is_level and not title:
                return "income", False
            if flow not in ("", BASE, OF_WHICH):
                return flow, is_sure
        is_base = BASE in (of_block, of_kind, of_line) or not title
        return BASE if is_base else "", bool(of_kind or of_line)


def _money_block(
    money: _Money, title: str, rows: Sequence[int], draft: Draft, titles: str = ""
) -> None:
    """Draft the readings of one block, or of all with a title each: today's cost, and flows."""
    view = money.view
    lines = [money.read(row, title) for row in rows]
    base = [one for one in lines if one.flow in (BASE, "income")]
    left = [one for one in lines if one.flow in (OF_WHICH, "")]
    flows = [one for one in lines if one.flow not in (BASE, "income", OF_WHICH, "")]
    labels = [at for at in (money.partner, money.kind, money.line, money.option) if at is not None]
    keys: dict[str, object] = {
        "block": title, "title": titles, "scale": view.scale(), "control": money.total,
        "totals": view.totals(), "ignore": money.ignore, "leave_out": money.by_line(left),
        "fill_down": view.once_a_block(labels, rows),
    }  # fmt: skip
    across = {"value": "amount_gbp"}
    if any(first != last for first, last in view.years.values()):
        across["spans"] = "each"
    for own, read, year in ((base, _base_reading, "year"), (flows, _flow_reading, "first_year")):
        picked = [view.headings[at] for at in view.years] if view.is_picked else []
        keys["across"] = across | ({"headings": picked, "column": year} if picked else {})
        if own:
            read(money, own, draft, keys, money.by_line(own) if base and flows else {})


def _texts(lines: Sequence[_Line], at: int | None) -> list[str]:
    return list(dict.fromkeys(text for one in lines if (text := one.texts.get(at))))


def _funding(texts: Sequence[str]) -> dict[str, str]:
    """Return what pays for lines, as their words say."""
    return {text: "capital" if CAPITAL.search(text) else "revenue" for text in texts}


def _base_reading(
    money: _Money, lines: Sequence[_Line], draft: Draft, keys: Mapping[str, object], only: Mapping
) -> None:
    """Draft how lines of today's cost are read; income of today's budget is below nil."""
    view = money.view
    columns: dict[str, object] = {}
    constants: dict[str, object] = {}
    words = {"amount_gbp": view.nothing(view.years)}
    if money.partner is not None:
        columns[money.heading(money.partner)] = "partner"
    elif not keys["title"]:
        constants["partner"] = view.council or next(iter(draft.partners), "")
    if view.service:
        constants["service"] = view.service
    elif money.service is not None:
        columns[money.heading(money.service)] = "service"
        once = view.written_once([money.service])
        keys = keys | {"fill_down": [*keys["fill_down"], *map(money.heading, once)]}
    forms, by_kind = ["category"], []
    natures = {
        (text, "income" if one.flow == "income" else nature_of(text))
        for one in lines
        for text in [one.texts.get(money.line, "")]
    }
    funding = _funding(_texts(lines, money.kind))
    if len(dict(natures)) < len(natures):  # one line is both cost and income: its type tells
        by_kind.append("nature")
        words["nature"] = {text: "income" if flow_of(text) == "receipt" else "" for text in funding}
    elif any(nature for _, nature in natures):
        forms.append("nature")
        words["nature"] = dict(sorted(natures))
    if "capital" in funding.values():
        by_kind.append("funding")
        words["funding"] = funding
    else:
        constants["funding"] = "revenue"
    columns[money.heading(money.line)] = forms
    if by_kind:
        columns[money.heading(money.kind)] = by_kind
    costs = [amount for one in lines if one.flow == BASE for amount in one.amounts]
    turned = {"sign": TURNED} if costs and max(costs) <= 0 and min(costs) < 0 else {}
    income = sum(one.flow == "income" for one in lines)
    told = f"today's cost{f', {income} of them income' * bool(income)}"
    draft.read(
        view, BASE, _certainty(money, lines), f"{counted(len(lines), 'line')} of {told}{_not_read(money)}",
        columns=columns, words=words, constants=constants, only=only, **money.unread(keys, columns), **turned,
    )  # fmt: skip


def _certainty(money: _Money, lines: Sequence[_Line]) -> str:
    is_sure = all(one.is_sure for one in lines) and not money.view.is_picked
    return SURE if is_sure else GUESSED


def _not_read(money: _Money) -> str:
    """Say which headings that name a year are not read."""
    whose = f" of {money.view.council}" if money.view.council else ""
    return f"{whose}; not read: {listed(money.view.unread)}" if money.view.unread else whose


def _flow_reading(
    money: _Money, lines: Sequence[_Line], draft: Draft, keys: Mapping[str, object], only: Mapping
) -> None:
    """Draft how lines of an option's costs and savings are read."""
    view = money.view
    if named := _option_named([str(keys["block"]), *view.titles, view.sheet.name]):
        draft.option = named
    columns: dict[str, object] = {}
    constants: dict[str, object] = {}
    words = {"amount_gbp": view.nothing(view.years)}
    if money.option is None:
        constants["option"] = draft.option or "a"
        what = f"option {constants['option']}"
        taken = "" if draft.option else "; no option is named, and a taken"
    else:  # amounts of several options must not add up under one
        columns[money.heading(money.option)] = "option"
        what, taken = "options that the mapping must give letters", ""
    own = _flow_words(money, lines, columns, constants, words)
    texts = _texts(lines, money.line)
    kinds = {
        text: _texts([one for one in lines if one.texts.get(money.line) == text], money.kind)
        for text in texts
    }
    pay = [text for text in texts if is_pay(text, kinds[text])]
    words["inflation"] = {text: "pay" if text in pay else "prices" for text in texts}
    words["category"] = dict.fromkeys(pay, "staff")
    columns[money.heading(money.line)] = ["line", *own, "category", "inflation"]
    if not keys["title"]:
        _flow_partners(money, lines, draft, columns, constants, words)
    flows = listed(map(words_of, sorted({one.flow for one in lines})))
    by_words = ", by their words beside today's cost" * bool(only and not keys["block"])
    draft.read(
        view, "flows", GUESSED if taken else _certainty(money, lines),
        f"{counted(len(lines), 'line')} of {what}: {flows}{by_words}{_not_read(money)}{taken}",
        columns=columns, constants=constants, words=words, only=only, sign=_sign(lines), **money.unread(keys, columns),
    )  # fmt: skip


def _option_named(texts: Sequence[str]) -> str:
    """Return the letter of the option that the first of some texts to name one names; a blank if none does.

    Examples
    --------
    >>> _option_named(["Savings", "Option B: shared service, £"]), _option_named(["Options A and B"])
    ('b', '')
    """
    found = (set(map(str.lower, OPTION_IN_TITLE.findall(text))) for text in texts)
    return next((named.pop() for named in found if len(named) == 1), "")


def _flow_words(
    money: _Money, lines: Sequence[_Line], columns: dict, constants: dict, words: dict
) -> list[str]:
    """Say what lines are and what pays: by their types if these tell, else by the lines, and return what these say."""
    flows = {one.flow for one in lines}
    by_kind = {
        text: {one.flow for one in lines if one.texts.get(money.kind) == text}
        for text in _texts(lines, money.kind)
    }
    if len(by_kind) >= len(flows) and all(len(found) == 1 for found in by_kind.values()):
        columns[money.heading(money.kind)] = ["flow", "funding"]
        words["flow"] = {text: next(iter(found)) for text, found in by_kind.items()}
        words["funding"] = _funding(list(by_kind))
        return []
    by_line = {one.texts.get(money.line, ""): one.flow for one in lines}
    funding = _funding(list(by_line))
    if len(flows) == 1:
        constants["flow"] = next(iter(flows))
    else:
        words["flow"] = by_line
    if "capital" in funding.values():
        words["funding"] = funding
    else:
        constants["funding"] = "revenue"
    return [name for name in ("flow", "funding") if name in words]


def _flow_partners(
    money: _Money, lines: Sequence[_Line], draft: Draft, columns: dict, constants: dict, words: dict
) -> None:
    """Say whose a line is, and how a line of all is divided."""
    if money.partner is None:
        constants["partner"] = money.view.council or "shared"
        return
    texts = _texts(lines, money.partner)
    shared = {text: _driver_of(text, draft) for text in texts if is_shared(text)}
    words["partner"] = dict.fromkeys(shared, "shared")
    if is_split := any(shared.values()):
        words["split"] = {text: shared.get(text, "") for text in texts}
    columns[money.heading(money.partner)] = ["partner", "split"] if is_split else "partner"


def _driver_of(text: str, draft: Draft) -> str:
    """Return by what a line of all is divided: as its text says, else as the case's only driver."""
    known = next((name for name in draft.drivers if name in text.casefold()), "")
    return known or (draft.drivers[0] if len(draft.drivers) == 1 else "")


def _sign(lines: Sequence[_Line]) -> str:
    """Return how the amounts of a block are signed."""
    received = sum(sum(one.amounts) for one in lines if one.flow in MONEY_IN)
    spent = sum(sum(one.amounts) for one in lines if one.flow not in MONEY_IN)
    if received < 0:
        return TURNED if spent < 0 else BY_FLOW
    return COSTS_BELOW if spent < 0 else ""
