"""Shared calculations of the shared ICT service business case workbook."""

import sys
from importlib.metadata import version

__version__ = version("businesscase")

# jsonschema, which plotly and all that reads notebooks import, compiles a grammar of addresses where
# it finds this library: seconds in every process, for a check that no schema of ours asks for
sys.modules.setdefault("rfc3987_syntax", None)
