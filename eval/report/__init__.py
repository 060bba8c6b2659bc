"""The report of a scored run: one HTML page with an error browser, and the same content as Markdown."""

from .markdown import markdown_report
from .writing import page_to, report_path, write_markdown, write_page

__all__ = ["markdown_report", "page_to", "report_path", "write_markdown", "write_page"]
