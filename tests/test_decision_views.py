"""What notebook 07 shows: the decision, what would turn it, and what came of it."""

from dataclasses import replace
from functools import cache, partial

import numpy as np
import pandas as pd
import pytest
from cells import shown_in
from pytest import approx
from small import flow, small_study

from businesscase.shown import decision, outturn
from businesscase.shown.display import Chart, Sentence, Table
from businesscase.study import Study, load_study

LICTP, MKIP, DURHAM, DACORUM = "lictp-2020", "mkip-2012", "durham-sunderland-2014", "dacorum-avdc-2012"  # fmt: skip
ALLERDALE = "allerdale-carlisle-2008"
SO_FAR, SERVICE = "What came of it so far?", "Does the service do what was planned?"
OF_OUTTURN = [SO_FAR, "Does it still pay?", SERVICE]


@cache
def base(case):
    """Return a case under its base scenario, computed once for all tests."""
    return load_study(case)


def shown_of_outturn(study):
    """Return the tables and charts of what came of a decision; its sentences are left out."""
    every = [shown for heading in OF_OUTTURN for shown in shown_in("decision", study, heading)]
    return [shown for shown in every if not isinstance(shown, Sentence)]


def drawn(chart):
    """Return the traces of a chart by name."""
    stored = chart._repr_mimebundle_()["application/vnd.plotly.v1+json"]
    return {trace.get("name"): trace for trace in stored["data"]}


def two_partners(saved, measures=False, **changes):
    """Return Mid Kent with this saved by each of two lines and three partners in 2013 [£]."""
    study = load_study(MKIP, **changes)
    lines = study.tables["flows"].query("option == 'a' and flow == 'saving'")["line"].unique()
    rows = [
        ("saving", line, partner, pd.Timestamp("2014-05-31"), 2013, saved, np.nan)
        for line in lines
        for partner in study.partners
    ]
    columns = ["kind", "item", "partner", "date", "year", "value", "planned"]
    tables = study.tables | {"actuals": pd.DataFrame(rows, columns=columns)}
    return Study(replace(study.case, tables=tables), "base", study.parameters)


# the decision


def test_every_criterion_has_a_sentence_and_those_not_met_come_first():
    study = base(LICTP)
    lines = decision.reasons_in_words(study).text.splitlines()
    assert len(lines) == len(study.decision.gates)
    assert all(line.startswith("- ") and line.endswith(".") for line in lines)
    ends = [line.rsplit(": ", 1)[1] for line in lines]
    assert ends[0] == "not met."
    assert "not known, because" in lines[1]
    assert set(ends[2:]) == {"met."}


def test_the_answer_gives_the_figures_of_what_is_not_met_and_names_the_rest():
    assert decision.answer(base(DURHAM)).text == (
        "**Stop.** Partners ready: the number of areas in which the partners stand too far apart is 2 "
        "(pace of change, delivery model), at most 0 is allowed: not met. Not known: value for money, "
        "no partner worse off, winning option robust, exposure within appetite and deadline likely. Met: "
        "cost within what was agreed."
    )


def test_each_criterion_alone_is_shown_as_met_and_as_not_met():
    (table,) = shown_in("decision", base(DURHAM), "What would change this answer?")
    frame = table[["If met", "If not met"]]
    assert frame.loc["partners ready"].tolist() == ["not ready to decide", "stop"]
    assert set(frame.drop(index="partners ready").to_numpy().ravel()) == {"stop"}
    assert table.caption == "Criteria that would turn 'stop' alone: 1 of 7 criteria"


def test_a_threshold_is_shown_in_its_unit_though_the_figure_is_not_known():
    table = decision.reasons(base(DURHAM)).frame.set_index("criterion")
    assert table.at["value for money", "must_be"] == "at least £0"
    assert table.at["winning option robust", "must_be"] == "at least 50%"
    assert table.at["partners ready", "found"] == "2"


def test_a_threshold_is_shown_bare_where_nothing_says_its_unit():
    contingency = {"section": "risks", "measure": "contingency_p80", "threshold": "5"}
    study = small_study(gates=[{"criterion": "reserved", **contingency}])
    assert study.decision.gates["unit"].tolist() == [""]
    assert decision.reasons(study).frame["must_be"].tolist() == ["at least 5"]


def test_the_smallest_change_is_named_first_with_what_it_does():
    said = decision.turning_answer(base(LICTP)).text
    assert said.startswith(
        "**The smallest single change that would turn 'go with conditions' into 'stop': present cost "
        "of the service over the figures given: -0.7% (now 0%).** Affordable would no longer be met."
    )
    assert said.endswith("It can't be go as long as this is not known: partners ready.")


def test_where_nothing_within_the_ranges_tried_turns_it_the_nearest_beyond_is_named():
    said = decision.turning_answer(base(MKIP)).text
    assert said.startswith(
        "**No single change within the ranges tried would turn 'go with conditions'**: "
    )
    assert (
        "share of the planned saving that is realised: 9.6% (now 100%), which gives 'stop'" in said
    )


def test_where_nothing_at_all_turns_it_what_holds_it_is_named():
    said = decision.turning_answer(base(DURHAM)).text
    assert said == (
        "**No single change within the ranges tried would turn 'stop'**: 2 parameters were tried, one "
        "at a time. It is stop as long as this is not met: partners ready."
    )


def test_the_table_of_changes_holds_the_smallest_first_and_the_idle_last():
    table = shown_in("decision", base(LICTP), "Which single change would turn it?")[1]
    assert table["Turns at"].iloc[:3].tolist() == ["-0.7%", "0.7%", "12.1%"]
    assert set(table["Turns at"].iloc[3:]) == {"–"}
    assert table["then"].iloc[:3].tolist() == ["stop"] * 3
    assert table.caption.endswith("3 of 8 parameters")


def test_a_readiness_score_that_turns_it_is_named_with_what_it_is_of():
    _, table, _, _ = shown_in(
        "decision", base("worked-example"), "Which single change would turn it?"
    )
    assert table.index[0] == "Readiness score, assets, Westerfold"
    assert table.iloc[0, :4].tolist() == ["2", "3", "1", "3"]


@pytest.mark.parametrize(
    "of",
    [
        *(
            partial(base, case)
            for case in (ALLERDALE, DACORUM, DURHAM, LICTP, MKIP, "worked-example")
        ),
        lambda: load_study(MKIP, "late-start"),
        small_study,
        lambda: small_study(
            flows=[flow("posts", "saving", 9)],
            gates=[{"criterion": "pays", "item": "each partner"}],
        ),
    ],
)
def test_the_recommendation_is_worked_out_from_the_figures_of_the_criteria(of):
    study = of()
    tests, *_, check = shown_in("decision", study, "How is the recommendation worked out?")[1:]
    gates = study.decision.gates.set_index("criterion")
    assert tests["outcome"].to_dict() == gates["outcome"].to_dict()
    assert check.iloc[0].tolist() == [study.decision.recommendation] * 2


@pytest.mark.parametrize("case", [DURHAM, LICTP])
def test_the_gates_chart_shows_the_recommendation_of_every_scenario(case):
    study = base(case)
    chart = decision.gates_chart(study)
    texts = drawn(chart)[None]["text"]
    columns = len(study.decision.gates) + 1
    shown = [text.replace("<br>", " ").strip("<b>/") for text in texts[::columns]]
    expected = [study.in_scenario(name).decision.recommendation for name in study.case.scenarios]
    assert shown == expected
    assert len(texts) == columns * len(study.case.scenarios)


def test_the_view_of_governance_is_no_longer_here():
    assert not hasattr(decision, "governance")


# what came of it


@pytest.mark.parametrize("case", [ALLERDALE, DURHAM, LICTP, MKIP])
def test_a_case_without_actuals_says_so_in_a_sentence(case):
    every = shown_of_outturn(base(case))
    assert len(every) == 9
    for shown in every:
        assert isinstance(shown, Table)
        html = shown._repr_html_()
        assert html.startswith('<p class="absent">No ') and html.endswith(".</p>")


def test_mid_kent_is_told_when_its_review_is_and_what_must_be_seen_by_then():
    assert outturn.answer(base(MKIP)).text == ("**Nothing has been reported yet.**")
    assert outturn.review(base(MKIP)).text == (
        "The next review is **31 March 2018**, in year five of the service (Full review after five "
        "years). By then £1.52m of saving is planned. The service covers its cost if 9.6% of the "
        "planned saving is realised: less than that seen by then, with nothing to lift it, is a "
        "reason to stop. With one-off cost 15.5% over plan, the middle of its range, "
        "as an interval needs four cases and shared ICT has none, it takes 11.1%. "
        "52.9% is the middle of what 4 other cases of shared ICT came to."
    )


def test_leicestershire_is_told_to_watch_its_running_cost():
    assert outturn.review(base(LICTP)).text == (
        "The next date at which to look back is **31 December 2026**, in year five of the service "
        "(The five-year delegation ends). No saving is planned, so there is no realisation to watch "
        "and the review's colour is not known. What must be seen instead is the running cost: the "
        "service is worth its cost if it runs at 105.6% of plan or less from now on."
    )


def test_dacorums_backlog_is_the_finding():
    assert outturn.answer(base(DACORUM)).text == (
        "No money has been reported yet. **Pending helpdesk calls, Dacorum: under 150 calls**, held "
        "against at most 200 (criterion of the decision)."
    )
    chart = outturn.measures_chart(base(DACORUM))
    assert chart.title == "The one reading is as good as what it is held against"
    assert drawn(chart)[None]["x"] == [0.75]


def test_the_savings_chart_draws_plan_actual_and_forecast():
    study = two_partners(12_500.0)
    chart = outturn.savings_chart(study)
    traces = drawn(chart)
    assert traces["planned"]["y"][1:4] == [150_000, 250_000, 330_000]
    assert traces["actual"]["y"][1] == 75_000
    middle = study.outturn.forecasts["saving"].p50
    assert traces["expected"]["x"][0] == "2014/15"
    assert traces["expected"]["y"][0] == approx(250_000 * middle)
    assert chart.title.startswith("50.0% of the planned saving came in up to 2013/14")
    assert chart.description.endswith(".")


def test_the_flag_is_said_in_words_with_what_is_required_and_expected():
    said = outturn.review(two_partners(12_500.0)).text
    assert "must be realised for the net present value to be nil" in said
    assert said.endswith("**green**, because even the low end (P10) is enough.")
    lost = outturn.review(two_partners(0.0, own_year_weight=20.0)).text
    assert lost.endswith("**red**, because what is expected falls short of it.")


def test_the_answer_gives_realisation_by_partner_and_what_is_expected():
    said = outturn.answer(two_partners(12_500.0)).text
    assert said.startswith(
        "**£75,000 of the £150,000 of saving planned for 2013/14 came in**, 50.0% (Maidstone "
    )
    assert (
        "own results count for 50.0%, what 4 other cases of shared ICT came to for the rest" in said
    )


def test_variances_are_listed_by_line_and_partner():
    table = shown_in("decision", two_partners(12_500.0), SO_FAR)[4]
    assert table.caption == (
        "Money to date beside the plan: saving £75,000 under; actual in prices of 2012/13"
    )
    assert len(table) == 6
    assert table["actual_less_planned_gbp"].sum() == approx(-75_000)


def test_a_task_has_one_row_its_finish_if_it_is_done():
    table = shown_in("decision", base("worked-example"), SERVICE)[2]
    assert table.index.is_unique
    assert table.at[17, "what"] == "finish" and table.at[18, "what"] == "start"
    assert table.caption == "Tasks beside the plan; ended late: 12 of 17 finished tasks"


def test_years_that_are_reported_have_nothing_expected():
    table = shown_in("decision", base("worked-example"), SO_FAR)[2]
    reported, levels = table["actual_gbp"].notna(), ["p50_gbp", "p10_gbp", "p90_gbp"]
    assert reported.sum() == 2
    assert table.loc[reported, levels].isna().all(axis=None)
    assert table.loc[~reported, levels].notna().all(axis=None)


def test_what_is_expected_of_the_years_to_come_is_worked_out_as_it_is_forecast():
    study = base("worked-example")
    table, _ = shown_in("decision", study, "Does it still pay?")
    expected = [found.p50 for found in study.outturn.forecasts.values()]
    assert table["p50_fraction"].tolist() == approx(expected)


def test_every_part_of_a_case_with_all_kinds_of_actuals_has_data():
    study = base("worked-example")
    for shown in shown_of_outturn(study):
        if isinstance(shown, Chart):
            assert shown.title and shown.description.endswith(".")
            assert any(len(trace.get("x", [])) for trace in drawn(shown).values())
        else:
            assert len(shown) > 0
