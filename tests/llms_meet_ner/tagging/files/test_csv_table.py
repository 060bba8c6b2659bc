"""CSV: cells stay as they are, quotes and line breaks among them."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standins import tagger

from llms_meet_ner import LmnError
from llms_meet_ner.tagging.files.csv_table import CsvOutput, CsvTable
from llms_meet_ner.tagging.files.json_lines import JsonLines
from llms_meet_ner.tagging.files.records import InputFile, Notes, Source, TextRecord


def of(content: str | bytes, field: str = "text", delimiter: str = ",") -> CsvTable:
    data = content if isinstance(content, bytes) else content.encode()
    return CsvTable(InputFile.of(io.BytesIO(data)), field, delimiter)


def written(source: Source, delimiter: str = ",") -> str:
    file = io.StringIO()
    output = CsvOutput(source.columns(), "entities", delimiter, Notes(), source.file.name)
    records = [record for record in source.records() if isinstance(record, TextRecord)]
    output.write([(record, output.keep(tagger(None).tag(record.text))) for record in records], file)
    return file.getvalue()


cells = st.text(
    st.one_of(st.sampled_from('a",;\n\r \u2028\t\ufeff'), st.characters(exclude_categories=["Cs"])), max_size=6
)


@given(st.lists(st.tuples(cells, cells), max_size=4), st.sampled_from(",;\t"))
def test_cells_come_back(rows: list[tuple[str, str]], delimiter: str) -> None:
    file = io.StringIO()
    writer = csv.writer(file, delimiter=delimiter, quoting=csv.QUOTE_ALL)
    writer.writerows([("text", "x"), *rows])
    found = list(
        csv.reader(
            io.StringIO(written(of(file.getvalue(), delimiter=delimiter), delimiter), newline=""), delimiter=delimiter
        )
    )
    assert found[0] == ["text", "x", "entities"]
    assert [(row[0], row[1]) for row in found[1:]] == rows


def test_entities_are_json_in_a_column() -> None:
    result = written(of('\ufeffid,text\r\n1,"Anna ""the"" one,\nsaw Kent"\r\n\r\n2,\r\n'))
    header, *rows = list(csv.reader(io.StringIO(result)))
    assert header == ["id", "text", "entities"]
    assert [row[:2] for row in rows] == [["1", 'Anna "the" one,\nsaw Kent'], ["2", ""]]
    assert [entity["start"] for entity in json.loads(rows[0][2])] == [0, 20]
    assert rows[1][2] == "[]"


def test_records_that_cannot_be_read_are_errors_with_their_first_line() -> None:
    content = b'id,text\n1,a\n2\n3,"b\nc"\n4,"d"e\n5,f,g\n6,\xff\n7,"h\n'
    found = list(of(content).records())
    assert [str(record) for record in found if isinstance(record, LmnError)] == [
        "<stdin>:3: has 1 cells, and the header 2",
        "<stdin>:6: not CSV (',' expected after '\"')",
        "<stdin>:7: has 3 cells, and the header 2",
        "<stdin>:8: not UTF-8 (invalid start byte at byte 1); convert it first: iconv -f LATIN1 -t UTF-8",
        "<stdin>:9: not CSV (unexpected end of data)",
    ]
    assert [record.text for record in found if isinstance(record, TextRecord)] == ["a", "b\nc"]


def test_a_header_is_needed() -> None:
    cases = {
        "": "<stdin>:1: no header, which names the columns; --input-format text reads lines of text",
        "a,b\n": "<stdin>:1: no field 'text'; it has: a, b; --field NAME names the field with the text",
        "id;text\n": "<stdin>:1: no field 'text'; it has: id;text; name what stands between its cells: --delimiter ';'",
        "id\ttext\n": r"--delimiter $'\t'",
        "text,text\n": "<stdin>:1: names column 'text' twice; give each column a name of its own",
    }
    for content, message in cases.items():
        with pytest.raises(LmnError) as caught:
            list(of(content).records())
        assert message in str(caught.value)
    with pytest.raises(LmnError, match="has a field 'entities' already"):
        written(of("text,entities\n"))


def test_values_of_json_become_cells(workdir: Path) -> None:
    (workdir / "a.jsonl").write_text(
        '{"text": "a", "n": 1.50, "b": true}\n{"text": "b", "x": {"y": null}, "n": null}\n'
    )
    with (workdir / "a.jsonl").open("rb") as stream:
        result = written(JsonLines(InputFile.of(stream), "text"))
    assert result == 'text,n,b,x,entities\na,1.5,true,,[]\nb,,,"{""y"": null}",[]\n'


def test_long_cells_are_read() -> None:
    (record,) = of("text\n" + "a" * 200_000 + "\n").records()
    assert isinstance(record, TextRecord)
    assert len(record.text) == 200_000
