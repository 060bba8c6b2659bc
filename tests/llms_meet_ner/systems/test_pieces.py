"""Long sentences in pieces: where they are cut, and what becomes of the answers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llms_meet_ner import LabelSet, Sentence, Span, get_format
from llms_meet_ner.formats import format_names
from llms_meet_ner.records import Answer, Piece, Uncertainty, read_pieces
from llms_meet_ner.systems.pieces import PIECE_TOKENS, Cut, cut, join_answers

LABELS = LabelSet.of("PER", "LOC")


def test_pieces_are_cut_between_tokens_and_hold_no_entities() -> None:
    sentence = Sentence("a", ("Ada", "met", "Charles", "Babbage", "."), (Span(0, 1, "PER"), Span(2, 4, "PER")))
    assert [(piece.id, piece.tokens, piece.spans) for piece in cut(sentence)] == [
        ("a", ("Ada", "met", "Charles"), ()), ("a", ("Babbage", "."), ()),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("tokens", "sizes"),
    [(2, [1, 1]), (PIECE_TOKENS, [128, 128]), (PIECE_TOKENS + 1, [129, 128]), (2 * PIECE_TOKENS + 1, [171, 171, 171])],
)
def test_pieces_are_of_like_size(tokens: int, sizes: list[int]) -> None:
    assert [len(piece.tokens) for piece in cut(Sentence("a", ("x",) * tokens))] == sizes


def test_answers_to_pieces_become_one_and_count_what_is_in_them() -> None:
    pieces = tuple(cut(Sentence("a", ("Ada", "met", "Bob"))))
    first = Answer("[Ada | PER] met", (0.5,), Uncertainty(1.0, 2.0, -1.5, 3), replaced=1)
    second = Answer("[Bob | PER]", (0.25,), Uncertainty(4.0, 4.0, -0.5, 2), replaced=2)
    joined = join_answers(pieces, [first, second])
    assert joined == Answer(
        "[Ada | PER] met [Bob | PER]", (0.5, 0.25), Uncertainty(2.0, 4.0, -2.0, 5), replaced=3,
        pieces=(Piece(2, "[Ada | PER] met"), Piece(1, "[Bob | PER]")),
    )  # fmt: skip
    assert Answer.from_list(joined.to_list()) == joined
    assert join_answers(pieces, [first, Answer("Bob")]).confidences is None
    again = join_answers(
        (*pieces, *pieces), [first, joined, first, second]
    )  # an answer to a piece may have pieces itself
    assert [piece.tokens for piece in again.pieces] == [2, 2, 1, 2, 1]


def test_a_cut_names_what_is_read_in_pieces() -> None:
    sentences = (Sentence("a", ("x",)), Sentence("b", ("x",) * 3))
    found = Cut(sentences, (sentences[:1], tuple(cut(sentences[1]))))
    assert (found.counts, Cut(sentences[:1], found.pieces[:1]).remark) == ({"b": 2}, None)
    assert (found.remark or "").endswith(
        "1 of 2 sentences are read in pieces, and an entity across a cut is lost or torn: b (2 pieces)"
    )
    answers = found.joined({0: Answer("x"), 1: Answer("[x | PER] x"), 2: Answer("x")})
    assert [answer.text for answer in answers] == ["x", "[x | PER] x x"]


@st.composite
def annotated(draw: st.DrawFn) -> Sentence:
    """Draw a sentence whose entities have one or two tokens."""
    tokens = tuple(draw(st.lists(st.sampled_from(("Ada", "[", "|", "left", "<PER>", "Ada")), min_size=1, max_size=12)))
    spans = []
    at = 0
    while at < len(tokens):
        size = draw(st.integers(0, 2))
        if size and at + size <= len(tokens):
            spans.append(Span(at, at + size, draw(st.sampled_from(LABELS.names))))
        at += max(size, 1)
    return Sentence("a", tokens, tuple(spans))


@given(annotated(), st.integers(1, 12), st.sampled_from(format_names()))
def test_pieces_of_any_format_put_their_spans_where_the_sentence_has_them(
    sentence: Sentence, size: int, name: str
) -> None:
    fmt = get_format(name)
    outputs = []
    expected: tuple[Span, ...] = ()
    for start in range(0, len(sentence.tokens), size):
        tokens = sentence.tokens[start : start + size]
        spans = tuple(
            Span(span.start - start, span.end - start, span.label)
            for span in sentence.spans
            if start <= span.start and span.end <= start + size
        )
        text = fmt.render(Sentence("a", tokens, spans), LABELS)
        outputs.append(Piece(len(tokens), text))
        expected += tuple(Span(s.start + start, s.end + start, s.label) for s in fmt.parse(text, tokens, LABELS).spans)
    found = read_pieces(outputs, sentence.tokens, lambda text, tokens: fmt.parse(text, tokens, LABELS))
    assert found.spans == expected


def test_a_piece_that_cannot_be_read_leaves_the_others() -> None:
    fmt = get_format("grouped")
    pieces = [Piece(1, '{"PER": ["Ada"]}'), Piece(1, "nonsense"), Piece(1, '{"PER": ["Eve"]}')]
    found = read_pieces(pieces, ("Ada", "and", "Bob"), lambda text, tokens: fmt.parse(text, tokens, LABELS))
    assert (found.spans, found.status) == ((Span(0, 1, "PER"),), "repaired")
    assert {"unreadable", "ungrounded"} <= set(found.reasons)
    assert [entity.text for entity in found.ungrounded] == ["Eve"]
