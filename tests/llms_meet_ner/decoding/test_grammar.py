"""What may be written for a sentence: every path aligns exactly, every gold rendering is a path."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
from annotations import all_annotations, sentences
from hypothesis import given, settings
from hypothesis import strategies as st
from reachability import CORPORA, unreachable
from small_tokenizers import byte_level, pieces

from llms_meet_ner import LabelSet, LmnError, Span
from llms_meet_ner.decoding.constraint import END, Constraint
from llms_meet_ner.decoding.continuation import continuation
from llms_meet_ner.decoding.grammar import MAX_DEPTH, Grammar
from llms_meet_ner.decoding.guesser import GuessedPlan
from llms_meet_ner.decoding.vocabulary import Vocabulary
from llms_meet_ner.formats import get_inline_format

LABELS = LabelSet.of("PER", "LOC", "PERS")
WORDS = [
    "[",
    "]",
    "|",
    "PER]",
    "[New",
    "York",
    "a",
    "[ ]",
    "| PER]",
    "Şırnak",
    "東京",
    "😀",
    "\u00a0",
    "x y",
    "\x04",
    "'s",
    "<",
    "<PER>",
    "</PER>",
    "<LOC",
]
FORMS = ("bracketed", "xml")
TOKENS = st.lists(st.sampled_from(WORDS) | st.text(min_size=1, max_size=4), min_size=1, max_size=6).map(
    lambda words: tuple(word.replace("\n", " ").replace("\r", " ") for word in words)
)
TOKENIZERS = {
    "byte-level": byte_level,
    "byte fallback": lambda: pieces(byte_fallback=True, leading_space=False),
    "leading space": lambda: pieces(byte_fallback=True, leading_space=True),
    "unknown characters": lambda: pieces(byte_fallback=False, leading_space=True),
}
_vocabularies: dict[str, Vocabulary] = {}


def vocabulary(name: str) -> Vocabulary:
    if name not in _vocabularies:
        tokenizer = TOKENIZERS[name]()
        _vocabularies[name] = Vocabulary(tokenizer, [tokenizer.eos_token_id])
    return _vocabularies[name]


def constraint(
    tokens: tuple[str, ...], name: str, *, nested: bool, labels: LabelSet = LABELS, form: str = "bracketed"
) -> Constraint:
    return Constraint(tokens, get_inline_format(form).markup(labels), vocabulary(name), nested=nested)


def text_of(name: str, ids: list[int]) -> str:
    return vocabulary(name).bytes_of(ids).decode().removeprefix(vocabulary(name).leading.decode())


@settings(max_examples=500, deadline=None)
@given(
    TOKENS,
    st.sampled_from(sorted(TOKENIZERS)),
    st.sampled_from(FORMS),
    st.booleans(),
    st.randoms(use_true_random=False),
)
def test_whatever_is_allowed_aligns_exactly(
    tokens: tuple[str, ...], name: str, form: str, nested: bool, choose: random.Random
) -> None:
    allowed = constraint(tokens, name, nested=nested, form=form)
    state, ids = allowed.start, list[int]()
    while not allowed.is_done(state):
        moves = allowed.moves(state)
        assert len(moves.ids), "a dead end"
        token = int(choose.choice(list(moves.ids)))
        state = moves.targets[token]
        if state != END:
            ids.append(token)
    fmt = get_inline_format(form, nested=nested)
    alignment = fmt.parse(text_of(name, ids), allowed.tokens, LABELS)
    assert alignment.status == "exact", (text_of(name, ids), alignment)
    is_rendering = fmt.write(allowed.tokens, alignment.spans) == text_of(name, ids)
    assert is_rendering or form == "bracketed"  # where tokens look like a closer, another reading may come first
    if is_rendering:
        for (start, end), span in zip(fmt.entity_ranges(allowed.tokens, alignment.spans), alignment.spans):
            inside = fmt.parse(text_of(name, ids)[start:end], allowed.tokens[span.start : span.end], LABELS)
            assert Span(0, span.end - span.start, span.label) in inside.spans


@settings(max_examples=400, deadline=None)
@given(st.data(), st.sampled_from([LABELS, LabelSet.of("PER")]), st.sampled_from(FORMS), st.booleans())
def test_every_annotation_can_be_written(data: st.DataObject, labels: LabelSet, form: str, nested: bool) -> None:
    name = data.draw(st.sampled_from(sorted(TOKENIZERS)))
    sentence = data.draw(sentences(TOKENS, labels.names, nested=nested, most=5))
    allowed = constraint(sentence.tokens, name, nested=nested, labels=labels, form=form)
    text = get_inline_format(form, nested=nested).write(allowed.tokens, sentence.spans)
    state = allowed.start
    for token in TOKENIZERS[name]().encode(text, add_special_tokens=False):
        state = allowed.moves(state).targets[token]
    assert END in allowed.moves(state).targets.values() or allowed.is_done(state)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize(
    ("nested", "labels"), [(False, ("A", "B")), (True, ("A",)), (True, ("A", "B")), (True, ("B", "A", "C"))]
)
def test_the_outputs_are_the_renderings_of_all_annotations_each_once(
    form: str, nested: bool, labels: tuple[str, ...]
) -> None:
    tokens = ("x", "y", "z")[: 2 if len(labels) > 2 else 3]
    fmt = get_inline_format(form, nested=nested)
    grammar = Grammar([token.encode() for token in tokens], fmt.markup(LabelSet.of(*labels)), nested=nested)
    found: list[str] = []
    pending = [(position.node, b"") for position in grammar.positions(grammar.START)][:1]
    while pending:
        node, text = pending.pop()
        arcs = grammar.arcs(node)
        assert arcs or grammar.is_end(node), "a dead end"
        if grammar.is_end(node):
            found.append(text.decode())
        pending += [(arc.to, text + arc.text) for arc in arcs]
    spans = len(tokens) * (len(tokens) + 1) // 2 * len(labels)
    expected = [fmt.write(tokens, each) for each in all_annotations(tokens, labels, nested, most=spans)]
    assert sorted(found) == sorted(expected)


@settings(max_examples=300, deadline=None)
@given(TOKENS, st.sampled_from(FORMS), st.booleans(), st.sets(st.integers(0, 5)), st.randoms(use_true_random=False))
def test_a_plan_leads_from_every_state_to_an_end(
    tokens: tuple[str, ...], form: str, nested: bool, starts: set[int], choose: random.Random
) -> None:
    name = "byte-level"
    allowed = constraint(tokens, name, nested=nested, form=form)
    plan = GuessedPlan(
        allowed.tokens, tuple(Span(at, at + 1, "LOC") for at in sorted(starts) if at < len(tokens)), "PER"
    )
    state, ids = allowed.start, list[int]()
    while not allowed.is_done(state):
        rest = continuation(allowed.grammar, state, plan)
        after = state
        for byte in rest:
            after = allowed.grammar.steps(after)[byte].state
        assert allowed.grammar.is_final(after)
        moves = allowed.moves(state)
        token = int(choose.choice(list(moves.ids)))
        if moves.targets[token] == END:
            break
        state = moves.targets[token]
        ids.append(token)


@pytest.mark.parametrize(
    ("form", "expected"),
    [
        ("bracketed", "[New York | LOC] beat [Essex | PERS] ."),
        ("xml", "<LOC>New York</LOC> beat <PERS>Essex</PERS> ."),
    ],
)
def test_a_plan_is_followed(form: str, expected: str) -> None:
    allowed = constraint(("New", "York", "beat", "Essex", "."), "byte-level", nested=False, form=form)
    plan = GuessedPlan(allowed.tokens, (Span(0, 2, "LOC"), Span(3, 4, "PERS")), "PER")
    assert continuation(allowed.grammar, allowed.start, plan).decode() == expected


@pytest.mark.parametrize(
    ("form", "begun", "rest"),
    [
        ("bracketed", "[York | PER", "S] won"),
        ("xml", "<PER", "S>York</PERS> won"),
        ("xml", "<LOC>York", "</LOC> won"),  # what was not planned is closed with its own label
    ],
)
def test_a_mark_that_was_begun_is_finished_as_planned(form: str, begun: str, rest: str) -> None:
    allowed = constraint(("York", "won"), "byte-level", nested=False, form=form)
    state = allowed.start
    for byte in begun.encode():
        state = allowed.grammar.steps(state)[byte].state
    plan = GuessedPlan(allowed.tokens, (Span(0, 1, "PERS"),), "LOC")
    assert continuation(allowed.grammar, state, plan).decode() == rest


def test_tokens_that_straddle_words_and_marks_are_allowed() -> None:
    name = "byte fallback"
    tokenizer = TOKENIZERS[name]()
    allowed = constraint(("[", "New", "York"), name, nested=False)
    ids = tokenizer.encode("[ [New York | LOC]", add_special_tokens=False)
    written = [vocabulary(name).bytes_of([token]) for token in ids]
    assert any(b" " in text.strip(b" ") or text.strip(b" ") in (b"|", b"[") for text in written)
    state = allowed.start
    for token in ids:
        state = allowed.moves(state).targets[token]
    assert allowed.is_done(state)


@pytest.mark.parametrize(("form", "opener"), [("bracketed", "["), ("xml", "<LOC>")])
def test_steps_with_one_mark_or_none_are_no_decisions(form: str, opener: str) -> None:
    allowed = constraint(("said", "York"), "byte-level", nested=False, form=form)
    first = allowed.moves(allowed.start)
    assert {mark[:1] for mark in first.marks} == {b"", opener[:1].encode()}
    state = allowed.start
    for token in TOKENIZERS["byte-level"]().encode(opener):
        state = allowed.moves(state).targets[token]
    assert allowed.moves(state).marks == (b"",)  # a word has to follow, in whatever pieces


def test_nesting_is_bounded_and_never_leads_into_a_corner() -> None:
    two = LabelSet.of("A", "B")
    bracket = TOKENIZERS["byte-level"]().convert_tokens_to_ids("[")
    for length in (1, 3, 5):
        allowed = constraint(("x",) * length, "byte-level", nested=True, labels=two)
        state, opened = allowed.start, 0
        while bracket in allowed.moves(state).targets:
            state, opened = allowed.moves(state).targets[bracket], opened + 1
        assert opened == min(length * len(two), MAX_DEPTH)  # no token can close more than one of each label
    deep = constraint(("x",) * 20, "byte-level", nested=True)
    state, opened = deep.start, 0
    for _ in range(20):
        while bracket in deep.moves(state).targets:
            state, opened = deep.moves(state).targets[bracket], opened + 1
        for token in TOKENIZERS["byte-level"]().encode("x "):
            state = deep.moves(state).targets.get(token, state)
    assert opened == MAX_DEPTH


def test_characters_without_a_token_become_question_marks() -> None:
    known = vocabulary("unknown characters")
    assert known.spellable("Şırnak") == "Şırnak"
    assert known.spellable("Ж→a") == "--a"  # it has no question mark either
    assert vocabulary("byte-level").spellable("Ж→\x04 \ud800") == "Ж→\x04 ?"
    with pytest.raises(LmnError, match=r"cannot write the format's mark ' \| Ж\]'; --decoding free does without"):
        known.require(" | Ж]", "the format's mark")


def test_other_vocabularies_are_refused() -> None:
    from tokenizers import Tokenizer, decoders
    from tokenizers.models import WordPiece
    from transformers import PreTrainedTokenizerFast

    backend = Tokenizer(WordPiece({"[UNK]": 0, "a": 1, "##b": 2}, unk_token="[UNK]"))
    backend.decoder = decoders.WordPiece()
    with pytest.raises(LmnError, match="a WordPiece vocabulary has no spaces"):
        Vocabulary(PreTrainedTokenizerFast(tokenizer_object=backend, unk_token="[UNK]"), [0])


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
