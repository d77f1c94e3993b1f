"""What users read: it leads somewhere, and every command in it is one."""

import re
import shlex
from html.parser import HTMLParser

import pytest
from conftest import ROOT

from businesscase_workbench import cli
from businesscase_workbench.guide import write_guide
from businesscase_workbench.own_project import FILES

README = ROOT / "README.md"
OWN = ROOT / "lib" / "businesscase_workbench" / "own_project"
PAGES = [*sorted(ROOT.glob("*.md")), *sorted((ROOT / "docs").glob("*.md"))]
LINK = re.compile(r"\]\(([^)#:]+)(#[^)]*)?\)")
COMMAND = re.compile(r"^(?:\.venv/bin/)?businesscase (.*)")
TARGET = re.compile(r"^make ([a-z-]+)")


def name(path):
    return path.relative_to(ROOT).as_posix()


def lines(path):
    """Return the lines of code of a page, without what follows as a remark."""
    blocks = re.findall(r"^```\n(.*?)^```", path.read_text(encoding="utf-8"), re.M | re.S)
    return [re.sub(r"\s+#.*", "", line) for line in "".join(blocks).splitlines()]


@pytest.mark.parametrize("path", PAGES, ids=name)
def test_each_link_leads_to_a_file(path):
    targets = {found[1] for found in LINK.finditer(path.read_text(encoding="utf-8"))}
    assert [target for target in targets if not (path.parent / target).exists()] == []


@pytest.mark.parametrize("path", [*PAGES, OWN / "README.md"], ids=name)
def test_each_command_is_one_that_the_command_line_takes(path):
    parser = cli._parser()
    for line in lines(path):
        if found := COMMAND.match(line):
            parser.parse_args(shlex.split(found[1]))


def test_each_target_of_make_is_one():
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    named = {found[1] for path in PAGES for line in lines(path) if (found := TARGET.match(line))}
    assert {"report", "explore"} <= named
    assert [target for target in named if f"\n{target}:" not in makefile] == []


def test_the_readme_is_short_and_leads_to_every_page():
    text = README.read_text(encoding="utf-8")
    assert len(text.split()) < 1500
    linked = {found[1] for found in LINK.finditer(text)}
    assert {name(path) for path in (ROOT / "docs").glob("*.md")} <= linked


def test_init_writes_every_file_that_it_begins_with():
    there = {path.relative_to(OWN).as_posix() for path in OWN.rglob("*") if path.is_file()}
    assert {file for file in there if not file.endswith((".py", ".pyc"))} == set(FILES)


class Links(HTMLParser):
    """The links of a page, and where they may lead in it."""

    def __init__(self, text):
        super().__init__()
        self.found = []
        self.feed(text)

    def handle_starttag(self, tag, attributes):
        self.found += [value for key, value in attributes if key in ("href", "src")]


def test_pages_as_html_lead_to_pages_and_fetch_nothing(tmp_path):
    first = write_guide(ROOT, tmp_path / "guide")
    assert first.name == "README.html"
    assert "<table>" in first.read_text(encoding="utf-8")
    for page in first.parent.iterdir():
        for link in Links(page.read_text(encoding="utf-8")).found:
            target = link.partition("#")[0]
            assert target == "../reference/index.html" or (first.parent / target).is_file(), link
