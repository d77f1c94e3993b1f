"""Applications, skills and assets, partner by partner."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from businesscase.calculations.estate import convergence, product_matrix, skill_cover
from businesscase.study import load_study

NORTH, SOUTH, EAST = "North", "South", "East"


def used(*rows):
    """Return applications from partner, function, product, cost and contract end."""
    columns = ["partner", "business_function", "product", "annual_cost_gbp", "contract_end"]
    table = pd.DataFrame(rows, columns=columns)
    return table.assign(
        annual_cost_gbp=table["annual_cost_gbp"].astype(float),
        contract_end=pd.to_datetime(table["contract_end"]),
    )


def held(*rows):
    """Return skills from partner, skill, posts and people."""
    return pd.DataFrame(rows, columns=["partner", "skill", "posts", "people"])


MAPS = used(
    (NORTH, "maps", "Atlas", 30_000, "2027-03-31"),
    (SOUTH, "maps", "Globe", 20_000, "2028-03-31"),
)


def test_a_pair_saves_all_but_the_dearest_once_the_later_contract_ends():
    row = convergence(MAPS, [NORTH, SOUTH]).loc["maps"]
    assert row["relation"] == "different_product"
    assert (row["annual_cost_gbp"], row["saving_gbp"]) == (50_000, 20_000)
    assert row["earliest_date"] == pd.Timestamp("2028-03-31")
    assert not row["quick_win"]


def test_the_same_product_at_every_partner_is_a_quick_win():
    same = MAPS.assign(product="Atlas")
    row = convergence(same, [NORTH, SOUTH]).loc["maps"]
    assert (row["relation"], row["quick_win"]) == ("same_product", True)


def test_the_same_product_at_two_of_three_partners_is_not_a_quick_win():
    row = convergence(MAPS.assign(product="Atlas"), [NORTH, SOUTH, EAST]).loc["maps"]
    assert (row["relation"], row["quick_win"]) == ("same_product", False)


def test_three_partners_with_one_odd_product_do_not_share_it():
    east = used((EAST, "maps", "Atlas", 50_000, "2026-03-31"))
    row = convergence(pd.concat([MAPS, east]), [NORTH, SOUTH, EAST]).loc["maps"]
    assert row["relation"] == "different_product"
    assert row["saving_gbp"] == 50_000  # 100,000 less the dearest


def test_two_products_for_one_function_at_a_partner_are_one_contract_sum():
    extra = used((NORTH, "maps", "Plan", 15_000, "2029-03-31"))
    row = convergence(pd.concat([MAPS, extra]), [NORTH, SOUTH]).loc["maps"]
    assert (row["annual_cost_gbp"], row["saving_gbp"]) == (65_000, 20_000)
    assert row["earliest_date"] == pd.Timestamp("2029-03-31")


def test_what_one_partner_alone_has_can_save_nothing():
    row = convergence(MAPS.iloc[:1], [NORTH, SOUTH]).loc["maps"]
    assert row["relation"] == "only_one"
    assert row["annual_cost_gbp"] == 30_000
    assert pd.isna(row["saving_gbp"])
    assert pd.isna(row["earliest_date"])


def test_an_unknown_cost_or_end_leaves_saving_or_date_unknown():
    blank = MAPS.assign(annual_cost_gbp=[30_000.0, None])
    row = convergence(blank, [NORTH, SOUTH]).loc["maps"]
    assert pd.isna(row["saving_gbp"])
    assert row["earliest_date"] == pd.Timestamp("2028-03-31")
    undated = MAPS.assign(contract_end=pd.to_datetime(["2027-03-31", None]))
    assert pd.isna(convergence(undated, [NORTH, SOUTH]).at["maps", "earliest_date"])


def test_a_partner_that_leaves_is_not_counted():
    table = convergence(MAPS, [NORTH])
    assert table["relation"].to_dict() == {"maps": "only_one"}
    assert product_matrix(MAPS, [NORTH]).columns.tolist() == [NORTH]


def test_no_application_gives_an_empty_table():
    assert convergence(MAPS.iloc[:0], [NORTH]).empty
    assert product_matrix(MAPS.iloc[:0], [NORTH]).empty


@given(
    st.lists(
        st.tuples(
            st.sampled_from([NORTH, SOUTH, EAST]),
            st.sampled_from(["maps", "tax", "web"]),
            st.sampled_from(["Atlas", "Globe"]),
            st.integers(0, 100_000),
        ),
        min_size=1,
        max_size=12,
        unique_by=lambda row: row[:3],
    ),
    st.randoms(),
    st.integers(2, 9),
)
def test_order_changes_nothing_and_money_scales(rows, random, factor):
    table = used(*[(*row, "2027-03-31") for row in rows])
    partners = [NORTH, SOUTH, EAST]
    found = convergence(table, partners).sort_index()
    shuffled = table.iloc[random.sample(range(len(table)), len(table))]
    other = convergence(shuffled, random.sample(partners, 3)).sort_index()
    pd.testing.assert_frame_equal(found, other)
    scaled = convergence(table.assign(annual_cost_gbp=table["annual_cost_gbp"] * factor), partners)
    pd.testing.assert_series_equal(scaled.sort_index()["saving_gbp"], found["saving_gbp"] * factor)
    both = found["saving_gbp"].notna()
    assert (found.loc[both, "saving_gbp"] <= found.loc[both, "annual_cost_gbp"]).all()


def test_a_skill_of_one_person_is_flagged_until_the_partners_stand_together():
    cover = skill_cover(
        held((NORTH, "maps", 1, 1), (SOUTH, "maps", 1, 1), (NORTH, "tax", 2, 1)), [NORTH, SOUTH]
    )
    assert cover["single_person"].tolist() == [True, True, True]
    assert cover["single_together"].tolist() == [False, False, True]
    assert cover["people_together"].tolist() == [2, 2, 1]


@pytest.mark.parametrize(
    ("posts", "people", "unfilled"), [(1, 0, True), (0, 0, False), (1, 1, False)]
)
def test_a_post_without_a_person_is_unfilled(posts, people, unfilled):
    cover = skill_cover(held((NORTH, "maps", posts, people)), [NORTH])
    assert cover["unfilled"].item() is unfilled
    assert cover["single_person"].item() is (people == 1)


def test_allerdale_and_carlisle_share_the_telephones_that_are_printed():
    study = load_study("allerdale-carlisle-2008")
    lines = study.tables["applications"]
    assert set(lines.query("status == 'published'")["business_function"]) == {"telephony"}
    assert study.baseline.convergence.loc["telephony", ["relation", "quick_win"]].tolist() == [
        "same_product",
        True,
    ]
    assert pd.isna(study.baseline.convergence.at["telephony", "saving_gbp"])


def test_mid_kents_equipment_stays_with_the_authority_that_bought_it():
    assets = load_study("mkip-2012").tables["assets"]
    assert assets["partner"].tolist() == ["Maidstone", "Swale", "Tunbridge Wells"]
    assert assets["owner_rule"].str.contains("authority that bought it").all()
    assert assets["value_gbp"].isna().all()
