"""The reader of JSON records with lists of tokens and tags."""

from __future__ import annotations

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

TOKENS = {"type": "tokens", "scheme": "IOB2"}
JOHN = [("John left", [(0, 1, "PER")]), ("Paris", [(0, 1, "LOC")])]
RECORDS = [
    {"tokens": ["John", "left"], "ner_tags": ["B-PER", "O"], "lang": "en"},
    {"tokens": ["Paris"], "ner_tags": ["B-LOC"], "lang": "en"},
]


words = st.text(st.characters(blacklist_characters="\r\n\0", blacklist_categories=("Cs",)), min_size=1, max_size=4)


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
    assert (
        "tiny train: 1 x a record that the card's reader.where or reader.annotator leaves out (first at train.jsonl:4)"
        in done.stderr
    )
    assert [row["id"] for row in json.loads(Path("data/alpaca/tiny_train.json").read_text())] == [
        "tiny/train/0",
        "tiny/train/1",
    ]
