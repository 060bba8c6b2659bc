"""How sentences end by a card: by a mark in a column, by a comment, by a splitter; entities across an end join two sentences."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from reading import read, seen

from llms_meet_ner import LmnError, Span
from llms_meet_ner.data_converters.problems import ProblemLog
from llms_meet_ner.data_converters.readers import sentence_ends
from llms_meet_ner.data_converters.readers.sentence_ends import SentenceEnds, cut_document, split_tokens
from llms_meet_ner.sentence import Where
from llms_meet_ner.tagging.splitting import make_splitter

COLUMNS = {"type": "columns", "scheme": "IOB2"}
TWO = [("Ann left .", [(0, 1, "PER")]), ("Ulm", [(0, 1, "LOC")])]
ANN = "Ann B-PER {}\nleft O {}\n. O {}\nUlm B-LOC {}\n"


@pytest.mark.parametrize(
    ("marks", "reader"),
    [
        ("_ _ EndOfSentence _", {"sentence_end": {"column": 2, "flag": "EndOfSentence"}}),
        ("_ _ SpaceAfter=No|EndOfSentence _", {"sentence_end": {"column": -1, "flag": "EndOfSentence"}}),
        ("a,b NotEndOfSentence x;EndOfSentence EndOfSentences", {"sentence_end": {"column": 2, "flag": "EndOfSentence"}}),
        ("0 0 1 1", {"sentence_end": {"column": 2, "value": "1"}}),
        ("B I I B", {"sentence_start": {"column": 2, "value": "B"}}),
        ("_ _ _ x|NewSentence", {"sentence_start": {"column": 2, "flag": "NewSentence"}}),
    ],
)  # fmt: skip
def test_a_mark_in_a_column_ends_or_begins_a_sentence(tmp_path: Path, marks: str, reader: dict[str, Any]) -> None:
    log = ProblemLog()
    text = ANN.format(*marks.split())
    sentences = read(tmp_path, text, {**COLUMNS, "tag": 1, **reader}, log=log)
    assert seen(sentences) == TWO
    assert [(sentence.id, sentence.where.line) for sentence in sentences if sentence.where] == [
        ("c/s/0", 1),
        ("c/s/1", 4),
    ]
    assert not log.counts
    assert seen(read(tmp_path, text + "\n" + text, {**COLUMNS, "tag": 1, **reader})) == TWO * 2


def test_a_comment_ends_a_sentence(tmp_path: Path) -> None:
    text = "# sent 1\nAnn B-PER\n# other\nleft O\n. O\n# sent 2\nUlm B-LOC\n# sent 3\n"
    reader = {**COLUMNS, "sentence_end": {"comment": "# sent"}, "comments": ["# "]}
    assert seen(read(tmp_path, text, reader)) == TWO


@pytest.mark.parametrize(
    ("scheme", "tags", "joined"),
    [
        ("IOB2", "B-PER I-PER", True), ("IOB2", "B-PER B-PER", False), ("IOB2", "B-PER I-LOC", False), ("IOBES", "B-PER E-PER", True),
        ("IOBES", "S-PER S-PER", False), ("BILOU", "B-PER L-PER", True), ("IOB1", "I-PER I-PER", False), ("IO", "PER PER", False),
    ],
)  # fmt: skip
def test_an_entity_across_a_mark_joins_two_sentences_where_the_tags_say_that_it_goes_on(
    tmp_path: Path, scheme: str, tags: str, joined: bool
) -> None:
    one, two = tags.split()
    log = ProblemLog()
    reader = {"type": "columns", "scheme": scheme, "sentence_end": {"column": 1, "value": "end"}}
    found = read(tmp_path, f"Ann end {one}\nBo end {two}\nx end O\n", reader, log=log, repair="conlleval")
    assert [sentence.text for sentence in found] == (["Ann Bo", "x"] if joined else ["Ann", "Bo", "x"])
    assert log.counts["joined-sentences"] == joined
    if joined:
        assert log.of("joined-sentences")[0].message == "a sentence ends inside the PER 'Ann Bo': it continues"


def test_a_mark_that_is_nowhere_is_said(tmp_path: Path) -> None:
    log = ProblemLog()
    read(tmp_path, "Ann B-PER\nleft O\n", {**COLUMNS, "sentence_end": {"column": 4, "flag": "End"}}, log=log)
    assert [problem.message for problem in log.of("unsplit")] == [
        "no line has the mark that ends a sentence ('End' in column 4)"
    ]


TOKENS, TAGS = (
    ["Mr.", "Ann", "left", "Ulm", ".", "Bo", "B.", "Lee", "stayed", "!", "St.", "Ives"],
    ["O", "B-PER", "O", "B-LOC", "O", "B-PER", "I-PER", "I-PER", "O", "O", "B-LOC", "I-LOC"],
)
ENTITIES = [[1, 2, "PER"], [3, 4, "LOC"], [5, 8, "PER"], [10, 12, "LOC"]]
SPLIT = [
    ("Mr. Ann left Ulm .", [(1, 2, "PER"), (3, 4, "LOC")]), ("Bo B. Lee stayed !", [(0, 3, "PER")]), ("St. Ives", [(0, 2, "LOC")])
]  # fmt: skip


@pytest.mark.parametrize(
    ("content", "reader"),
    [
        ("\n".join(map(" ".join, zip(TOKENS, TAGS))), {"type": "columns"}),
        ("".join(f"1,{token},{tag}\n" for token, tag in zip(TOKENS, TAGS)), {"type": "columns", "separator": ",", "token": 1, "sentence": 0}),
        (f"{' '.join(TAGS)}\t{' '.join(TOKENS)}\n", {"type": "lines"}),
        (json.dumps({"tokens": TOKENS, "ner_tags": TAGS}), {"type": "tokens"}),
        (json.dumps({"tokens": TOKENS, "entities": ENTITIES}), {"type": "token-spans"}),
    ],
    ids=["columns", "numbers", "lines", "tokens", "token-spans"],
)  # fmt: skip
def test_a_splitter_cuts_documents_whatever_the_layout(tmp_path: Path, content: str, reader: dict[str, Any]) -> None:
    scheme = {} if reader["type"] == "token-spans" else {"scheme": "IOB2"}
    keys = {**scheme, "sentence_end": {"splitter": "en"}, **reader}
    sentences = read(tmp_path, content, keys)
    assert seen(sentences) == SPLIT
    assert [sentence.id for sentence in sentences] == ["c/s/0", "c/s/1", "c/s/2"]
    lines = [sentence.where.line for sentence in sentences if sentence.where]
    assert lines == ([1, 6, 11] if reader["type"] == "columns" else [1, 1, 1])


def test_an_entity_across_the_end_that_a_splitter_finds_joins_two_sentences(tmp_path: Path) -> None:
    log = ProblemLog()
    text = "Guns B-ORG\n! I-ORG\nRoses I-ORG\nplay O\n. O\nYes O\n"
    found = read(tmp_path, text, {**COLUMNS, "sentence_end": {"splitter": "en"}}, log=log)
    assert [sentence.text for sentence in found] == ["Guns ! Roses play .", "Yes"]
    assert log.of("joined-sentences")[0].message == "a sentence ends inside the ORG 'Guns ! Roses': it continues"


@given(st.data())
def test_no_token_and_no_span_is_lost_where_a_document_is_cut(data: st.DataObject) -> None:
    size = data.draw(st.integers(1, 12))
    bounds = sorted(data.draw(st.sets(st.integers(0, size), max_size=8)))
    spans = tuple(Span(start, end, "PER") for start, end in zip(bounds[::2], bounds[1::2]))
    ends = sorted(data.draw(st.sets(st.integers(1, size))) | {size})
    tokens = [*map(str, range(size))]
    parts = list(cut_document(tokens, ends, spans, spans[::2], log := ProblemLog(), lambda at: Where("d", at)))
    assert [token for _, inside, _ in parts for token in inside] == tokens
    found = [Span(span.start + start, span.end + start, "PER") for start, _, inside in parts for span in inside]
    assert tuple(found) == spans[::2]
    across = [end for end in ends if any(span.start < end < span.end for span in spans)]
    assert (len(parts), log.counts["joined-sentences"]) == (len(ends) - len(across), len(across))


LINES = st.sampled_from(["a end B-PER", "b _ I-PER", "c end O", "d _ B-LOC", "e end I-LOC", "# sent", ""])


@given(st.lists(LINES, max_size=30), st.sampled_from(["IOB1", "IOB2", "IO"]))
def test_no_token_is_lost_where_marks_end_sentences(
    tmp_path_factory: pytest.TempPathFactory, lines: list[str], scheme: str
) -> None:
    folder = tmp_path_factory.getbasetemp()
    wanted = [line[0] for line in lines if line and line[0] != "#"]
    labels = ("PER", "LOC", "I-PER", "B-PER", "I-LOC", "B-LOC")
    for keys in ({"column": 1, "value": "end"}, {"column": 1, "flag": "end"}, {"comment": "# s"}):
        reader = {"type": "columns", "scheme": scheme, "sentence_end": keys, "comments": ["#"]}
        found = read(folder, "\n".join(lines), reader, labels=labels, repair="conlleval", log=ProblemLog())
        assert [token for sentence in found for token in sentence.tokens] == wanted
        assert [sentence.id for sentence in found] == [f"c/s/{number}" for number in range(len(found))]


def test_a_long_document_is_split_in_windows_as_in_one_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    splitter = make_splitter("en")
    tokens = [("." if number % 17 == 0 or number % 23 == 0 else f"w{number}") for number in range(1, 400)] + [
        "word"
    ] * 300
    whole = split_tokens(tokens, splitter)
    monkeypatch.setattr(sentence_ends, "_WINDOW", 60)
    monkeypatch.setattr(sentence_ends, "_OVERLAP", 5)
    assert len(whole) > 30
    assert split_tokens(tokens, splitter) == whole


@pytest.mark.parametrize(
    "reader",
    [
        {"sentence_end": {"column": 1}}, {"sentence_end": {"value": "x"}}, {"sentence_end": {"column": 1, "value": "x", "flag": "y"}},
        {"sentence_end": {"comment": "#", "splitter": "en"}}, {"sentence_start": {"column": 1}},
        {"sentence_end": {"splitter": "en"}, "sentence_start": {"column": 1, "value": "B"}},
        {"sentence_end": {"column": 1, "value": "B"}, "sentence": 0},
    ],
)  # fmt: skip
def test_ends_that_say_nothing_or_two_things_are_refused(tmp_path: Path, reader: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="sentence"):
        read(tmp_path, "a O\n", {**COLUMNS, **reader})


def test_a_language_without_a_splitter_is_named(tmp_path: Path) -> None:
    with pytest.raises(LmnError, match="language 'qq'"):
        read(tmp_path, "a O\n", {**COLUMNS, "sentence_end": {"splitter": "qq"}})
    assert SentenceEnds.of({}) is None
