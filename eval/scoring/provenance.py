"""Versions, commit, seed and hashes, which make a score traceable."""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, TypeVar

from ...data_converters.readers import SplitData
from ...files import read_json, sha256_of
from ...prediction.resume import check_predictions, stamp_in
from ...prediction.run import REPAIR_KEY
from ...records import PREDICTIONS_FILE, RUN_FILE
from ...systems.system import RESOLVED_DTYPE_KEY, Facts, NamedModel
from ...tags import REPAIRS, Repair
from ...typed_json import from_json
from ..scored_run.run import Hashes, Provenance, ShownExamples

T = TypeVar("T")
_WITHOUT_NOTES = f"predict again; or delete {RUN_FILE}, and say with --format what the predictions are"
_PACKAGES = ("llms-meet-ner", "seqeval", "nervaluate", "rapidfuzz", "llamafactory", "transformers", "peft", "torch")


def provenance_of(gold: SplitData, predictions: Path, facts: Facts) -> Provenance:
    """Return versions, the working directory's git commit, the seed, and SHA-256 hashes of corpus, predictions and adapter.

    What is not there (a package, a repository, an adapter) or not known is null. The corpus's hash is that of its file, or of what is
    read of a data set. The hash of the weights is the one that lmn-predict noted with the predictions; for files of other tools it is the
    one that the facts give.

    Args:
        gold: Data of the scored split.
        predictions: File of the predictions.
        facts: Known facts about the system that the predictions are attributed to.

    Raises:
        LmnError: `run_stamp` fails.
    """
    return Provenance(
        versions={"python": platform.python_version(), **{name: _version(name) for name in _PACKAGES}},
        commit=_commit(),
        seed=facts.seed,
        sha256=Hashes(gold.sha256(), sha256_of(predictions), _adapter_hash(predictions, facts)),
    )


def run_stamp(predictions: Path) -> dict[str, Any]:
    """Return what lmn-predict noted next to predictions of its own; an empty mapping for files of other tools.

    Raises:
        LmnError: The notes are damaged, so that the format and the labels of the predictions are not known; or they are those of other
            predictions.
    """
    if not _is_run(predictions):
        return {}
    path = predictions.parent / RUN_FILE
    content = read_json(path, _WITHOUT_NOTES)
    if isinstance(content, dict) and "stamp" not in content and "plan_sha256" not in content:
        return {}  # another tool's file of the same name
    check_predictions(content, predictions, _WITHOUT_NOTES)
    return stamp_in(content, path, _WITHOUT_NOTES)


def noted_repair(predictions: Path) -> Repair | None:
    """Return the policy for invalid tags that lmn-predict noted next to predictions of its own; None if it noted none.

    Raises:
        LmnError: `run_stamp` fails.
    """
    if not run_stamp(predictions):
        return None
    noted = read_json(predictions.parent / RUN_FILE, _WITHOUT_NOTES).get(REPAIR_KEY)
    return next((policy for policy in REPAIRS if policy == noted), None)


def noted_dtype(predictions: Path) -> str | None:
    """Return the data type that the model of a run of lmn-predict computed in; None if the run does not say it.

    Raises:
        LmnError: `run_stamp` fails.
    """
    noted = run_stamp(predictions).get(RESOLVED_DTYPE_KEY)
    return noted if isinstance(noted, str) else None


def noted_system(predictions: Path) -> tuple[NamedModel | None, ShownExamples | None, str | None]:
    """Return what a run of lmn-predict noted about its system: the adapter, the examples in its prompts, and the base model.

    Each is None if the run does not say it.

    Raises:
        LmnError: The notes are damaged.
    """
    notes = run_stamp(predictions)
    path = predictions.parent / RUN_FILE
    return (
        _typed(notes, "adapter", NamedModel, path),
        _typed(notes, "shots", ShownExamples, path),
        notes.get("model"),
    )


def _typed(notes: Mapping[str, Any], key: str, kind: type[T], path: Path) -> T | None:
    row = notes.get(key)
    return None if row is None else from_json(kind, row, path, writer="lmn-predict", remedy="predict again")


def _is_run(predictions: Path) -> bool:
    return predictions.name == PREDICTIONS_FILE and (predictions.parent / RUN_FILE).is_file()


def _adapter_hash(predictions: Path, facts: Facts) -> str | None:
    if not _is_run(predictions):
        return facts.adapter_sha256
    sha256 = run_stamp(predictions).get("adapter_sha256")
    return sha256 if isinstance(sha256, str) else None


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


def _commit() -> str | None:
    """Return the commit that is checked out in the working directory, followed by `-dirty` if files differ from it."""
    try:
        described = subprocess.run(
            ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"],
            capture_output=True,
            stdin=subprocess.DEVNULL,
            text=True,
            timeout=10,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return described.stdout.strip() or None
