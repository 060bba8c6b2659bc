"""The rules of the house: imports run one way, rooms and functions stay small, and the light install stays light."""

from __future__ import annotations

import ast
import configparser
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from paths import ROOT

SETUP = configparser.ConfigParser()
SETUP.read(ROOT / "setup.cfg")
PACKAGES = dict(line.split(" = ") for line in SETUP["options"]["package_dir"].strip().splitlines())
RECIPES = "recipes"
"""Folder of recipes: a package of the wheel, for the sake of its files."""
TOPS = [folder for folder in ("llms_meet_ner", "data_converters", "eval", "annotation") if (ROOT / folder).is_dir()]
FILES = [path for folder in TOPS for path in sorted((ROOT / folder).rglob("*.py"))]
TESTS_OF_SEVERAL_MODULES = {
    "llms_meet_ner/formats/test_formats.py": "what holds for every format, by one list of sentences",
    "llms_meet_ner/formats/test_joined_text.py": "what holds for every format where no space stands between tokens",
    "llms_meet_ner/systems/test_served_model_for_real.py": "served_model.py against a real server; slow, so that it lies apart",
    "llms_meet_ner/serving/test_behind_a_server.py": "the service over a served model, through all its modules",
    "llms_meet_ner/test_end_to_end.py": "from data to scores, through every room of the library",
    "data_converters/cards/test_fixtures.py": "the cards in data_converters/cards, which are files and no module",
    "data_converters/cards/test_real_corpora.py": "the same cards, with the real corpora",
}
"""Test files without a module of their name, and what each tests."""
LONGEST_FUNCTION = 50
LONGEST_MODULE = 600


def functions() -> list[tuple[Path, ast.FunctionDef | ast.AsyncFunctionDef]]:
    return [
        (path, node)
        for path in FILES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the number of lines of a function, decorators included, docstring aside."""
    documentation = ast.get_docstring(function, clean=False)
    assert function.end_lineno is not None
    start = min(node.lineno for node in (function, *function.decorator_list))
    return function.end_lineno - start + 1 - (documentation.count("\n") + 1 if documentation else 0)


def test_every_folder_with_code_is_a_package_of_the_wheel() -> None:
    folders = {path.parent.relative_to(ROOT).as_posix() for path in FILES}
    assert set(PACKAGES.values()) == folders | {RECIPES}
    assert SETUP["options"]["packages"].split() == list(PACKAGES)
    assert all((ROOT / folder / "__init__.py").is_file() for folder in folders)


def test_every_module_has_its_tests_and_every_test_file_its_module() -> None:
    modules = {path.relative_to(ROOT).as_posix() for path in FILES if path.name != "__init__.py"}
    tests = {
        path.relative_to(ROOT / "tests").as_posix()
        for folder in TOPS
        for path in (ROOT / "tests" / folder).rglob("test_*.py")
    }
    mirrored = {Path(module).with_name(f"test_{Path(module).name}").as_posix() for module in modules}
    assert not mirrored - tests, "modules without tests of their name and place"
    assert tests - mirrored == set(TESTS_OF_SEVERAL_MODULES), "test files without a module of their name and place"
    empty = [test for test in tests if "def test_" not in (ROOT / "tests" / test).read_text(encoding="utf-8")]
    assert not empty


def test_inside_the_package_imports_are_relative() -> None:
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
            assert not [name for name in names if name.split(".")[0] == "llms_meet_ner"], path


@pytest.mark.parametrize(
    ("planted", "contract"),
    [
        (None, None),
        (("sentence.py", "from .eval import evaluate"), "Folders run one way"),
        (("decoding/grammar.py", "from ..systems import system"), "Folders run one way"),
        (("eval/scoring/counts.py", "from ..report import terminal"), "The rooms of eval/"),
        (("annotation/prices.py", "from . import ledger"), "The rooms of annotation/"),
        (("data_converters/cards.py", "from . import corpus"), "The rooms of data_converters/"),
        (("formats/markup.py", "from . import inline"), "No module is imported in a circle"),
    ],
    ids=lambda value: value[0] if isinstance(value, tuple) else "",
)
def test_contracts_hold_and_a_planted_import_breaks_them(
    tmp_path: Path, planted: tuple[str, str] | None, contract: str | None
) -> None:
    for package, folder in PACKAGES.items():
        target = tmp_path / package.replace(".", "/")
        target.mkdir(parents=True, exist_ok=True)
        for path in (ROOT / folder).glob("*.py"):
            shutil.copy(path, target / path.name)
    if planted:
        file = tmp_path / "llms_meet_ner" / planted[0]
        file.write_text(file.read_text(encoding="utf-8") + f"\n{planted[1]}\n", encoding="utf-8")
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache", ROOT / "pyproject.toml"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    broken = [line for line in done.stdout.splitlines() if line.endswith("BROKEN")]
    if contract is None:
        assert (done.returncode, broken) == (0, []), done.stdout
    else:
        assert done.returncode == 1
        assert any(line.startswith(contract) for line in broken), done.stdout


@pytest.mark.parametrize(
    "module",
    [
        "data_converters.cli.convert",
        "eval.cli.score",
        "eval.cli.publish",
        "cli.predict",
        "cli.tag",
        "eval",
        "annotation.cli.annotate",
    ],
)
def test_no_command_loads_torch_before_it_predicts(module: str) -> None:
    code = f"import sys, llms_meet_ner.{module}; sys.exit(bool({{'torch', 'transformers', 'peft', 'datasets', 'spacy'}} & set(sys.modules)))"
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd="/").returncode == 0


def test_no_module_is_long() -> None:
    assert not [path for path in FILES if len(path.read_text(encoding="utf-8").splitlines()) > LONGEST_MODULE]


def test_no_function_is_long() -> None:
    assert not [f"{path}:{node.lineno} {node.name}" for path, node in functions() if length(node) > LONGEST_FUNCTION]


def test_eval_holds_at_most_a_third_of_the_lines() -> None:
    lines = dict.fromkeys(TOPS, 0)
    for path in FILES:
        lines[path.relative_to(ROOT).parts[0]] += len(path.read_text(encoding="utf-8").splitlines())
    assert lines["eval"] <= sum(lines.values()) / 3, lines


def test_what_is_public_has_a_docstring() -> None:
    bare = []
    for path in FILES:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Module):
                bare += [str(path)] * (ast.get_docstring(node) is None)
                nodes: list[ast.stmt] = node.body
            elif isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                bare += [f"{path}:{node.lineno}"] * (ast.get_docstring(node) is None)
                nodes = node.body
            else:
                continue
            bare += [
                f"{path}:{function.lineno} {function.name}"
                for function in nodes
                if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
                and not function.name.startswith("_")
                and ast.get_docstring(function) is None
                and "overload" not in map(ast.unparse, function.decorator_list)
            ]
    assert not bare


def requirements(lines: str) -> list[Requirement]:
    """Return the requirements of an extra, without comments."""
    return [Requirement(line.partition(" #")[0]) for line in lines.strip().splitlines()]


def test_tagging_needs_what_training_does_without_its_stack() -> None:
    extras = {
        name: {wanted.name: wanted.specifier for wanted in requirements(lines)}
        for name, lines in SETUP["options.extras_require"].items()
    }
    assert set(extras["tag"]) - set(extras["train"]) == {"spacy"}
    assert "llamafactory" not in extras["tag"]
    pins = {
        name: str(wanted).removeprefix("==") for name, wanted in extras["train"].items() if str(wanted).startswith("==")
    }
    assert {"transformers", "peft", "torch", "datasets"} <= set(pins)
    for name in ("tag", "onnx", "readers"):
        for package, wanted in extras[name].items():
            assert "==" not in str(wanted), f"{name}: {package} is pinned"
            assert package not in pins or wanted.contains(pins[package]), f"{name}: {package} leaves out what trains"
