"""The rule on cases whose outcome is known, with nothing that was known later."""

import datetime as dt

import pandas as pd
import pytest
from cells import shown_in
from pytest import approx
from scipy.stats import beta

from businesscase.calculations.backtest import is_right, score
from businesscase.cases.case import as_at, case_names, known_since, load_case
from businesscase.cases.errors import InputError
from businesscase.shown import backtest as show
from businesscase.study import backtest
from businesscase_workbench import cli

DURHAM, DACORUM, MKIP = "durham-sunderland-2014", "dacorum-avdc-2012", "mkip-2012"
JUNE = pd.Timestamp("2013-06-24")


@pytest.fixture(scope="module")
def found():
    return backtest.at_each_date()


def verdicts(table, case):
    return table[table["case"] == case].set_index("as_at")["verdict"].to_dict()


def test_durham_is_told_apart_into_what_was_known_at_its_two_decisions(found):
    assert verdicts(found, DURHAM) == {
        JUNE: "not ready to decide",
        pd.Timestamp("2014-06-11"): "stop",
    }
    (stop,) = backtest.first_right(found[found["case"] == DURHAM]).itertuples()
    assert (stop.because, stop.months_before) == (["partners ready"], 0)


def test_dacorum_was_never_ready_to_decide_which_is_no_hit(found):
    assert set(verdicts(found, DACORUM).values()) == {"not ready to decide"}
    assert not found.loc[found["case"] == DACORUM, "right"].any()
    assert "value for money" in found.loc[found["case"] == DACORUM, "because"].iloc[0]


def edit(path, change):
    table = pd.read_csv(path, dtype=str, keep_default_na=False)
    change(table)
    table.to_csv(path, index=False)


def test_a_fact_of_a_later_day_is_ignored_and_one_that_was_known_counts(data_copy):
    for name in ("readiness", "red_lines"):
        edit(
            data_copy / DURHAM / f"{name}.csv",
            lambda table: table.__setitem__("known_on", "2013-06-25"),
        )
    assert verdicts(backtest.at_each_date([DURHAM]), DURHAM)[JUNE] == "not ready to decide"
    load_case.cache_clear()
    for name in ("readiness", "red_lines"):
        edit(
            data_copy / DURHAM / f"{name}.csv",
            lambda table: table.__setitem__("known_on", "2013-06-24"),
        )
    assert verdicts(backtest.at_each_date([DURHAM]), DURHAM)[JUNE] == "stop"


def test_no_verdict_rests_on_a_fact_of_a_later_day(found):
    latest = backtest.latest_known(found)
    assert (latest.isna() | (latest <= found["as_at"])).all()


@pytest.mark.parametrize("case", case_names())
def test_all_that_a_case_says_is_known_in_the_end_and_nothing_long_before(case):
    whole = load_case(case)
    after = as_at(whole, dt.date(2099, 1, 1))
    before = as_at(whole, dt.date(1999, 1, 1))
    for stem in ("flows", "readiness", "risks", "tasks", "events", "actuals", "scores"):
        assert len(after.tables[stem]) == len(whole.tables[stem])
        assert before.tables[stem].empty
    assert before.tables["gates"].equals(whole.tables["gates"])


def test_a_result_is_known_no_sooner_than_its_own_date():
    case = load_case("worked-example")
    known = known_since(case)["actuals"]
    assert (known >= case.tables["actuals"]["date"]).all()
    assert (as_at(case, dt.date(2024, 6, 28)).tables["actuals"]["date"] <= "2024-06-28").all()


def test_facts_that_do_not_hold_together_are_refused_with_the_day(data_copy):
    def partly(table):
        table["known_on"] = ""
        table.loc[0, "known_on"] = "2014-01-01"

    edit(data_copy / DURHAM / "readiness.csv", partly)
    with pytest.raises(InputError, match=r"durham-sunderland-2014 as at 2014-01-02: readiness.csv"):
        as_at(load_case(DURHAM), dt.date(2014, 1, 2))


@pytest.mark.parametrize(
    ("verdict", "lasted", "right"),
    [
        ("go", True, True),
        ("go with conditions", True, True),
        ("stop", False, True),
        ("go", False, False),
        ("stop", True, False),
        ("not ready to decide", True, False),
        ("not ready to decide", False, False),
    ],
)
def test_only_a_decision_can_be_right(verdict, lasted, right):
    assert is_right(verdict, lasted) is right


@pytest.mark.parametrize(("right", "of"), [(0, 3), (2, 3), (3, 3)])
def test_the_interval_of_a_share_is_the_exact_one(right, of):
    found = score(["stop"] * right + ["go"] * (of - right), [False] * of)
    low = beta.ppf(0.025, right, of - right + 1) if right else 0.0
    high = beta.ppf(0.975, right + 1, of - right) if right < of else 1.0
    assert found == (right, of, approx(low, abs=1e-6), approx(high, abs=1e-6))


def test_demonstrations_and_what_is_invented_are_shown_and_never_counted(found):
    assert set(found.loc[found["counts"] != "counted", "case"]) == {DACORUM, DURHAM, "worked-example"}  # fmt: skip
    scores = backtest.scores(found)
    assert scores["of"].tolist() == [1, 1, 1, 1]
    assert scores["right"].to_dict() == {"This rule": 1, "Stop always": 0, "Go always": 1, "Not ready always": 0}  # fmt: skip
    said = show.answer(found).text
    assert "next to nothing" in said and "A rule that never looks does as well: go always" in said


def test_a_case_without_an_outcome_is_left_out_and_said_so():
    none = backtest.at_each_date(["allerdale-carlisle-2008"])
    assert none.empty
    for heading in ("Checks", "Assumptions used", "Made from"):
        (table,) = shown_in("backtest", None, heading, found=none)
        assert table.empty and table.caption == show.NO_OUTCOME
    for table in (show.by_date(none), show.said_first(none)):
        assert table.caption == show.NO_OUTCOME
    assert show.NO_OUTCOME in show.answer(none).text


def test_each_case_that_counts_is_shown_once_by_its_last_verdict(found):
    last, scores = shown_in("backtest", None, "How much does that prove?", found=found)
    counted = found[found["counts"] == "counted"]
    assert last["case"].tolist() == list(dict.fromkeys(counted["case"]))
    assert last[["This rule", "Go always", "Stop always"]].sum().tolist() == [
        scores.at[name, "Right"] for name in ("This rule", "Go always", "Stop always")
    ]


def test_the_page_says_that_no_verdict_rests_on_a_fact_of_a_later_day(found):
    (table,) = shown_in("backtest", None, "Checks", found=found)
    assert table["holds"].all()
    assert table.caption.endswith(f"in order: all {len(found)} checks")


def test_more_cases_without_a_miss_narrow_the_interval(found):
    (table,) = shown_in("backtest", None, "What would change this answer?", found=found)
    assert table["share_at_least_fraction"].is_monotonic_increasing
    assert table["share_at_least_fraction"].iloc[0] == approx(0.025)


def test_the_command_prints_what_the_notebook_shows(capsys):
    assert cli.main(["backtest", DURHAM]) == 0
    said = capsys.readouterr().out
    assert "24 June 2013" in said and "not ready to decide" in said and "Stop always" in said
    assert cli.main(["backtest", "allerdale-carlisle-2008"]) == 0
    assert capsys.readouterr().out.startswith(show.NO_OUTCOME)
    assert cli.main(["backtest", "durham"]) == 2
    assert "case 'durham' is unknown" in capsys.readouterr().err


def test_only_an_outcome_may_say_what_lasted(data_copy):
    edit(
        data_copy / MKIP / "events.csv",
        lambda table: table.__setitem__("lasted", "true"),
    )
    with pytest.raises(InputError, match="lasted is of an outcome; the row is of kind decision"):
        load_case(MKIP)
