"""The kernels of the explorers' pages: a few at most, whatever happens to the pages."""

from jupyter_server.services.kernels.kernelmanager import AsyncMappingKernelManager

MOST = 8  # pages that compute at once


class BoundedKernels(AsyncMappingKernelManager):
    """Kernels of which the one that was left alone longest ends where one more would be too many.

    A page that is closed ends its own; a browser that crashes does not.
    """

    async def start_kernel(self, **given) -> str:
        """Start a kernel, and end those that are then too many, first those without a page."""
        started = await super().start_kernel(**given)
        others = [kernel for kernel in self.list_kernel_ids() if kernel != started]
        for kernel in sorted(others, key=self._use)[: max(0, len(others) + 1 - MOST)]:
            await self.shutdown_kernel(kernel)
        return started

    def _use(self, kernel: str) -> tuple[bool, str]:
        """Return whether a page is connected to a kernel, and when it was last active."""
        model = self.kernel_model(kernel)
        return model["connections"] > 0, model["last_activity"]
