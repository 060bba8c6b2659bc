"""The tags format: by position, by alignment, and what cannot be read."""

from __future__ import annotations

import json

import pytest
from annotations import all_annotations, sentences, tokens_strategy
from hypothesis import given, settings
from hypothesis import strategies as st
from json_outputs import LABELS, TOKENS, assert_sound, parse
from yardstick import assert_within

from llms_meet_ner import LabelSet, Sentence, Span, get_format
from llms_meet_ner.reading import ending_of, read_output
from llms_meet_ner.sentence import without_nested


def output(tokens: object = None, tags: object = None, **more: object) -> str:
    row = {} if tokens is None else {"tokens": tokens}
    return json.dumps({**row, **({} if tags is None else {"ner_tags": tags}), **more}, ensure_ascii=False)


def tags_of(*spans: tuple[int, int, str], length: int = len(TOKENS)) -> list[str]:
    tags = ["O"] * length
    for start, end, label in spans:
        tags[start:end] = [f"B-{label}"] + [f"I-{label}"] * (end - start - 1)
    return tags


YORK = tags_of((0, 3, "X"), (12, 13, "LOC"))
SPANS = (Span(0, 3, "X"), Span(12, 13, "LOC"))


@pytest.mark.parametrize("nested", [False, True])
@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_parsing_inverts_rendering_up_to_what_lies_inside(data: st.DataObject, nested: bool) -> None:
    sentence = data.draw(sentences(tokens_strategy, LABELS.names, nested=nested))
    fmt = get_format("tags", nested=nested)
    text = fmt.render(sentence, LABELS)
    assert "\n" not in text
    assert json.loads(text)["tokens"] == list(sentence.tokens)
    alignment = fmt.parse(text, sentence.tokens, LABELS)
    assert (alignment.status, alignment.spans) == ("exact", without_nested(sentence.spans))
    assert fmt.is_ambiguous(sentence, LABELS) or alignment.spans == sentence.spans


@pytest.mark.parametrize(("nested", "labels"), [(False, ("PER", "X")), (True, ("PER",)), (True, ("PER", "X"))])
def test_is_ambiguous_agrees_with_brute_force(nested: bool, labels: tuple[str, ...]) -> None:
    fmt, label_set = get_format("tags", nested=nested), LabelSet.of(*labels)
    for tokens in (("a",), ("a", "b"), ("a", "b", "a")[: 3 if len(labels) == 1 or not nested else 2]):
        by_text: dict[str, list[Sentence]] = {}
        for spans in all_annotations(tokens, labels, nested, most=6):
            sentence = Sentence("b/test/0", tokens, spans)
            by_text.setdefault(fmt.render(sentence), []).append(sentence)
        for same in by_text.values():
            assert {fmt.is_ambiguous(sentence, label_set) for sentence in same} == {len(same) > 1}


@pytest.mark.parametrize(
    "text",
    [
        output(TOKENS, YORK),
        output(TOKENS, YORK, pos_tags=["NN"] * 3, chunk_tags=[]),
        json.dumps({"ner_tags": YORK, "tokens": TOKENS}),
    ],
)
def test_what_was_asked_for_is_exact_also_with_the_published_keys(text: str) -> None:
    alignment = parse("tags", text)
    assert (alignment.status, alignment.spans) == ("exact", SPANS)


@pytest.mark.parametrize(
    ("text", "reasons"),
    [
        (output(None, YORK), ("loose-json",)),
        (output("New York", YORK), ("loose-json",)),
        (output(TOKENS, YORK, note="done"), ("loose-json",)),
        (f"[{output(TOKENS, YORK)}]", ("loose-json",)),
        (output(TOKENS[:-1], YORK), ("miscounted",)),
        (output(TOKENS, YORK)[:-1], ("damaged-json",)),
        (output(TOKENS, YORK).replace('"', "'").replace("''s", "'s"), None),
        (output(TOKENS, [tag.replace("-", "_") for tag in YORK]), ("mistagged",)),
        (output(TOKENS, [tag.lower() for tag in YORK]), ("mistagged",)),
        (output(TOKENS, ["X", "X", "X", *YORK[3:]]), ("mistagged",)),
        (output(TOKENS, ["I-X", *YORK[1:]]), ("mistagged",)),
        (output(TOKENS, ["B-X", "M-X", "E-X", *YORK[3:12], "S-LOC", "O"]), ("mistagged",)),
        (output(TOKENS, [*YORK[:-1], None]), ("mistagged",)),
        (output(TOKENS, [*YORK[:-1], 0]), ("mistagged",)),
    ],
)
def test_loose_lists_and_tags_are_read_and_named(text: str, reasons: tuple[str, ...] | None) -> None:
    alignment = parse("tags", text)
    assert alignment.spans == SPANS
    assert alignment.status == "repaired"
    assert reasons is None or alignment.reasons == reasons


@pytest.mark.parametrize(
    ("tokens", "spans", "reasons"),
    [
        # split and joined otherwise: characters lead to the tokens
        (("New York", "Times", *TOKENS[3:]), [(0, 2, "X")], ("respaced",)),
        (("New", "York", "Times", ",", "New", "York", "'", "s", *TOKENS[7:]), [(0, 3, "X")], ("respaced",)),
        # words that differ, are lost or are added
        (("New", "york", "Time", *TOKENS[3:]), [(0, 3, "X")], ("changed",)),
        (("New", "York", "Times", *TOKENS[4:]), [(0, 3, "X")], ("lost",)),
        (("Oh", "New", "York", "Times", *TOKENS[3:]), [(1, 4, "X")], ("added",)),
    ],
)
def test_other_tokens_are_aligned_with_the_sentence(
    tokens: tuple[str, ...], spans: list[tuple[int, int, str]], reasons: tuple[str, ...]
) -> None:
    alignment = parse("tags", output(tokens, tags_of(*spans, length=len(tokens))))
    assert (alignment.spans, alignment.reasons) == ((Span(0, 3, "X"),), reasons)


def test_an_entity_with_another_label_and_one_without_a_place_are_kept_apart() -> None:
    alignment = parse("tags", output(TOKENS, tags_of((0, 2, "CITY"), (12, 13, "LOC"))))
    assert (alignment.spans, alignment.reasons) == ((Span(12, 13, "LOC"),), ("unknown-label",))
    assert alignment.unknown_labels == (("New York", "CITY"),)
    added = parse("tags", output(("Zürich", *TOKENS), ["B-LOC", *YORK]))
    assert (added.spans, added.ungrounded) == (SPANS, (("Zürich", "LOC"),))


@pytest.mark.parametrize(
    ("text", "reasons"),
    [
        (output(TOKENS[:3], YORK[:2]), ("miscounted",)),
        (output(None, YORK[:2]), ("miscounted",)),
        (output(("Some", "other", "words"), ["O", "O", "O"]), ("unrelated",)),
        (output(TOKENS), ("unreadable",)),
        ("[]", ("unreadable",)),
        ("New York Times sues", None),
        ("", ("empty",)),
    ],
)
def test_what_cannot_be_read_fails_with_its_reason(text: str, reasons: tuple[str, ...] | None) -> None:
    alignment = parse("tags", text)
    assert (alignment.status, alignment.spans) == ("failed", ())
    assert reasons is None or set(reasons) <= set(alignment.reasons)


def test_an_answer_over_several_lines_in_a_code_block_is_read() -> None:
    text = f"Here it is:\n```json\n{json.dumps({'tokens': TOKENS, 'ner_tags': YORK}, indent=1)}\n```\nDone.\n"
    fmt = get_format("tags")
    alignment = read_output(fmt, text, TOKENS, LABELS)
    assert (alignment.spans, alignment.reasons) == (SPANS, ("fenced", "introduced", "several-lines"))
    end = ending_of(fmt, LABELS)(text, TOKENS)
    assert end is not None
    assert read_output(fmt, text[:end], TOKENS, LABELS).spans == SPANS


@settings(max_examples=200, deadline=None)
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.sampled_from([*TOKENS, "B-PER", "I-LOC"]),
        lambda inner: (
            st.lists(inner, max_size=16) | st.dictionaries(st.sampled_from(["tokens", "ner_tags", "x"]), inner)
        ),
        max_leaves=40,
    )
)
def test_no_output_makes_it_raise_and_all_alignments_are_sound(value: object) -> None:
    for text in (json.dumps(value, ensure_ascii=False), json.dumps({"tokens": TOKENS, "ner_tags": value})):
        assert_sound(parse("tags", text), TOKENS, nested=False)


def test_the_time_grows_with_the_output() -> None:
    texts = [
        output(["New"] * 50_000, ["B-PER"] * 50_000),
        output(None, ["B-PER"] * 100_000),
        output(["New" * 100_000], ["O"]),
    ]
    assert "overlong" in parse("tags", output(["New"] * 300, ["O"] * 300)).reasons
    assert_within(0.3, lambda: [parse("tags", text) for text in texts])
