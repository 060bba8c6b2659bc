"""The real thing, small: a corpus of a card of one's own, LLaMA-Factory, SmolLM2 with an adapter, records, scores."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from pathlib import Path

import forked
import pytest
import yaml
from click.testing import CliRunner, Result
from paths import ROOT

from llms_meet_ner import PromptSpec
from llms_meet_ner.cli.predict import main as lmn_predict
from llms_meet_ner.data_converters.cli.convert import main as lmn_convert
from llms_meet_ner.eval.cli.score import main as lmn_eval

DEMO = ROOT / "data_converters/cards/demo"
CARD = """\
extends: demo
name: mini
splits:
  train: {file: demo.train, sentences: "0:12"}
  testb: {file: demo.testb, sentences: "43:48"}
"""
RUN = Path("outputs/mini/mini_testb/constrained")

pytestmark = pytest.mark.slow


def call(command: object, *words: str, code: int = 0) -> Result:
    result = CliRunner().invoke(command, list(words))  # type: ignore[arg-type]
    assert result.exit_code == code, result.output + str(result.exception)
    return result


@pytest.fixture(scope="module")
def trained(smollm2: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A working directory as a user has it after training: card, data, recipe, adapter."""
    folder = tmp_path_factory.mktemp("project")
    (folder / "mini.yaml").write_text(CARD)
    recipe = yaml.safe_load((ROOT / "recipes/demo_smollm2.yaml").read_text())
    recipe.update(
        model_name_or_path=str(smollm2), dataset="mini.short_train", output_dir="outputs/mini", max_steps=3,
        per_device_train_batch_size=2, lora_rank=4, learning_rate=2e-3, save_steps=100,
    )  # fmt: skip
    (folder / "recipes").mkdir()
    (folder / "recipes/mini.yaml").write_text(yaml.safe_dump(recipe))
    before = Path.cwd()
    os.chdir(folder)
    try:
        call(lmn_convert, "mini.yaml", "--source", str(DEMO), "--variant", "short")
        words = ["llamafactory-cli", "train", "recipes/mini.yaml"]
        done = forked.run("llamafactory.cli:main", words, env={"FORCE_TORCHRUN": "0"})
        assert done.returncode == 0, done.stderr[-3000:]
    finally:
        os.chdir(before)
    return folder


@pytest.fixture
def project(trained: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(trained)
    return trained


def test_evaluation_finds_recipe_gold_and_adapter_and_predicts_first(project: Path) -> None:
    result = call(lmn_eval, "--split", "testb", "--source", str(DEMO), "--batch-size", "3")
    assert "sentences    5\n" in result.stdout
    assert "micro avg" in result.stdout
    assert "outputs/mini, " not in result.stdout
    assert "on cpu, float32" in result.stderr
    records = [json.loads(line) for line in (RUN / "predictions.jsonl").read_text().splitlines()]
    assert [record["id"] for record in records] == [f"mini/testb/{n}" for n in range(43, 48)]
    assert all(record["decoding"] == "constrained" and record["status"] == "exact" for record in records)
    assert all(len(record["confidences"]) == len(record["spans"]) for record in records)
    assert all(0 <= record["uncertainty"]["mean"] <= record["uncertainty"]["max"] for record in records)
    run = json.loads((RUN / "run.json").read_text())
    assert sorted(item for items, _ in run["batches"] for item in items) == list(range(5))
    assert [len(items) for items, _ in run["batches"]] == [3, 2]
    scores = json.loads((RUN / "scores.json").read_text())
    assert scores["decoding"] == "constrained"
    assert scores["seed"] == 42
    assert (
        scores["seqeval"]["micro"]["gold"] == sum(counts["gold"] for counts in scores["seqeval"]["labels"].values()) > 0
    )
    assert all(len(value) == 64 for value in scores["sha256"].values())
    spec = PromptSpec.load(project / "outputs/mini/prompt_spec.json")
    assert spec.variant == "short"
    assert spec.template is not None
    again = call(lmn_eval, "--split", "testb")  # the gold is where lmn-convert found it
    assert "scoring what is there" in again.stderr
    assert again.stdout == result.stdout


@pytest.mark.parametrize("decoding", [[], ["--decoding", "free", "--max-new-tokens", "24"]])
def test_outputs_equal_those_of_one_sentence_at_a_time(project: Path, decoding: list[str]) -> None:
    base = ["--recipe", "recipes/mini.yaml", "--split", "testb", "--restart", *decoding]
    for size in ("1", "5"):
        call(lmn_predict, *base, "--batch-size", size, "--out", f"size{size}")
    rows = [
        [json.loads(line) for line in Path(f"size{size}/predictions.jsonl").read_text().splitlines()] for size in (1, 5)
    ]
    assert [row["output"] for row in rows[0]] == [row["output"] for row in rows[1]]
    assert any(row["output"] for row in rows[0])
    assert all((row["confidences"] is None) == bool(decoding) == (row["uncertainty"] is None) for row in rows[0])


def test_runs_killed_three_times_end_in_the_same_file(project: Path, tmp_path: Path) -> None:
    words = ["--recipe", "recipes/mini.yaml", "--split", "testb", "--batch-size", "1", "--out"]
    call(lmn_predict, *words, "whole")
    partial, rng = Path("killed/predictions.partial.jsonl"), random.Random(3)
    for lines in (1, 2, 4):
        process = forked.start("llms_meet_ner.cli.predict:main", ["lmn-predict", *words, "killed"], tmp_path)
        while not (partial.is_file() and len(partial.read_bytes().splitlines()) > lines) and process.is_alive():
            time.sleep(0.005)
        time.sleep(rng.uniform(0, 0.05))
        process.kill()
        process.join()
        assert process.exitcode == -signal.SIGKILL
        assert not Path("killed/predictions.jsonl").exists()
    call(lmn_predict, *words, "killed")
    assert Path("killed/predictions.jsonl").read_bytes() == Path("whole/predictions.jsonl").read_bytes()
    assert not partial.exists()
    assert "already there, with the same data" in call(lmn_predict, *words, "killed").stderr


def test_what_does_not_fit_together_is_refused(project: Path) -> None:
    base = ["--recipe", "recipes/mini.yaml", "--split", "testb"]
    call(lmn_predict, *base, "--out", "fit", "--batch-size", "5")
    other = call(lmn_predict, *base, "--out", "fit", "--batch-size", "3", code=1)
    assert "or other options: another batch_size; --restart writes over them" in other.stderr
    untrained = call(lmn_predict, *base, "output_dir=outputs/nothing", code=1)
    assert "no adapter there; train it with lmn-train recipes/mini.yaml, or say --untrained" in untrained.stderr
    info_path = project / "data/alpaca/dataset_info.json"
    info = info_path.read_text()
    try:
        info_path.write_text(info.replace("Mark entities", "Find entities"))
        changed = call(lmn_predict, *base, "--out", "changed", code=1)
        assert (
            "the adapter was trained with another instruction than mini.short_train in data/alpaca now has"
            in changed.stderr
        )
    finally:
        info_path.write_text(info)
    call(lmn_predict, *base, "--batch-size", "3")
    run_path = RUN / "run.json"
    kept = run_path.read_text()
    adapter = json.loads(kept)["stamp"]["adapter_sha256"]
    run_path.write_text(kept.replace(adapter, "0" * 64))
    stale = call(lmn_eval, "--split", "testb", "--source", str(DEMO), code=1)
    assert "made with a different adapter_sha256; --restart predicts again" in stale.stderr
    run_path.write_text(kept)
    missing = call(lmn_predict, "--recipe", "recipes/mini.yaml", "--split", "testa", code=1)
    assert "no data set of corpus mini, split testa, with the prompt of mini.short_train" in missing.stderr
    bounded = call(lmn_predict, *base, "--max-new-tokens", "9", code=1)
    assert "a constrained one ends with its sentence; leave it out, or --decoding free" in bounded.stderr
    no_model = call(lmn_predict, *base, "model_name_or_path=nowhere/nothing", "--out", "x", code=1)
    assert "nowhere/nothing with outputs/mini: cannot be loaded" in no_model.stderr
