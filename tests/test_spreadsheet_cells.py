"""One cell of a spreadsheet: what it is read as, and what is refused."""

import datetime as dt
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from businesscase.cases.schema import TABLES, PublishedFigure
from businesscase_workbench.spreadsheet.cells import Cell, CellError, plain_number, read_cell
from businesscase_workbench.spreadsheet.columns import Column, parameter_column, table_columns

FLOWS, TASKS, RISKS = (table_columns(TABLES[stem]) for stem in ("flows", "tasks", "risks"))
AMOUNT, SHARE, YEAR = (
    FLOWS["amount_gbp"],
    FLOWS["correlation"],
    FLOWS["first_year"],
)
PEOPLE = table_columns(TABLES["skills"])["people"]
DATE = TASKS["deadline"]
KINDS = ["text", "number", "boolean", "date", "datetime", "time", "duration", "error"]


def text(given, column, kind="text"):
    return read_cell(Cell(kind, given), column).text


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("12000", "12000"),
        ("0.35", "0.35"),
        ("£12,000", "12000"),
        ("12,000.50", "12000.50"),
        ("(4,500)", "-4500"),
        ("(£4,500)", "-4500"),
        ("-£4,500", "-4500"),
        ("£-4,500", "-4500"),
        ("\u22124500", "-4500"),
        ("4,500-", "-4500"),
        ("+4,500", "4500"),
        ("£1.2m", "1200000"),
        ("£1.25 million", "1250000"),
        ("12k", "12000"),
        ("1 250 000", "1250000"),
        ("\u00a0£\u00a0300\u200b ", "300"),
        (".5", "0.5"),
        ("-0", "-0"),
        ("(0)", "0"),
    ],
)
def test_amount_is_read_as_a_finance_office_writes_it(given, read):
    assert text(given, AMOUNT) == read


@pytest.mark.parametrize(
    "given",
    [
        "12,00",
        "1.234,56",
        "1,2345",
        "0,123",
        "12 00",
        "1e5",
        "1_000",
        "(4,500",
        "-(4,500)",
        "--5",
        "€12",
        "$5",
        "5 CR",
        "c. 12000",
        "50%",
        "٣",
        "nan",
        "inf",
        "9" * 26,
        "£",
        ".",
        "12,000,",
        "1 k m",
    ],
)
def test_amount_that_can_be_read_in_two_ways_or_none_is_refused(given):
    with pytest.raises(CellError, match="it should be a plain number such as 12000"):
        text(given, AMOUNT)


@pytest.mark.parametrize("given", ["-", "–", "n/a", "N/A", "tbc", "TBC", "nil", "Not known"])
def test_word_for_no_number_is_refused_with_what_to_write_instead(given):
    with pytest.raises(CellError, match=r"a number, 0 if it is nil$"):
        text(given, replace(AMOUNT, may_be_blank=False))
    with pytest.raises(CellError, match="0 if it is nil; leave it blank if it is not known"):
        text(given, replace(AMOUNT, may_be_blank=True))


@pytest.mark.parametrize(
    ("given", "read"),
    [
        ("0.30000000000000004", "0.3"),
        ("1e+16", "10000000000000000"),
        ("1e-05", "0.00001"),
        ("-0.0", "0"),
    ],
)
def test_number_loses_the_noise_of_binary_fractions_and_its_exponent(given, read):
    assert text(given, AMOUNT, "number") == read


def test_cleaned_noise_is_a_change_and_a_plain_number_is_none():
    assert read_cell(Cell("number", "0.30000000000000004"), AMOUNT).change
    assert not read_cell(Cell("number", "12000.5"), AMOUNT).change


@pytest.mark.parametrize(
    ("given", "read"), [("35%", "0.35"), ("12.5 %", "0.125"), ("100%", "1"), ("0.35", "0.35")]
)
def test_percentage_is_read_as_a_fraction(given, read):
    assert text(given, SHARE) == read


@pytest.mark.parametrize(
    ("given", "kind"), [("35", "number"), ("35", "text"), ("350%", "text"), ("£1", "text")]
)
def test_fraction_above_its_bound_is_refused_as_a_percentage_without_its_sign(given, kind):
    with pytest.raises(CellError, match=r"a fraction such as 0\.35, or 35%"):
        text(given, SHARE, kind)


def test_multiple_of_an_amount_may_be_above_one():
    assert text("110%", FLOWS["high_fraction"]) == "1.1"
    with pytest.raises(CellError):
        text("110", FLOWS["high_fraction"], "number")


def test_count_takes_whole_numbers_without_pounds():
    assert text("1,200", PEOPLE) == "1200"
    assert text("12.0", PEOPLE) == "12"
    with pytest.raises(CellError, match="whole number"):
        text("2.5", PEOPLE, "number")
    with pytest.raises(CellError, match="in pounds"):
        text("£5", PEOPLE)


@pytest.mark.parametrize(
    "given",
    ["2013/14", "2013-14", "2013\u201314", "2013/2014", "FY13/14", "FY 2013/14", "13/14", "2013"],
)
def test_financial_year_is_the_one_in_which_its_april_falls(given):
    assert text(given, YEAR) == "2013"


def test_turn_of_the_century_is_a_financial_year():
    assert text("1999/00", YEAR) == "1999"
    assert text("99/00", YEAR) == "1999"


@pytest.mark.parametrize(
    "given", ["2013/15", "2014/13", "2013/1914", "FY14", "1/4/2013", "13", "2013.5"]
)
def test_years_that_do_not_follow_each_other_are_refused(given):
    with pytest.raises(CellError, match="a financial year such as 2026 or 2026/27"):
        text(given, YEAR)


@pytest.mark.parametrize(
    "given",
    [
        "2026-04-01",
        "01/04/2026",
        "1/4/26",
        "01.04.2026",
        "1-4-2026",
        "1 April 2026",
        "1st April 2026",
        "1-Apr-26",
        "1 Apr 2026",
        "Wed 1 April 2026",
        "2026/4/1",
        "2026-04-01 00:00:00",
        "1 april, 2026",
        "01/04/2026 00:00:00",
        "1/4/26 0:00",
        "1 April 2026 00:00",
        "2026-04-01T00:00:00.000Z",
        "01/04/2026 12:00:00 AM",
    ],
)
def test_date_is_read_with_the_day_first(given):
    assert text(given, DATE) == "2026-04-01"


@pytest.mark.parametrize(
    "given",
    [
        "04/13/2026",
        "31/02/2026",
        "29/02/2025",
        "April 2026",
        "01/04",
        "2026-04-01 09:30",
        "01/04/2026 14:30:00",
        "01/04/2026 00:00:01",
        "1 Apples 2026",
        "0",
    ],
)
def test_date_that_is_none_is_refused(given):
    with pytest.raises(CellError, match="day first"):
        text(given, DATE)


def test_serial_number_is_refused_with_the_date_that_it_may_stand_for():
    # day 1 of a spreadsheet is 1 January 1900 with a 29 February too many, so 46113 is 1 April 2026
    with pytest.raises(CellError, match="perhaps 2026-04-01"):
        text("46113", DATE, "number")


def test_date_with_a_time_of_day_is_refused():
    with pytest.raises(CellError):
        text("2026-04-01T09:30:00", DATE, "datetime")


@pytest.mark.parametrize(
    ("given", "kind", "read"),
    [
        ("Yes", "text", "true"),
        ("n", "text", "false"),
        ("TRUE", "text", "true"),
        ("1", "number", "true"),
        ("0", "number", "false"),
        ("false", "boolean", "false"),
    ],
)
def test_yes_and_no_are_true_and_false(given, kind, read):
    assert text(given, FLOWS["cashable"], kind) == read


def test_word_of_a_list_is_found_whatever_its_case_spaces_and_hyphens():
    assert text("One-off cost", FLOWS["flow"]) == "one_off_cost"
    assert text("Not Known", table_columns(TABLES["red_lines"])["respected"]) == "not known"
    with pytest.raises(CellError, match="revenue or capital"):
        text("grant", FLOWS["funding"])


def test_number_in_a_list_of_tasks_may_have_been_two_numbers():
    assert text("2", TASKS["predecessors"], "number") == "2"
    with pytest.raises(CellError, match=r"may have been a list.*2,3"):
        text("2.3", TASKS["predecessors"], "number")


def test_date_in_a_text_is_refused_but_for_published_figures():
    with pytest.raises(CellError, match="a date"):
        text("2026-02-01", RISKS["owner"], "date")
    value = table_columns(PublishedFigure)["value"]
    assert text("2026-02-01", value, "date") == "2026-02-01"
    assert text("12.5", value, "number") == "12.5"


def test_threshold_takes_a_number_or_a_date():
    threshold = table_columns(TABLES["gates"])["threshold"]
    assert text("£1,000", threshold) == "1000"
    assert text("24/07/2008", threshold) == "2008-07-24"
    assert text("2008-07-24", threshold, "date") == "2008-07-24"


@pytest.mark.parametrize("kind", ["error", "time", "duration"])
@pytest.mark.parametrize("column", [AMOUNT, DATE, FLOWS["line"], FLOWS["flow"], FLOWS["cashable"]])
def test_error_and_time_of_day_are_refused_in_every_column(kind, column):
    with pytest.raises(CellError):
        text("#REF!", column, kind)


def test_control_character_is_refused():
    with pytest.raises(CellError, match=r"control character '\\x01'"):
        text("a\x01b", FLOWS["line"])


def test_parameters_of_a_scenario_are_read_by_their_unit():
    assert text("5%", parameter_column("pay_inflation")[0]) == "0.05"
    assert text("2029/30", parameter_column("leaves")[0]) == "2029"
    assert text("31/12/2026", parameter_column("report_date")[0]) == "2026-12-31"
    assert parameter_column("scores")[1] == 2


@given(st.integers(-(10**12), 10**12))
def test_whole_amount_survives_its_thousands_and_its_pound_sign(amount):
    minus = "-" if amount < 0 else ""
    assert text(f"{minus}£{abs(amount):,}", AMOUNT) == str(amount)
    if amount < 0:
        assert text(f"({-amount:,})", AMOUNT) == str(amount)


@given(st.floats(allow_nan=False, allow_infinity=False, min_value=-1e12, max_value=1e12))
def test_number_of_a_spreadsheet_survives_to_fifteen_digits(number):
    assert float(plain_number(repr(number))) == pytest.approx(number, rel=1e-14, abs=1e-300)


@given(st.dates(dt.date(1970, 1, 1), dt.date(2069, 12, 31)))
def test_date_survives_each_way_of_writing_it(date):
    for pattern in ("%d/%m/%Y", "%d/%m/%y", "%d %B %Y", "%d-%b-%y", "%Y-%m-%d"):
        assert text(date.strftime(pattern), DATE) == date.isoformat()


COLUMNS = [column for model in TABLES.values() for column in table_columns(model).values()]
WRITTEN = st.one_of(
    st.text(max_size=30),
    st.text("0123456789.,-+£%()kmbn /FY eE'\u00a0\u2212", max_size=20),
    st.from_regex(r"[0-9]{1,4}[/.-][0-9]{1,2}[/.-][0-9]{1,4}", fullmatch=True),
)


@given(WRITTEN, st.sampled_from(COLUMNS))
def test_no_text_does_more_than_be_refused(given, column: Column):
    try:
        reading = read_cell(Cell("text", given), column)
    except CellError as error:
        assert str(error).startswith("found ")
    else:
        # what was read is read again as it is
        again = read_cell(Cell("text", reading.text), column)
        assert again.text == reading.text


@given(st.floats(), st.sampled_from(COLUMNS), st.sampled_from(["number", "boolean"]))
def test_no_number_does_more_than_be_refused(number, column, kind):
    given = repr(number) if kind == "number" else str(number > 0).lower()
    try:
        read_cell(Cell(kind, given), column)
    except CellError as error:
        assert "should be" in str(error)
