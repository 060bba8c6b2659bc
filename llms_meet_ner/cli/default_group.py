"""A group of commands with a default one, whose options the group's own help shows."""

from __future__ import annotations

from difflib import get_close_matches

import click
import cloup
from click_default_group import DefaultGroup

from ..terminal import GuardedCommand


class DefaultCommandGroup(GuardedCommand, cloup.Group, DefaultGroup):  # type: ignore[misc]
    """A group that runs its default command when the first word names no other.

    `--help` shows the subcommands first, then the options of the default command under their headings: the most used options are on
    the first screen, and no second call is needed.
    """

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that the words name, else the default one.

        Raises:
            click.UsageError: The first word names no command, and the default command could only take it as KEY=VALUE, which it is not.
        """
        word, default = args[0], self.commands[self.default_cmd_name]
        first = next((parameter for parameter in default.params if isinstance(parameter, click.Argument)), None)
        if (
            first
            and first.name == "overrides"
            and word not in self.commands
            and "=" not in word
            and not word.startswith("-")
        ):
            near = get_close_matches(word, self.commands, n=1)
            meant = f"; did you mean {near[0]}?" if near else f"; the commands are: {', '.join(sorted(self.commands))}"
            raise click.UsageError(f"{word}: no such command, and not KEY=VALUE{meant}", ctx)
        resolved: tuple[str | None, click.Command | None, list[str]] = super().resolve_command(ctx, args)
        return resolved

    def format_params(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the subcommands, the options of the default command, then the group's own."""
        cloup.Group.format_commands(self, ctx, formatter)
        default = self.commands[self.default_cmd_name]
        if isinstance(default, cloup.Command):
            default_context = cloup.Context(default, info_name=default.name, parent=ctx, help_option_names=[])
            default.format_params(default_context, formatter)
        cloup.Group.format_params(self, ctx, formatter)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write nothing: `format_params` has written the subcommands."""
