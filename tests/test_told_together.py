"""Money of fewer than five held posts: told with other lines to everybody, each in the log of the exempt edition alone."""

import json

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pytest import approx
from small import flow, small_case, small_raw, small_study
from test_batch import write_notebook

from businesscase.calculations.posts import told_together
from businesscase.cases.folder import write_folder
from businesscase.shown import council
from businesscase.study import Study
from businesscase.study.exemption import has_lines_together
from businesscase_workbench import cli
from businesscase_workbench.report import EXEMPT, PUBLIC, page_html, report_of

BUDGET = {"category": "staff", "nature": "staff", "funding": "revenue", "year": "2024", "amount_gbp": "500000"}  # fmt: skip
OWN, ALL_STAFF, ALL_LINES = "Staff of North, together", "Staff, all partners together", "All lines of the kind together"  # fmt: skip


def deleted(fte=1, partner="North", year=2025, role="Analyst", **cells):
    """Return a row of posts.csv as text that option a deletes from a year on, at no cost."""
    return {
        "partner": partner, "role": role, "fte": str(fte), "salary_gbp": "52805", "on_cost_fraction": "0.31",
        "option": "a", "deleted_in": str(year), "redundancy_gbp": "0", "pension_strain_gbp": "0",
    } | cells  # fmt: skip


def given_by(posts, *flows):
    budgets = [BUDGET | {"partner": name} for name in ("North", "South")]
    return {"posts": posts, "service_costs": budgets, "flows": list(flows)}


def told(*posts, flows=()):
    """Return the names under which the lines of option a are told, by line and partner."""
    lines = small_study(**given_by(list(posts), *flows)).savings.told_lines("a")
    return lines.set_index(["line", "partner"])[["told", "is_hidden"]].apply(tuple, axis=1).to_dict()  # fmt: skip


def staffed(line="overtime", partner="North", years=(2025, 2028), **cells):
    return flow(line, "saving", 40_000, years, partner, **cells)


# which lines are told together


def test_a_saving_of_few_is_told_with_the_other_staff_savings_of_its_partner():
    found = told(deleted(2), flows=[staffed(), staffed("desk", "South")])
    assert found == {
        ("Posts deleted", "North"): (OWN, True),
        ("overtime", "North"): (OWN, True),
        ("desk", "South"): ("desk", True),
    }


def test_where_its_partner_has_no_other_it_is_told_with_those_of_all_partners():
    found = told(
        deleted(2), flows=[staffed(partner="shared", split="equal"), staffed("desk", "South")]
    )
    assert {name for name, _ in found.values()} == {ALL_STAFF}
    assert all(hidden for _, hidden in found.values())


def test_another_partners_line_alone_hides_nothing_in_an_edition_for_this_one():
    licences = staffed("licences", category="licences", inflation="prices")
    assert told(deleted(2), flows=[staffed("desk", "South"), licences])["Posts deleted", "North"] == (ALL_LINES, True)  # fmt: skip


def test_a_line_that_ends_before_hides_nothing_in_later_years():
    earlier = staffed(years=(2024, 2026))
    assert told(deleted(2), flows=[earlier])["Posts deleted", "North"] == (OWN, False)
    lasting = staffed("licences", category="licences", inflation="prices")
    assert told(deleted(2), flows=[earlier, lasting])["Posts deleted", "North"] == (ALL_LINES, True)  # fmt: skip


def test_time_hides_no_money():
    found = told(
        deleted(2), flows=[staffed(cashable="false"), staffed("desk", "shared", split="equal")]
    )
    assert found["overtime", "North"] == ("overtime", True)
    assert found["Posts deleted", "North"] == (ALL_STAFF, True)


@pytest.mark.parametrize(
    "posts",
    [
        [deleted(5)],
        [deleted(3), deleted(2, role="Desk")],  # one line, of five
        [deleted(1, vacant="true", redundancy_gbp="", pension_strain_gbp="")],
    ],
)
def test_a_line_of_five_or_of_nobody_stands_by_itself(posts):
    assert told(*posts, flows=[staffed()])["Posts deleted", "North"] == ("Posts deleted", True)


def test_five_who_go_in_different_years_are_few_in_each():
    rows = [deleted(3), deleted(2, year=2026, role="Desk")]
    assert told(*rows, flows=[staffed()])["Posts deleted", "North"] == (OWN, True)


def test_redundancy_and_strain_of_the_same_people_do_not_add_up_to_five():
    post = deleted(3, redundancy_gbp="5000", pension_strain_gbp="4000")
    found = told(post, flows=[staffed(), flow("advice", "one_off_cost", 9, (2025, 2025), category="advice", inflation="prices")])  # fmt: skip
    assert found["Redundancy of posts deleted", "North"] == (ALL_LINES, True)
    assert found["Pension strain of posts deleted", "North"] == (ALL_LINES, True)


def test_without_posts_of_few_no_line_is_renamed():
    lines = small_study(flows=[staffed()]).savings.told_lines("a")
    assert lines["told"].tolist() == ["overtime"]


lines_of_money = st.lists(
    st.tuples(
        st.sampled_from(["A", "B", "shared"]), st.sampled_from(["pay", "prices"]), st.booleans(),
        st.integers(2025, 2027), st.sampled_from([None, None, 0.0, 1.0, 3.0, 6.0]),
    ), min_size=1, max_size=8,
)  # fmt: skip


@settings(max_examples=50)
@given(lines_of_money)
def test_no_line_of_few_that_is_hidden_is_told_alone(rows):
    columns = ["partner", "inflation", "pooled", "first_year", "held_fte"]
    lines = pd.DataFrame(rows, columns=columns).assign(
        line=[f"line {number}" for number in range(len(rows))], flow="saving", last_year=2028,
        cashable=True, sunk=False, funding="revenue",
    )  # fmt: skip
    lines["held_fte"] = lines["held_fte"].astype(float)
    lines.loc[lines["held_fte"].notna(), ["inflation", "pooled"]] = ["pay", False]
    lines.loc[lines["held_fte"].notna() & (lines["partner"] == "shared"), "partner"] = "A"
    found = told_together(lines)
    few = lines["held_fte"].between(0, 5, inclusive="neither")
    assert (found.loc[few, "told"] != lines.loc[few, "line"]).all()
    for name in found.loc[few & found["is_hidden"], "told"]:
        together = lines[found["told"] == name]
        assert together["held_fte"].isna().any() or together["held_fte"].sum() >= 5


# what readers see


STUDY = given_by([deleted()], staffed(), staffed("desk", "South"))


def pages(edition, of="all"):
    report = report_of(small_study(**STUDY), {}, of, edition)
    return page_html(report) + page_html(report.appendix)


def test_no_total_moves():
    savings = small_study(**STUDY).savings
    every, together = (
        flows.groupby(level=["flow", "partner"]).sum()
        for flows in (savings.flows, savings.told_flows)
    )
    pd.testing.assert_frame_equal(every, together)
    assert savings.told_flows.xs(OWN, level="line").sum().tolist() == approx([0, *[109_174.55] * 4])


@pytest.mark.parametrize("council_of", ["all", "North"])
def test_the_public_log_and_a_councils_lines_do_not_tell_what_one_post_saves(council_of):
    shown = pages(PUBLIC, council_of)
    assert "69,17" not in shown and "69,2" not in shown
    assert f"told in “{OWN}”" in shown
    assert "40,000" in shown  # of South's line, which stands by itself
    assert "69,17" in pages(EXEMPT, council_of)


def test_a_councils_lines_are_told_together_and_add_up():
    study = small_study(**STUDY)
    lines = council.lines(study, "North").frame.reset_index()
    assert lines[["line", "own_part", "own_share"]].to_numpy().tolist() == [[OWN, approx(4 * 109_174.55), 1]]  # fmt: skip


def test_the_finding_says_what_is_told_together_and_what_still_may_be_told():
    def said(*flows):
        return " ".join(map(str, small_case(**given_by([deleted()], *flows)).findings))

    hidden = said(staffed())
    assert f"reports tell 'overtime' and 'Posts deleted' as '{OWN}'" in hidden
    assert "a total may tell" not in hidden
    alone = said()
    assert "go or change pay at North (option a) in a year that has nothing else of the kind" in alone  # fmt: skip
    assert "reports tell" not in alone


def test_notebooks_and_spreadsheets_that_have_each_line_are_not_for_the_public(
    own_data, tmp_path, one_fork_server
):
    assert has_lines_together(small_study(**STUDY))
    assert not has_lines_together(small_study(**given_by([deleted(5)], staffed())))
    write_folder(small_raw(**STUDY), own_data / "small")
    for number, section in enumerate(small_case(**STUDY).chapter_names()):
        write_notebook(tmp_path / "notebooks", f"0{number}_{section}", "scenario")

    command = ["report", "small", "--quiet", "--formats", "xlsx", "--output", str(tmp_path)]

    def made(place, *options):
        assert cli.main([*command, *options]) == 0
        folder = tmp_path / place / "small" / "base"
        assert json.loads((folder / "manifest.json").read_text())["recommendation"]
        suffixes = {path.suffix for path in folder.iterdir()}
        return suffixes, "69,17" in (folder / "appendix.html").read_text(encoding="utf-8")

    assert made("") == ({".html", ".csv", ".json"}, False)
    exempt = {".html", ".csv", ".json", ".xlsx", ".ipynb"}
    assert made("exempt", "--edition", "exempt") == (exempt, True)
    assert "exempt/" not in (tmp_path / "index.html").read_text(encoding="utf-8")


def test_a_study_of_another_option_tells_the_lines_of_each():
    rows = given_by([deleted()], staffed(), flow("hosting", "saving", 5, option="b"))
    study = Study.of(small_case(**rows), "base")
    assert study.savings.at(option="b").told_flows.index.get_level_values("line").tolist() == ["hosting"]  # fmt: skip
