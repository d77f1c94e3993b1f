"""The report of committee length, and the edition of a council: its figures first, and those of no other."""

import json
import shutil
import subprocess

import docx
import pytest
from conftest import ROOT, daily_of, with_scenarios
from pytest import approx
from small import flow, small_study
from test_batch import CASE, write_notebook

from businesscase.shown import council
from businesscase.study import load_study
from businesscase_workbench import cli
from businesscase_workbench.report import edition_names, report_of
from businesscase_workbench.report.content import Prose, TableShown, _council_first

MKIP, SWALE = "mkip-2012", "Swale"
FRONT_PAGES, BODY_PAGES, WORDS = 2, 10, 5000  # what a committee is asked to read
MONEY = {
    "flows": [
        flow("posts", "saving", 100, (2025, 2026), partner="North"),
        flow("move", "one_off_cost", 30, (2024, 2024), partner="South"),
        flow("link", "running_cost", 20, (2025, 2026), partner="South"),
    ],
    "gates": [
        {"criterion": "nobody loses", "measure": "net_present_value", "item": "each partner"},
        {"criterion": "value for money", "item": "all"},
    ],
}  # fmt: skip


@pytest.fixture(scope="module", params=daily_of([MKIP, "lictp-2020"], MKIP))
def written(request, tmp_path_factory, one_fork_server):
    """The folder of a Word report with an edition for each council, made by the command."""
    folder = tmp_path_factory.mktemp("editions")
    data = shutil.copytree(ROOT / "data", folder / "data")
    with_scenarios(data / request.param, "base")
    command = ["report", request.param, "--scenario", "base", "--formats", "docx", "--for", "each"]
    assert cli.main([*command, "--output", str(folder), "--data", str(data)]) == 0
    return folder / request.param / "base"


def test_a_report_is_two_pages_to_decide_on_and_ten_to_read(written, converted, tmp_path):
    if not shutil.which("pdftotext"):
        pytest.skip("no pdftotext")
    paper = converted(written / "report.docx", "pdf", tmp_path).read_bytes()
    read = subprocess.run(["pdftotext", "-", "-"], input=paper, capture_output=True, check=True)
    pages = read.stdout.decode().split("\f")[:-1]
    assert pages[FRONT_PAGES].startswith("Contents")
    assert 5 < len(pages) - FRONT_PAGES <= BODY_PAGES
    assert 1500 < len(" ".join(pages).split()) < WORDS


def test_each_council_has_a_file_in_which_its_figures_come_first(written):
    study = load_study(written.parent.name)
    names = edition_names(study.partners)
    assert {f"{name}.docx" for name in names.values()} < {path.name for path in written.iterdir()}
    for partner, name in names.items():
        document = docx.Document(str(written / f"{name}.docx"))
        said = [paragraph.text for paragraph in document.paragraphs]
        assert any(line.startswith(f"Edition for {partner}, ") for line in said)
        assert f"3. What it means for {partner}" in said
        first = document.tables[0]  # of the first page
        assert [row.cells[0].text for row in first.rows[1:]] == [partner, "All partners"]
        named = [
            [cell for row in table.rows for cell in [row.cells[0].text] if cell in study.partners]
            for table in document.tables
        ]
        assert all(rows[0] == partner for rows in named if rows)


def test_an_edition_is_made_when_it_is_asked_for_and_kept_when_it_is_not(
    data_copy, tmp_path, monkeypatch, one_fork_server, capsys
):
    with_scenarios(data_copy / CASE, "base")
    for name in ("03_savings", "06_readiness", "07_decision"):
        write_notebook(tmp_path / "notebooks", name, "scenario")
    monkeypatch.chdir(tmp_path)  # a project, whose notebooks are these

    def made(*options):
        run = ["report", CASE, "--scenario", "base", "--output", str(tmp_path)]
        assert cli.main([*run, "--quiet", *options]) == 0
        folder = tmp_path / CASE / "base"
        return {path.name for path in folder.glob("report*")}, capsys.readouterr().out.split()[0]

    sunderland, durham = "report-sunderland.html", "report-durham.html"
    assert made() == ({"report.html"}, "1")
    assert made("--for", "Sunderland") == ({"report.html", sunderland}, "1")
    assert made() == ({"report.html", sunderland}, "0")
    assert made("--for", "Sunderland") == ({"report.html", sunderland}, "0")
    assert made("--for", "Sunderland", "--for", "Durham") == ({"report.html", sunderland, durham}, "1")  # fmt: skip
    index = (tmp_path / "index.html").read_text(encoding="utf-8")
    assert f'href="{CASE}/base/{sunderland}"' in index and "page for Sunderland" in index  # fmt: skip
    manifest = json.loads((tmp_path / CASE / "base" / "manifest.json").read_text())
    assert manifest["councils"] == ["Durham", "Sunderland"]


def test_a_council_that_no_case_has_is_refused_with_the_nearest(capsys):
    assert cli.main(["report", MKIP, "--for", "Swole"]) == 2
    assert "council 'Swole' is unknown; nearest: Swale" in capsys.readouterr().err


def test_a_councils_years_and_lines_are_its_own_and_add_up():
    study = small_study(**MONEY)
    years = council.years(study, "South")
    assert years["net_flow"].tolist() == [-30, -20, -20, 0, 0]
    assert years["own_to_date"].tolist() == [-30, -50, -70, -70, -70]
    assert years["if_ended"].iloc[-1] == approx(-30 - 20 / 1.035 - 20 / 1.035**2)
    lines = council.lines(study, "South").reset_index()
    assert lines["line"].tolist() == ["link", "move"]
    assert lines["own_part"].tolist() == [40, 30]
    assert lines["own_share"].tolist() == [1, 1]
    assert council.lines(study, "North").reset_index()["own_part"].tolist() == [200]


def test_a_pooled_line_is_shown_with_the_councils_part_of_it():
    study = small_study(flows=[flow("desk", "saving", 100, (2025, 2025))])
    parts = [council.lines(study, name)["own_part"].sum() for name in ("North", "South")]
    assert sum(parts) == approx(100)
    assert council.lines(study, "North")["all_parts"].tolist() == [100]
    assert council.lines(study, "North")["own_share"].item() == approx(parts[0] / 100)


def test_a_council_is_held_to_its_own_criteria_alone():
    shown = council.criteria(small_study(**MONEY), "South")
    assert shown["criterion"].tolist() == ["nobody loses"]
    assert shown[["outcome", "found"]].to_numpy().tolist() == [["not met", "-£68"]]
    assert council.criteria(small_study(**MONEY), "North")["outcome"].tolist() == ["met"]


def test_the_rows_and_columns_of_a_council_stand_before_its_partners_and_all_else_stays():
    table = TableShown(
        "Who pays",
        ("Year", "A (£)", "B (£)", "B and A (£)", "All partners (£)"),
        (False, True, True, True, True),
        (("2024/25", "1", "2", "3", "4"),),
    )
    moved = _council_first(table, "B", ["A", "B"])
    assert moved.labels == ("Year", "B (£)", "A (£)", "B and A (£)", "All partners (£)")
    assert moved.rows == (("2024/25", "2", "1", "3", "4"),)
    rows = (("All partners", "3"), ("A", "1"), ("B", "2"))
    by_partner = TableShown("Who pays", ("Partner", "£"), (False, True), rows)
    moved = _council_first(by_partner, "B", ["A", "B"])
    assert moved.rows == (("All partners", "3"), ("B", "2"), ("A", "1"))


def test_resolutions_of_another_council_alone_are_left_out_and_the_others_keep_their_numbers():
    rows = [
        {"resolution": f"That {who} report", "verdicts": verdicts, "partner": partner}
        for verdicts in ("go, go with conditions", "stop, not ready to decide")
        for who, partner in (("A", "North"), ("B", "South"), ("C", ""))
    ]
    page = str(report_of(small_study(**MONEY, resolutions=rows), {}, "South").front[0].blocks)
    assert "That A report" not in page
    assert "2. **South:** That B report" in page and "3. That C report" in page


def test_a_case_without_money_has_an_edition_of_what_it_knows():
    report = report_of(small_study(), {}, "South")
    blocks = next(one.blocks for one in report.chapters if one.name == "council")
    said = "- **What is it held to?** No criterion is South's own."
    assert [block.text for block in blocks if isinstance(block, Prose)] == [said]


def test_a_council_whose_money_is_not_given_has_an_edition_all_the_same():
    study = small_study(flows=[flow("posts", "saving", 100, (2025, 2026), partner="North")])
    assert council.years(study, "South").caption == "No money of South is given"
    assert council.lines(study, "South").caption == "No line of money is South's"
    assert report_of(study, {}, "South").front[0].blocks
