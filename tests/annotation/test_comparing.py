"""Several ways to label on the same gold."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from llms_meet_ner import LmnError, Sentence, Span
from llms_meet_ner.annotation.comparing import Contender, check_labels, compare, labelled_earlier
from llms_meet_ner.annotation.labelled_corpus import LabelledCorpus, write_corpus
from llms_meet_ner.annotation.ledger import Bill
from llms_meet_ner.annotation.provenance import LabellingSystem
from llms_meet_ner.annotation.texts import Origin, Texts
from llms_meet_ner.eval.analysis.resampling import differences, intervals
from llms_meet_ner.eval.scoring.counts import strict_counts
from llms_meet_ner.labels import LabelSet
from llms_meet_ner.records import PredictionRecord
from llms_meet_ner.sentence import tokens_sha1

SYSTEM = LabellingSystem("gpt", "xml", "gpt-1", "0" * 64)
GOLD = [Sentence(f"x/test/{n}", ("Ada", "left", str(n)), (Span(0, 1, "PER"),)) for n in range(6)]


def record(sentence: Sentence, *spans: Span, status: str = "exact", reasons: tuple[str, ...] = ()) -> PredictionRecord:
    return PredictionRecord(sentence.id, "", tokens_sha1(sentence.tokens), "free", spans, status, reasons)  # type: ignore[arg-type]


RIGHT = [record(sentence, Span(0, 1, "PER")) for sentence in GOLD]
HALF = [
    record(GOLD[0], Span(0, 1, "PER")), record(GOLD[1], Span(0, 2, "PER"), status="repaired", reasons=("lost",)),
    record(GOLD[2], status="failed", reasons=("miscounted", "loose-json")), record(GOLD[3], status="failed", reasons=("empty",)),
    record(GOLD[4]), record(GOLD[5], Span(0, 1, "PER"), Span(1, 2, "PER")),
]  # fmt: skip


def test_scores_reasons_cost_and_differences_stand_side_by_side() -> None:
    bill = Bill(6, 600, 60, 0, 3.0, 0.12, "EUR")
    found = compare(
        "x", "test", GOLD, [Contender("a", SYSTEM, RIGHT, None, None), Contender("b", SYSTEM, HALF, bill, 0.5)]
    )
    first, second = found.rows
    assert (first.micro.f1, first.f1.low, first.f1.high, first.difference) == (1.0, 1.0, 1.0, None)
    counts = [[strict_counts(one.spans, of.spans) for one, of in zip(GOLD, records)] for records in (RIGHT, HALF)]
    assert second.f1 == intervals(counts[1], [0] * 6, ()).micro.f1
    f1 = differences(*counts)[2]
    assert second.difference == (f1.value, f1.interval, f1.p_value)
    assert second.micro.f1 == pytest.approx(2 * 2 / (4 + 6))
    assert second.unreadable == {"empty": 1, "loose-json": 1, "miscounted": 1}
    assert second.repaired == {"lost": 1}
    scores, reasons, gaps = found.tables()
    assert scores.rows[1][0:2] == ("b", "0.4000")
    assert scores.rows[1][5:] == ("33.3%", "600", "60", "0.1200 EUR", "0.50")
    assert scores.rows[0][5:] == ("0.0%", "-", "-", "-", "-")
    assert (reasons.header, reasons.rows[1]) == (
        ("labelled by", "all", "empty", "loose-json", "miscounted"),
        ("b", "2", "1", "1", "1"),
    )
    assert gaps.rows[0][:2] == ("b", "-0.6000")
    assert len(compare("x", "test", GOLD, [Contender("a", SYSTEM, RIGHT, None, None)]).tables()) == 2
    assert json.loads(json.dumps(found.to_dict()))["rows"][1]["bill"]["tokens_in"] == 600


def test_answers_to_other_sentences_or_for_other_labels_are_refused() -> None:
    with pytest.raises(LmnError, match="a: has answers to other sentences"):
        compare("x", "test", GOLD[:5], [Contender("a", SYSTEM, RIGHT, None, None)])
    check_labels("a", ["PER", "LOC"], ["LOC", "PER"])
    with pytest.raises(LmnError, match="a: was asked for PER, and the gold has PER, LOC: scores would mean nothing"):
        check_labels("a", ["PER"], ["PER", "LOC"])


def test_a_labelled_corpus_is_compared_on_a_part_of_its_sentences(tmp_path: Path) -> None:
    texts = Texts("x test", "test", tuple(GOLD), tuple(Origin(None) for _ in GOLD), {})
    write_corpus(
        tmp_path, LabelledCorpus("llm", "en", LabelSet.of("PER")), texts, RIGHT, SYSTEM, "2026-11-26T10:00:00+00:00"
    )
    (tmp_path / "run").mkdir()
    (tmp_path / "run/predictions.jsonl").write_text("".join(row.line() + "\n" for row in RIGHT))
    found = labelled_earlier(tmp_path, GOLD[2:4])
    assert (found.name, found.system, list(found.records), found.bill) == (str(tmp_path), SYSTEM, RIGHT[2:4], None)
    lines = [json.loads(line) for line in (tmp_path / "provenance.jsonl").read_text().splitlines()]
    for line in lines:
        line |= {"requests": 1, "tokens_in": 10, "tokens_out": 2, "cost": 0.5, "currency": "EUR"}
    (tmp_path / "provenance.jsonl").write_text("\n".join(map(json.dumps, lines)))
    assert labelled_earlier(tmp_path, GOLD[2:4]).bill == Bill(2, 20, 4, 0, 0.0, 1.0, "EUR")
    lines[3] |= {"requests": 0, "tokens_in": 0, "tokens_out": 0, "cost": 0.0, "shared_with": [GOLD[0].id]}
    (tmp_path / "provenance.jsonl").write_text("\n".join(map(json.dumps, lines)))
    assert labelled_earlier(tmp_path, GOLD[3:4]).bill == Bill(1, 10, 2, 0, 0.0, 0.5, "EUR"), "whoever paid for it"
    for other in (Sentence("x/test/9", ("Ada",)), Sentence("x/test/1", ("Eve",))):
        with pytest.raises(LmnError, match=rf"has no answer to {other.id}; label a corpus that holds the whole sample"):
            labelled_earlier(tmp_path, [other])
    with pytest.raises(LmnError, match="name a folder that lmn-annotate run has written"):
        labelled_earlier(tmp_path / "nowhere", GOLD)
