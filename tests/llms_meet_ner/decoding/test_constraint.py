"""What may be written for a sentence: every path aligns exactly, every gold rendering is a path."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from annotations import sentences
from constraints import FORMS, LABELS, TOKENIZERS, TOKENS, constraint, text_of, vocabulary
from hypothesis import given, settings
from hypothesis import strategies as st
from reachability import CORPORA, unreachable

from llms_meet_ner import LabelSet, Span
from llms_meet_ner.decoding.constraint import END
from llms_meet_ner.formats import get_inline_format
from llms_meet_ner.sentence import JOINS, Join


@settings(max_examples=500, deadline=None)
@given(
    TOKENS,
    st.sampled_from(sorted(TOKENIZERS)),
    st.sampled_from(FORMS),
    st.booleans(),
    st.sampled_from(JOINS),
    st.randoms(use_true_random=False),
)
def test_whatever_is_allowed_aligns_exactly(
    tokens: tuple[str, ...], name: str, form: str, nested: bool, join: Join, choose: random.Random
) -> None:
    allowed = constraint(tokens, name, nested=nested, form=form, join=join)
    state, ids = allowed.start, list[int]()
    while not allowed.is_done(state):
        moves = allowed.next_tokens(state)
        assert len(moves.ids), "a dead end"
        token = int(choose.choice(list(moves.ids)))
        state = moves.targets[token]
        if state != END:
            ids.append(token)
    fmt = get_inline_format(form, nested=nested, join=join)
    alignment = fmt.parse(text_of(name, ids), allowed.tokens, LABELS)
    assert alignment.status == "exact", (text_of(name, ids), alignment)
    is_rendering = fmt.write(allowed.tokens, alignment.spans) == text_of(name, ids)
    assert (
        is_rendering or form == "bracketed" or not join
    )  # where tokens look like a closer, another reading may come first
    if is_rendering and join:
        for (start, end), span in zip(fmt.entity_ranges(allowed.tokens, alignment.spans), alignment.spans):
            inside = fmt.parse(text_of(name, ids)[start:end], allowed.tokens[span.start : span.end], LABELS)
            assert Span(0, span.end - span.start, span.label) in inside.spans


@settings(max_examples=400, deadline=None)
@given(
    st.data(),
    st.sampled_from([LABELS, LabelSet.of("PER")]),
    st.sampled_from(FORMS),
    st.booleans(),
    st.sampled_from(JOINS),
)
def test_every_annotation_can_be_written(
    data: st.DataObject, labels: LabelSet, form: str, nested: bool, join: Join
) -> None:
    name = data.draw(st.sampled_from(sorted(TOKENIZERS)))
    sentence = data.draw(sentences(TOKENS, labels.names, nested=nested, most=5))
    allowed = constraint(sentence.tokens, name, nested=nested, labels=labels, form=form, join=join)
    text = get_inline_format(form, nested=nested, join=join).write(allowed.tokens, sentence.spans)
    state = allowed.start
    for token in TOKENIZERS[name]().encode(text, add_special_tokens=False):
        state = allowed.next_tokens(state).targets[token]
    assert END in allowed.next_tokens(state).targets.values() or allowed.is_done(state)


@pytest.mark.parametrize("name", sorted(TOKENIZERS))
@pytest.mark.parametrize("form", FORMS)
def test_a_character_that_the_tokenizer_reads_as_a_space_can_be_written(name: str, form: str) -> None:
    allowed = constraint(("\u2581", "New\u2581York", "a"), name, nested=False, form=form)
    text = get_inline_format(form).write(allowed.tokens, [Span(0, 1, "PER"), Span(1, 2, "LOC")])
    state = allowed.start
    for token in TOKENIZERS[name]().encode(text, add_special_tokens=False):
        state = allowed.next_tokens(state).targets[token]
    assert allowed.is_done(state)


def test_tokens_that_straddle_words_and_marks_are_allowed() -> None:
    name = "byte fallback"
    tokenizer = TOKENIZERS[name]()
    allowed = constraint(("[", "New", "York"), name, nested=False)
    ids = tokenizer.encode("[ [New York | LOC]", add_special_tokens=False)
    written = [vocabulary(name).bytes_of([token]) for token in ids]
    assert any(b" " in text.strip(b" ") or text.strip(b" ") in (b"|", b"[") for text in written)
    state = allowed.start
    for token in ids:
        state = allowed.next_tokens(state).targets[token]
    assert allowed.is_done(state)


@pytest.mark.parametrize(("form", "opener"), [("bracketed", "["), ("xml", "<LOC>")])
def test_steps_with_one_mark_or_none_are_no_decisions(form: str, opener: str) -> None:
    allowed = constraint(("said", "York"), "byte-level", nested=False, form=form)
    first = allowed.next_tokens(allowed.start)
    assert {mark[:1] for mark in first.marks} == {b"", opener[:1].encode()}
    state = allowed.start
    for token in TOKENIZERS["byte-level"]().encode(opener):
        state = allowed.next_tokens(state).targets[token]
    assert allowed.next_tokens(state).marks == (b"",)  # a word has to follow, in whatever pieces


@pytest.mark.parametrize("name", ["smollm2", "gemma3_tokenizer"])
@pytest.mark.parametrize(("card", "splits", "folder"), CORPORA, ids=[Path(card).stem for card, *_ in CORPORA])
def test_the_gold_of_real_corpora_can_be_written(
    corpora: Path, request: pytest.FixtureRequest, name: str, card: str, splits: list[str], folder: str
) -> None:
    """An eightieth of the sentences; `make verify` takes all."""
    for split in splits:
        assert unreachable(request.getfixturevalue(name), card, split, corpora / folder, step=80)[1] == []


@pytest.mark.parametrize("card", ["wikigold", "germeval2014_nested"])
def test_the_gold_of_real_corpora_can_be_written_in_tags(corpora: Path, smollm2: Path, card: str) -> None:
    splits, folder = next((splits, folder) for name, splits, folder in CORPORA if name == card)
    for split in splits:
        assert unreachable(smollm2, card, split, corpora / folder, step=80, form="xml")[1] == []
