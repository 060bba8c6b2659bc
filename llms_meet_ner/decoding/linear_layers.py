"""Linear layers in the layout of oneDNN, on CPUs where they are faster so.

Linear layers take nine tenths of a pass on a CPU. torch computes them in float32 with MKL, which uses the wide registers of its own
maker's processors only; oneDNN, which comes with torch too, uses those of others. It also reads a weight faster if its layout has
been changed before. Nobody can tell from a processor's name what is faster, so both are timed on a layer of the model. In bfloat16
torch takes oneDNN in any case, and the layout alone changes; nothing is timed, so that runs compute alike. Results differ in
rounding only. Where both are about as fast, two runs may choose differently: each notes its choice (`layout_of`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any, Final, Literal

import torch

Layout = Literal["packed", "plain"]
PACKED: Final = "packed"
PLAIN: Final = "plain"
_SMALLEST = 2**16
"""Number of weights below which a layer stays as it is."""
_ROWS = (8, 64)
"""Numbers of tokens at which layers are timed."""
_REPEATS = 15
"""Number of times that each is timed, by turns; the shortest time counts."""
_LONGEST = 0.25
"""Seconds after which no further time is taken at a number of tokens, once there are a few."""
_FEWEST = 5
"""Number of times that each is timed at least."""
_WORTH = 0.8
"""Share of the time that a packed layer may take; with more, nothing is changed."""
_TOLERANCE = {torch.float32: 1e-4, torch.bfloat16: 5e-2}
"""Largest difference between both results that is rounding, as a share of the largest number in them, by data type."""


class PackedLinear(torch.nn.Module):  # type: ignore[misc]
    """A linear layer without gradients, its weight in the layout of oneDNN. The copy takes as much memory as the weight."""

    def __init__(self, layer: torch.nn.Linear) -> None:
        """Copy a layer.

        Raises:
            RuntimeError: oneDNN does not compute in the data type of the layer on this processor.
        """
        super().__init__()
        self.in_features, self.out_features = layer.in_features, layer.out_features
        packed = torch.ops.mkldnn._reorder_linear_weight(layer.weight.detach(), None)
        self.weight = torch.nn.Parameter(packed, requires_grad=False)
        self.bias = None if layer.bias is None else torch.nn.Parameter(layer.bias.detach(), requires_grad=False)

    def forward(self, hidden: torch.Tensor) -> torch.Tensor:
        """Return what the layer returns; shape (..., in features) becomes (..., out features)."""
        found: torch.Tensor = torch.ops.mkldnn._linear_pointwise(hidden, self.weight, self.bias, "none", [], "")
        return found


def pack_linear_layers(model: Any) -> bool:
    """Replace the linear layers of a model on a CPU by packed ones if these are faster here, and return whether they are.

    The output layer stays. The model must not be trained afterwards.
    """
    layers = _linear_layers(model)
    if not layers or not _is_better(max(layers.values(), key=lambda layer: layer.weight.numel())):
        return False
    with torch.no_grad():
        for name in list(layers):
            parent, _, own = name.rpartition(".")
            setattr(model.get_submodule(parent), own, PackedLinear(layers.pop(name)))  # its weight is freed at once
    return True


def layout_of(model: Any) -> Layout:
    """Return how the linear layers of a model lie in memory, which decides the rounding of what it computes."""
    return PACKED if any(isinstance(part, PackedLinear) for part in model.modules()) else PLAIN


def _linear_layers(model: Any) -> dict[str, torch.nn.Linear]:
    """Return the layers that can be packed, by name."""
    kept = {
        id(part.weight) for part in (model.get_input_embeddings(), model.get_output_embeddings()) if part is not None
    }
    return {
        name: layer
        for name, layer in model.named_modules()
        if type(layer) is torch.nn.Linear
        and layer.weight.device.type == "cpu"
        and layer.weight.dtype in _TOLERANCE
        and layer.weight.numel() >= _SMALLEST
        and id(layer.weight) not in kept
    }


def _is_better(layer: torch.nn.Linear) -> bool:
    """Return whether a packed copy of a layer gives the same numbers, in float32 in much less time."""
    with torch.inference_mode():
        try:
            packed = PackedLinear(layer)
            is_timed = layer.weight.dtype == torch.float32
            plain_time = packed_time = 0.0
            for rows in _ROWS:
                hidden = torch.linspace(-1, 1, rows * layer.in_features).reshape(rows, -1).to(layer.weight.dtype)
                expected, found = layer(hidden), packed(hidden)
                if (found - expected).abs().max() > _TOLERANCE[expected.dtype] * expected.abs().max():
                    return False
                if is_timed:
                    plain, other = _seconds((layer, packed), hidden)
                    plain_time, packed_time = plain_time + plain, packed_time + other
        except (
            AttributeError,
            RuntimeError,
            NotImplementedError,
        ):  # a torch without oneDNN, or a processor that it does not serve
            return False
    return not is_timed or packed_time < _WORTH * plain_time


def _seconds(layers: Sequence[Callable[[torch.Tensor], torch.Tensor]], hidden: torch.Tensor) -> list[float]:
    """Return the shortest running time of each layer. They take turns, so that what else the machine does slows all of them."""
    times: list[list[float]] = [[] for _ in layers]
    for turn in range(_REPEATS):
        if turn >= _FEWEST and sum(map(sum, times)) > _LONGEST:
            break
        for layer, own in zip(layers, times, strict=True):
            started = time.perf_counter()
            layer(hidden)
            own.append(time.perf_counter() - started)
    return [min(own) for own in times]
