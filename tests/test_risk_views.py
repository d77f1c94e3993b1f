"""What notebook 04 shows: the matrix with its line and arrows, long registers, and money or none."""

import re

import pandas as pd
import pytest
from cells import shown_in
from test_risks import cited, made_up, made_up_costs, made_up_risks

from businesscase.calculations.apportionment import ALL
from businesscase.calculations.risks import scale
from businesscase.calculations.wording import in_words
from businesscase.cases.case import case_names, load_case
from businesscase.shown import risks as show
from businesscase.shown.display import Chart, Table
from businesscase.study import load_study
from businesscase.study import risks as study_risks

SOUND, COST_OF = "Is the register sound?", "What may they cost?"
SET_ASIDE, BEARS = "How much must be set aside?", "Who bears it?"
TWICE, CHANGES = "Is anything counted twice?", "What would change this answer?"
STEPS = "How are the sums worked out?"
SECTIONS = ["What are the risks?", SOUND, COST_OF, SET_ASIDE, BEARS, TWICE, CHANGES, STEPS]
CASES = [case for case in case_names() if "risks" in load_case(case).section_names()]
CERTAIN = {"likelihood": "Almost certain", "residual_likelihood": "", "residual_impact": ""}
COST = (1, "inherent", "shared", 2021, 2021, 9.0, 9.0, 9.0, "")


def many(count=500):
    """Return a study of a long register, every risk costed."""
    words = list(zip(["Rare", "Possible", "Likely"], ["Minor", "Serious", "Severe"], strict=True))
    risks = [
        {"likelihood": words[number % 3][0], "impact": words[number // 3 % 3][1], "owner": ""}
        for number in range(count)
    ]
    rows = [(number, *COST[1:5], 0.0, number, 5.0 * number, "") for number in range(1, count + 1)]
    return made_up(made_up_risks(*risks), made_up_costs(*rows))


def segments(chart, width):
    """Return the ends of the lines of a width: x from, x to, y from, y to, in cells."""
    lines = [shape for shape in chart.figure.layout.shapes if shape.type == "line"]
    return {(line.x0, line.x1, line.y0, line.y1) for line in lines if line.line.width == width}


def arrows(chart):
    """Return, by risk, the cells (column, row) that its arrow joins."""
    drawn = [mark for mark in chart.figure.layout.annotations if mark.showarrow]
    return {
        mark.name: ((round(mark.ax), round(mark.ay)), (round(mark.x), round(mark.y)))
        for mark in drawn
    }


def shown(study, section):
    """Return what the cells of a section of the notebook show."""
    return shown_in("risks", study, section)


# in every case


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("section", SECTIONS)
def test_every_table_is_shown_or_says_in_a_sentence_that_it_is_not_there(case, section):
    tables = [table for table in shown(load_study(case), section) if isinstance(table, Table)]
    assert tables
    for table in tables:
        html = table._repr_html_()
        assert not re.search(r"\b(nan|None|NaT)\b", html)
        assert ('<p class="absent">' in html) == table.frame.empty


NOTHING_COSTED = (
    '<p class="absent">No risk of the register is costed, so there is no expected cost and '
    "no contingency.</p>"
)


@pytest.mark.parametrize("section", SECTIONS)
def test_a_register_without_costs_is_shown_without_money(section):
    aim = {"target_likelihood": "Rare", "target_impact": "Minor"}
    views = shown(made_up(made_up_risks({}, aim)), section)
    assert not any(re.search(r"£\d", view._repr_html_()) for view in views)
    said = [view._repr_html_() for view in views]
    if section == COST_OF:
        assert "where its response leaves it" in said.pop(1)
    if section in (COST_OF, SET_ASIDE, BEARS, STEPS):
        assert said == [NOTHING_COSTED] * len(said)


@pytest.mark.parametrize("section", SECTIONS)
def test_a_register_of_which_nothing_is_assessed_is_shown(section):
    blank = {"likelihood": "", "impact": "", "residual_likelihood": "", "residual_impact": ""}
    study = made_up(made_up_risks(blank), made_up_costs(COST))
    assert not any("nan" in view._repr_html_() for view in shown(study, section))
    assert "nan" not in show.matrix_chart(study).description
    assert show.answer(study).text.startswith("**None of the risks is assessed.**")


# the matrix


def test_the_heavy_line_parts_what_the_leicestershire_partners_accept_from_the_rest():
    chart = show.matrix_chart(load_study("lictp-2020"))
    # columns from Negligible, rows from Very High; scores above 12 lie to the right and above
    assert segments(chart, 6) == {
        (1.5, 1.5, -0.5, 0.5),  # Very High: Critical scores 18
        (1.5, 1.5, 0.5, 1.5),  # High: Critical scores 15
        (1.5, 2.5, 1.5, 1.5),  # Significant: Critical scores 12
        (2.5, 2.5, 1.5, 2.5),  # Significant: Catastrophic scores 16
        (2.5, 3.5, 2.5, 2.5),  # Low: Catastrophic scores 12
    }
    assert "A heavy line parts the scores up to 12, which are accepted" in chart.description
    assert not arrows(chart)


@pytest.mark.parametrize(("appetite", "said"), [(24, "Every cell is accepted."), (None, "heavy")])
def test_no_line_is_drawn_where_every_cell_is_accepted(appetite, said):
    chart = show.matrix_chart(load_study("lictp-2020", appetite=appetite))
    assert said in chart.description
    assert (segments(chart, 6) == set()) == (appetite == 24)


def test_every_cell_names_its_band_and_a_border_parts_the_bands():
    chart = show.matrix_chart(load_study("lictp-2020"))
    cells = chart.figure.data[0].text
    assert len(cells) == 24
    assert all("Risk</span>" in cell for cell in cells)
    assert (-0.5, 0.5, 0.5, 0.5) in segments(chart, 2.5)  # 6 is medium, 5 is low


def test_an_arrow_runs_from_where_a_risk_is_without_its_response_to_where_it_is_with_it():
    placed = {"likelihood": "Almost certain", "impact": "Minor"}
    placed |= {"residual_likelihood": "Possible", "residual_impact": "Minor"}
    same = {"likelihood": "Rare", "residual_likelihood": "Rare", "residual_impact": "Major"}
    chart = show.matrix_chart(made_up(made_up_risks(placed, same, {})))
    # risk 1 in column 0 from row 0 to row 2; risk 3 in column 3 from row 1 to row 3; none for risk 2
    assert arrows(chart) == {"1": ((0, 0), (0, 2)), "3": ((3, 1), (3, 3))}
    assert "Arrows show what the responses do to the risks." in chart.description


def test_no_arrow_is_drawn_where_no_response_is_carried_out():
    chart = show.matrix_chart(made_up(made_up_risks({}, {}), risk_responses="none"))
    assert not arrows(chart)
    assert "risks 1, 2 at Likely and Major" in chart.description


def test_arrows_that_meet_in_a_cell_end_apart():
    chart = show.matrix_chart(made_up(made_up_risks({}, {}, {}, {}, {}, {})))
    drawn = [mark for mark in chart.figure.layout.annotations if mark.showarrow]
    ends = {(mark.name, mark.x, mark.y, mark.ax, mark.ay) for mark in drawn}
    assert len({end[1:3] for end in ends}) == len({end[3:] for end in ends}) == 6


def test_a_target_is_marked_in_its_cell_and_explained_below():
    risk = {"target_likelihood": "Rare", "target_impact": "Minor"}
    chart = show.matrix_chart(made_up(made_up_risks(risk)))
    assert sum("aim: 1" in cell for cell in chart.figure.data[0].text) == 1
    assert "Aim: where a risk is meant to be in the end." in chart.figure.layout.xaxis.title.text
    without = show.matrix_chart(made_up(made_up_risks({})))
    assert "Aim:" not in without.figure.layout.xaxis.title.text


@pytest.mark.parametrize(
    ("appetite", "said"),
    [
        (16, "None of the 2 risks on the matrix is above what the partners accept"),
        (12, "1 of the 2 risks on the matrix is above what the partners accept"),
        (3, "Both risks on the matrix are above what the partners accept"),
    ],
)
def test_the_title_of_the_matrix_says_how_many_are_above_appetite(appetite, said):
    risks = made_up_risks({}, {"impact": "Serious"})
    study = made_up(risks, appetite=appetite, risk_responses="none")
    assert show.matrix_chart(study).title == said


def test_a_cell_with_many_risks_shows_how_many_and_few_arrows_are_drawn():
    chart = show.matrix_chart(made_up(made_up_risks(*[{}] * 14)))
    assert sum("<b>14 risks</b>" in cell for cell in chart.figure.data[0].text) == 1
    assert len(arrows(chart)) == 10
    assert "the risks of the 10 highest of 14." in chart.description


def test_the_arrows_that_are_drawn_are_of_the_highest_risks():
    low = [{"impact": "Minor", "residual_impact": "Minor"}] * 12
    chart = show.matrix_chart(made_up(made_up_risks(*low, {"impact": "Severe"})))
    assert "13" in arrows(chart)


def test_every_end_of_an_arrow_lies_within_its_cell():
    chart = show.matrix_chart(made_up(made_up_risks(*[{}] * 14)))
    for mark in (mark for mark in chart.figure.layout.annotations if mark.showarrow):
        for x, y in ((mark.x, mark.y), (mark.ax, mark.ay)):
            assert abs(x - 3) < 0.45 and min(abs(y - 1), abs(y - 3)) < 0.45


# the register


def test_the_register_leaves_out_what_the_source_does_not_give_and_says_so():
    table = show.register(load_study("lictp-2020"))
    assert table.as_read()["labels"] == [
        "Risk", "What could happen", "As assessed", "Score that counts", "Band", "Mitigation",
    ]  # fmt: skip
    assert table.caption == (
        "The register, highest score first; the case gives no position with the response, aim, "
        "response, date or owner"
    )


def test_the_register_shows_every_position_response_owner_and_date():
    risk = {"target_likelihood": "Rare", "target_impact": "Major", "owner": "Head of ICT"}
    risk["proximity"] = pd.Timestamp("2021-06-01")
    row = show.register(made_up(made_up_risks(risk), appetite=7)).frame.iloc[0]
    assert row["inherent"] == "Likely and Major: 16"
    assert row["residual"] == "Unlikely and Major: 8"
    assert row["aim"] == "Rare and Major: 4"
    assert (row["response"], row["owner"]) == ("treat", "Head of ICT")
    assert row["standing_band"] == "Medium, above appetite"
    html = show.register(made_up(made_up_risks(risk)))._repr_html_()
    assert "<td>1\N{NO-BREAK SPACE}Jun\N{NO-BREAK SPACE}2021</td>" in html


def test_a_long_register_is_cut_on_the_page_and_says_how_many_there_are(monkeypatch):
    monkeypatch.setattr(study_risks, "CHUNKS", 1)  # of which a table shows as much as of ten
    study = many()
    said = "the first 50 of 500 risks; the table of results holds all"
    costs, responses, by_year, *_ = shown(study, COST_OF)
    *_, contributors = shown(study, SET_ASIDE)
    for table in (show.register(study), costs, responses, by_year, contributors):
        assert said in table.caption
        assert len(table) == 50
    assert max(map(len, shown(study, STEPS))) == 50
    scores = show.register(study).frame["standing_score"]
    assert scores.tolist() == sorted(scores, reverse=True)
    assert len(show.answer(study).text) < 700
    (gaps,) = shown(study, SOUND)
    assert gaps.at["no owner", "risks"] == "1, 2, 3, 4, 5, 6, 7, 8, 9, 10 and 490 more"
    assert len(show.matrix_chart(study).description) < 2500


# money


def test_the_answer_states_counts_appetite_and_money():
    said = show.answer(load_study("lictp-2020")).text
    assert "**8 of 9 risks are assessed: 8 Medium Risk.** The highest score is 12" in said
    assert (
        "None is above the score of 12 that the partners accept (an assumed limit). The 4 that are "
        "costed, on assumed figures, are expected to cost about £222,000 in all; about £345,000 is "
        "enough in eight of ten simulated futures." in said
    )
    assert "The register itself has 20 gaps, in 9 risks." in said


def test_the_answer_says_whose_register_it_is_under_another_option():
    said = show.answer(load_study("lictp-2020", "outsourced")).text
    assert "The register is that of option b; this scenario appraises option a." in said


def test_the_answer_says_whether_responses_are_carried_out_where_that_matters():
    risks = made_up_risks({})
    assert "1 Medium, with the responses carried out.**" in show.answer(made_up(risks)).text
    none = made_up(risks, risk_responses="none")
    assert "1 Extreme, with no response carried out.**" in show.answer(none).text


def test_what_a_response_saves_is_what_it_removes_less_what_it_costs_where_the_case_gives_both():
    responses = shown(load_study("lictp-2020"), COST_OF)[1]
    assert responses.empty
    assert responses.caption == "The case says of no costed risk where its response leaves it, or what that costs"  # fmt: skip
    study = load_study("worked-example")
    responses = shown(study, COST_OF)[1]
    assert responses["saves_gbp"].dropna().to_dict() == pytest.approx(study.risks.response_values.to_dict())  # fmt: skip
    with_it = responses["without_response_gbp"] - responses["removed_gbp"]
    expected = study.risks.expected_costs.sum(axis="columns")
    assert with_it.to_dict() == pytest.approx(expected[with_it.index].to_dict())
    net = study.risks.response_values.sum()
    assert responses.caption.startswith(f"What the responses are worth: £{net:,.0f} saved")


def test_an_expected_cost_is_the_middle_chance_times_the_cost_if_it_happens():
    for case in CASES:
        costs = shown(load_study(case), COST_OF)[0]
        chance = (costs["lowest_probability"] + costs["highest_probability"]) / 2
        product = chance * costs["if_it_happens_gbp"]
        assert product.to_dict() == pytest.approx(costs["expected_cost"].to_dict())


def test_years_without_a_cost_are_left_out_and_all_risks_stand_together():
    rows = made_up_costs((1, "inherent", "shared", 2022, 2023, 9.0, 9.0, 9.0, ""))
    study = made_up(made_up_risks({}), rows)
    _, _, by_year, together, *_ = shown(study, COST_OF)
    for table, first in ((by_year, "Risk"), (together, "Item")):
        assert table.as_read()["labels"] == [first, "2022/23 (£)", "2023/24 (£)", "Sum (£)"]
    assert together.loc["Discounted"].to_dict() == pytest.approx(by_year.loc[1].to_dict())
    assert together.at["Not discounted", "sum"] == pytest.approx(2 * 0.1 * 9)


@pytest.mark.parametrize("case", CASES)
def test_expected_cost_and_contingency_are_worked_out_step_by_step(case):
    study = load_study(case)
    *_, added, draws, levels = shown(study, STEPS)
    assert added["added_up_gbp"].to_dict() == pytest.approx(added["headline_gbp"].to_dict())
    assert added["added_up_gbp"].sum() == pytest.approx(study.risks.costs_borne.sum())
    assert draws["together"].tolist() == pytest.approx(study.risks.simulated_contingency[:5].tolist())  # fmt: skip
    assert levels["headline_gbp"].tolist() == study.risks.contingency.tolist()
    assert (levels["of_the_draws_gbp"] - levels["headline_gbp"]).abs().max() < 1000


def test_the_contingency_curve_marks_the_levels_of_the_table():
    study = load_study("lictp-2020")
    curve, marks = show.contingency_chart(study).figure.data
    assert list(marks.x) == list(study.risks.contingency)
    assert list(marks.y) == [0.5, 0.8, 0.9]
    error = study.risks.contingency_errors["p80"]
    assert curve.x[80] == pytest.approx(study.risks.contingency["p80"], abs=error)
    table = shown(study, SET_ASIDE)[1]
    assert table["cost_gbp"].tolist()[1:] == list(study.risks.contingency)
    assert table["over_expected_gbp"].iloc[0] == 0


def test_what_others_bear_and_what_drives_it_add_up_to_the_whole():
    study = load_study("lictp-2020")
    (borne,) = shown(study, BEARS)
    assert list(borne.index) == [*study.partners, ALL]
    for column in ("expected_cost", "expected_share"):
        assert borne[column].iloc[:-1].sum() == pytest.approx(borne[column].iloc[-1])
    assert borne.loc[ALL].tolist()[2:] == study.risks.contingency.tolist()
    contributors = shown(study, SET_ASIDE)[-1]
    assert contributors["expected_share"].sum() == pytest.approx(1)
    of_results = study.risks.contributions.loc[contributors.index]
    for column in ("tail_cost", "tail_share"):
        assert contributors[column].tolist() == pytest.approx(of_results[column].tolist())


def test_the_page_says_that_nothing_is_counted_twice_where_no_line_is_affected():
    study = made_up(made_up_risks(CERTAIN), made_up_costs(COST))
    (lines,) = shown(study, TWICE)
    assert lines._repr_html_() == (
        '<p class="absent">No costed risk would add to a line of the case&#x27;s costs, so no money '
        "can be counted twice; optimism bias is not applied in this scenario.</p>"
    )


def test_the_page_says_which_of_the_two_is_counted_and_that_an_overrun_comes_on_top():
    study = load_study("lictp-2020", optimism_bias="applied", overrun=0.75)
    (table,) = shown(study, TWICE)
    assert "optimism bias is applied in this scenario" in table.caption
    assert table.caption.endswith(
        "which plans one-off cost 75% over; the costed risks come on top of that"
    )
    assert table["counted_by"].tolist() == ["optimism bias", "costed risk"]
    assert "Optimism bias of 200%, if applied (£)" in table.columns
    assert '<td class="number">–</td>' in table._repr_html_()  # no uplift on a running cost
    counted = shown(study, COST_OF)[0]["counted_by"]
    assert counted[2] == "optimism bias"
    assert counted[6] == "optimism bias, costed risk"


def test_sums_of_money_say_so_where_all_of_it_is_counted_elsewhere():
    row = (*COST[:-1], "Backfill, legal and HR advice")
    study = made_up(made_up_risks(CERTAIN), made_up_costs(row), optimism_bias="applied")
    for view in [*shown(study, SET_ASIDE), *shown(study, BEARS), *shown(study, STEPS)]:
        assert "counted elsewhere in this scenario" in view._repr_html_()
    assert isinstance(show.matrix_chart(study), Chart)


# what would change it


def test_another_appetite_or_no_response_changes_the_count_and_the_money():
    rows = made_up_costs((1, "inherent", "Melton", 2020, 2020, 100.0, 100.0, 100.0, ""))
    study = made_up(made_up_risks({}, {"impact": "Serious"}), rows)
    stand, money, appetite = shown(study, CHANGES)
    assert stand.loc[["As in this scenario", "No response is carried out"], "above_appetite"].tolist() == [0, 2]  # fmt: skip
    assert money.loc["As in this scenario"].tolist() == pytest.approx([10, 0])
    assert money.loc["No response is carried out"].tolist() == pytest.approx([60, 100])
    assert appetite["accepted_up_to"].tolist() == [4, 9, 14, 25]
    assert appetite["risks_above"].tolist() == [2, 0, 0, 0]
    assert appetite.caption.endswith("; here 0 above 9")


def test_more_likely_risks_keep_the_count_of_all_and_cost_more():
    stand, money, _ = shown(load_study("lictp-2020"), CHANGES)
    bands = ["Low Risk", "Medium Risk", "High Risk"]
    assert (stand[bands].sum(axis="columns") == 8).all()
    assert stand.loc["As in this scenario", [*bands, "above_appetite"]].tolist() == [0, 8, 0, 0]
    shifted = [
        "Every risk 1 level less likely",
        "As in this scenario",
        "Every risk 1 level more likely",
        "Every risk 2 levels more likely",
    ]
    assert money.loc[shifted, "expected_cost"].is_monotonic_increasing
    assert stand.loc[shifted, "above_appetite"].is_monotonic_increasing


def test_responses_are_not_tried_where_the_register_says_nothing_of_them():
    assert not any("response" in said for said in show.changes(load_study("lictp-2020")))


def test_a_shift_stays_within_the_bounds_of_the_parameter():
    changes = show.changes(load_study("lictp-2020", likelihood_shift=5))
    assert [change for change in changes if change.startswith("Every risk")] == [
        "Every risk 1 level less likely"
    ]


def test_a_scale_with_a_made_up_order_is_drawn_by_its_scores():
    levels = cited(pd.DataFrame({"axis": "impact", "score": [8, 1, 4], "level": list("hlm")}))
    assert list(scale(levels, "impact").index) == ["l", "m", "h"]


def test_what_is_said_of_the_contingency_counts_the_risks_that_are_in_it():
    study = load_study("lictp-2020", optimism_bias="applied")
    rows = study.risks.costed_rows(study.risks.standing_position)
    out = [risk for risk in study.risks.costed if risk not in set(study.risks.costs["risk"])]
    assert out
    assert set(rows.loc[rows["risk"].isin(out), "counted_by"]) == {"optimism bias"}
    number = len(study.risks.costed) - len(out)
    assert f"The {number} that are costed and counted here" in show.answer(study).text
    named = f"isk{'s' * (len(out) > 1)} {' and '.join(map(str, out))}"
    assert named in show.answer(study).text
    caption = shown(study, SET_ASIDE)[1].caption
    assert caption.startswith(f"What a contingency for {number} risk")
    assert named in caption


def test_what_responses_cost_stands_beside_what_they_save_where_they_are_carried_out():
    study = load_study("worked-example")
    without = load_study("worked-example", "responses-not-carried-out")
    cost = study.tables["risks"]["response_cost_gbp"].sum()
    said = show.answer(study).text
    assert f"The responses cost £{cost:,.0f}, which the net present value holds" in said
    assert "The responses cost" not in show.answer(without).text
    net = study.risks.inherent_costs.sum() - study.risks.expected_costs.to_numpy().sum() - cost
    assert f"about {in_words(float(f'{net:.3g}'))} saved net" in said
    worth = [of.savings.appraisal.at[ALL, "net_present_value"] for of in (study, without)]
    assert worth[0] == pytest.approx(worth[1] - cost)


def test_the_plan_less_the_risks_that_are_left_stands_by_partner():
    study = load_study("lictp-2020")
    adjusted = shown(study, COST_OF)[4]
    left = adjusted["as_planned"] - adjusted["expected_cost"]
    assert adjusted["risk_adjusted_gbp"].to_dict() == pytest.approx(left.to_dict())
    worth = study.risks.risk_adjusted_worth
    assert adjusted["risk_adjusted_gbp"].to_dict() == pytest.approx(worth.to_dict())
    cash = shown(study, SET_ASIDE)[2]
    assert cash.to_numpy().tolist() == study.risks.contingency_by_year.to_numpy().tolist()
