"""What all formats promise, checked on the three JSON formats: what is rendered is read back, what they cannot hold is known,
and no output makes a parser raise or hang."""

from __future__ import annotations

import itertools
import json
import random
from functools import partial
from pathlib import Path

import pytest
from annotations import all_annotations, sentences, tokens_strategy
from hypothesis import example, given, settings
from hypothesis import strategies as st
from json_outputs import LABELS, NAMES, TOKENS, assert_sound, grouped, listed, parse
from yardstick import assert_within

from llms_meet_ner import Alignment, LabelSet, LmnError, Sentence, Span, WrittenEntity, get_format
from llms_meet_ner.data_converters import ProblemLog, load_card, read_corpus


@pytest.mark.parametrize("nested", [False, True])
@settings(max_examples=350, deadline=None)
@given(data=st.data())
def test_parsing_inverts_rendering_unless_ambiguous(data: st.DataObject, nested: bool) -> None:
    sentence = data.draw(sentences(tokens_strategy, LABELS.names, nested=nested))
    for name in NAMES:
        fmt = get_format(name, nested=nested)
        text = fmt.render(sentence, LABELS)
        assert "\n" not in text
        assert json.dumps(json.loads(text), ensure_ascii=False) == text
        alignment = fmt.parse(text, sentence.tokens, LABELS)
        assert alignment.status == "exact"
        if name == "grouped" and fmt.is_ambiguous(sentence, LABELS):
            assert fmt.render(Sentence("again", sentence.tokens, alignment.spans), LABELS) == text
        else:
            assert alignment.spans == sentence.spans
            assert not fmt.is_ambiguous(sentence, LABELS)


@pytest.mark.parametrize(("nested", "labels"), [(False, ("PER", "X")), (True, ("PER",)), (True, ("PER", "X"))])
@pytest.mark.parametrize("name", NAMES)
def test_is_ambiguous_agrees_with_brute_force(name: str, nested: bool, labels: tuple[str, ...]) -> None:
    fmt = get_format(name, nested=nested)
    label_set = LabelSet.of(*labels)
    longest = 3 if nested and len(labels) > 1 else 4
    sequences = [s for n in range(1, longest + 1) for s in itertools.product(["a", "b", "a a", " "], repeat=n)]
    ambiguous = checked = 0
    for tokens in random.Random(3).sample(sequences, 15):
        by_text: dict[str, list[Sentence]] = {}
        for spans in all_annotations(tokens, labels, nested):
            sentence = Sentence("b/test/0", tokens, spans)
            by_text.setdefault(fmt.render(sentence, label_set), []).append(sentence)
        for text, same in by_text.items():
            read = fmt.parse(text, tokens, label_set).spans
            assert read in [sentence.spans for sentence in same]
            for sentence in same:
                checked += 1
                ambiguous += len(same) > 1
                assert fmt.is_ambiguous(sentence, label_set) == (len(same) > 1), (tokens, sentence.spans)
    assert checked > 100
    assert bool(ambiguous) == (name == "grouped")


def test_the_published_shapes() -> None:
    labels = LabelSet.of("DNA", "RNA", "protein")
    tokens = ("TR", "complexes", "bind", "a", "thyroid", "hormone", "response", "element", "of", "TR")
    sentence = Sentence("s", tokens, (Span(4, 8, "DNA"), Span(9, 10, "protein")))
    written = {name: get_format(name).render(sentence, labels) for name in NAMES}
    assert written == {
        "grouped": '{"DNA": ["thyroid hormone response element"], "RNA": [], "protein": ["TR"]}',
        "occurrence": '[{"text": "thyroid hormone response element", "label": "DNA", "occurrence_index": 1}, '
        '{"text": "TR", "label": "protein", "occurrence_index": 2}]',
        "offset": '[{"text": "thyroid hormone response element", "label": "DNA", "start": 20, "end": 52}, '
        '{"text": "TR", "label": "protein", "start": 56, "end": 58}]',
    }
    empty = [get_format(name).render(Sentence("s", tokens), labels) for name in NAMES]
    assert empty == ['{"DNA": [], "RNA": [], "protein": []}', "[]", "[]"]


@pytest.mark.parametrize("name", NAMES)
def test_an_instruction_names_its_keys_and_the_labels(name: str) -> None:
    fmt = get_format(name)
    full, short = (fmt.instruction(LABELS, variant) for variant in ("full", "short"))
    assert full.endswith("\nLabel Set:\nPER\nLOC\nX\nNow process the input sentence:")
    assert short.endswith(": PER, LOC, X")
    keys = {
        "grouped": [],
        "occurrence": ["text", "label", "occurrence_index"],
        "offset": ["text", "label", "start", "end"],
    }
    assert all(f'"{key}"' in text for key in keys[name] for text in (full, short))


def test_an_unknown_format_or_variant_is_an_error_that_lists_what_there_is() -> None:
    with pytest.raises(LmnError, match="there are: bracketed"):
        get_format("xml2")
    with pytest.raises(LmnError, match="it has: full, short"):
        get_format().instruction(LABELS, "tiny")


@pytest.mark.parametrize("name", NAMES)
def test_unknown_labels_are_counted_and_left_out(name: str) -> None:
    text = grouped(ORG=["Times"]) if name == "grouped" else listed(("Times", "ORG", 9, 14), name=name)
    alignment = parse(name, text)
    assert (alignment.spans, alignment.reasons) == ((), ("unknown-label",))
    assert alignment.unknown_labels == (WrittenEntity("Times", "ORG"),)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("text", "reasons"),
    [
        ("", "empty"),
        (" \n[]", "empty"),
        ("null", "unreadable"),
        ("7", "unreadable"),
        ('"US"', "unreadable"),
        ("There are none.", "damaged-json unreadable"),
        ("```json", "damaged-json unreadable"),
        ("[[" * 5000, "damaged-json overlong unreadable"),
    ],
)
def test_outputs_of_which_nothing_can_be_read_fail(name: str, text: str, reasons: str) -> None:
    alignment = parse(name, text)
    assert (alignment.spans, alignment.status, " ".join(alignment.reasons)) == ((), "failed", reasons)


HOSTILE = [
    "[" * 20_000, "{" * 20_000, '{"a":' * 4_000, "[" * 90_000 + "]" * 90_000, '{"PER":' * 5_000 + "1" + "}" * 5_000,
    '[{"text": "a' * 1_600, '{"' * 10_000, '["a" ' * 4_000, '["' + 'a"b' * 6_000, '("' * 10_000,
    "[" + "9" * 200_000 + "]", '{"PER": [1e' + "9" * 100_000 + "]}", '{"PER": [' + '"US", ' * 20_000 + '"US"]}',
    '{"PER": ["US"]' + ', "PER": ["US"]' * 20_000 + "}", '["\\ud800", "\ud800", NaN, -Infinity]',
    '{"PER": [' + ",".join(f'"{n}{"x" * 150}"' for n in range(2_000)) + "]}",
    '{"PER": [' + '"New", ' * 15 + '"."], "LOC": [' + '"York", ' * 15 + '"."], "X": ["New York", "York"]}',
    "[" + ",".join('{"text": "US", "label": "LOC", "occurrence_index": 7, "start": 1, "end": 9}' for _ in range(3_000)) + "]",
    "[" + ",".join(f'{{"text": "{n}{"x" * 150}", "label": "X", "start": {n}, "end": {n + 9}}}' for n in range(2_000)) + "]",
]  # fmt: skip


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize("name", NAMES)
def test_hostile_outputs_are_read_in_bounded_time(name: str, nested: bool) -> None:
    for text in HOSTILE:
        assert_sound(parse(name, text, nested=nested), TOKENS, nested)
        assert_within(5, partial(parse, name, text, nested=nested))  # measured: under 1


_values = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-3, 60), st.floats(), st.text(max_size=3),
        st.sampled_from(["US", "New York", "PER", "LOC", "New York Times", "in US"]),
    ),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.dictionaries(
            st.sampled_from(["PER", "LOC", "X", "ORG", "text", "label", "occurrence_index", "start", "end"]), inner
        ),
    ),
    max_leaves=12,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(text=st.one_of(st.text(max_size=40), _values.map(json.dumps)), nested=st.booleans())
@example(text='{"PER": 1, "PER": 2} x', nested=False)
def test_arbitrary_outputs_never_raise(text: str, nested: bool) -> None:
    for name in NAMES:
        assert_sound(parse(name, text, nested=nested), TOKENS, nested)


@settings(max_examples=350, deadline=None)
@given(data=st.data(), name=st.sampled_from(NAMES), nested=st.booleans())
def test_mutated_outputs_never_raise(data: st.DataObject, name: str, nested: bool) -> None:
    sentence = data.draw(sentences(tokens_strategy, LABELS.names, nested=nested))
    fmt = get_format(name, nested=nested)
    text = fmt.render(sentence, LABELS)
    for _ in range(data.draw(st.integers(1, 4))):
        start = data.draw(st.integers(0, len(text)))
        end = start + data.draw(st.integers(0, 6))
        piece = data.draw(st.one_of(st.sampled_from([*"[]{}\",:\\'0129-e ", "\\u", "null"]), st.text(max_size=3)))
        text = text[:start] + piece + text[end:]
    assert_sound(fmt.parse(text, sentence.tokens, LABELS), sentence.tokens, nested)


# card, folder, splits, and how many sentences are ambiguous in the grouped format
CORPORA = [
    ("wikigold", "wikigold", ("train", "dev", "test"), 4),
    ("wnut17", "wnut17", ("train", "dev"), 6),
    ("germeval2014_nested", "germeval2014/official_tsv", ("dev",), 3),
]


@pytest.mark.parametrize(("card", "folder", "splits", "ambiguous"), CORPORA, ids=lambda v: str(v)[:20])
def test_real_sentences_are_restored_unless_ambiguous(
    corpora: Path, card: str, folder: str, splits: tuple[str, ...], ambiguous: int
) -> None:
    corpus = load_card(card)
    read = [s for split in splits for s in read_corpus(corpus, split, corpora / folder, log=ProblemLog())]
    for name in NAMES:
        fmt = get_format(name, nested=corpus.nested)
        found = [sentence for sentence in read if fmt.is_ambiguous(sentence, corpus.labels)]
        assert len(found) == (ambiguous if name == "grouped" else 0)
        lost = [
            sentence
            for sentence in read
            if fmt.parse(fmt.render(sentence, corpus.labels), sentence.tokens, corpus.labels)
            != Alignment(sentence.spans, "exact")
        ]
        assert {sentence.id for sentence in lost} <= {sentence.id for sentence in found}
