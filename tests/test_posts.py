"""Posts of the establishment: their schema, what they cost, and who may read of them."""

import re

import numpy as np
import pandas as pd
import pytest
from cells import executed
from hypothesis import given
from hypothesis import strategies as st
from pytest import approx
from small import flow, small_study
from small import small_case as bare_case
from test_exempt import texts_of

from businesscase.calculations import posts
from businesscase.calculations.disclosure import determined
from businesscase.cases.errors import InputError
from businesscase.cases.schema import BaselineStandard
from businesscase.study import load_study, results
from businesscase_workbench import cli
from businesscase_workbench.report import EXEMPT, PUBLIC, page_html, report_of
from businesscase_workbench.report.excel import workbook

CASE = "worked-example"

STANDARDS = [
    {"standard": name, "value": "1"}
    for name in BaselineStandard.model_fields["standard"].annotation.__args__
]
BUDGET = {"category": "staff", "nature": "staff", "funding": "revenue", "year": "2024"}


def small_case(**given):
    return bare_case(baseline_standards=STANDARDS, **given)


def study_of(**given):
    return small_study(baseline_standards=STANDARDS, **given)


def budget(partner, amount, **cells):
    """Return a row of service_costs.csv as text."""
    return {"partner": partner, "amount_gbp": str(amount), **BUDGET, **cells}


def post(partner, role, fte, salary, **cells):
    """Return a row of posts.csv as text."""
    given = {"fte": str(fte), "salary_gbp": str(salary), "on_cost_fraction": "0.31"}
    return {"partner": partner, "role": role, **given, **cells}


# what the two councils of the small case employ, worked out by hand below
ESTABLISHMENT = [
    post("North", "ICT manager", 1, 52_805),
    post("North", "Service desk analyst", 4, 30_559),
    post("North", "Infrastructure engineer", 3, 38_626),
    post("South", "Head of ICT", 1, 56_000),
    post("South", "Service desk analyst", 3.6, 31_067),
    post("South", "Applications analyst", 2.5, 36_648),
]


def test_posts_are_of_the_ict_service_and_held_unless_a_row_says_otherwise():
    posts = small_case(posts=ESTABLISHMENT).tables["posts"]
    assert posts["service"].unique().tolist() == ["ICT"]
    assert not posts["vacant"].any()
    assert posts["year"].isna().all()


def test_all_faults_of_posts_are_told_at_once():
    rows = [
        post("West", "ICT manager", 0, 52_805),
        post("North", "Analyst", 1, "-1", on_cost_fraction="31"),
        post("North", "Engineer", 1, 40_000, vacant="perhaps"),
    ]
    with pytest.raises(InputError) as refused:
        small_case(posts=rows)
    told = str(refused.value)
    assert "found '0'; it should be greater than 0" in told
    assert "found '-1'; it should be greater than or equal to 0" in told
    assert "found '31'; it should be less than or equal to 1" in told
    assert "found 'perhaps'; it should be true or false" in told


@pytest.mark.parametrize(
    ("rows", "told"),
    [
        ([post("West", "ICT manager", 9, 1)], "partner 'West' is unknown"),
        ([post("North", "Analyst", 5, 1), post("North", "Analyst", 2, 1)], "stands here twice"),
        ([*ESTABLISHMENT, post("South", "Web", 1, 1, year="2023")], "of several years of pay"),
        (ESTABLISHMENT[:2], "North has 5 held posts|no row for South"),
        ([*ESTABLISHMENT[:3], post("South", "Head", 4, 9)], "South has 4 held posts and no budget"),
    ],
)
def test_a_post_of_nobody_and_one_that_stands_twice_are_refused(rows, told):
    with pytest.raises(InputError, match=told):
        small_case(posts=rows)


def test_posts_alike_are_told_apart_by_their_number_or_by_who_holds_them():
    rows = [
        post("North", "Analyst", 1, 30_000, post="A1"),
        post("North", "Analyst", 1, 30_000, post="A2"),
        post("North", "Analyst", 1, 30_000, post="A2", vacant="true"),
    ]
    costs = [budget("North", 1), budget("South", 1)]
    assert small_case(posts=rows, service_costs=costs).tables["posts"]["fte"].sum() == 3


# by hand

NORTH = 1.31 * (52_805 + 122_236 + 115_878)  # 381,103.89
SOUTH = 1.31 * (56_000 + 111_841.2 + 91_620)


def test_staff_cost_is_posts_times_salary_and_on_costs():
    assert approx(381_103.89) == NORTH
    study = study_of(posts=ESTABLISHMENT)
    assert study.baseline.annual_cost.to_dict() == approx({"North": NORTH, "South": SOUTH})
    lines = study.baseline.service_costs
    assert lines[["service", "category", "nature"]].to_numpy().tolist() == [["ICT", "staff", "staff"]] * 2  # fmt: skip
    assert study.baseline.service_comparison["staff"].tolist() == approx([NORTH, SOUTH])


def test_a_budget_for_staff_counts_and_the_posts_stand_beside_it():
    study = study_of(posts=ESTABLISHMENT, service_costs=[budget("North", 400_000)])
    assert study.baseline.annual_cost.to_dict() == approx({"North": 400_000, "South": SOUTH})
    check = study.baseline.staff_check
    assert check.loc["North", ["fte", "posts_gbp", "budget_gbp", "difference_gbp"]].tolist() == approx([8, NORTH, 400_000, NORTH - 400_000])  # fmt: skip
    assert check.loc["South", ["budget_gbp", "difference_gbp"]].isna().all()


def test_posts_are_no_part_of_a_budget_of_nil():
    study = study_of(posts=ESTABLISHMENT, service_costs=[budget("North", 0)])
    check = study.baseline.staff_check.loc["North"]
    assert (check["budget_gbp"], check["difference_gbp"]) == (0, approx(NORTH))
    assert pd.isna(check["of_budget_fraction"])


def test_an_undivided_budget_may_hold_the_staff_so_posts_are_not_added():
    costs = [budget("North", 900_000, category="all", nature=""), budget("South", 1)]
    study = study_of(posts=ESTABLISHMENT, service_costs=costs)
    assert study.baseline.annual_cost["North"] == 900_000
    assert pd.isna(study.baseline.staff_check.at["North", "budget_gbp"])


def test_posts_go_beside_budgets_that_are_not_of_staff():
    costs = [budget("North", 100, category="contracts", nature="non_staff")]
    study = study_of(posts=ESTABLISHMENT, service_costs=costs)
    assert study.baseline.annual_cost["North"] == approx(NORTH + 100)


def test_a_share_of_the_present_cost_may_be_of_posts():
    line = flow("fewer posts", "saving", "", (2025, 2025), baseline_fraction="0.1")
    study = study_of(posts=ESTABLISHMENT, flows=[line])
    assert study.savings.net_flows.loc["North", 2025] == approx(NORTH / 10)


def test_a_vacant_post_is_in_the_budget_and_is_told():
    rows = [*ESTABLISHMENT, post("North", "Trainer", 0.5, 30_000, vacant="true")]
    study = study_of(posts=rows)
    assert study.baseline.annual_cost["North"] == approx(NORTH + 1.31 * 15_000)
    assert study.baseline.staff_check.at["North", "vacant_fte"] == 0.5


RANGE = [{"measure": "posts_of_staff_budget", "lowest": "0.9", "highest": "1.1"}]


@pytest.mark.parametrize(("given_for", "is_told"), [(400_000, False), (NORTH / 1.09, False), (300_000, True)])  # fmt: skip
def test_a_budget_far_from_what_the_posts_cost_is_a_finding(given_for, is_told):
    case = small_case(
        posts=ESTABLISHMENT, service_costs=[budget("North", given_for)], plausible_ranges=RANGE
    )
    told = [str(finding) for finding in case.findings if "posts of North" in str(finding)]
    assert bool(told) == is_told
    assert all("cost £381,000" in text or "cost £381,104" in text for text in told)


def test_twice_the_posts_are_twice_the_cost_in_any_order():
    once = pd.DataFrame({"fte": [1.0, 4.0], "salary_gbp": [52_805.0, 30_559.0], "on_cost_fraction": 0.31})  # fmt: skip
    twice = once.assign(fte=2 * once["fte"])[::-1]
    assert posts.annual_costs(twice).sum() == approx(2 * posts.annual_costs(once).sum())


# who may read it


def test_posts_of_fewer_than_five_people_are_told_together():
    groups = study_of(posts=ESTABLISHMENT).baseline.post_groups
    assert groups[["partner", "role", "fte"]].to_numpy().tolist() == [
        ["North", "All posts", 8.0],
        ["South", "All posts", approx(7.1)],
    ]
    more = [*ESTABLISHMENT, post("North", "Web officer", 6, 30_000)]
    groups = study_of(posts=more).baseline.post_groups
    assert groups["role"].tolist() == ["Web officer", "Other posts", "All posts"]
    # one manager alone would follow from what the engineers are: they stand together
    few = [post("North", "Engineer", 5, 40_000), post("North", "Manager", 1, 60_000)]
    groups = study_of(posts=[*few, *ESTABLISHMENT[3:]]).baseline.post_groups
    assert groups["role"].tolist() == ["All posts", "All posts"]


def test_a_vacant_post_makes_no_group_larger():
    rows = [post("North", "Engineer", 4, 40_000), post("North", "Engineer", 3, 40_000, vacant="true"), post("North", "Analyst", 9, 40_000)]  # fmt: skip
    groups = study_of(posts=[*rows, *ESTABLISHMENT[3:]]).baseline.post_groups
    assert groups["role"].tolist()[0] == "All posts"


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["ICT", "Web", "Print"]),
            st.sampled_from(["head", "desk", "engineer", "analyst"]),
            st.sampled_from([0.5, 1.0, 2.0, 3.6, 5.0, 8.0]),
            st.booleans(),
        ),
        min_size=1,
        max_size=12,
        unique_by=lambda row: (row[0], row[1], row[3]),
    )
)
def test_no_sum_or_difference_of_what_is_told_is_of_fewer_than_five_people(drawn):
    rows = pd.DataFrame(drawn, columns=["service", "role", "fte", "vacant"])
    rows = rows.assign(partner="North", salary_gbp=1.0, on_cost_fraction=0.0)
    cells = rows.groupby(["service", "role"]).ngroup()
    told = []
    for which in range(cells.nunique()):  # what each figure moves by with the pay of each role
        moved = rows.assign(salary_gbp=np.where(cells == which, 2.0, 1.0))
        told.append(_told(moved) - _told(rows))
    is_found = determined(np.array(told).T)
    held = posts.held(rows).groupby(cells).sum()
    assert all(
        held[which] >= posts.FEWEST or held[which] == 0 for which in np.flatnonzero(is_found)
    )


def _told(rows):
    """Return every figure of pay that a report has: by group, service and partner, and of vacant posts."""
    nothing = pd.DataFrame(columns=["partner", "service", "category", "nature", "funding", "year", "amount_gbp"])  # fmt: skip
    groups = posts.grouped(rows)["posts_cost_gbp"].fillna(0.0)
    if posts.held(rows).sum() < posts.FEWEST:  # refused as a line of cost
        return groups.to_numpy()
    lines = posts.staff_lines(rows.assign(year=2024), nothing, 2024)["amount_gbp"]
    return np.concatenate([groups, lines, [lines.sum()]])


def _report(study, edition):
    """Return every page of a report with its computed sections, less what says from which bytes it is."""
    report = report_of(study, executed(study), edition=edition)
    page = page_html(report) + page_html(report.appendix)
    marks = {study.case.input_hash, *re.findall(r"posts\.csv[^<]*", page)}
    for mark in marks:
        page = page.replace(mark, "")
    return page


@pytest.mark.parametrize("is_budgeted", [True, False])
def test_a_public_report_is_the_same_whoever_of_a_group_earns_what(is_budgeted):
    """The strongest that can be said: from equal pages nobody can tell which of the two it was."""

    def pages(head, engineer, edition=PUBLIC):
        more = [post("North", "Web officer", 6, 30_000), post("North", "Trainer", 2, 40_000, service="Web")]  # fmt: skip
        rows = [post("South", "Head of ICT", 1, head), post("South", "Engineer", 5, engineer)]
        costs = [budget("South", 500_000)] if is_budgeted else []
        study = study_of(posts=[*ESTABLISHMENT[:3], *more, *rows], service_costs=costs)
        return _report(study, edition)

    assert pages(61_000, 41_000) == pages(66_000, 40_000)
    assert pages(61_000, 41_000) != pages(66_000, 41_000)
    exempt = pages(61_000, 41_000, EXEMPT)
    assert "£61,000" in exempt and "£41,000" in exempt
    assert "told in groups, with the baseline" in pages(61_000, 41_000)


def test_a_workbook_and_its_results_have_posts_in_groups_alone(tmp_path):
    rows = [*ESTABLISHMENT[:3], post("South", "Head", 1, 61_357), post("South", "Engineer", 5, 41_003)]  # fmt: skip
    file = tmp_path / "tables.xlsx"
    file.write_bytes(workbook(study_of(posts=rows)))
    told = texts_of(file) + results.csv_text(study_of(posts=rows).results)
    assert "in groups of five posts or more" in told
    assert f"{1.31 * (61_357 + 5 * 41_003):.2f}" in told
    assert not re.search("61357|41003|52805", told)


@pytest.mark.long  # daily beside an exempt line of money, in test_exempt.py
def test_no_byte_of_any_format_tells_what_one_of_few_is_paid(data_copy, tmp_path, one_fork_server):
    path = data_copy / CASE / "posts.csv"
    table = pd.read_csv(path, dtype=str)
    table.loc[table["post"] == "E1", "salary_gbp"] = "63737"
    table.to_csv(path, index=False)
    folder = tmp_path / "reports"
    command = ["report", CASE, "--scenario", "base", "--output", str(folder), "--quiet"]
    assert cli.main([*command, "--formats", "docx,xlsx,pdf", "--for", "each"]) == 0
    public = [path for path in folder.rglob("*") if path.is_file() and path.suffix != ".lock"]
    assert {".html", ".docx", ".xlsx", ".pdf", ".json", ".csv", ".ipynb"} == {path.suffix for path in public}  # fmt: skip
    pattern = re.compile(
        r"63[,.]?737|(?<!\d)83[,.]?495|63\.7k|£63,700"
    )  # the salary, and with on-costs
    assert [path.name for path in public if pattern.search(texts_of(path))] == []
    assert cli.main([*command, "--edition", "exempt"]) == 0
    assert pattern.search(texts_of(folder / "exempt" / CASE / "base" / "appendix.html"))


def test_the_worked_example_is_as_before_for_its_budgets_count():
    baseline = load_study("worked-example").baseline
    assert baseline.service_costs["category"].eq("staff").sum() == 6
    assert baseline.staff_check["of_budget_fraction"].between(0.9, 1.1).all()
