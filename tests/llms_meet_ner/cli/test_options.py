"""What commands share: one line for a mistake, and options that are refused."""

from __future__ import annotations

import errno
import os
import shlex
import signal
from collections.abc import Callable
from pathlib import Path
from threading import Thread

import click
import pytest
from click.testing import CliRunner, Result

from llms_meet_ner import LmnError
from llms_meet_ner.cli.options import catch_errors, recipe_option, refuse, typed_again
from llms_meet_ner.files import atomic_write


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


def test_sigterm_ends_a_command_with_cleaning(workdir: Path) -> None:
    def work() -> None:
        with atomic_write(Path("a.txt")) as file:
            file.write("half")
            os.kill(os.getpid(), signal.SIGTERM)
            signal.pause()

    before = signal.getsignal(signal.SIGTERM)
    assert run(work).exit_code == 128 + signal.SIGTERM
    assert list(workdir.iterdir()) == []
    assert signal.getsignal(signal.SIGTERM) == before


def test_a_command_runs_in_a_thread_too() -> None:
    results: list[Result] = []
    thread = Thread(target=lambda: results.append(run(lambda: None)))
    thread.start()
    thread.join()
    assert results[0].exit_code == 0


def test_a_command_line_is_known_as_it_was_typed() -> None:
    @click.command()
    @click.argument("words", nargs=-1)
    @click.option("--many", multiple=True)
    @click.option("--flag/--no-flag", default=True)
    @click.option("--given")
    @click.option("--left-out", default="x")
    def command(**options: object) -> None:
        click.echo(typed_again("lmn-x y"))

    words = ["a b", "c", "--many", "1", "--many", "2 3", "--no-flag", "--given", "it's"]
    assert CliRunner().invoke(command, ["--no-flag", *words]).output == f"lmn-x y {shlex.join(words)}\n"


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


def run(work: Callable[[], object]) -> Result:
    """Return what a command does that does this work."""

    @click.command()
    @catch_errors
    def command() -> None:
        """Do the work."""
        work()

    return CliRunner().invoke(command, [])


def test_a_file_that_cannot_be_opened_is_named(workdir: Path) -> None:
    assert run(Path("gone/x.txt").read_text).stderr == "Error: gone/x.txt: No such file or directory\n"
    Path("a").mkdir()
    assert run(Path("a").read_text).stderr == "Error: a: Is a directory\n"


def test_a_reader_that_has_gone_is_not_reported() -> None:
    assert CliRunner().invoke(raising(BrokenPipeError(errno.EPIPE, "Broken pipe")), []).stderr == ""


def test_a_command_keeps_its_name_help_and_result() -> None:
    def command(number: int) -> int:
        """Double a number."""
        return 2 * number

    wrapped = catch_errors(command)
    assert (wrapped(3), wrapped.__name__, wrapped.__doc__) == (6, "command", "Double a number.")


@click.command()
@click.option("--fast", is_flag=True)
@click.option("--size", default=3, envvar="SIZE")
@recipe_option
def picky(fast: bool, size: int, recipe_path: Path | None) -> None:
    """Refuse both options, and print the recipe."""
    refuse({"fast": "--fast", "size": "--size"}, "is for others")
    click.echo(repr(recipe_path))


def test_only_what_stands_on_the_command_line_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    assert CliRunner().invoke(picky, []).exit_code == 0
    monkeypatch.setenv("SIZE", "4")
    assert CliRunner().invoke(picky, []).exit_code == 0
    for words, option in ((["--size", "3"], "--size"), (["--fast"], "--fast"), (["--size", "5", "--fast"], "--fast")):
        result = CliRunner().invoke(picky, words)
        assert result.exit_code == click.UsageError.exit_code
        assert f"Error: {option} is for others\n" in result.stderr


def test_the_recipe_is_a_path_and_need_not_be_named() -> None:
    assert CliRunner().invoke(picky, []).stdout == "None\n"
    assert CliRunner().invoke(picky, ["--recipe", "recipes/a.yaml"]).stdout == f"{Path('recipes/a.yaml')!r}\n"
