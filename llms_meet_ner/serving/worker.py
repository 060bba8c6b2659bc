"""The thread that owns the model: it loads it, takes what waits, and tags it portion by portion."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass, replace
from functools import partial
from threading import Thread
from time import perf_counter

from ..errors import LmnError
from ..systems.server import NoAnswerError, UnreachableError
from ..tagging.tagger import TaggedSentence, Tagger
from .metrics import Metrics
from .refusal import RefusedError
from .waiting import SentenceQueue, WaitingSentence, WaitingText

LOG_HINT = "the log of the service says more"
_PROBE = ("Anna", "saw", "Paris", ".")
"""A sentence that every model can answer."""
PAUSE = 10
"""Whole seconds between two questions to a model that gives no answers."""
_RECENT = 0.2
"""Weight of a portion in the mean time of a sentence."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LoadedModel:
    """The model of the service.

    Attributes:
        tagger: Tagger that the worker owns; its splitter may be used by one other thread.
        name: Name of the model.
        sha256: Hash of the stamp of its system.
    """

    tagger: Tagger
    name: str
    sha256: str


class Worker(Thread):
    """Loads the model and tags until the queue is closed and empty.

    A text that the model cannot answer fails alone. If a portion fails, the model is asked for a sentence that it can answer: if that fails
    too, the model is at fault; otherwise each text of a portion that holds several is tagged apart. A text that a server cannot answer now,
    though it answers that sentence, fails alone too, and may be sent again. A server that cannot be reached is at fault at once.

    As long as the model is at fault, nothing waits for it: texts fail, and may be sent again later. It is asked for that sentence now and
    then, until it answers it.

    Args:
        load: Loads the tagger.
        queue: Queue of the service.
        portion: Number of sentences to tag together, at most.
        metrics: Metrics of the service.

    Attributes:
        loaded: The loaded model, or why it could not be loaded.
        pace: Seconds of a sentence lately; 0 before the first.
        fault: What clients are told while the model is at fault; None while it is not.
    """

    def __init__(self, load: Callable[[], Tagger], queue: SentenceQueue, portion: int, metrics: Metrics) -> None:
        super().__init__(name="tagging", daemon=True)
        self.loaded: Future[LoadedModel] = Future()
        self.pace = 0.0
        self.fault: str | None = None
        self._load = load
        self._queue = queue
        self._portion = portion
        self._metrics = metrics
        self._tagger: Tagger

    def run(self) -> None:
        """Load the model and tag what comes."""
        try:
            self._tagger = self._load()
            self._tagger.tag_tokens([_PROBE])
            system = self._tagger.system
            loaded = LoadedModel(self._tagger, system.name, system.sha256)
        except BaseException as error:
            self.loaded.set_exception(error)
            return
        self.loaded.set_result(loaded)
        while portion := self._queue.take(self._portion):
            fault = self._tag(portion)
            if fault:
                self._refuse_while(fault)

    def _tag(self, portion: Sequence[WaitingSentence]) -> Exception | None:
        """Tag sentences; return the fault of the model, None if it has none."""
        began, fault = perf_counter(), None
        try:
            self._answer(portion)
        except Exception as error:
            fault = self._tag_apart(portion, error)
        seconds = perf_counter() - began
        self._metrics.portions.observe(len(portion))
        self._metrics.tagging.observe(seconds)
        if fault is None:
            pace = seconds / len(portion)
            self.pace = pace if not self.pace else (1 - _RECENT) * self.pace + _RECENT * pace
        return fault

    def _answer(self, sentences: Sequence[WaitingSentence]) -> None:
        """Tag sentences together and hand each to its text."""
        tagged: list[TaggedSentence] = self._tagger.tag_tokens([sentence.tokens for sentence in sentences])
        for sentence, answer in zip(sentences, tagged, strict=True):
            sentence.keep(replace(answer, offsets=sentence.offsets))
        self._metrics.sentences.inc(len(sentences))

    def _tag_apart(self, portion: Sequence[WaitingSentence], error: Exception) -> Exception | None:
        """Tag each text of a portion that failed on its own; return the fault of the model, None if it has none."""
        texts: dict[WaitingText, list[WaitingSentence]] = {}
        for sentence in portion:
            texts.setdefault(sentence.text, []).append(sentence)
        fault = self._fault_after(error)
        if fault is None and len(texts) == 1:  # the error is its own, and asking again would take as long
            _fail_alone(portion[0].text, error)
            return None
        for text, sentences in texts.items():
            if fault is None:
                try:
                    self._answer(sentences)
                except Exception as own:
                    if isinstance(own, NoAnswerError):
                        fault = self._fault_after(own)
                    if fault is None:
                        _fail_alone(text, own)
            if fault is not None:
                text.fail(failing(_told(fault)))
        return fault

    def _refuse_while(self, fault: Exception | None) -> None:
        """Fail all waiting texts, and those that come, until the model answers again or the queue is closed."""
        _log.error("the model gives no answers: %s", fault, exc_info=None if isinstance(fault, LmnError) else fault)
        while fault is not None:
            self.fault = _told(fault)
            refusal = partial(failing, self.fault)
            for sentence in self._queue.shut(refusal):
                sentence.text.fail(refusal())
            if self._queue.wait_for_end(PAUSE):
                return
            fault = self._fault_of_the_model()
        _log.warning("the model answers again")
        self._queue.open()
        self.fault = None

    def _fault_after(self, error: Exception) -> Exception | None:
        """Return the fault of the model after an error; None if the model has none."""
        return error if isinstance(error, UnreachableError) else self._fault_of_the_model()

    def _fault_of_the_model(self) -> Exception | None:
        """Return why the model cannot answer a sentence that it could answer when it was loaded; None if it can."""
        try:
            self._tagger.tag_tokens([_PROBE])
        except Exception as error:
            return error
        return None


def failing(fault: str) -> RefusedError:
    """Return the refusal of a text or a request while the model is at fault."""
    return RefusedError("failing", f"the model gives no answers now: {fault}", PAUSE)


def _fail_alone(text: WaitingText, error: Exception) -> None:
    """Fail a text, but not the model; the log has the remedy."""
    is_known = isinstance(error, LmnError)
    _log.log(
        logging.WARNING if is_known else logging.ERROR,
        "a text gets no answer: %s", error, exc_info=None if is_known else error,
    )  # fmt: skip
    told = _told(error)
    text.fail(failing(told) if isinstance(error, NoAnswerError) else RefusedError("text", told))


def _told(error: Exception) -> str:
    """Return what a client is told: the remedy is for whoever runs the service."""
    if isinstance(error, LmnError):
        return str(LmnError(error.what, error.where))
    return f"an error in the service ({type(error).__name__}); {LOG_HINT}"
