"""What a report is made from: its inputs to the last byte, the key that they give, its files."""

import hashlib
import json
import platform
from functools import cache
from importlib.metadata import version
from pathlib import Path

import businesscase
from businesscase import __version__
from businesscase.cases.case import COMPARISON, Case, input_hash
from businesscase.cases.errors import InputError, unknown_name
from businesscase.cases.project import CARRIED, SUPPLIED, case_folder, working_folder
from businesscase_workbench.batch.notebook import notebook_paths

PACKAGES = [Path(businesscase.__file__).parent, Path(__file__).parents[1]]
LIBRARIES = (
    # those that can change a figure, a table or a chart
    "holidays", "jinja2", "kaleido", "markupsafe", "mistune", "nbformat", "numpy", "pandas",
    "papermill", "plotly", "pydantic", "python-docx", "pyxirr", "scipy", "typst", "xlsxwriter",
)  # fmt: skip


def inputs(case: Case, scenario: str, of_all: dict) -> dict:
    """Return all that a report depends on, as JSON has it.

    Two runs whose inputs are equal give the same bytes, so that a report can be made again and
    audited. ``data`` is the fingerprint of the case's tables, as the report prints it, and
    ``of_all`` what ``of_all_reports`` returns.
    """
    return {
        "case": case.name,
        "scenario": scenario,
        "parameters": _parameters(case, scenario),
        "data": case.input_hash,
        **of_all,
    }


def _parameters(case: Case, scenario: str) -> dict:
    """Return a scenario's parameters; those of the comparison are in the fingerprint of the data."""
    if scenario == COMPARISON:
        return {}
    if scenario not in case.scenarios:
        raise InputError(unknown_name("scenario", scenario, case.scenarios))
    return case.scenarios[scenario].parameters.model_dump(mode="json")


def of_all_reports(notebooks_folder: Path, shared_assets: bool) -> dict:
    """Return what every page depends on: notebooks without their outputs, code, libraries, options.

    Parameters
    ----------
    notebooks_folder : Path
        Where the notebooks are.
    shared_assets : bool
        Whether the pages share their scripts.
    """
    paths = notebook_paths(notebooks_folder).values()
    return {
        "notebooks": {path.name: _notebook_hash(path) for path in paths},
        "code": {"version": __version__, "library": library_hash(), "lock": lock_hash()},
        "versions": versions(),
        "shared_assets": shared_assets,
    }


def library_hash() -> str:
    """Return the SHA-256 of both packages' files: code, templates, scripts.

    Tables and notebooks that they carry tell of themselves, so that a wheel is the same as its checkout.
    """
    digest = hashlib.sha256()
    for package in PACKAGES:
        for path in sorted(package.rglob("*")):
            is_carried = CARRIED in path.parents
            if path.is_file() and path.parent.name != "__pycache__" and not is_carried:
                place = path.relative_to(package.parent).as_posix()
                digest.update(f"{place}\0{_file_hash(path)}\0".encode())
    return digest.hexdigest()


def template_hash(template: str) -> str:
    """Return the SHA-256 of the Word template at a path; empty if there is none."""
    return _file_hash(Path(template)) if template else ""


def tells_the_same(manifest: dict, of: dict) -> bool:
    """Return whether a report was made from inputs, wherever its page has its scripts from."""
    return all(manifest.get(name) == value for name, value in of.items() if name != "shared_assets")


def key(of: dict) -> str:
    """Return the SHA-256 of inputs: equal for equal inputs, another for any change."""
    return hashlib.sha256(json_text(of).encode()).hexdigest()


def json_text(value: dict) -> str:
    """Return JSON that is the same for the same values, to the byte."""
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False) + "\n"


def data_hash(case: str) -> str:
    """Return the fingerprint of a case's tables as they are now."""
    return input_hash(case_folder(case))


def sealed(manifest: dict) -> dict:
    """Return a manifest with a hash of itself, by which a later change of it shows."""
    return manifest | {"seal": key(manifest)}


def is_sealed(manifest: dict) -> bool:
    """Return whether a manifest is as it was written."""
    return manifest == sealed({name: manifest[name] for name in manifest if name != "seal"})


def file_hashes(folder: Path) -> dict[str, dict]:
    """Return size [bytes] and SHA-256 of each file in a folder, by name."""
    return {path.name: file_hash(path) for path in sorted(folder.iterdir())}


def file_hash(path: Path) -> dict:
    """Return size [bytes] and SHA-256 of a file."""
    return {"bytes": path.stat().st_size, "sha256": _file_hash(path)}


def lock_hash() -> str:
    """Return the SHA-256 of requirements.lock, the project's or the package's; empty if there is none."""
    paths = [folder / "requirements.lock" for folder in (working_folder(), SUPPLIED)]
    return next((_file_hash(path) for path in paths if path.is_file()), "")


@cache
def versions() -> dict[str, str]:
    """Return the versions of Python and of the libraries that results depend on."""
    return {"python": platform.python_version()} | {name: version(name) for name in LIBRARIES}


def _notebook_hash(path: Path) -> str:
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
        said = [
            [cell["cell_type"], cell["source"], cell["metadata"].get("tags", [])] for cell in cells
        ]
    except (ValueError, KeyError, TypeError):  # refused when it is run, with its name
        return _file_hash(path)
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


def _file_hash(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
