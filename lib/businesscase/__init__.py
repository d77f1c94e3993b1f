"""Shared calculations of the shared ICT service business case workbook."""

from importlib.metadata import version

__version__ = version("businesscase")
