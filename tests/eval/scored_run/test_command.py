"""The command that scores a run again: whatever the run was scored with, it writes the same file."""

from __future__ import annotations

import json
import shlex
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from llms_meet_ner import get_format
from llms_meet_ner.data_converters import load_card, read_corpus
from llms_meet_ner.eval.cli.score import main
from llms_meet_ner.eval.scored_run.command import command_of
from llms_meet_ner.records import spans_to_json

WORDS = ["--corpus", "demo", "--split", "testb", "--predictions", "a/p.jsonl"]


def call(*words: str) -> Result:
    result = CliRunner().invoke(main, list(words))
    assert result.exit_code == 0, result.output
    return result


def predictions(format_name: str = "bracketed", change: Any = None, limit: int | None = None) -> None:
    """Write predictions of the demo corpus, with an error and with confidences."""
    Path("a").mkdir()
    card = load_card("demo")
    labels = change(card.labels) if change else card.labels
    fmt = get_format(format_name)
    with Path("a/p.jsonl").open("w", encoding="utf-8") as file:
        for number, sentence in enumerate(list(read_corpus(card.with_labels(labels), "testb"))[:limit]):
            output = fmt.render(sentence) if number else sentence.text
            spans = fmt.parse(output, sentence.tokens, labels).spans
            sure = [0.6 if number % 2 else 0.95] * len(spans)
            row = {"id": sentence.id, "output": output, "spans": spans_to_json(spans), "confidences": sure}
            file.write(json.dumps(row) + "\n")


@pytest.mark.parametrize(
    ("made", "options", "file"),
    [
        ({}, [], "a/scores.json"),
        ({"format_name": "xml"}, ["--format", "xml"], "a/scores.json"),
        ({"limit": 20}, ["--limit", "20"], "a/scores.json"),
        ({}, ["--repair", "discard"], "a/scores.json"),
        ({}, ["--reading", "published"], "a/scores.json"),
        ({}, ["--min-confidence", "0.9"], "a/scores.min0.9.json"),
        ({}, ["--baselines", "--scorer", "llms4ner"], "a/scores.json"),
        ({}, ["--baselines", "--train-split", "testa"], "a/scores.json"),
        ({}, ["--out", "other place"], "other place/scores.json"),
        ({"change": lambda labels: labels.changed(keep=["PER"])}, ["--keep", "PER"], "a/scores.json"),
        (
            {"change": lambda labels: labels.changed(drop=["MISC"], merge={"X": ["LOC", "ORG"]}, rename={"PER": "P"})},
            ["--drop", "MISC", "--merge", "X=LOC,ORG", "--rename", "PER=P"],
            "a/scores.json",
        ),
        ({"change": lambda labels: labels.lettered(definitions=True)}, ["--variant", "letters"], "a/scores.json"),
    ],
)
def test_the_command_that_is_named_writes_the_same_scores(
    workdir: Path, made: dict[str, Any], options: list[str], file: str
) -> None:
    predictions(**made)
    call(*WORDS, *options)
    scores = Path(file)
    before = scores.read_bytes()
    row = json.loads(before)
    assert row["nervaluate"]["overall"]["strict"]["correct"] > 0
    scores.write_text(json.dumps(row | {"schema": 1}))
    for words in (["report", file], ["compare", file, file]):
        result = CliRunner().invoke(main, words)
        assert (result.exit_code, result.stderr.count("\n")) == (1, 1)
    call(*shlex.split(result.stderr.split(": lmn-eval ")[1]))
    assert scores.read_bytes() == before


@pytest.mark.parametrize(
    ("row", "command"),
    [
        ({"recipe": "my recipes/r.yaml", "corpus": "demo", "split": "test", "predictions": "p.jsonl"}, "--recipe 'my recipes/r.yaml' --split test --predictions p.jsonl"),
        ({"recipe": None, "corpus": "demo", "split": "testb", "predictions": "p.jsonl", "min_confidence": 0.9}, "--corpus demo --split testb --predictions p.jsonl --min-confidence 0.9"),
        ({"corpus": "demo"}, "--corpus demo"),
        ({"corpus": "demo", "format": [], "label_origins": {"A": []}, "baselines": 3, "analysis": None, "predictions": {}}, "--corpus demo --predictions '{}'"),
        ({}, ""),
    ],
)  # fmt: skip
def test_whatever_a_file_holds_a_command_is_named(workdir: Path, row: dict[str, Any], command: str) -> None:
    assert command_of(row, Path("scores.json")) == f"lmn-eval {command}".rstrip()
