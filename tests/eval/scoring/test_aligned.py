"""Predictions on gold tokens: texts and spans, with confidences or without."""

from __future__ import annotations

from pathlib import Path

import pytest

from llms_meet_ner import LabelSet, LmnError, Sentence, Span, get_format
from llms_meet_ner.eval.scoring.aligned import AlignedPredictions, align_predictions, aligning, judge
from llms_meet_ner.eval.scoring.predictions import Prediction, Predictions
from llms_meet_ner.records import Uncertainty

LABELS = LabelSet.of("PER", "LOC")
ANNA, ROME = Span(0, 1, "PER"), Span(2, 3, "LOC")
SENTENCES = [
    Sentence("s/test/0", ("Anna", "left", "Rome"), (ANNA, ROME)),
    Sentence("s/test/1", ("It", "rained")),
]


def aligned(*rows: Prediction, least: float | None = None) -> AlignedPredictions:
    read = Predictions(Path("p.jsonl"), list(rows), "free")
    return align_predictions(read, SENTENCES, get_format(), LABELS, least)


def test_texts_are_parsed_and_spans_are_taken() -> None:
    found = aligned(Prediction(1, "[Anna | PER] left [Rome | DOG]"), Prediction(2, None, spans=()))
    assert [alignment.spans for alignment in found.kept] == [(ANNA,), ()]
    assert [entity.label for entity in found.kept[0].unknown_labels] == ["DOG"]
    assert (found.format, found.outputs, found.confidences) == (
        "bracketed",
        ["[Anna | PER] left [Rome | DOG]", ""],
        None,
    )
    with pytest.raises(LmnError, match=r"p\.jsonl:2: holds spans and no generated text"):
        found.texts()


def test_spans_with_other_labels_are_counted_and_not_scored() -> None:
    found = aligned(Prediction(1, None, spans=(ANNA, Span(1, 2, "DOG"))), Prediction(2, None))
    assert found.format == "spans"
    assert found.kept[0].spans == (ANNA,)
    assert [(entity.text, entity.label) for entity in found.kept[0].unknown_labels] == [("left", "DOG")]


def test_the_smallest_confidence_drops_spans_and_keeps_the_alignment() -> None:
    sure = Prediction(1, "[Anna | PER] left [Rome | LOC]", {ANNA: 0.9, ROME: 0.2})
    found = aligned(sure, Prediction(2, "It rained"), least=0.5)
    assert (found.aligned[0].spans, found.kept[0].spans, found.dropped) == ((ANNA, ROME), (ANNA,), 1)
    assert found.confidences == [(0.9, 0.2), ()]
    assert found.span_confidences == [{ANNA: 0.9, ROME: 0.2}, {}]


@pytest.mark.parametrize(
    ("rows", "line"),
    [
        ((Prediction(3, "[Anna | PER] left Rome"), Prediction(2, "It rained")), 2),  # no record has confidences
        ((Prediction(3, "[Anna | PER] left Rome"), Prediction(2, "It rained", {})), 3),
    ],
)
def test_a_smallest_confidence_needs_confidences(rows: tuple[Prediction, ...], line: int) -> None:
    with pytest.raises(LmnError, match=rf"p\.jsonl:{line}: no confidences \(decoding: free\)"):
        aligned(*rows, least=0.5)


def test_a_span_without_its_confidence_is_named() -> None:
    with pytest.raises(LmnError, match=r"p\.jsonl:1: the output aligns to \[2, 3, 'LOC'\]"):
        aligned(Prediction(1, "[Anna | PER] left [Rome | LOC]", {ANNA: 0.9}), Prediction(2, "It rained"))


def test_confidences_and_uncertainties_are_judged_where_there_are_some() -> None:
    rows = (
        Prediction(1, "[Anna | PER] left [Rome | PER]", {ANNA: 0.9, Span(2, 3, "PER"): 0.6}, Uncertainty(0.1, 0.3)),
        Prediction(2, "It rained", {}),
    )
    calibration, uncertainty = judge(aligned(*rows), SENTENCES)
    assert calibration is not None
    assert (calibration.predicted, sum(found.correct for found in calibration.bins)) == (2, 1)
    assert uncertainty is not None
    assert uncertainty.sentences == 1
    assert judge(aligned(Prediction(1, "Anna left Rome"), Prediction(2, "It rained")), SENTENCES) == (None, None)


def test_a_prediction_that_is_aligned_as_it_is_read_gives_the_same() -> None:
    rows = (Prediction(1, "[Anna | PER] left [Oslo | LOC]"), Prediction(2, None))
    align = aligning(get_format(), LABELS)
    now = aligned(*(align(row, sentence) for row, sentence in zip(rows, SENTENCES)))
    assert (now.aligned, now.outputs) == (aligned(*rows).aligned, aligned(*rows).outputs)


def test_of_an_output_without_end_the_beginning_and_its_length_are_kept() -> None:
    output = "[Anna | PER] left [Rome | LOC]" + " [Anna | PER]" * 1000
    kept = aligning(get_format(), LABELS)(Prediction(1, output), SENTENCES[0])
    assert kept.output == f"{output[: 8 * 14 + 1000]} ... (13,030 characters)"
    assert kept.alignment == get_format().parse(output, SENTENCES[0].tokens, LABELS)
    assert len(set(map(id, kept.alignment.ungrounded))) == 1
    assert aligning(get_format(), LABELS, whole=True)(Prediction(1, output), SENTENCES[0]).output == output


def test_the_other_reading_is_kept_where_it_finds_other_entities() -> None:
    wrapped = Prediction(1, "Here it is:\n[Anna | PER] left [Rome | LOC]")
    clean = Prediction(2, "It rained\nmore")
    for reading, spans in (("lenient", [(ANNA, ROME), ()]), ("published", [(), ()])):
        align = aligning(get_format(), LABELS, reading)  # type: ignore[arg-type]
        found = aligned(*(align(row, sentence) for row, sentence in zip((wrapped, clean), SENTENCES)))
        assert [alignment.spans for alignment in found.kept] == spans
        assert found.others
        assert [row.other is None for row in found.rows] == [False, True]
        assert [alignment.spans for alignment in found.others] == [(ANNA, ROME)[: 2 * (reading == "published")], ()]
    rows = (Prediction(1, "[Anna | PER] left"), clean)
    assert aligned(*map(aligning(get_format(), LABELS), rows, SENTENCES)).others is None
