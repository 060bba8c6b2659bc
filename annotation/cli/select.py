"""The command `lmn-annotate select`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import wraps
from pathlib import Path
from typing import Any, TypeVar

import click
import cloup

from ...cli.options import catch_errors
from ...data_converters.cards import CARD_FILE
from ...errors import LmnError
from ...records import PredictionRecord
from ...terminal import echo
from ..choosing import SystemChoice
from ..labelled_corpus import write_corpus
from ..labelling import Annotator, date_of_run
from ..selection.batch import Budget
from ..selection.duplicates import DEFAULT_NEAR
from ..selection.selected import (
    SELECTION_FILE,
    Picked,
    Selection,
    Wish,
    chosen_rows,
    known_sentences,
    part_of,
    pick,
    pool_sha256,
    save_selection,
    without_duplicates,
)
from ..selection.strategies import DEFAULT_OVERHEAD, STRATEGIES, Aids, Candidate, strategy_of
from ..texts import Texts
from .run import opened, prepare, say_language
from .system_options import Money, system_options
from .text_options import TextChoice, text_options

R = TypeVar("R")
DEFAULT_STRATEGY = "entropy-per-cost"


def _selection_options(command: Callable[..., R]) -> Callable[..., R]:
    """Add the options that say what is chosen, handed over as `wish` (Wish) and `not_in`."""

    @cloup.option_group(
        "What is chosen",
        cloup.option(
            "--strategy", type=click.Choice(list(STRATEGIES)), default=DEFAULT_STRATEGY, show_default=True,
            help="; ".join(f"{one.name}: {one.means}" for one in STRATEGIES.values()) + ".",
        ),
        cloup.option("--number", "sentence_budget", type=click.IntRange(min=1), help="Number of sentences to choose."),
        cloup.option("--token-budget", type=click.IntRange(min=1), help="Number of tokens, instead of --number."),
        cloup.option(
            "--random", "at_random", type=click.IntRange(min=0), default=0, show_default=True,
            help="Number of sentences that are drawn at random besides, none repeated or labelled, to score and calibrate on.",
        ),
        cloup.option("--not-in", metavar="CARD", multiple=True, help="Corpus whose sentences have labels and are left out; repeatable."),
        cloup.option(
            "--near", type=click.FloatRange(0, 1, min_open=True), default=DEFAULT_NEAR, show_default=True,
            help="Cosine from which two sentences are almost the same, so that only one is chosen; 1 for equal ones only.",
        ),
        cloup.option(
            "--overhead", type=click.FloatRange(min=0), default=DEFAULT_OVERHEAD, show_default=True,
            help="Cost of a sentence besides its tokens, in tokens.",
        ),
        cloup.option(
            "--seed", "draw_seed", type=click.IntRange(min=0), default=42, show_default=True, help="Seed of what is drawn."
        ),
    )  # fmt: skip
    @catch_errors
    @wraps(command)
    def wrapped(
        *args: Any, strategy: str, sentence_budget: int | None, token_budget: int | None, at_random: int, near: float, overhead: float,
        draw_seed: int, **kwargs: Any,
    ) -> R:  # fmt: skip
        wish = Wish(
            strategy_of(strategy),
            Budget(sentence_budget, token_budget),
            draw_seed,
            overhead,
            near if near < 1 else None,
            at_random,
        )
        return command(*args, wish=wish, **kwargs)

    return wrapped


@cloup.command("select")
@text_options
@_selection_options
@cloup.option(
    "--out", type=click.Path(path_type=Path), required=True,
    help="Folder of the corpus of chosen sentences, which is named after it.",
)  # fmt: skip
@system_options
@catch_errors
def select_command(
    chosen_texts: TextChoice, wish: Wish, not_in: tuple[str, ...], chosen: SystemChoice, money: Money, out: Path,
    limit: int | None, restart: bool,
) -> None:  # fmt: skip
    """Choose the sentences of unlabelled text that are most worth a label, and suggest labels for them.

    \b
    lmn-annotate select news.txt --adapter outputs/minilm_demo --number 50 --out data/news-1
    lmn-annotate select news.txt --adapter outputs/minilm_demo --token-budget 1000 --not-in data/news-1 --out data/news-2

    The model answers all sentences, each once; those with the best scores become a corpus with the model's labels as suggestions. What a
    strategy chooses is no random sample of the text: score and calibrate on sentences of --random, which selection.jsonl marks.
    """  # noqa: D301
    annotator, read, corpus = opened(chosen_texts, chosen, out, limit)
    texts = without_duplicates(read, known_sentences(not_in))
    _check(texts, wish, annotator)
    picked, pool, records = _answered(wish, texts, annotator, money, out, restart=restart)
    (out / SELECTION_FILE).unlink(missing_ok=True)
    write_corpus(
        out, corpus, part_of(texts, picked.order), records, annotator.described(), date_of_run(out), annotator.ledger,
        keep_unreadable=True,
    )  # fmt: skip
    say_language(corpus)
    selection = _selection(wish, texts, pool, picked, annotator)
    save_selection(out, selection, chosen_rows(picked, wish, pool, corpus.name, texts.split))
    for line in lines_of(selection):
        echo(line)
    echo(f"\n{out / CARD_FILE}")


def _answered(
    wish: Wish, texts: Texts, annotator: Annotator, money: Money, out: Path, *, restart: bool
) -> tuple[Picked, list[Candidate], list[PredictionRecord]]:
    """Return what is chosen, the candidates, and the answers to what is chosen, in that order.

    Where chance alone chooses, the system answers only what was chosen, so that another strategy in the same folder asks anew.
    """
    from ..selection.vectors import vectors_by

    aids = Aids(wish.seed, wish.overhead, vectors_by(annotator.system, texts.sentences))
    sizes = [(sentence.id, len(sentence.tokens)) for sentence in texts.sentences]
    if not wish.strategy.needs_answers:
        pool = [Candidate(*size) for size in sizes]
        picked = pick(wish, texts.sentences, pool, aids)
        part = part_of(texts, picked.order)
        prepare(annotator, part, money)
        return picked, pool, list(annotator.label(part, out, restart=restart))
    prepare(annotator, texts, money)
    records: Sequence[PredictionRecord] = annotator.label(texts, out, restart=restart)
    pool = [Candidate(*size, record.uncertainty) for size, record in zip(sizes, records, strict=True)]
    picked = pick(wish, texts.sentences, pool, aids)
    return picked, pool, [records[at] for at in picked.order]


def _check(texts: Texts, wish: Wish, annotator: Annotator) -> None:
    """Make sure that there is something to choose, and that the strategy has something to go by.

    Raises:
        LmnError: There is not.
    """
    if not texts.sentences:
        raise LmnError(
            "no sentence is left to choose from: all have labels", texts.name, "name other texts, or leave --not-in out"
        )
    if wish.strategy.needs_answers and not annotator.system.gives_confidences:
        raise LmnError(
            f"gives no uncertainty, which --strategy {wish.strategy.name} goes by", annotator.system.name,
            "let the model decode with --decoding constrained, or draw with --strategy random",
        )  # fmt: skip


def _selection(wish: Wish, texts: Texts, pool: list[Candidate], picked: Picked, annotator: Annotator) -> Selection:
    return Selection(
        wish.strategy.name, wish.seed, wish.overhead, wish.near, str(wish.budget), annotator.system.name, annotator.system.sha256,
        len(pool), pool_sha256(texts.sentences), texts.left_out, picked.near, len(picked.by_strategy),
        sum(pool[at].tokens for at in picked.by_strategy), len(picked.at_random), sum(pool[at].tokens for at in picked.at_random),
    )  # fmt: skip


def lines_of(selection: Selection) -> list[str]:
    """Return what was chosen, in words."""
    chosen = f"{selection.chosen:,} of {selection.pool:,} sentences chosen by {selection.strategy}, {selection.tokens:,} tokens"
    lines = [chosen + f" (budget: {selection.budget})"]
    if selection.near_left_out:
        lines.append(f"passed over as almost the same as a chosen or drawn one: {selection.near_left_out:,}")
    if selection.at_random:
        lines.append(f"drawn at random besides: {selection.at_random:,} sentences, {selection.random_tokens:,} tokens")
    else:
        lines.append("chosen sentences are no random sample: --random N draws some, to score and calibrate on")
    return lines
