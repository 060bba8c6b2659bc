"""What others need to score a publication again: scores, and predicted spans by sentence id, without text; written and read."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from ...errors import LmnError, listed
from ...files import atomic_write, write_json
from ...hub_client import hub_folder
from ...labels import LabelSet
from ...prompting.spec import PROMPT_SPEC_FILE, PromptSpec
from ...records import PREDICTIONS_FILE, Uncertainty, read_jsonl, spans_to_json
from ...sentence import Sentence, tokens_sha1
from ...students.student_file import STUDENT_FILE, StudentFile
from ...systems.system import NamedModel
from ...typed_json import to_json
from ..scored_run.analysis import ExaminedSentence
from ..scored_run.files import SCORES_FILE, load_evaluation, load_run
from ..scored_run.run import Evaluation, References, ScoredRun
from ..scoring.aligned import NOT_PUBLISHED
from ..scoring.predictions import SPANS, UNGROUNDED_KEY
from .scored import run_rank
from .usage import RECIPE_FILE

_HOW_PUBLISHED = "lmn-publish writes them into the folder that it builds, next to the scores of each run"
_UNCERTAINTY = tuple(field.name for field in fields(Uncertainty))


@dataclass(frozen=True, slots=True)
class PublishedRun:
    """A run of a publication, in a folder of this machine.

    Attributes:
        model: Folder or Hub id of the publication, with its commit.
        folder: Folder of the run, with its scores and predictions.
        labels: Labels that the model answers with.
        spec: Prompt that it answers to; None for a student.
        scores: Scores as they were published.
    """

    model: NamedModel
    folder: Path
    labels: LabelSet
    spec: PromptSpec | None
    scores: ScoredRun

    @property
    def predictions(self) -> Path:
        """File of the predictions."""
        return self.folder / PREDICTIONS_FILE

    def completed(self, evaluation: Evaluation) -> Evaluation:
        """Return an evaluation of the spans with what only the texts say: reading, data type, where they come from."""
        run, published = evaluation.run, self.scores
        texts = published.scores.alignment
        alignment = replace(run.scores.alignment, unknown_labels=texts.unknown_labels, dropped=texts.dropped)
        completed = replace(
            run, scores=replace(run.scores, alignment=alignment), format=published.format, reading=published.reading, dtype=published.dtype,
            other_reading=published.other_reading, in_pieces=published.in_pieces, adapter=self.model, model=published.model,
            references=published.references if published.other_reading else run.references,
        )  # fmt: skip
        return replace(evaluation, run=completed)

    def differences(self, run: ScoredRun) -> str:
        """Return in words how scores differ from those that were published; an empty text if they do not."""
        if run.scores == self.scores.scores:
            return ""
        ours, theirs = run.scores.micro, self.scores.scores.micro
        return f"micro F1 {ours.f1:.4f} of {ours.gold:,} gold entities; published {theirs.f1:.4f} of {theirs.gold:,}"


def write_runs(runs: Iterable[ScoredRun], base: str, new: Path) -> tuple[tuple[ScoredRun, ...], tuple[LmnError, ...]]:
    """Write scores and predicted spans of runs into a folder that is published, each into `<corpus>_<split>/<run>/`.

    Args:
        runs: Runs that lie in files, with their sentences and predictions next to them.
        base: Public name of the base model.
        new: Folder to write into.

    Returns:
        Runs that were written; and why others were not.
    """
    written, problems = [], []
    for run in runs:
        try:
            _write_run(run, base, new / f"{run.corpus}_{run.split}" / run.name)
            written.append(run)
        except LmnError as error:
            problems.append(error)
    return tuple(written), tuple(problems)


def _write_run(run: ScoredRun, base: str, folder: Path) -> None:
    """Write a run.

    Raises:
        LmnError: The sentences or the predictions are missing or damaged; then nothing is written.
    """
    assert run.path is not None  # it was read from there
    sentences = load_evaluation(run.path).sentences
    unsure = _uncertainties(run.path.with_name(PREDICTIONS_FILE)) if run.uncertainty else {}
    decoding = None if run.format == SPANS else run.decoding
    folder.mkdir(parents=True)
    write_json(folder / SCORES_FILE, _public_scores(run, base))
    with atomic_write(folder / PREDICTIONS_FILE) as file:
        file.writelines(f"{json.dumps(_row(one, decoding, unsure.get(one.id)))}\n" for one in sentences)


def find_run(name: str, revision: str | None, corpus: str, split: str, run: str | None) -> PublishedRun:
    """Find the predictions of a publication for a split, downloading them if name is a Hub id.

    Args:
        name: Folder or Hub id.
        revision: Branch, tag or commit of a Hub id; None for its main branch.
        corpus: Name of the corpus.
        split: Name of the split.
        run: Name of the run, such as `free`; None for the one that the card shows first.

    Raises:
        LmnError: There is no such folder or repository, or it holds no such predictions; or a file is missing or damaged.
    """
    model, folder = _publication(name, revision)
    found = sorted((path.parent for path in folder.glob(f"*/*/{PREDICTIONS_FILE}")), key=lambda at: run_rank(at.name))
    of_split = {at.name: at for at in found if at.parent.name == f"{corpus}_{split}"}
    chosen = run or next(iter(of_split), "")
    if chosen not in of_split:
        others = listed([str(at.relative_to(folder)) for at in found]) or "none"
        wanted = f"{corpus}_{split}{f'/{run}' if run else ''}"
        raise LmnError(f"no published predictions of {wanted}; it holds {others}", name, _HOW_PUBLISHED)
    at = of_split[chosen]
    scores = load_run(at)
    if (folder / STUDENT_FILE).is_file():
        return PublishedRun(model, at, StudentFile.load(folder).labels, None, scores)
    spec = PromptSpec.load(folder / PROMPT_SPEC_FILE)
    return PublishedRun(model, at, spec.labels, spec, scores)


def _publication(name: str, revision: str | None) -> tuple[NamedModel, Path]:
    """Return the name of a publication, and the folder of its small files."""
    if Path(name).is_dir():
        if revision:
            raise LmnError(f"a folder, and --revision {revision} is for a Hub id", name, "leave it out")
        return NamedModel(name, None), Path(name)
    files = (f"*/*/{PREDICTIONS_FILE}", f"*/*/{SCORES_FILE}", PROMPT_SPEC_FILE, STUDENT_FILE)
    folder = hub_folder(name, files, name, "name another, or go online", revision=revision)
    return NamedModel(name, folder.name), folder


def check_sentences(predictions: Path, sentences: Sequence[Sentence]) -> None:
    """Make sure that predictions are those of the same tokens as the gold's.

    Raises:
        LmnError: Sentences have other tokens or are missing; the message says how many, and names the first.
    """
    noted = {str(row.get("id")): row.get("tokens_sha1") for _, row in read_jsonl(predictions)}
    others = [one for one in sentences if noted.get(one.id) != tokens_sha1(one.tokens)]
    if not others and len(noted) == len(sentences):
        return
    if not others:
        raise LmnError(
            f"{len(noted):,} sentences were predicted, and the gold has {len(sentences):,}", predictions,
            "take the whole split, without --limit",
        )  # fmt: skip
    first = others[0]
    why = "has other tokens than those that were predicted" if first.id in noted else "was not predicted"
    raise LmnError(
        f"{len(others):,} of {len(sentences):,} sentences are not those that were predicted; the first, {first.id}, {why}",
        first.where, f"take the version of the corpus that was scored: its file has the SHA-256 in {SCORES_FILE} next to {predictions}",
    )  # fmt: skip


def _row(sentence: ExaminedSentence, decoding: str | None, uncertainty: Any) -> dict[str, Any]:
    """Return the record of a sentence: what was predicted, where, and how surely; no text."""
    spans = [pair.predicted for pair in sentence.pairs if pair.predicted]
    row = {
        "id": sentence.id, "output": None, "tokens_sha1": tokens_sha1(sentence.tokens), "decoding": decoding,
        "spans": spans_to_json(tuple(spans)), "status": sentence.status, "reasons": list(sentence.reasons),
        "confidences": None if sentence.confidences is None else list(sentence.confidences), "uncertainty": uncertainty,
    }  # fmt: skip
    return {**row, UNGROUNDED_KEY: len(sentence.ungrounded)} if sentence.ungrounded else row


def _uncertainties(path: Path) -> dict[str, Any]:
    """Return the numbers of the uncertainty of each sentence of a predictions file, by its id."""
    rows = ((str(row.get("id")), row.get("uncertainty")) for _, row in read_jsonl(path))
    return {
        name: {key: unsure[key] for key in _UNCERTAINTY if key in unsure}
        for name, unsure in rows
        if isinstance(unsure, dict)
    }


def _public_scores(run: ScoredRun, base: str) -> Any:
    """Return the document of a run without folders of this machine and without text that the model wrote."""
    alignment = run.scores.alignment
    unknown = {NOT_PUBLISHED: sum(alignment.unknown_labels.values())} if alignment.unknown_labels else {}
    public = replace(
        run, scores=replace(run.scores, alignment=replace(alignment, unknown_labels=unknown)), predictions=PREDICTIONS_FILE,
        recipe=RECIPE_FILE, adapter=None, model=base, references=_public_references(run.references, base),
    )  # fmt: skip
    return to_json(public)


def _public_references(references: References, base: str) -> References:
    """Return published results next to ours with the public name of the base model in place of its folder."""
    local = references.model
    if local is None:
        return references
    compared = tuple(
        replace(one, differing=tuple(text.replace(f"ours {local},", f"ours {base},") for text in one.differing))
        for one in references.compared
    )
    return replace(references, model=base, compared=compared)
