"""Presentation: tables, Markdown, HTML, charts and plots, made of plain cells and spans."""
