"""Spans in every way in which JSON records write them."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llms_meet_ner.data_converters.readers.span_values import Malformed, RawSpan, SpanKeys, plain_span, raw_spans

PER = RawSpan(0, 2, "PER")
ANN = RawSpan(0, 2, "PER", "Ann")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([[0, 2, "PER"], ["PER", 0, 2], [[0, 2], "PER"], ["PER", [0, 2]]], [PER] * 4),
        ([{"start": 0, "end": 2, "type": "PER"}], [PER]),
        ([{"start_offset": 0, "end_offset": 2, "label": "PER"}, {"start": "0", "end": 2.0, "labels": ["PER"]}], [PER] * 2),
        ([{"BeginOffset": 0, "EndOffset": 2, "Type": "PER", "Text": "Ann"}], [ANN]),
        ([{"offset": 0, "length": 2, "category": "PER", "text": "Ann"}], [ANN]),
        ([{"entity": "Ann", "start_idx": 0, "end_idx": 2, "type": "PER"}], [ANN]),
        ([{"entity": "PER", "value": "Anna", "start": 0, "end": 2}], [PER]),
        ([{"name": "Ann", "span": [0, 2], "type": "PER"}, {"name": "Ann", "pos": [0, 2], "type": "PER"}], [ANN] * 2),
        ([{"entity-type": "PER", "char_span": [[0, 2]], "mention": "Ann"}], [ANN]),
        ([{"entity_index": {"begin": 0, "end": 2}, "entity_type": "PER", "entity": "Ann"}], [ANN]),
        ([{"index": [3, 4, 5], "type": "PER"}], [RawSpan(3, 5, "PER", is_list=True)]),
        ([{"index": [3, 4], "type": "PER"}], [RawSpan(3, 4, "PER", is_list=True)]),
        ([{"index": [3], "type": "PER"}], [RawSpan(3, 3, "PER", is_list=True)]),
        ([{"index": [3, 5], "type": "PER"}], [RawSpan(3, 5, "PER", gaps=True, is_list=True)]),
        ([{"span": [[0, 2], [4, 6]], "type": "PER"}], [RawSpan(0, 6, "PER", gaps=True)]),
        ([[0, 2, ["PER", "ORG"]]], [PER, RawSpan(0, 2, "ORG")]),
        ({"PER": {"Ann": [[0, 2]], "Bob": [5, 7]}}, [ANN, RawSpan(5, 7, "PER", "Bob")]),
        ({"PER": [[0, 2], {"start": 0, "end": 2, "text": "Ann"}], "LOC": {"start": 4, "end": 5}}, [PER, ANN, RawSpan(4, 5, "LOC")]),
        ({"PER": [0, 2]}, [PER]),
        ([{"start": 2, "end": 0, "label": "PER"}], [RawSpan(2, 0, "PER")]),
        ([], []),
        ({}, []),
    ],
)  # fmt: skip
def test_every_way_to_write_a_span(value: Any, expected: list[RawSpan]) -> None:
    assert list(raw_spans(value)) == expected


def test_a_card_names_the_keys() -> None:
    value = [{"from": {"t": 0}, "to": [1, 2], "kind": "PER", "words": "Ann", "start": 7, "type": "x"}]
    assert list(raw_spans(value, SpanKeys("from.t", "to.1", "kind", "words"))) == [ANN]


@pytest.mark.parametrize(
    "value",
    [
        "PER", 3, None, [3], ["x"], [[0, 2]], [[0, 2, 4]], [[0, True, "PER"]], [["a", "b", "PER"]], [[0, 2, ""]], [[0, 2, []]],
        [{"start": 0, "end": 2}], [{"end": 2, "label": "PER"}], [{"span": [], "label": "PER"}], [{"span": [0, None], "label": "PER"}],
        [{"span": [[0, 1, 2], [4, 5]], "type": "PER"}], {"PER": 3}, {"PER": {"Ann": ["x"]}}, [{"label": {"a": 1}, "start": 0, "end": 1}],
    ],
)  # fmt: skip
def test_what_is_no_span_comes_back(value: Any) -> None:
    assert [type(found) for found in raw_spans(value)] == [Malformed]


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["start", "end", "type", "span", "index", "PER", "text", "offset", "length"]), inner
        )
    ),
)


@given(
    VALUES
    | st.lists(
        st.fixed_dictionaries(
            {"start": st.integers(), "end": st.integers(), "label": st.text()},
            optional={"text": st.text(), "entity": st.text(), "Type": st.text()},
        )
    )
)
def test_the_fast_way_reads_what_the_slow_way_reads(value: Any) -> None:
    for item in value if isinstance(value, list) else [value]:
        if (fast := plain_span(item)) is not None:
            assert list(raw_spans([item])) == [RawSpan(*fast)]


@given(VALUES)
def test_no_value_is_lost_or_raises(value: Any) -> None:
    found = list(raw_spans(value))
    assert len(found) >= (len(value) if isinstance(value, list) else 0)
    for span in found:
        assert isinstance(span, Malformed) or (type(span.start) is type(span.end) is int and span.label)
