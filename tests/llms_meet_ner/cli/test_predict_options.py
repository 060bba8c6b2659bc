"""The options of a run: what a command is handed."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click
import cloup
import pytest
from click.testing import CliRunner
from fake_openai import Fake
from served_project import predict

from llms_meet_ner.cli.predict_options import predict_options
from llms_meet_ner.systems.examples import Shots
from llms_meet_ner.systems.options import SystemOptions
from llms_meet_ner.systems.server import ServerOptions

seen: list[tuple[Any, ...]] = []


@cloup.command()
@predict_options
def command(options: SystemOptions, limit: int | None, restart: bool) -> None:
    seen.append((options, limit, restart))


@pytest.mark.parametrize(
    ("words", "handed"),
    [
        ([], (SystemOptions(), None, False)),
        (["--decoding", "free", "--max-new-tokens", "9"], (SystemOptions("free", max_new_tokens=9), None, False)),
        (["--batch-size", "3", "--dtype", "bfloat16", "--limit", "2", "--restart"], (SystemOptions(None, 3, None, "bfloat16"), 2, True)),
        (["--trust-remote-code"], (SystemOptions(trust_remote_code=True), None, False)),
        (["--engine", "openai", "--shots", "1"], (SystemOptions(None, shots=Shots(1), server=ServerOptions()), None, False)),
    ],
)  # fmt: skip
def test_options_are_handed_over(words: list[str], handed: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    assert CliRunner().invoke(command, words).exit_code == 0
    assert seen.pop() == handed


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["--decoding", "wild"], 2, "'wild' is not one of 'constrained', 'free'"),
        (["--dtype", "int8"], 2, "'int8' is not one of 'auto', 'float32', 'bfloat16', 'float16'"),
        (["--engine", "openai", "--decoding", "constrained"], 1, "needs the model's logits, which a server does not give"),
        (["--decoding", "constrained", "--max-new-tokens", "9"], 1, "a constrained one ends with its sentence; leave it out"),
    ],
)  # fmt: skip
def test_what_there_is_not_is_one_error(words: list[str], code: int, message: str) -> None:
    result = CliRunner().invoke(command, words)
    assert (result.exit_code, seen) == (code, [])
    assert message in result.stderr


def test_a_server_gives_no_constrained_decoding(project: Path, fake: Fake) -> None:
    constrained = predict(fake, "--decoding", "constrained", code=1)
    assert "--decoding constrained: needs the model's logits, which a server does not give" in constrained.stderr
    assert not fake.requests


@pytest.mark.parametrize(
    "words",
    [["--batch-size", "0"], ["--max-new-tokens", "0"], ["--limit", "0"], ["--dtype", "int8"], ["--decoding", "x"]],
)
def test_values_that_cannot_be_are_usage_errors(words: list[str]) -> None:
    result = CliRunner().invoke(command, words)
    assert result.exit_code == click.UsageError.exit_code
    assert f"Invalid value for '{words[0]}'" in result.stderr
