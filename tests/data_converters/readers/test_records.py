"""Records of JSON files: their lines, paths of keys to what they hold, filters, and JSON that is broken."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from reading import read

from llms_meet_ner import LmnError
from llms_meet_ner.data_converters.readers.records import MISSING, pick

TOKENS = {"type": "tokens", "scheme": "IOB2"}
RECORDS = [
    {"tokens": ["John", "left"], "ner_tags": ["B-PER", "O"], "lang": "en"},
    {"tokens": ["Paris"], "ner_tags": ["B-LOC"], "lang": "en"},
]


def test_records_of_a_json_list_have_their_lines(tmp_path: Path) -> None:
    found = read(tmp_path, json.dumps(RECORDS, indent=1), TOKENS)
    assert [s.where.line for s in found if s.where] == [2, 13]


def test_a_filter_that_leaves_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LmnError, match=r"file: none of 2 records has lang: False; .* a word like no, .* in quotes"):
        read(tmp_path, "\n".join(map(json.dumps, RECORDS)), {**TOKENS, "where": {"lang": False}})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            '[\n {"tokens": ["a"], "ner_tags": ["O"]},\n {"tokens" 3}\n]',
            r"file:3: not JSON \(Expecting ':' delimiter\)",
        ),
        ('[\n {"tokens": ["a"], "ner_tags": ["O"]}\n', r"file:3: not JSON \(a list without an end"),
        ('[\n {"tokens": ["a"], "ner_tags": ["O"]}\n]\n{}', r"file:4: not JSON \(a list without an end, or more after"),
    ],
)
def test_json_that_breaks_off_is_an_error_with_its_line(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(LmnError, match=message):
        read(tmp_path, content, TOKENS)


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("a", {"b": [{"c": 1}, {"c": 2}, {"d": 3}]}),
        ("a.b.1.c", 2),
        ("a.b.*.c", [1, 2]),
        ("a.b.*", [{"c": 1}, {"c": 2}, {"d": 3}]),
        ("x.y", "a key with a dot"),
        ("lists.*.*", [1, 2, 3]),
        ("a.z", MISSING),
        ("a.b.7", MISSING),
        ("x.y.*", MISSING),
    ],
)
def test_a_path_of_keys_leads_to_a_value(path: str, found: object) -> None:
    value = {"a": {"b": [{"c": 1}, {"c": 2}, {"d": 3}]}, "x.y": "a key with a dot", "lists": [[1, 2], [3]]}
    assert pick(value, path) == found


def test_values_without_records_are_malformed(tmp_path: Path) -> None:
    with pytest.raises(LmnError, match=r"file:1: nothing at rows; the card's reader\.records names the place"):
        read(tmp_path, json.dumps({"data": []}), {**TOKENS, "records": "rows"})
