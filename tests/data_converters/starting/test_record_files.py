"""Guesses at files of JSON records."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from llms_meet_ner.data_converters.starting.looking import Look
from llms_meet_ner.data_converters.starting.record_files import numbered_tags, record_candidates

SPAN = {"start": 0, "end": 3, "label": "PER"}


def look(*records: Any) -> Look:
    return Look(Path("a"), "utf-8", (), records)


@pytest.mark.parametrize(
    ("record", "keys"),
    [
        ({"tokens": ["Ann"], "ner": ["B-PER"]}, {"type": "tokens", "tokens": "tokens", "tags": "ner"}),
        ({"words": [{"w": "Ann", "t": "B-PER"}]}, {"type": "tokens", "tokens": "words.*.w", "tags": "words.*.t"}),
        ({"data": [{"tokens": ["Ann"], "ner": ["B-PER"]}]}, {"type": "tokens", "records": "data"}),
        ({"a": [{"b": [{"w": ["Ann"], "t": ["O"]}]}]}, {"type": "tokens", "records": "a.*.b.*"}),
        ({"column": "Ann left", "marks": [SPAN]}, {"type": "spans", "text": "column", "spans": "marks"}),
        (["Ann left", {"entities": [[0, 3, "PER"]]}], {"type": "spans", "text": "text", "spans": "entities"}),
        ({"text": "Ann", "spans": [SPAN], "_input_hash": 1, "answer": "accept"}, {"type": "prodigy"}),
        ({"id": 1, "data": {"text": "Ann"}, "annotations": [{"result": []}]}, {"type": "label-studio"}),
        ({"tokens": ["Ann"], "entities": [{"type": "PER", "start": 0, "end": 1}]}, {"type": "token-spans"}),
    ],
)
def test_records(record: Any, keys: dict[str, str]) -> None:
    found = [candidate.reader for candidate in record_candidates(look(record))]
    assert keys.items() <= next(reader for reader in found if reader["type"] == keys["type"]).items()
    assert found[0]["type"] in {keys["type"], "doccano"}


def test_numbers_without_names_are_told_from_other_numbers() -> None:
    assert numbered_tags([{"tokens": ["a", "b", "c", "d", "e"], "tags": [0, 1, 2, 0, 0]}]) == "tags"
    assert numbered_tags([{"tokens": ["a", "b"], "ids": [90_000, 2]}]) is None
    assert numbered_tags([{"text": "a", "n": 1}]) is None


@pytest.mark.parametrize("record", [{}, {"text": "Ann"}, {"a": [1, 2]}, [], ["a"]])
def test_other_records_are_no_candidate(record: Any) -> None:
    assert not list(record_candidates(look(record)))
