"""Options about the corpus: every command of `lmn-annotate` that has them has the same."""

from __future__ import annotations

from collections.abc import Iterator

import click

from llms_meet_ner.annotation.cli.annotate import main


def commands(group: click.Group, name: str = "") -> Iterator[tuple[str, click.Command]]:
    for command in group.commands.values():
        if isinstance(command, click.Group):
            yield from commands(command, f"{name}{command.name} ")
        else:
            yield f"{name}{command.name}", command


def declared(option: str) -> dict[str, tuple[object, ...]]:
    return {
        name: (parameter.help, parameter.default, str(parameter.type))
        for name, command in commands(main)
        for parameter in command.params
        if isinstance(parameter, click.Option) and option in parameter.opts
    }


def test_every_command_declares_them_alike() -> None:
    source, splits = declared("--source"), declared("--splits")
    assert set(source) >= {"run", "select", "export", "import", "doubts", "simulate active", "simulate budget"}
    assert set(splits) == {"simulate active", "simulate budget"}
    assert len(set(source.values())) == len(set(splits.values())) == 1
    assert {row[1] for row in splits.values()} == {"train,dev,test"}
