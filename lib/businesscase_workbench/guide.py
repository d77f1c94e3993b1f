"""The project's pages of Markdown as a folder of HTML that needs no network."""

import html
import re
from pathlib import Path

import mistune

from businesscase.cases.folder import write_file

FIRST = "README.md"
PAGE = """\
<!doctype html>
<html lang="en-GB">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
body {{ font: 1rem/1.5 sans-serif; max-width: 50rem; margin: 0 auto; padding: 0 1rem 3rem; }}
img {{ max-width: 100%; }}
table {{ border-collapse: collapse; display: block; overflow-x: auto; }}
th, td {{ border: 1px solid #b1b4b6; padding: 0.3rem 0.6rem; text-align: left; vertical-align: top; }}
pre {{ overflow-x: auto; background: #f3f2f1; padding: 0.6rem; }}
</style>
<p><a href="README.html">All pages</a> · <a href="../reference/index.html">Reference</a></p>
{content}
</html>
"""


def write_guide(project: Path, folder: Path) -> Path:
    """Write README, what stands beside it and docs/ as pages, and return the first of them.

    A link to another page leads to it; one to what is no page stays as words.
    """
    paths = [*sorted(project.glob("*.md")), *sorted((project / "docs").glob("*.md"))]
    names = {path.name for path in paths}
    folder.mkdir(parents=True, exist_ok=True)
    for path in paths:
        text = path.read_text(encoding="utf-8")
        content = _linked(mistune.html(text), names)
        title = html.escape(text.partition("\n")[0].removeprefix("# "))
        write_file(folder / f"{path.stem}.html", PAGE.format(title=title, content=content))
    return folder / f"{Path(FIRST).stem}.html"


def _linked(content: str, names: set[str]) -> str:
    """Return a page whose links lead to pages, and whose pictures, which lie elsewhere, are their words.

    Examples
    --------
    >>> _linked('<a href="docs/sweep.md#box">A</a> <a href="LICENSE">B</a>', {"sweep.md"})
    '<a href="sweep.html#box">A</a> B'
    """

    def link(found: re.Match) -> str:
        target, _, place = found[1].partition("#")
        name = target.rpartition("/")[2]
        if name not in names or target.startswith("data/"):
            return found[2]
        anchor = f"#{place}" * bool(place)
        return f'<a href="{name.removesuffix(".md")}.html{anchor}">{found[2]}</a>'

    without = re.sub(r'<img [^>]*alt="([^"]*)"[^>]*>', r"<em>\1</em>", content)
    return re.sub(r'<a href="([^"]*)">(.*?)</a>', link, without)
