"""Outputs whose text is the sentence, but for white space: characters are counted, so that no repeat and no lost space misleads."""

from __future__ import annotations

import re

import pytest
from annotations import sentences
from hypothesis import given, settings
from hypothesis import strategies as st

from llms_meet_ner import LabelSet, Sentence, Span, get_format
from llms_meet_ner.alignment import WrittenEntity
from llms_meet_ner.formats.markup import Mark
from llms_meet_ner.formats.unspaced import form, read_unspaced

LABELS = LabelSet.of("PER", "LOC")
PLAIN = st.sampled_from(
    ["乙", "丁", "월", "า", "a", "b", "é", "e\u0301", "ﬁ", "ab", "ba", "no", "N", "日本", "😀", ".", "\u0301", "½"]
)
MARKED = st.one_of(PLAIN, st.sampled_from(["[", "]", "|", "[[", "[a", "PER]", "<PER>", "</PER>", "<", ">"]))
EXAMPLES = [
    ("乙 丁 乙 月 己", "乙丁[乙 | PER]月己", [(2, 3)]),
    ("no go no way ok", "nogo[no | PER]wayok", [(2, 3)]),
    ("戊 己 日 己 戊 甲 月", "戊己日己[戊 | PER]甲月", [(4, 5)]),
    ("乙 丁 乙 月 己", "乙 丁 [乙|PER] 月己", [(2, 3)]),
    ("乙 丁 乙 乙 己", "乙丁乙[乙己 | PER]", [(3, 5)]),
    ("a a a a", "aa [a | PER]a", [(2, 3)]),
    ("㎏ e\u0301 é Straße", "kgé[É STRASSE | PER]", [(2, 4)]),
    ("ㄱ ㅏ ㄱ ㅏ", "가[가 | PER]", [(2, 4)]),
    ("see [ 12 ] , [ 12 ]", "see [12], [[12 | PER]]", [(6, 7)]),
    ("see [ 12 ] .", "see  [[ 12 | PER] ].", [(1, 3)]),
    ("see [ 12 ] .", "see [ [12 | PER]].", [(2, 3)]),
    ("a | PER] a", "a | PER] [a|PER]", [(3, 4)]),
    ("［ 乙 ］ 乙", "［乙］[乙 | PER]", [(3, 4)]),
]


@pytest.mark.parametrize(("words", "output", "places"), EXAMPLES)
@pytest.mark.parametrize("nested", [False, True], ids=["flat", "nested"])
def test_a_text_without_its_white_space_is_read_by_its_characters(
    words: str, output: str, places: list[tuple[int, int]], nested: bool
) -> None:
    expected = tuple(Span(start, end, "PER") for start, end in places)
    alignment = get_format(nested=nested).parse(output, tuple(words.split()), LABELS)
    assert (alignment.spans, alignment.status) == (expected, "repaired")
    assert set(alignment.reasons) <= {"respaced", "loose-markup"}
    if "|" not in words:
        tags = re.sub(r"\[([^\[\]|]+?) ?\| ?per\]", r"<PER>\1</PER>", output, flags=re.IGNORECASE)
        assert (
            get_format("xml", nested=nested).parse(tags, tuple(words.split()), LABELS).spans == expected or "[" in words
        )


@pytest.mark.parametrize(
    ("output", "expected", "reasons"),
    [
        ("nogo[no | PER]way[ok", [Span(2, 3, "PER")], ["unclosed"]),
        ("nogo[no | PER]way | LOC]ok", [Span(2, 3, "PER")], ["unopened"]),
        ("nogo[n | PER]owayok", [Span(2, 3, "PER")], ["snapped"]),
        ("nogo[no | FOO][way | PER]ok", [Span(3, 4, "PER")], ["unknown-label"]),
        ("nogo[[no | PER]way | LOC]ok", [Span(2, 4, "LOC")], ["nested"]),
        ("nogo[no | PER][ | PER]wayok", [Span(2, 3, "PER")], ["ungrounded"]),
    ],
)
def test_damaged_marks_in_an_intact_text(output: str, expected: list[Span], reasons: list[str]) -> None:
    alignment = get_format().parse(output, ("no", "go", "no", "way", "ok"), LABELS)
    assert (list(alignment.spans), list(alignment.reasons)) == (expected, reasons)


def test_an_entity_is_quoted_as_the_output_writes_it() -> None:
    alignment = get_format().parse("乙丁 [É  Ünal | FOO]月", ("乙", "丁", "E\u0301", "ünal", "月"), LABELS)
    assert alignment.unknown_labels == (WrittenEntity("É  Ünal", "FOO"),)


def respaced(text: str, keep: list[int]) -> str:
    """Return a text in which each space is lost, kept or doubled."""
    pieces = text.split(" ")
    return "".join(piece + " " * keep[number % len(keep)] for number, piece in enumerate(pieces)).strip()


@pytest.mark.parametrize("name", ["bracketed", "xml"])
@pytest.mark.parametrize("nested", [False, True], ids=["flat", "nested"])
@settings(max_examples=60, deadline=None)
@given(data=st.data(), keep=st.lists(st.integers(0, 2), min_size=1, max_size=7))
def test_entities_survive_the_loss_of_white_space(
    name: str, nested: bool, data: st.DataObject, keep: list[int]
) -> None:
    words = st.lists(PLAIN, min_size=1, max_size=9).map(tuple)
    sentence = data.draw(sentences(words, LABELS.names, nested=nested))
    fmt = get_format(name, nested=nested)
    output = respaced(fmt.render(sentence), keep)
    assert fmt.parse(output, sentence.tokens, LABELS).spans == sentence.spans, output


@pytest.mark.parametrize("name", ["bracketed", "xml"])
@pytest.mark.parametrize("nested", [False, True], ids=["flat", "nested"])
@settings(max_examples=60, deadline=None)
@given(data=st.data(), keep=st.sampled_from([[0], [2], [0, 1], [2, 0]]))
def test_marks_among_the_tokens_stay_text_as_far_as_the_characters_tell(
    name: str, nested: bool, data: st.DataObject, keep: list[int]
) -> None:
    words = st.lists(MARKED, min_size=1, max_size=6).map(tuple)
    sentence = data.draw(sentences(words, LABELS.names, nested=nested, most=2))
    fmt = get_format(name, nested=nested)
    output = respaced(fmt.render(sentence), keep)
    spans = fmt.parse(output, sentence.tokens, LABELS).spans
    unspaced = "".join(fmt.render(sentence).split())
    assert "".join(fmt.render(Sentence("s", sentence.tokens, spans)).split()) == unspaced, output


def test_another_text_is_not_read() -> None:
    per = Mark("[", "", opens=True, literal=True)
    assert read_unspaced(["ab"], ("a", "b"), 100) is not None
    assert read_unspaced(["a", per, "b"], ("a", "[", "b"), 100) is not None
    for pieces in (["ab", "c"], ["a"], [], ["a", per, "c"], ["a" * 101]):
        assert read_unspaced(pieces, ("a", "b"), 100) is None


@given(st.text(), st.text())
def test_the_form_of_two_texts_is_the_form_of_each(one: str, other: str) -> None:
    assert sorted(form(one) + form(other)) == sorted(form(one + other))
    assert not any(character.isspace() for character in form(one))
