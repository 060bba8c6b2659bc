"""Outputs of the JSON formats on one sentence, and what must hold of every alignment."""

from __future__ import annotations

import json

from llms_meet_ner import Alignment, LabelSet, Sentence, get_format
from llms_meet_ner.alignment import REASONS
from llms_meet_ner.sentence import find_crossing, without_nested

NAMES = ("grouped", "occurrence", "offset")
LABELS = LabelSet.of("PER", "LOC", "X")
TOKENS = ("New", "York", "Times", ",", "New", "York", "'s", "U.S.-based", "Müller", "sues", "RUSH", "in", "US", ".")


def parse(name: str, text: str, tokens: tuple[str, ...] = TOKENS, *, nested: bool = False) -> Alignment:
    return get_format(name, nested=nested).parse(text, tokens, LABELS)


def grouped(**lists: list[object]) -> str:
    return json.dumps({"PER": [], "LOC": [], "X": [], **lists}, ensure_ascii=False)


def listed(*rows: tuple[object, ...], name: str = "occurrence") -> str:
    keys = ("text", "label", "occurrence_index") if name == "occurrence" else ("text", "label", "start", "end")
    return json.dumps([dict(zip(keys, row)) for row in rows], ensure_ascii=False)


def assert_sound(alignment: Alignment, tokens: tuple[str, ...], nested: bool) -> None:
    """Whatever was written: the spans make a sentence, and what was done has its words."""
    assert Sentence("s", tokens, alignment.spans).spans == alignment.spans
    assert find_crossing(alignment.spans) is None
    assert nested or without_nested(alignment.spans) == alignment.spans
    assert all(span.label in LABELS for span in alignment.spans)
    assert set(alignment.reasons) <= set(REASONS)
    assert list(alignment.reasons) == sorted(set(alignment.reasons))
    assert (alignment.status == "exact") == (not alignment.reasons)
    assert alignment.status != "failed" or not alignment.spans
