"""A group shows its subcommands, then the options of its default command under their headings."""

from __future__ import annotations

from typing import Any

import click
import cloup
import pytest
from click.testing import CliRunner

from llms_meet_ner.cli.default_group import DefaultCommandGroup


@click.group(cls=DefaultCommandGroup, default="score", default_if_no_args=False)
@click.version_option("1")
def main() -> None:
    """Score predictions."""


@main.command("score")
@cloup.option_group("Gold", cloup.option("--split", required=True, help="Split of the corpus."))
@cloup.option_group("Outputs", cloup.option("--html", is_flag=True, help="Write a page."))
@click.argument("overrides", nargs=-1)
def score(**values: Any) -> None:
    """Score."""
    click.echo(f"score {dict(sorted(values.items()))}")


@main.command()
def compare() -> None:
    """Compare two runs."""
    click.echo("compare")


def test_help_has_subcommands_then_headings_then_the_groups_own_options() -> None:
    shown = CliRunner().invoke(main, ["--help"]).output
    parts = [
        "Usage:",
        "Commands:",
        "compare",
        "Gold:",
        "--split TEXT",
        "[required]",
        "Outputs:",
        "--html",
        "--version",
        "--help",
    ]
    places = [shown.index(part, shown.index("\n") if part == "compare" else 0) for part in parts]
    assert places == sorted(places)
    assert shown.count("--help") == 1


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (["--split", "a", "key=1"], "score {'html': False, 'overrides': ('key=1',), 'split': 'a'}\n"),
        (["score", "--split", "a"], "score {'html': False, 'overrides': (), 'split': 'a'}\n"),
        (["compare"], "compare\n"),
    ],
)
def test_the_default_runs_unless_another_is_named(words: list[str], shown: str) -> None:
    output = CliRunner().invoke(main, words).output
    assert output == shown


def test_an_unknown_option_is_told_of_the_default() -> None:
    result = CliRunner().invoke(main, ["--nope"])
    assert result.exit_code == 2
    assert "No such option '--nope'" in result.output


@pytest.mark.parametrize(
    ("word", "meant"),
    [("comprae", "did you mean compare?"), ("xyz", "the commands are: compare, score")],
)
def test_a_mistyped_command_is_not_taken_for_an_override(word: str, meant: str) -> None:
    result = CliRunner().invoke(main, [word, "a", "b"])
    assert result.exit_code == click.UsageError.exit_code
    assert f"Error: {word}: no such command, and not KEY=VALUE; {meant}\n" in result.output


def test_a_default_command_without_overrides_takes_any_word() -> None:
    @click.group(cls=DefaultCommandGroup, default="show", default_if_no_args=False)
    def group() -> None:
        pass

    @group.command("show")
    @click.argument("card")
    def show(card: str) -> None:
        click.echo(f"card {card}")

    assert CliRunner().invoke(group, ["demo"]).output == "card demo\n"
