"""What a score was computed with, so that it can be traced: versions, commit, seed, hashes."""

from __future__ import annotations

import platform
import subprocess
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from ...data_converters.readers import SplitData
from ...decoding.batches import RUN_FILE, read_stamp
from ...errors import LmnError
from ...files import sha256_of
from ...records import PREDICTIONS_FILE
from ...training.recipe import ADAPTER_FILE, Recipe
from ..scored_run import Hashes, Provenance

_PACKAGES = ("llms-meet-ner", "seqeval", "nervaluate", "rapidfuzz", "llamafactory", "transformers", "peft", "torch")


def stamp(gold: SplitData, predictions: Path, recipe: Recipe | None) -> Provenance:
    """Return versions, the working directory's git commit, the seed, and SHA-256 hashes of corpus, predictions and adapter.

    What is not there (a package, a repository, an adapter) or not known is null. The corpus's hash is that of its file, or of what is
    read of a data set. The adapter's hash is the one that lmn-predict noted with the predictions; for files of other tools it is that
    of the recipe's adapter.
    """
    return Provenance(
        versions={"python": platform.python_version(), **{name: _version(name) for name in _PACKAGES}},
        commit=_commit(),
        seed=recipe.seed if recipe and not recipe.adapter else None,
        sha256=Hashes(gold.sha256(), sha256_of(predictions), _adapter_hash(predictions, recipe)),
    )


def run_stamp(predictions: Path) -> dict[str, Any]:
    """Return what lmn-predict noted beside predictions of its own; nothing for files of other tools, or where it is damaged."""
    if predictions.name != PREDICTIONS_FILE or not (predictions.parent / RUN_FILE).is_file():
        return {}
    try:
        return read_stamp(predictions.parent)
    except LmnError:
        return {}


def _adapter_hash(predictions: Path, recipe: Recipe | None) -> str | None:
    if predictions.name == PREDICTIONS_FILE and (predictions.parent / RUN_FILE).is_file():
        noted = run_stamp(predictions).get("adapter_sha256")  # where it is damaged, which adapter it was is not known
        return noted if isinstance(noted, str) else None
    return sha256_of(recipe.adapter_dir / ADAPTER_FILE) if recipe and recipe.has_adapter else None


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _commit() -> str | None:
    """Return the commit that is checked out in the working directory, with `-dirty` after it if files differ from it."""
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],
            capture_output=True,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return described.stdout.strip() or None
