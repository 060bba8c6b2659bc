"""What any system has: a hash of what its answers follow from, and jobs that answer in order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from standins import CapitalsSystem

from llms_meet_ner import Sentence, Span
from llms_meet_ner.decoding.batches import Batch
from llms_meet_ner.records import Answer
from llms_meet_ner.systems.counting import CountingBaseline
from llms_meet_ner.systems.prompted import decoding_of, prompt_of
from llms_meet_ner.systems.system import Job, System


class Stamped(CountingBaseline):
    """A baseline with a stamp of its own."""

    def __init__(self, **values: Any) -> None:
        super().__init__("gazetteer", [])
        self.values = values

    def stamp(self, sentences: Sequence[Sentence] = ()) -> dict[str, Any]:
        """Return the values."""
        return self.values


def test_the_hash_is_of_the_stamp_in_any_order() -> None:
    first, again = Stamped(a=1, b=[2]).sha256, Stamped(b=[2], a=1).sha256
    assert first == again
    assert len(first) == 64
    assert Stamped(a=1, b=[3]).sha256 != first


def test_answers_come_in_the_order_of_the_sentences() -> None:
    def answer(batch: Batch) -> list[Answer]:
        return [Answer(spans=(Span(item, item + 1, "X"),)) for item in batch.items]

    for workers in (1, 3):
        job = Job([Batch((2, 0)), Batch((3,)), Batch((1,))], answer, workers)
        assert [answer.spans for answer in job.answers()] == [(Span(item, item + 1, "X"),) for item in range(4)]
    assert Job([], answer).answers() == []


class Capitals(CapitalsSystem):
    """The stand-in of a model, whose base model no file describes."""

    def precision(self) -> Mapping[str, Any]:
        """Return nothing: there is no model."""
        return {}


TRAIN = [Sentence("t/0", ("Ada",), (Span(0, 1, "PER"),))]


SENTENCES = [
    Sentence(f"c/test/{number}", tokens)
    for number, tokens in enumerate([("ask", "Ada"), ("no",), ("then", "Olli", "Holm", "saw", "Oslo")])
]


@pytest.mark.parametrize("workers", [1, 2])
def test_a_job_answers_in_the_order_of_the_sentences(workers: int) -> None:
    system = CountingBaseline("capitalised", TRAIN)
    batches = [Batch((2,)), Batch((1, 0))]
    job = replace(system.prepare(SENTENCES), batches=batches, workers=workers)
    expected = [
        Answer(spans=(Span(1, 2, "PER"),)),
        Answer(spans=()),
        Answer(spans=(Span(1, 3, "PER"), Span(4, 5, "PER"))),
    ]
    assert job.answers() == system.answer(SENTENCES) == expected
    assert Job([], job.answer).answers() == []


def test_a_batch_with_too_few_answers_is_a_mistake() -> None:
    with pytest.raises(ValueError, match="zip"):
        Job([Batch((0, 1))], lambda batch: [Answer("")]).answers()


def test_systems_that_generate_and_those_that_count_follow_the_protocol() -> None:
    systems: list[System] = [Capitals(), CountingBaseline("majority", TRAIN)]
    for system in systems:
        texts = prompt_of(system) is not None
        assert (decoding_of(system) is not None) == texts
        assert system.gives_confidences == texts
        assert len(system.sha256) == 64
        (answer,) = system.answer(SENTENCES[2:])
        assert (answer.text is not None) == texts
        nothing = system.nothing(SENTENCES[0])
        assert system.read(nothing, SENTENCES[0]).spans == ()
        assert (nothing.text is not None) == texts
