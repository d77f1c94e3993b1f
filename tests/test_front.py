import re
import shutil
import subprocess
from functools import cache

import pandas as pd
import pytest
from small import flow, small_study
from test_futures import SCALES, cost, risk

from businesscase.calculations.apportionment import ALL
from businesscase.shown import front
from businesscase.study import load_study
from businesscase_workbench.report import report_of
from businesscase_workbench.report.content import Prose, TableShown, Verdict
from businesscase_workbench.report.pdf import pdf
from businesscase_workbench.report.word import document

CASES = [
    "lictp-2020",
    "mkip-2012",
    "worked-example",
    "dacorum-avdc-2012",
    "allerdale-carlisle-2008",
    "durham-sunderland-2014",
]
MONEY = {
    "flows": [
        flow("posts", "saving", 100_000, (2025, 2028)),
        flow("move", "one_off_cost", 90_000, (2024, 2024)),
        flow("link", "running_cost", 20_000, (2025, 2028), partner="South"),
    ],
    "service_costs": [
        {"partner": name, "category": "all", "nature": "staff", "funding": "revenue", "year": "2024", "amount_gbp": str(amount)}
        for name, amount in (("North", 500_000), ("South", 300_000))
    ],
}  # fmt: skip
ABOVE_NIL = {"criterion": "value for money", "item": "all"}


def condition(criterion, by_when="2024-09-30"):
    """Return a row of conditions.csv as text."""
    said = {"action": "Find more.", "owner": "The board", "evidence": "A minute", "if_missed": "It ends"}  # fmt: skip
    return {"criterion": criterion, "by_when": by_when, **said}


def unmet(number):
    """Return as many criteria that can't be met, each with a condition."""
    names = [f"worth {count}" for count in range(number)]
    gates = [{"criterion": name, "threshold": "9000000", "if_not_met": "condition"} for name in names]  # fmt: skip
    return {"gates": gates, "conditions": [condition(name) for name in names]}


def test_each_council_has_its_cost_before_and_after_its_saving_and_its_worth():
    shown = front.councils(small_study(**MONEY))
    assert list(shown.index) == ["North", "South", ALL]
    assert shown["cost_today"].tolist() == [500_000, 300_000, 800_000]
    assert shown["cost_after"].tolist() == [400_000, 320_000, 720_000]
    assert shown["paid_once"].tolist() == [90_000, 0, 90_000]
    assert shown["saved_a_year"].tolist() == [100_000, -20_000, 80_000]
    assert shown["payback_years"].tolist()[:2] == [pytest.approx(0.9), float("inf")]
    factors = sum(1.035**-year for year in range(1, 5))
    assert shown["planned_worth"].tolist() == pytest.approx(
        [100_000 * factors - 90_000, -20_000 * factors, 80_000 * factors - 90_000]
    )
    texts = [row[1:7] for row in shown.as_read()["rows"]]
    assert texts[1] == ["300", "320", "0", "-20", "not within the term", "-73"]


def test_without_money_there_is_no_table_of_councils_and_no_word_on_worth():
    study = small_study(gates=[ABOVE_NIL])
    assert front.councils(study).empty
    assert front.how_sure(study) == "Not known, for lack of figures: value for money."
    assert front.how_sure(small_study()).startswith("The case has no criterion")


def test_one_off_cost_alone_is_no_worth():
    study = small_study(flows=[flow("move", "one_off_cost", 90_000, (2024, 2024))])
    assert list(front.councils(study)) == ["paid_once"]
    assert front.councils_note(study, front.councils(study)) == (
        "Not given: the cost today, the cost afterwards, the saving and the net present value."
    )


def test_sentence_on_worth_says_plan_even_chance_and_loss():
    said = front.how_sure(small_study(**MONEY, gates=[ABOVE_NIL]))
    assert said.startswith(
        "As planned it is worth £204,000, beside today; as likely more as less than £"
    )
    assert " The chance of a loss is " in said and said.endswith(".")


def test_a_poor_future_that_loses_is_called_a_loss_and_a_likelier_verdict_comes_first():
    said = front.how_sure(load_study("lictp-2020"))
    assert "; in one future of ten a loss of more than £149,000. " in said
    assert said.endswith("another: 'stop' in 64% of the futures; this one holds in 36%.")


@pytest.mark.parametrize(("number", "named"), [(1, 1), (2, 2), (3, 2), (4, 2)])
def test_what_stops_the_proposal_is_said_first_with_its_figures(number, named):
    gates = [{**gate, "if_not_met": "stop"} for gate in unmet(number)["gates"]]
    said = front.how_sure(small_study(**MONEY, gates=gates))
    before, _, _ = said.partition("As planned it is worth")
    assert before.count(": not met. ") == named
    others = {3: "So does 1 other. ", 4: "So do 2 others. "}.get(number, "")
    assert before.endswith(others or "not met. ")
    assert "not met" not in front.how_sure(small_study(**MONEY, **unmet(number)))


def test_cost_after_is_what_recurs_in_the_last_full_year_of_each():
    partners = [{"partner": "North", "role": "lead"}, {"partner": "South", "role": "partner", "leaves": "2026"}]  # fmt: skip
    flows = [
        flow("posts", "saving", 60_000, (2025, 2028)),
        flow("desk", "saving", 20_000, (2025, 2028), "South"),
        flow("move", "one_off_cost", 90_000, (2025, 2025), "South"),
        flow("sale", "residual_value", 40_000, (2028, 2028)),
    ]
    study = small_study(partners=partners, **MONEY | {"flows": flows}, gates=[ABOVE_NIL])
    shown = front.councils(study)
    assert shown["cost_after"].to_dict() == {"North": 440_000, "South": 280_000, ALL: 720_000}
    assert "last full year (South's is 2025/26), in prices" in front.councils_note(study, shown)
    assert "South is out from 2026/27. As planned it is worth" in front.how_sure(study)


@pytest.mark.parametrize(("number", "lines", "last"), [
    (1, 1, "- **worth 0** (not met): Find more. The board, by 30 Sep 2024."),
    (6, 6, "- One more: see “Decisions”."),
    (7, 6, "- Two more: see “Decisions”."),
])  # fmt: skip
def test_five_conditions_are_named_and_the_others_counted(number, lines, last):
    listed = front.conditions(small_study(**MONEY, **unmet(number)), "Decisions").splitlines()
    assert len(listed) == lines and listed[-1] == last


def test_a_condition_whose_day_has_passed_says_so():
    gates = unmet(1)["gates"]
    late = [condition("worth 0", "2024-04-30")]
    said = front.conditions(small_study(**MONEY, gates=gates, conditions=late), "Decisions")
    assert said.endswith("The board, by 30 Apr 2024, which has passed.")


def test_what_nobody_acts_on_is_named_and_nothing_open_is_nothing():
    gates = unmet(1)["gates"]
    said = front.conditions(small_study(**MONEY, gates=gates), "Decisions")
    assert said == "- Nobody has anything to do for worth 0."
    assert front.conditions(small_study(**MONEY, gates=[ABOVE_NIL]), "Decisions") == ""


def test_findings_are_counted():
    class Found:
        findings = ()

    assert front.findings(Found, "Purpose") == ""
    Found.findings = ("one",)
    assert front.findings(Found, "Purpose") == "1 finding on the figures: see “Purpose”."
    Found.findings = ("one", "two")
    assert front.findings(Found, "Purpose").startswith("2 findings ")


def test_an_option_says_why_it_is_not_proposed():
    options = [{"option": name, "name": f"Option {name}", "description": "It"} for name in "abc"]
    flows = [*MONEY["flows"], flow("posts", "saving", 150_000, (2025, 2028), option="b")]
    shown = front.options(small_study(options=options, flows=flows))
    more = round(70_000 * sum(1.035**-year for year in range(1, 5)) + 90_000)
    assert shown["why_not"].to_dict() == {
        "a": "Proposed",
        "b": f"Worth more by £{round(more, -3):,}",
        "c": "No money is given for it",
    }
    assert front.options(small_study(options=options[:1], **MONEY)).empty


def test_largest_risks_come_first_and_of_one_score_the_costliest():
    rows = [risk(number, owner="") for number in range(1, 5)]
    costs = [cost(3, 50_000, years=(2025, 2025)), cost(2, 10_000, years=(2025, 2025))]
    shown = front.risks(small_study(**MONEY, **SCALES, risks=rows, risk_costs=costs))
    assert shown.index.tolist() == [3, 2, 1]
    assert shown.caption == (
        "The risks that are left, the largest first: 3 of 4; the case names no owner"
    )
    assert "owner" not in shown


def test_a_risk_above_appetite_comes_first_though_it_has_no_cost():
    rows = [risk(1, likelihood="low likelihood"), risk(2)]
    costs = [cost(1, 50_000, years=(2025, 2025))]
    study = small_study(**MONEY, **SCALES, risks=rows, risk_costs=costs)
    assert list(study.risks.scored["within_appetite"]) == [True, False]
    assert front.risks(study).index.tolist() == [2, 1]


def test_one_risk_is_no_share_of_one():
    shown = front.risks(small_study(**SCALES, risks=[risk(1)]))
    assert shown.caption == "The risk that is left" and list(shown["owner"]) == ["Board"]
    assert "expected_cost" not in shown


def test_next_steps_are_after_the_data_date_and_nothing_that_came_out_later():
    events = [
        {"date": "2024-04-01", "kind": "gate", "event": "Before"},
        {"date": "2024-08-01", "kind": "deadline", "event": "After"},
        {"date": "2024-09-01", "kind": "deadline", "event": "Learned", "known_on": "2024-09-01"},
        {"date": "2024-10-01", "kind": "review", "event": "A review"},
    ]
    shown = front.next_steps(small_study(**MONEY, events=events, **unmet(1)))
    assert shown["step"].tolist() == ["After"]
    assert front.next_steps(small_study()).empty


def test_rows_are_counted_once_by_their_status():
    tables = {
        "flows": pd.DataFrame({"status": ["assumed", "published", "assumed"]}),
        "risks": pd.DataFrame({"status": []}),
        "logs": pd.DataFrame({"entry": ["x"]}),
    }
    counts = front.status_counts(tables, ["flows", "risks", "logs", "flows"])
    assert counts.to_dict() == {"assumed": 2, "published": 1}
    assert front.rests_on(small_study()) == ""
    assert front.rests_on(small_study(**MONEY)) == "No input behind these two pages is assumed."


@pytest.fixture(scope="module", params=CASES)
def report(request):
    """The report of a case without its notebooks, which the first pages don't need."""
    return of_case(request.param)


@cache
def of_case(name):
    return report_of(load_study(name), {})


def test_first_pages_say_nothing_empty_and_part_no_minus_from_its_figure(report):
    blocks = [block for page in report.front for block in page.blocks]
    assert [type(block) for block in blocks].count(Verdict) == 1
    tables = [block for block in blocks if isinstance(block, TableShown)]
    assert all(cell for table in tables for row in table.rows for cell in row)
    cells = [cell for table in tables for row in table.rows for cell in row]
    said = " ".join([*cells, *(block.text for block in blocks if isinstance(block, Prose))])
    assert "-£" not in said and "nan" not in said.split()
    assert not re.search(r"\b1 of 1\b|\b0 of 0\b|none of none", said)
    assert all(table.rows for table in tables)
    assert [table.number for table in tables] == sorted(table.number for table in tables)


@pytest.mark.parametrize("name", ["lictp-2020", "worked-example"])
def test_first_pages_are_two_pages_of_paper(name, tmp_path, converted):
    if not shutil.which("pdftotext"):
        pytest.skip("no pdftotext")
    report = of_case(name)
    (tmp_path / "word.docx").write_bytes(document(report, {}))
    for written in (pdf(report, {}), converted(tmp_path / "word.docx", "pdf", tmp_path).read_bytes()):  # fmt: skip
        read = subprocess.run(["pdftotext", "-", "-"], input=written, capture_output=True, check=True)  # fmt: skip
        first, second, third, *_ = read.stdout.decode().split("\f")
        assert "\nFor decision\n" in first
        assert second.startswith("Options, risks and next steps")
        assert third.startswith("Contents")


def test_options_without_any_money_are_compared_by_what_is_known():
    options = [
        {"option": letter, "name": letter.upper(), "description": "x"} for letter in ("a", "b")
    ]
    shown = front.options(small_study(options=options))
    assert shown["why_not"].tolist() == ["Proposed", "No money is given for it"]
