"""The report of a scored run: one HTML page with an error browser, and the same content as Markdown."""

from .command import report_command, report_path, write_page
from .markdown import markdown_report

__all__ = ["markdown_report", "report_command", "report_path", "write_page"]
