"""The browser that draws charts: closed to the network, and gone when its owner is."""

import sys
from pathlib import Path

import kaleido
from choreographer.browsers import Chromium

GUARD = Path(__file__).with_name("guard.py")
OPENING = {"--disable-web-security", "--allow-file-access-from-files"}  # choreographer adds them
CLOSING = [
    "--disable-background-networking",
    "--no-proxy-server",  # which would look hosts up in the browser's place
    "--host-resolver-rules=MAP * ~NOTFOUND",
]


class ClosedChromium(Chromium):
    """Chromium that reaches no host; its profile is new and empty, and is removed after it."""

    def get_cli(self) -> list[str]:
        """Return the command that starts it."""
        command = [part for part in super().get_cli() if part not in OPENING]
        program = command.index(str(self.path))
        # on Windows choreographer starts it without a program between
        guard = [sys.executable, "-I", str(GUARD)] if program else []
        return [*guard, *command[program:], *CLOSING]


class OnePage(kaleido.Kaleido):
    """Kaleido that draws all figures on one page, which it would load anew after each of them.

    A picture takes a sixth of the time and has the same bytes.
    """

    async def _return_kaleido_tab(self, tab) -> None:
        await self.tabs_ready.put(tab)


def chart_browser() -> kaleido.Kaleido:
    """Return a browser for charts, which isn't open yet.

    Raises
    ------
    kaleido.errors.ChromeNotFoundError
        If there is none.
    """
    return OnePage(
        timeout=None,  # how long it may take is the caller's
        mathjax=False,  # which would be fetched from the web
        browser_cls=ClosedChromium,
        enable_extensions=False,
    )
