"""The cases: what the published ones print is reproduced, and every row says where it comes from."""

from dataclasses import replace

import pandas as pd
import pytest
from conftest import ROOT
from pytest import approx

from businesscase.calculations.decision import FROM_WORST
from businesscase.cases.case import case_names, load_case
from businesscase.cases.errors import InputError
from businesscase.cases.schema import FIGURE_TABLES, SHARED_TABLES, TABLES
from businesscase.study import Study, load_study, results

# case: the recommendation on its base scenario
CASES = {
    "allerdale-carlisle-2008": "not ready to decide",  # no saving is printed
    "dacorum-avdc-2012": "not ready to decide",  # no money is printed
    "durham-sunderland-2014": "stop",
    "lictp-2020": "go with conditions",
    "mkip-2012": "go with conditions",
    "worked-example": "go with conditions",
}
SMALLEST = "durham-sunderland-2014"
EXAMPLE = "worked-example"  # invented, so that every table is seen filled in
PUBLISHED_CASES = [case for case in CASES if case != EXAMPLE]
MONEY_CASES = ["lictp-2020", "mkip-2012", EXAMPLE]
SCENARIOS = [
    pytest.param(case, scenario, marks=[] if scenario == "base" else pytest.mark.long)
    for case in CASES
    for scenario in load_case(case).scenarios
]


def reconciled(study):
    """Hold a study's results against the figures that its case prints."""
    published = study.tables["published"]
    found = [
        results.of_figures(study.rows(name), rows) for name, rows in published.groupby("section")
    ]
    return results.reconciliation(published, pd.concat(found, ignore_index=True))


def printed(case, table, *columns):
    """Return the rows of a table that are marked as printed in the source."""
    rows = load_case(case).tables[table].query("status == 'published'")
    return set(rows[list(columns)].itertuples(index=False, name=None))


def test_there_are_five_published_cases_and_the_worked_example_last():
    assert case_names() == list(CASES)
    assert case_names() == [*PUBLISHED_CASES, EXAMPLE]
    assert len(PUBLISHED_CASES) == 5


def test_the_worked_example_has_rows_in_every_table_but_that_of_published_figures():
    tables = load_case(EXAMPLE).tables
    assert [stem for stem in TABLES if tables[stem].empty] == ["published"]


def test_the_worked_example_shows_every_column_of_every_table():
    for stem, model in TABLES.items():
        file = ROOT / "data" / EXAMPLE / f"{stem}.csv"
        header = file.read_text(encoding="utf-8").splitlines()[0].split(",")
        assert set(header) == set(model.model_fields) - {"known_on", "exempt"}, stem


def test_no_row_of_the_worked_example_is_marked_as_published_or_derived():
    for stem in FIGURE_TABLES:
        table = load_case(EXAMPLE).tables[stem]
        assert set(table.loc[table.index >= 0, "status"]) <= {"assumed"}, (
            stem
        )  # ranges of all cases aside


# published figures


@pytest.mark.parametrize("case", PUBLISHED_CASES)
def test_every_published_figure_is_reproduced(case):
    study = load_study(case)
    table = results.reconciliation(study.tables["published"], study.results)
    disagreeing = table[~table["agrees"]]
    assert len(table) >= 5
    assert disagreeing.empty, disagreeing.to_string()


def test_at_least_thirty_published_figures_are_reproduced():
    assert sum(len(load_case(case).tables["published"]) for case in CASES) >= 30


@pytest.mark.parametrize(
    ("case", "table"),
    [
        ("allerdale-carlisle-2008", "flows"),
        ("dacorum-avdc-2012", "service_measures"),
        ("durham-sunderland-2014", "objectives"),
        ("lictp-2020", "drivers"),
        ("lictp-2020", "risks"),
        ("mkip-2012", "flows"),
    ],
)
def test_a_row_of_input_taken_away_breaks_the_reconciliation(case, table):
    study = load_study(case)
    tables = study.tables | {table: study.tables[table].iloc[1:]}
    without = Study(replace(study.case, tables=tables), "base", study.parameters)
    assert not reconciled(without)["agrees"].all()


@pytest.mark.parametrize("case", ["allerdale-carlisle-2008", "lictp-2020", "mkip-2012"])
def test_a_one_off_cost_a_fifth_higher_breaks_the_reconciliation(case):
    assert not reconciled(load_study(case, overrun=0.2))["agrees"].all()


def test_a_task_a_week_longer_breaks_the_reconciliation_of_the_plan():
    table = reconciled(load_study("allerdale-carlisle-2008", extra_days={"5": 5}))
    assert set(table.loc[~table["agrees"], "section"]) == {"plan"}


# what the Leicestershire and Mid Kent reports print


def test_leicestershire_has_the_printed_users():
    assert printed("lictp-2020", "drivers", "partner", "driver", "value") == {
        ("Hinckley and Bosworth", "users", 499),
        ("Blaby", "users", 341),
        ("Melton", "users", 229),
    }


def test_leicestershire_has_the_printed_costs_of_melton():
    assert printed("lictp-2020", "service_costs", "partner", "amount_gbp") == {
        ("Melton", 277_000),
        ("Melton", 34_000),
    }
    columns = ("partner", "flow", "funding", "first_year", "amount_gbp")
    assert printed("lictp-2020", "flows", *columns) == {
        ("Melton", "running_cost", "revenue", 2021, 315_000),
        ("Melton", "running_cost", "revenue", 2022, 315_000),
        ("Melton", "running_cost", "revenue", 2026, 315_000),
        ("Melton", "one_off_cost", "revenue", 2021, 35_000),
        ("Melton", "one_off_cost", "capital", 2020, 10_000),
        ("Melton", "one_off_cost", "capital", 2021, 7_000),
    }


def test_the_other_councils_of_leicestershire_pay_meltons_cost_of_a_user():
    table = load_case("lictp-2020").tables["flows"].query("option == 'b'")
    users = {"Hinckley and Bosworth": 499, "Blaby": 341, "Melton": 229}
    stated = table[table["amount_gbp"].notna()]
    melton = stated[stated["partner"] == "Melton"].set_index(["line", "first_year"])["amount_gbp"]
    for row in stated.itertuples():
        expected = melton[row.line, row.first_year] * users[row.partner] / users["Melton"]
        assert row.amount_gbp == pytest.approx(expected, abs=0.5)


def test_mid_kent_has_the_printed_capital_fund():
    columns = ("partner", "flow", "funding", "amount_gbp")
    assert printed("mkip-2012", "flows", *columns) == {
        ("Maidstone", "one_off_cost", "capital", 100_000),
        ("Swale", "one_off_cost", "capital", 100_000),
        ("Tunbridge Wells", "one_off_cost", "capital", 100_000),
    }


def test_the_assumed_yearly_savings_of_mid_kent_add_up_to_the_printed_total():
    flows = load_case("mkip-2012").tables["flows"].query("option == 'a' and flow == 'saving'")
    assert flows["amount_gbp"].sum() == 3_710_000
    assert sorted(set(flows["first_year"])) == list(range(2013, 2023))
    assert (flows["first_year"] == flows["last_year"]).all()


# where the figures come from


@pytest.mark.parametrize("case", CASES)
def test_every_row_has_a_status_a_source_and_a_paragraph(case):
    loaded = load_case(case)
    for name in [*FIGURE_TABLES, *SHARED_TABLES]:
        table = loaded.tables[name]
        assert table["status"].isin(["published", "derived", "assumed"]).all(), name
        assert (table["source"].str.strip() != "").all(), name
        assert (table["paragraph"].str.strip() != "").all(), name
        assert (table.loc[table["status"] != "published", "note"].str.len() > 10).all(), name


# scenarios


@pytest.mark.parametrize(("case", "recommendation"), CASES.items())
def test_the_base_scenario_leads_to_the_expected_recommendation(case, recommendation):
    assert load_study(case).decision.recommendation == recommendation


@pytest.mark.parametrize(("case", "scenario"), SCENARIOS)
def test_every_scenario_is_computed_to_a_decision(case, scenario):
    table = load_study(case, scenario).results
    last = table.iloc[-1]
    assert (last["measure"], last["value"] in FROM_WORST) == (
        "recommendation",
        True,
    )
    assert not pd.isna(table["value"]).any()


@pytest.mark.parametrize(
    "case",
    [pytest.param(case, marks=[] if case == SMALLEST else pytest.mark.long) for case in CASES],
)
def test_every_scenario_gives_results_that_no_other_gives(case):
    scenarios = load_case(case).scenarios
    printed_results = {name: results.csv_text(load_study(case, name).results) for name in scenarios}
    assert len(set(printed_results.values())) == len(scenarios)
    assert len({scenario.title for scenario in scenarios.values()}) == len(scenarios)


def test_a_scenario_is_one_study_however_it_is_reached():
    study = load_study("mkip-2012", "cautious")
    assert study is load_study("mkip-2012", "cautious")
    assert study is load_study("mkip-2012").in_scenario("cautious")
    assert study.in_scenario("base") is load_study("mkip-2012")


def test_a_case_with_other_tables_does_not_see_the_studies_of_the_old():
    study = load_study("mkip-2012")
    before = study.savings.committed_cost.sum()
    flows = study.tables["flows"]
    doubled = flows.assign(amount_gbp=2 * flows["amount_gbp"])
    case = replace(study.case, tables=study.tables | {"flows": doubled})
    assert case.studies == {}
    changed = Study(case, "base", study.parameters)
    for other in (Study.of(case, "base"), changed.in_scenario("cautious").in_scenario("base")):
        assert other.savings.committed_cost.sum() == pytest.approx(2 * before)
    assert load_study("mkip-2012").savings.committed_cost.sum() == before


def test_a_study_with_another_parameter_is_one_of_its_own():
    study = load_study("mkip-2012")
    for other in (study.moved({"realisation": 0.5}), study.varied(realisation=0.5)):
        assert other is not study
        assert other.savings.gross_savings.sum().sum() == pytest.approx(
            study.savings.gross_savings.sum().sum() / 2
        )
    assert study is load_study("mkip-2012") is study.varied(realisation=1.0)
    assert study.parameters.realisation == 1.0


@pytest.mark.parametrize("case", MONEY_CASES)
def test_a_case_with_money_has_four_scenarios_or_more_besides_the_base(case):
    names = list(load_case(case).scenarios)
    assert names[0] == "base"
    assert len(names) - 1 >= 4


# titles and reasons of scenarios say what is so


def test_the_floor_of_mid_kents_gain_share_helps_nobody_as_its_reason_says():
    study = load_study("mkip-2012", "gain-share")
    assert (study.savings.net_flows[2013] < 0).all()
    moved = study.savings.flows.xs("no_detriment_transfer", level="flow")
    assert moved.to_numpy().tolist() == [[0.0] * 11] * 3
    said = f"{study.scenario.title} {study.scenario.why}"
    assert "none is helped" in said and "out of pocket" not in said


@pytest.mark.parametrize("case", case_names())
def test_no_scenario_promises_that_nobody_is_out_of_pocket_while_somebody_is(case):
    for name, scenario in load_case(case).scenarios.items():
        if "nobody out of pocket" in f"{scenario.title} {scenario.why}":
            assert (load_study(case, name).savings.net_flows.to_numpy() >= 0).all()


def test_reasons_that_cite_what_others_got_say_what_the_evidence_says():
    study = load_study("worked-example")
    *realised, most = sorted(study.uncertainty.reference_class["realisation"].ratios)
    assert len(realised) == 3 and most == 1  # one of four realised all
    assert realised[0] > 0.25 and realised[-1] < 0.6  # a quarter to less than six tenths
    others = load_study("worked-example", "as-others-fared").parameters
    evidence = study.tables["evidence"].set_index(["case", "measure"])
    got = evidence["actual"] / evidence["planned"]
    assert others.realisation == approx(got["Department for Transport", "realisation"], abs=0.01)
    assert 1 + others.overrun == approx(got["Department for Transport", "overrun"], abs=0.02)
    assert (
        "more than twice the cost" in load_case("worked-example").scenarios["as-others-fared"].title
    )


def test_scenarios_of_readiness_and_risk_go_as_far_as_their_titles_say():
    scores = load_study("durham-sunderland-2014", "same-pace").readiness.scores
    assert scores.loc["pace of change", ["Durham", "Sunderland"]].tolist() == [2, 3]
    before, after = (
        load_study("lictp-2020", name).risks.scored.set_index("risk")["inherent_likelihood_score"]
        for name in ("base", "risks-worsen")
    )
    moved = (after - before).dropna()
    assert moved.to_dict() == {1: 0} | dict.fromkeys(range(2, 9), 1)  # the first is at the top


@pytest.mark.parametrize("name", [2026, 1.5, True, None, ["mkip-2012"]])
def test_name_that_is_no_text_is_refused_in_a_sentence(name):
    # `papermill -p case 2026` hands on a number, `-r case 2026` a text
    for kind, given in (
        ("case", {"case": name}),
        ("scenario", {"case": "mkip-2012", "scenario": name}),
    ):
        with pytest.raises(InputError, match=f"papermill with -r {kind}$") as refused:
            load_study(**given)
        assert len(refused.value.faults) == 1
