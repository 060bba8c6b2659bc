"""The reference: what every command says to `--help`, and the public names of the package from their docstrings."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from configparser import ConfigParser
from contextlib import redirect_stdout
from importlib import import_module
from io import StringIO
from pathlib import Path

import click
from repository import ROOT

WIDTH = "100"
"""Columns of the terminal that the help is written for."""
MODULES = ("llms_meet_ner", "llms_meet_ner.data_converters", "llms_meet_ner.eval")
"""Modules whose `__all__` is the public API."""


def pages() -> dict[str, str]:
    """Return all pages of the reference by their names on the site."""
    return command_pages() | {"reference/python.md": _python_page()}


def command_pages() -> dict[str, str]:
    """Return a page for each command, with a section for each of its subcommands."""
    scripts = settings()["options.entry_points"]["console_scripts"].strip().splitlines()
    found = {}
    for name, _, entry in sorted(line.partition(" = ") for line in scripts):
        module, _, function = entry.partition(":")
        command = getattr(import_module(module), function)
        sections = [
            f"{'#' if len(words) == 1 else '##'} {' '.join(words)}\n\n```text\n{shown_help(command, words)}```\n"
            for words in _words(command, [name])
        ]
        found[f"reference/commands/{name}.md"] = "\n".join(sections)
    return found


def shown_help(command: click.Command, words: list[str]) -> str:
    """Return what a command, or the subcommand that the further words name, says to `--help`."""
    os.environ["COLUMNS"] = WIDTH
    with redirect_stdout(StringIO()) as said:
        command.main([*words[1:], "--help"], prog_name=words[0], standalone_mode=False)
    return said.getvalue()


def _words(command: click.Command, words: list[str]) -> Iterator[list[str]]:
    """Yield the words that call a command and each of its subcommands."""
    yield words
    if isinstance(command, click.Group):
        for name, inner in command.commands.items():
            if not inner.hidden:
                yield from _words(inner, [*words, name])


def _python_page() -> str:
    """Return the page of the public names, which mkdocstrings fills in."""
    parts = ["# Python\n"]
    for module in MODULES:
        names = import_module(module).__all__
        parts += [f"## {module}\n", *(f"::: {module}.{name}\n" for name in names)]
    return "\n".join(parts)


def lay_out_package(folder: Path) -> None:
    """Copy the modules to where they are in the installed package: an editable install hides the mapped folders from mkdocstrings."""
    shutil.rmtree(folder, ignore_errors=True)
    for line in settings()["options"]["package_dir"].strip().splitlines():
        package, _, source = line.partition(" = ")
        target = folder / package.replace(".", "/")
        target.mkdir(parents=True, exist_ok=True)
        for path in (ROOT / source).glob("*.py"):
            shutil.copy(path, target)


def settings() -> ConfigParser:
    """Return what setup.cfg says."""
    settings = ConfigParser()
    settings.read(ROOT / "setup.cfg", encoding="utf-8")
    return settings
