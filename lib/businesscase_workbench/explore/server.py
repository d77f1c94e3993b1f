"""Serving the notebooks: on this machine only, with a token; as pages nothing but the explorers."""

import os
from collections.abc import Sequence
from pathlib import Path

from businesscase.cases.errors import InputError

HERE_ALONE = "127.0.0.1"
TEMPLATES = Path(__file__).parent / "jupyter"  # found by way of JUPYTER_PATH
EXPLORERS = [r"[a-z_]+\.ipynb"]  # the files that pages are made of, and no other
IDLE_SECONDS, CHECK_SECONDS = 600, 60
# a browser asks nobody but this server, whatever a case says
NOTHING_LEAVES = (
    "default-src 'self' data: blob: ws://127.0.0.1:* ws://localhost:*; script-src 'self' 'unsafe-inline' 'unsafe-eval' blob:; "
    "style-src 'self' 'unsafe-inline' data:; frame-ancestors 'self'"
)


def serve(notebooks: Path, arguments: Sequence[str] = ()) -> None:
    """Serve a folder of notebooks with Voilà until it is interrupted.

    Voilà reads a user's voila.json last, whatever is said here: what would let others in is refused.

    Raises
    ------
    InputError
        If it would let in who has no token, listen to other machines, or serve other files.
    """
    os.environ["JUPYTER_PATH"] = os.pathsep.join(
        filter(None, [str(TEMPLATES), os.environ.get("JUPYTER_PATH")])
    )
    os.environ["JUPYTER_PREFER_ENV_PATH"] = "1"  # the kernel of this Python, not one the user added
    from traitlets.config import Config  # slow to import, and only needed here
    from voila.app import Voila

    from businesscase_workbench.explore.kernels import BoundedKernels

    config = Config(
        {
            "Voila": {
                "ip": HERE_ALONE,
                "auto_token": True,
                "tornado_settings": {"headers": {"Content-Security-Policy": NOTHING_LEAVES}},
            },
            "VoilaConfiguration": {
                "template": "businesscase",
                "strip_sources": True,
                "file_allowlist": EXPLORERS,
                "prelaunch_hook": _prepare,
                "multi_kernel_manager_class": BoundedKernels,
            },
            "MappingKernelManager": {
                "cull_idle_timeout": IDLE_SECONDS,
                "cull_interval": CHECK_SECONDS,
            },
        }
    )
    server = Voila.instance(config=config)
    server.initialize([str(notebooks), *arguments])
    # Voilà makes its own as it starts to listen
    token = {} if server.token is None else {"token": server.token}
    identity_provider = server.identity_provider_class(parent=server, **token)
    makes_token = server.auto_token or bool(server.token)
    other_files = server.voila_configuration.file_allowlist != EXPLORERS
    _refuse_open(
        "Voilà", server.ip, makes_token and identity_provider.auth_enabled, other_files=other_files
    )
    server.start()


def _prepare(handler, notebook, cwd: str) -> None:
    """Let a page end its kernel when it is closed.

    A page that is left asks for that with the token that this cookie holds; without it Voilà refuses.
    """
    handler.set_cookie("_xsrf", handler.xsrf_token, path=handler.base_url)


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
    # the reference pages: what is served as a file of the notebooks' folder can't lead to another
    options.append(f"--ServerApp.extra_static_paths={notebooks.parent / 'site'}")
    server = LabApp.initialize_server([*options, *arguments])
    _refuse_open("JupyterLab", server.ip, server.identity_provider.auth_enabled)
    server.start()


def _refuse_open(server: str, ip: str, has_token: bool, other_files: bool = False) -> None:
    """Refuse to start a server that the user's own settings open to others."""
    faults = {
        "without a token": not has_token,
        "to other machines": ip != HERE_ALONE,
        "files besides the explorers": other_files,
    }
    found = " and ".join(fault for fault, is_so in faults.items() if is_so)
    if found:
        raise InputError(
            f"{server} is set to serve {found}; "
            "take that out of the settings that 'jupyter --paths' lists"
        )
