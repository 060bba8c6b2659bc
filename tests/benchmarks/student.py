"""Measures how many sentences a second students and adapters answer, side by side in one process, on sentences of the demo's test split.

    python tests/benchmarks/student.py outputs/minilm_demo outputs/minilm_demo_onnx outputs/minilm_demo_int8 outputs/demo_smollm2

Each model is loaded, answers some sentences that are not counted, and then answers all of them in turn with the others, in a few rounds; the
best round counts. Models with prompts decode under constraints. F1 is strict, on the sentences that are answered. Look at the ratios:
sentences a second, divided by those of the last model.
"""

from __future__ import annotations

import argparse
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from llms_meet_ner.counts import Counts
from llms_meet_ner.data_converters import load_card, read_corpus
from llms_meet_ner.sentence import Sentence
from llms_meet_ner.students.student_file import is_student, weights_of
from llms_meet_ner.systems.system import System
from llms_meet_ner.tagging.loading import load

_WARM = 8
"""Sentences that a model answers before it is measured."""


@dataclass
class Row:
    """A model that is measured.

    Attributes:
        system: The model.
        kind: What runs it.
        size: Size of its own weights, in bytes.
        seconds: Time of the best round.
        cpu: Processor time of the round that took least of it, of all threads: on a machine that others use, look at this one.
        counts: Entities of its answers.
    """

    system: System
    kind: str
    size: int
    seconds: float = float("inf")
    cpu: float = float("inf")
    counts: Counts = field(default_factory=Counts)

    @classmethod
    def of(cls, folder: Path, batch_size: int) -> Row:
        """Load the model in a folder."""
        if is_student(folder):
            path = weights_of(folder)
            kind = {"model.onnx": "student, ONNX", "model.int8.onnx": "student, ONNX int8"}.get(
                path.name, "student, torch"
            )
        else:
            path, kind = folder / "adapter_model.safetensors", "adapter, torch"
        dtype = "auto" if path.suffix == ".onnx" else "float32"
        return cls(load(folder, batch_size=batch_size, dtype=dtype).system, kind, path.stat().st_size)

    def answer(self, sentences: Sequence[Sentence]) -> None:
        """Answer sentences, and keep the times if they are the shortest."""
        began, cpu = time.perf_counter(), time.process_time()
        answers = self.system.answer(sentences)
        self.seconds, self.cpu = (
            min(self.seconds, time.perf_counter() - began),
            min(self.cpu, time.process_time() - cpu),
        )
        self.counts = Counts()
        for sentence, answer in zip(sentences, answers, strict=True):
            found = set(self.system.read(answer, sentence).spans)
            self.counts += Counts(len(found & set(sentence.spans)), len(found), len(sentence.spans))


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
    rows = [Row.of(folder, asked.batch_size) for folder in asked.folders]
    for row in rows:
        row.system.answer(sentences[:_WARM])
    for _ in range(asked.rounds):
        for row in rows:
            row.answer(sentences)
    threads = f"torch {torch.get_num_threads()} threads, OMP_NUM_THREADS {os.environ.get('OMP_NUM_THREADS', 'not set')}"
    print(f"{len(sentences)} sentences of {tokens:.1f} tokens, batches of {asked.batch_size}, {threads}")
    print(f"{'':<56}{'MB of its own':>14}{'F1':>9}{'sentences/s':>13}{'x':>8}{'a CPU second':>14}{'x':>8}")
    last = rows[-1]
    for row, folder in zip(rows, asked.folders, strict=True):
        wall, cpu = (f"{len(sentences) / seconds:.1f}" for seconds in (row.seconds, row.cpu))
        print(
            f"{folder!s:<36}{row.kind:<20}{row.size / 1e6:>14.1f}{row.counts.f1:>9.4f}{wall:>13}{last.seconds / row.seconds:>8.1f}"
            f"{cpu:>14}{last.cpu / row.cpu:>8.1f}"
        )


if __name__ == "__main__":
    main()
