"""Draft resolutions and implications: what stands for a verdict, in which words, and what is refused."""

from itertools import combinations

import pytest
from conftest import inputs
from hypothesis import given, settings
from hypothesis import strategies as st
from small import flow, small_case, small_study

from businesscase.calculations.decision import CONDITIONAL, FROM_WORST, GO, NOT_READY, STOP
from businesscase.calculations.resolutions import (
    GOING_ON,
    PLACES,
    SUBJECTS,
    filled,
    misplaced,
    missing_subjects,
    unfilled,
)
from businesscase.calculations.wording import listed
from businesscase.cases.case import case_names, load_case
from businesscase.cases.errors import InputError
from businesscase.study import Study, load_study
from businesscase_workbench.report.content import Kept, _facts

ON = "go, go with conditions"
NAMES = ", ".join(PLACES)
MONEY = [
    flow("Move", "one_off_cost", 30_000, (2024, 2024), category="move", partner="North"),
    flow("Move", "one_off_cost", 10_000, (2024, 2024), category="move", partner="South"),
    flow("Posts", "saving", 20_000, (2025, 2028), partner="North"),
]
GATE = {"criterion": "worth it", "threshold": "0"}
OPTIONS = [{"option": "a", "name": "One service", "description": "Shared."}]


def row(resolution, verdicts=ON, **cells):
    """Return a row of resolutions.csv as text."""
    return {"resolution": resolution, "verdicts": verdicts, **cells}


def study_of(*rows, **tables):
    """Return the study of two councils that may go, with these resolutions."""
    given = {"flows": MONEY, "gates": [GATE], "options": OPTIONS, **tables}
    return small_study(resolutions=rows, **given)


def texts(study):
    return study.resolutions.resolutions["resolution"].to_dict()


def written(**texts):
    """Return rows of implications.csv as text, on every required subject but for those given."""
    told = dict.fromkeys(SUBJECTS, "None.") | texts
    return [{"subject": subject, "text": text} for subject, text in told.items()]


# words and amounts


def test_amounts_stand_in_their_places_in_the_order_of_the_file():
    study = study_of(
        row("That {partners} approve {option} at {one_off_cost}"),
        row("That Cabinet stop", STOP),
        row("That {average_annual_saving} a year be noted"),
    )
    # 30,000 + 10,000 once; 20,000 in each of four years
    assert texts(study) == {
        1: "That North and South approve option a, One service at £40,000",
        2: "That £20,000 a year be noted",
    }


def test_a_council_s_own_resolution_has_its_own_amounts():
    study = study_of(
        row("That {one_off_cost} be approved", partner="South"),
        row("That {one_off_cost} be approved"),
    )
    assert study.resolutions.resolutions[["partner", "resolution"]].to_numpy().tolist() == [
        ["South", "That £10,000 be approved"],
        ["all", "That £40,000 be approved"],
    ]


def test_amounts_are_those_that_the_results_have():
    study = load_study("mkip-2012")
    amounts, found = study.resolutions.amounts("Swale"), study.decision.result
    assert amounts["one_off_cost"] == "£100,000"
    assert found("savings", "peak_funding", "Swale")[0] == 56_250
    assert amounts["peak_funding"] == "£56,250"
    saved = found("savings", "average_annual_saving", "Swale")[0]
    assert amounts["average_annual_saving"] == f"£{round(saved, -3):,.0f}"
    assert study.resolutions.amounts("all")["average_annual_saving"] == "£371,000"


def test_amounts_follow_a_change_and_the_words_stay():
    study = study_of(row("That {one_off_cost} be approved")).varied(overrun=0.5)
    assert texts(study) == {1: "That £60,000 be approved"}


def test_nothing_that_is_put_in_is_searched_for_places_again():
    amounts = {"option": "option a, {one_off_cost}", "one_off_cost": "£5"}
    assert filled("{option}", amounts) == "option a, {one_off_cost}"


@pytest.mark.parametrize("tables", [{"flows": []}, {"options": []}], ids=["no money", "no option"])
def test_a_resolution_whose_amount_is_not_known_is_left_out_and_named(tables):
    place = "one_off_cost" if "flows" in tables else "option"
    gates = [{**GATE, "if_not_met": "condition"}]
    given = {"gates": gates, "flows": MONEY, "options": OPTIONS, **tables}
    verdict = Study.of(small_case(**given), "base").decision.recommendation
    study = study_of(row(f"That {{{place}}} be noted", verdict), **given)
    assert texts(study) == {}
    left_out = [f for f in study.findings if f.startswith("resolutions.csv")]
    assert left_out == [
        f"resolutions.csv: left out 'That {{{place}}} be noted', as {place} is nil or not known"
    ]


def test_no_blank_is_filled_with_nil():
    flows = [flow("Posts", "saving", 20_000, (2025, 2028)), *MONEY[:1]]
    study = study_of(row("That {one_off_cost} be approved", partner="South"), flows=flows)
    assert study.savings.committed_cost.get("South", 0.0) == 0
    assert texts(study) == {}
    assert any(
        said.endswith("one_off_cost is nil or not known for South") for said in study.findings
    )


def test_open_actions_are_counted_and_none_leaves_the_resolution_out():
    gates = [GATE, {"criterion": "rich", "threshold": "9000000", "if_not_met": "condition"}]
    action = {"criterion": "rich", "action": "Save more", "owner": "Board", "by_when": "2024-07-01", "evidence": "Books", "if_missed": "Stop"}  # fmt: skip
    draft = row("That it be subject to {conditions}, to be complete by {actions_due}")
    study = study_of(draft, gates=gates, conditions=[action])
    assert study.decision.recommendation == CONDITIONAL
    assert texts(study) == {1: "That it be subject to 1 action, to be complete by 1 July 2024"}
    assert unfilled(draft["resolution"], study_of(draft).resolutions.amounts("all")) == [
        "conditions",
        "actions_due",
    ]


# verdicts


ALLOWED = [
    ", ".join(words)
    for kind in ([GO, CONDITIONAL], [NOT_READY, STOP])
    for count in (1, 2)
    for words in combinations(kind, count)
]
ALL_WORDS = [
    ", ".join(words)
    for count in range(1, len(FROM_WORST) + 1)
    for words in combinations(FROM_WORST, count)
]


@pytest.mark.parametrize("cell", ALL_WORDS)
def test_a_resolution_on_going_on_never_stands_beside_one_on_stopping(cell):
    same = [named for named in ALLOWED if set(named.split(", ")) == set(cell.split(", "))]
    if same:
        assert len(small_case(resolutions=[row("That it be so", cell)]).tables["resolutions"]) == 1
    else:
        with pytest.raises(
            InputError, match="as no resolution stands both for going on and for not"
        ):
            small_case(resolutions=[row("That it be so", cell)])


@settings(max_examples=inputs(10, 100))
@given(st.sampled_from(FROM_WORST), st.lists(st.sampled_from(ALLOWED), min_size=1, max_size=4, unique=True))  # fmt: skip
def test_only_what_names_the_verdict_stands_for_it(verdict, cells):
    threshold, consequence = {
        GO: ("0", "stop"), CONDITIONAL: ("0", "stop"), STOP: ("9000000", "stop"), NOT_READY: ("0", "stop"),
    }[verdict]  # fmt: skip
    gates = [{**GATE, "threshold": threshold, "if_not_met": consequence}]
    if verdict == CONDITIONAL:
        gates.append({"criterion": "rich", "threshold": "9000000", "if_not_met": "condition"})
    if verdict == NOT_READY:
        gates[0] |= {"section": "risks", "measure": "risks_above_appetite", "comparison": "at_most"}
    rows = [row(f"That {place} be so", cell) for place, cell in enumerate(cells)]
    study = study_of(*rows, gates=gates)
    assert study.decision.recommendation == verdict
    found = study.resolutions.resolutions
    assert list(found["verdicts"]) == [cell for cell in cells if verdict in cell.split(", ")]
    going_on = [set(cell.split(", ")) <= set(GOING_ON) for cell in found["verdicts"]]
    assert all(told is (verdict in GOING_ON) for told in going_on)
    assert list(found.index) == list(range(1, len(found) + 1))


@pytest.mark.parametrize("name", case_names())
def test_every_shipped_case_has_a_resolution_for_each_of_its_verdicts(name):
    for scenario in load_case(name).scenarios:
        study = load_study(name, scenario)
        verdict = study.decision.recommendation
        assert len(study.resolutions.resolutions) and study.resolutions.left_out.empty
        for said in study.resolutions.resolutions["resolution"]:
            assert said.startswith("That ") and not misplaced(said) and "{" not in said
            assert verdict in GOING_ON or "approve" not in said
    rows = study.tables["resolutions"]
    assert {word for cell in rows["verdicts"] for word in cell.split(", ")} == set(FROM_WORST)


def test_a_verdict_without_a_resolution_is_a_finding_that_page_one_tells():
    said = "no resolution stands for the verdict 'go', so the cabinet has no words to pass"
    study = study_of(row("That Cabinet stop", STOP))
    assert f"resolutions.csv: {said}" in study.findings
    assert f"Resolutions: {said}." in dict(_facts(study, Kept({})))["Findings"]


# what is refused


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("{one_off_cost.real}", "'{one_off_cost.real}'"),
        ("{partners[0]}", "'{partners[0]}'"),
        ("{option!r}", "'{option!r}'"),
        ("{one_off_cost:,}", "'{one_off_cost:,}'"),
        ("{one_of_cost}", "'{one_of_cost}'"),
        ("{ option }", "'{ option }'"),
        ("{}", "'{}'"),
        ("{", "'{'"),
        ("option}", "'}'"),
        ("{{option}}", "'{' and '}'"),
        ("{a} and {b}", "'{a}' and '{b}'"),
    ],
)
def test_braces_that_hold_no_named_place_are_refused(text, found):
    expected = f"found {found}; in braces stand these names alone: {NAMES}"
    with pytest.raises(InputError) as refused:
        small_case(resolutions=[row("That it be so"), row(f"That {text}")])
    (fault,) = refused.value.faults
    assert str(fault).endswith(expected) and fault.startswith("resolutions row 2, column")


@pytest.mark.parametrize("cell", ["perhaps", "go, go", "go; stop", "Go", "go,", ","])
def test_other_words_than_the_verdicts_once_each_are_refused(cell):
    with pytest.raises(InputError, match="allowed are, separated by commas and each once"):
        small_case(resolutions=[row("That it be so", cell)])


def test_all_faults_of_the_resolutions_are_told_at_once():
    rows = [row("That {x}"), row("That it be so", "maybe"), row("That it be so", partner="West")]
    with pytest.raises(InputError) as refused:
        small_case(resolutions=rows[:2])
    assert len(refused.value.faults) == 2
    with pytest.raises(InputError, match="partner 'West' is unknown"):
        small_case(resolutions=rows[2:])


def test_an_unknown_date_and_a_subject_twice_are_refused():
    with pytest.raises(InputError, match="a date such as 2026-04-01"):
        small_case(implications=[{"subject": "equality", "by_when": "soon"}])
    with pytest.raises(InputError, match="equality stands here twice"):
        small_case(implications=[{"subject": "equality"}, {"subject": "equality"}])


# implications


def test_what_is_blank_or_has_no_row_is_named_and_never_invented():
    rows = [told for told in written(equality="") if told["subject"] != "environment"]
    study = study_of(row("That it be so"), implications=rows)
    assert study.resolutions.missing_implications == ["equality", "environment"]
    assert study.findings == ["implications.csv: nothing is written on equality and environment"]
    found = study.resolutions.implications["text"]
    assert (
        found["equality"] == "" and found.isna()["environment"] and found["procurement"] == "None."
    )


def test_a_subject_of_one_s_own_is_asked_for_too_once_it_has_a_row():
    rows = written(**{"community safety": ""})
    study = study_of(row("That it be so"), implications=rows)
    assert study.resolutions.missing_implications == ["community safety"]
    assert missing_subjects({"EQUALITY": "None."}) == [
        name for name in SUBJECTS if name != "equality"
    ]


def test_a_case_without_the_table_has_one_finding_of_it():
    study = study_of(row("That it be so"))
    assert study.findings == [f"implications.csv: nothing is written on {listed(SUBJECTS)}"]
    assert study.resolutions.implications.empty
