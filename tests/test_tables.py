"""Tables: any frame with the names and units of its columns from one place, still a frame to pandas."""

import ast
import json
import re

import nbformat
import pandas as pd
import pytest
from conftest import ROOT
from pandas.testing import assert_frame_equal

from businesscase import shown as show
from businesscase.shown import columns
from businesscase.study import load_study


@pytest.fixture(scope="module")
def worths():
    index = pd.Index(["all", "North"], name="partner")
    return pd.DataFrame({"net_present_value": [-4500.4, 10.0], "payback_years": [2.5, float("inf")]}, index)  # fmt: skip


def read(frame, **options):
    shown = show.table(frame, "Caption", **options).as_read()
    return shown["labels"], shown["rows"]


def test_columns_have_the_names_and_units_that_are_declared(worths):
    labels, rows = read(worths)
    assert labels == ["Partner", "Net present value (£)", "Payback (years)"]
    assert rows == [["All partners", "-£4,500", "2.5"], ["North", "£10", "not within the term"]]


def test_a_column_that_is_not_declared_is_called_by_its_name_and_unit():
    frame = pd.DataFrame({"own_gbp": [1200.0], "late_days": [3], "won_fraction": [0.25], "remark": ["fine"]})  # fmt: skip
    labels, rows = read(frame)
    assert labels == ["Own (£)", "Late (days)", "Won (%)", "Remark"]
    assert rows == [["£1,200", "3", "25.0%", "fine"]]


def test_columns_that_are_years_or_partners_take_the_unit_of_the_table():
    frame = pd.DataFrame([[1.0, 2.0]], ["rent"], pd.Index([2026, 2027], name="year"))
    assert read(frame.assign(sum=3.0), unit="£")[0] == ["Item", "2026/27 (£)", "2027/28 (£)", "Sum (£)"]  # fmt: skip
    frame = pd.DataFrame([[1.0, 2.0]], ["rent"], pd.Index(["all", "item"], name="partner"))
    assert read(frame, unit="£")[0] == ["Item", "All partners (£)", "Item"]


def test_names_of_a_case_are_labels_as_they_are_typed():
    frame = pd.DataFrame([[1, 2]], columns=pd.Index(["a_gbp", "b share"], name="partner"))
    assert read(frame)[0] == ["a_gbp", "b share"]


def test_named_levels_of_the_index_stand_first_and_row_numbers_nowhere():
    index = pd.MultiIndex.from_tuples([("x", 2026)], names=["line", "year"])
    assert read(pd.DataFrame({"value": [1]}, index))[1] == [["x", "2026/27", "1"]]
    assert read(pd.DataFrame({"value": [1, 2]})[lambda rows: rows["value"] > 1])[1] == [["2"]]


@pytest.mark.parametrize("frame", [pd.DataFrame(), pd.DataFrame({"a": []}), pd.DataFrame(index=["x"])])  # fmt: skip
def test_a_frame_without_rows_or_columns_says_what_is_absent(frame):
    shown = show.table(frame, "Caption", "Nothing is given")
    assert shown.caption == "Nothing is given" and shown.as_read()["rows"] == []
    assert shown._repr_html_() == '<p class="absent">Nothing is given.</p>'


def test_a_table_is_the_frame_to_pandas(worths):
    shown = show.table(worths, "Caption")
    assert_frame_equal(shown.head(1), worths.head(1))
    assert type(shown.head()) is type(shown * 2) is type(shown.copy()) is pd.DataFrame
    assert shown["net_present_value"].sum() == pytest.approx(-4490.4)
    assert_frame_equal(pd.concat([shown, worths]), pd.concat([worths, worths]))


def test_a_frame_is_drawn_by_plotly_without_more_ado(worths):
    figure = show.table(worths, "Caption")["net_present_value"].plot(kind="bar")
    assert [list(trace.y) for trace in figure.data] == [[-4500.4, 10.0]]


def test_a_table_leaves_the_frame_that_it_shows_as_it_was():
    net = load_study("mkip-2012").savings.net_flows
    before = net.copy()
    shown = show.table(net, "Net flows", unit="£")
    shown.loc["Swale"] = 0.0
    assert_frame_equal(net, before)


def names_used():
    """Return every text in the notebooks' cells and in the library but where columns are declared."""
    sources = [
        cell.source
        for path in ROOT.glob("notebooks/*.ipynb")
        for cell in nbformat.read(path, 4).cells
        if cell.cell_type == "code"
    ]
    sources += [path.read_text(encoding="utf-8") for path in (ROOT / "lib").rglob("*.py") if path.name != "columns.py"]  # fmt: skip
    trees = [ast.walk(ast.parse(source)) for source in sources]
    nodes = [node for tree in trees for node in tree]
    texts = {node.value for node in nodes if isinstance(node, ast.Constant)}
    named = {word.arg for node in nodes if isinstance(node, ast.Call) for word in node.keywords}
    named |= {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    return texts | named, [node for node in nodes if isinstance(node, ast.JoinedStr)]


def filled_in(parts):
    """Return the pattern of the texts that an f-string gives."""
    return "".join(
        re.escape(part.value) if isinstance(part, ast.Constant) else "[a-z0-9]+"
        for part in parts.values
    )


def test_every_column_that_is_declared_is_used():
    declared = set(columns.LABELS) | set(columns.WRITTEN)
    fields = {name for table in load_study("worked-example").tables.values() for name in table}
    used, composed = names_used()
    patterns = {filled_in(parts) for parts in composed} - {"[a-z0-9]+"}
    # a cell may give its columns their unit by an ending of all of them
    left = {name for name in declared - used - fields if name.rpartition("_")[0] not in used}
    assert {name for name in left if not any(re.fullmatch(of, name) for of in patterns)} == set()


def test_a_table_is_told_to_a_report_as_plain_data(worths):
    bundle = show.table(worths, "Caption")._repr_mimebundle_()
    assert json.loads(json.dumps(bundle)) == bundle
