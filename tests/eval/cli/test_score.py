"""The help of `lmn-eval`: subcommands first, then the options of the default one under headings, the most used first."""

from __future__ import annotations

import re

import click
import pytest
from click.testing import CliRunner

from llms_meet_ner.eval.cli.score import main, score

HEADINGS = [
    "Commands", "What is scored", "Outputs", "Scores", "Gold", "Labels", "Prediction", "Without training", "Server",
    "Adapter without its recipe", "Outputs of other tools", "Options",
]  # fmt: skip


def test_the_groups_help_has_every_option_under_a_heading() -> None:
    shown = CliRunner().invoke(main, ["--help"]).output
    assert re.findall(r"^(\w[\w ]*):$", shown, re.M) == HEADINGS
    options = [option for parameter in score.params if isinstance(parameter, click.Option) for option in parameter.opts]
    assert len(options) > 40
    assert [option for option in options if not re.search(rf"^  .*{option}\b", shown, re.M)] == []


def test_the_most_used_options_stand_first() -> None:
    shown = CliRunner().invoke(main, ["--help"]).output
    first = re.findall(r"^  (--[\w-]+)", shown, re.M)[:6]
    assert first == ["--split", "--recipe", "--predictions", "--adapter", "--html", "--report"]


@pytest.mark.parametrize("command", ["compare", "curve", "report", "search", "score"])
def test_every_subcommand_is_listed_and_has_help(command: str) -> None:
    assert re.search(rf"^  {command} ", CliRunner().invoke(main, ["--help"]).output, re.M)
    assert CliRunner().invoke(main, [command, "--help"]).exit_code == 0
