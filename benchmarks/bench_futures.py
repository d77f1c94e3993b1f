"""Time the joint futures of money, risks and plan: 100,000 of the worked example, within 2 seconds.

Run it as ``python benchmarks/bench_futures.py``. Beside it stands the same with half the futures, in a
process of its own, so that memory that grows with them is seen.
"""

import os
import resource
import subprocess
import sys
import time

from businesscase.calculations.uncertainty import CHUNK, CHUNKS
from businesscase.study import Study, load_study

CASE, BAR, REPEATS = "worked-example", 2.0, 3
MEMORY_BAR = 20.0  # more for twice the futures [MB]


def seconds() -> float:
    """Return the fewest seconds in which all futures of a study that knows nothing are made."""
    found = []
    for _ in range(REPEATS):
        case = load_study(CASE).case
        study = Study(case, "base", case.scenarios["base"].parameters)
        started = time.perf_counter()
        for number in range(CHUNKS):
            study.uncertainty.net(study.uncertainty.drawn(number), CHUNK)
        found.append(time.perf_counter() - started)
    return min(found)


def made_alone(chunks: int) -> float:
    """Return the most memory of a process that makes some chunks of futures [MB]."""
    done = subprocess.run([sys.executable, __file__, str(chunks)], capture_output=True, check=True)
    return float(done.stdout)


def main() -> None:
    """Compare and print."""
    taken = seconds()
    half, whole = made_alone(CHUNKS // 2), made_alone(CHUNKS)
    verdicts = [
        "met" if at <= bar else "NOT met" for at, bar in ((taken, BAR), (whole - half, MEMORY_BAR))
    ]
    print(f"{CHUNK * CHUNKS:,} futures of {CASE}, money, risks and plan, on {os.cpu_count()} cores")
    print(f"  plan, flows and futures anew {taken:8.2f} s   bar {BAR} s: {verdicts[0]}")
    print(f"  memory at {CHUNK * CHUNKS // 2:9,} {half:14.0f} MB")
    print(
        f"  memory at {CHUNK * CHUNKS:9,} {whole:14.0f} MB  bar {MEMORY_BAR:.0f} MB more: {verdicts[1]}"
    )


if __name__ == "__main__":
    if len(sys.argv) > 1:
        of = load_study(CASE).uncertainty
        for number in range(int(sys.argv[1])):
            of.net(of.drawn(number), CHUNK)
        scale = 1e6 if sys.platform == "darwin" else 1e3
        print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / scale)
    else:
        main()
