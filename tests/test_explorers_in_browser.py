"""The explorers as their users see them: in a browser, served by Voilà and in JupyterLab."""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest
from conftest import ROOT

from businesscase.explore import pages
from businesscase.explore.explorer import Explorer
from businesscase.explore.widgets import ChartPanel, NumberControl
from businesscase.study import load_study
from businesscase.views.display import in_words

sync_api = pytest.importorskip("playwright.sync_api")
axe = pytest.importorskip("axe_playwright_python.sync_playwright")

INSTALLED = (
    "chromium",
    "google-chrome",
    "google-chrome-stable",
    "chromium-browser",
    "microsoft-edge",
)
SERIOUS = ("serious", "critical")
TOKEN = "a-token-for-tests"
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
def browser():
    with sync_api.sync_playwright() as driver:
        found = next(filter(None, map(shutil.which, INSTALLED)), None)
        try:
            started = driver.chromium.launch(
                executable_path=found,
                args=[
                    "--no-sandbox",
                    "--disable-gpu",
                    "--disable-quic",
                    "--disable-background-networking",
                ],
            )
        except sync_api.Error as error:
            if os.environ.get("CI"):
                raise
            pytest.skip(f"no browser for the explorers: {str(error).splitlines()[0]}")
        yield started
        started.close()


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """Return the data folder and the addresses of a started Voilà and a started JupyterLab."""
    folder = tmp_path_factory.mktemp("explorers")
    shutil.copytree(ROOT / "data", folder / "data")
    environment = os.environ | {"BUSINESSCASE_DATA": str(folder / "data"), "JUPYTER_TOKEN": TOKEN}
    commands = {
        "voila": [sys.executable, "-m", "businesscase.cli", "explore", "--no-browser", f"--port={free_port()}"],
        "lab": [
            sys.executable, "-m", "jupyterlab", "--no-browser", f"--port={free_port()}", "--expose-app-in-browser",
            f"--ServerApp.root_dir={ROOT / 'notebooks'}", "--allow-root",
        ],
    }  # fmt: skip
    logs = {name: (folder / f"{name}.log").open("w") for name in commands}
    servers = {
        name: subprocess.Popen(
            command,
            env=environment,
            cwd=ROOT,
            stdout=logs[name],
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        for name, command in commands.items()
    }
    try:
        yield (
            folder / "data",
            {name: _address(folder / f"{name}.log", servers[name]) for name in commands},
        )
    finally:
        for server in servers.values():
            server.terminate()
        for name, server in servers.items():
            server.wait(timeout=20)
            logs[name].close()


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
        self.page = browser.new_page(viewport={"width": 1366, "height": 768})
        self.requests, self.errors = [], []
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", self._hear)
        if host == "voila":
            self.page.goto(f"{address}/voila/render/{explorer}.ipynb?token={TOKEN}")
        else:
            self.page.goto(f"{address}/lab/tree/explore/{explorer}.ipynb?token={TOKEN}&reset")
            self.page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=60_000)
            self.page.wait_for_function(
                "window.jupyterapp?.shell?.currentWidget?.sessionContext?.session?.kernel"
            )
            self.page.evaluate("window.jupyterapp.commands.execute('notebook:run-all-cells')")
        self.page.wait_for_selector(".bc-explorer h2", timeout=60_000)

    def _hear(self, message):
        place = message.location.get("url", "") if isinstance(message.location, dict) else ""
        if message.type == "error" and not NOT_OURS.search(message.text + place):
            self.errors.append(message.text)

    @property
    def headline(self):
        return self.page.inner_text(".bc-explorer h2")

    def wait_for_headline(self, text):
        self.page.wait_for_function(
            "text => document.querySelector('.bc-explorer h2')?.innerText.includes(text)",
            arg=text,
            timeout=20_000,
        )

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
        visits.append(Visit(browser, served[1][host], explorer, host))
        return visits[-1]

    yield open_explorer
    heard = [(one.strangers(), one.errors) for one in visits]
    for one in visits:
        one.page.close()
    assert heard == [(set(), [])] * len(visits)


@pytest.mark.parametrize("host", ["voila", "lab"])
def test_a_slider_moved_by_key_changes_headline_and_chart_to_what_the_library_gives(visit, host):
    opened = visit("savings", host)
    slider = opened.page.get_by_label("Share of the planned saving that is realised", exact=True)
    slider.focus()
    for _ in range(4):
        slider.press("ArrowLeft")
    expected = load_study("mkip-2012", realisation=0.8)
    opened.wait_for_headline(in_words(expected.net_present_values.sum()))
    total = expected.net_flows.sum().cumsum()
    opened.page.wait_for_function(
        "end => Math.abs(document.querySelector('.bc-chart .js-plotly-plot')?.data[0].y.at(-1) - end) < 1",
        arg=total.iloc[-1],
        timeout=20_000,
    )
    assert opened.chart()[0]["y"] == pytest.approx(list(total), abs=1)


@pytest.mark.parametrize("host", ["voila", "lab"])
@pytest.mark.parametrize("explorer", EXPLORERS)
def test_an_explorer_is_for_everybody(visit, explorer, host):
    opened = visit(explorer, host)
    page = opened.page
    page.wait_for_selector(".bc-views table", timeout=30_000)
    assert serious_faults(page) == []
    for slider, box in zip(
        page.locator(".bc-number input[type=range]").all(),
        page.locator(".bc-number input[type=number]").all(),
        strict=True,
    ):
        moves_by_key(page, slider, box)
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
    opened.wait_for_headline(re.search("<h2>(.*)</h2>", own._headline.html)[1])
    charts = [panel for _, panel in own._panels if isinstance(panel, ChartPanel)]
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
        slider.value = value
    return own


def sliders_in(widget):
    """Return the number controls of a widget in the order of the page."""
    if isinstance(widget, NumberControl):
        return [widget]
    return [one for child in getattr(widget, "children", ()) for one in sliders_in(child)]


def serious_faults(page):
    """Return what axe-core finds in the explorer that would keep somebody out."""
    faults = axe.Axe().run(page, context=".bc-explorer").response["violations"]
    return [
        f"{fault['id']}: {fault['nodes'][0]['html'][:200]}"
        for fault in faults
        if fault["impact"] in SERIOUS
    ]


def moves_by_key(page, slider, box):
    """Press an arrow key on a slider and see it move, its number box with it."""
    slider.focus()
    before = slider.input_value()
    slider.press("ArrowRight" if before != slider.get_attribute("max") else "ArrowLeft")
    assert slider.input_value() != before
    page.wait_for_function(
        "([box, range]) => Math.abs(Number(box.value) - Number(range.value)) < 1e-6",
        arg=[box.element_handle(), slider.element_handle()],
    )


def cut_off(page, places, width):
    """Return the places that reach beyond the page's width."""
    boxes = [(place, box.bounding_box()) for place in places for box in page.locator(place).all()]
    return [place for place, box in boxes if box["x"] < 0 or box["x"] + box["width"] > width + 1]


def test_a_scenario_found_with_a_slider_is_saved_and_reported(visit, served):
    data, _ = served
    page = visit("savings").page
    slider = page.get_by_label("Delay before savings start", exact=True)
    slider.focus()
    slider.press("ArrowRight")
    page.get_by_label("Name").fill("found-here")
    page.get_by_label("Title").fill("Found with a slider")
    page.get_by_label("Why").fill("Tried in a meeting.")
    page.get_by_label("Why").blur()
    page.get_by_role("button", name="Save as a scenario").click()
    page.wait_for_selector("text=Saved as scenario")
    saved = tomllib.loads((data / "mkip-2012" / "scenarios.toml").read_text())["found-here"]
    assert saved["delay_years"] == 0.25
    done = subprocess.run(
        [sys.executable, "-m", "businesscase.cli", "report", "mkip-2012", "--scenario", "found-here", "--output", str(data.parent / "reports")],
        env=os.environ | {"BUSINESSCASE_DATA": str(data)}, cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    page_text = (data.parent / "reports" / "mkip-2012" / "found-here" / "report.html").read_text(
        "utf-8"
    )
    assert "Found with a slider" in page_text


def test_a_table_is_downloaded_as_csv(visit):
    page = visit("savings").page
    with page.expect_download() as download:
        page.get_by_role("button", name="Save this table as CSV").first.click()
    text = download.value.path().read_text("utf-8-sig")
    assert text.startswith("partner,worth,change,payback,loss\nAll partners,")


def test_only_the_explorers_are_served_and_only_with_the_token(browser, served):
    address = served[1]["voila"]
    page = browser.new_page()
    assert page.goto(f"{address}/voila/render/savings.ipynb").url.find("login") > 0
    page.goto(f"{address}/?token={TOKEN}")
    for path in (
        "/voila/files/savings.ipynb.bak",
        "/voila/files/../07_decision.ipynb",
        "/voila/render/../07_decision.ipynb",
    ):
        assert page.goto(f"{address}{path}").status in (400, 403, 404)
    assert "savings_explorer" not in page.goto(f"{address}/voila/render/savings.ipynb").text()
    page.close()
