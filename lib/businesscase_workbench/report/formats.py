"""The files of a report in the formats that are asked for, all from one content."""

from pathlib import Path

from businesscase.study import Study
from businesscase_workbench.report.content import Report
from businesscase_workbench.report.html import page_html

FORMATS = {
    # what a format's file is called
    "html": "report.html",
    "docx": "report.docx",
    "xlsx": "tables.xlsx",
    "pdf": "report.pdf",
}


def report_files(
    report: Report,
    study: Study | None,
    formats: set[str],
    shared_assets: str = "",
    template: Path | None = None,
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

    Raises
    ------
    InputError
        If a format needs a browser to draw the charts and there is none that does.
    """
    made = {"report.html": page_html(report, shared_assets).encode()}
    if "xlsx" in formats and study is not None:
        from businesscase_workbench.report.excel import workbook

        made["tables.xlsx"] = workbook(study)
    if formats & {"docx", "pdf"}:
        made |= _on_paper(report, formats, template)
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


def _on_paper(report: Report, formats: set[str], template: Path | None) -> dict[str, bytes]:
    from businesscase_workbench.report.pdf import pdf
    from businesscase_workbench.report.pictures import Pictures, drawn
    from businesscase_workbench.report.word import document

    made = {}
    with Pictures() as pictures:
        if "docx" in formats:
            made["report.docx"] = document(report, drawn(report, pictures.png), template)
        if "pdf" in formats:
            made["report.pdf"] = pdf(report, drawn(report, pictures.svg))
    return made
