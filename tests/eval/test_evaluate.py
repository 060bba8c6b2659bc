"""Predictions against the gold: what is counted, with which labels, and what cannot be scored."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from conll_predictions import write

from llms_meet_ner import LmnError
from llms_meet_ner.data_converters import load_card, prompt_spec_of
from llms_meet_ner.data_converters.readers import CorpusFile
from llms_meet_ner.eval import Counts
from llms_meet_ner.eval.evaluate import Evaluation, Gold, evaluate
from llms_meet_ner.sentence import Sentence, Span
from llms_meet_ner.typed_json import to_json


def test_of_nested_predictions_for_a_flat_corpus_the_outer_entity_counts(workdir: Path) -> None:
    card = load_card("germeval2014")
    sentence = Sentence("germeval2014/test/0", ("FC", "Bayern", "siegt"), (Span(0, 2, "ORG"),))
    spec = prompt_spec_of(load_card("germeval2014_nested"), "bracketed")
    (workdir / "gold.tsv").write_text("x\n")
    write([json.dumps({"id": sentence.id, "output": "[FC [Bayern | LOC] | ORG] siegt"})])
    scores = evaluate(
        Gold(card, "test", CorpusFile(workdir, "gold.tsv"), [sentence]), Path("p.jsonl"), spec=spec
    ).scores
    assert (scores.micro.correct, scores.micro.predicted, scores.alignment.dropped) == (1, 1, 1)


ORG = Span(0, 2, "ORG")


LOC = Span(0, 1, "LOC")


NESTED = {
    "output": "[[Bayern | LOC] München | ORG]",
    "spans": [[0, 2, "ORG"], [0, 1, "LOC"]],
    "confidences": [0.6, 0.9],
}


def score_one(card: str, gold: tuple[Span, ...], least: float | None) -> tuple[Any, dict[str, Any]]:
    evaluation = evaluated(card, gold, least)
    return evaluation.run.scores, to_json(evaluation.run)


def evaluated(card: str, gold: tuple[Span, ...], least: float | None) -> Evaluation:
    Path("gold.tsv").write_text("x\n")
    Path("p.jsonl").write_text(json.dumps({"id": "g/test/0", **NESTED}))
    sentence = Sentence("g/test/0", ("Bayern", "München"), gold)
    spec = prompt_spec_of(load_card("germeval2014_nested"), "bracketed")
    gold_side = Gold(load_card(card), "test", CorpusFile(Path(), "gold.tsv"), [sentence])
    return evaluate(gold_side, Path("p.jsonl"), spec=spec, min_confidence=least)


def test_nested_entities_have_their_own_confidences(workdir: Path) -> None:
    found, document = score_one("germeval2014_nested", (ORG, LOC), 0.8)
    assert (found.labels, document["below_min_confidence"]) == ({"LOC": Counts(1, 1, 1), "ORG": Counts(0, 0, 1)}, 1)
    assert document["calibration"]["predicted"] == 2
    _, document = score_one("germeval2014_nested", (LOC,), None)
    assert document["calibration"]["expected_calibration_error"] == pytest.approx((0.6 + 0.1) / 2)
    (row,) = evaluated("germeval2014_nested", (LOC,), None).sentences
    assert ([pair.predicted for pair in row.pairs], row.confidences) == ([ORG, LOC], (0.6, 0.9))


def test_of_nested_predictions_for_a_flat_corpus_the_outer_keeps_its_confidence(workdir: Path) -> None:
    _, document = score_one("germeval2014", (ORG,), None)
    assert document["calibration"]["brier"] == pytest.approx(0.4**2)
    assert document["calibration"]["predicted"] == 1
    found, document = score_one("germeval2014", (ORG,), 0.8)
    assert (found.micro, document["below_min_confidence"]) == (Counts(0, 0, 1), 1)


def test_a_smallest_confidence_that_is_none_is_an_error_in_python_too(workdir: Path) -> None:
    with pytest.raises(LmnError, match=r"--min-confidence 2: a probability is a number from 0 to 1"):
        score_one("germeval2014", (ORG,), 2)
