"""The futures of a sweep made on a Dask cluster: each chunk a task, the arrays come back."""

from collections import deque
from collections.abc import Iterator
from concurrent.futures import CancelledError
from dataclasses import replace

from businesscase.cases.errors import InputError
from businesscase.study import Study
from businesscase.study.sweep import Futures, Sweep, chunks
from businesscase_workbench.batch import cluster

AHEAD = 2  # chunks under way for each thread of the cluster, so that none waits


def made_on_cluster(sweep: Sweep, draws: int, seed: int, scheduler: str) -> Iterator[Futures]:
    """Yield the chunks of a sweep in their order, made by the workers of a Dask cluster.

    The case travels to the workers, which need this package; a few chunks for each thread are
    under way at a time. A chunk whose worker dies is given to another.

    Raises
    ------
    InputError
        If Dask isn't installed, no scheduler answers, it has no workers, their software isn't the
        same, or they keep dying.
    """
    with cluster.connected(scheduler) as client:
        cluster.refuse_unfit(client, cluster.unlike, cluster.software())
        yield from _results(client, scheduler, sweep, chunks(draws), seed)


def _results(
    client, scheduler: str, sweep: Sweep, sizes: list[tuple[int, int]], seed: int
) -> Iterator[Futures]:
    from distributed import KilledWorker

    # the case as a task: data that is scattered is lost with the worker that holds it
    # and of the study only what it is made of, not what it has computed
    study = sweep.study
    study = Study(replace(study.case), study.scenario_name, study.parameters)
    there = client.submit(Sweep, study, pure=False)
    waiting, under_way = deque(sizes), deque()
    try:
        while waiting or under_way:
            most = AHEAD * max(1, sum(client.nthreads().values()))
            while waiting and len(under_way) < most:
                chunk = client.submit(Sweep.futures, there, *waiting.popleft(), seed, pure=False)
                under_way.append(chunk)
            cluster.wait_until(under_way[0].done, client, scheduler)
            yield under_way.popleft().result()
    except KilledWorker:
        raise InputError(f"sweep of {sweep.study.case.name}: {cluster.WORKER_DIED}") from None
    except CancelledError:
        raise InputError(f"{scheduler}: the connection was lost; run it again") from None
    finally:
        if client.status == "running":
            client.cancel([*under_way, there])
