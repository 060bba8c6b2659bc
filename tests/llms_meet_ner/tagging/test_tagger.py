"""Tagging raw text: offsets stay those of the original text, and results stay in order."""

from __future__ import annotations

import json
import logging
from dataclasses import replace

import pytest
from hostile import TOKENS
from hypothesis import given, settings
from hypothesis import strategies as st
from standins import CapitalsSystem, spans_of, tagger
from strict_html import parsed

import llms_meet_ner
from llms_meet_ner import LmnError, Sentence, Span
from llms_meet_ner.rendering.text import visible_lines
from llms_meet_ner.systems.counting import CountingBaseline
from llms_meet_ner.systems.pieces import PIECE_TOKENS
from llms_meet_ner.tagging.splitting import make_splitter, splitter_for
from llms_meet_ner.tagging.tagger import CHUNK_SENTENCES, Entity, SplitText, TaggedSentence, TaggedText, Tagger

NEWS = (
    "Hussain, considered surplus to England's one-day requirements, struck 158. Then Mr. Peter Müller left for Essex!"
)


SPLITTERS = {language: make_splitter(language) for language in ("en", "de", "fr", "tr", "zh", "xx")}


texts = st.text(
    st.one_of(
        st.sampled_from("aA. \t\n\r'-[]|,!?\"…/1:@#\u2028\u2029\x85\x1c\u00a0\u200b\ufeff\u0301東é🇫🇮。"),
        st.characters(exclude_categories=["Cs"]),
    ),
    max_size=80,
)


@given(st.lists(texts, max_size=5), st.sampled_from(["en", "xx"]))
@settings(max_examples=200, deadline=None)
def test_offsets_are_those_of_the_original_text(inputs: list[str], language: str) -> None:
    results = tagger(None, splitter=SPLITTERS[language]).tag(inputs)
    assert [tagged.text for tagged in results] == inputs
    for tagged in results:
        marked = [
            sentence.tokens[at]
            for sentence in tagged.sentences
            for span in sentence.spans
            for at in range(span.start, span.end)
        ]
        assert marked == [
            token for sentence in tagged.sentences for token in sentence.tokens if token[0].isupper()
        ]  # fmt: skip
        assert all(tagged.text[entity.start : entity.end] == entity.text for entity in tagged.entities)
        assert without_markup(tagged) == tagged.text
        assert json.loads(json.dumps(tagged.to_dict()))["text"] == tagged.text


def without_markup(tagged: TaggedText) -> str:
    """Take out of the rendering, from the right, what it has more than the text."""
    text = tagged.brackets()
    for entity in reversed(tagged.entities):
        closing = f" | {entity.label}]"
        end = entity.end + 1 + sum(len(f"[ | {other.label}]") for other in tagged.entities if other.end <= entity.start)
        assert text[end : end + len(closing)] == closing
        start = end - len(entity.text) - 1
        assert text[start] == "["
        text = text[:start] + text[start + 1 : end] + text[end + len(closing) :]
    return text


def test_what_comes_out() -> None:
    (tagged,) = tagger().tag([NEWS])
    assert tagged.brackets() == (
        "[Hussain | LOC], considered surplus to [England | LOC]'s one-day requirements, struck 158. "
        "[Then Mr. Peter Müller | PER] left for [Essex | LOC]!"
    )
    assert tagged.entities[1] == Entity(31, 38, "LOC", "England", 1 / 3)
    assert tagged.to_dict()["entities"][0] == {
        "start": 0, "end": 7, "label": "LOC", "text": "Hussain", "confidence": 0.5,
    }  # fmt: skip
    assert tagged.conll().splitlines()[-8:] == [
        "Mr.\tI-PER", "Peter\tI-PER", "Müller\tI-PER", "left\tO", "for\tO", "Essex\tB-LOC", "!\tO", "",
    ]  # fmt: skip


def test_entities_inside_each_other_and_side_by_side() -> None:
    text = "SV Essex/Kent"
    offsets = ((0, 2), (3, 8), (8, 9), (9, 13))
    spans = (Span(0, 2, "ORG"), Span(1, 2, "LOC"), Span(2, 3, "X"), Span(3, 4, "LOC"))
    tagged = TaggedText(text, (TaggedSentence(("SV", "Essex", "/", "Kent"), offsets, spans, (None,) * 4),))
    assert tagged.brackets() == "[SV [Essex | LOC] | ORG][/ | X][Kent | LOC]"
    assert tagged.conll() == "SV\tB-ORG\nEssex\tI-ORG\n/\tB-X\nKent\tB-LOC\n\n"
    with pytest.raises(ValueError, match="not an entity"):
        Entity(3, 3, "LOC", "")
    with pytest.raises(ValueError, match="4 tokens, 3 offsets"):
        TaggedSentence(("SV", "Essex", "/", "Kent"), offsets[:3])


def test_tokens_stay_as_they_are() -> None:
    sentences = [["Anna", "saw", "New York", "\u00a0"], [], ["-DOCSTART-"], ("[x", "Kent", "|", "LOC]")]
    results = tagger(None).tag_tokens(sentences)
    assert [result.tokens for result in results] == [tuple(sentence) for sentence in sentences]
    assert [result.spans for result in results] == [spans_of(sentence) for sentence in sentences]
    assert results[0].offsets[2] == (9, 17)
    for bad in ("", "a\nb", "\r"):
        with pytest.raises(LmnError, match="a token may not be empty or hold a line break"):
            tagger(None).tag_tokens([["Anna", bad]])
    with pytest.raises(LmnError, match=r"half a character \(surrogate\) at 5"):
        tagger().tag(["Anna \ud800"])


def test_batches_are_sorted_and_results_are_not() -> None:
    inputs = [f"{'Anna ' * (n % 7)}is {n}" for n in range(600)]
    stream = tagger(None, batch_size=16)
    first = next(stream.stream(iter(inputs)))
    asked = [tokens for batch in stream.system.generator.batches for tokens in batch]  # type: ignore[attr-defined]
    assert first.text == inputs[0]
    assert len(asked) == CHUNK_SENTENCES
    lengths = [len(" ".join(tokens)) for tokens in asked]
    assert lengths == sorted(lengths, reverse=True)
    assert [tagged.text for tagged in stream.tag(inputs)] == inputs
    assert max(map(len, stream.system.generator.batches)) == 16  # type: ignore[attr-defined]


def test_long_sentences_are_read_in_pieces(caplog: pytest.LogCaptureFixture) -> None:
    words = ["a"] * PIECE_TOKENS + ["Anna"] + ["b"] * PIECE_TOKENS + ["Vaasa", "Kuopio"]
    model = tagger(None)
    with caplog.at_level(logging.WARNING):
        (result,) = model.tag_tokens([words])
    assert result.spans == spans_of(words)
    assert max(len(tokens) for batch in model.system.generator.batches for tokens in batch) == 172  # type: ignore[attr-defined]
    assert "has 515 tokens and is read in 3 pieces" in caplog.text
    assert result.pieces == 3
    assert model.tag_tokens([words[:PIECE_TOKENS]])[0].pieces == 1


def test_the_record_of_a_text_says_that_it_was_read_in_pieces() -> None:
    whole, cut = tagger(None).tag(["Anna sang", "Anna " + "sang " * PIECE_TOKENS + "to Bob"])
    assert (whole.pieces, cut.pieces) == (0, 2)
    assert "pieces" not in whole.to_dict()
    assert cut.to_dict()["pieces"] == 2
    assert [entity.text for entity in cut.entities] == ["Anna", "Bob"]


def test_what_the_model_has_no_room_for_is_read_in_smaller_pieces() -> None:
    (result,) = tagger(None, window=50).tag(["Anna saw Bob , who saw Anna"])
    assert result.pieces == 2
    assert [entity.text for entity in result.entities] == ["Anna", "Bob", "Anna"]


def test_what_the_model_cannot_hold_has_no_entities(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        results = tagger(None, window=50).tag(["Anna sang", "Base" * 10, "Vaasa"])
    assert [len(result.entities) for result in results] == [1, 0, 1]
    assert "'BaseBaseBaseBaseBaseBaseBaseBaseBaseBase'... is too long for the model" in caplog.text


def test_a_notebook_draws_the_entities_with_their_confidences() -> None:
    sentences = (
        TaggedSentence(("Bank", "of", "Oslo"), ((0, 4), (5, 7), (8, 12)), (Span(0, 3, "ORG"), Span(2, 3, "LOC")), (0.9, None)),
        TaggedSentence(("Anna",), ((13, 17),), (Span(0, 1, "PER"),), (0.25,)),
    )  # fmt: skip
    page = parsed(TaggedText("Bank of Oslo\nAnna left", sentences)._repr_html_())
    assert "".join(page.text).strip("\n") == "Bank of OsloLOCORG\nAnnaPER left"
    titles = [value for name, value in page.attributes if name == "title"]
    assert titles == ["confidence 0.9000", "confidence 0.2500"]


@given(st.lists(st.sampled_from(TOKENS), min_size=1, max_size=4))
def test_hostile_words_are_drawn_as_text(words: list[str]) -> None:
    text, offsets = " ".join(words), []
    for word in words:
        start = offsets[-1][1] + 1 if offsets else 0
        offsets.append((start, start + len(word)))
    spans = tuple(Span(at, at + 1, words[-1 - at]) for at in range(len(words)))
    tagged = TaggedText(text, (TaggedSentence(tuple(words), tuple(offsets), spans, (None,) * len(spans)),))
    page = parsed(tagged._repr_html_())
    assert set(page.tags) == {"div", "span"}
    assert all("".join(page.text).count(visible_lines(word)) >= 2 for word in words)


def test_one_text_has_one_result_and_is_not_tagged_character_by_character() -> None:
    one = tagger().tag("Anna left. Bob came.")
    assert one == tagger().tag(["Anna left. Bob came."])[0]
    assert [entity.text for entity in one.entities] == ["Anna", "Bob"]
    assert tagger().tag("").entities == ()


def test_what_is_no_list_of_texts_is_one_error() -> None:
    with pytest.raises(LmnError, match=r"^stream takes a list of texts, and this is one text: 'Anna'; write \[text\]$"):
        tagger().stream("Anna")
    for call in (tagger().tag, tagger().stream):
        with pytest.raises(
            LmnError, match=r"^bytes are not text: b'Anna'; decode them first: texts.decode\('utf-8'\)$"
        ):
            call(b"Anna")  # type: ignore[operator]
    with pytest.raises(LmnError, match=r"^a text is a string, and this is NoneType: None$"):
        tagger().tag(["Anna", None])  # type: ignore[list-item]
    with pytest.raises(LmnError, match=r"tag_tokens takes a list of sentences, and this is a text: 'Anna'"):
        tagger(None).tag_tokens("Anna")
    with pytest.raises(
        LmnError, match=r"a sentence is a list of tokens, and this is a text: 'Anna'; write text.split\(\)"
    ):
        tagger(None).tag_tokens(["Anna"])


def test_any_system_can_tag() -> None:
    train = [Sentence("t/0", ("Anna", "Holm"), (Span(0, 2, "PER"),))]
    found = Tagger(CountingBaseline("gazetteer", train)).tag(["Anna Holm left", ""])
    assert found[0].entities == (Entity(0, 9, "PER", "Anna Holm"),)
    assert found[1].entities == ()


def test_what_load_returns_is_exported() -> None:
    assert {"Entity", "System", "TaggedSentence", "TaggedText", "Tagger", "load"} <= set(llms_meet_ner.__all__)
    assert all(hasattr(llms_meet_ner, name) for name in llms_meet_ner.__all__)
    assert llms_meet_ner.Tagger is Tagger


def test_a_text_without_spaces_is_tagged_by_its_characters() -> None:
    text = "昨天，AB 来了。后来C走了！"
    tagged = tagger(splitter=splitter_for("auto", ""), join="").tag([text])[0]
    assert ["".join(sentence.tokens) for sentence in tagged.sentences] == ["昨天，AB来了。", "后来C走了！"]
    assert all(len(token) == 1 for sentence in tagged.sentences for token in sentence.tokens)
    assert [(entity.start, entity.text, entity.label) for entity in tagged.entities] == [
        (3, "AB", "PER"),
        (11, "C", "LOC"),
    ]
    assert tagged.brackets() == "昨天，[AB | PER] 来了。后来[C | LOC]走了！"
    (tokens,) = tagger(None, join="").tag_tokens([["昨天", "AB", "C", "来"]])
    assert tokens.spans == (Span(1, 3, "PER"),)


def test_entities_below_a_minimum_confidence_are_left_out() -> None:
    text = "Anna saw Kent . Bob saw Anna and Kent"
    sure = replace(tagger(None), min_confidence=1 / 3).tag(text)
    assert [(entity.text, entity.confidence) for entity in sure.entities] == [("Anna", 1 / 2), ("Kent", 1 / 3)]
    assert replace(tagger(None), min_confidence=0).tag(text) == tagger(None).tag(text)
    assert replace(tagger(None), min_confidence=1).tag(text).entities == ()
    with pytest.raises(LmnError, match="gives no confidences"):
        Tagger(CountingBaseline("gazetteer", []), min_confidence=0.5)


def test_an_entity_without_a_confidence_ends_what_needs_one(monkeypatch: pytest.MonkeyPatch) -> None:
    system = CapitalsSystem()
    answer = system.answer
    monkeypatch.setattr(system, "answer", lambda asked: [replace(one, confidences=None) for one in answer(asked)])
    assert Tagger(system).tag("Anna left").entities[0].confidence is None
    with pytest.raises(LmnError, match="capitals gave no confidences for 'Anna left'"):
        Tagger(system, min_confidence=0.5).tag("Anna left")


def test_portions_end_with_the_text_that_completes_them() -> None:
    inputs = ["Anna left"] * (CHUNK_SENTENCES + 1)
    assert [len(portion) for portion in tagger(None).portions(inputs)] == [CHUNK_SENTENCES, 1]
    source = SplitText("Anna  Kent", [[(0, 4)], [(6, 10)]])
    ((tagged,),) = tagger(None).split_portions([source])
    assert [(entity.start, entity.text) for entity in tagged.entities] == [(0, "Anna"), (6, "Kent")]
