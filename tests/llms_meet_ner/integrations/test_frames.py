"""A frame of pandas with a row an entity."""

from __future__ import annotations

import math

import pandas as pd
import pytest
from standins import tagger

from llms_meet_ner import LmnError, Sentence, Span, Tagger, to_frame
from llms_meet_ner.systems.counting import CountingBaseline


def test_a_row_is_an_entity() -> None:
    texts = ["Anna saw Kent", "nobody", "Bob"]
    frame = to_frame(tagger(None).tag(texts))
    assert list(frame.columns) == ["id", "start", "end", "label", "text", "confidence"]
    assert frame.to_dict("records") == [
        {"id": 0, "start": 0, "end": 4, "label": "LOC", "text": "Anna", "confidence": 0.5},
        {"id": 0, "start": 9, "end": 13, "label": "LOC", "text": "Kent", "confidence": 1 / 3},
        {"id": 2, "start": 0, "end": 3, "label": "LOC", "text": "Bob", "confidence": 0.5},
    ]
    assert list(to_frame(tagger(None).stream(texts), ids=["a", "b", "c"])["id"]) == ["a", "a", "c"]
    assert len(to_frame(tagger(None).tag("Anna"))) == 1


def test_types_hold_without_entities_and_without_confidences() -> None:
    some, none = to_frame(tagger(None).tag(["Anna"])), to_frame(tagger(None).tag(["nobody"]))
    assert len(none) == 0
    assert dict(some.dtypes)["confidence"] == dict(none.dtypes)["confidence"] == "float64"
    unsure = Tagger(CountingBaseline("gazetteer", [Sentence("t/0", ("Anna",), (Span(0, 1, "PER"),))])).tag(["Anna"])
    assert math.isnan(to_frame(unsure)["confidence"][0])
    assert isinstance(some, pd.DataFrame)


def test_ids_are_one_for_each_text() -> None:
    for ids in (["a"], ["a", "b", "c"]):
        with pytest.raises(LmnError, match="ids: there are more or fewer ids than texts; give one for each text"):
            to_frame(tagger(None).tag(["Anna", "Bob"]), ids=ids)
