"""The rules of the house: arrows between folders run one way, and the light install stays light."""

from __future__ import annotations

from paths import ROOT
import ast
import configparser
import subprocess
import sys
from pathlib import Path

import pytest

FOLDERS = {"llms_meet_ner": "library", "data_converters": "converters", "eval": "eval"}
MAY_IMPORT = {
    "library": {"library"},
    "converters": {"library", "converters"},
    "eval": {"library", "converters", "eval"},
}
FILES = [(path, room) for folder, room in FOLDERS.items() for path in sorted((ROOT / folder).rglob("*.py"))]


def room_of(module: str) -> str | None:
    parts = module.split(".")
    if parts[0] != "llms_meet_ner":
        return None
    return FOLDERS.get(parts[1], "library") if len(parts) > 1 else "library"


def imported(path: Path) -> list[tuple[str, int]]:
    """Return the modules of this package that a file imports, by full name, with the level of relative imports."""
    relative = path.relative_to(ROOT).with_suffix("").parts
    package = list(relative[:-1]) if relative[0] == "llms_meet_ner" else ["llms_meet_ner", *relative[:-1]]
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level:
            base = package[: len(package) - node.level + 1]
            found.append((".".join([*base, *(node.module or "").split(".")]).rstrip("."), node.level))
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.append((node.module, 0))
        elif isinstance(node, ast.Import):
            found += [(alias.name, 0) for alias in node.names]
    return found


@pytest.mark.parametrize(
    ("path", "room"), FILES, ids=lambda value: str(value.relative_to(ROOT)) if isinstance(value, Path) else value
)
def test_imports_run_one_way_and_are_relative(path: Path, room: str) -> None:
    for module, level in imported(path):
        target = room_of(module)
        if target is not None:
            assert level > 0, f"{path}: import {module} relatively"
            assert target in MAY_IMPORT[room], f"{path}: {room} may not import {module}"


@pytest.mark.parametrize(
    "module", ["data_converters.cli", "eval.cli", "eval.publish.cli", "cli", "tag_cli", "eval", "data_converters"]
)
def test_no_command_loads_torch_before_it_predicts(module: str) -> None:
    code = f"import sys, llms_meet_ner.{module}; sys.exit(bool({{'torch', 'transformers', 'peft', 'datasets', 'spacy'}} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd="/").returncode == 0


def test_no_module_is_long() -> None:
    assert not [path for path, _ in FILES if len(path.read_text().splitlines()) > 600]


def test_tagging_needs_what_training_does_without_its_stack() -> None:
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    extras = {name: set(wanted.split()) for name, wanted in setup["options.extras_require"].items()}
    assert {wanted for wanted in extras["tag"] - extras["train"] if "spacy" not in wanted} == set()
    assert not any("llamafactory" in wanted for wanted in extras["tag"])
