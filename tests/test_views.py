"""What the notebooks show: charts hold the data that the library gives, words follow the figures."""

import pandas as pd
import pytest

from businesscase.cases.case import case_names, load_case
from businesscase.shown import (
    baseline,
    common,
    decision,
    governance,
    options,
    outturn,
    plan,
    risks,
    savings,
)
from businesscase.shown.display import Chart, Table, printed
from businesscase.study import load_study


def bundle(chart: Chart) -> dict:
    return chart._repr_mimebundle_()["application/vnd.plotly.v1+json"]


CHARTS = {
    "baseline": [baseline.answer_chart],
    "options": [
        options.ranking_chart,
        options.contributions_chart,
        options.switching_chart,
        options.acceptability_chart,
    ],
    "savings": [savings.cumulative_chart, savings.tornado],
    "risks": [risks.matrix_chart],
    "plan": [plan.gantt, plan.progress_chart],
    "readiness": [governance.precedents_chart],
    "outturn": [outturn.measures_chart],
    "decision": [decision.gates_chart],
}
ALL_CHARTS = [
    (case, draw)
    for case in case_names()
    for section in load_case(case).section_names()
    for draw in CHARTS[section]
]


@pytest.mark.parametrize(("case", "draw"), ALL_CHARTS)
def test_every_chart_has_data_a_finding_as_title_and_words(case, draw):
    chart = draw(load_study(case))
    drawn = bundle(chart)
    assert any(len(trace.get("x", [])) for trace in drawn["data"])
    assert chart.title and chart.description.endswith(".")
    assert drawn["layout"]["meta"] == {"title": chart.title, "description": chart.description}


def test_cost_chart_draws_the_annual_costs():
    drawn = bundle(baseline.answer_chart(load_study("lictp-2020")))
    contract, web = drawn["data"]
    assert contract["y"] == ["Hinckley and Bosworth", "Blaby", "Melton"]
    assert contract["x"][2] == 277_000
    assert web["x"][2] == 34_000


def test_cumulative_chart_ends_at_the_sum_of_the_published_savings_less_the_fund():
    drawn = bundle(savings.cumulative_chart(load_study("mkip-2012")))
    total = next(trace for trace in drawn["data"] if trace["name"] == "All partners")
    assert total["y"][-1] == pytest.approx(3_710_000 - 300_000)


def test_gantt_starts_each_bar_on_the_published_date():
    drawn = bundle(plan.gantt(load_study("allerdale-carlisle-2008")))
    starts = {
        label: start
        for trace in drawn["data"]
        if trace["name"] in ("critical", "has float")
        for label, start in zip(trace["y"], trace["base"], strict=True)
    }
    assert len(starts) == 19
    assert starts["6  Finance and Budgets"] == "2008-04-18T00:00:00"
    assert starts["19  Recommendation and Business Case"] == "2008-07-01T00:00:00"


def test_matrix_shows_the_ids_where_the_report_prints_them():
    drawn = bundle(risks.matrix_chart(load_study("lictp-2020")))
    cells = [text for text in drawn["data"][0]["text"] if text.startswith("<b>")]
    ids = [text.split("</b>")[0].removeprefix("<b>") for text in cells]
    assert ids == ["1", "5, 6", "2, 8", "4, 7", "3"]


def test_words_of_the_savings_answer_follow_the_sign():
    assert "saves £3.71m" in savings.answer(load_study("mkip-2012")).text
    assert "more than today" in savings.answer(load_study("lictp-2020")).text
    assert "Every partner is worse off" in savings.answer(load_study("lictp-2020")).text


def test_decision_shows_the_outcome_of_the_knobs_turned_by_hand():
    turned = load_study("mkip-2012", realisation=0.0)
    assert turned.decision.recommendation == "stop"
    row = bundle(decision.gates_chart(turned))["data"][0]["text"][0]
    assert row == "<b>stop</b>"


def test_assumptions_list_every_input_with_status_and_source():
    study = load_study("lictp-2020")
    table = common.assumptions(study, "options").frame
    assert len(table) == 5 * 5 + 6 + 5 * 6 * 2
    assert set(table["status"]) == {"assumed"}
    assert table["note"].str.len().min() > 0


def test_table_escapes_what_a_case_says():
    frame = pd.DataFrame({"name": ["<script>alert(1)</script>"], "cost": [-4500.0]})
    html = Table(frame, "A & B", {"name": "Name", "cost": "Cost (£)"})._repr_html_()
    assert "<script>" not in html
    assert "<caption>A &amp; B</caption>" in html
    assert '<td class="number">-£4,500</td>' in html


@pytest.mark.parametrize(
    ("value", "label", "shown"),
    [
        (0.4668, "Share (%)", "46.7%"),
        (float("inf"), "Payback (years)", "not within the term"),
        (None, "", "–"),
        (True, "", "yes"),
        (3.0, "Score", "3"),
        (pd.Timestamp("2008-04-08"), "", "8 April 2008"),
    ],
)
def test_values_are_printed_in_their_unit(value, label, shown):
    assert printed(value, label) == shown
