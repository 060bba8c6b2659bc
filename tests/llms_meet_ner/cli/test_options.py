"""What commands share: one line for a mistake, and options that are refused."""

from __future__ import annotations

import click
import pytest
from click.testing import CliRunner

from llms_meet_ner import LmnError
from llms_meet_ner.cli.options import catch_errors, refuse


def raising(error: BaseException) -> click.Command:
    @click.command()
    @catch_errors
    def command() -> None:
        raise error

    return command


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (LmnError("no such file", "a.txt:3", "write it"), "Error: a.txt:3: no such file; write it\n"),
        (PermissionError(13, "Permission denied", "out/x"), "Error: out/x: Permission denied\n"),
        (OSError(28, "No space left on device"), "Error: No space left on device\n"),
    ],
)
def test_a_mistake_is_one_line(error: BaseException, line: str) -> None:
    result = CliRunner().invoke(raising(error), [])
    assert (result.exit_code, result.stderr) == (1, line)


def test_a_programming_error_keeps_its_traceback() -> None:
    assert isinstance(CliRunner().invoke(raising(KeyError("x")), []).exception, KeyError)


def test_options_are_refused_only_on_the_command_line() -> None:
    @click.command()
    @click.option("--first", default="a", envvar="FIRST")
    @click.option("--second", default="b")
    def command(first: str, second: str) -> None:
        refuse({"first": "--first", "second": "--second"}, "is not for this")

    assert CliRunner().invoke(command, [], env={"FIRST": "x"}).exit_code == 0
    refused = CliRunner().invoke(command, ["--second", "b"])
    assert refused.exit_code == 2
    assert "Error: --second is not for this" in refused.stderr
