"""Plans with uncertain durations: cases worked by hand, closed forms, and the published cases."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from pytest import approx
from scipy import stats

from businesscase.calculations import uncertainty
from businesscase.calculations.durations import (
    CHUNK,
    UncertainPlan,
    affordable_networks,
    certain_day,
    days_earlier,
    drawn_durations,
    finishes_if,
    simulation,
)
from businesscase.calculations.plan import duration_ranges, links
from businesscase.cases.case import load_case
from businesscase.study import Study, load_study

DRAWS, SEED = 50_000, 3
ALLERDALE, LICTP, DACORUM = "allerdale-carlisle-2008", "lictp-2020", "dacorum-avdc-2012"
PLANNED = [ALLERDALE, LICTP, DACORUM]


def uncertain(*tasks, not_before=None, cause="", correlation=0.0):
    """Return a plan of tasks given as (optimistic, most likely, pessimistic, predecessors)."""
    ranges = pd.DataFrame(
        [(number, *days) for number, (*days, _) in enumerate(tasks, 1)],
        columns=["task", "optimistic_days", "duration_days", "pessimistic_days"],
    ).astype({"optimistic_days": float, "duration_days": float, "pessimistic_days": float})
    network = {number: links(follows) for number, (*_, follows) in enumerate(tasks, 1)}
    return UncertainPlan(
        ranges.assign(cause=cause, correlation=correlation), network, not_before or {}
    )


def pert_below(days, low, central, high):
    """Return the chance that a PERT duration is at most some days, by scipy's beta distribution."""
    turn = (central - low) / (high - low)
    return stats.beta(1 + 4 * turn, 5 - 4 * turn, low, high - low).cdf(days)


def with_tables(study, **tables):
    """Return a study with some of its tables replaced."""
    case = replace(study.case, tables=study.tables | tables)
    return Study(case, study.scenario_name, study.parameters)


# draws


@pytest.mark.parametrize("central", [0.0, 0.05, 0.3, 0.5, 1.0])
def test_the_table_of_a_distribution_is_within_a_ten_thousandth_of_the_exact_values(central):
    levels = np.concatenate([np.linspace(1e-6, 1 - 1e-6, 5001), [1e-8, 1 - 1e-8]])
    exact = 10 + 5 * stats.beta.ppf(levels, 1 + 4 * central, 1 + 4 * (1 - central))
    table = uncertainty.pert_table(10.0, 10 + 5 * central, 15.0)
    found = uncertainty.tabulated(stats.norm.ppf(levels), table)
    assert found == approx(exact, abs=5e-4)


def test_a_table_is_read_as_numpy_interpolates():
    scores = np.concatenate([np.random.default_rng(1).normal(size=1000), [-50, -6, 6, 50]])
    table = uncertainty.pert_table(1.0, 2.0, 7.0)
    expected = np.interp(scores, uncertainty.SCORES, table)
    assert uncertainty.tabulated(scores, table) == approx(expected, abs=1e-12)


def test_a_range_without_width_gives_its_value():
    assert (uncertainty.pert_table(4.0, 4.0, 4.0) == 4.0).all()


def test_scores_of_one_cause_correlate_by_the_geometric_mean_and_others_do_not():
    scores = uncertainty.normal_scores(
        200_000, ["staff", "staff", "staff", "", "law"], [0.8, 0.45, 0.0, 0.9, 0.9], SEED
    )
    found = np.corrcoef(scores)
    expected = np.eye(5)
    expected[0, 1] = expected[1, 0] = np.sqrt(0.8 * 0.45)
    assert found == approx(expected, abs=0.01)
    assert scores.mean(axis=1) == approx(np.zeros(5), abs=0.01)
    assert scores.std(axis=1) == approx(np.ones(5), abs=0.01)


def test_drawn_durations_have_the_mean_of_a_pert_and_stay_in_their_range():
    plan = uncertain((4, 5, 12, ""), (6, 6, 6, ""))
    drawn = np.concatenate(list(drawn_durations(plan, DRAWS, SEED)), axis=1)
    assert drawn[0].mean() == approx((4 + 4 * 5 + 12) / 6, abs=0.02)
    assert drawn[0].min() >= 4 and drawn[0].max() <= 12
    assert (drawn[1] == 6).all()


def test_draws_come_in_chunks_that_differ_and_the_same_seed_gives_the_same():
    plan = uncertain(*[(4, 5, 12, "")] * 8)
    draws = 2 * (CHUNK // 8) + 5
    chunks = list(drawn_durations(plan, draws, SEED))
    assert [chunk.shape[1] for chunk in chunks] == [CHUNK // 8, CHUNK // 8, 5]
    assert not np.array_equal(chunks[0], chunks[1])
    assert np.array_equal(chunks[2], list(drawn_durations(plan, draws, SEED))[2])


@pytest.mark.parametrize(
    ("tasks", "runs", "networks"),
    [(1, 1, 100_000), (200, 1, 100_000), (201, 1, 99_502), (2_000, 1, 10_000), (10**6, 1, 500)],
)
def test_big_plans_draw_fewer_networks(tasks, runs, networks):
    assert affordable_networks(tasks, runs) == networks


# simulated networks


def test_the_chance_that_one_task_ends_in_time_is_that_of_its_distribution():
    found = simulation(uncertain((8, 10, 20, "")), [1], DRAWS, SEED)
    for day in range(9, 20):  # day 9 is over when ten working days have passed
        expected = pert_below(day + 1, 8, 10, 20)
        assert (found.task_finish[1] <= day).mean() == approx(expected, abs=0.008)


def test_two_equal_tasks_side_by_side_are_each_critical_in_half_of_the_networks():
    found = simulation(uncertain((8, 10, 20, ""), (8, 10, 20, "")), [], DRAWS, SEED)
    assert found.criticality.tolist() == approx([0.5, 0.5], abs=0.01)
    both = pert_below(13, 8, 10, 20) ** 2
    assert (found.finish <= 12).mean() == approx(both, abs=0.008)


def test_two_equal_tasks_that_fully_share_a_cause_are_critical_together():
    tasks = uncertain((8, 10, 20, ""), (8, 10, 20, ""), cause="staff", correlation=1.0)
    found = simulation(tasks, [], DRAWS, SEED)
    assert found.criticality.tolist() == [1.0, 1.0]
    assert (found.finish <= 12).mean() == approx(pert_below(13, 8, 10, 20), abs=0.008)


def test_tasks_in_a_row_are_always_critical_and_their_means_add_up():
    found = simulation(uncertain((8, 10, 20, ""), (3, 4, 9, "1FS+2.5")), [2], DRAWS, SEED)
    assert found.criticality.tolist() == [1.0, 1.0]
    mean = (8 + 40 + 20) / 6 + 2.5 + (3 + 16 + 9) / 6
    assert found.finish.mean() + 0.5 == approx(mean, abs=0.1)  # the part of the last day


def test_the_certain_day_is_the_first_on_which_enough_networks_have_ended():
    last = np.array([1] * 79 + [5] * 20 + [9])
    assert [certain_day(last, at) for at in (0.79, 0.8, 0.99, 1.0)] == [1, 5, 5, 9]


@pytest.mark.parametrize("case", [*PLANNED, "worked-example"])
def test_without_ranges_every_network_has_the_dates_and_the_critical_path_of_the_schedule(case):
    study = load_study(case)
    no_ranges = with_tables(study, task_ranges=study.tables["task_ranges"].iloc[:0])
    tasks = study.tables["tasks"]["task"].tolist()
    found = simulation(no_ranges.plan.uncertain, tasks, 2, SEED)
    schedule = study.plan.schedule.set_index("task")
    assert (found.criticality == schedule["critical"]).all()
    assert study.plan.working_date(found.finish[0]) == schedule["early_finish"].max()
    for task in tasks:
        assert (
            study.plan.working_date(found.task_finish[task][0]) == schedule.at[task, "early_finish"]
        )


def test_a_milestone_is_reached_on_the_day_that_the_schedule_shows():
    # held to a Monday by its own date, by the milestone before it, by the start of what it follows
    tasks = uncertain(
        (0, 0, 0, ""), (0, 0, 0, "1"), (5, 5, 5, ""), (0, 0, 0, "3"), (0, 0, 0, "3SS")
    )
    found = simulation(replace(tasks, not_before={1: 5.0}), [1, 2, 4, 5], 1, SEED)
    assert {task: int(last[0]) for task, last in found.task_finish.items()} == {
        1: 5,
        2: 5,
        4: 4,
        5: 0,
    }
    assert found.finish[0] == 5


def test_inputs_are_left_as_they_were():
    plan = uncertain((8, 10, 20, ""), (3, 4, 9, "1"))
    before = plan.ranges.copy()
    simulation(plan, [2], 100, SEED)
    finishes_if(plan, [1], 2, 100, SEED)
    pd.testing.assert_frame_equal(plan.ranges, before)


# what moves it


def test_a_task_at_its_shortest_and_longest_moves_what_follows_and_nothing_else():
    plan = uncertain((8, 10, 20, ""), (4, 4, 4, "1"), (2, 3, 4, ""))
    found = finishes_if(plan, [1, 3], 2, 100, SEED)
    assert (found[1, "optimistic_days"][1] == 11).all()  # 8 and 4 days: the 12th, counted from 0
    assert (found[1, "pessimistic_days"][1] == 23).all()
    short, long = found[3, "optimistic_days"], found[3, "pessimistic_days"]
    assert (short[1] == long[1]).all() and len(set(short[1])) > 1


@pytest.mark.parametrize(
    ("allowed", "days"), [(11, 0), (11.5, 0), (10, 1), (9, 2), (8, None), (-5, None)]
)
def test_an_earlier_start_helps_until_a_fixed_date_holds_the_plan(allowed, days):
    # ten days, then two that may not start before day 8: the last of them is day 11
    plan = uncertain((10, 10, 10, ""), (2, 2, 2, "1"), not_before={2: 8.0})
    assert days_earlier(plan, {2: allowed}, 3, SEED) == {2: days}


def test_a_date_that_is_past_today_holds_a_plan_that_starts_earlier():
    plan = uncertain((2, 2, 2, ""), not_before={1: -3.0})
    assert days_earlier(plan, {1: -2.0}, 3, SEED) == {1: 3}
    assert days_earlier(plan, {1: -3.0}, 3, SEED) == {1: None}


# scenarios and cases


def test_a_scenario_moves_the_whole_range_of_a_task():
    tasks = pd.DataFrame({"task": [1, 2], "duration_days": [10.0, 20.0]})
    ranges = pd.DataFrame(
        {
            "task": [2],
            "optimistic_days": [18.0],
            "pessimistic_days": [30.0],
            "cause": ["staff"],
            "correlation": [0.5],
        }
    )
    found = duration_ranges(tasks, ranges, 0.5, {"1": -5.0, "2": 3.0})
    columns = ["optimistic_days", "duration_days", "pessimistic_days"]
    assert found[columns].to_numpy().tolist() == [[10, 10, 10], [30, 33, 48]]
    assert found["cause"].tolist() == ["", "staff"]


@pytest.mark.parametrize("case", PLANNED)
def test_longer_tasks_never_make_a_deadline_likelier(case):
    chances = [
        load_study(case, duration_change=change).plan.deadline_chances["chance"]
        for change in (0.0, 0.1, 0.3)
    ]
    assert (chances[0] >= chances[1]).all() and (chances[1] >= chances[2]).all()


def test_the_chance_of_all_deadlines_is_at_most_that_of_the_least_likely():
    for case in PLANNED:
        chances = load_study(case).plan.deadline_chances["chance"]
        assert chances["all"] <= chances.drop("all").min() + 1e-12


def test_without_a_spread_a_deadline_is_certain_or_impossible_as_the_schedule_has_it():
    study = load_study(ALLERDALE)
    days = study.tables["tasks"].set_index("task")["duration_days"]
    ranges = study.tables["task_ranges"]
    planned = ranges["task"].map(days)
    study = with_tables(
        study, task_ranges=ranges.assign(optimistic_days=planned, pessimistic_days=planned)
    )
    table = study.plan.deadlines
    assert (table["chance"] == (table["days_late"] == 0)).all()
    assert study.plan.certain_finishes.at["all", "p80"] == pd.Timestamp("2008-07-01")


def test_the_contingency_of_dacorum_is_thirteen_weeks_after_the_deadline():
    study = load_study(DACORUM)
    assert study.plan.with_contingency(11) == pd.Timestamp(
        "2013-04-01"
    )  # 13 Mondays after 31 December
    assert study.tables["tasks"]["task"].max() == 11
    assert study.plan.schedule["early_finish"].max() == pd.Timestamp("2012-12-18")
    chance = study.plan.deadline_chances.loc[11]
    assert chance["chance"] < 0.5 < 0.99 < chance["chance_with_contingency"]


def test_a_deadline_on_a_saturday_is_met_on_the_friday_before():
    study = load_study(DACORUM)
    assert study.tables["tasks"].set_index("task").at[8, "deadline"] == pd.Timestamp("2012-12-01")
    assert study.plan.working_date(study.plan._last_allowed[8]) == pd.Timestamp("2012-11-30")


@pytest.mark.parametrize("case", PLANNED)
def test_every_range_is_ours_with_a_reason_and_longer_on_the_late_side(case):
    tables = load_case(case).tables
    ranges = tables["task_ranges"]
    days = ranges["task"].map(tables["tasks"].set_index("task")["duration_days"])
    assert set(ranges["status"]) == {"assumed"}
    assert (ranges["pessimistic_days"] - days > days - ranges["optimistic_days"]).all()
    # the bounds of bias in the duration of works are a tenth and fifty-four in a hundred
    mean = (ranges["optimistic_days"] + 4 * days + ranges["pessimistic_days"]) / 6
    assert (mean > days).all()


def test_the_plan_of_leicestershire_runs_into_january_in_one_network_of_three():
    study = load_study(LICTP)
    assert study.plan.deadline_chances.at["all", "chance"] == approx(0.66, abs=0.02)
    assert study.plan.schedule["early_finish"].max() == pd.Timestamp("2021-11-26")
    assert study.plan.certain_finishes.at["all", "p80"] > pd.Timestamp("2021-12-31")
    late = load_study(LICTP, "late-start")
    assert late.plan.deadline_chances.at["all", "chance"] < 0.2


def test_results_hold_the_rows_that_gates_may_name():
    table = load_study(DACORUM).results.query("section == 'plan'").set_index(["measure", "item"])
    value = table["value"]
    for measure in ("late_start", "late_finish", "free_float_days", "criticality_index", "rag"):
        assert (measure, "11") in value.index
    assert value["finish_p50", "all"] <= value["finish_p80", "all"]
    assert value["deadline_probability", "all"] <= value["deadline_probability", "11"]
    reserve = value["deadline_probability_with_contingency"]
    assert list(reserve.index) == ["11", "all"]
    assert value["free_float_days", "5"] == 5
    assert value["late_finish", "5"] == pd.Timestamp("2012-09-11")


def test_results_of_a_case_without_ranges_have_no_simulated_rows():
    study = load_study(LICTP)
    study = with_tables(study, task_ranges=study.tables["task_ranges"].iloc[:0])
    measures = {row[1] for row in study.rows("plan")}
    assert "late_finish" in measures
    simulated = ("criticality_index", "finish_p50", "finish_p80", "deadline_probability")
    assert not measures & set(simulated)
