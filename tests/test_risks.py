"""The risk register on its grid: positions, appetite, findings, and registers that are refused."""

from dataclasses import replace

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from businesscase.calculations.risks import (
    band_counts,
    findings,
    grid,
    highest_accepted_score,
    moved,
    scored_risks,
    shifted_levels,
    standing,
)
from businesscase.cases.case import load_case
from businesscase.cases.errors import InputError
from businesscase.study import Study, load_study

LEVELS = pd.DataFrame(
    [("likelihood", number + 1, word) for number, word in enumerate(["Rare", "Even", "Sure"])]
    + [("impact", number + 1, word) for number, word in enumerate(["Slight", "Grave"])],
    columns=["axis", "score", "level"],
)
BANDS = pd.DataFrame(
    [("Low", 1, 3, True), ("High", 4, 6, False)],
    columns=["band", "lowest_score", "highest_score", "within_appetite"],
)
# a grid of five by five, and the chances of its likelihoods
FIVE_LIKELIHOODS = ["Rare", "Unlikely", "Possible", "Likely", "Almost certain"]
FIVE_IMPACTS = ["Minor", "Moderate", "Serious", "Major", "Severe"]
FIVE_LEVELS = pd.DataFrame(
    [("likelihood", number + 1, word) for number, word in enumerate(FIVE_LIKELIHOODS)]
    + [("impact", number + 1, word) for number, word in enumerate(FIVE_IMPACTS)],
    columns=["axis", "score", "level"],
)
FIVE_BANDS = pd.DataFrame(
    [("Low", 1, 4, True), ("Medium", 5, 9, True), ("High", 10, 14, False), ("Extreme", 15, 25, False)],
    columns=["band", "lowest_score", "highest_score", "within_appetite"],
)  # fmt: skip
CHANCES = pd.DataFrame(
    [("Rare", 0.0, 0.0), ("Unlikely", 0.0, 0.2), ("Possible", 0.2, 0.4), ("Likely", 0.5, 0.7),
     ("Almost certain", 1.0, 1.0)],
    columns=["level", "lowest_probability", "highest_probability"],
)  # fmt: skip
WORDS = ["", "residual_", "target_"]
BLANK = {f"{prefix}{axis}": "" for prefix in WORDS for axis in ("likelihood", "impact")}
SOUND = {
    "description": "Fire",
    "mitigation": "Sprinklers",
    "owner": "Board",
    "response": "treat",
    "likelihood": "Likely",
    "impact": "Major",
    "residual_likelihood": "Unlikely",
    "residual_impact": "Major",
}
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
    rows = [BLANK | {"likelihood": place[0], "impact": place[1]} for place in places]
    return pd.DataFrame(rows).assign(risk=range(1, len(rows) + 1))


def cited(table):
    """Return rows as assumed ones of the Leicestershire report."""
    return table.assign(status="assumed", source="melton-2020", paragraph="1", note="made up")


def made_up_risks(*risks):
    """Return a register on the grid of five by five; each risk says what differs from a sound one."""
    unset = BLANK | {"proximity": pd.NaT, "response_cost_gbp": float("nan")}
    unset |= {"realised_by": "", "cause": "", "correlation": 0.0}
    rows = [unset | SOUND | {"risk": number} | risk for number, risk in enumerate(risks, start=1)]
    return cited(pd.DataFrame(rows)).astype({"response_cost_gbp": float})


def made_up_costs(*rows):
    """Return rows of cost: risk, position, partner, first and last year, low to high, cost line."""
    columns = ["risk", "position", "partner", "first_year", "last_year", "low_gbp"]
    columns += ["most_likely_gbp", "high_gbp", "cost_line"]
    return cited(pd.DataFrame(rows, columns=columns))


def made_up(risks, costs=None, case="lictp-2020", scenario="base", **changes):
    """Return a study of a case with another register, on a grid of five by five."""
    study = load_study(case, scenario, **changes)
    tables = {
        "risks": risks,
        "risk_levels": cited(FIVE_LEVELS),
        "risk_bands": cited(FIVE_BANDS),
        "risk_probabilities": cited(CHANCES),
        "risk_costs": made_up_costs() if costs is None else costs,
    }
    changed = replace(study.case, tables=study.tables | tables)
    return Study(changed, scenario, study.parameters)


# positions


def test_a_risk_scores_likelihood_times_impact_and_falls_in_one_band():
    scored = scored_risks(register(("Even", "Grave"), ("Sure", "Slight")), LEVELS, BANDS)
    assert scored["inherent_score"].tolist() == [4, 3]
    assert scored["inherent_band"].tolist() == ["High", "Low"]
    stands = standing(scored, "carried_out", highest_accepted_score(BANDS))
    assert stands["within_appetite"].tolist() == [False, True]


def test_a_risk_that_is_not_assessed_has_no_score_and_no_band():
    scored = scored_risks(register(("", ""), ("Sure", "")), LEVELS, BANDS)
    stands = standing(scored, "carried_out", 3)
    assert stands["standing_score"].isna().all()
    assert stands["standing_band"].tolist() == ["", ""]
    assert stands["within_appetite"].tolist() == [None, None]


@pytest.mark.parametrize(
    ("shift", "scores"), [(0, [1, 2, 3]), (1, [2, 3, 3]), (9, [3, 3, 3]), (-1, [1, 1, 2])]
)
def test_a_shift_in_likelihood_stops_at_the_ends_of_the_scale(shift, scores):
    risks = register(("Rare", "Slight"), ("Even", "Slight"), ("Sure", "Slight"))
    assert scored_risks(risks, LEVELS, BANDS, shift)["inherent_score"].tolist() == scores


def test_a_shift_goes_to_the_next_word_where_scores_skip_numbers():
    skipping = LEVELS.assign(score=[1, 5, 20, 1, 2])
    assert shifted_levels(pd.Series(["Rare", "Even", ""]), skipping, 1).tolist() == [
        "Even", "Sure", "",
    ]  # fmt: skip


def test_a_shift_moves_a_risk_with_and_without_its_response_but_not_its_target():
    risk = {"target_likelihood": "Rare", "target_impact": "Minor"}
    scored = made_up(made_up_risks(risk), likelihood_shift=1).risks.scored.iloc[0]
    assert scored["inherent_likelihood_level"] == "Almost certain"
    assert scored["residual_likelihood_level"] == "Possible"
    assert (scored["inherent_score"], scored["residual_score"]) == (20, 12)
    assert scored["target_score"] == 1


def test_a_risk_stands_where_its_response_leaves_it_unless_no_response_is_carried_out():
    risks = made_up_risks({}, {"residual_likelihood": "", "residual_impact": ""})
    carried_out = made_up(risks)
    assert carried_out.risks.scored["standing_score"].tolist() == [8, 16]
    assert carried_out.risks.scored["standing_band"].tolist() == ["Medium", "Extreme"]
    assert carried_out.risks.above_appetite == 1
    none = made_up(risks, risk_responses="none")
    assert none.risks.scored["standing_score"].tolist() == [16, 16]
    assert none.risks.above_appetite == 2
    assert none.risks.scored["residual_score"].tolist()[0] == 8


@pytest.mark.parametrize(("appetite", "above"), [(None, [1]), (7, [1, 2]), (8, [1]), (25, [])])
def test_the_accepted_score_replaces_what_the_bands_say(appetite, above):
    risks = made_up_risks({"residual_likelihood": "", "residual_impact": ""}, {})
    scored = made_up(risks, appetite=appetite).risks.scored
    assert scored.loc[scored["within_appetite"].eq(False), "risk"].tolist() == above


def test_appetite_of_the_leicestershire_register_can_be_set_by_a_score():
    scored = load_study("lictp-2020", appetite=9).risks.scored
    above = scored.loc[scored["within_appetite"].eq(False), "risk"].tolist()
    assert above == [1, 2, 5, 6, 8]  # they score 12, 12, 10, 10 and 12


@pytest.mark.parametrize(("lowest", "count"), [(3, 2), (5, 0)])
def test_a_score_that_lies_in_two_bands_or_in_none_is_refused(lowest, count):
    bands = BANDS.assign(lowest_score=[1, lowest])
    risks = register(("Even", "Grave"), ("Sure", "Slight"))
    with pytest.raises(ValueError, match=f"{count} bands hold the risk score [34]; one must"):
        scored_risks(risks, LEVELS, bands)


@given(
    st.lists(st.tuples(st.sampled_from(FIVE_LIKELIHOODS), st.sampled_from(FIVE_IMPACTS)), min_size=1),
    st.integers(-5, 5),
)  # fmt: skip
def test_every_assessed_risk_is_counted_in_one_band_wherever_the_register_is_moved(places, shift):
    scored = scored_risks(register(*places), FIVE_LEVELS, FIVE_BANDS, shift)
    stands = standing(scored, "carried_out", 9)
    counts = band_counts(stands, FIVE_BANDS)
    assert counts.sum() == len(places)
    accepted = counts["Low"] + counts["Medium"]
    assert stands["within_appetite"].eq(True).sum() == accepted


@pytest.mark.parametrize(
    ("residual", "responses", "moved_column"),
    [
        ("Even", "carried_out", "residual_likelihood"),
        ("Even", "none", "likelihood"),
        ("", "carried_out", "likelihood"),
        ("", "none", "likelihood"),
    ],
)
def test_a_risk_is_moved_where_it_stands_and_nowhere_else(residual, responses, moved_column):
    given_rows = register(("Sure", "Grave"), ("Sure", "Grave"))
    given_rows["residual_likelihood"] = residual
    expected = given_rows.copy()
    expected.loc[1, moved_column] = "Rare"
    assert_frame_equal(moved(given_rows, {"2": {"likelihood": "Rare"}}, responses), expected)


# the grid


def test_the_grid_has_the_highest_likelihood_on_top_and_every_risk_once():
    scored = scored_risks(register(("Sure", "Slight"), ("", ""), ("Rare", "Grave")), LEVELS, BANDS)
    shown = grid(standing(scored, "carried_out", 3), LEVELS)
    expected = {"Slight": {"Sure": "1", "Even": "", "Rare": ""}}
    expected["Grave"] = {"Sure": "", "Even": "", "Rare": "3"}
    assert shown.to_dict() == expected
    assert shown.index.tolist() == ["Sure", "Even", "Rare"]


def test_the_grid_of_the_leicestershire_case_is_the_printed_one():
    cells = load_study("lictp-2020").risks.grid.stack()
    assert cells[cells != ""].to_dict() == PRINTED


# findings


def found(risks, **changes):
    """Return (risk, finding) of a made-up register without costs."""
    return list(made_up(risks, **changes).risks.findings.itertuples(index=False, name=None))


def test_a_sound_register_has_no_findings():
    assert found(made_up_risks({})) == []


def test_each_gap_of_a_line_of_the_register_is_found():
    unplaced = {f"{prefix}{axis}": "" for prefix in WORDS for axis in ("likelihood", "impact")}
    risks = made_up_risks(
        {"owner": "", "mitigation": "", "response": ""},
        {"description": "", "response": "tolerate", **unplaced},
        {"description": "", "mitigation": ""},
        {"mitigation": "", "response": "tolerate"},
        {"impact": "", "residual_likelihood": "", "residual_impact": "", "response": "transfer"},
    )
    assert found(risks) == [
        (1, "no mitigation"),
        (1, "no owner"),
        (1, "no response chosen"),
        (2, "a mitigation without a description of the risk"),
        (2, "not placed on the grid"),
        (3, "neither description nor mitigation"),
        (5, "not placed on the grid"),
    ]


@pytest.mark.parametrize(
    ("risk", "finding"),
    [
        (
            {"response": "terminate", "residual_likelihood": "", "residual_impact": ""},
            "to be treated or terminated, but not placed anew",
        ),
        (
            {"residual_likelihood": "Almost certain", "residual_impact": "Major"},
            "worse with its response than without it",
        ),
        (
            {"target_likelihood": "Possible", "target_impact": "Major"},
            "the position aimed for is worse than the one that is reached",
        ),
        (
            {"response": "tolerate", "residual_likelihood": "", "residual_impact": ""},
            "tolerated, but above appetite",
        ),
    ],
)
def test_a_position_that_contradicts_another_is_found(risk, finding):
    assert found(made_up_risks(risk)) == [(1, finding)]


def test_a_response_that_trades_likelihood_for_impact_at_the_same_score_is_no_fault():
    traded = {"likelihood": "Unlikely", "residual_likelihood": "Possible", "impact": "Serious"}
    traded |= {"residual_impact": "Moderate"}
    assert found(made_up_risks(traded)) == []


def test_a_tolerated_risk_within_a_wider_appetite_is_no_fault():
    risks = made_up_risks(
        {"response": "tolerate", "residual_likelihood": "", "residual_impact": ""}
    )
    assert found(risks, appetite=16) == []


def test_findings_name_a_response_that_costs_more_than_it_removes():
    scored = made_up(made_up_risks({}, {})).risks.scored
    table = findings(scored, pd.Series({1: -0.01, 2: 0.0}))
    assert table.values.tolist() == [
        [1, "the response costs more than the expected cost that it removes"]
    ]


def test_the_leicestershire_register_names_no_owner_and_no_response():
    table = load_study("lictp-2020").risks.findings
    counts = table["finding"].value_counts().to_dict()
    assert counts == {
        "no owner": 9,
        "no response chosen": 9,
        "a mitigation without a description of the risk": 1,
        "not placed on the grid": 1,
    }
    assert table.loc[table["risk"] == 9, "finding"].tolist()[0].startswith("a mitigation without")


# refusals

LICTP = "lictp-2020"


def faults_of():
    """Return the faults of the Leicestershire case as it lies in the copied data."""
    load_case.cache_clear()
    with pytest.raises(InputError) as refused:
        load_case(LICTP)
    return refused.value.faults


def rewritten(data_copy, stem, change):
    """Write a table of the copied case anew, changed by a function of its frame of texts."""
    path = data_copy / LICTP / f"{stem}.csv"
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    change(table).to_csv(path, index=False)
    return f"data/{LICTP}/{stem}.csv"


def with_cells(row, **cells):
    """Return a function that sets cells of a row, adding columns that are missing."""

    def changed(table):
        for name, text in cells.items():
            if name not in table:
                table[name] = ""
            table.loc[row, name] = text
        return table

    return changed


@pytest.mark.parametrize("position", ["residual", "target"])
@pytest.mark.parametrize(
    ("axis", "word", "allowed"),
    [("likelihood", "Very Hihg", "nearest: Very High"), ("impact", "Marginl", "nearest: Marginal")],
)
def test_a_word_that_is_not_on_the_scale_is_refused(data_copy, position, axis, word, allowed):
    cells = {f"{position}_likelihood": "High", f"{position}_impact": "Critical"}
    cells[f"{position}_{axis}"] = word
    place = rewritten(data_copy, "risks", with_cells(1, **cells))
    assert faults_of() == [f"{place} line 3: {position}_{axis} {word!r} is unknown; {allowed}"]


def test_half_a_position_is_refused(data_copy):
    place = rewritten(data_copy, "risks", with_cells(1, residual_likelihood="High"))
    sentence = "residual_likelihood and residual_impact go together; one is blank"
    assert faults_of() == [f"{place} line 3: {sentence}"]


def test_a_band_accepted_above_one_that_is_not_is_refused(data_copy):
    place = rewritten(data_copy, "risk_bands", with_cells(0, within_appetite="false"))
    sentence = "'Medium Risk' is within appetite, but 'Low Risk' below it is not"
    assert faults_of() == [f"{place} line 3: {sentence}"]


def test_a_probability_of_an_unknown_level_is_refused_and_so_is_the_level_without_one(data_copy):
    place = rewritten(data_copy, "risk_probabilities", with_cells(4, level="Hihg"))
    assert faults_of() == [
        f"{place} line 6: level 'Hihg' is unknown; nearest: High",
        f"{place}: likelihood 'High' has no probability; risk_costs.csv needs one for every "
        "likelihood, because a scenario may move the risks",
    ]


def test_levels_need_no_probability_where_no_risk_is_costed(data_copy):
    (data_copy / LICTP / "risk_probabilities.csv").unlink()
    (data_copy / LICTP / "risk_costs.csv").unlink()
    load_case.cache_clear()
    assert load_study(LICTP).risks.costed == []


def test_probabilities_that_fall_as_the_words_rise_are_refused(data_copy):
    place = rewritten(
        data_copy,
        "risk_probabilities",
        with_cells(3, lowest_probability="0.05", highest_probability="0.2"),
    )
    assert faults_of() == [
        f"{place} line 5: lowest_probability of 'Significant' is 0.05, below the 0.1 of 'Low'; it "
        "must not fall as likelihood rises",
        f"{place} line 5: highest_probability of 'Significant' is 0.2, below the 0.25 of 'Low'; it "
        "must not fall as likelihood rises",
    ]


def test_a_range_of_probability_upside_down_is_refused(data_copy):
    place = rewritten(data_copy, "risk_probabilities", with_cells(3, lowest_probability="0.6"))
    sentence = "lowest_probability 0.6 is above highest_probability 0.5"
    assert f"{place} line 5: {sentence}" in faults_of()


# cells of the first row of risk_costs.csv, and the sentence
COSTS = {
    "unknown risk": ({"risk": "10"}, "risk '10' is unknown; nearest: 1"),
    "unknown line": (
        {"cost_line": "Backfill, legal and HR advise"},
        "cost_line 'Backfill, legal and HR advise' is unknown; nearest: Backfill, legal and HR advice",
    ),
    "before the appraisal": (
        {"first_year": "2019"},
        "years 2019 to 2021 lie outside the appraisal, 2020 to 2026",
    ),
    "after the appraisal": (
        {"last_year": "2027"},
        "years 2021 to 2027 lie outside the appraisal, 2020 to 2026",
    ),
    "residual alone": (
        {"position": "residual"},
        "risk 1 has a residual cost and no inherent cost; give what it costs without its response too",
    ),
    "leaving partner": (
        {"partner": "Oadby and Wigston"},
        "Oadby and Wigston is leaving; only partners that stay have rows here",
    ),
    "unknown partner": (
        {"partner": "Meltn"},
        "partner 'Meltn' is unknown; nearest: Melton",
    ),
    "years upside down": ({"last_year": "2020"}, "first_year 2021 is above last_year 2020"),
    "estimates out of order": (
        {"low_gbp": "30000"},
        "low_gbp 30000 is above most_likely_gbp 27000",
    ),
}


@pytest.mark.parametrize("fault", COSTS)
def test_a_row_of_cost_with_a_fault_is_refused(data_copy, fault):
    cells, sentence = COSTS[fault]
    place = rewritten(data_copy, "risk_costs", with_cells(0, **cells))
    assert faults_of() == [f"{place} line 2: {sentence}"]
