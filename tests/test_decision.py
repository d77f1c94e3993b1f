"""The stop/go decision."""

import pandas as pd
import pytest

from businesscase import decision


def outcome(value, comparison, threshold, year=pd.NA):
    """Return the outcome of one gate on one result."""
    gate = {"criterion": "affordable", "section": "savings", "measure": "net_present_value"}
    gate |= {"item": "all", "comparison": comparison, "threshold": threshold}
    result = {"section": "savings", "measure": "net_present_value", "item": "all"}
    result |= {"year": year, "value": value, "unit": "£"}
    results = pd.DataFrame([result]).astype({"value": object, "year": "Int64"})
    return decision.tested_gates(pd.DataFrame([gate]), results)["outcome"].item()


@pytest.mark.parametrize(
    ("value", "comparison", "threshold", "expected"),
    [
        (0.0, "at_least", 0.0, "met"),
        (-0.01, "at_least", 0.0, "not met"),
        (6, "at_most", 6.0, "met"),
        (7, "at_most", 6.0, "not met"),
        (float("inf"), "at_most", 6.0, "not met"),
        (pd.Timestamp("2008-07-24"), "at_most", pd.Timestamp("2008-07-24"), "met"),
        (pd.Timestamp("2008-07-25"), "at_most", pd.Timestamp("2008-07-24"), "not met"),
        ("b", "at_least", 0.0, "not known"),
    ],
)
def test_a_gate_is_met_up_to_and_at_its_threshold(value, comparison, threshold, expected):
    assert outcome(value, comparison, threshold) == expected


def test_a_gate_without_a_result_is_not_known():
    gate = pd.DataFrame([("savings", "npv", "all", "at_least", 0.0)])
    gate.columns = ["section", "measure", "item", "comparison", "threshold"]
    none = pd.DataFrame(columns=["section", "measure", "item", "year", "value", "unit"])
    found = decision.tested_gates(gate, none).iloc[0]
    assert (found["found"], found["unit"], found["outcome"]) == (None, "", "not known")


def test_a_gate_is_tested_on_the_whole_term_and_not_on_a_single_year():
    assert outcome(5.0, "at_least", 0.0, year=2026) == "not known"


@pytest.mark.parametrize(
    ("outcomes", "if_not_met", "expected"),
    [
        (["met", "met"], ["stop", "condition"], "go"),
        (["met", "not met"], ["stop", "condition"], "go with conditions"),
        (["not met", "met"], ["stop", "condition"], "stop"),
        (["not known", "met"], ["stop", "condition"], "go with conditions"),
        (["not met", "not met"], ["condition", "stop"], "stop"),
        (["not known", "not met"], ["condition", "stop"], "stop"),
    ],
)
def test_the_recommendation_follows_from_the_gates_in_any_order(outcomes, if_not_met, expected):
    assert decision.recommendation(pd.Series(outcomes), pd.Series(if_not_met)) == expected
    assert (
        decision.recommendation(pd.Series(outcomes[::-1]), pd.Series(if_not_met[::-1])) == expected
    )


def test_without_criteria_nothing_is_recommended():
    empty = pd.Series([], dtype=object)
    assert decision.recommendation(empty, empty) == "not known"
