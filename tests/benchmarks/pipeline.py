"""Measures reading, rendering, parsing, scoring and analysing 100,000 sentences: speed, ratios and peak memory.

    python tests/benchmarks/pipeline.py [--sentences N]

The corpus is the embedded demo corpus, repeated, with tokens varied so that no cache helps. Each figure is the best of three
runs, in processor seconds of this process. Scoring is compared with seqeval and nervaluate alone on the same tags; both are timed
in turn, in the same run.
"""

from __future__ import annotations

import gc
import os
import platform
import random
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from nervaluate import Evaluator
from seqeval.scheme import IOB2, Entities

from llms_meet_ner.alignment import EXACT, Alignment
from llms_meet_ner.data_converters.cards import Card, load_card
from llms_meet_ner.data_converters.corpus import read_corpus
from llms_meet_ner.eval.analysis import analyse
from llms_meet_ner.eval.analysis.pairs import pair_up
from llms_meet_ner.eval.scoring.counts import score
from llms_meet_ner.formats import OutputFormat, get_format
from llms_meet_ner.sentence import Sentence
from llms_meet_ner.tags import encode

_ROUNDS = 3
_TARGETS = {"read, validated": 50_000, "render": 50_000, "parse exact": 50_000, "parse damaged": 2_000}


def write_corpus(folder: Path, sentences: int) -> None:
    """Write the corpus: the training sentences of the demo, repeated, with a number in the first token of each."""
    text = load_card("demo").file_of("train").read_text(encoding="utf-8")
    blocks = [block.split(" ", 1) for block in text.strip().split("\n\n")]
    with (folder / "demo.train").open("w", encoding="utf-8") as file:
        for number in range(sentences):
            first, rest = blocks[number % len(blocks)]
            file.write(f"{first}{number} {rest}\n\n")


def _best(work: Callable[[], Any]) -> tuple[float, Any]:
    """Return the shortest processor time of some runs, in seconds, and the last result."""
    least, result = float("inf"), None
    for _ in range(_ROUNDS):
        result = None
        gc.collect()
        started = time.process_time()
        result = work()
        least = min(least, time.process_time() - started)
    return least, result


def _read(card: Card, folder: Path) -> int:
    return sum(1 for _ in read_corpus(card, "train", folder))


def _damage(text: str, rng: random.Random) -> str:
    """Drop or double a word outside entities and respace others, so that the output is not exact."""
    words = text.split(" ")
    place = rng.randrange(len(words))
    if not any(mark in words[place] for mark in "[]|"):
        words[place] = rng.choice(("", f"{words[place]} {words[place]}", "indeed"))
    return " ".join(words).replace(" ,", ",").replace(" .", ".") + " !"


def _libraries_alone(sentences: Sequence[Sentence], alignments: Sequence[Alignment]) -> None:
    """Make the tags, and do what scoring needs of seqeval and nervaluate: the entities of both sides, and the evaluation."""
    gold = [encode(sentence.spans, len(sentence.tokens)) for sentence in sentences]
    predicted = [encode(alignment.spans, len(sentence.tokens)) for alignment, sentence in zip(alignments, sentences)]
    entities = [Entities(tags, IOB2, False) for tags in (gold, predicted)]
    labels = sorted(entities[0].unique_tags | entities[1].unique_tags)
    for label in labels:
        _ = entities[0].filter(label) & entities[1].filter(label)
    Evaluator(gold, predicted, tags=labels, loader="list").evaluate()


def _line(name: str, seconds: float, count: int) -> str:
    target = _TARGETS.get(name)
    return f"{name:<18} {count / seconds:>12,.0f} sentences/s" + (f"   target {target:,}" if target else "")


def _measure(card: Card, fmt: OutputFormat, folder: Path, count: int) -> None:
    seconds, _ = _best(lambda: _read(card, folder))
    click.echo(_line("read, validated", seconds, count))
    click.echo(
        f"{'peak memory':<18} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:>12,.0f} MiB after reading, streamed"
    )
    sentences = list(read_corpus(card, "train", folder))
    seconds, outputs = _best(lambda: [fmt.render(sentence, card.labels) for sentence in sentences])
    click.echo(_line("render", seconds, count))
    seconds, alignments = _best(
        lambda: [fmt.parse(output, sentence.tokens, card.labels) for output, sentence in zip(outputs, sentences)]
    )
    assert all(alignment.spans == sentence.spans for alignment, sentence in zip(alignments, sentences))
    click.echo(_line("parse exact", seconds, count))
    rng = random.Random(0)
    damaged = [_damage(output, rng) for output in outputs[: count // 10]]
    seconds, repaired = _best(
        lambda: [fmt.parse(output, sentence.tokens, card.labels) for output, sentence in zip(damaged, sentences)]
    )
    assert not any(alignment.status == EXACT for alignment in repaired)
    click.echo(_line("parse damaged", seconds, len(damaged)))
    ours = theirs = float("inf")
    for _ in range(_ROUNDS):
        started = time.process_time()
        _libraries_alone(sentences, alignments)
        between = time.process_time()
        score(sentences, alignments)
        ours, theirs = min(ours, time.process_time() - between), min(theirs, between - started)
    click.echo(_line("score", ours, count))
    click.echo(
        f"{'score / libraries':<18} {ours / theirs:>12.3f} x the time of seqeval and nervaluate alone   target 1.20"
    )
    wrong = [replace(one, spans=one.spans[1:]) if number % 5 == 0 else one for number, one in enumerate(alignments)]
    started = time.process_time()
    pairs = [pair_up(sentence.spans, one.spans) for sentence, one in zip(sentences, wrong)]
    analyse(sentences, wrong, pairs, card.labels.names)
    analysed = time.process_time() - started
    click.echo(f"{_line('analyse', analysed, count)}   {analysed / ours:.3f} x the time of scoring")
    click.echo(
        f"{'peak memory':<18} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:>12,.0f} MiB in all, everything held at once"
    )


@click.command()
@click.option("--sentences", default=100_000, show_default=True)
def main(sentences: int) -> None:
    """Print the rates."""
    card = load_card("demo")
    with tempfile.TemporaryDirectory() as folder:
        write_corpus(Path(folder), sentences)
        tokens = sum(len(sentence.tokens) for sentence in read_corpus(card, "train", folder))
        machine = f"Python {platform.python_version()}, {os.cpu_count()} cores, {platform.machine()}"
        click.echo(f"{sentences:,} sentences of {tokens / sentences:.1f} tokens; {machine}")
        _measure(card, get_format(), Path(folder), sentences)


if __name__ == "__main__":
    main()
