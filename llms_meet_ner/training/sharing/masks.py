"""What each token of a row sees, in the place where transformers makes the attention masks of a model.

Transformers makes a mask for each kind of layer by a function of two token indices: causal, with a sliding window, in chunks. While a
row is shown, the same function is asked with the positions of the tokens in their examples, and the answer holds only within an
example. So windows and chunks count as they do for an example alone, whatever stands between in the row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from transformers.masking_utils import ALL_MASK_ATTENTION_FUNCTIONS
from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS

from .blocks import BlockedAttention
from .rows import Row

KINDS = ("sdpa", "eager", "flex_attention")
"""Implementations of attention, by their names in transformers, that take the mask of a row."""
PositionMask = Callable[[Any, Any, Any, Any], Any]
"""A function of transformers: batch, head, query position, key position to whether the key is seen."""


@dataclass(frozen=True, slots=True)
class ShownRow:
    """A row on a device.

    Attributes:
        positions: Positions of the tokens, an int64 tensor of shape [N].
        ends: Ends of the tokens, an int64 tensor of shape [N].
    """

    positions: torch.Tensor
    ends: torch.Tensor

    @classmethod
    def of(cls, row: Row, device: Any) -> ShownRow:
        """Put a row on a device."""
        return cls(torch.tensor(row.positions, device=device), torch.tensor(row.ends, device=device))

    def sees(self, seen_alone: PositionMask) -> PositionMask:
        """Return the mask function of the row, over indices in the row, for the one of an example alone."""

        def mask(batch: Any, head: Any, query: Any, key: Any) -> Any:
            within = (key <= query) & (query < self.ends[key])
            return within & seen_alone(batch, head, self.positions[query], self.positions[key])

        return mask

    def matrix(self, seen_alone: PositionMask) -> torch.Tensor:
        """Return a bool tensor of shape [1, 1, N, N]: whether the query in line q sees the key in column k."""
        indices = torch.arange(len(self.ends), device=self.ends.device)
        zero = torch.zeros((), dtype=torch.int64, device=self.ends.device)
        seen = self.sees(seen_alone)(zero, zero, indices[:, None], indices[None, :])
        return seen.expand(len(indices), len(indices))[None, None]


class RowMasks:
    """Gives the model the mask of the row that is shown, and transformers' own masks when none is.

    Attributes:
        made: How many masks of rows a model has asked for; a model that asks for none does not see rows.
    """

    def __init__(self) -> None:
        self.made = 0
        self._row: ShownRow | None = None
        self._blocked = BlockedAttention()

    @contextmanager
    def installed(self) -> Iterator[RowMasks]:
        """Stand in for the functions of transformers that make masks, and for the one of SDPA attention, while the block runs."""
        functions, attention = ALL_MASK_ATTENTION_FUNCTIONS, ALL_ATTENTION_FUNCTIONS
        before = [(interface, dict(interface._local_mapping)) for interface in (functions, attention)]
        for kind in KINDS:
            functions[kind] = self._instead_of(kind, functions[kind])
        attention["sdpa"] = self._blocked.instead_of(attention["sdpa"])
        try:
            yield self
        finally:
            for interface, mapping in before:
                interface._local_mapping.clear()
                interface._local_mapping.update(mapping)

    @contextmanager
    def showing(self, row: ShownRow) -> Iterator[None]:
        """Let every mask that is made in the block be the one of this row."""
        before, self._row = self._row, row
        try:
            yield
        finally:
            self._row = before
            self._blocked.forget()

    def _instead_of(self, kind: str, original: Callable[..., Any]) -> Callable[..., Any]:
        def make(*args: Any, **kwargs: Any) -> Any:
            if self._row is None:
                return original(*args, **kwargs)
            self.made += 1
            mask = make_mask(kind, self._row, **kwargs)
            if kind == "sdpa":
                self._blocked.learn(mask)
            return mask

        return make


def make_mask(
    kind: str, row: ShownRow, *, mask_function: PositionMask, dtype: Any = torch.float32, **others: Any
) -> Any:
    """Make the mask of a row for an implementation of attention.

    Args:
        kind: One of `KINDS`.
        row: The row.
        mask_function: What an example alone sees, by positions.
        dtype: Data type of the model, for the mask that `eager` adds to its scores.
        others: What else transformers tells; the lengths among it must be those of the row.

    Raises:
        ValueError: The model asks for another number of tokens than the row has.
    """
    length = len(row.ends)
    asked = {others.get("q_length", length), others.get("kv_length", length)}
    if asked != {length}:
        raise ValueError(f"a mask of {sorted(asked)} tokens is asked for a row of {length}")
    if kind == "flex_attention":
        return block_mask(row, mask_function)
    seen = row.matrix(mask_function)
    if kind == "sdpa":
        return seen
    return torch.zeros(seen.shape, dtype=dtype, device=seen.device).masked_fill_(~seen, torch.finfo(dtype).min)


def block_mask(row: ShownRow, mask_function: PositionMask) -> Any:
    """Return the mask of a row for FlexAttention, which keeps it in blocks of 128 by 128 tokens."""
    from torch.nn.attention.flex_attention import create_block_mask

    device = row.ends.device
    length = len(row.ends)
    compiled = device.type == "cuda"  # compiled, it never holds all pairs of tokens
    return create_block_mask(
        row.sees(mask_function), B=1, H=None, Q_LEN=length, KV_LEN=length, device=device, _compile=compiled
    )
