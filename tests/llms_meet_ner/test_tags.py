"""Tag sequences: every scheme both ways, and invalid sequences as conlleval and seqeval read them."""

import pytest
from conlleval.conlleval import end_of_chunk, parse_tag, start_of_chunk
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval.metrics.sequence_labeling import get_entities

from llms_meet_ner import Span
from llms_meet_ner.sentence import find_crossing, outer_first
from llms_meet_ner.tags import PREFIXES, SCHEMES, InvalidTag, Scheme, decode, encode

AS_BIO = {"S": "B", "U": "B", "W": "B", "E": "I", "L": "I", "M": "I"}
"""What conlleval, which knows B and I, is given for other prefixes."""

spans_strategy = st.lists(
    st.tuples(st.integers(0, 2), st.integers(1, 3), st.sampled_from(["PER", "LOC", "B-side"])), max_size=6
)


def lay_out(rows: list[tuple[int, int, str]]) -> tuple[list[Span], int]:
    at, spans = 0, []
    for gap, size, label in rows:
        spans.append(Span(at + gap, at + gap + size, label))
        at += gap + size
    return spans, at + 1


@settings(max_examples=400)
@given(rows=spans_strategy, scheme=st.sampled_from([s for s in SCHEMES if s != "IO"]))
def test_decoding_inverts_encoding(rows: list[tuple[int, int, str]], scheme: Scheme) -> None:
    spans, length = lay_out(rows)
    assert decode(encode(spans, length, scheme), scheme) == (spans, [])


def test_io_joins_touching_chunks_of_one_label() -> None:
    assert decode(["PER", "PER", "O", "LOC"], "IO") == ([Span(0, 2, "PER"), Span(3, 4, "LOC")], [])


@settings(max_examples=400)
@given(tags=st.lists(st.sampled_from(["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]), max_size=8))
def test_iob_chunks_are_those_of_seqeval(tags: list[str]) -> None:
    expected = [Span(start, end + 1, label) for label, start, end in get_entities(tags)]
    for scheme in ("IOB1", "IOB2"):
        assert decode(tags, scheme, "conlleval")[0] == expected


@settings(max_examples=400)
@given(data=st.data(), scheme=st.sampled_from([s for s in SCHEMES if PREFIXES[s]]))
def test_the_chunks_of_every_scheme_are_those_of_conlleval(data: st.DataObject, scheme: Scheme) -> None:
    written = st.sampled_from(["O", *(f"{prefix}-{label}" for prefix in PREFIXES[scheme] for label in ("PER", "LOC"))])
    tags = data.draw(st.lists(written, max_size=8))
    assert decode(tags, scheme)[0] == conlleval_chunks(tags)


def conlleval_chunks(tags: list[str]) -> list[Span]:
    """Return the chunks that the script conlleval counts, in a port that someone else wrote, once S and U are B, and E and L are I."""
    chunks: list[Span] = []
    before, label_before = "O", ""
    start: int | None = None
    for at, tag in enumerate([*tags, "O"]):
        prefix, label = parse_tag(AS_BIO.get(tag[0], tag[0]) + tag[1:])
        if start is not None and end_of_chunk(before, prefix, label_before, label, "O"):
            chunks.append(Span(start, at, label_before))
            start = None
        if start_of_chunk(before, prefix, label_before, label, "O"):
            start = at
        before, label_before = prefix, label
    return chunks


def test_an_invalid_transition_is_named_with_what_belongs_there() -> None:
    spans, invalid = decode(["O", "I-PER", "I-PER", "O", "B-LOC"], "IOB2", "conlleval")
    assert spans == [Span(1, 3, "PER"), Span(4, 5, "LOC")]
    assert invalid == [InvalidTag(1, "I-PER", "B-PER")]
    assert decode(["O", "I-PER", "I-PER", "O", "B-LOC"], "IOB2", "discard")[0] == [Span(4, 5, "LOC")]


def test_iob1_allows_b_only_between_touching_chunks_of_one_label() -> None:
    assert decode(["I-PER", "B-PER"], "IOB1") == ([Span(0, 1, "PER"), Span(1, 2, "PER")], [])
    assert decode(["B-PER", "O"], "IOB1")[1] == [InvalidTag(0, "B-PER", "I-PER")]


@pytest.mark.parametrize(
    ("scheme", "tag"),
    [
        ("IOB2", "PER"),
        ("IOB2", "E-PER"),
        ("IOBES", "U-PER"),
        ("BILOU", "S-PER"),
        ("IOB1", "B-"),
        ("IO", ""),
        ("BMES", "I-PER"),
        ("BMEWO", "S-PER"),
    ],
)
def test_a_malformed_tag_is_outside_and_named(scheme: Scheme, tag: str) -> None:
    assert decode([tag], scheme) == ([], [InvalidTag(0, tag, None)])


def test_tags_cannot_hold_overlapping_spans() -> None:
    with pytest.raises(ValueError, match="tags cannot hold overlapping spans"):
        encode([Span(0, 3, "A"), Span(1, 2, "B")], 3)


def test_brackets_may_lie_in_others_and_a_token_may_hold_a_pair() -> None:
    tags = ["(ORG(PERSON*)", "*", "*)", "-", "(GPE)", "_", "*", "(LOC*", "*LOC)", "(DATE(CARDINAL*", "*))"]
    assert decode(tags, "brackets") == (
        [
            Span(0, 3, "ORG"), Span(0, 1, "PERSON"), Span(4, 5, "GPE"), Span(7, 9, "LOC"), Span(9, 11, "CARDINAL"),
            Span(9, 11, "DATE"),
        ], [],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("tags", "at", "why"),
    [
        (["(PERSON*", "*"], 0, "opens PERSON, which is never closed"),
        (["*", "*)"], 1, "closes a bracket where nothing is open"),
        (["(A*", "*B)"], 1, "closes B where A is open"),
        (["PERSON"], 0, ""),
        (["(*"], 0, ""),
        (["*)("], 0, ""),
    ],
)
def test_brackets_without_their_others_are_invalid(tags: list[str], at: int, why: str) -> None:
    spans, invalid = decode(tags, "brackets")
    assert spans == []
    assert invalid[0] == InvalidTag(at, tags[at], None, why)


@settings(max_examples=200)
@given(
    rows=st.lists(
        st.tuples(st.integers(0, 7), st.integers(1, 8), st.sampled_from(["A", "B", "C-D"])), unique=True, max_size=5
    )
)
def test_decoding_brackets_inverts_encoding_of_nested_spans(rows: list[tuple[int, int, str]]) -> None:
    spans: list[Span] = []
    for start, end, label in rows:
        if start < end and find_crossing(tuple(sorted([*spans, Span(start, end, label)], key=outer_first))) is None:
            spans.append(Span(start, end, label))
    spans.sort(key=outer_first)
    assert decode(encode(spans, 8, "brackets"), "brackets") == (spans, [])
    with pytest.raises(ValueError, match="crossing"):
        encode([Span(0, 3, "A"), Span(1, 4, "B")], 4, "brackets")
