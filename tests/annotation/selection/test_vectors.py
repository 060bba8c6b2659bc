"""Vectors of sentences by a student's encoder and by their words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from llms_meet_ner import LabelSet, LmnError, Sentence
from llms_meet_ner.annotation.selection.vectors import vectors_by
from llms_meet_ner.students.student_file import StudentFile
from llms_meet_ner.systems.options import SystemOptions
from llms_meet_ner.systems.student import Student, StudentPlace

SENTENCES = [
    Sentence(f"x/{number}", tuple(text.split()))
    for number, text in enumerate(["Essex beat Surrey", "Surrey beat Essex", "rates rose again", "rates rose", "Eve"])
]


def test_words_stand_in_where_there_is_no_encoder() -> None:
    system: Any = object()
    vectors = vectors_by(system, SENTENCES)()
    assert np.linalg.norm(vectors, axis=1) == pytest.approx(1)
    assert vectors[0] @ vectors[1] == pytest.approx(1)
    assert vectors[2] @ vectors[3] > 0.5 > abs(vectors[0] @ vectors[2])
    assert vectors_by(system, SENTENCES[:1])().shape == (1, 3)


def test_words_stand_in_for_the_encoder_of_an_exported_student(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    StudentFile(LabelSet.of("PER"), "linear", 24, 6, " ", False, "demo", ("d",), "base", "r.yaml", 1).save(tmp_path)
    (tmp_path / "model.int8.onnx").touch()
    student = Student(StudentPlace("small", tmp_path, tmp_path), SystemOptions())
    vectors = vectors_by(student, SENTENCES)
    assert capsys.readouterr().err == ""
    assert vectors() == pytest.approx(vectors_by(None, SENTENCES)())  # type: ignore[arg-type]
    assert (
        "small is an exported student, which gives no states of its encoder: words are counted"
        in capsys.readouterr().err
    )
    with pytest.raises(
        LmnError, match=r"model\.int8\.onnx: an exported student gives no states of its encoder; name the"
    ):
        student.states(SENTENCES)
