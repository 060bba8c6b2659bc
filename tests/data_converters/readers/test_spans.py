"""Readers of entities by position: character spans in JSON, and spaCy's DocBins."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import LABELS, read, read_file, seen
from spacy.tokens import DocBin, Span

from llms_meet_ner import LmnError
from llms_meet_ner.data_converters.problems import ProblemLog
from llms_meet_ner.data_converters.readers.spans import utf16_offsets

SPACES = {"type": "spans", "language": "spaces"}
ENGLISH = {"type": "spans", "language": "en"}
JOHN = "John Smith left Paris ."
FOUND = [("John Smith left Paris .", [(0, 2, "PER"), (3, 4, "LOC")])]


def one(text: str, *spans: Any, **more: Any) -> str:
    return json.dumps({"text": text, "spans": spans, **more})


def units(text: str, offset: int) -> int:
    return len(text[:offset].encode("utf-16-le")) // 2


@pytest.mark.parametrize(
    ("record", "more"),
    [
        ({"text": JOHN, "spans": [[0, 10, "PER"], [16, 21, "LOC"]]}, {}),
        ({"text": JOHN, "label": [[16, 21, "LOC"], [0, 10, "PER"]]}, {}),
        ({"text": JOHN, "labels": [[0, 10, "PER"], [16, 21, "LOC"]]}, {}),
        ({"text": JOHN, "entities": [{"id": 7, "start_offset": 0, "end_offset": 10, "label": "PER"}, {"start": 16, "end": 21, "label": "LOC"}]}, {}),
        ([JOHN, {"entities": [[0, 10, "PER"], [16, 21, "LOC"]]}], {}),
        ({"t": {"x": JOHN}, "s": [[0, 11, "PER"], [15, 21, "LOC"]]}, {"text": "t.x", "spans": "s"}),
        (
            {
                "data": {"text": JOHN},
                "annotations": [
                    {"result": [{"value": {"start": 0, "end": 10, "labels": ["PER"]}}, {"value": {"start": 16, "end": 21, "labels": ["LOC"]}}]}
                ],
            },
            {"text": "data.text", "spans": "annotations.0.result.*.value"},
        ),
    ],
    ids=["triples", "label", "labels", "mappings", "pair", "paths", "label-studio"],
)  # fmt: skip
def test_records_of_every_shape(tmp_path: Path, record: Any, more: dict[str, Any]) -> None:
    for content in (
        json.dumps([record]),
        json.dumps([record], indent=1),
        f"{json.dumps(record)}\n{json.dumps(record)}\n",
    ):
        assert seen(read(tmp_path, content, {**SPACES, **more}))[:1] == FOUND


def test_the_card_says_how_a_text_becomes_tokens(tmp_path: Path) -> None:
    content = one("John Smith left Paris.", [0, 10, "PER"])
    assert read(tmp_path, content, SPACES)[0].tokens == ("John", "Smith", "left", "Paris.")
    assert read(tmp_path, content, ENGLISH)[0].tokens == ("John", "Smith", "left", "Paris", ".")
    with pytest.raises(LmnError, match=r"language 'zz': .*'xx' splits any language"):
        read(tmp_path, content, {"type": "spans", "language": "zz"})


@pytest.mark.parametrize(
    ("policy", "spans", "fatal"),
    [
        ("outward", [(0, 1, "PER"), (1, 2, "LOC")], 0),
        ("drop", [(0, 1, "PER")], 0),
        ("error", [(0, 1, "PER"), (1, 2, "LOC")], 1),
    ],
)
def test_a_span_that_cuts_a_token(tmp_path: Path, policy: str, spans: Any, fatal: int) -> None:
    content = one("John in-Paris.", [0, 4, "PER"], [8, 13, "LOC"])
    log = ProblemLog(keep_going=True)
    found = read(tmp_path, content, {**SPACES, "cut": policy}, log=log)
    assert (seen(found)[0][1], log.counts, log.fatal) == (spans, {"cut-span": 1}, fatal)
    assert log.kept[0].message == "the LOC 'Paris' begins or ends inside a token of 'in-Paris.'"
    if fatal:
        with pytest.raises(LmnError, match=r"file:1: the LOC 'Paris' begins .*; the card's reader\.cut says"):
            read(tmp_path, content, {**SPACES, "cut": policy})


CROSSING = one("a b c d e", [0, 3, "PER"], [2, 9, "LOC"], [6, 9, "ORG"])


@pytest.mark.parametrize(
    ("policy", "text", "spans"),
    [
        ("longest", CROSSING, [(1, 5, "LOC"), (3, 5, "ORG")]),
        ("first", CROSSING, [(0, 2, "PER"), (3, 5, "ORG")]),
        ("longest", one("a b c", [0, 3, "PER"], [2, 5, "LOC"]), [(0, 2, "PER")]),
        ("longest", one("a b c d e f", [0, 5, "PER"], [4, 9, "LOC"], [8, 11, "ORG"]), [(0, 3, "PER"), (4, 6, "ORG")]),
    ],
)
def test_of_crossing_spans_the_stated_one_stays(tmp_path: Path, policy: str, text: str, spans: Any) -> None:
    log = ProblemLog()
    assert seen(read(tmp_path, text, {**SPACES, "crossing": policy}, nested=True, log=log))[0][1] == spans
    assert (log.counts["crossing"], log.fatal) == (1, 0)
    with pytest.raises(LmnError, match=r"file:1: the \w+ '.*' crosses the \w+ '.*'; the card's reader\.crossing says"):
        read(tmp_path, text, SPACES, nested=True)


def test_nested_spans_stay_in_a_nested_corpus_and_lose_to_the_outer_one_in_a_flat_one(tmp_path: Path) -> None:
    content = one("a b c", [0, 1, "PER"], [0, 3, "LOC"], [0, 3, "ORG"], [4, 5, "ORG"], [4, 5, "ORG"])
    log = ProblemLog()
    nested = [(0, 2, "LOC"), (0, 2, "ORG"), (0, 1, "PER"), (2, 3, "ORG")]
    assert seen(read(tmp_path, content, SPACES, nested=True, log=log))[0][1] == nested
    assert log.counts == {"double-span": 1}
    log = ProblemLog()
    assert seen(read(tmp_path, content, SPACES, log=log))[0][1] == [(0, 2, "LOC"), (2, 3, "ORG")]
    assert log.counts == {"double-span": 1, "inner-span": 2}


@pytest.mark.parametrize(
    "span", [[0, 0, "PER"], [2, 1, "PER"], [-1, 1, "PER"], [0, 6, "PER"], [9, 12, "PER"], [2, 3, "PER"]]
)
def test_a_span_outside_the_text_is_refused_or_left_out(tmp_path: Path, span: Any) -> None:
    content = one("a  \tb", span)
    with pytest.raises(LmnError, match=r"file:1: the PER from .* past its end at 5; check the card's reader\.offsets"):
        read(tmp_path, content, SPACES)
    log = ProblemLog()
    assert seen(read(tmp_path, content, {**SPACES, "outside": "drop"}, log=log)) == [("a b", [])]
    assert log.counts == {"outside-text": 1}


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"txt": "a"}, r"file:2: no 'text' in the record; it has txt; the card's reader\.text names the key"),
        ({"text": None}, r"file:2: the value of 'text' is not text"),
        ({"text": "\ud83d"}, r"file:2: the value of 'text' is not text"),
        ("a", r"file:2: no 'text' in the record; it is str"),
        ({"text": "a", "spans": {"0": 1}}, r"file:2: spans are a list, not"),
        ({"text": "a", "spans": [[0, 1]]}, r"file:2: a span is start, end and label, not \[0, 1\]"),
        ({"text": "a", "spans": [[0, True, "PER"]]}, r"file:2: a span is start, end and label"),
        ({"text": "a", "spans": [{"start": 0, "end": 1, "label": []}]}, r"file:2: a span is start, end and label"),
        ({"text": "a", "spans": [{"value": {"start": 0, "end": 1, "labels": ["PER"]}}]}, r"file:2: a span is start, .* a path of keys"),
        ({"text": "a", "spans": [[0, 1, "SHIP"]]}, r"file:2: the SHIP 'a' has a label that the card does not list; the card lists"),
    ],
)  # fmt: skip
def test_what_is_wrong_in_a_record_is_named(tmp_path: Path, record: Any, message: str) -> None:
    content = "\n".join([one("John", [0, 4, "PER"]), json.dumps(record), one("Paris", [0, 5, "LOC"])])
    with pytest.raises(LmnError, match=message):
        read(tmp_path, content, SPACES)
    log = ProblemLog(keep_going=True)
    found = read(tmp_path, content, SPACES, log=log)
    assert ([(s.id, s.text) for s in found if s.spans], log.fatal) == ([("c/s/0", "John"), ("c/s/2", "Paris")], 1)


def test_records_without_annotation_are_counted_and_a_wrong_key_is_an_error(tmp_path: Path) -> None:
    log = ProblemLog()
    content = f"{one('a', [0, 1, 'PER'])}\n{json.dumps({'text': 'b'})}\n"
    assert seen(read(tmp_path, content, SPACES, log=log)) == [("a", [(0, 1, "PER")]), ("b", [])]
    assert log.counts == {"unannotated": 1}
    with pytest.raises(
        LmnError, match=r"file: no record has ents; the card's reader\.spans names the key of the spans"
    ):
        read(tmp_path, content, {**SPACES, "spans": "ents"})


def test_only_records_with_the_stated_values_are_read(tmp_path: Path) -> None:
    log = ProblemLog()
    content = f"{one('a', answer='reject')}\n{one('b', answer='accept')}\n"
    assert [s.id for s in read(tmp_path, content, {**SPACES, "where": {"answer": "accept"}}, log=log)] == ["c/s/1"]
    assert log.counts == {"filtered": 1}


def test_a_text_is_split_into_sentences_but_not_inside_an_entity(tmp_path: Path) -> None:
    text = "John left. Mr. Big! Paris came. She went."
    content = f"{one(text, [0, 4, 'PER'], [15, 25, 'LOC'])}\n{one('  ')}\n{one('Bye.')}"
    log = ProblemLog()
    found = read(tmp_path, content, {**ENGLISH, "sentences": "split"}, log=log)
    assert seen(found) == [
        ("John left .", [(0, 1, "PER")]),
        ("Mr. Big ! Paris came .", [(1, 4, "LOC")]),
        ("She went .", []),
        ("Bye .", []),
    ]
    assert [s.id for s in found] == ["c/s/0", "c/s/1", "c/s/2", "c/s/4"]
    assert log.counts == {"joined-sentences": 1, "empty-record": 1}
    assert log.of("joined-sentences")[0].message == "a sentence ends inside the LOC 'Big ! Paris': it continues"
    lines = read(tmp_path, one("a b\r\n\nc", [2, 3, "PER"], [6, 7, "LOC"]), {**SPACES, "sentences": "split"})
    assert seen(lines) == [("a b", [(1, 2, "PER")]), ("c", [(0, 1, "LOC")])]


def test_which_cut_spans_are_left_out_moves_no_sentence_boundary(tmp_path: Path) -> None:
    content = one("a b\ncc d", [2, 5, "PER"])
    reader = {**SPACES, "sentences": "split"}
    texts = {cut: [s.text for s in read(tmp_path, content, {**reader, "cut": cut})] for cut in ("outward", "drop")}
    assert texts == {"outward": ["a b cc d"], "drop": ["a b cc d"]}


def test_units_of_utf16(tmp_path: Path) -> None:
    assert utf16_offsets("a😀b") == ([0, 1, 1, 2, 3], [0, 1, 2, 2, 3])
    text = "😀 Ankara 😀x"
    reader = {**SPACES, "offsets": "utf-16"}
    assert seen(read(tmp_path, one(text, [3, 9, "LOC"], [12, 13, "PER"]), reader)) == [
        (text, [(1, 2, "LOC"), (2, 3, "PER")])
    ]
    log = ProblemLog()
    assert seen(read(tmp_path, one(text, [1, 2, "PER"]), reader, log=log)) == [(text, [(0, 1, "PER")])]
    assert log.counts == {"cut-span": 1}
    with pytest.raises(LmnError, match="past its end at 13"):
        read(tmp_path, one(text, [3, 14, "LOC"]), reader)


word = st.text(st.sampled_from("aé😀.-[|]\u00a0ğ𝔘"), min_size=1, max_size=4)
planted = st.lists(st.tuples(word, st.sampled_from(["", *LABELS])), min_size=1, max_size=8)


@settings(max_examples=120, deadline=None)
@given(
    records=st.lists(planted, min_size=1, max_size=3),
    space=st.sampled_from([" ", "  ", "\t", " \n"]),
    as_units=st.booleans(),
)
def test_spans_planted_at_token_boundaries_come_back(
    tmp_path_factory: pytest.TempPathFactory, records: list[list[tuple[str, str]]], space: str, as_units: bool
) -> None:
    lines = []
    expected = []
    for record in records:
        text, spans, found = "", [], []
        for position, (token, label) in enumerate(record):
            if label and token.strip():
                start = len(text), len(text) + len(token)
                spans.append([*start, label])
                found.append((position, position + 1, label))
            text += token + space
        if as_units:
            spans = [[units(text, start), units(text, end), label] for start, end, label in spans]
        lines.append(one(text, *spans))
        expected.append((" ".join(token for token, _ in record), found))
    reader = {**SPACES, "offsets": "utf-16" if as_units else "code-points", "cut": "error"}
    assert seen(read(tmp_path_factory.getbasetemp(), "\n".join(lines), reader)) == expected


@settings(max_examples=120, deadline=None)
@given(
    text=st.text(st.sampled_from("ab 😀.\n"), max_size=20),
    spans=st.lists(st.tuples(st.integers(-1, 22), st.integers(-1, 22), st.sampled_from(LABELS)), max_size=6),
    nested=st.booleans(),
    crossing=st.sampled_from(["longest", "first"]),
    cut=st.sampled_from(["outward", "drop"]),
    sentences=st.sampled_from(["whole", "split"]),
)
def test_every_span_is_kept_or_counted(
    tmp_path_factory: pytest.TempPathFactory, text: str, spans: Any, nested: bool, crossing: str, cut: str, sentences: str
) -> None:  # fmt: skip
    log = ProblemLog()
    reader = {**SPACES, "crossing": crossing, "outside": "drop", "cut": cut, "sentences": sentences}
    found = read(tmp_path_factory.getbasetemp(), one(text, *spans), reader, nested=nested, log=log)
    kept = sum(len(s.spans) for s in found)
    lost = sum(log.counts[kind] for kind in ("outside-text", "double-span", "crossing", "inner-span"))
    assert kept + lost + (log.counts["cut-span"] if cut == "drop" else 0) == len(spans)
    assert [token for s in found for token in s.tokens] == text.split()
    assert nested or not any(s.is_nested for s in found)
    for sentence in found:
        for span in sentence.spans:
            words = "".join(sentence.tokens[span.start : span.end])
            assert any(
                "".join(text[max(start, 0) : end].split()) in words
                for start, end, label in spans
                if label == span.label
            )


@settings(max_examples=100, deadline=None)
@given(text=st.text(st.sampled_from("ab 😀𝔘ğ"), min_size=1, max_size=12), data=st.data())
def test_code_points_and_utf16_units_read_alike(tmp_path_factory: pytest.TempPathFactory, text: str, data: Any) -> None:
    ends = st.integers(0, len(text))
    spans = data.draw(st.lists(st.tuples(ends, ends, st.sampled_from(LABELS)), max_size=4))
    reader = {**SPACES, "crossing": "longest", "outside": "drop"}
    in_units = [[units(text, start), units(text, end), label] for start, end, label in spans]
    folder = tmp_path_factory.getbasetemp()
    assert read(folder, one(text, *spans), reader) == read(
        folder, one(text, *in_units), {**reader, "offsets": "utf-16"}
    )


def docbin(path: Path, *docs: Any) -> Path:
    DocBin(docs=docs, store_user_data=True).to_disk(path)
    return path


def test_a_docbin(tmp_path: Path) -> None:
    nlp = spacy.blank("en")
    first = nlp("John  Smith left.\n\nHe saw Paris .")
    first.ents = [Span(first, 0, 3, "PER"), Span(first, 8, 9, "LOC")]
    second, third = nlp("Nobody."), nlp(" ")
    second.ents, third.ents = [], []
    unknown = nlp("Not annotated.")
    path = docbin(tmp_path / "x.spacy", first, third, second, unknown)
    log = ProblemLog()
    found = read_file(path, {"type": "docbin", "language": "en"}, log=log)
    text = "John Smith left . He saw Paris ."
    assert seen(found) == [(text, [(0, 2, "PER"), (6, 7, "LOC")]), ("Nobody .", []), ("Not annotated .", [])]
    assert [(s.id, s.where.line) for s in found if s.where] == [("c/s/0", 1), ("c/s/2", 3), ("c/s/3", 4)]
    assert log.counts == {"empty-record": 1, "unannotated": 1}


def test_sentences_and_groups_of_spans_of_a_docbin(tmp_path: Path) -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    doc = nlp("John left. Mr. Big! Paris came.")
    doc.ents = [Span(doc, 0, 1, "PER")]
    group = [Span(doc, 0, 2, "ORG"), Span(doc, 0, 1, "PER"), Span(doc, 4, 7, "LOC")]
    doc.spans["sc"] = group
    whole = spacy.blank("en")("a b")
    whole.ents = []
    path = docbin(tmp_path / "x.spacy", doc, whole)
    log = ProblemLog()
    reader = {"type": "docbin", "sentences": "split"}
    assert [sentence.text for sentence in doc.sents] == ["John left.", "Mr. Big!", "Paris came."]
    expected = [("John left .", [(0, 1, "PER")]), ("Mr. Big !", []), ("Paris came .", []), ("a b", [])]
    assert seen(read_file(path, reader, log=log)) == expected
    assert log.counts == {"unsplit": 1}
    log = ProblemLog()
    found = read_file(path, {**reader, "spans": "sc"}, nested=True, log=log)
    expected = [
        ("John left .", [(0, 2, "ORG"), (0, 1, "PER")]),
        ("Mr. Big ! Paris came .", [(1, 4, "LOC")]),
        ("a b", []),
    ]
    assert seen(found) == expected
    assert log.counts == {"joined-sentences": 1, "unannotated": 1, "unsplit": 1}
    with pytest.raises(LmnError, match=r"x\.spacy: no document has spans 'xx', not even an empty list"):
        read_file(path, {**reader, "spans": "xx"})


def test_no_docbin(tmp_path: Path) -> None:
    (tmp_path / "x.spacy").write_bytes(b"no")
    with pytest.raises(LmnError, match=r"x\.spacy: not a DocBin \(\[E1014\]"):
        read_file(tmp_path / "x.spacy", {"type": "docbin"})
    with pytest.raises(LmnError, match=r"y\.spacy: cannot be read \(No such file"):
        read_file(tmp_path / "y.spacy", {"type": "docbin"})
    with pytest.raises(LmnError, match=r"language 'zz': .*'xx' reads any language"):
        read_file(tmp_path / "x.spacy", {"type": "docbin", "language": "zz"})


def test_what_counts_as_o_takes_no_place_from_what_is_kept(tmp_path: Path) -> None:
    from llms_meet_ner.data_converters import load_card, read_corpus

    (tmp_path / "a.jsonl").write_text(
        '{"text": "the good ship Mary of Hull", "spans": [[4, 18, "SHIP"], [14, 26, "PORT"], [0, 18, "SHIP"]]}\n'
    )
    card = tmp_path / "card.yaml"
    card.write_text(
        "{name: ships, title: Ships, language: en, licence: x, citation: y, splits: {all: a.jsonl}, docstart: none,"
        " reader: {type: spans, language: spaces, crossing: error}, labels: [{name: SHIP}, {name: PORT}], keep: [PORT]}"
    )
    (sentence,) = read_corpus(load_card(card), "all")
    assert [(span.start, span.end, span.label) for span in sentence.spans] == [(3, 6, "PORT")]


def test_an_empty_list_beside_a_filled_one_is_passed_over(tmp_path: Path) -> None:
    content = '{"text": "Mary sails", "spans": [], "entities": [[0, 4, "PER"]]}\n'
    assert len(read(tmp_path, content, SPACES)[0].spans) == 1


def test_a_lone_pair_of_text_and_entities_is_one_record(tmp_path: Path) -> None:
    content = '["Mary sails", {"entities": [[0, 4, "PER"]]}]\n'
    assert [sentence.text for sentence in read(tmp_path, content, SPACES)] == ["Mary sails"]
