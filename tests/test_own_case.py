"""From `businesscase new`, or a workbook, to a case: what is written, what is kept, what is refused."""

import datetime as dt
import io
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
import python_calamine
from conftest import ROOT

from businesscase.cases.assurance import worked_rows
from businesscase.cases.case import load_case
from businesscase.cases.errors import InputError
from businesscase.cases.folder import read_folder
from businesscase.cases.schema import TABLES, WORKED_ROW
from businesscase.study import load_study
from businesscase_workbench import cli
from businesscase_workbench.case_import import import_case
from businesscase_workbench.own_case import (
    PARTNERS,
    new_case,
    partner_names,
    write_template,
)
from businesscase_workbench.report import comparison_of, index_html, report_of
from businesscase_workbench.report.excel import workbook

TODAY = dt.date(2026, 11, 25)


def content(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*.*")}


def test_a_new_case_has_every_table_four_scenarios_and_the_partners_named(own_data, capsys):
    assert cli.main(["new", "our-case", "--partners", 'Ea, "Bee, Sea"']) == 0
    said = capsys.readouterr().out
    assert "a case of 2 partners ('Ea', 'Bee, Sea'), worked rows in every table" in said
    assert {path.stem for path in (own_data / "our-case").glob("*.csv")} == set(TABLES)
    case = load_case("our-case")
    assert list(case.tables["partners"]["partner"]) == ["Ea", "Bee, Sea"]
    assert next(iter(case.scenarios)) == "base" and len(case.scenarios) == 4


def test_each_table_of_a_new_case_has_a_worked_row_or_shows_one_in_a_comment(own_data):
    folder = new_case("our-case", PARTNERS, TODAY)
    for stem in TABLES:
        lines = (folder / f"{stem}.csv").read_text(encoding="utf-8").splitlines()
        rows = [line for line in lines if line and not line.startswith("#")]
        shown = any("A row looks like this" in line for line in lines)
        assert len(rows) > 1 or shown, stem


def test_worked_rows_that_name_what_the_case_has_not_are_left_out_when_added(own_data, capsys):
    folder = new_case("our-case", PARTNERS, TODAY, small=True)
    for section in ("risks", "plan"):
        assert cli.main(["add", section, "our-case"]) == 0, capsys.readouterr().err
    for stem, kept in {"risks": 2, "tasks": 3, "risk_costs": 0, "task_ranges": 0}.items():
        path = folder / f"{stem}.csv"
        above, header, *rows = re.split(r"(?m)^(?!#)", path.read_text(encoding="utf-8"))
        path.write_text("".join([above, header, *rows[:kept]]), encoding="utf-8")
    (folder / "work_packages.csv").unlink()
    for stem in ("risk_costs", "task_ranges", "work_packages", "contracts"):
        assert cli.main(["add", stem, "our-case"]) == 0, capsys.readouterr().err
    tables = load_case("our-case").tables
    assert set(tables["risk_costs"]["risk"]) == {1, 2}
    assert set(tables["task_ranges"]["task"].astype(int)) <= {1, 2, 3}
    assert list(tables["contracts"]["option"].unique()) == [""]


def test_a_row_shown_in_a_comment_is_one_that_the_table_takes(own_data):
    folder = new_case("our-case", PARTNERS, TODAY)
    for stem in ("published", "actuals"):
        path = folder / f"{stem}.csv"
        lines = path.read_text(encoding="utf-8").splitlines()
        (example,) = lines[
            lines.index("# A row looks like this, without the sign before it:") + 1 : -1
        ]
        path.write_text("\n".join([*lines, example.removeprefix("# ")]), encoding="utf-8")
    try:
        load_case("our-case")
    except InputError as error:  # the date of a result lies in the future: that alone is refused
        assert all("actuals.csv" in fault and "data_date" in fault for fault in error.faults)
    assert all(len(read_folder(folder).tables[stem]) == 1 for stem in ("published", "actuals"))


@pytest.mark.parametrize("taken", ["our-case", "Our-Case"])
def test_a_folder_that_is_there_is_never_written_over(own_data, taken, capsys):
    new_case("our-case", PARTNERS, TODAY)
    before = content(own_data)
    assert cli.main(["new", taken, "--partners", "Other"]) == 1
    assert capsys.readouterr().err == "data/our-case exists; nothing is written over it\n"
    assert content(own_data) == before


@pytest.mark.parametrize(
    ("name", "said"),
    [("../x", "case '../x' can't name a folder"), ("a b", "'a b' can't"), ("nul", "'nul' can't"), ("", "'' can't")],
)  # fmt: skip
def test_a_name_that_can_not_be_a_folder_is_refused(own_data, name, said, capsys):
    assert cli.main(["new", name]) == 1
    assert said in capsys.readouterr().err
    assert not [path for path in own_data.iterdir() if path.is_dir()]


def test_partner_names_are_free_text_and_refused_where_they_could_be_mistaken():
    assert partner_names("Ynys Môn, “St. X”, <b>") == ["Ynys Môn", "“St. X”", "<b>"]
    with pytest.raises(InputError) as refused:
        partner_names('A,a,,shared,"x\0",' + "y" * 201)
    assert refused.value.faults == [
        "--partners: 'a' stands there twice; once is allowed",
        "--partners: found ''; a name has at least 1 character",
        "--partners: found 'shared'; 'shared' is no name of an authority: 'all' stands for all "
        "partners together and 'shared' for a pooled amount",
        "--partners: found 'x\\x00'; found '\\x00' as character 2 of 'x\\x00'; allowed is text without "
        "control characters",
        f"--partners: found '{'y' * 80}…'; a name has at most 200 characters",
    ]


def test_a_template_that_is_filled_in_becomes_a_case(own_data, capsys):
    assert cli.main(["template", "inputs.xlsx", "--partners", "Ea,Bee"]) == 0
    assert cli.main(["import", "inputs.xlsx", "our-case"]) == 0
    said = capsys.readouterr().out
    assert "low_fraction" in said and "read as fractions" in said
    assert list(load_case("our-case").tables["partners"]["partner"]) == ["Ea", "Bee"]
    assert not list(own_data.glob(".*"))


def test_export_import_export_gives_the_same_tables_and_the_same_workbook(own_data):
    shutil.copytree(ROOT / "data" / "worked-example", own_data / "first")
    write_template(Path("first.xlsx"), "first", (), TODAY)
    import_case(Path("first.xlsx"), "second", (), update=False)
    write_template(Path("second.xlsx"), "second", (), TODAY)
    assert Path("first.xlsx").read_bytes() == Path("second.xlsx").read_bytes()
    first, second = load_case("first"), load_case("second")
    assert first.file == second.file and first.scenarios == second.scenarios
    for stem, table in first.tables.items():
        assert table.equals(second.tables[stem]), stem


def test_a_template_is_never_written_over_a_workbook_that_somebody_filled_in(own_data, capsys):
    Path("inputs.xlsx").write_text("filled in", encoding="utf-8")
    assert cli.main(["template", "inputs.xlsx"]) == 1
    assert capsys.readouterr().err == "inputs.xlsx exists; nothing is written over it\n"
    assert Path("inputs.xlsx").read_text(encoding="utf-8") == "filled in"


@pytest.mark.parametrize(
    ("file", "said"),
    [("absent/inputs.xlsx", "absent/inputs.xlsx: No such file or directory"), ("inputs.xls", "found '.xls'; a template ends with .xlsx")],
)  # fmt: skip
def test_a_template_that_can_not_be_written_there_is_refused(own_data, file, said, capsys):
    assert cli.main(["template", file]) == 1
    assert said in capsys.readouterr().err


def test_finance_returns_one_sheet_and_the_rest_of_the_case_stays(own_data, capsys):
    folder = new_case("our-case", ["Ea", "Bee"], TODAY)
    before = content(folder)
    Path("service_costs.csv").write_text(
        "Partner;Category;Funding;Year;Amount (£)\n"
        "Ea;staff;Revenue;2027/28;£1,000,000\nBee;staff;revenue;2027/28;400000\n"
        "Total;;;;1400000\n",
        encoding="cp1252",
    )
    assert cli.main(["import", "service_costs.csv", "our-case", "--update"]) == 1
    said = capsys.readouterr().err
    assert "service_costs.csv line 4" in said and "--leave-out totals" in said
    assert content(folder) == before
    arguments = ["import", "service_costs.csv", "our-case", "--update", "--leave-out", "totals"]
    assert cli.main(arguments) == 0
    said = capsys.readouterr().out
    assert "Windows-1252" in said
    assert "'2027/28' read as 2027" in said and "'£1,000,000' read as 1000000" in said
    assert "2 rows in 1 tables" not in said and "2 rows in 1 table\n" in said
    costs = load_case("our-case").tables["service_costs"]
    assert list(costs["amount_gbp"]) == [1_000_000, 400_000]
    assert set(costs["status"]) == {"assumed"} and set(costs["source"]) == {"import"}
    changed = {name for name, data in content(folder).items() if before[name] != data}
    logs = {"assumptions.csv", "data_log.csv"}  # said who is to answer for the worked rows
    assert changed == {"service_costs.csv", "case.toml", *logs}
    assert "service_costs" not in (folder / "data_log.csv").read_text("utf-8").split("sunset\n")[1]
    assert content(own_data / ".our-case.before-1") == before
    assert 'publisher = "not stated"' in (folder / "case.toml").read_text(encoding="utf-8")


def test_all_faults_of_a_workbook_are_told_with_sheet_and_cell_and_nothing_is_imported(
    own_data, capsys
):
    write_template(Path("inputs.xlsx"), None, ["Ea", "Bee"], TODAY)
    break_cells(
        Path("inputs.xlsx"),
        {
            ("service_costs", "G2"): "tbc",  # no number
            ("service_costs", "F3"): 1066,  # no year of the schema
            (
                "partners",
                "A3",
            ): "Eaa",  # leaves Bee unknown elsewhere: told once all cells are in order
            ("flows", "C2"): "savin",
        },
    )
    before = content(own_data)
    assert cli.main(["import", "inputs.xlsx", "our-case", "--json"]) == 1
    faults = {fault["cell"]: fault for fault in json.loads(capsys.readouterr().out)["faults"]}
    assert set(faults) == {"G2", "F3", "C2"}
    assert faults["G2"]["sheet"] == "service_costs" and "'tbc'" in faults["G2"]["sentence"]
    assert faults["F3"]["sentence"] == (
        "inputs.xlsx, sheet 'service_costs', cell F3 (year): found '1066'; it should be greater than or "
        "equal to 1990"
    )
    assert faults["C2"]["sentence"].endswith(" or residual_value; nearest: saving")
    assert faults["C2"]["nearest"] == ["saving"]
    assert content(own_data) == before


def test_a_new_case_says_that_its_rows_are_to_be_replaced_until_they_are(own_data, capsys):
    new_case("our-case", ["Ea", "Bee"], TODAY)
    assert cli.main(["check", "our-case"]) == 0
    said = capsys.readouterr().out
    rows = sum(len(rows) for rows in read_folder(own_data / "our-case").tables.values())
    logs = sum(
        len(read_folder(own_data / "our-case").tables[stem])
        for stem in ("assumptions", "quality_checks")
    )
    assert f"Nothing can be decided on this yet: {rows - logs} rows are still worked rows" in said
    required = load_study("our-case").assurance.requirements.set_index("requirement")["missing"]
    replaced = required["No row is still one of those that a new case begins with"]
    assert "partners (2)" in replaced
    assert "service_costs" in required["Every assumed figure has an owner, a date and a quality"]


def test_each_import_keeps_the_case_as_it_was_before(own_data):
    folder = new_case("our-case", ["Ea", "Bee"], TODAY)
    first = content(folder)
    for count, amount in enumerate((100, 200), 1):
        Path("service_costs.csv").write_text(
            "partner,category,funding,year,amount_gbp\n"
            f"Ea,staff,revenue,2027,{amount}000\nBee,staff,revenue,2027,{amount}000\n",
            encoding="utf-8",
        )
        done = import_case(Path("service_costs.csv"), "our-case", (), update=True)
        assert done.before == own_data / f".our-case.before-{count}"
    assert done.former == {"service_costs": 2} and done.rows == {"service_costs": 2}
    assert content(own_data / ".our-case.before-1") == first
    assert "100000" in (own_data / ".our-case.before-2" / "service_costs.csv").read_text("utf-8")


def test_a_table_of_the_case_itself_can_be_imported_with_its_comments(own_data, capsys):
    folder = new_case("our-case", ["Ea", "Bee"], TODAY)
    before = content(folder)
    shutil.copy(folder / "flows.csv", "flows.csv")
    assert cli.main(["import", "flows.csv", "our-case", "--update"]) == 0
    said = capsys.readouterr().out
    assert "lines of comment above the header left out" in said
    assert "rows before" not in said  # as many as there were
    assert content(folder) == before


def test_each_update_is_cited_as_a_document_of_its_own(own_data):
    new_case("our-case", ["Ea", "Bee"], TODAY)
    for stem, lines in {
        "service_costs": "partner,category,funding,year,amount_gbp\nEa,staff,revenue,2027,9\nBee,staff,revenue,2027,9",
        "assets": "partner,asset,owner_rule\nEa,Servers,The host\nBee,Servers,The host",
    }.items():
        Path(f"{stem}.csv").write_text(lines, encoding="utf-8")
        import_case(Path(f"{stem}.csv"), "our-case", (), update=True)
    case = load_case("our-case")
    for stem in ("service_costs", "assets"):
        (source,) = set(case.tables[stem]["source"])
        assert case.file.sources[source].title == f"{stem}.csv"


def test_an_update_of_nothing_is_refused(own_data):
    new_case("our-case", ["Ea", "Bee"], TODAY)
    Path("service_costs.csv").write_text("partner,category,funding,year,amount_gbp\n", "utf-8")
    with pytest.raises(InputError, match="nothing of a case is left in it to import"):
        import_case(Path("service_costs.csv"), "our-case", ["service_costs"], update=True)


@pytest.mark.parametrize(
    "lines",
    ["ICT budgets, £000,,,,\npartner,category,funding,year,amount_gbp", "partner,category,funding,year,amount_gbp (£k)"],
)  # fmt: skip
def test_amounts_in_thousands_are_refused_and_not_taken_for_pounds(own_data, lines, capsys):
    new_case("our-case", ["Ea", "Bee"], TODAY)
    Path("service_costs.csv").write_text(f"{lines}\nEa,staff,revenue,2027,950\n", "utf-8")
    assert cli.main(["import", "service_costs.csv", "our-case", "--update"]) == 1
    assert "but every amount is read as pounds" in capsys.readouterr().err


def test_a_sheet_of_another_name_is_answered_with_the_table_that_it_looks_like(own_data, capsys):
    new_case("our-case", ["Ea", "Bee"], TODAY)
    Path("costs.csv").write_text(
        "Partner,Category,Funding,Year,Amount (£)\nEa,staff,revenue,2027,950000\n", "utf-8"
    )
    assert cli.main(["import", "costs.csv", "our-case", "--update"]) == 1
    said = capsys.readouterr().err
    assert "table 'costs' is unknown; its columns are those of service_costs;" in said


def test_a_workbook_without_a_case_sheet_says_how_to_begin(own_data, capsys):
    Path("partners.csv").write_text("partner,role\nEa,lead\n", encoding="utf-8")
    assert cli.main(["import", "partners.csv", "our-case"]) == 1
    said = capsys.readouterr().err
    assert "partners.csv: sheet 'case' is missing; it says what the case asks, and of whom" in said
    assert "`businesscase new our-case` begins one" in said
    assert "sheet 'scenarios' is missing" in said


def test_an_update_of_a_case_that_is_not_there_is_refused(own_data, capsys):
    Path("partners.csv").write_text("partner,role\nEa,lead\n", encoding="utf-8")
    assert cli.main(["import", "partners.csv", "our-case", "--update"]) == 1
    assert "case 'our-case' is unknown" in capsys.readouterr().err


def run_alone(*commands):
    """Run commands one after the other, each a process of its own."""
    for command in commands:
        done = subprocess.run(
            [sys.executable, "-m", "businesscase", *command],
            cwd=ROOT,
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stderr


BEGUN = ["new", "our-case", "--partners", "Ea,Bee"], ["check", "our-case"]


@pytest.mark.long
def test_a_case_can_be_begun_checked_and_reported_by_commands_alone(own_data, tmp_path):
    """The whole way of a new user."""
    reports = ["--output", str(tmp_path / "reports"), "--quiet"]
    run_alone(*BEGUN, ["report", "our-case", "--scenario", "base", *reports])
    page = (tmp_path / "reports" / "our-case" / "base" / "report.html").read_text(encoding="utf-8")
    assert "Should Ea and Bee share one ICT service" in page


def break_cells(path: Path, changed: dict) -> None:
    """Write other values into cells of a workbook, the rest as it is, as somebody's program would."""
    import python_calamine
    import xlsxwriter

    workbook = python_calamine.CalamineWorkbook.from_path(str(path))
    sheets = {name: workbook.get_sheet_by_name(name).to_python() for name in workbook.sheet_names}
    with xlsxwriter.Workbook(
        path, {"strings_to_formulas": False, "strings_to_urls": False}
    ) as written:
        date = written.add_format({"num_format": "yyyy-mm-dd"})
        for name, rows in sheets.items():
            sheet = written.add_worksheet(name)
            for number, row in enumerate(rows):
                for column, value in enumerate(row):
                    if isinstance(value, dt.date):
                        sheet.write_datetime(number, column, value, date)
                    else:
                        sheet.write(number, column, value)
            for (at, cell), value in changed.items():
                if at == name:
                    sheet.write(cell, value)


def test_no_resolution_is_put_while_worked_rows_are_left(own_data):
    new_case("our-case", PARTNERS, TODAY)
    study = load_study("our-case")
    assert not study.resolutions.resolutions.empty
    front = report_of(study, {}).front[0]
    texts = [getattr(block, "text", "") for block in front.blocks]
    at = texts.index("Draft resolutions")
    assert texts[at + 1] == "None is put as long as worked rows are left."
    assert not [text for text in texts if "That Cabinet approve" in text]


def test_rows_whose_notes_say_what_belongs_there_are_worked_rows_whatever_their_source(own_data):
    folder = new_case("our-case", ["Ea", "Bee"], TODAY)
    before = worked_rows(load_case("our-case").tables)
    for path in folder.glob("*.*"):
        path.write_text(path.read_text("utf-8").replace(WORKED_ROW, "our-papers"), "utf-8")
    load_case.cache_clear()
    after = worked_rows(load_case("our-case").tables)
    assert before.keys() - after.keys() <= {"data_log"}  # which has no notes
    assert all(after[stem] >= count - 5 for stem, count in before.items() if stem in after)


def test_every_page_that_names_a_recommendation_says_that_nothing_can_be_decided_yet(own_data):
    new_case("our-case", ["Ea", "Bee"], TODAY)
    said = "Nothing can be decided on this yet"
    study = load_study("our-case")
    state = {("our-case", "base"): {"recommendation": "go", "files": ["report.html"]}}
    assert said in index_html([study.case], state)
    assert said in str(report_of(study, {}).front[0].blocks)
    assert said in dict(comparison_of(study, nbformat.v4.new_notebook()).facts)["Standing"]
    book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(workbook(study)))
    for name in ("Summary", "Recommendation"):
        cells = [str(cell) for row in book.get_sheet_by_name(name).to_python() for cell in row]
        assert any(said in cell for cell in cells), name


def test_a_fault_that_many_rows_have_is_told_three_times_and_counted(own_data):
    folder = new_case("our-case", PARTNERS, TODAY)
    path = folder / "flows.csv"
    text = path.read_text("utf-8")
    path.write_text(text.replace(WORKED_ROW, "our-papers"), "utf-8")
    with pytest.raises(InputError) as refused:
        load_case("our-case")
    rows = len(read_folder(folder).tables["flows"])
    assert len(refused.value.faults) == 3
    assert [fault.details["found"] for fault in refused.value.faults] == ["our-papers"] * 3
    assert refused.value.faults[-1].endswith(f"; and {rows - 3} more like it")
