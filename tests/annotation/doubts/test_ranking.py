"""Kinds and scores of doubts, by hand."""

from __future__ import annotations

import pytest

from llms_meet_ner import Sentence, Span
from llms_meet_ner.annotation.doubts.judging import Judgement
from llms_meet_ner.annotation.doubts.ranking import Doubt, Witness, rank
from llms_meet_ner.annotation.doubts.token_issues import TokenIssues
from llms_meet_ner.records import Uncertainty

TOKENS = tuple("abcdefghijkl")
GOLD = (Span(0, 1, "PER"), Span(1, 3, "LOC"), Span(3, 4, "LOC"), Span(6, 7, "ORG"), Span(8, 9, "PER"))
SAID = (Span(0, 1, "ORG"), Span(1, 2, "LOC"), Span(3, 5, "PER"), Span(8, 9, "PER"), Span(10, 12, "LOC"))
SENTENCE = Sentence("c/train/0", TOKENS, GOLD)
JUDGEMENT = Judgement(
    "c/train/0", SAID, (0.9, 0.6, 0.5, 0.8, 0.7), (0.05, 0.1, 0.1, 0.1, 0.2), (0.05, 0.3, 0.25, 0.1, 0.8),
    (0.05, 0.1, 0.2, 0.85, 0.1), Uncertainty(0, 0), (),
)  # fmt: skip
ISSUES = TokenIssues([[0.1, 0.4, 0.3, 0.5, 0.2, 0.9, 0.15, 0.9, 0.8, 0.9, 0.6, 0.35]], frozenset({(0, 0), (0, 11)}))


def found(*witnesses: Witness) -> dict[str, Doubt]:
    doubts = rank([SENTENCE], [JUDGEMENT], ISSUES, witnesses)
    assert [one.rank for one in doubts] == list(range(1, 7))
    assert [one.score for one in doubts] == sorted((one.score for one in doubts), reverse=True)
    return {one.kind: one for one in doubts}


def test_each_difference_has_its_kind_and_the_probabilities_of_both_sides() -> None:
    doubts = found()
    sides = {kind: (one.gold, one.suggested, one.students.gold, one.students.suggested) for kind, one in doubts.items()}
    assert sides == {
        "label": (GOLD[0], SAID[0], 0.05, 0.9),
        "boundary": (GOLD[1], SAID[1], 0.3, 0.6),
        "both": (GOLD[2], SAID[2], 0.25, 0.5),
        "surplus": (GOLD[3], None, 0.1, 0.85),
        "agreed": (GOLD[4], None, 0.8, pytest.approx(0.2)),
        "missing": (None, SAID[4], 0.2, 0.7),
    }
    assert list(doubts) == ["label", "missing", "surplus", "boundary", "both", "agreed"]
    assert doubts["label"].score == pytest.approx((1 + 0.9 - 0.05) / 2)
    assert doubts["surplus"].score == pytest.approx((1 + (0.85 - 0.1) / 2) / 2)
    assert doubts["agreed"].score == pytest.approx(1 - 0.8)
    assert [one.words for one in doubts.values()] == ["a", "k l", "g", "b c", "d", "i"]


def test_cleanlab_is_asked_about_the_tokens_of_both_sides() -> None:
    doubts = found()
    assert {kind: (one.token_quality, one.token_issue) for kind, one in doubts.items()} == {
        "label": (0.1, True), "surplus": (0.15, False), "missing": (0.35, True), "boundary": (0.3, False), "both": (0.2, False),
        "agreed": (0.8, False),
    }  # fmt: skip


def test_a_witness_raises_what_it_shares_and_lowers_what_it_denies() -> None:
    alone = found()
    shares = Witness("w", [{SAID[0]: 0.8, SAID[4]: 0.9, GOLD[4]: 0.9}])
    shared = found(shares)
    assert shared["label"].score == pytest.approx((alone["label"].score + 0.9 / 4) / 1.25)
    assert (shared["missing"].others["w"].gold, shared["missing"].others["w"].suggested) == (pytest.approx(0.1), 0.9)
    assert shared["surplus"].score > alone["surplus"].score  # it marks nothing there, either
    assert shared["agreed"].score < alone["agreed"].score
    denied = found(Witness("w", [{GOLD[0]: 0.9, GOLD[3]: 0.7}]))
    assert denied["label"].score == pytest.approx((alone["label"].score + 0.05 / 4) / 1.25)
    assert denied["surplus"].others["w"].suggested == pytest.approx(0.3)
    assert denied["missing"].others["w"].gold == 1.0


def test_a_witness_that_was_trained_on_a_sentence_has_no_say_there() -> None:
    assert found(Witness("w", [None])) == found()
    both = found(Witness("w", [None]), Witness("v", [{SAID[0]: 0.8}]))
    assert both == found(Witness("v", [{SAID[0]: 0.8}]))
    assert both["label"].others.keys() == {"v"}


def test_the_parts_of_a_gold_entity_are_one_doubt() -> None:
    gold = Sentence("c/train/0", TOKENS, (Span(0, 5, "ORG"),))
    said = Judgement(
        "c/train/0", (Span(0, 2, "LOC"), Span(3, 5, "ORG")), (0.9, 0.8), (0.1, 0.1), (0.1,), (0.05,), Uncertainty(0, 0), ()
    )  # fmt: skip
    doubts = rank([gold], [said], ISSUES)
    assert [(one.kind, one.gold, one.suggested) for one in doubts] == [
        ("boundary", Span(0, 5, "ORG"), Span(3, 5, "ORG"))
    ]
