"""An exported student: the same answers by ONNX Runtime, a whole folder or none, and what is refused."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from tiny_encoders import save_tiny_student

from llms_meet_ner import LmnError, load
from llms_meet_ner.cli.tag import main as lmn_tag
from llms_meet_ner.cli.train import main as lmn_train
from llms_meet_ner.data_converters import load_card, read_corpus
from llms_meet_ner.sentence import Sentence
from llms_meet_ner.students.student_file import StudentFile, weights_of
from llms_meet_ner.systems.finding import locate_model
from llms_meet_ner.systems.options import SystemOptions
from llms_meet_ner.systems.student import Student

pytest.importorskip("torch")
pytest.importorskip("onnxruntime")
pytest.importorskip("onnxscript")
LABELS = ("PER", "LOC")
ROOT = Path(__file__).resolve().parents[3]


@dataclass(frozen=True)
class Both:
    """A student and its export, with what the command said."""

    student: Path
    exported: Path
    told: str


def run(*words: str, code: int = 0) -> str:
    done = CliRunner().invoke(lmn_train, ["export", *words])
    assert done.exit_code == code, done.output + repr(done.exception)
    return done.output


def exported(folder: Path, head: Any) -> Both:
    """Export a student into an empty folder."""
    student, out = save_tiny_student(folder, head), folder / "onnx"
    out.mkdir()
    return Both(student, out, run(str(student), "--out", str(out)))


@pytest.fixture(scope="module")
def linear(tmp_path_factory: pytest.TempPathFactory) -> Both:
    return exported(tmp_path_factory.mktemp("linear"), "linear")


@pytest.fixture(scope="module")
def bilstm(tmp_path_factory: pytest.TempPathFactory) -> Both:
    return exported(tmp_path_factory.mktemp("bilstm"), "bilstm")


@pytest.fixture(params=["linear", "bilstm"])
def both(request: pytest.FixtureRequest) -> Both:
    found: Both = request.getfixturevalue(request.param)
    return found


@pytest.fixture(scope="module")
def int8(linear: Both) -> Path:
    out = linear.exported.with_name("int8")
    told = run(str(linear.student), "--out", str(out), "--int8")
    assert "8 bits change some answers: score it with lmn-eval --adapter" in told
    return out


def system(folder: Path, **options: Any) -> Student:
    return locate_model(str(folder)).student(SystemOptions(**options))


def sentences() -> list[Sentence]:
    """Sentences of the demo, one that is read in windows, and one without a subword."""
    found = list(read_corpus(load_card("demo"), "testa"))[:20]
    return [*found, Sentence("long", tuple("abcdefghij" * 9)), Sentence("odd", ("\x00",))]


def test_an_exported_student_answers_as_the_student(both: Both) -> None:
    asked = sentences()
    ours, theirs = system(both.exported, batch_size=3).answer(asked), system(both.student).answer(asked)
    assert [answer.spans for answer in ours] == [answer.spans for answer in theirs]
    assert sum(len(answer.spans or ()) for answer in ours) > 20
    for one, other in zip(ours, theirs, strict=True):
        assert one.confidences == pytest.approx(other.confidences, abs=1e-4)
    tagged = CliRunner().invoke(
        lmn_tag, ["--adapter", str(both.exported), "--format", "json"], input="Hussain struck 158 for Essex.\n"
    )
    assert tagged.exit_code == 0, tagged.output
    one, other = (load(str(folder)).tag(["He left New York."])[0].entities for folder in (both.exported, both.student))
    assert [(entity.start, entity.label) for entity in one] == [(entity.start, entity.label) for entity in other]


def test_the_folder_is_whole_and_names_no_place(both: Both) -> None:
    assert {path.name for path in both.exported.iterdir()} == {
        "config.json", "model.onnx", "student.json", "tokenizer.json", "tokenizer_config.json",
    }  # fmt: skip
    assert f"{both.exported}/model.onnx: " in both.told
    assert "the most probable tag is the same for 100.00%" in both.told


def test_no_file_names_a_place_on_this_machine(both: Both, int8: Path, tmp_path: Path) -> None:
    import torch

    folders = (ROOT, Path(torch.__file__).parents[1], sys.prefix, both.student.parent, tmp_path.parent)
    places = {str(folder).encode() for folder in folders}
    for path in [*both.exported.iterdir(), *int8.iterdir()]:
        content = path.read_bytes()
        assert not [place for place in places if place in content], path
    assert StudentFile.load(both.exported).model == "base"


def test_it_answers_where_torch_cannot_be_imported(linear: Both) -> None:
    code = (
        "import json, sys; sys.modules['torch'] = None; from llms_meet_ner import load; "
        "print(json.dumps([[one.start, one.label] for one in load(sys.argv[1]).tag(['He left New York.'])[0].entities]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(linear.exported)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    theirs = load(str(linear.student)).tag(["He left New York."])[0].entities
    assert json.loads(done.stdout) == [[one.start, one.label] for one in theirs] != []


def test_what_runs_it_stands_in_the_stamp(linear: Both, int8: Path) -> None:
    import onnxruntime

    stamps = [system(folder).stamp() for folder in (linear.student, linear.exported, int8)]
    assert [stamp["student"]["runtime"] for stamp in stamps] == ["torch", "onnxruntime", "onnxruntime"]
    assert len({stamp["adapter_sha256"] for stamp in stamps}) == 3
    job = system(int8).prepare(sentences()[:2])
    assert job.machine == {"device": f"cpu, onnxruntime {onnxruntime.__version__}", "resolved_dtype": "int8"}


def test_weights_in_8_bits_answer_much_the_same(linear: Both, int8: Path) -> None:
    asked = sentences()
    pairs = zip(system(int8).answer(asked), system(linear.student).answer(asked), strict=True)
    counts = [(len(set(one.spans or ()) & set(other.spans or ())), len(other.spans or ())) for one, other in pairs]
    same, all_spans = (sum(column) for column in zip(*counts, strict=True))
    assert same > 0.7 * all_spans
    assert (int8 / "model.int8.onnx").stat().st_size < (linear.exported / "model.onnx").stat().st_size


def test_a_model_that_answers_otherwise_is_not_kept(
    linear: Both, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    import shutil

    from llms_meet_ner.students import onnx_export

    other = tmp_path / "other"
    shutil.copytree(linear.exported, other)
    import onnx
    from onnx import numpy_helper

    model = onnx.load(str(other / "model.onnx"))
    for tensor in model.graph.initializer:
        values = numpy_helper.to_array(tensor)
        if values.dtype.kind == "f" and values.shape == (5,):  # the bias of the last layer
            tensor.CopyFrom(numpy_helper.from_array(values + values.dtype.type([3, 0, 0, 0, 0]), tensor.name))
    onnx.save(model, str(other / "model.onnx"))
    monkeypatch.setattr(onnx_export, "_write", lambda _, path: shutil.copy(other / "model.onnx", path))
    told = run(str(linear.student), "--out", str(tmp_path / "out"), code=1)
    assert "the exported model answers otherwise: a probability differs by " in told
    assert [path.name for path in tmp_path.iterdir()] == ["other"]


def test_another_data_type_or_a_second_file_is_one_error(linear: Both, tmp_path: Path) -> None:
    import shutil

    folder = tmp_path / "damaged"
    shutil.copytree(linear.exported, folder)
    with pytest.raises(LmnError, match="its weights are float32, as they were exported; leave --dtype bfloat16 out"):
        system(folder, dtype="bfloat16").load()
    shutil.copy(linear.student / "model.safetensors", folder)
    with pytest.raises(LmnError, match=r"a student's folder has one of .*; move model\.onnx to another folder"):
        weights_of(folder)
