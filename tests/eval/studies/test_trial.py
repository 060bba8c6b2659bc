"""One trial of a search with LLaMA-Factory and a tiny model, pruned by nothing, and the curve of its checkpoints."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner, Result
from paths import DEMO
from tiny_training import TinyTraining

from llms_meet_ner.data_converters.cli.convert import main as lmn_convert
from llms_meet_ner.eval.cli.score import main as lmn_eval

pytest.importorskip("llamafactory")
pytest.importorskip("optuna")
pytestmark = [pytest.mark.slow, pytest.mark.training]

CARD = """\
extends: demo
name: mini
splits:
  train: {file: demo.train, sentences: "0:8"}
  dev: {file: demo.train, sentences: "30:33"}
"""
SEARCH = """\
recipe: recipes/mini.yaml
trials: {trials}
space:
  learning_rate: {{low: 1.0e-4, high: 1.0e-2, log: true}}
  lora_rank: [2, 4]
tie:
  lora_alpha: {{times: 2, of: lora_rank}}
"""


def call(command: object, *words: str) -> Result:
    result = CliRunner().invoke(command, list(words))  # type: ignore[arg-type]
    assert result.exit_code == 0, result.output + repr(result.exception)
    return result


@pytest.fixture
def project(workdir: Path, tiny: TinyTraining, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(DEMO.parents[2]), os.environ.get("PYTHONPATH", "")]))
    (workdir / "mini.yaml").write_text(CARD)
    call(lmn_convert, "mini.yaml", "--source", str(DEMO), "--variant", "short")
    recipe = tiny.recipe(
        Path("outputs/mini"), dataset="mini.short_train", eval_dataset="mini.short_dev", dataset_dir="data/alpaca", max_steps=4,
        save_steps=2, eval_strategy="steps", eval_steps=2, early_stopping_steps=1, load_best_model_at_end=True,
        metric_for_best_model="eval_loss", greater_is_better=False,
    )  # fmt: skip
    (workdir / "recipes").mkdir()
    (workdir / "recipes" / "mini.yaml").write_text(yaml.safe_dump(recipe))
    return workdir


def test_a_trial_is_trained_and_scored_and_its_checkpoints_make_a_curve(project: Path) -> None:
    Path("search.yaml").write_text(SEARCH.format(trials=1))
    result = call(lmn_eval, "search", "search.yaml", "--source", str(DEMO))
    found = json.loads(Path("outputs/search_search/search.json").read_text())
    (row,) = found["rows"]
    assert (row["state"], row["steps"], row["folder"]) == ("scored", 4, "outputs/search_search/trial-0")
    assert row["parameters"]["lora_alpha"] == 2 * row["parameters"]["lora_rank"]
    config = json.loads(Path(row["folder"], "adapter_config.json").read_text())
    assert (config["r"], config["lora_alpha"]) == (row["parameters"]["lora_rank"], row["parameters"]["lora_alpha"])
    scores = json.loads(Path(row["folder"], "mini_dev/constrained/scores.json").read_text())
    assert scores["seqeval"]["micro"]["f1"] == row["f1"]
    assert result.stdout.splitlines()[1].split()[0] == "0"
    words = ["curve", "--recipe", "recipes/mini.yaml", "--source", str(DEMO), f"output_dir={row['folder']}"]
    curve = call(lmn_eval, *words)
    assert curve.stderr.count("on cpu, float32") == 2
    document = json.loads(Path(row["folder"], "mini_dev/curve/constrained/curve.json").read_text())
    assert [point["step"] for point in document["points"]] == [2, 4]
    assert all(point["eval_loss"] and point["loss"] for point in document["points"])
    final = next(point for point in document["points"] if point["checkpoint"] == document["final"])
    assert final["f1"] == row["f1"]
    again = call(lmn_eval, *words)
    assert again.stderr.count("already there, with the same data, model and options") == 2
    assert again.stdout == curve.stdout
