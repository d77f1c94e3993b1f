"""Where reports go: a folder, or an address such as s3://bucket/reports."""

import json
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit
from urllib.request import url2pathname

from filelock import FileLock

from businesscase.cases.errors import InputError
from businesscase.cases.folder import named, write_file
from businesscase_workbench.batch.manifest import file_hash, is_sealed, json_text

MANIFEST = "manifest.json"


@dataclass(frozen=True)
class Job:
    """A case under a scenario, to be made into a report in a folder of these names."""

    case: str
    scenario: str

    @property
    def name(self) -> str:
        """Where the report lies within the store."""
        return f"{self.case}/{self.scenario}"


class Store(Protocol):
    """What the batch asks of the place where reports go."""

    def manifest(self, job: Job) -> dict | None:
        """Return the manifest of a report that is there with every file whole, else None."""

    def publish(self, job: Job, folder: Path) -> None:
        """Put a finished report in the place of an earlier one, or of a failure."""

    def fail(self, job: Job, folder: Path | None = None) -> None:
        """Keep what a failed job left in its folder, and remove the report of an earlier run."""

    def has_evidence(self, job: Job) -> bool:
        """Return whether a failed job left something in its folder."""

    def status(self, job: Job) -> dict:
        """Return how a job stands, empty if nobody wrote it."""

    def write_status(self, job: Job, status: dict) -> None:
        """Write how a job stands."""

    def write_text(self, name: str, text: str) -> str:
        """Write a file at the top and return where it is."""


def store_at(place: str) -> Store:
    """Return the store at a folder or an address.

    Raises
    ------
    InputError
        If it is an address that can't be used, or what reads such addresses isn't installed.
    """
    if place.startswith("file://"):
        return FolderStore(Path(url2pathname(urlsplit(place).path)))
    return _url_store(place) if "://" in place else FolderStore(Path(place))


class FolderStore:
    """Reports in a folder: each is made in a hidden folder beside its own and renamed when whole.

    A lock for each job, which the system frees when its holder dies, keeps two batches apart.
    """

    def __init__(self, folder: Path):
        self.folder = folder.resolve()

    @contextmanager
    def making(self, job: Job) -> Iterator[Path]:
        """Give an empty folder in which to make a report, to nobody else until it is left."""
        with self._locked(job):
            unfinished = self._unfinished(job)
            shutil.rmtree(unfinished, ignore_errors=True)  # of a run that was cut off
            with named(self.report(job)):
                unfinished.mkdir()
            try:
                yield unfinished
            finally:
                shutil.rmtree(unfinished, ignore_errors=True)

    def manifest(self, job: Job) -> dict | None:
        """Return the manifest of a report that is there with every file whole, else None."""
        final = self.report(job)
        try:
            found = json.loads((final / MANIFEST).read_text(encoding="utf-8"))
            # a file that isn't named there, as a notebook's checkpoint, is no part of the report
            whole = all(file_hash(final / name) == file for name, file in found["files"].items())
            return found if whole and is_sealed(found) else None
        except (OSError, ValueError, KeyError, TypeError, AttributeError):
            return None

    def publish(self, job: Job, folder: Path) -> None:
        """Put a finished report in the place of an earlier one, or of a failure."""
        final = self.report(job)
        shutil.rmtree(final, ignore_errors=True)
        folder.rename(final)
        shutil.rmtree(self.evidence(job), ignore_errors=True)

    def fail(self, job: Job, folder: Path | None = None) -> None:
        """Keep what a failed job left in its folder, and remove the report of an earlier run.

        Without a folder, of a job whose process died, what it left is looked for.
        """
        if folder is None:
            with self._locked(job):
                # a report without anything unfinished was published, by this batch or another
                if self._unfinished(job).exists() or self.manifest(job) is None:
                    self.fail(job, self._unfinished(job))
            return
        for earlier in (self.evidence(job), self.report(job)):
            shutil.rmtree(earlier, ignore_errors=True)
        with suppress(OSError):
            if any(folder.iterdir()):  # nothing if it failed before the first notebook
                folder.rename(self.evidence(job))

    def has_evidence(self, job: Job) -> bool:
        """Return whether a failed job left something in its folder."""
        return self.evidence(job).is_dir()

    def status(self, job: Job) -> dict:
        """Return how a job stands, empty if nobody wrote it."""
        try:
            return json.loads(self._status(job).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}

    def write_status(self, job: Job, status: dict) -> None:
        """Write how a job stands."""
        path = self._status(job)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, json_text(status))

    def write_text(self, name: str, text: str) -> str:
        """Write a file at the top and return where it is."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, text)
        return str(path)

    def report(self, job: Job) -> Path:
        """Return the folder of a report."""
        return self.folder / job.name

    def evidence(self, job: Job) -> Path:
        """Return the folder of what a failed job left."""
        return self.folder / f"{job.name}.failed"

    @contextmanager
    def _locked(self, job: Job) -> Iterator[None]:
        parent = self.folder / job.case
        parent.mkdir(parents=True, exist_ok=True)
        lock = FileLock(parent / f".{job.scenario}.lock")
        with named(self.report(job)):
            held = lock.acquire()
        with held:
            yield

    def _unfinished(self, job: Job) -> Path:
        return self.folder / job.case / f".{job.scenario}.unfinished"

    def _status(self, job: Job) -> Path:
        return self.folder / job.case / f"{job.scenario}.status.json"


class StoreError(InputError, OSError):
    """An address that can't be used; met like a folder that can't."""


class UrlStore:
    """Reports at an fsspec address. Credentials come from the environment.

    An object is there whole or not at all, and a report counts only with its manifest, which is
    the first object to be removed and the last to be uploaded. Any number of threads may use it.

    Raises
    ------
    InputError
        If it is an address that can't be used, or what reads such addresses isn't installed.
    """

    def __init__(self, url: str):
        parts = urlsplit(url)
        if "@" in parts.netloc:
            raise InputError(
                f"{parts.scheme}://...@...: credentials are given in the environment,"
                " not in an address, which others see"
            )
        if parts.scheme == "memory":
            raise InputError(f"{url}: the memory of one process can't hold what others make")
        self.url = url.rstrip("/")
        try:
            from fsspec.core import url_to_fs

            self.system, self.root = url_to_fs(self.url, use_listings_cache=False)
        except ImportError as error:
            raise InputError(f"{url}: {error}; pip install .[cluster] brings s3://") from None
        except Exception as error:
            raise StoreError(f"{url}: {_first_line(error)}") from None

    def manifest(self, job: Job) -> dict | None:
        """Return the manifest of a report that is there with every file of its size, else None."""
        try:
            found = json.loads(self._read(f"{job.name}/{MANIFEST}"))
            there = self._files(job.name)
            whole = all(there[name] == file["bytes"] for name, file in found["files"].items())
            return found if whole and is_sealed(found) else None
        except (FileNotFoundError, ValueError, KeyError, TypeError, AttributeError) as error:
            if isinstance(error, StoreError):
                raise
            return None

    def publish(self, job: Job, folder: Path) -> None:
        """Put a finished report in the place of an earlier one, or of a failure."""
        self._remove(job.name)
        files = {f"{job.name}/{path.name}": path for path in folder.iterdir()}
        manifest = {name: files.pop(name) for name in [f"{job.name}/{MANIFEST}"]}
        self._upload(files)
        self._upload(manifest)
        self._remove(f"{job.name}.failed")

    def fail(self, job: Job, folder: Path | None = None) -> None:
        """Keep what a failed job left in its folder, and remove the report of an earlier run."""
        self._remove(job.name)
        self._remove(f"{job.name}.failed")
        if folder and folder.is_dir():
            self._upload({f"{job.name}.failed/{path.name}": path for path in folder.iterdir()})

    def has_evidence(self, job: Job) -> bool:
        """Return whether a failed job left something in its folder."""
        return bool(self._files(f"{job.name}.failed"))

    def status(self, job: Job) -> dict:
        """Return how a job stands, empty if nobody wrote it."""
        try:
            return json.loads(self._read(f"{job.name}.status.json"))
        except (FileNotFoundError, json.JSONDecodeError):
            return {}

    def write_status(self, job: Job, status: dict) -> None:
        """Write how a job stands."""
        self.write_text(f"{job.name}.status.json", json_text(status))

    def write_text(self, name: str, text: str) -> str:
        """Write a file at the top and return where it is."""
        with tempfile.TemporaryDirectory(prefix="businesscase-") as folder:
            path = Path(folder) / Path(name).name  # its ending tells browsers what it is
            path.write_text(text, encoding="utf-8", newline="\n")
            self._upload({name: path})
        return f"{self.url}/{name}"

    def _read(self, name: str) -> bytes:
        with self._usable(may_be_missing=True):
            return self.system.cat_file(self._place(name))

    def _files(self, name: str) -> dict[str, int]:
        """Return the sizes [bytes] of the files in a folder, by name; empty if there is none."""
        try:
            with self._usable(may_be_missing=True):
                found = self.system.find(self._place(name), detail=True)
        except FileNotFoundError:
            return {}
        return {Path(path).name: file["size"] for path, file in found.items()}

    def _upload(self, files: dict[str, Path]) -> None:
        places = [self._place(name) for name in files]
        with self._usable():
            self.system.put([str(path) for path in files.values()], places)

    def _remove(self, name: str) -> None:
        there = sorted(self._files(name), key=lambda file: file != MANIFEST)  # it goes first
        with self._usable():
            for file in there:
                self.system.rm_file(self._place(f"{name}/{file}"))

    def _place(self, name: str) -> str:
        return f"{self.root.rstrip('/')}/{name}"

    @contextmanager
    def _usable(self, may_be_missing: bool = False) -> Iterator[None]:
        """Say in a sentence why the address can't be used; each library has its own exceptions."""
        try:
            yield
        except Exception as error:
            if may_be_missing and isinstance(error, FileNotFoundError):
                raise
            raise StoreError(f"{self.url}: {_first_line(error)}") from None


@cache
def _url_store(url: str) -> UrlStore:
    """Return the one store of this process at an address, which keeps its connections."""
    return UrlStore(url)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).strip().splitlines()), type(error).__name__)
