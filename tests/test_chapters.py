"""A chapter is there if the case has data for it: one-off cost alone, a review without criteria, lists."""

import datetime as dt

import nbformat
import pytest
from pytest import approx
from small import flow, result, small_case, small_study

from businesscase.cases.case import case_names
from businesscase.cases.errors import InputError
from businesscase.cases.schema import FIGURE_TABLES
from businesscase.shown import decision, introduction, savings
from businesscase.shown.log import CHAPTERS
from businesscase.study import Study, load_study
from businesscase_workbench.report import report_of
from businesscase_workbench.report.content import Absence, Prose, TableShown, given
from businesscase_workbench.starter import starter_case

MOVE = [
    flow("move", "one_off_cost", 1000, (2026, 2026)),
    flow("advice", "one_off_cost", 50, (2024, 2024), "South"),
]


def chapters(study):
    """Return the chapters of a report whose notebooks each show one sentence."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_markdown_cell("Told.")])
    report = report_of(study, dict.fromkeys(CHAPTERS, notebook))
    return {chapter.name: chapter.blocks for chapter in report.appendix.chapters}


# one-off cost alone


def test_a_case_with_one_off_cost_alone_is_worth_minus_its_discounted_cost():
    gate = {"criterion": "affordable"}
    study = small_study(flows=MOVE, gates=[gate])
    assert result(study, "savings", "net_present_value") == approx(-50 - 1000 / 1.035**2)
    assert result(study, "savings", "net_present_value", "South") == approx(-50)
    assert result(study, "savings", "payback_years") == float("inf")
    assert (
        result(study, "savings", "internal_rate_of_return") == "none: the flows never change sign"
    )
    assert (
        study.decision.recommendation == "not ready to decide"
    )  # nobody has said that it saves nothing
    assert (
        "not known, because the case has no saving or running cost"
        in study.decision.missing["affordable"]
    )
    assert "probability_of_loss" not in set(study.results["measure"])
    assert savings.answer(study).text.startswith(
        "**The partnership spends £1,050 once, and no saving or other money of later years is given**"
    )
    assert study.case.chapter_names() == ["savings", "decision"]


@pytest.mark.parametrize(
    "alone",
    [
        [flow("end", "exit_cost", 100, (2025, 2025))],
        [flow("hall", "counterfactual_cost", 100)],
        [flow("parish", "income_cost", 100, margin_fraction="0.1")],
    ],
)
def test_money_of_any_one_kind_is_appraised(alone):
    study = small_study(flows=alone)
    assert study.case.section_names() == ["savings", "appraisal"]
    assert result(study, "savings", "net_present_value", "South") == 0
    assert result(study, "savings", "net_present_value") == result(study, "savings", "net_present_value", "North")  # fmt: skip


def test_one_off_cost_needs_no_year_after_the_decisions():
    study = small_study(file={"last_year": 2024}, flows=[flow("move", "one_off_cost", 70, (2024, 2024))])  # fmt: skip
    assert study.savings.net_present_values[["North", "South"]].tolist() == [-70, 0]
    assert study.results["value"].notna().all()


def test_a_criterion_on_the_annual_cost_is_not_known_without_a_running_cost():
    gate = {"criterion": "cheaper", "measure": "annual_cost_change_fraction"}
    study = small_study(flows=MOVE, gates=[gate])
    assert study.decision.gates["reason"].item() == (
        "Cheaper: not known, because the case has no running cost (flows.csv)."
    )


# what came of it


def test_what_came_of_a_case_without_criteria_is_told_with_its_red_flag():
    study = small_study(
        file={"data_date": dt.date(2025, 4, 30)},
        flows=[*MOVE, flow("posts", "saving", 400)],
        actuals=[
            {
                "kind": "saving",
                "item": "posts",
                "partner": "North",
                "date": "2025-03-31",
                "year": "2024",
                "value": "40",
            }
        ],
    )
    assert study.case.section_names() == ["savings", "appraisal", "outturn"]
    assert study.case.chapter_names() == ["savings", "decision"]
    assert result(study, "outturn", "review_flag") == "red"
    no_criterion = "The case has no criterion, so nothing tells whether to go on"
    assert decision.answer(study).text == f"**Not known.** {no_criterion}."
    assert decision.gates_chart(study).caption == no_criterion


def test_dates_alone_make_the_chapter_of_what_was_decided():
    study = small_study(events=[{"date": "2024-07-01", "kind": "start", "event": "It begins"}])
    assert study.case.chapter_names() == ["decision"]
    assert chapters(study)["decision"]


# lists of which nothing is worked out


def starter_rows():
    """Return the worked rows of every table that may stand alone."""
    raw = starter_case("Two councils", ["North", "South"], dt.date(2024, 5, 1))
    return {
        stem: [
            {name: text for name, text in row.items() if name != "source"} | {"source": "report"}
            for row in rows
        ]
        for stem, rows in raw.tables.items()
        if stem in FIGURE_TABLES and stem not in ("partners", "flows", "risk_costs") and rows
    }


NEEDS = {
    # other tables without which one is refused
    "scores": ["options", "factors"],
    "success_factors": ["options"],
    "risks": ["risk_levels", "risk_bands"],
    "risk_probabilities": ["risk_levels"],
    "task_ranges": ["tasks"],
    "contracts": ["tasks"],
    "conditions": ["gates"],
    "work_packages": ["tasks"],
    "readiness": ["readiness_areas"],
    "lessons": ["events"],
}


@pytest.mark.parametrize("stem", starter_rows())
def test_some_chapter_tells_of_every_table_that_has_rows(stem):
    rows = starter_rows()
    file = {
        "last_year": 2034,
        "decision_date": dt.date(2024, 11, 5),
        "plan_start": dt.date(2024, 11, 18),
    }
    case = small_case(file=file, **{name: rows[name] for name in [stem, *NEEDS.get(stem, [])]})
    shown = [name for name in CHAPTERS if any(given(Study.of(case, "base"), name))]
    assert [*case.chapter_names(), *shown]


@pytest.mark.parametrize(
    ("stem", "chapter", "lacking"),
    [
        ("options", "options", "scores of options"),
        ("drivers", "baseline", "data on its present services"),
        ("risk_levels", "risks", "risk register"),
        ("readiness_areas", "readiness", "readiness scores"),
    ],
)
def test_a_list_that_gives_no_result_is_shown_with_what_the_case_lacks(stem, chapter, lacking):
    rows = starter_rows()[stem]
    said, shown = given(small_study(**{stem: rows}), chapter)
    assert isinstance(said, Prose) and not isinstance(said, Absence)
    assert said.text == f"The case has no {lacking}, so nothing is worked out here. It gives:"
    assert isinstance(shown, TableShown) and len(shown.rows) == len(rows)


def test_a_case_without_any_row_has_no_chapter_but_one_with_a_list_does():
    empty = chapters(small_study())
    assert not set(CHAPTERS) & set(empty)
    listed = chapters(small_study(options=starter_rows()["options"]))
    assert [name for name in CHAPTERS if name in listed] == ["options"]


# what a case has no data for, asked for by a notebook or by hand


@pytest.mark.parametrize("case", case_names())
def test_a_result_without_data_is_refused_in_a_sentence_that_says_what_the_case_lacks(case):
    study = load_study(case)
    for part in study.parts[:-1]:  # the last, of the log, takes long
        for name in part.result_names():
            try:
                getattr(part, name)
            except InputError as refused:
                assert str(refused).startswith(f"{case} has no "), f"{part.name}.{name}: {refused}"


def test_a_notebook_of_which_the_case_has_no_data_ends_at_its_introduction():
    study = load_study("mkip-2012")
    assert introduction(study, "options").text == introduction(study).text
    moved = introduction(study.varied(discount_rate=0.06, delay_years=1)).text
    assert moved == introduction(study).text + " Changed here: delay years and discount rate."
    with pytest.raises(InputError) as refused:
        introduction(study, "risks")
    assert str(refused.value) == (
        "mkip-2012 has no risk register (risks.csv), so there is nothing to tell here; it has data for "
        "baseline, options, savings, readiness and decision"
    )
    with pytest.raises(
        InputError, match=r"small has no criteria \(gates.csv\), .* no notebook yet$"
    ):
        introduction(small_study(), "decision")
