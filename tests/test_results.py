"""The table of results and its reconciliation to published figures."""

from dataclasses import replace

import pandas as pd
import pytest
from pandas.testing import assert_frame_equal

from businesscase.cases.case import BASE, case_names, load_case
from businesscase.shown import common
from businesscase.study import Study, load_study, results

KEYS = ["section", "measure", "item", "year"]


def result(value, year=pd.NA, item="all"):
    """Return results of one row."""
    row = ("savings", "total_saving", item, year, value, "£")
    table = pd.DataFrame([row], columns=[*KEYS, "value", "unit"])
    return table.astype({"value": object, "year": "Int64"})


def published(value, tolerance=0.0, year=pd.NA, item="all"):
    """Return published figures of one row."""
    row = ("savings", "total_saving", item, year, value, tolerance, "£", "1.3.3")
    columns = [*KEYS, "value", "tolerance", "unit", "paragraph"]
    return pd.DataFrame([row], columns=columns).astype({"year": "Int64"})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (pd.Timestamp("2008-06-30"), "2008-06-30"),
        ("Medium Risk", "Medium Risk"),
        (3_710_000.0, "3710000"),
        (0.1 + 0.2, "0.3"),
        (1 / 3, "0.333333"),
        (-0.0000001, "0"),
        (-12.5, "-12.5"),
        (7, "7"),
        (0, "0"),
        (float("inf"), "never"),
    ],
)
def test_values_are_printed_plainly(value, text):
    assert results.as_text(value) == text


def test_results_are_printed_with_a_blank_where_there_is_no_year():
    table = pd.concat([result(1.5), result(2.0, year=2026)])
    lines = ["section,measure,item,year,value,unit", "savings,total_saving,all,,1.5,£"]
    lines += ["savings,total_saving,all,2026,2,£", ""]
    assert results.csv_text(table) == "\n".join(lines)


@pytest.mark.parametrize(
    ("value", "printed", "tolerance", "agrees"),
    [
        (371_000.0, "371000", 0, True),
        (371_500.0, "371000", 500, True),
        (371_500.01, "371000", 500, False),
        (370_499.99, "371000", 500, False),
        (0.1 + 0.2, "0.3", 0, True),
        (pd.Timestamp("2008-06-30"), "2008-06-30", 0, True),
        (pd.Timestamp("2008-07-01"), "2008-06-30", 1, False),
        ("Medium Risk", "Medium Risk", 0, True),
        ("High Risk", "Medium Risk", 0, False),
    ],
)
def test_a_figure_agrees_up_to_its_tolerance_and_no_further(value, printed, tolerance, agrees):
    table = results.reconciliation(published(printed, tolerance), result(value))
    assert table["agrees"].item() == agrees


def test_a_figure_that_the_workbook_does_not_have_is_blank_and_does_not_agree():
    for other in (published("5", item="North"), published("5", year=2026)):
        row = results.reconciliation(other, result(5.0)).iloc[0]
        assert (row["published"], row["recomputed"], bool(row["agrees"])) == ("5", "", False)


def test_a_figure_of_one_year_is_held_against_that_year():
    table = pd.concat([result(1.0, year=2026), result(2.0, year=2027)])
    assert results.reconciliation(published("2", year=2027), table)["agrees"].item()
    assert not results.reconciliation(published("2", year=2026), table)["agrees"].item()


@pytest.mark.parametrize("case", case_names())
def test_results_name_each_value_once_and_leave_none_blank(case):
    table = load_study(case).results
    assert not table.duplicated(KEYS).any()
    assert table[["section", "measure", "item", "value", "unit"]].notna().all(axis=None)
    assert set(table["section"]) <= set(load_study(case).case.section_names())


def test_results_are_the_same_each_time_they_are_computed():
    study = load_study("durham-sunderland-2014")
    again = Study(study.case, "base", study.parameters)
    assert_frame_equal(again.results, study.results)


@pytest.mark.long
def test_computing_a_scenario_leaves_the_case_as_it_was():
    study = load_study("lictp-2020")
    before = {name: table.copy() for name, table in study.tables.items()}
    for scenario in study.case.scenarios:
        assert not load_study("lictp-2020", scenario).results.empty
    for name, table in study.tables.items():
        assert_frame_equal(table, before[name])


# one section's figures


def fresh(case):
    """Return the base scenario of a case with nothing computed."""
    return Study.of(replace(load_case(case)), BASE)


def computed(study):
    """Return what a study has computed so far."""
    return {f"{part.name}.{key}" for part in study.parts for key in part.memory.results}


@pytest.mark.parametrize("case", case_names())
def test_published_figures_of_a_section_are_reconciled_as_all_results_are(case):
    study = load_study(case)
    published = study.tables["published"]
    for section in study.case.section_names():
        chosen = published[published["section"] == section]
        found = results.reconciliation(chosen, results.of_figures(study.rows(section), chosen))
        assert_frame_equal(found, results.reconciliation(chosen, study.results))


def test_reconciling_a_section_computes_no_other():
    study = fresh("lictp-2020")
    assert common.reconciled(study, "risks")["agrees"].all()
    assert "risks.scored" in computed(study)
    of_others = {"decision.section_results", "plan.schedule", "options.contributions", "uncertainty.simulated_net"}  # fmt: skip
    assert not computed(study) & of_others


def test_where_a_section_has_no_published_figure_nothing_is_computed():
    study = fresh("lictp-2020")
    assert common.reconciled(study, "plan").empty
    assert computed(study) == set()


def test_nothing_is_computed_after_the_last_published_figure():
    def rows():
        yield ("savings", "total_saving", "all", 2026, 100, "£")
        raise AssertionError("what follows need not be computed")

    assert results.of_figures(rows(), published(100, year=2026))["value"].tolist() == [100]


def test_published_figures_of_a_decision_are_held_against_its_outcome_too():
    row = ("decision", "recommendation", "all", pd.NA, "stop", 0.0, "text", "1")
    printed = pd.DataFrame([row], columns=[*KEYS, "value", "tolerance", "unit", "paragraph"])
    study = load_study("lictp-2020")
    found = results.reconciliation(printed, results.of_figures(study.rows("decision"), printed))
    assert found["recomputed"].tolist() == [study.decision.recommendation]


def test_a_money_back_date_beyond_the_horizon_is_never():
    table = load_study("mkip-2012", realisation=0).results
    rows = table[(table["measure"] == "payback_years") & (table["item"] == "all")]
    assert results.as_text(rows["value"].item()) == "never"


def test_counts_are_of_the_rows_that_the_case_lists():
    study = load_study("durham-sunderland-2014")
    fewer = study.tables | {"objectives": study.tables["objectives"].iloc[1:]}
    changed = Study(replace(study.case, tables=fewer), "base", study.parameters)
    count = changed.results.query("measure == 'count'").set_index("item")["value"]
    assert count.to_dict() == {
        "partner": 2, "board": 2, "aim": 6, "working_area": 9, "challenge": 9, "divergence": 2,
    }  # fmt: skip
