"""The command ``businesscase sweep``: makes futures here or on a cluster, and writes what is found.

``sweep.parquet`` holds one row a future and one row group a chunk; ``sweep.json`` holds what was
found. The same inputs give the same bytes, wherever the chunks were made.
"""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import NamedTuple

import fastparquet
import numpy as np
import pandas as pd
from filelock import FileLock

from businesscase.calculations.discovery import Columns
from businesscase.calculations.uncertainty import SEED
from businesscase.cases.case import BASE
from businesscase.cases.errors import InputError
from businesscase.cases.folder import named, write_file
from businesscase.study import Study
from businesscase.study.sweep import (
    KINDS,
    Findings,
    Futures,
    Peeled,
    Sweep,
    chunks,
    counted_in,
    findings,
    sweep_of,
)

DRAWS = 100_000
LEAST_DRAWS = 1_000  # of fewer futures a share and a box say little
ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+:/")  # the letter of a drive is none
FAILS = "{}_fails"
WORTH = "net_present_value"


class Files(NamedTuple):
    """Where the futures and the findings of a sweep are."""

    futures: Path
    found: Path


def files(folder: Path | str, study: Study) -> Files:
    """Return the files of a study's sweep; those of a scenario other than the base have its name."""
    name = "sweep" if study.scenario_name == BASE else f"sweep-{study.scenario_name}"
    place = Path(folder) / study.case.name
    return Files(place / f"{name}.parquet", place / f"{name}.json")


def write_sweep(
    study: Study,
    folder: Path | str,
    draws: int = DRAWS,
    seed: int = SEED,
    scheduler: str | None = None,
) -> Findings:
    """Make the futures of a study, write them and what is found, and return that.

    Two sweeps of one scenario into one folder wait for each other, so that the files go together.

    Parameters
    ----------
    study : Study
        The case under a scenario.
    folder : Path or str
        Reports folder; the case's folder in it is made if need be.
    draws, seed : int
        Number of futures, at least ``LEAST_DRAWS``, and the seed from which they and nothing else follow.
    scheduler : str, optional
        Address of a Dask scheduler whose workers make the chunks.

    Raises
    ------
    InputError
        If the case has nothing to sweep, the futures are too few, the folder is an address, or
        what the command needs isn't there.
    """
    if ADDRESS.match(str(folder)):
        raise InputError(f"{folder}: a sweep is written into a folder, not to an address")
    if draws < LEAST_DRAWS:
        raise InputError(f"found {draws:,} futures; a sweep needs at least {LEAST_DRAWS:,}")
    sweep = sweep_of(study)
    made = _made(sweep, draws, seed, scheduler)
    written = files(folder, study)
    written.futures.parent.mkdir(parents=True, exist_ok=True)
    with _unfinished(written.futures) as unfinished:
        peeled = _write_futures(sweep, made, unfinished, draws)
        boxes = in_all = peeled.boxes()
        if peeled.counted > peeled.kept:
            in_all = counted_in(boxes, peeled.sought, read_parts(sweep, unfinished))
        found = findings(sweep, peeled, seed, boxes, in_all)
        text = json.dumps(found.as_dict(), indent=1, ensure_ascii=False, allow_nan=False)
        write_file(written.found, f"{text}\n")
        unfinished.replace(written.futures)
    return found


def _made(sweep: Sweep, draws: int, seed: int, scheduler: str | None) -> Iterator[Futures]:
    if not scheduler:
        return made_here(sweep, draws, seed)
    from businesscase_workbench.batch.sweep.cluster import made_on_cluster  # slow to import

    return made_on_cluster(sweep, draws, seed, scheduler)


@contextmanager
def _unfinished(path: Path) -> Iterator[Path]:
    """Give the path of a file to be renamed when it is whole, to nobody else until it is left."""
    beside = path.with_suffix(".unfinished")
    with named(path):
        held = FileLock(path.with_name(f".{path.stem}.lock")).acquire()
    with held:
        try:
            yield beside
        finally:
            with suppress(OSError):  # where nothing can be written there is nothing
                beside.unlink()


def _write_futures(sweep: Sweep, made: Iterator[Futures], path: Path, draws: int) -> Peeled:
    """Write chunks as they come, a row group each, and keep what the peel needs."""
    peeled = Peeled(draws)
    for futures in made:
        with named(path.with_suffix(".parquet")):
            fastparquet.write(
                str(path),
                as_table(sweep, futures),
                append=peeled.counted > 0,
                compression="ZSTD",
                write_index=False,
            )
        peeled.add(futures)
    return peeled


def read_findings(path: Path) -> Findings:
    """Return what a sweep found, from its JSON file."""
    return Findings.from_dict(json.loads(path.read_text(encoding="utf-8")))


def as_table(sweep: Sweep, futures: Futures) -> pd.DataFrame:
    """Return futures as the file has them: inputs, worth for all and by partner [£], failures."""
    levels, partners = sweep.levels, sweep.study.partners
    columns = {
        name: pd.Categorical.from_codes(values, list(levels[name])) if name in levels else values
        for name, values in futures.columns.items()
    }
    columns[WORTH] = futures.worth.sum(axis=1)
    columns |= {f"{WORTH}: {name}": futures.worth[:, at] for at, name in enumerate(partners)}
    columns |= {FAILS.format(of): fails for of, fails in futures.fails.items()}
    return pd.DataFrame(columns)


def read_parts(sweep: Sweep, path: Path) -> Iterator[tuple[Columns, dict[str, np.ndarray]]]:
    """Yield the inputs and failures of a file's chunks."""
    names = [*sweep.inputs["name"], *sweep.levels]
    wanted = [*names, *(FAILS.format(of) for of in KINDS)]
    with path.open("rb") as file:
        for table in fastparquet.ParquetFile(file).iter_row_groups(columns=wanted):
            columns = {
                name: table[name].cat.codes.to_numpy() if name in sweep.levels else table[name].to_numpy()
                for name in names
            }  # fmt: skip
            yield columns, {of: table[FAILS.format(of)].to_numpy(bool) for of in KINDS}


def made_here(sweep: Sweep, draws: int, seed: int) -> Iterator[Futures]:
    """Yield the chunks of a sweep, made one by one."""
    for number, count in chunks(draws):
        yield sweep.futures(number, count, seed)
