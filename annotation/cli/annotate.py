"""The command `lmn-annotate`."""

from __future__ import annotations

import click

from ...cli.default_group import DefaultCommandGroup
from .compare import compare_command
from .doubts import doubts_command
from .exchange import export_command, import_command
from .plan import plan_command
from .run import run_command
from .select import select_command
from .simulate import simulate_group


@click.group(cls=DefaultCommandGroup, default="run", default_if_no_args=False)
@click.version_option(package_name="llms-meet-ner")
def main() -> None:
    """Label text with a model, and get a corpus with a card.

    \b
    lmn-annotate run news.txt --adapter outputs/demo_smollm2 --out data/news
    lmn-annotate plan news.txt --labels conll2003 --engine openai --prices prices.yaml --out data/news
    lmn-annotate select news.txt --adapter outputs/minilm_demo --number 50 --out data/news-1
    lmn-annotate compare wikigold --split dev --sample 100 --engine openai --template xml --template published --out outputs/compare
    lmn-annotate export data/news --tool label-studio --out news.json
    lmn-annotate doubts wikigold --recipe recipes/students/minilm_demo.yaml --out outputs/doubts
    lmn-annotate simulate budget wikigold --llm data/wikigold-llm --recipe recipes/students/minilm_demo.yaml --out outputs/budget
    lmn-convert check data/news/card.yaml
    """  # noqa: D301


for subcommand in (
    compare_command,
    doubts_command,
    export_command,
    import_command,
    plan_command,
    run_command,
    select_command,
    simulate_group,
):
    main.add_command(subcommand)
