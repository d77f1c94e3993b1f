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
from businesscase.study.savings import NO_RATIO
from businesscase_workbench.report.excel_sheets import CellShown, Formula, SheetShown

AS_SCHEDULED = "as the schedule"
NOT_WITHIN_TERM = "not within the term"
NO_COST = f"none: {NO_RATIO}"
SAVING, COST = "savings", "costs"
TRANSFER = "no_detriment_transfer"
LEVER_CELLS = {  # parameters that may have a cell of their own name, and how it is shown
    "realisation": "percent", "delay_years": "score", "overrun": "percent", "optimism_bias": "percent",
    "running_cost_change": "percent", "discount_rate": "percent",
}  # fmt: skip
BIASES = (0.0, 5.0)  # optimism bias that the cell takes
LATE = "MAX(0,1-ABS({}-{}))"  # how far a delay is one of so many whole years
LASTING = "MAX(0,{}-({}))"  # how much longer than so many years a delay lasts
SIZES = {  # what a lever multiplies its rows by
    "saving": "realisation",
    "running_cost": "(1+running_cost_change)",
    "one_off_cost": "(1+overrun)*(1+optimism_bias)",
}
SUM = "SUMPRODUCT({}{{mine}}{{signs}}*{{factors}}*{{amounts}})"
WORTH = '(({part}="cash")+({part}="time"))*({when}="'  # rows of worth that fall in their years so
BUDGET = '({part}<>"time")*({part}<>"sunk")*({of}="option")*'  # cash still to find, beside today
PAYBACK = (
    'IF({{{0}}}<-0.005,"'
    + NOT_WITHIN_TERM
    + '",IF({{number}}=0,0,IF(ISNUMBER({{{1}_was}}),{{{1}_was}},'
    "{{number}}-1-ROUND({{{0}_was}},2)/(ROUND({{{0}}},2)-ROUND({{{0}_was}},2)))))"
)
MEASURES = {  # rows of the sheet by year: what they are called, how they are shown, their formula
    "saving": ("Saving before one-off cost (£)", "pounds", SUM.format(WORTH + 'yearly")*')),
    "one_off": ("One-off cost (£)", "pounds", SUM.format("-" + WORTH + 'once")*')),
    "received": ("Grants, receipts and one-off cost avoided (£)", "pounds", SUM.format(WORTH + 'received")*')),
    "net": ("Net flow (£)", "pounds", "{saving}-{one_off}+{received}"),
    "present": ("Present value of the net flow (£)", "pounds", "{net}*{discount}"),
    "benefit": ("Present value of benefits (£)", "pounds", "MAX(0,{saving})*{discount}"),
    "cost": ("Present value of costs (£)", "pounds", "({one_off}-{received}-MIN(0,{saving}))*{discount}"),
    "cash": ("Net flow in cash (£)", "pounds", SUM.format('({part}="cash")*')),
    "cumulative": ("Cumulative cash (£)", "pounds", "SUM({cash_so_far})"),
    "present_cash": ("Present value of the cash (£)", "pounds", "{cash}*{discount}"),
    "cumulative_present": ("Cumulative present value of the cash (£)", "pounds", "SUM({present_cash_so_far})"),
    "payback": ("Payback, if the term ended then (years)", "factor", PAYBACK.format("cumulative", "payback")),
    "discounted_payback": ("Discounted payback, if the term ended then (years)", "factor", PAYBACK.format("cumulative_present", "discounted_payback")),
    "to_find": ("Net flow in cash beside today's budgets (£)", "pounds", SUM.format(BUDGET)),
    "out_of_pocket": ("Out of pocket beside today's budgets, at the end of the year (£)", "pounds", "MAX(0,-SUM({to_find_so_far}))"),
    "before": ("The same in the year before the no-detriment payments (£)", "pounds", SUM.format(BUDGET)),
}  # fmt: skip
SUMMED = {  # from the cash of each year: its sum so far, and when that is nil
    "cash": ("cumulative", "payback"),
    "present_cash": ("cumulative_present", "discounted_payback"),
}
WORTHS = {  # the same for what the option is worth; ``now`` are cells of this sheet
    "total_saving": ("Total saving (£)", "pounds", "SUM({saving_so_far})"),
    "average_annual_saving": ("Average saving (£ a year)", "pounds", "{now_total_saving}/IF(SUM({term})>0,SUM({term}),1)"),
    "one_off_cost": ("One-off cost (£)", "pounds", "SUM({one_off_so_far})"),
    "net_present_value": ("Net present value (£)", "pounds", "SUM({present_so_far})"),
    "cash_net_present_value": ("Net present value in cash (£)", "pounds", "SUM({present_cash_so_far})"),
    "benefits": ("Present value of benefits (£)", "pounds", "SUM({benefit_so_far})"),
    "costs": ("Present value of costs (£)", "pounds", "SUM({cost_so_far})"),
    "benefit_cost_ratio": ("Benefit-cost ratio", "factor", 'IF(ROUND({now_costs},2)>0,{now_benefits}/{now_costs},"' + NO_COST + '")'),
    "payback_years": ("Payback in cash (years)", "factor", "{payback}"),
    "discounted_payback_years": ("Discounted payback in cash (years)", "factor", "{discounted_payback}"),
    "peak_funding": ("Peak funding (£)", "pounds", "MAX({out_of_pocket_so_far})"),
}  # fmt: skip
AMOUNTS = "Pounds in prices of year 0. Costs and savings are both positive."
TEXTS = {  # by sheet: title, notes of one line each, and the columns beside the years
    "levers": (
        "Savings: the levers that you may change",
        ("Cells with a frame and a pale ground are inputs: change one and every savings sheet follows. 'Savings worth' shows what moved.",
         "Each lever has the name in the last column, which formulas use. A lever that moves nothing in this option and scenario is not here.",
         "Fixed in this file: the years, the option, the terms of each line in flows.csv, the baseline of each partner, who joins and leaves and on which terms, by how much the plan is late, the shares if somebody leaves, what would come otherwise, and payments of a no-detriment floor over the term."),
        ("Lever", "Value (input)", "In the report", "Unit", "Lowest", "Highest", "Name in formulas"),
    ),
    "worth": (
        "Savings: what the option is worth, in the report and in this file now",
        ("As delivered every difference is nil. A difference shows the effect of what you changed.",
         "Pounds in prices of year 0, over the whole term. Present values are discounted to year 0.",
         "Benefits and costs: what recurs is netted by year before it counts as one or the other; one-off cost is cost, and what is received lowers it."),
        ("Measure", "Partner", "Report", "This file now", "Difference"),
    ),
    "by_year": (
        "Savings: what each partner saves, spends and has left, by year",
        (AMOUNTS + " The net flow is saving less one-off cost plus what is received, against what would come otherwise.",
         "Payback is the moment after the last year-end out of pocket at which the money is back; a year's flow is taken to arrive evenly over the year.",
         "With a no-detriment floor, a partner below zero in cash is paid up to zero by those above zero, in proportion to what they are ahead."),
        ("Measure", "Partner"),
    ),
    "rows": (
        "Savings: planned amounts by partner and year, and the factor by which the levers move each row",
        (AMOUNTS + " The sign says whether a flow counts for or against. Amounts with a frame and a pale ground may be changed.",
         "What recurs has a row for each whole year of delay; a delay of 1.5 years is half of the row one year late and half of the next.",
         "A part of an amount on 'Savings pooled' is the amount times the share, and the pence that round it as in the report."),
        ("Flow", "Line", "Follows", "Funding", "Counts as", "Real growth", "Starts with", "Partner", "Falls", "Of", "Sign", "Years late", "Factor"),
    ),
    "pooled": (
        "Savings: amounts that the partners share, and the pence that round each part, by year",
        ("Pounds in prices of year 0, all inputs. A partner's row is what its part has beside its share: pence, or an amount of its own.",),
        ("Flow", "Line", "Follows", "Funding", "Counts as", "Real growth", "Starts with", "Of"),
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
PART_AT, GROWTH_AT, START_AT, PARTNER_AT, WHEN_AT, OF_AT, SIGN_AT, LATE_AT, FACTOR_AT = range(
    4, 13
)  # columns of the rows
NUMBER_AT, SCHEDULED_AT, RATE_AT, DISCOUNT_AT, TERMS_AT, LEFT_AT = range(6)  # rows of the years


def savings_sheets(study: Study) -> list[SheetShown]:
    """Return the sheets of the savings model, none if the option has no flows."""
    if study.savings.flow_lines.empty:
        return []
    model, sheets = _Model(study), []
    for name, (title, notes, labels) in TEXTS.items():
        suffix = " (input)" * (name in ("pooled", "shares"))
        years = [year_label(year) + suffix for year in study.years]
        labels += () if name in ("levers", "worth") else tuple(years)
        if rows := getattr(model, name)():
            frozen = 1 if name in ("levers", "years") else 2
            sheets.append(SheetShown(PLACES[name].sheet, title, notes, labels, rows, True, frozen))
    return sheets


def lever_count(study: Study) -> int:
    """Return how many levers the file offers."""
    return len(_Model(study).levers())


def levers_now(study: Study) -> list[list]:
    """Return, for each lever, what it is, its cell as a formula, its value in the report, and its unit."""
    rows = _Model(study).levers()
    return [
        [said, CellShown(Formula(name, given.value), given.kind), told, unit]
        for said, given, told, unit, *_, name in rows
    ]


def worth_now(study: Study, item: str, measure: str) -> Formula:
    """Return the cell of a measure of a partner, or of all, as 'Savings worth' has it now."""
    return Formula(worth_cell(study, item, measure), _Model(study)._worths(item)[measure])


def worth_cell(study: Study, item: str, measure: str) -> str:
    """Return where a measure of a partner, or of all, stands on 'Savings worth'."""
    row = list(product([ALL, *study.partners], WORTHS)).index((item, measure))
    return PLACES["worth"].cell(row, 3, row_abs=True, col_abs=True)


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
        self.has_floor = self.chosen.no_detriment != "none"
        if self.has_floor:
            moved = study.savings.flows.xs(TRANSFER, level="flow", drop_level=False)
            moved = pd.concat({(savings.FIXED, 0): moved}, names=savings.LEVERS)
            table = pd.concat([table, moved.reorder_levels(table.index.names)])
        of_flow = table.groupby(level=savings.LABELS, sort=False).ngroup().to_numpy()
        self.table = table.iloc[of_flow.argsort(kind="stable")]
        self.signs = self.table.index.get_level_values("flow").map(savings.SIGNS).to_numpy()
        levers = {name: np.array([value]) for name, value in study.savings.levers.items()}
        multiples, of_rows = savings.factors(savings.moving(self.table), levers)
        self.multiples = multiples[of_rows, 0]

    # the levers

    @cached_property
    def factors(self) -> list[str]:
        """What each prepared row is multiplied by, as a formula."""
        return [self._factor(row, *labels) for row, labels in enumerate(self._moving)]

    @property
    def _moving(self) -> Iterable[tuple[str, str]]:
        """Lever and start of each prepared row."""
        index = self.table.index
        return zip(index.get_level_values("lever"), index.get_level_values("start"), strict=True)

    def _factor(self, row: int, lever: str, start: str) -> str:
        lag = PLACES["rows"].cell(row, LATE_AT)
        slip = repr(float(self.study.savings.levers[start])) if start else ""
        recurs = lever not in (savings.FIXED, "one_off_cost")
        delay = "+".join(filter(None, ("delay_years" if recurs else "", slip)))
        if lever == savings.LATE:
            return LASTING.format(delay, lag)
        late = LATE.format(f"({delay})" if slip and recurs else delay, lag) if delay else ""
        return "*".join(filter(None, (SIZES.get(lever), late))) or "1"

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
        told = CellShown(value, kind)
        return [said, cell, told, unit, *(CellShown(bound, kind) for bound in bounds), name]

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
                lambda j: f"{cell(TERMS_AT, j)}*{LATE.format('delay_years', cell(NUMBER_AT, j))}", left, "score")],
        ]  # fmt: skip

    # the rows

    @cached_property
    def partners_shares(self) -> dict[tuple[str, str], pd.Series]:
        """Shares by year, by what is shared and partner."""
        if self.study.savings.leavers:  # what it leaves follows from its share
            return {}
        given = {SAVING: self.study.savings.saving_shares, COST: self.study.savings.cost_shares}
        tables = {kind: table for kind, table in given.items() if table is not None}
        return {(kind, name): row for kind in tables for name, row in tables[kind].iterrows()}

    @cached_property
    def pools(self) -> dict[tuple, pd.Series]:
        """Pooled amounts by flow ('all'), and what each partner's part has beside its share [£]."""
        lines, pools = savings.with_charges(self.study.savings.flow_lines), {}
        lines = lines[((lines["partner"] == SHARED) | lines["pooled"]) & (lines["split"] == "")]
        if self.study.savings.joiners:  # pools of each year are of those in it
            return {}
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

    def rows(self) -> list[list]:
        rows = []
        for row, ((*label, _, lag), amounts) in enumerate(self.table.iterrows()):
            flow = label[0]
            whose = "comparator" if flow in savings.COMPARED else "option"
            rows.append([
                *label, _falls(flow), whose,
                CellShown(self.signs[row], "whole"), CellShown(lag, "whole" if lag == int(lag) else "factor"),
                CellShown(Formula(self.factors[row], self.multiples[row]), "factor"),
                *(self._amount(row, label, lag, year, amount) for year, amount in enumerate(amounts)),
            ])  # fmt: skip
        return rows

    def _amount(
        self, row: int, label: list[str], lag: float, year: int, amount: float
    ) -> CellShown:
        """Return a prepared amount, as a formula where it follows from other cells."""
        *line, partner = label
        if label[0] == TRANSFER and self.chosen.no_detriment == savings.BY_YEAR:
            return CellShown(Formula(self._transfer(partner, year), amount), "pence")
        stays = (TRANSFER, "delay_cost", "overlap_cost", *savings.COMPARED)
        if self.study.savings.leavers or lag > year or label[0] in stays:
            return CellShown(amount, "pence")
        if lag:
            lag = int(lag)
            sooner = PLACES["rows"].year(row - lag, year - lag)
            growth = f"*(1+{PLACES['rows'].cell(row, GROWTH_AT)})^{lag}" if label[GROWTH_AT] else ""
            return CellShown(Formula(sooner + growth, amount), "pence")
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

    @cached_property
    def by_year_tables(self) -> dict[str, pd.DataFrame]:
        """Values of the sheet by year: by measure, item by financial year."""
        study = self.study
        flows = study.savings.flows
        worth, to_find = study.savings.economic_flows, savings.still_to_find(flows)
        tables = {
            "saving": study.savings.gross_savings,
            "one_off": savings.one_off_costs(worth),
            "net": study.savings.net_flows,
            "cash": study.savings.cash_flows,
            "to_find": study.savings.to_find,
            "before": savings.net_flows(to_find.drop(index=TRANSFER, level=0, errors="ignore")),
        }
        for name, table in tables.items():
            known = table.reindex(study.partners, fill_value=0.0)
            tables[name] = savings.with_total(known, ALL).reindex(self.items)
        factors = study.savings.discount_factors
        tables["received"] = tables["net"] - tables["saving"] + tables["one_off"]
        tables["present"], tables["present_cash"] = (
            tables["net"] * factors,
            tables["cash"] * factors,
        )
        tables["benefit"] = tables["saving"].clip(lower=0.0) * factors
        spent = tables["one_off"] - tables["received"] - tables["saving"].clip(upper=0.0)
        tables["cost"] = spent * factors
        behind = -tables["to_find"].drop(index=ALL).cumsum(axis="columns").clip(upper=0.0)
        tables["out_of_pocket"] = savings.with_total(behind, ALL).reindex(self.items)
        for name, (cumulative, payback) in SUMMED.items():
            tables[cumulative] = tables[name].cumsum(axis="columns")
            tables[payback] = tables[name].apply(_paybacks, axis="columns")
        return tables

    def by_year(self) -> list[list]:
        rows, tables = [], self.by_year_tables
        for (measure, (label, kind, formula)), item in product(MEASURES.items(), self.items):
            if measure == "out_of_pocket" and item == ALL:  # one that is ahead doesn't fund another
                formula = "SUM({partners_out_of_pocket})"
            if measure != "before" or self.has_floor:
                fill = partial(self._filled, formula, item, planned=measure == "before")
                rows.append([label, item, *_cells(fill, tables[measure].loc[item], kind)])
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

    def _filled(self, formula: str, item: str, year: int, planned: bool = False) -> str:
        """Return a formula with the cells of a partner, of a year and of the years so far in it."""
        rows, by_year, years = (PLACES[name] for name in ("rows", "by_year", "years"))
        columns = {
            "partners": PARTNER_AT, "part": PART_AT, "when": WHEN_AT, "of": OF_AT, "signs": SIGN_AT,
            "factors": FACTOR_AT, "amounts": rows.left + year,
        }  # fmt: skip
        last = self.last_planned if planned else len(self.table) - 1  # before or with transfers
        cells = {name: rows.column(column, last) for name, column in columns.items()}
        partner = by_year.cell(self._row("saving", item), 1)
        cells["mine"] = "" if item == ALL else f"({cells['partners']}={partner})*"
        cells |= {"number": years.year(NUMBER_AT, year), "discount": years.year(DISCOUNT_AT, year)}
        cells["term"] = years.years(LEFT_AT, year)
        first = self._row("out_of_pocket", ALL) + 1
        column = by_year.left + year
        cells["partners_out_of_pocket"] = by_year.column(
            column, first + len(self.study.partners) - 1, first
        )
        for name in MEASURES:
            row = self._row(name, item)
            cells |= {name: by_year.year(row, year), f"{name}_was": by_year.year(row, year - 1)}
            cells[f"{name}_so_far"] = by_year.years(row, year)
        for row, name in enumerate(WORTHS, self.items.index(item) * len(WORTHS)):
            cells[f"now_{name}"] = PLACES["worth"].cell(row, 3)
        return formula.format_map(cells)

    def _worths(self, item: str) -> dict[str, float | str]:
        values = self.study.savings.appraisal.loc[item].to_dict()
        sides = {"benefits": "benefit", "costs": "cost"}
        values |= {name: self.by_year_tables[of].loc[item].sum() for name, of in sides.items()}
        absent = dict.fromkeys(WORTHS, NOT_WITHIN_TERM) | {"benefit_cost_ratio": NO_COST}
        return {name: absent[name] if pd.isna(values[name]) else values[name] for name in WORTHS}


def _falls(flow: str) -> str:
    """Return when a flow falls: yearly, once, or once and received rather than spent."""
    if flow in savings.SPENT_ONCE:
        return "once"
    return "received" if flow in savings.ONE_OFF else "yearly"


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
