"""Transformers' trainer, which evaluates a student by the entities that it would answer with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import Trainer

from ..counts import Counts, ratio
from ..sentence import Sentence
from .examples import NO_LABEL, gold_tags
from .marking import best_of, tag_scores
from .student_file import StudentFile
from .subwords import ReadSentence

_AT_ONCE = 256
"""Sentences whose scores are in memory at a time."""


@dataclass(frozen=True, slots=True)
class DevSet:
    """Sentences that a training is evaluated on.

    Attributes:
        sentences: The sentences with their entities.
        reads: The same as the encoder reads them.
        padding: Token id that fills a row.
        labels: Labels in the order of the tags.
    """

    sentences: tuple[Sentence, ...]
    reads: tuple[ReadSentence, ...]
    padding: int
    labels: tuple[str, ...]

    def scores(self, model: Any, batch_size: int) -> dict[str, float]:
        """Return the mean cross entropy of a token, the share of tokens with the right tag, and strict precision, recall and F1.

        Tags and entities are those of the best sequence that BIO allows, as in answers.
        """
        counts, loss, right, tokens = Counts(), 0.0, 0, 0
        for start in range(0, len(self.reads), _AT_ONCE):
            reads = self.reads[start : start + _AT_ONCE]
            rows = tag_scores(model, reads, self.padding, batch_size)
            best = best_of(reads, rows, self.labels)
            for sentence, read, row, found in zip(
                self.sentences[start : start + _AT_ONCE], reads, rows, best, strict=True
            ):
                gold = gold_tags(sentence, read, self.labels)
                loss -= float(row[np.arange(len(gold)), gold].sum()) if gold else 0.0
                right += sum(tag == other for tag, other in zip(found.tags, gold, strict=True))
                tokens += len(gold)
                correct = len(set(found.spans) & set(sentence.spans))
                counts += Counts(correct, len(found.spans), len(sentence.spans))
        return {
            "loss": ratio(loss, tokens), "accuracy": ratio(right, tokens),
            "precision": counts.precision, "recall": counts.recall, "f1": counts.f1,
        }  # fmt: skip


class StudentTrainer(Trainer):  # type: ignore[misc]
    """The trainer. Whatever it saves is a whole student.

    The loss of a step is the mean over all its labels, however many batches it gathers. The classifiers of transformers take a mean for
    each batch and do not look at the number of labels that the trainer gives them, so that gathered batches would add up.

    Args:
        file: What the student answers and how it reads.
        dev: Sentences to evaluate on; None for none.
        **others: Arguments of transformers' trainer.
    """

    def __init__(self, *, file: StudentFile, dev: DevSet | None, **others: Any) -> None:
        self._file = file
        self._dev = dev
        super().__init__(
            eval_dataset=list(dev.sentences) if dev else None, compute_loss_func=self._mean_over_labels, **others
        )
        self.model_accepts_loss_kwargs = False

    def _mean_over_labels(self, outputs: Any, labels: torch.Tensor, num_items_in_batch: Any = None) -> torch.Tensor:
        """Return the share of a batch in the mean cross entropy of the labels of its step."""
        logits = outputs["logits"].float().flatten(0, 1)
        total = torch.nn.functional.cross_entropy(
            logits, labels.flatten(), reduction="sum", label_smoothing=self.args.label_smoothing_factor
        )
        return total / (labels.ne(NO_LABEL).sum() if num_items_in_batch is None else num_items_in_batch)

    def evaluate(
        self, eval_dataset: Any = None, ignore_keys: Sequence[str] | None = None, metric_key_prefix: str = "eval"
    ) -> dict[str, float]:
        """Return the scores on the dev sentences, and log them, as the method that it stands for does."""
        assert self._dev is not None  # transformers asks for it only with eval_dataset
        was_training = self.model.training
        self.model.eval()
        scores = self._dev.scores(self.model, self.args.eval_batch_size)
        self.model.train(was_training)
        metrics = {f"{metric_key_prefix}_{name}": value for name, value in scores.items()}
        self.log(metrics)
        self.control: Any = self.callback_handler.on_evaluate(self.args, self.state, self.control, metrics)
        return metrics

    def _save(self, output_dir: str | None = None, state_dict: Any = None) -> None:
        super()._save(output_dir, state_dict)
        self._file.save(Path(output_dir or self.args.output_dir))
