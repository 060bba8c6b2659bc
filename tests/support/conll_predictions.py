"""Files with predictions for the small CoNLL-2003 corpus of the fixtures."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from paths import CONLL

from llms_meet_ner import get_format
from llms_meet_ner.data_converters import load_card, read_corpus
from llms_meet_ner.records import Answer, PredictionRecord
from llms_meet_ner.sentence import Sentence, tokens_sha1

LABELS = load_card("conll2003").labels


def records(split: str, change: Callable[[Sentence, str], str] = lambda sentence, output: output) -> list[str]:
    fmt = get_format()
    lines = []
    for sentence in read_corpus("conll2003", split, CONLL):
        output = change(sentence, fmt.render(sentence))
        alignment = fmt.parse(output, sentence.tokens, LABELS)
        lines.append(
            PredictionRecord.of(sentence.id, Answer(output), tokens_sha1(sentence.tokens), "free", alignment).to_json()
        )
    return lines


def write(lines: list[str], end: str = "\n") -> Path:
    path = Path("p.jsonl")
    path.write_text("\n".join(lines) + end, encoding="utf-8")
    return path
