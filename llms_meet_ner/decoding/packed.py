"""Forward passes over several sentences at once, without padding and with a key-value cache that forgets what was rejected.

The tokens of all sentences go through the model's linear layers as one row. Attention, which transformers lets one replace by name,
sorts them into rows by sentence and reads each sentence's own keys and values, kept by position: tokens that are written to a
position a second time take the place of the first. The constant beginning of all prompts is computed once and copied to every row.
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
"""Positions are added to the cache in steps of so many."""
_KNOWN_LAYERS = ("full_attention", "sliding_attention", "attention")
"""Kinds of layer, as `layer_types` of a configuration names them; Granite 4 calls the first one `attention`."""


class Segment(NamedTuple):
    """Tokens of one sentence in a pass.

    Attributes:
        row: the sentence's row in the cache.
        start: position of the first token.
        ids: token ids.
        keep: for how many of them, counted from the last, logits are wanted.
    """

    row: int
    start: int
    ids: Sequence[int]
    keep: int


@dataclass(slots=True)
class _Pass:
    """What attention needs to know of a pass of T tokens in A rows, the longest of Q tokens.

    Attributes:
        rows: row of each token; shape (T,).
        positions: position of each token; shape (T,).
        within: its number among its row's tokens; shape (T,).
        grid: position by row and number, 0 where a row has fewer tokens; shape (A, Q).
        length: positions that any row reads.
    """

    rows: torch.Tensor
    positions: torch.Tensor
    within: torch.Tensor
    grid: torch.Tensor
    length: int
    cache: KeyValueRows
    masks: dict[int | None, torch.Tensor] = field(default_factory=dict)

    def mask(self, window: int | None, groups: int) -> torch.Tensor:
        """Return which position may be seen from which token: shape (A, 1, groups * Q, length)."""
        if window not in self.masks:
            seen = torch.arange(self.length, device=self.grid.device)
            mask = seen <= self.grid[:, :, None]
            if window is not None:
                mask &= seen > self.grid[:, :, None] - window
            self.masks[window] = mask[:, None].repeat(1, 1, groups, 1)
        return self.masks[window]


class KeyValueRows:
    """Keys and values by layer, row and position: two tensors a layer of shape (rows, positions, heads, head size)."""

    def __init__(self) -> None:
        self._layers: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}
        self._rows = 0
        self._length = 0

    def reserve(self, rows: int, length: int) -> None:
        """Make room; what is there stays."""
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
        """Write keys and values of shape (T, heads, head size) at their rows and positions, each of shape (T,)."""
        if layer not in self._layers:
            self._layers[layer] = (self._empty(keys), self._empty(values))
        for tensor, new in zip(self._layers[layer], (keys, values)):
            tensor[rows, positions] = new

    def read(self, layer: int, rows: int, length: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return keys and values of the first rows and positions, each of shape (rows, heads, length, head size)."""
        keys, values = self._layers[layer]
        return keys[:rows, :length].transpose(1, 2), values[:rows, :length].transpose(1, 2)

    def copy(self, source: int, target: slice | int, start: int, end: int) -> None:
        """Copy the positions from start to end (exclusive) of one row to others."""
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
    """The output layer for some of the vocabulary's tokens only."""

    def __init__(self, head: torch.nn.Linear) -> None:
        super().__init__()
        self.weight, self.bias = head.weight, head.bias
        self.ids: torch.Tensor | None = None

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        bias = None if self.bias is None else self.bias[self.ids]
        return torch.nn.functional.linear(hidden, self.weight[self.ids], bias)


class PackedModel:
    """A model with its cache."""

    def __init__(self, loaded: LoadedModel) -> None:
        """Check that every layer of the model attends to earlier tokens and does nothing else with them.

        Raises:
            LmnError: it has layers of another kind (state-space ones, say).
        """
        config = loaded.model.config.get_text_config()
        others = sorted(set(getattr(config, "layer_types", None) or ()) - set(_KNOWN_LAYERS))
        if others:
            raise LmnError(
                f"constrained decoding cannot take back tokens of a model with {', '.join(others)}; --decoding free does without"
            )
        AttentionInterface.register(_ATTENTION, _attend)
        self._model = loaded.model
        self._device = loaded.device
        self._head = loaded.model.get_output_embeddings()
        self._subset = _SubsetHead(self._head) if type(self._head) is torch.nn.Linear else None
        self._cache = KeyValueRows()
        self._prefix: list[int] = []
        self._is_shared = False
        self._prefix_rows = 0

    @property
    def prefix_length(self) -> int:
        """Tokens at the beginning of every row that are computed already."""
        return len(self._prefix)

    def share_prefix(self, prompts: Sequence[Sequence[int]], rows: int) -> None:
        """Keep of the constant beginning what these prompts share too, or compute it if there is none yet.

        At least one token of each prompt is left to be computed.

        Args:
            prompts: of the sentences to come.
            rows: how many rows must hold the beginning.
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
        """Put a row's own tokens, up to a position (exclusive), into another row."""
        self._cache.copy(source, target, len(self._prefix), length)

    def forward(self, segments: Sequence[Segment], candidates: NDArray[np.int64]) -> NDArray[np.float32]:
        """Run the model over the tokens of some sentences, which must lie in the first rows, one segment each.

        Args:
            segments: in any order.
            candidates: ids of the tokens whose logits are wanted; shape (C,).

        Returns:
            Logits of shape (sum of `keep`, C), segment after segment.
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
        """Put our attention and output layer into the model; passes are made inside. It is as it was before afterwards."""
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
    """Attention of a packed pass, in the place of transformers' own.

    Args:
        module: the attention layer.
        query: of shape (1, H, T, D): H heads, T tokens of all rows.
        key: of shape (1, K, T, D), K dividing H.
        value: likewise.
        attention_mask: none is made for an attention of this kind.
        scaling: of the scores; 1/sqrt(D) where None.
        sliding_window: how many tokens back the layer sees, itself included; None for all.
        softcap: bound on the scores, as Gemma 2 has it.
        lmn_pass: rows and positions.
        kwargs: not used (dropout and the like).

    Returns:
        Shape (1, T, H, D), and None for the weights.
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
    # heads that share a key become more tokens of it: (rows, K, groups * longest, D)
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
