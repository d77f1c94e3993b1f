"""Why what came differs from what was planned: parts by hand, in any order, and of a study."""

import datetime as dt
from itertools import permutations

import pandas as pd
import pytest
from cells import shown_in
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx
from small import flow, result, small_study

from businesscase.calculations.attribution import (
    FACTORS,
    PARTNERS,
    PRICE,
    SCOPE,
    SHARING,
    VOLUME,
    attributed,
    shapley_values,
)

POUNDS = st.floats(0, 1e6).map(lambda value: round(value, 2))
RATIO = st.floats(0.1, 3)
ROWS = st.lists(
    st.builds(
        dict,
        flow=st.sampled_from(["saving", "running_cost"]),
        planned=POUNDS,
        actual=POUNDS,
        volume=RATIO,
        price=RATIO,
        factor=st.sampled_from([SCOPE, PARTNERS, SHARING]),
    ),
    min_size=1,
    max_size=5,
).map(pd.DataFrame)


def rows(*given):
    """Return rows of (planned, actual, volume, price, factor), a saving each."""
    table = pd.DataFrame(given, columns=["planned", "actual", "volume", "price", "factor"])
    return table.assign(flow="saving")


# by hand


def test_a_quantity_a_volume_and_a_price_share_what_they_make_together():
    # from 100 to 120 x 0.75 x 1.2: each one's step counts a third first, a third last, a sixth between
    quantity = 20 * (1 / 3 + (0.75 + 1.2) / 6 + 0.9 / 3)
    volume = -0.25 * (100 / 3 + (120 + 120) / 6 + 144 / 3)
    price = 0.2 * (100 / 3 + (120 + 75) / 6 + 90 / 3)
    assert (quantity, volume, price) == approx((19.1667, -30.3333, 19.1667), abs=1e-4)
    # of the three equal remainders the first two get the two pence left over
    parts = attributed(rows((100.0, 90.0, 0.75, 1.2, SHARING)))["saving"]
    assert parts.to_dict() == {PRICE: 19.17, VOLUME: -30.33, SCOPE: 0, PARTNERS: 0, SHARING: 19.16}


def test_a_line_that_came_and_a_partner_that_left_are_theirs_alone_at_the_prices_of_the_plan():
    parts = attributed(rows((0.0, 50.0, 1.0, 1.0, SCOPE), (80.0, 0.0, 1.0, 1.0, PARTNERS)))
    assert parts["saving"].to_dict() == {PRICE: 0, VOLUME: 0, SCOPE: 50, PARTNERS: -80, SHARING: 0}


def test_a_factor_that_is_not_known_leaves_its_part_in_the_others():
    parts = attributed(rows((100.0, 90.0, 1.0, 1.2, SHARING)), [SCOPE, PARTNERS, SHARING])
    assert parts["saving"].to_dict() == {SCOPE: 0, PARTNERS: 0, SHARING: -10}


# in any order


@given(st.lists(st.floats(-1e3, 1e3), min_size=8, max_size=8))
def test_shapley_values_are_the_mean_over_all_orders(values):
    names = ["a", "b", "c"]
    worth = {frozenset(n for i, n in enumerate(names) if bits >> i & 1): values[bits] for bits in range(8)}  # fmt: skip
    added = dict.fromkeys(names, 0.0)
    for order in permutations(names):
        for place, name in enumerate(order):
            added[name] += worth[frozenset(order[: place + 1])] - worth[frozenset(order[:place])]
    expected = {name: total / 6 for name, total in added.items()}
    found = shapley_values(worth.__getitem__, names)
    assert found == approx(expected, abs=1e-6)
    assert sum(found.values()) == approx(values[7] - values[0], abs=1e-6)


@given(ROWS, st.permutations(FACTORS))
def test_parts_add_up_to_the_penny_in_any_order_of_factors_and_rows(table, order):
    parts, again = attributed(table), attributed(table[::-1], order)
    paid = (table["actual"] * table["price"]).groupby(table["flow"]).sum()
    exact = 100 * (paid - table["planned"].groupby(table["flow"]).sum())
    for flows in (parts, again):
        assert ((100 * flows.sum() - exact).abs() < 0.5 + 1e-3).all()
        assert (100 * flows).to_numpy() == approx((100 * flows).round().to_numpy(), abs=1e-4)
    assert again.loc[FACTORS, parts.columns].to_numpy() == approx(parts.to_numpy(), abs=0.011)


@given(ROWS)
def test_swapping_names_swaps_parts(table):
    swap = {SCOPE: SHARING, SHARING: SCOPE, PARTNERS: PARTNERS}
    parts, swapped = attributed(table), attributed(table.assign(factor=table["factor"].map(swap)))
    assert swapped.loc[SCOPE].to_numpy() == approx(parts.loc[SHARING].to_numpy(), abs=0.011)
    assert swapped.loc[PRICE].to_numpy() == approx(parts.loc[PRICE].to_numpy(), abs=0.011)


# of a study

PLAN = [
    flow("posts", "saving", 100, (2025, 2028)),
    flow("posts", "saving", 100, (2025, 2028), "South"),
    flow("platform", "running_cost", 40, (2025, 2028)),
    flow("cloud", "running_cost", 0, (2025, 2028)),
    flow("set-up", "one_off_cost", 50, (2025, 2025)),
]


def reported(kind, item, value, partner="North", prices=""):
    """Return a row of actuals.csv of 2025/26."""
    return {"kind": kind, "item": item, "partner": partner, "year": "2025", "date": "2026-03-31", "value": str(value), "prices": prices}  # fmt: skip


def users(partner, value, planned=100):
    """Return a count of users in 2025/26."""
    return {"kind": "users", "item": "users", "partner": partner, "date": "2025-12-31", "value": str(value), "planned": str(planned)}  # fmt: skip


def as_reported(*actuals):
    """Return the study of a small case with results of 2025/26."""
    return small_study(file={"data_date": dt.date(2026, 4, 30)}, flows=PLAN, actuals=list(actuals))


def parts_of(study):
    """Return the parts of what differs from plan in saving less cost, as results.csv has them."""
    return {name: result(study, "outturn", "attribution", name) for name in [*FACTORS, "all"]}


SAVED = [reported("saving", "posts", 90), reported("saving", "posts", 60, "South")]
COUNTED = [users("North", 90), users("South", 100)]


def test_users_explain_a_saving_that_moved_with_them():
    found = parts_of(as_reported(*SAVED, *COUNTED))
    assert found == {PRICE: "not known", VOLUME: -10, SCOPE: 0, PARTNERS: 0, SHARING: -40, "all": -50}  # fmt: skip


def test_a_cost_of_a_line_that_came_and_one_that_went_is_of_the_scope():
    cost = [reported("running_cost", "cloud", 30), reported("running_cost", "platform", 0)]
    study = as_reported(*SAVED, *cost, users("North", 100), users("South", 100))
    assert parts_of(study)[SCOPE] == 40 - 30
    assert "lines that came or went: cloud and platform" in said(study, SCOPE)


def test_one_off_cost_does_not_move_with_users():
    study = as_reported(reported("one_off_cost", "set-up", 45), *COUNTED)
    assert (parts_of(study)[VOLUME], parts_of(study)[SHARING]) == (0, 5)


def test_a_partner_without_users_has_left():
    gone = [SAVED[0], reported("saving", "posts", 0, "South")]
    study = as_reported(*gone, users("North", 100), users("South", 0))
    assert (parts_of(study)[PARTNERS], parts_of(study)[SHARING]) == (-100, -10)
    assert "partners that joined or left: South" in said(study, PARTNERS)


def test_money_of_its_year_leaves_inflation_to_price():
    paid = [reported("running_cost", "platform", 40, prices="own_year")]
    study = as_reported(*paid, users("North", 100), users("South", 100))
    index = study.tables["deflators"].set_index("year")["price_index"]
    inflation = index[2025] / index[2024]
    # what was paid is the plan's figure, so that price and a smaller quantity undo each other
    quantity = 40 / inflation
    price = (inflation - 1) * (40 + quantity) / 2
    found = parts_of(study)
    assert found[PRICE] == approx(-price, abs=0.006)
    assert found[SHARING] == approx(price, abs=0.006)
    assert found["all"] == 0


@pytest.mark.parametrize("value", [0, 1])
def test_what_nothing_was_paid_for_has_the_price_of_the_plan(value):
    study = as_reported(reported("running_cost", "platform", value, prices="own_year"))
    index = study.tables["deflators"].set_index("year")["price_index"]
    price = index[2025] / index[2024] if value else 1
    assert study.outturn.causes["price"].tolist() == approx([price], rel=0.01)


def test_without_users_neither_their_part_nor_that_of_partners_is_known():
    study = as_reported(*SAVED)
    found = parts_of(study)
    assert [name for name, value in found.items() if value == "not known"] == [PRICE, VOLUME, PARTNERS]  # fmt: skip
    assert (found[SHARING], found["all"]) == (-50, -50)
    assert said(study, VOLUME) == "not known, as users are not counted beside a plan in every year reported"  # fmt: skip


def said(study, factor):
    """Return what the page says of a factor."""
    return shown_in("decision", study, "What came of it so far?")[5].at[
        factor.capitalize(), "meaning"
    ]


@pytest.mark.parametrize(("value", "words"), [(100, "£40 below plan"), (200, "£60 above plan")])
def test_the_page_says_by_how_much_and_why(value, words):
    study = as_reported(reported("saving", "posts", value), SAVED[1], *COUNTED)
    table = shown_in("decision", study, "What came of it so far?")[5]
    assert table.caption.startswith(f"Why saving less cost to date is {words}: volume")
