"""What any system has: a hash of what its answers follow from, and jobs that answer in order."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from llms_meet_ner import Sentence, Span
from llms_meet_ner.decoding.batches import Batch
from llms_meet_ner.records import Answer
from llms_meet_ner.systems.counting import CountingBaseline
from llms_meet_ner.systems.system import Job, system_sha256


class Stamped(CountingBaseline):
    """A baseline with a stamp of its own."""

    def __init__(self, **values: Any) -> None:
        super().__init__("gazetteer", [])
        self.values = values

    def stamp(self, sentences: Sequence[Sentence] = ()) -> dict[str, Any]:
        """Return the values."""
        return self.values


def test_the_hash_is_of_the_stamp_in_any_order() -> None:
    first, again = system_sha256(Stamped(a=1, b=[2])), system_sha256(Stamped(b=[2], a=1))
    assert first == again
    assert len(first) == 64
    assert system_sha256(Stamped(a=1, b=[3])) != first


def test_answers_come_in_the_order_of_the_sentences() -> None:
    def answer(batch: Batch) -> list[Answer]:
        return [Answer(spans=(Span(item, item + 1, "X"),)) for item in batch.items]

    for workers in (1, 3):
        job = Job([Batch((2, 0)), Batch((3,)), Batch((1,))], answer, workers)
        assert [answer.spans for answer in job.answers()] == [(Span(item, item + 1, "X"),) for item in range(4)]
    assert Job([], answer).answers() == []
