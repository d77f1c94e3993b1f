"""A council's own project: a folder for its cases, their reports and its notebooks.

The files beside this module are those that it begins with.
"""

import os
import shutil
import tempfile
from importlib.resources import as_file, files
from pathlib import Path

from businesscase.cases.case import described_data
from businesscase.cases.errors import InputError

FILES = ("README.md", "gitignore", "data/README.md", "notebooks/our-case.ipynb")
HIDDEN = {"gitignore": ".gitignore"}  # named so that it rules nothing here


def new_project(folder: Path) -> None:
    """Make the folder of a project, whole or not at all.

    Raises
    ------
    InputError
        If something is there already.
    """
    if os.path.lexists(folder):
        raise InputError(f"{folder} exists; nothing is written over it")
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as place:
        made = Path(place) / folder.name
        (made / "reports").mkdir(parents=True)
        for name in FILES:
            path = made / HIDDEN.get(name, name)
            path.parent.mkdir(exist_ok=True)
            with as_file(files(__name__) / name) as there:
                shutil.copyfile(there, path)
        columns = made / "data" / "README.md"
        columns.write_text(described_data(columns.read_text(encoding="utf-8")), encoding="utf-8")
        made.rename(folder)
