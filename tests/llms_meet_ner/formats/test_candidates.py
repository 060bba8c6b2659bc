"""The alignment that the entities of a JSON output give."""

from __future__ import annotations

from json_outputs import LABELS, TOKENS, grouped, listed, parse

from llms_meet_ner import Alignment, Span, WrittenEntity
from llms_meet_ner.formats.candidates import Candidates, failed_alignment
from llms_meet_ner.formats.lookup import TokenRange


def test_more_entities_than_a_sentence_can_hold_are_left_unread() -> None:
    for name, text in (("grouped", grouped(X=["US"] * 500)), ("occurrence", listed(*[("US", "X", 2)] * 500))):
        alignment = parse(name, text)
        assert (alignment.spans, alignment.reasons) == ((Span(12, 13, "X"),), ("nested", "overlong"))
        assert len(alignment.dropped) == 2 * len(TOKENS) * len(LABELS) + 100 - 1


def test_nothing_to_repair_is_exact_and_everything_else_has_a_reason() -> None:
    candidates = Candidates(nested=False, reasons=set())
    assert candidates.alignment() == Alignment((), "exact")
    candidates.place(TokenRange(0, 2), WrittenEntity("New York", "LOC"))
    assert candidates.alignment() == Alignment((Span(0, 2, "LOC"),), "exact")
    candidates.place(TokenRange(1, 2, snapped=True), WrittenEntity("ork", "X"))
    candidates.ungrounded.append(WrittenEntity("Paris", "LOC"))
    candidates.unknown_labels.append(WrittenEntity("Times", "ORG"))
    found = candidates.alignment()
    assert (found.spans, found.status) == ((Span(0, 2, "LOC"),), "repaired")
    assert found.reasons == ("nested", "snapped", "ungrounded", "unknown-label")
    assert (found.dropped, found.ungrounded) == ((WrittenEntity("ork", "X"),), (WrittenEntity("Paris", "LOC"),))


def test_of_a_very_long_entity_the_beginning_is_kept() -> None:
    candidates = Candidates(nested=False, reasons=set(), ungrounded=[WrittenEntity("a" * 10_000, "b" * 10_000)])
    assert candidates.alignment().ungrounded == (WrittenEntity("a" * 500, "b" * 500),)


def test_a_failed_alignment_says_whether_there_was_any_output() -> None:
    assert failed_alignment({"empty"}) == Alignment((), "failed", ("empty",))
    assert failed_alignment({"damaged-json"}) == Alignment((), "failed", ("damaged-json", "unreadable"))
