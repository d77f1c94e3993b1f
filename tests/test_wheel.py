"""The package as it is installed: from a wheel, in a folder without the checkout."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from functools import partial
from pathlib import Path

import pytest
from conftest import ROOT

from businesscase.cases.case import load_case
from businesscase_workbench.batch import manifest

CASE, SMALL = "dacorum-avdc-2012", "durham-sunderland-2014"  # published; the second has money
PIP = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]


def run(*command, **options):
    return subprocess.run(
        list(map(str, command)), capture_output=True, text=True, check=False, **options
    )


@pytest.fixture(scope="session")
def wheel(tmp_path_factory):
    """Return a wheel of a copy of the checkout in which a council keeps a case of its own."""
    folder = tmp_path_factory.mktemp("built")
    copy = folder / "checkout"
    left_out = shutil.ignore_patterns(
        ".git", ".venv*", "__pycache__", "reports", "site", ".*_cache"
    )
    shutil.copytree(ROOT, copy, ignore=left_out)
    shutil.copytree(copy / "data" / CASE, copy / "data" / "our-case")
    build = [*PIP, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", folder, copy]
    done = run(*build)
    assert done.returncode == 0, done.stderr
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="session")
def installed(wheel):
    """Return a function that runs the installed command, or another module, in a folder."""
    folder = wheel.parent / "installed"
    done = run(*PIP, "install", "--no-deps", "--no-index", "--target", folder, wheel)
    assert done.returncode == 0, done.stderr
    own = {name: value for name, value in os.environ.items() if name != "BUSINESSCASE_DATA"}

    own["PYTHONPATH"] = str(folder)

    def run_in(place: Path, *arguments, module="businesscase"):
        return run(sys.executable, "-m", module, *arguments, cwd=place, env=own)

    return run_in


def test_the_wheel_carries_the_published_cases_and_notebooks_and_no_case_of_ones_own(wheel):
    carried = "businesscase/project/"
    names = zipfile.ZipFile(wheel).namelist()
    inside = {name.removeprefix(carried) for name in names if name.startswith(carried)}
    kept = run("git", "ls-files", "data", "notebooks", "requirements.lock", cwd=ROOT)
    assert kept.returncode == 0, kept.stderr
    assert inside == set(kept.stdout.split())


def test_where_no_project_is_the_published_cases_are_read_and_nothing_is_written(
    installed, tmp_path
):
    done = installed(tmp_path, "cases")
    assert done.returncode == 0, done.stderr
    assert f"{CASE}: " in done.stdout and "our-case" not in done.stdout
    refused = installed(tmp_path, "new", "our-case")
    assert refused.returncode == 1
    (sentence,) = refused.stderr.splitlines()
    assert sentence.endswith("`businesscase init FOLDER` makes one")
    assert list(tmp_path.iterdir()) == []


@pytest.fixture(scope="session")
def project(installed, tmp_path_factory):
    """Return a council's own project, made by the installed command, with a case that is read fast."""
    place = tmp_path_factory.mktemp("councils")
    assert installed(place, "init", "our council").returncode == 0
    folder = place / "our council"
    shutil.copytree(ROOT / "data" / SMALL, folder / "data" / "our-case")
    return folder


def test_a_second_init_is_refused_in_one_sentence(installed, project):
    readme = project / "README.md"
    before = readme.read_bytes()
    refused = installed(project.parent, "init", "our council")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == "our council exists; nothing is written over it\n"
    assert readme.read_bytes() == before
    assert [path.name for path in project.parent.iterdir()] == ["our council"]


def test_git_leaves_out_the_cases_and_reports_of_a_project(project):
    (project / "reports" / "index.html").touch()
    assert run("git", "init", "--quiet", cwd=project).returncode == 0
    kept = run("git", "ls-files", "--others", "--exclude-standard", cwd=project).stdout.split("\n")
    shutil.rmtree(project / ".git")
    assert sorted(filter(None, kept)) == [
        ".gitignore",
        "README.md",
        "data/README.md",
        "notebooks/our-case.ipynb",
    ]


def test_a_report_made_in_a_project_tells_the_same_inputs_as_one_of_the_checkout(
    installed, project
):
    inside = project / "data" / "our-case"
    done = installed(inside, "report", SMALL, "--scenario", "base", "--quiet")
    assert done.returncode == 0, done.stderr
    made = json.loads((project / "reports" / SMALL / "base" / "manifest.json").read_text("utf-8"))
    of_all = manifest.of_all_reports(ROOT / "notebooks", False)
    here = json.loads(manifest.json_text(manifest.inputs(load_case(SMALL), "base", of_all)))
    assert {name: made[name] for name in here} == here


def told(installed, project, *commands):
    """Run commands in a project and return what each says."""
    done = {command[0]: installed(project, *command) for command in commands}
    assert {name: one.stderr for name, one in done.items() if one.returncode} == {}
    return {name: one.stdout for name, one in done.items()}


def test_a_case_is_begun_written_out_imported_and_listed_in_a_project(installed, project):
    said = told(
        installed, project,
        ["new", "our-plan", "--partners", "Northmere,Eastholt"],
        ["template", "inputs.xlsx", "--case", "our-case"],
        ["import", "inputs.xlsx", "our-copy"],
        ["cases"],
    )  # fmt: skip
    listed = [line.split(":")[0] for line in said["cases"].splitlines() if line[:1] == "o"]
    assert listed == ["our-case", "our-copy", "our-plan"]


@pytest.mark.long
def test_every_other_command_works_in_a_project(installed, project):
    said = told(
        installed, project,
        ["check", "our-case"],
        ["upgrade", "our-case", "--dry-run"],
        ["sweep", "mkip-2012", "--draws", "1000"],
        ["backtest"],
    )  # fmt: skip
    assert "dacorum-avdc-2012" in said["backtest"]
    assert (project / "reports" / "mkip-2012" / "sweep.parquet").is_file()


def test_a_notebook_of_a_project_is_red_once_a_figure_moves_and_refresh_accepts_it(
    installed, project
):
    notebook = project / "notebooks" / "our-case.ipynb"
    text = notebook.read_text(encoding="utf-8")
    notebook.write_text(text.replace("worked-example", "our-case"), encoding="utf-8")
    guarded = partial(installed, project, "--nbval", "-q", "notebooks", module="pytest")
    assert installed(project, "refresh").returncode == 0
    flows = project / "data" / "our-case" / "flows.csv"
    rows = flows.read_text(encoding="utf-8")
    flows.write_text(rows.replace(",50000,", ",60000,"), encoding="utf-8")
    assert flows.read_text(encoding="utf-8") != rows
    done = guarded()
    assert done.returncode == 1 and "mismatch" in done.stdout
    assert installed(project, "refresh").returncode == 0
    assert guarded().returncode == 0
