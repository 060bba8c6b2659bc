"""What the documents say holds: their links, modules, files, commands and make targets exist."""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from configparser import ConfigParser
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path

import click
import pytest
from markdown_it import MarkdownIt
from paths import ROOT

from llms_meet_ner.alignment import REASONS

PAGES = [
    path
    for pattern in (
        "*.md",
        "annotation/**/*.md",
        "docs/**/*.md",
        "docs/**/*.ipynb",
        "eval/**/*.md",
        "data_converters/*.md",
    )
    for path in sorted(ROOT.glob(pattern))
]


def text_of(path: Path) -> str:
    """Return the text of a page; of a notebook, its cells as Markdown."""
    text = path.read_text(encoding="utf-8")
    if path.suffix != ".ipynb":
        return text
    cells = [(cell["cell_type"], "".join(cell["source"])) for cell in json.loads(text)["cells"]]
    return "\n\n".join(source if kind == "markdown" else f"```sh\n{source}\n```" for kind, source in cells)


TEXTS = {path.relative_to(ROOT).as_posix(): text_of(path) for path in PAGES}
PRESENT = {name: text for name, text in TEXTS.items() if name != "CHANGELOG.md"}
"""Pages about the tree as it is; the change log also names what was."""
TOPS = "llms_meet_ner|data_converters|eval|annotation|recipes|tests|docs"
EVERY_PAGE = pytest.mark.parametrize("name", TEXTS)


@cache
def links(name: str) -> tuple[list[str], set[str]]:
    """Return the targets of a page's links and images, and the anchors of its headings."""
    targets: list[str] = []
    anchors: set[str] = set()
    tokens = MarkdownIt("commonmark").enable("table").parse(TEXTS[name])
    for index, token in enumerate(tokens):
        if token.type == "heading_open":
            words = re.sub(r"[^\w\- ]", "", tokens[index + 1].content.lower())
            anchors.add(words.replace(" ", "-"))
        for child in token.children or ():
            target = child.attrGet("href") or child.attrGet("src")
            targets += [str(target)] if target else []
    return targets, anchors


def test_the_pages_are_found() -> None:
    assert {
        "README.md",
        "CONTRIBUTING.md",
        "docs/architecture.md",
        "docs/decisions/README.md",
        "eval/README.md",
    } <= set(TEXTS)


@EVERY_PAGE
def test_links_lead_somewhere(name: str) -> None:
    for target in links(name)[0]:
        if re.match(r"https?:|mailto:", target):
            continue
        file, _, anchor = target.partition("#")
        path = ((ROOT / name).parent / file).resolve() if file else ROOT / name
        assert path.exists(), f"{name}: {target}"
        if anchor:
            page = path.relative_to(ROOT).as_posix()
            assert anchor in links(page)[1], f"{name}: {target}"


@pytest.mark.parametrize("name", PRESENT)
def test_files_and_folders_that_are_named_exist(name: str) -> None:
    for code in re.findall(r"(?<!`)`([^`\n]+)`(?!`)", PRESENT[name]):
        for word in re.findall(rf"(?<![\w/.-])(?:{TOPS})/[\w./*-]*[\w/*]", code):
            pattern = re.sub("NAME|TYPE", "*", word)  # as CONTRIBUTING.md calls what is to be added
            if "*" in pattern:
                assert list(ROOT.glob(pattern)), f"{name}: {word}"
            elif not word.startswith(
                ("recipes/mine", "annotation/simulation/results/")
            ):  # what a reader and a simulation write
                assert (ROOT / word).exists(), f"{name}: {word}"


@pytest.mark.parametrize("name", [name for name in PRESENT if "model_card" not in name])
def test_no_page_was_escaped_as_html(name: str) -> None:
    assert not re.search(r"&(?:lt|gt|amp|quot|#\d+);", PRESENT[name])


@pytest.mark.parametrize(
    "name", [name for name in PRESENT if re.match("CONTRIBUTING|docs/(arch|dec)", name) and "12-" not in name]
)
def test_names_of_code_that_are_quoted_exist(name: str) -> None:
    """Classes, and functions with an underscore; 12-names.md also has the names that are gone."""
    quoted = set(re.findall(r"`([A-Z]\w+[a-z]\w*|[a-z]+_\w+)(?:\(.*?\))?`", PRESENT[name]))
    assert {word for word in quoted if not re.search(rf"\b{word}\b", code())} == set()


@cache
def code() -> str:
    """Return the text of all modules."""
    files = [path for top in TOPS.split("|") for path in sorted((ROOT / top).rglob("*.py"))]
    return "\n".join(path.read_text(encoding="utf-8") for path in files)


def floors() -> list[set[str]]:
    """Return the rows of the table of floors: files and folders, as the first column names them."""
    text = TEXTS["docs/architecture.md"].partition("## The floors")[2].partition("\n## ")[0]
    rows = re.findall(r"^\| (`.*?) \|", text, re.M)
    return [set(re.findall(r"`([^`]+)`", row)) for row in rows]


def contracted_floors() -> list[set[str]]:
    """Return the layers of pyproject.toml from top to bottom, with the rooms of eval/ and data_converters/ in their places."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    layers = {contract["containers"][0]: contract["layers"] for contract in contracts if contract["type"] == "layers"}
    root = "llms_meet_ner"
    found = []
    for layer in layers[root]:
        folder, inner = (layer, layers[f"{root}.{layer}"]) if f"{root}.{layer}" in layers else (root, [layer])
        for names in inner:
            paths = [
                name.strip() if name.strip() == "recipes" else f"{folder}/{name.strip()}"
                for name in re.split("[:|]", names)
            ]
            found.append({f"{path}.py" if (ROOT / f"{path}.py").is_file() else f"{path}/" for path in paths})
    return found


def test_the_floors_of_the_architecture_are_those_that_import_linter_checks() -> None:
    assert floors() == contracted_floors()


def test_every_reason_of_an_alignment_is_explained_in_its_own_words() -> None:
    table = TEXTS["eval/README.md"].partition("| reason | meaning |\n|---|---|\n")[2]
    assert table == "".join(f"| `{word}` | {meaning} |\n" for word, meaning in REASONS.items())


@pytest.mark.parametrize("name", PRESENT)
def test_modules_that_are_run_exist(name: str) -> None:
    packages = {f"llms_meet_ner.{folder}": folder for folder in ("annotation", "data_converters", "eval")}
    for module in re.findall(r"python -m (llms_meet_ner[\w.]+)", PRESENT[name]):
        for package, folder in packages.items():
            module = module.replace(package, folder, 1) if module.startswith(package) else module  # noqa: PLW2901
        assert (ROOT / f"{module.replace('.', '/')}.py").is_file(), f"{name}: {module}"


@pytest.mark.parametrize("name", PRESENT)
def test_make_targets_exist(name: str) -> None:
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    for code in re.findall(r"(?<!`)`([^`\n]+)`(?!`)|```sh\n(.*?)```", PRESENT[name], re.S):
        for target in re.findall(r"^(?:[A-Z_]+=\S+ )*make ([\w-]+)", "\n".join(code), re.M):
            assert target in targets, f"{name}: make {target}"


def commands(name: str) -> list[str]:
    """Return the commands of ours that a page shows, without their comments."""
    shown = re.findall(r"^```(?:sh|console)?\n(.*?)^```", PRESENT[name], re.M | re.S)
    shown += re.findall(r"^(?: {4}.*\n)+", PRESENT[name], re.M)
    lines = "\n".join(shown).replace("\\\n", " ").splitlines()
    found = [re.match(r"\s*(?:\$ )?(?:[A-Z_]+=\S+ )*(lmn-\w+ .*)", line) for line in lines]
    return [command[1] for command in found if command]


COMMANDS = [(name, command) for name in PRESENT for command in commands(name)]


@pytest.mark.parametrize(("name", "command"), COMMANDS)
def test_commands_are_understood(name: str, command: str, workdir: Path) -> None:
    """Parse the command's words without running it; files that a reader has and the test has not may be missing."""
    program, *words = shlex.split(command, comments=True)
    (entry,) = entry_points(group="console_scripts", name=program)
    current = entry.load()
    context = None
    while True:
        try:
            context = current.make_context(current.name or program, list(words), parent=context)
        except click.BadParameter as error:
            if isinstance(getattr(error.param, "type", None), click.Path | click.File):
                return
            raise
        if not isinstance(current, click.Group):
            return
        rest = [*getattr(context, "_protected_args", []), *context.args]
        _, current, words = current.resolve_command(context, rest)
        assert current is not None


@pytest.mark.parametrize("name", PRESENT)
def test_subcommands_and_options_that_are_named_exist(name: str) -> None:
    """In lines of prose, where commands are named without all that they need."""
    for line in re.findall(r"(?<!`)`(lmn-\w+ [^`\n]+)`(?!`)", PRESENT[name]):
        program, *words = line.split()
        (entry,) = entry_points(group="console_scripts", name=program)
        command = entry.load()
        while words and words[0] in getattr(command, "commands", {}):
            command = command.commands[words.pop(0)]
        default = getattr(command, "default_cmd_name", None)
        known = [*command.params, *(command.commands[default].params if default else [])]
        options = {
            "--help",
            *(option for parameter in known for option in (*parameter.opts, *parameter.secondary_opts)),
        }
        assert {word.partition("=")[0] for word in words if word.startswith("--")} <= options, f"{name}: {line}"


def test_enough_commands_are_checked() -> None:
    assert len(COMMANDS) > 60
    assert {command.split()[0] for _, command in COMMANDS} == {
        "lmn-annotate", "lmn-convert", "lmn-demo", "lmn-eval", "lmn-predict", "lmn-publish", "lmn-recipes", "lmn-serve", "lmn-tag", "lmn-train",
    }  # fmt: skip


@pytest.mark.parametrize("notebook", sorted(ROOT.glob("docs/notebooks/*.ipynb")), ids=lambda path: path.stem)
def test_a_notebook_was_run_to_its_end_and_names_no_machine(notebook: Path) -> None:
    text = notebook.read_text(encoding="utf-8")
    cells = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
    assert all(cell["execution_count"] for cell in cells)
    assert not [output for cell in cells for output in cell["outputs"] if output["output_type"] == "error"]
    assert not re.search(r"/(?:tmp|home|root|Users|usr)/|\\u001b", text)


def test_the_image_is_made_by_the_rule_that_makes_the_environment_of_the_tests() -> None:
    image = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    settings = ConfigParser()
    settings.read(ROOT / "setup.cfg", encoding="utf-8")
    assert 'make install EXTRAS="$EXTRAS"' in image
    assert "\ninstall:\n" in makefile
    assert "\t$(MAKE) install EXTRAS=" in makefile
    (extras,) = re.findall(r"^ARG EXTRAS=(\S+)$", image, re.M)
    for wanted in (extras, *re.findall(r"EXTRAS=([\w,]+)", TEXTS["docs/install.md"])):
        assert set(wanted.split(",")) <= set(settings["options.extras_require"])
    assert re.findall(r"^USER (\S+)$", image, re.M) == ["lmn"]
    left_out = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    assert {".git", ".venv*", "data", "models", "outputs"} <= set(left_out)


def test_the_table_of_extras_is_complete() -> None:
    settings = ConfigParser()
    settings.read(ROOT / "setup.cfg", encoding="utf-8")
    rows = re.findall(r"^\| (`.*?) \|", TEXTS["docs/install.md"].partition("| extra |")[2], re.M)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert named == set(settings["options.extras_require"]) - {"bench", "demo", "test"}


def test_every_attack_on_the_page_of_security_is_a_test() -> None:
    current = ROOT / "tests/security"
    found: list[str] = []
    for path, name in re.findall(r"`((?:tests/\S+/)?test_\w+\.py)?(?:::(test_\w+))?`", TEXTS["docs/security.md"]):
        if path:
            current = ROOT / path if path.startswith("tests/") else ROOT / "tests/security" / path
        if path or name:
            assert current.is_file(), current
            assert not name or f"def {name}(" in current.read_text(encoding="utf-8"), f"{current}::{name}"
            found.append(name)
    assert len(set(found)) > 40
