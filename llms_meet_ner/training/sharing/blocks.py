"""Attention of a row on a CPU, in blocks of queries: each block looks only at the keys that one of its queries sees.

With a mask, torch computes all pairs of tokens. In a row most of them do not see each other: they belong to different examples.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch

QUERIES = 64
"""Queries of a block. Fewer leave out more pairs, and cost more calls."""
Attention = Callable[..., tuple[torch.Tensor, Any]]
"""A function of transformers that computes attention: module, query, key, value, mask, and more by keyword."""


@dataclass(frozen=True, slots=True)
class Block:
    """Some queries of a row and what they see.

    Attributes:
        start: Index of the first query.
        end: Index after the last query.
        keys: Indices of the K keys that at least one of the queries sees, an int64 tensor of shape [K].
        seen: Whether the query in line q sees the key in column k, a bool tensor of shape [1, 1, end - start, K].
    """

    start: int
    end: int
    keys: torch.Tensor
    seen: torch.Tensor


def blocks_of(seen: torch.Tensor) -> list[Block]:
    """Divide a mask, a bool tensor of shape [1, 1, N, N], into blocks of `QUERIES` queries; the last one may have fewer."""
    blocks = []
    for start in range(0, seen.shape[2], QUERIES):
        part = seen[:, :, start : start + QUERIES]
        keys = part[0, 0].any(0).nonzero().flatten()
        blocks.append(Block(start, start + part.shape[2], keys, part.index_select(3, keys)))
    return blocks


class BlockedAttention:
    """Computes attention by blocks for the masks that it has been told of, and as before for all others."""

    def __init__(self) -> None:
        self._known: list[tuple[torch.Tensor, list[Block]]] = []

    def learn(self, seen: torch.Tensor) -> None:
        """Compute with a mask, a bool tensor of shape [1, 1, N, N], by blocks from now on, if it is on a CPU and has several blocks."""
        if seen.device.type == "cpu" and seen.shape[2] > QUERIES:
            self._known.append((seen, blocks_of(seen)))

    def forget(self) -> None:
        """Forget all masks."""
        self._known.clear()

    def instead_of(self, original: Attention) -> Attention:
        """Return a function that stands in for one of transformers, which gets queries, keys and values of shape [1, heads, N, size]."""

        def attend(module: Any, query: Any, key: Any, value: Any, attention_mask: Any, **others: Any) -> Any:
            blocks = next((blocks for seen, blocks in self._known if seen is attention_mask), None)
            if blocks is None:
                return original(module, query, key, value, attention_mask, **others)
            found = [
                original(
                    module, query[:, :, block.start : block.end], key.index_select(2, block.keys),
                    value.index_select(2, block.keys), block.seen, **others,
                )[0]
                for block in blocks
            ]  # fmt: skip
            return torch.cat(found, dim=1), None

        return attend
