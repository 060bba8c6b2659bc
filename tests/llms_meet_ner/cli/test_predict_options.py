"""The options of a run: what a command is handed."""

from __future__ import annotations

from typing import Any

import click
import cloup
import pytest
from click.testing import CliRunner

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
        (
            ["--engine", "openai", "--decoding", "constrained", "--grammar", "sglang", "--grammar-depth", "3"],
            (SystemOptions("constrained", server=ServerOptions(grammar="sglang", grammar_depth=3)), None, False),
        ),
        (["--engine", "openai", "--grammar", "none"], (SystemOptions(server=ServerOptions(grammar="none")), None, False)),
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
        (["--engine", "openai", "--decoding", "constrained", "--grammar", "none"], 1, "--grammar none: a server decodes under constraints by a grammar"),
        (["--engine", "openai", "--grammar", "vllm"], 1, "--grammar vllm: a server decodes freely unless told otherwise; add --decoding constrained"),
        (["--engine", "openai", "--grammar", "auto"], 2, "--grammar auto is for --decoding constrained; a server decodes freely unless told otherwise"),
        (["--engine", "openai", "--grammar-depth", "2"], 1, "--grammar-depth 2: free decoding has no grammar, so nothing has that depth; add --decoding constrained, or leave it out"),
        (["--engine", "openai", "--decoding", "free", "--grammar-depth", "3"], 1, "--grammar-depth 3: free decoding has no grammar"),
        (["--engine", "openai", "--grammar-depth", "9"], 2, "9 is not in the range 1<=x<=8"),
        (["--decoding", "constrained", "--max-new-tokens", "9"], 1, "a constrained one ends with its sentence; leave it out"),
    ],
)  # fmt: skip
def test_what_there_is_not_is_one_error(words: list[str], code: int, message: str) -> None:
    result = CliRunner().invoke(command, words)
    assert (result.exit_code, seen) == (code, [])
    assert message in result.stderr


@pytest.mark.parametrize(
    "words",
    [["--batch-size", "0"], ["--max-new-tokens", "0"], ["--limit", "0"], ["--dtype", "int8"], ["--decoding", "x"]],
)
def test_values_that_cannot_be_are_usage_errors(words: list[str]) -> None:
    result = CliRunner().invoke(command, words)
    assert result.exit_code == click.UsageError.exit_code
    assert f"Invalid value for '{words[0]}'" in result.stderr
