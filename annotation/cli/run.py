"""The command `lmn-annotate run`."""

from __future__ import annotations

from pathlib import Path

import click
import cloup

from ...cli.options import catch_errors
from ...data_converters.cards import CARD_FILE, Card
from ...errors import LmnError, listed
from ...systems.choosing import answer_kind
from ...systems.served_model import ServerSystem
from ...terminal import echo
from ..choosing import SystemChoice
from ..consent import ask_to_send
from ..labelled_corpus import LabelledCorpus, Summary, check_folder, write_corpus
from ..labelling import Annotator, date_of_run
from ..planning import plan
from ..texts import Texts
from .system_options import Money, system_options
from .text_options import TextChoice, corpus_name, text_options


@cloup.command("run")
@text_options
@cloup.option_group(
    "Outputs",
    cloup.option(
        "--out",
        type=click.Path(path_type=Path),
        required=True,
        help="Folder of the labelled corpus, which is named after it.",
    ),
    cloup.option(
        "--keep-unreadable",
        is_flag=True,
        help="Keep sentences whose answer could not be read, without entities. [default: they are left out and counted]",
    ),
)
@system_options
@catch_errors
def run_command(
    chosen_texts: TextChoice, chosen: SystemChoice, money: Money, out: Path, keep_unreadable: bool, limit: int | None, restart: bool
) -> None:  # fmt: skip
    """Label the sentences of CARD, or of the text in FILE, and write a corpus with a card (the default subcommand).

    \b
    lmn-annotate run news.txt --adapter outputs/demo_smollm2 --out data/news
    lmn-annotate run wikigold --split test --recipe recipes/demo_smollm2.yaml --out data/wikigold-llm
    lmn-annotate run news.txt --labels conll2003 --engine openai --base-url http://gpu1:8000/v1 --template xml --out data/news

    FILE holds a text a line, or as .jsonl a mapping with text or tokens. A run that was killed continues where it stopped.
    """  # noqa: D301
    annotator, texts, corpus = opened(chosen_texts, chosen, out, limit)
    prepare(annotator, texts, money)
    records = annotator.label(texts, out, restart=restart)
    summary = write_corpus(
        out, corpus, texts, records, annotator.described(), date_of_run(out), annotator.ledger, keep_unreadable=keep_unreadable
    )  # fmt: skip
    say_language(corpus)
    for line in summary_lines(summary, annotator):
        echo(line)
    echo(f"\n{out / CARD_FILE}")


def opened(
    chosen_texts: TextChoice, chosen: SystemChoice, out: Path, limit: int | None
) -> tuple[Annotator, Texts, LabelledCorpus]:
    """Return what labels, the sentences to label, and what the card of the labelled corpus will say.

    Raises:
        LmnError: An option does not fit, the texts cannot be read, or the folder may not hold the corpus.
    """
    name = corpus_name(out)
    card = chosen_texts.card()
    annotator = chosen.annotator(card, out)
    kind = answer_kind(annotator.system)
    texts = chosen_texts.read(card, kind, name, limit)
    check_folder(out, texts.split, Path(chosen_texts.what) if chosen_texts.is_file else None)
    if card and not chosen_texts.is_file:
        check_examples(chosen, card, texts)
    return annotator, texts, chosen_texts.corpus(card, kind, name, texts)


def say_language(corpus: LabelledCorpus) -> None:
    """Say the language of a corpus if it was guessed."""
    if corpus.language_why:
        echo(f"language on the card: {corpus.language}, a guess ({corpus.language_why}); --language names it", err=True)


def check_examples(choice: SystemChoice, card: Card, texts: Texts) -> None:
    """Make sure that a model is not shown the gold of the split that it is to label.

    Raises:
        LmnError: The examples come from the same split.
    """
    if choice.examples and (choice.examples.card.name, choice.examples.split) == (card.name, texts.split):
        raise LmnError(
            "the examples would come from the split that is scored or labelled", f"{card.name} {texts.split}",
            "name another with --examples-split",
        )  # fmt: skip


def keep_examples_out(annotator: Annotator, texts: Texts) -> None:
    """Show a model none of the sentences that it is to label as an example, whatever their corpus is called, and say how many.

    Raises:
        LmnError: No example is left.
    """
    if annotator.examples and (count := annotator.examples.keep_out(texts.sentences)):
        echo(
            f"{annotator.examples.dataset}: not shown as examples, because they are among the sentences to label: {count:,}",
            err=True,
        )


def prepare(annotator: Annotator, texts: Texts, money: Money) -> None:
    """Say what the labelling will take, and ask before text leaves the machine.

    Raises:
        LmnError: A price or a yes is missing, or the server does not answer.
    """
    for kind, count in texts.left_out.items():
        echo(f"{texts.name}: left out, {kind}: {count:,}", err=True)
    keep_examples_out(annotator, texts)
    system = annotator.system
    if not isinstance(system, ServerSystem):
        return
    money.charge(annotator)
    planned = plan(system, texts.sentences, annotator.ledger, annotator.price)
    for line in planned.lines():
        echo(line, err=True)
    if planned.requests:
        ask_to_send(system.address, f"{texts.name} (sentences: {len(texts.sentences):,})", yes=money.yes)


def summary_lines(summary: Summary, annotator: Annotator) -> list[str]:
    """Return what a labelled corpus holds, in words."""
    entities = ", ".join(f"{count:,} {label}" for label, count in summary.entities.items()) or "none"
    lines = [f"{summary.sentences:,} of {summary.asked:,} sentences labelled; entities: {entities}"]
    lines.append("answers: " + ", ".join(f"{count:,} {status}" for status, count in summary.statuses.items()))
    if summary.reasons:
        lines.append(
            "repaired or not read: " + listed([f"{reason} {count:,}" for reason, count in summary.reasons.items()], 20)
        )
    if summary.unreadable:
        fate = "kept without entities" if summary.unreadable_kept else "left out (--keep-unreadable keeps them)"
        lines.append(f"answers that could not be read: {summary.unreadable:,}; these sentences are {fate}")
    if summary.bill and annotator.ledger:
        lines.append(f"bill: {summary.bill.line()}; requests of this call: {annotator.ledger.new:,}")
    if summary.shared:
        lines.append(f"sentences that share the request of an equal one, which is charged once: {summary.shared:,}")
    return lines
