"""What the file of an exported student says besides its numbers: how many there are, and all of its texts."""

from __future__ import annotations

from collections import Counter
from math import prod
from pathlib import Path
from typing import Any

from ...errors import LmnError, installing
from ...students.student_file import INT8_FILE, ONNX_FILE

ONNX_FILES = (ONNX_FILE, INT8_FILE)
_NUMBERS = ("raw_data", "float_data", "int32_data", "int64_data", "double_data", "uint64_data")
_NAMES = {"float": "float32", "double": "float64"}
"""Data types by torch's names, where ONNX has others."""


def count_parameters(path: Path) -> tuple[tuple[str, int], ...]:
    """Return the data types of the tensors of an ONNX file by torch's names, with the number of parameters of each, most first.

    Raises:
        LmnError: The file cannot be read, or the package onnx is missing.
    """
    whole = _load(path)
    from onnx import TensorProto

    counts: Counter[str] = Counter()
    for tensor in whole.graph.initializer:
        name = str(TensorProto.DataType.Name(tensor.data_type)).lower()
        counts[_NAMES.get(name, name)] += prod(tensor.dims)
    return tuple(counts.most_common())


def texts_in(path: Path) -> str:
    """Return an ONNX file without the numbers of its tensors, as text.

    Raises:
        LmnError: The file cannot be read, or the package onnx is missing.
    """
    whole = _load(path)
    for tensor in whole.graph.initializer:
        for field in _NUMBERS:
            tensor.ClearField(field)
    text: str = whole.SerializeToString().decode("utf-8", "replace")
    return text


def _load(path: Path) -> Any:
    try:
        import onnx
    except ImportError as error:
        raise LmnError(f"publishing an exported student needs onnx ({error})", remedy=installing("onnx")) from error
    try:
        return onnx.load(str(path), load_external_data=False)
    except Exception as error:  # protobuf's, and those of files
        raise LmnError(f"not an ONNX file ({error})", path, "export the student again with lmn-train export") from error
