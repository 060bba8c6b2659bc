"""The part of a recipe that others can use, without the folders, the reporting and the secrets of one machine."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

import yaml

from ...files import atomic_write
from ...training.recipe import Recipe

_SECRET_KEY = re.compile(r"(?i)(^|_)(token|secret|password|passwd|api_?key|credentials?)$")
_SECRET_VALUE = re.compile(r"hf_[A-Za-z0-9]{16,}")
_OF_THE_MACHINE = {
    "cache_dir", "logging_dir", "run_name", "report_to", "overwrite_output_dir", "overwrite_cache", "plot_loss", "push_to_hub",
    "hub_model_id", "hub_private_repo", "resume_from_checkpoint", "tokenized_path", "media_dir", "ray_run_name", "ray_storage_path",
    "project", "trackio_space_id", "swanlab_project", "swanlab_workspace", "swanlab_run_name", "swanlab_logdir",
}  # fmt: skip
_FOLDERS = ("model_name_or_path", "output_dir", "dataset_dir")


@dataclass(frozen=True, slots=True)
class Hyperparameters:
    """The keys of a recipe that may be published.

    Attributes:
        values: Values by LLaMA-Factory's names, without the folders of base model, data and output.
        left_out: Names of the keys that hold a secret, or that say where one machine keeps or reports things.
    """

    values: Mapping[str, Any]
    left_out: tuple[str, ...]


def hyperparameters(recipe: Recipe) -> Hyperparameters:
    """Return the keys of a recipe that a model card shows: all but folders of this machine, reporting and secrets."""
    values = {key: value for key, value in recipe.values.items() if key not in _FOLDERS}
    left_out = [key for key, value in values.items() if key in _OF_THE_MACHINE or is_secret(key, value)]
    left_out += [key for key, value in values.items() if key not in left_out and _is_absolute(value)]
    return Hyperparameters({key: value for key, value in values.items() if key not in left_out}, tuple(left_out))


def is_secret(key: str, value: object = None) -> bool:
    """Return whether a key of a recipe, or its value, looks like a secret."""
    return bool(_SECRET_KEY.search(key)) or bool(_SECRET_VALUE.search(str(value)))


def _is_absolute(value: object) -> bool:
    """Return whether a value is a path that only one machine has: an absolute path, or one below a home folder."""
    if not isinstance(value, str):
        return False
    return PurePosixPath(value).is_absolute() or PureWindowsPath(value).is_absolute() or value.startswith("~")


def write_recipe(path: Path, recipe: Recipe, base: str) -> None:
    """Write a recipe that others can run: the base model by its public name, folders below the working directory."""
    data = recipe.values.get("dataset_dir", "data")
    values = {
        "model_name_or_path": base,
        **hyperparameters(recipe).values,
        "dataset_dir": "data/alpaca" if _is_absolute(data) else data,
        "output_dir": f"outputs/{recipe.name}",
    }
    with atomic_write(path) as file:
        file.write(
            "# The recipe that the adapter was trained with, without folders, reporting and secrets of the machine.\n"
        )
        yaml.safe_dump(values, file, sort_keys=False, allow_unicode=True)
