"""The scores of one adapter, read from the `scores.json` files below its folder."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...decoding.requests import DECODINGS
from ...errors import LmnError
from ...files import sha256_of
from ...records import PREDICTIONS_FILE, RUN_FILE
from ..scored_run.files import SCORES_FILE, SCORES_PATTERN, load_run
from ..scored_run.run import ScoredRun
from ..scoring.provenance import run_stamp

_RUN_ORDER: tuple[str, ...] = DECODINGS


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A scores file that is not in the card.

    Attributes:
        run: Path from the adapter's folder: `<corpus>_<split>/<run>`, with the file name if it is not `scores.json`.
        reason: Reason why it is left out.
        remedy: Advice for the publisher; None if there is none.
    """

    run: str
    reason: str
    remedy: str | None = None


@dataclass(frozen=True, slots=True)
class Scored:
    """All scores below an adapter's folder.

    Attributes:
        runs: Runs of this adapter, by corpus and split; for each split, the run in the metadata comes first.
        left_out: Scores files that are not used.
        missing: Splits without a score that were asked for, or that the corpus has besides the one trained on.
    """

    runs: tuple[ScoredRun, ...]
    left_out: tuple[LeftOut, ...]
    missing: tuple[str, ...]

    @property
    def headline(self) -> tuple[ScoredRun, ...]:
        """One run per split: constrained decoding, which is lmn-eval's default, otherwise free, otherwise the first by name."""
        first: dict[tuple[str, str], ScoredRun] = {}
        for run in self.runs:
            first.setdefault((run.corpus, run.split), run)
        return tuple(first.values())


def scorer_of(run: ScoredRun) -> str:
    """Return the name of the scorer of a run's strict scores."""
    return run.scores.scorer if run.scores.nested else f"{run.scores.scorer}, strict, IOB2"


def read_scored(folder: Path, adapter_sha256: str, splits: Sequence[str] = (), expected: Iterable[str] = ()) -> Scored:
    """Read the scores below an adapter's folder, `<corpus>_<split>/<run>/scores.json`.

    Args:
        folder: Folder of the adapter.
        adapter_sha256: Hash of its weights; scores of other adapters are left out.
        splits: Splits that are wanted; empty for all.
        expected: Splits that count as missing without a score, where `splits` is empty.
    """
    runs: list[ScoredRun] = []
    left_out: list[LeftOut] = []
    for path in sorted(folder.glob(f"*/*/{SCORES_PATTERN}")):
        at = path.relative_to(folder)
        name = str(at.parent) if path.name == SCORES_FILE else str(at)
        found = _read(path, name, adapter_sha256)
        if isinstance(found, LeftOut):
            left_out.append(found)
        elif splits and found.split not in splits:
            left_out.append(LeftOut(name, f"split {found.split} was not asked for"))
        else:
            runs.append(found)
    runs.sort(key=lambda run: (run.corpus, run.split, run_rank(run.name)))
    there = {run.split for run in runs}
    missing = tuple(split for split in dict.fromkeys(splits or expected) if split not in there)
    return Scored(tuple(runs), tuple(left_out), missing)


def run_rank(run: str) -> tuple[int, str]:
    """Return what sorts the names of runs, the one that the card shows first in front."""
    return (_RUN_ORDER.index(run) if run in _RUN_ORDER else len(_RUN_ORDER)), run


def _read(path: Path, name: str, adapter_sha256: str) -> ScoredRun | LeftOut:
    """Return a run, or the reason why its scores are left out."""
    if path.name != SCORES_FILE:
        return LeftOut(name, "covers only part of the predicted entities (--min-confidence)")
    try:
        run = load_run(path)
    except LmnError as error:
        place = (error.where or "").removeprefix(str(path))
        return LeftOut(name, f"cannot be read: {SCORES_FILE}{place}: {error.what}", error.remedy)
    try:
        reason = _foreign(run, path.parent / PREDICTIONS_FILE, adapter_sha256)
    except LmnError as error:
        return LeftOut(name, f"cannot be checked: {RUN_FILE}: {error.what}", error.remedy)
    return LeftOut(name, reason) if reason else run


def _foreign(run: ScoredRun, predictions: Path, adapter_sha256: str) -> str | None:
    """Return why a run does not belong to an adapter, or None if it does.

    Raises:
        LmnError: `run_stamp` fails.
    """
    hashes = run.provenance.sha256
    if run.shots:
        return "belongs to the base model without the adapter"
    if run.limit is not None:
        return f"covers only the first {run.limit} sentences (--limit)"
    if hashes.adapter is None:
        return "does not name its adapter"
    noted = run_stamp(predictions).get("adapter_sha256", hashes.adapter)
    if hashes.adapter != adapter_sha256 or noted != adapter_sha256:
        return "belongs to another adapter, or to this one before it was trained again"
    if predictions.is_file() and sha256_of(predictions) != hashes.predictions:
        return "the predictions next to it have changed since they were scored"
    return None
