"""What scrutiny asks: answered from the case, and not answered where a table is gone."""

from dataclasses import replace

import pytest
from cells import shown_in

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
