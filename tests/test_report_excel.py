"""The tables of a report in Excel, read and recomputed by programs that are not ours."""

import datetime as dt
import io
import re
import zipfile
from dataclasses import replace
from functools import cache

import formualizer
import pandas as pd
import pytest
from conftest import daily_of, inputs, sampled
from pytest import approx
from python_calamine import CalamineWorkbook

from businesscase.calculations.apportionment import ALL
from businesscase.calculations.wording import year_label
from businesscase.calculations.years import with_known_dates
from businesscase.cases.parameters import limits
from businesscase.cases.schema import SHARED_TABLES, TABLES
from businesscase.shown.common import shown_rows
from businesscase.study import Study, load_study
from businesscase.study.results import as_text
from businesscase_workbench.report.excel import workbook
from businesscase_workbench.report.excel_savings import (
    NO_COST,
    NOT_WITHIN_TERM,
    WORTHS,
    savings_sheets,
)
from businesscase_workbench.report.excel_sheets import SheetShown, printable, xlsx
from businesscase_workbench.spreadsheet.written import LONGEST_CELL

CREATED = {"created": dt.datetime(2026, 4, 1)}
SCENARIOS = [
    # every case with money, and every way in which a scenario can change it
    ("worked-example", "base"),
    ("worked-example", "as-others-fared"),
    ("worked-example", "late"),
    ("worked-example", "optimism-bias"),
    ("worked-example", "westerfold-leaves"),
    ("mkip-2012", "base"),
    ("mkip-2012", "late-start"),
    ("mkip-2012", "swale-leaves"),
    ("mkip-2012", "outsourced"),
    ("mkip-2012", "gain-share"),
    ("lictp-2020", "base"),
    ("lictp-2020", "blaby-leaves"),
    ("lictp-2020", "outsourced"),
    ("lictp-2020", "equal-shares"),
    ("allerdale-carlisle-2008", "advice-costs-more"),
    ("durham-sunderland-2014", "officer-time"),
]
MOVES = [
    ("worked-example", "base", {"realisation": 0.5}),
    ("worked-example", "base", {"delay_years": 1.75}),
    ("worked-example", "base", {"delay_years": 5.0}),
    ("worked-example", "base", {"overrun": 0.4}),
    ("worked-example", "optimism-bias", {"overrun": -0.2, "running_cost_change": 0.1}),
    ("worked-example", "base", {"discount_rate": 0.06}),
    ("worked-example", "base", {"realisation": 0.0}),
    ("worked-example", "westerfold-leaves", {"delay_years": 0.25, "running_cost_change": 0.2}),
    ("mkip-2012", "base", {"realisation": 0.6, "delay_years": 1.0}),
    ("mkip-2012", "swale-leaves", {"realisation": 0.8, "delay_years": 2.5}),
    ("mkip-2012", "gain-share", {"realisation": 0.35, "overrun": 1.0}),
    ("lictp-2020", "base", {"delay_years": 0.5, "overrun": 0.75}),
    ("lictp-2020", "blaby-leaves", {"running_cost_change": 0.05, "discount_rate": 0.02}),
]
HOSTILE = [
    "=cmd|'/c calc'!A0",
    "+1+1",
    "-2",
    "@SUM(A1)",
    "\t=1",
    "https://example.org/",
    "<b>&",
    "‮abc",
    "😀" * 3,
]


@cache
def whole(case, scenario="base"):
    """Return a study and the bytes of its workbook."""
    study = load_study(case, scenario)
    return study, workbook(study)


@cache
def savings_file(case, scenario="base"):
    """Return the bytes of a workbook with the savings sheets alone."""
    return xlsx(savings_sheets(load_study(case, scenario)), CREATED)


@cache
def read(file):
    """Return the cells of each sheet as another program reads them."""
    book = CalamineWorkbook.from_filelike(io.BytesIO(file))
    return {
        name: book.get_sheet_by_name(name).to_python(skip_empty_area=False)
        for name in book.sheet_names
    }


@cache
def tables(file):
    """Return the first and last cell of every Excel table, by sheet."""
    found = {}
    with zipfile.ZipFile(io.BytesIO(file)) as parts:
        for number, name in enumerate(read(file), 1):
            rels = parts.read(f"xl/worksheets/_rels/sheet{number}.xml.rels").decode()
            found[name] = [
                re.search(
                    r' ref="([A-Z]+)(\d+):([A-Z]+)(\d+)"', parts.read(f"xl/tables/{part}").decode()
                ).groups()
                for part in re.findall(r"tables/(table\d+\.xml)", rels)
            ]
    return found


def table(file, name, number=0):
    """Return a table of a sheet as a frame."""
    cells = read(file)
    _, header, last_column, last = tables(file)[name][number]
    width = ord(last_column) - 64 if len(last_column) == 1 else None
    header, *rows = (row[:width] for row in cells[name][int(header) - 1 : int(last)])
    return pd.DataFrame(rows, columns=header)


def engine(file, levers=None, changes=None):
    """Return a workbook of the spreadsheet engine, with levers and other cells set, computed.

    ``changes`` are values by sheet, row of its table and heading of the column.
    """
    book = formualizer.load_workbook_bytes(file)
    rows = {name: row for row, name in enumerate(table(file, "Savings levers")["Name in formulas"])}
    given = {
        ("Savings levers", rows[name], "Value (input)"): value
        for name, value in (levers or {}).items()
    }
    for (sheet, row, heading), value in (given | (changes or {})).items():
        column = list(table(file, sheet)).index(heading) + 1
        book.set_value(sheet, header(file, sheet) + 1 + row, column, value)
    book.evaluate_all()
    return book


def header(file, sheet):
    """Return the row of a sheet's headings, counted from 1."""
    return int(tables(file)[sheet][0][1])


def formulas(file, book):
    """Yield sheet, row, column, cached and recomputed value of every cell with a formula."""
    for name, rows in read(file).items():
        if not name.startswith(("Savings", "Summary", "Recommendation")):
            continue  # no other sheet has a formula, and to ask for each cell is slow
        for row, values in enumerate(rows, 1):
            for column, value in enumerate(values, 1):
                if book.get_formula(name, row, column):
                    yield name, row, column, value, book.get_value(name, row, column)


def worths(file, book, column="This file now"):
    """Return the measures of worth by partner as the engine has them."""
    stated = table(file, "Savings worth")
    first, number = header(file, "Savings worth") + 1, list(stated).index(column) + 1
    names = {label: name for name, (label, *_) in WORTHS.items()}
    found = {}
    for row, (label, item) in enumerate(zip(stated["Measure"], stated["Partner"], strict=True)):
        found.setdefault(item, {})[names[label]] = book.get_value(
            "Savings worth", first + row, number
        )
    return found


def held_against(found, study, pence=0):
    """Hold the measures of a file against those of the library, amounts to within so many pence."""
    assert list(found) == [ALL, *study.partners]
    for item, measures in found.items():
        for name in WORTHS:
            if name in ("benefits", "costs"):
                continue
            expected = study.savings.appraisal.at[item, name]
            if pd.isna(expected):
                assert measures[name] in (NOT_WITHIN_TERM, NO_COST)
            else:
                within = pence / 100 if WORTHS[name][1] == "pounds" else pence * 1e-6
                assert measures[name] == approx(expected, rel=1e-9, abs=1e-6 + within), (item, name)


# the savings compute


@pytest.mark.parametrize(("case", "scenario"), sampled(SCENARIOS, 5))
def test_every_formula_recomputed_by_another_program_gives_the_value_that_it_carries(
    case, scenario
):
    file = savings_file(case, scenario)
    book = engine(file)
    cells = list(formulas(file, book))
    assert len(cells) > 200
    for *place, carried, recomputed in cells:
        if isinstance(carried, str):
            assert recomputed == carried, place
        else:
            assert recomputed == approx(carried, rel=1e-6, abs=1e-6), place
    held_against(worths(file, book), load_study(case, scenario))


@pytest.mark.parametrize(("case", "scenario", "levers"), sampled(MOVES, 5))
def test_a_lever_changed_in_the_file_gives_what_the_library_gives(case, scenario, levers):
    file = savings_file(case, scenario)
    moved = load_study(case, scenario).moved(levers)
    assert (
        not moved.savings.net_flows.equals(load_study(case, scenario).savings.net_flows)
        or "discount_rate" in levers
    )
    held_against(worths(file, engine(file, levers)), moved)


def test_levers_out_of_bounds_in_the_library_are_refused_by_the_cell_too():
    file = savings_file("worked-example")
    with zipfile.ZipFile(io.BytesIO(file)) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
    low, high = re.search(r"<formula1>(.*?)</formula1><formula2>(.*?)</formula2>", sheet).groups()
    assert (float(low), float(high)) == limits("realisation")


@pytest.mark.parametrize(("case", "scenario"), sampled(SCENARIOS, 5))
def test_every_lever_that_the_file_offers_is_a_name_that_formulas_use(case, scenario):
    with zipfile.ZipFile(io.BytesIO(savings_file(case, scenario))) as parts:
        names = re.findall(
            r'definedName name="([a-z_]+)">\'Savings levers\'',
            parts.read("xl/workbook.xml").decode(),
        )
        sheets = "".join(
            parts.read(name).decode() for name in parts.namelist() if "worksheets/sheet" in name
        )
    used = set(re.findall(r"[a-z][a-z_]+", " ".join(re.findall("<f>(.*?)</f>", sheets))))
    assert {"delay_years", "discount_rate"} <= set(names) <= used


def test_a_lever_that_moves_nothing_is_not_offered():
    levers = table(savings_file("lictp-2020"), "Savings levers")["Name in formulas"]
    assert "realisation" not in list(levers)  # the option states running costs and no saving
    assert "running_cost_change" in list(levers)


def test_the_sheet_of_worth_says_by_how_much_a_lever_moved_each_figure():
    file = savings_file("worked-example")
    before, after = (
        load_study("worked-example").moved({"overrun": value}).savings.net_present_values.sum()
        for value in (0.0, 0.5)
    )
    moved = worths(file, engine(file, {"overrun": 0.5}), "Difference")
    assert table(file, "Savings worth")["Difference"].eq(0).all()
    assert moved[ALL]["net_present_value"] == approx(after - before, abs=1e-5)


@pytest.mark.parametrize("amount", [385_000.01, 100.0, 0.01, 123_456.78])
def test_a_pooled_amount_changed_in_the_file_is_shared_out_as_in_the_library(amount):
    study = load_study("worked-example")
    lines = study.tables["flows"].copy()
    row = lines.index[lines["line"] == "Shared platform"][-1]
    lines.loc[row, "amount_gbp"] = amount
    changed = study.with_tables({"flows": lines})
    file = savings_file("worked-example")
    pooled = table(file, "Savings pooled")
    shown = pooled.index[(pooled["Line"] == "Shared platform") & (pooled["Of"] == ALL)][0]
    years = range(lines.loc[row, "first_year"], lines.loc[row, "last_year"] + 1)
    changes = {("Savings pooled", shown, f"{year_label(year)} (input)"): amount for year in years}
    # the pence that round a part are those of the amount as it was
    held_against(worths(file, engine(file, changes=changes)), changed, pence=2 * len(years))


def test_shares_changed_in_the_file_give_what_the_library_gives_for_them():
    study = load_study("worked-example").moved({"realisation": 0.9, "delay_years": 0.5})
    equal = study.moved({"saving_apportionment": "equal"})
    file = savings_file("worked-example")
    shares = table(file, "Savings shares")
    changes = {
        ("Savings shares", row, year): 1 / 3
        for row in shares.index[shares["Shares of"] == "savings"]
        for year in list(shares)[2:]
    }
    found = worths(file, engine(file, {"realisation": 0.9, "delay_years": 0.5}, changes))
    held_against(found, equal, pence=2 * len(study.years))
    assert found[ALL]["net_present_value"] == approx(
        study.savings.net_present_values.sum(), abs=1e-5
    )


def test_what_others_take_over_of_a_leavers_one_off_cost_is_in_the_file():
    study = load_study("worked-example", "westerfold-leaves").moved({"exit_charge": 0.0})
    lines = study.tables["flows"].copy()
    pooled = (lines["flow"] == "one_off_cost") & (lines["partner"] == "shared")
    lines.loc[pooled, "last_year"] = study.years[-1]
    late = study.with_tables({"flows": lines})
    stays = late.moved({"leaves": {}})
    assert (late.savings.committed_cost > stays.savings.committed_cost).to_dict() == {
        "Northmere": True,
        "Eastholt": True,
        "Westerfold": False,
    }
    file = xlsx(savings_sheets(late), CREATED)
    held_against(worths(file, engine(file)), late)
    held_against(worths(file, engine(file, {"overrun": 0.5})), late.moved({"overrun": 0.5}))


def test_where_a_partner_leaves_shares_are_fixed_and_the_file_says_so():
    sheets = {
        sheet.name: sheet
        for sheet in savings_sheets(load_study("worked-example", "westerfold-leaves"))
    }
    assert "Savings shares" not in sheets
    assert "who joins and leaves and on which terms" in " ".join(sheets["Savings levers"].notes)


def test_a_delay_worked_by_hand_moves_half_of_an_amount_by_a_year():
    file = savings_file("mkip-2012")
    book = engine(file, {"delay_years": 0.5})
    saved = table(file, "Savings by year")
    row, column = 0, list(saved).index("2014/15")
    assert list(saved.loc[row, ["Measure", "Partner"]]) == ["Saving before one-off cost (£)", ALL]
    first, second = saved.loc[row, ["2013/14", "2014/15"]]
    found = book.get_value("Savings by year", header(file, "Savings by year") + 1 + row, column + 1)
    assert found == approx((first + second) / 2)


def test_an_option_without_flows_has_no_savings_sheets():
    study = load_study("lictp-2020")
    assert savings_sheets(study)
    assert not savings_sheets(study.moved({"option": "c"}))


@pytest.mark.fuzz
def test_formulas_use_functions_that_every_spreadsheet_program_has():
    allowed = {"ABS", "AND", "IF", "ISNUMBER", "MAX", "MIN", "ROUND", "SUM", "SUMIF", "SUMPRODUCT"}
    used = set()
    for case, scenario in inputs(SCENARIOS[::5], SCENARIOS):
        with zipfile.ZipFile(io.BytesIO(savings_file(case, scenario))) as parts:
            for name in parts.namelist():
                text = parts.read(name).decode() if name.startswith("xl/worksheets/sheet") else ""
                found = re.findall(r"<f>(.*?)</f>", text)
                assert "<f t=" not in text  # no array formula
                used |= {
                    function
                    for formula in found
                    for function in re.findall(r"([A-Z][A-Z.]+)\(", formula)
                }
    assert used and used <= allowed


@pytest.mark.long
def test_the_formulas_hold_in_the_whole_workbook_too():
    _, file = whole("worked-example")
    for *place, carried, recomputed in formulas(file, engine(file)):
        assert recomputed == (
            carried if isinstance(carried, str) else approx(carried, rel=1e-6, abs=1e-6)
        ), place


# what the workbook holds


@pytest.mark.parametrize(
    "case", daily_of(["worked-example", "dacorum-avdc-2012"], "worked-example")
)
def test_results_hold_the_rows_of_results_csv_as_numbers_and_dates(case):
    study, file = whole(case)
    for section, expected in study.results.groupby("section", sort=False):
        found = table(file, "Results")
        found = found[found["Section"] == section]
        assert list(found["Measure"]) == list(expected["measure"])
        assert list(found["Item"]) == list(expected["item"])
        assert list(found["Unit"]) == list(expected["unit"])
        assert [year or pd.NA for year in found["Year"]] == list(expected["year"])
        for shown, value in zip(found["Value"], expected["value"], strict=True):
            if isinstance(value, pd.Timestamp):
                assert shown == value.date()
            elif isinstance(value, str) or value == float("inf"):
                assert shown == as_text(value)
            else:
                assert shown == approx(float(value), rel=1e-12)


def test_every_input_table_with_rows_has_a_sheet_with_its_values_status_and_source():
    study, file = whole("worked-example")
    places = {
        cell[0].partition(":")[0].removesuffix(".csv"): (sheet, number)
        for sheet, rows in read(file).items()
        if sheet.startswith("Inputs ")
        for number, cell in enumerate(
            row for row in rows if str(row[0]).partition(":")[0][-4:] == ".csv"
        )
    }
    for stem in TABLES | SHARED_TABLES:
        rows = with_known_dates(shown_rows(study, stem))
        assert (stem in places) == (len(rows) > 0)
        if not len(rows):
            continue
        found = table(file, *places[stem])
        assert set(found) == set(rows)
        if (
            "status" in rows and stem != "posts"
        ):  # the logs have none, and groups of posts no origin
            assert list(found)[-6:] == [
                "status",
                "source",
                "paragraph",
                "note",
                "known_on",
                "exempt",
            ]
            assert list(found["source"]) == [printable(text) for text in rows["source"]]
        for column in rows.select_dtypes("number"):
            known = rows[column].notna().to_numpy()
            assert [float(value) for value in found[column][known]] == approx(
                list(rows[column][known].astype(float))
            )
            assert (found[column][~known] == "").all()


def test_the_summary_says_what_is_asked_and_answered_and_where_the_rest_is():
    study, file = whole("worked-example")
    answer = table(file, "Summary").set_index("What")["Value"]
    assert answer["Question"] == study.case.file.question
    assert answer["Recommendation"] == study.decision.recommendation.capitalize()
    assert answer["Levers and inputs"] == "as in the report"
    figures = table(file, "Summary", 1).set_index("Partner")["Net present value (£)"]
    assert list(figures.index) == [ALL, *study.partners]
    assert list(figures[study.partners]) == approx(list(study.savings.net_present_values))
    about = table(file, "Summary", 3).set_index("What")["Value"]
    assert about["Fingerprint of the input files"] == study.case.input_hash
    assert list(table(file, "Summary", 4)["Sheet"]) == list(read(file))[1:]
    assert {"Status: published", "Status: derived", "Status: assumed"} <= set(
        table(file, "Notes")["Subject"]
    )


def decided(file, book):
    """Return the recommendation on the summary, and the outcome of each criterion, as recomputed."""
    rows = list(table(file, "Summary")["What"])
    criteria = table(file, "Recommendation")["Criterion"]
    first = header(file, "Recommendation") + 1
    outcomes = {
        name: book.get_value("Recommendation", first + row, 3) for row, name in enumerate(criteria)
    }
    place = header(file, "Summary") + 1 + rows.index("Recommendation")
    return book.get_value("Summary", place, 2), outcomes


@pytest.mark.parametrize(
    "case", daily_of(["worked-example", "mkip-2012", "lictp-2020"], "worked-example")
)
def test_without_a_change_the_criteria_recomputed_are_those_of_the_study(case):
    study, file = whole(case)
    said, outcomes = decided(file, engine(file))
    assert said == study.decision.recommendation.capitalize()
    assert outcomes == study.decision.gates.set_index("criterion")["outcome"].to_dict()


def test_a_stop_that_a_lever_brings_about_is_the_recommendation_of_the_file():
    study, file = whole("worked-example")
    said, outcomes = decided(file, engine(file, {"realisation": 0.05}))
    moved = study.moved({"realisation": 0.05}).decision
    assert said == moved.recommendation.capitalize() == "Stop"
    assert outcomes["value for money"] == outcomes["no partner worse off"] == "not met"
    assert outcomes["affordable"] == "not recomputed"
    assert outcomes["option passes screening"] == "met"  # no lever moves it


def test_a_recommendation_that_hangs_on_what_the_file_does_not_compute_says_so():
    _, file = whole("worked-example")
    said, outcomes = decided(file, engine(file, {"realisation": 0.95}))
    assert outcomes["value for money"] == "met"
    assert said == "Not recomputed"


def test_a_file_that_computes_all_that_a_lever_moves_recommends_what_the_library_does():
    study, file = whole("allerdale-carlisle-2008", "advice-costs-more")
    cells = {"overrun": 1.0}
    said, outcomes = decided(file, engine(file, cells))
    moved = study.moved(cells).decision
    for name, outcome in moved.gates.set_index("criterion")["outcome"].items():
        assert outcomes[name] in (outcome, "not recomputed")
    assert said in (moved.recommendation.capitalize(), "Not recomputed")


def test_an_input_changed_beside_the_levers_counts_as_moved():
    _, file = whole("worked-example")
    pooled = table(file, "Savings pooled")
    year = next(name for name in pooled if name.endswith("(input)"))
    changes = {("Savings pooled", 0, year): float(pooled.at[0, year]) + 1_000.0}
    _, outcomes = decided(file, engine(file, changes=changes))
    assert outcomes["affordable"] == "not recomputed"


def test_the_recommendation_and_the_reconciliation_are_those_of_the_study():
    study, file = whole("dacorum-avdc-2012")
    assert list(table(file, "Recommendation")["Outcome"]) == list(study.decision.gates["outcome"])
    assert len(table(file, "Reconciliation")) == len(study.tables["published"])
    assert table(file, "Reconciliation")["Agrees"].all()


# what makes it accessible


@pytest.mark.parametrize("case", ["worked-example", "dacorum-avdc-2012"])
def test_each_sheet_has_a_title_and_notes_then_tables_without_gaps(case):
    _, file = whole(case)
    sheets, found = read(file), tables(file)
    for name, rows in sheets.items():
        gap = 0  # the first row that no table, title or note has taken
        for first, header, last_column, last in found[name]:
            assert first == "A"
            above = rows[gap : int(header) - 1]
            above = above[1:] if gap else above  # a row between two tables
            assert above if gap else True, name
            assert all(isinstance(row[0], str) for row in above), name
            assert all(not any(row[1:]) for row in above), name  # nothing beside a note
            width = ord(last_column) - 64 if len(last_column) == 1 else None
            labels = [label.casefold() for label in rows[int(header) - 1][:width]]
            assert all(labels) and len(set(labels)) == len(labels), name
            assert all(any(value != "" for value in row) for row in rows[int(header) : int(last)])
            gap = int(last)
        assert len(rows) == gap, name  # nothing after the last table


@pytest.mark.parametrize("case", ["worked-example", "dacorum-avdc-2012"])
def test_there_are_no_merged_cells_images_macros_or_links_outside(case):
    _, file = whole(case)
    with zipfile.ZipFile(io.BytesIO(file)) as parts:
        assert not [
            name for name in parts.namelist() if re.search(r"media|drawing|vba|external", name)
        ]
        for name in parts.namelist():
            text = parts.read(name).decode()
            assert "mergeCell" not in text
            assert 'TargetMode="External"' not in text


def test_sheet_names_are_valid_and_unique():
    for case in ("worked-example", "dacorum-avdc-2012"):
        names = list(read(whole(case)[1]))
        assert len({name.casefold() for name in names}) == len(names)
        assert all(0 < len(name) <= 31 and not re.search(r"[\[\]:*?/\\']", name) for name in names)


def test_the_document_has_a_title_a_language_and_the_date_of_the_decision():
    study, file = whole("dacorum-avdc-2012")
    with zipfile.ZipFile(io.BytesIO(file)) as parts:
        core = parts.read("docProps/core.xml").decode()
    assert f"<dc:title>{study.case.file.title}: tables</dc:title>" in core
    assert "<dc:language>en-GB</dc:language>" in core
    assert core.count(f">{study.case.file.decision_date}T00:00:00Z<") == 2  # created and modified


def test_the_same_study_gives_the_same_bytes():
    study, file = whole("dacorum-avdc-2012")
    assert workbook(study) == file
    with zipfile.ZipFile(io.BytesIO(file)) as parts:
        assert {entry.date_time for entry in parts.infolist()} == {(1980, 1, 1, 0, 0, 0)}


# text that would be more than text


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text(text):
    file = xlsx([SheetShown("One", text, (text,), ("Text",), [[text]])], CREATED)
    assert read(file)["One"] == [[text], [text], ["Text"], [text]]
    with zipfile.ZipFile(io.BytesIO(file)) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
        assert "<f>" not in sheet and "hyperlink" not in sheet
        assert ('quotePrefix="1"' in parts.read("xl/styles.xml").decode()) == text.startswith(
            ("=", "+", "-", "@", "\t")
        )


def test_what_a_cell_cannot_hold_is_replaced_visibly():
    text = "a\x00b\x1bc\ud800d\uffffe\r\nf\rg _x0041_"
    file = xlsx([SheetShown("One", "t", (), ("Text",), [[text]])], CREATED)
    assert read(file)["One"][-1] == ["a␀b␛c�d�e\nf␍g _x0041_"]


@pytest.mark.parametrize("character", ["a", "😀"])
def test_text_longer_than_a_cell_holds_is_cut_with_a_note(character):
    fits = character * (LONGEST_CELL // len(character.encode("utf-16-le")) * 2)
    assert printable(fits) == fits
    cut = printable(character * 40_000)
    assert cut.endswith("[cut: the text has 40,000 characters]")
    assert len(cut.encode("utf-16-le")) // 2 <= LONGEST_CELL
    assert read(xlsx([SheetShown("One", "t", (), ("Text",), [[cut]])], CREATED))["One"][-1] == [cut]


def test_hostile_names_of_partners_and_lines_change_no_number():
    study = load_study("worked-example")
    names = {"Northmere": '=HYPERLINK("x")*?', "Eastholt": "-1", "Westerfold": '"O\'Brien"&<1>'}
    renamed = {
        stem: rows.assign(
            **{column: rows[column].replace(names) for column in ("partner",) if column in rows}
        )
        for stem, rows in study.tables.items()
    }
    renamed["flows"] = renamed["flows"].assign(line="=" + renamed["flows"]["line"])
    hostile = Study(replace(study.case, tables=renamed), "base", study.parameters)
    file = xlsx(savings_sheets(hostile), CREATED)
    found = worths(file, engine(file, {"realisation": 0.9}))
    held_against(found, hostile.moved({"realisation": 0.9}))
    plain = study.moved({"realisation": 0.9}).savings.appraisal.loc[ALL, "net_present_value"]
    assert found[ALL]["net_present_value"] == approx(plain)
