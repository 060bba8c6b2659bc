"""The sentences to label: splits of cards without their gold, raw text, JSON Lines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.annotation.texts import Origin, texts_of_file, texts_of_split
from llms_meet_ner.data_converters.cards import load_card
from llms_meet_ner.data_converters.corpus import read_corpus
from llms_meet_ner.sentence import Where
from llms_meet_ner.tagging.splitting import make_splitter, split_at_spaces

CARD = """\
name: mini
language: en
docstart: sentence
splits: {test: test.txt}
reader: {type: columns, scheme: IOB2, separator: space, token: 0, tag: 1}
labels: [{name: PER}]
"""


def test_a_split_comes_without_its_gold_and_keeps_its_ids() -> None:
    card = load_card("demo")
    texts, gold = texts_of_split(card, "testb"), list(read_corpus(card, "testb"))
    assert [sentence.id for sentence in texts.sentences] == [sentence.id for sentence in gold]
    assert [sentence.tokens for sentence in texts.sentences] == [sentence.tokens for sentence in gold]
    assert any(sentence.spans for sentence in gold)
    assert not any(sentence.spans for sentence in texts.sentences)
    assert texts.origins[1] == Origin(gold[1].where)
    assert len(texts.first(3).sentences) == len(texts.first(3).origins) == 3


def test_document_separators_are_left_out_and_counted(tmp_path: Path) -> None:
    (tmp_path / "card.yaml").write_text(CARD)
    (tmp_path / "test.txt").write_text("-DOCSTART- O\n\nAda B-PER\n\n-DOCSTART- O\n\nleft O\n")
    texts = texts_of_split(load_card(tmp_path), "test")
    assert [(sentence.id, sentence.tokens) for sentence in texts.sentences] == [
        ("mini/test/1", ("Ada",)), ("mini/test/3", ("left",)),
    ]  # fmt: skip
    assert texts.left_out == {"document separators": 2}
    (tmp_path / "test.txt").write_text("-DOCSTART- O\n")
    with pytest.raises(LmnError, match="mini test: holds no sentence"):
        texts_of_split(load_card(tmp_path), "test")


def test_a_text_file_is_split_into_sentences_that_know_their_place(tmp_path: Path) -> None:
    path = tmp_path / "news.txt"
    path.write_bytes("\ufeffAda left. Bob stayed.\r\n\r\n  Çetin geldi.\n".encode())
    texts = texts_of_file(path, "news", make_splitter("en"))
    assert [" ".join(sentence.tokens) for sentence in texts.sentences] == [
        "Ada left .",
        "Bob stayed .",
        "Çetin geldi .",
    ]
    assert [sentence.id for sentence in texts.sentences] == ["news/train/0", "news/train/1", "news/train/2"]
    lines = ["Ada left. Bob stayed.", "", "  Çetin geldi."]
    cut = [lines[origin.where.line - 1][origin.start : origin.end] for origin in texts.origins if origin.where]
    assert cut == ["Ada left.", "Bob stayed.", "Çetin geldi."]
    assert texts.left_out == {"lines without text": 1}


def test_json_lines_hold_texts_or_tokens(tmp_path: Path) -> None:
    path = tmp_path / "news.jsonl"
    rows = [{"text": "Ada\nleft", "more": 1}, {"tokens": ["Bob", "New York"]}, {"tokens": []}]
    path.write_text("\n".join(map(json.dumps, rows)))
    texts = texts_of_file(path, "news", split_at_spaces)
    assert [sentence.tokens for sentence in texts.sentences] == [("Ada", "left"), ("Bob", "New York")]
    assert texts.origins == (Origin(Where(str(path), 1), 0, 8), Origin(Where(str(path), 2)))
    assert texts.left_out == {"lines without text": 1}


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", b'{"text": "Ada"}\n{"body": "Bob"}\n', r"a.jsonl:2: neither a text nor a list of tokens"),
        ("a.jsonl", b'{"tokens": ["Ada", ""]}\n', r"a.jsonl:1: neither a text"),
        ("a.jsonl", b'{"tokens": ["Ada\\n"]}\n', r"a.jsonl:1: .*holds a line break"),
        ("a.jsonl", b'{"text": "Ada"}\n{"text": \n', r"a.jsonl:2"),
        ("a.txt", b"Ada\n\xff\n", r"a.txt:2: not UTF-8"),
        ("a.txt", b"\n \n", r"a.txt: holds no sentence"),
        ("missing.txt", None, r"missing.txt: no such file"),
    ],
)
def test_what_cannot_be_read_is_an_error_with_its_line(
    tmp_path: Path, name: str, content: bytes | None, message: str
) -> None:
    path = tmp_path / name
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(LmnError, match=message):
        texts_of_file(path, "a", split_at_spaces)


def test_a_sample_is_drawn_by_the_ids_and_keeps_their_order() -> None:
    texts = texts_of_split(load_card("demo"), "testb")
    drawn = texts.sampled(10, 42)
    numbers = [int(sentence.id.rpartition("/")[2]) for sentence in drawn.sentences]
    assert numbers == sorted(numbers) != list(range(10))
    assert drawn == texts.sampled(10, 42) != texts.sampled(10, 43)
    assert set(texts.sampled(5, 42).sentences) < set(drawn.sentences)
    assert drawn.origins == tuple(Origin(gold.where) for gold in drawn.sentences)
    assert texts.sampled(None, 42) is texts
    with pytest.raises(LmnError, match="demo testb: holds 100 sentences; --sample 101 is too many"):
        texts.sampled(101, 42)
