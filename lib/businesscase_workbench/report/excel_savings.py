"""The savings as sheets with live formulas, so that each number can be followed and moved.

The net flow is linear in the rows that ``savings.levered`` prepares. The sheets hold those rows, what
the levers multiply each by, the sums of the products by partner and year, and what they are worth.
Every formula carries the library's value. They use only functions that Excel, LibreOffice and Google
Sheets share and no dynamic arrays; the years stand in the columns of each sheet.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from itertools import product

import numpy as np
import pandas as pd
from xlsxwriter.utility import xl_rowcol_to_cell

from businesscase.calculations import appraisal, savings
from businesscase.calculations.apportionment import ALL, SHARED
from businesscase.calculations.wording import year_label
from businesscase.cases.parameters import Parameters, limits, unit_of
from businesscase.study import Study
from businesscase_workbench.report.excel_sheets import CellShown, Formula, SheetShown

AS_SCHEDULED = "as the schedule"
NOT_WITHIN_TERM = "not within the term"
NO_COST = "none: there is no cost"
SAVING, COST = "savings", "costs"
TRANSFER = "no_detriment_transfer"
LEVER_CELLS = {  # parameters that may have a cell of their own name, and how it is shown
    "realisation": "percent", "delay_years": "score", "overrun": "percent", "optimism_bias": "percent",
    "running_cost_change": "percent", "discount_rate": "percent",
}  # fmt: skip
BIASES = (0.0, 5.0)  # optimism bias that the cell takes
LATE = "MAX(0,1-ABS(delay_years-{}))"  # how far a delay is one of so many whole years
SIZES = {  # what a lever multiplies its rows by
    "saving": "realisation",
    "running_cost": "(1+running_cost_change)",
    "one_off_cost": "(1+overrun)*(1+optimism_bias)",
}
SUM = "SUMPRODUCT({}{{mine}}{{signs}}*{{factors}}*{{amounts}})"
PAYBACK = (
    'IF({{{0}}}<-0.005,"'
    + NOT_WITHIN_TERM
    + '",IF({{number}}=0,0,IF(ISNUMBER({{{1}_was}}),{{{1}_was}},'
    "{{number}}-1-ROUND({{{0}_was}},2)/(ROUND({{{0}}},2)-ROUND({{{0}_was}},2)))))"
)
MEASURES = {  # rows of the sheet by year: what they are called, how they are shown, their formula
    "saving": ("Saving before one-off cost (£)", "pounds", SUM.format('({counts}="yearly")*')),
    "one_off": ("One-off cost (£)", "pounds", SUM.format('-({counts}="once")*')),
    "net": ("Net flow (£)", "pounds", "{saving}-{one_off}"),
    "present": ("Present value of the net flow (£)", "pounds", "{net}*{discount}"),
    "cumulative": ("Cumulative net flow (£)", "pounds", "SUM({net_so_far})"),
    "cumulative_present": ("Cumulative present value (£)", "pounds", "SUM({present_so_far})"),
    "payback": ("Payback, if the term ended then (years)", "factor", PAYBACK.format("cumulative", "payback")),
    "discounted_payback": ("Discounted payback, if the term ended then (years)", "factor", PAYBACK.format("cumulative_present", "discounted_payback")),
    "before": ("Net flow before the no-detriment payments (£)", "pounds", SUM.format("")),
}  # fmt: skip
SUMMED = {  # from the flow of each year: its sum so far, and when that is nil
    "net": ("cumulative", "payback"),
    "present": ("cumulative_present", "discounted_payback"),
}
WORTHS = {  # the same for what the option is worth; ``now`` are cells of this sheet
    "total_saving": ("Total saving (£)", "pounds", "SUM({saving_so_far})"),
    "average_annual_saving": ("Average saving (£ a year)", "pounds", "{now_total_saving}/IF(SUM({term})>0,SUM({term}),1)"),
    "one_off_cost": ("One-off cost (£)", "pounds", "SUM({one_off_so_far})"),
    "net_present_value": ("Net present value (£)", "pounds", "SUM({present_so_far})"),
    "benefits": ("Present value of benefits (£)", "pounds", "SUMPRODUCT({mine}({together}>0)*{own})"),
    "costs": ("Present value of costs (£)", "pounds", "-SUMPRODUCT({mine}({together}<0)*{own})"),
    "benefit_cost_ratio": ("Benefit-cost ratio", "factor", 'IF(ROUND({now_costs},2)>0,{now_benefits}/{now_costs},"' + NO_COST + '")'),
    "payback_years": ("Payback (years)", "factor", "{payback}"),
    "discounted_payback_years": ("Discounted payback (years)", "factor", "{discounted_payback}"),
    "peak_funding": ("Peak funding (£)", "pounds", "MAX(0,-MIN({cumulative_so_far}))"),
}  # fmt: skip
AMOUNTS = "Pounds in prices of year 0. Costs and savings are both positive."
TEXTS = {  # by sheet: title, notes of one line each, and the columns beside the years
    "levers": (
        "Savings: the levers that you may change",
        ("Cells with a frame and a pale ground are inputs: change one and every savings sheet follows. 'Savings worth' shows what moved.",
         "Each lever has the name in the last column, which formulas use. A lever that moves nothing in this option and scenario is not here.",
         "Fixed in this file: the years, the option, the terms of each line in flows.csv, the baseline of each partner, who leaves and on which terms, and the shares if somebody does."),
        ("Lever", "Value (input)", "Unit", "Lowest", "Highest", "Name in formulas"),
    ),
    "worth": (
        "Savings: what the option is worth, in the report and in this file now",
        ("As delivered every difference is nil. A difference shows the effect of what you changed.",
         "Pounds in prices of year 0, over the whole term. Present values are discounted to year 0.",
         "Benefits and costs: what is saved or received, and what is spent, by flow; payments between partners cancel out in 'all'."),
        ("Measure", "Partner", "Report", "This file now", "Difference"),
    ),
    "by_year": (
        "Savings: what each partner saves, spends and has left, by year",
        (AMOUNTS + " The net flow is saving less one-off cost.",
         "Payback is the moment after the last year-end out of pocket at which the money is back; a year's flow is taken to arrive evenly over the year.",
         "With a no-detriment floor, a partner below zero is paid up to zero by those above zero, in proportion to what they are ahead."),
        ("Measure", "Partner"),
    ),
    "rows": (
        "Savings: planned amounts by partner and year, and the factor by which the levers move each row",
        (AMOUNTS + " The sign says whether a flow counts for or against. Amounts with a frame and a pale ground may be changed.",
         "What recurs has a row for each whole year of delay; a delay of 1.5 years is half of the row one year late and half of the next.",
         "A part of an amount on 'Savings pooled' is the amount times the share, and the pence that round it as in the report."),
        ("Flow", "Line", "Follows", "Funding", "Partner", "Counts", "Sign", "Line number", "Years late", "Factor"),
    ),
    "pooled": (
        "Savings: amounts that the partners share, and the pence that round each part, by year",
        ("Pounds in prices of year 0, all inputs. A partner's row is what its part has beside its share: pence, or an amount of its own.",),
        ("Flow", "Line", "Follows", "Funding", "Of"),
    ),
    "shares": (
        "Savings: the partners' shares of pooled amounts, by year",
        ("Fractions of 1, all inputs. Each year's shares of a kind must add up to 1.",),
        ("Shares of", "Partner"),
    ),
    "years": (
        "Savings: years, discount rates and discount factors",
        ("Year 0 is not discounted. A number in the lever 'discount_rate' replaces the schedule's rates in every year.",),
        ("Quantity",),
    ),
}  # fmt: skip
PARTNER_AT, COUNTS_AT, SIGN_AT, LINE_AT, LATE_AT, FACTOR_AT = range(4, 10)  # columns of the rows
PRESENTS = ("Present value (£)", "Of the flow (£)", "Of the line, all partners (£)")  # at the end
NUMBER_AT, SCHEDULED_AT, RATE_AT, DISCOUNT_AT, TERMS_AT, LEFT_AT = range(6)  # rows of the years


def savings_sheets(study: Study) -> list[SheetShown]:
    """Return the sheets of the savings model, none if the option has no flows."""
    if study.savings.flow_lines.empty:
        return []
    model, sheets = _Model(study), []
    for name, (title, notes, labels) in TEXTS.items():
        suffix = " (input)" * (name in ("pooled", "shares"))
        years = [year_label(year) + suffix for year in study.years]
        labels += () if name in ("levers", "worth") else (*years, *PRESENTS * (name == "rows"))
        if rows := getattr(model, name)():
            frozen = 1 if name in ("levers", "years") else 2
            sheets.append(SheetShown(PLACES[name].sheet, title, notes, labels, rows, True, frozen))
    return sheets


@dataclass(frozen=True)
class _Place:
    """Where a sheet's table lies, so that formulas can name its cells."""

    sheet: str
    top: int  # first row
    left: int  # column of the first year

    def cell(self, row: int, column: int, **fixed: bool) -> str:
        return f"'{self.sheet}'!{xl_rowcol_to_cell(self.top + row, column, **fixed)}"

    def year(self, row: int, year: int) -> str:
        return self.cell(row, self.left + year)

    def column(self, column: int, last: int, first: int = 0) -> str:
        """Return the cells of a column from one row to another."""
        end = xl_rowcol_to_cell(self.top + last, column, row_abs=True)
        return f"{self.cell(first, column, row_abs=True)}:{end}"

    def years(self, row: int, last: int) -> str:
        """Return the cells of a row from the first year to another."""
        end = xl_rowcol_to_cell(self.top + row, self.left + last, row_abs=True, col_abs=True)
        return f"{self.cell(row, self.left, row_abs=True, col_abs=True)}:{end}"


PLACES = {
    name: _Place(f"Savings {name.replace('_', ' ')}", 2 + len(notes), len(labels))
    for name, (_, notes, labels) in TEXTS.items()
}


class _Model:
    """The chain of sheets of one study; a method with a sheet's name returns its rows."""

    def __init__(self, study: Study):
        self.study, self.chosen = study, study.parameters
        self.last = len(study.years) - 1
        self.items = [ALL, *study.partners]
        table = study.savings.prepared_flows(limits("delay_years")[1])
        self.last_planned = len(table) - 1  # and no transfer
        if self.chosen.no_detriment:
            moved = study.savings.flows.xs(TRANSFER, level="flow", drop_level=False)
            moved = pd.concat({(savings.FIXED, 0): moved}, names=savings.LEVERS)
            table = pd.concat([table, moved.reorder_levels(table.index.names)])
        of_flow = table.groupby(level=savings.LABELS, sort=False).ngroup().to_numpy()
        order = of_flow.argsort(kind="stable")
        self.table, self.of_flow = table.iloc[order], of_flow[order]
        flow, line = (self.table.index.get_level_values(name) for name in ("flow", "line"))
        kind = flow.where(flow != "exit_receipt", "exit_cost")  # what partners pay each other
        self.of_line = pd.factorize(pd.MultiIndex.from_arrays([kind, line]))[0] + 1
        self.signs = flow.map(savings.SIGNS).to_numpy()
        levers = {name: np.array([value]) for name, value in study.savings.levers.items()}
        self.multiples = savings.factors(self.table.index, levers)[0]

    # the levers

    @cached_property
    def factors(self) -> list[str]:
        """What each prepared row is multiplied by, as a formula."""
        found = []
        for row, lever in enumerate(self.table.index.get_level_values("lever")):
            recurs = lever not in (savings.FIXED, "one_off_cost")
            late = LATE.format(PLACES["rows"].cell(row, LATE_AT)) if recurs else ""
            found.append("*".join(filter(None, (SIZES.get(lever), late))) or "1")
        return found

    def levers(self) -> list[list]:
        used = " ".join([*self.factors, "delay_years discount_rate"])
        return [self._lever(name, kind) for name, kind in LEVER_CELLS.items() if name in used]

    def _lever(self, name: str, kind: str) -> list:
        said, unit = Parameters.model_fields[name].description, unit_of(name)
        value = getattr(self.chosen, name)
        bounds = checked = BIASES if name == "optimism_bias" else limits(name)
        if name == "optimism_bias":  # the fraction in place of the word
            value, unit = self.study.savings.optimism_bias, "fraction"
        if name == "discount_rate":
            said = "Discount rate of every year; any text is the schedule's"
        if value is None:
            value, checked = AS_SCHEDULED, None  # the cell takes a number or a text
        cell = CellShown(value, kind, True, checked, name)
        return [said, cell, unit, *(CellShown(bound, kind) for bound in bounds), name]

    def years(self) -> list[list]:
        study, cell = self.study, PLACES["years"].year
        numbers = np.arange(self.last + 1)
        # the schedule's own rates stand here, whatever the scenario's single rate
        scheduled = appraisal.scheduled_rates(study.tables["discount_rates"], study.years)
        lasting = study.savings.flow_lines[~study.savings.flow_lines["flow"].isin(savings.ONE_OFF)]
        running = savings.running_years(lasting, study.years)
        terms = np.array([savings.delayed(running, late).sum() for late in numbers])
        left = np.maximum(0.0, 1 - np.abs(self.chosen.delay_years - numbers)) * terms
        return [
            ["Year number", *(CellShown(number, "whole") for number in numbers)],
            ["Discount rate of the schedule (input)", *(CellShown(rate, "percent", True) for rate in scheduled)],
            ["Discount rate used", *_cells(
                lambda j: f"IF(ISNUMBER(discount_rate),discount_rate,{cell(SCHEDULED_AT, j)})", study.savings.rates, "percent")],
            ["Discount factor", *_cells(
                lambda j: f"{cell(DISCOUNT_AT, j - 1)}/(1+{cell(RATE_AT, j)})" if j else "1", study.savings.discount_factors, "factor")],
            ["Years in which it saves or runs, if as late as the year's number", *(CellShown(term, "score") for term in terms)],
            ["The same, as far as the delay is so long", *_cells(
                lambda j: f"{cell(TERMS_AT, j)}*{LATE.format(cell(NUMBER_AT, j))}", left, "score")],
        ]  # fmt: skip

    # the rows

    @cached_property
    def partners_shares(self) -> dict[tuple[str, str], pd.Series]:
        """Shares by year, by what is shared and partner."""
        if self.chosen.leaver:  # what it leaves follows from its share
            return {}
        given = {SAVING: self.study.savings.saving_shares, COST: self.study.savings.cost_shares}
        tables = {kind: table for kind, table in given.items() if table is not None}
        return {(kind, name): row for kind in tables for name, row in tables[kind].iterrows()}

    @cached_property
    def pools(self) -> dict[tuple, pd.Series]:
        """Pooled amounts by flow ('all'), and what each partner's part has beside its share [£]."""
        lines, pools = savings.with_charges(self.study.savings.flow_lines), {}
        lines = lines[(lines["partner"] == SHARED) | lines["pooled"]]
        planned = savings.planned_flows(lines, self.study.savings.baseline_cost, self.study.years)
        for label, pool in planned.groupby(level=savings.LABELS[:-1], sort=False).sum().iterrows():
            for (kind, name), share in self.partners_shares.items():
                if kind == _shared_as(label):
                    pools.setdefault((*label, ALL), pool)
                    pools[*label, name] = (
                        self.study.savings.planned_flows.loc[*label, name] - pool * share
                    )
        return pools

    def shares(self) -> list[list]:
        return _inputs(self.partners_shares, "factor")

    def pooled(self) -> list[list]:
        return _inputs(self.pools, "number")

    @cached_property
    def presents(self) -> list[pd.Series]:
        """Present value of each row, of its flow, and of its line for all partners together [£]."""
        signed = self.table.mul(self.multiples * self.signs, axis="index")
        own = appraisal.present_value(signed, self.study.savings.discount_factors)
        return [own, *(own.groupby(of).transform("sum") for of in (self.of_flow, self.of_line))]

    def rows(self) -> list[list]:
        place, rows = PLACES["rows"], []
        end = place.left + self.last + 1
        lines, own = (place.column(column, len(self.table) - 1) for column in (LINE_AT, end))
        discount = PLACES["years"].years(DISCOUNT_AT, self.last)
        for row, ((*label, _, lag), amounts) in enumerate(self.table.iterrows()):
            sign, line, factor = (
                place.cell(row, column) for column in (SIGN_AT, LINE_AT, FACTOR_AT)
            )
            first, last = np.flatnonzero(self.of_flow == self.of_flow[row])[[0, -1]]
            presents = [
                f"{sign}*{factor}*SUMPRODUCT({place.years(row, self.last)},{discount})",
                f"SUM({place.column(end, last, first)})",
                f"SUMPRODUCT(({lines}={line})*{own})",
            ]
            rows.append([
                *label, "once" if label[0] in savings.ONE_OFF else "yearly",
                *(CellShown(number, "whole") for number in (self.signs[row], self.of_line[row], lag)),
                CellShown(Formula(self.factors[row], self.multiples[row]), "factor"),
                *(self._amount(row, label, lag, year, amount) for year, amount in enumerate(amounts)),
                *_cells(presents.__getitem__, [worth.iloc[row] for worth in self.presents]),
            ])  # fmt: skip
        return rows

    def _amount(self, row: int, label: list[str], lag: int, year: int, amount: float) -> CellShown:
        """Return a prepared amount, as a formula where it follows from other cells."""
        *line, partner = label
        if label[0] == TRANSFER:
            return CellShown(Formula(self._transfer(partner, year), amount), "pence")
        if self.chosen.leaver or lag > year:
            return CellShown(amount, "pence")
        if lag:
            return CellShown(Formula(PLACES["rows"].year(row - lag, year - lag), amount), "pence")
        if tuple(label) not in self.pools:
            return CellShown(amount, "pence", True)
        rows, shares = list(self.pools), list(self.partners_shares)
        whole, beside = (rows.index((*line, of)) for of in (ALL, partner))
        share = PLACES["shares"].year(shares.index((_shared_as(line), partner)), year)
        pool, more = (PLACES["pooled"].year(row, year) for row in (whole, beside))
        return CellShown(Formula(f"{pool}*{share}+{more}", amount), "pence")

    def _transfer(self, partner: str, year: int) -> str:
        place, first = PLACES["by_year"], self._row("before", ALL) + 1
        own = place.year(self._row("before", partner), year)
        every = place.column(place.left + year, first + len(self.study.partners) - 1, first)
        ahead, behind = f'SUMIF({every},">0")', f'-SUMIF({every},"<0")'
        return f"IF({own}<0,-{own}/({behind}),IF({own}>0,-{own}/{ahead},0))*MIN({ahead},{behind})"

    # what they are worth

    def _row(self, measure: str, item: str) -> int:
        return list(MEASURES).index(measure) * len(self.items) + self.items.index(item)

    def by_year(self) -> list[list]:
        study = self.study
        tables = {
            "saving": study.savings.gross_savings,
            "one_off": savings.one_off_costs(study.savings.flows),
            "net": study.savings.net_flows,
            "before": savings.net_flows(
                study.savings.flows.drop(index=TRANSFER, level=0, errors="ignore")
            ),
        }
        for name, table in tables.items():
            known = table.reindex(study.partners, fill_value=0.0)
            tables[name] = savings.with_total(known, ALL).reindex(self.items)
        tables["present"] = tables["net"] * study.savings.discount_factors
        for name in ("net", "present"):
            cumulative, payback = SUMMED[name]
            tables[cumulative] = tables[name].cumsum(axis="columns")
            tables[payback] = tables[name].apply(_paybacks, axis="columns")
        rows = []
        for (measure, (label, kind, formula)), item in product(MEASURES.items(), self.items):
            if measure != "before" or self.chosen.no_detriment:
                cells = _cells(
                    partial(self._filled, formula, item), tables[measure].loc[item], kind
                )
                rows.append([label, item, *cells])
        return rows

    def worth(self) -> list[list]:
        place, rows = PLACES["worth"], []
        for item, (measure, (label, kind, formula)) in product(self.items, WORTHS.items()):
            value = self._worths(item)[measure]
            was, now = (place.cell(len(rows), column) for column in (2, 3))
            moved = f'IF(AND(ISNUMBER({was}),ISNUMBER({now})),ROUND({now}-{was},6),IF({was}={now},0,"changed"))'
            formulas = (Formula(self._filled(formula, item, self.last), value), Formula(moved, 0.0))
            rows.append([label, item, *(CellShown(shown, kind) for shown in (value, *formulas))])
        return rows

    def _filled(self, formula: str, item: str, year: int) -> str:
        """Return a formula with the cells of a partner, of a year and of the years so far in it."""
        rows, by_year, years = (PLACES[name] for name in ("rows", "by_year", "years"))
        last = self.last_planned if formula == MEASURES["before"][2] else len(self.table) - 1
        own, of_flow, of_line = range(rows.left + self.last + 1, rows.left + self.last + 4)
        columns = {
            "partners": PARTNER_AT, "counts": COUNTS_AT, "signs": SIGN_AT, "factors": FACTOR_AT, "amounts": rows.left + year,
            "own": own, "together": of_line if item == ALL else of_flow,
        }  # fmt: skip
        cells = {name: rows.column(column, last) for name, column in columns.items()}
        partner = by_year.cell(self._row("saving", item), 1)
        cells["mine"] = "" if item == ALL else f"({cells['partners']}={partner})*"
        cells |= {"number": years.year(NUMBER_AT, year), "discount": years.year(DISCOUNT_AT, year)}
        cells["term"] = years.years(LEFT_AT, year)
        for name in MEASURES:
            row = self._row(name, item)
            cells |= {name: by_year.year(row, year), f"{name}_was": by_year.year(row, year - 1)}
            cells[f"{name}_so_far"] = by_year.years(row, year)
        for row, name in enumerate(WORTHS, self.items.index(item) * len(WORTHS)):
            cells[f"now_{name}"] = PLACES["worth"].cell(row, 3)
        return formula.format_map(cells)

    def _worths(self, item: str) -> dict[str, float | str]:
        own, of_flow, of_line = self.presents
        mine = own.index.get_level_values("partner") == item
        decides, counted = (of_line, own) if item == ALL else (of_flow, own * mine)
        values = self.study.savings.appraisal.loc[item].to_dict()
        values |= {"benefits": counted[decides > 0].sum(), "costs": -counted[decides < 0].sum()}
        absent = dict.fromkeys(WORTHS, NOT_WITHIN_TERM) | {"benefit_cost_ratio": NO_COST}
        return {name: absent[name] if pd.isna(values[name]) else values[name] for name in WORTHS}


def _shared_as(label: Sequence[str]) -> str:
    return SAVING if label[0] == "saving" else COST


def _inputs(rows: dict[tuple, pd.Series], kind: str) -> list[list]:
    return [
        [*label, *(CellShown(value, kind, True) for value in row)] for label, row in rows.items()
    ]


def _paybacks(flows: pd.Series) -> pd.Series:
    """Return the payback by the end of each year [years]."""
    found = [appraisal.payback_years(flows.iloc[:count]) for count in range(1, len(flows) + 1)]
    return pd.Series(
        [NOT_WITHIN_TERM if years is None else years for years in found], index=flows.index
    )


def _cells(
    formula: Callable[[int], str], values: Iterable, kind: str = "pounds"
) -> list[CellShown]:
    return [CellShown(Formula(formula(number), value), kind) for number, value in enumerate(values)]
