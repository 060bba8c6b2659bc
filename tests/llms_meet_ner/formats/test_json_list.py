"""JSON lists of entities, as asked for and otherwise."""

from __future__ import annotations

import pytest
from json_outputs import parse

from llms_meet_ner import Span, WrittenEntity
from llms_meet_ner.formats.json_list import EntityList, ListedEntity, read_entities


@pytest.mark.parametrize(
    ("text", "reasons"),
    [
        ('[{"text":"US","label":"LOC","occurrence_index":2}]', ""),
        ('[{"occurrence_index": 2, "label": "LOC", "text": "US"}]', ""),
        ('{"text": "US", "label": "LOC", "occurrence_index": 2}', "loose-json"),
        ('{"entities": [{"text": "US", "label": "LOC", "occurrence_index": 2}]}', "loose-json"),
        ('[[{"text": "US", "label": "LOC", "occurrence_index": 2}]]', "loose-json"),
        ('[{"text": "US", "label": "LOC", "occurrence_index": 2, "why": "a country"}]', "loose-json"),
        ('[{"text": "US", "label": "LOC", "occurrence_index": 2}, {"text": "in"}, {"label": "X"}, 7]', "incomplete"),
        ('[{"text": "US", "label": "LOC"}]', "misnumbered"),
        ('[{"text": "US", "label": "LOC", "occurrence_index": 2}', "damaged-json"),
        ('[{"text": "US", "label": "LOC", "occurrence_index": 2}, {"text": "in", "lab', "damaged-json incomplete"),
        ("[{'text': 'US', 'label': 'LOC', 'occurrence_index': 2},]", "damaged-json"),
        ('The entities: [{"text": "US", "label": "LOC", "occurrence_index": 2}].', "damaged-json"),
    ],
)
def test_listed_outputs_of_all_sorts_are_read(text: str, reasons: str) -> None:
    alignment = parse("occurrence", text)
    assert alignment.spans == (Span(12, 13, "LOC"),)
    assert (alignment.status, " ".join(alignment.reasons)) == ("repaired" if reasons else "exact", reasons)


def test_a_number_that_is_missing_or_not_whole_is_none_and_a_number_as_text_is_a_text() -> None:
    text = '[{"text": 7, "label": "X", "start": 1, "end": 1.5}, {"text": "a", "label": "X", "start": -1}]'
    found = read_entities(text, ("start", "end"), 10)
    assert found.entities == [
        ListedEntity(WrittenEntity("7", "X"), (1, None)),
        ListedEntity(WrittenEntity("a", "X"), (None, None)),
    ]
    assert found.reasons == {"loose-json"}


def test_no_more_than_the_limit_is_read() -> None:
    row = '{"text": "a", "label": "X", "start": 1}'
    found = read_entities(f"[{', '.join([row] * 4)}]", ("start",), 3)
    assert (len(found.entities or ()), found.reasons) == (3, {"overlong"})
    assert read_entities("[]", (), 3) == EntityList([], set())
    assert read_entities("[1]", (), 3) == EntityList(None, {"incomplete"})
