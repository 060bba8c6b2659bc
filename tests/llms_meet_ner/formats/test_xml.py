"""The XML format both ways: what is rendered is read back, and nothing that a model writes can break the parser."""

import itertools
import random
from functools import partial
from pathlib import Path

import pytest
from annotations import all_annotations, sentences
from hypothesis import example, given, settings
from hypothesis import strategies as st
from yardstick import assert_within

from llms_meet_ner import LabelSet, LmnError, Sentence, Span, WrittenEntity, get_format
from llms_meet_ner.alignment import REASONS
from llms_meet_ner.data_converters import load_card, read_corpus
from llms_meet_ner.formats import get_inline_format, is_inline
from llms_meet_ner.sentence import without_nested

LABELS = LabelSet.of("PER", "LOC", "X")
FLAT = get_inline_format("xml")
NESTED = get_inline_format("xml", nested=True)
HOSTILE = [
    "<", ">", "</", "/>", "<PER>", "</PER>", "<LOC>", "<X", "X>", "/X>", "<PER><LOC>", "<PER>a</PER>", "<GPE>", "<<", "<PER>a", "a</X>",
    "<per>", "< PER >", "<X/>", "</>", "<>", "&lt;", "PER", "[", "|", "a", "b", "a b", " ", "\t", "\u00a0", "é", "e\u0301", "東京", "😀",
    "\u200b", "\u2028", ".", "＜PER＞",
]  # fmt: skip

tokens_strategy = st.lists(
    st.one_of(st.sampled_from(HOSTILE), st.text(min_size=1, max_size=4).filter(lambda t: not set("\n\r") & set(t))),
    min_size=1,
    max_size=9,
).map(tuple)


@pytest.mark.parametrize("nested", [False, True])
@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_parsing_inverts_rendering(data: st.DataObject, nested: bool) -> None:
    sentence = data.draw(sentences(tokens_strategy, LABELS.names, nested=nested))
    fmt = NESTED if nested else FLAT
    text = fmt.render(sentence)
    alignment = fmt.parse(text, sentence.tokens, LABELS)
    assert (alignment.status, alignment.spans) == ("exact", sentence.spans)
    for (start, end), span in zip(fmt.entity_ranges(sentence.tokens, sentence.spans), sentence.spans):
        inside = fmt.parse(text[start:end], sentence.tokens[span.start : span.end], LABELS)
        assert Span(0, span.end - span.start, span.label) in inside.spans


@pytest.mark.parametrize(("nested", "labels"), [(False, ("PER", "X")), (True, ("PER",)), (True, ("PER", "X"))])
def test_no_two_annotations_render_alike(nested: bool, labels: tuple[str, ...]) -> None:
    fmt = NESTED if nested else FLAT
    label_set = LabelSet.of(*labels)
    vocabulary = ["a", "<PER>", "</PER>", "<PER>a</PER>", "<X>", "<PER><X>", "<", "X>"]
    rng = random.Random(7)
    sequences = [s for n in range(1, 4 if nested and len(labels) > 1 else 5) for s in itertools.product(vocabulary, repeat=n)]  # fmt: skip
    checked = 0
    for tokens in rng.sample(sequences, 40):
        annotations = all_annotations(tokens, labels, nested)
        texts = {fmt.write(tokens, spans) for spans in annotations}
        assert len(texts) == len(annotations)
        assert not fmt.is_ambiguous(Sentence("s", tokens), label_set)
        checked += len(texts)
    assert checked > 1000


@settings(max_examples=300, deadline=None)
@given(
    tokens=tokens_strategy,
    text=st.one_of(st.text(), st.lists(st.sampled_from([*HOSTILE, " ", "</LOC>", "</X>", "\n"])).map("".join)),
)
@example(tokens=("a",), text="<PER>a</PER")
@example(tokens=("<PER>", "a"), text="<PER> <PER>a</PER></PER>")
def test_parsing_never_raises_and_spans_fit_the_sentence(tokens: tuple[str, ...], text: str) -> None:
    for fmt in (FLAT, NESTED):
        alignment = fmt.parse(text, tokens, LABELS)
        Sentence("check/test/0", tokens, alignment.spans)  # raises where spans cross, are unsorted or stick out
        assert fmt.nested or without_nested(alignment.spans) == alignment.spans
        assert all(span.label in LABELS for span in alignment.spans)
        assert alignment.status != "failed" or not alignment.spans
        assert set(alignment.reasons) <= REASONS.keys()


TEXT = "Hussain , considered surplus to England 's one-day requirements , struck 158 ."
TOKENS = tuple(TEXT.split(" "))
GOLD = (Span(0, 1, "PER"), Span(5, 6, "LOC"))
REST = " 's one-day requirements , struck 158 ."


@pytest.mark.parametrize(
    ("output", "spans", "status", "reasons"),
    [
        ("<PER>Hussain</PER> , considered surplus to <LOC>England</LOC>" + REST, GOLD, "exact", ()),
        (" <PER>Hussain</PER> , considered surplus to <LOC>England</LOC>" + REST + "\n<X>a</X>", GOLD, "exact", ()),
        ("<PER>Hussain</PER>, considered surplus to <LOC> England </LOC>'s one-day requirements, struck 158.", GOLD, "repaired", ("respaced",)),
        ("< PER >Hussain</ PER> , considered surplus to <LOC>England</LOC>" + REST, GOLD, "repaired", ("loose-markup",)),
        ("<per>Hussain</Per> , considered surplus to <LOC>England</LOC>" + REST, GOLD, "repaired", ("loose-markup",)),
        ('<PER id="1">Hussain</PER> , considered surplus to <LOC>England</LOC>' + REST, GOLD, "repaired", ("loose-markup",)),
        ("<PER>Hussain</> , considered surplus to <LOC>England</LOC>" + REST, GOLD, "repaired", ("loose-markup",)),
        ("<PER>Hussain</PER> , <br/> considered surplus to <LOC>England</LOC>" + REST, GOLD, "repaired", ("loose-markup",)),
        ("<PER>Hussain</PER> , surplus to <LOC>England</LOC>" + REST, GOLD, "repaired", ("lost",)),
        ("<PER>Hussein</PER> , considered surplus to <LOC>England</LOC>" + REST, GOLD, "repaired", ("changed",)),
        ("The <PER>Hussain</PER> , considered surplus to <LOC>England</LOC>" + REST, GOLD, "repaired", ("added",)),
        ("<PER>Hussain , considered surplus to <LOC>England</LOC>" + REST, GOLD[1:], "repaired", ("unclosed",)),
        ("<PER>Hussain</PER> , considered surplus to <LOC>England<LOC>" + REST, GOLD[:1], "repaired", ("unclosed",)),
        ("Hussain</PER> , considered surplus to <LOC>England</LOC>" + REST, GOLD[1:], "repaired", ("unopened",)),
        ("<PER>Hussain</X> , considered surplus to <LOC>England</LOC>" + REST, GOLD, "repaired", ("mismatched",)),
        ("<GPE>Hussain</GPE> , considered surplus to <LOC>England</LOC>" + REST, GOLD[1:], "repaired", ("unknown-label",)),
        ("Huss<PER>ain</PER> , considered surplus to <LOC>England</LOC>" + REST, GOLD, "repaired", ("snapped",)),
        ("<PER><X>Hussain</X> ,</PER> considered surplus to <LOC>England</LOC>" + REST, (Span(0, 2, "PER"), GOLD[1]), "repaired", ("nested",)),
        ("<PER>Hussain <X>,</PER> considered</X> surplus to <LOC>England</LOC>" + REST, (Span(0, 2, "PER"), GOLD[1]), "repaired", ("crossing",)),
        ("<PER>Hussain</PER> , considered surplus to <LOC>England</LOC>" + REST + " <LOC>Paris</LOC>", GOLD, "repaired", ("added", "ungrounded")),
        ("", (), "failed", ("empty",)),
        ("<PER></PER>", (), "failed", ("empty",)),
        ("lorem ipsum dolor sit amet <LOC>consectetur</LOC> adipiscing elit", (), "failed", ("added", "lost", "unrelated")),
    ],
)  # fmt: skip
def test_damaged_outputs(output: str, spans: tuple[Span, ...], status: str, reasons: tuple[str, ...]) -> None:
    alignment = FLAT.parse(output, TOKENS, LABELS)
    assert (alignment.spans, alignment.status, alignment.reasons) == (spans, status, reasons)


def test_what_could_not_be_placed_is_kept_and_named() -> None:
    output = "<GPE>Hussain</GPE> , considered surplus to England" + REST + " <LOC>New York</LOC>"
    alignment = FLAT.parse(output, TOKENS, LABELS)
    assert alignment.unknown_labels == (WrittenEntity("Hussain", "GPE"),)
    assert alignment.ungrounded == (WrittenEntity("New York", "LOC"),)


def test_a_nested_output_is_read_in_a_nested_corpus_and_reduced_in_a_flat_one() -> None:
    sentence = Sentence("n", ("35S-", "TR", "alpha", "1"), (Span(0, 4, "PER"), Span(0, 4, "X"), Span(1, 4, "X")))
    text = NESTED.render(sentence)
    assert text == "<PER><X>35S- <X>TR alpha 1</X></X></PER>"
    assert NESTED.parse(text, sentence.tokens, LABELS).spans == sentence.spans
    flat = FLAT.parse(text, sentence.tokens, LABELS)
    assert (flat.spans, flat.status, flat.reasons) == ((Span(0, 4, "PER"),), "repaired", ("nested",))


@pytest.mark.parametrize(
    "rubbish",
    [
        "<" * 100_000,
        "<PER>" * 20_000,
        "</PER>" * 16_000,
        "<PER>a</PER> " * 8_000,
        "<PER>" * 9_000 + "a" + "</PER>" * 9_000,
        "<PER><LOC>" * 5_000 + "a" + "</LOC></X>" * 5_000,
        "<" + " " * 100_000 + ">",
        "<PER " + "a=b " * 25_000,
        "< / PER / >" * 9_000,
        "the cat sat on <X>the mat</X> and " * 3_000,
    ],
    ids=["open", "tags", "closers", "entities", "deep", "mixed", "space", "attributes", "slashes", "prose"],
)
def test_a_hundred_thousand_characters_take_less_than_a_second(rubbish: str) -> None:
    for tokens in (TOKENS, ("<PER>",) * 2_000 + ("a",) * 3_000):
        for fmt in (FLAT, NESTED):
            assert_within(1.0 if len(tokens) < 100 else 3.0, partial(fmt.parse, rubbish, tokens, LABELS))


@pytest.mark.parametrize(
    ("card_name", "splits", "folder"),
    [
        ("wikigold", ["train", "test"], "wikigold"),
        ("wnut17", ["train", "dev"], "wnut17"),
        ("germeval2014_nested", ["dev"], "germeval2014/official_tsv"),
    ],
)
def test_real_corpora_are_read_back(corpora: Path, card_name: str, splits: list[str], folder: str) -> None:
    card = load_card(card_name)
    fmt = get_inline_format("xml", nested=card.nested)
    for split in splits:
        sentences = list(read_corpus(card, split, corpora / folder))
        assert len(sentences) > 300
        for sentence in sentences:
            text = fmt.render(sentence)
            alignment = fmt.parse(text, sentence.tokens, card.labels)
            assert (alignment.status, alignment.spans) == ("exact", sentence.spans), sentence.id
            damaged = fmt.parse(f"{text} !", sentence.tokens, card.labels)
            assert damaged.spans == sentence.spans, sentence.id


def test_the_instruction_says_what_to_write() -> None:
    full = FLAT.instruction(LABELS, "full").split("\n")
    assert full[0].endswith(
        "enclosing each entity using the format <LABEL>Entity Text</LABEL>. Use only the label tags defined in the Label Set below."
    )
    assert (
        full[0].replace("<LABEL>Entity Text</LABEL>", "[Entity Text | LABEL]")
        == get_format().instruction(LABELS, "full").split("\n", maxsplit=1)[0]
    )
    assert full[1:] == ["Label Set:", "PER", "LOC", "X", "Now process the input sentence:"]
    assert FLAT.instruction(LABELS, "short") == "Mark entities as <LABEL>Entity</LABEL>: PER, LOC, X"
    assert is_inline("xml")
    with pytest.raises(LmnError, match="format xml has no instruction variant 'tiny'; it has: full, short"):
        FLAT.instruction(LABELS, "tiny")


def test_a_label_that_begins_with_a_slash_is_refused() -> None:
    labels = LabelSet.of("PER", "/PER")
    for ask in (FLAT.instruction, FLAT.markup):
        with pytest.raises(LmnError, match="label /PER begins with a slash"):
            ask(labels)
    assert FLAT.is_ambiguous(Sentence("s", ("a",)), labels)
