"""The worker: portions of what waits, texts that fail alone, a model that is at fault, and the same answers as the tagger."""

from __future__ import annotations

import logging
from collections.abc import Iterator

import pytest
from capitals_service import SHA256, ServedCapitals, soon

from llms_meet_ner import LmnError
from llms_meet_ner.serving import worker
from llms_meet_ner.serving.metrics import Metrics
from llms_meet_ner.serving.refusal import RefusedError
from llms_meet_ner.serving.waiting import SentenceQueue, WaitingText
from llms_meet_ner.serving.worker import Worker
from llms_meet_ner.tagging.splitting import make_splitter
from llms_meet_ner.tagging.tagger import Tagger

SPLIT = make_splitter("en")


class Scene:
    """A worker that waits at the gate of its model."""

    def __init__(self, portion: int = 4) -> None:
        self.system = ServedCapitals()
        self.tagger = Tagger(self.system, SPLIT)
        self.queue = SentenceQueue(1000)
        self.worker = Worker(lambda: self.tagger, self.queue, portion, Metrics(lambda: 0))
        self.worker.start()
        assert self.worker.loaded.result(30).sha256 == SHA256

    def waiting(self, *texts: str) -> list[WaitingText]:
        """Let texts wait while the model is busy with another one, so that they are taken together."""
        self.system.gate.clear()
        busy = WaitingText("x", SPLIT("x"))
        self.queue.offer([busy])
        soon(lambda: not self.queue.depth)
        waiting = [WaitingText(text, SPLIT(text)) for text in texts]
        for text in waiting:
            self.queue.offer([text])
        del self.system.asked[:]
        self.system.gate.set()
        return waiting


@pytest.fixture
def scene() -> Iterator[Scene]:
    made = Scene()
    yield made
    made.queue.close()
    made.worker.join(10)
    assert not made.worker.is_alive()


def test_answers_are_those_of_the_tagger(scene: Scene) -> None:
    texts = ["Anna came.  Kent Clark won.", "", "  no\u2028one \U0001f600 Bob", "a " * 300, "Mary\n\nAnn"]
    results = [text.result.result(30) for text in scene.waiting(*texts)]
    assert results == scene.tagger.tag(texts)
    assert [entity.text for entity in results[0].entities] == ["Anna", "Kent Clark"]


def test_what_waits_is_tagged_in_common_portions(scene: Scene) -> None:
    for text in scene.waiting("Anna.", "Bob.", "Mary. Ann. Eve.", "Kim."):
        text.result.result(30)
    assert scene.system.asked == [1, 4, 2]
    assert scene.worker.pace > 0


@pytest.mark.parametrize(
    ("word", "told"),
    [("Bad", "Bad: cannot be read"), ("Crash", "an error in the service (ZeroDivisionError); the log of the service says more")],
)  # fmt: skip
def test_a_text_that_fails_fails_alone(scene: Scene, word: str, told: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        good, bad, also_good = scene.waiting("Anna came.", f"{word} came.", "Bob came.")
        assert [entity.text for entity in good.result.result(30).entities] == ["Anna"]
        assert [entity.text for entity in also_good.result.result(30).entities] == ["Bob"]
        error = bad.result.exception(30)
    assert isinstance(error, RefusedError)
    assert (error.reason, error.message, error.retry_after) == ("text", told, None)
    assert ("a bug" in caplog.text, "cannot be read; leave it out" in caplog.text) == (word == "Crash", word == "Bad")
    (alone,) = scene.waiting(f"{word} again.")
    assert isinstance(alone.result.exception(30), RefusedError)
    assert not scene.waiting("Eve.")[0].result.exception(30)


def test_a_model_that_is_at_fault_fails_what_waits_with_a_time_to_try_again(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(worker, "PAUSE", 0.05)
    scene.system.is_broken = True
    failed = [text.result.exception(30) for text in scene.waiting("Anna.", "Bob.")]
    for error in failed:
        assert isinstance(error, RefusedError)
        assert (error.reason, error.status, error.retry_after) == ("failing", 503, 0.05)
        assert error.message == "the model gives no answers now: Bad: cannot be read"
    assert set(scene.system.asked) == {1}  # not about the two that waited
    assert scene.worker.fault == "Bad: cannot be read"
    scene.system.is_broken = False
    soon(lambda: scene.worker.fault is None)
    assert [record.getMessage() for record in caplog.records] == [
        "the model gives no answers: Bad: cannot be read; leave it out",
        "the model answers again",
    ]
    assert not scene.waiting("Eve.")[0].result.exception(30)


def test_a_model_that_cannot_be_loaded_says_why() -> None:
    def load() -> Tagger:
        raise LmnError("no such folder", "x")

    worker = Worker(load, SentenceQueue(1), 1, Metrics(lambda: 0))
    worker.start()
    assert str(worker.loaded.exception(10)) == "x: no such folder"
    worker.join(10)
