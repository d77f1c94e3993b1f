"""How ready the partners are, where they stand too far apart, and what a stopped programme teaches."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from businesscase.calculations.readiness import (
    area_scores,
    below_minimum,
    divergence,
    financial_year,
    lesson_costs,
    needed_rises,
    size_ratios,
    spent_by_stop,
    whole_months,
)
from businesscase.cases.case import load_case
from businesscase.cases.errors import InputError
from businesscase.study import load_study

DURHAM, DACORUM, LICTP = "durham-sunderland-2014", "dacorum-avdc-2012", "lictp-2020"
NINE_CHALLENGES = [
    "technology",
    "leadership",
    "governance",
    "people",
    "assets",
    "processes",
    "culture",
    "customer",
    "growth",
]


# scores, gaps and red lines


def test_scores_become_a_table_in_the_order_of_the_rows():
    rows = [("people", "South", 2.0), ("people", "North", 4.0), ("assets", "North", 1.0)]
    scores = pd.DataFrame(rows, columns=["area", "partner", "score"])
    expected = pd.DataFrame(
        {"South": [2.0, float("nan")], "North": [4.0, 1.0]}, index=["people", "assets"]
    )
    assert_frame_equal(area_scores(scores), expected, check_names=False)


@pytest.mark.parametrize(
    ("lowest", "highest", "beyond"), [(2.0, 2.0, False), (2.0, 3.0, False), (2.0, 3.5, True)]
)
def test_only_a_gap_above_the_limit_is_beyond_it(lowest, highest, beyond):
    scores = pd.DataFrame({"North": [highest], "South": [lowest], "West": [2.0]}, index=["people"])
    found = divergence(scores, pd.Series({"people": 1.0})).loc["people"]
    assert found.to_dict() == {
        "lowest": lowest,
        "highest": highest,
        "gap": highest - lowest,
        "largest_gap": 1.0,
        "beyond_gap": beyond,
    }


def test_the_order_of_partners_is_irrelevant_and_limits_go_by_name():
    scores = pd.DataFrame({"North": [1.0, 5.0], "South": [4.0, 4.0]}, index=["people", "assets"])
    limits = pd.Series({"assets": 0.5, "people": 3.0})
    found = divergence(scores, limits)
    assert_frame_equal(divergence(scores[["South", "North"]], limits), found)
    assert found["beyond_gap"].to_dict() == {"people": False, "assets": True}


def test_a_lone_partner_is_never_apart():
    scores = pd.DataFrame({"North": [1.0, 5.0]}, index=["people", "assets"])
    assert divergence(scores, pd.Series(0.0, index=scores.index))["gap"].tolist() == [0.0, 0.0]


def test_a_partner_at_the_red_line_is_ready_and_one_just_below_is_not():
    scores = pd.DataFrame({"North": [2.0, 1.0], "South": [1.5, 1.0]}, index=["people", "growth"])
    red_lines = pd.Series({"growth": np.nan, "people": 2.0})
    found = below_minimum(scores, red_lines)
    assert found.loc["people"].to_dict() == {"North": False, "South": True}
    assert not found.loc["growth"].any()  # an area without a red line has nobody below it


def test_red_lines_do_not_depend_on_how_close_the_partners_are():
    scores = pd.DataFrame({"North": [1.0], "South": [1.0]}, index=["people"])
    assert not divergence(scores, pd.Series({"people": 0.0}))["beyond_gap"].any()
    assert below_minimum(scores, pd.Series({"people": 2.0})).all(axis=None)


# who must rise


def rises(scores, gap, red_line=np.nan):
    """Return the rises that one area needs as (partner, needed, rise, alone)."""
    table = pd.DataFrame([scores], index=["people"])
    found = needed_rises(table, pd.Series({"people": gap}), pd.Series({"people": red_line}))
    columns = ["partner", "needed", "rise", "alone"]
    return list(found[columns].itertuples(index=False, name=None))


def test_the_one_that_is_too_far_behind_must_rise_to_the_edge_of_the_gap():
    assert rises({"North": 5.0, "South": 4.5, "West": 2.0}, 1.5) == [("West", 3.5, 1.5, True)]


def test_where_two_are_too_far_behind_no_single_change_is_enough():
    found = rises({"North": 5.0, "South": 3.0, "West": 2.0}, 1.0)
    assert found == [("South", 4.0, 1.0, False), ("West", 4.0, 2.0, False)]


def test_a_red_line_above_the_edge_of_the_gap_asks_for_more():
    assert rises({"North": 4.0, "South": 1.0}, 3.0, 2.0) == [("South", 2.0, 1.0, True)]
    assert rises({"North": 4.0, "South": 1.0}, 1.0, 2.0) == [("South", 3.0, 2.0, True)]


def test_a_red_line_above_everybody_lifts_everybody():
    found = rises({"North": 2.0, "South": 1.0}, 0.0, 3.0)
    assert found == [("North", 3.0, 1.0, False), ("South", 3.0, 2.0, False)]


def test_nobody_has_to_rise_where_the_gap_is_kept():
    assert rises({"North": 3.0, "South": 2.0}, 1.0, 2.0) == []


LEVELS = st.integers(2, 10).map(lambda half: half / 2)


@given(
    scores=st.lists(LEVELS, min_size=2, max_size=5),
    gap=st.integers(0, 8).map(lambda half: half / 2),
    red_line=st.one_of(st.just(np.nan), LEVELS),
)
def test_the_rises_bring_everybody_within_and_half_a_point_less_does_not(scores, gap, red_line):
    partners = [f"partner {number}" for number in range(len(scores))]
    table = pd.DataFrame([scores], index=["people"], columns=partners)
    limits, lines = pd.Series({"people": gap}), pd.Series({"people": red_line})

    def faulty(changed):
        apart = divergence(changed, limits)["beyond_gap"].any()
        return bool(apart or below_minimum(changed, lines).any(axis=None))

    found = needed_rises(table, limits, lines)
    assert (len(found) > 0) == faulty(table)
    risen = table.copy()
    for row in found.itertuples():
        risen.loc[row.area, row.partner] = row.needed
    assert not faulty(risen)
    for row in found.itertuples():
        short = risen.copy()
        short.loc[row.area, row.partner] -= 0.5
        assert faulty(short)


# size


def test_size_is_the_largest_over_the_smallest_partner():
    sizes = pd.DataFrame({"North": [300.0, 10.0], "South": [100.0, 40.0], "West": [200.0, 20.0]})
    assert size_ratios(sizes).tolist() == [3.0, 4.0]


def test_size_is_not_known_if_one_partner_s_is_not_or_there_is_only_one():
    assert size_ratios(pd.DataFrame({"North": [300.0], "South": [np.nan]})).isna().all()
    assert size_ratios(pd.DataFrame({"North": [300.0]})).isna().all()


@given(st.lists(st.floats(1, 1e6), min_size=2, max_size=6), st.floats(0.01, 100))
def test_size_does_not_depend_on_the_unit_and_is_at_least_one(sizes, factor):
    table = pd.DataFrame([sizes])
    ratio = size_ratios(table).item()
    assert ratio >= 1
    assert size_ratios(table * factor).item() == pytest.approx(ratio)


def test_leicestershire_s_largest_partner_has_more_than_twice_the_users_of_the_smallest():
    study = load_study(LICTP)
    assert study.readiness.size_ratios["users"] == pytest.approx(499 / 229)
    assert pd.isna(study.readiness.size_ratios["devices"])


def test_durham_prints_no_size():
    assert load_study(DURHAM).readiness.size_ratios.isna().all()


# months and money


@pytest.mark.parametrize(
    ("first", "last", "months"),
    [
        ("2013-06-24", "2013-06-24", 0),
        ("2013-06-24", "2013-07-23", 0),
        ("2013-06-24", "2013-07-24", 1),
        ("2013-12-31", "2014-01-01", 0),
        ("2013-06-24", "2014-06-24", 12),
    ],
)
def test_only_whole_months_count(first, last, months):
    assert whole_months(pd.Timestamp(first), pd.Timestamp(last)) == months


@given(st.integers(1, 28), st.integers(1, 12), st.integers(0, 200))
def test_so_many_months_later_is_so_many_whole_months(day, month, months):
    first = pd.Timestamp(year=2011, month=month, day=day)
    later = first + pd.DateOffset(months=months)
    assert whole_months(first, later) == months
    if months:
        assert whole_months(first, later - pd.Timedelta(days=1)) == months - 1


def test_a_financial_year_begins_in_april():
    dates = ["2013-12-31", "2014-03-31", "2014-04-01"]
    assert [financial_year(pd.Timestamp(date)) for date in dates] == [2013, 2013, 2014]


SPENT = pd.Series({2012: 10.0, 2013: 20.0, 2014: 40.0, 2015: 80.0})
STOP = pd.Timestamp("2014-06-11")


def costs(known_from, stop=STOP, spent=SPENT):
    """Return (months to the stop, spent by the gate, spent after) of one lesson."""
    lesson = pd.DataFrame({"lesson": ["pace"], "known_from": [pd.Timestamp(known_from)]})
    found = lesson_costs(lesson, stop, spent).iloc[0]
    return found["months_to_stop"], found["spent_by_gate"], found["spent_after"]


def test_the_year_of_a_gate_is_not_yet_spent_and_the_year_of_the_stop_is():
    assert costs("2013-06-24") == (11, 10.0, 60.0)
    assert costs("2014-03-31") == (2, 10.0, 60.0)
    assert costs("2014-04-01") == (2, 30.0, 40.0)
    assert costs("2014-06-11") == (0, 30.0, 40.0)


def test_what_was_spent_by_a_gate_and_after_it_adds_up_to_what_was_spent_before_the_stop():
    for date in ("2012-04-01", "2013-06-24", "2014-06-11"):
        _, by_gate, after = costs(date)
        assert by_gate + after == spent_by_stop(SPENT, STOP) == 70.0


def test_without_a_stop_nothing_is_counted():
    assert np.isnan(costs("2013-06-24", stop=None)).all()
    assert np.isnan(spent_by_stop(SPENT, None))


def test_without_a_printed_spend_only_the_months_are_known():
    months, by_gate, after = costs("2013-06-24", spent=pd.Series(dtype=float))
    assert months == 11
    assert np.isnan([by_gate, after]).all()


# the cases


def values(study, measure):
    """Return the results of a measure of readiness by item."""
    return {row[2]: row[4] for row in study.rows("readiness") if row[1] == measure}


@pytest.mark.parametrize("case", [DURHAM, DACORUM])
def test_the_nine_challenges_are_scored_and_so_are_pace_of_change_and_delivery_model(case):
    study = load_study(case)
    assert list(study.readiness.scores.index) == [
        *NINE_CHALLENGES,
        "pace of change",
        "delivery model",
    ]
    assert not study.readiness.scores.isna().any(axis=None)
    assert (study.tables["readiness"]["note"].str.len() > 40).all()


def test_durham_stops_for_its_two_published_reasons_and_for_no_other():
    study = load_study(DURHAM)
    assert study.readiness.areas_beyond_gap == ["pace of change", "delivery model"]
    assert study.readiness.areas_below_minimum == []
    gates = study.decision.gates.set_index("criterion")
    stops = gates[(gates["if_not_met"] == "stop") & (gates["outcome"] == "not met")]
    assert study.decision.recommendation == "stop"
    assert list(stops["section"].unique()) == ["readiness"]


@pytest.mark.parametrize(
    ("scenario", "left"),
    [
        ("same-pace", ["delivery model"]),
        ("services-stay-public", ["pace of change"]),
        ("differences-overcome", []),
    ],
)
def test_each_of_durham_s_reasons_can_be_overcome_by_itself(scenario, left):
    assert load_study(DURHAM, scenario).readiness.areas_beyond_gap == left


def test_durham_spent_nothing_by_the_gate_at_which_both_reasons_could_have_been_known():
    study = load_study(DURHAM)
    reasons = ["different pace of change", "different delivery models"]
    assert values(study, "spent_before_stop") == {"all": 50_000}
    assert values(study, "spent_by_gate") == dict.fromkeys(reasons, 0)
    assert values(study, "months_to_stop") == dict.fromkeys(reasons, 11)
    assert values(load_study(DURHAM, "officer-time"), "spent_before_stop") == {"all": 100_000}


def test_dacorum_prints_no_spend_so_only_the_months_are_given():
    study = load_study(DACORUM)
    assert set(values(study, "months_to_stop").values()) == {10}
    assert values(study, "spent_by_gate") == values(study, "spent_before_stop") == {}


def test_red_lines_are_counted_by_what_is_known_of_them():
    study = load_study(DURHAM)
    assert (values(study, "red_lines_crossed"), values(study, "red_lines_not_known")) == (
        {"all": 1},
        {"all": 1},
    )
    crossed = study.tables["red_lines"].query("respected == 'no'").iloc[0]
    assert (crossed["partner"], crossed["red_line"]) == ("Sunderland", "other delivery models")


def test_a_manager_who_leaves_puts_dacorum_below_two_red_lines():
    study = load_study(DACORUM, "interim-managers-leave")
    assert values(study, "areas_below_minimum") == {"all": 2}
    assert study.readiness.areas_below_minimum == ["leadership", "processes"]


def test_a_case_without_scores_has_governance_but_no_score_and_its_gate_is_not_known():
    study = load_study("allerdale-carlisle-2008")
    assert "readiness" in study.case.section_names()
    assert values(study, "mean_score") == values(study, "areas_beyond_gap") == {}
    assert len(values(study, "governance")) == 9
    gate = study.decision.gates.set_index("criterion").loc["partners ready"]
    assert (gate["found"], gate["outcome"]) == (None, "not known")


# refusals


def replaced(path, old, new):
    """Write a fault into a file and return the number of its line."""
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def faults_of(case):
    """Return the sentences with which a case is refused."""
    load_case.cache_clear()
    with pytest.raises(InputError) as refused:
        load_study(case)
    return refused.value.faults


def test_a_lesson_of_no_gate_or_decision_is_refused_with_the_nearest_dates(data_copy):
    path = data_copy / DURHAM / "lessons.csv"
    line = replaced(path, "2013-06-24", "2013-06-25")
    assert faults_of(DURHAM) == [
        f"data/{DURHAM}/lessons.csv line {line}: known_from 2013-06-25 is the date of no gate or "
        "decision in events.csv; nearest: 2013-06-24, 2014-06-11"
    ]


def test_the_start_of_a_programme_is_no_gate(data_copy):
    replaced(data_copy / DURHAM / "lessons.csv", "2013-06-24", "2012-10-01")
    assert len(faults_of(DURHAM)) == 1


def test_a_lesson_in_a_case_without_events_is_refused(data_copy):
    (data_copy / DURHAM / "events.csv").unlink()
    assert faults_of(DURHAM)[0] == (
        f"data/{DURHAM}/lessons.csv line 2: known_from 2013-06-24 is the date of no gate or decision "
        "in events.csv; events.csv has none"
    )


def test_a_lesson_known_after_the_outcome_is_refused(data_copy):
    folder = data_copy / DURHAM
    with (folder / "events.csv").open("a", encoding="utf-8") as file:
        file.write("2014-07-01,decision,A later meeting,,assumed,report,none,for this test only\n")
    line = replaced(folder / "lessons.csv", "2013-06-24", "2014-07-01")
    assert faults_of(DURHAM) == [
        f"data/{DURHAM}/lessons.csv line {line}: known_from 2014-07-01 is after the programme's "
        "outcome on 2014-06-11; a lesson is known at the outcome at the latest"
    ]


def test_a_lesson_of_a_programme_that_went_on_is_kept_without_months_or_money():
    lessons = load_study(LICTP).readiness.lessons
    assert len(lessons) == 1
    assert lessons[["months_to_stop", "spent_by_gate", "spent_after"]].isna().all(axis=None)


def test_a_red_line_of_an_unknown_partner_is_refused(data_copy):
    line = replaced(data_copy / DURHAM / "red_lines.csv", "Sunderland,other", "Sunderlnd,other")
    assert faults_of(DURHAM) == [
        f"data/{DURHAM}/red_lines.csv line {line}: partner 'Sunderlnd' is unknown; nearest: Sunderland"
    ]


def test_a_red_line_of_a_partner_that_leaves_is_refused(data_copy):
    path = data_copy / LICTP / "red_lines.csv"
    origin = "assumed,melton-2020,4.8,because a test needs it"
    path.write_text(
        "partner,red_line,requirement,respected,status,source,paragraph,note\n"
        f"Oadby and Wigston,own web,Keeps its own web service,yes,{origin}\n",
        encoding="utf-8",
    )
    assert faults_of(LICTP) == [
        f"data/{LICTP}/red_lines.csv line 2: Oadby and Wigston is leaving; only partners that stay "
        "have rows here"
    ]


def test_a_red_line_that_is_perhaps_respected_is_refused(data_copy):
    line = replaced(data_copy / DURHAM / "red_lines.csv", ",not known,", ",perhaps,")
    assert faults_of(DURHAM) == [
        f"data/{DURHAM}/red_lines.csv line {line}, column respected: found 'perhaps'; "
        "it should be 'yes', 'no' or 'not known'"
    ]


@pytest.mark.parametrize(
    ("score", "allowed"), [("6", "less than or equal to 5"), ("0", "greater than or equal to 1")]
)
def test_a_red_line_off_the_scale_is_refused(data_copy, score, allowed):
    line = replaced(data_copy / DURHAM / "readiness_areas.csv", ",1,2,", f",1,{score},")
    assert faults_of(DURHAM) == [
        f"data/{DURHAM}/readiness_areas.csv line {line}, column lowest_score: found '{score}'; "
        f"it should be {allowed}"
    ]


def test_an_area_without_a_partner_s_score_and_a_score_without_its_area_are_refused(data_copy):
    path = data_copy / DURHAM / "readiness.csv"
    line = replaced(path, "pace of change,Durham", "pace of chance,Durham")
    assert faults_of(DURHAM) == [
        f"data/{DURHAM}/readiness.csv line {line}: area 'pace of chance' is unknown; nearest: "
        "pace of change",
        f"data/{DURHAM}/readiness.csv: Durham has no score in pace of change",
    ]
