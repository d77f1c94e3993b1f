"""A sheet with a column a year, drafted into today's cost and the costs and savings of an option."""

import re
from collections.abc import Sequence
from typing import NamedTuple

from businesscase.calculations.wording import counted, listed
from businesscase.calculations.wording import words as words_of
from businesscase_workbench.spreadsheet.cells import amount_in
from businesscase_workbench.spreadsheet.draft.parts import (
    BASE,
    GUESSED,
    SURE,
    Draft,
)
from businesscase_workbench.spreadsheet.draft.view import (
    View,
)
from businesscase_workbench.spreadsheet.draft.words import (
    column_named,
    flow_of,
    has_word,
    is_any,
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
    years = {
        at: found for at, found in view.years.items() if not has_word("past", view.headings[at])
    }
    draft.years |= {year for found in (years or view.years).values() for year in found}
    parts = list(view.by_group())
    for part in parts:
        _money_table(_Money(part), draft)
    if not parts:
        several = listed(map(repr, view.groups))
        draft.leave(
            view, f"a year stands in several columns ({several}), and nothing tells which is read"
        )
    return True


def _money_table(money: "_Money", draft: Draft) -> None:
    """Draft the blocks of a table with a column a year."""
    view = money.view
    blocks = {
        title: [row for row in rows if not money.is_total(row)]
        for title, rows in view.blocks().items()
    }
    blocks = {title: rows for title, rows in blocks.items() if rows}
    if (
        view.partner is None
        and not view.council
        and len(councils := set(blocks) & set(draft.partners)) > 1
    ):
        rows = [row for title in blocks if title in councils for row in blocks[title]]
        _money_block(money, "", rows, draft, titles="partner")
        blocks = {title: rows for title, rows in blocks.items() if title not in councils}
    for title, rows in blocks.items():
        _money_block(money, title, rows, draft)


class _Money:
    """The columns of a sheet with a column a year."""

    def __init__(self, view: View):
        self.view = view
        labels = {at: text for at, text in view.headings.items() if at not in view.years}
        self.total = next((text for text in labels.values() if is_any("total", text)), "")
        self.kind = next((at for at, text in labels.items() if is_any("kind", text)), None)
        self.partner = view.partner
        options = (at for at, text in labels.items() if normal(text) == "option")
        self.option = next((at for at in options if len(view.texts(at)) > 1), None)
        rest = [
            at
            for at in labels
            if at not in (self.kind, self.partner, self.option) and labels[at] != self.total
        ]
        named = [at for at in rest if column_named("flows", labels[at]) == "line"]
        texts = [at for at in rest if not view.numbers(at)]
        longest = sorted(texts, key=lambda at: -len("".join(view.texts(at))))
        self.line = next(iter([*named, *longest]), None)
        self.ignore = [labels[at] for at in rest if at != self.line]
        self.labels = labels
        kinds = view.texts(self.kind)
        self.has_today = any(
            flow_of(kind) == BASE or normal(kind) == "expenditure" for kind in kinds
        )

    def is_total(self, row: int) -> bool:
        """Whether a row is named a total."""
        return any(is_total(self.view.text(row, at)) for at in self.labels)

    def heading(self, at: int | None) -> str:
        """Return the heading of a column."""
        return self.labels.get(-1 if at is None else at, "")

    def read(self, row: int, title: str) -> _Line:
        """Return what a line is taken for: by its type, the title of its block, its own words."""
        view = self.view
        texts = {
            at: view.text(row, at) for at in (self.kind, self.partner, self.line) if at is not None
        }
        amounts = [float(amount_in(view.cell(row, at)) or 0) for at in view.years]
        kind, line = (flow_of(texts.get(at, "")) for at in (self.kind, self.line))
        if CAPITAL.search(texts.get(self.kind, "")):
            kind = ""  # it says what pays, and not what for
        block = "" if MIXED.search(title) else flow_of(title)
        is_level = len(set(amounts)) == 1
        if not title and not kind and line in ("", BASE) and OF_SAVINGS.search(view.sheet.name):
            return _Line(texts, amounts, "saving", is_sure=False)
        if (
            not title
            and line == "one_off_cost"
            and is_level
            and not has_word("one_off", texts.get(self.line, ""))
        ):
            return _Line(texts, amounts, BASE, is_sure=False)  # training, legal cost
        if line == OF_WHICH:
            return _Line(texts, amounts, OF_WHICH, is_sure=True)
        is_budget = "income" in texts.get(self.kind, "").casefold() and self.has_today
        if kind == "receipt" and not title and (is_level or is_budget):
            # in today's budget it is part of the net cost
            return _Line(texts, amounts, "income", is_sure=True)
        is_plain = line in ("", BASE) or not block or line == block
        for flow, is_sure in ((kind, True), (block, is_plain), (line, False)):
            if flow not in ("", BASE, OF_WHICH):
                if flow == "receipt" and is_level and not title:
                    return _Line(texts, amounts, "income", is_sure=False)
                return _Line(texts, amounts, flow, is_sure)
        is_base = BASE in (block, kind, line) or not title
        return _Line(texts, amounts, BASE if is_base else "", is_sure=bool(kind or line))


def _money_block(
    money: _Money, title: str, rows: Sequence[int], draft: Draft, titles: str = ""
) -> None:
    """Draft the readings of one block, or of all with a title each: today's cost, and flows."""
    lines = [money.read(row, title) for row in rows]
    base = [one for one in lines if one.flow in (BASE, "income")]
    flows = [one for one in lines if one.flow not in (BASE, "income", OF_WHICH, "")]
    left = [one for one in lines if one.flow in (OF_WHICH, "")]
    has_both = bool(base) and bool(flows)
    common: dict[str, object] = {
        "block": title,
        "title": titles,
        "scale": money.view.scale(),
        "control": money.total,
    }
    common |= {"totals": money.view.totals(), "ignore": money.ignore}
    if left and money.line is not None:
        common["leave_out"] = {money.heading(money.line): _texts(left, money.line)}
    labels = [at for at in (money.partner, money.kind, money.line, money.option) if at is not None]
    once = [at for at in labels if any(not money.view.text(row, at) for row in rows)]
    common["fill_down"] = [money.heading(at) for at in once]
    spans = (
        {"spans": "each"} if any(first != last for first, last in money.view.years.values()) else {}
    )
    picked = [money.view.headings[at] for at in money.view.years] if money.view.is_picked else []
    across: dict[str, object] = {"value": "amount_gbp"} | spans
    for lines, read, year in ((base, _base_reading, "year"), (flows, _flow_reading, "first_year")):
        own = {"headings": picked, "column": year} if picked else {}
        if lines:
            read(money, lines, draft, common | {"across": across | own}, has_both)


def _said(words: dict[str, dict[str, str]]) -> dict[str, dict[str, str]]:
    return {column: meant for column, meant in words.items() if meant}


def _texts(lines: Sequence[_Line], at: int | None) -> list[str]:
    return list(
        dict.fromkeys(text for one in lines if at is not None and (text := one.texts.get(at)))
    )


def _only(money: _Money, lines: Sequence[_Line], has_both: bool) -> dict[str, list[str]]:
    return {money.heading(money.line): _texts(lines, money.line)} if has_both else {}


def _base_reading(
    money: _Money, lines: Sequence[_Line], draft: Draft, keys: dict[str, object], has_both: bool
) -> None:
    """Draft how lines of today's cost are read; income of today's budget is below nil."""
    columns: dict[str, object] = {}
    words: dict[str, dict[str, str]] = {"amount_gbp": money.view.nothing(money.view.years)}
    constants: dict[str, object] = {}
    if money.partner is not None:
        columns[money.heading(money.partner)] = "partner"
    elif not keys["title"]:
        constants["partner"] = money.view.council or (draft.partners[0] if draft.partners else "")
    if money.view.service:
        constants["service"] = money.view.service
    natures = {(one.texts.get(money.line, ""), _nature(one, money)) for one in lines}
    columns[money.heading(money.line)] = forms = ["category"]
    kinds = _texts(lines, money.kind)
    by_kind: list[str] = []
    if len(dict(natures)) < len(natures):  # one line is both cost and income: its type tells
        by_kind.append("nature")
        words["nature"] = {text: "income" if flow_of(text) == "receipt" else "" for text in kinds}
    elif any(nature for _, nature in natures):
        forms.append("nature")
        words["nature"] = dict(sorted(natures))
    if any(map(CAPITAL.search, kinds)):
        by_kind.append("funding")
        words["funding"] = {
            text: "capital" if CAPITAL.search(text) else "revenue" for text in kinds
        }
    else:
        constants["funding"] = "revenue"
    unread = [] if money.option is None else [money.heading(money.option)]
    if by_kind:
        columns[money.heading(money.kind)] = by_kind
    elif money.kind is not None:
        unread.append(money.heading(money.kind))
    keys = keys | {"ignore": [*keys["ignore"], *unread]}
    costs = [amount for one in lines if one.flow == BASE for amount in one.amounts]
    if costs and max(costs) <= 0 and min(costs) < 0:
        keys = keys | {"sign": TURNED}
    draft.read(
        money.view, BASE, _certainty(money, lines),
        f"{counted(len(lines), 'line')} of today's cost{_by_income(lines)}{_not_read(money)}", columns=columns, words=_said(words),
        constants=constants, only=_only(money, lines, has_both), **keys,
    )  # fmt: skip


def _nature(line: _Line, money: _Money) -> str:
    """Return whether a line of today's cost is income, staff or other cost, as its words say."""
    text = line.texts.get(money.line, "")
    if line.flow == "income":
        return "income"
    return nature_of(text)


def _certainty(money: _Money, lines: Sequence[_Line]) -> str:
    is_sure = all(one.is_sure for one in lines) and not money.view.is_picked
    return SURE if is_sure else GUESSED


def _not_read(money: _Money) -> str:
    """Say which headings that name a year are not read."""
    whose = f" of {money.view.council}" if money.view.council else ""
    return f"{whose}; not read: {listed(money.view.unread)}" if money.view.unread else whose


def _by_income(lines: Sequence[_Line]) -> str:
    names = [one for one in lines if one.flow == "income"]
    return f", {len(names)} of them income" if names else ""


def _flow_reading(
    money: _Money, lines: Sequence[_Line], draft: Draft, keys: dict[str, object], has_both: bool
) -> None:
    """Draft how lines of an option's costs and savings are read."""
    found = OPTION_IN_TITLE.search(str(keys["block"]))
    if found:
        draft.option = found[1].lower()
    columns: dict[str, object] = {}
    constants: dict[str, object] = {"option": draft.option or "a"}
    words: dict[str, dict[str, str]] = {"amount_gbp": money.view.nothing(money.view.years)}
    what = f"option {constants['option']}"
    if money.option is not None:  # amounts of several options must not add up under one
        columns[money.heading(money.option)] = "option"
        del constants["option"]
        what = "options that the mapping must give letters"
    forms = ["line"]
    by_kind = {
        text: {one.flow for one in lines if one.texts.get(money.kind) == text}
        for text in _texts(lines, money.kind)
    }
    flows = {one.flow for one in lines}
    if (
        by_kind
        and all(len(kinds) == 1 for kinds in by_kind.values())
        and len(by_kind) >= len(flows)
    ):
        funding = {text: "capital" if CAPITAL.search(text) else "revenue" for text in by_kind}
        columns[money.heading(money.kind)] = ["flow", "funding"]
        words |= {
            "flow": {text: next(iter(kinds)) for text, kinds in by_kind.items()},
            "funding": funding,
        }
    else:
        by_line = {one.texts.get(money.line, ""): one for one in lines}
        capital = {text: "capital" if CAPITAL.search(text) else "revenue" for text in by_line}
        if len(flows) == 1:
            constants["flow"] = next(iter(flows))
        else:
            forms.append("flow")
            words["flow"] = {text: one.flow for text, one in by_line.items()}
        if "capital" in capital.values():
            forms.append("funding")
            words["funding"] = capital
        else:
            constants["funding"] = "revenue"
        if money.kind is not None:
            keys = keys | {"ignore": [*keys["ignore"], money.heading(money.kind)]}
    forms += ["category", "inflation"]
    words["inflation"] = {
        text: "pay" if has_word("pay", text) else "prices" for text in _texts(lines, money.line)
    }
    words["category"] = {
        text: "staff" for text in _texts(lines, money.line) if has_word("pay", text)
    }
    columns[money.heading(money.line)] = forms
    if not keys["title"]:
        _flow_partners(money, lines, draft, columns, constants, words)
    by_words = ", by their words beside today's cost" * (has_both and not keys["block"])
    draft.read(
        money.view, "flows", _certainty(money, lines),
        f"{counted(len(lines), 'line')} of {what}: {listed(map(words_of, sorted(flows)))}{by_words}{_not_read(money)}",
        columns=columns, constants=constants, words=_said(words),
        only=_only(money, lines, has_both), sign=_sign(lines), **keys,
    )  # fmt: skip


def _flow_partners(
    money: _Money,
    lines: Sequence[_Line],
    draft: Draft,
    columns: dict[str, object],
    constants: dict[str, object],
    words: dict[str, dict[str, str]],
) -> None:
    """Say whose a line is, and how a line of all is divided."""
    if money.partner is None:
        constants["partner"] = money.view.council or "shared"
        return
    texts = _texts(lines, money.partner)
    shared = {text: _driver_of(text, draft) for text in texts if is_shared(text)}
    heading = money.heading(money.partner)
    columns[heading] = ["partner", "split"] if any(shared.values()) else "partner"
    words["partner"] = dict.fromkeys(shared, "shared")
    if any(shared.values()):
        words["split"] = {text: shared.get(text, "") for text in texts}


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
