"""How ready the partners are, and where they stand too far apart."""

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from businesscase.readiness import area_scores, divergence


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
