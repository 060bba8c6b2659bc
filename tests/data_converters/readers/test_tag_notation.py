"""Tags as files write them: forms, keys, bare prefixes, and the ways to read tags that fit."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from llms_meet_ner.data_converters.readers import tag_notation
from llms_meet_ner.data_converters.readers.tag_notation import TagNotation, WrittenTags, fits
from llms_meet_ner.sentence import Span
from llms_meet_ner.tags import PREFIXES, SCHEMES, Scheme, encode

FORMS = ["B-LABEL", "B_LABEL", "LABEL-B", "LABEL_B", "B:LABEL", "B/LABEL", "B.LABEL", "B::LABEL", "b-LABEL", "LABEL-b"]
WITH_PREFIXES = [scheme for scheme in SCHEMES if PREFIXES[scheme]]


@settings(max_examples=200)
@given(
    form=st.sampled_from(FORMS),
    scheme=st.sampled_from(WITH_PREFIXES),
    label=st.sampled_from(["PER", "B-side", "I_B", "a/b", "O", "é:B", "B"]),
    at=st.integers(0, 3),
)
def test_reading_a_tag_inverts_writing_it(form: str, scheme: Scheme, label: str, at: int) -> None:
    notation = TagNotation(form)
    tag = f"{PREFIXES[scheme][at % len(PREFIXES[scheme])]}-{label}"
    reading = WrittenTags(notation, scheme, {})
    assert reading[notation.write(tag)] == tag
    assert reading[notation.write("O")] == "O"


@pytest.mark.parametrize(
    ("form", "written", "tag"),
    [
        ("B_LABEL", "I_PER", "I-PER"),
        ("LABEL-B", "PER-I", "I-PER"),
        ("b-LABEL", "i-PER", "I-PER"),
        ("b-LABEL", "o", "O"),
        ("B_LABEL", "I-PER", "I-PER"),  # of no other reading
        ("B_LABEL", "o", "o"),
        ("B_LABEL", "X_PER", "X_PER"),
        ("LABEL-B", "-B", "-B"),
    ],
)
def test_what_is_of_another_form_stays_as_it_is(form: str, written: str, tag: str) -> None:
    assert WrittenTags(TagNotation(form), "IOB2", {})[written] == tag


@pytest.mark.parametrize("form", ["", "BLABEL", "B-", "LABEL", "S-LABEL", "B-PER", "B LABEL", "-B-LABEL", "B----LABEL"])
def test_a_form_shows_the_tag_that_begins_an_entity(form: str) -> None:
    with pytest.raises(ValueError, match=r"no form of a tag: .* it is like B-LABEL, B_LABEL, LABEL-B or b-LABEL"):
        TagNotation(form)


def test_a_form_is_for_schemes_with_prefixes() -> None:
    for scheme in ("IO", "brackets"):
        with pytest.raises(ValueError, match=f"tag_form is for schemes with prefixes, and {scheme} has none"):
            TagNotation.of({"tag_form": "B_LABEL"}, scheme)  # type: ignore[arg-type]
    assert TagNotation.of({"tag_key": "name"}, "IO") == TagNotation(key="name")


@pytest.mark.parametrize(
    ("field", "tag"),
    [
        ("name=B-PER|SpaceAfter=No", "B-PER"),
        ("SpaceAfter=No|name=I-PER", "I-PER"),
        ("name=O", "O"),
        ("name=_|x=y", "O"),
        ("name=", "O"),
        ("SpaceAfter=No", "O"),
        ("EndOfSentence", "O"),
        ("_", "O"),
        ("", "O"),
        ("B-PER", "B-PER"),
        ("name=B-PER=x|name=B-LOC", "B-PER=x"),
        ("name=PER", "PER"),
    ],
)
def test_a_key_gives_the_tag_of_a_field(field: str, tag: str) -> None:
    assert WrittenTags(TagNotation(key="name"), "IOB2", {})[field] == tag


def test_fields_without_the_key_are_noticed() -> None:
    reading = WrittenTags(TagNotation(key="nam"), "IOB2", {})
    assert reading["name=B-PER|SpaceAfter=No"] == "O"
    assert (reading.has_key, list(reading.keys_seen)) == (False, ["SpaceAfter", "name"])


def test_a_bare_prefix_stands_for_the_only_label() -> None:
    assert [WrittenTags(TagNotation(), "IOBES", {}, "SHIP")[tag] for tag in "BIESOX"] == [
        "B-SHIP", "I-SHIP", "E-SHIP", "S-SHIP", "O", "X",
    ]  # fmt: skip
    assert WrittenTags(TagNotation("b-LABEL"), "IOB2", {}, "SHIP")["i"] == "I-SHIP"
    assert WrittenTags(TagNotation(), "IOB2", {}, None)["B"] == "B"


def test_memory_does_not_grow_with_fields_that_are_all_different(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tag_notation, "_MOST", 10)
    reading = WrittenTags(TagNotation(key="name"), "IOB2", {})
    assert [reading[f"at={number}|name=B-PER"] for number in range(50)] == ["B-PER"] * 50
    assert len(reading) <= 10


SPANS = [Span(0, 3, "PER"), Span(3, 4, "PER"), Span(5, 7, "LOC"), Span(8, 9, "LOC")]


@pytest.mark.parametrize("key", [None, "name"])
@pytest.mark.parametrize("form", ["B-LABEL", "B_LABEL", "LABEL-B", "b:LABEL"])
@pytest.mark.parametrize("scheme", WITH_PREFIXES)
def test_the_way_in_which_tags_were_written_is_found(scheme: Scheme, form: str, key: str | None) -> None:
    notation = TagNotation(form, key)
    tags = [notation.write(tag) for tag in encode(SPANS, 10, scheme)]
    level = tags if key is None else [f"id={at}|{key}={tag}" for at, tag in enumerate(tags)]
    best = fits([level], ["PER", "LOC"])[0]
    assert (best.scheme, best.notation, best.repairs, best.unknown) == (scheme, notation, 0, 0)
    assert best.keys("IO", TagNotation()) == {
        "scheme": scheme, **({"tag_form": form} if form != "B-LABEL" else {}), **({"tag_key": key} if key else {}),
    }  # fmt: skip
    assert best.keys(scheme, notation) == {}


def test_tags_outside_of_entities_have_to_fit_too() -> None:
    def forms(level: list[str], outside: str) -> set[str]:
        return {fit.notation.form for fit in fits([level], ["PER"], outside=[outside]) if not fit.unknown}

    assert forms(["b-PER", "o"], "o") == {"b-LABEL"}
    assert forms(["B-PER"], "O") == {"B-LABEL"}
    assert forms(["B-PER"], "o") == set()


def test_no_keys_are_named_where_the_card_has_one_too_many() -> None:
    brackets, plain = fits([["(PER*", "*)"]], ["PER"])[0], fits([["B-PER", "I-PER"]], ["PER"])[0]
    assert brackets.keys("IOB2", TagNotation()) == {"scheme": "brackets"}
    assert brackets.keys("IOB2", TagNotation("B_LABEL")) == {}
    assert plain.keys("IOBES", TagNotation("B_LABEL")) == {"scheme": "IOB2", "tag_form": "B-LABEL"}
    assert plain.keys("IOBES", TagNotation(key="name")) == {}


@pytest.mark.parametrize(
    ("level", "labels", "found"),
    [
        (["(PER*", "*)", "*"], ["PER"], [("brackets", 0)]),
        (["PER", "PER", "O"], ["PER"], [("IO", 0)]),
        (["B", "I", "O"], ["SHIP"], [("IOB2", 0)]),
        (["B", "I", "O"], ["SHIP", "PORT"], []),
        (["B-PER", "E-PER", "O"], [], [("IOBES", 0), ("BMES", 0), ("BMEWO", 0)]),
        (["what", "is", "this"], [], []),
    ],
)
def test_only_ways_that_read_all_tags_are_found(level: list[str], labels: list[str], found: list[Any]) -> None:
    known = [fit for fit in fits([level], labels, outside=["O"]) if not fit.unknown]
    assert [(fit.scheme, fit.repairs) for fit in known][: len(found)] == found
    assert bool(known) == bool(found)
