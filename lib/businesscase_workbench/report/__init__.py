"""The report of a case under a scenario: one content, in several formats, and the index."""

from businesscase_workbench.report.content import (
    EDITIONS,
    EXEMPT,
    PUBLIC,
    Kept,
    comparison_of,
    edition_names,
    report_of,
)
from businesscase_workbench.report.formats import FORMATS, report_files
from businesscase_workbench.report.html import (
    index_html,
    page_html,
    prepare,
    report_html,
    shared_asset_files,
)

__all__ = [
    "EDITIONS",
    "EXEMPT",
    "FORMATS",
    "PUBLIC",
    "Kept",
    "comparison_of",
    "edition_names",
    "index_html",
    "page_html",
    "prepare",
    "report_files",
    "report_html",
    "report_of",
    "shared_asset_files",
]
