"""Templates: all of them are parsed and in the wheel, and no Python file writes HTML by itself."""

from __future__ import annotations

import ast
import configparser
import re
from fnmatch import fnmatch
from pathlib import Path

import pytest
from paths import ROOT

from llms_meet_ner.rendering.html import html_environment
from llms_meet_ner.rendering.markdown import markdown_environment
from llms_meet_ner.rendering.templates import count, place, ratio, source

SETUP = configparser.ConfigParser()
SETUP.read(ROOT / "setup.cfg")
PACKAGES = dict(line.split(" = ") for line in SETUP["options"]["package_dir"].strip().splitlines())
ASSETS = [
    (package, path.name)
    for package, folder in PACKAGES.items()
    for path in sorted((ROOT / folder).iterdir())
    if path.suffix in (".jinja", ".css", ".html", ".js")
]
ELEMENT = re.compile(
    r"</?(a|article|b|bdi|body|br|dd|div|dl|dt|figure|h[1-6]|head|i|li|main|p|rect|span|svg|t[dhr]|table|text|ul)\b"
)


@pytest.mark.parametrize(("package", "file"), ASSETS, ids=[f"{package}/{file}" for package, file in ASSETS])
def test_assets_are_in_the_wheel_and_templates_are_parsed(package: str, file: str) -> None:
    patterns = SETUP["options.package_data"][package].split(", ")
    assert any(fnmatch(file, pattern) for pattern in patterns)
    name = f"{package.partition('.')[2]}/{file}"
    assert source(name)
    if file.endswith(".jinja"):
        made = markdown_environment() if file.endswith(".md.jinja") else html_environment()
        made.get_template(name)


def test_there_are_assets_and_what_is_not_there_is_not_found() -> None:
    assert len(ASSETS) > 8
    with pytest.raises(FileNotFoundError):
        html_environment().get_template("rendering/none.html.jinja")


def test_numbers_are_written_as_in_tables() -> None:
    assert (count(1_234_567), ratio(2 / 3), place(1)) == ("1,234,567", "0.6667", "1.0")


def strings(path: Path) -> list[str]:
    """Return the strings of a module, docstrings aside."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    bare = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in bare
    ]


@pytest.mark.parametrize("folder", sorted(PACKAGES.values()))
def test_no_module_writes_html(folder: str) -> None:
    assert not [(path, text) for path in (ROOT / folder).glob("*.py") for text in strings(path) if ELEMENT.search(text)]
