"""A new case is whole: every table has worked rows, it passes the check, and every section is there."""

import csv
import datetime as dt
import re
import shutil

import pytest
import tomlkit
from conftest import ROOT, sampled

from businesscase.calculations.resolutions import misplaced
from businesscase.cases.assurance import worked_rows
from businesscase.cases.case import documents, load_case
from businesscase.cases.raw import RawCase
from businesscase.cases.schema import TABLES, WORKED_ROW
from businesscase.study import load_study
from businesscase_workbench.starter import FOLDER, example_rows, starter_case

TODAY = dt.date(2026, 11, 25)
NAMES = ["Northmere", "Eastholt", "Westerfold", "Southwick", "Highmoor", "Lowfield", "Midvale"]
EMPTY = {"published", "actuals", "quality_checks", "sensitivities"}
LONGEST = "x" * 200  # the schema's limit of a name
HOSTILE = ["{lead}", "A, B and {year+1}", '<b>|"quoted"|\\1', "=SUM(A1) £ é 'x'", LONGEST]


@pytest.fixture
def data(tmp_path, monkeypatch):
    """Return an empty folder of cases, with the tables that all cases share."""
    for path in (ROOT / "data").iterdir():
        if path.suffix in (".csv", ".toml"):
            shutil.copy(path, tmp_path)
    monkeypatch.setenv("BUSINESSCASE_DATA", str(tmp_path))
    load_case.cache_clear()
    yield tmp_path
    load_case.cache_clear()


def write(case: RawCase, folder):
    folder.mkdir()
    (folder / "case.toml").write_text(tomlkit.dumps(case.file), encoding="utf-8")
    (folder / "scenarios.toml").write_text(tomlkit.dumps(case.scenarios), encoding="utf-8")
    for stem, rows in case.tables.items():
        with (folder / f"{stem}.csv").open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(TABLES[stem].model_fields))
            writer.writeheader()
            writer.writerows(rows)
    load_case.cache_clear()


@pytest.mark.parametrize(
    "count", [1, *(pytest.param(n, marks=pytest.mark.long) for n in (2, 3, 7))]
)
def test_every_section_but_outturn_is_computed_for_any_number_of_partners(count, data):
    write(starter_case("One ICT service", NAMES[:count], TODAY), data / "new")
    study = load_study("new")
    assert study.case.section_names() == [
        "baseline", "options", "savings", "appraisal", "risks", "plan", "readiness", "decision",
    ]  # fmt: skip
    results = study.results.set_index(["section", "measure", "item"])["value"]
    assert results["decision", "recommendation", "all"] == "go with conditions"
    assert results["baseline", "users", "all"] == sum([800, 500, 300, 800, 500, 300, 800][:count])
    assert len(load_case("new").scenarios) == 4


@pytest.mark.parametrize(
    "today",
    sampled(
        [
            (dt.date(2024, 2, 29),),
            (dt.date(2025, 3, 31),),
            (dt.date(2026, 4, 1),),
            (dt.date(2028, 8, 31),),
            (dt.date(2033, 12, 31),),
            (dt.date(2040, 6, 15),),
        ],
        3,
    ),
    ids=str,
)
def test_case_begun_on_any_day_passes_the_check_with_the_same_decision(today, data):
    write(starter_case("One ICT service", NAMES[:3], today), data / "new")
    study = load_study("new")
    assert study.decision.gates.query("outcome == 'not met'")["criterion"].to_list() == [
        "exposure within appetite"
    ]
    assert study.case.file.decision_date > today
    assert study.case.file.plan_start > study.case.file.decision_date


def test_years_and_dates_follow_from_today():
    # 25 November and six months: May, whose first Tuesday is the 4th; the nearest April is of 2027
    case = starter_case("One ICT service", NAMES[:2], TODAY)
    assert case.file["decision_date"] == dt.date(2027, 5, 4)
    assert case.file["data_date"] == TODAY
    assert (case.file["decision_year"], case.file["last_year"]) == (2027, 2037)
    assert case.scenarios["one-partner-leaves"]["leaves"] == {"Eastholt": 2033}
    starts = [row for row in case.tables["tasks"] if row["name"] == "Shared service starts"]
    assert [row["not_before"] for row in starts] == ["2027-12-01"]


@pytest.mark.parametrize(
    ("today", "decision", "year"),
    [
        (dt.date(2027, 3, 31), dt.date(2027, 9, 7), 2027),
        (dt.date(2027, 4, 1), dt.date(2027, 10, 5), 2028),
        (dt.date(2027, 6, 30), dt.date(2027, 12, 7), 2028),
        (dt.date(2027, 7, 1), dt.date(2028, 1, 4), 2028),
        (dt.date(2028, 2, 29), dt.date(2028, 8, 1), 2028),
    ],
)
def test_year_0_begins_in_the_april_nearest_the_decision(today, decision, year):
    file = starter_case("One ICT service", NAMES[:2], today).file
    assert (file["decision_date"], file["decision_year"]) == (decision, year)


def test_every_table_has_rows_with_all_columns_but_what_has_not_happened_yet():
    tables = starter_case("One ICT service", NAMES[:3], TODAY).tables
    assert list(tables) == list(TABLES)
    assert {stem for stem, rows in tables.items() if not rows} == EMPTY & set(TABLES)
    for stem, rows in tables.items():
        assert all(list(row) == list(TABLES[stem].model_fields) for row in rows), stem


def test_every_worked_row_says_that_it_is_assumed_and_what_to_write():
    tables = starter_case("One ICT service", NAMES[:3], TODAY).tables
    rows = [row for stem in tables for row in tables[stem] if "status" in row]
    assert {row["status"] for row in rows} == {"assumed"}
    assert {row["source"] for row in rows} == {WORKED_ROW}
    assert all(row["note"] for row in rows)


def test_assumptions_name_every_table_with_worked_rows_once():
    with (FOLDER / "assumptions.csv").open(newline="", encoding="utf-8") as file:
        named = [row["table"] for row in csv.DictReader(file)]
    tables = starter_case("One ICT service", NAMES[:1], TODAY).tables
    assert named == [
        stem for stem, rows in tables.items() if rows and "status" in TABLES[stem].model_fields
    ]


def test_no_placeholder_is_left_but_the_places_of_resolutions():
    case = starter_case("One ICT service", NAMES[:3], TODAY)
    examples = example_rows(NAMES[:3], TODAY)
    texts = [row.pop("resolution") for row in case.tables["resolutions"]]
    assert any("{one_off_cost}" in text for text in texts)
    assert [misplaced(text) for text in texts] == [[]] * len(texts)
    assert not re.search(r"[{}|]", f"{[*flat(case.tables), *flat(case.scenarios)]}")
    assert not re.search(r"[{}|]", f"{[*flat(case.file), *flat(examples)]}")


def test_no_text_but_those_of_worked_rows_says_that_figures_are_worked():
    # of the summary, the scenarios and the logs, which stay when a council's own rows stand there
    case = starter_case("One ICT service", NAMES[:3], TODAY)
    alone = starter_case("One ICT service", NAMES[:1], TODAY)
    logs = [row["supplied_by"] for row in case.tables["data_log"]]
    logs += [row["owner"] + row["if_wrong"] for row in case.tables["assumptions"]]
    file = {key: value for key, value in case.file.items() if key != "sources"}
    texts = map(str, [*flat(file), *flat(case.scenarios), *flat(alone.scenarios), *logs])
    said = re.compile(r"worked (row|figure)|put (here|your)|replace|nobody has|decided on", re.I)
    assert [text for text in texts if said.search(text)] == []


def test_worked_rows_are_gone_when_those_of_the_council_stand_in_their_place(data):
    case = starter_case("One ICT service", NAMES[:3], TODAY)
    own = {"source": "council", "note": "As the council keeps it."}
    tables = {stem: [{**row, **{k: v for k, v in own.items() if k in row}} for row in rows]
              for stem, rows in case.tables.items()}  # fmt: skip
    tables["decisions"][0]["reason"] = "The chief executives agreed on it."
    council = {"title": "Budget book", "publisher": "Northmere"}
    file = case.file | {"sources": {**case.file["sources"], "council": council}}
    write(RawCase(file, case.scenarios, tables), data / "new")
    loaded = load_case("new")
    assert worked_rows(loaded.tables) == {}
    assert "council" in documents(loaded)
    assert WORKED_ROW not in documents(loaded)
    write_again = {"data_log": case.tables["data_log"]}
    write(RawCase(file, case.scenarios, tables | write_again), data / "log")
    assert worked_rows(load_case("log").tables) == {"data_log": 4}


def flat(given):
    """Return every value within dictionaries and lists."""
    parts = given.values() if isinstance(given, dict) else given
    return [
        value
        for part in parts
        for value in (flat(part) if isinstance(part, dict | list) else [part])
    ]


def test_hostile_names_and_title_arrive_as_they_are(data):
    write(starter_case("{year} <b>", HOSTILE, TODAY), data / "new")
    study = load_study("new", "one-partner-leaves")
    tables = study.case.tables
    assert study.case.file.title == "{year} <b>"
    assert study.case.file.question.startswith(
        "Should {lead}; A, B and {year+1}; <b>|\"quoted\"|\\1; =SUM(A1) £ é 'x' and xxx"
    )
    assert list(tables["partners"]["partner"]) == HOSTILE
    assert list(tables["service_costs"]["partner"].unique()) == HOSTILE
    assert list(study.parameters.leaves) == HOSTILE[-1:]
    assert "Head of ICT, {lead}" in set(tables["risks"]["owner"])


def test_roles_are_lead_first_and_sizes_go_round():
    tables = starter_case("One ICT service", NAMES[:4], TODAY).tables
    assert [row["role"] for row in tables["partners"]] == ["lead", "partner", "partner", "partner"]
    users = [row["value"] for row in tables["drivers"] if row["driver"] == "users"]
    assert users == ["800", "500", "300", "800"]


@pytest.mark.parametrize("count", [1, 2])
def test_partner_leaves_unless_it_is_the_only_one(count):
    scenarios = starter_case("One ICT service", NAMES[:count], TODAY).scenarios
    assert list(scenarios) == [
        "base", "cautious", "late", "optimism-bias" if count == 1 else "one-partner-leaves",
    ]  # fmt: skip


@pytest.mark.long
def test_every_scenario_is_computed(data):
    write(starter_case("One ICT service", NAMES[:3], TODAY), data / "new")
    results = {name: load_study("new", name).results for name in load_case("new").scenarios}
    worth = {
        name: rows.query("measure == 'net_present_value' and item == 'all'")["value"].item()
        for name, rows in results.items()
    }
    assert len(set(worth.values())) == 4
    assert max(worth, key=worth.get) == "base"


def test_example_rows_pass_the_check_once_the_data_date_is_moved(data):
    case = starter_case("One ICT service", NAMES[:3], TODAY)
    examples = example_rows(NAMES[:3], TODAY)
    assert set(examples) == EMPTY & set(TABLES)
    tables = case.tables | {stem: [row] for stem, row in examples.items()}
    reported = dt.date.fromisoformat(examples["actuals"]["date"])
    write(RawCase(case.file | {"data_date": reported}, case.scenarios, tables), data / "new")
    study = load_study("new")
    assert "outturn" in study.case.section_names()
    # 950,000 + 550,000 + 160,000 + 150,000
    (found,) = (
        row[4] for row in study.rows("baseline") if row[1:3] == ("annual_cost", "Northmere")
    )
    assert found == 1_810_000 == float(examples["published"]["value"])
