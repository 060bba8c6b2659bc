"""Bounds of processor time that hold on a slow or busy machine: the best of some runs, beside a fixed piece of work."""

from __future__ import annotations

import gc
import re
import time
from collections.abc import Callable

_TEXT = "the cat [sat | PER] on the [mat | LOC] and "
_USUAL = 0.025
"""Processor seconds of the piece of work on the machine that the bounds were set on."""
_ROUNDS = 5


def assert_within(seconds: float, work: Callable[[], object]) -> None:
    """Fail where each of five runs takes more processor seconds than that would be here.

    Time is that of this thread, without garbage collection: what else the process holds or runs does not count, so that the
    bound is the same whichever tests ran before.

    Args:
        seconds: on the machine that the bounds were set on.
        work: run until it keeps within them, once as a rule.
    """
    least = float("inf")
    for _ in range(_ROUNDS):
        least = min(least, _seconds(work))
        if least < seconds:
            return
    bound = seconds * min(_seconds(_read_and_count) for _ in range(_ROUNDS)) / _USUAL
    assert least < bound, f"{least:.2f} s of processor time at best; {bound:.2f} s would do"


def _seconds(work: Callable[[], object]) -> float:
    gc.disable()
    try:
        started = time.thread_time()
        work()
        return time.thread_time() - started
    finally:
        gc.enable()


def _read_and_count() -> None:
    """Read, cut and count text, as parsers do."""
    counts: dict[str, int] = {}
    for found in re.finditer(r"\w+|\S", _TEXT * 3_000):
        word = found[0].casefold()
        counts[word] = counts.get(word, 0) + found.end() - found.start()
