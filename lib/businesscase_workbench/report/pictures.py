"""Static pictures of plotly's figures, for paper: drawn by one browser that stays open meanwhile."""

import asyncio
import copy
import logging
import re
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

from businesscase.cases.errors import InputError
from businesscase_workbench.report.content import FigureShown, Report

WIDTH = 800  # pixels: on paper 16.6 cm wide, type of 14 pixels is 8 points high
HEIGHT = 420
SCALE = 2.0  # 245 pixels to the inch on paper
TITLE_GAP = 12  # pixels left above a drawing whose title is its caption
SLANTED_GAP = 44  # the same where slanted labels reach into the title's room
SECONDS_TO_START = 60  # on a slow computer it takes ten
SECONDS_TO_DRAW = 60  # on a slow computer it takes two
SECONDS_TO_CLOSE = 5
NEEDED = "charts on paper need a browser to draw them"
ANOTHER = "name another Chrome, Chromium or Edge in the variable BROWSER_PATH"
NO_BROWSER = (
    f"{NEEDED}, and none was found: install Chrome, Chromium or Edge, or name its program in the "
    "variable BROWSER_PATH"
)
BROKEN = f"{NEEDED}, and {{program}} {{what}}: {ANOTHER}"
NOT_STARTED = "doesn't start"
NOT_ANSWERED = "doesn't answer within {seconds} seconds"
GONE = "ended while it drew"


class Pictures:
    """A browser that draws figures until it is closed.

    It is ended, with all that it has started, once it doesn't answer in time or the wait is
    interrupted.

    Examples
    --------
    >>> with Pictures() as pictures:  # doctest: +SKIP
    ...     png = pictures.png(figure)
    """

    def __enter__(self) -> "Pictures":
        self._browser = _browser()
        # a thread of its own, because the caller's may have an event loop that runs, as Jupyter's
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="pictures")
        self._loop = asyncio.Runner()
        try:
            self._run(SECONDS_TO_START, self._browser.open)
        except BaseException as error:
            self._close()
            if isinstance(error, KeyboardInterrupt | InputError):
                raise
            raise self._refused(NOT_STARTED) from error
        return self

    def __exit__(self, *_: object) -> None:
        self._close()

    def png(
        self,
        figure: Mapping[str, Any],
        width: int = WIDTH,
        height: int | None = None,
        scale: float = SCALE,
    ) -> bytes:
        """Return a figure as PNG, the same bytes for the same figure on the same machine."""
        return self._drawn(
            figure, {"format": "png", "width": width, "height": height, "scale": scale}
        )

    def svg(
        self, figure: Mapping[str, Any], width: int = WIDTH, height: int | None = None
    ) -> bytes:
        """Return a figure as SVG, the same bytes for the same figure on the same machine."""
        return settled(self._drawn(figure, {"format": "svg", "width": width, "height": height}))

    def _drawn(self, figure: Mapping[str, Any], options: dict[str, Any]) -> bytes:
        options["height"] = options["height"] or figure["layout"].get("height", HEIGHT)
        traces = [{**trace, "uid": f"{number:06d}"} for number, trace in enumerate(figure["data"])]
        try:
            return self._run(
                SECONDS_TO_DRAW, self._browser.calc_fig, {**figure, "data": traces}, options
            )
        except _gone() as error:
            raise self._refused(GONE) from error

    def _run(self, seconds: float, task: Callable, *arguments: Any) -> Any:
        answer = self._thread.submit(lambda: self._loop.run(task(*arguments)))
        try:
            return answer.result(seconds)
        except TimeoutError:
            raise self._refused(NOT_ANSWERED.format(seconds=seconds)) from None
        finally:
            if not answer.done():
                self._end()

    def _refused(self, what: str) -> InputError:
        program = self._browser._browser_impl.path
        return InputError(BROKEN.format(program=program, what=what))

    def _end(self) -> None:
        """End the browser; what waits for it then fails."""
        if process := getattr(self._browser, "subprocess", None):
            process.terminate()

    def _close(self) -> None:
        with suppress(InputError, *_gone()):
            self._run(SECONDS_TO_CLOSE, self._browser.close)
        self._thread.submit(self._loop.close).result()
        self._thread.shutdown()


def _browser():
    # here, because it takes a second that a report without charts needn't wait
    from choreographer.errors import ChromeNotFoundError

    from businesscase_workbench.report.browser import chart_browser

    # what it tells of half a message when the browser closes says nothing to a reader
    logging.getLogger("choreographer").setLevel(logging.CRITICAL)
    try:
        return chart_browser()
    except ChromeNotFoundError:
        raise InputError(NO_BROWSER) from None


def _gone() -> tuple[type[BaseException], ...]:
    """Return what is raised where a browser has ended."""
    from choreographer import errors

    return (
        asyncio.CancelledError,
        errors.BrowserClosedError,
        errors.BrowserFailedError,
        errors.ChannelClosedError,
    )


def drawn(reports: Iterable[Report], draw: Callable[[dict], bytes]) -> dict[str, bytes]:
    """Return a picture of each figure of some reports by the figure's name, which means one in all of them.

    Parameters
    ----------
    draw : function of a figure
        For instance ``pictures.png`` or ``pictures.svg``.
    """
    figures = {
        block.name: block.figure
        for report in reports
        for chapter in report.chapters
        for block in chapter.blocks
        if isinstance(block, FigureShown)
    }
    return {name: draw(untitled(figure)) for name, figure in figures.items()}


def untitled(figure: Mapping[str, Any]) -> dict[str, Any]:
    """Return a figure without its title and the room for it: on paper the caption says it.

    Examples
    --------
    >>> figure = {"data": [], "layout": {"title": {"text": "a<br>b"}, "margin": {"t": 84}, "height": 400}}
    >>> untitled(figure)["layout"]
    {'margin': {'t': 12}, 'height': 328}
    """
    layout = copy.deepcopy(dict(figure["layout"]))
    title = layout.pop("title", {}).get("text", "")
    if not title or "margin" not in layout:
        return {**figure, "layout": layout}
    # shown/display.py: 40 pixels and 22 for each line of the title; the rest is a legend's room
    slanted = any(note.get("textangle") for note in layout.get("annotations", ()))
    gap = SLANTED_GAP if slanted else TITLE_GAP
    room = min(40 + 22 * (title.count("<br>") + 1), layout["margin"]["t"]) - gap
    layout["margin"]["t"] -= room
    layout["height"] = layout.get("height", HEIGHT) - room
    return {**figure, "layout": layout}


def settled(svg: bytes) -> bytes:
    """Return plotly's SVG with a fixed mark in the names of its parts in place of a random one.

    Examples
    --------
    >>> settled(b'<defs id="defs-1b2c3d"/><g class="clip1b2c3dxy" id="topdefs-1b2c3d"/>')
    b'<defs id="defs-000000"/><g class="clip000000xy" id="topdefs-000000"/>'
    """
    mark = re.search(rb'id="(?:top)?defs-([0-9a-f]{6})"', svg)
    if not mark:
        return svg
    # a letter or "defs-" is before it, so that no number in a drawing or a text is taken for it
    return re.sub(rb"(?<=[a-z])%b|(?<=defs-)%b" % (mark[1], mark[1]), b"000000", svg)
