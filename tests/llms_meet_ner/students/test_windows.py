"""Windows: every word is answered once, with context on both sides, and nothing is cut."""

from __future__ import annotations

from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from llms_meet_ner.students.windows import Window, windows_of


@st.composite
def sentences(draw: st.DrawFn) -> tuple[list[int], int, int]:
    """Numbers of subwords of words, the room of a window, and the overlap."""
    room = draw(st.integers(2, 30))
    words = draw(st.lists(st.integers(1, room), min_size=1, max_size=60))
    return words, room, draw(st.integers(0, room // 2))


@given(sentences())
@example(([5, 5, 1, 2, 1, 5, 3], 8, 4))  # a window whose words both neighbours answer better
def test_each_word_is_answered_once_from_a_window_that_has_room(case: tuple[list[int], int, int]) -> None:
    words, room, overlap = case
    windows = windows_of(words, room, overlap)
    assert [word for window in windows for word in range(window.own_start, window.own_end)] == [*range(len(words))]
    for window in windows:
        assert window.start <= window.own_start < window.own_end <= window.end
        assert sum(words[window.start : window.end]) <= room
    assert [*windows] == sorted(windows, key=lambda window: (window.start, window.end))
    assert len({window.end for window in windows}) == len(windows)


@given(st.integers(4, 40), st.integers(1, 200), st.data())
def test_a_word_has_half_of_the_overlap_on_each_side_or_the_end_of_the_sentence(
    room: int, count: int, data: Any
) -> None:
    overlap = data.draw(st.integers(0, room // 2))
    for window in windows_of([1] * count, room, overlap):
        for word in range(window.own_start, window.own_end):
            assert window.start == 0 or word - window.start >= overlap // 2
            assert window.end == count or window.end - 1 - word >= overlap // 2 - 1


def test_a_short_sentence_is_one_window_and_none_has_none() -> None:
    assert windows_of([1, 2, 3], 6, 3) == (Window(0, 3, 0, 3),)
    assert windows_of([], 6, 3) == ()
