"""The places of texts that name no position, against every combination tried one by one."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llms_meet_ner import Span
from llms_meet_ner.formats.assignment import ListedText, TooManyAssignmentsError, assign_loosely, assignments
from llms_meet_ner.formats.lookup import TokenRange
from llms_meet_ner.sentence import find_crossing, outer_first, without_nested

# the places of a text, which all have its length
places = st.builds(
    lambda length, starts: tuple(TokenRange(start, start + length) for start in sorted(starts)),
    st.integers(1, 3),
    st.sets(st.integers(0, 4), max_size=3),
)


@settings(max_examples=300, deadline=None)
@given(st.lists(places, max_size=3), st.lists(places, max_size=2), st.booleans())
def test_assignments_are_all_combinations_that_can_stand_in_order_leftmost_first(
    first: list[tuple[TokenRange, ...]], second: list[tuple[TokenRange, ...]], nested: bool
) -> None:
    listed = [ListedText("A", found) for found in first] + [ListedText("B", found) for found in second]

    def can_stand(chosen: tuple[TokenRange, ...]) -> bool:
        spans = [Span(place.start, place.end, text.label) for place, text in zip(chosen, listed)]
        ordered = tuple(sorted(spans, key=outer_first))
        in_order = all(
            sorted(own, key=outer_first) == own and len(set(own)) == len(own)
            for label in "AB"
            for own in [[span for span in spans if span.label == label]]
        )
        return in_order and find_crossing(ordered) is None and (nested or without_nested(ordered) == ordered)

    expected = [chosen for chosen in itertools.product(*(text.places for text in listed)) if can_stand(chosen)]
    assert list(assignments(listed, nested=nested)) == expected


def test_a_search_that_would_not_end_is_given_up() -> None:
    everywhere = tuple(TokenRange(at, at + 1) for at in range(20))
    listed = [ListedText(label, everywhere) for label in "ABC" for _ in range(7)]  # 21 texts on 20 tokens
    with pytest.raises(TooManyAssignmentsError):
        list(assignments(listed, nested=False))
    loose = assign_loosely(listed, nested=False)
    assert sorted({place.start for place in loose}) == list(range(20))


@pytest.mark.parametrize(("nested", "expected"), [(False, [0, 2, 0]), (True, [0, 2, 0])])
def test_a_text_without_a_free_place_takes_its_first_one(nested: bool, expected: list[int]) -> None:
    twice = (TokenRange(0, 1), TokenRange(2, 3))
    listed = [ListedText("A", twice)] * 3
    assert [place.start for place in assign_loosely(listed, nested=nested)] == expected
