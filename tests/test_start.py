"""Where a newcomer begins: which notebook answers what, and what a study is made of."""

import pytest
from conftest import ROOT

from businesscase.shown import start
from businesscase.study import load_study


@pytest.fixture(scope="module")
def study():
    return load_study("mkip-2012")


def test_every_numbered_notebook_is_named_with_its_question(study):
    table = start.questions(study).frame.set_index("notebook")
    assert list(table.index) == sorted(path.name for path in ROOT.glob("notebooks/[0-9]*.ipynb"))
    assert table.loc["03_savings.ipynb"].tolist() == [
        "What is saved, by whom and when?",
        "study.savings",
    ]
    assert table.loc["08_compare.ipynb", "part"] == ""


def test_every_part_stands_after_those_that_it_is_made_from(study):
    assert study.uncertainty.as_others  # which it keeps, and isn't handed
    table = start.parts(study)
    assert set(table.index) == {part.name for part in study.parts}
    for number, (name, row) in enumerate(table.iterrows()):
        assert set(row["needs"]) <= set(table.index[:number]), name
        assert row["about"].endswith(".")
    assert table.loc["savings", "needs"] == ["baseline", "plan"]
    assert table.loc[["baseline", "savings", "risks"], "step"].tolist() == [0, 1, 2]
    # the risks are made from the savings, and so by way of these from the baseline
    assert table.loc["risks", "needs"] == ["baseline", "savings"]
    assert table.loc["risks", "nearest"] == ["savings"]


def test_the_picture_of_the_parts_says_in_words_what_it_draws(study):
    chart = start.parts_chart(study)
    assert [note.text for note in chart.figure.layout.annotations] == list(start.parts(study).index)
    assert ["savings", "What is saved and spent, by whom and when, at one setting of the levers.", "baseline and plan"] in chart.data.as_read()["rows"]  # fmt: skip


def test_every_result_that_is_named_can_be_had(study):
    names = start.results_of(study.savings).index
    assert {"net_flows", "discount_factors", "net_present_values"} <= set(names)
    assert not [name for name in names if not hasattr(study.savings, name)]
    assert "at" not in names  # which is asked with arguments
    own = start.results_of(study.cash).index  # which names none to begin with
    assert {"medium_term_plan", "headroom_left"} <= set(own)
    assert not [name for name in own if name.startswith("_")]
