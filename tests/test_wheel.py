"""The package as it is installed: from a wheel, in a folder without the checkout."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from conftest import ROOT

from businesscase.cases.case import load_case
from businesscase_workbench.batch import manifest

CASE = "dacorum-avdc-2012"  # of the published cases the one that is read fastest
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
    """Return a function that runs the installed command in a folder, with what is set besides."""
    folder = wheel.parent / "installed"
    done = run(*PIP, "install", "--no-deps", "--no-index", "--target", folder, wheel)
    assert done.returncode == 0, done.stderr
    own = {name: value for name, value in os.environ.items() if name != "BUSINESSCASE_DATA"}

    def businesscase(place: Path, *arguments, **environment):
        said = own | {"PYTHONPATH": str(folder), **environment}
        return run(sys.executable, "-m", "businesscase", *arguments, cwd=place, env=said)

    return businesscase


def test_the_wheel_carries_the_published_cases_and_notebooks_and_no_case_of_ones_own(wheel):
    carried = "businesscase/project/"
    names = zipfile.ZipFile(wheel).namelist()
    inside = {name.removeprefix(carried) for name in names if name.startswith(carried)}
    kept = run("git", "ls-files", "data", "notebooks", "requirements.lock", cwd=ROOT)
    assert kept.returncode == 0, kept.stderr
    assert inside == set(kept.stdout.split())


def test_a_report_made_by_the_wheel_tells_the_same_inputs_as_one_of_the_checkout(
    installed, tmp_path
):
    done = installed(tmp_path, "report", CASE, "--scenario", "base", "--quiet")
    assert done.returncode == 0, done.stderr
    made = json.loads((tmp_path / "reports" / CASE / "base" / "manifest.json").read_text("utf-8"))
    of_all = manifest.of_all_reports(ROOT / "notebooks", False)
    here = json.loads(manifest.json_text(manifest.inputs(load_case(CASE), "base", of_all)))
    assert {name: made[name] for name in here} == here


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
