"""What a changed study takes over from another is what it would compute itself."""

import pickle
from dataclasses import fields, is_dataclass, replace
from functools import cache

import numpy as np
import pandas as pd
import pytest
from pandas.testing import assert_frame_equal, assert_series_equal
from small import flow, small_case

from businesscase.calculations import durations, robustness
from businesscase.cases import assurance
from businesscase.cases.case import BASE, case_names, load_case
from businesscase.cases.errors import InputError
from businesscase.cases.parameters import Parameters
from businesscase.study import Study, decision, load_study, risks, uncertainty, verdicts
from businesscase.study.core import Inputs, Part
from businesscase.study.derived import Memory, changed_rows, derived, derived_by

EXACT = {"rtol": 1e-12, "atol": 1e-9}
# settings without which others move nothing, as far as a case allows them
BUSY = {
    "cost_apportionment": "equal",
    "saving_apportionment": "equal",
    "optimism_bias": "applied",
    "capital_funding": "borrowing",
    "realisation": 0.9,
    "overrun": 0.1,
    "delay_years": 0.5,
}


@pytest.fixture(autouse=True, scope="module")
def few_draws(own_studies):
    """Draw little and try little: what is kept is the same."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(durations, "affordable_networks", lambda tasks, runs=1: 50)
        patched.setattr(robustness, "DRAWS", 200)
        for module in (uncertainty, risks, verdicts):
            patched.setattr(module, "CHUNK", 64)
        for module in (uncertainty, risks):
            patched.setattr(module, "CHUNKS", 2)
        patched.setattr(uncertainty, "SHARES_DRAWS", 8)
        patched.setattr(decision, "TRIED", 3)
        patched.setattr(decision, "HALVINGS", 1)
        yield


def other_values(study):
    """Return, by parameter, changes that give it another value; empty where a case has nothing."""
    tables, file = study.tables, study.case.file
    partner = study.partners[-1]

    def first(stem, column, make):
        values = [value for value in tables[stem][column] if value not in ("", study.option)]
        return make(values[0]) if values else {}

    def named(parameter, stem, column, value):
        return first(stem, column, lambda name: {parameter: {str(name): value}})

    leaving = {"leaves": {partner: file.decision_year + 2}}
    joining = {"joins": {partner: file.decision_year + 1}}
    readiness = first("readiness", "area", lambda area: {area: {partner: 1.0}})
    scores = first("factors", "factor", lambda factor: {"a": {factor: 1.0}})
    words = tables["risk_levels"]["level"]
    numbers = {
        "realisation": 0.8, "delay_years": 1.25, "overrun": 0.25, "running_cost_change": 0.1,
        "discount_rate": 0.06, "phase_in_years": 2, "baseline_cost_change": 0.1,
        "pay_inflation": 0.05, "price_inflation": 0.06, "borrowing_rate": 0.08,
        "asset_life_years": 4, "appetite": 3, "likelihood_shift": 1, "duration_change": 0.2,
        "own_year_weight": 3.0, "horizon_years": file.last_year - file.decision_year - 1,
    }  # fmt: skip
    choices = {
        "cost_apportionment": "revenue_budget", "saving_apportionment": "revenue_budget",
        "no_detriment": "by_year", "realisation_from": "reference_class",
        "risk_responses": "none", "calendar": "england", "report_date": f"{file.last_year}-03-31",
        "optimism_bias": "none" if study.parameters.optimism_bias == "applied" else "applied",
        "capital_funding": "reserves", "cost_mix": {"equal": 1.0, "users": 2.0},
        "saving_mix": {"equal": 1.0, "users": 2.0}, "user_growth": {partner: 0.05},
    }  # fmt: skip
    found = {name: {name: value} for name, value in {**numbers, **choices}.items()}
    return found | {
        "option": first("options", "option", lambda letter: {"option": letter}),
        "joins": joining,
        "leaves": leaving,
        "leaver_share": leaving
        | {"stranded_fraction": 0.4, "leaver_months": 12, "leaver_share": 0.5},
        "leaver_months": leaving
        | {"stranded_fraction": 0.4, "leaver_share": 0.5, "leaver_months": 6},
        "leaver_cap": leaving | {"stranded_fraction": 0.4, "notice_years": 1, "leaver_cap": 5000.0},
        "entry_fee": joining | {"entry_fee": 9000.0},
        "ends_on": {"ends_on": f"{file.decision_year + 1}-10-01"},
        "stranded_fraction": leaving | {"stranded_fraction": 0.4},
        "notice_years": leaving | {"stranded_fraction": 0.4, "notice_years": 1},
        "exit_charge": leaving | {"exit_charge": 9000.0},
        "weights": named("weights", "factors", "factor", 3.0),
        "scores": {"scores": scores} if scores else {},
        "risk_positions": named("risk_positions", "risks", "risk", {"likelihood": words.iloc[0]})
        if len(words)
        else {},
        "extra_days": named("extra_days", "tasks", "task", 15.0),
        "readiness_scores": {"readiness_scores": readiness} if readiness else {},
    }


def fresh(case, parameters=None):
    """Return a study of a case of which nothing is known."""
    case = replace(load_case(case))
    return Study(case, BASE, parameters or case.scenarios[BASE].parameters)


@cache
def known(case):
    """Return a study under as many settings as its case allows, everything computed that is shown."""
    study = fresh(case)
    partner = study.partners[-1]
    leaving = {"leaves": {partner: study.years[1] + 1}, "stranded_fraction": 0.2}
    for changes in ({name: value} for name, value in BUSY.items()):
        study = moved(study, changes) or study
    study = moved(study, leaving) or study
    _ = study.results, study.assurance.requirements
    return study


def moved(study, changes):
    """Return the study moved, None where the case refuses the changes or they change nothing."""
    try:
        other = study.moved(changes)
    except InputError:
        return None
    return None if other is study else other


def taken_over(study):
    """Yield, of a study of which nothing was asked, each result that it would take over."""
    for part in study.parts:
        for key in part.memory.known():
            if found := part.memory.found(key):
                yield part, key, found.value


def computed(study, part, key):
    """Return a result of the same part of another study."""
    other = getattr(study, part.name)
    if isinstance(key, str):
        return getattr(other, key)
    name, *arguments = key
    return getattr(other, name)(*arguments)


EXAMPLE = "worked-example"  # which has rows in every table
SAMPLE = ("discount_rate", "likelihood_shift")


def tried():
    """Yield cases and parameters: every one of the example, a third of any other, few of them daily."""
    for at, case in enumerate(case_names()):
        for number, parameter in enumerate(Parameters.model_fields):
            if case == EXAMPLE or (at + number) % 3 == 0:
                is_daily = case == EXAMPLE and parameter in SAMPLE
                yield pytest.param(case, parameter, marks=() if is_daily else pytest.mark.long)


@pytest.mark.parametrize(("case", "parameter"), list(tried()))
def test_what_a_change_of_a_parameter_leaves_alone_is_what_it_would_come_to(case, parameter):
    study = known(case)
    changed = moved(study, changes) if (changes := other_values(study)[parameter]) else None
    if changed is None:
        return  # the case has nothing that it moves
    anew = fresh(case, changed.parameters)
    compared = 0
    for part, key, value in taken_over(changed):
        assert_same(value, computed(anew, part, key), f"{part.name}.{key}")
        compared += 1
    assert compared


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, marks=pytest.mark.long) for case in ("worked-example", "lictp-2020")],
)
def test_what_moved_figures_leave_alone_is_what_it_would_come_to(case):
    study = known(case)
    inputs = assurance.assumed_inputs(study.tables)
    for row in inputs[inputs["stays"] == ""].itertuples():
        tables = assurance.moved(study.tables, row.table, row.item, 1.2)
        changed = study.with_tables(tables)
        anew = Study(changed.case, BASE, study.parameters)
        for part, key, value in taken_over(changed):
            assert_same(
                value, computed(anew, part, key), f"{row.table}, {row.item}: {part.name}.{key}"
            )


# the descriptor


class Sums(Part):
    """A part that counts how often it computes."""

    name = "sums"

    def __init__(self, inputs):
        super().__init__(inputs)
        self.asked = []

    @derived
    def realised(self):
        self.asked.append("realised")
        return self.parameters.realisation * self.planned("saving")

    @derived_by
    def planned(self, flow):
        self.asked.append(flow)
        return self.tables.rows("flows", flow=flow)["amount_gbp"].sum()


def sums(flows, realisation=0.5, earlier=None, changed=()):
    case = small_case(flows=flows)
    part = Sums(Inputs(case, Parameters(realisation=realisation), None, None, None))
    if earlier:
        part.memory = Memory(earlier.memory, frozenset(changed))
    return part


FLOWS = [flow("desk", "saving", 100), flow("moving", "one_off_cost", 40)]


def test_a_result_is_computed_once_and_again_only_if_what_it_read_changes():
    first = sums(FLOWS)
    assert (first.realised, first.realised) == (50, 50)
    assert first.asked == ["realised", "saving"]
    same = sums(FLOWS, earlier=first, changed=["overrun"])
    assert (same.realised, same.asked) == (50, [])
    less = sums(FLOWS, realisation=0.4, earlier=first, changed=["realisation"])
    assert (less.realised, less.asked) == (40, ["realised"])


def test_a_result_of_rows_is_kept_if_other_rows_change():
    first = sums(FLOWS)
    assert (first.realised, first.planned("one_off_cost")) == (50, 40)
    tables = small_case(flows=[FLOWS[0], flow("moving", "one_off_cost", 60)]).tables["flows"]
    read = list(changed_rows("flows", first.tables["flows"], tables))
    later = sums([FLOWS[0], flow("moving", "one_off_cost", 60)], earlier=first, changed=read)
    assert (later.realised, later.planned("one_off_cost"), later.asked) == (
        50,
        60,
        ["one_off_cost"],
    )


def test_a_result_of_rows_is_computed_again_if_another_row_may_have_joined_them():
    first = sums(FLOWS)
    _ = first.realised
    joined = [FLOWS[0], flow("moving", "saving", 40)]
    read = list(
        changed_rows("flows", first.tables["flows"], small_case(flows=joined).tables["flows"])
    )
    assert sums(joined, earlier=first, changed=read).realised == 70


def test_a_derived_result_cannot_be_set_in_its_place():
    part = sums(FLOWS)
    with pytest.raises(AttributeError, match="realised is computed from what it reads"):
        part.realised = 7
    vars(part)["realised"] = 7  # nor by way of its dictionary
    assert part.realised == 50


def test_tables_of_another_shape_are_refused():
    study = Study.of(small_case(flows=FLOWS), BASE)
    with pytest.raises(ValueError, match="flows has other rows or columns"):
        study.with_tables({"flows": study.tables["flows"].iloc[:1]})


def test_a_study_can_be_sent_to_another_process():
    study = Study.of(small_case(flows=FLOWS), BASE)
    there = pickle.loads(pickle.dumps(study.varied(realisation=0.5)))
    assert there.savings.net_flows.loc["North"].tolist() == [10] * 5


def test_a_study_tells_itself_in_a_line():
    study = Study.of(small_case(flows=FLOWS), BASE).varied(realisation=0.5)
    assert (repr(study), repr(study.savings)) == (
        "Study(small, base, realisation=0.5)",
        "<savings of small>",
    )


def assert_same(one, other, path):
    """Assert that two results are the same, tables and arrays but for rounding."""
    assert type(one) is type(other), path
    if isinstance(one, pd.DataFrame):
        assert_frame_equal(one, other, obj=path, **EXACT)
    elif isinstance(one, pd.Series):
        assert_series_equal(one, other, obj=path, **EXACT)
    elif isinstance(one, np.ndarray) and one.dtype.kind == "M":  # days
        np.testing.assert_array_equal(one, other, err_msg=path)
    elif isinstance(one, np.ndarray | float):
        np.testing.assert_allclose(one, other, err_msg=path, **EXACT)
    elif isinstance(one, dict):
        assert list(one) == list(other), path
        for key in one:
            assert_same(one[key], other[key], f"{path}[{key!r}]")
    elif isinstance(one, list | tuple):
        assert len(one) == len(other), path
        for number, (mine, its) in enumerate(zip(one, other, strict=True)):
            assert_same(mine, its, f"{path}[{number}]")
    elif is_dataclass(one):
        for field in fields(one):
            assert_same(
                *(getattr(each, field.name) for each in (one, other)), f"{path}.{field.name}"
            )
    else:
        assert one == other, path


def test_what_a_reader_writes_into_a_frame_stays_out_of_the_study():
    study = load_study("mkip-2012")
    before = study.savings.net_present_values
    net, worths, lines = (
        study.savings.net_flows,
        study.savings.net_present_values,
        study.tables["flows"],
    )
    net.loc["all"] = net.sum()
    worths["Swale"] = 0.0
    lines["amount_gbp"] = 0.0
    assert list(study.savings.net_flows.index) == study.partners
    assert study.savings.net_present_values.equals(before)
    assert study.tables["flows"]["amount_gbp"].sum() > 0
    assert study.varied(delay_years=1).savings.net_flows.loc["Swale", 2016] == pytest.approx(96_250)
