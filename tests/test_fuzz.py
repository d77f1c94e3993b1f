"""Whatever is put in: a result or sentences, never a traceback, a hang or a file outside its folder.

A sample each time; with --long 2,000 inputs: 500 each of the folder's loader and the importer, 1,000
of the command line, which is quick.
"""

import contextlib
import datetime as dt
import io
import shutil
import signal
import string
from pathlib import Path

import pytest
from conftest import ROOT, inputs
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from businesscase.cases.case import load_case
from businesscase.cases.errors import InputError
from businesscase.cases.folder import read_folder, write_folder
from businesscase.cases.names import unsafe_name
from businesscase.cases.schema import SHARED_TABLES, TABLES
from businesscase_workbench import cli
from businesscase_workbench.case_import import import_case
from businesscase_workbench.own_case import write_template
from businesscase_workbench.spreadsheet import template
from businesscase_workbench.starter import starter_case

SECONDS = 20  # for one input; each takes a fraction of a second
LONGEST_SENTENCE = 2_000  # that lists all names allowed; what was found is cut short
TODAY = dt.date(2026, 11, 25)
CASE = "own"

HOSTILE = [
    "",
    " ",
    "\0",
    "<script>alert(1)</script>",
    "{{7*7}}",
    "{% raw %}",
    "'; DROP TABLE x; --",
    '"',
    "'",
    "a\nb",
    "\r",
    "🙂",
    "\u202egnp.exe",
    "\u200f",
    "../../etc/passwd",
    "..\\..\\x",
    "/etc/passwd",
    "C:\\x",
    "CON",
    "-1",
    "--output",
    "=1+1",
    "@SUM(A1)",
    "1e999",
    "NaN",
    "inf",
    "-0",
    "0x10",
    "1_000",
    "９",
    "£12,000",
    "(4,500)",
    "35%",
    "2013/14",
    "31/02/2026",
    "0000-00-00",
    "9999-12-31",
    "0001-01-01",
    "9" * 400,
    "x" * 10_001,
    "a" * 201,
    "\ufeff",
    "\ud7ff",
    "shared",
    "true",
    "base",
    "comparison",
    "published",
    "[" * 500,
    "a." * 500,
    "#",
    ",",
    ";",
    "\x1b[31m",
    "%s%n",
    "$(touch pwned)",
    "`touch pwned`",
    "__import__('os').system('touch pwned')",
]
texts = st.one_of(st.sampled_from(HOSTILE), st.text(max_size=30))
pytestmark = pytest.mark.fuzz


def fuzzed(sample, whole):
    """Return the settings of a test with so many inputs."""
    slow = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    return settings(max_examples=inputs(sample, whole), suppress_health_check=slow)


@contextlib.contextmanager
def within_seconds():
    """Fail, where the system has such an alarm, if what runs here hangs."""
    if not hasattr(signal, "SIGALRM"):
        yield
        return

    def fail(*_):
        raise AssertionError(f"hangs for more than {SECONDS} seconds")

    former = signal.signal(signal.SIGALRM, fail)
    signal.setitimer(signal.ITIMER_REAL, SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, former)


def tree(folder: Path) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*")}


def files(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def assert_plain(sentences):
    """Each fault is one line that a terminal can show."""
    assert sentences
    for sentence in sentences:
        assert len(sentence) < LONGEST_SENTENCE, sentence[:300]
        assert "Traceback" not in sentence


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A project of one case, with worked rows in every table, beside the tables of all cases."""
    folder = tmp_path_factory.mktemp("fuzz") / "project"  # alone in its folder, which is looked at
    (folder / "data").mkdir(parents=True)
    (folder / "notebooks").mkdir()
    for name in ("sources.toml", *(f"{stem}.csv" for stem in SHARED_TABLES)):
        shutil.copy(ROOT / "data" / name, folder / "data" / name)
    write_folder(starter_case("Own", ["Northmere", "Eastholt"], TODAY), folder / "data" / CASE)
    return folder


@pytest.fixture
def own_data(project, monkeypatch):
    """The project's data in place of data/, and its folder as the working folder."""
    monkeypatch.setenv("BUSINESSCASE_DATA", str(project / "data"))
    monkeypatch.chdir(project)
    load_case.cache_clear()
    yield project / "data"
    load_case.cache_clear()


FILES = [*(f"{stem}.csv" for stem in TABLES), "case.toml", "scenarios.toml"]


@st.composite
def damage(draw):
    """Return a file of the case and what damages its bytes."""
    name = draw(st.sampled_from(FILES))
    kind = draw(st.sampled_from(["cell", "line", "bytes", "cut", "twice"]))
    return (
        name,
        kind,
        draw(st.floats(0, 1, exclude_max=True)),
        draw(texts),
        draw(st.binary(max_size=8)),
    )


def damaged(content: bytes, kind: str, where: float, text: str, raw: bytes) -> bytes:
    """Return a file's content with a fault in it, somewhere below its comments."""
    lines = content.splitlines(keepends=True)
    first = next(number for number, line in enumerate(lines) if not line.startswith(b"#"))
    number = first + int(where * (len(lines) - first))
    start = len(b"".join(lines[:first]))
    at = start + int(where * (len(content) - start))
    put = text.encode("utf-8", "surrogatepass")
    if kind == "cell":
        cells = lines[number].split(b",")
        cells[int(where * 1e6) % len(cells)] = put
        lines[number] = b",".join(cells) + b"\n"
        return b"".join(lines)
    if kind == "line":
        lines.insert(number, put + b"\n")
        return b"".join(lines)
    if kind == "bytes":
        return content[:at] + raw + content[at + len(raw) :]
    return content[:at] if kind == "cut" else content + content[at:]


@fuzzed(12, 500)
@given(damage=damage())
def test_a_damaged_folder_is_read_or_refused_in_sentences(own_data, damage):
    name, *what = damage
    path = own_data / CASE / name
    content, before = path.read_bytes(), tree(own_data.parent)
    path.write_bytes(damaged(content, *what))
    load_case.cache_clear()
    try:
        with within_seconds():
            load_case(CASE)
    except InputError as error:
        assert_plain(error.faults)
        assert all(fault.startswith(("data/", "case ")) for fault in error.faults)
    finally:
        path.write_bytes(content)
    assert tree(own_data.parent) == before


SHEETS = ["partners", "service_costs", "flows", "drivers", "tasks", "risks", "scores"]
ENCODINGS = ["utf-8", "utf-8-sig", "cp1252", "utf-16"]
places = st.floats(0, 1, exclude_max=True)


@st.composite
def damaged_sheet(draw):
    """Return a table and a CSV of it in somebody's habits, some cells of which are anything."""
    stem = draw(st.sampled_from(SHEETS))
    cells = draw(st.lists(st.tuples(places, texts), min_size=1, max_size=4))
    return stem, cells, draw(st.sampled_from(",;\t")), draw(st.sampled_from(ENCODINGS))


@fuzzed(12, 500)
@given(sheet=damaged_sheet(), leave_out=st.lists(texts, max_size=1))
def test_a_damaged_spreadsheet_is_imported_or_refused_in_sentences(own_data, sheet, leave_out):
    stem, cells, delimiter, encoding = sheet
    rows = read_folder(own_data / CASE).tables[stem]
    grid = [list(rows[0]), *(list(row.values()) for row in rows)]
    for where, text in cells:
        row = int(where * len(grid))
        grid[row][int(where * 1e6) % len(grid[row])] = text
    lines = (delimiter.join('"' + cell.replace('"', '""') + '"' for cell in row) for row in grid)
    source = own_data.parent / f"{stem}.csv"
    source.write_bytes("\n".join(lines).encode(encoding, "replace"))
    folder, former = own_data / CASE, own_data / f".{CASE}.before-1"
    before = files(own_data.parent)
    try:
        with within_seconds():
            import_case(source, CASE, leave_out, update=True)
        shutil.rmtree(folder)
        former.rename(folder)
    except InputError as error:
        assert_plain(error.faults)
    finally:
        source.unlink()
    del before[source]
    assert files(own_data.parent) == before


@pytest.fixture(scope="module")
def workbook(project):
    """The bytes of a small workbook."""
    path = project / "inputs.xlsx"
    template.write(starter_case("Own", ["Northmere"], TODAY), path)
    content = path.read_bytes()
    path.unlink()
    return content


@fuzzed(5, 100)
@given(
    where=st.floats(0, 1, exclude_max=True),
    raw=st.binary(min_size=1, max_size=40),
    cut=st.booleans(),
)
def test_a_workbook_with_damaged_bytes_is_imported_or_refused_in_sentences(
    own_data, workbook, where, raw, cut
):
    at = int(where * len(workbook))
    source = own_data.parent / "inputs.xlsx"
    source.write_bytes(workbook[:at] + (b"" if cut else raw + workbook[at + len(raw) :]))
    before = tree(own_data.parent)
    try:
        with within_seconds():
            import_case(source, "another", (), update=False)
    except InputError as error:
        assert_plain(error.faults)
        assert tree(own_data.parent) == before
    finally:
        source.unlink()
        shutil.rmtree(own_data / "another", ignore_errors=True)


names = st.one_of(texts, st.text(string.ascii_letters + string.digits + "-_./ ", max_size=12))
numbers = st.one_of(texts, st.integers(-5, 10**30).map(str))
file_names = names.map(lambda name: name.replace("/", "").replace("\\", ""))
endings = st.sampled_from([".xlsx", "", ".xls"])
sources = st.sampled_from(["absent.xlsx", "data", "data/own", ".", "case.csv", "partners.csv"])
nobodys = names.filter(lambda name: name not in ("", CASE))
COMMANDS = {
    # what comes after each; none makes a report, for its names are nobody's
    "": st.just([]),
    "cases": st.just([]),
    "new": st.tuples(nobodys),
    "template": st.tuples(st.builds("{}{}".format, file_names, endings)),
    "import": st.tuples(sources | names, names),
    "check": st.tuples(nobodys),
    "report": st.tuples(nobodys),
    "sweep": st.tuples(nobodys),
}
OF_TEXT = ["--partners", "--case", "--leave-out", "--scenario", "--formats", "--template", "--scheduler"]  # fmt: skip
OF_NUMBER = ["--workers", "--timeout", "--draws", "--seed"]
ALONE = ["--update", "--json", "--quiet", "--force", "--shared-assets"]
options = st.one_of(
    st.tuples(st.sampled_from(OF_TEXT), texts),
    st.tuples(st.sampled_from(OF_NUMBER), numbers),
    st.tuples(st.sampled_from(ALONE)),
    st.tuples(texts),
)


@st.composite
def command_line(draw):
    """Return a command with its names and up to three options."""
    command = draw(st.sampled_from([*COMMANDS, "new", "import"]))  # two of them write most
    given = [*([command] if command else []), *draw(COMMANDS[command])]
    return [*given, *(part for option in draw(st.lists(options, max_size=3)) for part in option)]


@fuzzed(60, 1_000)
@given(arguments=command_line())
def test_a_command_line_is_carried_out_or_refused_in_sentences(own_data, arguments):
    root = own_data.parent
    before = tree(root)
    beside = tree(root.parent)
    out, err = io.StringIO(), io.StringIO()
    with within_seconds(), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = cli.main(arguments)
        except SystemExit as end:  # after --help and --version
            code = end.code
    said = out.getvalue() + err.getvalue()
    assert code in (0, 1, 2), said  # 70 is a failure of the workbook itself
    assert "Traceback" not in said
    assert code == 0 or said.strip()
    made = tree(root) - before
    assert before <= tree(root)
    assert tree(root.parent) - beside == {f"{root.name}/{path}" for path in made}
    new_cases = {path.split("/")[1] for path in made if path.startswith("data/")}
    assert all(unsafe_name("case", name) is None for name in new_cases)
    for path in made:
        parts = Path(path).parts
        top = root.joinpath(*parts[: 2 if parts[0] == own_data.name else 1])
        assert top.name != CASE
        shutil.rmtree(top) if top.is_dir() else top.unlink(missing_ok=True)
    load_case.cache_clear()


def test_a_template_of_the_case_that_is_fuzzed_can_be_imported(own_data):
    write_template(Path("whole.xlsx"), CASE, (), TODAY)
    try:
        import_case(Path("whole.xlsx"), "whole", (), update=False)
        assert load_case("whole").file == load_case(CASE).file
    finally:
        Path("whole.xlsx").unlink()
        shutil.rmtree(own_data / "whole", ignore_errors=True)
