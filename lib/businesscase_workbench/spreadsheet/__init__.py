"""A case as a spreadsheet: a workbook that a finance team fills in, and what it gives back."""
