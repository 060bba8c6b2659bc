"""Attention of a packed pass: every token sees the beginning that all sentences share, and the earlier tokens of its own sentence.

Keys and values of the shared beginning stand once. All tokens of the pass ask them together, as if they were one sentence; then each
asks those of its own sentence. Each part gives a mean of values and the logarithm of the sum of its weights, from which follows the mean
over both.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import torch

from .kv_cache import KeyValueCache

_UNSEEN, _UNSEEN_IN_HALF = -1e30, -6e4
"""Added to the scores of tokens that may not be seen; float16 has no larger numbers than the second. It is finite, so that a token
that sees nothing of a part has a mean there, whose weight is 0."""


@dataclass(slots=True)
class Pass:
    """Data of a pass that attention needs, for T tokens in A rows; the longest row has Q tokens.

    Attributes:
        rows: Row of each token; shape (T,).
        positions: Position of each token, counted from the beginning of its prompt; shape (T,).
        places: Place of each token in its row of the cache: its position behind the shared beginning; shape (T,).
        within: Number of each token in its row of this pass, counted from 0; shape (T,).
        numbers: Number of each row's tokens among all of the pass, filled up with 0; shape (A, Q).
        grid: Position of each row's tokens, filled up with that of the first token behind the shared beginning; shape (A, Q).
        shared: Number of tokens of the shared beginning.
        length: Number of places that a row reads behind the shared beginning.
        cache: Keys and values of all rows.
        biases: Biases made so far, by part and sliding window.
    """

    rows: torch.Tensor
    positions: torch.Tensor
    places: torch.Tensor
    within: torch.Tensor
    numbers: torch.Tensor
    grid: torch.Tensor
    shared: int
    length: int
    cache: KeyValueCache
    biases: dict[tuple[str, int | None], torch.Tensor] = field(default_factory=dict)

    def own_bias(self, window: int | None, groups: int, dtype: torch.dtype) -> torch.Tensor:
        """Return what is added to the scores of the tokens of a row's own sentence; shape (A, 1, groups * Q, length).

        Args:
            window: Sliding window of the layer; None if it sees all earlier tokens.
            groups: Number of query heads that share a key head.
            dtype: Data type of the scores.
        """
        key = ("own", window)
        if key not in self.biases:
            seen = torch.arange(self.shared, self.shared + self.length, device=self.grid.device)
            mask = seen <= self.grid[:, :, None]
            if window is not None:
                mask &= seen > self.grid[:, :, None] - window
            self.biases[key] = _bias(mask[:, None].repeat(1, 1, groups, 1), dtype)
        return self.biases[key]

    def shared_bias(self, window: int | None, groups: int, dtype: torch.dtype) -> torch.Tensor | None:
        """Return what is added to the scores of the shared beginning, shape (1, 1, groups * T, shared); None if all see all of it."""
        if window is None or window >= self.shared + self.length:
            return None
        key = ("shared", window)
        if key not in self.biases:
            seen = torch.arange(self.shared, device=self.grid.device)
            mask = seen > self.positions[:, None] - window
            self.biases[key] = _bias(mask[None, None].repeat(1, 1, groups, 1), dtype)
        return self.biases[key]


def _bias(mask: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
    unseen = _UNSEEN_IN_HALF if dtype == torch.float16 else _UNSEEN
    return torch.zeros(mask.shape, dtype=dtype, device=mask.device).masked_fill_(~mask, unseen)


def attend(
    module: Any, query: torch.Tensor, key: torch.Tensor, value: torch.Tensor, attention_mask: Any, *,
    scaling: float | None = None, sliding_window: int | None = None, softcap: float | None = None, lmn_pass: Pass, **kwargs: Any,
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
    tokens, kinds = query.shape[2], key.shape[1]
    groups = query.shape[1] // kinds
    scale = query.shape[3] ** -0.5 if scaling is None else scaling
    this.cache.write(layer, this.rows, this.places, key[0].transpose(0, 1), value[0].transpose(0, 1))
    asked = query[0].transpose(0, 1).reshape(tokens, kinds, groups, -1)
    bias = this.own_bias(sliding_window, groups, query.dtype)
    keys, values = this.cache.read(layer, len(this.grid), this.length)
    means, weights = _part(_in_rows(asked, this), keys, values, bias, scale, softcap)
    found = _by_token(means, groups, this)
    if (shared := this.cache.shared(layer)) is not None:
        bias = this.shared_bias(sliding_window, groups, query.dtype)
        together = asked.permute(1, 2, 0, 3).reshape(1, kinds, groups * tokens, -1)
        first, first_weights = _part(together, *shared, bias, scale, softcap)
        first_weights = first_weights.view(kinds, groups, tokens).permute(2, 0, 1)
        share = torch.sigmoid(first_weights - _by_token(weights[..., None], groups, this)[..., 0])
        found = torch.lerp(
            found, first.view(kinds, groups, tokens, -1).permute(2, 0, 1, 3), share[..., None].to(found.dtype)
        )
    return found.reshape(1, tokens, kinds * groups, -1), None


def _in_rows(asked: torch.Tensor, this: Pass) -> torch.Tensor:
    """Sort queries by row; query heads that share a key head become further tokens of it.

    Args:
        asked: Queries; shape (T, K, G, D).
        this: Rows of the tokens.

    Returns:
        Queries, filled up with those of the first token; shape (A, K, G * Q, D).
    """
    rows, longest = this.numbers.shape
    return asked[this.numbers].permute(0, 2, 3, 1, 4).reshape(rows, asked.shape[1], asked.shape[2] * longest, -1)


def _by_token(found: torch.Tensor, groups: int, this: Pass) -> torch.Tensor:
    """Undo `_in_rows`: shape (A, K, G * Q, D) becomes (T, K, G, D)."""
    rows, longest = this.grid.shape
    in_rows = found.reshape(rows, found.shape[1], groups, longest, -1).permute(0, 3, 1, 2, 4)
    return in_rows[this.rows, this.within]


def _part(
    query: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, bias: torch.Tensor | None, scale: float, softcap: float | None
) -> tuple[torch.Tensor, torch.Tensor]:  # fmt: skip
    """Return the attention over a part of the tokens.

    Args:
        query: Queries; shape (A, K, Q, D).
        keys: Keys; shape (A, K, L, D).
        values: Values; shape (A, K, L, V), where V is D in most models.
        bias: Added to the scores, shape (A, 1, Q, L); None for nothing.
        scale: Factor of the scores.
        softcap: Limit on the scores; None for no limit.

    Returns:
        Means of the values, shape (A, K, Q, V), and the logarithms of the sums of their weights, in float32, shape (A, K, Q).
    """
    if query.device.type == "cpu" and softcap is None and query.shape[-1] == values.shape[-1]:
        means, weights = torch.ops.aten._scaled_dot_product_flash_attention_for_cpu(
            query, keys, values, attn_mask=bias, scale=scale
        )
        return means, weights
    scores = (query @ keys.transpose(2, 3)).float() * scale
    if softcap is not None:
        scores = softcap * torch.tanh(scores / softcap)
    if bias is not None:
        scores = scores + bias
    return scores.softmax(dim=-1).to(values.dtype) @ values, scores.logsumexp(dim=-1)
