"""Presentation: tables, Markdown, HTML and charts, which know plain cells and spans only."""
