"""The options of examples: what a command is handed, and what is refused."""

from __future__ import annotations

import click
import cloup
import pytest
from click.testing import CliRunner

from llms_meet_ner.cli.predict import main as lmn_predict
from llms_meet_ner.cli.shot_options import shots_options
from llms_meet_ner.eval.cli.score import main as lmn_eval
from llms_meet_ner.systems.examples import Shots

seen: list[Shots | None] = []


@cloup.command()
@shots_options
def command(shots: Shots | None) -> None:
    seen.append(shots)


@pytest.mark.parametrize(
    ("words", "shots"),
    [
        ([], None), (["--untrained"], Shots(0)), (["--shots", "0"], Shots(0)), (["--untrained", "--shots", "0"], Shots(0)),
        (["--shots", "2", "--examples", "covering", "--shots-seed", "7"], Shots(2, "covering", 7)),
        (["--shots", "1", "--examples", "nearest"], Shots(1, "nearest")),
    ],
)  # fmt: skip
def test_examples_are_handed_over(words: list[str], shots: Shots | None) -> None:
    assert CliRunner().invoke(command, words).exit_code == 0
    assert seen.pop() == shots


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--examples", "nearest"], "--examples needs --shots K with K above 0"),
        (["--untrained", "--shots-seed", "1"], "--shots-seed needs --shots K with K above 0"),
        (["--shots", "1", "--examples", "nearest", "--shots-seed", "1"], "--shots-seed is for what is drawn"),
        (["--untrained", "--shots", "2"], "--untrained is --shots 0, and there is --shots 2; leave one of them out"),
        (["--shots", "1", "--examples", "best"], "Invalid value for '--examples'"),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_refused(words: list[str], message: str) -> None:
    result = CliRunner().invoke(command, words)
    assert (result.exit_code, seen) == (2, [])
    assert f"Error: {message}" in result.stderr


@pytest.mark.parametrize("program", [lmn_predict, lmn_eval])
@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--examples", "nearest"], "--examples needs --shots K with K above 0"),
        (["--shots", "0", "--shots-seed", "1"], "--shots-seed needs --shots K with K above 0"),
        (["--untrained", "--examples", "covering"], "--examples needs --shots K"),
        (["--shots", "1", "--examples", "nearest", "--shots-seed", "1"], "--shots-seed is for what is drawn; --examples nearest draws nothing"),
        (["--untrained", "--shots", "2"], "--untrained is --shots 0, and there is --shots 2; leave one of them out"),
    ],
)  # fmt: skip
def test_commands_refuse_it_before_they_read_the_recipe(program: click.Command, words: list[str], message: str) -> None:
    result = CliRunner().invoke(program, ["--recipe", "recipe.yaml", "--split", "testb", *words])
    assert result.exit_code == click.UsageError.exit_code
    assert message in result.stderr
