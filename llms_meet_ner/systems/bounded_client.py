"""An HTTP client that a strange server can neither hold up nor fill, and a thread that runs its requests."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextvars import ContextVar
from functools import cache
from threading import Lock, Thread
from typing import Any, TypeVar

import httpx

T = TypeVar("T")
most_bytes: ContextVar[int] = ContextVar("most_bytes", default=16 * 2**20)
"""Number of bytes of an answer that are read in this context; 16 MiB if nothing else is set."""
CUT = "lmn_cut"
"""Key of a response's extensions that is there if the answer was longer, and its rest was not read."""
_starting = Lock()


class BoundedClient(httpx.AsyncClient):
    """A client that bounds every request as a whole, from the look-up of the name to the last byte of the answer.

    It follows no redirect, keeps no cookie, and asks for an answer that is not compressed. An answer that is compressed all the same
    stays so: a few kilobytes may unpack to many gigabytes.

    Args:
        seconds: Time for a request; no part of it, sent byte by byte, makes it last longer.
    """

    def __init__(self, seconds: float) -> None:
        super().__init__(
            timeout=seconds,
            headers={"Accept-Encoding": "identity"},
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=None),
            event_hooks={"response": [_bound]},
        )
        self._seconds = seconds

    async def send(self, request: httpx.Request, **options: Any) -> httpx.Response:
        """Send a request, and return the response with its body.

        Raises:
            httpx.ReadTimeout: The answer was not complete in time.
            httpx.RequestError: The server cannot be reached, or breaks off.
        """
        try:
            async with asyncio.timeout(self._seconds):
                return await super().send(request, **options)
        except TimeoutError as error:
            raise httpx.ReadTimeout("no whole answer in time", request=request) from error
        finally:
            self.cookies.clear()


class _Beginning(httpx.AsyncByteStream):
    """The first bytes of a response's body, as many as are read."""

    def __init__(self, response: httpx.Response, most: int) -> None:
        assert isinstance(response.stream, httpx.AsyncByteStream)
        self._response, self._stream, self._left = response, response.stream, most

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._stream:
            self._left -= len(chunk)
            if self._left < 0:
                self._response.extensions[CUT] = True
                return
            yield chunk

    async def aclose(self) -> None:
        await self._stream.aclose()


async def _bound(response: httpx.Response) -> None:
    response.headers.pop("content-encoding", None)
    response.stream = _Beginning(response, most_bytes.get())


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine in the thread for requests, and return its result; threads may call it at the same time.

    Raises:
        BaseException: Whatever the coroutine raises.
    """
    with _starting:  # the first requests come from several threads at once; a client with two loops fails
        loop = _loop()
    return asyncio.run_coroutine_threadsafe(work, loop).result()


@cache
def _loop() -> asyncio.AbstractEventLoop:
    """Return the event loop of a thread that ends with the process: nobody waits for what is still under way."""
    loop = asyncio.new_event_loop()
    Thread(target=loop.run_forever, name="requests", daemon=True).start()
    return loop
