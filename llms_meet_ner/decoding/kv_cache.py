"""Keys and values of a batch of sentences, which forget rejected tokens, and of the beginning that all prompts share."""

from __future__ import annotations

import torch

_GROW = 64
"""Number of positions by which the cache grows at a time."""


class KeyValueCache:
    """Keys and values by layer, row and place. A token that is written to a place again replaces the one before.

    Each layer has two tensors of shape (rows, places, heads, head size). The shared beginning of all rows is kept apart and once; the
    places of a row are counted from its end.
    """

    def __init__(self) -> None:
        self._layers: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}
        self._shared: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}
        self._rows = 0
        self._length = 0

    def reserve(self, rows: int, length: int) -> None:
        """Make room for some rows and places; the content stays."""
        if rows <= self._rows and length <= self._length:
            return
        self._rows = max(rows, self._rows)
        if length > self._length:
            self._length = -(-length // _GROW) * _GROW
        for layer, tensors in self._layers.items():
            self._layers[layer] = (self._enlarged(tensors[0]), self._enlarged(tensors[1]))

    def write(
        self, layer: int, rows: torch.Tensor, places: torch.Tensor, keys: torch.Tensor, values: torch.Tensor
    ) -> None:
        """Write keys and values.

        Args:
            layer: Number of the layer.
            rows: Row of each token; shape (T,).
            places: Place of each token in its row; shape (T,).
            keys: Keys of the tokens; shape (T, heads, head size).
            values: Values of the tokens; shape (T, heads, head size).
        """
        if layer not in self._layers:
            self._layers[layer] = (self._empty(keys), self._empty(values))
        for tensor, new in zip(self._layers[layer], (keys, values)):
            tensor[rows, places] = new

    def read(self, layer: int, rows: int, length: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the keys and the values of the first rows and places; shape (rows, heads, length, head size) each."""
        keys, values = self._layers[layer]
        return keys[:rows, :length].transpose(1, 2), values[:rows, :length].transpose(1, 2)

    def shared(self, layer: int) -> tuple[torch.Tensor, torch.Tensor] | None:
        """Return the keys and the values of the shared beginning, shape (1, heads, length, head size) each; None without one."""
        return self._shared.get(layer)

    def share_first_row(self, length: int) -> None:
        """Make the first places of the first row the shared beginning, and forget all rows."""
        for layer in self._layers:
            keys, values = self.read(layer, 1, length)
            self._shared[layer] = (keys.contiguous(), values.contiguous())
        self._layers.clear()
        self._rows = self._length = 0

    def shorten_shared(self, length: int) -> None:
        """Keep only the first tokens of the shared beginning."""
        if not length:
            self._shared.clear()
        for layer, (keys, values) in self._shared.items():
            self._shared[layer] = (keys[:, :, :length].contiguous(), values[:, :, :length].contiguous())

    def move(self, source: int, target: int, length: int) -> None:
        """Copy the first places of one row to another."""
        for tensors in self._layers.values():
            for tensor in tensors:
                tensor[target, :length] = tensor[source, :length]

    def _empty(self, like: torch.Tensor) -> torch.Tensor:
        return like.new_zeros((self._rows, self._length, *like.shape[1:]))

    def _enlarged(self, tensor: torch.Tensor) -> torch.Tensor:
        larger = tensor.new_zeros((self._rows, self._length, *tensor.shape[2:]))
        larger[: tensor.shape[0], : tensor.shape[1]] = tensor
        return larger
