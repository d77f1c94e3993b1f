"""Where things are: the cases, notebooks and reports of a project, and those that come with the package."""

import os
from contextlib import suppress
from pathlib import Path

from businesscase.cases.errors import InputError
from businesscase.cases.folder import is_half_replaced

PACKAGE = Path(__file__).parents[1]
CARRIED = PACKAGE / "project"  # the build puts it there; a checkout has none
IS_CHECKOUT = not CARRIED.is_dir()
# the tables of all cases, the published cases and the notebooks that come with the package
SUPPLIED = PACKAGE.parents[1] if IS_CHECKOUT else CARRIED
DATA, NOTEBOOKS, REPORTS = "data", "notebooks", "reports"
NUMBERED = "[0-9][0-9]_*.ipynb"  # the name of a notebook that is a chapter


def project_folder() -> Path:
    """Return the project's folder: the nearest above the working folder, else the package's checkout.

    Raises
    ------
    InputError
        If there is none.
    """
    here = Path.cwd()
    for folder in [here, *here.parents, *[SUPPLIED] * IS_CHECKOUT]:
        if (folder / DATA).is_dir() and (folder / NOTEBOOKS).is_dir():
            return folder
    raise InputError(
        f"no folder with data/ and notebooks/ at or above {here}; `businesscase init FOLDER` makes one"
    )


def working_folder() -> Path:
    """Return the project's folder, or the working folder where there is no project."""
    with suppress(InputError):
        return project_folder()
    return Path.cwd()


def data_folder() -> Path:
    """Return the folder of one's own cases: ``BUSINESSCASE_DATA`` if set, else data/ of the project.

    Raises
    ------
    InputError
        If there is none.
    """
    chosen = os.environ.get("BUSINESSCASE_DATA")
    return Path(chosen) if chosen else project_folder() / DATA


def data_folders() -> list[Path]:
    """Return where cases and the tables of all cases are read: one's own folder goes before the package's."""
    folders = [SUPPLIED / DATA]
    with suppress(InputError):
        folders.insert(0, data_folder())
    return list(dict.fromkeys(folders))


def case_folder(name: str) -> Path:
    """Return the folder of a case: one's own, else the one that comes with the package."""
    folders = [folder / name for folder in data_folders()]
    there = (folder for folder in folders if folder.exists() or is_half_replaced(folder))
    return next(there, folders[0])


def notebooks_folder() -> Path:
    """Return the folder of the chapters: the project's if it has any, else the package's."""
    own = working_folder() / NOTEBOOKS
    return own if any(own.glob(NUMBERED)) else SUPPLIED / NOTEBOOKS


def reports_folder() -> Path:
    """Return where reports go: beside data/ of a project, within a folder of cases elsewhere, else here."""
    try:
        data = data_folder().absolute()
    except InputError:
        return Path.cwd() / REPORTS
    is_of_project = data.name == DATA and (data.parent / NOTEBOOKS).is_dir()
    return (data.parent if is_of_project else data) / REPORTS


def case_names() -> list[str]:
    """Return the names of one's own cases, of the package's where there is no project, in order."""
    return _names(data_folders()[0])


def known_case_names() -> list[str]:
    """Return the names of all cases that can be asked for, the package's too, in order."""
    names = {name for folder in data_folders() for name in _names(folder)}
    return sorted(name for name in names if (case_folder(name) / "case.toml").exists())


def _names(folder: Path) -> list[str]:
    return sorted(path.parent.name for path in folder.glob("[!.]*/case.toml"))
