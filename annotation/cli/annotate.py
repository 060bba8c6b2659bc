"""The command `lmn-annotate`."""

from __future__ import annotations

import click

from ...cli.default_group import DefaultCommandGroup
from .plan import plan_command
from .run import run_command


@click.group(cls=DefaultCommandGroup, default="run", default_if_no_args=False)
@click.version_option(package_name="llms-meet-ner")
def main() -> None:
    """Label text with a model, and get a corpus with a card.

    \b
    lmn-annotate run news.txt --adapter outputs/demo_smollm2 --out data/news
    lmn-annotate plan news.txt --labels conll2003 --engine openai --prices prices.yaml --out data/news
    lmn-convert check data/news/card.yaml
    """  # noqa: D301


for subcommand in (plan_command, run_command):
    main.add_command(subcommand)
