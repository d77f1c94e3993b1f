"""A date of which the source gives the month alone is told as a month, and its first day stands for it."""

import datetime as dt
import io

import pandas as pd
import pytest
from small import flow, small_case, small_study

from businesscase.calculations.wording import printed, short_day
from businesscase.calculations.years import Month, with_known_dates
from businesscase.cases.errors import InputError
from businesscase.cases.schema import TABLES
from businesscase.shown import common, front, outturn
from businesscase.study import results
from businesscase_workbench.report.excel import workbook
from businesscase_workbench.spreadsheet.cells import Cell, CellError, read_cell
from businesscase_workbench.spreadsheet.columns import table_columns

EVENTS = [
    {"date": "2024-07-15", "kind": "gate", "event": "By day"},
    {"date": "2024-07", "kind": "gate", "event": "By month"},
    {"date": "2026-10", "kind": "review", "event": "Look back"},
]
BY_DAY, BY_MONTH = (table_columns(TABLES[stem])[name] for stem, name in (("tasks", "deadline"), ("events", "date")))  # fmt: skip


def test_first_day_of_a_month_stands_for_it_in_order_and_arithmetic():
    events = small_case(events=EVENTS).tables["events"]
    assert events["date"].tolist() == list(map(pd.Timestamp, ["2024-07-15", "2024-07-01", "2026-10-01"]))  # fmt: skip
    assert events.sort_values("date")["event"].tolist() == ["By month", "By day", "Look back"]
    assert with_known_dates(events)["date"].tolist() == [
        dt.date(2024, 7, 15),
        Month(2024, 7, 1),
        Month(2026, 10, 1),
    ]


def test_month_is_told_as_one_wherever_its_date_is():
    saving = flow("posts", "saving", 100, (2024, 2028))
    reading = {
        "kind": "saving",
        "item": "posts",
        "partner": "North",
        "date": "2025-04",
        "year": "2024",
        "value": "90",
    }
    study = small_study(
        file={"data_date": "2025-04"}, events=EVENTS, flows=[saving], actuals=[reading]
    )
    assert [row[0] for row in common.events(study).as_read()["rows"]] == [
        "July 2024",
        "15 July 2024",
        "October 2026",
    ]
    steps = [
        row[0].replace("\N{NO-BREAK SPACE}", " ")
        for row in front.next_steps(study).as_read()["rows"]
    ]
    assert steps == []
    assert "The next review is **October 2026**" in outturn.review(study).text
    told = common.inputs(study, ["events"]).as_read()["rows"]
    assert [row[1].split(",")[0] for row in told] == ["2024-07-15", "July 2024", "October 2026"]
    found = study.results.set_index("measure")["value"]
    assert results.as_text(found["review_date"]) == "2026-10"
    assert common.events(study).as_csv().splitlines()[1].startswith("2024-07,gate")


def test_next_steps_are_in_the_order_of_their_days_and_tell_months_as_such():
    steps = front.next_steps(small_study(events=EVENTS)).as_read()["rows"]
    assert [row[0].replace("\N{NO-BREAK SPACE}", " ") for row in steps] == [
        "Jul 2024",
        "15 Jul 2024",
    ]


def test_month_of_a_document_and_of_the_figures_is_told_as_one():
    sources = {"report": {"title": "Report", "publisher": "North", "date": "2024-03"}}
    file = small_case(file={"data_date": "2024-05", "sources": sources}).file
    assert printed(file.data_date) == "May 2024" and short_day(file.data_date) == "May 2024"
    assert printed(file.sources["report"].date) == "March 2024"
    assert file.data_date < file.decision_date


@pytest.mark.parametrize("date", ["2024-13", "2024-7", "2024", "July 2024"])
def test_what_is_neither_a_day_nor_a_month_is_refused_with_both_forms(date):
    allowed = "it should be a date such as 2026-04-01 or a month such as 2026-04"
    with pytest.raises(InputError, match=allowed):
        small_case(events=[EVENTS[0] | {"date": date}])


def test_where_a_day_is_needed_a_month_is_refused():
    task = {"task": "1", "name": "Move", "duration_days": "5", "deadline": "2024-07"}
    with pytest.raises(InputError, match=r"found '2024-07'; it should be a date such as 2026-04-01$"):  # fmt: skip
        small_case(file={"plan_start": dt.date(2024, 6, 3)}, tasks=[task])


@pytest.mark.parametrize("given", ["2019-07", "July 2019", "Jul 2019", "jul. 2019"])
def test_month_in_a_spreadsheet_is_read_where_it_may_stand(given):
    assert read_cell(Cell("text", given), BY_MONTH).text == "2019-07"
    with pytest.raises(CellError):
        read_cell(Cell("text", given), BY_DAY)


def test_what_names_no_month_is_refused_in_a_spreadsheet():
    with pytest.raises(CellError, match="or a month such as 2026-04"):
        read_cell(Cell("text", "Juli 2019"), BY_MONTH)


def test_month_is_a_text_in_the_workbook_of_a_report():
    book = pd.read_excel(io.BytesIO(workbook(small_study(events=EVENTS))), None, header=None, engine="calamine")  # fmt: skip
    (events,) = [page for page in book.values() if page.isin(["gate"]).any(axis=None)]
    told = events[events.isin(["gate"]).any(axis="columns")][0].tolist()
    assert told == [dt.datetime(2024, 7, 15), "July 2024"]
