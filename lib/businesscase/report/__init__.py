"""The report of a case under a scenario: one content, in several formats, and the index."""

from businesscase.report.content import comparison_of, report_of
from businesscase.report.formats import FORMATS, report_files
from businesscase.report.html import index_html, prepare, report_html, shared_asset_files

__all__ = [
    "FORMATS",
    "comparison_of",
    "index_html",
    "prepare",
    "report_files",
    "report_html",
    "report_of",
    "shared_asset_files",
]
