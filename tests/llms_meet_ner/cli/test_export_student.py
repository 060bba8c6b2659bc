"""`lmn-train export`: what it refuses, before it loads anything. Its results are tested beside the export."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from llms_meet_ner.cli.train import main as lmn_train
from llms_meet_ner.labels import LabelSet
from llms_meet_ner.students.student_file import StudentFile

pytest.importorskip("torch")
pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")


def refused(*words: str) -> str:
    done = CliRunner().invoke(lmn_train, ["export", *words])
    assert done.exit_code == 1, done.output + repr(done.exception)
    return done.output


@pytest.fixture
def student(workdir: Path) -> Path:
    """A folder that only says that it holds a student."""
    folder = workdir / "student"
    StudentFile(LabelSet.of("PER"), "linear", 24, 6, " ", False, "demo", ("d",), "base", "r.yaml", 1).save(folder)
    return folder


def test_what_cannot_be_exported_is_one_error(student: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (student.parent / "full").mkdir()
    (student.parent / "full/file").touch()
    Path("link").symlink_to("elsewhere")
    Path("empty").mkdir()
    monkeypatch.chdir("empty")
    assert "Error: .: the working directory, which cannot be put in place" in refused("../student", "--out", ".")
    monkeypatch.chdir("..")
    for words, message in (
        (("student", "--out", "link"), "Error: link: a link, which a folder would take the place of; name a folder"),
        (("student", "--out", "full"), "Error: full: not an empty folder, and nothing is written over; name another"),
        (("student", "--out", "full/file"), "Error: full/file: not an empty folder"),
        (
            ("student", "--out", "out"),
            "model.safetensors: no such file, so there is no student; copy the student again",
        ),
        (("full", "--out", "out"), "Error: full/student.json: no such file; copy the student again, or train it again"),
    ):
        assert message in refused(*words)
    (student / "model.onnx").touch()
    assert "student/model.onnx: exported already; name the folder that training has written" in refused(
        "student", "--out", "out"
    )
    assert not Path("out").exists()


def test_without_its_packages_the_extra_is_named(student: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxscript", None)
    told = refused("student", "--out", "out")
    assert "a package for the export cannot be imported (" in told
    assert "[onnx]" in told
