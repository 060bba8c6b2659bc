"""Offsets of texts in a long one, against a search at every offset."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llms_meet_ner.formats import substrings
from llms_meet_ner.formats.substrings import Effort, Substrings

long_texts = st.text("ab ", max_size=40)
short_texts = st.text("ab ", min_size=1, max_size=4)


def everywhere(text: str, other: str) -> list[int]:
    return [at for at in range(len(text)) if text.startswith(other, at)]


@given(long_texts, st.lists(short_texts, max_size=8), st.sampled_from([1, 100]))
def test_offsets_are_all_those_of_a_plain_search(text: str, others: list[str], many: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(substrings, "_MANY", many)
        search = Substrings(text, others)
    for other in [*others, "ab"]:
        found = everywhere(text, other)
        assert list(search.offsets(other)) == found
        assert [search.offset(other, number) for number in range(len(found) + 1)] == [*found, None]
        assert [search.number(other, at) for at in found] == list(range(len(found)))
        assert (other in search) == (other in text)


@given(long_texts, short_texts, st.lists(st.integers(0, 40), max_size=5))
def test_offsets_at_edges_include_every_one_that_touches_an_edge(text: str, other: str, edges: list[int]) -> None:
    edges.sort()
    found = list(Substrings(text, ()).at_edges(other, edges))
    touching = [at for at in everywhere(text, other) if at in edges or at + len(other) in edges]
    assert set(touching) <= set(found) <= set(everywhere(text, other))
    assert found == sorted(set(found))


def test_an_empty_text_is_found_nowhere() -> None:
    assert list(Substrings("ab", [""]).offsets("")) == []


def test_without_effort_the_first_hundred_offsets_are_found_and_the_cut_is_noted() -> None:
    effort = Effort(150)
    search = Substrings("a" * 1_000, (), effort)
    assert len(list(search.offsets("a"))) == 150
    assert effort.is_cut
    assert len(list(search.offsets("aa"))) == 100


def test_effort_is_not_cut_while_it_lasts() -> None:
    effort = Effort(3)
    assert effort.allows(3)
    assert not effort.is_cut
    assert not effort.allows(1)
    assert effort.is_cut
