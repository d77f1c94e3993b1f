"""Workbooks as councils keep them, made at random from figures that are known.

``random_book(seed)`` draws what two to four councils spend, save and pay by year, and writes it in a
layout, with habits, that are drawn too: how years are headed, thousands or pounds, a label once a
block, totals by row and by column, savings below nil, a title, notes. One book in three has a fault
that may make it unreadable, but must never make it say something else.
"""

import random
from dataclasses import dataclass, field
from pathlib import Path

import xlsxwriter

COUNCILS = ["Northmere", "Eastholt", "Westing", "Southby"]
COSTS = [
    "Employees",
    "Supplies & services",
    "Data centre / hosting",
    "Software licences",
    "Telephony",
]
FLOWS = {
    "Service desk savings": "saving",
    "Licence savings": "saving",
    "Management savings": "saving",
    "Redundancy": "one_off_cost",
    "Programme team": "one_off_cost",
    "Network migration": "one_off_cost",
    "Government grant": "grant",
}
RECEIVED = ("saving", "grant")
YEARS = {
    "long": lambda year: f"{year}/{(year + 1) % 100:02}",
    "short": lambda year: f"{year % 100:02}/{(year + 1) % 100:02}",
    "dash": lambda year: f"{year}-{(year + 1) % 100:02}",
    "ending": lambda year: f"FY{(year + 1) % 100:02}",
    "budget": lambda year: f"Budget {year}/{(year + 1) % 100:02}",
    "forecast": lambda year: f"{year % 100:02}/{(year + 1) % 100:02} Forecast",
}
FAULTS = [
    "total",
    "row total",
    "text",
    "unit",
    "hidden",
    "twice",
    "uncalculated",
    "kilo",
    "sum",
    "struck",
]


@dataclass
class Book:
    """A workbook and what it says.

    Attributes
    ----------
    path : Path
        The file.
    costs : dict
        Pounds of a year by council and line, as every year has them.
    flows : dict
        Pounds by council (or ``shared``), line and year, above nil.
    fault : str
        What is wrong in it, if anything.
    """

    path: Path
    first_year: int
    costs: dict[tuple[str, str], float] = field(default_factory=dict)
    flows: dict[tuple[str, str, int], float] = field(default_factory=dict)
    fault: str = ""


@dataclass
class _Layout:
    draw: random.Random
    scale: int
    years: list[int]
    heading: str
    once: bool  # a council's name stands in the first of its rows alone
    totals: bool
    total_column: bool
    below: bool  # savings are below nil
    one_sheet: bool
    kind: bool
    nil: str  # what stands for nothing in a year of a flow; a number if blank
    credits: bool  # what is below nil is text, as in a ledger: 12.5 CR
    over: bool  # headings in two rows: the year, and below it what its amounts are


def random_book(folder: Path, seed: int) -> Book:
    """Write a workbook and return it with what it says."""
    draw = random.Random(seed)
    first = draw.randint(2024, 2028)
    layout = _Layout(
        draw,
        scale=draw.choice([1, 1000]),
        years=list(range(first, first + draw.randint(3, 10))),
        heading=draw.choice(list(YEARS)),
        once=draw.random() < 0.5,
        totals=draw.random() < 0.5,
        total_column=draw.random() < 0.5,
        below=draw.random() < 0.6,
        one_sheet=draw.random() < 0.5,
        kind=draw.random() < 0.4,
        nil=draw.choice(["", "", "-", "nil"]),
        credits=draw.random() < 0.3,
        over=draw.random() < 0.3,
    )
    book = Book(folder / f"book-{seed}.xlsx", first)
    book.fault = draw.choice(FAULTS) if draw.random() < 0.35 else ""
    councils = COUNCILS[: draw.randint(2, 4)]
    costs = draw.sample(COSTS, draw.randint(2, len(COSTS)))
    flows = draw.sample(list(FLOWS), draw.randint(2, len(FLOWS)))
    rows = [(name, line, _cost(layout)) for name in councils for line in costs]
    book.costs = {(name, line): amounts[0] for name, line, amounts in rows}
    owners = ["All"] if draw.random() < 0.4 else councils[:2]
    flow_rows = [(name, line, _flow(layout, line)) for line in flows for name in owners]
    book.flows = {
        ("shared" if name == "All" else name, line, year): amount
        for name, line, amounts in flow_rows
        for year, amount in zip(layout.years, amounts, strict=True)
        if amount
    }
    with xlsxwriter.Workbook(book.path) as made:
        _write(made, book, layout, rows, flow_rows)
    return book


def _cost(layout: _Layout) -> list[float]:
    amount = layout.draw.randint(20, 900) * 1000 + layout.draw.choice([0, 500])
    return [float(amount)] * len(layout.years)


def _flow(layout: _Layout, line: str) -> list[float]:
    """Return pounds by year: a one-off in the first years, a saving that grows."""
    count = len(layout.years)
    most = layout.draw.randint(5, 300) * 1000
    if FLOWS[line] in ("one_off_cost", "grant"):
        lasts = layout.draw.randint(1, 2)
        return [float(most)] * lasts + [0.0] * (count - lasts)
    begins = layout.draw.randint(0, 2)
    steps = sorted(layout.draw.choices([0.25, 0.5, 1.0], k=count - begins))
    return [0.0] * begins + [most * step for step in steps]


def _write(
    made: xlsxwriter.Workbook, book: Book, layout: _Layout, rows: list, flow_rows: list
) -> None:
    unit = "£000" if layout.scale == 1000 else "£"
    title = f"ICT budgets, {unit}, {layout.years[0]} prices"
    sheet = made.add_worksheet("Budget")
    at = _head(sheet, layout, title, book.fault)
    at = _block(made, sheet, layout, book, at, rows, "Revenue", is_flow=False)
    if layout.one_sheet:
        sheet.write(at + 1, 0, "Costs and savings of sharing")
        _block(made, sheet, layout, book, at + 2, flow_rows, "", is_flow=True)
    else:
        other = made.add_worksheet("Savings model")
        start = _head(other, layout, title, book.fault)
        _block(made, other, layout, book, start, flow_rows, "", is_flow=True)


def _head(sheet, layout: _Layout, title: str, fault: str) -> int:
    """Write title and headings, and return the first row below them."""
    sheet.write(0, 0, title)
    row = layout.draw.randint(1, 3)
    texts = ["Council", "Line", *["Type"] * layout.kind]
    texts += [YEARS[layout.heading](year) for year in layout.years]
    if fault == "unit":  # the last year is said to be in another unit than the title says
        texts[-1] += " (£m)" if layout.scale == 1000 else " (£000)"
    texts += ["Total"] * layout.total_column
    if layout.over:  # the labels stand in the lower row
        first = 2 + layout.kind
        lower = [*texts[:first], *["Budget"] * len(layout.years), *[""] * layout.total_column]
        texts[:first] = [""] * first
        _row(sheet, row + 1, lower)
    _row(sheet, row, texts)
    return row + 1 + layout.over


def _row(sheet, row: int, texts: list[str]) -> None:
    for column, text in enumerate(texts):
        if text:
            sheet.write(row, column, text)


def _block(made, sheet, layout, book, at, rows, kind, is_flow) -> int:
    """Write the rows of a block with their totals, and return the row after the last."""
    before, first_column = None, 2 + layout.kind
    sums = [0.0] * len(layout.years)
    faulty = layout.draw.randrange(len(rows))
    for number, (name, line, amounts) in enumerate(rows):
        if layout.totals and not is_flow and before not in (None, name):
            at = _total(sheet, layout, at, f"{before} total", sums, book)
            sums = [0.0] * len(layout.years)
        look = (
            made.add_format({"font_strikeout": True})
            if book.fault == "struck" and number == faulty
            else None
        )
        if not (layout.once and name == before):
            sheet.write(at, 0, name, look)
        sheet.write(at, 1, line, look)
        flow = FLOWS.get(line, "")
        if layout.kind:
            sheet.write(at, 2, kind or {"saving": "Saving", "grant": "Grant"}.get(flow, "One-off"))
        sign = -1 if layout.below and flow in RECEIVED else 1
        shown = [sign * amount / layout.scale for amount in amounts]
        for column, amount in enumerate(shown):
            is_spot = number == faulty and column == len(shown) - 1
            if book.fault == "text" and is_spot:
                sheet.write_string(
                    at,
                    first_column + column,
                    f"({abs(amount):,.1f})" if amount < 0 else f"{amount:,.1f}",
                )
            elif book.fault == "kilo" and is_spot:
                sheet.write_string(
                    at,
                    first_column + column,
                    f"{amount / (1 if layout.scale > 1 else 1000):g}k",
                )
            elif book.fault == "uncalculated" and is_spot:
                sheet.write_formula(at, first_column + column, f"={amount}", None, "")
            elif layout.nil and is_flow and not amount:
                sheet.write_string(at, first_column + column, layout.nil)
            elif layout.credits and amount < 0:
                sheet.write_string(at, first_column + column, f"{-amount:,.2f} CR")
            else:
                sheet.write_number(at, first_column + column, amount)
            sums[column] += amount
        if layout.total_column:
            wrong = 5 if book.fault == "row total" and number == faulty else 0
            sheet.write_number(at, first_column + len(shown), sum(shown) + wrong)
        if book.fault == "hidden" and number == faulty:
            sheet.set_row(at, None, None, {"hidden": True})
        if book.fault == "twice" and number == faulty and not is_flow:
            at += 1
            sheet.write(at, 0, name)
            sheet.write(at, 1, line)
            for column, amount in enumerate(shown):
                sheet.write_number(at, first_column + column, amount)
                sums[column] += amount
        before = name
        at += 1
    if not is_flow and (layout.totals or book.fault == "sum"):
        label = f"{before} total" if layout.totals else "Everything"
        at = _total(sheet, layout, at, label, sums, book)
    return at


def _total(sheet, layout: _Layout, at: int, label: str, sums: list[float], book: Book) -> int:
    first_column = 2 + layout.kind
    sheet.write(at, 0, label)
    for column, amount in enumerate(sums):
        wrong = 7 if book.fault == "total" and column == 0 else 0
        letter = xlsxwriter.utility.xl_col_to_name(first_column + column)
        sheet.write_formula(
            at, first_column + column, f"=SUM({letter}1:{letter}{at})", None, amount + wrong
        )
    return at + 1
