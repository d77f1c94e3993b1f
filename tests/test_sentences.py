"""Every text of a report reads well, of the published cases and of small ones with nil, one and two of each."""

import datetime as dt
import re
from collections.abc import Iterator
from functools import cache

import pandas as pd
import pytest
from cells import executed
from conftest import daily_of
from small import flow, small_study

from businesscase.calculations.years import IS_MONTH
from businesscase.cases.case import case_names
from businesscase.study import Study, load_study
from businesscase_workbench.report import report_of
from businesscase_workbench.report.content import (
    Block,
    Chapter,
    FigureShown,
    Heading,
    Prose,
    Report,
    TableShown,
    Verdict,
    comparison_of,
)

PLURAL = (
    "actions|areas|benchmarks|cases|conditions|contracts|councils|criteria|days|deadlines|documents|factors|"
    "findings|functions|futures|gaps|gates|items|levels|lines|measures|months|objectives|options|others|partners|"
    "posts|readings|requirements|risks|rows|scenarios|scores|skills|steps|subjects|tables|tasks|topics|"
    "users|votes|ways|weightings|weeks|years"
)
READ_BACK = "reconciliation"  # as many decimals as the source prints
LOG = ("assumptions", "made", "reconciliation")  # chapters that name files, columns and codes

DECIMALS = r"\d\.\d{5,}"

# what no text says, wherever it stands, and what it should say
NOWHERE = {
    rf"(?<![\d.,/£-])(?<! of )1 (?!of )(?:\w+ )?(?:{PLURAL})\b(?! (?:and|or) )": "one thing is singular: counted(1, 'task')",
    r"\b1 of (?:the |its |their )?1\b": "of one thing there is no part: 'the only task is'",
    r"(?<![\d.,])0 of (?:the |its |their )?\d": "none of: part_of(0, 7)",
    r"(?<![\d.,/])(\d+) of (?:the |its |their )?\1\b(?![.,]\d)": "all of: part_of(7, 7)",
    r"\ball of all\b": "'all'",
    r"\b100(?:\.0)?% of (?:all|the)\b": "'all'",
    r"(?i)(?<![-\w])(?!(?:that|had)\b)([a-z]+) \1\b(?![-\w])": "a word stands once",
    r"(?<!\.)\.\.(?!\.)| \.(?![\dcde])| ,|,,|;;|\(\)|\( | \)": "one stop, without a space before it",
    r"\b(?:nan|NaN|NaT|None(?!\.| \w)|inf|null)\b|<NA>": "a blank is '–', what is not reached is said in words",
    r"(?<![\d\w])-0(?:\.0+)?(?![\d.-])|-£0(?![\d.,])": "nil has no sign",
    r"£-|£ -|- £|£ \d|--[\d£]": "pounds have their sign in front: -£5",
    DECIMALS: "a figure has at most four decimals",
}  # fmt: skip
# what a member's page doesn't say, and the appendix says only in the log of inputs and files
NO_CODES = {
    r"\b[a-z]+_[a-z_]+\b": "a name of a column or parameter is put in words",
    r"\b\w+\.(?:csv|toml|ipynb|py)\b": "a table is called by its title",
}


def blocks_of(chapters: tuple[Chapter, ...]) -> Iterator[tuple[str, Block]]:
    for chapter in chapters:
        yield chapter.name, Heading(chapter.title)
        yield from ((chapter.name, block) for block in chapter.blocks)


def texts_of(block: Block) -> Iterator[str]:
    """Yield each text of a block by itself, so that none runs on into the next."""
    match block:
        case TableShown():
            yield from (block.caption, *block.labels, *(cell for row in block.rows for cell in row))
        case FigureShown():
            yield from (block.title, block.description, *texts_of(block.data))
        case Heading() | Verdict():
            yield block.text
        case Prose():
            yield from block.marked().splitlines()


def plain(text: str) -> str:
    """Return a text as it is read, without the marks of Markdown and what keeps figures together."""
    text = re.sub(r"\]\([^)]*\)", "]", text).replace("**", "").replace("\N{WORD JOINER}", "")
    return re.sub(r"\\(?=\W)|^[-*] |[*]", "", text)


@cache
def reports(study: Study) -> dict[str, Report]:
    """Return the report of a study, and that which compares the scenarios, each with its appendix."""
    notebooks = executed(study)
    compared = comparison_of(study, notebooks.pop("compare"))
    told = report_of(study, notebooks)
    made = {"report": told, "comparison": compared}
    return made | {f"appendix of {name}": one.appendix for name, one in made.items()}


def faults(study: Study) -> list[str]:
    """Return what is wrong with the texts of a study's reports, each with its place and the right form."""
    found, by_day = [], dict.fromkeys(days_of_months(study), "the source gives the month alone")
    for name, made in reports(study).items():
        for chapter, block in blocks_of((*made.front, *made.chapters)):
            for text in map(plain, texts_of(block)):
                for pattern, right in (held_in(chapter) | by_day).items():
                    if fault := re.search(pattern, text):
                        found.append(f"{name}, {chapter}: {fault[0]!r} in {text!r}: {right}")
    return list(dict.fromkeys(found))


def days_of_months(study: Study) -> list[str]:
    """Return patterns of the first days that stand for months, but for those that are days of the case too."""
    months, days = set(), set()
    for table in study.tables.values():
        for name in table.select_dtypes("datetime"):
            is_month = table.get(f"{name}{IS_MONTH}", pd.Series(False, table.index))
            months |= set(table.loc[is_month, name])
            days |= set(table.loc[~is_month, name].dropna())
    days |= {value for value in study.results["value"] if isinstance(value, pd.Timestamp)}
    days |= {day + pd.Timedelta(days=1) for day in days}  # on which follows what ends
    return [rf"\b1 (?:{day:%B}|{day:%b}) {day.year}\b|\b{day:%Y-%m-%d}\b" for day in months - days]


def held_in(chapter: str) -> dict[str, str]:
    """Return the patterns that a chapter is held to."""
    if chapter == READ_BACK:
        return {pattern: right for pattern, right in NOWHERE.items() if pattern != DECIMALS}
    return NOWHERE if chapter in LOG else NOWHERE | NO_CODES


@pytest.mark.parametrize("case", daily_of(case_names(), "worked-example", "durham-sunderland-2014"))
def test_every_text_of_a_published_case_reads_well(case):
    assert faults(load_study(case)) == []


def rows(number: int, **cells) -> list[dict]:
    """Return as many rows; in a cell ``{n}`` is the row's number and ``{letter}`` the option's."""
    return [
        {name: text.format(n=count, letter="abc"[count - 1]) for name, text in cells.items()}
        for count in range(1, number + 1)
    ]


def sized(number: int, saving: int = 100_000, years: int = 1) -> Study:
    """Return the study of a case with as many rows of each kind, or twice where partners have one each.

    Parameters
    ----------
    saving : int
        Saving of each line and year [£]; one below nil is a cost.
    years : int
        Years after the decision's.
    """
    both = [{"partner": name} for name in ("North", "South")]
    last = (2025, 2024 + years)
    kind = "saving" if saving >= 0 else "running_cost"
    tables = {
        "service_costs": [
            row | {"service": "ICT", "nature": "staff", "funding": "revenue", "year": "2024"} | one
            for row in both
            for one in rows(number, category="part {n}", amount_gbp="900000")
        ],
        "drivers": [row | {"driver": "users", "date": "2024-04-30", "value": "400"} for row in both],
        "benchmarks": rows(number, benchmark="Club {n}", basis="club {n}", measure="cost_per_user", band="median", amount_gbp="2000"),
        "service_measures": [
            {"measure": "calls open", "partner": "North", "date": date, "value": value, "bound": "exactly", "unit": "calls", "better": "lower", "target": "100"}
            for date, value in (("2023-04-30", "200"), ("2024-04-30", "150"))
        ] * bool(number),
        "applications": [row | one for row in both for one in rows(number, business_function="function {n}", product="product", annual_cost_gbp="5000")],
        "skills": [row | one for row in both for one in rows(number, skill="skill {n}", posts="1", people="1")],
        "assets": [row | one for row in both for one in rows(number, asset="asset {n}", value_gbp="1000", owner_rule="Stays")],
        "options": rows(number + 1, option="{letter}", name="Option {n}", description="Way {n}."),
        "factors": rows(number, factor="Factor {n}", definition="What", kind="benefit", weight="100", lowest_score="0", highest_score="10"),
        "success_factors": [{"option": letter, "passes": str(letter == "a").lower()} | one for letter in "abc"[: number + 1] for one in rows(number, criterion="Fit {n}")],
        "scores": [{"option": letter, "assessor": "heads", "score": str(8 - place)} | one for place, letter in enumerate("abc"[: number + 1]) for one in rows(number, factor="Factor {n}")],
        "flows": [flow(f"line {n}", kind, abs(saving), last, name, starts_with=str(n + 1) if saving >= 0 else "") for n in range(number) for name in ("North", "South")]
        + [flow("move", "one_off_cost", 50_000, (2024, 2024), name) for name in ("North", "South") if number],
        "risk_levels": [{"axis": axis, "score": str(score), "level": f"{of} {score}"} for axis, of in (("likelihood", "chance"), ("impact", "harm")) for score in (1, 2, 3)],
        "risk_bands": [{"band": "Low", "lowest_score": "1", "highest_score": "3", "within_appetite": "true"}, {"band": "High", "lowest_score": "4", "highest_score": "9", "within_appetite": "false"}],
        "risk_probabilities": [{"level": f"chance {score}", "lowest_probability": str(score / 10), "highest_probability": str((score + 1) / 10)} for score in (1, 2, 3)],
        "risks": rows(number, risk="{n}", description="It may fail {n}", likelihood="chance 2", impact="harm 3", mitigation="Care", owner="Head", response="treat", residual_likelihood="chance 2", residual_impact="harm 2", response_cost_gbp="1000"),
        "risk_costs": [one | {"position": "inherent", "partner": "shared", "first_year": "2025", "last_year": "2025", "low_gbp": "1000", "most_likely_gbp": "2000", "high_gbp": "3000"} for one in rows(number, risk="{n}")],
        "tasks": rows(number, task="{n}", name="Task {n}", duration_days="20", predecessors="", deadline="2024-12-31"),
        "task_ranges": rows(number, task="{n}", optimistic_days="15", pessimistic_days="40"),
        "contracts": rows(number if saving >= 0 else 0, option="a", contract="Contract {n}", partner="North", ends="2024-12-31", replaced_by="{n}", annual_gbp="1000", premium_fraction="0.2"),
        "work_packages": rows(number, package="Package {n}", task="{n}", objective="Aim", outputs="Paper", lead="Head"),
        "readiness_areas": rows(number, area="area {n}", definition="What", largest_gap="1", lowest_score="2"),
        "readiness": [row | one | {"score": score} for row, score in zip(both, "14", strict=True) for one in rows(number, area="area {n}")],
        "objectives": rows(number, kind="aim", item="{n}", text="One service"),
        "red_lines": rows(number, partner="North", red_line="line {n}", requirement="That", respected="no"),
        "gates": rows(number, criterion="value for money {n}", threshold="0")
        + rows(number, criterion="affordable {n}", measure="payback_years", comparison="at_most", threshold="3", if_not_met="condition")
        + rows(number, criterion="deadline likely {n}", section="plan", measure="deadline_probability", threshold="1", if_not_met="condition"),
        "conditions": rows(number, criterion="deadline likely {n}", action="Begin earlier.", owner="Head", by_when="2024-09-30", evidence="A plan", if_missed="It is late"),
        "resolutions": rows(number, resolution="That Cabinet approve {{option}} ({n})", verdicts="go, go with conditions"),
        "implications": rows(number, subject="equality", text="None.")[:1],
        "headroom": [row | {"amount_gbp": "100000"} for row in both],
        "events": rows(number, date="2024-0{n}-15", kind="gate", event="Gate {n}") + rows(number, date="2026-0{n}-15", kind="review", event="Review {n}"),
        "lessons": rows(number, lesson="lesson {n}", known_from="2024-0{n}-15", evidence="Paper"),
        "stages": rows(number, option="a", gate="Gate {n}", date="2024-1{n}-15", reveals="realisation", accuracy="0.5", spent_gbp="10000", stopping_cost_gbp="0"),
    }  # fmt: skip
    file = {"last_year": 2024 + years, "plan_start": dt.date(2024, 6, 3)}
    scenarios = {f"other-{n}": {"title": f"Other {n}", "overrun": 0.1} for n in range(number)}
    return small_study(file=file, scenarios=scenarios, **tables)


SIZES = [
    (0, 0, 1),
    (1, 100_000, 1),
    (2, -100_000, 2),
    (1, -100_000, 1),
    (1, 0, 1),
    (2, 0, 2),
    (2, 100_000, 2),
]


@pytest.mark.parametrize(
    ("number", "saving", "years"),
    SIZES[:3] + [pytest.param(*size, marks=pytest.mark.long) for size in SIZES[3:]],
)
def test_every_text_of_a_case_with_none_one_or_two_of_each_reads_well(number, saving, years):
    assert faults(sized(number, saving, years)) == []
