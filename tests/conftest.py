"""What several test files share."""

import shutil
from pathlib import Path

import pytest
from hypothesis import settings

from businesscase.cases.case import load_case

ROOT = Path(__file__).parents[1]

# the same examples on every run, and no failure because a machine is slow
settings.register_profile("repeatable", derandomize=True, deadline=None)
settings.load_profile("repeatable")


@pytest.fixture
def data_copy(tmp_path, monkeypatch):
    """Return a copy of data/ that a test may break; the library reads it in place of data/."""
    folder = tmp_path / "data"
    shutil.copytree(ROOT / "data", folder)
    monkeypatch.setenv("BUSINESSCASE_DATA", str(folder))
    load_case.cache_clear()
    yield folder
    load_case.cache_clear()
