"""Outputs as models write them: what is left out, what is not, and where an output ends."""

from __future__ import annotations

import json
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llms_meet_ner import LabelSet, Span
from llms_meet_ner.alignment import EXACT, FAILED, REASONS, REPAIRED
from llms_meet_ner.formats import format_names, get_format
from llms_meet_ner.reading import (
    LENIENT,
    PUBLISHED,
    READINGS,
    Reading,
    answer_text,
    ending_of,
    first_newline,
    read_both,
    read_output,
)
from llms_meet_ner.sentence import Sentence

LABELS = LabelSet.of("PER", "LOC")
SENTENCE = Sentence("s", ("John", "lives", "in", "Berlin", "."), (Span(0, 1, "PER"), Span(3, 4, "LOC")))
INDENTED = {name: json.dumps(json.loads(get_format(name).render(SENTENCE, LABELS)), indent=2)
            for name in ("grouped", "occurrence", "offset")}  # fmt: skip
WRAPPINGS = {
    "thinking": ("<think>\nOkay, the user wants [names | PER] and {}.\n</think>\n\n{answer}", "thought"),
    "empty thinking": ("<think>\n\n</think>\n\n{answer}", "thought"),
    "thinking on the same line": ("<think>a city</think>{answer}", "thought"),
    "another tag": ("<thinking>a city</thinking>\n{answer}", "thought"),
    "reasoning": ("<reasoning>\na city\n</reasoning>\n{answer}", "thought"),
    "Mistral's thinking": ("[THINK]a city[/THINK]{answer}", "thought"),
    "Seed's thinking": ("<seed:think>a city</seed:think>{answer}", "thought"),
    "thinking that the template opens": ("Okay, John is a name.\n</think>\n\n{answer}", "thought"),
    "thinking twice": ("<think>a</think>\n<think>b</think>\n{answer}", "thought"),
    "channels": ("<|channel|>analysis<|message|>a city<|end|><|start|>assistant<|channel|>final<|message|>{answer}", "thought turn-token"),
    "a blank line": ("\n{answer}", "blank-line"),
    "blank lines with spaces": (" \n\t\n\n{answer}", "blank-line"),
    "an introduction": ("Here is the sentence:\n{answer}", "introduced"),
    "an introduction and a blank line": ("Here is the sentence with the entities:\n\n{answer}", "introduced"),
    "an introduction in bold": ("**Answer:**\n{answer}", "introduced"),
    "an introduction without a colon": ("Sure!\n{answer}", "introduced"),
    "another language": ("以下是答案：\n{answer}", "introduced"),
    "an introduction on the line": ("Output: {answer}", "introduced"),
    "bold on the line": ("**Answer:** {answer}", "introduced"),
    "a list": ("Entities: \n- John\n- Berlin\n\nOutput:\n{answer}", "introduced"),
    "a code block": ("```\n{answer}\n```", "fenced"),
    "a code block with a language": ("```json\n{answer}\n```", "fenced"),
    "tildes": ("~~~\n{answer}\n~~~", "fenced"),
    "an introduced code block": ("Here you go:\n\n```text\n{answer}\n```\nI marked two.", "fenced introduced"),
    "a tag": ("<answer>\n{answer}\n</answer>", None),
    "the end of a turn": ("{answer}<|im_end|>", "turn-token"),
    "the end of a sequence": ("{answer}</s>", "turn-token"),
    "Gemma's end": ("{answer}<end_of_turn>\n<start_of_turn>user\nMore", "turn-token"),
    "DeepSeek's end": ("{answer}<｜end▁of▁sentence｜>", "turn-token"),
    "a run-on": ("{answer}<|im_end|>\n<|im_start|>user\nJohn lives in Rome .", "turn-token"),
    "the beginning of a turn": ("<|im_start|>assistant\n{answer}", "turn-token"),
    "Windows lines": ("Here is the sentence:\r\n\r\n{answer}\r\n", "introduced"),
}  # fmt: skip
LINE_WRAPPINGS = ['"{}"', "“{}”", "„{}“", "«{}»", "'{}'", "`{}`", "**{}**", "<answer>{}</answer>", "```{}```"]


def wrapped(wrapping: str, answer: str) -> str:
    return WRAPPINGS[wrapping][0].replace("{answer}", answer)


def test_there_are_two_readings() -> None:
    assert get_args(Reading) == READINGS == (LENIENT, PUBLISHED)


@pytest.mark.parametrize("name", format_names())
@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_wrapping_is_left_out_and_named(name: str, wrapping: str) -> None:
    fmt = get_format(name)
    answer = fmt.render(SENTENCE, LABELS)
    text = wrapped(wrapping, answer)
    found = read_output(fmt, text, SENTENCE.tokens, LABELS)
    assert (found.spans, found.status) == (SENTENCE.spans, REPAIRED)
    assert set(found.reasons) <= REASONS.keys()
    if expected := WRAPPINGS[wrapping][1]:
        assert set(expected.split()) <= set(found.reasons)
    assert read_output(fmt, text, SENTENCE.tokens, LABELS, PUBLISHED) == fmt.parse(text, SENTENCE.tokens, LABELS)


@pytest.mark.parametrize("name", ["bracketed", "xml"])
@pytest.mark.parametrize("around", LINE_WRAPPINGS)
def test_what_is_around_the_whole_line_is_left_out(name: str, around: str) -> None:
    fmt = get_format(name)
    found = read_output(fmt, around.replace("{}", fmt.render(SENTENCE)), SENTENCE.tokens, LABELS)
    assert found.spans == SENTENCE.spans
    assert found.reasons in (("quoted",), ("fenced",))


@pytest.mark.parametrize("name", INDENTED)
@pytest.mark.parametrize("around", ["{}", "```json\n{}\n```", "Here you go:\n{}\nDone.", "<think>\n[1]\n</think>\n{}"])
def test_json_over_several_lines_is_one_value(name: str, around: str) -> None:
    found = read_output(get_format(name), around.replace("{}", INDENTED[name]), SENTENCE.tokens, LABELS)
    assert found.spans == SENTENCE.spans
    assert "several-lines" in found.reasons
    assert "damaged-json" not in found.reasons


def test_json_that_was_cut_off_is_read_as_far_as_it_goes() -> None:
    cut = INDENTED["grouped"].rpartition('"Berlin')[0]
    found = read_both(get_format("grouped"), cut, SENTENCE.tokens, LABELS)
    assert (found.lenient.spans, found.published.spans) == ((Span(0, 1, "PER"),), ())
    assert found.lenient.reasons == ("damaged-json", "several-lines")


@pytest.mark.parametrize(
    ("text", "spans"),
    [
        ('I looked [see below].\n{"PER": ["John"]} Hope this helps!', 1),
        ("{'PER': ['John']}\nx", 1),
        ('{"PER": ["John"]\n\nSentence: foo\n{"LOC": ["Berlin"]}', 1),
        ('{"PER": ["John"]}\n{"LOC": ["Berlin"]}', 1),
        ("There are none: {}", 0),
    ],
)
def test_the_first_value_that_holds_entities_is_the_answer(text: str, spans: int) -> None:
    found = read_output(get_format("grouped"), text, SENTENCE.tokens, LABELS)
    assert (len(found.spans), found.status) == (spans, REPAIRED if found.reasons else EXACT)


@pytest.mark.parametrize(
    ("tokens", "text"),
    [
        ("``` is a John", "```is a [John | PER]"),
        ("``` is a John", "``` is an [John | PER]\nfoo"),
        ("```", "```"),
        ("``` python John", "```python [John | PER]"),
        ("<think> is John", "<think>is [John | PER]"),
        ("<think> John </think> is a tag", "<think> [John | PER] </think> was a tag"),
        ("<think> John", "<think> Jon\n"),
        ("</think> closes , John", "</think> closes, [John | PER]"),
        ("John says :", "[John | PER] says:\nfoo"),
        ("John says :", "[John | PER] said:\nfoo"),
        ("Here is the sentence :", "Here is the sentence:\nfoo"),
        ("Output : John", "Output: [John | PER]"),
        ('" John "', '"[John | PER]"'),
        ("** John **", "**[John | PER]**"),
        ("- John", "-[John | PER]"),
        ("1. John", "1. [Jon | PER]"),
        ("<s> John </s>", "<s>[John | PER]</s>"),
        ("John <|im_end|> .", "[John | PER]<|im_end|>."),
        ("<answer> John </answer>", "<answer>[John | PER]</answer>"),
    ],
)
def test_a_sentence_that_looks_like_wrapping_keeps_it(tokens: str, text: str) -> None:
    fmt, split = get_format("bracketed"), tuple(tokens.split())
    found = read_both(fmt, text, split, LABELS)
    assert found.lenient is found.published
    assert answer_text(fmt, text, split, LABELS) == text
    if "\n" in text:
        assert ending_of(fmt, LABELS)(text, split) == text.index("\n")


def test_wrapping_around_a_sentence_that_looks_like_it_is_left_out() -> None:
    fmt = get_format("bracketed")
    for tokens, text in (
        ("John says :", "Here is the sentence:\n[John | PER] says :"),
        ("``` John", "```\n``` [John | PER]\n```"),
        ("<think> by John", "<think>hm</think>\n<think> by [John | PER]"),
        ("Output : John", "Output: Output : [John | PER]"),
        ('" John "', '""[John | PER] ""'),
    ):
        assert len(read_output(fmt, text, tuple(tokens.split()), LABELS).spans) == 1, text


def test_a_mark_of_an_entity_is_no_tag_of_thinking() -> None:
    labels = LabelSet.of("think", "s")
    sentence = Sentence("s", ("John", "lives"), (Span(0, 1, "think"), Span(1, 2, "s")))
    text = "Here:\n" + get_format("xml").render(sentence)
    found = read_output(get_format("xml"), text, sentence.tokens, labels)
    assert (found.spans, found.reasons) == (sentence.spans, ("introduced",))
    alone = "<think>John</think> <s>lived</s>"
    assert len(read_output(get_format("xml"), alone, sentence.tokens, labels).spans) == 2


@pytest.mark.parametrize("name", format_names())
@pytest.mark.parametrize("text", ["<think>\nOkay, I need to", "<think>", "[THINK]The sentence is [John | PER]"])
def test_thinking_that_does_not_end_is_a_failure_with_that_reason(name: str, text: str) -> None:
    found = read_output(get_format(name), text, SENTENCE.tokens, LABELS)
    assert (found.status, found.reasons) == (FAILED, ("empty", "unended-thought"))


def test_an_answer_behind_a_tag_that_nothing_closes_is_read() -> None:
    found = read_output(get_format("bracketed"), "<think>[John | PER] lives in Berlin .", SENTENCE.tokens, LABELS)
    assert (found.spans, found.reasons) == ((Span(0, 1, "PER"),), ("unended-thought",))


@pytest.mark.parametrize("name", format_names())
@pytest.mark.parametrize(
    "text", ["", "\n", "\n\n", "I cannot do that.", "I cannot do that.\nSorry.", "[", "]\n[", "{" * 500]
)
def test_what_has_no_answer_fails_as_before(name: str, text: str) -> None:
    found = read_both(get_format(name), text, SENTENCE.tokens, LABELS)
    assert (found.of(LENIENT).spans, found.of(PUBLISHED).spans) == ((), ())


@pytest.mark.parametrize("name", format_names())
def test_an_output_ends_at_the_newline_after_its_answer(name: str) -> None:
    fmt = get_format(name)
    ends = ending_of(fmt, LABELS)
    answer = fmt.render(SENTENCE, LABELS)
    for wrapping in WRAPPINGS:
        text = wrapped(wrapping, answer).split(answer)[0] + answer
        if "template opens" in wrapping or "<|" in text:
            continue
        assert ends(text, SENTENCE.tokens) is None
        ended = f"{text}\nmore"
        at = [ends(ended[:length], SENTENCE.tokens) for length in range(len(ended) + 1)]
        assert set(at[: len(text) + 1]) == {None}, f"{wrapping}: nothing ends early"
        assert set(at[len(text) + 1 :]) == {len(text)}, wrapping
    for goes_on in ("<think>\n", "\n\n", "Here is the sentence:\n", "```\n", "```json\n", "Sure!\n"):
        assert ends(goes_on, SENTENCE.tokens) is None
    assert ending_of(fmt, LABELS, PUBLISHED)("\nx", SENTENCE.tokens) == 0
    assert (first_newline("ab\nc", ()), first_newline("ab", ())) == (2, None)


TEXTS = st.text(st.sampled_from("John lives in[|]{}\"':`<think>/PER\n,. \\"), max_size=80)


@given(st.sampled_from(format_names()), TEXTS, st.sampled_from(["", "\n", "\nNote: ", "\n```\n", "\n</think>\n"]))
@settings(max_examples=150, deadline=None)
def test_a_clean_line_is_read_alike_whatever_follows_it(name: str, more: str, seam: str) -> None:
    fmt = get_format(name)
    answer = fmt.render(SENTENCE, LABELS)
    found = read_both(fmt, f"{answer}\n{seam}{more}", SENTENCE.tokens, LABELS)
    assert found.lenient is found.published
    assert (found.lenient.spans, found.lenient.status) == (SENTENCE.spans, EXACT)
    assert ending_of(fmt, LABELS)(f"{answer}\n{more.replace('<', '')}", SENTENCE.tokens) == len(answer)


@given(st.sampled_from(format_names()), TEXTS, TEXTS)
@settings(max_examples=300, deadline=None)
def test_no_text_raises_and_none_loses_what_the_published_reading_finds(name: str, text: str, tail: str) -> None:
    fmt = get_format(name)
    lenient, published = read_both(fmt, text, SENTENCE.tokens, LABELS)
    assert lenient.status != FAILED or published.status == FAILED
    ends = ending_of(fmt, LABELS)
    end = ends(text, SENTENCE.tokens)
    assert end is None or text[end] == "\n"
