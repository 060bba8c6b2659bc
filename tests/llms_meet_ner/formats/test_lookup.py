"""Texts are found in a sentence also if it writes them differently, and with bounded effort."""

from __future__ import annotations

import pytest
from json_outputs import LABELS, TOKENS, grouped, listed, parse

from llms_meet_ner import Sentence, Span, WrittenEntity, get_format
from llms_meet_ner.formats.lookup import LookupResult, SourceText, TokenRange, spelling_difference


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


def test_offsets_count_the_tokens_joined_by_single_spaces() -> None:
    source = SourceText(TOKENS)
    assert source.text == " ".join(TOKENS)
    assert [source.text[start:end] for start, end in zip(source.starts, source.ends, strict=True)] == list(TOKENS)
    assert source.quote(Span(4, 6, "X")) == "New York"


def test_an_occurrence_may_lie_inside_words_overlap_another_or_touch_no_token() -> None:
    source = SourceText(("aaa", "a"))
    assert [source.occurrence("aa", number) for number in range(3)] == [0, 1, None]
    source = SourceText(("RUSH", "in", "US"))
    assert [source.occurrence("US", number) for number in range(3)] == [1, 8, None]
    assert source.occurrence_number("US", 8) == 1
    assert list(source.whole_occurrences("US")) == [TokenRange(2, 3)]
    assert source.occurrence("", 0) is None
    assert source.exact_places("US") == (TokenRange(2, 3),)


@pytest.mark.parametrize(("start", "end"), [(0, 0), (3, 2), (-1, 2), (0, 99), (4, 5)])
def test_characters_that_touch_no_token_have_no_place(start: int, end: int) -> None:
    assert SourceText(("RUSH", "in")).place_at(start, end) is None


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("b a", LookupResult((TokenRange(1, 3),))),
        ("ba", LookupResult((TokenRange(1, 3),), "respaced")),
        ("B A", LookupResult((TokenRange(1, 3),), "changed")),
        ("", LookupResult(())),
        ("\u3000", LookupResult(())),
    ],
)
def test_a_lookup_says_how_the_sentence_writes_the_text(text: str, found: LookupResult) -> None:
    assert SourceText(("a", "b", "a")).find(text) == found


@pytest.mark.parametrize(
    ("one", "other", "difference"),
    [("New York", "NewYork", "respaced"), ("ﬁ", "fi", "respaced"), ("US", "us", "changed"), ("US", "UK", "")],
)
def test_two_spellings_of_one_text_are_told_from_two_texts(one: str, other: str, difference: str) -> None:
    assert spelling_difference(one, other) == difference
