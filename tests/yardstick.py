"""Bounds of processor time that hold on a slow machine too: a fixed piece of work is timed beside what is bounded."""

from __future__ import annotations

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager

_TEXT = "the cat [sat | PER] on the [mat | LOC] and "
_USUAL = 0.025
"""Processor seconds of the work on the machine that the bounds were set on."""


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Fail where the block takes more processor seconds than that would be here.

    Args:
        seconds: on the machine that the bounds were set on.
    """
    started = time.process_time()
    yield
    taken = time.process_time() - started
    if taken >= seconds:
        bound = seconds * max(1.0, min(_work() for _ in range(5)) / _USUAL)
        assert taken < bound, f"{taken:.2f} s of processor time; {bound:.2f} s would do"


def _work() -> float:
    """Return the processor seconds of some reading, cutting and counting of text, as parsers do."""
    started = time.process_time()
    counts: dict[str, int] = {}
    for found in re.finditer(r"\w+|\S", _TEXT * 3_000):
        word = found[0].casefold()
        counts[word] = counts.get(word, 0) + found.end() - found.start()
    return time.process_time() - started
