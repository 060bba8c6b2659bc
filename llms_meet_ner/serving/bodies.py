"""Bodies of requests, read within bounds: one JSON value, or lines of them."""

from __future__ import annotations

import asyncio
from codecs import BOM_UTF8
from collections.abc import AsyncIterator
from typing import Any

from starlette.requests import Request

from ..strict_json import parse_json
from .limits import Limits
from .refusal import RefusedError


def check_type(request: Request, *types: str) -> None:
    """Make sure that a body is said to be of one of these media types.

    Pages of other sites can send a body of another type without asking, but none of these.

    Raises:
        RefusedError: It is not.
    """
    given = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if given not in types:
        seen = f"Content-Type is {given!r:.80}" if given else "there is no Content-Type"
        raise RefusedError("type", f"{seen}; send Content-Type: {types[0]}")


async def read_json(request: Request, limits: Limits) -> Any:
    """Read a body as one JSON value.

    Raises:
        RefusedError: The body is too long, comes too slowly, or is not JSON.
        ClientDisconnect: The client has gone.
    """
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length) > limits.body:
        raise _too_long(f"a body of {int(length):,} bytes", limits)
    body = bytearray()
    async for part in parts(request, limits.patience):
        body += part
        if len(body) > limits.body:
            raise _too_long("a body", limits)
    return parsed(bytes(body), "the body")


async def parts(request: Request, patience: float) -> AsyncIterator[bytes]:
    """Yield a body as it comes.

    Raises:
        RefusedError: The next part does not come in time.
        ClientDisconnect: The client has gone.
    """
    stream = request.stream()
    while True:
        try:
            async with asyncio.timeout(patience):
                part = await anext(stream)
        except StopAsyncIteration:
            return
        except TimeoutError:
            raise RefusedError("slow", f"no part of the body came for {patience:g} seconds") from None
        yield part


async def lines(body: AsyncIterator[bytes], longest: int) -> AsyncIterator[bytes | None]:
    r"""Yield the lines of a body without their ends (`\n`) and without a byte order mark; None in place of a line that is too long.

    Args:
        body: Parts of the body.
        longest: Number of bytes of a line, at most.
    """
    line = bytearray()
    is_long, is_first = False, True

    def whole() -> bytes | None:
        nonlocal is_long, is_first
        found = None if is_long or len(line) > longest else bytes(line.removeprefix(BOM_UTF8) if is_first else line)
        line.clear()
        is_long, is_first = False, False
        return found

    async for part in body:
        *ended, rest = part.split(b"\n")
        for end in ended:
            line += end
            yield whole()
        line += rest
        if len(line) > longest:
            is_long = True
            line.clear()
    if line or is_long:
        yield whole()


def parsed(content: bytes, name: str) -> Any:
    """Read bytes as one JSON value.

    Args:
        content: The bytes.
        name: What they are, for messages.

    Raises:
        RefusedError: They are not JSON in UTF-8.
    """
    try:
        return parse_json(content.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise RefusedError("input", f"{name} is not UTF-8 ({error.reason} at byte {error.start + 1})") from None
    except ValueError as error:
        raise RefusedError("input", f"{name} is not JSON: {error}") from None


def text_of(value: Any, name: str) -> str:
    """Return a value if it is a text.

    Raises:
        RefusedError: It is not.
    """
    if not isinstance(value, str):
        raise RefusedError("input", f"{name} is {value!r:.60}, not a text")
    return value


def _too_long(what: str, limits: Limits) -> RefusedError:
    return RefusedError("size", f"{what} is longer than {limits.body:,} bytes; send fewer texts at a time")
