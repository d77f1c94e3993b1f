"""The log of assumptions: every input once, numbered, with its effect on the answer."""

import hashlib
import re
from dataclasses import replace

import pytest
from conftest import ROOT, daily_of
from pytest import approx

from businesscase.calculations.apportionment import ALL
from businesscase.cases.schema import SECTION_TABLES
from businesscase.shown.log import assumptions_log
from businesscase.study import Study, load_study

EXAMPLE, MKIP, LICTP = "worked-example", "mkip-2012", "lictp-2020"
CASES = [EXAMPLE, MKIP, LICTP, "durham-sunderland-2014", "dacorum-avdc-2012", "allerdale-carlisle-2008"]  # fmt: skip


def log_of(case, **changes):
    return assumptions_log(load_study(case, **changes)).frame


def of_table(frame, table):
    return frame[frame["table"] == table].reset_index(drop=True)


@pytest.mark.parametrize("case", daily_of(CASES, "worked-example"))
def test_every_row_of_every_table_stands_in_it_once(case):
    study = load_study(case)
    stems = {stem for section in study.case.section_names() for stem in SECTION_TABLES[section]}
    stems |= {
        "partners",
        "options",
        "work_packages",
        "events",
        "objectives",
        "governance_precedents",
    }
    stems |= {"assurance_standards"}
    frame = log_of(case)
    counts = {
        stem: len(study.tables[stem]) for stem in {*stems, "flows"} if len(study.tables[stem])
    }
    found = frame["table"].str.replace(" ", "_").value_counts().to_dict()
    assert found == counts


@pytest.mark.parametrize("case", CASES)
def test_no_cell_is_blank_and_no_date_has_a_time(case):
    frame = log_of(case)
    assert not (frame == "").any().any()
    assert not frame.isna().any().any()
    html = assumptions_log(load_study(case))._repr_html_()
    assert "00:00" not in html and ">nan<" not in html


def test_numbers_run_on_and_are_the_same_in_every_scenario():
    frame = log_of(EXAMPLE)
    assert frame["number"].tolist() == [f"A{number}" for number in range(1, len(frame) + 1)]
    other = log_of(EXAMPLE, scenario="as-others-fared")
    assert other["number"].tolist() == frame["number"].tolist()
    assert other["what"].tolist() == frame["what"].tolist()


def test_the_caption_counts_inputs_by_quality():
    caption = assumptions_log(load_study(MKIP)).caption
    counts = [int(number) for number in re.findall(r"\d+", caption)]
    assert re.fullmatch(r"\d+ inputs: \d+ published, \d+ derived, \d+ assumed", caption)
    assert counts[0] == sum(counts[1:]) == len(log_of(MKIP))


def test_tables_stand_in_the_order_of_the_chapters():
    tables = list(dict.fromkeys(log_of(EXAMPLE)["table"]))
    order = ["drivers", "service costs", "scores", "flows", "risks", "tasks", "readiness", "gates"]
    assert [table for table in tables if table in order] == order


def test_a_table_that_serves_two_chapters_says_so():
    row = of_table(log_of(EXAMPLE), "drivers").iloc[0]
    assert row["effect"] == "Feeds Baseline; Financial implications"


def pounds_of(text):
    """Return what more of a line adds to the net present value, as its effect says [£]."""
    does, amount, unit = re.search(r"(adds|takes) £([\d.,]+)(m?)( off)?$", text).groups()[:3]
    value = float(amount.replace(",", "")) * (1e6 if unit else 1)
    return value if does == "adds" else -value


def test_a_tenth_more_of_a_line_does_what_the_log_says():
    study = load_study(MKIP)
    row = of_table(log_of(MKIP), "flows").iloc[0]
    line = study.tables["flows"]["line"].iloc[0]
    flows = study.tables["flows"].copy()
    mine = (flows["line"] == line) & (flows["option"] == study.option)
    flows.loc[mine, "amount_gbp"] *= 1.1
    raised = Study.of(replace(study.case, tables=study.tables | {"flows": flows}), "base")
    change = raised.savings.net_present_values.sum() - study.savings.net_present_values.sum()
    assert change > 0
    assert pounds_of(row["effect"]) == approx(change, rel=0.005)  # of three figures


def test_tenths_of_all_lines_add_up_to_a_tenth_of_the_worth():
    frame = of_table(log_of(EXAMPLE), "flows")
    study = load_study(EXAMPLE)
    lines = study.tables["flows"].reset_index(drop=True)
    own = lines["option"] == study.option
    once = frame[own & ~lines.duplicated(["option", "flow", "line"])]
    total = sum(pounds_of(effect) for effect in once["effect"])
    worth = study.savings.appraisal.at[ALL, "net_present_value"] + study.risks.response_cost
    assert total == approx(0.1 * worth, rel=0.005)


def test_a_line_of_another_option_says_which_option_is_appraised():
    frame = of_table(log_of(EXAMPLE), "flows")
    other = frame[frame["what"].str.startswith("option b")]["effect"]
    assert set(other) == {"Of option b; option a is appraised here"}


def test_a_sensitivity_gives_the_worth_at_both_ends():
    frame = of_table(log_of(EXAMPLE), "sensitivities").set_index("what")
    low = load_study(EXAMPLE, realisation=0.33).savings.appraisal.at[ALL, "net_present_value"]
    assert f"£{round(low, -3):,.0f} at the low" in frame.at["realisation", "effect"]
    assert frame.at["realisation", "value"] == "low 0.33, high 1"


def test_a_weight_gives_the_share_at_which_another_option_comes_first():
    factors = of_table(log_of(EXAMPLE), "factors").set_index("what")
    assert factors.at["Deliverability", "effect"] == (
        "Option c comes first at 47.4% of the weight (now 16.3%)"
    )
    assert (
        factors.at["Cost", "effect"] == "No weight of this factor changes which option comes first"
    )


def test_a_score_turns_the_ranking_where_the_log_says_and_not_before():
    stated = load_study(EXAMPLE).tables["factors"].set_index("factor")["weight"]
    weights = {**(0.2 * stated).to_dict(), "Control": 100.0}  # near where the lead changes hands
    study = load_study(EXAMPLE, weights=weights)
    frame = of_table(assumptions_log(study).frame, "scores")
    turning = frame[frame["effect"].str.contains("comes first")]
    turning = turning[~turning["effect"].str.startswith("No score")]
    assert len(turning)
    index = turning.index[0]
    at = float(re.search(r"score of ([\d.]+)$", turning.at[index, "effect"])[1])
    winner = study.options.ranking["option"].iloc[0]
    falls = "below" in turning.at[index, "effect"]
    for nudge, same in ((-0.02 if falls else 0.02, False), (0.02 if falls else -0.02, True)):
        scores = study.tables["scores"].copy().reset_index(drop=True)
        scores.loc[index, "score"] = at + nudge
        case = replace(study.case, tables=study.tables | {"scores": scores})
        moved = Study(case, "base", study.parameters)
        assert (moved.options.ranking["option"].iloc[0] == winner) is same


def test_risks_tasks_and_criteria_say_where_they_stand():
    frame = log_of(EXAMPLE)
    study = load_study(EXAMPLE)
    risks = of_table(frame, "risks")["effect"]
    assert risks.str.contains("above appetite").sum() == study.risks.above_appetite == 1
    tasks = of_table(frame, "tasks")["effect"]
    assert (tasks == "Critical: no float").sum() == study.plan.schedule["critical"].sum()
    gates = of_table(frame, "gates").set_index("what")
    assert gates.at["value for money", "effect"] == "Met; found £2.07m"
    assert gates.at["value for money", "value"] == "at least £0"
    assert gates.at["partners ready", "effect"].startswith("Not met: condition; found 1")


def test_readiness_says_how_far_apart_the_partners_stand():
    frame = of_table(log_of("durham-sunderland-2014"), "readiness").set_index("what")
    assert frame.at["pace of change, Durham", "effect"].endswith("beyond the 1 allowed")


def test_one_off_cost_of_a_case_without_saving_is_in_the_log_too():
    frame = of_table(log_of("durham-sunderland-2014"), "flows")
    assert frame["effect"].tolist() == ["Line worth -£50,000; 10% more takes £5,000 off"]


def test_hostile_text_stays_text():
    study = load_study(MKIP)
    gates = study.tables["gates"].assign(note="<script>alert(1)</script>")
    hostile = Study.of(replace(study.case, tables=study.tables | {"gates": gates}), "base")
    html = assumptions_log(hostile)._repr_html_()
    assert "<script>" not in html and "&lt;script&gt;" in html


def test_each_row_leads_to_its_line_of_the_file_and_to_the_fingerprint_of_that():
    rows = of_table(log_of(EXAMPLE), "flows")
    content = (ROOT / "data" / EXAMPLE / "flows.csv").read_bytes()
    digest = hashlib.sha256(content).hexdigest()[:8]
    lines = content.decode().splitlines()
    for place, note in zip(rows["place"], rows["note"], strict=True):
        name, line, found = re.fullmatch(r"(.+) line (\d+) \((.+)\)", place).groups()
        assert (name, found) == ("flows.csv", digest)
        assert note.replace('"', '""') in lines[int(line) - 1] or note in lines[int(line) - 1]


def test_a_row_of_all_cases_leads_to_the_file_of_all_cases():
    log = of_table(log_of(EXAMPLE), "sensitivities")
    for_all, own = (
        hashlib.sha256((ROOT / "data" / folder / "sensitivities.csv").read_bytes()).hexdigest()[:8]
        for folder in (".", EXAMPLE)
    )
    digests = log["place"].str.extract(r"\((.+)\)")[0].tolist()
    assert set(digests) == {for_all, own} and digests == sorted(digests, key=[for_all, own].index)


def test_an_assumed_row_names_who_answers_for_it():
    log = log_of(EXAMPLE)
    assert log.loc[log["table"] == "drivers", "standing"].unique().tolist() == [
        "assumed; head of ICT, Westerfold"
    ]
    assert set(log_of(MKIP)["standing"]) == {"published", "derived", "assumed"}  # nobody is named
