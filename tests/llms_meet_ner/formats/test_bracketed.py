"""The bracketed format both ways: what is rendered is read back, and nothing that a model writes can break the parser."""

import itertools
import random
from functools import partial

import pytest
from annotations import HOSTILE, all_annotations, sentences, tokens_strategy
from hypothesis import example, given, settings
from hypothesis import strategies as st
from yardstick import assert_within

from llms_meet_ner import LabelSet, Sentence, Span, WrittenEntity, get_format
from llms_meet_ner.sentence import without_nested

LABELS = LabelSet.of("PER", "LOC", "X")
FLAT = get_format()
NESTED = get_format(nested=True)


@pytest.mark.parametrize("nested", [False, True])
@settings(max_examples=1500, deadline=None)
@given(data=st.data())
def test_parsing_inverts_rendering_unless_ambiguous(data: st.DataObject, nested: bool) -> None:
    sentence = data.draw(sentences(tokens_strategy, LABELS.names, nested=nested))
    fmt = NESTED if nested else FLAT
    alignment = fmt.parse(fmt.render(sentence), sentence.tokens, LABELS)
    assert alignment.status == "exact"
    assert alignment.spans == sentence.spans or fmt.is_ambiguous(sentence, LABELS)


@pytest.mark.parametrize(("nested", "labels"), [(False, ("PER", "X")), (True, ("PER",)), (True, ("PER", "X"))])
def test_is_ambiguous_agrees_with_brute_force(nested: bool, labels: tuple[str, ...]) -> None:
    fmt = NESTED if nested else FLAT
    label_set = LabelSet.of(*labels)
    vocabulary = ["a", "|", "PER]", "[|", "X]", "| PER]", "X] | PER]", "["]
    longest = 4 if not nested else (3 if len(labels) > 1 else 4)
    ambiguous = checked = 0
    rng = random.Random(7)
    sequences = [s for n in range(1, longest + 1) for s in itertools.product(vocabulary, repeat=n)]
    hazards = [s for s in sequences if " | PER]" in " ".join(s) or " | X]" in " ".join(s)]
    assert len(hazards) > 50
    for tokens in rng.sample(hazards, min(len(hazards), 130)) + rng.sample(sequences, 60):
        by_text: dict[str, list[Sentence]] = {}
        for spans in all_annotations(tokens, labels, nested):
            sentence = Sentence("b/test/0", tokens, spans)
            by_text.setdefault(fmt.render(sentence), []).append(sentence)
        for same in by_text.values():
            for sentence in same:
                checked += 1
                if nested and len(sentence.spans) > 2:
                    continue  # its twin may hold more spans than the brute force enumerates
                expected = len(same) > 1
                assert fmt.is_ambiguous(sentence, label_set) == expected or nested, (tokens, sentence.spans)
                if nested and expected:
                    assert fmt.is_ambiguous(sentence, label_set)
                ambiguous += expected
    assert ambiguous > 20
    assert checked > 1000


@settings(max_examples=1500, deadline=None)
@given(
    tokens=tokens_strategy,
    text=st.one_of(st.text(), st.lists(st.sampled_from([*HOSTILE, " ", " | PER]", "\n"])).map("".join)),
)
@example(tokens=("a",), text="[a | PER")
@example(tokens=("a",), text="[[[[a | PER] | PER] | PER]")
@example(tokens=("[", "a"), text="[ [a | PER] | PER] |")
def test_parsing_never_raises_and_spans_fit_the_sentence(tokens: tuple[str, ...], text: str) -> None:
    for fmt in (FLAT, NESTED):
        alignment = fmt.parse(text, tokens, LABELS)
        Sentence("check/test/0", tokens, alignment.spans)  # raises where spans cross, are unsorted or stick out
        assert fmt.nested or without_nested(alignment.spans) == alignment.spans
        assert all(span.label in LABELS for span in alignment.spans)
        assert alignment.status != "failed" or not alignment.spans


TOKENS = (
    "Hussain",
    ",",
    "considered",
    "surplus",
    "to",
    "England",
    "'s",
    "one-day",
    "requirements",
    ",",
    "struck",
    "158",
    ".",
)
GOLD = (Span(0, 1, "PER"), Span(5, 6, "LOC"))


@pytest.mark.parametrize(
    ("output", "spans", "status", "reasons"),
    [
        ("[Hussain | PER] , considered surplus to [England | LOC] 's one-day requirements , struck 158 .", GOLD, "exact", ()),
        ("[Hussain | PER] , considered surplus to [England | LOC] 's one-day requirements , struck 158 .\n[a | PER]", GOLD, "exact", ()),
        (" [Hussain | PER] , considered surplus to [England | LOC] 's one-day requirements , struck 158 . ", GOLD, "exact", ()),
        ("[Hussain | PER], considered surplus to [England | LOC]'s one-day requirements, struck 158.", GOLD, "repaired", ("respaced",)),
        ("[Hussain|PER] , considered surplus to [England | LOC] 's one-day requirements , struck 158 .", GOLD, "repaired", ("loose-markup",)),
        ("[Hussain | PER] , considered surplus to [England | LOC] 's requirements , struck 158 .", GOLD, "repaired", ("lost",)),
        ("[Hussein | PER] , considered surplus to [England | LOC] 's one-day requirements , struck 158 .", GOLD, "repaired", ("changed",)),
        ("The [Hussain | PER] , considered surplus to [England | LOC] 's one-day requirements , struck 158 .", GOLD, "repaired", ("added",)),
        ("[Hussain | PER] , considered surplus to [England 's one-day requirements , struck 158 .", GOLD[:1], "repaired", ("unclosed",)),
        ("Hussain | PER] , considered surplus to [England | LOC] 's one-day requirements , struck 158 .", GOLD[1:], "repaired", ("unopened",)),
        ("[Hussain | GPE] , considered surplus to [England | LOC] 's one-day requirements , struck 158 .", GOLD[1:], "repaired", ("unknown-label",)),
        ("Huss[ain | PER] , considered surplus to [England | LOC] 's one-day requirements , struck 158 .", GOLD, "repaired", ("snapped",)),
        ("[[Hussain | X] , | PER] considered surplus to [England | LOC] 's one-day requirements , struck 158 .", (Span(0, 2, "PER"), GOLD[1]), "repaired", ("nested",)),
        ("[Hussain | PER] , considered surplus to [England | LOC] 's one-day requirements , struck 158 . [Paris | LOC]", GOLD, "repaired", ("added", "ungrounded")),
        ("", (), "failed", ("empty",)),
        ("\n[Hussain | PER]", (), "failed", ("empty",)),
        ("lorem ipsum dolor sit amet [consectetur | LOC] adipiscing elit", (), "failed", ("added", "lost", "unrelated")),
    ],
)  # fmt: skip
def test_damaged_outputs(output: str, spans: tuple[Span, ...], status: str, reasons: tuple[str, ...]) -> None:
    alignment = FLAT.parse(output, TOKENS, LABELS)
    assert (alignment.spans, alignment.status, alignment.reasons) == (spans, status, reasons)


def test_what_could_not_be_placed_is_kept_and_named() -> None:
    alignment = FLAT.parse(
        "[Hussain | GPE] , considered surplus to England 's one-day requirements , struck 158 . [New York | LOC]",
        TOKENS,
        LABELS,
    )
    assert alignment.unknown_labels == (WrittenEntity("Hussain", "GPE"),)
    assert alignment.ungrounded == (WrittenEntity("New York", "LOC"),)


def test_a_nested_output_is_read_in_a_nested_corpus_and_reduced_in_a_flat_one() -> None:
    sentence = Sentence("n", ("35S-", "TR", "alpha", "1"), (Span(0, 4, "X"), Span(1, 4, "X")))
    text = NESTED.render(sentence)
    assert text == "[35S- [TR alpha 1 | X] | X]"
    assert NESTED.parse(text, sentence.tokens, LABELS).spans == sentence.spans
    flat = FLAT.parse(text, sentence.tokens, LABELS)
    assert (flat.spans, flat.status) == ((Span(0, 4, "X"),), "repaired")


@pytest.mark.parametrize(
    "rubbish",
    [
        "[" * 100_000,
        "|" * 100_000,
        " " * 100_000,
        "]" * 100_000,
        "[a | PER] " * 10_000,
        "[" * 50_000 + " | PER]" * 7_000,
        "| PER] " * 15_000,
        "the cat sat on [the mat | X] and " * 3_000,
        "".join(chr(0x4E00 + i % 20_000) for i in range(100_000)),
    ],
    ids=["open", "pipe", "space", "close", "entities", "deep", "closers", "prose", "cjk"],
)
def test_a_hundred_thousand_characters_take_less_than_a_second(rubbish: str) -> None:
    for tokens in (TOKENS, ("[", "a", "|", "PER]", "]") * 4):
        for fmt in (FLAT, NESTED):
            assert_within(1.0, partial(fmt.parse, rubbish, tokens, LABELS))


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("[" * 4_000 + "w" + " | PER]" * 4_000 + " x", ("w",) * 12_000),
        ("[" * 4_000 + "w" + " | NO]" * 4_000 + " w" * 10_000, ("w",) * 12_000),
        ("[w | PER] [ " * 3_000 + "x", ("w", "[") * 3_000),
        ("[[w | PER] | PER] | PER] " * 40, ("w", "|", "PER]") * 40),
        ("[w | PER] " * 10_000 + "| PER]", ("w",) * 10_000 + ("|", "PER]")),
        (
            "[w | PER] " * 1_000 + "[w | PER] | PER] " * 30 + "[[x w | PER] | PER]",
            ("w",) * 1_000 + ("w", "|", "PER]") * 30 + ("x", "w"),
        ),
    ],
    ids=["deep", "unknown", "source-brackets", "doubled", "closer-in-source", "closers-in-source"],
)
def test_hostile_text_against_a_long_source_takes_seconds_at_most(text: str, tokens: tuple[str, ...]) -> None:
    for fmt in (FLAT, NESTED):
        assert_within(3.0, partial(fmt.parse, text, tokens, LABELS))


def test_a_long_document_is_read_in_near_linear_time() -> None:
    rng = random.Random(3)
    words = ["".join(rng.choices("abcdefghij", k=5)) for _ in range(2_000)]
    tokens = tuple(rng.choices(words, k=16_500))
    sentence = Sentence("long", tokens, tuple(Span(i, i + 2, "PER") for i in range(0, 16_000, 20)))
    text = FLAT.render(sentence)
    damaged = text.replace(f" {tokens[100]} ", " ", 1)
    assert FLAT.parse(text, tokens, LABELS).spans == sentence.spans
    assert len(FLAT.parse(damaged, tokens, LABELS).spans) >= 799
    for output in (text, damaged):  # of 100,000 characters each
        assert_within(1.0, partial(FLAT.parse, output, tokens, LABELS))
