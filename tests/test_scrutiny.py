"""What scrutiny asks: answered from the case, and not answered where a table is gone."""

import datetime as dt
from dataclasses import replace

import pytest
from cells import shown_in
from small import flow, small_study

from businesscase.cases.case import case_names, load_case
from businesscase.cases.schema import TABLES
from businesscase.study import Study, load_study

EXAMPLE = "worked-example"


def answers(study):
    return study.scrutiny.answers.set_index("answered_by")["said"]


@pytest.mark.parametrize(
    ("table", "turned"),
    [
        ("actuals", {"lines", "costs"}),
        ("exit_terms", {"leaving"}),
        ("service_costs", {"laid_out", "baseline"}),
    ],
)
def test_without_a_table_its_questions_are_not_answered(table, turned):
    study = load_study(EXAMPLE)
    whole = answers(study)
    before, after = study.case, {**study.tables, table: study.tables[table].iloc[:0]}
    assert (whole[list(turned)] != "").all()
    lacking = Study(replace(before, tables=after), "base", study.parameters)
    told = answers(lacking)
    assert set(told.index[(told == "") & (whole != "")]) == turned


def test_an_answer_gives_the_figure_of_the_results():
    study = load_study(EXAMPLE)
    told = answers(study)
    assert "£1.24m" in told["known"]
    assert study.savings.appraisal.at["all", "one_off_cost"] == pytest.approx(1_240_000, rel=0.005)
    least = study.savings.net_present_values
    assert least.idxmin() == "Westerfold" and least.min() == pytest.approx(621_741, abs=1)
    assert "Westerfold, which gains least, gains £622,000" in told["every_partner"]


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        ("index >= 0", "Yes: every partner has the same categories of cost"),
        ("partner != 'Eastholt'", "No: Eastholt has no cost laid out"),
        ("partner != 'Eastholt' or category != 'staff'", "No: not every partner has staff"),
    ],
)
def test_figures_are_laid_out_alike_if_each_partner_has_the_same_categories(kept, said):
    study = load_study(EXAMPLE)
    tables = {**study.tables, "service_costs": study.tables["service_costs"].query(kept)}
    found = Study(replace(study.case, tables=tables), "base", study.parameters)
    assert answers(found)["laid_out"] == said


@pytest.mark.parametrize(
    ("paid", "said"),
    [
        ((310, 230), "they rose by £40, the most in team: £30"),
        ((305, 180), "they fell by £15, the most in team: £20"),
        ((310, 190), "In all they came in as planned"),
    ],
)
def test_what_costs_came_to_is_said_with_the_line_that_moved_them_most(paid, said):
    told = after_a_year(one_off_cost=("move", paid[0]), running_cost=("team", paid[1]))
    assert said in told["costs"]


@pytest.mark.parametrize(
    ("saved", "said"),
    [
        (900, "Of £1,000 planned to date £900 came in; the most is missing from posts: £100"),
        (1_000, "Of £1,000 planned to date £1,000 came in; no line brought less than planned"),
    ],
)
def test_what_was_saved_is_said_with_the_line_that_is_missing_most(saved, said):
    assert after_a_year(saving=("posts", saved))["lines"] == said


def after_a_year(**reported):
    """Return the answers when 2024/25 is over, by kind of money the line and what was reported [£]."""
    lines = {
        "posts": ("saving", 1_000),
        "move": ("one_off_cost", 300),
        "team": ("running_cost", 200),
    }
    actuals = [
        {"kind": kind, "item": line, "partner": "North", "date": "2025-03-31", "year": "2024", "value": str(value)}
        for kind, (line, value) in reported.items()
    ]  # fmt: skip
    asked = [
        {"question": f"{name}?", "asked_by": "a committee", "answered_by": name}
        for name in ("lines", "costs")
    ]
    flows = [flow(line, kind, amount, (2024, 2024)) for line, (kind, amount) in lines.items()]
    file = {"data_date": dt.date(2025, 4, 30)}
    return answers(small_study(file=file, flows=flows, actuals=actuals, scrutiny_questions=asked))


def test_a_partner_that_loses_is_named():
    study = load_study(EXAMPLE, "as-others-fared")
    assert answers(study)["every_partner"].startswith("No: Northmere")


def test_an_end_on_a_date_answers_who_owns_it_then():
    study = load_study("lictp-2020")
    assert answers(study)["dissolved"] == ""
    assert "2024-04-01" in answers(study.varied(ends_on="2024-04-01"))["dissolved"]


@pytest.mark.parametrize("case", case_names())
def test_every_question_has_an_answer_or_says_that_it_has_none(case):
    study = load_study(case)
    _, table = shown_in("decision", study, "What would scrutiny ask?")
    for row in table.as_read()["rows"]:
        question, said, place, status, _ = row
        assert question.endswith("?") and said
        assert (said == "not answered") == (place == "–") == (status == "–")
    answered = study.scrutiny.answers.query("said != ''")
    stems = {name for place in answered["place"] for name in place.partition(";")[0].replace(" and ", ", ").split(", ")}  # fmt: skip
    for stem in stems:
        assert stem.removesuffix(".csv") in {*TABLES, "evidence"}
        assert len(load_case(case).tables[stem.removesuffix(".csv")])
