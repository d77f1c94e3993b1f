"""The explorers without a browser: a slider set, the result read, and the scenario saved."""

import asyncio
import errno
import os
import selectors
import shutil
import tomllib
from dataclasses import replace
from functools import partial
from pathlib import Path

import pandas as pd
import pytest
import tomlkit
from conftest import ROOT

from businesscase.calculations.wording import in_words
from businesscase.cases.case import case_names, load_case
from businesscase.cases.errors import InputError
from businesscase.cases.parameters import Parameters, limits
from businesscase.cases.scenario_file import write_scenario
from businesscase.shown.display import Sentence
from businesscase.study import load_study
from businesscase_workbench.batch import notebook_paths
from businesscase_workbench.explore import pages
from businesscase_workbench.explore.coalesce import Coalescer
from businesscase_workbench.explore.controls import rescaled_weights
from businesscase_workbench.explore.explorer import Explorer
from businesscase_workbench.explore.pages import OPTIONS, RISKS, SAVINGS
from businesscase_workbench.explore.settings import settings

EXPLORERS = [
    pages.overview_explorer,
    pages.savings_explorer,
    pages.options_explorer,
    pages.risks_explorer,
]


def opened(page, case="", scenario="base"):
    """Return an explorer that draws no tables and charts, which take longest."""
    return Explorer(replace(page, views=lambda study: ()), case, scenario)


savings_explorer, options_explorer, risks_explorer = (
    partial(opened, page) for page in (SAVINGS, OPTIONS, RISKS)
)


def with_base(folder, forget=True, **changes):
    """Write changes into the base scenario of mkip-2012; what was read before is forgotten or not."""
    path = folder / "mkip-2012" / "scenarios.toml"
    document = tomlkit.parse(path.read_text(encoding="utf-8"))
    document["base"].update(changes)
    path.write_text(tomlkit.dumps(document), encoding="utf-8")
    if forget:
        load_case.cache_clear()


# what a slider does


def test_a_moved_slider_shows_what_the_library_gives():
    explorer = savings_explorer("mkip-2012")
    explorer.controls["realisation"].sliders[""].value = 0.6
    expected = load_study("mkip-2012", realisation=0.6).savings.net_present_values.sum()
    assert explorer.study.savings.net_present_values.sum() == pytest.approx(expected)
    assert in_words(expected) in explorer.headline.text


def test_a_slider_of_a_user_group_moves_that_partner_only():
    explorer = savings_explorer("mkip-2012")
    explorer.controls["user_growth"].sliders["Swale"].value = 0.1
    assert explorer.changes == {
        "user_growth": {"Maidstone": 0.0, "Swale": 0.1, "Tunbridge Wells": 0.0}
    }


def test_reset_gives_the_scenario_back():
    explorer = savings_explorer("mkip-2012", "cautious")
    before = explorer.headline.text
    explorer.controls["overrun"].sliders[""].value = 2.0
    assert explorer.headline.text != before
    explorer.reset()
    assert explorer.headline.text == before
    assert explorer.changes == {}


def test_a_partner_leaves_in_the_year_of_its_slider():
    explorer = savings_explorer("mkip-2012")
    explorer.controls["leaves"].sliders["Swale"].value = 2016
    expected = load_study("mkip-2012", leaves={"Swale": 2016}).savings
    pd.testing.assert_frame_equal(explorer.study.savings.net_flows, expected.net_flows)
    explorer.controls["leaves"].sliders["Swale"].value = 2023
    assert explorer.study.parameters == load_study("mkip-2012").parameters


def test_nobody_leaves_a_scenario_from_which_a_partner_left():
    explorer = savings_explorer("lictp-2020", "blaby-leaves")
    slider = explorer.controls["leaves"].sliders["Blaby"]
    assert (slider.value, slider.highest) == (2025, 2027)
    slider.value = slider.highest
    assert explorer.study.savings.leavers == {}


def test_what_is_not_possible_is_said_and_the_last_result_stays():
    explorer = pages.savings_explorer("mkip-2012")
    before = explorer.headline.text
    explorer.controls["saving_apportionment"].widget.value = "equal"
    explorer.controls["saving_mix"].sliders["equal"].value = 0
    assert explorer.message.text == ""
    explorer.case.value = "dacorum-avdc-2012"
    assert "no data on savings" in explorer.headline.text
    explorer.case.value = "mkip-2012"
    assert explorer.headline.text == before


def test_a_weight_changes_the_winner_as_the_library_has_it():
    explorer = options_explorer("mkip-2012")
    sliders = explorer.controls["weights"].sliders
    for factor in sliders:
        sliders[factor].value = 100 if factor == "Control" else 0
    weights = {factor: slider.value for factor, slider in sliders.items()}
    expected = load_study("mkip-2012", weights=weights).options.ranking
    assert explorer.study.options.ranking.equals(expected)


def test_the_other_weights_make_room_when_asked():
    explorer = options_explorer("lictp-2020")
    weights = explorer.controls["weights"]
    weights.make_room.value = True
    weights.sliders["Cost"].value = 60
    assert sum(slider.value for slider in weights.sliders.values()) == pytest.approx(100)
    assert weights.sliders["Deliverability"].value == pytest.approx(10)


def test_weights_are_rescaled_in_their_ratio():
    weights = {"cost": 40.0, "control": 40.0, "skills": 20.0}
    assert rescaled_weights(weights, "skills", 50.0) == {
        "cost": 25.0,
        "control": 25.0,
        "skills": 50.0,
    }
    assert rescaled_weights({"cost": 10.0, "skills": 0.0}, "cost", 4.0) == {
        "cost": 4.0,
        "skills": 6.0,
    }
    assert rescaled_weights(weights, "cost", 120.0) == {
        "cost": 100.0,
        "control": 0.0,
        "skills": 0.0,
    }


def test_an_edited_score_reaches_the_ranking():
    explorer = options_explorer("lictp-2020")
    scores = explorer.controls["scores"]
    scores.option.value, scores.factor.value = "d", "Control"
    scores.slider.value = 0.5
    assert explorer.changes == {"scores": {"d": {"Control": 0.5}}}
    assert explorer.study.options.scores.loc["d", "Control"] == 0.5
    scores.option.value = "b"
    assert scores.slider.value == explorer.start.options.scores.loc["b", "Control"]


def test_a_moved_risk_stands_where_it_was_put():
    explorer = risks_explorer("lictp-2020")
    mover = explorer.controls["risk_positions"]
    mover.risk.value = "3"
    mover.words["likelihood"].value = "Very High"
    moved = explorer.study.risks.scored.set_index("risk").loc[3]
    assert moved["standing_score"] == 6 * 3
    assert "1 risk above appetite" in explorer.headline.text


def test_a_risk_moved_where_all_are_likelier_is_not_made_likelier_twice():
    explorer = risks_explorer("lictp-2020", "risks-worsen")
    before = explorer.study.risks.scored.set_index("risk").loc[3]
    mover = explorer.controls["risk_positions"]
    mover.risk.value = "3"
    mover.words["impact"].value = "Catastrophic"
    moved = explorer.study.risks.scored.set_index("risk").loc[3]
    assert moved["standing_likelihood_score"] == before["standing_likelihood_score"]
    assert moved["standing_impact_score"] == 4


def test_a_new_edit_keeps_those_that_the_scenario_has(data_copy):
    scores, positions = {"d": {"Control": 1.0}}, {"3": {"impact": "Catastrophic"}}
    save("lictp-2020", "edited", scores=scores, risk_positions=positions)
    options = options_explorer("lictp-2020", "edited").controls["scores"]
    options.option.value, options.factor.value, options.slider.value = "d", "Cost", 0.0
    assert options.changes() == {"scores": {"d": {"Control": 1.0, "Cost": 0.0}}}
    mover = risks_explorer("lictp-2020", "edited").controls["risk_positions"]
    mover.risk.value, mover.words["impact"].value = "5", "Critical"
    assert set(mover.changes()["risk_positions"]) == {"3", "5"}


def test_weights_come_back_though_the_others_make_room():
    explorer = options_explorer("lictp-2020")
    weights = explorer.controls["weights"]
    weights.make_room.value = True
    weights.sliders["Cost"].value = 60
    weights.sliders["Control"].value = 1
    explorer.reset()
    assert explorer.changes == {}


def test_an_explorer_that_opens_draws_each_view_once():
    drawn = []

    def view(study, start):
        drawn.append(study)
        return Sentence("drawn")

    Explorer(replace(SAVINGS, views=lambda study: (view,)), "mkip-2012")
    assert len(drawn) == 1


@pytest.mark.parametrize(
    ("names", "sentence"),
    [
        (["mkip"], "case 'mkip' is unknown; nearest: mkip-2012"),
        (["mkip-2012", "cautios"], "scenario 'cautios' is unknown; nearest: cautious"),
    ],
)
def test_a_name_that_is_unknown_is_refused_and_nothing_else_shown_for_it(names, sentence):
    with pytest.raises(InputError, match=sentence):
        savings_explorer(*names)


def test_as_in_the_scenario_is_said_only_where_every_option_scores_the_same():
    explorer = options_explorer("lictp-2020")
    assert "as in scenario base" in explorer.headline.text
    explorer.controls["weights"].sliders["Cost"].value = 60
    assert "3.87, 0.88 ahead; first in scenario base too, with 3.83, 0.83" in explorer.headline.text
    explorer.reset()
    scores = explorer.controls["scores"]
    scores.option.value, scores.factor.value, scores.slider.value = "d", "Control", 0.5
    assert "first in scenario base too" in explorer.headline.text


def test_as_in_the_scenario_is_said_only_where_every_partner_has_the_same():
    explorer = savings_explorer("mkip-2012")
    assert "As in scenario base." in explorer.headline.text
    explorer.controls["saving_apportionment"].widget.value = "equal"
    assert "Together as in scenario base, but not each partner." in explorer.headline.text


# what is greyed


def is_greyed(explorer):
    return "bc-stale" in explorer.widget._dom_classes


def test_figures_of_weights_that_are_all_nil_are_greyed_with_the_reason():
    explorer = options_explorer("lictp-2020")
    for slider in explorer.controls["weights"].sliders.values():
        slider.value = 0
    assert "**Not possible:** weights are all 0" in explorer.message.text
    assert is_greyed(explorer)
    explorer.controls["weights"].sliders["Cost"].value = 1
    assert (explorer.message.text, is_greyed(explorer)) == ("", False)


def test_a_year_in_which_nobody_takes_part_is_greyed_and_another_scenario_is_not():
    explorer = savings_explorer("mkip-2012")
    for slider in explorer.controls["leaves"].sliders.values():
        slider.value = 2015
    assert "no partner takes part in 2015/16" in explorer.message.text
    assert is_greyed(explorer)
    explorer.scenario.value = "cautious"
    assert (explorer.message.text, is_greyed(explorer)) == ("", False)


def test_a_refused_entry_greys_the_figures_and_is_not_saved(data_copy):
    explorer = savings_explorer("mkip-2012")
    slider = explorer.controls["overrun"].sliders[""]
    explorer.controls["realisation"].sliders[""].value = 0.5
    slider.refused = "“999” is not possible: type a number from -50% to 300% of plan"
    assert "One-off cost over plan: “999” is not possible" in explorer.message.text
    assert is_greyed(explorer)
    saving = explorer.saving
    saving.name.value, saving.title.value, saving.why.value = "half", "Half", "Tried."
    saving.button.click()
    assert "“999” is not possible" in saving.message.text
    assert "half" not in load_case("mkip-2012").scenarios
    explorer.reset()
    assert (slider.refused, explorer.message.text, is_greyed(explorer)) == ("", "", False)


def test_a_refused_score_is_forgotten_where_another_is_chosen():
    explorer = options_explorer("lictp-2020")
    scores = explorer.controls["scores"]
    scores.slider.refused = "“9” is not possible: type a number from 1 to 5"
    assert is_greyed(explorer)
    scores.factor.value = "Control"
    assert (scores.slider.refused, is_greyed(explorer)) == ("", False)


@pytest.mark.parametrize("part", ["headline", "views"])
def test_a_failure_of_the_workbook_leaves_no_figure_that_looks_like_an_answer(part):
    def failing(study, start):
        return Sentence(f"{1 / (study.parameters.delay_years - 1)}")

    page = replace(SAVINGS, **{part: failing if part == "headline" else lambda study: [failing]})
    explorer = Explorer(page, "mkip-2012")
    with pytest.raises(ZeroDivisionError):
        explorer.controls["delay_years"].sliders[""].value = 1.0
    assert "the workbook itself failed (ZeroDivisionError" in explorer.message.text
    assert is_greyed(explorer)


# what is refused rather than rounded


def test_half_a_year_is_refused_and_not_rounded():
    explorer = savings_explorer("mkip-2012")
    for parameter, entry in (("horizon_years", ""), ("leaves", "Swale")):
        slider = explorer.controls[parameter].sliders[entry]
        assert slider.whole
        slider.value = slider.lowest + 2.5
        assert f"found {slider.value}; it should be a valid integer" in explorer.message.text


def test_a_weight_that_the_others_make_room_for_ends_at_their_sum():
    explorer = options_explorer("lictp-2020")
    weights = explorer.controls["weights"]
    for factor, slider in weights.sliders.items():
        slider.value = 20.0 if factor == "Cost" else 10.0
    total = sum(slider.value for slider in weights.numbers)
    weights.make_room.value = True
    assert {slider.highest for slider in weights.numbers} == {total}
    weights.make_room.value = False
    assert {slider.highest for slider in weights.numbers} == {100.0}


# a page is of the inputs as they are


def test_a_case_that_was_edited_is_read_again_when_it_is_opened_or_chosen(data_copy):
    before = savings_explorer("mkip-2012")
    with_base(data_copy, realisation=0.5, forget=False)
    assert savings_explorer("mkip-2012").headline.text != before.headline.text
    before.scenario.value = "cautious"
    assert before.start.parameters == load_study("mkip-2012", "cautious").parameters
    before.scenario.value = "base"
    assert before.start.parameters.realisation == 0.5


def test_a_scenario_that_another_page_saved_can_be_chosen(data_copy):
    page, other = savings_explorer("mkip-2012"), savings_explorer("mkip-2012")
    save(realisation=0.5)
    other.scenario.value = "cautious"
    assert "half-saved" in other.scenario.options
    other.scenario.value = "half-saved"
    assert other.study.parameters.realisation == 0.5
    assert "half-saved" not in page.scenario.options


def test_a_scenario_that_has_gone_is_said(data_copy):
    save(realisation=0.5)
    explorer = pages.savings_explorer("mkip-2012")
    path = data_copy / "mkip-2012" / "scenarios.toml"
    path.write_text(path.read_text("utf-8").partition("[half-saved]")[0], "utf-8")
    explorer.scenario.value = "half-saved"
    shows_nothing_but(explorer, "scenario 'half-saved' is unknown")
    assert "half-saved" not in explorer.scenario.options


# a folder without the example cases


def test_an_explorer_opens_on_the_own_case_where_that_is_the_only_one(data_copy):
    keep_only(data_copy, "worked-example", "our-case")
    for page in EXPLORERS:
        explorer = page()
        assert explorer.case.options == ("our-case",)
        assert explorer.headline.text.startswith("## ")


def test_an_explorer_opens_on_a_case_that_has_what_it_shows(data_copy):
    keep_only(data_copy, "worked-example", "our-case")
    (data_copy / "a-new-one").mkdir()
    (data_copy / "a-new-one" / "case.toml").write_text("title =", "utf-8")
    assert options_explorer().case.value == "our-case"


def test_a_folder_with_a_faulty_case_alone_says_the_fault(data_copy):
    keep_only(data_copy, "mkip-2012", "our-case")
    (data_copy / "our-case" / "scenarios.toml").write_text("[base", "utf-8")
    for page in EXPLORERS:
        shows_nothing_but(page(), "scenarios.toml")


@pytest.mark.parametrize("is_there", [True, False])
def test_a_folder_without_a_case_is_said(tmp_path, monkeypatch, is_there):
    folder = tmp_path / "data"
    if is_there:
        folder.mkdir()
    monkeypatch.setenv("BUSINESSCASE_DATA", str(folder))
    explorer = pages.savings_explorer()
    assert "There is no case in data/ yet" in explorer.headline.text
    explorer.reset()
    assert (explorer.controls, explorer.panels) == ({}, [])


def keep_only(folder, case, name):
    """Leave one case in a data folder, under another name."""
    (folder / case).rename(folder.parent / name)
    for path in folder.glob("*/"):
        shutil.rmtree(path)
    (folder.parent / name).rename(folder / name)


# a case with a fault


def shows_nothing_but(explorer, sentence):
    assert sentence in explorer.message.text
    assert explorer.headline.text == ""
    assert (explorer.controls, explorer.panels) == ({}, [])
    assert (explorer.sections.children, explorer.views.children) == ((), ())


def test_a_case_with_a_fault_is_never_shown_with_the_figures_of_the_case_before(data_copy):
    explorer = pages.savings_explorer("lictp-2020")
    slider = explorer.controls["delay_years"].sliders[""]
    with_base(data_copy, realisation=9)
    explorer.case.value = "mkip-2012"
    shows_nothing_but(explorer, "realisation: found 9")
    slider.value = 2.0  # as one that the browser still had
    shows_nothing_but(explorer, "realisation: found 9")
    explorer.case.value = "lictp-2020"
    assert explorer.message.text == ""
    assert explorer.controls and explorer.headline.text


def test_an_explorer_that_begins_on_a_case_with_a_fault_can_be_reset(data_copy):
    with_base(data_copy, realisation=9)
    explorer = pages.savings_explorer("mkip-2012")
    explorer.reset()
    shows_nothing_but(explorer, "realisation: found 9")


def test_a_case_without_what_the_page_shows_can_be_reset():
    explorer = pages.savings_explorer("dacorum-avdc-2012")
    before = explorer.headline.text
    explorer.reset()
    assert explorer.headline.text == before


def refusing(study, start):
    if study.parameters.delay_years != 1 and study.case.name == "mkip-2012":
        return Sentence("shown")
    raise InputError("gates.csv line 2: no such measure")


@pytest.mark.parametrize("part", ["headline", "views"])
def test_a_fault_that_a_view_finds_is_said_in_place_of_the_page(part):
    page = replace(SAVINGS, **{part: refusing if part == "headline" else lambda study: [refusing]})
    explorer = Explorer(page, "mkip-2012")
    explorer.case.value = "lictp-2020"
    shows_nothing_but(explorer, "gates.csv line 2: no such measure")


@pytest.mark.parametrize("part", ["headline", "views"])
def test_a_fault_that_a_view_finds_once_a_slider_moved_is_said(part):
    page = replace(SAVINGS, **{part: refusing if part == "headline" else lambda study: [refusing]})
    explorer = Explorer(page, "mkip-2012")
    explorer.controls["delay_years"].sliders[""].value = 1.0
    assert "gates.csv line 2: no such measure" in explorer.message.text


# bounds, steps, labels and units


@pytest.mark.parametrize("explorer", EXPLORERS)
@pytest.mark.parametrize("case", ["lictp-2020", "mkip-2012"])
def test_every_slider_has_the_bounds_of_its_parameter_and_starts_within_them(explorer, case):
    for name, control in explorer(case).controls.items():
        for slider in getattr(control, "sliders", {}).values():
            lowest, highest = limits(name)
            assert lowest <= slider.lowest <= slider.value <= slider.highest <= highest
            assert slider.step == Parameters.model_fields[name].json_schema_extra["step"]
            assert slider.label


def test_a_blank_parameter_starts_where_the_case_has_it():
    study = load_study("mkip-2012")
    assert [one.value for one in settings(study, "discount_rate")] == [0.035]
    assert [one.value for one in settings(study, "horizon_years")] == [10]
    assert [one.highest for one in settings(study, "horizon_years")] == [10]


@pytest.mark.parametrize("explorer", EXPLORERS)
def test_every_explorer_opens_on_every_case(explorer):
    for case in case_names():
        assert explorer(case).headline.text


def test_a_batch_never_runs_an_explorer():
    assert (ROOT / "notebooks" / "explore" / "savings.ipynb").exists()
    assert all(
        path.parent.name == "notebooks" for path in notebook_paths(ROOT / "notebooks").values()
    )


# many changes, few runs


class SimulatedTime(selectors.DefaultSelector):
    """Lets an event loop's time pass at once: what waits for a second waits for none."""

    now = 0.0

    def select(self, timeout=None):
        self.now += timeout or 0.0
        return super().select(0)

    def loop(self):
        loop = asyncio.SelectorEventLoop(self)
        loop.time = lambda: self.now
        return loop


def in_simulated_time(coroutine):
    with asyncio.Runner(loop_factory=SimulatedTime().loop) as runner:
        return runner.run(coroutine)


def test_twenty_changes_in_a_burst_run_the_model_twice():
    explorer = savings_explorer("mkip-2012")

    async def burst():
        before = explorer.coalescer.runs
        for step in range(20):
            explorer.controls["realisation"].sliders[""].value = 0.5 + step / 100
            await asyncio.sleep(0.01)
        await explorer.settled()
        return explorer.coalescer.runs - before

    assert in_simulated_time(burst()) == 2
    assert explorer.study.parameters.realisation == pytest.approx(0.69)


@pytest.mark.parametrize(
    ("seconds", "apart", "runs"),
    [
        (0.35, 0.05, 2),  # at the first change, and at rest
        (1.0, 0.05, 4),  # and not later than 0.4 s after the last run: at 0, 0.4, 0.8 and at rest
        (1.0, 0.1, 10),  # apart for longer than rest takes
    ],
)
def test_a_held_key_runs_the_model_at_once_now_and_then_and_at_rest(seconds, apart, runs):
    async def run(is_outdated):
        pass

    async def hold():
        coalescer = Coalescer(run)
        for _ in range(round(seconds / apart)):
            coalescer.request()
            await asyncio.sleep(apart)
        await coalescer.settled()
        return coalescer.runs

    assert in_simulated_time(hold()) == runs


def test_a_newer_change_stops_what_is_being_drawn():
    shown = []

    async def run(is_outdated):
        for part in range(5):
            await asyncio.sleep(0)
            if is_outdated():
                return
            shown.append(part)

    async def change_twice():
        coalescer = Coalescer(run)
        coalescer.request()
        await asyncio.sleep(0)
        coalescer.request()
        await coalescer.settled()

    asyncio.run(change_twice())
    assert shown[-5:] == [0, 1, 2, 3, 4]
    assert len(shown) < 10


# a scenario is saved


def save(case="mkip-2012", name="half-saved", title="Half", why="Others got half.", **changes):
    return write_scenario(case, name, title, why, load_study(case, **changes).parameters)


def test_a_saved_scenario_is_read_again_and_the_rest_of_the_file_is_kept(data_copy):
    path = data_copy / "mkip-2012" / "scenarios.toml"
    before = path.read_text(encoding="utf-8")
    save(realisation=0.5, delay_years=1.0)
    after = path.read_text(encoding="utf-8")
    assert after.startswith(before)
    assert tomllib.loads(after)["half-saved"] == {
        "title": "Half",
        "why": "Others got half.",
        "realisation": 0.5,
        "delay_years": 1.0,
    }
    assert load_study("mkip-2012", "half-saved").parameters.realisation == 0.5
    assert not list(path.parent.glob("*.new"))


def test_an_explorer_saves_what_was_found_and_goes_on_from_there(data_copy):
    explorer = savings_explorer("mkip-2012")
    explorer.controls["realisation"].sliders[""].value = 0.45
    saving = explorer.saving
    saving.name.value, saving.title.value, saving.why.value = "low", "Low", "A cautious view."
    saving.button.click()
    assert explorer.scenario.value == "low"
    assert "Saved as scenario" in saving.message.text
    assert load_study("mkip-2012", "low").parameters.realisation == 0.45


def test_what_the_page_refuses_is_not_saved_nor_what_it_showed_before(data_copy):
    explorer = options_explorer("mkip-2012")
    sliders = explorer.controls["weights"].sliders
    sliders["Control"].value = 7
    for slider in sliders.values():
        slider.value = 0
    saving = explorer.saving
    saving.name.value, saving.title.value, saving.why.value = "zero", "Zero", "Nothing counts."
    saving.button.click()
    assert "weights are all 0" in saving.message.text
    assert "zero" not in load_case("mkip-2012").scenarios


def test_a_change_that_is_not_shown_yet_is_saved(data_copy):
    explorer = savings_explorer("mkip-2012")
    saving = explorer.saving
    saving.name.value, saving.title.value, saving.why.value = "low", "Low", "A cautious view."

    async def move_and_save_at_once():
        for value in (0.9, 0.45):
            explorer.controls["realisation"].sliders[""].value = value
            await asyncio.sleep(0)
        saving.button.click()
        await explorer.settled()

    in_simulated_time(move_and_save_at_once())
    assert load_study("mkip-2012", "low").parameters.realisation == 0.45


def test_nobody_leaves_in_a_scenario_saved_where_a_partner_leaves_in_the_base(data_copy):
    with_base(data_copy, leaves={"Swale": 2016})
    explorer = savings_explorer("mkip-2012")
    explorer.controls["leaves"].sliders["Swale"].value = 2023
    saving = explorer.saving
    saving.name.value, saving.title.value, saving.why.value = "stay", "Stay", "All renewed."
    saving.button.click()
    assert "Saved as scenario" in saving.message.text
    load_case.cache_clear()
    assert load_study("mkip-2012", "stay").savings.leavers == {}


def test_a_parameter_that_is_blank_again_is_saved_so(data_copy):
    with_base(data_copy, discount_rate=0.05)
    parameters = load_study("mkip-2012").moved({"discount_rate": None}).parameters
    write_scenario("mkip-2012", "schedule", "Schedule", "As the Green Book.", parameters)
    assert load_study("mkip-2012", "schedule").parameters.discount_rate is None


def test_what_could_not_be_loaded_is_not_saved(data_copy):
    path = data_copy / "mkip-2012" / "scenarios.toml"
    before = path.read_bytes()
    with pytest.raises(InputError, match="at most 200 characters"):
        save(title="x" * 201, realisation=0.5)
    with pytest.raises(InputError, match="is the name of the report that compares them"):
        save(name="comparison", realisation=0.5)
    assert path.read_bytes() == before


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("line_end", [b"\n", b"\r\n"])
def test_marks_and_line_ends_of_the_file_are_kept(data_copy, mark, line_end):
    path = data_copy / "mkip-2012" / "scenarios.toml"
    before = mark + path.read_bytes().rstrip().replace(b"\n", line_end)
    path.write_bytes(before)
    save(realisation=0.5)
    after = path.read_bytes()
    assert after.startswith(before + line_end * 2)
    assert after.count(b"\n") == after.count(line_end)
    assert load_study("mkip-2012", "half-saved").parameters.realisation == 0.5


def test_a_name_that_another_page_saved_meanwhile_is_refused(data_copy):
    load_case("mkip-2012")
    path = data_copy / "mkip-2012" / "scenarios.toml"
    with path.open("a", encoding="utf-8") as file:
        file.write('\n[half-saved]\ntitle = "Theirs"\nwhy = "First."\nrealisation = 0.4\n')
    with pytest.raises(InputError, match="'half-saved' is taken by scenario 'half-saved'"):
        save(realisation=0.5)


def test_a_folder_that_can_not_be_written_is_said_on_the_page(data_copy, monkeypatch):
    explorer = savings_explorer("mkip-2012")
    explorer.controls["realisation"].sliders[""].value = 0.45
    saving = explorer.saving
    saving.name.value, saving.title.value, saving.why.value = "low", "Low", "A cautious view."

    def full(path, content):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))

    monkeypatch.setattr(Path, "write_bytes", full)
    saving.button.click()
    assert "scenarios.toml: No space left on device" in saving.message.text
    assert not list((data_copy / "mkip-2012").glob("*unfinished*"))


def test_text_of_a_saved_scenario_can_not_end_its_string(data_copy):
    hostile = 'a"\n[evil]\ntitle = "x" # """ \'\'\' \\'
    save(title=hostile, why=hostile, realisation=0.5)
    assert load_case("mkip-2012").scenarios["half-saved"].title == hostile.strip()
    assert "evil" not in load_case("mkip-2012").scenarios


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("../up", "name '../up' can't name a folder"),
        ("", "name '' can't name a folder"),
        ("CON", "name 'CON' can't name a folder"),
        ("a" * 61, "can't name a folder; use up to 60 letters"),
        ("BASE", "name 'BASE' is taken by scenario 'base'; choose another"),
    ],
)
def test_a_bad_name_is_refused_and_nothing_is_written(data_copy, name, sentence):
    path = data_copy / "mkip-2012" / "scenarios.toml"
    before = path.read_bytes()
    with pytest.raises(InputError) as refused:
        save(name=name, realisation=0.5)
    assert sentence in str(refused.value)
    assert path.read_bytes() == before


def test_every_fault_of_a_scenario_is_said_at_once(data_copy):
    with pytest.raises(InputError) as refused:
        save(name="a b", title=" ", why="")
    assert [fault.split(";")[0] for fault in refused.value.faults] == [
        "name 'a b' can't name a folder",
        "the title is blank",
        "the reason is blank",
        "nothing differs from the base scenario",
    ]


def test_a_title_or_reason_that_no_report_can_hold_is_refused_before_it_breaks_the_case(data_copy):
    with pytest.raises(InputError) as refused:
        save(name="later", title="a\0", why="x" * 10_001, realisation=0.5)
    assert [fault[:14] for fault in refused.value.faults] == ["found '\\x00' a", "found 10,001 c"]
    assert load_case("mkip-2012").scenarios


# tables


def test_a_table_is_saved_as_csv_with_its_numbers():
    explorer = pages.savings_explorer("mkip-2012")
    lines = explorer.panels[0][1].csv().splitlines()
    assert lines[0] == "partner,net_present_value,change,payback_years,probability_of_loss"
    assert lines[1].startswith("all,2726996.")


def test_a_charts_numbers_are_saved_as_csv():
    explorer = pages.savings_explorer("mkip-2012")
    lines = explorer.panels[1][1].csv().splitlines()
    assert lines[0] == "Financial year,All partners (£),Maidstone (£),Swale (£),Tunbridge Wells (£)"
    assert lines[11].startswith("2022/23,3410000.0,")
    for page in EXPLORERS:
        for _, panel in page("lictp-2020").panels:
            assert panel.csv().count("\n") > 1


def test_names_of_a_case_are_escaped(data_copy):
    path = data_copy / "mkip-2012" / "scenarios.toml"
    for table in (path, *path.parent.glob("*.csv")):
        text = table.read_text(encoding="utf-8")
        table.write_text(text.replace("Swale", "<script>x</script>"), encoding="utf-8")
    explorer = pages.savings_explorer("mkip-2012")
    assert "&lt;script&gt;" in explorer.panels[0][1].html
    assert "<script" not in explorer.panels[0][1].html
    assert "<script" not in explorer.headline.html
