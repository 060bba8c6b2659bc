"""The options of engines: what a command is handed, and what is refused."""

from __future__ import annotations

import click
import cloup
import pytest
from click.testing import CliRunner

from llms_meet_ner.cli.engine_options import engine_options
from llms_meet_ner.systems.server import DEFAULT_URL, ServerOptions

seen: list[ServerOptions | None] = []


@cloup.command()
@engine_options
@click.option("--batch-size", type=int, default=16)
def command(server: ServerOptions | None, batch_size: int) -> None:
    seen.append(server)


@pytest.mark.parametrize(
    ("words", "server"),
    [
        ([], None),
        (["--engine", "openai"], ServerOptions()),
        (
            ["--engine", "openai", "--base-url", "http://gpu:1/v1", "--served-model", "m", "--concurrency", "2", "--timeout", "3", "--retries", "0"],
            ServerOptions("http://gpu:1/v1", "m", 2, 3.0, 0),
        ),
    ],
)  # fmt: skip
def test_a_server_is_handed_over(
    words: list[str], server: ServerOptions | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("OPENAI_BASE_URL", raising=False)
    assert CliRunner().invoke(command, words).exit_code == 0
    assert seen.pop() == server
    monkeypatch.setenv("OPENAI_BASE_URL", "http://elsewhere/v1")
    CliRunner().invoke(command, ["--engine", "openai"])
    found = seen.pop()
    assert found is not None
    assert found.base_url == "http://elsewhere/v1" != DEFAULT_URL


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--timeout", "3"], "--timeout is for --engine openai"),
        (["--served-model", "m"], "--served-model is for --engine openai"),
        (["--engine", "openai", "--batch-size", "3"], "--batch-size is for --engine local; a server decides that by itself"),
        (["--engine", "openai", "--base-url", "gpu"], "--base-url: not the http address of a server; write for example http://"),
    ],
)  # fmt: skip
def test_options_of_the_other_engine_are_refused(words: list[str], message: str) -> None:
    result = CliRunner().invoke(command, words)
    assert (result.exit_code, seen) == (2, [])
    assert f"Error: {message}" in result.stderr
