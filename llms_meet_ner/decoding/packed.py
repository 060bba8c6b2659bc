"""Passes over several sentences at once, without padding, and with a key-value cache that forgets rejected tokens.

- The tokens of all sentences go through the linear layers of the model as one packed row.
- Attention sorts them into cache rows, one for each sentence, and reads that sentence's own keys and values. It replaces the
  model's attention, which transformers finds by name.
- The cache is addressed by position: a token that is written to a position again replaces the rejected one.
- The beginning that all prompts share is computed once and copied to every row.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AttentionInterface

from ..errors import LmnError
from .model import LoadedModel
from .requests import shared_length

_ATTENTION = "lmn_packed"
_GROW = 64
"""Number of positions by which the cache grows at a time."""
_KNOWN_LAYERS = ("full_attention", "sliding_attention", "attention")
"""Kinds of layers that are supported, as `layer_types` in a configuration has them; Granite 4 calls the first kind `attention`."""


class Segment(NamedTuple):
    """The tokens of one sentence in a pass.

    Attributes:
        row: Row of the sentence in the cache.
        start: Position of the first token.
        ids: Token ids.
        keep: Number of tokens, counted from the last one, whose logits are wanted.
    """

    row: int
    start: int
    ids: Sequence[int]
    keep: int


@dataclass(slots=True)
class _Pass:
    """Data of a pass that attention needs, for T tokens in A rows; the longest row has Q tokens.

    Attributes:
        rows: Row of each token; shape (T,).
        positions: Position of each token; shape (T,).
        within: Number of each token in its row, counted from 0; shape (T,).
        grid: Position of each row's tokens, filled up with 0; shape (A, Q).
        length: Number of positions that a row reads.
        cache: Keys and values of all rows.
        masks: Masks made so far, by sliding window.
    """

    rows: torch.Tensor
    positions: torch.Tensor
    within: torch.Tensor
    grid: torch.Tensor
    length: int
    cache: KeyValueCache
    masks: dict[int | None, torch.Tensor] = field(default_factory=dict)

    def mask(self, window: int | None, groups: int) -> torch.Tensor:
        """Return which positions each token may see: True where it may; shape (A, 1, groups * Q, length).

        Args:
            window: Sliding window of the layer; None if it sees all earlier tokens.
            groups: Number of query heads that share a key head.
        """
        if window not in self.masks:
            seen = torch.arange(self.length, device=self.grid.device)
            mask = seen <= self.grid[:, :, None]
            if window is not None:
                mask &= seen > self.grid[:, :, None] - window
            self.masks[window] = mask[:, None].repeat(1, 1, groups, 1)
        return self.masks[window]


class KeyValueCache:
    """Keys and values by layer, row and position.

    Each layer has two tensors of shape (rows, positions, heads, head size).
    """

    def __init__(self) -> None:
        self._layers: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}
        self._rows = 0
        self._length = 0

    def reserve(self, rows: int, length: int) -> None:
        """Make room for some rows and positions; the content stays."""
        if rows <= self._rows and length <= self._length:
            return
        self._rows = max(rows, self._rows)
        if length > self._length:
            self._length = -(-length // _GROW) * _GROW
        for layer, tensors in self._layers.items():
            self._layers[layer] = (self._enlarged(tensors[0]), self._enlarged(tensors[1]))

    def write(
        self, layer: int, rows: torch.Tensor, positions: torch.Tensor, keys: torch.Tensor, values: torch.Tensor
    ) -> None:
        """Write keys and values.

        Args:
            layer: Number of the layer.
            rows: Row of each token; shape (T,).
            positions: Position of each token; shape (T,).
            keys: Keys of the tokens; shape (T, heads, head size).
            values: Values of the tokens; shape (T, heads, head size).
        """
        if layer not in self._layers:
            self._layers[layer] = (self._empty(keys), self._empty(values))
        for tensor, new in zip(self._layers[layer], (keys, values)):
            tensor[rows, positions] = new

    def read(self, layer: int, rows: int, length: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the keys and the values of the first rows and positions; shape (rows, heads, length, head size) each."""
        keys, values = self._layers[layer]
        return keys[:rows, :length].transpose(1, 2), values[:rows, :length].transpose(1, 2)

    def copy(self, source: int, target: slice | int, start: int, end: int) -> None:
        """Copy the positions from start to end (exclusive) of one row to one or more others."""
        for tensors in self._layers.values():
            for tensor in tensors:
                tensor[target, start:end] = tensor[source, start:end]

    def _empty(self, like: torch.Tensor) -> torch.Tensor:
        return like.new_zeros((self._rows, self._length, *like.shape[1:]))

    def _enlarged(self, tensor: torch.Tensor) -> torch.Tensor:
        larger = tensor.new_zeros((self._rows, self._length, *tensor.shape[2:]))
        larger[: tensor.shape[0], : tensor.shape[1]] = tensor
        return larger


class _SubsetHead(torch.nn.Module):  # type: ignore[misc]
    """The output layer, reduced to some tokens of the vocabulary: `ids`, shape (C,).

    It computes in float32 whatever the model computes in: in bfloat16, logits that differ by less than an eighth would often be equal.
    """

    def __init__(self, head: torch.nn.Linear) -> None:
        super().__init__()
        self.weight, self.bias = head.weight, head.bias
        self.ids: torch.Tensor | None = None

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        bias = None if self.bias is None else self.bias[self.ids].float()
        return torch.nn.functional.linear(hidden.float(), self.weight[self.ids].float(), bias)


class PackedModel:
    """A model with its key-value cache."""

    def __init__(self, loaded: LoadedModel) -> None:
        """Check that the layers of the model use earlier tokens only through attention.

        Raises:
            LmnError: The model has other layers, such as state-space ones.
        """
        config = loaded.model.config.get_text_config()
        others = sorted(set(getattr(config, "layer_types", None) or ()) - set(_KNOWN_LAYERS))
        if others:
            raise LmnError(
                f"constrained decoding cannot take back tokens of a model with {', '.join(others)}",
                remedy="use --decoding free",
            )
        AttentionInterface.register(_ATTENTION, _attend)
        self._model = loaded.model
        self._device = loaded.device
        self._head = loaded.model.get_output_embeddings()
        self._subset = _SubsetHead(self._head) if type(self._head) is torch.nn.Linear else None
        self._cache = KeyValueCache()
        self._prefix: list[int] = []
        self._is_shared = False
        self._prefix_rows = 0

    @property
    def prefix_length(self) -> int:
        """Number of tokens at the beginning of every row that are already computed."""
        return len(self._prefix)

    def share_prefix(self, prompts: Sequence[Sequence[int]], rows: int) -> None:
        """Compute the beginning that these prompts share, or shorten the known one to what they share with it.

        At least one token of each prompt is left to compute.

        Args:
            prompts: Prompts of the sentences to come, in token ids.
            rows: Number of rows that must hold the beginning.
        """
        known = self._prefix if self._is_shared else list(prompts[0])
        shared = shared_length([[*known, -1], *prompts])
        if not self._is_shared and shared:
            self.forward([Segment(0, 0, known[:shared], 0)], np.empty(0, dtype=np.int64))
            self._prefix_rows = 1
        self._prefix, self._is_shared = known[:shared], True
        if rows > self._prefix_rows and shared:
            self._cache.reserve(rows, shared)
            self._cache.copy(0, slice(self._prefix_rows, rows), 0, shared)
            self._prefix_rows = rows

    def move(self, source: int, target: int, length: int) -> None:
        """Copy the own tokens of a row, up to a position (exclusive), to another row."""
        self._cache.copy(source, target, len(self._prefix), length)

    def forward(self, segments: Sequence[Segment], candidates: NDArray[np.int64]) -> NDArray[np.float32]:
        """Make one pass over the new tokens of some sentences.

        Args:
            segments: One segment for each sentence, in any order. Their rows must be the first ones of the cache.
            candidates: Ids of the tokens whose logits are wanted; shape (C,).

        Returns:
            Logits, segment after segment; shape (sum of `keep`, C).
        """
        this = self._pass(segments)
        ids = torch.tensor([[token for segment in segments for token in segment.ids]], device=self._device)
        kept: list[int] = []
        at = 0
        for segment in segments:
            at += len(segment.ids)
            kept += range(at - segment.keep, at)
        wanted = torch.from_numpy(candidates).to(self._device)
        if self._subset is not None:
            self._subset.ids = wanted
        with torch.inference_mode():
            logits = self._model(
                input_ids=ids, position_ids=this.positions[None], use_cache=False,
                logits_to_keep=torch.tensor(kept, dtype=torch.long, device=self._device), lmn_pass=this,
            ).logits[0]  # fmt: skip
        if self._subset is None:
            logits = logits[:, wanted]
        found: NDArray[np.float32] = logits.float().cpu().numpy()
        return found

    def _pass(self, segments: Sequence[Segment]) -> _Pass:
        """Return the rows and positions of the tokens of a pass, and make room for them in the cache."""
        rows = max(segment.row for segment in segments) + 1
        length = max(segment.start + len(segment.ids) for segment in segments)
        self._cache.reserve(rows, length)
        grid = torch.zeros((rows, max(len(segment.ids) for segment in segments)), dtype=torch.long)
        for row, start, ids, _ in segments:
            grid[row, : len(ids)] = torch.arange(start, start + len(ids))
        counts = torch.tensor([len(segment.ids) for segment in segments])
        within = torch.cat([torch.arange(count) for count in counts])
        of_token = torch.repeat_interleave(torch.tensor([segment.row for segment in segments]), counts)
        device = self._device
        return _Pass(
            of_token.to(device),
            grid[of_token, within].to(device),
            within.to(device),
            grid.to(device),
            length,
            self._cache,
        )

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Give the model our attention and output layer inside the block, where passes are made, and its own back afterwards."""
        model = self._model
        before = model.config._attn_implementation
        model.set_attn_implementation(_ATTENTION)
        if self._subset is not None:
            model.set_output_embeddings(self._subset)
        try:
            yield
        finally:
            model.set_attn_implementation(before)
            if self._subset is not None:
                model.set_output_embeddings(self._head)


def _attend(
    module: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, attention_mask: Any, *,
    scaling: float | None = None, sliding_window: int | None = None, softcap: float | None = None, lmn_pass: _Pass, **kwargs: Any,
) -> tuple[torch.Tensor, None]:  # fmt: skip
    """Compute the attention of a packed pass, in place of transformers' own.

    Args:
        module: Attention layer.
        query: Queries of T tokens in H heads of size D; shape (1, H, T, D).
        key: Keys in K heads; K divides H; shape (1, K, T, D).
        value: Values in K heads; shape (1, K, T, D).
        attention_mask: Not used; transformers makes none for an attention of this kind.
        scaling: Factor of the scores; 1/sqrt(D) if None.
        sliding_window: Number of tokens that a token sees, itself included; None for all earlier ones.
        softcap: Limit on the scores, as in Gemma 2; None for no limit.
        lmn_pass: Rows and positions of the tokens.
        kwargs: Not used (dropout and the like).

    Returns:
        Output of shape (1, T, H, D), and None in place of the attention weights.
    """
    this, layer = lmn_pass, module.layer_idx
    heads, size = query.shape[1], query.shape[3]
    shared = key.shape[1]
    groups = heads // shared
    this.cache.write(layer, this.rows, this.positions, key[0].transpose(0, 1), value[0].transpose(0, 1))
    rows, longest = this.grid.shape
    keys, values = this.cache.read(layer, rows, this.length)
    asked = query.new_zeros((rows, longest, heads, size))
    asked[this.rows, this.within] = query[0].transpose(0, 1)
    # query heads that share a key head become further tokens of it: (rows, K, groups * longest, D)
    asked = (
        asked.view(rows, longest, shared, groups, size)
        .permute(0, 2, 3, 1, 4)
        .reshape(rows, shared, groups * longest, size)
    )
    mask = this.mask(sliding_window, groups)
    if softcap is None:
        got = torch.nn.functional.scaled_dot_product_attention(asked, keys, values, attn_mask=mask, scale=scaling)
    else:
        scores = asked @ keys.transpose(2, 3) * (size**-0.5 if scaling is None else scaling)
        scores = softcap * torch.tanh(scores / softcap)
        got = scores.masked_fill(~mask, float("-inf")).softmax(dim=-1, dtype=torch.float32).to(query.dtype) @ values
    size = got.shape[-1]
    got = got.view(rows, shared, groups, longest, size).permute(0, 3, 1, 2, 4).reshape(rows, longest, heads, size)
    return got[this.rows, this.within][None], None
