"""Lines of text in, brackets and columns out."""

from __future__ import annotations

import io

from standins import tagger

from llms_meet_ner import LmnError
from llms_meet_ner.tagging.files.lines import Lines, Printed
from llms_meet_ner.tagging.files.records import InputFile, TextRecord


def lines(content: bytes) -> Lines:
    return Lines(InputFile.of(io.BytesIO(content)))


def test_a_line_is_a_record_without_its_end() -> None:
    source = lines("\ufeffAnna came.\r\n\n  no\u2028one \nlast".encode())
    records = [record for record in source.records() if isinstance(record, TextRecord)]
    assert [record.text for record in records] == ["Anna came.", "", "  no\u2028one ", "last"]
    assert [record.where for record in records] == [f"<stdin>:{n}" for n in (1, 2, 3, 4)]
    assert records[0].row.values() == {"text": "Anna came."}
    assert (source.columns(), source.total, source.position) == (("text",), None, 29)


def test_a_line_that_is_not_utf8_is_an_error_of_its_own() -> None:
    first, bad, last = lines(b"a\nstra\xdfe\nb").records()
    assert isinstance(first, TextRecord)
    assert isinstance(last, TextRecord)
    assert isinstance(bad, LmnError)
    assert str(bad).startswith("<stdin>:2: not UTF-8 (invalid continuation byte at byte 5); convert it first: iconv")


def test_what_is_kept_is_what_is_printed() -> None:
    written = io.StringIO()
    (record,) = lines(b"Anna came").records()
    for form in ("brackets", "conll"):
        output = Printed(form)
        output.write([(record, output.keep(tagger(None).tag("Anna came")))], written)  # type: ignore[list-item]
    assert written.getvalue() == "[Anna | LOC] came\nAnna\tB-LOC\ncame\tO\n\n"
