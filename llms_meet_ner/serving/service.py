"""What the endpoints of the service share: its queue, its worker, and what it takes."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from math import ceil
from typing import Literal

from ..tagging.tagger import TaggedText, Tagger
from .limits import Limits
from .metrics import Metrics
from .refusal import RefusedError
from .waiting import Lane, QueueFullError, SentenceQueue, WaitingText
from .worker import LoadedModel, Worker, failing

State = Literal["loading", "ready", "failing", "ending"]
_LONGEST_WAIT = 60
"""Seconds of `Retry-After`, at most."""
_WHILE_LOADING = 5


class Service:
    """Takes texts of many clients and hands back tagged ones.

    Its methods are for the thread of its event loop; the model and the splitter have a thread each.

    Args:
        load: Loads the tagger, in the worker's thread.
        limits: Bounds of the service.
        key: Key that every request has to bring; None for no key.

    Attributes:
        limits: Bounds of the service.
        needs_key: Whether requests have to bring a key.
        metrics: Metrics of the service.
        worker: Thread that owns the model; the caller starts it.
        ending: Whether no more requests are taken.
        accepted: Number of requests that were accepted so far: each is answered, unless its client goes.
    """

    def __init__(self, load: Callable[[], Tagger], limits: Limits, key: str | None = None) -> None:
        self.limits = limits
        self.needs_key = key is not None
        self._key = key
        self._queue = SentenceQueue(limits.queue)
        self.metrics = Metrics(lambda: self._queue.depth)
        self.worker = Worker(load, self._queue, limits.portion, self.metrics)
        self.ending = False
        self.accepted = 0
        self._readers: set[asyncio.Task[None]] = set()
        self._under_way = 0
        self._splitting = ThreadPoolExecutor(max_workers=1, thread_name_prefix="splitting")

    @property
    def model(self) -> LoadedModel | None:
        """The model; None while it is loaded."""
        loaded = self.worker.loaded
        return loaded.result() if loaded.done() and not loaded.exception() else None

    @property
    def state(self) -> State:
        """Whether the service takes texts, or why not."""
        if self.ending:
            return "ending"
        if not self.model:
            return "loading"
        return "failing" if self.worker.fault else "ready"

    @property
    def is_idle(self) -> bool:
        """Whether no request is read or answered."""
        return not self._under_way

    def is_key(self, given: str) -> bool:
        """Return whether a text is the key; the time that this takes says nothing about it."""
        return self._key is None or secrets.compare_digest(given.encode(), self._key.encode())

    @contextmanager
    def place(self) -> Iterator[None]:
        """Take one of the places for requests until the block ends.

        Raises:
            RefusedError: No place is free, or the service takes no texts.
        """
        self.check_ready()
        if self._under_way >= self.limits.requests:
            raise RefusedError("busy", f"{self._under_way:,} requests are under way; try again later", self._wait())
        self._under_way += 1
        self.metrics.under_way.set(self._under_way)
        try:
            yield
        finally:
            self._under_way -= 1
            self.metrics.under_way.set(self._under_way)

    def check_ready(self) -> None:
        """Make sure that the service takes texts.

        Raises:
            RefusedError: It takes none.
        """
        if self.ending:
            raise RefusedError("ending", "the service is ending; try again later", _WHILE_LOADING)
        if not self.model:
            raise RefusedError("loading", "the model is being loaded; try again later", _WHILE_LOADING)
        if fault := self.worker.fault:
            raise failing(fault)

    async def tag(self, texts: Sequence[str]) -> list[TaggedText]:
        """Tag the texts of a request, all or none of them. If the task is cancelled, they leave the queue.

        Raises:
            RefusedError: A text is too long or cannot be answered, the queue has no room for them now, or the service takes none.
        """
        waiting = [await self.split(text) for text in texts]
        number = sum(len(text.sentences) for text in waiting)
        self._check_sentences(number)
        self.check_ready()
        try:
            self._queue.offer(waiting)
        except QueueFullError as full:
            message = f"the queue has no room for {number:,} sentences: {full.waiting:,} of {self.limits.queue:,} wait; try again later"
            raise RefusedError("full", message, self._wait()) from None
        self.accepted += 1
        try:
            tagged = [await asyncio.wrap_future(text.result) for text in waiting]
        finally:
            for text in waiting:
                text.result.cancel()
        self.metrics.texts.inc(len(tagged))
        return tagged

    @contextmanager
    def reading(self, reader: asyncio.Task[None]) -> Iterator[None]:
        """Cancel a task that reads a stream if the service ends in the block."""
        self._readers.add(reader)
        try:
            yield
        finally:
            self._readers.discard(reader)

    async def wait_in(self, lane: Lane, text: str) -> WaitingText:
        """Let a text of a stream wait for the model.

        Raises:
            RefusedError: The text is too long, or the model is at fault.
        """
        waiting = await self.split(text)
        self._check_sentences(len(waiting.sentences))
        self._queue.add(lane, waiting)
        return waiting

    async def split(self, text: str) -> WaitingText:
        """Split a text into sentences, away from the event loop.

        Raises:
            RefusedError: The text is too long.
        """
        if len(text) > self.limits.characters:
            message = (
                f"a text has {len(text):,} characters, more than {self.limits.characters:,}; cut it at a paragraph"
            )
            raise RefusedError("input", message)
        assert self.model
        splitter = self.model.tagger.splitter
        return WaitingText(text, await asyncio.get_running_loop().run_in_executor(self._splitting, splitter, text))

    def end(self) -> None:
        """Take no more texts. What is accepted will be answered."""
        self.ending = True
        for reader in self._readers:
            reader.cancel()

    def close(self) -> None:
        """Let the threads end when they have done what waits."""
        self._queue.close()
        self._splitting.shutdown(wait=False)

    def _check_sentences(self, number: int) -> None:
        if number > self.limits.queue:
            message = f"{number:,} sentences are more than the queue has room for ({self.limits.queue:,}); send fewer at a time"
            raise RefusedError("input", message)

    def _wait(self) -> int:
        """Return in how many seconds the queue will be empty, as far as can be told."""
        return min(_LONGEST_WAIT, max(1, ceil(self._queue.depth * self.worker.pace)))
