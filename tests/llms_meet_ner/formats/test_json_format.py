"""What the formats of JSON share: the instruction, made of each one's task, and whether entities may nest."""

from __future__ import annotations

import pytest

from llms_meet_ner import LabelSet, LmnError
from llms_meet_ner.formats.grouped import GroupedFormat
from llms_meet_ner.formats.json_format import JsonFormat
from llms_meet_ner.formats.occurrence import OccurrenceFormat
from llms_meet_ner.formats.offset import OffsetFormat

LABELS = LabelSet.of("PER", "LOC")


@pytest.mark.parametrize(
    ("kind", "short"),
    [
        (OccurrenceFormat, 'List entities as JSON [{"text", "label", "occurrence_index"}]: PER, LOC'),
        (OffsetFormat, 'List entities as JSON [{"text", "label", "start", "end"}]: PER, LOC'),
        (GroupedFormat, "List entities by label as JSON, every label a key: PER, LOC"),
    ],
)
def test_each_format_has_its_own_task(kind: type[JsonFormat], short: str) -> None:
    assert kind().instruction(LABELS, "short") == short
    task, header, *lines = kind().instruction(LABELS).split("\n")
    assert task.startswith("Find every named entity in the input sentence and ")
    assert (header, lines[:2]) == ("Label Set:", ["PER", "LOC"])
    with pytest.raises(LmnError, match=rf"format {kind.name} has no instruction variant 'tiny'"):
        kind().instruction(LABELS, "tiny")


def test_entities_nest_only_where_asked() -> None:
    assert (OffsetFormat().nested, OffsetFormat(nested=True).nested) == (False, True)
