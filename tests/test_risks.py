"""The risk register on its grid."""

import pandas as pd
import pytest

from businesscase.risks import findings, grid, scored_risks
from businesscase.study import load_study

LEVELS = pd.DataFrame(
    [("likelihood", number + 1, word) for number, word in enumerate(["Rare", "Even", "Sure"])]
    + [("impact", number + 1, word) for number, word in enumerate(["Slight", "Grave"])],
    columns=["axis", "score", "level"],
)
BANDS = pd.DataFrame(
    [("Low", 1, 3, True), ("High", 4, 6, False)],
    columns=["band", "lowest_score", "highest_score", "within_appetite"],
)
# the matrix as the Leicestershire report prints it, likelihood by impact
PRINTED = {
    ("Very High", "Marginal"): "1",
    ("High", "Marginal"): "5, 6",
    ("Significant", "Critical"): "2, 8",
    ("Low", "Critical"): "4, 7",
    ("Very Low", "Critical"): "3",
}


def register(*places):
    """Return a register with one risk for each (likelihood, impact)."""
    rows = pd.DataFrame(places, columns=["likelihood", "impact"])
    return rows.assign(risk=range(1, len(rows) + 1))


def test_a_risk_scores_likelihood_times_impact_and_falls_in_one_band():
    scored = scored_risks(register(("Even", "Grave"), ("Sure", "Slight")), LEVELS, BANDS)
    assert scored["risk_score"].tolist() == [4, 3]
    assert scored["band"].tolist() == ["High", "Low"]
    assert scored["within_appetite"].tolist() == [False, True]


def test_a_risk_that_is_not_assessed_has_no_score_and_no_band():
    scored = scored_risks(register(("", ""), ("Sure", "")), LEVELS, BANDS)
    assert scored["risk_score"].isna().all()
    assert scored["band"].tolist() == ["", ""]
    assert scored["within_appetite"].tolist() == [None, None]


@pytest.mark.parametrize(
    ("shift", "scores"), [(0, [1, 2, 3]), (1, [2, 3, 3]), (9, [3, 3, 3]), (-1, [1, 1, 2])]
)
def test_a_shift_in_likelihood_stops_at_the_ends_of_the_scale(shift, scores):
    risks = register(("Rare", "Slight"), ("Even", "Slight"), ("Sure", "Slight"))
    assert scored_risks(risks, LEVELS, BANDS, shift)["risk_score"].tolist() == scores


@pytest.mark.parametrize(("lowest", "count"), [(3, 2), (5, 0)])
def test_a_score_that_lies_in_two_bands_or_in_none_is_refused(lowest, count):
    bands = BANDS.assign(lowest_score=[1, lowest])
    risks = register(("Even", "Grave"), ("Sure", "Slight"))
    with pytest.raises(ValueError, match=f"{count} bands hold the risk score [34]; one must"):
        scored_risks(risks, LEVELS, bands)


def test_the_grid_has_the_highest_likelihood_on_top_and_every_risk_once():
    scored = scored_risks(register(("Sure", "Slight"), ("", ""), ("Rare", "Grave")), LEVELS, BANDS)
    expected = {"Slight": {"Sure": "1", "Even": "", "Rare": ""}}
    expected["Grave"] = {"Sure": "", "Even": "", "Rare": "3"}
    assert grid(scored, LEVELS).to_dict() == expected
    assert grid(scored, LEVELS).index.tolist() == ["Sure", "Even", "Rare"]


def test_the_grid_of_the_leicestershire_case_is_the_printed_one():
    cells = load_study("lictp-2020").risk_grid.stack()
    assert cells[cells != ""].to_dict() == PRINTED


def test_each_fault_of_a_register_is_found():
    rows = [
        (1, "Fire", "Rare", "Slight", "Sprinklers", "Board"),
        (2, "Flood", "Rare", "", "", ""),
        (3, "", "", "", "Follow best practice", "Board"),
        (4, "", "Rare", "Slight", "", "Board"),
    ]
    columns = ["risk", "description", "likelihood", "impact", "mitigation", "owner"]
    found = findings(pd.DataFrame(rows, columns=columns))
    assert list(found.itertuples(index=False, name=None)) == [
        (2, "no mitigation"),
        (2, "not placed on the grid"),
        (2, "no owner"),
        (3, "a mitigation without a description of the risk"),
        (3, "not placed on the grid"),
        (4, "neither description nor mitigation"),
    ]


def test_the_accepted_score_replaces_what_the_bands_say():
    study = load_study("lictp-2020", appetite=9)
    above = study.scored_risks.query("within_appetite == False")["risk"].tolist()
    assert above == [1, 2, 5, 6, 8]  # they score 12, 12, 10, 10 and 12
