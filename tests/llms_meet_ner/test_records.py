"""Prediction records as lines of JSON, and JSON Lines files that were cut off or are damaged."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from llms_meet_ner import Alignment, LmnError, Span
from llms_meet_ner.records import Answer, PredictionRecord, Uncertainty, read_jsonl


def test_a_record_is_one_line_of_json() -> None:
    spans = (Span(0, 1, "LOC"),)
    record = PredictionRecord(
        "x/y/0", "[Łódź | LOC]", "0" * 40, "constrained", spans, "exact", (), (0.5,), Uncertainty(0.1, 0.2)
    )
    text = record.line()
    assert "\n" not in text
    assert "Łódź" in text
    assert json.loads(text) == {
        "id": "x/y/0",
        "output": "[Łódź | LOC]",
        "tokens_sha1": "0" * 40,
        "decoding": "constrained",
        "spans": [[0, 1, "LOC"]],
        "status": "exact",
        "reasons": [],
        "confidences": [0.5],
        "uncertainty": {"mean": 0.1, "max": 0.2},
    }


def test_mappings_come_with_their_line_numbers_and_empty_lines_are_skipped(workdir: Path) -> None:
    Path("a.jsonl").write_text('{"a": 1}\n\n  \n{"b": "\u2028"}\n')
    assert list(read_jsonl(Path("a.jsonl"))) == [(1, {"a": 1}), (4, {"b": "\u2028"})]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ('{"a": 1}\n{"a": ', r"^a\.jsonl:2: not a whole JSON line .*; the file was cut off: predict again"),
        ('{"a": \n{"a": 1}\n{"a": 1}\n', r"^a\.jsonl:1: not a whole JSON line .* predict again$"),
        ("[1]\n", r"^a\.jsonl:1: not a JSON mapping: '\[1\]'"),
        ("[" * 5_000, r"^a\.jsonl:1: not a whole JSON line"),
        (b"\xff\n", r"^a\.jsonl:1: cannot be read .* can't decode byte 0xff"),
        (None, r"^a\.jsonl: no such file; name the predictions"),
    ],
    ids=["cut off", "damaged", "no mapping", "deep", "not UTF-8", "missing"],
)
def test_a_file_that_cannot_be_read_whole_is_one_error(
    workdir: Path, content: str | bytes | None, message: str
) -> None:
    if content is not None:
        Path("a.jsonl").write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(LmnError, match=message):
        list(read_jsonl(Path("a.jsonl")))


def test_a_line_without_end_is_refused_before_it_is_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("llms_meet_ner.records.LONGEST_LINE", 10)
    with pytest.raises(LmnError, match=r"^/dev/zero:1: a line of more than 10 bytes; name the predictions"):
        list(read_jsonl(Path("/dev/zero")))


def test_a_line_of_the_greatest_length_is_read(workdir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Path("a.jsonl").write_text('{"a": 1}\n{"a": 22}\n')
    monkeypatch.setattr("llms_meet_ner.records.LONGEST_LINE", 10)
    assert [row for _, row in read_jsonl(Path("a.jsonl"))] == [{"a": 1}, {"a": 22}]
    monkeypatch.setattr("llms_meet_ner.records.LONGEST_LINE", 9)
    with pytest.raises(LmnError, match=r"^a\.jsonl:2: a line of more than 9 bytes"):
        list(read_jsonl(Path("a.jsonl")))


def test_rows_come_before_the_file_is_read_to_its_end(workdir: Path) -> None:
    Path("a.jsonl").write_text('{"a": 1}\n' * 100_000 + "damage")
    assert next(read_jsonl(Path("a.jsonl"))) == (1, {"a": 1})


ANSWERS = [
    Answer("[Ada | PER] left"),
    Answer("", (), Uncertainty(0.0, 0.0)),
    Answer("x\u2028", (0.5,), Uncertainty(0.25, 1.5)),
    Answer("x", (0.5,), Uncertainty(0.25, 1.5, -0.5, 3)),
    Answer("a \ufffd", replaced=1),
    Answer(spans=()),
    Answer(spans=(Span(0, 2, "ORG"), Span(1, 2, "LOC")), confidences=(0.5, 0.25)),
]


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_answer_survives_its_line(answer: Answer) -> None:
    assert Answer.from_list(json.loads(json.dumps(answer.to_list()))) == answer


@pytest.mark.parametrize(
    "row",
    [
        [], ["x"], ["x", None], [None, None, None], [3, None, None], ["x", [1], None], ["x", ["0.5"], None], ["x", None, [0.5]],
        ["x", None, [0, 0]], ["x", None, [0.5, 0.5, -1.0]], ["x", None, [0.5, 0.5, -1.0, 2.0]], [[[0, 1]], None, None], [[[1, 1, "PER"]], None, None], [[[0, 1, "PER"]] * 2, None, None],
        [[[0, 1, "PER"]], [0.5, 0.5], None], "x", None,
        ["x", None, None, "1"], ["x", None, None, True], ["x", None, None, 1, 1],
    ],
)  # fmt: skip
def test_a_damaged_answer_is_refused(row: object) -> None:
    with pytest.raises(ValueError, match=r"not an answer|not a span|is repeated|confidences"):
        Answer.from_list(row)


def test_an_answer_is_a_text_or_spans() -> None:
    for both in ({}, {"text": "x", "spans": ()}):
        with pytest.raises(ValueError, match="an answer is a text or spans, and not both"):
            Answer(**both)  # type: ignore[arg-type]


def test_a_record_counts_replaced_characters_if_there_are_any() -> None:
    records = [
        PredictionRecord.of("x/y/0", Answer("a", replaced=n), "0" * 40, "free", Alignment((), "exact")) for n in (0, 2)
    ]
    plain, replaced = [json.loads(record.line()) for record in records]
    assert replaced == plain | {"replaced": 2}
    assert "replaced" not in plain


def test_a_record_of_spans_has_neither_output_nor_decoding() -> None:
    spans = (Span(0, 1, "LOC"),)
    record = PredictionRecord.of("x/y/0", Answer(spans=spans), "0" * 40, None, Alignment(spans, "exact"))
    row = json.loads(record.line())
    assert (row["output"], row["decoding"], row["spans"]) == (None, None, [[0, 1, "LOC"]])


@pytest.mark.parametrize(
    ("name", "what"), [("gone.jsonl", "no such file"), ("folder", "cannot be read (Is a directory)")]
)
def test_a_file_that_cannot_be_read_is_named_once_with_a_remedy(workdir: Path, name: str, what: str) -> None:
    Path("folder").mkdir()
    with pytest.raises(LmnError) as caught:
        list(read_jsonl(Path(name)))
    assert str(caught.value) == f"{name}: {what}; name the predictions.jsonl that lmn-predict wrote"
