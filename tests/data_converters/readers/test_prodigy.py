"""The reader of Prodigy's records: answers of records and spans, own tokens, several annotators, and real files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from reading import LABELS, read, read_file, records_of, seen

from llms_meet_ner import LmnError
from llms_meet_ner.data_converters.problems import ProblemLog

PRODIGY = {"type": "prodigy", "language": "spaces"}
ANN = {"start": 0, "end": 3, "label": "PER"}


def line(text: str = "Ann left", *spans: Any, answer: Any = "accept", **more: Any) -> str:
    return json.dumps({"text": text, "spans": spans, "answer": answer, **more})


def tokens(text: str, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    for word in words:
        start = text.index(word, found[-1]["end"] if found else 0)
        found.append({"text": word, "start": start, "end": start + len(word), "id": len(found), "ws": True})
    return found


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"answer": "reject"}, "its answer is reject"),
        ({"answer": "ignore"}, "its answer is ignore"),
        ({"answer": None}, "it has no answer"),
        (
            {"_is_binary": True},
            "its answer is about one span, not all entities; `binary: read` in the card's reader reads it",
        ),
        ({"_view_id": "ner"}, "its answer is about one span, not all entities"),
    ],
)
def test_records_that_are_no_negatives(tmp_path: Path, more: dict[str, Any], why: str) -> None:
    log = ProblemLog()
    content = "\n".join([line("Ann left", ANN), line("Bob left", ANN, **more), line("She left")])
    found = read(tmp_path, content, PRODIGY, log=log)
    assert [(s.id, s.text, len(s.spans)) for s in found] == [("c/s/0", "Ann left", 1), ("c/s/2", "She left", 0)]
    assert log.counts == {"not-annotated": 1}
    assert log.kept[0].message.startswith(why)
    with pytest.raises(LmnError, match=f"file: no record is annotated: {why[:20]}"):
        read(tmp_path, line("Bob left", ANN, **more), PRODIGY)


def test_a_file_without_answers_says_how_to_read_it_and_that_works(tmp_path: Path) -> None:
    content = json.dumps({"text": "Ann left", "spans": [ANN]})
    with pytest.raises(LmnError, match="it has no answer; `type: spans` reads records without answers"):
        read(tmp_path, content, PRODIGY)
    assert seen(read(tmp_path, content, {"type": "spans"})) == [("Ann left", [(0, 1, "PER")])]


def test_answers_about_one_span_can_be_read_all_the_same(tmp_path: Path) -> None:
    found = read(tmp_path, line("Ann left", ANN, _is_binary=True), {**PRODIGY, "binary": "read"})
    assert seen(found) == [("Ann left", [(0, 1, "PER")])]


def test_refused_spans_are_no_entities_and_a_text_with_nothing_else_is_no_negative(tmp_path: Path) -> None:
    bob = {"start": 8, "end": 11, "label": "PER", "answer": "reject", "text": "Bob"}
    rome = {"start": 4, "end": 7, "label": "LOC", "answer": "ignore"}
    log = ProblemLog()
    content = "\n".join([line("Ann met Bob", ANN, bob, rome), line("Ann met Bob", bob)])
    assert seen(read(tmp_path, content, PRODIGY, log=log)) == [("Ann met Bob", [(0, 1, "PER")])]
    assert [(p.kind, p.message) for p in log.kept] == [
        ("passed-region", "the answer about the PER 'Bob' is reject"),
        ("passed-region", "the answer about the LOC 'from 4 to 7' is ignore"),
        ("not-annotated", "all of its spans are refused, and nothing says that it has no entities"),
    ]


def test_a_record_s_own_tokens_and_spans_by_their_positions(tmp_path: Path) -> None:
    text = "in-Paris we're"
    own = tokens(text, "in-", "Paris", "we're")
    paris = {"token_start": 1, "token_end": 1, "label": "LOC"}
    for spans in (
        [paris],
        [{**paris, "start": 3, "end": 8}],
        [{"start": 3, "end": 8, "label": "LOC", "text": "Paris"}],
    ):
        assert seen(read(tmp_path, line(text, *spans, tokens=own), PRODIGY)) == [("in- Paris we're", [(1, 2, "LOC")])]
        wide = read(tmp_path, line(text, *spans, tokens=own), {**PRODIGY, "tokens": "tokenizer", "language": "spaces"})
        assert seen(wide) == [("in-Paris we're", [(0, 1, "LOC")])]
    both = {"token_start": 0, "token_end": 1, "label": "LOC"}  # the end is inclusive
    assert seen(read(tmp_path, line(text, both, tokens=own), PRODIGY))[0][1] == [(0, 2, "LOC")]


def test_tokens_of_white_space_are_left_out(tmp_path: Path) -> None:
    text = "Ann \n\nleft"
    own = [
        *tokens(text, "Ann"),
        {"text": "\n\n", "start": 4, "end": 6, "id": 1},
        {"text": "left", "start": 6, "end": 10, "id": 2},
    ]
    assert seen(read(tmp_path, line(text, ANN, tokens=own), PRODIGY)) == [("Ann left", [(0, 1, "PER")])]


@pytest.mark.parametrize(
    ("own", "message"),
    [
        (tokens("Ann went home", "Ann", "home"), "the token 'home' from 9 to 13 does not follow the text at 3"),
        (tokens("Ann went home", "Ann", "went"), "no token holds 'home'"),
        ([{"text": "Bob", "start": 0, "end": 3, "id": 0}], "the token 'Bob' from 0 to 3 does not follow the text at 0"),
        ([{"text": "Ann"}], "a token has start, end and text, not {'text': 'Ann'}"),
        ("Ann", "a token has start, end and text, not 'Ann'"),
        (
            [*tokens("Ann went home", "Ann"), *tokens("Ann went home", "Ann")],
            "the token 'Ann' from 0 to 3 does not follow",
        ),
    ],
)
def test_tokens_that_are_not_those_of_the_text(tmp_path: Path, own: Any, message: str) -> None:
    content = line("Ann went home", ANN, tokens=own)
    with pytest.raises(LmnError) as error:
        read(tmp_path, content, PRODIGY)
    assert message in str(error.value)
    assert "`tokens: tokenizer` in the card's reader takes the tokenizer's tokens instead" in str(error.value)
    assert seen(read(tmp_path, content, {**PRODIGY, "tokens": "tokenizer"})) == [("Ann went home", [(0, 1, "PER")])]


@pytest.mark.parametrize(
    "span", [{"label": "PER"}, {"token_start": 0, "token_end": 9, "label": "PER"}, 1, {"start": 0, "end": 3}]
)
def test_spans_that_are_none(tmp_path: Path, span: Any) -> None:
    with pytest.raises(
        LmnError, match=r"file:1: a span is start, end and label, not .*; a span of Prodigy has start, end"
    ):
        read(tmp_path, line("Ann left", span, tokens=tokens("Ann left", "Ann", "left")), PRODIGY)


def test_records_without_spans_are_negatives_where_spans_were_marked(tmp_path: Path) -> None:
    log = ProblemLog()
    content = "\n".join(
        [line("Ann left", ANN)]
        + [json.dumps({"text": "b", "answer": "accept", "_view_id": view}) for view in ("ner_manual", "choice")]
    )
    assert [s.id for s in read(tmp_path, content, PRODIGY, log=log)] == ["c/s/0", "c/s/1"]
    assert log.kept[0].message == "its answer in the interface 'choice' is not about spans"


def test_of_several_annotators_the_first_counts_or_the_one_on_the_card(tmp_path: Path) -> None:
    content = "\n".join(
        [
            line("Ann left", ANN, _input_hash=1, _session_id="notes-ann"),
            line("Ann left", _input_hash=1, _session_id="notes-bob"),
            line("b", _input_hash=2, _session_id="notes-bob"),
            line("Ann left", _input_hash=1, _session_id="notes-ann"),
        ]
    )
    log = ProblemLog()
    assert [(s.id, len(s.spans)) for s in read(tmp_path, content, PRODIGY, log=log)] == [
        ("c/s/0", 1),
        ("c/s/2", 0),
        ("c/s/3", 0),
    ]
    assert log.counts == {"several-annotations": 1}
    bob = read(tmp_path, content, {**PRODIGY, "annotator": "notes-bob"}, log=log)
    assert [(s.id, len(s.spans)) for s in bob] == [("c/s/1", 0), ("c/s/2", 0)]
    with pytest.raises(LmnError, match="no record is annotated: annotated by notes-ann, not by nobody"):
        read(tmp_path, content, {**PRODIGY, "annotator": "nobody"})


@pytest.mark.parametrize("content", ["1", '"Ann"', '["Ann", "left"]', '{"answer": "accept"}', '{"text": 1}'])
def test_what_is_no_record(tmp_path: Path, content: str) -> None:
    with pytest.raises(LmnError, match=r"file:1: (a record is a mapping|no 'text'|the value of 'text')"):
        read(tmp_path, f"{content}\n{line()}", {**PRODIGY, "text": "text"})
    with pytest.raises(LmnError):
        read(tmp_path, f"{content}\n{line()}", {**PRODIGY, "text": "0"})


def test_fashion_brands_have_the_tokens_and_entities_of_the_file(corpora: Path) -> None:
    path = corpora / "prodigy_fashion_brands" / "fashion_brands_training_first400.jsonl"
    expected = [
        (
            " ".join(token["text"] for token in record["tokens"]),
            [(span["token_start"], span["token_end"] + 1, span["label"]) for span in record["spans"]],
        )
        for record in records_of(path)
    ]
    log = ProblemLog()
    found = read_file(path, PRODIGY, labels=("FASHION_BRAND",), log=log)
    assert seen(found) == expected
    assert (len(found), sum(len(s.spans) for s in found), log.counts) == (400, 149, {})


def test_a_tweet(corpora: Path) -> None:
    path = corpora / "spacy_formats" / "projects_ner_tweets" / "demo.jsonl"
    accepted = [record for record in records_of(path) if record["answer"] == "accept"]
    found = read_file(path, PRODIGY, labels=(*LABELS, "PERSON"), log=ProblemLog(keep_going=True))
    assert [list(s.tokens) for s in found] == [[token["text"] for token in record["tokens"]] for record in accepted]
