"""The command that scores a run again, from what an earlier `scores.json` says, whatever its schema."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ...errors import LmnError
from ...formats import DEFAULT_FORMAT, format_names
from ...reading import PUBLISHED
from ...tags import REPAIRS
from ...training.recipe import load_recipe


def command_of(row: Mapping[str, Any], scores: Path) -> str:
    """Return the command that scores the same predictions again, as far as a file of any schema says how it was scored.

    Args:
        row: What the file holds. Nothing in it is relied on.
        scores: The file.
    """
    recipe, corpus = row.get("recipe"), row.get("corpus")
    words = _option("--recipe", recipe)
    if recipe is None or _corpus_of(recipe) not in (corpus, None):
        words += _option("--corpus", corpus)
    for key in ("split", "predictions", "limit"):
        words += _option(f"--{key}", row.get(key))
    if row.get("format") != DEFAULT_FORMAT and row.get("format") in format_names():
        words += ["--format", row["format"]]
    if row.get("reading") == PUBLISHED:
        words += ["--reading", PUBLISHED]
    words += _label_options(_mapping(row, "label_origins"))
    if row.get("repair") in REPAIRS:
        words += ["--repair", row["repair"]]
    words += _option("--min-confidence", row.get("min_confidence"))
    train_split = _mapping(row, "analysis").get("train_split")
    if baselines := _mapping(row, "baselines"):
        words += ["--baselines"]
        train_split = baselines.get("split") or train_split
    words += _option("--train-split", train_split)
    if row.get("llms4ner") is not None:
        words += ["--scorer", "llms4ner"]
    predictions = row.get("predictions")
    if isinstance(predictions, str) and not _lies_in(predictions, scores.parent):
        words += ["--out", str(scores.parent)]
    return shlex.join(["lmn-eval", *words])


def _lies_in(file: str, folder: Path) -> bool:
    """Return whether a file lies in a folder, whatever the name of the file is."""
    try:
        return Path(file).parent.resolve() == folder.resolve()
    except (OSError, ValueError, RuntimeError):  # no name of a file, or links in a circle
        return False


def _corpus_of(recipe: object) -> str | None:
    """Return the corpus that a recipe's training data are of; None if that cannot be read."""
    try:
        return load_recipe(Path(str(recipe))).train_entry().corpus
    except LmnError:
        return None


def _mapping(row: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """Return the mapping under a key; an empty one if something else is there."""
    value = row.get(key)
    return value if isinstance(value, dict) else {}


def _option(name: str, value: object) -> list[str]:
    """Return an option with its value, as words; nothing for None."""
    return [] if value is None else [name, str(value)]


def _label_options(origins: Mapping[str, Any]) -> list[str]:
    """Return the options that change the labels of a card so that each counts as the given one; None stands for O."""
    merged: dict[str | None, list[str]] = {}
    for origin, target in origins.items():
        if target is not None and not isinstance(target, str):
            continue
        merged.setdefault(target, []).append(origin)
    dropped = merged.pop(None, [])
    words = ["--drop", ",".join(dropped)] if dropped else []
    for target, names in merged.items():
        if len(names) > 1:
            words += ["--merge", f"{target}={','.join(names)}"]
        elif names != [target]:
            words += ["--rename", f"{names[0]}={target}"]
    return words
