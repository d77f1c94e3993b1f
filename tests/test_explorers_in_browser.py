"""The explorers as their users see them: in a browser, served by Voilà and in JupyterLab."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from functools import cache
from itertools import islice
from urllib.parse import urlsplit

import pytest
from conftest import ROOT, inputs

from businesscase.calculations.wording import in_words
from businesscase.study import load_study
from businesscase_workbench.explore import pages
from businesscase_workbench.explore.explorer import Explorer
from businesscase_workbench.explore.widgets import ChartPanel, NumberControl

axe = pytest.importorskip("axe_playwright_python.sync_playwright")

SERIOUS = ("serious", "critical")
TOKEN = "a-token-for-tests"
SIZE = {"width": 1366, "height": 768}
GREYED = "getComputedStyle(document.querySelector('.bc-views')).opacity < 0.5"
EXPLORERS = {
    "overview": ("mkip-2012", pages.OVERVIEW),
    "savings": ("mkip-2012", pages.SAVINGS),
    "options": ("lictp-2020", pages.OPTIONS),
    "risks": ("lictp-2020", pages.RISKS),
}
DRAWN = """([n, title]) => {
  const chart = document.querySelectorAll('.bc-chart')[n];
  return chart?.querySelector('.bc-chart-title').innerText === title
    && chart.querySelector('.js-plotly-plot')?.data;
}"""
# the lab's own messages, about its own parts
NOT_OURS = re.compile(r"jupyterlab|labextension|webpack|sourcemap|favicon", re.IGNORECASE)


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Return the data folder, and a function that gives the address of Voilà or JupyterLab, started once."""
    folder = tmp_path_factory.mktemp("explorers")
    shutil.copytree(ROOT / "data", folder / "data")
    environment = os.environ | {"BUSINESSCASE_DATA": str(folder / "data"), "JUPYTER_TOKEN": TOKEN}
    commands = {
        "voila": [sys.executable, "-m", "businesscase", "explore", "--no-browser", f"--port={free_port()}"],
        "lab": [
            sys.executable, "-m", "jupyterlab", "--no-browser", f"--port={free_port()}", "--expose-app-in-browser",
            f"--ServerApp.root_dir={ROOT / 'notebooks'}", "--allow-root",
        ],
    }  # fmt: skip
    with ExitStack() as started:

        @cache
        def address(host):
            path = folder / f"{host}.log"
            log = started.enter_context(path.open("w"))
            server = subprocess.Popen(
                commands[host],
                env=environment,
                cwd=ROOT,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
            started.callback(server.wait, timeout=20)
            started.callback(server.terminate)
            return _address(path, server)

        yield folder / "data", address


def free_port():
    """Return a port that nobody listens on."""
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return place.getsockname()[1]


def _address(log, server, seconds=90):
    """Wait until a server says where it listens and return that."""
    until = time.monotonic() + seconds
    while time.monotonic() < until and server.poll() is None:
        found = re.search(r"http://127\.0\.0\.1:\d+", log.read_text())
        if found:
            return found[0]
        time.sleep(0.2)
    raise RuntimeError(f"no server after {seconds} s:\n{log.read_text()[-2000:]}")


class Visit:
    """A page of an explorer, with what it asked for and complained of."""

    def __init__(self, browser, address, explorer, host="voila"):
        self.page = browser.new_page(viewport=SIZE)
        self.requests, self.errors = [], []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._hear)
        if host == "voila":
            self.page.goto(
                f"{address}/voila/render/{explorer}.ipynb?token={TOKEN}", timeout=120_000
            )
        else:
            self.page.goto(f"{address}/lab/tree/explore/{explorer}.ipynb?token={TOKEN}&reset")
            self.page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=120_000)
            self.page.wait_for_function(
                "window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel"
            )
            self.page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
        self.page.wait_for_selector(".bc-explorer h2", timeout=120_000)
        self.at_first = self.headline

    def _hear(self, message):
        place = message.location.get("url", "") if isinstance(message.location, dict) else ""
        if message.type == "error" and not NOT_OURS.search(message.text + place):
            self.errors.append(message.text)

    @property
    def headline(self):
        return self.page.inner_text(".bc-explorer h2")

    @property
    def kernel(self):
        """The kernel that computes what the page of Voilà shows."""
        return json.loads(self.page.inner_text("#jupyter-config-data"))["kernelId"]

    def type(self, label, text):
        """Type into the box of a slider, and return the box."""
        box = self.page.get_by_label(f"{label}, number", exact=True)
        box.fill(text)
        box.press("Enter")
        return box

    def wait_for_headline(self, text):
        self.page.wait_for_function(
            "text => document.querySelector('.bc-explorer h2')?.innerText.includes(text)",
            arg=text,
            timeout=20_000,
        )

    def go_back(self):
        """Put the page back to the size and the scenario that it was opened with."""
        self.page.set_viewport_size(SIZE)
        self.page.get_by_role("button", name="Back to the scenario").click()
        self.wait_for_headline(self.at_first)
        self.page.wait_for_selector(".bc-stale", state="detached")  # nothing is computed any more

    def strangers(self):
        """Return the requests that would leave the machine."""
        hosts = {urlsplit(url).hostname for url in self.requests if url.startswith(("http", "ws"))}
        return hosts - {"127.0.0.1", "localhost"}

    def chart(self, number=0):
        """Return the traces of a chart as the browser has them."""
        return self.page.evaluate(
            "n => document.querySelectorAll('.bc-chart .js-plotly-plot')[n].data.map(t => ({name: t.name, y: Array.from(t.y ?? [])}))",
            number,
        )


@pytest.fixture
def visit(browser, served):
    """Return a function that opens an explorer; what it heard is judged at the end."""
    visits = []

    def open_explorer(explorer, host="voila"):
        visits.append(Visit(browser, served[1](host), explorer, host))
        return visits[-1]

    yield open_explorer
    heard = [(one.strangers(), one.errors) for one in visits]
    for one in visits:
        one.page.close()
    assert heard == [(set(), [])] * len(visits)


@pytest.fixture(scope="module")
def pages_of_voila(browser, served):
    """Return the explorers that are open."""
    pages = {}
    yield pages
    for one in pages.values():
        one.page.close()


@pytest.fixture
def shared_visit(browser, served, pages_of_voila, visit):
    """Return a function that gives an explorer as it was opened, once for all tests."""
    used = []

    def open_explorer(explorer, host="voila"):
        if host != "voila":
            return visit(explorer, host)
        if explorer in pages_of_voila:
            pages_of_voila[explorer].go_back()
        else:
            pages_of_voila[explorer] = Visit(browser, served[1](host), explorer, host)
        used.append(pages_of_voila[explorer])
        return used[-1]

    yield open_explorer
    assert [(one.strangers(), one.errors) for one in used] == [(set(), [])] * len(used)


@pytest.mark.parametrize("host", ["voila", pytest.param("lab", marks=pytest.mark.long)])
def test_a_slider_moved_by_key_changes_headline_and_chart_to_what_the_library_gives(
    shared_visit, host
):
    opened = shared_visit("savings", host)
    slider = opened.page.get_by_label("Share of the planned saving that is realised", exact=True)
    slider.focus()
    for _ in range(4):
        slider.press("ArrowLeft")
    expected = load_study("mkip-2012", realisation=0.8)
    opened.wait_for_headline(in_words(expected.savings.net_present_values.sum()))
    total = expected.savings.net_flows.sum().cumsum()
    opened.page.wait_for_function(
        "end => Math.abs(document.querySelector('.bc-chart .js-plotly-plot')?.data[0].y.at(-1) - end) < 1",
        arg=total.iloc[-1],
        timeout=20_000,
    )
    assert opened.chart()[0]["y"] == pytest.approx(list(total), abs=1)


@pytest.mark.fuzz  # daily of a few sliders
@pytest.mark.parametrize("host", ["voila", pytest.param("lab", marks=pytest.mark.long)])
@pytest.mark.parametrize(
    "explorer",
    [pytest.param(name, marks=() if name == "savings" else pytest.mark.long) for name in EXPLORERS],
)
def test_an_explorer_is_for_everybody(shared_visit, explorer, host):
    opened = shared_visit(explorer, host)
    page = opened.page
    page.wait_for_selector(".bc-views table", timeout=30_000)
    assert serious_faults(page) == []
    pairs = zip(
        page.locator(".bc-number input[type=range]").all(),
        page.locator(".bc-number input[type=text]").all(),
        strict=True,
    )
    for slider, box in islice(pairs, inputs(4, None)):
        key = moves_by_key(page, slider, box)
        if slider.get_attribute("step") == "1" and float(slider.get_attribute("min")) > 2000:
            slider.press("ArrowLeft" if key == "ArrowRight" else "ArrowRight")  # else nobody is in
    shows_what_the_library_gives(opened, explorer)
    if host == "voila":
        page.set_viewport_size({"width": 342, "height": 600})  # 1366 pixels at 400%
        assert cut_off(page, [".bc-number", ".bc-top select", ".bc-explorer h2"], 342) == []


def shows_what_the_library_gives(opened, explorer):
    """Set the sliders as the page has them on an explorer of our own, and compare what it says."""
    values = [
        float(slider.input_value())
        for slider in opened.page.locator(".bc-number input[type=range]").all()
    ]
    with ThreadPoolExecutor(1) as thread:  # a thread without the browser driver's event loop
        own = thread.submit(explorer_at, values, *EXPLORERS[explorer]).result()
    opened.wait_for_headline(re.search("<h2>(.*)</h2>", own.headline.html)[1])
    charts = [panel for _, panel in own.panels if isinstance(panel, ChartPanel)]
    for number, chart in enumerate(charts):
        opened.page.wait_for_function(DRAWN, arg=[number, chart.title], timeout=20_000)
        drawn = opened.chart(number)
        assert len(drawn) == len(chart.figure["data"])
        for trace, expected in zip(drawn, chart.figure["data"], strict=True):
            if all(isinstance(y, int | float) for y in expected["y"]):
                assert trace["y"] == pytest.approx(expected["y"], rel=1e-6, abs=1e-6)


def explorer_at(values, case, page):
    """Return an explorer of our own with its sliders at these values."""
    own = Explorer(page, case)
    for slider, value in zip(sliders_in(own.widget), values, strict=True):
        if slider.value != value:
            slider.value = value
    return own


def sliders_in(widget):
    """Return the number controls of a widget in the order of the page."""
    if isinstance(widget, NumberControl):
        return [widget]
    return [one for child in getattr(widget, "children", ()) for one in sliders_in(child)]


def serious_faults(page, place=".bc-explorer"):
    """Return what axe-core finds in a part of a page that would keep somebody out."""
    faults = axe.Axe().run(page, context=place).response["violations"]
    return [
        f"{fault['id']}: {fault['nodes'][0]['html'][:200]}"
        for fault in faults
        if fault["impact"] in SERIOUS
    ]


def moves_by_key(page, slider, box):
    """Press an arrow key on a slider, see it move and its number box with it, and return the key."""
    slider.focus()
    before = slider.input_value()
    key = "ArrowRight" if before != slider.get_attribute("max") else "ArrowLeft"
    slider.press(key)
    assert slider.input_value() != before
    page.wait_for_function(
        "([box, range]) => Math.abs(parseFloat(box.value.replace(/[£,]/g, '')) / (box.value.endsWith('%') ? 100 : 1) - range.value) < 1e-6",
        arg=[box.element_handle(), slider.element_handle()],
    )
    return key


def cut_off(page, places, width):
    """Return the places that reach beyond the page's width."""
    boxes = [(place, box.bounding_box()) for place in places for box in page.locator(place).all()]
    return [place for place, box in boxes if box["x"] < 0 or box["x"] + box["width"] > width + 1]


REALISED, DISCOUNT = "Share of the planned saving that is realised", "Discount rate"
YEARS = "Years appraised after the decision year"


def test_what_is_typed_is_taken_in_the_unit_shown(shared_visit):
    opened = shared_visit("savings")
    for label, typed, shown, changes in (
        (DISCOUNT, "3.6", "3.6%", {"discount_rate": 0.036}),
        (DISCOUNT, " 4.125 % ", "4.125%", {"discount_rate": 0.04125}),
        (DISCOUNT, "3.5%", "3.5%", {}),
        (REALISED, "85%", "85%", {"realisation": 0.85}),
        (REALISED, "57.3", "57.3%", {"realisation": 0.573}),
        (REALISED, ".5", "0.5%", {"realisation": 0.005}),
        (REALISED, "150", "150%", {"realisation": 1.5}),
        (REALISED, "100", "100%", {}),
        (YEARS, "5 years", "5", {"horizon_years": 5}),
    ):
        box = opened.type(label, typed)
        expected = load_study("mkip-2012", **changes).savings.net_present_values.sum()
        opened.wait_for_headline(in_words(expected))
        assert box.input_value() == shown
        assert box.get_attribute("aria-invalid") == "false"


def test_what_can_not_be_taken_is_refused_at_its_box_and_the_figures_greyed(shared_visit):
    opened = shared_visit("savings")
    page, headline = opened.page, opened.headline
    for label, allowed, typed in (
        (DISCOUNT, "a number from 0% to 20% a year", ["87", "20.01", "-1", "£3.5", "3,5", "3.5 years"]),
        (REALISED, "a number from 0% to 150%", ["£1,000", "1e2", "abc", "87 %%", "151%"]),
        (YEARS, "a whole number from 1 to 10 years", ["2.5", "11", "5%", "0", "£5"]),
    ):  # fmt: skip
        for text in typed:
            box = opened.type(label, text)
            words = f"“{text}” is not possible: type {allowed}"
            page.wait_for_selector(f".bc-refusal >> text={words}")
            page.wait_for_selector(f".bc-notice >> text=Not possible: {label}: {words}")
            page.wait_for_function(GREYED)
            assert (box.input_value(), opened.headline) == (text, headline)
            assert box.get_attribute("aria-invalid") == "true"
            assert not page.get_by_role("button", name="Save this table as CSV").is_visible()
        opened.type(label, "")
        page.wait_for_selector(".bc-refusal >> text=a blank is not possible")
        page.get_by_role("button", name="Back to the scenario").click()
        page.wait_for_function(f"!({GREYED})")
        assert page.locator(".bc-refusal:visible").count() == 0


@pytest.mark.long
def test_figures_are_greyed_once_nothing_computes_them(browser, served):
    address = served[1]("voila")
    opened = Visit(browser, address, "savings")
    page = opened.page
    assert not page.get_by_text("Not connected").is_visible()
    page.request.delete(f"{address}/api/kernels/{opened.kernel}?token={TOKEN}")
    page.wait_for_selector("text=Not connected: the greyed figures", timeout=20_000)
    page.wait_for_function(GREYED)
    page.evaluate("window.scrollTo(0, 400)")
    assert page.get_by_text("Reload the page").bounding_box()["y"] < 768
    page.close()


def test_a_page_is_of_the_data_as_they_are_when_it_is_opened_and_saves_a_scenario(visit, served):
    scenarios = served[0] / "mkip-2012" / "scenarios.toml"
    before = scenarios.read_bytes()
    scenarios.write_bytes(before.replace(b"\n[base]", b"\n[base]\nrealisation = 0.1", 1))
    try:
        opened = visit("savings")
        expected = load_study("mkip-2012", realisation=0.1).savings.net_present_values.sum()
        assert opened.headline == f"Net present value {in_words(expected)}"
        assert saved_with_a_slider(opened.page, served[0], "found-here")["delay_years"] == 0.25
    finally:
        scenarios.write_bytes(before)


@pytest.mark.long
def test_pages_that_are_left_leave_no_kernel(browser, served):
    address = served[1]("voila")
    opened = Visit(browser, address, "risks")
    kernels = [opened.kernel]
    for _ in range(2):
        opened.page.reload(timeout=120_000)
        opened.page.wait_for_selector(".bc-explorer h2", timeout=120_000)
        kernels.append(opened.kernel)
    page = opened.page
    page.goto("about:blank")
    until = time.monotonic() + 60
    while kernels and time.monotonic() < until:
        kernels = [
            kernel
            for kernel in kernels
            if page.request.get(f"{address}/api/kernels/{kernel}?token={TOKEN}").status != 404
        ]
    page.close()
    assert kernels == []


def test_nothing_leaves_the_machine_from_any_page_whatever_it_holds(browser, served):
    address = served[1]("voila")
    page = browser.new_page()
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    for path in (
        "/login",
        f"/?token={TOKEN}",
        "/voila/tree/?classic-tree=true",
        "/voila/render/no.ipynb",
    ):
        page.goto(f"{address}{path}")
    page.goto(f"{address}/")
    assert page.get_by_role("link").all_inner_texts() == ["Options", "Overview", "Risks", "Savings"]
    assert serious_faults(page, "body") == []
    page.evaluate("fetch('https://example.org/').catch(() => {})")  # as what a case holds might
    page.close()
    hosts = {urlsplit(url).hostname for url in asked if url.startswith(("http", "ws"))}
    assert hosts == {"127.0.0.1"}


@pytest.mark.long
def test_a_scenario_found_with_a_slider_is_reported(visit, served):
    data, _ = served
    saved_with_a_slider(visit("savings").page, data, "reported")
    command = [
        sys.executable,
        "-m",
        "businesscase",
        "report",
        "mkip-2012",
        "--scenario",
        "reported",
    ]
    done = subprocess.run(
        [*command, "--output", str(data.parent / "reports")],
        env=os.environ | {"BUSINESSCASE_DATA": str(data)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    page = data.parent / "reports" / "mkip-2012" / "reported" / "report.html"
    assert "Found with a slider" in page.read_text("utf-8")


def saved_with_a_slider(page, data, name):
    """Move a slider, save a scenario of that name, and return what was written."""
    slider = page.get_by_label("Delay before savings start", exact=True)
    slider.focus()
    slider.press("ArrowRight")
    page.get_by_label("Name").fill(name)
    page.get_by_label("Title").fill("Found with a slider")
    page.get_by_label("Why").fill("Tried in a meeting.")
    page.get_by_label("Why").blur()
    page.get_by_role("button", name="Save as a scenario").click()
    page.wait_for_selector("text=Saved as scenario")
    return tomllib.loads((data / "mkip-2012" / "scenarios.toml").read_text())[name]


def test_a_table_is_downloaded_as_csv(shared_visit):
    page = shared_visit("savings").page
    with page.expect_download() as download:
        page.get_by_role("button", name="Save this table as CSV").first.click()
    text = download.value.path().read_text("utf-8-sig")
    assert text.startswith(
        "partner,net_present_value,change,payback_years,probability_of_loss\nall,"
    )


def test_only_the_explorers_are_served_and_only_with_the_token(browser, served):
    address = served[1]("voila")
    page = browser.new_page()
    assert page.goto(f"{address}/voila/render/savings.ipynb").url.find("login") > 0
    page.goto(f"{address}/?token={TOKEN}")
    for path in (
        "/voila/files/savings.ipynb.bak",
        "/voila/files/../07_decision.ipynb",
        "/voila/render/../07_decision.ipynb",
    ):
        assert page.goto(f"{address}{path}").status in (400, 403, 404)
    page.close()


def test_no_code_is_in_the_page_of_an_explorer(shared_visit):
    assert "savings_explorer" not in shared_visit("savings").page.content()
