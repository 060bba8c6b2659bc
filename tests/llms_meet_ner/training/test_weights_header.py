"""The header of a safetensors file: shapes by name, and no file that is not one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from lora_files import tensor_file

from llms_meet_ner import LmnError
from llms_meet_ner.training.weights_header import TensorInfo, read_header


def test_the_header_is_that_of_the_library(workdir: Path) -> None:
    import torch
    from safetensors.torch import save_file

    dtypes = ["float32", "bfloat16", "int64", "bool", "float8_e4m3fn", "complex64"]
    tensors = {name: torch.zeros(3, 2).to(getattr(torch, name)) for name in dtypes} | {"one": torch.tensor(1.0)}
    save_file(tensors, workdir / "a.safetensors", metadata={"format": "pt"})
    header = read_header(workdir / "a.safetensors")
    assert {name: tensor.shape for name, tensor in header.items()} == {
        name: tuple(tensor.shape) for name, tensor in tensors.items()
    }


def test_an_empty_file_of_tensors_has_none(workdir: Path) -> None:
    assert read_header(tensor_file(workdir / "a", {})) == {}
    assert read_header(tensor_file(workdir / "a", {"x": [2, 3]})) == {"x": TensorInfo((2, 3), 0, 24)}


def write(rows: Any, data: int, length: int | None = None) -> None:
    text = rows if isinstance(rows, bytes) else json.dumps(rows).encode()
    Path("a").write_bytes((len(text) if length is None else length).to_bytes(8, "little") + text + bytes(data))


def row(shape: list[Any], start: Any, end: Any, dtype: Any = "F32") -> dict[str, Any]:
    return {"dtype": dtype, "shape": shape, "data_offsets": [start, end]}


@pytest.mark.parametrize(
    ("rows", "data", "length", "message"),
    [
        (b"", 0, 2**63, "not a safetensors file"),
        (b"{}", 0, 3, "not a safetensors file"),
        (b" " * 10_000_001, 0, None, r"its header has 10,000,001 bytes, and 10,000,000 are read"),
        (b"\xff", 0, None, "its header is not that"),
        (b"[" * 100_000, 0, None, "its header is not that"),
        (b"9" * 10_000, 0, None, "its header is not that"),
        ([], 0, None, "its header is not that"),
        ({"x": 5}, 0, None, "its header is not that"),
        ({"x": {"dtype": "F32", "shape": 5}}, 0, None, "its header is not that"),
        ({"x": row([10**12, 8], 0, 32)}, 32, None, "its header is not that"),
        ({"x": row([-2, -4], 0, 32)}, 32, None, "its header is not that"),
        ({"x": row([True, 8.0], 0, 32)}, 32, None, "its header is not that"),
        ({"x": row([8], 0, 32, [])}, 32, None, "its header is not that"),
        ({"x": row([8], 0, 32, "PICKLE")}, 32, None, "its header is not that"),
        ({"x": row([8], 0, 32)}, 31, None, "do not fill the file"),
        ({"x": row([8], 0, 32), "y": row([8], 0, 32)}, 32, None, "do not fill the file"),
        ({"x": row([8], 4, 36)}, 36, None, "do not fill the file"),
    ],
)  # fmt: skip
def test_what_is_no_safetensors_file_is_one_error(
    workdir: Path, rows: Any, data: int, length: int | None, message: str
) -> None:
    write(rows, data, length)
    with pytest.raises(LmnError, match=message):
        read_header(Path("a"))


def test_a_file_that_is_cut_off_or_missing_is_one_error(workdir: Path) -> None:
    with pytest.raises(LmnError, match="a: no such file"):
        read_header(Path("a"))
    Path("a").write_bytes(b"1234567")
    with pytest.raises(LmnError, match="not a safetensors file"):
        read_header(Path("a"))
