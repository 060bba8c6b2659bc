"""Passes over several sentences at once, without padding, and with a key-value cache that forgets rejected tokens.

- The tokens of all sentences go through the linear layers of the model as one packed row.
- Attention (`packed_attention.py`) sorts them into cache rows, one for each sentence. It replaces the model's attention, which
  transformers finds by name.
- The cache (`kv_cache.py`) is addressed by position: a token that is written to a position again replaces the rejected one.
- The beginning that all prompts share is computed and kept once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AttentionInterface

from ..errors import LmnError
from .kv_cache import KeyValueCache
from .model import LoadedModel
from .packed_attention import Pass, attend
from .requests import shared_length

_ATTENTION = "lmn_packed"
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
        AttentionInterface.register(_ATTENTION, attend)
        self._model = loaded.model
        self._device = loaded.device
        self._head = loaded.model.get_output_embeddings()
        self._subset = _SubsetHead(self._head) if type(self._head) is torch.nn.Linear else None
        self._cache = KeyValueCache()
        self._prefix: list[int] = []
        self._is_shared = False

    @property
    def prefix_length(self) -> int:
        """Number of tokens at the beginning of every row that are already computed."""
        return len(self._prefix)

    def share_prefix(self, prompts: Sequence[Sequence[int]]) -> None:
        """Compute the beginning that these prompts share, or shorten the known one to what they share with it.

        At least one token of each prompt is left to compute.

        Args:
            prompts: Prompts of the sentences to come, in token ids.
        """
        known = self._prefix if self._is_shared else list(prompts[0])
        shared = shared_length([[*known, -1], *prompts])
        if self._is_shared:
            self._cache.shorten_shared(shared)
        elif shared:
            self.forward([Segment(0, 0, known[:shared], 0)], np.empty(0, dtype=np.int64))
            self._cache.share_first_row(shared)
        self._prefix, self._is_shared = known[:shared], True

    def move(self, source: int, target: int, length: int) -> None:
        """Copy the own tokens of a row, up to a position (exclusive), to another row."""
        with torch.inference_mode():
            self._cache.move(source, target, length - len(self._prefix))

    def forward(self, segments: Sequence[Segment], candidates: NDArray[np.int64]) -> NDArray[np.float32]:
        """Make one pass over the new tokens of some sentences.

        Args:
            segments: One segment for each sentence, in any order. Their rows must be the first ones of the cache.
            candidates: Ids of the tokens whose logits are wanted; shape (C,).

        Returns:
            Logits, segment after segment; shape (sum of `keep`, C).
        """
        with torch.inference_mode():
            return self._forward(segments, candidates)

    def _forward(self, segments: Sequence[Segment], candidates: NDArray[np.int64]) -> NDArray[np.float32]:
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
        logits = self._model(
            input_ids=ids, position_ids=this.positions[None], use_cache=False,
            logits_to_keep=torch.tensor(kept, dtype=torch.long, device=self._device), lmn_pass=this,
        ).logits[0]  # fmt: skip
        if self._subset is None:
            logits = logits[:, wanted]
        found: NDArray[np.float32] = logits.float().cpu().numpy()
        return found

    def _pass(self, segments: Sequence[Segment]) -> Pass:
        """Return the rows and positions of the tokens of a pass, and make room for them in the cache."""
        shared = len(self._prefix)
        rows = max(segment.row for segment in segments) + 1
        length = max(segment.start + len(segment.ids) for segment in segments) - shared
        self._cache.reserve(rows, length)
        counts = [len(segment.ids) for segment in segments]
        grid = torch.full((rows, max(counts)), shared, dtype=torch.long)
        numbers = torch.zeros_like(grid)
        at = 0
        for (row, start, _, _), count in zip(segments, counts, strict=True):
            grid[row, :count] = torch.arange(start, start + count)
            numbers[row, :count] = torch.arange(at, at + count)
            at += count
        within = torch.cat([torch.arange(count) for count in counts])
        of_token = torch.repeat_interleave(torch.tensor([segment.row for segment in segments]), torch.tensor(counts))
        device, positions = self._device, grid[of_token, within]
        return Pass(
            of_token.to(device), positions.to(device), (positions - shared).to(device), within.to(device), numbers.to(device),
            grid.to(device), shared, length, self._cache,
        )  # fmt: skip

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
