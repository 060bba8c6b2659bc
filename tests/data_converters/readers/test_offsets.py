"""Offsets by characters and by UTF-16 units, with line breaks of two characters as two or as one."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llms_meet_ner.data_converters.readers.offsets import COUNTINGS, Counting


@pytest.mark.parametrize(
    ("counting", "starts", "ends"),
    [
        (Counting(), [0, 1, 2, 3, 4, 5], [0, 1, 2, 3, 4, 5]),
        (Counting("utf-16"), [0, 1, 1, 2, 3, 4, 5], [0, 1, 2, 2, 3, 4, 5]),
        (Counting(newlines="one"), [0, 1, 2, 4, 5], [0, 1, 2, 4, 5]),
        (Counting("utf-16", "one"), [0, 1, 1, 2, 4, 5], [0, 1, 2, 2, 4, 5]),
    ],
)
def test_positions_of_offsets(counting: Counting, starts: list[int], ends: list[int]) -> None:
    assert tuple(map(list, counting.positions("a😀\r\nb"))) == (starts, ends)


@given(st.text(st.sampled_from("a é😀𝔘\r\n"), max_size=12), st.sampled_from(COUNTINGS), st.data())
def test_offsets_lead_back_to_their_characters(text: str, counting: Counting, data: st.DataObject) -> None:
    """A prefix, counted by other means, has as many offsets as the position where it ends is far from the start."""

    def length(part: str) -> int:
        joined = part.replace("\r\n", "\n") if counting.newlines == "one" else part
        return len(joined.encode("utf-16-le")) // 2 if counting.offsets == "utf-16" else len(joined)

    end = data.draw(st.integers(0, len(text)))
    if counting.newlines == "one" and text[end - 1 : end + 1] == "\r\n":
        end += 1  # no offset lies between the two
    starts, ends = counting.positions(text)
    assert (starts[length(text[:end])], ends[length(text[:end])]) == (end, end)
    assert len(starts) == len(ends) == length(text) + 1


def test_what_a_card_says() -> None:
    assert Counting("utf-16", "one").beside(Counting()) == "offsets: utf-16, newlines: one"
    assert Counting().beside(Counting("utf-16")) == "offsets: code-points"
