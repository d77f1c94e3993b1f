"""The scenarios side by side: what each comes to, why it differs, which choice is regretted least."""

from dataclasses import replace

import pandas as pd
import pytest
from cells import shown_in
from conftest import daily_of
from pytest import approx
from small import flow, small_study

from businesscase.calculations import regret
from businesscase.calculations.apportionment import ALL
from businesscase.cases.parameters import Scenario
from businesscase.shown import compare
from businesscase.shown.display import Chart, Sentence, Table
from businesscase.study import Study, comparison, load_study

EXAMPLE, MKIP, LICTP = "worked-example", "mkip-2012", "lictp-2020"
DURHAM, DACORUM, ALLERDALE = "durham-sunderland-2014", "dacorum-avdc-2012", "allerdale-carlisle-2008"  # fmt: skip
CASES = [EXAMPLE, MKIP, LICTP, DURHAM, DACORUM, ALLERDALE]
VIEWS = [
    compare.answer,
    compare.recommendations_chart,
    compare.not_known,
    compare.worth_chart,
    compare.why_it_turns,
    compare.bridge_answer,
    compare.bridge_chart,
    compare.regret_answer,
    compare.regret_chart,
]
COMES_TO, WHO, EXPOSED, WHY, REGRET, LEFT_OUT, CHECKS = (
    "What does each scenario come to?",
    "Who gains and who loses?",
    "How exposed is it, and when is it done?",
    "Why does a scenario differ?",
    "Which choice would be regretted least?",
    "What would change this answer?",
    "Checks",
)
WORKED_OUT = "How is the least regret worked out?"


def with_scenarios(case, titles=None, **scenarios):
    """Return the base of a case with these scenarios, each a difference from it, in place of its own."""
    study = load_study(case)
    base = study.case.scenarios["base"]
    made = {"base": base}
    for name, changes in scenarios.items():
        parameters = type(base.parameters).model_validate(base.parameters.model_dump() | changes)
        title = (titles or {}).get(name, name)
        made[name] = Scenario(title=title, why="as tested", parameters=parameters)
    return Study.of(replace(study.case, scenarios=made), "base")


def with_tables(study, **tables):
    """Return a study of the same scenario with other tables in its case."""
    case = replace(study.case, tables=study.tables | tables)
    return Study.of(case, "base")


# regret


VALUES = pd.DataFrame(
    {"a": [10.0, 2.0, -6.0], "b": [7.0, 3.0, -1.0], "c": [0.0, 0.0, 0.0]},
    index=["good", "fair", "bad"],
)


def test_regret_is_the_distance_from_the_best_choice_of_each_future():
    assert regret.regrets(VALUES).to_numpy().tolist() == [[0, 3, 10], [1, 0, 3], [6, 1, 0]]


def test_the_least_regretted_choice_need_not_be_best_anywhere_but_once():
    assert regret.least_regretted(VALUES) == ["b"]
    assert regret.largest_regrets(VALUES).loc["a"].tolist() == [6.0, "bad"]
    assert regret.best_counts(VALUES).to_dict() == {"a": 1, "b": 1, "c": 1}


def test_choices_that_tie_are_all_least_regretted_and_all_best():
    twins = VALUES.assign(d=VALUES["b"])
    assert regret.least_regretted(twins) == ["b", "d"]
    assert regret.best_counts(twins).to_dict() == {"a": 1, "b": 1, "c": 1, "d": 1}


def test_adding_the_same_to_every_choice_of_a_future_changes_no_regret():
    moved = VALUES.add(pd.Series({"good": 5.0, "fair": -100.0, "bad": 0.5}), axis="index")
    pd.testing.assert_frame_equal(regret.regrets(moved), regret.regrets(VALUES))


# what each scenario comes to


@pytest.mark.parametrize("case", daily_of(CASES, DURHAM))
def test_a_scenario_comes_to_the_same_as_when_it_is_studied_by_itself(case):
    table = comparison.outcomes(load_study(case))
    last = table.index[-1]
    alone = load_study(case)
    alone = Study(replace(alone.case), last, alone.case.scenarios[last].parameters)
    assert table.at[last, "recommendation"] == alone.decision.recommendation
    if comparison.has_money(alone):
        assert table.at[last, "net_present_value"] == approx(alone.savings.appraisal.at[ALL, "net_present_value"])  # fmt: skip
    if not alone.tables["task_ranges"].empty:
        assert table.at[last, "finish_p80"] == alone.plan.certain_finishes.at[ALL, "p80"]
        assert table.at[last, "deadline_chance"] == alone.plan.deadline_chances.at[ALL, "chance"]
    if not alone.tables["risks"].empty:
        assert table.at[last, "risks_above_appetite"] == alone.risks.above_appetite


def test_scenarios_with_another_plan_do_not_share_it():
    table = comparison.outcomes(load_study(EXAMPLE))
    assert table.at["late", "finish"] > table.at["base", "finish"]
    assert table.at["two-thirds", "finish"] == table.at["base", "finish"]
    assert (
        table.at["responses-not-carried-out", "expected_cost"] > table.at["base", "expected_cost"]
    )


def test_the_answer_counts_the_scenarios_and_names_what_is_least_regretted():
    said = compare.answer(load_study(EXAMPLE)).text
    assert said.startswith(
        "**7 of 8 scenarios lead to 'go with conditions', as the base does; it is"
    )
    assert "'stop' under “As others fared" in said
    assert "runs from -£1.75m" in said
    assert "to £1.90m (“As planned”)" in said
    assert "at most £1.60m" in said


@pytest.mark.parametrize("case", daily_of(CASES, EXAMPLE, DURHAM))
@pytest.mark.parametrize(
    "heading",
    [
        "The answer",
        COMES_TO,
        WHO,
        EXPOSED,
        WHY,
        REGRET,
        WORKED_OUT,
        LEFT_OUT,
        CHECKS,
        "Assumptions used",
    ],
)
def test_every_section_says_something_of_every_case(heading, case):
    for shown in shown_in("compare", load_study(case), heading):
        if isinstance(shown, Sentence):
            assert shown.text.strip().endswith(".")
        elif isinstance(shown, Table):
            assert shown.caption
            assert ">nan<" not in shown._repr_html_().lower()
        else:
            assert isinstance(shown, Chart) and shown.title and shown.description


def test_a_case_without_money_says_so_in_place_of_figures():
    for shown in shown_in("compare", load_study(DACORUM), WHO):
        assert shown._repr_html_() == (
            '<p class="absent">The case states no money, so no scenario has a worth.</p>'
        )


def test_what_is_not_known_names_what_the_case_would_need_once():
    said = compare.not_known(load_study(MKIP)).text
    assert said == (
        "Not known in this case: exposure to risk (the case has no risk register); finish and chance "
        "of the deadlines (the case has no work plan)."
    )
    assert "the case has no money" in compare.not_known(load_study(DACORUM)).text


# why a scenario differs


def test_effects_of_changes_and_their_joint_effect_add_up_to_the_difference():
    study = load_study(EXAMPLE)
    effects = comparison.worth_effects(study).query("scenario == 'as-others-fared'")
    worths = comparison.worths(study)[ALL]
    assert effects["effect"].sum() == approx(worths["as-others-fared"] - worths["base"])
    assert effects.iloc[-1]["parameters"] == ()
    assert abs(effects.iloc[-1]["effect"]) > 1


def test_an_effect_is_that_of_the_change_made_alone_by_hand():
    study = load_study(EXAMPLE)
    effects = comparison.worth_effects(study).set_index(["scenario", "parameters"])["effect"]
    alone = load_study(EXAMPLE, realisation=0.35).savings.appraisal.at[ALL, "net_present_value"]
    base = load_study(EXAMPLE).savings.appraisal.at[ALL, "net_present_value"]
    assert effects["as-others-fared", ("realisation",)] == approx(alone - base)


def test_a_change_that_moves_no_money_has_no_effect_and_no_joint_row():
    table, _ = shown_in("compare", load_study(EXAMPLE), WHY)
    late = table[table.index.str.startswith("Half a year late")]
    changes = ["Delay before savings start", "Task durations over plan", "Acting together"]
    assert late["What changes"].tolist() == changes
    assert (late["effect"].iloc[:2] < 0).all()  # the plan moves the money that starts with it
    assert late[["In the base", "Here"]].iloc[:2].to_numpy().tolist() == [
        ["0 years", "0.5 years"],
        ["0%", "25%"],
    ]


def test_a_withdrawal_is_one_change_in_words():
    table, _ = shown_in("compare", load_study(EXAMPLE), WHY)
    row = table[table["What changes"] == "Who takes part, and on which terms"].iloc[0]
    assert row["In the base"] == "all take part from the start to the end"
    assert row["Here"] == (
        "Westerfold is out from 2030/31, 50% of what a leaver pays stays to be paid, by itself for 1 year, "
        "it pays £20,000 on leaving"
    )


def test_changed_scores_and_days_are_named_with_what_they_were():
    table, _ = shown_in("compare", load_study(DURHAM), WHY)
    changed = ["What changes", "In the base", "Here"]
    assert table.loc["Sunderland waits until it is one step ahead of Durham", changed].tolist() == [
        "Readiness score (pace of change, Sunderland)", "4", "3",
    ]  # fmt: skip
    moneyless, _ = shown_in("compare", load_study(DACORUM), WHY)
    assert list(moneyless) == changed and moneyless.caption == compare.NO_EFFECTS
    days, _ = shown_in("compare", load_study(ALLERDALE), WHY)
    assert days.loc["Human resources four weeks late", changed[1:]].tolist() == ["0", "20"]


def test_the_criterion_that_turns_the_recommendation_is_named_with_its_figure():
    study = load_study(EXAMPLE)
    assert comparison.turning_criteria(study) == {
        "as-others-fared": ["value for money", "affordable"]
    }
    assert "the net present value is -£1.60m" in compare.why_it_turns(study).text


def test_criteria_that_each_suffice_are_both_named():
    turned = comparison.turning_criteria(load_study(LICTP))
    assert turned["outsourced"] == ["affordable", "option passes screening"]
    assert turned["late-start"] == ["plan keeps its deadline"]


@pytest.mark.parametrize(("of_base", "of_other"), [(1.0, 0.1), (0.1, 1.0)])
def test_a_criterion_that_changes_only_the_conditions_is_not_named(of_base, of_other):
    asked = (("much", 50, "stop"), ("some", 40, "stop"), ("more", 30, "condition"), ("most", 999, "condition"))  # fmt: skip
    gates = [
        {"criterion": name, "threshold": str(least), "if_not_met": then}
        for name, least, then in asked
    ]
    found = small_study(
        scenarios={"base": {"realisation": of_base}, "other": {"realisation": of_other}},
        flows=[flow("posts", "saving", 100, (2024, 2024))], gates=gates,
    )  # fmt: skip
    assert comparison.turning_criteria(found) == {"other": ["much", "some"]}


# what would be regretted


def test_scenarios_that_are_the_partners_own_choice_are_no_future():
    chosen = comparison.choices(load_study(MKIP))
    assert chosen.futures["base"] == ["base", "outsourced", "equal-shares", "gain-share"]
    assert list(chosen.values) == ["a", "b"]


def test_an_option_in_a_future_is_worth_what_the_option_is_with_its_parameters():
    chosen = comparison.choices(load_study(MKIP))
    other = load_study(MKIP, option="b", realisation=0.6).savings.appraisal
    assert chosen.values.at["cautious", "b"] == approx(other.at[ALL, "net_present_value"])


def test_staying_as_today_is_worth_nothing_whoever_leaves():
    values = comparison.choices(load_study(EXAMPLE)).values
    assert values["d"].tolist() == [0.0] * len(values)


def test_the_regret_table_holds_the_largest_regret_by_hand():
    table = shown_in("compare", load_study(EXAMPLE), REGRET)[2]
    worth = comparison.worths(load_study(EXAMPLE)).at["as-others-fared", ALL]
    first = table.iloc[0]
    assert first.name == "a, Shared service, lead authority"
    assert first["Largest regret (£)"] == approx(-worth)  # as today is worth nothing there
    assert first["best_in_futures_share"] == approx(5 / 6)
    assert first["in_the_future"].startswith("As others fared")


def test_the_least_regret_is_worked_out_from_what_each_choice_comes_to():
    worth, regrets, check = shown_in("compare", load_study(EXAMPLE), WORKED_OUT)
    row = "Westerfold leaves after the review in year five"
    assert regrets.loc[row].tolist() == (worth.loc[row].max() - worth.loc[row]).tolist()
    assert check["is_the_least"].tolist() == [True, False, False, False]
    assert check.caption.endswith("is with a, Shared service, lead authority, as above")


def test_one_draw_is_one_future_for_all_options():
    study = load_study(EXAMPLE)
    draws = comparison.option_draws(study, ["a", "b", "c", "d"])
    assert (draws["d"] == 0).all()
    assert draws["a"].corr(draws["c"]) > 0.1  # one delay and one saving on contracts for both
    own = study.uncertainty.risk_of_loss.loc[ALL]
    assert draws["a"].median() == approx(own["npv_p50"], rel=0.02)
    shares = comparison.choices(study).draws
    assert shares.sum() == approx(1.0, abs=0.01)
    assert shares["a"] == approx((draws["a"] >= draws.max(axis="columns")).mean())


def test_one_costed_option_makes_the_choice_to_go_on_or_to_stop():
    study = load_study(MKIP)
    flows = study.tables["flows"]
    chosen = comparison.choices(with_tables(study, flows=flows[flows["option"] == "a"]))
    assert chosen.kind == comparison.GO_OR_STOP
    assert chosen.values[comparison.STOP].eq(0).all()
    assert regret.least_regretted(chosen.values) == [comparison.GO]
    loss = study.uncertainty.risk_of_loss.at[ALL, "probability_of_loss"]
    assert chosen.draws[comparison.GO] == approx(1 - loss)


def test_without_money_the_options_are_compared_by_their_scores():
    study = load_study(MKIP)
    bare = with_tables(study, flows=study.tables["flows"].iloc[:0])
    chosen = comparison.choices(bare)
    assert chosen.kind == comparison.OPTION_SCORE
    assert chosen.values.loc["base"].to_dict() == approx(
        study.options.ranked.set_index("option")["weighted_score"].to_dict()
    )
    assert "Largest regret (score)" in shown_in("compare", bare, REGRET)[2]
    assert "weighted scores" in compare.regret_answer(bare).text


def test_scenarios_with_other_weights_are_other_futures_of_the_scores():
    study = with_scenarios(MKIP, saving={"weights": {"Ongoing saving": 100.0}}, late={"delay_years": 1.0})  # fmt: skip
    bare = with_tables(study, flows=study.tables["flows"].iloc[:0])
    assert comparison.choices(bare).futures == {"base": ["base", "late"], "saving": ["saving"]}


def test_leaving_out_the_one_bad_future_changes_what_is_least_regretted():
    study = with_scenarios(EXAMPLE, bad={"realisation": 0.0, "overrun": 3.0})
    (table,) = shown_in("compare", study, LEFT_OUT)
    assert not table.at["bad", "as_now"]
    assert table.at["bad", "Least regretted then"] == "option a (Shared service, lead authority)"
    assert table.caption.endswith("another choice is regretted least: both rows")


def test_neither_money_nor_scores_give_no_regret():
    study = load_study(DACORUM)
    assert comparison.choices(study).kind == comparison.NOTHING
    for shown in [*shown_in("compare", study, REGRET), *shown_in("compare", study, WORKED_OUT)]:
        assert shown.caption == compare.NO_CHOICE


# checks and charts


@pytest.mark.parametrize("case", [EXAMPLE, MKIP, LICTP])
def test_control_totals_agree(case):
    totals, own = shown_in("compare", load_study(case), CHECKS)
    assert len(totals) == 2 and totals["agrees"].all()
    assert own["agrees"].tolist() == [True]


def test_a_control_total_that_does_not_agree_is_shown(monkeypatch):
    study = with_scenarios(MKIP, late={"delay_years": 1.0})
    comparison.worths(study).loc["late", "Swale"] += 5.0
    totals, own = shown_in("compare", study, CHECKS)
    assert totals["agrees"].tolist() == [False, True] and own["agrees"].tolist() == [True]


def test_only_criteria_that_come_out_otherwise_are_drawn():
    chart = compare.recommendations_chart(load_study(MKIP))
    columns = chart.figure.layout.xaxis.ticktext
    assert [text.replace("<br>", " ") for text in columns] == [
        "<b>recommendation</b>",
        "affordable",
        "proposed option comes first",
        "winning option robust",
    ]
    assert "Met in all: value for money, no partner worse off" in chart.description


@pytest.mark.long
def test_forty_scenarios_have_labels_of_one_line_that_differ():
    many = {f"s{number}": {"realisation": 0.3 + number / 100} for number in range(39)}
    titles = dict.fromkeys(many, "A title that is far longer than the room for a label in a chart")
    study = with_scenarios(MKIP, titles, **many)
    for view in (compare.recommendations_chart, compare.worth_chart, compare.regret_chart):
        chart = view(study)
        axis = chart.figure.layout.yaxis
        labels = list(axis.ticktext or dict.fromkeys(chart.figure.data[0].y))
        assert len(labels) == len(set(labels)) >= 40
        assert not any("<br>" in label for label in labels)
        assert chart.figure.layout.height >= 40 * 26


def test_a_hostile_title_is_text_in_every_chart():
    study = with_scenarios(MKIP, {"x": "<script>alert(1)</script>"}, x={"delay_years": 1.0})
    for view in (compare.recommendations_chart, compare.worth_chart, compare.regret_chart):
        figure = view(study).as_json()
        labels = figure["layout"]["yaxis"].get("ticktext") or figure["data"][0]["y"]
        assert not any("<script" in label for label in labels)
        assert any("&lt;script>" in label for label in labels)


def test_a_case_of_one_scenario_is_shown_too():
    study = with_scenarios(MKIP)
    changes, _ = shown_in("compare", study, WHY)
    assert changes.empty and changes.caption == "The case has no scenario besides the base"
    (without,) = shown_in("compare", study, LEFT_OUT)
    assert without.empty and without.caption == compare.NO_SECOND
    assert (
        "The case has one scenario, which leads to 'go with conditions'"
        in compare.answer(study).text
    )
    for view in VIEWS:
        view(study)


def test_a_base_whose_option_has_no_money_is_checked_for_the_rest():
    study = load_study(MKIP)
    flows = study.tables["flows"]
    others = pd.concat([flows.assign(option=option) for option in ("b", "c")], ignore_index=True)
    totals, own = shown_in("compare", with_tables(study, flows=others), CHECKS)
    assert totals["agrees"].all()
    assert own.empty and own.caption == (
        "Option a, that of the base, has no money and is not among the choices"
    )


# the bridge


def bridged(second=None):
    """Return a study of £100 saved in two years, undiscounted, and one scenario that moves it."""
    scenarios = {"both": {"realisation": 0.5, "delay_years": 1.0} if second is None else second}
    saving = [flow("posts", "saving", 100, (2024, 2028))]
    rates = {"discount_rate": 0.0}
    made = {"base": rates, **{name: rates | moved for name, moved in scenarios.items()}}
    return small_study(scenarios=made, flows=saving)


def test_a_bridge_of_two_changes_worked_by_hand():
    # 5 years of £100: half of it is £250, a year late £400, both £200; half of £50 goes to each
    steps = comparison.bridge(bridged(), "both")[ALL]
    assert steps.to_dict() == {("realisation",): -225.0, ("delay_years",): -75.0}
    assert compare.bridge_answer(bridged()).text == (
        "“As planned” is worth £300 less than the base, in 2 steps, of which the largest is: "
        "Share of the planned saving that is realised."
    )


def test_the_steps_of_a_bridge_do_not_depend_on_the_order_of_the_changes(monkeypatch):
    study = load_study(EXAMPLE)
    steps = comparison.bridge(study, "as-others-fared")
    forwards = comparison.changed
    monkeypatch.setattr(comparison, "changed", lambda *asked: forwards(*asked)[::-1])
    turned = comparison.bridge(study, "as-others-fared")
    assert list(turned.index) == list(steps.index)[::-1]
    assert (turned.reindex(steps.index) - steps).abs().to_numpy().max() < 0.015  # a penny rounded


@pytest.mark.parametrize("case", [EXAMPLE, MKIP])
def test_the_steps_of_a_bridge_add_up_to_the_penny_for_each_partner(case):
    study = load_study(case)
    worths = comparison.worths(study)[study.partners].round(2)
    for name in study.case.scenarios:
        steps = comparison.bridge(study, name)
        assert list(steps.columns) == [ALL, *study.partners]
        assert steps[study.partners].sum().round(2).to_dict() == (
            (worths.loc[name] - worths.loc["base"]).round(2).to_dict()
        )
        assert steps[ALL].round(2).to_list() == steps[study.partners].sum(axis=1).round(2).to_list()


def test_a_scenario_that_equals_the_base_has_a_bridge_of_nil():
    study = bridged({"realisation": 1.0})
    assert comparison.bridge(study, "both").empty
    assert "as much as the base" in compare.bridge_answer(study).text
    assert isinstance(compare.bridge_chart(study), Chart)


def test_changes_beyond_those_that_a_bridge_has_room_for_are_one_step():
    steps = [(name,) for name in "abcdefgh"]
    assert comparison._at_most(6, steps) == [*steps[:5], ("f", "g", "h")]


def test_a_case_of_one_scenario_has_no_bridge():
    study = with_scenarios(EXAMPLE)
    assert comparison.rival(study) == ""
    assert compare.bridge_chart(study).caption == compare.NO_RIVAL
