"""Serving the notebooks: on this machine only, with a token; as pages nothing but the explorers."""

import os
from collections.abc import Sequence
from pathlib import Path

from businesscase.errors import InputError

HERE_ALONE = "127.0.0.1"
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
            "Voila": {"ip": HERE_ALONE, "auto_token": True},
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


def serve_lab(notebooks: Path, arguments: Sequence[str] = ()) -> None:
    """Serve a folder of notebooks with JupyterLab until it is interrupted.

    JupyterLab makes a token for each start and prints it; a setting of the user's own that leaves
    it out is refused, because whoever reaches the server can run code as the user.

    Raises
    ------
    InputError
        If the server would let in who has no token, or listen to other machines.
    """
    from jupyterlab.labapp import LabApp  # slow to import, and only needed here

    # on the command line, because that goes before the user's settings
    options = [f"--ServerApp.ip={HERE_ALONE}", f"--ServerApp.root_dir={notebooks}"]
    server = LabApp.initialize_server([*options, *arguments])
    if not server.identity_provider.auth_enabled or server.ip != HERE_ALONE:
        raise InputError(
            "JupyterLab is set to serve without a token or to other machines; "
            "take that out of the settings that 'jupyter --paths' lists"
        )
    server.start()
