"""Counts the steps that a call takes, so that tests of growth need no clock."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def operations(call: Callable[[], Any]) -> int:
    """Return the number of lines of Python that a call runs; a line that loops counts each time."""
    count = 0

    def trace(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal count
        count += event == "line"
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        call()
    finally:
        sys.settrace(before)
    return count


def growth(call: Callable[[int], Any], size: int) -> float:
    """Return how many times as many steps a call takes for twice the size: 2 if they grow linearly, 4 if with the square."""
    return operations(lambda: call(2 * size)) / operations(lambda: call(size))
