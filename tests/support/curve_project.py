"""A training's folder with a stand-in for its model: an adapter's bytes say how many sentences it gets right."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml
from click.testing import CliRunner, Result
from paths import DEMO

from llms_meet_ner import Sentence, get_format
from llms_meet_ner.data_converters import load_card, read_corpus
from llms_meet_ner.data_converters.cli.convert import main as lmn_convert
from llms_meet_ner.eval.cli.score import main as lmn_eval
from llms_meet_ner.files import atomic_write
from llms_meet_ner.systems.recipe_adapter import RecipeAdapter

CARD = """\
extends: demo
name: mini
splits:
  train: {file: demo.train, sentences: "0:12"}
  dev: {file: demo.train, sentences: "30:38"}
"""


RUN = Path("outputs/mini/mini_dev/curve/constrained")


def save(folder: Path, step: int, right: int, eval_loss: float | None = None) -> None:
    """Write an adapter that gets the first `right` sentences right, and the state of its training."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "adapter_model.safetensors").write_bytes(bytes([right]))
    log: list[dict[str, Any]] = [{"step": at, "loss": 1 + 1 / at} for at in range(2, step + 1, 2)]
    log += [{"step": step, "eval_loss": eval_loss}] if eval_loss else []
    state = {"global_step": step, "epoch": step / 10, "log_history": log}
    (folder / "trainer_state.json").write_text(json.dumps(state))


class StandIn:
    """Stands in for `predict`: leaves a finished run of the same adapter as it is."""

    def __init__(self) -> None:
        self.predicted: list[str] = []
        self.during: dict[str, Path] = {}

    def __call__(
        self,
        system: RecipeAdapter,
        sentences: Sequence[Sentence],
        folder: Path,
        *,
        restart: bool = False,
        repair: str | None = None,
    ) -> Path:
        name = system.weights().adapter.name  # type: ignore[union-attr]
        if name in self.during:
            shutil.rmtree(self.during[name])
        right = (system.weights().adapter / "adapter_model.safetensors").read_bytes()[0]
        path = folder / "predictions.jsonl"
        if path.is_file() and not restart:
            return path
        self.predicted.append(name)
        folder.mkdir(parents=True, exist_ok=True)
        gold = {sentence.id: sentence for sentence in read_corpus(load_card("mini.yaml"), "dev", DEMO)}
        outputs = [
            get_format().render(gold[sentence.id]) if number < right else sentence.text
            for number, sentence in enumerate(sentences)
        ]
        with atomic_write(path) as file:
            file.writelines(json.dumps({"output": output}) + "\n" for output in outputs)
        return path


def write_project(folder: Path) -> None:
    """Write a converted corpus and a recipe into the working directory."""
    (folder / "mini.yaml").write_text(CARD)
    result = CliRunner().invoke(lmn_convert, ["mini.yaml", "--source", str(DEMO), "--variant", "short"])
    assert result.exit_code == 0, result.output
    recipe = {
        "model_name_or_path": "base", "template": "alpaca", "dataset": "mini.short_train", "eval_dataset": "mini.short_dev",
        "dataset_dir": "data/alpaca", "output_dir": "outputs/mini",
    }  # fmt: skip
    Path("recipes").mkdir()
    Path("recipes/mini.yaml").write_text(yaml.safe_dump(recipe))


def draw(*words: str, code: int = 0) -> Result:
    result = CliRunner().invoke(lmn_eval, ["curve", "--recipe", "recipes/mini.yaml", "--source", str(DEMO), *words])
    assert result.exit_code == code, result.output + repr(result.exception)
    return result


def document(run: Path = RUN) -> dict[str, Any]:
    content: dict[str, Any] = json.loads((run / "curve.json").read_text())
    return content
