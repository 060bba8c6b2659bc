"""The published folder of a student: a plain model of transformers, with a card that says how it is used."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hub_server import HubServer, point_at
from tiny_encoders import save_tiny_onnx, student_recipe

from llms_meet_ner import load
from llms_meet_ner.cli.train import main as lmn_train
from llms_meet_ner.data_converters import load_card, read_corpus
from llms_meet_ner.eval.cli.publish import main as lmn_publish
from llms_meet_ner.eval.cli.score import main as lmn_eval
from llms_meet_ner.files import sha256_of
from llms_meet_ner.labels import LabelSet
from llms_meet_ner.students.student_file import StudentFile

pytest.importorskip("torch")
TOKEN = "hf_aVerySecretTokenOfMine1234"
REPO = ["--repo", "someone/tiny-student", "--dry-run"]
BASE = ["--base-model", "someone/encoder"]


def run(command: object, *words: str, code: int = 0) -> Result:
    result = CliRunner().invoke(command, list(words))  # type: ignore[arg-type]
    assert result.exit_code == code, result.output
    return result


def test_a_student_is_published_as_it_was_scored(workdir: Path) -> None:
    recipe = str(student_recipe(workdir, num_train_epochs=12))
    run(lmn_train, recipe)
    run(lmn_eval, "--recipe", recipe, "--split", "testb")
    refused = run(lmn_publish, "--recipe", recipe, *REPO, *BASE, "--merged", code=1)
    assert "--merged: a student is a whole model already; leave it out" in refused.output
    told = run(lmn_publish, "--recipe", recipe, *REPO, *BASE).output
    assert "demo testb, viterbi: F1 0." in told

    folder = Path("outputs/tiny/hub")
    assert {path.name for path in folder.iterdir() if not path.name.startswith(".")} == {
        "README.md", "config.json", "demo_testb", "epochs.json", "model.safetensors", "recipe.yaml", "student.json", "tokenizer.json",
        "tokenizer_config.json", "training_loss.png",
    }  # fmt: skip
    assert sha256_of(folder / "model.safetensors") == sha256_of(Path("outputs/tiny/model.safetensors"))
    assert json.loads((folder / "student.json").read_text())["model"] == "someone/encoder"
    assert str(workdir) not in "".join(path.read_text() for path in folder.glob("*.json"))
    card = (folder / "README.md").read_text()
    for line in (
        "library_name: transformers", "base_model: someone/encoder", "base_model_relation: finetune",
        "A token classifier that marks named entities (ORG, PER, LOC, MISC), made of [someone/encoder]",
        'ner = pipeline("token-classification", model=\'someone/tiny-student\', aggregation_strategy="first")',
        "- It reads 64 subwords at once, and longer sentences in windows that overlap.", "lmn-eval --recipe recipe.yaml --split testb\n",
        "| task | token-classification |", "tags that BIO allows",
    ):  # fmt: skip
        assert line in card, line
    assert card.index("\n## Use\n") < card.index("ner = pipeline(") < min(card.index("\n|---"), card.index("SHA-256"))
    assert not {"LLaMA-Factory", "adapter", "Instruction"} & set(card.replace("`", " ").split())

    rescored = ["--adapter", str(folder), "--corpus", "demo", "--split", "testb", "--published-predictions"]
    assert "the scores are those that were published" in run(lmn_eval, *rescored).stderr
    after, before = (
        json.loads(Path("outputs", place, "demo_testb/viterbi/scores.json").read_text())
        for place in ("tiny--hub@published", "tiny")
    )
    same = (
        "seqeval",
        "nervaluate",
        "alignment",
        "calibration",
        "uncertainty",
        "analysis",
        "decoding",
        "format",
        "dtype",
        "seed",
    )
    assert {key: after[key] for key in same} == {key: before[key] for key in same}
    assert (after["model"], before["model"]) == ("someone/encoder", "encoder")

    theirs, ours = load(str(folder)), load("outputs/tiny")
    texts = ["Hussain struck 158 for Essex.", "He left New York."]
    assert theirs.tag(texts) == ours.tag(texts)


@pytest.mark.parametrize("head", ["linear", "bilstm"])
def test_no_place_on_this_machine_is_published(workdir: Path, head: str) -> None:
    places = {"model_name_or_path": str(workdir / "encoder"), "dataset_dir": str(workdir / "data/alpaca")}
    recipe = str(student_recipe(workdir, max_steps=2, eval_dataset=None, head=head, **places))
    run(lmn_train, recipe)
    run(lmn_publish, "--recipe", recipe, *REPO, *BASE)
    for folder in (Path("outputs/tiny/hub"), Path("outputs/tiny/config.json")):
        for path in folder.rglob("*") if folder.is_dir() else [folder]:
            assert not path.is_file() or str(workdir).encode() not in path.read_bytes(), path


@pytest.mark.parametrize("name", ["model.onnx", "model.int8.onnx"])
def test_an_exported_student_is_published_and_fetched_again(
    workdir: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    pytest.importorskip("onnxruntime")
    recipe, file = str(student_recipe(workdir)), save_tiny_onnx(workdir / "outputs/tiny", name)
    run(lmn_eval, "--recipe", recipe, "--split", "testb")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(workdir / "cache"))
    monkeypatch.setenv("HF_TOKEN", TOKEN)
    with HubServer() as server:
        point_at(server, monkeypatch)
        server.writers = {TOKEN: {"someone"}}
        server.add("someone/encoder")
        told = run(lmn_publish, "--recipe", recipe, *REPO[:2], *BASE).output
        tree = server.repos["someone/tiny-student"].commits[server.repos["someone/tiny-student"].branches["main"]]
        theirs, ours = load("someone/tiny-student"), load("outputs/tiny")
        texts = [one.text for one in read_corpus(load_card("demo"), "testb")][:20]
        tagged = theirs.tag(texts)
    assert "demo testb, viterbi: F1 0." in told
    assert tagged == ours.tag(texts)
    assert any(one.entities for one in tagged)
    assert tree[name] == file.read_bytes()
    assert {"README.md", "config.json", "recipe.yaml", "student.json", "tokenizer.json", name} <= set(tree)
    assert "model.safetensors" not in tree
    card = tree["README.md"].decode()
    for line in (
        "library_name: onnx", "- onnx\n", f"It was exported to ONNX ({name}), which transformers does not load", "llms-meet-ner[onnx]",
        "The scores are those of the student as it was exported (SHA-256", "tagger = load('someone/tiny-student'",
        "lmn-tag --adapter someone/tiny-student", "lmn-train recipe.yaml output_dir=outputs/tiny-trained\n",
        "lmn-train export outputs/tiny-trained --out outputs/tiny" + " --int8" * ("int8" in name) + "\n",
        "lmn-eval --recipe recipe.yaml --split testb\n",
    ):  # fmt: skip
        assert line in card, line
    assert "pipeline(" not in card


def test_a_secret_in_the_texts_of_an_exported_student_is_not_published(workdir: Path) -> None:
    onnx = pytest.importorskip("onnx")
    recipe, file = str(student_recipe(workdir)), save_tiny_onnx(workdir / "outputs/tiny")
    model = onnx.load(str(file))
    model.doc_string = "token ghp_" + "a1B2" * 9
    onnx.save(model, str(file))
    told = run(lmn_publish, "--recipe", recipe, *REPO, *BASE, code=1).output
    assert "model.onnx" in told
    assert "looks like a" in told
    assert not Path("outputs/tiny/hub/README.md").exists()


def test_an_exported_student_is_neither_written_over_nor_trained_further(workdir: Path) -> None:
    recipe, out = str(student_recipe(workdir)), Path("outputs/tiny")
    file = StudentFile(LabelSet.of("PER"), "linear", 24, 6, " ", False, "demo", ("d",), "base", "r.yaml", 1)
    for name in ("model.onnx", "model.int8.onnx"):
        file.save(out)
        (out / name).touch()
        before = (out / "student.json").read_bytes()
        told = run(lmn_train, recipe, code=1).output
        assert (
            f"outputs/tiny/{name}: an exported student is there, and it is not written over; train in another" in told
        )
        assert "to train it further, name the folder that training has written: model_name_or_path=FOLDER" in told
        told = run(lmn_train, recipe, "model_name_or_path=outputs/tiny", "output_dir=outputs/2", code=1).output
        assert f"outputs/tiny/{name}: an exported student is not trained further; name the folder that training" in told
        assert (out / "student.json").read_bytes() == before
        (out / name).unlink()
    assert not Path("outputs/2").exists()


def test_an_encoder_in_a_folder_is_no_name_for_a_card(workdir: Path) -> None:
    recipe, out = str(student_recipe(workdir)), Path("outputs/tiny")
    told = "encoder: the base model is a folder on this machine, so a card cannot name it; name it with --base-model"
    assert told in run(lmn_publish, "--recipe", recipe, *REPO, code=1).output
    assert (
        "outputs/tiny/student.json: no student there"
        in run(lmn_publish, "--recipe", recipe, *REPO, *BASE, code=1).output
    )
    StudentFile(LabelSet.of("PER"), "linear", 24, 6, " ", False, "demo", ("d",), "encoder", "r.yaml", 1).save(out)
    (out / "model.safetensors").touch()
    named = "model_name_or_path=someone/encoder"  # the recipe was changed since
    assert told in run(lmn_publish, "--recipe", recipe, *REPO, named, code=1).output
    assert not (out / "hub/README.md").exists()
