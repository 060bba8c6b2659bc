"""The header of a safetensors file: names and shapes of its tensors, read without the tensors themselves."""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from ..errors import LmnError
from ..files import unreadable

_LONGEST = 10_000_000
"""Bytes of a header that is read. That of an adapter with 50,000 tensors has 8 MB."""
_COPY = "copy it again; weights are read from safetensors alone"
_BITS = {
    "BOOL": 8, "U8": 8, "I8": 8, "F8_E5M2": 8, "F8_E4M3": 8, "F8_E8M0": 8, "I16": 16, "U16": 16, "F16": 16, "BF16": 16,
    "I32": 32, "U32": 32, "F32": 32, "I64": 64, "U64": 64, "F64": 64, "C64": 64, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """A tensor as the header describes it.

    Attributes:
        shape: Size of each dimension.
        start: First byte of its data, counted from the end of the header.
        end: Byte after its last one.
    """

    shape: tuple[int, ...]
    start: int
    end: int

    @property
    def size(self) -> int:
        """Number of its values."""
        return prod(self.shape)


def read_header(path: Path) -> dict[str, TensorInfo]:
    """Return the tensors of a safetensors file by name.

    Their data fill the file without a gap, so that no shape is larger than the file.

    Raises:
        LmnError: The file is missing, is not a safetensors file, or its header is longer than 10 MB.
    """
    try:
        size = path.stat().st_size
        with path.open("rb") as file:
            length = int.from_bytes(file.read(8), "little")
            if size < 8 or length > size - 8:
                raise LmnError("not a safetensors file, or cut off", path, _COPY)
            if length > _LONGEST:
                raise LmnError(f"its header has {length:,} bytes, and {_LONGEST:,} are read", path, _COPY)
            text = file.read(length)
    except OSError as error:
        raise unreadable(error, path, "copy it again") from error
    try:
        rows = json.loads(text)
        rows.pop("__metadata__", None)
        tensors = {name: _tensor(row) for name, row in rows.items()}
    except (ValueError, TypeError, KeyError, AttributeError, RecursionError) as error:
        raise LmnError("its header is not that of a safetensors file", path, _COPY) from error
    ordered = sorted(tensors.values(), key=lambda tensor: (tensor.start, tensor.end))
    ends = [0, *(tensor.end for tensor in ordered)]
    if any(tensor.start != end for tensor, end in zip(ordered, ends)) or ends[-1] != size - 8 - length:
        raise LmnError("its tensors do not fill the file: it is cut off or damaged", path, _COPY)
    return tensors


def _tensor(row: Any) -> TensorInfo:
    start, end = row["data_offsets"]
    shape = tuple(row["shape"])
    if not all(type(number) is int and number >= 0 for number in (start, end, *shape)):
        raise ValueError("not a whole number")
    if (end - start) * 8 != prod(shape) * _BITS[row["dtype"]]:
        raise ValueError("a shape that does not fit the data")
    return TensorInfo(shape, start, end)
