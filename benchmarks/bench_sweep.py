"""Time a sweep of many futures, its peel and its file, beside a loop that moves a study to each.

Run with ``make bench`` or ``python benchmarks/bench_sweep.py``. The loop's net present values are
compared with the sweep's before either is timed. Memory is that of a process that only sweeps.
"""

import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
from measuring import best_seconds

from businesscase.calculations import discovery
from businesscase.study import load_study
from businesscase.study.sweep import Peeled, chunks, sweep_of
from businesscase_workbench.batch.sweep import files, write_sweep

CASE, DRAWS, MANY_DRAWS, LOOP_DRAWS, SEED = "worked-example", 100_000, 1_000_000, 40, 1
SECONDS_BAR, MEMORY_BAR = 5.0, 20.0  # for the whole sweep [s]; more for ten times the draws [MB]
ALONE = f"""
import resource, sys, tempfile
from pathlib import Path
from businesscase.study import load_study
from businesscase_workbench.batch.sweep import write_sweep
with tempfile.TemporaryDirectory() as folder:
    write_sweep(load_study({CASE!r}), Path(folder), int(sys.argv[1]), {SEED})
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def moved_worths(sweep, columns: dict[str, np.ndarray], draws: int) -> np.ndarray:
    """Return the net present values of some futures, a study moved to each, lines as planned [£]."""
    kinds = sweep.inputs.set_index("name")["kind"]
    worths = []
    for row in range(draws):
        changes = {name: columns[name][row].item() for name in kinds.index[kinds == "parameter"]}
        for choice, levels in sweep.levels.items():
            changes |= list(levels.values())[columns[choice][row]]
        worths.append(
            sweep.study.moved(changes).savings.net_present_values.reindex(sweep.study.partners)
        )
    return np.array(worths)


def peak_megabytes(draws: int) -> float:
    """Return the most memory that a process of its own takes for a sweep [MB]."""
    command = [sys.executable, "-c", ALONE, str(draws)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    scale = 1e6 if sys.platform == "darwin" else 1e3
    return int(done.stdout) / scale


def verdict(found: float, bar: float) -> str:
    """Return whether a bar is met."""
    return "met" if found <= bar else "NOT met"


def main() -> None:
    """Compare and print."""
    study = load_study(CASE)
    sweep = sweep_of(study)
    columns = sweep.drawn(0, LOOP_DRAWS, SEED)
    lines = sweep.inputs.loc[sweep.inputs["kind"] == "line", "name"]
    columns |= {name: np.ones(LOOP_DRAWS, np.float32) for name in lines}
    risks = sweep.inputs.loc[sweep.inputs["kind"] == "risk", "name"]
    columns |= {name: np.zeros(LOOP_DRAWS, np.float32) for name in risks}
    np.testing.assert_allclose(
        sweep.worth(columns), moved_worths(sweep, columns, LOOP_DRAWS), rtol=0, atol=0.01
    )
    started = time.perf_counter()
    moved_worths(sweep, columns, LOOP_DRAWS)
    loop_seconds = (time.perf_counter() - started) * DRAWS / LOOP_DRAWS

    def futures():
        return [sweep.futures(number, count, SEED) for number, count in chunks(DRAWS)]

    def found():
        return discovery.discovered(peeled.columns, peeled.hits("partnership"))

    peeled = Peeled(DRAWS)
    for chunk in futures():
        peeled.add(chunk)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        seconds = best_seconds(lambda: write_sweep(load_study(CASE), place, DRAWS, SEED))
        size = files(place, study).futures.stat().st_size / 1e6
    few, many = peak_megabytes(DRAWS), peak_megabytes(MANY_DRAWS)
    print(f"{DRAWS:,} futures of {CASE}, {len(sweep.inputs) + len(sweep.levels)} inputs")
    print(f"  inputs and worth      {best_seconds(futures):8.2f} s")
    print(f"  one peel              {best_seconds(found):8.2f} s")
    print(f"  all, two peels, file  {seconds:8.2f} s  bar {SECONDS_BAR:.0f} s: {verdict(seconds, SECONDS_BAR)}; Parquet {size:.1f} MB")  # fmt: skip
    print(f"  a study moved to each {loop_seconds:8.0f} s  (from {LOOP_DRAWS}; {loop_seconds / seconds:,.0f} times as long)")  # fmt: skip
    print(f"  memory at {DRAWS:9,} {few:8.0f} MB")
    print(f"  memory at {MANY_DRAWS:9,} {many:8.0f} MB  bar {MEMORY_BAR:.0f} MB more: {verdict(many - few, MEMORY_BAR)}")  # fmt: skip


if __name__ == "__main__":
    main()
