"""A case as a spreadsheet: a workbook that a finance team fills in, and what it gives back."""

from businesscase_workbench.spreadsheet.importing import Imported, read
from businesscase_workbench.spreadsheet.template import write

__all__ = ["Imported", "read", "write"]
