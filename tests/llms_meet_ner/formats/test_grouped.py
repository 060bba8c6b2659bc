"""The grouped format: which places its texts take, and which outputs are read."""

from __future__ import annotations

from functools import partial

import pytest
from json_outputs import assert_sound, grouped, parse
from yardstick import assert_within

from llms_meet_ner import LabelSet, Sentence, Span, WrittenEntity, get_format


def test_grouped_needs_the_label_set_to_render() -> None:
    sentence = Sentence("s", ("a",), (Span(0, 1, "PER"),))
    with pytest.raises(ValueError, match="needs the label set"):
        get_format("grouped").render(sentence)
    with pytest.raises(ValueError, match="not in the label set"):
        get_format("grouped").render(sentence, LabelSet.of("LOC"))


@pytest.mark.parametrize(
    ("lists", "nested", "spans"),
    [
        # the first that is free, unless the order in which they are listed says otherwise
        ({"LOC": ["New York"]}, False, [(0, 2, "LOC")]),
        ({"LOC": [",", "New York"]}, False, [(3, 4, "LOC"), (4, 6, "LOC")]),
        ({"LOC": ["New York", "New York"]}, False, [(0, 2, "LOC"), (4, 6, "LOC")]),
        # next to the longer text in a flat format, inside it in a nested one
        ({"X": ["New York Times"], "LOC": ["New York"]}, False, [(0, 3, "X"), (4, 6, "LOC")]),
        ({"X": ["New York Times"], "LOC": ["New York"]}, True, [(0, 3, "X"), (0, 2, "LOC")]),
        # labels in the order of the label set take the first places
        ({"LOC": ["York"], "PER": ["York"]}, False, [(1, 2, "PER"), (5, 6, "LOC")]),
        ({"LOC": ["York"], "PER": ["York"]}, True, [(1, 2, "LOC"), (1, 2, "PER")]),
        ({"LOC": ["US"]}, False, [(12, 13, "LOC")]),
    ],
)
def test_grouped_texts_take_the_leftmost_places_where_all_can_stand(
    lists: dict[str, list[object]], nested: bool, spans: list[tuple[int, int, str]]
) -> None:
    alignment = parse("grouped", grouped(**lists), nested=nested)
    assert (alignment.status, alignment.reasons) == ("exact", ())
    assert alignment.spans == tuple(Span(*span) for span in spans)


@pytest.mark.parametrize(
    ("lists", "nested", "spans", "dropped", "reason"),
    [
        ({"LOC": ["US", "US"]}, False, [(12, 13, "LOC")], [("US", "LOC")], "nested"),
        ({"LOC": ["US"], "X": ["in US"]}, False, [(11, 13, "X")], [("US", "LOC")], "nested"),
        ({"LOC": ["York Times ,"], "X": [", New"]}, True, [(1, 4, "LOC")], [(", New", "X")], "crossing"),
        ({"LOC": ["US", "US"]}, True, [(12, 13, "LOC")], [("US", "LOC")], "nested"),
    ],
)
def test_grouped_texts_that_cannot_stand_together_are_dropped_and_counted(
    lists: dict[str, list[object]],
    nested: bool,
    spans: list[tuple[int, int, str]],
    dropped: list[WrittenEntity],
    reason: str,
) -> None:
    alignment = parse("grouped", grouped(**lists), nested=nested)
    assert alignment.spans == tuple(Span(*span) for span in spans)
    assert (alignment.status, alignment.reasons, list(alignment.dropped)) == ("repaired", (reason,), dropped)


def test_grouped_texts_in_another_order_are_found_too() -> None:
    alignment = parse("grouped", grouped(LOC=["US", "New York"]))
    assert alignment.spans == (Span(0, 2, "LOC"), Span(12, 13, "LOC"))
    assert alignment.status == "exact"


def test_grouped_texts_inside_a_word_are_not_grounded() -> None:
    alignment = parse("grouped", grouped(X=["ülle"]))
    assert (alignment.spans, alignment.reasons) == ((), ("ungrounded",))


def test_where_a_search_for_places_is_given_up_the_next_free_ones_are_taken() -> None:
    tokens = ("a", "b") * 20
    one_too_many = grouped(PER=["a"] * 10, LOC=["a"] * 9, X=["a", "b a"])
    alignment = parse("grouped", one_too_many, tokens)
    assert_sound(alignment, tokens, nested=False)
    assert len(alignment.spans) == 20
    assert alignment.reasons == ("approximate", "nested")
    assert_within(3, partial(parse, "grouped", one_too_many, tokens))


@pytest.mark.parametrize(
    ("text", "reasons"),
    [
        ('{"PER": [], "LOC": ["US"], "X": []}', ""),
        ('  {"X":[],"LOC":["\\u0055S"],"PER":[]}  \nand so on', ""),
        ('{"LOC": ["US"]}', "loose-json"),
        ('{"PER": null, "LOC": "US", "X": []}', "loose-json"),
        ('{"PER": [], "LOC": [], "LOC": ["US"], "X": []}', "loose-json"),
        ('{"PER": [], "LOC": ["US", "", null, ["US"], {"US": 1}], "X": []}', "incomplete"),
        ('{"PER": [], "LOC": ["US", ], "X": []}', "damaged-json"),
        ("{'PER': [], 'LOC': ['US'], 'X': []}", "damaged-json"),
        ('Here it is: {"PER": [], "LOC": ["US"], "X": []} I hope it helps.', "damaged-json"),
        ('```json {"PER": [], "LOC": ["US"], "X": []} ```', "damaged-json"),
        ('{"PER": [], "LOC": ["US', "damaged-json loose-json"),
    ],
)
def test_grouped_outputs_of_all_sorts_are_read(text: str, reasons: str) -> None:
    alignment = parse("grouped", text)
    assert alignment.spans == (Span(12, 13, "LOC"),)
    assert (alignment.status, " ".join(alignment.reasons)) == ("repaired" if reasons else "exact", reasons)
