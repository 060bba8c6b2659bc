"""The group of commands `lmn-annotate simulate`."""

from __future__ import annotations

import click
import cloup

from .simulate_active import active_command
from .simulate_budget import budget_command


@click.group("simulate", cls=cloup.Group)
def simulate_group() -> None:
    """Say on a corpus with gold what a budget for labels would have bought."""


_COMMANDS: tuple[click.Command, ...] = (active_command, budget_command)
for _command in _COMMANDS:
    simulate_group.add_command(_command)
