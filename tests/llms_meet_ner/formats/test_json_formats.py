"""The three JSON formats both ways: what is rendered is read back, what they cannot hold is known, nothing breaks the parsers."""

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
from yardstick import assert_within

from llms_meet_ner import Alignment, LabelSet, Sentence, Span, WrittenEntity, get_format
from llms_meet_ner.alignment import REASONS
from llms_meet_ner.data_converters import ProblemLog, load_card, read_corpus
from llms_meet_ner.sentence import find_crossing, without_nested

NAMES = ("grouped", "occurrence", "offset")
LABELS = LabelSet.of("PER", "LOC", "X")
TOKENS = ("New", "York", "Times", ",", "New", "York", "'s", "U.S.-based", "Müller", "sues", "RUSH", "in", "US", ".")


def parse(name: str, text: str, tokens: tuple[str, ...] = TOKENS, *, nested: bool = False) -> Alignment:
    return get_format(name, nested=nested).parse(text, tokens, LABELS)


def grouped(**lists: list[object]) -> str:
    return json.dumps({"PER": [], "LOC": [], "X": [], **lists}, ensure_ascii=False)


def listed(*rows: tuple[object, ...], name: str = "occurrence") -> str:
    keys = ("text", "label", "occurrence_index") if name == "occurrence" else ("text", "label", "start", "end")
    return json.dumps([dict(zip(keys, row)) for row in rows], ensure_ascii=False)


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


def test_grouped_takes_the_label_set_to_render() -> None:
    sentence = Sentence("s", ("a",), (Span(0, 1, "PER"),))
    with pytest.raises(ValueError, match="takes the label set"):
        get_format("grouped").render(sentence)
    with pytest.raises(ValueError, match="not in the label set"):
        get_format("grouped").render(sentence, LabelSet.of("LOC"))


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


# How entities are put on the sentence


@pytest.mark.parametrize(
    ("lists", "nested", "spans"),
    [
        # the first that is free, unless the order in which they are listed says otherwise
        ({"LOC": ["New York"]}, False, [(0, 2, "LOC")]),
        ({"LOC": [",", "New York"]}, False, [(3, 4, "LOC"), (4, 6, "LOC")]),
        ({"LOC": ["New York", "New York"]}, False, [(0, 2, "LOC"), (4, 6, "LOC")]),
        # beside the longer text in a flat format, inside it in a nested one
        ({"X": ["New York Times"], "LOC": ["New York"]}, False, [(0, 3, "X"), (4, 6, "LOC")]),
        ({"X": ["New York Times"], "LOC": ["New York"]}, True, [(0, 3, "X"), (0, 2, "LOC")]),
        # labels in the order of the label set take the first places
        ({"LOC": ["York"], "PER": ["York"]}, False, [(1, 2, "PER"), (5, 6, "LOC")]),
        ({"LOC": ["York"], "PER": ["York"]}, True, [(1, 2, "LOC"), (1, 2, "PER")]),
        ({"LOC": ["US"]}, False, [(12, 13, "LOC")]),
    ],
)
def test_grouped_texts_take_the_leftmost_places_where_all_can_stand(
    lists: dict[str, list[object]], nested: bool, spans: list[tuple[int, int, str]]
) -> None:
    alignment = parse("grouped", grouped(**lists), nested=nested)
    assert (alignment.status, alignment.reasons) == ("exact", ())
    assert alignment.spans == tuple(Span(*span) for span in spans)


@pytest.mark.parametrize(
    ("lists", "nested", "spans", "dropped", "reason"),
    [
        ({"LOC": ["US", "US"]}, False, [(12, 13, "LOC")], [("US", "LOC")], "nested"),
        ({"LOC": ["US"], "X": ["in US"]}, False, [(11, 13, "X")], [("US", "LOC")], "nested"),
        ({"LOC": ["York Times ,"], "X": [", New"]}, True, [(1, 4, "LOC")], [(", New", "X")], "crossing"),
        ({"LOC": ["US", "US"]}, True, [(12, 13, "LOC")], [("US", "LOC")], "nested"),
    ],
)
def test_grouped_texts_that_cannot_stand_together_are_dropped_and_counted(
    lists: dict[str, list[object]],
    nested: bool,
    spans: list[tuple[int, int, str]],
    dropped: list[WrittenEntity],
    reason: str,
) -> None:
    alignment = parse("grouped", grouped(**lists), nested=nested)
    assert alignment.spans == tuple(Span(*span) for span in spans)
    assert (alignment.status, alignment.reasons, list(alignment.dropped)) == ("repaired", (reason,), dropped)


def test_grouped_texts_in_another_order_are_found_all_the_same() -> None:
    alignment = parse("grouped", grouped(LOC=["US", "New York"]))
    assert alignment.spans == (Span(0, 2, "LOC"), Span(12, 13, "LOC"))
    assert alignment.status == "exact"


def test_occurrences_are_counted_inside_words_and_over_each_other() -> None:
    sentence = Sentence("s", TOKENS, (Span(12, 13, "LOC"),))
    text = get_format("occurrence").render(sentence)
    assert text == '[{"text": "US", "label": "LOC", "occurrence_index": 2}]'
    inside = parse("occurrence", listed(("US", "LOC", 1)))
    assert (inside.spans, inside.reasons) == ((Span(10, 11, "LOC"),), ("snapped",))
    assert parse("occurrence", listed(("a a", "X", 2)), ("a", "a", "a")).spans == (Span(1, 3, "X"),)


@pytest.mark.parametrize(
    "index",
    [0, -1, 3, 1.5, "two", None, True, [1], {"a": 1}, 10**4000, float("nan"), float("inf")],
    ids=lambda v: str(type(v)),
)
def test_an_index_that_leads_nowhere_takes_the_first_occurrence_left(index: object) -> None:
    text = listed(("New York", "LOC", index), ("New York", "X", 1))
    alignment = parse("occurrence", text)
    assert alignment.spans == (Span(0, 2, "X"), Span(4, 6, "LOC"))
    assert alignment.status == "repaired"
    assert "misnumbered" in alignment.reasons
    rest = parse("occurrence", listed(("Times", "LOC", 1), ("Times", "X", index)))
    assert rest.spans == (Span(2, 3, "LOC"),)
    assert rest.ungrounded == (WrittenEntity("Times", "X"),)
    whole = parse("occurrence", listed(("US", "X", index if index != 3 else 9)))
    assert whole.spans == (Span(12, 13, "X"),)


@pytest.mark.parametrize("number", ["2", "2.0", " 02"])
def test_numbers_in_quotes_are_read(number: str) -> None:
    alignment = parse("occurrence", listed(("New York", "LOC", number)))
    assert (alignment.spans, alignment.reasons) == ((Span(4, 6, "LOC"),), ("loose-json",))


def test_offsets_decide_even_against_the_text() -> None:
    right = parse("offset", listed(("New York", "LOC", 17, 25), name="offset"))
    assert (right.spans, right.status) == ((Span(4, 6, "LOC"),), "exact")
    wrong = parse("offset", listed(("Müller", "PER", 0, 8), name="offset"))
    assert (wrong.spans, wrong.status, wrong.reasons) == ((Span(0, 2, "PER"),), "repaired", ("misplaced",))
    cut = parse("offset", listed(("New York", "LOC", 18, 23), name="offset"))
    assert (cut.spans, cut.reasons) == ((Span(4, 6, "LOC"),), ("misplaced", "snapped"))
    spaced = parse("offset", listed(("New York", "LOC", 16, 26), name="offset"))
    assert (spaced.spans, spaced.reasons) == ((Span(4, 6, "LOC"),), ("respaced",))
    cased = parse("offset", listed(("NEW YORK", "LOC", 17, 25), name="offset"))
    assert (cased.spans, cased.reasons) == ((Span(4, 6, "LOC"),), ("changed",))


@pytest.mark.parametrize(
    ("start", "end"),
    [(8, 8), (8, 3), (-1, 4), (0, 10**6), (0, None), ("a", 4), (10**30, 10**31), (0.5, 3), (float("nan"), 2)],
)
def test_offsets_that_lead_nowhere_place_nothing(start: object, end: object) -> None:
    alignment = parse("offset", listed(("New York", "LOC", start, end), name="offset"))
    assert (alignment.spans, alignment.status) == ((), "repaired")
    assert alignment.ungrounded == (WrittenEntity("New York", "LOC"),)
    assert {"misnumbered", "ungrounded"} <= set(alignment.reasons)


def test_offsets_of_a_space_between_tokens_touch_no_token() -> None:
    alignment = parse("offset", listed((" ", "LOC", 3, 4), name="offset"))
    assert (alignment.spans, alignment.reasons) == ((), ("ungrounded",))


def test_the_outer_of_two_stays_in_a_flat_format_and_both_in_a_nested_one() -> None:
    text = listed(("New York", "LOC", 1), ("New York Times", "X", 1))
    flat, nested = parse("occurrence", text), parse("occurrence", text, nested=True)
    assert (flat.spans, flat.reasons, flat.dropped) == (
        (Span(0, 3, "X"),),
        ("nested",),
        (WrittenEntity("New York", "LOC"),),
    )
    assert (nested.spans, nested.status) == ((Span(0, 3, "X"), Span(0, 2, "LOC")), "exact")
    crossing = parse("occurrence", listed(("Times ,", "X", 1), ("New York Times", "LOC", 1)), nested=True)
    assert (crossing.spans, crossing.reasons) == ((Span(0, 3, "LOC"),), ("crossing",))
    assert crossing.dropped == (WrittenEntity("Times ,", "X"),)


@pytest.mark.parametrize("name", ["grouped", "occurrence"])
@pytest.mark.parametrize(
    ("text", "spans", "reasons"),
    [
        ("NewYork", [(0, 2)], ["respaced"]),
        ("New  York ,", [(0, 2)], ["changed"]),
        ("Times,", [(2, 4)], ["respaced"]),
        ("Mu\u0308ller", [(8, 9)], ["respaced"]),
        ("MÜLLER", [(8, 9)], ["changed"]),
        ("Muller", [(8, 9)], ["changed"]),
        ("New York Tmes", [(0, 3)], ["changed"]),
        ("U.S.", [(7, 8)], ["snapped"]),
        ("Paris", [], ["ungrounded"]),
        (" ", [], ["ungrounded"]),
    ],
)
def test_texts_that_are_written_differently_are_found(
    name: str, text: str, spans: list[tuple[int, int]], reasons: list[str]
) -> None:
    output = grouped(X=[text]) if name == "grouped" else listed((text, "X", 1))
    alignment = parse(name, output)
    assert alignment.spans == tuple(Span(*span, "X") for span in spans)
    assert list(alignment.reasons) == reasons


def test_grouped_texts_inside_a_word_are_not_grounded() -> None:
    alignment = parse("grouped", grouped(X=["ülle"]))
    assert (alignment.spans, alignment.reasons) == ((), ("ungrounded",))


@pytest.mark.parametrize("name", ["grouped", "occurrence"])
def test_lone_surrogates_are_characters_like_others(name: str) -> None:
    tokens = ("\ud800\ud801x", "\udc00", "b")
    sentence = Sentence("s", tokens, (Span(0, 2, "X"),))
    fmt = get_format(name)
    assert fmt.parse(fmt.render(sentence, LABELS), tokens, LABELS).spans == sentence.spans
    texts = ["\ud800\ud801y\udc00", "\ud8ff"]
    changed = fmt.parse(
        grouped(X=texts) if name == "grouped" else listed(*((t, "X", 1) for t in texts)), tokens, LABELS
    )
    assert (changed.spans, changed.reasons) == (sentence.spans, ("changed", "ungrounded"))


def test_only_so_many_texts_are_compared_for_similarity() -> None:
    words = tuple(f"{chr(97 + n % 26) * 5}{chr(97 + n // 26) * 5}" for n in range(40))
    alignment = parse("grouped", grouped(X=[word + "!" for word in words]), words)
    assert [span.start for span in alignment.spans] == list(range(32))
    assert alignment.ungrounded == tuple(WrittenEntity(word + "!", "X") for word in words[32:])


def test_where_a_search_for_places_is_given_up_the_next_free_ones_are_taken() -> None:
    tokens = ("a", "b") * 20
    one_too_many = grouped(PER=["a"] * 10, LOC=["a"] * 9, X=["a", "b a"])
    alignment = parse("grouped", one_too_many, tokens)
    assert_sound(alignment, tokens, nested=False)
    assert len(alignment.spans) == 20
    assert alignment.reasons == ("nested",)
    assert_within(3, partial(parse, "grouped", one_too_many, tokens))


def test_more_entities_than_a_sentence_can_hold_are_left_unread() -> None:
    for name, text in (("grouped", grouped(X=["US"] * 500)), ("occurrence", listed(*[("US", "X", 2)] * 500))):
        alignment = parse(name, text)
        assert (alignment.spans, alignment.reasons) == ((Span(12, 13, "X"),), ("nested", "overlong"))
        assert len(alignment.dropped) == 2 * len(TOKENS) * len(LABELS) + 100 - 1


@pytest.mark.parametrize("name", NAMES)
def test_unknown_labels_are_counted_and_left_out(name: str) -> None:
    text = grouped(ORG=["Times"]) if name == "grouped" else listed(("Times", "ORG", 9, 14), name=name)
    alignment = parse(name, text)
    assert (alignment.spans, alignment.reasons) == ((), ("unknown-label",))
    assert alignment.unknown_labels == (WrittenEntity("Times", "ORG"),)


# Damaged outputs


@pytest.mark.parametrize(
    ("text", "reasons"),
    [
        ('{"PER": [], "LOC": ["US"], "X": []}', ""),
        ('  {"X":[],"LOC":["\\u0055S"],"PER":[]}  \nand so on', ""),
        ('{"LOC": ["US"]}', "loose-json"),
        ('{"PER": null, "LOC": "US", "X": []}', "loose-json"),
        ('{"PER": [], "LOC": [], "LOC": ["US"], "X": []}', "loose-json"),
        ('{"PER": [], "LOC": ["US", "", null, ["US"], {"US": 1}], "X": []}', "incomplete"),
        ('{"PER": [], "LOC": ["US", ], "X": []}', "damaged-json"),
        ("{'PER': [], 'LOC': ['US'], 'X': []}", "damaged-json"),
        ('Here it is: {"PER": [], "LOC": ["US"], "X": []} I hope it helps.', "damaged-json"),
        ('```json {"PER": [], "LOC": ["US"], "X": []} ```', "damaged-json"),
        ('{"PER": [], "LOC": ["US', "damaged-json loose-json"),
    ],
)
def test_grouped_outputs_of_all_sorts_are_read(text: str, reasons: str) -> None:
    alignment = parse("grouped", text)
    assert alignment.spans == (Span(12, 13, "LOC"),)
    assert (alignment.status, " ".join(alignment.reasons)) == ("repaired" if reasons else "exact", reasons)


@pytest.mark.parametrize(
    ("text", "reasons"),
    [
        ('[{"text":"US","label":"LOC","occurrence_index":2}]', ""),
        ('[{"occurrence_index": 2, "label": "LOC", "text": "US"}]', ""),
        ('{"text": "US", "label": "LOC", "occurrence_index": 2}', "loose-json"),
        ('{"entities": [{"text": "US", "label": "LOC", "occurrence_index": 2}]}', "loose-json"),
        ('[[{"text": "US", "label": "LOC", "occurrence_index": 2}]]', "loose-json"),
        ('[{"text": "US", "label": "LOC", "occurrence_index": 2, "why": "a country"}]', "loose-json"),
        ('[{"text": "US", "label": "LOC", "occurrence_index": 2}, {"text": "in"}, {"label": "X"}, 7]', "incomplete"),
        ('[{"text": "US", "label": "LOC"}]', "misnumbered"),
        ('[{"text": "US", "label": "LOC", "occurrence_index": 2}', "damaged-json"),
        ('[{"text": "US", "label": "LOC", "occurrence_index": 2}, {"text": "in", "lab', "damaged-json incomplete"),
        ("[{'text': 'US', 'label': 'LOC', 'occurrence_index': 2},]", "damaged-json"),
        ('The entities: [{"text": "US", "label": "LOC", "occurrence_index": 2}].', "damaged-json"),
    ],
)
def test_listed_outputs_of_all_sorts_are_read(text: str, reasons: str) -> None:
    alignment = parse("occurrence", text)
    assert alignment.spans == (Span(12, 13, "LOC"),)
    assert (alignment.status, " ".join(alignment.reasons)) == ("repaired" if reasons else "exact", reasons)


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


def assert_sound(alignment: Alignment, tokens: tuple[str, ...], nested: bool) -> None:
    """Whatever was written: the spans make a sentence, and what was done has its words."""
    assert Sentence("s", tokens, alignment.spans).spans == alignment.spans
    assert find_crossing(alignment.spans) is None
    assert nested or without_nested(alignment.spans) == alignment.spans
    assert all(span.label in LABELS for span in alignment.spans)
    assert set(alignment.reasons) <= set(REASONS)
    assert list(alignment.reasons) == sorted(set(alignment.reasons))
    assert (alignment.status == "exact") == (not alignment.reasons)
    assert alignment.status != "failed" or not alignment.spans


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
