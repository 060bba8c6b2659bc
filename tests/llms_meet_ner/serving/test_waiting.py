"""The queue: requests in turn, all of a request or nothing, and nothing for those who have gone."""

from __future__ import annotations

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from llms_meet_ner.serving.waiting import Lane, QueueFullError, SentenceQueue, WaitingSentence, WaitingText
from llms_meet_ner.tagging.tagger import TaggedSentence, TaggedText


def text_of(name: str, sentences: int) -> WaitingText:
    """A text whose sentences are one token each."""
    return WaitingText(name * sentences, [[(at, at + 1)] for at in range(sentences)])


def names(sentences: list[WaitingSentence]) -> str:
    return " ".join(f"{sentence.tokens[0]}{sentence.number}" for sentence in sentences)


def test_requests_take_turns_and_keep_their_order() -> None:
    queue = SentenceQueue(10)
    queue.offer([text_of("a", 3), text_of("b", 1)])
    queue.offer([text_of("c", 1)])
    stream = Lane(is_bounded=False)
    queue.add(stream, text_of("d", 1))
    assert names(queue.take(4)) == "a0 c0 d0 a1"
    queue.add(stream, text_of("e", 2))
    assert queue.depth == 4
    assert names(queue.take(9)) == "a2 e0 b0 e1"


def test_a_request_waits_as_a_whole_or_not_at_all() -> None:
    queue = SentenceQueue(3)
    queue.offer([text_of("a", 2)])
    with pytest.raises(QueueFullError) as full:
        queue.offer([text_of("b", 1), text_of("c", 1)])
    assert (full.value.waiting, queue.depth) == (2, 2)
    queue.add(Lane(is_bounded=False), text_of("s", 9))  # a stream takes no room of others
    queue.offer([text_of("d", 1)])
    queue.take(2)
    queue.offer([text_of("e", 1)])


def test_texts_of_a_client_that_has_gone_leave_the_queue() -> None:
    queue = SentenceQueue(3)
    gone, here = text_of("a", 2), text_of("b", 1)
    queue.offer([gone])
    queue.offer([here])
    assert gone.result.cancel()
    assert names(queue.take(9)) == "b0"
    queue.offer([text_of("c", 3)])
    gone.keep(0, TaggedSentence((), ()))
    gone.keep(1, TaggedSentence((), ()))
    gone.fail(ValueError())
    assert gone.result.cancelled()


def test_a_closed_queue_is_emptied_and_then_ends() -> None:
    queue = SentenceQueue(3)
    queue.offer([text_of("a", 2)])
    queue.close()
    assert names(queue.take(9)) == "a0 a1"
    assert queue.take(9) == []


def test_a_queue_is_shut_at_once_and_says_when_it_is_closed() -> None:
    queue, stream = SentenceQueue(3), Lane(is_bounded=False)
    queue.offer([text_of("a", 2)])
    queue.offer([text_of("b", 1)])
    assert names(queue.shut(ZeroDivisionError)) == "a0 b0 a1"
    with pytest.raises(ZeroDivisionError):
        queue.offer([text_of("c", 1)])
    with pytest.raises(ZeroDivisionError):
        queue.add(stream, text_of("c", 1))
    assert (queue.depth, queue.shut(KeyError)) == (0, [])
    queue.open()
    queue.add(stream, text_of("d", 1))
    queue.offer([text_of("c", 3)])
    assert not queue.wait_for_end(0.01)
    queue.close()
    assert queue.wait_for_end(60)


def test_a_worker_that_waits_wakes_up() -> None:
    queue, found = SentenceQueue(3), []
    worker = threading.Thread(target=lambda: found.extend([queue.take(1), queue.take(1)]))
    worker.start()
    queue.offer([text_of("a", 1)])
    queue.close()
    worker.join(10)
    assert list(map(names, found)) == ["a0", ""]


def test_a_text_has_its_result_with_its_last_sentence() -> None:
    assert WaitingText(" ", []).result.result() == TaggedText(" ", ())
    text, (first, second) = text_of("a", 2), (TaggedSentence(("x",), ((0, 1),)), TaggedSentence(("y",), ((1, 2),)))
    text.keep(1, second)
    assert not text.result.done()
    text.keep(0, first)
    assert text.result.result().sentences == (first, second)


@given(st.lists(st.lists(st.integers(0, 4), max_size=3), max_size=6), st.integers(1, 5))
def test_everything_comes_out_once_and_in_the_order_of_its_request(requests: list[list[int]], most: int) -> None:
    queue = SentenceQueue(1000)
    texts = [[text_of(chr(97 + number), size) for size in sizes] for number, sizes in enumerate(requests)]
    for request in texts:
        queue.offer(request)
    queue.close()
    taken: list[WaitingSentence] = []
    while portion := queue.take(most):
        assert len(portion) <= most
        taken += portion
    for request in texts:
        own = [(one.text, one.number) for one in taken if one.text in request]
        assert own == [(text, number) for text in request for number in range(len(text.sentences))]
    assert len(taken) == sum(map(sum, requests))
    assert queue.depth == 0
