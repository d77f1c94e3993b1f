"""The browser that draws charts, which is gone when its owner is."""

import sys
from pathlib import Path

import kaleido
from choreographer.browsers import Chromium

GUARD = Path(__file__).with_name("guard.py")


class GuardedChromium(Chromium):
    """Chromium that ends, with all that it has started, when its owner does."""

    def get_cli(self) -> list[str]:
        """Return the command that starts it."""
        command = super().get_cli()
        program = command.index(str(self.path))
        # on Windows choreographer starts it without a program between
        guard = [sys.executable, "-I", str(GUARD)] if program else []
        return [*guard, *command[program:]]


def chart_browser() -> kaleido.Kaleido:
    """Return a browser for charts, which isn't open yet.

    Raises
    ------
    kaleido.errors.ChromeNotFoundError
        If there is none.
    """
    return kaleido.Kaleido(
        timeout=None,  # how long it may take is the caller's
        mathjax=False,  # which would be fetched from the web
        browser_cls=GuardedChromium,
    )
