"""The service with the stand-in model, in a thread of a test or as a process: `python capitals_service.py [OPTION]...` is `lmn-serve`."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

import httpx
from standins import CapitalsSystem

from llms_meet_ner import LmnError, Sentence
from llms_meet_ner.records import Answer
from llms_meet_ner.serving.limits import Limits
from llms_meet_ner.serving.process import Server, listening
from llms_meet_ner.serving.service import Service
from llms_meet_ner.tagging.splitting import Splitter, make_splitter
from llms_meet_ner.tagging.tagger import Tagger

SHA256 = "c" * 64
STAND_IN = (sys.executable, __file__, "--adapter", "x")
"""Command that is `lmn-serve` with the stand-in model."""
CLOSED = "LMN_TEST_CLOSED"
"""Variable with the name of a file; the model of a process waits while it exists."""


@cache
def _splitter() -> Splitter:
    """Return the splitter of all services of this process, which is slow to make."""
    return make_splitter("en")


class ServedCapitals(CapitalsSystem):
    """The stand-in model with switches.

    It refuses a sentence with the token `Bad`, and has a bug for one with `Crash`.

    Attributes:
        gate: The model answers while it is set.
        is_busy: Whether it has a portion.
        is_broken: Whether it refuses everything.
        closed: It answers while this file does not exist.
        asked: Number of sentences of each portion.
    """

    sha256 = SHA256

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.gate = threading.Event()
        self.gate.set()
        self.is_busy = False
        self.is_broken = False
        self.closed: Path | None = None
        self.asked: list[int] = []

    def answer(self, sentences: Sequence[Sentence]) -> list[Answer]:
        self.is_busy = True
        assert self.gate.wait(60)
        while self.closed and self.closed.exists():
            time.sleep(0.01)
        self.is_busy = False
        self.asked.append(len(sentences))
        for sentence in sentences:
            if self.is_broken or "Bad" in sentence.tokens:
                raise LmnError("cannot be read", "Bad", "leave it out")
            if "Crash" in sentence.tokens:
                raise ZeroDivisionError("a bug")
        return super().answer(sentences)


@dataclass
class Running:
    """A service that runs in a thread.

    Attributes:
        url: Its address.
        system: Its model.
        service: The service.
        client: Client without a key.
        server: Its server.
        key: Its key; empty for none.
        loop: Its event loop.
        thread: Its thread.
    """

    url: str
    system: ServedCapitals
    service: Service
    client: httpx.Client
    server: Server
    key: str = ""
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)
    thread: threading.Thread = field(default_factory=threading.Thread)

    @property
    def depth(self) -> int:
        """Number of sentences that wait."""
        return self.service._queue.depth

    def tag(self, *texts: str) -> httpx.Response:
        return self.client.post("/tag", json={"texts": texts})

    def end(self) -> None:
        """Let it end, as a signal does."""
        self.loop.call_soon_threadsafe(self.server.end)

    def metric(self, name: str) -> float:
        """Return the value of a metric, named with its labels."""
        lines = self.service.metrics.text().decode().splitlines()
        found = [line for line in lines if line.startswith(f"{name} ")]
        return float(found[0].split()[-1]) if found else 0.0


def soon(what: Callable[[], object], seconds: float = 20.0) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < end, "it did not come true in time"
        time.sleep(0.01)


@contextmanager
def running(
    limits: Limits | None = None, key: str | None = None, *, wait: bool = True, load: Callable[[], Tagger] | None = None
) -> Iterator[Running]:
    """Run a service in a thread, and end it.

    Args:
        limits: Bounds of the service; None for the defaults.
        key: Its key; None for none.
        load: Loads another model than the stand-in.
        wait: Whether to wait until the model is loaded; if not, it is loaded when its gate is opened.
    """
    system = ServedCapitals()
    if not wait:
        system.gate.clear()
    service = Service(load or (lambda: Tagger(system, _splitter())), limits or Limits(), key)
    server = Server(service)
    listener = listening("127.0.0.1", 0)
    url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with httpx.Client(base_url=url, timeout=60) as client:
        one = Running(url, system, service, client, server, key or "")
        one.thread = threading.Thread(target=one.loop.run_until_complete, args=[server.run_on(listener)])
        one.thread.start()
        try:
            if wait:
                soon(lambda: service.model and server.started, 60)
            yield one
        finally:
            system.gate.set()
            one.end()
            one.thread.join(60)
            assert not one.thread.is_alive()
            one.loop.close()


@dataclass
class Process:
    """A service that runs as a process.

    Attributes:
        running: The process.
        url: Its address.
        client: Client without a key.
        closed: File that keeps its model waiting while it exists.
    """

    running: subprocess.Popen[str]
    url: str
    client: httpx.Client
    closed: Path

    def metric(self, name: str) -> int:
        """Return the value of a metric without labels."""
        lines = self.client.get("/metrics").text.splitlines()
        return int(float(next(line for line in lines if line.startswith(f"{name} ")).split()[1]))

    def says(self) -> str:
        """Return the next line that it prints."""
        assert self.running.stderr
        return self.running.stderr.readline()


@contextmanager
def process(
    folder: Path, *words: str, is_closed: bool = False, command: Sequence[str] = STAND_IN, name: str = "capitals"
) -> Iterator[Process]:
    """Start a service as a process, wait until it is ready or loads its model, and kill it at the end if it still runs.

    Args:
        folder: Folder for the file that keeps its model waiting.
        words: Options of `lmn-serve`.
        is_closed: Whether its model waits from the start.
        command: Command that starts it.
        name: Name of its model.
    """
    closed = folder / "closed"
    if is_closed:
        closed.touch()
    environment = {**os.environ, CLOSED: str(closed)}
    with subprocess.Popen(
        [*command, "--port", "0", *words], stderr=subprocess.PIPE, text=True, env=environment, cwd=Path(__file__).parent
    ) as one:
        try:
            assert one.stderr
            first = one.stderr.readline()
            url = first.removeprefix("loading the model; ").partition("/healthz")[0]
            assert url.startswith("http://"), first
            if not is_closed:
                assert one.stderr.readline() == f"serving {name} at {url}\n"
            with httpx.Client(base_url=url, timeout=60) as client:
                yield Process(one, url, client, closed)
        finally:
            one.kill()


def main() -> None:
    """Run `lmn-serve` with the stand-in model."""
    import llms_meet_ner.cli.serve as command

    def stand_in(model: str, **options: Any) -> Tagger:
        system = ServedCapitals()
        system.closed = Path(os.environ[CLOSED]) if CLOSED in os.environ else None
        return Tagger(system, make_splitter("en"))

    command.load = stand_in  # type: ignore[assignment]
    command.main()


if __name__ == "__main__":
    main()
