"""Scoring the delivery options."""

import re
from dataclasses import replace

import pandas as pd
import pytest
from cells import shown_in
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal, assert_series_equal
from pytest import approx

from businesscase.calculations.options import (
    benefit_scores,
    contributions,
    failed_counts,
    failed_success_factors,
    mean_scores,
    ranks,
    weighted_scores,
)
from businesscase.calculations.wording import listed
from businesscase.cases.errors import InputError
from businesscase.shown import options as show
from businesscase.study import Study, load_study
from businesscase.study.results import frame

SCORES = pd.DataFrame({"cost": [4.0, 1.0], "control": [2.0, 5.0]}, index=["a", "b"])
SCORE = st.floats(0, 5)
CHANGES = "What would change this answer?"
WEIGHT = st.floats(0.01, 100)


def test_a_weighted_score_worked_by_hand():
    weights = pd.Series({"cost": 3.0, "control": 1.0})
    expected = pd.DataFrame({"cost": [3.0, 0.75], "control": [0.5, 1.25]}, index=["a", "b"])
    assert_frame_equal(contributions(SCORES, weights), expected)
    assert weighted_scores(SCORES, weights).to_dict() == approx({"a": 3.5, "b": 2.0})


def test_equal_weights_give_the_plain_mean():
    weights = pd.Series({"cost": 7.0, "control": 7.0})
    assert weighted_scores(SCORES, weights).to_dict() == approx({"a": 3.0, "b": 3.0})


def test_all_weight_on_one_factor_gives_its_score():
    weights = pd.Series({"cost": 0.0, "control": 0.5})
    assert weighted_scores(SCORES, weights).to_dict() == approx({"a": 2.0, "b": 5.0})


def test_weights_are_matched_by_name_and_not_by_place():
    weights = pd.Series({"control": 1.0, "cost": 3.0})
    expected = pd.DataFrame({"cost": [3.0, 0.75], "control": [0.5, 1.25]}, index=["a", "b"])
    assert_frame_equal(contributions(SCORES, weights), expected)


@given(st.lists(st.tuples(SCORE, WEIGHT), min_size=1, max_size=8), st.floats(0.01, 100))
def test_only_the_ratio_of_weights_matters_and_a_score_stays_on_its_scale(factors, scale):
    scores = pd.DataFrame([[score for score, _ in factors]], index=["a"])
    weights = pd.Series([weight for _, weight in factors])
    score = weighted_scores(scores, weights)["a"]
    assert weighted_scores(scores, scale * weights)["a"] == approx(score)
    assert scores.loc["a"].min() - 1e-9 <= score <= scores.loc["a"].max() + 1e-9


@pytest.mark.parametrize("weights", [[1.0, -0.1], [0.0, 0.0]])
def test_negative_weights_and_no_weight_at_all_are_refused(weights):
    with pytest.raises(ValueError, match="none may be negative and not all zero"):
        contributions(SCORES, pd.Series(weights, index=SCORES.columns))


def test_the_mean_is_taken_over_assessors_in_any_order_of_rows():
    rows = [("b", "cost", 1.0), ("a", "cost", 2.0), ("a", "cost", 5.0), ("b", "cost", 3.0)]
    scores = pd.DataFrame(rows, columns=["option", "factor", "score"])
    expected = pd.DataFrame({"cost": [2.0, 3.5]}, index=["b", "a"])
    assert_frame_equal(mean_scores(scores), expected, check_names=False)
    assert_frame_equal(mean_scores(scores[::-1]).loc[["b", "a"]], expected, check_names=False)


def test_equal_scores_share_the_better_rank_and_the_next_is_skipped():
    scores = pd.Series({"a": 2.0, "b": 3.5, "c": 3.5, "d": 0.1 + 0.2, "e": 0.3})
    expected = pd.Series({"a": 3, "b": 1, "c": 1, "d": 4, "e": 4})
    assert_series_equal(ranks(scores), expected)


def test_the_benefit_score_leaves_out_cost_and_keeps_the_proportions_of_the_rest():
    scores = SCORES.assign(resilience=[1.0, 3.0])
    weights = pd.Series({"cost": 50.0, "control": 30.0, "resilience": 20.0})
    kinds = pd.Series({"cost": "cost", "control": "benefit", "resilience": "benefit"})
    found = benefit_scores(scores, weights, kinds)
    assert found.to_dict() == approx({"a": 0.6 * 2 + 0.4 * 1, "b": 0.6 * 5 + 0.4 * 3})


def test_without_a_cost_factor_the_benefit_score_is_the_weighted_score():
    weights = pd.Series({"cost": 3.0, "control": 1.0})
    found = benefit_scores(SCORES, weights, pd.Series("benefit", index=SCORES.columns))
    assert_series_equal(found, weighted_scores(SCORES, weights))


def test_without_a_benefit_that_carries_weight_there_is_no_benefit_score():
    kinds = pd.Series({"cost": "cost", "control": "benefit"})
    for weights in ({"cost": 1.0, "control": 0.0}, {"cost": 1.0, "control": 1.0}):
        chosen = kinds if weights["control"] == 0 else pd.Series("cost", index=SCORES.columns)
        assert benefit_scores(SCORES, pd.Series(weights), chosen).isna().all()


def test_failed_success_factors_are_listed_in_the_order_of_the_table():
    rows = [("b", "fit", False), ("a", "fit", True), ("b", "value", True), ("b", "supply", False)]
    given_rows = pd.DataFrame(rows, columns=["option", "criterion", "passes"])
    assert failed_success_factors(given_rows).to_dict() == {"b": "fit, supply", "a": ""}
    assert failed_counts(given_rows).to_dict() == {"b": 2, "a": 0}
    assert failed_success_factors(given_rows.iloc[:0]).empty
    assert failed_counts(given_rows.iloc[:0]).empty


# the cases as they are


@pytest.mark.parametrize(("case", "best"), [("lictp-2020", "b"), ("mkip-2012", "a")])
def test_the_option_that_each_report_proposes_scores_highest(case, best):
    study = load_study(case)
    assert study.options.ranking["option"].iloc[0] == best == study.case.file.preferred_option
    assert study.options.acceptability.loc[best].min() > 0.95
    assert (study.options.other_methods.loc[best] == 1).all()


def test_a_weighted_score_of_the_leicestershire_case_worked_by_hand():
    # mean of two views, weights 20, 20, 15, 15, 15, 15
    by_hand = 0.2 * 4 + 0.2 * 3.5 + 0.15 * (4 + 4 + 3.5 + 4)
    found = load_study("lictp-2020").options.ranking.set_index("option")["weighted_score"]
    assert found["b"] == approx(by_hand)


def test_the_switching_weight_of_control_in_the_leicestershire_case_worked_by_hand():
    # on the other factors b leads d by 2, 1.5, 1, 2.5 and 2, weighed 20, 20, 15, 15 and 15;
    # on control d leads by 1
    lead = (20 * 2 + 20 * 1.5 + 15 * (1 + 2.5 + 2)) / 85
    study = load_study("lictp-2020")
    assert study.options.switching_weights.at["Control", "switching_share"] == approx(
        lead / (lead + 1)
    )
    rows = study.results.query("section == 'options' and item == 'Control'").set_index("measure")
    assert rows.at["switching_weight", "value"] == approx(lead / (lead + 1))
    assert rows.at["switching_weight_winner", "value"] == "d"
    rows = study.results.query("section == 'options' and item == 'Cost'").set_index("measure")
    assert rows.at["switching_weight_winner", "value"] == "none"
    assert rows.at["switching_weight", "value"] == "none"


def test_an_option_that_another_beats_on_benefit_and_cost_is_named():
    table = load_study("lictp-2020").options.value_for_money.set_index("option")
    assert table.at["a", "beaten_by"] == "b"
    assert table["net_present_value"].notna().to_dict() == {
        "a": True, "b": True, "c": False, "d": False, "e": False,
    }  # fmt: skip


def test_an_option_without_money_of_its_own_has_no_worth_whatever_others_have():
    study = load_study("lictp-2020")
    tables = study.tables | {"flows": study.tables["flows"].query("option != 'a'")}
    unknown = Study(replace(study.case, tables=tables), "base", study.parameters)
    worth = unknown.options.value_for_money.set_index("option")["net_present_value"]
    assert list(worth.index[worth.notna()]) == ["b"]


def test_the_worth_of_an_option_beside_its_benefit_is_that_of_the_option_appraised():
    study = load_study("lictp-2020", option="a")
    worth = study.options.value_for_money.set_index("option")["net_present_value"]
    assert worth["a"] == approx(study.savings.appraisal.at["all", "net_present_value"])


def test_the_order_of_rows_changes_no_result(data_copy):
    before = frame(load_study("lictp-2020").rows("options"))
    for name in ("scores", "factors", "options", "success_factors"):
        path = data_copy / "lictp-2020" / f"{name}.csv"
        header, *lines = path.read_text(encoding="utf-8").splitlines()
        path.write_text("\n".join([header, *reversed(lines)]) + "\n", encoding="utf-8")
    load_study.__globals__["load_case"].cache_clear()
    after = frame(load_study("lictp-2020").rows("options"))
    key = ["measure", "item"]
    before, after = (table.set_index(key)["value"].sort_index() for table in (before, after))
    assert list(before.index) == list(after.index)
    for (measure, item), value in before.items():
        expected = value if isinstance(value, str) else approx(value)
        found = after[(measure, item)]
        if measure in ("dominated", "finding"):
            found, expected = sorted(found.split(", ")), sorted(value.split(", "))
        assert found == expected, (measure, item)


# what a case cannot have

REFUSED = {
    "a success factor of an unknown option": (
        "success_factors.csv",
        "a,Potential affordability,",
        "z,Potential affordability,",
        [
            "here: option 'z' is unknown; allowed: a, b, c, d, e",
            "file: option a has no row for Potential affordability",
        ],
    ),
    "a success factor that is neither passed nor failed": (
        "success_factors.csv",
        "a,Potential affordability,true",
        "a,Potential affordability,perhaps",
        ["here, column passes: found 'perhaps'; it should be true or false"],
    ),
    "an option that one criterion leaves out": (
        "success_factors.csv",
        "e,Potential affordability,",
        "e,Affordability,",
        [
            "file: option e has no row for Potential affordability",
            *(f"file: option {option} has no row for Affordability" for option in "abcd"),
        ],
    ),
    "words for one end of a scale only": (
        "factors.csv",
        ",0,One absence stops a service,",
        ",0,,",
        ["here: give both of lowest_means and highest_means, or neither"],
    ),
    "a weight that is not a number": (
        "factors.csv",
        "benefit,15,0,One absence",
        "benefit,NaN,0,One absence",
        ["here, column weight: found 'NaN'; it should be a plain number"],
    ),
    "a negative weight": (
        "factors.csv",
        "benefit,15,0,One absence",
        "benefit,-15,0,One absence",
        ["here, column weight: found '-15'; it should be greater than or equal to 0"],
    ),
    "a kind of factor that is neither benefit nor cost": (
        "factors.csv",
        "cost,20,0,",
        "price,20,0,",
        ["here, column kind: found 'price'; it should be 'benefit' or 'cost'"],
    ),
    "an assessor who scores some options on a factor": (
        "scores.csv",
        "b,Cost,service view,4",
        "b,Cost,third view,4",
        [
            "file: option b has no score on Cost by service view, who scores others on it",
            *(
                f"file: option {option} has no score on Cost by third view, who scores others on it"
                for option in "acde"
            ),
        ],
    ),
    "a score against an unknown factor": (
        "scores.csv",
        "b,Cost,service view,4",
        "b,Costs,service view,4",
        [
            "here: factor 'Costs' is unknown; nearest: Cost",
            "file: option b has no score on Cost by service view, who scores others on it",
        ],
    ),
}


@pytest.mark.parametrize("fault", REFUSED)
def test_scoring_that_cannot_be_used_is_refused_with_file_and_line(data_copy, fault):
    file, old, new, sentences = REFUSED[fault]
    path = data_copy / "lictp-2020" / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    line = text[: text.index(old)].count("\n") + 1
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(InputError) as refused:
        load_study("lictp-2020")
    place = f"data/lictp-2020/{file}"
    found = [
        sentence.replace(f"{place} line {line}", "here").replace(place, "file")
        for sentence in refused.value.faults
    ]
    assert sorted(found) == sorted(sentences)


@pytest.mark.parametrize(
    ("left_out", "sentence"),
    [
        (
            "b,Cost,service",
            "option b has no score on Cost by service view, who scores others on it",
        ),
        ("b,Cost,", "option b has no score on Cost"),
    ],
)
def test_a_missing_score_is_refused(data_copy, left_out, sentence):
    path = data_copy / "lictp-2020" / "scores.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not line.startswith(left_out)]
    path.write_text("\n".join(kept) + "\n", encoding="utf-8")
    with pytest.raises(InputError) as refused:
        load_study("lictp-2020")
    assert f"data/lictp-2020/scores.csv: {sentence}" in refused.value.faults


def test_a_success_factor_that_stands_twice_is_refused(data_copy):
    path = data_copy / "lictp-2020" / "success_factors.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*lines, lines[1]]) + "\n", encoding="utf-8")
    with pytest.raises(InputError, match=f"line {len(lines) + 1}: a, Strategic fit .* stands here"):
        load_study("lictp-2020")


def test_a_case_without_success_factors_screens_nothing(data_copy):
    (data_copy / "lictp-2020" / "success_factors.csv").unlink()
    study = load_study("lictp-2020")
    assert study.options.failed_success_factors.empty
    (options,) = shown_in("options", study, "What are the options?")
    assert options.caption == "The options; no critical success factors are assessed"
    assert options["fails"].isna().all()
    assert "screened out" not in show.answer(study).text
    measures = {row[1] for row in study.rows("options")}
    assert measures and "success_factors_failed" not in measures


# what is shown


def test_the_answer_follows_the_weights():
    others = ["Cost", "Deliverability", "Complexity", "Resilience", "Innovation"]
    weights = {"Control": 100.0} | dict.fromkeys(others, 3.0)
    study = load_study("lictp-2020", weights=weights)
    assert "Option d (Go it alone) scores highest" in show.answer(study).text
    assert "is not the option that the case proposes" in show.answer(study).text
    said = list(shown_in("options", study, CHANGES)[-1]["finding"])
    assert "they add up to 115, not 100; only their ratio is used" in said


def test_names_of_options_keep_their_capitals(data_copy):
    path = data_copy / "mkip-2012" / "options.csv"
    text = path.read_text(encoding="utf-8")
    text = text.replace("Shared service", "Shared HR and ICT of Swale").replace(
        "Outsourcing", "GIS"
    )
    path.write_text(text, encoding="utf-8")
    said = show.answer(load_study("mkip-2012")).text
    assert "**Option a (Shared HR and ICT of Swale) scores highest**" in said
    assert "ahead of option b (GIS) at" in said


def test_a_long_name_of_an_option_leaves_its_chart_room_and_the_table_has_it_whole(data_copy):
    path, name = (
        data_copy / "mkip-2012" / "options.csv",
        "Shared service of all " + "councils " * 18,
    )
    text = path.read_text(encoding="utf-8").replace("Shared service", name.strip())
    path.write_text(text, encoding="utf-8")
    study = load_study("mkip-2012")
    for drawn in (show.ranking_chart, show.contributions_chart, show.acceptability_chart):
        chart = drawn(study)
        label = chart.figure.layout.yaxis.ticktext[0]
        assert label.startswith("a  Shared service of all") and label.endswith(" …")
        assert max(map(len, label.split("<br>"))) <= 56 and label.count("<br>") == 1
        assert chart.data.iloc[0, 0] == f"a {name.strip()}"


def failing(data, case, *options):
    """Let options fail every critical success factor of a case."""
    path = data / case / "success_factors.csv"
    text = path.read_text(encoding="utf-8")
    for option in options:
        text = re.sub(rf"(?m)^({option},[^,]*),true,", r"\1,false,", text)
    path.write_text(text, encoding="utf-8")


def test_an_appraised_option_that_is_screened_out_has_no_rank_and_is_no_go(data_copy):
    failing(data_copy, "mkip-2012", "a")
    study = load_study("mkip-2012")
    assert "**Option a, which is appraised, is screened out; it fails: Strategic" in show.answer(study).text  # fmt: skip
    gates = study.decision.gates.set_index("criterion")
    assert gates.at["option passes screening", "found"] == 5
    assert gates.at["option passes screening", "reason"].startswith(
        "Option passes screening: the number of critical success factors that the option fails is 5 "
        "(Strategic fit and business needs, Potential value for money, "
    )
    assert gates.at["proposed option comes first", "reason"] == (
        "Proposed option comes first: not known, because option a is screened out."
    )
    assert gates.at["winning option robust", "found"] == 0
    assert study.decision.recommendation == "stop"


def test_an_option_that_is_screened_out_is_scored_and_beats_none(data_copy):
    failing(data_copy, "mkip-2012", "c")
    path = data_copy / "mkip-2012" / "scores.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"(?m)^(c,[^,]*,[^,]*),[\d.]+,", r"\1,5,", text), encoding="utf-8")
    study = load_study("mkip-2012")
    ranking = study.options.ranking.set_index("option")
    assert ranking.at["c", "weighted_score"] == 5
    assert ranking["rank"].dropna().to_dict() == {"a": 1, "b": 2}
    assert study.decision.result("options", "preferred_option_rank", "all") == (1, "rank")
    assert study.options.acceptability.loc["c"].tolist() == [0, 0, 0]
    assert "c" not in set(study.options.switching_weights["new_winner"])
    assert show.ranking_chart(study).title.startswith("Option a leads by")
    for shown in (show.contributions_chart, show.switching_chart, show.acceptability_chart):
        assert "Option c" not in shown(study).title
    assert set(shown_in("options", study, CHANGES)[3]["winner"]) <= {"a", "b"}
    (options,) = shown_in("options", study, "What are the options?")
    assert options.caption.startswith(
        "The options; screened out by a critical success factor: 1 of 3"
    )
    assert options["fails"].tolist()[:2] == ["none", "none"] and options.at["c", "fails"]


def test_where_every_option_is_screened_out_all_are_ranked(data_copy):
    failing(data_copy, "mkip-2012", "a", "b", "c")
    assert load_study("mkip-2012").options.ranking["rank"].tolist() == [1, 2, 3]


def test_options_that_tie_are_said_to_tie_in_every_title():
    tied = dict.fromkeys(load_study("lictp-2020").options.weights.index, 3.0)
    study = load_study("lictp-2020", scores={"b": tied, "c": tied, "d": tied, "e": tied})
    assert show.answer(study).text.startswith("**Options b, c, d and e tie** at 3")
    for shown in (show.ranking_chart, show.contributions_chart, show.switching_chart):
        title = shown(study).title
        assert "ptions b, c, d and e" in title and "tie" in title
    assert "leads" not in show.ranking_chart(study).title


def test_the_table_of_methods_says_whether_they_rank_alike():
    methods = shown_in("options", load_study("mkip-2012"), CHANGES)[4]
    assert methods.caption == "Rank of each option by three methods: all alike"
    turned = load_study("lictp-2020", weights={"Control": 45.0})
    ranks = turned.options.other_methods
    differing = ranks.index[ranks.nunique(axis="columns") > 1]
    assert len(differing)
    caption = shown_in("options", turned, CHANGES)[4].caption
    assert caption.endswith(f"they differ on {listed('option ' + differing)}")


def test_scores_stand_beside_the_widest_gap_between_assessors(data_copy):
    path = data_copy / "mkip-2012" / "scores.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(re.sub(r"(?m)^(.,Control,[^,]*),[\d.]+,", r"\1,3,", text), encoding="utf-8")
    study = load_study("mkip-2012")
    _, scores = shown_in("options", study, "How do they score?")
    given = study.tables["scores"].set_index(["factor", "option", "assessor"])["score"]
    gaps = given.groupby(["factor", "option"]).agg(lambda scores: scores.max() - scores.min())
    assert scores["widest_gap"].drop("Weighted score").to_dict() == gaps.groupby("factor").max().to_dict()  # fmt: skip
    assert gaps["Ongoing saving", scores.at["Ongoing saving", "widest_on"]] == 2
    assert scores.at["Control", "widest_gap"] == 0 and pd.isna(scores.at["Control", "widest_on"])
    weighted = study.options.ranking.set_index("option")["weighted_score"].add_prefix("Option ")
    assert scores.loc["Weighted score", weighted.index].to_dict() == approx(weighted.to_dict())
    assert scores.caption.endswith("2 views of ours, assumed: finance view and service view")


def test_the_benefit_score_of_the_page_is_that_of_the_results():
    study = load_study("worked-example")
    (rivals,) = shown_in("options", study, "Is the benefit worth its cost?")
    benefit = rivals["benefit_score"].droplevel("name")
    assert benefit.to_dict() == approx(study.options.benefit_scores.to_dict())
    assert benefit.is_monotonic_decreasing
    assert rivals["beaten_by"].tolist() == ["none", "a", "a, b", "a, b, c"]
    assert rivals.caption.endswith("beaten by no other that has a cost: a")


FACTORS = ["Cost", "Deliverability", "Complexity", "Control", "Resilience", "Innovation"]
ALIKE = dict.fromkeys(FACTORS, 3.0)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"weights": {"Control": 45.0}},
        {"weights": dict.fromkeys(FACTORS, 0.0) | {"Cost": 1.0}},  # nothing else to weigh
        {"weights": {"Control": 0.0}, "scores": {"d": {"Control": 0.0}}},
        {"scores": dict.fromkeys("bcde", ALIKE)},  # which tie
    ],
)
def test_weighted_score_and_switching_weight_are_worked_out_step_by_step(changes):
    study = load_study("lictp-2020", **changes)
    *_, check = shown_in("options", study, "How is a weighted score worked out?")
    assert check["added_up"].to_dict() == approx(check["headline"].to_dict())
    *_, moved = shown_in(
        "options", study, "How far must one weight move until another option leads?"
    )
    worked_out, drawn = moved.iloc[0]
    assert worked_out == approx(drawn, nan_ok=True)


@pytest.mark.parametrize("draw", [show.switching_chart, show.acceptability_chart])
@pytest.mark.parametrize("case", ["lictp-2020", "mkip-2012"])
def test_charts_of_robustness_state_a_finding_and_hold_data(case, draw):
    chart = draw(load_study(case))
    assert "ption " in chart.title
    assert chart.description.endswith(".")
    assert all(len(trace.x) for trace in chart.figure.data)
