"""A case as a spreadsheet: a workbook that a finance team fills in, and what it gives back."""

from businesscase.spreadsheet.importing import Imported, read
from businesscase.spreadsheet.template import write

__all__ = ["Imported", "read", "write"]
