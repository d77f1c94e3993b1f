"""A case whose every name and text is an attack, all the way through: reports, notebooks, files."""

import base64
import csv
import itertools
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import docx
import nbformat
import pytest
from conftest import ROOT, with_scenarios
from test_batch import write_notebook

from businesscase.cases.errors import InputError
from businesscase_workbench.batch import Job, Settings, run_jobs, write_index

CASE, SCENARIO = "attack", "westerfold-leaves"
EVIL = "http://evil.example"
PAYLOADS = (
    "<script>window.pwned = 1</script>",
    '<img src=x onerror="window.pwned = 1">',
    f'<img src="{EVIL}/pixel.png">',
    '<a href="javascript:window.pwned=1">link</a>',
    "{{7*7}}{% raw %}${7*7}",
    "' \" ` ''' \"\"\"",
    "one\nline",
    "\N{GRINNING FACE} \u200fright\u202eleft\u202c",
    "../../etc/passwd",
    '=HYPERLINK("http://evil.example")',
    "=cmd|'/C calc'!A0",
    "@SUM(1)",
    "$x^2$ and \\(y\\)",
    '#import "x" #eval("1")',
    "&amp; &lt;b&gt; &copy",
    "]]> -->",
    "%s %(name)s {0}",
    f"![x]({EVIL}/x.png) [y]({EVIL})",
    "</textarea></style></title>",
    "*a* _b_ ~c~ # d | e",
)
WORDS = {
    # columns of names and texts; what a column refers to is changed with it
    "partner", "service", "line", "name", "description", "mitigation", "owner", "factor", "definition",
    "lowest_means", "highest_means", "assessor", "criterion", "question", "set_by", "event", "text",
    "area", "red_line", "requirement", "lesson", "evidence", "package", "objective", "outputs", "lead",
    "arrangement", "benchmark", "basis", "survey", "business_function", "product", "skill", "asset",
    "owner_rule", "contributory_factor", "cost_line", "cause", "paragraph", "note", "level", "band",
    "likelihood", "impact", "residual_likelihood", "residual_impact", "target_likelihood", "target_impact",
}  # fmt: skip
TOML = re.compile(
    r'^(title|question|decision_maker|publisher|why|summary) = (?:"""(.*?)"""|"([^\n]*)")$',
    re.M | re.S,
)
LEAVER = re.compile(r'^leaves = { "(.*)" = ', re.M)
KEY, USER = "example-of-a-secret-key", "a-user-of-this-machine"
PARTNERS = ("Northmere", "Eastholt", "Westerfold")
PLOTLY = "application/vnd.plotly.v1+json"
DRAWN = "[...document.querySelectorAll('.chart')].every(place => place.querySelector('.main-svg'))"
NAMING = (
    "actuals.csv",
    "assumptions.csv",
    "conditions.csv",
    "contracts.csv",
    "gates.csv",
    "stages.csv",
)  # tables that name items of others
REFERRING = {"item", "measure", "criterion", "reveals", "stated_in"}
KEPT = {"", "shared", "ICT", "invented"}


def hostile_case(data: Path) -> dict[str, str]:
    """Write a case of attacks beside the worked example; return its words by those they replace."""
    source, folder = data / "worked-example", data / CASE
    folder.mkdir()
    words: dict[str, str] = {}

    def attack(word: str) -> str:
        if word in KEPT:
            return word
        payload = PAYLOADS[len(words) % len(PAYLOADS)]
        return words.setdefault(word, f"{payload} {word}")

    def attacked(line: re.Match) -> str:
        word = (line[2] or line[3]).replace("\\\n", "").strip()
        return f"{line[1]} = {json.dumps(attack(word), ensure_ascii=False)}"

    tables = {}
    for path in sorted(source.glob("*.csv"), key=lambda path: path.name != "partners.csv"):
        with path.open(encoding="utf-8", newline="") as file:
            tables[path.name] = list(csv.DictReader(file)), path
        for row in tables[path.name][0]:
            for column in sorted(
                WORDS & set(row) - ({"band"} if path.stem == "benchmarks" else set())
            ):
                row[column] = attack(row[column])
    for name, (rows, path) in tables.items():
        for row in rows:
            for column in REFERRING & set(row) if name in NAMING else ():
                row[column] = words.get(row[column], row[column])
        with path.open(encoding="utf-8", newline="") as file:
            head = next(csv.reader(file))
        with (folder / name).open("w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, head)
            writer.writeheader()
            writer.writerows(rows)
    for name in ("case.toml", "scenarios.toml"):
        text = (source / name).read_text(encoding="utf-8")
        text = LEAVER.sub(lambda found: f"leaves = {{ {json.dumps(attack(found[1]), ensure_ascii=False)} = ", text)  # fmt: skip
        (folder / name).write_text(TOML.sub(attacked, text), encoding="utf-8")
    with_scenarios(folder, "base", SCENARIO)
    return words


@pytest.fixture(scope="module")
def made(request):
    """Make a report of the case, but the base in every format; return the folder of all, its words and the report."""
    name = request.param
    with tempfile.TemporaryDirectory() as folder:  # a short name, as a browser's sockets need it
        yield Path(folder), _made(Path(folder), name), Path(folder, "reports", CASE, name)


WHOLE = [pytest.param(name, marks=pytest.mark.long) for name in (SCENARIO, "comparison")]
of_scenario = pytest.mark.parametrize("made", ["base", WHOLE[0]], indirect=True)
of_each = pytest.mark.parametrize("made", ["base", *WHOLE], indirect=True)
on_paper = pytest.mark.parametrize("made", WHOLE, indirect=True)


def _made(folder: Path, report: str) -> dict[str, str]:
    shutil.copytree(ROOT / "data", folder / "data")
    words = hostile_case(folder / "data")
    for name in ("home", "temp"):
        (folder / name).mkdir()
    command = [sys.executable, "-m", "businesscase", "report", CASE, "--quiet"]
    command += [
        "--scenario",
        report,
        "--formats",
        "xlsx" if report == "base" else "docx,xlsx,pdf",
        "--output",
        str(folder / "reports"),
    ]
    before = project_files()
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ
        | {
            "BUSINESSCASE_DATA": str(folder / "data"),
            "HOME": str(folder / "home"),
            "TMPDIR": str(folder / "temp"),
            "AWS_SECRET_ACCESS_KEY": KEY,
            "USER": USER,
        },
        capture_output=True,
        text=True,
        check=False,
    )
    if "need a browser" in done.stderr:
        pytest.skip(done.stderr)
    assert done.returncode == 0, done.stderr
    assert project_files() == before
    return words


def project_files() -> set[Path]:
    """Return the files that no report and no other test changes."""
    return set().union(*(tree(ROOT / name) for name in ("data", "lib", "notebooks")))


def tree(folder: Path) -> set[Path]:
    """Return the files of a folder but those that Python and its tests keep for themselves."""
    own = {
        "__pycache__",
        ".git",
        ".hypothesis",
        ".mypy_cache",
        ".pytest_cache",
        ".ruff_cache",
        ".venv",
    }
    return {path for path in folder.rglob("*") if not own & set(path.parts)}


def joined(text: str) -> str:
    """Return text without space and signs without width, which a format may set in another way."""
    return re.sub(r"[\s\u200b\u200f\u202e\u202c\u2060]", "", text)


def missing(words: dict[str, str], text: str) -> list[str]:
    """Return the words of a case of which a text has the harmless part and nowhere the whole."""
    text = joined(text)
    shown = [word for word in words if len(word) > 20 and joined(word) in text]
    assert len(shown) > 10
    return [words[word] for word in shown if joined(words[word]) not in text]


@pytest.fixture(scope="module")
def page(made, browser):
    """Return the report as a browser has it: its page, what it asked for and what it said."""
    return opened(made[2] / "report.html", browser)


@pytest.fixture(scope="module")
def appendix(made, browser):
    """Return its appendix likewise."""
    return opened(made[2] / "appendix.html", browser)


def opened(file, browser):
    page = browser.new_page()
    page.heard = []
    page.on("request", lambda request: page.heard.append(request.url))
    page.on("dialog", lambda dialog: page.heard.append(dialog.message))
    page.on("console", lambda said: page.heard.append(said.text))
    address = file.as_uri()
    page.goto(address)
    page.wait_for_function(DRAWN)
    page.heard.remove(address)
    return page


@of_each
def test_a_page_runs_nothing_asks_for_nothing_and_links_only_to_reports(page, appendix):
    hrefs = "[...document.querySelectorAll('a')].map(a => a.getAttribute('href').split('#')[0])"
    for shown, others in ((page, {"appendix.html"}), (appendix, {"appendix.html", "report.html"})):
        assert shown.heard == []
        assert shown.evaluate("window.pwned") is None
        assert set(shown.evaluate(hrefs)) == {"", "../../index.html", *others}
        of_others = "img, iframe, object, embed, form, base, svg a, svg image"
        assert shown.locator(of_others).count() == 0


@of_each
def test_a_page_shows_every_word_as_it_was_typed(page, appendix, made):
    every = "document.body.innerText + document.body.textContent"
    texts = [re.sub(r"(?s)\(function\(.*", "", part.evaluate(every)) for part in (page, appendix)]
    assert missing(made[1], "".join(texts)) == []


@of_scenario
def test_a_chart_shows_names_as_they_were_typed(page, made):
    labels = page.locator(".chart svg text").all_text_contents()
    partners = [attack for word, attack in made[1].items() if word in PARTNERS]
    assert len(partners) == len(PARTNERS)
    for partner in partners:
        assert any(joined(partner) in joined(label) for label in labels)


@on_paper
def test_a_word_document_shows_every_word_and_links_to_nothing_outside(made):
    paths = [made[2] / f"{name}.docx" for name in ("report", "appendix")]
    read = [docx.Document(str(path)).element.body.itertext() for path in paths]
    assert missing(made[1], "".join(itertools.chain(*read))) == []
    fields = []
    for path in paths:
        with zipfile.ZipFile(path) as parts:
            assert not any(b'"External"' in parts.read(part) for part in parts.namelist())
            fields += re.findall(rb"<w:instrText[^>]*>([^<]*)", parts.read("word/document.xml"))
    assert {field.split()[0] for field in fields} <= {b"TOC", b"PAGEREF", b"SEQ", b"REF", b"PAGE"}


@of_scenario
def test_a_workbook_holds_no_formula_and_no_link_that_was_typed(made):
    with zipfile.ZipFile(made[2] / "tables.xlsx") as parts:
        read = {name: parts.read(name).decode() for name in parts.namelist() if "xml" in name}
    every = "".join(read.values())
    formulas = re.findall("<f[ >][^<]*", every)
    assert len(formulas) > 100
    assert [formula for formula in formulas if re.search("HYPERLINK|cmd|SUM.1|evil", formula)] == []
    assert '"External"' not in every and "ddeLink" not in every
    texts = re.findall("<t[ >][^<]*", every)
    assert any("=HYPERLINK" in text for text in texts) and any("=cmd|" in text for text in texts)


@on_paper
def test_a_pdf_shows_every_word_and_links_to_nothing_outside(made):
    paths = [made[2] / f"{name}.pdf" for name in ("report", "appendix")]
    if not shutil.which("pdftotext"):
        pytest.skip("no pdftotext")
    raw = ["pdftotext", "-raw"]
    read = [subprocess.run([*raw, path, "-"], capture_output=True, check=True) for path in paths]
    from_left = {word: attack for word, attack in made[1].items() if "\u202e" not in attack}
    assert missing(from_left, "".join(done.stdout.decode() for done in read)) == []
    outside = rb"/(URI|JavaScript|JS|Launch)\b"
    assert not [path for path in paths if re.search(outside, path.read_bytes())]


@of_each
def test_a_notebook_offers_no_markup_that_was_typed(made):
    for path in made[2].glob("*.ipynb"):
        for cell in nbformat.read(path, 4).cells:
            for output in cell.get("outputs", ()):
                data = output.get("data", {})
                assert not re.search("<(script|img|a |/textarea)", data.get("text/html", ""))
                assert not re.search(r"(?<!\\)(<[a-z/]|\]\()", data.get("text/markdown", ""))
                assert "<a href" not in json.dumps(data.get(PLOTLY, {}).get("data", ""))


@of_scenario
def test_results_hold_names_as_they_were_typed(made):
    with (made[2] / "results.csv").open(encoding="utf-8") as file:
        items = {row["item"] for row in csv.DictReader(file)}
    assert {attack for word, attack in made[1].items() if word in PARTNERS} <= items


@of_each
def test_no_file_is_written_elsewhere(made):
    folder = made[0]
    assert not [path for path in tree(folder) if path.name in ("passwd", "pwned")]
    assert set(folder.iterdir()) == {folder / name for name in ("data", "home", "reports", "temp")}
    assert not list((folder / "temp").iterdir())
    written = {path.name for path in (folder / "home").iterdir()}
    assert written <= {".cache", ".config", ".ipython", ".jupyter", ".local", ".pki"}


@of_each
def test_no_key_user_or_folder_of_the_machine_is_in_a_report(made):
    folder = made[0]
    secrets = [KEY, USER, str(ROOT), str(folder), str(Path.home()) + "/", sys.prefix]
    for name, content in contents(folder / "reports"):
        assert [secret for secret in secrets if secret.encode() in content] == [], name


def contents(folder: Path):
    """Yield name and bytes of each file, and of each part of those that are packed."""
    for path in filter(Path.is_file, sorted(folder.rglob("*"))):
        yield path.name, path.read_bytes()
        if path.suffix in (".docx", ".xlsx"):
            with zipfile.ZipFile(path) as parts:
                yield from ((f"{path.name}: {part}", parts.read(part)) for part in parts.namelist())


OPENING = "__import__('pathlib').Path('pwned').touch()"
PLAINLY = ("--no-progress-bar", "-k", "python3")
VALUES = (
    # how papermill's command takes a value for a parameter, and what is tried with it
    ("-p", 'x"; open("pwned", "w"); "'),
    ("-r", f'x\\\\"\n{OPENING}\n#'),
    ("-y", "{{" + OPENING + "}}"),
    ("-b", f"x'''\"\"\"\\\n{OPENING}\n"),
)


@pytest.mark.long
@pytest.mark.parametrize(("option", "value"), VALUES)
def test_a_parameter_that_tries_to_end_its_string_is_refused_as_a_name(option, value, tmp_path):
    as_yaml = json.dumps({"case": value})
    given = {
        "-p": ["case", value],
        "-r": ["case", value],
        "-y": [as_yaml],
        "-b": [base64.b64encode(as_yaml.encode()).decode()],
    }
    notebook = tmp_path / "02_options.ipynb"
    shutil.copy(ROOT / "notebooks" / notebook.name, notebook)
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "papermill",
            notebook,
            "out.ipynb",
            option,
            *given[option],
            *PLAINLY,
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode
    cells = nbformat.read(tmp_path / "out.ipynb", 4).cells
    shown = [output for cell in cells for output in cell.get("outputs", ())]
    told = [output for output in shown if output.output_type == "error"]
    assert [output.ename for output in told] == ["InputError"]
    assert re.fullmatch(r"case .* is unknown; (allowed|nearest): .*", told[0].evalue)
    assert {path.name for path in tmp_path.iterdir()} == {notebook.name, "out.ipynb"}


@pytest.mark.parametrize("name", [value for _, value in VALUES] + [f"../../data/{CASE}"])
def test_a_job_for_a_name_that_holds_code_is_refused_before_anything_runs(name, tmp_path):
    settings = Settings(str(tmp_path / "reports"), workers=1, quiet=True)
    for job in (Job(name, "base"), Job("mkip-2012", name)):
        with pytest.raises(InputError, match="is unknown"):
            run_jobs([job], settings)
    assert not list(tmp_path.rglob("*"))


TELLING = """
import os, sys, warnings, pandas
warnings.warn(pandas.__file__)
print(os.getcwd(), os.environ["HOME"])
raise RuntimeError(f"{os.getcwd()}/x {pandas.__file__} {sys.prefix} {os.environ}")
"""


def test_a_failure_that_names_folders_and_keys_leaves_neither(
    tmp_path, monkeypatch, one_fork_server
):
    for name in ("03_savings", "06_readiness", "07_decision"):
        write_notebook(tmp_path / "notebooks", name, TELLING if "readiness" in name else "scenario")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", KEY)
    monkeypatch.setenv("DATABASE_PASSWORD", KEY[::-1])
    settings = Settings(
        str(tmp_path / "reports"), workers=1, quiet=True, notebooks=tmp_path / "notebooks"
    )
    outcomes = run_jobs([Job("durham-sunderland-2014", "base")], settings)
    write_index(settings, outcomes)
    assert re.match(r"06_readiness.ipynb, cell \[\d\]: RuntimeError: …", outcomes[0].error)
    found = dict(contents(tmp_path / "reports"))
    assert {"base.status.json", "run.json", "index.html", "06_readiness.ipynb"} <= set(found)
    secrets = [KEY, KEY[::-1], str(ROOT), str(tmp_path), str(Path.home()), sys.prefix]
    for file, content in found.items():
        assert [secret for secret in secrets if secret.encode() in content] == [], file
