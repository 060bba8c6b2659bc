"""The client that bounds its requests, on a real connection; `tests/security/test_servers.py` attacks it."""

from __future__ import annotations

import asyncio
import gzip
from concurrent.futures import ThreadPoolExecutor
from threading import Event

import httpx
import pytest
from fake_openai import Fake
from hostile_answers import raw, sent

from llms_meet_ner.systems import bounded_client
from llms_meet_ner.systems.bounded_client import CUT, BoundedClient, most_bytes, run


def got(fake: Fake, most: int = 100, seconds: float = 5.0) -> httpx.Response:
    async def ask() -> httpx.Response:
        most_bytes.set(most)
        async with BoundedClient(seconds) as client:
            return await client.get(fake.url + "/models")

    return run(ask())


def test_an_answer_is_read_up_to_its_bound_and_says_so(fake: Fake) -> None:
    for size, is_cut in ((100, False), (101, True), (10_000_000, True)):
        fake.listing = sent(b"x" * size)
        response = got(fake)
        assert (CUT in response.extensions) == is_cut
        assert len(response.content) <= 100
    assert most_bytes.get() == 16 * 2**20  # the bound of a request is its own


def test_a_request_ends_in_time_whatever_arrives_meanwhile(fake: Fake) -> None:
    fake.listing = raw(b"HTTP/1.1 200 OK\r\n\r\n", forever=b" ", pause=0.05)
    with pytest.raises(httpx.ReadTimeout, match="no whole answer in time"):
        got(fake, seconds=0.3)


def test_nothing_is_unpacked_followed_or_kept(fake: Fake) -> None:
    packed = gzip.compress(b"x" * 10_000)
    fake.listing = sent(packed, Content_Encoding="gzip")
    assert got(fake, most=1000).content == packed
    fake.listing = (302, {"Location": fake.url, "Set-Cookie": "a=b"}, b"")
    assert got(fake).status_code == 302


def test_the_first_requests_of_all_threads_run_in_one_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """A client is bound to the loop of its first request, so a request in another loop fails."""
    made = asyncio.new_event_loop
    second = Event()
    started: list[asyncio.AbstractEventLoop] = []

    def slow() -> asyncio.AbstractEventLoop:
        started.append(made())
        if len(started) > 1:
            second.set()
        second.wait(0.2)
        return started[-1]

    async def loop() -> asyncio.AbstractEventLoop:
        return asyncio.get_running_loop()

    bounded_client._loop.cache_clear()
    monkeypatch.setattr(asyncio, "new_event_loop", slow)
    with ThreadPoolExecutor(8) as threads:
        found = set(threads.map(lambda _: run(loop()), range(8)))
    assert found == {*started}
    assert len(started) == 1
