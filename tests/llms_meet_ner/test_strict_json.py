"""JSON of strangers: what JSON leaves open is decided, and whatever is wrong is a ValueError."""

from __future__ import annotations

import contextlib
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llms_meet_ner.strict_json import parse_json, parse_next

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
)


@given(_VALUES, st.booleans())
def test_what_python_writes_is_read(value: Any, ascii_only: bool) -> None:
    assert parse_json(json.dumps(value, ensure_ascii=ascii_only)) == value


@given(st.text())
def test_any_text_is_a_value_or_a_value_error(text: str) -> None:
    with contextlib.suppress(ValueError):
        parse_json(text)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('{"a": 1, "b": 2, "a": 3}', "key 'a' is there twice"), ('[{"x": {"' + "k" * 99 + '": 1, "' + "k" * 99 + '": 1}}]', "is there twice"),
        ("[" * 101 + "]" * 101, "nested more than 100 deep"), ('{"a":' * 101 + "1" + "}" * 101, "nested more than 100 deep"),
        ("[" * 100_000, "nested more than 100 deep"), ("9" * 5000, "a number of 5,000 digits"), ("-" + "9" * 5000, "5,001 digits"),
        ('"a\\ud800"', r"half a surrogate pair, \\ud800"), ('{"\\uDE00": 1}', r"half a surrogate pair, \\uDE00"),
        ('{"a": ', "Expecting value"), ("", "Expecting value"), ("\ufeff1", "Expecting value"),
    ],
)  # fmt: skip
def test_what_breaks_a_rule_is_named(text: str, reason: str) -> None:
    with pytest.raises(ValueError, match=reason):
        parse_json(text)


def test_what_is_within_the_rules_is_read() -> None:
    assert parse_json("[" * 100 + "]" * 100)
    assert parse_json("9" * 300) == int("9" * 300)
    assert math.isnan(parse_json("NaN"))
    assert parse_json("1e400") == math.inf
    assert parse_json(r'"\ud83d\ude00 \\ud800"') == "\U0001f600 \\ud800"


def test_half_a_pair_is_mended_on_request() -> None:
    mended = parse_json(r'{"\ud800": "a\udE00\ud83d\ude00\\udead \\\ud800\ud800\udc00\udc00"}', mend=True)
    assert mended == {"\ufffd": "a\ufffd\U0001f600\\udead \\\ufffd\U00010000\ufffd"}


def test_the_next_value_of_a_text_is_read_with_its_end_and_half_a_pair_stays() -> None:
    assert parse_next('x {"a": [1]} y', 2) == ({"a": [1]}, 12)
    assert parse_next('"\\ud800"', 0) == ("\ud800", 8)
    for text in ('{"a": 1, "a": 2}', "[" * 101 + "]" * 101, "[" * 100_000, "9" * 301, "", "x"):
        with pytest.raises(ValueError, match=r"nested|twice|digits|Expecting"):
            parse_next(text, 0)
