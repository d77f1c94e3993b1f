"""A case as a spreadsheet: what is written is read back, and what councils have is read or refused.

The files in ``spreadsheets/`` are invented and stand for what councils have:

- ``ledger-download.xlsx``: title rows, subtotals as formulas and a total that is 50p wrong (XlsxWriter)
- ``accounting-formats.xlsx``: amounts as text in eleven ways, and 0.1 + 0.2 (XlsxWriter)
- ``years-and-percentages.xlsx``: financial years and percentages, text and formatted (XlsxWriter)
- ``broken.xlsx``: an error, merged cells, tbc, a month first, serial numbers, 2.3 (XlsxWriter)
- ``renamed-columns.xlsx``: columns and sheets with names of nobody's making (XlsxWriter)
- ``hidden-and-stray.xlsx``: hidden sheets, a column of initials, notes to the right (XlsxWriter)
- ``uk-dates.ods``, ``legacy.xls``, ``legacy-errors.xls``: saved by LibreOffice from workbooks of
  XlsxWriter; the last has three formulas with errors, one without, and a chart
- ``password.xlsx``: the accounting formats, encrypted by msoffcrypto-tool
- ``finance-system/``: a folder with a CSV file in Windows-1252 with semicolons
- ``unicode-text/``: a folder with what Excel saves as Unicode text, under the name .csv
- ``risks.csv``: what Excel saves as CSV UTF-8, with a line break in a cell
"""

import csv
import datetime as dt
import io
import tomllib
import zipfile

import pytest
import xlsxwriter
from conftest import ROOT, daily_of

from businesscase.cases.errors import InputError
from businesscase.cases.raw import RawCase
from businesscase.cases.schema import TABLES, plain_types
from businesscase_workbench.spreadsheet import importing, template

FILES = ROOT / "tests" / "spreadsheets"
CASES = sorted(path.parent.name for path in (ROOT / "data").glob("*/case.toml"))
ORIGIN = {"status": "assumed", "source": "register", "paragraph": "1", "note": "asked"}


def case_of(folder):
    """Return a folder as a raw case: every column of every table, numbers as a cell shows them."""
    tables = {}
    for stem, model in TABLES.items():
        path = folder / f"{stem}.csv"
        with path.open(newline="", encoding="utf-8-sig") if path.exists() else nothing() as file:
            rows = [
                {name: row.get(name, "") for name in model.model_fields}
                for row in csv.DictReader(line for line in file if not line.startswith("#"))
            ]
        for row in rows:
            for name, field in model.model_fields.items():
                if plain_types(field.annotation) == {float} and row[name].endswith(".0"):
                    row[name] = row[name].removesuffix(".0")  # a cell holds 2, not 2.0
        tables[stem] = rows
    file, scenarios = (
        tomllib.loads((folder / f"{stem}.toml").read_text(encoding="utf-8"))
        for stem in ("case", "scenarios")
    )
    return RawCase(file, scenarios, tables)


def nothing():
    return io.StringIO("")


def refusals(path, **options):
    return importing.read(path, **options).raw.faults


def workbook(path, **sheets):
    """Write a workbook of sheets, each a list of rows; a text that begins with = is a formula."""
    with xlsxwriter.Workbook(str(path)) as book:
        date = book.add_format({"num_format": "dd/mm/yyyy"})
        for name, rows in sheets.items():
            page = book.add_worksheet(name)
            for row, values in enumerate(rows):
                for column, value in enumerate(values):
                    if isinstance(value, dt.date):
                        page.write_datetime(row, column, value, date)
                    elif value is not None:
                        page.write(row, column, value)
    return path


PARTNERS = [["partner", "role", *ORIGIN], ["Northmere", "lead", *ORIGIN.values()]]


# round trip


@pytest.mark.parametrize("name", daily_of(CASES, "worked-example"))
def test_case_is_read_back_from_the_workbook_that_it_was_written_to(name, tmp_path):
    given = case_of(ROOT / "data" / name)
    template.write(given, tmp_path / "inputs.xlsx")
    read = importing.read(tmp_path / "inputs.xlsx")
    assert read.raw == given
    assert list(read.raw.scenarios) == list(given.scenarios)
    assert all("read as fractions" in sentence for sentence in read.conversions)


@pytest.mark.long
def test_workbook_saved_by_another_program_gives_the_same_case(tmp_path, converted):
    given = case_of(ROOT / "data" / "worked-example")
    template.write(given, tmp_path / "inputs.xlsx")
    for suffix in ("xlsx", "ods"):
        saved = converted(tmp_path / "inputs.xlsx", suffix, tmp_path / suffix)
        assert importing.read(saved).raw == given


def test_workbook_has_the_same_bytes_for_the_same_case(tmp_path):
    given = case_of(ROOT / "data" / "mkip-2012")
    for name in ("a.xlsx", "b.xlsx"):
        template.write(given, tmp_path / name)
    assert (tmp_path / "a.xlsx").read_bytes() == (tmp_path / "b.xlsx").read_bytes()


def test_blank_workbook_has_every_table_and_gives_a_case_without_rows(tmp_path):
    template.write(RawCase({}, {}, {}), tmp_path / "inputs.xlsx")
    read = importing.read(tmp_path / "inputs.xlsx")
    assert read.raw == RawCase({}, {}, {stem: [] for stem in TABLES})
    assert read.conversions == []


def test_text_that_looks_like_a_formula_a_number_or_a_link_stays_a_text(tmp_path):
    texts = ["=1+1", "+44 1234", "-", "@home", "'quoted", "http://x.org", "1/2", "007", "1E5"]
    given = [{"partner": text, "role": "lead"} | ORIGIN for text in texts]
    template.write(RawCase({}, {}, {"partners": given}), tmp_path / "inputs.xlsx")
    read = importing.read(tmp_path / "inputs.xlsx").raw.tables["partners"]
    assert [row["partner"] for row in read] == texts
    with zipfile.ZipFile(tmp_path / "inputs.xlsx") as archive:
        assert b'quotePrefix="1"' in archive.read("xl/styles.xml")  # also when it is edited


def test_parameter_set_to_nothing_is_read_back_as_nothing(tmp_path):
    said = {"title": "t", "why": "w"}
    scenarios = {
        "base": said | {"option": "b", "weights": {"cost": 2.0}, "report_date": "2026-12-31"},
        "none": said | {"option": "", "weights": {}, "report_date": "", "no_detriment": "none"},
        "entries": said | {"risk_positions": {"1": {"likelihood": ""}}, "scores": {"a": {}}},
        "nobody": said | {"leaves": {}, "exit_charge": ""},
    }
    template.write(RawCase({}, scenarios, {}), tmp_path / "inputs.xlsx")
    assert importing.read(tmp_path / "inputs.xlsx").raw.scenarios == scenarios


def test_number_of_a_scenario_can_not_be_set_to_nothing(tmp_path):
    scenarios = {"base": {"title": "t", "why": "w", "overrun": ""}}
    template.write(RawCase({}, scenarios, {}), tmp_path / "inputs.xlsx")
    (fault,) = refusals(tmp_path / "inputs.xlsx")
    assert "found '(blank)'; it should be a fraction" in fault


@pytest.mark.parametrize("text", ["a\x00b", "x" * 32_768, "\U0001f600" * 16_384])
def test_text_that_no_cell_can_hold_is_refused(text, tmp_path):
    row = dict.fromkeys(TABLES["partners"].model_fields, text)
    with pytest.raises(InputError, match="partners row 1, column partner"):
        template.write(RawCase({}, {}, {"partners": [row]}), tmp_path / "inputs.xlsx")
    assert not (tmp_path / "inputs.xlsx").exists()


def test_input_has_the_place_of_its_cell(tmp_path):
    template.write(case_of(ROOT / "data" / "worked-example"), tmp_path / "inputs.xlsx")
    place = importing.read(tmp_path / "inputs.xlsx").raw.place
    assert place("partners", 1, "role") == (
        "inputs.xlsx, sheet 'partners', cell B3 (role)",
        {"file": "inputs.xlsx", "sheet": "partners", "cell": "B3", "column": "role"},
    )
    assert place("partners", 1, None).text == "inputs.xlsx, sheet 'partners', row 3"
    assert place("partners", None, None).text == "inputs.xlsx, sheet 'partners'"
    assert place("case", None, "decision_date").text.endswith("sheet 'case', cell B6 (value)")
    assert place("case", None, "sources.example.title").text.endswith("cell B2 (title)")
    assert place("case", None, "nothing").text.endswith("sheet 'case', key nothing")
    assert place("scenarios", "late", "delay_years").text.endswith(
        "sheet 'scenario_changes', cell E7 (value)"
    )
    assert place("scenarios", "late", "why").text.endswith("sheet 'scenarios', cell C5 (why)")
    assert place("scenarios", "late", "calendar").text.endswith("sheet 'scenarios', row 5")


# what councils have


def test_ledger_download_is_read_without_its_titles_and_totals():
    assert [fault.details["found"] for fault in refusals(FILES / "ledger-download.xlsx")] == [
        "Sub-total", "Sub-total", "TOTAL:",
    ]  # fmt: skip
    read = importing.read(FILES / "ledger-download.xlsx", leave_out=["totals"])
    costs = read.raw.tables["service_costs"]
    assert [row["amount_gbp"] for row in costs] == ["1020000", "610000.5", "690000", "430000"]
    assert [row["partner"] for row in costs] == ["Northmere"] * 2 + ["Eastholt"] * 2
    assert {row["year"] for row in costs} == {"2024"}
    assert costs[2] | {"partner": ""} == {
        "partner": "", "service": "ICT", "category": "staff", "nature": "staff",
        "funding": "revenue", "year": "2024", "amount_gbp": "690000", "status": "assumed",
        "source": "import", "paragraph": "sheet Service costs, row 10",
        "note": "Given in ledger-download.xlsx; its origin is not stated there",
    }  # fmt: skip
    assert read.raw.file == {
        "sources": {"import": {"title": "ledger-download.xlsx", "publisher": "not stated"}}
    }
    said = "\n".join(read.conversions)
    for part in (
        "rows 1 to 3 above the header left out",
        "3 formulas read by the value last calculated",
        "row 8: 'Sub-total' left out; amount_gbp: its 1,630,000.50 is what the 2 rows above add up to",
        # 690,000 + 430,000, the rows since the subtotal before
        "row 12: 'Sub-total' left out; amount_gbp: its 1,120,000 is what the 2 rows above add up to",
        # 1,020,000 + 610,000.50 + 690,000 + 430,000 = 2,750,000.50
        "row 13: 'TOTAL:' left out; amount_gbp: it says 2,750,000, but the 4 rows above add up to "
        "2,750,000.50",
        "cell F6 (year): '2024/25' read as 2024",
        "'Amount (£)' as amount_gbp",
        "1 blank row left out",
        "column partner: spaces around 1 text left out",
        "all 4 are marked assumed, with the source 'import'",
    ):
        assert part in said, part


def test_accounting_formats_are_read_and_summed_up_after_three():
    read = importing.read(FILES / "accounting-formats.xlsx")
    assert [row["value_gbp"] for row in read.raw.tables["assets"]] == [
        "12000", "12000.50", "-4500", "-4500", "-4500", "1200000", "12000", "1250000", "300", "0.3",
        "0",
    ]  # fmt: skip
    # nine of eleven were changed; 0.30000000000000004 was saved as 0.3, and 0 is plain
    assert len(read.conversions) == 5
    assert read.conversions[0].endswith("cell C2 (value_gbp): '£12,000' read as 12000")
    assert read.conversions[2].endswith("; and 4 more like it")
    # thousands and millions are each stated, last, as one may be a slip
    assert [said.rpartition(": ")[2] for said in read.conversions[3:]] == [
        "'£1.2m' read as 1200000", "'12k' read as 12000",
    ]  # fmt: skip


def test_years_and_percentages_are_read_and_the_fractions_stated():
    read = importing.read(FILES / "years-and-percentages.xlsx")
    flows = read.raw.tables["flows"]
    assert [row["first_year"] for row in flows] == ["2013"] * 3
    assert [row["last_year"] for row in flows] == ["2022", "2022", "2013"]
    assert [row["flow"] for row in flows] == ["one_off_cost", "saving", "saving"]
    assert [row["cashable"] for row in flows] == ["true", "false", "true"]
    assert {row["option"] for row in flows} == {"a"}
    fractions = [said for said in read.conversions if "read as fractions" in said]
    assert fractions == [
        "Flows, column low_fraction: 3 values read as fractions, 0.6 (60%) to 0.9 (90%)",
        "Flows, column high_fraction: 3 values read as fractions, 1.1 (110%) to 1.2 (120%)",
    ]


def test_broken_workbook_is_refused_with_every_fault_at_its_cell():
    faults = refusals(FILES / "broken.xlsx")
    assert {
        (fault.details["sheet"], fault.details["cell"], fault.details.get("found"))
        for fault in faults
    } == {
        ("skills", "A2", None), ("skills", "C2", "#REF!"), ("skills", "C3", "tbc"),
        ("skills", "C4", "12,00"), ("skills", "C5", "50%"), ("skills", "C6", "1.234,56"),
        ("skills", "C7", "n/a"), ("skills", "D2", "2.5"), ("tasks", "D2", "2.3"),
        ("tasks", "D3", "2026-02-01"), ("tasks", "E2", "04/13/2026"), ("tasks", "E3", "46113"),
        ("tasks", "E4", "31/02/2026"),
    }  # fmt: skip
    assert "cells A2:A3 are merged" in faults[0]
    assert all(fault.startswith("broken.xlsx, sheet '") for fault in faults)


def test_unknown_and_repeated_names_are_refused_with_the_nearest():
    sheet, column, twice = refusals(FILES / "renamed-columns.xlsx")
    assert sheet.details["nearest"] == ["service_measures", "service_costs"]
    assert "--leave-out 'Servce measures'" in sheet
    assert (column.details["cell"], column.details["found"]) == ("A1", "Authority")
    assert twice.endswith("cell G1: column amount_gbp stands here twice, in F and G")


def test_stray_sheets_and_columns_are_left_out_only_on_the_users_word():
    path = FILES / "hidden-and-stray.xlsx"
    assert len(refusals(path)) == 3
    wanted = ["Workings", "partners.checked by", "partners.F"]
    for missing in wanted:
        (fault,) = refusals(path, leave_out=[name for name in wanted if name != missing])
        assert missing in fault
    read = importing.read(path, leave_out=wanted)
    assert [row["partner"] for row in read.raw.tables["partners"]] == ["Northmere", "Eastholt"]
    assert read.raw.tables["objectives"][0]["text"] == "=One service"
    assert any("sheet 'objectives': hidden, and read" in said for said in read.conversions)


def test_name_to_leave_out_that_is_not_there_is_refused():
    (fault,) = refusals(FILES / "accounting-formats.xlsx", leave_out=["Workngs"])
    assert "'Workngs' is unknown" in fault


def test_dates_of_an_open_document_are_read_with_the_day_first():
    read = importing.read(FILES / "uk-dates.ods")
    assert {row["date"] for row in read.raw.tables["events"]} == {"2026-04-01"}
    assert sum("day first" in said for said in read.conversions) == 3


def test_legacy_workbook_is_read():
    read = importing.read(FILES / "legacy.xls")
    assert [row["value"] for row in read.raw.tables["drivers"]] == ["760", "520.5"]
    assert [row["date"] for row in read.raw.tables["drivers"]] == ["2024-03-31"] * 2


def test_errors_of_a_legacy_workbook_are_no_blanks():
    faults = refusals(FILES / "legacy-errors.xls")
    assert [(fault.details["cell"], fault.details["found"]) for fault in faults] == [
        ("C2", "#N/A"),
        ("C3", "#DIV/0!"),
        ("C4", "#REF!"),
    ]


def test_csv_of_a_finance_system_is_read_in_its_encoding():
    read = importing.read(FILES / "finance-system")
    first, second = read.raw.tables["applications"]
    assert first["product"] == "Académie"
    assert first["note"] == "licence at £1 a head"
    assert (first["contract_end"], first["annual_cost_gbp"]) == ("2026-03-31", "12000")
    assert second["contract_end"] == ""
    said = "\n".join(read.conversions)
    assert "read as Windows-1252" in said
    assert "a semicolon between the cells" in said
    assert "READ.txt not read" in said
    assert read.raw.place("applications", 1, "product") == (
        "applications.csv line 3, column product",
        {"file": "applications.csv", "line": 3, "column": "product"},
    )


def test_unicode_text_is_read():
    read = importing.read(FILES / "unicode-text")
    assert [row["partner"] for row in read.raw.tables["partners"]] == ["Sir Fynwy", "Tŷ Newydd"]


def test_csv_with_a_mark_of_byte_order_and_a_line_break_is_read():
    read = importing.read(FILES / "risks.csv")
    first, second = read.raw.tables["risks"]
    assert first["description"] == "Staff leave, and take\nwhat they know"
    assert second["description"] == "Café Wi-Fi fails"
    assert (first["proximity"], second["proximity"]) == ("2024-05-01", "")
    # the first record ends on line 3
    assert read.raw.place("risks", 1, "owner").details["line"] == 4


# grids


def test_row_without_the_origin_of_a_figure_never_counts_as_published(tmp_path):
    path = workbook(tmp_path / "x.xlsx", partners=[["partner", "role"], ["Northmere", "lead"]])
    assert importing.read(path).raw.tables["partners"][0]["status"] == "assumed"


def test_source_of_the_workbook_takes_no_key_that_is_in_use(tmp_path):
    path = workbook(
        tmp_path / "x.xlsx",
        sources=[["key", "title", "publisher"], ["import", "Another", "a council"]],
        partners=[["partner", "role"], ["Northmere", "lead"]],
    )
    read = importing.read(path)
    assert read.raw.tables["partners"][0]["source"] == "import-2"
    assert read.raw.file["sources"]["import"]["title"] == "Another"


def test_part_of_the_columns_of_origin_is_a_missing_column(tmp_path):
    rows = [["partner", "role", "note"], ["Northmere", "lead", "n"]]
    (fault,) = refusals(workbook(tmp_path / "x.xlsx", partners=rows))
    assert fault == ("x.xlsx, sheet 'partners', row 1: column status, source, paragraph is missing")


def test_header_is_found_within_twenty_rows_and_not_below(tmp_path):
    for gap in (19, 20):
        rows = [["a title"]] * gap + PARTNERS
        path = workbook(tmp_path / "x.xlsx", partners=rows)
        if gap == 19:
            assert len(importing.read(path).raw.tables["partners"]) == 1
        else:
            (fault,) = refusals(path)
            assert "no row of the first 20 has the names of the columns" in fault


def test_blank_rows_and_columns_are_left_out(tmp_path):
    rows = [["partner", None, *PARTNERS[0][1:]], [], [None], ["Northmere", None, *PARTNERS[1][1:]]]
    read = importing.read(workbook(tmp_path / "x.xlsx", partners=rows))
    assert read.raw.tables["partners"][0]["role"] == "lead"
    said = "\n".join(read.conversions)
    assert "2 blank rows left out" in said
    assert "1 blank column left out" in said


def test_line_named_total_cost_is_no_total(tmp_path):
    header = ["partner", "asset", "value_gbp", "owner_rule", *ORIGIN]
    row = ["Northmere", "Total cost system", 5, "host", *ORIGIN.values()]
    path = workbook(tmp_path / "x.xlsx", assets=[header, row])
    assert len(importing.read(path).raw.tables["assets"]) == 1
    row[1] = "Total"
    (fault,) = refusals(workbook(tmp_path / "x.xlsx", assets=[header, row]))
    assert "a total that would count twice" in fault


def test_two_sheets_for_one_table_are_refused(tmp_path):
    path = tmp_path / "x.xlsx"
    workbook(path, **{"partners": PARTNERS, "Partners ": PARTNERS})
    (fault,) = refusals(path)
    assert "two sheets are partners" in fault


def test_formula_that_was_never_calculated_is_refused_and_not_read_as_blank(tmp_path):
    header = ["partner", "asset", "value_gbp", "owner_rule", *ORIGIN]
    row = ["Northmere", "servers", "=2*3", "host", *ORIGIN.values()]
    path = workbook(tmp_path / "written.xlsx", assets=[header, row])
    with zipfile.ZipFile(path) as old, zipfile.ZipFile(tmp_path / "x.xlsx", "w") as new:
        for name in old.namelist():  # as a program writes it that can't calculate
            new.writestr(name, old.read(name).replace(b"</f><v>0</v>", b"</f>"))
    (fault,) = refusals(tmp_path / "x.xlsx")
    assert fault.details["cell"] == "C2"
    assert "a formula without a value" in fault


def test_error_and_merged_cells_are_found_in_other_formats(tmp_path, converted):
    faults = refusals(converted(FILES / "broken.xlsx", "ods", tmp_path))
    assert "cells A2:A3 are merged" in faults[0]
    # the program calculates anew, and finds no sheet of that name
    assert (faults[1].details["cell"], faults[1].details["found"]) == ("C2", "#NAME?")
    assert len(faults) == len(refusals(FILES / "broken.xlsx"))


def test_case_and_scenarios_are_refused_with_the_nearest_name(tmp_path):
    path = workbook(
        tmp_path / "x.xlsx",
        case=[
            ["key", "value"],
            ["Title", "A case"],
            ["decison_date", "1/4/26"],
            ["title", "again"],
        ],
        scenarios=[["scenario", "title", "why"], ["base", "b", "w"]],
        scenario_changes=[
            ["scenario", "parameter", "name", "second_name", "value"],
            ["bas", "overrun", None, None, 0.5],
            ["base", "overun", None, None, 0.5],
            ["base", "weights", None, None, 5],
            ["base", "delay_years", None, None, None],
            ["base", "overrun", None, None, 50],
        ],
    )
    faults = refusals(path)
    assert [(fault.details["cell"], fault.details.get("nearest")) for fault in faults] == [
        ("A3", ["decision_date", "decision_maker", "decision_year"]),
        ("A4", None),
        ("A2", ["base"]),
        ("B3", ["overrun"]),
        ("C4", None),
        ("E5", None),
        ("E6", None),
    ]


def test_case_and_scenarios_have_the_types_of_toml(tmp_path):
    path = workbook(
        tmp_path / "x.xlsx",
        case=[
            ["key", "value"],
            ["title", 2026],
            ["decision_date", dt.date(2026, 4, 1)],
            ["decision_year", "2026/27"],
            ["summary", None],
        ],
        scenarios=[["scenario", "title", "why"], ["base", "b", "w"]],
        scenario_changes=[
            ["scenario", "parameter", "name", "second_name", "value"],
            ["base", "overrun", None, None, "50%"],
            ["base", "no_detriment", None, None, "by_year"],
            ["base", "extra_days", 17, None, 20],
            ["base", "readiness_scores", "pace", "Sunderland", 3],
            ["base", "report_date", None, None, dt.date(2026, 12, 31)],
        ],
    )
    raw = importing.read(path).raw
    assert raw.file == {
        "title": "2026", "decision_date": dt.date(2026, 4, 1), "decision_year": 2026,
    }  # fmt: skip
    assert raw.scenarios["base"] == {
        "title": "b",
        "why": "w",
        "overrun": 0.5,
        "no_detriment": "by_year",
        "extra_days": {"17": 20.0},
        "readiness_scores": {"pace": {"Sunderland": 3.0}},
        "report_date": "2026-12-31",
    }


# the template


def test_template_refers_to_rows_that_are_added(tmp_path):
    template.write(case_of(ROOT / "data" / "worked-example"), tmp_path / "inputs.xlsx")
    with zipfile.ZipFile(tmp_path / "inputs.xlsx") as archive:
        text = "".join(
            archive.read(name).decode() for name in archive.namelist() if "worksheets/" in name
        )
    # three partners and 200 rows more
    assert "partners!$A$2:$A$204" in text
    assert "sources!$A$2:$A$202" in text
    assert "mergeCell" not in text
    assert "sheetProtection" not in text


def test_note_of_a_column_shows_meaning_bounds_and_example(tmp_path):
    template.write(
        RawCase({}, {}, {}), tmp_path / "inputs.xlsx", {"partners": {"partner": "Northmere DC"}}
    )
    with zipfile.ZipFile(tmp_path / "inputs.xlsx") as archive:
        notes = "".join(
            archive.read(name).decode() for name in archive.namelist() if "comments" in name
        )
    assert "For example: Northmere DC" in notes
    assert "amount for a full year, at least 0, base-year prices [£]" in notes
    assert "Allowed: a fraction such as 0.35, or 35%, at least 0 and at most 1" in notes
