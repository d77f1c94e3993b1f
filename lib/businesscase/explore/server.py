"""Serving the explorers as pages: on this machine only, with a token, and nothing but them."""

import os
from collections.abc import Sequence
from pathlib import Path

TEMPLATES = Path(__file__).parent / "jupyter"  # found by way of JUPYTER_PATH
IDLE_SECONDS, CHECK_SECONDS = 600, 60


def serve(notebooks: Path, arguments: Sequence[str] = ()) -> None:
    """Serve a folder of notebooks with Voilà until it is interrupted."""
    os.environ["JUPYTER_PATH"] = os.pathsep.join(
        filter(None, [str(TEMPLATES), os.environ.get("JUPYTER_PATH")])
    )
    from traitlets.config import Config  # slow to import, and only needed here
    from voila.app import Voila

    kernels = {"cull_idle_timeout": IDLE_SECONDS, "cull_interval": CHECK_SECONDS}
    config = Config(
        {
            "Voila": {"ip": "127.0.0.1", "auto_token": True},
            "VoilaConfiguration": {
                "template": "businesscase",
                "strip_sources": True,
                "file_allowlist": [r"[a-z_]+\.ipynb"],
                "preheat_kernel": True,
            },
            "VoilaKernelManager": {"kernel_pools_config": {"default": {"pool_size": 1}}, **kernels},
            "MappingKernelManager": kernels,
        }
    )
    Voila.launch_instance([str(notebooks), *arguments], config=config)
