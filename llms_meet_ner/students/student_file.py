"""The file beside a student's weights that says what it answers and how it reads."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, get_args

from ..errors import LmnError, listed
from ..files import read_json, write_json
from ..labels import LabelSet
from ..sentence import JOINS, Join
from ..training.recipe import MODEL_FILE
from ..typed_json import Count, from_json, to_json

STUDENT_FILE = "student.json"
ONNX_FILE = "model.onnx"
INT8_FILE = "model.int8.onnx"
"""Files of the weights of an exported student, as they are and in 8 bits."""
WEIGHTS_FILES = (MODEL_FILE, ONNX_FILE, INT8_FILE)
"""Files of a student's weights, of which a folder holds one."""
Head = Literal["linear", "bilstm"]
LINEAR: Final = "linear"
BILSTM: Final = "bilstm"
BILSTM_TYPE: Final = "lmn-bilstm"
"""`model_type` of a student with a BiLSTM, in its configuration."""
HEADS: tuple[Head, ...] = get_args(Head)
NAME_TRAINED = "name the folder that training has written"
"""Remedy where an exported student cannot be taken."""
_SCHEME = "IOB2"
_PLACES = ("_name_or_path", "name_or_path")
"""Keys of transformers' configurations for the place that a model was loaded from."""
_COPY = "copy the student again, or train it again"


@dataclass(frozen=True, slots=True)
class StudentFile:
    """A student's answers and its reading.

    Attributes:
        labels: Labels of its entities.
        head: What stands on the encoder: `linear`, or `bilstm` and a linear layer.
        window: Number of token ids that it reads at once, special ones included.
        overlap: Number of subwords that two windows of a long sentence share.
        join: What stands between two tokens in the language of its corpus.
        nested: Whether entities nest in its corpus, of which it has learned the outer ones.
        corpus: Name of the corpus that it was trained on.
        datasets: Names of the data sets that it was trained on.
        model: Hub id or folder of the encoder that it was made of.
        recipe: Name of the recipe's file.
        seed: Seed of the training.
        scheme: Scheme of its tags.

    Raises:
        ValueError: A value is none of those that are known.
    """

    labels: LabelSet
    head: Head
    window: Count
    overlap: Count
    join: Join
    nested: bool
    corpus: str
    datasets: tuple[str, ...]
    model: str
    recipe: str
    seed: int
    scheme: str = _SCHEME

    def __post_init__(self) -> None:
        for key, value, known in (
            ("head", self.head, HEADS), ("join", self.join, JOINS), ("scheme", self.scheme, (_SCHEME,)),
        ):  # fmt: skip
            if value not in known:
                raise ValueError(f"{key} is {value!r:.60}, and not {' or '.join(map(repr, known))}")

    def save(self, folder: Path) -> None:
        """Write it into a folder."""
        write_json(folder / STUDENT_FILE, to_json(self))

    @classmethod
    def load(cls, folder: Path) -> StudentFile:
        """Read the file of a folder.

        Raises:
            LmnError: It is missing or damaged.
        """
        path = folder / STUDENT_FILE
        row: Any = read_json(path, _COPY)
        return from_json(cls, row, path, writer="lmn-train", remedy=_COPY)


def without_places(values: Any) -> Any:
    """Return a configuration without the places that its parts were loaded from, which are folders of this machine, at any depth."""
    if isinstance(values, dict):
        return {key: without_places(value) for key, value in values.items() if key not in _PLACES}
    return [without_places(value) for value in values] if isinstance(values, list) else values


def is_student(folder: Path) -> bool:
    """Return whether a folder holds a student."""
    return (folder / STUDENT_FILE).is_file()


def refuse_exported(folder: Path, what: str, remedy: str = NAME_TRAINED) -> None:
    """Refuse a folder that holds an exported student and not the one that training has written.

    Args:
        folder: Folder of a student or of a model; it may not exist.
        what: What is wrong with an exported student there.
        remedy: What to do instead.

    Raises:
        LmnError: The folder holds an exported student.
    """
    exported = next((folder / name for name in (ONNX_FILE, INT8_FILE) if (folder / name).is_file()), None)
    if exported and not (folder / MODEL_FILE).is_file():
        raise LmnError(what, exported, remedy)


def weights_of(folder: Path) -> Path:
    """Return the file of a student's weights: those that training has written, or an exported model.

    Raises:
        LmnError: There is none, or several.
    """
    found = [folder / name for name in WEIGHTS_FILES if (folder / name).is_file()]
    if not found:
        raise LmnError("no such file, so there is no student", folder / MODEL_FILE, _COPY)
    if len(found) > 1:
        raise LmnError(
            f"a student's folder has one of {listed(WEIGHTS_FILES)}",
            found[1],
            f"move {found[1].name} to another folder",
        )
    return found[0]
