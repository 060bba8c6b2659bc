"""The scores of one adapter, read from the `scores.json` files below its folder."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...errors import LmnError
from ...files import read_json, sha256_of
from ...labels import describe_origins
from ...records import PREDICTIONS_FILE
from ..evaluate import SCHEMA, SCORES_FILE
from ..scoring.counts import Counts, ScenarioCounts
from ..scoring.provenance import run_stamp

_RUN_ORDER = ("constrained", "free")


@dataclass(frozen=True, slots=True)
class Counted:
    """Counts of a label, an average, a scenario of nervaluate or a baseline, from which its ratios come.

    Attributes:
        name: of it.
        counts: of strict matching, or of the scenario.
        gold: entities in the gold.
    """

    name: str
    counts: Counts | ScenarioCounts
    gold: int

    @classmethod
    def strict(cls, name: str, row: Mapping[str, Any]) -> Counted:
        """Read the counts of a row of `scores.json`.

        Raises:
            KeyError, TypeError, ValueError: they are none.
        """
        counts = Counts.from_dict(row)
        return cls(str(name), counts, counts.gold)

    @classmethod
    def scenario(cls, name: str, row: Mapping[str, Any]) -> Counted:
        """Read the counts of a scenario of nervaluate.

        Raises:
            KeyError, TypeError, ValueError: likewise.
        """
        counts = ScenarioCounts.from_dict(str(name), row)
        return cls(counts.scenario, counts, counts.gold)

    @property
    def cells(self) -> tuple[str, str, str]:
        """Precision, recall and F1 with four digits."""
        return f"{self.counts.precision:.4f}", f"{self.counts.recall:.4f}", f"{self.counts.f1:.4f}"


@dataclass(frozen=True, slots=True)
class F1Interval:
    """Bootstrap interval of a run's micro F1.

    Attributes:
        level: share of the resamples in it.
        low: lower end.
        high: upper end.
        resamples: number of them.
        seed: of the draws.
    """

    level: float
    low: float
    high: float
    resamples: int
    seed: int

    @classmethod
    def of(cls, found: Mapping[str, Any]) -> F1Interval:
        """Read `analysis.intervals` of `scores.json`."""
        low, high = map(float, found["scores"]["micro"]["f1"])
        if not 0 <= low <= high <= 1:
            raise ValueError(f"{low} to {high} is no interval of a ratio")
        return cls(float(found["level"]), low, high, int(found["resamples"]), int(found["seed"]))


@dataclass(frozen=True, slots=True)
class ScoredRun:
    """What a model card tells of one `scores.json`.

    Attributes:
        path: of the file.
        corpus: the card's name for it.
        split: the card's name for it.
        run: name of the run's folder.
        decoding: `constrained`, `free`, ...
        sentences: of the split, `-DOCSTART-` lines among them.
        docstart: how many of the sentences are `-DOCSTART-` lines.
        nested: whether the entities nest, so that sets of spans were scored and not tags.
        labels: one row a label.
        micro: over all labels.
        interval: of its F1.
        scenarios: nervaluate's, by name; empty where entities nest.
        baselines: that count in the training split; empty where they were not asked for.
        statuses: sentences whose output was `exact`, `repaired` and `failed`, in this order.
        ungrounded: entities that touch no token of their sentence.
        changes: what labels of the corpus count as, where that is not themselves; empty for none.
        versions: of Python and packages, by name; None for one that was not there.
        commit: of the working directory, or None.
        seed: of the training, or None.
        corpus_sha256: of the corpus file, or None.
        predictions_sha256: of the predictions.
    """

    path: Path
    corpus: str
    split: str
    run: str
    decoding: str
    sentences: int
    docstart: int
    nested: bool
    labels: tuple[Counted, ...]
    micro: Counted
    interval: F1Interval
    scenarios: tuple[Counted, ...]
    baselines: tuple[Counted, ...]
    statuses: tuple[int, int, int]
    ungrounded: int
    changes: str
    versions: tuple[tuple[str, str | None], ...]
    commit: str | None
    seed: int | None
    corpus_sha256: str | None
    predictions_sha256: str

    @property
    def scorer(self) -> str:
        """What the rows were counted with."""
        return "sets of spans" if self.nested else "seqeval, strict, IOB2"

    @classmethod
    def of(cls, path: Path, document: Mapping[str, Any]) -> ScoredRun:
        """Read a document.

        Raises:
            LmnError: it is not as lmn-eval writes it.
        """
        try:
            counted = document["seqeval"] or document["spans"]
            nervaluate = (document["nervaluate"] or {}).get("overall", {})
            baselines = (document.get("baselines") or {}).get("micro", {})
            alignment, hashes = document["alignment"], document["sha256"]
            return cls(
                path, str(document["corpus"]), str(document["split"]), path.parent.name, str(document["decoding"]),
                int(document["sentences"]["all"]), int(document["sentences"]["docstart"]), not document["seqeval"],
                tuple(Counted.strict(name, row) for name, row in counted["labels"].items()),
                Counted.strict("micro avg", counted["micro"]), F1Interval.of(document["analysis"]["intervals"]),
                tuple(Counted.scenario(name, row) for name, row in nervaluate.items()),
                tuple(Counted.strict(name, row) for name, row in baselines.items()),
                (int(alignment["exact"]), int(alignment["repaired"]), int(alignment["failed"])),
                int(alignment["ungrounded"]), describe_origins(document.get("label_origins") or {}),
                tuple(document["versions"].items()), document["commit"], document["seed"],
                hashes["corpus"], str(hashes["predictions"]),
            )  # fmt: skip
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise LmnError(
                f"{path}: not as lmn-eval writes it ({type(error).__name__}: {error}); score the run again"
            ) from error


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A scores file that is not in the card.

    Attributes:
        run: where it lies, from the adapter's folder: `<corpus>_<split>/<run>`, with the file's name where that is not `scores.json`.
        reason: why.
    """

    run: str
    reason: str


@dataclass(frozen=True, slots=True)
class Scored:
    """All scores below an adapter's folder.

    Attributes:
        runs: of this adapter, by corpus and split; of a split the run whose numbers stand in the metadata comes first.
        left_out: the others.
        missing: splits that were asked for, or that the corpus has beside the one trained on, without a score.
    """

    runs: tuple[ScoredRun, ...]
    left_out: tuple[LeftOut, ...]
    missing: tuple[str, ...]

    @property
    def headline(self) -> tuple[ScoredRun, ...]:
        """One run a split: constrained decoding, which is what lmn-eval does by default, else free, else the first by name."""
        first: dict[tuple[str, str], ScoredRun] = {}
        for run in self.runs:
            first.setdefault((run.corpus, run.split), run)
        return tuple(first.values())


def read_scored(folder: Path, adapter_sha256: str, splits: Sequence[str] = (), expected: Iterable[str] = ()) -> Scored:
    """Read the scores below an adapter's folder, `<corpus>_<split>/<run>/scores.json`.

    Args:
        folder: the adapter's.
        adapter_sha256: hash of its weights; scores of others are left out.
        splits: only these; empty for all.
        expected: splits that count as missing without a score, where `splits` is empty.
    """
    runs: list[ScoredRun] = []
    left_out: list[LeftOut] = []
    for path in sorted(folder.glob("*/*/scores*.json")):
        at = path.relative_to(folder)
        name = str(at.parent) if path.name == SCORES_FILE else str(at)
        found = _read(path, adapter_sha256)
        if isinstance(found, str):
            left_out.append(LeftOut(name, found))
        elif splits and found.split not in splits:
            left_out.append(LeftOut(name, f"split {found.split} was not asked for"))
        else:
            runs.append(found)
    runs.sort(key=lambda run: (run.corpus, run.split, _rank(run.run), run.run))
    there = {run.split for run in runs}
    missing = tuple(split for split in dict.fromkeys(splits or expected) if split not in there)
    return Scored(tuple(runs), tuple(left_out), missing)


def _rank(run: str) -> int:
    return _RUN_ORDER.index(run) if run in _RUN_ORDER else len(_RUN_ORDER)


def _read(path: Path, adapter_sha256: str) -> ScoredRun | str:
    """Return a run, or why its scores are left out."""
    if path.name != SCORES_FILE:
        return "of a part of the predicted entities only (--min-confidence)"
    try:
        document = read_json(path)
        if not isinstance(document, dict) or document.get("schema") != SCHEMA:
            return f"not of layout {SCHEMA}, which this version reads; score the run again"
        run = ScoredRun.of(path, document)
    except LmnError as error:
        return f"cannot be read: {str(error).replace(str(path), SCORES_FILE)}"
    return _foreign(run, document, adapter_sha256) or run


def _foreign(run: ScoredRun, document: Mapping[str, Any], adapter_sha256: str) -> str | None:
    """Return why a run is not of an adapter, or None where it is."""
    if document.get("shots"):
        return "of the model without the adapter"
    if document.get("limit") is not None:
        return f"of the first {document['limit']} sentences only (--limit)"
    adapter = document["sha256"].get("adapter")
    if adapter is None:
        return "it does not say which adapter it is of"
    predictions = run.path.parent / PREDICTIONS_FILE
    if adapter != adapter_sha256 or run_stamp(predictions).get("adapter_sha256", adapter) != adapter_sha256:
        return "of another adapter, or of this one before it was trained again"
    if predictions.is_file() and sha256_of(predictions) != run.predictions_sha256:
        return "the predictions beside it are others than those that were scored"
    return None
