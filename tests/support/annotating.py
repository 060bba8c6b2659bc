"""Calls of `lmn-annotate`, and what its folders hold."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from fake_openai import Fake

from llms_meet_ner.annotation.cli.annotate import main
from llms_meet_ner.data_converters.corpus import read_corpus
from llms_meet_ner.sentence import Sentence

PRICES = """\
currency: EUR
date: 2026-11-26
source: https://example.org/prices
models:
  tuned: {input: 100, output: 1000}
"""


def annotate(*words: str | Path, code: int = 0, standard_input: str | None = None) -> Result:
    """Run `lmn-annotate` with some words."""
    result = CliRunner().invoke(main, list(map(str, words)), input=standard_input)
    assert result.exit_code == code, result.output + str(result.exception)
    return result


def with_server(fake: Fake, *words: str | Path, code: int = 0) -> Result:
    """Label with the fake server."""
    return annotate("run", *words, "--engine", "openai", "--base-url", fake.url, code=code)


SMALL = (
    "--splits", "train,testa,testb", "--pool-sentences", "60", "--dev-sentences", "30", "--test-sentences", "40", "--steps", "3",
)  # fmt: skip
"""Options of a simulation of active learning that takes seconds."""


def simulate_active(*words: str | Path, code: int = 0) -> Result:
    """Simulate active learning on the demo corpus with the recipe in the working directory, in small."""
    return annotate("simulate", "active", "demo", "--recipe", "tiny.yaml", *SMALL, *words, code=code)


def labelled(folder: Path, split: str) -> list[Sentence]:
    """Return the sentences of a labelled corpus, as all commands read them."""
    return list(read_corpus(folder, split))


def rows(path: Path) -> list[dict[str, Any]]:
    """Return the rows of a JSON Lines file."""
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
