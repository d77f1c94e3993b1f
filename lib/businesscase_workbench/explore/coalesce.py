"""Many changes in a short time, few runs of the model."""

import asyncio
from collections.abc import Awaitable, Callable

QUIET = 0.06  # seconds without a change after which the last one is shown
LONGEST = 0.4  # seconds for which changes may hold a redraw back


class Coalescer:
    """Runs a coroutine for the first change at once, and once more when changes have come to rest.

    Parameters
    ----------
    run : callable
        Takes a function that tells whether a newer change waits, so that it can stop early.
    """

    def __init__(self, run: Callable[[Callable[[], bool]], Awaitable[None]]):
        self._run = run
        self._changed = 0.0
        self._waiting = False
        self._task: asyncio.Task | None = None
        self.runs = 0

    def request(self) -> None:
        """Ask for a run that takes in what has changed."""
        self._changed = asyncio.get_running_loop().time()
        self._waiting = True
        if self._task is None or self._task.done():
            self._task = asyncio.ensure_future(self._work())

    async def settled(self) -> None:
        """Wait until every change has been shown."""
        while self._task is not None and not self._task.done():
            await asyncio.shield(self._task)

    async def _work(self) -> None:
        while self._waiting:
            self._waiting = False
            self.runs += 1
            await self._run(lambda: self._waiting)
            await self._rest()

    async def _rest(self) -> None:
        """Wait until no change has come for a while, so that a held key is one change."""
        loop = asyncio.get_running_loop()
        started = loop.time()
        await asyncio.sleep(0)
        while loop.time() - started < LONGEST:
            left = self._changed + QUIET - loop.time()
            if left <= 0:
                return
            await asyncio.sleep(left)
