"""JSON Lines: every field stays as it is written."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from standins import tagger

from llms_meet_ner import LmnError
from llms_meet_ner.tagging.files.json_lines import JsonLines, JsonLinesOutput
from llms_meet_ner.tagging.files.lines import Lines
from llms_meet_ner.tagging.files.records import InputFile, Notes, Source, TextRecord


def of(content: str | bytes, field: str = "text") -> JsonLines:
    data = content if isinstance(content, bytes) else content.encode()
    return JsonLines(InputFile.of(io.BytesIO(data)), field)


def written(source: Source, field: str = "entities") -> str:
    output, file = JsonLinesOutput(field, Notes()), io.StringIO()
    records = [record for record in source.records() if isinstance(record, TextRecord)]
    output.write([(record, output.keep(tagger(None).tag(record.text))) for record in records], file)
    return file.getvalue()


def test_fields_stay_to_the_digit_and_entities_come_last() -> None:
    line = '{"id":7, "p": 1.10, "big": 12345678901234567890, "text" : "Anna came", "x": [null, {"y": 1e400}] } \r\n'
    result = written(of("\ufeff" + line + "\n  \n"))
    assert result == (
        '{"id":7, "p": 1.10, "big": 12345678901234567890, "text" : "Anna came", "x": [null, {"y": 1e400}], "entities": '
        '[{"start": 0, "end": 4, "label": "LOC", "text": "Anna", "confidence": 0.5}]}\n'
    )


fields = st.dictionaries(
    st.text(max_size=3),
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.text(max_size=5), lambda inner: st.lists(inner, max_size=2)
    ),
    max_size=4,
)


@given(fields, st.text(max_size=10).filter(lambda text: text.isprintable()), st.booleans())
def test_whatever_the_fields_are_they_come_back(row: dict[str, object], text: str, escaped: bool) -> None:
    row = {key: value for key, value in row.items() if key not in ("text", "entities")} | {"text": text}
    try:
        json.dumps(row, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return
    found = json.loads(written(of(json.dumps(row, ensure_ascii=escaped) + "\n")))
    assert list(found) == [*row, "entities"]
    assert {key: found[key] for key in row} == row


def test_records_that_cannot_be_read_are_errors_with_their_line() -> None:
    content = b'{"text": "a"}\n{"text": \n[1]\n7\n{"text": null}\n{"body": ""}\n{"text": "\xff"}\n{"text": 1, "text": 2}\n{"text": "b"}'
    found = list(of(content).records())
    assert [str(record) for record in found if isinstance(record, LmnError)] == [
        "<stdin>:2: not JSON (Expecting value)",
        "<stdin>:3: a list, and not an object; write an object a line: jq -c '.[]' <stdin> > lines.jsonl",
        "<stdin>:4: not an object: 7",
        "<stdin>:5: field 'text' is null; --on-error skip leaves such records out",
        "<stdin>:6: no field 'text'; it has: body; --field NAME names the field with the text",
        "<stdin>:7: not UTF-8 (invalid start byte at byte 11); convert it first: iconv -f LATIN1 -t UTF-8",
        "<stdin>:8: not JSON (key 'text' is there twice)",
    ]
    assert [record.text for record in found if isinstance(record, TextRecord)] == ["a", "b"]
    (bracket, *_) = of('[\n  {"text": "a"}\n]\n').records()
    assert "write an object a line: jq -c '.[]'" in str(bracket)


def test_a_field_of_the_name_is_not_overwritten() -> None:
    with pytest.raises(LmnError, match="<stdin>:1: has a field 'entities' already; name another"):
        written(of('{"text": "a", "entities": 1}'))
    assert '"found": []}' in written(of('{"text": "a", "entities": 1}'), "found")
    with pytest.raises(LmnError, match="has a field 'text' already"):
        written(Lines(InputFile.of(io.BytesIO(b"a\n"))), "text")


def test_columns_need_a_second_reading() -> None:
    with pytest.raises(
        LmnError, match="JSON Lines have no list of their fields, which a table needs; save them as a file first"
    ):
        of('{"text": "a"}').columns()
