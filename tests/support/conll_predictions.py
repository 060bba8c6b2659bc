"""Files with predictions for the small CoNLL-2003 corpus of the fixtures."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result
from paths import CONLL

from llms_meet_ner import get_format
from llms_meet_ner.data_converters import load_card, read_corpus
from llms_meet_ner.eval.cli.score import main
from llms_meet_ner.records import Answer, PredictionRecord, Uncertainty
from llms_meet_ner.sentence import Sentence, tokens_sha1

LABELS = load_card("conll2003").labels


def records(split: str, change: Callable[[Sentence, str], str] = lambda sentence, output: output) -> list[str]:
    fmt = get_format()
    lines = []
    for sentence in read_corpus("conll2003", split, CONLL):
        output = change(sentence, fmt.render(sentence))
        alignment = fmt.parse(output, sentence.tokens, LABELS)
        lines.append(
            PredictionRecord.of(sentence.id, Answer(output), tokens_sha1(sentence.tokens), "free", alignment).line()
        )
    return lines


def write(lines: list[str], end: str = "\n") -> Path:
    path = Path("p.jsonl")
    path.write_text("\n".join(lines) + end, encoding="utf-8")
    return path


def score_file(*words: str, code: int = 0, split: str = "testb") -> Result:
    result = CliRunner().invoke(main, ["--corpus", "conll2003", "--source", str(CONLL), "--split", split, *words])
    assert result.exit_code == code, result.output
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result


def constrained_rows() -> list[dict[str, Any]]:
    """Return records of perfect outputs, but Ribe is a LOC; with a confidence of 0.9 for the first entity of a sentence and 0.95 for the second."""
    fmt = get_format()
    found = []
    for sentence in read_corpus("conll2003", "testb", CONLL):
        output = fmt.render(sentence).replace("[Ribe | ORG]", "[Ribe | LOC]")
        alignment = fmt.parse(output, sentence.tokens, LABELS)
        confidences = (0.9, 0.95)[: len(alignment.spans)]
        unsure = None if sentence.is_docstart else Uncertainty(0.1, 0.5)
        made = Answer(output, None if sentence.is_docstart else confidences, unsure)
        sha1 = tokens_sha1(sentence.tokens)
        found.append(json.loads(PredictionRecord.of(sentence.id, made, sha1, "constrained", alignment).line()))
    return found


def score_rows(found: list[dict[str, Any]], *words: str, code: int = 0) -> Result:
    write([json.dumps(row) for row in found])
    return score_file("--predictions", "p.jsonl", *words, code=code)


def scores_of(name: str = "scores.json") -> dict[str, Any]:
    document: dict[str, Any] = json.loads(Path(name).read_text())
    return document
