"""Two checks with real examples at the start of a training: that a model computes rows as it computes each example alone.

They find models that the conditions do not know.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import torch

from .forward import RowInputs, label_losses, row_inputs
from .masks import RowMasks, ShownRow
from .rows import UNLABELLED, Example, Row, group_examples, merge

TOLERANCE = {torch.float32: 1e-3, torch.float64: 1e-6}
"""Relative difference of losses up to which they are taken as equal, by the data type of the model."""
COARSE = 5e-2
"""The same for data types of 16 bits and less."""


class Probe:
    """Compares a model's rows with its examples."""

    def __init__(self, model: Any, masks: RowMasks, device: Any, *, keeps_logits: bool) -> None:
        self._model = model
        self._masks = masks
        self._device = device
        self._keeps_logits = keeps_logits

    def problem(self, examples: Sequence[Example], dtype: Any) -> str | None:
        """Return why the model does not compute rows exactly, or None.

        Every process makes the same passes through the model, whatever it finds: under ZeRO-3, all of them take part in each pass.

        Args:
            examples: The examples of a step; the first two are taken.
            dtype: Data type that the model computes in.
        """
        chosen = list(examples[:2])
        row = merge(chosen, group_examples(chosen, sum(len(example.tokens) for example in chosen))[0])
        made = self._masks.made
        inputs, output = self._row(row)
        if self._masks.made == made:
            return "the model makes its masks of attention in its own way"
        logits = output.logits
        isolated = len(chosen) < 2 or self._is_isolated(row, inputs, logits)
        alone = [self._alone(example) for example in chosen]
        if not isolated:
            return "in this model, what one example holds changes the logits of another one"
        tolerance = TOLERANCE.get(dtype, COARSE)
        losses = label_losses(logits, inputs)
        if len(row.predictions) and not _is_close(float(output.loss), float(losses.mean()), tolerance):
            return "the model computes its loss in its own way"
        for number, before in enumerate(alone):
            shared = _mean(losses[inputs.owners == number])
            if not _is_close(shared, before, tolerance):
                return f"in this model, sharing changes the loss of an example from {before:.6f} to {shared:.6f}"
        return None

    def _is_isolated(self, row: Row, inputs: RowInputs, logits: torch.Tensor) -> bool:
        """Put the tokens of the first example that are its own in another order; return whether the second keeps its logits."""
        own = [index for index in range(row.leaves[0] + 1) if row.ends[index] == row.leaves[0] + 1]
        tokens = list(row.tokens)
        for index, other in zip(own, own[1:] + own[:1], strict=True):
            tokens[index] = row.tokens[other]
        changed = self._row(replace(row, tokens=tuple(tokens)))[1].logits
        others = inputs.kept[inputs.owners == row.examples[1]]
        return bool(torch.equal(logits[0, others], changed[0, others]))

    def _row(self, row: Row) -> tuple[RowInputs, Any]:
        inputs = row_inputs(row, self._device, keeps_logits=self._keeps_logits)
        with self._masks.showing(ShownRow.of(row, self._device)):
            return inputs, self._model(**inputs.inputs)

    def _alone(self, example: Example) -> float:
        """Return the mean loss of an example by itself, 0 without labels."""
        tokens = torch.tensor([example.tokens], device=self._device)
        labels = torch.tensor([*example.labels[1:], UNLABELLED], device=self._device)
        logits = (
            self._model(input_ids=tokens, attention_mask=torch.ones_like(tokens), use_cache=False).logits[0].float()
        )
        losses = torch.nn.functional.cross_entropy(logits, labels, ignore_index=UNLABELLED, reduction="none")
        return _mean(losses[labels != UNLABELLED])


def _mean(losses: torch.Tensor) -> float:
    return float(losses.mean()) if len(losses) else 0.0


def _is_close(one: float, other: float, tolerance: float) -> bool:
    """Return whether two losses are equal up to rounding; one that is no number is not."""
    return abs(one - other) <= tolerance * max(1.0, abs(other))
