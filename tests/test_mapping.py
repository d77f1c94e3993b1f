"""A workbook in a council's own layout, read through a mapping: what is made of it, what is refused."""

import datetime as dt
import tomllib
from pathlib import Path

import pytest
import typst
import xlsxwriter
from docx import Document
from docx.oxml.ns import qn
from test_own_case import content

from businesscase.cases.case import load_case
from businesscase.cases.errors import InputError
from businesscase_workbench import cli
from businesscase_workbench.case_import import changed_figures, import_case
from businesscase_workbench.spreadsheet import importing
from businesscase_workbench.spreadsheet.cells import Cell, amount_in
from businesscase_workbench.spreadsheet.draft import suggest
from businesscase_workbench.spreadsheet.mapping import read_mapping

MODEL = """\
ICT model (£000),,,,,
Line,Who,2026/27,2027/28,2028/29,Total
Current cost,North,500,500,500,1500
Current cost,East,300,300,300,900
Of which network,all,50,50,0,100
Team savings,pooled,0,-40,-40,-80
Redundancy,North,30.5,0,0,30.5
Grant,all,-20,0,0,-20
"""
BASE = """\
[[read]]
sheet = "model"
table = "service_costs"
columns = { Who = "partner", Line = "category" }
constants = { funding = "revenue" }
only = { Line = ["Current cost"] }
leave_out = { Line = ["Of which network"] }
scale = 1000
control = "Total"
across = { value = "amount_gbp" }
"""
FLOWS = """\
[[read]]
sheet = "model"
table = "flows"
columns = { Who = "partner", Line = ["line", "category", "flow"] }
constants = { funding = "revenue", option = "a" }
words.flow = { "Team savings" = "saving", Redundancy = "one_off_cost", Grant = "grant" }
words.partner = { all = "shared", pooled = "shared" }
only = { Line = ["Team savings", "Redundancy", "Grant"] }
leave_out = { Line = ["Of which network"] }
sign = "by flow"
scale = 1000
control = "Total"
across = { value = "amount_gbp" }
"""


def read(folder, mapping, **texts):
    """Return what a mapping makes of CSV files, each named as a sheet."""
    source = folder / "books"
    source.mkdir(exist_ok=True)
    for name, text in texts.items():
        (source / f"{name}.csv").write_text(text, encoding="utf-8")
    path = folder / "our.mapping.toml"
    path.write_text(mapping, encoding="utf-8")
    return importing.read(source, mapping=read_mapping(path))


def refusals(folder, mapping, **texts):
    return read(folder, mapping, **texts).raw.faults


def test_years_become_rows_and_neighbours_of_one_amount_one_row(tmp_path):
    found = read(tmp_path, BASE + FLOWS, model=MODEL)
    assert found.raw.faults == []
    costs = [
        (row["partner"], row["year"], row["amount_gbp"])
        for row in found.raw.tables["service_costs"]
    ]
    assert costs == [("North", "2026", "500000"), ("East", "2026", "300000")]
    flows = [
        (row["flow"], row["partner"], row["first_year"], row["last_year"], row["amount_gbp"])
        for row in found.raw.tables["flows"]
    ]
    assert flows == [
        ("saving", "shared", "2027", "2028", "40000"),
        ("one_off_cost", "North", "2026", "2026", "30500"),
        ("grant", "shared", "2026", "2026", "20000"),
    ]
    saving = found.raw.tables["flows"][0]
    assert saving["status"] == "assumed" and saving["source"] == "import"
    assert saving["paragraph"] == "line 6 (-40 in D to E, times -1,000)"


@pytest.mark.parametrize(
    ("was", "now", "said"),
    [
        ("1500\n", "1501\n", "found 1,501, but the 3 columns of the row add up to 1,500"),
        ("(£000)", "(£m)", "found '£m', scale = 1000000, but the mapping says scale = 1000"),
        ("(£000)", "(€000)", "which the workbook doesn't take"),
        ("300,300,300", "300,300k,300", "which has a unit of its own beside scale = 1000"),
        ("300,300,300", "300,tbc,300", "found 'tbc', not a number"),
        ("2027/28", "2026-27", "'2026-27' is the year of column C too"),
        ("2028/29", "2028/29 to 2030/31", "nothing says whether an amount is that of each"),
        ("2028/29", "Year three", "the heading 'Year three' isn't in the mapping"),
        ("Who,", "Council,", "the heading Who of the mapping is missing"),
        ("Grant,all", "Rent,all", "row 8 ('Rent'): no part of the mapping takes"),
        ("Team savings", "Team saving", "row 6 ('Team saving'): no part of the mapping takes"),
    ],
)
def test_what_no_longer_fits_the_mapping_is_refused_with_its_place(tmp_path, was, now, said):
    assert was in MODEL
    faults = refusals(tmp_path, BASE + FLOWS, model=MODEL.replace(was, now))
    assert [fault for fault in faults if said in fault], faults
    assert all("model.csv" in fault or "our.mapping" in fault for fault in faults)


def test_a_total_of_rows_is_held_against_them_with_a_label_written_once(tmp_path):
    mapping = """\
[[read]]
sheet = "budget"
table = "service_costs"
columns = { Council = "partner", Line = "category" }
constants = { funding = "revenue" }
fill_down = ["Council"]
totals = "leave out"
across = { value = "amount_gbp" }
"""
    text = "Council,Line,2026/27\nNorth,Staff,70\n,Lines,30\nNorth total,,{}\nEast,Staff,20\n"
    found = read(tmp_path, mapping, budget=text.format(100))
    assert not found.raw.faults
    owners = [row["partner"] for row in found.raw.tables["service_costs"]]
    assert owners == ["North", "North", "East"]
    assert any("its 100 is what the 2 rows above add up to" in said for said in found.conversions)
    (fault,) = refusals(tmp_path, mapping, budget=text.format(103))
    assert "line 4" in fault and "it says 103, but the 2 rows above add up to 100" in fault


def test_each_block_may_have_its_title_as_a_value_and_headings_of_its_own(tmp_path):
    mapping = """\
[[read]]
sheet = "budget"
table = "service_costs"
title = "partner"
columns = { Line = "category" }
constants = { funding = "revenue" }
across = { value = "amount_gbp" }
"""
    text = "North\nLine,2026/27,2027/28\nStaff,70,70\n\nEast\nLine,2025/26,2026/27\nStaff,20,20\nLines,9,8\n"
    found = read(tmp_path, mapping, budget=text)
    assert not found.raw.faults
    assert [
        (row["partner"], row["category"], row["year"], row["amount_gbp"])
        for row in found.raw.tables["service_costs"]
    ] == [
        ("North", "Staff", "2026", "70"),
        ("East", "Staff", "2025", "20"),
        ("East", "Lines", "2025", "9"),
    ]
    assert any("what it is in 2026/27 is left out" in said for said in found.conversions)


def test_a_matrix_of_options_and_words_of_risks_are_read_by_their_forms(tmp_path):
    mapping = """\
[[read]]
sheet = "options"
table = "scores"
columns = { Option = "{option}. {}" }
leave_out = { Option = ["Weight"] }
constants = { assessor = "officers" }
across = { headings = ["Cost", "Quality"], column = "factor", value = "score" }
[[read]]
sheet = "options"
table = "factors"
columns = { Option = "note" }
only = { Option = ["Weight"] }
constants = { lowest_score = 0, highest_score = 10 }
words.kind = { Cost = "cost", Quality = "benefit" }
across = { headings = ["Cost", "Quality"], column = ["factor", "definition", "kind"], value = "weight" }
[[read]]
sheet = "risks"
table = "risks"
columns = { Ref = "R{risk}", Risk = "description", Likelihood = "likelihood", Residual = "{residual_likelihood} / {residual_impact}" }
words.likelihood = { "4 - Likely" = "Likely" }
"""
    texts = {
        "options": "Option,Cost,Quality\nWeight,0.4,0.6\nA. Stay,4,5\nB. Share,8,7\n",
        "risks": "Ref,Risk,Likelihood,Residual\nR1,Late,4 - Likely,Possible / Major\n",
    }
    found = read(tmp_path, mapping, **texts)
    assert not found.raw.faults
    scores = {(row["option"], row["factor"]): row["score"] for row in found.raw.tables["scores"]}
    assert scores == {
        ("a", "Cost"): "4",
        ("a", "Quality"): "5",
        ("b", "Cost"): "8",
        ("b", "Quality"): "7",
    }
    assert [(row["factor"], row["kind"], row["weight"]) for row in found.raw.tables["factors"]] == [
        ("Cost", "cost", "0.4"),
        ("Quality", "benefit", "0.6"),
    ]
    (risk,) = found.raw.tables["risks"]
    assert (risk["risk"], risk["likelihood"], risk["residual_impact"]) == ("1", "Likely", "Major")
    texts["risks"] = texts["risks"].replace("R1", "Number 1").replace("Possible / Major", "low")
    faults = refusals(tmp_path, mapping, **texts)
    assert len(faults) == 2 and "found 'Number 1'; the mapping reads it as 'R{risk}'" in faults[0]
    assert (
        "found 'low'; the mapping reads it as '{residual_likelihood} / {residual_impact}'"
        in faults[1]
    )


@pytest.mark.parametrize(
    ("mapping", "said"),
    [
        ("[[read]]\nsheet = 1", "read 1 (sheet 1): columns is missing"),
        ("[[read]", "is no TOML"),
        (BASE.replace("category", "categry"), "column 'categry' is unknown; nearest: category"),
        (BASE.replace("service_costs", "costs"), "table 'costs' is unknown"),
        (BASE.replace("scale = 1000", "scale = 10"), "read 1 (sheet 'model'), scale: found '10'"),
        (BASE.replace("only = ", "onyl = "), "key 'onyl' is unknown; nearest: only"),
        (
            BASE.replace("only = { Line", "only = { Lines"),
            "found 'Lines', which is no heading under columns",
        ),
        (BASE.replace("funding = ", "fund = "), "column 'fund' is unknown"),
        (BASE.replace("scale = 1000", 'sign = "by flow"'), "no column is read as flow"),
        ("add.partners = [{ name = 'North' }]", "add.partners 1: column 'name' is unknown"),
        (
            BASE.replace("model", "modle"),
            "the mapping reads it; sheet 'modle' is unknown; nearest: model",
        ),
    ],
)
def test_a_mapping_that_says_what_can_t_be_is_refused(tmp_path, mapping, said):
    try:
        faults = refusals(tmp_path, mapping, model=MODEL)
    except InputError as error:
        faults = error.faults
    assert [fault for fault in faults if said in fault], faults


def test_a_table_of_the_case_with_a_column_a_year_needs_no_mapping(tmp_path):
    path = tmp_path / "service_costs.csv"
    path.write_text(
        "partner,category,funding,2024/25,2025/26,2026/27\nNorth,staff,revenue,£10,£20,£30\n",
        encoding="utf-8",
    )
    found = importing.read(path, decision_year=2025)
    assert not found.raw.faults
    (row,) = found.raw.tables["service_costs"]
    assert (row["year"], row["amount_gbp"]) == ("2025", "20")
    assert any(
        "what it is in 2024/25 and 2026/27 is left out" in said for said in found.conversions
    )


# from a workbook to a case


def workbook(path, saving=-90.0):
    """Write a workbook of two councils, in thousands, with totals as formulas."""
    with xlsxwriter.Workbook(path) as book:
        budget = book.add_worksheet("Budget")
        budget.write(0, 0, "Joint ICT: revenue budget")
        budget.write(1, 0, "£000, 2026/27 prices")
        years = ["2026/27", "2027/28", "2028/29"]
        budget.write_row(3, 0, ["Council", "Line", "Type", *years, "Total"])
        rows = [
            ["Northmere", "Employees", "Revenue", 700.5, 700.5, 700.5],
            ["", "Hosting", "Revenue", 90, 90, 90],
            ["", "Income", "Income", -30, -30, -30],
            ["Northmere total", "", "", 760.5, 760.5, 760.5],
            ["Eastholt", "Employees", "Revenue", 520, 520, 520],
            ["Eastholt total", "", "", 520, 520, 520],
            ["", "", "", "", "", ""],
            ["Savings from sharing (option B)"],
            ["Northmere", "Service desk", "Saving", 0, -60, -60],
            ["Both", "Data centre", "Saving", 0, 0, saving],
            ["", "", "", "", "", ""],
            ["One-off costs"],
            ["Both", "Programme manager", "One-off", 80, 80, 0],
            ["Both", "Network", "Capital", 200, 0, 0],
            ["Note: both is split 60:40 by devices"],
        ]
        for at, row in enumerate(rows, 4):
            budget.write_row(at, 0, [cell if cell != "" else None for cell in row])
            if len(row) > 1 and row[3] != "":
                budget.write_formula(at, 6, f"=SUM(D{at + 1}:F{at + 1})", None, sum(row[3:]))
        options = book.add_worksheet("Options")
        options.write_row(0, 0, ["Option", "Cost", "Quality"])
        options.write_row(1, 0, ["Weight", 0.5, 0.5])
        options.write_row(2, 0, ["A. Stay as we are", 3, 5])
        options.write_row(3, 0, ["B. Share", 8, 7])
        notes = book.add_worksheet("Contacts")
        notes.write_row(0, 0, ["Person", "Phone"])
        notes.write_row(1, 0, ["Director", "01632 960000"])


def test_a_workbook_becomes_a_case_by_the_mapping_drafted_from_it(own_data, tmp_path, capsys):
    book = tmp_path / "budget v3.xlsx"
    workbook(book)
    assert cli.main(["import", str(book), "our-case", "--suggest"]) == 0
    said = capsys.readouterr().out
    assert (
        "sheet 'Budget' as service_costs: sure, 4 lines of today's cost, 1 of them income" in said
    )
    assert "sheet 'Contacts': left out, nothing here is known (Person, Phone)" in said
    assert not (own_data / "our-case").exists()
    command = ["import", str(book), "our-case", "--mapping", "our-case.mapping.toml"]
    assert cli.main(command) == 0, capsys.readouterr().err
    case = load_case("our-case")
    costs = case.tables["service_costs"]
    assert costs.groupby("partner")["amount_gbp"].sum().to_dict() == {
        "Northmere": 760_500,  # the totals of the workbook, income taken off
        "Eastholt": 520_000,
    }
    assert dict(zip(costs["category"], costs["nature"], strict=True))["Income"] == "income"
    flows = case.tables["flows"]
    assert set(flows["option"]) == {"b"} and case.file.preferred_option == "b"
    assert case.file.comparator == "a" and case.file.decision_year == 2026
    total = flows.assign(years=flows["last_year"] - flows["first_year"] + 1)
    total = (total["amount_gbp"] * total["years"]).groupby(total["flow"]).sum()
    assert total.to_dict() == {"saving": 210_000, "one_off_cost": 360_000}
    assert set(flows.loc[flows["partner"] == "shared", "split"]) == {"agreed"}
    assert flows.loc[flows["funding"] == "capital", "line"].tolist() == ["Network"]
    shares = case.tables["drivers"].set_index("partner")["value"]
    assert shares.to_dict() == {"Northmere": 60, "Eastholt": 40}
    assert cli.main(["check", "our-case"]) == 0

    # the next version of the workbook, by the same mapping
    workbook(book, saving=-75.0)
    before = content(own_data / "our-case")
    assert cli.main([*command, "--update"]) == 0
    said = capsys.readouterr().out
    assert (
        "flows: b, Data centre, saving, shared, revenue, 2028/29: amount_gbp was 90000, is 75000"
        in said
    )
    now = content(own_data / "our-case")
    assert {name for name in now if now[name] != before[name]} == {"flows.csv"}
    assert cli.main(["import", str(book), "our-case", "--suggest"]) == 1
    assert "exists; nothing is written over it" in capsys.readouterr().err


def test_the_only_option_with_savings_is_proposed_where_the_mapping_names_none(
    own_data, tmp_path, capsys
):
    source, mapping = tmp_path / "model.csv", tmp_path / "m.toml"
    source.write_text(MODEL, encoding="utf-8")
    case = "[case]\ndecision_year = 2026\n"
    partners = '[[add.partners]]\npartner = "North"\nrole = "lead"\n[[add.partners]]\npartner = "East"\nrole = "partner"\n'
    flows = FLOWS.replace('option = "a"', 'option = "b"')
    command = ["import", str(source), "our-case", "--mapping", str(mapping)]

    other = flows.replace('option = "b"', 'option = "c"')
    mapping.write_text(case + BASE + flows + other + partners, encoding="utf-8")
    assert cli.main(command) == 1
    assert "m.toml: options b and c have savings; name under [case]" in capsys.readouterr().err
    assert not (own_data / "our-case").exists()

    mapping.write_text(case + BASE + flows + partners, encoding="utf-8")
    assert cli.main(command) == 0, capsys.readouterr().err
    assert "preferred_option is b, the only option with savings" in capsys.readouterr().out
    assert load_case("our-case").file.preferred_option == "b"


def test_what_a_draft_guesses_is_told_apart_from_what_it_is_sure_of(tmp_path):
    path = tmp_path / "model.csv"
    path.write_text(MODEL, encoding="utf-8")
    draft = suggest(path, "Our case")
    assert "# sure: 2 lines of today's cost" in draft.text
    assert "# guessed: 3 lines of option a: grant, one-off cost and saving" in draft.text
    assert 'leave_out = { Line = ["Of which network"] }' in draft.text
    assert draft.partners == ["North", "East"]


def test_a_change_is_told_year_by_year_whatever_the_runs():
    row = {
        "option": "a",
        "line": "Desk",
        "flow": "saving",
        "partner": "North",
        "funding": "revenue",
    }
    before = [row | {"first_year": "2026", "last_year": "2028", "amount_gbp": "5"}]
    after = [
        row | {"first_year": "2026", "last_year": "2026", "amount_gbp": "5"},
        row | {"first_year": "2027", "last_year": "2028", "amount_gbp": "6"},
    ]
    assert list(changed_figures({"flows": before}, {"flows": after})) == [
        f"flows: a, Desk, saving, North, revenue, {year}: amount_gbp was 5, is 6"
        for year in ("2027/28", "2028/29")
    ]
    assert list(changed_figures({"flows": after}, {"flows": after})) == []


# a case that begins small


def test_a_small_case_has_four_tables_and_grows_by_sections(own_data, capsys):
    assert cli.main(["new", "our-case", "--small", "--partners", "North,East"]) == 0
    assert {path.stem for path in (own_data / "our-case").glob("*.csv")} == {
        "partners", "service_costs", "flows", "gates",
    }  # fmt: skip
    assert cli.main(["check", "our-case"]) == 0
    for section in ("options", "risks", "plan", "readiness", "decision", "assurance"):
        assert cli.main(["add", section, "our-case"]) == 0, capsys.readouterr().err
    capsys.readouterr()
    assert cli.main(["check", "our-case"]) == 0
    said = capsys.readouterr().out
    assert "our-case: the report will have 7 chapters: what is spent today, options, costs" in said
    assert "our-case: without headroom: affordable is tested against today's cost alone" in said
    assert "without risks" not in said
    assert (
        "our-case: next: put your own rows in place of the worked ones, first in partners.csv"
        in said
    )
    assert "exposure within appetite" in set(load_case("our-case").tables["gates"]["criterion"])
    before = content(own_data / "our-case")
    assert cli.main(["add", "risks", "our-case"]) == 1
    assert "has rows already" in capsys.readouterr().err
    assert cli.main(["add", "rsks", "our-case"]) == 1
    assert "nearest: risks" in capsys.readouterr().err
    assert content(own_data / "our-case") == before


def test_rows_that_come_take_the_worked_rows_that_hang_on_them_away(own_data, capsys):
    assert cli.main(["new", "our-case", "--partners", "North,East"]) == 0
    source = own_data.parent / "mine"
    source.mkdir()
    (source / "partners.csv").write_text("partner,role\nWesting,lead\nSouthby,partner\n")
    (source / "service_costs.csv").write_text(
        "partner,category,funding,year,amount\nWesting,staff,revenue,2027,5000\nSouthby,staff,revenue,2027,4000\n".replace(
            "amount\n", "amount_gbp\n"
        )
    )
    (source / "flows.csv").write_text(
        "option,line,flow,category,funding,partner,first_year,amount_gbp\n"
        f"a,Desk,saving,staff,revenue,Westing,{dt.date.today().year + 2},900\n"
    )
    assert cli.main(["import", str(source), "our-case", "--update"]) == 0, capsys.readouterr().err
    said = capsys.readouterr().out
    assert "drivers.csv: 6 worked rows taken away" in said
    assert "scenarios.toml: one-partner-leaves taken away" in said
    assert "cost_apportionment is equal, as no driver is left" in said
    assert len(load_case("our-case").tables["risks"])  # these name no partner and stay


# papers


def paper(path, total="1,020.5", tracked=False):
    """Write a committee paper in Word with a table in thousands, a council's name merged down."""
    document = Document()
    document.add_paragraph("Table 3: cost of the present services, £000")
    table = document.add_table(rows=5, cols=4)
    rows = [
        ["Council", "Line", "2026/27", "2027/28"],
        ["Northmere", "Employees", "700.5", "700.5"],
        ["", "Hosting", "120", "120"],
        ["Eastholt", "Employees", "200", "200"],
        ["Total", "", total, "1,020.5"],
    ]
    for at, row in enumerate(rows):
        for column, text in enumerate(row):
            table.cell(at, column).text = text
    table.cell(1, 0).merge(table.cell(2, 0)).text = "Northmere"
    if tracked:
        paragraph = table.cell(1, 2).paragraphs[0]._p
        paragraph.append(paragraph.makeelement(qn("w:ins"), {}))
    document.add_paragraph("The table is in thousands.")
    document.save(path)


def test_a_table_of_a_committee_paper_is_read_as_a_sheet_is(tmp_path):
    path = tmp_path / "paper.docx"
    paper(path)
    mapping = tmp_path / "m.toml"
    mapping.write_text(suggest(path, "Our case").text, encoding="utf-8")
    found = importing.read(path, mapping=read_mapping(mapping))
    assert not found.raw.faults
    assert [
        (row["partner"], row["category"], row["amount_gbp"])
        for row in found.raw.tables["service_costs"]
    ] == [
        ("Northmere", "Employees", "700500"),
        ("Northmere", "Hosting", "120000"),
        ("Eastholt", "Employees", "200000"),
    ]
    assert any(
        "its 1,020.50 is what the 3 rows above add up to" in said for said in found.conversions
    )
    paper(path, total="1,045.5")
    (fault,) = importing.read(path, mapping=read_mapping(mapping)).raw.faults
    assert "paper.docx, sheet 'Table 1', row 6" in fault and "it says 1,045.50" in fault


def test_a_paper_without_a_table_or_with_tracked_changes_is_refused(tmp_path):
    path = tmp_path / "paper.docx"
    paper(path, tracked=True)
    with pytest.raises(InputError, match="table 1 holds tracked changes"):
        importing.read(path)
    Document().save(path)
    with pytest.raises(InputError, match="the document has no table"):
        importing.read(path)
    path.write_bytes(b"PK no document")
    with pytest.raises(InputError, match=r"is an archive, but not a workbook|damaged"):
        importing.read(path)


PDF = """\
#set page(width: 16cm, height: 9cm)
Table 3: cost of the present services, £000

#table(columns: 4, stroke: {stroke},
  [Council], [Line], [2026/27], [2027/28],
  [Northmere], [Employees], [700.5], [700.5],
  [Northmere], [Hosting], [120{raised}], [120],
  [Eastholt], [Employees], [200], [200],
  [Total], [], [1,020.5], [1,020.5],
)
"""


def pdf(path, stroke="1pt", raised=""):
    """Write a committee paper as PDF."""
    text = PDF.replace("{stroke}", stroke).replace("{raised}", raised)
    path.write_bytes(typst.compile(text.encode()))


def test_a_ruled_table_of_a_pdf_is_read_and_its_pages_are_drawn_beside_the_draft(
    own_data, tmp_path
):
    path = tmp_path / "paper.pdf"
    pdf(path)
    assert cli.main(["import", str(path), "our-case", "--suggest"]) == 0
    picture = Path("our-case.page-1.png").read_bytes()
    assert picture.startswith(b"\x89PNG")
    found = importing.read(path, mapping=read_mapping(Path("our-case.mapping.toml")))
    assert not found.raw.faults
    assert of_costs(found.raw.tables) == [
        ("Northmere", "Employees", "700500"),
        ("Northmere", "Hosting", "120000"),
        ("Eastholt", "Employees", "200000"),
    ]
    row = found.raw.tables["service_costs"][0]
    assert row["paragraph"].startswith("sheet Page 1 table 1, row 3")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"stroke": "none"}, "no page has a table with ruled lines"),
        ({"raised": "#super[1]"}, "of which '1' is raised"),
        ({"raised": "#super(typographic: false)[1]"}, "of which '1' is raised"),
    ],
)
def test_what_isn_t_sure_in_a_pdf_is_refused(tmp_path, options, said):
    path, mapping = tmp_path / "paper.pdf", tmp_path / "m.toml"
    pdf(path)
    mapping.write_text(suggest(path, "Our case").text, encoding="utf-8")
    pdf(path, **options)
    try:
        faults = importing.read(path, mapping=read_mapping(mapping)).raw.faults
    except InputError as error:
        faults = error.faults
    assert [fault for fault in faults if said in fault], faults


def test_a_pdf_that_is_a_picture_or_damaged_is_refused(tmp_path):
    path = tmp_path / "scan.pdf"
    source = b'#set page(width: 5cm, height: 5cm)\n#image(bytes("<svg xmlns=\\"http://www.w3.org/2000/svg\\" width=\\"9\\" height=\\"9\\"><rect width=\\"9\\" height=\\"9\\"/></svg>"), format: "svg")'
    path.write_bytes(typst.compile(source))
    with pytest.raises(InputError, match=r"no page has a table|is a picture"):
        importing.read(path)
    path.write_bytes(b"%PDF-1.7 nothing")
    with pytest.raises(InputError, match=r"scan.pdf: is damaged|no page has"):
        importing.read(path)


# layouts that a draft recognises


def drafted(folder, **texts):
    """Return the tables that the drafted mapping of CSV files makes of them."""
    source = folder / "books"
    source.mkdir()
    for name, text in texts.items():
        (source / f"{name}.csv").write_text(text, encoding="utf-8")
    mapping = folder / "m.toml"
    mapping.write_text(suggest(source, "Our case").text, encoding="utf-8")
    raw = importing.read(source, mapping=read_mapping(mapping)).raw
    assert not raw.faults, (raw.faults, mapping.read_text(encoding="utf-8"))
    return raw.tables


def of_costs(tables):
    return [(row["partner"], row["category"], row["amount_gbp"]) for row in tables["service_costs"]]


SHEETS = {
    "a council a block with headings of its own": {
        "costs": "North\nLine,2026/27,2027/28\nStaff,70,70\nLines,9,9\nTotal,79,79\n\n"
        "East\nLine,2026/27,2027/28\nStaff,20,20\nLines,8,8\n",
    },
    "a council a block under the same headings": {
        "costs": "Line,2026/27,2027/28\nNorth\nStaff,70,70\nLines,9,9\nEast\nStaff,20,20\nLines,8,8\n",
    },
    "a council a block with a total of all": {
        "costs": "Line,2026/27,2027/28\nNorth\nStaff,70,70\nLines,9,9\nSubtotal,79,79\n"
        "East\nStaff,20,20\nLines,8,8\nSubtotal,28,28\nTotal,107,107\n",
    },
    "a council a sheet": {
        "North": "Line,2026/27,2027/28\nStaff,70,70\nLines,9,9\n",
        "East": "Line,2026/27,2027/28\nStaff,20,20\nLines,8,8\n",
    },
    "a council a column": {
        "costs": "Line,North DC,East BC\nStaff,70,20\nLines,9,8\nTotal,79,28\n",
    },
    "headings in two rows": {
        "costs": ",,2026/27,2027/28\nCouncil,Line,Budget £,Forecast £\n"
        "North,Staff,70,70\n,Lines,9,9\nEast,Staff,20,20\n,Lines,8,8\n",
    },
    "headings in three rows, councils over years": {
        "costs": "ICT budgets\n,North,,East,\n,2026/27,2027/28,2026/27,2027/28\n"
        "Line,Budget,Budget,Budget,Budget\nStaff,70,70,20,20\nLines,9,9,8,8\n",
    },
    "headings in three rows, a unit the last": {
        "costs": ",,2026/27,2027/28\n,,Budget,Forecast\nCouncil,Line,£000,£000\n"
        "North,Staff,0.07,0.07\n,Lines,0.009,0.009\nEast,Staff,0.02,0.02\n,Lines,0.008,0.008\n",
    },
    "a budget and a forecast of each year": {
        "costs": "Council,Line,Forecast 26/27,26/27 Budget,Variance 26/27,Forecast 27/28,27/28 Budget\n"
        "North,Staff,71,70,1,71,70\nNorth,Lines,9,9,0,9,9\nEast,Staff,21,20,1,21,20\nEast,Lines,8,8,0,8,8\n",
    },
    "an outturn before the budget": {
        "costs": "Council,Line,2025/26 Outturn,2026/27 Budget\n"
        "North,Staff,66,70\nNorth,Lines,6,9\nEast,Staff,26,20\nEast,Lines,6,8\n",
    },
    "credits as in a ledger, and words for nothing": {
        "costs": "Council,Line,2026/27,2027/28\nNorth,Staff,70 DR,70\nNorth,Lines,9,9\nNorth,Post,nil,-\n"
        "East,Staff,20,20\nEast,Lines,8,8\nEast,Post,n/a,n/a\n",
    },
    "quarters beside their year": {
        "costs": "Council,Line,2026/27 Q1,2026/27 Q2,2026/27\n"
        "North,Staff,30,40,70\nNorth,Lines,4,5,9\nEast,Staff,10,10,20\nEast,Lines,4,4,8\n",
    },
    "years of five together": {
        "costs": "Council,Line,2026/27,2027/28 to 2031/32\nNorth,Staff,70,70\nNorth,Lines,9,9\n"
        "East,Staff,20,20\nEast,Lines,8,8\n",
    },
    "a line a year": {
        "costs": "Council,Subjective,Annual budget\nNorth,Staff,70\nNorth,Lines,9\nEast,Staff,20\nEast,Lines,8\n",
    },
}


@pytest.mark.parametrize("layout", SHEETS)
def test_a_layout_that_councils_keep_is_drafted_and_read(tmp_path, layout):
    found = of_costs(drafted(tmp_path, **SHEETS[layout]))
    names = {"North DC": "North", "East BC": "East"}
    assert sorted((names.get(who, who), line, amount) for who, line, amount in found) == [
        ("East", "Lines", "8"),
        ("East", "Staff", "20"),
        ("North", "Lines", "9"),
        ("North", "Staff", "70"),
    ]


def suggested(folder, **texts):
    """Return the draft of a mapping of CSV files, and what is said of it."""
    source = folder / "books"
    source.mkdir()
    for name, text in texts.items():
        (source / f"{name}.csv").write_text(text, encoding="utf-8")
    draft = suggest(source, "Our case")
    return tomllib.loads(draft.text), " / ".join(draft.said)


def test_a_council_and_a_service_above_one_year_are_read_as_both(tmp_path):
    text = (
        ",North,,East,\n,Desk,Networks,Desk,Networks\nLine,2026/27,2026/27,2026/27,2026/27\n"
        "Staff,70,7,20,2\nLines,9,0,8,0\n"
    )
    rows = drafted(tmp_path, costs=text)["service_costs"]
    assert [
        (row["partner"], row["service"], row["category"], row["amount_gbp"]) for row in rows
    ] == [
        ("North", "Desk", "Staff", "70"),
        ("North", "Desk", "Lines", "9"),
        ("North", "Networks", "Staff", "7"),
        ("East", "Desk", "Staff", "20"),
        ("East", "Desk", "Lines", "8"),
        ("East", "Networks", "Staff", "2"),
    ]


@pytest.mark.parametrize(
    ("headings", "said"),
    [
        ("Q1 2026,Q2 2026", "here are parts of a year; add them up to years"),
        ("Apr 2026,May 2026", "here are parts of a year; add them up to years"),
        ("2026-04-01,2026-05-01", "here are parts of a year; add them up to years"),
        ("Year 0,Year 1", "its years are counted and not named; head them 2026/27 and so on"),
        ("Gross 2026/27,Income 2026/27", "a year stands in several columns ('Gross' and 'Income')"),
    ],
)
def test_a_sheet_whose_columns_are_no_years_is_left_out_with_the_reason(tmp_path, headings, said):
    text = f"Council,Line,{headings}\nNorth,Staff,70,70\nEast,Staff,20,20\n"
    draft, told = suggested(tmp_path, costs=text)
    assert draft["leave_out"] == ["costs"] and "read" not in draft
    assert said in told


def test_the_heading_of_each_block_is_no_council(tmp_path):
    head = "Council,Line,2026/27,2027/28\n"
    text = f"Option B\n\nSavings\n{head}North,Team,0,9\n\nOne-off costs\n{head}East,Project,5,0\n"
    text += "\nRunning costs\nAuthority,Line,2026/27,2027/28\nEast,Platform,5,5\n"
    draft, _ = suggested(tmp_path, costs=text)
    assert [row["partner"] for row in draft["add"]["partners"]] == ["North", "East"]


def budget_by_council(folder, heading, is_merged):
    """Return a draft of a budget with a heading over the councils, and what it makes of the file."""
    path = folder / "book.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("budget")
        sheet.write(0, 0, "Base budget (£000)")
        sheet.write_row(2, 0, ["Service", "Budget line", heading])
        if is_merged:
            sheet.merge_range(2, 2, 2, 3, heading)
        sheet.write_row(3, 2, ["North", "East", "Total"])
        sheet.write_row(4, 0, ["HR", "Staff", 70, 20, 90])
        sheet.write_row(5, 1, ["Contracts", 9, 8, 17])
        sheet.write_row(6, 0, ["ICT", "Staff", 7, 2, 9])
        sheet.write_row(7, 0, ["Total", "", 86, 30, 116])
    draft = suggest(path, "Our case")
    mapping = folder / "m.toml"
    mapping.write_text(draft.text, encoding="utf-8")
    return draft, importing.read(path, mapping=read_mapping(mapping)).raw


def test_a_year_that_is_merged_over_councils_is_that_of_each(tmp_path):
    draft, raw = budget_by_council(tmp_path, "2026/27 budget", is_merged=True)
    assert draft.partners == ["North", "East"] and not raw.faults
    found = {
        (row["partner"], row["service"], row["category"]): row["amount_gbp"]
        for row in raw.tables["service_costs"]
    }
    assert found == {
        ("North", "HR", "Staff"): "70000", ("North", "HR", "Contracts"): "9000", ("North", "ICT", "Staff"): "7000",
        ("East", "HR", "Staff"): "20000", ("East", "HR", "Contracts"): "8000", ("East", "ICT", "Staff"): "2000",
    }  # fmt: skip


def test_columns_of_numbers_without_a_heading_are_told(tmp_path):
    draft, _ = budget_by_council(tmp_path, "2026/27 budget", is_merged=False)
    assert "guessed" in draft.said[0]
    assert "numbers in columns D and E have no heading and are not read" in draft.said[0]


@pytest.mark.parametrize(
    ("rows", "once", "said"),
    [
        ("North,HR,Lead\n,,Clerk\nEast,HR,Lead\n", ["Council", "Service"], "written once for the rows below: Council"),
        ("North,HR,Lead\nNorth,,Clerk\nEast,HR,Lead\n", ["Service"], "written once for the rows below: Service"),
        ("North,HR,Lead\n,ICT,Clerk\nEast,,Lead\n", ["Council"], "written once for the rows below: Council"),
        (",HR,Lead\nNorth,HR,Clerk\nEast,HR,Lead\n", None, "no Council in row 2"),
        ("North,HR,Lead\nNorth,HR,Clerk\nEast,HR,Lead\n", None, "sure, by its headings"),
    ],
)  # fmt: skip
def test_a_council_written_once_for_its_posts_is_that_of_each(tmp_path, rows, once, said):
    text = "Council,Service,Post title,FTE\n" + rows.replace("\n", ",1\n")
    draft, told = suggested(tmp_path, posts=text)
    assert draft["read"][0].get("fill_down") == once and said in told
    assert ("guessed, by its headings" in told) is ("sure" not in said)


@pytest.mark.parametrize("title", ["Option B: HR and ICT, £", "Costs of option b", ""])
def test_the_option_that_a_title_names_is_that_of_the_lines(tmp_path, title):
    head = "Council,Line,2026/27,2027/28\n"
    text = f"{title}\n\nSavings\n{head}North,Team,0,9\n\nOne-off costs\n{head}East,Project,5,0\n"
    draft, told = suggested(tmp_path, costs=text)
    assert [one["constants"]["option"] for one in draft["read"]] == ["b" if title else "a"] * 2
    assert ("1 line of option b: saving" if title else "no option is named, and a taken") in told


def test_a_line_of_staff_by_its_type_rises_as_pay_does(tmp_path):
    lines = {
        "Fewer managers and advisers": "Staff",
        "Service desk contract": "Contract",
        "Programme team": "System",
        "Fewer systems": "Non-pay",
    }
    text = "Council,Line,Type,2026/27,2027/28\n"
    text += "".join(f"North,{line} savings,{kind},0,9\n" for line, kind in lines.items())
    draft, _ = suggested(tmp_path, costs=text)
    words = draft["read"][0]["words"]
    assert list(words["inflation"].values()) == ["pay", "prices", "pay", "prices"]
    assert list(words["category"]) == [f"{line} savings" for line in [*lines][::2]]


def test_years_in_rows_are_left_out_with_the_reason(tmp_path):
    draft, told = suggested(tmp_path, costs="Year,North,East\n2026/27,700,200\n2027/28,710,205\n")
    assert draft["leave_out"] == ["costs"] and "its years stand one below the other" in told


def test_what_of_two_columns_of_a_year_is_not_read_is_told(tmp_path):
    text = "Council,Line,Budget 2026/27,Forecast 2026/27\nNorth,Staff,70,71\nEast,Staff,20,21\n"
    draft, told = suggested(tmp_path, costs=text)
    assert "guessed, 2 lines of today's cost; not read: Forecast 2026/27" in told
    assert draft["read"][0]["ignore"] == ["Forecast 2026/27"]


@pytest.mark.parametrize("amount", ["TBC", "70 CR DR", "(70) CR"])
def test_an_amount_that_is_not_known_is_refused_with_its_cell(tmp_path, amount):
    text = f"Council,Line,2026/27,2027/28\nNorth,Staff,70,{amount}\nEast,Staff,20,20\n"
    mapping = (
        BASE.replace('"Current cost"', '"Staff"').replace("leave_out", "#").replace("control", "#")
    )
    mapping = mapping.replace("Who", "Council").replace("scale = 1000\n", "")
    (fault,) = refusals(tmp_path, mapping, model=text)
    assert f"line 2, column D: found {amount!r}" in fault


def test_headings_that_are_written_once_stand_over_what_comes_again(tmp_path):
    path = tmp_path / "book.xlsx"
    with xlsxwriter.Workbook(path) as book:
        sheet = book.add_worksheet("costs")
        sheet.merge_range(0, 1, 0, 2, "North")
        sheet.merge_range(0, 3, 0, 4, "East")
        sheet.write_row(1, 0, ["Line", "2026/27", "2027/28", "2026/27", "2027/28", "Notes"])
        sheet.write_row(2, 0, ["Staff", 70, 70, 20, 20, "checked"])
    mapping = tmp_path / "m.toml"
    mapping.write_text(suggest(path, "Our case").text, encoding="utf-8")
    found = importing.read(path, mapping=read_mapping(mapping)).raw
    assert not found.faults
    assert of_costs(found.tables) == [("North", "Staff", "70"), ("East", "Staff", "20")]


def test_a_matrix_of_criteria_by_options_is_drafted_too(tmp_path):
    tables = drafted(
        tmp_path,
        appraisal="Criterion,Weight,A. Stay,B. Share\nCost,40%,4,8\nQuality,60%,5,7\nTotal,,9,15\n",
    )
    scores = {(row["option"], row["factor"]): row["score"] for row in tables["scores"]}
    assert scores == {
        ("a", "Cost"): "4",
        ("b", "Cost"): "8",
        ("a", "Quality"): "5",
        ("b", "Quality"): "7",
    }
    weights = {row["factor"]: float(row["weight"]) for row in tables["factors"]}
    assert weights == {"Cost": 0.4, "Quality": 0.6}
    assert [row["name"] for row in tables["options"]] == ["Stay", "Share"]


@pytest.mark.parametrize(
    ("options", "names", "is_sure"),
    [
        (["A Stay apart", "B Share", "C Outsource"], ["Stay apart", "Share", "Outsource"], True),
        (["Stay apart", "Share", "Outsource"], ["Stay apart", "Share", "Outsource"], False),
    ],
)
def test_options_above_the_scores_have_any_letters_or_none(tmp_path, options, names, is_sure):
    head = f"Criterion,Weight,{','.join(options)}"
    text = f"{head}\nReach,40,3,8,6\nQuality,60,5,7,5\nWeighted total,100,4.2,7.4,5.4\n"
    draft, told = suggested(tmp_path, appraisal=text)
    assert [(row["option"], row["name"]) for row in draft["add"]["options"]] == list(
        zip("abc", names, strict=True)
    )
    assert draft["leave_out"] == [] and ("sure, 3 options by 2 criteria" in told) is is_sure
    assert draft["case"]["preferred_option"] == "b"


@pytest.mark.parametrize("columns", ["Score,Weighted score", "North,East", "Panel 1,Panel 2"])
def test_columns_beside_weights_that_are_no_options_are_left_out(tmp_path, columns):
    text = f"Criterion,Weight,{columns}\nReach,40,3,8\nQuality,60,5,7\n"
    costs = "Council,Line,2026/27\nNorth,Staff,7\nEast,Staff,6\n"
    _, told = suggested(tmp_path, appraisal=text, costs=costs)
    assert "sheet 'appraisal': left out" in told


SCORED = """\
[[read]]
sheet = "workshop"
table = "factors"
columns = { Criterion = ["factor", "definition"], Weight = "weight" }
constants = { kind = "benefit", lowest_score = 0, highest_score = 10 }
ignore = ["A", "B"]

[[read]]
sheet = "workshop"
table = "scores"
columns = { Criterion = "factor" }
ignore = ["Weight"]
across = { headings = ["A", "B"], column = "option", value = "score" }
"""


@pytest.mark.parametrize(
    ("row", "is_left"),
    [
        ("Weighted total,100,4.9,7.2", True),
        ("Total weighted score,,4.9,7.2", True),
        ("Weighted score:,,4.9,7.2", True),
        ("Overall score,100%,4.9,7.2", True),
        ("Sum,100,4.9,7.2", True),
        ("Total cost,70,5,6", False),
        ("Weighted risk,100,5,6", False),
        ("Cost,70,5,6", False),
    ],
)
def test_a_total_of_scores_or_weights_is_no_criterion(tmp_path, row, is_left):
    weights = ("40", "60") if "100" in row and is_left else ("40", "30")
    text = "Criterion,Weight,A,B\nQuality,{},4,8\nReach,{},5,7\n{}\n".format(*weights, row)
    given = SCORED.replace("constants = {", 'totals = "leave out"\nconstants = {')
    tables = read(tmp_path, given, workshop=text).raw.tables
    named = [line["factor"] for line in tables["factors"]]
    assert named == ["Quality", "Reach"] + [row.split(",")[0]] * (not is_left)
    (fault, *_) = refusals(tmp_path, SCORED, workshop=text) if is_left else [""]
    assert ("a total that would count twice" in fault) is is_left


MATRIX = "Option,Cost,Quality\nA. Stay,3,5\nB. Share,8,7\n"
WEIGHTS = {
    "on a sheet of their own, in text of per cent": {
        "options": MATRIX,
        "weights": "Criterion,Weighting\nCost,40%\nQuality,60%\nTotal,100%\n",
    },
    "in a block above, in points": {
        "options": f"Options appraisal\n\nCriteria,Weight (points)\nCost,40\nQuality,60\n\n{MATRIX}"
    },
    "in a block below, as fractions": {
        "options": f"{MATRIX}\nAgreed weights\nCriterion,Weight,Comment\nCost,0.4,low\nQuality,0.6,high\n"
    },
    "beside criteria in rows": {
        "options": "Criteria,A. Stay,B. Share\nCost,3,8\nQuality,5,7\n",
        "weights": "Criteria,%\nCost,40\nQuality,60\n",
    },
}


@pytest.mark.parametrize("where", WEIGHTS)
def test_weights_apart_from_the_scores_are_those_of_the_criteria(tmp_path, where):
    tables = drafted(tmp_path, **WEIGHTS[where])
    weights = {row["factor"]: float(row["weight"]) for row in tables["factors"]}
    assert weights["Quality"] / weights["Cost"] == pytest.approx(1.5)
    assert len(weights) == 2
    scores = {(row["option"], row["factor"]): row["score"] for row in tables["scores"]}
    assert scores == {
        ("a", "Cost"): "3",
        ("a", "Quality"): "5",
        ("b", "Cost"): "8",
        ("b", "Quality"): "7",
    }


def test_weights_of_other_criteria_are_left_out_with_the_reason(tmp_path):
    weights = "Criterion,Weight\nPrice,40\nQuality,60\n"
    draft, told = suggested(tmp_path, options=MATRIX, weights=weights)
    assert draft["leave_out"] == ["weights"]
    assert "the table of scores has other criteria (Cost and Quality)" in told
    assert [row["weight"] for row in draft["add"]["factors"]] == [100, 100]


ASSESSORS = {
    "on a sheet each": {
        "Scores North": MATRIX,
        "Scores East": MATRIX.replace("8,7", "6,9"),
    },
    "side by side under their names": {
        "scores": ",,North,,East,\nCriteria,Weight,A. Stay,B. Share,A. Stay,B. Share\n"
        "Cost,40,3,8,3,6\nQuality,60,5,7,5,9\n"
    },
    "side by side, options by number": {
        "scores": "Criteria,Weight,North scores,,East scores,\n,,Option 1,Option 2,Option 1,Option 2\n"
        "Cost,40%,3,8,3,6\nQuality,60%,5,7,5,9\n"
    },
    "beside each criterion": {
        "scores": "Option,Cost (North),Cost (East),Quality (North),Quality (East)\n"
        "A. Stay,3,3,5,5\nB. Share,8,6,7,9\n"
    },
    "a line each, a column an assessor": {
        "scores": "Option,Criterion,North,East\nA. Stay,Cost,3,3\n,Quality,5,5\nB. Share,Cost,8,6\n,Quality,7,9\n"
    },
}


@pytest.mark.parametrize("where", ASSESSORS)
def test_scores_of_two_councils_are_those_of_two_assessors(tmp_path, where):
    budget = "Council,Line,2026/27\nNorth,Staff,70\nEast,Staff,20\n"
    tables = drafted(tmp_path, budget=budget, **ASSESSORS[where])
    found = {
        (row["assessor"], row["option"], row["factor"]): row["score"] for row in tables["scores"]
    }
    assert len(found) == len(tables["scores"]) == 8
    assert (found["North", "b", "Cost"], found["East", "b", "Cost"]) == ("8", "6")
    assert [row["option"] for row in tables["options"]] == ["a", "b"]
    assert [row["factor"] for row in tables["factors"]] == ["Cost", "Quality"]


def test_options_without_letters_have_those_of_the_first_assessor_in_any_order(tmp_path):
    first = "Option,Cost,Quality\nWeight,40,60\nStay,3,5\nShare,8,7\n"
    second = "Option,Cost,Quality\nWeight,40,60\nShare,6,9\nStay,4,4\n"
    tables = drafted(tmp_path, **{"Scores by A": first, "Scores by B": second})
    assert {(row["assessor"], row["option"], row["factor"]): row["score"] for row in tables["scores"]} == {
        ("Scores by A", "a", "Cost"): "3", ("Scores by A", "a", "Quality"): "5",
        ("Scores by A", "b", "Cost"): "8", ("Scores by A", "b", "Quality"): "7",
        ("Scores by B", "a", "Cost"): "4", ("Scores by B", "a", "Quality"): "4",
        ("Scores by B", "b", "Cost"): "6", ("Scores by B", "b", "Quality"): "9",
    }  # fmt: skip


def test_scores_of_other_options_are_left_out_with_the_reason(tmp_path):
    other = MATRIX.replace("Quality", "Speed")
    draft, told = suggested(tmp_path, long=MATRIX, short=other)
    assert draft["leave_out"] == ["short"]
    assert "it scores other options or criteria than sheet 'long'" in told


@pytest.mark.parametrize(
    "text",
    [
        ",,Criterion,Option A,Option B\nValue,1,Cost,4,2\nWorth,2,Quality,3,5\n",
        "Criterion,,Option A,Option B\nTotal,,4,2\nTotal score,,3,5\n",
    ],
)
def test_scores_beside_a_column_without_heading_or_without_a_criterion_are_left_or_told(
    tmp_path, text
):
    _, told = suggested(tmp_path, options=text)
    assert "sheet 'options'" in told


def test_what_options_cost_is_no_table_of_scores(tmp_path):
    draft, _ = suggested(
        tmp_path, options="Option,Capital £000,Saving £000\nA. Stay,0,0\nB. Share,80,60\n"
    )
    assert draft["leave_out"] == ["options"] and "read" not in draft


REGISTER = """\
Ref,Risk,Likelihood,Impact,Score
R2 Late,Late,4 - Likely,High (4),16 (red)
R1 Loss,Data lost,Possible (3),5 (Very high),15
R4 Pay,Pay differs,L1: Rare,Medium/3,3
R3 Kit,Kit fails,2,{},4
"""


def test_levels_of_risks_are_read_with_their_number_before_or_behind(tmp_path):
    tables = drafted(tmp_path, risks=REGISTER.format("2. Low"))
    assert [(row["risk"], row["likelihood"], row["impact"]) for row in tables["risks"]] == [
        ("2", "Likely", "High"),
        ("1", "Possible", "Very high"),
        ("4", "Rare", "Medium"),
        ("3", "Unlikely", "Low"),
    ]


def test_a_level_whose_word_and_number_disagree_is_told_and_left_as_it_stands(tmp_path):
    draft, told = suggested(tmp_path, risks=REGISTER.format("High (2)"))
    assert (
        "guessed, by its headings; not read: Score; no level of the scale, by word and number: High (2)"
        in told
    )
    assert "High (2)" not in draft["read"][0]["words"]["impact"]


LEDGER = """\
ICT revenue budget 2027/28
Cost centre,Cost centre name,Subjective,Description,Amount
1001,{0} ICT Desk,1000,Salaries,300
1001,{0} ICT Desk,1010,Salaries,20
1002,{0} ICT Networks,4000,Licences,60
2001,{1} ICT Desk,1000,Salaries,200
2001,{1} ICT Desk,9000,Recharges,-5
Total,,,,575
"""


@pytest.mark.parametrize("names", [("North", "East"), ("NTH", "EST")])
def test_a_ledger_is_that_of_the_councils_in_the_names_of_its_cost_centres(tmp_path, names):
    texts = {"ledger": LEDGER.format(*names)}
    if names[0] != "North":  # short for councils that another sheet names
        texts["partners"] = "Council,Users\nNorth,70\nEast,40\n"
    rows = drafted(tmp_path, **texts)["service_costs"]
    assert [
        (row["partner"], row["service"], row["category"], row["nature"], row["year"], row["amount_gbp"])
        for row in rows
    ] == [
        ("North", f"{names[0]} ICT Desk", "Salaries", "staff", "2027", "320"),
        ("North", f"{names[0]} ICT Networks", "Licences", "non_staff", "2027", "60"),
        ("East", f"{names[1]} ICT Desk", "Salaries", "staff", "2027", "200"),
        ("East", f"{names[1]} ICT Desk", "Recharges", "income", "2027", "-5"),
    ]  # fmt: skip
    assert rows[0]["paragraph"] == "line 3 and 1 row alike, added up"


def test_a_ledger_on_a_sheet_a_council_is_that_of_the_council(tmp_path):
    text = "Cost centre,Subjective,Amount\n{}1 Desk,Salaries,{}\n{}2 Networks,Licences,9\n"
    tables = drafted(tmp_path, North=text.format(1, 70, 1), East=text.format(2, 20, 2))
    assert of_costs(tables) == [
        ("East", "Salaries", "20"),
        ("East", "Licences", "9"),
        ("North", "Salaries", "70"),
        ("North", "Licences", "9"),
    ]


SHEETS_OF_SAVINGS = {
    "Savings plan": "Ref,Proposal,Council,26/27,27/28\nS1,Desk merger,North,(30),(60)\n"
    "S2,Licence deal,East,-,(40)\nC1,Project costs,North,50,nil\n",
    "Base budget": "Council,Head,26/27\nNorth,Staff,700\nEast,Staff,200\n",
}


def test_lines_of_a_sheet_of_savings_are_savings_by_its_name(tmp_path):
    tables = drafted(tmp_path, **SHEETS_OF_SAVINGS)
    assert of_costs(tables) == [("North", "Staff", "700"), ("East", "Staff", "200")]
    assert [
        (row["line"], row["flow"], row["first_year"], row["last_year"], row["amount_gbp"])
        for row in tables["flows"]
    ] == [
        ("Desk merger", "saving", "2026", "2026", "30"),
        ("Desk merger", "saving", "2027", "2027", "60"),
        ("Licence deal", "saving", "2027", "2027", "40"),
        ("Project costs", "one_off_cost", "2026", "2026", "50"),
    ]


def test_capital_and_one_off_lines_among_todays_cost_are_told_by_their_words(tmp_path):
    text = (
        "Council,Line,2026/27,2027/28\nNorth,Staff,70,70\nNorth,Training,5,5\nNorth,Capital charges,4,4\n"
        "North,New firewall (capital),50,0\nEast,Staff,20,20\nEast,Redundancy,0,30\nEast,Set-up of desk,6,6\n"
    )
    tables = drafted(tmp_path, budget=text)
    assert [row["category"] for row in tables["service_costs"]] == [
        "Staff", "Training", "Capital charges", "Staff",
    ]  # fmt: skip
    assert [(row["line"], row["flow"], row["funding"]) for row in tables["flows"]] == [
        ("New firewall (capital)", "one_off_cost", "capital"),
        ("Redundancy", "one_off_cost", "revenue"),
        ("Set-up of desk", "one_off_cost", "revenue"),
    ]
    (tmp_path / "again").mkdir()
    _, told = suggested(tmp_path / "again", budget=text)
    assert (
        "as flows: guessed, 3 lines of option a: one-off cost, by their words beside today's cost"
        in told
    )


def test_a_column_of_lines_without_a_heading_is_named_by_its_letter(tmp_path):
    text = ",Budget,Forecast\n,2026/27,2027/28\nStaff,{0},{0}\nLines,{1},{1}\nTotal,{2},{2}\n"
    sheets = {"North": text.format(70, 9, 79), "East": text.format(20, 8, 28)}
    found = of_costs(drafted(tmp_path, **sheets))
    assert ("East", "Lines", "8") in found and ("North", "Staff", "70") in found and len(found) == 4


def test_councils_are_the_columns_that_a_total_adds_up(tmp_path):
    text = "Line,North,East,Total\nStaff,70,20,90\nLines,9,8,17\nTotal,79,28,107\n"
    found = of_costs(drafted(tmp_path, costs=text))
    assert sorted(found) == [
        ("East", "Lines", "8"),
        ("East", "Staff", "20"),
        ("North", "Lines", "9"),
        ("North", "Staff", "70"),
    ]


def test_words_for_nothing_are_told_in_columns_of_councils_and_of_a_ledger_too(tmp_path):
    matrix = "Line,North DC,East BC\nStaff,70,20\nLines,-,nil\nKit,n/a,8\n"
    assert sorted(of_costs(drafted(tmp_path, costs=matrix))) == [
        ("East BC", "Kit", "8"),
        ("East BC", "Lines", "0"),
        ("East BC", "Staff", "20"),
        ("North DC", "Lines", "0"),
        ("North DC", "Staff", "70"),
    ]
    (tmp_path / "again").mkdir()
    ledger = "Council,Subjective,Amount\nNorth,Staff,70\nNorth,Fees,5 CR\nEast,Staff,-\n"
    assert of_costs(drafted(tmp_path / "again", costs=ledger)) == [
        ("North", "Staff", "70"),
        ("North", "Fees", "-5"),
        ("East", "Staff", "0"),
    ]


def test_of_two_sheets_with_the_same_lines_one_is_read(tmp_path):
    text = "Council,Line,2026/27\nNorth,Staff,{}\nEast,Staff,20\n"
    sheets = {"Forecast": text.format(71), "Budget": text.format(70)}
    draft, told = suggested(tmp_path, **sheets)
    assert draft["leave_out"] == ["Forecast"]
    assert "sheet 'Forecast': left out, it has the lines of sheet 'Budget' again" in told


def test_sheets_of_services_with_the_same_lines_are_read_each_as_its_service(tmp_path):
    text = "Council,Line,2026/27\nNorth,Staff,{}\nEast,Staff,{}\n"
    sheets = {"Desk 2026-27": text.format(70, 20), "Networks 2026-27": text.format(9, 8)}
    rows = drafted(tmp_path, **sheets)["service_costs"]
    assert [(row["partner"], row["service"], row["amount_gbp"]) for row in rows] == [
        ("North", "Desk", "70"),
        ("East", "Desk", "20"),
        ("North", "Networks", "9"),
        ("East", "Networks", "8"),
    ]


def test_a_total_of_all_blocks_that_is_none_is_refused_and_a_column_without_heading_told(tmp_path):
    text = "Line,2026/27,2027/28,\nNorth\nStaff,70,70,1\nEast\nStaff,20,20,\nTotal,{},90,\n"
    suggested(tmp_path, costs=text.format(90))
    mapping = tmp_path / "m.toml"
    mapping.write_text(suggest(tmp_path / "books", "Our case").text, encoding="utf-8")
    found = importing.read(tmp_path / "books", mapping=read_mapping(mapping))
    assert not found.raw.faults
    assert "costs.csv: column D has no heading, and is left out" in found.conversions
    (tmp_path / "books" / "costs.csv").write_text(text.format(95), encoding="utf-8")
    (fault,) = importing.read(tmp_path / "books", mapping=read_mapping(mapping)).raw.faults
    assert "line 6" in fault and "it says 95, but the 2 rows above add up to 90" in fault


def test_lines_of_text_among_the_rows_of_a_register_are_told_and_not_read(tmp_path):
    text = "No.,Risk,Likelihood,Impact\nStrategic,,,\n1,Late,Likely,Major\nTechnical,,,\n2,Lost,Rare,Minor\n"
    assert [row["risk"] for row in drafted(tmp_path, risks=text)["risks"]] == ["1", "2"]


@pytest.mark.parametrize("start", ["Start", "Lead"])
def test_tasks_without_numbers_are_counted_and_begin_with_the_first_of_them(
    own_data, tmp_path, start
):
    source, mapping = tmp_path / "books", Path("m.toml")
    source.mkdir()
    plan = (
        f"Task,{start},Duration (days),Depends on\nCase,01/05/2026,60,\nProcure,01/07/2026,40,1\n"
    )
    (source / "plan.csv").write_text(plan, encoding="utf-8")
    budget = (
        "Council,Line,2026/27,2027/28\nNorth,Staff,70,70\nEast,One-off kit,20,0\nEast,Staff,9,9\n"
    )
    (source / "budget.csv").write_text(budget, encoding="utf-8")
    mapping.write_text(suggest(source, "Our case").text, encoding="utf-8")
    import_case(source, "our-case", (), update=False, mapping=mapping)
    case = load_case("our-case")
    day = (2026, 5, 1) if start == "Start" else (2026, 4, 1)
    assert case.file.plan_start == dt.date(*day)
    assert case.tables["tasks"]["name"].to_list() == ["Case", "Procure"]
    assert list(case.scenarios) == ["base"]  # without a saving there is none that others could move


def test_several_tables_of_one_sheet_are_read_each_under_its_headings(tmp_path):
    text = (
        "ICT model £000\n\nCurrent cost\nCouncil,Line,2026/27,2027/28\nNorth,Staff,70,70\nEast,Staff,20,20\n\n"
        "Savings\nCouncil,Saving,2026/27,2027/28\nNorth,Desk,0,30\n\n"
        "Risks\nRisk,Likelihood,Impact\nLate,Likely,Major\n"
    )
    tables = drafted(tmp_path, model=text)
    assert of_costs(tables) == [("North", "Staff", "70000"), ("East", "Staff", "20000")]
    assert [(row["line"], row["amount_gbp"]) for row in tables["flows"]] == [("Desk", "30000")]
    assert [row["description"] for row in tables["risks"]] == ["Late"]


def test_a_line_that_is_the_same_in_each_year_is_that_of_the_year_of_the_decision(tmp_path):
    text = "Council,Line,2025/26 Outturn,2026/27 Budget\nNorth,Staff,70,70\nEast,Staff,25,20\n"
    rows = drafted(tmp_path, budget=text)["service_costs"]
    assert [(row["year"], row["amount_gbp"]) for row in rows] == [("2026", "70"), ("2026", "20")]


def test_a_workbook_of_which_no_sheet_is_known_is_refused_in_one_sentence(tmp_path):
    source = tmp_path / "books"
    source.mkdir()
    for name in ("Revenue budget", "Establishment list", "Savings plan"):
        (source / f"{name}.csv").write_text("Who,What,2026/27\nNorth,Staff,7\n", encoding="utf-8")
    (fault,) = importing.read(source).raw.faults
    assert "none of its sheets (Establishment list, Revenue budget, Savings plan)" in fault
    assert "--suggest` drafts a mapping" in fault


def test_a_column_that_nothing_is_read_as_is_told_once(tmp_path):
    mapping = (
        BASE.replace(', Line = "category"', "").replace("only = ", "#").replace("leave_out", "#")
    )
    mapping = mapping.replace("columns = {", 'ignore = ["Line"]\ncolumns = {')
    (fault,) = refusals(tmp_path, mapping, model=MODEL)
    assert fault.startswith(
        "model.csv, read as service_costs: nothing is read as category; give it"
    )


def test_posts_on_a_sheet_a_council_are_drafted_as_those_of_the_council_that_the_sheet_names(
    tmp_path,
):
    source = tmp_path / "books"
    source.mkdir()
    posts = "Post title,Grade,FTE,Salary (£)\nAnalyst,G6,4,30000\n"
    for name in ("North posts", "East posts", "Posts"):
        (source / f"{name}.csv").write_text(posts, encoding="utf-8")
    budget = "Council,Line,2026/27\nNorth,Staff,70\nEast,Staff,20\n"
    (source / "budget.csv").write_text(budget, encoding="utf-8")
    readings = tomllib.loads(suggest(source, "Our case").text)["read"]
    owners = {
        one["sheet"]: one["constants"]["partner"] for one in readings if one["table"] == "posts"
    }
    assert owners == {"North posts": "North", "East posts": "East", "Posts": ""}


def test_amounts_of_several_options_are_not_drafted_as_those_of_one(tmp_path):
    source = tmp_path / "books"
    source.mkdir()
    text = "Option,Line,2026/27,2027/28\nShare,Licence saving,0,20\nOutsource,Exit saving,0,90\n"
    (source / "model.csv").write_text(text, encoding="utf-8")
    (reading,) = tomllib.loads(suggest(source, "Our case").text)["read"]
    assert reading["columns"]["Option"] == "option" and "option" not in reading["constants"]


def test_numbers_of_devices_are_not_drafted_as_pounds(tmp_path):
    source = tmp_path / "books"
    source.mkdir()
    (source / "counts.csv").write_text("Measure,North,East\nLaptops,800,400\n", encoding="utf-8")
    budget = "Council,Line,2026/27\nNorth,Staff,70\nEast,Staff,20\n"
    (source / "budget.csv").write_text(budget, encoding="utf-8")
    draft = suggest(source, "Our case")
    assert tomllib.loads(draft.text)["leave_out"] == ["counts"]
    assert any("counts, not pounds" in said for said in draft.said)
    assert "# not read: sheet 'counts', its numbers look like counts, not pounds" in draft.text


@pytest.mark.parametrize("days", [("2027-03-31", "2028-03-31"), ("2026-04-01", "2027-04-01")])
def test_a_year_is_told_by_its_last_or_first_day(tmp_path, days):
    text = MODEL.replace("2026/27", days[0]).replace("2027/28", days[1])
    found = read(tmp_path, BASE + FLOWS, model=text).raw
    assert found.faults == []
    flows = found.tables["flows"]
    assert [row["first_year"] for row in flows] == ["2027", "2026", "2026"]


def test_income_beside_expenditure_is_that_of_today_though_it_differs_by_year(tmp_path):
    text = (
        "Council,Line,Type,2026/27,2027/28\nNorth,Staff,Expenditure,-900,-910\n"
        "North,Schools,Income,50,60\nEast,Lines,Expenditure,-500,-500\nEast,Licences,Saving,0,70\n"
    )
    tables = drafted(tmp_path, budget=text)
    costs = [(row["category"], row["amount_gbp"]) for row in tables["service_costs"]]
    assert costs == [("Staff", "900"), ("Schools", "-50"), ("Lines", "500")]
    assert [(row["flow"], row["amount_gbp"]) for row in tables["flows"]] == [("saving", "70")]


def test_a_workbook_of_todays_cost_alone_begins_a_case_that_is_not_ready(
    own_data, tmp_path, capsys
):
    path = tmp_path / "costs.csv"
    path.write_text(SHEETS["a line a year"]["costs"], encoding="utf-8")
    assert cli.main(["import", str(path), "our-case", "--suggest"]) == 0
    command = ["import", str(path), "our-case", "--mapping", "our-case.mapping.toml"]
    assert cli.main(command) == 0, capsys.readouterr().err
    assert list(load_case("our-case").scenarios) == ["base"]
    assert cli.main(["check", "our-case"]) == 0
    assert "not ready to decide" in capsys.readouterr().out


def test_a_workbook_of_which_nothing_is_known_begins_no_case(own_data, tmp_path, capsys):
    path = tmp_path / "phones.csv"
    path.write_text("Person,Phone\nDirector,01632 960000\n", encoding="utf-8")
    assert cli.main(["import", str(path), "our-case", "--suggest"]) == 0
    capsys.readouterr()
    assert cli.main(["import", str(path), "our-case", "--mapping", "our-case.mapping.toml"]) == 1
    assert "nothing of a case is left in it to import" in capsys.readouterr().err
    assert not (own_data / "our-case").exists()


def test_a_table_of_the_case_in_thousands_is_drafted_with_its_unit_and_its_own_columns(tmp_path):
    text = (
        "Costs in GBPk,,,,\npartner,category,funding,year,amount_gbp\n"
        "North,staff,revenue,2025,70\nNorth,devices,capital,2026,9\nEast,staff,revenue,2026,20\n"
    )
    rows = drafted(tmp_path, service_costs=text)["service_costs"]
    assert [(row["funding"], row["year"], row["amount_gbp"]) for row in rows] == [
        ("revenue", "2025", "70000"),
        ("capital", "2026", "9000"),
        ("revenue", "2026", "20000"),
    ]


def test_capital_and_income_of_todays_budget_are_what_their_type_says(tmp_path):
    text = (
        "Council,Line,Type,2026/27,2027/28\nNorth,Staff,Revenue,70,70\nNorth,Devices,Capital,9,9\n"
        "North,Service desk,Revenue,8,8\nNorth,Service desk,Income,-3,-3\nEast,Staff,Revenue,20,20\n"
    )
    tables = drafted(tmp_path, budget=text)
    assert "flows" not in tables
    rows = tables["service_costs"]
    assert [
        (row["category"], row["funding"], row["nature"], row["amount_gbp"]) for row in rows
    ] == [
        ("Staff", "revenue", "", "70"),
        ("Devices", "capital", "", "9"),
        ("Service desk", "revenue", "", "8"),
        ("Service desk", "revenue", "income", "-3"),
        ("Staff", "revenue", "", "20"),
    ]


def test_hidden_rows_columns_and_sheets_are_told_in_a_sheet_of_its_own_layout_too(tmp_path):
    path, mapping = tmp_path / "book.xlsx", tmp_path / "m.toml"
    with xlsxwriter.Workbook(path) as book:
        book.add_worksheet("front").write(0, 0, "ICT")
        sheet = book.add_worksheet("model")
        for at, line in enumerate(MODEL.splitlines()):
            for column, text in enumerate(line.split(",")):
                if text:
                    sheet.write(at, column, float(text) if amount_in(Cell("text", text)) else text)
        sheet.set_column(3, 3, None, None, {"hidden": True})
        sheet.set_row(5, None, None, {"hidden": True})
        sheet.hide()
    mapping.write_text(f'leave_out = ["front"]\n{BASE}{FLOWS}', encoding="utf-8")
    faults = importing.read(path, mapping=read_mapping(mapping)).raw.faults
    assert len(faults) == 2
    assert "cell D2: column '2027/28' is hidden; leave out" in faults[0]
    assert "row 6 is hidden or filtered out" in faults[1]
    left = importing.read(path, ["hidden"], mapping=read_mapping(mapping)).raw.faults
    sums = [fault.partition("the 2 columns of the row add up to ")[2][:5] for fault in left]
    assert sums == ["1,000", "600; "]  # the totals are of the year that is hidden too
    kept = importing.read(path, keep=["hidden"], mapping=read_mapping(mapping))
    assert not kept.raw.faults
    assert any("hidden, and read as the mapping says" in said for said in kept.conversions)
