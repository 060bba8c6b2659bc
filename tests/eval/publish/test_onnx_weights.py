"""What is read of an exported student's file: how many parameters, and texts without the numbers."""

from __future__ import annotations

from pathlib import Path

import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.eval.publish.onnx_weights import count_parameters, texts_in

onnx = pytest.importorskip("onnx")


def save(path: Path, note: str = "") -> Path:
    import numpy as np
    from onnx import TensorProto, helper, numpy_helper

    arrays = {
        "weights": np.full((30, 4), 7, dtype=np.int8),
        "scale": np.ones(30, dtype=np.float32),
        "size": np.array(3),
    }
    tensors = [numpy_helper.from_array(value, name) for name, value in arrays.items()]
    tensors.append(helper.make_tensor("listed", TensorProto.FLOAT, [5], [1.5] * 5))
    node = helper.make_node("Identity", ["weights"], ["out"], doc_string=note)
    out = helper.make_tensor_value_info("out", TensorProto.INT8, [30, 4])
    onnx.save(helper.make_model(helper.make_graph([node], "one", [], [out], tensors)), str(path))
    return path


def test_parameters_are_counted_by_their_type(tmp_path: Path) -> None:
    assert count_parameters(save(tmp_path / "model.onnx")) == (("int8", 120), ("float32", 35), ("int64", 1))


def test_texts_are_kept_and_numbers_are_not(tmp_path: Path) -> None:
    path = save(tmp_path / "model.onnx", "made in /home/ada/work")
    assert b"\x07" * 120 in path.read_bytes()
    found = texts_in(path)
    assert "made in /home/ada/work" in found
    assert "weights" in found
    assert "\x07" * 8 not in found


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(b"\xff" * 40)
    with pytest.raises(
        LmnError, match=r"model.onnx: not an ONNX file \(.*\); export the student again with lmn-train export"
    ):
        count_parameters(path)
