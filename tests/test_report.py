import base64
import hashlib
import json
import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from itertools import pairwise

import nbformat
import pandas as pd
import plotly.graph_objects as go
import pytest

from businesscase.cases.case import load_case
from businesscase.shown.display import Chart, Table
from businesscase.study import load_study
from businesscase_workbench.report import (
    index_html,
    page_html,
    report_html,
    report_of,
    shared_asset_files,
)

CASE = "durham-sunderland-2014"  # its sections are savings, readiness and decision
HOSTILE = '</title><script>alert("x")</script><img src=x onerror=alert(1)>'
BREAKING_OUT = "</script><!--<script>"
ASSETS = "../../assets"
OWN_SCRIPT = "<script>(() "  # how the page's own script begins


class Page(HTMLParser):
    """What a browser would find in a page."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.headings, self.scripts, self.rows, self.text = [], [], [], [], ""
        self.summaries, self.captions = [], []
        self.inside = set()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))
        self.inside.add(tag)
        if tag == "script":
            self.scripts.append([dict(attrs), ""])
        elif tag == "tr":
            self.rows.append([])
        elif tag in ("th", "td"):
            self.rows[-1].append("")
        elif tag in ("summary", "caption", "figcaption"):
            (self.summaries if tag == "summary" else self.captions).append("")
        elif re.fullmatch("h[1-6]", tag):
            self.headings.append([int(tag[1]), ""])

    def handle_endtag(self, tag):
        self.inside.discard(tag)

    def handle_data(self, data):
        if "script" in self.inside:
            self.scripts[-1][1] += data
        elif "style" not in self.inside:
            self.text += data
        if "tr" in self.inside and data.strip():
            self.rows[-1][-1] += data
        if "summary" in self.inside:
            self.summaries[-1] += data
        elif self.inside & {"caption", "figcaption"}:
            self.captions[-1] += data
        if self.inside & {"h1", "h2", "h3", "h4", "h5", "h6"}:
            self.headings[-1][1] += data

    def values(self, attribute):
        return [found[attribute] for _, found in self.tags if attribute in found]


def outputs(*shown):
    """Return a code cell that showed these objects, as a kernel sends them."""
    cell = nbformat.v4.new_code_cell("secret_code()", execution_count=1)
    for value in shown:
        if isinstance(value, Chart):
            data = value._repr_mimebundle_()
        elif isinstance(value, Table):
            data = value._repr_mimebundle_() | {"text/html": value._repr_html_()}
        else:
            data = value
        cell.outputs.append(nbformat.v4.new_output("display_data", data=data))
    return cell


def chart(title="Costs fall"):
    figure = go.Figure(go.Bar(x=[BREAKING_OUT], y=[1.5]))
    figure.update_layout(title={"text": title}, height=300, margin={"t": 60})
    bars = pd.DataFrame({"bar": [BREAKING_OUT], "cost": [1.5]})
    data = Table(bars, title, {"bar": "Bar", "cost": "Cost"})
    return Chart(figure, title, "One bar of 1.5.", data)


def notebooks(*cells):
    """Return notebooks of a section that the case lacks and of one that shows ``cells`` in the body."""
    for cell in cells:
        cell.metadata["tags"] = list({*cell.metadata.get("tags", []), "body"})
    options = nbformat.v4.new_markdown_cell("# Which is best?\n\nProse about options.")
    return {
        "options": nbformat.v4.new_notebook(cells=[options]),
        "readiness": nbformat.v4.new_notebook(cells=list(cells)),
    }


@pytest.fixture
def hostile_study(data_copy):
    """A study whose case has an attack for a title in every scenario."""
    file = data_copy / CASE / "scenarios.toml"
    text = file.read_text(encoding="utf-8")
    title = f"title = '{HOSTILE}'"
    file.write_text(re.sub('^title = ".*"', title, text, flags=re.M), encoding="utf-8")
    return load_study(CASE, "same-pace")


@pytest.fixture(scope="module")
def text():
    """A page with everything that a notebook can show."""
    return report_html(load_study(CASE, "same-pace"), notebooks(*everything()))


@pytest.fixture(scope="module")
def appendix():
    """The page of the appendix beside it."""
    report = report_of(load_study(CASE, "same-pace"), notebooks(*everything()))
    return Page(page_html(report.appendix))


def everything():
    """Return cells with all that a notebook can show."""
    return [
        nbformat.v4.new_markdown_cell("# Are the partners *ready*?\n\nProse, see below."),
        nbformat.v4.new_markdown_cell("## The answer\n\n#### Too deep\n\n# Another title"),
        outputs({"text/markdown": "A **computed** sentence."}, chart(), chart("Costs rise")),
        outputs(Table(pd.DataFrame({"area": ["people"], "gap": [2]}), "Gaps & more", {"area": "Area", "gap": "Gap"})),
        nbformat.v4.new_markdown_cell("Said in the notebook", metadata={"tags": ["notebook-only"]}),
    ]  # fmt: skip


@pytest.fixture(scope="module")
def page(text):
    return Page(text)


def test_page_has_one_h1_and_skips_no_level(page):
    levels = [level for level, _ in page.headings]
    assert levels.count(1) == 1 and levels[0] == 1
    assert all(later <= earlier + 1 for earlier, later in pairwise(levels))


def test_headings_of_a_notebook_go_below_the_numbered_heading_of_its_chapter(page):
    start = page.headings.index([2, "3. Readiness"])
    assert page.headings[start + 1] == [
        3,
        "3.1 Too deep",
    ]  # below its own answer, which needs no heading


def test_chapters_are_numbered_in_the_order_of_a_committee_report_and_on_in_its_appendix(
    page, appendix
):
    report, appended = (
        [text for level, text in found.headings if level == 2 and text != "Contents"]
        for found in (page, appendix)
    )
    assert report == [
        "For decision",
        "Options, risks and next steps",
        "1. Purpose",
        "2. Recommendation and reasons",
        "3. Readiness",
        "4. Background papers",
    ]
    assert appended[0] == "5. Assumptions log"
    assert appended[-1] == f"{4 + len(appended)}. How this report was made"


def test_a_cell_without_the_tag_of_the_body_is_in_the_appendix_to_which_the_chapter_leads():
    gaps = Table(pd.DataFrame({"a": ["x"]}), "Gaps", {"a": "A"})
    cells = [
        nbformat.v4.new_markdown_cell("## How far apart?"),
        outputs(gaps),
        nbformat.v4.new_markdown_cell("How to read what is not here."),
    ]
    found = notebooks(*cells[:1], outputs({"text/markdown": "Said."}), *cells[2:])
    found["readiness"].cells.insert(1, cells[1])
    report = report_of(load_study(CASE), found)
    page, appendix = Page(page_html(report)), Page(page_html(report.appendix))
    assert "Said." in page.text and "Said." not in appendix.text
    assert "Table 5.1 Gaps" in appendix.captions and "Gaps" not in page.text
    assert "The appendix, chapter 5, has more: How far apart?" in page.text
    assert "appendix.html#readiness" in page.values("href")
    assert "readiness" in appendix.values("id")


def test_contents_lead_to_every_chapter_section_figure_and_numbered_table(page):
    links = set(page.values("href"))
    ids = [found["id"] for tag, found in page.tags if "id" in found and tag in ("section", "h3", "figure")]  # fmt: skip
    assert len(ids) > 8
    assert {f"#{address}" for address in ids} <= links
    assert {"#figure-3-1", "#figure-3-2", "#table-3-1", "#table-2-1"} <= links


def test_figures_and_tables_are_numbered_within_their_chapter(page):
    assert "Figure 3.1 Costs fall" in page.captions
    assert "Figure 3.2 Costs rise" in page.captions
    assert "Table 3.1 Gaps & more" in page.captions


def test_chapters_that_the_case_lacks_are_named_in_one_line(page):
    assert not [text for _, text in page.headings if "Options considered" in text]
    assert (
        "The case gives nothing for: Baseline; Options considered; Risk and mitigation; Plan."
        in page.text
    )
    assert "Prose about options" not in page.text


def test_sections_that_only_say_what_is_absent_become_one_list():
    absent = Table(pd.DataFrame(), "No reading is given", {})
    cells = [
        nbformat.v4.new_markdown_cell("## How well does it run?\n\nReadings by year."),
        outputs(absent),
        nbformat.v4.new_markdown_cell("## What do users say?\n\nShares of users."),
        outputs(absent, Table(pd.DataFrame(), "No survey is given", {})),
        nbformat.v4.new_markdown_cell("## What else?"),
        outputs({"text/markdown": "Something."}),
    ]
    found = Page(report_html(load_study(CASE), notebooks(*cells)))
    begin = found.headings.index([2, "3. Readiness"])
    told = [text for _, text in found.headings[begin + 1 :]]
    assert told[:2] == ["3.1 What else?", "3.2 Nothing to list in this case"]
    assert "How well does it run? No reading is given." in found.text
    assert "What do users say? No reading is given. No survey is given." in found.text
    assert "Readings by year" not in found.text


def test_reference_tables_and_long_ones_are_folded_under_a_line_that_counts_their_rows():
    long = Table(pd.DataFrame({"n": range(26), "m": range(26)}), "Long", {"n": "N", "m": "M"})
    short = Table(long.frame.head(25), "Short", long.labels)
    report = report_of(load_study(CASE), notebooks(outputs(long, short)))
    found, appended = Page(page_html(report)), Page(page_html(report.appendix))
    assert "Table 3.1 Long (26 rows)" in found.summaries
    assert not [line for line in found.summaries if "Short" in line]
    folded = appended.summaries
    assert [line for line in folded if re.match(r"Table 5\.1 \d+ inputs: .* rows\)", line)]
    assert [line for line in folded if "published figures agree" in line]


def test_no_cell_is_empty():
    blank = Table(pd.DataFrame({"a": ["x"], "b": [""], "c": [None]}), "Blank", dict(zip("abc", "ABC", strict=True)))  # fmt: skip
    found = Page(report_html(load_study(CASE), notebooks(outputs(blank))))
    assert ["x", "–", "–"] in found.rows


def test_code_and_cells_for_the_notebook_only_are_not_shown(page):
    assert "secret_code" not in page.text and "Said in the notebook" not in page.text


def test_every_link_inside_the_page_has_its_target_and_ids_are_unique(page):
    ids = page.values("id")
    assert len(ids) == len(set(ids))
    assert {link[1:] for link in page.values("href") if link.startswith("#")} <= set(ids)
    described = " ".join(page.values("aria-labelledby") + page.values("aria-describedby"))
    assert set(described.split()) <= set(ids)


def test_chart_has_title_description_and_data(page):
    figures = [found for tag, found in page.tags if tag == "figure"]
    assert len(figures) == 2 and figures[0]["role"] == "group"
    assert "Costs fall" in page.text and "One bar of 1.5." in page.text
    data = [json.loads(text) for found, text in page.scripts if "data-chart" in found]
    assert unescape(data[0]["data"][0]["x"][0]) == BREAKING_OUT
    assert "Data of figure 3.1 (1 row)" in page.summaries
    assert [BREAKING_OUT, "1.5"] in page.rows


def test_chart_data_cannot_end_its_script(text):
    assert BREAKING_OUT not in text
    assert r"\u0026lt;/script\u003e\u0026lt;!--\u0026lt;script\u003e" in text


def test_title_of_a_chart_is_shown_once_as_its_caption(page):
    data = [json.loads(text) for found, text in page.scripts if "data-chart" in found]
    assert "title" not in data[0]["layout"]
    assert page.captions.count("Figure 3.2 Costs rise") == 1


def test_plotly_is_inlined_once_and_only_for_charts(text):
    assert text.count("* plotly.js v") == 1
    plain = report_html(load_study(CASE), notebooks(outputs({"text/markdown": "No chart."})))
    assert "* plotly.js v" not in plain and len(plain) < 100_000


def test_table_scrolls_in_a_region_named_after_its_caption(page):
    regions = [found for tag, found in page.tags if found.get("role") == "region"]
    assert {
        "class": "scroll",
        "role": "region",
        "tabindex": "0",
        "aria-label": "Table 3.1 Gaps & more",
    } in regions


def test_nothing_comes_from_another_host(text):
    hostile = nbformat.v4.new_markdown_cell(
        "![picture](https://example.org/a.png) [link](https://example.org) <https://example.org/b> "
        "[run](javascript:alert(1)) <img src='https://example.org/c.png'>"
    )
    study = load_study(CASE)
    for found in (Page(text), Page(report_html(study, notebooks(hostile)))):
        addresses = [found.values(name) for name in ("src", "href", "action", "data", "poster")]
        assert not [url for urls in addresses for url in urls if ":" in url or url.startswith("//")]


def test_page_runs_only_its_own_scripts_and_fetches_nothing(page):
    policy = next(found["content"] for _, found in page.tags if "http-equiv" in found)
    assert policy.startswith("default-src 'none'; script-src 'sha256-")
    own = [script for found, script in page.scripts if not found]
    digests = [
        base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in own
    ]
    assert re.findall(r"'sha256-(.+?)'", policy) == digests


def test_gates_say_their_outcome_in_words_with_what_was_found_and_the_threshold():
    found = Page(report_html(load_study(CASE), notebooks()))
    row = next(row for row in found.rows if row[0] == "partners ready")
    assert row[1:5] == ["2", "at most 0", "✗ not met", "stop"]
    badges = [attributes["class"] for tag, attributes in found.tags if tag == "span"]
    assert {"badge met", "badge not-met", "badge not-known"} <= set(badges)
    assert ("strong", {"class": "badge verdict stop"}) in found.tags


def test_parameters_that_differ_from_the_base_are_listed_with_both_values():
    study = load_study("mkip-2012", "cautious")
    row = ["Share of the planned saving that is realised", "1", "0.6", "fraction"]
    assert row in Page(report_html(study, notebooks())).rows


def test_base_scenario_says_that_it_is_the_base():
    text = report_html(load_study(CASE), notebooks())
    assert "This is the base scenario" in Page(text).text


def test_report_says_what_it_was_made_from(page, appendix):
    for said in (load_case(CASE).input_hash, "same-pace", "11 June 2014"):
        assert said in appendix.text
    assert "Durham County Council, 11 June 2014" in page.text


def test_reconciliation_counts_the_figures_that_agree(appendix):
    count = len(load_case(CASE).tables["published"])
    assert f"all {count} published figures agree" in appendix.text


def test_hostile_scenario_title_arrives_as_text(hostile_study):
    sentence = outputs({"text/markdown": f"Scenario **{HOSTILE}**"})
    states = {(CASE, "same-pace"): {"error": HOSTILE}}
    for text in (
        report_html(hostile_study, notebooks(sentence)),
        index_html([hostile_study.case], states),
    ):
        found = Page(text)
        assert HOSTILE in found.text
        assert len(found.scripts) == text.count(OWN_SCRIPT) and not found.values("onerror")


def test_html_that_is_not_from_a_table_of_ours_is_not_trusted():
    cell = outputs({"text/html": "<script>alert(1)</script>", "text/plain": "<b>plain</b>"})
    found = Page(report_html(load_study(CASE), notebooks(cell)))
    assert [script[:4] for _, script in found.scripts] == [OWN_SCRIPT[-4:]]
    assert "<b>plain</b>" in found.text


@pytest.mark.parametrize(
    "text", ["=cmd()", "🙂 and 𝛼", "\u202eright to left", "x" * 10_000, "a & b < c"]
)
def test_odd_text_arrives_as_it_is(text):
    table = Table(pd.DataFrame({"a": [text]}), "Odd", {"a": "A"})
    assert [text] in Page(report_html(load_study(CASE), notebooks(outputs(table)))).rows


def test_characters_that_no_page_may_hold_are_marked():
    table = Table(pd.DataFrame({"a": ["one\x00two\x1b"]}), "Odd", {"a": "A"})
    page = report_html(load_study(CASE), notebooks(outputs(table)))
    assert "one\ufffdtwo\ufffd" in page and "\x00" not in page and "\x1b" not in page


def test_page_with_shared_assets_links_to_files_that_are_written_once():
    cells = [outputs(chart())]
    text = report_html(load_study(CASE), notebooks(*cells), shared_assets=ASSETS)
    found = Page(text)
    linked = found.values("src") + [link for link in found.values("href") if link.endswith(".css")]
    assert sorted(linked) == sorted(f"{ASSETS}/{name}" for name in shared_asset_files())
    assert len(text) < 100_000 and "* plotly.js v" not in text and "<style" not in text
    policy = next(found["content"] for _, found in found.tags if "http-equiv" in found)
    assert "script-src 'self' file:;" in policy and policy.startswith("default-src 'none'")


def test_name_of_a_shared_file_tells_its_content():
    for name, content in shared_asset_files().items():
        digest = hashlib.sha256(content.encode()).hexdigest()
        assert name.rsplit("-", 1)[1].split(".")[0] == digest[:12]


def test_same_inputs_give_the_same_page(text):
    cells = [nbformat.v4.new_markdown_cell("# Ready?", id="a"), outputs(chart())]
    pages = {report_html(load_study(CASE, "same-pace"), notebooks(*cells)) for _ in range(2)}
    assert len(pages) == 1


def test_index_leads_to_reports_and_shows_failures_as_failures():
    states = {
        (CASE, "base"): {"recommendation": "stop", "files": ["report.html"]},
        (CASE, "same-pace"): {"error": "07_decision.ipynb, cell [3]: ValueError: no"},
        (CASE, "officer-time"): None,
    }
    found = Page(index_html([load_case(CASE)], states))
    assert found.values("href") == ["#content", f"{CASE}/base/report.html"]
    assert load_case(CASE).file.question in found.text
    assert "failed 07_decision.ipynb, cell [3]: ValueError: no" in found.text
    assert found.text.count("not run") == len(load_case(CASE).scenarios) - 2


def test_index_says_what_each_scenario_is_worth_by_title_and_what_became_of_the_case():
    case = load_case("dacorum-avdc-2012")
    money = {"net_present_value": -1_250_000.0, "average_annual_saving": 80_000.0}
    states = {(case.name, "base"): {"recommendation": "stop", "files": ["report.html"], "money": money}}  # fmt: skip
    found = Page(index_html([case], states))
    title = case.scenarios["base"].title
    assert [title, "stop", "-£1.25m", "£80,000"] in found.rows
    assert all(row[2:] == ["–", "–"] for row in found.rows[1:] if row[0] != title and len(row) == 4)
    assert "It ended: The councils announce the end of the arrangement" in found.text


def test_index_of_a_case_of_one_scenario_says_that_nothing_is_compared():
    case = load_case(CASE)
    alone = replace(case, scenarios={"base": case.scenarios["base"]})
    assert "one scenario, so nothing is compared" in Page(index_html([alone], {})).text
    assert "nothing is compared" not in Page(index_html([case], {})).text


def test_picture_of_a_notebook_that_says_no_numbers_is_left_as_text():
    shown = {"application/vnd.plotly.v1+json": {"data": [], "layout": {}}, "text/plain": "Figure()"}
    assert "Figure()" in Page(report_html(load_study(CASE), notebooks(outputs(shown)))).text
