"""Posts of the establishment: their schema, what they cost, and who may read of them."""

import pytest
from small import small_case

from businesscase.cases.errors import InputError


def post(partner, role, fte, salary, **cells):
    """Return a row of posts.csv as text."""
    given = {"fte": str(fte), "salary_gbp": str(salary), "on_cost_fraction": "0.31"}
    return {"partner": partner, "role": role, **given, **cells}


# what the two councils of the small case employ, worked out by hand below
ESTABLISHMENT = [
    post("North", "ICT manager", 1, 52_805),
    post("North", "Service desk analyst", 4, 30_559),
    post("North", "Infrastructure engineer", 3, 38_626),
    post("South", "Head of ICT", 1, 56_000),
    post("South", "Service desk analyst", 3.6, 31_067),
    post("South", "Applications analyst", 2.5, 36_648),
]


def test_posts_are_of_the_ict_service_and_held_unless_a_row_says_otherwise():
    posts = small_case(posts=ESTABLISHMENT).tables["posts"]
    assert posts["service"].unique().tolist() == ["ICT"]
    assert not posts["vacant"].any()
    assert posts["year"].isna().all()


def test_all_faults_of_posts_are_told_at_once():
    rows = [
        post("West", "ICT manager", 0, 52_805),
        post("North", "Analyst", 1, "-1", on_cost_fraction="31"),
        post("North", "Engineer", 1, 40_000, vacant="perhaps"),
    ]
    with pytest.raises(InputError) as refused:
        small_case(posts=rows)
    told = str(refused.value)
    assert "found '0'; it should be greater than 0" in told
    assert "found '-1'; it should be greater than or equal to 0" in told
    assert "found '31'; it should be less than or equal to 1" in told
    assert "found 'perhaps'; it should be true or false" in told


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([post("West", "ICT manager", 1, 1)], "partner 'West' is unknown"),
        ([post("North", "Analyst", 1, 1), post("North", "Analyst", 2, 1)], "stands here twice"),
    ],
)
def test_a_post_of_nobody_and_one_that_stands_twice_are_refused(rows, told):
    with pytest.raises(InputError, match=told):
        small_case(posts=rows)


def test_posts_alike_are_told_apart_by_their_number_or_by_who_holds_them():
    rows = [
        post("North", "Analyst", 1, 30_000, post="A1"),
        post("North", "Analyst", 1, 30_000, post="A2"),
        post("North", "Analyst", 1, 30_000, post="A2", vacant="true"),
    ]
    assert small_case(posts=rows).tables["posts"]["fte"].sum() == 3
