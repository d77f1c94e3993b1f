"""What the notebooks show: charts hold the data that the library gives, words follow the figures."""

import pandas as pd
import plotly.graph_objects as go
import pytest

from businesscase.calculations.wording import printed
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
from businesscase.shown.display import CHART, TABLE, Chart, Table, chart
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
    for draw in CHARTS.get(section, [])
]


@pytest.mark.parametrize(("case", "draw"), ALL_CHARTS)
def test_every_chart_has_data_a_finding_as_title_and_words(case, draw):
    chart = draw(load_study(case))
    drawn = bundle(chart)
    assert any(len(trace.get("x", [])) for trace in drawn["data"])
    assert chart.title and chart.description.endswith(".")
    said = chart._repr_mimebundle_()[CHART]
    assert (said["title"], said["description"]) == (chart.title, chart.description)
    data = said["data"]
    assert len(data["labels"]) > 1 and data["rows"] and all(row[0] for row in data["rows"])
    assert all(len(row) == len(data["labels"]) == len(data["numeric"]) for row in data["rows"])
    assert not any("<" in text or text == "nan" for row in data["rows"] for text in row)


def data_of(chart: Chart) -> dict:
    """Return what a chart says to those who can't see it: texts by name of row and of column."""
    data = chart.data.as_read()
    return {row[0]: dict(zip(data["labels"][1:], row[1:], strict=True)) for row in data["rows"]}


def test_chart_has_its_numbers_with_names_and_units():
    study = load_study("lictp-2020")
    assert data_of(baseline.answer_chart(study))["Melton"] == {
        "Contract and client team (£)": "£277,000",
        "Web support (£)": "£34,000",
        "All together (£)": "£311,000",
        "A user (£)": "£1,358",
    }
    assert data_of(risks.matrix_chart(study))["5 High"]["Marginal 2"] == "5, 6; Medium Risk"
    option = "a Lead authority, outsourced; screened out"
    assert data_of(options.ranking_chart(study))[option] == {"Weighted score": "2.65"}
    assert data_of(options.switching_chart(study))["Control"] == {
        "Stated share (%)": "15.0%",
        "Option b stays first from (%)": "0.0%",
        "To (%)": "64.2%",
        "First below": "",
        "First above": "d",
    }
    chances = data_of(risks.contingency_chart(study))
    assert list(chances) == [f"{level}%" for level in range(5, 100, 5)]
    assert set(chances["50%"]) == {"Cost of the risks, discounted (£)"}


def test_chart_of_a_plan_has_its_dates():
    study = load_study("allerdale-carlisle-2008")
    assert data_of(plan.gantt(study))["3 Business Case Development"] == {
        "Start": "8 April 2008",
        "Finish": "27 June 2008",
        "Critical": "no",
        "Latest finish": "1 July 2008",
        "80% certain by": "11 July 2008",
        "Gate": "no",
        "Deadline": "30 June 2008",
    }
    # the day by which each share of plans has ended, as the table of deadlines has it
    chances = data_of(plan.deadline_chart(study))
    certain = printed(study.plan.certain_finishes.at[3, "p80"])
    assert chances["80%"]["3 Business Case Development"] == certain


def test_a_name_of_a_case_that_is_a_column_of_a_chart_is_one_column_more():
    data = pd.DataFrame([[1.0, 2.0]], pd.Index(["a"], name="Name"), ["Name", "Name"])
    shown = chart(go.Figure(), "Title", "Words.", data).data.as_read()
    assert shown["labels"] == ["Name", "Name", "Name"] and shown["rows"] == [["a", "1", "2"]]


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
    dearer = savings.answer(load_study("lictp-2020", running_cost_change=0.3)).text
    assert "the partnership costs £" in dearer and " more and spends " in dearer
    assert "Every partner is worse off" in dearer


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


def test_table_carries_what_is_read_and_no_row_where_there_is_none():
    labels = {"name": "Name", "cost": "Cost (£ a year)"}
    frame = pd.DataFrame({"name": ["<b>"], "cost": [-4500.0]})
    assert Table(frame, "A & B", labels)._repr_mimebundle_()[TABLE] == {
        "caption": "A & B",
        "labels": ["Name", "Cost (£\xa0a\xa0year)"],
        "numeric": [False, True],
        "rows": [["<b>", "-£4,500"]],
    }
    assert Table(pd.DataFrame(), "No cost", labels).as_read()["rows"] == []


def test_table_escapes_what_a_case_says():
    frame = pd.DataFrame({"name": ["<script>alert(1)</script>"], "cost": [-4500.0]})
    html = Table(frame, "A & B", {"name": "Name", "cost": "Cost (£)"})._repr_html_()
    assert "<script>" not in html
    assert "<caption>A &amp; B</caption>" in html
    assert '<td class="number">-\N{WORD JOINER}£4,500</td>' in html
