"""The export of a student to ONNX, with its weights as they are or in 8 bits, compared with the student before it is kept."""

from __future__ import annotations

import logging
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, replace
from importlib import import_module
from io import StringIO
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import LmnError, installing
from ..files import LOCK, TEMPORARY, read_json, temporary_folder, write_json
from ..training.recipe import MODEL_FILE
from .encoder import LoadedStudent, load_student, without_reports
from .marking import tag_scores
from .onnx_model import load_onnx
from .student_file import BILSTM, INT8_FILE, NAME_TRAINED, ONNX_FILE, weights_of, without_places
from .subwords import ReadSentence, ReadWindow, Subwords

_INPUTS, _OUTPUT, _STATES = ("input_ids", "attention_mask"), "logits", "states"
_MOST = 1e-3
"""Largest difference of a probability that rounding explains in float32; a larger one means another model."""
_ROWS = 8
"""Rows of subwords on which an exported student is compared with the student."""


@dataclass(frozen=True, slots=True)
class Exported:
    """An exported student, and how its answers differ from the student's on rows of subwords drawn at random.

    Attributes:
        path: File of the exported model.
        size: Its size in bytes.
        largest: Largest difference of the probability of a tag.
        same: Share of the subwords whose most probable tag is the same.
        subwords: Number of subwords that were compared.
    """

    path: Path
    size: int
    largest: float
    same: float
    subwords: int


def export_student(folder: Path, out: Path, *, int8: bool = False) -> Exported:
    """Write a student as an ONNX model into a folder, with all that it needs to answer; whole or not at all.

    Args:
        folder: Folder of the student that training has written.
        out: Folder to write into, which does not exist or is empty.
        int8: Whether to keep the weights of matrix products and embeddings in 8 bits; the inputs of products are then rounded as they come
            (dynamic quantisation).

    Raises:
        LmnError: There is no such student, or it is exported already; `out` holds files; a package is missing; torch cannot export this
            encoder; or the exported model answers otherwise.
    """
    _check_out(out)
    _check_packages()
    if weights_of(folder).name != MODEL_FILE:
        raise LmnError("exported already", weights_of(folder), NAME_TRAINED)
    student = _on_the_cpu(load_student(folder))
    name = INT8_FILE if int8 else ONNX_FILE
    with temporary_folder(out.absolute().parent) as work:
        new = work / "student"
        new.mkdir()
        with _export_errors(folder):
            _write(student, work / ONNX_FILE)
            if int8:
                _quantise(work / ONNX_FILE, new / name)
            else:
                (work / ONNX_FILE).replace(new / name)
        _forget_places(new / name)
        _copy_rest(folder, student, new)
        found = _compared(student, new / name)
        if not int8 and found.largest > _MOST:
            raise LmnError(
                f"the exported model answers otherwise: a probability differs by {found.largest:.2g}", folder,
                "use the student as it is; its encoder cannot be exported",
            )  # fmt: skip
        if out.exists():
            for leftover in out.iterdir():
                leftover.unlink()
            out.rmdir()
        new.replace(out)
    return replace(found, path=out / name)


def _check_out(out: Path) -> None:
    """Make sure that a folder does not exist or is empty, and that another one can take its place.

    Raises:
        LmnError: It is not.
    """
    if out.is_symlink():
        raise LmnError("a link, which a folder would take the place of", out, "name a folder with --out FOLDER")
    if out.resolve() == Path.cwd():
        raise LmnError(
            "the working directory, which cannot be put in place", out, "name a new folder with --out FOLDER"
        )
    if out.is_dir() and all(path.name.endswith((LOCK, TEMPORARY)) and path.is_file() for path in out.iterdir()):
        return
    if out.exists():
        raise LmnError("not an empty folder, and nothing is written over", out, "name another folder with --out FOLDER")


def _check_packages() -> None:
    """Make sure that what exports and runs a model is installed, before anything is loaded.

    Raises:
        LmnError: A package is missing.
    """
    try:
        for name in ("onnx", "onnxscript", "onnxruntime"):
            import_module(name)
    except ImportError as error:
        raise LmnError(f"a package for the export cannot be imported ({error})", None, installing("onnx")) from error


def _on_the_cpu(student: LoadedStudent) -> LoadedStudent:
    return replace(student, model=student.model.cpu(), device="cpu", device_name="cpu")


def _write(student: LoadedStudent, path: Path) -> None:
    """Write the model of a student: its encoder and linear head by torch, a BiLSTM by `_add_bilstm`."""
    import torch

    with_lstm = student.file.head == BILSTM

    class Part(torch.nn.Module):  # type: ignore[misc]
        """What torch exports: token ids and mask to logits, or to the states under a BiLSTM."""

        def __init__(self) -> None:
            super().__init__()
            self.model = student.model.encoder if with_lstm else student.model

        def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
            """Return logits (rows, ids, tags) or states (rows, ids, size)."""
            found = self.model(input_ids=input_ids, attention_mask=attention_mask)
            part: torch.Tensor = found.last_hidden_state if with_lstm else found.logits
            return part

    ids = torch.full((2, 7), student.subwords.padding)
    mask = torch.ones_like(ids)
    mask[1, 4:] = 0
    sizes = {0: torch.export.Dim("batch"), 1: torch.export.Dim("length")}
    torch.onnx.export(
        Part().eval(), (ids, mask), str(path), dynamo=True, external_data=False, verbose=False, input_names=list(_INPUTS),
        output_names=[_STATES if with_lstm else _OUTPUT], dynamic_shapes=dict.fromkeys(_INPUTS, sizes),
    )  # fmt: skip
    if with_lstm:
        _add_bilstm(student.model, path)


def _add_bilstm(model: Any, path: Path) -> None:
    """Put the BiLSTM and the linear layer of a student on its exported encoder.

    torch exports an LSTM for rows of one length only. ONNX's own one (operator `LSTM`) takes the length of each row, and reads no padding,
    as the packed rows of training. Its gates are in the order i, o, f, c; torch's are i, f, c, o.
    """
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    whole = onnx.load(str(path))
    weights = {name: tensor.detach().numpy() for name, tensor in model.lstm.named_parameters()}
    size = model.lstm.hidden_size

    def both(*names: str) -> Any:
        """Return the weights of both directions, their gates in the order of ONNX."""
        rows = []
        for direction in ("", "_reverse"):
            parts = []
            for name in names:
                i, f, c, o = np.split(weights[f"{name}_l0{direction}"], 4)
                parts += [i, o, f, c]
            rows.append(np.concatenate(parts))
        return np.stack(rows)

    tensors = {
        "lstm_w": both("weight_ih"), "lstm_r": both("weight_hh"), "lstm_b": both("bias_ih", "bias_hh"),
        "head_w": model.classifier.weight.detach().numpy().T.copy(), "head_b": model.classifier.bias.detach().numpy(),
        "lstm_axis": np.array([1], dtype=np.int64), "lstm_shape": np.array([0, 0, 2 * size], dtype=np.int64),
    }  # fmt: skip
    whole.graph.initializer.extend(numpy_helper.from_array(value, name) for name, value in tensors.items())
    whole.graph.node.extend(
        [
            helper.make_node("Transpose", [_STATES], ["lstm_in"], perm=[1, 0, 2]),
            helper.make_node("ReduceSum", [_INPUTS[1], "lstm_axis"], ["lstm_sum"], keepdims=0),
            helper.make_node("Cast", ["lstm_sum"], ["lstm_lengths"], to=TensorProto.INT32),
            helper.make_node(
                "LSTM", ["lstm_in", "lstm_w", "lstm_r", "lstm_b", "lstm_lengths"], ["lstm_out"], direction="bidirectional",
                hidden_size=size,
            ),
            helper.make_node("Transpose", ["lstm_out"], ["lstm_turned"], perm=[2, 0, 1, 3]),
            helper.make_node("Reshape", ["lstm_turned", "lstm_shape"], ["lstm_read"]),
            helper.make_node("MatMul", ["lstm_read", "head_w"], ["head_out"]),
            helper.make_node("Add", ["head_out", "head_b"], [_OUTPUT]),
        ]
    )  # fmt: skip
    del whole.graph.output[:]
    shape = ["batch", "length", model.config.num_labels]
    whole.graph.output.append(helper.make_tensor_value_info(_OUTPUT, TensorProto.FLOAT, shape))
    onnx.checker.check_model(whole)
    onnx.save(whole, str(path))


def _quantise(path: Path, target: Path) -> None:
    """Write a model with the weights of its matrix products and embeddings in 8 bits, a scale for each column.

    Seven of the bits are used: with all of them, sums overflow on processors without instructions for it (AVX2 without VNNI), silently.
    """
    from onnxruntime.quantization import QuantType, quantize_dynamic

    quantize_dynamic(
        path, target, weight_type=QuantType.QInt8, per_channel=True, reduce_range=True, op_types_to_quantize=["MatMul", "Gemm", "Gather"]
    )  # fmt: skip


def _forget_places(path: Path) -> None:
    """Take out of a model what torch wrote down for people, at any depth: each node names the files of this machine that it came from."""
    import onnx

    whole = onnx.load(str(path))
    parts: list[Any] = [whole]
    while parts:
        part = parts.pop()
        for name, value in part.ListFields():
            if name.name in ("doc_string", "metadata_props"):
                part.ClearField(name.name)
            elif name.message_type:
                parts += [value] if hasattr(value, "ListFields") else value
    onnx.save(whole, str(path))


def _copy_rest(folder: Path, student: LoadedStudent, new: Path) -> None:
    """Write what a student needs beside its weights, without places on this machine."""
    base = Path(student.file.model)
    replace(student.file, model=base.name if base.is_absolute() else student.file.model).save(new)
    write_json(new / "config.json", without_places(read_json(folder / "config.json")))
    with without_reports():
        student.subwords.tokenizer.save_pretrained(new)
    path = new / "tokenizer_config.json"
    write_json(path, without_places(read_json(path)))


def _compared(student: LoadedStudent, path: Path) -> Exported:
    """Return how an exported model answers beside the student, on eight rows, from an eighth of the window to all of it."""
    subwords, model = student.subwords, load_onnx(path)
    reads = [_drawn(subwords, round(subwords.room * (row + 1) / _ROWS), row) for row in range(_ROWS)]
    theirs, ours = (
        np.exp(np.concatenate(tag_scores(one, reads, subwords.padding, 3))) for one in (student.model, model)
    )
    same = float(np.mean(theirs.argmax(1) == ours.argmax(1)))
    return Exported(path, path.stat().st_size, float(np.abs(theirs - ours).max()), same, len(ours))


def _drawn(subwords: Subwords, length: int, seed: int) -> ReadSentence:
    """Return a row of subwords drawn at random, each of which is answered."""
    count = len(subwords.tokenizer)
    drawn = np.random.default_rng(seed).integers(0, count, max(1, length)).tolist()
    ids = (*subwords.before, *drawn, *subwords.after)
    firsts = range(len(subwords.before), len(subwords.before) + len(drawn))
    return ReadSentence(tuple(range(len(drawn))), (ReadWindow(ids, tuple(firsts)),))


@contextmanager
def _export_errors(folder: Path) -> Iterator[None]:
    """Keep the export's reports from the terminal, and turn its errors into one.

    Raises:
        LmnError: The encoder cannot be exported.
    """
    level = logging.root.manager.disable
    logging.disable(logging.ERROR)
    try:
        with warnings.catch_warnings(), redirect_stdout(StringIO()), redirect_stderr(StringIO()):
            warnings.simplefilter("ignore")
            yield
    except Exception as error:  # torch, onnx and onnxruntime raise whatever there is
        what = str(error).strip().split("\n")[0] or type(error).__name__
        raise LmnError(f"cannot be exported: {what:.300}", folder, "use the student as it is") from error
    finally:
        logging.disable(level)
