"""Rows through a model: its inputs, and which logits it computes."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch

from .rows import UNLABELLED, Example, Row


@dataclass(frozen=True, slots=True)
class RowInputs:
    """A row as the inputs of a model.

    Attributes:
        inputs: Arguments of the model, labels among them.
        targets: The K labels that are predicted, an int64 tensor of shape [K]; K is at least 1.
        kept: Places of the K logits among those that the model returns, an int64 tensor of shape [K].
        owners: For each label the number of its example, an int64 tensor of shape [K].
    """

    inputs: dict[str, Any]
    targets: torch.Tensor
    kept: torch.Tensor
    owners: torch.Tensor


def row_inputs(row: Row, device: Any, *, keeps_logits: bool) -> RowInputs:
    """Return the inputs of a row.

    Args:
        row: The row, of N tokens. If it predicts nothing, its last token predicts a label that does not count.
        device: Device for the tensors.
        keeps_logits: Whether the model can compute the logits of chosen tokens alone (`keeps_chosen_logits`).
    """
    places = [prediction.index for prediction in row.predictions] or [len(row) - 1]
    labels = [prediction.label for prediction in row.predictions] or [UNLABELLED]
    owners = [prediction.example for prediction in row.predictions] or [row.examples[0]]
    at, targets = torch.tensor(places, device=device), torch.tensor(labels, device=device)
    inputs: dict[str, Any] = {
        "input_ids": torch.tensor([row.tokens], device=device),
        "attention_mask": torch.ones((1, len(row)), dtype=torch.int64, device=device),
        "position_ids": torch.tensor([row.positions], device=device),
        "use_cache": False,
    }
    if keeps_logits:
        inputs |= {"logits_to_keep": at, "labels": targets[None], "shift_labels": targets[None]}
        return RowInputs(inputs, targets, torch.arange(len(places), device=device), torch.tensor(owners, device=device))
    shifted = torch.full((1, len(row)), UNLABELLED, device=device)
    shifted[0, at] = targets
    inputs |= {"labels": shifted, "shift_labels": shifted}
    return RowInputs(inputs, targets, at, torch.tensor(owners, device=device))


def label_losses(logits: torch.Tensor, row: RowInputs) -> torch.Tensor:
    """Return the losses of the labels of a row, a float32 tensor of shape [K], from the logits of shape [1, tokens, vocabulary]."""
    chosen = logits[0, row.kept].float()
    return torch.nn.functional.cross_entropy(chosen, row.targets, ignore_index=UNLABELLED, reduction="none")


def examples_of(batch: Mapping[str, torch.Tensor]) -> list[Example]:
    """Return the examples of a batch of LLaMA-Factory, without padding."""
    columns = (batch[key].tolist() for key in ("input_ids", "labels", "attention_mask"))
    return [
        Example(
            tuple(token for token, real in zip(tokens, mask, strict=True) if real),
            tuple(label for label, real in zip(labels, mask, strict=True) if real),
        )
        for tokens, labels, mask in zip(*columns, strict=True)
    ]


def keeps_chosen_logits(model: Any) -> bool:
    """Return whether a model computes the logits of chosen tokens alone; it is the model of transformers, without an adapter around."""
    return "logits_to_keep" in inspect.signature(model.forward).parameters


def has_usual_loss(model: Any) -> bool:
    """Return whether the loss of a model is the cross entropy of the next token, divided by the number of labels of the step."""
    from transformers.loss.loss_utils import ForCausalLMLoss

    return getattr(model, "loss_function", None) is ForCausalLMLoss
