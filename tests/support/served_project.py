"""A small project with converted data and a recipe, whose model may be behind a stand-in of a server."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import yaml
from click.testing import CliRunner, Result
from fake_openai import Fake
from paths import ROOT

from llms_meet_ner.cli.predict import main as lmn_predict
from llms_meet_ner.data_converters.cli.convert import main as lmn_convert

DEMO = ROOT / "data_converters/cards/demo"
KEY = "sk-secret-4711"
CARD = """\
extends: demo
name: mini
splits:
  train: {file: demo.train, sentences: "0:20"}
  testb: {file: demo.testb, sentences: "40:%d"}
"""
RUN = Path("outputs/mini/mini_testb/free-openai")


def call(command: object, *words: str, code: int = 0) -> Result:
    result = CliRunner().invoke(command, list(words))  # type: ignore[arg-type]
    assert result.exit_code == code, result.output + str(result.exception)
    assert KEY not in result.output + result.stderr
    return result


def save_mini_project(folder: Path, model: str, last: int = 52) -> None:
    """Write data of a few demo sentences, testb up to `last`, and a recipe for a model."""
    (folder / "mini.yaml").write_text(CARD % last)
    recipe = {"model_name_or_path": model, "template": "default", "dataset": "mini.short_train"}
    recipe |= {"dataset_dir": "data/alpaca", "output_dir": "outputs/mini"}
    (folder / "recipe.yaml").write_text(yaml.safe_dump(recipe))
    before = Path.cwd()
    os.chdir(folder)
    try:
        call(lmn_convert, "mini.yaml", "--source", str(DEMO), "--variant", "short")
    finally:
        os.chdir(before)


def predict(fake: Fake, *words: str, code: int = 0) -> Result:
    base = ["--recipe", "recipe.yaml", "--split", "testb", "--engine", "openai", "--base-url", fake.url]
    return call(lmn_predict, *base, *words, code=code)


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text(encoding="utf-8").split("\n") if line]


def sources() -> list[str]:
    return [" ".join(row["tokens"]) for row in json.loads(Path("data/alpaca/mini.short_testb.json").read_text())]
