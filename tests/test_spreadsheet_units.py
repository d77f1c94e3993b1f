"""Thousands, millions and other money, in words and in number formats; and what only looks like them."""

from itertools import product

import pytest

from businesscase_workbench.spreadsheet.units import (
    is_unit_alone,
    shows_another_unit,
    stated_above_numbers,
    stated_unit,
)

QUOTES = ["'", "’", "‘", "`", "´", "′", '"', " '", ""]
POUNDS = ["£", "GBP ", "GBP", "£ "]
ZEROS = [
    f"{pound}{quote}000{end}" for pound, quote, end in product(POUNDS, QUOTES, ["", "s", "'s"])
]
SHORT = [
    form
    for unit in ["k", "K", "m", "M", "mn", "mln", "mil", "bn", "thou", "thous."]
    for form in [f"£{unit}", f"£ {unit}", f"GBP{unit}", f"GBP {unit}", f"{unit}£", f"{unit} £", f"£ ’{unit}", f"£ ({unit})"]
]  # fmt: skip
OTHERS = """000s|'000|000's|in 000|x1,000|x 1000|×1,000|*1,000|/1000|÷1,000|£ x 1,000|times 1,000|units of £1,000
divided by 1,000|£1,000s|1000s|(1,000)|in £1,000|x10³|10^6|x1,000,000|£000,000|thousands|In Thousands|thous.|tsd
£ thousand|thousands of pounds|pounds (thousands)|pounds '000|sterling 000s|KGBP|in k|in £m|(k)|[m]|(in millions)
mln|mio|£mm|billions|K£|£00s|£,000|£ miloedd|amount ($)|amount (€)|in euros|USD|in pence"""
SPELLINGS = [*ZEROS, *SHORT, *OTHERS.replace("\n", "|").split("|")]
HONEST = """1,000 users|Milton Keynes|£ per user|Mr K Jones|K|M|prices of 2024/25|Amount (£)|amount_gbp|Amount GBP
Amounts in pounds|£12,000 a year|Budget of £4.6m|£1.2 million a year|12k in the second year|costs over £1,000
10,000 devices|5 million records|Cost centre 000|Ledger 100000|3 x 1,000 laptops|M3 corridor|M365 licences
Mill Road depot|(net of VAT)|(4,500)|Phone 01632 000 123|31/03/2000|2000/01|Printed 10:00:00|v1.000|Annex (k)
€1.17 to the pound|pounds and pence|Kirklees and Kent|sterling work|£|£/user|Thursday|ICT costs, £ at 2024 prices
Headcount reduced by 1,000|in 2000|£20,000 for option m"""


@pytest.mark.parametrize("title", ["{}", "ICT budgets ({})", "Figures {} unless stated", "ICT, {}"])
def test_unit_is_found_in_every_spelling_and_place(title):
    assert [one for one in SPELLINGS if not stated_unit(title.format(one))] == []


def test_words_that_only_look_like_a_unit_are_none():
    assert {
        one: found for one in HONEST.replace("\n", "|").split("|") if (found := stated_unit(one))
    } == {}


def test_letter_above_numbers_is_a_unit_in_brackets_or_alone():
    found = ["amount_gbp (k)", "amount_gbp (2026 prices, m)", "value [000]", "K", "£000", "mn"]
    assert all(map(stated_above_numbers, found))
    assert not any(
        map(stated_above_numbers, ["amount_gbp (net)", "Plan K", "value (km)", "Amount (£)"])
    )


def test_column_of_units_is_told_from_a_remark():
    assert all(map(is_unit_alone, ["£000", "figures in £k", "All amounts are in thousands"]))
    assert not any(
        map(is_unit_alone, ["saves £000 a year at the depot", "K", "checked by MK", "£"])
    )


@pytest.mark.parametrize(
    "text", ["£" + " " * 30_000 + "x", "£''''" * 6_000, "[" * 30_000, "1,000" * 6_000]
)
def test_long_text_is_searched_soon(text):
    assert isinstance(stated_above_numbers(text), str)


@pytest.mark.parametrize(
    "code",
    ['0"k"', '£#,##0"k"', "#,##0\\k", '0",000"', "0\\0\\0\\0", "0,", "#,##0,", "0.0,,", '#,##0,;-#,##0,;"-"',
     '£0.0"m"', '0.00" million"', '#,##0," m"', "[$€-2] #,##0", "[$$-409]#,##0", "$#,##0", '#,##0\\ "EUR"',
     '"$"#,##0', "[$USD] 0", '0" £000"', '0"%"', '[>=1000]0,;0', '0,"m"', '0"bn"'],
)  # fmt: skip
def test_number_format_that_shows_another_unit_is_found(code):
    assert shows_another_unit(code)


@pytest.mark.parametrize(
    "code",
    ["General", "#,##0", "£#,##0.00", "[$£-809]#,##0", "[$-809]#,##0", '"GBP" #,##0', '#,##0_);[Red](#,##0)',
     '_-£* #,##0_-;-£* #,##0_-;_-£* "-"??_-;_-@_-', '0" users"', '0.0" FTE"', '0" m²"', "0%", "dd/mm/yyyy",
     # what is stored is the number that is shown
     '0,"k"', '£0.0,,"m"', '[>=1000000]£0.0,,"m";[>=1000]£0.0,"k";£0'],
)  # fmt: skip
def test_number_format_that_shows_the_number_itself_is_none(code):
    assert not shows_another_unit(code)
