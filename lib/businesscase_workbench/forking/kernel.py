"""The kernel that a server forks: what a plain one is, without the seconds of its imports."""

import atexit
import importlib.util
import os
import sys
import threading

from ipykernel.kernelapp import IPKernelApp

from businesscase_workbench.forking.server import SET_BY_IMPORTS


def run(command: list[str]) -> None:
    """Be the kernel that a command line ``python -m ipykernel_launcher ...`` would have started."""
    _, _, launcher, *arguments = command
    sys.orig_argv[:] = command
    sys.argv[:] = [importlib.util.find_spec(launcher).origin, *arguments]
    os.environ["JPY_PARENT_PID"] = str(os.getppid())
    for name, value in SET_BY_IMPORTS.items():
        os.environ.setdefault(name, value)
    _forget()
    try:
        # given here, because the class has read the variable when it was imported
        application = IPKernelApp.instance(parent_handle=os.getppid())
        application.initialize(arguments)
        application.start()
    finally:
        _end()


def _forget() -> None:
    """Take back what the imported libraries have found out about a process without a kernel."""
    # plotly chooses how to show a figure when its module is imported, by kernel and environment
    if sys.modules.pop("plotly.io._renderers", None):
        for name in ("_renderers", "renderers", "show"):
            vars(sys.modules["plotly.io"]).pop(name, None)


def _end() -> None:
    """Do what Python does when it ends, which is left out when a fork ends."""
    for thread in threading.enumerate():
        if not thread.daemon and thread is not threading.current_thread():
            thread.join()
    atexit._run_exitfuncs()
