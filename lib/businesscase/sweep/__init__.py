"""The command ``businesscase sweep``: makes futures here or on a cluster, and writes what is found.

``sweep.parquet`` holds one row a future and one row group a chunk; ``sweep.json`` holds what was
found. The same inputs give the same bytes, wherever the chunks were made.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import fastparquet
import numpy as np
import pandas as pd

from businesscase.case import BASE
from businesscase.discovery import Columns
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
from businesscase.study.uncertainty import SEED, UncertaintyStudy

DRAWS = 100_000
FAILS = "{}_fails"
WORTH = "net_present_value"


class Files(NamedTuple):
    """Where the futures and the findings of a sweep are."""

    futures: Path
    found: Path


def files(folder: Path | str, study: UncertaintyStudy) -> Files:
    """Return the files of a study's sweep; those of a scenario other than the base have its name."""
    name = "sweep" if study.scenario_name == BASE else f"sweep-{study.scenario_name}"
    place = Path(folder) / study.case.name
    return Files(place / f"{name}.parquet", place / f"{name}.json")


def write_sweep(
    study: UncertaintyStudy,
    folder: Path | str,
    draws: int = DRAWS,
    seed: int = SEED,
    scheduler: str | None = None,
) -> Findings:
    """Make the futures of a study, write them and what is found, and return that.

    Parameters
    ----------
    study : UncertaintyStudy
        The case under a scenario.
    folder : Path or str
        Reports folder; the case's folder in it is made if need be.
    draws, seed : int
        Number of futures, and the seed from which they and nothing else follow.
    scheduler : str, optional
        Address of a Dask scheduler whose workers make the chunks.

    Raises
    ------
    InputError
        If the case has nothing to sweep, or what the command needs isn't there.
    """
    sweep = sweep_of(study)
    made = made_here(sweep, draws, seed)
    if scheduler:
        from businesscase.sweep.cluster import made_on_cluster  # slow to import

        made = made_on_cluster(sweep, draws, seed, scheduler)
    written = files(folder, study)
    written.futures.parent.mkdir(parents=True, exist_ok=True)
    unfinished = written.futures.with_suffix(".unfinished")
    try:
        peeled = _write_futures(sweep, made, unfinished, draws)
        boxes = in_all = peeled.boxes()
        if peeled.counted > peeled.kept:
            in_all = counted_in(boxes, peeled.sought, read_parts(sweep, unfinished))
        found = findings(sweep, peeled, seed, boxes, in_all)
        text = json.dumps(found.as_dict(), indent=1, ensure_ascii=False, allow_nan=False)
        unfinished.replace(written.futures)
        written.found.write_text(f"{text}\n", encoding="utf-8", newline="\n")
    finally:
        unfinished.unlink(missing_ok=True)
    return found


def _write_futures(sweep: Sweep, made: Iterator[Futures], path: Path, draws: int) -> Peeled:
    """Write chunks as they come, a row group each, and keep what the peel needs."""
    peeled = Peeled(draws)
    for futures in made:
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
