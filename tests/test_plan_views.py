"""What the plan's notebook shows: what is drawn, what is left out, and words that follow the figures."""

import re
from dataclasses import replace

import pandas as pd
import pytest
from cells import sections, shown_in
from conftest import daily_of

from businesscase.calculations.wording import chance_in_words, printed
from businesscase.shown import plan as show
from businesscase.shown.display import Chart, Table
from businesscase.study import Study, load_study
from businesscase.study.derived import Kept

ALLERDALE, LICTP, DACORUM = "allerdale-carlisle-2008", "lictp-2020", "dacorum-avdc-2012"


def shown(study, heading, place=0):
    return shown_in("plan", study, heading)[place]


def tasks(study):
    return shown(study, "What are the dates?")


def deadlines(study):
    return shown(study, "How likely are the deadlines?", 1)


def earlier_starts(study):
    return shown(study, "How likely are the deadlines?", 2)


def progress(study):
    return shown(study, "Where does the work stand?", 2)


def what_moves_it(study):
    return shown(study, "What would change this answer?")


def longer_tasks(study):
    return shown(study, "What would change this answer?", 1)


def assumptions(study):
    return shown(study, "Assumptions used")


def bundle(chart: Chart) -> dict:
    return chart._repr_mimebundle_()["application/vnd.plotly.v1+json"]


def traces(chart):
    return {trace.get("name"): trace for trace in bundle(chart)["data"]}


def with_tables(study, **tables):
    case = replace(study.case, tables=study.tables | tables)
    return Study(case, study.scenario_name, study.parameters)


def without_ranges(case):
    study = load_study(case)
    return with_tables(study, task_ranges=study.tables["task_ranges"].iloc[:0])


def long_plan(tasks=130):
    """Return Leicestershire with a chain of tasks, every tenth beside it with a deadline."""
    study = load_study(LICTP)
    row = study.tables["tasks"].iloc[0]
    rows = []
    for task in range(1, tasks + 1):
        beside = task % 10 == 0
        before = task - 1 if task % 10 != 1 else task - 2
        cells = {
            "task": task,
            "name": f"Step {task}",
            "duration_days": 1.0 if beside else 2.0,
            "predecessors": str(before) if task > 1 else "",
            "deadline": pd.Timestamp("2021-12-31") if beside else pd.NaT,
            "gate": task == tasks,
        }
        rows.append(row.to_dict() | cells)
    ranges = study.tables["task_ranges"].iloc[:1].assign(optimistic_days=1.5, pessimistic_days=4.0)
    return with_tables(study, tasks=pd.DataFrame(rows), task_ranges=ranges.assign(task=1))


def every_cell(study):
    headings = list(sections("plan")[1])[1:]  # the first is of the question and the parameters
    return [made for heading in headings for made in shown_in("plan", study, heading)]


@pytest.mark.parametrize("case", daily_of([ALLERDALE, LICTP, DACORUM, "worked-example"], ALLERDALE))
def test_every_view_shows_something_without_and_with_ranges(case):
    for study in (load_study(case), without_ranges(case)):
        for made in every_cell(study):
            if isinstance(made, Chart):
                assert made.title and made.description.endswith(".")
                assert any(len(trace.get("x", [])) for trace in bundle(made)["data"])
            elif isinstance(made, Table):
                assert "<" in made._repr_html_()
                assert "nan" not in made._repr_html_().lower().replace("finan", "").replace(
                    "governan", ""
                )
            else:
                assert made.text


@pytest.mark.parametrize("view", [show.deadline_chart, earlier_starts, what_moves_it])
def test_a_case_without_ranges_says_so_in_one_sentence(view):
    html = view(without_ranges(LICTP))._repr_html_()
    assert html == (
        '<p class="absent">The case gives no ranges of durations, so how likely its '
        "dates are is not known.</p>"
    )


def test_a_plan_without_deadlines_says_so_and_shows_how_likely_its_end_is():
    study = load_study(LICTP)
    study = with_tables(study, tasks=study.tables["tasks"].assign(deadline=pd.NaT))
    assert "No task of the plan has a deadline." in deadlines(study)._repr_html_()
    assert "No task of the plan has a deadline." in earlier_starts(study)._repr_html_()
    assert show.deadline_chart(study).title.startswith("The plan ends by ")
    assert "deadline" not in show.answer(study).text
    assert {"p80_if_shortest", "p80_if_longest"} < set(what_moves_it(study))


def test_the_answer_says_finish_certainty_critical_tasks_and_deadlines():
    study = load_study(LICTP)
    text = show.answer(study).text
    certain = printed(study.plan.certain_finishes.at["all", "p80"])
    assert text.startswith("**The plan ends on 26 November 2021.** Counting how short")
    assert f"it ends by {certain} with a chance of 80%." in text
    assert "3 of its 4 tasks are critical" in text
    assert "All 3 deadlines are met if every task runs as planned." in text
    assert re.search(r"The chance that all are met is 6\d%; that of the last one, Transition", text)
    missed = show.answer(load_study(ALLERDALE)).text
    assert (
        "Even if every task runs as planned, 8 of 14 deadlines are missed, the worst by 15 working "
        "days (Human Resources)." in missed
    )
    assert "The chance that all are met is under 1%" in missed


def test_the_answer_names_a_task_with_float_on_which_the_end_mostly_hangs():
    study = load_study(ALLERDALE)
    assert not study.plan.schedule.set_index("task").at[5, "critical"]
    assert 0.6 < study.plan.criticality[5] < 0.8
    said = (
        r"Governance has float in the plan, but .* the end hangs on it in 7\d% of simulated plans"
    )
    assert re.search(said, show.answer(study).text)
    assert "has float in the plan" not in show.answer(load_study(LICTP)).text


@pytest.mark.parametrize(
    ("case", "said"),
    [
        (ALLERDALE, "The ranges of durations are assumed."),
        (LICTP, "Durations and their ranges are assumed."),
    ],
)
def test_the_answer_says_what_is_assumed(case, said):
    assert show.answer(load_study(case)).text.endswith(said)


def test_the_answer_gives_the_forecast_where_dates_have_come_true():
    study = load_study("worked-example")
    ahead = printed(
        study.plan.package_progress["forecast_finish"].max()
    )  # that of the last package
    said = f"With what has come true by 30 June 2026, the end is forecast for {ahead}."
    assert ahead == "16 September 2026"
    assert said in show.answer(study).text
    assert "forecast" not in show.answer(load_study(LICTP)).text


@pytest.mark.parametrize(
    ("tasks", "said"),
    [([4], "The only deadline is met"), ([3, 4], "Both deadlines are met")],
)
def test_the_answer_counts_one_and_two_deadlines_in_words(tasks, said):
    study = load_study(LICTP)
    table = study.tables["tasks"]
    kept = table["deadline"].where(table["task"].isin(tasks))
    assert said in show.answer(with_tables(study, tasks=table.assign(deadline=kept))).text


def test_critical_tasks_differ_in_pattern_and_in_the_weight_of_their_names():
    chart = show.gantt(load_study(ALLERDALE))
    drawn = traces(chart)
    assert "pattern" not in drawn["critical"]["marker"]
    assert drawn["has float"]["marker"]["pattern"]["shape"] == "/"
    labels = bundle(chart)["layout"]["yaxis"]["ticktext"]
    bold = [label for label in labels if label.startswith("<b>")]
    assert [label.split()[0] for label in bold] == ["<b>1", "<b>2", "<b>18", "<b>19"]


def test_gates_decisions_and_deadlines_within_the_plan_are_labelled_lines():
    layout = bundle(show.gantt(load_study(ALLERDALE)))["layout"]
    said = "<br>".join(note["text"] for note in layout["annotations"])
    for label in ("gate 2 Apr", "gate 8 Apr", "gate May", "deadline 6 Jun", "deadline 30 Jun"):
        assert label in said
    assert "80% certain" in said
    assert "28 Jul" not in said  # the decisions come after the plan
    lines = {shape["x0"][:10] for shape in layout["shapes"]}
    assert {"2008-04-02", "2008-06-06", "2008-07-01"} <= lines


def test_printed_dates_are_drawn_only_where_a_scenario_differs_from_them():
    name = "printed start or end, where it differs"
    assert name not in traces(show.gantt(load_study(ALLERDALE)))
    drawn = traces(show.gantt(load_study(ALLERDALE, "hr-late")))[name]
    places = set(zip(drawn["y"], [date[:10] for date in drawn["x"]], strict=True))
    assert places == {
        ("17  Human Resources", "2008-06-28"),  # printed as 27 June, at whose end the bar would end
        ("19  Recommendation and Business Case", "2008-07-01"),
        ("19  Recommendation and Business Case", "2008-07-02"),
    }


def test_milestones_and_gates_have_marks_of_their_own():
    study = load_study(LICTP)
    tasks = study.tables["tasks"]
    tasks = tasks.assign(
        duration_days=tasks["duration_days"].where(tasks["task"] != 3, 0.0),
        gate=tasks["task"] == 4,
    )
    study = with_tables(study, tasks=tasks, task_ranges=study.tables["task_ranges"].iloc[:0])
    chart = show.gantt(study)
    drawn = traces(chart)
    assert drawn["milestone"]["y"] == ["3  Contract exit"]
    assert drawn["gate"]["y"] == ["4  Transition"]
    assert "3  Contract exit" not in drawn["critical"]["y"]
    assert bundle(chart)["layout"]["yaxis"]["ticktext"][3] == "<b>4  Transition (gate)</b>"


def test_a_long_plan_draws_what_matters_and_says_what_is_left_out():
    study = long_plan()
    chart = show.gantt(study)
    labels = bundle(chart)["layout"]["yaxis"]["ticktext"]
    assert len(labels) == show.DRAWN
    assert "130  Step 130 (gate)" in " ".join(labels)
    assert "Of 130 tasks 60 are drawn" in chart.description
    assert "70 are left out." in chart.description
    assert "117 of 130 tasks are critical" in chart.title or "critical" in chart.title
    for view in (tasks, progress, assumptions):
        table = view(study)
        assert len(table) == show.LISTED
        assert re.search(r"; the first 100 of 1\d\d rows$", table.caption)
    assert len(bundle(show.progress_chart(study))["data"][0]["y"]) == show.DRAWN // 2
    assert "100 are left out." in show.progress_chart(study).description


def test_the_curve_of_a_deadline_rises_and_crosses_it_at_the_chance_that_it_is_met():
    study = load_study(LICTP)
    chart = show.deadline_chart(study)
    (curve,) = bundle(chart)["data"]
    assert curve["y"] == sorted(curve["y"]) and curve["x"] == sorted(curve["x"])
    by = [
        share
        for share, date in zip(curve["y"], curve["x"], strict=True)
        if date[:10] <= "2022-01-01"
    ]
    assert max(by) == pytest.approx(study.plan.deadline_chances.at[4, "chance"], abs=0.011)
    assert "with a chance of 66%" in chart.title


def test_the_contingency_is_drawn_where_there_is_one():
    layout = bundle(show.deadline_chart(load_study(DACORUM)))["layout"]
    said = [note["text"] for note in layout["annotations"]]
    assert "1 Apr 2013<br>with contingency: over 99%" in said
    assert any(text.startswith("31 Dec 2012<br>deadline: ") for text in said)


def test_a_status_is_a_word_in_a_border():
    chart = show.progress_chart(load_study(ALLERDALE))
    cells = bundle(chart)["data"][0]
    assert set(cells["text"]) == {"<b>RED</b>", "<b>AMBER</b>", "<b>GREEN</b>", "<b>NOT DUE</b>"}
    assert cells["marker"]["line"]["width"] == 1
    assert chart.title == (
        "At 2 April 2008, of 17 work packages 8 are red, 1 is amber, 2 are green, 6 are not due"
    )


def test_before_anything_is_due_to_start_the_title_says_so():
    assert show.progress_chart(load_study(LICTP)).title == (
        "At 31 July 2020 none of the 4 tasks is due to have started"
    )


def test_the_progress_says_whether_the_plan_is_only_taken_to_have_run():
    assert "taken to have run as planned" in progress(load_study(ALLERDALE)).caption
    example = progress(load_study("worked-example"))
    assert "taken to have run" not in example.caption
    assert example.caption.endswith("without a task in the plan, so not known: Finance")


@pytest.mark.parametrize(
    ("fraction", "said"),
    [(0.0, "under 1%"), (0.0099, "under 1%"), (0.01, "1%"), (0.99, "99%"), (1.0, "over 99%")],
)
def test_no_simulated_chance_is_said_to_be_certain(fraction, said):
    assert chance_in_words(fraction) == said


def test_tables_print_simulated_chances_as_the_sentences_do():
    study = load_study(ALLERDALE)
    table = deadlines(study)
    assert "chance that all are met: under 1%" in table.caption
    chances = {row[0]: row[-1] for row in table.as_read()["rows"]}
    assert (chances["5"], chances["8"]) == ("over 99%", "under 1%")
    assert {row[0]: row[-1] for row in tasks(study).as_read()["rows"]}["6"] == "under 1%"
    for view in (earlier_starts, what_moves_it):
        assert "0.0%" not in view(study)._repr_html_()


def test_the_name_of_a_curve_stands_clear_of_the_next_curve():
    notes = bundle(show.deadline_chart(load_study(ALLERDALE)))["layout"]["annotations"]
    sides = {note["text"]: note["xanchor"] for note in notes}
    assert sides["3 Business Case Development"] == "right"  # task 17's curve lies to its right
    assert sides["17 Human Resources"] == "left"


def test_an_earlier_start_that_is_no_use_is_said_to_be_none():
    held = earlier_starts(load_study(ALLERDALE)).as_read()
    said = {row[held["labels"].index("Working days earlier")] for row in held["rows"]}
    assert said == {"no earlier start is enough, for fixed dates hold it"}
    table = earlier_starts(load_study(LICTP))
    assert table["days_earlier"].iloc[0] > 0
    assert pd.Timestamp(table["plan_start"].iloc[0]) < pd.Timestamp("2021-01-04")


def test_tasks_are_not_said_to_take_longer_than_a_scenario_may_make_them():
    study = load_study(ALLERDALE, duration_change=2.0)
    assert longer_tasks(study).index.tolist() == [0]
    assert len(longer_tasks(load_study(ALLERDALE, duration_change=1.0))) == 5


def worked_out(study):
    return shown_in("plan", study, "How are the dates and chances worked out?")


def test_the_dates_are_worked_out_again_where_a_scenario_moves_them():
    study = load_study("worked-example", duration_change=0.37, extra_days={"3": 4.5})
    given, early, *_, ends, _, chances = worked_out(study)
    assert given.at[3, "days_here"] == pytest.approx(40.5 * 1.37 + 4.5)
    assert early.at[1, "finish_day"] == pytest.approx(45 * 1.37)
    schedule = study.plan.schedule.set_index("task")
    assert ends["worked_out"].equals(schedule.loc[ends.index, "early_finish"].rename("worked_out"))
    assert chances.index.tolist() == [2, 6, 13, 14, 15, 18]


def test_a_date_that_is_not_what_the_steps_come_to_is_noticed():
    study = with_tables(load_study(LICTP))  # with results of its own, of which one is made wrong
    a_day_off = study.plan.schedule.assign(early_finish=study.plan.schedule["early_finish"] + pd.Timedelta(days=1))  # fmt: skip
    study.plan.memory.results["schedule"] = Kept(a_day_off, frozenset())
    with pytest.raises(AssertionError, match="a task ends on another date"):
        worked_out(study)


def test_a_plan_in_which_nothing_waits_is_worked_out_too():
    study = load_study(LICTP)
    study = with_tables(study, tasks=study.tables["tasks"].assign(predecessors=""))
    _, early, waits, *_ = worked_out(study)
    assert waits.caption == "No task waits for another"
    assert set(early["start_day"]) == {0}
