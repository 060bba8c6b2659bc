"""The walk of docs/first_student.md on real text, timed: from `news.txt` and 50 corrected sentences to a student.

    python tests/verify/first_student.py --corpora DIR --out /tmp/walk

The texts are sentences of WikiGold's training split without their tokens and gold; whoever corrects 50 of them, drawn at random, is its gold.
The same student is trained on the adapter's labels alone, on the 50 alone, on both together, and on one after the other, and scored on
WikiGold's test split. Run it in the root of a checkout with the demo's adapter.
"""

from __future__ import annotations

import argparse
import json
import random
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from llms_meet_ner.data_converters import load_card, read_corpus
from llms_meet_ner.eval.scored_run.files import load_run
from llms_meet_ner.sentence import Sentence

RECIPE = "recipes/students/minilm_demo.yaml"
SEED = 1
REPEATS = 4
"""How often the corrected sentences stand in the training."""
_MODULES = {"annotate": "annotation.cli.annotate", "convert": "data_converters.cli.convert", "train": "cli.train", "tag": "cli.tag", "eval": "eval.cli.score"}  # fmt: skip


class Walk:
    """Commands that are run, and how long each took."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}

    def run(self, name: str, command: str, *words: str | Path) -> str:
        """Run `lmn-COMMAND` with some words, and return what it prints."""
        shown = " ".join(map(str, words))
        code = f"import sys; from llms_meet_ner.{_MODULES[command]} import main; sys.argv[0] = 'lmn-{command}'; main()"
        start = time.monotonic()
        result = subprocess.run(
            [sys.executable, "-c", code, *map(str, words)], capture_output=True, text=True, check=False
        )
        self.seconds[name] = time.monotonic() - start
        if result.returncode:
            raise SystemExit(f"lmn-{command} {shown}\n{result.stderr}")
        print(f"{self.seconds[name]:7.1f} s  lmn-{command} {shown}", flush=True)
        return result.stdout


def char_spans(sentence: Sentence) -> list[tuple[int, int, str]]:
    """Return the gold entities by positions in the sentence's characters that are no space."""
    ends = [0]
    for token in sentence.tokens:
        ends.append(ends[-1] + len("".join(token.split())))
    return [(ends[span.start], ends[span.end], span.label) for span in sentence.spans]


def corrected(text: str, start: int, gold: Sequence[tuple[int, int, str]]) -> list[list[int | str]]:
    """Return the gold entities that lie inside a text, as doccano writes them.

    Args:
        text: Text that the tool shows.
        start: Position of its first character among those of its line that are no space.
        gold: Gold entities of the line, by such positions.
    """
    places = [at for at, character in enumerate(text) if not character.isspace()]
    inside = [
        (low - start, high - start, label) for low, high, label in gold if low >= start and high <= start + len(places)
    ]
    return [[places[low], places[high - 1] + 1, label] for low, high, label in inside]


def correct(
    exported: Path, provenance: Path, lines: Sequence[str], gold: Sequence[Sentence], number: int
) -> list[dict[str, object]]:
    """Return some texts of an export for doccano, drawn at random, with their gold in place of the suggestions."""
    asked = [json.loads(line) for line in provenance.read_text().splitlines()]
    pairs = list(zip(asked, map(json.loads, exported.read_text().splitlines())))
    found = []
    for row, text in random.Random(SEED).sample(pairs, number):
        before = "".join(lines[row["line"] - 1][: row["start"]].split())
        found.append({**text, "label": corrected(text["text"], len(before), char_spans(gold[row["line"] - 1]))})
    return found


def walk(corpora: Path, out: Path, texts: int, number: int) -> tuple[dict[str, float], dict[str, float]]:
    """Go from `news.txt` to students, and return the seconds of each step and the F1 of each student on the test split."""
    source, one = corpora / "wikigold", Walk()
    gold = list(read_corpus(load_card("wikigold"), "train", source))[:texts]
    lines = [" ".join(sentence.tokens) for sentence in gold]
    out.mkdir(parents=True, exist_ok=True)
    (out / "news.txt").write_text("".join(f"{line}\n" for line in lines))
    news, fifty, tool, done = out / "news", out / "fifty", out / "to_correct.jsonl", out / "corrected.jsonl"
    one.run("label", "annotate", "run", out / "news.txt", "--adapter", "outputs/demo_smollm2", "--out", news)
    one.run("export", "annotate", "export", news, "--tool", "doccano", "--out", tool)
    rows = correct(tool, news / "provenance.jsonl", lines, gold, number)
    done.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows))
    one.run("import", "annotate", "import", done, "--tool", "doccano", "--reviewed", "--from", news, "--out", fifty)
    alpaca = out / "alpaca"
    for name, folder in (("convert labels", news), ("convert corrected", fifty)):
        one.run(name, "convert", folder / "card.yaml", "--out", alpaca)
    words = (RECIPE, f"dataset_dir={alpaca}", "eval_dataset=null")
    students = {
        "LLM labels and 50 corrected": out / "student",
        "LLM labels": out / "labels",
        "50 corrected alone": out / "alone",
        "LLM labels, then 50 corrected": out / "then",
    }
    both, labels, alone, then = students.values()
    sets = ",".join(["news_train", *["fifty_train"] * REPEATS])
    one.run("train", "train", *words, f"dataset={sets}", f"output_dir={both}")
    one.run("tag", "tag", "--adapter", both, out / "news.txt")
    one.run("(train on labels)", "train", *words, "dataset=news_train", f"output_dir={labels}")
    one.run("(alone)", "train", *words, "dataset=fifty_train", f"output_dir={alone}", "num_train_epochs=30")
    further = (f"model_name_or_path={labels}", "learning_rate=0.0001", "num_train_epochs=10")
    one.run("(then)", "train", *words, "dataset=fifty_train", f"output_dir={then}", *further)
    f1 = {}
    for name, folder in students.items():
        words = ("--corpus", "wikigold", "--source", source, "--split", "test", "--adapter", folder)
        scores = one.run(f"({name})", "eval", *words).strip().splitlines()[-1]
        f1[name] = load_run(Path(scores)).scores.micro.f1
    return one.seconds, f1


def main() -> None:
    """Print the time of each step, and the F1 of each student."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--corpora", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--texts", type=int, default=300)
    parser.add_argument("--corrected", type=int, default=50)
    asked = parser.parse_args()
    seconds, f1 = walk(asked.corpora, asked.out, asked.texts, asked.corrected)
    user = sum(value for name, value in seconds.items() if not name.startswith("("))
    print(f"commands of the walk: {user / 60:.1f} min")
    for name, value in f1.items():
        print(f"F1 on test, {name}: {value:.4f}")


if __name__ == "__main__":
    main()
