"""The batches that sentences are cut into, and their answers, one batch at a time or several in threads."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from queue import SimpleQueue
from threading import Event, Thread

from ..records import Answer


@dataclass(frozen=True, slots=True)
class Batch:
    """Sentences that are answered together.

    Attributes:
        items: Positions of the sentences among those that are asked.
        max_new_tokens: For each sentence, the number of generated tokens after which its text is cut off; empty if no text is
            generated.
    """

    items: tuple[int, ...]
    max_new_tokens: tuple[int, ...] = ()


AnswerBatch = Callable[[Batch], list[Answer]]
"""Returns the answers to a batch, in the order of its items."""


def plan_batches(prompt_lengths: Sequence[int], bounds: Sequence[int], batch_size: int) -> list[Batch]:
    """Put sentences of like length together, longest first, so that a batch that does not fit fails at once.

    The plan follows from the arguments alone.

    Args:
        prompt_lengths: Length of each prompt, in tokens.
        bounds: For each sentence, the number of generated tokens after which it is cut off; the same in every batch.
        batch_size: Number of sentences in a batch.
    """
    order = sorted(range(len(prompt_lengths)), key=lambda item: (-prompt_lengths[item], item))
    batches = []
    for start in range(0, len(order), batch_size):
        items = tuple(order[start : start + batch_size])
        batches.append(Batch(items, tuple(bounds[item] for item in items)))
    return batches


def answered(
    batches: Sequence[Batch], todo: Sequence[int], answer: AnswerBatch, workers: int = 1
) -> Iterator[tuple[int, list[Answer]]]:
    """Yield the numbers of batches and their answers, as they are finished.

    Several workers run in daemon threads: after an error or Ctrl-C nobody waits for what is still under way, which may hang for
    as long as a server does.

    Args:
        batches: All batches.
        todo: Numbers of the batches to answer.
        answer: Answers a batch; called from several threads at a time if there are several workers.
        workers: Number of batches under way at a time.
    """
    if workers == 1:
        for number in todo:
            yield number, answer(batches[number])
        return
    numbers = iter(todo)
    finished: SimpleQueue[tuple[int, list[Answer] | BaseException]] = SimpleQueue()
    ended = Event()

    def work() -> None:
        while not ended.is_set() and (number := next(numbers, None)) is not None:
            try:
                finished.put((number, answer(batches[number])))
            except BaseException as error:  # raised again in the caller's thread
                finished.put((number, error))

    for _ in range(min(workers, len(todo))):
        Thread(target=work, daemon=True).start()
    try:
        for _ in todo:
            number, result = finished.get()
            if isinstance(result, BaseException):
                raise result
            yield number, result
    finally:
        ended.set()
