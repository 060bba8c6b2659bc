"""Streams: lines of JSON in, tagged lines out, in their order and as they come; what is under way is bounded."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Mapping
from concurrent.futures import Future
from dataclasses import dataclass, field
from itertools import islice, takewhile
from typing import Any

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from ..tagging.tagger import TaggedText
from .bodies import lines, parsed, parts, text_of
from .refusal import RefusedError
from .service import Service
from .waiting import Lane

NDJSON = "application/x-ndjson"
_OURS = ("entities", "pieces", "error", "line", "retry", "stopped")
"""Keys of an answer; a line with a key of these would lose it."""


@dataclass(frozen=True, slots=True)
class _Line:
    """A line of a stream that is under way.

    Attributes:
        number: Its number in the body, from 1, blank lines included.
        size: Its bytes.
        fields: What else the line holds.
        result: Its tagged text, or why there is none.
    """

    number: int
    size: int = 0
    fields: Mapping[str, Any] = field(default_factory=dict)
    result: Future[TaggedText] = field(default_factory=Future)


class Stream(Response):
    """The answer to a stream of lines, which is sent while its lines are read.

    A line that cannot be read or answered has an answer with `error` and `line` in its place, and `retry` if it may be answered later. If
    the stream ends before its body, the last answer has `stopped`, and `line` is the first line that was not read.

    Args:
        request: Request whose body holds the lines.
        service: Service that tags.
    """

    media_type = NDJSON

    def __init__(self, request: Request, service: Service) -> None:
        super().__init__()
        del self.headers["content-length"]
        self._request = request
        self._service = service
        self._lane = Lane(is_bounded=False)
        self._under_way: deque[_Line] = deque()
        self._changed = asyncio.Condition()
        self._next = 1
        self._stopped: RefusedError | None = None
        self._is_read = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read lines and send answers until both have ended, or the client has gone.

        Raises:
            RefusedError: No place is free, or the service takes no texts.
        """
        with self._service.place():
            self._service.accepted += 1
            try:
                async with asyncio.TaskGroup() as tasks:
                    reader = tasks.create_task(self._read())
                    with self._service.reading(reader):
                        await self._write(send)
                    reader.cancel()
            except* ClientDisconnect:
                pass
            finally:
                for line in self._under_way:
                    line.result.cancel()

    async def _read(self) -> None:
        """Take the lines of the body; then wait for the client to go, which ends the stream."""
        try:
            async for line in self._lines():
                if line is not None:
                    await self._put(line)
                self._next += 1
        except RefusedError as refused:
            self._stopped = refused
        except asyncio.CancelledError:
            if not self._service.ending:
                raise
            self._stopped = RefusedError("ending", "the service is ending")
        self._is_read = True
        async with self._changed:
            self._changed.notify_all()
        while (await self._request.receive())["type"] != "http.disconnect":
            pass
        raise ClientDisconnect

    async def _lines(self) -> AsyncIterator[_Line | None]:
        """Yield the lines of the body, those with a text waiting for the model; None for a blank one."""
        limits = self._service.limits
        async for content in lines(parts(self._request, limits.patience), limits.body):
            number = self._next
            if content is not None and not content.strip():
                yield None
                continue
            await self._room(len(content or b""))
            self._service.check_ready()
            fields: dict[str, Any] = {}
            try:
                if content is None:
                    raise RefusedError("size", f"the line is longer than {limits.body:,} bytes")
                fields = _fields_of(content)
                waiting = await self._service.wait_in(self._lane, text_of(fields.pop("text"), "text"))
                yield _Line(number, len(content), fields, waiting.result)
            except RefusedError as refused:
                line = _Line(number, 0, fields)
                line.result.set_exception(refused)
                yield line

    async def _room(self, size: int) -> None:
        """Wait until a line of so many bytes may be under way."""
        limits = self._service.limits
        async with self._changed:
            await self._changed.wait_for(
                lambda: (
                    not self._under_way
                    or (
                        len(self._under_way) < 2 * limits.portion
                        and sum(line.size for line in self._under_way) + size <= limits.body
                    )
                )
            )

    async def _put(self, line: _Line) -> None:
        async with self._changed:
            self._under_way.append(line)
            self._changed.notify_all()

    async def _write(self, send: Send) -> None:
        """Send the answers in the order of their lines."""
        await asyncio.sleep(0)  # the reader asks for the body first: a client may wait for `100 Continue`
        await self._send(send, {"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        while True:
            async with self._changed:
                await self._changed.wait_for(lambda: self._under_way or self._is_read)
            if not self._under_way:
                break
            first = await self._answer(self._under_way[0])
            done = list(takewhile(lambda line: line.result.done(), islice(self._under_way, 1, None)))
            answers = [first, *[await self._answer(line) for line in done]]
            await self._send(send, {"type": "http.response.body", "body": b"".join(answers), "more_body": True})
            async with self._changed:
                for _ in answers:
                    self._under_way.popleft()
                self._changed.notify_all()
        end = self._error(self._next, self._stopped) | {"stopped": True} if self._stopped else None
        await self._send(
            send, {"type": "http.response.body", "body": _written(end) if end else b"", "more_body": False}
        )

    async def _answer(self, line: _Line) -> bytes:
        try:
            tagged = await asyncio.wrap_future(line.result)
            answer = _written({**line.fields, **tagged.to_dict()})
        except RefusedError as refused:
            return _written({**line.fields, **self._error(line.number, refused)})
        self._service.metrics.texts.inc()
        return answer

    def _error(self, number: int, refused: RefusedError) -> dict[str, Any]:
        self._service.metrics.refuse(refused.reason)
        return {"error": refused.message, "line": number} | ({"retry": True} if refused.may_pass else {})

    async def _send(self, send: Send, message: dict[str, Any]) -> None:
        """Send a part of the answer.

        Raises:
            ClientDisconnect: The client has gone, or takes nothing.
        """
        try:
            async with asyncio.timeout(self._service.limits.patience):
                await send(message)
        except (TimeoutError, OSError):
            raise ClientDisconnect from None


def _fields_of(content: bytes) -> dict[str, Any]:
    """Return the fields of a line.

    Raises:
        RefusedError: The line is not a JSON object with a text and fields of other names than those of an answer.
    """
    value = parsed(content, "the line")
    if not isinstance(value, dict) or "text" not in value:
        raise RefusedError("input", 'the line is not an object with a text: {"text": "..."}')
    for key in _OURS:
        if key in value:
            raise RefusedError("input", f"{key!r} is a field of the answer; rename the field of the line")
    return value


def _written(answer: Mapping[str, Any]) -> bytes:
    return json.dumps(answer, ensure_ascii=False).encode() + b"\n"
