"""Posts that an option deletes: what they save and cost, by whom, when, and which rows say so."""

import datetime as dt

import pandas as pd
import pytest
from small import flow, small_case

from businesscase.calculations.redundancy import rules_on, statutory_pay, statutory_weeks
from businesscase.cases.errors import InputError
from businesscase.study import Study
from businesscase_workbench.report import PUBLIC, page_html, report_of

BY_YEAR = [2024, 2025, 2026, 2027, 2028]


BUDGETS = [
    # so that posts need not make the line for staff, which fewer than five may not
    {
        "partner": name,
        "category": "staff",
        "nature": "staff",
        "funding": "revenue",
        "year": "2024",
        "amount_gbp": "500000",
    }
    for name in ("North", "South")
]


def case_of(posts, **tables):
    """Return the small case with posts, and a budget for staff."""
    return small_case(posts=posts, service_costs=BUDGETS, **tables)


def post(role, fte, salary, partner="North", **cells):
    """Return a row of posts.csv as text."""
    given = {"fte": str(fte), "salary_gbp": str(salary), "on_cost_fraction": "0.31"}
    return {"partner": partner, "role": role, **given, **cells}


def deleted(role, fte, salary, year=2025, **cells):
    """Return a row of posts.csv that option a deletes from a year on."""
    return post(role, fte, salary, option="a", deleted_in=str(year), **cells)


def amounts(case):
    """Return the amounts of the lines that no file holds, by line and partner."""
    flows = case.tables["flows"]
    return flows.set_index(["line", "partner"])["amount_gbp"].to_dict()


def test_posts_save_their_salary_and_on_costs_from_the_year_in_which_they_go():
    rows = [deleted("ICT manager", 1, 52_805, redundancy_gbp="12000", pension_strain_gbp="8000")]
    flows = Study.of(case_of(rows), "base").savings.planned_flows
    by_line = flows.groupby(level="line").sum()
    assert by_line.loc["Posts deleted"].tolist() == pytest.approx(
        [0, *[69_174.55] * 4]
    )  # 1.31 × 52,805
    assert by_line.loc["Redundancy of posts deleted"].tolist() == [0, 12_000, 0, 0, 0]
    assert by_line.loc["Pension strain of posts deleted"].tolist() == [0, 8_000, 0, 0, 0]
    assert flows.columns.tolist() == BY_YEAR


def test_a_part_of_posts_alike_saves_its_part():
    rows = [deleted("Service desk analyst", 4, 30_559, deleted_fte="1.5", redundancy_gbp="6000")]
    found = amounts(case_of(rows))
    assert found["Posts deleted", "North"] == pytest.approx(
        60_048.435, abs=0.006
    )  # 1.5 × 30,559 × 1.31
    assert found["Redundancy of posts deleted", "North"] == 9_000


def test_a_vacant_post_saves_its_budget_and_dismisses_nobody():
    found = amounts(case_of([deleted("Engineer", 1, 40_000, vacant="true")]))
    assert found == {("Posts deleted", "North"): 52_400}


def test_posts_that_go_together_are_one_line_which_is_the_sum_and_names_no_role():
    rows = [deleted("Engineer", 1, 40_000), deleted("Web editor", 1, 30_000)]
    flows = case_of(rows).tables["flows"]
    assert flows[["line", "amount_gbp"]].to_numpy().tolist() == [["Posts deleted", 91_700.0]]
    assert (
        not flows.map(str).apply(lambda cells: cells.str.contains("Engineer|editor")).any(axis=None)
    )


def test_what_no_row_says_is_not_made_up_but_found():
    case = case_of([deleted("Engineer", 1, 40_000)])
    assert set(case.tables["flows"]["line"]) == {"Posts deleted"}
    told = " ".join(str(fault) for fault in case.findings)
    assert "nothing says what redundancy costs" in told
    assert "nothing says what pension strain costs" in told


def test_nil_is_said_and_neither_counted_nor_found():
    case = case_of([deleted("Engineer", 1, 40_000, redundancy_gbp="0", pension_strain_gbp="0")])
    assert set(case.tables["flows"]["line"]) == {"Posts deleted"}
    assert "nothing says" not in " ".join(str(fault) for fault in case.findings)


def test_the_law_gives_redundancy_pay_where_age_and_service_are_known():
    # ages 49 to 40 back from 50 over ten years: nine of 1.5 weeks, one of 1; 31,200 a year are 600 a week
    rows = [deleted("Analyst", 2, 31_200, age="50", service_years="10", pension_strain_gbp="0")]
    case = case_of(rows)
    assert amounts(case)["Redundancy of posts deleted", "North"] == pytest.approx(2 * 14.5 * 600)
    flows = case.tables["flows"].set_index("line")["status"]
    assert flows["Redundancy of posts deleted"] == "assumed"  # as the rules are until they are read
    assert flows["Posts deleted"] == "derived"


@pytest.fixture(scope="module")
def rules():
    return small_case().tables["redundancy_rules"]


@pytest.mark.parametrize(
    ("age", "service", "weeks"),
    [
        (43, 2, 3.0),  # begun at 42 and 41
        (42, 2, 2.5),  # at 41 and 40
        (41, 1, 0.0),  # too short
        (23, 2, 1.5),  # at 22 and 21
        (64, 20, 30.0),
        (64, 40, 30.0),  # twenty years count
    ],
)
def test_weeks_of_pay_follow_age_and_service(rules, age, service, weeks):
    assert statutory_weeks(age, service, rules) == weeks


def test_a_week_counts_to_the_limit_of_the_day(rules):
    day_before, day = (rules_on(rules, dt.date(2026, 4, day)) for day in (5, 6))
    assert statutory_pay(52_000, 64, 20, day_before) == 30 * 719
    assert statutory_pay(52_000, 64, 20, day) == 30 * 751
    assert statutory_pay(26_000, 64, 20, day) == 30 * 500


def test_a_decision_before_the_first_limit_needs_an_amount():
    with pytest.raises(InputError, match="no week_pay_cap that holds on 2024-04-05"):
        small_case(
            {"decision_date": dt.date(2024, 4, 5)},
            posts=[deleted("Analyst", 1, 1, age="50", service_years="10")],
        )


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ({"option": ""}, "option and deleted_in go together"),
        ({"deleted_fte": "2"}, "deleted_fte is 2; it can be at most fte, 1"),
        ({"vacant": "true", "redundancy_gbp": "1"}, "the post is vacant, so nobody is dismissed"),
        ({"age": "50"}, "age and service_years go together"),
        ({"age": "50", "service_years": "3", "redundancy_gbp": "1"}, "give either redundancy_gbp"),
        ({"deleted_in": "2031"}, "deleted_in is 2031; it lies outside the appraisal, 2024 to 2028"),
        (
            {"option": "", "deleted_in": "", "age": "50", "service_years": "3"},
            "that no option deletes",
        ),
    ],
)
def test_a_deletion_that_does_not_hold_together_is_refused(cells, told):
    with pytest.raises(InputError, match=told):
        case_of([{**deleted("Analyst", 1, 30_000), **cells}])


def test_a_line_of_the_same_name_is_refused_as_it_would_count_twice():
    with pytest.raises(InputError, match=r"flows row 1.*it would count twice"):
        case_of(
            [deleted("Analyst", 1, 30_000)],
            flows=[flow("Posts deleted", "saving", 5, partner="South")],
        )


def test_typed_lines_that_may_hold_the_same_money_are_found():
    case = case_of(
        [deleted("Analyst", 1, 30_000, redundancy_gbp="1", pension_strain_gbp="0")],
        flows=[
            flow("Fewer posts", "saving", 5),
            flow("Redundancy and strain", "one_off_cost", 5, years=(2024, 2024)),
        ],
    )
    told = " ".join(str(fault) for fault in case.findings)
    assert "'Fewer posts' and 'Redundancy and strain'" in told


def test_a_line_stands_where_its_posts_stand_and_is_kept_as_they_are():
    rows = [deleted("Engineer", 1, 40_000), deleted("Editor", 1, 30_000, exempt="1")]
    case = case_of(rows, flows=[flow("Licences", "saving", 5)])
    assert case.places["flows"] == ["flows row 1", "posts row 1, posts row 2"]
    assert case.tables["flows"]["exempt"].tolist() == [pd.NA, 1]


def test_a_fault_of_a_made_line_is_told_at_its_post():
    with pytest.raises(InputError, match="posts row 1: partner 'West' is unknown"):
        case_of([deleted("Analyst", 1, 30_000, partner="West")])


def test_each_option_deletes_its_own_posts():
    rows = [deleted("Engineer", 1, 40_000), {**deleted("Editor", 1, 30_000), "option": "b"}]
    study = Study.of(case_of(rows), "base")
    saved = [study.savings.at(option=option).planned_flows.sum(axis=None) for option in "ab"]
    assert saved == pytest.approx([4 * 52_400, 4 * 39_300])


def test_posts_that_go_are_told_by_partner_and_year_and_what_is_not_known_is_blank():
    rows = [
        deleted("Editor", 1, 30_000, year=2026, partner="South", vacant="true"),
        deleted("Engineer", 2, 40_000, redundancy_gbp="5000", pension_strain_gbp="0"),
        deleted("Editor", 1, 30_000, redundancy_gbp="4000"),
        deleted("Editor", 0.5, 30_000, vacant="true"),
    ]
    study = Study.of(case_of(rows), "base")
    found = study.savings.deleted_posts.set_index(["partner", "deleted_in"])
    assert list(found.index) == [("South", 2026), ("North", 2025)]  # as the case lists them
    north = found.loc[("North", 2025)]
    assert north[["deleted_fte", "held_fte", "redundancy_gbp"]].tolist() == [3.5, 3.0, 14_000.0]
    assert pd.isna(north["pension_strain_gbp"])
    assert found.loc[("South", 2026), ["saving_gbp", "redundancy_gbp"]].tolist() == [39_300.0, 0.0]
    results = study.results
    told = results[results["measure"] == "posts_deleted"].set_index("item")["value"]
    assert told.to_dict() == {"all": 4.5, "North": 3.5, "South": 1.0}


def pages(study, edition):
    """Return what the report and its appendix say to a reader of an edition."""
    report = report_of(study, {}, "all", edition)
    return page_html(report) + page_html(report.appendix)


def test_reports_tell_the_line_and_nothing_of_a_post_by_itself():
    rows = [
        deleted("Mainframe keeper", 1, 52_807, redundancy_gbp="7013", pension_strain_gbp="0"),
        deleted("Web editor", 2, 31_009, redundancy_gbp="6007", pension_strain_gbp="0"),
    ]
    shown = pages(Study.of(case_of(rows), "base"), PUBLIC)
    assert "Posts deleted" in shown
    for untold in ("Mainframe keeper", "52,807", "52807", "31,009", "7,013", "12,014", "69,177"):
        assert untold not in shown


def test_a_public_report_is_the_same_whatever_an_exempt_post_is_paid_if_all_are_paid_the_same():
    """From equal pages nobody can tell which of the two it was."""

    def public(salary):
        rows = [
            deleted(
                "Head of ICT", 1, salary, exempt="1", redundancy_gbp="0", pension_strain_gbp="0"
            ),
            deleted("Desk", 5, (300_000 - salary) / 5, redundancy_gbp="0", pension_strain_gbp="0"),
        ]
        study = Study.of(case_of(rows), "base")
        return pages(study, PUBLIC).replace(study.case.input_hash, "")

    assert public(60_000) == public(50_000)
    assert "Posts deleted" not in public(60_000)
