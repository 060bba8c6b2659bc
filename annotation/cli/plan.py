"""The command `lmn-annotate plan`."""

from __future__ import annotations

from pathlib import Path

import click
import cloup

from ...cli.options import catch_errors
from ...errors import LmnError
from ...systems.choosing import answer_kind
from ...systems.served_model import ServerSystem
from ...terminal import echo
from ..choosing import SystemChoice
from ..consent import host_of, stays_here
from ..planning import plan
from .run import check_examples, keep_examples_out
from .system_options import Money, system_options
from .text_options import TextChoice, corpus_name, text_options


@cloup.command("plan")
@text_options
@cloup.option(
    "--out",
    type=click.Path(path_type=Path),
    required=True,
    help="Folder of the labelled corpus: answers in it cost nothing more.",
)
@cloup.option(
    "--tokenizer", metavar="FOLDER", help="Folder with the tokenizer of the served model. [default: an estimate]"
)
@system_options
@catch_errors
def plan_command(
    chosen_texts: TextChoice, chosen: SystemChoice, money: Money, out: Path, tokenizer: str | None, limit: int | None, restart: bool
) -> None:  # fmt: skip
    """Say what lmn-annotate run with the same words will take: requests, tokens and money. No text is sent.

    \b
    lmn-annotate plan news.txt --labels conll2003 --engine openai --base-url http://gpu1:8000/v1 --prices prices.yaml --out data/news

    A price that no price card names is unknown, and not 0. Tokens are an estimate without --tokenizer, and say so.
    """  # noqa: D301
    card = chosen_texts.card()
    annotator = chosen.annotator(card, out)
    texts = chosen_texts.read(card, answer_kind(annotator.system), corpus_name(out), limit)
    if card and not chosen_texts.is_file:
        check_examples(chosen, card, texts)
    system = annotator.system
    if not isinstance(system, ServerSystem):
        if tokenizer:
            raise LmnError(
                "tokens are counted for a server", f"--tokenizer {tokenizer}", "add --engine openai, or leave it out"
            )
        echo(
            f"{texts.name} (sentences: {len(texts.sentences):,}), in this process: nothing is sent, and nothing is charged"
        )
        return
    keep_examples_out(annotator, texts)
    money.charge(annotator)
    for line in plan(system, texts.sentences, annotator.ledger, annotator.price, tokenizer).lines():
        echo(line)
    where = "this machine" if stays_here(system.address) else "another machine: the text will leave this one"
    echo(f"server: {host_of(system.address)}, {where}")
