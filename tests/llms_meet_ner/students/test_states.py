"""Vectors of sentences by a student's encoder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tiny_encoders import save_tiny_bert

from llms_meet_ner import LabelSet
from llms_meet_ner.students.encoder import LoadedStudent, new_model, new_tokenizer
from llms_meet_ner.students.states import mean_states
from llms_meet_ner.students.student_file import StudentFile
from llms_meet_ner.students.subwords import Subwords
from llms_meet_ner.students.viterbi import tag_names

pytest.importorskip("torch")


def test_states_of_a_sentence_do_not_depend_on_its_neighbours(tmp_path: Path) -> None:
    folder = str(save_tiny_bert(tmp_path))
    subwords = Subwords.of(new_tokenizer(folder), 16, 4)
    file = StudentFile(LabelSet.of("PER"), "linear", 16, 4, " ", False, "x", ("x",), folder, "x.yaml", 1)
    texts = [("", ("Essex", "won")), ("", tuple("abcdefghij" * 4)), ("", ("\x00",))]
    reads = subwords.read(texts)
    assert len(reads[1].windows) > 1
    for head in ("linear", "bilstm"):
        model: Any = new_model(folder, tag_names(("PER",)), head).eval()  # type: ignore[arg-type]
        student = LoadedStudent(model, subwords, file, "cpu", "cpu", "float32")
        together = mean_states(student, reads)
        assert together.shape == (3, 32)
        assert not together[2].any()
        for read, row in zip(reads, together, strict=True):
            np.testing.assert_allclose(mean_states(student, [read], 1)[0], row, atol=1e-5)
