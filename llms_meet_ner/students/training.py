"""The training of a student, from its recipe to its folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import LmnError
from ..labels import LabelSet
from ..sentence import Sentence
from ..training.dataset_info import DatasetEntry
from ..training.recipe import Recipe
from .encoder import new_model, new_tokenizer, window_of, without_reports
from .epochs import EpochRow, epoch_rows, save_epochs
from .examples import entries_of, examples_of, load_sentences, lost_entities, read_all
from .settings import StudentKeys, trainer_values
from .student_file import StudentFile
from .subwords import ReadingNotes, Subwords
from .trainer import DevSet, StudentTrainer
from .viterbi import tag_names


@dataclass(frozen=True, slots=True)
class Prepared:
    """A training that is ready to begin.

    Attributes:
        recipe: The recipe.
        keys: Its keys that transformers does not have.
        arguments: Transformers' `TrainingArguments`.
        model: Encoder with a new head.
        subwords: Reader of its tokens.
        file: What the student will answer and how it reads.
        sentences: Number of sentences to train on.
        examples: Windows of them, each an example.
        dev: Sentences to evaluate on; None for none.
        notes: Lines for people about what is left out or not read as it stands.
    """

    recipe: Recipe
    keys: StudentKeys
    arguments: Any
    model: Any
    subwords: Subwords
    file: StudentFile
    sentences: int
    examples: list[dict[str, Any]]
    dev: DevSet | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Trained:
    """Outcome of a training.

    Attributes:
        rows: Losses and dev scores by epoch.
        best: Row of the weights that were kept; None if they are the last ones.
    """

    rows: list[EpochRow]
    best: EpochRow | None


def prepare(recipe: Recipe, train: Sequence[str], dev: Sequence[str]) -> Prepared:
    """Load what a training needs: data, encoder, tokenizer.

    Args:
        recipe: Recipe with checked keys.
        train: Names of the data sets to train on.
        dev: Names of the data sets to evaluate on.

    Raises:
        LmnError: The data are missing or damaged, the encoder cannot be loaded, or a value of the recipe does not go with them.
    """
    import transformers

    keys = StudentKeys.of(recipe)
    arguments = _arguments(recipe, keys)
    entries = entries_of(recipe.dataset_dir, [*train, *dev])
    labels, first = entries[0].spec.labels, entries[0]
    transformers.set_seed(arguments.seed)
    tokenizer = new_tokenizer(recipe.model)
    model = new_model(recipe.model, tag_names(labels.names), keys.head, keys.lstm_size)
    subwords = Subwords.of(tokenizer, window_of(model, tokenizer, keys.window), keys.overlap)
    file = _student_file(recipe, keys, labels, first, subwords, train)
    sentences, examples, lines = _train_set(recipe, entries[: len(train)], subwords, labels)
    dev_set, more = _dev_set(recipe, entries[len(train) :], subwords, labels)
    return Prepared(
        recipe, keys, arguments, model, subwords, file, sentences, examples, dev_set, (*lines, *more)
    )  # fmt: skip


def train(prepared: Prepared, checkpoint: Path | None, callbacks: Sequence[Any] = ()) -> Trained:
    """Train a student, and write it into the recipe's `output_dir`: a model of transformers, `student.json`, the table by epoch, logs.

    Args:
        prepared: The training.
        checkpoint: Folder of a checkpoint to go on from; None to begin.
        callbacks: Callbacks of transformers' trainer.
    """
    import transformers

    folder = prepared.recipe.output_dir
    patience = prepared.keys.early_stopping_patience
    stopping = [transformers.EarlyStoppingCallback(patience)] if patience else []
    tokenizer = prepared.subwords.tokenizer
    trainer = StudentTrainer(
        file=prepared.file, dev=prepared.dev, model=prepared.model, args=prepared.arguments, train_dataset=prepared.examples,
        data_collator=transformers.DataCollatorForTokenClassification(tokenizer), processing_class=tokenizer,
        callbacks=[*stopping, *callbacks],
    )  # fmt: skip
    trainer.remove_callback(transformers.PrinterCallback)
    with without_reports():
        result = trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
        trainer.save_model()
        trainer.save_state()
    rows = epoch_rows(trainer.state.log_history)
    save_epochs(rows, folder)
    trainer.save_metrics(
        "train", result.metrics
    )  # all_results.json, which says that the training has finished, is last
    best = trainer.state.best_global_step if prepared.arguments.load_best_model_at_end else None
    return Trained(rows, next((row for row in rows if row.step == best), None))


def _arguments(recipe: Recipe, keys: StudentKeys) -> Any:
    """Return transformers' `TrainingArguments` of a recipe.

    Raises:
        LmnError: transformers refuses a value.
    """
    import torch
    from transformers import TrainingArguments

    if keys.device == "cuda" and not torch.cuda.is_available():
        raise LmnError("device is cuda, and torch finds no CUDA card", recipe.path, "write device: cpu")
    try:
        arguments = TrainingArguments(**trainer_values(recipe, keys))
        if arguments.n_gpu > 1:
            arguments._n_gpu = 1  # one card: transformers would copy the student to all of them at every step
        return arguments
    except (ValueError, TypeError) as error:
        what = str(error).strip().split("\n")[0]
        raise LmnError(f"transformers refuses it: {what}", recipe.path, "correct the key in the recipe") from error


def _student_file(
    recipe: Recipe, keys: StudentKeys, labels: LabelSet, first: DatasetEntry, subwords: Subwords, train: Sequence[str]
) -> StudentFile:
    spec = first.spec
    return StudentFile(
        labels, keys.head, subwords.window, subwords.overlap, spec.join, spec.nested, first.corpus, tuple(train), recipe.model,
        recipe.path.name, recipe.seed,
    )  # fmt: skip


def _train_set(
    recipe: Recipe, entries: Sequence[DatasetEntry], subwords: Subwords, labels: LabelSet
) -> tuple[int, list[dict[str, Any]], list[str]]:
    """Return the number of sentences to train on, their windows as examples, and lines for people."""
    loaded, notes = load_sentences(recipe.dataset_dir, entries), ReadingNotes()
    reads = read_all(subwords, loaded.sentences, notes)
    pairs = list(zip(loaded.sentences, reads, strict=True))
    examples = [example for sentence, read in pairs for example in examples_of(sentence, read, labels.names)]
    if not examples:
        raise LmnError("no sentence to train on", ", ".join(entry.name for entry in entries), "convert another split")
    lines = [*loaded.lines("training"), *(f"training: {line}" for line in notes.lines())]
    if lost := sum(lost_entities(sentence, read) for sentence, read in pairs):
        lines.append(f"training: entities of which no token has a subword, not learned: {lost:,}")
    return len(loaded.sentences), examples, lines


def _dev_set(
    recipe: Recipe, entries: Sequence[DatasetEntry], subwords: Subwords, labels: LabelSet
) -> tuple[DevSet | None, list[str]]:
    """Return the sentences to evaluate on, longest first, and lines for people."""
    if not entries:
        return None, []
    loaded, notes = load_sentences(recipe.dataset_dir, entries), ReadingNotes()
    sentences: list[Sentence] = sorted(loaded.sentences, key=lambda sentence: -len(sentence.tokens))
    if not sentences:
        raise LmnError(
            "no sentence to evaluate on", ", ".join(entry.name for entry in entries), "convert another split"
        )
    reads = read_all(subwords, sentences, notes)
    dev = DevSet(tuple(sentences), tuple(reads), subwords.padding, labels.names)
    return dev, [*loaded.lines("dev"), *(f"dev: {line}" for line in notes.lines())]
