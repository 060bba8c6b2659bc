"""What the service takes and refuses, and when it says to come again."""

from __future__ import annotations

import asyncio
from concurrent.futures import Future

import pytest
from capitals_service import SHA256, ServedCapitals

from llms_meet_ner.serving.limits import Limits
from llms_meet_ner.serving.refusal import RefusedError
from llms_meet_ner.serving.service import Service
from llms_meet_ner.serving.waiting import Lane
from llms_meet_ner.serving.worker import LoadedModel, failing
from llms_meet_ner.tagging.splitting import split_at_lines
from llms_meet_ner.tagging.tagger import Tagger


def service(**limits: int) -> Service:
    """A service whose model is loaded, and whose worker has not started."""
    one = Service(lambda: pytest.fail("is loaded"), Limits(**limits))
    one.worker.loaded.set_result(LoadedModel(Tagger(ServedCapitals(), split_at_lines), "x", SHA256))
    return one


def test_it_takes_texts_between_loading_and_its_end() -> None:
    one = service()
    ready, one.worker.loaded = one.worker.loaded, Future()
    for state in ("loading", "ready", "ending"):
        assert one.state == state
        if state == "ready":
            with one.place():
                assert not one.is_idle
        else:
            with pytest.raises(RefusedError, match=state.replace("loading", "being loaded")), one.place():
                pass
        one.worker.loaded, one.ending = ready, state == "ready"
    one.close()


def test_it_takes_no_texts_while_the_model_is_at_fault() -> None:
    one = service()
    with one.place():
        one.worker.fault = "it burns"
        for refuse in (lambda: asyncio.run(one.tag(["a"])), one.check_ready):
            with pytest.raises(RefusedError) as refused:
                refuse()
            assert (refused.value.reason, refused.value.message) == (
                "failing",
                "the model gives no answers now: it burns",
            )
    assert (one.state, one._queue.depth) == ("failing", 0)
    one.close()


def test_a_text_that_is_split_while_the_model_fails_does_not_wait() -> None:
    def split(text: str) -> list[list[tuple[int, int]]]:
        one._queue.shut(lambda: failing("it burns"))
        return [[(0, 1)]]

    one = service()
    one.worker.loaded = Future()
    one.worker.loaded.set_result(LoadedModel(Tagger(ServedCapitals(), split), "x", SHA256))
    for take in (one.tag(["a"]), one.wait_in(Lane(is_bounded=False), "a")):
        with pytest.raises(RefusedError, match="it burns"):
            asyncio.run(asyncio.wait_for(take, 5))  # type: ignore[arg-type]
        assert one._queue.depth == 0
    one.close()


def test_a_model_that_failed_is_never_ready() -> None:
    one = service()
    one.worker.loaded = Future()
    one.worker.loaded.set_exception(OSError())
    assert one.state == "loading"
    one.close()


def test_places_are_counted() -> None:
    one = service(requests=2)
    with one.place(), one.place(), pytest.raises(RefusedError) as refused, one.place():
        pass
    assert (refused.value.reason, refused.value.retry_after) == ("busy", 1)
    assert one.is_idle
    one.close()


def test_a_full_queue_says_how_long_it_takes_to_empty() -> None:
    one = service(queue=3)

    async def ask() -> None:
        asking = asyncio.create_task(one.tag(["a\nb"]))
        while not one._queue.depth:
            await asyncio.sleep(0)
        for pace, seconds in ((0.0, 1), (2.6, 6), (1000.0, 60)):
            one.worker.pace = pace
            with pytest.raises(RefusedError) as refused:
                await one.tag(["c", "d"])
            assert (refused.value.reason, refused.value.retry_after) == ("full", seconds)
        assert "no room for 2 sentences: 2 of 3 wait; try again later" in refused.value.message
        await one.wait_in(Lane(is_bounded=False), "e")
        asking.cancel()
        with pytest.raises(asyncio.CancelledError):
            await asking

    asyncio.run(ask())
    one.worker.start = None  # type: ignore[method-assign, assignment]
    assert [sentence.tokens for sentence in one._queue.take(9)] == [("e",)]
    one.close()


@pytest.mark.parametrize(
    ("texts", "told"),
    [
        (["x" * 11], "a text has 11 characters, more than 10; cut it at a paragraph"),
        (["a\nb", "c\nd"], "4 sentences are more than the queue has room for (3); send fewer at a time"),
    ],
)
def test_what_can_never_be_taken_is_no_matter_of_time(texts: list[str], told: str) -> None:
    one = service(characters=10, queue=3)
    with pytest.raises(RefusedError) as refused:
        asyncio.run(one.tag(texts))
    assert (refused.value.message, refused.value.status, refused.value.retry_after) == (told, 422, None)
    one.close()


def test_only_the_key_is_the_key() -> None:
    keyed = Service(lambda: pytest.fail("is loaded"), Limits(), "a long enough key")
    assert [keyed.is_key(given) for given in ("a long enough key", "", "a long enough kex", "\u00e9")] == [
        True,
        False,
        False,
        False,
    ]
    assert service().is_key("")
    keyed.close()
