"""What a study makes of finding out, and what notebook 07 says of it."""

from functools import cache

import numpy as np
import pytest
from pytest import approx
from small import flow, small_study

from businesscase.calculations.apportionment import ALL
from businesscase.shown import value as shown
from businesscase.shown.display import Chart
from businesscase.study import load_study
from businesscase.study.value import PERFECT

LICTP, EXAMPLE, FARED = "lictp-2020", "worked-example", "as-others-fared"
RANGED = {"low_fraction": "0.2", "high_fraction": "1.8"}
# saves 100 a year, give or take 80, for 380 once: about nothing on balance
EVEN = [flow("desk", "saving", 100, **RANGED), flow("moving", "one_off_cost", 380, (2024, 2024))]


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
    assert shown.information(of).caption == shown.NO_CHOICE


def test_the_answer_names_the_figure_and_its_worth():
    said = shown.information_answer(study(LICTP)).text
    assert said.startswith(
        "**Find out “Present cost of the service over the figures given” first: worth up to £2"
    )
    assert "all else at most £" in said and "option b (Lead authority, insourced)" in said
    sure = small_study(flows=[flow("desk", "saving", 100, **RANGED)])
    assert shown.information_answer(sure).text.startswith("**There is no figure to find out first")


def test_table_and_chart_show_what_would_change_the_choice_alone():
    table = shown.information(study(LICTP))
    assert list(table.frame["value"]) == sorted(table.frame["value"], reverse=True)
    assert "4 that would change no choice are not listed" in table.caption
    assert isinstance(shown.information_chart(study(LICTP)), Chart)
    assert "risk 3, risk 5" in shown.not_valued(study(LICTP)).text
