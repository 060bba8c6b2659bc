"""A model of ONNX in ONNX Runtime: what it gives, and files that are missing or damaged."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.students.onnx_model import load_onnx

onnx = pytest.importorskip("onnx")
runtime = pytest.importorskip("onnxruntime")
TABLE = np.arange(12, dtype=np.float32).reshape(4, 3)
"""Logits of three tags for each of four token ids."""


@pytest.fixture
def model(tmp_path: Path) -> Path:
    """A model that gives the rows of a table, and nothing where the mask is 0."""
    helper, kinds = onnx.helper, onnx.TensorProto
    nodes = [
        helper.make_node("Gather", ["table", "input_ids"], ["rows"]),
        helper.make_node("Unsqueeze", ["attention_mask", "last"], ["column"]),
        helper.make_node("Cast", ["column"], ["read"], to=kinds.FLOAT),
        helper.make_node("Mul", ["rows", "read"], ["logits"]),
    ]
    whole = [onnx.numpy_helper.from_array(TABLE, "table"), onnx.numpy_helper.from_array(np.array([2]), "last")]
    inputs = [
        helper.make_tensor_value_info(name, kinds.INT64, ["batch", "length"])
        for name in ("input_ids", "attention_mask")
    ]
    outputs = [helper.make_tensor_value_info("logits", kinds.FLOAT, ["batch", "length", 3])]
    graph = helper.make_graph(nodes, "table", inputs, outputs, whole)
    opset = [helper.make_opsetid("", 18)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=10), str(tmp_path / "model.onnx"))
    names = {"id2label": {"0": "O", "1": "B-PER", "2": "I-PER"}}
    (tmp_path / "config.json").write_text(json.dumps(names))
    return tmp_path / "model.onnx"


def test_it_gives_logits_and_says_what_it_is(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    loaded = load_onnx(model)
    ids, mask = np.array([[3, 1], [2, 0]]), np.array([[1, 1], [1, 0]])
    assert (loaded.logits(ids, mask) == TABLE[ids] * mask[..., None]).all()
    assert (loaded.config.num_labels, loaded.config.id2label[1]) == (3, "B-PER")
    assert (loaded.dtype, loaded.runtime) == ("float32", f"onnxruntime {runtime.__version__}")
    model.rename(model.with_name("model.int8.onnx"))
    assert load_onnx(model.with_name("model.int8.onnx")).dtype == "int8"


def test_what_it_cannot_run_is_one_error(model: Path) -> None:
    with pytest.raises(LmnError, match=r"model\.onnx: ONNX Runtime cannot run it: .*; export the student again"):
        load_onnx(model).logits(np.array([[9]]), np.array([[1]]))


def test_damaged_files_are_one_error(model: Path) -> None:
    model.write_bytes(b"x" * 100)
    with pytest.raises(LmnError, match=r"model\.onnx: ONNX Runtime cannot load it: .*; export the student again"):
        load_onnx(model)
    model.with_name("config.json").write_text(json.dumps({"id2label": ["a"]}))
    with pytest.raises(LmnError, match=r"config\.json: names no tags in id2label; export the student again"):
        load_onnx(model)
    model.with_name("config.json").unlink()
    with pytest.raises(LmnError, match=r"config\.json: no such file; export the student again"):
        load_onnx(model)


def test_without_the_runtime_the_extra_is_named(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    with pytest.raises(LmnError, match=r"an exported student needs ONNX Runtime, .*\[onnx\]"):
        load_onnx(model)
