"""Measures how fast clean files of each layout are converted, and, beside it in the same run, how fast another version does it.

    python tests/benchmarks/convert.py [--sentences N]
    python tests/benchmarks/convert.py --other FOLDER  # another version, put there by pip install --no-deps --target FOLDER

Each figure is the best of several rounds, in processor seconds of the process that converts, without its start. The versions take turns.
The ratio is the other version's seconds divided by this one's: above 1, this one is faster.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

TEXT = "Ada Lovelace met Charles Babbage in London and wrote the first program for his engine there , said the paper ."
WORDS = TEXT.split()
SPANS = [(0, 2, "PER"), (3, 5, "PER"), (6, 7, "LOC")]
CARD = """
name: speed
title: Sentences to measure speed with
language: en
licence: CC0-1.0
citation: none
splits: {{train: {file}}}
reader: {reader}
docstart: none
labels: [{{name: PER}}, {{name: LOC}}]
"""
CHILD = """
import sys, time
from click.testing import CliRunner
from llms_meet_ner.data_converters.cli.convert import main
begun = time.process_time()
done = CliRunner().invoke(main, ["card.yaml", "--source", ".", "--out", "out"])
assert done.exit_code == 0, done.output
print(time.process_time() - begun)
"""


def tags(b: str = "B") -> list[str]:
    """Return the tags of the sentence; `b` is the prefix of a chunk's first token."""
    found = ["O"] * len(WORDS)
    for start, end, label in SPANS:
        found[start:end] = [f"{b}-{label}"] + [f"I-{label}"] * (end - start - 1)
    return found


def columns(b: str) -> Callable[[list[str]], str]:
    """Return the function that writes a sentence as columns."""
    return lambda words: "".join(f"{word}\t{tag}\n" for word, tag in zip(words, tags(b), strict=True)) + "\n"


def record(words: list[str]) -> str:
    """Write a sentence as a record with tokens and tags."""
    return json.dumps({"tokens": words, "ner_tags": tags()}) + "\n"


def spanned(words: list[str]) -> str:
    """Write a sentence as a record with a text and character spans."""
    starts = [sum(len(word) + 1 for word in words[:at]) for at in range(len(words) + 1)]
    spans = [{"start": starts[start], "end": starts[end] - 1, "label": label} for start, end, label in SPANS]
    return json.dumps({"text": " ".join(words), "spans": spans}) + "\n"


LAYOUTS: dict[str, tuple[str, Callable[[list[str]], str]]] = {
    "columns, IOB2": ("{type: columns, scheme: IOB2, separator: tab}", columns("B")),
    "columns, IOB1": ("{type: columns, scheme: IOB1}", columns("I")),
    "lines": (
        '{type: lines, scheme: IOB2, within: "|"}',
        lambda words: " ".join(map("|".join, zip(words, tags(), strict=True))) + "\n",
    ),
    "tokens": ("{type: tokens, scheme: IOB2}", record),
    "spans": ("{type: spans, language: en}", spanned),
}
"""Reader on the card, and the function that writes a sentence, by layout."""


def seconds(folder: Path, other: Path | None) -> float:
    """Return the processor seconds of a conversion; of another version if one is given."""
    environment = {**os.environ, **({"PYTHONPATH": str(other)} if other else {})}
    done = subprocess.run(
        [sys.executable, "-c", CHILD], cwd=folder, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        sys.exit(done.stderr[-2000:])
    return float(done.stdout)


def lines(sentences: int, rounds: int, other: Path | None, only: str | None) -> Iterator[str]:
    """Yield the lines of a table."""
    yield f"{'layout':<16}{'sentences':>11}{'seconds':>10}{'sentences/s':>13}" + (
        "     other    ratio" if other else ""
    )
    for name, (reader, write) in LAYOUTS.items():
        if only and name != only:
            continue
        with tempfile.TemporaryDirectory() as made:
            folder = Path(made)
            (folder / "card.yaml").write_text(CARD.format(file="file", reader=reader), encoding="utf-8")
            with (folder / "file").open("w", encoding="utf-8") as file:
                file.writelines(write([*WORDS[:-2], f"paper{number}", "."]) for number in range(sentences))
            measured = [(seconds(folder, None), seconds(folder, other) if other else 0.0) for _ in range(rounds)]
        this, that = min(one for one, _ in measured), min(two for _, two in measured)
        end = f"{that:>10.2f}{that / this:>8.2f}x" if other else ""
        yield f"{name:<16}{sentences:>11,}{this:>10.2f}{sentences / this:>13,.0f}{end}"


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sentences", type=int, default=50_000, help="sentences of each file (default: 50,000)")
    parser.add_argument("--rounds", type=int, default=3, help="rounds, of which the best counts (default: 3)")
    parser.add_argument("--other", type=Path, help="folder with another version of the package")
    parser.add_argument("--only", choices=list(LAYOUTS), help="measure one layout")
    options = parser.parse_args()
    other = options.other.resolve() if options.other else None
    for line in lines(options.sentences, options.rounds, other, options.only):
        print(line, flush=True)


if __name__ == "__main__":
    main()
