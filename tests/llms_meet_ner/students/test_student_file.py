"""The file beside a student's weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.labels import LabelSet
from llms_meet_ner.students.student_file import StudentFile, is_student

FILE = StudentFile(
    LabelSet.of("PER", "LOC").changed(rename={"PER": "PERSON"}), "bilstm", 128, 32, "", True, "demo", ("a", "b"), "base", "r.yaml", 3
)  # fmt: skip


def test_it_comes_back(tmp_path: Path) -> None:
    assert not is_student(tmp_path)
    FILE.save(tmp_path)
    assert is_student(tmp_path)
    assert StudentFile.load(tmp_path) == FILE


@pytest.mark.parametrize(
    ("change", "what"),
    [
        ({"head": "crf"}, "head"), ({"window": -1}, "window"), ({"labels": []}, "label"), ({"join": "-"}, "join"), ({"scheme": "IO"}, "scheme"),
        ({"seed": "x"}, "seed"),
    ],
)  # fmt: skip
def test_damage_is_one_error_that_names_the_key(tmp_path: Path, change: dict[str, Any], what: str) -> None:
    FILE.save(tmp_path)
    path = tmp_path / "student.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(LmnError, match=rf"student\.json.*{what}.*copy the student again, or train it again"):
        StudentFile.load(tmp_path)
