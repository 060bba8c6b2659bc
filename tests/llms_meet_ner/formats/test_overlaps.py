"""Which of several entities stay, in flat and in nested formats."""

from __future__ import annotations

import itertools
from functools import partial

import pytest
from json_outputs import LABELS, listed, parse
from operations import growth
from yardstick import assert_within

from llms_meet_ner import Span, WrittenEntity, get_format
from llms_meet_ner.formats.overlaps import resolve_overlaps
from llms_meet_ner.sentence import find_crossing, outer_first, without_nested


def test_the_outer_of_two_stays_in_a_flat_format_and_both_in_a_nested_one() -> None:
    text = listed(("New York", "LOC", 1), ("New York Times", "X", 1))
    flat, nested = parse("occurrence", text), parse("occurrence", text, nested=True)
    assert (flat.spans, flat.reasons, flat.dropped) == (
        (Span(0, 3, "X"),),
        ("nested",),
        (WrittenEntity("New York", "LOC"),),
    )
    assert (nested.spans, nested.status) == ((Span(0, 3, "X"), Span(0, 2, "LOC")), "exact")
    crossing = parse("occurrence", listed(("Times ,", "X", 1), ("New York Times", "LOC", 1)), nested=True)
    assert (crossing.spans, crossing.reasons) == ((Span(0, 3, "LOC"),), ("crossing",))
    assert crossing.dropped == (WrittenEntity("Times ,", "X"),)


def test_deep_nesting_is_resolved_in_linear_time() -> None:
    flat, nested = get_format(), get_format(nested=True)
    tokens = tuple(f"w{n}" for n in range(5_000))
    text = " ".join(f"[{token}" for token in tokens) + "  | PER]" * 5_000
    assert len(nested.parse(text, tokens, LABELS).spans) == 5_000
    assert len(flat.parse(text, tokens, LABELS).dropped) == 4_999
    for fmt in (nested, flat):
        assert_within(3.0, partial(fmt.parse, text, tokens, LABELS))


def test_many_labels_on_one_token_are_told_apart_in_linear_time() -> None:
    def resolve(count: int) -> None:
        entity = WrittenEntity("a", "X")
        spans = [Span(0, 1, f"L{number % count}") for number in range(2 * count)]
        kept, dropped, _ = resolve_overlaps([(span, entity) for span in spans], nested=True)
        assert len(kept) == len(dropped) == count

    assert growth(resolve, 200) <= 2.5


@pytest.mark.parametrize("nested", [False, True])
def test_every_sequence_of_few_spans_gives_a_sentence_and_loses_only_what_overlaps(nested: bool) -> None:
    spans = [Span(start, end, label) for start in range(3) for end in range(start + 1, 4) for label in ("PER", "LOC")]
    for chosen in itertools.product(spans, repeat=3):
        candidates = [(span, WrittenEntity(str(number), span.label)) for number, span in enumerate(chosen)]
        kept, dropped, reasons = resolve_overlaps(candidates, nested)
        assert list(kept) == sorted(set(kept), key=outer_first)
        assert find_crossing(kept) is None
        assert nested or without_nested(kept) == kept
        assert len(kept) + len(dropped) == 3
        assert bool(dropped) == bool(reasons)
        lost = [chosen[int(entity.text)] for entity in dropped]
        assert all(any(span.start < other.end and other.start < span.end for other in kept) for span in lost)
        first = min(chosen, key=lambda span: (span.start, -span.end))
        assert first in kept
