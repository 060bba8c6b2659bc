"""Readers of tagged tokens beside plain columns: sentence columns, a sentence a line, JSON records."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st
from reading import read, seen

from llms_meet_ner import LmnError
from llms_meet_ner.data_converters.cli.convert import main
from llms_meet_ner.data_converters.problems import ProblemLog

COLUMNS = {"type": "columns", "scheme": "IOB2"}
LINES = {"type": "lines", "scheme": "IOB2"}
TOKENS = {"type": "tokens", "scheme": "IOB2"}
JOHN = [("John left", [(0, 1, "PER")]), ("Paris", [(0, 1, "LOC")])]


@pytest.mark.parametrize(
    ("content", "reader"),
    [
        ("n\tword\ttag\n1\tJohn\tB-PER\n1\tleft\tO\n2\tParis\tB-LOC\n", {"separator": "tab", "header": True}),
        ("Sentence: 1\tJohn\tB-PER\n\tleft\tO\nSentence: 2\tParis\tB-LOC\n", {"separator": "tab"}),
        ("1\tJohn\tB-PER\r\n1\tleft\tO\r\n\r\n1\tParis\tB-LOC\r\n", {"separator": "tab"}),
        (
            'n,"word",tag\n"1",John,B-PER\n,left,O\n2,"Paris",B-LOC\n',
            {"separator": ",", "quoted": True, "header": True},
        ),
    ],
    ids=["header", "empty-goes-on", "empty-line", "csv"],
)
def test_a_column_says_where_a_sentence_begins(tmp_path: Path, content: str, reader: dict[str, Any]) -> None:
    found = read(tmp_path, content, {**COLUMNS, **reader, "sentence": 0, "token": 1, "tag": 2})
    assert seen(found) == JOHN
    assert [s.id for s in found] == ["c/s/0", "c/s/1"]


def test_places_count_the_header_and_the_lines_inside_quotes(tmp_path: Path) -> None:
    assert [
        s.where.line for s in read(tmp_path, "word tag\n\na O\n\nb O\n", {**COLUMNS, "header": True}) if s.where
    ] == [3, 5]
    content = 'w,t\na,O\n"b\nc",O\nd,X\n'
    log = ProblemLog(keep_going=True)
    read(tmp_path, content, {**COLUMNS, "header": True, "quoted": True, "separator": ","}, log=log)
    assert [(p.kind, p.where.line) for p in log.kept] == [("line-break", 3), ("malformed-tag", 5)]


def test_quotes_that_do_not_close_are_an_error(tmp_path: Path) -> None:
    with pytest.raises(LmnError, match=r"file:2: unexpected end of data; the card's reader\.quoted"):
        read(tmp_path, 'a,O\n"b,O\n', {**COLUMNS, "quoted": True, "separator": ","})


words = st.text(st.characters(blacklist_characters="\r\n\0", blacklist_categories=("Cs",)), min_size=1, max_size=4)


@settings(max_examples=100, deadline=None)
@given(sentences=st.lists(st.lists(words, min_size=1, max_size=4), min_size=1, max_size=4))
def test_quoted_columns_give_back_what_the_csv_module_wrote(
    tmp_path_factory: pytest.TempPathFactory, sentences: list[list[str]]
) -> None:
    text = io.StringIO(newline="")
    for number, tokens in enumerate(sentences):
        csv.writer(text).writerows([number, token, "O"] for token in tokens)
    reader = {**COLUMNS, "separator": ",", "quoted": True, "sentence": 0, "token": 1, "tag": 2}
    found = read(tmp_path_factory.getbasetemp(), text.getvalue(), reader)
    assert [list(s.tokens) for s in found] == sentences


@pytest.mark.parametrize("more", ["", "c O\n"])
def test_only_the_last_space_may_part_token_and_tag(tmp_path: Path, more: str) -> None:
    reader = {**COLUMNS, "separator": "last-space"}
    assert seen(read(tmp_path, f"Hamas 'ın  B-ORG \nx y O\n{more}", reader))[0][1] == [(0, 1, "ORG")]
    assert read(tmp_path, f"Hamas 'ın B-ORG\nx y O\n{more}", reader)[0].tokens[:2] == ("Hamas 'ın", "x y")
    with pytest.raises(LmnError, match="file:1: a line without a tag: 'ERROR'"):
        read(tmp_path, "ERROR\n", reader)


def test_numbered_tags_and_prefixes(tmp_path: Path) -> None:
    names = ["O", "B-PER", "I-PER", "B-LOC"]
    reader = {**COLUMNS, "tag_names": names, "token_prefix": "tr:"}
    assert seen(read(tmp_path, "tr:John 1\nleft 0\n\ntr:Paris 3\n", reader)) == JOHN
    log = ProblemLog()
    assert read(tmp_path, "tr: 0\ntr:tr: 0\n", reader, log=log)[0].tokens == ("tr:", "tr:")
    assert log.counts == {"bare-prefix": 1}
    with pytest.raises(
        LmnError, match=r"'7', which is not a tag of IOB2; the card's reader\.tag_names has 4 names, .* 0 to 3"
    ):
        read(tmp_path, "a 7\n", reader)
    with pytest.raises(LmnError, match=r"'7', which is not a tag of IOB2; the card's reader\.tag_names lists the tags"):
        read(tmp_path, "a 7\n", COLUMNS)


@pytest.mark.parametrize(
    ("content", "reader"),
    [
        ("people\tB-PER O\tJohn left\r\n\r\ngeo\tB-LOC\tParis\r\n", {}),
        ("\ufeffJohn  left|B-PER O\nParis|B-LOC", {"separator": "|", "tokens": 0, "tags": 1}),
        ("John|NNP|B-PER left|VBD|O\n \nParis|NNP|B-LOC\n", {"within": "|"}),
        ("tr:John left\t1 0\ntr:Paris\t2\n", {"tokens": 0, "tags": 1, "tag_names": ["O", "B-PER", "B-LOC"], "token_prefix": "tr:"}),
    ],
    ids=["defaults", "separator", "within", "numbers"],
)  # fmt: skip
def test_a_sentence_a_line(tmp_path: Path, content: str, reader: dict[str, Any]) -> None:
    assert seen(read(tmp_path, content, {**LINES, **reader})) == JOHN


@pytest.mark.parametrize(
    ("line", "reader", "message"),
    [
        ("B-PER\tJohn left", {}, r"file:2: 2 tokens and 1 tags: 'John left'; mend the line; every token has one tag"),
        ("John", {}, r"file:2: no tokens and tags in 1 columns: 'John'; check the card's separator, tokens and tags"),
        ("John|O left", {"within": "|"}, r"file:2: 'left' has no tag: 'John\|O left'; check the card's within"),
        ("I-PER\tJohn", {}, r"file:2: token 'John' is tagged 'I-PER' where IOB2 has 'B-PER'"),
        ("|O", {"within": "|"}, r"file:2: token 0 of '' is empty"),
    ],
)
def test_what_is_wrong_in_a_line_is_named(tmp_path: Path, line: str, reader: dict[str, Any], message: str) -> None:
    content = f"{'a|O' if reader else f'O{chr(9)}a'}\n{line}\n"
    with pytest.raises(LmnError, match=message):
        read(tmp_path, content, {**LINES, **reader})
    log = ProblemLog(keep_going=True)
    found = read(tmp_path, content, {**LINES, **reader}, log=log)
    assert (found[0].tokens, log.fatal) == (("a",), 1)


RECORDS = [
    {"tokens": ["John", "left"], "ner_tags": ["B-PER", "O"], "lang": "en"},
    {"tokens": ["Paris"], "ner_tags": ["B-LOC"], "lang": "en"},
]


@pytest.mark.parametrize(
    ("content", "more"),
    [
        ("\n".join(map(json.dumps, RECORDS)), {}),
        ("\ufeff\n" + "\r\n\r\n".join(map(json.dumps, RECORDS)) + "\r\n", {}),
        (json.dumps(RECORDS), {}),
        (json.dumps(RECORDS, indent=1), {}),
        ("\n".join(json.dumps(record, indent=2) for record in RECORDS), {}),
        (json.dumps({"data": {"rows": RECORDS}}), {"records": "data.rows"}),
        (json.dumps([{"rows": [record]} for record in RECORDS]), {"records": "rows.*"}),
        (json.dumps({"data": {"rows": RECORDS}}, indent=1), {"records": "data.rows.*"}),
        (
            json.dumps([{"w": [{"t": t, "n": n} for t, n in zip(r["tokens"], r["ner_tags"])]} for r in RECORDS]),
            {"tokens": "w.*.t", "tags": "w.*.n"},
        ),
        (json.dumps([{"tokens": "John left", "ner_tags": "1 0"}, {"tokens": ["Paris"], "ner_tags": [2]}]), {"tag_names": ["O", "B-PER", "B-LOC"]}),
    ],
    ids=["lines", "bom-crlf", "list", "list-indented", "objects", "under-a-key", "in-each", "indented-key", "words", "strings-and-numbers"],
)  # fmt: skip
def test_json_of_every_shape(tmp_path: Path, content: str, more: dict[str, Any]) -> None:
    assert seen(read(tmp_path, content, {**TOKENS, **more})) == JOHN


def test_records_of_a_json_list_have_their_lines(tmp_path: Path) -> None:
    found = read(tmp_path, json.dumps(RECORDS, indent=1), TOKENS)
    assert [s.where.line for s in found if s.where] == [2, 13]


def test_filters_and_duplicates_are_counted_and_move_no_id(tmp_path: Path) -> None:
    rows = [RECORDS[0], {**RECORDS[1], "lang": "de"}, RECORDS[1], RECORDS[0], {**RECORDS[0], "ner_tags": ["O", "O"]}]
    content = "\n".join(map(json.dumps, rows))
    everything = read(tmp_path, content, TOKENS)
    log = ProblemLog()
    found = read(tmp_path, content, {**TOKENS, "where": {"lang": "en"}, "duplicates": "drop"}, log=log)
    assert [s.id for s in found] == ["c/s/0", "c/s/2", "c/s/4"]
    assert set(found) < set(everything)
    assert [(p.kind, p.where.line, p.message.split("/")[-1]) for p in log.kept] == [
        ("filtered", 2, "lang is 'de', not 'en'"),
        ("duplicate", 4, "file:1"),
    ]


def test_a_filter_that_leaves_nothing_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(LmnError, match=r"file: none of 2 records has lang: False; .* a word like no, .* in quotes"):
        read(tmp_path, "\n".join(map(json.dumps, RECORDS)), {**TOKENS, "where": {"lang": False}})


@pytest.mark.parametrize(
    ("record", "message"),
    [
        ({"tokens": ["a", "b"], "ner_tags": ["O"]}, r"file:2: 2 tokens and 1 tags: 'a b'; mend the line"),
        ({"tokens": ["a"]}, r"file:2: no 'ner_tags' in the record; it has tokens; the card's reader\.tags names one"),
        (
            {"tokens": 3, "ner_tags": []},
            r"file:2: the value of 'tokens' is not a list; check the card's reader\.tokens",
        ),
        (["a"], r"file:2: \['a'\] is not a record; check"),
        ({"tokens": ["a", None], "ner_tags": ["O", "O"]}, r"file:2: None among the tokens is not text"),
        ({"tokens": ["\ud83d"], "ner_tags": ["O"]}, r"file:2: '\\ud83d' among the tokens is not text"),
        ({"tokens": ["a", ""], "ner_tags": ["O", "O"]}, r"file:2: token 1 of 'a ' is empty; mend the line"),
        ({"tokens": ["a\nb"], "ner_tags": ["O"]}, r"file:2: the token 'a\\nb' holds a line break; take it out"),
        ({"tokens": ["a"], "ner_tags": [1]}, r"file:2: token 'a' is tagged '1', .* reader\.tag_names lists"),
        ({"tokens": ["a"], "ner_tags": [None]}, r"file:2: token 'a' is tagged 'None', which is not a tag of IOB2"),
        ("{", r"file:2: not JSON \(Expecting .*\); every line holds one JSON value"),
    ],
)
def test_what_is_wrong_in_a_record_is_named(tmp_path: Path, record: Any, message: str) -> None:
    line = record if record == "{" else json.dumps(record)
    content = f"{json.dumps(RECORDS[0])}\n{line}\n{json.dumps(RECORDS[1])}\n"
    with pytest.raises(LmnError, match=message):
        read(tmp_path, content, TOKENS)
    log = ProblemLog(keep_going=True)
    found = read(tmp_path, content, TOKENS, log=log)
    assert ([s.tokens for s in found if s.spans], log.fatal) == ([("John", "left"), ("Paris",)], 1)


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            '[\n {"tokens": ["a"], "ner_tags": ["O"]},\n {"tokens" 3}\n]',
            r"file:3: not JSON \(Expecting ':' delimiter\)",
        ),
        ('[\n {"tokens": ["a"], "ner_tags": ["O"]}\n', r"file:3: not JSON \(a list without an end"),
        ('[\n {"tokens": ["a"], "ner_tags": ["O"]}\n]\n{}', r"file:4: not JSON \(a list without an end, or more after"),
    ],
)
def test_json_that_breaks_off_is_an_error_with_its_line(tmp_path: Path, content: str, message: str) -> None:
    with pytest.raises(LmnError, match=message):
        read(tmp_path, content, TOKENS)


def test_a_record_without_tokens_is_counted_and_keeps_its_number(tmp_path: Path) -> None:
    log = ProblemLog()
    rows = [{"tokens": [], "ner_tags": []}, RECORDS[0]]
    assert [s.id for s in read(tmp_path, "\n".join(map(json.dumps, rows)), TOKENS, log=log)] == ["c/s/1"]
    assert (log.counts, log.fatal) == ({"empty-record": 1}, 0)


@settings(max_examples=100, deadline=None)
@given(
    rows=st.lists(
        st.lists(st.tuples(words, st.sampled_from(["O", "B-PER", "B-LOC"])), min_size=1, max_size=4), min_size=1, max_size=5
    ),
    indent=st.sampled_from([None, 1]),
    as_list=st.booleans(),
    ascii_only=st.booleans(),
)  # fmt: skip
def test_json_gives_back_what_was_written(
    tmp_path_factory: pytest.TempPathFactory, rows: list[list[tuple[str, str]]], indent: Any, as_list: bool, ascii_only: bool
) -> None:  # fmt: skip
    records = [{"tokens": [word for word, _ in row], "ner_tags": [tag for _, tag in row]} for row in rows]
    texts = [records] if as_list else records
    content = "\n".join(json.dumps(text, indent=indent, ensure_ascii=ascii_only) for text in texts)
    found = read(tmp_path_factory.getbasetemp(), content, TOKENS)
    assert [list(s.tokens) for s in found] == [record["tokens"] for record in records]
    assert [[(s.start, f"B-{s.label}") for s in sentence.spans] for sentence in found] == [
        [(at, tag) for at, (_, tag) in enumerate(row) if tag != "O"] for row in rows
    ]


CARD = """\
name: tiny
title: Tiny
language: en
licence: CC0
citation: Nobody
splits: {train: train.jsonl}
reader: {type: tokens, scheme: IOB2, duplicates: drop, where: {lang: en}}
docstart: none
labels: [{name: PER}, {name: LOC}]
"""


def test_a_card_for_records_is_checked_and_converted(workdir: Path) -> None:
    Path("card.yaml").write_text(CARD)
    rows = [*RECORDS, RECORDS[0], {**RECORDS[0], "lang": "de"}]
    Path("train.jsonl").write_text("\n".join(map(json.dumps, rows)))
    checked = CliRunner().invoke(main, ["check", "card.yaml"]).stdout
    assert "duplicate                    1  a record with the tokens and tags of an earlier one, left out\n" in checked
    assert "      train.jsonl:3: the same as train.jsonl:1\n" in checked
    assert "      train.jsonl:4: lang is 'de', not 'en'\n" in checked
    done = CliRunner().invoke(main, ["card.yaml"])
    assert done.exit_code == 0
    assert "tiny train: 1 x a record that the card's reader.where leaves out (first at train.jsonl:4)" in done.stderr
    assert [row["id"] for row in json.loads(Path("data/alpaca/tiny_train.json").read_text())] == [
        "tiny/train/0",
        "tiny/train/1",
    ]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"scheme: IOB2, ": ""}, "card.yaml:7: reader: the key 'scheme' is missing"),
        ({"drop": "forget"}, "card.yaml:7: reader.duplicates: 'forget' is not one of ['keep', 'drop']"),
        ({"docstart: none": "docstart: sentence"}, "card.yaml:8: docstart: only column files have -DOCSTART- lines; write `docstart: none`"),
        ({"type: tokens": "type: token"}, "card.yaml:7: reader.type: no reader is called 'token'; there are: columns, lines, tokens, datasets, spans, docbin"),
        ({"type: tokens": "type: columns, quoted: true", ", duplicates: drop, where: {lang: en}": ""}, "card.yaml:7: reader: quoted fields need a separator of one character"),
    ],
)  # fmt: skip
def test_mistakes_on_a_card_are_named(workdir: Path, change: dict[str, str], message: str) -> None:
    text = CARD
    for old, new in change.items():
        assert old in text
        text = text.replace(old, new)
    Path("card.yaml").write_text(text)
    done = CliRunner().invoke(main, ["card.yaml"])
    assert (done.exit_code, message in done.stderr) == (1, True), done.stderr
