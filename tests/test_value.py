"""What a study makes of finding out and stopping, and what notebook 07 says of it."""

from functools import cache

import numpy as np
import pandas as pd
import pytest
from cells import shown_in
from pytest import approx
from small import flow, small_case, small_study

from businesscase.calculations.apportionment import ALL
from businesscase.cases.errors import InputError
from businesscase.shown import value as shown
from businesscase.shown.display import Chart, Sentence, Table
from businesscase.study import load_study
from businesscase.study.value import COMMIT, IN_STAGES, PERFECT, RIGHT

STOPPING = "What is it worth to be able to stop?"
LICTP, EXAMPLE, FARED = "lictp-2020", "worked-example", "as-others-fared"
RANGED = {"low_fraction": "0.2", "high_fraction": "1.8"}
# saves 100 a year, give or take 80, for 380 once: about nothing on balance
EVEN = [flow("desk", "saving", 100, **RANGED), flow("moving", "one_off_cost", 380, (2024, 2024))]


def stage(gate="pilot", date="2024-09-01", reveals="desk", accuracy=1, spent=20, stopping=0):
    cells = {"gate": gate, "date": date, "reveals": reveals, "accuracy": str(accuracy)}
    return {"option": "a", **cells, "spent_gbp": str(spent), "stopping_cost_gbp": str(stopping)}


@cache
def study(case, scenario="base"):
    return load_study(case, scenario)


def values(of, to=ALL):
    table = of.value.information
    return table[table["to"] == to].set_index("item")["value"]


def rows(of, measure):
    """Return the results of a measure by item."""
    return {item: value for name, item, _, value, _ in of.value.rows() if name == measure}


# what to find out first


def test_the_input_that_decides_is_worth_the_most_and_the_others_little():
    found = values(study(LICTP))
    inputs = list(study(LICTP).value.uncertain_inputs["name"])
    assert found[inputs].idxmax() == "baseline_cost_change"
    assert found[inputs].nlargest(2).iloc[1] < 0.05 * found["baseline_cost_change"]
    assert found["baseline_cost_change"] < found["every parameter"] <= found[PERFECT]


@pytest.mark.parametrize("of", [(LICTP, "base"), (EXAMPLE, FARED)], ids="-".join)
def test_to_all_and_each_partner_an_input_is_worth_at_most_its_group_and_that_everything(of):
    of = study(*of)
    for to in [ALL, *of.partners]:
        found = values(of, to)
        for group, names in of.value.groups.items():
            assert (found[names] >= 0).all() and (found[names] <= found[group]).all()
        assert (found <= found[PERFECT]).all()


def test_perfect_information_is_what_the_best_choice_of_each_future_brings_more():
    of = study(EXAMPLE, FARED)
    worths = [of.uncertainty.of_option(letter).futures(0).worth.sum(axis=1) for letter in "ac"]
    worths.append(np.zeros_like(worths[0]))
    expected = np.max(worths, axis=0).mean() - max(map(np.mean, worths))
    assert of.value.choices == ["a", "c"]  # b fails a critical success factor
    assert values(of)[PERFECT] == approx(expected, abs=500)


def test_what_is_drawn_alike_in_all_options_is_one_input():
    names = study(EXAMPLE, FARED).value.uncertain_inputs["name"]
    assert names.is_unique and {"delay_years", "risk 4", "running_cost_change"} <= set(names)


def test_results_have_a_row_for_each_item_and_who_chooses_and_say_what_has_no_range():
    of = study(LICTP)
    found = rows(of, "value_of_information")
    assert found[PERFECT] == values(of)[PERFECT]
    assert found["overrun, Blaby"] == values(of, "Blaby")["overrun"]
    assert found["risk 3"] == "none: not valued, it has no cost in risk_costs.csv"
    assert rows(of, "value_of_information_error")[PERFECT] > 0


def test_a_line_without_a_range_is_not_valued():
    fixed = flow("rent", "counterfactual_cost", 50)
    assert list(small_study(flows=[*EVEN, fixed]).value.not_valued) == ["rent"]


def test_a_cost_alone_leaves_nothing_to_find_out():
    of = small_study(flows=[EVEN[1]])
    assert not of.value.is_known and list(of.value.rows()) == []
    assert all(
        table.caption == shown.NO_CHOICE
        for table in shown_in("decision", of, "What should be found out first?")
    )


def test_the_answer_names_the_figure_and_its_worth():
    said = shown.information_answer(study(LICTP)).text
    assert said.startswith(
        "**Find out “Present cost of the service over the figures given” first: worth up to £2"
    )
    assert "all else at most £" in said and "option b (Lead authority, insourced)" in said
    sure = small_study(flows=[flow("desk", "saving", 100, **RANGED)])
    assert shown.information_answer(sure).text.startswith("**There is no figure to find out first")


def test_table_and_chart_show_what_would_change_the_choice_alone():
    table = shown_in("decision", study(LICTP), "What should be found out first?")[2]
    assert list(table["all"]) == sorted(table["all"], reverse=True)
    assert list(table.index[:2]) == ["Everything", "Every parameter"]
    assert "4 that would change no choice are not listed" in table.caption
    assert isinstance(shown.information_chart(study(LICTP)), Chart)
    assert "risk 3, risk 5" in shown.not_valued(study(LICTP)).text


# in stages


def test_a_gate_that_shows_a_saving_to_be_small_is_worth_what_it_saves():
    """Stopped where the worth is under -20, as all that is drawn is seen then."""
    seen = ["desk", "delay_years", "overrun"]
    of = small_study(flows=EVEN, stages=[stage(reveals=name) for name in seen])
    assert list(of.uncertainty.uncertain_inputs["name"]) == ["delay_years", "overrun", "desk"]
    worth = of.uncertainty.futures(0).worth.sum(axis=1)
    staged = of.value.staged["value"]
    assert staged[COMMIT] == approx(worth.mean(), rel=0.05)
    assert staged[IN_STAGES] == approx(np.maximum(worth, -20).mean(), rel=0.02)
    assert staged[RIGHT] == approx(staged[IN_STAGES] - max(staged[COMMIT], 0), rel=0.02)
    assert of.value.stopped["pilot"] == approx((worth < -20).mean(), abs=0.03)


def test_gates_tell_less_the_less_exact_and_the_dearer_they_are():
    worth = [
        small_study(flows=EVEN, stages=[stage(accuracy=accuracy, stopping=cost)])
        .value.staged.at[IN_STAGES, "value"]
        for accuracy, cost in [(1, 0), (0.5, 0), (0.5, 20), (0, 0)]
    ]  # fmt: skip
    assert worth == sorted(worth, reverse=True) and worth[0] > worth[1] > worth[2]


def test_what_is_lost_is_spent_in_the_year_of_its_gate():
    of = small_study(
        flows=EVEN, stages=[stage(), stage("review", "2025-06-01", spent=120, stopping=10)]
    )
    factor = of.savings.discount_factors[2025]
    assert list(of.value.stages["stopping"]) == approx([-20, -20 - (100 + 10) * factor])


def test_a_case_without_stages_says_so():
    of = small_study(flows=EVEN)
    assert rows(of, "staged_value") == {}
    for table in shown_in("decision", of, STOPPING):
        assert table.caption == "No stages are given, so all is committed at once"


def test_stages_are_shown_side_by_side_with_all_at_once():
    of = study(EXAMPLE, FARED)
    assert list(rows(of, "staged_value")) == [COMMIT, IN_STAGES, RIGHT]
    assert "The work would stop at “Services that share already are visited” in" in shown.stages_answer(of).text  # fmt: skip
    said, staged, gates = shown_in("decision", of, STOPPING)
    assert isinstance(said, Sentence) and isinstance(gates, Table)
    assert list(staged.index) == ["Commit all now", "In stages", "Right to stop"]
    assert staged["chance_of_a_loss_fraction"].isna().tolist() == [False, False, True]
    assert "certain in this scenario" in gates["told"].iloc[-1]


def test_a_gate_beyond_a_shorter_term_is_left_out():
    of = small_study(flows=EVEN, stages=[stage(), stage("late", "2028-06-01", spent=30)])
    assert list(of.varied(horizon_years=2).value.stages.index) == ["pilot"]


@pytest.mark.parametrize(
    ("stages", "said"),
    [
        ([stage(date="2024-05-31")], "a gate lies between the decision, 2024-06-01, and the end of"),
        ([stage(date="2029-04-01")], "the end of the appraisal, 2029-03-31"),
        ([stage(reveals="dsk")], "input 'dsk' is unknown; nearest: desk"),
        ([stage(reveals="moving")], "input 'moving' is unknown"),
        ([stage(), stage(reveals="overrun", spent=30)], "spent_gbp of 'pilot' differs from the row"),
        (
            [stage(), stage("review", "2025-06-01", spent=10)],
            "spent_gbp of 'review' is 10; by an earlier gate it is 20 already",
        ),
        ([stage(accuracy=1.5)], "accuracy"),
        ([stage(), stage()], "stands here twice"),
    ],
)  # fmt: skip
def test_gates_that_can_not_be_so_are_refused(stages, said):
    with pytest.raises(InputError, match=said.replace("(", r"\(")):
        small_case(flows=EVEN, stages=stages)


def test_all_faults_of_gates_are_said_at_once():
    with pytest.raises(InputError) as refused:
        small_case(flows=EVEN, stages=[stage(reveals="dsk"), stage("late", "2040-01-01", "dsk", spent=1)])  # fmt: skip
    assert len(refused.value.faults) == 4


def test_the_example_has_gates_as_assumed_rows_with_reasons():
    table = study(EXAMPLE).tables["stages"]
    assert set(table["status"]) == {"assumed"} and table["note"].ne("").all()
    assert pd.Series(table["date"]).is_monotonic_increasing
