"""The options of engines: what a command is handed, and what is refused."""

from __future__ import annotations

from pathlib import Path

import click
import cloup
import pytest
from click.testing import CliRunner
from fake_openai import Fake
from served_project import call, predict

from llms_meet_ner.cli.engine_options import _LOCAL_OPTIONS, _SERVER_OPTIONS, engine_options
from llms_meet_ner.cli.predict import main as lmn_predict
from llms_meet_ner.eval.cli.score import main as lmn_eval
from llms_meet_ner.systems.server import DEFAULT_URL, ServerOptions

seen: list[ServerOptions | None] = []


@cloup.command()
@engine_options
@click.option("--batch-size", type=int, default=16)
@click.option("--dtype", default="auto")
@click.option("--trust-remote-code", is_flag=True)
@click.option("--quantize", "quantise")
def command(
    server: ServerOptions | None, batch_size: int, dtype: str, trust_remote_code: bool, quantise: str | None
) -> None:
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


def test_options_that_do_not_go_together_are_refused(project: Path, fake: Fake) -> None:
    base = ["--recipe", "recipe.yaml", "--split", "testb"]
    local = call(lmn_predict, *base, "--base-url", fake.url, code=2)
    assert "--base-url is for --engine openai" in local.stderr
    assert "--retries is for --engine openai" in call(lmn_eval, *base, "--retries", "3", code=2).stderr
    assert "--batch-size is for --engine local" in predict(fake, "--batch-size", "4", code=2).stderr
    assert "not the http address of a server" in predict(fake, "--base-url", "localhost:8000", code=2).stderr
    assert "not the http address of a server" in predict(fake, "--base-url", "http://a:b/v1", code=2).stderr
    assert not fake.requests


def test_the_url_may_come_from_the_environment(project: Path, fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", fake.url)
    monkeypatch.delenv("OPENAI_API_KEY")
    call(lmn_predict, "--recipe", "recipe.yaml", "--split", "testb", "--engine", "openai", "--limit", "2")
    assert len(fake.requests) == 2


@pytest.mark.parametrize("option", _SERVER_OPTIONS.values())
def test_each_option_of_a_server_is_refused_for_the_model_here(option: str) -> None:
    result = CliRunner().invoke(command, [option, "vllm" if option == "--grammar" else "1"])
    assert (result.exit_code, seen) == (2, [])
    assert f"Error: {option} is for --engine openai\n" in result.stderr


@pytest.mark.parametrize("option", _LOCAL_OPTIONS.values())
def test_each_option_of_the_model_here_is_refused_for_a_server(option: str) -> None:
    value = [] if option == "--trust-remote-code" else ["1"]
    result = CliRunner().invoke(command, ["--engine", "openai", option, *value])
    assert (result.exit_code, seen) == (2, [])
    assert f"Error: {option} is for --engine local; a server decides that by itself\n" in result.stderr


def test_an_address_in_the_environment_is_not_refused_for_the_model_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://gpu1:8000/v1")
    assert CliRunner().invoke(command, []).exit_code == 0
    assert seen.pop() is None
