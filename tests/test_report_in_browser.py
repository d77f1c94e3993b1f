"""The report page as its readers have it: offline, with keys alone, enlarged, read aloud, on paper."""

import json
import re
from dataclasses import replace

import nbformat
import pytest
from conftest import stored_notebooks

from businesscase.cases.case import load_case
from businesscase.study import load_study
from businesscase_workbench import cli
from businesscase_workbench.report import page_html, report_of, shared_asset_files

axe = pytest.importorskip("axe_playwright_python.sync_playwright")

BODY = "durham-sunderland-2014/base/report.html"
SMALL = "durham-sunderland-2014/base/appendix.html"  # with tables that fold, and more charts
WHOLE_BODY = "stored/body.html"  # of the case that has every chapter
LARGE = "stored/worked-example.html"  # not in the folder of a report, which a new one replaces
SHARED = "durham-sunderland-2014/base/shared.html"  # as the small one, its scripts beside it
OTHERS = (
    "worked-example",
    "mkip-2012",
    "lictp-2020",
    "dacorum-avdc-2012",
    "allerdale-carlisle-2008",
)
REPORTS = [
    BODY,
    SMALL,
    pytest.param(LARGE, marks=pytest.mark.long),
    *(
        pytest.param(f"{case}/base/{name}.html", marks=pytest.mark.long)
        for case in OTHERS
        for name in ("report", "appendix")
    ),
]
PAGES = ["index.html", *REPORTS]
PAPER = 680  # pixels between the margins of A4
OPEN_ALL = "document.querySelectorAll('details').forEach(part => { part.open = true; })"
CLOSE_ALL = "document.querySelectorAll('details').forEach(part => { part.open = false; })"
DRAWN = "[...document.querySelectorAll('.chart')].every(place => place.querySelector('.main-svg'))"


@pytest.fixture(scope="module")
def made(tmp_path_factory, one_fork_server):
    """Return a function that makes the base reports of some cases and gives the folder of all."""
    folder = tmp_path_factory.mktemp("reports")

    def make(*cases):
        arguments = ["report", *cases, "--scenario", "base", "--output", str(folder)]
        assert cli.main(arguments) == 0
        return folder

    return make


@pytest.fixture(scope="module")
def reports(made):
    """Return the folder of the index and of a small report and a large one.

    The large one has every chapter: it is of the notebooks as they are committed.
    """
    folder = made("durham-sunderland-2014")
    for name, text in shared_asset_files().items():
        (folder / "assets").mkdir(exist_ok=True)
        (folder / "assets" / name).write_text(text, encoding="utf-8")
    stored = stored_notebooks()
    own = {
        path.stem.split("_", 1)[1]: nbformat.read(path, as_version=4)
        for path in (folder / SMALL).parent.glob("*.ipynb")
    }
    (folder / LARGE).parent.mkdir(parents=True)
    report = report_of(load_study("worked-example"), stored)
    whole = replace(report, chapters=(*report.chapters, *report.appendix.chapters))
    (folder / LARGE).write_text(page_html(whole), encoding="utf-8")
    (folder / WHOLE_BODY).write_text(page_html(report), encoding="utf-8")
    report = report_of(load_study("durham-sunderland-2014"), stored | own)
    page = page_html(report.appendix, shared_assets="../../assets")
    (folder / SHARED).write_text(page, encoding="utf-8")
    return folder


@pytest.fixture(scope="module")
def opened(browser, reports, made):
    """Return a function that gives an open page without network, as it is after loading."""
    context = browser.new_context(offline=True)
    pages = {}

    def page_of(name):
        if name not in pages:
            if not (reports / name).exists():
                made(*OTHERS)
            page = context.new_page()
            page.requests, page.errors = [], []
            page.on("request", lambda request: page.requests.append(request.url))
            page.on("pageerror", lambda error: page.errors.append(str(error)))
            page.on("console", lambda said: page.errors.append(said.text) if said.type == "error" else None)  # fmt: skip
            page.goto((reports / name).as_uri(), timeout=120_000)
            page.wait_for_function(DRAWN)
            pages[name] = page
        page = pages[name]
        page.emulate_media(media="screen")
        page.set_viewport_size({"width": 1100, "height": 900})
        page.evaluate(CLOSE_ALL)
        return page

    yield page_of
    context.close()


@pytest.mark.parametrize("name", [*PAGES, SHARED])
def test_a_page_is_whole_without_a_network(opened, name):
    page = opened(name)
    assert page.errors == []
    assert [url for url in page.requests if not url.startswith(("file:", "data:"))] == []
    assert page.locator(".chart").count() >= {"index.html": 0, BODY: 1}.get(name, 2)


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_needs_no_other_file(opened, name):
    page = opened(name)
    assert [url for url in page.requests if url.startswith("file:")] == [page.url.split("#")[0]]


@pytest.mark.parametrize("name", [SMALL, SHARED])
def test_a_page_runs_no_script_but_its_own(opened, name):
    ran = """() => {
      const script = document.createElement('script');
      script.textContent = 'window.ran = true';
      document.body.append(script);
      return window.ran === true;
    }"""
    page = opened(name)
    assert not page.evaluate(ran)
    page.errors.clear()  # the browser says that it refused


@pytest.mark.parametrize("name", ["index.html", SMALL, pytest.param(LARGE, marks=pytest.mark.long)])
def test_axe_finds_no_fault(opened, name):
    page = opened(name)
    page.evaluate(OPEN_ALL)
    options = {"resultTypes": ["violations"]}
    found = axe.Axe().run(page, options=options).response["violations"]
    assert [f"{fault['id']}: {fault['nodes'][0]['html'][:200]}" for fault in found] == []


@pytest.mark.parametrize("name", PAGES)
def test_at_four_hundred_percent_only_tables_and_charts_scroll_sideways(opened, name):
    beyond = """() => [...document.querySelectorAll('body *')]
      .filter(part => !part.closest('.scroll > *') && !part.closest('.skip'))
      .filter(part => part.getBoundingClientRect().right > 321).map(part => part.outerHTML.slice(0, 90))"""
    page = opened(name)
    page.evaluate(OPEN_ALL)
    page.set_viewport_size({"width": 320, "height": 256})  # 1280 by 1024 at 400%
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    assert page.evaluate(beyond) == []


@pytest.mark.parametrize("name", PAGES)
def test_no_table_is_wider_than_paper(opened, name):
    wider = """width => [...document.querySelectorAll('main table')]
      .filter(table => table.getBoundingClientRect().right > width + 1)
      .map(table => table.id || table.getAttribute('aria-labelledby'))"""
    page = opened(name)
    page.emulate_media(media="print")
    page.set_viewport_size({"width": PAPER, "height": 960})
    assert page.evaluate(wider, PAPER) == []


def test_keys_reach_every_scroll_box_and_open_every_folded_part(opened):
    page = opened(SMALL)
    page.set_viewport_size({"width": 640, "height": 900})
    page.evaluate("window.reached = new Set(), document.activeElement.blur(), scrollTo(0, 0)")
    missed = """() => [...document.querySelectorAll('.scroll, summary, a[href]')]
      .filter(part => !part.matches('.scroll') || part.scrollWidth > part.clientWidth)
      .filter(part => !window.reached.has(part)).map(part => part.outerHTML.slice(0, 90))"""
    for _ in range(600):
        page.keyboard.press("Tab")
        tag = page.evaluate(
            "() => { window.reached.add(document.activeElement); return document.activeElement.tagName; }"
        )
        if tag == "SUMMARY":
            page.keyboard.press("Enter")
        if tag == "BODY":
            break
    assert page.evaluate(missed) == []
    assert page.locator(".scroll[tabindex]").count() > 1
    assert page.locator("details:not([open])").count() == 0


def test_a_box_is_a_stop_for_keys_only_while_there_is_something_to_scroll(opened):
    page = opened(SMALL)
    page.evaluate(OPEN_ALL)
    stops = "() => [...document.querySelectorAll('.scroll')].map(box => [box.tabIndex === 0, box.scrollWidth > box.clientWidth])"
    counts = []
    for width in (1100, 320, 1100):
        page.set_viewport_size({"width": width, "height": 900})
        page.evaluate("() => new Promise(done => requestAnimationFrame(() => setTimeout(done)))")
        found = page.evaluate(stops)
        assert all(is_stop == scrolls for is_stop, scrolls in found)
        counts.append(sum(is_stop for is_stop, _ in found))
    wide, narrow, wide_again = counts
    assert wide == wide_again < narrow / 2


def test_keys_cross_a_body_in_fewer_than_sixty_stops(browser, reports):
    page = browser.new_page(viewport={"width": 1100, "height": 900})
    page.goto((reports / WHOLE_BODY).as_uri())
    page.wait_for_function(DRAWN)
    stops = 0
    while stops < 100:
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement === document.body"):
            break
        stops += 1
    page.close()
    assert 20 < stops < 60


def test_what_is_folded_is_open_while_printing_and_folded_again_after(opened):
    page = opened(SMALL)
    folded = page.locator("main details").count()
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("main details[open]").count() == folded > 5
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("main details[open]").count() == 0


def test_what_is_folded_is_on_paper_where_no_script_runs(browser, reports):
    context = browser.new_context(offline=True, java_script_enabled=False)
    page = context.new_page()
    page.goto((reports / SMALL).as_uri())
    cells = page.locator("main details:not([open]) td")
    assert cells.count() > 50 and not cells.first.is_visible()
    page.emulate_media(media="print")
    hidden = "cells => cells.filter(cell => cell.getBoundingClientRect().height === 0).length"
    assert cells.evaluate_all(hidden) == 0
    context.close()


def test_where_no_script_runs_a_table_of_its_numbers_stands_in_a_charts_place(browser, reports):
    context = browser.new_context(offline=True, java_script_enabled=False)
    page = context.new_page()
    page.goto((reports / SMALL).as_uri())
    charts = page.locator("figure .chart").all()
    assert len(charts) > 1 and not any(chart.is_visible() for chart in charts)
    assert all(figure.locator("table").is_visible() for figure in page.locator("figure").all())
    context.close()


def test_a_link_to_a_folded_table_opens_it(opened):
    page = opened(SMALL)
    table = page.locator("main details[id^=table]").first
    page.evaluate("id => { location.hash = id; }", table.get_attribute("id"))
    page.wait_for_function("id => document.getElementById(id).open", arg=table.get_attribute("id"))


def test_a_chart_has_no_button_that_shares_or_edits(opened):
    page = opened(SMALL)
    assert page.locator(".chart").count() > 1
    assert page.locator(".modebar-btn, .plotlyjsicon").count() == 0


def test_each_cell_of_the_risk_matrix_names_its_band(reports):
    text = (reports / LARGE).read_text("utf-8")
    drawn = json.loads(re.search(r'data-chart="risks-chart-1">(.*?)</script>', text)[1])
    bands = set(load_case("lictp-2020").tables["risk_bands"]["band"])  # the case of that notebook
    cells = drawn["data"][0]["text"]
    assert len(cells) == 6 * 4
    assert all(any(f">{band}<" in cell for band in bands) for cell in cells)
