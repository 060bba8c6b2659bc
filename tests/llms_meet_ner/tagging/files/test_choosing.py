"""Formats by options and by the ends of names."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from llms_meet_ner import LmnError
from llms_meet_ner.tagging.files.choosing import FileOptions
from llms_meet_ner.tagging.files.csv_table import CsvOutput, CsvTable
from llms_meet_ner.tagging.files.json_lines import JsonLines, JsonLinesOutput
from llms_meet_ner.tagging.files.lines import Lines, Printed
from llms_meet_ner.tagging.files.records import InputFile, Notes


def named(name: str, content: bytes = b"") -> InputFile:
    return InputFile(name, io.BytesIO(content), None)


def test_an_input_is_what_its_name_says_unless_told() -> None:
    ends = {
        "a.txt": "text",
        "a": "text",
        "a.JSONL": "jsonl",
        "a.json": "jsonl",
        "a.ndjson": "jsonl",
        "a.csv": "csv",
        "a.tsv": "tsv",
    }
    assert {name: FileOptions().format_of(named(name)) for name in ends} == ends
    assert FileOptions("text").format_of(named("a.csv")) == "text"
    kinds = {"a.txt": Lines, "a.jsonl": JsonLines, "a.csv": CsvTable, "a.tsv": CsvTable}
    assert {name: type(FileOptions().source(named(name))) for name in kinds} == kinds


@pytest.mark.parametrize(
    ("name", "out", "option", "expected"),
    [
        ("a.txt", None, None, "brackets"),
        ("a.txt", "b.txt", None, "brackets"),
        ("a.txt", "b.json", None, "brackets"),
        ("a.txt", "b.csv", None, "csv"),
        ("a.txt", "b.csv", "conll", "conll"),
        ("a.csv", None, None, "csv"),
        ("a.csv", "b.dat", None, "csv"),
        ("a.csv", "b.json", None, "jsonl"),
        ("a.parquet", "b.jsonl", None, "jsonl"),
        ("a.jsonl", "b", "tsv", "tsv"),
    ],
)
def test_an_output_is_what_its_name_says_or_what_came_in(
    name: str, out: str | None, option: None, expected: str
) -> None:
    assert FileOptions(output_format=option).written(named(name), Path(out) if out else None) == expected


def test_what_has_no_place_is_refused() -> None:
    with pytest.raises(
        LmnError, match="--format conll: conll have no place for the fields of a table; write jsonl, csv"
    ):
        FileOptions(output_format="conll").written(named("a.csv"), None)
    with pytest.raises(LmnError, match="Parquet is written to a file; name one with --out FILE"):
        FileOptions(output_format="parquet").written(named("a.txt"), None)
    for bad in ("", ";;", '"', "\n", " "):
        with pytest.raises(LmnError, match="not one character that stands between cells"):
            FileOptions(delimiter=bad)


def test_outputs_are_made_for_their_formats() -> None:
    for option, kind in (("brackets", Printed), ("json", JsonLinesOutput), ("tsv", CsvOutput)):
        options = FileOptions(output_format=option)  # type: ignore[arg-type]
        assert isinstance(options.output(options.source(named("a.txt")), None, Notes()), kind)
    semicolons = FileOptions(delimiter=";")
    source = semicolons.source(named("a.csv", b"id;text\n"))
    assert source.columns() == ("id", "text")
    file = io.StringIO()
    semicolons.output(source, None, Notes()).write([], file)
    assert file.getvalue() == "id;text;entities\n"
