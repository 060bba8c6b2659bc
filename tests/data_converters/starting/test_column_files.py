"""Guesses at files of columns and of lines."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from llms_meet_ner.data_converters.starting.column_files import column_candidates, line_candidates
from llms_meet_ner.data_converters.starting.looking import Look


def look(text: str) -> Look:
    return Look(Path("a"), "utf-8", tuple(text.split("\n")))


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("Ann\tB-PER\nleft\tO\n", {"separator": "tab", "token": 0, "tag": -1}),
        ("Ann B-PER\nNew York B-LOC\nleft O\nthere O\n", {"separator": "last-space", "token": 0, "tag": -1}),
        ("U.N. NNP I-NP I-ORG\nofficial NN I-NP O\nheads VBZ I-VP O\n", {"separator": "space", "token": 0, "tag": -1}),
        ("1\tAnn\tB-PER\tO\n2\tof\tI-PER\tO\n3\tUlm\tI-PER\tB-LOC\n", {"token": 1, "tag": 2, "inner_tags": [3]}),
        ("# id = 1\n# text = Ann left\nAnn\tB-PER\n#\tO\nleft\tO\n", {"comments": ["# "]}),
        ("# id = 1\nAnn B-PER\n# O\nleft O\n\n# id = 2\nit O\n", {"comments": ["# id = "]}),
        ("#\thttp://x\t[2010]\n1\tAnn\tB-PER\n2\tleft\tO\n", {"comments": ["#\t"], "token": 1}),
        (
            "Sentence #,Word,Tag\nSentence: 1,Ann,B-PER\n,left,O\nSentence: 2,it,O\n",
            {"header": True, "sentence": 0, "token": 1},
        ),
        ('word,tag\n"Ann",B-PER\n",",O\n', {"header": True, "quoted": True, "separator": ","}),
        ("Ann\tPER\nleft\tO\nit\tO\nthere\tO\nand\tO\nso\tO\non\tO\nand\tO\nso\tO\non\tO\nin\tO\n", {"scheme": "IO"}),
    ],
)
def test_columns(text: str, keys: dict[str, Any]) -> None:
    first = next(column_candidates(look(text)))
    assert {key: first.reader.get(key) for key in keys} == keys
    assert set(first.reader) - set(keys) <= {"type", "separator", "token", "tag"}


def test_document_starts_end_sentences() -> None:
    assert next(column_candidates(look("-DOCSTART- -X- O\n\nAnn -X- _ B-PER\nleft -X- _ O\n"))).docstart == "boundary"


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("Ann|B-PER left|O\nit|O rains|O\n", {"within": "|"}),
        ("Ann/NN/B-PER left/VB/O\n", {"within": "/"}),
        ("sports\tO B-LOC\tin Rome\nnews\tB-PER O O\tAnn left it\n", {"separator": "tab", "tags": 1, "tokens": 2}),
    ],
)
def test_lines(text: str, keys: dict[str, Any]) -> None:
    assert next(line_candidates(look(text))).reader == {"type": "lines", **keys}


@pytest.mark.parametrize("text", ["", "A text of words.\n\nAnd more.\n", "a\tb\nc\td\n", "1,2\n3,4\n"])
def test_other_text_is_no_candidate(text: str) -> None:
    assert not [*column_candidates(look(text)), *line_candidates(look(text))]
