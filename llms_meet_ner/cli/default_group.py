"""A group of commands with a default one, whose options the group's own help shows."""

from __future__ import annotations

import click
import cloup
from click_default_group import DefaultGroup


class DefaultCommandGroup(cloup.Group, DefaultGroup):  # type: ignore[misc]
    """A group that runs its default command when the first word names no other.

    `--help` shows the subcommands first, then the options of the default command under their headings: the most used options are on
    the first screen, and no second call is needed.
    """

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
