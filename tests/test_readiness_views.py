"""What notebook 06 shows, in every case and in cases that have what no published one has."""

import re
from dataclasses import replace

import pandas as pd
import pytest
from cells import sections, shown_in

from businesscase.cases.case import case_names
from businesscase.shown import governance as governing
from businesscase.shown import readiness as show
from businesscase.shown.display import Chart, Table
from businesscase.study import Study, load_study
from businesscase.study.derived import Kept

DURHAM, DACORUM, LICTP = "durham-sunderland-2014", "dacorum-avdc-2012", "lictp-2020"
SCORED = [DURHAM, DACORUM]
HEADINGS = list(sections("readiness")[1])[1:]  # the first is of the question and the parameters
LONG_NAMES = [
    "Kingston upon Hull",
    "Hinckley and Bosworth",
    "Melton",
    "Bath and North East Somerset",
]


def shown(study, heading, place=0):
    return shown_in("readiness", study, heading)[place]


def evidence(study):
    return shown(study, "What do the scores rest on?", 1)


def lessons(study):
    return shown(study, "What was learned, and when could it have been known?", 1)


def needed_rises(study):
    return shown(study, "What would change this answer?")


def checklist(study):
    return shown(study, "How is it to be governed?")


def examples(study):
    return shown(study, "How is it to be governed?", 2)


def precedents(study):
    return shown(study, "What did the published cases settle, and what did they lack?", 1)


def changed(case=DURHAM, **tables):
    """Return a base study with other tables."""
    study = load_study(case)
    return Study(replace(study.case, tables=study.tables | tables), "base", study.parameters)


def scored(names, by_area, largest_gap=1.0, lowest_score=2.0):
    """Return a study of these partners with these scores by area."""
    rows = [
        (area, name, float(score))
        for area, scores in by_area.items()
        for name, score in zip(names, scores, strict=True)
    ]
    origin = {"status": "assumed", "source": "report", "paragraph": "none", "note": "for this test"}
    return changed(
        partners=pd.DataFrame({"partner": names, "role": "partner"}).assign(**origin),
        readiness=pd.DataFrame(rows, columns=["area", "partner", "score"]).assign(**origin),
        readiness_areas=pd.DataFrame(
            {
                "area": list(by_area),
                "definition": "any",
                "largest_gap": largest_gap,
                "lowest_score": lowest_score,
            }
        ).assign(**origin),
    )


def marks(chart):
    """Return the marks of a gap chart: text, score and height of each."""
    trace = chart.figure.data[0]
    return list(zip(trace.text, trace.x, trace.y, strict=True))


@pytest.mark.parametrize("case", case_names())
@pytest.mark.parametrize("heading", HEADINGS)
def test_every_part_is_shown_or_says_in_a_sentence_that_it_is_not_there(case, heading):
    for made in shown_in("readiness", load_study(case), heading):
        if isinstance(made, Chart):
            assert made.title and made.description.endswith(".")
        elif isinstance(made, Table):
            html = made._repr_html_()
            assert not re.search(r"\bnan\b", html)
            assert ('<p class="absent">' in html) == made.empty
            assert len(made.caption) > 10
        else:
            assert made.text


# the answer


def test_the_answer_says_that_durham_is_not_ready_and_why():
    said = show.answer(load_study(DURHAM)).text
    assert said.startswith(
        "**The partners are not ready together: they stand too far apart in pace of change and "
        "delivery model.**"
    )
    assert "in pace of change and delivery model; all 22 scores are assumed." in said
    assert "crosses 1 red line: “other delivery models” (Sunderland)." in said
    assert "Whether it respects “data centres” is not known." in said
    assert "How unequal the partners are in size is not known." in said
    assert "Governance: none of 9 topics is settled; **left open: host, chair and term**." in said


def test_the_answer_follows_the_scenario():
    ready = show.answer(load_study(DURHAM, "differences-overcome")).text
    assert ready.startswith("**The partners are ready together:")
    below = show.answer(load_study(DACORUM, "interim-managers-leave")).text
    assert (
        "too far apart and a partner is below the minimum score in leadership and processes.**"
        in below
    )


def test_the_answer_of_a_case_without_scores_says_so_and_still_tells_of_governance():
    said = show.answer(load_study(LICTP)).text
    assert said.startswith("**No scores of readiness are given.**")
    assert "2.18 times the users and 2.18 times the spend a year (assumed in part)" in said
    assert "**left open: chair and assets**" in said


def test_a_red_line_is_crossed_or_not_in_the_right_number():
    lines = load_study(DURHAM).tables["red_lines"]
    none = show.answer(changed(red_lines=lines.assign(respected="yes"))).text
    assert "The proposal crosses no red line that is known." in none
    assert "is not known." not in none.split("How unequal")[0]
    every = show.answer(changed(red_lines=lines.assign(respected="no"))).text
    assert "The proposal crosses 4 red lines:" in every


# the picture


@pytest.mark.parametrize("case", SCORED)
def test_the_gap_chart_has_a_mark_for_every_score_and_none_hides_another(case):
    study = load_study(case)
    found = marks(show.gap_chart(study))
    assert len(found) == study.readiness.scores.size
    assert len({(score, height) for _, score, height in found}) == len(found)


def test_equal_scores_lie_in_lanes_of_their_own_within_their_area():
    found = marks(show.gap_chart(scored(["North", "South"], {"people": [3, 3], "assets": [3, 3]})))
    heights = [height for _, _, height in found]
    assert heights == sorted(set(heights))
    assert [round(height) for height in heights] == [0, 0, 1, 1]


def test_the_widest_gap_stands_first_and_is_marked_in_words_not_by_colour_alone():
    chart = show.gap_chart(load_study(DURHAM))
    labels = chart.figure.layout.yaxis.ticktext
    assert labels[:3] == (
        "pace of change<br><b>too far apart</b>",
        "delivery model<br><b>too far apart</b>",
        "technology",
    )
    assert [text for text, *_ in marks(chart)[:4]] == [
        "<b>Durham 2</b>",
        "Sunderland 4",
        "Durham 4",
        "<b>Sunderland 2</b>",
    ]
    assert chart.title == "Pace of change and delivery model: the partners stand too far apart"


def test_the_shaded_reach_starts_at_the_lowest_score_that_is_near_enough():
    chart = show.gap_chart(scored(["North", "South"], {"people": [5, 2]}, largest_gap=1.5))
    reach = next(shape for shape in chart.figure.layout.shapes if shape.type == "rect")
    assert reach.x0 == pytest.approx(3.5, abs=0.2)
    assert reach.x1 == pytest.approx(5.0, abs=0.2)


def test_every_area_with_a_minimum_score_has_one_drawn_just_below_the_score_that_is_enough():
    study = load_study(DURHAM)
    shapes = show.gap_chart(study).figure.layout.shapes
    lines = [shape for shape in shapes if shape.type == "line" and shape.x0 == shape.x1]
    assert len(lines) == study.readiness.areas["lowest_score"].notna().sum() == 10
    assert all(1.5 < line.x0 < 2 for line in lines)


def test_four_partners_with_long_names_are_each_named_beside_their_mark():
    by_area = {"people": [1, 2, 3, 4], "customer relationship management": [5, 4, 4.5, 1]}
    chart = show.gap_chart(scored(LONG_NAMES, by_area))
    texts = [re.sub("</?b>", "", text) for text, *_ in marks(chart)]
    assert texts[:4] == [
        f"{name} {score}"
        for name, score in zip(LONG_NAMES, ["5", "4", "4.5", "1"], strict=True)
    ]  # fmt: skip
    sides = chart.figure.data[0].textposition
    assert sides[0] == "middle left" and sides[3] == "middle right"  # inwards, so nothing is cut
    assert chart.title == (
        "People and customer relationship management: the partners stand too far apart, and one is "
        "below the minimum score"
    )


def test_where_all_are_close_and_ready_the_title_says_so():
    chart = show.gap_chart(scored(["North", "South"], {"people": [3, 3]}))
    assert chart.title == "In every area the partners are ready and close enough together"
    assert not any("diamond" in note.text for note in chart.figure.layout.annotations)


def test_the_picture_in_words_has_what_stands_in_the_way_and_how_close_the_rest_is():
    assert show.gap_chart(load_study(DURHAM)).description == (
        "Pace of change: Durham 2, Sunderland 4 (gap 2, at most 1; minimum score 2); delivery model: "
        "Durham 4, Sunderland 2 (gap 2, at most 1; minimum score 2); in the 9 other areas there is "
        "no gap, and nobody is below a minimum score."
    )
    close = show.gap_chart(scored(["North", "South"], {"people": [3, 4], "assets": [3, 3]}))
    assert close.description == (
        "In every area the gap is 1 at most, and nobody is below a minimum score."
    )
    apart = show.gap_chart(scored(["North", "South"], {"people": [1, 4]}))
    assert apart.description == "People: North 1, South 4 (gap 3, at most 1; minimum score 2)."


# tables


def test_evidence_shows_the_score_that_a_scenario_sets_and_says_so():
    table = evidence(load_study(DURHAM, "same-pace"))
    row = table.query("area == 'pace of change' and partner == 'Sunderland'").iloc[0]
    assert row["score"] == 3
    assert table.caption == (
        "What each score rests on: 22 assumed; a scenario sets those of pace of change"
    )


def test_partners_with_the_same_score_and_evidence_share_a_row():
    table = evidence(load_study(DURHAM))
    assert len(table) == 9 + 2 * 2  # nine areas without a difference, two with one
    assert table.at["people", "partner"] == "Durham and Sunderland"


def test_the_reasoning_of_an_area_is_not_said_twice_running():
    notes = shown(load_study(DURHAM), "What do the scores rest on?")["reasons_for_gap_and_minimum"]
    assert notes["technology"].startswith("The source lists the name as a challenge.")
    assert notes["leadership"] == "as above"
    assert notes["growth"] != "as above"


def test_sizes_are_shown_where_they_are_known_and_said_to_be_unknown_where_not():
    table = shown(load_study(LICTP), "How unequal are the partners?")
    assert table.caption == (
        "The largest partner has 2.18 times the users and 2.18 times the spend a year (assumed in "
        "part) of the smallest"
    )
    read = table.as_read()
    assert read["labels"][:3] == [
        "Partner",
        "Users",
        "Spend (£\N{NO-BREAK SPACE}a\N{NO-BREAK SPACE}year)",
    ]  # devices aren't known
    assert ["Melton", "229", "£311,000", "1", "1"] in read["rows"]
    unknown = shown(load_study(DURHAM), "How unequal are the partners?")
    assert unknown.empty and "is not known" in unknown.caption
    said = show.answer(load_study("worked-example")).text
    assert "2.45 times the users (assumed)," in said


def test_lessons_name_the_gate_and_what_was_spent_by_it_and_after():
    table = lessons(load_study(DURHAM))
    assert table.caption == (
        "The programme stopped on 11 June 2014; £50,000 was spent before, dated by financial year "
        "only, so that what was spent after a gate is the most that it can be"
    )
    assert table["gate_or_decision"].str.startswith("Both Cabinets support the proposal").all()
    assert table["spent_after"].tolist() == [50_000, 50_000]
    assert "no spend is printed" in lessons(load_study(DACORUM)).caption


def test_lessons_of_a_programme_that_goes_on_have_no_column_for_a_stop():
    table = lessons(load_study(LICTP))
    assert not {"months_to_stop", "spent_after"} & set(table)
    assert "it has not stopped" in table.caption


def test_lesson_chart_runs_from_the_gate_to_the_stop():
    chart = show.lesson_chart(load_study(DURHAM))
    assert chart.title == (
        "In our judgement every reason for the stop could have been known 11 months earlier; at most "
        "£50,000 was spent since"
    )
    bar = chart.figure.data[0]
    assert list(bar.x) == [pd.Timestamp("2013-06-24"), pd.Timestamp("2014-06-11")]
    assert show.lesson_chart(load_study(DACORUM)).title == (
        "In our judgement every reason for the stop could have been known 10 months earlier"
    )


def test_needed_rises_say_whether_one_change_is_enough():
    one = needed_rises(load_study(DACORUM))
    assert one.caption == (
        "One change of score alone brings the partners within every gap and minimum score"
    )
    assert one[["who_must_rise", "score_needed"]].values.tolist() == [["Dacorum", 3.0]]
    two = needed_rises(load_study(DURHAM))
    assert two.caption == (
        "2 changes of score, in 2 areas, bring the partners within every gap and minimum score"
    )
    assert two["enough_for_this_area"].all()
    assert needed_rises(load_study(DURHAM, "differences-overcome")).empty


def test_it_is_worked_out_again_who_is_apart_and_below_where_a_scenario_sets_the_scores():
    heading = "How is it found who stands too far apart?"
    scores, ends, apart, below, both = shown_in(
        "readiness", load_study(DURHAM, "same-pace"), heading
    )
    assert scores.loc["pace of change"].tolist() == [2, 3]
    assert ends.at["pace of change", "gap"] == 1
    assert apart.index[apart["too_wide_by"] > 0].tolist() == ["delivery model"]
    assert (below["short_by"].fillna(0) == 0).all()
    assert (
        both["worked_out"].tolist() == both["in_the_answer"].tolist() == ["delivery model", "none"]
    )
    study = load_study(DACORUM, "interim-managers-leave")
    *_, below, both = shown_in("readiness", study, heading)
    assert both.at["Below the minimum", "worked_out"] == "leadership and processes"
    assert below.at["leadership", "short_by"] == 1


def test_an_answer_that_the_steps_do_not_come_to_is_noticed():
    study = changed()
    study.readiness.memory.results["divergence"] = Kept(study.readiness.divergence.assign(beyond_gap=False), frozenset())  # fmt: skip
    with pytest.raises(AssertionError, match="the steps don't come to the areas of the answer"):
        shown_in("readiness", study, "How is it found who stands too far apart?")


def test_fewer_areas_are_too_far_apart_the_narrower_the_gaps():
    table = shown(load_study(DACORUM), "What would change this answer?", 1)
    assert table["areas_too_far_apart"].to_dict() == {-2: 0, -1: 0, 0: 1, 1: 6}
    assert table.at[0, "which"] == "leadership"


# governance


def test_the_checklist_has_each_topic_with_its_evidence_or_says_that_it_is_lacking():
    table = checklist(load_study(DACORUM))
    assert table.caption == (
        "Governance of the shared service: of 9 topics 2 settled, 3 settled in part and 4 left open"
    )
    assert table.at["assets", "what_this_case_says"] == "Nothing is said of this"
    assert table.at["chair", "what_this_case_says"].startswith(
        "Chair of the Partnership Board: Alternates between Dacorum and Aylesbury Vale [yes]. "
    )
    assert table.at["board", "paragraph"] == "paragraph 10a; paragraph 10b"


def test_examples_name_the_case_that_went_further_and_the_topics_that_none_did():
    table = examples(load_study(DURHAM))
    chair = table.query("topic == 'chair'")
    assert chair["partnership"].tolist() == ["Dacorum and Aylesbury Vale 2012"]
    assert table.caption.endswith("none goes further on exit")


def test_the_matrix_shows_words_and_the_own_row_in_bold():
    chart = governing.precedents_chart(load_study(DURHAM))
    labels = chart.figure.layout.yaxis.ticktext
    assert len(labels) == 5
    assert labels[-1] == "<b>Durham and Sunderland 2014</b>"
    texts = [note.text for note in chart.figure.layout.annotations]
    assert len(texts) == 45
    assert set(texts[:36]) == {"yes", "partly", "no"}
    assert set(texts[36:]) == {"<b>partly</b>", "<b>no</b>"}
    assert chart.title == (
        "This case settles none of 9 topics; of the published cases Mid Kent 2012 settles most, 5; none "
        "settles exit"
    )


def test_a_council_s_own_case_has_a_row_of_its_own_beside_the_five():
    study = load_study(DURHAM)
    own = Study(replace(study.case, name="our-case"), "base", study.parameters)
    chart = governing.precedents_chart(own)
    labels = chart.figure.layout.yaxis.ticktext
    assert labels[0] == "<b>This case</b>"
    assert len(labels) == 6
    assert "<b>" not in "".join(labels[1:])
    assert chart.description.startswith(
        "This case settles none, in part board, review, charging, assets, exit and people; "
        "Leicestershire 2020 settles host and term, in part "
    )
    assert precedents(own).as_read()["labels"][1:] == list(labels[1:])


def test_without_published_cases_the_list_is_still_checked():
    none = load_study(DURHAM).tables["governance_precedents"].iloc[:0]
    study = changed(governance_precedents=none)
    assert len(checklist(study)) == 9
    for draw in (governing.precedents_chart, precedents, examples):
        assert "No published case is recorded" in draw(study)._repr_html_()
