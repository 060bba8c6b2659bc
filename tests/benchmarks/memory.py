"""Measures the memory that scoring takes for a large predictions file, beside that of the gold alone.

    python tests/benchmarks/memory.py --megabytes 1000
    python tests/benchmarks/memory.py --megabytes 1000 --other FOLDER  # another version, put there by pip install --target FOLDER

Each line of the file is long, as hostile or broken tools write them: with a long prompt, an output that never ends, or keys that nothing
reads. So there are few sentences, and scoring needs little of what the file holds.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

LINE = 20_000
"""Characters of a line, about."""
TEXT = "Ada Lovelace met Charles Babbage in London and wrote the first program for his engine there , said the paper today ."
WORDS = TEXT.split()
CARD = """
name: memory
title: Sentences to measure memory with
language: en
licence: CC0-1.0
citation: none
splits: {test: test.conll}
reader: {type: columns, scheme: IOB2, separator: tab, token: 0, tag: 1, columns: 2}
docstart: none
labels: [{name: PER}, {name: LOC}]
"""
OUTPUT = f"[Ada Lovelace | PER] met [Charles Babbage | PER] in [London | LOC] {' '.join(WORDS[7:])}"
SHAPES = {
    "long prompts": {"prompt": "x " * (LINE // 2) + TEXT, "predict": OUTPUT},
    "endless outputs": {"predict": OUTPUT + " [Ada | PER] 😀" * (LINE // 16)},
    "unread keys": {"predict": OUTPUT, "more": [[]] * (LINE // 4)},
}
CHILD = """
import json, resource, sys
from pathlib import Path
from llms_meet_ner.data_converters import load_card
from llms_meet_ner.eval.evaluate import evaluate, read_gold
from llms_meet_ner.eval.scored_run.files import save_evaluation
gold = read_gold(load_card(Path("card.yaml")), "test")
alone = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
found = evaluate(gold, Path("predictions.jsonl"))
save_evaluation(found, Path("scored"))
print(json.dumps([alone, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, found.scores.micro.f1]))
"""


def write_corpus(folder: Path, sentences: int) -> None:
    """Write a corpus of equal sentences."""
    tags = ["B-PER", "I-PER", "O", "B-PER", "I-PER", "O", "B-LOC"] + ["O"] * (len(WORDS) - 7)
    text = "".join(f"{word}\t{tag}\n" for word, tag in zip(WORDS, tags)) + "\n"
    (folder / "card.yaml").write_text(CARD, encoding="utf-8")
    with (folder / "test.conll").open("w", encoding="utf-8") as file:
        file.writelines(text for _ in range(sentences))


def measured(folder: Path, other: Path | None) -> tuple[float, float, float]:
    """Return the peak memory with the gold alone and after scoring, in megabytes, and F1; of another version if one is given."""
    environment = {**os.environ, **({"PYTHONPATH": str(other)} if other else {})}
    done = subprocess.run(
        [sys.executable, "-c", CHILD], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(done.stderr[-2000:])
    alone, peak, f1 = json.loads(done.stdout)
    return alone / 1000, peak / 1000, f1


def lines(megabytes: int, versions: dict[str, Path | None], only: str | None) -> Iterator[str]:
    """Yield the lines of a table."""
    yield f"{'file':<18}{'MB':>7}  {'version':<10}{'gold MB':>9}{'peak MB':>9}{'more / file':>13}     F1"
    for name, row in SHAPES.items():
        if only and name != only:
            continue
        line = json.dumps(row, ensure_ascii=False) + "\n"
        number = megabytes * 1_000_000 // len(line.encode())
        with tempfile.TemporaryDirectory() as made:
            folder = Path(made)
            write_corpus(folder, number)
            with (folder / "predictions.jsonl").open("w", encoding="utf-8") as file:
                file.writelines(line for _ in range(number))
            size = (folder / "predictions.jsonl").stat().st_size / 1_000_000
            for version, other in versions.items():
                alone, peak, f1 = measured(folder, other)
                yield (
                    f"{name:<18}{size:>7,.0f}  {version:<10}{alone:>9,.0f}{peak:>9,.0f}{(peak - alone) / size:>13.2f}  {f1:.3f}"
                )


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=50, help="size of each predictions file (default: 50)")
    parser.add_argument(
        "--other", type=Path, help="folder with another version of the package, measured beside this one"
    )
    parser.add_argument("--only", choices=list(SHAPES), help="measure one kind of file")
    options = parser.parse_args()
    versions: dict[str, Path | None] = {"this": None}
    if options.other:
        versions["other"] = options.other.resolve()
    for line in lines(options.megabytes, versions, options.only):
        print(line, flush=True)


if __name__ == "__main__":
    main()
