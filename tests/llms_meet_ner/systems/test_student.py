"""A student as a system: spans with confidences, a stamp, windows, and options that are not for it."""

from __future__ import annotations

import json
import logging
from pathlib import Path

import pytest
from tiny_encoders import student_recipe

from llms_meet_ner import LmnError
from llms_meet_ner.data_converters import load_card, read_corpus
from llms_meet_ner.decoding.requests import FREE
from llms_meet_ner.files import sha256_of
from llms_meet_ner.prediction.merge import merge_shards
from llms_meet_ner.prediction.run import predict, run_folder
from llms_meet_ner.prediction.shards import Shard
from llms_meet_ner.records import read_records
from llms_meet_ner.sentence import Sentence
from llms_meet_ner.systems.choosing import labels_of, recipe_system
from llms_meet_ner.systems.examples import Shots
from llms_meet_ner.systems.finding import find_model, locate_model
from llms_meet_ner.systems.options import SystemOptions
from llms_meet_ner.systems.server import ServerOptions
from llms_meet_ner.systems.student import Student, StudentPlace
from llms_meet_ner.training.recipe import Recipe, load_recipe

pytest.importorskip("torch")
SENTENCES = [
    Sentence("demo/x/0", ("Essex", "beat", "New York", ".")),
    Sentence("demo/x/1", ("-DOCSTART-",)),
    Sentence("demo/x/2", tuple("abcdefghij" * 12)),
    Sentence("demo/x/3", ("\x00",)),
    *list(read_corpus(load_card("demo"), "testa"))[:12],
]


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working directory with a tiny student."""
    from llms_meet_ner.students.training import prepare, train

    folder = tmp_path_factory.mktemp("student")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        recipe = load_recipe(student_recipe(folder, eval_dataset=None, max_steps=220))
        train(prepare(recipe, [recipe.dataset], []), None)
    return folder


@pytest.fixture
def recipe(trained: Path, monkeypatch: pytest.MonkeyPatch) -> Recipe:
    monkeypatch.chdir(trained)
    return load_recipe(Path("tiny.yaml"))


def test_records_hold_spans_and_confidences_and_no_text(recipe: Recipe, capsys: pytest.CaptureFixture[str]) -> None:
    system = recipe_system(recipe, SystemOptions(batch_size=2))
    assert isinstance(system, Student)
    assert labels_of(system) == recipe.train_entry().spec.labels
    folder = run_folder(system, "demo", "x")
    assert folder == Path("outputs/tiny/demo_x/viterbi")
    records = list(read_records(predict(system, SENTENCES, folder)))
    assert {record.output for record in records} == {None}
    assert all(len(record.spans) == len(record.confidences or ()) for record in records)
    assert sum(len(record.spans) for record in records) > 0
    assert records[1].spans == records[3].spans == ()
    run = json.loads((folder / "run.json").read_text())
    odd = {"windows": 3, "unread": 0, "trimmed": 0}, {"windows": 0, "unread": 1, "trimmed": 0}
    assert run["notes"] == {"read_otherwise": {"demo/x/2": [odd[0]], "demo/x/3": [odd[1]]}}
    assert run["stamp"]["resolved_dtype"] == "float32"
    assert run["stamp"]["adapter_sha256"] == sha256_of(recipe.weights_file)
    errors = capsys.readouterr().err
    assert "demo/x/2 (3 windows)" in errors
    assert "which are not read and can only lie inside an entity: 1: " in errors

    before = (folder / "predictions.jsonl").read_bytes()
    predict(recipe_system(recipe, SystemOptions(batch_size=2)), SENTENCES, folder, restart=True)
    assert (folder / "predictions.jsonl").read_bytes() == before
    assert system.differences(run["stamp"], SENTENCES) == []
    assert system.differences({**run["stamp"], "adapter_sha256": "x"}, SENTENCES) == ["adapter_sha256"]


def test_shards_note_what_was_read_otherwise_as_the_whole_run(recipe: Recipe) -> None:
    system = recipe_system(recipe, SystemOptions())
    again = Sentence("demo/x/9", SENTENCES[2].tokens)  # read otherwise in the same way, in another shard
    sentences = [*SENTENCES[:4], again, again]
    folders = [Path(f"outputs/parts-shard{number}of2") for number in (1, 2)]
    for number, folder in enumerate(folders, start=1):
        predict(system, sentences, folder, shard=Shard(number, 2))
    predict(system, sentences, Path("outputs/whole"))
    merge_shards(folders)
    merged, whole = (json.loads(Path(f"outputs/{name}/run.json").read_text())["notes"] for name in ("parts", "whole"))
    assert list(merged["read_otherwise"].items()) == list(whole["read_otherwise"].items())
    assert [len(rows) for rows in whole["read_otherwise"].values()] == [1, 1, 2]


def test_a_student_is_found_by_its_folder_with_the_same_answers(
    recipe: Recipe, caplog: pytest.LogCaptureFixture
) -> None:
    found = locate_model("outputs/tiny")
    assert found.is_student
    student = found.student(SystemOptions())
    assert student.results_folder == Path("outputs/tiny")
    assert str(student.facts.adapter) == "outputs/tiny"
    with caplog.at_level(logging.WARNING):
        answers = student.answer(SENTENCES)
    assert "read in windows that overlap" in caplog.text
    caplog.clear()
    with caplog.at_level(logging.WARNING):
        student.answer([Sentence("", SENTENCES[2].tokens)] * 2)
    assert "as a whole: 2: 'a b c d e f g h i j a b c d e f g h i j ' (3 windows), " in caplog.text
    assert [answer.spans for answer in answers] == [
        answer.spans for answer in recipe_system(recipe, SystemOptions()).answer(SENTENCES)
    ]
    assert student.sha256 != recipe_system(recipe, SystemOptions()).sha256
    with pytest.raises(LmnError, match="a student, and --base is for an adapter"):
        locate_model("outputs/tiny", "base")
    with pytest.raises(LmnError, match="a student, which reads no prompt"):
        find_model("outputs/tiny")


def test_a_student_on_the_hub_is_fetched_with_its_weights(recipe: Recipe, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[str | None, list[str]]] = []

    def snapshot_download(name: str, revision: str | None, allow_patterns: list[str]) -> str:
        asked.append((revision, allow_patterns))
        return str(Path("outputs/tiny").resolve())

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    found = locate_model("someone/student")
    assert (found.is_student, found.commit, found.results_folder) == (True, "tiny", Path("outputs/someone--student"))
    assert "student.json" in asked[0][1]
    assert asked[1] == ("tiny", ["*.json", "*.safetensors", "*.onnx", "*.txt", "*.model"])
    assert str(found.student(SystemOptions()).facts.adapter) == "someone/student at tiny"


@pytest.mark.parametrize(
    ("options", "option"),
    [
        (SystemOptions(FREE), "--decoding"), (SystemOptions(max_new_tokens=3), "--max-new-tokens"), (SystemOptions(quantise="4bit"), "--quantize"), (SystemOptions(shots=Shots(0)), "--untrained"),
        (SystemOptions(shots=Shots(2)), "--shots"), (SystemOptions(server=ServerOptions("http://x/v1", "m")), "--engine"),
        (SystemOptions(reading="published"), "--reading"),
    ],
)  # fmt: skip
def test_options_about_prompts_and_texts_are_refused(recipe: Recipe, options: SystemOptions, option: str) -> None:
    with pytest.raises(LmnError, match=f"{option}: tiny is a student: it reads no prompt and writes no text"):
        recipe_system(recipe, options)


def test_code_of_others_is_refused_aloud(recipe: Recipe) -> None:
    with pytest.raises(LmnError, match="--trust-remote-code: tiny is a student, and for one no code of others runs"):
        recipe_system(recipe, SystemOptions(trust_remote_code=True))


def test_sentences_with_as_many_subwords_stand_in_one_batch(recipe: Recipe) -> None:
    lines = [Sentence(str(at), ("a",) * length) for at, length in enumerate((2000, 300, 2000, 300))]
    job = recipe_system(recipe, SystemOptions(batch_size=2)).prepare(lines)
    assert [batch.items for batch in job.batches] == [(0, 2), (1, 3)]


def test_a_student_that_is_not_trained_is_one_error(recipe: Recipe) -> None:
    place = StudentPlace.of_recipe(recipe, Path("outputs/none"))
    with pytest.raises(
        LmnError, match=r"outputs/none/student\.json: no student there; train it with lmn-train tiny\.yaml"
    ):
        Student(place, SystemOptions()).stamp()
