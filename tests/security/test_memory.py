"""Files that are larger than what is in them: memory follows from what is used, and not from the size of the file."""

from __future__ import annotations

import json
import tracemalloc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conll_predictions import score_file

from llms_meet_ner.data_converters import load_card
from llms_meet_ner.eval.evaluate import evaluate, read_gold
from llms_meet_ner.formats import get_format
from llms_meet_ner.sentence import Sentence

MEGABYTE = 1_000_000
PADDING = 100_000
"""Characters of a line that scoring has no use for."""

SHAPES: dict[str, Callable[[str, str], dict[str, Any]]] = {
    "long prompts": lambda text, output: {"prompt": "x" * PADDING + text, "predict": output},
    "endless outputs": lambda text, output: {"predict": output + " 😀" * (PADDING // 5)},
    "unread keys": lambda text, output: {"predict": output, "more": ["x" * 1000] * (PADDING // 1000)},
}


def write(sentences: list[Sentence], row: Callable[[str, str], dict[str, Any]]) -> None:
    with Path("p.jsonl").open("w", encoding="utf-8") as file:
        for sentence in sentences:
            file.write(json.dumps(row(sentence.text, get_format().render(sentence)), ensure_ascii=False) + "\n")


@pytest.mark.parametrize("shape", SHAPES)
def test_scoring_keeps_little_of_a_large_predictions_file(shape: str, workdir: Path) -> None:
    gold = read_gold(load_card("demo"), "testb").first(100)
    write(gold.sentences, lambda text, output: {"predict": output})
    evaluate(gold, Path("p.jsonl"))  # imports what scoring needs
    write(gold.sentences, SHAPES[shape])
    tracemalloc.start()
    try:
        evaluation = evaluate(gold, Path("p.jsonl"))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert evaluation.scores.micro.f1 == 1
    assert Path("p.jsonl").stat().st_size > 10 * MEGABYTE
    assert peak < 9 * MEGABYTE


def test_a_line_without_end_is_refused_by_the_command(workdir: Path) -> None:
    with Path("p.jsonl").open("wb") as file:
        file.write(b'{"predict": "')
        file.truncate(40 * MEGABYTE)
    message = score_file("--predictions", "p.jsonl", code=1).stderr
    assert message.startswith("Error: p.jsonl:1: a line of more than 16,777,216 bytes; ")
    assert len(message) < 300
