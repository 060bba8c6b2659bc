"""Streams: answers in order while lines are still sent, bounds on what is under way, lines that fail, ends on both sides."""

from __future__ import annotations

import http.client
import json
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import pytest
from capitals_service import Running, running, soon

from llms_meet_ner.serving.limits import Limits

NDJSON = {"Content-Type": "application/x-ndjson"}


class Both:
    """A stream whose client reads while it sends."""

    def __init__(self, connection: http.client.HTTPConnection) -> None:
        self.connection = connection
        connection.putrequest("POST", "/tag/stream")
        for name, value in (*NDJSON.items(), ("Transfer-Encoding", "chunked")):
            connection.putheader(name, value)
        connection.endheaders()
        self.answer = connection.getresponse()
        assert self.answer.status == 200

    def send(self, content: bytes) -> None:
        self.connection.send(b"%x\r\n%s\r\n" % (len(content), content))

    def line(self, text: str) -> None:
        self.send(json.dumps({"text": text}).encode() + b"\n")

    def end(self) -> None:
        self.connection.send(b"0\r\n\r\n")

    def row(self) -> Any:
        line = self.answer.readline()
        return json.loads(line) if line else None


@contextmanager
def both(one: Running, timeout: float = 30) -> Iterator[Both]:
    connection = http.client.HTTPConnection(one.url.removeprefix("http://"), timeout=timeout)
    stream = Both(connection)
    try:
        yield stream
    finally:
        stream.answer.close()
        connection.close()
        one.system.gate.set()


def rows(one: Running, content: bytes) -> list[Any]:
    answer = one.client.post("/tag/stream", content=content, headers=NDJSON)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/x-ndjson"
    return [json.loads(line) for line in answer.content.splitlines()]


def test_answers_come_while_lines_are_still_sent(shared: Running) -> None:
    with both(shared) as stream:
        for name in ("Anna", "Bob"):
            stream.line(f"{name} came.")
            assert stream.row()["entities"][0]["text"] == name
        stream.send(b'{"text": "Kim')
        stream.send(b' came."}')
        stream.end()
        assert stream.row()["entities"][0]["text"] == "Kim"
        assert stream.row() is None


def test_answers_are_those_of_a_request_in_order_with_the_fields_of_their_lines(shared: Running) -> None:
    texts = [f"Anna came {number}.  Kent Clark won." * (number % 4) for number in range(300)]
    lines = [{"id": number, "text": text, "more": {"a": [None, "é"]}} for number, text in enumerate(texts)]
    found = rows(shared, b"".join(json.dumps(line).encode() + b"\r\n" for line in lines))
    assert [row["id"] for row in found] == list(range(300))
    assert {json.dumps(row.pop("more")) for row in found} == {'{"a": [null, "\\u00e9"]}'}
    for row in found:
        del row["id"]
    assert found == shared.tag(*texts).json()["results"]
    assert rows(shared, b"") == rows(shared, b"\n \r\n") == []


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        (b"not JSON", {"error": "the line is not JSON: Expecting value: line 1 column 1 (char 0)"}),
        (b"\xff", {"error": "the line is not UTF-8 (invalid start byte at byte 1)"}),
        (b'"text"', {"error": 'the line is not an object with a text: {"text": "..."}'}),
        (b'{"id": 4}', {"error": 'the line is not an object with a text: {"text": "..."}'}),
        (b'{"id": 4, "text": null}', {"id": 4, "error": "text is None, not a text"}),
        (b'{"text": "", "pieces": 1}', {"error": "'pieces' is a field of the answer; rename the field of the line"}),
        (b'{"text": "", "retry": true}', {"error": "'retry' is a field of the answer; rename the field of the line"}),
        (b'{"id": 4, "text": "Bad"}', {"id": 4, "error": "Bad: cannot be read"}),
        (b'{"id": 4, "text": "%s"}' % (b"x" * 101), {"id": 4, "error": "a text has 101 characters, more than 100; cut it at a paragraph"}),
        (b'{"text": "%s"}' % (b"x" * 300), {"error": "the line is longer than 300 bytes"}),
    ],
)  # fmt: skip
def test_a_line_that_cannot_be_answered_has_an_error_in_its_place(
    small: Running, line: bytes, answer: dict[str, Any]
) -> None:
    found = rows(small, b'{"text": "Anna"}\n\n' + line + b'\n{"text": "Bob"}')
    assert [row.get("text") for row in (found[0], found[2])] == ["Anna", "Bob"]
    assert found[1] == {**answer, "line": 3}
    assert len(found) == 3


@pytest.fixture(scope="module")
def small() -> Iterator[Running]:
    """A service that lets 4 lines of a stream be under way."""
    with running(Limits(body=300, characters=100, portion=2, patience=2)) as one:
        yield one


def hold(one: Running, stream: Both) -> None:
    """Send the first line, and let the model be busy with it until its gate is opened."""
    one.system.gate.clear()
    stream.line("Name0")
    soon(lambda: one.system.is_busy)


def test_the_client_waits_when_enough_is_under_way(small: Running) -> None:
    with both(small) as stream:
        hold(small, stream)
        for number in range(1, 20):
            stream.line(f"Name{number}")
        stream.end()
        soon(lambda: small.depth == 3)
        time.sleep(0.2)
        assert small.depth == 3
        small.system.gate.set()
        assert [stream.row()["text"] for _ in range(20)] == [f"Name{number}" for number in range(20)]
        assert stream.row() is None
    soon(lambda: small.service.is_idle)


def test_long_lines_are_bounded_by_their_bytes(small: Running) -> None:
    with both(small) as stream:
        hold(small, stream)
        for number in range(1, 5):
            stream.line(f"Name{number} " + "x" * 90)
        stream.end()
        soon(lambda: small.depth == 2)  # with these, 239 bytes are under way, and a fourth line has no room
        time.sleep(0.2)
        assert small.depth == 2
        small.system.gate.set()
        assert [stream.row()["text"][:5] for _ in range(5)] == [f"Name{number}" for number in range(5)]


def test_a_client_that_goes_frees_its_place(small: Running) -> None:
    with both(small) as stream:
        hold(small, stream)
        for number in range(1, 4):
            stream.line(f"Name{number}")
        soon(lambda: small.depth == 3)
        stream.answer.close()
        stream.connection.close()
        soon(lambda: small.service.is_idle)
    del small.system.asked[:]
    small.tag("Anna")
    assert sum(small.system.asked) <= 2  # of the stream, only the sentence that was with the model


def test_a_client_that_sends_nothing_is_told_so(small: Running) -> None:
    with both(small) as stream:
        stream.line("Anna")
        assert stream.row()["text"] == "Anna"
        assert stream.row() == {"error": "no part of the body came for 2 seconds", "line": 2, "stopped": True}
        assert stream.row() is None


def test_a_client_that_takes_nothing_loses_its_place() -> None:
    line = json.dumps({"text": "x", "id": "y" * 200_000}).encode() + b"\n"
    with running(Limits(patience=1)) as one, both(one) as stream:
        stream.connection.sock.settimeout(0.5)
        with suppress(OSError):  # time-out or reset
            while True:
                stream.send(line)
        soon(lambda: one.service.is_idle)
        one.end()  # the answer that nobody takes does not keep the service
        one.thread.join(20)
        assert not one.thread.is_alive()


def test_the_end_of_the_service_answers_what_was_read_and_says_where_to_go_on() -> None:
    with running(Limits(portion=2)) as one:
        with both(one) as stream:
            hold(one, stream)
            for number in range(1, 3):
                stream.line(f"Name{number}")
            soon(lambda: one.depth == 2)
            one.end()
            soon(lambda: one.service.ending)
            one.system.gate.set()
            found = []
            while row := stream.row():
                found.append(row)
        assert [row["text"] for row in found[:-1]] == ["Name0", "Name1", "Name2"]
        assert found[-1] == {"error": "the service is ending", "line": 4, "retry": True, "stopped": True}
        one.thread.join(20)
        assert not one.thread.is_alive()


def test_a_body_of_another_type_is_refused(shared: Running) -> None:
    answer = shared.client.post("/tag/stream", json={"text": "Anna"})
    assert (answer.status_code, answer.json()) == (
        415,
        {"error": "Content-Type is 'application/json'; send Content-Type: application/x-ndjson"},
    )
