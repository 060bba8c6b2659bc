"""The answer in a wrapped output, found in time that grows linearly."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import pytest
from operations import operations

from llms_meet_ner.formats.wrapping import SentenceWrapping, Unwrapped, first_line, json_end, unwrapped_json

TOKENS = ("John", "lives", "in", "Berlin", ".")
MARKS = ("[", " | PER]", " | LOC]")
ANSWER = "[John | PER] lives in [Berlin | LOC] ."


def unwrapped(text: str) -> Unwrapped:
    return SentenceWrapping(TOKENS, MARKS).unwrapped(text)


def test_a_line_without_wrapping_is_the_first_one_as_it_stands() -> None:
    assert first_line("a\nb") == "a"
    for text in (ANSWER, f"{ANSWER}  \nmore", f" {ANSWER}\r\n", "John lived in Berlin.", "no\nanswer", ""):
        assert unwrapped(text) == Unwrapped(first_line(text))
    for text in ('{"PER": []}', "no\nanswer", "", "[1]", '{"PER": ["John"] and more'):
        assert unwrapped_json(text) == Unwrapped(first_line(text))


def test_of_several_lines_the_first_that_is_like_the_sentence_is_read() -> None:
    assert unwrapped(f"Sure.\n{ANSWER}\nJohn lives in Berlin .") == Unwrapped(ANSWER, frozenset({"introduced"}))
    assert unwrapped("Sure.\nJohn lived in Rome .\nNo.").line == "John lived in Rome ."


def test_a_repeated_question_is_not_the_answer() -> None:
    bare = "John lives in Berlin ."
    for text in (f"Input: {bare}\nOutput: {ANSWER}", f"The sentence is:\n{bare}\n\nTagged:\n{ANSWER}\n"):
        assert unwrapped(text) == Unwrapped(ANSWER, frozenset({"introduced"}))
        assert SentenceWrapping(TOKENS, MARKS).end(text[: text.index(bare)] + f"{bare}\n") is None
    assert unwrapped(f"Output: {bare}\nThere are no names.") == Unwrapped(bare, frozenset({"introduced"}))
    assert unwrapped(f"{bare}\n{ANSWER}") == Unwrapped(bare)


def test_a_line_with_a_colon_is_the_sentence_if_nothing_better_follows() -> None:
    assert unwrapped("John lives in Berlin:\nNote: two names.") == Unwrapped("John lives in Berlin:")
    assert unwrapped('For the sentence "John lives in Berlin" this is it:\n' + ANSWER).line == ANSWER
    assert SentenceWrapping(TOKENS, MARKS).end("John lives in Berlin:\n") is None


def test_layers_are_taken_off_one_by_one() -> None:
    assert unwrapped(f'> **Output:** "`{ANSWER}`"') == Unwrapped(ANSWER, frozenset({"introduced", "quoted"}))


def test_one_value_in_json_is_one_line() -> None:
    assert (
        unwrapped_json('```json\n[\n {"text": "a",\n"label": "b"}\n]\n```').line == '[  {"text": "a", "label": "b"} ]'
    )
    assert unwrapped_json('Answer: {"PER": []} (none).').reasons == {"introduced", "closing-remark"}
    assert json_end('{"PER": [\n"a"]}\nmore') == 15
    assert json_end('{"PER": ["a"]\nThe end\n') == 13
    assert json_end('{"PER": ["a"]\n') is None


def test_entities_without_a_list_around_them_are_one_answer() -> None:
    one, two = '{"text": "a", "label": "b"}', '{"text": "c", "label": "b"}'
    for text in (f"{one}\n{two}", f"```json\n{one},\n{two}\n]\n```", f"Two:\n{one}\n\n{two}\n\nThat is all: {{}}"):
        assert unwrapped_json(text).line == f"[{one}, {two}]"
    for text in (f"- {one}\n- {two}", f"1. {one}\n2. {two}", f"Two:\n\n* {one},\n* {two}\n"):
        assert unwrapped_json(text) == Unwrapped(f"[{one}, {two}]", frozenset({"introduced", "several-lines"}))
    for text in (f"{one}, {two}]", f"{one}, {two}", f'{one}, {{"text": "c', '{"PER": ["a"]}, {"LOC": []}'):
        assert unwrapped_json(text) == Unwrapped(text)


def test_entities_without_a_list_around_them_may_go_on() -> None:
    one = '{"text": "a", "label": "b"}'
    for text in (f"{one}\n", f"{one},\n{one}\n", f"Two:\n{one}\n\n"):
        assert json_end(text) is None
    assert json_end(f"{one}\n{one}\nThat is all.\n") == 2 * len(one) + 1
    assert json_end(f"{one},\n{one}\n]\n") == 2 * len(one) + 4
    assert json_end('{"PER": ["a"]}\n') == 14


ATTACKS: dict[str, Callable[[int], str]] = {
    "lines": lambda count: "x\n" * count,
    "blank lines": lambda count: "\n" * count + ANSWER,
    "spaces": lambda count: " " * count + "\n" + ANSWER,
    "openings": lambda count: "<think>" * count,
    "closings": lambda count: "</think>" * count + ANSWER,
    "blocks": lambda count: "<think></think>" * count + ANSWER,
    "tokens": lambda count: "<|x|>" * count + ANSWER,
    "colons": lambda count: "a:" * count,
    "introductions": lambda count: "a:\n" * count,
    "fences": lambda count: "```\n" * count,
    "quotes": lambda count: '"' * count + ANSWER + '"' * count,
    "a long line": lambda count: ANSWER * count + "\n",
    "brackets": lambda count: "[" * count,
    "footnotes": lambda count: "[a] " * count,
    "braces": lambda count: "{" * count + "\n" + "}" * count,
    "escapes": lambda count: '{"' + "a\\" * count,
    "broken values": lambda count: "[\n x" * count,
    "indents": lambda count: "[\n" + " " * count + "\n" + " " * count + "]",
    "objects": lambda count: '{"a": "b"}\n' * count,
    "objects of lists": lambda count: '{"a": []},\n' * count,
    "apostrophes": lambda count: "['a] " * count,
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_twice_the_output_takes_twice_the_steps(attack: str) -> None:
    wrapping = SentenceWrapping(TOKENS, MARKS)
    texts = [ATTACKS[attack](size) for size in (400, 800)]
    for work in (wrapping.unwrapped, wrapping.end, unwrapped_json, json_end):
        steps = [operations(partial(work, text)) for text in texts]
        assert steps[1] <= 2.6 * steps[0] + 200
