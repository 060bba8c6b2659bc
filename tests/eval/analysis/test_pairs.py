"""Pairs of entities: each kind of error, and every entity in one pair."""

from __future__ import annotations

from collections import Counter

import pytest
from drawn import LABELS
from hypothesis import given, settings
from hypothesis import strategies as st

from llms_meet_ner import Span
from llms_meet_ner.eval.analysis import pair_up
from llms_meet_ner.eval.analysis.pairs import _overlaps, is_given_up


def kinds(gold: list[Span], predicted: list[Span]) -> list[str]:
    return [pair.kind for pair in pair_up(gold, predicted)]


@pytest.mark.parametrize(
    ("gold", "predicted", "expected"),
    [
        ([(0, 2, "PER")], [(0, 2, "PER")], ["correct"]),
        ([(0, 2, "PER")], [(0, 1, "PER")], ["boundary"]),
        ([(0, 2, "PER")], [(0, 2, "LOC")], ["type"]),
        ([(0, 2, "PER")], [(1, 3, "LOC")], ["both"]),
        ([(0, 2, "PER")], [(2, 3, "PER")], ["missed", "spurious"]),
        ([(0, 3, "PER")], [(0, 1, "PER"), (1, 3, "PER")], ["boundary", "spurious"]),  # the larger overlap
        (
            [(0, 3, "PER")],
            [(0, 2, "LOC"), (2, 3, "PER")],
            ["boundary", "spurious"],
        ),  # the same label before a larger overlap
        ([(0, 1, "PER"), (1, 2, "LOC")], [(0, 2, "PER")], ["boundary", "missed"]),
        ([(0, 3, "ORG"), (0, 1, "LOC")], [(0, 3, "ORG"), (0, 1, "PER")], ["correct", "type"]),  # nested
        ([(0, 3, "ORG"), (0, 3, "LOC")], [(0, 3, "ORG"), (0, 3, "PER")], ["correct", "type"]),  # the same tokens twice
    ],
)
def test_each_kind_of_error(
    gold: list[tuple[int, int, str]], predicted: list[tuple[int, int, str]], expected: list[str]
) -> None:
    found = kinds([Span(*span) for span in gold], [Span(*span) for span in predicted])
    assert Counter(found) == Counter(expected)


SPANS = st.lists(
    st.builds(lambda start, length, label: Span(start, start + length, label), st.integers(0, 8), st.integers(1, 4), st.sampled_from(LABELS)),
    max_size=6, unique=True,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(SPANS, SPANS)
def test_every_entity_is_in_one_pair_and_the_kind_is_what_the_pair_is(gold: list[Span], predicted: list[Span]) -> None:
    pairs = pair_up(gold, predicted)
    assert sorted(pair.gold for pair in pairs if pair.gold) == sorted(gold)
    assert sorted(pair.predicted for pair in pairs if pair.predicted) == sorted(predicted)
    for pair in pairs:
        if pair.gold is None or pair.predicted is None:
            assert pair.kind == ("missed" if pair.gold else "spurious")
            continue
        one, other = pair.gold, pair.predicted
        assert one.start < other.end
        assert other.start < one.end
        same_span, same_label = one.start == other.start and one.end == other.end, one.label == other.label
        assert pair.kind == {(True, True): "correct", (True, False): "type", (False, True): "boundary"}.get(
            (same_span, same_label), "both"
        )
    alone = [pair for pair in pairs if pair.kind in ("missed", "spurious")]
    for pair in alone:  # what overlaps a free entity is taken
        for other in alone:
            if pair.gold and other.predicted:
                assert pair.gold.end <= other.predicted.start or other.predicted.end <= pair.gold.start
    assert pair_up(gold[::-1], predicted[::-1]) == pairs


def brute_overlaps(gold: list[Span], predicted: list[Span]) -> set[tuple[Span, Span]]:
    return {(one, other) for one in gold for other in predicted if one.start < other.end and other.start < one.end}


@settings(max_examples=300, deadline=None)
@given(SPANS, SPANS)
def test_the_sweep_finds_each_overlap_once(gold: list[Span], predicted: list[Span]) -> None:
    found = list(_overlaps(gold, predicted))
    assert len(found) == len(set(found))
    assert set(found) == brute_overlaps(gold, predicted)
    assert not is_given_up(pair_up(gold, predicted))


@settings(max_examples=100, deadline=None)
@given(SPANS, SPANS)
def test_where_too_many_overlap_equal_entities_are_still_correct(gold: list[Span], predicted: list[Span]) -> None:
    both = set(gold) & set(predicted)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("llms_meet_ner.eval.analysis.pairs.MOST_OVERLAPS", 2 * len(both) - len(gold) - len(predicted))
        pairs = pair_up(gold, predicted)
    assert {pair.gold for pair in pairs if pair.kind == "correct"} == both
    assert {pair.kind for pair in pairs} <= {"correct", "missed", "spurious"}
    assert is_given_up(pairs) == bool(brute_overlaps(list(set(gold) - both), list(set(predicted) - both)))
