"""The futures of a sweep made on a Dask cluster: each chunk a task, the arrays come back."""

import logging
from collections import deque
from collections.abc import Iterator
from concurrent.futures import CancelledError
from dataclasses import replace

from businesscase.batch import cluster
from businesscase.errors import InputError
from businesscase.study.sweep import Futures, Sweep, chunks

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
    try:
        from distributed import Client
    except ImportError:
        raise InputError(cluster.NO_DASK) from None
    cluster.refuse_silent(scheduler)
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # said here in a sentence
    with Client(scheduler, timeout=cluster.SECONDS_TO_CONNECT, set_as_default=False) as client:
        _refuse_unfit(client, scheduler)
        yield from _results(client, scheduler, sweep, chunks(draws), seed)


def _refuse_unfit(client, scheduler: str) -> None:
    """Refuse a cluster without workers, or with some that might make other futures."""
    try:
        client.wait_for_workers(1, timeout=cluster.SECONDS_FOR_A_WORKER)
    except TimeoutError:
        raise InputError(
            f"{scheduler}: has no workers; start some with: dask worker {scheduler}"
        ) from None
    own = cluster.software()
    answers = client.run(cluster.software, on_error="return")
    faults = [
        f"{worker}: runs {theirs}; this computer runs {own}"
        for worker, theirs in answers.items()
        if theirs != own
    ]
    if faults:
        raise InputError(faults)


def _results(
    client, scheduler: str, sweep: Sweep, sizes: list[tuple[int, int]], seed: int
) -> Iterator[Futures]:
    from distributed import KilledWorker

    # the case as a task: data that is scattered is lost with the worker that holds it
    # and of the study only what it is made of, not what it has computed
    study = replace(sweep.study, case=replace(sweep.study.case))
    there = client.submit(Sweep, study, pure=False)
    waiting, under_way = deque(sizes), deque()
    try:
        while waiting or under_way:
            most = AHEAD * max(1, sum(client.nthreads().values()))
            while waiting and len(under_way) < most:
                chunk = client.submit(Sweep.futures, there, *waiting.popleft(), seed, pure=False)
                under_way.append(chunk)
            yield under_way.popleft().result()
    except KilledWorker:
        raise InputError(f"sweep of {sweep.study.case.name}: {cluster.WORKER_DIED}") from None
    except CancelledError:
        raise InputError(f"{scheduler}: the connection was lost; run it again") from None
    finally:
        if client.status == "running":
            client.cancel([*under_way, there])
