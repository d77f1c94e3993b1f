"""The savings model as sheets with live formulas, so that each number can be followed and moved.

The chain is that of ``savings.py`` and ``appraisal.py``: lines, pooled amounts, their split to the
penny, planned flows by partner, flows under the levers, yearly sums, and measures of worth. Every
formula carries the library's value. They use only functions that Excel, LibreOffice and Google
Sheets share and no dynamic arrays; the years stand in the columns of each sheet.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import product

import numpy as np
import pandas as pd
from xlsxwriter.utility import xl_col_to_name, xl_rowcol_to_cell

from businesscase.calculations import apportionment, appraisal, savings
from businesscase.calculations.apportionment import ALL, SHARED
from businesscase.cases.parameters import Parameters, limits
from businesscase.shown.display import year_label
from businesscase.study import Study
from businesscase_workbench.report.excel_sheets import Cell, Formula, Sheet, ranges

NOT_APPLICABLE = "[z]"
AS_SCHEDULED = "as the schedule"
NEVER = "not within the term"
NO_COST = "none: there is no cost"
SAVING, COST, LEAVER = "savings", "costs", "what the leaver leaves"
ONCE, YEARLY = "once", "yearly"
LEVELS = {  # parameters that have a cell of their own name, and how it is shown
    "realisation": "percent",
    "delay_years": "score",
    "overrun": "percent",
    "running_cost_change": "percent",
    "baseline_cost_change": "percent",
}
LEAVING = {"leaves_after": "whole", "stranded_fraction": "percent", "notice_years": "whole", "exit_charge": "pounds"}  # fmt: skip
SIZES = {
    "saving": "realisation*",
    "running_cost": "(1+running_cost_change)*",
    "one_off_cost": "(1+overrun)*(1+optimism_bias)*",
}
MEASURES = {
    # rows of the sheet by year: what they are called
    "saving": "Saving before one-off cost (£)",
    "one_off": "One-off cost (£)",
    "net": "Net flow (£)",
    "present": "Present value of the net flow (£)",
    "cumulative": "Cumulative net flow (£)",
    "cumulative_present": "Cumulative present value (£)",
}
PAYBACKS = {"payback_years": "cumulative", "discounted_payback_years": "cumulative_present"}
WORTH = {
    "total_saving": ("Total saving (£)", "pounds"),
    "average_annual_saving": ("Average saving (£ a year)", "pounds"),
    "one_off_cost": ("One-off cost (£)", "pounds"),
    "net_present_value": ("Net present value (£)", "pounds"),
    "benefits": ("Present value of benefits (£)", "pounds"),
    "costs": ("Present value of costs (£)", "pounds"),
    "benefit_cost_ratio": ("Benefit-cost ratio", "factor"),
    "payback_years": ("Payback (years)", "factor"),
    "discounted_payback_years": ("Discounted payback (years)", "factor"),
    "peak_funding": ("Peak funding (£)", "pounds"),
}
BIASES = (0.0, 5.0)  # optimism bias that the cell takes
DEFICIT = -0.005  # rounds to a penny below zero
PRICES = "Pounds in prices of year 0. Costs and savings are both positive."
TEXTS = {
    # by sheet: title, and notes of one line each
    "levers": (
        "Savings: the levers that you may change",
        ("Cells with a frame and a pale ground, in the column 'Value (input)', are inputs: change one and every savings sheet follows.",
         "The sheet 'Savings check' shows what moved. Each lever has the name in the last column, which formulas use.",
         "The years, the partners and which sharing rule applies are fixed in this file; other scenarios have files of their own."),
    ),
    "check": (
        "Savings: the report's figures beside what this file computes now",
        ("As delivered every difference is nil. A difference shows the effect of what you changed.",),
    ),
    "worth": (
        "Savings: what the option is worth, by partner",
        ("Pounds in prices of year 0, over the whole term. Present values are discounted to year 0.",
         "Benefits and costs: what is saved or received, and what is spent, by flow; payments between partners cancel out in 'all'."),
    ),
    "payback": (
        "Savings: how the payback follows",
        ("Years are counted from 1. Payback is the moment after the last year-end out of pocket at which the money is back.",
         "A year's flow is taken to arrive evenly over the year that ends at that year's number, so part years are interpolated."),
    ),
    "by_year": (
        "Savings: what each partner saves, spends and has left, by year",
        (PRICES + " The net flow is saving less one-off cost.",),
    ),
    "flows": (
        "Savings: flows of each partner by year, with the levers applied",
        (PRICES + " The column 'Sign' says whether a flow counts for or against.",
         "A flow that counts yearly is delayed as the sheet 'Savings delay' says; one that counts once stays in its year."),
    ),
    "planned": (
        "Savings: planned flows of each partner by year, before any lever",
        (PRICES + " Amounts as stated, plus the partner's part of what is shared out.",),
    ),
    "split": (
        "Savings: how pooled amounts are shared out to the penny",
        ("Each part is rounded down to the penny; the pence left over go to the largest remainders, the partner listed first if equal.",
         "Whole pence and remainders in pence, parts in pounds. A pooled half penny rounds up here and to even in the library."),
    ),
    "pooled": (
        "Savings: amounts that the partners share, by year",
        (PRICES,),
    ),
    "shares": (
        "Savings: the partners' shares of pooled amounts, by year",
        ("Fractions of 1, all inputs. Each year's shares of a kind must add up to 1.",),
    ),
    "lines": (
        "Savings: the lines of money of the option, as stated and by year",
        (PRICES + " Every column with '(input)' in its heading may be changed. 2026 means 2026/27.",
         "A line has an amount for a full year or a part of the baseline cost; [z] means that it has the other."),
    ),
    "baseline": (
        "Savings: what each partner spends today",
        ("Pounds a year in prices of year 0.",),
    ),
    "withdrawal": (
        "Savings: what a partner that withdraws leaves to be paid, by year",
        ("Pounds and fractions as each row says. The leaver is fixed in this file; its levers are not.",),
    ),
    "transfers": (
        "Savings: net flow before the no-detriment payments, by year",
        ("Pounds. A partner below zero is paid up to zero by those above zero, in proportion to what they are ahead.",),
    ),
    "delay": (
        "Savings: what part of the amount planned for a year (column) arrives in a year (row)",
        ("Fractions of 1. A delay of 1.5 years moves half of an amount by one year and half by two.",),
    ),
    "years": (
        "Savings: years, discount rates and discount factors",
        ("Year 0 is not discounted. A number in the lever 'discount_rate' replaces the schedule's rates in every year.",),
    ),
}  # fmt: skip


def savings_sheets(study: Study) -> list[Sheet]:
    """Return the sheets of the savings model, none if the option has no flows."""
    if study.savings.flow_lines.empty:
        return []
    model = _Model(study)
    makers = [
        model.levers, model.check, model.worth, model.payback, model.by_year, model.flows, model.planned,
        model.transfers, model.withdrawal, model.split, model.pooled, model.shares, model.lines,
        model.baseline, model.delay, model.years,
    ]  # fmt: skip
    return [sheet for make in makers if (sheet := make()).rows]


@dataclass(frozen=True)
class _Place:
    """Where a sheet's table lies, so that other sheets can refer to its cells."""

    sheet: str
    first_row: int
    first_year: int  # column

    def cell(self, row: int, column: int, fixed: bool = False) -> str:
        address = xl_rowcol_to_cell(self.first_row + row, column, row_abs=fixed, col_abs=fixed)
        return f"'{self.sheet}'!{address}"

    def year(self, row: int, year: int) -> str:
        """Return the cell of a row in the year of that number."""
        return self.cell(row, self.first_year + year)

    def years(self, row: int, count: int) -> str:
        """Return the cells of a row in all years."""
        first, last = (
            xl_rowcol_to_cell(self.first_row + row, column, row_abs=True, col_abs=True)
            for column in (self.first_year, self.first_year + count - 1)
        )
        return f"'{self.sheet}'!{first}:{last}"

    def column(self, column: int, first: int, last: int) -> str:
        """Return the cells of a column from one row to another."""
        name = xl_col_to_name(column)
        return (
            f"'{self.sheet}'!{name}${self.first_row + first + 1}:{name}${self.first_row + last + 1}"
        )

    def total(self, column: int, rows: Iterable[int]) -> str:
        """Return the sum of a column's cells in these rows."""
        name = xl_col_to_name(column)
        parts = [
            f"'{self.sheet}'!{name}{self.first_row + first + 1}"
            + (f":{name}{self.first_row + last + 1}" if last > first else "")
            for first, last in ranges(rows)
        ]
        return f"SUM({','.join(parts)})"


LABELS = {
    # by sheet: the columns before the years
    "by_year": ("Measure", "Partner"),
    "flows": ("Flow", "Line", "Follows", "Funding", "Partner", "Counts", "Sign", "Line number"),
    "planned": ("Flow", "Line", "Follows", "Funding", "Partner"),
    "transfers": ("Partner",),
    "withdrawal": ("Quantity",),
    "split": ("Flow", "Line", "Follows", "Funding", "Step", "Partner"),
    "pooled": ("Flow", "Line", "Follows", "Funding", "Shared as"),
    "shares": ("Shares of", "Partner"),
    "lines": (
        "Flow", "Line", "Follows", "Funding", "Partner", "Shared as", "First year (input)",
        "Last year (input)", "Part of each year (input)", "Years to grow to the full amount (input)",
        "Margin charged (input)", "Amount stated (£ a year, input)",
        "Part of the baseline cost (input)", "Amount (£ a year)",
    ),
    "delay": ("Arrives in",),
    "years": ("Quantity",),
}  # fmt: skip
FIRST_YEAR, LAST_YEAR, PART, RAMP, MARGIN, STATED, FRACTION, ANNUAL = range(6, 14)  # of the lines
NUMBER, BEGINS, SCHEDULED, RATE, FACTOR, RUNNING = range(6)  # rows of the years
COUNTS, SIGN, GROUP = 5, 6, 7  # columns of the flows
STEPS = ("whole pence", "remainder in pence", "part (£)")


def _place(name: str) -> _Place:
    labels = LABELS.get(name, ("",))
    return _Place(_sheet_name(name), 2 + len(TEXTS[name][1]), len(labels))


def _sheet_name(name: str) -> str:
    return f"Savings {name.replace('_', ' ')}"


def _sheet(name: str, labels: tuple[str, ...], rows: list[list], frozen_columns: int = 1) -> Sheet:
    title, notes = TEXTS[name]
    return Sheet(_sheet_name(name), title, notes, labels, rows, True, frozen_columns)


PLACE = {name: _place(name) for name in TEXTS}


class _Model:
    """The chain of sheets of one study; a method a sheet."""

    def __init__(self, study: Study):
        self.study = study
        self.count = len(study.years)
        self.lines_table = study.savings.flow_lines.reset_index(drop=True)
        self.baseline_cost = study.savings.baseline_cost

    # what the sheets are about

    @cached_property
    def line_amounts(self) -> np.ndarray:
        """Planned amounts of each row of the lines by year [£]."""
        numbered = self.lines_table.assign(line=range(len(self.lines_table)))  # keeps rows apart
        return savings.planned_flows(numbered, self.baseline_cost, self.study.years).to_numpy()

    @cached_property
    def share_tables(self) -> dict[str, pd.DataFrame]:
        """Shares by partner and year, by what is shared."""
        chosen, study = self.study.parameters, self.study
        found = {
            SAVING: study.savings.shares(chosen.saving_apportionment, chosen.saving_mix),
            COST: study.savings.cost_shares,
        }
        if chosen.leaver:
            found[LEAVER] = study.savings.leaver_shares
        return {kind: shares for kind, shares in found.items() if shares is not None}

    @cached_property
    def share_rows(self) -> list[tuple[str, str]]:
        """What each row of the shares is about: kind and partner."""
        return [
            (kind, partner) for kind, table in self.share_tables.items() for partner in table.index
        ]

    @cached_property
    def terms(self) -> tuple[dict, dict]:
        """What planned and pooled amounts are the sum of: rows of the lines, with or without margin."""
        stated, pooled = {}, {}
        for row, line in enumerate(self.lines_table.itertuples()):
            key = (line.flow, line.line, line.inflation, line.funding)
            kind = SAVING if line.flow == "saving" else COST
            is_pooled = (line.partner == SHARED or line.pooled) and kind in self.share_tables
            for flow, charged in [(line.flow, False)] + [("income", True)] * (
                line.flow == "income_cost"
            ):
                label = (flow, *key[1:])
                home = pooled if is_pooled else stated
                home.setdefault(label if is_pooled else (*label, line.partner), {}).setdefault(
                    charged, []
                ).append(row)
        return stated, pooled

    @cached_property
    def pooled_rows(self) -> list[tuple[tuple, str]]:
        """Labels and kind of shares of each row of the pooled amounts."""
        _, pooled = self.terms
        rows = [(label, SAVING if label[0] == "saving" else COST) for label in pooled]
        if self.has_exit_charge:
            rows.append((("exit_receipt", "exit charge", savings.PRICES, "revenue"), LEAVER))
        return rows

    @property
    def has_exit_charge(self) -> bool:
        """Whether the leaver pays a charge."""
        return bool(self.study.parameters.leaver and self.study.parameters.exit_charge)

    @cached_property
    def pooled_amounts(self) -> list[np.ndarray]:
        """Pooled amounts by year [£]."""
        _, pooled = self.terms
        return [
            self._sum(pooled[label]) if label in pooled else self._charge_due
            for label, _ in self.pooled_rows
        ]

    @property
    def _charge_due(self) -> np.ndarray:
        chosen = self.study.parameters
        return chosen.exit_charge * (np.array(self.study.years) == chosen.leaves_after + 1)

    def _sum(self, terms: dict[bool, list[int]]) -> np.ndarray:
        margins = self.lines_table["margin_fraction"].to_numpy()
        return sum(
            (self.line_amounts[rows] * (1 + margins[rows] * charged)[:, None]).sum(axis=0)
            for charged, rows in terms.items()
        )

    def _sum_formula(self, terms: dict[bool, list[int]], year: int) -> str:
        place = PLACE["lines"]
        return "+".join(
            "+".join(
                f"(1+{place.cell(row, MARGIN, fixed=True)})*{place.year(row, year)}" for row in rows
            )
            if charged
            else place.total(place.first_year + year, rows)
            for charged, rows in terms.items()
        )

    @cached_property
    def split_places(self) -> dict[tuple, tuple[int, int]]:
        """First row of the split of each pooled label, and its number of partners."""
        places, row = {}, 0
        for label, kind in self.pooled_rows:
            partners = len(self.share_tables[kind])
            places[label] = (row, partners)
            row += len(STEPS) * partners
        return places

    @cached_property
    def planned_rows(self) -> dict[tuple, int]:
        """Row of each planned flow by its labels."""
        return {label: row for row, label in enumerate(self.study.savings.planned_flows.index)}

    @cached_property
    def flow_table(self) -> pd.DataFrame:
        """Flows under the scenario, transfers last, with the leaver's notice whether it has any or not."""
        flows = self.study.savings.flows
        leaver = self.study.parameters.leaver
        notice = ("stranded_cost", f"left by {leaver}", savings.PRICES, "revenue", leaver)
        if leaver and self._service_rows and notice not in flows.index:
            flows = pd.concat(
                [
                    flows,
                    pd.DataFrame(
                        0.0,
                        pd.MultiIndex.from_tuples([notice], names=savings.LABELS),
                        flows.columns,
                    ),
                ]
            )
        is_transfer = flows.index.get_level_values("flow") == "no_detriment_transfer"
        return pd.concat([flows[~is_transfer], flows[is_transfer]])

    @property
    def before_transfers(self) -> int:
        """Number of flows that are no transfers."""
        return int(
            (self.flow_table.index.get_level_values("flow") != "no_detriment_transfer").sum()
        )

    @cached_property
    def line_numbers(self) -> list[int]:
        """A number for each flow's kind and line: what partners pay each other is one line."""
        keys = [
            ("exit_cost" if flow == "exit_receipt" else flow, line)
            for flow, line, *_ in self.flow_table.index
        ]
        order = {key: number for number, key in enumerate(dict.fromkeys(keys), 1)}
        return [order[key] for key in keys]

    @cached_property
    def present_values(self) -> tuple[pd.Series, pd.Series]:
        """Present value of each flow, and of its line for all partners together [£]."""
        sign = self.flow_table.index.get_level_values("flow").map(savings.SIGNS)
        worth = (self.flow_table * self.study.savings.discount_factors).sum(axis="columns") * sign
        return worth, worth.groupby(self.line_numbers).transform("sum")

    @property
    def _service_rows(self) -> list[int]:
        """Rows of the planned flows that the leaver's cost of the service consists of."""
        flows = {label[0] for label in self.planned_rows}
        wanted = "running_cost" if "running_cost" in flows else "saving"
        leaver = self.study.parameters.leaver
        return [
            row
            for label, row in self.planned_rows.items()
            if label[0] == wanted and label[-1] == leaver
        ]

    # the sheets

    def levers(self) -> Sheet:
        chosen, uses = self.study.parameters, self._levers_used
        rows = [
            self._lever(name, getattr(chosen, name), kind)
            for name, kind in (LEVELS | LEAVING).items()
            if name in uses
        ]
        if "overrun" in uses:
            rows.append([
                "Uplift of one-off cost for optimism bias, less mitigation",
                Cell(self.study.savings.optimism_bias, "percent", True, BIASES, "optimism_bias"), "fraction",
                *(Cell(bound, "percent") for bound in BIASES), "optimism_bias",
            ])  # fmt: skip
        rate = AS_SCHEDULED if chosen.discount_rate is None else chosen.discount_rate
        rows.append(self._lever("discount_rate", rate, "percent"))
        rows[-1][0] = "Discount rate of every year; any text is the schedule's"
        labels = ("Lever", "Value (input)", "Unit", "Lowest", "Highest", "Name in formulas")
        return _sheet("levers", labels, rows)

    @property
    def _levers_used(self) -> set[str]:
        """Names of the levers that move something in this option and scenario."""
        flows = {label[0] for label in self.planned_rows}
        chosen = self.study.parameters
        used = {
            "delay_years": True,
            "realisation": "saving" in flows,
            "overrun": "one_off_cost" in flows,
            "running_cost_change": "running_cost" in flows,
            "baseline_cost_change": self.lines_table["baseline_fraction"].notna().any(),
            "leaves_after": bool(chosen.leaver),
            "stranded_fraction": bool(chosen.leaver and self._service_rows),
            "notice_years": bool(chosen.leaver and self._service_rows),
            "exit_charge": self.has_exit_charge,
        }
        return {name for name, is_used in used.items() if is_used}

    @staticmethod
    def _lever(name: str, value, kind: str) -> list:
        field = Parameters.model_fields[name]
        bounds = limits(name)
        shown = [Cell(bound, kind) for bound in bounds]
        checked = None if isinstance(value, str) else bounds
        unit = field.json_schema_extra["unit"]
        return [field.description, Cell(value, kind, True, checked, name), unit, *shown, name]

    def years(self) -> Sheet:
        study, place, lines = self.study, PLACE["years"], PLACE["lines"]
        last = len(self.lines_table) - 1
        first_years, last_years, parts, flows = (
            lines.column(column, 0, last) for column in (FIRST_YEAR, LAST_YEAR, PART, 0)
        )
        # the schedule's own rates stand here, whatever the scenario's single rate
        scheduled = appraisal.scheduled_rates(study.tables["discount_rates"], study.years)
        lasting = self.lines_table[~self.lines_table["flow"].isin(savings.ONE_OFF)]
        running = savings.running_years(lasting, study.years)
        rows = [
            ["Year number", *(Cell(number, "whole") for number in range(self.count))],
            ["Year in which its April falls", *(Cell(year, "whole") for year in study.years)],
            ["Discount rate of the schedule (input)", *(Cell(rate, "percent", True) for rate in scheduled)],
            ["Discount rate used", *(
                Cell(Formula(f"IF(ISNUMBER(discount_rate),discount_rate,{place.year(SCHEDULED, j)})", rate), "percent")
                for j, rate in enumerate(study.savings.rates)
            )],
            ["Discount factor", *(
                Cell(1.0 if j == 0 else Formula(f"{place.year(FACTOR, j - 1)}/(1+{place.year(RATE, j)})", factor), "factor")
                for j, factor in enumerate(study.savings.discount_factors)
            )],
            ["Part of the year in which the option saves or runs", *(
                Cell(Formula(
                    f"SUMPRODUCT(MAX(({first_years}<={place.year(BEGINS, j)})*({last_years}>={place.year(BEGINS, j)})*{parts}"
                    f'*({flows}<>"one_off_cost")*({flows}<>"exit_cost")))', part), "score")
                for j, part in enumerate(running)
            )],
        ]  # fmt: skip
        return _sheet("years", self._labels("years"), rows)

    def delay(self) -> Sheet:
        years, delay = PLACE["years"], self.study.parameters.delay_years
        rows = [
            [
                year_label(year),
                *(
                    Cell(
                        Formula(
                            f"MAX(0,1-ABS(delay_years-({years.year(NUMBER, late)}-{years.year(NUMBER, planned)})))",
                            max(0.0, 1 - abs(delay - (late - planned))),
                        ),
                        "score",
                    )
                    for planned in range(self.count)
                ),
            ]
            for late, year in enumerate(self.study.years)
        ]
        return _sheet("delay", self._labels("delay"), rows)

    def baseline(self) -> Sheet:
        cost = self.study.baseline.real_annual_cost
        rows = [[partner, Cell(amount, "pence", True)] for partner, amount in cost.items()]
        return _sheet("baseline", ("Partner", "Baseline cost (£ a year, input)"), rows)

    def lines(self) -> Sheet:
        rows = [self._line(row, line) for row, line in enumerate(self.lines_table.itertuples())]
        return _sheet("lines", self._labels("lines"), rows, 2)

    def _line(self, row: int, line) -> list:
        place, years = PLACE["lines"], PLACE["years"]
        kind = SAVING if line.flow == "saving" else COST
        shared = (
            kind
            if (line.partner == SHARED or line.pooled) and kind in self.share_tables
            else "as stated"
        )
        first, last, part, ramp, annual = (
            place.cell(row, column) for column in (FIRST_YEAR, LAST_YEAR, PART, RAMP, ANNUAL)
        )
        amounts = [
            f"IF(AND({year}>={first},{year}<={last}),{annual}*{part}*IF({ramp}>0,MIN(1,({year}-{first}+1)/{ramp}),1),0)"
            for year in (years.year(BEGINS, j) for j in range(self.count))
        ]
        stated = pd.notna(line.amount_gbp)
        return [
            line.flow, line.line, line.inflation, line.funding, line.partner, shared,
            Cell(line.first_year, "whole", True), Cell(line.last_year, "whole", True),
            Cell(line.year_fraction, "score", True), Cell(line.ramp_years, "score", True),
            Cell(line.margin_fraction, "percent", True),
            Cell(line.amount_gbp, "pence", True) if stated else NOT_APPLICABLE,
            NOT_APPLICABLE if stated else Cell(line.baseline_fraction, "percent", True),
            Cell(self._annual(row, line), "pence"),
            *(Cell(Formula(text, value), "pounds") for text, value in zip(amounts, self.line_amounts[row], strict=True)),
        ]  # fmt: skip

    def _annual(self, row: int, line) -> Formula:
        place, base = PLACE["lines"], PLACE["baseline"]
        if pd.notna(line.amount_gbp):
            return Formula(place.cell(row, STATED), line.amount_gbp)
        partners = list(self.baseline_cost.index)
        wanted = partners if line.partner == SHARED else [line.partner]
        total = base.total(1, [partners.index(partner) for partner in wanted])
        value = line.baseline_fraction * self.baseline_cost[wanted].sum()
        return Formula(f"{place.cell(row, FRACTION)}*(1+baseline_cost_change)*{total}", value)

    def shares(self) -> Sheet:
        rows = [
            [
                kind,
                partner,
                *(Cell(share, "factor", True) for share in self.share_tables[kind].loc[partner]),
            ]
            for kind, partner in self.share_rows
        ]
        return _sheet("shares", self._labels("shares", " (input)"), rows, 2)

    def pooled(self) -> Sheet:
        _, terms = self.terms
        begins = PLACE["years"]
        rows = []
        for (label, kind), amounts in zip(self.pooled_rows, self.pooled_amounts, strict=True):
            formulas = [
                self._sum_formula(terms[label], j)
                if label in terms
                else f"exit_charge*({begins.year(BEGINS, j)}=leaves_after+1)"
                for j in range(self.count)
            ]
            rows.append([*label, kind, *self._pence(formulas, amounts)])
        return _sheet("pooled", self._labels("pooled"), rows, 2)

    def split(self) -> Sheet:
        rows = []
        for number, (label, kind) in enumerate(self.pooled_rows):
            rows += self._split_of(number, label, kind)
        return _sheet("split", self._labels("split"), rows, 2)

    def _split_of(self, number: int, label: tuple, kind: str) -> list[list]:
        """Return the three steps of sharing out one pooled amount, partner by partner."""
        place, shares = PLACE["split"], self.share_tables[kind]
        first, partners = self.split_places[label]
        amounts = pd.Series(self.pooled_amounts[number], index=self.study.years)
        pence = np.round(amounts.to_numpy() * 100)
        exact = shares.to_numpy() * pence
        whole = np.floor(np.round(exact, 6))
        values = [
            whole,
            np.round(exact - whole, 6),
            apportionment.apportioned(amounts, shares).to_numpy(),
        ]
        rows = []
        for step, partner in product(range(len(STEPS)), range(partners)):
            formulas = []
            for j in range(self.count):
                total = f"ROUND(100*{PLACE['pooled'].year(number, j)},0)"
                share = PLACE["shares"].year(
                    self.share_rows.index((kind, shares.index[partner])), j
                )
                floors, remainders, upto = (
                    place.column(place.first_year + j, start, end)
                    for start, end in (
                        (first, first + partners - 1),
                        (first + partners, first + 2 * partners - 1),
                        (first + partners, first + partners + partner),
                    )
                )
                floor, own = (place.year(first + part * partners + partner, j) for part in (0, 1))
                formulas.append((
                    f"INT(ROUND({total}*{share},6))",
                    f"ROUND({total}*{share}-{floor},6)",
                    f"({floor}+(SUMPRODUCT(--({remainders}>{own}))+SUMPRODUCT(--({upto}={own}))-1<{total}-SUM({floors})))/100",
                )[step])  # fmt: skip
            kind_of_cell = ("count", "factor", "pence")[step]
            cells = self._cells(formulas, values[step][partner], kind_of_cell)
            rows.append([*label, STEPS[step], shares.index[partner], *cells])
        return rows

    def planned(self) -> Sheet:
        stated, _ = self.terms
        rows = []
        for label, amounts in self.study.savings.planned_flows.iterrows():
            formulas = [
                "+".join([
                    *([self._sum_formula(stated[label], j)] if label in stated else []),
                    *self._part_of_split(label, j),
                ])
                for j in range(self.count)
            ]  # fmt: skip
            rows.append([*label, *self._cells(formulas, amounts, "pounds")])
        return _sheet("planned", self._labels("planned"), rows, 2)

    def _part_of_split(self, label: tuple, year: int) -> list[str]:
        """Return the cell with a partner's part of a pooled amount, none where there is no part."""
        kinds = dict(self.pooled_rows)
        if label[:-1] not in kinds:
            return []
        partners = list(self.share_tables[kinds[label[:-1]]].index)
        first, count = self.split_places[label[:-1]]
        if label[-1] not in partners:
            return []
        return [PLACE["split"].year(first + 2 * count + partners.index(label[-1]), year)]

    def flows(self) -> Sheet:
        place, years = PLACE["flows"], PLACE["years"]
        first_sum = place.first_year + self.count
        last = len(self.flow_table) - 1
        numbers, present = place.column(GROUP, 0, last), place.column(first_sum, 0, last)
        signs = [savings.SIGNS[label[0]] for label in self.flow_table.index]
        worth, together = self.present_values
        rows = []
        for row, (label, amounts) in enumerate(self.flow_table.iterrows()):
            formulas = [self._flow(label, j) for j in range(self.count)]
            own = f"{place.cell(row, SIGN)}*SUMPRODUCT({place.years(row, self.count)},{years.years(FACTOR, self.count)})"
            line = f"SUMPRODUCT(({numbers}={place.cell(row, GROUP)})*{present})"
            rows.append([
                *label, ONCE if label[0] in savings.ONE_OFF else YEARLY, Cell(signs[row], "whole"),
                Cell(self.line_numbers[row], "whole"), *self._cells(formulas, amounts, "pounds"),
                Cell(Formula(own, worth.iloc[row]), "pounds"), Cell(Formula(line, together.iloc[row]), "pounds"),
            ])  # fmt: skip
        labels = (
            *self._labels("flows"),
            "Present value (£)",
            "Present value of the line, all partners (£)",
        )
        return _sheet("flows", labels, rows, 2)

    def _flow(self, label: tuple, year: int) -> str:
        """Return the formula of a flow: what was planned, and what a withdrawal or the floor brings."""
        parts = []
        if label in self.planned_rows:
            parts.append(
                self._kept(label, year) + SIZES.get(label[0], "") + self._arriving(label, year)
            )
        leaver = self.study.parameters.leaver
        if leaver and label[0] == "stranded_cost" and label[1] == f"left by {leaver}":
            parts.append(self._stranded(label[-1], year))
        if self.has_exit_charge and label[1:4] == ("exit charge", savings.PRICES, "revenue"):
            row = len(self.pooled_rows) - 1
            due = PLACE["pooled"].year(row, year)
            parts += [due] if label[0] == "exit_cost" else self._part_of_split(label, year)
        if label[0] == "no_detriment_transfer":
            parts.append(self._transfer(label[-1], year))
        return "+".join(parts)

    def _kept(self, label: tuple, year: int) -> str:
        """Return the condition that a leaver is still there."""
        if label[-1] != self.study.parameters.leaver:
            return ""
        return f"({PLACE['years'].year(BEGINS, year)}<=leaves_after)*"

    def _arriving(self, label: tuple, year: int) -> str:
        place, row = PLACE["planned"], self.planned_rows[label]
        if label[0] in savings.ONE_OFF:
            return place.year(row, year)
        return (
            f"SUMPRODUCT({place.years(row, self.count)},{PLACE['delay'].years(year, self.count)})"
        )

    def _stranded(self, partner: str, year: int) -> str:
        place = PLACE["withdrawal"]
        if partner == self.study.parameters.leaver:
            return f"{place.year(0, year)}*{place.year(2, year)}"
        share = PLACE["shares"].year(self.share_rows.index((LEAVER, partner)), year)
        return f"{place.year(0, year)}*{place.year(1, year)}*{share}"

    def withdrawal(self) -> Sheet:
        chosen, years = self.study.parameters, PLACE["years"]
        labels = list(self.planned_rows)
        service = [labels[row] for row in self._service_rows]
        if not chosen.leaver or not service:
            return _sheet("withdrawal", self._labels("withdrawal"), [])
        begins = [years.year(BEGINS, j) for j in range(self.count)]
        costs = [
            "+".join(SIZES[label[0]] + self._arriving(label, j) for label in service)
            for j in range(self.count)
        ]
        if (
            service[0][0] == "saving"
        ):  # the case states no running cost: it is the baseline less the saving
            row = list(self.baseline_cost.index).index(chosen.leaver)
            costs = [f"{PLACE['baseline'].cell(row, 1, fixed=True)}-({saved})" for saved in costs]
        others = [f"stranded_fraction*({year}>leaves_after+notice_years)" for year in begins]
        leaver = [
            f"stranded_fraction*({year}>leaves_after)*({year}<=leaves_after+notice_years)"
            for year in begins
        ]
        after = np.array(self.study.years) - chosen.leaves_after
        rows = [
            [f"What {chosen.leaver} would pay for the service (£)", *self._pence(costs, self._service_cost(service))],
            ["Fraction of it that the others carry", *self._cells(others, chosen.stranded_fraction * ((after > 0) & (after > chosen.notice_years)), "percent")],
            ["Fraction of it that the leaver carries", *self._cells(leaver, chosen.stranded_fraction * ((after > 0) & (after <= chosen.notice_years)), "percent")],
        ]  # fmt: skip
        return _sheet("withdrawal", self._labels("withdrawal"), rows)

    def _service_cost(self, service: list[tuple]) -> np.ndarray:
        study = self.study
        prepared = savings.levered(
            study.savings.planned_flows.loc[service], study.parameters.delay_years
        )
        paid = savings.scenario_flows(prepared, study.savings.levers).sum().to_numpy()
        if service[0][0] == "running_cost":
            return paid
        return self.baseline_cost[study.parameters.leaver] - paid

    def transfers(self) -> Sheet:
        if not self.study.parameters.no_detriment:
            return _sheet("transfers", self._labels("transfers"), [])
        before = savings.net_flows(self.flow_table.iloc[: self.before_transfers])
        place = PLACE["flows"]
        last = self.before_transfers - 1
        rows = []
        for row, (partner, amounts) in enumerate(before.iterrows()):
            own = PLACE["transfers"].cell(row, 0)
            formulas = [
                f"SUMPRODUCT(({place.column(4, 0, last)}={own})*{place.column(SIGN, 0, last)}*{place.column(place.first_year + j, 0, last)})"
                for j in range(self.count)
            ]
            rows.append([partner, *self._pence(formulas, amounts)])
        return _sheet("transfers", self._labels("transfers"), rows)

    def _transfer(self, partner: str, year: int) -> str:
        place = PLACE["transfers"]
        partners = list(savings.net_flows(self.flow_table.iloc[: self.before_transfers]).index)
        every = place.column(place.first_year + year, 0, len(partners) - 1)
        own = place.year(partners.index(partner), year)
        ahead, behind = f'SUMIF({every},">0")', f'-SUMIF({every},"<0")'
        return f"IF({own}<0,-{own}/({behind}),IF({own}>0,-{own}/{ahead},0))*MIN({ahead},{behind})"

    @cached_property
    def yearly(self) -> dict[str, pd.DataFrame]:
        """Each measure by partner ('all' first) and year [£]."""
        study = self.study
        items = [ALL, *study.partners]

        def complete(table: pd.DataFrame) -> pd.DataFrame:
            return savings.with_total(table.reindex(study.partners, fill_value=0.0), ALL).reindex(
                items
            )

        net = complete(study.savings.net_flows)
        present = net * study.savings.discount_factors
        return {
            "saving": complete(study.savings.gross_savings),
            "one_off": complete(savings.one_off_costs(study.savings.flows)),
            "net": net,
            "present": present,
            "cumulative": net.cumsum(axis="columns"),
            "cumulative_present": present.cumsum(axis="columns"),
        }

    def _yearly_row(self, measure: str, item: str) -> int:
        items = [ALL, *self.study.partners]
        return list(MEASURES).index(measure) * len(items) + items.index(item)

    def by_year(self) -> Sheet:
        rows = [
            [said, item, *self._cells([self._yearly_formula(measure, item, j) for j in range(self.count)], self.yearly[measure].loc[item], "pounds")]
            for measure, said in MEASURES.items()
            for item in (ALL, *self.study.partners)
        ]  # fmt: skip
        return _sheet("by_year", self._labels("by_year"), rows, 2)

    def _yearly_formula(self, measure: str, item: str, year: int) -> str:
        place = PLACE["by_year"]

        def cell(other: str, back: int = 0) -> str:
            return place.year(self._yearly_row(other, item), year - back)

        if measure == "net":
            return f"{cell('saving')}-{cell('one_off')}"
        if measure == "present":
            return f"{cell('net')}*{PLACE['years'].year(FACTOR, year)}"
        if measure in PAYBACKS.values():
            added = cell("net" if measure == "cumulative" else "present")
            return added if year == 0 else f"{cell(measure, 1)}+{added}"
        if item == ALL:
            first = self._yearly_row(measure, ALL) + 1
            return place.total(
                place.first_year + year, range(first, first + len(self.study.partners))
            )
        flows, last = PLACE["flows"], len(self.flow_table) - 1
        partners, counts, signs, amounts = (
            flows.column(column, 0, last) for column in (4, COUNTS, SIGN, flows.first_year + year)
        )
        own = place.cell(self._yearly_row(measure, item), 1)
        sign, kind = ("-", ONCE) if measure == "one_off" else ("", YEARLY)
        return f'{sign}SUMPRODUCT(({partners}={own})*({counts}="{kind}")*{signs}*{amounts})'

    def payback(self) -> Sheet:
        items = [ALL, *self.study.partners]
        place, years = PLACE["payback"], PLACE["years"]
        numbers = years.years(NUMBER, self.count)
        rows = []
        for measure, item in product(PAYBACKS, items):
            row = len(rows)
            cumulative = PLACE["by_year"].years(
                self._yearly_row(PAYBACKS[measure], item), self.count
            )
            last, then, later = (place.cell(row, column) for column in (2, 3, 4))
            worths = np.round(self.yearly[PAYBACKS[measure]].loc[item].to_numpy(), 2)
            below = np.flatnonzero(worths < 0)
            count = int(below[-1]) + 1 if below.size else 0
            found = self.study.savings.appraisal.at[item, measure]
            rows.append([
                WORTH[measure][0], item,
                Cell(Formula(f"SUMPRODUCT(MAX(({cumulative}<{DEFICIT})*({numbers}+1)))", count), "whole"),
                Cell(Formula(f"ROUND(SUMPRODUCT(({numbers}+1={last})*{cumulative}),2)", worths[count - 1] if count else 0.0), "pence"),
                Cell(Formula(f"ROUND(SUMPRODUCT(({numbers}={last})*{cumulative}),2)", worths[count] if count < self.count else 0.0), "pence"),
                Cell(Formula(
                    f'IF({last}=0,0,IF({last}={self.count},"{NEVER}",{last}-1-{then}/({later}-{then})))',
                    NEVER if pd.isna(found) else found), "factor"),
            ])  # fmt: skip
        labels = (
            "Measure", "Partner", "Last year-end out of pocket (year, 0 if none)",
            "Cumulative then (£)", "Cumulative a year later (£)", "Years",
        )  # fmt: skip
        return _sheet("payback", labels, rows, 2)

    def worth(self) -> Sheet:
        labels = ("Partner", *(label for label, _ in WORTH.values()))
        items = [ALL, *self.study.partners]
        rows = [[item, *self._worth_of(row, item)] for row, item in enumerate(items)]
        return _sheet("worth", labels, rows)

    def _worth_of(self, row: int, item: str) -> list[Cell]:
        place, by_year, flows = PLACE["worth"], PLACE["by_year"], PLACE["flows"]

        def years(measure: str) -> str:
            return by_year.years(self._yearly_row(measure, item), self.count)

        last, first_sum = len(self.flow_table) - 1, flows.first_year + self.count
        partners, own, together = (
            flows.column(column, 0, last) for column in (4, first_sum, first_sum + 1)
        )
        decides, mine = (
            (together, "") if item == ALL else (own, f"({partners}={place.cell(row, 0)})*")
        )
        running, arriving = PLACE["years"].years(RUNNING, self.count), PLACE["delay"]
        term = (
            "("
            + "+".join(
                f"SUMPRODUCT({running},{arriving.years(year, self.count)})"
                for year in range(self.count)
            )
            + ")"
        )
        column = {measure: place.cell(row, number) for number, measure in enumerate(WORTH, 1)}
        paybacks = {
            measure: PLACE["payback"].cell(number * (1 + len(self.study.partners)) + row, 5)
            for number, measure in enumerate(PAYBACKS)
        }
        formulas = {
            "total_saving": f"SUM({years('saving')})",
            "average_annual_saving": f"{column['total_saving']}/IF({term}>0,{term},1)",
            "one_off_cost": f"SUM({years('one_off')})",
            "net_present_value": f"SUM({years('present')})",
            "benefits": f"SUMPRODUCT({mine}({decides}>0)*{own})",
            "costs": f"-SUMPRODUCT({mine}({decides}<0)*{own})",
            "benefit_cost_ratio": f'IF(ROUND({column["costs"]},2)>0,{column["benefits"]}/{column["costs"]},"{NO_COST}")',
            **paybacks,
            "peak_funding": f"MAX(0,-MIN({years('cumulative')}))",
        }
        values = self._worths(item)
        return [
            Cell(Formula(formulas[name], values[name]), kind) for name, (_, kind) in WORTH.items()
        ]

    def _worths(self, item: str) -> dict[str, float | str]:
        own, together = self.present_values
        decides, mine = (
            (together, True)
            if item == ALL
            else (own, own.index.get_level_values("partner") == item)
        )
        values = self.study.savings.appraisal.loc[item].to_dict()
        values |= {
            "benefits": own[mine & (decides > 0)].sum(),
            "costs": -own[mine & (decides < 0)].sum(),
        }
        absent = dict.fromkeys(PAYBACKS, NEVER) | {"benefit_cost_ratio": NO_COST}
        return {name: absent.get(name) if pd.isna(values[name]) else values[name] for name in WORTH}

    def check(self) -> Sheet:
        place = PLACE["check"]
        rows = []
        for (column, (measure, (label, kind))), (line, item) in product(
            enumerate(WORTH.items(), 1), enumerate([ALL, *self.study.partners])
        ):
            value = self._worths(item)[measure]
            reported, now = (place.cell(len(rows), number) for number in (2, 3))
            moved = f'IF(AND(ISNUMBER({reported}),ISNUMBER({now})),ROUND({now}-{reported},6),IF({reported}={now},0,"changed"))'
            rows.append([
                label, item, Cell(value, kind),
                Cell(Formula(PLACE["worth"].cell(line, column), value), kind),
                Cell(Formula(moved, 0.0), kind),
            ])  # fmt: skip
        return _sheet(
            "check", ("Measure", "Partner", "Report", "This file now", "Difference"), rows, 2
        )

    # cells

    def _labels(self, name: str, suffix: str = "") -> tuple[str, ...]:
        return (*LABELS[name], *(year_label(year) + suffix for year in self.study.years))

    def _pence(self, formulas: Iterable[str], values: Iterable[float]) -> list[Cell]:
        return self._cells(formulas, values, "pence")

    @staticmethod
    def _cells(formulas: Iterable[str], values: Iterable[float], kind: str) -> list[Cell]:
        return [
            Cell(Formula(text, float(value)), kind)
            for text, value in zip(formulas, values, strict=True)
        ]
