"""Formats whose tokens join without spaces: what is rendered is read back, and what they cannot hold is known."""

from __future__ import annotations

import itertools
import json
import random

import pytest
from annotations import all_annotations, sentences, tokens_strategy
from hypothesis import given, settings
from hypothesis import strategies as st

from llms_meet_ner import LabelSet, Sentence, Span, get_format
from llms_meet_ner.formats import format_names, get_inline_format

LABELS = LabelSet.of("PER", "LOC")
WORDS = {
    "bracketed": ["a", "aa", "[", "[a", "|PER]", " | PER]", "|"],
    "xml": ["a", "aa", "<PER>", "</PER>", "<PE", "R>", "</X>"],
    "grouped": ["a", "b", "ab", "aa"],
    "occurrence": ["a", "b", "ab", "aa"],
    "offset": ["a", "b", "ab", "aa"],
    "tags": ["a", "b", "ab", "aa"],
}


def test_a_sentence_is_written_as_its_language_is() -> None:
    sentence = Sentence("s", ("乙", "丁", "乙月", "己"), (Span(2, 4, "PER"),))
    written = {name: get_format(name, join="").render(sentence, LABELS) for name in format_names()}
    assert written == {
        "bracketed": "乙丁[乙月己 | PER]",
        "xml": "乙丁<PER>乙月己</PER>",
        "grouped": '{"PER": ["乙月己"], "LOC": []}',
        "occurrence": '[{"text": "乙月己", "label": "PER", "occurrence_index": 1}]',
        "offset": '[{"text": "乙月己", "label": "PER", "start": 2, "end": 5}]',
        "tags": '{"tokens": ["乙", "丁", "乙月", "己"], "ner_tags": ["O", "O", "B-PER", "I-PER"]}',
    }
    for name, text in written.items():
        alignment = get_format(name, join="").parse(text, sentence.tokens, LABELS)
        assert (alignment.status, alignment.spans) == ("exact", sentence.spans)


def test_offsets_and_occurrences_count_in_the_joined_text() -> None:
    tokens = ("a", "ba", "b", "a", "b")
    written = json.loads(get_format("occurrence", join="").render(Sentence("s", tokens, (Span(3, 5, "PER"),))))
    assert written == [{"text": "ab", "label": "PER", "occurrence_index": 3}]
    text = '[{"text": "ba", "label": "PER", "start": 1, "end": 3}]'
    assert get_format("offset", join="").parse(text, tokens, LABELS).spans == (Span(1, 2, "PER"),)


@pytest.mark.parametrize("nested", [False, True], ids=["flat", "nested"])
@pytest.mark.parametrize("name", format_names())
@settings(max_examples=100, deadline=None)
@given(data=st.data())
def test_parsing_inverts_rendering_unless_ambiguous(name: str, nested: bool, data: st.DataObject) -> None:
    words = st.one_of(st.lists(st.sampled_from(WORDS[name]), min_size=1, max_size=7).map(tuple), tokens_strategy)
    sentence = data.draw(sentences(words, LABELS.names, nested=nested))
    fmt = get_format(name, nested=nested, join="")
    text = fmt.render(sentence, LABELS)
    alignment = fmt.parse(text, sentence.tokens, LABELS)
    again = fmt.render(Sentence("s", sentence.tokens, alignment.spans), LABELS)
    assert again == text or alignment.reasons == ("approximate",)
    if not fmt.is_ambiguous(sentence, LABELS):
        assert (alignment.status, alignment.spans) == ("exact", sentence.spans)


@pytest.mark.parametrize("nested", [False, True], ids=["flat", "nested"])
@pytest.mark.parametrize("name", ["bracketed", "xml"])
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_entity_ranges_lie_in_the_joined_text(name: str, nested: bool, data: st.DataObject) -> None:
    words = st.lists(st.sampled_from(["a", "乙", "bc"]), min_size=1, max_size=7).map(tuple)
    sentence = data.draw(sentences(words, LABELS.names, nested=nested))
    fmt = get_inline_format(name, nested=nested, join="")
    text = fmt.render(sentence)
    for (start, end), span in zip(fmt.entity_ranges(sentence.tokens, sentence.spans), sentence.spans):
        inside = fmt.parse(text[start:end], sentence.tokens[span.start : span.end], LABELS)
        assert Span(0, span.end - span.start, span.label) in inside.spans


@pytest.mark.parametrize(("nested", "labels"), [(False, ("PER", "X")), (True, ("PER",))], ids=["flat", "nested"])
@pytest.mark.parametrize("name", format_names())
def test_is_ambiguous_agrees_with_brute_force(name: str, nested: bool, labels: tuple[str, ...]) -> None:
    fmt = get_format(name, nested=nested, join="")
    label_set = LabelSet.of(*labels)
    sequences = [s for n in range(1, 5) for s in itertools.product(WORDS[name], repeat=n)]
    ambiguous = checked = 0
    for tokens in random.Random(5).sample(sequences, 24):
        by_text: dict[str, list[Sentence]] = {}
        for spans in all_annotations(tokens, labels, nested, most=4 if nested else 3):
            sentence = Sentence("b/test/0", tokens, spans)
            by_text.setdefault(fmt.render(sentence, label_set), []).append(sentence)
        for text, same in by_text.items():
            read = fmt.parse(text, tokens, label_set)
            assert Sentence("s", tokens, read.spans) in [Sentence("s", tokens, one.spans) for one in same]
            for sentence in same:
                if nested and len(sentence.spans) > 2:
                    continue  # its twin may hold more spans than the brute force enumerates
                checked += 1
                ambiguous += len(same) > 1
                assert fmt.is_ambiguous(sentence, label_set) == (len(same) > 1), (tokens, sentence.spans)
    assert checked > 100
    assert bool(ambiguous) == (nested if name == "tags" else name not in ("occurrence", "offset"))
