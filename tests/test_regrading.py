"""Posts that an option regrades: what they cost less or more, and how long their holders' pay is protected."""

import datetime as dt

import pytest
from small import flow, small_case

from businesscase.calculations.redundancy import rules_on
from businesscase.calculations.regrading import pay_changes
from businesscase.cases.errors import InputError
from businesscase.shown.log import assumptions_log
from businesscase.study import Study

LESS, MORE = "Posts regraded to lower pay", "Posts regraded to higher pay"
BUDGET = {"category": "staff", "nature": "staff", "funding": "revenue", "year": "2024", "amount_gbp": "500000"}  # fmt: skip
COST = 13_100  # a year: £10,000 of salary and 31% of on-costs


def regraded(role="Analyst", fte=1, salary=50_000, after=40_000, year=2025, **cells):
    """Return a row of posts.csv as text that option a regrades from a year on."""
    given = {
        "partner": "North", "role": role, "fte": str(fte), "salary_gbp": str(salary),
        "on_cost_fraction": "0.31", "option": "a", "regraded_in": str(year), "salary_after_gbp": str(after),
    }  # fmt: skip
    return given | cells


def case_of(*posts, **tables):
    budgets = [BUDGET | {"partner": name} for name in ("North", "South")]
    return small_case(posts=list(posts), service_costs=budgets, **tables)


def planned(*posts, **tables):
    """Return the planned amounts of each line and partner, 2024 to 2028."""
    flows = Study.of(case_of(*posts, **tables), "base").savings.planned_flows
    by = flows.groupby(level=["line", "partner"]).sum()
    return {key: row.tolist() for key, row in by.iterrows()}


# by hand


def test_lower_pay_is_saved_once_two_years_of_protection_have_ended():
    found = planned(regraded(protection="two_years"))
    assert found == {(LESS, "North"): pytest.approx([0, 0, 0, COST, COST])}


def test_protection_that_tapers_lets_the_saving_grow():
    # a third of it is paid no more in the second year and two thirds in the third, as the rule has them
    found = planned(regraded(protection="tapering"))
    assert found == {(LESS, "North"): pytest.approx([0, 0, 0.33 * COST, 0.67 * COST, COST])}


def test_a_post_that_goes_takes_its_protection_with_it():
    post = regraded(protection="two_years", deleted_in="2026", redundancy_gbp="0", pension_strain_gbp="0")  # fmt: skip
    assert planned(post) == {("Posts deleted", "North"): pytest.approx([0, 0, *[65_500] * 3])}


def test_lower_pay_of_a_vacant_post_is_saved_at_once():
    assert planned(regraded(vacant="true")) == {(LESS, "North"): pytest.approx([0, *[COST] * 4])}


def test_pay_that_is_harmonised_up_is_an_extra_cost_of_its_employer_vacant_or_not():
    posts = [regraded(partner="South", fte=2, after=55_000), regraded(partner="South", role="Desk", after=52_000, vacant="true")]  # fmt: skip
    found = planned(*posts)
    assert found == {(MORE, "South"): pytest.approx([0, *[2 * 6_550 + 2_620] * 4])}


def test_of_posts_that_go_in_part_the_rest_is_on_the_new_pay():
    post = regraded(fte=4, protection="none", deleted_in="2027", deleted_fte="1", redundancy_gbp="0", pension_strain_gbp="0")  # fmt: skip
    found = planned(post)
    assert found[LESS, "North"] == pytest.approx([0, 4 * COST, 4 * COST, 3 * COST, 3 * COST])
    assert found["Posts deleted", "North"] == pytest.approx([0, 0, 0, 65_500, 65_500])


def test_what_is_realised_late_or_in_part_is_what_is_left_after_protection():
    study = Study.of(case_of(regraded(protection="one_year")), "base")
    late = study.varied(delay_years=1, realisation=0.5).savings.flows.sum()
    assert late.tolist() == pytest.approx([0, 0, 0, COST / 2, COST / 2])


def test_protection_and_what_is_left_of_the_saving_are_told_by_partner_and_year():
    study = Study.of(case_of(regraded(protection="two_years"), regraded("Desk", after=45_000, protection="none")), "base")  # fmt: skip
    found = study.savings.regraded_posts.set_index(["partner", "fiscal_year"])
    first = found.loc[("North", 2025), ["held_fte", "full_gbp", "protected_gbp", "less_gbp"]]
    assert first.tolist() == pytest.approx([2, 1.5 * COST, COST, 0.5 * COST])
    assert found.loc[("North", 2027), "protected_gbp"] == 0
    assert (found["less_gbp"] + found["protected_gbp"] == found["full_gbp"]).all()


def test_nothing_is_protected_beyond_the_pay_that_is_lost():
    case = case_of(regraded(protection="tapering"), regraded("Desk", 3, 30_000, 31_000))
    rules = rules_on(case.tables["pay_protection_rules"], dt.date(2024, 6, 1), "year")
    posts = case.tables["posts"].assign(annual_gbp=[10.0, 9.0], annual_after_gbp=[8.0, 12.0])
    found = pay_changes(posts, rules, 2030)
    assert (found["protected_gbp"] <= found["less_gbp"]).all()
    assert found.groupby("row")[["less_gbp", "more_gbp", "protected_gbp"]].sum().values.tolist() == [
        pytest.approx([12, 0, 2 * (1 + 0.67 + 0.33)]), pytest.approx([0, 18, 0]),
    ]  # fmt: skip


def test_a_rule_protects_nobody_where_nobody_holds_the_post():
    case = case_of(regraded(vacant="true"))
    posts = case.tables["posts"].assign(
        protection="two_years", annual_gbp=10.0, annual_after_gbp=8.0
    )
    found = pay_changes(posts, case.tables["pay_protection_rules"], 2028)
    assert found[["less_gbp", "protected_gbp"]].to_numpy().tolist() == [[2.0, 0.0]] * 4


# what is said of it


def test_the_line_is_assumed_as_the_rule_is_and_stands_where_its_posts_stand():
    case = case_of(
        regraded(protection="two_years"), regraded("Desk", partner="South", protection="none")
    )
    assert case.tables["flows"].set_index("partner")["status"].to_dict() == {
        "North": "assumed",
        "South": "derived",
    }
    assert case.places["flows"] == ["posts row 1", "posts row 2"]


def test_rules_of_protection_stand_in_the_log_of_a_case_that_goes_by_one_alone():
    def tables_of(post):
        return set(assumptions_log(Study.of(case_of(post), "base")).frame["table"])

    assert "pay protection rules" in tables_of(regraded(protection="two_years"))
    assert "pay protection rules" not in tables_of(regraded(vacant="true"))


def test_lower_pay_of_which_nothing_says_whether_it_is_protected_is_a_finding():
    def told(**cells):
        return " ".join(map(str, case_of(regraded(**cells)).findings))

    assert "nothing says whether pay is protected of 1 full-time posts" in told()
    for known in ({"protection": "none"}, {"vacant": "true"}, {"after": 60_000}):
        assert "nothing says whether pay" not in told(**known)


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ({"option": ""}, "option and deleted_in go together, or option and regraded_in"),
        ({"salary_after_gbp": ""}, "regraded_in and salary_after_gbp go together"),
        ({"regraded_in": "", "salary_after_gbp": "", "option": "", "protection": "none"}, "isn't regraded"),
        ({"vacant": "true", "protection": "two_years"}, "there is nobody whose pay is protected"),
        ({"salary_after_gbp": "50000", "protection": "two_years"}, "salary_after_gbp 50000 is not below salary_gbp 50000"),
        ({"protection": "two_yeers"}, "protection 'two_yeers' is unknown; nearest: two_years"),
        ({"deleted_in": "2025"}, "regraded_in is 2025, but the whole post goes in 2025"),
        ({"regraded_in": "2031"}, "regraded_in is 2031; it lies outside the appraisal, 2024 to 2028"),
        ({"redundancy_gbp": "5"}, "redundancy_gbp given for a post that no option deletes"),
    ],
)  # fmt: skip
def test_a_regrading_that_does_not_hold_together_is_refused(cells, told):
    with pytest.raises(InputError, match=told):
        case_of(regraded() | cells)


def test_a_line_of_the_same_name_is_refused_as_it_would_count_twice():
    with pytest.raises(InputError, match=r"flows row 1.*it would count twice"):
        case_of(regraded(), flows=[flow(LESS, "saving", 5, partner="South")])
