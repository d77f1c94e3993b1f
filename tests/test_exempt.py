"""What the public may read of a case with exempt rows: nothing that gives one of them back."""

import io
import re
import subprocess
import zipfile

import numpy as np
import pandas as pd
import pytest
from conftest import daily_of, with_scenarios
from hypothesis import given
from hypothesis import strategies as st
from small import flow, small_case, small_study

from businesscase.calculations.disclosure import determined, publishable
from businesscase.cases.errors import InputError
from businesscase.study import Study, load_study
from businesscase.study.exemption import exempt_tables, public_totals, told_in_text
from businesscase_workbench import cli
from businesscase_workbench.report import EXEMPT, PUBLIC, page_html, report_of
from businesscase_workbench.report.pdf import pdf
from businesscase_workbench.report.word import document

CASE = "worked-example"
BID, MOVE = 91_337, 48_663  # the amounts of two lines of a year, one of them exempt


def rows(bid=BID, move=MOVE, exempt="3"):
    """Return lines of money of which that of a bid is exempt."""
    return [
        flow("posts", "saving", 100_000, (2025, 2028)),
        flow("bid", "one_off_cost", bid, (2024, 2024)) | {"exempt": exempt},
        flow("move", "one_off_cost", move, (2024, 2024)),
        flow("link", "running_cost", 20_000, (2025, 2028), partner="South"),
    ]


GATES = [{"criterion": "value for money", "item": "all"}]


# what follows from figures


def test_a_part_follows_from_a_total_and_all_the_other_parts():
    total, others = [1, 1, 1], [[0, 1, 0], [0, 0, 1]]
    assert determined(np.array([total], float)).tolist() == [False] * 3
    assert determined(np.array([total, *others], float)).all()
    assert determined(np.array([total, others[0]], float)).tolist() == [False, True, False]
    assert determined(np.zeros((1, 2))).tolist() == [False, False]


@given(st.lists(st.lists(st.integers(-3, 3), min_size=4, max_size=4), min_size=1, max_size=4))
def test_a_cell_is_determined_if_and_only_if_no_other_values_give_the_same_figures(figures):
    table = np.array(figures, float)
    found = determined(table)
    for cell in range(4):
        unit = np.eye(4)[cell]
        follows = np.linalg.matrix_rank(np.vstack([table, unit])) == np.linalg.matrix_rank(table)
        assert found[cell] == (follows and table[:, cell].any())


def test_the_total_that_would_give_a_part_away_is_left_out_and_those_after_it_may_stand():
    cells = ["a", "b", "c"]
    figures = {"all": [1, 1, 1], "b": [0, 1, 0], "c": [0, 0, 1], "all again": [2, 2, 2]}
    table = pd.DataFrame(figures, cells, dtype=float).T
    assert publishable(table, pd.Series([True, False, False], cells)) == ["all", "b", "all again"]
    assert publishable(table, pd.Series([False] * 3, cells)) == list(figures)


# of a case


def test_totals_of_which_the_only_line_is_exempt_are_not_published():
    alone = [row for row in rows() if row["line"] != "move"]
    totals = public_totals(small_study(flows=alone))
    assert list(totals.index) == ["net_present_value"]
    assert "one_off_cost" in public_totals(small_study(flows=rows())).index


def test_totals_of_another_scenario_would_be_further_equations_and_are_not_published():
    case = small_case(flows=rows(), scenarios={"late": {"delay_years": 1}})
    assert not public_totals(Study.of(case, "base")).empty
    assert public_totals(Study.of(case, "late")).empty


def test_a_table_is_kept_back_with_the_paragraphs_that_say_why():
    assert exempt_tables(small_case(flows=rows())) == {"flows": [3]}
    assert exempt_tables(small_case(flows=rows(exempt=""))) == {}


@pytest.mark.parametrize("paragraph", ["0", "8", "x"])
def test_a_paragraph_that_the_schedule_lacks_is_refused(paragraph):
    with pytest.raises(InputError, match="exempt"):
        small_case(flows=rows(exempt=paragraph))


def test_what_stands_in_every_edition_cannot_be_exempt():
    row = {"subject": "equality", "text": "x", "exempt": "3"}
    with pytest.raises(InputError, match="stands in every edition, so it can't be exempt"):
        small_case(implications=[row])


@pytest.mark.parametrize(("amount", "text", "is_told"), [
    (190_000, "The bid was 190k", True),
    (190_000, "The bid was £0.19m", True),
    (190_000, "£190 thousand; and more", True),
    (190_000, "190 000", True),
    (190_000, "GBP190,000", True),
    (190_000, "190000 pounds", True),
    (190_000, "UK£190,000pa", True),  # whatever stands beside its sign
    (190_000.4, "£190,000.90", True),
    (190_000, "£0.19million", True),
    (189_600, "about £190k", True),  # to three figures
    (189_600, "about £0.2m", False),
    (190_000, "190 days for 190kg, 1900 people, £190 and £1.19m", False),
    (2026, "in 2026, on 1 April 2026", False),
    (2026, "a charge of £2,026", True),
])  # fmt: skip
def test_an_exempt_amount_is_found_in_whatever_words_it_is_typed(amount, text, is_told):
    case = small_case(flows=rows(bid=amount), file={"summary": text})
    assert bool(told_in_text(case)) is is_told


def test_an_exempt_amount_that_somebody_typed_is_refused_with_its_place():
    case = small_case(flows=rows(), file={"summary": f"The bid is £{BID:,}."})
    (fault,) = told_in_text(case)
    assert str(fault).startswith(
        f"small/case.toml summary: found £{BID:,}, the exempt amount of flows.csv row 2"
    )
    study = Study.of(case, "base")
    with pytest.raises(InputError, match=r"case\.toml summary"):
        report_of(study, {}, edition=PUBLIC)
    assert report_of(study, {}, edition=EXEMPT)
    assert not told_in_text(small_case(flows=rows(), file={"summary": f"It is £{BID}1 or £1{BID}"}))


def pages(study, edition, council="all"):
    report = report_of(study, {}, council, edition)
    return page_html(report) + page_html(report.appendix)


def public_study(bid=BID):
    """Return a study whose totals are the same whatever the exempt line is."""
    return small_study(flows=rows(bid, BID + MOVE - bid), gates=GATES)


@pytest.mark.parametrize("council", ["all", "North"])
def test_a_public_report_is_the_same_whatever_the_exempt_line_is_if_its_totals_are(council):
    """The strongest that can be said: from equal pages nobody can tell which of the two it was."""

    def public(bid):
        study = public_study(bid)
        return pages(study, PUBLIC, council).replace(study.case.input_hash, "")

    assert public(BID) == public(BID + 7_000)
    assert "Left out: what stands here rests on figures that are exempt under paragraph 3" in public(BID)  # fmt: skip
    exempt = pages(small_study(flows=rows(), gates=GATES), EXEMPT, council)
    assert f"{BID:,}" in exempt and "Left out" not in exempt


def test_a_case_without_exempt_rows_has_one_and_the_same_report():
    study = small_study(flows=rows(exempt=""), gates=GATES)
    assert pages(study, PUBLIC) == pages(study, EXEMPT)


def test_resolutions_for_the_public_have_no_amounts():
    resolution = {"resolution": "That {one_off_cost} be spent on {option}", "verdicts": "go, go with conditions"}  # fmt: skip
    study = small_study(
        flows=rows(), gates=GATES, resolutions=[resolution],
        options=[{"option": "a", "name": "Share", "description": "x"}],
    )  # fmt: skip
    said = "That the amount in the exempt report be spent on option a, Share"
    assert said in pages(study, PUBLIC)
    assert said not in pages(study, EXEMPT)


# every byte


@pytest.mark.parametrize("made, suffix", [(document, "docx"), (pdf, "pdf")])
def test_a_public_file_on_paper_is_the_same_whatever_the_exempt_line_is(made, suffix, tmp_path):
    def text(study, edition):
        report = report_of(study, {}, "all", edition)
        paths = [tmp_path / f"{name}.{suffix}" for name in ("report", "appendix")]
        for path, part in zip(paths, (report, report.appendix), strict=True):
            path.write_bytes(made(part, {}))
        return "".join(map(texts_of, paths)).replace(study.case.input_hash, "")

    assert text(public_study(), PUBLIC) == text(public_study(BID + 7_000), PUBLIC)
    assert f"{BID:,}" in text(public_study(), EXEMPT)


def texts_of(path):
    """Return all that can be read of a file: of a zip that of its parts, of a PDF its words."""
    content = path.read_bytes()
    if path.suffix == ".pdf":
        read = subprocess.run(["pdftotext", "-", "-"], input=content, capture_output=True, check=True)  # fmt: skip
        return read.stdout.decode()
    if zipfile.is_zipfile(io.BytesIO(content)):
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            texts = [parts.read(name).decode("utf-8", "replace") for name in parts.namelist()]
        apart = " " if path.suffix == ".xlsx" else ""  # cells are apart, runs of a word aren't
        return " ".join(re.sub(r"<[^>]*>", apart, text) for text in texts)
    return content.decode()


@pytest.mark.parametrize("formats", daily_of(["xlsx", "docx,xlsx,pdf"], "xlsx"))
def test_no_byte_of_a_public_edition_has_the_exempt_amount_or_what_one_of_few_is_paid(
    formats, data_copy, tmp_path, one_fork_server, capsys
):
    with_scenarios(data_copy / CASE, "base")
    path = data_copy / CASE / "posts.csv"
    table = pd.read_csv(path, dtype=str)
    table.loc[table["post"] == "E1", "salary_gbp"] = "63737"
    table.to_csv(path, index=False)
    path = data_copy / CASE / "flows.csv"
    table = pd.read_csv(path, dtype=str, comment="#")
    chosen = table.index[table["flow"] == "one_off_cost"][0]
    table["exempt"] = ""
    table.loc[chosen, ["amount_gbp", "exempt"]] = ["431977", "3"]
    table.to_csv(path, index=False)
    command = [
        "report",
        CASE,
        "--scenario",
        "base",
        "--output",
        str(tmp_path / "reports"),
        "--quiet",
    ]
    assert cli.main([*command, "--formats", formats, "--for", "Eastholt"]) == 0
    assert f"{CASE}: no tables.xlsx in the public edition" in capsys.readouterr().out
    public = [
        path
        for path in (tmp_path / "reports").rglob("*")
        if path.is_file() and path.suffix != ".lock"
    ]
    on_paper = {f".{name}" for name in formats.split(",")} - {".xlsx"}  # whose formulas tell all
    assert {path.suffix for path in public} == {".html", ".json", *on_paper}
    amount = re.compile(r"(?<!\d)431[,.]?9(77|8)|0?\.432m|£432k|432,000|431977")
    salary = re.compile(r"63[,.]?737|(?<!\d)83[,.]?495|63\.7k|£63,700")  # and with on-costs
    texts = {str(path): texts_of(path) for path in public}
    assert [
        name for name, text in texts.items() if amount.search(text) or salary.search(text)
    ] == []
    exempt = pages(load_study(CASE), EXEMPT)
    assert amount.search(exempt) and salary.search(exempt)
