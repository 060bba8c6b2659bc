"""The queue of the service: sentences that wait for the model, request by request in turn."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import Future, InvalidStateError
from contextlib import suppress
from dataclasses import dataclass, field
from threading import Condition

from ..tagging.splitting import Offsets
from ..tagging.tagger import TaggedSentence, TaggedText


class QueueFullError(Exception):
    """The sentences of a request have no room in the queue now.

    Attributes:
        waiting: Number of sentences that wait already.
    """

    def __init__(self, waiting: int) -> None:
        super().__init__(waiting)
        self.waiting = waiting


class WaitingText:
    """A text whose sentences wait for the model, or are with it.

    Args:
        text: The text.
        sentences: Offsets of the tokens of each sentence, in characters, end exclusive.

    Attributes:
        text: The text.
        sentences: Offsets of the tokens of each sentence.
        result: The tagged text, or why there is none. Whoever cancels it takes the text out of the queue.
    """

    def __init__(self, text: str, sentences: Sequence[Sequence[Offsets]]) -> None:
        self.text = text
        self.sentences = sentences
        self.result: Future[TaggedText] = Future()
        self._tagged: dict[int, TaggedSentence] = {}
        self._finish()

    def keep(self, number: int, tagged: TaggedSentence) -> None:
        """Keep a tagged sentence, counted from 0; the last one makes the result."""
        self._tagged[number] = tagged
        self._finish()

    def fail(self, error: Exception) -> None:
        """Let the text have no result, unless it has one."""
        with suppress(InvalidStateError):
            self.result.set_exception(error)

    def _finish(self) -> None:
        if len(self._tagged) == len(self.sentences):
            ordered = tuple(self._tagged[number] for number in range(len(self.sentences)))
            with suppress(InvalidStateError):  # a client that has gone has cancelled it
                self.result.set_result(TaggedText(self.text, ordered))


@dataclass(frozen=True, slots=True)
class WaitingSentence:
    """One sentence of a text.

    Attributes:
        text: The text.
        number: Position of the sentence in it, counted from 0.
    """

    text: WaitingText
    number: int

    @property
    def offsets(self) -> tuple[Offsets, ...]:
        """Place of each token in the text."""
        return tuple(self.text.sentences[self.number])

    @property
    def tokens(self) -> tuple[str, ...]:
        """Tokens as the model reads them."""
        return tuple(self.text.text[start:end] for start, end in self.offsets)

    def keep(self, tagged: TaggedSentence) -> None:
        """Hand the tagged sentence to its text."""
        self.text.keep(self.number, tagged)


@dataclass(eq=False, slots=True)
class Lane:
    """The place of one request in the queue.

    Attributes:
        is_bounded: Whether its sentences count towards the size of the queue. A stream has a bound of its own.
        sentences: Sentences that wait, in order.
    """

    is_bounded: bool
    sentences: deque[WaitingSentence] = field(default_factory=deque)


class SentenceQueue:
    """A bounded queue of sentences, filled by many requests and emptied by one worker.

    The worker gets a sentence of each request in turn, so that a short request does not wait for a long one to end.

    Args:
        size: Number of sentences of requests other than streams that may wait.
    """

    def __init__(self, size: int) -> None:
        self._size = size
        self._lanes: deque[Lane] = deque()
        self._changed = Condition()
        self._bounded = 0
        self._depth = 0
        self._closed = False
        self._refusal: Callable[[], Exception] | None = None

    @property
    def depth(self) -> int:
        """Number of sentences that wait, those of streams included."""
        return self._depth

    def offer(self, texts: Sequence[WaitingText]) -> None:
        """Let all sentences of a request wait, or none.

        Raises:
            QueueFullError: There is no room for all of them.
            Exception: The queue is shut.
        """
        lane = Lane(is_bounded=True)
        number = sum(len(text.sentences) for text in texts)
        with self._changed:
            self._check_open()
            if self._bounded + number > self._size:
                raise QueueFullError(self._bounded)
            self._bounded += number
            for text in texts:
                self._add(lane, text)

    def add(self, lane: Lane, text: WaitingText) -> None:
        """Let the sentences of the next text of a stream wait, whether the queue is full or not.

        Raises:
            Exception: The queue is shut.
        """
        with self._changed:
            self._check_open()
            self._add(lane, text)

    def take(self, most: int) -> list[WaitingSentence]:
        """Return the sentences whose turn it is; wait until there is one. Sentences of texts that have a result are left out.

        Args:
            most: Number of sentences to return, at most.

        Returns:
            Sentences; none if the queue is closed and empty.
        """
        found: list[WaitingSentence] = []
        with self._changed:
            while not found:
                self._changed.wait_for(lambda: self._lanes or self._closed)
                if not self._lanes:
                    break
                while self._lanes and len(found) < most:
                    sentence = self._next()
                    if not sentence.text.result.done():
                        found.append(sentence)
        return found

    def shut(self, refusal: Callable[[], Exception]) -> list[WaitingSentence]:
        """Return everything that waits, without waiting, and refuse whatever comes until `open`: the queue stays empty.

        Args:
            refusal: Makes the error that `offer` and `add` raise.
        """
        with self._changed:
            self._refusal = refusal
            return [self._next() for _ in range(self._depth)]

    def open(self) -> None:
        """Take sentences again."""
        with self._changed:
            self._refusal = None

    def wait_for_end(self, seconds: float) -> bool:
        """Wait until the queue is closed, but not longer than this; return whether it is."""
        with self._changed:
            return self._changed.wait_for(lambda: self._closed, seconds)

    def close(self) -> None:
        """Let the worker end when it has taken what waits."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()

    def _check_open(self) -> None:
        if self._refusal:
            raise self._refusal()

    def _add(self, lane: Lane, text: WaitingText) -> None:
        if not lane.sentences and text.sentences:
            self._lanes.append(lane)
        lane.sentences += (WaitingSentence(text, number) for number in range(len(text.sentences)))
        self._depth += len(text.sentences)
        self._changed.notify_all()

    def _next(self) -> WaitingSentence:
        """Take the next sentence of the lane in front, which goes to the end."""
        lane = self._lanes.popleft()
        sentence = lane.sentences.popleft()
        if lane.sentences:
            self._lanes.append(lane)
        self._bounded -= lane.is_bounded
        self._depth -= 1
        return sentence
