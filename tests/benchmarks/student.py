"""Measures how many sentences a second students and adapters answer, side by side in one process, on sentences of the demo's test split.

    python tests/benchmarks/student.py outputs/minilm_demo outputs/demo_smollm2

Each model is loaded, answers some sentences that are not counted, and then answers all of them in turn with the others, in a few rounds; the
best round counts. Models with prompts decode under constraints. Look at the ratios: sentences a second, divided by those of the last model.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from pathlib import Path

from llms_meet_ner.data_converters import load_card, read_corpus
from llms_meet_ner.sentence import Sentence
from llms_meet_ner.systems.system import System
from llms_meet_ner.tagging.tagger import load

_WARM = 8
"""Sentences that a model answers before it is measured."""


def seconds_of(system: System, sentences: Sequence[Sentence]) -> float:
    """Return the time in which a system answers sentences."""
    began = time.perf_counter()
    system.answer(sentences)
    return time.perf_counter() - began


def measure(folders: Sequence[Path], sentences: Sequence[Sentence], batch_size: int, rounds: int) -> dict[str, float]:
    """Return the sentences a second of the models in folders, by folder."""
    systems = {str(folder): load(folder, batch_size=batch_size, dtype="float32").system for folder in folders}
    best = dict.fromkeys(systems, float("inf"))
    for system in systems.values():
        system.answer(sentences[:_WARM])
    for _ in range(rounds):
        for name, system in systems.items():
            best[name] = min(best[name], seconds_of(system, sentences))
    return {name: len(sentences) / seconds for name, seconds in best.items()}


def main() -> None:
    """Print a line for each model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, metavar="FOLDER")
    parser.add_argument("--sentences", type=int, default=100)
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    import torch

    sentences = list(read_corpus(load_card("demo"), "testb"))[: asked.sentences]
    tokens = sum(len(sentence.tokens) for sentence in sentences) / len(sentences)
    rates = measure(asked.folders, sentences, asked.batch_size, asked.rounds)
    last = [*rates.values()][-1]
    print(
        f"{len(sentences)} sentences of {tokens:.1f} tokens, batches of {asked.batch_size}, float32, {torch.get_num_threads()} threads"
    )
    for name, rate in rates.items():
        print(f"{name:<32}  {rate:8.1f} sentences/s  {rate / last:8.1f} x")


if __name__ == "__main__":
    main()
