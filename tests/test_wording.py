"""How numbers, amounts, shares, dates and names are written for a reader, at the edges of each rule."""

import datetime as dt

import pandas as pd
import pytest

from businesscase.calculations import wording


@pytest.mark.parametrize(
    ("value", "label", "said"),
    [
        (None, "", "–"),
        (pd.NA, "Cost (£)", "–"),
        (pd.NaT, "", "–"),
        (float("nan"), "Share (%)", "–"),
        (True, "", "yes"),
        (False, "Share (%)", "no"),
        (float("inf"), "Payback (years)", "not within the term"),
        (1_234.567, "Score", "1,234.57"),
        (3.0, "Score", "3"),
        (0.4668, "Share (%)", "46.7%"),
        (-0.5, "Cost (£)", "£0"),
        (-0.51, "Cost (£)", "-£1"),
        (0.0005, "Share (%)", "0.1%"),
        ("<b>", "Cost (£)", "<b>"),
        (dt.date(2026, 4, 1), "", "1 April 2026"),
    ],
)
def test_value_of_a_table_is_printed_by_the_unit_in_its_label(value, label, said):
    assert wording.printed(value, label) == said


@pytest.mark.parametrize(
    ("value", "unit", "more", "said"),
    [
        (999_999.4, "£", 0, "£999,999"),
        (1e6, "£ a year", 0, "£1.00m a year"),
        (-1_234_567, "£", 2, "-£1.2346m"),
        (-12.345, "£", 2, "-£12.35"),
        (float("inf"), "years", 0, "never"),
        (0.12345, "fraction of plan", 1, "12.35% of plan"),
        (2.0, "ratio", 0, "2"),
        (-0.004, "days", 0, "0 days"),
        ("none", "£", 0, "none"),
    ],
)
def test_figure_of_a_sentence_has_its_unit_and_as_many_digits_as_asked(value, unit, more, said):
    assert wording.worded(value, unit, more) == said


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (1, "years", "1 year"),
        (0.25, "years", "0.25 years"),
        (-2, "levels", "-2 levels"),
        (0.035, "fraction a year", "3.5%"),
        (1_200_000, "£", "£1,200,000"),
        (5.0, "score", "5"),
    ],
)
def test_parameter_has_its_unit(value, unit, said):
    assert wording.setting(value, unit) == said


@pytest.mark.parametrize(
    ("share", "said"),
    [
        (0.0, "none"),
        (0.00099, "less than 0.1%"),
        (0.001, "0.1%"),
        (0.999, "99.9%"),
        (0.99901, "more than 99.9%"),
        (1.0, "all"),
    ],
)
def test_only_a_share_of_none_or_all_is_said_to_be_one(share, said):
    assert wording.share_in_words(share) == said


@pytest.mark.parametrize(
    ("number", "of", "whose", "said"),
    [
        (0, 0, "its", "none of its risks"),
        (0, 2, "the", "none of the 2 risks"),
        (1, 2, "the", "1 of the 2 risks"),
        (2, 2, "the", "both risks"),
        (2, 2, "its", "both its risks"),
        (1, 1, "the", "the only risk"),
        (1_200, 1_200, "", "all 1,200 risks"),
    ],
)
def test_a_part_of_some_things_says_none_all_and_the_only_one_in_words(number, of, whose, said):
    assert wording.part_of(number, of, "risk", whose) == said


def test_members_read_of_a_table_by_its_title_and_what_a_case_quotes_as_it_is():
    said = "risk_costs.csv: the amounts of 'a_b' (gates.csv) beside data/plausible_ranges.csv; give low_gbp"
    assert wording.without_files(said) == (
        "Risk costs: the amounts of 'a_b' beside plausible ranges; give low gbp"
    )
    assert wording.without_files("As it is.") == "As it is."


def test_small_words_follow_the_number():
    assert [wording.spelt(number) for number in (1, 10, 11)] == ["one", "ten", "11"]
    assert [wording.counted(number, "month") for number in (0, 1, 2)] == [
        "0 months",
        "1 month",
        "2 months",
    ]
    assert wording.in_words(1_234_567) == "£1.23m" and wording.in_words(45_678) == "£45,700"
    assert wording.listed(["a"]) == "a" and wording.listed(["a", "b"]) == "a and b"


def test_dates_and_years_are_short_where_there_is_little_room():
    day = pd.Timestamp("2026-04-01")
    assert wording.short_day(day) == "1 Apr 2026" and wording.short_day(pd.NaT) == "–"
    assert wording.month(day) == "April 2026"
    assert wording.year_label(2026) == "2026/27" and wording.year_label(2099) == "2099/00"


def test_name_keeps_all_but_what_is_asked():
    assert wording.words("one_off_cost") == "one-off cost"
    assert wording.capitalised("iCT in a Year") == "ICT in a Year" and wording.capitalised("") == ""
