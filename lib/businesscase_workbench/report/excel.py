"""The tables of a report as an Excel workbook: inputs, results, and the savings with live formulas."""

import datetime as dt
from collections.abc import Iterator

import pandas as pd

from businesscase import __version__
from businesscase.calculations.apportionment import ALL
from businesscase.calculations.wording import year_label
from businesscase.calculations.years import with_known_dates
from businesscase.cases.case import BASE, documents
from businesscase.cases.parameters import Parameters
from businesscase.cases.schema import SHARED_TABLES, TABLES, Entry, Figure
from businesscase.shown import common
from businesscase.shown.assurance import worked_rows
from businesscase.shown.decision import missing, recommended
from businesscase.study import Study, results, tidy
from businesscase.study.evidence import used_in
from businesscase_workbench.report.excel_decision import COLUMNS as CRITERIA_COLUMNS
from businesscase_workbench.report.excel_decision import SHEET as CRITERIA_SHEET
from businesscase_workbench.report.excel_decision import STATE, criteria, state, verdict
from businesscase_workbench.report.excel_savings import (
    WORTHS,
    levers_now,
    savings_sheets,
    worth_now,
)
from businesscase_workbench.report.excel_sheets import (
    CellShown,
    PageShown,
    SheetLink,
    SheetShown,
    xlsx,
)

AUTHOR = "businesscase"
ORIGIN = list(Figure.model_fields)  # the columns that say where a row came from, shown last
BLANK_CELLS = "A blank cell means that the source gives no value or that the column does not apply to the row."
CRITERIA_NOTES = (
    "A criterion that the savings sheets compute follows the levers, and the recommendation on 'Summary' follows the criteria.",
    "One that rests on a lever but is not computed in this file reads 'not recomputed' once a lever is moved.",
    BLANK_CELLS,
)
CRITERIA_TOP = 2 + len(CRITERIA_NOTES)  # first row of their table
KEY_FIGURES = ("net_present_value", "average_annual_saving", "one_off_cost", "peak_funding", "payback_years")  # fmt: skip
UNIT_KINDS = {
    # by the end of a column's name, or by the first word of a unit: how its numbers are shown
    "_gbp": "pence", "_fraction": "percent", "_year": "whole", "year": "whole",
    "£": "pence", "fraction": "percent", "count": "count", "score": "score", "ratio": "score",
    "years": "score", "days": "score", "months": "score",
}  # fmt: skip
SECTION_TITLES = {
    "baseline": "the present services",
    "options": "the options",
    "savings": "savings and costs",
    "appraisal": "the options side by side",
    "risks": "risks",
    "plan": "the plan",
    "readiness": "readiness",
    "outturn": "what came true",
    "decision": "the decision",
}
OTHER, OF_ALL = "case", "of all cases"  # input tables that no section uses, and those of every case


def workbook(study: Study) -> bytes:
    """Return the tables of a study as the bytes of an .xlsx file.

    The savings sheets compute: a change of a lever on 'Savings levers' changes what follows from it.
    The same study gives the same bytes.

    Parameters
    ----------
    study : Study
        A case under a scenario.
    """
    sheets = [
        *_decision(study),
        *savings_sheets(study),
        *_results(study),
        *_reconciliation(study),
        *_inputs(study),
        _columns(study),
        _sources(study),
    ]
    file = study.case.file
    properties = {
        "title": f"{file.title}: tables",
        "subject": file.question,
        "author": AUTHOR,
        "category": "Business case",
        "comments": f"Scenario {study.scenario_name}; fingerprint of the input files {study.case.input_hash}",
        "created": dt.datetime.combine(file.decision_date, dt.time()),
    }
    sheets = [*sheets, _notes()]
    return xlsx([_summary(study, sheets), *sheets], properties)


def _summary(study: Study, sheets: list[SheetShown]) -> PageShown:
    """Return the sheet that is read first."""
    tables = [_answer(study)]
    if not study.savings.flow_lines.empty:
        tables += [_key_figures(study), _levers_now(study)]
    tables += [_about(study), _contents(sheets)]
    return PageShown(
        "Summary",
        f"{study.case.file.title}: tables of the report",
        ("What is asked and answered, in what money, and where the rest is. 'Notes' says how to read the sheets.",),
        tuple(tables),
    )  # fmt: skip


def _answer(study: Study) -> SheetShown:
    file = study.case.file
    worked = worked_rows(study.tables)
    has_levers = not study.savings.flow_lines.empty
    red = recommended(study).removeprefix(study.decision.recommendation.capitalize())
    rows = {
        **({"Standing": worked.plain} if worked else {}),
        **({"Findings": common.findings(study)} if study.findings else {}),
        "Question": file.question,
        "For": file.decision_maker,
        "Date of the decision": file.decision_date,
        "Recommendation": CellShown(verdict(study, CRITERIA_TOP), "text"),
        **({"Recommendation in the report": recommended(study)} if has_levers or red else {}),
        **({"Levers and inputs": CellShown(state(study), "text", name=STATE)} if has_levers else {}),
        **({"Missing": missing(study)} if study.decision.missing else {}),
        "Scenario": f"{study.scenario.title} ({study.scenario_name})",
        "Why this scenario": study.scenario.why,
        "Differs from the base scenario in": _changes(study),
    }  # fmt: skip
    notes = (
        "Once a lever is moved, what the file doesn't compute says so, and what is missing stays as in the report.",
    ) * has_levers
    return _pairs("The decision", rows, notes, has_levers)


def _key_figures(study: Study) -> SheetShown:
    items = [ALL, *study.partners]
    rows = []
    for item in items:
        figures = [worth_now(study, item, name) for name in KEY_FIGURES]
        rows.append([item, *(CellShown(cell, WORTHS[name][1]) for name, cell in zip(KEY_FIGURES, figures, strict=True))])  # fmt: skip
    labels = ("Partner", *(WORTHS[name][0] for name in KEY_FIGURES))
    notes = (
        "Over the whole term, in prices of year 0, as this file has them now; 'Savings worth' has the report's beside them.",
    )
    return SheetShown("Summary", "Key figures of each partner", notes, labels, rows, True)


def _levers_now(study: Study) -> SheetShown:
    rows = levers_now(study)
    notes = ("Change them on the sheet 'Savings levers'.",)
    labels = ("Lever", "Value now", "In the report", "Unit")
    return SheetShown("Summary", "Levers", notes, labels, rows, True)


def _about(study: Study) -> SheetShown:
    file = study.case.file
    return _pairs(
        "About the case",
        {
            "What it is about": file.summary,
            "Date of the figures": file.data_date,
            "Partners": ", ".join(study.partners),
            "Financial years": f"{year_label(study.years[0])} to {year_label(study.years[-1])}",
            "Case": study.case.name,
            "Fingerprint of the input files": study.case.input_hash,
            "Version of the calculations": __version__,
        },
    )


def _pairs(title: str, rows: dict, notes: tuple[str, ...] = (), is_live: bool = False) -> SheetShown:  # fmt: skip
    shown = [[what, value] for what, value in rows.items()]
    return SheetShown("Summary", title, notes, ("What", "Value"), shown, is_live)


def _changes(study: Study) -> str:
    base = study.in_scenario(BASE).parameters
    changed = [
        f"{Parameters.model_fields[name].description}: {value} (base: {getattr(base, name)})"
        for name, value in common.changes(study).items()
    ]
    return "; ".join(changed) or "nothing"


def _contents(sheets: list[SheetShown]) -> SheetShown:
    return SheetShown(
        "Summary",
        "Contents",
        ("Each name leads to its sheet.",),
        ("Sheet", "What it shows", "Rows"),
        [[SheetLink(sheet.name), sheet.title, len(sheet.rows)] for sheet in sheets],
    )


def _notes() -> SheetShown:
    rows = [
        *((f"Status: {status}", f"The figure is {meaning}.") for status, meaning in common.QUALITY.items()),
        ("Sheets 'Inputs …'", "Every row of the case's tables as it was read, table below table, with status, source, paragraph and note. The sheet 'Input columns' says what each column means."),
        ("Sheet 'Results'", "Every result of the calculations, the rows of results.csv: numbers as numbers, dates as dates."),
        ("Sheets 'Savings …'", "The savings as planned, what the levers multiply them by, and in formulas what follows by partner and year; from these the criteria on money of 'Recommendation' and the key figures of 'Summary'. Cells with a frame and a pale ground are inputs. The figures as delivered are the library's."),
        ("Changing a lever", "Change the column 'Value (input)' of 'Savings levers'; 'Savings worth' then shows each figure of the report, the figure now, and the difference; 'Summary' and 'Recommendation' follow. What rests on a lever there and is not computed in the file reads 'not recomputed'. The other sheets hold what the report says."),
        ("Money", "Pounds in prices of year 0, the year of the decision, unless a heading says otherwise. Costs and savings are both positive; a net flow is saving less cost."),
        ("Years", "2026 and 2026/27 are the financial year that begins in April 2026."),
        ("Discounting", "Flows of year 0 are not discounted; those of later years are, once a year, by the year's rate."),
        ("Delay", "A delay moves all that recurs, savings and running costs. One-off costs stay in their years, and what falls beyond the last year is lost to the appraisal. Part of a year moves in proportion."),
        ("Rounding", "Pooled amounts are shared out to the penny by largest remainders; where a share or a pooled amount is changed in a savings sheet, its parts are right to within a penny or two. Nothing else is rounded; cells show fewer digits than they hold."),
        ("What the formulas leave out", "The internal rate of return, uncertainty and the cash view are on 'Results' as computed by the library. A scenario says the years, the option, how lines of money run, the baseline, who leaves and on which terms; another scenario has a file of its own."),
        ("Reconciliation", "Each published figure beside the one computed here; there is no such sheet where a case has no published figure."),
        ("Blank cells", "The source gives no value, or the column does not apply to the row."),
        ("[z]", "Not applicable."),
        ("[cut: …]", "The text was longer than a cell holds; the input file has all of it."),
        ("Colour", "No colour has a meaning of its own."),
    ]  # fmt: skip
    return SheetShown(
        "Notes",
        "How to read the sheets",
        ("Terms, signs and conventions.",),
        ("Subject", "Meaning"),
        [list(row) for row in rows],
    )


def _decision(study: Study) -> Iterator[SheetShown]:
    if study.decision.gates.empty:  # the summary says so
        return
    worked = worked_rows(study.tables)
    warning = f"{worked.plain} " if worked else ""
    yield SheetShown(
        CRITERIA_SHEET,
        f"{warning}The criteria of the decision, what was found, and what follows if one is not met",
        CRITERIA_NOTES,
        tuple(CRITERIA_COLUMNS.values()),
        criteria(study, CRITERIA_TOP, _kind),
        True,
    )


def _results(study: Study) -> Iterator[SheetShown]:
    rows = study.results.itertuples(index=False)
    yield SheetShown(
        "Results",
        "Every result of the calculations",
        (
            "The rows of results.csv, section by section: filter by the first columns. The unit of each value stands beside it.",
            "A blank year means that the result is not of one year; 2026 means 2026/27.",
        ),
        tuple(name.capitalize() for name in results.COLUMNS),
        [_result(row) for row in rows],
        frozen_columns=3,
    )  # fmt: skip


def _result(row) -> list:
    value = "never" if row.value == tidy.NEVER else row.value
    year = None if row.year is pd.NA else CellShown(row.year, "whole")
    return [
        row.section,
        row.measure,
        row.item,
        year,
        CellShown(value, _kind(row.unit, value)),
        row.unit,
    ]


def _reconciliation(study: Study) -> Iterator[SheetShown]:
    published = study.tables["published"]
    if published.empty:
        return
    table = results.reconciliation(published, study.in_scenario(BASE).results)
    rows = [
        [
            CellShown(_number(row[name]), _kind(row["unit"])) if name in ("published", "recomputed") else
            CellShown(row[name], "whole") if name == "year" else row[name]
            for name in table
        ]
        for row in table.astype(object).to_dict("records")
    ]  # fmt: skip
    title = f"Reconciliation: {results.agreement(table)}"
    notes = (
        "Published figures beside those computed from the inputs, base scenario.",
        BLANK_CELLS,
    )
    labels = tuple(name.capitalize() for name in table)
    yield SheetShown("Reconciliation", title, notes, labels, rows, frozen_columns=3)


def _number(text: str) -> float | str:
    try:
        return float(text)
    except ValueError:  # a date or a word
        return text


def _inputs(study: Study) -> Iterator[PageShown]:
    """Yield a sheet a section, with the input tables that it uses first below each other."""
    used = used_in(study.case)
    pages: dict[str, list[SheetShown]] = {section: [] for section in SECTION_TITLES}
    pages |= {OTHER: [], OF_ALL: []}
    for stem, model in _models(study):
        section = OF_ALL if stem in SHARED_TABLES else next(iter(used.get(stem, [])), OTHER)
        pages[section].append(_input(study, stem, model))
    for section, tables in pages.items():
        if tables:
            titles = SECTION_TITLES | {OTHER: "the case as a whole", OF_ALL: "every case"}
            yield PageShown(
                f"Inputs {section}",
                f"Inputs of {titles[section]}",
                ("Every row as it was read. The sheet 'Input columns' says what each column means.", BLANK_CELLS),
                tuple(tables),
            )  # fmt: skip


def _input(study: Study, stem: str, model: type[Entry]) -> SheetShown:
    """Return an input table, with where each row comes from last."""
    table = with_known_dates(common.shown_rows(study, stem))
    columns = _ordered(table.columns)
    rows = [
        [CellShown(row[name], _kind(name, row[name])) for name in columns]
        for row in table.astype(object).to_dict("records")
    ]
    said = model.__doc__.splitlines()[0].rstrip(".")
    notes = ("Posts are in groups of five or more.",) if stem == "posts" else ()
    title = f"{stem}.csv: {said[0].lower()}{said[1:]}"
    return SheetShown(f"{stem}.csv", title, notes, tuple(columns), rows)


def _models(study: Study) -> Iterator[tuple[str, type[Entry]]]:
    """Yield the tables that have rows, with their schema."""
    for stem, model in (TABLES | SHARED_TABLES).items():
        if len(study.tables[stem]):
            yield stem, model


def _ordered(columns) -> list[str]:
    if not set(ORIGIN) <= set(columns):
        return list(columns)  # a log
    return [*(name for name in columns if name not in ORIGIN), *ORIGIN]


def _columns(study: Study) -> SheetShown:
    rows = [
        [f"{stem}.csv", name, model.model_fields[name].description]
        for stem, model in _models(study)
        for name in _ordered(model.model_fields)
    ]
    notes = ("Units stand in square brackets.",)
    labels = ("Table", "Column", "Meaning")
    return SheetShown(
        "Input columns",
        "What the columns of the input tables mean",
        notes,
        labels,
        rows,
        frozen_columns=2,
    )


def _sources(study: Study) -> SheetShown:
    rows = [
        [key, source.title, source.publisher, source.date or "no date known"]
        for key, source in documents(study.case).items()
    ]
    notes = ("Input rows cite a source by its key.",)
    labels = ("Key", "Title", "Publisher", "Date")
    return SheetShown("Sources", "The documents that figures come from", notes, labels, rows)


def _kind(unit: str, value: object = 0.0) -> str:
    """Return how numbers of a unit, or of a column of that name, are shown; blank is by the value.

    Examples
    --------
    >>> _kind("£ a year"), _kind("first_year"), _kind("% of incidents"), _kind("£", "none")
    ('pence', 'whole', '', '')
    """
    if isinstance(value, str | bool | dt.date):
        return ""
    first_word = unit.partition(" ")[0]
    ending = f"_{unit.rpartition('_')[2]}"
    return UNIT_KINDS.get(first_word) or UNIT_KINDS.get(ending, "")
