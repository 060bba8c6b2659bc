"""A student that was exported to ONNX, run by ONNX Runtime on a CPU. Neither torch nor transformers' model is needed for it."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import LmnError, installing
from ..files import read_json
from .student_file import INT8_FILE

_AGAIN = "export the student again with lmn-train export"


@dataclass(frozen=True, slots=True)
class TagNames:
    """The part of a model's configuration that its users ask for.

    Attributes:
        id2label: Names of the tags by their numbers.
    """

    id2label: dict[int, str]

    @property
    def num_labels(self) -> int:
        """Number of tags."""
        return len(self.id2label)


class OnnxModel:
    """An encoder with its head as ONNX Runtime runs it.

    It runs on the CPU, in as many threads as `OMP_NUM_THREADS` says, or as ONNX Runtime takes by itself: all cores.

    Args:
        path: File of the model.
        config: Names of its tags.

    Raises:
        LmnError: ONNX Runtime is not installed, or cannot load the file.
    """

    def __init__(self, path: Path, config: TagNames) -> None:
        runtime = _runtime()
        options = runtime.SessionOptions()
        threads = os.environ.get("OMP_NUM_THREADS", "")
        if threads.isdecimal():
            options.intra_op_num_threads = int(threads)
        options.log_severity_level = 3  # errors alone
        self.config = config
        self._path = path
        try:
            self._session = runtime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        except Exception as error:  # it has many kinds of errors, of no common kind
            raise _failed("load", path, error) from error

    @property
    def dtype(self) -> str:
        """Data type of its weights: `int8` or `float32`."""
        return "int8" if self._path.name == INT8_FILE else "float32"

    @property
    def runtime(self) -> str:
        """What runs it, with its version."""
        return f"onnxruntime {_runtime().__version__}"

    def logits(self, ids: NDArray[np.int64], mask: NDArray[np.int64]) -> NDArray[np.float32]:
        """Return the logits of the tags of subwords (rows, ids, tags).

        Args:
            ids: Token ids (rows, ids).
            mask: 1 for what is read, and 0 for what fills a row (rows, ids).

        Raises:
            LmnError: ONNX Runtime fails.
        """
        try:
            found: NDArray[np.float32] = self._session.run(None, {"input_ids": ids, "attention_mask": mask})[0]
        except Exception as error:
            if "memory" in str(error).lower():
                raise MemoryError(str(error)) from error
            raise _failed("run", self._path, error) from error
        return found


def load_onnx(path: Path) -> OnnxModel:
    """Load an exported student.

    Args:
        path: File of the model, beside its `config.json`.

    Raises:
        LmnError: A file is missing or damaged, or ONNX Runtime is not installed.
    """
    config = path.parent / "config.json"
    values: Any = read_json(config, _AGAIN)
    names = values.get("id2label") if isinstance(values, dict) else None
    if not isinstance(names, dict) or not all(key.isdecimal() for key in names):
        raise LmnError("names no tags in id2label", config, _AGAIN)
    return OnnxModel(path, TagNames({int(key): str(value) for key, value in names.items()}))


def _runtime() -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise LmnError(
            f"an exported student needs ONNX Runtime, which cannot be imported ({error})", None, installing("onnx")
        ) from error
    return onnxruntime


def _failed(what: str, path: Path, error: Exception) -> LmnError:
    """Return the error for a model that ONNX Runtime cannot load or run."""
    reason = str(error).strip().split("\n")[0] or type(error).__name__
    return LmnError(f"ONNX Runtime cannot {what} it: {reason:.300}", path, _AGAIN)
