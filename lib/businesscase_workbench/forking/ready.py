"""A client that goes on as soon as its kernel is ready; Jupyter's own first listens for 0.2 s."""

import time
from queue import Empty
from typing import Any

from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.manager import KernelManager


class ReadyClient(AsyncKernelClient):
    """Jupyter's client, but for how it finds the kernel's output channel silent.

    The original waits until nothing has come for 0.2 s. This one waits for the message that says
    that the kernel is done with what it was asked, which is the last one.
    """

    async def wait_for_ready(self, timeout: float | None = None) -> None:
        """Wait until the kernel answers on both channels.

        Raises
        ------
        RuntimeError
            If it ends first or takes longer than the timeout [s].
        """
        if not isinstance(self.parent, KernelManager):
            await super().wait_for_ready(timeout)
            return
        until = time.monotonic() + (float("inf") if timeout is None else timeout)
        while not await self._answers():
            if not await self._async_is_alive():
                raise RuntimeError("Kernel died before replying to kernel_info")
            if time.monotonic() > until:
                raise RuntimeError(f"Kernel didn't respond in {timeout:g} seconds")

    async def _answers(self) -> bool:
        """Ask for information and return whether reply and end of output came."""
        asked = self.kernel_info()
        try:
            while not _is_reply(reply := await self.get_shell_msg(timeout=1), asked):
                pass
            while not _is_last(await self.get_iopub_msg(timeout=0.2), asked):
                pass
        except Empty:
            return False
        self._handle_kernel_info_reply(reply)
        return True


def _is_reply(message: dict[str, Any], asked: str) -> bool:
    return message["parent_header"].get("msg_id") == asked


def _is_last(message: dict[str, Any], asked: str) -> bool:
    is_idle = message["content"].get("execution_state") == "idle"
    return is_idle and _is_reply(message, asked)
