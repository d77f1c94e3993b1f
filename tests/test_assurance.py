"""Assurance: what an assured analysis must show, and how far its answer rests on assumed figures."""

import datetime as dt
import json
import re
from dataclasses import replace

import nbformat
import pandas as pd
import pytest
from conftest import daily_of
from pytest import approx
from small import flow, small_study

from businesscase.cases import assurance
from businesscase.cases.case import load_case
from businesscase.cases.errors import InputError
from businesscase.cases.schema import FIGURE_TABLES, TABLES, WORKED_ROW
from businesscase.shown import assurance as show
from businesscase.study import Study, load_study
from businesscase_workbench import cli
from businesscase_workbench.report.content import Prose, comparison_of
from businesscase_workbench.starter import starter_case

EXAMPLE, MKIP, LICTP, DURHAM = "worked-example", "mkip-2012", "lictp-2020", "durham-sunderland-2014"
CASES = [EXAMPLE, MKIP, LICTP, DURHAM, "allerdale-carlisle-2008", "dacorum-avdc-2012"]
DATA_DATE, DECISION_DATE = pd.Timestamp("2026-01-31"), pd.Timestamp("2026-03-12")

# requirements on small tables

LINE = {"line": "Platform", "status": "assumed", "source": "quotes", "note": "two quotations"}
DESK = {"line": "Desk", "status": "published", "source": "quotes", "note": ""}
OWNED = {"table": "flows", "item": "", "owner": "head of ICT", "date": DATA_DATE, "quality": "low"}
DECIDED = {"date": DATA_DATE, "decision": "Count staff time", "decided_by": "board"}
RECEIVED = {"table": "flows", "source": "quotes", "sunset": DECISION_DATE}
CHECKED = {"part": "savings", "analyst": "analyst", "checked_by": "audit", "date": DATA_DATE}


def small(**rows):
    """Return a case of one table of figures, fully assured but for what is replaced."""
    complete = {
        "flows": [LINE, DESK],
        "assumptions": [OWNED],
        "decisions": [DECIDED],
        "data_log": [RECEIVED],
        "quality_checks": [CHECKED],
    }
    return {
        stem: pd.DataFrame((complete | rows).get(stem, []), columns=list(model.model_fields))
        for stem, model in TABLES.items()
    }


def lacking(**rows):
    """Return what is missing, by requirement that is not met."""
    table = assurance.requirements(small(**rows), ["savings"], DATA_DATE, DECISION_DATE)
    assert table["met"].tolist() == [not names for names in table["missing"]]
    return dict(table.loc[~table["met"], ["requirement", "missing"]].itertuples(index=False))


def test_a_case_that_lacks_nothing_meets_every_requirement():
    table = assurance.requirements(small(), ["savings"], DATA_DATE, DECISION_DATE)
    assert table["met"].tolist() == [True] * 9
    assert lacking() == {}


def test_a_row_that_a_new_case_begins_with_is_never_assured():
    worked = LINE | {"source": WORKED_ROW}
    received = [RECEIVED, RECEIVED | {"source": WORKED_ROW}]
    assert lacking(flows=[LINE, worked, worked], data_log=received) == {
        assurance.REPLACED: ["flows (2)", "data_log (1)"]
    }


def test_a_decision_that_a_new_case_begins_with_is_a_worked_row():
    worked = starter_case("Ours", ["North", "South"], dt.date(2026, 3, 31)).tables["decisions"]
    decided = [DECIDED, DECIDED | {"reason": worked[0]["reason"]}]
    assert lacking(decisions=decided) == {assurance.REPLACED: ["decisions (1)"]}


@pytest.mark.parametrize(
    ("log", "entry", "who", "requirement"),
    [
        ("quality_checks", CHECKED, "checked_by", assurance.CHECKED),
        ("data_log", RECEIVED, "supplied_by", assurance.RECEIVED),
        ("decisions", DECIDED, "decided_by", assurance.DECIDED),
        ("assumptions", OWNED, "owner", assurance.OWNED),
    ],
)
def test_an_entry_by_somebody_to_be_named_counts_for_nothing(log, entry, who, requirement):
    assert requirement in lacking(**{log: [entry | {who: "To be  named (head of ICT)"}]})


def test_an_entry_dated_after_today_does_not_count_yet():
    def met(today):
        table = assurance.requirements(small(), ["savings"], DATA_DATE, DECISION_DATE, today)
        return dict(zip(table["requirement"], table["met"], strict=True))

    assert all(met(DATA_DATE).values())
    before = met(DATA_DATE - pd.Timedelta(days=1))
    late = (assurance.OWNED, assurance.DECIDED, assurance.CHECKED)
    assert not any(before[requirement] for requirement in late)


def test_an_assumed_figure_needs_an_owner_and_a_published_one_does_not():
    assert lacking(assumptions=[]) == {assurance.OWNED: ["flows"]}
    assert lacking(assumptions=[], flows=[DESK]) == {}


def test_an_owner_of_one_line_does_not_answer_for_another():
    of_line = OWNED | {"item": "Platform"}
    moving = LINE | {"line": "Moving"}
    assert lacking(assumptions=[of_line]) == {}
    assert lacking(assumptions=[of_line], flows=[LINE, moving]) == {
        assurance.OWNED: ["flows, Moving"]
    }


@pytest.mark.parametrize("owner", ["To be named: head of ICT", "to be named"])
def test_an_owner_who_is_still_to_be_named_is_nobody(owner):
    assert lacking(assumptions=[OWNED | {"owner": owner}]) == {assurance.OWNED: ["flows"]}


def test_a_derived_or_assumed_figure_needs_its_reasoning():
    for status in ("assumed", "derived"):
        bare = LINE | {"status": status, "note": "  "}
        assert lacking(flows=[bare]) == {assurance.REASONED: ["flows, Platform"]}


def test_at_least_one_decision_is_logged():
    assert lacking(decisions=[]) == {assurance.DECIDED: ["no decision is logged"]}


def test_every_source_of_a_table_is_in_the_data_log():
    other = DESK | {"source": "budget book"}
    assert lacking(flows=[LINE, other]) == {assurance.RECEIVED: ["flows from budget book"]}


@pytest.mark.parametrize(("days", "is_met"), [(-1, False), (0, True), (1, True)])
def test_figures_may_be_used_until_their_sunset(days, is_met):
    sunset = DECISION_DATE + pd.Timedelta(days=days)
    found = lacking(data_log=[RECEIVED | {"sunset": sunset}])
    missing = ["flows from quotes (sunset 2026-03-11)"]
    assert found == ({} if is_met else {assurance.CURRENT: missing})


def test_every_section_is_checked():
    table = assurance.requirements(small(), ["savings", "plan"], DATA_DATE, DECISION_DATE)
    assert table.set_index("requirement").at[assurance.CHECKED, "missing"] == ["plan"]


@pytest.mark.parametrize("name", ["audit", "AUDIT", " Audit ", "au dit", "audit\u00a0"])
def test_nobody_checks_their_own_work_however_the_name_is_written(name):
    own = CHECKED | {"analyst": "audit", "checked_by": name}
    assert lacking(quality_checks=[own]) == {assurance.INDEPENDENT: [f"savings by {name}"]}


def test_a_check_of_ones_own_work_counts_against_the_case_beside_a_check_by_another():
    own = CHECKED | {"checked_by": "Analyst"}
    assert list(lacking(quality_checks=[CHECKED, own])) == [assurance.INDEPENDENT]


def test_a_check_before_the_date_of_the_figures_saw_others_unless_a_later_one_follows():
    early = CHECKED | {"date": pd.Timestamp("2026-01-30"), "checked_by": "treasurer"}
    assert lacking(quality_checks=[early]) == {assurance.RECENT: ["savings on 2026-01-30"]}
    assert lacking(quality_checks=[early, CHECKED]) == {}


def test_an_empty_log_meets_nothing():
    assert list(lacking(data_log=[])) == [assurance.RECEIVED, assurance.CURRENT]
    assert list(lacking(quality_checks=[])) == [
        assurance.CHECKED,
        assurance.INDEPENDENT,
        assurance.RECENT,
    ]


def test_requirements_change_no_table():
    tables = small()
    before = {stem: table.copy() for stem, table in tables.items()}
    assurance.requirements(tables, ["savings"], DATA_DATE, DECISION_DATE)
    for stem, table in tables.items():
        pd.testing.assert_frame_equal(table, before[stem])


# figures moved


def moved(case, stem, factor, item=""):
    """Return a table of a case with its assumed figures multiplied."""
    return assurance.moved(load_case(case).tables, stem, item, factor)[stem]


def test_only_the_assumed_rows_of_one_line_move():
    flows = load_case(EXAMPLE).tables["flows"]
    up = moved(EXAMPLE, "flows", 1.2, "Shared platform")
    is_line = flows["line"] == "Shared platform"
    assert up.loc[is_line, "amount_gbp"].tolist() == [462_000.0, 462_000.0]
    pd.testing.assert_frame_equal(up[~is_line], flows[~is_line])
    costs = load_case(LICTP).tables["service_costs"]
    ratio = moved(LICTP, "service_costs", 1.2)["amount_gbp"] / costs["amount_gbp"]
    assert ratio[costs["status"] == "assumed"].tolist() == approx([1.2] * 4)
    assert ratio[costs["status"] != "assumed"].tolist() == [1.0, 1.0]


def test_a_readiness_score_stays_between_one_and_five():
    stated, down, up = (
        table["score"]
        for table in (
            load_case(EXAMPLE).tables["readiness"],
            moved(EXAMPLE, "readiness", 0.1),
            moved(EXAMPLE, "readiness", 10.0),
        )
    )
    assert stated.between(1, 5).all()
    assert set(down) == {1.0}
    assert set(up) == {5.0}


def test_a_score_of_an_option_stays_on_the_scale_of_its_factor():
    highest = load_case(EXAMPLE).tables["factors"]["highest_score"].iloc[0]
    assert moved(EXAMPLE, "scores", 100.0)["score"].max() == highest


def test_contributions_to_optimism_bias_still_add_up_to_one():
    up = moved(EXAMPLE, "mitigations", 1.2)
    assert up["contribution_fraction"].sum() == approx(1)
    assert not up.equals(load_case(EXAMPLE).tables["mitigations"])


def test_the_range_of_a_task_moves_with_it_and_alone_still_holds_its_duration():
    tables = load_case(EXAMPLE).tables
    days = tables["tasks"].set_index("task")["duration_days"]
    for factor in (0.8, 1.2):
        changed = assurance.moved(tables, "tasks", "", factor)
        longer = changed["tasks"].set_index("task")["duration_days"]
        assert (longer / days).dropna().tolist() == approx([factor] * (days > 0).sum())
        ranges = changed["task_ranges"]
        assert ranges["pessimistic_days"].tolist() == approx(
            list(tables["task_ranges"]["pessimistic_days"] * factor)
        )
        alone = assurance.moved(tables, "task_ranges", "", factor)["task_ranges"]
        planned = days.loc[alone["task"]].to_numpy()
        assert (alone["optimistic_days"] <= planned).all()
        assert (alone["pessimistic_days"] >= planned).all()


def test_counts_stay_whole():
    skills = load_case(EXAMPLE).tables["skills"]
    assert moved(EXAMPLE, "skills", 1.2)["people"].dtype == skills["people"].dtype


def test_what_has_only_words_or_must_tile_a_scale_is_not_moved_and_says_why():
    inputs = assurance.assumed_inputs(load_case(EXAMPLE).tables).set_index("table")
    assert inputs.at["lessons", "stays"] == "only words or dates, which have no size"
    assert inputs.at["risk_bands", "stays"] == "each score lies in one band"
    assert inputs.at["tasks", "stays"] == ""


# the answer


def test_a_line_that_is_wrong_moves_the_net_present_value_in_proportion():
    # a quarter of £385,000 in year 0 and all of it in years 1 to 9, at 3.5%
    present = 385_000 * (0.25 + sum(1.035**-year for year in range(1, 10)))
    study = load_study(EXAMPLE)
    now = study.savings.net_present_values.sum()
    row = study.assurance.assumed_moves.set_index("item").loc["Shared platform"]
    assert row["worth_low"] - now == approx(0.2 * present, abs=0.01)
    assert row["worth_high"] - now == approx(-0.2 * present, abs=0.01)
    assert row["effect"] == approx(605_041.86, abs=0.01)


def test_inputs_stand_in_the_order_of_their_effect():
    moves = load_study(EXAMPLE).assurance.assumed_moves
    assert moves["item"].head(4).tolist() == [
        "Three data centres",
        "Shared platform",
        "Fewer management and specialist posts",
        "Joint contracts and licences",
    ]
    assert moves["effect"].is_monotonic_decreasing


def test_what_turns_a_decision_is_told_at_the_end_that_turns_it():
    moves = load_study(LICTP).assurance.assumed_moves.set_index("table")
    # present cost a fifth lower: the new service costs more than the 2% that members allow
    present = moves[moves["item"] == "Present service continued"].iloc[0]
    assert "affordable" in present["turned"]
    assert (present["decision_low"], present["decision_high"]) == ("stop", "go with conditions")


def test_a_criterion_rests_on_an_assumed_input_whose_figure_it_finds():
    origins = load_study(EXAMPLE).assurance.output_origins.set_index("output")
    assert origins.at["partners ready", "rests_on"] == ["readiness_areas", "readiness"]
    assert set(origins.at["deadline likely", "rests_on"]) == {"tasks", "task_ranges", "gates"}
    counts = ["published", "derived", "assumed"]
    areas, scores, red_lines, lessons, governance, questions = 11, 33, 4, 2, 9, 9
    assumed = areas + scores + red_lines + lessons + governance + questions
    assert list(origins.loc["partners ready", counts]) == [0, 0, assumed]


def test_the_decision_rests_on_what_would_turn_it_and_on_the_rows_of_all_that_is_tested():
    origins = load_study(DURHAM).assurance.output_origins.set_index("output")
    assert list(origins.index) == [
        "net present value", "partners ready", "cost within what was agreed", "decision",
    ]  # fmt: skip
    assert origins.at["decision", "found"] == "stop"
    assert origins.at["decision", "rests_on"] == []
    origins = load_study(LICTP).assurance.output_origins.set_index("output")
    assert set(origins.at["decision", "rests_on"]) == {"Present service continued", "service_costs", "tasks"}  # fmt: skip
    assert set(origins.at["net present value", "rests_on"]) == {
        "Charge under a new contract",
        "Tender for a new contract",
        "service_costs",
        "tasks",  # longer ones end after the contract does
    }


def changed(case, **tables):
    """Return the base study of a case on other tables."""
    study = load_study(case)
    return Study(replace(study.case, tables=study.tables | tables), "base", study.parameters)


def test_a_case_without_an_assumed_figure_says_so():
    tables = load_study(MKIP).tables
    printed = {stem: tables[stem].assign(status="published") for stem in FIGURE_TABLES}
    study = changed(MKIP, **printed)
    assert show.verdict(study).text == (
        "The case is not assured: 3 of 9 requirements are met. No figure is assumed."
    )
    assert show.moves(study).frame.empty
    assert show.without_effect(study) is None


def test_a_case_without_criteria_still_tells_what_its_worth_rests_on():
    study = changed(MKIP, gates=load_study(MKIP).tables["gates"].iloc[:0])
    origins = study.assurance.output_origins.set_index("output")
    assert list(origins.index) == ["net present value", "decision"]
    assert origins.at["decision", "found"] == "not ready to decide"
    assert len(origins.at["net present value", "rests_on"]) == 2


def test_the_threshold_of_a_criterion_that_is_not_known_moves_nothing():
    study = load_study(MKIP)
    gates = study.decision.gates.set_index("criterion")
    assert gates.loc["deadline likely", ["outcome", "threshold"]].tolist() == ["not known", 0.8]
    thresholds = study.assurance.assumed_moves.set_index("table").loc["gates"]
    assert thresholds["rests"] == ["pays back before the review", "winning option robust"]


def test_moving_an_input_leaves_the_study_as_it_was():
    study = load_study(MKIP)
    tables = {stem: table.copy() for stem, table in study.tables.items()}
    before = study.savings.net_present_values.copy()
    assert len(study.assurance.assumed_moves)
    for stem, table in tables.items():
        pd.testing.assert_frame_equal(study.tables[stem], table)
    pd.testing.assert_series_equal(study.savings.net_present_values, before)


@pytest.mark.parametrize("case", daily_of(CASES, EXAMPLE, DURHAM))
def test_every_case_says_whether_it_is_assured_and_what_it_rests_on(case, capsys):
    code = cli.main(["check", "--assurance", case])
    out, err = capsys.readouterr()
    if case == EXAMPLE:
        assert (code, err) == (0, "")
        assert out.startswith("worked-example: The case is assured: all 9 requirements are met. ")
    else:
        assert code == 1
        lines = err.splitlines()
        assert len(lines) == 7
        assert all(line.startswith(f"{case}: not met: ") for line in lines)
        assert lines[-1] == (
            f"{case}: not met: The checks are no older than the figures; missing in "
            "quality_checks.csv: quality_checks.csv has no entry"
        )
        assert out.startswith(
            f"{case}: The case is not assured: 2 of 9 requirements are met. "
            "The most important assumption is "
        )
    assert not re.search(r"\b(nan|None)\b", out)


def test_a_case_without_money_shows_no_net_present_value(capsys):
    cli.main(["check", "--assurance", "dacorum-avdc-2012"])
    assert "NPV 20% lower" not in capsys.readouterr().out
    cli.main(["check", "--assurance", MKIP])
    assert "NPV 20% lower" in capsys.readouterr().out


def test_what_is_missing_is_told_to_a_program_by_requirement_and_file(capsys):
    assert cli.main(["check", "--assurance", "dacorum-avdc-2012", "--json"]) == 1
    faults = json.loads(capsys.readouterr().out)["faults"]
    owned = {fault["requirement"]: fault for fault in faults}[
        "Every assumed figure has an owner, a date and a quality"
    ]
    assert "tasks" in owned["missing"] and owned["file"] == "assumptions.csv"


def test_the_first_sentence_names_the_most_important_assumption():
    assert show.verdict(load_study(EXAMPLE)).text.endswith(
        "The most important assumption is “Three data centres” in flows.csv: if it is wrong by 20%, "
        "the net present value is £1.37m to £2.76m instead of £2.07m; the decision stays go with "
        "conditions."
    )


def test_figures_past_their_sunset_today_are_named_and_nothing_is_said_until_then():
    study = load_study(EXAMPLE)
    assert show.past_today(study, dt.date(2027, 3, 31)) is None
    said = show.past_today(study, dt.date(2027, 4, 1)).text
    assert "partners from example (sunset 2027-03-31)" in said
    assert said.count("sunset 2027-09-30") == 0


@pytest.mark.parametrize(
    ("case", "sentence"),
    [
        (
            EXAMPLE,
            "Assurance: all 9 requirements are met; see `businesscase check --assurance worked-example`.",
        ),
        (
            MKIP,
            "Assurance: 2 of 9 requirements are met; not met: owners of assumed figures, decisions log, "
            "data log, sunset dates, a check of every section, checks by others and checks of the "
            "present figures; see `businesscase check --assurance mkip-2012`.",
        ),
    ],
)
def test_a_report_says_in_one_sentence_how_it_is_assured(case, sentence):
    report = comparison_of(load_study(case), nbformat.v4.new_notebook())
    assert Prose(sentence) in report.appendix.chapters[-1].blocks


# the worked example, broken


def rewritten(folder, table, old, new):
    """Replace a text, which must stand there, in a table of the copied worked example."""
    path = folder / EXAMPLE / f"{table}.csv"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


AUDITED = 'savings,"finance business partner, Eastholt","internal audit, Northmere"'


@pytest.mark.parametrize(
    "checker",
    ["finance business partner, Eastholt", "FINANCE business  partner,Eastholt "],
)
def test_an_analyst_who_checks_their_own_work_is_loaded_and_not_assured(data_copy, checker):
    own = f'savings,"finance business partner, Eastholt","{checker}"'
    rewritten(data_copy, "quality_checks", AUDITED, own)
    required = load_study(EXAMPLE).assurance.requirements.set_index("requirement")
    (unmet,) = required.index[~required["met"]]
    assert unmet == "Nobody has checked their own work"
    assert required.at[unmet, "missing"][0].startswith("savings by ")


@pytest.mark.parametrize(("sunset", "is_met"), [("2024-03-11", False), ("2024-03-12", True), ("2024-03-13", True)])  # fmt: skip
def test_data_must_last_to_the_day_of_the_decision(data_copy, sunset, is_met):
    rewritten(data_copy, "data_log", "2024-01-15,2027-03-31", f"2024-01-15,{sunset}")
    met = load_study(EXAMPLE).assurance.requirements.set_index("requirement")["met"]
    assert met[assurance.CURRENT] == is_met
    assert met.drop(assurance.CURRENT).all()


def test_a_table_that_nobody_answers_for_is_named(data_copy):
    rewritten(data_copy, "assumptions", "\nrisk_costs,,", "\nrisk_costs,3,")
    table = load_study(EXAMPLE).assurance.requirements.set_index("requirement")
    assert table["met"].tolist() == [True, False] + [True] * 7
    assert table.at[assurance.OWNED, "missing"][:2] == ["risk_costs, 1", "risk_costs, 2"]
    assert "and" in show.shortened(table.at[assurance.OWNED, "missing"])


@pytest.mark.parametrize(
    ("table", "old", "new", "sentence"),
    [
        (
            "assumptions",
            "\nrisk_costs,,",
            "\nrisk_cots,,",
            "table 'risk_cots' is unknown; nearest: risk_costs",
        ),
        (
            "assumptions",
            "flows,Shared platform",
            "flows,Shared platforms",
            "line of flows.csv 'Shared platforms' is unknown; nearest: Shared platform",
        ),
        ("data_log", "\ndrivers,", "\ndriver,", "table 'driver' is unknown; nearest: drivers"),
        (
            "data_log",
            "partners,example",
            "partners,exampel",
            "source 'exampel' is unknown; nearest: example",
        ),
        (
            "data_log",
            "2024-01-15,2027-03-31",
            "2024-01-15,2024-01-14",
            "sunset 2024-01-14 is before 2024-01-15, when the figures were received",
        ),
        (
            "quality_checks",
            "\noptions,",
            "\noption,",
            "part 'option' is unknown; nearest: options",
        ),
        (
            "assumptions",
            ",high,",
            ",good,",
            ", column quality: found 'good'; it should be 'high', 'medium' or 'low'",
        ),
        (
            "data_log",
            "2027-03-31",
            "31/03/2027",
            ", column sunset: found '31/03/2027'; it should be a date such as 2026-04-01",
        ),
    ],
)
def test_a_log_with_a_fault_is_refused(data_copy, table, old, new, sentence):
    rewritten(data_copy, table, old, new)
    with pytest.raises(InputError) as refused:
        load_case(EXAMPLE)
    (fault,) = refused.value.faults
    assert fault.startswith(f"data/worked-example/{table}.csv line ")
    assert sentence in fault


def test_two_entries_on_the_same_item_are_refused(data_copy):
    path = data_copy / EXAMPLE / "data_log.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*lines, lines[1]]) + "\n", encoding="utf-8")
    with pytest.raises(InputError, match="partners, example stands here twice; once is allowed"):
        load_case(EXAMPLE)


def test_without_the_standard_that_figures_are_moved_by_no_case_is_read(data_copy):
    path = data_copy / "assurance_standards.csv"
    path.write_text(path.read_text(encoding="utf-8").splitlines()[0] + "\n", encoding="utf-8")
    with pytest.raises(InputError, match="wrong_by has no row; every standard needs one"):
        load_case(MKIP)


def test_ranges_of_the_case_itself_are_owned_and_received_and_those_of_all_cases_are_not():
    own = {"parameter": "overrun", "low": "0", "high": "1", "drawn": "true", "status": "assumed"}
    for ranges in ([], [own | {"note": "Three guesses"}]):
        study = small_study(flows=[flow("posts", "saving", 100)], sensitivities=ranges)
        missing = study.assurance.requirements.set_index("requirement")["missing"]
        assert ("sensitivities" in missing[assurance.OWNED]) == bool(ranges)
        assert ("sensitivities from report" in missing[assurance.RECEIVED]) == bool(ranges)
    inputs = assurance.assumed_inputs(study.tables).set_index("table")
    assert inputs.at["sensitivities", "rows"] == 1  # not those of all cases
    assert inputs.at["sensitivities", "stays"].startswith("a range")


def test_the_logs_are_no_figures_to_be_owned_or_received():
    assert {"assumptions", "decisions", "data_log", "quality_checks"}.isdisjoint(FIGURE_TABLES)
