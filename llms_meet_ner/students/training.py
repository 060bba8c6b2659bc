"""The training of a student, from its recipe to its folder."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..decoding.cpu import imitated_bfloat16
from ..errors import LmnError
from ..labels import LabelSet
from ..sentence import Join, Sentence
from ..training.recipe import MODEL_FILE, Recipe
from .encoder import new_model, new_tokenizer, origin_of, window_of, without_reports
from .epochs import EpochRow, epoch_rows, save_epochs
from .examples import Loaded, entries_of, examples_of, load_sentences, lost_entities, read_all
from .settings import StudentKeys, trainer_values
from .student_file import StudentFile, refuse_exported
from .subwords import ReadingNotes, Subwords
from .trainer import DevSet, StudentTrainer
from .viterbi import tag_names


@dataclass(frozen=True, slots=True)
class TrainingData:
    """Sentences of a training, and what a student keeps of their corpus.

    Attributes:
        labels: Labels of their entities.
        join: What stands between two tokens.
        nested: Whether entities nest in the corpus.
        corpus: Name of the corpus.
        datasets: Names of what the sentences to train on come from.
        train: Sentences to train on.
        dev: Sentences to evaluate on; None for none.
        dev_datasets: Names of what these come from.
    """

    labels: LabelSet
    join: Join
    nested: bool
    corpus: str
    datasets: tuple[str, ...]
    train: Loaded
    dev: Loaded | None = None
    dev_datasets: tuple[str, ...] = ()


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
        metric: Name of the metric by which they were the best: one of `METRICS`.
    """

    rows: list[EpochRow]
    best: EpochRow | None
    metric: str = "f1"


def prepare(recipe: Recipe, train: Sequence[str], dev: Sequence[str]) -> Prepared:
    """Load what a training needs: data, encoder, tokenizer.

    Args:
        recipe: Recipe with checked keys.
        train: Names of the data sets to train on.
        dev: Names of the data sets to evaluate on.

    Raises:
        LmnError: The data are missing or damaged, the encoder cannot be loaded, or a value of the recipe does not go with them.
    """
    folder, first = recipe.dataset_dir, entries_of(recipe.dataset_dir, [*train, *dev])
    entries, dev_entries, spec = first[: len(train)], first[len(train) :], first[0].spec
    data = TrainingData(
        spec.labels, spec.join, spec.nested, first[0].corpus, tuple(train), load_sentences(folder, entries),
        load_sentences(folder, dev_entries) if dev else None, tuple(dev),
    )  # fmt: skip
    return prepare_sentences(recipe, data)


def prepare_sentences(recipe: Recipe, data: TrainingData, start: Path | None = None) -> Prepared:
    """Load what a training on sentences in memory needs: encoder and tokenizer.

    Args:
        recipe: Recipe with checked keys; `eval_dataset` names something if there are dev sentences.
        data: The sentences.
        start: Folder of a student whose weights and head the training begins with; None for a new head on the recipe's encoder.

    Raises:
        LmnError: The encoder or student cannot be loaded, the student has another head or other labels, there is no sentence, or a value
            of the recipe does not go with them.
    """
    import transformers

    keys = StudentKeys.of(recipe)
    source = str(start) if start else recipe.model
    refuse_exported(Path(source), "an exported student is not trained further")
    arguments = _arguments(recipe, keys)
    transformers.set_seed(arguments.seed)
    asked = (source, tag_names(data.labels.names), keys.head, keys.lstm_size)
    origin = origin_of(*asked)
    if start and not origin.kept:
        raise LmnError(
            "no student with the head and the labels of this training", start, "begin with one of the same head and labels"
        )  # fmt: skip
    tokenizer, model = new_tokenizer(source), new_model(*asked)
    subwords = Subwords.of(tokenizer, window_of(model, tokenizer, keys.window), keys.overlap)
    file = StudentFile(
        data.labels, keys.head, subwords.window, subwords.overlap, data.join, data.nested, data.corpus, data.datasets, recipe.model,
        recipe.file.name, recipe.seed,
    )  # fmt: skip
    examples, lines = _train_set(data, subwords)
    dev_set, more = _dev_set(data, subwords)
    notes = filter(None, [origin.note(source), imitated_bfloat16(recipe.values, arguments.device.type)])
    return Prepared(
        recipe, keys, arguments, model, subwords, file, len(data.train.sentences), examples, dev_set, (*notes, *lines, *more)
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
    best = _kept_step(trainer.state.best_model_checkpoint) if prepared.arguments.load_best_model_at_end else None
    metric = str(prepared.arguments.metric_for_best_model or "f1").removeprefix("eval_")
    return Trained(rows, next((row for row in rows if row.step == best), None), metric)


def _kept_step(checkpoint: str | None) -> int | None:
    """Return the step of the checkpoint that a training ended with; None if it ended with its last weights.

    Args:
        checkpoint: Folder of the best checkpoint, as the trainer noted it; None if no evaluated weights were saved.
    """
    return int(checkpoint.rpartition("-")[2]) if checkpoint and (Path(checkpoint) / MODEL_FILE).is_file() else None


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


def _train_set(data: TrainingData, subwords: Subwords) -> tuple[list[dict[str, Any]], list[str]]:
    """Return the windows of the sentences to train on as examples, and lines for people."""
    loaded, notes = data.train, ReadingNotes()
    reads = read_all(subwords, loaded.sentences, notes)
    pairs = list(zip(loaded.sentences, reads, strict=True))
    examples = [example for sentence, read in pairs for example in examples_of(sentence, read, data.labels.names)]
    if not examples:
        raise LmnError("no sentence to train on", ", ".join(data.datasets), "convert another split")
    lines = [*loaded.lines("training"), *(f"training: {line}" for line in notes.lines())]
    if lost := sum(lost_entities(sentence, read) for sentence, read in pairs):
        lines.append(f"training: entities of which no token has a subword, not learned: {lost:,}")
    return examples, lines


def _dev_set(data: TrainingData, subwords: Subwords) -> tuple[DevSet | None, list[str]]:
    """Return the sentences to evaluate on, longest first, and lines for people."""
    loaded, notes = data.dev, ReadingNotes()
    if loaded is None:
        return None, []
    sentences: list[Sentence] = sorted(loaded.sentences, key=lambda sentence: -len(sentence.tokens))
    if not sentences:
        raise LmnError("no sentence to evaluate on", ", ".join(data.dev_datasets), "convert another split")
    reads = read_all(subwords, sentences, notes)
    dev = DevSet(tuple(sentences), tuple(reads), subwords.padding, data.labels.names)
    return dev, [*loaded.lines("dev"), *(f"dev: {line}" for line in notes.lines())]
