"""Bodies within bounds: lines however they are cut, JSON of strangers, slow clients."""

from __future__ import annotations

import asyncio
from codecs import BOM_UTF8
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from starlette.requests import ClientDisconnect, Request

from llms_meet_ner.serving.bodies import check_type, lines, parsed, read_json, text_of
from llms_meet_ner.serving.limits import Limits
from llms_meet_ner.serving.refusal import RefusedError


async def stream_of(parts: Sequence[bytes]) -> AsyncIterator[bytes]:
    for part in parts:
        yield part


def lines_of(parts: Sequence[bytes], longest: int = 10) -> list[bytes | None]:
    async def read() -> list[bytes | None]:
        return [line async for line in lines(stream_of(parts), longest)]

    return asyncio.run(read())


@given(st.lists(st.binary(max_size=12)), st.integers(1, 9))
def test_lines_are_the_same_however_a_body_is_cut(parts: list[bytes], longest: int) -> None:
    whole = b"".join(parts)
    assume(not whole.startswith(BOM_UTF8))
    expected = whole.removesuffix(b"\n").split(b"\n") if whole else []
    assert lines_of(parts, longest) == [line if len(line) <= longest else None for line in expected]


def test_a_byte_order_mark_is_no_part_of_the_first_line() -> None:
    assert lines_of([b"\xef\xbb", b"\xbfab\n\xef\xbb\xbfc"]) == [b"ab", b"\xef\xbb\xbfc"]


def test_a_line_that_is_too_long_is_not_kept_and_the_next_one_is_read() -> None:
    assert lines_of([b"x" * 8, b"x" * 8, b"x\nab\n", b"y" * 11]) == [None, b"ab", None]


def request_of(*messages: dict[str, Any], **headers: str) -> Request:
    coming = list(messages)

    async def receive() -> dict[str, Any]:
        if not coming:
            await asyncio.sleep(60)
        return coming.pop(0)

    pairs = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
    return Request({"type": "http", "headers": pairs}, receive)


def body(content: bytes, *, more: bool = False) -> dict[str, Any]:
    return {"type": "http.request", "body": content, "more_body": more}


def read(request: Request, **bounds: Any) -> Any:
    return asyncio.run(read_json(request, Limits(**bounds)))


def test_a_body_is_read_up_to_its_bound() -> None:
    assert read(request_of(body(b'{"a"', more=True), body(b": 1}")), body=8) == {"a": 1}
    for request in (request_of(body(b"[1,", more=True), body(b"2,3,4]", more=True)), request_of(content_length="9")):
        with pytest.raises(RefusedError) as refused:
            read(request, body=8)
        assert refused.value.status == 413
        assert "longer than 8 bytes; send fewer texts at a time" in refused.value.message


def test_a_client_that_is_slow_or_goes_is_not_waited_for() -> None:
    with pytest.raises(RefusedError, match="no part of the body came for 1 seconds") as refused:
        read(request_of(body(b"[", more=True)), patience=1)
    assert refused.value.status == 408
    with pytest.raises(ClientDisconnect):
        read(request_of(body(b"[", more=True), {"type": "http.disconnect"}))


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\xff", "the body is not UTF-8 (invalid start byte at byte 1)"),
        (b"", "the body is not JSON: Expecting value: line 1 column 1 (char 0)"),
        (b'"\\ud800"', "the body is not JSON: half a surrogate pair, \\ud800"),
        (b"[" * 5000, "the body is not JSON: nested more than 100 deep"),
        (b'{"a": 1, "a": 2}', "the body is not JSON: key 'a' is there twice"),
    ],
)
def test_what_is_no_json_is_one_message(content: bytes, told: str) -> None:
    with pytest.raises(RefusedError) as refused:
        parsed(content, "the body")
    assert refused.value.message == told
    assert refused.value.status == 422


def test_the_type_of_a_body_is_one_that_other_sites_cannot_send() -> None:
    check_type(request_of(content_type="Application/JSON; charset=utf-8"), "application/json")
    for headers, seen in (
        ({"content_type": "text/plain"}, "Content-Type is 'text/plain'"),
        ({}, "there is no Content-Type"),
    ):
        with pytest.raises(RefusedError) as refused:
            check_type(request_of(**headers), "application/json")
        assert refused.value.message == f"{seen}; send Content-Type: application/json"


def test_a_text_is_a_text() -> None:
    assert text_of("x", "text") == "x"
    with pytest.raises(RefusedError) as refused:
        text_of(["x"], "texts[3]")
    assert refused.value.message == "texts[3] is ['x'], not a text"
