"""A sweep: what is drawn, what it is worth, the files, and the same bytes wherever it is made."""

import errno
import json
import math
import socket
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from functools import cache

import fastparquet
import numpy as np
import pandas as pd
import pytest
from conftest import ROOT, daily_of, inputs
from pytest import approx

from businesscase.calculations import savings
from businesscase.calculations.apportionment import ALL
from businesscase.calculations.discovery import measured
from businesscase.calculations.reference_class import DECILES
from businesscase.calculations.uncertainty import SEED, triangular
from businesscase.cases.errors import InputError
from businesscase.shown import sweep as show
from businesscase.study import Study, load_study
from businesscase.study import sweep as study_sweep
from businesscase.study.sweep import (
    ANY_PARTNER,
    CHOICES,
    KINDS,
    PARTNERSHIP,
    Findings,
    Sweep,
    chunks,
    sweep_of,
    swept,
)
from businesscase_workbench import cli
from businesscase_workbench.batch import sweep

WITH_SAVINGS = ["lictp-2020", "mkip-2012", "worked-example"]
DAILY = daily_of(WITH_SAVINGS, "worked-example")
WITHOUT_SAVINGS = ["allerdale-carlisle-2008", "dacorum-avdc-2012", "durham-sunderland-2014"]


@pytest.fixture(scope="module", params=DAILY)
def some(request):
    """The sweep of a case, and a chunk of its futures."""
    found = sweep_of(load_study(request.param))
    return found, found.futures(0, 20_000, 1)


@pytest.fixture
def small_chunks(monkeypatch):
    """Chunks of 500 futures, of which the first 1,000 are peeled."""
    monkeypatch.setattr(study_sweep, "CHUNK", 500)
    monkeypatch.setattr(study_sweep, "MOST_PEELED", 1_000)


# what is drawn


def test_draws_stay_in_their_ranges_and_reach_towards_their_ends(some):
    found, futures = some
    for row in found.inputs[~found.inputs["kind"].isin(["risk", "task"])].itertuples():
        values, slack = futures.columns[row.name], 1e-6 * (row.high - row.low)
        assert row.low - slack <= values.min() and values.max() <= row.high + slack
        assert values.max() - values.min() > 0.6 * (row.high - row.low)


def test_what_is_uncertain_in_the_study_is_drawn_and_nothing_else(some):
    found, futures = some
    drawn = set(found.study.uncertainty.uncertain_inputs["name"])
    assert drawn <= set(found.inputs["name"])
    assert list(futures.columns) == [*found.inputs["name"], *found.levels]


def test_draws_are_those_of_the_simulation_itself(some):
    found, _ = some
    columns, simulated = found.drawn(0, 500, SEED), found.study.uncertainty.drawn(0, 500, SEED)
    for name, values in simulated.items():
        assert columns[name] == approx(values, rel=1e-6, abs=1e-6)


@pytest.mark.parametrize(
    ("case", "scenario"), [("lictp-2020", "base"), ("worked-example", "as-others-fared")]
)
def test_at_the_scenarios_own_choices_as_many_lose_as_its_report_says(case, scenario):
    study = load_study(case, scenario)
    found = Sweep(study)
    futures = found.futures(0, 40_000, 5)
    own = np.all([futures.columns[choice] == 0 for choice in found.levels], axis=0)
    for item, lost in (
        (ALL, futures.worth.sum(axis=1) < 0),
        *zip(study.partners, (futures.worth < 0).T, strict=True),
    ):
        said = study.uncertainty.risk_of_loss.at[item, "probability_of_loss"]
        error = math.sqrt(max(said * (1 - said), 1e-4) / own.sum())
        assert lost[own].mean() == approx(said, abs=4 * error)


def test_each_level_of_a_choice_is_drawn_as_often_as_another(some):
    found, futures = some
    assert found.levels
    for choice, levels in found.levels.items():
        counts = np.bincount(futures.columns[choice], minlength=len(levels))
        assert counts == approx([20_000 / len(levels)] * len(levels), rel=0.06)


def test_choices_are_those_in_which_the_scenarios_differ():
    levels = Sweep(load_study("mkip-2012")).levels
    assert {choice: list(found) for choice, found in levels.items()} == {
        "option": ["a", "b"],
        "membership": ["base", "swale-leaves"],
        "sharing": ["base", "equal-shares", "gain-share"],
        "optimism_bias": ["none", "applied"],
    }
    assert levels["membership"]["swale-leaves"]["leaves"] == {"Swale": 2018}
    assert list(Sweep(load_study("worked-example")).levels) == ["membership", "optimism_bias"]


def test_the_first_level_of_a_choice_is_that_of_the_scenario_swept():
    levels = Sweep(load_study("mkip-2012", "swale-leaves")).levels
    assert list(levels["membership"]) == ["swale-leaves", "base"]


def test_a_scenario_that_draws_from_what_others_got_is_swept_so():
    study = load_study("worked-example", "as-others-fared")
    realised = Sweep(study).drawn(0, 20_000, 1)["realisation"]
    expected = study.uncertainty.reference_class["realisation"].at(DECILES)
    assert np.percentile(realised, [10, 50, 90]) == approx(expected, abs=0.02)


# what the futures are worth

# a drawn baseline cost is pooled, split and rounded to the penny in each year of that case
PENNY = {"mkip-2012": 0.01, "worked-example": 0.01, "lictp-2020": 0.05}


def recomputed(found, columns, row):
    """Return the net present values of one future, by the model of a single scenario [£]."""
    drawn = {name: column[row].item() for name, column in columns.items()}
    chosen = [list(levels.values())[drawn[choice]] for choice, levels in found.levels.items()]
    start = found.study.varied(**{name: at for package in chosen for name, at in package.items()})
    inputs = start.uncertainty.uncertain_inputs.set_index("name")
    kinds = ("parameter", "line", "task")
    of_kind = {kind: list(inputs.index[inputs["kind"] == kind]) for kind in kinds}
    changes = {name: drawn[name] for name in of_kind["parameter"]}
    if "overrun" in start.uncertainty.drawn_from_others:
        changes["optimism_bias"] = "none"  # what others overran by is not raised once more
    study = start.moved(changes)
    multiples = {
        (inputs.at[name, "flow"], inputs.at[name, "line"]): drawn[name] for name in of_kind["line"]
    }
    stated, moved = savings.sizes(start.savings.levers), savings.sizes(study.savings.levers)
    prepared = study.savings.prepared_flows(study.savings.levers["delay_years"])
    rows = prepared.index.to_frame(index=False)[["flow", "line", "lever"]]
    by_row = [  # a line with a range of its own is moved by that and not by its lever as well
        multiples[flow, line] * stated.get(lever, 1.0) / moved.get(lever, 1.0)
        if (flow, line) in multiples
        else 1.0
        for flow, line, lever in rows.itertuples(index=False)
    ]
    prepared, levers = prepared.mul(by_row, axis=0), study.savings.levers
    slips = {name: drawn[name] for name in of_kind["task"]}
    tied = prepared.index.get_level_values("start").isin(list(slips))
    late = levers | slips | {"delay_years": start.savings.levers["delay_years"]}
    parts = [(prepared[~tied], levers), (prepared[tied], late)]
    flows = pd.concat([savings.scenario_flows(*part) for part in parts if len(part[0])])

    def net_of(select):
        by_partner = savings.net_flows(select(flows))
        return by_partner.reindex(study.partners, fill_value=0.0).to_numpy()[None]

    floor = study.parameters.no_detriment
    [net] = savings.net_with_floor(net_of, floor, savings.economic)
    worth = net @ study.savings.discount_factors.to_numpy()
    costs = start.uncertainty.costs_drawn
    shares = start.risks.cost_shares
    for cost in costs.itertuples():
        if level := drawn[f"risk {cost.risk}"]:
            estimates = cost.low_gbp, cost.most_likely_gbp, cost.high_gbp
            amount = triangular(np.array([level]), *estimates).item()
            years = [year for year in study.years if cost.first_year <= year <= cost.last_year]
            for number, partner in enumerate(study.partners):
                part = (
                    shares.loc[partner, years]
                    if cost.partner == "shared"
                    else cost.partner == partner
                )
                worth[number] -= amount * (study.savings.discount_factors[years] * part).sum()
    return worth


@pytest.mark.fuzz
def test_futures_are_worth_what_a_study_moved_to_them_is_to_the_penny(some):
    found, futures = some
    for row in np.random.default_rng(2).integers(20_000, size=inputs(4, 40)):
        expected = recomputed(found, futures.columns, row)
        assert futures.worth[row] == approx(expected, rel=0, abs=PENNY[found.study.case.name])


@pytest.mark.parametrize("scenario", ["westerfold-leaves", "as-others-fared", "optimism-bias"])
def test_futures_of_other_scenarios_agree_with_a_moved_study_too(scenario):
    found = sweep_of(load_study("worked-example", scenario))
    futures = found.futures(0, 200, 1)
    for row in range(5):
        expected = recomputed(found, futures.columns, row)
        assert futures.worth[row] == approx(expected, rel=0, abs=0.01)


def test_futures_with_a_floor_under_each_partner_agree_with_a_moved_study():
    floored = load_study("worked-example").moved({"no_detriment": "by_year"})
    found = sweep_of(floored)
    assert [package["no_detriment"] for package in found.levels["sharing"].values()] == [
        "by_year",
        "none",
    ]
    columns = found.drawn(0, 200, 1)
    with_floor = columns | {"sharing": np.zeros(200, np.uint8)}
    without = columns | {"sharing": np.ones(200, np.uint8)}
    worth = found.worth(with_floor)
    assert np.abs(worth - found.worth(without)).max() > 1_000
    assert worth.sum(axis=1) == approx(found.worth(without).sum(axis=1), rel=0, abs=0.01)
    for row in range(5):
        expected = recomputed(found, with_floor, row)
        assert worth[row] == approx(expected, rel=0, abs=0.01)


def test_a_future_at_the_settings_of_the_scenario_is_worth_what_the_report_says(some):
    found, _ = some
    inputs = found.inputs
    columns = {row.name: np.array([row.central]) for row in inputs.itertuples()}
    columns |= {choice: np.zeros(1, np.uint8) for choice in found.levels}
    expected = found.study.savings.net_present_values.reindex(found.study.partners).to_numpy()
    assert found.worth(columns)[0] == approx(expected, rel=0, abs=0.01)


def test_the_same_share_fails_as_in_the_simulation_where_only_that_is_drawn():
    study = load_study("worked-example")
    alone = replace(study.case, scenarios={"base": study.case.scenarios["base"]})
    found = Sweep(Study(alone, "base", study.parameters))
    assert found.levels == {}
    fails = found.futures(0, 20_000, 1).fails
    loss = study.uncertainty.risk_of_loss["probability_of_loss"]
    assert fails[PARTNERSHIP].mean() == approx(loss["all"], abs=0.01)
    assert fails[ANY_PARTNER].mean() >= loss.drop("all").max() - 0.01


def test_a_future_fails_where_all_partners_together_or_any_of_them_lose():
    futures = study_sweep.Futures({}, np.array([[1.0, 2.0], [-1.0, 2.0], [-3.0, 2.0], [-1.0, 1.0]]))
    assert futures.fails[PARTNERSHIP].tolist() == [False, False, True, False]
    assert futures.fails[ANY_PARTNER].tolist() == [False, True, True, True]


# chunks


def test_chunks_add_up_and_only_the_last_is_short():
    assert chunks(45_000) == [(0, 20_000), (1, 20_000), (2, 5_000)]
    assert chunks(20_000) == [(0, 20_000)]


@pytest.mark.long
def test_chunks_are_the_same_in_any_order_and_differ_by_number_and_seed():
    study = load_study("mkip-2012")
    forwards, backwards = Sweep(study), Sweep(load_study("mkip-2012"))
    one = [forwards.futures(number, 300, 5) for number in (0, 1, 2)]
    other = [backwards.futures(number, 300, 5) for number in (2, 1, 0)][::-1]
    for first, second in zip(one, other, strict=True):
        assert first.worth.tobytes() == second.worth.tobytes()
        assert all(
            first.columns[name].tobytes() == second.columns[name].tobytes()
            for name in first.columns
        )
    assert not (one[0].worth == one[1].worth).any()
    assert not (one[0].worth == forwards.futures(0, 300, 6).worth).any()


# files


def written(folder, case="worked-example", draws=3_000, seed=1, **more):
    """Sweep a case and return the bytes of its two files."""
    study = load_study(case)
    sweep.write_sweep(study, folder, draws, seed, **more)
    return [path.read_bytes() for path in sweep.files(folder, study)]


def shown(folder):
    """Return the names of the files in a folder that a user sees."""
    return {path.name for path in folder.glob("[!.]*")}


def read(path):
    with path.open("rb") as file:
        return fastparquet.ParquetFile(file).to_pandas()


def test_the_same_inputs_give_the_same_bytes_and_another_seed_others(tmp_path, small_chunks):
    first, again = written(tmp_path / "a"), written(tmp_path / "b")
    assert first == again
    assert written(tmp_path / "b", seed=2)[0] != first[0]


def test_a_file_holds_the_futures_with_a_row_group_a_chunk(tmp_path, small_chunks):
    study = load_study("mkip-2012")
    sweep.write_sweep(study, tmp_path, 1_250, 4)
    path = sweep.files(tmp_path, study).futures
    with path.open("rb") as file:
        groups = fastparquet.ParquetFile(file).row_groups
    assert [group.num_rows for group in groups] == [500, 500, 250]
    table, found = read(path), Sweep(study)
    futures = found.futures(1, 500, 4)
    rows = table.iloc[500:1000]
    for name, values in futures.columns.items():
        stored = rows[name].cat.codes if name in found.levels else rows[name]
        assert (stored.to_numpy() == values).all()
        assert name in found.levels or stored.dtype == np.float32
    assert (rows["net_present_value"].to_numpy() == futures.worth.sum(axis=1)).all()
    assert (rows["net_present_value: Swale"].to_numpy() == futures.worth[:, 1]).all()
    for of in KINDS:
        assert (rows[f"{of}_fails"].to_numpy() == futures.fails[of]).all()
    assert list(table["sharing"].cat.categories) == ["base", "equal-shares", "gain-share"]
    assert shown(path.parent) == {"sweep.json", "sweep.parquet"}


def test_conditions_are_sought_in_some_futures_and_counted_in_all(tmp_path, small_chunks):
    study = load_study("worked-example")
    found = sweep.write_sweep(study, tmp_path, 4_000, 1)
    table = read(sweep.files(tmp_path, study).futures)
    sought = swept(study, 1_000, 1)
    for of, kept in found.fails.items():
        assert kept.conditions == sought.fails[of].conditions
        assert kept.share == approx(table[f"{of}_fails"].mean())
        inside = np.ones(4_000, bool)
        for condition in kept.conditions:
            values = table[condition.name]
            if condition.levels:
                inside &= values.isin(condition.levels).to_numpy()
            else:
                low, high = condition.low, condition.high
                inside &= (values >= (-np.inf if low is None else low)).to_numpy()
                inside &= (values <= (np.inf if high is None else high)).to_numpy()
        hits = table[f"{of}_fails"].to_numpy()
        assert kept.coverage == approx(hits[inside].sum() / hits.sum())
        assert kept.density == approx(hits[inside].mean())
        assert kept.mass == approx(inside.mean())


def test_findings_are_read_as_they_were_written(tmp_path):
    study = load_study("worked-example")
    found = sweep.write_sweep(study, tmp_path, 2_000, 1)
    path = sweep.files(tmp_path, study).found
    again = sweep.read_findings(path)
    assert isinstance(again, Findings)
    assert again == found
    assert json.loads(path.read_text(encoding="utf-8"))["seed"] == 1
    assert show.partnership(again) == show.partnership(found)


def test_another_scenario_has_files_of_its_own(tmp_path):
    late = load_study("worked-example", "late")
    assert [path.name for path in sweep.files(tmp_path, late)] == [
        "sweep-late.parquet",
        "sweep-late.json",
    ]


def test_a_sweep_that_is_cut_off_leaves_the_files_of_the_one_before(tmp_path, monkeypatch):
    before = written(tmp_path, draws=1_000)
    made = sweep.made_here

    def cut_off(*arguments):
        yield from made(*arguments)
        raise KeyboardInterrupt

    monkeypatch.setattr(sweep, "made_here", cut_off)
    with pytest.raises(KeyboardInterrupt):
        written(tmp_path, draws=1_200)
    folder = tmp_path / "worked-example"
    assert shown(folder) == {"sweep.json", "sweep.parquet"}
    assert [(folder / f"sweep.{end}").read_bytes() for end in ("parquet", "json")] == before


def test_two_sweeps_at_once_write_the_files_of_one_or_the_other(tmp_path, small_chunks):
    made, halfway = sweep.made_here, threading.Barrier(2, timeout=2)

    def slowly(*arguments):
        for futures in made(*arguments):
            yield futures
            with suppress(threading.BrokenBarrierError):  # only those that write at once meet
                halfway.wait()

    def sweep_with(seed):
        study = load_study("worked-example")
        own = Study(study.case, "base", study.parameters)
        sweep.write_sweep(own, tmp_path / "both", 1_500, seed)

    with pytest.MonkeyPatch.context() as patch, ThreadPoolExecutor(2) as pool:
        patch.setattr(sweep, "made_here", slowly)
        list(pool.map(sweep_with, (1, 2)))
    alone = [written(tmp_path / str(seed), draws=1_500, seed=seed) for seed in (1, 2)]
    both = sweep.files(tmp_path / "both", load_study("worked-example"))
    assert [path.read_bytes() for path in both] in alone


def test_findings_that_find_no_room_leave_the_files_of_the_sweep_before(tmp_path, monkeypatch):
    before = written(tmp_path, draws=1_000)

    def full(path, text):
        raise OSError(errno.ENOSPC, "No space left on device", str(path))

    monkeypatch.setattr(sweep, "write_file", full)
    with pytest.raises(OSError, match="No space left"):
        written(tmp_path, draws=1_200)
    folder = tmp_path / "worked-example"
    assert [(folder / f"sweep.{end}").read_bytes() for end in ("parquet", "json")] == before
    assert shown(folder) == {"sweep.json", "sweep.parquet"}


def test_an_input_that_can_not_vary_is_swept_at_its_value():
    found = swept(load_study("mkip-2012", realisation=0.0), 1_000, 1)
    limits = next(one for one in found.inputs if one["name"] == "realisation")
    assert (limits["low"], limits["high"]) == (0.0, 0.0)
    first, *others = found.fails[PARTNERSHIP].strips["realisation"]
    assert first == approx(found.fails[PARTNERSHIP].share)
    assert set(others) == {None}


def test_failures_are_sought_or_success_where_that_is_rarer():
    found = swept(load_study("lictp-2020", option="b", running_cost_change=0.3), 2_000, 1)
    assert found.fails[PARTNERSHIP].share > 0.5
    assert found.fails[PARTNERSHIP].sought == "success"
    assert findings("worked-example").fails[PARTNERSHIP].sought == "failure"


def test_what_is_found_agrees_with_the_futures():
    study = load_study("worked-example")
    found = swept(study, 20_000, 1).fails[PARTNERSHIP]
    futures = Sweep(study).futures(0, 20_000, 1)
    fails = futures.fails[PARTNERSHIP]
    assert found.share == fails.mean()
    first = found.conditions[0]
    everything = {
        kept.name: frozenset(
            list(Sweep(study).levels[kept.name]).index(level) for level in kept.levels
        )
        if kept.levels
        else (-np.inf if kept.low is None else kept.low, np.inf if kept.high is None else kept.high)
        for kept in found.conditions
    }
    box = measured(futures.columns, fails, everything)
    assert (found.coverage, found.density) == (box.coverage, box.density)
    del everything[first.name]
    assert first.density_without == measured(futures.columns, fails, everything).density
    strip, low, high = found.strips["Shared platform"], 0.92, 1.2
    in_last = futures.columns["Shared platform"] >= low + (high - low) * 19 / 20
    assert strip[-1] == approx(fails[in_last].mean(), abs=1e-3)


# refusals


@pytest.mark.parametrize("case", WITHOUT_SAVINGS)
def test_a_case_without_savings_is_refused(case, capsys, tmp_path):
    assert cli.main(["sweep", case, "--output", str(tmp_path)]) == 1
    said = f"{case}: flows.csv states no money that recurs, such as a saving; a sweep needs some\n"
    assert capsys.readouterr().err == said
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["worked-exampel"], "case 'worked-exampel' is unknown; nearest: worked-example\n"),
        (
            ["worked-example", "--scenario", "lat"],
            "scenario 'lat' is unknown; nearest: late\n",
        ),
    ],
)
def test_a_wrong_name_is_refused(arguments, said, capsys):
    assert cli.main(["sweep", *arguments]) == 2
    assert capsys.readouterr().err == said


def test_an_address_is_refused_and_no_folder_is_made_of_its_name(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    arguments = ["sweep", "worked-example", "--output", "s3://bucket/reports"]
    monkeypatch.setenv("BUSINESSCASE_DATA", str(ROOT / "data"))
    assert cli.main(arguments) == 1
    said = "s3://bucket/reports: a sweep is written into a folder, not to an address\n"
    assert capsys.readouterr().err == said
    assert not (tmp_path / "s3:").exists()


def test_too_few_futures_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"^found 999 futures; a sweep needs at least 1,000$"):
        written(tmp_path, draws=999)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("option", [["--draws", "0"], ["--draws", "many"], ["--seed", "-1"]])
def test_a_wrong_number_is_refused(option, capsys):
    assert cli.main(["sweep", "worked-example", *option]) == 2
    assert "is not a whole number" in capsys.readouterr().err


def test_the_command_says_what_it_found_and_where_it_is(tmp_path, capsys):
    arguments = ["sweep", "worked-example", "--draws", "2000", "--output", str(tmp_path)]
    assert cli.main(arguments) == 0
    lines = capsys.readouterr().out.splitlines()
    alike = " of 2,000 futures, each level of a choice as often as another, "
    assert f"{alike}the partnership loses money" in lines[0]
    assert f"{alike}some partner loses money: " in lines[1]
    assert lines[2:] == [
        str(tmp_path / "worked-example" / f"sweep.{end}") for end in ("parquet", "json")
    ]


# views


@cache
def findings(case):
    """Return what is found of a case, once for all tests."""
    return swept(load_study(case), 5_000, 1)


@pytest.mark.parametrize("case", DAILY)
@pytest.mark.parametrize("of", KINDS)
def test_a_sentence_gives_the_share_and_every_condition(case, of):
    found = findings(case).fails[of]
    said = str(
        show.partnership(findings(case)) if of == PARTNERSHIP else show.any_partner(findings(case))
    )
    assert "5,000 futures" in said
    assert said.count(".**") + said.endswith(".") >= 1
    if found.conditions:
        assert f"{100 * found.coverage:.0f}% of the" in said
        assert f"{100 * found.density:.0f}% of the futures that meet" in said
    else:
        assert "%" in said or "none" in said


def test_sentences_say_limits_in_units_of_the_plan():
    limits = {
        ("overrun", 0.251, None): "one-off cost over 125.1% of plan",
        ("delay_years", None, 1.4): "delay under 1.4 years",
        ("realisation", 0.5, 0.61): "realisation over 0.5 and under 0.61",
        ("Shared platform", 1.08, None): "“Shared platform” over 108% of plan",
    }
    for (name, low, high), said in limits.items():
        condition = study_sweep.Condition(name, low, high, [], 0.5, 0.5, 0.0)
        assert show._condition(None, condition) == said


def test_picture_has_its_shares_as_a_table_in_the_units_of_the_inputs():
    found = findings("lictp-2020")
    picture = show.picture(found)
    rows = picture.data.as_read()["rows"]
    names = [condition.name for condition in found.fails[PARTNERSHIP].conditions]
    assert len(rows) == sum(len(found.fails[PARTNERSHIP].strips[name]) for name in names)
    share = found.fails[PARTNERSHIP].strips["baseline_cost_change"][0]
    of_cost = [row for row in rows if row[0] == "Present cost"]
    part = "90% of what is given to 91% of what is given"
    assert of_cost[0] == ["Present cost", part, f"{100 * share:.1f}%"]


def test_nothing_to_sweep_is_a_sentence_too():
    for view in (show.partnership, show.any_partner, show.picture):
        assert view(None)._repr_html_() == f'<p class="absent">{show.NOTHING}.</p>'


def test_a_share_of_none_or_all_is_said_as_such():
    worked = findings("worked-example")
    for share, said in ((0.0, "In none of"), (1.0, "In every one of")):
        found = worked.fails[PARTNERSHIP]._replace(share=share, conditions=[])
        changed = replace(worked, fails={PARTNERSHIP: found})
        assert str(show.partnership(changed)).startswith(f"**{said} 5,000 futures")


@pytest.mark.parametrize("case", DAILY)
@pytest.mark.parametrize("of", KINDS)
def test_the_picture_has_a_row_an_input_and_outlines_the_conditions(case, of):
    found = findings(case).fails[of]
    drawn = show.picture(findings(case), of)
    bars = [trace for trace in drawn.figure.data if trace.type == "bar"]
    assert len(bars) == (len(found.conditions) or 3)
    levels = sum(max(1, len(kept.levels)) for kept in found.conditions)
    assert len(drawn.figure.layout.shapes) == levels
    assert all(0 <= shape.x0 < shape.x1 <= 1.0001 for shape in drawn.figure.layout.shapes)
    assert "fails" not in drawn.title and drawn.description.endswith(".")


# on a cluster that is not there; tests on one that is are beside those of its reports


def test_a_scheduler_that_does_not_answer_is_refused_in_a_sentence(tmp_path, monkeypatch, capsys):
    from businesscase_workbench.batch import cluster

    monkeypatch.setattr(cluster, "SECONDS_TO_CONNECT", 1)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    arguments = ["sweep", "worked-example", "--output", str(tmp_path), "--scheduler", address]
    assert cli.main(arguments) == 1
    said = capsys.readouterr().err
    assert said.startswith(f"{address}: no Dask scheduler answers (") and said.count("\n") == 1
    assert list(tmp_path.rglob("*.parquet")) == []


def test_without_dask_a_scheduler_is_refused(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"^--scheduler needs Dask: pip install \.\[cluster\]$"):
        written(tmp_path, scheduler="tcp://127.0.0.1:1")


def test_choices_name_parameters_that_exist():
    from businesscase.cases.parameters import Parameters

    assert {name for names in CHOICES.values() for name in names} <= set(Parameters.model_fields)


def test_a_table_has_no_column_twice(some):
    found, futures = some
    table = sweep.as_table(found, study_sweep.Futures({k: v[:5] for k, v in futures.columns.items()}, futures.worth[:5]))  # fmt: skip
    assert table.columns.is_unique
    assert isinstance(table, pd.DataFrame)
