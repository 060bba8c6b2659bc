"""The keys of a recipe as LLaMA-Factory reads them, checked before anything is loaded."""

from __future__ import annotations

import dataclasses
import os
import types
from collections.abc import Iterator, Mapping, Sequence
from difflib import get_close_matches
from pathlib import Path
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from ..errors import LmnError, installing
from ..standard_input import kept_from_libraries
from ..students.settings import StudentKeys, check_refused
from ..training.recipe import Recipe, checked_recipe, load_recipe
from .processes import is_on

_YAML = (".yaml", ".yml")
_NAMES = {int: "a whole number", float: "a number", bool: "true or false"}


def training_arguments(path: Path, overrides: Sequence[str]) -> Recipe:
    """Return a recipe with the values that LLaMA-Factory reads from the same file and words.

    Args:
        path: YAML file of the recipe, or name of a packaged one.
        overrides: `key=value` words.

    Raises:
        LmnError: `load_recipe` fails; LLaMA-Factory is not installed; a key is none of its keys; a value is not what the key takes; or
            nothing would be trained.
    """
    given = load_recipe(path, overrides)
    path, file = given.path, given.file
    if file.suffix not in _YAML:
        raise LmnError("LLaMA-Factory reads recipes with the ending .yaml", path, "rename it")
    try:
        with kept_from_libraries():
            from llamafactory.hparams import parser
            from omegaconf import OmegaConf
    except ImportError as error:
        raise LmnError(f"LLaMA-Factory cannot be imported ({error})", None, installing("train")) from error
    try:
        merged = OmegaConf.merge(OmegaConf.load(file.absolute()), OmegaConf.from_cli(list(overrides)))
        values: dict[str, Any] = OmegaConf.to_container(merged)
    except Exception as error:  # OmegaConf has many kinds of errors
        raise LmnError(f"LLaMA-Factory cannot read it ({str(error).splitlines()[0]})", path) from error
    recipe = checked_recipe(path, values)
    _check_keys(path, values, [parser.ModelArguments, parser.DataArguments, parser.TrainingArguments, *_others(parser)])
    if not values.get("do_train"):
        raise LmnError("do_train is not true, so nothing would be trained", path, "add do_train: true to the recipe")
    return recipe


def _others(parser: Any) -> list[type]:
    return [parser.FinetuningArguments, parser.GeneratingArguments, parser.RayArguments]


def _check_keys(path: Path, values: Mapping[str, Any], classes: Sequence[type]) -> None:
    """Refuse a key that LLaMA-Factory does not have, and a value of a kind that the key does not take."""
    kinds = {name: kind for one in classes for name, kind in _kinds_of(one)}
    known = dict.fromkeys(values, Any) if is_on(os.environ, "ALLOW_EXTRA_ARGS") else {}
    check_kinds(path, values, known | kinds, "LLaMA-Factory has")


def student_arguments(recipe: Recipe) -> Recipe:
    """Return the recipe of a student, after checking its keys and their values as far as that needs no model.

    Raises:
        LmnError: transformers is not installed; a key is neither ours nor one of its `TrainingArguments`, or does not go with a student's
            training; or a value is not what the key takes.
    """
    try:
        with kept_from_libraries():
            from transformers import TrainingArguments
    except ImportError as error:
        raise LmnError(f"transformers cannot be imported ({error})", None, installing("train")) from error
    check_refused(recipe)
    kinds = {name: kind for one in (TrainingArguments, StudentKeys) for name, kind in _kinds_of(one)}
    check_kinds(recipe.path, recipe.values, kinds, "a student's recipe has")
    StudentKeys.of(recipe)
    return recipe


def check_model(recipe: Recipe) -> None:
    """Make sure that the folder of a recipe's model is there, if its name is surely that of a folder.

    Raises:
        LmnError: It is not.
    """
    folder = Path(recipe.model).expanduser()
    sure = folder.is_absolute() or recipe.model.startswith((".", "~")) or len(folder.parts) > 2
    if not folder.exists() and (sure or (len(folder.parts) > 1 and folder.parent.is_dir())):
        raise LmnError(
            f"no model in {recipe.model}",
            recipe.path,
            "the top of the recipe says where it comes from; or set model_name_or_path",
        )


def check_kinds(path: Path, values: Mapping[str, Any], kinds: Mapping[str, Any], whose: str) -> None:
    """Refuse a key that is not known, and a value of a kind that its key does not take.

    Args:
        path: File of the recipe.
        values: Keys of the recipe with their values.
        kinds: The known keys with the types that they take.
        whose: Beginning of the message about an unknown key, such as `LLaMA-Factory has`.

    Raises:
        LmnError: There is one; the message names the nearest key.
    """
    for key, value in values.items():
        if key not in kinds:
            near = get_close_matches(key, kinds, n=1)
            meant = f"did you mean {near[0]}?" if near else "take it out of the recipe"
            raise LmnError(f"{whose} no key {key!r}", path, meant)
        wanted = unfit(kinds[key], value)
        if wanted:
            raise LmnError(f"{key} is {value!r:.60}, and not {wanted}", path, f"correct {key} in the recipe")


def _kinds_of(one: type) -> Iterator[tuple[str, Any]]:
    """Yield the names of the fields of a class with the types that they take; Any where a type is not known."""
    try:
        hints = get_type_hints(one)
    except (NameError, TypeError):
        hints = {}
    for field in dataclasses.fields(one):
        yield field.name, hints.get(field.name, Any)


def unfit(kind: Any, value: Any) -> str | None:
    """Return what a key takes, if a value is none of it; None if it fits, or the type is not one of those that are checked here.

    Checked are whole numbers, numbers, truth values, choices of words, and all of these where nothing is allowed, too.
    """
    kinds = get_args(kind) if get_origin(kind) in {Union, types.UnionType} else (kind,)
    plain = [one for one in kinds if one is not type(None)]
    if not plain or not all(one in _NAMES or get_origin(one) is Literal for one in plain):
        return None
    if value is None and len(plain) < len(kinds):
        return None
    if any(_is_a(one, value) for one in plain):
        return None
    words = [_NAMES[one] if one in _NAMES else ", ".join(map(str, get_args(one))) for one in plain]
    return " or ".join(words)


def _is_a(kind: Any, value: Any) -> bool:
    if get_origin(kind) is Literal:
        return value in get_args(kind)
    if kind is bool or isinstance(value, bool):
        return isinstance(value, bool) and kind is bool
    return isinstance(value, int) or (kind is float and isinstance(value, float))
