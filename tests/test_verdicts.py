"""How sure the verdict is: in each future, by which criteria, and where two inputs turn it."""

import numpy as np
import pandas as pd
import pytest
from cells import shown_in
from pytest import approx
from small import flow, small_study

from businesscase.calculations.appraisal import payback_years, paybacks
from businesscase.calculations.uncertainty import CHUNK
from businesscase.cases.case import case_names, load_case
from businesscase.cases.errors import InputError
from businesscase.shown import verdicts as show
from businesscase.study import load_study

EVEN = {"low_fraction": "0", "high_fraction": "2", "cause": "", "correlation": "0"}
COST = flow("move", "one_off_cost", 1_000, (2024, 2024))


def gate(**cells):
    return {"criterion": "value for money", "threshold": "0", **cells}


def lines_study(gates, **cells):
    """Return a study whose one saving is drawn between nothing and twice the plan."""
    saving = flow("posts", "saving", 1_100, (2024, 2024)) | {"low_fraction": "0", "high_fraction": "2"}  # fmt: skip
    return small_study(flows=[saving, COST], gates=gates, **cells)


@pytest.mark.parametrize(
    ("case", "scenario"),
    [(case, name) for case in case_names() for name in load_case(case).scenarios],
)
def test_where_nothing_is_drawn_the_criteria_come_out_as_they_are_found(case, scenario):
    study = load_study(case, scenario)
    plain = study.decision.gates["outcome"].to_numpy()
    assert (plain == study.verdicts.outcomes({}, 3).T).all()


def test_the_share_of_futures_that_stop_is_the_chance_that_the_criterion_fails():
    study = lines_study([gate()])
    worth = study.uncertainty.futures(0).worth.sum(axis=1)
    shares = study.verdicts.shares
    assert shares["stop"] == approx((worth < 0).mean(), abs=0.005)
    assert shares.sum() == approx(1.0)
    assert study.verdicts.flips["value for money"] == approx(shares["stop"], abs=0.005)


def test_a_verdict_that_no_criterion_on_draws_decides_is_the_same_in_every_future():
    study = lines_study(
        [gate(if_not_met="condition"), gate(criterion="many", measure="total_saving", threshold="1000000000")]
    )  # fmt: skip
    assert study.decision.recommendation == "stop"
    assert study.verdicts.shares.to_dict() == {"stop": 1.0}
    assert study.verdicts.flips.empty  # a condition changes nothing while another stops
    assert study.verdicts.held == ["many"]


def test_two_inputs_turn_what_neither_turns_alone():
    # 1,100 saved against 1,000 spent: a tenth less of the saving is 10 short of it with 9% more cost
    saving = flow("posts", "saving", 1_100, (2024, 2024)) | {"low_fraction": "0.95", "high_fraction": "1.05"}  # fmt: skip
    cost = COST | {"low_fraction": "0.95", "high_fraction": "1.05"}
    study = small_study(flows=[saving, cost], gates=[gate()])
    pairs = study.verdicts.pairs.set_index(["first", "second"])
    row = next(row for names, row in pairs.iterrows() if set(names) == {"posts", "move"})
    # 1,100 (1 - 0.05 w) = 1,000 (1 + 0.05 w) at w = 100 / 105
    assert row.way == approx(0.96) and row.then == "stop"
    values = sorted([row.first_value, row.second_value])
    assert values == [approx(1 - 0.05 * 0.96), approx(1 + 0.05 * 0.96)]
    grid = study.verdicts.grid
    assert (grid.columns.name, grid.index.name) == tuple(study.verdicts.pairs.loc[0, ["first", "second"]])  # fmt: skip
    assert set(grid.to_numpy().ravel()) == {"go", "stop"}
    assert (grid.loc[0.0] == "go").all() and (grid[1.0] == "go").all()  # neither alone


def test_paybacks_of_many_draws_are_those_of_each():
    rng = np.random.default_rng(7)
    net = rng.normal(size=(200, 6)).round(2) * 1000
    net[0], net[1] = [-1000, 400, 400, 400, 0, 0], [5, 0, 0, 0, 0, 0]
    alone = [payback_years(pd.Series(row)) for row in net]
    assert paybacks(net).tolist() == [approx(np.inf if years is None else years) for years in alone]


def test_what_budgets_bear_moves_with_the_futures():
    headroom = [{"partner": name, "year": "", "amount_gbp": "1000"} for name in ("North", "South")]
    affordable = {"criterion": "affordable", "measure": "headroom_left", "item": "each partner", "year": "each"}  # fmt: skip
    cost = COST | {"low_fraction": "0.5", "high_fraction": "2"}
    saving = flow("posts", "saving", 5_000, (2025, 2028))
    study = small_study(flows=[saving, cost], headroom=headroom, gates=[gate(**affordable)])
    drawn = study.uncertainty.drawn(0)["move"]
    assert study.verdicts.shares["stop"] == approx((drawn > 1).mean(), abs=0.005)
    stated = [row | {"year": "2024"} for row in headroom]
    dearer = flow("desk", "running_cost", 100, (2025, 2028)) | {"low_fraction": "0.5", "high_fraction": "2"}  # fmt: skip
    saved = flow("posts", "saving", 101, (2025, 2028))
    study = small_study(flows=[saved, dearer], headroom=stated, gates=[gate(**affordable)])
    shares = study.verdicts.shares  # a budget that pays in a year without headroom is not known
    assert set(shares.index) == {"go", "not ready to decide"}
    borrowed = study.varied(capital_funding="borrowing")
    assert borrowed.verdicts.held == ["affordable"]  # then it isn't paid at once


def test_what_a_budget_bears_in_a_later_year_is_in_the_prices_of_that_year():
    # 100 of 2024 are 121 in 2026, so 150 are enough for 150 / 121 of them
    rooms = [{"partner": name, "year": "", "amount_gbp": "150"} for name in ("North", "South")]
    affordable = {"criterion": "affordable", "measure": "headroom_left", "item": "each partner", "year": "each"}  # fmt: skip
    ranged = {"low_fraction": "0.5", "high_fraction": "2", "inflation": "prices"}
    study = small_study(
        flows=[flow("desk", "running_cost", 100, (2026, 2026), **ranged)],
        headroom=rooms, gates=[gate(**affordable)], scenarios={"base": {"price_inflation": 0.1}},
        sensitivities=[{"parameter": "delay_years", "low": "0", "high": "1", "drawn": "false"}],
    )  # fmt: skip
    drawn = study.uncertainty.drawn(0)["desk"]
    assert study.verdicts.shares["stop"] == approx((drawn > 150 / 121).mean(), abs=0.005)


def test_leicestershires_verdict_rests_on_its_charge_and_its_date():
    study = load_study("lictp-2020")
    assert list(study.verdicts.flips.index) == ["affordable", "plan keeps its deadline"]
    share = study.verdicts.shares["stop"]
    late = (study.plan.drawn_days_late(0, CHUNK) > 0).mean()
    assert late < share < 1
    pairs = shown_in("decision", study, "Which single change would turn it?")[2]
    first = pairs.as_read()["rows"][0]
    assert "now 0%" in first[0] and "now 0%" in first[1] and first[-1] == "stop"
    said = show.answer(study).text
    assert "'stop' in" in said and "so this is no chance that the service succeeds" in said


def test_a_case_on_which_nothing_is_drawn_says_so():
    study = load_study("durham-sunderland-2014")
    assert show.NOTHING_DRAWN in show.answer(study).text
    assert show.grid_chart(study).caption == show.NOTHING_DRAWN
    _, shares, _ = shown_in("decision", study, "How sure is the verdict?")
    assert shares.empty and shares.caption == show.NOTHING_DRAWN
    assert "verdict_share" not in set(study.results["measure"])


@pytest.mark.parametrize(
    ("section", "measure", "item", "year", "comparison", "threshold", "outcome", "worst"),
    [
        ("savings", "npv_p50", "each partner", "", "at_least", "0", "met", "Westerfold"),
        ("savings", "probability_of_loss", "each partner", "", "at_most", "0.1", "met", None),
        ("risks", "risk_adjusted_npv", "all", "", "at_least", "2000000", "not met", "all"),
        ("outturn", "forecast_net_present_value", "all", "", "at_least", "1000000", "not met", "all"),
        ("appraisal", "break_even_year", "each partner", "", "at_most", "2030", "met", None),
        ("appraisal", "position_if_ended", "each partner", "2024", "at_least", "0", "not met", "Northmere"),
        ("savings", "budget_rise_fraction", "each partner", "each", "at_most", "0.25", "met", None),
        ("plan", "probability_on_time_without_loss", "all", "", "at_least", "0.5", "unknown", "all"),
    ],
)  # fmt: skip
def test_criteria_stand_on_chances_risks_the_reforecast_and_break_even(
    data_copy, section, measure, item, year, comparison, threshold, outcome, worst
):
    path = data_copy / "worked-example" / "gates.csv"
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    own = dict(table.iloc[0]) | {
        "criterion": "own",
        "section": section,
        "measure": measure,
        "item": item,
        "year": year,
        "comparison": comparison,
        "threshold": threshold,
    }
    pd.concat([table, pd.DataFrame([own])]).to_csv(path, index=False)
    study = load_study("worked-example")
    if outcome == "unknown":  # that chance stands in savings
        with pytest.raises(InputError, match=f"measure '{measure}' is unknown"):
            _ = study.decision.gates
        return
    gate = study.decision.gates.set_index("criterion").loc["own"]
    assert gate["outcome"] == outcome
    assert worst is None or gate["item"] == worst
    assert gate["on_money"] == (section != "outturn")
