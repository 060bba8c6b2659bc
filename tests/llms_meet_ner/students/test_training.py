"""A student's training with a tiny encoder: what it leaves, and that it resumes exactly."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from safetensors.torch import load_file
from tiny_encoders import student_recipe

from llms_meet_ner import LmnError
from llms_meet_ner.files import sha256_of
from llms_meet_ner.launching.earlier import beginning, keep_settings
from llms_meet_ner.students.encoder import load_student
from llms_meet_ner.training.recipe import load_recipe

torch = pytest.importorskip("torch")


def train(recipe: Path, overrides: Sequence[str] = (), checkpoint: Path | None = None) -> Any:
    from llms_meet_ner.students.training import prepare
    from llms_meet_ner.students.training import train as train_prepared

    loaded = load_recipe(recipe, overrides)
    dev = [loaded.eval_dataset] if loaded.eval_dataset else []
    prepared = prepare(loaded, [loaded.dataset], dev)
    keep_settings(loaded)
    return train_prepared(prepared, checkpoint)


def test_the_weights_of_the_best_epoch_are_kept_and_a_training_resumes_exactly(workdir: Path) -> None:
    recipe = student_recipe(workdir, num_train_epochs=3, save_total_limit=5)
    trained = train(recipe)
    folder = Path("outputs/tiny")
    assert [row.epoch for row in trained.rows] == [1.0, 2.0, 3.0]
    best = max(trained.rows, key=lambda row: row.f1)
    assert trained.best is not None
    assert trained.best.f1 == best.f1
    assert trained.rows[-1].loss < trained.rows[0].loss
    assert len(json.loads((folder / "epochs.json").read_text())) == 3
    assert load_student(folder).file.datasets == ("demo.short_testa",)
    last, middle = folder / f"checkpoint-{trained.rows[-1].step}", folder / f"checkpoint-{trained.rows[1].step}"
    assert load_student(middle).file == load_student(folder).file

    resumed = Path("outputs/resumed")
    resumed.mkdir()
    shutil.copytree(middle, resumed / middle.name)
    overrides = ["output_dir=outputs/resumed"]
    keep_settings(load_recipe(recipe, overrides))
    begun = beginning(load_recipe(recipe, overrides))
    assert begun.checkpoint == resumed / middle.name
    again = train(recipe, overrides, begun.checkpoint)
    assert sha256_of(resumed / last.name / "model.safetensors") == sha256_of(last / "model.safetensors")
    assert [row.f1 for row in again.rows] == [row.f1 for row in trained.rows]

    with pytest.raises(
        LmnError, match=r"the training there has finished, .*to train this student further: model_name_or_path="
    ):
        beginning(load_recipe(recipe))
    for name in ("model.safetensors", "all_results.json"):
        (resumed / name).unlink()
    with pytest.raises(LmnError, match="seed was 7 and is 8"):
        beginning(load_recipe(recipe, [*overrides, "seed=8"]))


def test_the_weights_of_the_best_evaluation_are_kept_where_it_is_not_the_last(workdir: Path) -> None:
    steps = {"eval_strategy": "steps", "eval_steps": 0.25, "metric_for_best_model": "loss", "learning_rate": 2e-2}
    trained = train(student_recipe(workdir, max_steps=40, **steps))
    assert [row.step for row in trained.rows] == [10, 20, 30, 40]
    assert trained.best == min(trained.rows, key=lambda row: row.dev_loss)
    assert trained.best != trained.rows[-1]
    folder = Path("outputs/tiny")
    kept = folder / f"checkpoint-{trained.best.step}/model.safetensors"
    assert sha256_of(folder / "model.safetensors") == sha256_of(kept)


def test_a_bilstm_is_trained_and_stops_early_without_better_scores(workdir: Path) -> None:
    recipe = student_recipe(
        workdir,
        head="bilstm",
        lstm_size=8,
        learning_rate=1e-9,
        num_train_epochs=9,
        early_stopping_patience=2,
        window=24,
        overlap=8,
    )
    trained = train(recipe)
    assert len(trained.rows) == 3
    student = load_student(Path("outputs/tiny"))
    assert (student.file.head, student.subwords.window, student.subwords.overlap) == ("bilstm", 24, 8)
    assert type(student.model).__name__ == "BiLstmTagger"
    assert student.model.config.lstm_size == 8


@pytest.mark.parametrize("head", ["linear", "bilstm"])
def test_a_student_is_trained_further_as_the_refusal_says(workdir: Path, head: str) -> None:
    recipe = student_recipe(workdir, eval_dataset=None, max_steps=2, head=head)
    train(recipe)
    with pytest.raises(LmnError) as refused:
        beginning(load_recipe(recipe))
    words = [word for word in (refused.value.remedy or "").split() if "=" in word]
    words = words[-2:]
    assert [word.partition("=")[0] for word in words] == ["model_name_or_path", "output_dir"]
    train(recipe, [*words, "max_steps=1", "learning_rate=0"])
    again, before = (load_file(Path(folder) / "model.safetensors") for folder in ("outputs/tiny_2", "outputs/tiny"))
    assert {name for name in before if not torch.equal(again[name], before[name])} == set()


def test_a_training_that_its_dev_data_end_is_not_resumed_with_others(workdir: Path) -> None:
    recipe = student_recipe(workdir, num_train_epochs=1)
    train(recipe)
    for name in ("model.safetensors", "all_results.json"):
        Path("outputs/tiny", name).unlink()
    assert beginning(load_recipe(recipe)).checkpoint
    for word, message in (
        ("eval_dataset=demo.short_train", "eval_dataset was 'demo.short_testb' and is 'demo.short_train'"),
        ("eval_dataset=null", "eval_dataset was 'demo.short_testb' and is not set"),
        ("early_stopping_patience=3", "early_stopping_patience was not set and is 3"),
    ):
        with pytest.raises(LmnError, match=message):
            beginning(load_recipe(recipe, [word]))
    Path("outputs/tiny/lmn_train.json").unlink()
    with pytest.raises(LmnError, match="its student was made of encoder, and the recipe trains other"):
        beginning(load_recipe(recipe, ["model_name_or_path=other"]))


def test_the_same_seed_gives_the_same_student(workdir: Path) -> None:
    recipe = student_recipe(workdir, eval_dataset=None, max_steps=2)
    hashes = []
    for number, seed in enumerate([7, 7, 8]):
        train(recipe, [f"output_dir=outputs/{number}", f"seed={seed}"])
        hashes.append(sha256_of(Path(f"outputs/{number}/model.safetensors")))
    assert hashes[0] == hashes[1] != hashes[2]


def test_gathered_batches_are_one_step_of_the_same_examples(workdir: Path) -> None:
    recipe = student_recipe(workdir, eval_dataset=None, max_steps=3, logging_strategy="steps", logging_steps=1)
    config = Path("encoder/config.json")
    still = {
        "hidden_dropout_prob": 0.0,
        "attention_probs_dropout_prob": 0.0,
    }  # dropout draws otherwise for other batches
    config.write_text(json.dumps({**json.loads(config.read_text()), **still}))
    logs = []
    for size, gathered in ((8, 1), (2, 4)):
        words = [
            f"output_dir=outputs/{size}",
            f"per_device_train_batch_size={size}",
            f"gradient_accumulation_steps={gathered}",
        ]
        train(recipe, words)
        history = json.loads(Path(f"outputs/{size}/trainer_state.json").read_text())["log_history"]
        logs.append([(row["loss"], row["grad_norm"]) for row in history if "grad_norm" in row])
    assert len(logs[0]) == 3
    for one, other in zip(*logs, strict=True):
        assert one == pytest.approx(other, rel=1e-3)
