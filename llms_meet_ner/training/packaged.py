"""Recipes and searches that come with the package, found by name from any working directory."""

from __future__ import annotations

import re
from collections.abc import Mapping
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, Final

from .. import recipes
from ..errors import LmnError
from ..yaml_text import parse_yaml

FOLDER: Final = Path(recipes.__file__).parent
"""Folder of the packaged files."""
RECIPES: Final = Path("recipes")
"""Folder of a working directory where recipes lie, as in a checkout; packaged files name one another below it."""
_YAML = ".yaml"
_NAMING_FILES = ("deepspeed", "recipe")
"""Keys of a recipe or a search whose value is another file of the same folder."""


@cache
def packaged_names() -> tuple[str, ...]:
    """Return the names of all packaged recipes and searches: paths below the folder, without suffix (`students/minilm_demo`)."""
    return tuple(sorted(path.relative_to(FOLDER).with_suffix("").as_posix() for path in FOLDER.rglob(f"*{_YAML}")))


def packaged_file(name: str) -> Path:
    """Return the file of a packaged recipe or search.

    Raises:
        LmnError: There is none of this name; the message says the nearest names.
    """
    if name not in packaged_names():
        raise LmnError("no packaged recipe of this name", name, _nearest(name) or "lmn-recipes lists them")
    return FOLDER / f"{name}{_YAML}"


def resolve_recipe(path: Path) -> tuple[Path, Path]:
    """Return what a recipe or a search is called from now on, and the file to read.

    A bare name (`qwen25_conll`, `students/minilm_demo`) means a packaged one unless it is a file, and so does its path in a checkout
    (`recipes/qwen25_conll.yaml`), which headers and documents have.

    Args:
        path: Path of a file relative to the working directory, or name of a packaged one, as a user gave it.

    Returns:
        For a packaged one, its name and its file; otherwise the path twice, whether there is a file or not.
    """
    name = path.as_posix()
    if path.suffix == _YAML and RECIPES in path.parents:
        name = path.relative_to(RECIPES).with_suffix("").as_posix()
    if name not in packaged_names() or path.is_file():
        return path, path
    return Path(name), packaged_file(name)


def remedy_for(path: Path) -> str:
    """Return what to do about a recipe or a search that is neither a file nor packaged: the nearest names, if any are near."""
    return _nearest(path.as_posix()) or "name a YAML file, or a packaged recipe that lmn-recipes lists"


def _nearest(name: str) -> str:
    """Return a remedy with the packaged names that are nearest to a name; empty if none is near."""
    wanted = name.removeprefix(f"{RECIPES}/").removesuffix(_YAML)
    near = get_close_matches(wanted, packaged_names(), n=3)
    near += [one for one in packaged_names() if Path(one).name == Path(wanted).name and one not in near]
    return f"did you mean {' or '.join(near)}? lmn-recipes lists the packaged recipes" if near else ""


def found_file(value: str) -> str:
    """Return the path of a file that a recipe or a search names: the packaged one if it is not in the working directory.

    Args:
        value: Path relative to the working directory, such as `recipes/deepspeed/zero2.json`.
    """
    path = Path(value)
    if path.exists() or RECIPES not in path.parents or ".." in path.parts:
        return value
    packaged = FOLDER / path.relative_to(RECIPES)
    return str(packaged) if packaged.is_file() else value


def with_found_deepspeed(values: dict[str, Any]) -> dict[str, Any]:
    """Return the keys of a recipe with the path under which its DeepSpeed configuration is found."""
    value = values.get("deepspeed")
    return {**values, "deepspeed": found_file(value)} if isinstance(value, str) else values


def sentence_on_hardware(text: str) -> str:
    """Return the first sentence that the header of a recipe says about the hardware that it needs, with names of recipes; empty if none."""
    section = re.search(r"^# Hardware\n((?:#   .*\n)+)", text, re.MULTILINE)
    words = " ".join(line.removeprefix("#").strip() for line in section[1].splitlines()) if section else ""
    return re.sub(rf"{RECIPES}/([\w/]+)\{_YAML}", r"\1", re.split(r"(?<=\.)\s", words, maxsplit=1)[0])


def copies_of(name: str, out: Path) -> dict[Path, str]:
    """Return the files to write for a copy of a packaged recipe or search, with their texts: the file, and those that it names.

    Args:
        name: Name of the packaged recipe or search.
        out: Folder for the copies, which lie in it as in the package. Paths below `recipes/` that a text names are changed to it.

    Raises:
        LmnError: There is no packaged recipe of this name.
    """
    wanted = [packaged_file(name)]
    copies: dict[Path, str] = {}
    while wanted:
        file = wanted.pop()
        copies[file.relative_to(FOLDER)] = text = file.read_text(encoding="utf-8")
        if file.suffix == _YAML:
            wanted += files_named_by(parse_yaml(text, file))
    named = re.compile(rf"(?<![\w./]){RECIPES}/({'|'.join(re.escape(path.as_posix()) for path in copies)})(?![\w/])")
    return {out / path: named.sub(lambda found: (out / found[1]).as_posix(), text) for path, text in copies.items()}


def files_named_by(values: Mapping[str, Any]) -> list[Path]:
    """Return the packaged files that a packaged recipe or search names."""
    named = [Path(value) for key in _NAMING_FILES if isinstance(value := values.get(key), str)]
    return [FOLDER / path.relative_to(RECIPES) for path in named if RECIPES in path.parents]
