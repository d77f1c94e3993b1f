"""Reference pages of the library and of the data, as a folder of HTML that needs no network."""

import pkgutil
import shutil
import tempfile
import warnings
from pathlib import Path

import businesscase
from businesscase.cases.errors import InputError

NOT_READ = ("__main__",)  # modules that are started, and hold nothing to ask for


def write_reference(folder: Path) -> Path:
    """Write a page a module, with what it holds in public, and return the first of them.

    What was in the folder before goes; on a failure it stays.

    Raises
    ------
    InputError
        If the generator isn't installed, or the folder holds something else.
    """
    try:
        import pdoc
    except ImportError:
        raise InputError(
            "pdoc, which writes the reference pages, isn't installed; found with the tests: "
            "pip install 'businesscase[test]'"
        ) from None
    first = folder / "index.html"
    if folder.exists() and any(folder.iterdir()) and not first.exists():
        raise InputError(f"{folder} holds other files; the reference pages need a folder of their own")  # fmt: skip
    pdoc.render.configure(docformat="numpy", show_source=False, include_undocumented=False)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as place:
        made = Path(place) / folder.name
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of pandas' own annotations, which its classes inherit
            pdoc.pdoc(*_modules(), output_directory=made)
        shutil.rmtree(folder, ignore_errors=True)
        made.rename(folder)
    return first


def _modules() -> list[str]:
    found = pkgutil.walk_packages(businesscase.__path__, "businesscase.")
    names = [module.name for module in found if not module.name.endswith(NOT_READ)]
    return ["businesscase", *names]
