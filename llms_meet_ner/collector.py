"""Python's garbage collector, kept from looking through what large packages make while they are imported."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def collector_paused() -> Iterator[None]:
    """Let no garbage be collected in the block.

    The collector looks again and again through the objects that an import makes, and finds nothing: nearly all of them stay. For torch,
    transformers and peft it takes a fifth of the time. Hold no weights in the block: what is garbage there stays until its end.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
