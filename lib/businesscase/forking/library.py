"""The library as files: what tells one version of it from another, and where its kernel is."""

import hashlib
from pathlib import Path

PACKAGE = Path(__file__).parents[1]


def library_hash() -> str:
    """Return the SHA-256 of the package's files: code, templates, scripts."""
    digest = hashlib.sha256()
    for path in sorted(PACKAGE.rglob("*")):
        if path.is_file() and path.parent.name != "__pycache__":
            contents = hashlib.sha256(path.read_bytes()).hexdigest()
            digest.update(f"{path.relative_to(PACKAGE).as_posix()}\0{contents}\0".encode())
    return digest.hexdigest()


def kernels_path() -> str:
    """Return the folder that JUPYTER_PATH must name for Jupyter to find the fast kernel."""
    return str(PACKAGE / "forking" / "jupyter")
