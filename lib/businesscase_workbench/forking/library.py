"""Both packages as files: what tells one version of it from another, and where its kernel is."""

import hashlib
from pathlib import Path

import businesscase

WORKBENCH = Path(__file__).parents[1]
PACKAGES = [Path(businesscase.__file__).parent, WORKBENCH]


def library_hash() -> str:
    """Return the SHA-256 of the packages' files: code, templates, scripts."""
    digest = hashlib.sha256()
    for package in PACKAGES:
        for path in sorted(package.rglob("*")):
            if path.is_file() and path.parent.name != "__pycache__":
                contents = hashlib.sha256(path.read_bytes()).hexdigest()
                place = path.relative_to(package.parent).as_posix()
                digest.update(f"{place}\0{contents}\0".encode())
    return digest.hexdigest()


def kernels_path() -> str:
    """Return the folder that JUPYTER_PATH must name for Jupyter to find the fast kernel."""
    return str(WORKBENCH / "forking" / "jupyter")
