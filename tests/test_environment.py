import json
import re
import runpy
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[1]
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PROJECT = PYPROJECT["project"]
EXTRAS = PROJECT["optional-dependencies"]
DIRECT = [
    Requirement(line) for lines in (PROJECT["dependencies"], *EXTRAS.values()) for line in lines
]
CONDA = yaml.safe_load((ROOT / "environment.yml").read_text(encoding="utf-8"))["dependencies"]
CONDA_PIP = CONDA[-1]["pip"]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
PIN = r"(?P<name>[a-z0-9-]+)==(?P<version>[^ ;]+)"
LOCKED = {pin["name"]: pin["version"] for pin in re.finditer(f"^{PIN}", LOCK, re.MULTILINE)}


def lock_entries() -> list[str]:
    """Return each requirement of the lock as one line, its hashes included."""
    lines = [line for line in LOCK.splitlines() if not line.startswith("#")]
    return "\n".join(lines).replace("\\\n", " ").splitlines()


def test_environment_pins_each_direct_dependency_and_no_other_at_the_version_of_the_lock():
    lines = [Requirement(line) for line in CONDA_PIP if not line.startswith("-")]
    pinned = {line.name: str(line.specifier) for line in lines}
    assert pinned == {direct.name: f"=={LOCKED.get(direct.name)}" for direct in DIRECT}


def test_environment_installs_this_package_after_its_dependencies():
    assert [line for line in CONDA_PIP if line.startswith("-")] == ["-e ."]
    assert CONDA_PIP[-1] == "-e ."


def test_environment_takes_the_oldest_python_that_the_package_and_the_style_check_support():
    oldest = PROJECT["requires-python"].removeprefix(">=")
    assert CONDA[:-1] == [f"python={oldest}", "pip"]
    assert PYPROJECT["tool"]["ruff"]["target-version"] == "py" + oldest.replace(".", "")


def test_containers_have_the_oldest_python_that_the_package_supports():
    oldest = PROJECT["requires-python"].removeprefix(">=")
    container = json.loads((ROOT / ".devcontainer" / "devcontainer.json").read_text("utf-8"))
    bases = re.findall(r"^FROM (\S+)", (ROOT / "Dockerfile").read_text("utf-8"), re.MULTILINE)
    assert len(bases) == 2
    for base in (*bases, container["image"]):
        assert base.startswith(f"python:{oldest}-")


def test_the_citation_names_the_version_and_licence_of_the_package():
    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert (cited["version"], cited["license"]) == (PROJECT["version"], PROJECT["license"])


@pytest.mark.parametrize("direct", DIRECT, ids=lambda direct: direct.name)
def test_lock_holds_a_version_that_the_package_allows(direct):
    assert LOCKED[direct.name] in direct.specifier


def test_lock_holds_the_build_backend_because_the_package_is_built_without_a_download():
    for required in map(Requirement, PYPROJECT["build-system"]["requires"]):
        assert LOCKED[required.name] in required.specifier


def test_lock_holds_one_version_of_each_library_for_every_python_and_system():
    names = [entry.split("==")[0] for entry in lock_entries()]
    assert sorted(set(names)) == names


def test_each_entry_of_the_lock_is_a_version_a_condition_and_hashes_so_it_names_no_host():
    condition = r"( ; [a-zA-Z0-9_ .*'<>=!()]+)?"
    entry = re.compile(rf"{PIN}{condition}(\s+--hash=sha256:[0-9a-f]{{64}})+")
    assert [line for line in lock_entries() if not entry.fullmatch(line)] == []


def test_comments_of_the_lock_name_no_host():
    comments = [line for line in LOCK.splitlines() if line.startswith("#")]
    assert [line for line in comments if re.search(r"[/@]|\w\.\w|--", line)] == []


def test_lock_keeps_the_libraries_that_only_windows_needs():
    windows = {"colorama": "sys_platform == 'win32'", "pywinpty": "os_name == 'nt'"}
    for name, condition in windows.items():
        assert f"{name}=={LOCKED[name]} ; {condition}" in LOCK


def test_git_keeps_the_library_although_its_folder_is_called_lib():
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert "lib" not in {pattern.strip("/*") for pattern in ignored}


@pytest.mark.parametrize(
    "path", sorted((ROOT / "benchmarks").glob("bench_*.py")), ids=lambda path: path.stem
)
def test_a_benchmark_finds_all_that_it_names_from_the_library(path, monkeypatch):
    monkeypatch.syspath_prepend(str(path.parent))
    assert callable(runpy.run_path(str(path), run_name="measured")["main"])
