"""The part of a recipe that others can use, the keys that describe the training, without folders and secrets."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from ...errors import LmnError
from ...files import atomic_write
from ...masking import masked_echo
from ...secret_shapes import is_secret_name
from ...training.recipe import Recipe
from ...yaml_text import to_yaml

_KEYS_FILE = "recipe_keys.txt"
_FOLDERS = ("model_name_or_path", "output_dir", "dataset_dir")
_NAME = re.compile(r"(?<![\w.-])[\w.-]++(?==)")  # steps in proportion to the text
_SEPARATOR = re.compile(r"[,;=\s\"'\[\]{}]")


@dataclass(frozen=True, slots=True)
class Hyperparameters:
    """The keys of a recipe that may be published.

    Attributes:
        values: Values by LLaMA-Factory's names, without the folders of base model, data and output.
        left_out: Names of the keys that do not describe the training, or whose values hold a secret or a folder of one machine.
    """

    values: Mapping[str, Any]
    left_out: tuple[str, ...]


@cache
def training_keys() -> frozenset[str]:
    """Return LLaMA-Factory's keys that describe a training."""
    text = resources.files(__package__ or "").joinpath(_KEYS_FILE).read_text(encoding="utf-8")
    return frozenset(word for line in text.splitlines() if not line.startswith("#") for word in line.split())


def hyperparameters(recipe: Recipe, allowed: Collection[str] = ()) -> Hyperparameters:
    """Return the keys of a recipe that describe the training, and the names of the others.

    Args:
        recipe: The recipe.
        allowed: Further keys that may be published, even if they name a folder of this machine.

    Raises:
        LmnError: The recipe has no key of an allowed name, or the name or the value of such a key is that of a secret.
    """
    for key in allowed:
        if key not in recipe.values:
            raise LmnError("the recipe has no such key", f"--allow {key}", f"the keys of {recipe.path} can be allowed")
        if is_secret_name(key) or _holds_secret(recipe.values[key]):
            raise LmnError("its name or its value is that of a secret", f"--allow {key}", "leave it out")
    values = {key: value for key, value in recipe.values.items() if key not in _FOLDERS}
    shown = {
        key: value
        for key, value in values.items()
        if key in allowed or (key in training_keys() and not _holds_secret(value) and not names_folder(value))
    }
    return Hyperparameters(shown, tuple(masked_echo(str(key)) for key in values if key not in shown))


def _holds_secret(value: object) -> bool:
    """Return whether a value looks like a secret or holds one, however deep."""
    if isinstance(value, Mapping):
        return any(
            (isinstance(key, str) and is_secret_name(key)) or _holds_secret(key) for key in value
        ) or _holds_secret(list(value.values()))
    if isinstance(value, list | tuple | set):
        return any(map(_holds_secret, value))
    text = str(value)
    return masked_echo(text) != text or any(map(is_secret_name, _NAME.findall(text)))


def names_folder(value: object) -> bool:
    """Return whether a value names a path that only one machine has, however deep: an absolute one, or one below a home folder."""
    if isinstance(value, Mapping):
        return any(map(names_folder, value.values()))
    if isinstance(value, list | tuple | set):
        return any(map(names_folder, value))
    if not isinstance(value, str):
        return False
    parts = [part.strip().removeprefix("file://") for part in _SEPARATOR.split(value)]
    return any(
        PurePosixPath(part).is_absolute() or PureWindowsPath(part).is_absolute() or part.startswith("~")
        for part in parts
    )


def write_recipe(path: Path, recipe: Recipe, base: str, allowed: Collection[str] = ()) -> None:
    """Write a recipe that others can run: the base model by its public name, folders below the working directory."""
    data = recipe.values.get("dataset_dir", "data")
    values = {
        "model_name_or_path": base,
        **hyperparameters(recipe, allowed).values,
        "dataset_dir": "data/alpaca" if names_folder(data) or _holds_secret(data) else data,
        "output_dir": f"outputs/{recipe.name}",
    }
    with atomic_write(path) as file:
        what = "student" if recipe.is_student else "adapter"
        file.write(
            f"# The recipe that the {what} was trained with: the keys that describe the training, without folders of the machine.\n"
        )
        file.write(to_yaml(values))
