"""A table in a grid of cells: whatever stands there is read or refused, and nothing is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from businesscase.cases.errors import shown
from businesscase.cases.schema import KEYS, TABLES
from businesscase_workbench.spreadsheet.cells import Cell
from businesscase_workbench.spreadsheet.columns import table_columns
from businesscase_workbench.spreadsheet.findings import ImportFindings
from businesscase_workbench.spreadsheet.grid import Wanted, table_in
from businesscase_workbench.spreadsheet.left_out import LeftOut
from businesscase_workbench.spreadsheet.sheets import Looks, Sheet, letters, normal

COLUMNS = table_columns(TABLES["assets"])
KIND = st.sampled_from(["text", "number", "boolean", "date", "error"])
TEXT = st.one_of(
    st.sampled_from(
        [*COLUMNS, *(name.upper() for name in COLUMNS), "Total", "", " ", "£", "x", "12"]
    ),
    st.text(max_size=8),
)
GRID = st.dictionaries(
    st.integers(1, 30),
    st.dictionaries(st.integers(0, 12), st.builds(Cell, KIND, TEXT)),
    max_size=30,
)
BOX = st.tuples(*[st.integers(0, 30)] * 4)


def found_in(cells, leave_out=(), merged=(), is_csv=False):
    findings = ImportFindings()
    sheet = Sheet("x.xlsx", "assets", cells, merged, is_csv=is_csv)
    wanted = Wanted("assets", COLUMNS, KEYS["assets"])
    table = table_in(sheet, wanted, LeftOut(leave_out), findings)
    return table, findings


def rows(*lines):
    """Return a grid of texts, None for a blank cell."""
    return {
        row: {at: Cell("text", text) for at, text in enumerate(line) if text is not None}
        for row, line in enumerate(lines, 1)
    }


@given(GRID, st.lists(BOX, max_size=2), st.booleans())
def test_any_grid_is_read_or_refused(cells, merged, is_csv):
    table, findings = found_in(cells, ["totals"], tuple(merged), is_csv)
    if table is not None:
        assert set(table.rows) <= set(cells)
    assert all(fault.startswith("x.xlsx") for fault in findings.faults)
    assert all(isinstance(sentence, str) for sentence in findings.conversions())


LINE = st.lists(
    st.sampled_from([None, " ", "\u00a0", "N", "12", "Total", "total cost"]), min_size=4, max_size=4
)


@given(st.lists(LINE, max_size=12))
def test_every_row_below_the_header_is_read_but_blank_ones_and_totals(lines):
    header = ["partner", "asset", "value_gbp", "owner_rule"]
    table, findings = found_in(rows(header, *lines), ["totals"])
    filled = [[(text or "").strip() for text in line] for line in lines]
    expected = [
        row
        for row, texts in enumerate(filled, 2)
        # the first text, and the keys, partner and asset, name a total
        if any(texts) and "Total" not in [*[text for text in texts if text][:1], *texts[:2]]
    ]
    assert table.rows == expected
    assert all("'Total'; value_gbp: it says " in fault for fault in findings.faults)


def test_total_of_a_name_that_other_rows_have_is_one_and_other_names_with_the_word_are_not():
    header = ["partner", "asset", "value_gbp", "owner_rule"]
    lines = [
        ["N", "total cost tool", "5", "h"],
        ["Total N", None, "5", None],
        ["S", "a", "7", "h"],
        ["S subtotal:", None, "7", None],
        ["T", "b", "9", "h"],
        ["Sub-total for T", None, "9", None],
    ]
    table, findings = found_in(rows(header, *lines), ["totals"])
    assert table.rows == [2, 4, 6]
    assert findings.faults == []


@pytest.mark.parametrize(
    ("total", "is_refused"), [("1,765", False), ("1,766", False), ("1,767", True)]
)
def test_total_that_the_rows_above_do_not_add_up_to_is_refused_but_for_rounding(total, is_refused):
    header = ["partner", "asset", "value_gbp", "owner_rule"]
    lines = [["N", "a", "1,000", "h"], ["N", "b", "765", "h"], ["Total", None, total, None]]
    _, findings = found_in(rows(header, *lines), ["totals"])
    said = (
        f"row 4: found 'Total'; value_gbp: it says {total}, but the 2 rows above add up to 1,765; "
    )
    assert [said in fault for fault in findings.faults] == [True] * is_refused


def test_total_is_compared_with_the_rows_above_it():
    header = ["partner", "asset", "value_gbp", "owner_rule"]
    lines = [["N", "a", "1,000", "h"], ["N", "b", "765", "h"], ["Total", None, "£1,765", None]]
    _, findings = found_in(rows(header, *lines), ["totals"])
    assert findings.conversions()[-1] == (
        "x.xlsx, sheet 'assets', row 4: 'Total' left out; value_gbp: its 1,765 is what the 2 rows above "
        "add up to"
    )
    lines[2][2] = "1,764"
    _, findings = found_in(rows(header, *lines), ["totals"])
    assert findings.conversions()[-1].endswith(
        "value_gbp: it says 1,764, but the 2 rows above add up to 1,765"
    )


COSTS = table_columns(TABLES["service_costs"])


def costs(lines, leave_out=(), keep=()):
    """Return the rows read of some costs, and what is refused; a line is partner, category, amount, more."""
    names = ["partner", "category", "amount_gbp", "nature", "funding", "service", "year"]
    findings, cells = ImportFindings(), rows(names, *lines)
    wanted = Wanted("service_costs", COSTS, KEYS["service_costs"])
    table = table_in(
        Sheet("x.xlsx", "service_costs", cells), wanted, LeftOut(leave_out, keep), findings
    )
    return (
        table.rows,
        [fault for fault in findings.faults if "total" in fault],
        findings.conversions(),
    )


STAFF = ["N", "staff", "100,000", "staff", "revenue"]
LICENCES = ["N", "licences", "£60,000.50", "non_staff", "revenue"]
EAST = [
    ["E", "staff", "70000", "staff", "revenue"],
    ["E", "licences", "20,000", "non_staff", "revenue"],
]


@pytest.mark.parametrize(
    "name",
    [
        "Sum",
        "ICT in all",
        "Gross cost",
        "Committee",
        "c/f",
        "Net expenditure",
        "Ʃ",
        "Northmere's budget",
    ],
)
def test_row_that_rows_above_add_up_to_is_a_total_whatever_its_name(name):
    lines = [STAFF, LICENCES, ["N", name, "160,000.5", None, "revenue"], *EAST]
    read, faults, _ = costs(lines)
    assert read == [2, 3, 5, 6]
    (fault,) = faults
    assert (
        f"row 4: found {shown(name)}, a total that would count twice, as it seems: its 160,000.50 is"
        in fault
    )
    assert (
        "what the 2 rows above add up to; delete the row, leave out all totals with --leave-out totals"
        in fault
    )
    read, faults, said = costs(lines, leave_out=["totals"])
    assert (read, faults) == ([2, 3, 5, 6], [])
    assert "row 4" in said[-1]
    read, faults, said = costs(lines, keep=["totals"])
    assert (read, faults) == ([2, 3, 4, 5, 6], [])
    assert (
        f"{shown(name)} kept, though its 160,000.50 is what the 2 rows above add up to" in said[-1]
    )


def test_totals_of_totals_of_one_row_rounded_above_and_with_a_column_filled_are_found():
    totals = {
        4: ["N", "Sum", "160,000.5", "non_staff", "revenue"],
        7: ["E", "Sum", "90000", None, "revenue"],
        9: ["W", "Sum", "5000", None, None],
        10: [None, "All of it", "255000.5", None, None],
        11: [None, "Sum, in whole pounds", "255001", None, None],
    }
    lines = [
        STAFF,
        LICENCES,
        totals[4],
        *EAST,
        totals[7],
        ["W", "staff", "5000", "staff"],
        *map(totals.get, (9, 10, 11)),
    ]
    read, faults, _ = costs(lines)
    assert read == [2, 3, 5, 6, 8]
    assert [fault.partition("row ")[2].partition(":")[0] for fault in faults] == [
        "4",
        "7",
        "9",
        "10",
        "11",
    ]
    assert "its 5,000 is what the row above has" in faults[2]
    assert "its 255,000.50 is what the 5 rows above add up to" in faults[3]
    assert "its 255,001 is, rounded, what the 5 rows above add up to" in faults[4]
    read, faults, _ = costs([["N", "ICT", "160000.5"], STAFF, LICENCES])
    assert read == [3, 4]
    assert "is what the 2 rows below add up to" in faults[0]


@pytest.mark.parametrize(
    "lines",
    [
        # three partners of which the last spends as much as the others
        [["N", "staff", "100"], ["E", "staff", "200"], ["W", "staff", "300"]],
        # partners with like amounts, and rows of nothing
        [["N", "staff", "5"], ["N", "kit", "5"], ["E", "staff", "5"], ["E", "kit", "5"]],
        [
            ["N", "staff", "0"],
            ["N", "kit", "0"],
            ["N", "other", "0"],
            ["N", "more", "5"],
            ["N", "most", "5"],
        ],
        # a category that other rows have too, which are no sums
        [
            ["N", "a", "1"],
            ["N", "b", "2"],
            ["N", "c", "3"],
            ["E", "a", "4"],
            ["E", "b", "4"],
            ["E", "c", "4"],
        ],
        # a run that begins in the middle of a partner's rows
        [["N", "a", "7"], ["N", "b", "1"], ["N", "c", "2"], ["N", "d", "3"]],
        # an amount taken off again
        [["N", "staff", "100"], ["N", "income", "-100"], ["N", "kit", "50"]],
    ],
)
def test_line_that_others_come_to_by_chance_is_no_total(lines):
    read, faults, _ = costs(lines)
    assert (len(read), faults) == (len(lines), [])


def test_word_that_is_not_to_be_kept_or_is_left_out_too_is_refused():
    faults = list(LeftOut(["Hidden"], ["hidden", "sums"]).faults())
    assert [fault.details["found"] for fault in faults] == ["hidden", "sums"]
    assert "can't be both left out and kept" in faults[0]
    assert "keep 'sums' is unknown; allowed: totals, hidden, struck-out" in faults[1]


def test_unit_is_refused_above_below_and_beside_the_rows():
    header = ["partner", "asset", "value_gbp", "owner_rule", "unit"]
    line = ["N", "a", "1", "h", "£000"]
    lines = [["Assets in £k"], [None, None, "K"], header, line, ["Figures in thousands"]]
    cells = rows(*lines)
    looks = Looks(
        remarks=((0, 0, "&CAssets (£m)"), (3, 2, "in thousands"), (4, 2, "was £000 last year"))
    )
    findings = ImportFindings()
    sheet = Sheet("x.xlsx", "assets", cells, looks=looks)
    table_in(sheet, Wanted("assets", COLUMNS, KEYS["assets"]), LeftOut(["assets.unit"]), findings)
    found = [(fault.details.get("cell"), fault.details["found"]) for fault in findings.faults]
    assert found == [
        ("A1", "£k"), ("C2", "K"), ("E4", "£000"), ("A5", "thousands"), (None, "£m"), ("C3", "thousands"),
    ]  # fmt: skip
    assert all(
        "every amount is read as pounds; give pounds, and delete these" in fault
        for fault in findings.faults
    )


@pytest.mark.parametrize(
    "word", ["Total", "TOTAL:", "Grand total", "Sub-total", "Subtotal", "sub total"]
)
def test_total_is_refused_by_its_word(word):
    header = ["partner", "asset", "value_gbp", "owner_rule"]
    table, findings = found_in(rows(header, ["N", "a", "1", "h"], [None, word, "1", None]))
    assert len(findings.faults) == 1
    assert table.rows == [2]


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("Value (£)", "value_gbp"),
        ("VALUE £", "value_gbp"),
        ("Owner-rule *", "owner_rule"),
        (" partner\xa0", "partner"),
        ("Asset (see note 3)", "asset"),
        ("Value_GBP", "value_gbp"),
    ],
)
def test_header_is_found_whatever_its_case_signs_and_brackets(header, name):
    lines = [[header, "status", "source", "paragraph", "note"], ["1", "assumed", "s", "1", "n"]]
    table, _ = found_in(rows(*lines))
    assert table.columns[name] == 0


def test_unknown_column_is_named_once_and_not_as_a_missing_one_too():
    _, findings = found_in(rows(["partner", "asset", "Owner rules"], ["N", "a", "h"]))
    (fault,) = findings.faults
    assert fault.details["nearest"] == ["owner_rule"]
    _, findings = found_in(rows(["partner", "asset"], ["N", "a"]))
    assert [fault.details["allowed"] for fault in findings.faults] == [["owner_rule"]]


def test_number_of_a_year_is_no_header():
    table, findings = found_in(rows(["2024", "2025"], ["1", "2"]))
    assert table is None
    assert len(findings.faults) == 1


@given(st.integers(0, 16_383))
def test_letters_of_a_column_count_in_twenty_sixes(column):
    number = 0
    for letter in letters(column):
        number = number * 26 + "ABCDEFGHIJKLMNOPQRSTUVWXYZ".index(letter) + 1
    assert number == column + 1


@given(st.text(max_size=20))
def test_name_is_made_plain_once(name):
    assert normal(normal(name)) == normal(name)


def test_things_to_leave_out_are_named_as_they_are_written():
    left_out = LeftOut(["v1.2", "Flows.Checked by"])
    assert left_out.takes("v1.2")
    assert left_out.takes("flows", "checked  by")
    assert not left_out.takes("flows")
    assert left_out.not_found() == []
