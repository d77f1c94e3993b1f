"""The criteria and the verdict as formulas: what follows from a lever that was moved in the file.

A criterion that the savings sheets compute follows the levers. One that rests on a lever but isn't
computed in the file says so once a lever is moved, and the verdict with it where it hangs on that.
"""

import math
from collections.abc import Iterator
from numbers import Real

import pandas as pd
from xlsxwriter.utility import xl_rowcol_to_cell

from businesscase.calculations import decision
from businesscase.calculations.apportionment import ALL
from businesscase.calculations.decision import (
    ALL_MET,
    ANY,
    FAILED,
    MET,
    NONE,
    NOT_KNOWN,
    NOT_MET,
    OPEN,
    STOPS,
    UNKNOWN,
)
from businesscase.study import Study
from businesscase.study.derived import reads_of
from businesscase.study.results import as_text
from businesscase_workbench.report.excel_savings import (
    LEVER_CELLS,
    NOT_WITHIN_TERM,
    PLACES,
    WORTHS,
    lever_count,
    worth_cell,
)
from businesscase_workbench.report.excel_sheets import CellShown, Formula

NOT_RECOMPUTED = "not recomputed"
AS_REPORTED, MOVED = "as in the report", "moved"
STATE = "levers_state"  # name of the cell that says whether a lever was moved
YES, NO = "yes", "no"
ENDLESS = ("payback_years", "discounted_payback_years")  # without a figure they are never met
LOWEST = "lowest_net_present_value"
NEARLY = "0.000001"  # what a formula may fall short of a threshold by its last digits
SHEET = "Recommendation"
COLUMNS = {
    "criterion": "Criterion", "question": "Question", "outcome": "Outcome", "found": "Found",
    "comparison": "Comparison", "threshold": "Threshold", "unit": "Unit",
    "if_not_met": "If not met", "on_money": "On money", "reason": "Reason in the report",
    "set_by": "Set by", "status": "Status", "source": "Source", "paragraph": "Paragraph",
}  # fmt: skip


def state(study: Study) -> Formula:
    """Return whether a lever, or what the option is worth, differs from the report.

    An input of another savings sheet is seen by what it does to the worth.
    """
    levers, worth = PLACES["levers"], PLACES["worth"]
    last = lever_count(study) - 1
    now, reported = (levers.column(column, last) for column in (1, 2))
    differences = worth.column(4, len(WORTHS) * (len(study.partners) + 1) - 1)
    moved = f"SUMPRODUCT(1*({now}<>{reported}))+SUMPRODUCT(1*({differences}<>0))>0"
    return Formula(f'IF({moved},"{MOVED}","{AS_REPORTED}")', AS_REPORTED)


def criteria(study: Study, top: int, kind_of) -> list[list]:
    """Return the rows of the criteria, of which those on money are formulas.

    Parameters
    ----------
    study : Study
        A case under a scenario, with criteria.
    top : int
        First row of the table on its sheet, counted from zero.
    kind_of : callable
        How numbers of a unit are shown.
    """
    is_live = not study.savings.flow_lines.empty
    asked = {gate.criterion: gate for gate in study.decision.criteria.itertuples()}
    rows = []
    for row, gate in enumerate(study.decision.gates.itertuples(), top):
        cells = {name: getattr(gate, name) for name in COLUMNS}
        cells["on_money"] = YES if gate.on_money else NO
        if is_live:
            cells |= _live(study, gate, asked[gate.criterion], row)
        for name in ("found", "threshold"):
            cells[name] = CellShown(cells[name], kind_of(gate.unit))
        rows.append(list(cells.values()))
    return rows


def _live(study: Study, gate, asked, row: int) -> dict[str, Formula]:
    """Return the figure and the outcome as formulas, nothing of a criterion that no lever moves."""
    found, threshold = (_cell(row, name) for name in ("found", "threshold"))
    if formula := _computed(study, gate):
        sign = (
            f">={threshold}-{NEARLY}"
            if gate.comparison == "at_least"
            else f"<={threshold}+{NEARLY}"
        )
        absent = NOT_MET if gate.measure in ENDLESS else NOT_KNOWN
        told = f'IF(ISNUMBER({found}),IF({found}{sign},"{MET}","{NOT_MET}"),"{absent}")'
        value = NOT_WITHIN_TERM if math.isinf(gate.found) else float(gate.found)
        return {"found": Formula(formula, value), "outcome": Formula(told, gate.outcome)}
    if gate.found is None or gate.criterion in study.decision.lacking:  # not known, lever or not
        return {}
    if not reads_of(lambda: study.decision.figures(asked)) & set(LEVER_CELLS):
        return {}
    return {
        name: Formula(f'IF({STATE}="{MOVED}","{NOT_RECOMPUTED}",{_literal(value)})', value)
        for name, value in (("found", gate.found), ("outcome", gate.outcome))
    }


def _literal(value) -> str:
    if isinstance(value, Real):
        return repr(float(value))
    return '"' + as_text(value).replace('"', '""') + '"'


def _computed(study: Study, gate) -> str:
    """Return the formula of a figure that the savings sheets compute, else nothing."""
    items = [ALL, *study.partners]
    of_one = gate.section == "savings" and gate.year is None and gate.tested_item in items
    if not of_one or gate.found is None or isinstance(gate.found, str):
        return ""
    if gate.measure == LOWEST:
        cells = [worth_cell(study, name, "net_present_value") for name in study.partners]
        return f"MIN({','.join(cells)})"
    return worth_cell(study, gate.tested_item, gate.measure) if gate.measure in WORTHS else ""


def _cell(row: int, name: str) -> str:
    return xl_rowcol_to_cell(row, list(COLUMNS).index(name))


def verdict(study: Study, top: int) -> Formula | str:
    """Return the verdict as a formula of the outcomes, the rule as the library has it.

    A stop that is not met decides whatever else isn't recomputed.
    """
    gates = study.decision.gates
    if study.savings.flow_lines.empty or gates.empty:
        return study.decision.recommendation.capitalize()
    # the first row of the rule that fits is the one: what comes before in a row holds already
    rule = [(_fits(row, gates, top), row.verdict) for row in decision.RULE]
    waits = f"{_count(gates, top, outcome=NOT_RECOMPUTED)}>0"
    rule.insert(1, (waits, NOT_RECOMPUTED))
    formula = '"?"'
    for fits, told in reversed(rule):
        formula = f'IF({fits},"{told.capitalize()}",{formula})'
    return Formula(formula, study.decision.recommendation.capitalize())


def _fits(rule: decision.Rule, gates: pd.DataFrame, top: int) -> str:
    kinds = {
        "stops": {"if_not_met": STOPS},
        "money": {"if_not_met": f"<>{STOPS}", "on_money": YES},
        "others": {"if_not_met": f"<>{STOPS}", "on_money": NO},
    }
    tests = [
        test
        for kind, of in kinds.items()
        for test in _stands(getattr(rule, kind), of, gates, top, kind == "stops")
    ]
    return f"AND({','.join(tests)})"


def _stands(how: str, of: dict, gates: pd.DataFrame, top: int, needs_some: bool) -> Iterator[str]:
    """Yield what must hold of the counts of a kind of criteria."""
    every = _count(gates, top, **of)
    failed, unknown, met = (_count(gates, top, **of, outcome=told) for told in (NOT_MET, NOT_KNOWN, MET))  # fmt: skip
    if how == NONE:
        yield f"{every}=0"
    elif how == ALL_MET:
        yield f"{met}={every}"
        if needs_some:
            yield f"{every}>0"
    elif how != ANY:
        yield {FAILED: f"{failed}>0", UNKNOWN: f"{unknown}>0", OPEN: f"{failed}+{unknown}>0"}[how]


def _count(gates: pd.DataFrame, top: int, **asked: str) -> str:
    tests = []
    for name, value in asked.items():
        column = list(COLUMNS).index(name)
        first, last = (
            xl_rowcol_to_cell(row, column, row_abs=True, col_abs=True)
            for row in (top, top + len(gates) - 1)
        )
        sign, value = ("<>", value[2:]) if value.startswith("<>") else ("=", value)
        tests.append(f"('{SHEET}'!{first}:{last}{sign}\"{value}\")")
    return f"SUMPRODUCT(1*{'*'.join(tests)})"
