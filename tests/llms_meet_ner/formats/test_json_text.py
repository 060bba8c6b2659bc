"""JSON in one line: written without needless escapes, and read whatever its damage."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llms_meet_ner.formats.json_text import JsonValue, Number, as_number, dump, load

plain = st.recursive(
    st.one_of(st.none(), st.booleans(), st.text()),
    lambda inner: st.one_of(st.lists(inner), st.dictionaries(st.text(), inner)),
    max_leaves=8,
)


@given(plain)
def test_what_is_dumped_is_one_line_and_is_loaded_again(value: object) -> None:
    text = dump(value)
    assert "\n" not in text
    assert "\r" not in text
    assert load(text) == JsonValue(value)


def test_characters_stay_as_they_are_and_only_the_first_line_is_read() -> None:
    assert dump({"ü": "東京/\\"}) == '{"ü": "東京/\\\\"}'
    assert load('  ["a"] \n ["b"]') == JsonValue(["a"])
    assert load(" \n[]") == JsonValue(None, frozenset({"empty"}))


@pytest.mark.parametrize("text", ["1e400", "9" * 10_000, "-0", "1.50", "NaN", "-Infinity"])
def test_a_number_keeps_its_spelling(text: str) -> None:
    value = load(f"[{text}]").value
    assert value == [text]
    assert isinstance(value[0], Number)


def test_lists_under_a_repeated_key_are_joined_and_of_other_values_the_first_counts() -> None:
    assert load('{"a": ["x"], "a": ["y"]}') == JsonValue({"a": ["x", "y"]}, frozenset({"loose-json"}))
    assert load('{"a": "x", "a": "y"}') == JsonValue({"a": "x"}, frozenset({"loose-json"}))


@pytest.mark.parametrize(
    "text", ["{'a': [1.5, 1]}", '{"a": [1.5, 1]', '{"a": [1.5, 1]} and so on', '```json {"a": [1.5, 1]} ```']
)
def test_damaged_json_is_repaired_with_its_numbers_as_text(text: str) -> None:
    assert load(text) == JsonValue({"a": ["1.5", "1"]}, frozenset({"damaged-json"}))


@pytest.mark.parametrize("text", ["no JSON here", "[" * 33, '"' * 9])
def test_damaged_text_without_an_object_or_a_list_is_none(text: str) -> None:
    assert load(text) == JsonValue(None, frozenset({"damaged-json"}))


def test_of_a_very_long_damaged_text_the_beginning_is_read() -> None:
    found = load("['a', " + "'b', " * 2_000)
    assert found.reasons == {"damaged-json", "overlong"}
    assert 700 < len(found.value) < 900


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("0", 0), ("007", 7), (" 12 ", 12), ("3.0", 3), ("1" * 9, 111_111_111), ("1" * 10, 999_999_999), ("3.5", None),
        ("-1", None), ("٣", None), ("", None), (None, None), (3, None), ([], None), (math.pi, None),
    ],
)  # fmt: skip
def test_whole_numbers_from_zero_are_read(value: object, number: int | None) -> None:
    assert as_number(value) == number
    assert json.dumps(number)
