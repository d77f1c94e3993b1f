"""The files of a report in the formats that are asked for, all from one content."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from businesscase.study import Study
from businesscase_workbench.report.content import APPENDIX_FILE, REPORT_FILE, Report
from businesscase_workbench.report.html import page_html

FORMATS = ("html", "docx", "xlsx", "pdf")
TABLES_FILE = "tables.xlsx"


def report_files(
    report: Report,
    study: Study | None,
    formats: set[str],
    shared_assets: str = "",
    template: Path | None = None,
    editions: Mapping[str, Report] = MappingProxyType({}),
) -> dict[str, bytes]:
    """Return the files of a report by name.

    Parameters
    ----------
    report : Report
        Its content.
    study : Study or None
        What the tables of the workbook are of; there is none without.
    formats : set of str
        Names of ``FORMATS``; the page is made in any case.
    shared_assets : str, optional
        Where the files lie that pages share, see ``report_html``.
    template : Path, optional
        A Word file whose styles, headers and footers the Word report takes.
    editions : mapping of str to Report, optional
        The editions for councils by the name of their files, see ``edition_names``; their appendix is
        that of the report.

    Raises
    ------
    InputError
        If a format needs a browser to draw the charts and there is none that does.
    """
    made = {}
    if "xlsx" in formats and study is not None:
        from businesscase_workbench.report.excel import workbook

        made[TABLES_FILE] = workbook(study)
    parts = {REPORT_FILE: report, **editions, APPENDIX_FILE: report.appendix}
    parts = {name: part for name, part in parts.items() if part is not None}
    made |= {
        f"{name}.html": page_html(part, shared_assets).encode() for name, part in parts.items()
    }
    if formats & {"docx", "pdf"}:
        made |= _on_paper(parts, formats, template)
    return made


def refuse_without_browser() -> None:
    """Refuse what is wanted on paper where no browser draws its charts.

    Raises
    ------
    InputError
        If there is none, or it doesn't start or draw.
    """
    from businesscase_workbench.report.pictures import Pictures

    with Pictures() as pictures:
        pictures.svg({"data": [], "layout": {}})


def _on_paper(
    parts: dict[str, Report], formats: set[str], template: Path | None
) -> dict[str, bytes]:
    from businesscase_workbench.report.pdf import pdf
    from businesscase_workbench.report.pictures import Pictures, drawn
    from businesscase_workbench.report.word import document

    made = {}
    with Pictures() as pictures:
        if "docx" in formats:
            charts = drawn(parts.values(), pictures.png)
            made |= {
                f"{name}.docx": document(part, charts, template) for name, part in parts.items()
            }
        if "pdf" in formats:
            charts = drawn(parts.values(), pictures.svg)
            made |= {f"{name}.pdf": pdf(part, charts) for name, part in parts.items()}
    return made
