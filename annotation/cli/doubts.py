"""The command `lmn-annotate doubts`."""

from __future__ import annotations

import hashlib
import shlex
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import click
import cloup

from ...cli.options import catch_errors
from ...cli.predict_options import batch_size_option, dtype_option
from ...data_converters.cards import CARD_FILE, load_card
from ...decoding.pretrained import Dtype
from ...errors import LmnError
from ...eval.evaluate import Gold, read_gold
from ...rendering.tables import aligned
from ...systems.adapter_choice import AdapterChoice
from ...systems.options import SystemOptions
from ...terminal import echo
from ..choosing import SystemChoice
from ..doubts.folds import fold
from ..doubts.judging import Judgement
from ..doubts.out_of_fold import Judging, flat
from ..doubts.ranking import Doubt, Witness, gold_tags, rank
from ..doubts.report import PAGE_FILE, Found, counts_table, doubts_table, gold_without_separators, write_found
from ..doubts.review_corpus import REVIEW_FOLDER, SUGGEST, ReviewCorpus, Suggest, check_review, write_review
from ..doubts.token_issues import check_cleanlab, find_token_issues
from ..doubts.witnesses import check_answers, learned_by, witness
from ..simulation.learner import StudentLearner
from .corpus_options import source_option

R = TypeVar("R")


def _options(command: Callable[..., R]) -> Callable[..., R]:
    """Add the arguments and options of the command."""
    decorators = (
        click.argument("card_name", metavar="CARD"),
        click.argument("overrides", nargs=-1, metavar="[KEY=VALUE]..."),
        cloup.option_group(
            "Gold in doubt",
            cloup.option("--split", default="train", show_default=True, help="Split of the card."),
            source_option,
            cloup.option("--limit", type=click.IntRange(min=1), help="Only the first N sentences."),
        ),
        cloup.option_group(
            "Who doubts",
            cloup.option("--recipe", type=click.Path(path_type=Path), required=True, help="Recipe of the students, one for each fold."),
            cloup.option("--folds", type=click.IntRange(min=2), default=5, show_default=True, help="Parts; each is judged without it."),
            cloup.option("--seed", type=int, default=42, show_default=True, help="Seed of the parts and the students."),
            cloup.option(
                "--adapter", "adapters", multiple=True, metavar="FOLDER",
                help="Also what this adapter, merged model or student says, of sentences that it was not trained on. May be repeated.",
            ),
            batch_size_option,
            dtype_option,
        ),
        cloup.option_group(
            "What is to be reviewed",
            cloup.option("--number", type=click.IntRange(min=1), help="Number of sentences. [default: those with a score above 0.5]"),
            cloup.option(
                "--suggest", type=click.Choice(SUGGEST), default="gold", show_default=True,
                help="Entities that the reviewer begins with: the gold, or what the judges prefer to it.",
            ),
        ),
        cloup.option_group(
            "Outputs",
            cloup.option("--out", type=click.Path(path_type=Path), required=True, help="Folder of the doubts."),
            cloup.option("--first", type=click.IntRange(min=1), default=20, show_default=True, help="Doubts that are printed."),
            cloup.option("--keep-models", is_flag=True, help="Keep the students."),
            cloup.option("--dry-run", is_flag=True, help="Say what would be trained, and stop."),
        ),
    )  # fmt: skip
    for decorator in reversed(decorators):
        command = decorator(command)
    return command


@cloup.command("doubts")
@_options
@catch_errors
def doubts_command(
    card_name: str, overrides: tuple[str, ...], split: str, source: Path | None, limit: int | None, recipe: Path, folds: int, seed: int,
    adapters: tuple[str, ...], batch_size: int, dtype: Dtype, number: int | None, suggest: Suggest, out: Path, first: int,
    keep_models: bool, dry_run: bool,
) -> None:  # fmt: skip
    """Rank the entities of CARD whose gold is probably wrong.

    \b
    lmn-annotate doubts wikigold --split train --recipe recipes/students/minilm_demo.yaml --out outputs/doubts num_train_epochs=4
    lmn-annotate doubts wikigold --recipe recipes/students/minilm_demo.yaml --adapter outputs/demo_smollm2 --out outputs/doubts

    The split is cut into folds. A student that was trained on the others says what it would have marked in each, and how probable the gold
    is. KEY=VALUE words override keys of the recipe. A run that was killed continues with the fold where it stopped. The sentences in doubt
    become a corpus, OUT/review, for lmn-annotate export.
    """  # noqa: D301
    check_cleanlab()
    card = load_card(card_name)
    check_review(out, card, split, source)
    learner = StudentLearner.of(recipe, overrides, card)
    options = SystemOptions(batch_size=batch_size, dtype=dtype)
    read = read_gold(card, split, source).first(limit)
    systems = {name: SystemChoice(options, AdapterChoice(name)).annotator(card, out).system for name in adapters}
    for name, system in systems.items():
        check_answers(name, system, card)
    learned = {name: learned_by(read, Path(name), learner.recipe.dataset_dir) for name in systems}
    sentences, inner = flat(read.sentences)
    judging = Judging(
        sentences, fold(sentences, folds, seed, gaps=card.docstart == "boundary"), learner, seed, keep_models
    )
    notes = [f"entities inside others, left out since a student learns the outer ones: {inner:,}"] if inner else []
    for line in (*notes, *judging.plan(), *(line for one in learned.values() for line in one.lines)):
        echo(line, err=not dry_run)
    if dry_run:
        return
    gold = gold_without_separators(read, sentences)
    settings = _settings(gold, folds)
    judgements = judging.run(out, settings)
    witnesses = [witness(name, system, gold.sentences, out, learned[name]) for name, system in systems.items()]
    facts = {**settings, "seed": seed, "recipe": str(recipe), "overrides": list(overrides)}
    facts["adapters"] = {name: system.sha256 for name, system in systems.items()}
    found = Found(gold, _ranked(gold, judgements, witnesses), judgements, facts)
    write_found(found, out)
    review = write_review(read, found.doubts, out, number=number, suggest=suggest)
    for table in (counts_table(found), doubts_table(found.doubts[:first])):
        for line in aligned(table):
            echo(line)
        echo()
    for line in _review_lines(review, out / REVIEW_FOLDER):
        echo(line)
    echo(out / PAGE_FILE)
    echo(out / REVIEW_FOLDER / CARD_FILE)


def _review_lines(review: ReviewCorpus, folder: Path) -> list[str]:
    """Return what there is to review, and how, in words."""
    with_what = "the gold" if review.suggested == "gold" else f"what the judges prefer in {review.changed:,} of them"
    lines = [f"to be reviewed: {review.sentences:,} sentences, most doubtful first, with {with_what}"]
    if review.clashes:
        lines.append(f"left out, preferred entities that overlap gold that stays: {review.clashes:,}")
    if review.sentences:
        lines.append(f"next: lmn-annotate export {shlex.quote(str(folder))} --tool label-studio --out to_review.json")
    return lines


def _ranked(gold: Gold, judgements: Sequence[Judgement], witnesses: Sequence[Witness]) -> list[Doubt]:
    """Let cleanlab look at the tags, and return the ranked doubts.

    Raises:
        LmnError: There is none.
    """
    tags = [gold_tags(one, gold.card.labels.names) for one in gold.sentences]
    issues = find_token_issues(tags, [one.tags for one in judgements])
    doubts = rank(gold.sentences, judgements, issues, witnesses)
    if not doubts:
        raise LmnError(
            "neither gold nor students hold an entity", f"{gold.card.name} {gold.split}", "name a split with entities"
        )
    return doubts


def _settings(gold: Gold, folds: int) -> dict[str, Any]:
    """Return what judgements follow from besides recipe and seed: the corpus with its gold, and the number of folds."""
    digest = hashlib.sha256()
    for one in gold.sentences:
        entities = [(span.start, span.end, span.label) for span in one.spans]
        digest.update(repr((one.id, one.tokens, entities)).encode("utf-8", "surrogatepass"))
    return {
        "corpus": gold.card.name,
        "split": gold.split,
        "sentences": len(gold.sentences),
        "gold": digest.hexdigest(),
        "folds": folds,
    }
