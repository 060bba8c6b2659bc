"""The command `lmn-annotate compare`."""

from __future__ import annotations

import re
import time
from collections.abc import Sequence
from pathlib import Path

import click
import cloup

from ...cli.options import catch_errors, refuse
from ...data_converters.cards import CARD_FILE, Card, load_card
from ...errors import LmnError
from ...eval.evaluate import read_gold
from ...files import atomic_write, write_json
from ...rendering.html import page
from ...rendering.tables import aligned
from ...systems.choosing import answer_kind
from ...terminal import echo
from ..choosing import SystemChoice
from ..comparing import Comparison, Contender, check_labels, compare, labelled_earlier
from ..labelled_corpus import RUN_FOLDER
from ..ledger import bill_of
from ..template import DEFAULT_TEMPLATE
from ..texts import Texts, texts_of_gold
from .run import check_examples, prepare
from .system_options import Money, several_systems_options
from .text_options import TextChoice, text_options

COMPARISON_FILE, PAGE_FILE = "comparison.json", "comparison.html"
_SEED = 42
_UNFIT = re.compile(r"[^\w.+-]+")


@cloup.command("compare")
@text_options
@cloup.option_group(
    "Sample and outputs",
    cloup.option(
        "--sample",
        "sample_size",
        type=click.IntRange(min=1),
        help="Only N sentences of the split, drawn at random. [default: all]",
    ),
    cloup.option("--sample-seed", "sample_seed", type=int, default=_SEED, show_default=True, help="Seed of that draw."),
    cloup.option(
        "--also",
        multiple=True,
        type=click.Path(path_type=Path),
        help="Folder that lmn-annotate run has labelled, with these sentences among its own; may be repeated.",
    ),
    cloup.option(
        "--out", type=click.Path(path_type=Path), required=True, help="Folder of the answers, the table and the page."
    ),
)
@several_systems_options
@catch_errors
def compare_command(
    chosen_texts: TextChoice, chosen: Sequence[SystemChoice], money: Money, sample_size: int | None, sample_seed: int,
    also: tuple[Path, ...], out: Path, limit: int | None, restart: bool,
) -> None:  # fmt: skip
    """Score several annotation templates, and systems, on the same gold sentences of CARD.

    \b
    lmn-annotate compare wikigold --split dev --sample 100 --engine openai --base-url http://gpu1:8000/v1 --out outputs/compare \\
        --template bracketed --template published+definitions --template xml+nearest3 --examples-from wikigold
    lmn-annotate compare wikigold --split dev --limit 100 --adapter outputs/demo_smollm2 --also data/wikigold-llm --out outputs/compare

    Each template is a way to label; --also adds corpora that other systems have labelled. A run that was killed continues where it
    stopped, and answers that are there are paid for once.
    """  # noqa: D301
    if sample_size is None:
        refuse({"sample_seed": "--sample-seed"}, "says nothing without --sample N: add it, or leave --sample-seed out")
    card = chosen_texts.card()
    if card is None or chosen_texts.is_file:
        raise LmnError("a text file has no gold to compare with", chosen_texts.what, "name a card")
    split = chosen_texts.split_of(card)
    read = read_gold(card, split, chosen_texts.source).sentences
    texts = texts_of_gold(card, split, read).first(limit).sampled(sample_size, sample_seed)
    _check_ways(chosen, also, card, texts)
    earlier = [labelled_earlier(folder, texts.sentences) for folder in also]
    contenders = [_labelled(choice, card, texts, money, out, restart=restart) for choice in chosen]
    wanted = {sentence.id for sentence in texts.sentences}
    comparison = compare(card.name, split, [one for one in read if one.id in wanted], contenders + earlier)
    _write(comparison, out)
    for table in comparison.tables():
        for line in aligned(table):
            echo(line)
        echo()
    echo(out / PAGE_FILE)


def _check_ways(chosen: Sequence[SystemChoice], also: Sequence[Path], card: Card, texts: Texts) -> None:
    """Make sure that the ways to label can stand beside each other.

    Raises:
        LmnError: Two have one name, one is shown the gold of the split, or one was asked for other labels.
    """
    names = [_name(choice) for choice in chosen] + list(map(str, also))
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise LmnError("named twice", twice, "leave one of them out")
    for choice in chosen:
        check_examples(choice, card, texts)
    for folder in also:
        check_labels(str(folder), load_card(str(folder / CARD_FILE)).labels.names, card.labels.names)


def _name(choice: SystemChoice) -> str:
    """Return the name of a way to label, in the tables and of its folder."""
    return choice.template or (choice.adapter.name if choice.adapter else str(choice.recipe or DEFAULT_TEMPLATE))


def _labelled(choice: SystemChoice, card: Card, texts: Texts, money: Money, out: Path, *, restart: bool) -> Contender:
    """Let one system label the sample."""
    name = _name(choice)
    folder = out / _UNFIT.sub("-", name).strip("-.")
    annotator = choice.annotator(card, out)  # one file of answers, so that a limit on the cost is one for all
    if kind := answer_kind(annotator.system):
        check_labels(name, kind.labels.names, card.labels.names)
    echo(f"{name}:", err=True)
    prepare(annotator, texts, money)
    was_there = (folder / RUN_FOLDER).is_dir()
    start = time.monotonic()
    records = annotator.label(texts, folder, restart=restart)
    elapsed = None if was_there else (time.monotonic() - start) / len(records)
    system = annotator.described()
    if annotator.ledger is None:
        return Contender(name, system, records, None, elapsed)
    answers = {answer.key: answer for record in records for answer in annotator.ledger.answers_about(record.id)}
    bill = bill_of(list(answers.values()), annotator.ledger.prices)
    return Contender(name, system, records, bill, bill.seconds / len(records))


def _write(comparison: Comparison, out: Path) -> None:
    """Write the comparison as JSON and as a page."""
    write_json(out / COMPARISON_FILE, comparison.to_dict())
    with atomic_write(out / PAGE_FILE) as file:
        title = f"Labelling {comparison.corpus} {comparison.split}"
        facts = f"{comparison.sentences:,} sentences, {comparison.entities:,} gold entities; strict precision, recall and F1"
        file.writelines(page("annotation/compare.html.jinja", title=title, facts=facts, tables=comparison.tables()))
