"""Entities of damaged inline outputs, on the tokens of their sentence."""

from __future__ import annotations

from llms_meet_ner import LabelSet, Span, get_format

LABELS = LabelSet.of("PER", "LOC", "X")


def test_literal_brackets_inside_a_damaged_output_stay_text() -> None:
    tokens = ("He", "[", "Smith", "]", "met", "[", "sic", "]", "Mary", "Jones", "[", "the", "singer", "]", "twice", ".")
    output = "He [ [Smith | PER] ] met [ sic ] the [Mary Jones | PER] [ singer ] twice."
    alignment = get_format().parse(output, tokens, LABELS)
    assert alignment.spans == (Span(2, 3, "PER"), Span(8, 10, "PER"))


def test_case_folds_after_words_are_cut() -> None:
    tokens = ("İstanbul", "'", "da", "bir", "gün")
    alignment = get_format().parse("[İSTANBUL | LOC]'da bir  gün", tokens, LABELS)
    assert alignment.spans == (Span(0, 1, "LOC"),)
    assert "snapped" not in alignment.reasons


def test_tags_of_the_sentence_stay_text_in_a_damaged_output() -> None:
    tokens = ("He", "<b>", "met", "<PER>", "Mary", "Jones", "</PER>", "<br/>", "twice", "a", "<", "b", ">", "c", ".")
    output = "He <b> met <PER> <PER>Mary Jones</PER> </PER> <br/> twice a < b > <LOC>c</LOC>."
    alignment = get_format("xml").parse(output, tokens, LABELS)
    assert alignment.spans == (Span(4, 6, "PER"), Span(13, 14, "LOC"))
    assert "unopened" not in alignment.reasons
    assert "unclosed" not in alignment.reasons


def test_closing_tags_find_their_own_opening_ones() -> None:
    tokens = ("35S-", "TR", "alpha", "1", "of", "Essex")
    text = "<X>35S- <PER>TR alpha 1</X>  of <LOC>Essex</LOC>"
    assert get_format("xml", nested=True).parse(text, tokens, LABELS).spans == (Span(0, 4, "X"), Span(5, 6, "LOC"))
