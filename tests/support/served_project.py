"""A project whose model is behind a stand-in of a server."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from fake_openai import Fake
from paths import ROOT

from llms_meet_ner.cli.predict import main as lmn_predict

DEMO = ROOT / "data_converters/cards/demo"
KEY = "sk-secret-4711"
CARD = """\
extends: demo
name: mini
splits:
  train: {file: demo.train, sentences: "0:20"}
  testb: {file: demo.testb, sentences: "40:52"}
"""
RUN = Path("outputs/mini/mini_testb/free-openai")


def call(command: object, *words: str, code: int = 0) -> Result:
    result = CliRunner().invoke(command, list(words))  # type: ignore[arg-type]
    assert result.exit_code == code, result.output + str(result.exception)
    assert KEY not in result.output + result.stderr
    return result


def predict(fake: Fake, *words: str, code: int = 0) -> Result:
    base = ["--recipe", "recipe.yaml", "--split", "testb", "--engine", "openai", "--base-url", fake.url]
    return call(lmn_predict, *base, *words, code=code)


def rows(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def sources() -> list[str]:
    return [" ".join(row["tokens"]) for row in json.loads(Path("data/alpaca/mini.short_testb.json").read_text())]
