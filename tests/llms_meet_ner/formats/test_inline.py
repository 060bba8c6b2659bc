"""Where the entities of an inline output are, in characters and in tokens."""

from __future__ import annotations

import pytest
from annotations import sentences, tokens_strategy
from hypothesis import given, settings
from hypothesis import strategies as st

from llms_meet_ner import Sentence, Span
from llms_meet_ner.formats import get_inline_format
from llms_meet_ner.formats.inline import spans_on_tokens


@settings(max_examples=200, deadline=None)
@given(sentence=sentences(tokens_strategy, ("PER", "X"), nested=True), name=st.sampled_from(["bracketed", "xml"]))
def test_a_range_holds_the_entity_with_its_marks(sentence: Sentence, name: str) -> None:
    fmt = get_inline_format(name, nested=True)
    text = fmt.render(sentence)
    for (start, end), span in zip(fmt.entity_ranges(sentence.tokens, sentence.spans), sentence.spans, strict=True):
        before, after = fmt.marks(span.label)
        assert text[start:end].startswith(before)
        assert text[start:end].endswith(after)
        assert text[:start].count(" ") >= span.start


@pytest.mark.parametrize(
    ("tokens", "marked", "spans"),
    [
        (("New", "York", "!"), [(0, 8, "LOC")], (Span(0, 2, "LOC"),)),
        (("New", "York", "!"), [(4, 8, "X"), (0, 8, "LOC")], (Span(0, 2, "LOC"), Span(1, 2, "X"))),
        (("New", "York", "!"), [], ()),
        (("New", "York", "!"), [(0, 7, "LOC")], None),
        (("New", "York", "!"), [(1, 8, "LOC")], None),
        (("New", "York", "!"), [(3, 8, "LOC")], None),
        (("New", "York", "!"), [(0, 0, "LOC")], None),
        (("New", "York", "!"), [(0, 8, "LOC"), (0, 8, "LOC")], None),
        (("New York", "!"), [(0, 8, "LOC")], (Span(0, 1, "LOC"),)),
        (("New York", "!"), [(0, 3, "LOC")], None),
        (("New York", "!"), [(0, 0, "LOC")], None),
    ],
)
def test_characters_become_tokens_unless_one_is_cut_or_two_are_equal(
    tokens: tuple[str, ...], marked: list[tuple[int, int, str]], spans: tuple[Span, ...] | None
) -> None:
    assert spans_on_tokens(marked, tokens, " ".join(tokens)) == spans
