"""Measures what bfloat16 changes: outputs, scores, confidences and time, next to float32 in one run.

python tests/benchmarks/dtype.py [--recipe FILE] [--corpus CARD --split NAME --source DIR] [--sentences N] [--timed N] [KEY=VALUE ...]
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click

from llms_meet_ner.alignment import Alignment
from llms_meet_ner.cli.options import catch_errors
from llms_meet_ner.counts import Counts
from llms_meet_ner.data_converters.cards import load_card
from llms_meet_ner.decoding.bounds import token_bound
from llms_meet_ner.decoding.cpu import bfloat16_instructions
from llms_meet_ner.decoding.pretrained import Dtype
from llms_meet_ner.decoding.requests import CONSTRAINED, FREE, Generator, Request
from llms_meet_ner.errors import LmnError
from llms_meet_ner.eval.analysis.resampling import Difference, differences
from llms_meet_ner.eval.evaluate import read_gold
from llms_meet_ner.eval.scoring.counts import strict_counts
from llms_meet_ner.files import write_json
from llms_meet_ner.formats import get_format
from llms_meet_ner.prompting.spec import PromptSpec
from llms_meet_ner.prompting.templates import encode_prompt
from llms_meet_ner.records import Answer
from llms_meet_ner.rendering.markdown import table
from llms_meet_ner.rendering.tables import Table
from llms_meet_ner.sentence import Sentence
from llms_meet_ner.systems.local import recipe_weights, training_guesser
from llms_meet_ner.training.recipe import Recipe, load_recipe, recipe_prompt

TYPES: tuple[Dtype, Dtype] = ("float32", "bfloat16")
STEPWISE = "constrained, step by step"
DECODINGS = (CONSTRAINED, STEPWISE, FREE)


@dataclass(frozen=True, slots=True)
class Changes:
    """What differs between two lists of answers to the same sentences.

    Attributes:
        sentences: Number of sentences.
        outputs: Number of sentences with another output.
        entities: Number of sentences with other entities.
        first: Strict counts of the first answers.
        second: Strict counts of the second ones.
        f1: Difference of F1, second less first, with its interval.
        shared: Number of entities that both have with a confidence.
        largest: Largest difference of their confidences; 0 if there are none.
        mean: Mean difference of their confidences, without sign.
    """

    sentences: int
    outputs: int
    entities: int
    first: Counts
    second: Counts
    f1: Difference
    shared: int
    largest: float
    mean: float

    @classmethod
    def of(
        cls, sentences: Sequence[Sentence], first: Sequence[Answer], second: Sequence[Answer], read: Reader
    ) -> Changes:
        """Compare two answers to each sentence; `read` gives what an answer puts on it."""
        found = [[read(a, s) for a, s in zip(side, sentences, strict=True)] for side in (first, second)]
        counts = [[strict_counts(s.spans, one.spans) for s, one in zip(sentences, side, strict=True)] for side in found]
        moved: list[float] = []
        for one, other, a, b in zip(first, second, *found, strict=True):
            if one.confidences and other.confidences:
                known = dict(zip(a.spans, one.confidences))
                moved += [abs(known[span] - c) for span, c in zip(b.spans, other.confidences) if span in known]
        f1 = next(row for row in differences(*counts) if row.name == "f1")
        return cls(
            len(sentences), sum(one.text != other.text for one, other in zip(first, second)),
            sum(set(a.spans) != set(b.spans) for a, b in zip(*found)), sum(counts[0], Counts()), sum(counts[1], Counts()), f1,
            len(moved), max(moved, default=0.0), sum(moved) / len(moved) if moved else 0.0,
        )  # fmt: skip

    def row(self) -> list[str]:
        """Return the cells of a table."""
        low, high = self.f1.interval
        share = f"{self.outputs} of {self.sentences} ({self.outputs / self.sentences:.1%})"
        scores = [f"{self.first.f1:.4f}", f"{self.second.f1:.4f}", f"{self.f1.value:+.4f} ({low:+.4f} to {high:+.4f})"]
        moved = [f"{self.largest:.3f}", f"{self.mean:.4f}"] if self.shared else ["", ""]
        return [share, str(self.entities), *scores, *moved]


Reader = Callable[[Answer, Sentence], Alignment]
HEADER = (
    "decoding", "other outputs", "other entities", "F1 float32", "F1 bfloat16", "difference (95 %)", "confidence moved at most", "on average",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Job:
    """What is decoded, and how.

    Attributes:
        recipe: Recipe of the adapter.
        spec: Prompt that it was trained with.
        sentences: Sentences with their gold.
    """

    recipe: Recipe
    spec: PromptSpec
    sentences: list[Sentence]

    def reader(self) -> Reader:
        """Return what reads an answer."""
        fmt = get_format(self.spec.format, nested=self.spec.nested, join=self.spec.join)
        return lambda answer, sentence: fmt.parse(answer.text or "", sentence.tokens, self.spec.labels)


def _job(recipe: Recipe, corpus: str | None, split: str, source: Path | None, number: int) -> Job:
    if not recipe.is_trained:
        raise LmnError("no adapter there", recipe.output_dir, "train it first; make demo trains the demo's")
    entry = recipe.train_entry()
    folder = source if corpus else entry.source_folder(entry.corpus, source)
    gold = read_gold(load_card(corpus or entry.card), split, folder)
    return Job(
        recipe, recipe_prompt(recipe, recipe.output_dir), [s for s in gold.sentences if not s.is_docstart][:number]
    )


def _generator(job: Job, loaded: Any, decoding: str) -> Generator:
    from llms_meet_ner.decoding.constrained import ConstrainedGenerator
    from llms_meet_ner.decoding.greedy import GreedyGenerator

    if decoding == FREE:
        return GreedyGenerator(loaded)
    if decoding == STEPWISE:
        return ConstrainedGenerator(loaded, job.spec, proposals="none")
    return ConstrainedGenerator(loaded, job.spec, guesser=training_guesser(job.recipe, job.spec))


def _answers(
    job: Job, loaded: Any, decoding: str, batch: int, sentences: Sequence[Sentence]
) -> tuple[list[Answer], float]:
    """Decode sentences, the longest first; return the answers in order, and the seconds."""
    requests = [
        Request(
            encode_prompt(loaded.tokenizer, job.spec, sentence.text), sentence.tokens,
            token_bound(loaded.tokenizer, job.spec, sentence.tokens),
        )
        for sentence in sentences
    ]  # fmt: skip
    order = sorted(range(len(requests)), key=lambda item: -len(requests[item].prompt))
    generator = _generator(job, loaded, decoding)
    found: dict[int, Answer] = {}
    started = time.perf_counter()
    generator.prepare([request.prompt for request in requests])
    for start in range(0, len(order), batch):
        items = order[start : start + batch]
        found |= zip(items, generator.generate([requests[item] for item in items]), strict=True)
    return [found[item] for item in range(len(order))], time.perf_counter() - started


def _quality(
    job: Job, models: Mapping[Dtype, Any], decodings: Sequence[str], batch: int, keep: Callable[[str, Changes], None]
) -> None:
    """Find what bfloat16 changes in each decoding, and what proposals change in each data type; hand over each as soon as it is known."""
    found: dict[str, Changes] = {}
    answers: dict[tuple[str, str], list[Answer]] = {}
    for decoding in decodings:
        for name, loaded in models.items():
            answers[decoding, name], _ = _answers(job, loaded, decoding, batch, job.sentences)
        found[decoding] = Changes.of(job.sentences, *(answers[decoding, name] for name in TYPES), job.reader())
        keep(decoding, found[decoding])
    if {CONSTRAINED, STEPWISE} <= set(decodings):
        for name in TYPES:
            pair = answers[STEPWISE, name], answers[CONSTRAINED, name]
            keep(f"step by step and with proposals, {name}", Changes.of(job.sentences, *pair, job.reader()))
    click.echo()
    click.echo(table(Table(HEADER, [(name, *changes.row()) for name, changes in found.items()], numbers=False)))


def _plain(changes: Changes) -> dict[str, Any]:
    return {
        "sentences": changes.sentences, "other_outputs": changes.outputs, "other_entities": changes.entities, "f1": changes.first.f1,
        "other_f1": changes.second.f1, "difference": changes.f1.value, "interval": list(changes.f1.interval),
        "largest_confidence_change": changes.largest, "mean_confidence_change": changes.mean,
    }  # fmt: skip


def _speed(
    job: Job, models: Mapping[Dtype, Any], decodings: Sequence[str], sizes: Sequence[int], number: int
) -> list[dict[str, Any]]:
    """Time both data types by turns, and count the outputs that differ by the batch size in bfloat16."""
    sentences, rows, largest = job.sentences[:number], [], {}
    for decoding in decodings:
        for batch in sorted(sizes, reverse=True):
            timed = {name: _answers(job, loaded, decoding, batch, sentences) for name, loaded in models.items()}
            texts = {name: [answer.text for answer in timed[name][0]] for name in TYPES}
            first = largest.setdefault(decoding, texts)
            moved = {name: sum(one != other for one, other in zip(first[name], texts[name])) for name in TYPES}
            rows.append(
                {
                    "decoding": decoding, "batch": batch, "ratio": timed["float32"][1] / timed["bfloat16"][1],
                    "sentences_a_second": {name: len(sentences) / timed[name][1] for name in TYPES}, "other_than_largest_batch": moved,
                }
            )  # fmt: skip
    cells = [
        (row["decoding"], str(row["batch"]), f"{row['ratio']:.2f}x", *(str(row["other_than_largest_batch"][name]) for name in TYPES))
        for row in rows
    ]  # fmt: skip
    header = (
        "decoding",
        "batch",
        "bfloat16 is faster",
        *(f"other outputs than the first batch, {name}" for name in TYPES),
    )
    click.echo(table(Table(header, cells, numbers=False)))
    return rows


@click.command()
@click.option("--recipe", "recipe_path", type=click.Path(path_type=Path), default=Path("recipes/demo_smollm2.yaml"))
@click.option("--corpus", help="Card of the sentences. [default: the one that the adapter was trained on]")
@click.option("--split", default="testb", show_default=True)
@click.option("--source", type=click.Path(path_type=Path), help="Folder of the corpus files.")
@click.option(
    "--sentences",
    "number",
    type=click.IntRange(min=0),
    default=300,
    show_default=True,
    help="Sentences that are compared.",
)
@click.option("--timed", type=click.IntRange(min=0), default=32, show_default=True, help="Sentences that are timed.")
@click.option("--batch-sizes", default="1,8,32", show_default=True)
@click.option("--decodings", default=",".join((CONSTRAINED, "stepwise", FREE)), show_default=True)
@click.option("--out", type=click.Path(path_type=Path), help="JSON file for the figures.")
@click.argument("overrides", nargs=-1)
@catch_errors
def main(
    recipe_path: Path, corpus: str | None, split: str, source: Path | None, number: int, timed: int, batch_sizes: str, decodings: str,
    out: Path | None, overrides: tuple[str, ...],
) -> None:  # fmt: skip
    """Decode the same sentences in float32 and in bfloat16."""
    import torch

    from llms_meet_ner.decoding.model import load_model

    job = _job(load_recipe(recipe_path, overrides), corpus, split, source, number or timed)
    wanted = [
        name for name in DECODINGS if {"stepwise": STEPWISE}.get(name, name) in decodings.replace("stepwise", STEPWISE)
    ]
    weights = recipe_weights(job.recipe, job.recipe.output_dir)
    models = {name: load_model(weights, job.spec, name) for name in TYPES}
    where = f"{len(job.sentences)} sentences of {corpus or job.recipe.train_entry().corpus} {split}, {weights}"
    chip = bfloat16_instructions() or "no instructions for bfloat16"
    click.echo(f"{where}; torch {torch.__version__}, {torch.get_num_threads()} threads, {chip}, {os.cpu_count()} cores")
    figures: dict[str, Any] = {"data": where, "instructions": chip}
    quality: dict[str, Any] = figures.setdefault("quality", {})

    def keep(name: str, changes: Changes) -> None:
        quality[name] = _plain(changes)
        click.echo(f"{name}: {changes.outputs} of {changes.sentences} outputs differ")
        if out:
            write_json(out, figures)

    if number:
        _quality(job, models, wanted, 32, keep)
    if timed:
        sizes = [int(size) for size in batch_sizes.split(",")]
        figures["speed"] = _speed(job, models, [name for name in wanted if name != STEPWISE], sizes, timed)
    if out:
        write_json(out, figures)


if __name__ == "__main__":
    main()
