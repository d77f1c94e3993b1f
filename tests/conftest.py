"""What several test files share."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import settings

from businesscase.cases import case
from businesscase.cases.case import load_case
from businesscase.cases.schema import SHARED_TABLES
from businesscase.shown.display import EVIDENCE
from businesscase_workbench.batch.processes import Processes

ROOT = Path(__file__).parents[1]
BROWSERS = ("chromium", "google-chrome", "chromium-browser", "microsoft-edge")

# the same examples on every run, few but with --long, and no failure because a machine is slow
settings.register_profile("repeatable", derandomize=True, deadline=None, max_examples=25)
settings.register_profile("long", settings.get_profile("repeatable"), max_examples=100)
SLOW = {"browser", "converted", "installed", "one_fork_server", "project"}  # start other programs
SAMPLED = {"fuzz", "hypothesis"}  # marks of tests with many inputs, of which a sample runs daily


def pytest_addoption(parser):
    parser.addoption("--long", action="store_true", help="run what takes long, and that alone")


def pytest_configure(config):
    settings.load_profile("long" if config.getoption("--long") else "repeatable")


def inputs(sample: int, whole: int) -> int:
    """Return how many inputs a test is given that has many: a sample, or with --long the whole."""
    return whole if settings.get_current_profile_name() == "long" else sample


def stored_notebooks() -> dict:
    """Return the committed notebooks by section, as executed, for the report of any case.

    Which rows they rest on is left out: each is of the case of its own parameters.
    """
    import nbformat  # after the library, which leaves out what is slow to import in it

    paths = sorted((ROOT / "notebooks").glob("0*.ipynb"))
    notebooks = {path.stem.split("_", 1)[1]: nbformat.read(path, as_version=4) for path in paths}
    for notebook in notebooks.values():
        for cell in notebook.cells:
            for output in cell.get("outputs", ()):
                output.get("data", {}).pop(EVIDENCE, None)
    return notebooks


def sampled(rows: list[tuple], every: int) -> list:
    """Return the parameters of a test, of which all but every so many are for --long alone."""
    return [
        pytest.param(*row, marks=pytest.mark.long if number % every else [])
        for number, row in enumerate(rows)
    ]


def daily_of(names, *daily: str) -> list:
    """Return the names that a test is given, of which all but some are for --long alone."""
    return [pytest.param(name, marks=[pytest.mark.long] * (name not in daily)) for name in names]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config, items):
    """Keep the tests marked long, and those of which a sample ran before, for --long.

    Files that take long come first, else one worker would be at them while the others are idle.
    """
    marks = {item: {mark.name for mark in item.iter_markers()} for item in items}
    if config.getoption("--long"):
        kept = [item for item in items if marks[item] & {"long", *SAMPLED}]
    else:
        kept = [item for item in items if "long" not in marks[item]]
    config.hook.pytest_deselected(items=[item for item in items if item not in kept])
    slow = {item.path for item in kept if SLOW & set(getattr(item, "fixturenames", ()))}
    items[:] = sorted(kept, key=lambda item: item.path not in slow)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    return _not_skipped((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report():
    return _not_skipped((yield))


def _not_skipped(report):
    """Let a test that was skipped fail where everything that tests need is installed."""
    if report.skipped and not hasattr(report, "wasxfail") and os.environ.get("CI"):
        report.outcome = "failed"
        report.longrepr = f"nothing may be skipped here: {report.longrepr[2]}"
    return report


@pytest.fixture(scope="session", autouse=True)
def each_content_is_checked_once():
    """Keep what a table and a case were read as, and its studies, for when the same are read again."""
    checked, checked_table, kept, cases = case.checked_case, case.checked_table, {}, {}

    def checked_once(name, raw, fingerprint=""):
        if not fingerprint or raw.faults:  # of which a fingerprint of the inputs knows nothing
            return checked(name, raw)
        if (name, fingerprint) not in cases:
            cases[name, fingerprint] = checked(name, raw, fingerprint)
        return cases[name, fingerprint]

    def table_once(stem, rows, model, place, faults):
        content = model, tuple(tuple(cells.items()) for cells in rows)
        if content in kept:
            return kept[content]
        before = len(faults)
        table = checked_table(stem, rows, model, place, faults)
        if len(faults) == before:
            kept[content] = table
        return table

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(case, "checked_case", checked_once)
        patch.setattr(case, "checked_table", table_once)
        yield cases


@pytest.fixture(scope="module")
def own_studies(each_content_is_checked_once):
    """Share no study with other files, for a file that changes how studies are computed."""
    cases = each_content_is_checked_once
    shared = dict(cases)
    cases.clear()
    load_case.cache_clear()
    yield
    cases.clear()
    cases.update(shared)
    load_case.cache_clear()


@pytest.fixture(scope="module")
def one_fork_server():
    """Let the batches of a file fork from one process, which each would start and end itself."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Processes, "_server", property(lambda _: 0, lambda *_: None), raising=False)
        yield


def with_scenarios(folder: Path, *names: str) -> None:
    """Take the other scenarios of a case away, each of which is computed for any report."""
    path = folder / "scenarios.toml"
    first, *others = path.read_text(encoding="utf-8").split("\n[")
    kept = [part for part in others if part.partition("]")[0] in names]
    path.write_text("\n[".join([first, *kept]), encoding="utf-8")


@pytest.fixture
def data_copy(tmp_path, monkeypatch):
    """Return a copy of data/ that a test may break; the library reads it in place of data/."""
    folder = tmp_path / "data"
    shutil.copytree(ROOT / "data", folder)
    monkeypatch.setenv("BUSINESSCASE_DATA", str(folder))
    load_case.cache_clear()
    yield folder
    load_case.cache_clear()


@pytest.fixture(scope="module")
def browser():
    """Return a browser; none is open in other files, which may have an event loop of their own."""
    sync_api = pytest.importorskip("playwright.sync_api")
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    options = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-background-networking"]
    with sync_api.sync_playwright() as driver:
        try:
            started = driver.chromium.launch(executable_path=found, args=options)
        except sync_api.Error as error:
            pytest.skip(f"no browser: {str(error).splitlines()[0]}")
        yield started
        started.close()


@pytest.fixture(scope="session")
def converted(tmp_path_factory):
    """Return a function by which LibreOffice writes a file in another format into a folder."""
    office = shutil.which("soffice")
    if not office:
        pytest.skip("no LibreOffice")
    profile = f"-env:UserInstallation={tmp_path_factory.mktemp('office').as_uri()}"

    def convert(path: Path, suffix: str, folder: Path) -> Path:
        command = [office, profile, "--headless", "--convert-to", suffix, "--outdir", folder, path]
        subprocess.run(command, check=True, capture_output=True, timeout=120)
        return folder / f"{path.stem}.{suffix}"

    return convert


@pytest.fixture
def own_data(tmp_path, monkeypatch):
    """A folder for cases with nothing but the tables of all cases; the working folder is beside it."""
    folder = tmp_path / "data"
    folder.mkdir()
    for name in ("sources.toml", *(f"{stem}.csv" for stem in SHARED_TABLES)):
        shutil.copy(ROOT / "data" / name, folder / name)
    monkeypatch.setenv("BUSINESSCASE_DATA", str(folder))
    monkeypatch.chdir(tmp_path)
    load_case.cache_clear()
    yield folder
    load_case.cache_clear()
