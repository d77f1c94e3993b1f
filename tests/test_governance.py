"""Governance as a checklist, and what the published cases settled."""

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from businesscase.calculations.governance import examples, settled_matrix, settled_topics
from businesscase.cases.case import load_case
from businesscase.cases.errors import InputError
from businesscase.study import load_study

PUBLISHED_CASES = [
    "lictp-2020",
    "mkip-2012",
    "allerdale-carlisle-2008",
    "dacorum-avdc-2012",
    "durham-sunderland-2014",
]
TOPICS = ["host", "board", "chair", "term", "review", "charging", "assets", "exit", "people"]
WORDS = ["no", "partly", "yes"]  # from the least to the most


def arrangements(*rows):
    return pd.DataFrame(rows, columns=["topic", "settled"])


@pytest.mark.parametrize(
    ("words", "best"),
    [
        (["no", "partly"], "partly"),
        (["yes", "no", "partly"], "yes"),
        (["no", "no"], "no"),
        ([], "no"),
    ],
)
def test_the_best_arrangement_counts_and_none_is_no(words, best):
    rows = arrangements(*[("exit", word) for word in words], ("board", "yes"))
    assert settled_topics(rows, ["exit", "board"]).to_dict() == {"exit": best, "board": "yes"}


@given(st.lists(st.tuples(st.sampled_from(TOPICS), st.sampled_from(WORDS)), max_size=20))
def test_every_topic_has_a_word_in_the_order_of_the_list_whatever_the_order_of_the_rows(rows):
    found = settled_topics(arrangements(*rows), TOPICS)
    assert list(found.index) == TOPICS
    assert set(found) <= set(WORDS)
    assert settled_topics(arrangements(*rows[::-1]), TOPICS).equals(found)
    more = settled_topics(arrangements(*rows, ("exit", "partly")), TOPICS)
    assert WORDS.index(more["exit"]) == max(WORDS.index(found["exit"]), 1)
    assert more.drop("exit").equals(found.drop("exit"))


PRECEDENTS = pd.DataFrame(
    [
        ("north", "exit", "partly"),
        ("north", "board", "no"),
        ("south", "exit", "yes"),
        ("south", "board", "no"),
        ("west", "exit", "yes"),
        ("west", "board", "partly"),
    ],
    columns=["case", "topic", "settled"],
)


def test_the_matrix_has_a_row_a_case_and_the_topics_in_order():
    found = settled_matrix(PRECEDENTS, ["board", "exit"])
    assert list(found.index) == ["north", "south", "west"]
    assert found.to_numpy().tolist() == [["no", "partly"], ["no", "yes"], ["partly", "yes"]]


@pytest.mark.parametrize(
    ("case", "settled", "expected"),
    [
        ("own", {"board": "no", "exit": "no"}, [("west", "board"), ("south", "exit"), ("west", "exit")]),
        ("own", {"exit": "partly", "board": "partly"}, [("south", "exit"), ("west", "exit")]),
        ("own", {"board": "yes", "exit": "yes"}, []),
        ("west", {"board": "no", "exit": "partly"}, [("south", "exit")]),
    ],
)  # fmt: skip
def test_examples_are_the_cases_that_went_furthest_and_further_than_this_one(
    case, settled, expected
):
    found = examples(PRECEDENTS, pd.Series(settled), case)
    assert list(found[["case", "topic"]].itertuples(index=False, name=None)) == expected
    assert found["here"].tolist() == [settled[topic] for _, topic in expected]


# the published cases


@pytest.mark.parametrize("case", PUBLISHED_CASES)
def test_what_is_recorded_of_a_published_case_is_what_its_own_rows_say(case):
    study = load_study(case)
    own = settled_topics(study.tables["governance"], TOPICS)
    assert study.governance.matrix.loc[case].to_dict() == own.to_dict()


def test_every_published_case_has_every_topic_with_its_paragraph():
    precedents = load_case("lictp-2020").tables["governance_precedents"]
    assert list(precedents["case"].unique()) == PUBLISHED_CASES
    for case, rows in precedents.groupby("case"):
        assert list(rows["topic"]) == TOPICS, case
        assert rows["partnership"].nunique() == 1
    assert (precedents["arrangement"].str.len() > 10).all()


@pytest.mark.parametrize(
    ("case", "lacking"),
    [
        ("lictp-2020", ["chair", "assets"]),
        ("mkip-2012", ["chair", "exit"]),
        ("allerdale-carlisle-2008", ["host", "term", "assets", "exit", "people"]),
        ("dacorum-avdc-2012", ["host", "review", "assets", "exit"]),
        ("durham-sunderland-2014", ["host", "chair", "term"]),
    ],
)
def test_what_each_published_case_lacks_stands_in_its_results(case, lacking):
    rows = list(load_study(case).rows("readiness"))
    words = {row[2]: row[4] for row in rows if row[1] == "governance"}
    assert list(words) == TOPICS
    assert [topic for topic, word in words.items() if word == "no"] == lacking
    assert [row[4] for row in rows if row[1] == "governance_lacking"] == [len(lacking)]


def test_a_case_without_arrangements_lacks_every_topic(data_copy):
    (data_copy / "durham-sunderland-2014" / "governance.csv").unlink()
    load_case.cache_clear()
    assert load_study("durham-sunderland-2014").governance.lacking == TOPICS


# refusals


def without_line(path, start):
    """Take the line that starts so out of a file."""
    lines = path.read_text(encoding="utf-8").splitlines()
    kept = [line for line in lines if not line.startswith(start)]
    assert len(kept) == len(lines) - 1
    path.write_text("\n".join(kept) + "\n", encoding="utf-8")


def faults_of(case):
    """Return the sentences with which a case is refused."""
    load_case.cache_clear()
    with pytest.raises(InputError) as refused:
        load_study(case)
    return refused.value.faults


def test_a_precedent_without_a_topic_is_refused(data_copy):
    path = data_copy / "governance_precedents.csv"
    without_line(path, "mkip-2012,Mid Kent 2012,exit")
    without_line(path, "mkip-2012,Mid Kent 2012,term")
    assert faults_of("lictp-2020") == [
        "data/governance_precedents.csv: mkip-2012 has no row for term, exit; every case needs each "
        "topic"
    ]


def test_a_topic_without_a_question_is_refused(data_copy):
    without_line(data_copy / "governance_questions.csv", "exit")
    assert faults_of("lictp-2020") == [
        "data/governance_questions.csv: exit has no question; every topic needs one"
    ]


def test_a_precedent_under_two_names_is_refused(data_copy):
    path = data_copy / "governance_precedents.csv"
    text = path.read_text(encoding="utf-8")
    start = "mkip-2012,Mid Kent 2012,exit"
    line = text[: text.index(start)].count("\n") + 1
    path.write_text(text.replace(start, start.replace("Kent", "Essex")), encoding="utf-8")
    assert faults_of("lictp-2020") == [
        f"data/governance_precedents.csv line {line}: partnership is 'Mid Essex 2012'; the first row "
        "of mkip-2012 has 'Mid Kent 2012'"
    ]


def test_an_unknown_topic_or_word_is_refused(data_copy):
    path = data_copy / "mkip-2012" / "governance.csv"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("\nterm,", "\nterms,").replace(",partly,", ",part,", 1), "utf-8")
    unknown_word, unknown_topic = sorted(faults_of("mkip-2012"), key=lambda fault: "topic" in fault)
    assert unknown_word.endswith(
        "column settled: found 'part'; it should be 'yes', 'partly' or 'no'; nearest: partly"
    )
    assert "column topic: found 'terms'; it should be 'host', 'board'" in unknown_topic
